//! One linked peer: what it has, what it wants, what it must still be told.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::contract::LinkId;
use super::frame::LINK_LOGS_MAX;
use super::heads::MARK_MS;
use super::hello::{Hello, Interests, StoreEpoch};
use super::want::RANGE_BATCHES_START;
use crate::identity::GatewayId;
use crate::log::{Age, Epoch, Lane, LogKey};

/// What a peer has of one log.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    /// The oldest batch it holds, as far as it said so.
    pub first: u64,
    /// It has all before, durably.
    pub next: u64,
    /// It has, or will have been sent, all before.
    pub sent: u64,
    /// Which batch it has before this number, by the first bytes of its hash: compared once we have as much.
    pub head: Option<(u64, [u8; 8])>,
    /// It waits to hear how far we have it.
    pub owed: bool,
    /// What was asked of it never came, and was asked for once more.
    pub retried: bool,
    /// What it was asked for last did not come in time: others first. Kept here, since of a log of which nothing came no state is kept.
    pub late: bool,
}

impl Known {
    /// How many batches it has of a log that goes up to `next` here and is taken up to `cap`.
    pub fn beyond(&self, next: u64, cap: u64) -> u64 {
        self.next.min(cap).saturating_sub(next.max(self.first))
    }
}

/// What is known of the way from a peer to a log's gateway.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Way {
    /// Links between them.
    pub hops: Option<u8>,
    /// What Prune and Graft have settled; none = hops decide.
    pub eager: Option<bool>,
}

/// Batches of one log that wait to be sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Out {
    pub from: u64,
    pub to: u64,
    pub with_prev: bool,
    pub live: bool,
}

/// One linked peer.
pub(super) struct Peer {
    pub links: Vec<LinkId>,
    /// The one that news go over.
    pub main: Option<LinkId>,
    pub store: StoreEpoch,
    /// The lanes it wants.
    pub interests: Interests,
    /// The lanes that are wanted of it.
    pub wanted: Interests,
    pub known: BTreeMap<LogKey, Known>,
    pub ways: BTreeMap<GatewayId, Way>,
    /// What it must be told of; of urgent lanes at once.
    pub announce: BTreeSet<(Lane, LogKey)>,
    /// When it must be told of the others.
    pub announce_ms: Option<u64>,
    /// What is pushed to it unless it says meanwhile that it has it: from which batch on, and when.
    pub holds: BTreeMap<LogKey, (u64, u64)>,
    /// What waits to be sent; the last part tells asked-for pieces with their `prev` from the rest.
    pub out: BTreeMap<(Lane, LogKey, bool), Out>,
    pub proofs: BTreeMap<LogKey, usize>,
    pub haves: BTreeSet<LogKey>,
    pub haves_ms: Option<u64>,
    /// Logs it has more of than we have synced, or promised more of than came.
    pub lacking: BTreeSet<LogKey>,
    /// Its age up to which it has told us everything, while the cursor is not there yet.
    pub told_age: Option<Age>,
    /// Something it announced is not taken for want of space; it must be announced again another time.
    pub held_back: bool,
    /// All it announced was here once.
    pub completed: bool,
    /// Something of it was taken since the cursor was written.
    pub moved: bool,
    pub unacked: BTreeSet<LogKey>,
    pub unacked_ms: Option<u64>,
    /// Ranges asked of it.
    pub flights: usize,
    /// Batches to ask of it at once.
    pub span: u64,
    /// When it last brought a batch.
    pub batches_ms: u64,
    pub forks_heard: u32,
    /// Forked logs whose older batches it has not been asked for in this session.
    pub unasked: BTreeSet<LogKey>,
    /// Something was pushed to it since it was last told that it knows everything.
    pub stale_mark: bool,
    pub marked_ms: u64,
}

impl Peer {
    pub fn new(hello: &Hello, wanted: Interests, now_ms: u64) -> Self {
        Self {
            links: Vec::new(),
            main: None,
            store: hello.store,
            interests: hello.interests,
            wanted,
            known: BTreeMap::new(),
            ways: BTreeMap::new(),
            announce: BTreeSet::new(),
            announce_ms: None,
            holds: BTreeMap::new(),
            out: BTreeMap::new(),
            proofs: BTreeMap::new(),
            haves: BTreeSet::new(),
            haves_ms: None,
            lacking: BTreeSet::new(),
            told_age: None,
            held_back: false,
            completed: false,
            moved: false,
            unacked: BTreeSet::new(),
            unacked_ms: None,
            flights: 0,
            span: RANGE_BATCHES_START,
            batches_ms: 0,
            forks_heard: 0,
            unasked: BTreeSet::new(),
            stale_mark: false,
            marked_ms: now_ms,
        }
    }

    /// How many logs of a gateway it has named.
    pub fn names_of(&self, gateway: &GatewayId) -> usize {
        let log = |lane, epoch| LogKey { gateway: *gateway, lane, epoch: Epoch(epoch) };
        self.known.range(log(Lane::Urgent, 0)..=log(Lane::Library, u32::MAX)).count()
    }

    /// It has all of this log before `next`, durably.
    pub fn has(&mut self, log: &LogKey, next: u64) {
        if self.known.len() >= LINK_LOGS_MAX && !self.known.contains_key(log) {
            return;
        }
        let known = self.known.entry(*log).or_default();
        known.next = known.next.max(next);
        known.sent = known.sent.max(next);
        if known.next >= known.sent {
            self.unacked.remove(log);
            if self.unacked.is_empty() {
                self.unacked_ms = None;
            }
        }
    }

    /// All of this log before `next` is on its way to it.
    pub fn will_have(&mut self, log: &LogKey, next: u64, now_ms: u64) {
        let known = self.known.entry(*log).or_default();
        known.sent = known.sent.max(next);
        if known.sent > known.next {
            self.unacked.insert(*log);
            self.unacked_ms = self.unacked_ms.or(Some(now_ms));
        }
    }

    /// What it has of this log is not asked for any more: it must be announced again another time.
    pub fn pass_over(&mut self, log: &LogKey) {
        self.held_back |= self.lacking.contains(log);
    }

    /// Whether it must be told of a log that goes up to `next`.
    pub fn needs(&self, log: &LogKey, next: u64, is_forked: bool) -> bool {
        let known = self.known.get(log).map_or(0, |known| known.next);
        self.interests.has(log.lane) && (known < next || is_forked)
    }

    /// It must be told where this log stands, at `due_ms`; at once, if it is urgent.
    pub fn announce(&mut self, log: &LogKey, due_ms: u64) {
        self.announce.insert((log.lane, *log));
        if log.lane != Lane::Urgent {
            self.announce_ms = Some(self.announce_ms.map_or(due_ms, |known| known.min(due_ms)));
        }
    }

    /// It need not be told that any more.
    pub fn announced(&mut self, log: &LogKey) {
        self.announce.remove(&(log.lane, *log));
        if self.announce.last().is_none_or(|(lane, _)| *lane == Lane::Urgent) {
            // Nothing is due: a time in the past would wake the caller for ever.
            self.announce_ms = None;
        }
    }

    /// When it is due to hear that it was told everything; not while something is held back from it.
    pub fn mark_ms(&self) -> Option<u64> {
        (self.stale_mark && self.holds.is_empty()).then_some(self.marked_ms + MARK_MS)
    }

    /// How far the peer is from a gateway.
    pub fn hops(&self, id: &GatewayId, gateway: &GatewayId) -> Option<u8> {
        if id == gateway {
            return Some(0);
        }
        self.ways.get(gateway).and_then(|way| way.hops)
    }
}
