//! `import`: which file it means, and loading it once.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;

use rhai::{
    AST, ASTNode, Engine, EvalAltResult, Expr, FnNamespace, Module, ModuleResolver, ParseErrorType,
    Position, Scope, Shared, Stmt,
};

use super::engine;
use super::failure;
use super::gate::Raised;
use super::lint::{Import, Text};
use super::run::{Run, read_script};
use crate::error::{Error, ErrorKind};

const EXTENSION: &str = ".rhai";

/// Finds modules beside the file that imports them, then in the module paths, and nowhere else.
pub(super) struct Resolver {
    run: Arc<Run>,
    loaded: Mutex<HashMap<PathBuf, Shared<Module>>>,
    /// The files that are being loaded, the main script's name left out; a thread has its own chain.
    loading: Mutex<Vec<(ThreadId, PathBuf, String)>>,
}

/// A module file that was found and read.
struct Found {
    file: PathBuf,
    name: String,
    text: Arc<str>,
}

impl Resolver {
    pub(super) fn new(run: Arc<Run>) -> Self {
        Self {
            run,
            loaded: Mutex::default(),
            loading: Mutex::default(),
        }
    }

    /// Parses every module that `ast` imports by a literal path, and what those import, into `parsed`; gives the imports of `ast`.
    ///
    /// # Errors
    /// What `import` would raise, without running anything.
    pub(super) fn check(
        &self,
        engine: &Engine,
        ast: &AST,
        importer: &str,
        parsed: &mut Vec<Text>,
    ) -> Raised<Vec<Import>> {
        let mut known = Vec::new();
        for (path, alias, position) in imports(ast) {
            let found = self
                .find(Some(importer), &path)
                .map_err(|error| at(failure::raise(&error), position))?;
            known.push(Import {
                alias,
                module: found.name.clone(),
                at: position,
            });
            if self.loaded().contains_key(&found.file) {
                self.refuse_clashes(&found, Some(importer), position)?;
                continue;
            }
            let _entry = self.enter(&found, position)?;
            let ast = self.parse(engine, &found, Some(importer), position)?;
            let imports = self
                .check(engine, &ast, &found.name, parsed)
                .map_err(|error| in_module(&found.name, error, position))?;
            let name = found.name.clone();
            parsed.push(Text { name, ast, imports });
            self.loaded()
                .insert(found.file.clone(), Module::new().into());
        }
        Ok(known)
    }

    fn load(
        &self,
        engine: &Engine,
        importer: Option<&str>,
        path: &str,
        position: Position,
    ) -> Raised<Shared<Module>> {
        self.run.gate().check()?;
        let found = self
            .find(importer, path)
            .map_err(|error| at(self.run.raise(error), position))?;
        if let Some(module) = self.loaded().get(&found.file).cloned() {
            self.refuse_clashes(&found, importer, position)?;
            return Ok(module);
        }
        let _entry = self.enter(&found, position)?;
        let ast = self.parse(engine, &found, importer, position)?;
        let mut module = Module::eval_ast_as_new(Scope::new(), &ast, engine)
            .map_err(|error| in_module(&found.name, error, position))?;
        share_closures(&mut module);
        let module = Shared::new(module);
        self.loaded().insert(found.file.clone(), module.clone());
        Ok(module)
    }

    fn parse(
        &self,
        engine: &Engine,
        found: &Found,
        importer: Option<&str>,
        position: Position,
    ) -> Raised<AST> {
        let mut ast = engine::compile(engine, &found.text)
            .map_err(|error| in_module(&found.name, error.into(), position))?;
        ast.set_source(found.name.as_str());
        self.run.sources().parsed(&found.name, &ast);
        self.refuse_clashes(found, importer, position)?;
        Ok(ast)
    }

    /// Rhai 1.27 looks a closure's functions up where it is called, so that `helper` of the module
    /// can be called in place of the importer's `helper`, without a word.
    fn refuse_clashes(
        &self,
        found: &Found,
        importer: Option<&str>,
        position: Position,
    ) -> Raised<()> {
        let sources = self.run.sources();
        let Some(module) = sources.find(&found.name) else {
            return Ok(());
        };
        let chain: Vec<String> = self
            .chain()
            .into_iter()
            .map(|(_, name)| name)
            .chain(importer.map(str::to_owned))
            .filter(|name| *name != found.name)
            .collect();
        for name in chain {
            let Some(other) = sources.find(&name) else {
                continue;
            };
            if let Some((function, arity)) = module
                .functions
                .iter()
                .filter(|(name, _)| !name.starts_with("anon$"))
                .find(|function| other.functions.contains(function))
            {
                let parameters = match arity {
                    1 => "1 parameter".to_owned(),
                    n => format!("{n} parameters"),
                };
                let message = format!(
                    "`{name}` and its module `{}` both define `{function}` with {parameters}, and Rhai may call the wrong one: rename one of them",
                    found.name
                );
                return Err(EvalAltResult::ErrorParsing(
                    ParseErrorType::MalformedCapture(message),
                    position,
                )
                .into());
            }
        }
        Ok(())
    }

