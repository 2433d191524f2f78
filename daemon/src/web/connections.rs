//! Who is connected: a cap for all and one for each address, given back when the connection (or its WebSocket) ends.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::Http;
use crate::household::household;

/// Open connections, counted. Cheap to clone.
#[derive(Clone)]
pub(super) struct Connections(Arc<Inner>);

struct Inner {
    all_max: usize,
    per_address_max: usize,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    all: usize,
    // Bounded by `all_max`: an address leaves with its last connection.
    by_address: HashMap<IpAddr, usize>,
}

/// One open connection. Dropping it gives the place back.
pub(super) struct Place {
    connections: Connections,
    address: IpAddr,
}

impl Connections {
    pub(super) fn new(limits: &Http) -> Self {
        Self(Arc::new(Inner {
            all_max: limits.connections_max.max(1),
            per_address_max: limits.connections_per_address_max.max(1),
            open: Mutex::default(),
        }))
    }

    /// A place for a connection from `address`; none at a limit. An exempt address counts in the whole only, so that a
    /// bench or a reverse proxy on the gateway itself is not taken for one greedy phone.
    pub(super) fn take(&self, address: IpAddr, exempt: bool) -> Option<Place> {
        let address = household(address);
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        let here = open.by_address.get(&address).copied().unwrap_or(0);
        if open.all >= self.0.all_max || (!exempt && here >= self.0.per_address_max) {
            return None;
        }
        open.all += 1;
        open.by_address.insert(address, here + 1);
        Some(Place { connections: self.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.connections.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all -= 1;
        let left = open.by_address.get(&self.address).copied().unwrap_or(1) - 1;
        if left == 0 {
            open.by_address.remove(&self.address);
        } else {
            open.by_address.insert(self.address, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One broken phone that opens connections without end would lock the whole block out.
    #[test]
    fn an_address_cannot_take_every_place_and_gives_back_what_it_took() {
        let limits = Http { connections_max: 3, connections_per_address_max: 2, ..Http::default() };
        let connections = Connections::new(&limits);
        let greedy: IpAddr = "10.0.0.1".parse().unwrap();
        let other: IpAddr = "10.0.0.2".parse().unwrap();
        let first = connections.take(greedy, false);
        let second = connections.take(greedy, false);
        assert!(first.is_some() && second.is_some());
        assert!(connections.take(greedy, false).is_none());
        let third = connections.take(other, false);
        assert!(third.is_some());
        assert!(connections.take(other, false).is_none(), "the whole is full");
        drop(first);
        assert!(connections.take(greedy, false).is_some());
        drop((second, third));
        assert!(connections.0.open.lock().unwrap().by_address.is_empty());
    }
}
