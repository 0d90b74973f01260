//! The files of a model, and what is wrong with them: each problem stands at a file, line and column.

use std::cell::RefCell;

use crate::Place;

/// One TOML file. `path` is relative to the model's root and names the file in messages and in the model's hash.
#[derive(Clone, Debug)]
pub struct SourceFile {
    pub path: String,
    pub text: String,
    /// Whether it belongs to a customer's overlay, which may add and tighten, never loosen.
    pub overlay: bool,
}

/// Everything a model is made of: the core's files, then those of overlays. The caller reads them.
#[derive(Clone, Debug, Default)]
pub struct Source {
    pub(super) files: Vec<SourceFile>,
}

impl Source {
    pub fn core<P: AsRef<str>, T: AsRef<str>>(files: &[(P, T)]) -> Self {
        Self::default().with(files, false)
    }

    /// Adds an overlay's files.
    #[must_use]
    pub fn overlay<P: AsRef<str>, T: AsRef<str>>(self, files: &[(P, T)]) -> Self {
        self.with(files, true)
    }

    fn with<P: AsRef<str>, T: AsRef<str>>(mut self, files: &[(P, T)], overlay: bool) -> Self {
        self.files.extend(files.iter().map(|(path, text)| SourceFile {
            path: path.as_ref().to_owned(),
            text: text.as_ref().to_owned(),
            overlay,
        }));
        self
    }

    pub(super) fn file(&self, path: &str) -> Option<&SourceFile> {
        self.files.iter().find(|file| file.path == path)
    }
}

impl SourceFile {
    /// The place of a byte offset; columns count characters.
    pub(super) fn place(&self, offset: usize) -> Place {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.get(line_start..).map_or(0, |text| text.chars().count()) + 1;
        Place { file: self.path.clone(), line: clamp(line), column: clamp(column) }
    }

    fn offset(&self, place: &Place) -> usize {
        let line = usize::try_from(place.line).unwrap_or(1).saturating_sub(1);
        let line_start: usize = self.text.split_inclusive('\n').take(line).map(str::len).sum();
        let rest = self.text.get(line_start..).unwrap_or_default();
        let column = usize::try_from(place.column).unwrap_or(1).saturating_sub(1);
        line_start + rest.char_indices().nth(column).map_or(rest.len(), |(offset, _)| offset)
    }

    /// The place of byte `offset` of the text that the string literal at `literal` stands for, whichever of TOML's
    /// four quotations it uses.
    pub(super) fn place_in_string(&self, literal: &Place, offset: usize) -> Place {
        let start = self.offset(literal);
        let text = self.text.get(start..).unwrap_or_default();
        let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| text.starts_with(quote)).unwrap_or_default();
        let mut at = quote.len();
        if quote.len() == 3 && text.get(at..).is_some_and(|rest| rest.starts_with('\n')) {
            at += 1;
        }
        let mut decoded = 0;
        // An escaped line break stands for nothing: what follows it is where the text goes on.
        while let Some((raw, plain)) = first_unit(text.get(at..).unwrap_or_default(), quote.starts_with('"')) {
            if decoded >= offset && plain > 0 {
                break;
            }
            at += raw;
            decoded += plain;
        }
        self.place(start + at)
    }
}

/// Bytes that the first character or escape takes in the file, and in the string that it stands for.
fn first_unit(rest: &str, escapes: bool) -> Option<(usize, usize)> {
    let first = rest.chars().next()?;
    if first != '\\' || !escapes {
        return Some((first.len_utf8(), first.len_utf8()));
    }
    let escape = rest.chars().nth(1)?;
    let digits = match escape {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        ' ' | '\t' | '\r' | '\n' => {
            let blank = rest.get(1..)?.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len() - 1);
            return Some((1 + blank, 0));
        }
        _ => return Some((1 + escape.len_utf8(), 1)),
    };
    let code = rest.get(2..2 + digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
    let character = code.and_then(char::from_u32)?;
    Some((2 + digits, character.len_utf8()))
}

fn clamp(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// What is wrong, where, and what was expected instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct LoadError {
    pub place: Place,
    pub message: String,
}

/// Gathers all problems, so that one run of `model check` shows them all.
#[derive(Default)]
pub(super) struct Sink {
    errors: RefCell<Vec<LoadError>>,
    warnings: RefCell<Vec<LoadError>>,
}

impl Sink {
    pub fn error(&self, place: &Place, message: impl Into<String>) {
        self.errors.borrow_mut().push(LoadError { place: place.clone(), message: message.into() });
    }

    pub fn warning(&self, place: &Place, message: impl Into<String>) {
        self.warnings.borrow_mut().push(LoadError { place: place.clone(), message: message.into() });
    }

    pub fn is_clean(&self) -> bool {
        self.errors.borrow().is_empty()
    }

    /// Errors and warnings in the order of the files, each once: a mixin's fault shows in every type that uses it.
    pub fn into_sorted(self) -> (Vec<LoadError>, Vec<LoadError>) {
        (sorted(self.errors.into_inner()), sorted(self.warnings.into_inner()))
    }
}

fn sorted(mut problems: Vec<LoadError>) -> Vec<LoadError> {
    let key = |p: &LoadError| (p.place.file.clone(), p.place.line, p.place.column, p.message.clone());
    problems.sort_by_key(key);
    problems.dedup();
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> SourceFile {
        SourceFile { path: "a.toml".into(), text: text.into(), overlay: false }
    }

    #[test]
    fn columns_count_characters_and_lines_begin_at_one() {
        let place = file("é = 1\nä = 2").place(10);
        assert_eq!((place.line, place.column), (2, 3));
    }

    #[test]
    fn an_offset_in_a_string_is_found_behind_escapes_and_line_breaks() {
        let cases = [
            (r#"x = "a == 'ü' && bad""#, "bad"),
            (r#"x = "a == \"\u00fc\" && bad""#, "bad"),
            ("x = '''\na ==\n bad'''", "bad"),
            ("x = \"\"\"\na == \\\n   bad\"\"\"", "bad"),
        ];
        for (text, word) in cases {
            let document = toml_edit::Document::parse(text).unwrap();
            let plain = document.as_table().get("x").and_then(|item| item.as_str()).unwrap();
            let source = file(text);
            let place = source.place_in_string(&source.place(4), plain.find(word).unwrap());
            assert_eq!(place, source.place(text.find(word).unwrap()), "{text}");
        }
    }
}
