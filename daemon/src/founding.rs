//! Who this gateway is, and how its node is made: the one small file that cannot be rebuilt, and the journal.
//!
//! `identity.json` (mode 0600) holds the seed of the gateway's key, the epoch of its logs, the network's name and the
//! board it was made on. A card that is copied to another board makes a new identity there, since two boards must never
//! sign one log; a restored backup keeps the identity and opens a new epoch.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use commons_core::clock::{Clock, Now};
use commons_core::codeword::nickname;
use commons_core::identity::{hex, GatewayKeys, MemberKey, NetworkId};
use commons_core::log::{Age, Epoch, LogKey};
use commons_core::node::{Node, Quotas, Setup, Unfit};
use commons_core::scorecard::responses::Responses;
use commons_core::sync::Memory;
use serde::{Deserialize, Serialize};
use tracing::{error, info, warn};

use crate::config::Config;
use crate::exchange;
use crate::host::notify::Progress;
use crate::host::random;
use crate::hosted;
use crate::peers;
use crate::store::{self, Options, Store, StoreError};
use crate::writer::scoring::COUNTS_NOTE;
use crate::writer::CLOCK_NOTE;

/// The file's name in the data directory.
const FILE: &str = "identity.json";
/// The store's folder in the data directory.
pub const STORE: &str = "store";
/// Unix seconds when this was written: no gateway's clock is earlier (2026-11-20).
const BUILT_S: u64 = 1_795_132_800;

/// Why there is no identity.
#[derive(Debug, thiserror::Error)]
pub enum FoundingError {
    /// The file cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is there but makes no sense.
    #[error("{path} is damaged ({detail}); restore it from a backup, or move it away to become a new gateway")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Why.
        detail: String,
    },
    /// Another network.
    #[error(
        "this data belongs to the network \"{found}\", but the configuration says \"{wanted}\"; \
         use another data directory, or set gateway.network = \"{found}\""
    )]
    OtherNetwork {
        /// In the file.
        found: String,
        /// In the configuration.
        wanted: String,
    },
    /// There is none, and none may be made.
    #[error("{0} holds no gateway; `commonsd init --data {0}` makes one")]
    None(PathBuf),
    /// Copied from another board.
    #[error(
        "this card was made on another board; start the gateway once with `commonsd run`, so that it becomes one of its \
         own"
    )]
    Moved,
    /// No randomness.
    #[error("the system gives no randomness: {0}")]
    Random(#[from] std::io::Error),
    /// A key in the configuration is no key.
    #[error("gateway.stewards: \"{0}\" is not a key of 64 hex digits")]
    Steward(String),
    /// A backup that is none of ours.
    #[error("the backup {path} cannot be used: {detail}")]
    Backup {
        /// Which file.
        path: PathBuf,
        /// Why.
        detail: String,
    },
}

/// The file, version 1.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityFile {
    v: u8,
    network: String,
    seed: String,
    epoch: u32,
    board: Option<String>,
    /// Only in a backup: whom the gateway was paired with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    peers: Option<serde_json::Value>,
    /// Only in a backup: accounts that are kept here, sealed, with the secret that they and printed cards need.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hosted: Option<serde_json::Value>,
}

/// A gateway's identity and settings: makes its node.
pub struct Founding {
    data: PathBuf,
    file: IdentityFile,
    seed: [u8; 32],
    stewards: BTreeSet<MemberKey>,
    quotas: Quotas,
    name: String,
    /// Something about the identity that people must be told.
    pub warning: Option<String>,
    /// Made just now.
    pub fresh: bool,
}

