//! Signing in and out.

use dropscript::{Browser, Error, ErrorKind, Result};

use super::Desk;
use crate::cli::interrupt::Interrupts;
use crate::cli::report::Status;
use crate::cli::saved::Saved;
use crate::cli::sign_in::sign_in;

/// Signs in, and says as whom.
///
/// # Errors
/// Those of the sign-in.
pub(super) async fn login(
    desk: &Desk,
    name: Option<&str>,
    browser: Option<Browser>,
) -> Result<Status> {
    let config = desk.file.read()?;
    let (name, _) = config.meant(name)?;
    let mut saved = Saved::open(&config, name).await?;
    saved.settings.browser = browser.unwrap_or(saved.settings.browser);
    let interrupts = Interrupts::listen().map_err(|error| {
        Error::new(ErrorKind::LocalIo, "cannot listen for interrupts").with_source(error)
    })?;
    // Given up here rather than where it stands, so that a private window closes.
    let place = tokio::select! {
        place = sign_in(desk.voice, &saved) => place?,
        () = interrupts.token().cancelled_owned() => {
            return Ok(interrupts.status().unwrap_or(Status::INTERRUPTED));
        }
    };
    desk.voice.status(&format!("signed in; stored in {place}"));
    // A token of a whole team is nobody's in particular.
    match saved.connect()?.account().await {
        Ok(account) => desk.voice.status(&format!(
            "`{name}` is {}, {}",
            account.name.display_name, account.email
        )),
        Err(error) => desk.voice.warning(&error.full_message()),
    }
    Ok(Status::OK)
}

/// Signs out: at Dropbox, and here.
pub(super) async fn logout(desk: &Desk, name: Option<&str>) -> Result<()> {
    let config = desk.file.read()?;
    let (name, _) = config.meant(name)?;
    let saved = Saved::open(&config, name).await?;
    if !saved.stored.is_signed_in() {
        desk.voice
            .status(&format!("nobody is signed in to `{name}`"));
        return Ok(());
    }
    let signed_out = saved.connect()?.sign_out().await?;
    desk.voice
        .status(&format!("signed out of `{name}`, and forgot the sign-in"));
    if let Some(error) = signed_out.not_revoked {
        desk.voice.warning(&format!(
            "Dropbox could not be told, so that copies of it would still work ({}): disconnect the app at https://www.dropbox.com/account/connected_apps",
            error.full_message()
        ));
    }
    Ok(())
}
