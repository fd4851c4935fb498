//! The only place that names `notify`: hints that something below a folder may have changed.
//!
//! notify 8 loses events without a word (a folder made and filled in one go), so nothing is read from an event but where
//! to look. Each folder is given a watch of its own *before* it is read: what comes later is hinted at, what came earlier
//! is read, and between the two nothing can be lost.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use notify::event::{EventKind, ModifyKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::inbox::Inbox;

/// The hints of the operating system, as far as it gives any.
pub(super) struct Hints {
    watcher: Option<RecommendedWatcher>,
    covered: BTreeSet<PathBuf>,
    /// Whether the system knows of changes on a device: not of those that other machines make.
    devices: HashMap<u64, bool>,
    refusal: Option<Refusal>,
}

/// Hints that the operating system would not give.
enum Refusal {
    /// Why.
    New(String),
    /// A person knows of it.
    Told,
}

impl Hints {
    /// Hints that arrive in `inbox`.
    pub(super) fn new(inbox: Arc<Inbox>) -> Self {
        let config = notify::Config::default().with_follow_symlinks(false);
        let mut hints = Self::none();
        match RecommendedWatcher::new(move |event| post(&inbox, event), config) {
            Ok(watcher) => hints.watcher = Some(watcher),
            Err(error) => hints.refuse(format!(
                "{error}; raise the sysctl `fs.inotify.max_user_instances`"
            )),
        }
        hints
    }

    /// No hints at all: polling finds everything.
    pub(super) fn none() -> Self {
        Self {
            watcher: None,
            covered: BTreeSet::new(),
            devices: HashMap::new(),
            refusal: None,
        }
    }

    /// Asks for hints about what happens directly in a folder; not where others change it without the system's knowledge.
    pub(super) fn cover_on(&mut self, folder: &Path, device: u64) {
        if self.watcher.is_none() || self.covered.contains(folder) {
            return;
        }
        let is_ours = || !is_shared(folder);
        if *self.devices.entry(device).or_insert_with(is_ours) {
            self.cover(folder);
        } else {
            let folder = folder.display();
            self.refuse(format!("`{folder}` is on a network or shared file system"));
        }
    }

    /// Asks for hints about what happens directly in a folder.
    pub(super) fn cover(&mut self, folder: &Path) {
        let Some(watcher) = &mut self.watcher else {
            return;
        };
        if self.covered.contains(folder) {
            return;
        }
        match watcher.watch(folder, RecursiveMode::NonRecursive) {
            Ok(()) => {
                self.covered.insert(folder.to_owned());
            }
            // Any other error is one of the folder, which the look at it will meet too.
            Err(error) => {
                if let Some(setting) = exhausted(&error.kind) {
                    self.refuse(format!(
                        "the system watches no more; raise the sysctl `{setting}`"
                    ));
                }
            }
        }
    }

    /// Whether hints come about a folder.
    pub(super) fn covers(&self, folder: &Path) -> bool {
        self.covered.contains(folder)
    }

    /// Takes nothing for granted at or below a path any more: the operating system drops a watch when its folder goes.
    pub(super) fn uncover(&mut self, path: &Path) {
        let below = self.covered.range(path.to_owned()..);
        let below: Vec<_> = below
            .take_while(|folder| folder.starts_with(path))
            .cloned()
            .collect();
        for folder in below {
            self.covered.remove(&folder);
        }
    }

    /// Why hints were refused; once.
    pub(super) fn take_refusal(&mut self) -> Option<String> {
        match self.refusal.take()? {
            Refusal::New(why) => {
                self.refusal = Some(Refusal::Told);
                Some(why)
            }
            Refusal::Told => {
                self.refusal = Some(Refusal::Told);
                None
            }
        }
    }

    fn refuse(&mut self, why: String) {
        self.refusal.get_or_insert(Refusal::New(why));
    }
}

/// Notes where an event wants a look. Runs on notify's thread, where waiting would overflow the kernel's queue.
fn post(inbox: &Inbox, event: notify::Result<Event>) {
    let Ok(event) = event else {
        inbox.touch(super::inbox::Touched::set_everything);
        return;
    };
    match event.kind {
        _ if event.need_rescan() => inbox.touch(super::inbox::Touched::set_everything),
        // Opening, reading and closing. A write shows as one, too.
        EventKind::Access(_) => {}
        EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Metadata(_)) => {
            inbox.touch(|touched| touched.written.extend(event.paths));
        }
        _ => inbox.touch(|touched| touched.renamed.extend(event.paths)),
    }
}

/// Whether a folder is on a file system that others may change: events tell of what this machine does alone.
#[cfg(target_os = "linux")]
#[allow(
    clippy::useless_conversion,
    reason = "the type of the number differs between machines"
)]
fn is_shared(folder: &Path) -> bool {
    /// NFS, SMB, CIFS, SMB 2, 9P, FUSE, AFS (two of them), Ceph, Lustre, Coda, NCP, and the shared folders of `VirtualBox` and `VMware`
    /// (statfs(2), and the kernel's `magic.h`).
    const SHARED: [u32; 15] = [
        0x6969,
        0x517B,
        0xFF53_4D42,
        0xFE53_4D42,
        0x0102_1997,
        0x6573_5546,
        0x5346_414F,
        0x6B41_4653,
        0x00C3_6400,
        0x0BD0_0BD0,
        0x7375_7245,
        0x564C,
        0x786F_4256,
        0xBACB_ACBC,
        0x0116_1970,
    ];
    let found = rustix::fs::statfs(folder).ok();
    // The type is a word of the machine's own size and sign; the numbers have 32 bits.
    let kind = found.and_then(|found| u32::try_from(i64::from(found.f_type) & 0xFFFF_FFFF).ok());
    kind.is_some_and(|kind| SHARED.contains(&kind))
}

/// Nothing is known of that elsewhere.
#[cfg(not(target_os = "linux"))]
fn is_shared(_folder: &Path) -> bool {
    false
}

/// The setting whose limit an error speaks of.
fn exhausted(kind: &notify::ErrorKind) -> Option<&'static str> {
    const EMFILE: i32 = 24;
    match kind {
        notify::ErrorKind::MaxFilesWatch => Some("fs.inotify.max_user_watches"),
        notify::ErrorKind::Io(error) if error.raw_os_error() == Some(EMFILE) => {
            Some("fs.inotify.max_user_instances")
        }
        _ => None,
    }
}
