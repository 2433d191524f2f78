//! Hello: what rides in the handshake, so that two gateways with nothing to tell each other say nothing more.

use alloc::vec::Vec;

use super::fault::Fault;
use super::frame::FRAME_BYTES_MAX;
use super::wire::{put_number, Reader};
use crate::log::{Age, Lane};

/// The Hello this code says. Version 1 had a digest for each lane; its frames are the same, but a link of it does not tell how
/// much was read.
pub const HELLO_VERSION: u8 = 2;

/// Bytes of a Hello, at most: a handshake message of Noise with room to spare, and still one small packet.
pub const HELLO_BYTES_MAX: usize = 96;
/// The smallest frame limit a peer may name: a header and a record fit; larger batches are sent whole all the same.
pub const FRAME_BYTES_LEAST: usize = 2 * 1024;

/// A random number, drawn with each store or each start of it: tells a wiped gateway, or one on a copied card, from what
/// it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoreEpoch(pub u64);

/// "I have what your heads were, up to your age `age`", of the store with this epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The other side's.
    pub epoch: StoreEpoch,
    /// The other side's.
    pub age: Age,
}

/// The lanes a gateway wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interests(u8);

impl Interests {
    /// Everything but the library, which is opt-in.
    pub const USUAL: Self = Self(0b0111);
    /// Everything.
    pub const ALL: Self = Self(0b1111);

    /// These lanes.
    pub fn of(lanes: &[Lane]) -> Self {
        Self(lanes.iter().fold(0, |bits, lane| bits | 1 << *lane as u8))
    }

    /// Whether this lane is wanted.
    pub fn has(self, lane: Lane) -> bool {
        self.0 & 1 << lane as u8 != 0
    }

    /// One bit a lane.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// The reverse; bits of lanes not known here are dropped.
    pub fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }
}

/// What the heads of two gateways are compared by.
pub type HeadsDigest = [u8; 8];
/// The bit beside the lanes which says that a cursor follows.
const HAS_CURSOR: u8 = 0x10;

/// A gateway's first word on a link, inside the handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Drawn at the sender's start.
    pub store: StoreEpoch,
    /// The sender's age now.
    pub age: Age,
    /// The lanes it wants.
    pub interests: Interests,
    /// Over the heads of these lanes.
    pub digest: HeadsDigest,
    /// Version of the compression dictionary; 0 = none.
    pub dictionary: u8,
    /// The largest frame it takes: a power of two, or it is told as the next lower one.
    pub frame_bytes_max: u32,
    /// How far it has followed the receiver.
    pub cursor: Option<Cursor>,
}

impl Hello {
    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HELLO_BYTES_MAX);
        out.push(HELLO_VERSION);
        out.extend(self.store.0.to_be_bytes());
        put_number(&mut out, self.age.0);
        out.push(self.interests.0 | if self.cursor.is_some() { HAS_CURSOR } else { 0 });
        out.extend(self.digest);
        out.push(self.dictionary);
        out.push(self.frame_bytes_max.checked_ilog2().unwrap_or(0) as u8);
        if let Some(cursor) = &self.cursor {
            out.extend(cursor.epoch.0.to_be_bytes());
            put_number(&mut out, cursor.age.0);
        }
        out
    }

    /// The reverse, of bytes that came from anywhere. What a later version 2 might append is passed over.
    pub fn decode(bytes: &[u8]) -> Result<Self, Fault> {
        if bytes.len() > HELLO_BYTES_MAX {
            return Err(Fault::TooLarge { found: bytes.len(), limit: HELLO_BYTES_MAX });
        }
        let mut reader = Reader::new(bytes);
        match reader.byte()? {
            HELLO_VERSION => {}
            version => return Err(Fault::UnknownVersion(version)),
        }
        let store = StoreEpoch(u64::from_be_bytes(reader.array()?));
        let age = Age(reader.number()?);
        let bits = reader.byte()?;
        if bits & !HAS_CURSOR > Interests::ALL.0 {
            return Err(Fault::Malformed("interest in an unknown lane"));
        }
        let digest = reader.array()?;
        let dictionary = reader.byte()?;
        let frame_bytes_max = 1u32.checked_shl(reader.byte()?.into()).unwrap_or(0);
        if !(FRAME_BYTES_LEAST..=FRAME_BYTES_MAX).contains(&(frame_bytes_max as usize)) {
            return Err(Fault::Malformed("a frame limit that is none"));
        }
        let cursor = if bits & HAS_CURSOR == 0 {
            None
        } else {
            Some(Cursor { epoch: StoreEpoch(u64::from_be_bytes(reader.array()?)), age: Age(reader.number()?) })
        };
        let interests = Interests::from_bits(bits);
        Ok(Self { store, age, interests, digest, dictionary, frame_bytes_max, cursor })
    }
}
