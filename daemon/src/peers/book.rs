//! Whom this gateway is paired with, whom it has invited, and which codes it was given: a small file that survives power
//! cuts, in the data directory beside the identity.
//!
//! Every change is durable before it counts. Invitations run out by the time the gateway has run, since nobody's clock
//! is trusted here; a restart may prolong one by what was not yet written down, at most [`WRITE_EVERY_S`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use commons_core::identity::{hex, GatewayId, MemberKey};
use commons_core::sync::Interests;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::code::{Code, CodeError, Secret};
use crate::store::{read_small, write_small, StoreError};
use crate::wants;

/// The file's name in the data directory.
pub const FILE: &str = "peers.json";
/// Gateways one is paired with, at most: they fit the file, and nobody has so many neighbours.
pub const PEERS_MAX: usize = 128;
/// Invitations at once.
pub const INVITATIONS_MAX: usize = 16;
/// Codes being tried at once.
pub const CODES_MAX: usize = 16;
/// Addresses kept of one peer, the last one that worked first.
pub const ADDRESSES_MAX: usize = 4;
/// How long an invitation or a code lasts, in seconds of running.
pub const LASTS_S: u64 = 24 * 3_600;
/// How often what is left of them is written down.
pub const WRITE_EVERY_S: u64 = 600;
/// Bytes of a peer's name.
pub const NAME_BYTES_MAX: usize = 64;

/// Why the book was not changed, or not read.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// The disk.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file makes no sense.
    #[error("{path} is damaged ({detail}); move it away to forget all peers, then pair them again")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Why.
        detail: String,
    },
    /// No such peer.
    #[error("no peer is called \"{0}\"; `commonsd peer list` shows them")]
    Unknown(String),
    /// More than one.
    #[error("several peers are meant by \"{0}\"; give more of the id")]
    Ambiguous(String),
    /// A bound.
    #[error("there are {0} {1} already, which is as many as there may be")]
    Full(usize, &'static str),
    /// Words that name nothing.
    #[error(transparent)]
    Wants(#[from] wants::Unknown),
    /// The code is none.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// The code is our own.
    #[error("this code was made by this very gateway; give it to the other one")]
    Own,
    /// No randomness.
    #[error("the system gives no randomness: {0}")]
    Random(std::io::Error),
}

/// A paired gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    /// Its id.
    #[serde(with = "id_as_text")]
    pub id: GatewayId,
    /// What it calls itself.
    pub name: String,
    /// Where its door was found, `host:port`, the last that worked first.
    pub addresses: Vec<String>,
}

/// What is wanted of a gateway, paired or configured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(with = "id_as_text")]
    id: GatewayId,
    /// Names of lanes, see `wants`.
    only: String,
}

/// An invitation that stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    /// 16 hex digits.
    secret: String,
    /// Seconds of running that are left.
    left_s: u64,
    /// Who has used it; only that gateway may use it again, if its answer was lost.
    #[serde(default, with = "maybe_id_as_text", skip_serializing_if = "Option::is_none")]
    used_by: Option<GatewayId>,
}

/// A code that was given to us and has not led to its gateway yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// As typed, tidied.
    pub code: String,
    /// Seconds of running that are left.
    left_s: u64,
    /// What will be wanted of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    only: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    v: u8,
    peers: Vec<Peer>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    wanted: Vec<Wanted>,
    invitations: Vec<Invitation>,
    codes: Vec<Given>,
}

/// The book. One owner at a time; the daemon, or a command while it is stopped.
pub struct Book {
    data: PathBuf,
    file: File,
    unwritten_s: u64,
}

impl Book {
    /// The book of a data directory; empty if there is none.
    pub fn open(data: &Path) -> Result<Self, BookError> {
        let damaged = |detail: String| BookError::Damaged { path: data.join(FILE), detail };
        let file = match read_small(data, FILE)? {
            None => File { v: 1, peers: Vec::new(), wanted: Vec::new(), invitations: Vec::new(), codes: Vec::new() },
            Some(bytes) => {
                let file: File = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
                if file.v != 1 {
                    return Err(damaged(format!("it is of version {}, written by a newer commonsd", file.v)));
                }
                file
            }
        };
        Ok(Self { data: data.to_owned(), file, unwritten_s: 0 })
    }

    /// Makes a change, durably or not at all.
    fn change<T>(&mut self, act: impl FnOnce(&mut File) -> Result<T, BookError>) -> Result<T, BookError> {
        let mut file = self.file.clone();
        let done = act(&mut file)?;
        if file == self.file {
            return Ok(done);
        }
        let mut bytes = serde_json::to_vec_pretty(&file).unwrap_or_default();
        bytes.push(b'\n');
        write_small(&self.data, FILE, &bytes)?;
        self.file = file;
        self.unwritten_s = 0;
        Ok(done)
    }

