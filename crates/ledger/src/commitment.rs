//! Commitments to single fields: a leaf says *that* a field had one certain value, an opening shows which.
//!
//! Without its salt a commitment tells nothing, not even by guessing values; with it, it cannot be opened to any other
//! value. Destroying salt and value is how personal data is erased while the tree stays whole.

use hmac::digest::array::Array;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::canonical::{self, NotCanonical};
use crate::hash::{Hash, NotAHash};

/// Bytes of a salt and of an entry's seed.
pub const SALT_BYTES: usize = 32;

/// 32 bytes that hide a value, or from which an entry's salts follow.
pub type Salt = [u8; SALT_BYTES];

/// Keeps these hashes apart from every other use of SHA-256, and names the version of the construction.
const LABEL: &[u8] = b"vouch-field-v1";

/// Block of SHA-256: a shorter HMAC key is padded to it with zeros (RFC 2104 2).
const HMAC_BLOCK: usize = 64;

/// Salt of an ordinary field: `HMAC-SHA-256(seed, key)`. One seed an entry; showing one salt opens no other field.
///
/// Personal and free-text fields must not use this: they take 32 random bytes of their own, which can be destroyed
/// without destroying the seed.
pub fn salt(seed: &Salt, key: &str) -> Salt {
    let mut block = [0; HMAC_BLOCK];
    for (to, from) in block.iter_mut().zip(seed) {
        *to = *from;
    }
    let mut mac = Hmac::<Sha256>::new(&Array::from(block));
    mac.update(key.as_bytes());
    mac.finalize().into_bytes().into()
}

/// `SHA-256("vouch-field-v1" ‖ u32be(len(key)) ‖ key ‖ salt ‖ value)`, `value` being canonical JSON.
///
/// The length stands before the key and the salt has a fixed length, so no two triples share an input.
pub fn commit(key: &str, salt: &Salt, canonical_value: &[u8]) -> Hash {
    // A key is a field's name of a few bytes; 2^32 of them cannot be.
    let length = u32::try_from(key.len()).unwrap_or(u32::MAX);
    let digest = Sha256::new()
        .chain_update(LABEL)
        .chain_update(length.to_be_bytes())
        .chain_update(key)
        .chain_update(salt)
        .chain_update(canonical_value);
    Hash(digest.finalize().into())
}

/// One field shown to a reader: what it takes to recompute the commitment in the leaf.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    pub key: String,
    pub salt: Salt,
    pub value: Value,
}

/// Why something is not an opening.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadOpening {
    #[error("an opening is an object with a text key, a salt of 64 hexadecimal digits and a value")]
    Shape,
    #[error(transparent)]
    Value(#[from] NotCanonical),
}

impl From<NotAHash> for BadOpening {
    fn from(_: NotAHash) -> Self {
        Self::Shape
    }
}

impl Opening {
    /// The commitment that the leaf must hold under this key.
    pub fn commitment(&self) -> Result<Hash, NotCanonical> {
        Ok(commit(&self.key, &self.salt, &canonical::to_vec(&self.value)?))
    }

    /// `{"key","salt","value"}` as REST and packs write it, the salt in hexadecimal.
    pub fn to_json(&self) -> Value {
        json!({ "key": self.key, "salt": Hash(self.salt).to_hex(), "value": self.value })
    }

    /// Reads what [`Opening::to_json`] wrote.
    pub fn from_json(json: &Value) -> Result<Self, BadOpening> {
        let text = |name| json.get(name).and_then(Value::as_str).ok_or(BadOpening::Shape);
        let value = json.get("value").ok_or(BadOpening::Shape)?.clone();
        Ok(Self { key: text("key")?.to_owned(), salt: Hash::from_hex(text("salt")?)?.0, value })
    }
}
