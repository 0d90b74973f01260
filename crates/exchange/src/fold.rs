//! What the order of a case's rows means: when each begins to hold, and which events explain the final columns.

use std::sync::Arc;

use crate::convert::SourceValue;

/// From when each row holds: the earliest instant of it and of all rows after it in order.
///
/// "The state at T is the row that is last in order among those with time ≤ T" is then a plain fold over rows whose
/// instants never go back: a row with a wrong, late time is overtaken before it begins and never shows.
pub fn effective(happened: &[i64]) -> Vec<i64> {
    let mut held: Vec<i64> = happened
        .iter()
        .rev()
        .scan(i64::MAX, |earliest, at| {
            *earliest = (*earliest).min(*at);
            Some(*earliest)
        })
        .collect();
    held.reverse();
    held
}

/// The index of the row that holds at an instant: the last one whose `effective` is not after it.
pub fn state_at(effective: &[i64], at: i64) -> Option<usize> {
    effective.partition_point(|from| *from <= at).checked_sub(1)
}

/// A final column of the source held against the events of the case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Final {
    pub field: Arc<str>,
    /// The state whose last entry explains it.
    pub entered: Arc<str>,
    /// What the source's column says; null where it says nothing.
    pub source: SourceValue,
    /// The instant of the event that explains it, µs UTC. None: no such event, or undone by a reopening.
    pub event: Option<i64>,
    /// The case's first row, µs UTC.
    pub begins: i64,
}

impl Final {
    /// The source has a value and an event explains that there is one, but the two are different instants.
    pub fn differs(&self) -> bool {
        matches!((&self.source, self.event), (SourceValue::Instant(source), Some(event)) if *source != event)
    }

    /// The event is there, the source's value is not.
    pub fn is_missing(&self) -> bool {
        self.event.is_some() && self.source == SourceValue::Null
    }

    /// The source has a value that the events of the case, in their order, don't explain: there is no such event, or it
    /// lies before the case's own beginning.
    pub fn is_unexplained(&self) -> bool {
        match self.source {
            SourceValue::Null => false,
            SourceValue::Instant(source) => self.event.is_none() || (!self.differs() && source < self.begins),
            _ => self.event.is_none(),
        }
    }
}

/// The last entry into a state, by index: a row of that state after a row of another, or a first row of it.
pub(crate) fn last_entry(states: &[Option<Arc<str>>], state: &str) -> Option<usize> {
    let is = |at: usize| states.get(at).is_some_and(|known| known.as_deref() == Some(state));
    (0..states.len()).rev().find(|at| is(*at) && !at.checked_sub(1).is_some_and(is))
}

/// Whether a later row leaves the states in which a final instant stays: a reopening makes it null again.
pub(crate) fn undone(states: &[Option<Arc<str>>], entry: usize, state: &str, done: &[String]) -> bool {
    let stays = |known: &Option<Arc<str>>| {
        known.as_deref().is_some_and(|known| known == state || done.iter().any(|done| done == known))
    };
    states.iter().skip(entry).any(|known| !stays(known))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn states(names: &[&str]) -> Vec<Option<Arc<str>>> {
        names.iter().map(|name| Some(Arc::from(*name))).collect()
    }

    #[test]
    fn the_last_entry_is_not_the_last_row() {
        let rows = states(&["new", "resolved", "resolved", "open", "resolved", "resolved", "closed"]);
        assert_eq!(last_entry(&rows, "resolved"), Some(4));
        assert_eq!(last_entry(&rows, "new"), Some(0));
        assert_eq!(last_entry(&rows, "cancelled"), None);
    }

    #[test]
    fn a_resolution_stays_through_closed_and_falls_with_a_reopening() {
        let done = ["resolved".to_owned(), "closed".to_owned()];
        assert!(!undone(&states(&["new", "resolved", "closed"]), 1, "resolved", &done));
        assert!(undone(&states(&["new", "resolved", "closed", "open"]), 1, "resolved", &done));
    }

    proptest! {
        #[test]
        fn effective_instants_never_go_back_and_folding_them_is_last_in_order(
            happened in proptest::collection::vec(0_i64..20, 0..20),
            asked in 0_i64..22,
        ) {
            let held = effective(&happened);
            prop_assert!(held.is_sorted());
            let naive = happened.iter().rposition(|at| *at <= asked);
            prop_assert_eq!(state_at(&held, asked), naive);
        }
    }
}
