//! What would mend what each tag tells of.

/// The tags that have words of their own, with what a person can do. What Dropbox mends by itself is waited for, and needs none.
const MEND: &[(&str, &str)] = &[
    (
        "not_found",
        "see what is there with `list` of the folder above it",
    ),
    (
        "malformed_path",
        "a path begins with `/`, and has no empty name, `.`, `..` or `\\` in it, nor a space at its end",
    ),
    ("disallowed_name", "give it another name"),
    (
        "conflict/file",
        "give another name, or delete or rename what is there",
    ),
    (
        "conflict/folder",
        "give another name, or delete or rename what is there",
    ),
    (
        "conflict/file_ancestor",
        "give another folder, or rename that file",
    ),
    ("conflict", "give another name, or look at what is there"),
    ("not_file", "name a file in it: `list` shows them"),
    ("not_folder", "name the folder that it is in"),
    (
        "no_write_permission",
        "ask the owner of the folder to let you edit it",
    ),
    (
        "restricted_content",
        "nothing can be done about it but to ask Dropbox's support",
    ),
    ("locked", "ask whoever locked it to unlock it"),
    (
        "team_folder",
        "team folders are changed by an admin, at dropbox.com",
    ),
    (
        "operation_suppressed",
        "try again later, or do it at dropbox.com",
    ),
    ("access_restricted", "ask an admin of the team for access"),
    (
        "email_not_verified",
        "have the address verified in the settings of the account at dropbox.com",
    ),
    ("insufficient_space", "delete something, or get more space"),
    ("insufficient_quota", "delete something, or get more space"),
    (
        "unsupported_content_type",
        "open it at dropbox.com, which may offer to export it",
    ),
    (
        "unsupported_file",
        "export it at dropbox.com, or with `dbx.request(\"files/export\", ...)` where that is allowed",
    ),
    ("too_many_files", "take its subfolders one by one"),
    ("payload_too_large", "send less at a time"),
    ("too_large", "split it"),
    (
        "content_hash_mismatch",
        "send it again; if that fails too, something on the way changes what is sent",
    ),
    ("reset", "call it again without the cursor"),
    ("incorrect_offset", "send the file again"),
    ("closed", "send the file again"),
    ("not_closed", "send the file again"),
    ("lookup_failed/not_found", "send the file again"),
    (
        "invalid_access_token",
        "sign in again, or give another token",
    ),
    (
        "expired_access_token",
        "sign in again, or give another token",
    ),
    ("user_suspended", "ask an admin of the team"),
    (
        "missing_scope",
        "give the app the scope in its settings at Dropbox, then sign in again",
    ),
    (
        "route_access_denied",
        "use an app and an account that may make it",
    ),
    (
        "invalid_select_user",
        "set `member` of the connection to one of the team",
    ),
    (
        "invalid_select_admin",
        "set `admin` of the connection to an admin of the team",
    ),
    ("no_permission", "ask the owner for access"),
    ("shared_link_not_found", "make a link with `share`"),
    (
        "shared_link_access_denied",
        "ask whoever shared it for access",
    ),
    (
        "shared_link_already_exists",
        "`share` changes the settings of the link that is there",
    ),
    (
        "settings_error/invalid_settings",
        "leave some of the settings out",
    ),
    (
        "settings_error/not_authorized",
        "leave them out: they need another plan, or are the team's to allow",
    ),
    ("access_denied", "ask the owner to share it"),
    ("banned_member", "ask Dropbox's support"),
    (
        "download_failed",
        "see whether the address can be opened in a browser without signing in",
    ),
    ("invalid_url", "give an address that begins with `https://`"),
    ("invalid_argument", "see what the route takes"),
    ("cant_move_folder_into_itself", "give another folder"),
    ("duplicated_or_nested_paths", "give another folder"),
    (
        "cant_copy_shared_folder",
        "copy what is in it to a folder of your own",
    ),
    (
        "cant_nest_shared_folder",
        "give a folder that is not shared",
    ),
    (
        "cant_move_shared_folder",
        "give a folder that is not shared, or have its owner move it",
    ),
    ("cant_transfer_ownership", "have its owner move it"),
    ("cant_move_into_vault", "give another folder"),
    ("cant_move_into_family", "give another folder"),
    ("invalid_revision", "`revisions` lists those that there are"),
    (
        "invalid_root",
        "leave the connection's `root` at \"auto\", or give a namespace of the account",
    ),
];

/// What can be done about what this tag tells of.
pub(super) fn mend(tag: &str) -> Option<&'static str> {
    let known = MEND.iter().find(|(known, _)| *known == tag)?;
    Some(known.1)
}
