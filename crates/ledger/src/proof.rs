//! What a verifier does with proofs: the algorithms of RFC 9162 2.1.3.2 and 2.1.4.2, needing no tree and no server.

use crate::hash::Hash;

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadProof {
    #[error("position {from} does not lie in a tree of {size}")]
    Range { from: u64, size: u64 },
    #[error("proof has too few or too many hashes for these sizes")]
    Length,
    #[error("proof leads to another root than the earlier one: expected {expected}, found {found}")]
    EarlierRoot { expected: Hash, found: Hash },
    #[error("proof leads to another root: expected {expected}, found {found}")]
    Root { expected: Hash, found: Hash },
}

/// Checks that the leaf with hash `leaf` is number `index` (from 0) of the `size` leaves under `root`.
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> Result<(), BadProof> {
    if index >= size {
        return Err(BadProof::Range { from: index, size });
    }
    let mut node = index;
    let mut last = size - 1;
    let mut hash = *leaf;
    for other in proof {
        if last == 0 {
            return Err(BadProof::Length);
        }
        if node & 1 == 1 || node == last {
            hash = Hash::node(other, &hash);
            skip_even(&mut node, &mut last);
        } else {
            hash = Hash::node(&hash, other);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(BadProof::Length);
    }
    same_root(root, hash)
}

/// Checks that the `size` leaves under `root` begin with the `from` leaves under `earlier`.
pub fn verify_consistency(from: u64, earlier: &Hash, size: u64, root: &Hash, proof: &[Hash]) -> Result<(), BadProof> {
    if from > size {
        return Err(BadProof::Range { from, size });
    }
    if from == 0 || from == size {
        let begin = if from == 0 { Hash::empty_root() } else { *root };
        return match proof {
            [] if *earlier == begin => Ok(()),
            [] => Err(BadProof::EarlierRoot { expected: *earlier, found: begin }),
            _ => Err(BadProof::Length),
        };
    }
    // A full old tree is a node of the new one: the verifier has its hash, so the proof leaves it out.
    let (first, rest) = match proof.split_first() {
        None => return Err(BadProof::Length),
        Some(_) if from.is_power_of_two() => (*earlier, proof),
        Some((first, rest)) => (*first, rest),
    };
    let shift = (from - 1).trailing_ones();
    let mut node = (from - 1) >> shift;
    let mut last = (size - 1) >> shift;
    let (mut old, mut new) = (first, first);
    for other in rest {
        if last == 0 {
            return Err(BadProof::Length);
        }
        if node & 1 == 1 || node == last {
            old = Hash::node(other, &old);
            new = Hash::node(other, &new);
            skip_even(&mut node, &mut last);
        } else {
            new = Hash::node(&new, other);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(BadProof::Length);
    }
    if old != *earlier {
        return Err(BadProof::EarlierRoot { expected: *earlier, found: old });
    }
    same_root(root, new)
}

/// On the right edge a subtree may be lifted over levels where it has no sibling.
fn skip_even(node: &mut u64, last: &mut u64) {
    if *node & 1 == 0 {
        let levels = node.trailing_zeros().min(u64::BITS - 1);
        *node >>= levels;
        *last >>= levels;
    }
}

fn same_root(expected: &Hash, found: Hash) -> Result<(), BadProof> {
    if found == *expected { Ok(()) } else { Err(BadProof::Root { expected: *expected, found }) }
}
