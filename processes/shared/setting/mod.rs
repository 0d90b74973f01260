//! Settings, as behaviours of other rooms read them. Their forms were checked when they were decided.

use engine::{Error, Surroundings};
use serde_json::Value as Json;

/// The subject that means all.
const ALL: &str = "*";

/// The text of an organisation-wide setting in force at an instant; `None` where nobody has decided.
pub(crate) fn text(cx: &mut dyn Surroundings, key: &str, at: i64) -> Result<Option<String>, Error> {
    Ok(cx.setting(key, at)?.as_ref().and_then(Json::as_str).map(str::to_owned))
}

/// The value of a setting per subject (a priority): the subject's own, else the one for all.
pub(crate) fn of_subject(cx: &mut dyn Surroundings, key: &str, subject: &str, at: i64) -> Result<Option<Json>, Error> {
    Ok(cx.setting(key, at)?.and_then(|decided| for_subject(decided, subject)))
}

/// What a decided value says for one subject; `None` where it says nothing.
pub(crate) fn for_subject(decided: Json, subject: &str) -> Option<Json> {
    match decided {
        Json::Object(mut each) => each.remove(subject).or_else(|| each.remove(ALL)),
        Json::Null => None,
        for_all => Some(for_all),
    }
}
