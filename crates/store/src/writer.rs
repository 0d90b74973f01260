//! The writer thread: up to 256 pieces of work in one transaction, each under its own savepoint, all answered only
//! after the commit. What is refused rolls back alone; a commit that fails answers everybody with the fault.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::session::{Dialect, Fault, Session};

/// Work taken into one transaction. More gains nothing: the wait for the disk is already shared by all.
const BATCH_MAX: usize = 256;
/// Work that may wait before callers block.
const QUEUE_MAX: usize = 4096;
/// How long the thread sleeps before it looks after the write-ahead log.
const IDLE: Duration = Duration::from_millis(250);

/// What the layer above does around the work of a batch: caches, numbering, sealing. It runs on the writer thread.
pub trait Lane: Send + 'static {
    /// After `BEGIN`: read the head; drop caches when somebody else wrote since.
    fn begin(&mut self, session: &mut dyn Session) -> Result<(), Fault>;
    /// Before each piece of work.
    fn mark(&mut self);
    /// After a piece of work was rolled back: forget what it did since `mark`.
    fn undo(&mut self);
    /// Before `COMMIT`: seal what was done and write the head.
    fn seal(&mut self, session: &mut dyn Session) -> Result<(), Fault>;
    /// After a durable commit.
    fn committed(&mut self);
    /// After a failed batch: nothing of it exists; drop all caches.
    fn failed(&mut self);
}

/// What a piece of work wants done with what it wrote.
pub enum Outcome<T, E> {
    Keep(T),
    /// Rolled back alone; `E` says why.
    Refuse(E),
}

/// The answer to a piece of work, given after the commit.
pub type Answer<T, E> = Result<Result<T, E>, Fault>;

type Settle = Box<dyn FnOnce(Option<&Fault>) + Send>;
type Job<L> = Box<dyn FnOnce(&mut dyn Session, &mut L) -> Result<(bool, Settle), (Fault, Settle)> + Send>;

pub struct Writer<L: Lane> {
    queue: Option<SyncSender<Job<L>>>,
    thread: Option<JoinHandle<()>>,
}

impl<L: Lane> Writer<L> {
    pub fn start(session: Box<dyn Session>, lane: L) -> Result<Self, Fault> {
        let (queue, jobs) = sync_channel(QUEUE_MAX);
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || run(session, lane, &jobs))
            .map_err(|e| Fault::Disk { what: "starting the writer thread".to_owned(), cause: e.to_string() })?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Queues work and gives the receiver of its answer. `work` runs inside the transaction, under a savepoint.
    pub fn submit<T, E, F>(&self, work: F) -> Receiver<Answer<T, E>>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: FnOnce(&mut dyn Session, &mut L) -> Result<Outcome<T, E>, Fault> + Send + 'static,
    {
        let (sender, receiver) = sync_channel(1);
        let failed = sender.clone();
        let job: Job<L> = Box::new(move |session, lane| match work(session, lane) {
            Ok(Outcome::Keep(value)) => Ok((true, settle(sender, Ok(value)))),
            Ok(Outcome::Refuse(why)) => Ok((false, settle(sender, Err(why)))),
            Err(fault) => {
                let own = fault.clone();
                Err((fault, Box::new(move |_| drop(sender.send(Err(own))))))
            }
        });
        let sent = self.queue.as_ref().is_some_and(|queue| queue.send(job).is_ok());
        if !sent {
            drop(failed.send(Err(Fault::database("the writer has stopped"))));
        }
        receiver
    }

    /// Queues work and waits for its answer.
    pub fn write<T, E, F>(&self, work: F) -> Answer<T, E>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: FnOnce(&mut dyn Session, &mut L) -> Result<Outcome<T, E>, Fault> + Send + 'static,
    {
        self.submit(work).recv().unwrap_or_else(|_| Err(Fault::database("the writer has stopped")))
    }
}

impl<L: Lane> Drop for Writer<L> {
    /// Work already queued is done and answered first.
    fn drop(&mut self) {
        self.queue.take();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn settle<T: Send + 'static, E: Send + 'static>(sender: SyncSender<Answer<T, E>>, answer: Result<T, E>) -> Settle {
    Box::new(move |fault| {
        drop(sender.send(match fault {
            None => Ok(answer),
            Some(fault) => Err(fault.clone()),
        }));
    })
}

fn run<L: Lane>(mut session: Box<dyn Session>, mut lane: L, jobs: &Receiver<Job<L>>) {
    let mut written = false;
    loop {
        let first = match jobs.recv_timeout(IDLE) {
            Ok(job) => job,
            Err(RecvTimeoutError::Timeout) => {
                if written {
                    checkpoint(&mut *session);
                    written = false;
                }
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        written = true;
        batch(&mut *session, &mut lane, first, jobs);
    }
}

/// Moves the write-ahead log into the database while nothing is written. A reader that holds a snapshot only makes
/// it move less; that is no error.
fn checkpoint(session: &mut dyn Session) {
    if session.dialect() == Dialect::Sqlite
        && let Err(fault) = session.query("PRAGMA wal_checkpoint(PASSIVE)", &[], &mut |_| Ok(()))
    {
        tracing::warn!(%fault, "the write-ahead log could not be moved into the database");
    }
}

fn batch<L: Lane>(session: &mut dyn Session, lane: &mut L, first: Job<L>, jobs: &Receiver<Job<L>>) {
    let mut settles: Vec<Settle> = Vec::new();
    let result = work(session, lane, first, jobs, &mut settles);
    if let Err(fault) = &result {
        tracing::error!(%fault, "a batch was rolled back");
        lane.failed();
        // The transaction may be gone already; then this says so and changes nothing.
        drop(session.batch("ROLLBACK"));
    } else {
        lane.committed();
    }
    for settle in settles {
        settle(result.as_ref().err());
    }
}

fn work<L: Lane>(
    session: &mut dyn Session,
    lane: &mut L,
    first: Job<L>,
    jobs: &Receiver<Job<L>>,
    settles: &mut Vec<Settle>,
) -> Result<(), Fault> {
    let mut next = Some(first);
    let begin = if session.dialect() == Dialect::Sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" };
    let mut ready = session.batch(begin).and_then(|()| lane.begin(session));
    let mut kept = false;
    while let Some(job) = next.take() {
        if ready.is_ok() {
            ready = session.batch("SAVEPOINT work");
        }
        if let Err(fault) = &ready {
            // The job is not run; dropping it closes its channel and the caller learns of the fault.
            let fault = fault.clone();
            drop(job);
            return Err(fault);
        }
        lane.mark();
        let (end, settle) = match job(session, lane) {
            Ok((true, settle)) => {
                kept = true;
                ("RELEASE work", settle)
            }
            Ok((false, settle)) | Err((_, settle)) => {
                lane.undo();
                ("ROLLBACK TO work; RELEASE work", settle)
            }
        };
        settles.push(settle);
        session.batch(end)?;
        if settles.len() < BATCH_MAX {
            next = jobs.try_recv().ok();
        }
    }
    if kept {
        lane.seal(session)?;
    }
    session.batch("COMMIT")
}
