//! Gossip between gateways: a pure state machine over heads, wants, batches and haves.
//!
//! Events in, actions out; no IO, no clock, no randomness, and the same events give the same bytes. What it never does:
//! announce or send what is not synced to disk, trust a peer's word for a batch (the batch's own gateway signed it),
//! send a batch back to where it came from. Its memory is bounded by the constants below and in [`frame`].
//!
//! Sources: heads exchange after SSB's EBT and the design page; live push is Plumtree (Leitao, Pereira, Rodrigues,
//! "Epidemic Broadcast Trees", SRDS 2007) per origin, with hop counts as the first guess of the tree.

mod arrive;
mod carry;
mod contract;
mod evidence;
pub mod fault;
mod fork;
pub mod frame;
mod heads;
pub mod hello;
mod link;
mod memory;
mod peer;
mod serve;
mod state;
mod trust;
mod want;
mod wire;

pub use arrive::{HAVE_MS, HOLD_MS};
pub use carry::{carried_heads, CarryPiece, CarryRange, CARRIED_HEADS_MAX};
pub use contract::{Action, Event, Extent, LaneQuota, LinkId, PeerStatus, Source, SyncSetup};
pub use evidence::SUSPECTED_MAX;
pub use fault::{Alarm, Fault};
pub use fork::{FORKS_MAX, FORKS_PER_PEER_MAX, FORK_BATCHES_MAX, FORK_SEARCH_MAX};
pub use frame::{Frame, HeadLine, LogRef, Run, FRAME_BYTES_MAX};
pub use heads::{GRAFT_MS, LAZY_MS, URGENT_GRAFT_MS};
pub use hello::{Cursor, Hello, Interests, StoreEpoch};
pub use link::{
    FRAMES_IN_FLIGHT_MAX, FRAMES_UNSENT_MAX, FRAMES_WAITING_MAX, FRAME_BYTES_START, FRAME_FAST_MS, FRAME_SLOW_MS,
    LINKS_MAX, LINK_FASTER, LINK_STALLED_MS, URGENT_FRAMES_EXTRA,
};
pub use memory::{Introduction, Memory, NOTES_PREFIX};
pub use serve::RANGES_PER_PEER_MAX;
pub use trust::{HOPS_UNKNOWN, INTRODUCED_PER_PEER_MAX, LOGS_PER_GATEWAY_MAX, STRANGERS_MAX};
pub use want::{
    FLIGHTS_PER_PEER_MAX, RANGE_BATCHES_MAX, RANGE_BATCHES_START, RANGE_FAST_MS, RANGE_SLOW_MS, WANT_GIVE_UP_MS,
    WANT_STUCK_MS, WANT_TIMEOUT_MS,
};

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::identity::GatewayId;
use crate::log::{Age, Epoch, Lane, LogKey};
use crate::node::{Node, Space};
use fork::Forked;
use hello::HeadsDigest;
use link::Link;
use peer::Peer;
use state::{Aim, Context, Flight, LogState};
use trust::Usage;

/// The state machine.
pub struct Sync {
    setup: SyncSetup,
    logs: BTreeMap<LogKey, LogState>,
    links: BTreeMap<LinkId, Link>,
    peers: BTreeMap<GatewayId, Peer>,
    /// How far each peer was followed, and with which interests.
    cursors: BTreeMap<GatewayId, (Cursor, Interests)>,
    /// The starts of this store, the present one last, with its age at each.
    lives: Vec<(StoreEpoch, Age)>,
    lives_noted: bool,
    /// Gateways that peers introduced.
    ways: BTreeMap<GatewayId, Introduction>,
    /// How many of them each peer did.
    introduced: BTreeMap<GatewayId, usize>,
    strangers: BTreeSet<GatewayId>,
    forks: BTreeMap<LogKey, Forked>,
    usage: BTreeMap<(GatewayId, Lane), Usage>,
    /// Whose quotas a keeper has heard of: once a start, not at every batch.
    quotas_told: BTreeSet<(GatewayId, Lane)>,
    space: Space,
    /// Links whose other side reads nothing.
    choked: BTreeSet<LinkId>,
    /// Over the lanes asked for last. Kept until a head moves.
    digests: Option<(Interests, HeadsDigest)>,
    /// Logs that somebody may have more of.
    pending: BTreeSet<(Lane, LogKey)>,
    /// Announced; asked for at this time if they have not come by themselves.
    grafts: BTreeMap<LogKey, u64>,
    /// Logs of which a range is asked for.
    flights: BTreeSet<LogKey>,
    /// Where a damaged store goes on after a hole.
    holes: BTreeMap<LogKey, u64>,
    /// Handed to the node and not synced.
    adopting: u64,
    /// The last age at which nothing was.
    quiet: Age,
    /// The latest age at which something came that is synced: the store never goes back behind it, whatever its clock
    /// loses in a power cut.
    durable: Age,
    /// When the last tick was.
    ticked_ms: u64,
    /// The epoch the node wrote in when it was last looked at.
    epoch: Epoch,
    /// The epoch that was asked to be left.
    epoch_asked: Option<Epoch>,
}

