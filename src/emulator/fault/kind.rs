//! The kinds of faults, what they need, and the routes at which they mean anything.

use serde::{Deserialize, Serialize};

use super::FaultWhen;
use super::unions;

/// The longest `Retry-After` or backoff that is told, in seconds: 34,000 years, for clients to show that they do not wait for it.
const LONGEST_PAUSE: u64 = 1 << 40;

/// The longest delay: a day, in milliseconds.
const LONGEST_DELAY: u64 = 86_400_000;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum FaultKind {
    /// The call is handled that much later.
    Delay {
        /// Milliseconds, a day at most.
        millis: u64,
    },
    /// The call is never answered; the connection stays open.
    Hang,
    /// 429 `too_many_requests` as JSON, or `too_many_write_operations`, with or without a `Retry-After`.
    RateLimit {
        /// What the limit is.
        #[serde(default)]
        reason: LimitReason,
        /// Seconds to wait, 2^40 at most; without it nothing is said about waiting.
        #[serde(default)]
        retry_after: Option<u64>,
        /// Where `retry_after` stands.
        #[serde(default)]
        retry_in: RetryIn,
        /// The form of the body.
        #[serde(default)]
        body: LimitBody,
    },
    /// A commit finds its namespace held by another one. At routes that commit.
    TooManyWriteOperations {
        /// How it is told.
        #[serde(default, rename = "as")]
        told: WriteRefusal,
    },
    /// A server's failure: a status such as 500 or 503, and a text or an HTML page.
    ServerError {
        /// The status, from 400 to 599.
        status: u16,
        /// An HTML page in place of a text.
        #[serde(default)]
        html: bool,
        /// Seconds in the header `Retry-After`, 2^40 at most.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// 401 `expired_access_token`.
    ExpiredToken,
    /// The connection is cut when the request's header has come; nothing is done.
    CutBeforeHeaders,
    /// The connection is cut when that many bytes of the request's body have come, or all of it; nothing is done.
    CutDuringRequest {
        /// Bytes that are still taken.
        bytes: u64,
    },
    /// The request is read and carried out, then the connection is cut without an answer.
    CutAfterCommit,
    /// The connection is cut after that many bytes of the response's body, of which the header announced all.
    CutAfter {
        /// Bytes that still arrive.
        bytes: u64,
    },
    /// The response's body ends early, and `Content-Length` agrees: nothing but the size and the hash tell.
    TruncatedBody {
        /// Bytes that arrive.
        bytes: u64,
    },
    /// One bit of the response's body is wrong.
    FlippedByte {
        /// Where; beyond the end the last byte is taken.
        offset: u64,
    },
    /// `content_hash` in the response is not that of the contents.
    WrongContentHash,
    /// The response's body comes slowly.
    SlowDrip {
        /// Bytes a second, at least 1.
        bytes_per_second: u64,
    },
    /// An upload session took only the first bytes of the call, and answers `incorrect_offset`.
    IncorrectOffset {
        /// Bytes of the call's body that it took.
        #[serde(default)]
        kept: u64,
    },
    /// The upload sessions of the call are gone for good: `not_found`.
    LostSession,
    /// Entries of a batch fail; the others are carried out.
    BatchEntries {
        /// The tags of the error from the outside in, of those that an entry of the route can have: `path/conflict/file`.
        error: String,
        /// Which entries of the call, counted from 1.
        #[serde(default)]
        entries: FaultWhen,
    },
    /// The call launches a job, also where it would be answered at once, and the job takes its time.
    AsyncJob {
        /// How often it is said to be in progress when it is asked after.
        #[serde(default)]
        pending: u64,
    },
    /// The job that the call asks after is said to be in progress.
    JobPending,
    /// The job that the call asks after is said to have failed. What it did is done all the same.
    JobFailed {
        /// The tags of the error from the outside in. Without it the first that the route's specification has.
        #[serde(default)]
        error: Option<String>,
    },
    /// The cursor of the call is refused with `reset`.
    ResetCursor,
    /// `files/list_folder/longpoll` answers at once, and asks to leave it alone for a while.
    LongpollBackoff {
        /// Seconds, 2^40 at most.
        seconds: u64,
    },
}

/// Which limit a [`FaultKind::RateLimit`] names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitReason {
    /// `too_many_requests`
    #[default]
    TooManyRequests,
    /// `too_many_write_operations`
    TooManyWriteOperations,
}

