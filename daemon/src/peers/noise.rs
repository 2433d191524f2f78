//! Secret and authentic sessions between two gateways: Noise over any way that carries messages in order.
//!
//! Paired gateways meet with pattern KK: both static keys are known, so the first message proves the caller and already
//! carries its hello, and one message each way is all. The first meeting of two gateways is pattern XXpsk0 under the
//! secret of an invitation: nobody without it learns a key or even gets an answer.
//!
//! The prologue holds the protocol's name and the network, so a message made for another network or another version
//! opens nowhere else. **Nobody counts as present before he has answered something fresh**: the callee waits for the
//! first sealed message of the caller, since a first handshake message can be recorded and sent again.
//!
//! ```text
//! message = kind, body           kind: high half the version, low half what it is
//!   0 call     network (4), Noise KK message 1 (payload: the caller's hello)
//!   1 answer   Noise KK message 2 (payload: the callee's hello)
//!   2 sealed   Noise transport message of (flag, bytes)
//!   3 meet     network (4), Noise XXpsk0 message 1
//!   4, 5       messages 2 and 3 (payload: a card, see `pairing`)
//!   15 no      why (1): not authentic, only a hint for people
//! ```

use std::sync::Arc;

use commons_core::identity::{GatewayId, GatewayKeys, NetworkId};
use snow::{Builder, HandshakeState, StatelessTransportState};

use super::crypto::Primitives;

/// The version of everything here. A higher one is refused by name.
const VERSION: u8 = 1;
const PROLOGUE: &[u8] = b"commons/link/1";
const KNOWN: &str = "Noise_KK_25519_ChaChaPoly_SHA256";
const MEETING: &str = "Noise_XXpsk0_25519_ChaChaPoly_SHA256";
/// Bytes of the network's id sent in the clear, to say "another network" instead of "wrong key".
const NETWORK_BYTES: usize = 4;
/// Largest message of any kind. Below the least packet a door may be told to take (16 KiB), with room for a topic.
pub const MESSAGE_BYTES_MAX: usize = 15 * 1024;
/// What sealing adds: kind, flag, tag.
pub const SEAL_BYTES: usize = 1 + 1 + 16;
/// Bytes of a frame in one sealed message; longer frames go in several.
const PIECE_BYTES_MAX: usize = MESSAGE_BYTES_MAX - SEAL_BYTES;
/// Largest payload of a handshake message (hello, card).
pub const PAYLOAD_BYTES_MAX: usize = 1_024;
/// Largest first message of a stranger: kind, network, ephemeral key, sealed static key, payload, tags.
pub const STRANGER_BYTES_MAX: usize = 1 + NETWORK_BYTES + 32 + 48 + PAYLOAD_BYTES_MAX + 16;

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
    #[error("the handshake failed here: {0}")]
    Ours(&'static str),
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

/// What kind a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The first of a call between paired gateways.
    Call,
    /// Its answer.
    Answer,
    /// Anything after.
    Sealed,
    /// The first of a first meeting.
    Meet,
    /// Its second.
    MeetAnswer,
    /// Its third.
    MeetProof,
    /// No.
    No,
}

impl Kind {
    const ALL: [(Self, u8); 7] = [
        (Self::Call, 0),
        (Self::Answer, 1),
        (Self::Sealed, 2),
        (Self::Meet, 3),
        (Self::MeetAnswer, 4),
        (Self::MeetProof, 5),
        (Self::No, 15),
    ];

    fn byte(self) -> u8 {
        let low = Self::ALL.iter().find(|(kind, _)| *kind == self).map_or(15, |(_, low)| *low);
        VERSION << 4 | low
    }

    /// The kind of a message.
    pub fn of(message: &[u8]) -> Result<Self, LinkFault> {
        let first = *message.first().ok_or(LinkFault::Unexpected)?;
        if first >> 4 > VERSION {
            return Err(LinkFault::FutureVersion(first >> 4));
        }
        let known = Self::ALL.iter().find(|(_, low)| VERSION << 4 | low == first);
        known.map(|(kind, _)| *kind).ok_or(LinkFault::Unexpected)
    }
}

