//! Roots, proofs and their verification against the definition.

use ledger::proof::{BadProof, verify_consistency, verify_inclusion};
use ledger::tree::{self, TreeError};
use ledger::{Builder, Hash, MemoryTiles};
use proptest::prelude::*;

use crate::oracle::{self, Database};

const SMALL: u64 = 130;

#[test]
fn every_root_up_to_130_leaves_is_the_defined_one() {
    let leaves = oracle::leaves(SMALL);
    let database = Database::with(&leaves);
    let mut builder = Builder::new();
    assert_eq!(builder.root(), Hash::empty_root());
    for (size, leaf) in (1..).zip(&leaves) {
        builder.append(*leaf);
        let expected = oracle::root(&leaves[..usize::try_from(size).unwrap()]);
        assert_eq!(builder.root(), expected);
        assert_eq!(tree::root(&database, size).unwrap(), expected);
    }
}

#[test]
fn every_inclusion_proof_up_to_130_leaves_is_the_defined_one_and_verifies() {
    let leaves = oracle::leaves(SMALL);
    let database = Database::with(&leaves);
    for size in 1..=SMALL {
        let these = &leaves[..usize::try_from(size).unwrap()];
        let root = oracle::root(these);
        for (index, leaf) in (0..size).zip(these) {
            let proof = tree::inclusion(&database, index, size).unwrap();
            assert_eq!(proof, oracle::inclusion(usize::try_from(index).unwrap(), these));
            assert_eq!(verify_inclusion(leaf, index, size, &proof, &root), Ok(()));
        }
    }
}

#[test]
fn every_consistency_proof_up_to_130_leaves_is_the_defined_one_and_verifies() {
    let leaves = oracle::leaves(SMALL);
    let database = Database::with(&leaves);
    let roots: Vec<Hash> = (0..=leaves.len()).map(|size| oracle::root(&leaves[..size])).collect();
    for size in 0..=leaves.len() {
        for from in 0..=size {
            let (m, n) = (from as u64, size as u64);
            let proof = tree::consistency(&database, m, n).unwrap();
            assert_eq!(proof, oracle::consistency(from, &leaves[..size]));
            assert_eq!(verify_consistency(m, &roots[from], n, &roots[size], &proof), Ok(()));
        }
    }
}

#[test]
fn a_proof_fits_no_other_place() {
    let leaves = oracle::leaves(40);
    let tiles: MemoryTiles = leaves.iter().copied().collect();
    for size in 1..=40 {
        let root = tree::root(&tiles, size).unwrap();
        for index in 0..size {
            let proof = tree::inclusion(&tiles, index, size).unwrap();
            let leaf = tiles.leaf(index).unwrap();
            for other in (0..size + 3).filter(|other| *other != index) {
                assert!(verify_inclusion(&leaf, other, size, &proof, &root).is_err(), "{index} as {other} of {size}");
            }
            let mut longer = proof.clone();
            longer.push(leaf);
            assert_eq!(verify_inclusion(&leaf, index, size, &longer, &root), Err(BadProof::Length));
            for gone in 0..proof.len() {
                let mut shorter = proof.clone();
                shorter.remove(gone);
                assert!(verify_inclusion(&leaf, index, size, &shorter, &root).is_err());
            }
        }
    }
}

#[test]
fn another_history_has_no_consistency_proof() {
    let leaves = oracle::leaves(40);
    let mut rewritten = leaves.clone();
    rewritten[7] = Hash::leaf(b"rewritten");
    let tiles: MemoryTiles = rewritten.iter().copied().collect();
    for size in 8..=40 {
        let root = tree::root(&tiles, size).unwrap();
        for from in 8..=size {
            let signed = oracle::root(&leaves[..usize::try_from(from).unwrap()]);
            let proof = tree::consistency(&tiles, from, size).unwrap();
            assert!(verify_consistency(from, &signed, size, &root, &proof).is_err(), "{from} to {size}");
        }
    }
    let root = tree::root(&tiles, 40).unwrap();
    assert_eq!(verify_consistency(41, &root, 40, &root, &[]), Err(BadProof::Range { from: 41, size: 40 }));
    assert_eq!(verify_consistency(8, &root, 40, &root, &[]), Err(BadProof::Length));
    assert!(matches!(verify_consistency(0, &root, 40, &root, &[]), Err(BadProof::EarlierRoot { .. })));
}

