//! The writer's inbox: the one way from the rooms (door, web, command line) to the state, and back.
//!
//! A closed set of messages over one bounded channel. Posts are answered only after they are on disk and synced;
//! questions are answered between commits, so nobody ever reads what might not survive a power cut.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use commons_core::admission::Rejection;
use commons_core::identity::{GatewayId, MemberId, RecordId};
use commons_core::ledger::PotState;
use commons_core::log::{Age, LogKey};
use commons_core::receipt::Outcome;
use commons_core::record::Found;
use commons_core::scorecard::{Personal, ScorecardState};
use commons_core::submission::Submission;
use commons_core::sync::{Hello, Interests, LinkId, PeerStatus, StoreEpoch};
use commons_core::views::board::Touched;
use commons_core::views::item::{ItemKind, ItemQuery, ItemState, Summary};
use commons_core::views::shelves::ShelfState;
use serde::Serialize;
use tokio::sync::{broadcast, mpsc, oneshot, watch, OwnedSemaphorePermit};

use crate::accounts::{AccountNews, AccountQuestion};
use crate::neighbours::Neighbours;
use crate::news::News;
use crate::passes::Passes;
use crate::refusals::Refusals;

/// Messages waiting for the writer, at most. Senders beyond it wait (their PUBACK is late, their reads pause).
pub const INBOX_MESSAGES_MAX: usize = 1_024;
/// Changes a slow follower may lag behind before it must take a fresh snapshot.
pub const CHANGES_KEPT_MAX: usize = 1_024;

/// Shelves of stock in one answer.
pub const SHELVES_SHOWN_MAX: usize = 1_000;

/// Founding records in one answer; a gateway knows one, but whoever signs may found more.
pub const COVENANTS_SHOWN_MAX: usize = 4;

/// A founding record.
#[derive(Clone, Debug)]
pub struct Covenant {
    /// Its id.
    pub id: RecordId,
    /// What it says.
    pub found: Found,
    /// Records of members that count, in the whole ledger.
    pub records: u64,
}

/// One message to the writer.
pub enum Message {
    /// A post. Answered after it is synced, or refused.
    Submit(Box<Submission>, oneshot::Sender<Outcome>),
    /// One item by its id (64 hex digits, or a unique prefix of at least 8).
    Item(String, oneshot::Sender<Option<Arc<ItemState>>>),
    /// A page of items.
    List(ItemQuery, oneshot::Sender<Vec<Arc<ItemState>>>),
    /// All items of a kind from a place on, at most `PAGE_ITEMS_MAX`, and the place of the next page.
    Page(ItemKind, u32, oneshot::Sender<(Vec<Arc<ItemState>>, Option<u32>)>),
    /// These items as they are now; those that are gone are left out. At most `PAGE_ITEMS_MAX` are asked for at once.
    States(Vec<Touched>, oneshot::Sender<Vec<Arc<ItemState>>>),
    /// What is in stock, at most [`SHELVES_SHOWN_MAX`] shelves.
    Stock(oneshot::Sender<Vec<ShelfState>>),
    /// What was founded here, at most [`COVENANTS_SHOWN_MAX`].
    Covenants(oneshot::Sender<Vec<Covenant>>),
    /// The common pots.
    Pots(oneshot::Sender<Arc<[PotState]>>),
    /// The scorecard as everybody may see it. Pots and this are at most a moment old, see `writer/scoring.rs`.
    Scorecard(oneshot::Sender<Arc<ScorecardState>>),
    /// What one member alone may see of it: only for whoever has shown that member's key.
    Personal(MemberId, oneshot::Sender<Option<Personal>>),
    /// Counts.
    Summary(oneshot::Sender<Summary>),
    /// Keeps (or with an empty payload clears) a retained message of `commons/local/#`. Refused at the limits.
    Retain(Retained, oneshot::Sender<Result<(), Rejection>>),
    /// All retained messages of `commons/local/#` whose topic comes after the given one, at most 256.
    RetainedAfter(Option<String>, oneshot::Sender<Vec<Retained>>),
    /// About members and the ledger.
    Account(AccountQuestion),
    /// Runs between commits on the writer's own thread, for the command line's rarer wishes (backup, verify).
    Control(ControlRequest, oneshot::Sender<serde_json::Value>),
    /// From the links to other gateways.
    Link(LinkMessage),
    /// A frame of batches that somebody brought by hand. Answered after what was taken of it is synced.
    CarryIn(Carrier, Vec<u8>, oneshot::Sender<Taken>),
    /// Serve what waits, close the store, end.
    End,
}

