//! A run from its thread to its outcome.

use std::any::Any;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rhai::{AST, CallFnOptions, Dynamic, Engine, EvalAltResult, Scope};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::diagnostic::ScriptError;
use super::engine;
use super::event::RunOptions;
use super::gate::Stop;
use super::host::{Checked, RunOutcome};
use super::lint::{self, Text};
use super::prepared::{Parsed, Script};
use super::reference::Reference;
use super::resolver::Resolver;
use super::run::Run;
use super::vocabulary::Vocabulary;
use crate::error::{Error, ErrorKind};

/// Where the code comes from.
pub(super) enum Code {
    File(PathBuf),
    Text(String),
    Script(Script),
    /// A function of it, with these arguments, when all else in it was run.
    Call(Script, String, Vec<Dynamic>),
}

impl Code {
    /// What was parsed beforehand.
    fn script(&self) -> Option<&Script> {
        match self {
            Self::Script(script) | Self::Call(script, ..) => Some(script),
            Self::File(_) | Self::Text(_) => None,
        }
    }

    /// Runs it, parsed.
    fn eval(&self, engine: &Engine, ast: &AST) -> Result<Dynamic, Box<EvalAltResult>> {
        let Self::Call(_, function, arguments) = self else {
            return engine.eval_ast(ast);
        };
        let options = CallFnOptions::default().eval_ast(true);
        let (mut scope, arguments) = (Scope::new(), arguments.clone());
        engine.call_fn_with_options(options, &mut scope, ast, function, arguments)
    }
}

/// Runs `work` on a thread for scripts and waits for it; dropping the future cancels the token.
///
/// # Errors
/// Those of `work`, and where it panics or there is no thread for it.
pub(super) async fn on_script_thread<T: Send + 'static>(
    run: &Run,
    cancel: CancellationToken,
    work: impl FnOnce(CancellationToken) -> Result<T, ScriptError> + Send + 'static,
) -> Result<T, ScriptError> {
    let _cancel_on_drop = cancel.clone().drop_guard();
    let (send, receive) = oneshot::channel();
    let thread = engine::spawn(move || {
        // Nobody receives when the future was dropped.
        let _ = send.send(work(cancel));
    });
    let thread = thread.map_err(|cause| no_thread(&cause, run))?;
    match receive.await {
        Ok(done) => done,
        Err(_) => match thread.join() {
            Err(panic) => Err(broken(&*panic, run)),
            Ok(()) => unreachable!("a thread that does not panic sends"),
        },
    }
}

/// Runs `work` on a thread for scripts and waits for it, blocking.
///
/// # Errors
/// As [`on_script_thread`].
pub(super) fn on_script_thread_blocking<T: Send + 'static>(
    run: &Run,
    work: impl FnOnce() -> Result<T, ScriptError> + Send + 'static,
) -> Result<T, ScriptError> {
    let thread = engine::spawn(work).map_err(|cause| no_thread(&cause, run))?;
    thread
        .join()
        .unwrap_or_else(|panic| Err(broken(&*panic, run)))
}

fn no_thread(cause: &std::io::Error, run: &Run) -> ScriptError {
    let message = format!("there is no room for one more thread that runs a script: {cause}");
    ScriptError::before_start(Error::new(ErrorKind::LocalIo, message), run)
}

/// What a panic comes to: a script may be the cause, and is never to end the program.
fn broken(panic: &(dyn Any + Send), run: &Run) -> ScriptError {
    let words = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    ScriptError::broken(words, run)
}

/// Removes what a run made for itself, whichever way it ends.
struct Finish<'a>(&'a Run);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.0.finish();
    }
}

