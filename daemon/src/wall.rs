//! The machine's clocks as the core wants them. Whether a time service vouches for the wall clock is asked on a thread
//! of its own, since the answer may take seconds.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::Duration;

use commons_core::clock::Now;

use crate::host::clock;

/// How often the time service is asked.
const ASK_EVERY: Duration = Duration::from_secs(60);

/// The clocks. Cheap to clone.
#[derive(Clone, Default)]
pub struct Wall {
    synchronised: Arc<AtomicBool>,
}

impl Wall {
    /// Asks the time service once, and from then on every minute.
    pub fn start() -> Self {
        let wall = Self::default();
        let weak = Arc::downgrade(&wall.synchronised);
        let ask = move || {
            while let Some(synchronised) = weak.upgrade() {
                synchronised.store(clock::read().synchronised, Ordering::Relaxed);
                drop(synchronised);
                std::thread::sleep(ASK_EVERY);
            }
        };
        // Without the thread the clock counts as not synchronised: nothing but certainty of display is lost.
        if let Err(error) = std::thread::Builder::new().name("clock".into()).spawn(ask) {
            tracing::warn!(%error, "no thread to ask the time service");
        }
        wall
    }

    /// Now.
    pub fn now(&self) -> Now {
        Now {
            uptime_ms: u64::try_from(clock::uptime().as_millis()).unwrap_or(u64::MAX),
            wall_s: clock::unix_s(),
            synchronised: self.synchronised.load(Ordering::Relaxed),
        }
    }
}