/// Bytes of one frame to be carried out, about: some hundred entries.
pub const CARRIED_BYTES: usize = 48 * 1024;

/// Who wrote what somebody brings by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carrier {
    /// The gateway.
    pub gateway: GatewayId,
    /// Its store.
    pub store: StoreEpoch,
    /// Its age then.
    pub age: Age,
}

/// What became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Batches now on disk.
    pub batches: u64,
    /// Entries in them.
    pub entries: u64,
    /// Why the rest was not taken, if it was for more than being here already.
    pub refused: Option<String>,
}

/// What happens on the links to other gateways.
pub enum LinkMessage {
    /// The hello for a handshake with this peer, made now; as bytes.
    Hello(GatewayId, oneshot::Sender<Vec<u8>>),
    /// A link stands.
    Up {
        /// Its number, never given twice.
        link: LinkId,
        /// Whose key the other side has proven.
        peer: GatewayId,
        /// What it said of itself.
        hello: Hello,
        /// Where orders for the link go. Bounded by the sync core's credits.
        orders: mpsc::UnboundedSender<Order>,
    },
    /// A frame came.
    Frame {
        /// Over which link.
        link: LinkId,
        /// Opened, not trusted.
        bytes: Vec<u8>,
        /// The link reads on when this is dropped.
        place: OwnedSemaphorePermit,
    },
    /// A frame that was ordered went out.
    Sent(LinkId),
    /// The link is gone.
    Down(LinkId),
    /// Whom this gateway is paired with, from now on.
    Peers(BTreeSet<GatewayId>, BTreeMap<GatewayId, Interests>),
    /// How things stand with these peers.
    Status(Vec<GatewayId>, oneshot::Sender<Vec<(GatewayId, PeerStatus, Option<u64>)>>),
}

/// What the writer wants of a link.
#[derive(Debug)]
pub enum Order {
    /// Send a frame.
    Send {
        /// Its bytes.
        frame: Vec<u8>,
        /// May overtake those that are not.
        urgent: bool,
    },
    /// End the link, once what was ordered before is sent.
    Close {
        /// For people.
        why: String,
    },
}

/// Rare wishes that come over the local socket.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum ControlRequest {
    /// What `commonsd status` shows.
    Status,
    /// A consistent copy to a file.
    Backup {
        /// Absolute path.
        to: String,
    },
    /// The whole ledger as bytes, to a file.
    LedgerTo {
        /// Absolute path.
        to: String,
    },
    /// Where all logs stand, for what is carried by hand.
    Standing,
    /// How far a peer is known to have each log.
    Told {
        /// Which.
        peer: GatewayId,
    },
    /// A frame of batches of these logs, from a number up to another.
    CarryOut {
        /// At most as many as one answer takes.
        ranges: Vec<(LogKey, u64, u64)>,
    },
    /// A frame of what proves that a log is forked.
    CarryFork {
        /// Which.
        log: LogKey,
        /// From which place on.
        place: u64,
    },
    /// The gateway's signature on a bundle or a receipt.
    Seal {
        /// Else a receipt.
        bundle: bool,
        /// What is signed.
        digest: [u8; 32],
    },
}

/// A retained message of the block's own gadgets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retained {
    /// Under `commons/local/`.
    pub topic: String,
    /// Empty = clear.
    pub payload: Bytes,
    /// 0, 1 or 2.
    pub qos: u8,
}

/// An item changed, durably, as followers on the web and at the local socket hear of it. The door has [`News`].
#[derive(Clone, Debug)]
pub struct Change {
    /// need, offer or notice.
    pub kind: ItemKind,
    /// 64 hex digits.
    pub id: Arc<str>,
    /// Its state now; none when it is gone.
    pub state: Option<Arc<ItemState>>,
    /// The same as JSON, ready to publish; empty when it is gone.
    pub json: Bytes,
}

/// How the gateway is, as the writer sees it; published about once a second and when it changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Health {
    /// 1.
    pub v: u8,
    /// "ok", "disk_low" (urgent posts only), "disk_full" (no posts).
    pub state: &'static str,
    /// Entries kept.
    pub entries: u64,
    /// Batches kept.
    pub batches: u64,
    /// Live items.
    pub items: u64,
    /// Posts since start.
    pub posts_accepted: u64,
    /// Refusals since start.
    pub posts_refused: u64,
    /// Bytes of the journal.
    pub journal_bytes: u64,
    /// Free bytes of its file system.
    pub disk_free_bytes: u64,
    /// Messages waiting for the writer.
    pub queue: u64,
    /// Milliseconds the last commit took to sync.
    pub sync_ms: u64,
    /// Seconds since start.
    pub uptime_s: u64,
    /// Best guess of now, RFC 3339.
    pub clock: String,
    /// How certain: "synchronised", "estimated" or "unknown".
    pub clock_certainty: &'static str,
    /// Damaged frames found at the last start.
    pub damaged: u64,
}

