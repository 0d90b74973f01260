//! Every state a record ever had, on two axes: when it was true, and when we believed so.
//!
//! Each version row says: these values held during `[valid_from, valid_to)`, and we believed so during
//! `[known_from, known_to)`. A query obeys valid ≤ known ≤ now, so an ordinary change (happened = recorded) needs only
//! one update and one insert; a late one closes what was believed and puts the rebuilt intervals beside it.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{Field, RecordType, Slot, Value};
use store::schema::{quoted, short_columns};
use store::{FOREVER, Fault, Param, Session};

use crate::record::{Record, decode, slot};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub happened: i64,
    pub recorded: i64,
}

/// The open version: the state that holds until further notice.
struct Open {
    valid_from: i64,
    known_from: i64,
    values: Vec<Value>,
    /// Already a row; otherwise it is written when its end is known, which saves imports half their statements.
    stored: bool,
}

/// Writes the versions of one record.
pub(crate) struct Versions {
    record_type: Arc<RecordType>,
    id: i64,
    table: String,
    slots: Vec<Slot>,
    names: String,
    open: Option<Open>,
    loaded: bool,
    /// Long texts stand once, whatever types a record is of.
    texts: bool,
}

impl Versions {
    pub fn of(record_type: &Arc<RecordType>, id: i64, new: bool) -> Self {
        let slots: Vec<Slot> = short_columns(record_type).map(|(slot, _)| slot).collect();
        let names: String = short_columns(record_type).map(|(_, field)| format!(", {}", quoted(&field.key))).collect();
        let table = quoted(&format!("{}_v", record_type.name));
        Self { record_type: record_type.clone(), id, table, slots, names, open: None, loaded: new, texts: true }
    }

    /// The same history in the table of a type that the record's own type extends.
    pub fn as_ancestor(ancestor: &Arc<RecordType>, id: i64, new: bool) -> Self {
        Self { texts: false, ..Self::of(ancestor, id, new) }
    }

    /// Whether `happened` lies within the open version: then a change is put after it, else history is rebuilt.
    pub fn covers(&mut self, session: &mut dyn Session, happened: i64) -> Result<bool, Fault> {
        self.load(session)?;
        Ok(self.open.as_ref().is_none_or(|open| happened >= open.valid_from))
    }

    fn load(&mut self, session: &mut dyn Session) -> Result<(), Fault> {
        if self.loaded {
            return Ok(());
        }
        let sql = format!(
            "SELECT valid_from, known_from{} FROM {} WHERE id = ? AND valid_to = ? AND known_to = ?",
            self.names, self.table
        );
        let params = [self.id, FOREVER, FOREVER].map(Param::Int);
        let mut open = None;
        session.query(&sql, &params, &mut |row| {
            let values = self.decode(row, 2)?;
            open = Some(Open { valid_from: row.need_int(0)?, known_from: row.need_int(1)?, values, stored: true });
            Ok(())
        })?;
        self.open = open;
        self.loaded = true;
        Ok(())
    }

    fn decode(&self, row: &dyn store::Row, offset: usize) -> Result<Vec<Value>, Fault> {
        let fields = self.slots.iter().filter_map(|slot| self.record_type.fields.get(*slot));
        fields.enumerate().map(|(i, field)| decode(row, i + offset, &field.kind)).collect()
    }

    fn values(&self, record: &Record) -> Vec<Value> {
        self.slots.iter().map(|slot| record.get(*slot).clone()).collect()
    }

    /// The state from `moment.happened` on. The caller has asked `covers`.
    pub fn put(
        &mut self,
        session: &mut dyn Session,
        live: &Record,
        changes: &[(Slot, Value)],
        moment: Moment,
    ) -> Result<(), Fault> {
        let first = self.open.is_none();
        let next =
            Open { valid_from: moment.happened, known_from: moment.recorded, values: self.values(live), stored: false };
        if let Some(open) = self.open.take() {
            self.close(session, open, moment)?;
        }
        self.open = Some(next);
        self.put_long_texts(session, changes, moment, first)
    }

