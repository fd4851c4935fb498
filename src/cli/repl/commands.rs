//! What is done for a command.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use dropscript::repl::{COMMANDS, Command, Variable, without_secrets};
use dropscript::{Error, ErrorKind, Result, RunOptions, Session};

use super::{Repl, Then, edit, explain, screen};
use crate::cli::docs;

const KEYS: &str = "\
Tab completes, Ctrl-R searches what was typed before, `_` is the last value.
Ctrl-C clears the line; while a call runs, it stops the call.";

impl Repl<'_> {
    /// Carries out a command; what fails is shown.
    pub(super) fn command(&mut self, command: Result<Command>) -> Then {
        let done = command.and_then(|command| self.carry_out(command));
        done.unwrap_or_else(|error| {
            self.failed = true;
            self.voice.error(&error.full_message());
            if let Some(hint) = error.hint() {
                self.voice.help(hint);
            }
            Then::GoOn
        })
    }

    fn carry_out(&mut self, command: Command) -> Result<Then> {
        match command {
            Command::Help => screen::show(&self.output, &help()),
            Command::Doc(name) => screen::show(&self.output, self.doc(name.as_deref())?.trim_end()),
            Command::Vars => self.vars(),
            Command::Type(expression) => self.type_of(&expression)?,
            Command::Time(input) => {
                let begun = Instant::now();
                let then = self.run(&input);
                self.voice
                    .status(&format!("{} ms", begun.elapsed().as_millis()));
                return Ok(then);
            }
            Command::All(expression) => {
                return Ok(self.enter(async |session: &mut Session, token| {
                    session.look(expression.as_deref(), token).await
                }));
            }
            Command::Load(file) => return Ok(self.load(&at_home(&file))),
            Command::Save { file, replace } => self.save(&at_home(&file), replace)?,
            Command::Edit(file) => return self.edit(file.as_deref().map(at_home).as_deref()),
            Command::Connection(name) => self.connection(name.as_deref())?,
            Command::Trace(wanted) => {
                self.trace.set(wanted.unwrap_or(!self.trace.is_on()));
                let state = if self.trace.is_on() { "on" } else { "off" };
                self.voice.status(&format!("the trace is {state}"));
            }
            Command::Explain => match &self.last_error {
                Some(error) => explain::explain(self.voice, error),
                None => self.voice.status("nothing has failed yet"),
            },
            Command::Reset => {
                let session = self.host.session_with(&RunOptions::default());
                self.session.replace(session);
                self.saved = None;
            }
            Command::Quit => return Ok(Then::Leave(self.status())),
            other => {
                let message = format!("`{other:?}` is not known here");
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
        }
        Ok(Then::GoOn)
    }

    fn doc(&self, name: Option<&str>) -> Result<String> {
        let session = self.session.borrow();
        match name {
            None => Ok(session.reference().contents()),
            Some(name) => docs::page(session.reference(), name, false),
        }
    }

    fn vars(&self) {
        let session = self.session.borrow();
        let variables = session.variables();
        let width = |text: fn(&Variable) -> &str| {
            variables
                .iter()
                .map(|variable| text(variable).chars().count())
                .max()
                .unwrap_or_default()
        };
        let (names, kinds) = (
            width(|variable| &variable.name),
            width(|variable| &variable.kind),
        );
        let mut lines = String::new();
        for variable in &variables {
            let Variable {
                name, kind, text, ..
            } = variable;
            let _ = writeln!(lines, "{name:names$}  {kind:kinds$}  {text}");
        }
        for function in session.functions() {
            let _ = writeln!(lines, "{function}");
        }
        if !lines.is_empty() {
            screen::show(&self.output, lines.trim_end());
        }
    }

    fn type_of(&self, expression: &str) -> Result<()> {
        let kind = self.session.borrow().kind_of(expression).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidArgument,
                "that is known only when it has run",
            )
            .with_hint(format!("`type_of({expression})` runs it"))
        })?;
        self.output.print(&kind);
        Ok(())
    }

    /// Writes the session to a file whole, or not at all.
    fn save(&mut self, file: &Path, replace: bool) -> Result<()> {
        let script = self.session.borrow().script();
        let folder = match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let failed = |source| Error::io("write", file, source);
        let mut draft = tempfile::Builder::new()
            .permissions(permissions(file))
            .tempfile_in(folder)
            .map_err(failed)?;
        draft.write_all(script.as_bytes()).map_err(failed)?;
        draft.as_file().sync_all().map_err(failed)?;
        let is_ours = self.saved.as_deref() == Some(file);
        if replace || is_ours {
            draft.persist(file).map_err(|error| failed(error.error))?;
        } else if let Err(error) = draft.persist_noclobber(file) {
            if error.error.kind() == std::io::ErrorKind::AlreadyExists {
                let message = format!("there is a file `{}` already", file.display());
                return Err(Error::new(ErrorKind::Conflict, message)
                    .with_hint(format!("`:save! {}` replaces it", file.display())));
            }
            return Err(failed(error.error));
        }
        if without_secrets(&script) != script {
            self.voice
                .warning("there is what looks like a secret in it: mind who can read the file");
        }
        self.voice.status(&format!("saved `{}`", file.display()));
        self.saved = Some(file.to_owned());
        Ok(())
    }

    fn edit(&mut self, file: Option<&Path>) -> Result<Then> {
        if let Some(file) = file {
            edit::in_place(file)?;
            return Ok(self.load(file));
        }
        let last = self.session.borrow().last_input().unwrap_or_default();
        Ok(match edit::text(&last)? {
            Some(text) => {
                self.output.print(text.trim_end());
                self.run(&text)
            }
            None => Then::GoOn,
        })
    }

    fn connection(&mut self, name: Option<&str>) -> Result<()> {
        let session = self.session.borrow();
        if let Some(name) = name {
            session.use_connection(name)?;
            self.voice.status(&format!(
                "`dropbox()` is `{name}` from now on; variables keep what they have"
            ));
            return Ok(());
        }
        let current = session.connection();
        let mut names = session.connection_names();
        if let Ok(current) = &current
            && !names.contains(current)
        {
            names.push(current.clone());
        }
        for name in names {
            let mark = if current.as_ref().is_ok_and(|current| *current == name) {
                "*"
            } else {
                " "
            };
            self.output.print(&format!("{mark} {name}"));
        }
        current.map(drop)
    }
}

fn help() -> String {
    let mut text = String::new();
    for command in COMMANDS {
        let usage = format!("{} {}", command.name, command.argument.usage());
        let _ = writeln!(text, "{usage:<17}  {}", command.help);
    }
    text + KEYS
}

/// The permissions of a file that is replaced stay, a new one's are the usual ones.
fn permissions(file: &Path) -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    let there = fs::metadata(file).map(|found| found.permissions());
    // What the process masks out is masked out of these.
    there.unwrap_or_else(|_| fs::Permissions::from_mode(0o666))
}

/// A path with `~` for the home.
fn at_home(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::home_dir()) {
        (Ok(below), Some(home)) => home.join(below),
        _ => path.to_owned(),
    }
}
