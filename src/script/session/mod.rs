//! A session: inputs that build on one another.

mod command;
mod input_status;
mod inputs;
mod last_value;
mod secrets;
mod snapshot;
mod state;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rhai::Dynamic;
use tokio_util::sync::CancellationToken;

pub use command::{Argument, COMMANDS, Command, CommandSpec};
pub use input_status::InputStatus;
pub(crate) use secrets::text_without_secrets;
pub use secrets::without_secrets;

use super::builder::Wanted;
use super::complete::{Completer, Completion, Hint, RemoteFolders};
use super::diagnostic::ScriptError;
use super::event::RunOptions;
use super::execute::on_script_thread;
use super::modules;
use super::reference::Reference;
use super::run::Run;
use super::show::View;
use super::vocabulary::Vocabulary;
use crate::error::Result;
use state::{Input, State};

/// Runs inputs one after another and keeps what they define: variables, functions and imports.
///
/// An input that fails leaves all as it was. The last value that was not `()` is `_`. Made by [`Host::session`](super::Host::session).
pub struct Session {
    run: Arc<Run>,
    options: RunOptions,
    state: Arc<Mutex<State>>,
    reference: OnceLock<Reference>,
    remote: RemoteFolders,
    view: View,
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

/// A variable of a [`Session`].
#[derive(Debug, Clone)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// What people call the type of its value.
    pub kind: String,
    /// Its value in a line.
    pub text: String,
    /// Whether it cannot be changed.
    pub is_constant: bool,
}

impl Session {
    pub(super) fn new(run: Arc<Run>, options: &RunOptions) -> Self {
        run.name_state(&options.state);
        let state = State::new(&run, options);
        Self {
            run,
            options: options.clone(),
            state: Arc::new(Mutex::new(state)),
            reference: OnceLock::new(),
            remote: RemoteFolders::default(),
            view: View::default(),
        }
    }

    /// Says how wide values are to be shown from now on, and whether whole.
    pub fn set_view(&mut self, view: View) {
        self.view = view;
    }

    /// Whether the input is whole, goes on, or is wrong.
    #[must_use]
    pub fn status(&self, input: &str) -> InputStatus {
        self.state().status(&self.run, input)
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
        let input = Input::typed(input);
        self.enter(input, self.view, cancel).await
    }

    /// Runs a script as an input. The first one is the main script of the session: modules are found beside it.
    ///
    /// # Errors
    /// As [`eval`](Session::eval), and where it cannot be read.
    pub async fn load(
        &mut self,
        path: impl AsRef<Path>,
        cancel: CancellationToken,
    ) -> Result<Answer, ScriptError> {
        let (name, text) = self
            .run
            .load_script(path.as_ref())
            .map_err(|error| ScriptError::before_start(error, &self.run))?;
        self.note_main_script();
        self.enter(Input::from_file(name, text), self.view, cancel)
            .await
    }

    fn note_main_script(&self) {
        let mut state = self.state();
        if state.is_new() {
            // The constant `script` tells of it.
            *state = State::new(&self.run, &self.options);
        }
    }

    /// The value of an expression, or the last value, shown whole. It is no input: nothing of it is kept.
    ///
    /// # Errors
    /// As [`eval`](Session::eval).
    pub async fn look(
        &mut self,
        expression: Option<&str>,
        cancel: CancellationToken,
    ) -> Result<Answer, ScriptError> {
        let view = View {
            whole: true,
            ..self.view
        };
        let input = Input::looked_at(expression.unwrap_or(last_value::NAME));
        self.enter(input, view, cancel).await
    }

    async fn enter(
        &mut self,
        input: Input,
        view: View,
        cancel: CancellationToken,
    ) -> Result<Answer, ScriptError> {
        let (run, state) = (Arc::clone(&self.run), Arc::clone(&self.state));
        let answer = on_script_thread(&self.run, cancel.child_token(), move |cancel| {
            // An input whose future was dropped may still be ending; it is waited for.
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            let limits = &run.host().limits;
            run.gate().arm(cancel, limits);
            state.eval(&run, input, view)
        })
        .await;
        self.remote.may_have_changed();
        answer
    }

    /// What could stand at the cursor, a place in bytes. It never waits for Dropbox.
    #[must_use]
    pub fn complete(&self, input: &str, cursor: usize) -> Completion {
        let (before, behind) = input.split_at(floor(input, cursor));
        let state = self.state();
        let completer = self.completer(&state);
        if before.trim_start().starts_with(':') {
            return command::complete(&completer, self.reference(), before);
        }
        completer.complete(before, behind)
    }

    /// What helps at the cursor: how the function is called whose arguments are being written, or what an option takes.
    #[must_use]
    pub fn hint(&self, input: &str, cursor: usize) -> Option<Hint> {
        let before = &input[..floor(input, cursor)];
        if before.trim_start().starts_with(':') {
            return command::hint(before);
        }
        let state = self.state();
        self.completer(&state).hint(before)
    }

    /// What an expression gives, as far as that is seen without calling anything.
    #[must_use]
    pub fn kind_of(&self, expression: &str) -> Option<String> {
        let mut state = self.state();
        if let Some(kind) = self.completer(&state).kind_of(expression) {
            return Some(kind);
        }
        state.kind_without_calls(expression)
    }

    /// The names of the variables and functions that inputs defined, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.state().names()
    }

    /// The variables that inputs defined, by name.
    #[must_use]
    pub fn variables(&self) -> Vec<Variable> {
        self.state().variables()
    }

    /// The functions that inputs defined, as `add(a, b)`, by name.
    #[must_use]
    pub fn functions(&self) -> Vec<String> {
        let functions = self.state().functions();
        let written = |(name, parameters): (String, Vec<String>)| {
            format!("{name}({})", parameters.join(", "))
        };
        functions.into_iter().map(written).collect()
    }

    /// The text of the last input, without those that failed.
    #[must_use]
    pub fn last_input(&self) -> Option<String> {
        self.state().last_input()
    }

    /// All inputs that did not fail, as a script that does the same.
    #[must_use]
    pub fn script(&self) -> String {
        self.state().script()
    }

    /// What scripts can call.
    #[must_use]
    pub fn reference(&self) -> &Reference {
        self.reference.get_or_init(|| {
            let mut engine = rhai::Engine::new_raw();
            modules::register(&mut engine, &self.run);
            modules::register_exit(&mut engine, &self.run);
            Reference::new(&Vocabulary::of_host(&engine))
        })
    }

    /// The connections that can be named, as far as the host knows them.
    #[must_use]
    pub fn connection_names(&self) -> Vec<String> {
        self.run.host().connection_names()
    }

    /// The name of what `dropbox()` gives; it is made if it was not yet.
    ///
    /// # Errors
    /// Those of making it.
    pub fn connection(&self) -> Result<String> {
        let connection = self.run.find_connection("", Wanted::Default)?;
        Ok(connection.name().to_owned())
    }

    /// Has `dropbox()` give the connection of this name from now on. Variables keep what they have.
    ///
    /// # Errors
    /// Those of making it.
    pub fn use_connection(&self, name: &str) -> Result<()> {
        self.run.use_connection(name)?;
        self.remote.may_have_changed();
        Ok(())
    }

    fn completer<'a>(&'a self, state: &'a State) -> Completer<'a> {
        Completer {
            run: &self.run,
            reference: self.reference(),
            vocabulary: state.vocabulary(),
            scope: state.scope(),
            constants: state.constants(),
            functions: state.functions(),
            remote: &self.remote,
        }
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

/// The nearest place at or before this one where a character begins.
fn floor(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or_default()
}
