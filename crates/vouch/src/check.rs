//! `vouch check`: live conformity, for people and pipelines.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use conformity::{CheckRow, Conformity, Question};
use engine::{Engine, Time};

use crate::cli::{Check, TableFormat};
use crate::organisation::{Expect, Opening, conformity, open};
use crate::users::said;

pub fn run(options: &Check) -> anyhow::Result<ExitCode> {
    let engine = open(&options.data, Expect::Existing, Opening::default())?;
    let conformity = conformity(&engine)?;
    let question = question(&engine, options)?;
    let conformity = by_rules(conformity, options, &question)?;
    let rows = conformity.checks(options.clause.as_deref(), &question)?;
    match options.format {
        TableFormat::Json => println!("{}", serde_json::to_string_pretty(&rows)?),
        TableFormat::Table => table(&rows),
    }
    match options.fail_under {
        Some(bar) => under(&conformity, options, &question, bar),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// Whether the rules of now judge, or those that were in force at the instant asked about.
fn by_rules(conformity: Arc<Conformity>, options: &Check, question: &Question) -> anyhow::Result<Arc<Conformity>> {
    match (options.rules.as_deref(), question.time) {
        (None | Some("now"), _) => Ok(conformity),
        (Some("then"), Time::At { valid, .. }) => Ok(conformity.by_rules_of(valid)?),
        (Some("then"), Time::Live) => bail!("--rules then needs --at TIME"),
        (Some(other), _) => bail!("--rules {other}: expected then or now"),
    }
}

fn question(engine: &Engine, options: &Check) -> anyhow::Result<Question> {
    let period = match (&options.from, &options.to) {
        (None, None) => None,
        (Some(from), Some(to)) => Some(calendar::Period::parse(from, to)?),
        _ => bail!("--from and --to belong together"),
    };
    Ok(Question { period, time: as_at(engine, options.at.as_deref(), options.known.as_deref())? })
}

/// Which past `--at` and `--known` ask about.
pub fn as_at(engine: &Engine, at: Option<&str>, known: Option<&str>) -> anyhow::Result<Time> {
    let Some(at) = at else {
        return match known {
            None | Some("now" | "then") => Ok(Time::Live),
            Some(_) => bail!("--known needs --at: as it was then, as known at that time"),
        };
    };
    let now = engine.clock().now();
    let valid = instant(engine, "--at", at)?;
    let known = match known {
        None | Some("now") => now,
        Some("then") => valid,
        Some(text) => instant(engine, "--known", text)?,
    };
    if valid > now || known > now || known < valid {
        bail!("expected at ≤ known ≤ now");
    }
    Ok(Time::At { valid, known })
}

/// RFC 3339, or a date: the end of that local day.
fn instant(engine: &Engine, option: &str, text: &str) -> anyhow::Result<i64> {
    if let Some(at) = engine::input::instant(text) {
        return Ok(at);
    }
    let date = calendar::parse_date(text)
        .with_context(|| format!("{option} {text}: expected an instant (RFC 3339) or a date"))?;
    let now = engine.clock().now();
    let zone = engine.settings(&mut *engine.reader()?)?.zone_at(now).map_err(said)?;
    Ok((zone.start_of_day(date.tomorrow()?) - 1).min(now))
}

fn table(rows: &[CheckRow]) {
    println!(
        "{:<12} {:<16} {:>10} {:>10} {:>8} {:>13}  proves",
        "check", "status", "population", "passed", "failed", "undetermined"
    );
    for row in rows {
        println!(
            "{:<12} {:<16} {:>10} {:>10} {:>8} {:>13}  {}",
            row.check,
            row.status.as_str(),
            row.population,
            row.passed,
            row.failed,
            row.undetermined,
            row.proves
        );
    }
    if let Some(first) = rows.first() {
        println!("from {} to {}, cut off at {}", first.from, first.to, first.cutoff);
    }
}

/// Exit code 1 when fewer requirements than the bar are met.
fn under(conformity: &Conformity, options: &Check, question: &Question, bar: f64) -> anyhow::Result<ExitCode> {
    let rows = conformity.requirements(options.clause.as_deref(), question)?;
    let met = rows.iter().filter(|row| row.status.meets_the_bar()).count();
    let share = if rows.is_empty() { 0.0 } else { 100.0 * met as f64 / rows.len() as f64 };
    eprintln!("{met} of {} requirements are met: {share:.1} %, the bar is {bar} %", rows.len());
    Ok(if share < bar { ExitCode::from(1) } else { ExitCode::SUCCESS })
}
