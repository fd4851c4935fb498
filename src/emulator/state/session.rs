//! Upload sessions: what was sent and not yet committed.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::super::blob::{Blob, BlobFile, Contents};
use super::super::content_hash::{BLOCK, ContentHasher};
use super::super::intake::Received;
use super::AccountId;
use super::write::Content;

/// How long a session lives (specification of `upload_session/start`).
const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The longest file that sessions make: 2^41 - 2^22 bytes.
pub(in super::super) const LARGEST_FILE: u64 = (1 << 41) - (1 << 22);

/// Why a session does not take a call: the tags of `UploadSessionLookupError` and its kin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum SessionError {
    NotFound,
    IncorrectOffset { correct: u64 },
    Closed,
    NotClosed,
    TooLarge,
    InvalidOffset,
    InvalidDataSize,
    DataNotAllowed,
    ConcurrentNotClosed,
    MissingData,
}

/// Uploads that could not be committed and are kept for another try, at most: whole files wait in memory.
const KEPT: usize = 16;

/// The sessions of all accounts.
#[derive(Debug)]
pub(in super::super) struct Sessions {
    pub(super) live: HashMap<String, Session>,
    /// Finished ones that are remembered as closed.
    finished: HashMap<String, AccountId>,
    /// The oldest first, to find those whose time is over.
    pub(super) by_age: BTreeSet<(Timestamp, String)>,
    pub(super) kept: VecDeque<String>,
    /// The ids of those that changed, where they are to be written down.
    pub(super) unwritten: Option<BTreeSet<String>>,
}

/// One session.
#[derive(Debug)]
pub(in super::super) struct Session {
    pub(super) owner: AccountId,
    pub(super) started: Timestamp,
    pub(super) closed: bool,
    /// Counts the calls that began to send: only the newest may commit what it sent.
    pub(super) turn: u64,
    pub(super) data: SessionData,
    /// Where the last append of a sequential session began, and what it brought.
    pub(super) last: Option<(u64, ContentHasher)>,
    /// The file that takes the bytes, unless they stay in memory.
    pub(super) file: Option<Arc<BlobFile>>,
}

#[derive(Debug)]
pub(super) enum SessionData {
    Sequential {
        chunks: Vec<Bytes>,
        size: u64,
        hasher: ContentHasher,
        /// Bytes of the digests that are written down.
        written: usize,
    },
    Concurrent {
        pieces: BTreeMap<u64, Piece>,
        end: Option<u64>,
        /// Where the pieces begin that are not written down; those in memory never are.
        unwritten: Vec<u64>,
    },
    /// A whole upload that could not be committed.
    Kept(Content),
}

#[derive(Debug)]
pub(super) struct Piece {
    pub(super) chunks: Vec<Bytes>,
    pub(super) size: u64,
    pub(super) hasher: ContentHasher,
}

/// Bytes that came for a session.
pub(in super::super) struct Arrival {
    /// The turn in which they came.
    pub(in super::super) turn: u64,
    pub(in super::super) offset: u64,
    pub(in super::super) received: Received,
    pub(in super::super) close: bool,
}

impl Sessions {
    pub(super) fn new(lasting: bool) -> Sessions {
        Sessions {
            live: HashMap::new(),
            by_age: BTreeSet::new(),
            kept: VecDeque::new(),
            finished: HashMap::new(),
            unwritten: lasting.then(BTreeSet::new),
        }
    }

    pub(super) fn note(&mut self, id: &str) {
        if let Some(unwritten) = &mut self.unwritten {
            unwritten.insert(id.to_owned());
        }
    }

    pub(in super::super) fn open(
        &mut self,
        id: String,
        owner: AccountId,
        concurrent: bool,
        file: Option<Arc<BlobFile>>,
        now: Timestamp,
    ) {
        while let Some((started, oldest)) = self.by_age.first()
            && now.duration_since(*started) >= LIFETIME
        {
            let oldest = oldest.clone();
            self.remove(&oldest);
        }
        let data = if concurrent {
            SessionData::Concurrent {
                pieces: BTreeMap::new(),
                end: None,
                unwritten: Vec::new(),
            }
        } else {
            SessionData::Sequential {
                chunks: Vec::new(),
                size: 0,
                hasher: ContentHasher::default(),
                written: 0,
            }
        };
        let session = Session {
            owner,
            started: now,
            closed: false,
            turn: 0,
            data,
            last: None,
            file,
        };
        self.add(id, session);
    }

    fn add(&mut self, id: String, session: Session) {
        self.note(&id);
        self.add_restored(id, session);
    }

    /// Adds one that is written down already.
    pub(super) fn add_restored(&mut self, id: String, session: Session) {
        if let Some(file) = &session.file {
            file.hold();
        }
        self.by_age.insert((session.started, id.clone()));
        self.live.insert(id, session);
    }

