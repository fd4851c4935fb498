//! Notes on texts in the forms of other programs, on what is kept between runs, and on what is beside Dropbox.

use super::{Note, local};
use crate::error::ErrorKind::{
    InvalidArgument, LocalIo, Network, NotAllowed, NotFound, Permission, RateLimited, Server,
    Timeout, Unsupported,
};
use crate::script::modules::{CsvFormatOptions, CsvParseOptions, HttpOptions, JsonFormatOptions};

pub(super) const NOTES: &[Note] = &[
    local(
        "json::parse",
        &[InvalidArgument],
        r#"let settings = json::parse(`{"folder": "/reports", "days": 30}`);
print(settings.folder);"#,
    )
    .says(
        "The value that a JSON text tells: objects are maps, `null` is `()`. An integer past 64 bits is an error, since it would lose digits.",
    ),
    local(
        "json::format",
        &[InvalidArgument],
        r#"file::write_text("sizes.json", json::format(#{ "a.csv": 12, "b.csv": 34 }, #{ indent: 2 }));"#,
    )
    .takes(JsonFormatOptions::OPTIONS)
    .says(
        "The value as JSON. Times and lengths of it become text, blobs become base64; a closure or a connection is an error that names its place.",
    ),
    local(
        "csv::parse",
        &[InvalidArgument],
        r#"for row in csv::parse(file::read_text("out/january.csv")) { print(`${row.month}: ${row.sum}`); }"#,
    )
    .takes(CsvParseOptions::OPTIONS)
    .says(
        "The rows of a table: maps by what the first row says, or with `header: false` arrays. All fields are text: `parse_int(row.sum)` makes
a number of one.",
    ),
    local(
        "csv::format",
        &[InvalidArgument],
        r#"let rows = [];
for item in dropbox().list("/reports") { rows.push(#{ name: item.name, size: item.size }); }
file::write_text("sizes.csv", csv::format(rows, #{ columns: ["name", "size"] }));"#,
    )
    .takes(CsvFormatOptions::OPTIONS)
    .says(
        "A table of rows that are maps or arrays. Maps are written below a header with all their keys in order, or with `columns`; what a map
does not have is an empty field.",
    ),
    local(
        "http::get",
        &[
            NotAllowed, InvalidArgument, NotFound, Permission, RateLimited, Server, Network, Timeout, Unsupported,
        ],
        r#"let status = attempt(|| http::get("http://127.0.0.1:9/status.json", #{ timeout: "5s" }));
print(if status.ok { status.value.json } else { status.error.kind });"#,
    )
    .takes(HttpOptions::OPTIONS)
    .says(
        "Asks a server that `--allow-net` names, and those that it redirects to, which must be named too and get no headers of the first. Gives
`#{ status, headers, text, json }`: names of headers are in lower case, `json` is `()` where the answer is none. An answer of 400 and more
is raised, unless `raise: false`. Of an address messages tell the host only. Nothing is tried again.",
    ),
    local(
        "http::post",
        &[
            NotAllowed, InvalidArgument, NotFound, Permission, RateLimited, Server, Network, Timeout, Unsupported,
        ],
        r#"let sent = attempt(|| http::post("http://127.0.0.1:9/hook", #{ text: "all sent" }));
if !sent.ok { log::warn(`nobody was told: ${sent.error.message}`); }"#,
    )
    .takes(HttpOptions::OPTIONS)
    .says(
        "Sends a map or array as JSON, a text, or a blob, to a server that `--allow-net` names; otherwise as `http::get`. A redirect that would
carry what is sent to another server is refused. Under a dry run nothing is sent: the answer is an empty one with `planned: true`.",
    ),
    local(
        "env::get",
        &[NotAllowed, InvalidArgument, Unsupported],
        r#"let folder = env::get("REPORTS", "/reports");
print(dropbox().list(folder).count());"#,
    )
    .says(
        "A variable of the environment, else the default, else `()`. Only those that `--allow-env NAME` names, or the configuration; those with
credentials never.",
    ),
    local(
        "state::get",
        &[Unsupported, LocalIo],
        r#"let last = state::get("last run", "2026-01-01");
print(dropbox().list("/reports", #{ newer_than: time::parse(last) }).count());
state::set("last run", `${time::now()}`);"#,
    )
    .says(
        "What an earlier run of this script has set, else the default, else `()`. Each script has a state of its own, by its file; code that is
in no file has none.",
    ),
    local(
        "state::set",
        &[InvalidArgument, Unsupported, LocalIo],
        r#"state::set("seen", state::get("seen", 0) + 1);"#,
    )
    .says(
        "Keeps a value for later runs of this script, in place of the one before; `()` removes it. Values are kept as JSON: times come back as
text. One has 1 MiB at most, all of a script 16 MiB.",
    ),
    local(
        "state::remove",
        &[Unsupported, LocalIo],
        r#"if state::remove("seen") { print("begins anew"); }"#,
    ),
];
