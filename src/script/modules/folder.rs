//! What is in folders: `list`, `create_folder`, `delete`, `delete_in`, and looking at one item.

use std::sync::Arc;

use rhai::{Dynamic, Engine, ImmutableString, Map, NativeCallContext};

use super::gather::{Gathered, bytes_of_item};
use super::method::{Method, with_one};
use super::questions::Questions;
use super::source::remote_source;
use super::{Listing, function};
use crate::connection::Connection;
use crate::script::gate::Raised;
use crate::script::options;
use crate::script::run::Run;
use crate::tasks::{
    CreateFolderOptions, DeleteInOptions, DeleteOptions, Item, ListOptions, Report,
};

const ON: &str = "connection: Connection";

pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    register_list(engine, run);
    register_create_folder(engine, run);
    register_delete(engine, run);
    register_delete_in(engine, run);
    let host = Arc::clone(run);
    function(
        "info",
        &[ON, "path: &str", "Item"],
        "What is known about one item.",
    )
    .register_into_engine(
        engine,
        move |connection: &mut Connection, path: ImmutableString| -> Raised<Item> {
            host.wait(connection.info(&path))
        },
    );
    let host = Arc::clone(run);
    function(
        "exists",
        &[ON, "path: &str", "bool"],
        "Whether there is something at this path.",
    )
    .register_into_engine(
        engine,
        move |connection: &mut Connection, path: ImmutableString| -> Raised<bool> {
            host.wait(connection.exists(&path))
        },
    );
}

fn register_list(engine: &mut Engine, run: &Arc<Run>) {
    let host = Arc::clone(run);
    with_one(
        engine,
        &Method {
            name: "list",
            parameters: ["folder_or_glob: &str"],
            result: "Listing",
            doc: "What is in a folder; iterate it with `for`.",
        },
        move |context: &NativeCallContext,
              connection: &mut Connection,
              folder: ImmutableString,
              mut map: Map|
              -> Raised<Listing> {
            let raise = |error| host.raise(error);
            let known = ListOptions::OPTIONS;
            let closure = options::take_closure(&mut map, "where", known, "list");
            let closure = closure.map_err(raise)?;
            let mut options: ListOptions = options::read(&map, known, "list").map_err(raise)?;
            let questions = Questions::new();
            let asks = closure.is_some();
            options.filter.predicate = closure.map(|closure| questions.predicate(closure));
            let listing = connection.list(&folder, options).map_err(raise)?;
            if !asks {
                return Ok(Listing::new(&host, listing));
            }
            // A `for` loop calls no closures: whatever the closure lets through is found here.
            let mut asking = listing.clone();
            let counting = Arc::clone(&host);
            let found = questions.wait(&host, context, async move {
                let mut found = Vec::new();
                let mut gathered = Gathered::new(counting.gate());
                while let Some(item) = asking.next().await {
                    let item = item?;
                    if gathered.add_bytes(bytes_of_item(&item)).is_err() {
                        // The gate has stopped the script, and says so where it is asked next.
                        break;
                    }
                    found.push(item);
                }
                Ok(found)
            });
            let found = found?;
            host.gate().check()?;
            Ok(Listing::found(&host, listing, found))
        },
    );
}

fn register_create_folder(engine: &mut Engine, run: &Arc<Run>) {
    let host = Arc::clone(run);
    with_one(
        engine,
        &Method {
            name: "create_folder",
            parameters: ["path: &str"],
            result: "Item",
            doc: "Makes a folder, and its parents.",
        },
        move |_: &NativeCallContext,
              connection: &mut Connection,
              path: ImmutableString,
              map: Map|
              -> Raised<Item> {
            let options = options::read(&map, CreateFolderOptions::OPTIONS, "create_folder");
            let mut options: CreateFolderOptions = options.map_err(|error| host.raise(error))?;
            options.dry_run |= host.host().dry_run;
            host.wait(connection.create_folder(&path, options))
                .map(|item| host.told_item("create the folder", item))
        },
    );
}

fn register_delete(engine: &mut Engine, run: &Arc<Run>) {
    let host = Arc::clone(run);
    with_one(
        engine,
        &Method {
            name: "delete",
            parameters: ["source: ?"],
            result: "Report",
            doc: "Deletes these items, a folder whole.",
        },
        move |context: &NativeCallContext,
              connection: &mut Connection,
              source: Dynamic,
              mut map: Map|
              -> Raised<Report> {
            let known = DeleteOptions::OPTIONS;
            let mut questions = Questions::new();
            let closure = options::take_closure(&mut map, "progress", known, "delete");
            let read = closure.and_then(|closure| {
                let mut options: DeleteOptions = options::read(&map, known, "delete")?;
                let told = closure.map(|closure| questions.progress(closure));
                options.progress = host.hearing(told);
                options.dry_run |= host.host().dry_run;
                Ok((remote_source(&source)?, options))
            });
            let (source, options) = read.map_err(|error| host.raise(error))?;
            questions
                .wait(&host, context, connection.delete(source, options))
                .map(|report| host.told("delete", report))
        },
    );
}

fn register_delete_in(engine: &mut Engine, run: &Arc<Run>) {
    let host = Arc::clone(run);
    with_one(
        engine,
        &Method {
            name: "delete_in",
            parameters: ["folder: &str"],
            result: "Report",
            doc: "Deletes what matches in a folder, never the folder itself.",
        },
        move |context: &NativeCallContext,
              connection: &mut Connection,
              folder: ImmutableString,
              mut map: Map|
              -> Raised<Report> {
            let known = DeleteInOptions::OPTIONS;
            let mut questions = Questions::new();
            let mut take = |name| options::take_closure(&mut map, name, known, "delete_in");
            let closures = take("where").and_then(|test| Ok((test, take("progress")?)));
            let read = closures.and_then(|(test, told)| {
                let mut options: DeleteInOptions = options::read(&map, known, "delete_in")?;
                options.filter.predicate = test.map(|closure| questions.predicate(closure));
                let told = told.map(|closure| questions.progress(closure));
                options.progress = host.hearing(told);
                options.dry_run |= host.host().dry_run;
                Ok(options)
            });
            let options = read.map_err(|error| host.raise(error))?;
            questions
                .wait(&host, context, connection.delete_in(&folder, options))
                .map(|report| host.told("delete", report))
        },
    );
}
