//! Signing in: by password, or by a link that works once.

use askama::Template;

use super::{filters, parts::Mark, shell::Shell};

/// `/signin`: fields `email`, `password`, hidden `csrf`, and `return` (a path of ours) where one was asked for.
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "account/signin.html")]
pub struct SignInPage {
    pub shell: Shell,
    pub email: String,
    /// Says nothing of which of the two was wrong.
    pub error: Option<String>,
    /// How many tries are left, how long the account rests.
    pub advice: String,
    /// Where to go afterwards; empty for My work.
    pub return_to: String,
    /// Demonstration only: who may be signed in as, with their one-time links.
    pub demo_people: Vec<(String, String)>,
}

/// `GET /signin/once/TOKEN`: a button, because a link alone may be opened by a mail scanner. It posts to itself.
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "account/once.html")]
pub struct OncePage {
    pub shell: Shell,
    pub action: String,
    /// Whom the link signs in.
    pub name: String,
    /// `This link works once, until 25 November, 10:42.`
    pub validity: String,
    /// The link was used, has ended or never was: no button.
    pub spent: bool,
}

/// After the link was consumed: a password of at least 12 characters (field `password`), posted to `action`.
#[derive(Clone, Debug, Default, PartialEq, Template)]
#[template(path = "account/password.html")]
pub struct PasswordPage {
    pub shell: Shell,
    pub action: String,
    /// For password managers.
    pub email: String,
    pub name: String,
    pub error: Option<String>,
}
