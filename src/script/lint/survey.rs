//! What holds of a text as a whole, found before it is looked through.

use std::collections::BTreeSet;

use rhai::{AST, ASTNode, Expr, FnCallExpr, FnPtr, Stmt};

use super::modules;

/// Rhai gives closures names that begin so.
const CLOSURE: &str = "anon$";

pub(super) struct Survey {
    functions: Vec<Body>,
    /// Variables that get another value somewhere.
    assigned: BTreeSet<String>,
    /// Whether a method may put something else in the place of what it is called on.
    changes_this: bool,
    /// Constants that are read as `global::NAME`.
    global: BTreeSet<String>,
    unknown_modules: BTreeSet<String>,
}

/// A function or closure.
pub(super) struct Body {
    name: String,
    pub(super) parameters: Vec<String>,
    /// How many of the parameters are what a closure captured: the first ones.
    pub(super) captured: usize,
    /// Clones, as Rhai lets nobody else have those of the function.
    pub(super) statements: Vec<Stmt>,
}

impl Survey {
    pub(super) fn of(ast: &AST) -> Self {
        let mut survey = Self {
            functions: functions(ast),
            assigned: BTreeSet::new(),
            changes_this: false,
            global: BTreeSet::new(),
            unknown_modules: modules::unknown(ast),
        };
        ast.walk(&mut |nodes: &[ASTNode]| {
            match nodes.last() {
                Some(ASTNode::Stmt(Stmt::Assignment(assignment))) => match &assignment.1.lhs {
                    Expr::Variable(variable, ..) => {
                        survey.assigned.insert(variable.1.to_string());
                    }
                    Expr::ThisPtr(_) => survey.changes_this = true,
                    _ => {}
                },
                Some(ASTNode::Expr(Expr::Variable(variable, ..)))
                    if variable.2.to_string() == "global" =>
                {
                    survey.global.insert(variable.1.to_string());
                }
                Some(ASTNode::Expr(value)) => survey.note_captures(value),
                _ => {}
            }
            true
        });
        survey
    }

    /// The functions that have a name.
    pub(super) fn named_functions(&self) -> impl Iterator<Item = &Body> {
        let functions = self.functions.iter();
        functions.filter(|function| !function.name.starts_with(CLOSURE))
    }

    /// The closure that an expression makes.
    pub(super) fn closure(&self, value: &Expr) -> Option<&Body> {
        let name = closure_name(value)?;
        self.functions.iter().find(|function| function.name == name)
    }

    /// The names of the variables that the closure captures which an expression makes.
    pub(super) fn captured(value: &Expr) -> impl Iterator<Item = &str> {
        let variables = curry(value).into_iter().flat_map(|call| call.args.iter());
        variables.filter_map(|value| match value {
            Expr::Variable(variable, ..) => Some(variable.1.as_str()),
            _ => None,
        })
    }

    /// Whether a variable may be of another type later, or earlier in a loop.
    pub(super) fn may_change(&self, name: &str) -> bool {
        self.changes_this || self.assigned.contains(name)
    }

    pub(super) fn is_read_as_global(&self, name: &str) -> bool {
        self.global.contains(name)
    }

    /// Whether a module was imported from a path that is known only at run time.
    pub(super) fn is_unknown_module(&self, alias: &str) -> bool {
        self.unknown_modules.contains(alias)
    }

    fn note_captures(&mut self, value: &Expr) {
        let (Some(name), Some(call)) = (closure_name(value), curry(value)) else {
            return;
        };
        let closure = self.functions.iter_mut().find(|one| one.name == name);
        if let Some(closure) = closure {
            closure.captured = call.args.len() - 1;
        }
    }
}

/// The call of `curry` in the block that Rhai makes of a closure which captures variables: the closure comes first, then those.
fn curry(value: &Expr) -> Option<&FnCallExpr> {
    let Expr::Stmt(block) = value else {
        return None;
    };
    match block.statements() {
        [Stmt::Share(_), Stmt::FnCall(call, _)] => Some(call),
        [Stmt::Share(_), Stmt::Expr(call)] => match &**call {
            Expr::FnCall(call, _) => Some(call),
            _ => None,
        },
        _ => None,
    }
}

fn closure_name(value: &Expr) -> Option<String> {
    let made = curry(value).map_or(Some(value), |call| call.args.first());
    let Some(Expr::DynamicConstant(constant, _)) = made else {
        return None;
    };
    let closure = constant.read_lock::<FnPtr>()?;
    Some(closure.fn_name().to_owned())
}

fn functions(ast: &AST) -> Vec<Body> {
    let functions = ast.iter_fn_def();
    functions
        .map(|function| {
            // To clone some of the functions clones all of them in this version of Rhai.
            let mut alone = ast.clone_functions_only();
            alone.retain_functions(|_, _, name, count| {
                name == function.name && count == function.params.len()
            });
            let mut statements = Vec::new();
            alone.walk(&mut |nodes: &[ASTNode]| {
                if let [ASTNode::Stmt(statement)] = nodes {
                    statements.push((*statement).clone());
                }
                true
            });
            Body {
                name: function.name.to_string(),
                parameters: function.params.iter().map(ToString::to_string).collect(),
                captured: 0,
                statements,
            }
        })
        .collect()
}
