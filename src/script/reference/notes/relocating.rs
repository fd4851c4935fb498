//! Notes on what is done to items where they are.

use super::{Note, remote};
use crate::error::ErrorKind::{Conflict, InvalidArgument, InvalidPath, NoSpace, NotFound};
use crate::tasks::RelocateOptions;

pub(super) const NOTES: &[Note] = &[
    remote(
        "Connection.copy_to",
        &[NotFound, Conflict, InvalidPath, NoSpace],
        r#"dropbox().copy_to("/notes.txt", "/notes of today.txt");"#,
    )
    .takes(RelocateOptions::OPTIONS),
    remote(
        "Connection.rename",
        &[NotFound, Conflict, InvalidPath],
        r#"dropbox().rename("/notes.txt", "old notes.txt");"#,
    )
    .takes(RelocateOptions::OPTIONS),
    remote(
        "Connection.revisions",
        &[NotFound],
        r#"for version in dropbox().revisions("/notes.txt") { print(version.rev); }"#,
    ),
    remote(
        "Connection.restore",
        &[NotFound, InvalidArgument],
        r#"let dbx = dropbox();
let oldest = dbx.revisions("/notes.txt").pop();
dbx.restore("/notes.txt", oldest.rev);"#,
    ),
    remote(
        "Connection.temporary_link",
        &[NotFound],
        r#"print(dropbox().temporary_link("/notes.txt"));"#,
    ),
];