/// Runs a script to its end, on this thread.
pub(super) fn execute(
    run: &Arc<Run>,
    code: &Code,
    options: &RunOptions,
) -> Result<RunOutcome, ScriptError> {
    let _finish = Finish(run);
    run.name_state(&options.state);
    let (name, text) = load(run, code, options)?;
    run.gate().arm(options.cancel.clone(), &run.host().limits);
    let mut engine = Engine::new();
    engine::prepare(&mut engine, run, options);
    let explained = |error: &EvalAltResult| ScriptError::explain(error, &engine, run, &name, &[]);

    let parsed;
    let ast = if let Some(script) = code.script() {
        &script.0.ast
    } else {
        parsed = parse(&engine, &name, &text).map_err(|error| explained(&error))?;
        &parsed
    };
    run.sources().parsed(&name, ast);
    let result = run.gate().check().and_then(|()| code.eval(&engine, ast));
    // Nobody who gets the value has this thread's stack to drop it on.
    let result = result.and_then(|value| {
        run.gate().weigh(std::iter::once(&value))?;
        Ok(value)
    });
    if let Some(Stop::Exit(status)) = run.gate().stopped() {
        return Ok(RunOutcome {
            value: Dynamic::UNIT,
            exit: Some(status),
            files: run.sources().files(),
        });
    }
    let value = result.map_err(|error| explained(&error))?;
    // A script that was stopped in a callback may have caught that at its very end.
    if let Some(stop) = run.gate().stopped() {
        return Err(ScriptError::stopped(stop, run));
    }
    Ok(RunOutcome {
        value,
        exit: None,
        files: run.sources().files(),
    })
}

/// Parses a script to run it later, on this thread.
pub(super) fn prepare(
    run: &Arc<Run>,
    code: &Code,
    options: &RunOptions,
) -> Result<Script, ScriptError> {
    let (name, text) = load(run, code, options)?;
    let mut engine = Engine::new();
    engine::prepare(&mut engine, run, options);
    let ast = parse(&engine, &name, &text)
        .map_err(|error| ScriptError::explain(&error, &engine, run, &name, &[]))?;
    Ok(Script(Arc::new(Parsed {
        name,
        text,
        file: run.main_script(),
        ast,
    })))
}

fn parse(engine: &Engine, name: &str, text: &str) -> Result<AST, Box<EvalAltResult>> {
    let mut ast = engine::compile(engine, text)?;
    ast.set_source(name);
    Ok(ast)
}

/// Parses a script and what it imports, on this thread.
pub(super) fn check(run: &Arc<Run>, path: &Path) -> Result<Checked, ScriptError> {
    let options = RunOptions::default();
    let (name, text) = load(run, &Code::File(path.to_owned()), &options)?;
    let mut engine = Engine::new();
    engine::prepare(&mut engine, run, &options);
    let explained = |error: &EvalAltResult| ScriptError::explain(error, &engine, run, &name, &[]);
    let ast = engine::compile(&engine, &text).map_err(|error| explained(&error.into()))?;
    run.sources().parsed(&name, &ast);
    let mut texts = Vec::new();
    let imports = Resolver::new(Arc::clone(run))
        .check(&engine, &ast, &name, &mut texts)
        .map_err(|error| explained(&error))?;
    texts.insert(0, Text { name, ast, imports });
    let reference = Reference::new(&Vocabulary::of_host(&engine));
    let (faults, warnings) = lint::faults(&engine, run, &reference, &texts);
    Ok(Checked {
        faults,
        warnings,
        files: run.sources().files(),
    })
}

fn load(run: &Run, code: &Code, options: &RunOptions) -> Result<(String, Arc<str>), ScriptError> {
    match code {
        Code::File(path) => run
            .load_main(path)
            .map_err(|error| ScriptError::before_start(error, run)),
        Code::Text(text) => {
            let name = match options.name.as_str() {
                "" => "eval",
                name => name,
            };
            let text = Arc::from(text.as_str());
            Ok((run.sources().add(None, name, &text), text))
        }
        Code::Script(script) | Code::Call(script, ..) => {
            let Parsed {
                name, text, file, ..
            } = &*script.0;
            Ok((run.note_script(name, file.as_ref(), text), Arc::clone(text)))
        }
    }
}
