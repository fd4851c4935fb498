//! Quirks: behaviours that the references leave open, done the other way, so that clients can be tried both ways.
//!
//! Those that change a rule are asked for where the rule is; those that only change the form of an answer are in `answers`.

pub(super) mod answers;

use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::names::{self, BadPath, Place};

/// Lists the quirks once: variant, name, and what is so while it is on.
macro_rules! quirks {
    ($($variant:ident $name:literal $summary:literal;)*) => {
        /// A behaviour that the references leave open, done in the other way than the emulator does it by default.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "&'static str")]
        #[non_exhaustive]
        pub enum Quirk {
            $(#[doc = $summary] $variant,)*
        }

        impl Quirk {
            /// All there are, in the order in which the help tells them.
            pub const ALL: &'static [Quirk] = &[$(Quirk::$variant),*];

            /// Its name, as the command line and the control route take it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Quirk::$variant => $name,)*
                }
            }

            /// What is so while it is on, in a line.
            #[must_use]
            pub fn summary(self) -> &'static str {
                match self {
                    $(Quirk::$variant => $summary,)*
                }
            }
        }
    };
}

quirks! {
    LimitAsText "limit-as-text" "a 429 is a plain text, without `Retry-After`";
    LimitWithoutReason "limit-without-reason" "a 429 has the bare tag `too_many_requests`, without `reason`";
    LimitWaitInBody "limit-wait-in-body" "a 429 says in its body only how long to wait";
    TokenRefusedAsText "token-refused-as-text" "a token that nobody knows is a 400 with a text, not a 401";
    ExpiresInMissing "expires-in-missing" "a new access token comes without `expires_in`";
    RefreshTokensRotate "refresh-tokens-rotate" "a new access token comes with a new refresh token";
    ServerErrorHtml "server-error-html" "a 5xx has an HTML page as its body";
    HeaderLimit4K "header-limit-4k" "a request header of more than 4 KiB is a 400";
    HeaderLimit8K "header-limit-8k" "a request header of more than 8 KiB is a 400";
    UnknownFunction404 "unknown-function-404" "a function that does not exist is a 404, not a 400";
    ContentTypesFree "content-types-free" "the content type of a request does not matter";
    JsonWithCharset "json-with-charset" "JSON is announced as `application/json; charset=utf-8`";
    VoidResultsEmpty "void-results-empty" "where there is no result the body is empty, not `null`";
    UserMessages "user-messages" "errors of routes carry a `user_message`";
    UnknownFields "unknown-fields" "metadata has a field that the specification does not name";
    ContentHashMissing "content-hash-missing" "metadata has no `content_hash`";
    PathDisplayMissing "path-display-missing" "metadata has no `path_display`";
    PathsMissing "paths-missing" "metadata of files and folders has neither `path_lower` nor `path_display`";
    ParentsInLowerCase "parents-in-lower-case" "`path_display` has the letter case of its last name only";
    ServerClockAhead "server-clock-ahead" "`server_modified` is an hour ahead";
    ExactNames "exact-names" "an accent composed or not, a space that breaks or not, make different names";
    IgnoredNamesMalformed "ignored-names-malformed" "`desktop.ini` and its kin are `malformed_path`, not `disallowed_name`";
    MalformedPathsAsText "malformed-paths-as-text" "a malformed path is a 400 with a text, not a 409";
    MissingParentNotFolder "missing-parent-not-folder" "deleting where the folder above is missing is `not_folder`";
    IdsSurviveDeletion "ids-survive-deletion" "a file that is made again has the id that it had";
    SameBytesNewRev "same-bytes-new-rev" "overwriting or updating with the same bytes makes a new rev";
    SameBytesConflict "same-bytes-conflict" "adding the same bytes is a conflict";
    SamePathConflict "same-path-conflict" "a move to the same path, or to another case of it, is a conflict";
    MovesKeepRevs "moves-keep-revs" "what is moved keeps its rev";
    FinishedSessionClosed "finished-session-closed" "an upload session that was finished is `closed`, not `not_found`";
    RepeatedAppendTaken "repeated-append-taken" "an append that repeats the last one works, and changes nothing";
    ConcurrentCloseIsLast "concurrent-close-is-last" "a closed concurrent session takes no more pieces";
    NoAppendBatch "no-append-batch" "there is no `upload_session/append_batch`";
    NoSessionBatches "no-session-batches" "there is no `start_batch`, `finish_batch` or `finish_batch_v2` of upload sessions";
    FinishBatchLimited "finish-batch-limited" "of a batch of commits all but the first are `too_many_write_operations`";
    BatchesAtOnce "batches-at-once" "a batch is answered with `complete`, not with a job";
    BatchesAsJobs "batches-as-jobs" "`create_folder_batch` gives a job too";
    JobsTakeTime "jobs-take-time" "a job is in progress when it is asked after for the first time";
    ListingWithoutItself "listing-without-itself" "a recursive listing does not begin with the folder itself";
    PagesApproximate "pages-approximate" "pages have half of `limit`, and every other one is empty";
    PagesOf500 "pages-of-500" "without `limit` a page has 500 entries";
    ChangesMerged "changes-merged" "a cursor shows the last change of each path only";
    DeletionsPerChild "deletions-per-child" "a deleted folder is told with an entry for each item that was in it";
    BadCursorResets "bad-cursor-resets" "a cursor that is none is a 409 `reset`, not a 400";
    LongpollBackoff "longpoll-backoff" "a longpoll asks for a second's rest before the next";
    EtagStrong "etag-strong" "the `ETag` of a download is `\"rev\"`, not `W/\"rev\"`";
    RangesIgnored "ranges-ignored" "a download is whole, whatever range was asked for";
    ContentRangeMissing "content-range-missing" "a part of a download comes without `Content-Range`";
    LinkExistsBare "link-exists-bare" "`shared_link_already_exists` comes without the link";
    LinkSettingsRefused "link-settings-refused" "a shared link with a password or an expiry is `not_authorized`";
    SearchLate "search-late" "a new version is found from the second search after it on";
}

