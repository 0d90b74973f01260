//! The door for everybody else: questions about clauses, requirements, checks and their exceptions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use engine::{Engine, Time};
use sha2::{Digest, Sha256};
use store::schema::quoted;
use store::{Session, SessionExt};

use crate::Error;
use crate::catalogue::{Catalogue, Clause, Requirement};
use crate::checks::{Check, Checks, Population, Share};
use crate::exceptions::{ExceptionRow, Exceptions, cursor_after, explain, parse_cursor};
use crate::figures::{self, FigureRow, Figures};
use crate::follow;
use crate::library::RuleTexts;
use crate::question::{Frame, Question, hex};
use crate::rules_then::Overlay;
use crate::scan::{self, Counts, Months, Verdict};
use crate::settings::Registry;
use crate::stated::Stated;
use crate::status::{self, Emptiness, Outcome, Status};
use crate::view::{AssessmentRow, CheckDetail, CheckResult, CheckRow, ClauseRow, RequirementRow, RequirementView};

/// Everything that judges, as loaded from files.
#[derive(Clone, Debug)]
pub struct Library {
    pub catalogue: Arc<Catalogue>,
    pub settings: Arc<Registry>,
    pub checks: Arc<Checks>,
    pub figures: Arc<Figures>,
    /// Hash of the model that they judge with.
    pub(crate) model: [u8; 32],
    pub(crate) texts: Arc<RuleTexts>,
    pub(crate) overlay: Arc<Overlay>,
}

/// Conformity of one organisation's records.
pub struct Conformity {
    pub(crate) engine: Arc<Engine>,
    pub(crate) library: Library,
    cache: Mutex<HashMap<Asked, Months>>,
    /// Conformity by rules that were in force earlier, by their hashes.
    pub(crate) earlier: Mutex<HashMap<(String, String), Arc<Conformity>>>,
}

/// What an answer depends on, to the minute.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Asked {
    check: [u8; 32],
    period: (i64, i64),
    time: Time,
    leaves: i64,
    minute: i64,
    stamp: String,
}

/// Answers kept; each is a few hundred bytes.
const CACHE_MAX: usize = 2_000;
/// Exceptions on a page at most.
const PAGE_MAX: usize = 200;
/// Subjects looked through at once for those of one verdict.
const LOOK_MAX: usize = 10_000;
const MINUTE: i64 = 60_000_000;

impl Conformity {
    pub fn open(engine: Arc<Engine>, library: Library) -> Self {
        Self { engine, library, cache: Mutex::default(), earlier: Mutex::default() }
    }

    pub fn library(&self) -> &Library {
        &self.library
    }

    pub fn catalogue(&self) -> &Catalogue {
        &self.library.catalogue
    }

    /// The text of a check; an error names those that do not exist.
    pub fn check(&self, id: &str) -> Result<&Arc<Check>, Error> {
        let unknown = || Error::Unknown { kind: "check", name: id.to_owned() };
        self.library.checks.get(id).ok_or_else(unknown)
    }

    /// All checks of a clause with what lies under it, or of one requirement; of all where none is named.
    pub fn checks(&self, clause: Option<&str>, question: &Question) -> Result<Vec<CheckRow>, Error> {
        let chosen: Vec<Arc<Check>> = match clause {
            None => self.library.checks.all().to_vec(),
            Some(name) => {
                let requirements = self.requirements_under(name)?;
                requirements.iter().flat_map(|r| self.library.checks.of_requirement(&r.id).cloned()).collect()
            }
        };
        let mut asking = self.ask(question)?;
        chosen.iter().map(|check| Ok(asking.result(check)?.row(&asking.frame))).collect()
    }

    /// One check with its months.
    pub fn detail(&self, id: &str, question: &Question) -> Result<CheckDetail, Error> {
        let check = self.check(id)?.clone();
        let mut asking = self.ask(question)?;
        Ok(asking.result(&check)?.detail(&asking.frame))
    }

    /// The months of a check up to now: what a chart of it shows.
    pub fn trend(&self, id: &str) -> Result<CheckDetail, Error> {
        self.detail(id, &Question::NOW)
    }

