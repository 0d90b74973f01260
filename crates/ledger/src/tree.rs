//! The Merkle tree of RFC 9162 2.1, kept in tiles of 256 hashes.
//!
//! Tile `(level, index)` holds the tree's hashes at height `8 × level`, from `256 × index` on. Tile level 0 is leaf
//! hashes; a hash of tile level L+1 is the root of one full tile of level L. The last tile of a level is partial.
//! Nothing else needs storing: every root and proof at every size follows from tiles with a few reads.

use std::convert::Infallible;

use crate::hash::Hash;

/// Hashes in a full tile.
pub const TILE_WIDTH: usize = 1 << TILE_HEIGHT;

/// Levels of the tree within one tile.
const TILE_HEIGHT: u32 = 8;

/// Where stored tiles are read.
pub trait Tiles {
    type Error;

    /// At least the first `width` hashes (1 to 256) of tile `(level, index)`; more are ignored, fewer are an error.
    ///
    /// Level 0: 256 leaf hashes from `256 × index` on. A level above is written whole whenever it grows
    /// ([`Builder::append`]), so that one row answers.
    fn tile(&self, level: u8, index: u64, width: usize) -> Result<Vec<Hash>, Self::Error>;
}

/// A tile to be stored, replacing an earlier, shorter one of the same place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileRow {
    pub level: u8,
    pub index: u64,
    pub hashes: Vec<Hash>,
}

/// Why no root or proof could be computed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeError<E> {
    #[error("tile {index} of level {level} cannot be read")]
    Tiles { level: u8, index: u64, source: E },
    #[error("tile {index} of level {level} is short: expected {width} hashes")]
    Short { level: u8, index: u64, width: usize },
    #[error("no proof from {from} in a tree of {size}: expected a smaller or equal position")]
    Range { from: u64, size: u64 },
}

/// The growing edge of the tree: its partial tiles, at most 255 hashes a level. Cloning it is cheap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Builder {
    size: u64,
    edge: Vec<Vec<Hash>>,
}

impl Builder {
    /// The empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Continues a stored tree of `size` leaves.
    pub fn resume<T: Tiles>(size: u64, tiles: &T) -> Result<Self, TreeError<T::Error>> {
        let mut edge = Vec::new();
        let mut level = 0;
        let mut count = size;
        while count > 0 {
            let width = usize::try_from(count % TILE_WIDTH as u64).unwrap_or(TILE_WIDTH);
            count /= TILE_WIDTH as u64;
            edge.push(if width == 0 { Vec::new() } else { read(tiles, level, count, width)? });
            level += 1;
        }
        Ok(Self { size, edge })
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf hash. Returns the tiles to be stored with it: none but at every 256th leaf, then the full tile of
    /// level 0 and the tiles above it that grew.
    pub fn append(&mut self, leaf: Hash) -> Vec<TileRow> {
        self.size += 1;
        let mut rows = Vec::new();
        let mut hash = leaf;
        let mut count = self.size;
        let mut level = 0_u8;
        loop {
            if self.edge.len() == usize::from(level) {
                self.edge.push(Vec::new());
            }
            let Some(tile) = self.edge.get_mut(usize::from(level)) else { return rows };
            tile.push(hash);
            let full = tile.len() == TILE_WIDTH;
            if full || level > 0 {
                rows.push(TileRow { level, index: (count - 1) / TILE_WIDTH as u64, hashes: tile.clone() });
            }
            if !full {
                return rows;
            }
            hash = subtree(tile);
            tile.clear();
            count /= TILE_WIDTH as u64;
            level += 1;
        }
    }

    /// Root of the tree as it stands.
    pub fn root(&self) -> Hash {
        let mut root = None;
        for tile in &self.edge {
            let mut rest = tile.as_slice();
            while !rest.is_empty() {
                // The smallest full subtree stands last; the root folds from the right.
                let (left, peak) = rest.split_at(rest.len() - (1 << rest.len().trailing_zeros()));
                root = Some(join_left(subtree(peak), root));
                rest = left;
            }
        }
        root.unwrap_or_else(Hash::empty_root)
    }
}

/// A whole tree in memory: for verifiers, which have all leaf hashes, and for tests.
#[derive(Clone, Debug, Default)]
pub struct MemoryTiles {
    levels: Vec<Vec<Hash>>,
}

impl MemoryTiles {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn append(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let Some(hashes) = self.levels.get_mut(level) else { return };
            hashes.push(hash);
            if hashes.len() % TILE_WIDTH != 0 {
                return;
            }
            hash = subtree(hashes.get(hashes.len() - TILE_WIDTH..).unwrap_or_default());
        }
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// Leaf hash at `index`.
    pub fn leaf(&self, index: u64) -> Option<Hash> {
        self.levels.first()?.get(usize::try_from(index).ok()?).copied()
    }
}

impl FromIterator<Hash> for MemoryTiles {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Self {
        let mut tiles = Self::new();
        leaves.into_iter().for_each(|leaf| tiles.append(leaf));
        tiles
    }
}

impl Tiles for MemoryTiles {
    type Error = Infallible;

