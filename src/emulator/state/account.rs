//! Accounts.

use super::team::{Member, Status};
use super::view::View;

/// The name of the standing account that belongs to no team.
pub(in super::super) const MAIN: &str = "main";

/// Whom an emulator takes its user for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccountKind {
    /// Somebody with a Dropbox of their own: the account `main`.
    #[default]
    Personal,
    /// A member of a team: the account `team-member`.
    Business,
}

impl AccountKind {
    pub(in super::super) fn name(self) -> &'static str {
        match self {
            AccountKind::Personal => "personal",
            AccountKind::Business => "business",
        }
    }
}

/// Somebody who has a Dropbox.
#[derive(Clone, Debug)]
pub(in super::super) struct Account {
    pub(in super::super) name: String,
    pub(in super::super) given: String,
    pub(in super::super) surname: String,
    /// `dbid:...`
    pub(in super::super) id: String,
    pub(in super::super) email: String,
    /// What the paths of its calls count from.
    pub(in super::super) home: View,
    /// Bytes that its files may have in all.
    pub(in super::super) quota: u64,
    /// What it is in the team, if it belongs to that.
    pub(in super::super) member: Option<Member>,
}

impl Account {
    /// Whether nothing may be done with it.
    pub(in super::super) fn is_suspended(&self) -> bool {
        let member = self.member.as_ref();
        member.is_some_and(|member| member.status == Status::Suspended)
    }
}

pub(super) fn email(name: &str) -> String {
    format!("{}@emulator.example", plain(name))
}

/// The standing token of some kind, such as `access`, of an account: `emulator-access-token`, with the account's name behind
/// it unless that is `""`.
pub(in super::super) fn standing_token(kind: &str, account: &str) -> String {
    if account.is_empty() {
        return format!("emulator-{kind}-token");
    }
    format!("emulator-{kind}-token-{}", plain(account))
}

/// A name that may stand in a header and name a folder, different for each account.
pub(in super::super) fn plain(account: &str) -> String {
    use std::fmt::Write as _;
    account.bytes().fold(String::new(), |mut plain, byte| {
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            plain.push(char::from(byte));
        } else {
            let _ = write!(plain, "_{byte:02x}");
        }
        plain
    })
}

/// The account that [`plain`] made a name of.
pub(in super::super) fn named(plain: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = plain.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first == b'_' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_lead_back() {
        for name in ["work", "Größe 2", "a_b", "../x"] {
            assert!(
                plain(name)
                    .bytes()
                    .all(|c| c.is_ascii_alphanumeric() || b"-_".contains(&c))
            );
            assert_eq!(named(&plain(name)).as_deref(), Some(name));
        }
    }
}