/// A no, to be sent.
pub fn no(why: Refusal) -> Vec<u8> {
    vec![Kind::No.byte(), why as u8]
}

/// What a no says.
fn refused(message: &[u8]) -> LinkFault {
    let why = match message.get(1) {
        Some(1) => Refusal::Version,
        Some(2) => Refusal::Network,
        Some(4) => Refusal::Busy,
        Some(5) => Refusal::NotMe,
        Some(6) => Refusal::Crossed,
        _ => Refusal::Stranger,
    };
    LinkFault::Refused(why)
}

/// The body of a message that must be of this kind.
fn body(message: &[u8], wanted: Kind) -> Result<&[u8], LinkFault> {
    match Kind::of(message)? {
        kind if kind == wanted => Ok(&message[1..]),
        Kind::No => Err(refused(message)),
        _ => Err(LinkFault::Unexpected),
    }
}

/// The network of a first message must be ours; the rest of it.
fn own_network<'m>(network: &NetworkId, body: &'m [u8]) -> Result<&'m [u8], LinkFault> {
    match body.split_at_checked(NETWORK_BYTES) {
        Some((theirs, rest)) if theirs == &network.0[..NETWORK_BYTES] => Ok(rest),
        Some(_) => Err(LinkFault::OtherNetwork),
        None => Err(LinkFault::Unexpected),
    }
}

/// Who this gateway is to others.
#[derive(Clone)]
pub struct Identity {
    /// Its network.
    pub network: NetworkId,
    /// Its id.
    pub id: GatewayId,
    /// Signs beacons and cards.
    pub keys: Arc<GatewayKeys>,
}

impl Identity {
    /// Of a gateway's keys.
    pub fn new(network: NetworkId, keys: GatewayKeys) -> Self {
        Self { network, id: keys.id(), keys: Arc::new(keys) }
    }

    fn handshake(
        &self,
        pattern: &str,
        caller: bool,
        peer: Option<&[u8; 32]>,
        psk: Option<&[u8; 32]>,
    ) -> Result<HandshakeState, LinkFault> {
        let ours = |_| LinkFault::Ours("the pattern is not known");
        let prologue = [PROLOGUE, &self.network.0].concat();
        let secret = self.keys.exchange_secret();
        let params = pattern.parse().map_err(ours)?;
        let mut builder = Builder::with_resolver(params, Box::new(Primitives)).prologue(&prologue).map_err(ours)?;
        builder = builder.local_private_key(&secret).map_err(ours)?;
        if let Some(peer) = peer {
            builder = builder.remote_public_key(peer).map_err(ours)?;
        }
        if let Some(psk) = psk {
            builder = builder.psk(0, psk).map_err(ours)?;
        }
        if caller { builder.build_initiator() } else { builder.build_responder() }.map_err(ours)
    }

    fn known(&self, caller: bool, peer: &GatewayId) -> Result<HandshakeState, LinkFault> {
        // A paired id was checked when it was paired.
        let key = peer.exchange_key().ok_or(LinkFault::Unproven)?;
        self.handshake(KNOWN, caller, Some(&key), None)
    }

    /// Calls a paired gateway: the first message.
    pub fn call(&self, peer: &GatewayId, hello: &[u8]) -> Result<(Calling, Vec<u8>), LinkFault> {
        let mut state = self.known(true, peer)?;
        let message = write(&mut state, Kind::Call, &self.network.0[..NETWORK_BYTES], hello)?;
        Ok((Calling(state), message))
    }

    /// Reads the first message of a call that claims to be a paired gateway's: its hello, if it is.
    pub fn answer(&self, peer: &GatewayId, message: &[u8]) -> Result<(Answering, Vec<u8>), LinkFault> {
        let body = own_network(&self.network, body(message, Kind::Call)?)?;
        let mut state = self.known(false, peer)?;
        let hello = read(&mut state, body)?;
        Ok((Answering(state), hello))
    }

