//! `watch`: joins the watcher and the host, which do not know each other.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use dropscript::{
    Change, ChangeKind, Changes, Event, EventFile, EventSource, WatchOptions, Watcher,
};

use super::report::{self, Status};
use super::run::{Code, Ended, Stage};
use super::setup::Setup;
use super::voice::Voice;

/// What to watch and what to run.
pub(super) struct Plan {
    pub(super) script: PathBuf,
    pub(super) paths: Vec<PathBuf>,
    pub(super) args: Vec<String>,
    pub(super) settle: Duration,
}

/// Runs the script now, and again for each change, until a signal says to end.
pub(super) async fn main(setup: Setup, plan: Plan) -> Status {
    let voice = setup.voice;
    let Plan {
        script,
        paths,
        args,
        settle,
    } = plan;
    let started = Stage::new(&setup, Code::File(script.clone())).and_then(|stage| {
        let options = WatchOptions {
            roots: paths.clone(),
            settle,
            ..WatchOptions::default()
        };
        Ok((stage, Watcher::start(&options)?))
    });
    let (stage, mut watcher) = match started {
        Ok(started) => started,
        Err(error) => return report::refuse(voice, &error),
    };
    voice.status(&introduction(&script, &paths));
    watcher.follow(std::slice::from_ref(&script));
    let cancel = stage.interrupts.token();
    let mut queue = Queue::default();
    queue.start(watcher.take(), voice);
    loop {
        while let Some(event) = queue.next() {
            voice.status(&announcement(&event));
            let loaded = SystemTime::now();
            let ended = stage.run(args.clone(), event.clone()).await;
            if cancel.is_cancelled() {
                return stage.status_of(stage.interrupts.status().unwrap_or(ended.status));
            }
            watcher.follow_since(&followed(&ended, &script), loaded);
            if !ended.parsed || !script.exists() {
                queue.put_back(event);
            }
            // What was saved meanwhile comes before what is still waiting.
            queue.add(watcher.take(), voice);
        }
        tokio::select! {
            changes = watcher.next() => queue.add(changes, voice),
            () = cancel.cancelled() => return stage.status_of(stage.interrupts.status().unwrap_or(Status::INTERRUPTED)),
        }
    }
}

/// The events that the script has not seen yet.
#[derive(Default)]
struct Queue {
    events: VecDeque<Event>,
    /// Events whose files the script could not get, because it did not parse.
    held: Vec<Event>,
    numbered: u64,
}

impl Queue {
    /// The first event, with the files from before.
    fn start(&mut self, from_before: Changes, voice: Voice) {
        warn(from_before.notices, voice);
        self.push(EventSource::Start, &from_before.files);
    }

    fn next(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn add(&mut self, changes: Changes, voice: Voice) {
        warn(changes.notices, voice);
        if !changes.followed.is_empty() {
            self.push(EventSource::Script, &[]);
            self.events.extend(self.held.drain(..));
        }
        if !changes.files.is_empty() {
            self.push(EventSource::Local, &changes.files);
        }
    }

    /// Keeps an event for when the script was saved again.
    fn put_back(&mut self, mut event: Event) {
        if !event.files.is_empty() {
            event.files.iter_mut().for_each(|file| file.attempt += 1);
            self.held.push(event);
        }
    }

    fn push(&mut self, source: EventSource, files: &[Change]) {
        self.numbered += 1;
        self.events.push_back(Event {
            source,
            files: files.iter().map(file).collect(),
            id: self.numbered.to_string(),
        });
    }
}

fn warn(notices: Vec<String>, voice: Voice) {
    for notice in notices {
        voice.warning(&notice);
    }
}

fn file(change: &Change) -> EventFile {
    let text = |path: &Path| path.display().to_string();
    let is_there = change.kind != ChangeKind::Removed;
    EventFile {
        root: text(&change.root),
        relative: text(&change.relative),
        folder: change.path.parent().map(text).unwrap_or_default(),
        name: change
            .path
            .file_name()
            .map(|name| text(name.as_ref()))
            .unwrap_or_default(),
        kind: change.kind.as_str().to_owned(),
        size: is_there.then_some(change.size),
        modified: Some(change.modified),
        hash: None,
        attempt: 1,
        path: text(&change.path),
    }
}

/// What to follow after a run: whatever it read, and the script in any case.
fn followed(ended: &Ended, script: &Path) -> Vec<PathBuf> {
    let mut files = ended.files.clone();
    if !files.iter().any(|file| same(file, script)) {
        files.push(script.to_owned());
    }
    files
}

fn same(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

fn introduction(script: &Path, paths: &[PathBuf]) -> String {
    let mut what = vec![format!("`{}`", script.display())];
    what.extend(paths.iter().map(|path| format!("`{}`", path.display())));
    format!("watching {}; Ctrl-C ends", what.join(", "))
}

fn announcement(event: &Event) -> String {
    let number = &event.id;
    match (event.source, event.files.as_slice()) {
        (EventSource::Script, _) => format!("run {number}: the script was saved"),
        (source, []) => format!("run {number}: {}", source.as_str()),
        (source, [file]) => format!(
            "run {number}: {}, {} {}",
            source.as_str(),
            file.relative,
            file.kind
        ),
        (source, files) => format!("run {number}: {}, {} files", source.as_str(), files.len()),
    }
}
