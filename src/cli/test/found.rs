//! Which tests there are.

use std::fs;
use std::path::{Path, PathBuf};

use dropscript::{Error, ErrorKind, Host, Result, Script, ScriptError};

/// What a file of tests is named.
pub(in crate::cli) const ENDING: &str = ".test.rhai";

/// What tests begin with.
const PREFIX: &str = "test_";

/// One test.
pub(super) struct Case {
    /// The file, as it is told.
    pub(super) file: String,
    /// The function; empty where the file is at fault.
    pub(super) name: String,
    /// What there is to run.
    pub(super) what: What,
}

/// What there is to run of a test.
pub(super) enum What {
    /// The function of this script.
    Function { script: Script, path: PathBuf },
    /// Nothing: this is at fault.
    Fault(Box<ScriptError>),
    /// Nothing: a test has no parameters.
    Parameters(Vec<String>),
}

/// The tests of files, and of folders with all that is in them but hidden folders.
///
/// # Errors
/// A path is not there or cannot be read; there is no test.
pub(super) fn cases(host: &Host, paths: &[PathBuf], filter: Option<&str>) -> Result<Vec<Case>> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here } else { paths };
    let mut files = Vec::new();
    for path in paths {
        find(path, &mut files)?;
    }
    files.sort();
    files.dedup();
    let cases = files.iter().flat_map(|file| cases_of(host, file));
    let is_wanted = |case: &Case| {
        filter.is_none_or(|text| case.name.contains(text) || case.file.contains(text))
    };
    let cases: Vec<Case> = cases.filter(is_wanted).collect();
    if cases.is_empty() {
        return Err(nothing(filter));
    }
    Ok(cases)
}

fn nothing(filter: Option<&str>) -> Error {
    let error = |message: String| Error::new(ErrorKind::InvalidArgument, message);
    match filter {
        Some(text) => error(format!("no test has `{text}` in its name or its file's")),
        None => error("there are no tests here".to_owned()).with_hint(
            "a test is a function `test_something` without parameters, in a file that is named `something.test.rhai`",
        ),
    }
}

fn find(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let cannot_read = |source| Error::io("read", path, source);
    if !fs::metadata(path).map_err(cannot_read)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(cannot_read)? {
        let entry = entry.map_err(cannot_read)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type().map_err(cannot_read)?;
        // Links are not followed: they may lead in a circle.
        if kind.is_dir() && !name.starts_with('.') {
            find(&entry.path(), files)?;
        } else if kind.is_file() && name.ends_with(ENDING) {
            files.push(entry.path());
        }
    }
    Ok(())
}

fn cases_of(host: &Host, path: &Path) -> Vec<Case> {
    let path = path.strip_prefix("./").unwrap_or(path);
    let file = path.display().to_string();
    let case = |name: String, what| Case {
        file: file.clone(),
        name,
        what,
    };
    let script = match host.compile_file(path) {
        Ok(script) => script,
        Err(error) => return vec![case(String::new(), What::Fault(Box::new(error)))],
    };
    let tests = script.functions().into_iter();
    tests
        .filter(|function| function.name.starts_with(PREFIX))
        .map(|function| {
            let what = if function.parameters.is_empty() {
                What::Function {
                    script: script.clone(),
                    path: path.to_owned(),
                }
            } else {
                What::Parameters(function.parameters)
            };
            case(function.name, what)
        })
        .collect()
}
