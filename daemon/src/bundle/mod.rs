//! Bundles: what gateways exchange, carried on a stick.
//!
//! | file | |
//! |---|---|
//! | `file` | the bundle's format: written and read frame by frame |
//! | `receipt` | what a gateway has, signed, for others on the same stick |
//! | `stick` | the folder, and every step that changes it |
//! | `export`, `import` | the two acts |
//! | `notes` | `LAST-EXCHANGE.txt`, for people |
//! | `said` | what happened, in sentences |
//! | `inside` | the two acts for the keeper's page, in the daemon |
//! | `remote` | the gateway, over the local socket or from a stopped one's store |
//!
//! ```text
//! commons/LAST-EXCHANGE.txt
//! commons/to-all/from-<gateway>/<number>.cbundle       for whoever comes
//! commons/to-<gateway>/from-<gateway>/<number>.cbundle for one
//! commons/to-all/from-<gateway>/have.creceipt          what this gateway has
//! ```
//!
//! Batches are the very bytes they are everywhere. A bundle is believed only whole: its writer's signature stands at its
//! end, over everything before. It gets its name only once it is synced, and is read back. **Nothing is deleted that is
//! not in another bundle of the same gateway, or in a receipt signed by the one it was for.** Numbers decide, no dates.
//! Whoever holds the stick is a stranger: everything read is bounded, and refused with one sentence.
//!
//! With a stick it runs in the command, not in the daemon, which may not be allowed to see the stick; see [`Gateway`]. One
//! file that comes or goes over the keeper's page is read and written in the daemon.

pub mod export;
pub mod file;
pub mod import;
pub mod inside;
pub mod notes;
pub mod receipt;
pub mod remote;
pub mod said;
pub mod stick;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use commons_core::compress::CompressFault;
use commons_core::identity::{GatewayId, NetworkId, Signature};
use commons_core::log::{Age, LogKey};
use commons_core::sync::{CarryPiece, CarryRange, Fault, HeadLine, StoreEpoch};

use crate::carry::Why;
pub use crate::inbox::{Carrier, Taken};

/// Bytes of one frame, decoded: the two largest batches that prove a fork together.
pub const FRAME_BYTES_MAX: usize = 144 * 1024;
/// The same, of heads: as many as one frame takes.
pub const HEADS_BYTES_MAX: usize = 72 * 1024;

/// Why an exchange, or one bundle of it, came to nothing. Each is one sentence for whoever holds the stick.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The file system says no.
    #[error("cannot {doing} {}: {}", path.display(), reason(source))]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No room.
    #[error("the stick is full: {} could not be written; nothing was deleted. Make room on it, or take another", .0.display())]
    Full(PathBuf),
    /// Not ours.
    #[error("it is not a bundle")]
    NotABundle,
    /// Not a receipt.
    #[error("it is not a receipt")]
    NotAReceipt,
    /// A later version.
    #[error("it was made by a newer commonsd (format {0}; this one knows 1): install that version here")]
    Newer(u8),
    /// It ends too early.
    #[error("it is cut short: it was not written to its end, or the stick was pulled too early; export it again")]
    CutShort,
    /// Something follows its end, or a length makes no sense.
    #[error("it is damaged ({0}); export it again")]
    Damaged(&'static str),
    /// Not what its writer wrote.
    #[error("its signature does not match: it was changed after gateway {} wrote it, or another one wrote it", .0.short())]
    BadSignature(GatewayId),
    /// Another network.
    #[error("it belongs to the network \"{0}\", not to this one")]
    OtherNetwork(String),
    /// It lies where another gateway's belong.
    #[error("it says that gateway {} wrote it, but lies in the folder of another", .0.short())]
    WrongFolder(GatewayId),
    /// Something that leads elsewhere.
    #[error("it is a link or no plain file; such things are not followed")]
    NotPlain,
    /// Too many files.
    #[error("there are more than {0} files and folders in it; nobody's stick needs so many")]
    TooMany(usize),
    /// A frame does not decompress.
    #[error("a frame in it is refused: {0}")]
    Compressed(#[from] CompressFault),
    /// A frame makes no sense.
    #[error("a frame in it is refused: {0}")]
    Frame(#[from] Fault),
    /// A frame of another kind.
    #[error("a frame in it is refused: {0}")]
    Strange(&'static str),
    /// The gateway did not take what is in it.
    #[error("the gateway took no more of it: {0}")]
    Refused(String),
    /// What was read back is not what was written.
    #[error("{} did not keep what was written: try another stick", .0.display())]
    NotKept(PathBuf),
    /// The gateway itself cannot be asked.
    #[error("{0}")]
    Gateway(String),
    /// The tests' way to end in the middle.
    #[cfg(test)]
    #[error("cut off")]
    CutOff,
}

/// What people can do something about, in their words.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem => "it can only be read; is the stick's switch on \"lock\"?".into(),
        io::ErrorKind::PermissionDenied => "you are not allowed to; try sudo".into(),
        io::ErrorKind::NotFound => "it is not there; is the stick plugged in?".into(),
        _ => error.to_string(),
    }
}

impl BundleError {
    /// For whoever says it in another language than its sentence.
    pub fn why(&self) -> Why {
        match self {
            Self::Io { .. } | Self::NotPlain => Why::File,
            Self::Full(_) => Why::Full,
            Self::NotABundle | Self::NotAReceipt => Why::NotABundle,
            Self::Newer(_) => Why::Newer,
            Self::CutShort => Why::CutShort,
            Self::BadSignature(id) | Self::WrongFolder(id) => Why::Changed(id.short().to_owned()),
            Self::OtherNetwork(name) => Why::OtherNetwork(name.clone()),
            Self::Damaged(_) | Self::TooMany(_) | Self::Compressed(_) | Self::Frame(_) | Self::Strange(_) => {
                Why::Damaged
            }
            Self::Refused(_) => Why::Refused,
            Self::NotKept(_) => Why::NotKept,
            Self::Gateway(_) => Why::Gateway,
            #[cfg(test)]
            Self::CutOff => Why::File,
        }
    }

    /// From the file system's word.
    pub fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => Self::Full(path),
            _ => Self::Io { doing, path, source },
        }
    }
}

