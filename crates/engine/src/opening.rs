//! What a leaf's commitments hide: values and salts. One blob of openings per entry; personal and free-text fields lie
//! apart, each with a random salt of its own, so that a lawful erasure can delete them and a guess cannot find them.

use ledger::Hash;
use model::Value;
use store::Fault;

use crate::clock::Entropy;

/// Keys of what an act says beside fields. A field's key has no colon, so that none of a type's own (`reason`) is
/// taken for them.
pub(crate) const REASON: &str = ":reason";
pub(crate) const COMMENT: &str = ":comment";
pub(crate) const COMMENT_PUBLIC: &str = ":comment_public";
pub(crate) const DEVIATES: &str = ":deviates";
pub(crate) const REPLACES: &str = ":replaces";

pub(crate) struct Opening {
    seed: [u8; 32],
    fields: serde_json::Map<String, serde_json::Value>,
    secrets: Vec<(String, String, [u8; 32])>,
    /// Key and commitment, for the leaf.
    pub commitments: Vec<(String, Hash)>,
}

impl Opening {
    pub fn new(seed: [u8; 32]) -> Self {
        Self { seed, fields: serde_json::Map::new(), secrets: Vec::new(), commitments: Vec::new() }
    }

    /// Commits to a value; `apart` for personal and free-text fields.
    pub fn field(&mut self, key: &str, value: &Value, apart: bool, entropy: &dyn Entropy) -> Result<(), Fault> {
        let json = to_json(value);
        if !apart || value.is_null() {
            return self.json(key, json);
        }
        let salt = entropy.bytes32()?;
        let text = canonical(&json)?;
        self.commitments.push((key.to_owned(), ledger::commit(key, &salt, &text)));
        self.secrets.push((key.to_owned(), String::from_utf8(text).map_err(Fault::database)?, salt));
        // Its key stands among the openings, so that history is foldable without reading the secret.
        self.fields.insert(format!("?{key}"), serde_json::Value::Null);
        Ok(())
    }

    /// Commits to an ordinary value under a salt derived from the entry's seed.
    pub fn json(&mut self, key: &str, value: serde_json::Value) -> Result<(), Fault> {
        let salt = ledger::salt(&self.seed, key);
        let text = canonical(&value)?;
        self.commitments.push((key.to_owned(), ledger::commit(key, &salt, &text)));
        self.fields.insert(key.to_owned(), value);
        Ok(())
    }

    /// The blob that `entry.opening` holds.
    pub fn body(&self) -> String {
        let seed: String = self.seed.iter().map(|b| format!("{b:02x}")).collect();
        let mut object = serde_json::Map::new();
        object.insert("seed".to_owned(), seed.into());
        object.insert("fields".to_owned(), serde_json::Value::Object(self.fields.clone()));
        serde_json::Value::Object(object).to_string()
    }

    pub fn secrets(&self) -> impl Iterator<Item = (&str, &str, &[u8; 32])> {
        self.secrets.iter().map(|(key, value, salt)| (key.as_str(), value.as_str(), salt))
    }
}

/// The blob read back: the seed, and the fields in order (a secret one under `?key`).
pub(crate) fn parse(body: &str) -> Result<([u8; 32], serde_json::Map<String, serde_json::Value>), Fault> {
    let bad = || Fault::ledger("an opening does not parse");
    let mut object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(body).map_err(|_| bad())?;
    let seed = object.get("seed").and_then(|s| s.as_str()).and_then(from_hex).ok_or_else(bad)?;
    match object.remove("fields") {
        Some(serde_json::Value::Object(fields)) => Ok((seed, fields)),
        _ => Err(bad()),
    }
}

/// Whether an opening names this field, openly or as a secret.
pub(crate) fn has_field(body: &str, key: &str) -> bool {
    parse(body).is_ok_and(|(_, fields)| fields.contains_key(key) || fields.contains_key(&format!("?{key}")))
}

/// The highest place of a line of this field that an opening names; 0 for none.
pub(crate) fn highest_place(body: &str, field: &str) -> i64 {
    if !body.contains(&format!("\"{field}[")) {
        return 0;
    }
    let place = |key: &String| key.strip_prefix(field)?.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    parse(body).map_or(0, |(_, fields)| fields.keys().filter_map(place).max().unwrap_or(0))
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, pair) in out.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(out)
}

/// The form in which the ledger keeps a value: integers for everything that is one (instants and durations in
/// microseconds, dates in days, links as ids), else text or truth.
pub fn to_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(truth) => (*truth).into(),
        Value::Text(text) => text.as_ref().into(),
        Value::Int(n) | Value::Instant(n) | Value::Date(n) | Value::Duration(n) | Value::Link(n) => (*n).into(),
    }
}

/// The inverse of [`to_json`], for a field of this kind.
pub fn from_json(json: &serde_json::Value, kind: &model::Kind) -> Value {
    use model::Kind;
    match json {
        serde_json::Value::Bool(truth) => Value::Bool(*truth),
        serde_json::Value::String(text) => Value::text(text),
        serde_json::Value::Number(number) => {
            let n = number.as_i64().unwrap_or_default();
            match kind {
                Kind::Instant => Value::Instant(n),
                Kind::Date => Value::Date(n),
                Kind::Duration => Value::Duration(n),
                Kind::Link { .. } | Kind::ListValue { .. } => Value::Link(n),
                _ => Value::Int(n),
            }
        }
        _ => Value::Null,
    }
}

fn canonical(value: &serde_json::Value) -> Result<Vec<u8>, Fault> {
    ledger::canonical::to_vec(value).map_err(|e| Fault::ledger(e.to_string()))
}