/// The rooms' end of the inbox. Cheap to clone.
#[derive(Clone)]
pub struct Inbox {
    sender: mpsc::Sender<Message>,
    changes: broadcast::Sender<Change>,
    news: News,
    health: watch::Receiver<Health>,
    neighbours: watch::Sender<Neighbours>,
    refusals: Refusals,
    accounts: AccountNews,
    passes: Passes,
}

/// Room for one message.
pub struct Place<'a>(mpsc::Permit<'a, Message>);

impl Place<'_> {
    /// Hands in a post; the answer follows once it is synced or refused.
    pub fn submit(self, submission: Box<Submission>) -> oneshot::Receiver<Outcome> {
        let (reply, answer) = oneshot::channel();
        self.0.send(Message::Submit(submission, reply));
        answer
    }
}

/// The writer's end.
pub struct Outlet {
    /// Messages in.
    pub receiver: mpsc::Receiver<Message>,
    /// Changes out, after commit, whole.
    pub changes: broadcast::Sender<Change>,
    /// Changes out, after commit, by id.
    pub news: News,
    /// Changed accounts out, after commit.
    pub accounts: AccountNews,
    /// Health out.
    pub health: watch::Sender<Health>,
}

/// Makes the two ends.
pub fn channel() -> (Inbox, Outlet) {
    let (sender, receiver) = mpsc::channel(INBOX_MESSAGES_MAX);
    let (changes, _) = broadcast::channel(CHANGES_KEPT_MAX);
    let news = News::default();
    let accounts = AccountNews::default();
    let (health_out, health) = watch::channel(Health::default());
    let inbox = Inbox {
        sender,
        changes: changes.clone(),
        news: news.clone(),
        health,
        neighbours: watch::Sender::default(),
        refusals: Refusals::default(),
        accounts: accounts.clone(),
        passes: Passes::default(),
    };
    (inbox, Outlet { receiver, changes, news, accounts, health: health_out })
}

impl Inbox {
    /// The last refusals, for whoever keeps the gateway. Doors note what they tell senders.
    pub fn refusals(&self) -> &Refusals {
        &self.refusals
    }

    /// Hands in a post; resolves once it is synced or refused. Waits while the inbox is full.
    pub async fn submit(&self, submission: Submission) -> Outcome {
        self.ask(|reply| Message::Submit(Box::new(submission), reply)).await.unwrap_or(Err(Rejection::Busy))
    }

    /// As [`Inbox::submit`], but returns once the writer has taken it, with the answer to wait for: lets one session
    /// have many posts under way in order.
    pub async fn submit_pipelined(&self, submission: Submission) -> Result<oneshot::Receiver<Outcome>, Rejection> {
        let (reply, answer) = oneshot::channel();
        self.sender.send(Message::Submit(Box::new(submission), reply)).await.map_err(|_| Rejection::Busy)?;
        Ok(answer)
    }

