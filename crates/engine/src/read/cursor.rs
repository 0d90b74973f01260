//! Cursors: where a list goes on. Sealed, so that they say nothing about rows and cannot be made up, and bound to the
//! reader and his question.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use model::Value;

use crate::clock::Entropy;
use crate::refusal::{Error, Refusal};

/// Longest cursor that is looked at; ours have about 150 characters.
const CURSOR_MAX: usize = 2_048;
const NONCE_BYTES: usize = 12;

#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    Start,
    /// The first row whose first sort column is null.
    Nulls,
    After {
        keys: Vec<Value>,
        id: i64,
    },
}

impl Place {
    pub fn in_nulls(&self) -> bool {
        match self {
            Self::Start => false,
            Self::Nulls => true,
            Self::After { keys, .. } => keys.first().is_some_and(Value::is_null),
        }
    }

    pub fn first(&self) -> Option<&Value> {
        match self {
            Self::After { keys, .. } => keys.first(),
            _ => None,
        }
    }
}

/// The key with which an installation seals its cursors.
#[derive(Clone)]
pub struct CursorKey(ChaCha20Poly1305);

impl CursorKey {
    pub fn new(key: &[u8; 32]) -> Self {
        Self(ChaCha20Poly1305::new(key.into()))
    }

    pub(crate) fn seal(&self, place: &Place, bound: &str, entropy: &dyn Entropy) -> Result<String, Error> {
        let plain = match place {
            Place::Start => serde_json::json!([]),
            Place::Nulls => serde_json::json!(["nulls"]),
            Place::After { keys, id } => {
                let keys: Vec<serde_json::Value> = keys.iter().map(tagged).collect();
                serde_json::json!([keys, id])
            }
        }
        .to_string();
        let random = entropy.bytes32()?;
        let nonce: [u8; NONCE_BYTES] = std::array::from_fn(|i| random.get(i).copied().unwrap_or(0));
        let payload = Payload { msg: plain.as_bytes(), aad: bound.as_bytes() };
        let sealed = self.0.encrypt(&Nonce::from(nonce), payload).map_err(|_| bad())?;
        Ok(URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }

    pub(crate) fn open(&self, cursor: &str, bound: &str) -> Result<Place, Error> {
        let bytes =
            (cursor.len() <= CURSOR_MAX).then(|| URL_SAFE_NO_PAD.decode(cursor).ok()).flatten().ok_or_else(bad)?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_BYTES).ok_or_else(bad)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| bad())?;
        let payload = Payload { msg: sealed, aad: bound.as_bytes() };
        let plain = self.0.decrypt(&Nonce::from(nonce), payload).map_err(|_| bad())?;
        let json: serde_json::Value = serde_json::from_slice(&plain).map_err(|_| bad())?;
        match json.as_array().map(Vec::as_slice) {
            Some([]) => Ok(Place::Start),
            Some([_]) => Ok(Place::Nulls),
            Some([keys, id]) => Ok(Place::After {
                keys: keys.as_array().ok_or_else(bad)?.iter().map(untagged).collect(),
                id: id.as_i64().ok_or_else(bad)?,
            }),
            _ => Err(bad()),
        }
    }
}

fn bad() -> Error {
    Refusal::BadQuery("this cursor does not belong to this list: begin again without it".to_owned()).into()
}

fn tagged(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Text(text) => serde_json::json!({ "t": text.as_ref() }),
        other => serde_json::json!(other.as_int()),
    }
}

fn untagged(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Object(object) => object.get("t").and_then(|t| t.as_str()).map_or(Value::Null, Value::text),
        other => other.as_i64().map_or(Value::Null, Value::Int),
    }
}
