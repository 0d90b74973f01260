//! Random well-typed conditions as text, from the model: every operator of the language, nulls and lists everywhere.

use model::condition::{Purpose, SubjectKind};
use model::*;

use crate::Random;

/// What a name in scope stands for.
#[derive(Clone)]
enum What {
    Record(String),
    Row(Vec<(String, Kind)>),
    Scalar(Kind),
    /// A record of one of several types.
    Any,
}

pub struct Generator<'m, 'r> {
    pub model: &'m Model,
    pub random: &'r mut Random,
    pub subject: SubjectKind,
    pub purpose: Purpose,
    vars: Vec<(String, What)>,
    named: u32,
    quantifiers: u32,
}

/// The kinds of value an expression is wanted of.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Want {
    Bool,
    Int,
    Decimal,
    Text,
    Level,
    End,
    Instant,
    Date,
    Duration,
    Person,
    Service,
    Incident,
}

const WANTS: [Want; 12] = [
    Want::Bool,
    Want::Int,
    Want::Decimal,
    Want::Text,
    Want::Level,
    Want::End,
    Want::Instant,
    Want::Date,
    Want::Duration,
    Want::Person,
    Want::Service,
    Want::Incident,
];

fn fits(want: Want, kind: &Kind) -> bool {
    let links = |name: &str| matches!(kind, Kind::Link { to } if *to == [name]);
    match want {
        Want::Bool => matches!(kind, Kind::Boolean),
        Want::Int => matches!(kind, Kind::Integer { .. }),
        Want::Decimal => matches!(kind, Kind::Decimal { .. }),
        Want::Text => matches!(kind, Kind::Text { .. } | Kind::LongText { .. }),
        Want::Level => matches!(kind, Kind::Choice(c) if c[0].key == "p1"),
        Want::End => matches!(kind, Kind::Choice(c) if c[0].key == "closed"),
        Want::Instant => matches!(kind, Kind::Instant),
        Want::Date => matches!(kind, Kind::Date),
        Want::Duration => matches!(kind, Kind::Duration),
        Want::Person => links("person"),
        Want::Service => links("service"),
        Want::Incident => links("incident"),
    }
}

impl<'m, 'r> Generator<'m, 'r> {
    pub fn new(model: &'m Model, random: &'r mut Random, subject: SubjectKind, purpose: Purpose) -> Self {
        Self { model, random, subject, purpose, vars: vec![], named: 0, quantifiers: 0 }
    }

    fn coin(&mut self, percent: i64) -> bool {
        self.random.chance(percent)
    }

    /// A place to read from: its text before the field's name, and what it is.
    fn root(&mut self) -> (String, What) {
        let mut roots = match &self.subject {
            SubjectKind::Record(t) => vec![(String::new(), What::Record(t.to_string())); 2],
            SubjectKind::Step(t) | SubjectKind::Change(t, _) => {
                let names: &[&str] = if matches!(self.subject, SubjectKind::Step(_)) {
                    &["record.", "then.", "step."]
                } else {
                    &["record."]
                };
                names.iter().map(|n| ((*n).to_owned(), What::Record(t.to_string()))).collect()
            }
            SubjectKind::Values => vec![],
        };
        roots.push(("me.".to_owned(), What::Record("person".to_owned())));
        for (name, what) in &self.vars {
            let prefix = if matches!(what, What::Scalar(_) | What::Any) { name.clone() } else { format!("{name}.") };
            roots.extend([(prefix.clone(), what.clone()), (prefix, what.clone())]);
        }
        self.random.pick(&roots).clone()
    }

    /// Follows up to two links.
    fn place(&mut self) -> (String, What) {
        let (mut prefix, mut what) = self.root();
        for _ in 0..2 {
            if !self.coin(35) {
                break;
            }
            let links: Vec<(String, String)> = self
                .columns(&what)
                .into_iter()
                .filter_map(|(key, kind)| match kind {
                    Kind::Link { to } if to.len() == 1 => Some((key, to[0].clone())),
                    Kind::ListValue { .. } => Some((key, "list_value".to_owned())),
                    _ => None,
                })
                .collect();
            if links.is_empty() {
                break;
            }
            let (key, to) = self.random.pick(&links).clone();
            (prefix, what) = (format!("{prefix}{key}."), What::Record(to));
        }
        (prefix, what)
    }

    fn columns(&self, what: &What) -> Vec<(String, Kind)> {
        match what {
            What::Record(name) => {
                let fields = &self.model.get(name).unwrap().fields;
                fields.iter().map(|f| (f.key.clone(), f.kind.clone())).collect()
            }
            What::Row(columns) => columns.clone(),
            What::Scalar(_) | What::Any => vec![],
        }
    }

