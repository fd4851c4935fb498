//! What a folder of scripts forbids those in it.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::grants::expanded;
use super::read;
use crate::error::Result;
use crate::options::options;

options! {
    /// Permissions of the scripts in a folder, in the file `dropscript.toml` beside them: of what is granted only this is left. What is not
    /// there leaves all; nothing here grants anything.
    #[derive(PartialEq)]
    pub struct Restrictions {
        /// Scripts may read nothing but these files and folders, as far as they are granted.
        read: Option<Vec<String>> = None, "an array of paths, as [\"data\"]";
        /// Scripts may write nothing but these files and folders, as far as they are granted.
        write: Option<Vec<String>> = None, "an array of paths, as [\"out\"]";
        /// Scripts may reach no hosts but these, as far as they are granted.
        net: Option<Vec<String>> = None, "an array of host names, as [\"hooks.example.com\"]";
        /// Scripts may see no variables of the environment but these, as far as they are granted.
        env: Option<Vec<String>> = None, "an array of names, as [\"REPORT_TO\"]";
        /// Scripts change nothing at Dropbox.
        read_only: bool = false, "true or false";
        /// Scripts delete nothing, at Dropbox or here.
        no_delete: bool = false, "true or false";
        /// So many files may a run delete, at Dropbox and here.
        max_delete: Option<u64> = None, "a number of files";
    }
}

impl Restrictions {
    /// What the file is called.
    pub const FILE: &'static str = "dropscript.toml";

    /// Reads the text of such a file: a table `[permissions]`. `name` is what messages call it.
    ///
    /// # Errors
    /// As [`Config::parse`](super::Config::parse).
    pub fn parse(text: &str, name: &str) -> Result<Self> {
        read::restrictions(text, name)
    }

    /// The same with whole paths: those that are none are below the folder of the file, `~` is the home.
    #[must_use]
    pub fn in_folder(&self, folder: &Path, home: Option<&Path>) -> Self {
        let whole = |path: &String| -> PathBuf {
            let path = expanded(path, home).unwrap_or_else(|| path.into());
            folder.join(path)
        };
        let all = |paths: &Option<Vec<String>>| {
            let paths = paths.as_ref()?.iter().map(whole);
            Some(
                paths
                    .map(|path| path.to_string_lossy().into_owned())
                    .collect(),
            )
        };
        Self {
            read: all(&self.read),
            write: all(&self.write),
            ..self.clone()
        }
    }
}
