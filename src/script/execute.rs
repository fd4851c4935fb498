//! A run from its thread to its outcome.

use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rhai::{Dynamic, Engine, EvalAltResult};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::diagnostic::ScriptError;
use super::engine;
use super::event::RunOptions;
use super::gate::Stop;
use super::host::{Checked, RunOutcome};
use super::resolver::Resolver;
use super::run::Run;

/// Where the code comes from.
pub(super) enum Code {
    File(PathBuf),
    Text(String),
}

/// Runs `work` on a thread for scripts and waits for it; dropping the future cancels the token.
pub(super) async fn on_script_thread<T: Send + 'static>(
    cancel: CancellationToken,
    work: impl FnOnce(CancellationToken) -> T + Send + 'static,
) -> T {
    let _cancel_on_drop = cancel.clone().drop_guard();
    let (send, receive) = oneshot::channel();
    let thread = engine::spawn(move || {
        // Nobody receives when the future was dropped.
        let _ = send.send(work(cancel));
    });
    match receive.await {
        Ok(done) => done,
        Err(_) => match thread.join() {
            Err(panic) => resume_unwind(panic),
            Ok(()) => unreachable!("a thread that does not panic sends"),
        },
    }
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
    let (name, text) = load(run, code, options)?;
    let limits = &run.host().limits;
    run.gate()
        .arm(options.cancel.clone(), limits.deadline, limits.operations);
    let mut engine = Engine::new();
    engine::prepare(&mut engine, run, options);
    let explained = |error: &EvalAltResult| ScriptError::explain(error, &engine, run, &name, &[]);

    let mut ast = engine::compile(&engine, &text).map_err(|error| explained(&error.into()))?;
    ast.set_source(name.as_str());
    run.sources().parsed(&name, &ast);
    let result = run
        .gate()
        .check()
        .and_then(|()| engine.eval_ast::<Dynamic>(&ast));
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

/// Parses a script and what it imports, on this thread.
pub(super) fn check(run: &Arc<Run>, path: &Path) -> Result<Checked, ScriptError> {
    let options = RunOptions::default();
    let (name, text) = load(run, &Code::File(path.to_owned()), &options)?;
    let mut engine = Engine::new();
    engine::prepare(&mut engine, run, &options);
    let explained = |error: &EvalAltResult| ScriptError::explain(error, &engine, run, &name, &[]);
    let ast = engine::compile(&engine, &text).map_err(|error| explained(&error.into()))?;
    run.sources().parsed(&name, &ast);
    Resolver::new(Arc::clone(run))
        .check(&engine, &ast, &name)
        .map_err(|error| explained(&error))?;
    Ok(Checked {
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
    }
}
