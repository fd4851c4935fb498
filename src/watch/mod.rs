//! Watching for files that change, on this machine and at Dropbox.
//!
//! The operating system's events are hints, and a scan is the truth: events get lost, come twice, or come before the
//! folder they tell of is watched. So a hint only makes the watcher look, and a look at everything comes now and then
//! without one.
//!
//! What has settled waits in a ledger until somebody claims it for a run, and is done with when that run is: the journal
//! knows of each version what became of it, whatever ends the process.

mod breaker;
mod by_folder;
mod change;
mod event;
mod failed;
mod findings;
mod hints;
mod inbox;
mod journal;
mod ledger;
#[cfg(test)]
mod lives;
mod local;
mod look;
mod mirror;
#[cfg(test)]
mod oracle;
mod origin;
mod proof;
mod queue;
mod remote;
mod roots;
mod scope;
mod selection;
mod stamp;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::client::{RemoteChange, Written};
use crate::{Error, ErrorKind, Result};
use findings::Findings;
use inbox::Inbox;
use journal::Journal;
use local::{Local, Pace};
use mirror::{Mirror, Phase};
use origin::Origin;
use queue::{Policy, Queue};
use remote::{Link, Remote};
use roots::{Roots, place};
use scope::{Links, Scope};
use selection::Everything;
use stamp::Stamp;

pub use change::{Aftermath, Batch, Change, ChangeKind, ChangeSource, News, Verdict};
pub use failed::{FailedFile, FailedFiles};
pub use journal::JournalPlace;
pub use remote::RemoteFolder;
pub use selection::Selection;

/// Dates of files lag behind the clock by up to one tick of the kernel, at most 10 ms.
const CLOCK_LAG: Duration = Duration::from_millis(20);

/// How often it is asked whether somebody wants what was given up tried again.
const ASK: Duration = Duration::from_secs(2);

/// What to watch, and how.
#[derive(Clone)]
pub struct WatchOptions {
    /// Folders, with all that is below them, and single files.
    pub roots: Vec<PathBuf>,
    /// Take links below the roots for what they lead to, wherever that is; otherwise they are left out. Such folders are looked at every
    /// two seconds, since the system tells of a folder under one of its names only.
    pub follow_links: bool,
    /// A folder at Dropbox.
    pub remote: Option<RemoteFolder>,
    /// Which files below the roots count; all of them unless set.
    pub selection: Option<Arc<dyn Selection>>,
    /// Which changes count; all unless set.
    pub kinds: Vec<ChangeKind>,
    /// A file is handed over when it has not changed for this long. Two seconds by default.
    pub settle: Duration,
    /// How long a file waits that does not change and that a program is known to have open for writing. A minute by default.
    pub open_wait: Duration,
    /// Look at everything this often and ask the operating system for no events, as on a network share.
    pub poll: Option<Duration>,
    /// Look at everything this often although there are events, because they get lost. Five minutes by default; longer
    /// where that would take more than a thousandth of the time.
    pub rescan: Duration,
    /// Where it is kept what is done with of the local files.
    pub journal: JournalPlace,
    /// Whose journal it is: one name has one watcher at a time.
    pub name: String,
    /// What is to become of the files that are there at the beginning.
    pub initial: Initial,
    /// The most files of one run. A hundred by default.
    pub batch: usize,
    /// How often files come again after a run that failed, before they are given up. Three times by default.
    pub retries: u32,
    /// Files and folders that the program writes for itself: they are no changes.
    pub own: Vec<PathBuf>,
}

/// What is to become of the files that are there when a watch begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Initial {
    /// Those that are not done with, and those that are gone.
    #[default]
    New,
    /// All of them, as if they had been made just now.
    All,
    /// None: they count as done with.
    None,
}

