//! Upload sessions.

use serde_json::{Value, json};

use super::super::{Commit, Offset, Step};
use super::{Driver, Outcome, content, result};

/// A session as it should be.
pub(super) struct Session {
    id: Value,
    concurrent: bool,
    closed: bool,
    bytes: Vec<u8>,
}

impl Driver<'_> {
    pub(super) async fn session(&mut self, step: &Step) -> Outcome {
        match step {
            Step::Start {
                slot,
                bytes,
                concurrent,
            } => {
                let kind = if *concurrent {
                    "concurrent"
                } else {
                    "sequential"
                };
                let reply = self
                    .call(
                        "files/upload_session/start",
                        json!({"session_type": kind}),
                        Some(content(*bytes)),
                    )
                    .await;
                self.count(&reply);
                if *concurrent && *bytes > 0 {
                    agree!(
                        reply.status == 409
                            && reply.summary() == "concurrent_session_data_not_allowed",
                        "{}",
                        reply.text()
                    );
                    return Ok(());
                }
                agree!(reply.status == 200, "{}", reply.text());
                let id = result(&reply)["session_id"].clone();
                let bytes = content(*bytes);
                self.sessions[*slot] = Some(Session {
                    id,
                    concurrent: *concurrent,
                    closed: false,
                    bytes,
                });
                Ok(())
            }
            Step::Append {
                slot,
                offset,
                bytes,
                close,
            } => self.append(*slot, *offset, content(*bytes), *close).await,
            Step::Finish {
                slot,
                offset,
                bytes,
                commit,
            } => self.finish(*slot, *offset, content(*bytes), commit).await,
            _ => unreachable!("only steps of sessions come here"),
        }
    }

    async fn append(
        &mut self,
        slot: usize,
        offset: Offset,
        bytes: Vec<u8>,
        close: bool,
    ) -> Outcome {
        let Some(session) = self.sessions[slot].take() else {
            return self.skip();
        };
        // Which of two errors comes first, and what it means to close twice, is not told.
        if session.closed
            && (matches!(offset, Offset::Wrong) || bytes.is_empty() || session.concurrent)
        {
            self.sessions[slot] = Some(session);
            return self.skip();
        }
        let right = session.bytes.len();
        let at = if matches!(offset, Offset::Wrong) {
            right + 1
        } else {
            right
        };
        let expected = match (&session, offset) {
            (
                Session {
                    concurrent: true, ..
                },
                Offset::Wrong,
            ) => Some("concurrent_session_invalid_offset"),
            (
                Session {
                    concurrent: true, ..
                },
                _,
            ) if !close && !bytes.is_empty() => Some("concurrent_session_invalid_data_size"),
            (_, Offset::Wrong) => Some("incorrect_offset"),
            (Session { closed: true, .. }, _) => Some("closed"),
            _ => None,
        };
        let arg = json!({"cursor": {"session_id": session.id, "offset": at}, "close": close});
        let mut session = session;
        let reply = self
            .call("files/upload_session/append_v2", arg, Some(bytes.clone()))
            .await;
        self.count(&reply);
        let agrees = match expected {
            Some(error) => reply.status == 409 && reply.summary() == error,
            None => reply.status == 200,
        };
        agree!(agrees, "{expected:?} expected, got {}", reply.text());
        if expected == Some("incorrect_offset") {
            let correct = reply.json()["error"]["correct_offset"].clone();
            agree!(correct == right, "{right} is correct, not {correct}");
        }
        if expected.is_none() {
            session.bytes.extend(bytes);
            session.closed |= close;
        }
        self.sessions[slot] = Some(session);
        Ok(())
    }

    async fn finish(
        &mut self,
        slot: usize,
        offset: Offset,
        bytes: Vec<u8>,
        commit: &Commit,
    ) -> Outcome {
        let Some(mut session) = self.sessions[slot].take() else {
            return self.skip();
        };
        let (commit, arg) = self.commit(commit);
        let right = session.bytes.len();
        let wrong = matches!(offset, Offset::Wrong);
        let at = if wrong { right + 1 } else { right };
        let more = !bytes.is_empty();
        let expected: &[&str] = match &session {
            // Which error comes first is not told.
            Session {
                concurrent: true,
                closed: false,
                ..
            } => &[
                "concurrent_session_not_closed",
                "concurrent_session_data_not_allowed",
            ],
            Session {
                concurrent: true, ..
            } if more => &[
                "concurrent_session_data_not_allowed",
                "lookup_failed/incorrect_offset",
            ],
            _ if wrong => &["lookup_failed/incorrect_offset"],
            Session { closed: true, .. } if more => &["lookup_failed/closed"],
            _ => &[],
        };
        let arg = json!({"cursor": {"session_id": session.id, "offset": at}, "commit": arg});
        let reply = self
            .call("files/upload_session/finish", arg, Some(bytes.clone()))
            .await;
        if !expected.is_empty() {
            self.count(&reply);
            let agrees = reply.status == 409 && expected.contains(&reply.summary().as_str());
            agree!(agrees, "{expected:?} expected, got {}", reply.text());
            self.sessions[slot] = Some(session);
            return Ok(());
        }
        session.bytes.extend(bytes);
        self.committed(&commit, session.bytes.clone(), "path/", &reply)?;
        if reply.status != 200 {
            // What was sent is kept for another try.
            self.sessions[slot] = Some(session);
        }
        Ok(())
    }
}
