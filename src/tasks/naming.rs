//! Names that are free: `report (2).csv`.

use std::path::Path;

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