impl Founding {
    /// The identity in the configured data directory, made if `make` and there is none. `board` is this board's id.
    pub fn open(config: &Config, board: Option<[u8; 32]>, make: bool) -> Result<Self, FoundingError> {
        let data = config.gateway.data.clone();
        let board = board.map(|id| hex(&id));
        let wanted = &config.gateway.network;
        let mut warning = None;
        let mut fresh = false;
        let file = match read(&data)? {
            Some(file) if file.network != *wanted => {
                return Err(FoundingError::OtherNetwork { found: file.network, wanted: wanted.clone() })
            }
            Some(file) if moved(&file, &board) && make => {
                let old = store::read_small(&data, FILE)?.unwrap_or_default();
                let kept = format!("identity-{:08x}.old.json", file.epoch);
                store::write_small(&data, &kept, &old)?;
                warning = Some(format!(
                    "this card was made on another board; to keep two boards from speaking with one voice it is a new \
                     gateway now (the old identity is kept in {kept})"
                ));
                fresh = true;
                write_new(&data, wanted, board)?
            }
            Some(file) if moved(&file, &board) => {
                // Whoever gives no board only looks.
                return Err(FoundingError::Moved);
            }
            Some(file) => file,
            None if make => {
                fresh = true;
                write_new(&data, wanted, board)?
            }
            None => return Err(FoundingError::None(data)),
        };
        let seed = parse_seed(&file.seed).ok_or_else(|| FoundingError::Damaged {
            path: data.join(FILE),
            detail: "its seed is not 64 hex digits".into(),
        })?;
        let name = match config.gateway.name.as_str() {
            "" => nickname(&GatewayKeys::from_seed(&seed).id()),
            name => name.to_owned(),
        };
        let stewards = stewards(config)?;
        Ok(Self { data, file, seed, stewards, quotas: quotas(config), name, warning, fresh })
    }

    /// Shown to neighbours.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The gateway's public key, 64 hex digits.
    pub fn id(&self) -> String {
        GatewayKeys::from_seed(&self.seed).id().to_string()
    }

    /// The gateway's keys.
    pub fn keys(&self) -> GatewayKeys {
        GatewayKeys::from_seed(&self.seed)
    }

    /// The network's name.
    pub fn network(&self) -> &str {
        &self.file.network
    }

    /// The network's id.
    pub fn network_id(&self) -> NetworkId {
        NetworkId::of(&self.file.network)
    }

    /// Whether a log is one this gateway writes now.
    pub fn owns(&self, log: &LogKey) -> bool {
        log.epoch == Epoch(self.file.epoch) && log.gateway == GatewayKeys::from_seed(&self.seed).id()
    }

    /// Opens a new epoch of the own logs, durably.
    pub fn new_epoch(&mut self) -> Result<(), FoundingError> {
        self.file.epoch = random::number()?;
        write(&self.data, &self.file)
    }

    /// The store's folder.
    pub fn store_dir(&self) -> PathBuf {
        self.data.join(STORE)
    }

    /// An empty node whose clock goes on from what the store noted.
    pub fn node(&self, store: &Store, now: Now) -> Result<Node, StoreError> {
        let noted = store.note(CLOCK_NOTE)?.unwrap_or_default();
        let number = |from: usize| {
            let bytes = noted.get(from..from + 8).and_then(|bytes| bytes.try_into().ok());
            bytes.map_or(0, u64::from_be_bytes)
        };
        let (age, floor) = (Age(number(0)), number(8).max(BUILT_S));
        Ok(Node::new(Setup {
            network: self.network_id(),
            keys: GatewayKeys::from_seed(&self.seed),
            epoch: Epoch(self.file.epoch),
            stewards: self.stewards.clone(),
            quotas: self.quotas,
            clock: Clock::new(age, floor, now),
        }))
    }

    /// The epoch of the own logs.
    pub fn epoch(&self) -> Epoch {
        Epoch(self.file.epoch)
    }

    /// The node, with everything in the store folded in, and what gossip remembers. The ledger goes on from the one that was saved,
    /// if that fits the journal.
    pub fn load(&self, store: &Store, now: Now) -> Result<(Node, Memory), StoreError> {
        let unused = match store.saved_ledger() {
            Ok(None) => return self.fold(store, now),
            Ok(Some(saved)) => match self.load_from(saved, store, now)? {
                Ok((node, memory)) => {
                    let (saved, entries) = (node.restored_entries(), node.book_entries());
                    info!(saved, read = entries - saved, "the ledger goes on from the one that was saved");
                    return Ok((node, memory));
                }
                Err(unfit) => unfit.to_string(),
            },
            Err(fault) => fault.to_string(),
        };
        warn!(cause = unused, "the saved ledger is not used; it is folded from the whole journal");
        self.fold(store, now)
    }

    /// As [`Founding::load`], with everything folded from the journal.
    pub fn fold(&self, store: &Store, now: Now) -> Result<(Node, Memory), StoreError> {
        let mut node = self.node(store, now)?;
        let memory = self.replay(&mut node, store)?;
        node.loaded(now);
        Ok((node, memory))
    }

