//! Facets as part of the filter's own text: choosing one adds a term such as `state in ['new', 'assigned']`, so that
//! the line says what the boxes say, and an address holds one condition.

use std::collections::BTreeSet;

/// The chosen values of one field: as written in a condition, `null` among them.
pub type Chosen = BTreeSet<String>;

const AND: &str = " && ";

/// The values of `key` that a filter has as a term of its own.
pub fn chosen(filter: &str, key: &str) -> Chosen {
    split(filter).into_iter().find_map(|term| read(term, key)).unwrap_or_default()
}

/// The filter with one value of `key` added, or dropped where it is there.
pub fn toggled(filter: &str, key: &str, value: &str) -> String {
    let mut values = chosen(filter, key);
    if !values.remove(value) {
        values.insert(value.to_owned());
    }
    let term = (!values.is_empty()).then(|| write(key, &values));
    let rest = split(filter).into_iter().filter(|term| read(term, key).is_none());
    let rest = rest.map(|term| if loose_or(term) { format!("({term})") } else { term.to_owned() });
    rest.chain(term).collect::<Vec<_>>().join(AND)
}

/// The filter without what is chosen of `key`: against it the values of the facet are counted.
pub fn without(filter: &str, key: &str) -> String {
    split(filter).into_iter().filter(|term| read(term, key).is_none()).collect::<Vec<_>>().join(AND)
}

/// Two conditions as one; an empty one asks nothing.
pub fn both(a: &str, b: &str) -> String {
    match (a.trim(), b.trim()) {
        ("", b) => b.to_owned(),
        (a, "") => a.to_owned(),
        (a, b) => format!("({a}) && ({b})"),
    }
}

/// A text as a constant of the condition language.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

fn write(key: &str, values: &Chosen) -> String {
    let some: Vec<&str> = values.iter().map(String::as_str).filter(|value| *value != "null").collect();
    let listed = format!("{key} in [{}]", some.join(", "));
    match (some.as_slice(), values.contains("null")) {
        ([], _) => format!("{key} == null"),
        ([one], false) => format!("{key} == {one}"),
        (_, false) => listed,
        ([one], true) => format!("({key} == {one} || {key} == null)"),
        (_, true) => format!("({listed} || {key} == null)"),
    }
}

fn read(term: &str, key: &str) -> Option<Chosen> {
    let term = term.trim();
    if let Some(either) = term.strip_prefix('(').and_then(|term| term.strip_suffix(')')) {
        let first = either.strip_suffix(&format!(" || {key} == null"))?;
        let mut values = read(first, key)?;
        values.insert("null".to_owned());
        return Some(values);
    }
    let rest = term.strip_prefix(key)?;
    if let Some(one) = rest.strip_prefix(" == ") {
        return is_constant(one).then(|| std::iter::once(one.to_owned()).collect());
    }
    let list = rest.strip_prefix(" in [")?.strip_suffix(']')?;
    let values: Vec<&str> = list.split(", ").collect();
    values.iter().all(|value| is_constant(value)).then(|| values.into_iter().map(str::to_owned).collect())
}

/// What we write ourselves: a whole number, `true`, `false`, `null`, or a quoted text of plain characters.
fn is_constant(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == '.';
    let inner = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')).unwrap_or(text);
    !inner.is_empty() && inner.chars().all(plain)
}

/// The terms that are joined by `&&` outside of quotes and brackets.
fn split(filter: &str) -> Vec<&str> {
    let (mut depth, mut quote, mut begin) = (0_i32, None, 0);
    let mut terms = Vec::new();
    let mut chars = filter.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (Some(_), '\\') => drop(chars.next()),
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, '&') if depth == 0 && filter.get(at..).is_some_and(|rest| rest.starts_with("&&")) => {
                terms.push(filter.get(begin..at).unwrap_or_default().trim());
                begin = at + 2;
                chars.next();
            }
            _ => {}
        }
    }
    terms.push(filter.get(begin..).unwrap_or_default().trim());
    // An `||` outside of brackets binds weaker than the `&&` around it: nothing may be taken apart then.
    if terms.iter().any(|term| loose_or(term)) {
        return std::iter::once(filter.trim()).collect();
    }
    terms.retain(|term| !term.is_empty());
    terms
}

fn loose_or(term: &str) -> bool {
    let (mut depth, mut quote) = (0_i32, None);
    let mut chars = term.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (Some(_), '\\') => drop(chars.next()),
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, '|' | '?')
                if depth == 0 && term.get(at..).is_some_and(|rest| rest.starts_with("||") || c == '?') =>
            {
                return true;
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{chosen, toggled, without};

    #[test]
    fn choosing_adds_to_the_text_and_choosing_again_takes_it_out() {
        let one = toggled("", "state", "'new'");
        assert_eq!(one, "state == 'new'");
        let two = toggled(&one, "state", "'assigned'");
        assert_eq!(two, "state in ['assigned', 'new']");
        let none = toggled(&two, "state", "null");
        assert_eq!(none, "(state in ['assigned', 'new'] || state == null)");
        assert_eq!(chosen(&none, "state").len(), 3);
        assert_eq!(toggled(&toggled(&none, "state", "null"), "state", "'new'"), "state == 'assigned'");
    }

    #[test]
    fn what_somebody_typed_stays() {
        let typed = "title.contains('a && b') && priority <= 2";
        let both = toggled(typed, "state", "'new'");
        assert_eq!(both, "title.contains('a && b') && priority <= 2 && state == 'new'");
        assert_eq!(without(&both, "state"), typed);
        assert!(chosen("priority <= 2", "priority").is_empty());
    }

    #[test]
    fn a_loose_or_is_not_taken_apart() {
        let typed = "state == 'new' || major && state == 'assigned'";
        assert!(chosen(typed, "state").is_empty());
        let more = toggled(typed, "team", "null");
        assert_eq!(more, format!("({typed}) && team == null"));
        assert_eq!(toggled(&more, "team", "null"), format!("({typed})"));
    }
}