    /// Begins a first meeting with whoever knows the secret.
    pub fn meet(&self, psk: &[u8; 32]) -> Result<(Meeting, Vec<u8>), LinkFault> {
        let mut state = self.handshake(MEETING, true, None, Some(psk))?;
        let message = write(&mut state, Kind::Meet, &self.network.0[..NETWORK_BYTES], &[])?;
        Ok((Meeting(state), message))
    }

    /// Reads the first message of a first meeting under one secret.
    pub fn met(&self, psk: &[u8; 32], message: &[u8]) -> Result<Meeting, LinkFault> {
        let body = own_network(&self.network, body(message, Kind::Meet)?)?;
        let mut state = self.handshake(MEETING, false, None, Some(psk))?;
        read(&mut state, body)?;
        Ok(Meeting(state))
    }
}

fn write(state: &mut HandshakeState, kind: Kind, clear: &[u8], payload: &[u8]) -> Result<Vec<u8>, LinkFault> {
    if payload.len() > PAYLOAD_BYTES_MAX {
        return Err(LinkFault::Ours("the payload is too large"));
    }
    let mut message = vec![kind.byte()];
    message.extend_from_slice(clear);
    let at = message.len();
    message.resize(at + STRANGER_BYTES_MAX, 0);
    let written =
        state.write_message(payload, &mut message[at..]).map_err(|_| LinkFault::Ours("it was not written"))?;
    message.truncate(at + written);
    Ok(message)
}

fn read(state: &mut HandshakeState, body: &[u8]) -> Result<Vec<u8>, LinkFault> {
    if body.len() > STRANGER_BYTES_MAX {
        return Err(LinkFault::TooLarge(STRANGER_BYTES_MAX));
    }
    let mut payload = vec![0; body.len()];
    let length = state.read_message(body, &mut payload).map_err(|_| LinkFault::Unproven)?;
    payload.truncate(length);
    if length > PAYLOAD_BYTES_MAX {
        return Err(LinkFault::TooLarge(PAYLOAD_BYTES_MAX));
    }
    Ok(payload)
}

/// A call whose answer is awaited.
pub struct Calling(HandshakeState);

impl Calling {
    /// The answer: the session, and the callee's hello.
    pub fn finish(mut self, message: &[u8]) -> Result<(Session, Vec<u8>), LinkFault> {
        let hello = read(&mut self.0, body(message, Kind::Answer)?)?;
        Ok((Session::of(self.0)?, hello))
    }
}

/// A call that is about to be answered.
pub struct Answering(HandshakeState);

impl Answering {
    /// The answer to send, and the session. The caller is there only once it has sent something sealed.
    pub fn finish(mut self, hello: &[u8]) -> Result<(Session, Vec<u8>), LinkFault> {
        let message = write(&mut self.0, Kind::Answer, &[], hello)?;
        Ok((Session::of(self.0)?, message))
    }
}

/// A first meeting under way, on either side.
pub struct Meeting(HandshakeState);

impl Meeting {
    /// What both sides have seen so far: what is signed to bind an id to this meeting.
    pub fn seen(&self) -> Vec<u8> {
        self.0.get_handshake_hash().to_vec()
    }

    /// The other side's X25519 key, once it was received.
    pub fn remote_key(&self) -> Option<[u8; 32]> {
        self.0.get_remote_static()?.try_into().ok()
    }

    /// The next message, with a card.
    pub fn write(&mut self, card: &[u8]) -> Result<Vec<u8>, LinkFault> {
        let kind = if self.0.is_initiator() { Kind::MeetProof } else { Kind::MeetAnswer };
        write(&mut self.0, kind, &[], card)
    }

