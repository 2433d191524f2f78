//! The keeper's password: set by a command beside the data, asked for by the page. Kept as an argon2id hash (RFC 9106), in a
//! file of its own that only its owner may read. Phones' keys that need no password are in [`keys`].

pub mod keys;

use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use commons_core::identity::hex;
use serde::{Deserialize, Serialize};

use crate::control::text::digits_to_bytes;
use crate::host::{owner, random};
use crate::store::{read_small, write_small, StoreError};

/// The file's name in the data directory.
pub const FILE: &str = "keeper.json";
/// Letters of a password, at least. Guesses are slowed, so this need not be a bank's.
pub const LETTERS_MIN: usize = 8;
/// Bytes of a password, at most.
pub const BYTES_MAX: usize = 256;
/// Memory of one check, in KiB: OWASP's third choice, 9 MiB, since a board may have 512 MB for everything. One at a time.
const MEMORY_KIB: u32 = 9 * 1024;
/// Passes over it; about 0.1 s on a Raspberry Pi 4 (guess: measure on the slowest board).
const PASSES: u32 = 4;
/// What a file may ask for at most, so that a damaged one cannot take all memory.
const MEMORY_KIB_MAX: u32 = 64 * 1024;
/// The same for passes.
const PASSES_MAX: u32 = 16;

/// Why a password was not set or not read.
#[derive(Debug, thiserror::Error)]
pub enum KeeperError {
    /// Too easy to guess.
    #[error("the password needs at least {LETTERS_MIN} letters; three words in a row are easy to remember")]
    TooShort,
    /// Nobody types that.
    #[error("the password has more than {BYTES_MAX} bytes")]
    TooLong,
    /// The disk.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file makes no sense.
    #[error("{FILE} in the data directory is damaged; set the password again with `commonsd keeper password`")]
    Damaged,
    /// The file of keys makes no sense.
    #[error(
        "{} in the data directory is damaged; remove it and let the keys in again with `commonsd keeper key add`",
        keys::FILE
    )]
    DamagedKeys,
    /// More than anybody needs.
    #[error(
        "{} keys are let in already, which is the most; take one out first with `commonsd keeper key remove`",
        keys::KEYS_MAX
    )]
    TooManyKeys,
    /// The system.
    #[error("{0}")]
    System(std::io::Error),
}

/// A password as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Password {
    salt: [u8; 16],
    hash: [u8; 32],
    memory_kib: u32,
    passes: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    v: u8,
    kind: String,
    memory_kib: u32,
    passes: u32,
    salt: String,
    hash: String,
}

impl Password {
    /// Sets the password of a data directory, durably. A running gateway asks for the new one at once.
    pub fn set(data: &Path, typed: &str) -> Result<(), KeeperError> {
        let typed = tidy(typed);
        if typed.chars().count() < LETTERS_MIN {
            return Err(KeeperError::TooShort);
        }
        if typed.len() > BYTES_MAX {
            return Err(KeeperError::TooLong);
        }
        let mut salt = [0; 16];
        salt.copy_from_slice(&random::seed().map_err(KeeperError::System)?[..16]);
        let hash = hashed(typed, &salt, MEMORY_KIB, PASSES).ok_or(KeeperError::Damaged)?;
        let file = File {
            v: 1,
            kind: "argon2id".into(),
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            salt: hex(&salt),
            hash: hex(&hash),
        };
        let mut bytes = serde_json::to_vec_pretty(&file).unwrap_or_default();
        bytes.push(b'\n');
        write_small(data, FILE, &bytes)?;
        // Set by root for a gateway that runs under an account of its own, it must be that account's to read.
        owner::give_like(&data.join(FILE), data).map_err(KeeperError::System)
    }

    /// The password of a data directory; none if none was set.
    pub fn read(data: &Path) -> Result<Option<Self>, KeeperError> {
        let Some(bytes) = read_small(data, FILE)? else { return Ok(None) };
        let file: File = serde_json::from_slice(&bytes).map_err(|_| KeeperError::Damaged)?;
        let sane = file.v == 1
            && file.kind == "argon2id"
            && (8..=MEMORY_KIB_MAX).contains(&file.memory_kib)
            && (1..=PASSES_MAX).contains(&file.passes);
        let (Some(salt), Some(hash), true) = (digits_to_bytes(&file.salt), digits_to_bytes(&file.hash), sane) else {
            return Err(KeeperError::Damaged);
        };
        Ok(Some(Self { salt, hash, memory_kib: file.memory_kib, passes: file.passes }))
    }

    /// Whether this is it. Takes its time and memory on purpose; call it where blocking is allowed, one at a time.
    pub fn is(&self, typed: &str) -> bool {
        let typed = tidy(typed);
        if typed.len() > BYTES_MAX {
            return false;
        }
        let Some(hash) = hashed(typed, &self.salt, self.memory_kib, self.passes) else { return false };
        // All bytes are looked at, however early they differ.
        hash.iter().zip(&self.hash).fold(0, |differs, (one, other)| differs | (one ^ other)) == 0
    }

    /// Tells this password from the next one.
    pub fn mark(&self) -> [u8; 16] {
        self.salt
    }
}

/// Hands and phones add blanks at the ends.
fn tidy(typed: &str) -> &str {
    typed.trim()
}

fn hashed(typed: &str, salt: &[u8; 16], memory_kib: u32, passes: u32) -> Option<[u8; 32]> {
    let params = Params::new(memory_kib, passes, 1, Some(32)).ok()?;
    let mut hash = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(typed.as_bytes(), salt, &mut hash)
        .ok()?;
    Some(hash)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// Somebody with the card in his hand would read the password, or anybody could log in with another one.
    #[test]
    fn a_password_is_kept_as_a_hash_that_only_its_owner_reads() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Password::read(dir.path()).unwrap().is_none());
        for (bad, words) in
            [("short", "at least 8"), ("       x       ", "at least 8"), (&*"x".repeat(300), "more than")]
        {
            let error = Password::set(dir.path(), bad).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        Password::set(dir.path(), " lamp river seven\n").unwrap();
        let path = dir.path().join(FILE);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!std::fs::read_to_string(&path).unwrap().contains("lamp"));
        let first = Password::read(dir.path()).unwrap().unwrap();
        assert!(first.is("lamp river seven") && first.is("lamp river seven "));
        assert!(!first.is("lamp river eight") && !first.is("") && !first.is(&"x".repeat(300)));
        Password::set(dir.path(), "lamp river seven").unwrap();
        let second = Password::read(dir.path()).unwrap().unwrap();
        assert!(second.mark() != first.mark() && second.hash != first.hash, "salted");
    }

    /// A damaged file would let everybody in, or take all memory of the board.
    #[test]
    fn a_damaged_file_lets_nobody_in() {
        let dir = tempfile::tempdir().unwrap();
        Password::set(dir.path(), "lamp river seven").unwrap();
        let good = std::fs::read_to_string(dir.path().join(FILE)).unwrap();
        for (from, to) in [
            ("\"memory_kib\": 9216", "\"memory_kib\": 4000000000"),
            ("\"passes\": 4", "\"passes\": 4000000000"),
            ("argon2id", "none"),
            ("\"v\": 1", "\"v\": 2"),
            ("\"salt\": \"", "\"salt\": \"zz"),
            ("{", ""),
        ] {
            let bad = good.replacen(from, to, 1);
            assert_ne!(bad, good);
            std::fs::write(dir.path().join(FILE), bad).unwrap();
            assert!(matches!(Password::read(dir.path()), Err(KeeperError::Damaged)), "{from}");
        }
    }
}
