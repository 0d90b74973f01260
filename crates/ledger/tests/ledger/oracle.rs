//! The tree as RFC 9162 2.1 defines it, by recursion over all leaves: slow, short, and nothing like the tiles.

use std::cell::Cell;
use std::collections::HashMap;
use std::convert::Infallible;

use ledger::{Builder, Hash, Tiles};

/// Leaf hashes of a log whose leaves are the numbers from 0 on.
pub fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|number| Hash::leaf(&number.to_be_bytes())).collect()
}

pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::empty_root(),
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            Hash::node(&root(left), &root(right))
        }
    }
}

pub fn inclusion(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut path, sibling) = if index < left.len() {
        (inclusion(index, left), root(right))
    } else {
        (inclusion(index - left.len(), right), root(left))
    };
    path.push(sibling);
    path
}

pub fn consistency(from: usize, leaves: &[Hash]) -> Vec<Hash> {
    if from == 0 || from == leaves.len() { Vec::new() } else { subproof(from, leaves, true) }
}

fn subproof(from: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if from == leaves.len() {
        return if whole { Vec::new() } else { vec![root(leaves)] };
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut proof, sibling) = if from <= left.len() {
        (subproof(from, left, whole), root(right))
    } else {
        (subproof(from - left.len(), right, false), root(left))
    };
    proof.push(sibling);
    proof
}

fn split(count: usize) -> usize {
    let mut k = 1;
    while k * 2 < count {
        k *= 2;
    }
    k
}

/// Keeps what a database keeps: every leaf hash, and the tiles that the builder asks to be stored.
#[derive(Default)]
pub struct Database {
    pub builder: Builder,
    pub leaves: Vec<Hash>,
    pub tiles: HashMap<(u8, u64), Vec<Hash>>,
    pub reads: Cell<usize>,
}

impl Database {
    pub fn with(leaves: &[Hash]) -> Self {
        let mut database = Self::default();
        for leaf in leaves {
            database.leaves.push(*leaf);
            for row in database.builder.append(*leaf) {
                database.tiles.insert((row.level, row.index), row.hashes);
            }
        }
        database
    }
}

impl Tiles for Database {
    type Error = Infallible;

    fn tile(&self, level: u8, index: u64, width: usize) -> Result<Vec<Hash>, Infallible> {
        self.reads.set(self.reads.get() + 1);
        if level == 0 && width < 256 {
            let start = usize::try_from(index).unwrap() * 256;
            return Ok(self.leaves[start..start + width].to_vec());
        }
        Ok(self.tiles.get(&(level, index)).cloned().unwrap_or_default())
    }
}
