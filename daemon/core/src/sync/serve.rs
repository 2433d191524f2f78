//! Sending: what waits for a peer goes out in frames, the most urgent first, as the link takes them.

use alloc::vec::Vec;

use super::contract::{Action, LinkId};
use super::fault::Fault;
use super::frame::{
    put_parcel, put_run_head, Branch, Frame, WantLine, FRAME_VERSION, KIND_BATCHES, PARCELS_PER_FRAME_MAX,
};
use super::link::{FRAMES_UNSENT_MAX, LINK_FASTER};
use super::peer::Out;
use super::state::Context;
use super::wire::put_number;
use super::Sync;
use crate::identity::{BatchHash, GatewayId};
use crate::log::{Age, Held, Lane, LogKey};

/// Ranges that wait for one peer.
pub const RANGES_PER_PEER_MAX: usize = 8_192;
/// What a frame's head, a run's head and the numbers beside a batch take at most.
const RUN_BYTES_MAX: usize = 128;
/// Batches looked at beyond a hole in a damaged store.
const HOLE_BATCHES_MAX: u64 = 1_024;

/// What a peer gets next.
enum Turn {
    Heads,
    Batches,
    Proof,
}

impl Sync {
    /// Sends everybody what his link takes.
    pub(super) fn pump_all(&mut self, cx: &mut Context<'_>) {
        let ids: Vec<GatewayId> = self.peers.keys().copied().collect();
        for id in ids {
            self.pump(cx, &id);
        }
    }

    fn pump(&mut self, cx: &mut Context<'_>, id: &GatewayId) {
        for link in self.peers.get(id).map_or(Vec::new(), |peer| peer.links.clone()) {
            self.tell_heads(cx, id, link);
        }
        while self.turn(cx.now_ms, id).is_some() {
            let Some(link) = self.main_link(cx, id) else { return };
            self.tell_heads(cx, id, link);
            let Some((turn, urgent)) = self.turn(cx.now_ms, id) else { return };
            if !self.links.get(&link).is_some_and(|link| link.has_credit(urgent)) {
                return;
            }
            match turn {
                Turn::Heads => self.send_news(cx, id, link, urgent),
                Turn::Batches => self.send_batches(cx, id, link, urgent),
                Turn::Proof => {
                    if !self.send_proof(cx, id, link) {
                        return;
                    }
                }
            }
        }
    }

    /// Lanes in order; within a lane heads before batches, since the other side's wants follow from them.
    fn turn(&self, now_ms: u64, id: &GatewayId) -> Option<(Turn, bool)> {
        let peer = self.peers.get(id)?;
        let heads_due = peer.announce_ms.is_some_and(|ms| ms <= now_ms);
        let is_due = |(lane, _): &&(Lane, LogKey)| heads_due || *lane == Lane::Urgent;
        let heads = peer.announce.first().filter(is_due).map(|(lane, _)| *lane);
        let batches = peer.out.keys().next().map(|(lane, _, _)| *lane);
        match (heads, batches) {
            (Some(heads), Some(batches)) if heads <= batches => Some((Turn::Heads, heads == Lane::Urgent)),
            (_, Some(lane)) => Some((Turn::Batches, lane == Lane::Urgent)),
            (Some(heads), None) => Some((Turn::Heads, heads == Lane::Urgent)),
            (None, None) if peer.mark_ms().is_some_and(|ms| ms <= now_ms) => Some((Turn::Heads, false)),
            (None, None) => peer.proofs.keys().next().map(|_| (Turn::Proof, false)),
        }
    }

    /// The link to use for a peer: the one in use, unless it stalls or another one is much faster.
    pub(super) fn best_link(&self, now_ms: u64, id: &GatewayId) -> Option<LinkId> {
        let peer = self.peers.get(id)?;
        let rank = |link: &LinkId| self.links.get(link).map_or((true, u64::MAX), |link| link.rank(now_ms));
        let speaks = |link: &LinkId| self.links.get(link).is_none_or(|link| !link.is_silent());
        let best = peer.links.iter().copied().filter(speaks).min_by_key(|link| (rank(link), *link))?;
        let Some(main) = peer.main.filter(|main| peer.links.contains(main)) else { return Some(best) };
        let ((stalled, pace), (best_stalled, best_pace)) = (rank(&main), rank(&best));
        let leave = !best_stalled && (stalled || best_pace.saturating_mul(LINK_FASTER) < pace);
        Some(if leave { best } else { main })
    }

