//! Members without a phone of their own: accounts whose key this gateway keeps, sealed by a PIN, and printed cards, which hold the
//! sealed key themselves. Both have half the limit, because a PIN is weaker than a key.
//!
//! **The key is open only while it signs.** A hosted one lies in `hosted/<member id>.json`, mode 0600: argon2id (RFC 9106) of the PIN
//! and of a secret of this gateway's opens ChaCha20-Poly1305 (RFC 8439) over the seed ([`seal`]). A card's key is in its QR code the
//! same way, and nowhere else. Whoever has the gateway's disk, or a backup of it, can try PINs at a tenth of a second each: six digits
//! hold for a day, letters for years. A card alone tells nothing. At the page, wrong PINs cost growing time ([`tries`]).

mod seal;
mod tries;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use commons_core::admission::Rejection;
use commons_core::codec::{check, SignedRecord};
use commons_core::identity::{hex, GatewayId, MemberId, MemberKey, NetworkId, RecordId};
use commons_core::receipt::Accepted;
use commons_core::record::{Body, Custody, Facts, FactsChange, Join, Kind, Link, Mark, Record, Rekey, RECORD_VERSION};
use commons_core::submission::{Content, Sender, Submission};
use serde_json::Value;
use tokio::sync::Semaphore;

use self::seal::{Sealed, Secret};
use self::tries::Tries;
use crate::control::text::digits_to_bytes;
use crate::host::private::write_private;
use crate::host::random;
use crate::inbox::Inbox;
use crate::pen::{next_link, Pen};

pub use self::seal::{is_card, CARD};
pub use self::tries::Typist;

/// The folder in the data directory.
pub const FOLDER: &str = "hosted";
/// Letters or digits of a PIN, at least.
pub const PIN_MIN: usize = 6;
/// The same, at most.
pub const PIN_MAX: usize = 64;
/// Hosted accounts of one gateway: a stairwell's worth, so that no page visitor can fill the disk with them.
pub const HOSTED_MAX: usize = 256;

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
    /// Sealed with the secret of the gateway that printed it.
    #[error("this card opens at its own gateway only")]
    OtherGateway,
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
            Self::OtherGateway => "card_elsewhere",
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
    secret: Secret,
    tries: Mutex<Tries>,
}

impl Hosting {
    /// Over a data directory.
    pub fn new(data: &Path, network: NetworkId, gateway: GatewayId, inbox: Inbox) -> Self {
        let folder = data.join(FOLDER);
        let (secret, opening, tries) = (Secret::new(&folder), Semaphore::new(1), Mutex::default());
        Self(Arc::new(Shared { folder, network, gateway, inbox, opening, secret, tries }))
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
        blocking(move || write_private(&path, &bytes)).await??;
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
        Ok(CardSheet { member, name: name.to_owned(), letters: sealed.letters() })
    }

    /// Whose purse this is. Needs no PIN, so a page can greet by name; it says no more than the member's card does.
    pub async fn whose(&self, purse: &Purse) -> Result<MemberId, HostedError> {
        match purse {
            Purse::Hosted(id) => match self.path(id).is_file() {
                true => Ok(*id),
                false => Err(HostedError::NotHosted),
            },
            Purse::Card(letters) => {
                let sealed = Sealed::on_card(letters)?;
                let key = sealed.key().ok_or(HostedError::NotACard)?.to_string();
                let found = self.0.inbox.find_members(&key).await;
                let card = found.iter().find(|card| card.key == key).ok_or(HostedError::UnknownCard)?;
                if sealed.needs_secret() && card.home != self.0.gateway.to_string() {
                    return Err(HostedError::OtherGateway);
                }
                MemberId::parse(&card.id).ok_or(HostedError::UnknownCard)
            }
        }
    }

    /// Whether the PIN opens it; the member, and a pass with which he may read his account.
    pub async fn enter(&self, purse: &Purse, pin: &str, from: Typist) -> Result<(MemberId, String), HostedError> {
        let (member, seed) = self.open(purse, pin, from).await?;
        Ok((member, self.0.inbox.passes().give(member, Pen::new(&seed, self.0.network).key())))
    }

