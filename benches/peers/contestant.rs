//! Who does the work: this program; rclone as it comes and as its users tune it; the official SDK; and curl, which does nothing but
//! carry bytes.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::curl;
use super::dropbox::Dropbox;
use super::work::Work;

/// One that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contestant {
    Dropscript,
    /// As it comes.
    Rclone,
    /// 32 transfers, batches that are waited for.
    RcloneSync,
    /// 32 transfers, batches that are not: what it says is not checked.
    RcloneAsync,
    /// The official Python SDK, as its documentation uses it.
    Sdk,
    /// Bytes over one connection, in as few calls as Dropbox allows, nothing compared.
    Curl,
}

/// The options of rclone's users who want many small files quickly.
const TUNED: [&str; 6] = [
    "--transfers",
    "32",
    "--checkers",
    "32",
    "--dropbox-batch-size",
    "1000",
];

/// Those for large files: parts as large as they may be.
const LARGE: [&str; 2] = ["--dropbox-chunk-size", "144M"];

impl Contestant {
    pub(crate) const ALL: &[Contestant] = &[
        Contestant::Dropscript,
        Contestant::Rclone,
        Contestant::RcloneSync,
        Contestant::RcloneAsync,
        Contestant::Sdk,
        Contestant::Curl,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Contestant::Dropscript => "dropscript",
            Contestant::Rclone => "rclone",
            Contestant::RcloneSync => "rclone, 32 at a time, sync",
            Contestant::RcloneAsync => "rclone, 32 at a time, async",
            Contestant::Sdk => "Python SDK",
            Contestant::Curl => "curl",
        }
    }

    pub(crate) fn enters(self, work: Work) -> bool {
        match self {
            Contestant::Dropscript => true,
            Contestant::Rclone | Contestant::RcloneSync => !work.is_heavy(),
            // How it commits makes a difference only where many files go up.
            Contestant::RcloneAsync => matches!(work, Work::SmallUp | Work::Again),
            Contestant::Sdk => matches!(work, Work::SmallUp | Work::LargeUp),
            Contestant::Curl => matches!(work, Work::LargeUp | Work::LargeDown),
        }
    }

    /// A folder's contents, or a file, from here to the folder `there`.
    pub(crate) fn upload(self, dropbox: &Dropbox, here: &Path, there: &str) -> Command {
        match self {
            Contestant::Dropscript => {
                let here = here.display();
                script(dropbox, &format!("dbx.upload(\"{here}\", \"/{there}\")"))
            }
            Contestant::Sdk => sdk(dropbox, here, there),
            Contestant::Curl => curl::upload(dropbox, here, there),
            _ => self.rclone(
                dropbox,
                &["copy", &here.display().to_string(), &format!("box:{there}")],
            ),
        }
    }

    /// A folder's contents, or a file, from there to the folder `here`.
    pub(crate) fn download(self, dropbox: &Dropbox, there: &str, here: &Path) -> Command {
        match self {
            Contestant::Dropscript => {
                let here = here.display();
                script(dropbox, &format!("dbx.download(\"/{there}\", \"{here}\")"))
            }
            Contestant::Curl => curl::download(dropbox, there, here),
            _ => self.rclone(
                dropbox,
                &["copy", &format!("box:{there}"), &here.display().to_string()],
            ),
        }
    }

    /// All names below a folder.
    pub(crate) fn list(self, dropbox: &Dropbox, there: &str) -> Command {
        match self {
            Contestant::Dropscript => script(
                dropbox,
                &format!("print(dbx.list(\"/{there}\", #{{ subfolders: true }}).count())"),
            ),
            _ => self.rclone(dropbox, &["lsf", "-R", &format!("box:{there}")]),
        }
    }

    fn rclone(self, dropbox: &Dropbox, arguments: &[&str]) -> Command {
        let mut rclone = Command::new(environment().join("bin/rclone"));
        let config = dropbox.path("rclone.conf");
        let token = r#"{"access_token":"emulator-access-token","token_type":"bearer","refresh_token":"emulator-refresh-token","expiry":"2099-01-01T00:00:00Z"}"#;
        let settings = format!(
            "[box]\ntype = dropbox\nclient_id = emulator-app\nclient_secret = emulator-secret\ntoken = {token}\n"
        );
        std::fs::write(&config, settings).expect("a file");
        rclone
            .arg("--config")
            .arg(config)
            .args(arguments)
            .env("HTTPS_PROXY", dropbox.proxy_url())
            .env("SSL_CERT_FILE", dropbox.ca());
        match self {
            Contestant::RcloneSync => {
                rclone.args(TUNED).args(LARGE);
                rclone.args(["--dropbox-batch-mode", "sync"]);
            }
            Contestant::RcloneAsync => {
                rclone.args(TUNED).args(["--dropbox-batch-mode", "async"]);
            }
            _ => {}
        }
        rclone
    }
}

/// The program, with a line of script.
fn script(dropbox: &Dropbox, line: &str) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_dropscript"));
    let code = format!(
        "let dbx = dropbox(#{{ endpoint: \"{}\", ca_file: \"{}\", access_token: \"emulator-access-token\" }});\n{line};",
        dropbox.tls_url(),
        dropbox.ca().display()
    );
    program
        .args(["eval", &code, "--allow-all"])
        .env("DROPSCRIPT_STATE", dropbox.path("state"));
    program
}

/// The official SDK, told where to go by its own environment variables.
fn sdk(dropbox: &Dropbox, here: &Path, there: &str) -> Command {
    let host = dropbox.tls_url().trim_start_matches("https://");
    let mut python = Command::new(environment().join("bin/python3"));
    python
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/sdk.py"))
        .arg(here)
        .arg(format!("/{there}"))
        .env("DROPBOX_API_HOST", host)
        .env("DROPBOX_API_CONTENT_HOST", host)
        .env("REQUESTS_CA_BUNDLE", dropbox.ca());
    python
}

/// What `tests/run` installs for the tests.
fn environment() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let environment = target.expect("a target folder").join("test-env");
    assert!(
        environment.join("bin/rclone").exists(),
        "rclone is missing: `tests/run` installs it"
    );
    environment
}
