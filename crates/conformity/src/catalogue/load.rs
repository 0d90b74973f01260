//! Text to catalogue: everything typed, every reference resolved, nothing overlooked.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};
use toml_edit::{Item, Table};

use super::{
    Catalogue, CheckText, Clause, Documented, DocumentedBasis, Meta, PopulationKind, Proves, RecordType, Requirement,
};
use crate::file::{Fields, LoadError, Source, only_these, tables};

const DOCUMENTED: [(&str, Documented); 9] = [
    ("none", Documented::None),
    ("record", Documented::Record),
    ("plan", Documented::Plan),
    ("report", Documented::Report),
    ("policy", Documented::Policy),
    ("procedure", Documented::Procedure),
    ("agreement", Documented::Agreement),
    ("catalogue", Documented::Catalogue),
    ("scope", Documented::Scope),
];
const BASIS: [(&str, DocumentedBasis); 3] = [
    ("explicit", DocumentedBasis::Explicit),
    ("implied", DocumentedBasis::Implied),
    ("customary", DocumentedBasis::Customary),
];
const POPULATION: [(&str, PopulationKind); 9] = [
    ("record", PopulationKind::Record),
    ("step", PopulationKind::Step),
    ("change", PopulationKind::Change),
    ("occasion", PopulationKind::Occasion),
    ("pairs", PopulationKind::Pairs),
    ("rows", PopulationKind::Rows),
    ("values", PopulationKind::Values),
    ("product", PopulationKind::Product),
    ("person", PopulationKind::Person),
];
const PROVES: [(&str, Proves); 4] = [
    ("sufficient", Proves::Sufficient),
    ("necessary", Proves::Necessary),
    ("indicator", Proves::Indicator),
    ("nothing", Proves::Nothing),
];

impl Catalogue {
    /// Reads `requirements.toml`. `file` is its name in messages; `known_setting` says whether a key of settings exists.
    pub fn load(file: &str, text: &str, known_setting: impl Fn(&str) -> bool) -> Result<Self, LoadError> {
        let source = Source { file, text };
        let document = source.parse()?;
        let root = document.as_table();
        only_these(source, root, &["meta", "record_types", "clause", "requirement"])?;
        let record_types = read_record_types(source, root)?;
        let clauses = tables(root, "clause").map(|table| read_clause(source, table)).collect::<Result<Vec<_>, _>>()?;
        let clause_by_number = clauses.iter().enumerate().map(|(i, c)| (c.number.clone(), i)).collect();
        let mut catalogue = Self {
            meta: read_meta(source, root)?,
            hash: Sha256::digest(text).into(),
            record_types,
            clauses,
            requirements: Vec::new(),
            clause_by_number,
            requirement_by_id: HashMap::new(),
        };
        check_clauses(source, root, &catalogue)?;
        for table in tables(root, "requirement") {
            let requirement = read_requirement(source, table, &catalogue, &known_setting)?;
            catalogue.requirement_by_id.insert(requirement.id.clone(), catalogue.requirements.len());
            catalogue.requirements.push(requirement);
        }
        check_count(source, root, &catalogue)?;
        Ok(catalogue)
    }
}

fn read_meta(source: Source<'_>, root: &Table) -> Result<Meta, LoadError> {
    let fields = Fields::at(source, root, "meta")?;
    let compiled = fields.get("compiled").and_then(Item::as_datetime).map(ToString::to_string);
    fields.count("requirement_count")?;
    let meta = Meta {
        standard: fields.text("standard")?,
        edition: fields.text("edition")?,
        amendments: fields.texts("amendments")?,
        version: fields.text("catalogue_version")?,
        compiled: compiled.ok_or_else(|| fields.error_at("compiled", "compiled is no date, expected YYYY-MM-DD"))?,
        no_exclusions: fields.flag("no_exclusions", false)?,
        refs_confirmed: fields.texts("refs_confirmed")?,
        own_conformity_clauses: fields.texts("own_conformity_clauses")?,
        note: fields.text("note")?,
    };
    fields.finish()?;
    Ok(meta)
}

fn read_record_types(source: Source<'_>, root: &Table) -> Result<Vec<RecordType>, LoadError> {
    let table = root.get("record_types").and_then(Item::as_table);
    let table = table.ok_or_else(|| source.error(None, "expected a table [record_types]"))?;
    let read = |(name, item): (&str, &Item)| match item.as_str() {
        Some(meaning) => Ok(RecordType { name: name.to_owned(), meaning: meaning.to_owned() }),
        None => Err(source.error(item.span(), format!("record type {name}: expected its meaning as text"))),
    };
    table.iter().map(read).collect()
}

fn read_clause(source: Source<'_>, table: &Table) -> Result<Clause, LoadError> {
    let mut fields = Fields::of(source, table, "clause");
    let number = fields.text("number")?;
    fields.rename(format!("clause {number}"));
    let clause = Clause {
        title: fields.text("title")?,
        parent: Some(fields.text("parent")?).filter(|parent| !parent.is_empty()),
        title_is_ours: fields.flag("title_is_ours", false)?,
        requirements: fields.flag("requirements", true)?,
        number,
    };
    fields.finish()?;
    Ok(clause)
}

