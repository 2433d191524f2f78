//! What the room of links knows: who its peers are, which link to each stands, who was heard of.
//!
//! Locks are held for a look or a note, never while waiting. **At most one link to a peer stands.** A newer one takes the
//! older one's place, since a peer that calls has none that it knows of; but when both call each other at once, both keep
//! the one that the gateway with the smaller id has made, so that they do not cut each other's link for ever.

mod links;
mod pairs;
mod views;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use commons_core::identity::GatewayId;
use commons_core::sync::{Interests, LinkId};
use tokio::sync::{oneshot, watch, Notify};
use tokio::time::Instant;

use super::beacon::Heard;
use super::book::{find, Book, BookError, Peer};
use super::call::keep_calling;
use super::code::Code;
use super::crossing::Crossing;
use super::gate::Gate;
use super::noise::{Identity, LinkFault};
use super::pairing::keep_trying;
use super::squeeze::Squeeze;
use super::stats::Stats;
use crate::config;
use crate::counters::Counter;
use crate::host::random;
use crate::inbox::{Inbox, LinkMessage};
use crate::wants;

pub use links::Shaken;
pub use views::PeerView;

/// Gateways heard of and not paired with, remembered at once.
pub const HEARD_MAX: usize = 64;
/// A beacon older than this says nothing of where its gateway is now.
const HEARD_LASTS: Duration = Duration::from_secs(120);

/// How a peer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// No link.
    Down,
    /// One.
    Up,
    /// One, which may lead nowhere: another call is worth a try.
    Doubted,
    /// It is no peer any more.
    Gone,
}

impl Standing {
    /// Whether a call makes sense.
    pub fn wants_call(self) -> bool {
        matches!(self, Self::Down | Self::Doubted)
    }
}

/// Counts of the room.
#[derive(Debug, Default)]
pub struct Counts {
    /// Calls refused.
    pub refused: Counter,
}

/// A link that stands.
struct Live {
    id: LinkId,
    called: bool,
    since: Instant,
    address: String,
    squeeze: Squeeze,
    doubt: Arc<Notify>,
    stop: Option<oneshot::Sender<LinkFault>>,
}

/// A peer.
struct Known {
    name: String,
    /// In the book; else only in the configuration.
    paired: bool,
    /// From the configuration.
    configured: Vec<String>,
    /// From the book.
    learned: Vec<String>,
    stats: Arc<Stats>,
    live: Option<Live>,
    crossing: Arc<Crossing>,
    poke: Arc<Notify>,
    standing: Arc<watch::Sender<Standing>>,
    fault: Option<LinkFault>,
}

#[derive(Default)]
struct Table {
    known: BTreeMap<GatewayId, Known>,
    heard: BTreeMap<GatewayId, Heard>,
    code_faults: BTreeMap<String, String>,
    given_up: BTreeMap<String, Instant>,
}

/// The room.
pub struct Room {
    /// Who we are.
    pub identity: Identity,
    /// What we are called.
    pub name: String,
    /// Where our door listens.
    pub listen: Vec<SocketAddr>,
    /// The settings.
    pub config: config::Peers,
    /// What is wanted of a peer of which nothing else is said.
    usual: Interests,
    /// Drawn at each start: tells our own announcements from those of a copy of us.
    pub born: u32,
    /// Bounds strangers.
    pub gate: Arc<Gate>,
    /// What is counted.
    pub counts: Counts,
    inbox: Inbox,
    book: Arc<Mutex<Book>>,
    table: Mutex<Table>,
    next_link: AtomicU32,
    changed: watch::Sender<u64>,
    pulse: Notify,
    closing: watch::Sender<bool>,
    /// Somebody else has our key.
    copied: AtomicBool,
}

