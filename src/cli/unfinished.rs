//! `unfinished`: uploads of large files that broke off.

use dropscript::{Error, Result, UnfinishedUpload, UnfinishedWork};
use serde_json::json;

use super::args::UnfinishedArgs;
use super::output;
use super::report::{self, Status};
use super::state_folder::{state_folder, the_state_folder};
use super::voice::Voice;

/// Where uploads note how far they came. Without such a place they go on all the same, and begin anew when they break off.
pub(super) fn unfinished_work() -> Option<UnfinishedWork> {
    let opened = UnfinishedWork::open(state_folder()?);
    let failed = |error: &Error| tracing::warn!("uploads that break off will begin anew: {error}");
    opened.inspect_err(failed).ok()
}

pub(super) fn main(voice: Voice, args: &UnfinishedArgs) -> Status {
    match text(voice, args) {
        Ok(text) => output::whole(voice, &text),
        Err(error) => report::refuse(voice, &error),
    }
}

fn text(voice: Voice, args: &UnfinishedArgs) -> Result<String> {
    let work = UnfinishedWork::open(the_state_folder()?)?;
    if args.clear {
        let count = work.clear()?;
        if args.json {
            return Ok(format!("{}\n", json!({ "cleared": count })));
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
        return Ok(format!("{}\n", json!({ "uploads": uploads })));
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
        upload.source, upload.target, upload.size, upload.begun,
    )
}
