//! Settings that are one of a few words.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Declares an enum whose values people write as these words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
        #[serde(rename_all = "lowercase")]
        pub enum $name { $($(#[$value_doc])* $value,)* }

        impl $name {
            /// Every word there is.
            pub const WORDS: &'static [&'static str] = &[$($word,)*];

            /// The word that stands for it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$value => $word,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// What sort of account a connection is for.
    AccountKind {
        /// A person's own.
        #[default]
        Personal = "personal",
        /// A team's: `member`, `admin` and `root` say whose files are meant.
        Business = "business",
    }
}

words! {
    /// Which app signs in.
    App {
        /// The one that this build ships, or the `[app]` of the configuration.
        #[default]
        Registered = "registered",
        /// One of the person's own, by its `app_key`.
        Own = "own",
    }
}

words! {
    /// Where a person signs in.
    Browser {
        /// The person's own browser.
        #[default]
        External = "external",
        /// A private window with a profile of its own.
        Internal = "internal",
        /// Anywhere: the code is pasted.
        None = "none",
    }
}

words! {
    /// Where the secrets of a connection are kept.
    Credentials {
        /// The keyring where there is one, else a file.
        #[default]
        Auto = "auto",
        /// The operating system's keyring.
        Keyring = "keyring",
        /// A file that only its owner may read.
        File = "file",
        /// The environment; nothing is written.
        Env = "env",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for word in Credentials::WORDS {
            let value: Credentials = serde_json::from_value((*word).into()).expect(word);
            assert_eq!(value.as_str(), *word);
        }
    }
}
