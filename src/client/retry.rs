//! What is tried again, and how long to wait before.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use super::budget::Budget;
use super::call::Attempt;
use crate::error::{Error, ErrorKind, Result};

/// How often a call that failed is repeated: with the waits below for some ten seconds in all.
const REPEATS: usize = 6;
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// How long one call puts up with being limited. Limits pass by themselves, so they are waited out far longer than faults.
pub(crate) const LONGEST_LIMIT: Duration = Duration::from_secs(600);

/// The wait where a limit comes without `Retry-After`, as Dropbox's own clients choose it.
const LIMIT_WAIT: Duration = Duration::from_secs(1);

/// The retries of one call.
#[derive(Debug)]
pub(crate) struct Retries {
    backoff: ExponentialBackoff,
    limited: Duration,
    unsure: bool,
}

impl Retries {
    pub(crate) fn new() -> Self {
        let backoff = ExponentialBuilder::new()
            .with_min_delay(FIRST_WAIT)
            .with_max_delay(LONGEST_WAIT)
            .with_max_times(REPEATS)
            .build();
        Self {
            backoff,
            limited: Duration::ZERO,
            unsure: false,
        }
    }

    /// Whether an attempt so far may have taken effect.
    pub(crate) fn unsure(&self) -> bool {
        self.unsure
    }

    /// How long to wait before the next attempt, or the error where another would be no use.
    pub(crate) fn after(&mut self, attempt: Attempt, budget: &Budget) -> Result<Duration> {
        self.unsure |= attempt.unsure;
        let error = attempt.error;
        if error.retry_after() > Some(LONGEST_LIMIT) {
            return Err(error);
        }
        match error.kind() {
            ErrorKind::RateLimited => self.limited(error),
            ErrorKind::Network | ErrorKind::Timeout | ErrorKind::Server => {
                self.failed(error, budget)
            }
            // The bytes are good here, so they went bad on the way.
            ErrorKind::Integrity if error.status().is_some() => self.failed(error, budget),
            _ => Err(error),
        }
    }

    fn failed(&mut self, error: Error, budget: &Budget) -> Result<Duration> {
        match self.backoff.next() {
            Some(wait) if budget.pay() => {
                Ok(half_to_whole(wait).max(error.retry_after().unwrap_or_default()))
            }
            _ => Err(error),
        }
    }

    /// Where the server named a wait the pacer keeps it, for this call and all others; here it is only counted.
    fn limited(&mut self, error: Error) -> Result<Duration> {
        self.limited += error.retry_after().unwrap_or(LIMIT_WAIT);
        if self.limited > LONGEST_LIMIT {
            return Err(error);
        }
        Ok(error
            .retry_after()
            .map_or_else(|| half_to_whole(LIMIT_WAIT * 2), |_| Duration::ZERO))
    }
}

fn half_to_whole(wait: Duration) -> Duration {
    wait / 2 + jittered(wait / 2)
}

/// A random time below `whole`.
pub(crate) fn jittered(whole: Duration) -> Duration {
    // Without randomness from the system the full wait is the careful choice.
    let random = getrandom::u32().unwrap_or(u32::MAX);
    whole.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(kind: ErrorKind) -> Attempt {
        Attempt::sure(Error::new(kind, "no"))
    }

    #[test]
    fn a_permanent_error_is_tried_once() {
        for kind in [
            ErrorKind::NotFound,
            ErrorKind::Conflict,
            ErrorKind::NoSpace,
            ErrorKind::NotSignedIn,
            ErrorKind::InvalidPath,
            ErrorKind::Permission,
        ] {
            assert!(
                Retries::new()
                    .after(failing(kind), &Budget::default())
                    .is_err(),
                "{kind}"
            );
        }
    }

    #[test]
    fn a_fault_is_tried_again_with_growing_waits_and_an_end() {
        let (mut retries, budget) = (Retries::new(), Budget::default());
        let waits: Vec<_> =
            std::iter::from_fn(|| retries.after(failing(ErrorKind::Server), &budget).ok())
                .collect();
        assert_eq!(waits.len(), REPEATS);
        assert!(waits[REPEATS - 1] > waits[0]);
        assert!(waits.iter().all(|wait| *wait <= LONGEST_WAIT));
    }

    #[test]
    fn an_empty_budget_ends_the_retries() {
        let budget = Budget::default();
        while budget.pay() {}
        assert!(
            Retries::new()
                .after(failing(ErrorKind::Network), &budget)
                .is_err()
        );
    }

    #[test]
    fn a_limit_is_waited_out_as_long_as_the_server_says() {
        let (mut retries, budget) = (Retries::new(), Budget::default());
        let limited = || {
            Attempt::sure(
                Error::new(ErrorKind::RateLimited, "slow")
                    .with_retry_after(Duration::from_secs(100)),
            )
        };
        let waited = (0..100)
            .take_while(|_| retries.after(limited(), &budget).is_ok())
            .count();
        assert_eq!(waited, 6, "600 s in all");
    }

    #[test]
    fn a_limit_without_a_wait_still_waits() {
        let wait = Retries::new()
            .after(failing(ErrorKind::RateLimited), &Budget::default())
            .expect("a wait");
        assert!(wait >= LIMIT_WAIT);
    }

    #[test]
    fn an_unsure_attempt_is_remembered() {
        let (mut retries, budget) = (Retries::new(), Budget::default());
        let attempt = Attempt {
            unsure: true,
            ..failing(ErrorKind::Network)
        };
        retries.after(attempt, &budget).expect("a wait");
        assert!(retries.unsure());
    }
}
