//! What somebody asks for: words that must all be there, phrases in quotes, beginnings (`word*`, and the last word).
//! Nothing else is an operator; any text is a question or is refused with the reason.

use std::collections::BTreeSet;
use std::ops::Range;

use super::near;
use super::tokens::{Token, tokens};
use crate::refusal::{Error, Refusal};

/// Longest text in bytes.
pub const TEXT_MAX: usize = 4096;
/// Most words of one question. A pasted error message fits; more would only cost.
const WORDS_MAX: usize = 64;
/// Bytes that a beginning needs: three Latin letters, one sign of Chinese. A shorter one begins too many words to be
/// walked, and is taken as a whole word.
const BEGINNING_MIN: usize = 3;
/// Words that may stand one letter off at once; each is asked for in some hundred spellings.
const NEAR_MAX: usize = 4;

/// One word, or several in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    pub words: Vec<String>,
    /// The last word may go on.
    pub begins: bool,
    /// Stood in quotes: neither a beginning nor anything near.
    pub quoted: bool,
    /// The word, or the two written as one, may be one sign off.
    pub near: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub terms: Vec<Term>,
}

impl Question {
    /// Reads a question; refused where it is too long, or holds no word at all.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > TEXT_MAX {
            return Err(bad(format!("the search text has {} bytes: expected at most {TEXT_MAX}", text.len())));
        }
        let mut terms = Vec::new();
        for (index, part) in text.split(['"', '“', '”', '„']).enumerate() {
            if index % 2 == 1 {
                terms.extend(Term::read(part, true));
            } else {
                terms.extend(part.split_whitespace().filter_map(|chunk| Term::read(chunk, false)));
            }
        }
        // Whoever types has perhaps not come to the end of the last word.
        if let Some(last) = terms.last_mut().filter(|last| !last.quoted) {
            last.begins = last.may_begin();
        }
        let mut seen = BTreeSet::new();
        terms.retain(|term: &Term| seen.insert((term.words.clone(), term.begins)));
        let words: usize = terms.iter().map(|term| term.words.len()).sum();
        match words {
            0 => Err(bad("expected words to search for: letters or digits".to_owned())),
            1..=WORDS_MAX => Ok(Self { terms }),
            _ => Err(bad(format!("the search text has {words} words: expected at most {WORDS_MAX}"))),
        }
    }

    /// The same question, each word of four or more letters being allowed one wrong sign. `None` where no word
    /// qualifies, or too many do.
    pub fn nearly(&self) -> Option<Self> {
        let fits = |term: &Term| !term.quoted && term.words.len() <= 2 && near::qualifies(&term.words.concat());
        let count = self.terms.iter().filter(|term| fits(term)).count();
        let nearly = self.terms.iter().map(|term| Term { near: fits(term), ..term.clone() });
        (1..=NEAR_MAX).contains(&count).then(|| Self { terms: nearly.collect() })
    }

    pub fn is_near(&self) -> bool {
        self.terms.iter().any(|term| term.near)
    }
}

fn bad(message: String) -> Error {
    Refusal::BadQuery(message).into()
}

/// How well a place of a text fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    Near,
    Begins,
    Whole,
}

impl Term {
    fn read(text: &str, quoted: bool) -> Option<Self> {
        let words: Vec<String> = tokens(text).into_iter().map(|token| token.word).collect();
        let term = Self { words, begins: false, quoted, near: false };
        let begins = !quoted && text.ends_with('*') && term.may_begin();
        (!term.words.is_empty()).then_some(Self { begins, ..term })
    }

    fn may_begin(&self) -> bool {
        self.words.last().is_some_and(|word| word.len() >= BEGINNING_MIN)
    }

    /// Other words, or words in a row, that this may stand for.
    pub fn spellings(&self) -> Vec<Vec<String>> {
        match self.words.as_slice() {
            [word] if self.near => {
                let apart = near::apart(word).map(|(first, second)| vec![first.to_owned(), second.to_owned()]);
                near::spellings(word).into_iter().map(|word| vec![word]).chain(apart).collect()
            }
            [first, second] if self.near => vec![vec![format!("{first}{second}")]],
            _ => Vec::new(),
        }
    }

    /// Each place where a text has this, as a range of its tokens.
    pub fn places<'a>(&'a self, text: &'a [Token]) -> impl Iterator<Item = (Range<usize>, Fit)> + 'a {
        let length = self.words.len();
        let as_typed = text.windows(length).enumerate();
        let as_typed = as_typed.filter_map(move |(at, words)| Some((at..at + length, self.fit(words)?)));
        // Written apart, or as one.
        let other = if self.near { 3 - length } else { text.len() + 1 };
        let others = text.windows(other).enumerate().filter(|(_, words)| self.is_same_letters(words));
        as_typed.chain(others.map(move |(at, _)| (at..at + other, Fit::Near)))
    }

