//! Why a script ended, and where.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use rhai::{Engine, EvalAltResult, Position};

use super::addresses;
use super::explain::{Explained, explain};
use super::gate::Stop;
use super::run::Run;
use super::vocabulary::Vocabulary;
use crate::error::{Error, ErrorKind};

/// Why a script did not run to its end, told for people.
///
/// `Display` gives the message and the innermost place; [`source`](std::error::Error::source) is the
/// [`Error`] behind it, where there is one.
#[derive(Debug, Clone)]
pub struct ScriptError {
    /// What sort of end it was; an exit status follows from it.
    pub reason: Reason,
    /// What went wrong: lower case, things in backticks.
    pub message: String,
    /// Where: the outermost call first, the failing place last. Empty when there is no place.
    pub frames: Vec<Frame>,
    /// What would mend it.
    pub hint: Option<String>,
    /// The error of ours that the script did not catch.
    pub error: Option<Arc<Error>>,
    /// The script and all modules that were read, those that failed included.
    pub files: Vec<PathBuf>,
}

/// What sort of end a script came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// It does not parse.
    Parse,
    /// It raised an error: one that it threw, or one of the engine.
    Raised,
    /// It did not catch an error of this kind.
    Failed(ErrorKind),
    /// It was cancelled.
    Interrupted,
    /// It ran past [`Limits::deadline`](super::Limits::deadline).
    Deadline,
    /// It ran into another limit.
    Limit,
}

/// One place in a script.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The file; `None` for code that came from none.
    pub file: Option<PathBuf>,
    /// What to call it.
    pub name: String,
    /// Its whole text.
    pub source: Arc<str>,
    /// From 1.
    pub line: usize,
    /// From 1, in characters. One past the end of the line when something is missing there.
    pub column: usize,
    /// A few words on this place.
    pub label: String,
}

impl ScriptError {
    /// The end of a script that failed with `error` before a line of it ran.
    pub(super) fn before_start(error: Error, run: &Run) -> Self {
        Self {
            reason: Reason::Failed(error.kind()),
            message: error.full_message(),
            frames: Vec::new(),
            hint: error.hint().map(str::to_owned),
            error: Some(Arc::new(error)),
            files: run.sources().files(),
        }
    }

    /// The end of a script at which the host itself failed.
    pub(super) fn broken(words: &str, run: &Run) -> Self {
        Self {
            reason: Reason::Raised,
            message: format!("the script host failed, which is a fault of its own: {words}"),
            frames: Vec::new(),
            hint: Some("please report it, with the script".to_owned()),
            error: None,
            files: run.sources().files(),
        }
    }

    /// The end that the gate gave a script.
    pub(super) fn stopped(stop: Stop, run: &Run) -> Self {
        let (reason, hint) = match stop {
            Stop::Deadline(_) => (Reason::Deadline, None),
            Stop::Operations(_) => (
                Reason::Limit,
                Some("is there a loop without an end?".to_owned()),
            ),
            Stop::Calls(_) => (
                Reason::Limit,
                Some("is there a function that calls itself without an end?".to_owned()),
            ),
            Stop::Nesting(_) => (
                Reason::Limit,
                Some("is there a value that is put into itself, again and again?".to_owned()),
            ),
            Stop::Memory(_) => (
                Reason::Limit,
                Some("work on one part after the other, and keep large files in files: `upload` and `download` never hold one whole".to_owned()),
            ),
            Stop::Interrupted | Stop::Exit(_) => (Reason::Interrupted, None),
        };
        Self {
            reason,
            message: stop.to_string(),
            frames: Vec::new(),
            hint,
            error: None,
            files: run.sources().files(),
        }
    }

    /// What a look at the text named `name` has found there.
    pub(super) fn found(explained: Explained, name: &str, at: Position, run: &Run) -> Self {
        let mut frames: Vec<Frame> = frame(run, name, at, String::new()).into_iter().collect();
        label(&mut frames, explained.label);
        Self {
            reason: Reason::Parse,
            message: explained.message,
            frames,
            hint: explained.hint,
            error: None,
            files: run.sources().files(),
        }
    }

