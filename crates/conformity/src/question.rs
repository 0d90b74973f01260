//! What is asked: which period, as of when. And the frame in which all checks of one question are judged: zone, period
//! as instants and days, settings, what sources lack. Built once, so that every row of an answer rests on the same.

use std::collections::{BTreeSet, HashMap, HashSet};

use calendar::{Date, Zone};
use engine::{Engine, Settings, Time};
use model::Model;
use model::Value;
use model::condition::{Context, Period, Purpose, SettingSpan, SettingValue};
use sha2::{Digest, Sha256};
use store::{Param, Session, SessionExt};

use crate::Error;
use crate::checks::{Checks, shown_by};
use crate::settings::{Decided, Registry, Scope, Setting};

/// What somebody asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// Left out: the twelve months that end with the local day of the cut-off.
    pub period: Option<calendar::Period>,
    /// Live, or as true at `valid` and known at `known`; the cut-off is `valid`.
    pub time: Time,
}

impl Question {
    /// The last twelve months, now.
    pub const NOW: Self = Self { period: None, time: Time::Live };
}

/// Everything that judging needs to know beside the records.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// With the period, clipped at the cut-off.
    pub cx: Context,
    pub time: Time,
    /// The cut-off, in microseconds.
    pub at: i64,
    pub zone: Zone,
    pub period: calendar::Period,
    pub settings: Settings,
    /// Record types that no source has: there are imports, and each of them lacks it.
    pub lacking_types: HashSet<String>,
    /// Names what judged: settings, zone, sources; not the records and not the instant.
    pub stamp: String,
}

impl Frame {
    pub fn build(
        engine: &Engine,
        session: &mut dyn Session,
        checks: &Checks,
        registry: &Registry,
        question: &Question,
    ) -> Result<Self, Error> {
        let (at, settings) = match question.time {
            Time::Live => (engine.clock().now(), engine.settings(session)?),
            Time::At { valid, known } => (valid, Settings::load(session, known)?),
        };
        let zone = settings.zone_at(at)?;
        let period = question.period.unwrap_or_else(|| calendar::Period::year_up_to(at, &zone));
        let (lacking, lacking_types, sources) = lacking(session, engine.model(), question.time)?;
        let spans = setting_spans(session, engine.model(), checks, registry, &settings)?;
        let stamp = stamp(&zone, &spans, &sources);
        let cx = Context {
            purpose: Purpose::Check,
            now: at,
            today: days(zone.local_day(at)),
            period: Some(clipped(&period, at, &zone)),
            settings: spans,
            lacking,
            ..Context::default()
        };
        Ok(Self { cx, time: question.time, at, zone, period, settings, lacking_types, stamp })
    }

    /// The period, as far as it lies before the cut-off.
    pub fn clipped(&self) -> Period {
        self.cx.period.unwrap_or(Period { start: 0, end: 0, start_day: 0, end_day: 0 })
    }

    /// Whether a setting has been in force at any time before the cut-off.
    pub fn ever_set(&self, key: &str) -> bool {
        self.cx.settings.get(key).is_some_and(|spans| spans.iter().any(|span| span.from < self.at))
    }

    /// First instants of the local months that the period touches, the period's own beginning first.
    pub fn months(&self) -> Vec<(String, i64)> {
        let clipped = self.clipped();
        let mut months = vec![(month_of(self.period.from()), clipped.start)];
        let mut month = self.period.from();
        while let Some(next) = next_month(month) {
            let start = self.zone.start_of_day(next);
            if start >= clipped.end {
                break;
            }
            months.push((month_of(next), start));
            month = next;
        }
        months
    }
}

fn month_of(date: Date) -> String {
    format!("{:04}-{:02}", date.year(), date.month())
}

fn next_month(date: Date) -> Option<Date> {
    let (year, month) = if date.month() == 12 { (date.year() + 1, 1) } else { (date.year(), date.month() + 1) };
    Date::new(year, month, 1).ok()
}

fn clipped(period: &calendar::Period, at: i64, zone: &Zone) -> Period {
    let (start, end) = period.instants_until(at, zone);
    let last = days(zone.local_day(at)) + 1;
    let start_day = days(period.from());
    Period { start, end, start_day, end_day: days(period.to()).min(last).max(start_day) }
}

/// Days since 1970-01-01.
pub(crate) fn days(date: Date) -> i64 {
    engine::input::days(date)
}

/// A day as a civil date.
pub(crate) fn date(day: i64) -> Date {
    engine::input::date(day)
}

/// An instant in RFC 3339.
pub(crate) fn rfc3339(at: i64) -> String {
    jiff::Timestamp::from_microsecond(at).map_or_else(|_| at.to_string(), |at| at.to_string())
}

