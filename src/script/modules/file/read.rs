//! Reading local files.

use std::io::Read;

use cap_std::fs::OpenOptions;
use rhai::Blob;

use super::or_raise;
use crate::ContentHasher;
use crate::error::{Error, ErrorKind};
use crate::script::gate::Raised;
use crate::script::run::Run;

/// Between two looks at whether the script may go on.
const CHUNK: usize = 1 << 20;

pub(super) fn text(run: &Run, path: &str) -> Raised<String> {
    let bytes = whole(run, path, "a text", run.host().limits.string_size)?;
    String::from_utf8(bytes).map_err(|_| {
        run.raise(
            Error::new(
                ErrorKind::InvalidArgument,
                format!("`{path}` is not UTF-8 text"),
            )
            .with_path(path),
        )
    })
}

pub(super) fn blob(run: &Run, path: &str) -> Raised<Blob> {
    whole(run, path, "a blob", run.host().limits.array_size)
}

/// All of a file that is to become a value, which is called so.
fn whole(run: &Run, path: &str, value: &str, limit: usize) -> Raised<Vec<u8>> {
    let mut bytes = Vec::new();
    each_chunk(run, path, |chunk| {
        // Refused before it is in memory, not when it has become a value.
        let length = bytes.len() + chunk.len();
        if length > limit {
            let message = format!("`{path}` is larger than {value} may be, {limit} bytes");
            let error = Error::new(ErrorKind::InvalidArgument, message).with_path(path);
            return Err(run.raise(error));
        }
        run.gate().check_with(length)?;
        bytes.extend_from_slice(chunk);
        Ok(())
    })?;
    Ok(bytes)
}

pub(super) fn exists(run: &Run, path: &str) -> Raised<bool> {
    Ok(run.readable_place(path)?.metadata().is_ok())
}

pub(super) fn hash(run: &Run, path: &str) -> Raised<String> {
    let mut hasher = ContentHasher::new();
    each_chunk(run, path, |chunk| {
        hasher.update(chunk);
        Ok(())
    })?;
    Ok(hasher.finish())
}

/// Reads a file in chunks, for as long as the script may go on.
pub(super) fn each_chunk(
    run: &Run,
    path: &str,
    mut take: impl FnMut(&[u8]) -> Raised<()>,
) -> Raised<()> {
    let place = run.readable_place(path)?;
    let opened = place.open(OpenOptions::new().read(true));
    let mut file = or_raise(run, "read", path, opened)?;
    let mut chunk = vec![0; CHUNK];
    loop {
        run.gate().check()?;
        match or_raise(run, "read", path, file.read(&mut chunk))? {
            0 => return Ok(()),
            length => take(&chunk[..length])?,
        }
    }
}
