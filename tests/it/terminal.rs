//! `repl` in a real terminal, as a person sees it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Lab, Terminal};

fn repl() -> Lab {
    Lab::new().command(&["repl"]).env("LANG", "C.UTF-8")
}

/// At a screen of the usual size, when it is ready for input.
fn start(lab: Lab) -> Terminal {
    let terminal = Terminal::start(lab, 80, 24);
    terminal.shows_last(">");
    terminal
}

/// Types an input and waits for what comes of it.
fn say(terminal: &Terminal, input: &str, answer: &str) {
    types_at_once(terminal, input);
    terminal.presses(&["Enter"]);
    terminal.shows(answer);
    terminal.shows_last(">");
}

/// Types at an empty prompt, and waits until something of it is there: what comes next is then waited for in vain no more.
fn types_at_once(terminal: &Terminal, input: &str) {
    terminal.types(input);
    terminal.waits_until("input", |screen| {
        screen.trim_end().lines().last() != Some(">")
    });
}

#[test]
fn a_remote_path_is_completed() {
    let terminal = start(
        repl()
            .remote("/reports/january.csv", "1")
            .remote("/reports/june.csv", "2")
            .remote("/rest.txt", "3"),
    );
    terminal
        .types("dropbox().read_text(\"/rep")
        .presses(&["Tab"]);
    terminal.shows("> dropbox().read_text(\"/reports/");
    terminal.types("j").presses(&["Tab"]);
    // Two begin so: they are shown to choose from.
    let screen = terminal.shows("june.csv");
    assert!(screen.contains("january.csv"), "{screen}");
    terminal.types("a").presses(&["Tab"]);
    terminal.shows("> dropbox().read_text(\"/reports/january.csv\"");
    terminal.types(")").presses(&["Enter"]);
    terminal.shows("\n\"1\"\n");
}

#[test]
fn members_options_and_commands_are_completed_and_the_call_is_told_below() {
    let terminal = start(repl().emulated());
    say(&terminal, "let dbx = dropbox()", ">");
    terminal.types("dbx.uplo").presses(&["Tab"]).types("(");
    terminal.shows("> dbx.upload(\n  upload(source, folder: text [, options: map]) -> Report");
    terminal.types("\"a\", \"/b\", #{ overw").presses(&["Tab"]);
    terminal.shows("#{ overwrite:");
    terminal.shows("\n  overwrite: \"changed\", \"always\"");
    terminal.types("\"ne").presses(&["Tab"]);
    terminal.shows("\"newer\"");
    terminal.presses(&["C-c"]);
    terminal.types(":exp").presses(&["Tab", "Enter"]);
    terminal.shows("nothing has failed yet");
}

#[test]
fn a_function_goes_over_lines_typed_or_pasted() {
    let terminal = start(repl());
    terminal
        .types("fn twice(x) {")
        .presses(&["Enter"])
        .presses(&["Tab"])
        .types("x * 2")
        .presses(&["Enter"])
        .types("}")
        .presses(&["Enter"]);
    say(&terminal, "twice(21)", "\n42\n");
    // What is pasted is one input, and only Enter runs it.
    terminal.pastes("fn half(x) {\n\tx / 2\n}\nlet pasted = half(84);\n");
    terminal.shows("let pasted = half(84);");
    terminal.presses(&["Enter"]);
    say(&terminal, "`${pasted} of it`", "\n\"42 of it\"\n");
    // Up brings back the whole of it.
    terminal.presses(&["Up", "Up"]);
    terminal.waits_until("the pasted text once more", |screen| {
        screen.matches("fn half(x) {").count() == 2
    });
}

