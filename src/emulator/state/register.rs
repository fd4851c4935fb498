//! What outlives the process besides the trees, where a directory is served: entries by their keys, and which of them are still
//! to be written down. In memory nothing is noted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// An entry as it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Entry {
    pub(in super::super) kind: &'static str,
    pub(in super::super) key: String,
    /// What is large is written in several parts; all else is part 0.
    pub(in super::super) part: u64,
    /// JSON. `None`: nothing has this key any more, and all its parts go.
    pub(in super::super) value: Option<String>,
}

/// What entries are written down of and brought back to.
pub(super) trait Lasting {
    fn has_unwritten(&self) -> bool;

    /// Hands over what changed since this was asked the last time.
    fn take_unwritten(&mut self, kind: &'static str, into: &mut Vec<Entry>);

    /// Forgets all of it, as if it had never been.
    fn clear(&mut self);

    /// Takes back an entry; parts come in their order. `blobs` is where contents lie.
    fn restore(
        &mut self,
        key: String,
        part: u64,
        value: &str,
        blobs: &Path,
    ) -> serde_json::Result<()>;
}

/// JSON for an entry.
pub(super) fn written(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("what is kept is plain data with text for keys")
}

/// Entries by their keys, in the order of these.
#[derive(Debug)]
pub(in super::super) struct Register<V> {
    entries: BTreeMap<String, V>,
    /// The keys of what changed; `None` in memory.
    unwritten: Option<BTreeSet<String>>,
}

impl<V> Register<V> {
    /// An empty one, which is to be written down if it is `lasting`.
    pub(super) fn new(lasting: bool) -> Register<V> {
        Register {
            entries: BTreeMap::new(),
            unwritten: lasting.then(BTreeSet::new),
        }
    }

    fn note(&mut self, key: &str) {
        if let Some(unwritten) = &mut self.unwritten {
            unwritten.insert(key.to_owned());
        }
    }

    pub(in super::super) fn get(&self, key: &str) -> Option<&V> {
        self.entries.get(key)
    }

    pub(in super::super) fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.values()
    }

    pub(in super::super) fn insert(&mut self, key: String, value: V) {
        self.note(&key);
        self.entries.insert(key, value);
    }

    /// Inserts it behind all that were pushed before.
    pub(in super::super) fn push(&mut self, value: V) {
        let last = self.entries.keys().next_back();
        let last: u64 = last.and_then(|key| key.parse().ok()).unwrap_or(0);
        self.insert(format!("{:020}", last + 1), value);
    }

    /// Changes the value of a key, if there is one.
    pub(in super::super) fn update(&mut self, key: &str, change: impl FnOnce(&mut V)) {
        if let Some(value) = self.entries.get_mut(key) {
            change(value);
            self.note(key);
        }
    }

    pub(in super::super) fn remove(&mut self, key: &str) -> Option<V> {
        let removed = self.entries.remove(key)?;
        self.note(key);
        Some(removed)
    }

    /// Changes every value that `wanted` picks.
    pub(in super::super) fn change(
        &mut self,
        wanted: impl Fn(&V) -> bool,
        change: impl Fn(&mut V),
    ) {
        for (key, value) in &mut self.entries {
            if wanted(value) {
                change(value);
                if let Some(unwritten) = &mut self.unwritten {
                    unwritten.insert(key.clone());
                }
            }
        }
    }

    pub(in super::super) fn retain(&mut self, wanted: impl Fn(&V) -> bool) {
        let unwritten = &mut self.unwritten;
        self.entries.retain(|key, value| {
            let stays = wanted(value);
            if let (false, Some(unwritten)) = (stays, &mut *unwritten) {
                unwritten.insert(key.clone());
            }
            stays
        });
    }
}

impl<V: Serialize + DeserializeOwned> Lasting for Register<V> {
    fn has_unwritten(&self) -> bool {
        self.unwritten.as_ref().is_some_and(|keys| !keys.is_empty())
    }

    fn take_unwritten(&mut self, kind: &'static str, into: &mut Vec<Entry>) {
        let keys = self.unwritten.as_mut().map(std::mem::take);
        for key in keys.into_iter().flatten() {
            into.push(Entry {
                kind,
                part: 0,
                value: self.entries.get(&key).map(written),
                key,
            });
        }
    }

    fn clear(&mut self) {
        self.entries.clear();
        if let Some(unwritten) = &mut self.unwritten {
            unwritten.clear();
        }
    }

    fn restore(
        &mut self,
        key: String,
        _part: u64,
        value: &str,
        _blobs: &Path,
    ) -> serde_json::Result<()> {
        self.entries.insert(key, serde_json::from_str(value)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(register: &mut Register<u32>) -> Vec<(String, Option<String>)> {
        let mut entries = Vec::new();
        register.take_unwritten("number", &mut entries);
        entries
            .into_iter()
            .map(|entry| (entry.key, entry.value))
            .collect()
    }

    #[test]
    fn what_changed_is_handed_over_once() {
        let mut register = Register::new(true);
        register.insert("a".into(), 1);
        register.insert("b".into(), 2);
        register.remove("b");
        assert_eq!(
            taken(&mut register),
            [("a".into(), Some("1".into())), ("b".into(), None)]
        );
        assert!(!register.has_unwritten());
        register.change(|value| *value == 1, |value| *value = 3);
        register.remove("b");
        assert_eq!(taken(&mut register), [("a".into(), Some("3".into()))]);
        register.retain(|_| false);
        assert_eq!(taken(&mut register), [("a".into(), None)]);
    }

    #[test]
    fn in_memory_nothing_is_noted() {
        let mut register = Register::new(false);
        register.insert("a".into(), 1);
        register.change(|_| true, |value| *value = 2);
        assert!(!register.has_unwritten());
        assert_eq!(taken(&mut register), []);
    }

    #[test]
    fn what_is_pushed_keeps_its_order() {
        let mut register = Register::new(true);
        (0..12).for_each(|n| register.push(n));
        register.retain(|n| *n != 5);
        register.push(12);
        let numbers: Vec<u32> = register.values().copied().collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12]);
    }
}
