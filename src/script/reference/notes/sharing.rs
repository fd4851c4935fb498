//! Notes on links, searching, changes, and calling routes by their name.

use super::{Note, remote};
use crate::error::ErrorKind::{
    Conflict, InvalidArgument, InvalidPath, Network, NotAllowed, NotFound, Permission, Unsupported,
};
use crate::tasks::{SearchOptions, ShareOptions};

pub(super) const NOTES: &[Note] = &[
    remote(
        "Connection.search",
        &[NotFound, InvalidArgument],
        r#"for item in dropbox().search("january", #{ folder: "/reports", extensions: ["csv"] }) {
    print(item.path);
}"#,
    )
    .takes(SearchOptions::OPTIONS)
    .says("What Dropbox finds by words, 10,000 items at most. What was just uploaded may take a while to be found."),
    remote(
        "Connection.share",
        &[NotFound, Permission, InvalidArgument],
        r#"print(dropbox().share("/reports/january.csv", #{ expires: "7 days" }));"#,
    )
    .takes(ShareOptions::OPTIONS)
    .says("A link for others: the one that is there, with these options applied, or a new one."),
    remote(
        "Connection.unshare",
        &[NotFound, Permission],
        r#"dropbox().share("/notes.txt");
print(dropbox().unshare("/notes.txt"));"#,
    ),
    remote(
        "Connection.save_url",
        &[InvalidArgument, InvalidPath, Network],
        r#"let address = dropbox().temporary_link("/notes.txt");
print(dropbox().save_url("/saved.txt", address).path);"#,
    )
    .says(
        "Has Dropbox itself fetch what is at an address and keep it at this path; beside it where something is.
It is not asked for again where the answer got lost.",
    ),
    remote(
        "Connection.changes",
        &[NotFound, InvalidArgument, Conflict],
        r#"let dbx = dropbox();
let before = dbx.changes("/reports");
dbx.write_text("/reports/march.csv", "month,sum");
for item in dbx.changes("/reports", before.cursor).items { print(`${item.kind} ${item.path}`); }"#,
    )
    .says(
        "What changed below a folder since a cursor, and the next cursor; without one all that is there.
A cursor that Dropbox has dropped is a `conflict` with the tag `reset`.",
    ),
    remote(
        "Connection.wait_for_changes",
        &[NotFound, InvalidArgument, Conflict],
        r#"let dbx = dropbox();
let before = dbx.changes("/reports");
dbx.write_text("/reports/march.csv", "month,sum");
let after = dbx.wait_for_changes("/reports", before.cursor, "30s");
print(after.timed_out);"#,
    )
    .says("Waits until something changes below a folder, since a cursor or from now on, at most so long."),
    remote(
        "Connection.request",
        &[InvalidArgument, Unsupported, NotAllowed],
        r#"let found = dropbox().request("files/get_metadata", #{ path: "/notes.txt" });
print(found.size);"#,
    )
    .says(
        "Calls any rpc route of Dropbox by its name, and gives its answer.
One that may change something is not repeated where its answer got lost, and is `not_allowed` under the guards of a run.",
    ),
    remote(
        "Connection.request_all",
        &[InvalidArgument, Unsupported, NotAllowed],
        r#"let all = dropbox().request_all("files/list_folder", #{ path: "/reports" }, "entries");
print(all.len());"#,
    ),
];
