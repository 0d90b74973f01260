//! One check as statements. Every statement is made of the same parts: where the subjects stand, which of them count and
//! by which instant, and the verdict of each.
//!
//! A subject counts where `when` is true. It also counts, as not determinable and on the day of its beginning, where
//! `when` is not true and its source has no such field as `when` reads (else an import without the field would make the
//! population empty and hide itself), or where `when` is unknown since a field could not be written without its setting.

use model::condition::{Anchor, Condition, Formula, NotPushable, Sql, Target, Type};
use store::Dialect;
use store::schema::quoted;

use super::{Days, condition_dialect, condition_time, int};
use crate::Error;
use crate::checks::{Check, Population, Probe};
use crate::question::Frame;

/// What the statements of one check are made of.
pub(crate) struct Judge<'a> {
    check: &'a Check,
    frame: &'a Frame,
    dialect: Dialect,
}

/// The expressions of a check over its subject's row.
pub(crate) struct Pieces {
    /// `FROM …`, to be followed by a condition.
    pub from: Sql,
    pub subject: Sql,
    pub raised: Sql,
    /// Which subjects count, without the period.
    pub member: Sql,
    /// The instant by which they count; within the period where there are several.
    pub anchor: Sql,
    /// Which others stay, since a field is absent; none where nothing can be.
    pub absent: Option<Sql>,
    /// 0, 1 or 2.
    pub verdict: Sql,
}

impl<'a> Judge<'a> {
    pub fn new(check: &'a Check, frame: &'a Frame, dialect: Dialect) -> Self {
        Self { check, frame, dialect }
    }

