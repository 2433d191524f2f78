//! Forks: a gateway that signed two batches with one number. Its log stands still, and what either branch says is kept.
//!
//! Both batches together are the proof; anybody can check it. It travels by being asked for: a line of Heads says that a
//! log is frozen and, in place of a hash, what is known of its branches. The same machinery finds out that our own log
//! goes on elsewhere: an old copy of our data was put back, or our card was copied.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::contract::{Action, LinkId, Source};
use super::fault::{Alarm, Fault};
use super::frame::{Branch, Frame, HeadLine, Run, WantLine};
use super::heads::short;
use super::memory::{branch_key, branch_value, fork_note, read_branch, BranchNote, Noted};
use super::state::{Aim, Context};
use super::Sync;
use crate::batch::{verify_batch, BatchFault};
use crate::identity::{hash, purpose, BatchHash};
use crate::log::{Held, LogKey};
use crate::node::BRANCH_BYTES_MAX;

/// Batches kept of one forked log, from the lowest that differs, both branches together.
pub const FORK_BATCHES_MAX: usize = 128;
/// Forked logs. Of more, nothing but the peer's word would be kept; they are not followed.
pub const FORKS_MAX: usize = 64;
/// How far back a fork is looked for.
pub const FORK_SEARCH_MAX: u64 = 64;
/// Fork frames taken over one link: each costs two signatures to check.
pub const FORKS_PER_PEER_MAX: u32 = 4_096;

/// A forked log.
#[derive(Clone, Debug, Default)]
pub(super) struct Forked {
    /// The lowest number known to be signed twice.
    pub lowest: u64,
    /// Batches noted, by number and the first bytes of the hash.
    pub noted: BTreeMap<(u64, [u8; 8]), Noted>,
}

impl Forked {
    /// Stands for a hash in a line of Heads: equal on two gateways exactly if they know the same branches.
    pub fn digest(&self) -> [u8; 8] {
        let mut text = Vec::with_capacity(self.noted.len() * 16);
        for (number, hash) in self.noted.keys() {
            text.extend(number.to_be_bytes());
            text.extend(hash);
        }
        short(&BatchHash(hash(purpose::FORK, &[&text])))
    }

    /// The branches part below the lowest number known: what comes before the two is not the same.
    pub fn parts_deeper(&self) -> bool {
        let mut prevs = self.noted.range((self.lowest, [0; 8])..=(self.lowest, [0xFF; 8])).map(|(_, noted)| noted.prev);
        let first = prevs.next();
        self.lowest > 0 && prevs.any(|prev| Some(prev) != first)
    }

    /// What the Fork frame from this place on holds: first the two that prove it, then one at a time.
    pub fn piece(&self, place: usize) -> Vec<(u64, [u8; 8])> {
        self.noted.keys().skip(place).take(if place == 0 { 2 } else { 1 }).copied().collect()
    }
}

/// A batch of a forked log, from the store's notes.
pub(super) fn read_noted(source: &dyn Source, log: &LogKey, number: u64, hash: &[u8; 8]) -> Option<Held> {
    let value = source.note(&branch_key(log, number, hash))?;
    read_branch(log, number, &value).ok().map(|note| note.held)
}

impl Sync {
    /// Batches of a log are taken below this number only.
    pub(super) fn cap(&self, log: &LogKey) -> u64 {
        self.forks.get(log).map_or(u64::MAX, |fork| fork.lowest)
    }

    /// What a line of Heads means for a log that is forked, or may be, or is ours. True if nothing else is to be done.
    pub(super) fn on_fork_line(&mut self, cx: &mut Context<'_>, link: LinkId, log: &LogKey, line: &HeadLine) -> bool {
        let Some(id) = self.links.get(&link).map(|link| link.peer) else { return true };
        let next = self.logs.get(log).map_or(0, |state| state.next);
        if let Some(fork) = self.forks.get(log) {
            let told = fork.digest();
            if !line.frozen {
                // It does not know yet.
                if let Some(peer) = self.peers.get_mut(&id) {
                    peer.announce(log, cx.now_ms);
                }
            } else if line.hash != told {
                self.ask_for_proof(cx, link, log);
            }
            return next >= line.next.min(self.cap(log));
        }
        if line.frozen {
            self.ask_for_proof(cx, link, log);
            return true;
        }
        let differs = || {
            let ours = next.checked_sub(1).and_then(|number| self.own_hash(cx, log, number));
            next == line.next && ours.is_some_and(|ours| short(&ours) != line.hash)
        };
        if cx.node.writes(log) {
            if line.next > next {
                self.on_own_elsewhere(cx, link, log, line.first);
            } else if next > 0 && differs() {
                self.look(cx, link, log, next.saturating_sub(FORK_SEARCH_MAX).max(line.first), next);
            }
            return true;
        }
        if next > 0 && line.next == next && differs() {
            self.look(cx, link, log, next.saturating_sub(FORK_SEARCH_MAX).max(line.first), next);
            return true;
        }
        false
    }

