//! `emulator`: a Dropbox on this machine.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use dropscript::emulator::Emulator;
use dropscript::{Error, ErrorKind, Result};
use serde::Serialize;

use super::interrupt::Interrupts;
use super::report::{self, Status};
use super::voice::Voice;

const APP_KEY: &str = "emulator-app";
const APP_SECRET: &str = "emulator-secret";

/// Where to reach it, and with what.
#[derive(Serialize)]
struct Listening<'a> {
    event: &'a str,
    url: &'a str,
    access_token: String,
    refresh_token: String,
    app_key: &'a str,
    app_secret: &'a str,
}

/// Serves until a signal says to end.
pub(super) async fn main(
    voice: Voice,
    dir: Option<PathBuf>,
    listen: SocketAddr,
    json: bool,
) -> Status {
    let (emulator, interrupts) = match start(dir, listen) {
        Ok(started) => started,
        Err(error) => return report::refuse(voice, &error),
    };
    let listening = Listening {
        event: "listening",
        url: emulator.url(),
        access_token: emulator.access_token(""),
        refresh_token: emulator.refresh_token(""),
        app_key: APP_KEY,
        app_secret: APP_SECRET,
    };
    let text = if json {
        serde_json::to_string(&listening).expect("it has no map keys but text") + "\n"
    } else {
        listening.to_text()
    };
    // It serves all the same where nobody reads this.
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    drop(out);
    interrupts.token().cancelled().await;
    interrupts.status().unwrap_or(Status::INTERRUPTED)
}

fn start(dir: Option<PathBuf>, listen: SocketAddr) -> Result<(Emulator, Interrupts)> {
    let failed = |message: String| {
        move |source: std::io::Error| Error::new(ErrorKind::LocalIo, message).with_source(source)
    };
    let mut builder = Emulator::builder().listen(listen);
    if let Some(dir) = dir {
        builder = builder.directory(dir);
    }
    let interrupts =
        Interrupts::listen().map_err(failed("cannot listen for signals".to_owned()))?;
    let emulator = builder
        .start()
        .map_err(failed(format!("cannot start an emulator at `{listen}`")))?;
    Ok((emulator, interrupts))
}

impl Listening<'_> {
    fn to_text(&self) -> String {
        let Self {
            url,
            access_token,
            refresh_token,
            app_key,
            app_secret,
            ..
        } = self;
        format!(
            "\
A Dropbox on this machine at {url}

  access token   {access_token}
  refresh token  {refresh_token}  (app key {app_key}, secret {app_secret})

In a script:
  let dbx = dropbox(#{{ endpoint: \"{url}\", access_token: \"{access_token}\" }});
With curl:
  curl -X POST {url}/2/users/get_current_account -H \"Authorization: Bearer {access_token}\"

Ctrl-C ends it.
"
        )
    }
}
