//! Options as data: one declaration gives the struct, its defaults, and the table that names what is known.

/// An option: its name, and what it takes, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionSpec {
    /// As scripts write it.
    pub name: &'static str,
    /// What it takes, as `true or false`.
    pub expects: &'static str,
}

/// Declares a struct of options: `/// doc`, `name: Type = default, "what it takes";` for each.
macro_rules! options {
    ($(#[$doc:meta])* pub struct $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty = $default:expr, $expects:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize)]
        #[serde(default)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl $name {
            /// Every option there is, for messages that name the nearest known one.
            pub const OPTIONS: &'static [$crate::options::OptionSpec] =
                &[$($crate::options::OptionSpec { name: stringify!($field), expects: $expects },)*];
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }
    };
}
pub(crate) use options;
