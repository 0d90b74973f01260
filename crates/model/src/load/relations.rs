//! Builds relations, once all types have their fields: links to many, and what points here.

use super::build::{ANY, Surroundings};
use super::declared::{RecordDecl, RelationDecl, RelationForm};
use super::names;
use super::reader::Word;
use super::source::Sink;
use crate::{Kind, RecordType, Relation, RelationSource};

/// All relations of one type, in file order.
pub(super) fn build(
    record: &RecordDecl,
    records: &[RecordDecl],
    types: &[RecordType],
    around: &Surroundings,
    sink: &Sink,
) -> Vec<Relation> {
    let all = All { record, records, types };
    let mut relations: Vec<Relation> = Vec::new();
    for declared in &record.parts.relations {
        let name = &declared.name;
        if relations.iter().any(|known| known.name == name.value) {
            sink.error(&name.place, format!("relation `{}` is declared already", name.value));
            continue;
        }
        if let Some(source) = all.source(declared, around, sink) {
            relations.push(Relation { name: name.value.clone(), label: declared.label.clone(), source });
        }
    }
    relations
}

struct All<'a> {
    record: &'a RecordDecl,
    records: &'a [RecordDecl],
    types: &'a [RecordType],
}

impl All<'_> {
    fn source(&self, declared: &RelationDecl, around: &Surroundings, sink: &Sink) -> Option<RelationSource> {
        match &declared.form {
            RelationForm::Links { to, kind, acyclic } => {
                around.check_types(to, sink);
                let own = &self.record.name.value;
                if *acyclic && !to.iter().any(|word| word.value == ANY || self.is_here(&word.value)) {
                    let reason = format!("it leads from `{own}` to other types");
                    sink.error(
                        &kind.place,
                        format!("relation `{}` can't run in circles: {reason}", declared.name.value),
                    );
                }
                let to = to.iter().map(|word| word.value.clone()).collect();
                Some(RelationSource::Links { kind: kind.value.clone(), to, forward: true, acyclic: *acyclic })
            }
            RelationForm::InverseOf(word) => self.other_side(word, sink),
            RelationForm::From(word) => self.pointing_here(word, sink),
            RelationForm::Entries { except_into } => {
                let lifecycle = self.record.parts.lifecycle.as_ref();
                let states = || lifecycle.iter().flat_map(|l| &l.states).map(|state| state.key.value.as_str());
                for word in except_into.iter().filter(|word| !states().any(|state| state == word.value)) {
                    sink.error(
                        &word.place,
                        format!("`{}` is no state{}", word.value, names::hint(&word.value, states())),
                    );
                }
                let except_into = except_into.iter().map(|word| word.value.clone()).collect();
                Some(RelationSource::Entries { except_into })
            }
        }
    }

    /// `inverse_of = "children"` or `"service.components"`.
    fn other_side(&self, word: &Word, sink: &Sink) -> Option<RelationSource> {
        let own = self.record.name.value.as_str();
        let (owner, name) = word.value.split_once('.').unwrap_or((own, word.value.as_str()));
        let owner = self.record_named(owner, word, sink)?;
        let relations = &owner.parts.relations;
        let Some(relation) = relations.iter().find(|relation| relation.name.value == name) else {
            let hint = names::hint(name, relations.iter().map(|relation| relation.name.value.as_str()));
            sink.error(&word.place, format!("`{name}` is no relation of `{}`{hint}", owner.name.value));
            return None;
        };
        let RelationForm::Links { to, kind, acyclic } = &relation.form else {
            sink.error(&word.place, format!("`{}` holds no links, so it has no other side", word.value));
            return None;
        };
        if !to.iter().any(|target| target.value == ANY || self.is_here(&target.value)) {
            sink.error(&word.place, format!("`{}` does not lead to `{own}`", word.value));
        }
        let (kind, to) = (kind.value.clone(), vec![owner.name.value.clone()]);
        Some(RelationSource::Links { kind, to, forward: false, acyclic: *acyclic })
    }

    /// `from = "clock.incident"`.
    fn pointing_here(&self, word: &Word, sink: &Sink) -> Option<RelationSource> {
        let own = self.record.name.value.as_str();
        let Some((owner, key)) = word.value.split_once('.') else {
            sink.error(
                &word.place,
                format!("`from` must name a type and its link, as in \"clock.incident\", found \"{}\"", word.value),
            );
            return None;
        };
        self.record_named(owner, word, sink)?;
        let owner = self.types.iter().find(|known| known.name == owner)?;
        let Some(field) = owner.field(key) else {
            let links = owner.fields.iter().filter(|field| matches!(field.kind, Kind::Link { .. }));
            let hint = names::hint(key, links.map(|field| field.key.as_str()));
            sink.error(&word.place, format!("`{key}` is no field of `{}`{hint}", owner.name));
            return None;
        };
        let leads_here = |to: &Vec<String>| to.iter().any(|target| target == ANY || self.is_here(target));
        if !matches!(&field.kind, Kind::Link { to } if leads_here(to)) {
            sink.error(&word.place, format!("`{}` is no link to `{own}`", word.value));
            return None;
        }
        Some(RelationSource::Inverse { record_type: owner.name.clone(), field: key.to_owned() })
    }

    fn record_named(&self, name: &str, word: &Word, sink: &Sink) -> Option<&RecordDecl> {
        let record = self.records.iter().find(|record| record.name.value == name);
        if record.is_none() {
            let hint = names::hint(name, self.records.iter().map(|record| record.name.value.as_str()));
            sink.error(&word.place, format!("`{name}` is no record type{hint}"));
        }
        record
    }

    /// Whether a link to `target` may point at a record of this type: it is this type or one that it extends.
    fn is_here(&self, target: &str) -> bool {
        let parent = |name: &&str| {
            let record = self.records.iter().find(|record| record.name.value == **name)?;
            record.extends.as_ref().map(|parent| parent.value.as_str())
        };
        let lineage = std::iter::successors(Some(self.record.name.value.as_str()), parent);
        lineage.take(self.records.len()).any(|name| name == target)
    }
}
