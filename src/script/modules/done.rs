//! `done`: a file of the event is finished, whatever becomes of the rest.

use std::sync::Arc;

use rhai::{Engine, ImmutableString, Map};

use super::function;
use crate::error::{Error, ErrorKind};
use crate::script::gate::Raised;
use crate::script::run::Run;

const DOC: &str =
    "Marks a file of the event as finished: an error later on does not bring it back.";

pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    let host = Arc::clone(run);
    function("done", &["file: map"], DOC).register_into_engine(
        engine,
        move |file: Map| -> Raised<()> {
            let path = file
                .get("path")
                .and_then(|path| path.clone().into_immutable_string().ok());
            match path {
                Some(path) => host.done(&path),
                None => Err(host.raise(
                    Error::new(
                        ErrorKind::InvalidArgument,
                        "this map is no file of the event",
                    )
                    .with_hint("give an entry of `event.files`, or its `path`"),
                )),
            }
        },
    );
    let host = Arc::clone(run);
    function("done", &["file: &str"], DOC)
        .register_into_engine(engine, move |path: ImmutableString| -> Raised<()> {
            host.done(&path)
        });
}
