//! The slow evaluator: every subject by itself, in memory, from the text of the check. It shares nothing with the
//! statements but the conditions' own evaluator, and reads settings and sources in its own way.

use std::collections::{BTreeMap, HashMap};

use calendar::Period;
use conformity::checks::{Check, Population};
use conformity::settings::{Decided, Registry, Scope as SettingScope};
use engine::{Engine, StoreFacts, Time};
use model::condition::{
    Anchor, Condition, Context, Purpose, Scope, SettingSpan, SettingValue, StepFacts, Subject, Truth,
};
use model::{Kind, RelationSource, Value};
use store::{Param, Session, SessionExt as _};

/// Verdict of each subject: 0 pass, 1 fail, 2 undetermined.
pub type Verdicts = BTreeMap<i64, i64>;

pub fn context(engine: &Engine, registry: &Registry, period: &Period) -> Context {
    let mut session = engine.reader().unwrap();
    let now = engine.clock().now();
    let settings = engine.settings(&mut *session).unwrap();
    let zone = settings.zone_at(now).unwrap();
    let days = |date| engine::input::days(date);
    let (start, end) = period.instants(&zone);
    let end = end.min(now).max(start);
    let end_day = days(period.to()).min(days(zone.local_day(now)) + 1).max(days(period.from()));
    let mut spans = HashMap::new();
    for setting in registry.settings() {
        let mut all = Vec::new();
        for (from, until, json) in settings.spans(&setting.key) {
            let value = registry.check(&setting.key, &json, &|_, _| Ok(())).unwrap();
            let plain = |decided: &Decided| match decided {
                Decided::Duration(span) | Decided::Interval(span) => Value::Duration(span.nominal()),
                Decided::BusinessDuration(span) => Value::Duration(span.nominal()),
                _ => Value::Bool(true),
            };
            let value = match &setting.scope {
                SettingScope::Organization => SettingValue::Scalar(value.for_all().map_or(Value::Null, plain)),
                SettingScope::Per(field) => SettingValue::Per {
                    field: field.clone(),
                    values: value.each().filter_map(|(k, v)| Some((k.parse().ok()?, plain(v)))).collect(),
                    otherwise: value.for_all().map(plain),
                },
            };
            all.push(SettingSpan { from, until, value });
        }
        spans.insert(setting.key.clone(), all);
    }
    Context {
        purpose: Purpose::Check,
        now,
        today: days(zone.local_day(now)),
        period: Some(model::condition::Period { start, end, start_day: days(period.from()), end_day }),
        settings: spans,
        lacking: lacking(engine, &mut *session),
        ..Context::default()
    }
}

fn lacking(engine: &Engine, session: &mut dyn Session) -> HashMap<(String, String), Vec<i64>> {
    let mut lacking = HashMap::<(String, String), Vec<i64>>::new();
    let mut origins = Vec::new();
    session
        .query("SELECT id, absent FROM origin", &[], &mut |row| {
            origins.push((row.need_int(0)?, serde_json::from_str::<Vec<String>>(row.need_text(1)?).unwrap()));
            Ok(())
        })
        .unwrap();
    for (id, names) in origins {
        for name in &names {
            if let Some((record_type, field)) = name.split_once('.') {
                lacking.entry((record_type.to_owned(), field.to_owned())).or_default().push(id);
            }
        }
        for record_type in engine.model().types() {
            for relation in &record_type.relations {
                if let RelationSource::Inverse { record_type: other, .. } = &relation.source
                    && names.contains(other)
                {
                    let key = (record_type.name.clone(), relation.name.clone());
                    let origins = lacking.entry(key).or_default();
                    if !origins.contains(&id) {
                        origins.push(id);
                    }
                }
            }
        }
    }
    lacking
}

/// All subjects that count in the context's period.
pub fn verdicts(engine: &Engine, check: &Check, cx: &Context) -> Verdicts {
    let mut reader = engine.reader().unwrap();
    let own = check.record_type().unwrap().to_owned();
    let subjects: Vec<(i64, Subject)> = match &check.population {
        Population::Record(_) => {
            let ids = reader.ints(&format!("SELECT id FROM {own}"), &[]).unwrap();
            ids.into_iter().map(|id| (id, Subject::Record(id))).collect()
        }
        Population::Step(_) => steps(&mut *reader, &own),
        other => panic!("{other:?} has no oracle"),
    };
    let mut found = Verdicts::new();
    for (id, subject) in subjects {
        if let Some(verdict) = (One { engine, check, cx, own: &own, subject: &subject }).verdict(&mut *reader) {
            found.insert(id, verdict);
        }
    }
    found
}

