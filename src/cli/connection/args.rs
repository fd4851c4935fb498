//! What can be written behind `dropscript connection`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};
use dropscript::Browser;
use serde_json::{Value, json};

/// Where the configuration is.
#[derive(Clone, Debug, Default, Args)]
pub(in crate::cli) struct ConfigArgs {
    /// The configuration file: by default `DROPSCRIPT_CONFIG`, else `dropscript/config.toml` below `$XDG_CONFIG_HOME` or `~/.config`
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) config: Option<PathBuf>,
}

/// A command about connections.
#[derive(Debug, Args)]
pub(in crate::cli) struct ConnectionArgs {
    #[command(flatten)]
    pub(super) config: ConfigArgs,
    #[command(subcommand)]
    pub(super) command: ConnectionCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum ConnectionCommand {
    /// Add a connection: without settings here, at a terminal, questions are asked
    Add {
        /// What scripts call it
        name: String,
        #[command(flatten)]
        settings: Box<SettingArgs>,
    },
    /// Print the names of the connections, for completion
    #[command(hide = true)]
    Names,
    /// List the connections
    List {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Show the settings of a connection; secrets are never shown
    Show {
        /// Its name; without it the default
        name: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Change settings of a connection: without settings here, at a terminal, questions are asked
    #[command(
        after_help = "An empty value gives a setting its default again, as `--proxy-address ''`."
    )]
    Edit {
        /// Its name
        name: String,
        #[command(flatten)]
        settings: Box<SettingArgs>,
    },
    /// Add a connection with the settings of another
    Clone {
        /// The one to copy
        name: String,
        /// What scripts call the new one
        new_name: String,
        /// Copy what is stored of it too: the sign-in, the app's secret, the proxy's password
        #[arg(long)]
        with_credentials: bool,
    },
    /// Remove a connection and what is stored of it
    Remove {
        /// Its name
        name: String,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// Sign in to a connection, with a browser
    Login {
        /// Its name; without it the default
        name: Option<String>,
        /// Where, in place of what the settings say: `external`, `internal` or `none`
        #[arg(long, value_name = "WHERE", value_parser = browser)]
        browser: Option<Browser>,
    },
    /// Sign out of a connection: Dropbox ends the sign-in, and it is forgotten here
    Logout {
        /// Its name; without it the default
        name: Option<String>,
    },
    /// Look whether a connection works: servers, proxy, sign-in, clock
    Test {
        /// Its name; without it the default
        name: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Say which connection is meant where none is named, or show it
    Default {
        /// Its name
        name: Option<String>,
    },
}

/// The settings that a connection can have.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Settings")]
pub(super) struct SettingArgs {
    /// What sort of account it is for: `personal` or `business`
    #[arg(long, value_name = "KIND")]
    account: Option<String>,
    /// What lists put together
    #[arg(long, value_name = "TEXT")]
    group: Option<String>,
    /// How long a connection may stand still, as `60s`
    #[arg(long, value_name = "DURATION")]
    timeout: Option<String>,
    /// Which app signs in: `registered`, the one of this build or of `[app]`, or `own`
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    /// The key of your own app
    #[arg(long, value_name = "KEY")]
    app_key: Option<String>,
    /// Where Dropbox sends the browser after the sign-in, exactly as it is registered with the app
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    redirect_uri: Option<String>,
    /// Where you sign in: `external`, your own browser; `internal`, a private window; `none`, anywhere, and the code is pasted
    #[arg(long, value_name = "WHERE")]
    browser: Option<String>,
    /// A scope that the sign-in asks for; may be given several times
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Option<Vec<String>>,
    /// The folder that paths begin at: `auto`, `home`, `team` or the id of a namespace
    #[arg(long, value_name = "ROOT")]
    root: Option<String>,
    /// Business: act as this member, by id or email address
    #[arg(long, value_name = "MEMBER")]
    member: Option<String>,
    /// Business: act as this admin, by id or email address
    #[arg(long, value_name = "ADMIN")]
    admin: Option<String>,
    /// Another server that speaks the API, such as the emulator
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    endpoint: Option<String>,
    /// Authorities to trust beside the usual ones, in PEM
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    ca_file: Option<String>,
    /// Trust any certificate
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    accept_invalid_certificates: Option<bool>,
    /// Where secrets are kept: `auto`, `keyring`, `file` or `env`
    #[arg(long, value_name = "WHERE")]
    credentials: Option<String>,
    /// What the proxy speaks: `none`, `system`, `http`, `https`, `socks4` or `socks5`
    #[arg(long, value_name = "TYPE")]
    proxy_type: Option<String>,
    /// The proxy's name or IP address
    #[arg(long, value_name = "HOST")]
    proxy_address: Option<String>,
    /// The proxy's port
    #[arg(long, value_name = "PORT")]
    proxy_port: Option<String>,
    /// How the proxy is told who asks: `none`, `basic` or `ntlm`
    #[arg(long, value_name = "HOW")]
    proxy_authentication: Option<String>,
    /// The Windows domain of the user, for NTLM
    #[arg(long, value_name = "DOMAIN")]
    proxy_domain: Option<String>,
    /// The user that the proxy is told
    #[arg(long, value_name = "USER")]
    proxy_username: Option<String>,
    /// Who looks up the names of the servers, with SOCKS: `remote` or `local`
    #[arg(long, value_name = "WHO")]
    proxy_names: Option<String>,
    /// Store the secret of your own app, which is the next line of standard input; an empty one takes it away
    #[arg(long)]
    pub(super) app_secret_stdin: bool,
    /// Store the password for the proxy, which is the next line of standard input (after the app secret's); an empty one takes it away
    #[arg(long)]
    pub(super) proxy_password_stdin: bool,
}

impl SettingArgs {
    /// The settings that were given, in the order in which they are written.
    pub(super) fn changes(&self) -> Vec<(&'static str, Value)> {
        let text = |value: &Option<String>| value.clone().map(Value::String);
        // `--scope ''` takes all away.
        let scopes = self.scopes.as_ref().map(|scopes| {
            let scopes = scopes.iter().filter(|scope| !scope.is_empty());
            json!(scopes.collect::<Vec<_>>())
        });
        let all = [
            ("account", text(&self.account)),
            ("group", text(&self.group)),
            ("timeout", text(&self.timeout)),
            ("app", text(&self.app)),
            ("app_key", text(&self.app_key)),
            ("redirect_uri", text(&self.redirect_uri)),
            ("browser", text(&self.browser)),
            ("scopes", scopes),
            ("root", text(&self.root)),
            ("member", text(&self.member)),
            ("admin", text(&self.admin)),
            ("endpoint", text(&self.endpoint)),
            ("ca_file", text(&self.ca_file)),
            (
                "accept_invalid_certificates",
                self.accept_invalid_certificates.map(Value::Bool),
            ),
            ("credentials", text(&self.credentials)),
            ("proxy.type", text(&self.proxy_type)),
            ("proxy.address", text(&self.proxy_address)),
            // What is no number is refused for what it is.
            (
                "proxy.port",
                self.proxy_port.as_ref().map(|port| {
                    port.parse::<u16>()
                        .map_or_else(|_| json!(port), |port| json!(port))
                }),
            ),
            ("proxy.authentication", text(&self.proxy_authentication)),
            ("proxy.domain", text(&self.proxy_domain)),
            ("proxy.username", text(&self.proxy_username)),
            ("proxy.names", text(&self.proxy_names)),
        ];
        all.into_iter()
            .filter_map(|(setting, value)| Some((setting, value?)))
            .collect()
    }
}

fn browser(text: &str) -> Result<Browser, String> {
    [Browser::External, Browser::Internal, Browser::None]
        .into_iter()
        .find(|browser| browser.as_str() == text)
        .ok_or_else(|| format!("it is {}", Browser::WORDS.join(", ")))
}
