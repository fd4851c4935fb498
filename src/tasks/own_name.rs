//! Whether what a name leads to bears that very name: some disks mind neither letter case nor how letters are composed.

use std::collections::HashSet;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cap_std::fs::Dir;
use unicode_normalization::UnicodeNormalization as _;

/// Folders whose names were looked at, below one folder.
#[derive(Debug, Default)]
pub(super) struct OwnNames(Mutex<HashSet<String>>);

impl OwnNames {
    /// The path that something goes by on disk, where a path leads to it and is not its own. What is there is not the file that the path
    /// means then, and must not be taken for it.
    pub(super) fn other(&self, root: &Dir, relative: &str) -> io::Result<Option<String>> {
        let ends = relative.match_indices('/').map(|(end, _)| end);
        for end in ends.chain([relative.len()]) {
            let path = &relative[..end];
            let is_folder = end < relative.len();
            if is_folder && self.known().contains(path) {
                continue;
            }
            let (above, name) = path.rsplit_once('/').unwrap_or((".", path));
            if let Some(other) = other_name(root, above, name)? {
                let there = if above == "." {
                    other
                } else {
                    format!("{above}/{other}")
                };
                return Ok(Some(there));
            }
            if is_folder {
                self.known().insert(path.to_owned());
            }
        }
        Ok(None)
    }

    fn known(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name of the entry that this name leads to, where that is another.
fn other_name(root: &Dir, folder: &str, name: &str) -> io::Result<Option<String>> {
    let folder = if folder == "." {
        root.try_clone()?
    } else {
        root.open_dir(folder)?
    };
    // Where no other spelling leads anywhere, spelling counts here. That is the rule, and saves reading the folder.
    let leads = |spelling: &String| folder.symlink_metadata(spelling).is_ok();
    if !spellings(name).iter().any(leads) {
        return Ok(None);
    }
    let composed: String = name.nfc().collect();
    let (mut exact, mut alike) = (false, None);
    for entry in folder.entries()? {
        let Ok(entry) = entry?.file_name().into_string() else {
            continue;
        };
        // A disk that keeps letters composed in its own way keeps the name all the same.
        if entry == name || entry.nfc().eq(composed.chars()) {
            exact = true;
        } else if entry.nfc().collect::<String>().to_lowercase() == composed.to_lowercase() {
            alike = Some(entry);
        }
    }
    Ok(alike.filter(|_| !exact))
}

/// Other spellings that a disk may take for the same name.
fn spellings(name: &str) -> Vec<String> {
    let (lower, upper) = (name.to_lowercase(), name.to_uppercase());
    let mut spellings = vec![lower, upper, name.nfc().collect(), name.nfd().collect()];
    spellings.retain(|spelling| spelling != name);
    spellings
}

#[cfg(test)]
mod tests {
    use super::*;

    use cap_std::ambient_authority;

    #[test]
    fn where_spelling_counts_each_name_is_its_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Dir::open_ambient_dir(folder.path(), ambient_authority()).expect("it opens");
        root.create_dir_all("sub/Deep").expect("a folder");
        for name in ["a.txt", "A.TXT", "sub/Deep/ä", "1"] {
            root.write(name, name).expect("a file");
            let names = OwnNames::default();
            assert_eq!(names.other(&root, name).expect("it is read"), None);
        }
    }

    #[test]
    fn other_spellings_are_other() {
        assert_eq!(spellings("1.2"), Vec::<String>::new());
        assert_eq!(spellings("aB"), ["ab", "AB"]);
        assert_eq!(spellings("\u{e4}"), ["\u{c4}", "a\u{308}"]);
    }
}
