//! Members without a phone of their own: accounts whose key this gateway keeps, sealed by a PIN, and printed cards, which hold the
//! sealed key themselves. Both have half the limit, because a PIN is weaker than a key.
//!
//! **The key is open only while it signs.** A hosted one lies in `hosted/<member id>.json`, mode 0600: argon2id (RFC 9106) of the PIN
//! opens ChaCha20-Poly1305 (RFC 8439) over the seed. A card's key is in its QR code the same way, and nowhere else. Whoever has the
//! gateway's disk, or finds a card, can try PINs at a tenth of a second each: six digits hold for a day, letters for years. At the
//! page, wrong PINs cost growing time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::ChaCha20Poly1305;
use commons_core::admission::Rejection;
use commons_core::codec::{check, SignedRecord};
use commons_core::identity::{hex, unhex, GatewayId, MemberId, MemberKey, NetworkId, RecordId};
use commons_core::receipt::Accepted;
use commons_core::record::{Body, Custody, Facts, Join, Kind, Link, Mark, Record, RECORD_VERSION};
use commons_core::submission::{Content, Sender, Submission};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::control::text::digits_to_bytes;
use crate::host::private::write_private;
use crate::host::random;
use crate::inbox::Inbox;
use crate::pen::{next_link, Pen};

/// The folder in the data directory.
pub const FOLDER: &str = "hosted";
/// Letters or digits of a PIN, at least.
pub const PIN_MIN: usize = 6;
/// The same, at most.
pub const PIN_MAX: usize = 64;
/// Hosted accounts of one gateway: a stairwell's worth, so that no page visitor can fill the disk with them.
pub const HOSTED_MAX: usize = 256;
/// What a card's letters begin with.
pub const CARD: &str = "CARD:1:";
/// Memory of one opening, in KiB, and passes over it: as for the keeper's password.
const MEMORY_KIB: u32 = 9 * 1024;
const PASSES: u32 = 4;
/// Wrong PINs in a row that cost nothing.
const FREE_TRIES: u32 = 4;
/// What the next one costs; doubled each time.
const WAIT: Duration = Duration::from_secs(10);
/// And at most.
const WAIT_MAX: Duration = Duration::from_secs(3_600);
/// Members whose wrong tries are remembered; the one tried longest ago leaves.
const TRIED_MAX: usize = 1_024;
/// The seal is used once with each salt, so the nonce may be the same each time.
const NONCE: [u8; 12] = [0; 12];

/// Why nothing was made or signed.
#[derive(Debug, thiserror::Error)]
pub enum HostedError {
    /// Too easy.
    #[error("a PIN has {PIN_MIN} to {PIN_MAX} letters or digits")]
    BadPin,
    /// Not this one.
    #[error("this is not the PIN")]
    WrongPin,
    /// Too many wrong ones.
    #[error("too many wrong PINs; try again in {retry_s} seconds")]
    TooManyTries {
        /// When.
        retry_s: u64,
    },
    /// No account of this gateway's.
    #[error("this gateway keeps no account of this member")]
    NotHosted,
    /// Not a card's letters.
    #[error("these are not the letters of a card, or one is missing")]
    NotACard,
    /// A card whose key is no member's here.
    #[error("nobody here has this card's key")]
    UnknownCard,
    /// There is no community yet.
    #[error("this network has no founding record yet")]
    NotFounded,
    /// As many as it keeps.
    #[error("this gateway keeps {HOSTED_MAX} accounts, which is the most it takes")]
    Full,
    /// Refused like anybody's.
    #[error("{0}")]
    Refused(#[from] Rejection),
    /// The disk, or randomness.
    #[error("the gateway cannot keep it: {0}")]
    Storage(#[from] std::io::Error),
    /// A damaged file.
    #[error("the file of this account is damaged; restore it from a backup")]
    Damaged,
}

impl HostedError {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadPin => "bad_pin",
            Self::WrongPin => "wrong_pin",
            Self::TooManyTries { .. } => "too_many_tries",
            Self::NotHosted => "not_hosted",
            Self::NotACard => "not_a_card",
            Self::UnknownCard => "unknown_card",
            Self::NotFounded => "not_founded",
            Self::Full => "too_many_accounts",
            Self::Refused(rejection) => rejection.code(),
            Self::Storage(_) => "storage_failed",
            Self::Damaged => "damaged",
        }
    }
}