/// Where the seconds to wait stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryIn {
    /// In the header `Retry-After`, and where the body is JSON in its field `retry_after`.
    #[default]
    Both,
    /// In the header only.
    Header,
    /// In the field only.
    Field,
}

/// The form of the body of a [`FaultKind::RateLimit`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitBody {
    /// JSON.
    #[default]
    Json,
    /// A plain text.
    Text,
}

/// How a commit is refused while another one holds the namespace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum WriteRefusal {
    /// `429`: the call, with `Retry-After: 1`.
    #[default]
    #[serde(rename = "429")]
    Call,
    /// `409`: in the error of the route. Batches have none, and are refused with 429.
    #[serde(rename = "409")]
    Route,
    /// `entry`: in each entry of a batch. Other calls as with `409`.
    #[serde(rename = "entry")]
    Entry,
}

/// The routes that commit.
const COMMITS: [&str; 24] = [
    "apitul/1/{token}",
    "files/alpha/upload",
    "files/copy",
    "files/copy_batch",
    "files/copy_batch_v2",
    "files/copy_reference/save",
    "files/copy_v2",
    "files/create_folder",
    "files/create_folder_batch",
    "files/create_folder_v2",
    "files/delete",
    "files/delete_batch",
    "files/delete_v2",
    "files/move",
    "files/move_batch",
    "files/move_batch_v2",
    "files/move_v2",
    "files/permanently_delete",
    "files/restore",
    "files/save_url",
    "files/upload",
    "files/upload_session/finish",
    "files/upload_session/finish_batch",
    "files/upload_session/finish_batch_v2",
];

const LAUNCHES: [&str; 8] = [
    "files/copy_batch",
    "files/copy_batch_v2",
    "files/create_folder_batch",
    "files/delete_batch",
    "files/move_batch",
    "files/move_batch_v2",
    "files/save_url",
    "files/upload_session/finish_batch",
];

const TAKES_BYTES: [&str; 3] = [
    "files/upload_session/append",
    "files/upload_session/append_v2",
    "files/upload_session/finish",
];

const NAMES_SESSIONS: [&str; 6] = [
    "files/upload_session/append",
    "files/upload_session/append_batch",
    "files/upload_session/append_v2",
    "files/upload_session/finish",
    "files/upload_session/finish_batch",
    "files/upload_session/finish_batch_v2",
];

const TAKES_CURSOR: [&str; 3] = [
    "files/list_folder/continue",
    "files/list_folder/longpoll",
    "sharing/list_shared_links",
];

const LONGPOLL: &str = "files/list_folder/longpoll";

