//! What follows from the checks: the status of a check, of a requirement, of a clause. Pure: every rule stands here
//! once, in the order in which it is tried.

use serde::{Serialize, Serializer};

use crate::catalogue::{DocumentedBasis, Proves};
use crate::scan::Counts;

/// What a check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CheckStatus {
    Pass,
    Fail,
    NotDeterminable,
    /// Nothing of the kind is recorded.
    NoEvidence,
    /// Nothing of the kind happened, says the owner.
    NilStated,
}

impl CheckStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotDeterminable => "not-determinable",
            Self::NoEvidence => "no-evidence",
            Self::NilStated => "nil-stated",
        }
    }
}

/// What a requirement or clause came to; the worst first, so that a clause shows the least of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    NotConforming,
    Partly,
    EvidenceMissing,
    NotDeterminable,
    NoEvidence,
    NotAssessed,
    EvidenceComplete,
    NilStated,
    Conforming,
}

impl Status {
    pub const ALL: [Self; 9] = [
        Self::NotConforming,
        Self::Partly,
        Self::EvidenceMissing,
        Self::NotDeterminable,
        Self::NoEvidence,
        Self::NotAssessed,
        Self::EvidenceComplete,
        Self::NilStated,
        Self::Conforming,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotConforming => "not-conforming",
            Self::Partly => "partly",
            Self::EvidenceMissing => "evidence-missing",
            Self::NotDeterminable => "not-determinable",
            Self::NoEvidence => "no-evidence",
            Self::NotAssessed => "not-assessed",
            Self::EvidenceComplete => "evidence-complete",
            Self::NilStated => "nil-stated",
            Self::Conforming => "conforming",
        }
    }

    /// Counts for `--fail-under`: nothing is missing that records could show.
    pub fn meets_the_bar(self) -> bool {
        matches!(self, Self::Conforming | Self::EvidenceComplete | Self::NilStated)
    }
}

/// How a person graded a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Grade {
    Conforming,
    Partly,
    NotConforming,
}

impl Grade {
    pub fn named(text: &str) -> Option<Self> {
        match text {
            "conforming" => Some(Self::Conforming),
            "partly" => Some(Self::Partly),
            "not-conforming" => Some(Self::NotConforming),
            _ => None,
        }
    }

    pub fn as_str(self) -> &'static str {
        Status::from(self).as_str()
    }
}

impl From<Grade> for Status {
    fn from(grade: Grade) -> Self {
        match grade {
            Grade::Conforming => Self::Conforming,
            Grade::Partly => Self::Partly,
            Grade::NotConforming => Self::NotConforming,
        }
    }
}

macro_rules! serialized_by_name {
    ($($name:ty),*) => {
        $(impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        })*
    };
}
serialized_by_name!(CheckStatus, Status, Grade);

/// Why a population can be empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Emptiness {
    /// Its subjects cannot exist: the setting that makes them is undecided, or no source has records of the type.
    pub undeterminable: bool,
    /// The owner states for the whole period that nothing of the kind happened.
    pub nil_stated: bool,
}

/// The status of a check by its counts.
pub(crate) fn of_check(counts: Counts, share: Option<f64>, empty: Emptiness) -> CheckStatus {
    if counts.population() == 0 {
        return match empty {
            Emptiness { undeterminable: true, .. } => CheckStatus::NotDeterminable,
            Emptiness { nil_stated: true, .. } => CheckStatus::NilStated,
            _ => CheckStatus::NoEvidence,
        };
    }
    match share {
        None if counts.failed > 0 => CheckStatus::Fail,
        None if counts.undetermined > 0 => CheckStatus::NotDeterminable,
        None => CheckStatus::Pass,
        Some(share) => {
            let needed = share * counts.population() as f64;
            // Of 20 subjects, 95 per cent are 19; a product a hair above 19 asks for no 20th.
            let enough = |passed: u64| passed as f64 + 1e-9 >= needed;
            if enough(counts.passed) {
                CheckStatus::Pass
            } else if enough(counts.passed + counts.undetermined) {
                CheckStatus::NotDeterminable
            } else {
                CheckStatus::Fail
            }
        }
    }
}

/// One check that counts, as the rules for requirements see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    pub status: CheckStatus,
    pub proves: Proves,
    pub counts: Counts,
}

/// The status of a requirement: the first rule that fits. `outcomes` are its checks without practice and indicators,
/// `assessment` is the grade of a valid assessment.
pub(crate) fn of_requirement(
    outcomes: &[Outcome],
    basis: Option<DocumentedBasis>,
    assessment: Option<Grade>,
) -> Status {
    let is = |status: CheckStatus| move |outcome: &&Outcome| outcome.status == status;
    let failed =
        outcomes.iter().filter(is(CheckStatus::Fail)).map(|outcome| of_failed(*outcome, basis, assessment)).min();
    if let Some(worst) = failed {
        return worst;
    }
    if outcomes.iter().any(|outcome| outcome.status == CheckStatus::NotDeterminable) {
        return Status::NotDeterminable;
    }
    if outcomes.is_empty() {
        return assessment.map_or(Status::NotAssessed, Status::from);
    }
    let (nil, none) = (
        outcomes.iter().filter(is(CheckStatus::NilStated)).count(),
        outcomes.iter().filter(is(CheckStatus::NoEvidence)).count(),
    );
    if nil == outcomes.len() {
        return Status::NilStated;
    }
    if none > 0 {
        return Status::NoEvidence;
    }
    if outcomes.iter().all(|outcome| outcome.proves == Proves::Sufficient) {
        return Status::Conforming;
    }
    assessment.map_or(Status::EvidenceComplete, Status::from)
}