/// A card as printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardSheet {
    /// Whose.
    pub member: MemberId,
    /// What he goes by.
    pub name: String,
    /// The QR code's letters: capitals and digits, which it holds most of.
    pub letters: String,
}

/// Whose key is to sign.
#[derive(Clone, Debug)]
pub enum Purse {
    /// Kept here.
    Hosted(MemberId),
    /// A card's letters.
    Card(String),
}

/// A sealed seed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    v: u8,
    salt: String,
    sealed: String,
    key: String,
}

/// Keeps and opens them. Cheap to clone.
#[derive(Clone)]
pub struct Hosting(Arc<Shared>);

struct Shared {
    folder: PathBuf,
    network: NetworkId,
    gateway: GatewayId,
    inbox: Inbox,
    /// One opening at a time: each takes 9 MiB.
    opening: Semaphore,
    tries: Mutex<BTreeMap<MemberKey, Tries>>,
}

#[derive(Clone, Copy)]
struct Tries {
    wrong: u32,
    last: Instant,
}

impl Hosting {
    /// Over a data directory.
    pub fn new(data: &Path, network: NetworkId, gateway: GatewayId, inbox: Inbox) -> Self {
        let (folder, opening, tries) = (data.join(FOLDER), Semaphore::new(1), Mutex::default());
        Self(Arc::new(Shared { folder, network, gateway, inbox, opening, tries }))
    }

    /// Opens an account whose key this gateway keeps. The newcomer still needs two who vouch for him.
    pub async fn host(&self, name: &str, household: &str, pin: &str, sender: Sender) -> Result<MemberId, HostedError> {
        let (seed, sealed) = self.make(pin).await?;
        let (folder, kept) = (self.0.folder.clone(), self.count().await?);
        if kept >= HOSTED_MAX {
            return Err(HostedError::Full);
        }
        let (id, signed) = self.join(&seed, name, household, Custody::Hosted).await?;
        let bytes = serde_json::to_vec_pretty(&sealed).unwrap_or_default();
        let path = folder.join(format!("{id}.json"));
        // Before he is a member: a member whose key is nowhere could never sign.
        blocking(move || {
            use std::os::unix::fs::DirBuilderExt;
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
            write_private(&path, &bytes)
        })
        .await??;
        if let Err(refused) = self.hand_in(Kind::Join, signed, sender).await {
            let path = self.path(&id);
            // Nobody has this key: the file is of no use. If it stays, it is one of HOSTED_MAX.
            let _ = blocking(move || std::fs::remove_file(path)).await;
            return Err(refused);
        }
        Ok(id)
    }

    /// Makes a card. Its key is on the sheet alone; this gateway forgets it.
    pub async fn print(
        &self,
        name: &str,
        household: &str,
        pin: &str,
        sender: Sender,
    ) -> Result<CardSheet, HostedError> {
        let (seed, sealed) = self.make(pin).await?;
        let (member, signed) = self.join(&seed, name, household, Custody::Card).await?;
        self.hand_in(Kind::Join, signed, sender).await?;
        let letters = format!("{CARD}{}{}{}", sealed.salt, sealed.key, sealed.sealed).to_uppercase();
        Ok(CardSheet { member, name: name.to_owned(), letters })
    }

    /// Whose purse this is. Needs no PIN, so a page can greet by name; it says no more than the member's card does.
    pub async fn whose(&self, purse: &Purse) -> Result<MemberId, HostedError> {
        match purse {
            Purse::Hosted(id) => match self.path(id).is_file() {
                true => Ok(*id),
                false => Err(HostedError::NotHosted),
            },
            Purse::Card(letters) => {
                let key = sealed_on_card(letters)?.key;
                let found = self.0.inbox.find_members(&key).await;
                let card = found.iter().find(|card| card.key == key).ok_or(HostedError::UnknownCard)?;
                MemberId::parse(&card.id).ok_or(HostedError::UnknownCard)
            }
        }
    }

    /// Whether the PIN opens it; the member, and a pass with which he may read his account.
    pub async fn enter(&self, purse: &Purse, pin: &str) -> Result<(MemberId, String), HostedError> {
        let (member, seed) = self.open(purse, pin).await?;
        Ok((member, self.0.inbox.passes().give(member, Pen::new(&seed, self.0.network).key())))
    }

