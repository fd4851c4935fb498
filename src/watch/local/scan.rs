//! Looking at folders, and noting what is in them and what is gone from them.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::super::look;
use super::super::scope::Links;
use super::{Local, TICK};

/// How far a scan goes into folders that are known already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Only new folders are entered.
    New,
    /// All are.
    All,
}

impl Local {
    /// Looks at everything.
    pub(super) fn scan_all(&mut self) {
        for root in self.scope.roots.folders() {
            self.scan(root, Reach::All);
        }
        for file in self.scope.roots.files() {
            if let Some(parent) = file.parent() {
                self.hints.cover(parent);
            }
            self.look_at(&file);
        }
        self.miss_folders();
        self.report_refusal();
    }

    /// Notes that the files are gone of folders that nobody has seen since the watch began, or since the folder above could be read
    /// again.
    fn miss_folders(&mut self) {
        let is_missing = |folder: &Path| {
            let is_root = self
                .scope
                .roots
                .files()
                .iter()
                .any(|file| file.parent() == Some(folder));
            let is_unknown = folder.ancestors().any(|above| self.unknown.contains(above));
            !self.tree.contains(folder) && !is_root && !is_unknown
        };
        let now = Instant::now();
        self.findings.update(|state| {
            let missing = state.files.folders().filter(|folder| is_missing(folder));
            for folder in missing.map(Path::to_owned).collect::<Vec<_>>() {
                state.files.observe_folder(&folder, &[], now);
            }
        });
    }

    /// Looks at a folder, and at those below it as far as `reach` says.
    pub(super) fn scan(&mut self, start: PathBuf, reach: Reach) {
        let mut blamed = HashSet::new();
        let mut folders = vec![start];
        while let Some(folder) = folders.pop() {
            if self.inbox.is_stopped() {
                return;
            }
            if !self.has_place(&folder) {
                // The look at the one above leads here, if it still does.
                folders.extend(folder.parent().map(Path::to_owned));
                continue;
            }
            let gone = match self.scan_folder(&folder, reach, &mut folders) {
                Ok(()) => {
                    if self.unknown.remove(&folder) {
                        self.notice(format!("`{}` is back", folder.display()));
                    }
                    continue;
                }
                Err(error) => error,
            };
            // Whether a folder is gone is for its parent to say, up to the root, of which nobody can.
            let parent = folder
                .parent()
                .filter(|_| is_absent(&gone) && !self.scope.roots.is_folder(&folder));
            match parent {
                Some(parent) if blamed.insert(parent.to_owned()) => folders.push(parent.to_owned()),
                _ => self.set_unknown(folder, &gone),
            }
        }
    }

    /// Whether a folder is a root, or the one that it is in was looked at and not found gone since. Only such a folder is found gone
    /// itself.
    fn has_place(&self, folder: &Path) -> bool {
        let is_known = |parent| self.tree.contains(parent);
        self.scope.roots.is_folder(folder) || folder.parent().is_some_and(is_known)
    }

    fn scan_folder(
        &mut self,
        folder: &Path,
        reach: Reach,
        folders: &mut Vec<PathBuf>,
    ) -> io::Result<()> {
        let identity = look::folder(folder)?;
        let before = self.tree.identity(folder);
        if before != Some(identity) {
            self.hints.uncover(folder);
        }
        // The system tells of a folder under the name that it was last asked about it.
        let is_real = self.scope.links == Links::Left
            || folder.canonicalize().is_ok_and(|real| real == folder);
        if is_real {
            self.hints.cover_on(folder, identity.0);
        }
        let mut files = self.scope.of(folder);
        let mut listing = look::listing(folder, self.scope.links, |name| files.has(name))?;
        if listing.has_linked_files {
            self.linked.insert(folder.to_owned());
        } else {
            self.linked.remove(folder);
        }
        let linked = std::mem::take(&mut listing.linked_folders);
        for (name, leads_to) in linked {
            if leads_to != identity && !self.is_around(folder, leads_to) {
                listing.folders.push(name);
            }
        }
        let other_device = before.is_some_and(|before| before.0 != identity.0);
        if other_device && listing.is_empty {
            return Err(io::Error::other(
                "an empty folder is in its place: is it not mounted?",
            ));
        }
        listing
            .folders
            .retain(|name| self.enters(&folder.join(name)));
        for name in &listing.folders {
            let child = folder.join(name);
            if reach == Reach::All || before != Some(identity) || !self.tree.contains(&child) {
                folders.push(child);
            }
        }
        let now = Instant::now();
        for gone in self.tree.note(folder, identity, listing.folders) {
            self.hints.uncover(&gone);
            self.unknown.retain(|path| !path.starts_with(&gone));
            self.linked.retain(|path| !path.starts_with(&gone));
            for folder in self.tree.remove(&gone) {
                self.findings
                    .update(|state| state.files.observe_folder(&folder, &[], now));
            }
        }
        self.findings
            .update(|state| state.files.observe_folder(folder, &listing.files, now));
        Ok(())
    }

    /// Whether one of the folders around this one is that of this device and inode: a link that leads there leads round and round.
    fn is_around(&self, folder: &Path, identity: (u64, u64)) -> bool {
        let mut around = folder.ancestors().skip(1);
        around.any(|folder| self.tree.identity(folder) == Some(identity))
    }

    fn enters(&self, folder: &Path) -> bool {
        // What the program writes for itself is so under any name.
        let is_own = || {
            let real = folder.canonicalize();
            self.scope.links == Links::Followed && real.is_ok_and(|real| self.scope.is_own(&real))
        };
        self.scope.enters(folder) && !is_own()
    }

    fn set_unknown(&mut self, folder: PathBuf, why: &io::Error) {
        self.hints.uncover(&folder);
        if self.unknown.contains(&folder) {
            return;
        }
        self.notice(format!(
            "`{}` cannot be read ({why}): nothing in it counts as removed, and it is looked for every {} s",
            folder.display(),
            self.pace.poll.unwrap_or(TICK).as_secs_f32(),
        ));
        self.unknown.insert(folder);
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
