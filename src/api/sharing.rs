//! `sharing/`: arguments and results of links.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
pub(crate) struct CreateLinkArg<'a> {
    pub(crate) path: &'a str,
    pub(crate) settings: &'a LinkSettings<'a>,
}

#[derive(Serialize)]
pub(crate) struct ModifyLinkArg<'a> {
    pub(crate) url: &'a str,
    pub(crate) settings: &'a LinkSettings<'a>,
    pub(crate) remove_expiration: bool,
}

/// What is left out stays as it is, or as the account has it by default. Not for `Debug`: there may be a password in it.
#[derive(Default, Serialize)]
pub(crate) struct LinkSettings<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) audience: Option<&'static str>,
    /// Whole seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) require_password: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) link_password: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) allow_download: Option<bool>,
}

impl LinkSettings<'_> {
    /// Whether nothing is set.
    pub(crate) fn is_empty(&self) -> bool {
        self.audience.is_none()
            && self.expires.is_none()
            && self.require_password.is_none()
            && self.link_password.is_none()
            && self.allow_download.is_none()
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct ListLinksArg<'a> {
    pub(crate) path: &'a str,
    /// Without the links to the folders around it.
    pub(crate) direct_only: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ListLinksResult {
    pub(crate) links: Vec<SharedLink>,
}

#[derive(Debug, Serialize)]
pub(crate) struct UrlArg<'a> {
    pub(crate) url: &'a str,
}

#[derive(Debug, Deserialize)]
pub(crate) struct SharedLink {
    pub(crate) url: String,
}
