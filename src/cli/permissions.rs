//! What scripts may do unless more is allowed.

use std::path::{Path, PathBuf};

use dropscript::{Config, Error, Grants, Permissions, Restrictions, Result};

use super::args::AllowArgs;
use super::credentials::SECRET_VARIABLES;

/// The permissions of a command's runs: the working directory, the script's own folder, what is watched, what was allowed here and
/// what the configuration grants, less what either forbids. A working directory that is the root, the home or above it is too much
/// to give away unasked. What the program keeps for itself is closed: the configuration, which could grant more, and the state, with
/// the credentials in it.
///
/// # Errors
/// What lies beside the script to narrow its permissions cannot be read, or is wrong.
pub(super) fn permissions(
    allow: &AllowArgs,
    script: Option<&Path>,
    watched: &[PathBuf],
    config: &Config,
    own: Vec<PathBuf>,
) -> Result<Permissions> {
    let current = std::env::current_dir().ok();
    permissions_in(current.as_deref(), allow, script, watched, config, own)
}

/// The same where scripts work in another folder than the program.
///
/// # Errors
/// As [`permissions`].
pub(super) fn permissions_in(
    folder: Option<&Path>,
    allow: &AllowArgs,
    script: Option<&Path>,
    watched: &[PathBuf],
    config: &Config,
    own: Vec<PathBuf>,
) -> Result<Permissions> {
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
    let mut limits: Vec<u64> = lasting
        .iter()
        .filter_map(|grants| grants.max_delete)
        .collect();
    limits.extend(allow.max_delete);
    if let Some(folder) = script.and_then(folder_of)
        && let Some(restrictions) = beside(&folder)?
    {
        permissions = narrowed(permissions, &restrictions).closed(folder.join(Restrictions::FILE));
        limits.extend(restrictions.max_delete);
    }
    Ok(match limits.into_iter().min() {
        Some(files) => permissions.max_delete(files),
        None => permissions,
    })
}

/// What the folder of a script has to say of permissions.
fn beside(folder: &Path) -> Result<Option<Restrictions>> {
    let file = folder.join(Restrictions::FILE);
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        // Nobody knows what it would have forbidden.
        Err(cause) => return Err(Error::io("read", file, cause)),
    };
    let restrictions = Restrictions::parse(&text, &file.display().to_string())?;
    let home = std::env::home_dir();
    Ok(Some(restrictions.in_folder(folder, home.as_deref())))
}

fn narrowed(mut permissions: Permissions, to: &Restrictions) -> Permissions {
    if let Some(paths) = &to.read {
        permissions = permissions.only_read(paths);
    }
    if let Some(paths) = &to.write {
        permissions = permissions.only_write(paths);
    }
    if let Some(hosts) = &to.net {
        permissions = permissions.only_net(hosts);
    }
    if let Some(names) = &to.env {
        permissions = permissions.only_env(names);
    }
    if to.read_only {
        permissions = permissions.read_only();
    }
    if to.no_delete {
        permissions = permissions.no_delete();
    }
    permissions
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
