//! What can be written behind `watch`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum, ValueHint};
use dropscript::{
    Attribute, ByteSize, ChangeKind, Error, Filter, Initial, JournalPlace, Masks, RemotePath, When,
};

use super::super::args::{EventArgs, RunArgs, duration};
use super::super::state_folder::state_folder;

/// What to watch and what to run.
#[derive(Debug, Args)]
pub(in super::super) struct WatchArgs {
    /// The script's file
    #[arg(value_hint = ValueHint::FilePath, required_unless_present_any = ["failed", "retry"])]
    pub(super) script: Option<PathBuf>,
    /// Folders and files whose changes the script finds in `event.files`
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(super) paths: Vec<PathBuf>,
    /// What the script finds in `args`, after `--`
    #[arg(value_name = "ARG", last = true)]
    pub(super) args: Vec<String>,
    #[command(flatten)]
    pub(super) files: FileArgs,
    #[command(flatten)]
    pub(super) filter: FilterArgs,
    #[command(flatten)]
    pub(super) runs: DeliveryArgs,
    #[command(flatten)]
    pub(super) journal: JournalArgs,
    #[command(flatten)]
    pub(super) run: RunArgs,
    #[command(flatten)]
    pub(super) events: EventArgs,
}

/// Which files, and when.
#[derive(Debug, Args)]
#[command(next_help_heading = "Files")]
pub(super) struct FileArgs {
    /// A folder at Dropbox whose changes the script finds in `event.files`, of the connection that `dropbox()` gives
    #[arg(long, value_name = "FOLDER", value_parser = remote_folder, conflicts_with_all = ["attributes", "exclude_attributes"])]
    pub(super) remote: Option<RemotePath>,
    /// How long a file must stay unchanged before the script gets it
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = duration)]
    pub(super) settle: Duration,
    /// How long a file that does not change waits while a program has it open for writing
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    pub(super) open_wait: Duration,
    /// Which changes count
    #[arg(
        long = "events",
        value_name = "KINDS",
        value_enum,
        value_delimiter = ','
    )]
    pub(super) kinds: Vec<KindArg>,
    /// Which of the files that are there at the beginning: those that are not done yet, all, or none
    #[arg(long, value_enum, value_name = "WHICH", default_value_t)]
    pub(super) initial: InitialArg,
    /// Look at everything every so many seconds, and ask the system for no events; it is done anyway on network file systems, every 2 s
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "2", value_parser = seconds)]
    pub(super) poll: Option<Duration>,
    /// Take links for the files and folders that they lead to, which are looked at every 2 s
    #[arg(long)]
    pub(super) follow_links: bool,
}

/// Which files count, as in a filter.
#[derive(Debug, Args)]
#[command(next_help_heading = "Filter")]
pub(super) struct FilterArgs {
    /// Only what matches this mask, as `*.csv;*.txt`; may be given several times
    #[arg(long, value_name = "MASK")]
    include: Vec<String>,
    /// Nothing that matches this mask; may be given several times
    #[arg(long, value_name = "MASK")]
    exclude: Vec<String>,
    /// Nothing below folders that match this mask; may be given several times
    #[arg(long, value_name = "MASK")]
    exclude_folders: Vec<String>,
    /// Take the masks for regular expressions
    #[arg(long)]
    regex: bool,
    /// Let letter case count in masks
    #[arg(long)]
    case_sensitive: bool,
    /// Look into no subfolders
    #[arg(long)]
    no_subfolders: bool,
    /// Only files that were older when they came, as `10 days`
    #[arg(long, value_name = "AGE")]
    older_than: Option<When>,
    /// Only files that were newer when they came
    #[arg(long, value_name = "AGE")]
    newer_than: Option<When>,
    /// Only files of more bytes, as `10 MB`
    #[arg(long, value_name = "SIZE")]
    larger_than: Option<ByteSize>,
    /// Only files of fewer bytes
    #[arg(long, value_name = "SIZE")]
    smaller_than: Option<ByteSize>,
    /// Only files with this attribute; may be given several times
    #[arg(long, value_enum, value_name = "ATTRIBUTE")]
    attributes: Vec<AttributeArg>,
    /// No files with this attribute; may be given several times
    #[arg(long, value_enum, value_name = "ATTRIBUTE")]
    exclude_attributes: Vec<AttributeArg>,
}

