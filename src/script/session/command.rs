//! The commands of a session, which begin with a colon: read, completed and told here, carried out by whoever has the screen.

use std::path::PathBuf;

use crate::error::{Error, ErrorKind, Result};
use crate::nearest::nearest;
use crate::script::complete::{Candidate, Completer, Completion, Hint};
use crate::script::reference::Reference;

/// What is typed with a colon before it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// Tells the commands.
    Help,
    /// Tells what scripts can call, or of one function.
    Doc(Option<String>),
    /// Tells the variables and functions.
    Vars,
    /// Tells the type of an expression.
    Type(String),
    /// Runs an input and tells how long it took.
    Time(String),
    /// Shows an expression, or the last value, whole.
    All(Option<String>),
    /// Runs a file as an input.
    Load(PathBuf),
    /// Writes the session to a file, as a script; over one that is there where that is said.
    Save {
        /// Where to.
        file: PathBuf,
        /// Whether a file that is there is replaced.
        replace: bool,
    },
    /// Writes an input in an editor: begun with the last one, or a file.
    Edit(Option<PathBuf>),
    /// Tells the connections, or has `dropbox()` give another.
    Connection(Option<String>),
    /// Has each call of Dropbox told, or no more.
    Trace(Option<bool>),
    /// Tells the last error in full.
    Explain,
    /// Forgets all.
    Reset,
    /// Leaves.
    Quit,
}

/// A command, for help and completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandSpec {
    /// With its colon.
    pub name: &'static str,
    /// What follows it.
    pub argument: Argument,
    /// What it does, in a line.
    pub help: &'static str,
}

/// What follows the name of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Argument {
    /// Nothing.
    None,
    /// A name of the reference.
    Name,
    /// An expression or statement.
    Code,
    /// A local file.
    File,
    /// The name of a connection.
    Connection,
    /// `on` or `off`.
    Switch,
}

/// Every command.
pub const COMMANDS: &[CommandSpec] = &[
    spec(":help", Argument::None, "this"),
    spec(
        ":doc",
        Argument::Name,
        "what scripts can call; of a name, all about it",
    ),
    spec(
        ":vars",
        Argument::None,
        "the variables and functions that are defined",
    ),
    spec(
        ":type",
        Argument::Code,
        "the type of an expression; calls nothing",
    ),
    spec(
        ":time",
        Argument::Code,
        "runs it, and tells how long that took",
    ),
    spec(
        ":all",
        Argument::Code,
        "the last value, or this one, shown whole",
    ),
    spec(
        ":load",
        Argument::File,
        "runs a script, whose variables and functions stay",
    ),
    spec(
        ":save",
        Argument::File,
        "writes the session as a script; `:save!` over one that is there",
    ),
    spec(
        ":edit",
        Argument::File,
        "opens $EDITOR with the last input, or a file, and runs what is saved",
    ),
    spec(
        ":connection",
        Argument::Connection,
        "the connections; with a name, what `dropbox()` gives from now on",
    ),
    spec(
        ":trace",
        Argument::Switch,
        "tells each call of Dropbox with its time and request id",
    ),
    spec(":explain", Argument::None, "the last error in full"),
    spec(
        ":reset",
        Argument::None,
        "forgets all variables, functions and imports",
    ),
    spec(":quit", Argument::None, "leaves, as Ctrl-D does"),
];

const fn spec(name: &'static str, argument: Argument, help: &'static str) -> CommandSpec {
    CommandSpec {
        name,
        argument,
        help,
    }
}

impl Argument {
    /// How help writes it.
    #[must_use]
    pub fn usage(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Name | Self::Connection => "NAME",
            Self::Code => "CODE",
            Self::File => "FILE",
            Self::Switch => "on|off",
        }
    }
}

impl Command {
    /// The command that an input is; `None` where it is none.
    ///
    /// A beginning is enough where only one command begins so, or where it is that of the first, as `:t`.
    ///
    /// # Errors
    /// `invalid_argument` where there is no such command, or what follows it is missing or too much.
    pub fn parse(input: &str) -> Option<Result<Self>> {
        let input = input.trim();
        if !input.starts_with(':') {
            return None;
        }
        let (name, rest) = match input.split_once(char::is_whitespace) {
            Some((name, rest)) => (name, rest.trim()),
            None => (input, ""),
        };
        Some(named(name, rest))
    }
}

fn named(name: &str, rest: &str) -> Result<Command> {
    let text = (!rest.is_empty()).then(|| rest.to_owned());
    let (plain, replace) = match name.strip_suffix('!') {
        Some(plain) => (plain, true),
        None => (name, false),
    };
    let spec = find(plain).ok_or_else(|| unknown(name))?;
    if replace && spec.name != ":save" {
        return Err(unknown(name));
    }
    let needed = || {
        text.clone().ok_or_else(|| {
            let message = format!("`{}` needs something behind it", spec.name);
            invalid(message).with_hint(format!("write `{} {}`", spec.name, spec.argument.usage()))
        })
    };
    if spec.argument == Argument::None && text.is_some() {
        return Err(invalid(format!(
            "`{}` takes nothing, and there is `{rest}`",
            spec.name
        )));
    }
    Ok(match spec.name {
        ":help" => Command::Help,
        ":doc" => Command::Doc(text),
        ":vars" => Command::Vars,
        ":type" => Command::Type(needed()?),
        ":time" => Command::Time(needed()?),
        ":all" => Command::All(text),
        ":load" => Command::Load(needed()?.into()),
        ":save" => Command::Save {
            file: needed()?.into(),
            replace,
        },
        ":edit" => Command::Edit(text.map(PathBuf::from)),
        ":connection" => Command::Connection(text),
        ":trace" => Command::Trace(switch(rest)?),
        ":explain" => Command::Explain,
        ":reset" => Command::Reset,
        _ => Command::Quit,
    })
}

