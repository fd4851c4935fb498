//! From closing a file to the script's first line, with ten thousand folders watched, and the processor's time while nothing happens.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const FOLDERS: usize = 10_000;
const FILES: usize = 300;
const SETTLE: Duration = Duration::from_millis(100);
const IDLE: Duration = Duration::from_secs(30);

/// Writes down the time, and the files that it has.
const SCRIPT: &str = r#"
    let now = time::now();
    for file in event.files { file::append_text("log", `${now} ${file.relative}` + "\n") }
"#;

/// A program that watches, started in a folder with `root` and `script.rhai`.
struct Contestant {
    name: &'static str,
    command: Command,
    settle: Duration,
}

/// Measures ours, and watchexec where it is there.
pub(crate) fn measure(watchexec: Option<&str>) {
    println!(
        "\nA file at a time is closed, of {FILES}, in {FOLDERS} folders; milliseconds until the script has it, less the time to settle"
    );
    println!(
        "  {:<12} {:>7} {:>7} {:>7} {:>6} {:>16}",
        "", "median", "p99", "worst", "lost", "CPU at rest, %"
    );
    let installed = PathBuf::from("target/watchexec/bin/watchexec");
    let watchexec = watchexec.map_or(installed, PathBuf::from);
    let mut all = vec![ours()];
    if watchexec.exists() {
        all.push(theirs(&watchexec));
    }
    for contestant in all {
        compare(contestant);
    }
}

fn ours() -> Contestant {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dropscript"));
    command.args(["watch", "script.rhai", "root", "--settle", "100ms"]);
    command.args(["--journal", "journal.db"]);
    Contestant {
        name: "dropscript",
        command,
        settle: SETTLE,
    }
}

/// It tells of the files by a variable of the environment; the shell that it starts writes them down.
fn theirs(program: &Path) -> Contestant {
    let mut command = Command::new(program.canonicalize().expect("it is there"));
    command.args([
        "-w",
        "root",
        "--debounce",
        "100ms",
        "--on-busy-update",
        "queue",
    ]);
    command.args([
        "--postpone",
        "--emit-events-to",
        "json-stdio",
        "--shell",
        "none",
        "--",
    ]);
    command.args(["sh", "-c"]);
    command.arg(r#"now=$(date -u +%Y-%m-%dT%H:%M:%S.%NZ); grep -o '"absolute":"[^"]*"' | sed "s|^|$now |" >> log"#);
    Contestant {
        name: "watchexec",
        command,
        settle: SETTLE,
    }
}

fn compare(mut contestant: Contestant) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path().join("root");
    for n in 0..FOLDERS {
        fs::create_dir_all(root.join(format!("{:02}/{n}", n / 100))).expect("made");
    }
    fs::write(folder.path().join("script.rhai"), SCRIPT).expect("written");
    let command = contestant.command.current_dir(folder.path());
    command.env("DROPSCRIPT_STATE", folder.path().join("state"));
    let process = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let process = Running(process.spawn().expect("it starts"));
    wait_until_it_watches(&root, &folder.path().join("log"));
    let before = process.time();
    thread::sleep(IDLE);
    let taken = process.time().saturating_sub(before);
    let idle = taken.as_secs_f64() / IDLE.as_secs_f64() * 100.0;
    let mut closed = Vec::new();
    for n in 0..FILES {
        let name = format!(
            "{:02}/{}/f{n}.txt",
            n * 31 % FOLDERS / 100,
            n * 31 % FOLDERS
        );
        fs::write(root.join(&name), "1").expect("written");
        closed.push((name, now()));
        thread::sleep(Duration::from_millis(20 + n as u64 * 7 % 50));
    }
    let log = folder.path().join("log");
    let mut times = settled(&log, &closed);
    let lost = FILES - times.len();
    for time in &mut times {
        *time = time.saturating_sub(contestant.settle);
    }
    times.sort_unstable();
    let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)].as_millis();
    println!(
        "  {:<12} {:>7} {:>7} {:>7} {lost:>6} {idle:>16.3}",
        contestant.name,
        at(50),
        at(99),
        at(100)
    );
}

/// How long each file took until it was written down, of those that were.
fn settled(log: &Path, closed: &[(String, Duration)]) -> Vec<Duration> {
    let begun = Instant::now();
    let mut last = 0;
    loop {
        let text = fs::read_to_string(log).unwrap_or_default();
        let first = |name: &str| {
            let line = text.lines().find(|line| line.contains(name))?;
            let (at, _) = line.split_once(' ')?;
            let at: jiff::Timestamp = at.parse().ok()?;
            u64::try_from(at.as_microsecond())
                .ok()
                .map(Duration::from_micros)
        };
        let times: Vec<_> = closed
            .iter()
            .filter_map(|(name, at)| Some(first(name)?.saturating_sub(*at)))
            .collect();
        // Nothing more comes when nothing has for so long.
        let is_over = begun.elapsed() > Duration::from_secs(10) && times.len() == last;
        if times.len() == closed.len() || is_over {
            return times;
        }
        last = times.len();
        thread::sleep(Duration::from_secs(1));
    }
}

fn wait_until_it_watches(root: &Path, log: &Path) {
    let begun = Instant::now();
    for n in 0.. {
        fs::write(root.join("00/0/ready.txt"), n.to_string()).expect("written");
        thread::sleep(Duration::from_millis(500));
        if log.exists() {
            return;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(120),
            "it does not watch"
        );
    }
}

fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
}

/// A program that runs until this is dropped.
struct Running(Child);

impl Running {
    /// The processor's time that it has taken.
    fn time(&self) -> Duration {
        let stat =
            fs::read_to_string(format!("/proc/{}/stat", self.0.id())).expect("Linux tells it");
        let (_, rest) = stat.rsplit_once(')').expect("a name in parentheses");
        let words: Vec<_> = rest.split_whitespace().collect();
        let ticks = |at: usize| words[at].parse::<u64>().expect("a number");
        // Of a hundred ticks a second: proc(5), `utime` and `stime`.
        Duration::from_millis((ticks(11) + ticks(12)) * 10)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
