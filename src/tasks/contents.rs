//! Files as values: read whole, and written from memory.

use bytes::Bytes;
use jiff::Timestamp;

use super::known::already_there;
use super::overwrite::{Decision, Side, decide};
use super::revisions::file_path;
use super::{Item, ItemKind, SizeIs, WriteOptions};
use crate::api::files::{CommitInfo, WriteMode};
use crate::client::ContentHasher;
use crate::connection::Connection;
use crate::error::{Error, ErrorKind, Result};
use crate::path::RemotePath;

/// The largest file that is read or written as a value: 64 MiB. Larger ones go by way of the disk.
const LARGEST: usize = 64 << 20;

impl Connection {
    /// The contents of a file of 64 MiB at most, when its content hash was checked.
    ///
    /// # Errors
    /// `not_found`; `invalid_argument` for a folder and for a larger file; `integrity` where what arrived is not what Dropbox has.
    pub async fn read_blob(&self, path: &str) -> Result<Vec<u8>> {
        self.read_at_most(path, LARGEST).await
    }

    /// The text of a file, as [`read_blob`](Connection::read_blob).
    ///
    /// # Errors
    /// Also `invalid_argument` where it is not UTF-8.
    pub async fn read_text(&self, path: &str) -> Result<String> {
        self.read_text_at_most(path, LARGEST).await
    }

    /// Writes a file of 64 MiB at most, and its parents. Gives the file that is there then.
    ///
    /// # Errors
    /// `conflict` where a folder is there, or a file and the options say so; `invalid_argument` for larger contents.
    pub async fn write_blob(
        &self,
        path: &str,
        contents: impl Into<Bytes>,
        options: WriteOptions,
    ) -> Result<Item> {
        let path: RemotePath = path.parse()?;
        let contents = contents.into();
        if path.is_root() {
            return Err(already_there(&path, "folder"));
        }
        if contents.len() > LARGEST {
            return Err(too_large(&path.to_string(), LARGEST, "upload_file"));
        }
        let (target, mode) = match self.find_room(&path, &contents, &options).await? {
            Room::At(target, mode) => (target, mode),
            Room::Taken(item) => return Ok(*item),
        };
        if options.dry_run {
            let name = target.name().to_owned();
            return Ok(Item {
                size: Some(contents.len() as u64),
                planned: true,
                ..Item::named(ItemKind::File, name, target.to_string())
            });
        }
        let commit = CommitInfo {
            path: target.as_str().to_owned(),
            mode,
            autorename: false,
            client_modified: None,
            mute: false,
            strict_conflict: false,
        };
        let written = self.client().upload_bytes(contents, &commit).await;
        written.map(Item::from)
    }

    /// Writes text, as [`write_blob`](Connection::write_blob).
    ///
    /// # Errors
    /// As those.
    pub async fn write_text(&self, path: &str, text: &str, options: WriteOptions) -> Result<Item> {
        let contents = Bytes::copy_from_slice(text.as_bytes());
        self.write_blob(path, contents, options).await
    }

    pub(crate) async fn read_text_at_most(&self, path: &str, most: usize) -> Result<String> {
        String::from_utf8(self.read_at_most(path, most).await?).map_err(|_| {
            Error::new(
                ErrorKind::InvalidArgument,
                format!("`{path}` is not UTF-8 text"),
            )
            .with_path(path)
            .with_hint("`read_blob` takes any bytes")
        })
    }

    pub(crate) async fn read_at_most(&self, path: &str, most: usize) -> Result<Vec<u8>> {
        let most = most.min(LARGEST);
        let remote = file_path(path)?;
        let mut download = self.client().download(&remote).await?;
        if download.metadata.size > most as u64 {
            return Err(too_large(path, most, "download_file"));
        }
        let (mut contents, mut hasher) = (Vec::new(), ContentHasher::new());
        while let Some(bytes) = download.chunk().await? {
            hasher.update(&bytes);
            contents.extend_from_slice(&bytes);
        }
        let hash = hasher.finish();
        if download
            .metadata
            .content_hash
            .is_some_and(|right| right != hash)
        {
            let message = format!("what arrived of `{path}` is not what Dropbox has");
            return Err(Error::new(ErrorKind::Integrity, message)
                .with_path(path)
                .with_hint("read it again"));
        }
        Ok(contents)
    }

    /// Where the contents go, and over what.
    async fn find_room(
        &self,
        path: &RemotePath,
        contents: &Bytes,
        options: &WriteOptions,
    ) -> Result<Room> {
        let there = self.client().metadata_if_any(path).await?.map(Item::from);
        let Some(there) = there else {
            return Ok(Room::At(path.clone(), WriteMode::Add));
        };
        if there.kind == ItemKind::Folder {
            return Err(already_there(path, "folder"));
        }
        let source = Side {
            size: contents.len() as u64,
            modified: Some(Timestamp::now()),
        };
        let target = Side {
            size: there.size.unwrap_or_default(),
            modified: there.modified,
        };
        // Only the file that was looked at is replaced, not one that came meanwhile.
        let replace = |there: Item| match there.rev {
            Some(rev) => Room::At(path.clone(), WriteMode::Update(rev)),
            None => Room::At(path.clone(), WriteMode::Overwrite),
        };
        let decision = decide(options.overwrite, SizeIs::Different, source, target);
        Ok(match decision {
            Decision::Replace => replace(there),
            Decision::Skip(_) => Room::Taken(Box::new(there)),
            Decision::CompareHashes => {
                let mut hasher = ContentHasher::new();
                hasher.update(contents);
                if there.hash == Some(hasher.finish()) {
                    Room::Taken(Box::new(there))
                } else {
                    replace(there)
                }
            }
            Decision::FreeName => Room::At(self.free_name(path).await?, WriteMode::Add),
            Decision::Refuse => return Err(already_there(path, "file")),
        })
    }
}

/// Where contents can go.
enum Room {
    At(RemotePath, WriteMode),
    /// This file is there and stays.
    Taken(Box<Item>),
}

fn too_large(path: &str, most: usize, instead: &str) -> Error {
    let message = format!("`{path}` is larger than a value may be, {most} bytes");
    Error::new(ErrorKind::InvalidArgument, message)
        .with_path(path)
        .with_hint(format!("`{instead}` takes files of any size"))
}