    fn tile(&self, level: u8, index: u64, width: usize) -> Result<Vec<Hash>, Infallible> {
        let start = usize::try_from(index).unwrap_or(usize::MAX).saturating_mul(TILE_WIDTH);
        let hashes = self.levels.get(usize::from(level)).and_then(|hashes| hashes.get(start..));
        Ok(hashes.unwrap_or_default().iter().take(width).copied().collect())
    }
}

/// Root of the first `size` leaves.
pub fn root<T: Tiles>(tiles: &T, size: u64) -> Result<Hash, TreeError<T::Error>> {
    if size == 0 {
        return Ok(Hash::empty_root());
    }
    Nodes::new(tiles, size).range(0, size)
}

/// Inclusion proof of leaf `index` in the tree of `size` leaves, `PATH(m, D_n)` of RFC 9162 2.1.3.1.
pub fn inclusion<T: Tiles>(tiles: &T, index: u64, size: u64) -> Result<Vec<Hash>, TreeError<T::Error>> {
    if index >= size {
        return Err(TreeError::Range { from: index, size });
    }
    let (mut low, mut high) = (0, size);
    let mut ranges = Vec::new();
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            ranges.push((middle, high));
            high = middle;
        } else {
            ranges.push((low, middle));
            low = middle;
        }
    }
    Nodes::new(tiles, size).ranges(&ranges)
}

/// Consistency proof between the trees of `from` and `size` leaves, `PROOF(m, D_n)` of RFC 9162 2.1.4.1; empty for
/// equal sizes and from the empty tree, of which every tree is a continuation.
pub fn consistency<T: Tiles>(tiles: &T, from: u64, size: u64) -> Result<Vec<Hash>, TreeError<T::Error>> {
    if from > size {
        return Err(TreeError::Range { from, size });
    }
    if from == 0 || from == size {
        return Ok(Vec::new());
    }
    let (mut low, mut high) = (0, size);
    let mut ranges = Vec::new();
    while high != from {
        let middle = low + split(high - low);
        if from <= middle {
            ranges.push((middle, high));
            high = middle;
        } else {
            ranges.push((low, middle));
            low = middle;
        }
    }
    // Where nothing was cut off on the left, the subtree is the old tree itself, whose root the verifier has.
    if low > 0 {
        ranges.push((low, high));
    }
    Nodes::new(tiles, size).ranges(&ranges)
}

/// Largest power of two smaller than `n`, the `k` of RFC 9162 2.1.1. `n` is at least 2.
fn split(n: u64) -> u64 {
    1 << (u64::BITS - 1 - (n - 1).leading_zeros())
}

/// Root of a full subtree given by its lowest hashes; their number is a power of two.
fn subtree(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => Hash::empty_root(),
        [one] => *one,
        more => {
            let (left, right) = more.split_at(more.len() / 2);
            Hash::node(&subtree(left), &subtree(right))
        }
    }
}

/// What stands to the left of an already folded right part.
fn join_left(left: Hash, right: Option<Hash>) -> Hash {
    right.map_or(left, |right| Hash::node(&left, &right))
}

fn read<T: Tiles>(tiles: &T, level: u8, index: u64, width: usize) -> Result<Vec<Hash>, TreeError<T::Error>> {
    let mut hashes = tiles.tile(level, index, width).map_err(|source| TreeError::Tiles { level, index, source })?;
    if hashes.len() < width {
        return Err(TreeError::Short { level, index, width });
    }
    hashes.truncate(width);
    Ok(hashes)
}

/// Inner hashes of a tree of one size, each tile read once.
struct Nodes<'a, T: Tiles> {
    tiles: &'a T,
    size: u64,
    read: Vec<(u8, u64, Vec<Hash>)>,
}

impl<'a, T: Tiles> Nodes<'a, T> {
    fn new(tiles: &'a T, size: u64) -> Self {
        Self { tiles, size, read: Vec::new() }
    }

    /// Hashes of the ranges, the last (lowest in the tree) first, as proofs have them.
    fn ranges(&mut self, ranges: &[(u64, u64)]) -> Result<Vec<Hash>, TreeError<T::Error>> {
        ranges.iter().rev().map(|&(low, high)| self.range(low, high)).collect()
    }

    /// Hash over leaves `low..high`, a subtree that may be ragged on its right: full subtrees folded from the right.
    fn range(&mut self, low: u64, high: u64) -> Result<Hash, TreeError<T::Error>> {
        let mut end = high;
        let mut folded = None;
        while end > low {
            let height = (end - low).trailing_zeros();
            end -= 1 << height;
            folded = Some(join_left(self.full(height, end >> height)?, folded));
        }
        Ok(folded.unwrap_or_else(Hash::empty_root))
    }

    /// Root of the full subtree of the given height, the `index`-th of its kind.
    fn full(&mut self, height: u32, index: u64) -> Result<Hash, TreeError<T::Error>> {
        let level = u8::try_from(height / TILE_HEIGHT).unwrap_or(u8::MAX);
        let inner = height % TILE_HEIGHT;
        let first = index << inner;
        let tile = first / TILE_WIDTH as u64;
        let start = usize::try_from(first % TILE_WIDTH as u64).unwrap_or_default();
        let end = start + (1 << inner);
        let hashes = self.tile(level, tile)?.get(start..end);
        hashes.map(subtree).ok_or(TreeError::Short { level, index: tile, width: end })
    }

    fn tile(&mut self, level: u8, index: u64) -> Result<&[Hash], TreeError<T::Error>> {
        let at = match self.read.iter().position(|(l, i, _)| (*l, *i) == (level, index)) {
            Some(at) => at,
            None => {
                let there = (self.size >> (TILE_HEIGHT * u32::from(level))) - index * TILE_WIDTH as u64;
                let width = usize::try_from(there).unwrap_or(TILE_WIDTH).min(TILE_WIDTH);
                self.read.push((level, index, read(self.tiles, level, index, width)?));
                self.read.len() - 1
            }
        };
        Ok(self.read.get(at).map_or(&[], |(_, _, hashes)| hashes))
    }
}