    /// The file that `path` means in the file `importer`.
    fn find(&self, importer: Option<&str>, path: &str) -> Result<Found, Error> {
        let written = if path.ends_with(EXTENSION) {
            path.to_owned()
        } else {
            // Appended, not `with_extension`: `dates.v2` is `dates.v2.rhai`.
            format!("{path}{EXTENSION}")
        };
        let roots = self.run.module_roots();
        let beside = importer
            .and_then(|name| self.run.sources().find(name))
            .and_then(|source| source.file?.parent().map(Path::to_owned))
            .or_else(|| roots.main.clone());
        let mut outside = None;
        for folder in beside.iter().chain(&roots.paths) {
            let Ok(file) = folder.join(&written).canonicalize() else {
                continue;
            };
            if !file.is_file() {
                continue;
            }
            if !roots.all().any(|root| file.starts_with(root)) {
                outside = Some(file);
                continue;
            }
            let name = self.run.name_of(&file);
            // Noted before it is read, as the main script is.
            let name = self.run.sources().add(Some(&file), &name, &Arc::from(""));
            let text = read_script(&file)?;
            self.run.sources().add(Some(&file), &name, &text);
            return Ok(Found { file, name, text });
        }
        Err(match outside {
            Some(file) => Error::new(
                ErrorKind::NotAllowed,
                format!("the module `{path}` is outside the script's folder"),
            )
            .with_path(path)
            .with_hint(format!(
                "allow its folder with `--module-path {}`",
                file.parent().unwrap_or(&file).display()
            )),
            None => missing(path, &written, beside.iter().chain(&roots.paths)),
        })
    }

    /// Notes that a module is being loaded, until the entry is dropped.
    fn enter(&self, found: &Found, position: Position) -> Raised<Entry<'_>> {
        let mut names: Vec<String> = self
            .chain()
            .into_iter()
            .skip_while(|(file, _)| *file != found.file)
            .map(|(_, name)| format!("`{name}`"))
            .collect();
        let main = self.run.main_file();
        if main.as_deref() == Some(&found.file) {
            names = vec![format!("`{}`", found.name)];
        }
        if !names.is_empty() {
            let through = names.get(1..).unwrap_or_default().join(" and ");
            let message = if through.is_empty() {
                format!("{} imports itself", names[0])
            } else {
                format!("{} imports itself through {through}", names[0])
            };
            let error = Error::new(ErrorKind::InvalidArgument, message)
                .with_hint("move what both need into a third module");
            return Err(at(self.run.raise(error), position));
        }
        let thread = std::thread::current().id();
        self.run.note_loading(true);
        self.loading()
            .push((thread, found.file.clone(), found.name.clone()));
        Ok(Entry {
            resolver: self,
            thread,
        })
    }

    /// The files that this thread is loading, the outermost first.
    fn chain(&self) -> Vec<(PathBuf, String)> {
        let thread = std::thread::current().id();
        self.loading()
            .iter()
            .filter(|(of, ..)| *of == thread)
            .map(|(_, file, name)| (file.clone(), name.clone()))
            .collect()
    }

    fn loaded(&self) -> MutexGuard<'_, HashMap<PathBuf, Shared<Module>>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn loading(&self) -> MutexGuard<'_, Vec<(ThreadId, PathBuf, String)>> {
        self.loading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ModuleResolver for Resolver {
    fn resolve(
        &self,
        engine: &Engine,
        source: Option<&str>,
        path: &str,
        position: Position,
    ) -> Raised<Shared<Module>> {
        self.load(engine, source, path, position)
    }
}

struct Entry<'a> {
    resolver: &'a Resolver,
    thread: ThreadId,
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.resolver.run.note_loading(false);
        let mut loading = self.resolver.loading();
        if let Some(last) = loading.iter().rposition(|(of, ..)| *of == self.thread) {
            loading.remove(last);
        }
    }
}

/// Rhai 1.26 and 1.27 look closures up by name in the caller's library only; those of a module are
/// found from elsewhere when they are in the global namespace.
fn share_closures(module: &mut Module) {
    let closures: Vec<u64> = module
        .iter_script_fn_info()
        .filter(|(_, _, name, ..)| name.starts_with("anon$"))
        // The key under which a function is stored is not given out, but computed alike.
        .map(|(.., function)| Module::new().set_script_fn(function.clone()))
        .collect();
    for closure in closures {
        #[allow(
            deprecated,
            reason = "it is marked as volatile, and the version of Rhai is pinned"
        )]
        module.update_fn_namespace(closure, FnNamespace::Global);
    }
    module.build_index();
}

/// The literal paths of the `import` statements, their aliases (or no text) and places.
pub(super) fn imports(ast: &AST) -> Vec<(String, String, Position)> {
    let mut found = Vec::new();
    ast.walk(&mut |nodes: &[ASTNode]| {
        if let Some(ASTNode::Stmt(Stmt::Import(import, _))) = nodes.last()
            && let Expr::StringConstant(path, position) = &import.0
        {
            found.push((path.to_string(), import.1.name.to_string(), *position));
        }
        true
    });
    found
}

fn missing<'a>(path: &str, written: &str, folders: impl Iterator<Item = &'a PathBuf>) -> Error {
    let looked: Vec<String> = folders
        .map(|folder| format!("`{}`", folder.join(written).display()))
        .collect();
    let error =
        Error::new(ErrorKind::NotFound, format!("there is no module `{path}`")).with_path(path);
    if looked.is_empty() {
        error.with_hint("code that is in no file imports only from `--module-path` folders")
    } else {
        error.with_hint(format!("looked for {}", looked.join(" and ")))
    }
}

fn at(mut error: Box<EvalAltResult>, position: Position) -> Box<EvalAltResult> {
    error.set_position(position);
    error
}

fn in_module(name: &str, error: Box<EvalAltResult>, position: Position) -> Box<EvalAltResult> {
    if error.is_system_exception() && !matches!(*error, EvalAltResult::ErrorParsing(..)) {
        return error;
    }
    EvalAltResult::ErrorInModule(name.to_owned(), error, position).into()
}
