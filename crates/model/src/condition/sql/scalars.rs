//! Values in SQL.

use super::{Compiled, Compiler, NotPushable, Scalar, Sql, Unknown};
use crate::Value;
use crate::condition::context::SettingValue;
use crate::condition::eval::typed;
use crate::condition::ir::*;
use crate::condition::types::{FieldRef, Type};

impl Compiler<'_> {
    pub(in crate::condition) fn scalar(&self, node: &Node) -> Compiled<Scalar> {
        if let Some(constant) = self.constant(node) {
            return Ok(self.constant_sql(constant, &node.ty));
        }
        Ok(match &node.op {
            Op::Numbered(number) => {
                let number = Sql::value(Value::text(number));
                // An id that no record has, so that an unknown number equals nothing, an empty link least of all.
                Scalar::plain(
                    self.compose("COALESCE((SELECT \"id\" FROM \"record\" WHERE \"number\" = {}), -1)", &[&number])?,
                    false,
                )
            }
            Op::Setting { key, at, by } => self.setting(key, at, by, &node.ty)?,
            Op::Field { of, field } => self.field(of, field, &node.ty)?,
            Op::Column { var, name, .. } => {
                let value = Sql::new(format!("\"x{var}\".\"{name}\""));
                let unknown = match self.lacking_column(*var, name) {
                    Some(lacks) => {
                        Unknown::Where(self.compose("COALESCE({} IS NULL AND {}, FALSE)", &[&value, &lacks])?)
                    }
                    None => Unknown::Never,
                };
                Scalar { value, unknown, nullable: true }.with_type(&node.ty)
            }
            Op::Step(part) => step(*part).with_type(&node.ty),
            Op::Change(part) => change(*part),
            Op::Id(of) => self.id(of)?,
            Op::If(c, a, b) => self.conditional(c, a, b)?,
            Op::Coalesce(parts) => self.coalesce(parts)?,
            Op::Arithmetic(how, a, b) => {
                let (a, b) = (self.scalar(a)?, self.scalar(b)?);
                let template = match how {
                    Arithmetic::Add => "({} + {})",
                    Arithmetic::Sub => "({} - {})",
                    Arithmetic::Mul => "({} * {})",
                    Arithmetic::Div => "({} / NULLIF({}, 0))",
                    Arithmetic::Rem => "({} % NULLIF({}, 0))",
                };
                self.computed(self.compose(template, &[&a.value, &b.value])?, &[&a, &b])?
            }
            Op::Join(a, b) => {
                let (a, b) = (self.scalar(a)?, self.scalar(b)?);
                self.computed(self.compose("({} || {})", &[&a.value, &b.value])?, &[&a, &b])?
            }
            Op::Length(a) => {
                let a = self.scalar(a)?;
                self.computed(self.compose("length({})", &[&a.value])?, &[&a])?
            }
            Op::Fold(_) => return Err(NotPushable("fold() is computed in memory only".to_owned())),
            Op::Quantified { quantifier: Quantifier::Count, list, var, body } => {
                self.counted(list, *var, body.as_deref())?
            }
            Op::Earliest { list, var, body } => self.earliest(list, *var, body)?,
            _ => Scalar::computed(self.compose("({})", &[&self.truth(node, false)?])?),
        })
    }

    fn constant_sql(&self, constant: Option<Value>, ty: &Type) -> Scalar {
        match constant {
            None => Scalar { value: self.null(ty), unknown: Unknown::Always, nullable: true },
            Some(Value::Null) => Scalar::plain(self.null(ty), true),
            Some(Value::Bool(b)) => Scalar::plain(Sql::new(if b { "TRUE" } else { "FALSE" }), false),
            Some(value) => Scalar::plain(Sql::value(value), false),
        }
    }

    /// The value of an expression that is the same for all subjects; the inner none is unknown.
    pub(super) fn constant(&self, node: &Node) -> Option<Option<Value>> {
        Some(match &node.op {
            Op::Const(value) => Some(value.clone()),
            Op::Now => Some(Value::Instant(self.cx.now)),
            Op::Today => Some(Value::Date(self.cx.today)),
            Op::Me => Some(self.cx.me.map_or(Value::Null, Value::Link)),
            Op::Item => Some(self.cx.item.clone().unwrap_or_default()),
            Op::PeriodStart | Op::PeriodEnd => self.cx.period.map(|p| {
                let start = node.op == Op::PeriodStart;
                let (instant, day) = if start { (p.start, p.start_day) } else { (p.end, p.end_day) };
                typed(if node.ty == Type::Date { day } else { instant }, &node.ty)
            }),
            Op::Setting { key, at, .. } => return self.constant_setting(key, at),
            Op::Arithmetic(how, a, b) => {
                let (a, b) = (self.constant(a)?, self.constant(b)?);
                a.and_then(|v| v.as_int()).zip(b.and_then(|v| v.as_int())).and_then(|(a, b)| {
                    let result = match how {
                        Arithmetic::Add => a.checked_add(b),
                        Arithmetic::Sub => a.checked_sub(b),
                        Arithmetic::Mul => a.checked_mul(b),
                        Arithmetic::Div => a.checked_div(b),
                        Arithmetic::Rem => a.checked_rem(b),
                    };
                    result.map(|n| typed(n, &node.ty))
                })
            }
            _ => return None,
        })
    }

    fn constant_setting(&self, key: &str, at: &Node) -> Option<Option<Value>> {
        let unset = |value: &Value| (!value.is_null()).then(|| value.clone());
        match self.cx.spans(key) {
            [] => Some(None),
            [only]
                if only.from == i64::MIN && only.until == i64::MAX && self.scalar(at).is_ok_and(|at| !at.nullable) =>
            {
                match &only.value {
                    SettingValue::Scalar(value) => Some(unset(value)),
                    SettingValue::Per { .. } => None,
                }
            }
            _ => {
                let at = self.constant(at)??.as_int()?;
                match self.cx.in_force(key, at).map(|span| &span.value) {
                    None => Some(None),
                    Some(SettingValue::Scalar(value)) => Some(unset(value)),
                    Some(SettingValue::Per { .. }) => None,
                }
            }
        }
    }

    fn setting(&self, key: &str, at: &Node, by: &[FieldRef], ty: &Type) -> Compiled<Scalar> {
        let at = self.scalar(at)?.value;
        let mut cases = Sql::new("CASE");
        for span in self.cx.spans(key) {
            let when = self.in_span(&at, span.from, span.until)?;
            let value = match &span.value {
                SettingValue::Scalar(value) => self.typed_value(value, ty),
                SettingValue::Per { field, values, otherwise } => {
                    let mut inner = match by.iter().find(|f| *f.key == **field) {
                        Some(field) => {
                            let value = self.field(&Entity::subject(&field.record_type), field, &Type::Int)?.value;
                            self.compose("CASE {}", &[&value])?
                        }
                        None => Sql::new("CASE -1"),
                    };
                    for (id, value) in values {
                        inner.push(&format!(" WHEN {id} THEN ")).append(&self.typed_value(value, ty));
                    }
                    if values.is_empty() {
                        inner.push(" WHEN NULL THEN ").append(&self.null(ty));
                    }
                    let otherwise = self.typed_value(otherwise.as_ref().unwrap_or(&Value::Null), ty);
                    inner.push(" ELSE ").append(&otherwise).push(" END");
                    inner
                }
            };
            cases.append(&self.compose(" WHEN {} THEN {}", &[&when, &value])?);
        }
        cases.push(" ELSE ").append(&self.null(ty)).push(" END");
        Ok(Scalar::computed(self.compose("({})", &[&cases])?))
    }

    fn typed_value(&self, value: &Value, ty: &Type) -> Sql {
        match value {
            Value::Null => self.null(ty),
            Value::Bool(b) => Sql::new(if *b { "TRUE" } else { "FALSE" }),
            other => Sql::value(other.clone()),
        }
    }

    fn conditional(&self, c: &Node, a: &Node, b: &Node) -> Compiled<Scalar> {
        let c = self.truth(c, false)?;
        let (a, b) = (self.scalar(a)?, self.scalar(b)?);
        let value = self.compose("(CASE {} WHEN TRUE THEN {} WHEN FALSE THEN {} END)", &[&c, &a.value, &b.value])?;
        if !a.can_be_null() && !b.can_be_null() {
            return Ok(Scalar::computed(value));
        }
        let no = || Sql::new("FALSE");
        let (a, b) = (a.unknown_sql().unwrap_or_else(no), b.unknown_sql().unwrap_or_else(no));
        let unknown = self.compose("(CASE {} WHEN TRUE THEN {} WHEN FALSE THEN {} ELSE TRUE END)", &[&c, &a, &b])?;
        Ok(Scalar { value, unknown: Unknown::Where(unknown), nullable: true })
    }

    /// The first that is not null; unknown where something unknown comes before it.
    fn coalesce(&self, parts: &[Node]) -> Compiled<Scalar> {
        let mut scalars = vec![];
        for part in parts {
            scalars.push(self.scalar(part)?);
        }
        let Some(mut result) = scalars.pop() else { return Err(NotPushable("coalesce() of nothing".to_owned())) };
        for first in scalars.into_iter().rev() {
            let value = match first.unknown_sql() {
                None => self.compose("COALESCE({}, {})", &[&first.value, &result.value])?,
                Some(unknown) => {
                    let rest = self.compose("COALESCE({}, {})", &[&first.value, &result.value])?;
                    self.compose("(CASE WHEN {} THEN {} ELSE {} END)", &[&unknown, &self.null_like(parts), &rest])?
                }
            };
            let unknown = match (first.unknown_sql(), result.unknown_sql()) {
                (None, None) => Unknown::Never,
                (Some(first), None) => Unknown::Where(first),
                (None, Some(rest)) => Unknown::Where(self.compose("({} IS NULL AND {})", &[&first.value, &rest])?),
                (Some(unknown), Some(rest)) => {
                    Unknown::Where(self.compose("({} OR ({} IS NULL AND {}))", &[&unknown, &first.value, &rest])?)
                }
            };
            let nullable = first.nullable && (result.nullable || !matches!(unknown, Unknown::Never));
            result = Scalar { value, unknown, nullable };
        }
        Ok(result)
    }

    fn null_like(&self, parts: &[Node]) -> Sql {
        parts.first().map_or_else(|| Sql::new("NULL"), |part| self.null(&part.ty))
    }
}

