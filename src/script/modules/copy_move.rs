//! `copy` and `move`: many files that stay at Dropbox.

use std::sync::Arc;

use rhai::{Dynamic, Engine, ImmutableString, Map, NativeCallContext};

use super::method::{Method, with_two};
use super::source::remote_source;
use super::transfer::read;
use crate::connection::Connection;
use crate::script::gate::Raised;
use crate::script::run::Run;
use crate::tasks::Report;

pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    let host = Arc::clone(run);
    with_two(
        engine,
        &Method {
            name: "copy",
            parameters: ["source: ?", "folder: &str"],
            result: "Report",
            doc: "Copies files at Dropbox into another folder there.",
        },
        move |context: &NativeCallContext,
              on: &mut Connection,
              source: Dynamic,
              folder: ImmutableString,
              map: Map|
              -> Raised<Report> {
            let (options, questions) = read(&host, map, "copy")?;
            let source = remote_source(&source).map_err(|error| host.raise(error))?;
            questions
                .wait(&host, context, on.copy_into(source, &folder, options))
                .map(|report| host.told("copy", report))
        },
    );
    let host = Arc::clone(run);
    with_two(
        engine,
        &Method {
            name: "move",
            parameters: ["source: ?", "folder: &str"],
            result: "Report",
            doc: "Moves files at Dropbox into another folder there.",
        },
        move |context: &NativeCallContext,
              on: &mut Connection,
              source: Dynamic,
              folder: ImmutableString,
              map: Map|
              -> Raised<Report> {
            let (options, questions) = read(&host, map, "move")?;
            let source = remote_source(&source).map_err(|error| host.raise(error))?;
            questions
                .wait(&host, context, on.move_into(source, &folder, options))
                .map(|report| host.told("move", report))
        },
    );
}
