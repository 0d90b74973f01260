//! What else belongs to a record: those it is linked with, and those that point at it.

use std::collections::BTreeSet;

use engine::read::list::{self, Query};
use engine::read::names;
use engine::{Record, Time, slot};
use model::{Relation, RelationSource};

use super::refused::Answer;
use super::visit::Visit;

/// Records of one relation on a record's page; the rest is one link away.
pub const SHOWN_MAX: usize = 12;

/// By relation, in the model's order.
#[derive(Default)]
pub struct Related {
    pub linked: Vec<(Relation, Vec<i64>)>,
    pub pointing: Vec<Pointing>,
}

/// Records of another type whose link points here.
pub struct Pointing {
    pub relation: Relation,
    pub records: Vec<Record>,
    /// There are more: where they are listed.
    pub more: Option<String>,
}

impl Related {
    pub fn ids(&self, ids: &mut BTreeSet<i64>) {
        ids.extend(self.linked.iter().flat_map(|(_, found)| found));
        for record in self.pointing.iter().flat_map(|pointing| &pointing.records) {
            names::linked_ids(record, ids);
        }
    }
}

pub fn of(visit: &Visit, record: &Record, time: Time) -> Answer<Related> {
    let mut related = Related::default();
    let public_only = visit.principal.public_only(&record.record_type);
    for relation in &record.record_type.relations {
        match &relation.source {
            RelationSource::Links { kind, forward, .. } if !public_only => {
                let mut found = engine::linked_ids(&mut *visit.app.engine.reader()?, record.id, kind, *forward, time)?;
                found.truncate(SHOWN_MAX * 4);
                related.linked.push((relation.clone(), found));
            }
            RelationSource::Inverse { record_type, field } => {
                related.pointing.extend(pointing(visit, record, relation, record_type, field, time)?);
            }
            RelationSource::Links { .. } | RelationSource::Entries { .. } => {}
        }
    }
    Ok(related)
}

fn pointing(
    visit: &Visit,
    record: &Record,
    relation: &Relation,
    other: &str,
    field: &str,
    time: Time,
) -> Answer<Option<Pointing>> {
    let Some(other) = visit.app.engine.model().shared(other).filter(|other| visit.principal.may_read(other)) else {
        return Ok(None);
    };
    let filter = format!("{field} == '{}'", record.number());
    let query = Query {
        record_type: other.clone(),
        filter: Some(filter.clone()),
        sort: vec![(slot::RAISED_AT, true)],
        limit: SHOWN_MAX,
        cursor: None,
        time,
    };
    let page = list::page(&visit.app.engine, &visit.principal, &query, &visit.app.cursors)?;
    // The widest view, so that the list shows what was counted here.
    let view = other.views.iter().find(|view| view.filter.is_none()).map(|view| view.name.as_str());
    let all =
        super::address::Address::new(format!("/{}", other.path), None).with("view", view).with("filter", Some(&filter));
    let more = page.next_cursor.is_some().then(|| all.to_string());
    Ok(Some(Pointing { relation: relation.clone(), records: page.items, more }))
}
