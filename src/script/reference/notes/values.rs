//! Notes on values, errors and the flow of a script.

use super::{Note, local, remote};
use crate::error::ErrorKind::{InvalidArgument, LocalIo};

pub(super) const NOTES: &[Note] = &[
    local("args", &[], "for word in args { print(word); }")
        .says("The words behind the script's name on the command line, an array of texts."),
    local(
        "event",
        &[],
        "for file in event.files { print(`${file.kind}: ${file.relative}`); }",
    )
    .says(
        "What triggered this run of `watch`, a map: `source` (\"start\", \"script\", \"local\", \"remote\", else \"none\"), `files` and `id`.
An entry of `files` has `path`, `root`, `relative`, `folder`, `name`, `kind`, `size`, `modified`, `hash` and `attempt`.",
    ),
    local("script", &[], "print(script.name);").says(
        "Where the main script is, a map: `path`, `folder` and `name`; `()` each where it is in no file.",
    ),
    remote(
        "Listing.to_array",
        &[],
        r#"let items = dropbox().list("/reports").to_array();
print(items.len());"#,
    ),
    remote(
        "Listing.count",
        &[],
        r#"print(dropbox().list("/reports", #{ larger_than: "1 KB" }).count());"#,
    ),
    remote("Listing.len", &[], r#"print(dropbox().list("/reports").len());"#),
    remote(
        "Listing.first",
        &[],
        r#"let newest = dropbox().list("/reports", #{ sort: "-modified" }).first();
print(newest.name);"#,
    ),
    remote(
        "Listing.is_empty",
        &[],
        r#"if dropbox().list("/reports").is_empty() { print("nothing yet"); }"#,
    ),
    remote(
        "Listing.map",
        &[],
        r#"print(dropbox().list("/reports").map(|item| item.name));"#,
    ),
    remote(
        "Listing.filter",
        &[],
        r#"print(dropbox().list("/reports").filter(|item| item.name.contains("uary")));"#,
    ),
    local(
        "attempt",
        &[],
        r#"let text = attempt(|| dropbox().read_text("/no such file.txt"));
print(if text.ok { text.value } else { text.error.message });"#,
    )
    .says(
        "Calls the closure and gives `#{ ok, value, error }` instead of raising.
An end of the whole run (an interruption, its timeout, a limit) is not held up by it.",
    ),
    local(
        "kind_of",
        &[],
        r#"try { dropbox().info("/no such file.txt") } catch (e) { print(kind_of(e)); }"#,
    ),
    local(
        "message_of",
        &[],
        r#"try { throw "so it goes" } catch (e) { print(message_of(e)); }"#,
    ),
    local(
        "assert",
        &[],
        r#"assert(file::exists("out"), "there is nothing to send");"#,
    ),
    local("assert_eq", &[], "assert_eq(1 + 1, 2);")
        .says("Raises when the two are not the same, and says what they differ in, line by line where they are large."),
    local(
        "parallel",
        &[InvalidArgument],
        r#"let texts = parallel(["/notes.txt", "/reports/january.csv"], 4, |path| dropbox().read_text(path));
print(texts.len());"#,
    )
    .says(
        "Calls the closure on each value of an array or a listing, from 1 to 64 at a time, and gives the results in the order of the values.
The first error is raised when what was begun has ended; nothing more is begun. What a closure writes to variables outside of it may get
lost: let it return what it has found.",
    ),
    local("log::info", &[], "log::info(`${args.len()} words`);")
        .says("Says what happens: on standard error, with `-q` not at all. A program that embeds the host hears it with `on_log`."),
    local("log::warn", &[], r#"log::warn("there is little room left");"#),
    local("log::error", &[], r#"log::error("one of them failed");"#),
    local(
        "sleep",
        &[InvalidArgument],
        r#"sleep("10ms");"#,
    ),
    local(
        "done",
        &[InvalidArgument, LocalIo],
        "for file in event.files { print(file.relative); done(file); }",
    ),
    local("exit", &[InvalidArgument], "if args.len() > 3 { exit(2); }")
        .says("Ends the script, as a success or with this exit status."),
];
