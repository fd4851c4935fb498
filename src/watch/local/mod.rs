//! The watching thread: hints say where to look, looks say what is true.

mod scan;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::findings::Findings;
use super::hints::Hints;
use super::inbox::{Inbox, Touched, Wake};
use super::look;
use super::scope::Scope;
use super::stamp::Stamp;
use super::tree::Tree;
use scan::Reach;

/// Hints come in bunches: what comes within this time is looked at together.
const QUIET: Duration = Duration::from_millis(50);

/// How often what has no hints is looked at: followed files, the roots themselves, folders beyond the system's limits.
const TICK: Duration = Duration::from_secs(2);

/// How soon after hints everything is looked at once more, unless that would take more than a fiftieth of the time: a folder that
/// goes and comes back while the system still tells of its end can lose its hints for good.
const AFTERWARDS: Duration = Duration::from_secs(2);

/// The source of changes on this machine.
pub(super) struct Local {
    scope: Scope,
    followed: Vec<PathBuf>,
    hints: Hints,
    tree: Tree,
    /// Roots that are away and folders that cannot be read: their files are neither there nor gone.
    unknown: BTreeSet<PathBuf>,
    /// Folders with links to files, of whose changes nothing is told there.
    linked: BTreeSet<PathBuf>,
    findings: Arc<Findings>,
    inbox: Arc<Inbox>,
    pace: Pace,
}

/// When the thread looks without being told to.
pub(super) struct Pace {
    /// Everything, because hints get lost.
    pub(super) rescan: Duration,
    /// Everything, because there are no hints.
    pub(super) poll: Option<Duration>,
}

impl Local {
    pub(super) fn new(
        scope: Scope,
        findings: Arc<Findings>,
        inbox: Arc<Inbox>,
        pace: Pace,
    ) -> Self {
        let hints = match pace.poll {
            None => Hints::new(Arc::clone(&inbox)),
            Some(_) => Hints::none(),
        };
        Self {
            scope,
            followed: Vec::new(),
            hints,
            tree: Tree::default(),
            unknown: BTreeSet::new(),
            linked: BTreeSet::new(),
            findings,
            inbox,
            pace,
        }
    }

    /// The first look at everything. What has not changed for the settle time by its own dates is ready at once.
    pub(super) fn begin(&mut self) {
        self.scan_all();
        self.findings
            .update(|state| state.files.settle_by_dates(SystemTime::now()));
    }

    /// Watches until the inbox says to stop.
    pub(super) fn run(mut self) {
        let start = Instant::now();
        let tick = self.pace.poll.unwrap_or(TICK);
        let (mut tick_at, mut rescan_at) = (start + tick, start + self.pace.rescan);
        let (mut look_at, mut rested_at, mut settle_at) = (None, start, start);
        let mut afterwards = AFTERWARDS;
        loop {
            let due = self.findings.next_due().map(|due| due.max(settle_at));
            let deadlines = [look_at, due, Some(tick_at), Some(rescan_at)];
            let deadline = deadlines.into_iter().flatten().min().unwrap_or(tick_at);
            match self.inbox.wait(deadline, look_at.is_some()) {
                Wake::Stop => return,
                Wake::Follow(files) => {
                    self.followed = files;
                    self.look_at_followed();
                    self.report_refusal();
                }
                Wake::Touched => look_at = Some(rested_at.max(Instant::now() + QUIET)),
                Wake::Deadline => {
                    if rescan_at <= deadline {
                        let took = timed(|| self.scan_all());
                        // At most a thousandth of the time goes into looking at what has probably not changed.
                        rescan_at = Instant::now() + self.pace.rescan.max(took * 1000);
                        afterwards = AFTERWARDS.max(took * 50);
                    }
                    if look_at.is_some_and(|at| at <= deadline) {
                        let touched = self.inbox.take_touched();
                        let took = timed(|| self.look(touched));
                        // While something keeps changing, at most a fifth of the time.
                        (look_at, rested_at) = (None, Instant::now() + took * 4);
                        rescan_at = rescan_at.min(Instant::now() + afterwards);
                    }
                    if tick_at <= deadline {
                        let took = timed(|| self.tick());
                        tick_at = Instant::now() + tick.max(took * 20);
                    }
                    if due.is_some_and(|at| at <= deadline) {
                        self.settle();
                        settle_at = Instant::now() + QUIET;
                    }
                }
            }
        }
    }

