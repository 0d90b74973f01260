//! Makes a case of its rows: order, states, identities, what holds from when.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::case::{Case, Hashed, Problem, ProblemKind, RowIdentity, SourceCase, SourceRow, content_hash};
use crate::convert::{PersonKey, PersonOf, Reference, SourceValue, Trouble, rfc3339};
use crate::fold::{self, Final};
use crate::log::{Log, StateWord};
use crate::mapping::{Direction, Order};
use crate::table::{CaseRows, Refused};

/// So many faults of one case are named; the case is refused by the first.
const NAMED_MAX: usize = 10;

impl Log {
    pub(crate) fn case(&self, case: &CaseRows) -> Case {
        let mut why = case.broken.clone();
        let mut rows = Vec::with_capacity(case.rows.len());
        let mut buffer = Vec::new();
        for row in self.in_order(case, &mut why) {
            rows.extend(self.row(case, row, &mut buffer, &mut why));
        }
        let mut repeated = 0;
        if self.mapping.is_table() {
            self.one_row(&rows, &mut why);
        }
        if why.is_empty() {
            self.number(&mut rows);
            repeated = self.drop_repeated(&mut rows, &mut why);
        }
        if why.is_empty() {
            self.carry_states(&mut rows, &mut why);
        }
        if !why.is_empty() {
            why.truncate(NAMED_MAX);
            let rows = case.rows.len() as u64 + case.broken_rows;
            return Case::Refused { external_number: Arc::clone(&case.number), rows, why };
        }
        Case::Taken(self.source_case(case, rows, repeated))
    }

    /// A table tells of each record once.
    fn one_row(&self, rows: &[Draft], why: &mut Vec<Refused>) {
        if let [first, second, ..] = rows {
            let message = format!("row {} is of the same record: a table has one row a record", first.source.row);
            let (field, trouble) = (&self.mapping.number, Trouble::new("duplicate", message));
            why.push(self.table.refusal(second.row, field, trouble));
        }
    }

    /// The rows in the order in which they happened.
    pub(crate) fn in_order(&self, case: &CaseRows, why: &mut Vec<Refused>) -> Vec<u32> {
        let mut rows = case.rows.clone();
        match (&self.mapping.order, &self.words.order) {
            (Order::FileReversed, _) => rows.reverse(),
            (Order::Column { direction, .. }, Some(words)) => {
                let mut keyed = Vec::with_capacity(rows.len());
                for row in rows {
                    match words.at(&self.table, row) {
                        Ok(key) => keyed.push((key, row)),
                        Err(refused) => why.push(refused),
                    }
                }
                match direction {
                    Direction::Ascending => keyed.sort_by(|a, b| a.0.cmp(b.0)),
                    Direction::Descending => keyed.sort_by(|a, b| b.0.cmp(a.0)),
                }
                rows = keyed.into_iter().map(|(_, row)| row).collect();
            }
            (Order::File | Order::Column { .. }, _) => {}
        }
        rows
    }

    /// One row by itself; what depends on its neighbours comes later.
    fn row(&self, case: &CaseRows, row: u32, buffer: &mut Vec<u8>, why: &mut Vec<Refused>) -> Option<Draft> {
        let (table, words) = (&self.table, &self.words);
        let before = why.len();
        // One cell may be read for two purposes (`happened` and `claimed`); it is wrong once.
        let mut take = |refused: Refused| {
            if !why
                .iter()
                .any(|known| (known.row, &known.field, &known.file) == (refused.row, &refused.field, &refused.file))
            {
                why.push(refused);
            }
        };
        let happened = words.happened.at(table, row).map_err(&mut take).ok();
        let begins = words.happened.begins(table, row).map_err(&mut take).ok().flatten();
        let claimed = words.claimed.as_ref().and_then(|w| *w.at(table, row).map_err(&mut take).ok()?);
        let on_behalf = words.on_behalf.as_ref().and_then(|w| w.at(table, row).map_err(&mut take).ok()?.clone());
        let counter = words.counter.as_ref().and_then(|w| w.at(table, row).map_err(&mut take).ok()).copied();
        let word = words.state.as_ref().and_then(|w| w.at(table, row).map_err(&mut take).ok()).cloned();
        let mut fields = Vec::with_capacity(words.fields.len() + words.references.len());
        for field in &words.fields {
            match field.values.at(table, row) {
                Ok(value) if field.entered.is_none() => fields.push((Arc::clone(&field.key), value.clone())),
                Ok(_) => {}
                Err(refused) => take(refused),
            }
        }
        for field in &words.references {
            let named = field.columns.iter().filter_map(|w| w.at(table, row).map_err(&mut take).ok()?.clone());
            let named: Vec<Reference> = named.collect();
            let value = if named.is_empty() { SourceValue::Null } else { SourceValue::References(named.into()) };
            fields.push((Arc::clone(&field.key), value));
        }
        let happened = happened.filter(|_| why.len() == before)?;
        let place = table.places.get(row as usize)?;
        let said = word.as_ref().map(|word| match word {
            StateWord::Is(state) | StateWord::Before(state) => &**state,
        });
        let told = (!self.mapping.is_table()).then_some(happened.at);
        let hashed = Hashed { happened: told, claimed, on_behalf: on_behalf.as_ref(), state: said, fields: &fields };
        let content_hash = content_hash(&hashed, buffer);
        // The import counts how often a table's row has changed.
        let counter = counter.or(told).unwrap_or(0);
        let identity = RowIdentity { case: Arc::clone(&case.number), counter, ordinal: 0 };
        let source = SourceRow {
            file: place.file,
            row: place.line,
            identity,
            content_hash,
            happened: happened.at,
            effective: happened.at,
            claimed,
            on_behalf,
            state: None,
            deviates: None,
            fields,
        };
        Some(Draft { row, word, begins, moved: happened.moved, twice: happened.twice, source })
    }

