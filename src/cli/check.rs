//! `check`: faults that can be seen without running a script. Warnings alone are no failure.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use dropscript::{Host, HostBuilder, Reason, Result, ScriptError};
use serde::Serialize;

use super::report::{self, Severity, Status};
use super::test;
use super::voice::Voice;

/// A fault, for editors.
#[derive(Serialize)]
struct Fault<'a> {
    file: &'a str,
    /// Both from 1, the column in characters; 0 where the fault has no place.
    line: usize,
    column: usize,
    severity: &'static str,
    message: &'a str,
    hint: Option<&'a str>,
}

/// Checks scripts, and shows all faults.
pub(super) fn main(
    voice: Voice,
    scripts: &[PathBuf],
    module_path: Vec<PathBuf>,
    json: bool,
) -> Status {
    let host = match host(scripts, module_path) {
        Ok(host) => host,
        Err(error) => return report::refuse(voice, &error),
    };
    let mut status = Status::OK;
    for script in scripts {
        let (faults, warnings) = match host.check_file(script) {
            Ok(checked) => (checked.faults, checked.warnings),
            Err(error) => (vec![error], Vec::new()),
        };
        if faults.is_empty() && warnings.is_empty() && voice.is_verbose() {
            voice.status(&format!("{}: no faults", script.display()));
        }
        let warnings = warnings.iter().map(|warning| (warning, Severity::Warning));
        for (fault, severity) in faults
            .iter()
            .map(|fault| (fault, Severity::Error))
            .chain(warnings)
        {
            if json {
                if let Err(error) = tell(script, fault, severity) {
                    return report::broken_output(voice, &error);
                }
            } else {
                report::show_as(voice, severity, fault);
            }
            if severity == Severity::Warning {
                continue;
            }
            // A file that cannot be read is wrong usage, and says so even where others have faults.
            let unreadable = matches!(fault.reason, Reason::Failed(_)) && fault.frames.is_empty();
            status = if unreadable || status == Status::USAGE {
                Status::USAGE
            } else {
                Status::PARSE
            };
        }
    }
    status
}

fn tell(script: &Path, fault: &ScriptError, severity: Severity) -> io::Result<()> {
    let script = script.display().to_string();
    let place = fault.frames.last();
    let fault = Fault {
        file: place.map_or(&script, |place| &place.name),
        line: place.map_or(0, |place| place.line),
        column: place.map_or(0, |place| place.column),
        severity: match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        message: &fault.message,
        hint: fault.hint.as_deref(),
    };
    let line = serde_json::to_string(&fault)?;
    writeln!(io::stdout(), "{line}")
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
