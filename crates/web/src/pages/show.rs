//! Values as pages show them: choices by their label, links by name, times in the organisation's zone.

use engine::Record;
use engine::read::names::{Named, Names};
use model::{Category, Field, Kind, Lifecycle, RecordType, State, Value};

use super::visit::Visit;
use super::wall;
use crate::view::parts::{Mark, Person, PersonKind, Prio, RecordLink, Shown, Status};
use crate::view::prose::Prose;

/// What showing a value may need: who looks, and what linked records are called.
pub struct Showing<'a> {
    pub visit: &'a Visit,
    pub names: &'a Names,
}

impl Showing<'_> {
    pub fn shown(&self, value: &Value, field: &Field) -> Shown {
        match (value, &field.kind) {
            (Value::Null, _) => Shown::Empty,
            (Value::Int(n), Kind::Integer { .. }) if field.key == "priority" => {
                Shown::Prio(Prio(u8::try_from(*n).unwrap_or(u8::MAX)))
            }
            (Value::Int(_), _) => Shown::Number(self.text(value, field)),
            (Value::Instant(at), _) => Shown::Time(self.visit.wall.long_time(*at)),
            (Value::Link(_), Kind::ListValue { .. }) => Shown::Text(self.text(value, field)),
            (Value::Link(id), _) => self.link(*id),
            (Value::Text(text), Kind::LongText { .. }) => Shown::Prose(self.prose(text)),
            _ => Shown::Text(self.text(value, field)),
        }
    }

    fn link(&self, id: i64) -> Shown {
        match self.names.get(&id) {
            Some(named) => Shown::Record(self.record_link(named)),
            None => Shown::Muted("not yours to see".to_owned()),
        }
    }

    pub fn record_link(&self, named: &Named) -> RecordLink {
        let name = (named.name != named.number).then(|| named.name.clone());
        RecordLink { number: named.number.clone(), name, href: self.visit.href(named) }
    }

    /// A link to a person, as in a list.
    pub fn person(&self, value: &Value) -> Shown {
        match value {
            Value::Link(id) => match self.names.get(id) {
                Some(named) => Shown::Person(self.visit.person_named(Some(*id), &named.name)),
                None => Shown::Muted("not yours to see".to_owned()),
            },
            _ => Shown::Person(Person::nobody()),
        }
    }

    /// A value in words: in a difference, in a form that shows and does not ask.
    pub fn text(&self, value: &Value, field: &Field) -> String {
        match (value, &field.kind) {
            (Value::Null, _) => String::new(),
            (Value::Bool(truth), _) => if *truth { "yes" } else { "no" }.to_owned(),
            (Value::Int(n), Kind::Decimal { scale } | Kind::Money { scale }) => decimal(*n, *scale),
            (Value::Int(n), _) => n.to_string(),
            (Value::Text(key), Kind::Choice(choices)) => choices
                .iter()
                .find(|choice| *choice.key == **key)
                .map_or_else(|| key.to_string(), |choice| choice.label.clone()),
            (Value::Text(text), _) => text.to_string(),
            (Value::Instant(at), _) => self.visit.wall.long(*at),
            (Value::Date(days), _) => wall::date(*days),
            (Value::Duration(micros), _) => wall::duration(*micros),
            (Value::Link(id), _) => self
                .names
                .get(id)
                .map_or_else(|| "a record that is not yours to see".to_owned(), |named| named.name.clone()),
        }
    }

    /// A person's text: numbers in it lead to their records, nothing else of it is markup of the writer.
    pub fn prose(&self, text: &str) -> Prose {
        let model = self.visit.app.engine.model();
        Prose::from_markdown(text, |number| {
            let prefix = number.split_once('-')?.0;
            let found = model.by_prefix(prefix).filter(|found| self.visit.principal.may_read(found))?;
            Some(format!("/{}/{number}", found.path))
        })
    }
}

impl Visit {
    /// The address of a record by what is known of it.
    pub fn href(&self, named: &Named) -> Option<String> {
        let found = self.app.engine.model().get(&named.record_type)?;
        Some(format!("/{}/{}", found.path, named.number))
    }

    pub fn person_named(&self, id: Option<i64>, name: &str) -> Person {
        let kind = if id == Some(self.person) { PersonKind::Me } else { PersonKind::Other };
        Person::new(name, kind)
    }

