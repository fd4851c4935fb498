//! `files/save_url`: the server fetches a file from elsewhere. Here only over plain HTTP.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use url::Url;

use super::super::answer::{Answer, Refusal};
use super::super::body::RequestBody;
use super::super::call::{Call, Caller, LARGEST_BODY, Outcome};
use super::super::fault::FaultKind;
use super::super::limits::too_many_writes;
use super::super::names;
use super::super::path_arg::Pattern;
use super::super::shared::Shared;
use super::super::state::State;
use super::super::state::write::Content;
use super::super::tag::{nested, tag};
use super::super::wire;
use super::jobs;
use super::upload::CommitInfo;

/// The route that tells how it went.
const CHECK: &str = "files/save_url/check_job_status";

/// How long a download may take.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

pub(super) fn save(call: &mut Call) -> Outcome {
    let path = call.arg.path("path", Pattern::Plain)?;
    let text = call.arg.text("url")?;
    call.arg.finish()?;
    let url = Url::parse(&text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url = url.ok_or_else(|| Refusal::Route(tag("invalid_url")))?;
    let caller = call.caller();
    // A link to this very server, by whatever name: only here is the certificate known.
    let here = url.origin().ascii_serialization() == call.origin();
    let pending = jobs::pending(call);
    let id = {
        let mut state = call.shared.state();
        let id = state.mint.job_id();
        state.jobs.add(
            id.clone(),
            caller.account,
            CHECK,
            tag("in_progress"),
            pending,
        );
        id
    };
    let held = matches!(call.fault(), Some(FaultKind::TooManyWriteOperations { .. }));
    let (shared, job) = (Arc::clone(&call.shared), id.clone());
    let commit = CommitInfo::renaming(path);
    tokio::spawn(async move {
        let fetched = tokio::time::timeout(PATIENCE, fetch(&shared, &url, here)).await;
        let fetched = fetched.ok().flatten();
        // Nobody waits for an answer any more that could be refused.
        let held =
            held || fetched.is_some() && shared.hold_namespace(caller.view.tree).await.is_err();
        {
            let mut state = shared.state();
            let outcome = match fetched {
                None => nested("failed", tag("download_failed")),
                Some(_) if held => nested("failed", nested("path", too_many_writes())),
                Some(content) => keep(&mut state, &shared, &caller, &commit, content),
            };
            state.jobs.complete(&job, outcome);
        }
        // Where it cannot be written down, whoever asks after the job is told so.
        let _ = shared.settle().await;
    });
    Ok(Answer::json(
        &json!({ ".tag": "async_job_id", "async_job_id": id }),
    ))
}

/// Gives a `SaveUrlJobStatus`.
fn keep(
    state: &mut State,
    shared: &Shared,
    caller: &Caller,
    commit: &CommitInfo,
    content: Content,
) -> Value {
    match commit.commit(state, caller, content, shared.clock.now()) {
        Err(error) => nested("failed", nested("path", wire::write_error(error))),
        Ok(file) => {
            let lower = names::fold(&file.display);
            json!(wire::file(&caller.view, &lower, &file).tagged("complete"))
        }
    }
}

/// What the address holds; `None` for whatever goes wrong, which is all that the service tells.
async fn fetch(shared: &Shared, url: &Url, here: bool) -> Option<Content> {
    let stream = if here {
        TcpStream::connect(shared.address.get()?).await.ok()?
    } else {
        // Nothing here speaks TLS to the outside.
        let port = url
            .port_or_known_default()
            .filter(|_| url.scheme() == "http")?;
        TcpStream::connect((url.host_str()?, port)).await.ok()?
    };
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .ok()?;
    let connection = tokio::spawn(connection);
    let host = HeaderValue::try_from(url.authority()).ok()?;
    let request =
        axum::http::Request::get(&url[url::Position::BeforePath..url::Position::AfterQuery])
            .header(header::HOST, host)
            .body(Body::empty())
            .ok()?;
    let response = sender.send_request(request).await.ok()?;
    if response.status() != StatusCode::OK {
        return None;
    }
    let mut body = RequestBody::new(Body::new(response.into_body()), None);
    let sink = shared.store.sink();
    let received = body
        .receive(sink, None, LARGEST_BODY, LARGEST_BODY)
        .await
        .ok()?;
    connection.abort();
    Some(Content {
        blob: received.contents.into_blob(received.size),
        content_hash: received.hasher.finish(),
    })
}
