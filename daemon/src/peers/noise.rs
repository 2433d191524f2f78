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

mod fault;
mod session;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use commons_core::identity::{GatewayId, GatewayKeys, NetworkId};
use snow::{Builder, HandshakeState};

use super::crypto::Primitives;

pub use fault::{LinkFault, Refusal};
pub use session::{Flag, Opened, Opener, Sealer, Session, SEAL_BYTES};

/// The version of everything here. A higher one is refused by name.
const VERSION: u8 = 1;
const PROLOGUE: &[u8] = b"commons/link/1";
const KNOWN: &str = "Noise_KK_25519_ChaChaPoly_SHA256";
const MEETING: &str = "Noise_XXpsk0_25519_ChaChaPoly_SHA256";
/// Bytes of the network's id sent in the clear, to say "another network" instead of "wrong key".
const NETWORK_BYTES: usize = 4;
/// Largest message of any kind. Below the least packet a door may be told to take (16 KiB), with room for a topic.
pub const MESSAGE_BYTES_MAX: usize = 15 * 1024;
/// Largest payload of a handshake message (hello, card).
pub const PAYLOAD_BYTES_MAX: usize = 1_024;
/// Largest first message of a stranger: kind, network, ephemeral key, sealed static key, payload, tags.
pub const STRANGER_BYTES_MAX: usize = 1 + NETWORK_BYTES + 32 + 48 + PAYLOAD_BYTES_MAX + 16;

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
