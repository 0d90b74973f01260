//! Names and paths: what `owner`, `service.owner` and `step.at` stand for.

use std::sync::Arc;

use cel::common::ast::IdedExpr;

use super::{Checked, Checker, RELATION_DEPTH_MAX, Thing};
use crate::condition::context::Purpose;
use crate::condition::ir::*;
use crate::condition::scope::SubjectKind;
use crate::condition::types::{ANY, FieldRef, Type};
use crate::{Kind, RecordType, RelationSource};

impl Checker<'_, '_> {
    pub(super) fn name(&mut self, expr: &IdedExpr, name: &str) -> Checked<Thing> {
        if let Some((_, thing)) = self.names.iter().rev().find(|(bound, _)| bound == name) {
            return Ok(thing.clone());
        }
        if let Some(thing) = self.variable(name) {
            return Ok(thing);
        }
        if let SubjectKind::Record(record_type) = &self.scope.subject {
            let subject = Entity { source: EntitySource::Subject, record_type: record_type.clone(), then: false };
            match self.member(&subject, name) {
                Some(thing) => return Ok(thing),
                None if name == "in_force" => return self.in_force(expr, subject).map(Thing::Scalar),
                None if name == "id" && self.scope.purpose == Purpose::Check => return Ok(Thing::Record(subject)),
                None => {}
            }
        }
        match self.scope.model.by_plural(name) {
            Some(found) => Ok(Thing::List(collection(found))),
            None => Err(self.unknown_name(expr, name)),
        }
    }

    /// Names that the scope itself brings.
    fn variable(&self, name: &str) -> Option<Thing> {
        let scope = self.scope;
        let record = |then| match &scope.subject {
            SubjectKind::Step(t) | SubjectKind::Change(t, _) => {
                Some(Thing::Record(Entity { source: EntitySource::Subject, record_type: t.clone(), then }))
            }
            SubjectKind::Record(_) | SubjectKind::Values => None,
        };
        match name {
            "now" => Some(Thing::Scalar(Node::new(Op::Now, Type::Instant))),
            "me" if scope.principal => Some(Thing::Scalar(Node::new(Op::Me, Type::link("person")))),
            "period" if scope.period => Some(Thing::Period),
            "record" => record(false),
            "then" if matches!(scope.subject, SubjectKind::Step(_)) => record(true),
            "step" if matches!(scope.subject, SubjectKind::Step(_)) => Some(Thing::Step),
            "change" if matches!(scope.subject, SubjectKind::Change(..)) => Some(Thing::Change),
            "value" if scope.subject == SubjectKind::Values => Some(Thing::Scalar(Node::new(Op::Item, Type::Text))),
            "criteria_versions" if scope.subject == SubjectKind::Values => Some(Thing::List(List {
                source: ListSource::Versions,
                element: Element::Row(Arc::from([instant("from"), instant("to")])),
            })),
            _ => None,
        }
    }

    /// A field or relation of a record.
    fn member(&self, of: &Entity, name: &str) -> Option<Thing> {
        let record_type = self.scope.model.get(&of.record_type)?;
        if let Some(slot) = record_type.slot(name) {
            let field = record_type.fields.get(slot)?;
            let reference = FieldRef::new(&record_type.name, slot, field);
            return Some(match (&field.kind, Type::of(&field.kind)) {
                (Kind::Rows { columns, scalar }, _) => Thing::List(List {
                    source: ListSource::Rows { of: of.clone(), field: reference },
                    element: row_element(columns, *scalar),
                }),
                (_, Some(ty)) => {
                    let ty = if name == "state" { state_type(record_type).unwrap_or(ty) } else { ty };
                    Thing::Scalar(Node::new(Op::Field { of: Box::new(of.clone()), field: reference }, ty))
                }
                (_, None) => return None,
            });
        }
        let relation = record_type.relation(name)?;
        let (of, relation_name) = (of.clone(), Arc::<str>::from(name));
        Some(Thing::List(match &relation.source {
            RelationSource::Links { kind, to, forward, .. } => {
                let to: Arc<[String]> = to.iter().cloned().collect();
                let source = ListSource::Links {
                    of,
                    relation: relation_name,
                    kind: Arc::from(kind.as_str()),
                    to: to.clone(),
                    forward: *forward,
                };
                List { source, element: Element::Record(to) }
            }
            RelationSource::Inverse { record_type, field } => {
                let other = self.scope.model.get(record_type)?;
                let slot = other.slot(field)?;
                let field = FieldRef::new(&other.name, slot, other.fields.get(slot)?);
                let source = ListSource::Inverse { of, relation: relation_name, field };
                List { source, element: Element::Record(Arc::from([other.name.clone()])) }
            }
            RelationSource::Entries { except_into } => List {
                source: ListSource::Entries {
                    of,
                    relation: relation_name,
                    except_into: with_sub_states(record_type, except_into),
                },
                element: Element::Row(Arc::from([instant("at"), person("by"), instant("counted_at"), text("kind")])),
            },
        }))
    }

