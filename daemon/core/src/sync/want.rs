//! Wants: which ranges are asked of whom. One source for each range, another one if it does not answer.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::frame::{Frame, WantLine, WANTS_PER_FRAME_MAX};
use super::peer::{Known, Peer};
use super::state::{Aim, Context, Flight};
use super::Sync;
use crate::identity::GatewayId;
use crate::log::{Lane, LogKey};

/// Ranges asked of one peer and not all here.
pub const FLIGHTS_PER_PEER_MAX: usize = 16;
/// Batches of one range: some seconds of a fast link; what is cut off costs no more than this.
pub const RANGE_BATCHES_MAX: u64 = 512;
/// Of the first one asked of a peer. Doubled while half of one comes in less than [`RANGE_FAST_MS`]: a faster source that
/// appears meanwhile need not wait for all of a slow one's.
pub const RANGE_BATCHES_START: u64 = 64;
/// The shortest one, of whoever takes long: one on its way while the next is asked for.
const RANGE_BATCHES_LEAST: u64 = 2;
/// In less time half a range makes the next one twice as long.
pub const RANGE_FAST_MS: u64 = 1_000;
/// And in more, half as long; and it goes on with somebody else who has it, if there is one.
pub const RANGE_SLOW_MS: u64 = 4_000;
/// No batch of the peer for so long: ask another, if there is one.
pub const WANT_TIMEOUT_MS: u64 = 10_000;
/// And if there is none: do not wait for it any more. A largest batch needs half as long at 1 KiB/s.
pub const WANT_GIVE_UP_MS: u64 = 120_000;

/// Somebody else has it too, and nothing of it came for so long: ask him, whatever else the first one sends meanwhile. Who
/// promised a log and sends others would hold it up for ever.
pub const WANT_STUCK_MS: u64 = 30_000;

/// What to do about a log that somebody has more of.
enum Plan {
    Nothing,
    Later,
    Ask(GatewayId, Aim, u64, u64),
}

impl Sync {
    /// Asks for what is missing, urgent lanes first.
    pub(super) fn schedule(&mut self, cx: &mut Context<'_>) {
        self.look_on(cx);
        let mut grafts: BTreeMap<GatewayId, Vec<LogKey>> = BTreeMap::new();
        let due: Vec<LogKey> = self.grafts.iter().filter(|(_, ms)| **ms <= cx.now_ms).map(|(log, _)| *log).collect();
        for log in &due {
            self.grafts.remove(log);
            self.pending.insert((log.lane, *log));
        }
        let mut wants: BTreeMap<GatewayId, Vec<(LogKey, bool, u64, u64)>> = BTreeMap::new();
        let todo: Vec<(Lane, LogKey)> = self.pending.iter().copied().collect();
        for entry in todo {
            let log = entry.1;
            match self.plan(cx, &log) {
                Plan::Later => continue,
                Plan::Nothing => {}
                Plan::Ask(peer, aim, from, to) => {
                    if self.take_off(cx, &log, peer, aim, from, to) {
                        wants.entry(peer).or_default().push((log, aim != Aim::Next, from, to - from));
                        if due.contains(&log) {
                            grafts.entry(peer).or_default().push(log);
                        }
                    }
                }
            }
            self.pending.remove(&entry);
        }
        for (peer, wants) in wants {
            self.send_wants(cx, &peer, &wants);
        }
        for (peer, logs) in grafts {
            let Some(link) = self.best_link(cx.now_ms, &peer) else { continue };
            let Some(state) = self.links.get_mut(&link) else { continue };
            let names = logs.iter().map(|log| state.name(log, true)).collect();
            self.send(cx, link, Frame::Graft(names).encode(), true);
        }
    }

