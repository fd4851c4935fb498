//! `connection`: the named connections of the configuration.

mod args;
mod edit;
mod login;
mod questions;
mod secrets;
mod show;
mod test;

use dropscript::{ConfigFile, Result};

use super::config_file::config_file;
use super::output;
use super::report::{self, Status};
use super::voice::Voice;
use args::ConnectionCommand as Command;
pub(super) use args::{ConfigArgs, ConnectionArgs};

/// What all of the commands work with.
struct Desk {
    voice: Voice,
    file: ConfigFile,
}

/// Runs one of the commands.
pub(super) async fn main(voice: Voice, args: ConnectionArgs) -> Status {
    let done = match config_file(args.config.config.as_deref()) {
        Ok(file) => execute(&Desk { voice, file }, args.command).await,
        Err(error) => Err(error),
    };
    match done {
        Ok((text, status)) => match output::whole(voice, &text) {
            Status::OK => status,
            broken => broken,
        },
        Err(error) => report::refuse(voice, &error),
    }
}

/// Does what was asked for, and gives what goes to standard output, and how it went.
async fn execute(desk: &Desk, command: Command) -> Result<(String, Status)> {
    let text = match command {
        Command::Add { name, settings } => nothing(edit::add(desk, &name, &settings).await)?,
        Command::Edit { name, settings } => nothing(edit::edit(desk, &name, &settings).await)?,
        Command::Clone {
            name,
            new_name,
            with_credentials,
        } => nothing(edit::clone(desk, &name, &new_name, with_credentials).await)?,
        Command::Remove { name, yes } => nothing(edit::remove(desk, &name, yes).await)?,
        Command::Login { name, browser } => {
            let status = login::login(desk, name.as_deref(), browser).await?;
            return Ok((String::new(), status));
        }
        Command::Logout { name } => nothing(login::logout(desk, name.as_deref()).await)?,
        Command::Default { name: Some(name) } => nothing(edit::make_default(desk, &name))?,
        Command::Default { name: None } => show::default(&desk.file.read()?),
        Command::Names => show::names(desk)?,
        Command::List { json } => show::list(desk, json).await?,
        Command::Show { name, json } => show::show(desk, name.as_deref(), json).await?,
        Command::Test { name, json } => return test::test(desk, name.as_deref(), json).await,
    };
    Ok((text, Status::OK))
}

/// What goes to standard output where all is said on standard error.
fn nothing(done: Result<()>) -> Result<String> {
    done.map(|()| String::new())
}
