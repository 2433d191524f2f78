//! How much is on its way through the router, lane by lane, so that publishers wait instead of readers losing.
//!
//! The router's log forgets what a slow reader has not fetched, without a word. So the door counts: every batch sent
//! into a lane gets the number that the router's log will give it, every session tells the number it has fetched, and
//! a publisher whose lane holds more than a window waits. Lanes are few and fixed, which bounds the router's memory:
//! it keeps one log per filter, and these are its only filters.
//!
//! Invariant: only the hub's one publishing link writes to the router, in the order of these numbers.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use commons_core::topic::{gadget, Gadgets, Reads};
use commons_core::views::item::ItemKind;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{broadcast, Notify};

use super::feed::{rings, Fed, Rings};
use super::hub::Task;

/// Lanes for the gadgets: by the gadget's name, so that one gadget's messages keep their order. More lanes mean fewer
/// needless wake-ups and more router memory (one log each); 8 is a guess, measure with the 20 -> 20 flood.
pub const LOCAL_LANES: usize = 8;
/// All lanes: needs, offers, notices, gateway, $SYS, and the gadgets'.
pub const LANES: usize = 5 + LOCAL_LANES;
/// The router's names of the lanes.
pub const LANE_NAMES: [&str; LANES] =
    ["need", "offer", "notice", "gateway", "sys", "l0", "l1", "l2", "l3", "l4", "l5", "l6", "l7"];
/// The gateway's own lane.
pub const GATEWAY_LANE: usize = 3;
/// The lane of `$SYS`.
pub const SYS_LANE: usize = 4;

/// Bytes that may be on their way in one lane. The router's log must hold more, see `hub`.
pub const WINDOW_BYTES: u64 = 96 * 1024;
/// Batches that may be on their way in one lane.
pub const WINDOW_BATCHES: u64 = 128;

/// The lane of an item's kind.
pub fn item_lane(kind: ItemKind) -> usize {
    match kind {
        ItemKind::Need => 0,
        ItemKind::Offer => 1,
        ItemKind::Notice => 2,
    }
}

/// The lane of a path under `commons/local/`.
pub fn local_lane(path: &str) -> usize {
    gadget_lane(gadget(path))
}

fn gadget_lane(name: &str) -> usize {
    // FNV-1a: any spread will do, and a neighbour who forces collisions only shares a lane with himself.
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    LANES - LOCAL_LANES + (hash >> 32) as usize % LOCAL_LANES
}

/// The lanes a filter needs, as bits.
pub fn lanes_of(reads: &Reads<'_>) -> u32 {
    let mut lanes = 0;
    for (lane, wanted) in reads.items.iter().enumerate() {
        lanes |= u32::from(*wanted) << lane;
    }
    lanes |= u32::from(reads.gateway) << GATEWAY_LANE | u32::from(reads.sys) << SYS_LANE;
    match reads.local {
        Some(Gadgets::All) => lanes |= ((1 << LOCAL_LANES) - 1) << (LANES - LOCAL_LANES),
        Some(Gadgets::One(name)) => lanes |= 1 << gadget_lane(name),
        None => {}
    }
    lanes
}

/// How far one session has fetched in each lane.
#[derive(Debug, Default)]
pub struct Progress {
    fetched: [AtomicU64; LANES],
}

#[derive(Debug, Default)]
struct Lane {
    /// Batches sent since the router was made.
    sent: u64,
    /// Bytes of them.
    bytes: u64,
    /// `bytes` before each of the last batches; as long as the window.
    marks: VecDeque<u64>,
    /// Every reader has fetched at least so many.
    floor: u64,
    readers: Vec<Arc<Progress>>,
}

impl Lane {
    fn is_full(&self) -> bool {
        let waiting = self.sent.saturating_sub(self.floor);
        if waiting == 0 {
            return false;
        }
        if waiting >= WINDOW_BATCHES {
            return true;
        }
        let mark = self.marks.len().saturating_sub(waiting as usize);
        self.bytes - self.marks.get(mark).copied().unwrap_or(self.bytes) >= WINDOW_BYTES
    }

    fn has_room(&mut self, lane: usize) -> bool {
        if !self.is_full() {
            return true;
        }
        self.floor = self
            .readers
            .iter()
            .map(|reader| reader.fetched[lane].load(Ordering::SeqCst))
            .min()
            .unwrap_or(self.sent)
            .min(self.sent);
        !self.is_full()
    }
}

#[derive(Debug)]
struct Table {
    generation: u64,
    rings: Rings,
    lanes: [Lane; LANES],
}

impl Table {
    fn new(generation: u64) -> Self {
        Self { generation, rings: rings(), lanes: Default::default() }
    }
}

/// The windows of all lanes, and the way to the hub.
#[derive(Debug)]
pub struct Flow {
    table: Mutex<Table>,
    progressed: Notify,
    waiting: AtomicUsize,
    tasks: UnboundedSender<Task>,
}

impl Flow {
    /// No lane has anything on its way.
    pub fn new(tasks: UnboundedSender<Task>) -> Self {
        Self { table: Mutex::new(Table::new(0)), progressed: Notify::new(), waiting: AtomicUsize::new(0), tasks }
    }

    fn table(&self) -> std::sync::MutexGuard<'_, Table> {
        // Every change to the table is a whole one, so a panic elsewhere leaves it usable.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new router begins at 0; its readers have to come back.
    pub fn restart(&self) -> u64 {
        let mut table = self.table();
        let generation = table.generation + 1;
        *table = Table::new(generation);
        drop(table);
        self.progressed.notify_waiters();
        generation
    }

