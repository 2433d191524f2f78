//! Holds a fast poster back before refusing him: a token bucket for each address, kept as one instant (GCRA).
//!
//! A neighbour who taps twice in a hurry waits a moment and notices nothing; a script that posts without pause is slowed to
//! the configured rate and, once it would wait too long or too many wait, told when to come back.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use commons_core::admission::Rejection;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::config::Limits;
use crate::household::household;

/// The longest a post is held back, in seconds. Browsers and people give up near ten.
const HOLD_S_MAX: u64 = 5;
/// Posts held back at once, at most; each costs a task and a connection.
const HELD_MAX: usize = 64;
/// Addresses remembered, at most (about 50 bytes each). Those beyond it share one bucket.
const ADDRESSES_MAX: usize = 4_096;

pub(super) struct Holdback {
    interval: Duration,
    burst: u32,
    // When each address's bucket is full again. An address whose instant has passed need not be remembered.
    full_at: Mutex<HashMap<IpAddr, Instant>>,
    held: Arc<Semaphore>,
}

impl Holdback {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            interval: Duration::from_secs(60) / limits.posts_per_minute.max(1),
            burst: limits.posts_burst.max(1),
            full_at: Mutex::default(),
            held: Arc::new(Semaphore::new(HELD_MAX)),
        }
    }

    /// Returns when the post may go on, or why not.
    pub(super) async fn pass(&self, address: IpAddr) -> Result<(), Rejection> {
        let (wait, _place) = {
            let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let address = Self::bucket(&mut full_at, household(address), now);
            let full = full_at.get(&address).copied().unwrap_or(now).max(now);
            let next = full + self.interval;
            let wait = next.saturating_duration_since(now + self.interval * self.burst);
            let refused = Rejection::TooManyPosts { retry_s: wait.as_secs() + 1 };
            if wait > Duration::from_secs(HOLD_S_MAX) {
                return Err(refused);
            }
            let place = match wait.is_zero() {
                true => None,
                false => Some(self.held.clone().try_acquire_owned().map_err(|_| refused)?),
            };
            full_at.insert(address, next);
            (wait, place)
        };
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    /// The bucket to use: the address's own, or a shared one when too many addresses are in use.
    fn bucket(full_at: &mut HashMap<IpAddr, Instant>, address: IpAddr, now: Instant) -> IpAddr {
        if full_at.len() >= ADDRESSES_MAX && !full_at.contains_key(&address) {
            full_at.retain(|_, full| *full > now);
            if full_at.len() >= ADDRESSES_MAX {
                return IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);
            }
        }
        address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A neighbour in a hurry would be refused although waiting a second was enough; a flood would never be refused.
    #[tokio::test(start_paused = true)]
    async fn a_hurry_waits_and_a_flood_is_refused() {
        let holdback = Holdback::new(&Limits { posts_per_minute: 30, posts_burst: 3, ..Limits::default() });
        let here: IpAddr = "10.0.0.1".parse().unwrap();
        let start = Instant::now();
        for _ in 0..3 {
            holdback.pass(here).await.unwrap();
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        holdback.pass(here).await.unwrap();
        assert_eq!(start.elapsed().as_secs(), 2, "held back, not refused");
        let flood = futures_util::future::join_all((0..20).map(|_| holdback.pass(here))).await;
        let refused = flood.iter().filter(|outcome| outcome.is_err()).count();
        assert!(refused >= 15, "{refused} refused");
        assert!(matches!(flood.last(), Some(Err(Rejection::TooManyPosts { retry_s: 1..=60 }))));
        holdback.pass("10.0.0.2".parse().unwrap()).await.unwrap();
    }
}
