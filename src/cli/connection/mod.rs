//! `connection`: the named connections of the configuration.

mod args;
mod edit;
mod prompt;
mod questions;
mod show;

use std::io::{self, Write};

use dropscript::{ConfigFile, Result};

use super::config_file::config_file;
use super::report::{self, Status};
use super::voice::{Voice, printable};
use args::ConnectionCommand as Command;
pub(super) use args::{ConfigArgs, ConnectionArgs};

/// What all of the commands work with.
struct Desk {
    voice: Voice,
    file: ConfigFile,
}

/// Runs one of the commands.
pub(super) fn main(voice: Voice, args: ConnectionArgs) -> Status {
    let done = config_file(args.config.config.as_deref())
        .and_then(|file| execute(&Desk { voice, file }, args.command));
    match done {
        Ok(text) => print(voice, &text),
        Err(error) => report::refuse(voice, &error),
    }
}

/// Does what was asked for, and gives what goes to standard output.
fn execute(desk: &Desk, command: Command) -> Result<String> {
    match command {
        Command::Add { name, settings } => edit::add(desk, &name, &settings)?,
        Command::Edit { name, settings } => edit::edit(desk, &name, &settings)?,
        Command::Clone { name, new_name } => edit::clone(desk, &name, &new_name)?,
        Command::Remove { name, yes } => edit::remove(desk, &name, yes)?,
        Command::Default { name: Some(name) } => edit::make_default(desk, &name)?,
        Command::Default { name: None } => return Ok(show::default(&desk.file.read()?)),
        Command::List { json } => return show::list(desk, json),
        Command::Show { name, json } => return show::show(desk, name.as_deref(), json),
    }
    Ok(String::new())
}

fn print(voice: Voice, text: &str) -> Status {
    let mut out = io::stdout().lock();
    let printed = out
        .write_all(printable(text).as_bytes())
        .and_then(|()| out.flush());
    match printed {
        Ok(()) => Status::OK,
        Err(error) => report::broken_output(voice, &error),
    }
}
