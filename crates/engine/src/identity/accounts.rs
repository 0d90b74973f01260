//! Accounts: a person who may sign in. The person is a record; the e-mail for signing in and the password hash are not.

use store::{Fault, Param, Session};

use super::secrets::{Secret, hashed};
use crate::engine::Engine;
use crate::refusal::{Error, invalid};

/// How long a one-time link may be used: 24 hours, in microseconds.
const ONCE_LIFE: i64 = 24 * 3_600 * 1_000_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub person: i64,
    pub email: String,
    pub password: Option<String>,
    pub disabled: bool,
}

/// E-mail addresses are compared without regard to case or surrounding blanks.
fn normal(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Lets a person sign in under this address.
pub fn add_account(engine: &Engine, person: i64, email: &str) -> Result<(), Error> {
    let email = normal(email);
    if email.len() > 254 || !email.contains('@') {
        return Err(invalid("email", "not_an_address", "expected an e-mail address such as mira@example.org"));
    }
    let taken = by_email(&mut *engine.reader()?, &email)?;
    if taken.is_some() {
        return Err(invalid("email", "taken", format!("{email} signs in already")));
    }
    engine.write(move |session| {
        let sql = "INSERT INTO account (person, email, password, disabled) VALUES (?, ?, NULL, 0)";
        session.execute(sql, &[Param::Int(person), Param::Text(&email)])?;
        Ok(())
    })?;
    Ok(())
}

pub fn by_email(session: &mut dyn Session, email: &str) -> Result<Option<Account>, Fault> {
    let email = normal(email);
    let mut found = None;
    let sql = "SELECT person, email, password, disabled FROM account WHERE email = ?";
    session.query(sql, &[Param::Text(&email)], &mut |row| {
        found = Some(Account {
            person: row.need_int(0)?,
            email: row.need_text(1)?.to_owned(),
            password: row.text(2)?.map(str::to_owned),
            disabled: row.need_int(3)? != 0,
        });
        Ok(())
    })?;
    Ok(found)
}

/// Keeps a new password's hash and ends every session of the person.
pub fn set_password(engine: &Engine, person: i64, hash: String) -> Result<(), Fault> {
    engine.write(move |session| {
        session
            .execute("UPDATE account SET password = ? WHERE person = ?", &[Param::Text(&hash), Param::Int(person)])?;
        session.execute("DELETE FROM session WHERE person = ?", &[Param::Int(person)])?;
        Ok(())
    })
}

/// A link by which a person signs in once; valid for a day.
pub fn once_link(engine: &Engine, person: i64) -> Result<Secret, Fault> {
    let secret = Secret::new(engine.entropy(), "")?;
    let (hash, expires) = (secret.hash(), engine.clock().now() + ONCE_LIFE);
    engine.write(move |session| {
        let sql = "INSERT INTO once_link (hash, person, expires_at, used_at) VALUES (?, ?, ?, NULL)";
        session.execute(sql, &[Param::Blob(&hash), Param::Int(person), Param::Int(expires)])?;
        Ok(())
    })?;
    Ok(secret)
}

/// Whose link this is, while it may still be used. Looking does not use it up.
pub fn peek_once_link(engine: &Engine, secret: &str) -> Result<Option<i64>, Fault> {
    let hash = hashed(secret);
    let mut found = None;
    let sql = "SELECT person FROM once_link WHERE hash = ? AND used_at IS NULL AND expires_at > ?";
    engine.reader()?.query(sql, &[Param::Blob(&hash), Param::Int(engine.clock().now())], &mut |row| {
        found = row.int(0)?;
        Ok(())
    })?;
    Ok(found)
}

/// Uses the link up; the person, the first time only.
pub fn use_once_link(engine: &Engine, secret: &str) -> Result<Option<i64>, Fault> {
    let Some(person) = peek_once_link(engine, secret)? else { return Ok(None) };
    let (hash, now) = (hashed(secret), engine.clock().now());
    engine.write(move |session| {
        let sql = "UPDATE once_link SET used_at = ? WHERE hash = ? AND used_at IS NULL";
        let used = session.execute(sql, &[Param::Int(now), Param::Blob(&hash)])?;
        Ok((used == 1).then_some(person))
    })
}
