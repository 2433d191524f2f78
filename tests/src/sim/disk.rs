//! What survives a power cut: synced batches and notes. Everything else of a gateway is gone with its process.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use commons_core::batch::{read_batch, Item as Place};
use commons_core::identity::{NetworkId, RecordId};
use commons_core::log::{Age, Held, LogKey};
use commons_core::node::{record_in, Node, Verdict};
use commons_core::record::Record;
use commons_core::sync::{Extent, Memory, Source};
use commons_core::views::{EntryRef, Library};

/// One gateway's disk, as of its last commit.
#[derive(Clone, Default)]
pub struct Disk {
    /// Batches by log and number.
    pub logs: BTreeMap<LogKey, BTreeMap<u64, Arc<Held>>>,
    /// The order they came in.
    pub journal: Vec<(LogKey, u64)>,
    /// What sync asked to remember.
    pub notes: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The age noted last. May lie behind what was lived, as in the daemon.
    pub age: Age,
    /// The lower bound of the time noted last.
    pub floor: u64,
    /// The epoch of the own logs.
    pub epoch: u32,
    /// Drawn once with the store.
    pub store: u64,
}

impl Disk {
    /// Keeps a batch. False if that number is there already.
    pub fn put(&mut self, held: Held) -> bool {
        let (log, number) = (held.log, held.number);
        self.journal.push((log, number));
        self.logs.entry(log).or_default().insert(number, Arc::new(held)).is_none()
    }

    /// Keeps notes; an empty value removes one.
    pub fn note_all(&mut self, notes: BTreeMap<Vec<u8>, Vec<u8>>) {
        for (key, value) in notes {
            if value.is_empty() {
                self.notes.remove(&key);
            } else {
                self.notes.insert(key, value);
            }
        }
    }

    /// One more than the newest batch of a log.
    pub fn next(&self, log: &LogKey) -> u64 {
        self.logs.get(log).and_then(|held| held.last_key_value()).map_or(0, |(number, _)| number + 1)
    }

    /// Bytes of all batches.
    pub fn bytes(&self) -> u64 {
        self.logs.values().flat_map(|held| held.values()).map(|held| held.bytes.len() as u64).sum()
    }

    /// Ids of all records kept, those of forked logs' other branches too.
    pub fn records(&self, network: &NetworkId) -> BTreeSet<RecordId> {
        let memory = Memory::read(self.notes.iter().map(|(key, value)| (key.as_slice(), value.as_slice())));
        let held = self.logs.values().flat_map(|held| held.values()).map(|held| held.as_ref());
        ids_in(network, held.chain(memory.branches()))
    }

    /// Gives space back as the daemon does: entries whose time is over leave their ids, the oldest batches of a log go,
    /// never the newest. Returns batches dropped and batches rewritten.
    pub fn shrink(&mut self, node: &mut Node) -> (u64, u64) {
        let (mut dropped, mut rewritten, mut entries_gone) = (0, 0, 0);
        for (log, batches) in &mut self.logs {
            let numbers: Vec<u64> = batches.keys().copied().collect();
            let newest = numbers.last().copied().unwrap_or(0);
            let mut first = true;
            for number in numbers {
                let Some(held) = batches.get(&number) else { continue };
                let (bytes, entries, over) = match node.judge(held) {
                    Verdict::Whole => (None, 0, false),
                    Verdict::Partly { bytes, entries } => (Some(bytes), entries, false),
                    Verdict::Over { stub, entries } => (Some(stub), entries, true),
                };
                entries_gone += entries;
                if over && first && number < newest {
                    batches.remove(&number);
                    self.journal.retain(|each| *each != (*log, number));
                    dropped += 1;
                    continue;
                }
                first = false;
                if let Some(bytes) = bytes.filter(|_| entries > 0) {
                    let held = Held { bytes, ..held.as_ref().clone() };
                    batches.insert(number, Arc::new(held));
                    rewritten += 1;
                }
            }
        }
        node.shrunk(entries_gone, dropped);
        (dropped, rewritten)
    }
}

/// Ids of the records in these batches.
pub fn ids_in<'a>(network: &NetworkId, batches: impl Iterator<Item = &'a Held>) -> BTreeSet<RecordId> {
    let mut ids = BTreeSet::new();
    for held in batches {
        let Ok(batch) = read_batch(&held.bytes) else { continue };
        let entries = batch.items.iter().filter(|item| matches!(item, Place::Entry { .. }));
        ids.extend(entries.map(|item| item.id(network, &held.log.gateway)));
    }
    ids
}

impl Source for Disk {
    fn batch(&self, log: &LogKey, number: u64) -> Option<Held> {
        self.logs.get(log)?.get(&number).map(|held| held.as_ref().clone())
    }

    fn extent(&self, log: &LogKey) -> Option<Extent> {
        let held = self.logs.get(log)?;
        Some(Extent { first: *held.keys().next()?, next: self.next(log) })
    }

    fn note(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.notes.get(key).cloned()
    }
}

/// The disk as the sync core reads it: notes that wait for the next commit can be read already, as in the daemon.
pub struct Desk<'a> {
    /// What is synced.
    pub disk: &'a Disk,
    /// Notes that are not yet.
    pub notes: &'a BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Source for Desk<'_> {
    fn batch(&self, log: &LogKey, number: u64) -> Option<Held> {
        self.disk.batch(log, number)
    }

    fn extent(&self, log: &LogKey) -> Option<Extent> {
        self.disk.extent(log)
    }

    fn note(&self, key: &[u8]) -> Option<Vec<u8>> {
        match self.notes.get(key) {
            Some(value) => (!value.is_empty()).then(|| value.clone()),
            None => self.disk.note(key),
        }
    }
}

/// The disk as the node reads words from it.
pub struct Shelf<'a> {
    /// Where they lie.
    pub disk: &'a Disk,
    /// The node's table of logs.
    pub logs: &'a [LogKey],
}

impl Library for Shelf<'_> {
    fn record(&self, at: EntryRef) -> Option<Record> {
        let log = self.logs.get(usize::from(at.log))?;
        record_in(&self.disk.logs.get(log)?.get(&at.batch.into())?.bytes, at.place)
    }
}
