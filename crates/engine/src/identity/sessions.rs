//! Sessions of people at the pages: a random cookie, kept as a hash, with a token of its own for forms.

use store::{Fault, Param};

use super::secrets::{Secret, hashed};
use crate::engine::Engine;

/// A session ends after 12 hours without use, in microseconds.
pub const SESSION_IDLE: i64 = 12 * 3_600 * 1_000_000;
/// And after 30 days in any case.
const SESSION_LIFE: i64 = 30 * 24 * 3_600 * 1_000_000;
/// Use is written down once a minute at most, so that reading pages does not write.
const SEEN_STEP: i64 = 60 * 1_000_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub person: i64,
    /// What each form of this session carries.
    pub csrf: String,
}

/// Begins a session; the cookie's value.
pub fn begin(engine: &Engine, person: i64) -> Result<Secret, Fault> {
    let (cookie, csrf) = (Secret::new(engine.entropy(), "")?, Secret::new(engine.entropy(), "")?);
    let (hash, csrf, now) = (cookie.hash(), csrf.reveal().to_owned(), engine.clock().now());
    engine.write(move |session| {
        session.execute("DELETE FROM session WHERE expires_at < ?", &[Param::Int(now)])?;
        let sql = "INSERT INTO session (hash, person, csrf, created_at, seen_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)";
        let times = [now, now, now + SESSION_LIFE].map(Param::Int);
        let mut params = vec![Param::Blob(&hash), Param::Int(person), Param::Text(&csrf)];
        params.extend(times);
        session.execute(sql, &params)?;
        Ok(())
    })?;
    Ok(cookie)
}

/// The session of a cookie, while it lives and its account may sign in.
pub fn resume(engine: &Engine, cookie: &str) -> Result<Option<Session>, Fault> {
    let (hash, now) = (hashed(cookie), engine.clock().now());
    let mut found = None;
    let sql = "SELECT s.person, s.csrf, s.seen_at FROM session s JOIN account a ON a.person = s.person \
               WHERE s.hash = ? AND s.expires_at > ? AND s.seen_at > ? AND a.disabled = 0";
    engine.reader()?.query(
        sql,
        &[Param::Blob(&hash), Param::Int(now), Param::Int(now - SESSION_IDLE)],
        &mut |row| {
            let session = Session { person: row.need_int(0)?, csrf: row.need_text(1)?.to_owned() };
            found = Some((session, row.need_int(2)?));
            Ok(())
        },
    )?;
    let Some((session, seen)) = found else { return Ok(None) };
    if now - seen > SEEN_STEP {
        engine.write(move |s| {
            s.execute("UPDATE session SET seen_at = ? WHERE hash = ?", &[Param::Int(now), Param::Blob(&hash)])?;
            Ok(())
        })?;
    }
    Ok(Some(session))
}

pub fn end(engine: &Engine, cookie: &str) -> Result<(), Fault> {
    let hash = hashed(cookie);
    engine.write(move |session| {
        session.execute("DELETE FROM session WHERE hash = ?", &[Param::Blob(&hash)])?;
        Ok(())
    })
}
