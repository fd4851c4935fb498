//! The file that a download goes to before it takes its place.

use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::sync::Arc;
use std::time::SystemTime;

use cap_std::fs::{Dir, File, Metadata, OpenOptions};
#[cfg(unix)]
use cap_std::fs::{MetadataExt as _, OpenOptionsExt as _};
use cap_tempfile::TempFile;

use super::keeper::Keeper;
use super::sink::Place;
use crate::client::{Fetched, Keep, PART, PartHash, Partial};
use crate::error::{Error, Result};

/// What a file may take the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    Anything,
    Nothing,
}

/// A file in the folder of its place, under no name or one that nobody takes for the file's own.
#[derive(Debug)]
pub(super) enum Draft<'a> {
    /// It is gone when it is dropped.
    Unnamed(TempFile<'a>),
    /// It is left for a later run to go on with when it is dropped.
    Partial(PartialFile),
}

/// A file that holds some parts of a large one, which are noted.
#[derive(Debug)]
pub(super) struct PartialFile {
    file: File,
    partial: Partial,
}

impl PartialFile {
    /// Makes the file. `None` where that cannot be: the download may go without.
    pub(super) fn create(folder: &Dir, partial: Partial) -> Option<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        match folder.open_with(&partial.name, &options) {
            Ok(file) => Some(Self { file, partial }),
            Err(error) => {
                tracing::warn!(%error, "if this download breaks off it cannot be gone on with");
                partial.over();
                None
            }
        }
    }

    /// Opens the file that an earlier run left, and reads once more what is to be in it; gives the parts that are. `None` where it is
    /// gone, or not as it was left.
    pub(super) fn reopen(
        folder: &Dir,
        mut partial: Partial,
        size: u64,
    ) -> Option<(Self, Vec<Fetched>)> {
        let parts = std::mem::take(&mut partial.parts);
        let mut file = match open(folder, &partial.name) {
            Ok(file) => file,
            Err(error) => {
                tracing::warn!(%error, "a download that broke off cannot be gone on with");
                discard(folder, partial);
                return None;
            }
        };
        let noted = parts.len();
        let there = parts.into_iter().filter_map(|(offset, hash)| {
            let bytes = PART.min(size.checked_sub(offset)?);
            file.seek(SeekFrom::Start(offset)).ok()?;
            let same = PartHash::read(&mut file, bytes).is_ok_and(|found| found == hash);
            let part = Fetched {
                offset,
                bytes,
                hash,
            };
            (same && offset % PART == 0).then_some(part)
        });
        let there: Vec<_> = there.collect();
        if there.len() < noted {
            // It is not as it was left, and nothing tells of pieces whether they are.
            partial.pieces.clear();
        }
        Some((Self { file, partial }, there))
    }
}

impl PartialFile {
    /// What takes parts as they come, and gives back what an earlier run had of them.
    pub(super) fn keeper(&self, place: &Place) -> Result<Arc<dyn Keep>> {
        let file = self.file.try_clone();
        let file = file.map_err(|error| Error::io("write", place.path(), error))?;
        Ok(Arc::new(Keeper::new(file, place.path(), &self.partial)))
    }
}

