//! The texts of a run: for places in errors, and for what a watch has to look at.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rhai::AST;

/// One script or module that was read.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// `None` for code that came from no file.
    pub(super) file: Option<PathBuf>,
    /// What errors call it, and what the engine knows it by.
    pub(super) name: String,
    pub(super) text: Arc<str>,
    /// Its functions by name and number of parameters, closures too, known once it parsed.
    pub(super) functions: Vec<(String, usize)>,
}

/// All that was read so far, in that order; a file that failed to parse too.
#[derive(Debug, Default)]
pub(super) struct Sources(Mutex<Vec<Source>>);

impl Sources {
    /// Adds a text and gives the name that the engine shall know it by.
    pub(super) fn add(&self, file: Option<&Path>, name: &str, text: &Arc<str>) -> String {
        let mut sources = self.lock();
        if let Some(known) = sources
            .iter_mut()
            .find(|known| known.file.as_deref() == file && (file.is_some() || known.name == name))
        {
            known.text = Arc::clone(text);
            return known.name.clone();
        }
        let taken = sources.iter().any(|known| known.name == name);
        let name = match file {
            Some(file) if taken => file.display().to_string(),
            _ => name.to_owned(),
        };
        sources.push(Source {
            file: file.map(Path::to_owned),
            name: name.clone(),
            text: Arc::clone(text),
            functions: Vec::new(),
        });
        name
    }

    /// Notes what the text named `name` defines.
    pub(super) fn parsed(&self, name: &str, ast: &AST) {
        let functions = ast
            .iter_functions()
            .map(|function| (function.name.to_owned(), function.params.len()))
            .collect();
        if let Some(known) = self.lock().iter_mut().find(|known| known.name == name) {
            known.functions = functions;
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<Source> {
        self.lock().iter().find(|known| known.name == name).cloned()
    }

    /// The functions of all texts.
    pub(super) fn functions(&self) -> Vec<(String, usize)> {
        self.lock()
            .iter()
            .flat_map(|known| known.functions.clone())
            .filter(|(name, _)| !name.starts_with("anon$"))
            .collect()
    }

    /// The text without a file that defined this function last: the inputs of a session share their
    /// functions, and the engine takes them for those of the input that runs.
    pub(super) fn defining(&self, function: &str) -> Option<String> {
        self.lock()
            .iter()
            .rev()
            .filter(|known| known.file.is_none())
            .find(|known| known.functions.iter().any(|(name, _)| name == function))
            .map(|known| known.name.clone())
    }

    /// The files among them.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        self.lock()
            .iter()
            .filter_map(|known| known.file.clone())
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Source>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