    /// A field or column of this kind, somewhere.
    fn path(&mut self, want: Want) -> Option<String> {
        for _ in 0..12 {
            let (prefix, what) = self.place();
            if let What::Scalar(kind) = &what {
                if fits(want, kind) {
                    return Some(prefix);
                }
                continue;
            }
            let fitting: Vec<String> =
                self.columns(&what).into_iter().filter(|(_, kind)| fits(want, kind)).map(|(key, _)| key).collect();
            if !fitting.is_empty() {
                return Some(format!("{prefix}{}", self.random.pick(&fitting)));
            }
        }
        None
    }

    /// A list somewhere, and what its elements are.
    fn list(&mut self) -> Option<(String, What)> {
        if self.coin(8) {
            let found = self.random.pick(&["incident", "problem", "person"]).to_string();
            return Some((self.model.get(&found).unwrap().plural.clone(), What::Record(found)));
        }
        for _ in 0..12 {
            let (prefix, what) = self.place();
            let What::Record(name) = what else { continue };
            let of = self.model.get(&name).unwrap();
            let implicit = || {
                [
                    ("at", Kind::Instant),
                    ("by", Kind::Link { to: vec!["person".to_owned()] }),
                    ("counted_at", Kind::Instant),
                ]
                .map(|(key, kind)| (key.to_owned(), kind))
            };
            let mut lists: Vec<(String, What)> = vec![];
            for field in &of.fields {
                if let Kind::Rows { columns, scalar } = &field.kind {
                    let own = columns.iter().map(|c| (c.key.clone(), c.kind.clone()));
                    let what = if *scalar {
                        What::Scalar(columns[0].kind.clone())
                    } else {
                        What::Row(own.chain(implicit()).collect())
                    };
                    lists.push((field.key.clone(), what));
                }
            }
            for relation in &of.relations {
                let what = match &relation.source {
                    RelationSource::Links { to, .. } if to.len() > 1 => What::Any,
                    RelationSource::Links { to, .. } => What::Record(to[0].clone()),
                    RelationSource::Inverse { record_type, .. } => What::Record(record_type.clone()),
                    RelationSource::Entries { .. } => What::Row(implicit().to_vec()),
                };
                lists.push((relation.name.clone(), what));
            }
            if !lists.is_empty() {
                let (name, what) = self.random.pick(&lists).clone();
                return Some((format!("{prefix}{name}"), what));
            }
        }
        None
    }

    pub fn condition(&mut self, depth: u32) -> String {
        if depth == 0 {
            return self.atom(0);
        }
        let d = depth - 1;
        match self.random.below(20) {
            0..=3 => format!("({} && {})", self.condition(d), self.condition(d)),
            4..=7 => format!("({} || {})", self.condition(d), self.condition(d)),
            8..=10 => format!("!({})", self.condition(d)),
            11 => format!("({} ? {} : {})", self.condition(d), self.condition(d), self.condition(d)),
            12..=15 => self.quantified(d).unwrap_or_else(|| self.atom(d)),
            _ => self.atom(d),
        }
    }

    fn quantified(&mut self, depth: u32) -> Option<String> {
        if self.quantifiers >= 3 {
            return None;
        }
        let (list, what) = self.list()?;
        self.named += 1;
        let name = format!("x{}", self.named);
        self.vars.push((name.clone(), what));
        self.quantifiers += 1;
        let body = self.condition(depth.min(2));
        let again = self.condition(0);
        self.quantifiers -= 1;
        self.vars.pop();
        Some(match self.random.below(9) {
            0 | 1 => format!("{list}.exists({name}, {body})"),
            2 | 3 => format!("{list}.all({name}, {body})"),
            4 => format!("{list}.exists_one({name}, {body})"),
            5 => format!("{list}.filter({name}, {body}).size() {} {}", self.order(), self.random.below(4)),
            6 => format!("size({list}.filter({name}, {body})) == {}", self.random.below(3)),
            7 => format!("{list}.filter({name}, {body}).exists({name}, {again})"),
            _ => format!("{list}.filter({name}, {body}).all({name}, {again})"),
        })
    }

