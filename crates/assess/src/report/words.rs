//! Words for numbers, days and statuses.

use conformity::{CheckStatus, Status};

/// `61,204`.
pub(super) fn number(n: u64) -> String {
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

/// `1 incident`, `23 incidents`.
pub(super) fn count(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

/// `94.4 %`; of nothing `–`. Never rounds a missing one away, nor an only one.
pub(super) fn percent(part: u64, whole: u64) -> String {
    let Some(per_mille) = (u128::from(part) * 1000).checked_div(u128::from(whole)) else { return "–".to_owned() };
    match per_mille {
        1000 => "100 %".to_owned(),
        0 if part > 0 => "< 0.1 %".to_owned(),
        0 => "0 %".to_owned(),
        _ => format!("{}.{} %", per_mille / 10, per_mille % 10),
    }
}

/// `29 February 2016` of `2016-02-29…`; the text itself where it is no date.
pub(super) fn day(text: &str) -> String {
    let date = text.get(..10).and_then(|date| date.parse::<jiff::civil::Date>().ok());
    date.map_or_else(|| text.to_owned(), |date| format!("{} {} {}", date.day(), month(date.month()), date.year()))
}

/// `29 February 2016, 01:23 UTC` of an RFC 3339 instant.
pub(super) fn instant(text: &str) -> String {
    match (text.get(11..16), text.ends_with('Z')) {
        (Some(time), true) => format!("{}, {time} UTC", day(text)),
        _ => text.to_owned(),
    }
}

fn month(month: i8) -> &'static str {
    match month {
        1 => "January",
        2 => "February",
        3 => "March",
        4 => "April",
        5 => "May",
        6 => "June",
        7 => "July",
        8 => "August",
        9 => "September",
        10 => "October",
        11 => "November",
        _ => "December",
    }
}

/// Shape, and word.
pub(super) fn of_status(status: Status) -> (Mark, &'static str) {
    match status {
        Status::Conforming => (Mark::Ok, "Conforms"),
        Status::NilStated => (Mark::Ok, "Nothing of the kind, stated"),
        Status::EvidenceComplete => (Mark::Due, "Evidence complete, judgement due"),
        Status::Partly => (Mark::Warn, "Partly"),
        Status::EvidenceMissing => (Mark::Warn, "Evidence missing"),
        Status::NotConforming => (Mark::Bad, "Does not conform"),
        Status::NotDeterminable => (Mark::None, "Not determinable"),
        Status::NoEvidence => (Mark::None, "No evidence"),
        Status::NotAssessed => (Mark::None, "Not assessed"),
    }
}

pub(super) fn of_check(status: CheckStatus) -> &'static str {
    match status {
        CheckStatus::Pass => "All pass",
        CheckStatus::Fail => "Has exceptions",
        CheckStatus::NotDeterminable => "Not determinable",
        CheckStatus::NoEvidence => "No evidence",
        CheckStatus::NilStated => "Nothing of the kind, stated",
    }
}

/// Shape first, then colour, then a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Ok,
    Due,
    Warn,
    Bad,
    None,
}

impl Mark {
    /// Of a symbol in the page, and of the class that colours it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Due => "due",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::None => "none",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_only_exception_is_never_rounded_away() {
        assert_eq!(percent(24_911, 24_918), "99.9 %");
        assert_eq!(percent(1, 24_918), "< 0.1 %");
        assert_eq!(percent(0, 0), "–");
        assert_eq!(number(24_918), "24,918");
        assert_eq!(count(1, "case", "cases"), "1 case");
    }

    #[test]
    fn days_are_written_out() {
        assert_eq!(day("2016-02-29"), "29 February 2016");
        assert_eq!(instant("2017-02-18T15:00:00Z"), "18 February 2017, 15:00 UTC");
        assert_eq!(day("never"), "never");
    }
}
