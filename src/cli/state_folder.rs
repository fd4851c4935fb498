//! Where the program keeps what it remembers.

use std::ffi::OsString;
use std::path::PathBuf;

/// `DROPSCRIPT_STATE`, else `dropscript` in `$XDG_STATE_HOME`, else in `~/.local/state`; `None` without a home.
pub(super) fn state_folder() -> Option<PathBuf> {
    find(|name| std::env::var_os(name), std::env::home_dir())
}

fn find(variable: impl Fn(&str) -> Option<OsString>, home: Option<PathBuf>) -> Option<PathBuf> {
    let set = |name| {
        variable(name)
            .map(PathBuf::from)
            .filter(|path| !path.as_os_str().is_empty())
    };
    // The XDG base directory specification has relative paths ignored.
    let base = || set("XDG_STATE_HOME").filter(|path| path.is_absolute());
    set("DROPSCRIPT_STATE").or_else(|| {
        Some(
            base()
                .or_else(|| Some(home?.join(".local/state")))?
                .join("dropscript"),
        )
    })
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