impl FaultKind {
    /// Its name in TOML and JSON, and in [`Calls::faults`](crate::emulator::Calls::faults).
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            FaultKind::Delay { .. } => "delay",
            FaultKind::Hang => "hang",
            FaultKind::RateLimit { .. } => "rate_limit",
            FaultKind::TooManyWriteOperations { .. } => "too_many_write_operations",
            FaultKind::ServerError { .. } => "server_error",
            FaultKind::ExpiredToken => "expired_token",
            FaultKind::CutBeforeHeaders => "cut_before_headers",
            FaultKind::CutDuringRequest { .. } => "cut_during_request",
            FaultKind::CutAfterCommit => "cut_after_commit",
            FaultKind::CutAfter { .. } => "cut_after",
            FaultKind::TruncatedBody { .. } => "truncated_body",
            FaultKind::FlippedByte { .. } => "flipped_byte",
            FaultKind::WrongContentHash => "wrong_content_hash",
            FaultKind::SlowDrip { .. } => "slow_drip",
            FaultKind::IncorrectOffset { .. } => "incorrect_offset",
            FaultKind::LostSession => "lost_session",
            FaultKind::BatchEntries { .. } => "batch_entries",
            FaultKind::AsyncJob { .. } => "async_job",
            FaultKind::JobPending => "job_pending",
            FaultKind::JobFailed { .. } => "job_failed",
            FaultKind::ResetCursor => "reset_cursor",
            FaultKind::LongpollBackoff { .. } => "longpoll_backoff",
        }
    }

    /// Whether it means anything at this route.
    pub(super) fn fits(&self, route: &str) -> bool {
        match self {
            FaultKind::TooManyWriteOperations { .. } => COMMITS.contains(&route),
            FaultKind::IncorrectOffset { .. } => TAKES_BYTES.contains(&route),
            FaultKind::LostSession => NAMES_SESSIONS.contains(&route),
            FaultKind::BatchEntries { error, .. } => unions::entry_error(route, error).is_some(),
            FaultKind::AsyncJob { .. } => LAUNCHES.contains(&route),
            FaultKind::JobPending => unions::is_check(route),
            FaultKind::JobFailed { error } => {
                unions::job_failure(route, error.as_deref()).is_some()
            }
            FaultKind::ResetCursor => TAKES_CURSOR.contains(&route),
            FaultKind::LongpollBackoff { .. } => route == LONGPOLL,
            _ => true,
        }
    }

    /// For who gave it to a route where it means nothing.
    pub(super) fn where_it_fits(&self) -> String {
        match self {
            FaultKind::TooManyWriteOperations { .. } => {
                "it goes with routes that commit".to_owned()
            }
            FaultKind::IncorrectOffset { .. } => format!("it goes with {}", TAKES_BYTES.join(", ")),
            FaultKind::LostSession => format!("it goes with {}", NAMES_SESSIONS.join(", ")),
            FaultKind::BatchEntries { error, .. } => {
                format!("no entry of a batch there can have the error `{error}`")
            }
            FaultKind::AsyncJob { .. } => format!("it goes with {}", LAUNCHES.join(", ")),
            FaultKind::JobFailed { error: Some(error) } => {
                format!("no job that is asked after there can fail with `{error}`")
            }
            FaultKind::JobPending | FaultKind::JobFailed { .. } => {
                "it goes with the routes that ask after a job, such as files/delete_batch/check"
                    .to_owned()
            }
            FaultKind::ResetCursor => format!("it goes with {}", TAKES_CURSOR.join(", ")),
            FaultKind::LongpollBackoff { .. } => format!("it goes with {LONGPOLL}"),
            _ => "it goes with every route".to_owned(),
        }
    }

    /// Whether its numbers are within bounds.
    pub(super) fn check(&self) -> Result<(), String> {
        let at_most = |what: &str, given: u64, most: u64| {
            if given <= most {
                return Ok(());
            }
            Err(format!("`{what}` is {given}: it may be {most} at most"))
        };
        let pause = |given: Option<u64>| {
            given.map_or(Ok(()), |given| at_most("retry_after", given, LONGEST_PAUSE))
        };
        match self {
            FaultKind::Delay { millis } => at_most("millis", *millis, LONGEST_DELAY),
            FaultKind::RateLimit {
                retry_in: RetryIn::Field,
                body: LimitBody::Text,
                ..
            } => {
                Err("a text has no field for `retry_after`: use `retry_in = \"header\"`".to_owned())
            }
            FaultKind::ServerError { status, .. } if !(400..=599).contains(status) => {
                Err(format!("`status` is {status}: it must be from 400 to 599"))
            }
            FaultKind::RateLimit { retry_after, .. }
            | FaultKind::ServerError { retry_after, .. } => pause(*retry_after),
            FaultKind::SlowDrip {
                bytes_per_second: 0,
            } => Err("`bytes_per_second` is 0: use `hang` for what never comes".to_owned()),
            FaultKind::BatchEntries { entries, .. } => entries.check(),
            FaultKind::LongpollBackoff { seconds } => at_most("seconds", *seconds, LONGEST_PAUSE),
            _ => Ok(()),
        }
    }
}
