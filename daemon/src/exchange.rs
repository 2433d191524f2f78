//! Gossip as the writer runs it: events into the sync core, its actions carried out.
//!
//! Frames leave when the core says so, which speaks only of what is synced to disk; batches it takes from others go to
//! the node and wait for the same commit as posts. What it must remember is written with the next commit.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use commons_core::identity::GatewayId;
use commons_core::log::{Age, Epoch, Held, LogKey};
use commons_core::node::{Input, Node};
use commons_core::sync::{
    carried_heads, Action, Alarm, CarryPiece, CarryRange, Event, Extent, LinkId, Memory, PeerStatus, Source,
    StoreEpoch, Sync, SyncSetup, FRAME_BYTES_MAX, NOTES_PREFIX,
};
use tokio::sync::mpsc;
use tracing::{debug, error, info};

use crate::inbox::{Carrier, LinkMessage, Order, CARRIED_BYTES};
use crate::reach::Reach;
use crate::store::{Note, Store, StoreError};

/// Note key of the store's own number, by which peers tell a wiped gateway from its old self; with the epoch of the
/// identity under which it was drawn, both big-endian.
const STORE_NOTE: &[u8] = b"store-epoch";
/// Notes read in one step.
const NOTES_AT_ONCE: usize = 256;
/// What a keeper must hear of is shown in `status`, the last few.
const ALARMS_MAX: usize = 8;

/// The sync core and what it asked for.
pub struct Exchange {
    sync: Sync,
    reach: Reach,
    started: Instant,
    orders: BTreeMap<LinkId, mpsc::UnboundedSender<Order>>,
    /// To be written with the next commit.
    notes: BTreeMap<Vec<u8>, Vec<u8>>,
    /// For the node, in order.
    inputs: VecDeque<Input>,
    new_epoch: bool,
    /// For the node, once it writes in a new epoch.
    again: Vec<Held>,
    alarms: VecDeque<Alarm>,
    /// Numbers of links over which people bring things: from the top, where no real link comes.
    carried: u32,
    /// Why the one under way was refused.
    carried_fault: Option<String>,
}

/// The store as the core reads it.
struct Shelf<'a> {
    store: &'a Store,
    notes: &'a BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Source for Shelf<'_> {
    fn batch(&self, log: &LogKey, number: u64) -> Option<Held> {
        self.store.read(log, number).ok()
    }

    fn extent(&self, log: &LogKey) -> Option<Extent> {
        let extent = self.store.log(log)?;
        Some(Extent { first: extent.first, next: extent.next })
    }

    fn note(&self, key: &[u8]) -> Option<Vec<u8>> {
        match self.notes.get(key) {
            Some(value) => Some(value.clone()).filter(|value| !value.is_empty()),
            None => self.store.note(key).ok().flatten(),
        }
    }
}

/// What the core remembers, from the store's notes.
pub fn memory(store: &Store) -> Result<Memory, StoreError> {
    let notes = all_notes(store, NOTES_PREFIX)?;
    Ok(Memory::read(notes.iter().map(|note| (note.key.as_slice(), note.value.as_slice()))))
}

/// How far what is here has got, from the store's notes.
pub fn reach(store: &Store) -> Result<Reach, StoreError> {
    let notes = all_notes(store, Reach::NOTES_PREFIX)?;
    Ok(Reach::read(notes.iter().map(|note| (note.key.as_slice(), note.value.as_slice()))))
}

fn all_notes(store: &Store, prefix: &[u8]) -> Result<Vec<Note>, StoreError> {
    let mut notes: Vec<Note> = Vec::new();
    loop {
        let after = notes.last().map(|note| note.key.clone());
        let page = store.notes(prefix, after.as_deref(), NOTES_AT_ONCE)?;
        if page.is_empty() {
            return Ok(notes);
        }
        notes.extend(page);
    }
}

/// The store's own number: drawn with the store, and anew whenever the identity opened a new epoch, since then the store
/// may be an older copy. `fresh` is random, in case it is needed.
pub fn store_epoch(store: &mut Store, epoch: Epoch, fresh: u64) -> Result<StoreEpoch, StoreError> {
    if let Some(noted) = store.note(STORE_NOTE)? {
        let number = noted.first_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes));
        let under = noted.get(8..12).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
        if let (Some(number), true) = (number, under == Some(epoch.0)) {
            return Ok(StoreEpoch(number));
        }
    }
    let value = [&fresh.to_be_bytes()[..], &epoch.0.to_be_bytes()].concat();
    store.commit(&[], &[Note { key: STORE_NOTE.to_vec(), value }])?;
    Ok(StoreEpoch(fresh))
}

