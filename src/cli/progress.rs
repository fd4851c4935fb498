//! What a person sees of tasks while they work: bars on a terminal, else a line now and then.

use std::collections::HashMap;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use dropscript::{ByteSize, Progress, Running};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::voice::{Voice, is_dumb, printable};

/// What is over sooner shows no bar.
const PATIENCE: Duration = Duration::from_millis(300);

/// When a line is due where there are no bars: the first, and those after it.
const FIRST_LINE: Duration = Duration::from_secs(10);
const NEXT_LINE: Duration = Duration::from_secs(30);

/// How many characters of a file's name are shown.
const NAME: usize = 40;

/// The bars that are on the terminal.
static BARS: OnceLock<MultiProgress> = OnceLock::new();

/// Writes above the bars, where there are some: what is on the terminal stays whole.
pub(super) fn above_the_bars<T>(write: impl FnOnce() -> T) -> T {
    match BARS.get() {
        Some(bars) => bars.suspend(write),
        None => write(),
    }
}

/// Standard error, above the bars.
pub(super) struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        above_the_bars(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// One line at the bottom of the terminal; nothing where there is none.
pub(super) struct StatusLine(Option<ProgressBar>);

impl StatusLine {
    pub(super) fn new(voice: Voice) -> Self {
        if voice.is_quiet() || !io::stderr().is_terminal() || is_dumb() {
            return Self(None);
        }
        let bars =
            BARS.get_or_init(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));
        Self(Some(bars.add(bar("{wide_msg}"))))
    }

    /// Whether anybody sees it.
    pub(super) fn is_shown(&self) -> bool {
        self.0.is_some()
    }

    /// Shows this, if it is not what is there.
    pub(super) fn show(&self, text: String) {
        if let Some(line) = &self.0
            && line.message() != text
        {
            line.set_message(text);
        }
    }
}

impl Drop for StatusLine {
    fn drop(&mut self) {
        if let Some(line) = &self.0 {
            line.finish_and_clear();
            if let Some(bars) = BARS.get() {
                bars.remove(line);
            }
        }
    }
}

/// Shows how far tasks are.
pub(super) struct Progressing {
    form: Form,
    voice: Voice,
    tasks: Mutex<HashMap<u64, Task>>,
}

/// How it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Nothing,
    Bars,
    Lines,
}

/// One task, as far as it was shown.
struct Task {
    begun: Instant,
    due: Instant,
    whole: Option<ProgressBar>,
    running: Vec<ProgressBar>,
}

impl Progressing {
    /// Shows it as standard error allows, or not at all.
    pub(super) fn new(voice: Voice, wanted: bool) -> Self {
        let form = if !wanted || voice.is_quiet() {
            Form::Nothing
        } else if io::stderr().is_terminal() && !is_dumb() {
            Form::Bars
        } else {
            Form::Lines
        };
        Self {
            form,
            voice,
            tasks: Mutex::default(),
        }
    }

    /// Shows how far a task is.
    pub(super) fn show(&self, progress: &Progress) {
        if self.form == Form::Nothing {
            return;
        }
        let now = Instant::now();
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        if progress.over {
            if let Some(task) = tasks.remove(&progress.id) {
                task.clear();
            }
            return;
        }
        let task = tasks.entry(progress.id).or_insert_with(|| Task::new(now));
        match self.form {
            Form::Bars if now - task.begun >= PATIENCE => task.draw(progress, now),
            Form::Lines if task.is_due(now) => {
                let line = sentence(progress, now - task.begun);
                self.voice.status(&line);
            }
            _ => {}
        }
    }
}

impl Task {
    fn new(now: Instant) -> Self {
        Self {
            begun: now,
            due: now + FIRST_LINE,
            whole: None,
            running: Vec::new(),
        }
    }

    /// Whether it is time for a line; then the next is due later.
    fn is_due(&mut self, now: Instant) -> bool {
        let due = now >= self.due;
        if due {
            self.due = now + NEXT_LINE;
        }
        due
    }

