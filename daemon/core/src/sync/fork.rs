//! Forks: a gateway that signed two batches with one number. Its log stands still, and what either branch says is kept.
//!
//! Both batches together are the proof; anybody can check it. So are a batch and the next one's, if that names another as the
//! one before it: where posts expire, that may be all that is left. A proof travels by being asked for: a line of Heads says that a
//! log is frozen and, in place of a hash, what is known of its branches. The same machinery finds out that our own log
//! goes on elsewhere: an old copy of our data was put back, or our card was copied.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::contract::{Action, LinkId, Source};
use super::fault::{Alarm, Fault};
use super::frame::{Branch, Frame, HeadLine, WantLine};
use super::heads::short;
use super::memory::{branch_key, branch_value, fork_note, read_branch, BranchNote, Noted};
use super::state::{Aim, Context};
use super::Sync;
use crate::batch::verify_batch;
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

    /// The lowest number noted. Below the fork lie batches of a branch whose counterparts have expired: those before it.
    pub fn bottom(&self) -> u64 {
        self.noted.first_key_value().map_or(self.lowest, |((number, _), _)| self.lowest.min(*number))
    }

    /// Whether the branches may part below what is noted: what comes before it is not the same, or `before`, the hash of our
    /// batch with that number, is another one or not known any more.
    pub fn parts_below(&self, before: impl Fn(u64) -> Option<BatchHash>) -> bool {
        let bottom = self.bottom();
        let mut prevs = self.noted.range((bottom, [0; 8])..=(bottom, [0xFF; 8])).map(|(_, noted)| noted.prev);
        let (Some(first), Some(number)) = (prevs.next(), bottom.checked_sub(1)) else { return false };
        prevs.any(|prev| prev != first) || before(number).is_none_or(|ours| ours != first)
    }

    /// Whether a batch comes just before one that is noted: its branch goes on there.
    pub fn goes_on(&self, number: u64, hash: &BatchHash) -> bool {
        let Some(after) = number.checked_add(1) else { return false };
        self.noted.range((after, [0; 8])..=(after, [0xFF; 8])).any(|(_, noted)| noted.prev == *hash)
    }

    /// What the Fork frame from this place on holds: first the two that prove it, then one at a time, those below them from
    /// the top, since each is taken for the one after it.
    pub fn piece(&self, place: usize) -> Vec<(u64, [u8; 8])> {
        let proof = self.proof();
        if place == 0 {
            return proof;
        }
        let at = (self.lowest, [0; 8]);
        let (below, above) = (self.noted.range(..at).rev(), self.noted.range(at..));
        let rest = below.chain(above).map(|(name, _)| name).filter(|name| !proof.contains(name));
        rest.skip(place.saturating_sub(proof.len())).take(1).copied().collect()
    }

    /// Two with the lowest number; else one of them, and one that does not follow it.
    fn proof(&self) -> Vec<(u64, [u8; 8])> {
        let twice: Vec<_> = self.noted.range((self.lowest, [0; 8])..=(self.lowest, [0xFF; 8])).take(2).collect();
        let [(one, _)] = twice.as_slice() else { return twice.into_iter().map(|(name, _)| *name).collect() };
        let after = self.lowest.saturating_add(1);
        let mut next = self.noted.range((after, [0; 8])..=(after, [0xFF; 8]));
        let other = next.find(|(_, noted)| short(&noted.prev) != one.1).map(|(name, _)| *name);
        core::iter::once(**one).chain(other).collect()
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

    /// Somebody proves that a log is forked, or brings more of one that is.
    pub(super) fn on_proof(
        &mut self,
        cx: &mut Context<'_>,
        link: LinkId,
        log: &LogKey,
        branches: &[Branch<'_>],
    ) -> Result<(), Fault> {
        let state = self.link(link)?;
        // A proof convinces by itself; how far its gateway is, a stick does not say.
        let (id, is_silent) = (state.peer, state.is_silent());
        let hops = is_silent.then(|| self.setup.hops_max.saturating_sub(1));
        if !self.takes(link, log.lane) || !self.admits(cx, &id, &log.gateway, hops) {
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
            ([a, b], [ha, hb]) if a.number == b.number && ha != hb => self.on_fork(cx, log, a.number),
            ([a, b], [ha, _]) if a.number.checked_add(1) == Some(b.number) && b.prev != *ha => {
                self.on_fork(cx, log, a.number);
            }
            ([one], [_]) if self.forks.get(log).is_some_and(|fork| one.number >= fork.lowest) => {}
            // Older than the fork is known to be: no proof, but what a branch says.
            ([one], [hash]) if self.leads_to_fork(log, one.number, hash) => {
                if self.own_hash(cx, log, one.number).is_some_and(|ours| ours != *hash) {
                    self.on_fork(cx, log, one.number);
                }
            }
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

    /// Whether a batch below a fork leads up to one that is noted, and there is room for such ones. Who has it in his log, too,
    /// notes it like the others: all must come to know the same of a fork.
    pub(super) fn leads_to_fork(&self, log: &LogKey, number: u64, hash: &BatchHash) -> bool {
        let fork = self.forks.get(log).filter(|fork| number < fork.lowest && fork.noted.len() < FORK_BATCHES_MAX / 2);
        fork.is_some_and(|fork| fork.goes_on(number, hash))
    }

    /// Two batches with this number are signed, or one that the next one does not follow.
    pub(super) fn on_fork(&mut self, cx: &mut Context<'_>, log: &LogKey, number: u64) {
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

    /// What was posted here and not yet sealed when our own log turned out to be forked still went into it: that belongs to
    /// our branch, and others have the other one there.
    pub(super) fn note_late_branches(&mut self, cx: &mut Context<'_>) {
        let me = cx.node.id();
        for held in cx.fresh.iter().filter(|held| held.log.gateway == me) {
            if held.number < self.cap(&held.log) {
                continue;
            }
            let Some(hash) = self.own_hash(cx, &held.log, held.number) else { continue };
            if !self.note_branch(cx, held.clone(), &hash) {
                cx.actions.push(Action::Again(held.clone()));
            }
            self.tell_of_fork(cx, &held.log);
        }
    }

    /// Everybody must learn of a fork, and of what is new about it.
    pub(super) fn tell_of_fork(&mut self, cx: &mut Context<'_>, log: &LogKey) {
        self.digests = None;
        let lowest = self.cap(log);
        let next = self.logs.get(log).map_or(0, |state| state.next);
        for peer in self.peers.values_mut() {
            if peer.known.get(log).is_none_or(|known| known.beyond(next, lowest) == 0) {
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
    pub(super) fn note_branch(&mut self, cx: &mut Context<'_>, held: Held, hash: &BatchHash) -> bool {
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
                if known.beyond(next, cap) > 0 {
                    peer.lacking.insert(*log);
                    self.pending.insert((log.lane, *log));
                }
            }
        }
    }
}
