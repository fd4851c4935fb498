//! What a whole run may change, at Dropbox and here.

use std::fmt;
use std::fs::Metadata;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::told::OnChange;
use crate::api::{Effect, Route};
use crate::error::{Error, ErrorKind, Result};

/// What a run may not do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    /// Nothing at Dropbox is changed.
    pub(crate) read_only: bool,
    /// Nothing is deleted, at Dropbox or here.
    pub(crate) no_delete: bool,
    /// The files that may be deleted, at Dropbox and here together.
    pub(crate) max_delete: Option<u64>,
    /// Tasks only say what they would do. That is theirs to see to: what comes here all the same is refused.
    pub(crate) plan_only: bool,
}

/// The guards of one run. Every call passes them, whatever task makes it, by what its [`Route`] says of itself.
#[derive(Debug, Default)]
pub(crate) struct Guards {
    rules: Rules,
    deleted: AtomicU64,
    on_write: OnWrite,
    on_change: OnChange,
}

/// What became of a local file.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Written<'a> {
    /// It was written anew, and this was known of it just before it got its name.
    Whole(&'a Metadata),
    /// Something was added to what was there.
    Appended {
        /// What was known of it before, if it was there.
        before: Option<&'a Metadata>,
        /// And after.
        after: &'a Metadata,
    },
    /// It is gone, and all below it.
    Removed,
}

/// Hears of each local file that the run wrote or removed.
#[derive(Clone, Default)]
pub(crate) struct OnWrite(Option<Arc<HearsWrites>>);

type HearsWrites = dyn Fn(&Path, Written<'_>) + Send + Sync;

impl OnWrite {
    pub(crate) fn new(on_write: impl Fn(&Path, Written<'_>) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(on_write)))
    }
}

impl fmt::Debug for OnWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnWrite")
    }
}

/// Leave to delete what was counted. What fails counts too: it may have happened all the same.
#[derive(Debug)]
pub(crate) struct Leave(());

impl Leave {
    /// For a task that found nothing to delete.
    pub(crate) fn for_nothing() -> Self {
        Self(())
    }
}

impl Guards {
    pub(crate) fn new(rules: Rules) -> Self {
        Self {
            rules,
            deleted: AtomicU64::new(0),
            on_write: OnWrite::default(),
            on_change: OnChange::default(),
        }
    }

    /// The same, which tell of local files.
    pub(crate) fn telling(self, on_write: OnWrite, on_change: OnChange) -> Self {
        Self {
            on_write,
            on_change,
            ..self
        }
    }

    /// Who hears of changes at Dropbox.
    pub(super) fn on_change(&self) -> &OnChange {
        &self.on_change
    }

    /// Whether somebody hears of local files.
    pub(crate) fn tells_of_writes(&self) -> bool {
        self.on_write.0.is_some()
    }

    /// The run wrote or removed this local file.
    pub(crate) fn wrote(&self, path: &Path, written: Written<'_>) {
        if let Some(on_write) = &self.on_write.0 {
            on_write(path, written);
        }
    }

    /// Whether there is a limit to how many files are deleted, so that they must be counted beforehand.
    pub(crate) fn count_deletions(&self) -> bool {
        self.rules.max_delete.is_some() && !self.rules.no_delete
    }

    /// Leave to delete so many files, those inside of folders too.
    ///
    /// # Errors
    /// `not_allowed`, naming the flag: then nothing is counted.
    pub(crate) fn leave_to_delete(&self, files: u64) -> Result<Leave> {
        if self.rules.no_delete {
            return Err(refused("this run deletes nothing", "--no-delete"));
        }
        let Some(most) = self.rules.max_delete else {
            return Ok(Leave(()));
        };
        let within = |deleted: u64| deleted.checked_add(files).filter(|sum| *sum <= most);
        match self.deleted.fetch_update(Relaxed, Relaxed, within) {
            Ok(_) => Ok(Leave(())),
            Err(deleted) => Err(Error::new(
                ErrorKind::NotAllowed,
                format!(
                    "this would delete {files} files, and of the {most} that this run may delete {} are left; nothing of it was deleted",
                    most.saturating_sub(deleted)
                ),
            )
            .with_hint("look at what matches, then give `--max-delete` a larger number")),
        }
    }

    /// Whether a call may be made of which nobody knows what it changes or deletes.
    ///
    /// # Errors
    /// `not_allowed`, naming the flags.
    pub(super) fn check_unknown(&self, route: &str) -> Result<()> {
        if self.rules == Rules::default() {
            return Ok(());
        }
        Err(refused(
            &format!(
                "`{route}` is not known to change nothing, which the guards of this run ask for"
            ),
            "--read-only`, `--no-delete`, `--max-delete` and `--dry-run",
        ))
    }

    /// Whether the call may be made.
    ///
    /// # Errors
    /// `not_allowed`, naming the flag.
    pub(super) fn check(&self, route: &Route<'_>) -> Result<()> {
        match route.effect {
            Effect::Reads => Ok(()),
            _ if self.rules.read_only => Err(refused(
                &format!(
                    "this run changes nothing at Dropbox, so `{}` was not called",
                    route.name
                ),
                "--read-only",
            )),
            Effect::Deletes if self.rules.no_delete => {
                Err(refused("this run deletes nothing", "--no-delete"))
            }
            _ if self.rules.plan_only => Err(refused(
                &format!(
                    "a dry run changes nothing, so `{}` was not called",
                    route.name
                ),
                "--dry-run",
            )),
            Effect::Changes | Effect::Deletes => Ok(()),
        }
    }
}

fn refused(message: &str, flag: &str) -> Error {
    Error::new(ErrorKind::NotAllowed, message).with_hint(format!(
        "allow it by leaving out `{flag}`, and `{}` in the configuration",
        flag.trim_start_matches('-').replace('-', "_")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_all_calls_are_counted_together_and_a_refusal_is_not() {
        let guards = Guards::new(Rules {
            max_delete: Some(5),
            ..Rules::default()
        });
        assert!(guards.leave_to_delete(3).is_ok());
        let refused = guards.leave_to_delete(3).expect_err("one too many");
        assert_eq!(refused.kind(), ErrorKind::NotAllowed);
        assert!(
            refused
                .to_string()
                .contains("5 that this run may delete 2 are left")
        );
        assert!(guards.leave_to_delete(u64::MAX).is_err());
        assert!(guards.leave_to_delete(2).is_ok());
        assert!(guards.leave_to_delete(0).is_ok());
        assert!(guards.leave_to_delete(1).is_err());
    }
}
