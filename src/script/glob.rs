//! Local globs.

use globset::{GlobBuilder, GlobMatcher};

use crate::error::{Error, ErrorKind};

/// A folder, and what in it is meant.
pub(super) struct Glob {
    folder: String,
    matcher: GlobMatcher,
    /// How deep a match can be; `None` is without end.
    depth: Option<usize>,
}

const WILDCARDS: [char; 4] = ['*', '?', '[', '{'];

impl Glob {
    /// Reads `out/*.csv`; a text without wildcards is a folder whose direct contents are meant.
    ///
    /// # Errors
    /// `invalid_argument` for a glob that is not one.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let (folder, pattern) = split(text);
        let pattern = if pattern.is_empty() { "*" } else { pattern };
        let endless = pattern.contains("**") || pattern.contains('{');
        let depth = (!endless).then(|| pattern.split('/').count());
        let glob = GlobBuilder::new(pattern)
            .literal_separator(true)
            .build()
            .map_err(|cause| {
                Error::new(
                    ErrorKind::InvalidArgument,
                    format!("`{text}` is not a glob"),
                )
                .with_source(cause)
            })?;
        Ok(Self {
            folder: folder.to_owned(),
            matcher: glob.compile_matcher(),
            depth,
        })
    }

    /// The folders before the first wildcard, as written.
    pub(super) fn folder(&self) -> &str {
        &self.folder
    }

    pub(super) fn matches(&self, relative: &str) -> bool {
        self.matcher.is_match(relative)
    }

    /// Whether something in the folder `relative` can match.
    pub(super) fn may_match_below(&self, relative: &str) -> bool {
        self.depth
            .is_none_or(|depth| relative.split('/').count() < depth)
    }
}

/// A glob's folders before its first wildcard, and the rest of it.
pub(super) fn split(glob: &str) -> (&str, &str) {
    let Some(first) = glob.find(WILDCARDS) else {
        return (glob, "");
    };
    match glob[..first].rfind('/') {
        Some(0) => ("/", &glob[1..]),
        Some(slash) => (&glob[..slash], &glob[slash + 1..]),
        None => ("", glob),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_begins_at_its_last_folder_without_wildcards() {
        for (glob, folder, rest) in [
            ("out/*.csv", "out", "*.csv"),
            ("/data/2026/**/a?.txt", "/data/2026", "**/a?.txt"),
            ("*.csv", "", "*.csv"),
            ("/a{b,c}/d", "/", "a{b,c}/d"),
            ("plain/file.txt", "plain/file.txt", ""),
        ] {
            assert_eq!(split(glob), (folder, rest), "{glob}");
        }
    }

    #[test]
    fn a_star_stays_in_its_folder() {
        let glob = Glob::parse("in/*/a.*").expect("a glob");
        assert!(glob.matches("x/a.txt"));
        assert!(!glob.matches("x/y/a.txt"));
        assert!(glob.may_match_below("x"));
        assert!(!glob.may_match_below("x/y"));
        assert!(
            Glob::parse("**/a")
                .expect("a glob")
                .may_match_below("x/y/z")
        );
    }
}
