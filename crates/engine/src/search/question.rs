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
    /// The one word may be one letter off.
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
                terms.extend(term(part, false));
                continue;
            }
            terms.extend(part.split_whitespace().filter_map(|chunk| term(chunk, chunk.ends_with('*'))));
        }
        // Whoever types has perhaps not come to the end of the last word; a phrase was closed, or will be.
        let quoted = text.split(['"', '“', '”', '„']).next_back().is_none_or(|rest| rest.trim().is_empty());
        if let Some(last) = terms.last_mut().filter(|_| !quoted) {
            last.begins = may_begin(&last.words);
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

    /// The same question, each single word of four or more letters being allowed one wrong letter. `None` where no
    /// word qualifies, or too many do.
    pub fn nearly(&self) -> Option<Self> {
        let fits = |term: &Term| matches!(term.words.as_slice(), [word] if near::qualifies(word));
        let count = self.terms.iter().filter(|term| fits(term)).count();
        let nearly = self.terms.iter().map(|term| Term { near: fits(term), ..term.clone() });
        (1..=NEAR_MAX).contains(&count).then(|| Self { terms: nearly.collect() })
    }

    pub fn is_near(&self) -> bool {
        self.terms.iter().any(|term| term.near)
    }
}

fn term(text: &str, begins: bool) -> Option<Term> {
    let words: Vec<String> = tokens(text).into_iter().map(|token| token.word).collect();
    let begins = begins && may_begin(&words);
    (!words.is_empty()).then_some(Term { words, begins, near: false })
}

fn may_begin(words: &[String]) -> bool {
    words.last().is_some_and(|word| word.len() >= BEGINNING_MIN)
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
    /// Each place where a text has this, as a range of its tokens.
    pub fn places<'a>(&'a self, text: &'a [Token]) -> impl Iterator<Item = (Range<usize>, Fit)> + 'a {
        let length = self.words.len();
        text.windows(length).enumerate().filter_map(move |(at, words)| Some((at..at + length, self.fit(words)?)))
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
            word if self.near && near::within_one(last, word) => Some(Fit::Near),
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
            ("\"not closed yet", "[not closed yet]*"),
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
        assert_eq!(places("\"the printer"), [(0, Fit::Whole), (3, Fit::Begins)]);
        assert_eq!(places("jamming"), []);
    }

    #[test]
    fn only_single_words_of_four_letters_may_be_one_letter_off() {
        let nearly = |text: &str| Question::parse(text).unwrap().nearly();
        let near = |text: &str| nearly(text).unwrap().terms.iter().map(|term| term.near).collect::<Vec<_>>();
        assert_eq!(near("printer vpn \"mail server\" inc-4211"), [true, false, false, false]);
        assert_eq!(nearly("vpn 4711 服务器"), None);
        assert_eq!(nearly("each of these words would make some hundred spellings"), None);
        let text = tokens("Pirnter, prnter, printter, frinter, prater");
        let term = nearly("printer").unwrap().terms.remove(0);
        assert_eq!(term.places(&text).map(|(at, _)| at.start).collect::<Vec<_>>(), [0, 1, 2, 3]);
    }
}
