//! Functions of the language, `standard/formal_checks.md` section 2 among them.

use std::sync::Arc;

use cel::common::ast::{CallExpr, IdedExpr};

use super::{Checked, Checker, Thing, describe};
use crate::condition::context::Purpose;
use crate::condition::ir::*;
use crate::condition::scope::SubjectKind;
use crate::condition::types::{FieldRef, Type};
use crate::{SYSTEM_FIELDS, Value};

const FUNCTIONS: &str = "size, contains, startsWith, endsWith, fold, coalesce, same, timestamp, duration, setting, \
     in_use_at, in_effect_at, in_force, in_or_latest, overlaps, covered, verified, permitted";

impl Checker<'_, '_> {
    pub(super) fn function(&mut self, expr: &IdedExpr, call: &CallExpr) -> Checked<Node> {
        let name = call.func_name.as_str();
        if let Some(target) = &call.target {
            return match (name, call.args.as_slice()) {
                ("contains", [a]) => self.text_test(TextTest::Contains, target, a),
                ("startsWith", [a]) => self.text_test(TextTest::Starts, target, a),
                ("endsWith", [a]) => self.text_test(TextTest::Ends, target, a),
                ("size", []) => self.size(target),
                ("matches", _) => Err(self.problem(expr, "matches() has no form in the database, expected contains(), startsWith() or endsWith()")),
                ("exists" | "all" | "exists_one" | "filter", _) => {
                    Err(self.problem(expr, format!("{name}() needs a variable and a condition, such as `.{name}(x, x.at != null)`")))
                }
                _ => Err(self.problem(expr, format!("unknown function `.{name}()`, expected contains, startsWith, endsWith, size, exists, all, exists_one or filter"))),
            };
        }
        match (name, call.args.as_slice()) {
            ("size", [a]) => self.size(a),
            ("fold", [a]) => {
                let node = self.text(a)?;
                Ok(Node::new(Op::Fold(Box::new(node)), Type::Text))
            }
            ("coalesce", [_, _, ..]) => self.coalesce(expr, &call.args),
            ("same", [a, b]) => self.same(expr, a, b),
            ("timestamp", [a]) => {
                let node = self.scalar(a)?;
                let text = self.constant_text(a, &node)?;
                Ok(Node::constant(Value::Instant(self.instant(a, &text)?), Type::Instant))
            }
            ("duration", [a]) => {
                let node = self.scalar(a)?;
                let text = self.constant_text(a, &node)?;
                Ok(Node::constant(Value::Duration(self.duration(a, &text)?), Type::Duration))
            }
            ("setting", [a]) => self.setting(a),
            ("in_use_at", [x, t]) => self.in_use_at(expr, x, t),
            ("in_effect_at", [x, t]) => self.in_effect_at(expr, x, t),
            ("in_force", [x]) => {
                let entity = self.entity(x)?;
                self.in_force(expr, entity)
            }
            ("in_or_latest", [x, p]) => self.in_or_latest(x, p),
            ("overlaps", [from, to, p]) => self.overlaps(expr, from, to, p),
            ("covered", [rows, from, to]) => self.covered(expr, rows, from, to, None),
            ("covered", [rows, from, to, p]) => self.covered(expr, rows, from, to, Some(p)),
            ("verified", []) => self.verified(expr, None),
            ("verified", [x]) => self.verified(expr, Some(x)),
            ("permitted", [who, object]) => self.permitted(who, object),
            _ if FUNCTIONS.split(", ").any(|known| known == name) => {
                Err(self.problem(expr, format!("{name}() does not take {} arguments", call.args.len())))
            }
            _ => Err(self.problem(expr, format!("unknown function `{name}`, expected one of {FUNCTIONS}"))),
        }
    }

