//! curl, which a person would have to tell each call.

use std::fs::{self, File};
use std::io::{Read as _, copy};
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::dropbox::Dropbox;

/// Bytes in a call: Dropbox takes 150 MiB at most.
const PIECE: u64 = 128 << 20;

/// A file to the folder `there`, in a session.
pub(crate) fn upload(dropbox: &Dropbox, here: &Path, there: &str) -> Command {
    let mut start = Command::new("curl");
    call(
        &mut start,
        dropbox,
        "files/upload_session/start",
        &json!({}),
    );
    let started = start.args(["--data-binary", ""]).output().expect("curl");
    let started: Value = serde_json::from_slice(&started.stdout).expect("a session");
    let session = &started["session_id"];

    let name = here.file_name().expect("a name").display();
    let mut curl = Command::new("curl");
    let mut file = File::open(here).expect("a file");
    let size = file.metadata().expect("a file").len();
    for offset in (0..size).step_by(usize::try_from(PIECE).expect("it fits")) {
        let piece = dropbox.path(&format!("piece-{offset}"));
        let mut written = File::create(&piece).expect("a file");
        copy(&mut (&mut file).take(PIECE), &mut written).expect("a piece");
        let cursor = json!({ "cursor": { "session_id": session, "offset": offset } });
        call(
            &mut curl,
            dropbox,
            "files/upload_session/append_v2",
            &cursor,
        );
        curl.arg("--upload-file").arg(piece).arg("--next");
    }
    let finish = json!({
        "cursor": { "session_id": session, "offset": size }, "commit": { "path": format!("/{there}/{name}") },
    });
    call(&mut curl, dropbox, "files/upload_session/finish", &finish);
    curl.args(["--data-binary", ""]);
    curl
}

/// A file from there to the folder `here`.
pub(crate) fn download(dropbox: &Dropbox, there: &str, here: &Path) -> Command {
    fs::create_dir_all(here).expect("a folder");
    let name = there.rsplit('/').next().expect("a name");
    let mut curl = Command::new("curl");
    let path = json!({ "path": format!("/{there}") });
    call(&mut curl, dropbox, "files/download", &path);
    curl.arg("--output").arg(here.join(name));
    curl
}

fn call(curl: &mut Command, dropbox: &Dropbox, route: &str, argument: &Value) {
    curl.args(["--silent", "--show-error", "--fail", "--request", "POST"])
        .arg("--cacert")
        .arg(dropbox.ca())
        .args(["--header", "Authorization: Bearer emulator-access-token"])
        .args(["--header", "Content-Type: application/octet-stream"])
        .args(["--header", &format!("Dropbox-API-Arg: {argument}")])
        .arg(format!("{}/2/{route}", dropbox.tls_url()));
}
