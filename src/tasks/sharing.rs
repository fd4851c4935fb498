//! Links to what is at Dropbox, for others; and saving what a link of others leads to.

use jiff::Timestamp;

use super::{Item, ItemKind, ShareOptions};
use crate::api::sharing::LinkSettings;
use crate::connection::Connection;
use crate::error::{Error, ErrorKind, Result};
use crate::path::RemotePath;

impl Connection {
    /// A link to a file or folder that lasts: the one that is there, with these options applied, or a new one. What the options leave
    /// out stays as it is, or as the account has it. In a dry run it is the link that is there, or nothing.
    ///
    /// # Errors
    /// `not_found`; `permission` where the account may not have such a link; `invalid_argument` for a time that is over.
    pub async fn share(&self, path: &str, options: ShareOptions) -> Result<String> {
        let path: RemotePath = path.parse()?;
        let settings = settings(&options, Timestamp::now())?;
        if options.dry_run {
            let links = self.client().shared_links(&path).await?;
            return Ok(links
                .into_iter()
                .next()
                .map(|link| link.url)
                .unwrap_or_default());
        }
        let password = options.password.as_ref();
        self.client().share(&path, settings, password).await
    }

    /// Ends the links to a file or folder, or the one of this address; what leads to folders around it stays. Gives how many there were.
    ///
    /// # Errors
    /// `not_found` where nothing is at the path; `permission` for a link of somebody else.
    pub async fn unshare(&self, path_or_url: &str) -> Result<u64> {
        let mut ended = 0;
        for url in self.links_to(path_or_url).await? {
            ended += u64::from(self.client().revoke_shared_link(&url).await?);
        }
        Ok(ended)
    }

    /// The links that [`unshare`](Connection::unshare) would end.
    pub(crate) async fn links_to(&self, path_or_url: &str) -> Result<Vec<String>> {
        if path_or_url.starts_with("https://") || path_or_url.starts_with("http://") {
            return Ok(vec![path_or_url.to_owned()]);
        }
        let links = self.client().shared_links(&path_or_url.parse()?).await?;
        Ok(links.into_iter().map(|link| link.url).collect())
    }

    /// Has Dropbox itself fetch what is at an address and keep it at this path. Where something is, it goes beside it, as Dropbox
    /// numbers names: the item says where.
    ///
    /// # Errors
    /// `invalid_argument` for what is no address; `network` where Dropbox cannot fetch it.
    pub async fn save_url(&self, path: &str, url: &str) -> Result<Item> {
        let path: RemotePath = path.parse()?;
        self.client().save_url(&path, url).await.map(Item::from)
    }

    /// What [`save_url`](Connection::save_url) would make.
    pub(crate) fn planned_save(path: &str) -> Result<Item> {
        let path: RemotePath = path.parse()?;
        Ok(Item {
            planned: true,
            ..Item::named(ItemKind::File, path.name().to_owned(), path.to_string())
        })
    }
}

fn settings(options: &ShareOptions, now: Timestamp) -> Result<LinkSettings<'static>> {
    let expires = match options.expires {
        None => None,
        Some(when) => Some(whole_seconds(when.ahead(now)?, now)?),
    };
    Ok(LinkSettings {
        audience: options.audience.map(super::Audience::as_str),
        expires,
        allow_download: options.allow_download,
        ..LinkSettings::default()
    })
}

fn whole_seconds(moment: Timestamp, now: Timestamp) -> Result<Timestamp> {
    if moment <= now {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("a link cannot expire at {moment}, which is over"),
        ));
    }
    Timestamp::from_second(moment.as_second()).map_err(|cause| {
        Error::new(ErrorKind::InvalidArgument, "the link would expire too late").with_source(cause)
    })
}