impl Sync {
    /// From what was noted and a loaded node.
    pub fn new(setup: SyncSetup, memory: &Memory, node: &Node) -> Self {
        let mut sync = Self {
            setup,
            logs: BTreeMap::new(),
            links: BTreeMap::new(),
            peers: BTreeMap::new(),
            cursors: memory.cursors.clone(),
            lives: memory.lives.clone(),
            lives_noted: false,
            ways: memory.ways.clone(),
            introduced: BTreeMap::new(),
            strangers: BTreeSet::new(),
            forks: BTreeMap::new(),
            usage: BTreeMap::new(),
            quotas_told: BTreeSet::new(),
            space: Space::Enough,
            choked: BTreeSet::new(),
            digests: None,
            pending: BTreeSet::new(),
            grafts: BTreeMap::new(),
            flights: BTreeSet::new(),
            holes: BTreeMap::new(),
            adopting: 0,
            quiet: Age(0),
            durable: node.heads().map(|head| head.arrived).max().unwrap_or_default(),
            ticked_ms: 0,
            epoch: node.epoch(),
            epoch_asked: None,
        };
        let life = sync.setup.life;
        sync.lives.retain(|(earlier, _)| *earlier != life);
        sync.lives.push((life, node.loaded_age()));
        let too_many = sync.lives.len().saturating_sub(memory::LIVES_MAX);
        sync.lives.drain(..too_many);
        for way in sync.ways.values() {
            *sync.introduced.entry(way.by).or_default() += 1;
        }
        for head in node.heads().filter(|head| head.next > 0) {
            let LogKey { gateway, lane, .. } = head.log;
            let usage = sync.usage.entry((gateway, lane)).or_default();
            usage.bytes += head.bytes;
            usage.batches += head.batches;
            let state = LogState { next: head.next, adopt: head.next, arrived: head.arrived, ..LogState::default() };
            sync.logs.insert(head.log, state);
            if gateway != node.id() {
                // Its batches were taken once, so it was introduced once.
                let hops = sync.setup.hops_max.saturating_sub(1);
                sync.ways.entry(gateway).or_insert(Introduction { by: node.id(), hops });
            }
        }
        for (log, lowest) in &memory.forks {
            sync.logs.entry(*log).or_default();
            sync.forks.insert(*log, Forked { lowest: *lowest, noted: BTreeMap::new() });
        }
        for ((log, number, hash), about) in &memory.branches {
            if let Some(fork) = sync.forks.get_mut(log) {
                fork.noted.insert((*number, *hash), *about);
            }
        }
        sync
    }

    /// The Hello for a handshake with `peer`, made now.
    pub fn hello(&mut self, peer: &GatewayId, age: Age, node: &Node, source: &dyn Source) -> Hello {
        self.rest(age);
        let cx = Context { now_ms: 0, age, node, source, fresh: &[], actions: Vec::new() };
        self.make_hello(&cx, peer)
    }

