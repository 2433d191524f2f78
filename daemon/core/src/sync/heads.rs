//! Heads: what a session begins with, what a peer announces, what is announced to it.

use alloc::vec::Vec;

use super::arrive::HAVE_MS;
use super::contract::{Action, LinkId};
use super::fault::Fault;
use super::frame::{Frame, HeadLine, LINK_LOGS_MAX};
use super::hello::{Cursor, HeadsDigest, Hello, Interests};
use super::link::Tell;
use super::memory::cursor_note;
use super::peer::Peer;
use super::state::{Context, LogState};
use super::Sync;
use crate::batch::{batch_hash, read_batch};
use crate::identity::{hash, purpose, BatchHash, GatewayId};
use crate::log::{Age, Lane, LogKey};

/// News that reach a peer by another way are gathered so long before they are announced.
pub const LAZY_MS: u64 = 200;
/// Announced and still not here after this: ask for it. Longer than any push that overtakes its announcement.
pub const GRAFT_MS: u64 = 400;
/// The same, of what is urgent: as long as a post takes on a slow link. An alarm that its own way holds up takes another.
pub const URGENT_GRAFT_MS: u64 = 100;
/// A range asked for longer ago is asked for again if its source tells everything anew.
pub(super) const ASK_AGAIN_MS: u64 = 2_000;
/// A cursor moves by so many seconds before it is written anew, unless something came.
const CURSOR_STEP_S: u64 = 60;
/// How often a peer is told that it has been told everything, while there are news.
pub(super) const MARK_MS: u64 = 600_000;
/// Gaps asked for at the beginning of a session. Where nobody has them any more it is so much waste.
const GAPS_ASKED_MAX: usize = 16;
/// Logs of one gateway that a peer may name: those that have a place here, and as many that have been given up since.
const NAMES_PER_GATEWAY_MAX: usize = 2 * super::trust::LOGS_PER_GATEWAY_MAX;
/// What a line of Heads takes at most: a name, a hash and numbers.
const LINE_BYTES_MAX: usize = 80;

impl Sync {
    /// The Hello for a handshake with `peer`, made now.
    pub(super) fn make_hello(&mut self, cx: &Context<'_>, peer: &GatewayId) -> Hello {
        let interests = self.wanted_of(peer);
        let digest = self.digest(cx, interests);
        let cursor = self.cursors.get(peer).filter(|(_, of)| *of == interests);
        Hello {
            store: self.setup.life,
            age: self.mark_age(),
            interests,
            digest,
            dictionary: self.setup.dictionary,
            frame_bytes_max: self.setup.frame_bytes_max as u32,
            cursor: cursor.map(|(cursor, _)| *cursor),
        }
    }

    /// The age up to which what is announced is all there is: what came before it is synced. One second less, since
    /// ages are whole seconds. Never later than the last arrival that is synced: a later age may be lost in a power cut
    /// and be lived again, and what came then would count as told.
    pub(super) fn mark_age(&self) -> Age {
        Age(self.quiet.min(self.durable).0.saturating_sub(1))
    }

    /// Whether it was this store that told a peer what its cursor says. In an earlier life that is so up to the age at
    /// which the next one began: what was told later was told by a copy of the card, or by a state that was rolled back.
    pub fn has_told(&self, cursor: &Cursor) -> bool {
        let Some(place) = self.lives.iter().position(|(life, _)| *life == cursor.epoch) else { return false };
        let until = self.lives.get(place + 1).map_or(self.mark_age(), |(_, began)| *began);
        cursor.age <= until
    }

    // Others are told of each log of which something is here, if only the proof that it is forked from its first batch on.

    /// A digest over where the logs of these lanes stand.
    fn digest(&mut self, cx: &Context<'_>, lanes: Interests) -> HeadsDigest {
        if let Some((_, digest)) = self.digests.filter(|(of, _)| *of == lanes) {
            return digest;
        }
        let mut text = Vec::new();
        let told = |log: &LogKey, next: u64| lanes.has(log.lane) && (next > 0 || self.forks.contains_key(log));
        for (log, state) in self.logs.iter().filter(|(log, state)| told(log, state.next)) {
            text.extend(log.gateway.0);
            text.push(log.lane as u8);
            text.extend(log.epoch.0.to_be_bytes());
            match self.forks.get(log) {
                Some(fork) => text.extend(state.next.min(fork.lowest).to_be_bytes()),
                None => text.extend(state.next.to_be_bytes()),
            }
            text.extend(self.head_hash(cx, log, state.next));
        }
        let digest = short(&BatchHash(hash(purpose::HEADS, &[&text])));
        self.digests = Some((lanes, digest));
        digest
    }

