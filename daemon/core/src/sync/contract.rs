//! What the sync core is told, and what it asks for: the contract with whoever runs it.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::fault::{Alarm, Fault};
use super::frame::FRAME_BYTES_MAX;
use super::hello::{Hello, Interests, StoreEpoch};
use super::trust::INTRODUCED_PER_PEER_MAX;
use crate::batch::BatchFault;
use crate::identity::GatewayId;
use crate::log::{Age, Held, LogKey};
use crate::node::Space;

/// One live connection to one peer; several may lead to the same one. The caller never gives a number twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinkId(pub u32);

/// How much of a log is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The oldest batch held.
    pub first: u64,
    /// One more than the newest.
    pub next: u64,
}

/// The store as sync reads it: only what is synced to disk, never what waits for a commit.
pub trait Source {
    /// One batch.
    fn batch(&self, log: &LogKey, number: u64) -> Option<Held>;
    /// How much of a log is there; none if nothing.
    fn extent(&self, log: &LogKey) -> Option<Extent>;
    /// A note that [`Action::Remember`] asked for.
    fn note(&self, key: &[u8]) -> Option<Vec<u8>>;
}

/// What one gateway may store here in one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneQuota {
    /// Bytes of batches.
    pub bytes_max: u64,
    /// Batches.
    pub batches_max: u64,
}

/// What a [`super::Sync`] is made with.
#[derive(Clone, Debug)]
pub struct SyncSetup {
    /// Drawn once with the store and kept in it.
    pub store: StoreEpoch,
    /// Drawn at each start: tells this gateway from one that runs on a copy of its card, or ran on a newer state of it.
    pub life: StoreEpoch,
    /// Gateways this one is paired with.
    pub peers: BTreeSet<GatewayId>,
    /// The lanes this gateway wants of its peers.
    pub interests: Interests,
    /// Of these peers other ones.
    pub wants: BTreeMap<GatewayId, Interests>,
    /// Gateways further away than this many links are listed, not stored; at most 126.
    pub hops_max: u8,
    /// Gateways that one peer may introduce. A liar costs no more.
    pub introduced_per_peer_max: usize,
    /// What each foreign gateway may store here, by lane (urgent, book, board, library).
    pub quotas: [LaneQuota; 4],
    /// The largest frame to receive.
    pub frame_bytes_max: usize,
    /// Version of the compression dictionary; 0 = none. Sync only passes it on in its Hello.
    pub dictionary: u8,
}

impl SyncSetup {
    /// The usual settings, in the store's first life: everything but the library, 16 hops, 256 gateways introduced by each peer, frames of up to 256 KiB.
    pub fn new(store: StoreEpoch) -> Self {
        const MIB: u64 = 1024 * 1024;
        let quota = |mib: u64, batches_max| LaneQuota { bytes_max: mib * MIB, batches_max };
        Self {
            store,
            life: store,
            peers: BTreeSet::new(),
            interests: Interests::USUAL,
            wants: BTreeMap::new(),
            hops_max: 16,
            introduced_per_peer_max: INTRODUCED_PER_PEER_MAX,
            // A block of a hundred households that posts all day stays below; a gateway gone wild fills no card.
            quotas: [quota(16, 65_536), quota(64, 262_144), quota(64, 262_144), quota(64, 16_384)],
            frame_bytes_max: FRAME_BYTES_MAX,
            dictionary: 0,
        }
    }
}

/// What happens.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// A link stands: both sides have proven their keys and exchanged their Hellos.
    Up {
        /// Which.
        link: LinkId,
        /// Whose key the other side has.
        peer: GatewayId,
        /// The largest frame this link carries.
        frame_max: usize,
        /// The other side's.
        hello: Hello,
    },
    /// Somebody brings frames by hand, and vouches for the gateway that wrote them: a link that is only read from. Each
    /// frame stands alone ([`super::CarryPiece`]); close it with [`Event::Down`].
    Carried {
        /// Which.
        link: LinkId,
        /// Who wrote them.
        peer: GatewayId,
        /// Of the writer's store.
        store: StoreEpoch,
        /// The writer's age then.
        age: Age,
    },
    /// A frame came: decrypted, decompressed, not trusted.
    Frame {
        /// Over which link.
        link: LinkId,
        /// Its bytes.
        bytes: &'a [u8],
    },
    /// The link has put one frame on the wire.
    Sent {
        /// Which.
        link: LinkId,
    },
    /// The link is gone, for whatever reason; also after [`Action::Close`].
    Down {
        /// Which.
        link: LinkId,
    },
    /// These batches, own and adopted, are synced: exactly what [`crate::node::Node::seal`] gave, in that order.
    Committed {
        /// The batches.
        held: &'a [Held],
    },
    /// The node did not take what [`Action::Adopt`] handed it.
    Refused {
        /// Which log.
        log: LogKey,
        /// Which batch.
        number: u64,
        /// Why.
        fault: BatchFault,
    },
    /// What was adopted and not yet committed is gone: the node was loaded again from the journal.
    Lost,
    /// Room on the disk has changed.
    Space(Space),
    /// The configuration has changed.
    Peers(BTreeSet<GatewayId>),
    /// The lanes wanted of each of these peers, of all others the usual ones. Holds for the links that come up from now on:
    /// end the links of those of whom something else was wanted.
    Wants(BTreeMap<GatewayId, Interests>),
    /// Time has passed: call it at [`super::Sync::wake_ms`], or every 100 ms or so while links stand.
    Tick,
}

/// What must follow, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send a frame.
    Send {
        /// Over which link.
        link: LinkId,
        /// The frame.
        frame: Vec<u8>,
        /// May overtake frames that are not; never other urgent ones.
        urgent: bool,
    },
    /// Hand this to the node as `Input::Batch`; if it refuses, answer with [`Event::Refused`].
    Adopt(Held),
    /// Hand this to the node as `Input::Branch`: a batch of a forked log. It is persisted by the Remember beside it.
    Branch(Held),
    /// Hand this to the node as `Input::Freeze`: it takes nothing of a forked log from this number on.
    Freeze(LogKey, u64),
    /// Hand this own batch to the node as `Input::Again`, after [`Action::NewEpoch`]: what it says is said again in the
    /// new epoch.
    Again(Held),
    /// Keep a note in the store, with the next commit at the latest; an empty value removes it.
    Remember {
        /// Its key; all begin with [`super::NOTES_PREFIX`].
        key: Vec<u8>,
        /// Its value.
        value: Vec<u8>,
    },
    /// Cut this link; a Bye with the reason goes before.
    Close {
        /// Which.
        link: LinkId,
        /// Why.
        why: Fault,
    },
    /// Tell the keeper.
    Alarm(Alarm),
    /// Commit what is open, draw a new epoch, keep it durably, and call `Node::new_epoch`.
    NewEpoch,
    /// Everything this peer announced is here and synced; once for each time it is linked.
    Complete {
        /// Who.
        peer: GatewayId,
    },
}

/// How things stand with one peer, for status pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct PeerStatus {
    /// Live links.
    pub links: usize,
    /// Batches that wait to be sent.
    pub out_batches: u64,
    /// Batches sent, or waiting, that the peer has not said it keeps.
    pub unacknowledged: u64,
    /// Since when the oldest of them waits, in the caller's milliseconds.
    pub oldest_ms: Option<u64>,
    /// Batches the peer has and we do not yet.
    pub missing: u64,
    /// Whether everything it announced is here.
    pub complete: bool,
}
