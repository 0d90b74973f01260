//! The type checker: from the parser's tree to the checked form, refusing unknown names and wrong types with their
//! place.

mod calls;
mod compare;
mod constants;
mod intervals;
mod lists;
mod names;
mod operators;
pub(in crate::condition) mod time;

use std::sync::Arc;

use cel::common::ast::{Expr, IdedExpr, LiteralValue, operators as op};

use super::context::Purpose;
use super::ir::*;
use super::parse::Parsed;
use super::problem::Problem;
use super::scope::{Scope, SubjectKind};
use super::types::Type;
use crate::Value;

pub(super) type Checked<T> = Result<T, Problem>;

/// What a name or path can stand for.
#[derive(Clone, Debug)]
pub(super) enum Thing {
    Scalar(Node),
    Record(Entity),
    Row {
        var: VarId,
        columns: Arc<[Column]>,
        then: bool,
    },
    List(List),
    /// `filter(v, body)` over a list: only other macros and `size` can take it.
    Filtered(List, VarId, Node),
    /// A list of constants as written.
    Constants(Vec<Node>),
    Step,
    Change,
    Period,
}

pub(super) struct Checker<'a, 'm> {
    pub scope: &'a Scope<'m>,
    pub parsed: &'a Parsed<'a>,
    /// Names bound by macros, innermost last.
    names: Vec<(String, Thing)>,
    next_var: VarId,
    /// How many quantifiers stand around the present place.
    depth: usize,
    /// Faults found beside the one that is being returned.
    problems: Vec<Problem>,
}

/// Most quantifiers within each other, and most links in one path.
pub const RELATION_DEPTH_MAX: usize = 3;

/// Checks a whole expression; `truth` asks for a boolean.
pub(super) fn check(parsed: &Parsed<'_>, scope: &Scope<'_>, truth: bool) -> Result<Node, Vec<Problem>> {
    let mut checker = Checker { scope, parsed, names: vec![], next_var: 0, depth: 0, problems: vec![] };
    let known = match &scope.subject {
        SubjectKind::Record(t) | SubjectKind::Step(t) | SubjectKind::Change(t, _) => scope.model.get(t).is_some(),
        SubjectKind::Values => true,
    };
    let root = if !known {
        Err(parsed.problem(&parsed.root, format!("the model has no record type for {:?}", scope.subject)))
    } else if truth {
        checker.truth(&parsed.root)
    } else {
        checker.scalar(&parsed.root)
    };
    let result = root.and_then(|node| {
        if scope.purpose == Purpose::Check {
            time::check_linear(&node).map_err(|message| parsed.problem(&parsed.root, message))?;
        }
        Ok(node)
    });
    match result {
        Ok(node) if checker.problems.is_empty() => Ok(node),
        Ok(_) => Err(checker.problems),
        Err(problem) => {
            checker.problems.push(problem);
            checker.problems.sort_by_key(|p| p.offset);
            Err(checker.problems)
        }
    }
}

impl Checker<'_, '_> {
    pub(super) fn problem(&self, at: &IdedExpr, message: impl Into<String>) -> Problem {
        self.parsed.problem(at, message)
    }

    /// An expression that must be a boolean.
    pub(super) fn truth(&mut self, expr: &IdedExpr) -> Checked<Node> {
        let node = self.scalar(expr)?;
        match node.ty {
            Type::Bool => Ok(node),
            Type::Setting => Ok(Node { ty: Type::Bool, ..node }),
            other => Err(self.problem(expr, format!("expected a boolean, found {}", describe(&other)))),
        }
    }

    /// An expression that must be one value.
    pub(super) fn scalar(&mut self, expr: &IdedExpr) -> Checked<Node> {
        let thing = self.thing(expr)?;
        self.as_value(expr, thing)
    }

    /// A record is its link; lists and the like are no values.
    pub(super) fn as_value(&self, expr: &IdedExpr, thing: Thing) -> Checked<Node> {
        let why = match thing {
            Thing::Scalar(node) => return Ok(node),
            Thing::Record(entity) => {
                let ty = Type::link(&entity.record_type);
                return Ok(Node::new(Op::Id(Box::new(entity)), ty));
            }
            Thing::Row { .. } => "a line is not a value, expected one of its columns",
            Thing::List(_) | Thing::Filtered(..) => {
                "a list is not a value, expected size(), exists(), all(), exists_one(), filter() or `x in list`"
            }
            Thing::Constants(_) => "a list of constants can stand only after `in` or before all() and exists()",
            Thing::Step | Thing::Change | Thing::Period => {
                "this is not a value, expected a part of it such as `.at` or `.start`"
            }
        };
        Err(self.problem(expr, why))
    }

