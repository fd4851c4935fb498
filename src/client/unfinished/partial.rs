//! The files that hold parts of downloads: beside the file that is to come, and unmistakable.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

const BEGINS: &str = ".dropscript-";
const ENDS: &str = ".part";

/// A name that no other file has.
pub(super) fn new_name() -> io::Result<String> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let random = u128::from_le_bytes(random);
    Ok(format!("{BEGINS}{random:032x}{ENDS}"))
}

/// Whether a file of this name is part of a download, of whatever process. It is nothing that people put there: tasks and watches
/// leave it out.
pub(crate) fn is_partial(name: impl AsRef<OsStr>) -> bool {
    let digits = name.as_ref().to_str().and_then(|name| {
        let digits = name.strip_prefix(BEGINS)?.strip_suffix(ENDS)?;
        Some(digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
    });
    digits == Some(true)
}

/// Removes such a file; nothing else is ever removed. What cannot be is in nobody's way.
pub(super) fn remove(path: &Path) {
    let is_file = fs::symlink_metadata(path).is_ok_and(|found| found.is_file());
    if is_file && path.file_name().is_some_and(is_partial) {
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_holds_a_part_is_one() {
        let name = new_name().expect("randomness");
        assert!(is_partial(&name));
        for other in [
            "a.part",
            ".dropscript-.part",
            &name[1..],
            &name[..name.len() - 1],
            &name.replace("part", "parts"),
            &name.replace(".part", "g.part"),
        ] {
            assert!(!is_partial(other), "{other}");
        }
    }

    #[test]
    fn nothing_else_is_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let name = new_name().expect("randomness");
        let (file, inside) = (folder.path().join("file"), folder.path().join(&name));
        fs::write(&file, "kept").expect("a file");
        fs::create_dir(&inside).expect("a folder");
        remove(&file);
        remove(&inside);
        assert!(file.exists() && inside.exists());
        fs::remove_dir(&inside).expect("it is empty");
        fs::write(&inside, "part").expect("a file");
        remove(&inside);
        assert!(!inside.exists());
    }
}