    fn load_from(&self, saved: Vec<u8>, store: &Store, now: Now) -> Result<Result<(Node, Memory), Unfit>, StoreError> {
        let mut node = self.node(store, now)?;
        if let Err(unfit) = node.restore_ledger(&saved) {
            return Ok(Err(unfit));
        }
        // As large as the ledger it was made of, which is in the node now.
        drop(saved);
        let memory = self.replay(&mut node, store)?;
        if let Err(unfit) = node.check_restored() {
            return Ok(Err(unfit));
        }
        node.loaded(now);
        Ok(Ok((node, memory)))
    }

    /// What is wrong with the saved ledger, against a node that was folded from the whole journal; a sentence.
    pub fn check_saved(&self, full: &Node, store: &Store, now: Now) -> Result<Option<String>, StoreError> {
        let fault = match store.saved_ledger() {
            Ok(None) => return Ok(None),
            Ok(Some(saved)) => match self.load_from(saved, store, now)? {
                Ok((node, _)) => full.ledger_difference(&node),
                // Nothing is wrong: the next start folds everything, once.
                Err(Unfit::OtherFold) => None,
                Err(unfit) => Some(unfit.to_string()),
            },
            Err(fault) => Some(fault.to_string()),
        };
        Ok(fault.map(|fault| {
            format!("The saved ledger is not what the journal says: {fault}. `commonsd repair` removes it.")
        }))
    }

    fn replay(&self, node: &mut Node, store: &Store) -> Result<Memory, StoreError> {
        let memory = exchange::memory(store)?;
        memory.gaps().for_each(|(log, gaps)| node.set_gaps(log, gaps));
        memory.frozen().for_each(|(log, from)| node.freeze(log, from));
        store.replay(&mut |held| {
            let (log, number) = (held.log, held.number);
            // Its frame was sound, so this is a fault of ours or of a newer version: say so, go on with the rest.
            if let Err(fault) = node.load(held) {
                error!(?log, number, %fault, "a batch in the store cannot be read; run `commonsd verify`");
            }
        })?;
        for held in memory.branches() {
            if let Err(fault) = node.load_branch(held.clone()) {
                error!(log = ?held.log, number = held.number, %fault, "a batch of a forked log cannot be read");
            }
        }
        let counted = store.note(COUNTS_NOTE)?.and_then(|bytes| Responses::from_bytes(&bytes));
        counted.into_iter().for_each(|counted| node.restore_responses(counted));
        Ok(memory)
    }

    /// Writes a consistent copy of everything to `to`, by a temporary file; ticks `progress` on the way. Returns its size. It holds the gateway's key.
    pub fn backup(&self, store: &Store, to: &Path, progress: &Progress) -> Result<u64, FoundingError> {
        let fault = |detail: String| FoundingError::Backup { path: to.to_owned(), detail };
        if to.exists() {
            return Err(fault("the file is there already".into()));
        }
        let peers = peers::paired(&self.data).unwrap_or_default();
        let hosted = hosted::for_backup(&self.data).map_err(|error| fault(error.to_string()))?;
        let meta = serde_json::to_vec(&IdentityFile { peers, hosted, ..self.file.clone() }).unwrap_or_default();
        let mut part = to.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let write = || -> Result<u64, FoundingError> {
            let mut out = private_file(&part).map_err(|error| fault(error.to_string()))?;
            {
                let mut buffered = std::io::BufWriter::new(Ticking { out: &mut out, progress });
                store.export(&meta, &mut buffered)?;
                buffered.flush().map_err(|error| fault(error.to_string()))?;
            }
            out.sync_all().map_err(|error| fault(error.to_string()))?;
            fs::rename(&part, to).map_err(|error| fault(error.to_string()))?;
            if let Some(dir) = to.parent().filter(|dir| !dir.as_os_str().is_empty()) {
                fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(|error| fault(error.to_string()))?;
            }
            Ok(fs::metadata(to).map_or(0, |meta| meta.len()))
        };
        let written = write();
        if written.is_err() {
            let _ = fs::remove_file(&part);
        }
        written
    }

