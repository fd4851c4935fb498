//! `unfinished`: transfers of large files that broke off.

use std::fmt;

use dropscript::{Error, Result, UnfinishedDownload, UnfinishedUpload, UnfinishedWork};
use serde_json::{Value, json};

use super::args::UnfinishedArgs;
use super::output;
use super::report::{self, Status};
use super::state_folder::{state_folder, the_state_folder};
use super::voice::Voice;

/// Where transfers note how far they came. Without such a place they go on all the same, and begin anew when they break off.
pub(super) fn unfinished_work() -> Option<UnfinishedWork> {
    let opened = UnfinishedWork::open(state_folder()?);
    let failed =
        |error: &Error| tracing::warn!("transfers that break off will begin anew: {error}");
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
            1 => "forgot one transfer".to_owned(),
            count => format!("forgot {count} transfers"),
        });
        return Ok(String::new());
    }
    let (uploads, downloads) = (work.uploads()?, work.downloads()?);
    if args.json {
        let uploads: Vec<_> = uploads.iter().map(upload_as_json).collect();
        let downloads: Vec<_> = downloads.iter().map(download_as_json).collect();
        let all = json!({ "uploads": uploads, "downloads": downloads });
        return Ok(format!("{all}\n"));
    }
    if uploads.is_empty() && downloads.is_empty() {
        voice.status("nothing is unfinished");
    }
    let uploads = uploads.iter().map(Line::of_upload);
    let downloads = downloads.iter().map(Line::of_download);
    let lines = uploads.chain(downloads).map(|line| line.to_string());
    Ok(lines.collect())
}

fn upload_as_json(upload: &UnfinishedUpload) -> Value {
    json!({
        "source": upload.source, "target": upload.target, "size": upload.size, "sent": upload.sent,
        "begun": upload.begun.to_string(), "active": upload.active,
    })
}

fn download_as_json(download: &UnfinishedDownload) -> Value {
    json!({
        "source": download.source, "target": download.target, "size": download.size, "fetched": download.fetched,
        "partial": download.partial.display().to_string(), "begun": download.begun.to_string(), "active": download.active,
    })
}

/// What a person reads of a transfer.
struct Line<'a> {
    way: &'static str,
    source: &'a str,
    target: &'a str,
    done: u64,
    size: u64,
    begun: String,
    active: bool,
}

impl<'a> Line<'a> {
    fn of_upload(upload: &'a UnfinishedUpload) -> Self {
        Self {
            way: "up",
            source: &upload.source,
            target: &upload.target,
            done: upload.sent,
            size: upload.size,
            begun: upload.begun.to_string(),
            active: upload.active,
        }
    }

    fn of_download(download: &'a UnfinishedDownload) -> Self {
        Self {
            way: "down",
            source: &download.source,
            target: &download.target,
            done: download.fetched,
            size: download.size,
            begun: download.begun.to_string(),
            active: download.active,
        }
    }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:4}  {}  ->  {}  {} % of {} bytes, begun {}{}",
            self.way,
            self.source,
            self.target,
            self.done.saturating_mul(100) / self.size.max(1),
            self.size,
            self.begun,
            if self.active { ", under way" } else { "" }
        )
    }
}
