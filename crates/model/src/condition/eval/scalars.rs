//! Values of expressions that are not conditions.

use super::{Answer, Bound, Evaluator, Known};
use crate::Value;
use crate::condition::context::{Context, SettingSpan, SettingValue};
use crate::condition::facts::Subject;
use crate::condition::ir::*;
use crate::condition::truth::Truth;
use crate::condition::types::{FieldRef, Type};

impl Evaluator<'_> {
    /// None is unknown; null is a value.
    pub fn value(&mut self, node: &Node) -> Answer<Known> {
        Ok(match &node.op {
            Op::Const(value) => Some(value.clone()),
            Op::Numbered(number) => Some(Value::Link(self.facts.by_number(number)?.unwrap_or(NOBODY))),
            Op::Now => Some(Value::Instant(self.cx.now)),
            Op::Today => Some(Value::Date(self.cx.today)),
            Op::Me => Some(self.cx.me.map_or(Value::Null, Value::Link)),
            Op::Item => Some(self.cx.item.clone().unwrap_or_default()),
            Op::PeriodStart => period_bounds(self.cx, &node.ty).map(|(start, _)| typed(start, &node.ty)),
            Op::PeriodEnd => period_bounds(self.cx, &node.ty).map(|(_, end)| typed(end, &node.ty)),
            Op::Setting { key, at, by } => self.setting(key, at, by)?,
            Op::Field { of, field } => self.field(of, field)?,
            Op::Column { var, index, .. } => self.column(*var, *index),
            Op::Step(part) => self.step(*part),
            Op::Change(part) => self.change(*part),
            Op::Id(of) => match self.place(of)? {
                super::Place::Unknown => None,
                super::Place::Nothing => Some(Value::Null),
                super::Place::Record(record) => Some(Value::Link(record.id)),
            },
            Op::If(c, a, b) => match self.truth(c)? {
                Truth::True => self.value(a)?,
                Truth::False => self.value(b)?,
                Truth::Unknown => None,
            },
            Op::Coalesce(parts) => {
                for part in parts {
                    match self.value(part)? {
                        Some(Value::Null) => {}
                        other => return Ok(other),
                    }
                }
                Some(Value::Null)
            }
            Op::Arithmetic(how, a, b) => {
                let (a, b) = (self.value(a)?, self.value(b)?);
                let result = arithmetic(*how, &a, &b).map(|n| typed(n, &node.ty));
                result.or_else(|| self.null_result(&[&a, &b]))
            }
            Op::Join(a, b) => {
                let (a, b) = (self.value(a)?, self.value(b)?);
                match (a.as_ref().and_then(Value::as_text), b.as_ref().and_then(Value::as_text)) {
                    (Some(a), Some(b)) => Some(Value::text(format!("{a}{b}"))),
                    _ => self.null_result(&[&a, &b]),
                }
            }
            Op::Length(a) => {
                let value = self.value(a)?;
                let length = value.as_ref().and_then(Value::as_text).map(|text| text.chars().count());
                let length = length.and_then(|n| i64::try_from(n).ok()).map(Value::Int);
                length.or_else(|| self.null_result(&[&value]))
            }
            Op::Fold(a) => {
                let value = self.value(a)?;
                let folded = value.as_ref().and_then(Value::as_text).map(|text| Value::text(fold(text)));
                folded.or_else(|| self.null_result(&[&value]))
            }
            Op::Quantified { quantifier: Quantifier::Count, list, var, body } => {
                self.counted(list, *var, body.as_deref())?.map(Value::Int)
            }
            Op::Earliest { list, var, body } => Some(self.earliest(list, *var, body)?),
            _ => self.truth(node)?.as_option().map(Value::Bool),
        })
    }

    /// What a function of null yields: unknown, for the lenient evaluator null.
    fn null_result(&self, of: &[&Known]) -> Known {
        (self.if_null(of) == Truth::False).then_some(Value::Null)
    }

    fn column(&self, var: VarId, index: usize) -> Known {
        let bound = self.vars.iter().rev().find(|(bound, _)| *bound == var).map(|(_, value)| value);
        match bound {
            Some(Bound::Row(row, lacking)) => match row.get(index) {
                None | Some(Value::Null) if lacking.contains(&index) => None,
                value => Some(value.cloned().unwrap_or_default()),
            },
            Some(Bound::Record(id)) => Some(Value::Link(*id)),
            None => None,
        }
    }

    fn step(&self, part: StepPart) -> Known {
        let Subject::Step(step) = self.subject else { return None };
        Some(match part {
            StepPart::To => Value::text(&step.to),
            StepPart::From => step.from.as_ref().map_or(Value::Null, Value::text),
            StepPart::At => Value::Instant(step.at),
            StepPart::CountedAt => Value::Instant(step.counted_at),
            StepPart::First => Value::Bool(step.first),
            StepPart::Kind => Value::text(&step.kind),
            StepPart::Deviates => Value::Bool(step.deviates),
        })
    }

    fn change(&self, part: ChangePart) -> Known {
        let Subject::Change(change) = self.subject else { return None };
        Some(match part {
            ChangePart::At => Value::Instant(change.at),
            ChangePart::By => change.by.map_or(Value::Null, Value::Link),
            ChangePart::Version => Value::Int(change.version),
            ChangePart::VersionBefore if change.version <= 1 => Value::Null,
            ChangePart::VersionBefore => Value::Int(change.version - 1),
        })
    }

    fn setting(&mut self, key: &str, at: &Node, by: &[FieldRef]) -> Answer<Known> {
        let cx = self.cx;
        let Some(at) = self.value(at)?.and_then(|v| v.as_int()) else { return Ok(None) };
        let Some(SettingSpan { value, .. }) = cx.in_force(key, at) else { return Ok(None) };
        Ok(match value {
            SettingValue::Scalar(value) => known(value),
            SettingValue::Per { field, values, otherwise } => {
                let subject = |f: &FieldRef| Entity::subject(&f.record_type);
                let id = match by.iter().find(|f| *f.key == **field) {
                    Some(field) => self.field(&subject(field), field)?.and_then(|v| v.as_int()),
                    None => None,
                };
                let found = id.and_then(|id| values.iter().find(|(key, _)| *key == id)).map(|(_, value)| value);
                found.or(otherwise.as_ref()).and_then(known)
            }
        })
    }
}