    /// Signs the next record of the purse's chain and hands it in: `body` is given where it stands.
    pub async fn sign(
        &self,
        purse: &Purse,
        pin: &str,
        from: Typist,
        sender: Sender,
        body: impl FnOnce(Link) -> Body,
    ) -> Result<Accepted, HostedError> {
        let (member, seed) = self.open(purse, pin, from).await?;
        self.say(member, &seed, sender, body).await
    }

    /// What an open key says next.
    async fn say(
        &self,
        member: MemberId,
        seed: &[u8; 32],
        sender: Sender,
        body: impl FnOnce(Link) -> Body,
    ) -> Result<Accepted, HostedError> {
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
        let signed = Pen::new(seed, self.0.network).write(now_s(), body).signed;
        self.hand_in(kind, signed, sender).await
    }

    /// Another PIN for a hosted account. A card keeps its own: print another one.
    pub async fn change_pin(&self, id: &MemberId, old: &str, new: &str, from: Typist) -> Result<(), HostedError> {
        if !is_pin(new) {
            return Err(HostedError::BadPin);
        }
        let (_, seed) = self.open(&Purse::Hosted(*id), old, from).await?;
        let sealed = self.seal(seed, new).await?;
        let bytes = serde_json::to_vec_pretty(&sealed).unwrap_or_default();
        let path = self.path(id);
        Ok(blocking(move || write_private(&path, &bytes)).await??)
    }

    /// Gives an account to its member's own key, and forgets the one that was kept: `facts` says that the key is his own now. Cut off
    /// between the two records, it is done again with the same PIN.
    pub async fn hand_over(
        &self,
        purse: &Purse,
        pin: &str,
        from: Typist,
        sender: Sender,
        facts: Facts,
        key: MemberKey,
    ) -> Result<Accepted, HostedError> {
        let (member, seed) = self.open(purse, pin, from).await?;
        let card = self.0.inbox.member_card(member).await.ok_or(HostedError::UnknownCard)?;
        if card.custody != facts.custody.name() {
            // Without the form's mark, which finds only one record.
            let first = Sender { once: String::new(), ..sender.clone() };
            self.say(member, &seed, first, |link| Body::Facts(FactsChange { link, facts })).await?;
        }
        let accepted = self.say(member, &seed, sender, |link| Body::Rekey(Rekey { link, key })).await?;
        let path = self.path(&member);
        // Its key is nobody's any more; if the file stays, it is one of HOSTED_MAX.
        let _ = blocking(move || std::fs::remove_file(path)).await;
        Ok(accepted)
    }

    /// Whether the key that this account has now lies here: guardians may have given it another one.
    pub async fn keeps(&self, id: &MemberId, key: &str) -> bool {
        let path = self.path(id);
        let kept = blocking(move || read_account(&path)).await;
        kept.is_ok_and(|kept| kept.is_ok_and(|kept| kept.key().is_some_and(|kept| kept.to_string() == key)))
    }

    fn path(&self, id: &MemberId) -> PathBuf {
        self.0.folder.join(format!("{id}.json"))
    }

    async fn count(&self) -> Result<usize, HostedError> {
        let folder = self.0.folder.clone();
        blocking(move || accounts_in(&folder).count()).await
    }

    async fn make(&self, pin: &str) -> Result<([u8; 32], Sealed), HostedError> {
        if !is_pin(pin) {
            return Err(HostedError::BadPin);
        }
        let seed = random::seed()?;
        Ok((seed, self.seal(seed, pin).await?))
    }

    async fn seal(&self, seed: [u8; 32], pin: &str) -> Result<Sealed, HostedError> {
        let key = Pen::new(&seed, self.0.network).key();
        let (shared, pin) = (self.0.clone(), pin.to_owned());
        let _turn = self.0.opening.acquire().await.map_err(|_| HostedError::Damaged)?;
        blocking(move || Sealed::close(&seed, key, &pin, &shared.secret.get()?)).await?
    }