fn of_failed(outcome: Outcome, basis: Option<DocumentedBasis>, assessment: Option<Grade>) -> Status {
    if outcome.proves == Proves::Necessary && basis != Some(DocumentedBasis::Explicit) {
        return assessment.map_or(Status::EvidenceMissing, Status::from);
    }
    if outcome.counts.passed == 0 { Status::NotConforming } else { Status::Partly }
}

/// A clause shows its worst; a clause without requirements shows nothing.
pub(crate) fn of_clause(parts: impl IntoIterator<Item = Status>) -> Option<Status> {
    parts.into_iter().min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: u64, failed: u64, undetermined: u64) -> Counts {
        Counts { passed, failed, undetermined }
    }

    #[test]
    fn a_check_is_as_its_counts_say() {
        use CheckStatus::{Fail, NilStated, NoEvidence, NotDeterminable, Pass};
        let some = Emptiness::default();
        let table = [
            (counts(3, 0, 0), None, some, Pass),
            (counts(3, 1, 5), None, some, Fail),
            (counts(3, 0, 1), None, some, NotDeterminable),
            (counts(0, 0, 0), None, some, NoEvidence),
            (counts(0, 0, 0), None, Emptiness { nil_stated: true, ..some }, NilStated),
            (counts(0, 0, 0), None, Emptiness { undeterminable: true, nil_stated: true }, NotDeterminable),
            (counts(19, 1, 0), Some(0.95), some, Pass),
            (counts(18, 1, 1), Some(0.95), some, NotDeterminable),
            (counts(18, 2, 0), Some(0.95), some, Fail),
            (counts(0, 0, 0), Some(0.95), some, NoEvidence),
        ];
        for (counts, share, empty, expected) in table {
            assert_eq!(of_check(counts, share, empty), expected, "{counts:?} {share:?} {empty:?}");
        }
    }

    fn outcome(status: CheckStatus, proves: Proves, counts: Counts) -> Outcome {
        Outcome { status, proves, counts }
    }

    #[test]
    fn a_requirement_is_what_the_first_rule_that_fits_says() {
        use CheckStatus::{Fail, NilStated, NoEvidence, NotDeterminable, Pass};
        use Proves::{Necessary, Sufficient};
        let explicit = Some(DocumentedBasis::Explicit);
        let implied = Some(DocumentedBasis::Implied);
        let pass = |proves| outcome(Pass, proves, counts(2, 0, 0));
        let fail = |proves, passed| outcome(Fail, proves, counts(passed, 1, 0));
        let empty = |status, proves| outcome(status, proves, Counts::default());
        let unknown = outcome(NotDeterminable, Necessary, counts(1, 0, 1));
        let good = Some(Grade::Conforming);
        type Case = (&'static str, Vec<Outcome>, Option<DocumentedBasis>, Option<Grade>, Status);
        let table: Vec<Case> = vec![
            ("1 none passes", vec![fail(Necessary, 0)], explicit, None, Status::NotConforming),
            ("1 some pass", vec![fail(Necessary, 4)], explicit, good, Status::Partly),
            (
                "1 sufficient fails whatever is documented",
                vec![fail(Sufficient, 0)],
                implied,
                good,
                Status::NotConforming,
            ),
            ("1 evidence missing", vec![fail(Necessary, 4)], implied, None, Status::EvidenceMissing),
            ("1 nothing documented", vec![fail(Necessary, 0)], None, None, Status::EvidenceMissing),
            ("1 other evidence cited", vec![fail(Necessary, 0)], implied, Some(Grade::Partly), Status::Partly),
            ("1 before 2", vec![unknown, fail(Necessary, 0)], explicit, None, Status::NotConforming),
            ("2 not determinable", vec![pass(Necessary), unknown], implied, good, Status::NotDeterminable),
            ("3 as assessed", vec![], implied, good, Status::Conforming),
            ("3 not assessed", vec![], implied, None, Status::NotAssessed),
            ("4 all empty", vec![empty(NoEvidence, Necessary)], implied, good, Status::NoEvidence),
            (
                "4 each nil",
                vec![empty(NilStated, Necessary), empty(NilStated, Sufficient)],
                implied,
                None,
                Status::NilStated,
            ),
            (
                "4 one nil",
                vec![empty(NilStated, Necessary), empty(NoEvidence, Necessary)],
                implied,
                None,
                Status::NoEvidence,
            ),
            ("5 some pass", vec![pass(Sufficient), empty(NoEvidence, Sufficient)], implied, good, Status::NoEvidence),
            (
                "6 all sufficient",
                vec![pass(Sufficient), empty(NilStated, Sufficient)],
                implied,
                None,
                Status::Conforming,
            ),
            ("6 judgement due", vec![pass(Sufficient), pass(Necessary)], implied, None, Status::EvidenceComplete),
            ("6 judged", vec![pass(Necessary)], implied, Some(Grade::NotConforming), Status::NotConforming),
            (
                "6 sufficient needs no judgement",
                vec![pass(Sufficient)],
                implied,
                Some(Grade::Partly),
                Status::Conforming,
            ),
        ];
        for (name, outcomes, basis, assessment, expected) in table {
            assert_eq!(of_requirement(&outcomes, basis, assessment), expected, "{name}");
        }
    }

    #[test]
    fn a_clause_shows_its_worst() {
        for (index, worst) in Status::ALL.into_iter().enumerate() {
            let better = Status::ALL.into_iter().skip(index);
            assert_eq!(of_clause(better), Some(worst));
        }
        assert_eq!(of_clause([]), None);
    }
}
