//! Why something cannot be determined, said once for a reader of a report: what the source lacks in one list, then what
//! nobody stated, then the rest.

/// How the checks say that a field is absent.
const ABSENT: &str = "the source does not say: ";
/// How they say that a term of theirs is unknown.
const UNKNOWN: &str = "cannot be told: ";

/// `why` as the checks give it, for a check with this `pass`; `absent` are the names that the source lacks.
pub(crate) fn plain(why: &str, pass: &str, absent: &[String]) -> String {
    let (mut lacking, mut rest): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let add = |list: &mut Vec<String>, reason: String| {
        if !list.contains(&reason) {
            list.push(reason);
        }
    };
    for reason in why.split("; ") {
        if let Some(label) = reason.strip_prefix(ABSENT) {
            add(&mut lacking, lower(label));
        } else if reason.starts_with(UNKNOWN) {
            let read: Vec<&String> = absent.iter().filter(|name| reads(pass, name)).collect();
            if read.is_empty() {
                add(&mut rest, reason.to_owned());
            }
            read.into_iter().for_each(|name| add(&mut lacking, name.replace('_', " ")));
        } else {
            add(&mut rest, reason.replace(" was not decided then", " was not stated"));
        }
    }
    if !lacking.is_empty() {
        rest.insert(0, format!("the source has no field for {}", lacking.join(", ")));
    }
    rest.join("; ")
}

/// Whether a condition reads a field of this name.
fn reads(condition: &str, name: &str) -> bool {
    condition.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).any(|word| word == name)
}

/// A label within a sentence; an abbreviation stays as it is.
fn lower(label: &str) -> String {
    let mut chars = label.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => first.to_lowercase().chain(chars).collect(),
        _ => label.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn what_the_source_lacks_is_one_list() {
        let why = "the source does not say: Solution; the setting a.b was not decided then; the source does not say: End reason";
        assert_eq!(
            plain(why, "", &[]),
            "the source has no field for solution, end reason; the setting a.b was not stated"
        );
    }

    #[test]
    fn an_unknown_term_is_explained_by_the_absent_fields_that_it_reads() {
        let pass = "incidents.all(i, i.major || i.not_major_decisions.exists(d, d.by != null))";
        let absent = ["major".to_owned(), "not_major_decisions".to_owned(), "solution".to_owned()];
        let why = format!("cannot be told: {pass}");
        assert_eq!(plain(&why, pass, &absent), "the source has no field for major, not major decisions");
        assert_eq!(plain("cannot be told: x == 1", "x == 1", &absent), "cannot be told: x == 1");
    }
}
