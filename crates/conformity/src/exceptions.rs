//! Subjects that do not pass, one by one: which record, since when, why in words, and what was seen.

use engine::{Engine, StoreFacts};
use model::Value;
use model::condition::{Subject, Truth};
use serde::Serialize;
use store::{Fault, Param, Session};

use crate::Error;
use crate::checks::{Check, Observed, Population, Probe};
use crate::question::{Frame, date, rfc3339};
use crate::scan::{Judged, Verdict, eval, subject};

/// One subject that fails or cannot be told.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExceptionRow {
    /// The record's number; for the one set of criteria its name.
    pub number: String,
    /// `fail` or `undetermined`.
    pub verdict: &'static str,
    /// The instant by which it is counted, RFC 3339.
    pub since: String,
    /// In words.
    pub why: String,
    /// What the check read of it.
    pub observed: serde_json::Map<String, serde_json::Value>,
}

/// A page of them, by number.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exceptions {
    pub items: Vec<ExceptionRow>,
    /// Where the next page begins; none at the end.
    pub next_cursor: Option<String>,
}

/// Where a page begins: after this record and subject.
pub(crate) fn parse_cursor(cursor: Option<&str>) -> Result<(i64, i64), Error> {
    let Some(text) = cursor else { return Ok((-1, -1)) };
    let parsed = text.split_once('-').and_then(|(record, subject)| Some((record.parse().ok()?, subject.parse().ok()?)));
    parsed.ok_or_else(|| Error::Invalid("the cursor is none of ours".to_owned()))
}

pub(crate) fn cursor_after(last: &Judged) -> String {
    format!("{}-{}", last.record, last.subject)
}

/// A judged subject with all that a person needs to understand it.
pub(crate) fn explain(
    engine: &Engine,
    session: &mut dyn Session,
    check: &Check,
    frame: &Frame,
    one: &Judged,
) -> Result<ExceptionRow, Error> {
    let seen = observe(engine, session, check, frame, one)?;
    let why = match one.verdict {
        Verdict::Fail => why_failed(engine, session, check, frame, one, &seen)?,
        _ => why_unknown(engine, session, check, frame, one, &seen)?,
    };
    let mut observed = serde_json::Map::new();
    for (of, value) in check.parts.observed.iter().zip(&seen) {
        observed.insert(of.name.clone(), shown(session, value.as_ref())?);
    }
    let number = match &check.population {
        Population::Values(list) => list.clone(),
        _ => record_name(session, one.record)?.0,
    };
    let verdict = if one.verdict == Verdict::Fail { "fail" } else { "undetermined" };
    Ok(ExceptionRow { number, verdict, since: rfc3339(one.anchor), why, observed })
}

/// The values that `pass` reads; none is unknown.
fn observe(
    engine: &Engine,
    session: &mut dyn Session,
    check: &Check,
    frame: &Frame,
    one: &Judged,
) -> Result<Vec<Option<Value>>, Error> {
    let subject: Subject = subject(session, check, one)?;
    let mut facts = StoreFacts::new(engine.model(), session, frame.time);
    let mut seen = Vec::new();
    for of in &check.parts.observed {
        seen.push(of.formula.eval(&subject, &mut facts, &frame.cx).map_err(Fault::database)?);
    }
    Ok(seen)
}

fn why_failed(
    engine: &Engine,
    session: &mut dyn Session,
    check: &Check,
    frame: &Frame,
    one: &Judged,
    seen: &[Option<Value>],
) -> Result<String, Error> {
    for term in &check.parts.terms {
        if eval(engine, session, check, frame, &term.condition, one)? != Truth::False {
            continue;
        }
        let is_empty = |at: &&usize| match seen.get(**at) {
            Some(Some(Value::Null)) => true,
            Some(Some(value)) => value.as_int() == Some(0) && check.parts.observed.get(**at).is_some_and(|o| o.is_list),
            _ => false,
        };
        let empty: Vec<&Observed> =
            term.reads.iter().filter(is_empty).filter_map(|at| check.parts.observed.get(*at)).collect();
        return Ok(match empty.as_slice() {
            [] => format!("does not hold: {}", term.text),
            [only] => format!("{} is empty", only.label),
            several => {
                let labels: Vec<&str> = several.iter().map(|of| of.label.as_str()).collect();
                format!("empty: {}", labels.join(", "))
            }
        });
    }
    Ok(format!("does not hold: {}", check.pass.text()))
}

