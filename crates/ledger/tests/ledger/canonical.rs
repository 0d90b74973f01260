//! Canonical JSON (RFC 8785).

use ledger::canonical::{INTEGER_MAX, NotCanonical, parse, to_vec};
use proptest::prelude::*;
use serde_json::{Value, json};

fn text(value: &Value) -> String {
    String::from_utf8(to_vec(value).unwrap()).unwrap()
}

#[test]
fn members_are_sorted_by_utf16_units() {
    // The order of RFC 8785 3.2.3: U+1F600 stands before U+FB33, since its first unit is a surrogate.
    let value = json!({ "\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5, "\u{80}": 6, "\u{f6}": 7 });
    let expected = "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}";
    assert_eq!(text(&value), expected);
}

#[test]
fn strings_are_escaped_no_more_than_needed() {
    let value = json!("\u{20ac}$\u{f}\nA'B\"\\\"/\u{8}\t\u{c}\r\u{7f}\u{2028}");
    assert_eq!(text(&value), "\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\"/\\b\\t\\f\\r\u{7f}\u{2028}\"");
}

#[test]
fn every_kind_of_value_has_its_form() {
    let value = json!({ "b": [true, false, null, -7, [], {}], "a": "" });
    assert_eq!(text(&value), r#"{"a":"","b":[true,false,null,-7,[],{}]}"#);
}

#[test]
fn a_whole_float_is_an_integer_and_a_fraction_is_refused() {
    assert_eq!(text(&json!(1.0)), "1");
    assert_eq!(text(&json!(-0.0)), "0");
    assert_eq!(text(&json!(INTEGER_MAX)), "9007199254740991");
    assert_eq!(text(&json!(-INTEGER_MAX)), "-9007199254740991");
    for refused in [json!(0.5), json!(1e300), json!(INTEGER_MAX + 1), json!(-INTEGER_MAX - 1), json!(u64::MAX)] {
        assert!(matches!(to_vec(&refused), Err(NotCanonical::Number(_))), "{refused}");
    }
}

#[test]
fn only_the_canonical_spelling_is_read() {
    assert_eq!(parse(br#"{"a":1,"b":"x"}"#).unwrap(), json!({ "a": 1, "b": "x" }));
    for other in [
        r#"{"b":"x","a":1}"#,
        r#"{"a": 1}"#,
        r#"{"a":1,"a":1}"#,
        r#"{"a":1.0}"#,
        r#"{"a":-0}"#,
        r#"{"a":1e0}"#,
        r#""\u0041""#,
        r#""\/""#,
        "1\n",
    ] {
        assert_eq!(parse(other.as_bytes()), Err(NotCanonical::Form), "{other}");
    }
    assert!(matches!(parse(b"{"), Err(NotCanonical::Syntax(_))));
}

#[test]
fn depth_is_limited() {
    let nested = |depth| (0..depth).fold(json!(1), |inner, _| json!([inner]));
    assert!(to_vec(&nested(64)).is_ok());
    assert_eq!(to_vec(&nested(65)), Err(NotCanonical::TooDeep));
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-INTEGER_MAX..=INTEGER_MAX).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..6).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn canonical_bytes_read_back_to_the_same_value(value in any_value()) {
        prop_assert_eq!(parse(&to_vec(&value).unwrap()).unwrap(), value);
    }

    #[test]
    fn any_bytes_are_survived(bytes: Vec<u8>) {
        let _ = parse(&bytes);
    }
}
