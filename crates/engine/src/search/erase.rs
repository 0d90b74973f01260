//! After an erasure: words that no row holds any more leave the index's own pages.
//!
//! An inverted index forgets lazily. FTS5 keeps the words of a replaced row in the segment that first held them until
//! that segment is merged; PostgreSQL keeps a word in the tree of its index for good, even when no row has it.

use store::{Dialect, Fault, Session, SessionExt as _};

use crate::engine::Engine;

/// Pages that one step merges: writers wait that long, some ten milliseconds.
const PAGES: i64 = 500;
/// A merge that changed fewer rows than this had nothing left to do (the documentation of FTS5).
const NOTHING: i64 = 2;

/// Rewrites the index so that words of rows that were replaced are gone from it. Returns when it is done; others write
/// meanwhile. The database's free pages are zeroed on SQLite (`secure_delete`); what its write-ahead log still holds
/// goes with the next truncating checkpoint.
pub fn erase_words(engine: &Engine) -> Result<(), Fault> {
    if engine.pool().location().dialect() == Dialect::Postgres {
        // Neither runs in a transaction; the second makes the tree anew while the old one serves.
        let mut session = engine.pool().location().open()?;
        session.batch("VACUUM search")?;
        return session.batch("REINDEX INDEX CONCURRENTLY search_by_words");
    }
    // A negative count first puts all segments on one level, so that they become one.
    let mut pages = -PAGES;
    while engine.write(move |session| merge(session, pages))? {
        pages = PAGES;
    }
    Ok(())
}

/// Whether there is more to merge.
fn merge(session: &mut dyn Session, pages: i64) -> Result<bool, Fault> {
    let before = session.one_int("SELECT total_changes()", &[])?;
    session.batch(&format!("INSERT INTO search (search, rank) VALUES ('merge', {pages})"))?;
    Ok(session.one_int("SELECT total_changes()", &[])? - before >= NOTHING)
}
