//! What a script may touch on this machine and on the network.

mod links;

use std::path::{Path, PathBuf};

use url::Url;

pub(super) use links::real_path;

use crate::client::{Guards, Rules};
use crate::error::{Error, ErrorKind};

/// What a script may read, write and reach. A program that embeds the host starts from
/// [`Permissions::none`]; Dropbox itself is open to the connections it was given, as far as
/// [`read_only`](Permissions::read_only) and its like let it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permissions {
    read: Vec<PathBuf>,
    write: Vec<PathBuf>,
    net: Vec<String>,
    env: Vec<String>,
    all: bool,
    closed: Vec<PathBuf>,
    closed_env: Vec<String>,
    only: Vec<Only>,
    rules: Rules,
}

impl Permissions {
    /// Nothing but the run's own temporary folder.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Everything that the process itself may do, but for what is [`closed`](Permissions::closed).
    #[must_use]
    pub fn all() -> Self {
        Self {
            all: true,
            ..Self::default()
        }
    }

    /// Also lets scripts read `path` and all that is below it.
    #[must_use]
    pub fn read(mut self, path: impl Into<PathBuf>) -> Self {
        self.read.push(path.into());
        self
    }

    /// Also lets scripts write `path` and all that is below it. Reading is granted apart.
    #[must_use]
    pub fn write(mut self, path: impl Into<PathBuf>) -> Self {
        self.write.push(path.into());
        self
    }

    /// Keeps scripts out of `path` and all that is below it, whatever else is granted. Nothing that goes through a whole folder may be
    /// done to one that holds it; but where it is a file, that folder may be read, and an upload of it takes the file along.
    #[must_use]
    pub fn closed(mut self, path: impl Into<PathBuf>) -> Self {
        self.closed.push(path.into());
        self
    }

    /// Also lets scripts reach `host`, a name or an address without a port. Loopback is always open.
    #[must_use]
    pub fn net(mut self, host: impl Into<String>) -> Self {
        self.net.push(host.into());
        self
    }

    /// Also lets scripts see this variable of what [`HostBuilder::environment`](super::HostBuilder::environment) shows.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>) -> Self {
        self.env.push(name.into());
        self
    }

    /// Keeps this variable from scripts, whatever else is granted.
    #[must_use]
    pub fn closed_env(mut self, name: impl Into<String>) -> Self {
        self.closed_env.push(name.into());
        self
    }

    /// Of what scripts may read, leaves only what is at or below one of these paths.
    #[must_use]
    pub fn only_read(mut self, paths: impl IntoIterator<Item = impl Into<PathBuf>>) -> Self {
        let paths = paths.into_iter().map(Into::into).collect();
        self.only.push(Only::Read(paths));
        self
    }

    /// Of what scripts may write, leaves only what is at or below one of these paths.
    #[must_use]
    pub fn only_write(mut self, paths: impl IntoIterator<Item = impl Into<PathBuf>>) -> Self {
        let paths = paths.into_iter().map(Into::into).collect();
        self.only.push(Only::Write(paths));
        self
    }

    /// Of the hosts that scripts may reach, leaves only these, and loopback where it is always open.
    #[must_use]
    pub fn only_net(mut self, hosts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let hosts = hosts.into_iter().map(Into::into).collect();
        self.only.push(Only::Net(hosts));
        self
    }

    /// Of the variables that scripts may see, leaves only these.
    #[must_use]
    pub fn only_env(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        self.only.push(Only::Env(names));
        self
    }

    /// Lets scripts change nothing at Dropbox.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.rules.read_only = true;
        self
    }

    /// Lets scripts delete nothing, at Dropbox or here; the run's own temporary folder is theirs.
    #[must_use]
    pub fn no_delete(mut self) -> Self {
        self.rules.no_delete = true;
        self
    }

    /// Lets a run delete so many files, at Dropbox and here together, those inside of deleted folders too.
    #[must_use]
    pub fn max_delete(mut self, files: u64) -> Self {
        self.rules.max_delete = Some(files);
        self
    }

    /// The guards of a new run.
    pub(super) fn guards(&self, plan_only: bool) -> Guards {
        Guards::new(Rules {
            plan_only,
            ..self.rules
        })
    }

    /// When scripts may do this to `path`: the folder or file by which it is granted, and the real path behind it.
    ///
    /// # Errors
    /// `not_allowed` naming the flag, `local_io` when a link on the way cannot be followed.
    pub(super) fn granted(
        &self,
        access: Access,
        path: &Path,
        folder: &Path,
    ) -> Result<(PathBuf, PathBuf), Error> {
        let shown = path.display().to_string();
        let real = |path: &Path| {
            real_path(&folder.join(path)).map_err(|cause| {
                Error::new(
                    ErrorKind::LocalIo,
                    format!("cannot follow `{}`: {cause}", path.display()),
                )
                .with_path(path.display().to_string())
            })
        };
        let wanted = real(path)?;
        for closed in &self.closed {
            let closed = real(closed)?;
            if let Some(why) = access.meets(&wanted, &closed) {
                let message = format!("the script may not {} `{shown}`: {why}", access.verb());
                return Err(Error::new(ErrorKind::NotAllowed, message).with_path(shown));
            }
        }
        for only in &self.only {
            let left = match only {
                Only::Read(left) if !access.writes() => left,
                Only::Write(left) if access.writes() => left,
                _ => continue,
            };
            let left: Result<Vec<_>, _> = left.iter().map(|left| real(left)).collect();
            if !left?.iter().any(|left| wanted.starts_with(left)) {
                let message = format!("the script may not {} `{shown}`", access.verb());
                return Err(narrowed(message).with_path(shown));
            }
        }
        if self.all {
            let root = wanted.ancestors().last().unwrap_or(&wanted);
            return Ok((root.to_owned(), wanted));
        }
        let roots = if access.writes() {
            &self.write
        } else {
            &self.read
        };
        for root in roots {
            let root = real(root)?;
            if wanted.starts_with(&root) {
                return Ok((root, wanted));
            }
        }
        // The real path may be what surprises: name it when a link led there.
        let through = if wanted == folder.join(path) {
            String::new()
        } else {
            format!(" (it is `{}`)", wanted.display())
        };
        let verb = access.verb();
        Err(Error::new(
            ErrorKind::NotAllowed,
            format!("the script may not {verb} `{shown}`{through}"),
        )
        .with_path(shown)
        .with_hint(format!(
            "allow it with `--allow-{verb} {}`",
            wanted.display()
        )))
    }

    /// Whether scripts may call the server of an address themselves: loopback is named as any other.
    ///
    /// # Errors
    /// `not_allowed` naming the flag, and of the address the host only.
    pub(super) fn check_web(&self, address: &Url) -> Result<(), Error> {
        let wanted = address.host().map(|host| host.to_owned());
        let is_named = |name: &String| host_named(name).is_some_and(|named| Some(named) == wanted);
        let leaves = |only: &Only| match only {
            Only::Net(left) => left.iter().any(is_named),
            _ => true,
        };
        if !self.only.iter().all(leaves) {
            let host = address.host_str().unwrap_or_default();
            return Err(narrowed(format!("the script may not reach `{host}`")));
        }
        if self.all || self.net.iter().any(is_named) {
            return Ok(());
        }
        Err(unreachable_host(address.host_str().unwrap_or_default()))
    }

    /// Whether scripts may see the variable `name`.
    ///
    /// # Errors
    /// `not_allowed` naming the flag.
    pub(super) fn check_env(&self, name: &str) -> Result<(), Error> {
        let refused = |why: &str| {
            let message = format!("the script may not see the variable `{name}`{why}");
            Error::new(ErrorKind::NotAllowed, message)
        };
        if self
            .closed_env
            .iter()
            .any(|closed| is_variable(closed, name))
        {
            return Err(refused(": it is closed to scripts"));
        }
        let leaves = |only: &Only| match only {
            Only::Env(left) => left.iter().any(|left| is_variable(left, name)),
            _ => true,
        };
        if !self.only.iter().all(leaves) {
            let message = format!("the script may not see the variable `{name}`");
            return Err(narrowed(message));
        }
        if self.all || self.env.iter().any(|open| is_variable(open, name)) {
            return Ok(());
        }
        Err(refused("").with_hint(format!("allow it with `--allow-env {name}`")))
    }

    /// Whether scripts may reach `host`.
    ///
    /// # Errors
    /// `not_allowed` naming the flag.
    pub(super) fn check_net(&self, host: &str) -> Result<(), Error> {
        let named = |name: &String| name.eq_ignore_ascii_case(host);
        let leaves = |only: &Only| match only {
            Only::Net(left) => is_loopback(host) || left.iter().any(named),
            _ => true,
        };
        if !self.only.iter().all(leaves) {
            return Err(narrowed(format!("the script may not reach `{host}`")));
        }
        if self.all || is_loopback(host) || self.net.iter().any(named) {
            return Ok(());
        }
        Err(unreachable_host(host))
    }
}

