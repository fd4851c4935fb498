//! Notes on what is done to items where they are.

use super::{Note, remote};
use crate::error::ErrorKind::{
    Conflict, Integrity, InvalidArgument, InvalidPath, LocalIo, NoSpace, NotFound, Partial,
};
use crate::tasks::{CopyOptions, MirrorOptions, RelocateOptions};

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
        "Connection.copy",
        &[NotFound, Conflict, InvalidArgument, NoSpace, Partial],
        r#"print(dropbox().copy("/reports/*.csv", "/archive"));"#,
    )
    .takes(CopyOptions::OPTIONS)
    .says(
        "Copies files at Dropbox into another folder there, which is made if it is missing.
A file that is replaced goes only when its successor is beside it.",
    ),
    remote(
        "Connection.move",
        &[NotFound, Conflict, InvalidArgument, Partial],
        r#"print(dropbox().move("/reports", "/archive", #{ include: "jan*" }));"#,
    )
    .takes(CopyOptions::OPTIONS)
    .says(
        "Moves files at Dropbox into another folder there, which is made if it is missing.
Folders that become empty stay.",
    ),
    remote(
        "Connection.copy_from",
        &[
            NotFound, Conflict, InvalidArgument, NoSpace, Integrity, Partial,
        ],
        r#"let other = dropbox("team").as_member("team-member@example.com");
other.write_text("/shared notes.txt", "eggs");
print(dropbox().copy_from(other, "/shared notes.txt", "/from others"));"#,
    )
    .takes(CopyOptions::OPTIONS)
    .says(
        "Copies files of another account into a folder of this one, which is made if it is missing.
They stream through this machine, and each is there only when its content hash is that of the source.",
    ),
    remote(
        "Connection.mirror_up",
        &[
            NotFound, Conflict, InvalidArgument, NoSpace, LocalIo, Integrity, Partial,
        ],
        r#"print(dropbox().mirror_up("out", "/reports", #{ include: "*.csv" }));"#,
    )
    .takes(MirrorOptions::OPTIONS)
    .says(
        "Makes a folder at Dropbox equal to a local one: sends what differs, then deletes the rest.
What the name filters leave out is neither sent nor deleted. Deletions come last, and only when nothing failed.",
    ),
    remote(
        "Connection.mirror_down",
        &[
            NotFound, Conflict, InvalidArgument, LocalIo, Integrity, Partial,
        ],
        r#"print(dropbox().mirror_down("/reports", "in"));"#,
    )
    .takes(MirrorOptions::OPTIONS)
    .says(
        "Makes a local folder equal to one at Dropbox: fetches what differs, then deletes the rest.
Links and special files are left alone.",
    ),
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