    async fn open(&self, purse: &Purse, pin: &str, from: Typist) -> Result<(MemberId, [u8; 32]), HostedError> {
        let member = self.whose(purse).await?;
        let path = self.path(&member);
        let kept = blocking(move || read_account(&path)).await?;
        let sealed = match (purse, kept) {
            (Purse::Hosted(_), kept) => kept?,
            // Where the account is kept here, its PIN is the one that was set last: an old card does not know it.
            (Purse::Card(letters), kept) => match (Sealed::on_card(letters)?, kept) {
                (card, Ok(kept)) if kept.key() == card.key() => kept,
                (card, _) => card,
            },
        };
        let key = sealed.key().ok_or(HostedError::Damaged)?;
        // Counted before it is tried: many tries at once are many tries.
        self.tries().count(key, from, Instant::now()).map_err(|retry_s| HostedError::TooManyTries { retry_s })?;
        if !is_pin(pin) {
            return Err(HostedError::WrongPin);
        }
        let (shared, pin) = (self.0.clone(), pin.to_owned());
        let _turn = self.0.opening.acquire().await.map_err(|_| HostedError::Damaged)?;
        let seed = blocking(move || sealed.open(&pin, &shared.secret.get()?)).await??;
        self.tries().was_right(key, from, Instant::now());
        Ok((member, seed))
    }

    fn tries(&self) -> std::sync::MutexGuard<'_, Tries> {
        self.0.tries.lock().unwrap_or_else(PoisonError::into_inner)
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

fn read_account(path: &Path) -> Result<Sealed, HostedError> {
    let bytes = std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => HostedError::NotHosted,
        _ => HostedError::Storage(error),
    })?;
    serde_json::from_slice(&bytes).map_err(|_| HostedError::Damaged)
}

/// The accounts in a folder; the secret is none.
fn accounts_in(folder: &Path) -> impl Iterator<Item = (MemberId, PathBuf)> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| {
        let path = file.path();
        let id = path.file_name()?.to_str()?.strip_suffix(".json").and_then(MemberId::parse)?;
        Some((id, path))
    })
}

/// A card for an account that is kept in a data directory, under the PIN it has. Blocks.
pub fn card_of(data: &Path, id: &MemberId) -> Result<String, HostedError> {
    Ok(read_account(&data.join(FOLDER).join(format!("{id}.json")))?.letters())
}

/// What a backup keeps of the accounts: all that is sealed, and the secret. None: there is nothing. Blocks.
pub fn for_backup(data: &Path) -> Result<Option<Value>, HostedError> {
    let folder = data.join(FOLDER);
    let secret = seal::read(&folder)?.map(|secret| hex(&secret));
    let mut accounts = serde_json::Map::new();
    for (id, path) in accounts_in(&folder).take(HOSTED_MAX) {
        accounts.insert(id.to_string(), serde_json::to_value(read_account(&path)?).unwrap_or_default());
    }
    let some = secret.is_some() || !accounts.is_empty();
    Ok(some.then(|| serde_json::json!({"v": 1, "secret": secret, "accounts": accounts})))
}

/// Puts back what [`for_backup`] kept, in a data directory that has none. Blocks.
pub fn put_back(data: &Path, kept: &Value) -> Result<(), HostedError> {
    let folder = data.join(FOLDER);
    // Of accounts from before there was one.
    let secret = match &kept["secret"] {
        Value::Null => random::seed()?,
        kept => kept.as_str().and_then(digits_to_bytes).ok_or(HostedError::Damaged)?,
    };
    seal::keep(&folder, &secret)?;
    for (id, sealed) in kept["accounts"].as_object().into_iter().flatten().take(HOSTED_MAX) {
        let id = MemberId::parse(id).ok_or(HostedError::Damaged)?;
        let sealed: Sealed = serde_json::from_value(sealed.clone()).map_err(|_| HostedError::Damaged)?;
        write_private(&folder.join(format!("{id}.json")), &serde_json::to_vec_pretty(&sealed).unwrap_or_default())?;
    }
    Ok(())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, HostedError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| HostedError::Storage(std::io::Error::other(error)))
}

/// The gateway's own clock: shown with what it signs for somebody, and nothing else.
fn now_s() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
