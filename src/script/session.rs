//! A session: inputs that build on one another.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rhai::{AST, Dynamic, Engine, EvalAltResult, Scope};
use tokio_util::sync::CancellationToken;

use super::diagnostic::ScriptError;
use super::engine;
use super::event::RunOptions;
use super::execute::on_script_thread;
use super::gate::Stop;
use super::input_status::{InputStatus, in_comment, wants_more};
use super::modules::Listing;
use super::resolver;
use super::run::Run;
use super::values::show;
use crate::tasks::Item;

/// Runs inputs one after another and keeps what they define: variables, functions and imports.
///
/// An input that fails leaves all as it was. Made by [`Host::session`](super::Host::session).
pub struct Session {
    run: Arc<Run>,
    state: Arc<Mutex<State>>,
}

/// What an input of a [`Session`] gave.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The value of its last statement.
    pub value: Dynamic,
    /// The value for reading; `None` when there is nothing to show.
    pub text: Option<String>,
    /// The status that the input gave to `exit`, if it did.
    pub exit: Option<i32>,
}

/// What inputs leave behind.
struct State {
    engine: Engine,
    scope: Scope<'static>,
    functions: AST,
    inputs: usize,
}

/// As many items of a listing as a screen holds; to see all, a script can count or loop.
const SHOWN: usize = 100;

impl Session {
    pub(super) fn new(run: Arc<Run>, options: &RunOptions) -> Self {
        let mut engine = Engine::new();
        engine::prepare(&mut engine, &run, options);
        Self {
            run,
            state: Arc::new(Mutex::new(State {
                engine,
                scope: Scope::new(),
                functions: AST::default(),
                inputs: 0,
            })),
        }
    }

    /// Whether the input is whole, goes on, or is wrong.
    #[must_use]
    pub fn status(&self, input: &str) -> InputStatus {
        if in_comment(input) {
            return InputStatus::Incomplete;
        }
        let state = self.state();
        match engine::compile_with_scope(&state.engine, &state.scope, input) {
            Ok(_) => InputStatus::Complete,
            Err(error) if wants_more(&error, input) => InputStatus::Incomplete,
            Err(error) => {
                let name = self.run.sources().add(None, "input", &input.into());
                let error = state.explain(&self.run, &error.into(), &name);
                InputStatus::Invalid(Box::new(error))
            }
        }
    }

    /// Runs an input. Cancelling the token, or dropping the future, stops it and keeps the session.
    ///
    /// # Errors
    /// Why it failed; all that the session holds is as before.
    pub async fn eval(
        &mut self,
        input: &str,
        cancel: CancellationToken,
    ) -> Result<Answer, ScriptError> {
        let (run, state) = (Arc::clone(&self.run), Arc::clone(&self.state));
        let input = Arc::from(input);
        on_script_thread(cancel.child_token(), move |cancel| {
            // An input whose future was dropped may still be ending; it is waited for.
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            let limits = &run.host().limits;
            run.gate().arm(cancel, limits.deadline, limits.operations);
            state.eval(&run, &input)
        })
        .await
    }

    /// The names of the variables and functions that inputs defined, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.state().names()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.run.finish();
    }
}

impl State {
    fn eval(&mut self, run: &Run, input: &Arc<str>) -> Result<Answer, ScriptError> {
        self.inputs += 1;
        let name = format!("input {}", self.inputs);
        let name = run.sources().add(None, &name, input);
        let ast = engine::compile_with_scope(&self.engine, &self.scope, input)
            .map_err(|error| self.explain(run, &error.into(), &name))?;
        run.sources().parsed(&name, &ast);
        // A later definition replaces an earlier one, and what was defined before sees it.
        let mut runnable = self.functions.merge(&ast);
        runnable.set_source(name.as_str());

        let before = self.scope.clone();
        let result = run
            .gate()
            .check()
            .and_then(|()| {
                self.engine
                    .eval_ast_with_scope::<Dynamic>(&mut self.scope, &runnable)
            })
            // Showing a listing asks Dropbox, and may fail as the input itself.
            .and_then(|value| Ok((shown(&self.engine, &value)?, value)));
        let answer = match (run.gate().stopped(), result) {
            (Some(Stop::Exit(status)), _) => Ok(Answer {
                value: Dynamic::UNIT,
                text: None,
                exit: Some(status),
            }),
            (_, Err(error)) => Err(self.explain(run, &error, &name)),
            (Some(stop), Ok(_)) => Err(ScriptError::stopped(stop, run)),
            (None, Ok((text, value))) => Ok(Answer {
                value,
                text,
                exit: None,
            }),
        };
        if answer.is_err() {
            self.scope = before;
            return answer;
        }
        self.functions = runnable.clone_functions_only();
        self.keep_imports(&ast, &name);
        answer
    }

    /// Rhai forgets imports at the end of each input; as modules of the engine they stay.
    fn keep_imports(&mut self, ast: &AST, name: &str) {
        for (path, alias, position) in resolver::imports(ast) {
            let resolver = self.engine.module_resolver();
            let module = resolver.resolve(&self.engine, Some(name), &path, position);
            if let (Ok(module), false) = (module, alias.is_empty()) {
                self.engine.register_static_module(alias, module);
            }
        }
    }

    fn explain(&self, run: &Run, error: &EvalAltResult, name: &str) -> ScriptError {
        ScriptError::explain(error, &self.engine, run, name, &self.names())
    }

    fn names(&self) -> Vec<String> {
        let variables = self.scope.iter_raw().map(|(name, ..)| name.to_owned());
        let functions = self
            .functions
            .iter_functions()
            .map(|function| function.name.to_owned());
        let names: BTreeSet<String> = variables
            .chain(functions)
            .filter(|name| !name.contains('$'))
            .collect();
        names.into_iter().collect()
    }
}

/// A value for reading: `()` is nothing to show, text is in quotes, a listing a line an item.
fn shown(engine: &Engine, value: &Dynamic) -> Result<Option<String>, Box<EvalAltResult>> {
    if value.is_unit() {
        return Ok(None);
    }
    if value.is_string() {
        return Ok(Some(format!("{:?}", show(value))));
    }
    let Some(listing) = value.read_lock::<Listing>() else {
        // A value of a type of ours prints as that type says, and the engine knows how.
        let mut scope = Scope::new();
        scope.push_constant("value", value.clone());
        return engine
            .eval_with_scope(&mut scope, "value.to_debug()")
            .map(Some);
    };
    let mut text = String::new();
    for (at, item) in listing.items().enumerate() {
        if at == SHOWN {
            text.push_str("and more\n");
            break;
        }
        line(&mut text, &item?);
    }
    Ok(Some(match text.trim_end() {
        "" => "no items".to_owned(),
        text => text.to_owned(),
    }))
}

fn line(text: &mut String, item: &Item) {
    let size = item.size.map(|size| size.to_string()).unwrap_or_default();
    let date = item
        .modified
        .map(|time| time.strftime("%Y-%m-%d %H:%M").to_string())
        .unwrap_or_default();
    writeln!(
        text,
        "{:<7} {size:>12}  {date:<16}  {}",
        item.kind.as_str(),
        item.path
    )
    .expect("writing to a String cannot fail");
}
