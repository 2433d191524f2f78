//! Small files that cannot be rebuilt (seed, epoch, format stamp, marks): written beside, synced, renamed over, and the
//! directory synced, so that after a power cut there is the old content or the new, never a mixture and never nothing.

use std::path::Path;

use super::disk::{Disk, DiskFile, RealDisk};
use super::error::StoreError;

/// A small file holds at most this many bytes; more belongs in the journal.
pub const SMALL_BYTES_MAX: usize = 64 * 1024;

/// What ends the name of a file that is not finished; removed at open.
pub(super) const UNFINISHED: &str = ".tmp";

/// Durably replaces the small file `name` in `dir` (which exists). The file is readable by its owner only (0600).
pub fn write_small(dir: &Path, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
    put(&RealDisk::new(dir), name, bytes)
}

/// The small file `name` in `dir`; none when there is none.
pub fn read_small(dir: &Path, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    get(&RealDisk::read_only(dir), name)
}

pub(super) fn put<D: Disk>(disk: &D, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
    if bytes.len() > SMALL_BYTES_MAX {
        return Err(StoreError::TooLarge {
            what: "a small file",
            bytes: bytes.len() as u64,
            bytes_max: SMALL_BYTES_MAX as u64,
        });
    }
    put_large(disk, name, bytes)
}

/// As [`put`], without the limit.
pub(super) fn put_large<D: Disk>(disk: &D, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
    let unfinished = format!("{name}{UNFINISHED}");
    let file = disk.create(&unfinished).map_err(StoreError::io("create", &unfinished))?;
    file.write_at(bytes, 0).map_err(StoreError::io("write", &unfinished))?;
    file.sync().map_err(StoreError::io("sync", &unfinished))?;
    disk.rename(&unfinished, name).map_err(StoreError::io("rename", &unfinished))?;
    disk.sync_dir().map_err(StoreError::io("sync the directory of", name))
}

pub(super) fn get<D: Disk>(disk: &D, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    disk.read(name, SMALL_BYTES_MAX).map_err(StoreError::io("read", name))
}

/// Durably removes a small file; fine when there is none.
pub(super) fn drop_small<D: Disk>(disk: &D, name: &str) -> Result<(), StoreError> {
    match disk.remove(name) {
        Ok(()) => disk.sync_dir().map_err(StoreError::io("sync the directory of", name)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(StoreError::io("remove", name)(e)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// Otherwise another user of the router could read the gateway's seed and speak in its name.
    #[test]
    fn the_seed_is_private() {
        let dir = tempfile::tempdir().unwrap();
        write_small(dir.path(), "seed", b"0123").unwrap();
        write_small(dir.path(), "seed", b"4567").unwrap();
        let mode = std::fs::metadata(dir.path().join("seed")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(read_small(dir.path(), "seed").unwrap().unwrap(), b"4567");
        assert_eq!(read_small(dir.path(), "epoch").unwrap(), None);
    }
}
