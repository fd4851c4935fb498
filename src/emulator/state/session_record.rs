//! Upload sessions as they are written down: what each append adds, and no more, so that a session of a terabyte appends as
//! cheaply as one of a kilobyte.
//!
//! Part 0 is the session itself. The digests of a sequential session come in parts of [`DIGESTS`] bytes, the pieces of a
//! concurrent one in a part each, numbered by the block where they begin. The bytes are in the session's file.

use std::path::Path;
use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Serialize};

use super::super::blob::{Blob, BlobFile};
use super::super::content_hash::{BLOCK, ContentHasher, Tail};
use super::AccountId;
use super::register::{Entry, Lasting, written};
use super::session::{Piece, Session, SessionData, Sessions};
use super::write::Content;

/// Bytes of digests in a part: those of 64 blocks.
const DIGESTS: usize = 64 * 32;

/// A session.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    owner: AccountId,
    started: Timestamp,
    closed: bool,
    /// The file's name.
    file: String,
    data: DataRecord,
}

#[derive(Debug, Serialize, Deserialize)]
enum DataRecord {
    Sequential { size: u64, tail: Tail },
    Concurrent { end: Option<u64> },
    Kept { size: u64, content_hash: String },
}

/// A piece of a concurrent session.
#[derive(Debug, Serialize, Deserialize)]
struct PieceRecord {
    size: u64,
    digests: String,
    tail: Tail,
}

impl Lasting for Sessions {
    fn has_unwritten(&self) -> bool {
        self.unwritten.as_ref().is_some_and(|ids| !ids.is_empty())
    }

    fn take_unwritten(&mut self, kind: &'static str, into: &mut Vec<Entry>) {
        let ids = self.unwritten.as_mut().map(std::mem::take);
        for key in ids.into_iter().flatten() {
            match self.live.get_mut(&key) {
                Some(session) => session.take_unwritten(kind, &key, into),
                None => into.push(Entry {
                    kind,
                    key,
                    part: 0,
                    value: None,
                }),
            }
        }
    }

    fn clear(&mut self) {
        *self = Sessions::new(self.unwritten.is_some());
    }

    /// Leaves aside a session whose bytes are not all there, as after a loss of power, with all its parts.
    fn restore(
        &mut self,
        key: String,
        part: u64,
        value: &str,
        blobs: &Path,
    ) -> serde_json::Result<()> {
        if part > 0 {
            return match self.live.get_mut(&key) {
                Some(session) => session.restore_part(part, value),
                None => Ok(()),
            };
        }
        let session = Session::restore(value, blobs)?;
        let file = session.file.as_ref();
        if file.is_some_and(|file| file.size().is_ok_and(|size| size >= session.size())) {
            if let SessionData::Kept(_) = session.data {
                self.kept.push_back(key.clone());
            }
            self.add_restored(key, session);
        } else {
            // It is over, and this is written down with what comes next.
            self.note(&key);
        }
        Ok(())
    }
}

impl Session {
    /// Bytes that its file must have. Pieces of a concurrent session count when they are brought back.
    fn size(&self) -> u64 {
        match &self.data {
            SessionData::Sequential { size, .. } => *size,
            SessionData::Concurrent { .. } => 0,
            SessionData::Kept(content) => content.blob.size(),
        }
    }

    fn take_unwritten(&mut self, kind: &'static str, id: &str, into: &mut Vec<Entry>) {
        let Some(file) = &self.file else { return };
        let mut add = |part, value| {
            into.push(Entry {
                kind,
                key: id.to_owned(),
                part,
                value: Some(value),
            });
        };
        let data = match &mut self.data {
            SessionData::Sequential {
                size,
                hasher,
                written: known,
                ..
            } => {
                let digests = hasher.digests();
                let first = *known / DIGESTS;
                *known = digests.len();
                for (number, digests) in digests.chunks(DIGESTS).enumerate().skip(first) {
                    add(1 + number as u64, written(&BASE64.encode(digests)));
                }
                let (size, tail) = (*size, hasher.tail());
                DataRecord::Sequential { size, tail }
            }
            SessionData::Concurrent {
                pieces,
                end,
                unwritten,
            } => {
                for offset in std::mem::take(unwritten) {
                    if let Some(piece) = pieces.get(&offset) {
                        let record = PieceRecord {
                            size: piece.size,
                            digests: BASE64.encode(piece.hasher.digests()),
                            tail: piece.hasher.tail(),
                        };
                        add(1 + offset / BLOCK as u64, written(&record));
                    }
                }
                DataRecord::Concurrent { end: *end }
            }
            SessionData::Kept(content) => DataRecord::Kept {
                size: content.blob.size(),
                content_hash: content.content_hash.clone(),
            },
        };
        let record = Record {
            owner: self.owner,
            started: self.started,
            closed: self.closed,
            file: file.name().to_owned(),
            data,
        };
        add(0, written(&record));
    }

