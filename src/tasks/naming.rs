//! Names that are free: `report (2).csv`.

use std::path::Path;

use super::{Item, ItemKind};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::path::RemotePath;

/// The `number`th name to try: the name itself, then `name (2).ext`, `name (3).ext`, as Dropbox itself counts.
pub(super) fn numbered(name: &str, number: u32) -> String {
    if number <= 1 {
        return name.to_owned();
    }
    match name.rfind('.') {
        Some(dot) if dot > 0 => format!("{} ({number}){}", &name[..dot], &name[dot..]),
        _ => format!("{name} ({number})"),
    }
}

/// Whether a destination looks like the name of the file itself: no slash at its end, and the same extension as the source.
pub(super) fn looks_like_a_file(destination: &str, source: &str) -> bool {
    let extension = |path: &str| {
        Path::new(path)
            .extension()
            .map(|extension| extension.to_string_lossy().to_lowercase())
    };
    let wanted = extension(source);
    !destination.ends_with('/') && wanted.is_some() && extension(destination) == wanted
}

/// For a destination that looks like the name of the file, where no such folder is.
pub(super) fn misnamed(folder: &str, hint: impl Into<String>) -> Error {
    let message =
        format!("the destination `{folder}` is a folder, but looks like the name of the file");
    Error::new(ErrorKind::InvalidArgument, message)
        .with_path(folder)
        .with_hint(hint)
}

/// Refuses a destination at Dropbox that looks like the name of the file itself, unless such a folder is there.
pub(super) async fn check_destination(
    client: &Client,
    source: &str,
    folder: &str,
    target: &RemotePath,
    hint: impl Into<String>,
) -> Result<()> {
    if !looks_like_a_file(folder, source) {
        return Ok(());
    }
    let there = client.metadata_if_any(target).await?.map(Item::from);
    match there {
        Some(there) if there.kind == ItemKind::Folder => Ok(()),
        _ => Err(misnamed(folder, hint)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_numbered_before_the_extension() {
        for (name, number, expected) in [
            ("a.txt", 1, "a.txt"),
            ("a.txt", 2, "a (2).txt"),
            ("a", 3, "a (3)"),
            (".hidden", 2, ".hidden (2)"),
            ("a.tar.gz", 2, "a.tar (2).gz"),
        ] {
            assert_eq!(numbered(name, number), expected);
        }
    }

    #[test]
    fn a_destination_with_the_same_extension_is_suspicious() {
        assert!(looks_like_a_file("/x/report.CSV", "out/a.csv"));
        assert!(!looks_like_a_file("/x/report.csv/", "out/a.csv"));
        assert!(!looks_like_a_file("/x/reports", "out/a.csv"));
        assert!(!looks_like_a_file("/x/reports", "out/LICENSE"));
    }
}