    /// A closed session that holds this already.
    pub(in super::super) fn keep(
        &mut self,
        id: String,
        owner: AccountId,
        content: Content,
        now: Timestamp,
    ) {
        if self.kept.len() == KEPT
            && let Some(oldest) = self.kept.pop_front()
        {
            self.remove(&oldest);
        }
        self.kept.push_back(id.clone());
        let file = content.blob.in_file().cloned();
        let session = Session {
            owner,
            started: now,
            closed: true,
            turn: 0,
            data: SessionData::Kept(content),
            last: None,
            file,
        };
        self.add(id, session);
    }

    /// The names of the files that hold what was sent.
    pub(in super::super) fn blobs(&self) -> impl Iterator<Item = String> {
        let files = self.live.values().filter_map(Session::file);
        files.map(|file| file.name().to_owned())
    }

    pub(in super::super) fn find(
        &mut self,
        id: &str,
        owner: AccountId,
        now: Timestamp,
    ) -> Result<&mut Session, SessionError> {
        if self.finished.get(id) == Some(&owner) {
            return Err(SessionError::Closed);
        }
        let live = |session: &&mut Session| session.owner == owner && session.is_alive(now);
        self.live
            .get_mut(id)
            .filter(live)
            .ok_or(SessionError::NotFound)
    }

    /// Adds what came to the session.
    pub(in super::super) fn append(
        &mut self,
        id: &str,
        owner: AccountId,
        now: Timestamp,
        arrival: Arrival,
    ) -> Result<(), SessionError> {
        self.find(id, owner, now)?.append(arrival)?;
        self.note(id);
        Ok(())
    }

    pub(in super::super) fn remove(&mut self, id: &str) {
        if let Some(session) = self.live.remove(id) {
            self.note(id);
            self.by_age.remove(&(session.started, id.to_owned()));
            if let Some(file) = session.file {
                file.release();
            }
        }
    }

    /// Forgets all of a session but that it is closed.
    pub(in super::super) fn close_for_good(&mut self, id: &str, owner: AccountId) {
        self.remove(id);
        self.finished.insert(id.to_owned(), owner);
    }
}

impl Session {
    fn is_alive(&self, now: Timestamp) -> bool {
        now.duration_since(self.started) < LIFETIME
    }

    pub(in super::super) fn file(&self) -> Option<&Arc<BlobFile>> {
        self.file.as_ref()
    }

    pub(in super::super) fn is_concurrent(&self) -> bool {
        matches!(self.data, SessionData::Concurrent { .. })
    }

    pub(in super::super) fn is_closed_concurrent(&self) -> bool {
        self.closed && self.is_concurrent()
    }

    /// The content hash of what the last append brought, if it began at `offset` and brought anything.
    pub(in super::super) fn last_append(&self, offset: u64) -> Option<String> {
        let (began, hasher) = self.last.as_ref()?;
        let SessionData::Sequential { size, .. } = &self.data else {
            return None;
        };
        (*began == offset && *size > offset).then(|| hasher.clone().finish())
    }

    /// The hash so far, where the next bytes do not begin a block and so cannot be hashed by themselves.
    pub(in super::super) fn unaligned_hasher(&self) -> Option<ContentHasher> {
        match &self.data {
            SessionData::Sequential { hasher, .. } if !hasher.is_aligned() => Some(hasher.clone()),
            _ => None,
        }
    }

    /// Whether bytes may come at `offset` now.
    pub(in super::super) fn check_offset(&self, offset: u64) -> Result<(), SessionError> {
        match &self.data {
            SessionData::Sequential { size, .. } if self.closed && *size == offset => {
                Err(SessionError::Closed)
            }
            SessionData::Sequential { size, .. } if *size != offset => {
                Err(SessionError::IncorrectOffset { correct: *size })
            }
            SessionData::Kept(content) if content.blob.size() != offset => {
                Err(SessionError::IncorrectOffset {
                    correct: content.blob.size(),
                })
            }
            SessionData::Kept(_) => Err(SessionError::Closed),
            SessionData::Concurrent { .. } if !offset.is_multiple_of(BLOCK as u64) => {
                Err(SessionError::InvalidOffset)
            }
            SessionData::Concurrent { .. } if offset > LARGEST_FILE => Err(SessionError::TooLarge),
            SessionData::Concurrent { end: Some(end), .. } if offset >= *end => {
                Err(SessionError::Closed)
            }
            SessionData::Sequential { .. } | SessionData::Concurrent { .. } => Ok(()),
        }
    }

    /// Makes the caller the one whose bytes count. Pieces of a concurrent session have no rivals.
    pub(in super::super) fn next_turn(&mut self) -> u64 {
        if !self.is_concurrent() {
            self.turn += 1;
        }
        self.turn
    }

