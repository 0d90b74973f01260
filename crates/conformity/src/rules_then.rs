//! The rules of then. What judges is kept: each change of model, catalogue, settings' forms or checks is an entry of the
//! one `rule_set` record, and the texts lie under their hashes, so that a later question can judge as was judged then.

use std::sync::{Arc, PoisonError};

use engine::{Act, Channel, Command, Input, Principal, Record, Time};
use serde_json::Value as Json;
use store::schema::has_column;
use store::{Param, Session, SessionExt as _};

use crate::Error;
use crate::house::{Conformity, Library};
use crate::library::RuleTexts;
use crate::question::{hex, rfc3339};

/// The record type whose one record names what judges.
const RULE_SET: &str = "rule_set";
/// Texts of catalogue, settings and checks, among the texts that are kept.
const RULES: &str = "rules";
/// Earlier rules held ready; each is some megabytes.
const EARLIER_MAX: usize = 4;

/// The organisation's own files, among the texts that are kept.
const OVERLAY: &str = "overlay";

/// Hashes in hexadecimal; that of the overlay is empty where there is none.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Names {
    model: String,
    rules: String,
    overlay: String,
}

/// The organisation's own files that lie over the program's: paths relative to their folder, and texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlay {
    pub files: Vec<(String, String)>,
}

impl Overlay {
    /// The one in force, as kept in the database; empty where there is none. Works before any engine is open.
    pub fn in_force(session: &mut dyn Session) -> Result<Self, Error> {
        if !has_column(session, RULE_SET, "overlay")? {
            return Ok(Self::default());
        }
        let Some(hash) = session.optional_text("SELECT overlay FROM rule_set ORDER BY id LIMIT 1", &[])? else {
            return Ok(Self::default());
        };
        let sql = "SELECT body FROM text_version WHERE kind = ? AND hash = ?";
        let invalid = |why: &str| Error::Invalid(format!("the organisation's own files ({hash}) {why}"));
        let body = session.optional_text(sql, &[Param::Text(OVERLAY), Param::Text(&hash)])?;
        let body = body.ok_or_else(|| invalid("are not kept any more"))?;
        let files = serde_json::from_str(&body).map_err(|_| invalid("are kept in a form that nobody can read"))?;
        Ok(Self { files })
    }

    /// Keeps the files; their hash, empty for none.
    fn keep(&self, engine: &engine::Engine) -> Result<String, Error> {
        if self.files.is_empty() {
            return Ok(String::new());
        }
        Ok(engine.keep(OVERLAY, self.text())?)
    }

    fn text(&self) -> String {
        serde_json::json!(self.files).to_string()
    }
}

impl Conformity {
    /// Sees to it that the ledger names the rules of this program as those in force; whether it did not yet.
    pub fn keep_rules(&self) -> Result<bool, Error> {
        if self.engine.read_only().is_some() || self.engine.model().get(RULE_SET).is_none() {
            return Ok(false);
        }
        let rules = self.engine.keep(RULES, self.library.texts.to_text())?;
        let overlay = self.library.overlay.keep(&self.engine)?;
        let names = Names { model: hex(&self.library.model), rules, overlay };
        let last = self.rule_set(Time::Live)?;
        if last.as_ref().is_some_and(|record| named(record) == names) {
            return Ok(false);
        }
        let mut input = Input::new();
        input.insert("model".to_owned(), Json::from(names.model));
        input.insert("rules".to_owned(), Json::from(names.rules));
        let overlay = Some(names.overlay).filter(|overlay| !overlay.is_empty());
        input.insert("overlay".to_owned(), overlay.map_or(Json::Null, Json::from));
        let act = match last {
            Some(record) => Act::Change { number: record.number().to_owned(), input },
            None => Act::Create { record_type: RULE_SET.to_owned(), input },
        };
        self.engine.run(&Command::new(Arc::new(Principal::system()), Channel::CommandLine, act))?;
        Ok(true)
    }

    /// Whether the organisation's own files are still those that this was opened with; another process may put others in
    /// force.
    pub fn is_current(&self) -> Result<bool, Error> {
        Ok(Overlay::in_force(&mut *self.engine.reader()?)? == *self.library.overlay)
    }

    /// The same organisation, judged by the rules that were in force at an instant.
    ///
    /// # Errors
    /// [`Error::Invalid`]: before any rules were kept (the message names the earliest instant), or where the texts of
    /// then can no longer be read against the model of today.
    pub fn by_rules_of(self: &Arc<Self>, at: i64) -> Result<Arc<Self>, Error> {
        let Some(record) = self.rule_set(Time::At { valid: at, known: at })? else { return Err(self.too_early()?) };
        let names = named(&record);
        let now = self.rule_set(Time::Live)?;
        if now.is_some_and(|now| named(&now) == names) {
            return Ok(self.clone());
        }
        let key = (names.model.clone(), names.rules.clone());
        let mut earlier = self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = earlier.get(&key) {
            return Ok(found.clone());
        }
        let found = Arc::new(Self::open(self.engine.clone(), self.library_of(&names)?));
        if earlier.len() >= EARLIER_MAX {
            earlier.clear();
        }
        earlier.insert(key, found.clone());
        Ok(found)
    }

    fn library_of(&self, names: &Names) -> Result<Library, Error> {
        let invalid = |why: &str| Error::Invalid(format!("the rules of then ({}) {why}", names.rules));
        let text = self.engine.kept(RULES, &names.rules)?.ok_or_else(|| invalid("are not kept any more"))?;
        let texts = RuleTexts::of_text(&text).ok_or_else(|| invalid("are kept in a form that nobody can read"))?;
        let model = hash_of(&names.model).ok_or_else(|| invalid("name no model"))?;
        let library = Library::of(texts, self.engine.model(), model);
        library.map_err(|error| invalid(&format!("do not fit the model of today: {error}")))
    }

    fn rule_set(&self, time: Time) -> Result<Option<Record>, Error> {
        let Some(record_type) = self.engine.model().shared(RULE_SET) else { return Ok(None) };
        let mut session = self.engine.reader()?;
        let first = session.optional_int("SELECT id FROM rule_set ORDER BY id LIMIT 1", &[])?;
        Ok(match first {
            Some(id) => engine::load(&mut *session, record_type, id, time)?,
            None => None,
        })
    }

    fn too_early(&self) -> Result<Error, Error> {
        Ok(Error::Invalid(match self.rule_set(Time::Live)? {
            Some(record) => {
                let first = record.get(engine::slot::RAISED_AT).as_int().unwrap_or_default();
                format!("no catalogue was loaded before {}: expected an instant from then on", rfc3339(first))
            }
            None => "no catalogue has been loaded yet".to_owned(),
        }))
    }
}

fn named(record: &Record) -> Names {
    let text = |key: &str| record.by_key(key).as_text().unwrap_or_default().to_owned();
    Names { model: text("model"), rules: text("rules"), overlay: text("overlay") }
}

fn hash_of(hexadecimal: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    if hexadecimal.len() != 64 || !hexadecimal.is_ascii() {
        return None;
    }
    for (index, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hexadecimal.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(hash)
}
