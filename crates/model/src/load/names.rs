//! Names: how they may look, which are taken, what people read instead, and what somebody who mistyped one meant.

use super::reader::Word;
use super::source::Sink;

/// PostgreSQL cuts identifiers at 63 bytes; `<type>__<field>` must fit.
const NAME_LENGTH_MAX: usize = 30;

/// The roles of stage 1 (interface.md, *Roles and rights*).
pub const ROLES: [&str; 7] = [
    "administrator",
    "service-manager",
    "process-owner",
    "agent",
    "internal-auditor",
    "certification-auditor",
    "customer",
];

/// Tables of the engine itself.
const ENGINE_TABLES: &[&str] = &[
    "record",
    "link",
    "step",
    "entry",
    "secret",
    "leaf",
    "tile",
    "checkpoint",
    "unsealed",
    "comment",
    "attachment",
    "watcher",
    "external_id",
    "long_text",
    "job",
    "idempotency",
    "verdict",
    "exception",
    "tested",
    "flip",
    "snapshot",
    "head",
    "model_version",
    "catalogue_version",
    "tally",
    "any",
];

/// Fixed addresses of the REST interface and the pages.
const ADDRESSES: &[&str] = &["requirements", "checks", "ledger", "events", "alerts", "conformity", "admin", "signin"];

/// Sub-addresses of a record, which a transition must not hide.
const SUB_ADDRESSES: &[&str] = &["history", "comments", "links", "attachments", "clocks", "proof", "edit"];

/// Words of the condition language (CEL), and its variables, which would hide a field of the same name.
const CONDITION_WORDS: &[&str] = &[
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
    "now",
    "me",
    "period",
    "step",
    "then",
    "record",
    "change",
    "criteria_versions",
];

/// Columns and keys that every record has beside [`crate::SYSTEM_FIELDS`].
const RECORD_COLUMNS: &[&str] =
    &["id", "type", "state", "scope", "allowed", "deleted_at", "valid_from", "valid_to", "known_from", "known_to"];

/// Columns that every line of a rows field has.
const ROW_COLUMNS: &[&str] =
    &["id", "pos", "at", "by", "counted_at", "entry", "valid_from", "valid_to", "known_from", "known_to"];

/// What a name stands for, which decides the words that are taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    Type,
    Plural,
    Field,
    Column,
    Relation,
    State,
    View,
    Transition,
    Choice,
}

/// Reports a name that is malformed or taken.
pub(super) fn check(name: &Word, naming: Naming, sink: &Sink) {
    let text = name.value.as_str();
    let (hyphens, form) = match naming {
        Naming::Transition => (true, "small letters, digits and single hyphens, a letter first"),
        Naming::Choice => (true, "small letters, digits, `_` and `-`, a letter or digit first"),
        _ => (false, "small letters, digits and single underscores, a letter first"),
    };
    if !is_well_formed(text, naming, hyphens) {
        sink.error(&name.place, format!("`{text}` is no name: expected {form}"));
    } else if text.len() > NAME_LENGTH_MAX {
        sink.error(&name.place, format!("`{text}` is too long: at most {NAME_LENGTH_MAX} characters are allowed"));
    } else if let Some(owner) = owner(text, naming) {
        sink.error(&name.place, format!("`{text}` is reserved: {owner}"));
    }
}

fn is_well_formed(text: &str, naming: Naming, hyphens: bool) -> bool {
    let separator = |c: char| if hyphens { c == '-' || (naming == Naming::Choice && c == '_') } else { c == '_' };
    let first = |c: char| c.is_ascii_lowercase() || (naming == Naming::Choice && c.is_ascii_digit());
    text.starts_with(first)
        && !text.ends_with(separator)
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || separator(c))
        && !["__", "--", "_-", "-_"].iter().any(|pair| text.contains(pair))
}

fn owner(text: &str, naming: Naming) -> Option<&'static str> {
    let taken = |words: &[&str]| words.contains(&text);
    match naming {
        Naming::Type if taken(ENGINE_TABLES) => Some("the engine has a table of this name"),
        Naming::Type if text.ends_with("_v") => Some("names in `_v` are version tables"),
        Naming::Type if text.starts_with("sqlite_") || text.starts_with("pg_") => Some("the database uses it"),
        Naming::Plural if taken(ADDRESSES) => Some("it is an address of its own"),
        Naming::Transition if taken(SUB_ADDRESSES) => Some("it is an address below each record"),
        Naming::Field | Naming::Relation if taken(&crate::SYSTEM_FIELDS) || taken(RECORD_COLUMNS) => {
            Some("every record has it")
        }
        Naming::Column if taken(ROW_COLUMNS) => Some("every line has it"),
        Naming::Field | Naming::Relation | Naming::Column | Naming::Plural if taken(CONDITION_WORDS) => {
            Some("it is a word of the condition language")
        }
        _ => None,
    }
}

/// What people read: `assigned_to` becomes `Assigned to`.
pub(super) fn label(key: &str) -> String {
    let words = key.replace(['_', '-'], " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// `: did you mean …?`, or the known names when there are few, or nothing.
pub(super) fn hint<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    const LISTED_MAX: usize = 24;
    let known: Vec<&str> = known.into_iter().collect();
    let near = known.iter().map(|name| (distance(wrong, name), *name)).min();
    match near {
        Some((steps, name)) if steps <= 1 + wrong.len().min(name.len()) / 4 => format!(": did you mean `{name}`?"),
        Some(_) if known.len() <= LISTED_MAX => format!(": expected one of {}", known.join(", ")),
        _ => String::new(),
    }
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX - 1);
            let replaced = at(&last, j) + usize::from(x != y);
            let mut best = replaced.min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            if i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x) {
                best = best.min(at(&before_last, j - 1) + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_read_as_people_say_them() {
        assert_eq!(label("assigned_to"), "Assigned to");
        assert_eq!(label("mark-duplicate"), "Mark duplicate");
    }

    #[test]
    fn a_slip_of_the_finger_finds_the_word_that_was_meant() {
        for (wrong, right) in [("pirority", "priority"), ("requird", "required"), ("lable", "label"), ("ot", "to")] {
            assert_eq!(hint(wrong, ["priority", "required", "label", "to"]), format!(": did you mean `{right}`?"));
        }
        assert_eq!(hint("colour", ["kind", "to"]), ": expected one of kind, to");
    }
}
