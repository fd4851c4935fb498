//! The one table that says what each of Dropbox's error tags means.

mod mend;
mod rest;

use super::Route;
use crate::error::ErrorKind;
use mend::mend;
use rest::REST;

/// What each tag of an error union means: its kind, and what to say, with `{}` for the path.
///
/// An error summary such as `path/conflict/folder` is looked up from its most specific tag outwards, so `folder` before
/// `conflict`. Source: the unions of `files.stone`, `auth.stone` and `common.stone` in the API specification.
const TAGS: &[(&str, ErrorKind, &str)] = &[
    ("not_found", ErrorKind::NotFound, "there is nothing at {}"),
    (
        "malformed_path",
        ErrorKind::InvalidPath,
        "{} is not a path that Dropbox accepts",
    ),
    (
        "disallowed_name",
        ErrorKind::InvalidPath,
        "Dropbox does not allow the name of {}",
    ),
    (
        "conflict/file",
        ErrorKind::Conflict,
        "there is a file at {} already",
    ),
    (
        "conflict/folder",
        ErrorKind::Conflict,
        "there is a folder at {} already",
    ),
    (
        "conflict/file_ancestor",
        ErrorKind::Conflict,
        "a folder on the way to {} is a file",
    ),
    ("conflict", ErrorKind::Conflict, "something else is at {}"),
    ("not_file", ErrorKind::InvalidArgument, "{} is not a file"),
    (
        "not_folder",
        ErrorKind::InvalidArgument,
        "{} is not a folder",
    ),
    (
        "no_write_permission",
        ErrorKind::Permission,
        "this account may not write to {}",
    ),
    (
        "restricted_content",
        ErrorKind::Permission,
        "Dropbox restricts {} for legal reasons",
    ),
    ("locked", ErrorKind::Permission, "{} is locked"),
    (
        "team_folder",
        ErrorKind::Permission,
        "{} is a team folder, which this call cannot change",
    ),
    (
        "operation_suppressed",
        ErrorKind::Permission,
        "Dropbox suppresses this operation on {}",
    ),
    (
        "access_restricted",
        ErrorKind::Permission,
        "access to {} is restricted",
    ),
    (
        "email_not_verified",
        ErrorKind::Permission,
        "the account's e-mail address is not verified yet",
    ),
    (
        "insufficient_space",
        ErrorKind::NoSpace,
        "there is no room left in this Dropbox for {}",
    ),
    (
        "insufficient_quota",
        ErrorKind::NoSpace,
        "there is no room left in this Dropbox for {}",
    ),
    (
        "unsupported_content_type",
        ErrorKind::Unsupported,
        "{} has a type of content that this call does not support",
    ),
    (
        "unsupported_file",
        ErrorKind::Unsupported,
        "{} cannot be downloaded; some files can only be exported",
    ),
    (
        "too_many_files",
        ErrorKind::Unsupported,
        "{} holds more files than Dropbox handles in one call",
    ),
    (
        "payload_too_large",
        ErrorKind::InvalidArgument,
        "Dropbox takes no request as large as this one for {}",
    ),
    (
        "too_large",
        ErrorKind::Unsupported,
        "{} is larger than Dropbox stores",
    ),
    (
        "content_hash_mismatch",
        ErrorKind::Integrity,
        "what Dropbox received of {} is not what was sent",
    ),
    (
        "too_many_write_operations",
        ErrorKind::RateLimited,
        "Dropbox is busy with other changes near {}",
    ),
    (
        "too_many_requests",
        ErrorKind::RateLimited,
        "Dropbox limits the rate of calls",
    ),
    ("internal_error", ErrorKind::Server, "Dropbox failed at {}"),
    (
        "reset",
        ErrorKind::Conflict,
        "Dropbox has dropped this cursor; list anew",
    ),
    (
        "incorrect_offset",
        ErrorKind::Conflict,
        "the upload session of {} is at another offset",
    ),
    (
        "closed",
        ErrorKind::Conflict,
        "the upload session of {} is closed already",
    ),
    (
        "not_closed",
        ErrorKind::Conflict,
        "the upload session of {} is not closed",
    ),
    (
        "lookup_failed/not_found",
        ErrorKind::Conflict,
        "Dropbox does not know the upload session of {} any more",
    ),
    (
        "invalid_access_token",
        ErrorKind::NotSignedIn,
        "Dropbox does not accept the access token",
    ),
    (
        "expired_access_token",
        ErrorKind::NotSignedIn,
        "the access token has expired",
    ),
    (
        "user_suspended",
        ErrorKind::Permission,
        "the account is suspended",
    ),
    (
        "missing_scope",
        ErrorKind::Permission,
        "the token lacks a scope that this call needs",
    ),
    (
        "route_access_denied",
        ErrorKind::Permission,
        "the token may not make this call",
    ),
    (
        "invalid_select_user",
        ErrorKind::Permission,
        "the team member to act as is not valid",
    ),
    (
        "invalid_select_admin",
        ErrorKind::Permission,
        "the team admin to act as is not valid",
    ),
    (
        "no_permission",
        ErrorKind::Permission,
        "this account has no permission for {}",
    ),
    (
        "shared_link_not_found",
        ErrorKind::NotFound,
        "there is no such link",
    ),
    (
        "shared_link_access_denied",
        ErrorKind::Permission,
        "this account may not use the link",
    ),
    (
        "shared_link_already_exists",
        ErrorKind::Conflict,
        "there is a link to {} already",
    ),
    (
        "settings_error/invalid_settings",
        ErrorKind::InvalidArgument,
        "a link to {} cannot have these settings",
    ),
    (
        "settings_error/not_authorized",
        ErrorKind::Permission,
        "this account may not have such settings for a link to {}",
    ),
    (
        "access_denied",
        ErrorKind::Permission,
        "this account may not share {}",
    ),
    (
        "banned_member",
        ErrorKind::Permission,
        "this account may share nothing",
    ),
    (
        "download_failed",
        ErrorKind::Network,
        "Dropbox cannot fetch what is to be saved to {}",
    ),
    (
        "invalid_url",
        ErrorKind::InvalidArgument,
        "this is no address that Dropbox can save to {}",
    ),
    (
        "invalid_argument",
        ErrorKind::InvalidArgument,
        "Dropbox can do nothing with this argument",
    ),
    (
        "cant_move_folder_into_itself",
        ErrorKind::InvalidArgument,
        "a folder cannot go into itself, as to {}",
    ),
    (
        "duplicated_or_nested_paths",
        ErrorKind::InvalidArgument,
        "a folder cannot go into itself, as to {}",
    ),
    (
        "cant_copy_shared_folder",
        ErrorKind::Unsupported,
        "Dropbox copies no shared folder, as to {}",
    ),
    (
        "cant_nest_shared_folder",
        ErrorKind::Unsupported,
        "Dropbox puts no shared folder into another, as to {}",
    ),
    (
        "cant_move_shared_folder",
        ErrorKind::Permission,
        "this shared folder cannot go to {}",
    ),
    (
        "cant_transfer_ownership",
        ErrorKind::Permission,
        "to go to {} would change the owner, which is not allowed",
    ),
    (
        "cant_move_into_vault",
        ErrorKind::Permission,
        "this cannot go into the vault, to {}",
    ),
    (
        "cant_move_into_family",
        ErrorKind::Permission,
        "this cannot go into the family folder, to {}",
    ),
    (
        "invalid_revision",
        ErrorKind::InvalidArgument,
        "there is no such rev of {}",
    ),
    (
        "invalid_root",
        ErrorKind::Permission,
        "the namespace to work in is not one of this account",
    ),
];