    fn plan(&mut self, cx: &mut Context<'_>, log: &LogKey) -> Plan {
        let (adopt, avoid, busy) = match self.logs.get(log) {
            Some(state) => (state.adopt, state.avoid, state.flight.is_some()),
            None => (0, None, false),
        };
        if busy || cx.node.writes(log) {
            return Plan::Nothing;
        }
        let cap = self.cap(log);
        let has = |known: &Known| known.beyond(adopt, cap) > 0;
        let best = self
            .peers
            .iter()
            .filter(|(_, peer)| self.hears(peer))
            .filter_map(|(id, peer)| Some((id, peer, peer.known.get(log).filter(|known| has(known))?)))
            .min_by_key(|(id, peer, known)| {
                let is_slow = peer.span < RANGE_BATCHES_START;
                // Who did not give it comes last, also if he claims more of its beginning: that may be a gap for a while.
                (known.late, known.first.max(adopt), avoid == Some(**id), is_slow, peer.flights, **id)
            })
            .map(|(id, peer, known)| (*id, peer.flights, peer.span, *known));
        if best.is_some() && !self.has_room(cx, log) {
            for peer in self.peers.values_mut() {
                peer.pass_over(log);
            }
            self.settle_all(cx);
            return Plan::Nothing;
        }
        if let Some((id, flights, span, known)) = best {
            if flights >= FLIGHTS_PER_PEER_MAX || !self.takes_answers(cx.now_ms, &id) {
                return Plan::Later;
            }
            let (from, aim) = if known.first > adopt { (known.first, Aim::Jump) } else { (adopt, Aim::Next) };
            return Plan::Ask(id, aim, from, known.next.min(cap).min(from + span));
        }
        if cx.node.gaps(log).is_empty() || !self.has_room(cx, log) {
            return Plan::Nothing;
        }
        for (from, to) in cx.node.gaps(log) {
            for (id, peer) in self.peers.iter().filter(|(_, peer)| self.hears(peer)) {
                let Some(known) = peer.known.get(log).filter(|known| known.first < *to && known.next > *from) else {
                    continue;
                };
                let start = known.first.max(*from);
                return Plan::Ask(*id, Aim::Gap, start, (*to).min(known.next).min(start + RANGE_BATCHES_MAX));
            }
        }
        Plan::Nothing
    }

    /// Notes that a range is asked for. False if there is no link to ask over.
    pub(super) fn take_off(
        &mut self,
        cx: &Context<'_>,
        log: &LogKey,
        peer: GatewayId,
        aim: Aim,
        at: u64,
        to: u64,
    ) -> bool {
        let Some(link) = self.best_link(cx.now_ms, &peer) else { return false };
        self.land(log);
        let state = self.logs.entry(*log).or_default();
        let now_ms = cx.now_ms;
        state.flight = Some(Flight { peer, link, aim, at, to, asked_ms: now_ms, progress_ms: now_ms, told_ms: None });
        self.flights.insert(*log);
        if let Some(peer) = self.peers.get_mut(&peer) {
            peer.flights += 1;
        }
        true
    }

    /// A range is here, or is given up.
    pub(super) fn land(&mut self, log: &LogKey) {
        self.flights.remove(log);
        let Some(state) = self.logs.get_mut(log) else { return };
        let Some(flight) = state.flight.take() else { return };
        if state.adopt == 0 && state.suspect.is_none() && !self.forks.contains_key(log) {
            // Nothing of it came: a name alone leaves nothing behind.
            self.logs.remove(log);
        }
        if let Some(peer) = self.peers.get_mut(&flight.peer) {
            peer.flights = peer.flights.saturating_sub(1);
            if peer.flights + 1 == FLIGHTS_PER_PEER_MAX {
                // Somebody waits for this place.
                self.pending.extend(peer.lacking.iter().map(|log| (log.lane, *log)));
            }
        }
    }

    /// Batches of a range came, up to `number`. Asks for more in time, so that the link never idles.
    pub(super) fn progress(&mut self, cx: &mut Context<'_>, peer: &GatewayId, log: &LogKey, number: u64) {
        let (cap, takes_answers) = (self.cap(log), self.takes_answers(cx.now_ms, peer));
        let others = |known: &Known| known.beyond(number, cap) > 0;
        let is_alone = !self.peers.iter().any(|(id, other)| id != peer && other.known.get(log).is_some_and(others));
        let Some(source) = self.peers.get_mut(peer) else { return };
        let (mut known, span) = (source.known.get_mut(log), &mut source.span);
        let Some(state) = self.logs.get_mut(log) else { return };
        // What was asked for to compare is not here because something later came: else a fork is looked for without end.
        let asked = |flight: &&mut Flight| flight.peer == *peer && flight.aim != Aim::Evidence;
        let Some(flight) = state.flight.as_mut().filter(asked) else { return };
        if number <= flight.at {
            return;
        }
        flight.at = number;
        flight.progress_ms = cx.now_ms;
        flight.told_ms = None;
        state.avoid = None;
        if let Some(known) = &mut known {
            (known.retried, known.late) = (false, false);
        }
        let promised = known.map_or(0, |known| known.next).min(cap);
        let took_ms = cx.now_ms.saturating_sub(flight.asked_ms);
        let is_slow = took_ms > RANGE_SLOW_MS;
        let shorter = (*span / 2).max(RANGE_BATCHES_LEAST);
        if flight.at >= flight.to {
            if is_slow {
                // Whoever else has it may be faster: a cable that was plugged in beside the radio.
                state.avoid = Some(*peer);
                *span = shorter;
            }
            self.land(log);
            self.pending.insert((log.lane, *log));
            return;
        }
        if matches!(flight.aim, Aim::Next | Aim::Jump)
            && (!is_slow || is_alone)
            && flight.to - flight.at <= *span / 2
            && takes_answers
            && promised > flight.to
        {
            *span = match took_ms {
                _ if is_slow => shorter,
                ..=RANGE_FAST_MS => (*span * 2).min(RANGE_BATCHES_MAX),
                _ => *span,
            };
            let from = flight.to;
            flight.to = promised.min(from + *span);
            flight.asked_ms = cx.now_ms;
            let count = flight.to - from;
            self.send_wants(cx, peer, &[(*log, false, from, count)]);
        }
    }

