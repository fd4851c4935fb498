//! Where the hosts of the API are.

use url::Url;

use crate::api::{Endpoint, Route};

/// Where the hosts of the API are. The token goes to these and nowhere else.
#[derive(Debug, Clone)]
pub(crate) struct Servers {
    pub(crate) api: Url,
    pub(crate) content: Url,
    pub(crate) web: Url,
    pub(crate) notify: Url,
}

impl Servers {
    /// Dropbox itself.
    pub(crate) fn dropbox() -> Self {
        let url = |text| Url::parse(text).expect("the URL is a constant that parses");
        Self {
            api: url("https://api.dropboxapi.com"),
            content: url("https://content.dropboxapi.com"),
            web: url("https://www.dropbox.com"),
            notify: url("https://notify.dropboxapi.com"),
        }
    }

    /// One server that answers for all hosts.
    pub(crate) fn at(endpoint: &Url) -> Self {
        Self {
            api: endpoint.clone(),
            content: endpoint.clone(),
            web: endpoint.clone(),
            notify: endpoint.clone(),
        }
    }

    /// Each of them.
    pub(crate) fn all(&self) -> Vec<Url> {
        let Self {
            api,
            content,
            notify,
            web,
        } = self;
        vec![api.clone(), content.clone(), notify.clone(), web.clone()]
    }

    /// Where tokens are renewed.
    pub(crate) fn token_url(&self) -> Url {
        below(&self.api, "oauth2/token")
    }

    /// The page where a person allows an app what it asks for.
    pub(crate) fn authorize_page(&self) -> Url {
        below(&self.web, "oauth2/authorize")
    }

    /// The URL of a route.
    pub(super) fn of(&self, route: &Route<'_>) -> Url {
        let server = match route.endpoint {
            Endpoint::Api => &self.api,
            Endpoint::Content => &self.content,
            Endpoint::Notify => &self.notify,
        };
        below(server, &format!("2/{}", route.name))
    }
}

fn below(server: &Url, path: &str) -> Url {
    let mut url = server.clone();
    url.set_path(&format!("{}/{path}", server.path().trim_end_matches('/')));
    url
}
