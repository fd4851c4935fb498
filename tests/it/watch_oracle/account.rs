//! What writers did: what stays, and what passed and for how long.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::SETTLE;

/// A path below the root, and what is there: the first line and the length. `None` is nothing.
pub(super) type Version = (String, Option<String>);

/// An account of writers, each of which knows what it did.
#[derive(Default)]
pub(super) struct Account {
    /// How often each version was there to stay.
    stay: BTreeMap<Version, usize>,
    /// How often each version passed that was there for so long that it may have been told.
    lingered: BTreeMap<Version, usize>,
    /// What was not told yet as often as it stayed.
    unmet: BTreeSet<Version>,
    /// Names of which tools made files for a moment that was too long.
    loose: Vec<String>,
}

/// How a version is written down.
fn version(path: &str, text: Option<&str>) -> Version {
    let state = text.map(|text| {
        let first = text.split('\n').next().unwrap_or_default();
        format!("{first} {}", text.len())
    });
    (path.to_owned(), state)
}

impl Account {
    /// This is there, and stays until it was told.
    pub(super) fn stays(&mut self, path: &str, text: &str) {
        self.rests(version(path, Some(text)), 1);
    }

    /// Nothing is there any more.
    pub(super) fn gone(&mut self, path: &str) {
        self.rests(version(path, None), 1);
    }

    fn rests(&mut self, version: Version, count: usize) {
        self.unmet.insert(version.clone());
        *self.stay.entry(version).or_default() += count;
    }

    /// This was there since then, or nothing was, and is not any more.
    pub(super) fn passed(&mut self, path: &str, text: Option<&str>, since: Instant) {
        if since.elapsed() >= SETTLE {
            *self.lingered.entry(version(path, text)).or_default() += 1;
        }
    }

    /// A tool was at work in this folder since then, under names of its own.
    pub(super) fn worked(&mut self, folder: &str, since: Instant) {
        if since.elapsed() >= SETTLE {
            self.loose.push(format!("{folder}/."));
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        for (version, count) in other.stay {
            self.rests(version, count);
        }
        for (version, count) in other.lingered {
            *self.lingered.entry(version).or_default() += count;
        }
        self.loose.extend(other.loose);
    }

    /// How many versions stayed.
    pub(super) fn count(&self) -> usize {
        self.stay.values().sum()
    }

    /// What stays and was not told as often.
    pub(super) fn missing(&mut self, told: &BTreeMap<Version, usize>) -> &BTreeSet<Version> {
        let stay = &self.stay;
        self.unmet
            .retain(|version| told.get(version) < stay.get(version));
        &self.unmet
    }

    /// Fails where something was told that did not stay, or more often than it did.
    pub(super) fn judges(&self, told: &BTreeMap<Version, usize>) {
        let may = |version: &Version| {
            let count = |map: &BTreeMap<Version, usize>| map.get(version).copied().unwrap_or(0);
            count(&self.stay) + count(&self.lingered)
        };
        let is_loose = |(path, _): &Version| self.loose.iter().any(|name| path.starts_with(name));
        let wrong: Vec<_> = told
            .iter()
            .filter(|(version, count)| **count > may(version) && !is_loose(version))
            .map(|(version, count)| (version, *count, may(version)))
            .collect();
        assert!(wrong.is_empty(), "told early or twice: {wrong:?}");
        let short = self.stay.iter();
        let short: Vec<_> = short
            .filter(|(version, count)| told.get(*version) < Some(*count))
            .collect();
        assert!(short.is_empty(), "not told: {short:?}");
    }
}
