//! Paths and names: which are legal, which are the same.
//!
//! Two paths name the same item when their folded forms are equal: composed (Unicode NFC), each character in its simple
//! lower case, a no-break space taken for a space. What is displayed keeps the form that was given.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// The folder under a served directory where the emulator keeps its own files; never part of the tree.
pub(super) const STATE_FOLDER: &str = ".dropscript-emulator";

/// Names that Dropbox does not take, whatever their case.
const IGNORED: [&str; 7] = [
    "desktop.ini",
    "thumbs.db",
    ".ds_store",
    "icon\r",
    ".dropbox",
    ".dropbox.attr",
    STATE_FOLDER,
];

/// Characters in one name, at most.
const LONGEST_NAME: usize = 255;

/// A legal place in a tree: the identity and the display form, both `""` for its root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) lower: String,
    pub(super) display: String,
}

/// Why a path names no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadPath {
    Malformed,
    Disallowed,
}

impl Place {
    /// The root of a tree.
    pub(super) fn root() -> Place {
        Place {
            lower: String::new(),
            display: String::new(),
        }
    }

    /// Reads `/a/b`, which the caller has found to begin with a slash, or `""`.
    ///
    /// More than one slash in front is one: rclone has always listed `//a` for a folder in its root.
    pub(super) fn parse(path: &str) -> Result<Place, BadPath> {
        let doubled = path.len() - path.trim_start_matches('/').len();
        let path = &path[doubled.saturating_sub(1)..];
        if let Some(names) = path.strip_prefix('/') {
            names.split('/').try_for_each(check_name)?;
        }
        Ok(Place {
            lower: fold(path),
            display: path.to_owned(),
        })
    }

    /// The same place seen from the root of the tree in which `prefix` is where it counts from.
    pub(super) fn below(&self, prefix: &Place) -> Place {
        Place {
            lower: format!("{}{}", prefix.lower, self.lower),
            display: format!("{}{}", prefix.display, self.display),
        }
    }
}

fn check_name(name: &str) -> Result<(), BadPath> {
    let odd = |c: char| c == '\\' || c == '\0' || c == '\u{7f}';
    if matches!(name, "" | "." | "..")
        || name.ends_with(' ')
        || name.contains(odd)
        || name.chars().count() > LONGEST_NAME
    {
        return Err(BadPath::Malformed);
    }
    if IGNORED
        .iter()
        .any(|ignored| name.eq_ignore_ascii_case(ignored))
    {
        return Err(BadPath::Disallowed);
    }
    Ok(())
}

/// The identity of a path or name.
pub(super) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let spaced = |c| if c == '\u{a0}' { ' ' } else { c };
    text.nfc().map(spaced).map(simple_lower).collect()
}

/// The same without regard to anything but case.
pub(super) fn fold_case(text: &str) -> String {
    text.chars().map(simple_lower).collect()
}

fn simple_lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// The folder that holds `path`; `""` for what lies in the root.
pub(super) fn parent(path: &str) -> &str {
    path.rfind('/').map_or("", |slash| &path[..slash])
}

/// The last name of `path`.
pub(super) fn name(path: &str) -> &str {
    path.rfind('/').map_or(path, |slash| &path[slash + 1..])
}

/// The folders above `path` without the root, outermost first.
pub(super) fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/')
        .map(|(slash, _)| &path[..slash])
        .filter(|folder| !folder.is_empty())
}

/// The folder right below the root that `path` is or lies in.
pub(super) fn top(path: &str) -> &str {
    let second = path.match_indices('/').nth(1);
    second.map_or(path, |(slash, _)| &path[..slash])
}

/// Whether `path` is `folder` or lies in it, at any depth.
pub(super) fn is_within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A name's stem and its extension with the dot; a leading dot starts no extension.
pub(super) fn split_extension(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(dot) if dot > 0 => name.split_at(dot),
        _ => (name, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_folded_like_the_server_does() {
        assert_eq!(fold("/Über/E\u{301}T\u{c9}"), "/über/été");
        assert_eq!(fold("\u{130}\u{a0}x"), "i x");
        assert_eq!(fold("ΟΔΟΣ"), "οδοσ", "no final sigma");
    }

    #[test]
    fn illegal_names_are_told_apart() {
        for path in [
            "//", "/a/", "/a//b", "/a\\b", "/..", "/./a", "/a ", "/\u{7f}",
        ] {
            assert_eq!(Place::parse(path), Err(BadPath::Malformed), "{path}");
        }
        assert_eq!(Place::parse("/A/Thumbs.DB"), Err(BadPath::Disallowed));
        assert_eq!(
            Place::parse(&format!("/{}", "é".repeat(256))),
            Err(BadPath::Malformed)
        );
        assert!(Place::parse(&format!("/{}", "é".repeat(255))).is_ok());
        assert!(Place::parse("/a.txt./b: c?").is_ok());
    }

    #[test]
    fn a_folder_holds_what_is_below_it_only() {
        assert!(is_within("/a/b", "/a") && is_within("/a", "/a") && is_within("/a", ""));
        assert!(!is_within("/ab", "/a"));
        assert_eq!(ancestors("/a/b/c").collect::<Vec<_>>(), ["/a", "/a/b"]);
        assert_eq!([top("/a/b/c"), top("/a"), top("")], ["/a", "/a", ""]);
    }
}
