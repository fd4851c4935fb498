//! `emulator`: a Dropbox on this machine.

mod args;

use std::io::Write;
use std::path::Path;

use dropscript::emulator::{AccountKind, Emulator, EmulatorBuilder, Fault, Quirk};
use dropscript::{Error, ErrorKind, Result};
use serde::Serialize;

pub(super) use args::EmulatorArgs;
use args::{AccountArg, QuirkArg};

use super::interrupt::Interrupts;
use super::report::{self, Status};
use super::voice::Voice;

const APP_KEY: &str = "emulator-app";
const APP_SECRET: &str = "emulator-secret";

/// The accounts of the team's members.
const MEMBERS: [&str; 4] = [
    "team-admin",
    "team-member",
    "team-colleague",
    "team-suspended",
];

/// Where to reach it, and with what.
#[derive(Serialize)]
struct Listening<'a> {
    event: &'a str,
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connect_proxy_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ca: Option<&'a Path>,
    access_token: String,
    refresh_token: String,
    app_key: &'a str,
    app_secret: &'a str,
    folder_app: FolderApp,
    team: Team,
}

/// The app that has a folder only.
#[derive(Serialize)]
struct FolderApp {
    app_key: &'static str,
    app_secret: &'static str,
    access_token: String,
    refresh_token: String,
}

/// The team, for the same app as the user.
#[derive(Serialize)]
struct Team {
    access_token: String,
    refresh_token: String,
    members: Vec<Member>,
}

/// A member of the team.
#[derive(Serialize)]
struct Member {
    account: &'static str,
    team_member_id: Option<String>,
    access_token: String,
}

/// Serves until a signal says to end.
pub(super) async fn main(voice: Voice, args: EmulatorArgs) -> Status {
    if args.trouble.quirks.contains(&QuirkArg::List) {
        return list_quirks(voice);
    }
    let (emulator, interrupts) = match start(&args) {
        Ok(started) => started,
        Err(error) => return report::refuse(voice, &error),
    };
    let listening = Listening {
        event: "listening",
        url: emulator.url(),
        tls_url: emulator.tls_url(),
        connect_proxy_url: emulator.connect_proxy_url(),
        ca: args.ca_out.as_deref(),
        access_token: emulator.access_token(""),
        refresh_token: emulator.refresh_token(""),
        app_key: APP_KEY,
        app_secret: APP_SECRET,
        folder_app: FolderApp {
            app_key: "emulator-folder-app",
            app_secret: "emulator-folder-secret",
            access_token: emulator.folder_access_token(""),
            refresh_token: emulator.folder_refresh_token(""),
        },
        team: Team {
            access_token: emulator.team_access_token(),
            refresh_token: emulator.team_refresh_token(),
            members: MEMBERS.map(|account| member(&emulator, account)).into(),
        },
    };
    let text = if args.json {
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

fn member(emulator: &Emulator, account: &'static str) -> Member {
    Member {
        account,
        team_member_id: emulator.team_member_id(account),
        access_token: emulator.access_token(account),
    }
}

/// Tells the names of the quirks, and what each of them is.
fn list_quirks(voice: Voice) -> Status {
    let width = Quirk::ALL.iter().map(|quirk| quirk.name().len()).max();
    let width = width.unwrap_or_default();
    let mut out = std::io::stdout().lock();
    for quirk in Quirk::ALL {
        if let Err(error) = writeln!(out, "{:width$}  {}", quirk.name(), quirk.summary()) {
            return report::refuse(voice, &failed("cannot write the list".to_owned())(error));
        }
    }
    Status::OK
}

fn failed(message: String) -> impl FnOnce(std::io::Error) -> Error {
    move |source| Error::new(ErrorKind::LocalIo, message).with_source(source)
}

/// The emulator that the arguments ask for.
fn builder(args: &EmulatorArgs) -> Result<EmulatorBuilder> {
    let trouble = &args.trouble;
    let mut builder = Emulator::builder()
        .listen(args.listen)
        .seed(args.seed)
        .account(match args.account {
            AccountArg::Personal => AccountKind::Personal,
            AccountArg::Business => AccountKind::Business,
        })
        .latency(trouble.latency)
        .write_lock_as(trouble.write_lock_as);
    if let Some(rate) = trouble.bandwidth {
        builder = builder.bandwidth(rate);
    }
    if let Some(rate) = trouble.bandwidth_total {
        builder = builder.bandwidth_total(rate);
    }
    if let Some(rate) = trouble.rate_limit {
        builder = builder.rate_limit(rate);
    }
    if let Some(time) = trouble.write_lock {
        builder = builder.write_lock(time);
    }
    if let Some(bytes) = trouble.header_limit {
        builder = builder.header_limit(bytes);
    }
    if let Some(file) = &trouble.faults {
        let faults = std::fs::read_to_string(file).and_then(|text| Fault::list_from_toml(&text));
        let faults = faults.map_err(failed(format!("cannot use `{}`", file.display())))?;
        builder = faults.into_iter().fold(builder, EmulatorBuilder::fault);
    }
    for quirk in &trouble.quirks {
        if let QuirkArg::One(quirk) = quirk {
            builder = builder.quirk(*quirk);
        }
    }
    if let Some(folder) = &args.seed_from {
        builder = builder.seed_from(folder);
    }
    if let Some(dir) = &args.dir {
        builder = builder.directory(dir);
    }
    if let Some(address) = args.tls {
        builder = builder.tls(address);
    }
    if let Some(address) = args.connect_proxy {
        builder = builder.connect_proxy(address);
    }
    Ok(builder)
}

fn start(args: &EmulatorArgs) -> Result<(Emulator, Interrupts)> {
    let builder = builder(args)?;
    let interrupts =
        Interrupts::listen().map_err(failed("cannot listen for signals".to_owned()))?;
    let emulator = builder.start().map_err(failed(format!(
        "cannot start an emulator at `{}`",
        args.listen
    )))?;
    if let Some(file) = &args.ca_out {
        let pem = emulator.ca_pem().ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidArgument,
                "`--ca-out` has nothing to write: give `--tls` or `--connect-proxy` too",
            )
        })?;
        std::fs::write(file, pem).map_err(failed(format!("cannot write `{}`", file.display())))?;
    }
    Ok((emulator, interrupts))
}

