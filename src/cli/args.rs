//! What can be written on the command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};
use dropscript::parse_duration;

use super::completions::ShellArg;
use super::connection::{ConfigArgs, ConnectionArgs};
use super::emulator::EmulatorArgs;
use super::test::TestArgs;
use super::watch::WatchArgs;

const STATUSES: &str = "\
Exit status:
  0         it worked; `exit(n)` in a script gives n
  1         the script raised an error
  2         wrong usage or configuration
  3         a script does not parse
  4         a person must sign in
  5         not allowed: permissions, or the deletion limit
  6         some items failed
  7         Dropbox cannot be reached, or keeps refusing: a later try may work
  8         the run took longer than its timeout
  130, 143  interrupted, terminated";

/// Runs small scripts that upload, list, download, create and delete at Dropbox.
#[derive(Debug, Parser)]
#[command(name = "dropscript", version, after_long_help = STATUSES, max_term_width = 120)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) voice: VoiceArgs,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// How the program speaks.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct VoiceArgs {
    /// Colour errors: in a terminal and without `NO_COLOR`, always, or never
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(super) color: ColorWhen,
    /// Say nothing but errors on standard error
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Say what happens on standard error; twice, say more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(super) verbose: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorWhen {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run a script
    Run {
        /// The script's file; `-` is standard input
        #[arg(value_hint = ValueHint::FilePath)]
        script: PathBuf,
        /// What the script finds in `args`; those with a leading `-` come after `--`
        #[arg(value_name = "ARG")]
        args: Vec<String>,
        #[command(flatten)]
        run: RunArgs,
        #[command(flatten)]
        events: EventArgs,
    },
    /// Run code that is given here
    Eval {
        /// The code
        code: String,
        /// What the code finds in `args`; those with a leading `-` come after `--`
        #[arg(value_name = "ARG")]
        args: Vec<String>,
        #[command(flatten)]
        run: RunArgs,
        #[command(flatten)]
        events: EventArgs,
    },
    /// Run a script again as it, its modules, or files change
    Watch(Box<WatchArgs>),
    /// Try things, a statement at a time
    #[command(long_about = REPL)]
    Repl {
        /// A script that runs first and whose variables, functions and imports are there then
        #[arg(value_hint = ValueHint::FilePath)]
        script: Option<PathBuf>,
        #[command(flatten)]
        run: RunArgs,
    },
    /// Look for faults in scripts without running them
    Check {
        /// The scripts' files
        #[arg(required = true, value_name = "SCRIPT", value_hint = ValueHint::FilePath)]
        scripts: Vec<PathBuf>,
        /// A folder that modules may come from, beside the script's own; may be given several times
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        module_path: Vec<PathBuf>,
        /// Tell each fault as a JSON object in a line of standard output
        #[arg(long)]
        json: bool,
    },
    /// Run the tests of scripts, each against a Dropbox of its own on this machine
    Test(Box<TestArgs>),
    /// Tell what scripts can call: all of it in a line each, or one function with its options, errors and an example
    Docs(DocsArgs),
    /// The named connections: add, list, show, edit, clone, remove, default, login, logout, test
    Connection(ConnectionArgs),
    /// Be a Dropbox on this machine, until interrupted
    Emulator(Box<EmulatorArgs>),
    /// Tell what was run: the last runs, or one of them with what it printed and why it failed
    History(HistoryArgs),
    /// Print what a shell needs to complete words: commands, options, names of connections, scripts
    Completions {
        /// The shell
        shell: ShellArg,
    },
    /// Write manual pages into a folder, one for each command
    Man {
        /// The folder
        #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
        folder: PathBuf,
    },
    /// List transfers of large files that broke off; the next run that sends or fetches the same file to the same place goes on with them
    Unfinished(UnfinishedArgs),
}

const REPL: &str = "\
Try things, a statement at a time: state is kept, an input may go on over several lines, results are shown.
`:help` lists the commands. Ctrl-C stops a call and keeps the session; Ctrl-D leaves.

Without a terminal, the input is run statement by statement. What fails is shown on standard error, the rest runs all
the same, and the exit status is 1 if anything failed.";

