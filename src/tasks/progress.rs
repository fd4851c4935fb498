//! How far a task is, told while it works.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{Outcome, ReportItem};

/// How often it is told, at most; the end always is.
const PAUSE: Duration = Duration::from_millis(100);

/// How many of the files under way are told of.
const SHOWN: usize = 4;

/// From this size on a file under way is worth a line of its own.
const LARGE: u64 = 1 << 20;

/// How far a transfer is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Which transfer of this process it is: no other has the number.
    pub id: u64,
    /// What it does, as `upload`.
    pub task: &'static str,
    /// Files that are done with, whatever became of them.
    pub done: u64,
    /// Files in all.
    pub total: u64,
    /// Bytes of what is done with, and of the files under way what has gone.
    pub bytes: u64,
    /// Bytes of all files.
    pub total_bytes: u64,
    /// Of [`bytes`](Progress::bytes), those that were really moved.
    pub moved: u64,
    /// The file that was begun or done with last.
    pub file: String,
    /// Some of the large files under way, never more than four.
    pub running: Vec<Running>,
    /// Whether it is over; nothing more is told then.
    pub over: bool,
}

/// A file under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// Its path at the source.
    pub file: String,
    /// What has gone.
    pub bytes: u64,
    /// All of it.
    pub size: u64,
}

/// Who is told how far a transfer is.
#[derive(Clone)]
pub struct OnProgress {
    progress: Arc<dyn Fn(&Progress) + Send + Sync>,
    item: Arc<OnItem>,
}

type OnItem = dyn Fn(&str, &ReportItem) + Send + Sync;

impl OnProgress {
    /// Calls a function now and then, ten times a second at most, and at the end. It should not take long: the transfer waits.
    pub fn new(tell: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        Self {
            progress: Arc::new(tell),
            item: Arc::new(|_, _| {}),
        }
    }

    /// Calls this function, too, as each item is done with: with the task, and what became of it.
    #[must_use]
    pub fn with_items(self, tell: impl Fn(&str, &ReportItem) + Send + Sync + 'static) -> Self {
        Self {
            item: Arc::new(tell),
            ..self
        }
    }

    pub(super) fn item(&self, task: &str, item: &ReportItem) {
        (self.item)(task, item);
    }
}

impl fmt::Debug for OnProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnProgress")
    }
}

/// Counts what a transfer does, and tells of it where somebody listens.
#[derive(Debug, Clone)]
pub(super) struct Tally(Option<Arc<Counted>>);

#[derive(Debug)]
struct Counted {
    listener: OnProgress,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    progress: Progress,
    /// The number of each file that has a line, beside its line.
    lines: Vec<u64>,
    begun: u64,
    told: Option<Instant>,
}

/// A file that is worked on. Dropped, it is done with.
#[derive(Debug, Clone)]
pub(super) struct Moving(Option<Arc<File>>);

#[derive(Debug)]
struct File {
    counted: Arc<Counted>,
    number: u64,
    size: u64,
    /// What of it was counted, and how much of that was moved.
    at: Mutex<At>,
}

#[derive(Debug, Default, Clone, Copy)]
struct At {
    bytes: u64,
    over: bool,
}

impl Tally {
    pub(super) fn new(task: &'static str, listener: Option<&OnProgress>) -> Self {
        static TASKS: AtomicU64 = AtomicU64::new(1);
        let counted = |listener: &OnProgress| Counted {
            listener: listener.clone(),
            state: Mutex::new(State {
                progress: Progress {
                    id: TASKS.fetch_add(1, Ordering::Relaxed),
                    task,
                    ..Progress::default()
                },
                lines: Vec::with_capacity(SHOWN),
                begun: 0,
                told: None,
            }),
        };
        Self(listener.map(counted).map(Arc::new))
    }

    /// One more file is to be worked on.
    pub(super) fn expect(&self, size: u64) {
        if let Some(counted) = &self.0 {
            let mut state = counted.state();
            state.progress.total += 1;
            state.progress.total_bytes += size;
        }
    }

    /// The work on a file begins.
    pub(super) fn begin(&self, file: &str, size: u64) -> Moving {
        let Some(counted) = &self.0 else {
            return Moving(None);
        };
        let mut state = counted.state();
        state.begun += 1;
        let number = state.begun;
        file.clone_into(&mut state.progress.file);
        if size >= LARGE && state.lines.len() < SHOWN {
            state.lines.push(number);
            state.progress.running.push(Running {
                file: file.to_owned(),
                bytes: 0,
                size,
            });
        }
        counted.tell(state, false);
        Moving(Some(Arc::new(File {
            counted: Arc::clone(counted),
            number,
            size,
            at: Mutex::default(),
        })))
    }

    /// All is done with.
    pub(super) fn finish(&self) {
        if let Some(counted) = &self.0 {
            counted.finish();
        }
    }
}

impl Counted {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finish(&self) {
        let mut state = self.state();
        if !state.progress.over {
            state.progress.over = true;
            self.tell(state, true);
        }
    }

