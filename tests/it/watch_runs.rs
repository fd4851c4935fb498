//! `watch`: which files lead to runs, how many at a time, and how it all ends.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::support::{Child, Lab, Terminal};

/// Tells what led to the run.
const TELLS: &str = r"
    let files = event.files.map(|file| `${file.kind} ${file.relative}`);
    print(`${event.source} ${files}.`);
";

/// Tells it, and goes on until the test makes the file `go`.
const WAITS: &str = r#"
    for file in event.files { print(`begins ${file.relative}.`) }
    while event.files.len() > 0 && !file::exists("go") { sleep(0.01) }
    for file in event.files { print(`ends ${file.relative}.`) }
"#;

fn watch(script: &str, options: &[&str]) -> Lab {
    let lab = Lab::new().command(&["watch", "script.rhai", "data"]);
    fs::create_dir(lab.path("data")).unwrap();
    lab.args(&["--settle", "50ms"]).args(options).script(script)
}

fn end(mut child: Child) -> String {
    child.interrupt();
    child.end(130).stdout
}

#[test]
fn only_files_that_pass_the_filter_count() {
    let options = [
        "--include",
        "*.csv;*.txt",
        "--exclude",
        "~*",
        "--exclude-folders",
        "tmp",
        "--larger-than",
        "1",
    ];
    let mut child = watch(TELLS, &options).start();
    child.says("start [].");
    child
        .write("data/a.log", "22")
        .write("data/~b.csv", "22")
        .write("data/tmp/c.csv", "22")
        .write("data/small.csv", "1")
        .write("data/sub/d.csv", "22");
    child.says(r#"["created sub/d.csv"]"#);
    child.write("data/e.txt", "22").says("created e.txt");
    assert_eq!(end(child).matches("created").count(), 2);

    let mut child = watch(TELLS, &["--no-subfolders"]).start();
    child
        .says("start [].")
        .write("data/sub/a", "")
        .write("data/b", "");
    child.says(r#"["created b"]"#);
    assert!(!end(child).contains("sub"));
    Lab::new()
        .command(&["watch", "script.rhai", ".", "--include", "a[b"])
        .script("")
        .stderr_contains("`a[b`")
        .status(2);
}

#[test]
fn only_changes_that_are_wanted_count() {
    let options = ["--events", "removed,modified", "--initial", "none"];
    let mut child = watch(TELLS, &options).local("data/a", "1").start();
    child.says("start [].");
    child.write("data/b", "1").write("data/a", "22");
    child.says(r#"["modified a"]"#);
    fs::remove_file(child.path("data/a")).unwrap();
    child.says(r#"["removed a"]"#);
    assert!(!end(child).contains('b'));
}

#[test]
fn several_runs_go_on_at_once_with_different_files() {
    let mut child = watch(WAITS, &["--jobs", "2", "--batch", "1"])
        .local("data/a", "1")
        .local("data/b", "1")
        .local("data/c", "1")
        .start();
    // The two print in the order that they like.
    child.says("begins ").says("begins ");
    assert!(!child.said().contains("begins c."));
    child.write("go", "").says("begins c.");
    child.says("ends c.");
    end(child);
}

#[test]
fn a_busy_run_is_stopped_for_newer_files_where_that_is_wanted() {
    let script = r#"
        let files = event.files.map(|file| file.relative);
        print(`${files}.`);
        if files == ["a"] { sleep("10 minutes") }
    "#;
    let mut child = watch(script, &["--on-busy", "restart"]).start();
    child.says("[].").write("data/a", "1").says(r#"["a"]."#);
    child.write("data/b", "1");
    child.complains("run 2: stopped for what came meanwhile");
    child.says(r#"["a", "b"]."#);
    child.interrupt();
    let stderr = child.end(130).stderr;
    assert!(!stderr.contains("error"), "nobody is to blame: {stderr}");
}

#[test]
fn what_comes_during_a_run_is_left_out_where_that_is_wanted() {
    let mut child = watch(WAITS, &["--on-busy", "skip"]).start();
    child.write("data/a", "1").says("begins a.");
    child.write("data/b", "1").complains("left out");
    child.write("go", "").says("ends a.");
    child.write("data/c", "1").says("ends c.");
    assert!(!end(child).contains("begins b."));
}

#[test]
fn a_file_that_a_script_writes_below_what_it_watches_does_not_lead_to_a_run() {
    let script = r#"
        for file in event.files {
            print(`${file.kind} ${file.relative}.`);
            file::write_text(`data/${file.name}.out`, "out");
            file::append_text("data/log", "line");
            file::copy(file.path, "data/copy");
            file::move("data/copy", "data/moved");
            file::delete("data/moved");
            dropbox().upload_file(file.path, "/a.txt");
            dropbox().download_file("/a.txt", `data/${file.name}.down`);
        }
    "#;
    let mut child = watch(script, &[]).emulated().start();
    for name in ["a", "b", "c"] {
        child.write(&format!("data/{name}"), name);
        child.says(&format!("created {name}."));
    }
    let stdout = end(child);
    assert_eq!(stdout.lines().count(), 3, "{stdout}");
}

#[test]
fn a_signal_lets_the_run_finish() {
    let lab = watch(WAITS, &["--journal", "journal.db"]);
    let mut child = lab.local("data/a", "1").start();
    child.says("begins a.").terminate();
    child.complains("ends with the run");
    child.write("data/b", "1").write("go", "");
    let stdout = child.end(143).stdout;
    assert_eq!(stdout, "begins a.\nends a.\n");
}

#[test]
fn a_run_that_does_not_end_is_stopped_and_its_files_come_again() {
    let mut child = watch(WAITS, &["--stop-timeout", "100ms"])
        .local("data/a", "1")
        .start();
    child.says("begins a.").terminate();
    let done = child.end(143);
    assert_eq!(done.stdout, "begins a.\n");
    done.left_nothing_temporary();
}

#[test]
fn a_second_signal_ends_it_now() {
    let mut child = watch("loop {}", &[]).local("data/a", "1").start();
    child.complains("run 1").terminate();
    child.complains("ends with the run").interrupt();
    child.end(130);
}

#[test]
fn a_hangup_reads_the_configuration_again() {
    let script = "print(`${event.source} ${try_env()}.`); fn try_env() { file::exists(\"/etc\") }";
    let config = "../home/config/dropscript/config.toml";
    let lab = watch(script, &[]).local(config, "[permissions]\nread = [\"/etc\"]\n");
    let mut child = lab.start();
    child.says("start true.").reload();
    child.complains("was read again").says("script true.");
    child.write(config, "[permissions]\n").reload();
    child.complains("may not read `/etc`");
    end(child);
}

#[test]
fn a_supervisor_is_told_when_it_is_ready() {
    let lab = watch(TELLS, &[]);
    let path = lab.path("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let told = || {
        let mut state = [0; 64];
        let length = socket.recv(&mut state).unwrap();
        String::from_utf8_lossy(&state[..length]).into_owned()
    };
    let mut child = lab.env("NOTIFY_SOCKET", path.to_str().unwrap()).start();
    assert_eq!(told(), "READY=1");
    child.terminate();
    assert_eq!(told(), "STOPPING=1");
    child.end(143);
}

#[test]
fn what_happens_to_files_can_be_had_as_json() {
    let script = r#"for file in event.files { throw "no good" }"#;
    let mut child = watch(script, &["--json", "--retries", "0"])
        .local("data/a", "1")
        .start();
    child.says(r#"{"event":"watching","paths":["data"]}"#);
    child.says(r#""event":"given_up","id":""#);
    end(child);
}

#[test]
fn the_terminal_is_as_it_was_after_a_signal() {
    let lab = watch("print(`${event.source} run`)", &[]);
    let journal = lab.path("journal.db").display().to_string();
    // A shell, so that somebody is there to look at the terminal afterwards.
    let line = format!(
        "echo before $(stty -g).; {} watch script.rhai data --journal {journal}; echo status $?; echo after $(stty -g).",
        env!("CARGO_BIN_EXE_dropscript")
    );
    let lab = Lab::of(lab.into_folder()).program("sh");
    let mut child = lab.command(&["-c", &line]).start_at_a_terminal();
    child.says("before ").says("start run");
    child.says("watching · 0 waiting");
    terminate_the_one_with(&journal);
    child.says("status 143").says("after ");
    let said = child.end(0).stdout;
    let modes = |which: &str| {
        let (_, rest) = said.split_once(which).unwrap();
        rest.split_once('.').unwrap().0.to_owned()
    };
    assert_eq!(modes("before "), modes("after "));
}

/// Sends SIGTERM to the program with this among its arguments.
fn terminate_the_one_with(argument: &str) {
    let program = env!("CARGO_BIN_EXE_dropscript");
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let pid = processes.filter_map(|process| {
        let line = fs::read(process.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).into_owned();
        let mut words = line.split('\0');
        (words.next() == Some(program) && words.any(|word| word == argument))
            .then(|| process.file_name().to_str()?.parse().ok())?
    });
    let pid = pid.last().and_then(rustix::process::Pid::from_raw);
    rustix::process::kill_process(pid.unwrap(), rustix::process::Signal::TERM).unwrap();
}

#[test]
fn keys_run_pause_and_quit() {
    let lab = watch("print(`${event.source} run`)", &[]).env("LANG", "C.UTF-8");
    let terminal = Terminal::start(lab, 100, 20);
    terminal.shows("start run");
    terminal.shows("watching · 0 waiting");
    terminal.presses(&["r"]);
    terminal.shows("script run");
    // What was there before is gone.
    assert!(!terminal.screen().contains("start run"));
    terminal.presses(&["p"]);
    terminal.shows("paused · ");
    fs::write(terminal.lab().path("data/a"), "1").unwrap();
    terminal.shows("paused · 1 waiting");
    terminal.presses(&["p"]);
    terminal.shows("local run");
    terminal.presses(&["q"]);
    terminal.has_ended();
}
