//! `unfinished`: uploads of large files that broke off.

use dropscript::{Error, ErrorKind, Result, UnfinishedUpload, UnfinishedWork};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::args::UnfinishedArgs;
use super::output::{Form, Output};
use super::report::{self, Status};
use super::state_folder::state_folder;
use super::voice::{Voice, printable};

/// Where uploads note how far they came. Without such a place they go on all the same, and begin anew when they break off.
pub(super) fn unfinished_work() -> Option<UnfinishedWork> {
    let opened = UnfinishedWork::open(state_folder()?);
    let failed = |error: &Error| tracing::warn!("uploads that break off will begin anew: {error}");
    opened.inspect_err(failed).ok()
}

pub(super) fn main(voice: Voice, args: &UnfinishedArgs) -> Status {
    let text = match text(voice, args) {
        Ok(text) => text,
        Err(error) => return report::refuse(voice, &error),
    };
    let output = Output::new(Form::Lines, CancellationToken::new());
    if !text.is_empty() {
        output.print(text.trim_end());
    }
    match output.broken() {
        Some(error) => report::broken_output(voice, error),
        None => Status::OK,
    }
}

fn text(voice: Voice, args: &UnfinishedArgs) -> Result<String> {
    let folder = state_folder().ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidArgument,
            "nobody knows where the state is kept: there is no home",
        )
        .with_hint("name a folder with `DROPSCRIPT_STATE`")
    })?;
    let work = UnfinishedWork::open(folder)?;
    if args.clear {
        let count = work.clear()?;
        if args.json {
            return Ok(json!({ "cleared": count }).to_string());
        }
        voice.status(&match count {
            0 => "nothing was unfinished".to_owned(),
            1 => "forgot one upload".to_owned(),
            count => format!("forgot {count} uploads"),
        });
        return Ok(String::new());
    }
    let uploads = work.uploads()?;
    if args.json {
        let uploads: Vec<_> = uploads.iter().map(as_json).collect();
        return Ok(json!({ "uploads": uploads }).to_string());
    }
    if uploads.is_empty() {
        voice.status("nothing is unfinished");
    }
    Ok(uploads.iter().map(as_line).collect())
}

fn as_json(upload: &UnfinishedUpload) -> serde_json::Value {
    json!({
        "source": upload.source, "target": upload.target, "size": upload.size, "sent": upload.sent,
        "begun": upload.begun.to_string(), "active": upload.active,
    })
}

fn as_line(upload: &UnfinishedUpload) -> String {
    let percent = upload.sent.saturating_mul(100) / upload.size.max(1);
    let active = if upload.active { ", under way" } else { "" };
    format!(
        "{}  ->  {}  {percent} % of {} bytes, begun {}{active}\n",
        printable(&upload.source),
        printable(&upload.target),
        upload.size,
        upload.begun,
    )
}
