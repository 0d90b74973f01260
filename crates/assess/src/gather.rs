//! Puts the answer together: statuses and counts from the checks, reasons from their exceptions, figures from the records.

use conformity::checks::Basis;
use conformity::{CheckRow, CheckStatus, Conformity, ExceptionRow, Library, Question, RequirementView, Verdict};
use engine::Time;
use exchange::{Log, Report};

use crate::answer::{
    Assessment, Catalogue, Check, Deviations, Exception, NotShown, Period, Requirement, Source, Stated,
};
use crate::scratch::Scratch;
use crate::{AssessError, Options, figures, reasons};

/// So many exceptions of a check are named; all are counted.
const NAMED_MAX: usize = 50;

pub(crate) fn gather(
    scratch: &Scratch,
    library: &Library,
    log: &Log,
    options: &Options,
    imported: &Report,
) -> Result<Assessment, AssessError> {
    let house = Conformity::open(scratch.engine.clone(), library.clone());
    let question = Question { period: Some(scratch.period), time: Time::Live };
    let mut requirements = Vec::new();
    for view in house.views(options.clause.as_deref(), &question)? {
        // Without a named clause the report is about what the checks cover, not about 300 times "not assessed".
        if options.clause.is_some() || !view.checks.is_empty() {
            requirements.push(requirement(scratch, &house, &question, view, &imported.absent)?);
        }
    }
    let record = scratch.engine.model().shared(&log.mapping().record).cloned();
    let figures = match &record {
        Some(record) => figures::count(&scratch.engine, record, imported, house.figures(&question)?)?,
        None => figures::Figures::default(),
    };
    let not_shown = requirements.iter().filter_map(|one| not_shown(&house, one, imported)).collect();
    Ok(Assessment {
        source: source(log, imported),
        period: period(scratch),
        catalogue: catalogue(scratch, library),
        requirements,
        figures,
        not_shown,
        settings: stated(library, options),
        deviations: Deviations {
            steps: figures::deviating(&scratch.engine)?,
            flagged: imported.flagged.clone(),
            incomplete_cases: imported.incomplete_cases,
            finals: imported.finals.clone(),
            times_moved: imported.times_moved,
            times_twice: imported.times_twice,
        },
        refused: imported.refused.clone(),
        heading: heading(library, options),
    })
}

fn heading(library: &Library, options: &Options) -> String {
    let Some(name) = options.clause.as_deref() else { return "All that the checks cover".to_owned() };
    let clause = library.catalogue.clause(name).map(|clause| &clause.title);
    let title = clause.or_else(|| library.catalogue.requirement(name).map(|requirement| &requirement.title));
    title.map_or_else(|| name.to_owned(), |title| format!("{name} {title}"))
}

fn source(log: &Log, imported: &Report) -> Source {
    Source {
        files: log.files().iter().map(|file| file.name.clone()).collect(),
        sha256: log.files().iter().map(|file| file.sha256.clone()).collect(),
        rows: imported.rows,
        cases: imported.cases,
        first: imported.first.clone().unwrap_or_default(),
        last: imported.last.clone().unwrap_or_default(),
        zone: imported.zone.clone(),
        absent: imported.absent.clone(),
        not_taken: imported.not_taken.clone(),
        format: log.mapping().name.clone(),
        facts: log.files().to_vec(),
    }
}

fn period(scratch: &Scratch) -> Period {
    Period {
        from: scratch.period.from().to_string(),
        to: scratch.period.to().to_string(),
        cutoff: jiff::Timestamp::from_microsecond(scratch.at).map(|at| at.to_string()).unwrap_or_default(),
        zone: scratch.zone.name().to_owned(),
    }
}

