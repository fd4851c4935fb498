//! `files/upload_session/start`, `append_v2`, `finish`

use serde_json::{Value, json};

use super::super::answer::{Answer, Refusal};
use super::super::blob::Sink;
use super::super::body::BodyError;
use super::super::call::{Call, Caller, LARGEST_BODY, Outcome, check_hash};
use super::super::fault::FaultKind;
use super::super::fields::Fields;
use super::super::intake::Received;
use super::super::limits::too_many_writes;
use super::super::names;
use super::super::quirk::Quirk;
use super::super::state::session::{Arrival, SessionError};
use super::super::{tag, wire};
use super::upload::CommitInfo;

pub(super) async fn start(call: &mut Call) -> Outcome {
    let close = call.arg.flag("close")?;
    let kind = call
        .arg
        .optional_tag("session_type", &["sequential", "concurrent"])?;
    let hash = call.arg.optional_hash("content_hash")?;
    call.arg.finish()?;
    let concurrent = kind == Some("concurrent");
    if concurrent && close {
        return Err(Refusal::Route(tag::tag(
            "concurrent_session_close_not_allowed",
        )));
    }
    let sink = call.shared.store.sink();
    let file = sink.target();
    let received = call
        .body
        .receive(sink, None, LARGEST_BODY, LARGEST_BODY)
        .await?;
    check_hash(hash.as_deref(), &received.hasher.clone().finish())?;
    if concurrent && received.size > 0 {
        return Err(Refusal::Route(tag::tag(
            "concurrent_session_data_not_allowed",
        )));
    }
    let (caller, now) = (call.caller(), call.shared.clock.now());
    let mut state = call.shared.state();
    let id = state.mint.session_id();
    state
        .sessions
        .open(id.clone(), caller.account, concurrent, file, now);
    if !concurrent {
        let arrival = Arrival {
            turn: 0,
            offset: 0,
            received,
            close,
        };
        state
            .sessions
            .append(&id, caller.account, now, arrival)
            .map_err(|error| Refusal::Route(wire::session_error(error)))?;
    }
    Ok(Answer::json(&json!({ "session_id": id })))
}

pub(super) async fn append(call: &mut Call) -> Outcome {
    let cursor = SessionCursor::read(&mut call.arg)?;
    let close = call.arg.flag("close")?;
    let hash = call.arg.optional_hash("content_hash")?;
    call.arg.finish()?;
    append_at(call, &cursor, close, hash.as_deref()).await
}

/// `files/upload_session/append`: the first version, with the cursor's fields as the argument.
pub(super) async fn append_v1(call: &mut Call) -> Outcome {
    let cursor = SessionCursor::fields(&mut call.arg)?;
    call.arg.finish()?;
    append_at(call, &cursor, false, None).await
}

async fn append_at(
    call: &mut Call,
    cursor: &SessionCursor,
    close: bool,
    hash: Option<&str>,
) -> Outcome {
    let refuse = |error| Refusal::Route(Purpose::Append.error(error));
    if call.quirk(Quirk::RepeatedAppendTaken) && repeats_last(call, cursor) {
        return repeat(call, cursor).await;
    }
    let sent = receive(call, cursor, hash, Purpose::Append).await?;
    let (caller, now) = (call.caller(), call.shared.clock.now());
    let mut state = call.shared.state();
    let after = cursor.offset.saturating_add(sent.received.size);
    let arrival = Arrival {
        turn: sent.turn,
        offset: cursor.offset,
        received: sent.received,
        close: close && !sent.short,
    };
    state
        .sessions
        .append(&cursor.id, caller.account, now, arrival)
        .map_err(refuse)?;
    if sent.short {
        return Err(refuse(SessionError::IncorrectOffset { correct: after }));
    }
    Ok(Answer::null())
}

/// Whether an append begins where the last one did that the session took.
fn repeats_last(call: &Call, cursor: &SessionCursor) -> bool {
    let (owner, now) = (call.caller().account, call.shared.clock.now());
    let mut state = call.shared.state();
    let session = state.sessions.find(&cursor.id, owner, now);
    session.is_ok_and(|session| session.last_append(cursor.offset).is_some())
}

/// Takes an append for done whose bytes are those of the last.
async fn repeat(call: &mut Call, cursor: &SessionCursor) -> Outcome {
    let content = call.receive_content(None).await?;
    let (owner, now) = (call.caller().account, call.shared.clock.now());
    let mut state = call.shared.state();
    let refuse = |error| Refusal::Route(Purpose::Append.error(error));
    let session = state
        .sessions
        .find(&cursor.id, owner, now)
        .map_err(refuse)?;
    match session.last_append(cursor.offset) {
        Some(hash) if hash == content.content_hash => Ok(Answer::null()),
        _ => Err(refuse(match session.check_offset(cursor.offset) {
            Err(error) => error,
            Ok(()) => SessionError::NotFound,
        })),
    }
}

