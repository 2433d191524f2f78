//! What this gateway has of each log, as far as it is synced, and what it is fetching.

use alloc::vec::Vec;

use super::contract::{Action, LinkId, Source};
use crate::identity::GatewayId;
use crate::log::{Age, Held, LogKey};
use crate::node::Node;

/// Why a range is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    /// It comes next.
    Next,
    /// Nobody has what comes next any more: go on from here.
    Jump,
    /// It was never had, though later batches are here.
    Gap,
    /// It may show that the log is forked, or that we were rolled back.
    Evidence,
}

/// A range asked for and not all here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flight {
    pub peer: GatewayId,
    pub link: LinkId,
    pub aim: Aim,
    /// The next batch expected.
    pub at: u64,
    pub to: u64,
    /// When the last part of it was asked for.
    pub asked_ms: u64,
    pub progress_ms: u64,
    /// The source has told everything anew since, as one does that has lost a link: the answer may be lost with it.
    pub told_ms: Option<u64>,
}

/// One log.
#[derive(Clone, Debug, Default)]
pub(super) struct LogState {
    /// One more than the newest synced batch.
    pub next: u64,
    /// The next one to hand to the node.
    pub adopt: u64,
    /// When the last one came.
    pub arrived: Age,
    pub flight: Option<Flight>,
    /// The last one to be asked that did not answer in time.
    pub avoid: Option<GatewayId>,
    /// Who handed us what waits for the node's word.
    pub supplier: Option<LinkId>,
    /// A supplier whose batch the node refused: forked, or lying.
    pub suspect: Option<LinkId>,
}

/// What an event is handled with.
pub(super) struct Context<'a> {
    pub now_ms: u64,
    pub age: Age,
    pub node: &'a Node,
    pub source: &'a dyn Source,
    /// What was synced just now, so that it need not be read back.
    pub fresh: &'a [Held],
    pub actions: Vec<Action>,
}

impl Context<'_> {
    /// Does something with a synced batch, if it is there.
    pub fn with_batch<T>(&self, log: &LogKey, number: u64, read: impl FnOnce(&Held) -> T) -> Option<T> {
        match self.fresh.iter().find(|held| held.number == number && held.log == *log) {
            Some(held) => Some(read(held)),
            None => self.source.batch(log, number).map(|held| read(&held)),
        }
    }
}