    /// The same, for news: all of them go over one link, so that "you have been told everything" is true when it
    /// arrives. Where that changes, what may be lost is told again.
    fn main_link(&mut self, cx: &Context<'_>, id: &GatewayId) -> Option<LinkId> {
        let link = self.best_link(cx.now_ms, id)?;
        let main = self.peers.get_mut(id)?.main.replace(link);
        if main.is_some_and(|main| main != link) {
            self.tell_again(cx, link, id);
        }
        Some(link)
    }

    /// Whether the link to a peer takes what can wait.
    pub(super) fn takes_answers(&self, now_ms: u64, id: &GatewayId) -> bool {
        self.best_link(now_ms, id).and_then(|link| self.links.get(&link)).is_none_or(|link| link.takes_answers())
    }

    pub(super) fn send(&mut self, cx: &mut Context<'_>, link: LinkId, frame: Vec<u8>, urgent: bool) {
        if let Some(state) = self.links.get_mut(&link) {
            if state.unsent() >= FRAMES_UNSENT_MAX {
                self.choked.insert(link);
                return;
            }
            state.on_handed_over(cx.now_ms, frame.len());
            cx.actions.push(Action::Send { link, frame, urgent });
        }
    }

    /// Puts a range of batches in line for a peer.
    pub(super) fn enqueue(&mut self, now_ms: u64, id: &GatewayId, log: &LogKey, out: Out) {
        let Some(peer) = self.peers.get_mut(id) else { return };
        let key = (log.lane, *log, out.with_prev);
        if peer.out.len() >= RANGES_PER_PEER_MAX && !peer.out.contains_key(&key) {
            return;
        }
        let waiting = peer.out.entry(key).or_insert(out);
        if waiting.from <= out.to && out.from <= waiting.to {
            waiting.from = waiting.from.min(out.from);
            waiting.to = waiting.to.max(out.to);
        } else {
            *waiting = out;
        }
        if !out.with_prev {
            peer.will_have(log, out.to, now_ms);
        }
        peer.stale_mark |= out.live;
    }

    /// A peer asks.
    pub(super) fn on_want(&mut self, cx: &mut Context<'_>, link: LinkId, wants: &[WantLine]) -> Result<(), Fault> {
        let id = self.link(link)?.peer;
        for want in wants {
            let log = self.link(link)?.resolve(&want.log)?;
            let Some(next) = self.logs.get(&log).map(|state| state.next) else { continue };
            if want.proof {
                if let Some(peer) = self.peers.get_mut(&id).filter(|_| self.forks.contains_key(&log)) {
                    peer.proofs.insert(log, 0);
                }
                continue;
            }
            let to = want.from.saturating_add(want.count).min(next);
            if want.from >= to {
                continue;
            }
            self.enqueue(cx.now_ms, &id, &log, Out { from: want.from, to, with_prev: want.with_prev, live: false });
        }
        Ok(())
    }

