//! Taking in the files that lie in a served directory.

use std::fs::{self, DirEntry, File};
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::blob::{Blob, BlobFile, Store};
use super::content_hash::ContentHasher;
use super::names::{Place, STATE_FOLDER};
use super::state::account::{MAIN, named};
use super::state::write::{Commit, Content, WriteMode};
use super::state::{AccountId, State};

/// Takes in everything below `directory` for the main account, and below the state folder for the others.
pub(super) fn import(state: &mut State, store: &Store, directory: &Path) -> io::Result<()> {
    let main = state.account_named(MAIN);
    import_folder(state, store, main, directory, "")?;
    for entry in entries(&directory.join(STATE_FOLDER).join("accounts"))? {
        if let Some(name) = entry.file_name().to_str().and_then(named) {
            let account = state.account_named(&name);
            import_folder(state, store, account, &entry.path(), "")?;
        }
    }
    // The directory shows all this already.
    state.take_unwritten();
    Ok(())
}

/// The entries of a folder in the order of their names; none of a folder that is not there.
fn entries(folder: &Path) -> io::Result<Vec<DirEntry>> {
    let mut entries: Vec<DirEntry> = match fs::read_dir(folder) {
        Ok(entries) => entries.collect::<io::Result<_>>()?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    entries.sort_by_key(DirEntry::file_name);
    Ok(entries)
}

fn import_folder(
    state: &mut State,
    store: &Store,
    account: AccountId,
    folder: &Path,
    at: &str,
) -> io::Result<()> {
    for entry in entries(folder)? {
        // Dropbox could not hold a name that is no text or not legal; links may lead anywhere.
        let name = entry.file_name();
        let Some(Ok(place)) = name
            .to_str()
            .map(|name| Place::parse(&format!("{at}/{name}")))
        else {
            continue;
        };
        let tree = state.account(account).home.tree;
        let (tree, mint) = state.tree_mut(tree);
        // Two names that differ in case only: the first stands for both.
        if tree.node(&place.lower).is_some() {
            continue;
        }
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if tree.create_folder(&place, false, mint).is_ok() {
                import_folder(state, store, account, &entry.path(), &place.display)?;
            }
        } else if kind.is_file() {
            let modified = Timestamp::try_from(entry.metadata()?.modified()?).unwrap_or_default();
            let modified = Timestamp::from_second(modified.as_second()).unwrap_or_default();
            let content = content(store, &entry.path())?;
            let commit = Commit {
                place,
                mode: WriteMode::Add,
                autorename: false,
                strict_conflict: false,
                client_modified: Some(modified),
            };
            // It is new and its folder is there: nothing stands in its way.
            let _ = tree.commit(&commit, content, modified, mint);
        }
    }
    Ok(())
}

/// The contents of a file, which a link keeps when the file is replaced.
fn content(store: &Store, path: &Path) -> io::Result<Content> {
    let kept = store.new_path().ok_or(io::ErrorKind::Unsupported)?;
    if fs::hard_link(path, &kept).is_err() {
        fs::copy(path, &kept)?;
    }
    let mut file = File::open(&kept)?;
    let mut hasher = ContentHasher::default();
    let mut size = 0;
    let mut piece = vec![0; 1024 * 1024];
    loop {
        let count = file.read(&mut piece)?;
        if count == 0 {
            break;
        }
        size += count as u64;
        hasher.update(&piece[..count]);
    }
    let blob = Blob::file(Arc::new(BlobFile::adopt(kept)?), size);
    Ok(Content {
        blob,
        content_hash: hasher.finish(),
    })
}