    /// Handles one event at the caller's uptime `now_ms` and the store's `age`. A peer's mistakes end its link; they
    /// never reach the caller otherwise.
    pub fn handle(&mut self, now_ms: u64, age: Age, event: Event<'_>, node: &Node, source: &dyn Source) -> Vec<Action> {
        self.rest(age);
        let fresh = if let Event::Committed { held } = &event { *held } else { &[] };
        let mut cx = Context { now_ms, age, node, source, fresh, actions: Vec::new() };
        if node.epoch() != self.epoch {
            self.epoch = node.epoch();
            self.on_epoch(&cx);
        }
        if !core::mem::replace(&mut self.lives_noted, true) {
            let (key, value) = memory::lives_note(&self.lives);
            cx.actions.push(Action::Remember { key, value });
        }
        match event {
            Event::Up { link, peer, frame_max, hello } => self.on_up(&mut cx, link, peer, frame_max, &hello),
            Event::Carried { link, peer, store, age } => self.on_carried(&mut cx, link, peer, store, age),
            Event::Frame { link, bytes } => {
                if let Err(why) = self.on_frame(&mut cx, link, bytes) {
                    self.close(&mut cx, link, why);
                }
            }
            Event::Sent { link } => {
                if let Some(link) = self.links.get_mut(&link) {
                    link.on_sent(now_ms);
                }
            }
            Event::Down { link } => self.drop_link(&mut cx, link),
            Event::Committed { .. } => self.on_committed(&mut cx),
            Event::Refused { log, number, fault } => self.on_refused(&mut cx, &log, number, fault),
            Event::Lost => self.on_lost(&mut cx),
            Event::Space(space) => self.on_space(&mut cx, space),
            Event::Peers(peers) => self.on_peers(&mut cx, peers),
            Event::Wants(wants) => self.setup.wants = wants,
            Event::Tick => {
                self.ticked_ms = now_ms;
                self.time_out(&mut cx);
                self.release_holds(&cx);
                self.send_haves(&mut cx);
            }
        }
        self.schedule(&mut cx);
        self.pump_all(&mut cx);
        for link in core::mem::take(&mut self.choked) {
            let limit = FRAMES_UNSENT_MAX as u64;
            self.close(&mut cx, link, Fault::TooMany { what: "frames not read", found: limit + 1, limit });
        }
        cx.actions
    }

    /// When the next [`Event::Tick`] is due, in the caller's milliseconds; none while there is nothing to wait for.
    pub fn wake_ms(&self) -> Option<u64> {
        let peers = self.peers.values().flat_map(|peer| {
            let hold = peer.holds.values().map(|(_, ms)| *ms).min();
            [peer.haves_ms, peer.announce_ms, peer.mark_ms(), hold].into_iter().flatten()
        });
        let flights = self.flights.iter().filter_map(|log| self.logs.get(log)?.flight);
        let flights = flights.map(|flight| {
            let heard = self.peers.get(&flight.peer).map_or(0, |peer| peer.batches_ms);
            let silent_since = flight.progress_ms.max(heard);
            // Past the first time there was nobody else to ask, or a tick would have.
            let patience_ms =
                if self.ticked_ms < silent_since + WANT_TIMEOUT_MS { WANT_TIMEOUT_MS } else { WANT_GIVE_UP_MS };
            let stuck_ms = flight.progress_ms + WANT_STUCK_MS;
            let stuck_ms = if self.ticked_ms < stuck_ms { stuck_ms } else { u64::MAX };
            let lost_ms = flight.told_ms.map_or(u64::MAX, |ms| ms + WANT_TIMEOUT_MS);
            (silent_since + patience_ms).min(stuck_ms).min(lost_ms)
        });
        peers.chain(flights).chain(self.grafts.values().copied()).min()
    }

    /// How things stand with one peer.
    pub fn peer_status(&self, id: &GatewayId) -> PeerStatus {
        let Some(peer) = self.peers.get(id) else { return PeerStatus::default() };
        let known = |log: &LogKey| peer.known.get(log).copied().unwrap_or_default();
        let missing = |log: &LogKey| {
            let next = self.logs.get(log).map_or(0, |state| state.next);
            known(log).beyond(next, self.cap(log))
        };
        PeerStatus {
            links: peer.links.len(),
            out_batches: peer.out.values().map(|out| out.to - out.from).sum(),
            unacknowledged: peer.unacked.iter().map(|log| known(log).sent.saturating_sub(known(log).next)).sum(),
            oldest_ms: peer.unacked_ms,
            missing: peer.lacking.iter().map(missing).sum(),
            complete: self.is_complete(peer) && !(peer.held_back && self.space != Space::Enough),
        }
    }

    /// Whether a log is forked and stands still.
    pub fn is_forked(&self, log: &LogKey) -> bool {
        self.forks.contains_key(log)
    }