    fn text(&mut self, expr: &IdedExpr) -> Checked<Node> {
        let node = self.scalar(expr)?;
        match node.ty {
            Type::Text | Type::Choice(_) => Ok(node),
            Type::Setting => Ok(Node { ty: Type::Text, ..node }),
            other => Err(self.problem(expr, format!("expected a text, found {}", describe(&other)))),
        }
    }

    fn text_test(&mut self, how: TextTest, a: &IdedExpr, b: &IdedExpr) -> Checked<Node> {
        let (a, b) = (self.text(a)?, self.text(b)?);
        Ok(Node::truth(Op::TextTest(how, Box::new(a), Box::new(b))))
    }

    fn coalesce(&mut self, expr: &IdedExpr, args: &[IdedExpr]) -> Checked<Node> {
        let mut nodes: Vec<(&IdedExpr, Node)> = vec![];
        for arg in args {
            let node = self.scalar(arg)?;
            nodes.push((arg, node));
        }
        // What the literals among them are to be is told by the first that is more than a literal.
        let literal = |n: &Node| matches!(n.op, Op::Const(_)) || n.ty == Type::Setting;
        let model = nodes.iter().map(|(_, n)| n).find(|n| !literal(n) && n.ty != Type::Null);
        if let Some(ty) = model.map(|n| n.ty.clone()) {
            for (at, node) in &mut nodes {
                *node = self.coerce(at, node.clone(), &ty)?;
            }
        }
        let mut typed: Vec<Node> = vec![];
        let mut nodes = nodes.into_iter();
        let Some(mut last) = nodes.next() else {
            return Err(self.problem(expr, "coalesce() needs values"));
        };
        for next in nodes {
            let at = next.0;
            let (a, b) = self.alternatives(expr, last, next)?;
            typed.push(a);
            last = (at, b);
        }
        let ty = last.1.ty.clone();
        typed.push(last.1);
        if let Some(other) = typed.iter().find(|n| n.ty != ty && n.ty != Type::Null && !n.ty.matches(&ty)) {
            return Err(self.problem(expr, format!("coalesce() of {} and {}", describe(&other.ty), describe(&ty))));
        }
        for node in &mut typed {
            node.ty = ty.clone();
        }
        Ok(Node::new(Op::Coalesce(typed), ty))
    }

    fn same(&mut self, expr: &IdedExpr, a: &IdedExpr, b: &IdedExpr) -> Checked<Node> {
        let (left, right) = (self.scalar(a)?, self.scalar(b)?);
        let (left, right) = self.agree(expr, (a, left), (b, right))?;
        Ok(Node::truth(Op::Same(Box::new(left), Box::new(right))))
    }

    fn setting(&mut self, key: &IdedExpr) -> Checked<Node> {
        let node = self.scalar(key)?;
        let name = self.constant_text(key, &node)?;
        let ty = match &self.scope.settings {
            None => Type::Setting,
            Some(known) => known.get(&*name).cloned().ok_or_else(|| {
                let near: Vec<&str> = known.keys().map(String::as_str).take(12).collect();
                self.problem(key, format!("unknown setting `{name}`, expected one such as {}", near.join(", ")))
            })?,
        };
        Ok(Node::new(Op::Setting { key: name, at: Box::new(self.anchor()), by: self.setting_fields() }, ty))
    }

    /// The subject's links, list values and integers: a setting may differ by one of them.
    fn setting_fields(&self) -> Arc<[FieldRef]> {
        let (SubjectKind::Record(name) | SubjectKind::Step(name) | SubjectKind::Change(name, _)) = &self.scope.subject
        else {
            return Arc::from([]);
        };
        let fields = self.scope.model.get(name).map_or(&[][..], |t| &t.fields);
        let usable = |f: &crate::Field| f.kind.is_link() || matches!(f.kind, crate::Kind::Integer { .. });
        let chosen = fields.iter().enumerate().filter(|(_, f)| usable(f));
        chosen.map(|(slot, f)| FieldRef::new(name, slot, f)).collect()
    }