    /// Reads the other side's message: its card.
    pub fn read(&mut self, message: &[u8]) -> Result<Vec<u8>, LinkFault> {
        let kind = if self.0.is_initiator() { Kind::MeetAnswer } else { Kind::MeetProof };
        read(&mut self.0, body(message, kind)?)
    }

    /// The session, after the third message.
    pub fn finish(self) -> Result<Session, LinkFault> {
        Session::of(self.0)
    }
}

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
    fn of(state: HandshakeState) -> Result<Self, LinkFault> {
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

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME_BYTES: usize = 256 * 1024;

    fn identity(seed: u8, network: &str) -> Identity {
        Identity::new(NetworkId::of(network), GatewayKeys::from_seed(&[seed; 32]))
    }

    fn linked() -> (Session, Session) {
        let (a, b) = (identity(1, "maple"), identity(2, "maple"));
        let (calling, first) = a.call(&b.id, b"hello of a").unwrap();
        let (answering, hello) = b.answer(&a.id, &first).unwrap();
        assert_eq!(hello, b"hello of a");
        let (theirs, second) = answering.finish(b"hello of b").unwrap();
        let (ours, hello) = calling.finish(&second).unwrap();
        assert_eq!(hello, b"hello of b");
        (ours, theirs)
    }

    /// Two paired gateways could not talk at all.
    #[test]
    fn frames_of_any_size_arrive_whole() {
        let (mut a, mut b) = linked();
        for size in [0, 1, 100, PIECE_BYTES_MAX, PIECE_BYTES_MAX + 1, 65_535, 65_536, FRAME_BYTES] {
            let frame: Vec<u8> = (0..size).map(|n| (n * 31 % 251) as u8).collect();
            let (mut back, mut rest) = (None, frame.as_slice());
            while back.is_none() {
                let (piece, after) = Sealer::piece(rest, usize::MAX);
                let flag = if after.is_empty() { Flag::Last } else { Flag::More };
                let message = a.sealer.seal(flag, piece).unwrap();
                assert!(message.len() <= MESSAGE_BYTES_MAX);
                if let Opened::Frame(frame) = b.opener.open(&message, FRAME_BYTES).unwrap() {
                    back = Some(frame);
                }
                // Something urgent comes between.
                let halves = [(Flag::UrgentMore, b"no"), (Flag::UrgentLast, b"w!")];
                let opened = halves.map(|(flag, half)| {
                    let message = a.sealer.seal(flag, half).unwrap();
                    b.opener.open(&message, FRAME_BYTES).unwrap()
                });
                assert_eq!(opened, [Opened::Piece, Opened::Frame(b"now!".to_vec())]);
                rest = after;
            }
            assert!(back == Some(frame), "{size}");
        }
        let ping = b.sealer.seal(Flag::Ping, &[]).unwrap();
        assert_eq!(a.opener.open(&ping, 0), Ok(Opened::Sign(Flag::Ping, vec![])));
    }

    /// Somebody on the way could change, drop, repeat or turn around what gateways tell each other.
    #[test]
    fn nothing_is_opened_that_was_touched() {
        let (mut a, mut b) = linked();
        let one = a.sealer.seal(Flag::Last, b"one").unwrap();
        let two = a.sealer.seal(Flag::Last, b"two").unwrap();
        for at in 1..one.len() {
            let mut bent = one.clone();
            bent[at] ^= 1;
            assert_eq!(b.opener.open(&bent, 99), Err(LinkFault::Altered));
        }
        for end in 1..one.len() {
            assert_eq!(b.opener.open(&one[..end], 99), Err(LinkFault::Altered), "{end}");
        }
        assert_eq!(b.opener.open(&[], 99), Err(LinkFault::Unexpected));
        assert_eq!(b.opener.open(&two, 99), Err(LinkFault::Altered), "out of order");
        assert_eq!(a.opener.open(&one, 99), Err(LinkFault::Altered), "turned around");
        assert_eq!(b.opener.open(&one, 99), Ok(Opened::Frame(b"one".to_vec())));
        assert_eq!(b.opener.open(&one, 99), Err(LinkFault::Altered), "again");
        assert_eq!(b.opener.open(&two, 2), Err(LinkFault::TooLarge(2)));
        let mut future = two;
        future[0] = 0x22;
        assert_eq!(b.opener.open(&future, 99), Err(LinkFault::FutureVersion(2)));
    }

    /// A stranger, a gateway of another network or a recording would be taken for a neighbour.
    #[test]
    fn only_the_right_two_meet() {
        let (a, b, c) = (identity(1, "maple"), identity(2, "maple"), identity(3, "maple"));
        let (calling, first) = a.call(&b.id, b"x").unwrap();
        let fault = |result: Result<(Answering, Vec<u8>), LinkFault>| result.err().unwrap();
        assert_eq!(fault(b.answer(&c.id, &first)), LinkFault::Unproven, "not who it says");
        assert_eq!(fault(c.answer(&a.id, &first)), LinkFault::Unproven, "not who was called");
        assert_eq!(fault(identity(2, "oak").answer(&a.id, &first)), LinkFault::OtherNetwork);
        for end in 0..first.len() {
            assert!(b.answer(&a.id, &first[..end]).is_err(), "{end}");
        }
        for at in 5..first.len() {
            let mut bent = first.clone();
            bent[at] ^= 0x40;
            assert_eq!(fault(b.answer(&a.id, &bent)), LinkFault::Unproven, "{at}");
        }
        let mut future = first.clone();
        future[0] = 0x30;
        assert_eq!(fault(b.answer(&a.id, &future)), LinkFault::FutureVersion(3));
        // A recorded call is answered, but what the recorder can send next opens nothing.
        let (_, second) = b.answer(&a.id, &first).unwrap().0.finish(b"y").unwrap();
        let (mut again, third) = b.answer(&a.id, &first).unwrap().0.finish(b"y").unwrap();
        let (mut session, _) = calling.finish(&second).unwrap();
        let sealed = session.sealer.seal(Flag::Here, &[]).unwrap();
        assert_eq!(again.opener.open(&sealed, 9), Err(LinkFault::Altered));
        let (calling, _) = a.call(&b.id, b"x").unwrap();
        assert_eq!(calling.finish(&third).err(), Some(LinkFault::Unproven), "an answer to another call");
        let (calling, _) = a.call(&b.id, b"x").unwrap();
        assert_eq!(calling.finish(&no(Refusal::Busy)).err(), Some(LinkFault::Refused(Refusal::Busy)));
    }

    /// An invitation could be used by whoever does not know its code.
    #[test]
    fn a_first_meeting_needs_the_secret() {
        let (a, b) = (identity(1, "maple"), identity(2, "maple"));
        let (mut meeting, first) = b.meet(&[5; 32]).unwrap();
        assert_eq!(a.met(&[6; 32], &first).err(), Some(LinkFault::Unproven));
        assert_eq!(identity(1, "oak").met(&[5; 32], &first).err(), Some(LinkFault::OtherNetwork));
        let mut met = a.met(&[5; 32], &first).unwrap();
        assert_eq!(meeting.seen(), met.seen());
        let second = met.write(b"card of a").unwrap();
        assert_eq!(meeting.read(&second).unwrap(), b"card of a");
        assert_eq!(meeting.remote_key(), a.id.exchange_key());
        assert_eq!(meeting.seen(), met.seen());
        let third = meeting.write(b"card of b").unwrap();
        assert_eq!(met.read(&third).unwrap(), b"card of b");
        assert_eq!(met.remote_key(), b.id.exchange_key());
        let (mut one, mut other) = (meeting.finish().unwrap(), met.finish().unwrap());
        let sealed = one.sealer.seal(Flag::Here, b"!").unwrap();
        assert_eq!(other.opener.open(&sealed, 9), Ok(Opened::Sign(Flag::Here, b"!".to_vec())));
    }
}
