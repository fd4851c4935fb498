//! `files/download`

use std::ops::Range;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::Value;

use super::super::answer::{API_RESULT, Answer, Payload, Refusal, header_safe};
use super::super::call::{Call, Outcome};
use super::super::path_arg::{PathArg, Pattern};
use super::super::quirk::Quirk;
use super::super::state::LocateError;
use super::super::state::tree::{FileNode, Node};
use super::super::tag::{nested, tag};
use super::super::wire;

pub(super) fn download(call: &mut Call) -> Outcome {
    let mut path = call.arg.path("path", Pattern::Read)?;
    if let Some(rev) = call.arg.optional_rev("rev")? {
        path = PathArg::Rev(rev);
    }
    call.arg.finish()?;
    let view = call.caller().view;
    let refuse = |error: Value| Refusal::Route(nested("path", error));
    let found = call.shared.state().find(&view, &path);
    let (lower, file) = match found {
        Ok((lower, Node::File(file))) => (lower, file),
        Ok((_, Node::Folder(_))) => return Err(refuse(tag("not_file"))),
        Err(LocateError::Bad(_)) => return Err(refuse(tag("malformed_path"))),
        Err(LocateError::NotFound) => return Err(refuse(tag("not_found"))),
    };
    let metadata =
        serde_json::to_string(&wire::file(&view, &lower, &file)).expect("metadata is plain data");
    let metadata =
        HeaderValue::try_from(header_safe(&metadata)).expect("escaped JSON is printable ASCII");
    let mut etag = etag(&file);
    if call.quirk(Quirk::EtagStrong) {
        etag = HeaderValue::try_from(format!("\"{}\"", file.rev)).expect("revs are digits");
    }
    if call.quirk(Quirk::RangesIgnored) {
        call.parts.headers.remove(header::RANGE);
    }
    let mut answer = content(&call.parts.headers, &etag, &file.blob);
    if call.quirk(Quirk::ContentRangeMissing) {
        answer.headers.remove(header::CONTENT_RANGE);
    }
    Ok(answer.with(header::ETAG, etag).with(API_RESULT, metadata))
}

/// The tag of a version.
pub(super) fn etag(file: &FileNode) -> HeaderValue {
    HeaderValue::try_from(format!("W/\"{}\"", file.rev)).expect("revs are hexadecimal digits")
}

/// The contents, or the part that was asked for, or only that nothing has changed.
pub(super) fn content(
    request: &HeaderMap,
    etag: &HeaderValue,
    blob: &super::super::blob::Blob,
) -> Answer {
    let size = blob.size();
    let answer = |status, range: Range<u64>| {
        let headers = HeaderMap::from_iter([
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/octet-stream"),
            ),
            (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        ]);
        Answer {
            status,
            headers,
            payload: Payload::Blob(blob.clone(), range),
        }
    };
    if matches_etag(request, etag) {
        return answer(StatusCode::NOT_MODIFIED, 0..0);
    }
    let content_range = |text: String| HeaderValue::try_from(text).expect("digits are printable");
    match requested_range(request, size) {
        Requested::All => answer(StatusCode::OK, 0..size),
        Requested::Part(range) => {
            let told = content_range(format!("bytes {}-{}/{size}", range.start, range.end - 1));
            answer(StatusCode::PARTIAL_CONTENT, range).with(header::CONTENT_RANGE, told)
        }
        Requested::Beyond => answer(StatusCode::RANGE_NOT_SATISFIABLE, 0..0).with(
            header::CONTENT_RANGE,
            content_range(format!("bytes */{size}")),
        ),
    }
}

/// Weak comparison, as `If-None-Match` has it (RFC 9110, 13.1.2).
fn matches_etag(request: &HeaderMap, etag: &HeaderValue) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let current = etag.to_str().map(opaque).unwrap_or_default();
    let mut given = request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok());
    given.any(|list| {
        list.split(',')
            .any(|tag| tag.trim() == "*" || opaque(tag) == current)
    })
}

enum Requested {
    All,
    Part(Range<u64>),
    Beyond,
}

/// One range of bytes (RFC 9110, 14.1.2). What is not understood is left aside, as are several ranges at once.
fn requested_range(request: &HeaderMap, size: u64) -> Requested {
    let given = request
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok());
    let Some((first, last)) = given.and_then(|text| text.strip_prefix("bytes=")?.split_once('-'))
    else {
        return Requested::All;
    };
    let range = match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Ok(first), Err(_)) if last.trim().is_empty() => first..size,
        (Err(_), Ok(count)) if first.trim().is_empty() => size.saturating_sub(count)..size,
        _ => return Requested::All,
    };
    if range.is_empty() {
        Requested::Beyond
    } else {
        Requested::Part(range)
    }
}