impl Listening<'_> {
    fn to_text(&self) -> String {
        use std::fmt::Write as _;
        let Self {
            url,
            access_token,
            refresh_token,
            app_key,
            app_secret,
            folder_app,
            team,
            ..
        } = self;
        let mut text = format!(
            "\
A Dropbox on this machine at {url}

  access token   {access_token}
  refresh token  {refresh_token}  (app key {app_key}, secret {app_secret})
  of an app with a folder only
    access token   {}
    refresh token  {}  (app key {}, secret {})
  of the team
    access token   {}
    refresh token  {}
    members        team-admin, team-member, team-colleague, team-suspended; each has an access token such as {}

In a script:
  let dbx = dropbox(#{{ endpoint: \"{url}\", access_token: \"{access_token}\" }});
With curl:
  curl -X POST {url}/2/users/get_current_account -H \"Authorization: Bearer {access_token}\"
",
            folder_app.access_token,
            folder_app.refresh_token,
            folder_app.app_key,
            folder_app.app_secret,
            team.access_token,
            team.refresh_token,
            team.members[0].access_token,
        );
        let ca = self
            .ca
            .map_or("CA.PEM".into(), |path| path.to_string_lossy());
        if let Some(tls) = self.tls_url {
            let host = tls.trim_start_matches("https://");
            let _ = write!(
                text,
                "\
With the official SDK for Python, in TLS:
  H={host}; DROPBOX_API_HOST=$H DROPBOX_API_CONTENT_HOST=$H DROPBOX_API_NOTIFY_HOST=$H DROPBOX_WEB_HOST=$H \\
    REQUESTS_CA_BUNDLE={ca} python3 ...
"
            );
        }
        if let Some(proxy) = self.connect_proxy_url {
            let _ = write!(
                text,
                "\
With rclone, or anything else that takes a proxy:
  HTTPS_PROXY={proxy} SSL_CERT_FILE={ca} rclone ...
"
            );
        }
        text += "\nCtrl-C ends it.\n";
        text
    }
}
