//! Macros over lists: `exists`, `all`, `exists_one`, `filter`, and `size`.

use cel::common::ast::{ComprehensionExpr, Expr, IdedExpr, LiteralValue, operators as op};

use super::{Checked, Checker, RELATION_DEPTH_MAX, Thing, describe};
use crate::condition::ir::*;
use crate::condition::types::{ANY, Type};

/// A macro as the parser's expansion of it shows it.
enum Macro<'e> {
    Quantifier(Quantifier, &'e IdedExpr),
    Filter(&'e IdedExpr),
}

fn recognise(inner: &ComprehensionExpr) -> Option<Macro<'_>> {
    let Expr::Call(step) = &inner.loop_step.expr else { return None };
    match (&inner.accu_init.expr, step.func_name.as_str(), step.args.as_slice()) {
        (Expr::Literal(LiteralValue::Boolean(_)), op::LOGICAL_OR, [_, body]) => {
            Some(Macro::Quantifier(Quantifier::Exists, body))
        }
        (Expr::Literal(LiteralValue::Boolean(_)), op::LOGICAL_AND, [_, body]) => {
            Some(Macro::Quantifier(Quantifier::All, body))
        }
        (Expr::Literal(LiteralValue::Int(_)), op::CONDITIONAL, [body, ..]) => {
            Some(Macro::Quantifier(Quantifier::One, body))
        }
        (Expr::List(_), op::CONDITIONAL, [body, added, _]) if keeps_elements(added, &inner.iter_var) => {
            Some(Macro::Filter(body))
        }
        _ => None,
    }
}

/// `map` with a condition expands like `filter`, but adds something else than the element.
fn keeps_elements(added: &IdedExpr, var: &str) -> bool {
    let Expr::Call(call) = &added.expr else { return false };
    let Some(Expr::List(list)) = call.args.get(1).map(|a| &a.expr) else { return false };
    matches!(list.elements.as_slice(), [one] if matches!(&one.expr, Expr::Ident(name) if name == var))
}

impl Checker<'_, '_> {
    pub(super) fn comprehension(&mut self, expr: &IdedExpr, inner: &ComprehensionExpr) -> Checked<Thing> {
        let Some(found) = recognise(inner) else {
            return Err(self.problem(
                expr,
                "map() is not part of the condition language, expected exists, all, exists_one or filter",
            ));
        };
        let range = self.thing(&inner.iter_range)?;
        let name = &inner.iter_var;
        match (range, found) {
            (Thing::List(list), Macro::Quantifier(quantifier, body)) => {
                let var = self.new_var();
                let body = self.body(expr, &list, var, name, body)?;
                Ok(Thing::Scalar(quantified(quantifier, list, var, Some(body))))
            }
            (Thing::List(list), Macro::Filter(body)) => {
                let var = self.new_var();
                let body = self.body(expr, &list, var, name, body)?;
                Ok(Thing::Filtered(list, var, body))
            }
            (Thing::Filtered(list, var, kept), Macro::Quantifier(quantifier, body)) => {
                let body = self.body(expr, &list, var, name, body)?;
                let body = match quantifier {
                    Quantifier::All => kept.not().or(body),
                    _ => kept.and(body),
                };
                Ok(Thing::Scalar(quantified(quantifier, list, var, Some(body))))
            }
            (Thing::Filtered(list, var, kept), Macro::Filter(body)) => {
                let body = self.body(expr, &list, var, name, body)?;
                Ok(Thing::Filtered(list, var, kept.and(body)))
            }
            (Thing::Constants(constants), Macro::Quantifier(quantifier, body)) => {
                self.unrolled(expr, constants, quantifier, name, body).map(Thing::Scalar)
            }
            _ => {
                Err(self
                    .problem(&inner.iter_range, "expected a list of the record, a collection, or a list of constants"))
            }
        }
    }

    /// The macro's body, with its variable bound.
    fn body(&mut self, expr: &IdedExpr, list: &List, var: VarId, name: &str, body: &IdedExpr) -> Checked<Node> {
        if self.depth >= RELATION_DEPTH_MAX {
            return Err(self.problem(expr, format!("lists nest deeper than {RELATION_DEPTH_MAX} levels")));
        }
        let element = self.element(list, var)?;
        self.names.push((name.to_owned(), element));
        self.depth += 1;
        let checked = self.truth(body);
        self.depth -= 1;
        self.names.pop();
        checked
    }

    /// What a macro's variable stands for.
    pub(super) fn element(&self, list: &List, var: VarId) -> Checked<Thing> {
        let then = list.owner().is_some_and(|owner| owner.then);
        Ok(match &list.element {
            Element::Record(to) => match &**to {
                [one] if one != ANY => {
                    Thing::Record(Entity { source: EntitySource::Var(var), record_type: one.as_str().into(), then })
                }
                _ => {
                    let entity = Entity { source: EntitySource::Var(var), record_type: ANY.into(), then };
                    Thing::Scalar(Node::new(Op::Id(Box::new(entity)), Type::Link(to.clone())))
                }
            },
            Element::Row(columns) => Thing::Row { var, columns: columns.clone(), then },
            Element::Scalar(ty) => {
                Thing::Scalar(Node::new(Op::Column { var, index: 0, name: "value".into(), then }, ty.clone()))
            }
        })
    }

    /// `['a', 'b'].all(k, …)`: the body once for each constant.
    fn unrolled(
        &mut self,
        expr: &IdedExpr,
        constants: Vec<Node>,
        how: Quantifier,
        name: &str,
        body: &IdedExpr,
    ) -> Checked<Node> {
        const CONSTANTS_MAX: usize = 16;
        if constants.is_empty() || constants.len() > CONSTANTS_MAX || how == Quantifier::One {
            let message =
                format!("a list of constants takes exists() and all() only, with 1 to {CONSTANTS_MAX} of them");
            return Err(self.problem(expr, message));
        }
        let mut parts: Option<Node> = None;
        for constant in constants {
            if !matches!(constant.op, Op::Const(_)) {
                return Err(self.problem(expr, "expected a list of constants"));
            }
            self.names.push((name.to_owned(), Thing::Scalar(constant)));
            let part = self.truth(body);
            self.names.pop();
            let part = part?;
            parts = Some(match (parts, how) {
                (None, _) => part,
                (Some(parts), Quantifier::All) => parts.and(part),
                (Some(parts), _) => parts.or(part),
            });
        }
        parts.ok_or_else(|| self.problem(expr, "the list is empty"))
    }

    /// `size(x)` and `x.size()`.
    pub(super) fn size(&mut self, of: &IdedExpr) -> Checked<Node> {
        match self.thing(of)? {
            Thing::List(list) => {
                let var = self.new_var();
                Ok(quantified(Quantifier::Count, list, var, None))
            }
            Thing::Filtered(list, var, body) => Ok(quantified(Quantifier::Count, list, var, Some(body))),
            Thing::Scalar(node) if node.ty == Type::Text => Ok(Node::new(Op::Length(Box::new(node)), Type::Int)),
            Thing::Scalar(node) => {
                Err(self.problem(of, format!("size of {}, expected a list or a text", describe(&node.ty))))
            }
            _ => Err(self.problem(of, "expected a list or a text")),
        }
    }
}

fn quantified(quantifier: Quantifier, list: List, var: VarId, body: Option<Node>) -> Node {
    let ty = if quantifier == Quantifier::Count { Type::Int } else { Type::Bool };
    Node::new(Op::Quantified { quantifier, list: Box::new(list), var, body: body.map(Box::new) }, ty)
}
