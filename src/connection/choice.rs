//! Settings that are one of a few words.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};

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

/// The folder that paths begin at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum Root {
    /// The team space where there is one, else the person's own folder.
    #[default]
    Auto,
    /// The person's own folder.
    Home,
    /// The team space.
    Team,
    /// A namespace by its id.
    Namespace(String),
}

impl TryFrom<String> for Root {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        match text.as_str() {
            "" | "auto" => Ok(Self::Auto),
            "home" => Ok(Self::Home),
            "team" => Ok(Self::Team),
            id if id.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Self::Namespace(text)),
            _ => Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("`{text}` is no root"),
            )
            .with_hint("it is \"auto\", \"home\", \"team\" or the id of a namespace, which is a number")),
        }
    }
}

impl From<Root> for String {
    fn from(root: Root) -> Self {
        root.to_string()
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Home => "home",
            Self::Team => "team",
            Self::Namespace(id) => id,
        })
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
        for root in ["auto", "home", "team", "1234"] {
            let value = Root::try_from(root.to_owned()).expect(root);
            assert_eq!(value.to_string(), root);
        }
        assert!(Root::try_from("tema".to_owned()).is_err());
    }
}
