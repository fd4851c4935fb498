//! A test of the program's own.

use std::fmt;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::tasks::Item;

/// A test of an item: a function, or a question that is answered elsewhere.
///
/// A local file is shown as an item too, with its local path, and without what only Dropbox knows.
#[derive(Clone)]
pub struct Predicate(Arc<Ask>);

type Ask = dyn Fn(&Item) -> BoxFuture<'static, bool> + Send + Sync;

impl Predicate {
    /// A test by a function.
    pub fn new(test: impl Fn(&Item) -> bool + Send + Sync + 'static) -> Self {
        Self::asking(move |item| std::future::ready(test(item)).boxed())
    }

    /// A test by a question.
    pub(crate) fn asking(
        ask: impl Fn(&Item) -> BoxFuture<'static, bool> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(ask))
    }

    pub(super) fn holds(&self, item: &Item) -> BoxFuture<'static, bool> {
        (self.0)(item)
    }
}

impl fmt::Debug for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Predicate")
    }
}
