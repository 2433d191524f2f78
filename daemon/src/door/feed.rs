//! What the router forwards, handed out to the sessions.
//!
//! A link to rumqttd's router costs some 45 KB once its rings were walked, so sessions have none: the hub's one reading
//! link reads every lane, and a task hands each batch to the sessions that read its lane through a ring they share. A
//! slot of a ring costs some 50 bytes, whoever reads it, and a session only the places it has reached.
//!
//! The rings hold batches weakly, and the task keeps the last [`HELD_BYTES`] of each lane alive: so bytes are bounded,
//! not only numbers. What a reader finds overwritten or gone is missed, which the numbers of the batches tell.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;
use rumqttd::local::LinkRx;
use rumqttd::Notification;
use tokio::sync::broadcast;

use crate::counters::Counter;

use super::flow::{Flow, LANES, LANE_NAMES, WINDOW_BATCHES, WINDOW_BYTES};

/// Batches of a lane's ring: a window, and as many that were sent without asking for room.
const RING_BATCHES: usize = 2 * WINDOW_BATCHES as usize;
/// Bytes of a lane kept for readers, besides the newest batch: a window, and some that were sent without asking.
const HELD_BYTES: usize = 2 * WINDOW_BYTES as usize;
/// Batches handed out before other tasks have their turn.
const BATCHES_AT_ONCE_MAX: usize = 64;

/// A batch as the router forwarded it, shared by all its readers.
#[derive(Debug)]
pub struct Live {
    /// See `batch`.
    pub bytes: Bytes,
    /// Messages of it that wait in queues, by where they begin, in this order.
    kept: Mutex<Vec<(usize, Weak<Kept>)>>,
}

impl Live {
    /// A batch that nobody keeps anything of.
    pub fn new(bytes: Bytes) -> Self {
        Self { bytes, kept: Mutex::default() }
    }

    /// The message from `at` to `end` for a queue: copied once, for all queues, so that it does not keep the batch.
    pub fn keep(&self, at: usize, end: usize, total: &Arc<Counter>) -> Arc<Kept> {
        let mut table = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let place = table.binary_search_by_key(&at, |(known, _)| *known);
        if let Some(kept) = place.ok().and_then(|place| table[place].1.upgrade()) {
            return kept;
        }
        let kept = Kept::new(self.bytes.get(at..end).unwrap_or_default().into(), total);
        match place {
            Ok(place) => table[place].1 = Arc::downgrade(&kept),
            Err(place) => table.insert(place, (at, Arc::downgrade(&kept))),
        }
        kept
    }
}

/// A message in one queue or several, counted once.
#[derive(Debug)]
pub struct Kept {
    /// As in a batch, see `batch::copied`.
    pub message: Box<[u8]>,
    total: Arc<Counter>,
}

impl Kept {
    /// Counts it in `total` for as long as anybody keeps it.
    pub fn new(message: Box<[u8]>, total: &Arc<Counter>) -> Arc<Self> {
        total.add(message.len() as u64);
        Arc::new(Self { message, total: total.clone() })
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.total.sub(self.message.len() as u64);
    }
}

/// A batch in a ring.
#[derive(Clone, Debug)]
pub struct Fed {
    /// Its number in its lane.
    pub number: u64,
    /// Gone if its reader was too slow.
    pub batch: Weak<Live>,
}

/// The rings of all lanes. A new router has new ones; that the old ones close tells their readers.
pub type Rings = [broadcast::Sender<Fed>; LANES];

/// Empty rings.
pub fn rings() -> Rings {
    std::array::from_fn(|_| broadcast::Sender::new(RING_BATCHES))
}

/// Tells the hub that its router is gone, however the task ended.
struct Ended {
    flow: Weak<Flow>,
    generation: u64,
}

impl Drop for Ended {
    fn drop(&mut self) {
        if let Some(flow) = self.flow.upgrade() {
            flow.lost(self.generation);
        }
    }
}

#[derive(Default)]
struct Held {
    batches: VecDeque<Arc<Live>>,
    bytes: usize,
}

impl Held {
    fn hold(&mut self, batch: Arc<Live>) {
        while self.bytes > HELD_BYTES || self.batches.len() >= RING_BATCHES {
            let Some(oldest) = self.batches.pop_front() else {
                break;
            };
            self.bytes -= oldest.bytes.len();
        }
        self.bytes += batch.bytes.len();
        self.batches.push_back(batch);
    }
}

/// Hands out what the router forwards, until the router is gone.
pub async fn run(mut link: LinkRx, rings: Rings, flow: Weak<Flow>, generation: u64) {
    let _ended = Ended { flow, generation };
    let mut lanes: [Held; LANES] = Default::default();
    let mut handed = 0;
    loop {
        match link.next().await {
            Ok(Some(Notification::Forward(forward))) => {
                let lane = LANE_NAMES.iter().position(|name| name.as_bytes() == &forward.publish.topic[..]);
                if let (Some(lane), Some((_, number))) = (lane, forward.cursor) {
                    let batch = Arc::new(Live::new(forward.publish.payload));
                    let fed = Fed { number, batch: Arc::downgrade(&batch) };
                    lanes[lane].hold(batch);
                    // Nobody may read the lane any more.
                    let _ = rings[lane].send(fed);
                }
                handed += 1;
                if handed % BATCHES_AT_ONCE_MAX == 0 {
                    tokio::task::yield_now().await;
                }
            }
            // The link's buffer was full and is empty again.
            Ok(Some(Notification::Unschedule)) => {
                if link.wake().await.is_err() {
                    return;
                }
            }
            Ok(Some(Notification::Disconnect(..))) | Err(_) => return,
            Ok(_) => {}
        }
    }
}
