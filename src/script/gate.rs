//! The one place where a script waits, and where it is stopped.

use std::collections::hash_map::RandomState;
use std::future::Future;
use std::hash::BuildHasher;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use rhai::{Dynamic, EvalAltResult, Position};
use tokio::runtime::{EnterGuard, Handle};
use tokio_util::sync::CancellationToken;

use super::failure;
use super::limits::Limits;
use super::meter::{Gauge, Meter};
use super::weigh::weigh;
use crate::error::{Error, ErrorKind};

/// What natives give back: a value, or what Rhai carries on.
pub(super) type Raised<T> = Result<T, Box<EvalAltResult>>;

/// Looking at the clock and the token for every operation would cost a quarter of a loop's speed.
const LOOK_EVERY: u64 = 0x100;

/// Asking for the memory that is taken costs less, and a few operations can take a lot.
const MEASURE_EVERY: u64 = 0x10;

/// Operations between two thoughts of weighing, at most: reading the clock each time that a variable is used would cost a good part of a loop's
/// speed, and a weighing is hundreds of times as far from the next.
const THINK_EVERY: u64 = 0x40;

/// Nanoseconds between two looks at what variables hold, at most and on top of what the last look cost.
const WEIGH_EVERY: u64 = 500_000;

/// How many times the cost of a look passes until the next.
const WEIGH_SHARE: u64 = 4;

/// Why nothing in the script may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    Interrupted,
    Deadline(Duration),
    Operations(u64),
    /// More script functions called one another than this.
    Calls(usize),
    /// Values were inside one another more levels deep than this.
    Nesting(usize),
    /// The run took more bytes than this.
    Memory(u64),
    /// `exit(status)`: not a failure, but just as final.
    Exit(i32),
}

/// Lets the script through until it is cancelled, late, or over its budget; from then on lets
/// nothing through.
///
/// Rhai counts operations in a copy for callbacks, and a `try` around a callback catches even a
/// terminated script. So the count is kept here, and a stop is sticky.
pub(super) struct Gate {
    runtime: Handle,
    armed: Mutex<Armed>,
    stopped: AtomicBool,
    operations: AtomicU64,
    /// The operation that is looked at more closely; those before it pass.
    look_at: AtomicU64,
    /// The operation that the clock and the token are looked at for.
    clock_at: AtomicU64,
    budget: AtomicU64,
    calls: usize,
    nesting: usize,
    meter: Meter,
    born: Instant,
    /// The operation from which on weighing is thought of.
    think_at: AtomicU64,
    /// When variables are weighed next, in nanoseconds from then.
    weigh_at: AtomicU64,
    chance: u64,
}

#[derive(Default)]
struct Armed {
    cancel: CancellationToken,
    deadline: Option<(Instant, Duration)>,
    stop: Option<Stop>,
}

impl Gate {
    /// A gate that is open without bounds until [`Gate::arm`].
    pub(super) fn new(runtime: Handle, limits: &Limits, gauge: Option<Arc<Gauge>>) -> Self {
        Self {
            runtime,
            armed: Mutex::default(),
            stopped: AtomicBool::new(false),
            operations: AtomicU64::new(0),
            look_at: AtomicU64::new(0),
            clock_at: AtomicU64::new(0),
            budget: AtomicU64::new(u64::MAX),
            calls: limits.call_levels,
            nesting: limits.nesting,
            meter: Meter::new(gauge),
            born: Instant::now(),
            think_at: AtomicU64::new(0),
            weigh_at: AtomicU64::new(0),
            chance: RandomState::new().hash_one(0),
        }
    }

    /// Opens the gate for a run that starts now.
    pub(super) fn arm(&self, cancel: CancellationToken, limits: &Limits) {
        let deadline = limits.deadline;
        let mut armed = self.armed();
        *armed = Armed {
            cancel,
            // A deadline past the end of the clock is none.
            deadline: deadline.and_then(|after| Some((Instant::now().checked_add(after)?, after))),
            stop: None,
        };
        self.operations.store(0, Relaxed);
        self.look_at.store(0, Relaxed);
        self.clock_at.store(0, Relaxed);
        self.think_at.store(0, Relaxed);
        self.budget
            .store(limits.operations.unwrap_or(u64::MAX), Relaxed);
        self.meter.arm(limits.memory);
        self.weigh_at.store(0, Relaxed);
        self.stopped.store(false, Relaxed);
    }

