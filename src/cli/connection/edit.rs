//! Adding, changing, copying and removing connections.

use dropscript::{ConfigDraft, Error, ErrorKind, Result};

use super::Desk;
use super::args::SettingArgs;
use super::questions::{self, Answers};
use super::secrets::{self, Secrets};
use crate::cli::prompt;
use crate::cli::saved::has_registered_app;

/// Adds a connection.
pub(super) async fn add(desk: &Desk, name: &str, given: &SettingArgs) -> Result<()> {
    // What cannot be added should not be asked about.
    let config = desk.file.read()?;
    config.check_new(name)?;
    let mut answers = answers(given)?;
    if answers.is_empty() && prompt::somebody_is_there() {
        answers = questions::about_new(desk.voice, has_registered_app(&config))?;
    }
    let is_first = desk.file.change(|draft| {
        draft.add(name)?;
        apply(draft, name, &answers)?;
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
    let config = desk.file.read()?;
    let settings = config.settings(name)?;
    answers.secrets.keep(desk, name, settings).await
}

/// Changes settings of a connection.
pub(super) async fn edit(desk: &Desk, name: &str, given: &SettingArgs) -> Result<()> {
    let config = desk.file.read()?;
    let before = config.settings(name)?;
    let mut answers = answers(given)?;
    if answers.is_empty() {
        if !prompt::somebody_is_there() {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "nothing is to be changed, and nobody is at a terminal to be asked",
            )
            .with_hint("give settings, as `--timeout 30s`; `--help` lists them"));
        }
        answers = questions::about(desk.voice, before)?;
    }
    desk.file.change(|draft| apply(draft, name, &answers))?;
    let changed = answers.changes.iter().map(|(setting, _)| *setting);
    let names: Vec<_> = changed
        .chain(answers.secrets.names())
        .map(|setting| format!("`{setting}`"))
        .collect();
    desk.voice.status(&if names.is_empty() {
        format!("`{name}` is as it was")
    } else {
        format!("changed {} of `{name}`", names.join(", "))
    });
    let config = desk.file.read()?;
    let after = config.settings(name)?;
    if before.credentials != after.credentials {
        desk.voice.warning(&format!(
            "what is stored of `{name}` stays where it was, and is not looked for there any more: sign in again with `dropscript connection login {name}`"
        ));
    }
    let is_another_app = before.app != after.app || before.app_key != after.app_key;
    if is_another_app && answers.secrets.app_secret.is_none() {
        secrets::forget_app_secret(desk, name, after).await?;
    }
    answers.secrets.keep(desk, name, after).await
}

/// Adds a connection with the settings of another.
pub(super) async fn clone(desk: &Desk, from: &str, to: &str, with_credentials: bool) -> Result<()> {
    desk.file.change(|draft| draft.copy(from, to))?;
    desk.voice
        .status(&format!("added `{to}` with the settings of `{from}`"));
    if with_credentials {
        let config = desk.file.read()?;
        return secrets::copy(desk, from, to, config.settings(to)?).await;
    }
    desk.voice.status(&format!(
        "its credentials stay its own; sign in with `dropscript connection login {to}`"
    ));
    Ok(())
}

/// Removes a connection, and what is stored of it.
pub(super) async fn remove(desk: &Desk, name: &str, yes: bool) -> Result<()> {
    let config = desk.file.read()?;
    let settings = config.settings(name)?;
    if !yes {
        if !prompt::somebody_is_there() {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("nobody is at a terminal to be asked whether to remove `{name}`"),
            )
            .with_hint("say so with `--yes`"));
        }
        if !prompt::yes(&format!(
            "Remove the connection `{name}` and what is stored of it?"
        ))? {
            desk.voice.status(&format!("`{name}` stays"));
            return Ok(());
        }
    }
    // Before the connection: without it nobody would know where they are.
    secrets::remove(desk, name, settings).await?;
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

fn answers(given: &SettingArgs) -> Result<Answers> {
    Ok(Answers {
        changes: given.changes(),
        secrets: Secrets::from_input(given)?,
    })
}

fn apply(draft: &mut ConfigDraft, name: &str, answers: &Answers) -> Result<()> {
    for (setting, value) in &answers.changes {
        draft.set(name, setting, value)?;
    }
    // What is of no use is refused before anything is written.
    answers.secrets.check(&draft.settings(name)?)
}
