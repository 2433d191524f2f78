//! The format stamp: which version wrote this store, and the local secret its checksums start from.
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 4 | magic `CMST` (frozen for ever, with the version's place) |
//! | 4 | 4 | format version |
//! | 8 | 4 | salt |
//! | 12 | 4 | CRC32C of bytes 0 to 11 |
//!
//! Kept twice, since without the salt no frame can be checked.

use super::disk::Disk;
use super::error::StoreError;
use super::frame::le32;
use super::small;

/// The newest format this program reads, and the one it writes.
pub const FORMAT: u32 = 1;

const MAGIC: &[u8; 4] = b"CMST";
const FILES: [&str; 2] = ["format", "format.copy"];

/// The store's salt; none when there is no stamp at all. Restores a damaged copy unless `read_only`.
pub(super) fn read<D: Disk>(disk: &D, read_only: bool) -> Result<Option<u32>, StoreError> {
    let copies = [small::get(disk, FILES[0])?, small::get(disk, FILES[1])?];
    let salts = copies.each_ref().map(|copy| copy.as_deref().and_then(parse));
    let Some(salt) = salts[0].or(salts[1]) else {
        let newer = copies.iter().flatten().find_map(|bytes| newer(bytes));
        return match newer {
            Some(found) => Err(StoreError::NewerFormat { found, known: FORMAT }),
            None if copies.iter().all(Option::is_none) => Ok(None),
            None => Err(StoreError::NoStamp { dir: disk.place() }),
        };
    };
    for (file, found) in FILES.iter().zip(salts) {
        if found != Some(salt) && !read_only {
            // On a full disk it waits for the next start; the other copy serves.
            let _ = small::put(disk, file, &encode(salt));
        }
    }
    Ok(Some(salt))
}

/// Stamps a new store.
pub(super) fn write<D: Disk>(disk: &D, salt: u32) -> Result<(), StoreError> {
    FILES.iter().try_for_each(|file| small::put(disk, file, &encode(salt)))
}

fn encode(salt: u32) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&FORMAT.to_le_bytes());
    bytes.extend_from_slice(&salt.to_le_bytes());
    bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
    bytes
}

fn parse(bytes: &[u8]) -> Option<u32> {
    let sound = bytes.len() == 16
        && bytes[..4] == *MAGIC
        && le32(&bytes[4..]) == FORMAT
        && le32(&bytes[12..]) == crc32c::crc32c(&bytes[..12]);
    sound.then(|| le32(&bytes[8..]))
}

fn newer(bytes: &[u8]) -> Option<u32> {
    let version = bytes.strip_prefix(MAGIC).filter(|rest| rest.len() >= 4).map(le32)?;
    (version > FORMAT).then_some(version)
}