    fn order(&mut self) -> &'static str {
        self.random.pick::<&str>(&["<", "<=", ">", ">="])
    }

    fn equality(&mut self) -> &'static str {
        self.random.pick::<&str>(&["==", "!="])
    }

    /// A comparison, or another test of values.
    fn atom(&mut self, depth: u32) -> String {
        let want = *self.random.pick(&WANTS);
        match self.random.below(16) {
            0 | 1 => match self.path(want) {
                Some(path) => format!("{path} {} null", self.equality()),
                None => "true".to_owned(),
            },
            2 | 3 => format!("{} {} {}", self.value(want, depth), self.equality(), self.value(want, depth)),
            4 if self.coin(40) => format!("({}) {} null", self.value(want, depth), self.equality()),
            4 | 5 => format!("same({}, {})", self.value(want, depth), self.value(want, depth)),
            6 => self.among(want, depth),
            7 => self.special(depth),
            8 => self.linear(),
            9 => self.text_test(depth),
            10 => self.path(Want::Bool).unwrap_or_else(|| "false".to_owned()),
            11 => self.membership().unwrap_or_else(|| "true".to_owned()),
            12 => self.member().unwrap_or_else(|| "false".to_owned()),
            _ => {
                let want = *self.random.pick(&[
                    Want::Int,
                    Want::Decimal,
                    Want::Text,
                    Want::Instant,
                    Want::Date,
                    Want::Duration,
                ]);
                format!("{} {} {}", self.value(want, depth), self.order(), self.value(want, depth))
            }
        }
    }

    fn special(&mut self, depth: u32) -> String {
        match self.random.below(5) {
            0 => format!("{} in period", self.value(Want::Instant, depth)),
            1 => format!("{} in period", self.value(Want::Date, depth)),
            2 => format!("overlaps({}, {}, period)", self.value(Want::Instant, 0), self.value(Want::Instant, 0)),
            3 if self.coin(40) => match self.subject {
                SubjectKind::Record(_) => {
                    let other = self.order();
                    format!("(longest_gap {other} setting('gap') || effort {other} setting('limit'))")
                }
                _ => "now > setting('moment')".to_owned(),
            },
            3 => match self.subject {
                SubjectKind::Record(_) => format!(
                    "(in_use_at(category, {}) || in_effect_at(procedure, {}))",
                    self.value(Want::Instant, 0),
                    self.value(Want::Instant, 0)
                ),
                _ => "record.incident.procedure.in_force".to_owned(),
            },
            _ => "now >= period.start".to_owned(),
        }
    }

    /// `now` in the forms that checks allow.
    fn linear(&mut self) -> String {
        let (a, d) = (self.constant_free_instant(), self.value(Want::Duration, 0));
        match self.random.below(4) {
            0 => format!("{a} {} now", self.order()),
            1 => format!("now - {a} {} {d}", self.order()),
            2 => format!("{a} + {d} {} now", self.order()),
            _ => format!("{a} {} now - {d}", self.order()),
        }
    }

    fn constant_free_instant(&mut self) -> String {
        self.path(Want::Instant).unwrap_or_else(|| "period.start".to_owned())
    }

    fn among(&mut self, want: Want, depth: u32) -> String {
        let constants = match want {
            Want::Int => "[1, 2, -1]",
            Want::Text => "['a', 'ab', '']",
            Want::Level => "['p1', 'p3']",
            Want::End => "['closed']",
            Want::Person => "['PER-1', 'PER-000003', 'PER-999']",
            Want::Date => "['1970-01-03', '1970-01-05']",
            Want::Duration => "['PT0.000003S', '4us']",
            _ => return format!("{} == {}", self.value(want, depth), self.value(want, depth)),
        };
        format!("{} in {constants}", self.value(want, depth))
    }

    fn text_test(&mut self, depth: u32) -> String {
        let (a, b) = (self.value(Want::Text, depth), self.value(Want::Text, 0));
        let function = self.random.pick(&["contains", "startsWith", "endsWith"]);
        format!("({a}).{function}({b})")
    }

    /// A value in a list of values or records.
    fn membership(&mut self) -> Option<String> {
        let (list, what) = self.list()?;
        let value = match &what {
            What::Scalar(_) => self.value(Want::Text, 0),
            What::Record(name) if name == "incident" => self.value(Want::Incident, 0),
            What::Record(name) if name == "person" => self.value(Want::Person, 0),
            What::Any => self.value(Want::Incident, 0),
            _ => return None,
        };
        (self.quantifiers < 3).then(|| format!("{value} in {list}"))
    }

    /// A macro's variable as a value.
    fn member(&mut self) -> Option<String> {
        let records: Vec<(String, What)> =
            self.vars.iter().filter(|(_, what)| matches!(what, What::Any | What::Record(_))).cloned().collect();
        if records.is_empty() {
            return None;
        }
        let (name, what) = self.random.pick(&records).clone();
        let other = match &what {
            What::Any => self.value(Want::Incident, 0),
            What::Record(t) if t == "incident" => self.value(Want::Incident, 0),
            What::Record(t) if t == "person" => self.value(Want::Person, 0),
            _ => "null".to_owned(),
        };
        Some(format!("{name} {} {other}", self.equality()))
    }

    fn value(&mut self, want: Want, depth: u32) -> String {
        if depth > 0 && self.coin(45) {
            let d = depth - 1;
            match self.random.below(4) {
                0 => return format!("({} ? {} : {})", self.condition(d), self.value(want, d), self.value(want, d)),
                1 => return format!("coalesce({}, {})", self.value(want, d), self.value(want, d)),
                2 => {
                    return format!(
                        "coalesce({}, {}, {})",
                        self.value(want, d),
                        self.value(want, 0),
                        self.value(want, 0)
                    );
                }
                _ => {}
            }
            if let Some(computed) = self.computed(want, d) {
                return computed;
            }
        }
        if self.coin(72)
            && let Some(path) = self.path(want)
        {
            return path;
        }
        self.constant(want)
    }

    fn computed(&mut self, want: Want, d: u32) -> Option<String> {
        Some(match want {
            Want::Bool => format!("({})", self.condition(d)),
            Want::Int => match self.random.below(8) {
                0 => format!("({} + {})", self.value(want, d), self.value(want, d)),
                1 => format!("({} - {})", self.value(want, d), self.value(want, d)),
                2 => format!("({} * {})", self.value(want, d), self.random.below(9) - 4),
                3 => format!("({} / {})", self.value(want, d), self.value(want, d)),
                4 => format!("({} % {})", self.value(want, d), self.value(want, d)),
                5 => format!("-({})", self.value(want, d)),
                6 => format!("size({})", self.value(Want::Text, 0)),
                _ => format!("size({})", self.list()?.0),
            },
            Want::Decimal => match self.random.below(3) {
                0 => format!("({} + {})", self.value(want, d), self.value(want, d)),
                1 => format!("({} - 0.5)", self.value(want, d)),
                _ => format!("({} * 3)", self.value(want, d)),
            },
            Want::Text => format!("({} + {})", self.value(want, d), self.value(want, d)),
            Want::Instant => {
                format!("({} {} {})", self.value(want, d), self.random.pick(&["+", "-"]), self.value(Want::Duration, d))
            }
            Want::Date => format!("({} + {})", self.value(want, d), self.random.below(5) - 2),
            Want::Duration => match self.random.below(3) {
                0 => format!("({} - {})", self.value(Want::Instant, d), self.value(Want::Instant, d)),
                1 => format!("({} + {})", self.value(want, d), self.value(want, d)),
                _ => format!("({} / 2)", self.value(want, d)),
            },
            Want::Level | Want::End | Want::Person | Want::Service | Want::Incident => return None,
        })
    }

    fn constant(&mut self, want: Want) -> String {
        let micros = self.random.below(60);
        match want {
            Want::Bool => self.random.pick(&["true", "false"]).to_string(),
            Want::Int => (self.random.below(9) - 3).to_string(),
            Want::Decimal => self.random.pick(&["0.5", "1", "-0.25", "2.00"]).to_string(),
            Want::Text => self.random.pick(&["'a'", "''", "'ab'", "'é'", "'%_'", "\"Z\""]).to_string(),
            Want::Level => self.random.pick(&["'p1'", "'p2'"]).to_string(),
            Want::End => "'closed'".to_owned(),
            Want::Instant if self.purpose == Purpose::Filter && self.random.chance(30) => "now".to_owned(),
            Want::Instant if self.random.chance(20) => self.random.pick(&["period.start", "period.end"]).to_string(),
            Want::Instant if matches!(self.subject, SubjectKind::Step(_)) && self.random.chance(40) => {
                "step.at".to_owned()
            }
            Want::Instant => format!("timestamp('1970-01-01T00:00:00.{micros:06}Z')"),
            Want::Date => format!("'1970-01-0{}'", 1 + self.random.below(8)),
            Want::Duration if self.random.chance(25) => "(period.end - period.start)".to_owned(),
            Want::Duration => format!("duration('{}us')", self.random.below(20)),
            Want::Person if self.random.chance(60) => "me".to_owned(),
            Want::Person => format!("'PER-{}'", self.random.below(9)),
            Want::Service => format!("'SVC-{}'", 12 + self.random.below(6)),
            Want::Incident => format!("'INC-0000{}'", 31 + self.random.below(30)),
        }
    }
}
