//! A requirement: what the rules say, by whom it is broken, and what only people can judge.

use askama::Template;

use super::{
    chart::{Bar, Trend},
    conformity::Period,
    filters,
    form::Form,
    list::{Column, Role},
    markup,
    parts::{Link, Mark, Person, Pill, RecordLink, Sentence, Shown, Status, Time},
    prose::Prose,
    shell::{AtControl, Shell},
};

/// `/requirements/8.6.1-c`.
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "conformity/requirement.html")]
pub struct RequirementPage {
    pub shell: Shell,
    /// `8.6.1-c`.
    pub id: String,
    pub title: String,
    pub clause: Link,
    /// Our own words for the obligation.
    pub text: String,
    /// The answer; drawn before the title and said below it.
    pub status: Option<Status>,
    /// Why it is so: `a check that is necessary fails and the owner has cited no other evidence`.
    pub reason: Sentence,
    /// The rules alone would say this, where an assessment says otherwise.
    pub rules_say: Option<Status>,
    /// Of a past: the way to judge by the rules of then, or back to those of now.
    pub other_rules: Option<Link>,
    pub period: Period,
    pub at: Option<AtControl>,
    /// The checks that count first, then practice and indicators.
    pub checks: Vec<Check>,
    pub judgement: Judgement,
    pub settings: Vec<SettingUse>,
    pub history: Vec<HistoryLine>,
    /// Carriers of the documented information, with their state.
    pub documents: Vec<LinkedNote>,
    /// What often goes wrong.
    pub typical: String,
    pub proof: Option<ProofNote>,
}

impl RequirementPage {
    fn mark(&self) -> Mark {
        self.status.as_ref().map_or(Mark::None, |status| status.mark)
    }
}

/// One check and its result.
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "conformity/check.html")]
pub struct Check {
    /// As in `/api/v1/checks/ID`.
    pub id: String,
    /// `Check`, `Good practice, not counted`, `Indicator, never decides`.
    pub kind: String,
    pub status: Option<Status>,
    /// Numbers as text; `–` where there are none.
    pub population: String,
    /// `incidents that crossed a threshold`.
    pub population_of: String,
    pub passed: String,
    pub passed_note: String,
    pub failed: String,
    pub failed_note: String,
    /// Empty where none is undetermined.
    pub undetermined: String,
    /// Why not, in words: `2 have no impact in their source`.
    pub undetermined_note: String,
    /// `94.4 %`; `–` for an empty population.
    pub rate: String,
    /// `under the bar of 98 %`; with its mark.
    pub rate_note: Option<Status>,
    pub bar: Bar,
    /// Not determinable or no evidence: the reason, with a link to what is missing.
    pub because: Sentence,
    /// Population, Pass, Proves, Not seen by the rule: term and text.
    pub words: Vec<(String, String)>,
    /// The conditions as they run, with the file they stand in.
    pub code: String,
    pub code_place: String,
    /// Heads of the exceptions' table, without the record and the reason.
    pub columns: Vec<Column>,
    pub exceptions: Vec<Exception>,
    /// `23 incidents`.
    pub exceptions_count: String,
    pub more: Option<Link>,
    pub as_list: Option<Link>,
    pub trend: Option<Trend>,
}

/// A record that fails, or of which it cannot be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Exception {
    pub title: String,
    pub href: String,
    pub number: String,
    pub context: String,
    /// Bad for a failure, None for undetermined.
    pub why: Status,
    /// `since 3 March`.
    pub since: Option<Time>,
    /// What was observed, for each column of the check.
    pub observed: Vec<Shown>,
}

/// What only people can judge.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judgement {
    /// The question that is left for a person. Empty: the checks decide all of it.
    pub question: String,
    /// The newest first.
    pub assessments: Vec<Assessment>,
    pub nil_returns: Vec<NilReturn>,
    /// `POST /requirements/ID/assessments`: `grade`, `reason`, `evidence` (numbers, one a line), `expires_on`, hidden
    /// `shown`. `None`: this reader may not assess.
    pub form: Option<Form>,
    /// `POST /requirements/ID/nil-returns`: `from`, `to`, `reason`. Only while the population is empty.
    pub nil_form: Option<Form>,
    /// Why there is no form: `internal auditors and process owners assess`.
    pub who_may: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Assessment {
    pub who: Person,
    pub role: String,
    pub time: Time,
    pub grade: Pill,
    pub reason: Prose,
    pub evidence: Vec<RecordLink>,
    /// `holds until 12 February 2027`, `ended 1 March 2026`.
    pub validity: String,
    pub ended: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct NilReturn {
    pub who: Person,
    pub time: Time,
    /// `1 July to 30 September 2026`.
    pub period: String,
    pub reason: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingUse {
    pub key: String,
    pub label: String,
    pub href: String,
    /// `None`: nobody has decided it, and what needs it cannot be determined.
    pub value: Option<String>,
    /// `since 1 March 2026, Tom Lindqvist`.
    pub note: String,
    /// Only good practice needs it.
    pub practice: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistoryLine {
    pub time: Time,
    pub text: Sentence,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedNote {
    pub mark: Option<Mark>,
    /// Without an address: what should be there is not.
    pub label: String,
    pub href: Option<String>,
    pub note: String,
}

/// How a result stands in the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProofNote {
    pub text: String,
    pub hashes: Vec<(String, String)>,
    pub href: String,
}

markup!(Check);