    /// Signs the next record of the purse's chain and hands it in: `body` is given where it stands.
    pub async fn sign(
        &self,
        purse: &Purse,
        pin: &str,
        sender: Sender,
        body: impl FnOnce(Link) -> Body,
    ) -> Result<Accepted, HostedError> {
        let (member, seed) = self.open(purse, pin).await?;
        let card = self.0.inbox.member_card(member).await.ok_or(HostedError::UnknownCard)?;
        let link = next_link(&card).ok_or(HostedError::UnknownCard)?;
        let body = body(link);
        let kind = body.kind();
        check(&Record {
            version: RECORD_VERSION,
            created: now_s(),
            mark: Mark { sender: 0, content: 0 },
            body: body.clone(),
        })?;
        let signed = Pen::new(&seed, self.0.network).write(now_s(), body).signed;
        self.hand_in(kind, signed, sender).await
    }

    /// Another PIN for a hosted account. A card keeps its own: print another one.
    pub async fn change_pin(&self, id: &MemberId, old: &str, new: &str) -> Result<(), HostedError> {
        if !is_pin(new) {
            return Err(HostedError::BadPin);
        }
        let (_, seed) = self.open(&Purse::Hosted(*id), old).await?;
        let sealed = self.seal(seed, new).await?;
        let bytes = serde_json::to_vec_pretty(&sealed).unwrap_or_default();
        let path = self.path(id);
        Ok(blocking(move || write_private(&path, &bytes)).await??)
    }

    fn path(&self, id: &MemberId) -> PathBuf {
        self.0.folder.join(format!("{id}.json"))
    }

    async fn count(&self) -> Result<usize, HostedError> {
        let folder = self.0.folder.clone();
        blocking(move || std::fs::read_dir(folder).map_or(0, Iterator::count)).await
    }

    async fn make(&self, pin: &str) -> Result<([u8; 32], Sealed), HostedError> {
        if !is_pin(pin) {
            return Err(HostedError::BadPin);
        }
        let seed = random::seed()?;
        Ok((seed, self.seal(seed, pin).await?))
    }

    async fn seal(&self, seed: [u8; 32], pin: &str) -> Result<Sealed, HostedError> {
        let mut salt = [0; 16];
        salt.copy_from_slice(&random::seed()?[..16]);
        let key = Pen::new(&seed, self.0.network).key();
        let sealing = self.stretched(pin, salt).await?;
        let payload = Payload { msg: &seed, aad: &key.0 };
        let sealed = ChaCha20Poly1305::new(&sealing.into()).encrypt(&NONCE.into(), payload);
        let sealed = sealed.map_err(|_| HostedError::Damaged)?;
        Ok(Sealed { v: 1, salt: hex(&salt), sealed: hex(&sealed), key: key.to_string() })
    }

