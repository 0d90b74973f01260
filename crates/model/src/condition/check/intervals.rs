//! Functions about validity: taken apart into comparisons here, `covered` apart, which is computed on intervals.

use cel::common::ast::IdedExpr;

use super::{Checked, Checker, Thing, describe};
use crate::Value;
use crate::condition::ir::*;
use crate::condition::types::Type;

impl Checker<'_, '_> {
    /// In the list of values at that instant: an empty end or beginning is open. Unknown for no value.
    pub(super) fn in_use_at(&mut self, expr: &IdedExpr, x: &IdedExpr, t: &IdedExpr) -> Checked<Node> {
        let entity = self.entity(x)?;
        let (from, to, at) = self.validity(expr, entity.clone(), ["in_use_from", "in_use_to"], t)?;
        let begun = from.clone().null_test().or(from.compare(Comparison::Le, at.clone()));
        let not_ended = to.clone().null_test().or(to.compare(Comparison::Gt, at));
        Ok(exists(entity).and(begun).and(not_ended))
    }

    /// The version in effect at that instant: without a beginning it never was; an empty end is open.
    pub(super) fn in_effect_at(&mut self, expr: &IdedExpr, x: &IdedExpr, t: &IdedExpr) -> Checked<Node> {
        let entity = self.entity(x)?;
        let (from, to, at) = self.validity(expr, entity.clone(), ["effective_from", "effective_to"], t)?;
        Ok(exists(entity).and(in_effect(from, to, at)))
    }

    pub(super) fn in_force(&mut self, expr: &IdedExpr, entity: Entity) -> Checked<Node> {
        let from = self.date_part(expr, &entity, "effective_from")?;
        let to = self.date_part(expr, &entity, "effective_to")?;
        let at = self.coerce(expr, Node::new(Op::Now, Type::Instant), &from.ty)?;
        Ok(exists(entity).and(in_effect(from, to, at)))
    }

    fn validity(&mut self, expr: &IdedExpr, of: Entity, names: [&str; 2], t: &IdedExpr) -> Checked<(Node, Node, Node)> {
        let [from, to] = names;
        let from = self.date_part(expr, &of, from)?;
        let to = self.date_part(expr, &of, to)?;
        let at = self.scalar(t)?;
        let at = self.coerce(t, at, &from.ty)?;
        if at.ty != from.ty || to.ty != from.ty {
            let message =
                format!("validity is kept as {}, the instant asked for is {}", describe(&from.ty), describe(&at.ty));
            return Err(self.problem(t, message));
        }
        Ok((from, to, at))
    }

    fn date_part(&mut self, expr: &IdedExpr, of: &Entity, name: &str) -> Checked<Node> {
        match self.select(expr, Thing::Record(of.clone()), name)? {
            Thing::Scalar(node) if matches!(node.ty, Type::Instant | Type::Date) => Ok(node),
            _ => Err(self.problem(expr, format!("{}.{name} must be an instant or a date", of.record_type))),
        }
    }

    /// Half-open; an empty `to` is open, an empty `from` makes it unknown.
    pub(super) fn overlaps(
        &mut self,
        expr: &IdedExpr,
        from: &IdedExpr,
        to: &IdedExpr,
        period: &IdedExpr,
    ) -> Checked<Node> {
        self.period(period)?;
        let (begin, end) = (self.scalar(from)?, self.scalar(to)?);
        if !matches!(begin.ty, Type::Instant | Type::Date) || end.ty != begin.ty {
            let message = format!(
                "overlaps() of {} and {}, expected two instants or two dates",
                describe(&begin.ty),
                describe(&end.ty)
            );
            return Err(self.problem(expr, message));
        }
        let ty = begin.ty.clone();
        let before_end = begin.compare(Comparison::Lt, Node::new(Op::PeriodEnd, ty.clone()));
        let after_start = end.clone().compare(Comparison::Gt, Node::new(Op::PeriodStart, ty));
        Ok(before_end.and(end.null_test().or(after_start)))
    }

    pub(super) fn covered(
        &mut self,
        expr: &IdedExpr,
        rows: &IdedExpr,
        from: &IdedExpr,
        to: &IdedExpr,
        period: Option<&IdedExpr>,
    ) -> Checked<Node> {
        if let Some(period) = period {
            self.period(period)?;
        }
        let Thing::List(list) = self.thing(rows)? else {
            return Err(self.problem(rows, "covered() needs a list whose lines have from and to"));
        };
        let var = self.new_var();
        let Some((row_from, row_to)) = self.row_validity(rows, &list, var) else {
            return Err(self
                .problem(rows, "covered() needs lines with instants from and to, or effective_from and effective_to"));
        };
        let active = self.row_part(rows, &list, var, "person");
        let active = active.and_then(|person| match self.select(rows, Thing::Scalar(person), "active") {
            Ok(Thing::Scalar(node)) if node.ty == Type::Bool => Some(node),
            _ => None,
        });
        let (from_node, to_node) = (self.scalar(from)?, self.scalar(to)?);
        for (at, node) in [(from, &from_node), (to, &to_node)] {
            if node.ty != Type::Instant {
                return Err(self.problem(at, format!("covered() takes instants, found {}", describe(&node.ty))));
            }
        }
        if self.depth > 0 {
            return Err(self.problem(expr, "covered() cannot stand inside exists(), all() or filter()"));
        }
        let covered =
            Covered { list, var, row_from, row_to, active, from: from_node, to: to_node, clip: period.is_some() };
        Ok(Node::truth(Op::Covered(Box::new(covered))))
    }

    fn row_validity(&mut self, at: &IdedExpr, list: &List, var: VarId) -> Option<(Node, Node)> {
        [["from", "to"], ["effective_from", "effective_to"]].into_iter().find_map(|[from, to]| {
            let (from, to) = (self.row_part(at, list, var, from)?, self.row_part(at, list, var, to)?);
            (from.ty == Type::Instant && to.ty == Type::Instant).then_some((from, to))
        })
    }

    /// A column of the list's lines, or a field of its records.
    fn row_part(&mut self, at: &IdedExpr, list: &List, var: VarId, name: &str) -> Option<Node> {
        let element = self.element(list, var).ok()?;
        match self.select(at, element, name) {
            Ok(Thing::Scalar(node)) => Some(node),
            _ => None,
        }
    }
}

/// True for a record, unknown for an empty link: what is asked of nothing has no answer.
fn exists(entity: Entity) -> Node {
    match entity.source {
        EntitySource::Linked(link) => Node::truth(Op::Same(link.clone(), link)),
        EntitySource::Subject | EntitySource::Var(_) => Node::constant(Value::Bool(true), Type::Bool),
    }
}

fn in_effect(from: Node, to: Node, at: Node) -> Node {
    let begun = from.clone().null_test().not().and(from.compare(Comparison::Le, at.clone()));
    begun.and(to.clone().null_test().or(to.compare(Comparison::Gt, at)))
}
