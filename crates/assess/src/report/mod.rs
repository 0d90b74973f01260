//! The report that people print: one file, no script, verdict first. Says only what the answer holds.

mod view;
mod words;

use askama::Template as _;

use crate::Assessment;

impl Assessment {
    /// The report as one HTML file that needs nothing beside it.
    ///
    /// # Errors
    /// None that a caller can cause: the template writes into memory.
    pub fn html(&self) -> Result<String, askama::Error> {
        view::Page::of(self).render()
    }
}
