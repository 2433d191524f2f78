//! The last refusals, for whoever keeps the gateway: since when, at which door, why, and of which device. **No neighbour's
//! text**, and of an address only its end: enough to find a device in the block, not enough to tell who it is elsewhere.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::household::household;

/// Refusals kept, at most (about 100 bytes each); the oldest leaves.
pub const REFUSALS_MAX: usize = 200;

/// The last refusals. Cheap to clone.
#[derive(Clone, Default)]
pub struct Refusals(Arc<Mutex<VecDeque<Refusal>>>);

/// One of them; the same again and again counts up.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// When it last happened.
    pub at: Instant,
    /// `http`, `mqtt`, `keeper`.
    pub door: &'static str,
    /// A stable word.
    pub cause: &'static str,
    /// The end of the address; empty if there is none.
    pub who: String,
    /// How often in a row.
    pub times: u64,
}

impl Refusals {
    /// Notes one.
    pub fn note(&self, door: &'static str, cause: &'static str, address: Option<IpAddr>) {
        let who = address.map(end).unwrap_or_default();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = Instant::now();
        // One device in a loop must not push all others out.
        if let Some(same) = kept.iter().position(|one| one.door == door && one.cause == cause && one.who == who) {
            if let Some(mut one) = kept.remove(same) {
                (one.at, one.times) = (at, one.times + 1);
                kept.push_back(one);
            }
            return;
        }
        if kept.len() >= REFUSALS_MAX {
            kept.pop_front();
        }
        kept.push_back(Refusal { at, door, cause, who, times: 1 });
    }

    /// All that are kept, the newest first.
    pub fn list(&self) -> Vec<Refusal> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().rev().cloned().collect()
    }
}

/// "...7.23": the half that tells devices of one block apart.
fn end(address: IpAddr) -> String {
    match household(address) {
        IpAddr::V4(v4) => {
            let [_, _, c, d] = v4.octets();
            format!("…{c}.{d}")
        }
        IpAddr::V6(v6) => {
            let parts = v6.segments();
            format!("…{:x}:{:x}", parts[2], parts[3])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A flood would fill the memory or hide everything else; the list would tell whole addresses.
    #[test]
    fn refusals_are_few_short_and_counted() {
        let refusals = Refusals::default();
        let one: IpAddr = "10.44.7.23".parse().unwrap();
        for _ in 0..1_000 {
            refusals.note("http", "too_many_posts", Some(one));
        }
        refusals.note("keeper", "wrong_password", Some("2001:db8:1:2::9".parse().unwrap()));
        refusals.note("mqtt", "empty", Some("10.44.7.9".parse().unwrap()));
        let list = refusals.list();
        let seen: Vec<_> = list.iter().map(|one| (one.door, one.cause, one.who.as_str(), one.times)).collect();
        assert_eq!(
            seen,
            [
                ("mqtt", "empty", "…7.9", 1),
                ("keeper", "wrong_password", "…1:2", 1),
                ("http", "too_many_posts", "…7.23", 1_000)
            ]
        );
        for n in 0..400u32 {
            refusals.note("http", "empty", Some(IpAddr::from(n.to_be_bytes())));
        }
        assert_eq!(refusals.list().len(), REFUSALS_MAX);
    }
}
