//! `repl`: a session of the host, a statement at a time.

mod calls;
mod commands;
mod edit;
mod explain;
mod helper;
mod prompt;
mod screen;

use std::cell::RefCell;
use std::io::{BufRead, IsTerminal};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use dropscript::repl::{Command, View};
use dropscript::{
    Answer, Error, ErrorKind, Host, InputStatus, Result, RunOptions, ScriptError, Session,
};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::args::RunArgs;
use super::output::Output;
use super::report::{self, Status};
use super::setup::Setup;
use super::trace::Trace;
use super::voice::Voice;
use calls::Calls;
use prompt::{Prompt, Typed};

/// Reads inputs and runs them, from a person at a terminal or from a pipe.
pub(super) fn main(
    runtime: &Runtime,
    voice: Voice,
    trace: Trace,
    script: Option<&Path>,
    run: RunArgs,
) -> Status {
    // Inside the runtime, so that signals are heard and the host's work runs there.
    let context = runtime.enter();
    let started = Repl::start(runtime, &Setup::new(run, voice), trace, script);
    drop(context);
    match started {
        Ok(mut repl) => repl.main(script),
        Err(error) => report::refuse(voice, &error),
    }
}

struct Repl<'a> {
    runtime: &'a Runtime,
    voice: Voice,
    host: Host,
    session: Rc<RefCell<Session>>,
    is_terminal: bool,
    output: Output,
    calls: Calls,
    trace: Trace,
    /// Whether anything failed.
    failed: bool,
    last_error: Option<ScriptError>,
    /// The file that the session was saved to.
    saved: Option<PathBuf>,
}

/// What an input leads to.
enum Then {
    GoOn,
    Leave(Status),
}

impl<'a> Repl<'a> {
    fn start(
        runtime: &'a Runtime,
        setup: &Setup,
        trace: Trace,
        script: Option<&Path>,
    ) -> Result<Self> {
        let closed = CancellationToken::new();
        let output = setup.output(closed);
        let host = setup.host(script, &output)?;
        let is_terminal = std::io::stdin().is_terminal();
        let calls = Calls::listen(is_terminal).map_err(|source| {
            Error::new(ErrorKind::LocalIo, "cannot listen for signals").with_source(source)
        })?;
        Ok(Self {
            runtime,
            voice: setup.voice,
            session: Rc::new(RefCell::new(host.session_with(&RunOptions::default()))),
            is_terminal,
            host,
            output,
            calls,
            trace,
            failed: false,
            last_error: None,
            saved: None,
        })
    }

    fn main(&mut self, script: Option<&Path>) -> Status {
        if let Some(path) = script {
            if let Err(source) = std::fs::File::open(path) {
                return report::refuse(self.voice, &Error::io("read", path, source));
            }
            if let Then::Leave(status) = self.load(path) {
                return status;
            }
        }
        if self.is_terminal {
            self.converse()
        } else {
            self.read()
        }
    }

    /// With a person.
    fn converse(&mut self) -> Status {
        let mut prompt = match Prompt::new(self.voice, Rc::clone(&self.session)) {
            Ok(prompt) => prompt,
            Err(error) => {
                self.voice
                    .error(&format!("cannot use the terminal: {error}"));
                return Status::FAILED;
            }
        };
        self.voice.status(&format!(
            "dropscript {}; Tab completes, `:help` lists the commands",
            env!("CARGO_PKG_VERSION")
        ));
        loop {
            let then = match prompt.read() {
                Ok(Typed::Input(input)) => self.take(&input),
                Ok(Typed::Cleared) => Then::GoOn,
                Ok(Typed::End) => return Status::OK,
                Err(error) => {
                    self.voice
                        .error(&format!("cannot read from the terminal: {error}"));
                    return Status::FAILED;
                }
            };
            if let Then::Leave(status) = then {
                return status;
            }
        }
    }

    /// From a pipe or a file: what fails is shown, the rest runs all the same.
    fn read(&mut self) -> Status {
        let mut input = String::new();
        for line in std::io::stdin().lock().lines() {
            let line = match line {
                Ok(line) => line,
                Err(error) => {
                    self.voice
                        .error(&format!("cannot read standard input: {error}"));
                    return Status::FAILED;
                }
            };
            input.push_str(&line);
            input.push('\n');
            let is_command = Command::parse(&input).is_some();
            if !is_command
                && matches!(
                    self.session.borrow().status(&input),
                    InputStatus::Incomplete
                )
            {
                continue;
            }
            if let Then::Leave(status) = self.take(&input) {
                return status;
            }
            input.clear();
        }
        if !input.is_empty()
            && let Then::Leave(status) = self.run(&input)
        {
            return status;
        }
        self.status()
    }

    fn take(&mut self, input: &str) -> Then {
        if input.trim().is_empty() {
            return Then::GoOn;
        }
        match Command::parse(input) {
            Some(command) => self.command(command),
            None => self.run(input),
        }
    }

    fn run(&mut self, input: &str) -> Then {
        self.enter(async |session: &mut Session, token| session.eval(input, token).await)
    }

    fn load(&mut self, path: &Path) -> Then {
        self.enter(async |session: &mut Session, token| session.load(path, token).await)
    }

    /// Has the session do something, which Ctrl-C stops, and shows what comes of it.
    fn enter(
        &mut self,
        call: impl AsyncFnOnce(&mut Session, CancellationToken) -> Result<Answer, ScriptError>,
    ) -> Then {
        let token = self.calls.begin();
        let result = {
            let mut session = self.session.borrow_mut();
            let columns = screen::size().map_or(View::default().columns, |(columns, _)| columns);
            session.set_view(View {
                columns,
                ..View::default()
            });
            self.runtime.block_on(call(&mut session, token))
        };
        let leave = self.calls.end();
        match result {
            Ok(answer) => {
                if let Some(text) = answer.text {
                    screen::show(&self.output, &text);
                }
                if let Some(status) = answer.exit {
                    return Then::Leave(Status::of_exit(status));
                }
            }
            Err(error) => {
                self.failed = true;
                report::show(self.voice, &error);
                self.last_error = Some(error);
            }
        }
        match (leave, self.output.broken()) {
            (Some(status), _) => Then::Leave(status),
            (None, Some(error)) => Then::Leave(report::broken_output(self.voice, error)),
            (None, None) => Then::GoOn,
        }
    }

    /// For a program that feeds the input; a person has seen what failed.
    fn status(&self) -> Status {
        if self.failed && !self.is_terminal {
            Status::FAILED
        } else {
            Status::OK
        }
    }
}
