//! The task "create folder".

use super::known::already_there;
use super::{CreateFolderOptions, Item};
use crate::api::files::Metadata;
use crate::client::Created;
use crate::connection::Connection;
use crate::error::Result;
use crate::path::RemotePath;

impl Connection {
    /// Makes a folder, with its parents. One that is there already is fine, unless the options say otherwise.
    ///
    /// ```no_run
    /// # async fn example(connection: dropscript::Connection) -> dropscript::Result<()> {
    /// use dropscript::CreateFolderOptions;
    ///
    /// connection.create_folder("/reports/2026", CreateFolderOptions::default()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `conflict` where a file is there, or a folder and `exist_ok` is false; `invalid_path`; `permission`.
    pub async fn create_folder(&self, path: &str, options: CreateFolderOptions) -> Result<Item> {
        let path: RemotePath = path.parse()?;
        let exists = || already_there(&path, "folder");
        if path.is_root() {
            return if options.exist_ok {
                Ok(Item::root())
            } else {
                Err(exists())
            };
        }
        if options.dry_run {
            return match self.client().metadata_if_any(&path).await? {
                None => Ok(Item::planned_folder(&path)),
                Some(Metadata::Folder(folder)) if options.exist_ok => Ok(folder.into()),
                Some(Metadata::Folder(_)) => Err(exists()),
                Some(_) => Err(already_there(&path, "file")),
            };
        }
        match self.client().create_folder(&path).await? {
            Created::New(folder) => Ok(folder.into()),
            Created::Existing(folder) if options.exist_ok => Ok(folder.into()),
            Created::Existing(_) => Err(exists()),
        }
    }
}