pub(super) async fn finish(call: &mut Call) -> Outcome {
    let cursor = SessionCursor::read(&mut call.arg)?;
    let mut commit = call.arg.fields("commit")?;
    let info = CommitInfo::read(&mut commit)?;
    commit.finish()?;
    let hash = call.arg.optional_hash("content_hash")?;
    call.arg.finish()?;
    let refuse = |error| Refusal::Route(Purpose::Finish.error(error));
    let sent = receive(call, &cursor, hash.as_deref(), Purpose::Finish).await?;
    call.hold_namespace()
        .await
        .map_err(|busy| busy.refusal(too_many_writes))?;
    let (caller, now) = (call.caller(), call.shared.clock.now());
    let after = cursor.offset.saturating_add(sent.received.size);
    let content = {
        let mut state = call.shared.state();
        let sessions = &mut state.sessions;
        sessions
            .find(&cursor.id, caller.account, now)
            .and_then(|session| session.check_finish(cursor.offset, sent.received.size, false))
            .map_err(refuse)?;
        if sent.received.size > 0 {
            // What came stays, even if the commit fails: the next try needs no bytes.
            let arrival = Arrival {
                turn: sent.turn,
                offset: cursor.offset,
                received: sent.received,
                close: false,
            };
            sessions
                .append(&cursor.id, caller.account, now, arrival)
                .map_err(refuse)?;
        }
        if sent.short {
            return Err(refuse(SessionError::IncorrectOffset { correct: after }));
        }
        let session = sessions.find(&cursor.id, caller.account, now);
        session.map_err(refuse)?.content()
    };
    content.blob.seal(sent.turn).await?;
    let file = info
        .carry_out_session(&call.shared, &caller, content, &cursor.id)
        .map_err(|error| Refusal::Route(tag::nested("path", wire::write_error(error))))?;
    call.shared.settle().await?;
    Ok(Answer::json(&wire::file(
        &caller.view,
        &names::fold(&file.display),
        &file,
    )))
}

/// `UploadSessionCursor`
#[derive(Debug)]
pub(super) struct SessionCursor {
    pub(super) id: String,
    pub(super) offset: u64,
}

impl SessionCursor {
    pub(super) fn read(arg: &mut Fields) -> Result<SessionCursor, Refusal> {
        let mut cursor = arg.fields("cursor")?;
        let read = SessionCursor::fields(&mut cursor)?;
        cursor.finish()?;
        Ok(read)
    }

    fn fields(arg: &mut Fields) -> Result<SessionCursor, Refusal> {
        Ok(SessionCursor {
            id: arg.text("session_id")?,
            offset: arg.number("offset", 0..=u64::MAX)?,
        })
    }
}

/// What bytes for a session are sent for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Append,
    Finish,
}

impl Purpose {
    /// What a session's error is called there.
    pub(super) fn error(self, error: SessionError) -> Value {
        match (self, error) {
            (Purpose::Append, error)
            // These stand beside `lookup_failed`, not in it.
            | (
                Purpose::Finish,
                error @ (SessionError::DataNotAllowed
                | SessionError::ConcurrentNotClosed
                | SessionError::MissingData),
            ) => wire::session_error(error),
            (Purpose::Finish, error) => tag::nested("lookup_failed", wire::session_error(error)),
        }
    }
}

/// Bytes that came for a session and are not part of it yet.
struct Sent {
    received: Received,
    turn: u64,
    /// A fault kept only the first of them.
    short: bool,
}

async fn receive(
    call: &mut Call,
    cursor: &SessionCursor,
    hash: Option<&str>,
    purpose: Purpose,
) -> Result<Sent, Refusal> {
    let refuse = |error| Refusal::Route(purpose.error(error));
    let (Caller { account, .. }, now) = (call.caller(), call.shared.clock.now());
    let (sink, whole, turn) = {
        let mut state = call.shared.state();
        if matches!(call.fault(), Some(FaultKind::LostSession)) {
            state.sessions.remove(&cursor.id);
        }
        let session = state
            .sessions
            .find(&cursor.id, account, now)
            .map_err(refuse)?;
        if purpose == Purpose::Append
            && session.is_closed_concurrent()
            && call.shared.quirks.has(Quirk::ConcurrentCloseIsLast)
        {
            return Err(refuse(SessionError::Closed));
        }
        let open = match session.check_offset(cursor.offset) {
            Ok(()) => true,
            // A closed session may still be closed again, without bytes; whether it may be finished is asked below.
            Err(SessionError::Closed) => false,
            Err(_) if purpose == Purpose::Finish && session.is_concurrent() => false,
            Err(wrong) => return Err(refuse(wrong)),
        };
        if purpose == Purpose::Finish {
            session
                .check_finish(cursor.offset, 0, false)
                .map_err(refuse)?;
        }
        let turn = session.next_turn();
        let sink = match session.file() {
            Some(file) if open => Sink::file(file.clone(), turn, cursor.offset),
            _ => Sink::Memory(Vec::new()),
        };
        (sink, session.unaligned_hasher(), turn)
    };
    let kept = match call.fault() {
        Some(FaultKind::IncorrectOffset { kept }) => Some(*kept),
        _ => None,
    };
    let received = match call
        .body
        .receive(sink, whole, kept.unwrap_or(LARGEST_BODY), LARGEST_BODY)
        .await
    {
        Err(BodyError::TooLarge) => return Err(Refusal::Route(tag::tag("payload_too_large"))),
        received => received?,
    };
    if kept.is_none() {
        check_hash(hash, &received.hasher.clone().finish())?;
    }
    Ok(Sent {
        received,
        turn,
        short: kept.is_some(),
    })
}