    /// The key that the PIN stretches to: a tenth of a second and 9 MiB on purpose, one at a time.
    async fn stretched(&self, pin: &str, salt: [u8; 16]) -> Result<[u8; 32], HostedError> {
        let _turn = self.0.opening.acquire().await.map_err(|_| HostedError::Damaged)?;
        let pin = pin.trim().to_owned();
        blocking(move || {
            let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32)).ok()?;
            let mut key = [0; 32];
            let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            argon.hash_password_into(pin.as_bytes(), &salt, &mut key).ok()?;
            Some(key)
        })
        .await?
        .ok_or(HostedError::Damaged)
    }

    async fn open(&self, purse: &Purse, pin: &str) -> Result<(MemberId, [u8; 32]), HostedError> {
        let sealed = match purse {
            Purse::Hosted(id) => {
                let path = self.path(id);
                let bytes = blocking(move || std::fs::read(path)).await?.map_err(|error| match error.kind() {
                    std::io::ErrorKind::NotFound => HostedError::NotHosted,
                    _ => HostedError::Storage(error),
                })?;
                serde_json::from_slice(&bytes).map_err(|_| HostedError::Damaged)?
            }
            Purse::Card(letters) => sealed_on_card(letters)?,
        };
        let (Some(key), Some(salt)) = (MemberKey::parse(&sealed.key), digits_to_bytes(&sealed.salt)) else {
            return Err(HostedError::Damaged);
        };
        let text = unhex(&sealed.sealed).ok_or(HostedError::Damaged)?;
        let member = self.whose(purse).await?;
        // Counted before it is tried: many tries at once are many tries.
        self.count_try(key)?;
        if !is_pin(pin) {
            return Err(HostedError::WrongPin);
        }
        let sealing = self.stretched(pin, salt).await?;
        let payload = Payload { msg: &text, aad: &key.0 };
        let opened = ChaCha20Poly1305::new(&sealing.into()).decrypt(&NONCE.into(), payload);
        let seed: [u8; 32] = opened.ok().and_then(|seed| seed.try_into().ok()).ok_or(HostedError::WrongPin)?;
        self.tries().remove(&key);
        Ok((member, seed))
    }

    fn tries(&self) -> std::sync::MutexGuard<'_, BTreeMap<MemberKey, Tries>> {
        self.0.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count_try(&self, key: MemberKey) -> Result<(), HostedError> {
        let (mut tries, now) = (self.tries(), Instant::now());
        if let Some(known) = tries.get_mut(&key) {
            let wait = match known.wrong.checked_sub(FREE_TRIES) {
                None => Duration::ZERO,
                Some(doubled) => WAIT.saturating_mul(1 << doubled.min(16)).min(WAIT_MAX),
            };
            let left = (known.last + wait).saturating_duration_since(now);
            if !left.is_zero() {
                return Err(HostedError::TooManyTries { retry_s: left.as_secs() + 1 });
            }
            *known = Tries { wrong: known.wrong.saturating_add(1), last: now };
            return Ok(());
        }
        if tries.len() >= TRIED_MAX {
            let oldest = tries.iter().min_by_key(|(_, tries)| tries.last).map(|(key, _)| *key);
            oldest.map(|key| tries.remove(&key));
        }
        tries.insert(key, Tries { wrong: 1, last: now });
        Ok(())
    }

    async fn join(
        &self,
        seed: &[u8; 32],
        name: &str,
        household: &str,
        custody: Custody,
    ) -> Result<(MemberId, SignedRecord), HostedError> {
        let covenant = self.0.inbox.covenant().await.ok_or(HostedError::NotFounded)?;
        let covenant = RecordId::parse(&covenant.id).ok_or(HostedError::NotFounded)?;
        let (pseudonym, household) = (name.trim().to_owned(), household.trim().to_owned());
        let facts = Facts { pseudonym, household, home: self.0.gateway, guardians: Vec::new(), threshold: 0, custody };
        let body = Body::Join(Join { covenant, facts });
        check(&Record {
            version: RECORD_VERSION,
            created: now_s(),
            mark: Mark { sender: 0, content: 0 },
            body: body.clone(),
        })?;
        let written = Pen::new(seed, self.0.network).write(now_s(), body);
        Ok((MemberId(written.id.0), written.signed))
    }

    async fn hand_in(&self, kind: Kind, signed: SignedRecord, sender: Sender) -> Result<Accepted, HostedError> {
        let submission = Submission { kind, sender, reference: String::new(), content: Content::Signed(signed) };
        Ok(self.0.inbox.submit(submission).await?)
    }
}

/// A PIN is tidied as it is typed: blanks at the ends do not count.
fn is_pin(pin: &str) -> bool {
    let pin = pin.trim();
    pin.chars().count() >= PIN_MIN && pin.len() <= PIN_MAX && !pin.chars().any(char::is_control)
}

/// What a card holds: salt (16), key (32), sealed seed (48), as hex digits.
fn sealed_on_card(letters: &str) -> Result<Sealed, HostedError> {
    let text: String = letters.split_whitespace().collect::<String>().to_lowercase();
    let digits = text.strip_prefix(&CARD.to_lowercase()).ok_or(HostedError::NotACard)?;
    let bytes: [u8; 96] = digits_to_bytes(digits).ok_or(HostedError::NotACard)?;
    Ok(Sealed { v: 1, salt: hex(&bytes[..16]), key: hex(&bytes[16..48]), sealed: hex(&bytes[48..]) })
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, HostedError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| HostedError::Storage(std::io::Error::other(error)))
}

/// The gateway's own clock: shown with what it signs for somebody, and nothing else.
fn now_s() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
