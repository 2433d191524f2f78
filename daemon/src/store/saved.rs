//! What the caller saved to go on from at the next start: one file, written beside and renamed, trusted by its digest alone.
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 4 | magic `CMSL` |
//! | 4 | 4 | version of this layout |
//! | 8 | 8 | length of the bytes |
//! | 16 | 32 | digest over the bytes and their length |
//! | 48 | n | the bytes |
//!
//! Unlike the index it outlives an unclean stop: the caller puts nothing into it that is not on disk, and says itself what of the
//! journal it covers. It may be older than the journal by any number of commits, or absent; that only makes a start slower. The
//! digest guards against accidents; what the bytes claim is checked by `commonsd verify` against the journal.

use std::io;

use commons_core::identity;

use super::disk::{Disk, DiskFile, RealDisk};
use super::error::StoreError;
use super::frame::{le32, le64};
use super::open::Store;
use super::small::{self, UNFINISHED};

/// The file's name in the store's folder.
pub const FILE: &str = "ledger";
const MAGIC: &[u8; 4] = b"CMSL";
const VERSION: u32 = 1;
const HEAD_BYTES: usize = 48;
/// Written and synced in pieces of this size, so that whoever stops waits for one of them at most.
const PIECE_BYTES: usize = 1024 * 1024;
/// A ledger of as many records as one may have, and where they lie, takes no more (1.1 GB, see `RECORDS_MAX`).
const BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;

impl Store {
    /// What was saved last, if it is whole.
    pub fn saved_ledger(&self) -> Result<Option<Vec<u8>>, StoreError> {
        read(&self.journal().disk)
    }

    /// Saves, from another thread if need be. The store must be open as long.
    pub fn saver(&self) -> Saver {
        Saver(self.journal().disk.clone())
    }
}

/// Writes what is saved.
pub struct Saver(RealDisk);

impl Saver {
    /// Durably replaces what was saved before; leaves that as it is, and says so with false, as soon as `go_on` is false.
    pub fn save(&self, bytes: &[u8], go_on: &dyn Fn() -> bool) -> Result<bool, StoreError> {
        let unfinished = format!("{FILE}{UNFINISHED}");
        let written = write(&self.0, &unfinished, bytes, go_on);
        if !matches!(written, Ok(true)) {
            let _ = self.0.remove(&unfinished);
            return written;
        }
        self.0.rename(&unfinished, FILE).map_err(StoreError::io("rename", &unfinished))?;
        self.0.sync_dir().map_err(StoreError::io("sync the directory of", FILE))?;
        Ok(true)
    }
}

fn write<D: Disk>(disk: &D, name: &str, bytes: &[u8], go_on: &dyn Fn() -> bool) -> Result<bool, StoreError> {
    let file = disk.create(name).map_err(StoreError::io("create", name))?;
    let length = (bytes.len() as u64).to_le_bytes();
    let head = [&MAGIC[..], &VERSION.to_le_bytes(), &length, &digest(bytes)].concat();
    file.write_at(&head, 0).map_err(StoreError::io("write", name))?;
    let mut at = HEAD_BYTES as u64;
    for piece in bytes.chunks(PIECE_BYTES) {
        if !go_on() {
            return Ok(false);
        }
        file.write_at(piece, at).map_err(StoreError::io("write", name))?;
        file.sync().map_err(StoreError::io("sync", name))?;
        at += piece.len() as u64;
    }
    Ok(true)
}

fn read<D: Disk>(disk: &D) -> Result<Option<Vec<u8>>, StoreError> {
    let file = match disk.open(FILE) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io("open", FILE)(error)),
    };
    let io = || StoreError::io("read", FILE);
    let mut head = [0; HEAD_BYTES];
    let whole = file.read_at(&mut head, 0).map_err(io())? == HEAD_BYTES;
    if !whole || head[..4] != *MAGIC {
        return Err(StoreError::Saved("it is cut short"));
    }
    if le32(&head[4..]) != VERSION {
        return Err(StoreError::Saved("it is of another version"));
    }
    let length = le64(&head[8..]);
    if length > BYTES_MAX || file.len().map_err(io())? != length + HEAD_BYTES as u64 {
        return Err(StoreError::Saved("it is cut short"));
    }
    let mut bytes = vec![0; length as usize];
    let read = file.read_at(&mut bytes, HEAD_BYTES as u64).map_err(io())?;
    if read != bytes.len() || digest(&bytes) != head[16..] {
        return Err(StoreError::Saved("its digest does not match"));
    }
    Ok(Some(bytes))
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    identity::hash("commonsd/1/saved", &[&(bytes.len() as u64).to_le_bytes(), bytes])
}

/// Throws away what was saved.
pub(super) fn forget<D: Disk>(disk: &D) -> Result<(), StoreError> {
    small::drop_small(disk, FILE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Options;

    fn store(dir: &std::path::Path) -> Store {
        Store::open(dir, Options { ballast_bytes: 0, ..Options::new(7) }).unwrap().store
    }

    /// A start would go on from half a ledger, and show balances that never were.
    #[test]
    fn what_is_not_whole_is_not_given_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        let store = store(dir.path());
        assert_eq!(store.saved_ledger().unwrap(), None);
        let bytes: Vec<u8> = (0..3 * PIECE_BYTES as u32 + 5).map(|n| n as u8).collect();
        assert!(store.saver().save(&bytes, &|| true).unwrap());
        assert_eq!(store.saved_ledger().unwrap().as_ref(), Some(&bytes));
        let good = std::fs::read(&path).unwrap();
        let refused = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bad = good.clone();
            change(&mut bad);
            std::fs::write(&path, &bad).unwrap();
            matches!(store.saved_ledger(), Err(StoreError::Saved(_)))
        };
        assert!(refused(&|bad| bad.truncate(good.len() - 1)), "cut short");
        assert!(refused(&|bad| bad.truncate(20)), "hardly begun");
        assert!(refused(&|bad| bad.clear()), "empty");
        assert!(refused(&|bad| bad.push(0)), "longer than it says");
        assert!(refused(&|bad| bad[HEAD_BYTES + 7] ^= 1), "a flipped bit");
        assert!(refused(&|bad| bad[20] ^= 1), "a flipped bit of the digest");
        assert!(refused(&|bad| bad[4] = 2), "another version");
        assert!(refused(&|bad| bad[15] = 0xFF), "a length beyond all memory");
    }

    /// Power that goes, or a stop that cannot wait, would take the ledger that was saved before.
    #[test]
    fn a_saving_that_is_broken_off_leaves_the_earlier_one() {
        let dir = tempfile::tempdir().unwrap();
        let first = store(dir.path());
        assert!(first.saver().save(b"earlier", &|| true).unwrap());
        let pieces = std::cell::Cell::new(0);
        let once = || pieces.replace(pieces.get() + 1) < 1;
        assert!(!first.saver().save(&vec![1; 2 * PIECE_BYTES], &once).unwrap(), "broken off");
        assert_eq!(first.saved_ledger().unwrap().as_deref(), Some(&b"earlier"[..]));
        // As kill -9 leaves it.
        let unfinished = dir.path().join(format!("{FILE}{UNFINISHED}"));
        std::fs::write(&unfinished, b"half").unwrap();
        drop(first);
        let again = store(dir.path());
        assert_eq!(again.saved_ledger().unwrap().as_deref(), Some(&b"earlier"[..]));
        assert!(!unfinished.exists());
    }
}
