//! `connection test`: whether a connection works, and if not, what of it.

use dropscript::{
    Account, AccountKind, Error, ErrorKind, Place, Probe, ProxyKind, Reached, Result, Settings,
    Space, StoredCredentials,
};
use serde_json::{Value, json};

use super::Desk;
use crate::cli::report::Status;
use crate::cli::saved::Saved;
use crate::cli::table::table;

/// A clock that is further off than this makes trouble, in seconds.
const LARGEST_SKEW: i64 = 60;

/// Looks at all that the connection needs; gives the text, and 0, 4 or 7.
pub(super) async fn test(desk: &Desk, name: Option<&str>, json: bool) -> Result<(String, Status)> {
    let config = desk.file.read()?;
    let (name, _) = config.meant(name)?;
    let saved = Saved::open(&config, name).await?;
    let probe = saved.connect()?.probe().await;
    // The token may have been renewed just now.
    let stored = saved.store.load(name).await?.unwrap_or_default();
    let found = Found {
        name,
        settings: &saved.settings,
        place: saved.store.place(name),
        stored,
        probe,
    };
    let status = found.status();
    let text = if json {
        format!("{}\n", found.json(status))
    } else {
        table(&found.rows())
    };
    if !json && let Some(error) = found.failure() {
        desk.voice.error(&error.full_message());
        if let Some(hint) = error.hint() {
            desk.voice.help(hint);
        }
    }
    Ok((text, status))
}

/// What was found out about a connection.
struct Found<'a> {
    name: &'a str,
    settings: &'a Settings,
    place: Option<Place>,
    stored: StoredCredentials,
    probe: Probe,
}

impl Found<'_> {
    /// The first thing that is wrong.
    fn failure(&self) -> Option<&Error> {
        let mut servers = self.probe.servers.iter();
        servers
            .find_map(|server| server.answer.as_ref().err())
            .or(self.probe.account.as_ref().err())
            .or(self.probe.space.as_ref().err())
    }

    /// 7 where a server is not reached, whatever is in the way; 4 where a person must sign in, for the first time or to allow more.
    fn status(&self) -> Status {
        let servers = &self.probe.servers;
        match self.failure().map(Error::kind) {
            None => Status::OK,
            _ if servers.iter().any(|server| server.answer.is_err()) => Status::UNREACHABLE,
            Some(ErrorKind::NotSignedIn | ErrorKind::Permission) => Status::SIGN_IN,
            // As that a token of a whole team acts for nobody.
            Some(ErrorKind::InvalidArgument) => Status::USAGE,
            Some(_) => Status::UNREACHABLE,
        }
    }

    fn rows(&self) -> Vec<[String; 2]> {
        let mut rows = vec![("connection", self.name.to_owned())];
        for server in &self.probe.servers {
            rows.push(("server", reached(server)));
        }
        rows.push(("proxy", self.proxy()));
        match &self.probe.account {
            Ok(account) => {
                rows.push((
                    "account",
                    format!("{}, {}", account.name.display_name, account.email),
                ));
                rows.push(("kind", kind(account, self.settings)));
                rows.push(("paths begin at", root(account, self.settings)));
            }
            Err(error) => rows.push(("account", error.to_string())),
        }
        if let Ok(space) = &self.probe.space {
            rows.push(("space", used(*space)));
        }
        let scopes = match self.stored.scopes.join(" ") {
            none if none.is_empty() => "not known".to_owned(),
            scopes => scopes,
        };
        rows.push(("scopes", scopes));
        rows.push(("token", self.token()));
        if let Some(ahead) = self.clock_ahead() {
            rows.push(("clock", clock(ahead)));
        }
        rows.into_iter()
            .map(|(name, value)| [name.to_owned(), value])
            .collect()
    }

    /// The proxies that were gone through; where none was, those of the settings. Without the login.
    fn proxy(&self) -> String {
        let servers = &self.probe.servers;
        let mut used: Vec<_> = servers.iter().filter_map(|it| it.proxy.clone()).collect();
        used.dedup();
        if !used.is_empty() {
            return used.join(", ");
        }
        let Some(proxy) = &self.settings.proxy else {
            return "none".to_owned();
        };
        let reached = servers.iter().any(|server| server.answer.is_ok());
        match (proxy.kind, proxy.port) {
            (ProxyKind::None, _) => "none".to_owned(),
            (ProxyKind::System, _) if reached => {
                "none: the environment names none for these servers".to_owned()
            }
            (ProxyKind::System, _) => "that of the environment".to_owned(),
            (_, Some(port)) => format!("{}:{port}", proxy.address),
            (_, None) => proxy.address.clone(),
        }
    }

    fn token(&self) -> String {
        let Some(place) = &self.place else {
            return "none is stored".to_owned();
        };
        match self.stored.expires {
            Some(expires) => format!("in {place}, good until {expires:.0}"),
            None => format!("in {place}"),
        }
    }

    /// How many seconds this machine is ahead of the servers.
    fn clock_ahead(&self) -> Option<i64> {
        let mut servers = self.probe.servers.iter();
        servers.find_map(|server| Some(server.clock_ahead?.as_secs()))
    }

    fn json(&self, status: Status) -> Value {
        let error = |error: &Error| json!({ "kind": error.kind().as_str(), "message": error.full_message(), "hint": error.hint() });
        let servers: Vec<_> = self
            .probe
            .servers
            .iter()
            .map(|server| {
                json!({
                    "server": server.server,
                    "reached": server.answer.is_ok(),
                    "proxy": server.proxy,
                    "milliseconds": server.answer.as_ref().ok().map(std::time::Duration::as_millis),
                })
            })
            .collect();
        let account = self.probe.account.as_ref().ok();
        json!({
            "connection": self.name,
            "status": status.code(),
            "servers": servers,
            "proxy": self.proxy(),
            "account": account,
            "kind": account.map(|account| kind(account, self.settings)),
            "root": account.map(|account| root(account, self.settings)),
            "space": self.probe.space.as_ref().ok(),
            "scopes": self.stored.scopes,
            "token": {
                "place": self.place.as_ref().map(ToString::to_string),
                "expires": self.stored.expires.map(|expires| expires.to_string()),
            },
            "clock_ahead_seconds": self.clock_ahead(),
            "error": self.failure().map(error),
        })
    }
}

