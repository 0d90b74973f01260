//! `/requirements/8.6.1-c`: what the rules say, by whom it is broken, and what only people can judge.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::StatusCode;
use conformity::checks::Check;
use conformity::{RequirementView, Status};
use engine::Settings;

use super::super::html;
use super::super::refused::Answer;
use super::super::visit::Visit;
use super::check::{self, Answered};
use super::{Looking, judge, not_found, said, stated};
use crate::api::problem::Problem;
use crate::view::form::Form;
use crate::view::parts::{Link, Mark, Sentence, Status as Shown};
use crate::view::requirement::{HistoryLine, Judgement, LinkedNote, ProofNote, RequirementPage, SettingUse};

/// Exceptions of one check, at first and when somebody goes on.
const FIRST: usize = 20;
const NEXT: usize = 100;
/// Changes of its status that a page shows.
const HISTORY_MAX: usize = 20;

pub async fn show(visit: Visit, Path(id): Path<String>) -> Answer {
    let looking = Looking::of(visit)?;
    let page = page(&looking, &id, Returned::default()).await?;
    html(StatusCode::OK, &page)
}

/// Forms that came back.
#[derive(Default)]
pub struct Returned {
    pub assess: Option<Form>,
    pub nil: Option<Form>,
}

pub async fn page(looking: &Looking, id: &str, returned: Returned) -> Answer<RequirementPage> {
    let visit = &looking.visit;
    if looking.conformity.catalogue().requirement(id).is_none() {
        return Err(not_found());
    }
    let checks: Vec<Arc<Check>> = looking.conformity.library().checks.of_requirement(id).cloned().collect();
    let (name, wanted) = (id.to_owned(), checks.clone());
    let further = visit.address.get("check").map(str::to_owned);
    let after = visit.address.get("after").map(str::to_owned);
    let asked = looking.ask(move |conformity, question| {
        let view = conformity.requirement(&name, question)?;
        let mut answered = Vec::new();
        for check in &wanted {
            let goes_on = further.as_deref() == Some(check.id.as_str());
            let (after, limit) = if goes_on { (after.as_deref(), NEXT) } else { (None, FIRST) };
            answered.push(check::ask(conformity, question, &check.id, after, limit)?);
        }
        Ok((view, answered))
    });
    let (view, answered) = asked.await?;
    fill(looking, &view, &checks, &answered, returned)
}

fn fill(
    looking: &Looking,
    view: &RequirementView,
    checks: &[Arc<Check>],
    answered: &[Answered],
    returned: Returned,
) -> Answer<RequirementPage> {
    let visit = &looking.visit;
    let catalogue = looking.conformity.catalogue();
    let requirement = catalogue.requirement(&view.requirement).ok_or_else(not_found)?;
    let clause = catalogue.clause(&view.clause).map_or("", |clause| clause.title.as_str());
    let clause = Link::new(format!("{} {clause}", view.clause), looking.href(&format!("/conformity/{}", view.clause)));
    let crumbs =
        vec![Link::new("Conformity", looking.href("/conformity")), Link::new(view.clause.clone(), clause.href.clone())];
    // Checks that count stand first; the words of the catalogue belong to the first of them.
    let mut order: Vec<(&Arc<Check>, &Answered)> = checks.iter().zip(answered).collect();
    order.sort_by_key(|(check, _)| !check.counts());
    let shown = order.iter().enumerate().map(|(index, (check, answered))| {
        let text = requirement.check.as_ref().filter(|_| index == 0 && check.counts());
        check::shown(looking, check, answered, text)
    });
    let shown = shown.collect();
    let settings = visit.app.engine.settings(&mut *visit.app.engine.reader()?)?;
    let title = format!("{} {}", view.requirement, view.title);
    Ok(RequirementPage {
        shell: crate::view::shell::Shell { title, ..looking.shell("/requirements", &view.requirement, crumbs) },
        id: view.requirement.clone(),
        title: view.title.clone(),
        clause,
        text: view.text.clone(),
        status: Some(said(view.status)),
        reason: Sentence::from(reason(view)),
        rules_say: rules_say(view),
        other_rules: looking.other_rules(),
        period: looking.period(),
        at: Some(visit.at_control(looking.question.time)),
        checks: shown,
        judgement: judgement(looking, view, returned)?,
        settings: uses(looking, &requirement.settings, &settings),
        history: history(looking, &view.requirement)?,
        documents: documents(requirement),
        typical: requirement.typical_nonconformity.clone(),
        proof: Some(proof(view)),
    })
}

