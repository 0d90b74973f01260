//! Words of a text, as both databases index them and as questions ask for them: Unicode words (UAX 29), split once
//! more at every sign inside them and between letters and digits, and folded.
//!
//! So `INC-000042`, `inc42` and `INC 42` are the same two words, and whatever has signs inside (addresses, hosts,
//! versions) is found whole, as a phrase of its parts, and by each part. Words of scripts without spaces are single
//! signs; a run of them is asked for as a phrase too.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation as _;

/// Raised when the same text gives other words than before: the index is then built anew.
pub(super) const VERSION: u32 = 1;

/// Letters kept of one word: what is longer is no word of a language but a key or coded bytes, and is found by its
/// beginning.
const LETTERS_MAX: usize = 64;

/// A word and the bytes of the text where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub word: String,
    pub at: Range<usize>,
}

/// The words of a text, in order.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    for (start, piece) in text.unicode_word_indices() {
        for (at, run) in runs(piece) {
            let word = folded(run);
            if !word.is_empty() {
                found.push(Token { word, at: start + at..start + at + run.len() });
            }
        }
    }
    found
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Letter,
    Digit,
    /// Stays with whatever it follows: marks, soft hyphens, joiners.
    Follows,
    Sign,
}

fn class(c: char) -> Class {
    match c {
        _ if c.is_alphabetic() => Class::Letter,
        _ if c.is_numeric() => Class::Digit,
        '\u{ad}' | '\u{200c}' | '\u{200d}' | '\u{2060}' => Class::Follows,
        _ if is_combining_mark(c) => Class::Follows,
        _ => Class::Sign,
    }
}

/// Runs of letters or of digits, with the byte at which each begins.
fn runs(piece: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, Class)> = None;
    let ends = piece.char_indices().map(|(at, c)| (at, class(c))).chain([(piece.len(), Class::Sign)]);
    for (at, class) in ends {
        match open {
            Some((_, running)) if class == running || class == Class::Follows => {}
            Some((start, _)) => {
                found.extend(piece.get(start..at).map(|run| (start, run)));
                open = (class != Class::Sign).then_some((at, class));
            }
            None => open = matches!(class, Class::Letter | Class::Digit).then_some((at, class)),
        }
    }
    found
}

/// Small letters without marks; digits without the zeros before them.
fn folded(run: &str) -> String {
    let mut word = if run.is_ascii() { run.to_ascii_lowercase() } else { unmarked(run) };
    if word.len() > LETTERS_MAX
        && let Some((end, _)) = word.char_indices().nth(LETTERS_MAX)
    {
        word.truncate(end);
    }
    if word.starts_with('0') {
        let digits = word.trim_start_matches('0');
        return if digits.is_empty() { "0" } else { digits }.to_owned();
    }
    word
}

/// Compatible forms taken apart, marks dropped where they do not make another letter in the eyes of most writers, and
/// what is left put together again, so that Korean and Japanese signs stay whole.
fn unmarked(run: &str) -> String {
    let mut word = String::with_capacity(run.len());
    for c in run.nfkd().flat_map(char::to_lowercase) {
        match c {
            // Latin, Greek and Cyrillic marks; points of Hebrew; vowel signs of Arabic.
            '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{64b}'..='\u{65f}' | '\u{670}' => {}
            'ß' => word.push_str("ss"),
            'æ' => word.push_str("ae"),
            'œ' => word.push_str("oe"),
            'þ' => word.push_str("th"),
            'ø' => word.push('o'),
            'ł' => word.push('l'),
            'đ' | 'ð' => word.push('d'),
            'ħ' => word.push('h'),
            'ı' => word.push('i'),
            'ς' => word.push('σ'),
            // A compatible form may hold signs and spaces: none of them belongs to a word.
            _ if c.is_alphanumeric() || is_combining_mark(c) => word.push(c),
            _ => {}
        }
    }
    word.nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::tokens;

    fn words(text: &str) -> String {
        tokens(text).into_iter().map(|token| token.word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn texts_are_cut_into_folded_words() {
        let cases = [
            ("The VPN drops.", "the vpn drops"),
            // Numbers of ours and of others, whole and in parts.
            ("INC-000042", "inc 42"),
            ("inc42 INC 42", "inc 42 inc 42"),
            ("INC0000045", "inc 45"),
            ("000", "0"),
            ("anna.schmidt@mail.example.org", "anna schmidt mail example org"),
            ("srv01.dc-2.example.org:8443", "srv 1 dc 2 example org 8443"),
            ("10.0.0.1 v2.14.0-rc3", "10 0 0 1 v 2 14 0 rc 3"),
            ("disk_full=true C:\\Temp\\a.log", "disk full true c temp a log"),
            ("0x80070005", "0 x 80070005"),
            // German, French, Polish, Turkish, Danish, Greek, Cyrillic.
            ("Größe der Straße, Übergröße", "grosse der strasse ubergrosse"),
            ("l'imprimante n’est pas prête", "l imprimante n est pas prete"),
            ("Zażółć gęślą jaźń, ŁÓDŹ", "zazolc gesla jazn lodz"),
            ("İstanbul ısı", "istanbul isi"),
            ("Ærøskøbing", "aeroskobing"),
            ("ΟΔΥΣΣΕΎΣ Οδυσσεύς", "οδυσσευσ οδυσσευσ"),
            ("Ещё один", "еще один"),
            // Taken apart and put together, wide and joined forms.
            ("cafe\u{301} café", "cafe cafe"),
            ("ＶＰＮ ﬁle", "vpn file"),
            ("Dru\u{ad}cker", "drucker"),
            // Scripts without spaces; Korean keeps its syllables, Japanese its voiced signs.
            ("服务器无法启动", "服 务 器 无 法 启 动"),
            ("プリンター", "プリンター"),
            ("서버가 다운", "서버가 다운"),
            ("", ""),
            ("\0 \" ' * ( ) : - \u{2029} 🖨", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn a_word_says_where_it_stands() {
        let text = "Die Größe: INC-007";
        let found: Vec<_> = tokens(text).into_iter().map(|token| (token.word, &text[token.at])).collect();
        let expected = [("die", "Die"), ("grosse", "Größe"), ("inc", "INC"), ("7", "007")];
        assert_eq!(found, expected.map(|(word, at)| (word.to_owned(), at)));
    }

    #[test]
    fn no_word_holds_a_sign_a_space_or_more_than_64_letters() {
        let mut text: String = (0..0x3_0000).filter_map(char::from_u32).collect();
        text.push_str(&"é".repeat(500));
        for token in tokens(&text) {
            assert!(token.word.chars().count() <= 64 && !token.word.is_empty(), "{token:?}");
            let fits = |c: char| c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c);
            assert!(token.word.chars().all(fits), "{token:?}");
        }
    }
}