impl Default for WatchOptions {
    fn default() -> Self {
        Self {
            roots: Vec::new(),
            follow_links: false,
            remote: None,
            selection: None,
            kinds: ChangeKind::ALL.to_vec(),
            settle: Duration::from_secs(2),
            open_wait: Duration::from_secs(60),
            poll: None,
            rescan: Duration::from_secs(300),
            journal: JournalPlace::Memory,
            name: String::new(),
            initial: Initial::New,
            batch: 100,
            retries: 3,
            own: Vec::new(),
        }
    }
}

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

/// The part of a watcher that is about a folder at Dropbox.
struct Far {
    findings: Arc<Findings>,
    queue: Arc<Mutex<Queue>>,
    link: Arc<Link>,
    account: String,
}

/// A way to tell a [`Watcher`] of files while a run goes on, from any thread.
#[derive(Clone)]
pub struct WatchHandle {
    queue: Arc<Mutex<Queue>>,
    far: Option<Arc<Mutex<Queue>>>,
    /// The account of the folder at Dropbox.
    account: String,
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
            Some(folder) => Some(far(options, folder, selection, policy.clone())?),
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
        self.inbox.touch(inbox::Touched::set_everything);
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

impl WatchHandle {
    /// Takes one file of a run as done with, whatever becomes of the run. Says whether it is one of its files.
    ///
    /// # Errors
    /// `local_io` where the journal cannot be written.
    pub fn done(&self, id: &str, path: &Path) -> Result<bool> {
        let queues = std::iter::once(&self.queue).chain(&self.far);
        for queue in queues {
            let mut queue = lock(queue);
            if queue.is_running(id, path) {
                queue.finish_one(id, path)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A run wrote or removed this file itself. That is no change.
    ///
    /// # Errors
    /// `local_io` where the journal cannot be written.
    pub fn wrote(&self, path: &Path, written: Written<'_>) -> Result<()> {
        match place(path) {
            Ok(path) => lock(&self.queue).wrote(&path, written),
            // Where even its folder is gone, there is nothing to leave out.
            Err(_) => Ok(()),
        }
    }

    /// A run changed this at Dropbox itself. In the folder that is watched that is no change.
    ///
    /// # Errors
    /// `local_io` where the journal cannot be written.
    pub fn changed(&self, change: &RemoteChange) -> Result<()> {
        match &self.far {
            Some(far) if change.account == self.account => lock(far).changed(&change.what),
            _ => Ok(()),
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

/// What a panic left behind is what the journal says, more or less a run.
fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.inbox.stop();
        if let Some(far) = &self.far {
            far.link.stop.cancel();
        }
    }
}

/// Begins to follow a folder at Dropbox, on a thread of its own.
fn far(
    options: &WatchOptions,
    folder: &RemoteFolder,
    selection: Arc<dyn Selection>,
    policy: Policy,
) -> Result<Far> {
    let cannot_start = |source: std::io::Error| {
        Error::new(
            ErrorKind::LocalIo,
            "cannot start a thread to watch Dropbox on",
        )
        .with_source(source)
    };
    let runtime = tokio::runtime::Handle::try_current()
        .map_err(|error| cannot_start(std::io::Error::other(error)))?;
    let journal = Journal::open(&folder.journal, &options.name, &folder.source())?;
    journal.reopen(false)?;
    let findings = Arc::new(Findings::new(options.settle));
    let mut mirror = Mirror::new(folder.path.clone(), selection);
    if options.initial == Initial::None {
        mirror.phase = Phase::LeavingOut;
    }
    let mut queue = Queue::new(
        Arc::clone(&findings),
        journal,
        Origin::Dropbox(mirror),
        policy,
    )?;
    if options.initial == Initial::All {
        queue.forget()?;
    }
    let queue = Arc::new(Mutex::new(queue));
    let link = Arc::new(Link::default());
    let remote = Remote::new(
        folder,
        Arc::clone(&queue),
        Arc::clone(&findings),
        Arc::clone(&link),
    );
    thread::Builder::new()
        .name("watch-remote".into())
        .spawn(move || runtime.block_on(remote.run()))
        .map_err(cannot_start)?;
    Ok(Far {
        findings,
        account: folder.connection.client().identity(),
        queue,
        link,
    })
}
