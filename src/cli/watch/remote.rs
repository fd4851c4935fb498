//! The folder at Dropbox that is watched.

use dropscript::{Connection, Error, ErrorKind, JournalPlace, RemoteFolder, RemotePath, Result};

use super::super::args::EmulatorPlace;
use super::super::run::Stage;

/// The folder, of the connection that scripts get for `dropbox()`.
///
/// # Errors
/// There is no such connection.
pub(super) async fn folder(
    stage: &Stage,
    path: RemotePath,
    emulator: Option<&EmulatorPlace>,
    journal: JournalPlace,
) -> Result<RemoteFolder> {
    let connection = connection(stage).await?;
    let name = match emulator {
        Some(EmulatorPlace::Folder(folder)) => {
            let folder = folder.canonicalize().unwrap_or_else(|_| folder.clone());
            format!("{} of {}", connection.name(), folder.display())
        }
        _ => connection.name().to_owned(),
    };
    Ok(RemoteFolder {
        // What is in the memory of this process alone is of no use to the next.
        journal: match emulator {
            Some(EmulatorPlace::Memory) => JournalPlace::Memory,
            _ => journal,
        },
        connection,
        path,
        name,
    })
}

/// The connector may wait for a keyring, so it is asked on a thread that may.
async fn connection(stage: &Stage) -> Result<Connection> {
    let host = stage.host().clone();
    let made = tokio::task::spawn_blocking(move || host.connection());
    made.await.map_err(|source| {
        Error::new(ErrorKind::LocalIo, "the connection cannot be made").with_source(source)
    })?
}