/// An id that no record has.
const NOBODY: i64 = -1;

/// A setting that is null is unset.
fn known(value: &Value) -> Known {
    (!value.is_null()).then(|| value.clone())
}

/// The period as instants or days.
pub(super) fn period_bounds(cx: &Context, ty: &Type) -> Option<(i64, i64)> {
    let period = cx.period?;
    Some(if *ty == Type::Date { (period.start_day, period.end_day) } else { (period.start, period.end) })
}

pub(crate) fn typed(n: i64, ty: &Type) -> Value {
    match ty {
        Type::Instant => Value::Instant(n),
        Type::Date => Value::Date(n),
        Type::Duration => Value::Duration(n),
        Type::Link(_) => Value::Link(n),
        Type::Bool => Value::Bool(n == 1),
        _ => Value::Int(n),
    }
}

fn arithmetic(how: Arithmetic, a: &Known, b: &Known) -> Option<i64> {
    let (a, b) = (a.as_ref()?.as_int()?, b.as_ref()?.as_int()?);
    match how {
        Arithmetic::Add => a.checked_add(b),
        Arithmetic::Sub => a.checked_sub(b),
        Arithmetic::Mul => a.checked_mul(b),
        Arithmetic::Div => a.checked_div(b),
        Arithmetic::Rem => a.checked_rem(b),
    }
}

/// Lower case without the marks of Latin letters: for comparing what people type.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            'à'..='å' | 'ā' | 'ă' | 'ą' => folded.push('a'),
            'ç' | 'ć' | 'č' => folded.push('c'),
            'ď' | 'đ' => folded.push('d'),
            'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => folded.push('e'),
            'ğ' => folded.push('g'),
            'ì'..='ï' | 'ī' | 'į' | 'ı' => folded.push('i'),
            'ł' => folded.push('l'),
            'ñ' | 'ń' | 'ň' => folded.push('n'),
            'ò'..='ö' | 'ø' | 'ō' | 'ő' => folded.push('o'),
            'ř' => folded.push('r'),
            'ś' | 'š' | 'ş' | 'ș' => folded.push('s'),
            'ť' | 'ţ' | 'ț' => folded.push('t'),
            'ù'..='ü' | 'ū' | 'ů' | 'ű' => folded.push('u'),
            'ý' | 'ÿ' => folded.push('y'),
            'ź' | 'ż' | 'ž' => folded.push('z'),
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            '\u{300}'..='\u{36f}' => {}
            other => folded.push(other),
        }
    }
    folded
}
