//! How many files are fetched at a time, as the server takes it.

use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::Notify;

/// How many it begins with.
const FIRST: usize = 8;

/// How many it comes to where nothing speaks against it: with more a line is as full, and the server only busier.
const MOST: usize = 32;

/// A limit now and then is answered by waiting, which is for the pacer. More than one in so many answers say that it is too much.
const TOO_OFTEN: usize = 8;

/// After so many answers those before count for half.
const LONG_AGO: usize = 200;

/// Lets so many go at a time: more with each that ended well while others waited for a place, half as many when the server limits calls often,
/// and after that more only slowly, as TCP does it.
#[derive(Debug)]
pub(crate) struct Width {
    state: Mutex<State>,
    freed: Notify,
}

#[derive(Debug)]
struct State {
    places: usize,
    taken: usize,
    /// How many wait for one.
    waiting: usize,
    /// Up to here a place is added for each that ended well; from there on for each round of them.
    careful_from: usize,
    /// How many ended well since a place was added.
    ended: usize,
    /// How many of those under way began before it was narrowed: what is limited of them tells nothing new.
    stale: usize,
    /// Of late.
    limited: usize,
    answered: usize,
}

/// A place, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place(Arc<Width>);

impl Default for Width {
    fn default() -> Self {
        let state = State {
            places: FIRST,
            taken: 0,
            waiting: 0,
            careful_from: MOST,
            ended: 0,
            stale: 0,
            limited: 0,
            answered: 0,
        };
        Self {
            state: Mutex::new(state),
            freed: Notify::new(),
        }
    }
}

impl Width {
    /// The most that ever go at a time.
    pub(crate) const MOST: usize = MOST;

    /// Waits for a place.
    pub(crate) async fn place(self: Arc<Self>) -> Place {
        loop {
            let freed = self.freed.notified();
            {
                let mut state = self.state();
                if state.taken < state.places {
                    state.taken += 1;
                    let more = state.taken < state.places;
                    drop(state);
                    if more {
                        self.freed.notify_one();
                    }
                    return Place(Arc::clone(&self));
                }
                state.waiting += 1;
            }
            let _waiting = Waiting(&self);
            freed.await;
        }
    }

    /// The server limited a call.
    pub(crate) fn limited(&self) {
        let mut state = self.state();
        if state.stale > 0 {
            return;
        }
        state.limited += 1;
        if state.limited > 1 && state.limited * TOO_OFTEN > state.answered {
            state.places = (state.places / 2).max(1);
            state.careful_from = state.places;
            state.ended = 0;
            state.stale = state.taken;
            (state.limited, state.answered) = (0, 0);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .expect("no code panics while it holds this lock")
    }
}

/// One that waits, for as long as it does.
struct Waiting<'a>(&'a Width);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.state().waiting -= 1;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.0.state();
        let wanted = state.waiting > 0;
        state.taken -= 1;
        state.answered += 1;
        if state.answered == LONG_AGO {
            state.answered /= 2;
            state.limited /= 2;
        }
        if state.stale > 0 {
            state.stale -= 1;
        } else if wanted && state.places < MOST {
            state.ended += 1;
            if state.places < state.careful_from || state.ended >= state.places {
                state.places += 1;
                state.ended = 0;
            }
        }
        drop(state);
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    /// As many places as there are to be had at once.
    fn all(width: &Arc<Width>) -> Vec<Place> {
        std::iter::from_fn(|| Arc::clone(width).place().now_or_never()).collect()
    }

    /// As many as can go, go and end, while one more waits.
    fn round(width: &Arc<Width>) {
        let begun = all(width);
        let mut waiting = std::pin::pin!(Arc::clone(width).place());
        assert!((&mut waiting).now_or_never().is_none());
        drop(begun);
    }

    #[test]
    fn it_widens_to_a_bound_while_all_goes_well() {
        let width = Arc::new(Width::default());
        assert_eq!(all(&width).len(), FIRST);
        round(&width);
        assert_eq!(all(&width).len(), 2 * FIRST, "one more for each");
        for _ in 0..100 {
            round(&width);
        }
        assert_eq!(all(&width).len(), MOST);
    }

    #[test]
    fn it_does_not_widen_where_nobody_waits() {
        let width = Arc::new(Width::default());
        for _ in 0..100 {
            drop(Arc::clone(&width).place().now_or_never());
            let mut begun = all(&width);
            let waited = Arc::clone(&width).place();
            assert!(waited.now_or_never().is_none(), "and gave up");
            begun.clear();
        }
        assert_eq!(all(&width).len(), FIRST);
    }

    #[test]
    fn many_limits_halve_it_once_and_it_grows_slowly_after_that() {
        let width = Arc::new(Width::default());
        let begun = all(&width);
        (0..FIRST).for_each(|_| width.limited());
        assert!(Arc::clone(&width).place().now_or_never().is_none());
        drop(begun);
        let half = all(&width);
        assert_eq!(half.len(), FIRST / 2, "what was under way counted once");
        drop(half);
        assert!(all(&width).len() <= FIRST / 2 + 1);
        for _ in 0..10 {
            let begun = all(&width);
            (0..LONG_AGO).for_each(|_| width.limited());
            drop(begun);
        }
        assert_eq!(all(&width).len(), 1, "one goes on");
    }

    #[test]
    fn a_limit_now_and_then_changes_nothing() {
        let width = Arc::new(Width::default());
        for _ in 0..100 {
            let begun = all(&width);
            width.limited();
            drop(begun);
            (0..4).for_each(|_| round(&width));
        }
        assert_eq!(all(&width).len(), MOST);
    }

    #[tokio::test]
    async fn whoever_waits_comes_in_when_another_ends() {
        let width = Arc::new(Width::default());
        let mut begun = all(&width);
        let mut waiting = std::pin::pin!(Arc::clone(&width).place());
        assert!((&mut waiting).now_or_never().is_none());
        begun.pop();
        drop(waiting.await);
    }
}