fn check_clauses(source: Source<'_>, root: &Table, catalogue: &Catalogue) -> Result<(), LoadError> {
    let mut seen = HashSet::new();
    for (table, clause) in tables(root, "clause").zip(&catalogue.clauses) {
        let error = |message: String| Err(source.error(table.span(), format!("clause {}: {message}", clause.number)));
        let above = clause.number.rsplit_once('.').map(|(above, _)| above);
        if !seen.insert(clause.number.as_str()) {
            return error("the number stands twice".to_owned());
        }
        if clause.parent.as_deref() != above {
            return error(format!(
                "parent is {:?}, expected {:?}",
                clause.parent.as_deref().unwrap_or(""),
                above.unwrap_or("")
            ));
        }
        if above.is_some_and(|above| !seen.contains(above)) {
            return error("the clause above it must stand before it".to_owned());
        }
    }
    Ok(())
}

fn read_requirement(
    source: Source<'_>,
    table: &Table,
    catalogue: &Catalogue,
    known_setting: &impl Fn(&str) -> bool,
) -> Result<Requirement, LoadError> {
    let mut fields = Fields::of(source, table, "requirement");
    let id = fields.text("id")?;
    fields.rename(format!("requirement {id}"));
    let requirement = Requirement {
        clause: fields.text("clause")?,
        reference: fields.text("ref")?,
        title: fields.text("title")?,
        text: fields.text("text")?,
        documented: fields.word("documented", &DOCUMENTED)?,
        documented_name: fields.optional_text("documented_name")?,
        documented_basis: fields.optional_word("documented_basis", &BASIS)?,
        evidence: fields.texts("evidence")?,
        evidence_from: fields.texts("evidence_from")?,
        check: read_check(&fields)?,
        population_kind: fields.word("population_kind", &POPULATION)?,
        proves: fields.word("proves", &PROVES)?,
        judgement: fields.text("judgement")?,
        settings: fields.texts("settings")?,
        practice: fields.optional_text("practice")?,
        typical_nonconformity: fields.text("typical_nonconformity")?,
        nil_return: fields.flag("nil_return", false)?,
        unsure: fields.flag("unsure", false)?,
        unsure_note: fields.optional_text("unsure_note")?,
        id,
    };
    check_requirement(&fields, &requirement, catalogue, known_setting)?;
    fields.finish()?;
    Ok(requirement)
}

fn read_check(fields: &Fields<'_>) -> Result<Option<CheckText>, LoadError> {
    let text = fields.text("check")?;
    if text == "manual" {
        return Ok(None);
    }
    let parts = text.strip_prefix("population: ").and_then(|rest| rest.split_once("; pass: "));
    let parts = parts.filter(|(population, pass)| !population.is_empty() && !pass.is_empty());
    let expected = || fields.error_at("check", "check is unlike \"population: …; pass: …\" and unlike \"manual\"");
    let (population, pass) = parts.ok_or_else(expected)?;
    Ok(Some(CheckText { population: population.to_owned(), pass: pass.to_owned() }))
}

fn check_requirement(
    fields: &Fields<'_>,
    requirement: &Requirement,
    catalogue: &Catalogue,
    known_setting: &impl Fn(&str) -> bool,
) -> Result<(), LoadError> {
    let Some(clause) = catalogue.clause(&requirement.clause) else {
        return Err(fields.error_at("clause", format!("no clause {:?}", requirement.clause)));
    };
    if !clause.requirements {
        return Err(fields.error_at("clause", format!("clause {} has requirements = false", clause.number)));
    }
    let letter = requirement.id.strip_prefix(&clause.number).and_then(|rest| rest.strip_prefix('-'));
    if !letter.is_some_and(|letter| !letter.is_empty() && letter.bytes().all(|b| b.is_ascii_lowercase())) {
        return Err(fields.error_at("id", format!("expected an id like {}-a", clause.number)));
    }
    if catalogue.requirement(&requirement.id).is_some() {
        return Err(fields.error_at("id", "the id stands twice"));
    }
    if let Some(name) = requirement.evidence_from.iter().find(|n| !catalogue.record_types.iter().any(|t| t.name == **n))
    {
        return Err(fields.error_at("evidence_from", format!("no record type {name:?} in [record_types]")));
    }
    if let Some(key) = requirement.settings.iter().find(|key| !known_setting(key)) {
        return Err(fields.error_at("settings", format!("no setting {key:?} in settings.toml")));
    }
    check_sense(fields, requirement)
}

/// Fields that belong together.
fn check_sense(fields: &Fields<'_>, requirement: &Requirement) -> Result<(), LoadError> {
    if (requirement.documented == Documented::None) != requirement.documented_basis.is_none() {
        return Err(fields.error_at("documented", "documented_basis stands exactly where something is documented"));
    }
    if requirement.check.is_none() != (requirement.proves == Proves::Nothing) {
        return Err(fields.error_at("proves", "proves is \"nothing\" exactly where check is \"manual\""));
    }
    if requirement.check.is_none() != (requirement.population_kind == PopulationKind::Person) {
        return Err(
            fields.error_at("population_kind", "population_kind is \"person\" exactly where check is \"manual\"")
        );
    }
    if requirement.judgement.is_empty() != (requirement.proves == Proves::Sufficient) {
        return Err(fields.error_at("judgement", "judgement is empty exactly where proves is \"sufficient\""));
    }
    Ok(())
}

fn check_count(source: Source<'_>, root: &Table, catalogue: &Catalogue) -> Result<(), LoadError> {
    let fields = Fields::at(source, root, "meta")?;
    let (stated, counted) = (fields.count("requirement_count")?, catalogue.requirements.len());
    if stated == counted {
        return Ok(());
    }
    Err(fields
        .error_at("requirement_count", format!("requirement_count is {stated}, but {counted} requirements stand here")))
}
