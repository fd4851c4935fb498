//! Arguments become a checked configuration, and a configuration becomes a command.

mod args;
mod check;
mod completions;
mod config_file;
mod connect;
mod connection;
mod credentials;
mod docs;
mod emulator;
mod examples;
mod history;
mod interrupt;
mod keys;
mod output;
mod permissions;
mod progress;
mod prompt;
mod repl;
mod report;
mod report_table;
mod run;
mod saved;
mod setup;
mod sign_in;
mod state_folder;
mod table;
mod test;
mod trace;
mod unfinished;
mod voice;
mod watch;

use std::process::ExitCode;

use args::Command;
use report::Status;
use run::Code;
use setup::Setup;
use voice::Voice;

/// Runs the command line, and gives its exit status.
pub(crate) fn main() -> ExitCode {
    let cli = match examples::parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let voice = Voice::new(cli.voice);
    let trace = voice.listen_to_the_library();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            voice.error(&format!(
                "cannot start the threads for input and output: {error}"
            ));
            return Status::FAILED.into();
        }
    };
    let status = match cli.command {
        // The prompt blocks its thread, so this command drives the runtime by itself.
        Command::Repl { script, run } => repl::main(&runtime, voice, trace, script.as_deref(), run),
        command => runtime.block_on(execute(command, voice)),
    };
    // Dropping the runtime waits for file work under way, which removes its temporary files as it ends.
    drop(runtime);
    status.into()
}

async fn execute(command: Command, voice: Voice) -> Status {
    match command {
        Command::Run {
            script,
            args,
            run,
            events,
        } => {
            let setup = Setup::new(run, voice).with_events(events);
            run::main(setup, Code::at(script), args).await
        }
        Command::Eval {
            code,
            args,
            run,
            events,
        } => {
            let setup = Setup::new(run, voice).with_events(events);
            run::main(setup, Code::Text(code), args).await
        }
        Command::Watch(args) => watch::main(voice, *args).await,
        Command::Check {
            scripts,
            module_path,
            json,
        } => check::main(voice, &scripts, module_path, json),
        Command::Test(args) => test::main(voice, &args).await,
        Command::Docs(args) => docs::main(voice, &args),
        Command::Connection(args) => connection::main(voice, args).await,
        Command::Emulator(args) => emulator::main(voice, *args).await,
        Command::History(args) => history::main(voice, &args),
        Command::Completions { shell } => completions::completions(voice, shell),
        Command::Man { folder } => completions::manual(voice, &folder),
        Command::Unfinished(args) => unfinished::main(voice, &args),
        Command::Repl { .. } => unreachable!("handled without the runtime"),
    }
}

fn usage(error: &clap::Error) -> ExitCode {
    // A reader that has gone away is no reason to fail.
    let _ = error.print();
    if error.use_stderr() {
        Status::USAGE.into()
    } else {
        Status::OK.into()
    }
}