    /// Our own log goes on elsewhere: looks at it from the last batch on that both should have.
    pub(super) fn on_own_elsewhere(&mut self, cx: &mut Context<'_>, link: LinkId, log: &LogKey, first: u64) {
        let next = self.logs.get(log).map_or(0, |state| state.next);
        let from = next.saturating_sub(1).max(first);
        self.look(cx, link, log, from, next.max(from) + 1);
    }

    fn ask_for_proof(&mut self, cx: &mut Context<'_>, link: LinkId, log: &LogKey) {
        let Some(state) = self.links.get_mut(&link) else { return };
        if let Some(peer) = self.peers.get_mut(&state.peer) {
            // Until it is here, the peer must say so again at the next session.
            peer.held_back = true;
        }
        let want = WantLine { log: state.name(log, true), with_prev: false, proof: true, from: 0, count: 0 };
        self.send(cx, link, Frame::Want(alloc::vec![want]).encode(), true);
    }

    /// Asks a peer for batches that are here already, to compare.
    fn look(&mut self, cx: &mut Context<'_>, link: LinkId, log: &LogKey, from: u64, to: u64) {
        let Some(id) = self.links.get(&link).map(|link| link.peer) else { return };
        if let Some(peer) = self.peers.get_mut(&id) {
            // As above.
            peer.held_back = true;
        }
        let looking = self.logs.get(log).and_then(|state| state.flight);
        if from >= to || looking.is_some_and(|flight| flight.aim == Aim::Evidence) {
            return;
        }
        if self.take_off(cx, log, id, Aim::Evidence, from, to) {
            self.send_wants(cx, &id, &[(*log, true, from, to - from)]);
        }
    }

    /// Where the branches of a forked log part deeper than is known, anybody may have the batch that shows it. Asked at
    /// the beginning of each session, and as long as it helps.
    pub(super) fn look_deeper(&mut self, cx: &mut Context<'_>, link: LinkId) {
        let Some(id) = self.links.get(&link).map(|link| link.peer) else { return };
        let unknown = self.forks.iter().filter(|(_, fork)| fork.parts_deeper());
        let unknown: Vec<(LogKey, u64)> = unknown.map(|(log, fork)| (*log, fork.lowest)).collect();
        for (log, lowest) in unknown {
            let first = self.peers.get(&id).and_then(|peer| peer.known.get(&log)).map_or(0, |known| known.first);
            self.look(cx, link, &log, lowest.saturating_sub(FORK_SEARCH_MAX).max(first), lowest);
        }
    }

    /// The node refused the signature of what this link brought: is the log forked, or does the peer lie? False if
    /// nothing can be asked to find out.
    pub(super) fn suspect(&mut self, cx: &mut Context<'_>, link: LinkId, log: &LogKey, number: u64) -> bool {
        let Some(id) = self.links.get(&link).map(|link| link.peer) else { return false };
        let first = self.peers.get(&id).and_then(|peer| peer.known.get(log)).map_or(0, |known| known.first);
        let from = number.saturating_sub(FORK_SEARCH_MAX).max(first);
        if from >= number {
            return false;
        }
        if let Some(state) = self.logs.get_mut(log) {
            state.suspect = Some(link);
        }
        self.look(cx, link, log, from, number);
        true
    }

