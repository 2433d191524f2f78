//! Logs: one append-only chain of signed batches per (gateway, lane, epoch).

use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::identity::{BatchHash, GatewayId};
use crate::record::names;

names!(
    /// Priority, retention and interest in one idea.
    Lane {
        /// Life and safety; first over every link.
        Urgent = "urgent",
        /// Ledger, members, governance, stock: permanent.
        Book = "book",
        /// Needs, offers, claims, notices: all of it expires.
        Board = "board",
        /// Documents; by quota, opt-in.
        Library = "library",
    }
);

/// A random number drawn whenever a gateway cannot be sure that it continues its own log (first start, restore,
/// rollback), so that no log ever forks by accident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Epoch(pub u32);

/// Names one log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LogKey {
    /// Whose.
    pub gateway: GatewayId,
    /// Which lane.
    pub lane: Lane,
    /// Which life of it.
    pub epoch: Epoch,
}

impl fmt::Debug for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{:08x}", self.gateway.short(), self.lane.name(), self.epoch.0)
    }
}

/// Seconds a store has lived with power on, summed over restarts. Never read from a wall clock; counts lifetimes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Age(pub u64);

/// A batch as a gateway holds it: the bytes that travel, and what only this gateway knows of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The log it belongs to.
    pub log: LogKey,
    /// Its number in that log, from 0, without gaps.
    pub number: u64,
    /// Hash of the batch before it, so that it verifies on its own even beside a damaged neighbour.
    pub prev: BatchHash,
    /// The store's age when it arrived here.
    pub arrived: Age,
    /// Seconds its entries had already aged elsewhere, or here while they waited to be written.
    pub spent_s: u32,
    /// The batch, exactly as its gateway made it.
    pub bytes: Vec<u8>,
}
