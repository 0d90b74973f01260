//! The fields of a mapping: what each is read from and becomes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::check::{Wrong, shared, wrong};
use super::file::{FieldFile, KindFile, LinkedFile, OnBehalfFile, OneOrMore, Others, Unknown};
use super::{By, FieldKind, FieldRule, LinkRule, OnBehalf, Rest, StateRule};

pub(super) fn field_rule(key: &str, field: FieldFile, values: BTreeMap<String, String>) -> Result<FieldRule, Wrong> {
    let path = ["fields", key];
    let kind = field_kind(&path, &field)?;
    let mapped = !values.is_empty();
    let others = match field.others {
        Some(_) if !mapped => {
            return Err(wrong(&path, format!("`others` has no sense without `[values.{key}]`")));
        }
        Some(Others::Null) => Rest::Null,
        Some(Others::Keep) => Rest::Kept,
        // A choice has only the keys that its model names; what the map leaves out would be a guess.
        None if mapped && kind == FieldKind::Choice => Rest::Refused,
        None => Rest::Kept,
    };
    let many = matches!(kind, FieldKind::References { .. });
    let column = match (many, field.column, &field.value) {
        (true, Some(_), _) => return Err(wrong(&path, "`references` has `columns`, not `column`")),
        (true, None, None) | (false, None, Some(_)) => String::new(),
        (true, None, Some(_)) => return Err(wrong(&path, "`references` has `columns`, not `value`")),
        (false, Some(_), Some(_)) => return Err(wrong(&path, "expected either `column` or `value`, not both")),
        (false, Some(column), None) => column,
        (false, None, None) => return Err(wrong(&path, "`column` is missing")),
    };
    Ok(FieldRule {
        key: Arc::from(key),
        kind,
        column,
        fixed: field.value.map(Arc::from),
        empty: field.empty.map(Arc::from),
        values: shared(values),
        others,
        optional: field.optional,
        entered: None,
    })
}

/// A key that only some kinds have: given or not, and whether this kind takes and needs it.
fn only(path: &[&str], name: &str, given: bool, takes: bool, needs: bool) -> Result<(), Wrong> {
    match (given, takes, needs) {
        (true, false, _) => Err(wrong(path, format!("`{name}` has no sense for this kind"))),
        (false, _, true) => Err(wrong(path, format!("`{name}` is missing, which this kind needs"))),
        _ => Ok(()),
    }
}

fn field_kind(path: &[&str], field: &FieldFile) -> Result<FieldKind, Wrong> {
    let kind = field.kind;
    let is = |wanted: KindFile| kind == wanted;
    only(path, "list", field.list.is_some(), is(KindFile::ListValue), is(KindFile::ListValue))?;
    only(path, "to", field.to.is_some(), is(KindFile::Link), is(KindFile::Link))?;
    only(path, "by", field.by.is_some(), is(KindFile::Link), false)?;
    only(path, "source", field.source.is_some(), is(KindFile::Link), false)?;
    only(path, "unknown", field.unknown.is_some(), is(KindFile::Link) || is(KindFile::ListValue), false)?;
    only(path, "separator", field.separator.is_some(), is(KindFile::Lines), is(KindFile::Lines))?;
    only(path, "unit", field.unit.is_some(), is(KindFile::Duration), false)?;
    only(path, "columns", field.columns.is_some(), is(KindFile::References), is(KindFile::References))?;
    Ok(match kind {
        KindFile::Text => FieldKind::Text,
        KindFile::Integer => FieldKind::Integer,
        KindFile::IntegerLead => FieldKind::IntegerLead,
        KindFile::Decimal => FieldKind::Decimal,
        KindFile::Boolean => FieldKind::Boolean,
        KindFile::Date => FieldKind::Date,
        KindFile::Instant => FieldKind::Instant,
        KindFile::Duration => FieldKind::Duration { unit: field.unit },
        KindFile::Choice => FieldKind::Choice,
        KindFile::ListValue => FieldKind::ListValue {
            list: Arc::from(field.list.as_deref().unwrap_or_default()),
            unknown: field.unknown.unwrap_or(Unknown::Create),
        },
        KindFile::Person => FieldKind::Person,
        KindFile::Link => {
            let to = field.to.clone().map(OneOrMore::into_vec).unwrap_or_default();
            FieldKind::Link(Arc::new(link_rule(path, to, field.by.as_deref(), field.source.clone(), field.unknown)?))
        }
        KindFile::Lines => lines(path, field)?,
        KindFile::References => FieldKind::References {
            columns: field
                .columns
                .iter()
                .flatten()
                .map(|(kind, column)| (Arc::from(kind.as_str()), column.clone()))
                .collect(),
        },
    })
}

