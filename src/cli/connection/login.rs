//! Signing in and out.

use dropscript::Result;

use super::Desk;
use crate::cli::saved::Saved;
use crate::cli::sign_in::sign_in;

/// Signs in, and says as whom.
pub(super) async fn login(desk: &Desk, name: Option<&str>) -> Result<()> {
    let config = desk.file.read()?;
    let (name, _) = config.meant(name)?;
    let saved = Saved::open(&config, name).await?;
    let place = sign_in(desk.voice, &saved).await?;
    desk.voice.status(&format!("signed in; stored in {place}"));
    // A token of a whole team is nobody's in particular.
    match saved.connect()?.account().await {
        Ok(account) => desk.voice.status(&format!(
            "`{name}` is {}, {}",
            account.name.display_name, account.email
        )),
        Err(error) => desk.voice.warning(&error.full_message()),
    }
    Ok(())
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
