//! Reads one field, or one column of a rows field: its kind first, since that decides which further keys there are.

use toml_edit::Value as Toml;

use super::declared::{ChoiceDecl, FieldDecl, KindDecl};
use super::names::{self, Naming};
use super::read_file;
use super::reader::{At, Table, Word};
use super::source::Sink;
use crate::{Choice, Kind, Value};

const KINDS: [&str; 14] = [
    "text",
    "long_text",
    "integer",
    "decimal",
    "money",
    "boolean",
    "date",
    "instant",
    "duration",
    "choice",
    "list_value",
    "link",
    "rows",
    "attachment",
];

/// One line that still fits a list; `max` says otherwise.
const TEXT_LENGTH: u32 = 250;
const TEXT_LENGTH_MAX: u32 = 4_000;
const LONG_TEXT_LENGTH: u32 = 100_000;
const LONG_TEXT_LENGTH_MAX: u32 = 1_000_000;
/// Fields hold ±2^53, so that sums of them never overflow in SQL (and JSON readers keep them exact).
const INTEGER_MAX: i64 = 1 << 53;
const SCALE_MAX: i64 = 9;
const MONEY_SCALE: u8 = 2;
const COLUMNS_MAX: usize = 20;
const CHOICES_MAX: usize = 200;

pub(super) fn read(key: Word, mut table: Table<'_>, overlay: bool, sink: &Sink) -> FieldDecl {
    names::check(&key, Naming::Field, sink);
    let kind = if table.has("kind") { read_kind(&mut table, sink) } else { None };
    // An overlay that only tightens a field of the core does not say its kind again.
    let tightens = overlay && !table.has("kind");
    let more_choices = if tightens { read_choices(&mut table, sink) } else { Vec::new() };
    if tightens {
        refuse_loosening(&mut table, sink);
    } else if !table.has("kind") {
        table.missing("kind");
    }
    let derived = table.flag("derived");
    let field = FieldDecl {
        label: read_file::label(&mut table, &key, sink),
        help: table.text("help").map(|help| help.value),
        required: table.flag("required"),
        derived,
        personal: table.flag("personal"),
        material: table.flag("material"),
        sort: table.flag("sort"),
        default: read_default(&mut table, kind.as_ref(), sink),
        needs_setting: table.text("needs_setting").map(|setting| setting.value),
        clause: table.text("clause").map(|clause| clause.value),
        kind,
        more_choices,
        overlay,
        key,
    };
    check_flags(&field, sink);
    // A wrong kind was reported; its own keys would only look unknown.
    if tightens || field.kind.is_some() {
        table.finish();
    }
    field
}

/// What is no tightening, whatever the core's field says.
fn refuse_loosening(table: &mut Table<'_>, sink: &Sink) {
    if let Some(default) = table.value("default") {
        sink.error(&default.place, format!("an overlay can't change the default of the core's {}", table.name));
    }
    let flags = ["required", "personal", "material"].map(|key| (key, table.value(key)));
    for (key, value) in flags.into_iter().filter_map(|(key, value)| Some((key, value?))) {
        if value.value.as_bool() == Some(false) {
            let rule = "can only set it";
            sink.error(
                &value.place,
                format!("an overlay can't take `{key}` from the core's {}: it {rule}", table.name),
            );
        }
    }
}

fn check_flags(field: &FieldDecl, sink: &Sink) {
    let FieldDecl { key, kind, .. } = field;
    let refuse = |what: &str| sink.error(&key.place, format!("field `{}` {what}", key.value));
    if field.derived && field.required {
        refuse("is derived, so nobody can be required to fill it in");
    }
    if field.derived && field.default.is_some() {
        refuse("is derived, so it has no default");
    }
    if field.needs_setting.is_some() && !field.derived {
        refuse("needs a setting but is not derived");
    }
    match kind {
        Some(KindDecl::Rows { .. } | KindDecl::Plain(Kind::LongText { .. } | Kind::Attachment)) if field.sort => {
            refuse("can't be sorted by: its kind has no order");
        }
        Some(KindDecl::Rows { .. }) if field.required => refuse("has rows, which can't be required"),
        _ => {}
    }
}