fn reached(server: &Reached) -> String {
    match &server.answer {
        Ok(took) => format!("{} answers after {} ms", server.server, took.as_millis()),
        Err(error) => error.full_message(),
    }
}

/// A person's own account or a team's, and what Dropbox calls it.
fn kind(account: &Account, settings: &Settings) -> String {
    let (kind, plan) = match account.account_type.as_str() {
        "business" => (AccountKind::Business, String::new()),
        plan => (AccountKind::Personal, format!(" ({plan})")),
    };
    match settings.account {
        Some(other) if other != kind => format!("{kind}{plan}, where the settings say {other}"),
        _ => format!("{kind}{plan}"),
    }
}

fn root(account: &Account, settings: &Settings) -> String {
    let info = &account.root_info;
    let has_team_space = info.root_namespace_id != info.home_namespace_id;
    match settings.root.to_string().as_str() {
        "auto" if has_team_space => {
            format!("the team space ({})", info.root_namespace_id)
        }
        "team" => format!("the team space ({})", info.root_namespace_id),
        "auto" | "home" => format!("the own folder ({})", info.home_namespace_id),
        id => format!("the namespace {id}"),
    }
}

fn used(space: Space) -> String {
    #[allow(clippy::cast_precision_loss, reason = "shown with one place")]
    let gib = |bytes: u64| bytes as f64 / (1_u64 << 30) as f64;
    match space.allocated {
        0 => format!("{:.1} GB used", gib(space.used)),
        allocated => format!("{:.1} of {:.1} GB used", gib(space.used), gib(allocated)),
    }
}

fn clock(ahead: i64) -> String {
    match ahead {
        -1..=1 => "right".to_owned(),
        ahead if ahead.abs() <= LARGEST_SKEW => format!("{ahead:+} s off"),
        ahead => format!("{ahead:+} s off: set the clock of this machine"),
    }
}
