//! Gossip between gateways: a pure state machine over heads, wants, batches and haves.
//!
//! Events in, actions out; no IO, no clock, no randomness, and the same events give the same bytes. What it never does:
//! announce or send what is not synced to disk, trust a peer's word for a batch (the batch's own gateway signed it),
//! send a batch back to where it came from. Its memory is bounded by the constants below and in [`frame`].
//!
//! Sources: heads exchange after SSB's EBT and the design page; live push is Plumtree (Leitao, Pereira, Rodrigues,
//! "Epidemic Broadcast Trees", SRDS 2007) per origin, with hop counts as the first guess of the tree.

mod contract;
pub mod fault;
pub mod frame;
pub mod hello;
mod wire;

pub use contract::{Action, Event, Extent, LaneQuota, LinkId, PeerStatus, Source, SyncSetup};
pub use fault::{Alarm, Fault};
pub use frame::{Frame, FRAME_BYTES_MAX};
pub use hello::{Cursor, Hello, Interests, StoreEpoch};

use alloc::vec::Vec;

use crate::identity::GatewayId;
use crate::log::Age;
use crate::node::Node;

/// What all keys of sync's notes begin with.
pub const NOTES_PREFIX: &[u8] = b"sync/";

/// The state machine.
pub struct Sync {
    setup: SyncSetup,
}

impl Sync {
    /// From the notes under [`NOTES_PREFIX`] and a loaded node.
    pub fn new(setup: SyncSetup, notes: &[(Vec<u8>, Vec<u8>)], node: &Node) -> Self {
        let _ = (notes, node);
        Self { setup }
    }

    /// The Hello for a handshake with `peer`, made now.
    pub fn hello(&mut self, peer: &GatewayId, age: Age, node: &Node, source: &dyn Source) -> Hello {
        let _ = (peer, node, source);
        Hello {
            store: self.setup.store,
            age,
            interests: self.setup.interests,
            digests: Vec::new(),
            dictionary: self.setup.dictionary,
            frame_bytes_max: self.setup.frame_bytes_max as u32,
            cursor: None,
        }
    }

    /// Handles one event at the caller's uptime `now_ms` and the store's `age`.
    pub fn handle(&mut self, now_ms: u64, age: Age, event: Event<'_>, node: &Node, source: &dyn Source) -> Vec<Action> {
        let _ = (now_ms, age, event, node, source);
        Vec::new()
    }

    /// When the next [`Event::Tick`] is due, in the caller's milliseconds; none while there is nothing to wait for.
    pub fn wake_ms(&self) -> Option<u64> {
        None
    }

    /// How things stand with one peer.
    pub fn peer_status(&self, peer: &GatewayId) -> PeerStatus {
        let _ = peer;
        PeerStatus::default()
    }
}