#[test]
fn three_levels_of_tiles_answer_with_few_reads() {
    let leaves = oracle::leaves(66_200);
    let database = Database::with(&leaves);
    let memory: MemoryTiles = leaves.iter().copied().collect();
    assert_eq!(database.builder.root(), oracle::root(&leaves));
    for size in [255, 256, 257, 65_535, 65_536, 65_537, 66_047, 66_048, 66_200] {
        let these = &leaves[..size];
        let n = size as u64;
        let root = oracle::root(these);
        assert_eq!(tree::root(&database, n).unwrap(), root);
        assert_eq!(tree::root(&memory, n).unwrap(), root);
        assert_eq!(Builder::resume(n, &database).unwrap(), Builder::resume(n, &memory).unwrap());
        for index in [0, 1, 255, 256, size / 2, size - 1].into_iter().filter(|index| *index < size) {
            database.reads.set(0);
            let proof = tree::inclusion(&database, index as u64, n).unwrap();
            assert!(database.reads.get() <= 6, "{} reads for {index} in {size}", database.reads.get());
            assert_eq!(proof, oracle::inclusion(index, these));
            let earlier = oracle::root(&leaves[..=index]);
            let proof = tree::consistency(&database, index as u64 + 1, n).unwrap();
            assert_eq!(verify_consistency(index as u64 + 1, &earlier, n, &root, &proof), Ok(()));
        }
    }
}

#[test]
fn a_resumed_builder_goes_on_as_if_never_stopped() {
    let leaves = oracle::leaves(1_100);
    let whole = Database::with(&leaves);
    for stop in [0, 1, 255, 256, 257, 511, 512, 1_023, 1_024, 1_099] {
        let mut builder = Builder::resume(stop as u64, &whole).unwrap();
        for leaf in &leaves[stop..] {
            for row in builder.append(*leaf) {
                let stored = &whole.tiles[&(row.level, row.index)];
                assert!(stored.starts_with(&row.hashes));
            }
        }
        assert_eq!(builder, whole.builder);
    }
}

#[test]
fn a_missing_tile_is_named_not_guessed() {
    let leaves = oracle::leaves(600);
    let mut database = Database::with(&leaves);
    database.tiles.remove(&(0, 1));
    let short = TreeError::Short { level: 0, index: 1, width: 256 };
    assert_eq!(tree::inclusion(&database, 300, 600), Err(short));
    assert_eq!(tree::inclusion(&database, 600, 600), Err(TreeError::Range { from: 600, size: 600 }));
    assert_eq!(tree::consistency(&database, 601, 600), Err(TreeError::Range { from: 601, size: 600 }));
}

#[test]
fn tiles_survive_their_bytes() {
    let hashes = oracle::leaves(256);
    assert_eq!(Hash::split(&Hash::join(&hashes)).unwrap(), hashes);
    assert!(Hash::split(&[0; 33]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn proofs_of_any_tree_to_2000_are_the_defined_ones(size in 1_usize..2_000, a in 0_usize..2_000, b in 0_usize..2_001) {
        let (index, from) = (a % size, b % (size + 1));
        let leaves = oracle::leaves(2_000);
        let database = Database::with(&leaves);
        let these = &leaves[..size];
        let (n, root) = (size as u64, oracle::root(these));
        prop_assert_eq!(tree::root(&database, n).unwrap(), root);

        let proof = tree::inclusion(&database, index as u64, n).unwrap();
        prop_assert_eq!(&proof, &oracle::inclusion(index, these));
        prop_assert_eq!(verify_inclusion(&these[index], index as u64, n, &proof, &root), Ok(()));

        let proof = tree::consistency(&database, from as u64, n).unwrap();
        prop_assert_eq!(&proof, &oracle::consistency(from, these));
        let earlier = oracle::root(&leaves[..from]);
        prop_assert_eq!(verify_consistency(from as u64, &earlier, n, &root, &proof), Ok(()));
    }

    #[test]
    fn a_flipped_bit_anywhere_breaks_a_proof(size in 2_u64..300, seed: u64, bit in 0_usize..256) {
        let leaves = oracle::leaves(300);
        let tiles: MemoryTiles = leaves.iter().copied().collect();
        let index = seed % size;
        let root = tree::root(&tiles, size).unwrap();
        let mut proof = tree::inclusion(&tiles, index, size).unwrap();
        let place = usize::try_from(seed).unwrap_or(0) % proof.len();
        proof[place].0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(verify_inclusion(&tiles.leaf(index).unwrap(), index, size, &proof, &root).is_err());
    }

    #[test]
    fn verification_never_panics(a: u64, b: u64, count in 0_usize..70) {
        let hashes = oracle::leaves(70);
        let _ = verify_inclusion(&hashes[0], a, b, &hashes[..count], &hashes[1]);
        let _ = verify_consistency(a, &hashes[0], b, &hashes[1], &hashes[..count]);
    }
}