type Lacking = HashMap<(String, String), Vec<i64>>;

/// What the sources of imports lack: by type and name the origins; types that all of them lack; a text that names it all.
fn lacking(session: &mut dyn Session, model: &Model, time: Time) -> Result<(Lacking, HashSet<String>, String), Error> {
    let known = match time {
        Time::Live => i64::MAX,
        Time::At { known, .. } => known,
    };
    let mut origins: Vec<(i64, String)> = Vec::new();
    let sql = "SELECT id, absent FROM origin WHERE begun_at <= ? ORDER BY id";
    session.query(sql, &[Param::Int(known)], &mut |row| {
        origins.push((row.need_int(0)?, row.need_text(1)?.to_owned()));
        Ok(())
    })?;
    let (mut lacking, mut types) = (Lacking::new(), HashMap::<String, usize>::new());
    for (origin, absent) in &origins {
        let names: BTreeSet<String> = serde_json::from_str(absent)
            .map_err(|e| store::Fault::database(format!("the absent fields of origin {origin}: {e}")))?;
        let mut add = |record_type: &str, name: &str| {
            let origins = lacking.entry((record_type.to_owned(), name.to_owned())).or_default();
            if origins.last() != Some(origin) {
                origins.push(*origin);
            }
        };
        for name in &names {
            match name.split_once('.') {
                Some((record_type, field)) => add(record_type, field),
                None => *types.entry(name.clone()).or_default() += 1,
            }
        }
        for record_type in model.types() {
            for relation in &record_type.relations {
                if shown_by(&relation.source).is_some_and(|shown| names.contains(shown)) {
                    add(&record_type.name, &relation.name);
                }
            }
        }
    }
    let all = types.into_iter().filter(|(_, count)| *count == origins.len()).map(|(name, _)| name).collect();
    Ok((lacking, all, format!("{origins:?}")))
}

/// The values of all settings that checks or the model ask for, as conditions read them.
fn setting_spans(
    session: &mut dyn Session,
    model: &Model,
    checks: &Checks,
    registry: &Registry,
    settings: &Settings,
) -> Result<HashMap<String, Vec<SettingSpan>>, Error> {
    let of_model = model.types().iter().flat_map(|t| &t.fields).filter_map(|field| field.needs_setting.clone());
    let keys: BTreeSet<String> = checks.setting_keys().chain(of_model).collect();
    let mut all = HashMap::new();
    for key in keys {
        let Some(setting) = registry.get(&key) else { continue };
        let mut spans = Vec::new();
        for (from, until, json) in settings.spans(&key) {
            let value = setting_value(session, registry, setting, &json)?;
            spans.push(SettingSpan { from, until, value });
        }
        if !spans.is_empty() {
            all.insert(key, spans);
        }
    }
    Ok(all)
}

fn setting_value(
    session: &mut dyn Session,
    registry: &Registry,
    setting: &Setting,
    json: &serde_json::Value,
) -> Result<SettingValue, Error> {
    // A value that was accepted stays in force even where a later version of the registry would refuse it; what it
    // cannot be compared as, it only counts as set.
    let Ok(checked) = registry.check(&setting.key, json, &|_, _| Ok(())) else {
        return Ok(SettingValue::Scalar(Value::Bool(true)));
    };
    let Scope::Per(subject) = &setting.scope else {
        return Ok(SettingValue::Scalar(checked.for_all().map_or(Value::Null, plain)));
    };
    let mut values = Vec::new();
    for (name, decided) in checked.each() {
        let id = match name.parse::<i64>() {
            Ok(number) => Some(number),
            Err(_) => session.optional_int("SELECT id FROM record WHERE number = ?", &[Param::Text(name)])?,
        };
        values.extend(id.map(|id| (id, plain(decided))));
    }
    values.sort_by_key(|(id, _)| *id);
    Ok(SettingValue::Per { field: subject.clone(), values, otherwise: checked.for_all().map(plain) })
}

/// What a condition can compare with; for all else only that it is set.
fn plain(decided: &Decided) -> Value {
    match decided {
        Decided::Interval(span) | Decided::Duration(span) => Value::Duration(span.nominal()),
        Decided::BusinessDuration(span) => Value::Duration(span.nominal()),
        _ => Value::Bool(true),
    }
}

fn stamp(zone: &Zone, spans: &HashMap<String, Vec<SettingSpan>>, sources: &str) -> String {
    let mut sorted: Vec<_> = spans.iter().collect();
    sorted.sort_by_key(|(key, _)| *key);
    hex(&Sha256::digest(format!("{} {sorted:?} {sources}", zone.name())))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
