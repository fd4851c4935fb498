//! Notes on texts in the forms of other programs, on what is kept between runs, and on what is beside Dropbox.

use super::{Note, local};
use crate::error::ErrorKind::{InvalidArgument, LocalIo, NotAllowed, Unsupported};
use crate::script::modules::{CsvFormatOptions, CsvParseOptions, JsonFormatOptions};

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
