//! `files/copy_v2`, `files/move_v2`.

use super::Client;
use super::call::Argument;
use crate::api::files::{Metadata, MetadataResult, RelocationArg};
use crate::api::{COPY, MOVE};
use crate::error::Result;
use crate::path::RemotePath;

/// What becomes of the item where it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relocation {
    /// It stays.
    Copy,
    /// It goes.
    Move,
}

impl Client {
    /// Copies or moves `source`, which is at `from`, to a path where nothing was.
    pub(crate) async fn relocate(
        &self,
        how: Relocation,
        source: &Metadata,
        from: &RemotePath,
        to: &RemotePath,
    ) -> Result<Metadata> {
        let route = match how {
            Relocation::Copy => &COPY,
            Relocation::Move => &MOVE,
        };
        let argument = RelocationArg {
            from_path: from.as_str(),
            to_path: to.as_str(),
            autorename: false,
        };
        let outcome = self
            .rpc_outcome::<MetadataResult<Metadata>>(
                route,
                Some(to.as_str()),
                Argument::of(&argument),
            )
            .await;
        let error = match outcome.result {
            Ok(result) => return Ok(result.metadata),
            Err(error) => error,
        };
        // The answer to an attempt before may have got lost: then it is there.
        if outcome.unsure
            && let Ok(Some(there)) = self.metadata_if_any(to).await
            && is_outcome(how, source, &there)
        {
            return Ok(there);
        }
        Err(error)
    }
}

/// Whether what is at the target now is what the relocation makes of the source. A move keeps the id, a copy the contents.
fn is_outcome(how: Relocation, source: &Metadata, there: &Metadata) -> bool {
    match (source, there) {
        (Metadata::File(source), Metadata::File(there)) => match how {
            Relocation::Move => source.id == there.id,
            Relocation::Copy => {
                source.content_hash.is_some() && source.content_hash == there.content_hash
            }
        },
        // Dropbox copies a folder whole or not at all, and nothing was there before.
        (Metadata::Folder(source), Metadata::Folder(there)) => {
            how == Relocation::Copy || source.id == there.id
        }
        _ => false,
    }
}
