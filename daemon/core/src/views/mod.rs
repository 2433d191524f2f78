//! Views: what everybody sees, folded from records. A view depends on the set of entries, never on their order.

pub mod board;
pub mod item;
pub mod merge;
pub mod render;
pub mod shelves;
mod slab;
pub mod stock;

use crate::codec::SignedRecord;
use crate::record::Record;

/// Where an entry lies, in 12 bytes: which log (by its number in the node's table), which batch, which place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryRef {
    /// Index in the node's table of logs.
    pub log: u16,
    /// Place in the batch.
    pub place: u8,
    /// Number of the batch.
    pub batch: u32,
}

/// Where views read a record's words from; they keep only what decides.
pub trait Library {
    /// The record at this place, if it is still held.
    fn record(&self, at: EntryRef) -> Option<Record>;

    /// The member's record at this place with its signature. None too where only words are kept.
    fn signed(&self, _at: EntryRef) -> Option<SignedRecord> {
        None
    }
}
