//! The evidence ledger: canonical bytes, field commitments, leaves, the Merkle tree, signed checkpoints.
//!
//! Everything here is a function of its arguments: no clock, no randomness, no database. The one exception is
//! [`signer`], which owns the signer's state file. `docs/ledger.md` describes the format with a worked example;
//! the tree is that of RFC 9162, canonical JSON that of RFC 8785, notes and checkpoints those of C2SP.
//!
//! This crate must never hold a value or a name in a leaf: only commitments go in.

pub mod canonical;
pub mod checkpoint;
pub mod commitment;
mod hash;
pub mod leaf;
pub mod note;
pub mod proof;
pub mod signer;
pub mod tree;

pub use checkpoint::{Checkpoint, LogId};
pub use commitment::{Opening, commit, salt};
pub use hash::{Hash, NotAHash};
pub use leaf::{Fields, Leaf};
pub use note::VerifierKey;
pub use signer::Signer;
pub use tree::{Builder, MemoryTiles, TileRow, Tiles};
