//! The checked form of a condition: typed, names resolved, macros and conveniences taken apart.
//!
//! Evaluator, SQL and analyses (dependencies, flips, anchors) all read this one form, so a new function is written
//! either as a combination of what stands here or as one more [`Op`].

use std::sync::Arc;

use super::types::{FieldRef, Type};
use crate::Value;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub op: Op,
    pub ty: Type,
}

/// Number of a variable bound by a macro; unique within a condition.
pub(crate) type VarId = u32;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Op {
    Const(Value),
    /// The record of this number, or an id that no record has.
    Numbered(Arc<str>),
    Now,
    /// The local day in which `now` lies.
    Today,
    Me,
    /// The item of a closed list that a `values(…)` population stands at.
    Item,
    /// As instant or as local day, by the node's type.
    PeriodStart,
    PeriodEnd,
    /// In force at the instant `at`.
    Setting {
        key: Arc<str>,
        at: Box<Node>,
        /// The subject's fields by which its value may differ.
        by: Arc<[FieldRef]>,
    },
    Field {
        of: Box<Entity>,
        field: FieldRef,
    },
    /// Of the row that the variable stands at.
    Column {
        var: VarId,
        index: usize,
        name: Arc<str>,
        /// The row is one of the record as it stood at the step.
        then: bool,
    },
    Step(StepPart),
    Change(ChangePart),
    /// A record taken as a value.
    Id(Box<Entity>),
    Not(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    Compare(Comparison, Box<Node>, Box<Node>),
    /// Equality that is unknown with null.
    Same(Box<Node>, Box<Node>),
    IsNull(Box<Node>),
    /// In a list of constants.
    Among(Box<Node>, Vec<Node>),
    InPeriod(Box<Node>),
    InOrLatest(Box<Node>),
    If(Box<Node>, Box<Node>, Box<Node>),
    Coalesce(Vec<Node>),
    Arithmetic(Arithmetic, Box<Node>, Box<Node>),
    Join(Box<Node>, Box<Node>),
    TextTest(TextTest, Box<Node>, Box<Node>),
    Length(Box<Node>),
    Fold(Box<Node>),
    Quantified {
        quantifier: Quantifier,
        list: Box<List>,
        var: VarId,
        body: Option<Box<Node>>,
    },
    /// The smallest value of `body` after `now`, over the list; made by `flips` only.
    Earliest {
        list: Box<List>,
        var: VarId,
        body: Box<Node>,
    },
    Covered(Box<Covered>),
    Verified(Box<Node>),
    Permitted(Box<Node>, Box<Node>),
}

/// Whether the validity of a list's lines covers a span; computed on intervals.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Covered {
    pub list: List,
    pub var: VarId,
    /// Beginning and end of a line, and whether its holder is active, where a line has a holder.
    pub row_from: Node,
    pub row_to: Node,
    pub active: Option<Node>,
    pub from: Node,
    pub to: Node,
    /// To the period.
    pub clip: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextTest {
    Contains,
    Starts,
    Ends,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantifier {
    Exists,
    All,
    One,
    Count,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepPart {
    To,
    From,
    At,
    CountedAt,
    First,
    Kind,
    Deviates,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChangePart {
    At,
    By,
    Version,
    VersionBefore,
}

/// A record that a condition reads from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entity {
    pub source: EntitySource,
    pub record_type: Arc<str>,
    /// As it stood at the step, not at the cut-off.
    pub then: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum EntitySource {
    Subject,
    Var(VarId),
    /// What this link points at.
    Linked(Box<Node>),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct List {
    pub source: ListSource,
    pub element: Element,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ListSource {
    Rows { of: Entity, field: FieldRef },
    Links { of: Entity, relation: Arc<str>, kind: Arc<str>, to: Arc<[String]>, forward: bool },
    Inverse { of: Entity, relation: Arc<str>, field: FieldRef },
    Entries { of: Entity, relation: Arc<str>, except_into: Arc<[String]> },
    Collection { record_type: Arc<str> },
    Versions,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Element {
    /// Of one of these types.
    Record(Arc<[String]>),
    Row(Arc<[Column]>),
    /// The one column `value`.
    Scalar(Type),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Column {
    pub name: Arc<str>,
    pub ty: Type,
}

impl Node {
    pub fn new(op: Op, ty: Type) -> Self {
        Self { op, ty }
    }

    pub fn truth(op: Op) -> Self {
        Self::new(op, Type::Bool)
    }

    pub fn constant(value: Value, ty: Type) -> Self {
        Self::new(Op::Const(value), ty)
    }

    pub fn not(self) -> Self {
        Self::truth(Op::Not(Box::new(self)))
    }

    pub fn null_test(self) -> Self {
        Self::truth(Op::IsNull(Box::new(self)))
    }

    pub fn compare(self, how: Comparison, other: Self) -> Self {
        Self::truth(Op::Compare(how, Box::new(self), Box::new(other)))
    }

    /// Conjunction, flat.
    pub fn and(self, other: Self) -> Self {
        let mut parts = match self.op {
            Op::And(parts) => parts,
            _ => vec![self],
        };
        match other.op {
            Op::And(more) => parts.extend(more),
            _ => parts.push(other),
        }
        Self::truth(Op::And(parts))
    }

    pub fn or(self, other: Self) -> Self {
        let mut parts = match self.op {
            Op::Or(parts) => parts,
            _ => vec![self],
        };
        match other.op {
            Op::Or(more) => parts.extend(more),
            _ => parts.push(other),
        }
        Self::truth(Op::Or(parts))
    }

    /// The node's direct sub-expressions, those inside lists and paths included.
    pub fn children(&self) -> Vec<&Node> {
        match &self.op {
            Op::Const(_)
            | Op::Numbered(_)
            | Op::Now
            | Op::Today
            | Op::Me
            | Op::Item
            | Op::PeriodStart
            | Op::PeriodEnd => vec![],
            Op::Column { .. } | Op::Step(_) | Op::Change(_) => vec![],
            Op::Setting { at, .. } => vec![at],
            Op::Field { of, .. } | Op::Id(of) => of.link().into_iter().collect(),
            Op::Not(a)
            | Op::IsNull(a)
            | Op::InPeriod(a)
            | Op::InOrLatest(a)
            | Op::Length(a)
            | Op::Fold(a)
            | Op::Verified(a) => {
                vec![a]
            }
            Op::And(parts) | Op::Or(parts) | Op::Coalesce(parts) => parts.iter().collect(),
            Op::Compare(_, a, b) | Op::Same(a, b) | Op::Arithmetic(_, a, b) | Op::Join(a, b) => vec![a, b],
            Op::TextTest(_, a, b) | Op::Permitted(a, b) => vec![a, b],
            Op::Among(a, list) => std::iter::once(&**a).chain(list).collect(),
            Op::If(c, a, b) => vec![c, a, b],
            Op::Quantified { list, body, .. } => list.link().into_iter().chain(body.as_deref()).collect(),
            Op::Earliest { list, body, .. } => list.link().into_iter().chain(Some(&**body)).collect(),
            Op::Covered(c) => {
                let own = [&c.row_from, &c.row_to, &c.from, &c.to].into_iter().chain(c.active.as_ref());
                c.list.link().into_iter().chain(own).collect()
            }
        }
    }

    /// Whether this or any sub-expression is such.
    pub fn any(&self, test: &mut impl FnMut(&Node) -> bool) -> bool {
        test(self) || self.children().into_iter().any(|child| child.any(test))
    }

    /// The same tree with `change` applied (links that lead to a record or list apart: nothing rewritten stands there)
    /// from the leaves up; `change` answers none where a node stays.
    pub fn rewrite(&self, change: &impl Fn(&Node) -> Option<Node>) -> Node {
        let go = |n: &Node| Box::new(n.rewrite(change));
        let all = |v: &[Node]| v.iter().map(|n| n.rewrite(change)).collect::<Vec<_>>();
        let op = match &self.op {
            Op::Not(a) => Op::Not(go(a)),
            Op::IsNull(a) => Op::IsNull(go(a)),
            Op::InPeriod(a) => Op::InPeriod(go(a)),
            Op::InOrLatest(a) => Op::InOrLatest(go(a)),
            Op::Length(a) => Op::Length(go(a)),
            Op::Fold(a) => Op::Fold(go(a)),
            Op::Verified(a) => Op::Verified(go(a)),
            Op::And(v) => Op::And(all(v)),
            Op::Or(v) => Op::Or(all(v)),
            Op::Coalesce(v) => Op::Coalesce(all(v)),
            Op::Compare(how, a, b) => Op::Compare(*how, go(a), go(b)),
            Op::Same(a, b) => Op::Same(go(a), go(b)),
            Op::Arithmetic(how, a, b) => Op::Arithmetic(*how, go(a), go(b)),
            Op::Join(a, b) => Op::Join(go(a), go(b)),
            Op::TextTest(how, a, b) => Op::TextTest(*how, go(a), go(b)),
            Op::Permitted(a, b) => Op::Permitted(go(a), go(b)),
            Op::Among(a, list) => Op::Among(go(a), all(list)),
            Op::If(c, a, b) => Op::If(go(c), go(a), go(b)),
            Op::Quantified { quantifier, list, var, body } => Op::Quantified {
                quantifier: *quantifier,
                list: list.clone(),
                var: *var,
                body: body.as_ref().map(|b| go(b)),
            },
            Op::Earliest { list, var, body } => Op::Earliest { list: list.clone(), var: *var, body: go(body) },
            Op::Covered(c) => Op::Covered(Box::new(Covered {
                from: c.from.rewrite(change),
                to: c.to.rewrite(change),
                ..(**c).clone()
            })),
            other => other.clone(),
        };
        let node = Node::new(op, self.ty.clone());
        change(&node).unwrap_or(node)
    }
}

impl Entity {
    /// The subject itself, at the cut-off.
    pub fn subject(record_type: &Arc<str>) -> Self {
        Self { source: EntitySource::Subject, record_type: record_type.clone(), then: false }
    }

    /// The link expression that leads here, when one does.
    pub fn link(&self) -> Option<&Node> {
        match &self.source {
            EntitySource::Linked(link) => Some(link),
            EntitySource::Subject | EntitySource::Var(_) => None,
        }
    }
}

impl List {
    /// The record that the list belongs to; none for collections.
    pub fn owner(&self) -> Option<&Entity> {
        match &self.source {
            ListSource::Rows { of, .. }
            | ListSource::Links { of, .. }
            | ListSource::Inverse { of, .. }
            | ListSource::Entries { of, .. } => Some(of),
            ListSource::Collection { .. } | ListSource::Versions => None,
        }
    }

    /// The field or relation name under which the owner's source may lack it.
    pub fn name(&self) -> Option<&Arc<str>> {
        match &self.source {
            ListSource::Rows { field, .. } => Some(&field.key),
            ListSource::Links { relation, .. }
            | ListSource::Inverse { relation, .. }
            | ListSource::Entries { relation, .. } => Some(relation),
            ListSource::Collection { .. } | ListSource::Versions => None,
        }
    }

    pub fn link(&self) -> Option<&Node> {
        self.owner().and_then(Entity::link)
    }
}
