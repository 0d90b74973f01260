//! Fields, paths through links, and which state of a record is read.

use super::{Compiled, Compiler, Scalar, Time, Unknown, at_predicate};
use crate::condition::context::Purpose;
use crate::condition::intervals::FOREVER;
use crate::condition::ir::*;
use crate::condition::sql::Sql;
use crate::condition::types::{FieldRef, Type};

/// Fields of the subject's own row that the engine always fills.
const NEVER_NULL: [&str; 7] = ["number", "version", "raised_at", "updated_at", "recorded_at", "gaps", "state"];

impl Compiler<'_> {
    pub(super) fn field(&self, of: &Entity, field: &FieldRef, ty: &Type) -> Compiled<Scalar> {
        if self.cx.is_hidden(&field.record_type, &field.key) {
            return Ok(Scalar { value: self.null(ty), unknown: Unknown::Always, nullable: true });
        }
        if let Some(alias) = direct(of) {
            let value = self.column(&alias, of.then, field);
            let nullable = of.source != EntitySource::Subject || !NEVER_NULL.contains(&&*field.key);
            let unknown = match self.absent(&alias, of.then, field)? {
                Some(absent) => Unknown::Where(self.compose("COALESCE({}, FALSE)", &[&absent])?),
                None => Unknown::Never,
            };
            return Ok(Scalar { value, unknown, nullable }.with_type(ty));
        }
        let alias = self.alias();
        let id = self.id(of)?;
        let column = self.column(&alias, of.then, field);
        let source = self.one(&of.record_type, &alias, of.then, &id.value);
        let value = self.compose("(SELECT {} {})", &[&column, &source])?;
        let absent = match self.absent(&alias, of.then, field)? {
            Some(absent) => Some(self.compose("COALESCE((SELECT {} {}), FALSE)", &[&absent, &source])?),
            None => None,
        };
        let unknown = self.either(id.unknown_sql(), absent)?;
        Ok(Scalar { value, unknown, nullable: true }.with_type(ty))
    }

    fn either(&self, a: Option<Sql>, b: Option<Sql>) -> Compiled<Unknown> {
        Ok(match (a, b) {
            (None, None) => Unknown::Never,
            (Some(one), None) | (None, Some(one)) => Unknown::Where(one),
            (Some(a), Some(b)) => Unknown::Where(self.compose("({} OR {})", &[&a, &b])?),
        })
    }

    /// The record's id. Unknown where the link that leads to it is.
    pub(super) fn id(&self, of: &Entity) -> Compiled<Scalar> {
        match &of.source {
            EntitySource::Subject if of.then => Ok(Scalar::plain(Sql::new("\"s\".\"record\""), false)),
            EntitySource::Subject => Ok(Scalar::plain(Sql::new("\"r\".\"id\""), false)),
            EntitySource::Var(var) => Ok(Scalar::plain(Sql::new(format!("\"x{var}\".\"id\"")), false)),
            EntitySource::Linked(link) => self.scalar(link),
        }
    }

    /// A column of a row that stands in the statement. Long texts have no column in the version table.
    fn column(&self, alias: &str, then: bool, field: &FieldRef) -> Sql {
        if !field.long || (self.time == Time::Live && !then) {
            return Sql::new(format!("\"{alias}\".\"{}\"", field.key));
        }
        let text = self.alias();
        let mut sql = Sql::new(format!(
            "(SELECT \"{text}\".\"body\" FROM \"long_text\" \"{text}\" WHERE \"{text}\".\"id\" = \"{alias}\".\"id\" \
             AND \"{text}\".\"field\" = "
        ));
        sql.append(&Sql::value(crate::Value::text(&field.key)))
            .push(" AND ")
            .append(&self.within(&text, then))
            .push(")");
        sql
    }

    /// `FROM <type> alias WHERE alias.id = <id>` in the state asked for.
    fn one(&self, record_type: &str, alias: &str, then: bool, id: &Sql) -> Sql {
        let mut sql = Sql::new(format!("FROM {} WHERE \"{alias}\".\"id\" = ", self.table(record_type, alias, then)));
        sql.append(id);
        if let Some(time) = self.versioned(alias, then) {
            sql.push(" AND ").append(&time);
        }
        sql
    }

    /// The table of a record type's rows in the state asked for, with its alias.
    pub(super) fn table(&self, record_type: &str, alias: &str, then: bool) -> String {
        let suffix = if self.time == Time::Live && !then { "" } else { "_v" };
        format!("\"{record_type}{suffix}\" \"{alias}\"")
    }

    /// The predicate that goes with [`Self::table`]; none for the live table.
    pub(super) fn versioned(&self, alias: &str, then: bool) -> Option<Sql> {
        (self.time != Time::Live || then).then(|| self.within(alias, then))
    }

    /// The predicate of tables that hold history and present together: links, rows, long texts.
    pub(super) fn within(&self, alias: &str, then: bool) -> Sql {
        match (self.time, then) {
            (Time::Live, false) => {
                Sql::new(format!("\"{alias}\".\"valid_to\" = {FOREVER} AND \"{alias}\".\"known_to\" = {FOREVER}"))
            }
            (Time::Live, true) => Sql::new(format!(
                "\"{alias}\".\"valid_from\" <= \"s\".\"happened_at\" AND \"{alias}\".\"valid_to\" > \"s\".\"happened_at\" \
                 AND \"{alias}\".\"known_to\" = {FOREVER}"
            )),
            (Time::At { known, .. }, true) => Sql {
                text: at_predicate(alias, "\"s\".\"happened_at\"", "?"),
                params: vec![known.into(), known.into()],
            },
            (time, false) => time.predicate(alias).unwrap_or_default(),
        }
    }

    /// Whether this column's NULL means absent: an SQL boolean about the row, or none where it cannot be.
    fn absent(&self, alias: &str, then: bool, field: &FieldRef) -> Compiled<Option<Sql>> {
        if !self.cx.may_be_absent(field) {
            return Ok(None);
        }
        let mut reasons = vec![];
        if let Some(lacks) = self.lacks(alias, &field.record_type, &field.key) {
            reasons.push(lacks);
        }
        if let Some(setting) = &field.needs_setting {
            let at = Sql::new(format!("\"{alias}\".\"raised_at\""));
            let mut spans = vec![];
            for span in self.cx.spans(setting) {
                spans.push(self.in_span(&at, span.from, span.until)?);
            }
            reasons.push(match spans.as_slice() {
                [] => Sql::new("TRUE"),
                spans => self.compose("NOT ({})", &[&Sql::join(spans, " OR ")])?,
            });
        }
        let column = self.column(alias, then, field);
        self.compose("({} IS NULL AND ({}))", &[&column, &Sql::join(&reasons, " OR ")]).map(Some)
    }

    /// `at` within `[from, until)`.
    pub(super) fn in_span(&self, at: &Sql, from: i64, until: i64) -> Compiled<Sql> {
        let (from, until) = (Sql::value(from.into()), Sql::value(until.into()));
        self.compose("({} >= {} AND {} < {})", &[at, &from, at, &until])
    }

    /// Whether the row's origin lacks this field or list. The origins stand in the text: they are ids of ours, few,
    /// and the same for every statement.
    pub(super) fn lacks(&self, alias: &str, record_type: &str, name: &str) -> Option<Sql> {
        let origins = self.cx.lacking(record_type, name);
        let list: Vec<String> = origins.iter().map(i64::to_string).collect();
        (!list.is_empty()).then(|| Sql::new(format!("\"{alias}\".\"origin\" IN ({})", list.join(", "))))
    }

    /// A property of a record's own row, false where there is no such row.
    pub(super) fn about(&self, of: &Entity, property: impl Fn(&str) -> Option<Sql>) -> Compiled<Option<Sql>> {
        if let Some(alias) = direct(of) {
            return property(&alias).map(|sql| self.compose("COALESCE({}, FALSE)", &[&sql])).transpose();
        }
        let alias = self.alias();
        let Some(sql) = property(&alias) else { return Ok(None) };
        let id = self.id(of)?;
        let source = self.one(&of.record_type, &alias, of.then, &id.value);
        self.compose("COALESCE((SELECT {} {}), FALSE)", &[&sql, &source]).map(Some)
    }

    /// Whether the record's history has gaps; none where that does not count.
    pub(super) fn gaps(&self, of: &Entity) -> Compiled<Option<Sql>> {
        if self.cx.purpose == Purpose::Filter {
            return Ok(None);
        }
        self.about(of, |alias| Some(Sql::new(format!("\"{alias}\".\"gaps\" = 1"))))
    }
}

/// The alias under which a record's own row stands in the statement.
fn direct(of: &Entity) -> Option<String> {
    match &of.source {
        EntitySource::Subject if !of.then => Some("r".to_owned()),
        EntitySource::Var(var) => Some(format!("x{var}")),
        EntitySource::Subject | EntitySource::Linked(_) => None,
    }
}

impl Scalar {
    /// Booleans are integer columns; as values of conditions they are SQL booleans.
    pub(super) fn with_type(self, ty: &Type) -> Self {
        match ty {
            Type::Bool => Self { value: Sql::compose("({} = 1)", &[&self.value]), ..self },
            _ => self,
        }
    }
}