fn why_unknown(
    engine: &Engine,
    session: &mut dyn Session,
    check: &Check,
    frame: &Frame,
    one: &Judged,
    seen: &[Option<Value>],
) -> Result<String, Error> {
    let mut reasons: Vec<String> = Vec::new();
    let seen = check.parts.observed.iter().zip(seen).filter(|(_, value)| value.is_none()).map(|(of, _)| &of.probe);
    for probe in check.parts.needs.iter().chain(&check.parts.read).chain(seen) {
        if eval(engine, session, check, frame, &probe.condition, one)? == Truth::Unknown {
            let gaps = probe.history && one.record != 0 && has_gaps(session, check, one.record)?;
            let reason = if gaps { GAPS.to_owned() } else { absent(engine, frame, probe) };
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
    }
    for key in &check.settings {
        let spans = frame.cx.settings.get(key).map_or(&[][..], Vec::as_slice);
        let known = spans.iter().any(|span| span.from <= one.anchor && one.anchor < span.until);
        let reason = undecided(key);
        if !known && !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    if reasons.is_empty() && one.record != 0 && has_gaps(session, check, one.record)? {
        reasons.push(GAPS.to_owned());
    }
    if reasons.is_empty() {
        for term in &check.parts.terms {
            if eval(engine, session, check, frame, &term.condition, one)? == Truth::Unknown {
                reasons.push(format!("cannot be told: {}", term.text));
            }
        }
    }
    Ok(reasons.join("; "))
}

const GAPS: &str = "the history in the source has gaps";

fn undecided(key: &str) -> String {
    format!("the setting {key} was not decided then")
}

fn absent(engine: &Engine, frame: &Frame, probe: &Probe) -> String {
    let key = (probe.record_type.clone(), probe.name.clone());
    match &probe.needs_setting {
        Some(setting) if !frame.cx.lacking.contains_key(&key) => undecided(setting),
        _ => {
            let record_type = engine.model().get(&probe.record_type);
            let field = record_type.and_then(|t| t.field(&probe.name)).map(|f| f.label.clone());
            let relation = record_type.and_then(|t| t.relation(&probe.name)).map(|r| r.label.clone());
            format!("the source does not say: {}", field.or(relation).unwrap_or_else(|| probe.written.clone()))
        }
    }
}

fn has_gaps(session: &mut dyn Session, check: &Check, record: i64) -> Result<bool, Error> {
    let table = store::schema::quoted(check.record_type().unwrap_or_default());
    let sql = format!("SELECT gaps FROM {table} WHERE id = ?");
    Ok(store::SessionExt::optional_int(session, &sql, &[Param::Int(record)])? == Some(1))
}

fn record_name(session: &mut dyn Session, id: i64) -> Result<(String, Option<String>), Error> {
    let mut found = (id.to_string(), None);
    session.query("SELECT number, title FROM record WHERE id = ?", &[Param::Int(id)], &mut |row| {
        found = (row.need_text(0)?.to_owned(), row.text(1)?.map(str::to_owned));
        Ok(())
    })?;
    Ok(found)
}

/// A value as REST shows it.
fn shown(session: &mut dyn Session, value: Option<&Value>) -> Result<serde_json::Value, Error> {
    Ok(match value {
        None | Some(Value::Null) => serde_json::Value::Null,
        Some(Value::Bool(truth)) => (*truth).into(),
        Some(Value::Int(number)) => (*number).into(),
        Some(Value::Text(text)) => (**text).into(),
        Some(Value::Instant(at)) => rfc3339(*at).into(),
        Some(Value::Date(day)) => date(*day).to_string().into(),
        Some(Value::Duration(micros)) => jiff::SignedDuration::from_micros(*micros).to_string().into(),
        Some(Value::Link(id)) => {
            let (number, name) = record_name(session, *id)?;
            serde_json::json!({ "number": number, "name": name })
        }
    })
}
