//! Repeatable chance, and how much of it a run is to have.

/// Whether the full campaign was asked for: `DROPSCRIPT_CAMPAIGN=full`.
pub(crate) fn full_campaign() -> bool {
    std::env::var("DROPSCRIPT_CAMPAIGN").is_ok_and(|value| value == "full")
}

/// The seed of this run: `DROPSCRIPT_SEED`, or always the same.
pub(crate) fn seed() -> u64 {
    let given = std::env::var("DROPSCRIPT_SEED").ok();
    given.map_or(1, |text| text.parse().expect("DROPSCRIPT_SEED is a number"))
}

/// Numbers that follow from a seed (splitmix64).
#[derive(Clone)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).expect("a count");
        usize::try_from(self.next() % end).expect("less than a count")
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}
