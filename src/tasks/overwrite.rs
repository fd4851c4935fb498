//! Whether a file that is there already is replaced.

use jiff::Timestamp;

use super::{Overwrite, SizeIs};

/// One side of a transfer, as far as the decision needs it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side {
    pub(super) size: u64,
    pub(super) modified: Option<Timestamp>,
}

/// What is to be done where the target has a file of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Replace,
    /// Leave it, for this reason.
    Skip(&'static str),
    /// Compare the content hashes: equal ones are skipped.
    CompareHashes,
    /// Put the new one beside it, under a free name.
    FreeName,
    /// It is an error.
    Refuse,
}

/// The reason for a file whose content hash is the same on both sides.
pub(super) const UNCHANGED: &str = "unchanged";

/// Decides by the overwrite mode.
pub(super) fn decide(
    overwrite: Overwrite,
    size_is: SizeIs,
    source: Side,
    target: Side,
) -> Decision {
    let replace_if = |replace: bool, otherwise| {
        if replace {
            Decision::Replace
        } else {
            Decision::Skip(otherwise)
        }
    };
    match overwrite {
        Overwrite::Changed if source.size != target.size => Decision::Replace,
        Overwrite::Changed => Decision::CompareHashes,
        Overwrite::Always => Decision::Replace,
        // Dropbox keeps whole seconds, so the finer local time must not count.
        Overwrite::Newer => replace_if(seconds(source) > seconds(target), "not newer"),
        Overwrite::Size => replace_if(
            size_is.calls_for_replacing(target.size, source.size),
            "its size does not call for it",
        ),
        Overwrite::Never => Decision::Skip("exists"),
        Overwrite::Rename => Decision::FreeName,
        Overwrite::Fail => Decision::Refuse,
    }
}

fn seconds(side: Side) -> Option<i64> {
    side.modified.map(Timestamp::as_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(size: u64, second: i64) -> Side {
        Side {
            size,
            modified: Timestamp::from_second(second).ok(),
        }
    }

    fn decided(overwrite: Overwrite, source: Side, target: Side) -> Decision {
        decide(overwrite, SizeIs::Larger, source, target)
    }

    #[test]
    fn each_mode_decides_as_it_says() {
        let (old, new) = (side(5, 100), side(5, 200));
        assert_eq!(
            decided(Overwrite::Changed, side(6, 100), old),
            Decision::Replace
        );
        assert_eq!(
            decided(Overwrite::Changed, new, old),
            Decision::CompareHashes
        );
        assert_eq!(decided(Overwrite::Always, old, old), Decision::Replace);
        assert_eq!(decided(Overwrite::Newer, new, old), Decision::Replace);
        assert!(matches!(
            decided(Overwrite::Newer, old, old),
            Decision::Skip(_)
        ));
        assert!(matches!(
            decided(Overwrite::Newer, old, new),
            Decision::Skip(_)
        ));
        assert_eq!(decided(Overwrite::Size, side(4, 1), old), Decision::Replace);
        assert!(matches!(
            decided(Overwrite::Size, side(6, 1), old),
            Decision::Skip(_)
        ));
        assert!(matches!(
            decided(Overwrite::Never, new, old),
            Decision::Skip(_)
        ));
        assert_eq!(decided(Overwrite::Rename, new, old), Decision::FreeName);
        assert_eq!(decided(Overwrite::Fail, new, old), Decision::Refuse);
    }

    #[test]
    fn a_fraction_of_a_second_is_not_newer() {
        let finer = Side {
            size: 5,
            modified: Timestamp::new(100, 900_000_000).ok(),
        };
        assert!(matches!(
            decided(Overwrite::Newer, finer, side(5, 100)),
            Decision::Skip(_)
        ));
    }
}
