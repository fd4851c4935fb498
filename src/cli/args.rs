//! What can be written on the command line.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::{OsStringValueParser, PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};
use dropscript::emulator::{Quirk, UnknownQuirk, WriteRefusal};
use dropscript::parse_duration;

use super::completions::ShellArg;
use super::connection::{ConfigArgs, ConnectionArgs};
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

/// What kind of Dropbox the emulator is.
#[derive(Debug, Args)]
pub(super) struct EmulatorArgs {
    /// Keep the files in this folder; without it all is in memory
    #[arg(value_hint = ValueHint::DirPath)]
    pub(super) dir: Option<PathBuf>,
    /// The address to listen on; port 0 is any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8780")]
    pub(super) listen: SocketAddr,
    /// An address to speak TLS at besides
    #[arg(long, value_name = "ADDR")]
    pub(super) tls: Option<SocketAddr>,
    /// An address to be an HTTP proxy at besides, which leads the names of Dropbox here
    #[arg(long, value_name = "ADDR")]
    pub(super) connect_proxy: Option<SocketAddr>,
    /// Write the certificate that clients must trust to this file, in PEM
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) ca_out: Option<PathBuf>,
    /// Start with what is in this folder
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) seed_from: Option<PathBuf>,
    /// Whose Dropbox is opened where no account is named: one of its own, or a member's of a team
    #[arg(long, value_enum, value_name = "KIND", default_value_t)]
    pub(super) account: AccountArg,
    /// Fix what is made up, such as ids
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) seed: u64,
    /// Print one JSON object on standard output instead of text
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) trouble: TroubleArgs,
}

/// The account that the emulator opens.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum AccountArg {
    #[default]
    Personal,
    Business,
}

/// How the emulator is slow and refuses, as the service does.
#[derive(Debug, Args)]
#[command(next_help_heading = "Misbehaviour")]
pub(super) struct TroubleArgs {
    /// Begin each answer that much later, and each connection twice that
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration)]
    pub(super) latency: Duration,
    /// What goes through each connection, as `60MiB/s`, in each direction
    #[arg(long, value_name = "RATE", value_parser = bandwidth)]
    pub(super) bandwidth: Option<NonZeroU64>,
    /// What goes through all connections together
    #[arg(long, value_name = "RATE", value_parser = bandwidth)]
    pub(super) bandwidth_total: Option<NonZeroU64>,
    /// How long a commit holds its namespace; another is refused meanwhile
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(super) write_lock: Option<Duration>,
    /// How another is refused: the call, in the error of the route, or in each entry of a batch
    #[arg(long, value_name = "FORM", default_value = "429", value_parser = write_refusal())]
    pub(super) write_lock_as: WriteRefusal,
    /// The calls that a token may make, as `50/s`
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub(super) rate_limit: Option<NonZeroU32>,
    /// The bytes that the header of a call may have
    #[arg(long, value_name = "BYTES")]
    pub(super) header_limit: Option<usize>,
    /// Do what the references leave open in the other way; may be given several times, `list` tells the names
    #[arg(long = "quirk", value_name = "NAME")]
    pub(super) quirks: Vec<QuirkArg>,
    /// What goes wrong at which calls, in TOML
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) faults: Option<PathBuf>,
}

/// A quirk, or the wish to know which there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QuirkArg {
    List,
    One(Quirk),
}

impl FromStr for QuirkArg {
    type Err = UnknownQuirk;

    fn from_str(name: &str) -> Result<QuirkArg, UnknownQuirk> {
        match name {
            "list" => Ok(QuirkArg::List),
            name => name.parse().map(QuirkArg::One),
        }
    }
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

/// Bytes a second.
fn bandwidth(text: &str) -> Result<NonZeroU64, String> {
    const UNITS: [(&str, u64); 7] = [
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("kB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("B", 1),
    ];
    let size = text.strip_suffix("/s").unwrap_or(text);
    let (count, unit) = UNITS
        .iter()
        .find_map(|(name, unit)| Some((size.strip_suffix(name)?, *unit)))
        .unwrap_or((size, 1));
    let count: Option<u64> = count.trim().parse().ok();
    count
        .and_then(|count| NonZeroU64::new(count.checked_mul(unit)?))
        .ok_or_else(|| format!("`{text}` is not a bandwidth: write it as \"60MiB/s\""))
}

/// The forms in which a commit is refused.
fn write_refusal() -> impl TypedValueParser<Value = WriteRefusal> {
    PossibleValuesParser::new(["429", "409", "entry"]).map(|form| match form.as_str() {
        "429" => WriteRefusal::Call,
        "409" => WriteRefusal::Route,
        _ => WriteRefusal::Entry,
    })
}

/// Calls a second.
fn rate(text: &str) -> Result<NonZeroU32, String> {
    let count = text.strip_suffix("/s").unwrap_or(text).trim();
    count
        .parse()
        .map_err(|_| format!("`{text}` is not a rate: write it as \"50/s\""))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn rates_are_read() {
        let bytes = |text: &str| bandwidth(text).map(NonZeroU64::get).ok();
        assert_eq!(bytes("60MiB/s"), Some(60 << 20));
        assert_eq!(bytes("5 kB"), Some(5_000));
        assert_eq!(bytes("100"), Some(100));
        for wrong in ["0", "-1", "fast", "1.5MiB/s", "99999999999GiB/s"] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
        assert_eq!(rate("50/s").map(NonZeroU32::get), Ok(50));
        assert!(rate("0/s").is_err());
    }
}
