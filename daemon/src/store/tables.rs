//! Where everything lies: in memory, 8 bytes a batch, for the whole life of the open store.

use std::collections::{BTreeMap, VecDeque};

use commons_core::log::LogKey;

use super::error::StoreError;
use super::segment::Position;

/// Logs kept at most: each costs about 150 bytes of memory. Gossip forgets dead logs long before.
pub const LOGS_MAX: usize = 65_536;
/// A batch's number may be this far from the others of its log: each hole costs 8 bytes.
pub const GAP_MAX: u64 = 65_536;
/// All live notes together, keys and values.
pub const NOTES_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Notes kept at most: each costs about 100 bytes of memory and its key.
pub const NOTES_MAX: usize = 16_384;

/// How much of a log is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogExtent {
    /// Which log.
    pub log: LogKey,
    /// Number of the oldest batch held.
    pub first: u64,
    /// One more than the newest's.
    pub next: u64,
    /// Batches held: less than `next - first` when some are missing.
    pub held: u64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct LogTable {
    pub first: u64,
    pub positions: VecDeque<Position>,
    pub held: u64,
}

impl LogTable {
    pub fn next(&self) -> u64 {
        self.first + self.positions.len() as u64
    }

    pub fn get(&self, number: u64) -> Option<Position> {
        let position = *self.positions.get(usize::try_from(number.checked_sub(self.first)?).ok()?)?;
        (position != Position::NONE).then_some(position)
    }

    /// The next batch held after `number`.
    pub fn after(&self, number: u64) -> u64 {
        (number + 1..self.next()).find(|n| self.get(*n).is_some()).unwrap_or(self.next())
    }

    fn gap(&self, number: u64) -> u64 {
        if number < self.first {
            self.first - number
        } else {
            number.saturating_sub(self.next())
        }
    }

    fn put(&mut self, number: u64, position: Position) {
        if self.positions.is_empty() {
            self.first = number;
        }
        while number < self.first {
            self.positions.push_front(Position::NONE);
            self.first -= 1;
        }
        while number >= self.next() {
            self.positions.push_back(Position::NONE);
        }
        let slot = &mut self.positions[(number - self.first) as usize];
        self.held += u64::from(*slot == Position::NONE);
        *slot = position;
    }

    fn forget(&mut self, number: u64) {
        if self.get(number).is_some() {
            self.positions[(number - self.first) as usize] = Position::NONE;
            self.held -= 1;
        }
        while self.positions.front() == Some(&Position::NONE) {
            self.positions.pop_front();
            self.first += 1;
        }
        if self.positions.len() * 4 < self.positions.capacity() {
            self.positions.shrink_to(self.positions.len() * 2);
        }
    }
}

/// Where a note's latest frame lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Noted {
    pub position: Position,
    /// Key and value.
    pub bytes: u32,
    /// The latest word is "removed"; kept while an older frame might still say otherwise.
    pub removed: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tables {
    pub logs: BTreeMap<LogKey, LogTable>,
    pub notes: BTreeMap<Vec<u8>, Noted>,
    pub notes_bytes: u64,
    pub notes_live: usize,
}

impl Tables {
    pub fn batch(&self, log: &LogKey, number: u64) -> Option<Position> {
        self.logs.get(log)?.get(number)
    }

    /// Whether a new batch may come in.
    pub fn admit(&self, log: &LogKey, number: u64) -> Result<(), StoreError> {
        match self.logs.get(log) {
            None if self.logs.len() >= LOGS_MAX => {
                Err(StoreError::TooMany { what: "logs", count_max: LOGS_MAX as u64 })
            }
            None => Ok(()),
            Some(table) if table.get(number).is_some() => Err(StoreError::AlreadyHeld { log: *log, number }),
            Some(table) if table.gap(number) > GAP_MAX => {
                Err(StoreError::TooFar { log: *log, number, gap_max: GAP_MAX })
            }
            Some(_) => Ok(()),
        }
    }

    pub fn put_batch(&mut self, log: LogKey, number: u64, position: Position) {
        self.logs.entry(log).or_default().put(number, position);
    }

    pub fn forget_batch(&mut self, log: &LogKey, number: u64) {
        if let Some(table) = self.logs.get_mut(log) {
            table.forget(number);
        }
    }

    pub fn put_note(&mut self, key: &[u8], noted: Noted) {
        let old = self.notes.insert(key.to_vec(), noted);
        self.count(old, false);
        self.count(Some(noted), true);
    }

    pub fn forget_note(&mut self, key: &[u8]) {
        let old = self.notes.remove(key);
        self.count(old, false);
    }

    fn count(&mut self, noted: Option<Noted>, in_: bool) {
        let Some(noted) = noted.filter(|noted| !noted.removed) else {
            return;
        };
        if in_ {
            self.notes_bytes += u64::from(noted.bytes);
            self.notes_live += 1;
        } else {
            self.notes_bytes -= u64::from(noted.bytes);
            self.notes_live -= 1;
        }
    }

    pub fn extents(&self) -> Vec<LogExtent> {
        self.logs
            .iter()
            .map(|(log, table)| LogExtent { log: *log, first: table.first, next: table.next(), held: table.held })
            .collect()
    }

    /// Up to `count_max` batches that should be here, by their neighbours, and are not.
    pub fn missing(&self, count_max: usize) -> Vec<(LogKey, u64)> {
        let holes = self.logs.iter().filter(|(_, table)| table.held < table.positions.len() as u64);
        holes
            .flat_map(|(log, table)| (table.first..table.next()).filter(|n| table.get(*n).is_none()).map(|n| (*log, n)))
            .take(count_max)
            .collect()
    }
}