    /// Waits for `work`, for the cancellation and for the deadline, whichever comes first.
    pub(super) fn wait<F: Future>(&self, work: F) -> Raised<F::Output> {
        self.check()?;
        if on_async_worker() {
            return Err(failure::raise(&Error::new(
                ErrorKind::Unsupported,
                "a script cannot wait on a thread that drives async tasks",
            )
            .with_hint("run it with `Host::eval` or `Host::run_file`, or the engine inside `tokio::task::spawn_blocking`")));
        }
        let (cancel, deadline) = {
            let armed = self.armed();
            (armed.cancel.clone(), armed.deadline)
        };
        let ended = block_on(&self.runtime, async {
            tokio::select! {
                biased;
                () = cancel.cancelled() => Err(Stop::Interrupted),
                stop = late(deadline) => Err(stop),
                done = work => Ok(done),
            }
        });
        ended.map_err(|stop| self.stop(stop))
    }

    /// Enters the runtime, where what waits for I/O has to be even when it is dropped: a request that is given up hands its connection back to
    /// a task.
    pub(super) fn enter(&self) -> EnterGuard<'_> {
        self.runtime.enter()
    }

    /// Raises when the script must not go on: for natives that work without waiting.
    pub(super) fn check(&self) -> Raised<()> {
        match self.look() {
            Some(stop) => Err(terminated(stop)),
            None => Ok(()),
        }
    }

    /// Counts one operation of the engine; a value ends the script.
    #[inline]
    pub(super) fn step(&self) -> Option<Dynamic> {
        let count = self.operations.fetch_add(1, Relaxed) + 1;
        if count < self.look_at.load(Relaxed) {
            return None;
        }
        self.step_closely(count)
    }

    /// Looks whether the script may go on with this operation, and when to look again.
    #[cold]
    fn step_closely(&self, count: u64) -> Option<Dynamic> {
        let budget = self.budget.load(Relaxed);
        let next = (count / MEASURE_EVERY + 1) * MEASURE_EVERY;
        self.look_at
            .store(next.min(budget.saturating_add(1)), Relaxed);
        if count > budget {
            self.close(Stop::Operations(budget));
        }
        if self.meter.is_over_with(0) {
            self.close(Stop::Memory(self.meter.budget()));
        }
        let is_due = count >= self.clock_at.load(Relaxed);
        if is_due {
            self.clock_at.store(count + LOOK_EVERY, Relaxed);
        }
        if is_due || self.stopped.load(Relaxed) {
            return self.look().map(|stop| stop.to_string().into());
        }
        None
    }

    /// Takes so many bytes that a native function is about to allocate for its result.
    ///
    /// # Errors
    /// The end of the script, where that would be more than it may have.
    pub(super) fn charge(&self, bytes: u64) -> Raised<()> {
        if self.meter.is_over_with(bytes) {
            return Err(self.stop(Stop::Memory(self.meter.budget())));
        }
        Ok(())
    }

    /// Raises when the script must not go on, or may not have so many bytes: what a native function has made so far that no variable holds yet.
    pub(super) fn check_with(&self, bytes: usize) -> Raised<()> {
        self.check()?;
        self.charge(bytes as u64)
    }

    /// Takes note that a variable is used so many calls deep, where these are in sight.
    ///
    /// Rhai's own limit on calls can be caught around a callback, and it has none on how deep values
    /// are nested, which ends the process once they are dropped, printed or compared. A value that
    /// grows is used each time it does, so that looking now and then finds it soon; the moment is
    /// left to chance, so that no script can arrange what is in sight then.
    #[inline]
    pub(super) fn uses<'a, V: Iterator<Item = &'a Dynamic>>(
        &self,
        level: usize,
        in_sight: impl FnOnce() -> V,
    ) -> Raised<()> {
        if level > self.calls {
            return Err(self.stop(Stop::Calls(self.calls)));
        }
        let operation = self.operations.load(Relaxed);
        if operation < self.think_at.load(Relaxed) {
            return Ok(());
        }
        self.think(operation, in_sight)
    }

    /// Weighs what is in sight, where it is time to.
    #[cold]
    fn think<'a, V: Iterator<Item = &'a Dynamic>>(
        &self,
        operation: u64,
        in_sight: impl FnOnce() -> V,
    ) -> Raised<()> {
        let chance = self.chance(operation);
        let next = operation + 1 + chance % THINK_EVERY;
        self.think_at.store(next, Relaxed);
        let began = self.nanoseconds();
        if began < self.weigh_at.load(Relaxed) {
            return Ok(());
        }
        self.weigh(in_sight())?;
        let cost = self.nanoseconds() - began;
        let pause = (chance / THINK_EVERY) % WEIGH_EVERY + cost * WEIGH_SHARE;
        self.weigh_at.store(began + pause, Relaxed);
        Ok(())
    }

    fn nanoseconds(&self) -> u64 {
        // Enough for five centuries.
        u64::try_from(self.born.elapsed().as_nanos()).unwrap_or(u64::MAX / 2)
    }

    /// A number for an operation that no script can know beforehand.
    fn chance(&self, operation: u64) -> u64 {
        const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
        let mixed = (operation ^ self.chance).wrapping_mul(GOLDEN);
        (mixed ^ (mixed >> 29)).wrapping_mul(GOLDEN) >> 16
    }

    /// Weighs values.
    ///
    /// # Errors
    /// The end of the script, where they are too deep or too much.
    pub(super) fn weigh<'a>(&self, values: impl Iterator<Item = &'a Dynamic>) -> Raised<()> {
        let Some(weight) = weigh(values, self.nesting) else {
            return Err(self.stop(Stop::Nesting(self.nesting)));
        };
        self.meter.saw(weight.bytes);
        self.charge(0)
    }

    /// Closes the gate for good and gives the error that ends the script.
    pub(super) fn stop(&self, stop: Stop) -> Box<EvalAltResult> {
        terminated(self.close(stop))
    }

    /// The first stop counts.
    fn close(&self, stop: Stop) -> Stop {
        let first = *self.armed().stop.get_or_insert(stop);
        self.stopped.store(true, Relaxed);
        self.look_at.store(0, Relaxed);
        first
    }

    /// Why the gate is closed, if it is.
    pub(super) fn stopped(&self) -> Option<Stop> {
        self.armed().stop
    }

    fn look(&self) -> Option<Stop> {
        let armed = self.armed();
        let found = armed.stop.or_else(|| {
            if armed.cancel.is_cancelled() {
                return Some(Stop::Interrupted);
            }
            let (at, after) = armed.deadline?;
            (Instant::now() >= at).then_some(Stop::Deadline(after))
        })?;
        drop(armed);
        Some(self.close(found))
    }

    fn armed(&self) -> MutexGuard<'_, Armed> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Interrupted => f.write_str("the script was interrupted"),
            Self::Deadline(after) => write!(f, "the script ran longer than {after:?}"),
            Self::Operations(budget) => write!(f, "the script took more than {budget} operations"),
            Self::Calls(_) => f.write_str("functions call each other too deeply"),
            Self::Nesting(levels) => {
                write!(f, "a value is nested more than {levels} levels deep")
            }
            Self::Memory(bytes) => write!(
                f,
                "the script took more than {} MiB of memory",
                bytes.div_ceil(1 << 20)
            ),
            Self::Exit(status) => write!(f, "the script ended itself with status {status}"),
        }
    }
}

