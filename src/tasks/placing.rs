//! Where the files of a transfer go below its destination, by `flatten` and `rename`.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, Stream, StreamExt, stream};

use super::claims::{Claim, Claims, NAMED_TWICE, clash};
use super::filter::Candidate;
use super::local::Local;
use super::remote::Below;
use super::run::Step;
use super::{Item, ReportItem, TransferOptions};
use crate::error::{Error, ErrorKind, Result};

/// The name of a file at the target: a function, or a question that is answered elsewhere.
///
/// A local file is shown as an item too, as to a [`Predicate`](crate::Predicate).
#[derive(Clone)]
pub struct Rename(Arc<Ask>);

type Ask = dyn Fn(&Item) -> BoxFuture<'static, String> + Send + Sync;

impl Rename {
    /// A name by a function.
    pub fn new(name: impl Fn(&Item) -> String + Send + Sync + 'static) -> Self {
        Self::asking(move |item| std::future::ready(name(item)).boxed())
    }

    /// A name by a question.
    pub(crate) fn asking(
        ask: impl Fn(&Item) -> BoxFuture<'static, String> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(ask))
    }

    async fn of(&self, item: &Item) -> Result<String> {
        let name = (self.0)(item).await;
        if matches!(name.as_str(), "" | "." | "..") || name.contains(['/', '\0']) {
            let message = format!(
                "`rename` gave `{}` for `{}`, which is not a name",
                name.escape_debug(),
                item.path
            );
            return Err(Error::new(ErrorKind::InvalidArgument, message)
                .with_path(&item.path)
                .with_hint("give the name of a file, without a folder"));
        }
        Ok(name)
    }
}

impl fmt::Debug for Rename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rename")
    }
}

/// A file that has a place below the destination.
pub(super) trait Placed: Candidate {
    /// Its path below the destination, with `/` between the names.
    fn relative(&mut self) -> &mut String;
}

impl Placed for Local {
    fn relative(&mut self) -> &mut String {
        &mut self.relative
    }
}

impl Placed for Below {
    fn relative(&mut self) -> &mut String {
        &mut self.relative
    }
}

/// Gives the files the places that the options say. Sources that would become one file all fail, before anything is sent there;
/// so all of them are found first. Two places are one where they have the same `key`.
pub(super) async fn placed<'a, C: Placed + 'a>(
    steps: BoxStream<'a, Step<C>>,
    options: &TransferOptions,
    key: impl Fn(&str) -> String,
) -> BoxStream<'a, Step<C>> {
    if !options.flatten && options.rename.is_none() {
        return steps;
    }
    let mut placed = Vec::new();
    let mut steps = steps;
    while let Some(step) = steps.next().await {
        placed.push(match step {
            Step::Work(candidate) => place(candidate, options).await,
            done @ Step::Done(_) => done,
        });
    }
    refuse_clashes(&mut placed, key);
    stream::iter(placed).boxed()
}

async fn place<C: Placed>(mut candidate: C, options: &TransferOptions) -> Step<C> {
    let relative = candidate.relative().clone();
    let (folder, name) = relative.rsplit_once('/').unwrap_or(("", &relative));
    let name = match &options.rename {
        None => name.to_owned(),
        Some(rename) => match rename.of(candidate.item()).await {
            Ok(name) => name,
            Err(error) => {
                let source = candidate.item().path.clone();
                return Step::Done(ReportItem::failed(source, String::new(), error));
            }
        },
    };
    *candidate.relative() = if folder.is_empty() || options.flatten {
        name
    } else {
        format!("{folder}/{name}")
    };
    Step::Work(candidate)
}

/// Lets all fail that would become one file.
fn refuse_clashes<C: Placed>(steps: &mut [Step<C>], key: impl Fn(&str) -> String) {
    let mut sources: HashMap<String, HashSet<String>> = HashMap::new();
    for step in steps.iter_mut() {
        if let Step::Work(candidate) = step {
            let place = key(candidate.relative());
            let source = candidate.item().path.clone();
            sources.entry(place).or_default().insert(source);
        }
    }
    for step in steps {
        let Step::Work(candidate) = step else {
            continue;
        };
        let relative = candidate.relative().clone();
        let source = candidate.item().path.clone();
        let other = sources
            .get(&key(&relative))
            .and_then(|sources| sources.iter().filter(|other| **other != source).min());
        if let Some(other) = other {
            let error = clash(&source, other, &relative);
            *step = Step::Done(ReportItem::failed(source, String::new(), error));
        }
    }
}

/// Of several sources that would become one file, lets only the first through.
pub(super) fn claimed<C: Placed>(
    steps: impl Stream<Item = Step<C>>,
    key: impl Fn(&str) -> String,
) -> impl Stream<Item = Step<C>> {
    let claims = Claims::default();
    steps.map(move |step| {
        let Step::Work(mut candidate) = step else {
            return step;
        };
        let relative = candidate.relative().clone();
        let source = candidate.item().path.clone();
        match claims.claim(key(&relative), &source) {
            Claim::Granted => Step::Work(candidate),
            Claim::Again => Step::Done(ReportItem::skipped(source, NAMED_TWICE)),
            Claim::Taken(other) => {
                let error = clash(&source, &other, &relative);
                Step::Done(ReportItem::failed(source, String::new(), error))
            }
        }
    })
}

/// Refuses what would name one file anew whose name is said already.
pub(super) fn refuse_rename(options: &TransferOptions, task: &str) -> Result<()> {
    if options.rename.is_none() {
        return Ok(());
    }
    let message = format!("`{task}` is told the name itself, so there is nothing to `rename`");
    Err(Error::new(ErrorKind::InvalidArgument, message))
}
