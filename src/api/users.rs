//! `users/`: results.

use serde::{Deserialize, Deserializer, Serialize};

/// Whose account it is.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Account {
    /// Dropbox's id of the account, `dbid:...`.
    pub account_id: String,
    /// The person's name.
    pub name: AccountName,
    /// The address that the person signs in with.
    pub email: String,
    /// Two letters, where Dropbox knows it.
    #[serde(default)]
    pub country: Option<String>,
    /// `basic`, `pro` or `business`.
    #[serde(deserialize_with = "tag")]
    pub account_type: String,
    /// Where the account's folders are.
    pub root_info: RootInfo,
}

/// A person's name, in the parts that Dropbox keeps.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct AccountName {
    /// As it is shown.
    pub display_name: String,
    /// The given name.
    pub given_name: String,
    /// The family name.
    pub surname: String,
}

/// The namespaces of an account: the same one twice, unless it belongs to a team with a team space.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct RootInfo {
    /// The namespace that holds everything the account sees.
    pub root_namespace_id: String,
    /// The namespace of the person's own folder.
    pub home_namespace_id: String,
}

/// How full the account is, in bytes.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
pub struct Space {
    /// What the account uses.
    pub used: u64,
    /// What it may use, of its own or with its team; 0 where Dropbox does not say.
    pub allocated: u64,
}

/// Of a union only the tag.
fn tag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    struct Tagged {
        #[serde(rename = ".tag")]
        tag: String,
    }
    Tagged::deserialize(deserializer).map(|union| union.tag)
}

#[derive(Debug, Deserialize)]
pub(crate) struct SpaceUsage {
    pub(crate) used: u64,
    pub(crate) allocation: SpaceAllocation,
}

#[derive(Debug, Deserialize)]
pub(crate) struct SpaceAllocation {
    #[serde(default)]
    pub(crate) allocated: u64,
}

impl From<SpaceUsage> for Space {
    fn from(usage: SpaceUsage) -> Self {
        Self {
            used: usage.used,
            allocated: usage.allocation.allocated,
        }
    }
}
