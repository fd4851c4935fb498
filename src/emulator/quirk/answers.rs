//! The quirks that change nothing but the form of an answer.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::super::answer::{API_RESULT, Answer, Payload, Refusal, header_safe};
use super::super::dispatch::unknown_function;
use super::super::{names, tag};
use super::{Quirk, Quirks};

/// What a quirk refuses before the call is looked at.
pub(in super::super) fn admit(
    quirks: &Quirks,
    route: &str,
    headers: &HeaderMap,
) -> Result<(), Refusal> {
    let limits = [(Quirk::HeaderLimit4K, 4096), (Quirk::HeaderLimit8K, 8192)];
    // Each line with its colon, space and end.
    let lines = headers.iter();
    let size: usize = lines
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    if limits
        .iter()
        .any(|(quirk, limit)| size > *limit && quirks.has(*quirk))
    {
        const PAGE: &str =
            "<html><head><title>400 Request Header Or Cookie Too Large</title></head></html>";
        let page = Answer::html(StatusCode::BAD_REQUEST, PAGE);
        return Err(Refusal::Other(Box::new(page)));
    }
    let missing = match route.strip_prefix("files/upload_session/") {
        Some("append_batch") => quirks.has(Quirk::NoAppendBatch),
        Some("start_batch" | "finish_batch" | "finish_batch/check" | "finish_batch_v2") => {
            quirks.has(Quirk::NoSessionBatches)
        }
        _ => false,
    };
    if missing {
        return Err(Refusal::Other(Box::new(unknown_function(quirks, route))));
    }
    Ok(())
}

/// The answer of `route` as the quirks that are on have it.
pub(in super::super) fn apply(quirks: &Quirks, route: &str, mut answer: Answer) -> Answer {
    if !quirks.any() {
        return answer;
    }
    match answer.status.as_u16() {
        200..=299 => reshape_results(quirks, &mut answer),
        401 => answer = unauthorized(quirks, route, answer),
        409 => answer = refused(quirks, route, answer),
        429 => answer = limited(quirks, answer),
        500.. if quirks.has(Quirk::ServerErrorHtml) => {
            const PAGE: &str =
                "<!DOCTYPE html><html><head><title>Dropbox - 500</title></head></html>";
            answer = Answer::html(answer.status, PAGE);
        }
        _ => {}
    }
    if quirks.has(Quirk::JsonWithCharset)
        && answer
            .headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind == "application/json")
    {
        let kind = HeaderValue::from_static("application/json; charset=utf-8");
        answer.headers.insert(header::CONTENT_TYPE, kind);
    }
    answer
}

fn body(answer: &Answer) -> Option<Value> {
    let is_json = answer
        .headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind == "application/json");
    match &answer.payload {
        Payload::Bytes(bytes) if is_json => serde_json::from_slice(bytes).ok(),
        _ => None,
    }
}

fn unauthorized(quirks: &Quirks, route: &str, answer: Answer) -> Answer {
    let unknown = body(&answer).is_some_and(|body| body["error"][".tag"] == "invalid_access_token");
    if unknown && quirks.has(Quirk::TokenRefusedAsText) {
        let text = format!(
            "Error in call to API function \"{route}\": The given OAuth 2 access token is malformed."
        );
        return Answer::text(StatusCode::BAD_REQUEST, text);
    }
    answer
}

fn refused(quirks: &Quirks, route: &str, answer: Answer) -> Answer {
    let Some(mut told) = body(&answer) else {
        return answer;
    };
    let summary = tag::summary(&told["error"]);
    if summary.ends_with("malformed_path") && quirks.has(Quirk::MalformedPathsAsText) {
        let text = format!(
            "Error in call to API function \"{route}\": request body: path: did not match pattern '/(.|[\\r\\n])*'"
        );
        return Answer::text(StatusCode::BAD_REQUEST, text);
    }
    if quirks.has(Quirk::UserMessages) {
        told["user_message"] = json!({ "text": "Something is in the way.", "locale": "en" });
        return Answer::failure(answer.status, &told);
    }
    answer
}

fn limited(quirks: &Quirks, mut answer: Answer) -> Answer {
    if quirks.has(Quirk::LimitAsText) {
        return Answer::text(answer.status, "too_many_requests");
    }
    let Some(mut told) = body(&answer) else {
        return answer;
    };
    if quirks.has(Quirk::LimitWithoutReason) {
        told["error_summary"] = "too_many_requests/..".into();
        told["error"] = tag::tag("too_many_requests");
    }
    if quirks.has(Quirk::LimitWaitInBody) {
        answer.headers.remove(header::RETRY_AFTER);
    }
    Answer {
        payload: Payload::Bytes(told.to_string().into()),
        ..answer
    }
}

/// Changes the result, wherever it travels.
fn reshape_results(quirks: &Quirks, answer: &mut Answer) {
    if let Some(mut result) = body(answer) {
        reshape(quirks, &mut result);
        let empty = result.is_null() && quirks.has(Quirk::VoidResultsEmpty);
        let text = if empty {
            String::new()
        } else {
            result.to_string()
        };
        answer.payload = Payload::Bytes(text.into());
    }
    if let Some(told) = answer.headers.get_mut(API_RESULT)
        && let Ok(mut result) = serde_json::from_slice::<Value>(told.as_bytes())
    {
        reshape(quirks, &mut result);
        *told = HeaderValue::try_from(header_safe(&result.to_string()))
            .expect("escaped JSON is printable ASCII");
    }
}

fn reshape(quirks: &Quirks, value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| reshape(quirks, value)),
        Value::Object(fields) => {
            if fields.contains_key("path_lower") || fields.contains_key("rev") {
                reshape_metadata(quirks, fields);
            }
            if fields.contains_key("access_token") && quirks.has(Quirk::ExpiresInMissing) {
                fields.remove("expires_in");
            }
            fields.values_mut().for_each(|value| reshape(quirks, value));
        }
        _ => {}
    }
}

fn reshape_metadata(quirks: &Quirks, fields: &mut Map<String, Value>) {
    let is_there = fields.contains_key("id");
    let text = |name: &str, fields: &Map<String, Value>| {
        let text = fields.get(name).and_then(Value::as_str);
        text.map(str::to_owned)
    };
    if quirks.has(Quirk::ExactNames)
        && let Some(display) = text("path_display", fields)
    {
        fields.insert("path_lower".to_owned(), quirks.fold(&display).into());
    }
    if quirks.has(Quirk::ParentsInLowerCase)
        && let (Some(lower), Some(display)) =
            (text("path_lower", fields), text("path_display", fields))
    {
        let display = format!("{}/{}", names::parent(&lower), names::name(&display));
        fields.insert("path_display".to_owned(), display.into());
    }
    if quirks.has(Quirk::PathsMissing) && is_there {
        fields.remove("path_lower");
        fields.remove("path_display");
    }
    if quirks.has(Quirk::PathDisplayMissing) {
        fields.remove("path_display");
    }
    if quirks.has(Quirk::ContentHashMissing) {
        fields.remove("content_hash");
    }
    if quirks.has(Quirk::ServerClockAhead)
        && let Some(time) = text("server_modified", fields)
        && let Ok(time) = time.parse::<Timestamp>()
        && let Ok(later) = time.checked_add(SignedDuration::from_hours(1))
    {
        fields.insert("server_modified".to_owned(), later.to_string().into());
    }
    if quirks.has(Quirk::UnknownFields) {
        fields.insert("a_field_of_tomorrow".to_owned(), json!({ ".tag": "new" }));
    }
}