    /// Notes the age if all that came is synced.
    fn rest(&mut self, age: Age) {
        if self.adopting == 0 {
            self.quiet = self.quiet.max(age);
        }
    }

    /// The lanes wanted of a peer whose next link comes up.
    fn wanted_of(&self, id: &GatewayId) -> Interests {
        self.setup.wants.get(id).copied().unwrap_or(self.setup.interests)
    }

    /// The lanes wanted of a linked peer, as it was told.
    fn interests(&self, id: &GatewayId) -> Interests {
        self.peers.get(id).map_or(Interests::of(&[]), |peer| peer.wanted)
    }

    /// Whether what comes over this link in this lane is taken: what somebody brings by hand, whatever its writer's own
    /// links are for.
    fn takes(&self, link: LinkId, lane: Lane) -> bool {
        self.links.get(&link).is_some_and(|link| match link.is_silent() {
            true => self.setup.interests.has(lane),
            false => self.interests(&link.peer).has(lane),
        })
    }

    fn link(&mut self, link: LinkId) -> Result<&mut Link, Fault> {
        self.links.get_mut(&link).ok_or(Fault::NoLink)
    }

    fn on_up(&mut self, cx: &mut Context<'_>, link: LinkId, id: GatewayId, frame_max: usize, hello: &Hello) {
        if id == cx.node.id() {
            cx.actions.push(Action::Alarm(Alarm::Cloned { log: None }));
            return self.refuse(cx, link, Fault::OwnKey);
        }
        if !self.setup.peers.contains(&id) {
            return self.refuse(cx, link, Fault::NotAPeer(id));
        }
        if self.links.len() >= LINKS_MAX || self.links.contains_key(&link) {
            return self.refuse(cx, link, Fault::TooManyLinks { limit: LINKS_MAX });
        }
        if self.peers.get(&id).is_some_and(|peer| peer.store != hello.store) {
            // It was started anew, perhaps wiped or from an older state: what its old links told of it is void.
            for old in self.peers.get(&id).map_or(Vec::new(), |peer| peer.links.clone()) {
                self.close(cx, old, Fault::Replaced);
            }
        }
        let frame_max = frame_max.min(hello.frame_bytes_max as usize);
        self.links.insert(link, Link::new(id, frame_max, cx.now_ms));
        let wanted = self.wanted_of(&id);
        let peer = self.peers.entry(id).or_insert_with(|| Peer::new(hello, wanted, cx.now_ms));
        peer.links.push(link);
        (peer.interests, peer.wanted) = (hello.interests, wanted);
        self.compare(cx, link, &id, hello);
        self.look_deeper(cx, link);
    }

    fn on_frame(&mut self, cx: &mut Context<'_>, link: LinkId, bytes: &[u8]) -> Result<(), Fault> {
        if !self.links.contains_key(&link) {
            // What was under way when the link was cut.
            return Ok(());
        }
        match Frame::decode(bytes)? {
            Frame::Heads { age, all, lazy, lines } => self.on_heads(cx, link, age, (all, lazy), &lines),
            Frame::Want(wants) => self.on_want(cx, link, &wants),
            Frame::Batches(runs) => self.on_batches(cx, link, &runs),
            Frame::Have(haves) => self.on_have(link, &haves),
            Frame::Prune(logs) => self.on_settled(link, &logs, false),
            Frame::Graft(logs) => self.on_settled(link, &logs, true),
            Frame::Fork { log, branches } => self.on_proof(cx, link, &log, &branches),
            Frame::Bye(code) => Err(Fault::Bye(code)),
        }
    }

    /// Ends a link that was never begun.
    fn refuse(&mut self, cx: &mut Context<'_>, link: LinkId, why: Fault) {
        let frame = Frame::Bye(why.number()).encode();
        cx.actions.push(Action::Send { link, frame, urgent: true });
        cx.actions.push(Action::Close { link, why });
    }

    fn close(&mut self, cx: &mut Context<'_>, link: LinkId, why: Fault) {
        self.refuse(cx, link, why);
        self.drop_link(cx, link);
    }

