//! Words for numbers: the few rules that pages share. `clocks.js` counts durations by the same rule.

/// `45 s`, `18 min`, `1 h 20 min`, `6 h`, `2 d`: at most two units, rounded down. `seconds` is not negative.
pub fn duration(seconds: i64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) if minutes % 60 > 0 => format!("{hours} h {:02} min", minutes % 60),
        (0, hours, _) => format!("{hours} h"),
        (days, hours, _) if days < 3 && hours % 24 > 0 => format!("{days} d {} h", hours % 24),
        (days, _, _) => format!("{days} d"),
    }
}

/// `AR` of Aisha Rahman; one name gives one letter.
pub fn initials(name: &str) -> String {
    let mut firsts = name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = firsts.next();
    let last = firsts.next_back();
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

/// `61,204`.
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `94.4 %` of `part` in `whole`; an empty whole is `–`, never 0 or 100. Rounds down above and up below, so that
/// neither 100 % nor 0 % is claimed while one is missing.
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".into();
    }
    let per_mille = u128::from(part) * 1000 / u128::from(whole);
    match per_mille {
        1000 => "100 %".into(),
        0 if part > 0 => "< 0.1 %".into(),
        0 => "0 %".into(),
        _ => format!("{}.{} %", per_mille / 10, per_mille % 10),
    }
}

/// `1 incident`, `23 incidents`.
pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_say_two_units_at_most() {
        let cases = [
            (0, "0 s"),
            (59, "59 s"),
            (18 * 60, "18 min"),
            (80 * 60, "1 h 20 min"),
            (185 * 60, "3 h 05 min"),
            (6 * 3600, "6 h"),
            (86_400, "1 d"),
            (30 * 3600, "1 d 6 h"),
            (9 * 86_400 + 5 * 3600, "9 d"),
        ];
        for (seconds, said) in cases {
            assert_eq!(duration(seconds), said);
        }
    }

    #[test]
    fn initials_are_those_of_first_and_last_name() {
        assert_eq!(initials("Aisha Rahman"), "AR");
        assert_eq!(initials("Mary Ann van Dyke"), "MD");
        assert_eq!(initials("Network"), "N");
        assert_eq!(initials(""), "");
    }

    #[test]
    fn a_missing_one_is_never_rounded_away() {
        assert_eq!(percent(389, 412), "94.4 %");
        assert_eq!(percent(9_999, 10_000), "99.9 %");
        assert_eq!(percent(1, 10_000), "< 0.1 %");
        assert_eq!(percent(0, 0), "–");
    }

    #[test]
    fn thousands_are_parted() {
        assert_eq!(number(61_204), "61,204");
        assert_eq!(number(1_000_000), "1,000,000");
        assert_eq!(number(7), "7");
        assert_eq!(count(1, "incident", "incidents"), "1 incident");
    }
}
