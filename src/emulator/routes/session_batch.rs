//! `files/upload_session/start_batch`, `append_batch`, `finish_batch`, `finish_batch_v2`, and `append`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::answer::{Answer, Refusal};
use super::super::blob::Sink;
use super::super::call::{Call, Caller, LARGEST_BODY, Outcome, check_hash};
use super::super::content_hash::ContentHasher;
use super::super::fault::FaultKind;
use super::super::fields::Fields;
use super::super::intake::Received;
use super::super::limits::too_many_writes;
use super::super::names;
use super::super::quirk::Quirk;
use super::super::shared::Shared;
use super::super::state::session::{Arrival, SessionError};
use super::super::tag::{nested, tag};
use super::super::wire;
use super::jobs;
use super::upload::CommitInfo;
use super::upload_session::{Purpose, SessionCursor};

/// Entries of a batch, at most.
const MOST_ENTRIES: usize = 1000;

pub(super) fn start_batch(call: &mut Call) -> Outcome {
    let kind = call
        .arg
        .optional_tag("session_type", &["sequential", "concurrent"])?;
    let count = call.arg.number("num_sessions", 1..=MOST_ENTRIES as u64)?;
    call.arg.finish()?;
    let concurrent = kind == Some("concurrent");
    let mut ids = Vec::new();
    for _ in 0..count {
        let file = call.shared.store.sink().target();
        let (owner, now) = (call.caller().account, call.shared.clock.now());
        let mut state = call.shared.state();
        let id = state.mint.session_id();
        state
            .sessions
            .open(id.clone(), owner, concurrent, file, now);
        ids.push(id);
    }
    Ok(Answer::json(&json!({ "session_ids": ids })))
}

/// A commit of a batch.
struct Finish {
    cursor: SessionCursor,
    commit: CommitInfo,
}

impl Finish {
    fn read(mut entry: Fields) -> Result<Finish, Refusal> {
        let cursor = SessionCursor::read(&mut entry)?;
        let mut commit = entry.fields("commit")?;
        let info = CommitInfo::read(&mut commit)?;
        commit.finish()?;
        entry.optional_hash("content_hash")?;
        entry.finish()?;
        Ok(Finish {
            cursor,
            commit: info,
        })
    }

    /// Gives a `UploadSessionFinishBatchResultEntry`.
    async fn carry_out(&self, shared: &Arc<Shared>, caller: &Caller) -> Result<Value, Refusal> {
        let failure = |error| Ok(nested("failure", error));
        let session_failure = |error| failure(Purpose::Finish.error(error));
        let now = shared.clock.now();
        let (content, turn) = {
            let mut state = shared.state();
            let session = match state.sessions.find(&self.cursor.id, caller.account, now) {
                Ok(session) => session,
                Err(error) => return session_failure(error),
            };
            if let Err(error) = session.check_finish(self.cursor.offset, 0, true) {
                return session_failure(error);
            }
            let turn = session.next_turn();
            (session.content(), turn)
        };
        content.blob.seal(turn).await?;
        let id = &self.cursor.id;
        match self.commit.carry_out_session(shared, caller, content, id) {
            Ok(file) => {
                let lower = names::fold(&file.display);
                Ok(json!(
                    wire::file(&caller.view, &lower, &file).tagged("success")
                ))
            }
            Err(error) => failure(nested("path", wire::write_error(error))),
        }
    }
}

pub(super) async fn finish_batch_v2(call: &mut Call) -> Outcome {
    let entries = finish_all(call).await?;
    Ok(Answer::json(&json!({ "entries": entries })))
}

pub(super) async fn finish_batch(call: &mut Call) -> Outcome {
    let entries = finish_all(call).await?;
    let outcome = json!({ ".tag": "complete", "entries": entries });
    Ok(jobs::launch(
        call,
        "files/upload_session/finish_batch/check",
        outcome,
    ))
}

async fn finish_all(call: &mut Call) -> Result<Vec<Value>, Refusal> {
    let entries = call.arg.list("entries", 0..=MOST_ENTRIES)?;
    call.arg.finish()?;
    let entries: Result<Vec<Finish>, Refusal> = entries.into_iter().map(Finish::read).collect();
    let entries = entries?;
    forget_lost(call, entries.iter().map(|entry| &entry.cursor));
    let mut failing = call
        .hold_for_entries(entries.len(), too_many_writes)
        .await?;
    let caller = call.caller();
    let mut results = Vec::new();
    for entry in entries {
        let busy = !results.is_empty() && call.quirk(Quirk::FinishBatchLimited);
        let busy = busy.then(|| tag("too_many_write_operations"));
        results.push(match failing.next().or(busy) {
            Some(error) => nested("failure", error),
            None => entry.carry_out(&call.shared, &caller).await?,
        });
    }
    call.shared.settle().await?;
    Ok(results)
}

