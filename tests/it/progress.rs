//! What a person sees of tasks while they work.

use crate::support::Lab;

/// An upload that takes a while: the closure holds it up, and one file comes after the other.
const SLOW: &str = r#"
    file::create_folder("out");
    for number in 0..30 { file::write_text(`out/${number}.txt`, "some text"); }
    print("before");
    let times = 0;
    dropbox().upload("out", "/in", #{ parallel: 1,
        progress: |p| { if times < 4 { sleep("0.2s"); times += 1; if times == 3 { print("between"); } } }
    });
    print("after");
"#;

#[test]
fn a_terminal_shows_a_bar_and_clears_it_at_the_end() {
    let done = {
        let mut child = Lab::new().emulated().script(SLOW).start_at_a_terminal();
        child.says("after");
        child.end(0)
    };
    assert!(done.stdout.contains("upload: "), "{:?}", done.stdout);
    assert!(done.stdout.contains(" of 30 files"), "{:?}", done.stdout);
    // What the script prints has lines of its own.
    for word in ["before", "between", "after"] {
        let alone = |line: &str| line.trim_end_matches('\r').ends_with(word);
        assert!(done.stdout.split('\n').any(alone), "{:?}", done.stdout);
    }
}

#[test]
fn no_bar_where_none_is_wanted() {
    for flag in ["--no-progress", "--quiet"] {
        let mut child = Lab::new()
            .emulated()
            .script(SLOW)
            .arg(flag)
            .start_at_a_terminal();
        child.says("after");
        let done = child.end(0);
        assert!(!done.stdout.contains(" of 30 files"), "{:?}", done.stdout);
    }
}

#[test]
fn without_a_terminal_nothing_but_the_script_is_heard_of_what_is_soon_over() {
    let done = Lab::new().emulated().script(SLOW).success();
    assert_eq!(done.stdout, "before\nbetween\nafter\n");
    assert_eq!(done.stderr, "");
}

#[test]
fn an_error_names_the_files_that_failed_and_why() {
    Lab::new()
        .emulated()
        .local("out/a.txt", "a")
        .local("out/b ", "b")
        .local("out/c.txt", "c")
        .script(
            r#"
            dropbox().write_text("/in/a.txt", "other");
            dropbox().upload("out", "/in", #{ overwrite: "fail" });
            "#,
        )
        .stderr_contains("error: 2 of 3 failed")
        .stderr_contains("  out/a.txt: there is a file at `/in/a.txt` already")
        .stderr_contains("  out/b : Dropbox takes no name that ends with a space")
        .stderr_contains("rename it")
        .status(6);
}
