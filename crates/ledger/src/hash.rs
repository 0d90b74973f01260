//! A SHA-256 value and its three spellings: hexadecimal in leaves, base64 on the wire, raw in tiles.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// Bytes of a SHA-256 value.
pub const HASH_BYTES: usize = 32;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Domain bytes of RFC 9162 2.1.1: a leaf can never be taken for an inner node.
const LEAF_PREFIX: [u8; 1] = [0x00];
const NODE_PREFIX: [u8; 1] = [0x01];

/// A SHA-256 value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; HASH_BYTES]);

/// The text or bytes are not one SHA-256 value in the expected spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256 value: expected 64 lower-case hexadecimal digits, 44 characters of base64 or 32 bytes")]
pub struct NotAHash;

impl Hash {
    /// `SHA-256(bytes)`, for model and rule texts and attachments.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Root of the tree without leaves, `SHA-256("")` (RFC 9162 2.1.1).
    pub fn empty_root() -> Self {
        Self::of(b"")
    }

    /// `SHA-256(0x00 ‖ leaf)` (RFC 9162 2.1.1).
    pub fn leaf(leaf: &[u8]) -> Self {
        Self(Sha256::new().chain_update(LEAF_PREFIX).chain_update(leaf).finalize().into())
    }

    /// `SHA-256(0x01 ‖ left ‖ right)` (RFC 9162 2.1.1).
    pub fn node(left: &Self, right: &Self) -> Self {
        Self(Sha256::new().chain_update(NODE_PREFIX).chain_update(left.0).chain_update(right.0).finalize().into())
    }

    /// Reads 64 hexadecimal digits. Upper case is refused: a hash has one spelling.
    pub fn from_hex(text: &str) -> Result<Self, NotAHash> {
        let digits = text.as_bytes();
        if digits.len() != 2 * HASH_BYTES {
            return Err(NotAHash);
        }
        let mut bytes = [0; HASH_BYTES];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            for digit in pair {
                let nibble = match digit {
                    b'0'..=b'9' => digit - b'0',
                    b'a'..=b'f' => digit - b'a' + 10,
                    _ => return Err(NotAHash),
                };
                *byte = (*byte << 4) | nibble;
            }
        }
        Ok(Self(bytes))
    }

    /// Appends the 64 hexadecimal digits to `out`.
    pub fn write_hex(&self, out: &mut Vec<u8>) {
        for byte in self.0 {
            out.extend([byte >> 4, byte & 15].map(|nibble| HEX.get(usize::from(nibble)).copied().unwrap_or_default()));
        }
    }

    pub fn to_hex(&self) -> String {
        self.to_string()
    }

    /// Reads standard base64 with padding.
    pub fn from_base64(text: &str) -> Result<Self, NotAHash> {
        let bytes = STANDARD.decode(text).map_err(|_| NotAHash)?;
        Self::try_from(bytes.as_slice())
    }

    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// The raw hashes one after another: how a tile lies in the database.
    pub fn join(hashes: &[Self]) -> Vec<u8> {
        hashes.iter().flat_map(|hash| hash.0).collect()
    }

    /// The reverse of [`Hash::join`]; bytes that are no whole number of hashes are refused.
    pub fn split(bytes: &[u8]) -> Result<Vec<Self>, NotAHash> {
        bytes.chunks(HASH_BYTES).map(Self::try_from).collect()
    }
}

impl TryFrom<&[u8]> for Hash {
    type Error = NotAHash;

    fn try_from(bytes: &[u8]) -> Result<Self, NotAHash> {
        bytes.try_into().map(Self).map_err(|_| NotAHash)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}
