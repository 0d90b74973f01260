//! The rooms under `processes/` load without an error or a warning, and read as the snapshot shows.

#![cfg(test)]

mod folder;

use std::fmt::Write;
use std::path::Path;

use model::{Field, Kind, Permission, RecordType, Relation, RelationSource, Slot};

#[test]
fn all_rooms_load_and_read_as_reviewed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../processes");
    let mut files = folder::toml_files(&root);
    files.retain(|(path, _)| path != "Cargo.toml" && model::load::is_model_file(path));
    let report = model::load::check(&model::load::Source::core(&files));
    let problems: Vec<String> = report.errors.iter().chain(&report.warnings).map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    let model = report.model.unwrap();
    let types: Vec<String> = model.types().iter().map(|of| describe(of)).collect();
    insta::assert_snapshot!(types.join("\n"));
}

fn describe(of: &RecordType) -> String {
    let mut text = String::new();
    let keys = |slots: &[Slot]| slots.iter().map(|slot| of.fields[*slot].key.as_str()).collect::<Vec<_>>().join(" ");
    let scope = of.scope.map(|slot| format!(", scope {}", of.fields[slot].key)).unwrap_or_default();
    writeln!(text, "# {} /{} {} \"{}\"{scope}", of.name, of.path, of.prefix, of.label_plural).unwrap();
    for field in of.fields.iter().filter(|field| !field.system) {
        writeln!(text, "  {} \"{}\": {}", field.key, field.label, describe_field(field)).unwrap();
    }
    for relation in &of.relations {
        writeln!(text, "  {} \"{}\" <- {}", relation.name, relation.label, describe_relation(relation)).unwrap();
    }
    for transition in of.lifecycle.iter().flat_map(|lifecycle| &lifecycle.transitions) {
        let needs: Vec<String> = transition.needs.iter().map(|group| keys(group).replace(' ', "|")).collect();
        let (from, name, to) = (transition.from.join(" "), &transition.name, &transition.to);
        write!(text, "  {from} --{name}--> {to}").unwrap();
        write!(
            text,
            " needs [{}] offers [{}] clears [{}]",
            needs.join(" "),
            keys(&transition.offers),
            keys(&transition.clears)
        )
        .unwrap();
        let at = transition.at.map(|slot| format!(" at {}", of.fields[slot].key)).unwrap_or_default();
        writeln!(text, "{at}{}", if transition.reason { " with reason" } else { "" }).unwrap();
    }
    for (role, permission) in &of.permissions {
        writeln!(text, "  {role} may {}", describe_permission(permission, &keys)).unwrap();
    }
    for view in &of.views {
        let sort: Vec<String> = view
            .sort
            .iter()
            .map(|(slot, down)| format!("{}{}", if *down { "-" } else { "" }, of.fields[*slot].key))
            .collect();
        let filter = view.filter.as_ref().map_or("true", |filter| filter.text.as_str());
        writeln!(
            text,
            "  view {} \"{}\" where {filter} by {}: {} ({})",
            view.name,
            view.label,
            sort.join(" "),
            keys(&view.columns),
            keys(&view.facets)
        )
        .unwrap();
    }
    text
}

fn describe_field(field: &Field) -> String {
    let kind = match &field.kind {
        Kind::Choice(choices) => choices.iter().map(|choice| choice.key.as_str()).collect::<Vec<_>>().join("|"),
        Kind::ListValue { list } => format!("list {list}"),
        Kind::Link { to } => format!("-> {}", to.join("|")),
        Kind::Rows { columns, .. } => {
            let columns: Vec<String> =
                columns.iter().map(|column| format!("{}: {}", column.key, describe_field(column))).collect();
            format!("rows ({})", columns.join(", "))
        }
        other => format!("{other:?}"),
    };
    let flags = [
        (field.required, "required"),
        (field.derived, "derived"),
        (field.personal, "personal"),
        (field.material, "material"),
        (field.sortable, "sort"),
    ];
    let flags: Vec<&str> = flags.into_iter().filter(|(set, _)| *set).map(|(_, name)| name).collect();
    let default = field.default.as_ref().map(|default| format!(" = {default:?}")).unwrap_or_default();
    let setting = field.needs_setting.as_ref().map(|setting| format!(" needs {setting}")).unwrap_or_default();
    format!("{kind}{default}{setting} {}", flags.join(" ")).trim_end().to_owned()
}

fn describe_relation(relation: &Relation) -> String {
    match &relation.source {
        RelationSource::Links { kind, to, forward, acyclic } => {
            let (arrow, circles) = (if *forward { "->" } else { "<-" }, if *acyclic { ", no circles" } else { "" });
            format!("{kind} {arrow} {}{circles}", to.join("|"))
        }
        RelationSource::Inverse { record_type, field } => format!("{record_type}.{field}"),
        RelationSource::Entries { except_into } => format!("entries but into {}", except_into.join(" ")),
    }
}

fn describe_permission(permission: &Permission, keys: &dyn Fn(&[Slot]) -> String) -> String {
    let mut parts = Vec::new();
    let conditions = [("read", &permission.read), ("create", &permission.create), ("change", &permission.change)];
    for (verb, condition) in conditions {
        if let Some(condition) = condition {
            parts.push(if condition.text == "true" {
                verb.to_owned()
            } else {
                format!("{verb} where {}", condition.text)
            });
        }
    }
    let lists = [
        ("do", permission.transitions.join(" ")),
        ("comment", permission.comment.join(" ")),
        ("not see", keys(&permission.hide)),
        ("not write", keys(&permission.fixed)),
    ];
    parts.extend(
        lists.into_iter().filter(|(_, words)| !words.is_empty()).map(|(verb, words)| format!("{verb} [{words}]")),
    );
    parts.extend(permission.scoped.then(|| "scoped".to_owned()));
    parts.extend(permission.public_only.then(|| "public only".to_owned()));
    parts.join(", ")
}
