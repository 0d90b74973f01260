//! Finding records as people name them: by the beginning of a title. Numbers and external numbers have their own ways
//! ([`crate::find`], [`super::changes::by_external_key`]).

use std::collections::BTreeSet;

use model::Model;
use store::{Fault, Param, Session};

use super::names::Named;
use crate::principal::Principal;

/// A character beyond every other: what begins with a text sorts before the text and this.
const LAST: char = '\u{10FFFF}';
/// Rows of one type read for one spelling, before those that the reader may not see are left out.
const ROWS_MAX: usize = 100;

/// Records of these types whose title begins with the text, as typed or with another case of its first letter or of
/// all; at most `most` of each type, by title.
pub fn by_title(
    session: &mut dyn Session,
    model: &Model,
    principal: &Principal,
    types: &[&str],
    text: &str,
    most: usize,
) -> Result<Vec<Named>, Fault> {
    let mut found = Vec::new();
    for name in types {
        let Some(record_type) = model.get(name).filter(|t| principal.may_read(t)) else { continue };
        // A title that this reader may not see must not be found by it either.
        if principal.hidden(record_type).contains(&record_type.title_slot()) {
            continue;
        }
        let scopes = principal.scopes_for(record_type);
        let mut seen = BTreeSet::new();
        for spelling in spellings(text) {
            let beyond = format!("{spelling}{LAST}");
            let sql = format!(
                "SELECT id, number, title, scope FROM record WHERE type = ? AND title >= ? AND title < ? ORDER BY title LIMIT {ROWS_MAX}"
            );
            let params = [Param::Text(name), Param::Text(&spelling), Param::Text(&beyond)];
            session.query(&sql, &params, &mut |row| {
                let (id, scope) = (row.need_int(0)?, row.int(3)?);
                let visible = scopes.is_none_or(|scopes| scope.is_some_and(|scope| scopes.contains(&scope)));
                if visible && seen.len() < most && seen.insert(id) {
                    let number = row.need_text(1)?.to_owned();
                    let title = row.text(2)?.unwrap_or(&number).to_owned();
                    found.push(Named { id, record_type: (*name).to_owned(), number, name: title });
                }
                Ok(())
            })?;
        }
    }
    Ok(found)
}

/// The text as typed, in small letters, with a capital first, and in capitals.
fn spellings(text: &str) -> BTreeSet<String> {
    let text = text.trim();
    if text.is_empty() {
        return BTreeSet::new();
    }
    let mut chars = text.chars();
    let capital: String = chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect();
    [text.to_owned(), text.to_lowercase(), capital, text.to_uppercase()].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::spellings;

    #[test]
    fn the_case_of_the_first_letter_does_not_matter() {
        let found = spellings("vpn drops");
        assert!(found.contains("Vpn drops") && found.contains("vpn drops") && found.contains("VPN DROPS"));
        assert!(spellings("  ").is_empty());
    }
}