    fn close(&self, session: &mut dyn Session, open: Open, moment: Moment) -> Result<(), Fault> {
        let Moment { happened, recorded } = moment;
        let same_batch = open.known_from == recorded;
        if open.valid_from == happened {
            // Two states in one instant: the later one holds. What nobody could have seen leaves no row.
            return match (open.stored, same_batch) {
                (true, true) => self.drop_open(session),
                (true, false) => self.disbelieve_open(session, recorded),
                (false, true) => Ok(()),
                (false, false) => {
                    self.insert(session, &open.values, [open.valid_from, FOREVER, open.known_from, recorded])
                }
            };
        }
        if !open.stored {
            return self.insert(session, &open.values, [open.valid_from, happened, open.known_from, FOREVER]);
        }
        if same_batch || happened == recorded {
            let sql = format!("UPDATE {} SET valid_to = ? WHERE id = ? AND valid_to = ? AND known_to = ?", self.table);
            session.execute(&sql, &[happened, self.id, FOREVER, FOREVER].map(Param::Int))?;
            return Ok(());
        }
        self.disbelieve_open(session, recorded)?;
        self.insert(session, &open.values, [open.valid_from, happened, recorded, FOREVER])
    }

    fn drop_open(&self, session: &mut dyn Session) -> Result<(), Fault> {
        let sql = format!("DELETE FROM {} WHERE id = ? AND valid_to = ? AND known_to = ?", self.table);
        session.execute(&sql, &[self.id, FOREVER, FOREVER].map(Param::Int))?;
        Ok(())
    }

    fn disbelieve_open(&self, session: &mut dyn Session, recorded: i64) -> Result<(), Fault> {
        let sql = format!("UPDATE {} SET known_to = ? WHERE id = ? AND valid_to = ? AND known_to = ?", self.table);
        session.execute(&sql, &[recorded, self.id, FOREVER, FOREVER].map(Param::Int))?;
        Ok(())
    }

    /// `times` = valid_from, valid_to, known_from, known_to.
    fn insert(&self, session: &mut dyn Session, values: &[Value], times: [i64; 4]) -> Result<(), Fault> {
        let marks = ", ?".repeat(values.len());
        let sql = format!(
            "INSERT INTO {} (id, valid_from, valid_to, known_from, known_to{}) VALUES (?, ?, ?, ?, ?{marks})",
            self.table, self.names
        );
        let mut params = vec![Param::Int(self.id)];
        params.extend(times.map(Param::Int));
        params.extend(values.iter().map(Param::from));
        session.execute(&sql, &params)?;
        Ok(())
    }

    /// The field in this slot, where its texts are this history's to keep.
    fn long_text(&self, slot: Slot) -> Option<&Field> {
        self.record_type.fields.get(slot).filter(|field| self.texts && field.kind.is_long_text())
    }

    fn put_long_texts(
        &self,
        session: &mut dyn Session,
        changes: &[(Slot, Value)],
        moment: Moment,
        first: bool,
    ) -> Result<(), Fault> {
        for (slot, value) in changes {
            let Some(field) = self.long_text(*slot) else { continue };
            if !first {
                clear(session, &long_text(&[Param::Int(self.id), Param::Text(&field.key)]), moment, FOREVER)?;
            }
            insert_long_text(
                session,
                self.id,
                &field.key,
                value,
                [moment.happened, FOREVER, moment.recorded, FOREVER],
            )?;
        }
        Ok(())
    }

    /// Writes what was held back.
    pub fn finish(&mut self, session: &mut dyn Session) -> Result<(), Fault> {
        if let Some(open) = &mut self.open
            && !open.stored
        {
            open.stored = true;
            let (values, times) = (open.values.clone(), [open.valid_from, FOREVER, open.known_from, FOREVER]);
            self.insert(session, &values, times)?;
        }
        Ok(())
    }