    pub(super) fn send_wants(&mut self, cx: &mut Context<'_>, peer: &GatewayId, wants: &[(LogKey, bool, u64, u64)]) {
        let Some(link) = self.best_link(cx.now_ms, peer) else { return };
        for wants in wants.chunks(WANTS_PER_FRAME_MAX) {
            let Some(state) = self.links.get_mut(&link) else { return };
            let lines = wants.iter().map(|(log, with_prev, from, count)| WantLine {
                log: state.name(log, true),
                with_prev: *with_prev,
                proof: false,
                from: *from,
                count: *count,
            });
            let frame = Frame::Want(lines.collect()).encode();
            self.send(cx, link, frame, true);
        }
    }

    /// Ranges that do not come are asked of somebody else.
    pub(super) fn time_out(&mut self, cx: &mut Context<'_>) {
        let flights: Vec<(LogKey, Flight)> =
            self.flights.iter().filter_map(|log| Some((*log, self.logs.get(log)?.flight?))).collect();
        for (log, flight) in flights {
            if flight.told_ms.is_some_and(|ms| cx.now_ms >= ms + WANT_TIMEOUT_MS) {
                // Whatever else it sends meanwhile.
                self.land(&log);
                self.pending.insert((log.lane, log));
                if flight.aim == Aim::Evidence {
                    self.look_elsewhere(cx, &log, flight, true);
                }
                continue;
            }
            let heard = self.peers.get(&flight.peer).map_or(0, |peer| peer.batches_ms);
            let silent_ms = cx.now_ms.saturating_sub(flight.progress_ms.max(heard));
            let is_stuck = cx.now_ms.saturating_sub(flight.progress_ms) >= WANT_STUCK_MS;
            if silent_ms < WANT_TIMEOUT_MS && !is_stuck {
                continue;
            }
            let adopt = self.logs.get(&log).map_or(0, |state| state.adopt);
            let has = |peer: &Peer| match flight.aim {
                Aim::Evidence => {
                    let known = peer.known.get(&log);
                    let is_new = peer.unasked.contains(&log);
                    let has = |known: &Known| known.beyond(flight.at, flight.to) > 0 && (is_new || !known.late);
                    known.map_or(is_new, has)
                }
                _ => peer.known.get(&log).is_some_and(|known| known.next > adopt),
            };
            let others = self.peers.iter().any(|(id, peer)| *id != flight.peer && has(peer));
            if !others && silent_ms < WANT_GIVE_UP_MS {
                continue;
            }
            self.land(&log);
            let Some(peer) = self.peers.get_mut(&flight.peer) else { continue };
            if let Some(known) = peer.known.get_mut(&log) {
                known.late = true;
            }
            if let Some(known) = peer.known.get_mut(&log).filter(|_| silent_ms >= WANT_GIVE_UP_MS) {
                // The want or the answer may have been lost with a link that nobody knew to be dead: once more.
                if core::mem::replace(&mut known.retried, true) {
                    // It promised what it does not give. What it pushes or announces anew counts again.
                    known.retried = false;
                    known.next = known.next.min(adopt);
                    known.first = known.first.max(flight.to);
                    peer.pass_over(&log);
                }
            }
            self.pending.insert((log.lane, log));
            if flight.aim == Aim::Evidence {
                self.look_elsewhere(cx, &log, flight, false);
            }
            self.settle(cx, &flight.peer);
        }
    }
}
