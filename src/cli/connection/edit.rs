//! Adding, changing, copying and removing connections.

use dropscript::{ConfigDraft, Error, ErrorKind, Result};

use super::args::SettingArgs;
use super::questions::Changes;
use super::{Desk, prompt, questions};

/// Adds a connection.
pub(super) fn add(desk: &Desk, name: &str, settings: &SettingArgs) -> Result<()> {
    let mut changes = settings.changes();
    if changes.is_empty() && prompt::somebody_is_there() {
        // What cannot be added should not be asked about.
        let config = desk.file.read()?;
        config.check_new(name)?;
        changes = questions::about_new(desk.voice, config.app_key().is_some())?;
    }
    let is_first = desk.file.change(|draft| {
        draft.add(name)?;
        apply(draft, name, &changes)?;
        let is_first = draft.before().names().next().is_none();
        if is_first {
            draft.set_default(name)?;
        }
        Ok(is_first)
    })?;
    let file = desk.file.path().display();
    desk.voice.status(&format!("added `{name}` to {file}"));
    if is_first {
        desk.voice.status("it is the default");
    }
    Ok(())
}

/// Changes settings of a connection.
pub(super) fn edit(desk: &Desk, name: &str, settings: &SettingArgs) -> Result<()> {
    let mut changes = settings.changes();
    if changes.is_empty() {
        let config = desk.file.read()?;
        let current = config.settings(name)?;
        if !prompt::somebody_is_there() {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "nothing is to be changed, and nobody is at a terminal to be asked",
            )
            .with_hint("give settings, as `--timeout 30s`; `--help` lists them"));
        }
        changes = questions::about(desk.voice, current)?;
    }
    desk.file.change(|draft| apply(draft, name, &changes))?;
    let names: Vec<_> = changes
        .iter()
        .map(|(setting, _)| format!("`{setting}`"))
        .collect();
    desk.voice.status(&if names.is_empty() {
        format!("`{name}` is as it was")
    } else {
        format!("changed {} of `{name}`", names.join(", "))
    });
    Ok(())
}

/// Adds a connection with the settings of another.
pub(super) fn clone(desk: &Desk, name: &str, new_name: &str) -> Result<()> {
    desk.file.change(|draft| draft.copy(name, new_name))?;
    desk.voice.status(&format!(
        "added `{new_name}` with the settings of `{name}`; sign in with `dropscript connection login {new_name}`"
    ));
    Ok(())
}

/// Removes a connection.
pub(super) fn remove(desk: &Desk, name: &str, yes: bool) -> Result<()> {
    desk.file.read()?.settings(name)?;
    if !yes {
        if !prompt::somebody_is_there() {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("nobody is at a terminal to be asked whether to remove `{name}`"),
            )
            .with_hint("say so with `--yes`"));
        }
        if !prompt::yes(&format!("Remove the connection `{name}`?"))? {
            desk.voice.status(&format!("`{name}` stays"));
            return Ok(());
        }
    }
    let was_default = desk.file.change(|draft| {
        draft.remove(name)?;
        Ok(draft.before().default_name() == Some(name))
    })?;
    let file = desk.file.path().display();
    desk.voice.status(&format!("removed `{name}` from {file}"));
    if was_default {
        desk.voice
            .status("it was the default; choose another with `dropscript connection default NAME`");
    }
    Ok(())
}

/// Says which connection is meant where none is named.
pub(super) fn make_default(desk: &Desk, name: &str) -> Result<()> {
    desk.file.change(|draft| draft.set_default(name))?;
    desk.voice.status(&format!("`{name}` is the default"));
    Ok(())
}

fn apply(draft: &mut ConfigDraft, name: &str, changes: &Changes) -> Result<()> {
    for (setting, value) in changes {
        draft.set(name, setting, value)?;
    }
    Ok(())
}