    /// Ordinals among the rows of a file with the same counter. Each file counts for itself, so that two exports of the
    /// same time name the same rows alike.
    fn number(&self, rows: &mut [Draft]) {
        let mut seen: HashMap<(u32, i64), u32> = HashMap::with_capacity(rows.len());
        for draft in rows {
            let next = seen.entry((draft.source.file, draft.source.identity.counter)).or_default();
            draft.source.identity.ordinal = *next;
            *next += 1;
        }
    }

    /// Rows that an earlier file had already; a contradiction refuses the case.
    fn drop_repeated(&self, rows: &mut Vec<Draft>, why: &mut Vec<Refused>) -> u64 {
        if self.table.files.len() < 2 {
            return 0;
        }
        let mut kept: Vec<Draft> = Vec::with_capacity(rows.len());
        let mut seen: HashMap<RowIdentity, usize> = HashMap::with_capacity(rows.len());
        let mut repeated = 0;
        for draft in rows.drain(..) {
            let known = seen.get(&draft.source.identity).and_then(|at| kept.get(*at));
            let Some(known) = known else {
                seen.insert(draft.source.identity.clone(), kept.len());
                kept.push(draft);
                continue;
            };
            repeated += 1;
            if known.source.content_hash != draft.source.content_hash {
                let (field, difference) = difference(&known.source, &draft.source);
                let column = self.mapping.column_of(&field).unwrap_or(&field).to_owned();
                let file = self.table.files.get(known.source.file as usize).map_or("", |file| file.name.as_str());
                let message = format!(
                    "row {} was in {file}, row {}, with another value: {difference}",
                    draft.source.identity, known.source.row
                );
                why.push(self.table.refusal(draft.row, &column, Trouble::new("conflict", message)));
            }
        }
        *rows = kept;
        repeated
    }

    /// Gives each row its state; one that says nothing keeps that of the row before, with what was read from it.
    fn carry_states(&self, rows: &mut [Draft], why: &mut Vec<Refused>) {
        let follows: HashSet<&Arc<str>> =
            self.words.fields.iter().filter(|field| field.follows_state).map(|field| &field.key).collect();
        let mut state = self.mapping.state.as_ref().and_then(|rule| rule.begins.clone());
        let mut held: Vec<(Arc<str>, SourceValue)> = Vec::new();
        for draft in rows {
            match &draft.word {
                None => {}
                Some(StateWord::Is(is)) => {
                    state = Some(Arc::clone(is));
                    held = draft.source.fields.iter().filter(|(key, _)| follows.contains(key)).cloned().collect();
                }
                Some(StateWord::Before(reason)) => {
                    draft.source.deviates = Some(Arc::clone(reason));
                    for (key, value) in &mut draft.source.fields {
                        if let Some((_, before)) = held.iter().find(|(held, _)| held == key) {
                            *value = before.clone();
                        }
                    }
                    if state.is_none() {
                        let field = self.mapping.column_of("state").unwrap_or_default();
                        let message = format!("{reason}, and there is no row before it whose state could hold on");
                        why.push(self.table.refusal(draft.row, field, Trouble::new("unknown_value", message)));
                    }
                }
            }
            draft.source.state.clone_from(&state);
        }
    }

    fn source_case(&self, case: &CaseRows, mut drafts: Vec<Draft>, repeated: u64) -> SourceCase {
        let finals = self.apply_finals(&mut drafts);
        let problems = self.problems(&drafts);
        let people = self.people(&drafts);
        let begins = drafts.first().and_then(|draft| draft.begins);
        let happened: Vec<i64> = drafts.iter().map(|draft| draft.source.happened).collect();
        let effective = fold::effective(&happened);
        let rows: Vec<SourceRow> = drafts
            .into_iter()
            .zip(effective)
            .map(|(draft, effective)| SourceRow { effective, ..draft.source })
            .collect();
        SourceCase {
            external_number: Arc::clone(&case.number),
            first_row: rows.first().map_or((0, 0), |row| (row.file, row.row)),
            raised_at: begins.or_else(|| rows.first().map(|row| row.happened)).unwrap_or(i64::MIN),
            gaps: problems.iter().any(|problem| problem.kind.is_gap()),
            rows,
            problems,
            finals,
            people,
            repeated,
        }
    }