fn lines(path: &[&str], field: &FieldFile) -> Result<FieldKind, Wrong> {
    match field.separator.as_deref() {
        Some(separator) if !separator.is_empty() => Ok(FieldKind::Lines { separator: separator.to_owned() }),
        _ => Err(wrong(path, "`separator`: expected what stands between two lines, such as \";\"")),
    }
}

/// Who made an update: a person of the source, or one found as a link is.
pub(super) fn on_behalf(written: OnBehalfFile) -> Result<OnBehalf, Wrong> {
    match written {
        OnBehalfFile::Column(column) => Ok(OnBehalf { column, rule: None }),
        OnBehalfFile::Linked(LinkedFile { column, by, source, unknown }) => {
            let to = vec!["person".to_owned()];
            let rule = link_rule(&["on_behalf"], to, Some(&by), source, unknown)?;
            Ok(OnBehalf { column, rule: Some(Arc::new(rule)) })
        }
    }
}

fn link_rule(
    path: &[&str],
    to: Vec<String>,
    by: Option<&str>,
    source: Option<String>,
    unknown: Option<Unknown>,
) -> Result<LinkRule, Wrong> {
    let by = match by.unwrap_or("name") {
        "name" => By::Name,
        "number" => By::Number,
        "key" => By::Key,
        other => By::Field(other.to_owned()),
    };
    if source.is_some() && by != By::Key {
        return Err(wrong(path, "`source` has no sense without `by = \"key\"`"));
    }
    let can_make = matches!(by, By::Name | By::Key) && to.len() == 1;
    let unknown = unknown.unwrap_or(if by == By::Name && can_make { Unknown::Create } else { Unknown::Refuse });
    if unknown == Unknown::Create && !can_make {
        let why = "`unknown = \"create\"` needs one type in `to`, and a name or key by which the new record is known";
        return Err(wrong(path, why));
    }
    if to.is_empty() {
        return Err(wrong(path, "`to`: expected the name of a record type"));
    }
    Ok(LinkRule { to, by, source, unknown })
}

/// `resolved_at = "state -> resolved"`: what explains the field is the last entry into that state.
pub(super) fn finals(
    fields: &mut [FieldRule],
    written: &BTreeMap<String, String>,
    state: Option<&StateRule>,
) -> Result<(), Wrong> {
    for (key, event) in written {
        let path = ["final", key.as_str()];
        let entered = event.split_once("->").filter(|(what, _)| what.trim() == "state").map(|(_, state)| state.trim());
        let entered = entered.ok_or_else(|| wrong(&path, "expected \"state -> …\" with the key of a state"))?;
        let known = state.is_some_and(|state| state.values.values().any(|key| **key == *entered));
        if !known {
            return Err(wrong(&path, format!("no value of `[values.state]` becomes the state `{entered}`")));
        }
        let field = fields.iter_mut().find(|field| *field.key == **key);
        let field = field.ok_or_else(|| wrong(&path, format!("there is no field `{key}` in `fields`")))?;
        if matches!(field.kind, FieldKind::References { .. } | FieldKind::Lines { .. }) {
            return Err(wrong(&path, "lines cannot be final"));
        }
        field.entered = Some(Arc::from(entered));
    }
    Ok(())
}
