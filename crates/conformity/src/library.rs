//! Everything that judges, put together: the standard's texts, which are part of this program, and the rooms' own.

use std::sync::Arc;

use model::Model;

use crate::LoadError;
use crate::catalogue::Catalogue;
use crate::checks::{Against, Checks};
use crate::figures::Figures;
use crate::house::Library;
use crate::rules_then::Overlay;
use crate::settings::Registry;

const REQUIREMENTS: (&str, &str) = ("standard/requirements.toml", include_str!("../../../standard/requirements.toml"));
const SETTINGS: (&str, &str) = ("standard/settings.toml", include_str!("../../../standard/settings.toml"));

/// The keys that can be decided: the standard's and the organisation's own (file name and text).
pub fn registry(own_settings: (&str, &str)) -> Result<Registry, LoadError> {
    Registry::load(SETTINGS, own_settings)
}

/// The texts that judge: the standard's, the organisation's own settings, the rooms' checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleTexts {
    requirements: String,
    settings: String,
    own_settings: (String, String),
    /// File names and texts.
    checks: Vec<(String, String)>,
}

impl RuleTexts {
    /// Those of this program, with the rooms' checks.
    pub fn of_program<F: AsRef<str>, T: AsRef<str>>(own_settings: (&str, &str), checks: &[(F, T)]) -> Self {
        let owned = |(file, text): &(F, T)| (file.as_ref().to_owned(), text.as_ref().to_owned());
        Self {
            requirements: REQUIREMENTS.1.to_owned(),
            settings: SETTINGS.1.to_owned(),
            own_settings: (own_settings.0.to_owned(), own_settings.1.to_owned()),
            checks: checks.iter().map(owned).collect(),
        }
    }

    /// As one text, to be kept: the same texts give the same.
    pub(crate) fn to_text(&self) -> String {
        let Self { requirements, settings, own_settings, checks } = self;
        let json = serde_json::json!({
            "requirements": requirements, "settings": settings, "own_settings": own_settings, "checks": checks,
        });
        json.to_string()
    }

    /// From the text that was kept; `None` where it is none.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        let json: serde_json::Value = serde_json::from_str(text).ok()?;
        let texts = |key: &str| serde_json::from_value(json.get(key)?.clone()).ok();
        Some(Self {
            requirements: json.get("requirements")?.as_str()?.to_owned(),
            settings: json.get("settings")?.as_str()?.to_owned(),
            own_settings: serde_json::from_value(json.get("own_settings")?.clone()).ok()?,
            checks: texts("checks")?,
        })
    }
}

impl Library {
    /// Loads this program's catalogue and settings and the rooms' checks (file names and texts) against a model.
    pub fn load<F: AsRef<str>, T: AsRef<str>>(
        model: &Model,
        own_settings: (&str, &str),
        checks: &[(F, T)],
    ) -> Result<Self, LoadError> {
        Self::of(RuleTexts::of_program(own_settings, checks), model, model.hash)
    }

    /// Loads texts against a model. `judged_by` is the hash of the model that they were in force with.
    pub fn of(texts: RuleTexts, model: &Model, judged_by: [u8; 32]) -> Result<Self, LoadError> {
        let own = (texts.own_settings.0.as_str(), texts.own_settings.1.as_str());
        let settings = Registry::load((SETTINGS.0, &texts.settings), own)?;
        let catalogue = Catalogue::load(REQUIREMENTS.0, &texts.requirements, |key| settings.contains(key))?;
        let figures = Figures::load(&texts.checks, model)?;
        let against = Against { model, catalogue: &catalogue, settings: &settings };
        let checks = Checks::load(&texts.checks, against)?;
        Ok(Self {
            catalogue: Arc::new(catalogue),
            settings: Arc::new(settings),
            checks: Arc::new(checks),
            figures: Arc::new(figures),
            model: judged_by,
            texts: Arc::new(texts),
            overlay: Arc::default(),
        })
    }

    /// The same, with the organisation's own files that model and checks were loaded with.
    #[must_use]
    pub fn with_overlay(self, overlay: Overlay) -> Self {
        Self { overlay: Arc::new(overlay), ..self }
    }
}