    /// Sets final fields from the event on that explains them, and holds the source's final instants against theirs.
    fn apply_finals(&self, drafts: &mut [Draft]) -> Vec<Final> {
        let begins = drafts.first().map_or(i64::MIN, |draft| draft.source.happened);
        let states: Vec<Option<Arc<str>>> = drafts.iter().map(|draft| draft.source.state.clone()).collect();
        let done = self.mapping.state.as_ref().map_or(&[][..], |rule| &rule.done);
        let last = drafts.last().map(|draft| draft.row);
        let mut finals = Vec::new();
        for field in &self.words.fields {
            let (Some(entered), Some(last)) = (&field.entered, last) else { continue };
            // Every value was read without trouble, or the case would have been refused.
            let value = field.values.at(&self.table, last).cloned().unwrap_or(SourceValue::Null);
            let entry = fold::last_entry(&states, entered);
            let holds = entry.filter(|at| !field.is_instant || !fold::undone(&states, *at, entered, done));
            let event = holds.and_then(|at| drafts.get(at)).map(|draft| draft.source.happened);
            if !field.is_instant {
                for (at, draft) in drafts.iter_mut().enumerate() {
                    let value = if entry.is_some_and(|entry| entry <= at) { value.clone() } else { SourceValue::Null };
                    draft.source.fields.push((Arc::clone(&field.key), value));
                }
            }
            let (field, entered) = (Arc::clone(&field.key), Arc::clone(entered));
            finals.push(Final { field, entered, source: value, event, begins });
        }
        finals
    }

    fn problems(&self, drafts: &[Draft]) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut note = |kind, draft: &Draft| {
            problems.push(Problem { kind, file: draft.source.file, row: draft.source.row });
        };
        let counts = self.mapping.counter.is_some();
        let first = self.mapping.counter.as_ref().and_then(|counter| counter.first);
        let mut before: Option<&SourceRow> = None;
        for draft in drafts {
            let row = &draft.source;
            let counter = row.identity.counter;
            let counted =
                before.map(|before| before.identity.counter).or_else(|| first.map(|first| first.saturating_sub(1)));
            match counted {
                Some(counted) if counts && counter > counted.saturating_add(1) => note(ProblemKind::CounterHole, draft),
                Some(counted) if counts && counter < counted => note(ProblemKind::CounterBack, draft),
                _ => {}
            }
            if before.is_some_and(|before| row.happened < before.happened) {
                note(ProblemKind::TimeBack, draft);
            }
            if draft.moved {
                note(ProblemKind::TimeMoved, draft);
            }
            if draft.twice {
                note(ProblemKind::TimeTwice, draft);
            }
            before = Some(row);
        }
        problems
    }

    fn people(&self, drafts: &[Draft]) -> Vec<PersonKey> {
        let (mut people, mut known) = (Vec::new(), HashSet::new());
        let mut note = |person: &PersonKey| {
            // Whoever a rule finds is no person of the source.
            let of_source = !matches!(person.of, PersonOf::Linked(_));
            if of_source && known.insert(person.clone()) {
                people.push(person.clone());
            }
        };
        for draft in drafts {
            draft.source.on_behalf.iter().for_each(&mut note);
            for (_, value) in &draft.source.fields {
                if let SourceValue::Person(person) = value {
                    note(person);
                }
            }
            for words in &self.words.people {
                if let Ok(Some(person)) = words.at(&self.table, draft.row) {
                    note(person);
                }
            }
        }
        people
    }
}

/// A row on its way into a case.
struct Draft {
    /// Position in the table.
    row: u32,
    word: Option<StateWord>,
    /// Since when a table's row is so.
    begins: Option<i64>,
    moved: bool,
    twice: bool,
    source: SourceRow,
}

/// The first thing in which two rows differ: its field and both values.
fn difference(one: &SourceRow, other: &SourceRow) -> (String, String) {
    if one.happened != other.happened {
        return ("happened".to_owned(), format!("{} and {}", rfc3339(one.happened), rfc3339(other.happened)));
    }
    let person = |row: &SourceRow| row.on_behalf.clone().map_or(SourceValue::Null, SourceValue::Person);
    if one.on_behalf != other.on_behalf {
        return ("on_behalf".to_owned(), format!("{} and {}", person(one), person(other)));
    }
    let fields = one.fields.iter().zip(&other.fields).find(|(one, other)| one != other);
    fields.map_or_else(
        || ("state".to_owned(), "another state".to_owned()),
        |((key, one), (_, other))| (key.to_string(), format!("{one} and {other}")),
    )
}
