//! Arriving: batches that come are handed to the node; what is synced is passed on and acknowledged.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::contract::{Action, LinkId};
use super::fault::Fault;
use super::frame::{Frame, LogRef, Run};
use super::heads::LAZY_MS;
use super::memory::gaps_note;
use super::peer::Out;
use super::state::{Aim, Context};
use super::trust::Push;
use super::Sync;
use crate::batch::{batch_hash, read_batch, BatchFault};
use crate::identity::{BatchHash, GatewayId};
use crate::log::{Held, LogKey};

/// What was synced is acknowledged within this time, many batches at once.
pub const HAVE_MS: u64 = 500;
/// A push to a peer that may have it from the origin itself waits so long for its word: longer than a sync to disk takes
/// (a guess for slow cards), and short of what a neighbour notices.
pub const HOLD_MS: u64 = 60;

impl Sync {
    /// Batches come, asked for or pushed.
    pub(super) fn on_batches(&mut self, cx: &mut Context<'_>, link: LinkId, runs: &[Run<'_>]) -> Result<(), Fault> {
        let id = self.link(link)?.peer;
        let mut twice = BTreeSet::new();
        for run in runs {
            let log = self.link(link)?.resolve(&run.log)?;
            if self.takes(link, log.lane) && !run.parcels.is_empty() {
                self.on_run(cx, link, &id, &log, run, &mut twice)?;
            }
        }
        let state = self.link(link)?;
        // What is not pruned now comes twice again, and is then.
        if !twice.is_empty() && state.takes_answers() {
            let names = twice.iter().map(|log| state.name(log, true)).collect();
            self.send(cx, link, Frame::Prune(names).encode(), true);
        }
        Ok(())
    }

    fn on_run(
        &mut self,
        cx: &mut Context<'_>,
        link: LinkId,
        id: &GatewayId,
        log: &LogKey,
        run: &Run<'_>,
        twice: &mut BTreeSet<LogKey>,
    ) -> Result<(), Fault> {
        let end = run.from + run.parcels.len() as u64;
        let is_silent = self.link(link)?.is_silent();
        let hops = self.note_way(id, &log.gateway, run.hops);
        if !self.admits(cx, id, &log.gateway, hops) || !self.has_place(log) {
            return Ok(());
        }
        let Some(peer) = self.peers.get_mut(id) else { return Ok(()) };
        peer.batches_ms = cx.now_ms;
        let is_new = !peer.known.contains_key(log);
        peer.has(log, end);
        if is_new && is_silent {
            // Nothing older can be asked for.
            peer.known.entry(*log).or_default().first = run.from;
        }
        if let Some(known) = peer.known.get_mut(log) {
            known.owed = true;
        }
        let flight = self.logs.get(log).and_then(|state| state.flight).filter(|flight| flight.peer == *id);
        if flight.is_some_and(|flight| flight.aim == Aim::Evidence && run.prev.is_some()) {
            return self.on_evidence(cx, link, log, run);
        }
        let before = run.from.checked_sub(1).filter(|_| is_silent && run.prev.is_some());
        let ours = before.and_then(|before| self.own_hash(cx, log, before));
        if ours.is_some_and(|ours| Some(ours) != run.prev) && run.from < self.cap(log) {
            // It follows another batch than the one here, and there is nobody to ask.
            return self.on_evidence(cx, link, log, run);
        }
        let here = self.logs.get(log).map_or(0, |state| state.adopt);
        let is_gap = |number: u64| cx.node.gaps(log).iter().any(|(from, to)| (*from..*to).contains(&number));
        for (number, parcel) in (run.from..here).zip(&run.parcels) {
            if number < self.cap(log) && !is_gap(number) {
                self.on_twice(cx, link, log, number, parcel)?;
            }
        }
        let cap = self.cap(log);
        if cx.node.writes(log) {
            if end > self.logs.get(log).map_or(0, |state| state.next) {
                if is_silent {
                    // There is nobody to ask, and no need: it is here.
                    return self.on_evidence(cx, link, log, run);
                }
                let first = self.peers.get(id).and_then(|peer| peer.known.get(log)).map_or(0, |known| known.first);
                self.on_own_elsewhere(cx, link, log, first);
            }
            return Ok(());
        }
        if run.from >= cap {
            return Ok(());
        }
        if !self.has_room(cx, log) {
            let next = self.logs.get(log).map_or(0, |state| state.next);
            if let Some(peer) = self.peers.get_mut(id).filter(|_| end.min(cap) > next) {
                peer.lacking.insert(*log);
                peer.pass_over(log);
            }
            self.land(log);
            self.settle(cx, id);
            return Ok(());
        }
        let (mut adopt, next) = self.logs.get(log).map_or((0, 0), |state| (state.adopt, state.next));
        if run.from > adopt && run.prev.is_some() && self.may_jump(id, log, run.from, adopt) {
            adopt = run.from;
        }
        let gaps = cx.node.gaps(log);
        let (mut news, mut chain) = (false, run.prev);
        for (place, parcel) in run.parcels.iter().enumerate() {
            let number = run.from + place as u64;
            let fills = number < next && gaps.iter().any(|(from, to)| (*from..*to).contains(&number));
            if number >= cap || number > adopt {
                break;
            }
            if number == adopt || (fills && chain.is_some()) {
                let prev = chain.unwrap_or(BatchHash([0; 32]));
                let bytes = parcel.bytes.to_vec();
                let held = Held { log: *log, number, prev, arrived: cx.age, spent_s: parcel.spent_s, bytes };
                cx.actions.push(Action::Adopt(held));
                self.adopting += 1;
                news = true;
                adopt = adopt.max(number + 1);
            }
            // Only a gap needs the hash before each batch; what comes next is known to the node.
            chain = chain.filter(|_| fills).and_then(|prev| hash_of(cx, log, number, &prev, parcel.bytes));
        }
        if news {
            let state = self.logs.entry(*log).or_default();
            state.adopt = state.adopt.max(adopt);
            state.supplier = Some(link);
        }
        let (adopt, flying) = self.logs.get(log).map_or((0, false), |state| (state.adopt, state.flight.is_some()));
        let behind = end > adopt && !flying;
        if end.min(cap) > next {
            self.lacks(id, log);
        } else if !news {
            // It was synced before: say so, so that nobody waits for our word.
            self.owe(cx.now_ms, id, log);
        }
        if behind {
            self.pending.insert((log.lane, *log));
        }
        // Not if it came from the same peer: a push that crossed a want is no second way.
        let supplier = self.logs.get(log).and_then(|state| self.links.get(&state.supplier?)).map(|link| link.peer);
        if run.live && !news && end <= adopt && supplier.is_some_and(|supplier| supplier != *id) {
            twice.insert(*log);
            if let Some(peer) = self.peers.get_mut(id) {
                peer.ways.entry(log.gateway).or_default().eager = Some(false);
            }
        }
        if adopt >= end {
            self.grafts.remove(log);
        }
        self.progress(cx, id, log, end);
        Ok(())
    }

    /// Whether a log may go on from `from`, although what lies before was never had: it was asked for, or nobody linked
    /// has anything older.
    fn may_jump(&self, id: &GatewayId, log: &LogKey, from: u64, adopt: u64) -> bool {
        let flight = self.logs.get(log).and_then(|state| state.flight);
        if flight.is_some_and(|flight| flight.peer == *id && flight.aim == Aim::Jump && flight.at == from) {
            return true;
        }
        let older = |known: &super::peer::Known| known.first < from && known.next > adopt;
        flight.is_none() && !self.peers.values().any(|peer| peer.known.get(log).is_some_and(older))
    }

    /// Batches are synced: acknowledges them, pushes them on, announces them.
    pub(super) fn on_committed(&mut self, cx: &mut Context<'_>) {
        let mut runs: BTreeMap<LogKey, u64> = BTreeMap::new();
        let mut filled: BTreeSet<LogKey> = BTreeSet::new();
        for held in cx.fresh {
            let own = cx.node.writes(&held.log);
            self.durable = self.durable.max(held.arrived);
            self.adopting = self.adopting.saturating_sub(u64::from(!own));
            let usage = self.usage.entry((held.log.gateway, held.log.lane)).or_default();
            usage.bytes += held.bytes.len() as u64;
            usage.batches += 1;
            let state = self.logs.entry(held.log).or_default();
            let before = state.next;
            state.arrived = state.arrived.max(held.arrived);
            state.next = state.next.max(held.number + 1);
            state.adopt = state.adopt.max(state.next);
            if held.number >= before {
                runs.entry(held.log).or_insert(held.number);
            } else {
                filled.insert(held.log);
            }
            if held.number != before {
                // A jump opens a gap, an older batch closes some of it.
                let (key, value) = gaps_note(&held.log, cx.node.gaps(&held.log));
                cx.actions.push(Action::Remember { key, value });
            }
        }
        self.digests = None;
        self.note_late_branches(cx);
        if self.adopting == 0 {
            self.quiet = cx.age;
        }
        for log in filled {
            self.holes.remove(&log);
            // A peer may have the same gap, and asks only who says that he has something of it.
            for peer in self.peers.values_mut().filter(|peer| peer.interests.has(log.lane)) {
                peer.announce(&log, cx.now_ms + LAZY_MS);
            }
        }
        let me = cx.node.id();
        let ids: Vec<GatewayId> = self.peers.keys().copied().collect();
        for (log, from) in runs {
            let next = self.logs.get(&log).map_or(0, |state| state.next);
            for id in &ids {
                self.pass_on(cx, &me, id, &log, from, next);
            }
            if self.peers.values().any(|peer| peer.lacking.contains(&log)) {
                // What followed was not taken while this was on its way to the disk.
                self.pending.insert((log.lane, log));
            }
        }
        self.settle_all(cx);
    }

    /// Tells one peer of what is new in a log, in the way that suits it.
    fn pass_on(&mut self, cx: &mut Context<'_>, me: &GatewayId, id: &GatewayId, log: &LogKey, from: u64, next: u64) {
        let push = self.push(me, id, &log.gateway);
        let cap = self.cap(log);
        let Some(peer) = self.peers.get_mut(id) else { return };
        let known = peer.known.get(log).copied().unwrap_or_default();
        if known.beyond(next, cap) == 0 {
            peer.moved |= peer.lacking.remove(log);
        }
        if known.owed {
            self.owe(cx.now_ms, id, log);
        }
        self.compare_head(cx, id, log, next);
        let Some(peer) = self.peers.get_mut(id) else { return };
        if !peer.interests.has(log.lane) || known.next >= next || known.sent >= next {
            return;
        }
        let follows = known.sent >= from || from == 0;
        if push == Push::Now && follows {
            let from = from.max(known.sent);
            self.enqueue(cx.now_ms, id, log, Out { from, to: next, with_prev: false, live: true });
            return;
        }
        if push == Push::Hold && follows {
            peer.holds.entry(*log).or_insert((from, cx.now_ms + HOLD_MS));
        }
        // Whoever lies behind asks by himself; whoever hears of it from nearer its origin needs no second copy. Of two
        // that might tell each other, one waits for the other.
        let wait_ms = match (push, me < id) {
            (Push::Now | Push::Hold, _) => 0,
            (Push::No, true) => LAZY_MS,
            (Push::No, false) => 2 * LAZY_MS,
        };
        peer.stale_mark = true;
        peer.announce(log, cx.now_ms + wait_ms);
    }

    /// Pushes what was held back to whoever has not said by now that he has it.
    pub(super) fn release_holds(&mut self, cx: &Context<'_>) {
        let me = cx.node.id();
        let mut due = Vec::new();
        for (id, peer) in &mut self.peers {
            peer.holds.retain(|log, (from, ms)| {
                let waits = *ms > cx.now_ms;
                if !waits {
                    due.push((*id, *log, *from));
                }
                waits
            });
        }
        for (id, log, from) in due {
            let next = self.logs.get(&log).map_or(0, |state| state.next);
            let known = self.peers.get(&id).and_then(|peer| peer.known.get(&log)).copied().unwrap_or_default();
            let from = from.max(known.sent);
            if from < next && self.push(&me, &id, &log.gateway) != Push::No {
                if let Some(peer) = self.peers.get_mut(&id) {
                    // It has no shorter way; if it had, Prune says so.
                    peer.ways.entry(log.gateway).or_default().eager = Some(true);
                }
                self.enqueue(cx.now_ms, &id, &log, Out { from, to: next, with_prev: false, live: true });
            }
        }
    }

    /// A peer waits to hear how far we have a log.
    fn owe(&mut self, now_ms: u64, id: &GatewayId, log: &LogKey) {
        if let Some(peer) = self.peers.get_mut(id) {
            peer.haves.insert(*log);
            peer.haves_ms = peer.haves_ms.or(Some(now_ms + HAVE_MS));
        }
    }

    /// Acknowledges what is synced.
    pub(super) fn send_haves(&mut self, cx: &mut Context<'_>) {
        let is_due = |peer: &super::peer::Peer| peer.haves_ms.is_some_and(|ms| ms <= cx.now_ms);
        let due: Vec<GatewayId> = self.peers.iter().filter(|(_, peer)| is_due(peer)).map(|(id, _)| *id).collect();
        for id in due {
            let Some(link) = self.best_link(cx.now_ms, &id) else { continue };
            let takes = self.takes_answers(cx.now_ms, &id);
            let Some(peer) = self.peers.get_mut(&id) else { continue };
            peer.haves_ms = (!takes).then_some(cx.now_ms + HAVE_MS);
            if !takes {
                continue;
            }
            let logs = core::mem::take(&mut peer.haves);
            let mut lines = Vec::with_capacity(logs.len());
            for log in logs {
                let next = self.logs.get(&log).map_or(0, |state| state.next);
                if let Some(known) = peer.known.get_mut(&log) {
                    known.owed = next < known.next;
                }
                let Some(state) = self.links.get_mut(&link).filter(|link| link.has_names_left()) else { continue };
                if next > 0 {
                    lines.push((state.name(&log, true), next));
                }
            }
            if !lines.is_empty() {
                self.send(cx, link, Frame::Have(lines).encode(), true);
            }
        }
    }

    /// A peer has synced a log up to here.
    pub(super) fn on_have(&mut self, link: LinkId, haves: &[(LogRef, u64)]) -> Result<(), Fault> {
        let id = self.link(link)?.peer;
        for (log, next) in haves {
            let log = self.link(link)?.resolve(log)?;
            let ours = self.logs.get(&log).map_or(0, |state| state.next);
            let Some(peer) = self.peers.get_mut(&id) else { return Ok(()) };
            // More than we have is for its heads to say.
            peer.has(&log, (*next).min(ours));
            if peer.known.get(&log).is_some_and(|known| known.next >= ours) {
                peer.announced(&log);
            }
        }
        Ok(())
    }

    /// A peer settles what is pushed to it at once.
    pub(super) fn on_settled(&mut self, link: LinkId, logs: &[LogRef], eager: bool) -> Result<(), Fault> {
        let id = self.link(link)?.peer;
        for log in logs {
            let log = self.link(link)?.resolve(log)?;
            if let Some(peer) = self.peers.get_mut(&id) {
                if peer.ways.len() < super::frame::LINK_LOGS_MAX {
                    peer.ways.entry(log.gateway).or_default().eager = Some(eager);
                }
            }
        }
        Ok(())
    }

    /// The node did not take a batch.
    pub(super) fn on_refused(&mut self, cx: &mut Context<'_>, log: &LogKey, number: u64, fault: BatchFault) {
        self.adopting = self.adopting.saturating_sub(1);
        let Some(state) = self.logs.get_mut(log) else { return };
        if number >= state.adopt || fault == BatchFault::AlreadyHeld(number) {
            // Follows from an earlier refusal, or is here by another way.
            return;
        }
        state.adopt = number.max(state.next);
        let supplier = state.supplier.take();
        let is_nothing = state.adopt == 0 && !self.forks.contains_key(log);
        self.land(log);
        if is_nothing {
            self.logs.remove(log);
        }
        match fault {
            BatchFault::OwnLog
            | BatchFault::Frozen
            | BatchFault::AlreadyHeld(_)
            | BatchFault::TooFar { .. }
            | BatchFault::TooMany { .. } => {
                // No fault of the peer's: there is no place for it here.
                for peer in self.peers.values_mut() {
                    peer.pass_over(log);
                }
                self.settle_all(cx);
            }
            why => {
                let Some(link) = supplier.filter(|link| self.links.contains_key(link)) else {
                    self.pending.insert((log.lane, *log));
                    return;
                };
                if why != BatchFault::BadSignature || !self.suspect(cx, link, log, number) {
                    self.close(cx, link, Fault::BadBatch { log: *log, number, why });
                }
            }
        }
    }
}

fn hash_of(cx: &Context<'_>, log: &LogKey, number: u64, prev: &BatchHash, bytes: &[u8]) -> Option<BatchHash> {
    let batch = read_batch(bytes).ok()?;
    Some(batch_hash(&cx.node.network(), log, number, prev, batch.received, &batch.items))
}
