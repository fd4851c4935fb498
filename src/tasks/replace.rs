//! A file at Dropbox takes the place of another there. Dropbox has no call for that.

use super::Item;
use crate::client::{Client, Deleted, Leave, Leg, Relocation};
use crate::error::{Error, ErrorKind, Result};
use crate::path::RemotePath;

/// Puts a copy of the file beside its target, deletes what is there while it is the file that was looked at, and gives the copy its
/// name. At no time is there less than one of the two.
pub(super) async fn replace(client: &Client, leg: &Leg, there: &Item, leave: &Leave) -> Result<()> {
    let aside = Leg {
        to: leg.to.parent().join(&temporary_name())?,
        ..leg.clone()
    };
    let copied = client.relocate(Relocation::Copy, &aside).await;
    let copied = Item::from(copied.map_err(|error| {
        // What has no answer may have been done.
        if error.is_retryable() {
            return error.with_hint(format!("a copy may have come to `{}`", aside.to));
        }
        error
    })?);
    let cleared = client
        .delete_rev(&leg.to, there.rev.as_deref(), leave)
        .await;
    let (error, occupied) = match cleared {
        Ok(Deleted::Changed) => (changed(&leg.to), true),
        // Whether the old file is still there is not known after an error that may pass.
        Err(error) => {
            let occupied = !error.is_retryable();
            (error, occupied)
        }
        Ok(Deleted::Yes | Deleted::Gone) => {
            let last = Leg {
                from: aside.to.clone(),
                to: leg.to.clone(),
                id: copied.id,
                hash: copied.hash,
            };
            match client.relocate(Relocation::Move, &last).await {
                Ok(_) => return Ok(()),
                Err(error) => {
                    let occupied = error.kind() == ErrorKind::Conflict;
                    (error, occupied)
                }
            }
        }
    };
    let discarded = if occupied {
        let rev = copied.rev.as_deref();
        client.delete_rev(&aside.to, rev, leave).await.is_ok()
    } else {
        false
    };
    if discarded {
        return Err(error);
    }
    Err(error.with_hint(format!("the new contents are at `{}`", aside.to)))
}

fn changed(path: &RemotePath) -> Error {
    let message = format!("`{path}` changed since it was looked at");
    Error::new(ErrorKind::Conflict, message)
        .with_path(path.to_string())
        .with_hint("it was left as it is; try again")
}

/// A name that nobody else has.
fn temporary_name() -> String {
    let random = getrandom::u64().unwrap_or_else(|_| u64::from(std::process::id()));
    format!(".dropscript-{random:016x}.tmp")
}
