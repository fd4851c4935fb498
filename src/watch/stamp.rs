//! What tells one version of a file from the next.

use std::fs::Metadata;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// The identity and the outward state of a file at one look. Two looks that give the same stamp saw the same version.
///
/// The times are in nanoseconds, so that a second change within one second shows; `changed` (ctime) moves even where a
/// program puts the size and the modified date back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: i64,
    changed: i64,
}

impl Stamp {
    /// The stamp of what `metadata` describes.
    pub(super) fn of(metadata: &Metadata) -> Self {
        let (device, inode) = identity(metadata);
        Self {
            device,
            inode,
            size: metadata.len(),
            modified: nanoseconds(metadata.modified().unwrap_or(UNIX_EPOCH)),
            changed: changed(metadata),
        }
    }

    /// The size in bytes.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The modified date.
    pub(super) fn modified(&self) -> Timestamp {
        // An i64 of nanoseconds spans the years 1678 to 2262, all of them inside jiff's range.
        Timestamp::from_nanosecond(self.modified.into()).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Whether nothing about the file has changed in the `span` before `now`, going by the file system's own clock.
    pub(super) fn is_older_than(&self, span: Duration, now: SystemTime) -> bool {
        let limit =
            nanoseconds(now).saturating_sub(i64::try_from(span.as_nanos()).unwrap_or(i64::MAX));
        self.modified.max(self.changed) < limit
    }
}

/// The device and inode of a file or folder; on systems without them, zeros.
#[cfg(unix)]
pub(super) fn identity(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// The device and inode of a file or folder; on systems without them, zeros.
#[cfg(not(unix))]
pub(super) fn identity(_metadata: &Metadata) -> (u64, u64) {
    (0, 0)
}

#[cfg(unix)]
fn changed(metadata: &Metadata) -> i64 {
    use std::os::unix::fs::MetadataExt;
    metadata
        .ctime()
        .saturating_mul(1_000_000_000)
        .saturating_add(metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn changed(metadata: &Metadata) -> i64 {
    nanoseconds(metadata.created().unwrap_or(UNIX_EPOCH))
}

fn nanoseconds(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |n| -n),
    }
}

#[cfg(test)]
impl Stamp {
    /// A made-up stamp for tests: version `n` of a file.
    pub(super) fn version(n: i64) -> Self {
        Self {
            device: 1,
            inode: 1,
            size: n.unsigned_abs(),
            modified: n,
            changed: n,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rewrite_with_the_same_size_and_date_gives_another_stamp() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a.txt");
        std::fs::write(&path, "one").expect("written");
        let metadata = std::fs::metadata(&path).expect("there");
        let (before, date) = (Stamp::of(&metadata), metadata.modified().expect("a date"));

        // The clock behind ctime ticks a few hundred times a second: write until it has moved on.
        let after = loop {
            std::fs::write(&path, "two").expect("written");
            let file = std::fs::File::options()
                .write(true)
                .open(&path)
                .expect("opened");
            file.set_modified(date).expect("put back");
            let after = Stamp::of(&file.metadata().expect("there"));
            if after.changed != before.changed {
                break after;
            }
        };
        assert_eq!(after.modified(), before.modified());
        assert_eq!(after.size(), before.size());
        assert_ne!(after, before);
    }

    #[test]
    fn age_goes_by_the_later_of_the_two_dates() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let mut stamp = Stamp::version(5_000_000_000);
        assert!(stamp.is_older_than(Duration::from_secs(2), at(8)));
        assert!(!stamp.is_older_than(Duration::from_secs(2), at(6)));
        stamp.changed = 7_000_000_000;
        assert!(!stamp.is_older_than(Duration::from_secs(2), at(8)));
    }
}
