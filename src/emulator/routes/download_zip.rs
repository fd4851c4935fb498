//! `files/download_zip`: a folder as an archive that is made while it is sent.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::vec;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use zip::write::{SimpleFileOptions, StreamWriter, ZipWriter};
use zip::{CompressionMethod, DateTime};

use super::super::answer::{API_RESULT, Answer, Payload, Pieces, Refusal, header_safe};
use super::super::blob::Blob;
use super::super::call::{Call, Outcome};
use super::super::names;
use super::super::path_arg::Pattern;
use super::super::state::tree::{Depth, Node, Tree};
use super::super::tag::{nested, tag};
use super::super::wire;

/// An archive has fewer entries than these, its topmost folder included.
const MANY_ENTRIES: usize = 10_000;

/// All files together are smaller than this.
const LARGE: u64 = 20 << 30;

/// Each file is smaller than this.
const LARGE_FILE: u64 = 4 << 30;

pub(super) fn download_zip(call: &mut Call) -> Outcome {
    let path = call.arg.path("path", Pattern::Read)?;
    call.arg.finish()?;
    let view = call.caller().view;
    let refuse = |error: Value| Refusal::Route(nested("path", error));
    let state = call.shared.state();
    let (lower, folder) = match state.find(&view, &path) {
        Ok((lower, Node::Folder(folder))) => (lower, folder),
        Ok((_, Node::File(_))) => return Err(refuse(tag("not_folder"))),
        Err(error) => return Err(refuse(wire::lookup_error(error))),
    };
    let answer = zip(state.tree(view.tree), &lower, &folder.display);
    drop(state);
    let metadata = json!({ "metadata": wire::folder(&view, &lower, &folder) }).to_string();
    let metadata =
        HeaderValue::try_from(header_safe(&metadata)).expect("escaped JSON is printable ASCII");
    let answer = answer.map_err(|limit| Refusal::Route(tag(limit)))?;
    Ok(answer.with(API_RESULT, metadata))
}

/// A folder as an archive. The error is the tag of a limit.
pub(super) fn zip(tree: &Tree, lower: &str, display: &str) -> Result<Answer, &'static str> {
    let members = members(tree, lower, display)?;
    let kind = HeaderValue::from_static("application/zip");
    Ok(Answer {
        status: StatusCode::OK,
        headers: HeaderMap::from_iter([(header::CONTENT_TYPE, kind)]),
        payload: Payload::Stream(archive(members)),
    })
}

/// What stands in an archive.
struct Member {
    /// From the topmost folder on, with a slash behind the names of folders.
    name: String,
    /// When it was last changed, and what it holds; nothing for a folder.
    file: Option<(Timestamp, Blob)>,
}

/// A folder and all below it. The error is the tag of a limit.
fn members(tree: &Tree, lower: &str, display: &str) -> Result<Vec<Member>, &'static str> {
    let top = display.len() - names::name(display).len();
    let folder = |display: &str| Member {
        name: format!("{}/", &display[top..]),
        file: None,
    };
    let mut members = vec![folder(display)];
    let mut total = 0;
    for (_, node) in tree.below(lower, Depth::All, "") {
        total += node.size();
        members.push(match node {
            Node::Folder(node) => folder(&node.display),
            Node::File(file) => Member {
                name: file.display[top..].to_owned(),
                file: Some((file.client_modified, file.blob.clone())),
            },
        });
        if members.len() >= MANY_ENTRIES {
            return Err("too_many_files");
        }
        if total >= LARGE || node.size() >= LARGE_FILE {
            return Err("too_large");
        }
    }
    Ok(members)
}

/// An archive that is being made.
struct Archive {
    /// `None` when its end has been written.
    writer: Option<ZipWriter<StreamWriter<Outbox>>>,
    members: vec::IntoIter<Member>,
    /// What is still to come of the file that was begun.
    contents: Option<Pieces>,
    outbox: Outbox,
}

/// The bytes of an archive. No more is made before they were sent.
fn archive(members: Vec<Member>) -> Pieces {
    let outbox = Outbox::default();
    let archive = Archive {
        writer: Some(ZipWriter::new_stream(outbox.clone())),
        members: members.into_iter(),
        contents: None,
        outbox,
    };
    stream::try_unfold(archive, |mut archive| async {
        let piece = archive.next().await?;
        Ok(piece.map(|piece| (piece, archive)))
    })
    .boxed()
}

impl Archive {
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            let made = self.outbox.take();
            if !made.is_empty() {
                return Ok(Some(made));
            }
            let Some(writer) = &mut self.writer else {
                return Ok(None);
            };
            let piece = match &mut self.contents {
                Some(contents) => contents.next().await,
                None => None,
            };
            if let Some(piece) = piece {
                writer.write_all(&piece?)?;
                continue;
            }
            self.contents = None;
            match self.members.next() {
                Some(member) => self.contents = begin(writer, member)?,
                None => {
                    if let Some(writer) = self.writer.take() {
                        writer.finish()?;
                    }
                }
            }
        }
    }
}

/// Writes what stands before the contents of a member, which are given back.
fn begin(
    writer: &mut ZipWriter<StreamWriter<Outbox>>,
    member: Member,
) -> io::Result<Option<Pieces>> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let Some((modified, blob)) = member.file else {
        writer.add_directory(member.name, options)?;
        return Ok(None);
    };
    let options = options.last_modified_time(written_time(modified));
    writer.start_file(member.name, options)?;
    let whole = 0..blob.size();
    Ok(Some(blob.stream(whole).boxed()))
}

/// A time as archives have it, in UTC; their first where they cannot have it.
fn written_time(time: Timestamp) -> DateTime {
    let time = TimeZone::UTC.to_datetime(time);
    let small = |number: i8| number.unsigned_abs();
    u16::try_from(time.year())
        .ok()
        .and_then(|year| {
            DateTime::from_date_and_time(
                year,
                small(time.month()),
                small(time.day()),
                small(time.hour()),
                small(time.minute()),
                small(time.second()),
            )
            .ok()
        })
        .unwrap_or_default()
}

/// Where the writer leaves what it made, until it is sent.
#[derive(Clone, Debug, Default)]
struct Outbox(Arc<Mutex<Vec<u8>>>);

impl Outbox {
    fn take(&self) -> Bytes {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        mem::take(&mut *made).into()
    }
}

impl Write for Outbox {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        made.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