    /// Subjects of a check that fail or cannot be told, by number.
    pub fn exceptions(
        &self,
        id: &str,
        question: &Question,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Exceptions, Error> {
        let check = self.check(id)?.clone();
        let limit = limit.clamp(1, PAGE_MAX);
        let after = parse_cursor(cursor)?;
        let mut asking = self.ask(question)?;
        let mut found = match follow::fresh(&mut asking, &check)? {
            Some(check_id) => follow::exceptions(&mut asking, &check, check_id, after, limit + 1)?,
            None => scan::exceptions(&self.engine, &mut *asking.session, &check, &asking.frame, after, limit + 1)?,
        };
        let session = &mut *asking.session;
        let more = found.len() > limit;
        found.truncate(limit);
        let next_cursor = found.last().filter(|_| more).map(cursor_after);
        let rows = found.iter().map(|one| explain(&self.engine, session, &check, &asking.frame, one));
        Ok(Exceptions { items: rows.collect::<Result<_, _>>()?, next_cursor })
    }

    /// The subjects of a check with one verdict, by number, the first so many: a report names those that fail without
    /// the thousands that cannot be told.
    pub fn with_verdict(
        &self,
        id: &str,
        question: &Question,
        verdict: Verdict,
        limit: usize,
    ) -> Result<Vec<ExceptionRow>, Error> {
        let check = self.check(id)?.clone();
        let mut asking = self.ask(question)?;
        let session = &mut *asking.session;
        let (mut chosen, mut after) = (Vec::new(), (-1, -1));
        while chosen.len() < limit {
            let found = scan::exceptions(&self.engine, session, &check, &asking.frame, after, LOOK_MAX)?;
            let Some(last) = found.last() else { break };
            after = (last.record, last.subject);
            chosen.extend(found.into_iter().filter(|one| one.verdict == verdict));
        }
        chosen.truncate(limit);
        chosen.iter().map(|one| explain(&self.engine, session, &check, &asking.frame, one)).collect()
    }

    /// The rooms' figures over the period, in the order of their files.
    pub fn figures(&self, question: &Question) -> Result<Vec<FigureRow>, Error> {
        let mut asking = self.ask(question)?;
        let figures = self.library.figures.all().iter();
        figures.map(|one| figures::count(&self.engine, &mut *asking.session, one, &asking.frame)).collect()
    }

    /// A clause with all that lies under it, or one requirement.
    pub fn requirements(&self, clause: Option<&str>, question: &Question) -> Result<Vec<RequirementRow>, Error> {
        let chosen = match clause {
            None => self.library.catalogue.requirements().iter().collect(),
            Some(name) => self.requirements_under(name)?,
        };
        let mut asking = self.ask(question)?;
        let row = |requirement: &Requirement| {
            let (status, results) = asking.status(requirement)?;
            Ok(RequirementRow {
                requirement: requirement.id.clone(),
                clause: requirement.clause.clone(),
                title: requirement.title.clone(),
                status,
                checks: results.len(),
            })
        };
        chosen.into_iter().map(row).collect()
    }

    /// One requirement with all that its status rests on.
    pub fn requirement(&self, id: &str, question: &Question) -> Result<RequirementView, Error> {
        let mut asking = self.ask(question)?;
        self.view(self.named(id)?, &mut asking)
    }

    /// As [`Self::requirement`], of several at once.
    pub fn views(&self, clause: Option<&str>, question: &Question) -> Result<Vec<RequirementView>, Error> {
        let chosen = match clause {
            None => self.library.catalogue.requirements().iter().collect(),
            Some(name) => self.requirements_under(name)?,
        };
        let mut asking = self.ask(question)?;
        chosen.into_iter().map(|requirement| self.view(requirement, &mut asking)).collect()
    }

    /// Clauses depth first, each with the worst of what lies under it; all of them, or one with those under it.
    pub fn clauses(&self, under: Option<&str>, question: &Question) -> Result<Vec<ClauseRow>, Error> {
        let catalogue = &self.library.catalogue;
        if let Some(name) = under
            && catalogue.clause(name).is_none()
        {
            return Err(Error::Unknown { kind: "clause", name: name.to_owned() });
        }
        let mut asking = self.ask(question)?;
        let mut statuses = HashMap::new();
        for requirement in catalogue.requirements() {
            if under.is_none_or(|name| crate::catalogue::lies_under(&requirement.clause, name)) {
                statuses.insert(requirement.id.as_str(), asking.status(requirement)?.0);
            }
        }
        let wanted = |clause: &Clause| under.is_none_or(|name| crate::catalogue::lies_under(&clause.number, name));
        let tree = catalogue.tree().into_iter().filter(|(_, clause)| wanted(clause));
        Ok(tree.map(|(depth, clause)| clause_row(catalogue, clause, depth, &statuses)).collect())
    }

    fn named(&self, id: &str) -> Result<&Requirement, Error> {
        let unknown = || Error::Unknown { kind: "requirement", name: id.to_owned() };
        self.library.catalogue.requirement(id).ok_or_else(unknown)
    }

    fn requirements_under(&self, name: &str) -> Result<Vec<&Requirement>, Error> {
        let catalogue = &self.library.catalogue;
        let found = catalogue.find(name);
        if found.is_empty() && catalogue.clause(name).is_none() {
            return Err(Error::Unknown { kind: "clause or requirement", name: name.to_owned() });
        }
        Ok(found)
    }

    fn view(&self, requirement: &Requirement, asking: &mut Asking<'_>) -> Result<RequirementView, Error> {
        let (status, results) = asking.status(requirement)?;
        let shown = self.shown(requirement, &results, &asking.frame);
        let by_rules = asking.by_rules(requirement, &results);
        let (frame, stated) = (&asking.frame, &asking.stated);
        let row = |assessment| AssessmentRow::of(assessment, &shown, by_rules);
        let undecided = requirement.settings.iter().filter(|key| !frame.ever_set(key) && !decided(frame, key));
        Ok(RequirementView {
            requirement: requirement.id.clone(),
            clause: requirement.clause.clone(),
            title: requirement.title.clone(),
            text: requirement.text.clone(),
            status,
            judgement: requirement.judgement.clone(),
            checks: results.iter().map(|result| result.row(frame)).collect(),
            assessment: stated.valid(&requirement.id).map(row),
            assessments: stated.assessments(&requirement.id).iter().map(row).collect(),
            by_rules,
            nil_returns: stated.nil_returns(&requirement.id).iter().map(|nil| nil.number.clone()).collect(),
            undecided: undecided.cloned().collect(),
            from: frame.period.from().to_string(),
            to: frame.period.to().to_string(),
            cutoff: crate::question::rfc3339(frame.at),
            shown,
        })
    }

    /// Hash of what was shown: results and what they were judged by. The instant is not in it, so that a page that is
    /// read for a while can still be judged; a result that changes meanwhile is.
    fn shown(&self, requirement: &Requirement, results: &[CheckResult], frame: &Frame) -> String {
        let mut hash = Sha256::new();
        hash.update(self.library.catalogue.hash);
        hash.update(self.library.model);
        hash.update(format!("{} {} {} {}\n", requirement.id, frame.period.from(), frame.period.to(), frame.stamp));
        for result in results {
            hash.update(result.check.hash);
            hash.update(format!("{} {:?} {:?}\n", result.check.id, result.status, result.counts));
        }
        hex(&hash.finalize())
    }

    /// Names everything that judges: two results with the same name here and over the same leaves are the same.
    pub(crate) fn rules(&self, frame: &Frame) -> String {
        let mut hash = Sha256::new();
        hash.update(self.library.catalogue.hash);
        hash.update(self.library.model);
        self.library.checks.all().iter().for_each(|check| hash.update(check.hash));
        hash.update(&frame.stamp);
        hex(&hash.finalize())
    }

    pub(crate) fn ask(&self, question: &Question) -> Result<Asking<'_>, Error> {
        let mut session = self.engine.reader()?;
        session.snapshot()?;
        let frame = Frame::build(&self.engine, &mut *session, &self.library.checks, &self.library.settings, question)?;
        let stated = Stated::read(&mut *session, &frame)?;
        let leaves = session.one_int("SELECT leaves FROM head WHERE one = 1", &[])?;
        Ok(Asking { house: self, session, frame, stated, leaves })
    }
}