    /// The instant whose settings count when nothing else is said: the subject's own beginning.
    fn anchor(&self) -> Node {
        let op = match &self.scope.subject {
            SubjectKind::Record(t) => self.raised_at(t).unwrap_or(Op::Now),
            SubjectKind::Step(_) => Op::Step(StepPart::At),
            SubjectKind::Change(..) => Op::Change(ChangePart::At),
            SubjectKind::Values if self.scope.period => Op::PeriodEnd,
            SubjectKind::Values => Op::Now,
        };
        Node::new(op, Type::Instant)
    }

    fn raised_at(&self, record_type: &Arc<str>) -> Option<Op> {
        let found = self.scope.model.get(record_type)?;
        let key = SYSTEM_FIELDS.into_iter().find(|key| *key == "raised_at")?;
        let slot = found.slot(key)?;
        let of = Entity { source: EntitySource::Subject, record_type: record_type.clone(), then: false };
        Some(Op::Field { of: Box::new(of), field: FieldRef::new(record_type, slot, found.fields.get(slot)?) })
    }

    fn verified(&mut self, expr: &IdedExpr, of: Option<&IdedExpr>) -> Checked<Node> {
        let node = match (of, &self.scope.subject) {
            (Some(of), _) => self.scalar(of)?,
            (None, SubjectKind::Record(t) | SubjectKind::Step(t) | SubjectKind::Change(t, _)) => {
                let of = Entity { source: EntitySource::Subject, record_type: t.clone(), then: false };
                Node::new(Op::Id(Box::new(of)), Type::link(t))
            }
            (None, SubjectKind::Values) => return Err(self.problem(expr, "there is no record here to verify")),
        };
        match node.ty {
            Type::Link(_) => Ok(Node::truth(Op::Verified(Box::new(node)))),
            other => Err(self.problem(expr, format!("verified() needs a record, found {}", describe(&other)))),
        }
    }

    /// `permitted('incident.resolve', x)`, `permitted(person, list or record)`.
    fn permitted(&mut self, who: &IdedExpr, object: &IdedExpr) -> Checked<Node> {
        let who = self.scalar(who)?;
        let object = match self.thing(object)? {
            // A list as object stands for the records it names: the product asks for each of them.
            Thing::List(list) => Node::constant(Value::text(list.name().map_or("", |n| n)), Type::Text),
            Thing::Record(entity) => {
                let ty = Type::link(&entity.record_type);
                Node::new(Op::Id(Box::new(entity)), ty)
            }
            Thing::Scalar(node) => node,
            _ => return Err(self.problem(object, "permitted() needs a record as its object")),
        };
        Ok(Node::truth(Op::Permitted(Box::new(who), Box::new(object))))
    }

    /// The record that an argument names.
    pub(super) fn entity(&mut self, expr: &IdedExpr) -> Checked<Entity> {
        match self.thing(expr)? {
            Thing::Record(entity) => Ok(entity),
            Thing::Scalar(link) if matches!(link.ty, Type::Link(_)) => self.linked(expr, link, "it"),
            Thing::Scalar(node) => Err(self.problem(expr, format!("expected a record, found {}", describe(&node.ty)))),
            _ => Err(self.problem(expr, "expected a record")),
        }
    }

    /// `period` as an argument.
    pub(super) fn period(&mut self, expr: &IdedExpr) -> Checked<()> {
        match self.thing(expr)? {
            Thing::Period => Ok(()),
            _ => Err(self.problem(expr, "expected `period`")),
        }
    }

    fn in_or_latest(&mut self, x: &IdedExpr, period: &IdedExpr) -> Checked<Node> {
        self.period(period)?;
        let node = self.scalar(x)?;
        if self.scope.purpose == Purpose::Filter || !matches!(node.ty, Type::Instant | Type::Date) {
            return Err(self.problem(x, "in_or_latest() stands in checks and takes an instant or a date"));
        }
        Ok(Node::truth(Op::InOrLatest(Box::new(node))))
    }
}
