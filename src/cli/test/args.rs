//! What can be written behind `test`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

use crate::cli::args::{AllowArgs, duration};

const TEST: &str = "\
Run the tests of scripts: the functions `test_*` without parameters in files that are named `*.test.rhai`.

Each test has an emulator of its own, where no account has anything yet, and an empty folder to work in. No real account is in reach,
whatever the environment and the configuration say. What a test prints is shown only where it fails; the exit status is 3 then.

Beside what all scripts have, tests have
  emulator::put([account,] path, contents)    a file at Dropbox, with a text or a blob in it
  emulator::read([account,] path)             what is in one; `read_blob` for bytes
  emulator::list([account])                   the paths of all files and folders there
  emulator::fault(#{ route, when, what })     something goes wrong from now on; `clear_faults()` ends that
  emulator::calls(route)                      how often a route was called
  emulator::advance(length)                   its clock goes ahead, by \"5 hours\"
  test::run(script [, args [, files]])        runs a script as `dropscript run` does, and gives #{ status, output, value, error };
                                              with files it is run as by `watch`, for these
An account is the name of a connection; without one it is that of `dropbox()`.";

/// Which tests are run, and how.
#[derive(Debug, Args)]
#[command(long_about = TEST)]
pub(in crate::cli) struct TestArgs {
    /// Files, and folders in which to look for `*.test.rhai`; without any the working directory
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) paths: Vec<PathBuf>,
    /// Run only tests that have this in the name of the function or the file
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) filter: Option<String>,
    /// Run so many at a time; without it as many as there are processors
    #[arg(short, long, value_name = "N")]
    pub(in crate::cli) jobs: Option<NonZeroUsize>,
    /// End a test that takes longer
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    pub(in crate::cli) timeout: Duration,
    /// A folder that modules may come from, beside the test's own; may be given several times
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(in crate::cli) module_path: Vec<PathBuf>,
    /// Write the results to this file too, in the XML that CI servers read (`JUnit`)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) junit: Option<PathBuf>,
    /// Print one JSON object for each test, a line each, on standard output
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) allow: AllowArgs,
}
