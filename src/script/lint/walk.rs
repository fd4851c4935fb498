//! Goes through a text: which variables there are at a place, of what type they are, and whether anything reads them.

use rhai::{ASTFlags, Expr, FnCallExpr, Ident, Position, Stmt};

use super::Finding;
use super::calls::Known;
use super::options::On;
use super::survey::{Body, Survey};
use crate::script::explain::Explained;
use crate::script::values;

/// Looks through one text.
pub(super) fn findings(known: &Known<'_>) -> Vec<Finding> {
    let survey = Survey::of(&known.text.ast);
    let mut walk = Walk {
        known,
        survey: &survey,
        scope: Vec::new(),
        found: Vec::new(),
    };
    walk.block(known.text.ast.statements());
    for body in survey.named_functions() {
        walk.scope = body
            .parameters
            .iter()
            .map(|name| Variable::quiet(name, None))
            .collect();
        walk.block(&body.statements);
        walk.scope.clear();
    }
    walk.found
}

struct Walk<'a> {
    known: &'a Known<'a>,
    survey: &'a Survey,
    /// The variables in sight, the innermost last.
    scope: Vec<Variable<'a>>,
    found: Vec<Finding>,
}

struct Variable<'a> {
    name: &'a str,
    /// What people call its type, where that is sure to stay the same.
    kind: Option<&'a str>,
    /// What it was declared with, where that was a map written out.
    map: Option<&'a [(Ident, Expr)]>,
    /// Where it was declared, if it is to be told when nothing reads it.
    watched: Option<Position>,
    is_read: bool,
}

impl<'a> Variable<'a> {
    fn quiet(name: &'a str, kind: Option<&'a str>) -> Self {
        Self {
            name,
            kind,
            map: None,
            watched: None,
            is_read: false,
        }
    }
}

/// What is known of the type of a value.
type Kind<'a> = Option<&'a str>;

impl<'a> Walk<'a> {
    fn block(&mut self, statements: &'a [Stmt]) {
        let outside = self.scope.len();
        for statement in statements {
            self.statement(statement);
        }
        self.leave(outside);
    }

    /// Takes the variables out of sight that came into it since.
    fn leave(&mut self, outside: usize) {
        for variable in self.scope.drain(outside..) {
            if let Some(at) = variable.watched
                && !variable.is_read
            {
                let name = variable.name;
                let explained = Explained::new(format!("nothing reads `{name}`"), "not used");
                self.found.push(Finding {
                    at,
                    is_warning: true,
                    explained: explained.hint(format!(
                        "leave it out, or name it `_{name}` to say that this is meant"
                    )),
                });
            }
        }
    }

