//! Lists in SQL: quantifiers and counts as correlated sub-selects.
//!
//! Bodies are computed in a derived table of their own: an aggregate whose argument names only columns from outside
//! would belong to the outer statement.

use super::{Compiled, Compiler, LackingColumns, NotPushable, Scalar, Sql, Time, Unknown};
use crate::condition::ir::*;
use crate::condition::types::{ANY, Type};

/// What stands around a list's rows.
struct Source {
    /// `FROM … WHERE …`, the element under the alias `x<var>`.
    from: Sql,
    /// Where the owner, and so the whole list, is unknown.
    unknown: Option<Sql>,
    /// Where the history that the list is made of has gaps.
    gaps: Option<Sql>,
    /// Where an empty list means that the source has no such list.
    lacks: Option<Sql>,
}

/// More than any list has members; a marker for unknown ones in sums.
const MANY: &str = "1000000000";

impl Compiler<'_> {
    pub(super) fn quantified(
        &self,
        how: Quantifier,
        list: &List,
        var: VarId,
        body: Option<&Node>,
        positive: bool,
    ) -> Compiled<Sql> {
        let Some(source) = self.source(list, var)? else { return Ok(self.null(&Type::Bool)) };
        let sure = source.unknown.is_none() && source.gaps.is_none() && source.lacks.is_none();
        if positive && how == Quantifier::Exists {
            let body = self.body(list, var, body, true)?;
            return self.compose("EXISTS (SELECT 1 {} AND {})", &[&source.from, &body]);
        }
        let body = self.body(list, var, body, false)?;
        if positive && sure && how == Quantifier::All {
            return self.compose("NOT EXISTS (SELECT 1 {} AND ({}) IS NOT TRUE)", &[&source.from, &body]);
        }
        let alias = self.alias();
        let open = self.open(&source)?;
        let truth = match how {
            Quantifier::Exists | Quantifier::All => {
                let code = self.compose("CASE {} WHEN TRUE THEN 2 WHEN FALSE THEN 0 ELSE 1 END", &[&body])?;
                let (extreme, decided, decision, other, rest) = match how {
                    Quantifier::Exists => ("max", "2", "TRUE", "0", "FALSE"),
                    _ => ("min", "0", "FALSE", "2", "TRUE"),
                };
                let if_some = self.or_unknown(source.gaps.as_ref(), rest)?;
                let if_none = self.or_unknown(open.as_ref(), rest)?;
                let template = format!(
                    "(SELECT CASE {extreme}(\"{alias}\".\"c\") WHEN {decided} THEN {decision} WHEN 1 THEN {{}} \
                     WHEN {other} THEN {{}} ELSE {{}} END FROM (SELECT {{}} AS \"c\" {{}}) \"{alias}\")"
                );
                let null = self.null(&Type::Bool);
                self.compose(&template, &[&null, &if_some, &if_none, &code, &source.from])?
            }
            Quantifier::One | Quantifier::Count => {
                let sum = self.sum(&source, &body)?;
                let unknown = self.null(&Type::Bool);
                let none = self.or_unknown(open.as_ref(), "FALSE")?;
                let some = self.or_unknown(source.gaps.as_ref(), &format!("\"{alias}\".\"n\" = 1"))?;
                let template = format!(
                    "(SELECT CASE WHEN \"{alias}\".\"n\" % {MANY} > 1 THEN FALSE WHEN \"{alias}\".\"n\" >= {MANY} THEN {{}} \
                     WHEN \"{alias}\".\"m\" = 0 THEN {{}} ELSE {{}} END FROM {{}} \"{alias}\")"
                );
                self.compose(&template, &[&unknown, &none, &some, &sum])?
            }
        };
        match &source.unknown {
            None => Ok(truth),
            Some(unknown) => self.compose("(CASE WHEN NOT ({}) THEN {} END)", &[unknown, &truth]),
        }
    }

    /// `(SELECT … AS n, … AS m FROM …)`: n counts what is true, plus [`MANY`] for each unknown; m counts all.
    fn sum(&self, source: &Source, body: &Sql) -> Compiled<Sql> {
        let alias = self.alias();
        let code = self.compose(&format!("CASE {{}} WHEN TRUE THEN 1 WHEN FALSE THEN 0 ELSE {MANY} END"), &[body])?;
        let template = format!(
            "(SELECT COALESCE(sum(\"{alias}\".\"c\"), 0) AS \"n\", count(*) AS \"m\" FROM (SELECT {{}} AS \"c\" {{}}) \"{alias}\")"
        );
        self.compose(&template, &[&code, &source.from])
    }

    pub(super) fn counted(&self, list: &List, var: VarId, body: Option<&Node>) -> Compiled<Scalar> {
        let Some(source) = self.source(list, var)? else {
            return Ok(Scalar { value: self.null(&Type::Int), unknown: Unknown::Always, nullable: true });
        };
        let open = self.open(&source)?;
        if body.is_none() && open.is_none() && source.unknown.is_none() {
            let value = self.compose("(SELECT count(*) {})", &[&source.from])?;
            return Ok(Scalar::plain(value, false));
        }
        let body = self.body(list, var, body, false)?;
        let (alias, sum) = (self.alias(), self.sum(&source, &body)?);
        let none = self.or_unknown(open.as_ref(), "0")?;
        let some = self.or_unknown(source.gaps.as_ref(), &format!("\"{alias}\".\"n\""))?;
        let template = format!(
            "(SELECT CASE WHEN \"{alias}\".\"n\" >= {MANY} THEN NULL WHEN \"{alias}\".\"m\" = 0 THEN {{}} ELSE {{}} END FROM {{}} \"{alias}\")"
        );
        let value = self.compose(&template, &[&none, &some, &sum])?;
        Ok(Scalar::computed(match &source.unknown {
            None => value,
            Some(unknown) => self.compose("(CASE WHEN NOT ({}) THEN {} END)", &[unknown, &value])?,
        }))
    }

    pub(super) fn earliest(&self, list: &List, var: VarId, body: &Node) -> Compiled<Scalar> {
        let Some(source) = self.source(list, var)? else { return Ok(Scalar::plain(self.null(&body.ty), true)) };
        let after = if body.ty == Type::Date { self.cx.today } else { self.cx.now };
        let (alias, after) = (self.alias(), Sql::value(after.into()));
        let body = self.scalar(body)?.value;
        let template = format!(
            "(SELECT min(\"{alias}\".\"c\") FROM (SELECT {{}} AS \"c\" {{}}) \"{alias}\" WHERE \"{alias}\".\"c\" > {{}})"
        );
        Ok(Scalar::plain(self.compose(&template, &[&body, &source.from, &after])?, true))
    }

    fn body(&self, list: &List, var: VarId, body: Option<&Node>, positive: bool) -> Compiled<Sql> {
        let Some(body) = body else { return Ok(Sql::new("TRUE")) };
        let lacking = self.lacking_columns(list)?;
        self.lacking.borrow_mut().push((var, lacking));
        let compiled = self.truth(body, positive);
        self.lacking.borrow_mut().pop();
        compiled
    }

    /// Columns of the list's lines that some origin lacks, each with the condition on the owner.
    fn lacking_columns(&self, list: &List) -> Compiled<LackingColumns> {
        let mut lacking = vec![];
        if let (Element::Row(columns), ListSource::Rows { of, field }) = (&list.element, &list.source)
            && !self.cx.lacking.is_empty()
        {
            for column in columns.iter() {
                let name = format!("{}.{}", field.key, column.name);
                if let Some(sql) = self.about(of, |alias| self.lacks(alias, &of.record_type, &name))? {
                    lacking.push((column.name.clone(), sql));
                }
            }
        }
        Ok(lacking)
    }

    pub(super) fn lacking_column(&self, var: VarId, name: &str) -> Option<Sql> {
        let lists = self.lacking.borrow();
        let (_, columns) = lists.iter().rev().find(|(bound, _)| *bound == var)?;
        columns.iter().find(|(column, _)| **column == *name).map(|(_, sql)| sql.clone())
    }

    /// Where nothing can be concluded from an empty list.
    fn open(&self, source: &Source) -> Compiled<Option<Sql>> {
        Ok(match (&source.gaps, &source.lacks) {
            (Some(a), Some(b)) => Some(self.compose("{} OR {}", &[a, b])?),
            (one, other) => one.clone().or_else(|| other.clone()),
        })
    }

    fn or_unknown(&self, open: Option<&Sql>, otherwise: &str) -> Compiled<Sql> {
        match open {
            None => Ok(Sql::new(otherwise)),
            Some(open) => self.compose(&format!("CASE WHEN NOT ({{}}) THEN {otherwise} END"), &[open]),
        }
    }

    /// None where the reader may not see the list.
    fn source(&self, list: &List, var: VarId) -> Compiled<Option<Source>> {
        let mut source = Source { from: self.from(list, var)?, unknown: None, gaps: None, lacks: None };
        let (Some(owner), Some(name)) = (list.owner(), list.name()) else { return Ok(Some(source)) };
        if self.cx.is_hidden(&owner.record_type, name) {
            return Ok(None);
        }
        source.unknown = self.id(owner)?.unknown_sql();
        source.lacks = self.about(owner, |alias| self.lacks(alias, &owner.record_type, name))?;
        if matches!(list.source, ListSource::Entries { .. }) {
            source.gaps = self.gaps(owner)?;
        }
        Ok(Some(source))
    }

    fn from(&self, list: &List, var: VarId) -> Compiled<Sql> {
        let x = format!("x{var}");
        let then = list.owner().is_some_and(|owner| owner.then);
        let owner = list.owner().map(|owner| self.id(owner)).transpose()?.map(|id| id.value).unwrap_or_default();
        let single = match &list.element {
            Element::Record(to) => match &**to {
                [one] if one != ANY => Some(one.as_str()),
                _ => None,
            },
            _ => None,
        };
        match &list.source {
            ListSource::Collection { record_type } => {
                let time = self.versioned(&x, then).unwrap_or_else(|| Sql::new("TRUE"));
                self.compose(&format!("FROM {} WHERE {{}}", self.table(record_type, &x, then)), &[&time])
            }
            ListSource::Rows { field, .. } => {
                let table = format!("\"{}__{}\" \"{x}\"", field.record_type, field.key);
                self.compose(
                    &format!("FROM {table} WHERE \"{x}\".\"id\" = {{}} AND {{}}"),
                    &[&owner, &self.within(&x, then)],
                )
            }
            ListSource::Inverse { field, .. } => {
                let table = self.table(&field.record_type, &x, then);
                let time = self.versioned(&x, then).unwrap_or_else(|| Sql::new("TRUE"));
                self.compose(&format!("FROM {table} WHERE \"{x}\".\"{}\" = {{}} AND {{}}", field.key), &[&owner, &time])
            }
            ListSource::Links { kind, forward, .. } => {
                let (here, there) = if *forward { ("a", "b") } else { ("b", "a") };
                let link = self.alias();
                let kind = Sql::value(crate::Value::text(kind));
                let live = self.within(&link, then);
                match single {
                    None => self.compose(
                        &format!(
                            "FROM (SELECT \"{link}\".\"{there}\" AS \"id\" FROM \"link\" \"{link}\" WHERE \"{link}\".\"{here}\" = {{}} \
                             AND \"{link}\".\"kind\" = {{}} AND {{}}) \"{x}\" WHERE TRUE"
                        ),
                        &[&owner, &kind, &live],
                    ),
                    Some(to) => {
                        let table = self.table(to, &x, then);
                        let time = self.versioned(&x, then).unwrap_or_else(|| Sql::new("TRUE"));
                        self.compose(
                            &format!(
                                "FROM \"link\" \"{link}\" JOIN {table} ON \"{x}\".\"id\" = \"{link}\".\"{there}\" AND {{}} \
                                 WHERE \"{link}\".\"{here}\" = {{}} AND \"{link}\".\"kind\" = {{}} AND {{}}"
                            ),
                            &[&time, &owner, &kind, &live],
                        )
                    }
                }
            }
            ListSource::Entries { except_into, .. } => self.entries(&x, then, &owner, except_into),
            ListSource::Versions => {
                Err(NotPushable("criteria_versions are the versions of a setting, read in memory".to_owned()))
            }
        }
    }

    fn entries(&self, x: &str, then: bool, owner: &Sql, except_into: &[String]) -> Compiled<Sql> {
        let e = self.alias();
        let states: Vec<Sql> = except_into.iter().map(|state| Sql::value(crate::Value::text(state))).collect();
        let except = match states.as_slice() {
            [] => Sql::new("TRUE"),
            states => {
                let list = Sql::join(states, ", ");
                self.compose(
                    &format!("(\"{e}\".\"into_state\" IS NULL OR \"{e}\".\"into_state\" NOT IN ({{}}))"),
                    &[&list],
                )?
            }
        };
        let valid = |sql: &str| format!("\"{e}\".\"happened_at\" <= {sql}");
        let stands = format!("\"{e}\".\"known_to\" = {}", i64::MAX);
        let known_then = format!("\"{e}\".\"recorded_at\" <= ? AND \"{e}\".\"known_to\" > ?");
        let time = match (self.time, then) {
            (Time::Live, false) => Sql::new(stands),
            (Time::Live, true) => Sql::new(format!("{stands} AND {}", valid("\"s\".\"happened_at\""))),
            (Time::At { known, .. }, true) => Sql {
                text: format!("{} AND {known_then}", valid("\"s\".\"happened_at\"")),
                params: vec![known.into(), known.into()],
            },
            (Time::At { valid: at, known }, false) => Sql {
                text: format!("{} AND {known_then}", valid("?")),
                params: vec![at.into(), known.into(), known.into()],
            },
        };
        self.compose(
            &format!(
                "FROM (SELECT \"{e}\".\"happened_at\" AS \"at\", COALESCE(\"{e}\".\"on_behalf\", \"{e}\".\"actor\") AS \"by\", \
                 COALESCE(\"{e}\".\"claimed_at\", \"{e}\".\"recorded_at\") AS \"counted_at\", \"{e}\".\"kind\" AS \"kind\" \
                 FROM \"entry\" \"{e}\" WHERE \"{e}\".\"record\" = {{}} AND \"{e}\".\"version\" > 1 \
                 AND \"{e}\".\"kind\" <> 'create' AND {{}} AND {{}}) \"{x}\" WHERE TRUE"
            ),
            &[owner, &except, &time],
        )
    }
}
