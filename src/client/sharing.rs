//! `sharing/`: links to what is at a path.

use serde::de::IgnoredAny;

use super::Client;
use super::call::Argument;
use crate::api::sharing::{
    CreateLinkArg, LinkSettings, ListLinksArg, ListLinksResult, ModifyLinkArg, SharedLink, UrlArg,
};
use crate::api::{CREATE_SHARED_LINK, LIST_SHARED_LINKS, MODIFY_SHARED_LINK, REVOKE_SHARED_LINK};
use crate::error::{Error, Result};
use crate::path::RemotePath;
use crate::secret::Secret;

impl Client {
    /// A link to what is at the path, with these settings: the one that is there, or a new one. An empty password is none.
    pub(crate) async fn share(
        &self,
        path: &RemotePath,
        mut settings: LinkSettings<'_>,
        password: Option<&Secret>,
    ) -> Result<String> {
        settings.require_password = password.map(|password| !password.is_empty());
        settings.link_password = password.map(Secret::expose).filter(|text| !text.is_empty());
        let settings = &settings;
        let argument = CreateLinkArg {
            path: path.as_str(),
            settings,
        };
        let created: Result<SharedLink> = self
            .rpc(
                &CREATE_SHARED_LINK,
                Some(path.as_str()),
                Argument::of(&argument),
            )
            .await;
        let exists = match created {
            Ok(link) => return Ok(link.url),
            Err(error) if has_tag(&error, "shared_link_already_exists") => error,
            Err(error) => return Err(error),
        };
        // Also where the answer to an attempt before got lost.
        let link = self.shared_links(path).await?.into_iter().next();
        let link = link.ok_or(exists)?;
        if settings.is_empty() {
            return Ok(link.url);
        }
        let argument = ModifyLinkArg {
            url: &link.url,
            settings,
            remove_expiration: false,
        };
        let modified: SharedLink = self
            .rpc(
                &MODIFY_SHARED_LINK,
                Some(path.as_str()),
                Argument::of(&argument),
            )
            .await?;
        Ok(modified.url)
    }

    /// The links to what is at the path itself.
    pub(crate) async fn shared_links(&self, path: &RemotePath) -> Result<Vec<SharedLink>> {
        let path = path.as_str();
        let argument = ListLinksArg {
            path,
            direct_only: true,
        };
        let result: ListLinksResult = self
            .rpc(&LIST_SHARED_LINKS, Some(path), Argument::of(&argument))
            .await?;
        Ok(result.links)
    }

    /// Ends a link; false where there was none any more.
    pub(crate) async fn revoke_shared_link(&self, url: &str) -> Result<bool> {
        let argument = Argument::of(&UrlArg { url });
        let outcome = self
            .rpc_outcome::<IgnoredAny>(&REVOKE_SHARED_LINK, None, argument)
            .await;
        match outcome.result {
            Ok(_) => Ok(true),
            // The answer to an attempt before may have got lost: it is gone, as was wanted.
            Err(error) if has_tag(&error, "shared_link_not_found") => Ok(outcome.unsure),
            Err(error) => Err(error),
        }
    }
}

fn has_tag(error: &Error, first: &str) -> bool {
    error.tag().and_then(|tag| tag.split('/').next()) == Some(first)
}
