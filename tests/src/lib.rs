//! End-to-end tests' harness: starts and stops the real daemon, and speaks raw HTTP and MQTT to it.
//!
//! It never links the daemon: what a neighbour's phone cannot see, these tests cannot see either. Everything blocks and
//! has a deadline; nothing sleeps for a fixed time.

pub mod burst;
pub mod codec;
pub mod gateway;
pub mod http;
pub mod member;
pub mod mqtt;
pub mod pen;
pub mod seed;
pub mod sim;
pub mod trades;

use std::time::{Duration, Instant};

pub use gateway::Gateway;
pub use mqtt::Mqtt;

/// How long anything may take on two slow cores before it counts as not happening.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Asks again until there is an answer; panics with what was waited for.
pub fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "waited {PATIENCE:?} for {what}");
        // Between two questions, not instead of a condition.
        std::thread::park_timeout(Duration::from_millis(20));
    }
}
