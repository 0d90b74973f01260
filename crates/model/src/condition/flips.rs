//! The instants at which time alone changes a condition's answer.

use super::check::time::{is_moment, linear, uses_now};
use super::eval::Evaluator;
use super::ir::*;
use super::types::Type;
use super::{Condition, Context, Facts, FactsError, Formula, Subject};
use crate::Value;

impl Condition {
    /// For each comparison that is linear in `now`, the first instant (or local day) at which its answer differs from
    /// the one before: `due_at <= now` flips at `due_at`, `due_at < now` a microsecond later. Inside lists: the
    /// earliest after `now`. The caller takes the smallest that lies after now.
    ///
    /// `covered(…, now)` is not among them, it depends on intervals: see [`Self::next_flip`].
    pub fn flips(&self) -> Vec<Formula> {
        let mut found = vec![];
        collect(&self.root, &mut vec![], &mut found);
        let mut flips: Vec<Formula> = vec![];
        for node in found {
            let formula = Formula { subject: self.subject.clone(), node };
            if !flips.contains(&formula) {
                flips.push(formula);
            }
        }
        flips
    }

    /// The first instant after now at which the answer for this subject can differ, host functions included; days are
    /// given to `midnight`, which answers the instant at which a local day begins.
    pub fn next_flip(
        &self,
        subject: &Subject,
        facts: &mut dyn Facts,
        cx: &Context,
        midnight: &dyn Fn(i64) -> i64,
    ) -> Result<Option<i64>, FactsError> {
        let mut moments = vec![];
        for flip in self.flips() {
            moments.push(match flip.eval(subject, facts, cx)? {
                Some(Value::Date(day)) => Some(midnight(day)),
                value => value.and_then(|v| v.as_int()),
            });
        }
        for covered in covered_with_now(&self.root) {
            let reach = Evaluator::new(facts, cx, subject).covered(covered)?.1;
            moments.extend(reach.into_iter().flatten().map(|end| end.checked_add(1)));
        }
        Ok(moments.into_iter().flatten().filter(|at| *at > cx.now).min())
    }
}

/// The lists around a place, outermost first.
type Around<'n> = Vec<(&'n List, VarId)>;

fn collect<'n>(node: &'n Node, around: &mut Around<'n>, found: &mut Vec<Node>) {
    match &node.op {
        Op::Compare(how, a, b) if uses_now(a) || uses_now(b) => {
            if let Some((at, rising)) = linear(a, b).filter(|(at, _)| is_moment(at)) {
                found.push(around.iter().rev().fold(first_change(*how, at, rising), |body, (list, var)| {
                    let ty = body.ty.clone();
                    Node::new(Op::Earliest { list: Box::new((*list).clone()), var: *var, body: Box::new(body) }, ty)
                }));
            }
            collect(a, around, found);
            collect(b, around, found);
        }
        Op::Quantified { list, var, body, .. } => {
            if let Some(link) = list.link() {
                collect(link, around, found);
            }
            if let Some(body) = body {
                around.push((list, *var));
                collect(body, around, found);
                around.pop();
            }
        }
        _ => {
            for child in node.children() {
                collect(child, around, found);
            }
        }
    }
}

/// `now < at` and `now >= at` change at `at`; `now <= at` and `now > at` one tick later.
fn first_change(how: Comparison, at: Node, rising: bool) -> Node {
    let on_it = match how {
        Comparison::Lt | Comparison::Ge => rising,
        _ => !rising,
    };
    if on_it {
        return at;
    }
    let (tick, ty) = match at.ty {
        Type::Date => (Node::constant(Value::Int(1), Type::Int), Type::Date),
        _ => (Node::constant(Value::Duration(1), Type::Duration), Type::Instant),
    };
    Node::new(Op::Arithmetic(Arithmetic::Add, Box::new(at), Box::new(tick)), ty)
}

fn covered_with_now(node: &Node) -> Vec<&Covered> {
    match &node.op {
        Op::Covered(covered) if uses_now(&covered.from) || uses_now(&covered.to) => vec![covered],
        _ => node.children().into_iter().flat_map(covered_with_now).collect(),
    }
}
