//! Links: reliable streams that take their time and get cut. What is on one when it is cut is lost.

use std::collections::{BTreeMap, VecDeque};

use commons_core::log::LogKey;
use commons_core::sync::Hello;

/// A way between two machines; at most one link stands on it at a time.
#[derive(Clone, Debug)]
pub struct Edge {
    /// The machines.
    pub ends: [usize; 2],
    /// Whether a link can stand.
    pub open: bool,
    /// The link that stands, or is being made.
    pub link: Option<u32>,
    /// One way.
    pub delay_ms: u64,
    /// Added to it at random for each frame.
    pub jitter_ms: u64,
    /// How fast.
    pub bytes_per_s: u64,
    /// The largest frame it carries.
    pub frame_max: usize,
    /// Taken away for good (a retired machine).
    pub gone: bool,
    /// Used only to heal.
    pub spare: bool,
}

/// One link.
pub struct Wire {
    /// On which way.
    pub edge: usize,
    /// The machines; the first one called.
    pub ends: [usize; 2],
    /// Which lives of theirs it belongs to.
    pub lives: [u64; 2],
    /// Who has heard that it stands, and not that it is gone.
    pub up: [bool; 2],
    /// When both had heard.
    pub since_ms: u64,
    /// Nothing gets through any more.
    pub cut: bool,
    /// Nobody answers at the other end: an old Hello was played again.
    pub phantom: bool,
    /// The caller's Hello, on its way.
    pub hello: Option<Hello>,
    /// What each end sends.
    pub pipes: [Pipe; 2],
}

/// One direction of a link.
#[derive(Default)]
pub struct Pipe {
    /// Frames handed over, and whether each may overtake.
    pub queue: VecDeque<(Vec<u8>, bool)>,
    /// The one being sent.
    pub sending: Option<Vec<u8>>,
    /// On the wire, in order.
    pub flying: VecDeque<Vec<u8>>,
    /// When the last of them arrives.
    pub last_arrival_ms: u64,
    /// The sender's numbers for logs.
    pub names: BTreeMap<u32, LogKey>,
    /// What the sender had synced when the link was made; what the receiver must have when it calls itself complete.
    pub promised: BTreeMap<LogKey, u64>,
    /// How often each batch crossed.
    pub crossed: BTreeMap<(LogKey, u64), u32>,
}

impl Wire {
    /// A link that is being made.
    pub fn new(edge: usize, ends: [usize; 2], lives: [u64; 2]) -> Self {
        Self {
            edge,
            ends,
            lives,
            up: [false; 2],
            since_ms: 0,
            cut: false,
            phantom: false,
            hello: None,
            pipes: Default::default(),
        }
    }

    /// Which end a machine is.
    pub fn side(&self, site: usize) -> usize {
        usize::from(self.ends[1] == site)
    }
}

impl Pipe {
    /// Takes a frame; one that may overtake goes before those that may not, never before another.
    pub fn push(&mut self, frame: Vec<u8>, urgent: bool) {
        let place = if urgent { self.queue.iter().position(|(_, urgent)| !urgent) } else { None };
        let place = place.unwrap_or(self.queue.len());
        self.queue.insert(place, (frame, urgent));
    }

    /// Frames handed over that are not on the wire yet, and their bytes.
    pub fn waiting(&self) -> (usize, usize) {
        let bytes: usize = self.queue.iter().map(|(frame, _)| frame.len()).sum();
        (
            self.queue.len() + usize::from(self.sending.is_some()),
            bytes + self.sending.as_ref().map_or(0, |frame| frame.len()),
        )
    }

    /// Throws away what is on the way.
    pub fn clear(&mut self) {
        self.queue.clear();
        self.sending = None;
        self.flying.clear();
    }
}
