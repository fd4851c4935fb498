//! Copying and renaming one item at Dropbox, where nothing is sent or fetched.

use super::known::{Known, already_there};
use super::{Item, ItemKind, Overwrite, RelocateOptions};
use crate::client::{Leg, Relocation};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind, Result};
use crate::path::RemotePath;

impl Connection {
    /// Copies one item, a folder with all that it holds, to exactly this path; its parents are made.
    ///
    /// # Errors
    /// `not_found` where nothing is to be copied; `conflict` where something is at the path already, unless the options say
    /// otherwise; `invalid_argument` for the root, and for an overwrite mode that Dropbox does not have here.
    pub async fn copy_to(&self, from: &str, path: &str, options: RelocateOptions) -> Result<Item> {
        self.relocate(Relocation::Copy, &from.parse()?, &path.parse()?, &options)
            .await
    }

    /// Gives one item another name in its folder, or, where `to` begins with a slash, another path.
    ///
    /// # Errors
    /// As [`copy_to`](Connection::copy_to); `invalid_argument` for a name that differs by letter case only, which Dropbox leaves
    /// as it is.
    pub async fn rename(&self, path: &str, to: &str, options: RelocateOptions) -> Result<Item> {
        let from: RemotePath = path.parse()?;
        let target = if to.starts_with('/') {
            to.parse()?
        } else {
            // An id tells no folder.
            let shown = self.info(path).await?.path;
            shown.parse::<RemotePath>()?.parent().join(to)?
        };
        self.relocate(Relocation::Move, &from, &target, &options)
            .await
    }

    async fn relocate(
        &self,
        how: Relocation,
        from: &RemotePath,
        to: &RemotePath,
        options: &RelocateOptions,
    ) -> Result<Item> {
        check(from, to, options.overwrite)?;
        let client = self.client();
        let item = Item::from(client.metadata(from).await?);
        let mut target = to.clone();
        if let Some(there) = client.metadata_if_any(to).await?.map(Item::from) {
            match options.overwrite {
                _ if there.id == item.id => return Err(same(to)),
                Overwrite::Never => return Ok(there),
                Overwrite::Rename => target = self.free_name(to).await?,
                _ if there.kind == ItemKind::Folder => return Err(already_there(to, "folder")),
                _ => return Err(already_there(to, "file")),
            }
        }
        if options.dry_run {
            return Ok(Item {
                path: target.to_string(),
                name: target.name().to_owned(),
                planned: true,
                ..item
            });
        }
        let leg = Leg {
            from: from.clone(),
            to: target,
            id: item.id,
            hash: item.hash,
        };
        client.relocate(how, &leg).await.map(Item::from)
    }

    /// A path beside this one where nothing is: `name (2).ext`.
    pub(super) async fn free_name(&self, path: &RemotePath) -> Result<RemotePath> {
        Known::Nothing.free_name(self.client(), path).await
    }
}

fn check(from: &RemotePath, to: &RemotePath, overwrite: Overwrite) -> Result<()> {
    let invalid = |message: &str| Error::new(ErrorKind::InvalidArgument, message);
    if from.is_root() || to.is_root() {
        return Err(invalid("the root folder is neither copied nor renamed").with_path("/"));
    }
    if from.key() == to.key() {
        return Err(same(to));
    }
    match overwrite {
        Overwrite::Fail | Overwrite::Never | Overwrite::Rename => Ok(()),
        Overwrite::Changed | Overwrite::Always | Overwrite::Newer | Overwrite::Size => Err(
            invalid("Dropbox copies and moves nothing over what is there already")
                .with_path(to.to_string())
                .with_hint("`overwrite` takes \"fail\", \"never\" or \"rename\" here; else delete what is there first"),
        ),
    }
}

fn same(to: &RemotePath) -> Error {
    let message = format!("`{to}` is where it is already; Dropbox does not change letter case");
    Error::new(ErrorKind::InvalidArgument, message)
        .with_path(to.to_string())
        .with_hint("to change the letter case rename it twice, by way of another name")
}
