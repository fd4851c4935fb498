//! What signing in leaves behind, and the other secrets of a connection.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;

/// The form that is written; another number is one that this version does not know.
const VERSION: u32 = 1;

/// A token is replaced when it has less than this left, as the official clients do; of a token that lasts less than ten times this,
/// a tenth.
const AHEAD: SignedDuration = SignedDuration::from_secs(300);

/// The credentials of one connection, as a [`TokenStore`](crate::TokenStore) keeps them. `Debug` shows no secret.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoredCredentials {
    /// The key of the app that the tokens belong to.
    pub app_key: Option<String>,
    /// The app's secret, where it has one.
    pub app_secret: Option<Secret>,
    /// Buys access tokens.
    pub refresh_token: Option<Secret>,
    /// The access token that was bought last.
    pub access_token: Option<Secret>,
    /// When the access token was bought.
    pub obtained: Option<Timestamp>,
    /// When the access token ends; `None`: not known.
    pub expires: Option<Timestamp>,
    /// What the person allowed the app, in Dropbox's words.
    pub scopes: Vec<String>,
    /// Dropbox's id of the account, as `dbid:...`.
    pub account_id: Option<String>,
    /// Dropbox's id of the team, where the app is linked to a team.
    pub team_id: Option<String>,
    /// The password for the proxy.
    pub proxy_password: Option<Secret>,
}

impl StoredCredentials {
    /// Whether somebody is signed in by them.
    #[must_use]
    pub fn is_signed_in(&self) -> bool {
        self.refresh_token.is_some() || self.access_token.is_some()
    }

    /// Whether there is nothing in them that is worth keeping.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.is_signed_in() && self.app_secret.is_none() && self.proxy_password.is_none()
    }

    /// The same without what signing in brought: the secrets of the app and the proxy stay.
    #[must_use]
    pub fn signed_out(&self) -> Self {
        Self {
            app_secret: self.app_secret.clone(),
            proxy_password: self.proxy_password.clone(),
            ..Self::default()
        }
    }

    /// The access token, if it is good for a while yet.
    pub(super) fn fresh_token(&self, now: Timestamp) -> Option<&Secret> {
        let fresh = self.renew_at().is_none_or(|renew| now < renew);
        self.access_token.as_ref().filter(|_| fresh)
    }

    /// When to replace the access token; `None` where its end is not known.
    pub(super) fn renew_at(&self) -> Option<Timestamp> {
        let expires = self.expires?;
        let ahead = self.obtained.map_or(AHEAD, |obtained| {
            AHEAD.min(expires.duration_since(obtained) / 10)
        });
        Some(expires.saturating_sub(ahead).unwrap_or(expires))
    }

    /// The written form.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let open =
            |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.expose().to_owned());
        let written = Written {
            version: VERSION,
            app_key: self.app_key.clone(),
            app_secret: open(&self.app_secret),
            refresh_token: open(&self.refresh_token),
            access_token: open(&self.access_token),
            obtained: self.obtained,
            expires: self.expires,
            scopes: self.scopes.clone(),
            account_id: self.account_id.clone(),
            team_id: self.team_id.clone(),
            proxy_password: open(&self.proxy_password),
        };
        serde_json::to_vec_pretty(&written).expect("text and dates can be written")
    }

    /// Reads the written form; `place` says where it is from.
    pub(super) fn from_bytes(bytes: &[u8], place: &str) -> Result<Self> {
        // What the parser says of a value may repeat it, and it is a secret.
        let read: Written = serde_json::from_slice(bytes).map_err(|error| {
            Error::new(
                ErrorKind::LocalIo,
                format!("what {place} holds is damaged at line {}", error.line()),
            )
            .with_hint("sign in again")
        })?;
        if read.version != VERSION {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("what {place} holds is from another version of this program"),
            )
            .with_hint("use the newer version, or sign in again"));
        }
        let close = |text: Option<String>| text.map(Secret::new);
        Ok(Self {
            app_key: read.app_key,
            app_secret: close(read.app_secret),
            refresh_token: close(read.refresh_token),
            access_token: close(read.access_token),
            obtained: read.obtained,
            expires: read.expires,
            scopes: read.scopes,
            account_id: read.account_id,
            team_id: read.team_id,
            proxy_password: close(read.proxy_password),
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Written {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    app_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    app_secret: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    access_token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    obtained: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    team_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proxy_password: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> StoredCredentials {
        let now = Timestamp::from_second(1_800_000_000).expect("a time");
        StoredCredentials {
            app_key: Some("key".to_owned()),
            app_secret: Some(Secret::new("canary")),
            refresh_token: Some(Secret::new("canary")),
            access_token: Some(Secret::new("canary")),
            obtained: Some(now),
            expires: Some(now + SignedDuration::from_hours(4)),
            scopes: vec!["files.content.read".to_owned()],
            account_id: Some("dbid:a".to_owned()),
            team_id: None,
            proxy_password: Some(Secret::new("canary")),
        }
    }

    #[test]
    fn what_is_written_is_read_again_and_never_shown() {
        let full = full();
        let read = StoredCredentials::from_bytes(&full.to_bytes(), "a test").expect("sound");
        assert_eq!(read, full);
        assert!(!format!("{full:?}").contains("canary"));
    }

    #[test]
    fn what_is_damaged_is_told_without_showing_it() {
        for damaged in [
            &br#"{"version":1,"scopes":"canary"}"#[..],
            br#"{"version":1,"refresh_token":"canary"#,
            br#"{"version":2,"refresh_token":"canary"}"#,
            b"canary",
            b"",
        ] {
            let error = StoredCredentials::from_bytes(damaged, "a test").expect_err("damaged");
            assert!(!format!("{error:?} {:?}", error.hint()).contains("canary"));
        }
    }

    #[test]
    fn a_token_is_fresh_until_shortly_before_its_end() {
        let mut token = full();
        let after = |token: &StoredCredentials, seconds: i64| {
            let now = token.obtained.expect("set") + SignedDuration::from_secs(seconds);
            token.fresh_token(now).is_some()
        };
        assert!(after(&token, 14_099) && !after(&token, 14_100));
        token.expires = token.obtained.map(|at| at + SignedDuration::from_secs(60));
        assert!(after(&token, 53) && !after(&token, 54), "a short one");
        token.expires = None;
        assert!(after(&token, 1_000_000), "until it is refused");
        token.access_token = None;
        assert!(!after(&token, 0));
    }

    #[test]
    fn signing_out_leaves_what_a_person_typed_in() {
        let left = full().signed_out();
        assert!(!left.is_signed_in() && !left.is_empty());
        assert!(left.app_secret.is_some() && left.proxy_password.is_some());
        assert!(StoredCredentials::default().is_empty());
    }
}
