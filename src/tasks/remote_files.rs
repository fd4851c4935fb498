//! The files at Dropbox that sources mean.

use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt};

use super::filter::Sieve;
use super::remote::{Below, Found, Walk};
use super::run::Step;
use super::{ItemKind, ReportItem};
use crate::client::Client;

/// The files that the sources mean, as far as the filter lets them through by what is known of them. Subfolders are looked into
/// unless that is said.
pub(super) fn files<'a>(
    client: &'a Client,
    found: Vec<Found>,
    sieve: &'a Sieve,
    subfolders: Option<bool>,
) -> impl Stream<Item = Step<Below>> + Send + 'a {
    let deep = subfolders.unwrap_or(true);
    stream::iter(found).flat_map(move |found| one(client, found, sieve, deep))
}

fn one<'a>(
    client: &Client,
    found: Found,
    sieve: &'a Sieve,
    deep: bool,
) -> BoxStream<'a, Step<Below>> {
    let failed = |what: String, error| {
        let item = ReportItem::failed(what, String::new(), error);
        stream::iter([Step::Done(item)]).boxed()
    };
    match found {
        Found::One(item) if item.kind == ItemKind::File => {
            if !sieve.names(&item.name, item.kind) || !sieve.facts(&item) {
                return stream::empty().boxed();
            }
            let relative = item.name.clone();
            stream::iter([Step::Work(Below { item, relative })]).boxed()
        }
        Found::One(item) => match item.path.parse() {
            Ok(path) => steps(item.path, Walk::folder(client, &path, deep), sieve).boxed(),
            Err(error) => failed(item.path, error),
        },
        Found::Glob(pattern) => {
            let base = format!("{}/", pattern.base);
            match Walk::glob(client, pattern) {
                Ok(walk) => steps(base, walk, sieve).boxed(),
                Err(error) => failed(base, error),
            }
        }
    }
}

/// The files that a walk comes upon; a walk that breaks off ends with a failure of its own.
fn steps(what: String, walk: Walk, sieve: &Sieve) -> impl Stream<Item = Step<Below>> {
    stream::unfold(Some((walk, what)), move |state| async move {
        let (mut walk, what) = state?;
        loop {
            match walk.next().await {
                Ok(Some(below))
                    if sieve.names(&below.relative, below.item.kind)
                        && sieve.facts(&below.item) =>
                {
                    return Some((Step::Work(below), Some((walk, what))));
                }
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(error) => {
                    let item = ReportItem::failed(what, String::new(), error);
                    return Some((Step::Done(item), None));
                }
            }
        }
    })
}
