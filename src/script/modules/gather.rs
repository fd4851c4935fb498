//! Arrays of many values, made by natives: no variable holds them yet, so the gate is asked while they grow.

use rhai::{Array, Dynamic};

use crate::script::gate::{Gate, Raised};
use crate::script::weigh::weigh;
use crate::tasks::Item;

/// The gate is asked again when so much was added.
const PIECE: usize = 64 << 10;

/// Values are looked into so many levels deep.
const DEEPEST: usize = 512;

/// What was gathered so far, counted.
pub(super) struct Gathered<'a> {
    gate: &'a Gate,
    bytes: usize,
    asked: usize,
}

impl<'a> Gathered<'a> {
    pub(super) fn new(gate: &'a Gate) -> Self {
        Self {
            gate,
            bytes: 0,
            asked: 0,
        }
    }

    /// Counts one more value.
    ///
    /// # Errors
    /// The script may not have so much, or must not go on.
    pub(super) fn add(&mut self, value: &Dynamic) -> Raised<()> {
        self.add_bytes(bytes_of(value))
    }

    /// Counts what takes so many bytes.
    ///
    /// # Errors
    /// As [`Gathered::add`].
    pub(super) fn add_bytes(&mut self, bytes: usize) -> Raised<()> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes - self.asked < PIECE {
            return Ok(());
        }
        self.asked = self.bytes;
        self.gate.check_with(self.bytes)
    }
}

/// An array of all these values.
///
/// # Errors
/// That of the first which failed; the script may not have so much, or must not go on.
pub(super) fn gather(
    gate: &Gate,
    values: impl IntoIterator<Item = Raised<Dynamic>>,
) -> Raised<Array> {
    let (mut all, mut gathered) = (Array::new(), Gathered::new(gate));
    for value in values {
        let value = value?;
        gathered.add(&value)?;
        all.push(value);
    }
    Ok(all)
}

/// An array of all these items.
///
/// # Errors
/// The script may not have so much, or must not go on.
pub(super) fn gather_items(gate: &Gate, items: Vec<Item>) -> Raised<Array> {
    gather(gate, items.into_iter().map(|item| Ok(Dynamic::from(item))))
}

/// What an item takes.
pub(super) fn bytes_of_item(item: &Item) -> usize {
    let texts = [&item.id, &item.rev, &item.hash];
    let texts = texts.into_iter().flatten().map(String::len);
    size_of::<Item>() + item.path.len() + item.name.len() + texts.sum::<usize>()
}

/// What a value takes, roughly.
pub(super) fn bytes_of(value: &Dynamic) -> usize {
    if let Some(item) = value.read_lock::<Item>() {
        return size_of::<Dynamic>() + bytes_of_item(&item);
    }
    // What is nested more deeply than that is found as soon as a variable holds it.
    let weight = weigh(std::iter::once(value), DEEPEST);
    weight.map_or(0, |weight| {
        usize::try_from(weight.bytes).unwrap_or(usize::MAX)
    })
}