fn read_kind(table: &mut Table<'_>, sink: &Sink) -> Option<KindDecl> {
    let word = table.text("kind")?;
    let kind = match word.value.as_str() {
        "text" => Kind::Text { max: read_max(table, TEXT_LENGTH, TEXT_LENGTH_MAX, sink) },
        "long_text" => Kind::LongText { max: read_max(table, LONG_TEXT_LENGTH, LONG_TEXT_LENGTH_MAX, sink) },
        "integer" => read_integer(table, sink),
        "decimal" => Kind::Decimal { scale: read_scale(table, None, sink) },
        "money" => Kind::Money { scale: read_scale(table, Some(MONEY_SCALE), sink) },
        "boolean" => Kind::Boolean,
        "date" => Kind::Date,
        "instant" => Kind::Instant,
        "duration" => Kind::Duration,
        "attachment" => Kind::Attachment,
        "choice" => {
            if !table.has("choices") {
                table.missing("choices");
            }
            return Some(KindDecl::Choice(read_choices(table, sink)));
        }
        "list_value" => return table.required_text("list").map(KindDecl::ListValue),
        "link" => return read_link(table, sink).map(KindDecl::Link),
        "rows" => return read_rows(table, sink),
        other => {
            sink.error(&word.place, format!("`{other}` is no kind of field{}", names::hint(other, KINDS)));
            return None;
        }
    };
    Some(KindDecl::Plain(kind))
}

fn read_max(table: &mut Table<'_>, default: u32, most: u32, sink: &Sink) -> u32 {
    let Some(At { value, place }) = table.integer("max") else { return default };
    match u32::try_from(value) {
        Ok(max) if max == default => sink.warning(&place, format!("`max = {max}` is the default: leave it out")),
        Ok(max) if (1..=most).contains(&max) => return max,
        _ => sink.error(&place, format!("`max` of {} must be 1 to {most}, found {value}", table.name)),
    }
    default
}

fn read_integer(table: &mut Table<'_>, sink: &Sink) -> Kind {
    let Some(At { value: (min, max), place }) = table.range("range") else {
        return Kind::Integer { min: -INTEGER_MAX, max: INTEGER_MAX };
    };
    if min >= max || min < -INTEGER_MAX || max > INTEGER_MAX {
        let rule = "must begin with the smaller number and stay within 2^53";
        sink.error(&place, format!("`range` of {} {rule}, found [{min}, {max}]", table.name));
    }
    Kind::Integer { min, max }
}

fn read_scale(table: &mut Table<'_>, default: Option<u8>, sink: &Sink) -> u8 {
    if default.is_none() && !table.has("scale") {
        table.missing("scale");
    }
    let Some(At { value, place }) = table.integer("scale") else { return default.unwrap_or_default() };
    match u8::try_from(value) {
        Ok(scale) if Some(scale) == default => {
            sink.warning(&place, format!("`scale = {scale}` is the default: leave it out"));
            scale
        }
        Ok(scale) if i64::from(scale) <= SCALE_MAX => scale,
        _ => {
            sink.error(&place, format!("`scale` of {} must be 0 to {SCALE_MAX}, found {value}", table.name));
            0
        }
    }
}

fn read_choices(table: &mut Table<'_>, sink: &Sink) -> Vec<ChoiceDecl> {
    let Some(choices) = table.labelled("choices") else { return Vec::new() };
    if choices.is_empty() || choices.len() > CHOICES_MAX {
        sink.error(&table.place, format!("{} needs 1 to {CHOICES_MAX} choices, found {}", table.name, choices.len()));
    }
    let declare = |(key, label): (Word, Option<String>)| {
        names::check(&key, Naming::Choice, sink);
        let label = label.unwrap_or_else(|| names::label(&key.value));
        ChoiceDecl { place: key.place, choice: Choice { key: key.value, label } }
    };
    choices.into_iter().map(declare).collect()
}

fn read_link(table: &mut Table<'_>, sink: &Sink) -> Option<Vec<Word>> {
    if !table.has("to") {
        table.missing("to");
    }
    let to = table.words("to")?;
    if to.is_empty() {
        sink.error(&table.place, format!("`to` of {} names no record type", table.name));
    }
    Some(to)
}