    fn send_batches(&mut self, cx: &mut Context<'_>, id: &GatewayId, link: LinkId, urgent: bool) {
        let me = cx.node.id();
        let Some(limit) = self.links.get(&link).map(|link| link.frame_bytes()) else { return };
        let mut body = Vec::with_capacity(limit.min(16 * 1024));
        let (mut runs, mut parcels_left) = (0u64, PARCELS_PER_FRAME_MAX);
        let mut holes = Vec::new();
        loop {
            let Some(peer) = self.peers.get(id) else { return };
            let Some((key, out)) = peer.out.first_key_value().map(|(key, out)| (*key, *out)) else { break };
            let log = key.1;
            if (urgent && log.lane != Lane::Urgent) || parcels_left == 0 || (runs > 0 && body.len() >= limit) {
                break;
            }
            let (mut number, mut prev, mut parcels, mut gone) = (out.from, BatchHash([0; 32]), Vec::new(), false);
            while number < out.to && ((number - out.from) as usize) < parcels_left {
                let room = limit.saturating_sub(body.len() + parcels.len() + RUN_BYTES_MAX);
                let is_first = number == out.from;
                // A frame takes at least one batch, however small frames are now.
                let least_one = runs == 0 && is_first;
                let put = cx.with_batch(&log, number, |held| {
                    if held.bytes.len() > room && !least_one {
                        return false;
                    }
                    if is_first {
                        prev = held.prev;
                    }
                    put_parcel(&mut parcels, spent_s(held, cx.age), &held.bytes);
                    true
                });
                match put {
                    Some(true) => number += 1,
                    Some(false) => break,
                    None => {
                        gone = true;
                        break;
                    }
                }
            }
            let count = (number - out.from) as usize;
            if count > 0 {
                let hops = self.hops_told(&me, &log.gateway);
                let Some(state) = self.links.get_mut(&link) else { return };
                let name = state.name(&log, urgent);
                let prev = out.with_prev.then_some(&prev);
                put_run_head(&mut body, &name, out.live, hops, out.from, prev, count);
                body.append(&mut parcels);
                runs += 1;
                parcels_left -= count;
            }
            let Some(peer) = self.peers.get_mut(id) else { return };
            if number >= out.to || gone {
                peer.out.remove(&key);
            } else {
                peer.out.insert(key, Out { from: number, ..out });
            }
            if gone {
                holes.push((log, number));
            } else if number < out.to {
                break;
            }
        }
        for (log, number) in holes {
            self.on_hole(cx, id, &log, number);
        }
        if runs > 0 {
            let mut frame = Vec::with_capacity(body.len() + 5);
            frame.extend([FRAME_VERSION, KIND_BATCHES]);
            put_number(&mut frame, runs);
            frame.append(&mut body);
            self.send(cx, link, frame, urgent);
        }
    }

    /// A batch that was promised is gone: expired meanwhile, or damaged. Tells the peer from where on there are some.
    fn on_hole(&mut self, cx: &Context<'_>, id: &GatewayId, log: &LogKey, number: u64) {
        let next = self.logs.get(log).map_or(0, |state| state.next);
        let first = cx.source.extent(log).map_or(next, |extent| extent.first);
        if first <= number {
            let until = next.min(number + HOLE_BATCHES_MAX);
            let after = (number + 1..until).find(|each| cx.source.batch(log, *each).is_some());
            self.holes.insert(*log, after.unwrap_or(until));
        }
        let Some(peer) = self.peers.get_mut(id) else { return };
        if let Some(known) = peer.known.get_mut(log) {
            known.sent = known.sent.min(number).max(known.next);
        }
        peer.announce(log, cx.now_ms);
    }

    /// Sends one frame of what proves a fork. False if it is not in the store yet.
    fn send_proof(&mut self, cx: &mut Context<'_>, id: &GatewayId, link: LinkId) -> bool {
        let Some((log, place)) = self.peers.get(id).and_then(|peer| peer.proofs.first_key_value()) else {
            return false;
        };
        let (log, place) = (*log, *place);
        let picked = self.forks.get(&log).map_or(Vec::new(), |fork| fork.piece(place));
        if picked.is_empty() {
            self.peers.get_mut(id).map(|peer| peer.proofs.remove(&log));
            return true;
        }
        let read = |(number, hash): &(u64, [u8; 8])| super::fork::read_noted(cx.source, &log, *number, hash);
        let held: Vec<Held> = picked.iter().filter_map(read).collect();
        if held.len() < picked.len() {
            return false;
        }
        let frame = Frame::Fork { log, branches: held.iter().map(|held| branch(held, cx.age)).collect() }.encode();
        if let Some(peer) = self.peers.get_mut(id) {
            peer.proofs.insert(log, place + picked.len());
        }
        self.send(cx, link, frame, false);
        true
    }
}

/// A batch of a forked log as it travels.
pub(super) fn branch(held: &Held, age: Age) -> Branch<'_> {
    Branch { number: held.number, prev: held.prev, spent_s: spent_s(held, age), bytes: &held.bytes }
}

/// Seconds a batch's entries have lived, up to now.
pub(super) fn spent_s(held: &Held, age: Age) -> u32 {
    let here = age.0.saturating_sub(held.arrived.0);
    u32::try_from(u64::from(held.spent_s).saturating_add(here)).unwrap_or(u32::MAX)
}
