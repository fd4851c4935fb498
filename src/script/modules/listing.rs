//! What `list` gives: items, fetched page by page as they are needed.

use std::fmt;
use std::sync::Arc;

use rhai::{Array, Dynamic, Engine, FnPtr, INT, NativeCallContext};

use super::gather::gather;
use super::{function, printable};
use crate::script::gate::Raised;
use crate::script::run::Run;
use crate::tasks::{self, Item};

/// A folder or glob to list; each use lists anew.
#[derive(Clone)]
pub(in crate::script) struct Listing {
    run: Arc<Run>,
    source: tasks::Listing,
    /// What was found already, where a closure had to be asked.
    found: Option<Arc<[Item]>>,
}

impl Listing {
    pub(super) fn new(run: &Arc<Run>, listing: tasks::Listing) -> Self {
        Self {
            run: Arc::clone(run),
            source: listing,
            found: None,
        }
    }

    /// One whose items are known already.
    pub(super) fn found(run: &Arc<Run>, listing: tasks::Listing, items: Vec<Item>) -> Self {
        Self {
            found: Some(items.into()),
            ..Self::new(run, listing)
        }
    }

    /// Lists, as far as the iterator is driven.
    pub(in crate::script) fn items(&self) -> Items {
        Items {
            listing: self.clone(),
            given: 0,
        }
    }

    /// Lists all there is.
    pub(super) fn to_array(&self) -> Raised<Array> {
        let items = self.items().map(|item| item.map(Dynamic::from));
        gather(self.run.gate(), items)
    }
}

/// The items of one use of a listing.
pub(in crate::script) struct Items {
    listing: Listing,
    /// How many were given of those that were found already.
    given: usize,
}

impl Iterator for Items {
    type Item = Raised<Item>;

    fn next(&mut self) -> Option<Raised<Item>> {
        let Listing { run, source, found } = &mut self.listing;
        if let Some(found) = found {
            let item = found.get(self.given)?.clone();
            self.given += 1;
            return Some(run.gate().check().map(|()| item));
        }
        match run.gate().wait(source.next()) {
            Ok(next) => next.map(|item| item.map_err(|error| run.raise(error))),
            Err(stopped) => Some(Err(stopped)),
        }
    }
}

impl IntoIterator for Listing {
    type Item = Raised<Item>;
    type IntoIter = Items;

    fn into_iter(self) -> Items {
        self.items()
    }
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listing of `{}`", self.source.what())
    }
}

pub(super) fn register(engine: &mut Engine) {
    const ON: &str = "listing: Listing";
    engine
        .register_type_with_name::<Listing>("Listing")
        .register_iterator_result::<Listing, Item>();
    printable::<Listing>(engine);
    function("to_array", &[ON, "array"], "All items.")
        .register_into_engine(engine, |listing: &mut Listing| listing.to_array());
    for name in ["count", "len"] {
        function(name, &[ON, "int"], "How many items there are.").register_into_engine(
            engine,
            |listing: &mut Listing| -> Raised<INT> {
                listing
                    .items()
                    .try_fold(0, |count, item| item.map(|_| count + 1))
            },
        );
    }
    function("first", &[ON, "Item"], "The first item, or `()`.").register_into_engine(
        engine,
        |listing: &mut Listing| -> Raised<Dynamic> {
            Ok(listing
                .items()
                .next()
                .transpose()?
                .map_or(Dynamic::UNIT, Dynamic::from))
        },
    );
    function("is_empty", &[ON, "bool"], "Whether there is no item.").register_into_engine(
        engine,
        |listing: &mut Listing| -> Raised<bool> {
            Ok(listing.items().next().transpose()?.is_none())
        },
    );
    function(
        "map",
        &[ON, "f: Fn", "array"],
        "What the closure gives for each item.",
    )
    .register_into_engine(
        engine,
        |context: NativeCallContext, listing: &mut Listing, f: FnPtr| -> Raised<Array> {
            let items = listing.items();
            let results = items.map(|item| f.call_within_context(&context, (item?,)));
            gather(listing.run.gate(), results)
        },
    );
    function(
        "filter",
        &[ON, "f: Fn", "array"],
        "The items for which the closure gives true.",
    )
    .register_into_engine(
        engine,
        |context: NativeCallContext, listing: &mut Listing, f: FnPtr| -> Raised<Array> {
            let lets_through = |item: Raised<Item>| {
                let item = item?;
                let kept = f.call_within_context::<bool>(&context, (item.clone(),))?;
                Ok(kept.then(|| Dynamic::from(item)))
            };
            let kept = listing.items().map(lets_through);
            gather(listing.run.gate(), kept.filter_map(Raised::transpose))
        },
    );
}
