//! `copy` and `move`: many files that stay at Dropbox.

use std::sync::Arc;

use rhai::{Dynamic, Engine, ImmutableString, Map, NativeCallContext};

use super::method::{Method, with_two};
use super::source::remote_source;
use super::transfer::read;
use crate::client::Relocation;
use crate::connection::Connection;
use crate::script::gate::Raised;
use crate::script::run::Run;
use crate::tasks::Report;

pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    let doc = "Copies files at Dropbox into another folder there.";
    register_one(engine, run, Relocation::Copy, doc);
    let doc = "Moves files at Dropbox into another folder there.";
    register_one(engine, run, Relocation::Move, doc);
}

fn register_one(engine: &mut Engine, run: &Arc<Run>, how: Relocation, doc: &'static str) {
    let host = Arc::clone(run);
    with_two(
        engine,
        &Method {
            name: how.name(),
            parameters: ["source: ?", "folder: &str"],
            result: "Report",
            doc,
        },
        move |context: &NativeCallContext,
              on: &mut Connection,
              source: Dynamic,
              folder: ImmutableString,
              map: Map|
              -> Raised<Report> {
            let (options, questions) = read(&host, map, how.name())?;
            let source = remote_source(&source).map_err(|error| host.raise(error))?;
            let task = async {
                match how {
                    Relocation::Copy => on.copy_into(source, &folder, options).await,
                    Relocation::Move => on.move_into(source, &folder, options).await,
                }
            };
            questions
                .wait(&host, context, task)
                .map(|report| host.told(how.name(), report))
        },
    );
}
