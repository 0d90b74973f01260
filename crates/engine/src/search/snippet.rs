//! The place of a text that shows why a record was found: cut at words, the found ones marked. A text in parts, never
//! markup.

use std::collections::BTreeSet;
use std::ops::Range;

use super::question::{Fit, Question};
use super::texts::Piece;
use super::tokens::{Token, tokens};

/// Bytes shown of a text: about two lines.
const LENGTH: usize = 220;
/// Bytes shown before the first found word.
const LEAD: usize = 60;

/// A stretch of text, and whether it was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marked {
    pub text: String,
    pub is_match: bool,
}

/// A text as it was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snippet {
    /// What it was cut from: a field's label, `Comment`. Empty for a title.
    pub label: String,
    pub parts: Vec<Marked>,
}

/// A text with the words that fit the question.
struct Read<'a> {
    text: &'a str,
    /// Bytes, the term that fits, and how; by place.
    found: Vec<(Range<usize>, usize, Fit)>,
}

impl<'a> Read<'a> {
    fn of(question: &Question, text: &'a str, words: &[Token]) -> Self {
        let mut found = Vec::new();
        for (index, term) in question.terms.iter().enumerate() {
            for (at, fit) in term.places(words) {
                let bytes = words.get(at.start).zip(words.get(at.end - 1));
                found.extend(bytes.map(|(first, last)| (first.at.start..last.at.end, index, fit)));
            }
        }
        found.sort_by_key(|(at, ..)| (at.start, at.end));
        Self { text, found }
    }

    fn terms(&self) -> usize {
        self.found.iter().map(|(_, term, _)| *term).collect::<BTreeSet<_>>().len()
    }

    /// The text between two places, in one line, found words apart.
    fn cut(&self, from: usize, to: usize) -> Vec<Marked> {
        let mut parts: Vec<Marked> = Vec::new();
        let mut at = from;
        let mut push = |range: Range<usize>, is_match: bool| {
            let text = one_line(self.text.get(range).unwrap_or_default());
            match parts.last_mut() {
                _ if text.is_empty() => {}
                Some(last) if last.is_match == is_match => last.text.push_str(&text),
                _ => parts.push(Marked { text, is_match }),
            }
        };
        for (place, ..) in self.found.iter().filter(|(place, ..)| place.start >= from && place.end <= to) {
            push(at..place.start.max(at), false);
            push(place.start.max(at)..place.end.max(at), true);
            at = at.max(place.end);
        }
        push(at..to, false);
        parts
    }
}

/// White space of every kind as one space.
fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if !c.is_whitespace() => out.push(c),
            _ if out.ends_with(' ') => {}
            _ => out.push(' '),
        }
    }
    out
}

/// A title whole, with what was asked for marked.
pub(super) fn title(question: &Question, text: &str) -> Vec<Marked> {
    Read::of(question, text, &tokens(text)).cut(0, text.len())
}

/// Of a record's texts the one that fits best, cut to where it does; `None` where none fits.
pub(super) fn best(question: &Question, pieces: &[Piece]) -> Option<Snippet> {
    let mut best: Option<(usize, &Piece, Vec<Token>)> = None;
    for piece in pieces {
        let words = tokens(&piece.text);
        let terms = Read::of(question, &piece.text, &words).terms();
        if terms > best.as_ref().map_or(0, |(terms, ..)| *terms) {
            best = Some((terms, piece, words));
        }
    }
    let (_, piece, words) = best?;
    let read = Read::of(question, &piece.text, &words);
    let (from, to) = stretch(&read, &words);
    let mut parts = read.cut(from, to);
    if from > 0
        && let Some(first) = parts.first_mut()
    {
        first.text = format!("…{}", first.text.trim_start());
    }
    if to < piece.text.trim_end().len()
        && let Some(last) = parts.last_mut()
    {
        last.text = format!("{}…", last.text.trim_end());
    }
    Some(Snippet { label: piece.label.clone(), parts })
}