    /// Makes a gateway of a copy in an empty data directory: the same identity in a new epoch, since the original may
    /// have written on after the copy was made.
    pub fn restore(copy: &Path, config: &Config, board: Option<[u8; 32]>) -> Result<Self, FoundingError> {
        let data = &config.gateway.data;
        if read(data)?.is_some() {
            return Err(FoundingError::Backup {
                path: copy.to_owned(),
                detail: format!("{} holds a gateway already; name an empty directory", data.display()),
            });
        }
        let meta = store::import(copy, &data.join(STORE), store_options()?)?;
        let mut file: IdentityFile = serde_json::from_slice(&meta).map_err(|error| FoundingError::Backup {
            path: copy.to_owned(),
            detail: format!("its identity does not parse: {error}"),
        })?;
        file.epoch = random::number()?;
        file.board = board.map(|id| hex(&id));
        if let Some(peers) = file.peers.take() {
            if peers::put_back(data, &peers).is_err() {
                warn!("the backup's list of peers makes no sense; pair the gateways again");
            }
        }
        if let Some(hosted) = file.hosted.take() {
            if let Err(error) = hosted::put_back(data, &hosted) {
                warn!(%error, "the backup's accounts with a PIN make no sense; their guardians can give them other keys");
            }
        }
        write(data, &file)?;
        info!(network = file.network, "restored in a new epoch");
        let mut config = config.clone();
        config.gateway.network = file.network;
        Self::open(&config, board, false)
    }
}

/// How to open a store: a salt in case it is new, and this very program as its index helper.
pub fn store_options() -> Result<Options, std::io::Error> {
    Ok(Options { index_program: std::env::current_exe().ok(), ..Options::new(random::number()?) })
}

/// The stewards' keys.
fn stewards(config: &Config) -> Result<BTreeSet<MemberKey>, FoundingError> {
    let parse = |key: &String| MemberKey::parse(key).ok_or_else(|| FoundingError::Steward(key.clone()));
    config.gateway.stewards.iter().map(parse).collect()
}

/// The quotas of a configuration.
pub fn quotas(config: &Config) -> Quotas {
    Quotas {
        open_items_per_sender_max: config.limits.open_items_per_sender_max.into(),
        items_max: config.limits.items_max,
    }
}

/// Made on another board, as far as both are known.
fn moved(file: &IdentityFile, board: &Option<String>) -> bool {
    matches!((&file.board, board), (Some(then), Some(now)) if then != now)
}

fn parse_seed(text: &str) -> Option<[u8; 32]> {
    MemberKey::parse(text).map(|key| key.0)
}

fn read(data: &Path) -> Result<Option<IdentityFile>, FoundingError> {
    let Some(bytes) = store::read_small(data, FILE)? else { return Ok(None) };
    let file: IdentityFile = serde_json::from_slice(&bytes)
        .map_err(|error| FoundingError::Damaged { path: data.join(FILE), detail: error.to_string() })?;
    if file.v != 1 {
        let detail = format!("it is of version {}, written by a newer commonsd", file.v);
        return Err(FoundingError::Damaged { path: data.join(FILE), detail });
    }
    Ok(Some(file))
}

fn write_new(data: &Path, network: &str, board: Option<String>) -> Result<IdentityFile, FoundingError> {
    let file = IdentityFile {
        v: 1,
        network: network.to_owned(),
        seed: hex(&random::seed()?),
        epoch: random::number()?,
        board,
        peers: None,
        hosted: None,
    };
    write(data, &file)?;
    warn_if_orphaned(data);
    Ok(file)
}

fn write(data: &Path, file: &IdentityFile) -> Result<(), FoundingError> {
    let mut bytes = serde_json::to_vec_pretty(file).unwrap_or_default();
    bytes.push(b'\n');
    store::write_small(data, FILE, &bytes)?;
    Ok(())
}

/// Entries of an identity that is gone stay readable, but nobody can act on its guests' posts any more.
fn warn_if_orphaned(data: &Path) {
    if data.join(STORE).exists() {
        warn!("a new identity for a store that is there already; code words given before no longer work");
    }
}

/// Tells the watchdog that a long copy gets on.
struct Ticking<'a> {
    out: &'a mut fs::File,
    progress: &'a Progress,
}

impl Write for Ticking<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.progress.tick();
        self.out.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

/// Only its owner may read it: it will hold a key.
fn private_file(path: &Path) -> std::io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}