/// What follows from the rules alone, where an assessment that counts says otherwise.
fn rules_say(view: &RequirementView) -> Option<Shown> {
    let graded = view.assessment.as_ref().filter(|assessment| assessment.differs)?;
    (Status::from(graded.grade) == view.status).then(|| said(view.by_rules))
}

/// The days on which the status became another one, the latest first, as far as each day's result was kept.
fn history(looking: &Looking, id: &str) -> Answer<Vec<HistoryLine>> {
    let kept = looking.conformity.snapshots(id).map_err(Problem::from)?;
    let (mut lines, mut before) = (Vec::new(), None);
    for day in kept.iter().take_while(|day| day.at <= looking.at()) {
        let status = day.status();
        if let Some(now) = status.filter(|_| status != before) {
            let text = match before {
                Some(before) => format!("{}, before: {}", said(now).label, said(before).label.to_lowercase()),
                None => said(now).label,
            };
            lines.push(HistoryLine { time: looking.visit.wall.time(day.at), text: Sentence::from(text.as_str()) });
        }
        before = status;
    }
    lines.reverse();
    lines.truncate(HISTORY_MAX);
    Ok(lines)
}

/// Why the status is what it is, after a colon.
fn reason(view: &RequirementView) -> &'static str {
    match (view.status, &view.assessment) {
        (Status::NotConforming, None) => "a check fails and none of its subjects passes",
        (Status::Partly, None) => "a check fails for some of its subjects",
        (Status::NotConforming | Status::Partly | Status::Conforming, Some(_)) => "as it was assessed",
        (Status::EvidenceMissing, _) => "a check that is necessary fails, and the owner has cited no other evidence",
        (Status::NotDeterminable, _) => "a check cannot tell",
        (Status::NoEvidence, _) => "nothing of the kind is recorded in this period",
        (Status::NotAssessed, _) => "no rule can test it, and nobody has judged it",
        (Status::EvidenceComplete, _) => "all checks pass; what is left is for a person to judge",
        (Status::NilStated, _) => "its owner states that nothing of the kind happened",
        (Status::Conforming, None) => "checks that suffice pass",
    }
}

fn judgement(looking: &Looking, view: &RequirementView, returned: Returned) -> Answer<Judgement> {
    let statements = stated::of(&looking.visit, view, looking.question.time)?;
    let may = judge::may_assess(&looking.visit) && looking.is_live();
    let may_nil = judge::may_state_nil(looking, view);
    let who = if may || !looking.is_live() {
        ""
    } else {
        "Internal auditors, process owners and service managers assess requirements."
    };
    Ok(Judgement {
        question: view.judgement.clone(),
        assessments: statements.assessments,
        nil_returns: statements.nil_returns,
        form: returned.assess.or_else(|| may.then(|| judge::assess_form(looking, view, None))),
        nil_form: returned.nil.or_else(|| may_nil.then(|| judge::nil_form(looking, view, None))),
        who_may: who.to_owned(),
    })
}

fn uses(looking: &Looking, keys: &[String], settings: &Settings) -> Vec<SettingUse> {
    let registry = &looking.visit.app.registry;
    let shown = keys.iter().filter_map(|key| registry.get(key)).map(|setting| {
        let decision = settings.decision(&setting.key, looking.at()).filter(|decision| !decision.value.is_null());
        SettingUse {
            key: setting.key.clone(),
            label: setting.label.clone(),
            href: format!("/settings/{}", setting.key),
            value: decision.map(|decision| super::super::settings::said(setting, &decision.value)),
            note: decision
                .map(|decision| format!("since {}", looking.visit.wall.short(decision.from)))
                .unwrap_or_default(),
            practice: false,
        }
    });
    shown.collect()
}

fn documents(requirement: &conformity::catalogue::Requirement) -> Vec<LinkedNote> {
    let named = requirement.documented_name.iter().map(|name| LinkedNote {
        mark: None,
        label: name.clone(),
        href: None,
        note: "documented information that this requirement speaks of".to_owned(),
    });
    let looked_at = requirement.evidence.iter().map(|evidence| LinkedNote {
        mark: Some(Mark::Info),
        label: evidence.clone(),
        href: None,
        note: String::new(),
    });
    named.chain(looked_at).collect()
}

fn proof(view: &RequirementView) -> ProofNote {
    ProofNote {
        text: "The hash names this result: what was looked at, by which rules. An assessment keeps it.".to_owned(),
        hashes: vec![("This result".to_owned(), view.shown.clone())],
        href: "/ledger".to_owned(),
    }
}
