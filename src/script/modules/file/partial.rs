//! Files that take their place when they are whole.

use std::fs::{File, Metadata};
use std::io::{self, Write};

use cap_std::fs::OpenOptions;

use crate::script::place::Place;

/// Writes beside the target first, so that a failure leaves what was there. Gives what is known of the file before it got its name.
pub(super) fn replace(target: &Place, bytes: &[u8]) -> io::Result<Metadata> {
    let mut partial = Partial::beside(target)?;
    partial.write(bytes)?;
    partial.finish()
}

/// A file that is not at its place yet; dropped before, it is removed.
pub(super) struct Partial<'a> {
    file: File,
    place: Place,
    target: &'a Place,
    finished: bool,
}

impl<'a> Partial<'a> {
    pub(super) fn beside(target: &'a Place) -> io::Result<Self> {
        target.refuse_special()?;
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let name = format!(".dropscript-{:016x}.part", u64::from_ne_bytes(random));
        let place = target.beside(name);
        let mut new = OpenOptions::new();
        let file = place.open(new.write(true).create_new(true))?;
        let partial = Self {
            file,
            place,
            target,
            finished: false,
        };
        // The new file takes the old one's permissions along, as writing into it would.
        if let Ok(old) = target.metadata() {
            partial.place.set_permissions(old.permissions())?;
        }
        Ok(partial)
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    pub(super) fn finish(mut self) -> io::Result<Metadata> {
        let metadata = self.file.metadata()?;
        self.place.rename(self.target)?;
        self.finished = true;
        Ok(metadata)
    }
}

impl Drop for Partial<'_> {
    fn drop(&mut self) {
        if !self.finished {
            // It fails only when the file is gone, which is what is wanted.
            let _ = self.place.remove_file();
        }
    }
}
