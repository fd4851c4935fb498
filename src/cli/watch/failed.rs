//! `watch --failed` and `watch --retry`: the files that were given up.

use std::path::Path;

use dropscript::{Error, ErrorKind, FailedFile, FailedFiles, JournalPlace, Result};
use serde_json::json;

use super::super::output;
use super::super::report::{self, Status};
use super::super::voice::Voice;

/// What is to become of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    List,
    Retry,
}

/// Lists what was given up, of one script or of all, or has it tried again.
pub(super) fn main(
    voice: Voice,
    place: Option<JournalPlace>,
    script: Option<&Path>,
    wish: Wish,
    json: bool,
) -> Status {
    match text(voice, place, script, wish, json) {
        Ok(text) => output::whole(voice, &text),
        Err(error) => report::refuse(voice, &error),
    }
}

fn text(
    voice: Voice,
    place: Option<JournalPlace>,
    script: Option<&Path>,
    wish: Wish,
    json: bool,
) -> Result<String> {
    let place = place.ok_or_else(|| {
        let message = "nobody knows where the journal is kept: there is no home";
        Error::new(ErrorKind::InvalidArgument, message)
            .with_hint("name it with `--journal`, or a folder with `DROPSCRIPT_STATE`")
    })?;
    let failed = FailedFiles::open(&place)?;
    let watch = script.map(FailedFiles::watch_of);
    if wish == Wish::Retry {
        let count = failed.retry(watch.as_deref())?;
        if json {
            return Ok(format!("{}\n", json!({ "retried": count })));
        }
        voice.status(&match count {
            0 => "nothing was given up".to_owned(),
            1 => "one file is tried again".to_owned(),
            count => format!("{count} files are tried again"),
        });
        return Ok(String::new());
    }
    let files = failed.list(watch.as_deref())?;
    if json {
        let files: Vec<_> = files.iter().map(as_json).collect();
        return Ok(format!("{}\n", json!({ "failed": files })));
    }
    if files.is_empty() {
        voice.status("nothing was given up");
    }
    Ok(files.iter().map(as_line).collect())
}

fn as_json(file: &FailedFile) -> serde_json::Value {
    json!({
        "script": file.watch, "path": file.path.display().to_string(), "event": file.event,
        "attempts": file.attempts, "since": file.since.to_string(), "error": file.error,
    })
}

fn as_line(file: &FailedFile) -> String {
    format!(
        "{}  {} runs of {} since {}: {}\n",
        file.path.display().to_string().replace('\n', " "),
        file.attempts,
        file.watch,
        file.since,
        file.error.replace('\n', " "),
    )
}