fn unreachable_host(host: &str) -> Error {
    let message = format!("the script may not reach `{host}`");
    Error::new(ErrorKind::NotAllowed, message)
        .with_hint(format!("allow it with `--allow-net {host}`"))
}

/// A host as addresses have it, from how people write it.
fn host_named(name: &str) -> Option<url::Host> {
    match name.parse() {
        Ok(address) => Some(url::Host::Ipv6(address)),
        Err(_) => url::Host::parse(name).ok(),
    }
}

/// What is left of a sort of permissions.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Only {
    Read(Vec<PathBuf>),
    Write(Vec<PathBuf>),
    Net(Vec<String>),
    Env(Vec<String>),
}

/// What no flag would allow.
fn narrowed(message: String) -> Error {
    Error::new(ErrorKind::NotAllowed, message + ": its permissions leave that out").with_hint(
        "they are narrowed by the program, or by `dropscript.toml` beside the script, whatever else is allowed",
    )
}

/// What is to be done to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// A file is read, or a folder looked into.
    Read,
    /// All that is in a folder is read.
    ReadWhole,
    /// A file is written, or a folder made.
    Write,
    /// Things are put into a folder or taken out of it by names that are not looked at one by one.
    WriteWhole,
}

impl Access {
    fn writes(self) -> bool {
        matches!(self, Self::Write | Self::WriteWhole)
    }

    fn verb(self) -> &'static str {
        if self.writes() { "write" } else { "read" }
    }

    /// Why it cannot be done to `wanted`, where it comes upon what is closed.
    fn meets(self, wanted: &Path, closed: &Path) -> Option<String> {
        if wanted.starts_with(closed) {
            return Some("what this program keeps there is closed to scripts".to_owned());
        }
        let whole = match self {
            Self::Read | Self::Write => false,
            Self::ReadWhole => closed.is_dir(),
            Self::WriteWhole => true,
        };
        (whole && closed.starts_with(wanted)).then(|| {
            format!(
                "in it is `{}`, which is closed to scripts; name what lies beside that",
                closed.display()
            )
        })
    }
}

/// Whether two names are of one variable on this system.
fn is_variable(one: &str, other: &str) -> bool {
    if cfg!(windows) {
        one.eq_ignore_ascii_case(other)
    } else {
        one == other
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;
