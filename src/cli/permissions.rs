//! What scripts may do unless more is allowed.

use std::path::{Path, PathBuf};

use dropscript::{Config, Grants, Permissions};

use super::args::AllowArgs;
use super::credentials::SECRET_VARIABLES;

/// The permissions of a command's runs: the working directory, the script's own folder, what is watched, what was allowed here and
/// what the configuration grants, less what either forbids. A working directory that is the root, the home or above it is too much
/// to give away unasked. What the program keeps for itself is closed: the configuration, which could grant more, and the state, with
/// the credentials in it.
pub(super) fn permissions(
    allow: &AllowArgs,
    script: Option<&Path>,
    watched: &[PathBuf],
    config: &Config,
    own: Vec<PathBuf>,
) -> Permissions {
    let current = std::env::current_dir().ok();
    permissions_in(current.as_deref(), allow, script, watched, config, own)
}

/// The same where scripts work in another folder than the program.
pub(super) fn permissions_in(
    folder: Option<&Path>,
    allow: &AllowArgs,
    script: Option<&Path>,
    watched: &[PathBuf],
    config: &Config,
    own: Vec<PathBuf>,
) -> Permissions {
    let lasting = config.grants(script, std::env::home_dir().as_deref());
    let all = allow.all || lasting.iter().any(|grants| grants.all);
    let mut permissions = if all {
        Permissions::all()
    } else {
        granted(folder, allow, script, watched, &lasting)
    };
    for path in own {
        permissions = permissions.closed(path);
    }
    for secret in SECRET_VARIABLES {
        permissions = permissions.closed_env(secret);
    }
    if allow.read_only || lasting.iter().any(|grants| grants.read_only) {
        permissions = permissions.read_only();
    }
    if allow.no_delete || lasting.iter().any(|grants| grants.no_delete) {
        permissions = permissions.no_delete();
    }
    // Each of them is a promise, so the least counts.
    let limits = lasting.iter().map(|grants| grants.max_delete);
    match limits.chain([allow.max_delete]).flatten().min() {
        Some(files) => permissions.max_delete(files),
        None => permissions,
    }
}

fn granted(
    folder: Option<&Path>,
    allow: &AllowArgs,
    script: Option<&Path>,
    watched: &[PathBuf],
    lasting: &[Grants],
) -> Permissions {
    let mut permissions = Permissions::none();
    let home = std::env::home_dir();
    if let Some(Ok(folder)) = folder.map(std::fs::canonicalize)
        && !is_too_wide(&folder, home.as_deref())
    {
        permissions = permissions.read(&folder).write(folder);
    }
    if let Some(folder) = script.and_then(folder_of) {
        permissions = permissions.read(folder);
    }
    for path in watched.iter().chain(&allow.read) {
        permissions = permissions.read(path);
    }
    for path in &allow.write {
        permissions = permissions.write(path);
    }
    for host in &allow.net {
        permissions = permissions.net(host);
    }
    for name in &allow.env {
        permissions = permissions.env(name);
    }
    for grants in lasting {
        permissions = grants.read.iter().fold(permissions, Permissions::read);
        permissions = grants.write.iter().fold(permissions, Permissions::write);
        permissions = grants.net.iter().fold(permissions, Permissions::net);
        permissions = grants.env.iter().fold(permissions, Permissions::env);
    }
    permissions
}

fn folder_of(script: &Path) -> Option<PathBuf> {
    Some(std::fs::canonicalize(script).ok()?.parent()?.to_owned())
}

fn is_too_wide(folder: &Path, home: Option<&Path>) -> bool {
    let home = home.map(|home| std::fs::canonicalize(home).unwrap_or_else(|_| home.to_owned()));
    folder.parent().is_none() || home.is_some_and(|home| home.starts_with(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_home_and_what_is_above_it_is_too_wide() {
        let home = Some(Path::new("/no/such/home"));
        for folder in ["/", "/no", "/no/such", "/no/such/home"] {
            assert!(is_too_wide(Path::new(folder), home), "{folder}");
        }
        for folder in ["/no/such/home/work", "/srv", "/no/such/homes"] {
            assert!(!is_too_wide(Path::new(folder), home), "{folder}");
        }
        assert!(is_too_wide(Path::new("/"), None));
    }
}
