//! Rows from text.

use std::collections::BTreeSet;

use csv::{ReaderBuilder, StringRecord};
use rhai::{Array, Dynamic, ImmutableString, Map};

use super::invalid;
use crate::error::Error;
use crate::script::gate::Raised;
use crate::script::run::Run;

/// Rows between two looks at whether the script may go on.
const LOOK_EVERY: usize = 0x400;

/// The rows of a table, as maps where the first of them is its header.
///
/// # Errors
/// `invalid_argument` with the line: a row has more or fewer fields than the first, or the header has a name twice.
pub(super) fn rows(run: &Run, text: &str, delimiter: u8, has_header: bool) -> Raised<Array> {
    let limit = run.host().limits.array_size;
    let raise = |error: Error| run.raise(error);
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(has_header)
        .from_reader(text.as_bytes());
    let names = if has_header {
        let header = reader.headers().map_err(|cause| raise(wrong(&cause)))?;
        Some(names(header).map_err(raise)?)
    } else {
        None
    };
    let mut rows = Array::new();
    let mut made = 0;
    let mut record = StringRecord::new();
    while reader
        .read_record(&mut record)
        .map_err(|cause| raise(wrong(&cause)))?
    {
        if rows.len().is_multiple_of(LOOK_EVERY) {
            run.gate().check_with(made)?;
        }
        if rows.len() == limit {
            let message = format!("the table has more than {limit} rows");
            return Err(raise(invalid(message)));
        }
        made += record.as_slice().len() + (record.len() + 1) * size_of::<Dynamic>();
        rows.push(row(&record, names.as_deref()));
    }
    Ok(rows)
}

fn row(record: &StringRecord, names: Option<&[ImmutableString]>) -> Dynamic {
    let fields = record.iter().map(|field| Dynamic::from(field.to_owned()));
    match names {
        None => fields.collect::<Array>().into(),
        Some(names) => {
            let names = names.iter().map(|name| name.as_str().into());
            names.zip(fields).collect::<Map>().into()
        }
    }
}

/// The names of the fields, each of which is there once.
fn names(header: &StringRecord) -> Result<Vec<ImmutableString>, Error> {
    let mut seen = BTreeSet::new();
    for name in header {
        if !seen.insert(name) {
            let message =
                format!("the header of the table has `{name}` twice, and a row as a map only once");
            return Err(invalid(message).with_hint(
                "read rows as arrays, with `#{ header: false }`; the first of them is the header",
            ));
        }
    }
    Ok(header.iter().map(ImmutableString::from).collect())
}

fn wrong(cause: &csv::Error) -> Error {
    match cause.kind() {
        csv::ErrorKind::UnequalLengths {
            pos,
            expected_len,
            len,
        } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            invalid(format!(
                "line {line} of the table has {len} fields, and those before it {expected_len}"
            ))
            .with_hint("where fields are parted otherwise, say so with `delimiter`; one that contains the delimiter is written in quotes")
        }
        _ => invalid(format!("the text is no table: {cause}")),
    }
}
