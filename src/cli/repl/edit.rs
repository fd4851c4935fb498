//! Writing an input in an editor.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use dropscript::{Error, ErrorKind, Result};

/// Has a person edit a text; `None` where nothing of it is left, or nothing was changed.
///
/// # Errors
/// The editor cannot be started, or fails.
pub(super) fn text(begun: &str) -> Result<Option<String>> {
    let cannot = |source| Error::io("write a file in", std::env::temp_dir(), source);
    let mut file = tempfile::Builder::new()
        .prefix("input-")
        .suffix(".rhai")
        .tempfile()
        .map_err(cannot)?;
    file.write_all(begun.as_bytes()).map_err(cannot)?;
    in_place(file.path())?;
    // By its path: many editors put a new file into the place of the old one.
    let text = fs::read_to_string(file.path());
    let text = text.map_err(|source| Error::io("read", file.path(), source))?;
    let is_new = !text.trim().is_empty() && text.trim() != begun.trim();
    Ok(is_new.then_some(text))
}

/// Has a person edit a file with `$VISUAL`, `$EDITOR` or `vi`.
///
/// # Errors
/// As [`text`].
pub(super) fn in_place(file: &Path) -> Result<()> {
    let set = |name| {
        std::env::var(name)
            .ok()
            .filter(|editor| !editor.trim().is_empty())
    };
    let editor = set("VISUAL").or_else(|| set("EDITOR"));
    let editor = editor.unwrap_or_else(|| "vi".to_owned());
    let status = Command::new("sh")
        // The editor may come with options of its own.
        .args(["-c", &format!("{editor} \"$1\""), "sh"])
        .arg(file)
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => {
            let message = format!("the editor `{editor}` ended with {status}; nothing was run");
            Err(Error::new(ErrorKind::LocalIo, message).with_hint("`$EDITOR` names another"))
        }
        Err(source) => {
            let message = format!("cannot start the editor `{editor}`");
            Err(Error::new(ErrorKind::LocalIo, message).with_source(source))
        }
    }
}
