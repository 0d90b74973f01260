//! Rust text without its comments, and the words in it.

/// The code of a file that is not test code, comments blanked out, line breaks kept.
pub fn code_of(text: &str) -> String {
    let code = without_comments(text);
    // By habit of this house, tests stand at the bottom of a file or in a file of their own.
    match code.find("#[cfg(test)]") {
        Some(tests) if code.get(tests..).is_some_and(|rest| rest.contains("mod tests {")) => code[..tests].to_owned(),
        _ => code,
    }
}

fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let taken = if rest.starts_with("//") {
            out.push('\n');
            rest.find('\n').map_or(rest.len(), |end| end + 1)
        } else if rest.starts_with("/*") {
            let end = rest.find("*/").map_or(rest.len(), |end| end + 2);
            out.extend(rest[..end].matches('\n'));
            end
        } else {
            let end = literal_end(rest).unwrap_or(c.len_utf8());
            out.push_str(&rest[..end]);
            end
        };
        rest = &rest[taken..];
    }
    out
}

/// Where the text or character that begins here ends: comment signs inside it are none.
fn literal_end(rest: &str) -> Option<usize> {
    if let Some(raw) = rest.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let close = format!("\"{}", "#".repeat(hashes));
            let begin = 1 + hashes + 1;
            return Some(rest[begin..].find(&close).map_or(rest.len(), |end| begin + end + close.len()));
        }
    }
    if rest.starts_with("'\"'") || rest.starts_with("'/'") {
        return Some(3);
    }
    if let Some(escaped) = rest.strip_prefix("'\\") {
        // The character after the backslash may be the quote itself.
        return escaped.get(1..)?.find('\'').map(|end| 2 + 1 + end + 1);
    }
    rest.strip_prefix('"')?;
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => (),
        }
    }
    Some(rest.len())
}

/// A word of code or of a text in it.
pub struct Word {
    /// From 1.
    pub line: usize,
    /// In lower case, with underscores between its parts: `RoleAssignment` is `role_assignment`.
    pub word: String,
    /// It stands alone between quotation marks.
    pub quoted: bool,
}

pub fn words(code: &str) -> Vec<Word> {
    let mut found = Vec::new();
    let letter = |c: char| c.is_alphanumeric() || c == '_';
    for (number, line) in code.lines().enumerate() {
        let mut at = 0;
        for word in line.split(|c: char| !letter(c)) {
            if !word.is_empty() {
                let quoted = line[..at].ends_with('"') && line[at + word.len()..].starts_with('"');
                found.push(Word { line: number + 1, word: snake(word), quoted });
            }
            at += word.len() + line[at + word.len()..].chars().next().map_or(0, char::len_utf8);
        }
    }
    found
}

fn snake(word: &str) -> String {
    let mut out = String::new();
    let mut before_lower = false;
    for c in word.chars() {
        if c.is_uppercase() && before_lower {
            out.push('_');
        }
        before_lower = c.is_lowercase() || c.is_numeric();
        out.extend(c.to_lowercase());
    }
    out
}

/// Does a word contain a name as whole parts? `incident_id` contains `incident`, `incidental` does not.
pub fn contains(word: &str, name: &str) -> bool {
    format!("_{word}_").contains(&format!("_{name}_"))
}

#[test]
fn comments_vanish_and_texts_stay() {
    let code = without_comments("a // incident\n\"// kept\" /* one\ntwo */ b r#\"/* kept \" */\"# '\"' // gone");
    assert_eq!(code, "a \n\"// kept\" \n b r#\"/* kept \" */\"# '\"' \n");
}

#[test]
fn names_are_found_as_whole_parts() {
    let found = words("let RoleAssignment =\n get(\"incident\", \"an incident\");");
    let found: Vec<_> = found.iter().map(|one| (one.line, one.word.as_str(), one.quoted)).collect();
    let expected = [
        (1, "let", false),
        (1, "role_assignment", false),
        (2, "get", false),
        (2, "incident", true),
        (2, "an", false),
        (2, "incident", false),
    ];
    assert_eq!(found, expected);
    assert!(contains("incident_id", "incident") && contains("my_role_assignment", "role_assignment"));
    assert!(!contains("incidental", "incident") && !contains("assignment", "role_assignment"));
}