    /// The first bytes of the hash that stands for a log at `next`.
    fn head_hash(&self, cx: &Context<'_>, log: &LogKey, next: u64) -> [u8; 8] {
        match self.forks.get(log) {
            Some(fork) => fork.digest(),
            None => self.own_hash(cx, log, next.saturating_sub(1)).map_or([0; 8], |hash| short(&hash)),
        }
    }

    /// The hash of a batch that is synced here.
    pub(super) fn own_hash(&self, cx: &Context<'_>, log: &LogKey, number: u64) -> Option<BatchHash> {
        if let Some(head) = cx.node.head(log).filter(|head| head.next == number + 1) {
            return Some(head.hash);
        }
        if let Some(prev) = cx.with_batch(log, number + 1, |held| held.prev) {
            return Some(prev);
        }
        let network = cx.node.network();
        cx.with_batch(log, number, |held| {
            let batch = read_batch(&held.bytes).ok()?;
            Some(batch_hash(&network, log, number, &held.prev, batch.received, &batch.items))
        })?
    }

    /// A session begins, or another link to the same peer.
    pub(super) fn compare(&mut self, cx: &mut Context<'_>, link: LinkId, id: &GatewayId, hello: &Hello) {
        let same = self.digest(cx, hello.interests) == hello.digest;
        let followed = hello.cursor.filter(|cursor| self.has_told(cursor));
        let Some(peer) = self.peers.get_mut(id) else { return };
        for (log, state) in self.logs.iter().filter(|(log, state)| state.next > 0 || self.forks.contains_key(*log)) {
            // What is learnt of a fork is no batch of the log: no cursor tells whether the peer has heard of it.
            let followed = followed.filter(|_| !self.forks.contains_key(log));
            let has_it = same || followed.is_some_and(|cursor| state.arrived < cursor.age);
            if hello.interests.has(log.lane) && has_it {
                peer.has(log, state.next);
            }
        }
        let Some(link) = self.links.get_mut(&link) else { return };
        // Of a lane that it does not want it may still have something, and its digest does not say so.
        let wanted = peer.wanted;
        let covers = Lane::ALL.iter().all(|lane| hello.interests.has(*lane) || !wanted.has(*lane));
        if same && covers {
            // Everything it has is here: as good as a list of heads.
            link.told = true;
            peer.told_age = Some(hello.age);
        } else {
            link.tell = Tell::After(None);
        }
        self.settle(cx, id);
        self.ask_for_gaps(cx, id, hello);
    }

    /// What a peer was told or sent and has not acknowledged may be lost: it is told again, over this link.
    pub(super) fn tell_again(&mut self, cx: &Context<'_>, link: LinkId, id: &GatewayId) {
        let (Some(link), Some(peer)) = (self.links.get_mut(&link), self.peers.get_mut(id)) else { return };
        link.tell = Tell::After(None);
        // So may be our own acknowledgements.
        peer.haves.extend(peer.known.iter().filter(|(_, known)| known.next > 0).map(|(log, _)| *log));
        if !peer.haves.is_empty() {
            peer.haves_ms = peer.haves_ms.or(Some(cx.now_ms + HAVE_MS));
        }
    }

    /// What was never had of a log is asked of each peer once a session: its heads would not say that it has it.
    fn ask_for_gaps(&mut self, cx: &mut Context<'_>, id: &GatewayId, hello: &Hello) {
        let mut wants = Vec::new();
        let wanted = self.interests(id);
        let told = self.logs.keys().filter(|log| hello.interests.has(log.lane) && wanted.has(log.lane));
        let gappy: Vec<LogKey> = told.filter(|log| !cx.node.gaps(log).is_empty()).copied().collect();
        for log in gappy.iter() {
            if !self.has_room(cx, log) {
                // It would come and be passed over, again and again.
                continue;
            }
            let gaps = cx.node.gaps(log).iter().map(|(from, to)| (*log, true, *from, to - from));
            wants.extend(gaps.take(GAPS_ASKED_MAX - wants.len()));
            if wants.len() >= GAPS_ASKED_MAX {
                break;
            }
        }
        if !wants.is_empty() {
            self.send_wants(cx, id, &wants);
        }
    }

