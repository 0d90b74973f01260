//! Figures beside the checks: how many records of a period are so and so. They judge nothing. Like checks they are text
//! in the rooms' files (`[[figure]]` in `checks.toml`).

use std::sync::Arc;

use engine::Engine;
use model::Model;
use model::condition::{Condition, Scope, Sql, Target};
use serde::Serialize;
use store::Session;
use store::schema::quoted;

use crate::Error;
use crate::file::{Fields, LoadError, Source, tables};
use crate::question::Frame;
use crate::scan::{condition_dialect, condition_time, run};

/// All figures, in the order of their files.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    figures: Vec<Arc<Figure>>,
}

#[derive(Clone, Debug)]
pub struct Figure {
    /// `without_configuration_item`.
    pub key: String,
    /// What it says, for people.
    pub title: String,
    pub record_type: String,
    /// The records that are looked at.
    of: Condition,
    /// Those of them that are counted.
    when: Condition,
}

/// A figure over a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FigureRow {
    #[serde(skip)]
    pub key: String,
    pub title: String,
    pub count: u64,
    /// Records of which it cannot be told: their source does not say.
    pub undetermined: u64,
    /// All records that were looked at.
    pub of: u64,
}

impl Figures {
    /// Reads the `[[figure]]` tables of files of checks, each a pair of name and text.
    pub fn load<F: AsRef<str>, T: AsRef<str>>(files: &[(F, T)], model: &Model) -> Result<Self, LoadError> {
        let mut all = Self::default();
        for (file, text) in files {
            let source = Source { file: file.as_ref(), text: text.as_ref() };
            let document = source.parse()?;
            for table in tables(document.as_table(), "figure") {
                let figure = read(Fields::of(source, table, "figure"), model)?;
                if all.figures.iter().any(|other| other.key == figure.key) {
                    let message = format!("figure {}: the key stands twice", figure.key);
                    return Err(source.error(table.span(), message));
                }
                all.figures.push(Arc::new(figure));
            }
        }
        Ok(all)
    }

    pub fn all(&self) -> &[Arc<Figure>] {
        &self.figures
    }
}

fn read(mut fields: Fields<'_>, model: &Model) -> Result<Figure, LoadError> {
    let key = fields.text("key")?;
    fields.rename(format!("figure {key}"));
    let over = fields.text("over")?;
    let record_type = over.strip_suffix(".record").filter(|name| model.get(name).is_some());
    let Some(record_type) = record_type.map(str::to_owned) else {
        return Err(fields.error_at("over", format!("{over:?}: expected T.record with a record type T")));
    };
    let scope = Scope::record(model, &record_type).for_check().with_period();
    let figure = Figure {
        key,
        title: fields.text("title")?,
        of: condition(&fields, "of", Some("raised_at in period"), &scope)?,
        when: condition(&fields, "when", None, &scope)?,
        record_type,
    };
    fields.finish()?;
    Ok(figure)
}

fn condition(
    fields: &Fields<'_>,
    key: &'static str,
    otherwise: Option<&str>,
    scope: &Scope<'_>,
) -> Result<Condition, LoadError> {
    let text = match (fields.optional_text(key)?, otherwise) {
        (Some(text), _) => text,
        (None, Some(otherwise)) => otherwise.to_owned(),
        (None, None) => fields.text(key)?,
    };
    let parsed = Condition::parse(&text, scope).map_err(|problems| match problems.first() {
        Some(problem) => fields.error_inside(key, problem.offset, format!("{key}: {}", problem.message)),
        None => fields.error_at(key, format!("{key}: no condition")),
    })?;
    parsed.pushable().map_err(|why| fields.error_at(key, format!("{key} must be decided by the database: {why}")))?;
    Ok(parsed)
}

/// Counts a figure over the frame's period.
pub(crate) fn count(
    engine: &Engine,
    session: &mut dyn Session,
    figure: &Figure,
    frame: &Frame,
) -> Result<FigureRow, Error> {
    let time = condition_time(frame.time);
    let target = Target { dialect: condition_dialect(session.dialect()), time, context: &frame.cx };
    let fault = |why: model::condition::NotPushable| Error::not_pushable(&figure.key, why);
    let (of, when) = (figure.of.filter_sql(&target).map_err(fault)?, figure.when.sql(&target).map_err(fault)?);
    let suffix = if time == model::condition::Time::Live { "" } else { "_v" };
    let name = engine.model().get(&figure.record_type).map_or("", |t| t.name.as_str());
    let table = quoted(&format!("{name}{suffix}"));
    let holds = time.predicate("r").unwrap_or_else(|| Sql::new("TRUE"));
    let template = format!(
        "SELECT q.c, count(*) FROM (SELECT CASE {{}} WHEN TRUE THEN 1 WHEN FALSE THEN 0 ELSE 2 END AS c \
         FROM {table} \"r\" WHERE {{}} AND {{}}) q GROUP BY 1"
    );
    let mut row = FigureRow { key: figure.key.clone(), title: figure.title.clone(), count: 0, undetermined: 0, of: 0 };
    run(session, &Sql::compose(&template, &[&when, &holds, &of]), &mut |found| {
        let count = u64::try_from(found.need_int(1)?).unwrap_or(0);
        row.of += count;
        match found.need_int(0)? {
            1 => row.count += count,
            2 => row.undetermined += count,
            _ => {}
        }
        Ok(())
    })?;
    Ok(row)
}