/// Where a gateway stands.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Who it is.
    pub me: GatewayId,
    /// What it is called.
    pub name: String,
    /// The network's name.
    pub network: String,
    /// Of its store.
    pub store: StoreEpoch,
    /// Of its store.
    pub age: Age,
    /// Where its logs stand; each names its log.
    pub heads: Vec<HeadLine>,
    /// Logs in which older batches are missing.
    pub gaps: BTreeSet<LogKey>,
}

impl Standing {
    /// Whether of a log that is forked everything is known that a line with the fork digest in it stands for.
    pub fn knows_fork(&self, line: &HeadLine) -> bool {
        let ours = line.log.name.and_then(|log| self.head(&log));
        ours.is_some_and(|ours| ours.frozen && ours.hash == line.hash)
    }

    /// Whether a line tells of another batch than the one here under the same number: the log is forked, and nobody may
    /// know yet.
    pub fn contradicts(&self, line: &HeadLine) -> bool {
        let Some(ours) = line.log.name.and_then(|log| self.head(&log)) else { return false };
        let whole = |line: &HeadLine| !line.frozen && line.next > 0 && line.hash != [0; 8];
        whole(ours) && whole(line) && ours.next == line.next && ours.hash != line.hash
    }

    /// Where one log stands.
    pub fn head(&self, log: &LogKey) -> Option<&HeadLine> {
        self.heads.iter().find(|line| line.log.name.as_ref() == Some(log))
    }

    /// The network's id.
    pub fn network_id(&self) -> NetworkId {
        NetworkId::of(&self.network)
    }
}

/// What is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seal {
    /// A bundle.
    Bundle,
    /// A receipt.
    Receipt,
}

/// The gateway whose posts are carried, running or stopped.
pub trait Gateway {
    /// Where it stands.
    fn standing(&mut self) -> Result<Standing, BundleError>;
    /// How far a peer is known to have each log, from links.
    fn told(&mut self, peer: &GatewayId) -> Result<BTreeMap<LogKey, u64>, BundleError>;
    /// A frame of batches of these ranges.
    fn carry_out(&mut self, ranges: &[CarryRange]) -> Result<CarryPiece, BundleError>;
    /// A frame of what proves that a log is forked, and of the batches kept of it, from this place on; and the place to go on
    /// at. Empty: that was all.
    fn carry_fork(&mut self, log: &LogKey, place: u64) -> Result<(Vec<u8>, u64), BundleError>;
    /// Takes a frame in; what it took is on disk.
    fn carry_in(&mut self, from: &Carrier, frame: &[u8]) -> Result<Taken, BundleError>;
    /// Signs.
    fn sign(&mut self, what: Seal, digest: &[u8; 32]) -> Result<Signature, BundleError>;
}

/// Hears how long work gets on: done and all there is to do, in the same unit.
pub trait Progress {
    /// A new piece of work, with its name.
    fn begin(&mut self, what: &str);
    /// So far.
    fn at(&mut self, done: u64, all: u64);
    /// Done.
    fn end(&mut self);
}

/// Says nothing.
pub struct Quiet;

impl Progress for Quiet {
    fn begin(&mut self, _: &str) {}
    fn at(&mut self, _: u64, _: u64) {}
    fn end(&mut self) {}
}