fn step(part: StepPart) -> Scalar {
    match part {
        StepPart::To => Scalar::plain(Sql::new("\"s\".\"to_state\""), false),
        StepPart::From => Scalar::plain(Sql::new("\"s\".\"from_state\""), true),
        StepPart::At => Scalar::plain(Sql::new("\"s\".\"happened_at\""), false),
        StepPart::CountedAt => Scalar::plain(Sql::new("COALESCE(\"s\".\"claimed_at\", \"s\".\"recorded_at\")"), false),
        StepPart::First => Scalar::plain(Sql::new("\"s\".\"first\""), false),
        StepPart::Kind => {
            Scalar::plain(Sql::new("(SELECT \"kind\" FROM \"entry\" WHERE \"id\" = \"s\".\"entry\")"), true)
        }
        StepPart::Deviates => Scalar::plain(Sql::new("\"s\".\"deviates\""), false),
    }
}

fn change(part: ChangePart) -> Scalar {
    match part {
        ChangePart::At => Scalar::plain(Sql::new("\"e\".\"happened_at\""), false),
        ChangePart::By => Scalar::plain(Sql::new("COALESCE(\"e\".\"on_behalf\", \"e\".\"actor\")"), true),
        ChangePart::Version => Scalar::plain(Sql::new("\"e\".\"version\""), false),
        ChangePart::VersionBefore => Scalar::plain(Sql::new("NULLIF(\"e\".\"version\" - 1, 0)"), true),
    }
}
