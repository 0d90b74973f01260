//! A conjunction taken apart: what the database decides, and what only memory can.

use super::Condition;
use super::ir::*;

impl Condition {
    /// The terms of a conjunction that have SQL, and those with a host function; either may be missing. Their
    /// conjunction is the condition again.
    pub fn split_host(&self) -> (Option<Self>, Option<Self>) {
        let (host, plain): (Vec<Self>, Vec<Self>) =
            self.terms().into_iter().partition(|term| !term.host_calls().is_empty());
        (self.joined(plain), self.joined(host))
    }

    /// The terms of a conjunction, in text order; of anything else, the whole.
    pub fn terms(&self) -> Vec<Self> {
        let Op::And(parts) = &self.root.op else { return vec![self.clone()] };
        parts.iter().map(|part| Self { root: part.clone(), ..self.clone() }).collect()
    }

    fn joined(&self, terms: Vec<Self>) -> Option<Self> {
        let root = terms.into_iter().map(|term| term.root).reduce(Node::and)?;
        Some(Self { root, ..self.clone() })
    }
}