    fn draw(&mut self, progress: &Progress, now: Instant) {
        let bars =
            BARS.get_or_init(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));
        let whole = self
            .whole
            .get_or_insert_with(|| bars.add(bar("[{bar:24}] {msg}")));
        // Files without bytes, too, are something to do.
        if progress.total_bytes > 0 {
            whole.set_length(progress.total_bytes);
            whole.set_position(progress.bytes);
        } else {
            whole.set_length(progress.total);
            whole.set_position(progress.done);
        }
        whole.set_message(sentence(progress, now - self.begun));
        while self.running.len() > progress.running.len() {
            if let Some(line) = self.running.pop() {
                line.finish_and_clear();
                bars.remove(&line);
            }
        }
        while self.running.len() < progress.running.len() {
            self.running.push(bars.add(bar("  [{bar:16}] {msg}")));
        }
        for (line, file) in self.running.iter().zip(&progress.running) {
            line.set_length(file.size);
            line.set_position(file.bytes);
            line.set_message(of_file(file));
        }
    }

    fn clear(self) {
        for bar in self.running.iter().chain(&self.whole) {
            bar.finish_and_clear();
            if let Some(bars) = BARS.get() {
                bars.remove(bar);
            }
        }
    }
}

fn bar(template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).expect("the templates are well formed");
    // Added to the others before it is drawn, which gives it its place.
    ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::hidden())
        .with_style(style.progress_chars("=> "))
}

/// How far a task is, in words.
fn sentence(progress: &Progress, took: Duration) -> String {
    let Progress {
        task,
        done,
        total,
        bytes,
        total_bytes,
        moved,
        ..
    } = progress;
    let mut said = format!(
        "{task}: {done} of {total} files, {} of {}",
        ByteSize(*bytes),
        ByteSize(*total_bytes)
    );
    let seconds = took.as_secs();
    if let Some(rate) = moved.checked_div(seconds).filter(|rate| *rate > 0) {
        let left = total_bytes.saturating_sub(*bytes) / rate;
        let pace = format!(", {}/s, {} left", ByteSize(rate), span(left));
        said.push_str(&pace);
    }
    said
}

fn of_file(file: &Running) -> String {
    let name = printable(&file.file);
    let length = name.chars().count();
    // The end of a path tells more than its beginning.
    let name = match length.checked_sub(NAME) {
        Some(over) if over > 0 => format!("...{}", name.chars().skip(over + 3).collect::<String>()),
        _ => name,
    };
    format!(
        "{} of {}  {name}",
        ByteSize(file.bytes),
        ByteSize(file.size)
    )
}

/// Seconds as people say them.
fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress() -> Progress {
        Progress {
            task: "upload",
            done: 3,
            total: 10,
            bytes: 5 << 20,
            total_bytes: 65 << 20,
            moved: 4 << 20,
            ..Progress::default()
        }
    }

    #[test]
    fn it_says_how_much_is_done_how_fast_and_how_long_it_may_take() {
        let said = |seconds| sentence(&progress(), Duration::from_secs(seconds));
        assert_eq!(said(0), "upload: 3 of 10 files, 5.0 MB of 65.0 MB");
        assert_eq!(
            said(2),
            "upload: 3 of 10 files, 5.0 MB of 65.0 MB, 2.0 MB/s, 30 s left"
        );
        assert_eq!(
            (span(61), span(7_322)),
            ("1 min 1 s".into(), "2 h 2 min".into())
        );
    }

    #[test]
    fn a_line_is_due_now_and_then() {
        let begun = Instant::now();
        let mut task = Task::new(begun);
        let mut due = |seconds| task.is_due(begun + Duration::from_secs(seconds));
        let lines: Vec<u64> = (0..=80).filter(|seconds| due(*seconds)).collect();
        assert_eq!(lines, [10, 40, 70]);
    }

    #[test]
    fn of_a_long_path_the_end_is_shown_and_nothing_steers_the_terminal() {
        let file = Running {
            file: format!("/{}/a\x1b[31m.bin", "folder".repeat(20)),
            bytes: 1 << 20,
            size: 2 << 20,
        };
        let shown = of_file(&file);
        assert!(shown.starts_with("1.0 MB of 2.0 MB  ..."), "{shown}");
        assert!(shown.ends_with("a\u{fffd}[31m.bin"), "{shown}");
        assert!(shown.chars().count() < 70);
    }
}