    /// All paired gateways.
    pub fn peers(&self) -> &[Peer] {
        &self.file.peers
    }

    /// Pairs, or renews what is known of a peer.
    pub fn pair(&mut self, id: GatewayId, name: &str, address: Option<String>) -> Result<(), BookError> {
        let name = tidy_name(name);
        self.change(|file| {
            let peer = match file.peers.iter_mut().position(|peer| peer.id == id) {
                Some(at) => &mut file.peers[at],
                None if file.peers.len() >= PEERS_MAX => return Err(BookError::Full(PEERS_MAX, "peers")),
                None => {
                    file.peers.push(Peer { id, name: String::new(), addresses: Vec::new() });
                    let last = file.peers.len() - 1;
                    &mut file.peers[last]
                }
            };
            if !name.is_empty() {
                peer.name = name;
            }
            if let Some(address) = address {
                put_first(&mut peer.addresses, address);
            }
            Ok(())
        })
    }

    /// An address worked; a name was heard. Nothing if the gateway is no peer.
    pub fn learn(&mut self, id: &GatewayId, name: Option<&str>, address: Option<String>) -> Result<(), BookError> {
        if !self.file.peers.iter().any(|peer| peer.id == *id) {
            return Ok(());
        }
        // Order alone is not worth a write.
        let address = address
            .filter(|address| !self.file.peers.iter().any(|peer| peer.id == *id && peer.addresses.contains(address)));
        self.pair(*id, name.unwrap_or_default(), address)
    }

    /// Takes a peer out, by name, id or the beginning of its id.
    pub fn remove(&mut self, wanted: &str) -> Result<Peer, BookError> {
        let id = find(self.file.peers.iter().map(|peer| (&peer.id, peer.name.as_str())), wanted)?;
        self.change(|file| {
            let at = file.peers.iter().position(|peer| peer.id == id);
            let at = at.ok_or_else(|| BookError::Unknown(wanted.into()))?;
            // Who was invited by a code that still lasts must not come back by it.
            file.invitations.retain(|invitation| invitation.used_by != Some(id));
            file.wanted.retain(|wanted| wanted.id != id);
            Ok(file.peers.remove(at))
        })
    }

    /// What is wanted of which gateways; of all others the usual.
    pub fn wants(&self) -> BTreeMap<GatewayId, Interests> {
        let each = |wanted: &Wanted| Some((wanted.id, wants::parse(&wanted.only).ok()?));
        self.file.wanted.iter().filter_map(each).collect()
    }

    /// What is wanted of a gateway from now on; none: the usual.
    pub fn want(&mut self, id: GatewayId, only: Option<Interests>) -> Result<(), BookError> {
        self.change(|file| {
            file.wanted.retain(|wanted| wanted.id != id);
            if let Some(only) = only {
                if file.wanted.len() >= PEERS_MAX {
                    return Err(BookError::Full(PEERS_MAX, "peers of which something else is wanted"));
                }
                file.wanted.push(Wanted { id, only: wants::lanes(only).join(",") });
            }
            Ok(())
        })
    }

    /// A new invitation.
    pub fn invite(&mut self) -> Result<Secret, BookError> {
        let secret = Secret::draw().map_err(BookError::Random)?;
        self.change(|file| {
            if file.invitations.len() >= INVITATIONS_MAX {
                // A used one is only kept for a lost answer.
                match file.invitations.iter().position(|invitation| invitation.used_by.is_some()) {
                    Some(at) => drop(file.invitations.remove(at)),
                    None => return Err(BookError::Full(INVITATIONS_MAX, "invitations")),
                }
            }
            file.invitations.push(Invitation { secret: hex(secret.bytes()), left_s: LASTS_S, used_by: None });
            Ok(())
        })?;
        Ok(secret)
    }

    /// The secrets of all invitations that stand.
    pub fn secrets(&self) -> Vec<Secret> {
        self.file.invitations.iter().filter_map(|invitation| Secret::parse_hex(&invitation.secret)).collect()
    }

    /// Somebody has proven to know the secret: pairs, and uses the invitation up. False: it was used by another.
    pub fn accept(
        &mut self,
        secret: &Secret,
        id: GatewayId,
        name: &str,
        address: Option<String>,
    ) -> Result<bool, BookError> {
        let wanted = hex(secret.bytes());
        let known = self.file.invitations.iter().position(|invitation| invitation.secret == wanted);
        let Some(at) = known.filter(|at| self.file.invitations[*at].used_by.is_none_or(|user| user == id)) else {
            return Ok(false);
        };
        self.pair(id, name, address)?;
        self.change(|file| {
            file.invitations[at].used_by = Some(id);
            Ok(true)
        })
    }