/// What is told, and in which form.
#[derive(Debug, Args)]
pub(super) struct DocsArgs {
    /// What to tell about: `upload`, `file::list`, `Item`
    pub(super) name: Option<String>,
    /// Tell it as Markdown
    #[arg(long)]
    pub(super) markdown: bool,
    /// Tell all of it as definitions for editors that know Rhai, as in `dropscript docs --definitions > dropscript.d.rhai`
    #[arg(long, conflicts_with_all = ["name", "markdown"])]
    pub(super) definitions: bool,
}

/// Which runs are told of.
#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    /// The run to tell all about
    #[arg(conflicts_with_all = ["limit", "failed"])]
    pub(super) id: Option<u64>,
    /// Tell of so many runs at most
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    pub(super) limit: usize,
    /// Tell only of runs that came to no good end
    #[arg(long)]
    pub(super) failed: bool,
    /// Forget all runs that are over
    #[arg(long, conflicts_with_all = ["id", "limit", "failed"])]
    pub(super) clear: bool,
    /// Print JSON instead of text
    #[arg(long)]
    pub(super) json: bool,
}

/// What becomes of uploads that broke off.
#[derive(Debug, Args)]
pub(super) struct UnfinishedArgs {
    /// Forget them, and remove what was fetched; those that a program is at work on stay
    #[arg(long)]
    pub(super) clear: bool,
    /// Print JSON instead of text
    #[arg(long)]
    pub(super) json: bool,
}

/// The options of all commands that run scripts.
#[derive(Debug, Args)]
#[command(next_help_heading = "Running")]
pub(super) struct RunArgs {
    /// The connection that `dropbox()` gives
    #[arg(long, value_name = "NAME")]
    pub(super) connection: Option<String>,
    #[command(flatten)]
    pub(super) config: ConfigArgs,
    /// Use a Dropbox on this machine, one account for each connection: in memory, or with its files in DIR
    #[arg(
        long,
        value_name = "DIR",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        value_parser = OsStringValueParser::new().map(EmulatorPlace::from),
        value_hint = ValueHint::DirPath,
    )]
    pub(super) emulator: Option<EmulatorPlace>,
    /// Say what would be done, and change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Show no progress bars, and no lines instead of them
    #[arg(long)]
    pub(super) no_progress: bool,
    /// End a run that takes longer, as `60s` or `5 minutes`
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(super) timeout: Option<Duration>,
    /// A folder that modules may come from, beside the script's own; may be given several times
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) module_path: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) allow: AllowArgs,
}

/// What scripts may do beyond reading and writing below the working directory, and what they may not.
#[derive(Debug, Args)]
#[command(next_help_heading = "Permissions")]
pub(super) struct AllowArgs {
    /// Let scripts read this file or folder
    #[arg(long = "allow-read", value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(super) read: Vec<PathBuf>,
    /// Let scripts write this file or folder
    #[arg(long = "allow-write", value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(super) write: Vec<PathBuf>,
    /// Let scripts reach this host
    #[arg(long = "allow-net", value_name = "HOST")]
    pub(super) net: Vec<String>,
    /// Let scripts see this variable of the environment
    #[arg(long = "allow-env", value_name = "NAME")]
    pub(super) env: Vec<String>,
    /// Let scripts do all that you may do
    #[arg(long = "allow-all")]
    pub(super) all: bool,
    /// Let scripts change nothing at Dropbox
    #[arg(long)]
    pub(super) read_only: bool,
    /// Let scripts delete nothing, at Dropbox or here
    #[arg(long)]
    pub(super) no_delete: bool,
    /// Let a run delete so many files, at Dropbox and here, those inside of deleted folders too
    #[arg(long, value_name = "N")]
    pub(super) max_delete: Option<u64>,
}

/// What is told of runs, and kept of them.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Running")]
pub(super) struct EventArgs {
    /// Print one JSON object for each event, a line each, on standard output
    #[arg(long)]
    pub(super) json: bool,
    /// Leave these runs out of the history
    #[arg(long)]
    pub(super) no_history: bool,
}

/// Where an emulator keeps its files.
#[derive(Clone, Debug)]
pub(super) enum EmulatorPlace {
    /// In memory.
    Memory,
    /// As plain files in this folder.
    Folder(PathBuf),
}

impl From<OsString> for EmulatorPlace {
    fn from(folder: OsString) -> Self {
        if folder.is_empty() {
            Self::Memory
        } else {
            Self::Folder(folder.into())
        }
    }
}

/// A length of time.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| match error.hint() {
        Some(hint) => format!("{error}: {hint}"),
        None => error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }
}
