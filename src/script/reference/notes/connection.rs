//! Notes on connections and the five tasks.

use super::{Note, local, remote};
use crate::connection::Settings;
use crate::error::ErrorKind::{
    Conflict, Integrity, InvalidArgument, InvalidPath, LocalIo, NoSpace, NotFound, Partial,
    Unsupported,
};
use crate::tasks::{
    CreateFolderOptions, DeleteInOptions, DeleteOptions, ListOptions, TransferOptions, WriteOptions,
};

pub(super) const NOTES: &[Note] = &[
    local(
        "dropbox",
        &[InvalidArgument],
        r"let dbx = dropbox();
print(dbx.name);",
    )
    .takes(Settings::OPTIONS)
    .says(
        "A connection to Dropbox: of this run, of this name, or made of settings that are not saved.
It makes no request, and gives the same connection each time.",
    ),
    remote(
        "Connection.authenticate",
        &[],
        r"let account = dropbox().authenticate();
print(account.name.display_name);",
    ),
    remote(
        "Connection.as_member",
        &[InvalidArgument],
        r#"let ann = dropbox("team").as_member("team-member@example.com");
print(ann.list("/").count());"#,
    ),
    remote(
        "Connection.as_admin",
        &[InvalidArgument],
        r#"let all = dropbox("team").as_admin("team-admin@example.com");
print(all.list("/").count());"#,
    ),
    local(
        "Connection.in_namespace",
        &[InvalidArgument],
        r#"let home = dropbox().in_namespace("home");
print(home.exists("/notes.txt"));"#,
    ),
    remote(
        "Connection.upload",
        &[
            NotFound, Conflict, InvalidArgument, NoSpace, LocalIo, Integrity, Partial,
        ],
        r#"let sent = dropbox().upload("out/*.csv", "/reports", #{ overwrite: "changed" });
print(`${sent.transferred} sent, ${sent.skipped} unchanged`);"#,
    )
    .takes(TransferOptions::OPTIONS)
    .says(
        "Sends local files into a folder at Dropbox, which is made if it is missing.
A source is a file, a folder (its contents), a glob, an entry of `event.files` or `file::list`, or an array of these.",
    ),
    remote(
        "Connection.download",
        &[
            NotFound, Conflict, InvalidArgument, LocalIo, Integrity, Partial,
        ],
        r#"let fetched = dropbox().download("/reports", "in", #{ newer_than: "30 days" });
print(fetched);"#,
    )
    .takes(TransferOptions::OPTIONS)
    .says(
        "Fetches files from Dropbox into a local folder, which is made if it is missing.
A source is a file, a folder (its contents), a glob, an Item, or an array of these.",
    ),
    remote(
        "Connection.upload_file",
        &[NotFound, Conflict, InvalidPath, NoSpace, LocalIo, Integrity],
        r#"dropbox().upload_file("out/january.csv", "/reports/first.csv");"#,
    )
    .takes(TransferOptions::OPTIONS),
    remote(
        "Connection.download_file",
        &[NotFound, Conflict, LocalIo, Integrity],
        r#"dropbox().download_file("/notes.txt", "in/my notes.txt");"#,
    )
    .takes(TransferOptions::OPTIONS),
    remote(
        "Connection.list",
        &[NotFound, InvalidArgument],
        r#"for item in dropbox().list("/reports", #{ include: "*.csv", sort: "-size" }) {
    print(`${item.path}  ${item.size}`);
}"#,
    )
    .takes(ListOptions::OPTIONS)
    .says("What is in a folder, or matches a glob; iterate it with `for`. Pages are fetched as they are needed."),
    remote(
        "Connection.create_folder",
        &[Conflict, InvalidPath, NoSpace],
        r#"dropbox().create_folder("/reports/2026/may");"#,
    )
    .takes(CreateFolderOptions::OPTIONS),
    remote(
        "Connection.delete",
        &[NotFound, InvalidArgument, Partial],
        r#"dropbox().delete("/notes.txt");
dropbox().delete("/drafts", #{ missing_ok: true });"#,
    )
    .takes(DeleteOptions::OPTIONS),
    remote(
        "Connection.delete_in",
        &[NotFound, InvalidArgument, Partial],
        r#"let gone = dropbox().delete_in("/reports", #{ older_than: "90 days", include: "*.csv" });
print(`${gone.deleted} deleted`);"#,
    )
    .takes(DeleteInOptions::OPTIONS),
    remote(
        "Connection.info",
        &[NotFound],
        r#"let notes = dropbox().info("/notes.txt");
print(`${notes.name}: ${notes.size} bytes`);"#,
    ),
    remote(
        "Connection.exists",
        &[InvalidPath],
        r#"if dropbox().exists("/notes.txt") { print("there are notes"); }"#,
    ),
    remote(
        "Connection.read_text",
        &[NotFound, InvalidArgument, Integrity, Unsupported],
        r#"print(dropbox().read_text("/notes.txt"));"#,
    ),
    remote(
        "Connection.read_blob",
        &[NotFound, InvalidArgument, Integrity, Unsupported],
        r#"print(dropbox().read_blob("/notes.txt").len());"#,
    ),
    remote(
        "Connection.write_text",
        &[Conflict, InvalidPath, NoSpace, Integrity],
        r#"dropbox().write_text("/notes.txt", "milk, bread", #{ overwrite: "always" });"#,
    )
    .takes(WriteOptions::OPTIONS),
    remote(
        "Connection.write_blob",
        &[Conflict, InvalidPath, NoSpace, Integrity],
        r#"dropbox().write_blob("/four.bin", blob(4, 0xff));"#,
    )
    .takes(WriteOptions::OPTIONS),
];
