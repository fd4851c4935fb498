//! Globs: `*` `?` `[a-z]` `{a,b}` `**`.

use globset::{GlobBuilder, GlobMatcher};

use crate::error::{Error, ErrorKind, Result};

/// A glob, taken apart into the folder before its first wildcard and what has to match below it.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    /// The last folder without wildcards, without a slash at its end.
    pub(super) base: String,
    /// Whether something below a subfolder of `base` can match.
    pub(super) deep: bool,
    matcher: GlobMatcher,
}

/// Whether letter case counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    /// `A` is not `a`, as in local file systems here.
    Sensitive,
    /// `A` is `a`, as at Dropbox.
    Insensitive,
}

/// Whether there is a wildcard in the text.
pub(super) fn has_wildcards(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

impl Pattern {
    /// Parses a glob. With `anywhere`, its last part matches in subfolders too.
    pub(super) fn parse(text: &str, case: Case, anywhere: bool) -> Result<Self> {
        let wildcard = text.find(['*', '?', '[', '{']).unwrap_or(text.len());
        let slash = text[..wildcard].rfind('/');
        let base = slash.map_or("", |slash| &text[..slash]).to_owned();
        let mut below = text[slash.map_or(0, |slash| slash + 1)..].to_owned();
        if anywhere {
            let last = below.rfind('/').map_or(0, |slash| slash + 1);
            below.insert_str(last, "**/");
        }
        let glob = GlobBuilder::new(&below)
            .literal_separator(true)
            .case_insensitive(case == Case::Insensitive)
            .backslash_escape(false)
            .build()
            .map_err(|error| {
                Error::new(
                    ErrorKind::InvalidArgument,
                    format!("`{text}` is not a glob"),
                )
                .with_path(text)
                .with_hint("give `glob: false` where the characters are part of a name")
                .with_source(error)
            })?;
        Ok(Self {
            base,
            deep: below.contains('/') || below.contains("**"),
            matcher: glob.compile_matcher(),
        })
    }

    /// Whether a path below the base matches.
    pub(super) fn matches(&self, below: &str) -> bool {
        self.matcher.is_match(below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(text: &str, case: Case, anywhere: bool, below: &str) -> bool {
        Pattern::parse(text, case, anywhere)
            .expect(text)
            .matches(below)
    }

    #[test]
    fn the_base_is_the_last_folder_without_wildcards() {
        for (text, base, deep) in [
            ("out/*.csv", "out", false),
            ("/*.csv", "", false),
            ("/a/b{1,2}/c", "/a", true),
            ("*.csv", "", false),
            ("/a/**/x", "/a", true),
            ("/a/**", "/a", true),
        ] {
            let pattern = Pattern::parse(text, Case::Sensitive, false).expect(text);
            assert_eq!(
                (pattern.base.as_str(), pattern.deep),
                (base, deep),
                "{text}"
            );
        }
    }

    #[test]
    fn a_star_stays_within_a_name_and_two_do_not() {
        assert!(matches("out/*.csv", Case::Sensitive, false, "a.csv"));
        assert!(!matches("out/*.csv", Case::Sensitive, false, "sub/a.csv"));
        assert!(matches(
            "out/**/*.csv",
            Case::Sensitive,
            false,
            "sub/deep/a.csv"
        ));
        assert!(matches("out/**/*.csv", Case::Sensitive, false, "a.csv"));
        assert!(matches(
            "out/*.csv",
            Case::Sensitive,
            true,
            "sub/deep/a.csv"
        ));
    }

    #[test]
    fn case_counts_or_not() {
        assert!(!matches("*.CSV", Case::Sensitive, false, "a.csv"));
        assert!(matches("/*.CSV", Case::Insensitive, false, "a.csv"));
    }

    #[test]
    fn a_broken_glob_names_the_way_out() {
        let error = Pattern::parse("a[b", Case::Sensitive, false).expect_err("no glob");
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.hint().expect("a hint").contains("glob: false"));
    }
}
