//! Variables as they were before an input.

use rhai::{Dynamic, Scope};

/// A copy of a scope, deep enough to undo what an input did.
pub(super) struct Snapshot {
    scope: Scope<'static>,
    /// What closures have captured is shared with them: each place, and what was in it.
    shared: Vec<(Dynamic, Dynamic)>,
}

impl Snapshot {
    pub(super) fn of(scope: &Scope<'static>) -> Self {
        let values = scope.iter().map(|(.., value)| value);
        // This one begins with the last.
        let mut places: Vec<&Dynamic> = scope.iter_raw().map(|(.., place)| place).collect();
        places.reverse();
        let shared = places
            .into_iter()
            .zip(values)
            .filter(|(place, _)| place.is_shared());
        Self {
            shared: shared
                .map(|(place, value)| (place.clone(), value))
                .collect(),
            scope: scope.clone(),
        }
    }

    pub(super) fn restore(self, scope: &mut Scope<'static>) {
        for (mut place, value) in self.shared {
            if let Some(mut held) = place.write_lock::<Dynamic>() {
                *held = value;
            }
        }
        *scope = self.scope;
    }
}