    /// Looks where hints have pointed.
    fn look(&mut self, touched: Touched) {
        if touched.everything {
            self.hints.uncover(Path::new("/"));
            self.look_at_followed();
            return self.scan_all();
        }
        let (mut folders, mut renamed) = (BTreeSet::new(), BTreeSet::new());
        for path in touched.renamed {
            self.hints.uncover(&path);
            if let Some(parent) = path.parent().filter(|parent| self.tree.contains(parent)) {
                folders.insert(parent.to_owned());
            }
            if self.tree.contains(&path) {
                renamed.insert(path);
            } else if self.scope.roots.is_file(&path) {
                self.look_at(&path);
            }
        }
        for path in touched.written {
            if self.tree.contains(&path) || self.unknown.contains(&path) {
                folders.insert(path);
            } else if self.scope.has(&path) {
                self.look_at(&path);
            }
        }
        for folder in folders {
            self.scan(folder, Reach::New);
        }
        // A folder that went and came back within the quiet time has lost its hints, and those below it.
        for folder in renamed {
            if self.tree.contains(&folder) {
                self.scan(folder, Reach::All);
            }
        }
        self.look_at_followed();
    }

    /// Looks at what no hint may have told of.
    fn tick(&mut self) {
        self.look_at_followed();
        if self.pace.poll.is_some() {
            return self.scan_all();
        }
        for root in self.scope.roots.folders() {
            let identity = look::folder(&root).ok();
            if identity.is_none()
                || identity != self.tree.identity(&root)
                || self.unknown.contains(&root)
            {
                self.scan(root, Reach::All);
            }
        }
        for file in self.scope.roots.files() {
            self.look_at(&file);
        }
        let without_hints = self
            .tree
            .paths()
            .filter(|folder| !self.hints.covers(folder) || self.linked.contains(*folder));
        for folder in without_hints.map(Path::to_owned).collect::<Vec<_>>() {
            self.scan(folder, Reach::New);
        }
    }

    /// Takes another look at the files whose settle time is over.
    fn settle(&mut self) {
        let now = Instant::now();
        let (files, followed) = self
            .findings
            .update(|state| (state.files.due(now), state.followed.due(now)));
        let looks: Vec<_> = files
            .iter()
            .map(|path| (path, self.state_of(path)))
            .collect();
        let now = Instant::now();
        // In one go, so that what was written together is handed over together.
        self.findings.update(|state| {
            for (path, seen) in looks {
                match seen {
                    Ok(seen) => state.files.observe(path, seen, now),
                    Err(_) => state.files.postpone(path, now),
                }
            }
        });
        if !followed.is_empty() {
            self.look_at_followed();
        }
    }

    /// Looks at one file below a root or named as one.
    fn look_at(&mut self, path: &Path) {
        if let Ok(seen) = self.state_of(path) {
            self.findings
                .update(|state| state.files.observe(path, seen, Instant::now()));
        }
    }

    /// One file as it is, `None` where it is surely gone.
    fn state_of(&self, path: &Path) -> io::Result<Option<Stamp>> {
        let state = self.scope.look(path)?;
        if self.scope.roots.is_file(path) {
            return self.unless_out_of_reach(path, state);
        }
        // The ledger has files of known folders only, so that none is left behind when its folder goes.
        if state.is_some()
            && !path
                .parent()
                .is_some_and(|folder| self.tree.contains(folder))
        {
            return Err(io::Error::other("its folder was not looked at yet"));
        }
        self.unless_out_of_reach(path, state)
    }

