//! The scripts that ship and are run by `watch` do what their headers say.

use std::fs;

use crate::support::Lab;

fn watch(script: &str, words: &[&str]) -> Lab {
    let script = format!("{}/scripts/{script}.rhai", env!("CARGO_MANIFEST_DIR"));
    let words = [&["watch", &script, "--settle", "50ms"], words].concat();
    Lab::new().command(&words).emulated()
}

#[test]
fn what_lands_in_a_folder_is_sent() {
    let mut child = watch("send-inbox", &["inbox", "--", "/inbox"])
        .local("inbox/sub/old.txt", "old")
        .start();
    child.says("sent /inbox/sub/old.txt");
    child
        .write("inbox/new.txt", "new")
        .says("sent /inbox/new.txt");
    fs::remove_file(child.path("inbox/new.txt")).unwrap();
    child
        .write("inbox/last.txt", "last")
        .says("sent /inbox/last.txt");
    child.interrupt();
    child.end(130).remote_is(&[
        ("/inbox/last.txt", "last"),
        ("/inbox/new.txt", "new"),
        ("/inbox/sub/old.txt", "old"),
    ]);
}

#[test]
fn what_others_put_into_a_folder_is_fetched() {
    let lab = watch("fetch-inbox", &["--remote", "/shared", "--", "here"])
        .remote("/shared/sub/old.txt", "old");
    let there = lab.path("../remote/shared");
    let mut child = lab.start();
    child.says("fetched sub/old.txt");
    fs::write(there.join("new.txt"), "new").unwrap();
    child.says("fetched new.txt");
    fs::write(there.join("new.txt"), "newer").unwrap();
    child.says("fetched new.txt");
    fs::remove_file(there.join("sub/old.txt")).unwrap();
    fs::write(there.join("last.txt"), "last").unwrap();
    child.says("fetched last.txt");
    let here = child.path("here");
    let read = |name: &str| fs::read_to_string(here.join(name)).unwrap();
    assert_eq!(
        [read("sub/old.txt"), read("new.txt"), read("last.txt")],
        ["old", "newer", "last"]
    );
    child.interrupt();
    child.end(130);
}

#[test]
fn an_index_is_rebuilt_when_anything_changes() {
    let lab =
        watch("rebuild-index", &["--remote", "/docs", "--", "/docs"]).remote("/docs/a.txt", "a");
    let there = lab.path("../remote/docs");
    let mut child = lab.start();
    child.says("1 files in /docs/index.md");
    fs::write(there.join("b.txt"), "bb").unwrap();
    child.says("2 files in /docs/index.md");
    fs::remove_file(there.join("a.txt")).unwrap();
    child.says("1 files in /docs/index.md");
    child.interrupt();
    let done = child.end(130);
    let index = &done.remote()["/docs/index.md"];
    assert!(index.contains("| b.txt | 2 | 20"), "{index}");
    assert!(
        !index.contains("a.txt") && !index.contains("index.md"),
        "{index}"
    );
}

#[test]
fn each_says_how_it_is_used() {
    for script in ["send-inbox", "fetch-inbox", "rebuild-index"] {
        let path = format!("{}/scripts/{script}.rhai", env!("CARGO_MANIFEST_DIR"));
        let done = Lab::new().command(&["run", &path]).emulated().status(2);
        assert!(done.stdout.starts_with("usage: "), "{}", done.stdout);
    }
}