    /// Where the router's batches go.
    pub fn rings(&self) -> Rings {
        self.table().rings.clone()
    }

    /// The hub's reading link has ended.
    pub fn lost(&self, generation: u64) {
        // If the hub has ended, so has the door.
        let _ = self.tasks.send(Task::Lost(generation));
    }

    /// Kills the router, to see it come back.
    #[cfg(test)]
    pub fn break_router(&self) {
        self.tasks.send(Task::Break).unwrap();
    }

    /// Sends a batch if there is room; gives false (and sends nothing) if not. With no reader it goes nowhere.
    pub fn offer(&self, lane: usize, batch: &Bytes) -> bool {
        let mut table = self.table();
        if !table.lanes[lane].readers.is_empty() && !table.lanes[lane].has_room(lane) {
            return false;
        }
        self.send(&mut table, lane, batch);
        true
    }

    /// Sends a batch without asking for room: for the gateway's own topics, whose readers can fetch the state again,
    /// and for publishers that have waited long enough.
    pub fn post(&self, lane: usize, batch: &Bytes) {
        self.send(&mut self.table(), lane, batch);
    }

    fn send(&self, table: &mut Table, lane: usize, batch: &Bytes) {
        let generation = table.generation;
        let entry = &mut table.lanes[lane];
        if entry.readers.is_empty() {
            return;
        }
        let before = entry.bytes;
        entry.marks.push_back(before);
        if entry.marks.len() > WINDOW_BATCHES as usize {
            entry.marks.pop_front();
        }
        entry.sent += 1;
        entry.bytes += batch.len() as u64;
        // Under the lock, so that the hub sees batches in the order of their numbers. If the hub has ended, so has
        // the door.
        let _ = self.tasks.send(Task::Publish { generation, lane, batch: batch.clone() });
    }

    /// How many batches were sent into a lane.
    pub fn sent(&self, lane: usize) -> u64 {
        self.table().lanes[lane].sent
    }

    /// Whether anybody reads a lane.
    pub fn is_read(&self, lane: usize) -> bool {
        !self.table().lanes[lane].readers.is_empty()
    }

    /// From now on publishers wait for this reader. Gives the number of the first batch it is promised, and where it
    /// comes from; the ring may bring some that are older.
    pub fn join(&self, lane: usize, reader: &Arc<Progress>) -> (u64, broadcast::Receiver<Fed>) {
        let mut table = self.table();
        let receiver = table.rings[lane].subscribe();
        let entry = &mut table.lanes[lane];
        reader.fetched[lane].store(entry.sent, Ordering::SeqCst);
        if !entry.readers.iter().any(|known| Arc::ptr_eq(known, reader)) {
            if entry.readers.is_empty() {
                entry.floor = entry.sent;
            }
            entry.readers.push(reader.clone());
        }
        (entry.sent, receiver)
    }

    /// Nobody waits for this reader any more.
    pub fn leave(&self, lane: usize, reader: &Arc<Progress>) {
        let mut table = self.table();
        table.lanes[lane].readers.retain(|known| !Arc::ptr_eq(known, reader));
        drop(table);
        self.progressed.notify_waiters();
    }

    /// As [`Flow::leave`], for every lane.
    pub fn leave_all(&self, reader: &Arc<Progress>) {
        let mut table = self.table();
        for lane in &mut table.lanes {
            lane.readers.retain(|known| !Arc::ptr_eq(known, reader));
        }
        drop(table);
        self.progressed.notify_waiters();
    }

    /// A reader has fetched all batches below `count`.
    pub fn fetched(&self, lane: usize, reader: &Progress, count: u64) {
        reader.fetched[lane].store(count, Ordering::SeqCst);
        if self.waiting.load(Ordering::SeqCst) > 0 {
            self.progressed.notify_waiters();
        }
    }

    /// Resolves when a lane has room.
    pub async fn room(&self, lane: usize) {
        struct Waiting<'a>(&'a AtomicUsize);
        impl Drop for Waiting<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::SeqCst);
            }
        }
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let _waiting = Waiting(&self.waiting);
        loop {
            let mut progressed = std::pin::pin!(self.progressed.notified());
            progressed.as_mut().enable();
            {
                let mut table = self.table();
                let entry = &mut table.lanes[lane];
                if entry.readers.is_empty() || entry.has_room(lane) {
                    return;
                }
            }
            progressed.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A flood from one gadget would fill the gateway's memory, or its readers would lose messages.
    #[test]
    fn a_lane_is_full_until_its_slowest_reader_has_fetched() {
        let (tasks, mut sent) = tokio::sync::mpsc::unbounded_channel();
        let flow = Flow::new(tasks);
        let batch = Bytes::from(vec![0; 16 * 1024]);
        assert!(flow.offer(7, &batch));
        assert!(sent.try_recv().is_err(), "nobody reads, nothing is sent");
        let (fast, slow) = (Arc::new(Progress::default()), Arc::new(Progress::default()));
        flow.join(7, &fast);
        flow.join(7, &slow);
        let taken = (0..100).take_while(|_| flow.offer(7, &batch)).count() as u64;
        assert_eq!(taken, WINDOW_BYTES / (16 * 1024));
        flow.fetched(7, &fast, taken);
        assert!(!flow.offer(7, &batch));
        flow.fetched(7, &slow, 1);
        assert!(flow.offer(7, &batch));
        assert!(!flow.offer(7, &batch));
        flow.leave(7, &slow);
        assert!(flow.offer(7, &batch));
        assert!(flow.offer(8, &batch), "other lanes are free");
    }
}
