//! What a page shows, as plain data: strings, flags and lists, no engine types. A route fills a struct and renders it;
//! the templates lie in `templates/`, one folder an area. Small things that many pages show are structs of their own
//! (`parts`), so a template says `{{ row.clock }}`.
//!
//! Addresses in these structs (`href`, `src`, `action`) are made by the routes and used as they are.

pub mod account;
pub mod chart;
pub mod clause;
pub mod conflict;
pub mod conformity;
pub mod error;
pub mod form;
pub mod history;
pub mod ledger;
pub mod list;
pub mod my_work;
pub mod palette;
pub mod parts;
pub mod proof;
pub mod prose;
pub mod record;
pub mod requirement;
pub mod search;
pub mod settings;
pub mod shell;
pub mod timeline;
pub mod words;

/// `{{ "plus"|icon }}` and `{{ "main.js"|asset }}`, for templates only.
pub(crate) mod filters {
    use askama::filters::Safe;

    /// A line drawing of the sprite, always beside a word or inside something that is named.
    #[askama::filter_fn]
    pub fn icon(name: impl std::fmt::Display, _: &dyn askama::Values) -> askama::Result<Safe<String>> {
        let sprite = crate::assets::url("icons.svg");
        Ok(Safe(format!(r##"<svg class="icon" aria-hidden="true"><use href="{sprite}#{name}"></use></svg>"##)))
    }

    /// The address of a file of `assets`.
    #[askama::filter_fn]
    pub fn asset(name: impl std::fmt::Display, _: &dyn askama::Values) -> askama::Result<String> {
        Ok(crate::assets::url(&name.to_string()))
    }
}

/// Structs whose template is markup already: printed into another template they are not escaped again.
macro_rules! markup {
    ($($part:ty),+ $(,)?) => { $(impl askama::filters::HtmlSafe for $part {})+ };
}
pub(crate) use markup;
