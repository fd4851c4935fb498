//! The watcher as its owner has it.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::CLOCK_LAG;
use super::change::{Aftermath, Batch, News, Verdict};
use super::far::Far;
use super::findings::Findings;
use super::handle::WatchHandle;
use super::inbox::{Inbox, Touched};
use super::journal::Journal;
use super::local::{Local, Pace};
use super::look;
use super::options::{Initial, WatchOptions};
use super::origin::Origin;
use super::queue::{Policy, Queue, lock};
use super::roots::{Roots, place};
use super::scope::{Links, Scope};
use super::selection::Everything;
use super::stamp::Stamp;
use crate::{Error, ErrorKind, Result};

/// How often it is asked whether somebody wants what was given up tried again.
const ASK: Duration = Duration::from_secs(2);

/// Watches local files on a thread of its own until it is dropped.
///
/// Every version of a file that stays unchanged for the settle time is handed over, at least in the latest version when
/// the owner comes late, until the owner says that it is done with or the retries are used up; the journal remembers it
/// between processes. A root that goes away is unknown, not empty: its files are not told as removed, and it is looked
/// for until it is back.
pub struct Watcher {
    followed: HashSet<PathBuf>,
    findings: Arc<Findings>,
    inbox: Arc<Inbox>,
    queue: Arc<Mutex<Queue>>,
    skipped: usize,
    far: Option<Far>,
}

impl Watcher {
    /// Takes a first look at the roots and begins to watch them.
    ///
    /// The files that are there count as created, but for those that the journal knows. Those that have not changed for
    /// the settle time are ready at once: [`claim`](Self::claim) gives them.
    ///
    /// A folder at Dropbox is looked at in the background, and needs a Tokio runtime: [`hear`](Self::hear) waits for the first word of it.
    ///
    /// # Errors
    /// `not_found` or `local_io` where a root is missing or cannot be looked at, or the journal cannot be used; `conflict`
    /// where another process has it.
    pub fn start(options: &WatchOptions) -> Result<Self> {
        let roots = Roots::find(&options.roots)?;
        let selection = options.selection.clone();
        let selection = selection.unwrap_or_else(|| Arc::new(Everything));
        let links = if options.follow_links {
            Links::Followed
        } else {
            Links::Left
        };
        let scope = Scope::new(roots, Arc::clone(&selection), &options.own, links);
        let journal = Journal::open(&options.journal, &options.name, "local")?;
        let findings = Arc::new(Findings::new(options.settle));
        let inbox = Arc::new(Inbox::default());
        let policy = Policy {
            batch: options.batch.max(1),
            retries: options.retries,
            kinds: options.kinds.clone(),
            open_wait: options.open_wait,
        };
        let far = match &options.remote {
            Some(folder) => Some(Far::follow(options, folder, selection, policy.clone())?),
            None => None,
        };
        let origin = Origin::Disk(scope.clone());
        let mut queue = Queue::new(Arc::clone(&findings), journal, origin, policy)?;
        if options.initial == Initial::All {
            queue.forget()?;
        }
        let pace = Pace {
            rescan: options.rescan,
            poll: options.poll,
        };
        let mut local = Local::new(scope, Arc::clone(&findings), Arc::clone(&inbox), pace);
        local.begin();
        let skipped = match options.initial {
            Initial::None => queue.skip_all()?,
            Initial::New | Initial::All => 0,
        };
        thread::Builder::new()
            .name("watch".into())
            .spawn(move || local.run())
            .map_err(|source| {
                Error::new(ErrorKind::LocalIo, "cannot start a thread to watch on")
                    .with_source(source)
            })?;
        Ok(Self {
            followed: HashSet::new(),
            findings,
            inbox,
            queue: Arc::new(Mutex::new(queue)),
            skipped,
            far,
        })
    }

    /// Waits for the first word of the folder at Dropbox: that it is there, or cannot be reached for now. Comes back at once without one.
    ///
    /// # Errors
    /// `not_found` where there is no such folder, and whatever else no later try would mend.
    pub async fn hear(&self) -> Result<()> {
        let Some(far) = &self.far else {
            return Ok(());
        };
        far.link.heard().await;
        far.link.take_failure().map_or(Ok(()), Err)
    }

    /// How many files were left out at the beginning, by [`Initial::None`].
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    /// Follows these files, a script and its modules, in the place of those followed so far. Saving one from now on is a
    /// change.
    pub fn follow(&mut self, files: &[PathBuf]) {
        self.follow_from(files, None);
    }

    /// As [`follow`](Self::follow), for files that were read since the time `loaded`: one that is not followed yet counts
    /// as changed if it was saved after that.
    pub fn follow_since(&mut self, files: &[PathBuf], loaded: SystemTime) {
        self.follow_from(files, Some(loaded));
    }

    fn follow_from(&mut self, files: &[PathBuf], loaded: Option<SystemTime>) {
        let files: Vec<_> = files.iter().filter_map(|file| place(file).ok()).collect();
        let following: HashSet<_> = files.iter().cloned().collect();
        let new = files.iter().filter(|path| !self.followed.contains(*path));
        let looks: Vec<_> = new
            .map(|path| (path, look::file_through_links(path)))
            .collect();
        let is_newer =
            |stamp: Stamp| loaded.is_some_and(|loaded| !stamp.is_older_than(CLOCK_LAG, loaded));
        self.findings.update(|state| {
            state.followed.retain(|path| following.contains(path));
            state.followed_files.clone_from(&following);
            for (path, seen) in looks {
                match seen {
                    Ok(Some(stamp)) if is_newer(stamp) => {
                        state.followed.observe(path, Some(stamp), Instant::now());
                    }
                    Ok(seen) => state.followed.accept(path, seen),
                    // The next look that tells something counts as a change.
                    Err(_) => {}
                }
            }
        });
        self.followed = following;
        self.inbox.follow(files);
    }