    /// `of.name`
    pub(super) fn select(&mut self, expr: &IdedExpr, of: Thing, name: &str) -> Checked<Thing> {
        match of {
            Thing::Record(entity) => self.record_member(expr, entity, name),
            Thing::Scalar(link) if matches!(link.ty, Type::Link(_)) => {
                let entity = self.linked(expr, link, name)?;
                self.record_member(expr, entity, name)
            }
            Thing::Scalar(node) => Err(self.problem(
                expr,
                format!("{} has no `{name}`, expected a link before the dot", super::describe(&node.ty)),
            )),
            Thing::Row { var, columns, then } => match columns.iter().position(|c| &*c.name == name) {
                Some(index) => {
                    let (name, ty) = columns
                        .get(index)
                        .map(|c| (c.name.clone(), c.ty.clone()))
                        .unwrap_or((Arc::from(name), Type::Opaque));
                    Ok(Thing::Scalar(Node::new(Op::Column { var, index, name, then }, ty)))
                }
                None => {
                    let known = columns.iter().map(|c| &*c.name);
                    Err(self.problem(
                        expr,
                        format!("the line has no column `{name}`, expected one of {}", list_names(name, known)),
                    ))
                }
            },
            Thing::Step => self.step_part(expr, name),
            Thing::Change => self.change_part(expr, name),
            Thing::Period => match name {
                "start" => Ok(Thing::Scalar(Node::new(Op::PeriodStart, Type::Instant))),
                "end" => Ok(Thing::Scalar(Node::new(Op::PeriodEnd, Type::Instant))),
                _ => Err(self.problem(expr, format!("period has no `{name}`, expected start or end"))),
            },
            Thing::List(_) | Thing::Filtered(..) | Thing::Constants(_) => {
                Err(self.problem(expr, format!("a list has no `{name}`, expected exists(), all() or size()")))
            }
        }
    }

    fn record_member(&mut self, expr: &IdedExpr, entity: Entity, name: &str) -> Checked<Thing> {
        if let Some(thing) = self.member(&entity, name) {
            return Ok(thing);
        }
        if name == "id" && self.scope.purpose == Purpose::Check {
            return Ok(Thing::Record(entity));
        }
        if name == "in_force" {
            return self.in_force(expr, entity).map(Thing::Scalar);
        }
        let known = self.scope.model.get(&entity.record_type);
        let names = known.into_iter().flat_map(member_names);
        let message = format!("{} has no `{name}`, expected one of {}", entity.record_type, list_names(name, names));
        Err(self.problem(expr, message))
    }

    /// The record that a link points at.
    pub(super) fn linked(&self, expr: &IdedExpr, link: Node, name: &str) -> Checked<Entity> {
        let Type::Link(to) = &link.ty else {
            return Err(self.problem(expr, format!("{} is not a link", super::describe(&link.ty))));
        };
        let record_type = match &**to {
            [one] if one != ANY => Arc::<str>::from(one.as_str()),
            _ => {
                let message = format!(
                    "the link can point at {}, so `{name}` could be anything; compare the link itself",
                    to.join(", ")
                );
                return Err(self.problem(expr, message));
            }
        };
        if hops(&link) >= RELATION_DEPTH_MAX {
            return Err(self.problem(expr, format!("path follows more than {RELATION_DEPTH_MAX} links")));
        }
        let then = is_then(&link);
        Ok(Entity { source: EntitySource::Linked(Box::new(link)), record_type, then })
    }

    fn step_part(&mut self, expr: &IdedExpr, name: &str) -> Checked<Thing> {
        let SubjectKind::Step(record_type) = &self.scope.subject else {
            return Err(self.problem(expr, "there is no step here"));
        };
        let states = self.scope.model.get(record_type).and_then(state_type).unwrap_or(Type::Text);
        let (part, ty) = match name {
            "to" => (StepPart::To, states),
            "from" => (StepPart::From, states),
            "at" => (StepPart::At, Type::Instant),
            "counted_at" => (StepPart::CountedAt, Type::Instant),
            "first" => (StepPart::First, Type::Bool),
            "kind" => (StepPart::Kind, Type::Text),
            "deviates" => (StepPart::Deviates, Type::Bool),
            _ => {
                let then = Entity { source: EntitySource::Subject, record_type: record_type.clone(), then: true };
                return self.record_member(expr, then, name);
            }
        };
        Ok(Thing::Scalar(Node::new(Op::Step(part), ty)))
    }

