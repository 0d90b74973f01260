//! Arithmetic and the ternary, with the static bounds that keep both databases inside 64 bits.

use cel::common::ast::IdedExpr;

use super::{Checked, Checker, describe};
use crate::Value;
use crate::condition::ir::*;
use crate::condition::types::Type;

/// Numbers in fields and constants are within 2^53 either way.
pub(super) const MAGNITUDE_FIELD: i128 = 1 << 53;
/// Instants reach to the year 9999.
const MAGNITUDE_INSTANT: i128 = 1 << 58;
/// No intermediate result may exceed this: SQLite would go on in floating point, PostgreSQL would stop.
const MAGNITUDE_MAX: i128 = 1 << 62;
/// Largest constant factor.
const FACTOR_MAX: i64 = 512;

impl Checker<'_, '_> {
    pub(super) fn arithmetic(&mut self, expr: &IdedExpr, how: Arithmetic, a: &IdedExpr, b: &IdedExpr) -> Checked<Node> {
        let (left, right) = (self.scalar(a)?, self.scalar(b)?);
        if how == Arithmetic::Add && (left.ty == Type::Text && right.ty == Type::Text) {
            return Ok(Node::new(Op::Join(Box::new(left), Box::new(right)), Type::Text));
        }
        let (left, right) = self.settings_beside(how, left, right);
        let (left, right) = if matches!(how, Arithmetic::Add | Arithmetic::Sub) {
            let (left_type, right_type) = (left.ty.clone(), right.ty.clone());
            let widen = |ty: &Type| matches!(ty, Type::Decimal(_)).then(|| ty.clone());
            let left = match widen(&right_type) {
                Some(ty) => self.coerce(a, left, &ty)?,
                None => left,
            };
            let right = match widen(&left_type) {
                Some(ty) => self.coerce(b, right, &ty)?,
                None => right,
            };
            (left, right)
        } else {
            (left, right)
        };
        let ty = self.arithmetic_type(expr, how, &left, &right)?;
        let node = Node::new(Op::Arithmetic(how, Box::new(left), Box::new(right)), ty);
        if magnitude(&node) > MAGNITUDE_MAX {
            return Err(
                self.problem(expr, "the result could exceed 64 bits, expected fewer or smaller factors and terms")
            );
        }
        Ok(node)
    }

    fn arithmetic_type(&self, expr: &IdedExpr, how: Arithmetic, left: &Node, right: &Node) -> Checked<Type> {
        use Arithmetic::{Add, Div, Mul, Rem, Sub};
        let factor = |n: &Node| match n.op {
            Op::Const(Value::Int(n)) => n.unsigned_abs() <= FACTOR_MAX.unsigned_abs(),
            _ => false,
        };
        Ok(match (how, &left.ty, &right.ty) {
            (Add | Sub, Type::Int, Type::Int) => Type::Int,
            (Add | Sub, Type::Decimal(s), Type::Decimal(t)) if s == t => Type::Decimal(*s),
            (Add | Sub, Type::Duration, Type::Duration) | (Sub, Type::Instant, Type::Instant) => Type::Duration,
            (Add | Sub, Type::Instant, Type::Duration) | (Add, Type::Duration, Type::Instant) => Type::Instant,
            (Add | Sub, Type::Date, Type::Int) => Type::Date,
            (Sub, Type::Date, Type::Date) => Type::Int,
            (Mul, a, Type::Int) if factor(right) && is_number(a) => a.clone(),
            (Mul, Type::Int, b) if factor(left) && is_number(b) => b.clone(),
            (Mul, a, b) if is_number(a) && is_number(b) => {
                return Err(self.problem(expr, format!("one factor must be a constant of at most {FACTOR_MAX}")));
            }
            (Div | Rem, Type::Int, Type::Int) | (Div, Type::Duration, Type::Duration) => Type::Int,
            (Div, a, Type::Int) if is_number(a) => a.clone(),
            (Rem, Type::Duration, Type::Duration) => Type::Duration,
            (_, a, b) => {
                let sign = match how {
                    Add => "+",
                    Sub => "-",
                    Mul => "*",
                    Div => "/",
                    Rem => "%",
                };
                let hint = if sign == "+" || sign == "-" { ", both sides must have one type and scale" } else { "" };
                return Err(
                    self.problem(expr, format!("no `{sign}` between {} and {}{hint}", describe(a), describe(b)))
                );
            }
        })
    }

