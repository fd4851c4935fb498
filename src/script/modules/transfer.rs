//! `upload`, `download`, and the two for one file.

use std::sync::Arc;

use rhai::{Dynamic, Engine, FnPtr, ImmutableString, Map, NativeCallContext};
use serde::de::DeserializeOwned;

use super::method::{Method, with_two};
use super::questions::Questions;
use super::source::{Access, local_source, remote_source};
use crate::connection::Connection;
use crate::error::Error;
use crate::options::OptionSpec;
use crate::script::gate::Raised;
use crate::script::options;
use crate::script::run::Run;
use crate::tasks::{Report, TransferOptions};

pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    let host = Arc::clone(run);
    with_two(
        engine,
        &Method {
            name: "upload",
            parameters: ["source: ?", "folder: &str"],
            result: "Report",
            doc: "Sends local files into a folder at Dropbox.",
        },
        move |context: &NativeCallContext,
              on: &mut Connection,
              source: Dynamic,
              folder: ImmutableString,
              map: Map|
              -> Raised<Report> {
            let (options, questions) = read(&host, map, "upload")?;
            let source = local_source(&host, &source, options.glob, access(&options))?;
            questions
                .wait(&host, context, on.upload(source, &folder, options))
                .map(|report| host.told("upload", report))
        },
    );
    let host = Arc::clone(run);
    with_two(
        engine,
        &Method {
            name: "download",
            parameters: ["source: ?", "folder: &str"],
            result: "Report",
            doc: "Fetches files from Dropbox into a local folder.",
        },
        move |context: &NativeCallContext,
              on: &mut Connection,
              source: Dynamic,
              folder: ImmutableString,
              map: Map|
              -> Raised<Report> {
            let (options, questions) = read(&host, map, "download")?;
            let source = remote_source(&source).map_err(|error| host.raise(error))?;
            host.writable_whole(&folder)?;
            let folder = host.local_path(&folder);
            questions
                .wait(&host, context, on.download(source, &folder, options))
                .map(|report| host.told("download", report))
        },
    );
    let host = Arc::clone(run);
    with_two(
        engine,
        &Method {
            name: "upload_file",
            parameters: ["local: &str", "path: &str"],
            result: "Report",
            doc: "Sends one file to exactly this path at Dropbox.",
        },
        move |context: &NativeCallContext,
              on: &mut Connection,
              local: ImmutableString,
              path: ImmutableString,
              map: Map|
              -> Raised<Report> {
            let (options, questions) = read(&host, map, "upload_file")?;
            access(&options).check(&host, &local)?;
            let local = host.local_path(&local);
            questions
                .wait(&host, context, on.upload_file(&local, &path, options))
                .map(|report| host.told("upload", report))
        },
    );
    let host = Arc::clone(run);
    with_two(
        engine,
        &Method {
            name: "download_file",
            parameters: ["path: &str", "local: &str"],
            result: "Report",
            doc: "Fetches one file to exactly this local path.",
        },
        move |context: &NativeCallContext,
              on: &mut Connection,
              path: ImmutableString,
              local: ImmutableString,
              map: Map|
              -> Raised<Report> {
            let (options, questions) = read(&host, map, "download_file")?;
            host.writable(&local)?;
            let local = host.local_path(&local);
            questions
                .wait(&host, context, on.download_file(&path, &local, options))
                .map(|report| host.told("download", report))
        },
    );
}

/// What a transfer does to its local sources.
fn access(options: &TransferOptions) -> Access {
    if options.delete_source {
        Access::ReadAndDelete
    } else {
        Access::Read
    }
}

/// The options of a transfer, and the questions that their closures ask.
pub(super) fn read(run: &Run, map: Map, of: &str) -> Raised<(TransferOptions, Questions)> {
    read_with(run, map, of, TransferOptions::OPTIONS, |options| options)
}

/// The options of a task, and the questions that the closures among them ask. Those of a transfer are a part of them.
pub(super) fn read_with<T: DeserializeOwned>(
    run: &Run,
    mut map: Map,
    of: &str,
    known: &[OptionSpec],
    transfer: impl FnOnce(&mut T) -> &mut TransferOptions,
) -> Raised<(T, Questions)> {
    let read = || {
        let closures = Closures::take(&mut map, known, of)?;
        let mut options: T = options::read(&map, known, of)?;
        let questions = closures.join(run, transfer(&mut options));
        Ok((options, questions))
    };
    read().map_err(|error| run.raise(error))
}

/// The options of a transfer that are closures.
struct Closures {
    test: Option<FnPtr>,
    name: Option<FnPtr>,
    told: Option<FnPtr>,
}

impl Closures {
    /// Takes them out of the map.
    fn take(map: &mut Map, known: &[OptionSpec], of: &str) -> Result<Self, Error> {
        Ok(Self {
            test: options::take_closure(map, "where", known, of)?,
            name: options::take_closure(map, "rename", known, of)?,
            told: options::take_closure(map, "progress", known, of)?,
        })
    }

    /// Joins them to the other options; the questions that they are asked have to be answered.
    fn join(self, run: &Run, options: &mut TransferOptions) -> Questions {
        let mut questions = Questions::new();
        options.filter.predicate = self.test.map(|closure| questions.predicate(closure));
        options.rename = self.name.map(|closure| questions.rename(closure));
        options.progress = run.hearing(self.told.map(|closure| questions.progress(closure)));
        options.dry_run |= run.host().dry_run;
        questions
    }
}
