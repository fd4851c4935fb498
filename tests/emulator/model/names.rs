//! Names, and which of them are the same.

/// Names as they are given, each with the form that counts.
pub(super) const NAMES: [(&str, &str); 9] = [
    ("a", "a"),
    ("A", "a"),
    ("b.txt", "b.txt"),
    ("B.Txt", "b.txt"),
    ("\u{e9}t\u{e9}", "\u{e9}t\u{e9}"),
    ("e\u{301}te\u{301}", "\u{e9}t\u{e9}"),
    ("\u{c9}T\u{c9}", "\u{e9}t\u{e9}"),
    (".c", ".c"),
    ("d e.tar.gz", "d e.tar.gz"),
];

/// The form that counts of a path of these names, some of them marked as the service marks renamed ones.
pub(super) fn key(given: &str) -> String {
    let name = |given: &str| {
        let known = NAMES.iter().find(|(name, _)| *name == given);
        known.map_or_else(
            || {
                given
                    .replace("e\u{301}", "\u{e9}")
                    .replace('\u{c9}', "\u{e9}")
                    .to_ascii_lowercase()
            },
            |(_, key)| (*key).to_owned(),
        )
    };
    given.split('/').map(name).collect::<Vec<_>>().join("/")
}
