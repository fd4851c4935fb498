//! Where the configuration is.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use dropscript::{ConfigFile, Error, ErrorKind, Result};

use super::state_folder::{own_folder, set};

/// `--config`, else `DROPSCRIPT_CONFIG`, else `dropscript/config.toml` in `$XDG_CONFIG_HOME`, else in `~/.config`.
///
/// # Errors
/// `invalid_argument` where there is not even a home.
pub(super) fn config_file(given: Option<&Path>) -> Result<ConfigFile> {
    find(given, |name| std::env::var_os(name), std::env::home_dir())
        .map(ConfigFile::at)
        .ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidArgument,
                "nobody knows where the configuration is: there is no home",
            )
            .with_hint("name the file with `--config FILE` or `DROPSCRIPT_CONFIG`")
        })
}

fn find(
    given: Option<&Path>,
    variable: impl Fn(&str) -> Option<OsString>,
    home: Option<PathBuf>,
) -> Option<PathBuf> {
    let own = || own_folder(&variable, "XDG_CONFIG_HOME", home, ".config");
    given
        .map(Path::to_owned)
        .or_else(|| set(&variable, "DROPSCRIPT_CONFIG"))
        .or_else(|| Some(own()?.join("config.toml")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_setting_wins() {
        let all = [("DROPSCRIPT_CONFIG", "/c.toml"), ("XDG_CONFIG_HOME", "/x")];
        let found = |given: Option<&str>, set: &[(&str, &str)]| {
            let variable = |name: &str| {
                let found = set.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).into())
            };
            let path = find(given.map(Path::new), variable, Some("/h".into()));
            path.expect("a home").display().to_string()
        };
        assert_eq!(found(Some("mine.toml"), &all), "mine.toml");
        assert_eq!(found(None, &all), "/c.toml");
        assert_eq!(found(None, &all[1..]), "/x/dropscript/config.toml");
        assert_eq!(found(None, &[]), "/h/.config/dropscript/config.toml");
    }
}
