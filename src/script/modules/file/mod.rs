//! `file::`: local files, as far as the host's permissions go.

mod list;
mod partial;
mod read;
mod write;

use std::io;
use std::sync::Arc;

use rhai::{Blob, Engine, Module, NativeCallContext};

use super::{function, here, namespace};
use crate::error::Error;
use crate::script::gate::Raised;
use crate::script::run::Run;

pub(super) fn register(engine: &mut Engine, run: &Arc<Run>) {
    namespace(engine, "file", |module| {
        register_reading(&mut Functions { module, run });
        register_writing(&mut Functions { module, run });
    });
}

fn register_reading(file: &mut Functions<'_>) {
    const PATH: &str = "path: &str";
    file.of_one(
        "read_text",
        &[PATH, "&str"],
        "The file as text.",
        read::text,
    );
    file.of_one(
        "read_blob",
        &[PATH, "blob"],
        "The bytes of the file.",
        read::blob,
    );
    file.of_one(
        "exists",
        &[PATH, "bool"],
        "Whether there is something at this path.",
        read::exists,
    );
    file.of_one(
        "info",
        &[PATH, "map"],
        "Path, name, kind, size and date of a file or folder.",
        list::info,
    );
    file.of_one(
        "hash",
        &[PATH, "&str"],
        "The content hash, as Dropbox computes it.",
        read::hash,
    );
    file.of_one(
        "list",
        &["folder_or_glob: &str", "array"],
        "What is in a folder or matches a glob, in order; `upload` takes the entries.",
        list::list,
    );
    let run = Arc::clone(file.run);
    function(
        "temp_folder",
        &["&str"],
        "A folder of this run's own, removed after it.",
    )
    .set_into_module(
        file.module,
        move |context: NativeCallContext| -> Raised<String> {
            here(&context, &run, || temp_folder(&run))
        },
    );
}

fn register_writing(file: &mut Functions<'_>) {
    const TEXT: &[&str] = &["path: &str", "text: &str"];
    const PATHS: &[&str] = &["from: &str", "to: &str"];
    file.of_two(
        "write_text",
        TEXT,
        "Writes a file, in place of what was there.",
        write::text,
    );
    let run = Arc::clone(file.run);
    function(
        "write_blob",
        &["path: &str", "bytes: blob"],
        "Writes a file of bytes, in place of what was there.",
    )
    .set_into_module(
        file.module,
        move |context: NativeCallContext, path: &str, bytes: Blob| -> Raised<()> {
            here(&context, &run, || write::whole(&run, path, &bytes))
        },
    );
    file.of_two(
        "append_text",
        TEXT,
        "Adds to the end of a file, making it if it is missing.",
        write::append,
    );
    file.of_one(
        "create_folder",
        &["path: &str"],
        "Makes a folder, and its parents.",
        write::create_folder,
    );
    file.of_one(
        "delete",
        &["path: &str"],
        "Deletes a file, or a folder with all that is in it.",
        write::delete,
    );
    file.of_two(
        "copy",
        PATHS,
        "Copies a file to a path, or into a folder.",
        write::copy,
    );
    file.of_two(
        "move",
        PATHS,
        "Moves a file or folder to a path, or into a folder.",
        write::rename,
    );
}

/// Registers functions that work on paths.
struct Functions<'a> {
    module: &'a mut Module,
    run: &'a Arc<Run>,
}

impl Functions<'_> {
    fn of_one<T: Clone + Send + Sync + 'static>(
        &mut self,
        name: &str,
        parameters: &[&str],
        doc: &str,
        call: fn(&Run, &str) -> Raised<T>,
    ) {
        let run = Arc::clone(self.run);
        function(name, parameters, doc).set_into_module(
            self.module,
            move |context: NativeCallContext, path: &str| -> Raised<T> {
                here(&context, &run, || call(&run, path))
            },
        );
    }

    fn of_two(
        &mut self,
        name: &str,
        parameters: &[&str],
        doc: &str,
        call: fn(&Run, &str, &str) -> Raised<()>,
    ) {
        let run = Arc::clone(self.run);
        function(name, parameters, doc).set_into_module(
            self.module,
            move |context: NativeCallContext, first: &str, second: &str| -> Raised<()> {
                here(&context, &run, || call(&run, first, second))
            },
        );
    }
}

fn temp_folder(run: &Run) -> Raised<String> {
    let folder = run.temp_folder().map_err(|cause| {
        let all = std::env::temp_dir();
        run.raise(Error::io("make a temporary folder in", all, cause))
    })?;
    Ok(folder.to_string_lossy().into_owned())
}

fn or_raise<T>(run: &Run, about: &str, path: &str, result: io::Result<T>) -> Raised<T> {
    result.map_err(|cause| run.raise(Error::io(about, path, cause)))
}
