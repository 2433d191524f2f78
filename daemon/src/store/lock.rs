//! One process at a time: a lock on the file `LOCK`, with the holder's pid in it for whoever comes second.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::error::StoreError;

const FILE: &str = "LOCK";
/// No pid is longer.
const PID_BYTES_MAX: u64 = 16;

/// Held while it lives; the system lets go of it even after a kill.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    exclusive: bool,
}

/// For the one who writes.
pub(super) fn exclusive(dir: &Path) -> Result<Lock, StoreError> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(dir.join(FILE))
        .map_err(StoreError::io("open", FILE))?;
    if let Err(e) = file.try_lock() {
        return Err(refused(dir, file, e));
    }
    file.set_len(0).map_err(StoreError::io("write", FILE))?;
    // Only for the other's message: on a full disk the lock is as good without.
    let _ = write!(&file, "{}", std::process::id());
    Ok(Lock { file, exclusive: true })
}

/// For those who only read; several may.
pub(super) fn shared(dir: &Path) -> Result<Lock, StoreError> {
    let file = match File::open(dir.join(FILE)) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Err(StoreError::NoStore(dir.to_owned())),
        Err(e) => return Err(StoreError::io("open", FILE)(e)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(Lock { file, exclusive: false }),
        Err(e) => Err(refused(dir, file, e)),
    }
}

fn refused(dir: &Path, file: File, e: TryLockError) -> StoreError {
    match e {
        TryLockError::Error(e) => StoreError::io("lock", FILE)(e),
        TryLockError::WouldBlock => {
            let mut text = String::new();
            let _ = file.take(PID_BYTES_MAX).read_to_string(&mut text);
            StoreError::Held { dir: dir.to_owned(), pid: text.trim().parse().ok() }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.exclusive {
            // Or a reader that comes next would pass for this process.
            let _ = self.file.set_len(0);
        }
    }
}
