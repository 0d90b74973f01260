//! `vouch serve`: the server, with the work that goes on beside requests.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use conformity::Conformity;
use engine::{Engine, search, timers};
use tokio::net::TcpListener;
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

pub fn run(options: &Serve) -> anyhow::Result<ExitCode> {
    let engine = open(&options.data, Expect::NewOrExisting, Opening::default())?;
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
    block_on(async move {
        let listener = TcpListener::bind(address).await.with_context(|| format!("listening on {address}"))?;
        println!("ready {base_url}");
        serve(engine, listener, &cursor_key, base_url).await
    })
}

/// Runs a future on the server's runtime.
pub fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting the runtime")?;
    runtime.block_on(future)?;
    Ok(ExitCode::SUCCESS)
}

/// Serves until it is told to stop; then signs once more.
pub async fn serve(
    engine: Arc<Engine>,
    listener: TcpListener,
    cursor_key: &[u8; 32],
    base_url: String,
) -> anyhow::Result<()> {
    let conformity = conformity(&engine)?;
    beside(engine.clone(), conformity.clone());
    let router = App::new(engine.clone(), conformity, cursor_key, base_url).router();
    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(stopped())
        .await
        .context("serving")?;
    tokio::task::spawn_blocking(move || engine.sign()).await??;
    Ok(())
}

/// Signing, timed moves, the follower of conformity and an unfinished search index, each on a thread that may wait for
/// the disk.
fn beside(engine: Arc<Engine>, conformity: Arc<Conformity>) {
    tokio::spawn(build_search(engine.clone()));
    let signer = engine.clone();
    every(SIGN, move || {
        if let Err(fault) = signer.sign() {
            tracing::error!(%fault, "the ledger could not be signed");
        }
    });
    let keeper = conformity.clone();
    every(SNAPSHOT, move || {
        if let Err(error) = keeper.keep_snapshots() {
            tracing::error!(%error, "the day's results could not be kept");
        }
    });
    every(TICK, move || {
        if let Err(error) = timers::run_due(&engine) {
            tracing::error!(%error, "timed moves could not be made");
        }
        if let Err(error) = conformity.catch_up() {
            tracing::error!(%error, "conformity could not be followed");
        }
    });
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

fn every(pause: Duration, work: impl Fn() + Send + Sync + 'static) {
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
    });
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