    fn statement(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Var(declared, flags, _) => {
                let (name, value, _) = &**declared;
                let kind = self.value(value);
                self.declare(name, kind, value, *flags);
            }
            Stmt::Assignment(assignment) => {
                let (operator, sides) = &**assignment;
                self.value(&sides.rhs);
                // To be given another value is not to be read.
                if operator.is_op_assignment() || !matches!(sides.lhs, Expr::Variable(..)) {
                    self.value(&sides.lhs);
                }
            }
            Stmt::If(flow, _) | Stmt::While(flow, _) | Stmt::Do(flow, ..) => {
                self.value(&flow.expr);
                self.block(flow.body.statements());
                self.block(flow.branch.statements());
            }
            Stmt::Switch(switch, _) => {
                self.value(&switch.0);
                for case in &switch.1.expressions {
                    self.value(&case.lhs);
                    self.value(&case.rhs);
                }
            }
            Stmt::For(parts, _) => {
                let (variable, counter, flow) = &**parts;
                let element = (self.value(&flow.expr) == Some("Listing")).then_some("Item");
                let outside = self.scope.len();
                self.bring(&variable.name, element);
                if let Some(counter) = counter {
                    self.bring(&counter.name, Some("integer"));
                }
                self.block(flow.body.statements());
                self.leave(outside);
            }
            Stmt::TryCatch(flow, _) => {
                self.block(flow.body.statements());
                let outside = self.scope.len();
                if let Expr::Variable(error, ..) = &flow.expr {
                    self.bring(&error.1, None);
                }
                self.block(flow.branch.statements());
                self.leave(outside);
            }
            Stmt::FnCall(call, at) => drop(self.call(call, *at)),
            Stmt::Block(block) => self.block(block.statements()),
            Stmt::Expr(value) => drop(self.value(value)),
            Stmt::BreakLoop(Some(value), ..) | Stmt::Return(Some(value), ..) => {
                self.value(value);
            }
            Stmt::Import(import, _) => drop(self.value(&import.0)),
            Stmt::Export(export, _) => drop(self.read(&export.0.name)),
            _ => {}
        }
    }

    fn declare(&mut self, name: &'a Ident, kind: Kind<'a>, value: &'a Expr, flags: ASTFlags) {
        let is_meant = name.name.starts_with('_')
            || flags.contains(ASTFlags::EXPORTED)
            || self.survey.is_read_as_global(&name.name);
        self.bring(&name.name, kind);
        let variable = self.scope.last_mut().expect("it was just brought in");
        variable.watched = (!is_meant).then_some(name.pos);
        if let Expr::Map(map, _) = value {
            variable.map = Some(&map.0);
        }
    }

    fn bring(&mut self, name: &'a str, kind: Kind<'a>) {
        let kind = kind.filter(|_| !self.survey.may_change(name));
        self.scope.push(Variable::quiet(name, kind));
    }

    fn find(&mut self, name: &str) -> Option<&mut Variable<'a>> {
        self.scope.iter_mut().rev().find(|one| one.name == name)
    }

    /// Notes that a variable is read, and gives its type.
    fn read(&mut self, name: &str) -> Kind<'a> {
        let variable = self.find(name)?;
        variable.is_read = true;
        variable.kind
    }

    /// Looks through an expression, and gives the type of its value.
    fn value(&mut self, value: &'a Expr) -> Kind<'a> {
        match value {
            Expr::DynamicConstant(constant, _) => {
                if let Some(body) = self.survey.closure(value) {
                    self.closure(body, &[]);
                }
                Some(values::kind(constant))
            }
            Expr::BoolConstant(..) => Some("boolean"),
            Expr::IntegerConstant(..) => Some("integer"),
            Expr::FloatConstant(..) => Some("float"),
            Expr::CharConstant(..) => Some("character"),
            Expr::StringConstant(..) => Some("text"),
            Expr::Unit(_) => Some("()"),
            Expr::InterpolatedString(parts, _) => {
                self.values(parts);
                Some("text")
            }
            Expr::Array(parts, _) => {
                self.values(parts);
                Some("array")
            }
            Expr::Map(map, _) => {
                self.values(map.0.iter().map(|(_, value)| value));
                Some("map")
            }
            Expr::And(parts, _) | Expr::Or(parts, _) => {
                self.values(parts.iter());
                Some("boolean")
            }
            Expr::Coalesce(parts, _) => {
                self.values(parts.iter());
                None
            }
            Expr::Variable(variable, ..) if variable.2.is_empty() => self.read(&variable.1),
            Expr::Stmt(block) => {
                self.block(block.statements());
                self.survey.closure(value).map(|_| "closure")
            }
            Expr::FnCall(call, at) => self.call(call, *at),
            Expr::Dot(sides, flags, _) => {
                let on = self.value(&sides.lhs);
                self.chain(on, &sides.rhs, *flags)
            }
            Expr::Index(sides, flags, _) => {
                self.value(&sides.lhs);
                self.index(&sides.rhs, *flags)
            }
            Expr::Custom(custom, _) => {
                self.values(custom.inputs.iter());
                None
            }
            _ => None,
        }
    }

    fn values(&mut self, values: impl IntoIterator<Item = &'a Expr>) {
        for value in values {
            self.value(value);
        }
    }

    /// What follows a dot, to the end of the chain.
    fn chain(&mut self, on: Kind<'a>, right: &'a Expr, flags: ASTFlags) -> Kind<'a> {
        match right {
            Expr::Dot(sides, rest, _) if !flags.contains(ASTFlags::BREAK) => {
                let on = self.member(on, &sides.lhs);
                self.chain(on, &sides.rhs, *rest)
            }
            Expr::Index(sides, rest, _) if !flags.contains(ASTFlags::BREAK) => {
                self.member(on, &sides.lhs);
                self.index(&sides.rhs, *rest)
            }
            last => self.member(on, last),
        }
    }

    /// What follows an opening bracket, to the end of the chain. Of what is in a collection nothing is known.
    fn index(&mut self, right: &'a Expr, flags: ASTFlags) -> Kind<'a> {
        match right {
            Expr::Dot(sides, rest, _) if !flags.contains(ASTFlags::BREAK) => {
                self.value(&sides.lhs);
                self.chain(None, &sides.rhs, *rest)
            }
            Expr::Index(sides, rest, _) if !flags.contains(ASTFlags::BREAK) => {
                self.value(&sides.lhs);
                self.index(&sides.rhs, *rest)
            }
            last => {
                self.value(last);
                None
            }
        }
    }

    /// A property or method of a value of this type.
    fn member(&mut self, on: Kind<'a>, member: &'a Expr) -> Kind<'a> {
        let known = self.known;
        match member {
            Expr::Property(property, at) => {
                let result = known.property(on, &property.2, *at);
                self.or_tell(result, *at)
            }
            Expr::MethodCall(call, at) => {
                // Whoever goes through a listing hands its items over.
                let handed = match (on, call.name.as_str()) {
                    (Some("Listing"), "map" | "filter") => &["Item"][..],
                    _ => &[],
                };
                let kinds = self.arguments(call, handed);
                if let Some(on) = on {
                    self.options(call, On::Value(on));
                }
                let result = known.method(on, &call.name, &kinds, *at);
                self.or_tell(result, *at)
            }
            other => self.value(other),
        }
    }

    fn call(&mut self, call: &'a FnCallExpr, at: Position) -> Kind<'a> {
        let known = self.known;
        if call.capture_parent_scope {
            for variable in &mut self.scope {
                variable.is_read = true;
            }
        }
        if let ("is_def_var", [Expr::StringConstant(name, _)]) = (call.name.as_str(), &*call.args) {
            self.read(name);
        }
        let kinds = self.arguments(call, &[]);
        let namespace = call.namespace.to_string();
        let root = namespace.split("::").next().unwrap_or_default();
        if self.survey.is_unknown_module(root) {
            return None;
        }
        if !namespace.is_empty() || !known.is_own(&call.name, call.args.len()) {
            self.options(call, On::Module(&namespace));
        }
        let result = known.call(call, &kinds, at);
        self.or_tell(result, at)
    }

    /// The values of a call; `handed` is what closures among them are called with.
    fn arguments(&mut self, call: &'a FnCallExpr, handed: &[&'a str]) -> Vec<Kind<'a>> {
        let arguments = call.args.iter();
        arguments
            .map(|value| match self.survey.closure(value) {
                Some(body) if !handed.is_empty() => {
                    for captured in Survey::captured(value) {
                        self.read(captured);
                    }
                    self.closure(body, handed);
                    Some("closure")
                }
                _ => self.value(value),
            })
            .collect()
    }

    /// Looks through a closure where it is written: what it captured has the same names inside, and is at the beginning of its parameters.
    fn closure(&mut self, body: &'a Body, handed: &[&'a str]) {
        let outside = self.scope.len();
        let captured = body.captured;
        for (at, name) in body.parameters.iter().enumerate() {
            let kind = match at.checked_sub(captured) {
                None => self.find(name).and_then(|variable| variable.kind),
                Some(at) => handed.get(at).copied(),
            };
            self.bring(name, kind);
        }
        self.block(&body.statements);
        self.leave(outside);
    }

    /// Tells of the options that a call has written out and that its function does not know.
    fn options(&mut self, call: &'a FnCallExpr, on: On<'_>) {
        let maps = call.args.iter().enumerate();
        let maps: Vec<(usize, &[(Ident, Expr)])> = maps
            .filter_map(|(at, value)| match value {
                Expr::Map(map, _) => Some((at, &*map.0)),
                Expr::Variable(variable, ..) => Some((at, self.find(&variable.1)?.map?)),
                _ => None,
            })
            .collect();
        let found = self
            .known
            .unknown_options(&call.name, on, call.args.len(), &maps);
        for (at, explained) in found {
            self.tell(explained, at);
        }
    }

    fn or_tell(&mut self, result: Result<Kind<'a>, Explained>, at: Position) -> Kind<'a> {
        result.unwrap_or_else(|explained| {
            self.tell(explained, at);
            None
        })
    }

    fn tell(&mut self, explained: Explained, at: Position) {
        // A map that is handed over twice is wrong once.
        if !self.found.iter().any(|known| known.at == at) {
            self.found.push(Finding {
                at,
                is_warning: false,
                explained,
            });
        }
    }
}
