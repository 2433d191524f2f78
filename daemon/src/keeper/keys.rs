//! Phones' keys that open the keeper's page without its password: let in by a command beside the data, in a file of its own.
//! Those of the configuration (`keeper.keys`) come on top.

use std::path::Path;

use commons_core::identity::MemberKey;
use serde::{Deserialize, Serialize};

use super::KeeperError;
use crate::host::owner;
use crate::store::{read_small, write_small};

/// The file's name in the data directory.
pub const FILE: &str = "keeper-keys.json";
/// Keys in the file, at most. A gateway has a keeper or two, and each a phone or two.
pub const KEYS_MAX: usize = 16;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    v: u8,
    keys: Vec<String>,
}

/// The keys that were let in, in order.
pub fn read(data: &Path) -> Result<Vec<MemberKey>, KeeperError> {
    let Some(bytes) = read_small(data, FILE)? else { return Ok(Vec::new()) };
    let file: File = serde_json::from_slice(&bytes).map_err(|_| KeeperError::DamagedKeys)?;
    let keys: Option<Vec<_>> = file.keys.iter().map(|key| MemberKey::parse(key)).collect();
    keys.filter(|keys| file.v == 1 && keys.len() <= KEYS_MAX).ok_or(KeeperError::DamagedKeys)
}

/// Lets a key in, durably; false if it was let in before. A running gateway knows it at once.
pub fn add(data: &Path, key: MemberKey) -> Result<bool, KeeperError> {
    let mut keys = read(data)?;
    if keys.contains(&key) {
        return Ok(false);
    }
    if keys.len() >= KEYS_MAX {
        return Err(KeeperError::TooManyKeys);
    }
    keys.push(key);
    write(data, &keys)?;
    Ok(true)
}

/// Takes a key out again; false if it is not there. Whoever is logged in by it is logged out at once.
pub fn remove(data: &Path, key: &MemberKey) -> Result<bool, KeeperError> {
    let mut keys = read(data)?;
    let before = keys.len();
    keys.retain(|known| known != key);
    if keys.len() == before {
        return Ok(false);
    }
    write(data, &keys)?;
    Ok(true)
}

fn write(data: &Path, keys: &[MemberKey]) -> Result<(), KeeperError> {
    let file = File { v: 1, keys: keys.iter().map(ToString::to_string).collect() };
    let mut bytes = serde_json::to_vec_pretty(&file).unwrap_or_default();
    bytes.push(b'\n');
    write_small(data, FILE, &bytes)?;
    // As the password's: the account under which the gateway runs must be able to read it.
    owner::give_like(&data.join(FILE), data).map_err(KeeperError::System)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A keeper's phone would stay outside, or a lost one inside.
    #[test]
    fn keys_are_let_in_and_taken_out() {
        let dir = tempfile::tempdir().unwrap();
        let key = |n: usize| MemberKey([n as u8; 32]);
        assert!(read(dir.path()).unwrap().is_empty());
        assert!(add(dir.path(), key(1)).unwrap() && add(dir.path(), key(2)).unwrap());
        assert!(!add(dir.path(), key(1)).unwrap());
        assert_eq!(read(dir.path()).unwrap(), [key(1), key(2)]);
        assert!(remove(dir.path(), &key(1)).unwrap() && !remove(dir.path(), &key(1)).unwrap());
        assert_eq!(read(dir.path()).unwrap(), [key(2)]);
        for n in 3..KEYS_MAX + 2 {
            assert!(add(dir.path(), key(n)).unwrap());
        }
        assert!(matches!(add(dir.path(), key(99)), Err(KeeperError::TooManyKeys)));
    }

    /// A damaged file would let anybody in.
    #[test]
    fn a_damaged_file_lets_nobody_in() {
        let dir = tempfile::tempdir().unwrap();
        add(dir.path(), MemberKey([1; 32])).unwrap();
        let good = std::fs::read_to_string(dir.path().join(FILE)).unwrap();
        for (from, to) in [("\"v\": 1", "\"v\": 2"), ("01", "zz"), ("01", ""), ("{", "")] {
            let bad = good.replacen(from, to, 1);
            assert_ne!(bad, good);
            std::fs::write(dir.path().join(FILE), bad).unwrap();
            assert!(matches!(read(dir.path()), Err(KeeperError::DamagedKeys)), "{from}");
        }
    }
}