    /// A setting beside `+` or `-` is what may stand there.
    fn settings_beside(&self, how: Arithmetic, left: Node, right: Node) -> (Node, Node) {
        let partner = |ty: &Type| match (how, ty) {
            (Arithmetic::Add | Arithmetic::Sub, Type::Instant) => Type::Duration,
            (Arithmetic::Add | Arithmetic::Sub, Type::Date) => Type::Int,
            (Arithmetic::Add | Arithmetic::Sub, other) => other.clone(),
            _ => Type::Int,
        };
        let (left_type, right_type) = (left.ty.clone(), right.ty.clone());
        let give = |node: Node, other: &Type| match node.ty {
            Type::Setting => Node { ty: partner(other), ..node },
            _ => node,
        };
        (give(left, &right_type), give(right, &left_type))
    }

    pub(super) fn negate(&mut self, expr: &IdedExpr, a: &IdedExpr) -> Checked<Node> {
        let node = self.scalar(a)?;
        match (&node.op, &node.ty) {
            (Op::Const(Value::Int(n)), Type::Int) => Ok(Node::constant(Value::Int(-n), Type::Int)),
            (Op::Const(Value::Text(t)), Type::Real) => Ok(Node::constant(Value::text(format!("-{t}")), Type::Real)),
            (Op::Const(Value::Duration(n)), Type::Duration) => Ok(Node::constant(Value::Duration(-n), Type::Duration)),
            (_, ty) if is_number(ty) => {
                let ty = ty.clone();
                let zero =
                    Node::constant(if ty == Type::Duration { Value::Duration(0) } else { Value::Int(0) }, ty.clone());
                Ok(Node::new(Op::Arithmetic(Arithmetic::Sub, Box::new(zero), Box::new(node)), ty))
            }
            (_, ty) => Err(self.problem(expr, format!("no `-` before {}", describe(ty)))),
        }
    }

    pub(super) fn conditional(&mut self, expr: &IdedExpr, c: &IdedExpr, a: &IdedExpr, b: &IdedExpr) -> Checked<Node> {
        let condition = self.truth(c)?;
        let (left, right) = (self.scalar(a)?, self.scalar(b)?);
        let (left, right) = self.alternatives(expr, (a, left), (b, right))?;
        let ty = left.ty.clone();
        Ok(Node::new(Op::If(Box::new(condition), Box::new(left), Box::new(right)), ty))
    }

    /// Two values of which one is taken: they must be of one type; null takes the other's.
    pub(super) fn alternatives(
        &self,
        expr: &IdedExpr,
        a: (&IdedExpr, Node),
        b: (&IdedExpr, Node),
    ) -> Checked<(Node, Node)> {
        let (left, right) = match (&a.1.ty, &b.1.ty) {
            (Type::Null, Type::Null) => return Err(self.problem(expr, "both values are null")),
            (Type::Null, ty) => (Node { ty: ty.clone(), ..a.1 }, b.1),
            (ty, Type::Null) => {
                let ty = ty.clone();
                (a.1, Node { ty, ..b.1 })
            }
            _ => self.agree(expr, a, b)?,
        };
        let ty = union(&left.ty, &right.ty);
        Ok((Node { ty: ty.clone(), ..left }, Node { ty, ..right }))
    }
}

fn is_number(ty: &Type) -> bool {
    matches!(ty, Type::Int | Type::Decimal(_) | Type::Duration)
}

/// The type of a value that comes from one of two.
fn union(a: &Type, b: &Type) -> Type {
    match (a, b) {
        (Type::Link(a), Type::Link(b)) if a != b => {
            Type::Link(a.iter().chain(b.iter().filter(|t| !a.contains(t))).cloned().collect())
        }
        (Type::Choice(a), Type::Choice(b)) if a != b => {
            Type::Choice(a.iter().chain(b.iter().filter(|t| !a.contains(t))).cloned().collect())
        }
        (Type::Choice(_), Type::Text) => Type::Text,
        (a, _) => a.clone(),
    }
}

/// An upper bound of the absolute value that a node can have.
pub(super) fn magnitude(node: &Node) -> i128 {
    match &node.op {
        Op::Const(value) => value.as_int().map_or(0, |n| i128::from(n.unsigned_abs())),
        Op::Arithmetic(Arithmetic::Add | Arithmetic::Sub, a, b) => magnitude(a) + magnitude(b),
        Op::Arithmetic(Arithmetic::Mul, a, b) => magnitude(a).saturating_mul(magnitude(b)),
        Op::Arithmetic(Arithmetic::Div | Arithmetic::Rem, a, _) => magnitude(a),
        Op::If(_, a, b) => magnitude(a).max(magnitude(b)),
        Op::Coalesce(parts) => parts.iter().map(magnitude).max().unwrap_or(0),
        _ if matches!(node.ty, Type::Instant) => MAGNITUDE_INSTANT,
        _ => MAGNITUDE_FIELD,
    }
}
