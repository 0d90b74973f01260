//! Comparisons, and what may be compared with what.

use cel::common::ast::{Expr, IdedExpr};

use super::{Checked, Checker, Thing, describe};
use crate::Value;
use crate::condition::ir::*;
use crate::condition::scope::SubjectKind;
use crate::condition::types::Type;

/// The field that says in which state a record is.
const STATE: &str = "state";

impl Checker<'_, '_> {
    pub(super) fn comparison(&mut self, expr: &IdedExpr, how: Comparison, a: &IdedExpr, b: &IdedExpr) -> Checked<Node> {
        let (left, right) = (self.scalar(a)?, self.scalar(b)?);
        let equality = matches!(how, Comparison::Eq | Comparison::Ne);
        if left.ty == Type::Null || right.ty == Type::Null {
            if !equality {
                return Err(self.problem(expr, "nothing is before or after null, expected == or !="));
            }
            let other = if left.ty == Type::Null { right } else { left };
            let test = match other.ty {
                Type::Null => Node::constant(Value::Bool(true), Type::Bool),
                Type::Setting => Node { ty: Type::Int, ..other }.null_test(),
                _ => other.null_test(),
            };
            return Ok(if how == Comparison::Eq { test } else { test.not() });
        }
        let (left, right) = self.agree(expr, (a, left), (b, right))?;
        if !equality && !left.ty.is_ordered() {
            let message = format!("{} has no order, expected == or !=", describe(&left.ty));
            return Err(self.problem(expr, message));
        }
        if equality {
            if let Some(test) = self.is_state(&left, &right).or_else(|| self.is_state(&right, &left)) {
                return Ok(if how == Comparison::Eq { test } else { test.not() });
            }
            return Ok(guard_principal(left, right, how));
        }
        Ok(left.compare(how, right))
    }

    /// A state that an overlay puts under a core state behaves as that: a condition that names the core state means both.
    /// None where nothing is under it.
    fn is_state(&self, value: &Node, state: &Node) -> Option<Node> {
        let family = self.with_sub_states(value, state);
        if family.len() < 2 {
            return None;
        }
        let is = |value: &Node| Node::truth(Op::Among(Box::new(value.clone()), family.clone()));
        Some(match value.op {
            // From one of them to another enters nothing.
            Op::Step(StepPart::To) => {
                let from = Node { op: Op::Step(StepPart::From), ..value.clone() };
                is(value).and(is(&from).not())
            }
            _ => is(value),
        })
    }

    /// The constant, and the states under it where it is compared with a record's state.
    fn with_sub_states(&self, value: &Node, state: &Node) -> Vec<Node> {
        let record_type = match (&value.op, &self.scope.subject) {
            (Op::Field { field, .. }, _) if *field.key == *STATE => Some(&field.record_type),
            (Op::Step(StepPart::To | StepPart::From), SubjectKind::Step(record_type)) => Some(record_type),
            _ => None,
        };
        let lifecycle = record_type.and_then(|name| self.scope.model.get(name)).and_then(|t| t.lifecycle.as_ref());
        let Op::Const(Value::Text(core)) = &state.op else { return vec![state.clone()] };
        let under = lifecycle.into_iter().flat_map(|lifecycle| lifecycle.under(core));
        let under = under.map(|sub| Node::constant(Value::text(&sub.key), state.ty.clone()));
        std::iter::once(state.clone()).chain(under).collect()
    }

    /// Both sides in one comparable type.
    pub(super) fn agree(&self, expr: &IdedExpr, a: (&IdedExpr, Node), b: (&IdedExpr, Node)) -> Checked<(Node, Node)> {
        let (left_type, right_type) = (a.1.ty.clone(), b.1.ty.clone());
        let left = self.coerce(a.0, a.1, &right_type)?;
        let right = self.coerce(b.0, b.1, &left_type)?;
        if left.ty == Type::Setting {
            return Err(self.problem(expr, "both sides are settings, so their type is not known"));
        }
        // Two constants may be of a type that only a column would give them; a real beside a real has no scale.
        if left.ty == Type::Real || right.ty == Type::Real {
            return Err(self.problem(expr, format!("{} compared with {}", describe(&left_type), describe(&right_type))));
        }
        if !left.ty.matches(&right.ty) {
            let message = format!("{} compared with {}", describe(&left_type), describe(&right_type));
            return Err(self.problem(expr, message));
        }
        Ok((left, right))
    }

    /// `x in …`
    pub(super) fn membership(&mut self, expr: &IdedExpr, a: &IdedExpr, list: &IdedExpr) -> Checked<Node> {
        let thing = self.thing(list)?;
        let value = self.scalar(a)?;
        match thing {
            Thing::Period => match value.ty {
                Type::Instant | Type::Date => Ok(Node::truth(Op::InPeriod(Box::new(value)))),
                other => Err(self.problem(a, format!("{} in period, expected an instant or a date", describe(&other)))),
            },
            Thing::Constants(constants) => {
                let written: &[IdedExpr] = match &list.expr {
                    Expr::List(list) => &list.elements,
                    _ => &[],
                };
                let mut typed = vec![];
                for (at, constant) in written.iter().zip(constants) {
                    if !matches!(constant.op, Op::Const(_)) || constant.ty == Type::Null {
                        return Err(self.problem(at, "expected a constant other than null in the list"));
                    }
                    let constant = self.agree(at, (a, value.clone()), (at, constant))?.1;
                    typed.extend(self.with_sub_states(&value, &constant));
                }
                Ok(Node::truth(Op::Among(Box::new(value), typed)))
            }
            Thing::List(list_node) => {
                let var = self.new_var();
                let element = self.element(&list_node, var)?;
                let element = self.as_value(list, element)?;
                let (value, element) = self.agree(expr, (a, value), (list, element))?;
                let body = guard_principal(value, element, Comparison::Eq);
                Ok(Node::truth(Op::Quantified {
                    quantifier: Quantifier::Exists,
                    list: Box::new(list_node),
                    var,
                    body: Some(Box::new(body)),
                }))
            }
            _ => Err(self.problem(list, "`in` needs period, a list of constants, or a list of the record")),
        }
    }
}

/// A comparison with `me` is unknown for a principal without a person: else everything unassigned would be "mine".
fn guard_principal(left: Node, right: Node, how: Comparison) -> Node {
    let me = Node::new(Op::Me, Type::link("person"));
    let guarded = left.op == Op::Me || right.op == Op::Me;
    let test = left.compare(how, right);
    if guarded { Node::truth(Op::Same(Box::new(me.clone()), Box::new(me))).and(test) } else { test }
}
