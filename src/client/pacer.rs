//! The pause that all calls for an account keep when the server asks for one, and how they begin again after it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::retry::jittered;

/// After a pause the calls that waited begin one after the other, the first of them so far apart.
const GAP: Duration = Duration::from_millis(10);

/// How far apart calls are while the server fails, so that an outage is not met with all that there is to do.
const OUTAGE_GAP: Duration = Duration::from_millis(50);

/// So many failures with no answer in between are an outage.
const OUTAGE: u32 = 4;

/// Each call comes so much sooner after the one before it than that one did, when all is well again.
const SOONER: f64 = 0.9;

/// Until all have begun that waited.
const SHORTEST_GAP: Duration = Duration::from_millis(1);

/// Holds calls back while a `Retry-After` runs, and lets them begin again gradually after it and after an outage.
#[derive(Debug, Default)]
pub(crate) struct Pacer(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Nothing starts before.
    until: Option<Instant>,
    /// When the next may start, while calls come one after the other.
    next: Option<Instant>,
    /// How long after it the one behind it may; nothing while calls come as they like.
    gap: Duration,
    /// How many failed since the last answer.
    failures: u32,
}

/// When a call may start.
enum Turn {
    Now,
    /// At its own time, unless a pause began by then.
    At(Instant),
    /// Nothing may before then.
    NotBefore(Instant),
}

impl Pacer {
    /// No call starts for this long.
    pub(crate) fn pause(&self, wait: Duration) {
        self.pause_until(Instant::now() + wait);
    }

    /// Waits until a call may start.
    pub(crate) async fn ready(&self) {
        loop {
            match self.turn() {
                Turn::Now => return,
                Turn::NotBefore(until) => sleep_until(until).await,
                Turn::At(time) => {
                    sleep_until(time).await;
                    if self.paused().is_none() {
                        return;
                    }
                }
            }
        }
    }

    /// The server gave no answer, or said that it failed.
    pub(crate) fn failed(&self) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        if state.failures >= OUTAGE {
            state.gap = OUTAGE_GAP;
        }
    }

    /// The server is there.
    pub(crate) fn answered(&self) {
        self.state().failures = 0;
    }

    /// Keeps the pause of the other too, which is for the same account.
    pub(crate) fn join(&self, other: &Self) {
        if let Some(until) = other.paused() {
            self.pause_until(until);
        }
    }

    fn pause_until(&self, until: Instant) {
        let mut state = self.state();
        if state.until < Some(until) {
            state.until = Some(until);
            // Other processes wait for the same moment.
            state.next = Some(until + jittered(GAP));
            state.gap = state.gap.max(GAP);
        }
    }

    fn paused(&self) -> Option<Instant> {
        self.state().until.filter(|until| *until > Instant::now())
    }

    fn turn(&self) -> Turn {
        if let Some(until) = self.paused() {
            return Turn::NotBefore(until);
        }
        let mut state = self.state();
        if state.gap.is_zero() {
            return Turn::Now;
        }
        let now = Instant::now();
        let time = state.next.map_or(now, |next| next.max(now));
        state.next = Some(time + state.gap);
        if state.failures < OUTAGE {
            let nobody_waits = time == now && state.gap == SHORTEST_GAP;
            state.gap = if nobody_waits {
                Duration::ZERO
            } else {
                state.gap.mul_f64(SOONER).max(SHORTEST_GAP)
            };
        }
        Turn::At(time)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use futures_util::future::join_all;
    use tokio::time::sleep;

    #[tokio::test(start_paused = true)]
    async fn nobody_starts_before_the_pause_is_over() {
        let pacer = Pacer::default();
        let start = Instant::now();
        pacer.ready().await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        pacer.pause(Duration::from_secs(7));
        pacer.pause(Duration::from_secs(2));
        pacer.ready().await;
        assert!(start.elapsed() >= Duration::from_secs(7));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_that_grows_while_one_waits_is_kept_too() {
        let pacer = Pacer::default();
        let start = Instant::now();
        pacer.pause(Duration::from_secs(1));
        let later = async {
            sleep(Duration::from_millis(500)).await;
            pacer.pause(Duration::from_secs(5));
        };
        tokio::join!(pacer.ready(), later);
        assert!(start.elapsed() >= Duration::from_millis(5_500));
    }

    /// When each of so many that wait together starts, in milliseconds from now.
    async fn starts(pacer: &Pacer, count: usize) -> Vec<u128> {
        let begin = Instant::now();
        let waiting = (0..count).map(|_| async move {
            pacer.ready().await;
            begin.elapsed().as_millis()
        });
        let mut starts = join_all(waiting).await;
        starts.sort_unstable();
        starts
    }

    #[tokio::test(start_paused = true)]
    async fn those_that_waited_begin_one_after_the_other_and_then_as_they_like() {
        let pacer = Pacer::default();
        pacer.pause(Duration::from_secs(1));
        let starts = starts(&pacer, 100).await;
        assert!(starts[0] >= 1_000);
        let soon = |from: u128, to: u128| {
            let within = |start: &&u128| (from..to).contains(&(*start - starts[0]));
            starts.iter().filter(within).count()
        };
        assert!(soon(0, 10) <= 2, "{starts:?}");
        assert!(soon(0, 30) < soon(30, 130), "{starts:?}");
        sleep(Duration::from_secs(1)).await;
        pacer.ready().await;
        assert!(matches!(pacer.turn(), Turn::Now));
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_is_met_with_few_calls_until_an_answer_comes() {
        let pacer = Pacer::default();
        (0..OUTAGE).for_each(|_| pacer.failed());
        let during = starts(&pacer, 21).await;
        assert!(during[20] >= 1_000, "{during:?}");
        pacer.answered();
        let after = starts(&pacer, 100).await;
        assert!(after[99] <= 700, "{after:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_now_and_then_holds_nothing_up() {
        let pacer = Pacer::default();
        for _ in 0..100 {
            (1..OUTAGE).for_each(|_| pacer.failed());
            pacer.answered();
        }
        assert_eq!(starts(&pacer, 10).await, [0; 10]);
    }
}