    fn restore(value: &str, blobs: &Path) -> serde_json::Result<Session> {
        let record: Record = serde_json::from_str(value)?;
        let file = Arc::new(BlobFile::reopen(blobs.join(&record.file)));
        let data = match record.data {
            DataRecord::Sequential { size, tail } => {
                let mut hasher = ContentHasher::default();
                restore_tail(&mut hasher, &tail)?;
                SessionData::Sequential {
                    chunks: Vec::new(),
                    size,
                    hasher,
                    written: 0,
                }
            }
            DataRecord::Concurrent { end } => SessionData::Concurrent {
                pieces: std::collections::BTreeMap::new(),
                end,
                unwritten: Vec::new(),
            },
            DataRecord::Kept { size, content_hash } => SessionData::Kept(Content {
                blob: Blob::file(Arc::clone(&file), size),
                content_hash,
            }),
        };
        Ok(Session {
            owner: record.owner,
            started: record.started,
            closed: record.closed,
            turn: 0,
            data,
            last: None,
            file: Some(file),
        })
    }

    fn restore_part(&mut self, part: u64, value: &str) -> serde_json::Result<()> {
        match &mut self.data {
            SessionData::Sequential {
                hasher,
                written: known,
                ..
            } => {
                let digests: String = serde_json::from_str(value)?;
                hasher.restore_digests(&decode(&digests)?);
                *known = hasher.digests().len();
            }
            SessionData::Concurrent { pieces, .. } => {
                let record: PieceRecord = serde_json::from_str(value)?;
                let mut hasher = ContentHasher::default();
                hasher.restore_digests(&decode(&record.digests)?);
                restore_tail(&mut hasher, &record.tail)?;
                let offset = (part - 1) * BLOCK as u64;
                let held = self.file.as_ref().and_then(|file| file.size().ok());
                // Otherwise it has to be sent again.
                if held.is_some_and(|held| held >= offset + record.size) {
                    let piece = Piece {
                        chunks: Vec::new(),
                        size: record.size,
                        hasher,
                    };
                    pieces.insert(offset, piece);
                }
            }
            SessionData::Kept(_) => {}
        }
        Ok(())
    }
}

fn decode(digests: &str) -> serde_json::Result<Vec<u8>> {
    BASE64.decode(digests).map_err(serde_json::Error::custom)
}

fn restore_tail(hasher: &mut ContentHasher, tail: &Tail) -> serde_json::Result<()> {
    let restored = hasher.restore_tail(tail);
    let why = || serde_json::Error::custom("it is not a state of the hash");
    restored.then_some(()).ok_or_else(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written_down(session: &mut Session) -> Vec<Entry> {
        let mut entries = Vec::new();
        session.take_unwritten("session", "id", &mut entries);
        entries
    }

    #[test]
    fn an_append_writes_down_no_more_than_it_added() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut sessions = Sessions::new(true);
        let file = Arc::new(BlobFile::reopen(folder.path().join("0")));
        let owner = AccountId(0);
        sessions.open("id".into(), owner, false, Some(file), Timestamp::UNIX_EPOCH);
        let mut session = sessions.live.remove("id").expect("it was opened");
        let append = |session: &mut Session, blocks: usize| match &mut session.data {
            SessionData::Sequential { hasher, .. } => {
                let from = hasher.digests().len() / 32;
                let digests = (from..from + blocks).flat_map(|n| [n.to_le_bytes()[0]; 32]);
                hasher.restore_digests(&digests.collect::<Vec<u8>>());
            }
            _ => unreachable!("it is sequential"),
        };
        let parts = |entries: &[Entry]| entries.iter().map(|entry| entry.part).collect::<Vec<_>>();
        append(&mut session, 200);
        let mut all = written_down(&mut session);
        assert_eq!(parts(&all), [1, 2, 3, 4, 0]);
        append(&mut session, 60);
        let more = written_down(&mut session);
        assert_eq!(parts(&more), [4, 5, 0]);
        append(&mut session, 1);
        let last = written_down(&mut session);
        assert_eq!(parts(&last), [5, 0]);

        all.retain(|entry| (1..4).contains(&entry.part));
        all.extend(more.into_iter().filter(|entry| entry.part == 4));
        all.extend(last);
        all.sort_by_key(|entry| entry.part);
        let text = |entry: &Entry| entry.value.clone().expect("it is there");
        let mut restored = Session::restore(&text(&all[0]), folder.path()).expect("a session");
        for entry in &all[1..] {
            let part = restored.restore_part(entry.part, &text(entry));
            part.expect("a part");
        }
        let hash = |session: &Session| session.content().content_hash;
        assert_eq!(hash(&restored), hash(&session));
        assert_eq!(parts(&written_down(&mut restored)), [5, 0]);
    }
}
