//! The same row with another content: names the first value that differs, with both sides.

use serde_json::{Map, Value as Json};
use store::{FOREVER, Fault, Param, Session, SessionExt};

use super::known::Known;
use super::target::Target;
use crate::case::SourceRow;
use crate::convert::{SourceValue, rfc3339};

/// The model's field and a sentence with both values. `place` is the row's position among those that were taken: the
/// entries that stand for them are in the same order.
pub(super) fn describe(
    session: &mut dyn Session,
    target: &Target,
    known: &Known,
    row: &SourceRow,
    place: usize,
) -> Result<(String, String), Fault> {
    let taken = Taken::read(session, known.record.id, place)?;
    let says = |field: &str, before: String, now: String| {
        (field.to_owned(), format!("row {} was imported with {before}, this file says {now}", row.identity))
    };
    if let Some(claimed) = taken.claimed_at.filter(|at| *at != row.claimed.unwrap_or(row.happened)) {
        return Ok(says("happened", rfc3339(claimed), rfc3339(row.claimed.unwrap_or(row.happened))));
    }
    let before = taken.on_behalf.map_or_else(|| Ok(SourceValue::Null.to_string()), |id| title(session, id))?;
    let now = row.on_behalf.clone().map_or(SourceValue::Null, SourceValue::Person).to_string();
    if before != now {
        return Ok(says("on_behalf", before, now));
    }
    if let (Some(before), Some(now)) = (&taken.state, &row.state)
        && **before != **now
    {
        return Ok(says("state", format!("`{before}`"), format!("`{now}`")));
    }
    for (key, value) in &row.fields {
        let Some(place) = target.place(key).filter(|place| place.lines.is_none()) else { continue };
        let Some(field) = target.record_type.fields.get(place.slot) else { continue };
        let before = taken.fields.get(&field.key).unwrap_or(&Json::Null);
        let before = match before.as_i64() {
            Some(id) if field.kind.is_link() => title(session, id)?,
            Some(at) if matches!(value, SourceValue::Instant(_)) => rfc3339(at),
            Some(number) => number.to_string(),
            None => before.as_str().map_or_else(|| plain(before), |text| format!("`{text}`")),
        };
        let now = value.to_string();
        if before != now {
            return Ok(says(key, before, now));
        }
    }
    Ok(says("", "other values".to_owned(), "something else".to_owned()))
}

fn plain(json: &Json) -> String {
    if json.is_null() { SourceValue::Null.to_string() } else { json.to_string() }
}

fn title(session: &mut dyn Session, id: i64) -> Result<String, Fault> {
    let sql = "SELECT title FROM record WHERE id = ?";
    Ok(session.optional_text(sql, &[Param::Int(id)])?.map_or_else(|| id.to_string(), |title| format!("`{title}`")))
}

/// What an earlier run took as the values after a row.
#[derive(Default)]
struct Taken {
    claimed_at: Option<i64>,
    on_behalf: Option<i64>,
    state: Option<String>,
    fields: Map<String, Json>,
}

impl Taken {
    fn read(session: &mut dyn Session, record: i64, place: usize) -> Result<Self, Fault> {
        let mut taken = Self::default();
        let mut seen = 0;
        let sql = "SELECT claimed_at, into_state, opening, channel, on_behalf FROM entry \
                   WHERE record = ? AND known_to = ? ORDER BY happened_at, id";
        session.query(sql, &[Param::Int(record), Param::Int(FOREVER)], &mut |row| {
            if seen > place {
                return Ok(());
            }
            if row.need_text(3)? == engine::Channel::Import.as_str() {
                seen += 1;
                (taken.claimed_at, taken.on_behalf) = (row.int(0)?, row.int(4)?);
                if let Some(state) = row.text(1)? {
                    taken.state = Some(state.to_owned());
                }
            }
            let opening: Json = serde_json::from_str(row.need_text(2)?).map_err(Fault::database)?;
            if let Some(fields) = opening.get("fields").and_then(Json::as_object) {
                taken.fields.extend(fields.iter().map(|(key, value)| (key.clone(), value.clone())));
            }
            Ok(())
        })?;
        Ok(taken)
    }
}
