//! Faults: what goes wrong, at which calls. Plain data, so that it comes from Rust, from TOML and from JSON alike.

use std::io;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::mint::Rng;

/// Something that goes wrong at some calls of a route.
///
/// ```toml
/// [[fault]]
/// route = "files/upload"              # or "files/*"; without it any route
/// when = { nth = 3 }                  # without it every call
/// what = { cut_after = { bytes = 100 } }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The route's name, such as `files/upload` or `oauth2/token`; a `*` at its end stands for anything, and alone for any route.
    #[serde(default = "any_route")]
    pub route: String,
    /// At which of the calls of that route, counted from when the fault was given.
    #[serde(default)]
    pub when: FaultWhen,
    /// What happens.
    pub what: FaultKind,
}

fn any_route() -> String {
    "*".to_owned()
}

impl Fault {
    /// A fault at every call of `route`.
    pub fn on(route: impl Into<String>, what: FaultKind) -> Fault {
        Fault {
            route: route.into(),
            when: FaultWhen::Always,
            what,
        }
    }

    /// The same at the n-th call only, counted from 1.
    #[must_use]
    pub fn nth(self, n: u64) -> Fault {
        Fault {
            when: FaultWhen::Nth(n),
            ..self
        }
    }

    /// The same at the first n calls.
    #[must_use]
    pub fn first(self, n: u64) -> Fault {
        Fault {
            when: FaultWhen::First(n),
            ..self
        }
    }

    /// The same at every n-th call.
    #[must_use]
    pub fn every(self, n: u64) -> Fault {
        Fault {
            when: FaultWhen::Every(n),
            ..self
        }
    }

    /// The same at each call with this probability, in a sequence that `seed` fixes.
    #[must_use]
    pub fn with_probability(self, chance: f64, seed: u64) -> Fault {
        Fault {
            when: FaultWhen::Probability { chance, seed },
            ..self
        }
    }

    /// Reads faults from TOML, as in the example above.
    ///
    /// # Errors
    /// `InvalidData`, with the line, where the text is not TOML or no list of faults.
    pub fn list_from_toml(text: &str) -> io::Result<Vec<Fault>> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            #[serde(default)]
            fault: Vec<Fault>,
        }
        let file: Result<File, _> = toml::from_str(text);
        file.map(|file| file.fault)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    fn covers(&self, route: &str) -> bool {
        match self.route.strip_suffix('*') {
            Some(start) => route.starts_with(start),
            None => self.route == route,
        }
    }
}

/// At which calls a fault strikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultWhen {
    /// At every call.
    #[default]
    Always,
    /// At the n-th call only, counted from 1.
    Nth(u64),
    /// At the first n calls.
    First(u64),
    /// At every n-th call.
    Every(u64),
    /// At each call with this probability, from 0 to 1.
    Probability {
        /// How likely, from 0 to 1.
        chance: f64,
        /// Fixes the sequence.
        #[serde(default)]
        seed: u64,
    },
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum FaultKind {
    /// The call is handled that much later.
    Delay {
        /// Milliseconds.
        millis: u64,
    },
    /// The call is never answered; the connection stays open.
    Hang,
    /// 429 `too_many_requests` as JSON, or `too_many_write_operations`, with or without a `Retry-After`.
    RateLimit {
        /// What the limit is.
        #[serde(default)]
        reason: LimitReason,
        /// Seconds, in the header `Retry-After` and the field `retry_after`; without it neither is there.
        #[serde(default)]
        retry_after: Option<u64>,
        /// The form of the body.
        #[serde(default)]
        body: LimitBody,
    },
    /// A server's failure: a status such as 500 or 503, and a text or an HTML page.
    ServerError {
        /// The status.
        status: u16,
        /// An HTML page in place of a text.
        #[serde(default)]
        html: bool,
        /// Seconds in the header `Retry-After`.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// 401 `expired_access_token`.
    ExpiredToken,
    /// The connection is cut when the request's header has come; nothing is done.
    CutBeforeHeaders,
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
    /// The upload session of the call is gone for good: `not_found`.
    LostSession,
    /// The job that the call asks after is said to be in progress.
    JobPending,
    /// The cursor of the call is refused with `reset`.
    ResetCursor,
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

/// The faults in force, each with its count.
#[derive(Debug, Default)]
pub(super) struct FaultPlan(Mutex<Vec<Armed>>);

#[derive(Debug)]
struct Armed {
    fault: Fault,
    seen: u64,
    rng: Rng,
}

impl FaultPlan {
    pub(super) fn add(&self, fault: Fault) {
        let seed = match fault.when {
            FaultWhen::Probability { seed, .. } => seed,
            _ => 0,
        };
        self.lock().push(Armed {
            fault,
            seen: 0,
            rng: Rng::new(seed),
        });
    }

    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    /// Counts a call of `route` with every fault that covers it; the first that strikes decides.
    pub(super) fn strike(&self, route: &str) -> Option<FaultKind> {
        let mut struck = None;
        for armed in self
            .lock()
            .iter_mut()
            .filter(|armed| armed.fault.covers(route))
        {
            if armed.strikes() && struck.is_none() {
                struck = Some(armed.fault.what.clone());
            }
        }
        struck
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Armed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Armed {
    fn strikes(&mut self) -> bool {
        self.seen += 1;
        match self.fault.when {
            FaultWhen::Always => true,
            FaultWhen::Nth(n) => self.seen == n,
            FaultWhen::First(n) => self.seen <= n,
            FaultWhen::Every(n) => n > 0 && self.seen.is_multiple_of(n),
            FaultWhen::Probability { chance, .. } => self.rng.fraction() < chance,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(fault: Fault, calls: usize) -> Vec<usize> {
        let plan = FaultPlan::default();
        plan.add(fault);
        (1..=calls)
            .filter(|_| plan.strike("files/upload").is_some())
            .collect()
    }

    #[test]
    fn faults_strike_when_they_should() {
        let fault = || Fault::on("files/*", FaultKind::Hang);
        assert_eq!(struck(fault().nth(2), 6), [2]);
        assert_eq!(struck(fault().first(2), 6), [1, 2]);
        assert_eq!(struck(fault().every(3), 6), [3, 6]);
        assert_eq!(
            struck(Fault::on("users/*", FaultKind::Hang), 6),
            [] as [usize; 0]
        );
        let some = struck(fault().with_probability(0.3, 1), 1000).len();
        assert!((200..400).contains(&some), "{some} of 1000");
    }

    #[test]
    fn faults_are_data() {
        let fault: Fault =
            serde_json::from_str(r#"{"what":{"rate_limit":{"body":"text"}},"when":{"nth":3}}"#)
                .expect("a fault in JSON");
        let what = FaultKind::RateLimit {
            reason: LimitReason::TooManyRequests,
            retry_after: None,
            body: LimitBody::Text,
        };
        assert_eq!(fault, Fault::on("*", what.clone()).nth(3));
        let toml = r#"
            [[fault]]
            route = "files/upload"
            when = { first = 2 }
            what = { rate_limit = { body = "text" } }
            [[fault]]
            what = "hang"
        "#;
        assert_eq!(
            Fault::list_from_toml(toml).expect("faults in TOML"),
            [
                Fault::on("files/upload", what).first(2),
                Fault::on("*", FaultKind::Hang)
            ]
        );
        assert!(Fault::list_from_toml("[[fault]]\nwhat = \"explode\"").is_err());
    }
}