    /// A peer says where its logs stand.
    pub(super) fn on_heads(
        &mut self,
        cx: &mut Context<'_>,
        link: LinkId,
        age: u64,
        (all, lazy): (bool, bool),
        lines: &[HeadLine],
    ) -> Result<(), Fault> {
        let id = self.link(link)?.peer;
        for line in lines {
            let log = self.link(link)?.resolve(&line.log)?;
            if self.takes(link, log.lane) {
                self.on_head(cx, link, &id, &log, line, lazy);
            }
        }
        // What is carried by hand may be of an older store than the one that is linked.
        let stale = self.link(link)?.is_silent() && self.peers.get(&id).is_some_and(|peer| self.hears(peer));
        if all && !stale {
            let link = self.link(link)?;
            link.told = true;
            if link.tell == Tell::Nothing && !lazy && !link.is_silent() {
                // It waits to hear the same from us.
                link.tell = Tell::After(None);
            }
            if let Some(peer) = self.peers.get_mut(&id) {
                peer.told_age = Some(Age(age));
            }
            self.settle(cx, &id);
        }
        Ok(())
    }

    fn on_head(
        &mut self,
        cx: &mut Context<'_>,
        link: LinkId,
        id: &GatewayId,
        log: &LogKey,
        line: &HeadLine,
        lazy: bool,
    ) {
        let hops = self.note_way(id, &log.gateway, line.hops);
        if !self.admits(cx, id, &log.gateway, hops) {
            return;
        }
        if !self.has_place(log) {
            return;
        }
        let Some(peer) = self.peers.get_mut(id) else { return };
        if !peer.known.contains_key(log)
            && (peer.known.len() >= LINK_LOGS_MAX || peer.names_of(&log.gateway) >= NAMES_PER_GATEWAY_MAX)
        {
            return;
        }
        let known = self.logs.get(log).map_or((0, 0), |state| (state.next, state.adopt));
        peer.has(log, line.next);
        let theirs = peer.known.entry(*log).or_default();
        theirs.first = line.first;
        theirs.head = (line.next > known.0 && !line.frozen).then_some((line.next, line.hash));
        if !lazy {
            self.told_while_looking(cx.now_ms, id, log);
        }
        if self.on_fork_line(cx, link, log, line) {
            return;
        }
        let next = line.next.min(self.cap(log));
        let flight = self.logs.get(log).and_then(|state| state.flight).filter(|flight| flight.peer == *id);
        let stands = |flight: super::state::Flight| flight.progress_ms + ASK_AGAIN_MS > cx.now_ms;
        if flight.is_some_and(|flight| flight.at < line.first || (!lazy && !stands(flight))) {
            // What it was asked for is gone there, or was lost with another link, for which it tells everything anew.
            self.land(log);
            self.pending.insert((log.lane, *log));
        } else if !lazy {
            // Too soon to ask once more: the answer may be on its way.
            if let Some(flight) = self.logs.get_mut(log).and_then(|state| state.flight.as_mut()) {
                flight.told_ms = flight.told_ms.or(Some(cx.now_ms).filter(|_| flight.peer == *id));
            }
        }
        if next > known.0 && line.first < next {
            self.lacks(id, log);
            if next > known.1 {
                if lazy {
                    let patience_ms = if log.lane == Lane::Urgent { URGENT_GRAFT_MS } else { GRAFT_MS };
                    self.grafts.entry(*log).or_insert(cx.now_ms + patience_ms);
                } else {
                    self.pending.insert((log.lane, *log));
                }
            }
        } else if cx.node.gaps(log).iter().any(|(_, to)| line.first < *to) {
            self.pending.insert((log.lane, *log));
        }
    }

    /// A peer has more of a log than is synced here.
    pub(super) fn lacks(&mut self, id: &GatewayId, log: &LogKey) {
        if let Some(peer) = self.peers.get_mut(id) {
            peer.lacking.insert(*log);
        }
    }

    /// Whether a peer has told of everything over each of its links, and all of it is here.
    pub(super) fn is_complete(&self, peer: &Peer) -> bool {
        let hears = self.hears(peer);
        let mut links = peer.links.iter().filter_map(|link| self.links.get(link));
        peer.lacking.is_empty() && links.all(|link| link.told || (hears && link.is_silent()))
    }

    /// Says once that all a peer told of is here, and moves its cursor.
    pub(super) fn settle(&mut self, cx: &mut Context<'_>, id: &GatewayId) {
        let complete = self.peers.get(id).is_some_and(|peer| self.is_complete(peer));
        let interests = self.interests(id);
        let Some(peer) = self.peers.get_mut(id) else { return };
        if complete && !core::mem::replace(&mut peer.completed, true) {
            cx.actions.push(Action::Complete { peer: *id });
        }
        if !peer.lacking.is_empty() || peer.held_back {
            return;
        }
        let Some(age) = peer.told_age.take() else { return };
        let cursor = Cursor { epoch: peer.store, age };
        if let Some((known, of)) = self.cursors.get(id) {
            let near = age.0 >= known.age.0 && age.0 - known.age.0 < CURSOR_STEP_S;
            if known.epoch == cursor.epoch && *of == interests && near && !core::mem::take(&mut peer.moved) {
                return;
            }
        }
        self.cursors.insert(*id, (cursor, interests));
        let (key, value) = cursor_note(id, &cursor, interests);
        cx.actions.push(Action::Remember { key, value });
    }

