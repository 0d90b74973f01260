//! Everything that judges, put together: the standard's texts, which are part of this program, and the rooms' own.

use std::sync::Arc;

use model::Model;

use crate::LoadError;
use crate::catalogue::Catalogue;
use crate::checks::{Against, Checks};
use crate::figures::Figures;
use crate::house::Library;
use crate::settings::Registry;

const REQUIREMENTS: (&str, &str) = ("standard/requirements.toml", include_str!("../../../standard/requirements.toml"));
const SETTINGS: (&str, &str) = ("standard/settings.toml", include_str!("../../../standard/settings.toml"));

/// The keys that can be decided: the standard's and the organisation's own (file name and text).
pub fn registry(own_settings: (&str, &str)) -> Result<Registry, LoadError> {
    Registry::load(SETTINGS, own_settings)
}

impl Library {
    /// Loads catalogue, settings and the rooms' checks (file names and texts) against a model.
    pub fn load<F: AsRef<str>, T: AsRef<str>>(
        model: &Model,
        own_settings: (&str, &str),
        checks: &[(F, T)],
    ) -> Result<Self, LoadError> {
        let settings = registry(own_settings)?;
        let catalogue = Catalogue::load(REQUIREMENTS.0, REQUIREMENTS.1, |key| settings.contains(key))?;
        let figures = Figures::load(checks, model)?;
        let checks = Checks::load(checks, Against { model, catalogue: &catalogue, settings: &settings })?;
        Ok(Self {
            catalogue: Arc::new(catalogue),
            settings: Arc::new(settings),
            checks: Arc::new(checks),
            figures: Arc::new(figures),
        })
    }
}
