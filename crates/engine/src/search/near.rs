//! Words one sign off: a letter left out, put in, changed, or two neighbours swapped (Damerau and Levenshtein's
//! distance of one); written apart, or as one (`wifi` and Wi-Fi).
//!
//! Spellings are made up, not looked up: which words other people's records hold plays no part, so a correction tells
//! nobody of a word that he may not see, and no list of all words has to be kept.

/// Letters that a word must have: of shorter ones too many are neighbours.
const LETTERS_MIN: usize = 4;
/// Beyond this, what looks like a word is a key, and its spellings would be too many.
const LETTERS_MAX: usize = 24;

/// The letters of the script that a word is written in; `None` where it mixes scripts or is in one without an
/// alphabet that is known here.
fn alphabet(word: &str) -> Option<std::ops::RangeInclusive<char>> {
    let scripts = ['a'..='z', 'а'..='я', 'α'..='ω'];
    scripts.into_iter().find(|script| word.chars().all(|c| script.contains(&c)))
}

/// Whether other spellings of the word are tried.
pub(super) fn qualifies(word: &str) -> bool {
    (LETTERS_MIN..=LETTERS_MAX).contains(&word.chars().count()) && alphabet(word).is_some()
}

/// The word in two parts, at each place.
pub(super) fn apart(word: &str) -> impl Iterator<Item = (&str, &str)> {
    word.char_indices().skip(1).filter_map(|(at, _)| word.split_at_checked(at))
}

/// All words that are one letter off, and the word itself.
pub(super) fn spellings(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    let mut found = Vec::new();
    for at in 0..=letters.len() {
        let (before, after) = letters.split_at(at);
        let with =
            |middle: &[char], after: &[char]| -> String { [before, middle, after].concat().into_iter().collect() };
        if let [first, rest @ ..] = after {
            found.push(with(&[], rest));
            if let [second, rest @ ..] = rest {
                found.push(with(&[*second, *first], rest));
            }
        }
        for letter in alphabet(word).into_iter().flatten() {
            found.push(with(&[letter], after));
            if let [_, rest @ ..] = after {
                found.push(with(&[letter], rest));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Whether two words are the same or one letter off.
pub(super) fn within_one(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (short, long) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    if long.len() - short.len() > 1 {
        return false;
    }
    // What both have at the beginning and at the end does not matter; what is between decides.
    let begin = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let (short, long) = (short.get(begin..).unwrap_or_default(), long.get(begin..).unwrap_or_default());
    let end = short.iter().rev().zip(long.iter().rev()).take_while(|(a, b)| a == b).count();
    let middle = |letters: &[char]| letters.get(..letters.len() - end).unwrap_or_default().to_vec();
    match (middle(short).as_slice(), middle(long).as_slice()) {
        ([] | [_], [] | [_]) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_are_all_words_within_one_letter_of_the_alphabet() {
        // Every word of up to five of four letters, against the definition by brute force.
        let letters = ['a', 'b', 'c', 'd'];
        let mut words = vec![String::new()];
        let mut last = words.clone();
        for _ in 0..5 {
            last = last.iter().flat_map(|word| letters.iter().map(move |c| format!("{word}{c}"))).collect();
            words.extend(last.clone());
        }
        for asked in ["abcd", "aabb", "dddd"] {
            let made = spellings(asked);
            for word in &words {
                assert_eq!(made.contains(word), distance(asked, word) <= 1, "{asked} {word}");
                assert_eq!(within_one(asked, word), distance(asked, word) <= 1, "{asked} {word}");
            }
        }
    }

    /// The textbook's table: optimal string alignment.
    fn distance(a: &str, b: &str) -> usize {
        let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
        let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                table[i][j] = if i == 0 || j == 0 {
                    i + j
                } else {
                    let change = table[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                    let swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                    let best = change.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
                    if swap { best.min(table[i - 2][j - 2] + 1) } else { best }
                };
            }
        }
        table[a.len()][b.len()]
    }

    #[test]
    fn words_of_digits_mixed_scripts_and_few_letters_have_no_other_spellings() {
        for (word, expected) in
            [("mail", true), ("vpn", false), ("4711", false), ("почта", true), ("αρχειο", true), ("mаil", false)]
        {
            assert_eq!(qualifies(word), expected, "{word}");
        }
        assert!(!qualifies(&"a".repeat(25)));
    }
}
