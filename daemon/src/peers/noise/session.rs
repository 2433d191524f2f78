//! A session: what is said once both sides are known, sealed piece by piece, opened strictly in order.

use std::sync::Arc;

use snow::{HandshakeState, StatelessTransportState};

use super::{body, Kind, LinkFault, MESSAGE_BYTES_MAX};

/// What sealing adds: kind, flag, tag.
pub const SEAL_BYTES: usize = 1 + 1 + 16;
/// Bytes of a frame in one sealed message; longer frames go in several.
pub(super) const PIECE_BYTES_MAX: usize = MESSAGE_BYTES_MAX - SEAL_BYTES;

/// What a sealed message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Flag {
    /// The last piece of a frame.
    Last = 0,
    /// A piece of a frame, more follow.
    More = 1,
    /// Are you there?
    Ping = 2,
    /// I am.
    Pong = 3,
    /// The caller is there: the first sealed message, if it has nothing else to say.
    Here = 4,
    /// The link ends; the bytes say why.
    Bye = 5,
    /// So many bytes of messages with pieces were read (4, modulo 2^32); the reader is busy with them (1).
    Read = 6,
    /// The last piece of an urgent frame, which may come between the pieces of another one.
    UrgentLast = 7,
    /// A piece of an urgent frame, more follow.
    UrgentMore = 8,
}

impl Flag {
    const ALL: [Self; 9] = [
        Self::Last,
        Self::More,
        Self::Ping,
        Self::Pong,
        Self::Here,
        Self::Bye,
        Self::Read,
        Self::UrgentLast,
        Self::UrgentMore,
    ];

    fn of(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|flag| *flag as u8 == byte)
    }
}

/// A session: two halves that two tasks may use at once.
pub struct Session {
    /// Outgoing.
    pub sealer: Sealer,
    /// Incoming.
    pub opener: Opener,
}

impl Session {
    pub(super) fn of(state: HandshakeState) -> Result<Self, LinkFault> {
        let state = state.into_stateless_transport_mode().map_err(|_| LinkFault::Ours("it is not finished"))?;
        let state = Arc::new(state);
        Ok(Self {
            sealer: Sealer { state: state.clone(), number: 0 },
            opener: Opener { state, number: 0, partial: Vec::new(), urgent: Vec::new() },
        })
    }
}

/// Seals what goes out, in order.
pub struct Sealer {
    state: Arc<StatelessTransportState>,
    number: u64,
}

impl Sealer {
    /// One message.
    pub fn seal(&mut self, flag: Flag, bytes: &[u8]) -> Result<Vec<u8>, LinkFault> {
        let mut plain = Vec::with_capacity(1 + bytes.len());
        plain.push(flag as u8);
        plain.extend_from_slice(bytes);
        let mut message = vec![0; SEAL_BYTES + bytes.len()];
        message[0] = Kind::Sealed.byte();
        self.state
            .write_message(self.number, &plain, &mut message[1..])
            .map_err(|_| LinkFault::Ours("a message was not sealed"))?;
        self.number += 1;
        Ok(message)
    }

    /// The next piece of what is left of a frame, of about so many bytes, and what is left then.
    pub fn piece(rest: &[u8], bytes: usize) -> (&[u8], &[u8]) {
        rest.split_at(rest.len().min(bytes.clamp(1, PIECE_BYTES_MAX)))
    }
}

/// What came in.
#[derive(Debug, PartialEq, Eq)]
pub enum Opened {
    /// A whole frame.
    Frame(Vec<u8>),
    /// A piece of one; nothing to do yet.
    Piece,
    /// Anything else.
    Sign(Flag, Vec<u8>),
}

/// Opens what comes in; nothing is opened twice, and nothing out of order.
pub struct Opener {
    state: Arc<StatelessTransportState>,
    number: u64,
    partial: Vec<u8>,
    urgent: Vec<u8>,
}

impl Opener {
    /// One message. A frame may have `frame_bytes_max`.
    pub fn open(&mut self, message: &[u8], frame_bytes_max: usize) -> Result<Opened, LinkFault> {
        let body = body(message, Kind::Sealed)?;
        if message.len() > MESSAGE_BYTES_MAX {
            return Err(LinkFault::TooLarge(MESSAGE_BYTES_MAX));
        }
        let mut plain = vec![0; body.len()];
        let length = self.state.read_message(self.number, body, &mut plain).map_err(|_| LinkFault::Altered)?;
        self.number += 1;
        plain.truncate(length);
        let flag = plain.first().copied().and_then(Flag::of).ok_or(LinkFault::Unexpected)?;
        match flag {
            Flag::Last | Flag::More | Flag::UrgentLast | Flag::UrgentMore => {
                let is_last = matches!(flag, Flag::Last | Flag::UrgentLast);
                let is_urgent = matches!(flag, Flag::UrgentLast | Flag::UrgentMore);
                let partial = if is_urgent { &mut self.urgent } else { &mut self.partial };
                if partial.len() + plain.len() - 1 > frame_bytes_max {
                    return Err(LinkFault::TooLarge(frame_bytes_max));
                }
                if is_last && partial.is_empty() {
                    plain.remove(0);
                    return Ok(Opened::Frame(plain));
                }
                partial.extend_from_slice(&plain[1..]);
                if !is_last {
                    return Ok(Opened::Piece);
                }
                Ok(Opened::Frame(std::mem::take(partial)))
            }
            flag => {
                plain.remove(0);
                Ok(Opened::Sign(flag, plain))
            }
        }
    }
}
