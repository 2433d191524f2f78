//! A member's key in a file that only its owner may read, for whoever uses a terminal as others use a phone.
//!
//! It also holds the last record that was signed with it: a gateway that does not know that one yet would be led to split the chain,
//! so nothing is signed there.

use std::path::{Path, PathBuf};

use commons_core::identity::{hex, MemberId, NetworkId, RecordId};
use serde::{Deserialize, Serialize};

use super::output::Failure;
use crate::control::text::digits_to_bytes;
use crate::host::private::write_private;
use crate::host::random;
use crate::pen::Pen;

/// What the file calls itself.
const KIND: &str = "commons-member-key";

/// A key file, read.
pub struct KeyFile {
    path: PathBuf,
    content: Content,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    v: u8,
    kind: String,
    /// The Ed25519 seed.
    seed: String,
    /// The one to go on with, from before a `rekey` is sent until it is known to be taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_seed: Option<String>,
    /// Once he has joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    member: Option<String>,
    /// The number and id of the last record signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<(u32, String)>,
}

impl KeyFile {
    /// Makes a key. Never writes over a file.
    pub fn make(path: &Path) -> anyhow::Result<Self> {
        if path.exists() {
            let sentence = format!("{} exists already; a key is never written over", path.display());
            return Err(Failure::new(1, sentence).into());
        }
        let seed = hex(&random::seed()?);
        let content = Content { v: 1, kind: KIND.into(), seed, next_seed: None, member: None, last: None };
        let file = Self { path: path.to_owned(), content };
        file.write()?;
        Ok(file)
    }

    /// Reads one.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let no = |why: String| {
            Failure::new(1, format!("{} is no key file ({why}); `commonsd member new` makes one", path.display()))
        };
        let bytes = std::fs::read(path).map_err(|error| no(error.to_string()))?;
        let content: Content = serde_json::from_slice(&bytes).map_err(|error| no(error.to_string()))?;
        let seeds = [Some(&content.seed), content.next_seed.as_ref()];
        let whole = seeds.into_iter().flatten().all(|seed| digits_to_bytes::<32>(seed).is_some());
        if content.v != 1 || content.kind != KIND || !whole {
            return Err(no("another version, or damaged".into()).into());
        }
        Ok(Self { path: path.to_owned(), content })
    }

    /// Signs with it.
    pub fn pen(&self, network: NetworkId) -> Pen {
        Pen::new(&digits_to_bytes(&self.content.seed).unwrap_or_default(), network)
    }

    /// The key to go on with, made and kept before anybody hears of it.
    pub fn next_pen(&mut self, network: NetworkId) -> anyhow::Result<Pen> {
        if self.content.next_seed.is_none() {
            self.content.next_seed = Some(hex(&random::seed()?));
            self.write()?;
        }
        let seed = self.content.next_seed.as_deref().and_then(digits_to_bytes).unwrap_or_default();
        Ok(Pen::new(&seed, network))
    }

    /// Goes on with that one.
    pub fn turn(&mut self) -> anyhow::Result<()> {
        if let Some(next) = self.content.next_seed.take() {
            self.content.seed = next;
        }
        self.write()
    }

    /// Whose it is.
    pub fn member(&self) -> Option<MemberId> {
        MemberId::parse(self.content.member.as_deref()?)
    }

    /// Whose it is from now on.
    pub fn set_member(&mut self, member: MemberId) -> anyhow::Result<()> {
        self.content.member = Some(member.to_string());
        self.content.last = None;
        self.write()
    }

    /// The last record signed with it.
    pub fn last(&self) -> Option<(u32, RecordId)> {
        let (seq, id) = self.content.last.as_ref()?;
        Some((*seq, RecordId::parse(id)?))
    }

    /// Notes the last record.
    pub fn set_last(&mut self, seq: u32, id: RecordId) -> anyhow::Result<()> {
        self.content.last = Some((seq, id.to_string()));
        self.write()
    }

    fn write(&self) -> anyhow::Result<()> {
        let mut bytes = serde_json::to_vec_pretty(&self.content)?;
        bytes.push(b'\n');
        write_private(&self.path, &bytes)
            .map_err(|error| Failure::new(1, format!("cannot write {}: {error}", self.path.display())).into())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A neighbour's key would be read by others on his machine, written over, or lost in the middle of a change.
    #[test]
    fn a_key_is_its_owners_alone_and_survives_a_change() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ann.key");
        let network = NetworkId::of("maple");
        let mut file = KeyFile::make(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(KeyFile::make(&path).is_err());
        let (old, next) = (file.pen(network).key(), file.next_pen(network).unwrap().key());
        let mut again = KeyFile::read(&path).unwrap();
        assert_eq!(again.pen(network).key(), old, "not turned yet");
        assert_eq!(again.next_pen(network).unwrap().key(), next, "the same one, though the command was cut off");
        again.turn().unwrap();
        assert_eq!(KeyFile::read(&path).unwrap().pen(network).key(), next);
        std::fs::write(&path, "{}").unwrap();
        assert!(KeyFile::read(&path).is_err());
    }
}