    /// Who did something: a person by name, or Vouch itself.
    pub fn actor(&self, id: Option<i64>, names: &Names) -> Person {
        match id {
            None => Person::new("Vouch", PersonKind::Machine),
            Some(id) => match names.get(&id) {
                Some(named) => self.person_named(Some(id), &named.name),
                // Customers do not see who works behind the desk.
                None => Person::new("Service desk", PersonKind::Team),
            },
        }
    }
}

/// The state of a record, as a mark and a word.
pub fn status(record: &Record) -> Option<Status> {
    Some(status_of(record.record_type.lifecycle.as_ref()?, record.state()?))
}

pub fn status_of(lifecycle: &Lifecycle, state: &str) -> Status {
    match lifecycle.state(state) {
        Some(found) => Status::new(mark(lifecycle, found), found.label.clone()),
        None => Status::new(Mark::None, state),
    }
}

/// The shape of a state follows from its place in the life-cycle: where it begins, where work is done or stands still,
/// what ended as it should, and what only the clock brings about.
fn mark(lifecycle: &Lifecycle, state: &State) -> Mark {
    let by_the_clock = lifecycle.transitions.iter().any(|t| t.to == state.key && t.at.is_some());
    match state.category {
        Category::Final if by_the_clock => Mark::Bad,
        Category::Open if by_the_clock => Mark::Warn,
        Category::Done => Mark::Ok,
        Category::Final if ends_well(lifecycle, &state.key) => Mark::Ok,
        Category::Final => Mark::None,
        Category::Open if rests(lifecycle, &state.key) => Mark::None,
        Category::Open if lifecycle.initial == state.key => Mark::Wait,
        Category::Open => Mark::Half,
    }
}

/// A final state that is entered after work was done.
pub fn ends_well(lifecycle: &Lifecycle, state: &str) -> bool {
    let is_done = |key: &String| lifecycle.state(key).is_some_and(|from| from.category == Category::Done);
    let mut into = lifecycle.transitions.iter().filter(|t| t.to == state);
    into.any(|t| t.from.iter().any(is_done))
}

/// A state in which work stands still: leaving it takes back what was noted with it.
pub fn rests(lifecycle: &Lifecycle, state: &str) -> bool {
    lifecycle
        .transitions
        .iter()
        .any(|t| !t.clears.is_empty() && t.from.len() == 1 && t.from.iter().all(|from| from == state))
}

pub fn is_open(record_type: &RecordType, state: Option<&str>) -> bool {
    let lifecycle = record_type.lifecycle.as_ref();
    lifecycle.and_then(|l| l.state(state?)).is_some_and(|state| state.category == Category::Open)
}

/// The keys of the open states.
pub fn open_states(lifecycle: &Lifecycle) -> Vec<&str> {
    let open = lifecycle.states.iter().filter(|state| state.category == Category::Open);
    open.map(|state| state.key.as_str()).collect()
}

fn decimal(scaled: i64, scale: u8) -> String {
    let sign = if scaled < 0 { "−" } else { "" };
    let unit = 10_u64.checked_pow(u32::from(scale)).unwrap_or(1);
    let (whole, part) = (scaled.unsigned_abs() / unit, scaled.unsigned_abs() % unit);
    if scale == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{part:0>width$}", width = usize::from(scale))
    }
}

/// Whether a field links to people only.
pub fn is_person(field: &Field) -> bool {
    matches!(&field.kind, Kind::Link { to } if to.iter().all(|name| name == "person"))
}

/// Where work on a record is put: the fields of the move that gives it to somebody, a person first.
pub fn assignment(record_type: &RecordType) -> Option<Assignment> {
    let lifecycle = record_type.lifecycle.as_ref()?;
    lifecycle.transitions.iter().find_map(|transition| {
        let group = transition
            .needs
            .iter()
            .find(|group| group.iter().filter_map(|slot| record_type.fields.get(*slot)).any(is_person))?;
        let key = |person: bool| {
            let fields = group.iter().filter_map(|slot| record_type.fields.get(*slot));
            fields
                .filter(|field| is_person(field) == person && field.kind.is_link())
                .map(|field| field.key.clone())
                .next()
        };
        Some(Assignment { transition: transition.name.clone(), person: key(true)?, team: key(false) })
    })
}

/// The move that gives a record to somebody, and the fields that say to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    pub transition: String,
    pub person: String,
    pub team: Option<String>,
}
