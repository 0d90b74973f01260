//! Which record a cell means: by name, number, key in a source, or a field that only one record has with that value.

use std::sync::Arc;

use model::Kind;
use store::schema::quoted;
use store::{Fault, Param, Session, SessionExt};

use super::convert::Misfit;
use super::names::{Name, Names, nfc, titled};
use crate::mapping::{By, LinkRule, Unknown};

impl Names {
    /// The id of the record that a cell names; none where it names nobody and the rule leaves the field empty.
    pub fn linked(
        &mut self,
        session: &mut dyn Session,
        field: &str,
        rule: &Arc<LinkRule>,
        text: &Arc<str>,
    ) -> Result<Result<Option<i64>, Misfit>, Fault> {
        if rule.unknown == Unknown::Create {
            return Ok(Ok(Some(self.id(session, name_of(self.source(), rule, text))?)));
        }
        let key = (Arc::clone(rule), Arc::clone(text));
        if let Some(id) = self.found.get(&key) {
            return Ok(Ok(Some(*id)));
        }
        match self.find_linked(session, rule, text)? {
            Found::One(id) => {
                self.found.insert(key, id);
                Ok(Ok(Some(id)))
            }
            Found::None if rule.unknown == Unknown::Null => Ok(Ok(None)),
            Found::None => {
                let why = format!("there is no {} with the {} `{text}`", rule.to.join(" or "), by(rule));
                Ok(Err(Misfit::new(field, "no_such_record", why)))
            }
            Found::Several => {
                let why = format!("more than one {} has the {} `{text}`", rule.to.join(" or "), by(rule));
                Ok(Err(Misfit::new(field, "ambiguous", why)))
            }
        }
    }

    fn find_linked(&self, session: &mut dyn Session, rule: &LinkRule, text: &Arc<str>) -> Result<Found, Fault> {
        match &rule.by {
            By::Name => {
                let mut oldest: Option<i64> = None;
                for to in &rule.to {
                    oldest = oldest.into_iter().chain(titled(session, self.model(), to, text)?).min();
                }
                Ok(oldest.map_or(Found::None, Found::One))
            }
            By::Number => {
                let Some(number) = engine::padded_number(text) else { return Ok(Found::None) };
                self.of_type(session, rule, "SELECT id, type FROM record WHERE number = ?", &[Param::Text(&number)])
            }
            By::Key => {
                let source = rule.source.as_deref().unwrap_or(self.source());
                let sql = "SELECT r.id, r.type FROM external_id e JOIN record r ON r.id = e.record WHERE e.source = ? AND e.key = ?";
                self.of_type(session, rule, sql, &[Param::Text(source), Param::Text(text)])
            }
            By::Field(key) => {
                let mut ids = Vec::new();
                for to in &rule.to {
                    let sql = format!("SELECT id FROM {} WHERE {} = ? ORDER BY id LIMIT 2", quoted(to), quoted(key));
                    ids.extend(session.ints(&sql, &[Param::Text(&nfc(text))])?);
                }
                Ok(match ids.as_slice() {
                    [] => Found::None,
                    [id] => Found::One(*id),
                    _ => Found::Several,
                })
            }
        }
    }

    fn of_type(
        &self,
        session: &mut dyn Session,
        rule: &LinkRule,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Found, Fault> {
        let mut found = Found::None;
        session.query(sql, params, &mut |row| {
            if self.model().may_stand(row.need_text(1)?, &rule.to) {
                found = Found::One(row.need_int(0)?);
            }
            Ok(())
        })?;
        Ok(found)
    }
}

enum Found {
    None,
    One(i64),
    Several,
}

fn name_of(source: &str, rule: &LinkRule, text: &Arc<str>) -> Name {
    // The mapping's check has seen to it that there is exactly one type to make.
    let record_type: Arc<str> = Arc::from(rule.to.first().map_or("", String::as_str));
    match rule.by {
        By::Key => {
            let source = Arc::from(rule.source.as_deref().unwrap_or(source));
            Name::Keyed { record_type, source, key: Arc::clone(text) }
        }
        By::Name | By::Number | By::Field(_) => Name::Record { record_type, name: Arc::clone(text) },
    }
}

fn by(rule: &LinkRule) -> &str {
    match &rule.by {
        By::Name => "name",
        By::Number => "number",
        By::Key => "key",
        By::Field(field) => field,
    }
}

/// Whether records of a type can be told apart by a field: one line of text of their own.
pub(super) fn can_find_by(field: &model::Field) -> bool {
    matches!(field.kind, Kind::Text { .. })
}