    fn unless_out_of_reach(&self, path: &Path, state: Option<Stamp>) -> io::Result<Option<Stamp>> {
        if state.is_none() && !self.is_surely_gone(path) {
            return Err(io::Error::other("its folder is out of reach"));
        }
        Ok(state)
    }

    /// Whether a file that was not found is gone, and not merely out of reach with its root or a mounted folder.
    fn is_surely_gone(&self, path: &Path) -> bool {
        if self.scope.roots.is_file(path) {
            return path
                .parent()
                .is_some_and(|parent| look::folder(parent).is_ok());
        }
        let known = path
            .ancestors()
            .skip(1)
            .find_map(|folder| Some((folder, self.tree.identity(folder)?)));
        known
            .is_some_and(|(folder, identity)| look::folder(folder).is_ok_and(|now| now == identity))
    }

    fn look_at_followed(&mut self) {
        for path in &self.followed {
            // The folder is watched, never the file: editors put a new file in the place of the old one.
            let real = path.canonicalize().ok();
            for folder in [Some(path), real.as_ref()]
                .into_iter()
                .flatten()
                .filter_map(|path| path.parent())
            {
                self.hints.cover(folder);
            }
            if let Ok(stamp) = look::file_through_links(path) {
                self.findings
                    .update(|state| state.followed.observe(path, stamp, Instant::now()));
            }
        }
    }

    fn report_refusal(&mut self) {
        if let Some(why) = self.hints.take_refusal() {
            let seconds = TICK.as_secs();
            self.notice(format!(
                "some folders are looked at every {seconds} s instead of being watched: {why}"
            ));
        }
    }

    fn notice(&self, sentence: String) {
        self.findings.update(|state| state.notices.push(sentence));
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

#[cfg(test)]
mod tests {
    use super::super::roots::Roots;
    use super::super::scope::Links;
    use super::super::selection::Everything;
    use super::*;

    fn scope(root: &Path) -> Scope {
        let roots = Roots::find(&[root.to_owned()]).expect("found");
        Scope::new(roots, Arc::new(Everything), &[], Links::Left)
    }

    #[test]
    fn folders_without_hints_are_looked_at_all_the_same() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().canonicalize().expect("there");
        std::fs::create_dir(root.join("sub")).expect("made");
        let findings = Arc::new(Findings::new(Duration::ZERO));
        let inbox = Arc::new(Inbox::default());
        let scope = scope(&root);
        let pace = Pace {
            rescan: Duration::from_secs(3600),
            poll: None,
        };
        let mut local = Local::new(scope, Arc::clone(&findings), Arc::clone(&inbox), pace);
        local.hints = Hints::none();
        local.begin();
        let thread = std::thread::spawn(move || local.run());
        std::fs::write(root.join("sub/a.txt"), "a").expect("written");
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let found = runtime.expect("a runtime").block_on(async {
            findings.ready().await;
            findings.update(|state| state.files.claim(9))
        });
        assert_eq!(found[0].path, root.join("sub/a.txt"));
        inbox.stop();
        thread.join().expect("it ends");
    }

    #[test]
    fn a_folder_is_found_gone_however_it_was_come_upon() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().canonicalize().expect("there");
        let findings = Arc::new(Findings::new(Duration::ZERO));
        let scope = scope(&root);
        let pace = Pace {
            rescan: Duration::from_secs(3600),
            poll: None,
        };
        let mut local = Local::new(scope, findings, Arc::default(), pace);
        local.begin();
        let deep = root.join("sub/deep");
        std::fs::create_dir_all(&deep).expect("made");
        // A look that was due from before, when the folder above was another.
        local.scan(deep.clone(), Reach::New);
        assert!(local.tree.contains(&deep));
        std::fs::remove_dir_all(root.join("sub")).expect("removed");
        local.scan_all();
        assert!(!local.tree.contains(&deep));
    }
}
