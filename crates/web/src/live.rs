//! Tells open pages and event streams that the ledger has grown: by this process at once, by another within a second.

use std::sync::Arc;
use std::time::Duration;

use engine::Engine;
use tokio::sync::watch;

/// How often the ledger is looked at for leaves that another process wrote.
const LOOK: Duration = Duration::from_millis(500);

/// The number of leaves, watched.
pub struct Live {
    leaves: watch::Sender<i64>,
    closed: watch::Sender<bool>,
}

impl Live {
    pub fn start(engine: Arc<Engine>) -> Self {
        let (leaves, _) = watch::channel(engine.leaves().unwrap_or(0));
        let told = leaves.clone();
        engine.on_commit(move |range| grow(&told, range.end));
        let told = leaves.clone();
        let looker = Arc::downgrade(&engine);
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(LOOK);
            loop {
                ticks.tick().await;
                let Some(engine) = looker.upgrade() else { return };
                if let Ok(now) = engine.leaves() {
                    grow(&told, now);
                }
            }
        });
        Self { leaves, closed: watch::channel(false).0 }
    }

    /// Ends all streams, so that nobody is waited for who would listen for ever. They come back to whoever serves next.
    pub fn close(&self) {
        self.closed.send_replace(true);
    }

    /// Done once the streams are to end.
    pub fn closing(&self) -> impl Future<Output = ()> + use<> {
        let mut closed = self.closed.subscribe();
        async move { drop(closed.wait_for(|closed| *closed).await) }
    }

    pub fn watch(&self) -> watch::Receiver<i64> {
        self.leaves.subscribe()
    }
}

fn grow(leaves: &watch::Sender<i64>, now: i64) {
    leaves.send_if_modified(|known| {
        let grew = now > *known;
        *known = now.max(*known);
        grew
    });
}
