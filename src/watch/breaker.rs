//! Stops a file that a run changes each time, so that it leads to the next run, and so on.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::CLOCK_LAG;
use super::stamp::{Stamp, nanoseconds};

/// A file that changed during this many runs within [`SPAN`] waits.
const MOST: usize = 10;
const SPAN: Duration = Duration::from_secs(60);

/// How often files came from runs that had them.
#[derive(Default)]
pub(super) struct Breaker {
    files: HashMap<PathBuf, Turns>,
}

/// The runs of one file, of which each but the first came from a change during the one before.
struct Turns {
    began: i64,
    ended: i64,
    at: VecDeque<Instant>,
}

impl Breaker {
    /// A run that had a file is over.
    pub(super) fn ran(&mut self, path: &Path, began: SystemTime, now: Instant) {
        let turns = self.files.entry(path.to_owned()).or_insert_with(|| Turns {
            began: 0,
            ended: 0,
            at: VecDeque::new(),
        });
        turns.began = nanoseconds(began - CLOCK_LAG);
        turns.ended = nanoseconds(SystemTime::now());
        turns.at.push_back(now);
    }

    /// Forgets files that rest.
    pub(super) fn prune(&mut self, now: Instant) {
        self.files
            .retain(|_, turns| turns.at.back().is_some_and(|last| now - *last < SPAN));
    }

    /// Until when a version has to wait, if it has.
    pub(super) fn holds(&mut self, path: &Path, version: Stamp, now: Instant) -> Option<Instant> {
        let turns = self.files.get_mut(path)?;
        let changed = version.last_change();
        if changed < turns.began || changed > turns.ended {
            turns.at.clear();
            return None;
        }
        while turns.at.front().is_some_and(|first| now - *first >= SPAN) {
            turns.at.pop_front();
        }
        let first = turns.at.front()?;
        (turns.at.len() >= MOST).then(|| *first + SPAN)
    }
}

/// What a person should know of a file that waits.
pub(super) fn sentence(path: &Path) -> String {
    format!(
        "`{}` changed during each of {MOST} runs within a minute, as if the script led to that itself: it waits for a minute; write it \
         through `file::`, or leave it out with `--exclude`",
        path.display()
    )
}
