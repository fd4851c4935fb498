//! Where the program keeps what it remembers.

use std::ffi::OsString;
use std::path::PathBuf;

use dropscript::{Error, ErrorKind, Result};

/// `DROPSCRIPT_STATE`, else `dropscript` in `$XDG_STATE_HOME`, else in `~/.local/state`; `None` without a home.
pub(super) fn state_folder() -> Option<PathBuf> {
    find(|name| std::env::var_os(name), std::env::home_dir())
}

/// The same where nothing can be done without it.
///
/// # Errors
/// There is no home.
pub(super) fn the_state_folder() -> Result<PathBuf> {
    state_folder().ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidArgument,
            "nobody knows where the state is kept: there is no home",
        )
        .with_hint("name a folder with `DROPSCRIPT_STATE`")
    })
}

fn find(variable: impl Fn(&str) -> Option<OsString>, home: Option<PathBuf>) -> Option<PathBuf> {
    set(&variable, "DROPSCRIPT_STATE")
        .or_else(|| own_folder(&variable, "XDG_STATE_HOME", home, ".local/state"))
}

/// A path from the environment, where there is one.
pub(super) fn set(variable: &impl Fn(&str) -> Option<OsString>, name: &str) -> Option<PathBuf> {
    variable(name)
        .map(PathBuf::from)
        .filter(|path| !path.as_os_str().is_empty())
}

/// The program's folder in one of the base directories, which `below` the home is where the environment names none.
pub(super) fn own_folder(
    variable: &impl Fn(&str) -> Option<OsString>,
    base: &str,
    home: Option<PathBuf>,
    below: &str,
) -> Option<PathBuf> {
    // The XDG base directory specification has relative paths ignored.
    let named = set(variable, base).filter(|path| path.is_absolute());
    Some(
        named
            .or_else(|| Some(home?.join(below)))?
            .join("dropscript"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_setting_wins() {
        let found = |set: &[(&str, &str)], home: Option<&str>| {
            let variable = |name: &str| {
                set.iter()
                    .find(|(known, _)| *known == name)
                    .map(|(_, value)| (*value).into())
            };
            find(variable, home.map(PathBuf::from)).map(|path| path.display().to_string())
        };
        let both = [("DROPSCRIPT_STATE", "/s"), ("XDG_STATE_HOME", "/x")];
        assert_eq!(found(&both, Some("/h")).as_deref(), Some("/s"));
        assert_eq!(
            found(&both[1..], Some("/h")).as_deref(),
            Some("/x/dropscript")
        );
        assert_eq!(
            found(&[("XDG_STATE_HOME", "x")], Some("/h")).as_deref(),
            Some("/h/.local/state/dropscript")
        );
        assert_eq!(found(&[], None), None);
    }
}
