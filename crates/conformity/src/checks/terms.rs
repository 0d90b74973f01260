//! A check's `pass` taken apart for people: its terms as written, and the values that each of them reads.

use model::Model;
use model::condition::{Condition, Formula, Hop, Scope};

use super::load::probe;
use super::{Observed, Term};

/// The terms of a conjunction as texts; of anything else, the whole.
fn split(text: &str) -> Vec<&str> {
    let (mut depth, mut quote, mut start) = (0_i32, None, 0);
    let mut parts = Vec::new();
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if *byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"') => quote = Some(*byte),
            (None, b'(' | b'[' | b'{') => depth += 1,
            (None, b')' | b']' | b'}') => depth -= 1,
            (None, b'?') if depth == 0 => return vec![text],
            (None, b'|') if depth == 0 => return vec![text],
            (None, b'&') if depth == 0 && bytes.get(at + 1) == Some(&b'&') => {
                parts.extend(text.get(start..at));
                start = at + 2;
            }
            _ => {}
        }
    }
    parts.extend(text.get(start..));
    parts.into_iter().map(str::trim).collect()
}

/// The terms with what each reads. Text of an escaped quote that misleads the split leaves the whole as one term.
pub(super) fn terms(pass: &Condition, scope: &Scope<'_>, observed: &[Observed]) -> Vec<Term> {
    let term = |text: &str| {
        let condition = Condition::parse(text, scope).ok()?;
        let names = names(&condition);
        let reads =
            observed.iter().enumerate().filter(|(_, one)| names.contains(&one.name)).map(|(at, _)| at).collect();
        Some(Term { text: text.to_owned(), condition, reads })
    };
    let split: Option<Vec<Term>> = split(pass.text()).into_iter().map(term).collect();
    split.or_else(|| term(pass.text()).map(|whole| vec![whole])).unwrap_or_default()
}

/// Names of what a condition reads of the subject itself and of what its links point at.
fn names(condition: &Condition) -> Vec<String> {
    let mut names = Vec::new();
    for dependency in condition.dependencies().into_iter().filter(|d| !d.everything) {
        let before = match dependency.back.as_slice() {
            [] => String::new(),
            [Hop::Link { field, .. }] => format!("{field}."),
            _ => continue,
        };
        names.extend(dependency.fields.iter().map(|field| format!("{before}{field}")));
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// What `pass` reads, as formulas.
pub(super) fn observed(pass: &Condition, model: &Model, own: &str, prefix: &str, scope: &Scope<'_>) -> Vec<Observed> {
    let mut found = Vec::new();
    for name in names(pass) {
        let Some(probe) = probe(model, own, &name, prefix, scope) else { continue };
        let Some(record_type) = model.get(&probe.record_type) else { continue };
        let field = record_type.field(&probe.name);
        let is_list = field.is_none_or(|field| !field.kind.is_column());
        let path = format!("{prefix}{name}");
        let text = if is_list { format!("size({path})") } else { path };
        let Ok(formula) = Formula::parse(&text, scope) else { continue };
        let relation = record_type.relation(&probe.name);
        let label = field.map(|f| f.label.clone()).or_else(|| relation.map(|r| r.label.clone()));
        found.push(Observed { label: label.unwrap_or_else(|| name.clone()), name, is_list, formula, probe });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_conjunction_falls_into_its_terms() {
        assert_eq!(split("a != null && f(b && c) && d == 'x && y'"), ["a != null", "f(b && c)", "d == 'x && y'"]);
        assert_eq!(split("a && b || c"), ["a && b || c"]);
        assert_eq!(split("a ? b && c : d"), ["a ? b && c : d"]);
    }
}