#[test]
fn ctrl_c_stops_an_upload_and_the_session_goes_on() {
    let lab = Lab::new().local("data.bin", "");
    fs::File::options()
        .write(true)
        .open(lab.path("data.bin"))
        .unwrap()
        .set_len(64 << 20)
        .unwrap();
    let mut emulator = Lab::new()
        .command(&[
            "emulator",
            "--listen",
            "127.0.0.1:0",
            "--bandwidth",
            "500KiB/s",
            "--latency",
            "20ms",
            "--json",
        ])
        .start();
    emulator.says("\"url\":\"");
    emulator.says("\"");
    let said = emulator.said();
    let url = said
        .split("\"url\":\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let settings = format!("#{{ endpoint: \"{url}\", access_token: \"emulator-access-token\" }}");
    let terminal = start(lab.command(&["repl"]).env("LANG", "C.UTF-8"));
    say(&terminal, &format!("let dbx = dropbox({settings})"), ">");
    say(&terminal, "let kept = 41", ">");
    say(&terminal, ":trace on", "the trace is on");
    terminal
        .types("dbx.upload(\"data.bin\", \"/up\")")
        .presses(&["Enter"]);
    // It is on its way, and would be for two minutes.
    terminal.shows("call: files/");
    terminal.presses(&["C-c"]);
    terminal.shows("interrupted");
    terminal.shows_last(">");
    say(&terminal, "kept + 1", "\n42\n");
    say(&terminal, "dbx.list(\"/\").count()", "\n0\n");
    terminal.presses(&["C-d"]);
    terminal.has_ended();
    emulator.interrupt();
    emulator.end(130);
}

#[test]
fn ctrl_c_clears_the_line_and_stops_a_call() {
    let terminal = start(repl());
    say(&terminal, "let a = 41;", ">");
    terminal.types("no such {").presses(&["Enter", "C-c"]);
    terminal.shows_last(">");
    terminal
        .types("print(\"be\" + \"gun\"); sleep(\"10 minutes\")")
        .presses(&["Enter"]);
    terminal.shows("\nbegun");
    terminal.presses(&["C-c"]);
    terminal.shows("interrupted");
    terminal.shows_last(">");
    say(&terminal, "a + 1", "\n42\n");
    terminal.types(":quit").presses(&["Enter"]);
    terminal.has_ended();
}

#[test]
fn what_was_typed_is_there_after_a_restart_without_its_secrets() {
    let terminal = start(repl().emulated());
    say(&terminal, "let first = 40 + 1", ">");
    say(
        &terminal,
        "let dbx = dropbox(#{ access_token: \"very secret\" })",
        ">",
    );
    say(&terminal, " let hidden = 1", ">");
    say(&terminal, "40 + 2", "\n42\n");
    terminal.presses(&["C-d"]);
    terminal.restart(80, 24);
    terminal.shows_last(">");
    terminal.presses(&["Up"]);
    terminal.shows("> 40 + 2");
    terminal.presses(&["Up"]);
    terminal.shows("> let dbx = dropbox(#{ access_token: \"…\" })");
    // A search finds what is further back.
    terminal.presses(&["C-c"]);
    terminal.shows_last(">");
    terminal.presses(&["C-r"]);
    terminal.shows("reverse-i-search");
    terminal.types("first");
    terminal.shows("let first = 40 + 1");
    terminal.presses(&["C-c"]);
    terminal.shows_last(">");
    terminal.presses(&["C-d"]);
    terminal.has_ended();
    let file = terminal.lab().path("../home/state/dropscript/repl-history");
    let history = fs::read_to_string(&file).unwrap();
    assert!(
        history.contains("let first")
            && !history.contains("very secret")
            && !history.contains("hidden"),
        "{history}"
    );
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}

#[test]
fn it_works_in_forty_columns() {
    let terminal = Terminal::start(
        repl().remote(
            "/a rather long folder/with a rather long name in it.txt",
            "12345",
        ),
        40,
        20,
    );
    terminal.shows("Tab completes");
    terminal.shows_last(">");
    // Longer than a line, with a hint that has to be cut.
    terminal.types("let all = dropbox().list(\"/a rather long folder\", #{ limit: 10 })");
    terminal.shows("> let all = dropbox().list(\"/a rather lo\nng folder\", #{ limit: 10 })");
    terminal.presses(&["Enter"]);
    terminal.shows_last(">");
    terminal.types("all").presses(&["Enter"]);
    let screen = terminal.shows("long name in it.txt");
    assert!(
        screen.lines().all(|line| line.chars().count() <= 40),
        "{screen}"
    );
    assert!(screen.contains("size  path\n 5 B  …"), "{screen}");
    terminal.types("dropbox().upload(\"a\", ");
    terminal.shows("\n  upload(source, folder: text [, optio");
    // The line stays where it is: the hint takes one line, however long it is.
    terminal.presses(&["C-c"]);
    terminal.resizes(80, 20);
    say(&terminal, "\"wide again\".len()", "\n10\n");
}

#[test]
fn wide_characters_take_their_room() {
    let terminal = start(
        repl()
            .remote("/写真/猫と犬.jpg", "1")
            .remote("/写真/e\u{301}te\u{301} 🎉.txt", "22"),
    );
    terminal.types("dropbox().list(\"/写").presses(&["Tab"]);
    terminal.shows("> dropbox().list(\"/写真/");
    terminal.types("\")").presses(&["Enter"]);
    let screen = terminal.shows("2 files, 3 B");
    assert!(screen.contains("  /写真/猫と犬.jpg"), "{screen}");
    terminal.shows_last(">");
    // The cursor is where it belongs: what is typed in the middle comes out there.
    terminal
        .types("\"猫犬\"")
        .presses(&["Left", "Left"])
        .types("と")
        .presses(&["Enter"]);
    terminal.shows("\n\"猫と犬\"\n");
}

#[test]
fn the_line_has_colours_and_the_matching_bracket() {
    let terminal = start(repl());
    terminal.types("let x = (1 + 2)");
    terminal.shows("> let x = (1 + 2)");
    let colored = terminal.colored_screen();
    // A keyword, a number, and both brackets, for the cursor is behind the second.
    for part in ["[35mlet", "[36m2", "[33m(", "[33m)"] {
        assert!(colored.contains(part), "no {part:?} in {colored:?}");
    }
}

#[test]
fn long_output_goes_through_a_pager() {
    let terminal = start(repl().env("PAGER", "sed -e 's/^/paged: /' -e 5q"));
    say(&terminal, ":doc upload", "paged: dbx.upload(");
    // What fits on the screen does not.
    say(&terminal, "[1, 2]", "\n[1, 2]\n");
}

#[test]
fn an_input_is_written_in_an_editor() {
    let lab = repl()
        .local("editor.sh", "sed -i 's/1/41/' \"$1\"")
        .env("EDITOR", "sh editor.sh");
    let terminal = start(lab.local("kept.rhai", "let kept = 1;"));
    say(&terminal, "1 + 1", "\n2\n");
    terminal.types(":edit").presses(&["Enter"]);
    terminal.shows("\n41 + 1\n42\n");
    say(&terminal, ":edit kept.rhai", ">");
    say(&terminal, "kept", "\n41\n");
}