impl Exchange {
    /// Over a loaded node.
    pub fn new(setup: SyncSetup, memory: &Memory, reach: Reach, node: &Node) -> Self {
        Self {
            sync: Sync::new(setup, memory, node),
            reach,
            started: Instant::now(),
            orders: BTreeMap::new(),
            notes: BTreeMap::new(),
            inputs: VecDeque::new(),
            new_epoch: false,
            again: Vec::new(),
            alarms: VecDeque::new(),
            carried: u32::MAX,
            carried_fault: None,
        }
    }

    fn now_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }

    /// How long the core can wait for a tick.
    pub fn wake_in(&self) -> Option<Duration> {
        let wake_ms = self.sync.wake_ms()?;
        Some(Duration::from_millis(wake_ms.saturating_sub(self.now_ms())))
    }

    /// Whether a tick is due.
    pub fn is_due(&self) -> bool {
        self.wake_in().is_some_and(|wait| wait.is_zero())
    }

    /// Something happened on a link.
    pub fn on_message(&mut self, message: LinkMessage, age: Age, node: &Node, store: &Store) {
        match message {
            LinkMessage::Hello(peer, reply) => {
                let shelf = Shelf { store, notes: &self.notes };
                let _ = reply.send(self.sync.hello(&peer, age, node, &shelf).encode());
            }
            LinkMessage::Up { link, peer, hello, orders } => {
                let followed = hello.cursor.filter(|cursor| self.sync.has_told(cursor)).map(|cursor| cursor.age);
                self.notes.extend(self.reach.up(link, peer, (hello.store, hello.interests), followed));
                self.orders.insert(link, orders);
                self.handle(Event::Up { link, peer, frame_max: FRAME_BYTES_MAX, hello }, age, node, store);
            }
            LinkMessage::Frame { link, bytes, place } => {
                self.handle(Event::Frame { link, bytes: &bytes }, age, node, store);
                drop(place);
            }
            LinkMessage::Sent(link) => self.handle(Event::Sent { link }, age, node, store),
            LinkMessage::Down(link) => {
                self.orders.remove(&link);
                let shelf = Shelf { store, notes: &self.notes };
                let noted = self.reach.down(link, |peer| self.sync.known_of(peer), age, node, &shelf);
                self.notes.extend(noted);
                self.handle(Event::Down { link }, age, node, store);
            }
            LinkMessage::Peers(peers, wants) => {
                self.handle(Event::Peers(peers), age, node, store);
                self.handle(Event::Wants(wants), age, node, store);
            }
            LinkMessage::Status(peers, reply) => drop(reply.send(self.status(&peers))),
        }
    }

    fn status(&self, peers: &[GatewayId]) -> Vec<(GatewayId, PeerStatus, Option<u64>)> {
        let status = |peer: &GatewayId| {
            let status = self.sync.peer_status(peer);
            (*peer, status, status.oldest_ms.map(|since| self.now_ms().saturating_sub(since)))
        };
        peers.iter().map(status).collect()
    }

    /// Hands an event to the core and carries out what does not concern the node.
    pub fn handle(&mut self, event: Event<'_>, age: Age, node: &Node, store: &Store) {
        let now_ms = self.now_ms();
        let shelf = Shelf { store, notes: &self.notes };
        for action in self.sync.handle(now_ms, age, event, node, &shelf) {
            match action {
                Action::Send { link, frame, urgent } => self.order(link, Order::Send { frame, urgent }),
                Action::Adopt(held) => self.inputs.push_back(Input::Batch(held)),
                Action::Branch(held) => self.inputs.push_back(Input::Branch(held)),
                Action::Freeze(log, from) => self.inputs.push_back(Input::Freeze(log, from)),
                Action::Again(held) => self.again.push(held),
                Action::Remember { key, value } => drop(self.notes.insert(key, value)),
                Action::Close { link, why } => {
                    info!(link = link.0, code = why.code(), %why, "a link is closed");
                    if link.0 == self.carried {
                        self.carried_fault = Some(why.to_string());
                    }
                    self.order(link, Order::Close { why: why.to_string() });
                }
                Action::Alarm(alarm) => {
                    error!(code = alarm.code(), "{}", alarm.sentence());
                    if !self.alarms.contains(&alarm) {
                        self.alarms.push_back(alarm);
                    }
                    if self.alarms.len() > ALARMS_MAX {
                        self.alarms.pop_front();
                    }
                }
                Action::NewEpoch => self.new_epoch = true,
                Action::Complete { peer } => debug!(peer = peer.short(), "everything this peer announced is here"),
            }
        }
    }

    /// A frame that somebody brings by hand comes in; [`Exchange::carried`] ends it.
    pub fn carry_in(&mut self, from: &Carrier, frame: &[u8], age: Age, node: &Node, store: &Store) {
        self.carried -= 1;
        self.carried_fault = None;
        let link = LinkId(self.carried);
        self.handle(Event::Carried { link, peer: from.gateway, store: from.store, age: from.age }, age, node, store);
        self.handle(Event::Frame { link, bytes: frame }, age, node, store);
    }

    /// The frame was judged: why it was refused, if it was.
    pub fn carried(&mut self, age: Age, node: &Node, store: &Store) -> Option<String> {
        self.handle(Event::Down { link: LinkId(self.carried) }, age, node, store);
        self.carried_fault.take()
    }

    /// Where all logs stand, as frames of heads; and which of them have gaps.
    pub fn carry_heads(&self, age: Age, node: &Node, store: &Store) -> (StoreEpoch, Vec<Vec<u8>>, Vec<LogKey>) {
        let heads = self.sync.carry_heads(node, &Shelf { store, notes: &self.notes });
        let logs = heads.iter().filter_map(|line| line.log.name);
        let gaps = logs.filter(|log| !node.gaps(log).is_empty()).collect();
        (self.sync.store_epoch(), carried_heads(&heads, age, true), gaps)
    }

    /// How far a peer is known to have each log: by its link, or by what it said when there was one last.
    pub fn told(&self, peer: &GatewayId, node: &Node) -> Vec<(LogKey, u64)> {
        if let Some(known) = self.sync.known_of(peer) {
            return known;
        }
        let Some((age, lanes)) = self.reach.told(peer) else { return Vec::new() };
        // What came later it may have too; nobody knows.
        node.heads()
            .filter(|head| head.arrived < age && lanes.has(head.log.lane))
            .map(|head| (head.log, head.next))
            .collect()
    }

    /// How many other gateways are known to have a batch.
    pub fn reached(&self, log: &LogKey, number: u64, node: &Node, store: &Store) -> Option<u32> {
        let arrived = store.read(log, number).ok()?.arrived;
        Some(self.reach.count(log, arrived, &node.id(), |peer| self.sync.has(peer, log, number)))
    }

    /// A frame of what proves a fork, from this place on; empty: that was all.
    pub fn carry_fork(&self, log: &LogKey, place: usize, age: Age, store: &Store) -> (Vec<u8>, usize) {
        let shelf = Shelf { store, notes: &self.notes };
        self.sync.carry_fork(log, place, age, &shelf).unwrap_or((Vec::new(), place))
    }

    /// A frame of batches to be carried.
    pub fn carry_out(&self, ranges: &[CarryRange], age: Age, node: &Node, store: &Store) -> CarryPiece {
        self.sync.carry_batches(ranges, CARRIED_BYTES, age, node, &Shelf { store, notes: &self.notes })
    }

    fn order(&self, link: LinkId, order: Order) {
        // Gone already: its end is on the way here.
        if let Some(orders) = self.orders.get(&link) {
            let _ = orders.send(order);
        }
    }

    /// The next thing for the node.
    pub fn next_input(&mut self) -> Option<Input> {
        self.inputs.pop_front()
    }

    /// What must be written with the next commit.
    pub fn take_notes(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes).into_iter().map(|(key, value)| Note { key, value }).collect()
    }

    /// Whether a new epoch is asked for; asks once.
    pub fn take_new_epoch(&mut self) -> bool {
        std::mem::take(&mut self.new_epoch)
    }

    /// What must be said again in the new epoch.
    pub fn take_again(&mut self) -> Vec<Held> {
        std::mem::take(&mut self.again)
    }

    /// What a keeper must hear of.
    pub fn alarms(&self) -> impl Iterator<Item = &Alarm> {
        self.alarms.iter()
    }
}
