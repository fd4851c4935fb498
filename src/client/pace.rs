//! What all clients of one account in this process share, since the server counts them as one.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;

use super::Client;
use super::budget::Budget;
use super::pacer::Pacer;
use super::width::{Place, Width};

/// The pauses, the retry budget and the turn to change something of one account, whichever connection or script they are used by.
#[derive(Debug, Default)]
pub(super) struct Pace {
    pub(super) pacer: Pacer,
    pub(super) budget: Budget,
    width: Arc<Width>,
    /// Held while a call changes the account's files: Dropbox takes one change of a namespace at a time.
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// Those in use, by what is known of their account.
static KNOWN: LazyLock<Mutex<HashMap<String, Weak<Pace>>>> = LazyLock::new(Mutex::default);

impl Pace {
    /// The one for this account, which is there for as long as somebody has it.
    pub(super) fn of(account: &str) -> Arc<Self> {
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pace) = known.get(account).and_then(Weak::upgrade) {
            return pace;
        }
        known.retain(|_, pace| pace.strong_count() > 0);
        let pace = Arc::new(Self::default());
        known.insert(account.to_owned(), Arc::downgrade(&pace));
        pace
    }

    /// The server limits calls, and may have said for how long.
    pub(super) fn limited(&self, wait: Option<Duration>) {
        self.width.limited();
        if let Some(wait) = wait {
            self.pacer.pause(wait);
        }
    }
}

impl Client {
    pub(super) fn pace(&self) -> Arc<Pace> {
        self.view().pace()
    }

    /// Waits until one more file may be fetched beside others.
    pub(crate) async fn place_for_file(&self) -> Place {
        Arc::clone(&self.pace().width).place().await
    }

    /// The right to change the account's files, when it comes to whoever asks.
    pub(super) async fn turn(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.pace().turn).lock_owned().await
    }

    /// The same now; `None` while somebody else has it.
    pub(super) fn turn_if_free(&self) -> Option<OwnedMutexGuard<()>> {
        Arc::clone(&self.pace().turn).try_lock_owned().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_one_while_it_is_in_use() {
        let first = Pace::of("a test's account");
        assert!(Arc::ptr_eq(&first, &Pace::of("a test's account")));
        assert!(!Arc::ptr_eq(&first, &Pace::of("another account")));
        let gone = Arc::downgrade(&first);
        drop(first);
        assert!(gone.upgrade().is_none());
    }
}
