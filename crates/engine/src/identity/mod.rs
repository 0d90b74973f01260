//! Who is who: accounts, sessions, one-time links, tokens. Typed by hand, few, and no record: a secret is never a
//! readable field. Only hashes of secrets are kept.

mod accounts;
mod password;
mod principals;
mod secrets;
mod sessions;
mod tokens;

pub use accounts::{Account, add_account, by_email, once_link, peek_once_link, set_password, use_once_link};
pub use password::{PASSWORD_MIN, Passwords};
pub use principals::of_person;
pub use secrets::{Secret, hashed};
pub use sessions::{SESSION_IDLE, Session, begin, end, resume};
pub use tokens::{TOKEN_LIFE_DEFAULT, create, resolve};
