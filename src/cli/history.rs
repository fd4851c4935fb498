//! `history`: what was run, and what became of it.

use std::fmt::Write;

use dropscript::{
    ByteSize, Ending, Error, ErrorKind, History, KnownSecrets, PastRun, Result, RunCounts,
    RunQuery, Secret,
};
use serde_json::{Value, json};

use super::args::HistoryArgs;
use super::output;
use super::report::{self, Status};
use super::state_folder::{state_folder, the_state_folder};
use super::table::table;
use super::voice::Voice;

/// In the names of variables whose values are secrets.
const SECRET: [&str; 5] = ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "API_KEY"];

/// How much of an error is in a line of the list.
const EXCERPT: usize = 60;

/// Where runs are written down. Without such a place they run all the same, and leave no trace.
pub(super) fn open_history() -> Option<History> {
    let opened = History::open(state_folder()?);
    let failed = |error: &Error| tracing::warn!("this run leaves no trace in the history: {error}");
    Some(opened.inspect_err(failed).ok()?.without(known_secrets()))
}

/// The secrets in the environment, by the names of the variables: a script may print them.
fn known_secrets() -> KnownSecrets {
    let variables = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.to_string_lossy().to_uppercase();
        let is_secret = SECRET.iter().any(|word| name.contains(word));
        is_secret.then(|| Secret::new(value.to_string_lossy()))
    });
    KnownSecrets::new(variables)
}

pub(super) fn main(voice: Voice, args: &HistoryArgs) -> Status {
    match text(voice, args) {
        Ok(text) => output::whole(voice, &text),
        Err(error) => report::refuse(voice, &error),
    }
}

fn text(voice: Voice, args: &HistoryArgs) -> Result<String> {
    let history = History::open(the_state_folder()?)?;
    if args.clear {
        let count = history.clear()?;
        if args.json {
            return Ok(line(&json!({ "cleared": count })));
        }
        voice.status(&match count {
            0 => "nothing was there to forget".to_owned(),
            1 => "forgot one run".to_owned(),
            count => format!("forgot {count} runs"),
        });
        return Ok(String::new());
    }
    if let Some(id) = args.id {
        let run = history.run(id)?.ok_or_else(|| unknown(id))?;
        return Ok(if args.json {
            line(&as_json(&run))
        } else {
            whole(&run)
        });
    }
    let runs = history.runs(&RunQuery {
        limit: Some(args.limit),
        failed: args.failed,
    })?;
    if args.json {
        let runs: Vec<_> = runs.iter().map(as_json).collect();
        return Ok(line(&json!({ "runs": runs })));
    }
    if runs.is_empty() {
        voice.status("no runs are known");
        return Ok(String::new());
    }
    Ok(list(&runs))
}

fn unknown(id: u64) -> Error {
    let message = format!("there is no run {id} in the history");
    Error::new(ErrorKind::InvalidArgument, message)
        .with_hint("`dropscript history` lists those that there are")
}

fn line(json: &Value) -> String {
    format!("{json}\n")
}

fn as_json(run: &PastRun) -> Value {
    let RunCounts {
        transferred,
        skipped,
        failed,
        deleted,
        planned,
        bytes,
    } = run.counts;
    json!({
        "id": run.id, "command": run.start.command, "source": run.start.source, "files": run.start.files,
        "script": run.start.script, "path": run.start.path, "connection": run.start.connection,
        "emulated": run.start.emulated, "dry_run": run.start.dry_run, "begun": run.begun.to_string(),
        "seconds": run.took.map(|took| took.as_secs_f64()), "outcome": run.ending.as_str(), "status": run.status,
        "transferred": transferred, "skipped": skipped, "failed": failed, "deleted": deleted, "planned": planned,
        "bytes": bytes, "lines": run.lines, "output": run.output, "error": run.error,
    })
}

/// A line for each run, in columns.
fn list(runs: &[PastRun]) -> String {
    let head = [
        "ID",
        "BEGUN (UTC)",
        "TRIGGER",
        "SCRIPT",
        "TOOK",
        "OUTCOME",
        "",
    ];
    let rows = runs.iter().map(|run| {
        [
            run.id.to_string(),
            begun(run),
            trigger(run),
            run.start.script.clone(),
            took(run),
            outcome(run),
            summary(run),
        ]
    });
    let head = head.map(str::to_owned);
    table(&[head].into_iter().chain(rows).collect::<Vec<_>>())
}

/// All that is known of a run.
fn whole(run: &PastRun) -> String {
    let mut text = format!("run {}: {}\n", run.id, outcome(run));
    let mut field = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(text, "{name:10}  {value}");
        }
    };
    field(
        "script",
        &match &run.start.path {
            Some(path) => path.display().to_string(),
            None => run.start.script.clone(),
        },
    );
    field(
        "trigger",
        &match run.start.files {
            0 => trigger(run),
            1 => format!("{}, one file", trigger(run)),
            files => format!("{}, {files} files", trigger(run)),
        },
    );
    field("dropbox", if run.start.emulated { "emulator" } else { "" });
    field("connection", &run.start.connection);
    field("begun", &format!("{} UTC", begun(run)));
    field("took", &took(run));
    field("did", &counts(run));
    let shown = run.output.len() as u64;
    let more = match run.lines - shown.min(run.lines) {
        0 => None,
        more => Some(format!("... and {more} more lines")),
    };
    for (name, lines, more) in [("output", &run.output, more), ("error", &run.error, None)] {
        if lines.is_empty() {
            continue;
        }
        let _ = writeln!(text, "{name}");
        for line in lines.iter().chain(&more) {
            let _ = writeln!(text, "    {line}");
        }
    }
    text
}

fn begun(run: &PastRun) -> String {
    run.begun.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The command, and of `watch` what it saw.
fn trigger(run: &PastRun) -> String {
    match run.start.source.as_str() {
        "none" | "" => run.start.command.clone(),
        source => format!("{} ({source})", run.start.command),
    }
}

fn took(run: &PastRun) -> String {
    let seconds = run.took.map(|took| format!("{:.1} s", took.as_secs_f64()));
    seconds.unwrap_or_default()
}

fn outcome(run: &PastRun) -> String {
    match (run.ending, run.status) {
        (Ending::Failed, Some(status)) => format!("failed ({status})"),
        (ending, _) => ending.as_str().to_owned(),
    }
}

/// What a run failed with, else what it did.
fn summary(run: &PastRun) -> String {
    let Some(error) = run.error.first() else {
        return counts(run);
    };
    let mut letters = error.chars();
    let mut excerpt: String = letters.by_ref().take(EXCERPT).collect();
    if letters.next().is_some() {
        excerpt.push('…');
    }
    excerpt
}

fn counts(run: &PastRun) -> String {
    let counts = run.counts;
    let words = [
        ("transferred", counts.transferred),
        ("skipped", counts.skipped),
        ("deleted", counts.deleted),
        ("planned", counts.planned),
        ("failed", counts.failed),
    ];
    let some = words.into_iter().filter(|(_, count)| *count > 0);
    let mut told: Vec<String> = some
        .map(|(word, count)| format!("{count} {word}"))
        .collect();
    if counts.bytes > 0 {
        told.push(ByteSize(counts.bytes).to_string());
    }
    if run.start.dry_run {
        told.push("dry run".to_owned());
    }
    told.join(", ")
}
