//! The store: a journal that is the truth, and an index that can be thrown away. The only room that names sled.
//!
//! ```text
//! data/store/          one directory, flat, private to the daemon
//!   LOCK               who has it
//!   format, format.copy  version and salt of the checksums
//!   seg-0000000001 ..  the journal: zero-filled segments of frames; the highest is the spare
//!   CLEAN, index-*/    what a clean stop left for a fast start (sled)
//!   OPENING            stands while that index is being read
//!   ledger             what views saved to go on from, with a digest of its own
//!   ballast            space to be given back on bad days
//!   quarantine/        frames that `repair` took out
//! ```
//!
//! Bird's eye: [`Store::commit`] appends frames ([`frame`]) to a segment ([`segment`]) with one write and one sync
//! ([`journal`]), then notes their positions ([`tables`]). [`Store::open`] takes the tables from the index ([`index`])
//! after a clean stop, and otherwise reads the journal ([`recover`]). [`Store::shrink`] gives space back ([`shrink`]).
//!
//! **Nothing is acknowledged before it is synced. Nothing is trusted because sled says so. No wall clock, no randomness,
//! no network in here: salt and ages are arguments.**

mod audit;
mod backup;
mod disk;
mod error;
mod frame;
mod index;
mod journal;
mod lock;
mod open;
mod recover;
mod saved;
mod segment;
mod shelf;
mod shrink;
mod small;
mod stamp;
mod tables;

#[cfg(test)]
mod lives;
#[cfg(test)]
mod sim;
#[cfg(test)]
mod trial;

pub use audit::{audit, repair, Audit, Repaired};
pub use backup::{import, BACKUP_META_BYTES_MAX};
pub use error::StoreError;
pub use frame::{Note, BODY_BYTES_MAX, NOTE_KEY_BYTES_MAX, NOTE_VALUE_BYTES_MAX};
pub use index::{Page, INDEX_HELPER, PAGE_BYTES_MAX};
pub use journal::{COMMIT_BYTES_MAX, COMMIT_FRAMES_MAX};
pub use open::{Opened, Options, Recovery, Start, Store, MISSING_LISTED_MAX};
pub use recover::Finding;
pub use saved::{Saver, FILE as SAVED};
pub use segment::{FIRST_SEGMENT_BYTES, SEGMENT_BYTES};
pub use shelf::index_helper;
pub use shrink::{Freed, Keep};
pub use small::{read_small, write_small, SMALL_BYTES_MAX};
pub use stamp::FORMAT;
pub use tables::{LogExtent, GAP_MAX, LOGS_MAX, NOTES_BYTES_MAX, NOTES_MAX};
