//! `docs`: the reference at the command line.

use crate::support::Lab;

#[test]
fn all_of_it_is_a_line_each() {
    let done = Lab::new().command(&["docs"]).success();
    for line in [
        "Methods of Connection",
        "    upload  ",
        "    file::list  ",
        "Properties of Item",
    ] {
        assert!(
            done.stdout.contains(line),
            "no `{line}` in\n{}",
            done.stdout
        );
    }
}

#[test]
fn a_function_has_a_page() {
    let done = Lab::new().command(&["docs", "upload"]).success();
    assert!(
        done.stdout
            .starts_with("dbx.upload(source, folder: text [, options: map]) -> Report\n")
    );
    assert!(done.stdout.contains("\nExample\n"), "{}", done.stdout);
    let done = Lab::new()
        .command(&["docs", "upload", "--markdown"])
        .success();
    assert!(
        done.stdout.starts_with("### `Connection.upload`\n"),
        "{}",
        done.stdout
    );
}

#[test]
fn a_wrong_name_is_told_the_nearest() {
    Lab::new()
        .command(&["docs", "uplod"])
        .stderr_contains("did you mean `upload`?")
        .status(2);
}

#[test]
fn it_comes_as_markdown_and_as_definitions() {
    let done = Lab::new().command(&["docs", "--markdown"]).success();
    assert!(done.stdout.starts_with("# What scripts can call\n"));
    let done = Lab::new().command(&["docs", "--definitions"]).success();
    assert!(done.stdout.starts_with("module static;\n"));
    Lab::new()
        .command(&["docs", "upload", "--definitions"])
        .status(2);
}