/// Acts out the fault that sessions are gone.
fn forget_lost<'a>(call: &Call, cursors: impl Iterator<Item = &'a SessionCursor>) {
    if matches!(call.fault(), Some(FaultKind::LostSession)) {
        let mut state = call.shared.state();
        cursors.for_each(|cursor| state.sessions.remove(&cursor.id));
    }
}

/// A piece of a body that several sessions share.
struct Piece {
    cursor: SessionCursor,
    length: u64,
    close: bool,
}

impl Piece {
    fn read(mut entry: Fields) -> Result<Piece, Refusal> {
        let piece = Piece {
            cursor: SessionCursor::read(&mut entry)?,
            length: entry.number("length", 0..=u64::MAX)?,
            close: entry.flag("close")?,
        };
        entry.finish()?;
        Ok(piece)
    }

    /// Takes this piece off the body.
    async fn receive(
        &self,
        call: &mut Call,
        body: &mut ContentHasher,
    ) -> Result<Result<(Received, u64), SessionError>, Refusal> {
        let (owner, now) = (call.caller().account, call.shared.clock.now());
        let place = {
            let mut state = call.shared.state();
            match state.sessions.find(&self.cursor.id, owner, now) {
                Err(error) => Err(error),
                Ok(session)
                    if session.is_closed_concurrent()
                        && call.quirk(Quirk::ConcurrentCloseIsLast) =>
                {
                    Err(SessionError::Closed)
                }
                Ok(session) => session.check_offset(self.cursor.offset).map(|()| {
                    let turn = session.next_turn();
                    let sink = match session.file() {
                        Some(file) => Sink::file(file.clone(), turn, self.cursor.offset),
                        None => Sink::Memory(Vec::new()),
                    };
                    (sink, session.unaligned_hasher(), turn)
                }),
            }
        };
        let (sink, whole, turn) = match place {
            Ok(place) => place,
            Err(error) => {
                // The others' pieces come behind it.
                call.body.skip(self.length, body).await?;
                return Ok(Err(error));
            }
        };
        let received = call
            .body
            .receive_piece(sink, whole, self.length, body)
            .await?;
        Ok(Ok((received, turn)))
    }

    /// Makes what came part of the session.
    fn append(&self, call: &Call, received: Received, turn: u64) -> Result<(), SessionError> {
        let (owner, now) = (call.caller().account, call.shared.clock.now());
        let arrival = Arrival {
            turn,
            offset: self.cursor.offset,
            received,
            close: self.close,
        };
        let sessions = &mut call.shared.state().sessions;
        sessions.append(&self.cursor.id, owner, now, arrival)
    }
}

pub(super) async fn append_batch(call: &mut Call) -> Outcome {
    let entries = call.arg.list("entries", 0..=MOST_ENTRIES)?;
    let hash = call.arg.optional_hash("content_hash")?;
    call.arg.finish()?;
    let entries: Result<Vec<Piece>, Refusal> = entries.into_iter().map(Piece::read).collect();
    let entries = entries?;
    let total = entries
        .iter()
        .fold(0, |total: u64, entry| total.saturating_add(entry.length));
    if total > LARGEST_BODY {
        return Err(Refusal::Route(tag("payload_too_large")));
    }
    forget_lost(call, entries.iter().map(|entry| &entry.cursor));
    let mut failing = call.entry_faults();
    let mut hasher = ContentHasher::default();
    let mut received = Vec::new();
    for entry in &entries {
        received.push(match failing.next() {
            Some(error) => {
                // The others' pieces come behind it.
                call.body.skip(entry.length, &mut hasher).await?;
                Err(error)
            }
            None => entry
                .receive(call, &mut hasher)
                .await?
                .map_err(wire::session_error),
        });
    }
    if !call.body.is_at_end().await? {
        return Err(Refusal::Route(tag("length_mismatch")));
    }
    // Only what is whole and right becomes part of any session.
    check_hash(hash.as_deref(), &hasher.finish())?;
    let results: Vec<Value> = entries
        .iter()
        .zip(received)
        .map(|(entry, received)| {
            let appended = received.and_then(|(came, turn)| {
                let appended = entry.append(call, came, turn);
                appended.map_err(wire::session_error)
            });
            match appended {
                Ok(()) => tag("success"),
                Err(error) => nested("failure", error),
            }
        })
        .collect();
    Ok(Answer::json(&json!({ "entries": results })))
}