/// Renames a file, but never over another: also not over one whose name the disk takes for the same, which only the disk knows.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn rename_new(folder: &Dir, from: &str, to: &str) -> io::Result<()> {
    use rustix::fs::{RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(folder, from, folder, to, RenameFlags::NOREPLACE) {
        // A file system that cannot: what was there a moment ago was looked at.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => folder.rename(from, folder, to),
        renamed => Ok(renamed?),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn rename_new(folder: &Dir, from: &str, to: &str) -> io::Result<()> {
    folder.rename(from, folder, to)
}

fn open(folder: &Dir, name: &str) -> io::Result<File> {
    // A link here would be somebody else's doing.
    let found = folder.symlink_metadata(name)?;
    #[cfg(unix)]
    let alone = found.nlink() == 1;
    #[cfg(not(unix))]
    let alone = true;
    if !found.is_file() || !alone {
        return Err(io::Error::other("it is not the file that was left"));
    }
    folder.open_with(name, OpenOptions::new().read(true).write(true))
}

/// Removes the file, and what is known of it.
fn discard(folder: &Dir, partial: Partial) {
    // What cannot be removed is removed when it is swept.
    match folder.remove_file(&partial.name) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {}
        _ => partial.over(),
    }
}

impl<'a> Draft<'a> {
    pub(super) fn open(folder: &'a Dir, partial: Option<PartialFile>) -> io::Result<Self> {
        match partial {
            Some(partial) => Ok(Self::Partial(partial)),
            None => TempFile::new(folder).map(Self::Unnamed),
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file().write_all(bytes)
    }

    pub(super) fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.file();
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(bytes)
    }

    /// Notes parts that were written, when they are on disk.
    pub(super) fn note(&self, parts: &[Fetched]) -> io::Result<()> {
        if let Self::Partial(draft) = self {
            draft.file.sync_data()?;
            draft.partial.fetched(parts);
        }
        Ok(())
    }

    /// Makes the file what it shall be, but for its name: with its date, and the permissions of the one that it replaces, or those of a
    /// new one. Gives what is known of it then.
    pub(super) fn finish(
        &self,
        folder: &Dir,
        replaced: Option<&Metadata>,
        modified: Option<SystemTime>,
    ) -> io::Result<std::fs::Metadata> {
        if let Some(replaced) = replaced {
            self.file().set_permissions(replaced.permissions())?;
        } else if let Self::Partial(draft) = self {
            let new = TempFile::new(folder)?;
            let permissions = new.as_file().metadata()?.permissions();
            draft.file.set_permissions(permissions)?;
        }
        let handle = self.file().try_clone()?.into_std();
        if let Some(modified) = modified {
            handle.set_modified(modified)?;
        }
        handle.sync_all()?;
        handle.metadata()
    }

    /// Gives the file its name: in place of whatever has it, or where nothing may have it. `AlreadyExists` where something has.
    pub(super) fn take(self, folder: &Dir, name: &str, over: Over) -> io::Result<()> {
        let partial = match (self, over) {
            (Self::Unnamed(file), Over::Anything) => {
                file.replace(name)?;
                None
            }
            (Self::Unnamed(file), Over::Nothing) => {
                let aside = Partial::new_name()?;
                file.replace(&aside)?;
                if let Err(error) = rename_new(folder, &aside, name) {
                    let _ = folder.remove_file(&aside);
                    return Err(error);
                }
                None
            }
            (Self::Partial(draft), over) => {
                let aside = &draft.partial.name;
                let named = match over {
                    Over::Anything => folder.rename(aside, folder, name),
                    Over::Nothing => rename_new(folder, aside, name),
                };
                if let Err(error) = named {
                    discard(folder, draft.partial);
                    return Err(error);
                }
                Some(draft.partial)
            }
        };
        if let Some(partial) = partial {
            partial.over();
        }
        // The new name is on disk only when the folder is.
        folder.open(".")?.sync_all()
    }

    /// Removes it.
    pub(super) fn discard(self, folder: &Dir) {
        if let Self::Partial(draft) = self {
            discard(folder, draft.partial);
        }
    }

    fn file(&self) -> &File {
        match self {
            Self::Unnamed(file) => file.as_file(),
            Self::Partial(draft) => &draft.file,
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    use cap_std::ambient_authority;

    #[test]
    fn what_comes_last_takes_the_place_of_nothing_that_came_meanwhile() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = Dir::open_ambient_dir(place.path(), ambient_authority()).expect("it is there");
        let mut draft = Draft::open(&folder, None).expect("a file");
        draft.write(b"new").expect("room");
        folder.write("a", "theirs").expect("room");
        let taken = draft.take(&folder, "a", Over::Nothing);
        let error = taken.expect_err("the name is taken");
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(folder.read("a").expect("it is there"), b"theirs");

        for (name, over) in [("a", Over::Anything), ("b", Over::Nothing)] {
            let mut draft = Draft::open(&folder, None).expect("a file");
            draft.write(b"new").expect("room");
            draft.take(&folder, name, over).expect("it may");
            assert_eq!(folder.read(name).expect("it is there"), b"new");
        }
        let entries = folder.entries().expect("it is a folder");
        assert_eq!(entries.count(), 2, "nothing else is left");
    }
}
