//! `read_text`, `read_blob`, `write_text`, `write_blob` of a connection.

use std::sync::Arc;

use rhai::{Blob, Engine, ImmutableString, Map, NativeCallContext};

use super::function;
use super::method::{Method, with_two};
use crate::connection::Connection;
use crate::script::gate::Raised;
use crate::script::options;
use crate::script::run::Run;
use crate::tasks::{Item, WriteOptions};

pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    const ON: &str = "connection: Connection";
    let host = Arc::clone(run);
    function(
        "read_text",
        &[ON, "path: &str", "&str"],
        "The text of a file, 64 MiB at most.",
    )
    .register_into_engine(
        engine,
        move |on: &mut Connection, path: ImmutableString| -> Raised<String> {
            let most = host.host().limits.string_size;
            host.wait(on.read_text_at_most(&path, most))
        },
    );
    let host = Arc::clone(run);
    function(
        "read_blob",
        &[ON, "path: &str", "blob"],
        "The bytes of a file, 64 MiB at most.",
    )
    .register_into_engine(
        engine,
        move |on: &mut Connection, path: ImmutableString| -> Raised<Blob> {
            let most = host.host().limits.array_size;
            host.wait(on.read_at_most(&path, most))
        },
    );
    let host = Arc::clone(run);
    with_two(
        engine,
        &Method {
            name: "write_text",
            parameters: ["path: &str", "text: &str"],
            result: "Item",
            doc: "Writes a file at Dropbox, 64 MiB at most.",
        },
        move |_: &NativeCallContext,
              on: &mut Connection,
              path: ImmutableString,
              text: ImmutableString,
              map: Map|
              -> Raised<Item> {
            let options = read(&host, &map, "write_text")?;
            host.wait(on.write_text(&path, &text, options))
                .map(|item| host.told_item("write", item))
        },
    );
    let host = Arc::clone(run);
    with_two(
        engine,
        &Method {
            name: "write_blob",
            parameters: ["path: &str", "blob: blob"],
            result: "Item",
            doc: "Writes bytes to a file at Dropbox, 64 MiB at most.",
        },
        move |_: &NativeCallContext,
              on: &mut Connection,
              path: ImmutableString,
              blob: Blob,
              map: Map|
              -> Raised<Item> {
            let options = read(&host, &map, "write_blob")?;
            host.wait(on.write_blob(&path, blob, options))
                .map(|item| host.told_item("write", item))
        },
    );
}

fn read(run: &Run, map: &Map, of: &str) -> Raised<WriteOptions> {
    let read = options::read(map, WriteOptions::OPTIONS, of);
    let mut options: WriteOptions = read.map_err(|error| run.raise(error))?;
    options.dry_run |= run.host().dry_run;
    Ok(options)
}