    pub(super) fn target(&self) -> Target<'_> {
        let time = condition_time(self.frame.time);
        Target { dialect: condition_dialect(self.dialect), time, context: &self.frame.cx }
    }

    fn wrap<T>(&self, compiled: Result<T, NotPushable>) -> Result<T, Error> {
        compiled.map_err(|why| Error::not_pushable(&self.check.id, why))
    }

    fn truth(&self, condition: &Condition) -> Result<Sql, Error> {
        self.wrap(condition.sql(&self.target()))
    }

    fn formula(&self, formula: &Formula) -> Result<Sql, Error> {
        self.wrap(formula.sql(&self.target()))
    }

    /// Rows of (month, verdict, count). A check with host functions counts only its absent subjects here.
    pub fn counts(&self, months: &[(String, i64)]) -> Result<Sql, Error> {
        let pieces = self.pieces()?;
        let mut bucket = Sql::new("CASE");
        for (index, (_, start)) in months.iter().enumerate().skip(1).rev() {
            bucket.push(&format!(" WHEN q.a >= {start} THEN {index}"));
        }
        bucket.push(if months.len() > 1 { " ELSE 0 END" } else { " WHEN TRUE THEN 0 END" });
        let rows = self.rows(&pieces, self.check.parts.pass_host.is_none(), None)?;
        Ok(Sql::compose("SELECT {} AS b, q.v, count(*) FROM ({}) q GROUP BY 1, 2", &[&bucket, &rows]))
    }

    /// Rows of (subject, record, anchor, verdict) of subjects that do not pass.
    pub fn exceptions(&self, after: (i64, i64), limit: usize) -> Result<Sql, Error> {
        let pieces = self.pieces()?;
        let rows = self.rows(&pieces, self.check.parts.pass_host.is_none(), Some(after.0))?;
        let (record, subject) = (int(after.0), int(after.1));
        let limit = int(i64::try_from(limit).unwrap_or(i64::MAX));
        let template =
            "SELECT q.s, q.r, q.a, q.v FROM ({}) q WHERE q.v > 0 AND (q.r > {} OR q.s > {}) ORDER BY q.r, q.s LIMIT {}";
        Ok(Sql::compose(template, &[&rows, &record, &subject, &limit]))
    }

    /// Rows of (subject, record, anchor, verdict) of those that count by `when`, judged by the database's terms.
    pub fn members(&self) -> Result<Sql, Error> {
        let pieces = self.pieces()?;
        self.member_rows(&pieces, None)
    }

    /// Rows of (subject, record, day, result, flip) of the chosen subjects that count, or will by the passing of time
    /// alone: these have the result 3. Only for a check with one instant as its anchor and no host function.
    pub fn follow(&self, days: &Days, which: &Sql) -> Result<Sql, Error> {
        let Pieces { from, subject, raised, member, anchor, absent, verdict } = self.pieces()?;
        let always = self.check.parts.always.as_ref().unwrap_or(&self.check.when);
        let (now, flip) = (int(self.frame.at), self.flip(&anchor, &raised)?);
        let which = Sql::compose("{} IN ({})", &[&subject, which]);
        let counts = Sql::compose("{} AND {} < {}", &[&member, &anchor, &now]);
        let part = |at: &Sql, result: &Sql, holds: &Sql| {
            let template = "SELECT {} AS s, \"r\".\"id\" AS r, {} AS a, {} AS v, {} AS f {} AND {} AND {}";
            Sql::compose(template, &[&subject, at, result, &flip, &from, &which, holds])
        };
        let mut parts = vec![part(&anchor, &verdict, &counts)];
        let when = self.truth(always)?;
        let mut waits =
            Sql::compose("{} IS NOT NULL AND (({}) AND {} < {}) IS NOT TRUE", &[&flip, &when, &anchor, &now]);
        if let Some(absent) = &absent {
            let stays = Sql::compose("({} AND {} < {})", &[absent, &raised, &now]);
            parts.push(part(&raised, &Sql::new("2"), &stays));
            waits.push(" AND ").append(&stays).push(" IS NOT TRUE");
        }
        parts.push(part(&raised, &Sql::new("3"), &waits));
        let rows = Sql::join(&parts, " UNION ALL ");
        let day = days.sql(&Sql::new("q.a"));
        Ok(Sql::compose("SELECT q.s, q.r, {}, q.v, q.f FROM ({}) q", &[&day, &rows]))
    }

    /// The first instant after now at which time alone can change something.
    fn flip(&self, anchor: &Sql, raised: &Sql) -> Result<Sql, Error> {
        let now = int(self.frame.at);
        let passes = |at: &Sql| Sql::compose("CASE WHEN {} >= {} THEN {} + 1 END", &[at, &now, at]);
        let mut moments = vec![passes(anchor)];
        if raised != anchor {
            moments.push(passes(raised));
        }
        for formula in self.check.when.flips().iter().chain(&self.check.pass.flips()) {
            let at = self.formula(formula)?;
            moments.push(Sql::compose("CASE WHEN {} > {} THEN {} END", &[&at, &now, &at]));
        }
        if moments.len() == 1 {
            return Ok(Sql::join(&moments, ""));
        }
        if self.dialect == Dialect::Postgres {
            return Ok(Sql::compose("LEAST({})", &[&Sql::join(&moments, ", ")]));
        }
        let never = i64::MAX;
        let each: Vec<Sql> = moments.iter().map(|m| Sql::compose(&format!("COALESCE({{}}, {never})"), &[m])).collect();
        Ok(Sql::compose(&format!("NULLIF(min({{}}), {never})"), &[&Sql::join(&each, ", ")]))
    }

    /// Rows as [`Self::exceptions`], of these subjects only.
    pub fn exceptions_of(&self, which: &Sql) -> Result<Sql, Error> {
        let pieces = self.pieces()?;
        let rows = self.rows(&pieces, true, None)?;
        let template = "SELECT q.s, q.r, q.a, q.v FROM ({}) q WHERE q.v > 0 AND q.s IN ({}) ORDER BY q.r, q.s";
        Ok(Sql::compose(template, &[&rows, which]))
    }

    fn rows(&self, pieces: &Pieces, members: bool, from_record: Option<i64>) -> Result<Sql, Error> {
        let mut parts = Vec::new();
        if members {
            parts.push(self.member_rows(pieces, from_record)?);
        }
        if let Some(absent) = &pieces.absent {
            let within = self.within(&pieces.raised);
            let template = "SELECT {} AS s, \"r\".\"id\" AS r, {} AS a, 2 AS v {} AND {} AND {}{}";
            let page = page(from_record);
            parts
                .push(Sql::compose(template, &[&pieces.subject, &pieces.raised, &pieces.from, &within, absent, &page]));
        }
        Ok(match parts.is_empty() {
            true => Sql::new("SELECT 0 AS s, 0 AS r, 0 AS a, 0 AS v WHERE FALSE"),
            false => Sql::join(&parts, " UNION ALL "),
        })
    }

    fn member_rows(&self, pieces: &Pieces, from_record: Option<i64>) -> Result<Sql, Error> {
        if let [Anchor::AtOrLatest(at)] = self.check.parts.anchors.as_slice() {
            return self.latest_rows(pieces, at, from_record);
        }
        let member = match self.check.anchor() {
            Some(one) if *one.ty() == Type::Date => {
                let (period, day) = (self.frame.clipped(), self.formula(one)?);
                let (start, end) = (int(period.start_day), int(period.end_day));
                Sql::compose("{} AND {} >= {} AND {} < {}", &[&pieces.member, &day, &start, &day, &end])
            }
            Some(_) => Sql::compose("{} AND {}", &[&pieces.member, &self.within(&pieces.anchor)]),
            None => self.wrap(self.check.when.filter_sql(&self.target()))?,
        };
        let template = "SELECT {} AS s, \"r\".\"id\" AS r, {} AS a, {} AS v {} AND {}{}";
        let page = page(from_record);
        let parts = [&pieces.subject, &pieces.anchor, &pieces.verdict, &pieces.from, &member, &page];
        Ok(Sql::compose(template, &parts))
    }

    /// Those that lie in the period; of a duty without any, the last one before it.
    fn latest_rows(&self, pieces: &Pieces, at: &Formula, from_record: Option<i64>) -> Result<Sql, Error> {
        let (period, order) = (self.frame.clipped(), self.formula(at)?);
        let (start, end) = match *at.ty() {
            Type::Date => (int(period.start_day), int(period.end_day)),
            _ => (int(period.start), int(period.end)),
        };
        let whose =
            if matches!(self.check.population, Population::Occasion(_)) { r#"PARTITION BY "r"."duty""# } else { "" };
        let template = format!(
            r#"SELECT {{}} AS s, "r"."id" AS r, {{}} AS a, {{}} AS v, {{}} AS o, max({{}}) OVER ({whose}) AS latest {{}} AND {{}} AND {{}} < {{}}"#
        );
        let Pieces { from, subject, member, anchor, verdict, .. } = pieces;
        let counted = Sql::compose(&template, &[subject, anchor, verdict, &order, &order, from, member, &order, &end]);
        let page = from_record.map_or_else(Sql::default, |record| Sql::compose(" AND w.r >= {}", &[&int(record)]));
        let template = "SELECT w.s, w.r, w.a, w.v FROM ({}) w WHERE (w.o >= {} OR w.o = w.latest){}";
        Ok(Sql::compose(template, &[&counted, &start, &page]))
    }

    /// Whether an instant lies in the period.
    fn within(&self, at: &Sql) -> Sql {
        let period = self.frame.clipped();
        Sql::compose("{} >= {} AND {} < {}", &[at, &int(period.start), at, &int(period.end)])
    }

    pub fn pieces(&self) -> Result<Pieces, Error> {
        let (from, subject, raised) = self.base();
        let always = self.check.parts.always.as_ref().unwrap_or(&self.check.when);
        let anchor = match self.check.parts.anchors.as_slice() {
            [Anchor::At(one) | Anchor::AtOrLatest(one)] => self.instant(one)?,
            _ => self.several_anchors(&raised)?,
        };
        let absent = self.absent(always)?;
        let verdict = self.verdict(&raised, &anchor)?;
        let member = self.wrap(always.filter_sql(&self.target()))?;
        Ok(Pieces { from, subject, raised, member, anchor, absent, verdict })
    }

    /// Where the subjects stand, what names them, when they began.
    fn base(&self) -> (Sql, Sql, Sql) {
        let time = condition_time(self.frame.time);
        let record_type = self.check.record_type().unwrap_or_default();
        let suffix = if time == model::condition::Time::Live { "" } else { "_v" };
        let table = quoted(&format!("{record_type}{suffix}"));
        let holds = time.predicate("r").unwrap_or_else(|| Sql::new("TRUE"));
        let seen = |alias: &str| match self.frame.time {
            engine::Time::Live => Sql::new(format!("{alias}.known_to = {}", i64::MAX)),
            engine::Time::At { valid, known } => Sql::compose(
                &format!("{alias}.happened_at <= {{}} AND {alias}.recorded_at <= {{}} AND {alias}.known_to > {{}}"),
                &[&int(valid), &int(known), &int(known)],
            ),
        };
        let raised = Sql::new("\"r\".\"raised_at\"");
        match &self.check.population {
            Population::Step(_) => {
                let from = format!("FROM step \"s\" JOIN {table} \"r\" ON \"r\".id = \"s\".record WHERE {{}} AND {{}}");
                let from = Sql::compose(&from, &[&holds, &seen("\"s\"")]);
                (from, Sql::new("\"s\".id"), Sql::new("\"s\".happened_at"))
            }
            Population::Change(name, field) => {
                let (versions, field) = (quoted(&format!("{name}_v")), quoted(field));
                let believed = |alias: &str| match self.frame.time {
                    engine::Time::Live => Sql::new(format!("{alias}.known_to = {}", i64::MAX)),
                    engine::Time::At { known, .. } => Sql::compose(
                        &format!("{alias}.known_from <= {{}} AND {alias}.known_to > {{}}"),
                        &[&int(known), &int(known)],
                    ),
                };
                let of_entry = "n.id = \"e\".record AND n.version = \"e\".version ORDER BY n.valid_from LIMIT 1";
                let after = Sql::compose(
                    &format!("(SELECT n.{field} FROM {versions} n WHERE {{}} AND {of_entry})"),
                    &[&believed("n")],
                );
                // What held until then: not always the version before, since what is told late counts on.
                let before = Sql::compose(
                    &format!(
                        "(SELECT b.{field} FROM {versions} n JOIN {versions} b ON b.id = n.id AND b.valid_to = n.valid_from \
                         WHERE {{}} AND {{}} AND {of_entry})"
                    ),
                    &[&believed("n"), &believed("b")],
                );
                let differs = Sql::compose("{} IS DISTINCT FROM {}", &[&after, &before]);
                let from = format!(
                    "FROM entry \"e\" JOIN {table} \"r\" ON \"r\".id = \"e\".record WHERE {{}} AND {{}} AND {{}}"
                );
                let from = Sql::compose(&from, &[&differs, &holds, &seen("\"e\"")]);
                (from, Sql::new("\"e\".id"), Sql::new("\"e\".happened_at"))
            }
            _ => (Sql::compose(&format!("FROM {table} \"r\" WHERE {{}}"), &[&holds]), Sql::new("\"r\".\"id\""), raised),
        }
    }

    /// An anchor as an instant: a date counts from the beginning of its day, wherever that lies.
    fn instant(&self, formula: &Formula) -> Result<Sql, Error> {
        let sql = self.formula(formula)?;
        if *formula.ty() != Type::Date {
            return Ok(sql);
        }
        // An hour after the day's beginning, as if the offset were the period's first: shown, never compared.
        let first = self.frame.clipped();
        let template =
            format!("({} + ({{}} - {}) * {} + {})", first.start, first.start_day, calendar::DAY, calendar::HOUR);
        Ok(Sql::compose(&template, &[&sql]))
    }

    /// The first of several anchors that lies in the period; of a span its beginning, clipped.
    fn several_anchors(&self, raised: &Sql) -> Result<Sql, Error> {
        let period = self.frame.clipped();
        let mut cases = Sql::new("CASE");
        for anchor in &self.check.parts.anchors {
            let at = match anchor {
                Anchor::At(formula) | Anchor::AtOrLatest(formula) => self.instant(formula)?,
                Anchor::Span(from, _) => {
                    let from = self.instant(from)?;
                    let start = int(period.start);
                    Sql::compose("CASE WHEN {} < {} THEN {} ELSE {} END", &[&from, &start, &start, &from])
                }
            };
            cases.append(&Sql::compose(" WHEN {} THEN {}", &[&self.within(&at), &at]));
        }
        if self.check.parts.anchors.is_empty() {
            return Ok(raised.clone());
        }
        cases.push(" ELSE ").append(raised).push(" END");
        Ok(cases)
    }

    fn absent(&self, when: &Condition) -> Result<Option<Sql>, Error> {
        let (mut lacking, mut unset) = (Vec::new(), Vec::new());
        for probe in &self.check.parts.read {
            let origins = self.origins(probe);
            if origins.is_empty() && probe.needs_setting.is_none() {
                continue;
            }
            let unknown = Sql::compose("({}) IS NULL", &[&self.truth(&probe.condition)?]);
            if matches!(self.check.population, Population::Record(_)) && !origins.is_empty() {
                lacking.push(Sql::compose(&format!("(\"r\".\"origin\" IN ({origins}) AND {{}})"), &[&unknown]));
            }
            unset.push(unknown);
        }
        if unset.is_empty() {
            return Ok(None);
        }
        let when = self.truth(when)?;
        let mut parts = vec![Sql::compose("(({}) IS NULL AND ({}))", &[&when, &Sql::join(&unset, " OR ")])];
        if !lacking.is_empty() {
            parts.push(Sql::compose("(({}) AND ({}) IS NOT TRUE)", &[&Sql::join(&lacking, " OR "), &when]));
        }
        Ok(Some(Sql::compose("({})", &[&Sql::join(&parts, " OR ")])))
    }

    fn origins(&self, probe: &Probe) -> String {
        let key = (probe.record_type.clone(), probe.name.clone());
        let origins = self.frame.cx.lacking.get(&key).map_or(&[][..], Vec::as_slice);
        origins.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")
    }

    /// False wins; a needed field that is absent, a setting that was not in force, or gaps in the history that a test
    /// rests on leave the rest undetermined.
    fn verdict(&self, raised: &Sql, anchor: &Sql) -> Result<Sql, Error> {
        let pass = match &self.check.parts.pass_sql {
            Some(pass) => self.truth(pass)?,
            None => Sql::new("TRUE"),
        };
        let mut missing = Vec::new();
        for probe in &self.check.parts.needs {
            if probe.needs_setting.is_some() || !self.origins(probe).is_empty() {
                missing.push(Sql::compose("({}) IS NULL", &[&self.truth(&probe.condition)?]));
            }
        }
        let by = if self.check.anchor().is_some_and(|a| *a.ty() == Type::Instant) { anchor } else { raised };
        for key in &self.check.settings {
            missing.push(self.unset_at(key, by));
        }
        let passed = match missing.as_slice() {
            [] => Sql::new("0"),
            some => Sql::compose("CASE WHEN {} THEN 2 ELSE 0 END", &[&Sql::join(some, " OR ")]),
        };
        let history = self.check.parts.needs.iter().any(|probe| probe.history);
        let failed = if history { "CASE WHEN \"r\".\"gaps\" = 1 THEN 2 ELSE 1 END" } else { "1" };
        Ok(Sql::compose(
            &format!("CASE {{}} WHEN TRUE THEN {{}} WHEN FALSE THEN {failed} ELSE 2 END"),
            &[&pass, &passed],
        ))
    }

    fn unset_at(&self, key: &str, at: &Sql) -> Sql {
        let spans = self.frame.cx.settings.get(key).map_or(&[][..], Vec::as_slice);
        let spans: Vec<Sql> = spans
            .iter()
            .map(|span| Sql::compose("({} >= {} AND {} < {})", &[at, &int(span.from), at, &int(span.until)]))
            .collect();
        match spans.as_slice() {
            [] => Sql::new("TRUE"),
            spans => Sql::compose("NOT ({})", &[&Sql::join(spans, " OR ")]),
        }
    }
}

fn page(from_record: Option<i64>) -> Sql {
    match from_record {
        Some(record) => Sql::compose(" AND \"r\".\"id\" >= {}", &[&int(record)]),
        None => Sql::default(),
    }
}