impl Quirk {
    /// Refuses what cannot be where a directory is served.
    pub(super) fn check(self, served: bool) -> io::Result<()> {
        if served && self == Quirk::ExactNames {
            let text = "the quirk `exact-names` needs the files in memory: leave the directory out";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        Ok(())
    }
}

/// The error for a name that no [`Quirk`] has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownQuirk {
    name: String,
    nearest: &'static str,
}

impl fmt::Display for UnknownQuirk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UnknownQuirk { name, nearest } = self;
        write!(f, "`{name}` is not a quirk: did you mean `{nearest}`?")
    }
}

impl std::error::Error for UnknownQuirk {}

impl FromStr for Quirk {
    type Err = UnknownQuirk;

    fn from_str(name: &str) -> Result<Quirk, UnknownQuirk> {
        let known = Quirk::ALL.iter().find(|quirk| quirk.name() == name);
        known.copied().ok_or_else(|| {
            let names = Quirk::ALL.iter().map(|quirk| quirk.name());
            let nearest = names.min_by_key(|known| strsim::damerau_levenshtein(known, name));
            UnknownQuirk {
                name: name.to_owned(),
                nearest: nearest.expect("there are quirks"),
            }
        })
    }
}

impl TryFrom<String> for Quirk {
    type Error = UnknownQuirk;

    fn try_from(name: String) -> Result<Quirk, UnknownQuirk> {
        name.parse()
    }
}

impl From<Quirk> for &'static str {
    fn from(quirk: Quirk) -> &'static str {
        quirk.name()
    }
}

/// Which quirks are on, a bit each.
#[derive(Debug, Default)]
pub(super) struct Quirks(AtomicU64);

impl Quirks {
    pub(super) fn has(&self, quirk: Quirk) -> bool {
        self.0.load(Ordering::Relaxed) & bit(quirk) != 0
    }

    pub(super) fn turn_on(&self, quirk: Quirk) {
        self.0.fetch_or(bit(quirk), Ordering::Relaxed);
    }

    pub(super) fn turn_all_off(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// Those that are on.
    pub(super) fn on(&self) -> Vec<Quirk> {
        let all = Quirk::ALL.iter().copied();
        all.filter(|quirk| self.has(*quirk)).collect()
    }

    /// Reads a path, as [`Place::parse`] does.
    pub(super) fn place(&self, path: &str) -> Result<Place, BadPath> {
        match Place::parse(path) {
            Err(BadPath::Disallowed) if self.has(Quirk::IgnoredNamesMalformed) => {
                Err(BadPath::Malformed)
            }
            Ok(place) => Ok(Place {
                lower: self.fold(&place.display),
                ..place
            }),
            bad => bad,
        }
    }

    /// The identity of a path or name, as [`names::fold`] has it.
    pub(super) fn fold(&self, text: &str) -> String {
        if self.has(Quirk::ExactNames) {
            names::fold_case(text)
        } else {
            names::fold(text)
        }
    }
}

fn bit(quirk: Quirk) -> u64 {
    const { assert!(Quirk::ALL.len() <= 64, "each quirk has a bit of its own") };
    1 << quirk as u32
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_lead_back_and_an_unknown_one_to_the_nearest() {
        for quirk in Quirk::ALL {
            assert_eq!(quirk.name().parse(), Ok(*quirk));
        }
        let names: HashSet<_> = Quirk::ALL.iter().map(|quirk| quirk.name()).collect();
        assert_eq!(names.len(), Quirk::ALL.len());
        let unknown = "etag-string".parse::<Quirk>().expect_err("no such quirk");
        assert_eq!(
            unknown.to_string(),
            "`etag-string` is not a quirk: did you mean `etag-strong`?"
        );
    }

    #[test]
    fn each_is_turned_on_by_itself() {
        for quirk in Quirk::ALL {
            let quirks = Quirks::default();
            assert!(!quirks.any());
            quirks.turn_on(*quirk);
            assert_eq!(quirks.on(), [*quirk]);
        }
    }
}
