//! A code, or the address of a page, that a person pastes.

use std::io::{self, BufRead as _};

use dropscript::{Error, ErrorKind, Result, Secret, SignIn};
use tokio::sync::oneshot;

use crate::cli::voice::write;

/// Shows where to go, and asks for what Dropbox shows there, until it can be one.
///
/// # Errors
/// `not_signed_in` where the person refused, or the input ends.
pub(super) async fn code(sign_in: &SignIn) -> Result<Secret> {
    // Said however quiet the rest is to be: without it there is nothing to paste.
    write(&format!(
        "Open this page in a browser, and allow the app:\n\n  {}\n\n",
        sign_in.authorize_url()
    ));
    let question = match sign_in.redirect_uri() {
        None => "Then paste the code that Dropbox shows: ".to_owned(),
        Some(uri) => format!("Then paste the address that it goes to, which begins with `{uri}`: "),
    };
    loop {
        write(&question);
        let Some(line) = line().await? else {
            let message = "nobody pasted the code that Dropbox shows";
            return Err(Error::new(ErrorKind::NotSignedIn, message));
        };
        match sign_in.read_pasted(&line) {
            Err(error) if error.kind() == ErrorKind::InvalidArgument => {
                write(&format!("{error}\n"));
            }
            read => return read,
        }
    }
}

/// A line of standard input, read on a thread of its own: nothing waits for that one when the program is interrupted.
async fn line() -> Result<Option<String>> {
    let (done, read) = oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        done.send(read.map(|length| (length > 0).then_some(line)))
            .is_ok()
    });
    let read = read
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::UnexpectedEof.into()));
    read.map_err(|error| {
        Error::new(ErrorKind::LocalIo, "cannot read what was pasted").with_source(error)
    })
}
