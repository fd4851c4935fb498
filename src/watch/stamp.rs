//! What tells one version of a file from the next.

use std::fs::Metadata;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// The identity and the outward state of a file at one look. Two looks that give the same stamp saw the same version.
///
/// The times are in nanoseconds, so that a second change within one second shows; `changed` (ctime) moves even where a
/// program puts the size and the modified date back. The device takes no part in that: its number is another after the
/// next start of the system.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: i64,
    changed: i64,
}

impl PartialEq for Stamp {
    fn eq(&self, other: &Self) -> bool {
        let outward = |stamp: &Self| (stamp.inode, stamp.size, stamp.modified, stamp.changed);
        outward(self) == outward(other)
    }
}

impl Eq for Stamp {}

impl Stamp {
    /// The bytes of a stamp that is written down.
    pub(super) const LENGTH: usize = 40;

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

    /// The stamp of a file at Dropbox: `version` tells its version from others, `name` how it is written.
    ///
    /// Dropbox's dates are of whole seconds, and are no part of what tells versions apart there.
    pub(super) fn of_remote(
        (version, name): (u64, u64),
        size: u64,
        modified: Timestamp,
        uploaded: Timestamp,
    ) -> Self {
        let nanoseconds = |time: Timestamp| i64::try_from(time.as_nanosecond()).unwrap_or(i64::MAX);
        Self {
            device: name,
            inode: version ^ name,
            size,
            modified: nanoseconds(modified),
            changed: nanoseconds(uploaded),
        }
    }

    /// What tells the version at Dropbox from others, however it is written.
    pub(super) fn remote_version(&self) -> u64 {
        self.inode ^ self.device
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

    /// Device and inode.
    pub(super) fn identity(&self) -> (u64, u64) {
        (self.device, self.inode)
    }

    /// The time of the last change of any kind, in nanoseconds since 1970.
    pub(super) fn last_change(&self) -> i64 {
        self.modified.max(self.changed)
    }

    /// Whether the contents may be those that another stamp was of, though it is not the same stamp.
    pub(super) fn may_equal(&self, other: &Self) -> bool {
        self.size == other.size
    }

    /// Whether this is the file that `metadata` described before it got its name, which moves `changed` alone.
    pub(super) fn is_of(&self, metadata: &Metadata) -> bool {
        let other = Self::of(metadata);
        (self.inode, self.size, self.modified) == (other.inode, other.size, other.modified)
    }

    /// As it is written down.
    pub(super) fn to_bytes(self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        let numbers = [
            self.device.to_le_bytes(),
            self.inode.to_le_bytes(),
            self.size.to_le_bytes(),
            self.modified.to_le_bytes(),
            self.changed.to_le_bytes(),
        ];
        for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number);
        }
        bytes
    }

    /// As it was written down; `None` where that was something else.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; Self::LENGTH] = bytes.try_into().ok()?;
        let mut numbers = bytes
            .chunks_exact(8)
            .map(|number| number.try_into().unwrap_or_default());
        let mut next = || numbers.next();
        Some(Self {
            device: u64::from_le_bytes(next()?),
            inode: u64::from_le_bytes(next()?),
            size: u64::from_le_bytes(next()?),
            modified: i64::from_le_bytes(next()?),
            changed: i64::from_le_bytes(next()?),
        })
    }

    /// Whether nothing about the file has changed in the `span` before `now`, going by the file system's own clock.
    pub(super) fn is_older_than(&self, span: Duration, now: SystemTime) -> bool {
        let limit =
            nanoseconds(now).saturating_sub(i64::try_from(span.as_nanos()).unwrap_or(i64::MAX));
        self.last_change() < limit
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

pub(super) fn nanoseconds(time: SystemTime) -> i64 {
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
    fn a_stamp_is_read_as_it_was_written() {
        let stamp = Stamp {
            device: 1,
            inode: u64::MAX,
            size: 3,
            modified: -4,
            changed: i64::MAX,
        };
        let read = Stamp::from_bytes(&stamp.to_bytes()).expect("a stamp");
        assert_eq!(read, stamp);
        assert_eq!(read.identity(), stamp.identity());
        assert!(Stamp::from_bytes(b"something else").is_none());
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
