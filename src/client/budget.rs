//! A budget of retries, so that an outage is not answered with several times the load.

use std::sync::atomic::{AtomicU32, Ordering};

const CAPACITY: u32 = 500;
const PRICE: u32 = 5;

/// A bucket of tokens that retries are paid from and successes refill, shared by all tasks of a client.
#[derive(Debug)]
pub(crate) struct Budget(AtomicU32);

impl Default for Budget {
    fn default() -> Self {
        Self(AtomicU32::new(CAPACITY))
    }
}

impl Budget {
    /// Pays for a retry; `false` where there is nothing left to pay with.
    pub(crate) fn pay(&self) -> bool {
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(PRICE)
            })
            .is_ok()
    }

    /// A call succeeded.
    pub(crate) fn refund(&self) {
        // Full already: nothing to add.
        let _full = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                (left < CAPACITY).then_some(left + 1)
            });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_run_out_and_successes_bring_them_back() {
        let budget = Budget::default();
        let paid = (0..1_000).take_while(|_| budget.pay()).count();
        assert_eq!(paid, (CAPACITY / PRICE) as usize);
        (0..PRICE).for_each(|_| budget.refund());
        assert!(budget.pay());
        assert!(!budget.pay());
    }
}
