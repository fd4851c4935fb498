//! What reaches the watching thread: hints of the operating system, and wishes of the watcher's owner.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// More touched paths than this and it is simpler to look at everything.
const MOST_PATHS: usize = 65_536;

/// The letter box of the watching thread. Posting never waits for a look at the file system.
#[derive(Default)]
pub(super) struct Inbox {
    mail: Mutex<Mail>,
    posted: Condvar,
}

#[derive(Default)]
struct Mail {
    touched: Touched,
    follow: Option<Vec<PathBuf>>,
    stop: bool,
}

/// The paths that hints were about since the last look, each once however many there were.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Touched {
    /// Something was written into these, or their permissions changed.
    pub(super) written: HashSet<PathBuf>,
    /// These came, went, or got another name.
    pub(super) renamed: HashSet<PathBuf>,
    /// Hints were lost: anything may have changed.
    pub(super) everything: bool,
}

/// Why the watching thread woke up.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wake {
    /// The owner is gone.
    Stop,
    /// There are hints.
    Touched,
    /// Other files are to be followed.
    Follow(Vec<PathBuf>),
    /// Nothing came before the deadline.
    Deadline,
}

impl Touched {
    pub(super) fn is_empty(&self) -> bool {
        !self.everything && self.written.is_empty() && self.renamed.is_empty()
    }

    /// Gives up on single paths.
    pub(super) fn set_everything(&mut self) {
        *self = Self {
            everything: true,
            ..Self::default()
        };
    }

    fn bound(&mut self) {
        if self.written.len() + self.renamed.len() > MOST_PATHS {
            self.set_everything();
        }
    }
}

impl Inbox {
    /// Posts hints.
    pub(super) fn touch(&self, note: impl FnOnce(&mut Touched)) {
        let mut mail = self.lock();
        // Once everything is to be looked at, a single path adds nothing.
        if !mail.touched.everything {
            note(&mut mail.touched);
            mail.touched.bound();
        }
        self.posted.notify_all();
    }

    /// Posts the files to follow from now on.
    pub(super) fn follow(&self, files: Vec<PathBuf>) {
        self.lock().follow = Some(files);
        self.posted.notify_all();
    }

    /// Tells the thread to end.
    pub(super) fn stop(&self) {
        self.lock().stop = true;
        self.posted.notify_all();
    }

    /// Whether the thread was told to end.
    pub(super) fn is_stopped(&self) -> bool {
        self.lock().stop
    }

    /// Waits for mail. While `collecting`, hints alone do not end the wait: they are left to gather.
    pub(super) fn wait(&self, deadline: Instant, collecting: bool) -> Wake {
        let mut mail = self.lock();
        loop {
            if mail.stop {
                return Wake::Stop;
            }
            if let Some(files) = mail.follow.take() {
                return Wake::Follow(files);
            }
            if !collecting && !mail.touched.is_empty() {
                return Wake::Touched;
            }
            let now = Instant::now();
            if deadline <= now {
                return Wake::Deadline;
            }
            let waited = self.posted.wait_timeout(mail, deadline - now);
            mail = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Takes the hints that have gathered.
    pub(super) fn take_touched(&self) -> Touched {
        std::mem::take(&mut self.lock().touched)
    }

    fn lock(&self) -> MutexGuard<'_, Mail> {
        // Mail is whole between any two statements, so a panic elsewhere has not broken it.
        self.mail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_gather_and_are_taken_once() {
        let inbox = Inbox::default();
        for _ in 0..3 {
            inbox.touch(|touched| touched.written.extend(["/r/a".into()]));
        }
        inbox.touch(|touched| touched.renamed.extend(["/r/b".into()]));
        let now = Instant::now();
        assert_eq!(inbox.wait(now, true), Wake::Deadline);
        assert_eq!(inbox.wait(now, false), Wake::Touched);
        let touched = inbox.take_touched();
        assert_eq!((touched.written.len(), touched.renamed.len()), (1, 1));
        assert!(inbox.take_touched().is_empty());
        assert_eq!(inbox.wait(now, false), Wake::Deadline);
    }

    #[test]
    fn a_flood_of_hints_becomes_one_word() {
        let inbox = Inbox::default();
        for n in 0..=MOST_PATHS {
            inbox.touch(|touched| touched.written.extend([n.to_string().into()]));
        }
        let touched = inbox.take_touched();
        assert!(touched.everything && touched.written.is_empty());
    }

    #[test]
    fn stopping_comes_before_all_else() {
        let inbox = Inbox::default();
        inbox.follow(vec!["/r/a".into()]);
        assert!(matches!(inbox.wait(Instant::now(), true), Wake::Follow(..)));
        inbox.follow(Vec::new());
        inbox.stop();
        assert_eq!(inbox.wait(Instant::now(), false), Wake::Stop);
        assert!(inbox.is_stopped());
    }
}
