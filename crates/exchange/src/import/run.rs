//! The way of a whole import: cases in order, batch after batch. While one batch is written the next one is planned.

use std::sync::Arc;
use std::thread::{Scope, ScopedJoinHandle};

use engine::{Committed, Engine, Plan, Principal, Refused};
use store::{Fault, Reader};

use super::batch::{Batch, Tally, real_ids, settle};
use super::names::{Common, Name, Names};
use super::target::Target;
use super::{ImportError, ImportOptions, Progress};
use crate::case::{Case, SourceCase};
use crate::log::Log;
use crate::report::{Report, ReportBuilder};

/// Rows that go into one transaction: enough to share the wait for the disk, few enough to lose little by a power cut.
pub(super) const BATCH_ROWS: usize = 500;
/// How often a batch is planned again when somebody changed its records in the meantime.
const TRIES_MAX: u32 = 3;

pub(super) struct Run<'a> {
    pub engine: &'a Engine,
    pub importer: Arc<Principal>,
    pub log: &'a Log,
    pub options: &'a ImportOptions,
    pub common: Common,
    pub target: Target,
    pub names: Names,
    /// The import batch that new records belong to, once there is one.
    pub origin: Option<i64>,
    /// Whether what was named before begins no later than this log.
    pub names_begun: bool,
}

/// A batch on its way into the database.
struct Flight<'scope> {
    answer: ScopedJoinHandle<'scope, Result<Result<Committed, Refused>, Fault>>,
    batch: Batch,
}

impl<'a> Run<'a> {
    pub fn begin(
        engine: &'a Engine,
        importer: Arc<Principal>,
        log: &'a Log,
        options: &'a ImportOptions,
    ) -> Result<Self, ImportError> {
        if !importer.allowance.import {
            return Err(ImportError::NotAllowed);
        }
        if let Some(why) = engine.read_only() {
            return Err(ImportError::ReadOnly(why.to_owned()));
        }
        let target = Target::of(engine.model(), log.mapping())?;
        let recorded_at = engine.clock().now();
        let common = Common {
            source: options.source.clone().unwrap_or_else(|| log.mapping().name.clone()),
            actor: importer.person,
            recorded_at,
            begins: log.first_instant().unwrap_or(recorded_at).min(recorded_at),
            begin_as: log.mapping().begin_as.clone(),
        };
        let names = Names::new(common.clone(), engine.model().clone());
        Ok(Self { engine, importer, log, options, common, target, names, origin: None, names_begun: options.dry_run })
    }

    pub fn through(mut self, progress: &mut dyn FnMut(Progress)) -> Result<Report, ImportError> {
        let mut report = ReportBuilder::new(self.log);
        let mut reader = self.engine.reader()?;
        let log = self.log;
        std::thread::scope(|scope| {
            let mut flight = None;
            let (mut cases, mut held, mut done) = (Vec::new(), 0, 0_u64);
            for case in log.cases() {
                report.observe(&case);
                match case {
                    Case::Refused { rows, .. } => done += rows,
                    Case::Taken(case) => {
                        held += case.rows.len();
                        done += case.rows.len() as u64 + case.repeated;
                        cases.push(case);
                    }
                }
                if held >= BATCH_ROWS {
                    held = 0;
                    let cases = std::mem::take(&mut cases);
                    flight = self.next(scope, &mut reader, &mut report, flight, cases)?;
                    progress(Progress { rows: done, of: log.rows() });
                }
            }
            let last = self.next(scope, &mut reader, &mut report, flight, cases)?;
            self.land(&mut reader, &mut report, last, None)?;
            Ok(())
        })
        .map_err(|error: ImportError| error)?;
        progress(Progress { rows: log.rows(), of: log.rows() });
        Ok(report.finish())
    }

