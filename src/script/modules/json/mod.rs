//! `json::`: values as JSON, and back.

mod read;
mod write;

use std::sync::Arc;

use rhai::{Dynamic, Engine, Map, NativeCallContext};
use serde::Deserialize;

use super::{function, here, namespace};
use crate::error::{Error, ErrorKind};
use crate::options::options;
use crate::script::gate::Raised;
use crate::script::options;
use crate::script::run::Run;

pub(super) use read::from_text;
pub(super) use write::to_text;

options! {
    /// How JSON is written.
    pub(in crate::script) struct JsonFormatOptions {
        /// Spaces that each level is indented by; 0 is all in one line.
        indent: u8 = 0, "a number up to 16";
    }
}

pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    namespace(engine, "json", |module| {
        let host = Arc::clone(run);
        let doc = "The value that a JSON text tells.";
        function("parse", &["text: &str", "?"], doc).set_into_module(
            module,
            move |context: NativeCallContext, text: &str| -> Raised<Dynamic> {
                here(&context, &host, || from_text(&host, text))
            },
        );
        let host = Arc::clone(run);
        let doc = "The value as JSON.";
        function("format", &["value: ?", "&str"], doc).set_into_module(
            module,
            move |context: NativeCallContext, value: Dynamic| -> Raised<String> {
                here(&context, &host, || to_text(&host, &value, 0))
            },
        );
        let host = Arc::clone(run);
        function("format", &["value: ?", "options: map", "&str"], doc).set_into_module(
            module,
            move |context: NativeCallContext, value: Dynamic, map: Map| -> Raised<String> {
                here(&context, &host, || {
                    let read = options::read(&map, JsonFormatOptions::OPTIONS, "json::format");
                    let JsonFormatOptions { indent } =
                        read.and_then(checked).map_err(|error| host.raise(error))?;
                    to_text(&host, &value, indent)
                })
            },
        );
    });
}

fn checked(options: JsonFormatOptions) -> Result<JsonFormatOptions, Error> {
    if options.indent > 16 {
        let message = format!("cannot indent by {} spaces", options.indent);
        return Err(Error::new(ErrorKind::InvalidArgument, message)
            .with_hint("`indent` takes a number up to 16"));
    }
    Ok(options)
}