    /// Tells of all logs that a peer may lack, over the one link where that is due, as far as the link takes it: in order
    /// after our Hello, so that "all" is true when it arrives, whatever crosses on other links.
    pub(super) fn tell_heads(&mut self, cx: &mut Context<'_>, id: &GatewayId, link: LinkId) {
        while let Some(state) = self.links.get(&link).filter(|link| link.has_credit(false)) {
            let Tell::After(last) = state.tell else { return };
            let most = lines_max(state.frame_bytes());
            let Some(peer) = self.peers.get_mut(id) else { return };
            let due = |(log, state): &(&LogKey, &LogState)| {
                let is_forked = self.forks.contains_key(*log);
                Some((log.lane, **log)) > last && peer.needs(log, state.next, is_forked)
            };
            let mut logs: Vec<(Lane, LogKey)> = self.logs.iter().filter(due).map(|(log, _)| (log.lane, *log)).collect();
            logs.sort_unstable();
            let all = logs.len() <= most;
            logs.truncate(most);
            let tell = if all { Tell::Done } else { Tell::After(logs.last().copied()) };
            logs.iter().for_each(|(_, log)| peer.announced(log));
            if all {
                peer.stale_mark = false;
                peer.marked_ms = cx.now_ms;
            }
            if let Some(link) = self.links.get_mut(&link) {
                link.tell = tell;
            }
            self.send_lines(cx, link, &logs, (all, false), false);
        }
    }

    /// Tells a peer the news that are due, as many as one frame takes; the urgent ones in a frame of their own.
    pub(super) fn send_news(&mut self, cx: &mut Context<'_>, id: &GatewayId, link: LinkId, urgent: bool) {
        let Some(state) = self.links.get(&link) else { return };
        let Some(peer) = self.peers.get_mut(id) else { return };
        let due = peer.announce.iter().copied().take_while(|(lane, _)| !urgent || *lane == Lane::Urgent);
        let logs: Vec<(Lane, LogKey)> = due.take(lines_max(state.frame_bytes())).collect();
        logs.iter().for_each(|(_, log)| peer.announced(log));
        let is_told = !matches!(state.tell, Tell::After(_));
        // What is on its way may be overtaken, and then this would not be all.
        let in_order = !urgent || state.unsent() == 0;
        let none_left = peer.announce.is_empty() && peer.out.values().all(|out| !out.live);
        let all = is_told && in_order && none_left && peer.holds.is_empty();
        if all {
            peer.marked_ms = cx.now_ms;
        }
        peer.stale_mark = !all;
        self.send_lines(cx, link, &logs, (all, true), urgent);
    }

    fn send_lines(
        &mut self,
        cx: &mut Context<'_>,
        link: LinkId,
        logs: &[(Lane, LogKey)],
        (all, lazy): (bool, bool),
        urgent: bool,
    ) {
        let me = cx.node.id();
        let mut lines = Vec::with_capacity(logs.len());
        for (_, log) in logs {
            let next = self.logs.get(log).map_or(0, |state| state.next);
            let first = cx.source.extent(log).map_or(next, |extent| extent.first.min(next));
            let first = self.holes.get(log).map_or(first, |hole| first.max(*hole).min(next));
            let hash = self.head_hash(cx, log, next);
            let (hops, frozen) = (self.hops_told(&me, &log.gateway), self.forks.contains_key(log));
            let Some(link) = self.links.get_mut(&link).filter(|link| link.has_names_left()) else { continue };
            lines.push(HeadLine { log: link.name(log, urgent), hops, frozen, first, next, hash });
        }
        let frame = Frame::Heads { age: self.mark_age().0, all, lazy, lines };
        self.send(cx, link, frame.encode(), urgent);
    }
}

/// Lines that a frame of so many bytes takes.
fn lines_max(frame_bytes: usize) -> usize {
    (frame_bytes / LINE_BYTES_MAX).max(1)
}

/// The first bytes of a hash.
pub(super) fn short(hash: &BatchHash) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = hash.0;
    [a, b, c, d, e, f, g, h]
}
