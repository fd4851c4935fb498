//! Values as JSON, written as they are looked at.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rhai::{Array, Blob, Dynamic, EvalAltResult, ImmutableString, Map};
use serde::Serialize;
use serde::ser::{Error as _, SerializeMap, SerializeSeq, Serializer};
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

use crate::error::{Error, ErrorKind};
use crate::script::gate::Raised;
use crate::script::modules::{DateTime, Duration};
use crate::script::run::Run;
use crate::script::values::{article, kind};
use crate::tasks::Item;

/// As deep as JSON may be nested that is to be read again.
const DEPTH: usize = 127;
/// Bytes between two looks at whether the script may go on.
const LOOK_EVERY: usize = 1 << 20;

/// The value as JSON, each level indented by so many spaces.
///
/// # Errors
/// `invalid_argument` naming what has no JSON and where in the value it is, or that the text would be too large.
pub(in crate::script) fn to_text(run: &Run, value: &Dynamic, indent: u8) -> Raised<String> {
    let mut text = Bounded {
        run,
        bytes: Vec::new(),
        looked: 0,
        stopped: None,
    };
    let spaces = " ".repeat(indent.into());
    let written = match indent {
        0 => write(&mut text, CompactFormatter, value),
        _ => write(
            &mut text,
            PrettyFormatter::with_indent(spaces.as_bytes()),
            value,
        ),
    };
    match (text.stopped, written) {
        (Some(stopped), _) => Err(stopped),
        (None, Err(cause)) => Err(run.raise(no_json(&cause))),
        (None, Ok(())) => Ok(String::from_utf8(text.bytes).expect("JSON is written as UTF-8")),
    }
}

fn write(text: &mut Bounded<'_>, style: impl Formatter, value: &Dynamic) -> serde_json::Result<()> {
    let mut json = serde_json::Serializer::with_formatter(text, style);
    Shown { value, depth: 0 }.serialize(&mut json)
}

/// A text that is refused when it becomes larger than a script's may be.
struct Bounded<'a> {
    run: &'a Run,
    bytes: Vec<u8>,
    looked: usize,
    /// Why the script must not go on.
    stopped: Option<Box<EvalAltResult>>,
}

impl io::Write for Bounded<'_> {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        let limit = self.run.host().limits.string_size;
        if self.bytes.len() + more.len() > limit {
            let message = format!("it is larger than a text may be, {limit} bytes");
            return Err(io::Error::other(message));
        }
        if self.bytes.len() - self.looked > LOOK_EVERY {
            self.looked = self.bytes.len();
            if let Err(stopped) = self.run.gate().check_with(self.looked) {
                self.stopped = Some(stopped);
                return Err(io::Error::other("the script was stopped"));
            }
        }
        self.bytes.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A value of a script, so deep inside of the one that is written.
struct Shown<'a> {
    value: &'a Dynamic,
    depth: usize,
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, json: S) -> Result<S::Ok, S::Error> {
        let Self { value, depth } = *self;
        if value.is_unit() {
            return json.serialize_unit();
        }
        if let Ok(flag) = value.as_bool() {
            return json.serialize_bool(flag);
        }
        if let Ok(number) = value.as_int() {
            return json.serialize_i64(number);
        }
        if let Ok(number) = value.as_float() {
            if !number.is_finite() {
                return Err(S::Error::custom(format!(": JSON has no {number}")));
            }
            return json.serialize_f64(number);
        }
        if let Ok(letter) = value.as_char() {
            return json.serialize_char(letter);
        }
        if let Some(text) = value.read_lock::<ImmutableString>() {
            return json.serialize_str(&text);
        }
        if let Some(bytes) = value.read_lock::<Blob>() {
            return json.serialize_str(&STANDARD.encode(&*bytes));
        }
        if let Some(time) = value.read_lock::<DateTime>() {
            return json.collect_str(&*time);
        }
        if let Some(length) = value.read_lock::<Duration>() {
            return json.collect_str(&*length);
        }
        if let Some(item) = value.read_lock::<Item>() {
            return item.serialize(json);
        }
        if depth == DEPTH {
            return Err(S::Error::custom(": it is nested too deeply"));
        }
        let depth = depth + 1;
        if let Some(array) = value.read_lock::<Array>() {
            let mut written = json.serialize_seq(Some(array.len()))?;
            for (at, value) in array.iter().enumerate() {
                let element = written.serialize_element(&Shown { value, depth });
                element.map_err(|cause| S::Error::custom(format!("[{at}]{cause}")))?;
            }
            return written.end();
        }
        if let Some(map) = value.read_lock::<Map>() {
            let mut written = json.serialize_map(Some(map.len()))?;
            for (key, value) in map.iter() {
                let entry = written.serialize_entry(key.as_str(), &Shown { value, depth });
                entry.map_err(|cause| S::Error::custom(format!(".{key}{cause}")))?;
            }
            return written.end();
        }
        Err(S::Error::custom(format!(
            ": {} has no JSON",
            article(kind(value))
        )))
    }
}

/// The places on the way come in front of the cause, as in `.rows[3].test: a closure has no JSON`.
fn no_json(cause: &serde_json::Error) -> Error {
    let cause = cause.to_string();
    let (place, why) = cause.split_once(": ").unwrap_or(("", &cause));
    let place = match place.trim_start_matches('.') {
        "" => "the value".to_owned(),
        place => format!("`{place}`"),
    };
    let message = format!("cannot write {place} as JSON: {why}");
    Error::new(ErrorKind::InvalidArgument, message)
}
