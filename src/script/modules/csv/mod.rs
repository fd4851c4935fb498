//! `csv::`: tables as text, and back.

mod read;
mod write;

use std::sync::Arc;

use rhai::{Array, Engine, Map, NativeCallContext};
use serde::Deserialize;

use super::{function, here, namespace};
use crate::error::{Error, ErrorKind};
use crate::options::options;
use crate::script::gate::Raised;
use crate::script::options;
use crate::script::run::Run;

options! {
    /// How a table is written as text.
    pub(in crate::script) struct CsvParseOptions {
        /// What parts the fields of a row.
        delimiter: char = ',', r#"one character, as ";" or "\t""#;
        /// Whether the first row names the fields, and rows are maps.
        header: bool = true, "true or false";
    }
}

options! {
    /// How a table is to be written as text.
    pub(in crate::script) struct CsvFormatOptions {
        /// What parts the fields of a row.
        delimiter: char = ',', r#"one character, as ";" or "\t""#;
        /// Whether the first row names the fields, where rows are maps.
        header: bool = true, "true or false";
        /// Which fields of maps are written, and in which order.
        columns: Vec<String> = Vec::new(), "an array of texts";
    }
}

pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    namespace(engine, "csv", |module| {
        let host = Arc::clone(run);
        let doc = "The rows of a table: maps by what the first row says.";
        function("parse", &["text: &str", "array"], doc).set_into_module(
            module,
            move |context: NativeCallContext, text: &str| -> Raised<Array> {
                here(&context, &host, || parse(&host, text, &Map::new()))
            },
        );
        let host = Arc::clone(run);
        function("parse", &["text: &str", "options: map", "array"], doc).set_into_module(
            module,
            move |context: NativeCallContext, text: &str, map: Map| -> Raised<Array> {
                here(&context, &host, || parse(&host, text, &map))
            },
        );
        let host = Arc::clone(run);
        let doc = "A table of rows that are maps or arrays.";
        function("format", &["rows: array", "&str"], doc).set_into_module(
            module,
            move |context: NativeCallContext, rows: Array| -> Raised<String> {
                here(&context, &host, || format(&host, &rows, &Map::new()))
            },
        );
        let host = Arc::clone(run);
        function("format", &["rows: array", "options: map", "&str"], doc).set_into_module(
            module,
            move |context: NativeCallContext, rows: Array, map: Map| -> Raised<String> {
                here(&context, &host, || format(&host, &rows, &map))
            },
        );
    });
}

fn parse(run: &Run, text: &str, map: &Map) -> Raised<Array> {
    let options: CsvParseOptions = options::read(map, CsvParseOptions::OPTIONS, "csv::parse")
        .map_err(|error| run.raise(error))?;
    let delimiter = byte(options.delimiter).map_err(|error| run.raise(error))?;
    read::rows(run, text, delimiter, options.header)
}

fn format(run: &Run, rows: &Array, map: &Map) -> Raised<String> {
    let options: CsvFormatOptions = options::read(map, CsvFormatOptions::OPTIONS, "csv::format")
        .map_err(|error| run.raise(error))?;
    let delimiter = byte(options.delimiter).map_err(|error| run.raise(error))?;
    write::table(run, rows, delimiter, &options)
}

/// A delimiter as the format can have it.
fn byte(delimiter: char) -> Result<u8, Error> {
    u8::try_from(delimiter)
        .ok()
        .filter(|byte| byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n'))
        .ok_or_else(|| {
            let message = format!("{delimiter:?} cannot part the fields of a table");
            Error::new(ErrorKind::InvalidArgument, message)
                .with_hint("`delimiter` takes one ASCII character, as \",\", \";\" or \"\\t\"")
        })
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}