    /// Tells where things are, unless that was told just now.
    fn tell(&self, mut state: MutexGuard<'_, State>, anyhow: bool) {
        let now = Instant::now();
        let lately = state.told.is_some_and(|told| now - told < PAUSE);
        if lately && !anyhow {
            return;
        }
        state.told = Some(now);
        let progress = state.progress.clone();
        // Whoever listens may take a while, and must not hold up those who only count.
        drop(state);
        (self.listener.progress)(&progress);
    }
}

// A task that is given up, too, has to be over for who draws it.
impl Drop for Counted {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Moving {
    /// So many bytes of the file have gone; fewer than before, where it was begun anew, count for nothing.
    pub(super) fn reach(&self, bytes: u64) {
        let Some(file) = &self.0 else { return };
        let mut at = file.at();
        let bytes = bytes.min(file.size);
        let Some(more) = bytes.checked_sub(at.bytes).filter(|more| *more > 0) else {
            return;
        };
        at.bytes = bytes;
        drop(at);
        let mut state = file.counted.state();
        state.progress.bytes += more;
        state.progress.moved += more;
        if let Some(line) = state.line(file.number) {
            state.progress.running[line].bytes = bytes;
        }
        file.counted.tell(state, false);
    }

    /// The file is done with, and this came of it.
    pub(super) fn end(&self, item: &ReportItem) {
        if let Some(file) = &self.0 {
            file.end(Some(item));
        }
    }
}

impl File {
    fn at(&self) -> MutexGuard<'_, At> {
        self.at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, item: Option<&ReportItem>) {
        let mut at = self.at();
        if std::mem::replace(&mut at.over, true) {
            return;
        }
        let rest = self.size - at.bytes;
        drop(at);
        let mut state = self.counted.state();
        state.progress.done += 1;
        state.progress.bytes += rest;
        if let Some(item) = item {
            if item.outcome == Outcome::Transferred {
                state.progress.moved += rest;
            }
            item.source.clone_into(&mut state.progress.file);
        }
        if let Some(line) = state.line(self.number) {
            state.lines.remove(line);
            state.progress.running.remove(line);
        }
        self.counted.tell(state, false);
    }
}

impl Drop for File {
    fn drop(&mut self) {
        self.end(None);
    }
}

impl State {
    fn line(&self, number: u64) -> Option<usize> {
        self.lines.iter().position(|line| *line == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, ErrorKind};

    fn listening() -> (Tally, Arc<Mutex<Vec<Progress>>>) {
        let told = Arc::new(Mutex::new(Vec::new()));
        let hears = Arc::clone(&told);
        let listener = OnProgress::new(move |progress| {
            hears.lock().expect("one thread").push(progress.clone());
        });
        (Tally::new("upload", Some(&listener)), told)
    }

    fn last(told: &Mutex<Vec<Progress>>) -> Progress {
        let told = told.lock().expect("one thread");
        told.last().expect("something was told").clone()
    }

    fn failed(source: &str) -> ReportItem {
        let error = Error::new(ErrorKind::NotFound, "no");
        ReportItem::failed(source.to_owned(), String::new(), error)
    }

    #[test]
    fn at_the_end_all_is_done_whatever_became_of_it() {
        let (tally, told) = listening();
        for size in [5, 3 << 20, 7] {
            tally.expect(size);
        }
        let moving = tally.begin("a", 5);
        moving.end(&ReportItem::skipped("a".to_owned(), "unchanged"));
        let moving = tally.begin("b", 3 << 20);
        moving.reach(1 << 20);
        // Begun anew: what was counted stays counted.
        moving.reach(1 << 19);
        moving.end(&failed("b"));
        drop(tally.begin("c", 7));
        tally.finish();
        let end = last(&told);
        assert!(end.over && end.running.is_empty());
        assert_eq!((end.done, end.total), (3, 3));
        assert_eq!(
            (end.bytes, end.total_bytes),
            (12 + (3 << 20), 12 + (3 << 20))
        );
        assert_eq!(end.moved, 1 << 20);
    }

    #[test]
    fn few_files_are_shown_and_all_are_counted() {
        let (tally, told) = listening();
        let moving: Vec<_> = (0..9)
            .map(|number| {
                tally.expect(LARGE);
                tally.begin(&number.to_string(), LARGE)
            })
            .collect();
        for file in &moving {
            file.reach(LARGE / 2);
        }
        let counted = tally.0.as_ref().expect("somebody listens");
        let progress = counted.state().progress.clone();
        assert_eq!(progress.running.len(), SHOWN);
        assert_eq!(progress.bytes, 9 * LARGE / 2);
        drop(moving);
        tally.finish();
        assert_eq!(last(&told).done, 9);
    }

    #[test]
    fn a_task_that_is_given_up_is_over_too() {
        let (tally, told) = listening();
        tally.expect(1);
        drop(tally);
        assert!(last(&told).over);
    }
}
