//! What inputs leave behind.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use rhai::{AST, ASTNode, Dynamic, Engine, EvalAltResult, Expr, Scope, Stmt};

use super::input_status::{InputStatus, wants_more};
use super::inputs::{Kept, script};
use super::last_value::{LastValue, NAME};
use super::snapshot::Snapshot;
use super::{Answer, Variable};
use crate::script::diagnostic::ScriptError;
use crate::script::engine;
use crate::script::event::RunOptions;
use crate::script::gate::Stop;
use crate::script::lexer::{Open, lex};
use crate::script::resolver;
use crate::script::run::{CONSTANTS, Run};
use crate::script::show::{View, brief, show};
use crate::script::values::kind;
use crate::script::vocabulary::Vocabulary;

/// The engine of a session, and what inputs defined in it.
pub(super) struct State {
    engine: Engine,
    scope: Scope<'static>,
    constants: Scope<'static>,
    functions: AST,
    last_value: LastValue,
    /// How many inputs there were, those that failed too.
    count: usize,
    kept: Vec<Kept>,
    /// What is registered; until another module is imported.
    vocabulary: OnceLock<Vocabulary>,
}

/// A text to run.
pub(super) struct Input {
    /// What errors call it; inputs that were typed are numbered.
    name: Option<String>,
    text: Arc<str>,
    /// Whether it belongs to what the session did.
    is_kept: bool,
}

impl Input {
    pub(super) fn typed(text: &str) -> Self {
        Self {
            name: None,
            text: text.into(),
            is_kept: true,
        }
    }

    pub(super) fn from_file(name: String, text: Arc<str>) -> Self {
        Self {
            name: Some(name),
            text,
            is_kept: true,
        }
    }

    pub(super) fn looked_at(text: &str) -> Self {
        Self {
            is_kept: false,
            ..Self::typed(text)
        }
    }
}

impl State {
    pub(super) fn new(run: &Arc<Run>, options: &RunOptions) -> Self {
        let mut engine = Engine::new();
        engine::prepare(&mut engine, run, options);
        let last_value = LastValue::of(&mut engine);
        let mut constants = Scope::new();
        for (name, value) in CONSTANTS.into_iter().zip(run.constants(options)) {
            constants.push_constant_dynamic(name, value);
        }
        Self {
            engine,
            scope: Scope::new(),
            constants,
            functions: AST::default(),
            last_value,
            count: 0,
            kept: Vec::new(),
            vocabulary: OnceLock::new(),
        }
    }

    /// Whether there was no input yet.
    pub(super) fn is_new(&self) -> bool {
        self.count == 0
    }

    pub(super) fn status(&self, run: &Run, input: &str) -> InputStatus {
        if lex(input).open == Some(Open::Comment) {
            return InputStatus::Incomplete;
        }
        match self.compile(input) {
            Ok(_) => InputStatus::Complete,
            Err(error) if wants_more(&error, input) => InputStatus::Incomplete,
            Err(error) => {
                let name = run.sources().add(None, "input", &input.into());
                let error = self.explain(run, &error.into(), &name);
                InputStatus::Invalid(Box::new(error))
            }
        }
    }

    fn compile(&self, text: &str) -> Result<AST, rhai::ParseError> {
        self.last_value.known_in(text, || {
            engine::compile_with_scope(&self.engine, &self.scope, text)
        })
    }

    pub(super) fn eval(
        &mut self,
        run: &Run,
        input: Input,
        view: View,
    ) -> Result<Answer, ScriptError> {
        self.count += 1;
        let name = input.name.unwrap_or_else(|| {
            let name = format!("input {}", self.count);
            run.sources().add(None, &name, &input.text)
        });
        let ast = self
            .compile(&input.text)
            .map_err(|error| self.explain(run, &error.into(), &name))?;
        run.sources().parsed(&name, &ast);
        // A later definition replaces an earlier one, and what was defined before sees it.
        let mut runnable = self.functions.merge(&ast);
        runnable.set_source(name.as_str());

        let before = Snapshot::of(&self.scope);
        let result = run
            .gate()
            .check()
            .and_then(|()| {
                self.engine
                    .eval_ast_with_scope::<Dynamic>(&mut self.scope, &runnable)
            })
            // Showing a listing asks Dropbox, and may fail as the input itself.
            .and_then(|value| Ok((show(&self.engine, &value, view)?, value)));
        let answer = match (run.gate().stopped(), result) {
            (Some(Stop::Exit(status)), _) => Ok(Answer {
                value: Dynamic::UNIT,
                text: None,
                exit: Some(status),
            }),
            (_, Err(error)) => Err(self.explain(run, &error, &name)),
            // A script that was stopped in a callback may have caught that at its very end.
            (Some(stop), Ok(_)) => Err(ScriptError::stopped(stop, run)),
            (None, Ok((text, value))) => Ok(Answer {
                value,
                text,
                exit: None,
            }),
        };
        match &answer {
            Ok(answer) if input.is_kept => {
                self.functions = runnable.clone_functions_only();
                self.keep_imports(&ast, &name);
                self.keep(&input.text, answer);
            }
            _ => before.restore(&mut self.scope),
        }
        answer
    }

