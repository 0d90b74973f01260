//! The local day of an instant, in SQL: neither database can be asked, since SQLite knows no zones and PostgreSQL's may
//! be others than ours. The zone's offsets become nested CASE expressions, halved at each step.

use calendar::{DAY, Zone};
use model::condition::Sql;

/// Offsets are taken from the zone between these days; outside them the nearest one holds.
const FIRST_DAY: i64 = 0;
const LAST_DAY: i64 = 47_482;
/// Between two probes at most one change of offset is looked for.
const PROBE: i64 = 7 * DAY;

/// The days of one zone. Made once for a round of work: it takes about two milliseconds.
pub(crate) struct Days(Vec<(i64, i64)>);

impl Days {
    pub fn of(zone: &Zone) -> Self {
        Self(offsets(zone))
    }

    /// Days since 1970-01-01 of the instant that `at` yields.
    pub fn sql(&self, at: &Sql) -> Sql {
        let offset = offset_sql(&self.0, at);
        // Far enough back that the division never sees a negative number, which both databases round towards zero.
        let back = 1_000_000 * DAY;
        Sql::compose(&format!("(({{}} + {{}} + {back}) / {DAY} - 1000000)"), &[at, &offset])
    }
}

/// `(from, offset)` in order; the first holds from for ever.
fn offsets(zone: &Zone) -> Vec<(i64, i64)> {
    let offset = |at: i64| local_micros(zone, at) - at;
    let mut spans = vec![(i64::MIN, offset(FIRST_DAY * DAY))];
    let mut last = spans.first().map_or(0, |(_, offset)| *offset);
    let mut at = FIRST_DAY * DAY;
    while at < LAST_DAY * DAY {
        let next = at + PROBE;
        if offset(next) != last {
            let (mut low, mut high) = (at, next);
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                if offset(middle) == last { low = middle } else { high = middle }
            }
            last = offset(high);
            spans.push((high, last));
            at = high;
        } else {
            at = next;
        }
    }
    spans
}

fn local_micros(zone: &Zone, at: i64) -> i64 {
    let local = zone.local_time(at);
    let time = local.time();
    let seconds = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    engine::input::days(local.date()) * DAY + seconds * 1_000_000 + i64::from(time.subsec_nanosecond()) / 1000
}

fn offset_sql(spans: &[(i64, i64)], at: &Sql) -> Sql {
    match spans {
        [] => Sql::new("0"),
        [(_, offset)] => Sql::new(offset.to_string()),
        several => {
            let (before, after) = several.split_at(several.len() / 2);
            let from = after.first().map_or(0, |(from, _)| *from);
            let (before, after) = (offset_sql(before, at), offset_sql(after, at));
            Sql::compose(&format!("CASE WHEN {{}} < {from} THEN {{}} ELSE {{}} END"), &[at, &before, &after])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_spans(spans: &[(i64, i64)], at: i64) -> i64 {
        let offset = spans.iter().rev().find(|(from, _)| *from <= at).map_or(0, |(_, offset)| *offset);
        (at + offset).div_euclid(DAY)
    }

    #[test]
    fn the_offsets_give_the_zones_own_days() {
        for name in ["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Australia/Lord_Howe"] {
            let zone = Zone::named(name).unwrap();
            let spans = offsets(&zone);
            let mut at = DAY;
            while at < 47_000 * DAY {
                for at in [at, at + 3 * calendar::HOUR + 1] {
                    assert_eq!(by_spans(&spans, at), engine::input::days(zone.local_day(at)), "{name} {at}");
                }
                at += 5 * DAY + 7 * calendar::HOUR;
            }
        }
    }
}
