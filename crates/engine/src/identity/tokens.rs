//! Tokens of programs: scoped, expiring, never more than their person.

use store::{Fault, Param};

use super::principals::of_person;
use super::secrets::{Secret, hashed};
use crate::engine::Engine;
use crate::principal::{Allowance, Principal};
use crate::refusal::{Error, invalid};

/// 30 days, in microseconds.
pub const TOKEN_LIFE_DEFAULT: i64 = 30 * 24 * 3_600 * 1_000_000;

/// Makes a token with these scopes (`read`, `write`, `import`, `admin`; none given: read and write).
pub fn create(engine: &Engine, person: i64, scopes: &[String], life: i64) -> Result<Secret, Error> {
    let known = ["read", "write", "import", "admin"];
    if let Some(unknown) = scopes.iter().find(|scope| !known.contains(&scope.as_str())) {
        return Err(invalid(
            "scope",
            "unknown_scope",
            format!("{unknown} is no scope: expected read, write, import or admin"),
        ));
    }
    let scopes = if scopes.is_empty() { "read write".to_owned() } else { scopes.join(" ") };
    let secret = Secret::new(engine.entropy(), "vouch_")?;
    let (hash, now) = (secret.hash(), engine.clock().now());
    engine.write(move |session| {
        let sql =
            "INSERT INTO token (hash, person, scopes, created_at, expires_at, revoked_at) VALUES (?, ?, ?, ?, ?, NULL)";
        let params =
            [Param::Blob(&hash), Param::Int(person), Param::Text(&scopes), Param::Int(now), Param::Int(now + life)];
        session.execute(sql, &params)?;
        Ok(())
    })?;
    Ok(secret)
}

/// Who speaks with this token; `None` when it is unknown, expired, revoked, or its person may not sign in.
pub fn resolve(engine: &Engine, token: &str) -> Result<Option<Principal>, Fault> {
    let hash = hashed(token);
    let mut found = None;
    let mut reader = engine.reader()?;
    let sql = "SELECT t.person, t.scopes FROM token t LEFT JOIN account a ON a.person = t.person \
               WHERE t.hash = ? AND t.revoked_at IS NULL AND t.expires_at > ? AND coalesce(a.disabled, 0) = 0";
    reader.query(sql, &[Param::Blob(&hash), Param::Int(engine.clock().now())], &mut |row| {
        found = Some((row.need_int(0)?, row.need_text(1)?.to_owned()));
        Ok(())
    })?;
    let Some((person, scopes)) = found else { return Ok(None) };
    let has = |scope: &str| scopes.split(' ').any(|s| s == scope);
    let allowance =
        Allowance { write: has("write") || has("import") || has("admin"), import: has("import"), admin: has("admin") };
    of_person(engine, &mut *reader, person, allowance)
}
