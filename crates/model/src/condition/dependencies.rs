//! What a condition reads, and how to get from a changed record back to the subjects whose answer it may change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::ir::*;
use super::types::ANY;
use super::{Condition, SubjectKind};

/// Reads of one record type over one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    pub record_type: Arc<str>,
    /// Keys of fields and names of relations; a change of anything else of the record cannot matter.
    pub fields: Vec<Arc<str>>,
    /// The way from a changed record of this type to the subjects, in walking order; empty: it is the subject.
    pub back: Vec<Hop>,
    /// No way back: any change of this kind may change the answer for every subject.
    pub everything: bool,
}

/// One step of the way back, from the records reached so far.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hop {
    /// To the records of `record_type` whose link `field` points here.
    Link { record_type: Arc<str>, field: Arc<str> },
    /// To the records of `record_type` one of whose lines in `field` points here with `column`.
    Rows { record_type: Arc<str>, field: Arc<str>, column: Arc<str> },
    /// To the other end of links of this kind: the record stands in `b` where `forward` (the relation is read from
    /// `a`), else in `a`.
    Links { kind: Arc<str>, forward: bool },
    /// To the record that this record's own link `field` points at, before the change as well as after it.
    Own { record_type: Arc<str>, field: Arc<str> },
}

/// The type and the way back of a place; no way: everything.
type Way = Option<Vec<Hop>>;

struct Walk<'n> {
    reads: BTreeMap<(Arc<str>, Way), BTreeSet<Arc<str>>>,
    vars: BTreeMap<VarId, &'n List>,
}

impl Condition {
    /// One entry for each record type and way, ordered.
    pub fn dependencies(&self) -> Vec<Dependency> {
        let mut walk = Walk { reads: BTreeMap::new(), vars: BTreeMap::new() };
        walk.node(&self.root);
        if let SubjectKind::Change(record_type, field) = &self.subject {
            walk.read(record_type, Some(vec![]), field);
        }
        if let SubjectKind::Step(record_type) = &self.subject {
            walk.read(record_type, Some(vec![]), &Arc::from("state"));
        }
        let entry = |((record_type, way), fields): ((Arc<str>, Way), BTreeSet<Arc<str>>)| Dependency {
            record_type,
            fields: fields.into_iter().collect(),
            everything: way.is_none(),
            back: way.unwrap_or_default(),
        };
        walk.reads.into_iter().map(entry).collect()
    }
}

impl<'n> Walk<'n> {
    fn read(&mut self, record_type: &Arc<str>, way: Way, name: &Arc<str>) {
        self.reads.entry((record_type.clone(), way)).or_default().insert(name.clone());
    }

    fn node(&mut self, node: &'n Node) {
        match &node.op {
            Op::Field { of, field } => {
                let way = self.way(of);
                self.read(&field.record_type, way.clone(), &field.key);
                if field.needs_setting.is_some() {
                    self.read(&field.record_type, way, &Arc::from("raised_at"));
                }
            }
            Op::Quantified { list, var, .. } | Op::Earliest { list, var, .. } => self.list(list, *var),
            Op::Covered(covered) => self.list(&covered.list, covered.var),
            _ => {}
        }
        for child in node.children() {
            self.node(child);
        }
    }

    fn list(&mut self, list: &'n List, var: VarId) {
        self.vars.insert(var, list);
        if let (Some(owner), Some(name)) = (list.owner(), list.name()) {
            let way = self.way(owner);
            self.read(&owner.record_type, way, name);
        }
        match &list.source {
            // A record that comes to point here, or ceases to, changes the list.
            ListSource::Inverse { of, field, .. } => {
                let own = Hop::Own { record_type: field.record_type.clone(), field: field.key.clone() };
                let way = self.way(of).map(|rest| std::iter::once(own).chain(rest).collect());
                self.read(&field.record_type, way, &field.key);
            }
            ListSource::Collection { record_type } => self.read(record_type, None, &Arc::from("number")),
            _ => {}
        }
    }

    /// How to get from a record that stands here to the subjects.
    fn way(&self, of: &Entity) -> Way {
        match &of.source {
            EntitySource::Subject => Some(vec![]),
            EntitySource::Var(var) => {
                let list = self.vars.get(var)?;
                let owner = list.owner()?;
                let hop = match &list.source {
                    ListSource::Links { kind, forward, .. } => Hop::Links { kind: kind.clone(), forward: *forward },
                    ListSource::Inverse { field, .. } => {
                        Hop::Own { record_type: field.record_type.clone(), field: field.key.clone() }
                    }
                    _ => return None,
                };
                self.before(hop, owner)
            }
            EntitySource::Linked(link) => match &link.op {
                Op::Field { of, field } => {
                    self.before(Hop::Link { record_type: field.record_type.clone(), field: field.key.clone() }, of)
                }
                Op::Column { var, name, .. } => {
                    let list = self.vars.get(var)?;
                    let ListSource::Rows { of, field } = &list.source else { return None };
                    let hop = Hop::Rows {
                        record_type: field.record_type.clone(),
                        field: field.key.clone(),
                        column: name.clone(),
                    };
                    self.before(hop, of)
                }
                Op::Id(entity) if &*entity.record_type != ANY => self.way(entity),
                _ => None,
            },
        }
    }

    fn before(&self, hop: Hop, of: &Entity) -> Way {
        self.way(of).map(|rest| std::iter::once(hop).chain(rest).collect())
    }
}
