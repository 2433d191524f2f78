//! What the room of links knows: who its peers are, which link to each stands, who was heard of.
//!
//! Locks are held for a look or a note, never while waiting. **At most one link to a peer stands.** A newer one takes the
//! older one's place, since a peer that calls has none that it knows of; but when both call each other at once, both keep
//! the one that the gateway with the smaller id has made, so that they do not cut each other's link for ever.

mod pairs;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use commons_core::identity::GatewayId;
use commons_core::sync::{Hello, LinkId};
use tokio::sync::{mpsc, oneshot, watch, Notify};
use tokio::time::Instant;

use super::beacon::Heard;
use super::book::{find, Book, BookError, Peer};
use super::call::keep_calling;
use super::code::Code;
use super::crossing::Crossing;
use super::gate::Gate;
use super::link::{Link, Wire};
use super::noise::{Identity, LinkFault, Opened, Session};
use super::pairing::keep_trying;
use super::squeeze::Squeeze;
use super::stats::Stats;
use crate::config;
use crate::counters::Counter;
use crate::host::random;
use crate::inbox::{Inbox, LinkMessage};

/// Two links that came up within this of each other were called at once.
const AT_ONCE: Duration = Duration::from_secs(3);
/// Gateways heard of and not paired with, remembered at once.
pub const HEARD_MAX: usize = 64;
/// A beacon older than this says nothing of where its gateway is now.
const HEARD_LASTS: Duration = Duration::from_secs(120);
/// A link that was quiet for longer than its own questions take is doubted when its peer's beacon is heard.
const QUIET_MS: u64 = 11_000;
/// No gateway that was started anew has been heard on its old link after less.
const RESTART_MS: u64 = 3_000;
/// Bytes before the hello: the port of our door.
const PORT_BYTES: usize = 2;

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

/// What a handshake has led to.
pub struct Shaken {
    /// The way.
    pub wire: Wire,
    /// The secrets.
    pub session: Session,
    /// The other side's part, as it came.
    pub hello: Vec<u8>,
    /// What came sealed already.
    pub first: Option<Opened>,
    /// Bytes of the handshake: received, sent.
    pub bytes: (usize, usize),
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

/// What people see of one peer.
#[derive(Clone, Debug)]
pub struct PeerView {
    /// Its id.
    pub id: GatewayId,
    /// Its name.
    pub name: String,
    /// Paired, or only configured.
    pub paired: bool,
    /// Where it may be called.
    pub addresses: Vec<String>,
    /// The link, if one stands: its address, whether we called, for how long, the dictionary's version.
    pub link: Option<(String, bool, Duration, u8)>,
    /// Why the last link ended, or none came to be.
    pub fault: Option<LinkFault>,
    /// Counts.
    pub stats: Arc<Stats>,
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
        self.inbox.link(LinkMessage::Peers(ids)).await;
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
            addresses.push(heard.address.to_string());
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

    /// Puts a new link into its place, unless the one that stands goes first.
    fn register(&self, peer: &GatewayId, live: Live) -> Result<(Arc<Stats>, Arc<watch::Sender<Standing>>), LinkFault> {
        let mut table = self.table();
        let known = table.known.get_mut(peer).ok_or(LinkFault::Unknown)?;
        if let Some(old) = &mut known.live {
            let ours_first = self.identity.id < *peer;
            let crossed = old.called != live.called && old.since.elapsed() < AT_ONCE;
            if crossed && live.called != ours_first {
                return Err(LinkFault::Replaced);
            }
            if let Some(stop) = old.stop.take() {
                let _ = stop.send(LinkFault::Replaced);
            }
        }
        known.live = Some(live);
        known.fault = None;
        known.standing.send_replace(Standing::Up);
        known.stats.links.add(1);
        Ok((known.stats.clone(), known.standing.clone()))
    }

    /// Takes a link out of its place, if it is still the one that stands.
    fn unregister(&self, peer: &GatewayId, id: LinkId, fault: &LinkFault) {
        let mut table = self.table();
        let Some(known) = table.known.get_mut(peer) else { return };
        if known.live.as_ref().is_some_and(|live| live.id == id) {
            known.live = None;
            known.stats.unqueue();
            known.fault = Some(fault.clone());
            known.standing.send_replace(Standing::Down);
        }
    }