fn find(name: &str) -> Option<&'static CommandSpec> {
    if name.len() < 2 {
        return None;
    }
    let exact = COMMANDS.iter().find(|spec| spec.name == name);
    exact.or_else(|| COMMANDS.iter().find(|spec| spec.name.starts_with(name)))
}

fn switch(word: &str) -> Result<Option<bool>> {
    match word {
        "" => Ok(None),
        "on" => Ok(Some(true)),
        "off" => Ok(Some(false)),
        word => Err(invalid(format!("`:trace` is `on` or `off`, not `{word}`"))),
    }
}

fn unknown(name: &str) -> Error {
    let error = invalid(format!("there is no command `{name}`"));
    match nearest(name, COMMANDS.iter().map(|spec| spec.name)) {
        Some(near) => error.with_hint(format!("did you mean `{near}`?")),
        None => error.with_hint("`:help` lists them"),
    }
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

/// What could stand at the end of this beginning of a command.
pub(super) fn complete(
    completer: &Completer<'_>,
    reference: &Reference,
    before: &str,
) -> Completion {
    let start = before.len() - before.trim_start().len();
    let Some(space) = before[start..].find(char::is_whitespace) else {
        return beginning_with(
            start,
            &before[start..],
            COMMANDS.iter().map(|spec| spec.name.to_owned()),
        );
    };
    let name = before[start..start + space].trim_end_matches('!');
    let Some(spec) = find(name) else {
        return Completion::default();
    };
    let behind = &before[start + space..];
    let start = before.len() - behind.trim_start().len();
    let word = &before[start..];
    match spec.argument {
        Argument::None => Completion::default(),
        Argument::Name => {
            let entries = reference.entries().iter();
            let names = entries.flat_map(|entry| {
                [
                    entry.name.clone(),
                    entry.title(),
                    entry.home.name().to_owned(),
                ]
            });
            beginning_with(start, word, names.filter(|name| !name.is_empty()))
        }
        Argument::Code => {
            let mut completion = completer.complete(word, "");
            completion.start += start;
            completion
        }
        Argument::File => completer.files(word, start),
        Argument::Connection => {
            let names = completer.connections().into_iter().map(|name| name.text);
            beginning_with(start, word, names)
        }
        Argument::Switch => {
            beginning_with(start, word, ["on", "off"].map(str::to_owned).into_iter())
        }
    }
}

fn beginning_with(start: usize, word: &str, names: impl Iterator<Item = String>) -> Completion {
    let mut names: Vec<String> = names.filter(|name| name.starts_with(word)).collect();
    names.sort();
    names.dedup();
    Completion {
        start,
        candidates: names.iter().map(|name| Candidate::word(name)).collect(),
        is_pending: false,
    }
}

/// What a command does that is being written.
pub(super) fn hint(before: &str) -> Option<Hint> {
    let name = before.trim_start().split(char::is_whitespace).next()?;
    let spec = find(name.trim_end_matches('!'))?;
    let usage = format!("{} {}", spec.name, spec.argument.usage());
    Some(Hint {
        text: format!("{}  {}", usage.trim_end(), spec.help),
        current: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(input: &str) -> Command {
        Command::parse(input)
            .expect("a command")
            .expect("a known one")
    }

    #[test]
    fn commands_are_read() {
        assert_eq!(parsed(":help"), Command::Help);
        assert_eq!(
            parsed(" :doc  upload "),
            Command::Doc(Some("upload".to_owned()))
        );
        assert_eq!(parsed(":d"), Command::Doc(None));
        assert_eq!(parsed(":time f(1, 2)"), Command::Time("f(1, 2)".to_owned()));
        assert_eq!(parsed(":trace off"), Command::Trace(Some(false)));
        let save = |replace| Command::Save {
            file: "a b.rhai".into(),
            replace,
        };
        assert_eq!(parsed(":save a b.rhai"), save(false));
        assert_eq!(parsed(":save! a b.rhai"), save(true));
        assert!(Command::parse("a + 1").is_none());
    }

    #[test]
    fn a_wrong_one_says_what_is_wrong() {
        for (input, message, hint) in [
            (
                ":helo",
                "there is no command `:helo`",
                "did you mean `:help`?",
            ),
            (":", "there is no command `:`", "`:help` lists them"),
            (
                ":quit!",
                "there is no command `:quit!`",
                "did you mean `:quit`?",
            ),
            (
                ":type",
                "`:type` needs something behind it",
                "write `:type CODE`",
            ),
        ] {
            let error = Command::parse(input)
                .expect("a command")
                .expect_err("a wrong one");
            assert_eq!(
                (error.to_string().as_str(), error.hint()),
                (message, Some(hint))
            );
        }
        assert!(Command::parse(":trace maybe").expect("a command").is_err());
        assert!(Command::parse(":vars x").expect("a command").is_err());
    }
}
