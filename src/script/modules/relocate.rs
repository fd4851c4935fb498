//! `copy_to`, `rename`, and the versions of a file.

use std::sync::Arc;

use rhai::{Array, Engine, ImmutableString, Map, NativeCallContext};

use super::function;
use super::gather::gather_items;
use super::method::{Method, with_two};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::script::gate::Raised;
use crate::script::options;
use crate::script::run::Run;
use crate::tasks::{Item, RelocateOptions};

const ON: &str = "connection: Connection";

pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    let host = Arc::clone(run);
    with_two(
        engine,
        &Method {
            name: "copy_to",
            parameters: ["from: &str", "path: &str"],
            result: "Item",
            doc: "Copies one item at Dropbox to exactly this path.",
        },
        move |_: &NativeCallContext,
              on: &mut Connection,
              from: ImmutableString,
              path: ImmutableString,
              map: Map|
              -> Raised<Item> {
            let options = read(&host, &map, "copy_to")?;
            host.wait(on.copy_to(&from, &path, options))
                .map(|item| host.told_item(&format!("copy `{from}` to"), item))
        },
    );
    let host = Arc::clone(run);
    with_two(
        engine,
        &Method {
            name: "rename",
            parameters: ["path: &str", "new_name_or_path: &str"],
            result: "Item",
            doc: "Gives one item at Dropbox another name or path.",
        },
        move |_: &NativeCallContext,
              on: &mut Connection,
              path: ImmutableString,
              to: ImmutableString,
              map: Map|
              -> Raised<Item> {
            let options = read(&host, &map, "rename")?;
            host.wait(on.rename(&path, &to, options))
                .map(|item| host.told_item(&format!("move `{path}` to"), item))
        },
    );
    register_revisions(engine, run);
}

fn register_revisions(engine: &mut Engine, run: &Arc<Run>) {
    let host = Arc::clone(run);
    function(
        "revisions",
        &[ON, "path: &str", "array"],
        "The versions of a file, the newest first, a hundred at most.",
    )
    .register_into_engine(
        engine,
        move |on: &mut Connection, path: ImmutableString| -> Raised<Array> {
            let items = host.wait(on.revisions(&path))?;
            gather_items(host.gate(), items)
        },
    );
    let host = Arc::clone(run);
    function(
        "restore",
        &[ON, "path: &str", "rev: &str", "Item"],
        "Makes this version of a file the current one.",
    )
    .register_into_engine(
        engine,
        move |on: &mut Connection, path: ImmutableString, rev: ImmutableString| -> Raised<Item> {
            if host.would(format!("restore the rev `{rev}` of `{path}`")) {
                return host.wait(planned(on, &path, &rev));
            }
            host.wait(on.restore(&path, &rev))
        },
    );
    let host = Arc::clone(run);
    function(
        "temporary_link",
        &[ON, "path: &str", "&str"],
        "A link to the contents of a file that works for four hours.",
    )
    .register_into_engine(
        engine,
        move |on: &mut Connection, path: ImmutableString| -> Raised<String> {
            host.wait(on.temporary_link(&path))
        },
    );
}

/// The version that would be restored.
async fn planned(on: &Connection, path: &str, rev: &str) -> Result<Item, Error> {
    let mut items = on.revisions(path).await?.into_iter();
    let found = items.find(|item| item.rev.as_deref() == Some(rev));
    let planned = found.map(|item| Item {
        planned: true,
        ..item
    });
    planned.ok_or_else(|| {
        let message = format!("there is no such rev of `{path}`");
        Error::new(ErrorKind::InvalidArgument, message).with_path(path)
    })
}

fn read(run: &Run, map: &Map, of: &str) -> Raised<RelocateOptions> {
    let read = options::read(map, RelocateOptions::OPTIONS, of);
    let mut options: RelocateOptions = read.map_err(|error| run.raise(error))?;
    options.dry_run |= run.host().dry_run;
    Ok(options)
}
