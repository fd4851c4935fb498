//! Which names from Dropbox can be those of local files, and which of them are one file here.

use unicode_normalization::UnicodeNormalization;

use crate::error::{Error, ErrorKind, Result};

/// Systems that read names each in their own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum System {
    /// Names are bytes.
    Unix,
    /// Neither letter case nor the composition of letters counts.
    Apple,
    /// Letter case does not count, and many names are something else.
    Windows,
}

const HERE: System = if cfg!(windows) {
    System::Windows
} else if cfg!(target_vendor = "apple") {
    System::Apple
} else {
    System::Unix
};

/// Two paths that have the same key are one file here.
pub(super) fn key(relative: &str) -> String {
    key_on(HERE, relative)
}

fn key_on(system: System, relative: &str) -> String {
    match system {
        System::Unix => relative.to_owned(),
        System::Apple => relative.nfd().collect::<String>().to_lowercase(),
        System::Windows => relative.to_lowercase(),
    }
}

/// Refuses what cannot be a path below a local folder. The opened folder would stop what leads out of it too, but less clearly.
///
/// # Errors
/// `invalid_path`, which says what is wrong with which name.
pub(super) fn check(relative: &str) -> Result<()> {
    let bad = relative
        .split('/')
        .find_map(|name| Some((name, fault(HERE, name)?)));
    let Some((name, why)) = bad else {
        return Ok(());
    };
    let shown = name.escape_debug();
    let message = format!("`{shown}` cannot be the name of a local file: {why}");
    Err(Error::new(ErrorKind::InvalidPath, message)
        .with_path(relative)
        .with_hint("give it another name here with the option `rename`, or with `download_file`"))
}

/// What is wrong with a name, if anything.
fn fault(system: System, name: &str) -> Option<&'static str> {
    match name {
        "" => return Some("it is empty"),
        "." | ".." => return Some("it leads to another folder"),
        _ => {}
    }
    if name.contains(['\0', '/']) {
        return Some("it has a character in it that no name has");
    }
    if system != System::Windows {
        return None;
    }
    let forbidden = |letter: char| letter < ' ' || "<>:\"\\|?*".contains(letter);
    if name.contains(forbidden) {
        return Some("it has a character in it that Windows forbids");
    }
    if name.ends_with([' ', '.']) {
        return Some("it ends in a way that Windows drops");
    }
    // Whatever follows the first dot, it is the device.
    let stem = name.split('.').next().unwrap_or(name);
    is_device(stem.trim_end()).then_some("it is a device of Windows")
}

/// Source: <https://learn.microsoft.com/windows/win32/fileio/naming-a-file>.
fn is_device(stem: &str) -> bool {
    let stem = stem.to_ascii_uppercase();
    let numbered = |prefix| {
        let number = stem.strip_prefix(prefix).unwrap_or_default();
        let mut digits = number.chars();
        matches!(
            (digits.next(), digits.next()),
            (Some('1'..='9' | '¹' | '²' | '³'), None)
        )
    };
    matches!(
        stem.as_str(),
        "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$"
    ) || numbered("COM")
        || numbered("LPT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_out_are_refused() {
        for relative in ["../a", "a/../b", "a//b", "/a", "a/.", "a\0b", ""] {
            assert_eq!(
                check(relative).expect_err(relative).kind(),
                ErrorKind::InvalidPath
            );
        }
        check("a/..b/c d/ü").expect("a fine name");
    }

    #[test]
    fn what_windows_takes_for_something_else_is_refused_there_only() {
        for name in [
            "CON",
            "con",
            "nul.txt",
            "Com1",
            "LPT¹.log",
            "aux .tar.gz",
            "a:b",
            "a\\b",
            "what?",
            "a.",
            "a ",
            "a\nb",
        ] {
            assert!(fault(System::Windows, name).is_some(), "{name}");
            assert_eq!(fault(System::Unix, name), None, "{name}");
        }
        for name in [
            "console",
            "com",
            "com10",
            "nullify.txt",
            ".hidden",
            "a.b",
            "lpt",
        ] {
            assert_eq!(fault(System::Windows, name), None, "{name}");
        }
    }

    #[test]
    fn names_that_are_one_file_on_a_system_have_one_key_there() {
        let (composed, apart) = ("\u{e4}.txt", "a\u{308}.txt");
        for (system, case, composition) in [
            (System::Unix, false, false),
            (System::Windows, true, false),
            (System::Apple, true, true),
        ] {
            assert_eq!(key_on(system, "A/b") == key_on(system, "a/B"), case);
            assert_eq!(
                key_on(system, composed) == key_on(system, apart),
                composition
            );
        }
    }
}
