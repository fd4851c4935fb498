//! `files/copy_v2`, `files/move_v2`, and those for many items in a call.

use std::time::Duration;

use serde_json::Value;

use super::Client;
use super::call::{Argument, Attempt, Outcome};
use super::retry::Retries;
use super::told::Changed;
use super::upload::may_be_there;
use crate::api::error::{is_refused_form, is_unknown_route, refused_entry};
use crate::api::files::{
    JobArg, JobStatus, Launch, Metadata, MetadataResult, RelocationArg, RelocationBatchArg,
    RelocationBatchEntry, RelocationBatchResult, RelocationPath,
};
use crate::api::{COPY, COPY_BATCH, COPY_BATCH_CHECK, MOVE, MOVE_BATCH, MOVE_BATCH_CHECK, Route};
use crate::error::{Error, ErrorKind, Result};
use crate::path::RemotePath;

/// Items in a call, at most (`files.stone`, `RelocationBatchArgBase`).
const MOST: usize = 1_000;

/// Up to so many items go one by one: a batch is a call to begin it and at least one to ask after it.
const FEW: usize = 2;

/// How long to wait before a job is asked after again: at first, and at most.
const FIRST_CHECK: Duration = Duration::from_millis(100);
const LONGEST_CHECK: Duration = Duration::from_secs(5);

/// How often a job is asked after: for about an hour.
const CHECKS: usize = 720;

/// What becomes of the item where it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relocation {
    /// It stays.
    Copy,
    /// It goes.
    Move,
}

/// The way of an item to a path where nothing is.
#[derive(Debug, Clone)]
pub(crate) struct Leg {
    pub(crate) from: RemotePath,
    pub(crate) to: RemotePath,
    /// The id of what is at `from`.
    pub(crate) id: Option<String>,
    /// Its content hash, if it is a file.
    pub(crate) hash: Option<String>,
}

/// A leg of a batch, until it is answered for.
struct Waiting<'a> {
    index: usize,
    leg: &'a Leg,
    retries: Retries,
}

impl Relocation {
    /// What it is called where it is told of.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::Move => "move",
        }
    }

    fn route(self) -> &'static Route<'static> {
        match self {
            Self::Copy => &COPY,
            Self::Move => &MOVE,
        }
    }

    /// The route that begins a job for many items, and the one that tells how it went.
    fn batch_routes(self) -> (&'static Route<'static>, &'static Route<'static>) {
        match self {
            Self::Copy => (&COPY_BATCH, &COPY_BATCH_CHECK),
            Self::Move => (&MOVE_BATCH, &MOVE_BATCH_CHECK),
        }
    }
}

impl Client {
    /// Copies or moves one item.
    pub(crate) async fn relocate(&self, how: Relocation, leg: &Leg) -> Result<Metadata> {
        let argument = RelocationArg {
            from_path: leg.from.as_str(),
            to_path: leg.to.as_str(),
            autorename: false,
        };
        let turn = self.turn().await;
        let outcome = self
            .rpc_outcome::<MetadataResult<Metadata>>(
                how.route(),
                Some(leg.to.as_str()),
                Argument::of(&argument),
            )
            .await;
        drop(turn);
        match outcome.result {
            Ok(result) => {
                self.tell_it_left(how, leg);
                Ok(result.metadata)
            }
            Err(error) if outcome.unsure => self.unless_it_came(how, leg, error).await,
            Err(error) => Err(error),
        }
    }

    fn tell_it_left(&self, how: Relocation, leg: &Leg) {
        if how == Relocation::Move {
            let path_lower = leg.from.key();
            self.tell(Changed::Removed { path_lower });
        }
    }

    /// Copies or moves many items, as many in a call as the server takes. One result an item, in their order.
    pub(crate) async fn relocate_all(
        &self,
        how: Relocation,
        legs: &[Leg],
    ) -> Vec<Result<Metadata>> {
        let mut results: Vec<Option<Result<Metadata>>> = legs.iter().map(|_| None).collect();
        let mut waiting: Vec<Waiting<'_>> = legs
            .iter()
            .enumerate()
            .map(|(index, leg)| Waiting {
                index,
                leg,
                retries: Retries::new(),
            })
            .collect();
        while !waiting.is_empty() {
            let rest = waiting.split_off(waiting.len().min(MOST));
            waiting = self.relocate_some(how, waiting, &mut results).await;
            waiting.extend(rest);
        }
        let results = results.into_iter();
        results
            .map(|result| result.expect("what is not answered for is still waiting"))
            .collect()
    }