    fn change_part(&mut self, expr: &IdedExpr, name: &str) -> Checked<Thing> {
        let (part, ty) = match name {
            "at" => (ChangePart::At, Type::Instant),
            "by" => (ChangePart::By, Type::link("person")),
            "version" => (ChangePart::Version, Type::Int),
            "version_before" => (ChangePart::VersionBefore, Type::Int),
            _ => {
                let message = format!("change has no `{name}`, expected at, by, version or version_before");
                return Err(self.problem(expr, message));
            }
        };
        Ok(Thing::Scalar(Node::new(Op::Change(part), ty)))
    }

    fn unknown_name(&self, expr: &IdedExpr, name: &str) -> crate::condition::Problem {
        let mut known: Vec<String> = self.names.iter().map(|(bound, _)| bound.clone()).collect();
        match &self.scope.subject {
            SubjectKind::Record(t) => {
                known.extend(self.scope.model.get(t).into_iter().flat_map(member_names).map(str::to_owned));
            }
            SubjectKind::Step(_) => known.extend(["step", "then", "record"].map(str::to_owned)),
            SubjectKind::Change(..) => known.extend(["change", "record"].map(str::to_owned)),
            SubjectKind::Values => known.extend(["value", "criteria_versions"].map(str::to_owned)),
        }
        known.push("now".to_owned());
        let hint = match name {
            "me" => "; `me` exists in permissions and filters only",
            "period" => "; `period` exists in checks only",
            _ => "",
        };
        let list = list_names(name, known.iter().map(String::as_str));
        self.problem(expr, format!("unknown name `{name}`, expected one of {list}{hint}"))
    }
}

fn member_names(record_type: &RecordType) -> impl Iterator<Item = &str> {
    let fields = record_type.fields.iter().map(|f| f.key.as_str());
    fields.chain(record_type.relations.iter().map(|r| r.name.as_str()))
}

/// A dozen names, those that look most like the one asked for first.
fn list_names<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> String {
    let mut known: Vec<&str> = known.collect();
    let likeness = |name: &str| wanted.chars().zip(name.chars()).take_while(|(a, b)| a == b).count();
    known.sort_by_key(|name| std::cmp::Reverse(likeness(name)));
    let rest = known.len().saturating_sub(12);
    known.truncate(12);
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    format!("{}{more}", known.join(", "))
}

pub(super) fn collection(of: &RecordType) -> List {
    List {
        source: ListSource::Collection { record_type: Arc::from(of.name.as_str()) },
        element: Element::Record(Arc::from([of.name.clone()])),
    }
}

fn instant(name: &str) -> Column {
    Column { name: Arc::from(name), ty: Type::Instant }
}

fn person(name: &str) -> Column {
    Column { name: Arc::from(name), ty: Type::link("person") }
}

fn text(name: &str) -> Column {
    Column { name: Arc::from(name), ty: Type::Text }
}

/// Declared columns, then those that every line has.
fn row_element(columns: &[crate::Field], scalar: bool) -> Element {
    let declared =
        columns.iter().filter_map(|c| Type::of(&c.kind).map(|ty| Column { name: Arc::from(c.key.as_str()), ty }));
    let declared: Vec<Column> = declared.collect();
    match declared.first() {
        Some(only) if scalar => Element::Scalar(only.ty.clone()),
        _ => Element::Row(declared.into_iter().chain([instant("at"), person("by"), instant("counted_at")]).collect()),
    }
}

/// The states as a choice, so that a misspelt one is refused.
fn state_type(of: &RecordType) -> Option<Type> {
    of.lifecycle.as_ref().map(|l| Type::Choice(l.states.iter().map(|s| s.key.clone()).collect()))
}

/// How many links a path has followed to reach this value.
fn hops(node: &Node) -> usize {
    match &node.op {
        Op::Field { of, .. } | Op::Id(of) => of.link().map_or(0, |link| 1 + hops(link)),
        _ => 0,
    }
}

/// Whether a value is read as it stood at the step.
fn is_then(node: &Node) -> bool {
    match &node.op {
        Op::Field { of, .. } | Op::Id(of) => of.then,
        Op::Column { then, .. } => *then,
        _ => false,
    }
}

/// States with those that an overlay puts under them.
fn with_sub_states(record_type: &RecordType, states: &[String]) -> Arc<[String]> {
    let lifecycle = record_type.lifecycle.as_ref();
    let under = |state: &String| {
        let under = lifecycle.into_iter().flat_map(|lifecycle| lifecycle.under(state));
        under.map(|sub| sub.key.clone()).collect::<Vec<_>>()
    };
    states.iter().flat_map(|state| std::iter::once(state.clone()).chain(under(state))).collect()
}
