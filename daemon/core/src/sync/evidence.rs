//! Evidence: batches that are here already are looked at again where a log may be forked, or ours goes on elsewhere.

use alloc::vec::Vec;

use super::contract::{Action, LinkId};
use super::fault::{Alarm, Fault};
use super::fork::{Forked, FORK_SEARCH_MAX};
use super::frame::{Parcel, Run};
use super::heads::{short, ASK_AGAIN_MS};
use super::peer::Peer;
use super::state::{Aim, Context, Flight};
use super::Sync;
use crate::batch::{batch_hash, read_batch, verify_batch, BatchFault};
use crate::identity::GatewayId;
use crate::log::{Held, LogKey};

/// Batches over one link whose signature does not fit what is here, until one of them turns out to be a fork: each costs a
/// signature to check.
pub const SUSPECTED_MAX: u32 = 64;

impl Sync {
    /// We have as much of a log as a peer once announced: is it the same? Else somebody else brought us another branch.
    pub(super) fn compare_head(&mut self, cx: &mut Context<'_>, id: &GatewayId, log: &LogKey, next: u64) {
        let cap = self.cap(log);
        let Some(known) = self.peers.get_mut(id).and_then(|peer| peer.known.get_mut(log)) else { return };
        let Some((end, theirs)) = known.head.filter(|(end, _)| *end <= next) else { return };
        known.head = None;
        let first = known.first;
        let Some(ours) = end.checked_sub(1).and_then(|number| self.own_hash(cx, log, number)) else { return };
        if end <= cap && short(&ours) != theirs {
            if let Some(link) = self.best_link(cx.now_ms, id) {
                self.look(cx, link, log, end.saturating_sub(FORK_SEARCH_MAX).max(first), end);
            }
        }
    }

    /// A batch came with a number that is taken. Mostly it is the same one over another way; if not, its gateway has forked
    /// the log, and neither side would ever hear of it: each takes the other for one who has what it has.
    pub(super) fn on_twice(
        &mut self,
        cx: &mut Context<'_>,
        link: LinkId,
        log: &LogKey,
        number: u64,
        parcel: &Parcel<'_>,
    ) -> Result<(), Fault> {
        let network = cx.node.network();
        let differs = |held: &Held| {
            if held.bytes == parcel.bytes {
                return None;
            }
            // What has expired is left out of the one or the other; the hash is the same.
            let hash = |bytes: &[u8]| {
                let batch = read_batch(bytes).ok()?;
                Some(batch_hash(&network, log, number, &held.prev, batch.received, &batch.items))
            };
            (hash(&held.bytes) != hash(parcel.bytes)).then_some(held.prev)
        };
        let is_silent = self.link(link)?.is_silent();
        if number >= self.logs.get(log).map_or(0, |state| state.next) {
            // Not synced yet: it is compared later.
            if cx.node.waiting(log, number).and_then(differs).is_some() && !is_silent {
                self.look(cx, link, log, number.saturating_sub(FORK_SEARCH_MAX), number + 1);
            }
            return Ok(());
        }
        let Some(prev) = cx.with_batch(log, number, differs).flatten() else { return Ok(()) };
        match verify_batch(&network, log, number, &prev, parcel.bytes) {
            Ok((_, hash)) => {
                let bytes = parcel.bytes.to_vec();
                let held = Held { log: *log, number, prev, arrived: cx.age, spent_s: parcel.spent_s, bytes };
                self.on_fork(cx, log, number);
                self.note_branch(cx, held, &hash);
                self.tell_of_fork(cx, log);
                Ok(())
            }
            // Forked before, or made up.
            Err(_) if !is_silent && self.suspect(cx, link, log, number) => Ok(()),
            Err(why) => Err(Fault::BadBatch { log: *log, number, why }),
        }
    }

    /// Asks a peer for batches that are here already, to compare.
    pub(super) fn look(&mut self, cx: &mut Context<'_>, link: LinkId, log: &LogKey, from: u64, to: u64) {
        let Some(id) = self.links.get(&link).map(|link| link.peer) else { return };
        if let Some(peer) = self.peers.get_mut(&id) {
            // As above.
            peer.held_back = true;
        }
        if from >= to || self.is_looking(log) {
            return;
        }
        if self.take_off(cx, log, id, Aim::Evidence, from, to) {
            self.send_wants(cx, &id, &[(*log, true, from, to - from)]);
        }
    }