fn steps(session: &mut dyn Session, own: &str) -> Vec<(i64, Subject)> {
    let mut found = Vec::new();
    let sql = "SELECT s.id, s.record, s.from_state, s.to_state, s.happened_at, s.recorded_at, s.claimed_at, s.first, s.deviates \
               FROM step s JOIN record r ON r.id = s.record WHERE r.type = ?";
    session
        .query(sql, &[Param::Text(own)], &mut |row| {
            let facts = StepFacts {
                record: row.need_int(1)?,
                from: row.text(2)?.map(str::to_owned),
                to: row.need_text(3)?.to_owned(),
                at: row.need_int(4)?,
                counted_at: row.int(6)?.unwrap_or(row.need_int(5)?),
                first: row.need_int(7)? == 1,
                kind: String::new(),
                deviates: row.need_int(8)? == 1,
            };
            found.push((row.need_int(0)?, Subject::Step(facts)));
            Ok(())
        })
        .unwrap();
    found
}

struct One<'a> {
    engine: &'a Engine,
    check: &'a Check,
    cx: &'a Context,
    own: &'a str,
    subject: &'a Subject,
}

impl One<'_> {
    fn verdict(&self, session: &mut dyn Session) -> Option<i64> {
        let period = self.cx.period.unwrap();
        let inside = |at: i64| period.start <= at && at < period.end;
        let always = self.check.when.without_period().unwrap_or_else(|| self.check.when.clone());
        let anchors = self.check.when.anchors();
        let whole = self.truth(session, &always);
        let (counts, anchor) = match anchors.as_slice() {
            [Anchor::At(formula)] => {
                let mut facts = StoreFacts::new(self.engine.model(), session, Time::Live);
                let at = formula.eval(self.subject, &mut facts, self.cx).unwrap().and_then(|v| v.as_int());
                (whole.is_true() && at.is_some_and(inside), at)
            }
            _ => (self.truth(session, &self.check.when).is_true(), None),
        };
        if counts {
            return Some(self.judged(session, anchor));
        }
        let raised = self.raised(session);
        (inside(raised) && self.stays(session, whole)).then_some(2)
    }

    /// Whether the subject stays although `when` is not true.
    fn stays(&self, session: &mut dyn Session, whole: Truth) -> bool {
        let reads = self.check.when.dependencies();
        let own = reads.iter().filter(|d| d.back.is_empty() && &*d.record_type == self.own).flat_map(|d| &d.fields);
        let mut stays = false;
        for name in own {
            let Some(absent) = self.absent(session, name) else { continue };
            let lacks = self.cx.lacking.get(&(self.own.to_owned(), name.to_string()));
            let of_source = absent
                && matches!(self.subject, Subject::Record(_))
                && lacks.is_some_and(|origins| origins.contains(&self.system(session, "origin")));
            stays |= (of_source && !whole.is_true()) || (absent && whole == Truth::Unknown);
        }
        stays
    }

    fn judged(&self, session: &mut dyn Session, anchor: Option<i64>) -> i64 {
        let truth = self.truth(session, &self.check.pass);
        let history = self.check.needs.iter().any(|name| {
            let record_type = self.engine.model().get(self.own).unwrap();
            let measured = record_type.field(name).is_some_and(|f| f.derived && f.kind == Kind::Duration);
            let entries =
                record_type.relation(name).is_some_and(|r| matches!(r.source, RelationSource::Entries { .. }));
            measured || entries
        });
        if truth == Truth::False {
            return if history && self.system(session, "gaps") == 1 { 2 } else { 1 };
        }
        let at = anchor.unwrap_or_else(|| self.raised(session));
        let set = |key: &String| self.cx.settings[key].iter().any(|span| span.from <= at && at < span.until);
        let needed = self.check.needs.iter().all(|name| self.absent(session, name) == Some(false));
        if truth == Truth::True && needed && self.check.settings.iter().all(set) { 0 } else { 2 }
    }

    /// Whether what stands at this path is absent; none where nothing stands there.
    fn absent(&self, session: &mut dyn Session, path: &str) -> Option<bool> {
        let model = self.engine.model();
        let scope = match self.subject {
            Subject::Step(_) => Scope::step(model, self.own),
            _ => Scope::record(model, self.own),
        };
        let scope = scope.for_check().with_period();
        let path = if matches!(self.subject, Subject::Step(_)) { format!("record.{path}") } else { path.to_owned() };
        let questions = [format!("{path} == null"), format!("{path}.exists(x, true)")];
        let question = questions.iter().find_map(|text| Condition::parse(text, &scope).ok())?;
        Some(self.truth(session, &question) == Truth::Unknown)
    }

    fn truth(&self, session: &mut dyn Session, condition: &Condition) -> Truth {
        let mut facts = StoreFacts::new(self.engine.model(), session, Time::Live);
        condition.eval(self.subject, &mut facts, self.cx).unwrap()
    }

    fn raised(&self, session: &mut dyn Session) -> i64 {
        match self.subject {
            Subject::Step(step) => step.at,
            _ => self.system(session, "raised_at"),
        }
    }

    fn system(&self, session: &mut dyn Session, key: &str) -> i64 {
        let (Subject::Record(id) | Subject::Step(StepFacts { record: id, .. })) = self.subject else { return 0 };
        let sql = format!("SELECT coalesce({key}, 0) FROM {} WHERE id = ?", self.own);
        session.one_int(&sql, &[Param::Int(*id)]).unwrap()
    }
}