fn catalogue(scratch: &Scratch, library: &Library) -> Catalogue {
    let meta = &library.catalogue.meta;
    Catalogue {
        standard: meta.standard.clone(),
        edition: meta.edition.clone(),
        version: meta.version.clone(),
        sha256: hex(&library.catalogue.hash),
        model: hex(&scratch.engine.model().hash),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn stated(library: &Library, options: &Options) -> Vec<Stated> {
    let one = |stated: &conformity::settings::StatedSetting| Stated {
        key: stated.key.clone(),
        label: library.settings.get(&stated.key).map(|setting| setting.label.clone()).unwrap_or_default(),
        value: stated.value.clone(),
        from: stated.from.map(|day| day.to_string()),
        by: "stated by the assessor",
    };
    options.stated.iter().map(one).collect()
}

fn requirement(
    scratch: &Scratch,
    house: &Conformity,
    question: &Question,
    view: RequirementView,
    absent: &[String],
) -> Result<Requirement, AssessError> {
    let details =
        view.checks.iter().map(|row| detail(scratch, house, question, row, absent)).collect::<Result<_, _>>()?;
    Ok(Requirement {
        requirement: view.requirement,
        status: view.status,
        judgement: view.judgement,
        checks: view.checks,
        clause: view.clause,
        title: view.title,
        text: view.text,
        details,
        undecided: view.undecided,
    })
}

fn detail(
    scratch: &Scratch,
    house: &Conformity,
    question: &Question,
    row: &CheckRow,
    absent: &[String],
) -> Result<Check, AssessError> {
    let named = |verdict, wanted: u64, limit: usize| match wanted {
        0 => Ok(Vec::new()),
        _ => house.with_verdict(&row.check, question, verdict, limit),
    };
    let check = house.check(&row.check)?;
    let failed = named(Verdict::Fail, row.failed, NAMED_MAX)?;
    let unknown = named(Verdict::Undetermined, row.undetermined, 1)?;
    let mut session = scratch.engine.reader()?;
    let exception = |one: ExceptionRow| {
        let name = figures::title(&mut *session, &one.number)?;
        Ok(Exception { number: one.number, name, since: one.since, why: one.why })
    };
    Ok(Check {
        check: row.check.clone(),
        practice: check.basis == Basis::Practice,
        failed: failed.into_iter().map(exception).collect::<Result<_, store::Fault>>()?,
        undetermined_because: unknown.first().map(|one| reasons::plain(&one.why, check.pass.text(), absent)),
    })
}

/// What is not determinable of a requirement, and why; nothing where all of it is.
fn not_shown(house: &Conformity, requirement: &Requirement, imported: &Report) -> Option<NotShown> {
    let mut reasons: Vec<String> = Vec::new();
    for (row, detail) in requirement.checks.iter().zip(&requirement.details).filter(|(_, detail)| !detail.practice) {
        let reason = match (&detail.undetermined_because, row.status) {
            (Some(why), _) => format!("{} of {}: {why}", row.undetermined, row.population),
            (None, CheckStatus::NotDeterminable) => empty(house, &row.check, requirement, imported),
            (None, CheckStatus::NoEvidence) => "nothing of the kind is recorded in the period".to_owned(),
            _ => continue,
        };
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    let what = format!("{} {}", requirement.requirement, requirement.title);
    let requirement = requirement.requirement.clone();
    (!reasons.is_empty()).then(|| NotShown { requirement, what, why: reasons.join("; ") })
}

/// Why a population without subjects proves nothing.
fn empty(house: &Conformity, check: &str, requirement: &Requirement, imported: &Report) -> String {
    let record = house.check(check).ok().and_then(|check| check.record_type().map(str::to_owned));
    let lacking = record.filter(|name| imported.absent.contains(name));
    let undecided = requirement.undecided.iter().map(|key| format!("the setting {key} was not stated"));
    let reasons: Vec<String> = lacking
        .map(|name| format!("the source has no records of the kind {}", name.replace('_', " ")))
        .into_iter()
        .chain(undecided)
        .collect();
    if reasons.is_empty() { "the source does not say".to_owned() } else { reasons.join("; ") }
}
