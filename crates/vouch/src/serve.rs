//! `vouch serve`: the server, with the work that goes on beside requests.

use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use conformity::Conformity;
use engine::{Engine, search, timers};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use web::App;

use crate::cli::Serve;
use crate::organisation::{Expect, Opening, conformity, key, open};
use crate::users;

/// How often the signer signs, at most.
const SIGN: Duration = Duration::from_secs(1);
/// How often it is seen to that the day's results are kept; each day's are kept once.
const SNAPSHOT: Duration = Duration::from_secs(3_600);
/// How often the clock is asked whether a timed move is due.
const TICK: Duration = Duration::from_secs(5);
/// How long what was begun may take to end when another engine takes over.
const HANDOVER_TRIES: u32 = 300;
const HANDOVER_PAUSE: Duration = Duration::from_millis(100);

pub fn run(options: &Serve) -> anyhow::Result<ExitCode> {
    let reopen = || open(&options.data, Expect::NewOrExisting, Opening::default());
    let engine = reopen()?;
    let base_url = options.base_url.clone().unwrap_or_else(|| format!("http://{}", options.listen));
    if !users::anybody(&engine)? {
        let roles = ["administrator".to_owned(), "service-manager".to_owned()];
        let new =
            users::New { name: "Administrator", email: "admin@localhost.localdomain", roles: &roles, customer: None };
        let person = users::add(&engine, &new)?;
        println!("first start: sign in once at {}", users::link(&engine, person, &base_url)?);
    }
    let cursor_key = key(&options.data.data, "cursors", engine.entropy())?;
    let address: SocketAddr =
        options.listen.parse().with_context(|| format!("--listen {}: expected ADDRESS:PORT", options.listen))?;
    let listener = TcpListener::bind(address).with_context(|| format!("listening on {address}"))?;
    println!("ready {base_url}");
    serve(engine, &Door { listener, cursor_key, base_url }, &reopen)
}

/// Where people come in, and what links begin with.
pub struct Door {
    pub listener: TcpListener,
    pub cursor_key: [u8; 32],
    pub base_url: String,
}

#[derive(PartialEq, Eq)]
enum Ended {
    Stopped,
    /// The organisation has put other files of its own in force.
    OtherRules,
}

/// Serves until it is told to stop; then signs once more. When other files are put in force it goes on with these: who
/// comes in meanwhile waits at the door.
pub fn serve(
    mut engine: Arc<Engine>,
    door: &Door,
    reopen: &dyn Fn() -> anyhow::Result<Arc<Engine>>,
) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting the runtime")?;
    loop {
        let ended = runtime.block_on(once(engine.clone(), door))?;
        engine.sign()?;
        if ended == Ended::Stopped {
            return Ok(ExitCode::SUCCESS);
        }
        given_back(engine)?;
        engine = reopen()?;
    }
}

async fn once(engine: Arc<Engine>, door: &Door) -> anyhow::Result<Ended> {
    let listener = door.listener.try_clone().context("preparing the listener")?;
    listener.set_nonblocking(true).context("preparing the listener")?;
    let listener = tokio::net::TcpListener::from_std(listener).context("preparing the listener")?;
    let conformity = conformity(&engine)?;
    let (told, mut other_rules) = watch::channel(false);
    let beside = beside(engine.clone(), conformity.clone(), told);
    let app = App::new(engine, conformity, &door.cursor_key, door.base_url.clone());
    let router = app.clone().router().into_make_service_with_connect_info::<SocketAddr>();
    let (sender, receiver) = oneshot::channel();
    let until = async move {
        let ended = tokio::select! {
            () = stopped() => Ended::Stopped,
            Ok(_) = other_rules.wait_for(|other| *other) => Ended::OtherRules,
        };
        app.live.close();
        drop(sender.send(ended));
    };
    axum::serve(listener, router).with_graceful_shutdown(until).await.context("serving")?;
    for task in beside {
        task.abort();
        drop(task.await);
    }
    Ok(receiver.await.unwrap_or(Ended::Stopped))
}

/// Waits until nobody holds the engine any more, so that its signer is free for the one that follows.
fn given_back(engine: Arc<Engine>) -> anyhow::Result<()> {
    let mut engine = engine;
    for _ in 0..HANDOVER_TRIES {
        match Arc::try_unwrap(engine) {
            Ok(last) => {
                drop(last);
                return Ok(());
            }
            Err(shared) => engine = shared,
        }
        std::thread::sleep(HANDOVER_PAUSE);
    }
    anyhow::bail!(
        "a request did not end, so the server cannot go on with the files that are in force now: start it again"
    )
}

/// Signing, timed moves, the follower of conformity and an unfinished search index, each on a thread that may wait for
/// the disk.
fn beside(engine: Arc<Engine>, conformity: Arc<Conformity>, told: watch::Sender<bool>) -> Vec<JoinHandle<()>> {
    let (signer, current, indexed) = (engine.clone(), conformity.clone(), engine.clone());
    let signing = every(SIGN, move || {
        if let Err(fault) = signer.sign() {
            tracing::error!(%fault, "the ledger could not be signed");
        }
        match current.is_current() {
            Ok(current) => drop(told.send_if_modified(|other| !current && !std::mem::replace(other, true))),
            Err(error) => tracing::error!(%error, "which files are in force could not be read"),
        }
    });
    let keeper = conformity.clone();
    let keeping = every(SNAPSHOT, move || {
        if let Err(error) = keeper.keep_snapshots() {
            tracing::error!(%error, "the day's results could not be kept");
        }
    });
    let following = every(TICK, move || {
        if let Err(error) = timers::run_due(&engine) {
            tracing::error!(%error, "timed moves could not be made");
        }
        if let Err(error) = conformity.catch_up() {
            tracing::error!(%error, "conformity could not be followed");
        }
    });
    vec![signing, keeping, following, tokio::spawn(build_search(indexed))]
}

/// Indexes records that the search index does not hold yet, a batch at a time; looks again now and then, since another
/// process may have begun the index anew.
async fn build_search(engine: Arc<Engine>) {
    loop {
        let engine = engine.clone();
        match tokio::task::spawn_blocking(move || search::build(&engine)).await {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => tokio::time::sleep(TICK).await,
            Ok(Err(fault)) => {
                tracing::error!(%fault, "the search index could not be built further");
                tokio::time::sleep(TICK).await;
            }
            Err(_) => return tracing::error!("the building of the search index ended"),
        }
    }
}

fn every(pause: Duration, work: impl Fn() + Send + Sync + 'static) -> JoinHandle<()> {
    let work = Arc::new(work);
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(pause);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let work = work.clone();
            if tokio::task::spawn_blocking(move || work()).await.is_err() {
                tracing::error!("a task beside the server ended");
            }
        }
    })
}

async fn stopped() {
    let interrupt = tokio::signal::ctrl_c();
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = interrupt => {}
        () = terminate => {}
    }
}
