//! How many strangers may try: handshakes at once and in a minute, by household and in all.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use crate::household::household;

/// Handshakes under way at once: each holds a few KiB for some seconds.
const ALL_MAX: usize = 64;
/// Of one household: a keeper with several gateways behind one address still gets through.
const EACH_MAX: usize = 16;
/// Handshakes one household may begin at once before the rate counts.
const BURST: f64 = 32.0;
/// A second, after that. Each costs about a millisecond of a small board's time.
const PER_S: f64 = 2.0;
/// Households remembered. Beyond it those with nothing under way are forgotten.
const HOUSEHOLDS_MAX: usize = 1_024;

struct Household {
    under_way: usize,
    tokens: f64,
    at: Instant,
}

/// The gate.
#[derive(Default)]
pub struct Gate(Mutex<HashMap<IpAddr, Household>>);

/// A handshake that counts until it is dropped.
pub struct Trial {
    gate: Arc<Gate>,
    household: IpAddr,
}

impl Drop for Trial {
    fn drop(&mut self) {
        if let Some(entry) = self.gate.table().get_mut(&self.household) {
            entry.under_way = entry.under_way.saturating_sub(1);
        }
    }
}

impl Gate {
    fn table(&self) -> std::sync::MutexGuard<'_, HashMap<IpAddr, Household>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a handshake begin, or not.
    pub fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Trial> {
        let household = household(address);
        let now = Instant::now();
        let mut table = self.table();
        if table.values().map(|entry| entry.under_way).sum::<usize>() >= ALL_MAX {
            return None;
        }
        if table.len() >= HOUSEHOLDS_MAX && !table.contains_key(&household) {
            table.retain(|_, entry| entry.under_way > 0);
        }
        let entry = table.entry(household).or_insert(Household { under_way: 0, tokens: BURST, at: now });
        entry.tokens = (entry.tokens + now.duration_since(entry.at).as_secs_f64() * PER_S).min(BURST);
        entry.at = now;
        if entry.under_way >= EACH_MAX || entry.tokens < 1.0 {
            return None;
        }
        entry.tokens -= 1.0;
        entry.under_way += 1;
        Some(Trial { gate: self.clone(), household })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One laptop could keep the gateway busy with handshakes, and no neighbour would get through.
    #[tokio::test(start_paused = true)]
    async fn a_household_tries_so_often_and_no_more() {
        let gate = Arc::new(Gate::default());
        let one: IpAddr = "192.0.2.1".parse().unwrap();
        let mut under_way: Vec<_> = (0..EACH_MAX).map(|_| gate.enter(one).unwrap()).collect();
        assert!(gate.enter(one).is_none());
        assert!(gate.enter("192.0.2.2".parse().unwrap()).is_some());
        under_way.clear();
        let more = (0..100).filter(|_| gate.enter(one).is_some()).count();
        assert_eq!(more, BURST as usize - EACH_MAX);
        tokio::time::advance(std::time::Duration::from_secs(5)).await;
        assert_eq!((0..100).filter(|_| gate.enter(one).is_some()).count(), 10);
        let many: Vec<_> = (0..=255).filter_map(|n| gate.enter(IpAddr::from([198, 51, 100, n]))).collect();
        assert_eq!(many.len(), ALL_MAX);
    }
}