fn read_rows(table: &mut Table<'_>, sink: &Sink) -> Option<KindDecl> {
    if table.has("of") == table.has("columns") {
        sink.error(&table.place, format!("{} has rows: expected either `columns` or `of`", table.name));
        return None;
    }
    let (columns, scalar) =
        if table.has("of") { (read_scalar(table, sink), true) } else { (read_columns(table, sink), false) };
    if columns.len() > COLUMNS_MAX {
        sink.error(&table.place, format!("{} has more than {COLUMNS_MAX} columns", table.name));
    }
    for column in &columns {
        if matches!(
            column.kind,
            Some(KindDecl::Rows { .. } | KindDecl::Plain(Kind::LongText { .. } | Kind::Attachment))
        ) {
            let what = "rows hold short values only: no rows, long_text or attachment";
            sink.error(&column.key.place, format!("column `{}`: {what}", column.key.value));
        }
    }
    (!columns.is_empty()).then_some(KindDecl::Rows { columns, scalar })
}

/// `of = "text"`: lines of one value each.
fn read_scalar(table: &mut Table<'_>, sink: &Sink) -> Vec<FieldDecl> {
    let Some(word) = table.text("of") else { return Vec::new() };
    let kind = match word.value.as_str() {
        "text" => KindDecl::Plain(Kind::Text { max: read_max(table, TEXT_LENGTH, TEXT_LENGTH_MAX, sink) }),
        "integer" => KindDecl::Plain(read_integer(table, sink)),
        "date" => KindDecl::Plain(Kind::Date),
        "instant" => KindDecl::Plain(Kind::Instant),
        other => {
            let hint = names::hint(other, ["text", "integer", "date", "instant"]);
            sink.error(&word.place, format!("rows can't be of `{other}`{hint}"));
            return Vec::new();
        }
    };
    let key = At { value: "value".to_owned(), place: word.place };
    vec![FieldDecl { required: true, ..plain(key, kind) }]
}

fn read_columns(table: &mut Table<'_>, sink: &Sink) -> Vec<FieldDecl> {
    let columns = table.children("columns", "column");
    let read_column = |(key, mut table): (Word, Table<'_>)| {
        names::check(&key, Naming::Column, sink);
        let kind = if table.has("kind") { read_kind(&mut table, sink) } else { None };
        if !table.has("kind") {
            table.missing("kind");
        }
        let kind = kind?;
        let field = FieldDecl {
            label: read_file::label(&mut table, &key, sink),
            help: table.text("help").map(|help| help.value),
            required: table.flag("required"),
            personal: table.flag("personal"),
            ..plain(key, kind)
        };
        table.finish();
        Some(field)
    };
    columns.into_iter().filter_map(read_column).collect()
}

fn plain(key: Word, kind: KindDecl) -> FieldDecl {
    FieldDecl {
        key,
        kind: Some(kind),
        label: None,
        help: None,
        required: false,
        derived: false,
        personal: false,
        material: false,
        sort: false,
        default: None,
        needs_setting: None,
        clause: None,
        more_choices: Vec::new(),
        overlay: false,
    }
}

fn read_default(table: &mut Table<'_>, kind: Option<&KindDecl>, sink: &Sink) -> Option<At<Value>> {
    let At { value, place } = table.value("default")?;
    let refuse = |expected: String| {
        sink.error(
            &place,
            format!("`default` of {} must be {expected}, found {}", table.name, value.to_string().trim()),
        );
        None
    };
    let default = match (kind?, value) {
        (KindDecl::Plain(Kind::Boolean), Toml::Boolean(truth)) => Value::Bool(*truth.value()),
        (KindDecl::Plain(Kind::Boolean), _) => return refuse("true or false".into()),
        (KindDecl::Plain(Kind::Integer { min, max }), Toml::Integer(n)) if (min..=max).contains(&n.value()) => {
            Value::Int(*n.value())
        }
        (KindDecl::Plain(Kind::Integer { min, max }), _) => {
            return refuse(format!("a whole number from {min} to {max}"));
        }
        (KindDecl::Plain(Kind::Text { .. }), Toml::String(text)) => Value::text(text.value()),
        (KindDecl::Plain(Kind::Text { .. }), _) => return refuse("a text in quotes".into()),
        (KindDecl::Choice(choices), _) => {
            let known = || choices.iter().map(|declared| declared.choice.key.as_str());
            match value.as_str().filter(|key| known().any(|k| k == *key)) {
                Some(key) => Value::text(key),
                None => return refuse(format!("one of {}", known().collect::<Vec<_>>().join(", "))),
            }
        }
        _ => {
            let kinds = "only text, integer, boolean and choice fields have a default";
            sink.error(&place, format!("{} can't have a default: {kinds}", table.name));
            return None;
        }
    };
    Some(At { value: default, place })
}
