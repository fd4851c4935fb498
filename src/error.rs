//! One error type for the whole crate, and the kinds that it comes in.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// A result whose error is [`Error`] unless another is named.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Arc<dyn StdError + Send + Sync + 'static>;

/// What went wrong, with what, and what would mend it.
///
/// The [`kind`](Error::kind) is what retries, scripts (`e.kind`) and the exit status read. `Display` gives this error's own
/// message; the causes are reached through [`source`](StdError::source), or all at once with [`full_message`](Error::full_message).
/// Clones are cheap and share the cause.
#[derive(Clone)]
pub struct Error(Box<Fields>);

#[derive(Clone)]
struct Fields {
    kind: ErrorKind,
    message: String,
    path: Option<String>,
    tag: Option<String>,
    status: Option<u16>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    hint: Option<String>,
    source: Option<Source>,
    report: Option<Arc<dyn Any + Send + Sync>>,
    detail: Option<serde_json::Value>,
}

impl Error {
    /// An error of this kind; the message is lower case and names the thing in backticks.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Fields {
            kind,
            message: message.into(),
            path: None,
            tag: None,
            status: None,
            request_id: None,
            retry_after: None,
            hint: None,
            source: None,
            report: None,
            detail: None,
        }))
    }

    /// A failure of the local file system, as "cannot read ...", of kind `local_io`, or `not_found` where nothing is there.
    pub fn io(about: &str, path: impl AsRef<Path>, source: std::io::Error) -> Self {
        let kind = match source.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            _ => ErrorKind::LocalIo,
        };
        let path = path.as_ref().display().to_string();
        let error = Self::new(kind, format!("cannot {about} `{path}`")).with_path(path);
        match source.kind() {
            std::io::ErrorKind::StorageFull => {
                error.with_hint("free some space on that disk, or choose another folder")
            }
            std::io::ErrorKind::PermissionDenied => {
                error.with_hint("look at the permissions of that file and its folder")
            }
            _ => error,
        }
        .with_source(source)
    }

    /// Says which remote or local path it is about.
    #[must_use]
    pub fn with_path(mut self, path: impl Into<String>) -> Self {
        self.0.path = Some(path.into());
        self
    }

    /// Says what would mend it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Names the cause, whose message follows this one's.
    #[must_use]
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    /// The answer that it came from: HTTP status, Dropbox's error summary without the dots, and the id to quote to its support.
    #[must_use]
    pub fn with_answer(
        mut self,
        status: u16,
        tag: Option<String>,
        request_id: Option<String>,
    ) -> Self {
        self.0.status = Some(status);
        self.0.tag = tag;
        self.0.request_id = request_id;
        self
    }

    /// How long the server asked to wait.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Attaches what was done until then; see [`Report::of`](crate::Report::of).
    #[must_use]
    pub fn with_report<R: Any + Send + Sync>(mut self, report: R) -> Self {
        self.0.report = Some(Arc::new(report));
        self
    }

    /// The error union of the answer, for the few calls that need more of it than the tag.
    #[must_use]
    pub(crate) fn with_detail(mut self, detail: serde_json::Value) -> Self {
        self.0.detail = Some(detail);
        self
    }

    /// The error union of the answer.
    pub(crate) fn detail(&self) -> Option<&serde_json::Value> {
        self.0.detail.as_ref()
    }

    /// The kind, for decisions.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The remote or local path that it is about.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.0.path.as_deref()
    }

    /// Dropbox's error summary without the dots, as `path/not_found`.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.0.tag.as_deref()
    }

    /// The HTTP status of the answer, where there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Dropbox's id of the request, where there was an answer.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// How long the server asked to wait before another try.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// What would mend it.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// Whether the same call may work later; the client has tried again already where that is safe.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.kind.is_retryable()
    }

    /// The value given to [`with_report`](Error::with_report), where it is of this type.
    #[must_use]
    pub fn report<R: Any>(&self) -> Option<&R> {
        self.0
            .report
            .as_deref()
            .and_then(|report| (report as &dyn Any).downcast_ref())
    }

    /// The message followed by that of each cause, joined by `: `.
    #[must_use]
    pub fn full_message(&self) -> String {
        let mut text = self.0.message.clone();
        let mut source = self.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            // Layers below often repeat what they wrap; saying it once is enough.
            if !text.ends_with(&cause_text) {
                text.push_str(": ");
                text.push_str(&cause_text);
            }
            source = cause.source();
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.full_message())
            .field("path", &self.0.path)
            .field("tag", &self.0.tag)
            .field("status", &self.0.status)
            .field("request_id", &self.0.request_id)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What sort of failure it is: the one word that scripts, retries and the exit status decide by.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind { $($(#[$doc])* $name,)* }

        impl ErrorKind {
            /// Every kind there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word that scripts see as `e.kind`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

kinds! {
    /// There is nothing at that path, here or at Dropbox.
    NotFound = "not_found",
    /// Something else is there already, or it changed meanwhile.
    Conflict = "conflict",
    /// The path or name is not one that Dropbox accepts.
    InvalidPath = "invalid_path",
    /// An argument or option is unknown, of the wrong type, or contradicts another.
    InvalidArgument = "invalid_argument",
    /// There is no usable token; a person must sign in.
    NotSignedIn = "not_signed_in",
    /// Dropbox refuses: the token, the account or the item does not allow it. Or a proxy does.
    Permission = "permission",
    /// The host's own permissions do not allow it.
    NotAllowed = "not_allowed",
    /// The Dropbox account is full.
    NoSpace = "no_space",
    /// Dropbox limits the rate, past all retries.
    RateLimited = "rate_limited",
    /// The server was not reached, or the connection broke.
    Network = "network",
    /// The server failed, or answered something that makes no sense.
    Server = "server",
    /// A request took too long.
    Timeout = "timeout",
    /// What arrived is not what was sent, or the server is not the one that it should be.
    Integrity = "integrity",
    /// A local file or folder could not be read or written.
    LocalIo = "local_io",
    /// Some of several items failed; the report says which.
    Partial = "partial",
    /// This is not supported here, or not for that item.
    Unsupported = "unsupported",
}

impl ErrorKind {
    /// Whether the same call may work later without anything being changed.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::RateLimited | Self::Network | Self::Server | Self::Timeout
        )
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ErrorKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = Self::ALL.iter().find(|kind| kind.as_str() == text).copied();
        found.ok_or_else(|| {
            Error::new(
                Self::InvalidArgument,
                format!("`{text}` is not a kind of error"),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_message_says_each_cause_once() {
        let io = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        let error = Error::io("write", "/x/a.txt", io);
        assert_eq!(error.kind(), ErrorKind::LocalIo);
        assert_eq!(
            error.full_message(),
            "cannot write `/x/a.txt`: permission denied"
        );
        assert!(error.hint().is_some());
    }

    #[test]
    fn every_kind_is_found_by_its_word() {
        for kind in ErrorKind::ALL {
            assert_eq!(kind.as_str().parse::<ErrorKind>().ok(), Some(*kind));
        }
        assert!("nonsense".parse::<ErrorKind>().is_err());
    }

    #[test]
    fn a_report_comes_back_by_its_type() {
        let error = Error::new(ErrorKind::Partial, "1 of 2 failed").with_report(7_u32);
        assert_eq!(error.report::<u32>(), Some(&7));
        assert_eq!(error.report::<String>(), None);
    }
}