    /// A late change: the new value of each field holds from `happened` until that field's next change by
    /// (happened, entry). Rows that differ are believed no more from `recorded` on; replacements begin there.
    pub fn late(
        &mut self,
        session: &mut dyn Session,
        live: &mut Record,
        changes: &[(Slot, Value)],
        moment: Moment,
        entry: i64,
    ) -> Result<(), Fault> {
        self.finish(session)?;
        let mut ends = Vec::new();
        for (slot, value) in changes {
            let Some(field) = self.record_type.fields.get(*slot) else { continue };
            let end = next_change(session, &[self.id], Some(&field.key), moment, entry)?;
            ends.push((*slot, value.clone(), end));
            if end == FOREVER {
                live.set(*slot, value.clone());
            }
        }
        // Every entry gives the record a version and an instant of change, which hold until the next one's.
        let next = next_change(session, &[self.id], None, moment, entry)?;
        ends.push((slot::VERSION, Value::Int(live.version() + 1), next));
        ends.push((slot::UPDATED_AT, Value::Instant(moment.happened), next));
        self.rebuild(session, &ends, moment)?;
        for (slot, value, end) in &ends {
            let Some(field) = self.long_text(*slot) else { continue };
            clear(session, &long_text(&[Param::Int(self.id), Param::Text(&field.key)]), moment, *end)?;
            insert_long_text(session, self.id, &field.key, value, [moment.happened, *end, moment.recorded, FOREVER])?;
        }
        self.loaded = false;
        self.open = None;
        Ok(())
    }

    fn rebuild(&self, session: &mut dyn Session, ends: &[(Slot, Value, i64)], moment: Moment) -> Result<(), Fault> {
        let Moment { happened, recorded } = moment;
        let sql = format!(
            "SELECT valid_from, valid_to, known_from{} FROM {} WHERE id = ? AND valid_to > ? AND known_to = ? ORDER BY valid_from",
            self.names, self.table
        );
        let mut rows = Vec::new();
        session.query(&sql, &[self.id, happened, FOREVER].map(Param::Int), &mut |row| {
            rows.push((row.need_int(0)?, row.need_int(1)?, row.need_int(2)?, self.decode(row, 3)?));
            Ok(())
        })?;
        let cuts: BTreeSet<i64> = ends.iter().map(|(_, _, end)| *end).chain([happened]).collect();
        for (from, to, known_from, values) in rows {
            let pieces = self.pieces(from, to, &values, ends, happened, &cuts);
            if pieces.iter().all(|(_, _, piece)| *piece == values) {
                continue;
            }
            if known_from == recorded {
                let sql = format!(
                    "DELETE FROM {} WHERE id = ? AND valid_from = ? AND valid_to = ? AND known_to = ?",
                    self.table
                );
                session.execute(&sql, &[self.id, from, to, FOREVER].map(Param::Int))?;
            } else {
                let sql = format!(
                    "UPDATE {} SET known_to = ? WHERE id = ? AND valid_from = ? AND valid_to = ? AND known_to = ?",
                    self.table
                );
                session.execute(&sql, &[recorded, self.id, from, to, FOREVER].map(Param::Int))?;
            }
            for (from, to, values) in pieces {
                self.insert(session, &values, [from, to, recorded, FOREVER])?;
            }
        }
        Ok(())
    }

    fn pieces(
        &self,
        from: i64,
        to: i64,
        values: &[Value],
        ends: &[(Slot, Value, i64)],
        happened: i64,
        cuts: &BTreeSet<i64>,
    ) -> Vec<(i64, i64, Vec<Value>)> {
        let mut bounds: Vec<i64> = vec![from];
        bounds.extend(cuts.iter().copied().filter(|cut| *cut > from && *cut < to));
        bounds.push(to);
        let mut pieces: Vec<(i64, i64, Vec<Value>)> = Vec::new();
        for pair in bounds.windows(2) {
            let &[begin, end] = pair else { continue };
            let mut piece = values.to_vec();
            for (slot, value, until) in ends {
                if begin >= happened
                    && begin < *until
                    && let Some(place) = self.slots.iter().position(|s| s == slot).and_then(|i| piece.get_mut(i))
                {
                    *place = value.clone();
                }
            }
            match pieces.last_mut() {
                Some(last) if last.2 == piece => last.1 = end,
                _ => pieces.push((begin, end, piece)),
            }
        }
        pieces
    }
}