    /// Where the branches of a forked log part deeper than is known, anybody may have the batch that shows it. Asked at
    /// the beginning of each session, and as long as it helps.
    pub(super) fn look_deeper(&mut self, cx: &mut Context<'_>, link: LinkId) {
        let Some(peer) = self.links.get(&link).and_then(|link| self.peers.get_mut(&link.peer)) else { return };
        peer.unasked.extend(self.forks.keys());
        self.look_on(cx);
    }

    /// Looks deeper at whoever has not been asked yet. One at a time is asked about a log, and the others have their turn
    /// after it: the first one may have nothing of what is looked for, and be the first one in each session.
    pub(super) fn look_on(&mut self, cx: &mut Context<'_>) {
        let unasked = self.peers.iter().flat_map(|(id, peer)| peer.unasked.iter().map(|log| (*id, *log)));
        let unasked: Vec<(GatewayId, LogKey)> = unasked.collect();
        for (id, log) in unasked {
            let bottom = self.forks.get(&log).map_or(0, Forked::bottom);
            let is_looking = self.is_looking(&log);
            let Some(peer) = self.peers.get_mut(&id) else { continue };
            if bottom == 0 {
                peer.unasked.remove(&log);
                continue;
            }
            let known = peer.known.get(&log);
            let from = bottom.saturating_sub(FORK_SEARCH_MAX).max(known.map_or(0, |known| known.first));
            // Who says that he has none of it is asked once he has.
            if is_looking || from >= bottom || known.is_some_and(|known| known.next <= from) {
                continue;
            }
            let Some(link) = self.best_link(cx.now_ms, &id) else { continue };
            if let Some(peer) = self.peers.get_mut(&id) {
                peer.unasked.remove(&log);
            }
            let fork = self.forks.get(&log);
            if fork.is_some_and(|fork| fork.parts_below(|number| self.own_hash(cx, &log, number))) {
                self.look(cx, link, &log, from, bottom);
            }
        }
    }

    /// What was asked for to compare did not come: whoever has it is asked for the rest, the same peer first if it may have been
    /// lost with a link. Nothing else would ask for it before the next session: a gateway that was rolled back would write on.
    pub(super) fn look_elsewhere(&mut self, cx: &mut Context<'_>, log: &LogKey, lost: Flight, same_too: bool) {
        let has = |id: &GatewayId, peer: &Peer| {
            let known = peer.known.get(log).filter(|known| known.beyond(lost.at, lost.to) > 0);
            self.hears(peer) && known.is_some_and(|known| if *id == lost.peer { same_too } else { !known.late })
        };
        let mut have = self.peers.iter().filter(|(id, peer)| has(id, peer)).map(|(id, _)| *id);
        let Some(id) = have.clone().find(|id| *id == lost.peer).or(have.next()) else { return };
        let first = self.peers.get(&id).and_then(|peer| peer.known.get(log)).map_or(0, |known| known.first);
        let Some(link) = self.best_link(cx.now_ms, &id) else { return };
        self.look(cx, link, log, lost.at.max(first), lost.to);
    }

    /// A peer tells everything anew, as one does that has lost a link: the answer may be lost with it.
    pub(super) fn told_while_looking(&mut self, now_ms: u64, id: &GatewayId, log: &LogKey) {
        let flight = self.logs.get_mut(log).and_then(|state| state.flight.as_mut());
        let Some(flight) = flight.filter(|flight| flight.peer == *id && flight.aim == Aim::Evidence) else { return };
        if flight.progress_ms + ASK_AGAIN_MS <= now_ms {
            // The line that told of it asks again.
            self.land(log);
        } else {
            flight.told_ms = flight.told_ms.or(Some(now_ms));
        }
    }

