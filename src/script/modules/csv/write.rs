//! Rows as text.

use std::collections::BTreeSet;
use std::fmt::Display;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use csv::WriterBuilder;
use rhai::{Array, Blob, Dynamic, Map};

use super::{CsvFormatOptions, invalid};
use crate::error::Error;
use crate::script::gate::Raised;
use crate::script::run::Run;
use crate::script::values::{article, is_time, kind, show};

/// Rows between two looks at whether the script may go on.
const LOOK_EVERY: usize = 0x400;

/// The table of these rows. Maps are written below a header with all of their keys, or with those that are asked for.
///
/// # Errors
/// `invalid_argument` with the row: it is not as those before it, a field has no text, or the table is too large.
pub(super) fn table(
    run: &Run,
    rows: &Array,
    delimiter: u8,
    options: &CsvFormatOptions,
) -> Raised<String> {
    let limit = run.host().limits.string_size;
    let raise = |error: Error| run.raise(error);
    let mut writer = WriterBuilder::new()
        .delimiter(delimiter)
        .from_writer(Vec::new());
    let columns = columns(rows, &options.columns).map_err(raise)?;
    if options.header && !columns.is_empty() {
        writer
            .write_record(&columns)
            .map_err(|cause| raise(wrong(0, &cause)))?;
    }
    let of_maps = rows.first().is_some_and(Dynamic::is_map);
    let mut size = 0;
    for (at, row) in rows.iter().enumerate() {
        if at.is_multiple_of(LOOK_EVERY) {
            run.gate().check_with(size)?;
        }
        let fields = fields(row, &columns, of_maps).map_err(|why| raise(why.of_row(at)))?;
        size += fields.iter().map(|field| field.len() + 1).sum::<usize>();
        if size > limit {
            let message = format!("the table is larger than a text may be, {limit} bytes");
            return Err(raise(invalid(message)));
        }
        writer
            .write_record(&fields)
            .map_err(|cause| raise(wrong(at, &cause)))?;
    }
    let bytes = writer
        .into_inner()
        .expect("nothing fails that writes into memory");
    Ok(String::from_utf8(bytes).expect("fields are text, and so is what parts them"))
}

/// The names of the columns; none where rows are arrays and nothing is asked for.
fn columns(rows: &Array, wanted: &[String]) -> Result<Vec<String>, Error> {
    let mut known = BTreeSet::new();
    for row in rows {
        if let Some(map) = row.read_lock::<Map>() {
            for key in map.keys() {
                if !known.contains(key.as_str()) {
                    known.insert(key.to_string());
                }
            }
        }
    }
    if wanted.is_empty() {
        return Ok(known.into_iter().collect());
    }
    let missing = wanted.iter().find(|name| !known.contains(*name));
    match missing {
        Some(name) if !known.is_empty() => {
            let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
            Err(invalid(format!("no row has a field `{name}`"))
                .with_hint(format!("rows have {}", names.join(", "))))
        }
        _ => Ok(wanted.to_vec()),
    }
}

/// Why a row cannot be written.
struct Unfit {
    what: String,
    hint: Option<&'static str>,
}

impl Unfit {
    fn of_row(self, at: usize) -> Error {
        let error = invalid(format!("row {at} {}", self.what));
        match self.hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }
}

/// The fields of a row, which is a map where its table has maps.
fn fields(row: &Dynamic, columns: &[String], of_maps: bool) -> Result<Vec<String>, Unfit> {
    if of_maps && let Some(map) = row.read_lock::<Map>() {
        let field = |name: &String| match map.get(name.as_str()) {
            Some(value) => text(value).ok_or_else(|| no_text(name, value)),
            None => Ok(String::new()),
        };
        return columns.iter().map(field).collect();
    }
    if !of_maps && let Some(array) = row.read_lock::<Array>() {
        let field = |(at, value): (usize, &Dynamic)| text(value).ok_or_else(|| no_text(at, value));
        return array.iter().enumerate().map(field).collect();
    }
    Err(Unfit {
        what: format!("is {}", article(kind(row))),
        hint: Some("the rows of a table are maps, all of them, or arrays"),
    })
}

fn no_text(name: impl Display, value: &Dynamic) -> Unfit {
    Unfit {
        what: format!(
            "has {} as `{name}`, which no field can hold",
            article(kind(value))
        ),
        hint: (value.is_array() || value.is_map())
            .then_some("write it as text first, as with `json::format`"),
    }
}

/// A value as a field; what is not there is an empty one.
fn text(value: &Dynamic) -> Option<String> {
    if value.is_unit() {
        return Some(String::new());
    }
    if let Some(bytes) = value.read_lock::<Blob>() {
        return Some(STANDARD.encode(&*bytes));
    }
    let is_plain = value.is_string()
        || value.is_int()
        || value.is_float()
        || value.is_bool()
        || value.is_char()
        || is_time(value);
    is_plain.then(|| show(value))
}

fn wrong(at: usize, cause: &csv::Error) -> Error {
    match cause.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => invalid(format!(
            "row {at} has {len} fields, and those before it {expected_len}"
        )),
        _ => invalid(format!("cannot write row {at} of the table: {cause}")),
    }
}