/// What a tag means.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meaning {
    pub(super) kind: ErrorKind,
    /// What to say of it, with `{}` for the path, where there is anything to say.
    pub(super) words: Option<&'static str>,
    /// What a person can do about it.
    pub(super) mend: Option<&'static str>,
}

/// What the tag of an answer to this route means, where it is known.
pub(super) fn known_tag(route: &Route<'_>, tag: &str) -> Option<Meaning> {
    // Of an upload session's own lookups, not of a path.
    if route.name.starts_with("files/upload_session/") && tag == "not_found" {
        return find("lookup_failed/not_found");
    }
    let segments: Vec<&str> = tag.split('/').collect();
    (0..segments.len()).rev().find_map(|last| {
        let pair = last
            .checked_sub(1)
            .and_then(|before| find(&segments[before..=last].join("/")));
        pair.or_else(|| find(segments[last]))
    })
}

fn find(wanted: &str) -> Option<Meaning> {
    if let Some((_, kind, words)) = TAGS.iter().find(|(tag, ..)| *tag == wanted) {
        return Some(Meaning {
            kind: *kind,
            words: Some(words),
            mend: mend(wanted),
        });
    }
    let (kind, _) = REST.iter().find(|(_, tags)| tags.contains(&wanted))?;
    Some(Meaning {
        kind: *kind,
        words: None,
        mend: None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::GET_METADATA;
    use super::*;

    use std::collections::HashSet;

    /// Every tag of the error unions of all routes that a user's token may call, from the outside in. Source: the API specification
    /// (`*.stone`); `other`, which every open union has, stands for what is not in it.
    const SPECIFICATION: &str = include_str!("tag/spec.txt");

    #[test]
    fn every_tag_of_the_specification_has_its_kind() {
        let unknown: Vec<_> = SPECIFICATION
            .lines()
            .filter(|tags| known_tag(&GET_METADATA, tags).is_none())
            .collect();
        assert_eq!(unknown, Vec::<&str>::new());
        assert!(SPECIFICATION.lines().count() > 300);
    }

    #[test]
    fn no_tag_has_two_kinds_or_is_of_no_specification() {
        let listed = TAGS.iter().map(|(tag, ..)| *tag);
        let listed = listed.chain(REST.iter().flat_map(|(_, tags)| *tags).copied());
        let mut seen = HashSet::new();
        for tag in listed {
            assert!(seen.insert(tag), "{tag} is there twice");
            let told = |tags: &str| format!("/{tags}/").contains(&format!("/{tag}/"));
            assert!(SPECIFICATION.lines().any(told), "{tag} is unknown");
        }
    }

    #[test]
    fn what_does_not_pass_by_itself_can_be_mended() {
        for (tag, kind, _) in TAGS {
            let passes = matches!(kind, ErrorKind::RateLimited | ErrorKind::Server);
            assert_eq!(mend(tag).is_none(), passes, "{tag}");
        }
    }

    /// Only what passes by itself is tried again.
    #[test]
    fn most_of_what_dropbox_refuses_is_for_good() {
        let passes: HashSet<_> = SPECIFICATION
            .lines()
            .filter(|tags| {
                let kind = known_tag(&GET_METADATA, tags).map(|known| known.kind);
                matches!(
                    kind,
                    Some(ErrorKind::RateLimited | ErrorKind::Server | ErrorKind::Network)
                )
            })
            .filter_map(|tags| tags.rsplit('/').next())
            .collect();
        let expected = [
            "download_failed",
            "internal_error",
            "rate_limit",
            "retry_error",
            "temporary_failure",
            "thumbnail_error",
            "too_many_requests",
            "too_many_write_operations",
            "transient_error",
        ];
        assert_eq!(passes, HashSet::from(expected));
    }
}