    pub(super) fn thing(&mut self, expr: &IdedExpr) -> Checked<Thing> {
        match &expr.expr {
            Expr::Literal(literal) => self.literal(expr, literal).map(Thing::Scalar),
            Expr::Ident(name) => self.name(expr, name),
            Expr::Select(select) if select.test => {
                Err(self.problem(expr, format!("has() is not needed, write `… .{} != null`", select.field)))
            }
            Expr::Select(select) => {
                let of = self.thing(&select.operand)?;
                self.select(expr, of, &select.field)
            }
            Expr::Call(call) => self.call(expr, call),
            Expr::List(list) => {
                let mut nodes = vec![];
                for element in &list.elements {
                    nodes.push(self.scalar(element)?);
                }
                Ok(Thing::Constants(nodes))
            }
            Expr::Comprehension(inner) => self.comprehension(expr, inner),
            Expr::Map(_) | Expr::Struct(_) => {
                Err(self.problem(expr, "maps and messages are not part of the condition language"))
            }
            Expr::Unspecified => Err(self.problem(expr, "expected an expression")),
        }
    }

    fn literal(&self, expr: &IdedExpr, literal: &LiteralValue) -> Checked<Node> {
        Ok(match literal {
            LiteralValue::Boolean(b) => Node::constant(Value::Bool(*b.inner()), Type::Bool),
            LiteralValue::Int(n) if n.inner().unsigned_abs() > operators::MAGNITUDE_FIELD.unsigned_abs() as u64 => {
                return Err(
                    self.problem(expr, format!("{} is out of range, expected at most 2^53 either way", n.inner()))
                );
            }
            LiteralValue::Int(n) => Node::constant(Value::Int(*n.inner()), Type::Int),
            LiteralValue::String(s) if s.inner().contains('\0') => {
                return Err(self.problem(expr, "the zero character is not allowed"));
            }
            LiteralValue::String(s) => Node::constant(Value::text(s.inner()), Type::Text),
            LiteralValue::Null => Node::constant(Value::Null, Type::Null),
            LiteralValue::Double(d) => Node::constant(Value::text(d.inner().to_string()), Type::Real),
            LiteralValue::UInt(_) | LiteralValue::Bytes(_) => {
                return Err(self.problem(expr, "unsigned numbers and bytes are not part of the condition language"));
            }
        })
    }

    /// Both sides of a connective, so that the faults of both are told at once.
    fn both(&mut self, a: &IdedExpr, b: &IdedExpr) -> Checked<(Node, Node)> {
        match (self.truth(a), self.truth(b)) {
            (Ok(a), Ok(b)) => Ok((a, b)),
            (Err(first), Err(second)) => {
                self.problems.push(first);
                Err(second)
            }
            (Err(problem), _) | (_, Err(problem)) => Err(problem),
        }
    }

    fn new_var(&mut self) -> VarId {
        self.next_var += 1;
        self.next_var
    }

    fn call(&mut self, expr: &IdedExpr, call: &cel::common::ast::CallExpr) -> Checked<Thing> {
        let node = match (call.func_name.as_str(), call.args.as_slice()) {
            (op::LOGICAL_AND, [a, b]) => self.both(a, b).map(|(a, b)| a.and(b)),
            (op::LOGICAL_OR, [a, b]) => self.both(a, b).map(|(a, b)| a.or(b)),
            (op::LOGICAL_NOT, [a]) => self.truth(a).map(Node::not),
            (op::EQUALS, [a, b]) => self.comparison(expr, Comparison::Eq, a, b),
            (op::NOT_EQUALS, [a, b]) => self.comparison(expr, Comparison::Ne, a, b),
            (op::LESS, [a, b]) => self.comparison(expr, Comparison::Lt, a, b),
            (op::LESS_EQUALS, [a, b]) => self.comparison(expr, Comparison::Le, a, b),
            (op::GREATER, [a, b]) => self.comparison(expr, Comparison::Gt, a, b),
            (op::GREATER_EQUALS, [a, b]) => self.comparison(expr, Comparison::Ge, a, b),
            (op::ADD, [a, b]) => self.arithmetic(expr, Arithmetic::Add, a, b),
            (op::SUBSTRACT, [a, b]) => self.arithmetic(expr, Arithmetic::Sub, a, b),
            (op::MULTIPLY, [a, b]) => self.arithmetic(expr, Arithmetic::Mul, a, b),
            (op::DIVIDE, [a, b]) => self.arithmetic(expr, Arithmetic::Div, a, b),
            (op::MODULO, [a, b]) => self.arithmetic(expr, Arithmetic::Rem, a, b),
            (op::NEGATE, [a]) => self.negate(expr, a),
            (op::CONDITIONAL, [c, a, b]) => self.conditional(expr, c, a, b),
            (op::IN, [a, list]) => self.membership(expr, a, list),
            (op::INDEX | op::OPT_INDEX | op::OPT_SELECT, _) => {
                Err(self.problem(expr, "lists have no positions here, expected exists(), all() or size()"))
            }
            _ => self.function(expr, call),
        };
        node.map(Thing::Scalar)
    }
}

/// A type in an error message, choices with their keys.
pub(super) fn describe(ty: &Type) -> String {
    match ty {
        Type::Choice(keys) => format!("a choice of {}", keys.join(", ")),
        other => {
            format!("{}{other}", if matches!(other, Type::Int | Type::Instant | Type::Opaque) { "an " } else { "a " })
        }
    }
}
