//! `docs`: the reference, printed.

use dropscript::reference::Reference;
use dropscript::{Error, ErrorKind, Host, Result};

use super::args::DocsArgs;
use super::output;
use super::report::{self, Status};
use super::voice::Voice;

/// Prints what was asked for on standard output.
pub(super) fn main(voice: Voice, args: &DocsArgs) -> Status {
    let text = Host::builder()
        .build()
        .and_then(|host| text(&host.reference(), args));
    match text {
        Ok(text) => output::whole(voice, &format!("{}\n", text.trim_end())),
        Err(error) => report::refuse(voice, &error),
    }
}

fn text(reference: &Reference, args: &DocsArgs) -> Result<String> {
    if args.definitions {
        return Ok(reference.definitions());
    }
    match (&args.name, args.markdown) {
        (None, true) => Ok(reference.markdown()),
        (None, false) => Ok(format!(
            "{}\n`dropscript docs NAME` tells more of one of them.",
            reference.contents()
        )),
        (Some(name), markdown) => page(reference, name, markdown),
    }
}

/// All that a name means.
///
/// # Errors
/// `invalid_argument`, naming the nearest name, where it means nothing.
pub(super) fn page(reference: &Reference, name: &str, markdown: bool) -> Result<String> {
    let found = reference.find(name);
    if found.is_empty() {
        let message = format!("there is nothing called `{name}`");
        let error = Error::new(ErrorKind::InvalidArgument, message);
        return Err(match reference.nearest(name) {
            Some(near) => error.with_hint(format!("did you mean `{near}`?")),
            None => error.with_hint("`dropscript docs` lists what there is"),
        });
    }
    let pages = found.iter().map(|entry| {
        if markdown {
            entry.markdown()
        } else {
            entry.to_string()
        }
    });
    Ok(pages.collect::<Vec<_>>().join("\n"))
}
