//! One line of a CSV (RFC 4180), with cells that no spreadsheet takes for a formula.
//!
//! A cell that begins with `=`, `+`, `-`, `@`, a tab or a line end, or with the full-width form of one of the first four,
//! gets an apostrophe in front, and so does one that begins with an apostrophe: taking one apostrophe off every cell that
//! begins with one gives back exactly what was there (`apostrophe = true` in a mapping). Plain numbers stay as they are.

/// Characters with which a spreadsheet lets a formula begin.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Appends a line, its end included.
pub fn put_line<'a>(line: &mut String, cells: impl Iterator<Item = &'a str>) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            line.push(',');
        }
        put_cell(line, cell);
    }
    line.push_str("\r\n");
}

fn put_cell(line: &mut String, cell: &str) {
    let guarded = cell.starts_with('\'') || (cell.starts_with(FORMULA) && !is_number(cell));
    let quoted = guarded || cell.contains([',', '"', '\n', '\r']);
    if quoted {
        line.push('"');
    }
    if guarded {
        line.push('\'');
    }
    match quoted && cell.contains('"') {
        true => line.push_str(&cell.replace('"', "\"\"")),
        false => line.push_str(cell),
    }
    if quoted {
        line.push('"');
    }
}

/// Digits with a sign and at most one full stop among them: nothing that could be calculated.
fn is_number(cell: &str) -> bool {
    let digits = cell.strip_prefix(['+', '-']).unwrap_or(cell);
    let (whole, places) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    are_digits(whole) && are_digits(places)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(cell: &str) -> String {
        let mut text = String::new();
        put_cell(&mut text, cell);
        text
    }

    #[test]
    fn formulas_are_neutralised_and_numbers_are_not() {
        assert_eq!(written("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(written("@SUM(A1)"), "\"'@SUM(A1)\"");
        assert_eq!(written("-2+3+cmd|' /C calc'!A0"), "\"'-2+3+cmd|' /C calc'!A0\"");
        assert_eq!(written("＝1+1"), "\"'＝1+1\"");
        assert_eq!(written("\t=1"), "\"'\t=1\"");
        assert_eq!(written("-inf"), "\"'-inf\"");
        assert_eq!(written("'quoted"), "\"''quoted\"");
        assert_eq!(written("-12.5"), "-12.5");
        assert_eq!(written("plain"), "plain");
        assert_eq!(written("a,b"), "\"a,b\"");
    }

    proptest! {
        #[test]
        fn what_was_neutralised_comes_back_as_it_was(
            table in proptest::collection::vec(proptest::collection::vec("[=+@\\-'\t\r\n\",;a1. ＝é]{0,6}", 2..5), 1..6),
        ) {
            let mut text = String::new();
            for row in &table {
                put_line(&mut text, row.iter().map(String::as_str));
            }
            let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            let raw: Vec<Vec<String>> =
                reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
            for cell in raw.iter().flatten() {
                prop_assert!(!cell.starts_with(FORMULA) || is_number(cell), "{:?}", cell);
            }
            let plain = |cell: &String| cell.strip_prefix('\'').unwrap_or(cell).to_owned();
            let read: Vec<Vec<String>> = raw.iter().map(|row| row.iter().map(plain).collect()).collect();
            prop_assert_eq!(read, table);
        }
    }
}