fn decided(frame: &Frame, key: &str) -> bool {
    frame.settings.in_force(key, frame.at).is_some()
}

fn clause_row(catalogue: &Catalogue, clause: &Clause, depth: usize, of: &HashMap<&str, Status>) -> ClauseRow {
    let under: Vec<Status> =
        catalogue.under(&clause.number).filter_map(|requirement| of.get(requirement.id.as_str()).copied()).collect();
    let count = |status: Status| (status, under.iter().filter(|found| **found == status).count());
    ClauseRow {
        clause: clause.number.clone(),
        title: clause.title.clone(),
        depth,
        status: status::of_clause(under.iter().copied()),
        requirements: under.len(),
        statuses: Status::ALL.into_iter().map(count).filter(|(_, count)| *count > 0).collect(),
    }
}

/// One question being answered, over one state of the database.
pub(crate) struct Asking<'h> {
    pub house: &'h Conformity,
    pub session: store::Reader,
    pub frame: Frame,
    pub stated: Stated,
    pub leaves: i64,
}

impl Asking<'_> {
    pub fn result(&mut self, check: &Arc<Check>) -> Result<CheckResult, Error> {
        let months = self.months(check)?;
        let counts = months.iter().fold(Counts::default(), |sum, (_, counts)| sum.plus(*counts));
        let empty = if counts.population() == 0 { self.emptiness(check)? } else { Emptiness::default() };
        let status = status::of_check(counts, self.share(check), empty);
        Ok(CheckResult { check: check.clone(), months, counts, status })
    }

    /// The status of a requirement and the results that it rests on, practice and indicators included.
    pub fn status(&mut self, requirement: &Requirement) -> Result<(Status, Vec<CheckResult>), Error> {
        let checks: Vec<Arc<Check>> = self.house.library.checks.of_requirement(&requirement.id).cloned().collect();
        let results = checks.iter().map(|check| self.result(check)).collect::<Result<Vec<_>, _>>()?;
        let grade = self.stated.valid(&requirement.id).map(|assessment| assessment.grade);
        let status = status::of_requirement(&outcomes(&results), requirement.documented_basis, grade);
        Ok((status, results))
    }

    fn by_rules(&self, requirement: &Requirement, results: &[CheckResult]) -> Status {
        status::of_requirement(&outcomes(results), requirement.documented_basis, None)
    }

    fn months(&mut self, check: &Arc<Check>) -> Result<Months, Error> {
        let house = self.house;
        let period = self.frame.clipped();
        let asked = Asked {
            check: check.hash,
            period: (period.start_day, crate::question::days(self.frame.period.to())),
            time: self.frame.time,
            leaves: self.leaves,
            minute: self.frame.at.div_euclid(MINUTE),
            stamp: self.frame.stamp.clone(),
        };
        let known = house.cache.lock().unwrap_or_else(PoisonError::into_inner).get(&asked).cloned();
        if let Some(months) = known {
            return Ok(months);
        }
        let months = match follow::fresh(self, check)? {
            Some(check_id) => follow::months(self, check_id)?,
            None => scan::count(&house.engine, &mut *self.session, check, &self.frame)?,
        };
        let mut cache = house.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= CACHE_MAX {
            cache.clear();
        }
        cache.insert(asked, months.clone());
        Ok(months)
    }

    fn share(&self, check: &Check) -> Option<f64> {
        match check.share.as_ref()? {
            Share::Fixed(share) => Some(*share),
            // Undecided: the check is not determinable by its `setting`; until then every subject must pass.
            Share::Setting(key) => self.frame.settings.in_force(key, self.frame.at).and_then(serde_json::Value::as_f64),
        }
    }

    fn emptiness(&mut self, check: &Check) -> Result<Emptiness, Error> {
        let needed = check.parts.read.iter().filter_map(|probe| probe.needs_setting.as_ref());
        // A duty's occasions are made by the setting of their check.
        let made_by: &[String] =
            if matches!(check.population, Population::Occasion(_)) { &check.settings } else { &[] };
        let undecided = needed.chain(made_by).any(|key| !self.frame.ever_set(key));
        let missing = match check.record_type() {
            Some(name) if self.frame.lacking_types.contains(name) => !exists(&mut *self.session, name)?,
            _ => false,
        };
        let nil_stated = check.nil_return && self.stated.is_nil(&check.requirement, &self.frame);
        Ok(Emptiness { undeterminable: undecided || missing, nil_stated })
    }
}

fn exists(session: &mut dyn Session, record_type: &str) -> Result<bool, Error> {
    Ok(session.optional_int(&format!("SELECT 1 FROM {} LIMIT 1", quoted(record_type)), &[])?.is_some())
}

fn outcomes(results: &[CheckResult]) -> Vec<Outcome> {
    let counting = results.iter().filter(|result| result.check.counts());
    counting.map(|r| Outcome { status: r.status, proves: r.check.proves, counts: r.counts }).collect()
}