/// The stretch with the most different terms, the first of several; it begins and ends at words.
fn stretch(read: &Read<'_>, words: &[Token]) -> (usize, usize) {
    // The first of the best: later ones must be better to win.
    let (mut most, mut start) = (0, 0);
    for (index, (at, ..)) in read.found.iter().enumerate() {
        let inside = read.found.iter().skip(index).take_while(|(other, ..)| other.start <= at.start + LENGTH - LEAD);
        let terms = inside.map(|(_, term, _)| *term).collect::<BTreeSet<_>>().len();
        if terms > most {
            (most, start) = (terms, at.start);
        }
    }
    let whole = read.text.trim_end().len();
    if whole <= LENGTH {
        return (0, whole);
    }
    let earliest = start.saturating_sub(LEAD);
    let from = if earliest == 0 {
        0
    } else {
        words.iter().map(|word| word.at.start).find(|at| *at >= earliest).unwrap_or(start).min(start)
    };
    let fits = |end: &usize| *end <= from + LENGTH;
    let ends = words.iter().filter(|word| word.at.start >= from).map(|word| word.at.end);
    let to = ends.take_while(fits).last().unwrap_or(from);
    // A match longer than the whole stretch is shown to its end.
    let match_end = read.found.iter().find(|(at, ..)| at.start >= start).map_or(to, |(at, ..)| at.end);
    let to = to.max(match_end);
    (from, if from + LENGTH >= whole { whole } else { to })
}

/// The words that fit only because one sign may be wrong, as they stand in the texts.
pub(super) fn near_words(question: &Question, texts: &[&str], into: &mut BTreeSet<(String, String)>) {
    for text in texts {
        for (at, term, fit) in Read::of(question, text, &tokens(text)).found {
            let asked = question.terms.get(term).map(|term| term.words.join("-"));
            if let (Fit::Near, Some(asked), Some(found)) = (fit, asked, text.get(at)) {
                into.insert((asked, found.to_lowercase()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::columns::Part;
    use super::*;

    fn shown(parts: &[Marked]) -> String {
        parts.iter().map(|part| if part.is_match { format!("[{}]", part.text) } else { part.text.clone() }).collect()
    }

    fn best_of(question: &str, texts: &[&str]) -> String {
        let pieces: Vec<Piece> = texts
            .iter()
            .enumerate()
            .map(|(n, text)| Piece { part: Part::Public, label: n.to_string(), text: (*text).into() })
            .collect();
        best(&Question::parse(question).unwrap(), &pieces)
            .map_or_else(String::new, |snippet| format!("{}: {}", snippet.label, shown(&snippet.parts)))
    }

    #[test]
    fn what_was_asked_for_is_marked_as_it_was_written() {
        let title = |question: &str, text: &str| shown(&title(&Question::parse(question).unwrap(), text));
        assert_eq!(title("grosse vpn", "VPN-Größe: vpnx"), "[VPN]-[Größe]: [vpnx]");
        assert_eq!(title("\"mail server\"", "Mail server, mail"), "[Mail server], mail");
        assert_eq!(title("inc-42", "see INC-000042"), "see [INC-000042]");
        assert_eq!(title("无法启动", "服务器无法启动"), "服务器[无法启动]");
        // Found places that overlap are one.
        assert_eq!(title("\"a b\" \"b c\"", "a b c d"), "[a b c] d");
    }

    #[test]
    fn the_text_with_most_of_the_words_is_shown_around_them() {
        assert_eq!(
            best_of("printer jam", &["A printer.", "The\n\nprinter has a\tjam", "jam"]),
            "1: The [printer] has a [jam]"
        );
        let long = format!("{} the VPN drops here {}", "before ".repeat(40), "after ".repeat(60));
        let found = best_of("vpn drops", &[&long]);
        assert!(found.starts_with("0: …before before") && found.contains("the [VPN] [drops] here after"), "{found}");
        assert!(found.ends_with("after…") && found.len() < 260, "{found}");
        assert_eq!(best_of("absent", &["nothing of the kind"]), "");
        assert!(best_of(&"x".repeat(64), &[&"x".repeat(900)]).ends_with(']'), "a word longer than a snippet");
    }

    #[test]
    fn the_first_place_with_most_of_the_words_wins() {
        let long = format!("alpha {} alpha beta {} alpha beta", "x ".repeat(200), "y ".repeat(200));
        let found = best_of("alpha beta", &[&long]);
        assert!(found.contains("x [alpha] [beta] y"), "{found}");
    }
}
