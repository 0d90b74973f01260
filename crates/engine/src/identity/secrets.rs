//! Random secrets, shown once and kept as a hash.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use store::Fault;

use crate::clock::Entropy;

/// A secret just made. It does not print itself by accident: ask for `reveal`.
pub struct Secret(String);

impl Secret {
    pub(crate) fn new(entropy: &dyn Entropy, prefix: &str) -> Result<Self, Fault> {
        Ok(Self(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(entropy.bytes32()?))))
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        hashed(&self.0)
    }
}

/// Secrets have 256 random bits, so a plain hash suffices where passwords need Argon2.
pub fn hashed(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}
