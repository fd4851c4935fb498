//! Options as data: one declaration gives the struct, its defaults, and the table that names what is known.

/// An option: its name, and what it takes, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionSpec {
    /// As scripts write it.
    pub name: &'static str,
    /// What it takes, as `true or false`.
    pub expects: &'static str,
    /// What it is for, in a line; begins with a space where it comes from a doc comment.
    pub doc: &'static str,
}

/// Declares a struct of options: `/// doc`, `name: Type = default, "what it takes";` for each.
///
/// Behind these may follow `@closure field, "name": Type, "what it takes";` for what a script gives as a closure, which whoever reads
/// the map puts in, and `@flatten field: Type;` for the options of another struct, which stand among these.
macro_rules! options {
    (
        $(#[$doc:meta])* $vis:vis struct $name:ident {
            $($(#[$($field_doc:tt)*])* $field:ident: $type:ty = $default:expr, $expects:literal;)*
            $(@closure $(#[$($closure_doc:tt)*])* $closure:ident, $word:literal: $closure_type:ty, $closure_expects:literal;)*
            $(@flatten $(#[$nested_doc:meta])* $nested:ident: $nested_type:ty;)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize)]
        #[serde(default)]
        $vis struct $name {
            $($(#[$($field_doc)*])* $vis $field: $type,)*
            $($(#[$($closure_doc)*])* #[serde(skip)] $vis $closure: Option<$closure_type>,)*
            $($(#[$nested_doc])* #[serde(flatten)] $vis $nested: $nested_type,)*
        }

        impl $name {
            /// Every option there is, for messages that name the nearest known one.
            $vis const OPTIONS: &'static [$crate::options::OptionSpec] = {
                const TABLES: &[&[$crate::options::OptionSpec]] = &[
                    &[
                        $($crate::options::OptionSpec {
                            name: stringify!($field),
                            expects: $expects,
                            doc: $crate::options::doc_text!($([$($field_doc)*])*),
                        },)*
                        $($crate::options::OptionSpec {
                            name: $word,
                            expects: $closure_expects,
                            doc: $crate::options::doc_text!($([$($closure_doc)*])*),
                        },)*
                    ],
                    $(<$nested_type>::OPTIONS,)*
                ];
                &$crate::options::joined::<{ $crate::options::total(TABLES) }>(TABLES)
            };
        }

        impl Default for $name {
            fn default() -> Self {
                Self {
                    $($field: $default,)*
                    $($closure: None,)*
                    $($nested: <$nested_type>::default(),)*
                }
            }
        }
    };
}
pub(crate) use options;

/// The text of the doc comments among attributes.
macro_rules! doc_text {
    () => { "" };
    ([doc = $text:literal] $($rest:tt)*) => { concat!($text, $crate::options::doc_text!($($rest)*)) };
    ([$($other:tt)*] $($rest:tt)*) => { $crate::options::doc_text!($($rest)*) };
}
pub(crate) use doc_text;

/// How many options these tables have together.
pub(crate) const fn total(tables: &[&[OptionSpec]]) -> usize {
    let (mut count, mut table) = (0, 0);
    while table < tables.len() {
        count += tables[table].len();
        table += 1;
    }
    count
}

/// The options of all these tables, `N` of them.
pub(crate) const fn joined<const N: usize>(tables: &[&[OptionSpec]]) -> [OptionSpec; N] {
    let mut all = [OptionSpec {
        name: "",
        expects: "",
        doc: "",
    }; N];
    let (mut at, mut table) = (0, 0);
    while table < tables.len() {
        let mut row = 0;
        while row < tables[table].len() {
            all[at] = tables[table][row];
            at += 1;
            row += 1;
        }
        table += 1;
    }
    all
}