    /// A place for one message, if there is one right now: what is busy waits in [`Inbox::submit_pipelined`].
    pub fn place(&self) -> Option<Place<'_>> {
        self.sender.try_reserve().ok().map(Place)
    }

    /// One item by id or unique prefix of at least 8 hex digits. None too when the writer has ended.
    pub async fn item(&self, id: &str) -> Option<Arc<ItemState>> {
        let id = id.to_owned();
        self.ask(|reply| Message::Item(id, reply)).await.flatten()
    }

    /// A page of items, at most `PAGE_ITEMS_MAX`.
    pub async fn list(&self, query: ItemQuery) -> Vec<Arc<ItemState>> {
        self.ask(|reply| Message::List(query, reply)).await.unwrap_or_default()
    }

    /// All items of a kind from a place on, at most `PAGE_ITEMS_MAX`, and the place of the next page, if there is one.
    pub async fn page(&self, kind: ItemKind, from: u32) -> (Vec<Arc<ItemState>>, Option<u32>) {
        self.ask(|reply| Message::Page(kind, from, reply)).await.unwrap_or_default()
    }

    /// These items as they are now, at most `PAGE_ITEMS_MAX`; those that are gone are left out.
    pub async fn states(&self, items: Vec<Touched>) -> Vec<Arc<ItemState>> {
        self.ask(|reply| Message::States(items, reply)).await.unwrap_or_default()
    }

    /// Counts of live items.
    pub async fn summary(&self) -> Summary {
        self.ask(Message::Summary).await.unwrap_or_default()
    }

    /// What was founded here; none when the writer has ended.
    pub async fn covenants(&self) -> Option<Vec<Covenant>> {
        self.ask(Message::Covenants).await
    }

    /// What is in stock.
    pub async fn stock(&self) -> Vec<ShelfState> {
        self.ask(Message::Stock).await.unwrap_or_default()
    }

    /// The common pots.
    pub async fn pots(&self) -> Arc<[PotState]> {
        self.ask(Message::Pots).await.unwrap_or_default()
    }

    /// The scorecard as everybody may see it.
    pub async fn scorecard(&self) -> Arc<ScorecardState> {
        self.ask(Message::Scorecard).await.unwrap_or_default()
    }

    /// What one member alone may see of it. The caller has made sure that it is this member who asks.
    pub async fn personal(&self, member: MemberId) -> Option<Personal> {
        self.ask(|reply| Message::Personal(member, reply)).await.flatten()
    }

    /// Keeps or clears a retained message of `commons/local/#`.
    pub async fn retain(&self, retained: Retained) -> Result<(), Rejection> {
        self.ask(|reply| Message::Retain(retained, reply)).await.unwrap_or(Err(Rejection::Busy))
    }

    /// Retained messages in topic order after `topic`, at most 256 an answer.
    pub async fn retained_after(&self, topic: Option<String>) -> Vec<Retained> {
        self.ask(|reply| Message::RetainedAfter(topic, reply)).await.unwrap_or_default()
    }

    /// A rare wish.
    pub async fn control(&self, request: ControlRequest) -> Option<serde_json::Value> {
        self.ask(|reply| Message::Control(request, reply)).await
    }

    /// Other gateways, as everybody may know them.
    pub fn neighbours(&self) -> watch::Receiver<Neighbours> {
        self.neighbours.subscribe()
    }

    /// For the room of links: how it is now.
    pub fn set_neighbours(&self, neighbours: Neighbours) {
        self.neighbours.send_if_modified(|known| {
            let changed = *known != neighbours;
            *known = neighbours;
            changed
        });
    }

    /// Brings in a frame by hand; resolves once what was taken is synced. None when the writer has ended.
    pub async fn carry_in(&self, from: Carrier, frame: Vec<u8>) -> Option<Taken> {
        self.ask(|reply| Message::CarryIn(from, frame, reply)).await
    }

    /// Tells the writer what happens on a link. False: the writer has ended.
    pub async fn link(&self, message: LinkMessage) -> bool {
        self.sender.send(Message::Link(message)).await.is_ok()
    }

    /// The hello for a handshake with a peer; none when the writer has ended.
    pub async fn link_hello(&self, peer: GatewayId) -> Option<Vec<u8>> {
        self.ask(|reply| Message::Link(LinkMessage::Hello(peer, reply))).await
    }

    /// How things stand with these peers: in the sync core's words, and for how many milliseconds the oldest batch that
    /// a peer has not confirmed waits.
    pub async fn link_status(&self, peers: Vec<GatewayId>) -> Vec<(GatewayId, PeerStatus, Option<u64>)> {
        self.ask(|reply| Message::Link(LinkMessage::Status(peers, reply))).await.unwrap_or_default()
    }

    /// Tells the writer to end. What is in the inbox already is still served.
    pub async fn end(&self) {
        let _ = self.sender.send(Message::End).await;
    }

    /// Follows changes. A follower told `Lagged` must list afresh.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    /// What changed, by id, for the one who tells all readers of the door.
    pub fn news(&self) -> News {
        self.news.clone()
    }

    /// Which members have shown who they are.
    pub fn passes(&self) -> &Passes {
        &self.passes
    }

    /// Whose accounts changed, from now on.
    pub fn account_news(&self) -> AccountNews {
        self.accounts.clone()
    }

    /// The latest health.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.health.clone()
    }

    pub(crate) async fn ask<T>(&self, message: impl FnOnce(oneshot::Sender<T>) -> Message) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.sender.send(message(reply)).await.ok()?;
        answer.await.ok()
    }
}
