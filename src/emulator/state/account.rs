//! Accounts.

use super::View;

/// The standing account's name.
pub(in super::super) const MAIN: &str = "main";

/// Somebody who has a Dropbox.
#[derive(Clone, Debug)]
pub(in super::super) struct Account {
    pub(in super::super) name: String,
    /// `dbid:...`
    pub(in super::super) id: String,
    pub(in super::super) email: String,
    /// What the paths of its calls count from.
    pub(in super::super) home: View,
    /// Bytes that its files may have in all.
    pub(in super::super) quota: u64,
}

/// The standing access or refresh token of an account: `emulator-access-token`, or with the account's name behind it.
pub(in super::super) fn standing_token(kind: &str, account: &str) -> String {
    if account == MAIN {
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
