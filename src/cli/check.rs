//! `check`: faults that can be seen without running a script.

use std::path::PathBuf;

use dropscript::{Host, HostBuilder, Reason, Result};

use super::report::{self, Status};
use super::test;
use super::voice::Voice;

/// Checks scripts, and shows all faults.
pub(super) fn main(voice: Voice, scripts: &[PathBuf], module_path: Vec<PathBuf>) -> Status {
    let host = match host(scripts, module_path) {
        Ok(host) => host,
        Err(error) => return report::refuse(voice, &error),
    };
    let mut status = Status::OK;
    for script in scripts {
        let Err(error) = host.check_file(script) else {
            if voice.is_verbose() {
                voice.status(&format!("{}: no faults", script.display()));
            }
            continue;
        };
        report::show(voice, &error);
        // A file that cannot be read is wrong usage, and says so even where others have faults.
        let unreadable = matches!(error.reason, Reason::Failed(_)) && error.frames.is_empty();
        status = if unreadable || status == Status::USAGE {
            Status::USAGE
        } else {
            Status::PARSE
        };
    }
    status
}

/// A host that knows what tests call beside all others, where one of the scripts is a file of tests.
fn host(scripts: &[PathBuf], module_path: Vec<PathBuf>) -> Result<Host> {
    let is_test = |script: &PathBuf| script.to_string_lossy().ends_with(test::ENDING);
    let mut builder = Host::builder();
    if scripts.iter().any(is_test) {
        builder = builder.extend(test::vocabulary()?);
    }
    module_path
        .into_iter()
        .fold(builder, HostBuilder::module_path)
        .build()
}