fn terminated(stop: Stop) -> Box<EvalAltResult> {
    EvalAltResult::ErrorTerminated(stop.to_string().into(), Position::NONE).into()
}

async fn late(deadline: Option<(Instant, Duration)>) -> Stop {
    match deadline {
        Some((at, after)) => {
            tokio::time::sleep_until(at.into()).await;
            Stop::Deadline(after)
        }
        None => std::future::pending().await,
    }
}

/// Whether this thread is inside the poll of an async task, where blocking could deadlock.
///
/// Tokio shows it by the cooperative budget: inside a poll it runs out, on a blocking thread there is
/// none to run out. The task yields a little earlier for it, nothing more.
fn on_async_worker() -> bool {
    const MORE_THAN_A_BUDGET: usize = 256;
    if Handle::try_current().is_err() {
        return false;
    }
    let mut context = Context::from_waker(Waker::noop());
    (0..MORE_THAN_A_BUDGET).any(|_| {
        pin!(tokio::task::coop::consume_budget())
            .poll(&mut context)
            .is_pending()
    })
}

/// Drives `work` on this thread, with timers and sockets on `runtime`.
///
/// `Handle::block_on` panics on threads that Tokio considers its own; parking the thread never does.
fn block_on<F: Future>(runtime: &Handle, work: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let _context = runtime.enter();
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut work = pin!(work);
    loop {
        match work.as_mut().poll(&mut context) {
            Poll::Ready(done) => return done,
            Poll::Pending => std::thread::park(),
        }
    }
}