    /// The codes that are being tried.
    pub fn codes(&self) -> Vec<String> {
        self.file.codes.iter().map(|given| given.code.clone()).collect()
    }

    /// A code to try, and what will be wanted of its gateway. Gives it tidied.
    pub fn give(&mut self, typed: &str, only: Option<Interests>) -> Result<Code, BookError> {
        let code = Code::parse(typed)?;
        if self.secrets().contains(&code.secret) {
            return Err(BookError::Own);
        }
        let text = code.to_string();
        let only = only.map(|only| wants::lanes(only).join(","));
        self.change(|file| {
            if let Some(given) = file.codes.iter_mut().find(|given| given.code == text) {
                given.only = only;
                return Ok(());
            }
            if file.codes.len() >= CODES_MAX {
                return Err(BookError::Full(CODES_MAX, "codes being tried"));
            }
            file.codes.push(Given { code: text, left_s: LASTS_S, only });
            Ok(())
        })?;
        Ok(code)
    }

    /// A code has led to its gateway: pairs.
    pub fn met(&mut self, code: &Code, id: GatewayId, name: &str, address: String) -> Result<(), BookError> {
        let text = code.to_string();
        let given = self.file.codes.iter().find(|given| given.code == text);
        let only = given.and_then(|given| wants::parse(given.only.as_ref()?).ok());
        self.pair(id, name, Some(address))?;
        if only.is_some() {
            self.want(id, only)?;
        }
        self.drop_code(code).map(drop)
    }

    /// A code has done its work, or is given up. False: it is not among them.
    pub fn drop_code(&mut self, code: &Code) -> Result<bool, BookError> {
        let text = code.to_string();
        self.change(|file| {
            let before = file.codes.len();
            file.codes.retain(|given| given.code != text);
            Ok(file.codes.len() < before)
        })
    }

    /// So many seconds of running have passed.
    pub fn pass(&mut self, seconds: u64) -> Result<(), BookError> {
        if self.file.invitations.is_empty() && self.file.codes.is_empty() {
            return Ok(());
        }
        self.unwritten_s += seconds;
        let passed = self.unwritten_s;
        let over = |left_s: u64| left_s <= passed;
        let ended = self.file.invitations.iter().any(|invitation| over(invitation.left_s))
            || self.file.codes.iter().any(|given| over(given.left_s));
        if !ended && passed < WRITE_EVERY_S {
            return Ok(());
        }
        self.change(|file| {
            file.invitations.retain(|invitation| !over(invitation.left_s));
            file.codes.retain(|given| !over(given.left_s));
            file.invitations.iter_mut().for_each(|invitation| invitation.left_s -= passed);
            file.codes.iter_mut().for_each(|given| given.left_s -= passed);
            Ok(())
        })
    }
}

/// For a backup: the book with the pairings alone. None: there are none.
pub fn paired(data: &Path) -> Result<Option<Value>, BookError> {
    let Book { mut file, .. } = Book::open(data)?;
    (file.invitations, file.codes) = (Vec::new(), Vec::new());
    Ok((!file.peers.is_empty()).then(|| serde_json::to_value(&file).unwrap_or_default()))
}

/// From a backup, into an empty data directory.
pub fn put_back(data: &Path, paired: &Value) -> Result<(), BookError> {
    let damaged = |error: serde_json::Error| BookError::Damaged { path: data.join(FILE), detail: error.to_string() };
    let file: File = serde_json::from_value(paired.clone()).map_err(damaged)?;
    Book::open(data)?.change(|book| {
        (book.peers, book.wanted) = (file.peers, file.wanted);
        Ok(())
    })
}

/// The one peer that is meant by a name, an id, or at least 8 digits of one.
pub fn find<'a>(peers: impl Iterator<Item = (&'a GatewayId, &'a str)>, wanted: &str) -> Result<GatewayId, BookError> {
    let wanted = wanted.trim();
    let digits = wanted.to_ascii_lowercase();
    let is_id = digits.len() >= 8 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let mut found: Vec<GatewayId> = peers
        .filter(|(id, name)| *name == wanted || (is_id && id.to_string().starts_with(&digits)))
        .map(|(id, _)| *id)
        .collect();
    found.sort();
    found.dedup();
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(BookError::Unknown(wanted.into())),
        _ => Err(BookError::Ambiguous(wanted.into())),
    }
}

/// A gateway's name as it may be shown: one line, bounded.
pub fn tidy_name(name: &str) -> String {
    let mut tidy: String = name.chars().filter(|c| !c.is_control()).collect();
    while tidy.len() > NAME_BYTES_MAX {
        tidy.pop();
    }
    tidy
}

fn put_first(addresses: &mut Vec<String>, address: String) {
    addresses.retain(|known| *known != address);
    addresses.insert(0, address);
    addresses.truncate(ADDRESSES_MAX);
}