    fn keep(&mut self, text: &Arc<str>, answer: &Answer) {
        let gave_value = !answer.value.is_unit();
        if gave_value {
            self.scope.set_value(NAME, answer.value.clone());
        }
        // What ends the session is no part of what it did.
        if answer.exit.is_none() {
            self.kept.push(Kept {
                text: Arc::clone(text),
                gave_value,
            });
        }
    }

    /// Rhai forgets imports at the end of each input; as modules of the engine they stay.
    fn keep_imports(&mut self, ast: &AST, name: &str) {
        for (path, alias, position) in resolver::imports(ast) {
            let resolver = self.engine.module_resolver();
            let module = resolver.resolve(&self.engine, Some(name), &path, position);
            if let (Ok(module), false) = (module, alias.is_empty()) {
                self.engine.register_static_module(alias, module);
                self.vocabulary.take();
            }
        }
    }

    fn explain(&self, run: &Run, error: &EvalAltResult, name: &str) -> ScriptError {
        ScriptError::explain(error, &self.engine, run, name, &self.names())
    }

    /// What is registered, with Rhai's own.
    pub(super) fn vocabulary(&self) -> &Vocabulary {
        self.vocabulary
            .get_or_init(|| Vocabulary::new(&self.engine, Vec::new(), &[]))
    }

    pub(super) fn scope(&self) -> &Scope<'static> {
        &self.scope
    }

    pub(super) fn constants(&self) -> &Scope<'static> {
        &self.constants
    }

    /// What an expression without calls gives: nothing can happen where it is run.
    pub(super) fn kind_without_calls(&mut self, expression: &str) -> Option<String> {
        let ast = self.compile(expression).ok()?;
        let mut is_plain = true;
        ast.walk(&mut |path: &[ASTNode<'_>]| {
            is_plain &= match path.last() {
                Some(ASTNode::Expr(expr)) => is_plain_expression(expr),
                Some(ASTNode::Stmt(stmt)) => matches!(stmt, Stmt::Expr(_) | Stmt::FnCall(..)),
                _ => true,
            };
            is_plain
        });
        if !is_plain {
            return None;
        }
        let mut scope = self.scope.clone();
        let value = self.engine.eval_ast_with_scope::<Dynamic>(&mut scope, &ast);
        value.ok().map(|value| kind(&value).to_owned())
    }

    pub(super) fn variables(&self) -> Vec<Variable> {
        let mut seen = BTreeSet::new();
        let newest_first: Vec<_> = self.scope.iter().collect();
        let mut variables: Vec<Variable> = newest_first
            .into_iter()
            .rev()
            .filter(|(name, ..)| *name != NAME && seen.insert((*name).to_owned()))
            .map(|(name, is_constant, value)| Variable {
                name: name.to_owned(),
                kind: kind(&value).to_owned(),
                text: brief(&value),
                is_constant,
            })
            .collect();
        variables.sort_by(|a, b| a.name.cmp(&b.name));
        variables
    }

    /// The functions that inputs defined, with their parameters, by name.
    pub(super) fn functions(&self) -> Vec<(String, Vec<String>)> {
        let functions = self.functions.iter_functions();
        let mut functions: Vec<_> = functions
            .filter(|function| !function.name.contains('$'))
            .map(|function| {
                let parameters = function.params.iter().map(|name| (*name).to_owned());
                (function.name.to_owned(), parameters.collect())
            })
            .collect();
        functions.sort();
        functions
    }

    pub(super) fn names(&self) -> Vec<String> {
        let variables = self.scope.iter_raw().map(|(name, ..)| name.to_owned());
        let functions = self.functions().into_iter().map(|(name, _)| name);
        let names: BTreeSet<String> = variables
            .filter(|name| name != NAME)
            .chain(functions)
            .collect();
        names.into_iter().collect()
    }

    pub(super) fn last_input(&self) -> Option<String> {
        self.kept.last().map(|input| input.text.to_string())
    }

    pub(super) fn script(&self) -> String {
        script(&self.kept)
    }
}

/// Whether it calls nothing but operators.
fn is_plain_expression(expr: &Expr) -> bool {
    match expr {
        Expr::FnCall(call, _) => !call
            .name
            .starts_with(|first: char| first.is_alphabetic() || first == '_'),
        Expr::MethodCall(..) | Expr::Stmt(_) | Expr::Custom(..) | Expr::Dot(..) => false,
        _ => true,
    }
}