impl Room {
    /// The room of a gateway, without peers yet.
    pub fn new(
        identity: Identity,
        name: String,
        listen: Vec<SocketAddr>,
        config: config::Peers,
        inbox: Inbox,
        book: Book,
    ) -> Arc<Self> {
        Arc::new(Self {
            identity,
            name,
            listen,
            usual: wants::usual(&config.wants),
            config,
            born: random::number().unwrap_or(0),
            gate: Arc::default(),
            counts: Counts::default(),
            inbox,
            book: Arc::new(Mutex::new(book)),
            table: Mutex::default(),
            next_link: AtomicU32::new(1),
            changed: watch::Sender::new(0),
            pulse: Notify::new(),
            closing: watch::Sender::new(false),
            copied: AtomicBool::new(false),
        })
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the book on a thread that may wait for the disk.
    async fn write<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Book) -> Result<T, BookError> + Send + 'static,
    ) -> Result<T, BookError> {
        let book = self.book.clone();
        let done = tokio::task::spawn_blocking(move || act(&mut book.lock().unwrap_or_else(PoisonError::into_inner)));
        match done.await {
            Ok(done) => done,
            Err(_) => Err(BookError::Random(std::io::Error::other("the task failed"))),
        }
    }

    /// The port of our door, for others to call.
    pub fn port(&self) -> u16 {
        self.listen.first().map_or(0, SocketAddr::port)
    }

    /// Whether no more calls are taken.
    pub fn is_closing(&self) -> bool {
        *self.closing.borrow()
    }

    /// Follows changes of what people see.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn change(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// Brings the peers into line with book and configuration; begins to call new ones.
    pub async fn follow_book(self: &Arc<Self>) {
        let peers: Vec<Peer> = self.book().peers().to_vec();
        let ids = {
            let mut table = self.table();
            let mut wanted: BTreeMap<GatewayId, (String, bool, Vec<String>, Vec<String>)> = BTreeMap::new();
            for peer in peers {
                wanted.insert(peer.id, (peer.name, true, Vec::new(), peer.addresses));
            }
            for call in &self.config.call {
                let Some((who, address)) = call.split_once('@') else { continue };
                let id = super::book::parse_id(who)
                    .or_else(|| find(wanted.iter().map(|(id, (name, ..))| (id, name.as_str())), who).ok());
                match id {
                    Some(id) if id != self.identity.id => {
                        let entry = wanted.entry(id).or_insert_with(|| (id.short(), false, Vec::new(), Vec::new()));
                        entry.2.push(address.to_owned());
                    }
                    Some(_) => {}
                    None => tracing::warn!("peers.call names a gateway that is not paired; give its id of 64 digits"),
                }
            }
            let gone: Vec<GatewayId> = table.known.keys().filter(|id| !wanted.contains_key(id)).copied().collect();
            for id in gone {
                if let Some(mut known) = table.known.remove(&id) {
                    known.standing.send_replace(Standing::Gone);
                    if let Some(stop) = known.live.take().and_then(|live| live.stop) {
                        let _ = stop.send(LinkFault::Closed("it is no peer any more".into()));
                    }
                }
            }
            for (id, (name, paired, configured, learned)) in wanted {
                let fresh = !table.known.contains_key(&id);
                let known = table.known.entry(id).or_insert_with(|| Known {
                    name: String::new(),
                    paired,
                    configured: Vec::new(),
                    learned: Vec::new(),
                    stats: Arc::default(),
                    live: None,
                    crossing: Arc::default(),
                    poke: Arc::default(),
                    standing: Arc::new(watch::Sender::new(Standing::Down)),
                    fault: None,
                });
                (known.name, known.paired, known.configured, known.learned) = (name, paired, configured, learned);
                if fresh {
                    tokio::spawn(keep_calling(self.clone(), id, known.poke.clone(), known.standing.subscribe()));
                }
            }
            table.known.keys().copied().collect::<BTreeSet<_>>()
        };
        let wants = self.book().wants();
        self.inbox.link(LinkMessage::Peers(ids, wants)).await;
        self.change();
    }

    /// Begins to try the codes that were given.
    pub fn follow_codes(self: &Arc<Self>) {
        for code in self.book().codes().iter().filter_map(|code| Code::parse(code).ok()) {
            tokio::spawn(keep_trying(self.clone(), code));
        }
    }

    /// The peer whose id begins with these digits.
    pub fn peer_with(&self, digits: &str) -> Option<GatewayId> {
        let table = self.table();
        let id = table.known.keys().find(|id| id.to_string().starts_with(digits)).copied();
        id
    }

    /// Where a peer may be called, the likeliest first.
    pub fn addresses(&self, peer: &GatewayId) -> Vec<String> {
        let table = self.table();
        let mut addresses = Vec::new();
        if let Some(heard) = table.heard.get(peer).filter(|heard| heard.at.elapsed() < HEARD_LASTS) {
            addresses.extend(std::iter::once(&heard.address).chain(&heard.others).map(ToString::to_string));
        }
        if let Some(known) = table.known.get(peer) {
            addresses.extend(known.configured.iter().chain(&known.learned).cloned());
        }
        let mut seen = BTreeSet::new();
        addresses.retain(|address| seen.insert(address.clone()));
        addresses
    }

    /// Our part of a handshake: the port of our door, and the writer's hello.
    pub async fn hello(&self, peer: &GatewayId) -> Result<Vec<u8>, LinkFault> {
        let hello = self.inbox.link_hello(*peer).await.ok_or(LinkFault::Ended)?;
        Ok([&self.port().to_be_bytes()[..], &hello].concat())
    }

    /// The calls between us and a peer.
    pub fn crossing(&self, peer: &GatewayId) -> Result<Arc<Crossing>, LinkFault> {
        self.table().known.get(peer).map(|known| known.crossing.clone()).ok_or(LinkFault::Unknown)
    }

    /// Where a caller's own door is, by what it says of its port.
    pub fn address_of(&self, from: &SocketAddr, hello: &[u8]) -> String {
        let port = hello.first_chunk().map_or(0, |port| u16::from_be_bytes(*port));
        let mut address = *from;
        address.set_ip(address.ip().to_canonical());
        address.set_port(port);
        address.to_string()
    }

    /// An interface came up, or an address: links are doubted, peers called, codes tried, at once.
    pub fn on_link_up(&self) {
        for known in self.table().known.values() {
            if let Some(live) = &known.live {
                live.doubt.notify_one();
            }
            // A call that is under way may have been begun while nobody could be reached.
            known.poke.notify_one();
        }
        self.pulse.notify_waiters();
    }

    /// Resolves at the next sign that somebody may be reachable.
    pub async fn wait_for_pulse(&self) {
        self.pulse.notified().await;
    }

    /// Gateways heard of and not paired with.
    pub fn strangers(&self) -> Vec<Heard> {
        let table = self.table();
        let fresh = table.heard.values().filter(|heard| heard.at.elapsed() < HEARD_LASTS);
        fresh.filter(|heard| !table.known.contains_key(&heard.id)).cloned().collect()
    }

    /// Whether somebody else was heard who has our key.
    pub fn is_copied(&self) -> bool {
        self.copied.load(Ordering::Relaxed)
    }

    /// Asks the writer how things stand with these peers.
    pub fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    /// No more calls; all links end.
    pub fn close(&self) {
        self.closing.send_replace(true);
        let mut table = self.table();
        for known in table.known.values_mut() {
            known.standing.send_replace(Standing::Gone);
            if let Some(stop) = known.live.as_mut().and_then(|live| live.stop.take()) {
                let _ = stop.send(LinkFault::Closed("this gateway ends".into()));
            }
        }
    }

    /// Links that stand.
    pub fn links(&self) -> usize {
        self.table().known.values().filter(|known| known.live.is_some()).count()
    }
}
