//! The mapping file beside a history, in the language of `docs/import.md`, that reads it back in.

use engine::Engine;
use model::{Field, Kind, RecordType};

use super::csv::stated;

/// None for a type whose records only the program makes.
pub(super) fn history(engine: &Engine, record_type: &RecordType) -> Option<String> {
    record_type.permissions.values().find(|permission| permission.create.is_some())?;
    let mut text = format!(
        "# Reads {name}.history.csv back: vouch import csv {name}.history.csv --map {name}.history.toml\n\
         # Links are found by the numbers that the records had; import what they point at first, and again what was refused.\n\n\
         name = \"vouch/{log}\"\nrecord = \"{name}\"\napostrophe = true\nnumber = \"number\"\nhappened = \"entry.happened_at\"\n\
         claimed = \"entry.claimed_at\"\non_behalf = {{ column = \"entry.by\", by = \"key\", unknown = \"null\" }}\n",
        name = record_type.name,
        log = engine.log_id(),
    );
    if record_type.lifecycle.is_some() {
        text.push_str("\n[state]\ncolumn = \"state\"\n");
    }
    text.push_str("\n[fields]\n");
    for (_, field) in stated(record_type).into_iter().filter(|(_, field)| !field.system && !field.derived) {
        if let Some(kind) = kind(field) {
            text.push_str(&format!("{key} = {{ column = \"{key}\", {kind} }}\n", key = field.key));
        }
    }
    Some(text)
}

fn kind(field: &Field) -> Option<String> {
    let plain = |name: &str| Some(format!("kind = \"{name}\""));
    match &field.kind {
        Kind::Text { .. } | Kind::LongText { .. } => plain("text"),
        Kind::Integer { .. } => plain("integer"),
        Kind::Decimal { .. } | Kind::Money { .. } => plain("decimal"),
        Kind::Boolean => plain("boolean"),
        Kind::Date => plain("date"),
        Kind::Instant => plain("instant"),
        Kind::Duration => plain("duration"),
        Kind::Choice(_) => plain("choice"),
        Kind::ListValue { .. } => Some("kind = \"link\", to = \"list_value\", by = \"key\"".to_owned()),
        Kind::Link { to } => {
            let to: Vec<String> = to.iter().map(|to| format!("\"{to}\"")).collect();
            Some(format!("kind = \"link\", to = [{}], by = \"key\"", to.join(", ")))
        }
        Kind::Rows { .. } | Kind::Attachment => None,
    }
}