/// How the script gets them.
#[derive(Debug, Args)]
#[command(next_help_heading = "Runs")]
pub(super) struct DeliveryArgs {
    /// What to do with changes that come during a run: let them wait, stop the run and begin one with all, or leave them out
    #[arg(long, value_enum, value_name = "POLICY", default_value_t)]
    pub(super) on_busy: OnBusy,
    /// How many runs at once, each with other files
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = at_least_one)]
    pub(super) jobs: usize,
    /// The most files of one run
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = at_least_one)]
    pub(super) batch: usize,
    /// How often files come again after a run that failed, before they are given up
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(super) retries: u32,
    /// How long a run may go on after the first SIGINT or SIGTERM
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration)]
    pub(super) stop_timeout: Duration,
}

/// What becomes of changes that come during a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum OnBusy {
    #[default]
    Queue,
    Restart,
    Skip,
}

/// What is remembered.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is remembered")]
pub(super) struct JournalArgs {
    /// Remember in this file what is done, in the place of the state folder
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    journal: Option<PathBuf>,
    /// List the files that were given up, and run nothing
    #[arg(long, conflicts_with_all = ["paths", "remote", "args", "retry"])]
    pub(super) failed: bool,
    /// Have the files that were given up tried again, by the watch that runs or by the next one, and run nothing
    #[arg(long, conflicts_with_all = ["paths", "remote", "args"])]
    pub(super) retry: bool,
}

impl FilterArgs {
    /// The filter.
    pub(super) fn filter(&self) -> Filter {
        let masks = |masks: &[String]| (!masks.is_empty()).then(|| Masks::Many(masks.to_vec()));
        let attributes =
            |attributes: &[AttributeArg]| attributes.iter().copied().map(Into::into).collect();
        Filter {
            include: masks(&self.include),
            exclude: masks(&self.exclude),
            exclude_folders: masks(&self.exclude_folders),
            regex: self.regex,
            case_sensitive: self.case_sensitive,
            subfolders: Some(!self.no_subfolders),
            older_than: self.older_than,
            newer_than: self.newer_than,
            larger_than: self.larger_than,
            smaller_than: self.smaller_than,
            attributes: attributes(&self.attributes),
            exclude_attributes: attributes(&self.exclude_attributes),
            ..Filter::default()
        }
    }
}

impl FileArgs {
    /// Which changes count.
    pub(super) fn kinds(&self) -> Vec<ChangeKind> {
        if self.kinds.is_empty() {
            return ChangeKind::ALL.to_vec();
        }
        self.kinds.iter().copied().map(Into::into).collect()
    }
}

impl JournalArgs {
    /// Where it is remembered; `None` where there is no place.
    pub(super) fn place(&self) -> Option<JournalPlace> {
        match &self.journal {
            Some(file) => Some(JournalPlace::File(file.clone())),
            None => state_folder().map(JournalPlace::Folder),
        }
    }
}

/// A kind of change.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum KindArg {
    Created,
    Modified,
    Removed,
}

impl From<KindArg> for ChangeKind {
    fn from(kind: KindArg) -> Self {
        match kind {
            KindArg::Created => Self::Created,
            KindArg::Modified => Self::Modified,
            KindArg::Removed => Self::Removed,
        }
    }
}

/// A property of a file.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum AttributeArg {
    Readonly,
    Hidden,
    Executable,
}

impl From<AttributeArg> for Attribute {
    fn from(attribute: AttributeArg) -> Self {
        match attribute {
            AttributeArg::Readonly => Self::Readonly,
            AttributeArg::Hidden => Self::Hidden,
            AttributeArg::Executable => Self::Executable,
        }
    }
}

/// Which of the files that are there at the beginning.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum InitialArg {
    #[default]
    New,
    All,
    None,
}

impl From<InitialArg> for Initial {
    fn from(initial: InitialArg) -> Self {
        match initial {
            InitialArg::New => Self::New,
            InitialArg::All => Self::All,
            InitialArg::None => Self::None,
        }
    }
}

/// A path from the root on.
fn remote_folder(text: &str) -> Result<RemotePath, String> {
    let path: RemotePath = text.parse().map_err(|error: Error| {
        let hint = error.hint().map(|hint| format!("; {hint}"));
        format!("{}{}", error.full_message(), hint.unwrap_or_default())
    })?;
    if path.is_root() || path.as_str().starts_with('/') {
        return Ok(path);
    }
    Err("write it from the root on, as `/folder`: it is no id".to_owned())
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("it takes at least one".to_owned()),
        Ok(count) => Ok(count),
        Err(error) => Err(error.to_string()),
    }
}

/// Seconds, as a number.
fn seconds(text: &str) -> Result<Duration, String> {
    let length = text
        .parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    length
        .filter(|length| *length >= Duration::from_millis(10))
        .ok_or_else(|| format!("`{text}` is not a number of seconds, from 0.01 on"))
}
