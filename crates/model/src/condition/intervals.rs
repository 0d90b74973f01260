//! Whether intervals cover a span: what `covered()` computes.

use super::truth::Truth;

/// The open end of an interval, as in the tables.
pub(crate) const FOREVER: i64 = i64::MAX;

/// One line's validity. Its ends or its holder may be unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// Half-open; none covers nothing (a line without a beginning).
    pub span: Option<(i64, i64)>,
    /// True: counts. False: a line of someone inactive. Unknown: it may count.
    pub counts: Truth,
}

/// Whether the union of the lines covers `[from, to)`. True when the sure lines do, false when all possible lines
/// together do not, else unknown. An empty span is covered.
pub fn covers(lines: &[Validity], from: i64, to: i64) -> Truth {
    if reach(lines, from, true) >= to {
        Truth::True
    } else if reach(lines, from, false) >= to {
        Truth::Unknown
    } else {
        Truth::False
    }
}

/// How far the sure lines and all possible lines cover without a gap from `from` on: a span that ends a tick later has
/// another answer.
pub fn covered_until(lines: &[Validity], from: i64) -> [i64; 2] {
    [reach(lines, from, true), reach(lines, from, false)]
}

fn reach(lines: &[Validity], from: i64, sure: bool) -> i64 {
    let counts = |line: &&Validity| line.counts == Truth::True || (!sure && line.counts == Truth::Unknown);
    let mut spans: Vec<(i64, i64)> = lines.iter().filter(counts).filter_map(|line| line.span).collect();
    spans.sort_unstable();
    let mut end = from;
    for (begin, until) in spans {
        if begin > end {
            break;
        }
        end = end.max(until);
    }
    end
}