    /// Whether batches of a log are on their way to be compared.
    fn is_looking(&self, log: &LogKey) -> bool {
        self.logs.get(log).and_then(|state| state.flight).is_some_and(|flight| flight.aim == Aim::Evidence)
    }

    /// The node refused the signature of what this link brought: is the log forked, or does the peer lie? False if
    /// nothing can be asked to find out.
    pub(super) fn suspect(&mut self, cx: &mut Context<'_>, link: LinkId, log: &LogKey, number: u64) -> bool {
        let Some(id) = self.links.get(&link).map(|link| link.peer) else { return false };
        let first = self.peers.get(&id).and_then(|peer| peer.known.get(log)).map_or(0, |known| known.first);
        let from = number.saturating_sub(FORK_SEARCH_MAX).max(first);
        if from > number || number == 0 {
            return false;
        }
        let Some(state) = self.links.get_mut(&link) else { return false };
        state.suspected += 1;
        if state.suspected > SUSPECTED_MAX {
            return false;
        }
        if let Some(state) = self.logs.get_mut(log) {
            state.suspect = Some(link);
        }
        // Where it has nothing older any more: the same one, with what it says comes before it.
        self.look(cx, link, log, from, number.max(from + 1));
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
        // Whether something of it is on its way to the disk here, and may be another one.
        let mut is_unclear = false;
        let mut unmatched = Vec::new();
        for parcel in &run.parcels {
            let bad = |why| Fault::BadBatch { log: *log, number, why };
            let (_, hash) = verify_batch(&network, log, number, &prev, parcel.bytes).map_err(bad)?;
            let before = number.checked_sub(1).filter(|before| number == next && *before < next);
            if before.and_then(|before| self.own_hash(cx, log, before)).is_some_and(|ours| ours != prev) {
                // It does not follow what is here.
                self.on_fork(cx, log, number - 1);
            }
            let ours = if number < next { self.own_hash(cx, log, number) } else { None };
            if ours.is_some_and(|ours| ours != hash) {
                let spent_s = parcel.spent_s;
                let bytes = parcel.bytes.to_vec();
                let held = Held { log: *log, number, prev, arrived: cx.age, spent_s, bytes };
                self.on_fork(cx, log, number);
                self.note_branch(cx, held, &hash);
            }
            is_unclear |= number >= next && cx.node.waiting(log, number).is_some();
            if ours.is_none() {
                let bytes = parcel.bytes.to_vec();
                let held = Held { log: *log, number, prev, arrived: cx.age, spent_s: parcel.spent_s, bytes };
                unmatched.push((held, hash));
            }
            is_rolled_back |= number >= next && cx.node.writes(log);
            prev = hash;
            number += 1;
        }
        // From the top, since each belongs to a branch because the one after it does.
        for (held, hash) in unmatched.into_iter().rev() {
            if held.number >= self.cap(log) || self.leads_to_fork(log, held.number, &hash) {
                self.note_branch(cx, held, &hash);
            }
        }
        if is_rolled_back && !self.forks.contains_key(log) {
            cx.actions.push(Action::Alarm(Alarm::RolledBack { log: *log, next: number }));
            self.ask_for_epoch(cx);
        }
        let Some(state) = self.logs.get_mut(log) else { return Ok(()) };
        if state.flight.is_some_and(|flight| number < flight.to) {
            if let Some(flight) = &mut state.flight {
                flight.at = number;
                (flight.progress_ms, flight.told_ms) = (cx.now_ms, None);
            }
            return Ok(());
        }
        let suspected = state.suspect.take() == Some(link);
        self.land(log);
        if let Some(bottom) = self.forks.get(log).map(Forked::bottom) {
            self.tell_of_fork(cx, log);
            if let Some(link) = self.links.get_mut(&link) {
                link.suspected = 0;
            }
            if bottom == run.from {
                self.look_deeper(cx, link);
            }
        } else if is_unclear {
            // It is asked for again once that is written, and compared then.
            return Ok(());
        } else if suspected {
            // Up to here it is the same log, so what followed was no batch of it.
            return Err(Fault::BadBatch { log: *log, number, why: BatchFault::BadSignature });
        }
        self.pending.insert((log.lane, *log));
        Ok(())
    }
}
