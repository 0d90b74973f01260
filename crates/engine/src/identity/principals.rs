//! A person's roles and scopes as they stand now.

use store::{Fault, Param, Session};

use crate::engine::Engine;
use crate::principal::{Allowance, Held, Principal};

/// Roles whose people may import, as the table of roles and rights says.
const IMPORTERS: [&str; 2] = ["administrator", "service-manager"];
/// The role that administers people and tokens.
const ADMINISTRATOR: &str = "administrator";

/// The principal of a person; `None` when there is no such person, or he has left.
pub fn of_person(
    engine: &Engine,
    session: &mut dyn Session,
    person: i64,
    allowance: Allowance,
) -> Result<Option<Principal>, Fault> {
    let now = engine.clock().now();
    let mut found = None;
    let sql = "SELECT number, name, customer, active FROM person WHERE id = ?";
    session.query(sql, &[Param::Int(person)], &mut |row| {
        let (number, name) = (row.need_text(0)?.to_owned(), row.text(1)?.unwrap_or_default().to_owned());
        found = Some((number, name, row.int(2)?, row.int(3)? != Some(0)));
        Ok(())
    })?;
    let Some((number, name, customer, true)) = found else { return Ok(None) };
    let (mut held, mut scopes) = (Vec::new(), Vec::from_iter(customer));
    let sql = "SELECT id, role, customer FROM role_assignment WHERE person = ? AND coalesce(\"from\", raised_at) <= ? \
               AND (\"to\" IS NULL OR \"to\" > ?) ORDER BY id";
    session.query(sql, &[person, now, now].map(Param::Int), &mut |row| {
        held.push(Held { assignment: row.int(0)?, role: row.need_text(1)?.to_owned() });
        scopes.extend(row.int(2)?);
        Ok(())
    })?;
    scopes.sort_unstable();
    scopes.dedup();
    let may = |roles: &[&str]| held.iter().any(|h| roles.contains(&h.role.as_str()));
    let allowance = Allowance {
        write: allowance.write,
        import: allowance.import && may(&IMPORTERS),
        admin: allowance.admin && may(&[ADMINISTRATOR]),
    };
    Ok(Some(Principal { person: Some(person), number, name, held, scopes, allowance }))
}
