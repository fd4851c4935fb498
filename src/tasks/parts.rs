//! The contents of a file on their way to its place here: in order, or in parts of which several are under way at a time.

use futures_util::{StreamExt as _, stream};

use super::progress::Moving;
use super::sink::Sink;
use crate::api::files::FileMetadata;
use crate::client::{Client, Download, PART, PARTS, Part};
use crate::error::Result;
use crate::path::RemotePath;

/// From this size on a file comes in parts.
pub(super) const FROM: u64 = 4 * PART;

/// Fetches a file in parts, all of the rev that the first one is of, or in order where the server sends no parts.
pub(super) async fn fetch(
    client: &Client,
    path: &RemotePath,
    sink: &mut Sink,
    moving: &Moving,
) -> Result<FileMetadata> {
    let first = client.download_first(path, PART).await?;
    if first.is_whole() {
        return fetch_in_order(first, sink, moving).await;
    }
    let whole = first.metadata.clone();
    sink.write_part(0, first.into_part().await?).await?;
    let mut gone = PART;
    moving.reach(gone);
    let offsets = (1..whole.size.div_ceil(PART)).map(|number| number * PART);
    let mut parts = stream::iter(offsets)
        .map(|offset| part_at(client, path, &whole, offset))
        .buffer_unordered(PARTS);
    while let Some(part) = parts.next().await {
        let (offset, part) = part?;
        gone += part.bytes.len() as u64;
        sink.write_part(offset, part).await?;
        moving.reach(gone);
    }
    drop(parts);
    Ok(whole)
}

async fn part_at(
    client: &Client,
    path: &RemotePath,
    whole: &FileMetadata,
    offset: u64,
) -> Result<(u64, Part)> {
    let end = whole.size.min(offset + PART);
    let part = client.download_part(path, whole, offset..end).await?;
    Ok((offset, part))
}

/// Fetches what a download brings, from its first byte on.
pub(super) async fn fetch_in_order(
    mut download: Download,
    sink: &mut Sink,
    moving: &Moving,
) -> Result<FileMetadata> {
    let mut gone = 0;
    while let Some(bytes) = download.chunk().await? {
        gone += bytes.len() as u64;
        sink.write(bytes).await?;
        moving.reach(gone);
    }
    Ok(download.metadata)
}
