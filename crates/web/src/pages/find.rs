//! Finding a record from what somebody typed: its number, another system's number, or words of its title.

use engine::Time;
use engine::read::names::Named;
use engine::read::{changes, names};
use model::RecordType;

use super::refused::Answer;
use super::visit::Visit;

/// Parts a name from the number in what a list of suggestions puts into a field.
const BETWEEN: &str = " · ";

/// `Aisha Rahman · PER-000012`: the name for people, the number for us.
pub fn option(named: &Named) -> String {
    if named.name == named.number { named.number.clone() } else { format!("{}{BETWEEN}{}", named.name, named.number) }
}

/// The number that somebody means: as typed where it cannot be told, so that the refusal names it.
pub fn number_of(visit: &Visit, types: &[String], typed: &str) -> Answer<String> {
    let last = typed.rsplit_once(BETWEEN).map_or(typed, |(_, number)| number);
    if engine::padded_number(last).is_some() {
        return Ok(last.to_owned());
    }
    let mut found = by_title(visit, types, typed, 5)?;
    found.retain(|named| named.name.to_lowercase() == typed.to_lowercase());
    Ok(match found.as_slice() {
        [only] => only.number.clone(),
        _ => typed.to_owned(),
    })
}

/// Records of these types (`any` is all) whose title has these words.
pub fn by_title(visit: &Visit, types: &[String], text: &str, most: usize) -> Answer<Vec<Named>> {
    let any = types.iter().any(|name| name == "any");
    let types: Vec<&str> = types.iter().filter(|_| !any).map(String::as_str).collect();
    Ok(engine::search::named(&visit.app.engine, &visit.principal, &types, text, most)?)
}

/// The one record that bears this number, ours or another system's, where this reader may see it.
pub fn by_number(visit: &Visit, typed: &str) -> Answer<Option<Named>> {
    let engine = &visit.app.engine;
    let number = match engine::padded_number(typed) {
        Some(number) => Some(number),
        None => changes::by_external_key(&mut *engine.reader()?, typed)?.map(|(_, number)| number),
    };
    let Some(number) = number else { return Ok(None) };
    let record_type = number.split_once('-').and_then(|(prefix, _)| engine.model().by_prefix(prefix));
    let Some(shared) = record_type.and_then(|found| engine.model().shared(&found.name)) else { return Ok(None) };
    match visit.record(shared, &number, Time::Live) {
        Ok(record) => {
            let ids = std::iter::once(record.id).collect();
            let found = names::of_ids(&mut *engine.reader()?, engine.model(), &visit.principal, &ids)?;
            Ok(found.into_values().next())
        }
        Err(refused) if refused.status() == axum::http::StatusCode::NOT_FOUND => Ok(None),
        Err(refused) => Err(refused),
    }
}

/// The canonical address of a record that was asked for by another number (`INC-42`, `INC0000045` of a source), or among
/// the records of a type that its own extends.
pub fn elsewhere(visit: &Visit, record_type: &RecordType, number: &str) -> Answer<Option<String>> {
    let padded = engine::padded_number(number);
    if padded.as_deref() == Some(number) {
        let model = visit.app.engine.model();
        let own = number.split_once('-').and_then(|(prefix, _)| model.by_prefix(prefix));
        let own = own.filter(|own| own.name != record_type.name && model.is_a(&own.name, &record_type.name));
        return Ok(own.map(|own| format!("/{}/{number}", own.path)));
    }
    let found = by_number(visit, number)?.filter(|named| named.record_type == record_type.name);
    Ok(found.map(|named| format!("/{}/{}", record_type.path, named.number)))
}
