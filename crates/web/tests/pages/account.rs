//! Signing in.

use web::view::{account::*, shell::Shell};

use crate::{
    Page,
    common::{CSRF, page, s},
};

fn bare(title: &str) -> Shell {
    Shell { title: s(title), organisation: s("Larkfield Managed IT"), csrf: s(CSRF), ..Shell::default() }
}

pub fn pages() -> Vec<Page> {
    let signin = SignInPage { shell: bare("Sign in"), ..SignInPage::default() };
    let wrong = SignInPage {
        email: s("mira.okafor@larkfield.example"),
        error: Some(s("That did not work.")),
        advice: s("The e-mail or the password is wrong. After 3 more tries this account rests for 15 minutes."),
        return_to: s("/incidents?view=mine"),
        ..signin.clone()
    };
    let demo = SignInPage {
        shell: Shell { demo: Some(s("Larkfield is invented; nothing here counts.")), ..bare("Sign in") },
        demo_people: vec![(s("Service manager"), s("/signin/once/abc")), (s("Agent"), s("/signin/once/def"))],
        ..signin.clone()
    };
    let once = OncePage {
        shell: bare("Sign in once"),
        action: s("/signin/once/abc"),
        name: s("Mira"),
        validity: s("This link works once, until 25 November, 10:42."),
        spent: false,
    };
    let spent = OncePage { spent: true, ..once.clone() };
    let password = PasswordPage {
        shell: bare("Choose a password"),
        action: s("/signin/password"),
        email: s("mira.okafor@larkfield.example"),
        name: s("Mira"),
        error: None,
    };
    let short = PasswordPage { error: Some(s("These are 7 characters; at least 12 are needed.")), ..password.clone() };
    vec![
        page("signin", &signin),
        page("signin-wrong", &wrong),
        page("signin-demo", &demo),
        page("once", &once),
        page("once-spent", &spent),
        page("password", &password),
        page("password-short", &short),
    ]
}
