//! `repl`: a session of the host, a statement at a time.

mod calls;
mod prompt;

use std::cell::RefCell;
use std::io::{BufRead, IsTerminal};
use std::path::Path;
use std::rc::Rc;

use dropscript::{Error, ErrorKind, Host, InputStatus, Result, RunOptions, Session};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::args::RunArgs;
use super::output::Output;
use super::report::{self, Status};
use super::setup::Setup;
use super::voice::Voice;
use calls::Calls;
use prompt::{Prompt, Typed};

const HELP: &str = "\
:help    this
:vars    the variables and functions that are defined
:reset   forget all of them
:quit    leave, as Ctrl-D does
Ctrl-C clears the line; while a call runs, it stops the call.";

/// Reads inputs and runs them, from a person at a terminal or from a pipe.
pub(super) fn main(runtime: &Runtime, voice: Voice, script: Option<&Path>, run: RunArgs) -> Status {
    // Inside the runtime, so that signals are heard and the host's work runs there.
    let context = runtime.enter();
    let started = Repl::start(runtime, &Setup::new(run, voice), script);
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
    /// Whether anything failed.
    failed: bool,
}

/// What an input leads to.
enum Then {
    GoOn,
    Leave(Status),
}

impl<'a> Repl<'a> {
    fn start(runtime: &'a Runtime, setup: &Setup, script: Option<&Path>) -> Result<Self> {
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
            failed: false,
        })
    }

    fn main(&mut self, script: Option<&Path>) -> Status {
        if let Some(path) = script {
            match std::fs::read_to_string(path) {
                Ok(text) => {
                    if let Then::Leave(status) = self.run(&text) {
                        return status;
                    }
                }
                Err(source) => return report::refuse(self.voice, &Error::io("read", path, source)),
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
            "dropscript {}; `:help` lists the commands",
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
            let is_command = input.starts_with(':');
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
        match input.trim() {
            "" => return Then::GoOn,
            ":quit" | ":q" => return Then::Leave(self.status()),
            ":help" | ":h" => self.output.print(HELP),
            ":vars" => self
                .session
                .borrow()
                .names()
                .iter()
                .for_each(|name| self.output.print(name)),
            ":reset" => {
                self.session
                    .replace(self.host.session_with(&RunOptions::default()));
            }
            command if command.starts_with(':') => {
                self.failed = true;
                let message = format!("there is no command `{command}`; `:help` lists them");
                self.voice.error(&message);
            }
            _ => return self.run(input),
        }
        Then::GoOn
    }

    fn run(&mut self, input: &str) -> Then {
        let token = self.calls.begin();
        let result = self
            .runtime
            .block_on(self.session.borrow_mut().eval(input, token));
        let leave = self.calls.end();
        match result {
            Ok(answer) => {
                if let Some(text) = answer.text {
                    self.output.print(&text);
                }
                if let Some(status) = answer.exit {
                    return Then::Leave(Status::of_exit(status));
                }
            }
            Err(error) => {
                self.failed = true;
                report::show(self.voice, &error);
            }
        }
        leave
            .or_else(|| self.output.ended())
            .map_or(Then::GoOn, Then::Leave)
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