    /// Puts the results of up to a batch in their places. Gives back what is to be tried again, after a pause.
    async fn relocate_some<'a>(
        &self,
        how: Relocation,
        batch: Vec<Waiting<'a>>,
        results: &mut [Option<Result<Metadata>>],
    ) -> Vec<Waiting<'a>> {
        let alone = batch.len() <= FEW;
        let outcome = if alone {
            None
        } else {
            let legs: Vec<&Leg> = batch.iter().map(|waiting| waiting.leg).collect();
            Some(self.relocate_batch(how, &legs).await)
        };
        let unsure = outcome.as_ref().is_some_and(|outcome| outcome.unsure);
        let entries = match outcome.map(|outcome| outcome.result) {
            Some(Ok(entries)) => entries,
            Some(Err(error)) if !is_unknown_route(&error) && !is_refused_form(&error) => {
                self.fail(how, &batch, &error, unsure, results).await;
                return Vec::new();
            }
            _ => {
                for waiting in batch {
                    let result = match self.relocate(how, waiting.leg).await {
                        Err(error) if unsure || waiting.retries.unsure() => {
                            self.unless_it_came(how, waiting.leg, error).await
                        }
                        result => result,
                    };
                    results[waiting.index] = Some(result);
                }
                return Vec::new();
            }
        };
        let (mut again, mut pause) = (Vec::new(), Duration::ZERO);
        for (mut waiting, entry) in batch.into_iter().zip(entries) {
            let error = match entry.into_result(how, waiting.leg) {
                Ok(metadata) => {
                    self.tell_it_left(how, waiting.leg);
                    results[waiting.index] = Some(Ok(metadata));
                    continue;
                }
                Err(error) => error,
            };
            let attempt = Attempt {
                unsure: unsure || error.kind() == ErrorKind::Server,
                error,
            };
            match waiting.retries.after(attempt, &self.pace().budget) {
                Ok(wait) => {
                    pause = pause.max(wait);
                    again.push(waiting);
                }
                Err(error) if waiting.retries.unsure() => {
                    let result = self.unless_it_came(how, waiting.leg, error).await;
                    results[waiting.index] = Some(result);
                }
                Err(error) => results[waiting.index] = Some(Err(error)),
            }
        }
        tokio::time::sleep(pause).await;
        again
    }

    /// Begins a job, and waits until it is done, all in one turn: meanwhile the namespace takes no other change.
    async fn relocate_batch(
        &self,
        how: Relocation,
        legs: &[&Leg],
    ) -> Outcome<Vec<RelocationBatchEntry>> {
        let (route, check) = how.batch_routes();
        let entries = legs.iter().map(|leg| RelocationPath {
            from_path: leg.from.as_str(),
            to_path: leg.to.as_str(),
        });
        let argument = Argument::of(&RelocationBatchArg {
            entries: entries.collect(),
            autorename: false,
        });
        let _turn = self.turn().await;
        let launched: Outcome<Launch<RelocationBatchResult>> =
            self.rpc_outcome(route, None, argument).await;
        let (result, unsure) = match launched.result {
            Ok(Launch::Complete(result)) => (Ok(result), launched.unsure),
            Ok(Launch::AsyncJobId { async_job_id }) => {
                let result = self.job(check, &async_job_id).await;
                // A job that is lost sight of may do its work all the same.
                let unsure = launched.unsure || result.is_err();
                (result, unsure)
            }
            Err(error) => (Err(error), launched.unsure),
        };
        let result = result.and_then(|result| {
            if result.entries.len() == legs.len() {
                return Ok(result.entries);
            }
            Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "`{}` answered for another number of items than it was asked",
                    route.name
                ),
            ))
        });
        Outcome { result, unsure }
    }

    /// What a job came to.
    async fn job(&self, check: &'static Route<'static>, id: &str) -> Result<RelocationBatchResult> {
        let mut wait = FIRST_CHECK;
        for _ in 0..CHECKS {
            let argument = Argument::of(&JobArg { async_job_id: id });
            match self.rpc(check, None, argument).await? {
                JobStatus::Complete(result) => return Ok(result),
                JobStatus::InProgress => {}
                JobStatus::Failed => {
                    let message = format!("Dropbox gave up what `{}` asks after", check.name);
                    return Err(Error::new(ErrorKind::Server, message));
                }
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_CHECK);
        }
        let message = "Dropbox has not finished moving or copying";
        Err(Error::new(ErrorKind::Timeout, message)
            .with_hint("it may still do so: look again later"))
    }

    /// The same error for a whole batch, except for items that came where they were to go all the same.
    async fn fail(
        &self,
        how: Relocation,
        batch: &[Waiting<'_>],
        error: &Error,
        unsure: bool,
        results: &mut [Option<Result<Metadata>>],
    ) {
        // Where nobody answers there is nothing to look at.
        let mut look = unsure && error.status().is_some();
        for waiting in batch {
            let error = error.clone().with_path(waiting.leg.to.to_string());
            let result = if look {
                self.unless_it_came(how, waiting.leg, error).await
            } else {
                Err(error)
            };
            look &= !matches!(&result, Err(error) if error.status().is_none());
            results[waiting.index] = Some(result);
        }
    }

    /// The error, unless an attempt whose answer got lost had brought the item where it was to go.
    async fn unless_it_came(&self, how: Relocation, leg: &Leg, error: Error) -> Result<Metadata> {
        match self.metadata_if_any(&leg.to).await {
            Ok(Some(there)) if leg.ends_with(how, &there) => Ok(there),
            Ok(_) => Err(error),
            Err(unseen) => Err(unseen.with_hint(may_be_there(leg.to.as_str()))),
        }
    }
}

impl Leg {
    /// Whether this is what the relocation makes of the item. A move keeps the id, a copy the contents.
    fn ends_with(&self, how: Relocation, there: &Metadata) -> bool {
        let (id, hash) = match there {
            Metadata::File(file) => (&file.id, file.content_hash.as_ref()),
            Metadata::Folder(folder) => (&folder.id, None),
            Metadata::Deleted(_) => return false,
        };
        match how {
            Relocation::Move => self.id.as_ref() == Some(id),
            // Dropbox copies a folder whole or not at all, and nothing was there before.
            Relocation::Copy => {
                self.hash.as_ref() == hash
                    && (hash.is_some() || matches!(there, Metadata::Folder(_)))
            }
        }
    }
}

impl RelocationBatchEntry {
    fn into_result(self, how: Relocation, leg: &Leg) -> Result<Metadata> {
        let failure = match self {
            Self::Success { success } => return Ok(success),
            Self::Failure { failure } => failure,
        };
        let about = failure
            .get("relocation_error")
            .and_then(|error| error.get(".tag"));
        let about_source = about
            .and_then(Value::as_str)
            .is_some_and(|tag| tag.starts_with("from_"));
        let path = if about_source { &leg.from } else { &leg.to };
        Err(refused_entry(how.batch_routes().0, path.as_str(), failure))
    }
}
