//! Notes on local files, paths and time.

use super::{Note, local};
use crate::error::ErrorKind::{InvalidArgument, LocalIo, NotAllowed, NotFound};

pub(super) const NOTES: &[Note] = &[
    local(
        "file::read_text",
        &[NotFound, NotAllowed, LocalIo],
        r#"print(file::read_text("out/january.csv"));"#,
    ),
    local(
        "file::write_text",
        &[NotAllowed, LocalIo],
        r#"file::write_text("done.txt", "all sent");"#,
    ),
    local(
        "file::read_blob",
        &[NotFound, NotAllowed, LocalIo, InvalidArgument],
        r#"print(file::read_blob("out/january.csv").len());"#,
    ),
    local(
        "file::write_blob",
        &[NotAllowed, LocalIo],
        r#"file::write_blob("copy.csv", dropbox().read_blob("/reports/january.csv"));"#,
    ),
    local(
        "file::append_text",
        &[NotAllowed, LocalIo],
        r#"file::append_text("log.txt", `${time::now()} done\n`);"#,
    ),
    local(
        "file::exists",
        &[NotAllowed],
        r#"if !file::exists("in") { file::create_folder("in"); }"#,
    ),
    local(
        "file::info",
        &[NotFound, NotAllowed, LocalIo],
        r#"print(file::info("out/january.csv").size);"#,
    ),
    local(
        "file::hash",
        &[NotFound, NotAllowed, LocalIo],
        r#"let local = file::hash("out/january.csv");
if local == dropbox().info("/reports/january.csv").hash { print("the same"); }"#,
    ),
    local(
        "file::list",
        &[NotFound, NotAllowed, InvalidArgument],
        r#"for file in file::list("out/*.csv") { print(`${file.name}: ${file.size} bytes`); }"#,
    ),
    local(
        "file::temp_folder",
        &[LocalIo],
        r#"let folder = file::temp_folder();
file::write_text(path::join(folder, "draft.txt"), "not for long");"#,
    ),
    local(
        "file::create_folder",
        &[NotAllowed, LocalIo],
        r#"file::create_folder("in/2026/may");"#,
    ),
    local(
        "file::delete",
        &[NotFound, NotAllowed, LocalIo],
        r#"file::delete("out/january.csv");"#,
    ),
    local(
        "file::copy",
        &[NotFound, NotAllowed, LocalIo],
        r#"file::copy("out/january.csv", "first.csv");"#,
    ),
    local(
        "file::move",
        &[NotFound, NotAllowed, LocalIo],
        r#"file::move("out/january.csv", "first.csv");"#,
    ),
    local(
        "path::join",
        &[],
        r#"print(path::join("/reports", "january.csv"));"#,
    ),
    local(
        "path::name",
        &[],
        r#"print(path::name("/reports/january.csv"));"#,
    ),
    local(
        "path::stem",
        &[],
        r#"print(path::stem("/reports/january.csv"));"#,
    ),
    local(
        "path::extension",
        &[],
        r#"print(path::extension("/reports/january.csv"));"#,
    ),
    local(
        "path::parent",
        &[],
        r#"print(path::parent("/reports/january.csv"));"#,
    ),
    local(
        "time::now",
        &[],
        r#"print(time::now().format("%Y-%m-%d"));"#,
    ),
    local(
        "time::parse",
        &[InvalidArgument],
        r#"let day = time::parse("2026-01-31");
let same = time::parse("report-31.01.2026", "report-%d.%m.%Y");
assert(day == same);"#,
    )
    .says(
        "The point in time that a text tells: RFC 3339 or 2822, or a date with a time of day or without. What names no zone is in UTC;
`2026-07-01T12:00[Europe/Berlin]` names one. A pattern says how another text is written; what it has no time of day in is midnight.",
    ),
    local(
        "time::ago",
        &[InvalidArgument],
        r#"let recent = dropbox().list("/reports").filter(|item| item.modified > time::ago("3 days"));
print(recent.len());"#,
    )
    .says(
        "The moment so long before this one: a number and a unit, as \"90s\", \"3 days\", \"1w 12h\". Months and years go by the calendar.",
    ),
    local(
        "time::seconds",
        &[InvalidArgument],
        "let soon = time::now() + time::seconds(90);",
    ),
    local(
        "time::minutes",
        &[InvalidArgument],
        "let soon = time::now() + time::minutes(5);",
    ),
    local(
        "time::hours",
        &[InvalidArgument],
        "let earlier = time::now() - time::hours(1.5);",
    ),
    local(
        "time::days",
        &[InvalidArgument],
        r#"let week = time::now() - time::days(7);
print(dropbox().list("/reports", #{ newer_than: week }).count());"#,
    ),
    local(
        "time::weeks",
        &[InvalidArgument],
        "let soon = time::now() + time::weeks(2);",
    ),
    local(
        "DateTime.format",
        &[InvalidArgument],
        r#"print(time::now().format("%A, %e %B %Y"));
print(time::now().format("%H:%M", "Europe/Berlin"));"#,
    )
    .says(
        "The time as text, by a pattern of `strftime`: `%Y-%m-%d`, `%H:%M:%S`, `%A`. It is that of UTC unless a zone is named, as
`Europe/Berlin` or `+02:00`. The zones are those that this program brings along.",
    ),
];
