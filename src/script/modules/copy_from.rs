//! `copy_from`: files of another account.

use std::sync::Arc;

use rhai::{Dynamic, Engine, ImmutableString, Map, NativeCallContext};

use super::method::{Method, with_three};
use super::source::remote_source;
use super::transfer::read;
use crate::connection::Connection;
use crate::script::gate::Raised;
use crate::script::run::Run;
use crate::tasks::Report;

pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    let host = Arc::clone(run);
    with_three(
        engine,
        &Method {
            name: "copy_from",
            parameters: ["other: Connection", "source: ?", "folder: &str"],
            result: "Report",
            doc: "Copies files of another account into a folder of this one.",
        },
        move |context: &NativeCallContext,
              on: &mut Connection,
              (other, source, folder): (Connection, Dynamic, ImmutableString),
              map: Map|
              -> Raised<Report> {
            let (options, questions) = read(&host, map, "copy_from")?;
            let source = remote_source(&source).map_err(|error| host.raise(error))?;
            let task = on.copy_from(&other, source, &folder, options);
            questions
                .wait(&host, context, task)
                .map(|report| host.told("copy", report))
        },
    );
}
