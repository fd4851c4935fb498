//! Where credentials are, as people are told.

use std::fmt;
use std::path::PathBuf;

/// Where credentials were put or found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// A file.
    File {
        /// Its path.
        path: PathBuf,
        /// Why it is not the keyring, where that would have been the choice.
        why_no_keyring: Option<String>,
    },
    /// The keyring of the operating system.
    Keyring,
    /// The environment of the program.
    Environment,
    /// The memory of this process.
    Memory,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File {
                path,
                why_no_keyring,
            } => {
                write!(f, "the file `{}`", path.display())?;
                match why_no_keyring {
                    Some(why) => write!(f, ", since {why}"),
                    None => Ok(()),
                }
            }
            Self::Keyring => f.write_str("the keyring"),
            Self::Environment => f.write_str("the environment"),
            Self::Memory => f.write_str("memory"),
        }
    }
}
