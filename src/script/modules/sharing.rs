//! `search`, `share`, `unshare`, `save_url`.

use std::sync::Arc;

use rhai::{Array, Engine, INT, ImmutableString, Map, NativeCallContext};

use super::function;
use super::gather::gather_items;
use super::method::{Method, with_one};
use crate::connection::Connection;
use crate::script::gate::Raised;
use crate::script::options;
use crate::script::run::Run;
use crate::tasks::{Item, SearchOptions, ShareOptions};

const ON: &str = "connection: Connection";

pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    register_search(engine, run);
    register_share(engine, run);
    let host = Arc::clone(run);
    function(
        "unshare",
        &[ON, "path_or_url: &str", "int"],
        "Ends the links to a file or folder; gives how many there were.",
    )
    .register_into_engine(
        engine,
        move |on: &mut Connection, path: ImmutableString| -> Raised<INT> {
            if host.host().dry_run {
                let links = host.wait(on.links_to(&path))?;
                host.would(format_args!("end {} links to `{path}`", links.len()));
                return Ok(count(links.len() as u64));
            }
            host.wait(on.unshare(&path)).map(count)
        },
    );
    let host = Arc::clone(run);
    function(
        "save_url",
        &[ON, "path: &str", "url: &str", "Item"],
        "Has Dropbox fetch what is at an address and keep it at this path.",
    )
    .register_into_engine(
        engine,
        move |on: &mut Connection, path: ImmutableString, url: ImmutableString| -> Raised<Item> {
            if host.host().dry_run {
                let planned = Connection::planned_save(&path);
                let item = planned.map_err(|error| host.raise(error))?;
                return Ok(host.told_item("have Dropbox save an address to", item));
            }
            host.wait(on.save_url(&path, &url))
        },
    );
}

fn register_search(engine: &mut Engine, run: &Arc<Run>) {
    let host = Arc::clone(run);
    with_one(
        engine,
        &Method {
            name: "search",
            parameters: ["query: &str"],
            result: "array",
            doc: "What Dropbox finds by words in names and contents, 10,000 items at most.",
        },
        move |_: &NativeCallContext,
              on: &mut Connection,
              query: ImmutableString,
              map: Map|
              -> Raised<Array> {
            let read = options::read(&map, SearchOptions::OPTIONS, "search");
            let options: SearchOptions = read.map_err(|error| host.raise(error))?;
            let found = host.wait(on.search(&query, options))?;
            gather_items(host.gate(), found)
        },
    );
}

fn register_share(engine: &mut Engine, run: &Arc<Run>) {
    let host = Arc::clone(run);
    with_one(
        engine,
        &Method {
            name: "share",
            parameters: ["path: &str"],
            result: "&str",
            doc: "A link to a file or folder that lasts: the one that is there, or a new one.",
        },
        move |_: &NativeCallContext,
              on: &mut Connection,
              path: ImmutableString,
              map: Map|
              -> Raised<String> {
            let read = options::read(&map, ShareOptions::OPTIONS, "share");
            let mut options: ShareOptions = read.map_err(|error| host.raise(error))?;
            options.dry_run |= host.would(format_args!("share `{path}`"));
            host.wait(on.share(&path, options))
        },
    );
}

fn count(links: u64) -> INT {
    INT::try_from(links).unwrap_or(INT::MAX)
}