/// A gateway's id from 64 hex digits.
pub fn parse_id(text: &str) -> Option<GatewayId> {
    MemberKey::parse(text).map(|key| GatewayId(key.0))
}

mod id_as_text {
    use commons_core::identity::GatewayId;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(id: &GatewayId, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(id)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<GatewayId, D::Error> {
        let text = String::deserialize(from)?;
        super::parse_id(&text).ok_or_else(|| serde::de::Error::custom("an id has 64 hex digits"))
    }
}

mod maybe_id_as_text {
    use commons_core::identity::GatewayId;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(id: &Option<GatewayId>, to: S) -> Result<S::Ok, S::Error> {
        match id {
            Some(id) => to.collect_str(id),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<GatewayId>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| super::parse_id(&text).ok_or_else(|| serde::de::Error::custom("an id has 64 hex digits")))
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> GatewayId {
        GatewayId([n; 32])
    }

    /// After a power cut a gateway would have forgotten its neighbours, or an invitation would let in a second stranger.
    #[test]
    fn what_is_written_lasts_and_an_invitation_works_once() {
        let dir = tempfile::tempdir().unwrap();
        let mut book = Book::open(dir.path()).unwrap();
        let secret = book.invite().unwrap();
        let mut book = Book::open(dir.path()).unwrap();
        assert_eq!(book.secrets(), std::slice::from_ref(&secret));
        assert!(book.accept(&secret, id(1), "Block \u{1b}A", Some("192.0.2.1:1883".into())).unwrap());
        assert!(!book.accept(&secret, id(2), "Thief", None).unwrap());
        assert!(book.accept(&secret, id(1), "Block A", None).unwrap(), "its answer may have been lost");
        let book = Book::open(dir.path()).unwrap();
        assert_eq!(book.peers().len(), 1);
        assert_eq!((book.peers()[0].name.as_str(), book.peers()[0].id), ("Block A", id(1)));
        assert_eq!(book.peers()[0].addresses, ["192.0.2.1:1883"]);
    }

    /// A peer that was sent away would come back with its old code; a wrong name would take out the wrong one.
    #[test]
    fn a_removed_peer_stays_out() {
        let dir = tempfile::tempdir().unwrap();
        let mut book = Book::open(dir.path()).unwrap();
        let secret = book.invite().unwrap();
        book.accept(&secret, id(0xab), "A", None).unwrap();
        book.pair(id(0xac), "C", None).unwrap();
        assert!(matches!(book.remove("B"), Err(BookError::Unknown(_))));
        assert!(matches!(book.remove("aba"), Err(BookError::Unknown(_))), "too short for an id");
        assert_eq!(book.remove("ABABABAB").unwrap().name, "A");
        assert!(!book.accept(&secret, id(0xab), "A", None).unwrap());
        assert_eq!(book.peers().len(), 1);
        book.pair(id(0xad), "C", None).unwrap();
        assert!(matches!(book.remove("C"), Err(BookError::Ambiguous(_))));
    }

    /// A code lying around for months would still open the door.
    #[test]
    fn invitations_run_out_with_the_time_the_gateway_runs() {
        let dir = tempfile::tempdir().unwrap();
        let mut book = Book::open(dir.path()).unwrap();
        let secret = book.invite().unwrap();
        for _ in 0..LASTS_S / 60 - 1 {
            book.pass(60).unwrap();
        }
        let mut book = Book::open(dir.path()).unwrap();
        assert_eq!(book.secrets(), [secret]);
        book.pass(WRITE_EVERY_S + 60).unwrap();
        assert!(book.secrets().is_empty());
        assert!(Book::open(dir.path()).unwrap().secrets().is_empty());
    }

    /// A gateway restored from its backup would refuse its own neighbours.
    #[test]
    fn a_backup_holds_the_pairings_and_no_codes() {
        let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        assert!(paired(old.path()).unwrap().is_none());
        let mut book = Book::open(old.path()).unwrap();
        book.invite().unwrap();
        book.pair(id(1), "A", Some("192.0.2.1:1".into())).unwrap();
        let kept = paired(old.path()).unwrap().unwrap();
        put_back(new.path(), &kept).unwrap();
        let restored = Book::open(new.path()).unwrap();
        assert_eq!(restored.peers(), book.peers());
        assert!(restored.secrets().is_empty());
        assert!(put_back(new.path(), &Value::Null).is_err());
    }

    /// A damaged or newer file would be overwritten, and with it everybody's pairing.
    #[test]
    fn a_strange_file_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        for text in ["", "{}", "{\"v\":2,\"peers\":[],\"invitations\":[],\"codes\":[]}"] {
            std::fs::write(dir.path().join(FILE), text).unwrap();
            assert!(matches!(Book::open(dir.path()), Err(BookError::Damaged { .. })), "{text}");
        }
    }
}
