//! What people carry by hand, on a stick: the same frames, without a link. Each stands alone, so that a reader may begin
//! anywhere and end anywhere.
//!
//! Going out: heads of what is carried, then batches, each run with its log's name and the hash before it, and what proves
//! forks. Coming in: a
//! link that only brings and is never answered. Everything else is as on any link: who is believed, quotas, forks, gaps,
//! passing on. Whoever brings it by hand vouches for the gateway that wrote it, so it need not be paired.

use alloc::vec::Vec;

use super::contract::LinkId;
use super::fault::Fault;
use super::fork::read_noted;
use super::frame::{
    put_parcel, put_run_head, Frame, HeadLine, LogRef, FRAME_VERSION, HEADS_PER_FRAME_MAX, KIND_BATCHES,
    PARCELS_PER_FRAME_MAX,
};
use super::heads::short;
use super::hello::{Hello, Interests, StoreEpoch};
use super::link::{Link, LINKS_MAX};
use super::peer::Peer;
use super::serve::{branch, spent_s};
use super::state::Context;
use super::wire::put_number;
use super::{Source, Sync};
use crate::batch::{read_batch, Item};
use crate::identity::GatewayId;
use crate::log::{Age, Held, LogKey};
use crate::node::Node;

/// Heads in one carried frame: below 64 KiB.
pub const CARRIED_HEADS_MAX: usize = 1_000;

/// Batches of one log to be carried: from this number, up to but without that one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CarryRange {
    /// Of which log.
    pub log: LogKey,
    /// The first.
    pub from: u64,
    /// One more than the last.
    pub to: u64,
}

/// A frame of batches, and where to go on after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarryPiece {
    /// The frame; empty if nothing of the ranges is held.
    pub frame: Vec<u8>,
    /// Batches in it.
    pub batches: u64,
    /// Entries in them.
    pub entries: u64,
    /// This many ranges are done.
    pub ranges_done: usize,
    /// And the one after up to here.
    pub next: u64,
}

impl Sync {
    /// Where all logs stand that are kept here, as far as they can be carried: of a forked one what lies before, and the
    /// fork digest in place of the hash.
    pub fn carry_heads(&self, node: &Node, source: &dyn Source) -> Vec<HeadLine> {
        let me = node.id();
        let mut lines = Vec::new();
        let line = |log: &LogKey, first, next, frozen, hash| {
            let hops = self.hops(&me, &log.gateway);
            HeadLine { log: LogRef { index: 0, name: Some(*log) }, hops, frozen, first, next, hash }
        };
        for (log, fork) in &self.forks {
            let next = source.extent(log).map_or(0, |extent| extent.next.min(fork.lowest));
            let first = source.extent(log).map_or(0, |extent| extent.first.min(next));
            lines.push(line(log, first, next, true, fork.digest()));
        }
        for head in node.heads().filter(|head| !self.forks.contains_key(&head.log)) {
            let Some(extent) = source.extent(&head.log).filter(|extent| extent.first < extent.next) else { continue };
            if lines.len() >= HEADS_PER_FRAME_MAX {
                break;
            }
            let hash = if extent.next == head.next { short(&head.hash) } else { [0; 8] };
            lines.push(line(&head.log, extent.first, extent.next, false, hash));
        }
        lines.sort_by_key(|line| line.log.name.map(|log| (log.lane, log)));
        lines
    }

    /// Puts as many batches of these ranges into a frame as fit, at least one.
    pub fn carry_batches(
        &self,
        ranges: &[CarryRange],
        bytes_max: usize,
        age: Age,
        node: &Node,
        source: &dyn Source,
    ) -> CarryPiece {
        let mut body = Vec::new();
        let mut piece = CarryPiece { frame: Vec::new(), batches: 0, entries: 0, ranges_done: 0, next: 0 };
        let mut runs = 0;
        for range in ranges {
            piece.next = range.from;
            while piece.next < range.to {
                let before = piece.next;
                let room = Room { bytes: bytes_max.saturating_sub(body.len()), least_one: runs == 0 };
                let run = self.carry_run(range, &mut piece, room, (age, node, source));
                if !run.is_empty() {
                    body.extend(run);
                    runs += 1;
                }
                if piece.next == before || body.len() >= bytes_max || piece.batches >= PARCELS_PER_FRAME_MAX as u64 {
                    break;
                }
            }
            if piece.next < range.to {
                break;
            }
            piece.ranges_done += 1;
            piece.next = 0;
        }
        if runs > 0 {
            piece.frame.extend([FRAME_VERSION, KIND_BATCHES]);
            put_number(&mut piece.frame, runs);
            piece.frame.append(&mut body);
        }
        piece
    }

