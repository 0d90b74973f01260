//! The product in a real browser: what people do, with how few steps, by keyboard, together, without script, and whether
//! everybody can use it. Needs `VOUCH_BROWSER`, `VOUCH_BROWSER_DRIVER` and, for accessibility, `VOUCH_AXE`;
//! `cargo xtask test` sets them.

mod axe;
mod browser;
mod drafts;
mod hand;
mod keyboard;
mod live;
mod pages;
mod shots;
mod tasks;
mod unscripted;

use testkit::Desk;

use browser::Browser;

type Outcome = anyhow::Result<()>;

/// A desk and somebody's browser before it. Stories that leave each other alone share one: browsers start slowly.
struct Stage {
    browser: Browser,
    desk: Desk,
}

impl Stage {
    /// `None` where there is no browser to test with.
    fn open() -> anyhow::Result<Option<Self>> {
        let desk = Desk::open()?;
        Ok(Browser::start(&desk.app)?.map(|browser| Self { browser, desk }))
    }
}

/// Plays stories on one stage; the name of the one that fails stands before what is wrong.
macro_rules! stories {
    ($name:ident: $($story:ident),+ $(,)?) => {
        #[test]
        fn $name() -> crate::Outcome {
            use anyhow::Context as _;
            let Some(stage) = crate::Stage::open()? else { return Ok(()) };
            $($story(&stage).context(stringify!($story))?;)+
            Ok(())
        }
    };
}
use stories;
