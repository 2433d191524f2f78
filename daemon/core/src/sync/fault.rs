//! Why a link is cut, and what a keeper must hear of.

use alloc::string::String;

use crate::batch::BatchFault;
use crate::identity::GatewayId;
use crate::log::LogKey;

/// Why a link ends. One word each for logs and counters: [`Fault::code`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A frame of another version.
    #[error("frame version {0} is not known here")]
    UnknownVersion(u8),
    /// A frame of an unknown kind.
    #[error("frame kind {0} is not known here")]
    UnknownKind(u8),
    /// A frame that is too long.
    #[error("a frame has {found} bytes; at most {limit} are taken")]
    TooLarge {
        /// Found.
        found: usize,
        /// Allowed.
        limit: usize,
    },
    /// A frame that makes no sense.
    #[error("a frame does not decode: {0}")]
    Malformed(&'static str),
    /// More of something than anybody honest sends.
    #[error("{found} {what} are announced; at most {limit} are taken")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// Found.
        found: u64,
        /// Allowed.
        limit: u64,
    },
    /// A frame names a log by a number that was never given.
    #[error("a frame names log {0} of this link, which was never announced")]
    UnknownLog(u32),
    /// A batch that its gateway did not sign.
    #[error("batch {number} of {log:?} is not its gateway's: {why}")]
    BadBatch {
        /// Which log.
        log: LogKey,
        /// Which batch.
        number: u64,
        /// Why.
        why: BatchFault,
    },
    /// A fork proof that proves nothing.
    #[error("a fork proof for {0:?} proves nothing")]
    BadProof(LogKey),
    /// The other side is us.
    #[error("the other side has this gateway's own key")]
    OwnKey,
    /// The other side is nobody we are paired with.
    #[error("gateway {} is not paired with this one", .0.short())]
    NotAPeer(GatewayId),
    /// More links than are kept.
    #[error("more links than the {limit} that are kept")]
    TooManyLinks {
        /// Allowed.
        limit: usize,
    },
    /// An event for a link that is not there: the caller's mistake, never the peer's.
    #[error("the link is not open")]
    NoLink,
    /// The peer began anew, so its older links mean nothing any more.
    #[error("the other side began anew")]
    Replaced,
    /// The peer ended the link and gave a reason.
    #[error("the other side ended the link: {}", word(*.0))]
    Bye(u8),
}

/// What a Bye's number means.
fn word(code: u8) -> &'static str {
    CODES.get(usize::from(code)).copied().unwrap_or("unknown")
}

/// The words of [`Fault::code`], in the order of their numbers in a Bye.
pub const CODES: [&str; 14] = [
    "closed",
    "unknown_version",
    "unknown_kind",
    "too_large",
    "malformed",
    "too_many",
    "unknown_log",
    "bad_batch",
    "bad_proof",
    "own_key",
    "not_a_peer",
    "too_many_links",
    "no_link",
    "replaced",
];

impl Fault {
    /// Its number in a Bye.
    pub fn number(&self) -> u8 {
        match self {
            Self::Bye(_) => 0,
            Self::UnknownVersion(_) => 1,
            Self::UnknownKind(_) => 2,
            Self::TooLarge { .. } => 3,
            Self::Malformed(_) => 4,
            Self::TooMany { .. } => 5,
            Self::UnknownLog(_) => 6,
            Self::BadBatch { .. } => 7,
            Self::BadProof(_) => 8,
            Self::OwnKey => 9,
            Self::NotAPeer(_) => 10,
            Self::TooManyLinks { .. } => 11,
            Self::NoLink => 12,
            Self::Replaced => 13,
        }
    }

    /// Its word, for logs and counters.
    pub fn code(&self) -> &'static str {
        word(self.number())
    }
}

/// What a keeper must hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// A gateway signed two batches with one number. Its log stands still; the records of both branches are kept.
    Forked {
        /// Which log.
        log: LogKey,
        /// Which number.
        number: u64,
    },
    /// A neighbour has more of our log than we do: an old copy of our data was put back.
    RolledBack {
        /// Which log.
        log: LogKey,
        /// How far it goes elsewhere, at least.
        next: u64,
    },
    /// Somebody else writes our log, or an old copy of our data was put back and written on.
    Cloned {
        /// Which log, if one shows it.
        log: Option<LogKey>,
    },
    /// A gateway has used up what it may store here.
    QuotaFull {
        /// Which log was asked for.
        log: LogKey,
    },
}

impl Alarm {
    /// Its word, for whoever says it in another language than [`Alarm::sentence`].
    pub fn code(&self) -> &'static str {
        match self {
            Self::Forked { .. } => "forked",
            Self::RolledBack { .. } => "rolled_back",
            Self::Cloned { log: Some(_) } => "cloned",
            Self::Cloned { log: None } => "copied",
            Self::QuotaFull { .. } => "quota_full",
        }
    }

    /// Whose log it is about, if it is about one.
    pub fn gateway(&self) -> Option<&GatewayId> {
        match self {
            Self::Forked { log, .. } | Self::RolledBack { log, .. } | Self::QuotaFull { log } => Some(&log.gateway),
            Self::Cloned { log } => log.as_ref().map(|log| &log.gateway),
        }
    }

    /// One sentence for a keeper.
    pub fn sentence(&self) -> String {
        match self {
            Self::Forked { log, number } => alloc::format!(
                "gateway {} signed two batches with number {number} in its log {log:?}; that log stands still here, what \
                 both say is kept",
                log.gateway.short()
            ),
            Self::RolledBack { log, next } => alloc::format!(
                "a neighbour has this gateway's log {log:?} up to {next}: an old copy of the data was put back. A new \
                 epoch was opened; what is missing comes back from the neighbours"
            ),
            Self::Cloned { log: Some(log) } => alloc::format!(
                "this gateway's log {log:?} was written on elsewhere: its card was copied, or an old copy was put back. \
                 A new epoch was opened; nothing is lost"
            ),
            Self::Cloned { log: None } => {
                "another machine answers with this gateway's own key: its card was copied".into()
            }
            Self::QuotaFull { log } => alloc::format!(
                "gateway {} has used up its space here for {}; nothing more of it is taken until some of it expires",
                log.gateway.short(),
                log.lane.name()
            ),
        }
    }
}
