//! Makes a demonstration in a folder, or opens one that stands there.
//!
//! For one seed and one end, numbers and ledger are the same each time; what is secret never is: the signer's key, links
//! and sessions come from the operating system's randomness.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use conformity::Overlay;
use engine::{Clock, Engine, Entropy, ManualClock, Options, SeededEntropy, SystemClock, SystemEntropy};
use jiff::ToSpan as _;
use serde_json::json;
use store::Location;

use crate::cli::{Data, Demo};
use crate::organisation::{model, private_folder};

use super::dice::Dice;
use super::hours::Hours;
use super::year;

/// Written when the year is complete: how far the clock of the demonstration is ahead of the machine's.
const STATE: &str = "demonstration.json";
const AHEAD: &str = "ahead_by_microseconds";

pub struct Wanted {
    pub seed: u64,
    /// The end of the year, where it is not the machine's now.
    pub end: Option<i64>,
}

impl Wanted {
    pub fn of(options: &Demo) -> anyhow::Result<Self> {
        let expected = |text: &str| format!("--now {text}: expected an instant such as 2026-03-31T10:00:00Z");
        let end = options.now.as_deref().map(|text| engine::input::instant(text).with_context(|| expected(text)));
        Ok(Self { seed: options.seed, end: end.transpose()? })
    }
}

fn database(data: &Data) -> PathBuf {
    data.data.join("vouch.db")
}

pub fn stands_in(data: &Data) -> bool {
    database(data).exists()
}

/// Opens what was made before; its clock goes on from where it would be by now.
pub fn open_again(data: &Data, ends_elsewhere: bool) -> anyhow::Result<Arc<Engine>> {
    let folder = data.data.display();
    let path = data.data.join(STATE);
    let Ok(text) = fs::read_to_string(&path) else {
        bail!(
            "{folder} holds records, but no finished demonstration ({STATE} is missing): expected an empty or new folder"
        )
    };
    let state: serde_json::Value = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
    let ahead = state.get(AHEAD).and_then(serde_json::Value::as_i64);
    let ahead = ahead.with_context(|| format!("{}: expected a whole number {AHEAD}", path.display()))?;
    if ends_elsewhere {
        eprintln!("{folder} holds a demonstration already: it is served as it is, --now is not used");
    }
    let opening = Opening {
        scratch: false,
        signs: true,
        clock: Arc::new(SystemClock::ahead_by(ahead)),
        entropy: Arc::new(SystemEntropy),
    };
    let engine = opening.open(data)?;
    if !engine.is_demonstration() {
        bail!("{folder} holds an organisation that is no demonstration: vouch serve --data {folder} serves it");
    }
    Ok(Arc::new(engine))
}

/// Lives the year in a new folder, and opens what came of it.
pub fn make(data: &Data, wanted: &Wanted, throw_away: bool) -> anyhow::Result<Arc<Engine>> {
    private_folder(&data.data)?;
    let end = wanted.end.unwrap_or_else(|| SystemClock::default().now());
    live(data, wanted.seed, beginning(end)?, end)?;
    let ahead = if wanted.end.is_some() { end - SystemClock::default().now() } else { 0 };
    let state = json!({ AHEAD: ahead, "seed": wanted.seed });
    let path = data.data.join(STATE);
    fs::write(&path, format!("{state}\n")).with_context(|| format!("writing {}", path.display()))?;
    let clock = Arc::new(SystemClock::ahead_by(ahead));
    Ok(Arc::new(Opening { scratch: throw_away, signs: true, clock, entropy: Arc::new(SystemEntropy) }.open(data)?))
}

/// The time from `begin` to `end`, from the seed alone, into a folder that exists and is empty.
pub fn live(data: &Data, seed: u64, begin: i64, end: i64) -> anyhow::Result<()> {
    let clock = Arc::new(ManualClock::at(begin));
    let mut seeds = Dice::new(seed ^ Dice::new(end.unsigned_abs()).next());
    let seeded = |seed| -> Arc<dyn Entropy> { Arc::new(SeededEntropy::new(seed)) };
    let opening = |signs, entropy| Opening { scratch: true, signs, clock: clock.clone(), entropy };
    // Three openings, since an engine has one source of randomness: the log's name comes from the seed, the signer's
    // key from nowhere that could be repeated, the salts from the seed again.
    drop(opening(false, seeded(seeds.next())).open(data)?);
    drop(opening(true, Arc::new(SystemEntropy)).open(data)?);
    let engine = Arc::new(opening(true, seeded(seeds.next())).open(data)?);
    year::live(engine, clock, seeds.next(), begin, end)
}

/// A year before, and early enough on that day that all decisions are made before the day is over.
pub fn beginning(end: i64) -> anyhow::Result<i64> {
    let hours = Hours::between(end, end)?;
    let day = hours.day(end);
    let year_before = day.checked_sub(1.year()).with_context(|| format!("--now: there is no year before {day}"))?;
    let local = hours.zone().local_time(end).time();
    let same_hour = hours.zone().instant(year_before.to_datetime(local), calendar::Edge::Opens);
    Ok(same_hour.min(hours.at(year_before, 16, 0)))
}

struct Opening {
    /// Nothing is flushed to disk.
    scratch: bool,
    signs: bool,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Opening {
    fn open(self, data: &Data) -> anyhow::Result<Engine> {
        let file = database(data);
        let location = if self.scratch { Location::SqliteScratch(file) } else { Location::Sqlite(file) };
        let (model, model_text) = model(&Overlay::in_force(&mut *location.open()?)?)?;
        Ok(Engine::open(Options {
            location,
            signer: self.signs.then(|| data.data.join("signer")),
            model,
            model_text,
            behaviours: processes::behaviours(),
            clock: self.clock,
            entropy: self.entropy,
            demonstration: true,
        })?)
    }
}
