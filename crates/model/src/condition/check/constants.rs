//! Constants: what a literal means beside a value of some type.

use std::sync::Arc;

use cel::common::ast::IdedExpr;
use jiff::civil::Date;
use jiff::{SignedDuration, SpanRelativeTo, Timestamp};

use super::{Checked, Checker, describe};
use crate::Value;
use crate::condition::ir::*;
use crate::condition::types::{ANY, Type};

impl Checker<'_, '_> {
    /// Gives a literal or setting the type of what it stands beside. Other nodes come back as they are.
    pub(super) fn coerce(&self, at: &IdedExpr, node: Node, ty: &Type) -> Checked<Node> {
        if node.ty == *ty {
            return Ok(node);
        }
        match (&node.op, &node.ty, ty) {
            (Op::Setting { .. }, Type::Setting, _) => Ok(Node { ty: ty.clone(), ..node }),
            (Op::Now, _, Type::Date) => Ok(Node::new(Op::Today, Type::Date)),
            (Op::PeriodStart | Op::PeriodEnd, Type::Instant, Type::Date) => Ok(Node { ty: Type::Date, ..node }),
            (Op::Const(Value::Text(text)), Type::Text, _) => self.written_as(at, text, ty),
            (Op::Const(Value::Text(text)), Type::Real, Type::Decimal(scale)) => {
                let scaled = scaled(text, *scale).ok_or_else(|| {
                    self.problem(at, format!("{text} has more than the {scale} decimal places of the other side"))
                })?;
                Ok(Node::constant(Value::Int(scaled), ty.clone()))
            }
            (Op::Const(Value::Int(n)), Type::Int, Type::Decimal(scale)) => {
                let scaled =
                    scaled(&n.to_string(), *scale).ok_or_else(|| self.problem(at, format!("{n} is out of range")))?;
                Ok(Node::constant(Value::Int(scaled), ty.clone()))
            }
            _ => Ok(node),
        }
    }

    fn written_as(&self, at: &IdedExpr, text: &Arc<str>, ty: &Type) -> Checked<Node> {
        let (value, ty) = match ty {
            Type::Choice(keys) if !keys.iter().any(|key| **key == **text) => {
                return Err(
                    self.problem(at, format!("'{text}' is not a choice here, expected one of {}", keys.join(", ")))
                );
            }
            Type::Choice(_) => (Value::Text(text.clone()), ty.clone()),
            Type::Link(to) => return self.number(at, text, to),
            Type::Instant => (Value::Instant(self.instant(at, text)?), Type::Instant),
            Type::Date => (Value::Date(self.date(at, text)?), Type::Date),
            Type::Duration => (Value::Duration(self.duration(at, text)?), Type::Duration),
            _ => return Ok(Node::constant(Value::Text(text.clone()), Type::Text)),
        };
        Ok(Node::constant(value, ty))
    }

    /// `INC-1` and `INC-000001` are the same record.
    fn number(&self, at: &IdedExpr, text: &str, to: &Arc<[String]>) -> Checked<Node> {
        let wrong = || {
            self.problem(
                at,
                format!("'{text}' is not a record's number, expected one such as {}", self.sample_number(to)),
            )
        };
        let (prefix, digits) = text.rsplit_once('-').ok_or_else(wrong)?;
        let record_type = self.scope.model.by_prefix(prefix).ok_or_else(wrong)?;
        if digits.is_empty() || digits.len() > 18 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        if !to.iter().any(|t| t == ANY || *t == record_type.name) {
            let message = format!(
                "'{text}' is the number of a {}, the other side is a link to {}",
                record_type.name,
                to.join(" or ")
            );
            return Err(self.problem(at, message));
        }
        let digits = digits.trim_start_matches('0');
        let padded = format!("{prefix}-{digits:0>6}");
        Ok(Node::new(Op::Numbered(Arc::from(padded)), Type::link(&record_type.name)))
    }

    fn sample_number(&self, to: &[String]) -> String {
        let prefix = to.iter().find_map(|t| self.scope.model.get(t)).map_or("INC", |t| t.prefix.as_str());
        format!("{prefix}-000001")
    }

    pub(super) fn instant(&self, at: &IdedExpr, text: &str) -> Checked<i64> {
        let parsed: Result<Timestamp, _> = text.parse();
        parsed.map(Timestamp::as_microsecond).map_err(|_| {
            self.problem(at, format!("'{text}' is not an instant, expected RFC 3339 such as 2024-03-01T08:00:00Z"))
        })
    }

    fn date(&self, at: &IdedExpr, text: &str) -> Checked<i64> {
        let wrong = || self.problem(at, format!("'{text}' is not a date, expected one such as 2024-03-01"));
        let date: Date = text.parse().map_err(|_| wrong())?;
        if text.len() != 10 {
            return Err(wrong());
        }
        let since = Date::constant(1970, 1, 1).until(date).map_err(|_| wrong())?;
        Ok(i64::from(since.get_days()))
    }

    pub(super) fn duration(&self, at: &IdedExpr, text: &str) -> Checked<i64> {
        micros(text).ok_or_else(|| {
            let message = format!(
                "'{text}' is not a duration, expected hours, minutes and seconds such as 4h or 1h30m, or PT4H, P3D"
            );
            self.problem(at, message)
        })
    }

    /// Text that must be a constant: the argument of `setting`, `timestamp`, `duration`.
    pub(super) fn constant_text(&self, at: &IdedExpr, node: &Node) -> Checked<Arc<str>> {
        match &node.op {
            Op::Const(Value::Text(text)) if node.ty == Type::Text => Ok(text.clone()),
            _ => Err(self.problem(at, format!("expected a text as written, found {}", describe(&node.ty)))),
        }
    }
}

/// A decimal as written, times `10^scale`, exactly and within 2^53.
fn scaled(text: &str, scale: u8) -> Option<i64> {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part = part.trim_end_matches('0');
    if part.len() > usize::from(scale) || scale > 15 {
        return None;
    }
    let digits: i64 = format!("{whole}{part:0<width$}", width = usize::from(scale)).parse().ok()?;
    (digits <= 1 << 53).then_some(if negative { -digits } else { digits })
}

/// `4h`, `1h30m`, `90s`, `250ms`, `-5m` as in CEL, or ISO 8601 with days of 24 hours; no months, which have no length.
fn micros(text: &str) -> Option<i64> {
    let iso = text.trim_start_matches(['-', '+']).starts_with(['P', 'p']);
    let length: i128 = if iso {
        let span: jiff::Span = text.parse().ok()?;
        let length: SignedDuration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
        length.as_micros()
    } else {
        go_style(text)?
    };
    i64::try_from(length).ok().filter(|n| n.unsigned_abs() <= 1 << 53)
}

fn go_style(text: &str) -> Option<i128> {
    let (sign, mut rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let mut total: i128 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at_checked(digits)?;
        let units = [
            ("ms", 1_000),
            ("us", 1),
            ("h", 3_600_000_000),
            ("m", 60_000_000),
            ("s", 1_000_000),
            ("d", 86_400_000_000),
        ];
        let (unit, length) = units.into_iter().find(|(unit, _)| after.starts_with(unit))?;
        total = total.checked_add(number.parse::<i64>().ok().map(i128::from)?.checked_mul(length)?)?;
        rest = after.strip_prefix(unit)?;
    }
    Some(sign * total)
}