    /// Waits until there may be files to claim, or news.
    pub async fn ready(&self) {
        let due = self.queues().filter_map(|queue| queue.next_due()).min();
        let ask = Instant::now() + ASK;
        let until = due.map_or(ask, |due| due.min(ask));
        let far = async {
            match &self.far {
                Some(far) => far.findings.ready().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.findings.ready() => {}
            () = far => {}
            () = tokio::time::sleep_until(until.into()) => {}
        }
    }

    /// What is not a file below a root, since the last time.
    #[must_use]
    pub fn news(&self) -> News {
        let (followed, mut notices) = self.findings.take_news();
        let followed = followed.into_iter().map(|file| file.path);
        let mut skipped = 0;
        if let Some(far) = &self.far {
            notices.extend(far.findings.take_news().1);
            skipped = far
                .findings
                .update(|state| std::mem::take(&mut state.skipped));
        }
        News {
            followed: followed.collect(),
            notices,
            skipped,
        }
    }

    /// The next files for a run, if there are any: those that are to be tried again, then those that have settled. Each file is in one
    /// run at a time; [`finish`](Self::finish) says how that ended.
    ///
    /// Files that come are read for their hashes, which may take a moment.
    ///
    /// # Errors
    /// `local_io` where the journal cannot be written; why the folder at Dropbox is not watched any more.
    pub fn claim(&self) -> Result<Option<Batch>> {
        if let Some(error) = self.far.as_ref().and_then(|far| far.link.take_failure()) {
            return Err(error);
        }
        let far = self.far.iter().map(|far| &far.queue);
        for queue in std::iter::once(&self.queue).chain(far) {
            if let Some(batch) = claim(queue)? {
                return Ok(Some(batch));
            }
        }
        // What was looked at once more may have to settle anew.
        self.nudge();
        Ok(None)
    }

    /// Says how the run with these files ended.
    ///
    /// # Errors
    /// `local_io` where the journal cannot be written.
    pub fn finish(&self, id: &str, ending: Verdict) -> Result<Aftermath> {
        let mut aftermath = Aftermath::Over;
        for mut queue in self.queues() {
            if queue.has_run(id) {
                aftermath = queue.finish(id, ending)?;
                break;
            }
        }
        self.findings.wake();
        self.nudge();
        Ok(aftermath)
    }

    /// Takes what has settled as done with, without a run, and gives the number of files.
    ///
    /// # Errors
    /// `local_io` where the journal cannot be written.
    pub fn skip(&self) -> Result<usize> {
        let mut count = 0;
        for mut queue in self.queues() {
            count += queue.skip_settled()?;
        }
        Ok(count)
    }

    /// Tries at once what waits to be tried again.
    pub fn retry_now(&self) {
        for mut queue in self.queues() {
            queue.retry_now();
        }
        self.findings.wake();
    }

    /// How many files wait: those that could be claimed, those that have to settle, and those that failed.
    #[must_use]
    pub fn waiting(&self) -> (usize, usize, usize) {
        let failing = self.queues().map(|queue| queue.count_failing()).sum();
        let far = self.far.iter().map(|far| &far.findings);
        let findings = far.chain([&self.findings]);
        let waiting = findings.map(|findings| findings.count_waiting());
        let (settled, unsettled): (Vec<_>, Vec<_>) = waiting.unzip();
        (settled.iter().sum(), unsettled.iter().sum(), failing)
    }

    /// A way to tell of files while a run goes on.
    #[must_use]
    pub fn handle(&self) -> WatchHandle {
        WatchHandle {
            queue: Arc::clone(&self.queue),
            far: self.far.as_ref().map(|far| Arc::clone(&far.queue)),
            account: self
                .far
                .as_ref()
                .map(|far| far.account.clone())
                .unwrap_or_default(),
        }
    }

    /// Looks at everything now, whatever events have come.
    pub fn rescan(&self) {
        self.inbox.touch(Touched::set_everything);
    }

    /// The queues, each locked in its turn.
    fn queues(&self) -> impl Iterator<Item = MutexGuard<'_, Queue>> {
        let far = self.far.iter().map(|far| &far.queue);
        std::iter::once(&self.queue)
            .chain(far)
            .map(|queue| lock(queue))
    }

    fn nudge(&self) {
        if let Some(far) = &self.far {
            far.link.nudge.notify_one();
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.inbox.stop();
        if let Some(far) = &self.far {
            far.link.stop.cancel();
        }
    }
}

/// The next files of a queue, which is free for others while they are read.
fn claim(queue: &Mutex<Queue>) -> Result<Option<Batch>> {
    lock(queue).take_wanted_again()?;
    loop {
        let Some(draft) = lock(queue).draft()? else {
            return Ok(None);
        };
        let proven = draft.prove();
        if let Some(batch) = lock(queue).begin(proven)? {
            return Ok(Some(batch));
        }
    }
}