    /// Adds what came, if it came in this turn.
    fn append(&mut self, arrival: Arrival) -> Result<(), SessionError> {
        let Arrival {
            turn,
            offset,
            received,
            close,
        } = arrival;
        // A closing call without bytes may repeat one that was lost.
        let repeats_close = self.closed && close && received.size == 0 && !self.is_concurrent();
        match self.check_offset(offset) {
            Err(SessionError::Closed) if repeats_close => return Ok(()),
            checked => checked?,
        }
        if turn != self.turn {
            return Err(SessionError::IncorrectOffset { correct: offset });
        }
        if offset.saturating_add(received.size) > LARGEST_FILE {
            return Err(SessionError::TooLarge);
        }
        let new_chunks = match received.contents {
            Contents::Memory(chunks) => chunks,
            Contents::File(_) => Vec::new(),
        };
        match &mut self.data {
            SessionData::Sequential {
                chunks,
                size,
                hasher,
                ..
            } => {
                self.last = Some((offset, received.hasher.clone()));
                chunks.extend(new_chunks);
                *size += received.size;
                match received.whole {
                    Some(whole) => *hasher = whole,
                    None => hasher.append(received.hasher),
                }
            }
            SessionData::Concurrent {
                pieces,
                end,
                unwritten,
            } => {
                if !close && !received.size.is_multiple_of(BLOCK as u64) {
                    return Err(SessionError::InvalidDataSize);
                }
                if close {
                    *end = Some(offset + received.size);
                }
                if received.size > 0 {
                    let piece = Piece {
                        chunks: new_chunks,
                        size: received.size,
                        hasher: received.hasher,
                    };
                    pieces.insert(offset, piece);
                    if self.file.is_some() {
                        unwritten.push(offset);
                    }
                }
            }
            SessionData::Kept(_) => return Err(SessionError::Closed),
        }
        self.closed |= close;
        Ok(())
    }

    /// Whether the session may be committed at this size by a call that brings `bytes` more.
    pub(in super::super) fn check_finish(
        &self,
        offset: u64,
        bytes: u64,
        must_be_closed: bool,
    ) -> Result<(), SessionError> {
        match &self.data {
            SessionData::Sequential { size, .. } if *size != offset => {
                Err(SessionError::IncorrectOffset { correct: *size })
            }
            SessionData::Sequential { .. } if must_be_closed && !self.closed => {
                Err(SessionError::NotClosed)
            }
            SessionData::Sequential { .. } if self.closed && bytes > 0 => Err(SessionError::Closed),
            SessionData::Sequential { .. } => Ok(()),
            SessionData::Kept(_) => match self.check_offset(offset) {
                Err(SessionError::Closed) if bytes == 0 => Ok(()),
                checked => checked,
            },
            SessionData::Concurrent { .. } if bytes > 0 => Err(SessionError::DataNotAllowed),
            SessionData::Concurrent { end: None, .. } if must_be_closed => {
                Err(SessionError::NotClosed)
            }
            SessionData::Concurrent { end: None, .. } => Err(SessionError::ConcurrentNotClosed),
            SessionData::Concurrent {
                pieces,
                end: Some(end),
                ..
            } => {
                let covered = pieces.iter().try_fold(0, |at, (start, piece)| {
                    (*start == at).then_some(at + piece.size)
                });
                match covered {
                    Some(covered) if covered == *end && offset == *end => Ok(()),
                    Some(covered) if covered == *end => {
                        Err(SessionError::IncorrectOffset { correct: *end })
                    }
                    _ => Err(SessionError::MissingData),
                }
            }
        }
    }

    /// What was sent, as the contents of a file. Chunks and file are shared with it.
    pub(in super::super) fn content(&self) -> Content {
        let (chunks, size, hasher) = match &self.data {
            SessionData::Sequential {
                chunks,
                size,
                hasher,
                ..
            } => (chunks.clone(), *size, hasher.clone()),
            SessionData::Concurrent { pieces, .. } => {
                let mut hasher = ContentHasher::default();
                for piece in pieces.values() {
                    hasher.append(piece.hasher.clone());
                }
                let chunks = pieces
                    .values()
                    .flat_map(|piece| piece.chunks.iter().cloned())
                    .collect();
                (
                    chunks,
                    pieces.values().map(|piece| piece.size).sum(),
                    hasher,
                )
            }
            SessionData::Kept(content) => return content.clone(),
        };
        let blob = match &self.file {
            Some(file) => Blob::file(Arc::clone(file), size),
            None => Blob::memory(chunks),
        };
        Content {
            blob,
            content_hash: hasher.finish(),
        }
    }
}
