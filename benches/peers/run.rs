//! One program's run, and what it took.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Far beyond what any run takes.
const GUARD: Duration = Duration::from_secs(900);

/// Clock ticks a second, in which Linux counts processor time.
const TICKS: u32 = 100;

/// What a run took.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) time: Duration,
    pub(crate) calls: u64,
    pub(crate) bytes_up: u64,
    pub(crate) bytes_down: u64,
    /// The most memory that the program had at a time, in bytes.
    pub(crate) memory: u64,
    /// Processor time.
    pub(crate) cpu: Duration,
}

struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a program to its end, which must be a good one, and looks at it meanwhile. Calls and bytes are for others to fill in.
pub(crate) fn measured(command: &mut Command) -> Figures {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let started = Instant::now();
    let mut program = Program(command.spawn().expect("the program starts"));
    let process = format!("/proc/{}", program.0.id());
    let mut figures = Figures::default();
    loop {
        figures.memory = memory(&process).unwrap_or(figures.memory);
        figures.cpu = cpu(&process).unwrap_or(figures.cpu);
        if let Some(status) = program.0.try_wait().expect("a program to wait for") {
            figures.time = started.elapsed();
            assert!(status.success(), "{command:?}: {status}");
            return figures;
        }
        assert!(started.elapsed() < GUARD, "{command:?} does not end");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn memory(process: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

fn cpu(process: &str) -> Option<Duration> {
    let stat = fs::read_to_string(format!("{process}/stat")).ok()?;
    // Behind the name, which ends with the last parenthesis, user and system time are the 12th and 13th.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some(Duration::from_secs(1) * (user + system) / TICKS)
}