    fn is_same_letters(&self, found: &[Token]) -> bool {
        found.iter().flat_map(|token| token.word.chars()).eq(self.words.iter().flat_map(|word| word.chars()))
    }

    fn fit(&self, found: &[Token]) -> Option<Fit> {
        let (last, before) = self.words.split_last()?;
        let (found_last, found_before) = found.split_last()?;
        if !before.iter().zip(found_before).all(|(word, token)| *word == token.word) {
            return None;
        }
        match &found_last.word {
            word if word == last => Some(Fit::Whole),
            word if self.begins && word.starts_with(last.as_str()) => Some(Fit::Begins),
            word if self.near && before.is_empty() && near::within_one(last, word) => Some(Fit::Near),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let said = |term: &Term| {
            let words = term.words.join(" ");
            let words = if term.words.len() > 1 { format!("[{words}]") } else { words };
            if term.begins { words + "*" } else { words }
        };
        Question::parse(text).map_or_else(
            |error| format!("{error}"),
            |question| question.terms.iter().map(said).collect::<Vec<_>>().join(" "),
        )
    }

    #[test]
    fn questions_are_words_phrases_and_beginnings() {
        let cases = [
            ("VPN drops", "vpn drops*"),
            ("vpn* drops ", "vpn* drops*"),
            ("\"VPN drops\" again", "[vpn drops] again*"),
            ("again \"VPN drops\"", "again [vpn drops]"),
            ("„VPN fällt“ aus", "[vpn fallt] aus*"),
            ("\"not closed yet", "[not closed yet]"),
            ("inc-42", "[inc 42]"),
            ("mail.example.org", "[mail example org]*"),
            ("ab* a*", "ab a"),
            ("服务器", "[服 务 器]*"),
            ("a AND b OR NOT c NEAR(d) title:e", "a and b or not c [near d] [title e]"),
            ("same same", "same same*"),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_question_is_refused_with_the_reason() {
        assert!(read("").contains("expected words"));
        assert!(read("\0 ' \" ( * ").contains("expected words"));
        assert!(read(&"x ".repeat(3000)).contains("expected at most 4096"));
        let many: Vec<String> = (0..65).map(|n| n.to_string()).collect();
        assert!(read(&many.join(" ")).contains("65 words"));
    }

    #[test]
    fn a_phrase_stands_in_a_row_and_its_last_word_may_go_on() {
        let text = tokens("The printer jams; the Printers jam. Printing jams.");
        let places = |asked: &str| {
            let question = Question::parse(asked).unwrap();
            let term = question.terms.first().unwrap().clone();
            term.places(&text).map(|(at, fit)| (at.start, fit)).collect::<Vec<_>>()
        };
        assert_eq!(places("print"), [(1, Fit::Begins), (4, Fit::Begins), (6, Fit::Begins)]);
        assert_eq!(places("printer"), [(1, Fit::Whole), (4, Fit::Begins)]);
        assert_eq!(places("\"printer jams\""), [(1, Fit::Whole)]);
        assert_eq!(places("the-printer"), [(0, Fit::Whole), (3, Fit::Begins)]);
        assert_eq!(places("jamming"), []);
    }

    #[test]
    fn only_words_of_four_letters_may_be_one_sign_off() {
        let nearly = |text: &str| Question::parse(text).unwrap().nearly();
        let near = |text: &str| nearly(text).unwrap().terms.iter().map(|term| term.near).collect::<Vec<_>>();
        assert_eq!(near("printer vpn \"mail server\" inc-4211 wi-fi"), [true, false, false, false, true]);
        assert_eq!(nearly("vpn 4711 服务器"), None);
        assert_eq!(nearly("each of these words would make some hundred spellings"), None);
        let text = tokens("Pirnter, prnter, printter, frinter, prater");
        let term = nearly("printer").unwrap().terms.remove(0);
        assert_eq!(term.places(&text).map(|(at, _)| at.start).collect::<Vec<_>>(), [0, 1, 2, 3]);
        let text = tokens("Wi-Fi wifi wi, fi, wif fi");
        for (asked, expected) in
            [("wifi", vec![(2, 3), (5, 6), (0, 2), (3, 5)]), ("wi-fi", vec![(0, 2), (3, 5), (2, 3)])]
        {
            let term = nearly(asked).unwrap().terms.remove(0);
            let places: Vec<_> = term.places(&text).map(|(at, _)| (at.start, at.end)).collect();
            assert_eq!(places, expected, "{asked}");
        }
    }
}
