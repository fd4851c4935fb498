//! The pause that all tasks of a client keep when the server asks for one.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

/// After a pause the waiting calls start spread over this time, not all at once.
const SPREAD: Duration = Duration::from_millis(250);

/// Holds calls back while a `Retry-After` runs.
#[derive(Debug, Default)]
pub(crate) struct Pacer {
    until: Mutex<Option<Instant>>,
}

impl Pacer {
    /// No call starts for this long.
    pub(crate) fn pause(&self, wait: Duration) {
        let mut until = self
            .until
            .lock()
            .expect("no code panics while it holds this lock");
        *until = (*until).max(Some(Instant::now() + wait));
    }

    /// Waits until calls may start.
    pub(crate) async fn ready(&self) {
        let mut waited = false;
        loop {
            let until = *self
                .until
                .lock()
                .expect("no code panics while it holds this lock");
            match until.filter(|until| *until > Instant::now()) {
                Some(until) => sleep_until(until).await,
                None => break,
            }
            waited = true;
        }
        if waited {
            sleep(super::retry::jittered(SPREAD)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