    /// What the engine gave back, told for people. `name` is the text that was run.
    pub(super) fn explain(
        error: &EvalAltResult,
        engine: &Engine,
        run: &Run,
        name: &str,
        variables: &[String],
    ) -> Self {
        let mut frames = Vec::new();
        let innermost = walk(error, name, run, &mut frames);
        let inner = error.unwrap_inner();
        let files = run.sources().files();
        if let Some(stop) = run.gate().stopped() {
            let mut stopped = Self::stopped(stop, run);
            stopped.frames = frames;
            label(&mut stopped.frames, "stopped here");
            return stopped;
        }
        if let EvalAltResult::ErrorRuntime(thrown, _) = inner
            && let Some(found) = run.failures().find(thrown)
        {
            label(&mut frames, "raised here");
            return Self {
                reason: Reason::Failed(found.kind()),
                message: found.full_message(),
                frames,
                hint: found.hint().map(str::to_owned),
                error: Some(found),
                files,
            };
        }
        let text = run.sources().find(&innermost).map(|source| source.text);
        let vocabulary = Vocabulary::new(engine, run.sources().functions(), variables);
        let Explained {
            reason,
            message,
            hint,
            label: words,
        } = explain(inner, &vocabulary, text.as_deref().unwrap_or_default());
        label(&mut frames, words);
        Self {
            reason,
            message,
            frames,
            hint,
            error: None,
            files,
        }
    }
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match self.frames.last() {
            Some(place) => write!(f, " ({place})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.name, self.line, self.column)
    }
}

impl std::error::Error for ScriptError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error
            .as_deref()
            .map(|error| error as &(dyn std::error::Error + 'static))
    }
}

/// Collects the places of an error, and gives the name of the text that the innermost is in.
///
/// The position in `ErrorInFunctionCall` is the caller's, the source in it is the callee's.
fn walk(error: &EvalAltResult, name: &str, run: &Run, frames: &mut Vec<Frame>) -> String {
    match error {
        EvalAltResult::ErrorInFunctionCall(function, callee, inner, position) => {
            let words = if function.starts_with("anon$") {
                "in the call of this closure".to_owned()
            } else {
                format!("in the call of `{function}`")
            };
            push(frames, frame(run, name, *position, words));
            let callee = if callee.is_empty() { name } else { callee };
            let in_file = run
                .sources()
                .find(callee)
                .is_some_and(|source| source.file.is_some());
            match run.sources().defining(function) {
                Some(input) if !in_file => walk(inner, &input, run, frames),
                _ => walk(inner, callee, run, frames),
            }
        }
        EvalAltResult::ErrorInModule(module, inner, position) => {
            push(
                frames,
                frame(run, name, *position, "imported here".to_owned()),
            );
            walk(inner, module, run, frames)
        }
        other => {
            push(frames, frame(run, name, other.position(), String::new()));
            name.to_owned()
        }
    }
}

/// Adds a place, unless it is the one before: a closure is called where the native is that takes it.
fn push(frames: &mut Vec<Frame>, frame: Option<Frame>) {
    let Some(frame) = frame else { return };
    let place = |frame: &Frame| (frame.name.clone(), frame.line, frame.column);
    match frames.last_mut() {
        Some(last) if place(last) == place(&frame) => {
            // The innermost place takes its words later.
            if frame.label.is_empty() {
                last.label.clear();
            }
        }
        _ => frames.push(frame),
    }
}

fn frame(run: &Run, name: &str, position: Position, label: String) -> Option<Frame> {
    let source = run.sources().find(name)?;
    let line = position.line()?;
    Some(Frame {
        file: source.file,
        name: source.name,
        source: addresses::hidden(&source.text),
        line,
        column: position.position().unwrap_or(1),
        label,
    })
}

fn label(frames: &mut [Frame], words: &str) {
    if let Some(innermost) = frames.last_mut()
        && innermost.label.is_empty()
    {
        words.clone_into(&mut innermost.label);
    }
}