    /// The link is gone: what was asked over it is asked elsewhere, what was sent over it may be lost.
    fn drop_link(&mut self, cx: &mut Context<'_>, link: LinkId) {
        let Some(gone) = self.links.remove(&link) else { return };
        let id = gone.peer;
        let looked = self.land_if(|flight| flight.link == link);
        let Some(peer) = self.peers.get_mut(&id) else { return };
        peer.links.retain(|each| *each != link);
        peer.main = peer.main.filter(|main| *main != link);
        if peer.links.is_empty() {
            self.peers.remove(&id);
            return self.look_again(cx, looked);
        }
        for log in core::mem::take(&mut peer.unacked) {
            if let Some(known) = peer.known.get_mut(&log) {
                known.sent = known.next;
            }
        }
        peer.unacked_ms = None;
        if let Some(link) = self.best_link(cx.now_ms, &id) {
            self.tell_again(cx, link, &id);
        }
        self.look_again(cx, looked);
        self.settle(cx, &id);
    }

    /// What the node had taken and not synced is gone; what it holds now was loaded from the journal.
    fn on_lost(&mut self, cx: &mut Context<'_>) {
        self.adopting = 0;
        let looked = self.land_if(|_| true);
        for head in cx.node.heads().filter(|head| head.next > 0) {
            let state = self.logs.entry(head.log).or_default();
            state.next = state.next.max(head.next);
            state.arrived = state.arrived.max(head.arrived);
        }
        for (log, state) in self.logs.iter_mut() {
            state.adopt = state.next;
            self.pending.insert((log.lane, *log));
        }
        self.digests = None;
        self.look_again(cx, looked);
        self.settle_all(cx);
    }

    fn on_space(&mut self, cx: &mut Context<'_>, space: Space) {
        let more = space < self.space;
        self.space = space;
        if !more {
            return;
        }
        // What was passed over is asked for now.
        let looked = self.land_if(|_| true);
        for peer in self.peers.values_mut() {
            peer.held_back = false;
            for (log, known) in peer.known.iter().filter(|(log, _)| peer.wanted.has(log.lane)) {
                let next = self.logs.get(log).map_or(0, |state| state.next);
                let cap = self.forks.get(log).map_or(u64::MAX, |fork| fork.lowest);
                if known.beyond(next, cap) > 0 {
                    peer.lacking.insert(*log);
                    self.pending.insert((log.lane, *log));
                }
            }
        }
        self.look_again(cx, looked);
        self.settle_all(cx);
    }

    /// Gives up ranges that are asked for. What is to be had comes in line again; what was to be compared is handed back.
    fn land_if(&mut self, is_lost: impl Fn(&Flight) -> bool) -> Vec<(LogKey, Flight)> {
        let flights = self.flights.iter().filter_map(|log| Some((*log, self.logs.get(log)?.flight?)));
        let lost: Vec<(LogKey, Flight)> = flights.filter(|(_, flight)| is_lost(flight)).collect();
        for (log, _) in &lost {
            self.land(log);
            self.pending.insert((log.lane, *log));
        }
        lost.into_iter().filter(|(_, flight)| flight.aim == Aim::Evidence).collect()
    }

    fn look_again(&mut self, cx: &mut Context<'_>, lost: Vec<(LogKey, Flight)>) {
        for (log, flight) in lost {
            self.look_elsewhere(cx, &log, flight, true);
        }
    }

    fn on_peers(&mut self, cx: &mut Context<'_>, peers: BTreeSet<GatewayId>) {
        let before = core::mem::replace(&mut self.setup.peers, peers);
        for gone in before.iter().filter(|id| !self.setup.peers.contains(*id)) {
            // What it wrote stays, and whoever comes anew is to get it from here.
            if self.logs.keys().any(|log| log.gateway == *gone) && !self.ways.contains_key(gone) {
                let way = Introduction { by: cx.node.id(), hops: 1 };
                self.ways.insert(*gone, way);
                let (key, value) = memory::way_note(gone, &way);
                cx.actions.push(Action::Remember { key, value });
            }
        }
        let strangers =
            self.links.iter().filter(|(_, link)| !link.is_silent() && !self.setup.peers.contains(&link.peer));
        let gone: Vec<(LinkId, GatewayId)> = strangers.map(|(id, link)| (*id, link.peer)).collect();
        for (link, peer) in gone {
            self.close(cx, link, Fault::NotAPeer(peer));
        }
    }

    fn settle_all(&mut self, cx: &mut Context<'_>) {
        let ids: Vec<GatewayId> = self.peers.keys().copied().collect();
        for id in ids {
            self.settle(cx, &id);
        }
    }
}
