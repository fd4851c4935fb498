//! The contents of a file on their way to its place here: in order, or in parts of which several are under way at a time.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::{StreamExt as _, stream};

use super::Item;
use super::draft::PartialFile;
use super::progress::Moving;
use super::sink::{Place, Sink};
use crate::client::{Client, Download, Fetched, Keep, PART, PARTS, Part, Version};
use crate::error::{Error, ErrorKind, Result};
use crate::path::RemotePath;

/// From this size on a file comes in parts.
pub(super) const FROM: u64 = 4 * PART;

/// A large file that is fetched.
#[derive(Clone, Copy)]
pub(super) struct Large<'a> {
    pub(super) client: &'a Client,
    pub(super) path: &'a RemotePath,
    pub(super) moving: &'a Moving,
}

impl Large<'_> {
    /// Fetches the file in parts, all of one version, or in order where the server sends no parts. Where an earlier run left some of the
    /// version that is known, only what is missing is fetched. Gives the sink that all went to.
    pub(super) async fn fetch(
        self,
        known: Option<&Version>,
        place: Place,
    ) -> Result<(Sink, Version)> {
        if let Some(version) = known
            && let Some((file, there)) = self.take_up(&place, version).await?
        {
            let offsets = there.iter().map(|part| part.offset).collect();
            let gone = there.iter().map(|part| part.bytes).sum();
            let keep = Some(file.keeper(&place)?);
            let mut sink = Sink::go_on(place, Some((file, there)));
            let filled = self.fill(&mut sink, version, &offsets, gone, keep).await;
            return settled(filled, sink, version.clone()).await;
        }
        let first = self.client.download_first(self.path, PART).await?;
        let version = Version::from(&first.metadata);
        if first.is_whole() {
            let mut sink = Sink::open(place);
            fetch_in_order(first, &mut sink, self.moving).await?;
            return Ok((sink, version));
        }
        let begun = self.begin(&place, &version).await?;
        let keep = begun.as_ref().map(|file| file.keeper(&place)).transpose()?;
        let mut sink = Sink::go_on(place, begun.map(|file| (file, Vec::new())));
        let filled = async {
            let part = first.into_part(keep.clone()).await?;
            sink.write_part(0, part).await?;
            let there = HashSet::from([0]);
            self.fill(&mut sink, &version, &there, PART, keep).await
        };
        let filled = filled.await;
        settled(filled, sink, version).await
    }

    /// Fetches the parts that are not there.
    async fn fill(
        self,
        sink: &mut Sink,
        version: &Version,
        there: &HashSet<u64>,
        mut gone: u64,
        keep: Option<Arc<dyn Keep>>,
    ) -> Result<()> {
        self.moving.reach(gone);
        let offsets = (0..version.size.div_ceil(PART)).map(|number| number * PART);
        let mut parts = stream::iter(offsets.filter(|offset| !there.contains(offset)))
            .map(|offset| self.part_at(version, offset, keep.clone()))
            .buffer_unordered(PARTS);
        while let Some(part) = parts.next().await {
            let (offset, part) = part?;
            gone += part.bytes.len() as u64;
            sink.write_part(offset, part).await?;
            self.moving.reach(gone);
        }
        Ok(())
    }

    async fn part_at(
        self,
        version: &Version,
        offset: u64,
        keep: Option<Arc<dyn Keep>>,
    ) -> Result<(u64, Part)> {
        let end = version.size.min(offset + PART);
        let part = self
            .client
            .download_part(self.path, version, offset..end, keep);
        Ok((offset, part.await?))
    }

    /// What an earlier run left of this version, as far as it is on disk as it was noted.
    async fn take_up(
        self,
        place: &Place,
        version: &Version,
    ) -> Result<Option<(PartialFile, Vec<Fetched>)>> {
        let Some(target) = place.target() else {
            return Ok(None);
        };
        let source = self.path.as_str();
        let left = self.client.take_up_download(source, target, version);
        let Some(partial) = left.await? else {
            return Ok(None);
        };
        let (folder, size) = (place.folder().try_clone(), version.size);
        let reopen = move || PartialFile::reopen(&folder.ok()?, partial, size);
        Ok(tokio::task::spawn_blocking(reopen).await?)
    }

    /// The file that the parts go to, where a later run may go on with it.
    async fn begin(self, place: &Place, version: &Version) -> Result<Option<PartialFile>> {
        let Some(target) = place.target() else {
            return Ok(None);
        };
        let source = self.path.as_str();
        let begun = self.client.begin_download(source, target, version).await?;
        Ok(begun.and_then(|partial| PartialFile::create(place.folder(), partial)))
    }
}

impl Version {
    /// The version that an item was found to be, where it is told.
    pub(super) fn of(item: &Item) -> Option<Self> {
        Some(Self {
            rev: item.rev.clone()?,
            hash: item.hash.clone(),
            size: item.size?,
            modified: item.modified?,
        })
    }
}

/// What is to become of a sink that was filled, or was not.
async fn settled(filled: Result<()>, sink: Sink, version: Version) -> Result<(Sink, Version)> {
    match filled {
        Ok(()) => Ok((sink, version)),
        // Dropped, it is left for the next run.
        Err(error) if may_go_on(&error) => Err(error),
        Err(error) => {
            sink.discard().await;
            Err(error)
        }
    }
}

/// Whether what has come is of use after this failure.
fn may_go_on(error: &Error) -> bool {
    error.is_retryable() || error.kind() == ErrorKind::NotSignedIn
}

/// Fetches what a download brings, from its first byte on.
pub(super) async fn fetch_in_order(
    mut download: Download,
    sink: &mut Sink,
    moving: &Moving,
) -> Result<()> {
    let mut gone = 0;
    while let Some(bytes) = download.chunk().await? {
        gone += bytes.len() as u64;
        sink.write(bytes).await?;
        moving.reach(gone);
    }
    Ok(())
}
