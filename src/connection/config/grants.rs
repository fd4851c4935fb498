//! What the configuration grants scripts for good, and what it forbids them.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::{Error, ErrorKind, Result};
use crate::options::options;

options! {
    /// Permissions that last: of all scripts (`[permissions]`), or of one (`[scripts."PATH"]`).
    #[derive(PartialEq)]
    pub struct Grants {
        /// Scripts may read these files and folders.
        read: Vec<String> = Vec::new(), "an array of paths, as [\"~/data\"]";
        /// Scripts may write these files and folders.
        write: Vec<String> = Vec::new(), "an array of paths, as [\"~/data\"]";
        /// Scripts may reach these hosts.
        net: Vec<String> = Vec::new(), "an array of host names, as [\"proxy.example.com\"]";
        /// Scripts may see these variables of the environment.
        env: Vec<String> = Vec::new(), "an array of names, as [\"REPORT_TO\"]";
        /// Scripts may do all that the person may do.
        all: bool = false, "true or false";
        /// Scripts change nothing at Dropbox.
        read_only: bool = false, "true or false";
        /// Scripts delete nothing, at Dropbox or here.
        no_delete: bool = false, "true or false";
        /// So many files may a run delete, at Dropbox and here.
        max_delete: Option<u64> = None, "a number of files";
    }
}

impl Grants {
    /// Whether the paths mean the same wherever the program is started.
    pub(super) fn check(&self) -> Result<()> {
        self.read
            .iter()
            .chain(&self.write)
            .try_for_each(|path| check_path(path))
    }

    /// The same with whole paths; those below a home that is not known are left out.
    pub(super) fn expanded(&self, home: Option<&Path>) -> Self {
        let expanded = |paths: &[String]| {
            let paths = paths.iter().filter_map(|path| expanded(path, home));
            paths
                .map(|path| path.to_string_lossy().into_owned())
                .collect()
        };
        Self {
            read: expanded(&self.read),
            write: expanded(&self.write),
            ..self.clone()
        }
    }
}

/// Whether a path of the configuration means the same wherever the program is started.
///
/// # Errors
/// `invalid_argument` saying so.
pub(super) fn check_path(path: &str) -> Result<()> {
    if Path::new(path).is_absolute() || below_home(path).is_some() {
        return Ok(());
    }
    let message = format!("the path `{path}` depends on where the program is started");
    Err(Error::new(ErrorKind::InvalidArgument, message)
        .with_hint("write it from the root on, as `/srv/data`, or from the home on, as `~/data`"))
}

/// A path of the configuration, with `~` for this home; `None` where there is none to put there.
#[must_use]
pub(super) fn expanded(path: &str, home: Option<&Path>) -> Option<PathBuf> {
    match below_home(path) {
        Some(below) => home.map(|home| home.join(below)),
        None => Some(PathBuf::from(path)),
    }
}

fn below_home(path: &str) -> Option<&str> {
    match path.strip_prefix('~')? {
        "" => Some(""),
        rest => rest.strip_prefix('/'),
    }
}