    /// What was asked for to compare.
    pub(super) fn on_evidence(
        &mut self,
        cx: &mut Context<'_>,
        link: LinkId,
        log: &LogKey,
        run: &Run<'_>,
    ) -> Result<(), Fault> {
        let Some(mut prev) = run.prev else { return Ok(()) };
        let network = cx.node.network();
        let next = self.logs.get(log).map_or(0, |state| state.next);
        let mut number = run.from;
        let mut is_rolled_back = false;
        for parcel in &run.parcels {
            let bad = |why| Fault::BadBatch { log: *log, number, why };
            let (_, hash) = verify_batch(&network, log, number, &prev, parcel.bytes).map_err(bad)?;
            let ours = if number < next { self.own_hash(cx, log, number) } else { None };
            if ours.is_some_and(|ours| ours != hash) {
                let spent_s = parcel.spent_s;
                let bytes = parcel.bytes.to_vec();
                let held = Held { log: *log, number, prev, arrived: cx.age, spent_s, bytes };
                self.on_fork(cx, log, number);
                self.note_branch(cx, held, &hash);
            }
            if ours.is_none() && number >= self.cap(log) {
                let bytes = parcel.bytes.to_vec();
                let held = Held { log: *log, number, prev, arrived: cx.age, spent_s: parcel.spent_s, bytes };
                self.note_branch(cx, held, &hash);
            }
            is_rolled_back |= number >= next && cx.node.writes(log);
            prev = hash;
            number += 1;
        }
        if is_rolled_back && !self.forks.contains_key(log) {
            cx.actions.push(Action::Alarm(Alarm::RolledBack { log: *log, next: number }));
            self.ask_for_epoch(cx);
        }
        let Some(state) = self.logs.get_mut(log) else { return Ok(()) };
        if state.flight.is_some_and(|flight| number < flight.to) {
            if let Some(flight) = &mut state.flight {
                flight.at = number;
                flight.progress_ms = cx.now_ms;
            }
            return Ok(());
        }
        let suspected = state.suspect.take() == Some(link);
        self.land(log);
        if let Some(lowest) = self.forks.get(log).map(|fork| fork.lowest) {
            self.tell_of_fork(cx, log);
            if lowest == run.from {
                self.look_deeper(cx, link);
            }
        } else if suspected {
            // Up to here it is the same log, so what followed was no batch of it.
            return Err(Fault::BadBatch { log: *log, number, why: BatchFault::BadSignature });
        }
        self.pending.insert((log.lane, *log));
        Ok(())
    }

    /// Somebody proves that a log is forked, or brings more of one that is.
    pub(super) fn on_proof(
        &mut self,
        cx: &mut Context<'_>,
        link: LinkId,
        log: &LogKey,
        branches: &[Branch<'_>],
    ) -> Result<(), Fault> {
        let id = self.link(link)?.peer;
        if !self.setup.interests.has(log.lane) || !self.admits(cx, &id, &log.gateway, None) {
            return Ok(());
        }
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.forks_heard += 1;
            if peer.forks_heard > FORKS_PER_PEER_MAX {
                let (found, limit) = (peer.forks_heard.into(), FORKS_PER_PEER_MAX.into());
                return Err(Fault::TooMany { what: "fork proofs", found, limit });
            }
        }
        let network = cx.node.network();
        let mut hashes = Vec::with_capacity(2);
        for branch in branches {
            let verified = verify_batch(&network, log, branch.number, &branch.prev, branch.bytes);
            hashes.push(verified.map_err(|_| Fault::BadProof(*log))?.1);
        }
        match (branches, hashes.as_slice()) {
            ([a, b], [ha, hb]) if a.number == b.number && ha != hb => {
                self.on_fork(cx, log, a.number);
            }
            ([one], [_]) if self.forks.get(log).is_some_and(|fork| one.number >= fork.lowest) => {}
            ([_], [_]) => return Ok(()),
            _ => return Err(Fault::BadProof(*log)),
        }
        let before = self.forks.get(log).map(Forked::digest);
        for (branch, hash) in branches.iter().zip(&hashes) {
            let Branch { number, prev, spent_s, bytes } = *branch;
            let held = Held { log: *log, number, prev, arrived: cx.age, spent_s, bytes: bytes.to_vec() };
            self.note_branch(cx, held, hash);
        }
        if self.forks.get(log).map(Forked::digest) != before {
            self.tell_of_fork(cx, log);
        }
        Ok(())
    }