    /// Plans a batch while the one before it is written, then sends it after it.
    fn next<'scope>(
        &mut self,
        scope: &'scope Scope<'scope, '_>,
        reader: &mut Reader,
        report: &mut ReportBuilder<'_>,
        flight: Option<Flight<'scope>>,
        cases: Vec<SourceCase>,
    ) -> Result<Option<Flight<'scope>>, ImportError>
    where
        'a: 'scope,
    {
        let cases = self.sift(&mut **reader, report, cases)?;
        let batch = self.plan_batch(&mut **reader, cases)?;
        let Some(mut batch) = self.land(reader, report, flight, Some(batch))? else { return Ok(None) };
        if self.options.dry_run || batch.plan.records.is_empty() {
            count(report, std::mem::take(&mut batch.tally), &batch.fresh);
            return Ok(None);
        }
        let (engine, plan) = (self.engine, std::mem::take(&mut batch.plan));
        let answer = scope.spawn(move || engine.commit(plan));
        Ok(Some(Flight { answer, batch }))
    }

    /// Waits for the batch that is being written, and gives the next one the ids that came of it.
    fn land(
        &mut self,
        reader: &mut Reader,
        report: &mut ReportBuilder<'_>,
        flight: Option<Flight<'_>>,
        next: Option<Batch>,
    ) -> Result<Option<Batch>, ImportError> {
        let Some(Flight { answer, batch }) = flight else { return Ok(next) };
        let answer = answer.join().map_err(|_| Fault::database("the thread that commits has died"))?;
        let Batch { cases, fresh, tally, .. } = batch;
        match answer? {
            Ok(committed) => {
                let real = real_ids(&committed);
                count(report, tally, &fresh);
                self.names.settle(fresh, &real);
                Ok(next.map(|mut next| {
                    settle(&mut next.plan, &real);
                    next
                }))
            }
            Err(Refused::Moved) => {
                self.names.forget_temporary();
                self.again(reader, report, cases)?;
                next.map(|next| self.plan_batch(&mut **reader, next.cases)).transpose()
            }
            Err(other) => Err(stopped(other)),
        }
    }

    /// Somebody changed a record of the batch after it was planned: plans it anew on what holds now.
    fn again(
        &mut self,
        reader: &mut Reader,
        report: &mut ReportBuilder<'_>,
        mut cases: Vec<SourceCase>,
    ) -> Result<(), ImportError> {
        for _ in 0..TRIES_MAX {
            let batch = self.plan_batch(&mut **reader, cases)?;
            let Batch { plan, fresh, tally, cases: kept } = batch;
            match self.commit(plan)? {
                Ok(committed) => {
                    count(report, tally, &fresh);
                    self.names.settle(fresh, &real_ids(&committed));
                    return Ok(());
                }
                Err(Refused::Moved) => self.names.forget_temporary(),
                Err(other) => return Err(stopped(other)),
            }
            cases = kept;
        }
        Err(ImportError::Contended)
    }

    pub(super) fn commit(&self, plan: Plan) -> Result<Result<Committed, Refused>, Fault> {
        if plan.records.is_empty() { Ok(Ok(Committed::default())) } else { self.engine.commit(plan) }
    }
}

pub(super) fn stopped(refused: Refused) -> ImportError {
    match refused {
        Refused::ReadOnly(why) => ImportError::ReadOnly(why),
        Refused::Moved | Refused::Repeated { .. } => ImportError::Contended,
    }
}

fn count(report: &mut ReportBuilder<'_>, tally: Tally, fresh: &[(Name, i64)]) {
    let Tally { created, changed, touches, unchanged, deviations, told_again, refused, refused_cases, refused_rows } =
        tally;
    let report = report.report_mut();
    report.created += created;
    report.changed += changed;
    report.touches += touches;
    report.unchanged += unchanged;
    report.deviations += deviations;
    report.told_again += told_again;
    report.refused.extend(refused);
    report.refused_cases += refused_cases;
    report.refused_rows += refused_rows;
    for (name, _) in fresh {
        *report.named.entry(name.record_type().to_owned()).or_default() += 1;
    }
}