    /// A frame of what proves that a log is forked, and of the batches kept of it, from this place on (0 at first); and the
    /// place to go on at. None: that was all.
    pub fn carry_fork(&self, log: &LogKey, place: usize, age: Age, source: &dyn Source) -> Option<(Vec<u8>, usize)> {
        let picked = self.forks.get(log)?.piece(place);
        let read = |(number, hash): &(u64, [u8; 8])| read_noted(source, log, *number, hash);
        let held: Vec<Held> = picked.iter().filter_map(read).collect();
        if picked.is_empty() || held.len() < picked.len() {
            return None;
        }
        let (next, branches) = (place + picked.len(), held.iter().map(|held| branch(held, age)).collect());
        Some((Frame::Fork { log: *log, branches }.encode(), next))
    }

    /// Batches that follow one another, from `piece.next` on; moves it. Steps over a hole.
    fn carry_run(
        &self,
        range: &CarryRange,
        piece: &mut CarryPiece,
        room: Room,
        (age, node, source): (Age, &Node, &dyn Source),
    ) -> Vec<u8> {
        let (mut parcels, mut count, mut from, mut prev) = (Vec::new(), 0, piece.next, None);
        while piece.next < range.to && piece.batches < PARCELS_PER_FRAME_MAX as u64 {
            let Some(held) = source.batch(&range.log, piece.next) else {
                if count > 0 {
                    break;
                }
                piece.next += 1;
                from = piece.next;
                continue;
            };
            if parcels.len() + held.bytes.len() + RUN_HEAD_BYTES > room.bytes && (count > 0 || !room.least_one) {
                break;
            }
            prev = prev.or(Some(held.prev));
            put_parcel(&mut parcels, spent_s(&held, age), &held.bytes);
            let items = read_batch(&held.bytes).map_or(Vec::new(), |batch| batch.items);
            piece.entries += items.iter().filter(|item| matches!(item, Item::Entry { .. })).count() as u64;
            piece.batches += 1;
            piece.next += 1;
            count += 1;
        }
        let mut run = Vec::new();
        if count > 0 {
            let hops = self.hops(&node.id(), &range.log.gateway);
            // Always named in full: numbers mean nothing where frames stand alone.
            let log = LogRef { index: 0, name: Some(range.log) };
            put_run_head(&mut run, &log, false, hops, from, prev.as_ref(), count);
            run.append(&mut parcels);
        }
        run
    }

    /// A link over which somebody's frames are brought by hand, and nothing goes back.
    pub(super) fn on_carried(
        &mut self,
        cx: &mut Context<'_>,
        link: LinkId,
        id: GatewayId,
        store: StoreEpoch,
        age: Age,
    ) {
        if id == cx.node.id() {
            return self.refuse(cx, link, Fault::OwnKey);
        }
        if self.links.len() >= LINKS_MAX || self.links.contains_key(&link) {
            return self.refuse(cx, link, Fault::TooManyLinks { limit: LINKS_MAX });
        }
        let hello = Hello {
            store,
            age,
            interests: Interests::of(&[]),
            digest: [0; 8],
            dictionary: 0,
            frame_bytes_max: 0,
            cursor: None,
        };
        self.links.insert(link, Link::silent(id, cx.now_ms));
        let wanted = self.setup.interests;
        self.peers.entry(id).or_insert_with(|| Peer::new(&hello, wanted, cx.now_ms)).links.push(link);
    }

    /// How far a linked peer has each log, durably; none while there is no link to it.
    pub fn known_of(&self, id: &GatewayId) -> Option<Vec<(LogKey, u64)>> {
        let peer = self.peers.get(id).filter(|peer| self.hears(peer))?;
        Some(peer.known.iter().map(|(log, known)| (*log, known.next)).collect())
    }

    /// Whether a linked peer has a batch, durably and by its own word.
    pub fn has(&self, id: &GatewayId, log: &LogKey, number: u64) -> bool {
        let peer = self.peers.get(id).filter(|peer| self.hears(peer));
        peer.and_then(|peer| peer.known.get(log)).is_some_and(|known| number < known.next)
    }

    /// This store's own number.
    pub fn store_epoch(&self) -> StoreEpoch {
        self.setup.store
    }

    /// Whether a peer can be told anything: it has a link that is not carried by hand.
    pub(super) fn hears(&self, peer: &Peer) -> bool {
        peer.links.iter().any(|link| self.links.get(link).is_some_and(|link| !link.is_silent()))
    }
}

/// Bytes of a run's head, at most.
const RUN_HEAD_BYTES: usize = 96;

/// What a run may fill.
struct Room {
    bytes: usize,
    least_one: bool,
}

/// Splits heads into frames that stand alone. `all`: they are all there is, as of the sender's `age`.
pub fn carried_heads(lines: &[HeadLine], age: Age, all: bool) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    let mut rest = lines;
    loop {
        let (these, after) = rest.split_at(rest.len().min(CARRIED_HEADS_MAX));
        let last = after.is_empty();
        frames.push(Frame::Heads { age: age.0, all: all && last, lazy: false, lines: these.to_vec() }.encode());
        rest = after;
        if last {
            return frames;
        }
    }
}