    /// A link lives from here to its end: both sides have proven themselves. `settled` is dropped once it stands, or will not.
    pub async fn live<Settled>(
        self: &Arc<Self>,
        peer: &GatewayId,
        called: bool,
        address: String,
        shaken: Shaken,
        settled: Settled,
    ) -> LinkFault {
        let Shaken { wire, session, hello, first, bytes } = shaken;
        match first {
            None | Some(Opened::Sign(..)) => {}
            Some(_) => return self.never(peer, LinkFault::Unexpected),
        }
        let hello = match hello.get(PORT_BYTES..).map(Hello::decode) {
            Some(Ok(hello)) => hello,
            Some(Err(fault)) => return self.never(peer, LinkFault::Closed(fault.to_string())),
            None => return self.never(peer, LinkFault::Unexpected),
        };
        let id = LinkId(self.next_link.fetch_add(1, Ordering::Relaxed));
        let squeeze = Squeeze::agreed(hello.dictionary);
        let doubt = Arc::new(Notify::new());
        let (stop_sender, stop) = oneshot::channel();
        let live = Live {
            id,
            called,
            since: Instant::now(),
            address: address.clone(),
            squeeze,
            doubt: doubt.clone(),
            stop: Some(stop_sender),
        };
        let (stats, standing) = match self.register(peer, live) {
            Ok(registered) => registered,
            Err(fault) => return fault,
        };
        drop(settled);
        stats.handshake(bytes);
        let (orders_sender, orders) = mpsc::unbounded_channel();
        let up = LinkMessage::Up { link: id, peer: *peer, hello, orders: orders_sender };
        let fault = if self.inbox.link(up).await {
            tracing::info!(peer = peer.short(), called, "linked");
            self.change();
            self.learn(peer, address);
            let bytes_per_s = self.config.bytes_per_second;
            let inbox = self.inbox.clone();
            let fault = Link { id, wire, session, orders, inbox, stats, squeeze, bytes_per_s, doubt, standing, stop }
                .run()
                .await;
            self.inbox.link(LinkMessage::Down(id)).await;
            fault
        } else {
            LinkFault::Ended
        };
        self.unregister(peer, id, &fault);
        tracing::info!(peer = peer.short(), why = %fault, "link ended");
        self.change();
        fault
    }

    /// An address led to a peer: worth remembering.
    fn learn(self: &Arc<Self>, peer: &GatewayId, address: String) {
        if address.ends_with(":0") {
            return;
        }
        let known = self.table().known.get(peer).is_none_or(|known| {
            !known.paired || known.configured.contains(&address) || known.learned.contains(&address)
        });
        if known {
            return;
        }
        let (room, peer) = (self.clone(), *peer);
        tokio::spawn(async move {
            match room.write(move |book| book.learn(&peer, None, Some(address))).await {
                Ok(()) => room.follow_book().await,
                Err(fault) => tracing::warn!(error = %fault, "an address of a peer was not written down"),
            }
        });
    }

    fn never(&self, peer: &GatewayId, fault: LinkFault) -> LinkFault {
        self.note_fault(peer, &fault);
        fault
    }

    /// Why a call did not lead to a link.
    pub fn note_fault(&self, peer: &GatewayId, fault: &LinkFault) {
        if let Some(known) = self.table().known.get_mut(peer) {
            if known.live.is_none() {
                known.fault = Some(fault.clone());
            }
        }
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

    /// A gateway of our network was heard.
    pub fn on_beacon(self: &Arc<Self>, heard: Heard) {
        if heard.id == self.identity.id {
            if !self.copied.swap(true, Ordering::Relaxed) {
                tracing::error!("another machine announces itself with this gateway's own key: its card was copied");
            }
            return;
        }
        let mut fresh_code = false;
        {
            let mut table = self.table();
            let id = heard.id;
            let known_before =
                table.heard.get(&id).is_some_and(|old| old.address == heard.address && old.born == heard.born);
            let quiet_ms = if known_before { QUIET_MS } else { RESTART_MS };
            if let Some(known) = table.known.get_mut(&id) {
                match &known.live {
                    // It was started anew since, or it is there and the link says nothing: that may lead nowhere.
                    Some(live) if known.stats.heard_ago_ms().is_some_and(|ms| ms > quiet_ms) => {
                        live.doubt.notify_one();
                    }
                    Some(_) => {}
                    None => known.poke.notify_one(),
                }
            } else if !known_before {
                fresh_code = true;
            }
            if table.heard.len() >= HEARD_MAX && !table.heard.contains_key(&id) {
                table.heard.retain(|_, heard| heard.at.elapsed() < HEARD_LASTS);
                let stranger = !table.known.contains_key(&id);
                if stranger && table.heard.len() >= HEARD_MAX {
                    return;
                }
            }
            table.heard.insert(id, heard);
        }
        if fresh_code {
            self.pulse.notify_waiters();
            self.change();
        }
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

    /// All peers.
    pub fn views(&self) -> Vec<PeerView> {
        let addresses: Vec<(GatewayId, Vec<String>)> = {
            let ids: Vec<GatewayId> = self.table().known.keys().copied().collect();
            ids.into_iter().map(|id| (id, self.addresses(&id))).collect()
        };
        let table = self.table();
        let view = |(id, addresses): (GatewayId, Vec<String>)| {
            let known = table.known.get(&id)?;
            Some(PeerView {
                id,
                name: known.name.clone(),
                paired: known.paired,
                addresses,
                link: known
                    .live
                    .as_ref()
                    .map(|live| (live.address.clone(), live.called, live.since.elapsed(), live.squeeze.version())),
                fault: known.fault.clone().filter(|_| known.live.is_none()),
                stats: known.stats.clone(),
            })
        };
        addresses.into_iter().filter_map(view).collect()
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
