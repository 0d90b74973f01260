//! `now` in checks: only where the instant at which the answer changes can be computed.

use crate::condition::ir::*;
use crate::condition::types::Type;

/// Refuses `now` outside comparisons that are linear in it. The arguments of `covered` may hold it: where the answer
/// changes follows there from the intervals.
pub(super) fn check_linear(node: &Node) -> Result<(), String> {
    match &node.op {
        Op::Compare(how, a, b) if uses_now(a) || uses_now(b) => {
            if matches!(how, Comparison::Eq | Comparison::Ne) {
                return Err(
                    "a check may ask whether now is before or after something, not whether it equals it".to_owned()
                );
            }
            if linear(a, b).is_none() {
                return Err(
                    "now must stand once in a comparison, in a sum of instants and durations, such as `now - due_at > \
                            duration('4h')`"
                        .to_owned(),
                );
            }
            inner(a).and_then(|()| inner(b))
        }
        Op::Now | Op::Today => Err("now may stand only in a comparison with <, <=, > or >=".to_owned()),
        Op::Setting { .. } => Ok(()),
        Op::Covered(covered) if !uses_now(&covered.from) && grows_with_now(&covered.to) => Ok(()),
        Op::Covered(_) => {
            Err("in covered(), now may be the end of the span, by itself or in coalesce() or a ternary".to_owned())
        }
        _ => node.children().into_iter().try_for_each(check_linear),
    }
}

/// Free of `now`, or `now` itself where it counts: then coverage ends a tick after the lines do.
fn grows_with_now(node: &Node) -> bool {
    match &node.op {
        Op::Now => true,
        Op::Coalesce(parts) => parts.iter().all(grows_with_now),
        Op::If(c, a, b) => check_linear(c).is_ok() && grows_with_now(a) && grows_with_now(b),
        _ => !uses_now(node),
    }
}

/// Below a linear comparison, conditions inside its terms are judged by themselves.
fn inner(node: &Node) -> Result<(), String> {
    match &node.op {
        Op::Now | Op::Today => Ok(()),
        Op::Arithmetic(..) => node.children().into_iter().try_for_each(inner),
        _ => check_linear(node),
    }
}

/// Whether a value moves with `now`. Conditions inside it (of a ternary, of a filter that is counted) do not count:
/// each flips by itself.
pub(crate) fn uses_now(node: &Node) -> bool {
    match &node.op {
        Op::Now | Op::Today => true,
        // Which value of a setting counts is fixed by the subject.
        Op::Setting { .. } | Op::Quantified { .. } | Op::Earliest { .. } => false,
        Op::If(_, a, b) => uses_now(a) || uses_now(b),
        Op::Field { .. } | Op::Coalesce(_) | Op::Arithmetic(..) => node.children().into_iter().any(uses_now),
        _ => false,
    }
}

/// The instant (or day) at which `a` passes `b`, and whether `now` grows on the left: `now + rest` against `0` is
/// solved for `now`. None unless `now` stands exactly once, with the factor 1, and the rest is free of it.
pub(crate) fn linear(a: &Node, b: &Node) -> Option<(Node, bool)> {
    let (on_left, side, other) = match (uses_now(a), uses_now(b)) {
        (true, false) => (true, a, b),
        (false, true) => (false, b, a),
        _ => return None,
    };
    let (at, rising) = solve(side, other.clone())?;
    // `now` with a minus sign on the right is `now` rising on the left.
    Some((at, on_left == rising))
}

/// Solves `side = target` for the one `now` within `side`; the flag says whether `side` grows with it.
fn solve(side: &Node, target: Node) -> Option<(Node, bool)> {
    match &side.op {
        Op::Now | Op::Today => Some((target, true)),
        Op::Arithmetic(Arithmetic::Add, a, b) => {
            let (with, without) = match (uses_now(a), uses_now(b)) {
                (true, false) => (a, b),
                (false, true) => (b, a),
                _ => return None,
            };
            let ty = with.ty.clone();
            solve(with, Node::new(Op::Arithmetic(Arithmetic::Sub, Box::new(target), without.clone()), ty))
        }
        Op::Arithmetic(Arithmetic::Sub, a, b) if uses_now(a) && !uses_now(b) => {
            let ty = a.ty.clone();
            solve(a, Node::new(Op::Arithmetic(Arithmetic::Add, b.clone(), Box::new(target)), ty))
        }
        Op::Arithmetic(Arithmetic::Sub, a, b) if uses_now(b) && !uses_now(a) => {
            let ty = b.ty.clone();
            let (at, rising) = solve(b, Node::new(Op::Arithmetic(Arithmetic::Sub, a.clone(), Box::new(target)), ty))?;
            Some((at, !rising))
        }
        _ => None,
    }
}

/// Whether a node is an instant or a day.
pub(crate) fn is_moment(node: &Node) -> bool {
    matches!(node.ty, Type::Instant | Type::Date)
}
