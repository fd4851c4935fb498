//! Calls in a script that cannot work, found without running it.

use rhai::{AST, ASTNode, Engine, EvalAltResult, Expr, FnCallExpr, Position, Stmt};

use super::diagnostic::{Reason, ScriptError};
use super::run::Run;
use super::vocabulary::{Function, Vocabulary};

/// What Rhai calls itself, and no function is registered for.
const KEYWORDS: [&str; 12] = [
    "print",
    "debug",
    "type_of",
    "Fn",
    "call",
    "curry",
    "is_shared",
    "is_def_var",
    "is_def_fn",
    "eval",
    "this",
    "exit",
];

/// The calls of the text `name` to functions that nothing defines, or that take another number of values.
///
/// Only what is certain is told. Methods are left out: what they are called on is not known.
pub(super) fn faults(engine: &Engine, run: &Run, name: &str, ast: &AST) -> Vec<ScriptError> {
    let registered = Vocabulary::new(engine, Vec::new(), &[]);
    let own: Vec<(String, usize)> = ast
        .iter_functions()
        .map(|function| (function.name.to_owned(), function.params.len()))
        .collect();
    let mut found = Vec::new();
    ast.walk(&mut |nodes: &[ASTNode]| {
        let call = match nodes.last() {
            Some(ASTNode::Expr(Expr::FnCall(call, at)) | ASTNode::Stmt(Stmt::FnCall(call, at))) => {
                Some((call, *at))
            }
            _ => None,
        };
        if let Some((call, at)) = call
            && !is_known(call, &registered, &own)
        {
            found.push(unknown(call, at));
        }
        true
    });
    found.sort_by_key(|error| {
        let at = error.position();
        (at.line(), at.position())
    });
    let explained = found.iter().map(|error| ScriptError {
        reason: Reason::Parse,
        ..ScriptError::explain(error, engine, run, name, &[])
    });
    explained.collect()
}

fn is_known(call: &FnCallExpr, registered: &Vocabulary, own: &[(String, usize)]) -> bool {
    let is_word = call
        .name
        .starts_with(|c: char| c.is_alphabetic() || c == '_');
    if call.op_token.is_some() || !is_word || call.name.starts_with("anon$") {
        return true;
    }
    let count = call.args.len();
    let fits = |function: &Function| function.parameters.len() == count;
    if !call.namespace.is_empty() {
        // What a module of scripts has is known only once it was loaded.
        let namespace = call.namespace.to_string();
        return !registered.has_module(&namespace)
            || registered.named(&namespace, &call.name).any(fits);
    }
    KEYWORDS.contains(&call.name.as_str())
        || own
            .iter()
            .any(|(name, parameters)| *name == *call.name && *parameters == count)
        || registered.named("", &call.name).any(fits)
}

/// As the engine itself would raise it.
fn unknown(call: &FnCallExpr, at: Position) -> EvalAltResult {
    let name = match call.namespace.to_string() {
        namespace if namespace.is_empty() => call.name.to_string(),
        namespace => format!("{namespace}::{}", call.name),
    };
    let values: Vec<&str> = call.args.iter().map(kind).collect();
    EvalAltResult::ErrorFunctionNotFound(format!("{name} ({})", values.join(", ")), at)
}

/// The type of a value, where it is written in the script.
fn kind(value: &Expr) -> &'static str {
    match value {
        Expr::BoolConstant(..) => "bool",
        Expr::IntegerConstant(..) => "i64",
        Expr::FloatConstant(..) => "f64",
        Expr::CharConstant(..) => "char",
        Expr::StringConstant(..) | Expr::InterpolatedString(..) => "string",
        Expr::Array(..) => "array",
        Expr::Map(..) => "map",
        Expr::Unit(..) => "()",
        _ => "?",
    }
}
