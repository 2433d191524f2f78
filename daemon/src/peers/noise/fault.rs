//! Why a link ends, and what a no says.

use super::VERSION;

/// Why a link is closed, or never came to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkFault {
    /// Made by a later version of commonsd.
    #[error("it speaks version {0} of the link protocol, this gateway speaks {VERSION}; update this one")]
    FutureVersion(u8),
    /// Not of the link protocol, or not now.
    #[error("it sent what is no message of the link protocol at this point")]
    Unexpected,
    /// A gateway of another network.
    #[error("it belongs to another network")]
    OtherNetwork,
    /// Nobody was paired with it.
    #[error("it is not paired with this gateway")]
    Unknown,
    /// A handshake that does not open.
    #[error("it could not prove who it is (wrong key, wrong code, or altered on the way)")]
    Unproven,
    /// A sealed message that does not open: altered, dropped before it, or sent again.
    #[error("a message was altered, lost or sent again on the way")]
    Altered,
    /// Larger than was agreed.
    #[error("it sent more than {0} bytes at once")]
    TooLarge(usize),
    /// It said no; a hint, since anybody on the way could have said so.
    #[error("the other gateway says no: {0}")]
    Refused(Refusal),
    /// It did not answer in time.
    #[error("nothing was heard within {0} s")]
    Silent(u64),
    /// The connection ended.
    #[error("the connection ended")]
    Ended,
    /// It takes nothing that is sent.
    #[error("it reads too slowly: more than {0} messages wait for it")]
    Unread(usize),
    /// A newer link to the same gateway took its place.
    #[error("a newer link to the same gateway took its place")]
    Replaced,
    /// The keeper, or the one who syncs, closed it.
    #[error("closed: {0}")]
    Closed(String),
    /// The call did not get through.
    #[error("{0}")]
    Unreachable(String),
    /// A fault of ours.
    #[error("a fault of this gateway's own: {0}")]
    Ours(&'static str),
}

impl LinkFault {
    /// Its word, for whoever says it in another language than its sentence.
    pub fn code(&self) -> &'static str {
        match self {
            Self::FutureVersion(_) => "future_version",
            Self::Unexpected => "unexpected",
            Self::OtherNetwork => "other_network",
            Self::Unknown => "unknown",
            Self::Unproven => "unproven",
            Self::Altered => "altered",
            Self::TooLarge(_) => "too_large",
            Self::Refused(Refusal::Version) => "refused_version",
            Self::Refused(Refusal::Network) => "refused_network",
            Self::Refused(Refusal::Stranger) => "refused_stranger",
            Self::Refused(Refusal::Busy) => "refused_busy",
            Self::Refused(Refusal::NotMe) => "refused_not_me",
            Self::Refused(Refusal::Crossed) => "refused_crossed",
            Self::Silent(_) => "silent",
            Self::Ended => "ended",
            Self::Unread(_) => "unread",
            Self::Replaced => "replaced",
            Self::Closed(_) => "closed",
            Self::Unreachable(_) => "unreachable",
            Self::Ours(_) => "ours",
        }
    }
}

/// What a no says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Refusal {
    /// A version it does not speak.
    Version = 1,
    /// Another network.
    Network = 2,
    /// It does not know the caller, or the caller could not prove itself.
    Stranger = 3,
    /// Too many at once.
    Busy = 4,
    /// It is not who was called.
    NotMe = 5,
    /// Its own call to the caller is on its way, and goes first.
    Crossed = 6,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Version => "it does not speak this version; update the older of the two",
            Self::Network => "it belongs to another network",
            Self::Stranger => "it is not paired with this one, or the code is wrong, used or expired",
            Self::Busy => "it has too many handshakes under way",
            Self::NotMe => "another gateway answers at this address",
            Self::Crossed => "it is calling this one itself",
        })
    }
}
