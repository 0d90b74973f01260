//! Canonical JSON (RFC 8785) for the values that we seal: one value, one byte string.
//!
//! Ours is the subset without fractions. Integers keep within ±(2⁵³−1), where every JSON reader agrees on them
//! (RFC 7493 2.2); a whole number written as a float is accepted and written as an integer.

use std::cmp::Ordering;
use std::io::Write as _;

use serde_json::Value;

/// Largest magnitude of an integer: 2⁵³−1.
pub const INTEGER_MAX: i64 = (1 << 53) - 1;

/// Nesting that no record reaches; keeps recursion from exhausting the stack.
pub const DEPTH_MAX: usize = 64;

/// Why a value has no canonical form here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCanonical {
    #[error("number {0} has a fraction or is too large: expected an integer within ±(2^53 - 1)")]
    Number(String),
    #[error("nested deeper than {DEPTH_MAX} levels")]
    TooDeep,
    #[error("not JSON: {0}")]
    Syntax(String),
    #[error("JSON, but not in its canonical form (RFC 8785)")]
    Form,
}

/// The canonical bytes of `value`.
pub fn to_vec(value: &Value) -> Result<Vec<u8>, NotCanonical> {
    let mut out = Vec::with_capacity(64);
    write(value, &mut out)?;
    Ok(out)
}

/// Appends the canonical bytes of `value` to `out`. After an error `out` holds an unfinished part.
pub fn write(value: &Value, out: &mut Vec<u8>) -> Result<(), NotCanonical> {
    write_at(value, out, 0)
}

/// Reads bytes that must already be canonical: any other spelling of the same value is refused.
pub fn parse(bytes: &[u8]) -> Result<Value, NotCanonical> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| NotCanonical::Syntax(error.to_string()))?;
    if to_vec(&value)? == bytes { Ok(value) } else { Err(NotCanonical::Form) }
}

/// Order of object members: by UTF-16 code units (RFC 8785 3.2.3), which differs from byte order above U+FFFF.
pub fn key_order(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() { a.cmp(b) } else { a.encode_utf16().cmp(b.encode_utf16()) }
}

/// Appends `number`, refusing what is beyond ±(2⁵³−1).
pub fn write_integer(number: i64, out: &mut Vec<u8>) -> Result<(), NotCanonical> {
    if !(-INTEGER_MAX..=INTEGER_MAX).contains(&number) {
        return Err(NotCanonical::Number(number.to_string()));
    }
    // Writing into a Vec cannot fail.
    let _ = write!(out, "{number}");
    Ok(())
}

/// Appends `text` in quotes, escaping what RFC 8785 3.2.2.2 says and nothing else.
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        let (plain, from) = rest.split_at(at);
        out.extend_from_slice(plain);
        let Some((&special, after)) = from.split_first() else { break };
        match special {
            b'"' | b'\\' => out.extend([b'\\', special]),
            0x08 => out.extend(b"\\b"),
            0x09 => out.extend(b"\\t"),
            0x0a => out.extend(b"\\n"),
            0x0c => out.extend(b"\\f"),
            0x0d => out.extend(b"\\r"),
            control => {
                let _ = write!(out, "\\u{control:04x}");
            }
        }
        rest = after;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

fn write_at(value: &Value, out: &mut Vec<u8>, depth: usize) -> Result<(), NotCanonical> {
    if depth > DEPTH_MAX {
        return Err(NotCanonical::TooDeep);
    }
    match value {
        Value::Null => out.extend(b"null"),
        Value::Bool(true) => out.extend(b"true"),
        Value::Bool(false) => out.extend(b"false"),
        Value::Number(number) => write_integer(whole(number)?, out)?,
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            out.push(b'[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    out.push(b',');
                }
                write_at(item, out, depth + 1)?;
            }
            out.push(b']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by(|(a, _), (b, _)| key_order(a, b));
            out.push(b'{');
            for (position, (key, member)) in members.into_iter().enumerate() {
                if position > 0 {
                    out.push(b',');
                }
                write_string(key, out);
                out.push(b':');
                write_at(member, out, depth + 1)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

/// The number as an integer; the range is checked by whoever writes it.
fn whole(number: &serde_json::Number) -> Result<i64, NotCanonical> {
    if let Some(integer) = number.as_i64() {
        return Ok(integer);
    }
    match number.as_f64() {
        #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53, where the conversion is exact")]
        #[expect(clippy::cast_precision_loss, reason = "2^53 - 1 is exact as a float")]
        Some(float) if float.fract() == 0.0 && float.abs() <= INTEGER_MAX as f64 => Ok(float as i64),
        _ => Err(NotCanonical::Number(number.to_string())),
    }
}
