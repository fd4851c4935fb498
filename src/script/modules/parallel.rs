//! `parallel`: a closure on many values at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rhai::{Array, Dynamic, Engine, EvalAltResult, FnPtr, INT, NativeCallContext};

use super::gather::bytes_of;
use super::{Listing, function};
use crate::error::{Error, ErrorKind};
use crate::script::engine::STACK;
use crate::script::gate::Raised;
use crate::script::run::Run;

/// Threads that a run has beside its own. Where all are at work, a `parallel` inside of another has none, and goes on without.
const MOST: usize = 64;

pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    let doc = "Calls the closure on each value, so many at a time, and gives the results in the order of the values.";
    let host = Arc::clone(run);
    let parameters = ["items: ?", "limit: int", "f: Fn", "array"];
    function("parallel", &parameters, doc).register_into_engine(
        engine,
        move |context: NativeCallContext, items: Array, limit: INT, f: FnPtr| {
            parallel(&host, &context, items, limit, &f)
        },
    );
    let host = Arc::clone(run);
    function("parallel", &parameters, doc).register_into_engine(
        engine,
        move |context: NativeCallContext, listing: Listing, limit: INT, f: FnPtr| {
            let items = listing.to_array()?;
            parallel(&host, &context, items, limit, &f)
        },
    );
}

/// What the threads of one call share.
struct Work<'a> {
    items: Mutex<std::iter::Enumerate<std::vec::IntoIter<Dynamic>>>,
    results: Mutex<Vec<Dynamic>>,
    /// Of what failed, the first in the order of the values.
    failed: Mutex<Option<(usize, Box<EvalAltResult>)>>,
    ends: AtomicBool,
    /// What the results come to, in bytes: no variable holds them yet.
    made: AtomicUsize,
    f: &'a FnPtr,
}

fn parallel(
    run: &Run,
    context: &NativeCallContext,
    items: Array,
    limit: INT,
    f: &FnPtr,
) -> Raised<Array> {
    let threads = usize::try_from(limit)
        .ok()
        .filter(|threads| (1..=MOST).contains(threads))
        .ok_or_else(|| {
            let message = format!("`parallel` cannot work on {limit} values at a time");
            let error = Error::new(ErrorKind::InvalidArgument, message);
            run.raise(error.with_hint(format!("the limit is a number from 1 to {MOST}")))
        })?;
    let count = items.len();
    let work = Work {
        items: Mutex::new(items.into_iter().enumerate()),
        results: Mutex::new(vec![Dynamic::UNIT; count]),
        failed: Mutex::default(),
        ends: AtomicBool::new(false),
        made: AtomicUsize::new(0),
        f,
    };
    // The script's own thread takes part, so that the values are worked on wherever there is no other.
    let others = Others::of(run.workers(), threads.min(count).saturating_sub(1));
    thread::scope(|scope| {
        for _ in 0..others.count {
            let thread = thread::Builder::new()
                .name("script-parallel".to_owned())
                .stack_size(STACK);
            // Fewer threads do the same more slowly.
            let _ = thread.spawn_scoped(scope, || work.go_on(run, context));
        }
        work.go_on(run, context);
    });
    // What stopped the script may have been caught in a closure.
    run.gate().check()?;
    let failed = work.failed.into_inner();
    if let Some((_, error)) = failed.unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    let results = work.results.into_inner();
    Ok(results.unwrap_or_else(PoisonError::into_inner))
}

impl Work<'_> {
    /// Works until nothing is left to begin. What was begun is carried out, also where something else failed meanwhile.
    fn go_on(&self, run: &Run, context: &NativeCallContext) {
        while !self.ends.load(Relaxed) && run.gate().check().is_ok() {
            let next = locked(&self.items).next();
            let Some((at, item)) = next else { return };
            match self
                .call(context, item)
                .and_then(|value| self.count(run, value))
            {
                Ok(value) => locked(&self.results)[at] = value,
                Err(error) => {
                    self.ends.store(true, Relaxed);
                    let mut failed = locked(&self.failed);
                    if failed.as_ref().is_none_or(|(first, _)| at < *first) {
                        *failed = Some((at, error));
                    }
                }
            }
        }
    }

    fn count(&self, run: &Run, result: Dynamic) -> Raised<Dynamic> {
        let bytes = bytes_of(&result);
        let before = self.made.fetch_add(bytes, Relaxed);
        run.gate().check_with(before.saturating_add(bytes))?;
        Ok(result)
    }

    fn call(&self, context: &NativeCallContext, item: Dynamic) -> Raised<Dynamic> {
        let call = || self.f.call_within_context::<Dynamic>(context, (item,));
        catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| Err(panicked(&*panic)))
    }
}

/// Only a function of the program that embeds the host can panic. It ends the script as such, which cannot go on for it.
fn panicked(panic: &(dyn std::any::Any + Send)) -> Box<EvalAltResult> {
    let words = panic.downcast_ref::<&str>().copied();
    let words = words.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let message = match words {
        Some(words) => format!("a function that `parallel` called has panicked: {words}"),
        None => "a function that `parallel` called has panicked".to_owned(),
    };
    EvalAltResult::ErrorSystem(message, "it is a fault of the program".into()).into()
}

/// Threads out of those that a run may have, until they are given back.
struct Others<'a> {
    taken: &'a AtomicUsize,
    count: usize,
}

impl<'a> Others<'a> {
    /// As many of these as there are.
    fn of(taken: &'a AtomicUsize, wanted: usize) -> Self {
        let mut count = 0;
        let take = |before: usize| {
            count = wanted.min(MOST.saturating_sub(before));
            Some(before + count)
        };
        let _ = taken.fetch_update(Relaxed, Relaxed, take);
        Self { taken, count }
    }
}

impl Drop for Others<'_> {
    fn drop(&mut self) {
        self.taken.fetch_sub(self.count, Relaxed);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
