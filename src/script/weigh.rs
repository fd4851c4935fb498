//! How deep values are nested, and how much they hold.

use std::collections::{HashMap, HashSet};

use rhai::{Array, Blob, Dynamic, FnPtr, ImmutableString, Map};

/// What one value takes by itself, and what a container takes beside what is in it.
const VALUE: u64 = 16;
const CONTAINER: u64 = 64;

/// Texts from this length on are counted once, however many values share them.
const SHARED_TEXT: usize = 1024;

/// What values come to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Weight {
    /// A rough count of the bytes that they take.
    pub(super) bytes: u64,
    /// How many values there are, those inside others included.
    pub(super) values: u64,
}

/// Weighs values; `None` where one is nested deeper than `nesting`.
///
/// What closures captured is looked into too: the engine's own limits leave that out.
pub(super) fn weigh<'a>(
    values: impl Iterator<Item = &'a Dynamic>,
    nesting: usize,
) -> Option<Weight> {
    let mut scale = Scale::default();
    for value in values {
        scale.height(value, nesting)?;
    }
    Some(scale.weight)
}

#[derive(Default)]
struct Scale {
    weight: Weight,
    /// The heights of captured variables, by where they are. One that is being measured has none: it
    /// holds itself, which is no endless nesting.
    captured: HashMap<usize, usize>,
    texts: HashSet<usize>,
}

impl Scale {
    /// How many levels are below this one, and `None` where there are more than `left`. The recursion is never deeper than that.
    fn height(&mut self, value: &Dynamic, left: usize) -> Option<usize> {
        self.weight.values += 1;
        self.weight.bytes += VALUE;
        if value.is_shared() {
            return self.captured(value, left);
        }
        if let Some(array) = container::<Array>(value, value.is_array()) {
            self.weight.bytes += CONTAINER;
            return self.highest(array.iter(), left);
        }
        if let Some(map) = container::<Map>(value, value.is_map()) {
            self.weight.bytes += CONTAINER;
            self.weight.bytes += map.keys().map(|key| 32 + key.len() as u64).sum::<u64>();
            return self.highest(map.values(), left);
        }
        if let Some(closure) = container::<FnPtr>(value, value.is_fnptr()) {
            self.weight.bytes += CONTAINER;
            return self.highest(closure.iter_curry(), left);
        }
        if let Some(text) = container::<ImmutableString>(value, value.is_string()) {
            self.text(&text);
        } else if let Some(blob) = container::<Blob>(value, value.is_blob()) {
            self.weight.bytes += CONTAINER + blob.len() as u64;
        }
        Some(0)
    }

    fn highest<'a>(
        &mut self,
        values: impl Iterator<Item = &'a Dynamic>,
        left: usize,
    ) -> Option<usize> {
        let mut highest = 0;
        for value in values {
            let below = self.height(value, left.checked_sub(1)?)?;
            highest = highest.max(below + 1);
        }
        Some(highest)
    }

    /// A variable that a closure captured, which several closures may hold; it is looked into once.
    fn captured(&mut self, value: &Dynamic, left: usize) -> Option<usize> {
        // One that is being changed at this moment is left alone.
        let Some(inner) = value.read_lock::<Dynamic>() else {
            return Some(0);
        };
        let place = std::ptr::from_ref::<Dynamic>(&inner).addr();
        if let Some(known) = self.captured.get(&place) {
            return (*known <= left).then_some(*known);
        }
        self.captured.insert(place, 0);
        self.weight.bytes += CONTAINER;
        let height = self.height(&inner, left)?;
        self.captured.insert(place, height);
        Some(height)
    }

    fn text(&mut self, text: &ImmutableString) {
        let place = text.as_ptr().addr();
        if text.len() < SHARED_TEXT || self.texts.insert(place) {
            self.weight.bytes += text.len() as u64;
        }
    }
}

/// The inside of a value that is of this type, which `is_one` tells faster than asking for it.
fn container<T: Clone + 'static>(
    value: &Dynamic,
    is_one: bool,
) -> Option<rhai::DynamicReadLock<'_, T>> {
    if is_one { value.read_lock::<T>() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> Dynamic {
        (0..levels).fold(Dynamic::UNIT, |inner, level| match level % 3 {
            0 => Dynamic::from_array(vec![inner]),
            1 => Dynamic::from_map(Map::from_iter([("a".into(), inner)])),
            _ => {
                let mut closure = FnPtr::new("f").expect("a name");
                closure.add_curry(inner.into_shared());
                closure.into()
            }
        })
    }

    #[test]
    fn nesting_is_measured_through_arrays_maps_and_closures() {
        for levels in 0..20 {
            let value = nested(levels);
            assert!(weigh([&value].into_iter(), levels).is_some(), "{levels}");
            if let Some(fewer) = levels.checked_sub(1) {
                assert!(weigh([&value].into_iter(), fewer).is_none(), "{levels}");
            }
        }
    }

    #[test]
    fn what_is_seen_twice_keeps_its_height() {
        // Each closure is found by itself before the one that holds it.
        let mut closures = Vec::new();
        let mut last = Dynamic::UNIT;
        for _ in 0..10 {
            let mut closure = FnPtr::new("f").expect("a name");
            closure.add_curry(last.into_shared());
            last = closure.into();
            closures.push(last.clone());
        }
        assert!(weigh(closures.iter(), 10).is_some());
        assert!(weigh(closures.iter(), 9).is_none());
    }

    #[test]
    fn a_closure_that_holds_itself_is_no_endless_nesting() {
        let shared = Dynamic::UNIT.into_shared();
        let mut closure = FnPtr::new("f").expect("a name");
        closure.add_curry(shared.clone());
        let mut cell = shared.clone();
        if let Some(mut inner) = cell.write_lock::<Dynamic>() {
            *inner = closure.into();
        }
        assert!(weigh([&shared].into_iter(), 10).is_some());
        // It would keep itself alive.
        if let Some(mut inner) = cell.write_lock::<Dynamic>() {
            *inner = Dynamic::UNIT;
        }
    }

    #[test]
    fn a_large_text_counts_once() {
        let text: ImmutableString = "x".repeat(1 << 20).into();
        let many = vec![Dynamic::from(text); 100];
        let weight = weigh(many.iter(), 1).expect("flat");
        assert_eq!(weight.values, 100);
        assert!((1 << 20..2 << 20).contains(&weight.bytes), "{weight:?}");
        let blob = Dynamic::from_blob(vec![0; 1000]);
        assert!(weigh([&blob].into_iter(), 1).expect("flat").bytes >= 1000);
    }
}
