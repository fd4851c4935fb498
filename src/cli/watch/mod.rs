//! `watch`: joins the watcher and the host, which do not know each other.

mod args;
mod event;
mod failed;
mod remote;
mod runs;
mod selection;
mod supervisor;
mod verdict;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use dropscript::{
    FailedFiles, JournalPlace, RemotePath, Result, WatchHandle, WatchOptions, Watcher,
};

pub(super) use args::WatchArgs;

use super::output::RunEvent;
use super::report::{self, Status};
use super::run::{Code, Stage};
use super::setup::{HearsChanges, Setup};
use super::state_folder::state_folder;
use super::voice::Voice;
use failed::Wish;
use runs::{Plan, Runs};
use selection::Filtered;

/// Runs the script now, and again for each change, until a signal says to end.
pub(super) async fn main(voice: Voice, args: WatchArgs) -> Status {
    let wish = match (args.journal.failed, args.journal.retry) {
        (true, _) => Some(Wish::List),
        (_, true) => Some(Wish::Retry),
        _ => None,
    };
    let script = match (wish, args.script.clone()) {
        (None, Some(script)) => script,
        (wish, script) => {
            let wish = wish.unwrap_or(Wish::List);
            let place = args.journal.place();
            return failed::main(voice, place, script.as_deref(), wish, args.events.json);
        }
    };
    let ended = match begin(voice, &script, args).await {
        Ok(runs) => runs.go_on().await,
        Err(error) => Err(error),
    };
    ended.unwrap_or_else(|error| report::refuse(voice, &error))
}

async fn begin(voice: Voice, script: &Path, args: WatchArgs) -> Result<Runs> {
    let journal = journal(voice, &args);
    let mut options = options(script, &args, &journal)?;
    let plan = Plan {
        script: script.to_owned(),
        args: args.args,
        jobs: args.runs.jobs,
        on_busy: args.runs.on_busy,
        stop_timeout: args.runs.stop_timeout,
    };
    // Scripts write only once the watcher is there.
    let handle: Arc<OnceLock<WatchHandle>> = Arc::default();
    let told = Arc::clone(&handle);
    let setup = Setup::new(args.run, voice)
        .with_events(args.events)
        .may_read(&args.paths)
        .telling_writes(Arc::new(move |path, written| {
            if let Some(Err(error)) = told.get().map(|handle| handle.wrote(path, written)) {
                tracing::warn!(%error, "what the script wrote counts as a change");
            }
        }));
    let setup = match args.files.remote {
        Some(_) => setup.telling_changes(on_change(&handle)),
        None => setup,
    };
    let stage = Stage::new(&setup, Code::File(script.to_owned()))?;
    if let Some(path) = args.files.remote.clone() {
        options.remote = Some(remote::folder(&stage, path, setup.emulator(), journal).await?);
    }
    let mut watcher = Watcher::start(&options)?;
    let _ = handle.set(watcher.handle());
    tokio::select! {
        heard = watcher.hear() => heard?,
        // The first thing that the runs do is to end.
        () = stage.interrupts.token().cancelled_owned() => {}
    }
    let remote = args.files.remote.as_ref();
    voice.status(&introduction(script, &args.paths, remote));
    stage.tell(&RunEvent::Watching {
        paths: args
            .paths
            .iter()
            .map(|path| path.display().to_string())
            .collect(),
        remote: remote.map(ToString::to_string),
    });
    tell_skipped(voice, watcher.skipped());
    watcher.follow(&[script.to_owned()]);
    Ok(Runs::new(setup, stage, watcher, plan))
}

/// Takes what scripts change at Dropbox for no change there.
fn on_change(handle: &Arc<OnceLock<WatchHandle>>) -> Arc<HearsChanges> {
    let handle = Arc::clone(handle);
    Arc::new(move |change| {
        if let Some(Err(error)) = handle.get().map(|handle| handle.changed(change)) {
            tracing::warn!(%error, "what the script changed at Dropbox counts as a change");
        }
    })
}

/// Says how many files are left out that were there before, if there are any.
fn tell_skipped(voice: Voice, count: usize) {
    if count > 0 {
        voice.status(&format!(
            "{count} files that were there before are left out"
        ));
    }
}

/// Where it is remembered what is done.
fn journal(voice: Voice, args: &WatchArgs) -> JournalPlace {
    // Without files there is nothing to remember.
    if args.paths.is_empty() && args.files.remote.is_none() {
        return JournalPlace::Memory;
    }
    // What a dry run is told of is not done.
    if args.run.dry_run {
        return JournalPlace::Memory;
    }
    args.journal.place().unwrap_or_else(|| {
        voice.warning(
            "what is done is not remembered: there is no home to keep it in, and no `--journal`",
        );
        JournalPlace::Memory
    })
}

fn options(script: &Path, args: &WatchArgs, journal: &JournalPlace) -> Result<WatchOptions> {
    let own = journal.file().into_iter().chain(state_folder());
    Ok(WatchOptions {
        roots: args.paths.clone(),
        selection: Some(Arc::new(Filtered(args.filter.filter().for_files()?))),
        kinds: args.files.kinds(),
        settle: args.files.settle,
        open_wait: args.files.open_wait,
        poll: args.files.poll,
        follow_links: args.files.follow_links,
        initial: args.files.initial.into(),
        batch: args.runs.batch,
        retries: args.runs.retries,
        name: FailedFiles::watch_of(script),
        own: own.collect(),
        journal: match args.paths.as_slice() {
            [] => JournalPlace::Memory,
            _ => journal.clone(),
        },
        ..WatchOptions::default()
    })
}

fn introduction(script: &Path, paths: &[PathBuf], remote: Option<&RemotePath>) -> String {
    let mut what = vec![format!("`{}`", script.display())];
    what.extend(paths.iter().map(|path| format!("`{}`", path.display())));
    what.extend(remote.map(|folder| format!("`{folder}` at Dropbox")));
    format!("watching {}; Ctrl-C ends", what.join(", "))
}
