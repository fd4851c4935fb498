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
        "DateTime.format",
        &[InvalidArgument],
        r#"print(time::now().format("%A, %e %B %Y"));"#,
    ),
];
