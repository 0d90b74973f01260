//! What the organisation has decided, and since when. Each decision is a record of the type `setting`, so its history
//! stays; a value holds from its `from` on until a later decision replaces it.

use std::collections::BTreeMap;
use std::sync::Arc;

use calendar::{BusinessDuration, Holidays, Week, WorkingTime, Zone};
use store::{FOREVER, Fault, Param, Session, SessionExt};

use crate::refusal::{Error, invalid};

/// One decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    pub number: String,
    pub from: i64,
    pub recorded_at: i64,
    /// `Null`: decided that there is no value any more.
    pub value: serde_json::Value,
}

/// All decisions, as known at one instant. Cheap to clone and to look things up in.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    decisions: Arc<BTreeMap<String, Vec<Decision>>>,
}

/// An organisation's week, with the zone in which its days begin.
#[derive(Clone, Debug)]
pub struct OrganisationTime(WorkingTime);

impl OrganisationTime {
    pub fn zone(&self) -> &Zone {
        self.0.zone()
    }

    /// Adds a business duration (ISO 8601). `None` when the text is none or the horizon of ten years is passed.
    pub fn after(&self, from: i64, duration: &str) -> Result<Option<i64>, Error> {
        let parsed: BusinessDuration =
            duration.parse().map_err(|e: calendar::CalendarError| invalid("", "bad_duration", e.to_string()))?;
        Ok(self.0.after(from, &parsed).ok())
    }

    /// Adds working time in microseconds; `None` beyond ten years.
    pub fn add(&self, from: i64, micros: i64) -> Option<i64> {
        self.0.add(from, micros).ok()
    }
}

impl Settings {
    /// Reads all decisions that were known at `known`.
    pub fn load(session: &mut dyn Session, known: i64) -> Result<Self, Fault> {
        let mut decisions: BTreeMap<String, Vec<Decision>> = BTreeMap::new();
        let sql = "SELECT number, key, value, \"from\", raised_at, recorded_at FROM setting WHERE recorded_at <= ? ORDER BY id";
        session.query(sql, &[Param::Int(known)], &mut |row| {
            let value = match row.text(2)? {
                Some(text) => {
                    serde_json::from_str(text).map_err(|e| Fault::database(format!("a setting's value: {e}")))?
                }
                None => serde_json::Value::Null,
            };
            let (raised, recorded_at) = (row.need_int(4)?, row.need_int(5)?);
            let from = row.int(3)?.unwrap_or(raised);
            let decision = Decision { number: row.need_text(0)?.to_owned(), from, recorded_at, value };
            decisions.entry(row.need_text(1)?.to_owned()).or_default().push(decision);
            Ok(())
        })?;
        for list in decisions.values_mut() {
            // Stable: of two decisions for one instant the later recorded one holds.
            list.sort_by_key(|decision| decision.from);
        }
        Ok(Self { decisions: Arc::new(decisions) })
    }

    /// The value in force at an instant; `None` when unset.
    pub fn in_force(&self, key: &str, at: i64) -> Option<&serde_json::Value> {
        self.decision(key, at).map(|decision| &decision.value).filter(|value| !value.is_null())
    }

    pub fn decision(&self, key: &str, at: i64) -> Option<&Decision> {
        self.decisions.get(key)?.iter().rev().find(|decision| decision.from <= at)
    }

    /// All decisions about a key, by the instant from which they hold.
    pub fn history(&self, key: &str) -> &[Decision] {
        self.decisions.get(key).map_or(&[], Vec::as_slice)
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.decisions.keys().map(String::as_str)
    }

    /// `(from, until, value)` spans in which a value is in force.
    pub fn spans(&self, key: &str) -> Vec<(i64, i64, serde_json::Value)> {
        let list = self.history(key);
        let mut spans = Vec::new();
        for (index, decision) in list.iter().enumerate() {
            let until = list.get(index + 1).map_or(FOREVER, |next| next.from);
            if until > decision.from && !decision.value.is_null() {
                spans.push((decision.from, until, decision.value.clone()));
            }
        }
        spans
    }

    /// The organisation's zone (UTC while undecided).
    pub fn zone_at(&self, at: i64) -> Result<Zone, Error> {
        match self.in_force("organization.zone", at).and_then(|value| value.as_str()) {
            Some(name) => Zone::named(name).map_err(|e| invalid("organization.zone", "bad_zone", e.to_string())),
            None => Ok(Zone::utc()),
        }
    }

    /// Working time at an instant: around the clock while no week is decided.
    pub fn working_time_at(&self, at: i64) -> Result<OrganisationTime, Error> {
        let zone = self.zone_at(at)?;
        let bad = |e: calendar::CalendarError| invalid("organization.week", "bad_week", e.to_string());
        let week = match self.in_force("organization.week", at) {
            // TOML has no null, so files may say it in a word.
            Some(value) if value.as_str() == Some("24x7") => Week::always(),
            Some(value) => Week::from_json(value, "organization.week").map_err(bad)?,
            None => Week::always(),
        };
        let holidays = match self.in_force("organization.holidays", at) {
            Some(value) => Holidays::from_json(value, "organization.holidays").map_err(bad)?,
            None => Holidays::default(),
        };
        Ok(OrganisationTime(WorkingTime::new(zone, week, holidays)))
    }
}

/// Settings kept between commands, read again when a decision was added by whatever process.
#[derive(Default)]
pub(crate) struct SettingsCache(std::sync::Mutex<(i64, Settings)>);

impl SettingsCache {
    pub fn get(&self, session: &mut dyn Session) -> Result<Settings, Fault> {
        // A new decision has a higher id, a corrected one was updated later, a late correction is one version more.
        let sql = "SELECT coalesce(max(id), 0) + coalesce(max(updated_at), 0) + CAST(coalesce(sum(version), 0) AS BIGINT) FROM setting";
        let stamp = session.one_int(sql, &[])?;
        let mut cached = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if cached.0 != stamp {
            *cached = (stamp, Settings::load(session, FOREVER)?);
        }
        Ok(cached.1.clone())
    }
}