/// The instant of the next change of `key` (of anything at all, for `None`) after (happened, entry), or for ever.
/// What happened as it was recorded has nothing after it.
pub(crate) fn next_change(
    session: &mut dyn Session,
    records: &[i64],
    key: Option<&str>,
    moment: Moment,
    entry: i64,
) -> Result<i64, Fault> {
    let mut next = FOREVER;
    if moment.happened == moment.recorded {
        return Ok(next);
    }
    let sql = "SELECT happened_at, opening FROM entry \
               WHERE record = ? AND happened_at > ? AND id <> ? AND known_to = ? ORDER BY happened_at, id";
    for record in records {
        session.query(sql, &[*record, moment.happened, entry, FOREVER].map(Param::Int), &mut |row| {
            let at = row.need_int(0)?;
            if at < next && key.map_or(Ok(true), |key| Ok(crate::opening::has_field(row.need_text(1)?, key)))? {
                next = at;
            }
            Ok(())
        })?;
    }
    Ok(next)
}

fn insert_long_text(
    session: &mut dyn Session,
    id: i64,
    key: &str,
    value: &Value,
    times: [i64; 4],
) -> Result<(), Fault> {
    let sql = "INSERT INTO long_text (id, field, body, valid_from, valid_to, known_from, known_to) VALUES (?, ?, ?, ?, ?, ?, ?)";
    let mut params = vec![Param::Int(id), Param::Text(key), Param::from(value)];
    params.extend(times.map(Param::Int));
    session.execute(sql, &params)?;
    Ok(())
}

/// The rows of one thing that holds for a while: a line, a link, a long text.
pub(crate) struct Lasting<'a> {
    pub table: &'a str,
    /// All columns but the four times.
    pub copied: &'a str,
    /// Picks the thing's rows, with its parameters.
    pub holds: &'a str,
    pub keys: &'a [Param<'a>],
}

fn long_text<'a>(keys: &'a [Param<'a>]) -> Lasting<'a> {
    Lasting { table: "long_text", copied: "id, field, body", holds: "id = ? AND field = ?", keys }
}

/// From `moment.recorded` on we believe that nothing of this thing holds in `[moment.happened, until)`; what was
/// believed before stays beside it. `until` is the thing's next change, or for ever. Rows that came with the same instant of recording were seen by nobody and go.
pub(crate) fn clear(session: &mut dyn Session, thing: &Lasting<'_>, moment: Moment, until: i64) -> Result<(), Fault> {
    let Lasting { table, copied, holds, keys } = thing;
    let Moment { happened, recorded } = moment;
    let believed = format!("{holds} AND known_to = {FOREVER}");
    let mut run = |sql: String, first: &[i64], last: &[i64]| -> Result<u64, Fault> {
        let first = first.iter().map(|n| Param::Int(*n));
        let params: Vec<Param<'_>> =
            first.chain(keys.iter().copied()).chain(last.iter().map(|n| Param::Int(*n))).collect();
        session.execute(&sql, &params)
    };
    let drop_unseen =
        format!("DELETE FROM {table} WHERE {believed} AND valid_from >= ? AND valid_from < ? AND known_from = ?");
    if happened == recorded && until == FOREVER {
        // Nobody could ask about this instant before: no knowledge changes.
        run(drop_unseen, &[], &[happened, until, recorded])?;
        let sql = format!("UPDATE {table} SET valid_to = ? WHERE {believed} AND valid_from < ? AND valid_to > ?");
        run(sql, &[happened], &[happened, happened])?;
        return Ok(());
    }
    // No row reaches beyond `until`: what changed then ended the row before it. PostgreSQL cannot tell the type of a
    // bare parameter in a select list.
    let sql = format!(
        "INSERT INTO {table} ({copied}, valid_from, valid_to, known_from, known_to) \
         SELECT {copied}, valid_from, CAST(? AS BIGINT), CAST(? AS BIGINT), {FOREVER} FROM {table} \
         WHERE {believed} AND valid_from < ? AND valid_to > ? AND known_from < ?"
    );
    run(sql, &[happened, recorded], &[happened, happened, recorded])?;
    let sql = format!(
        "UPDATE {table} SET valid_to = ? WHERE {believed} AND valid_from < ? AND valid_to > ? AND known_from = ?"
    );
    run(sql, &[happened], &[happened, happened, recorded])?;
    run(drop_unseen, &[], &[happened, until, recorded])?;
    let sql = format!(
        "UPDATE {table} SET known_to = ? WHERE {believed} AND valid_from < ? AND valid_to > ? AND known_from < ?"
    );
    run(sql, &[recorded], &[until, happened, recorded])?;
    Ok(())
}
