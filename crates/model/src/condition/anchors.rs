//! What in a condition ties its subjects to a period.

use super::ir::*;
use super::types::Type;
use super::{Condition, Formula};

/// What a subject is counted by.
#[derive(Clone, Debug, PartialEq)]
pub enum Anchor {
    /// `x in period`: on the day of `x`.
    At(Formula),
    /// `in_or_latest(x, period)`.
    AtOrLatest(Formula),
    /// `overlaps(from, to, period)`: in every period that the interval meets. An empty `to` is open.
    Span(Formula, Formula),
}

impl Condition {
    /// The anchors of a `when`, in text order, each once.
    pub fn anchors(&self) -> Vec<Anchor> {
        let mut found: Vec<Anchor> = vec![];
        let formula = |node: &Node| Formula { subject: self.subject.clone(), node: node.clone() };
        self.root.any(&mut |node| {
            let anchor = match &node.op {
                Op::InPeriod(x) => Some(Anchor::At(formula(x))),
                Op::InOrLatest(x) => Some(Anchor::AtOrLatest(formula(x))),
                _ => span(node).map(|(from, to)| Anchor::Span(formula(from), formula(to))),
            };
            if let Some(anchor) = anchor
                && !found.contains(&anchor)
            {
                found.push(anchor);
            }
            false
        });
        found
    }

    /// The same condition for all periods at once: each `x in period` (and `in_or_latest`) becomes `x != null`, each
    /// `overlaps` becomes `from != null`. None where the period is used in another way.
    pub fn without_period(&self) -> Option<Self> {
        let root = widen(&self.root);
        let left = root.any(&mut |node| matches!(node.op, Op::PeriodStart | Op::PeriodEnd));
        (!left).then(|| Self { root, ..self.clone() })
    }

    /// Whether a subject may count by being the latest before the period: the others have to be looked at as well.
    pub fn uses_latest(&self) -> bool {
        self.root.any(&mut |n| matches!(n.op, Op::InOrLatest(_)))
    }

    /// Whether the condition asks for the period at all.
    pub fn uses_period(&self) -> bool {
        self.root.any(&mut |n| {
            matches!(n.op, Op::InPeriod(_) | Op::InOrLatest(_) | Op::PeriodStart | Op::PeriodEnd)
                || matches!(&n.op, Op::Covered(covered) if covered.clip)
        })
    }
}

fn widen(root: &Node) -> Node {
    root.rewrite(&|node| match &node.op {
        Op::InPeriod(x) | Op::InOrLatest(x) => Some((**x).clone().null_test().not()),
        Op::And(parts) => spans_widened(parts).map(|parts| Node::truth(Op::And(parts))),
        _ => None,
    })
}

/// `overlaps` is two parts of a conjunction, which may stand among others (see `check/intervals.rs`).
fn spans_widened(parts: &[Node]) -> Option<Vec<Node>> {
    let mut out: Vec<Node> = vec![];
    let mut changed = false;
    let mut rest = parts.iter().peekable();
    while let Some(part) = rest.next() {
        match rest.peek().and_then(|next| span_of(part, next)) {
            Some((from, _)) => {
                out.push(from.clone().null_test().not());
                rest.next();
                changed = true;
            }
            None => out.push(part.clone()),
        }
    }
    changed.then_some(out)
}

/// The first span among the parts of a conjunction.
fn span(node: &Node) -> Option<(&Node, &Node)> {
    let Op::And(parts) = &node.op else { return None };
    parts.windows(2).find_map(|pair| match pair {
        [a, b] => span_of(a, b),
        _ => None,
    })
}

/// `from < period.end` followed by `to == null || to > period.start`.
fn span_of<'n>(a: &'n Node, b: &'n Node) -> Option<(&'n Node, &'n Node)> {
    let Op::Compare(Comparison::Lt, from, end) = &a.op else { return None };
    let Op::Or(parts) = &b.op else { return None };
    let [open, after] = parts.as_slice() else { return None };
    let (Op::IsNull(to), Op::Compare(Comparison::Gt, also_to, start)) = (&open.op, &after.op) else { return None };
    let matches = end.op == Op::PeriodEnd && start.op == Op::PeriodStart && to == also_to && from.ty != Type::Null;
    matches.then_some((&**from, &**to))
}
