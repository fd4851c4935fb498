//! The program in the shells that people use.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::support::{Lab, Terminal};

const CONFIG: &str = "default = \"work\"\n[connections.work]\n[connections.home]\n";

/// A laboratory with two connections, a script and another file, where the program is on the path.
fn lab() -> Lab {
    let program = Path::new(env!("CARGO_BIN_EXE_dropscript"))
        .parent()
        .unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    Lab::new()
        .local("../home/config/dropscript/config.toml", CONFIG)
        .local("backup.rhai", "")
        .local("notes.txt", "")
        .local("old/more.rhai", "")
        .env("PATH", &path)
}

fn output(command: &mut Command) -> (String, String, Option<i32>) {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output();
    let output = output.unwrap_or_else(|error| {
        panic!("{error}: install `{name}`, or run `tests/run`, which does so")
    });
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        text(&output.stdout),
        text(&output.stderr),
        output.status.code(),
    )
}

/// What the cursor stands behind, and what is offered there, all of it.
const OFFERED: [(&str, &[&str]); 6] = [
    ("run --connection ", &["home", "work"]),
    ("run --connection w", &["work"]),
    ("connection show ", &["home", "work"]),
    ("run b", &["backup.rhai"]),
    ("hist", &["history"]),
    ("emulator --quir", &["--quirk"]),
];

fn sorted(text: &str) -> Vec<&str> {
    let words = text.lines().filter_map(|line| line.split('\t').next());
    let mut words: Vec<&str> = words
        .map(str::trim_end)
        .filter(|word| !word.is_empty())
        .collect();
    words.sort_unstable();
    words
}

#[test]
fn bash_completes_commands_options_connections_and_scripts() {
    const ASK: &str = r#"
        eval "$(dropscript completions bash)"
        IFS=' ' read -r -a COMP_WORDS <<< "dropscript $1"
        [[ $1 == *' ' ]] && COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _dropscript_more dropscript "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    for (line, offered) in OFFERED {
        let lab = lab();
        let (stdout, stderr, _) = output(lab.tool("bash").args(["-c", ASK, "bash", line]));
        assert_eq!(sorted(&stdout), offered, "{line}\n{stderr}");
    }
}

#[test]
fn fish_completes_commands_options_connections_and_scripts() {
    const ASK: &str = "dropscript completions fish | source; complete -C \"dropscript $argv\"";
    for (line, offered) in OFFERED {
        let lab = lab();
        let (stdout, stderr, _) = output(lab.tool("fish").args(["-c", ASK, line]));
        assert_eq!(sorted(&stdout), offered, "{line}\n{stderr}");
    }
}

#[test]
fn zsh_completes_commands_options_connections_and_scripts() {
    let lab = lab().program("zsh").command(&["-f", "-i"]);
    let terminal = Terminal::start(lab, 100, 24);
    terminal
        .types("PS1='%% '; autoload -Uz compinit; compinit -u -D; source <(dropscript completions zsh); clear; print ready")
        .presses(&["Enter"]);
    terminal.waits_until("prompt", |screen| screen.starts_with("ready"));
    for (typed, completed) in [
        ("run --connection w", "run --connection work"),
        ("run --connection=h", "run --connection=home"),
        ("connection show w", "connection show work"),
        ("run b", "run backup.rhai"),
        ("hist", "history"),
        ("emulator --quir", "emulator --quirk"),
    ] {
        terminal
            .presses(&["C-u"])
            .types(&format!("dropscript {typed}"));
        terminal.shows(&format!("% dropscript {typed}"));
        terminal.presses(&["Tab"]);
        terminal.shows(&format!("% dropscript {completed}"));
    }
    terminal.presses(&["C-u"]).types("exit").presses(&["Enter"]);
    terminal.has_ended();
}

#[test]
fn other_shells_get_their_scripts_too() {
    for shell in ["elvish", "powershell"] {
        let done = Lab::new().command(&["completions", shell]).success();
        assert!(
            done.stdout.contains("dropscript;connection;add"),
            "{}",
            done.stdout
        );
    }
    Lab::new()
        .command(&["completions", "cmd"])
        .stderr_contains("possible values")
        .status(2);
}

#[test]
fn each_command_has_a_manual_page() {
    let done = Lab::new().command(&["man", "pages"]).success();
    let names = fs::read_dir(done.path("pages")).unwrap();
    let mut names: Vec<String> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    for name in [
        "dropscript.1",
        "dropscript-run.1",
        "dropscript-connection-add.1",
        "dropscript-test.1",
    ] {
        assert!(names.contains(&name.to_owned()), "{names:?}");
    }
    let page = fs::read_to_string(done.path("pages/dropscript-run.1")).unwrap();
    for part in [
        ".TH dropscript-run 1",
        ".SH SYNOPSIS",
        "Examples:",
        "dry\\-run",
    ] {
        assert!(page.contains(part), "no `{part}` in\n{page}");
    }
}

#[test]
fn a_script_can_be_a_program() {
    let lab = lab().local(
        "tool",
        "#!/usr/bin/env -S dropscript run --\nprint(args); print(script.name);",
    );
    fs::set_permissions(lab.path("tool"), fs::Permissions::from_mode(0o755)).unwrap();
    let mut tool = lab.tool(lab.path("tool").to_str().unwrap());
    let (stdout, stderr, _) = output(tool.args(["--dry-run", "-x", "--", "a b"]));
    assert_eq!(
        stdout, "[\"--dry-run\", \"-x\", \"--\", \"a b\"]\ntool\n",
        "{stderr}"
    );
}

#[test]
fn a_reader_that_had_enough_ends_it_quietly() {
    let pipe = |line: &str| {
        let line = format!("set -o pipefail; {line} | head -n 1");
        output(lab().tool("bash").args(["-c", &line]))
    };
    for command in [
        "dropscript docs",
        "dropscript docs --markdown",
        "dropscript completions bash",
        "dropscript eval 'for i in 0..1000000 { print(`line ${i}`) }'",
        "dropscript eval --json 'for i in 0..1000000 { print(`line ${i}`) }'",
    ] {
        let (stdout, stderr, status) = pipe(command);
        assert_eq!(stdout.lines().count(), 1, "{command}");
        assert_eq!(stderr, "", "{command}");
        // A text that went into the pipe whole, before its reader was gone, is no failure.
        assert!(matches!(status, Some(0 | 141)), "{command}: {status:?}");
    }
}

#[test]
fn the_help_has_no_colour_where_none_is_wanted() {
    let said = |lab: Lab| lab.command(&["--help"]).start_at_a_terminal().end(0).stdout;
    assert!(said(lab()).contains('\x1b'), "in a terminal");
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let said = said(lab().env(name, value));
        assert!(
            said.contains("Usage") && !said.contains('\x1b'),
            "{name}: {said}"
        );
    }
}
