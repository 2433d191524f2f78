//! What one address may do: connections at once, connections a second, posts a minute.
//!
//! Posts over the rate are not refused but held back: the caller is told how long to wait. IPv6 addresses count by
//! their /64, which is what one household gets.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::household::household;

/// Addresses remembered, at most. Beyond it those without a connection are forgotten, and with them what they used up.
const ADDRESSES_MAX: usize = 4_096;
/// Sessions of absent clients kept for one address.
const ABSENT_MAX: usize = 32;
/// Connections one address may open at once before the rate counts: a household after a power cut.
const CONNECTS_BURST: f64 = 100.0;
/// Connections a second after that.
const CONNECTS_PER_S: f64 = 5.0;

#[derive(Debug)]
struct Address {
    sessions: usize,
    absent: usize,
    connects: f64,
    posts: f64,
    at: Instant,
}

/// The table of addresses.
#[derive(Debug)]
pub struct Addresses {
    table: Mutex<HashMap<IpAddr, Address>>,
    sessions_max: usize,
    posts_per_s: f64,
    posts_burst: f64,
}

/// A connection that is counted for its address until this is dropped.
#[derive(Debug)]
pub struct Admitted {
    addresses: Arc<Addresses>,
    peer: SocketAddr,
    address: IpAddr,
    exempt: bool,
}

impl Drop for Admitted {
    fn drop(&mut self) {
        if !self.exempt {
            if let Some(entry) = self.addresses.table().get_mut(&self.address) {
                entry.sessions = entry.sessions.saturating_sub(1);
            }
        }
    }
}

/// The session of an absent client, counted for its address until this is dropped.
#[derive(Debug)]
pub struct Absent {
    addresses: Arc<Addresses>,
    /// None = held to no quota.
    address: Option<IpAddr>,
}

impl Drop for Absent {
    fn drop(&mut self) {
        if let Some(address) = self.address {
            if let Some(entry) = self.addresses.table().get_mut(&address) {
                entry.absent = entry.absent.saturating_sub(1);
            }
        }
    }
}

impl Addresses {
    /// An empty table with its limits.
    pub fn new(sessions_max: usize, posts_per_minute: u32, posts_burst: u32) -> Self {
        Self {
            table: Mutex::default(),
            sessions_max,
            posts_per_s: f64::from(posts_per_minute.max(1)) / 60.0,
            posts_burst: f64::from(posts_burst.max(1)),
        }
    }

    fn table(&self) -> std::sync::MutexGuard<'_, HashMap<IpAddr, Address>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, address: IpAddr, act: impl FnOnce(&mut Address) -> T) -> Option<T> {
        let now = Instant::now();
        let mut table = self.table();
        if table.len() >= ADDRESSES_MAX && !table.contains_key(&address) {
            table.retain(|_, entry| entry.sessions > 0 || entry.absent > 0);
            if table.len() >= ADDRESSES_MAX {
                return None;
            }
        }
        let entry = table.entry(address).or_insert(Address {
            sessions: 0,
            absent: 0,
            connects: CONNECTS_BURST,
            posts: self.posts_burst,
            at: now,
        });
        let passed = now.duration_since(entry.at).as_secs_f64();
        entry.at = now;
        entry.connects = (entry.connects + passed * CONNECTS_PER_S).min(CONNECTS_BURST);
        entry.posts = (entry.posts + passed * self.posts_per_s).min(self.posts_burst);
        Some(act(entry))
    }

    /// Counts a connection, unless the address has too many or opens them too fast.
    pub fn admit(self: &Arc<Self>, peer: SocketAddr, exempt: bool) -> Option<Admitted> {
        let address = household(peer.ip());
        if !exempt {
            let admitted = self.with(address, |entry| {
                if entry.connects < 1.0 || entry.sessions >= self.sessions_max {
                    return false;
                }
                entry.connects -= 1.0;
                entry.sessions += 1;
                true
            });
            if admitted != Some(true) {
                return None;
            }
        }
        Some(Admitted { addresses: self.clone(), peer, address, exempt })
    }
}

impl Admitted {
    /// Counts the session of a client that leaves, unless its address has too many of them.
    pub fn leave_session(&self) -> Option<Absent> {
        let address = (!self.exempt).then_some(self.address);
        if let Some(address) = address {
            let counted = self.addresses.with(address, |entry| {
                let room = entry.absent < ABSENT_MAX;
                entry.absent += usize::from(room);
                room
            });
            if counted != Some(true) {
                return None;
            }
        }
        Some(Absent { addresses: self.addresses.clone(), address })
    }

    /// Takes the right to one post; gives how long it must wait to use it.
    pub fn post(&self) -> Duration {
        if self.exempt {
            return Duration::ZERO;
        }
        let rate = self.addresses.posts_per_s;
        let debt = self.addresses.with(self.address, |entry| {
            entry.posts -= 1.0;
            -entry.posts
        });
        Duration::from_secs_f64((debt.unwrap_or(1.0).max(0.0) / rate).min(600.0))
    }

    /// Where it comes from.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// The address that is counted.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// Held to no quota.
    pub fn exempt(&self) -> bool {
        self.exempt
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One phone could take all connections, or fill the board, from everybody else.
    #[tokio::test]
    async fn an_address_is_capped_and_held_back() {
        let addresses = Arc::new(Addresses::new(2, 60, 3));
        let one: SocketAddr = "192.0.2.1:1".parse().unwrap();
        let first = addresses.admit(one, false).unwrap();
        let second = addresses.admit(one, false).unwrap();
        assert!(addresses.admit(one, false).is_none());
        assert!(addresses.admit("192.0.2.2:1".parse().unwrap(), false).is_some());
        let waits: Vec<f64> = (0..5).map(|_| first.post().as_secs_f64().ceil()).collect();
        assert_eq!(waits, [0.0, 0.0, 0.0, 1.0, 2.0]);
        drop(first);
        assert!(addresses.admit(one, false).is_some());
        assert!(addresses.admit(one, true).is_some());
        let mut left: Vec<_> = (0..ABSENT_MAX).map(|_| second.leave_session().unwrap()).collect();
        assert!(second.leave_session().is_none());
        left.pop();
        assert!(second.leave_session().is_some());
    }
}
