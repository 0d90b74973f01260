//! `vouch user` and `vouch token`: administration without a browser.

use std::io::Read as _;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use engine::identity::{self, PASSWORD_MIN, Passwords};
use engine::{Act, Channel, Command, Engine, Error, Input, Principal};
use serde_json::json;

use crate::cli::{Token, TokenCommand, User, UserCommand};
use crate::organisation::{Expect, Opening, open, signed};

pub fn run(user: &User) -> anyhow::Result<ExitCode> {
    match &user.command {
        UserCommand::Add { data, name, email, role, customer, password_stdin, base_url } => {
            let engine = open(data, Expect::NewOrExisting, Opening::default())?;
            let person = add(&engine, &New { name, email, roles: role, customer: customer.as_deref() })?;
            if *password_stdin {
                let password = password_from_stdin()?;
                identity::set_password(&engine, person, Passwords::default().hash(&password)?)?;
            } else {
                println!("{}", link(&engine, person, base_url)?);
            }
            signed(&engine)?;
        }
        UserCommand::Link { data, email, base_url } => {
            let engine = open(data, Expect::Existing, Opening::default())?;
            println!("{}", link(&engine, account(&engine, email)?, base_url)?);
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub fn token(token: &Token) -> anyhow::Result<ExitCode> {
    let TokenCommand::Create { data, email, scope, expires } = &token.command;
    let engine = open(data, Expect::Existing, Opening::default())?;
    let secret = identity::create(&engine, account(&engine, email)?, scope, life(expires)?).map_err(said)?;
    println!("{}", secret.reveal());
    Ok(ExitCode::SUCCESS)
}

/// A person who shall sign in.
pub struct New<'a> {
    pub name: &'a str,
    pub email: &'a str,
    pub roles: &'a [String],
    pub customer: Option<&'a str>,
}

/// Makes the person, the role assignments and the account; the person's id.
pub fn add(engine: &Engine, new: &New<'_>) -> anyhow::Result<i64> {
    if identity::by_email(&mut *engine.reader()?, new.email)?.is_some() {
        bail!("{} signs in already", new.email);
    }
    let person = create(engine, "person", json!({ "name": new.name, "email": new.email, "customer": new.customer }))?;
    for role in new.roles {
        let input = json!({ "person": person.number, "role": role, "customer": new.customer });
        create(engine, "role_assignment", input)?;
    }
    identity::add_account(engine, person.record, new.email).map_err(said)?;
    Ok(person.record)
}

/// Creates a record as the engine itself, from the command line.
pub fn create(engine: &Engine, record_type: &str, input: serde_json::Value) -> anyhow::Result<engine::Done> {
    let input = match input {
        serde_json::Value::Object(object) => object,
        _ => Input::new(),
    };
    let act = Act::Create { record_type: record_type.to_owned(), input };
    engine.run(&Command::new(Arc::new(Principal::system()), Channel::CommandLine, act)).map_err(said)
}

/// A refusal in words.
pub fn said(error: Error) -> anyhow::Error {
    match error {
        Error::Refused(engine::Refusal::Invalid(problems)) => {
            let all: Vec<String> = problems.into_iter().map(|p| p.message).collect();
            anyhow::anyhow!("{}", all.join("; "))
        }
        other => anyhow::anyhow!("{other}"),
    }
}

fn account(engine: &Engine, email: &str) -> anyhow::Result<i64> {
    let found = identity::by_email(&mut *engine.reader()?, email)?;
    Ok(found.with_context(|| format!("nobody signs in as {email}"))?.person)
}

pub fn link(engine: &Engine, person: i64, base_url: &str) -> anyhow::Result<String> {
    let secret = identity::once_link(engine, person)?;
    Ok(format!("{}/signin/once/{}", base_url.trim_end_matches('/'), secret.reveal()))
}

fn password_from_stdin() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().take(4096).read_to_string(&mut text).context("reading the password")?;
    let password = text.trim_end_matches(['\r', '\n']).to_owned();
    if password.chars().count() < PASSWORD_MIN {
        bail!("the password has fewer than {PASSWORD_MIN} characters");
    }
    Ok(password)
}

/// `30d`, `12h`, `45m` in microseconds.
fn life(text: &str) -> anyhow::Result<i64> {
    let seconds = match text.chars().last() {
        Some('d') => 86_400,
        Some('h') => 3_600,
        Some('m') => 60,
        _ => bail!("expected a life such as 30d, 12h or 45m, not {text}"),
    };
    let number: i64 = text
        .get(..text.len() - 1)
        .unwrap_or_default()
        .parse()
        .with_context(|| format!("expected a life such as 30d, not {text}"))?;
    if !(1..=3_650 * 24 * 60).contains(&number) {
        bail!("expected a life between one minute and ten years, not {text}");
    }
    Ok(number * seconds * 1_000_000)
}

/// Whether somebody may sign in already.
pub fn anybody(engine: &Engine) -> anyhow::Result<bool> {
    let count = store::SessionExt::one_int(&mut *engine.reader()?, "SELECT count(*) FROM account", &[])?;
    Ok(count > 0)
}
