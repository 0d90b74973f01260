//! What incidents do by themselves (clause 8.6.1).

mod counts_turns;
mod finds_longest_gap;
mod follows_priority_rule;
mod keeps_resolution_times;
mod notes_first_responses;
mod recognises_major;
mod refuses_contradictions;
mod runs_clock;
mod runs_major_incident;
mod sets_closure_due;
mod sets_review_due;
mod takes_customer_of_caller;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use engine::Behaviour;

/// In the order in which they run: the later ones look at what the earlier ones wrote.
pub(crate) fn behaviours() -> Vec<Arc<dyn Behaviour>> {
    vec![
        Arc::new(takes_customer_of_caller::TakesCustomerOfCaller),
        Arc::new(refuses_contradictions::RefusesContradictions),
        Arc::new(follows_priority_rule::FollowsPriorityRule),
        Arc::new(keeps_resolution_times::KeepsResolutionTimes),
        Arc::new(notes_first_responses::NotesFirstResponses),
        Arc::new(counts_turns::CountsTurns),
        Arc::new(finds_longest_gap::FindsLongestGap),
        Arc::new(recognises_major::RecognisesMajor),
        Arc::new(sets_closure_due::SetsClosureDue),
        Arc::new(sets_review_due::SetsReviewDue),
        Arc::new(runs_clock::RunsClock),
        Arc::new(runs_major_incident::RunsMajorIncident),
    ]
}