    /// Two batches with this number are signed.
    fn on_fork(&mut self, cx: &mut Context<'_>, log: &LogKey, number: u64) {
        let known = self.forks.get(log).map(|fork| fork.lowest);
        if known.is_some_and(|lowest| lowest <= number) || (known.is_none() && self.forks.len() >= FORKS_MAX) {
            return;
        }
        self.forks.entry(*log).or_default().lowest = number;
        let (key, value) = fork_note(log, number);
        cx.actions.push(Action::Remember { key, value });
        cx.actions.push(Action::Freeze(*log, number));
        self.digests = None;
        self.grafts.remove(log);
        let flight = self.logs.get(log).and_then(|state| state.flight);
        if flight.is_some_and(|flight| flight.aim != Aim::Evidence) {
            // What was asked for is not taken any more.
            self.land(log);
        }
        if known.is_none() {
            if cx.node.writes(log) {
                cx.actions.push(Action::Alarm(Alarm::Cloned { log: Some(*log) }));
                self.ask_for_epoch(cx);
            } else {
                cx.actions.push(Action::Alarm(Alarm::Forked { log: *log, number }));
            }
        }
        // Our own branch must be told too; what lies in the log may expire there, and others hold the other branch.
        let state = self.logs.entry(*log).or_default();
        state.adopt = state.next;
        let next = state.next;
        for number in number..known.unwrap_or(next).min(next) {
            let (Some(hash), Some(held)) = (self.own_hash(cx, log, number), cx.with_batch(log, number, Held::clone))
            else {
                continue;
            };
            if !self.note_branch(cx, held.clone(), &hash) && log.gateway == cx.node.id() {
                cx.actions.push(Action::Again(held));
            }
        }
    }

    /// Everybody must learn of a fork, and of what is new about it.
    fn tell_of_fork(&mut self, cx: &mut Context<'_>, log: &LogKey) {
        self.digests = None;
        let lowest = self.cap(log);
        let next = self.logs.get(log).map_or(0, |state| state.next);
        for peer in self.peers.values_mut() {
            let theirs = peer.known.get(log).map_or(0, |known| known.next).min(lowest);
            if next >= theirs {
                peer.lacking.remove(log);
            } else {
                self.pending.insert((log.lane, *log));
            }
            if peer.interests.has(log.lane) {
                peer.announce(log, cx.now_ms);
            }
        }
        self.settle_all(cx);
    }

    /// Keeps one batch of a forked log. False if there is no room for it.
    fn note_branch(&mut self, cx: &mut Context<'_>, held: Held, hash: &BatchHash) -> bool {
        let (log, number) = (held.log, held.number);
        let in_log = self.own_hash(cx, &log, number).is_some_and(|ours| ours == *hash);
        let bytes: usize = self.forks.values().flat_map(|fork| fork.noted.values()).map(|noted| noted.bytes).sum();
        let Some(fork) = self.forks.get_mut(&log) else { return false };
        let name = (number, short(hash));
        if fork.noted.contains_key(&name) {
            return true;
        }
        // The proof itself is always kept.
        let is_proof = number == fork.lowest;
        if !is_proof && (fork.noted.len() >= FORK_BATCHES_MAX || bytes + held.bytes.len() > BRANCH_BYTES_MAX) {
            return false;
        }
        fork.noted.insert(name, Noted { bytes: held.bytes.len(), prev: held.prev });
        let note = BranchNote { in_log, held };
        let (key, value) = (branch_key(&log, number, &name.1), branch_value(&note));
        cx.actions.push(Action::Remember { key, value });
        if !in_log {
            cx.actions.push(Action::Branch(note.held));
        }
        true
    }

    /// Our own log is not ours alone any more.
    pub(super) fn ask_for_epoch(&mut self, cx: &mut Context<'_>) {
        if self.epoch_asked != Some(cx.node.epoch()) {
            self.epoch_asked = Some(cx.node.epoch());
            cx.actions.push(Action::NewEpoch);
        }
    }

    /// The node writes in another epoch now: what others have of the old one is taken like any log.
    pub(super) fn on_epoch(&mut self, cx: &Context<'_>) {
        let me = cx.node.id();
        for peer in self.peers.values_mut() {
            for (log, known) in peer.known.iter().filter(|(log, _)| log.gateway == me && !cx.node.writes(log)) {
                let next = self.logs.get(log).map_or(0, |state| state.next);
                let cap = self.forks.get(log).map_or(u64::MAX, |fork| fork.lowest);
                if known.next.min(cap) > next {
                    peer.lacking.insert(*log);
                    self.pending.insert((log.lane, *log));
                }
            }
        }
    }
}
