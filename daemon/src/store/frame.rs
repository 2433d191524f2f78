//! Frames: what the journal is made of.
//!
//! | offset | bytes | field (little endian) |
//! |---|---|---|
//! | 0 | 4 | magic `CMF1` |
//! | 4 | 4 | length of the body |
//! | 8 | 8 | sequence: the order of everything, from 1 |
//! | 16 | 2 | index within its commit |
//! | 18 | 2 | frames of its commit |
//! | 20 | 1 | kind: 1 batch, 2 note, 3 merge |
//! | 21 | 3 | zero |
//! | 24 | 4 | CRC32C of the body, salted |
//! | 28 | 4 | CRC32C of bytes 0 to 27, salted |
//! | 32 | n | body, then zeros up to a multiple of 8 |
//!
//! Two checksums, so that a damaged body still tells where the next frame starts and which sequence is gone. They
//! start from a local secret, since strangers choose the bytes of a body and could otherwise put a valid frame inside
//! one. Index and count make a commit all or nothing: a power cut may keep its last page and lose its first.
//!
//! Bodies:
//!
//! | batch | bytes | | note | bytes | | merge | bytes |
//! |---|---|---|---|---|---|---|---|
//! | gateway | 32 | | key length | 2 | | first segment it stands for | 4 |
//! | lane (place in `Lane::ALL`) | 1 | | key | n | | next sequence after it | 8 |
//! | epoch | 4 | | value | rest | | | |
//! | number | 8 | | | | | | |
//! | prev | 32 | | | | | | |
//! | arrived, spent | 8, 4 | | | | | | |
//! | the batch | rest | | | | | | |
//!
//! Frozen with format 1. Decoding never panics, whatever the bytes.

use commons_core::identity::{BatchHash, GatewayId};
use commons_core::log::{Age, Epoch, Held, Lane, LogKey};

/// Bytes before a body.
pub(super) const HEADER_BYTES: usize = 32;
/// Frames start at multiples of this, so that a position fits in 8 bytes and a search can stride.
pub(super) const ALIGN_BYTES: u64 = 8;
/// A body's most: bounds the memory that reading a frame takes. The protocol's batches are far smaller.
pub const BODY_BYTES_MAX: usize = 512 * 1024;
/// A note's key, at most.
pub const NOTE_KEY_BYTES_MAX: usize = 1024;
/// A note's value, at most: a gadget's retained message with room to spare.
pub const NOTE_VALUE_BYTES_MAX: usize = 256 * 1024;
/// Bytes of a batch frame's body before the batch itself.
pub(super) const BATCH_PREFIX_BYTES: usize = 32 + 1 + 4 + 8 + 32 + 8 + 4;

pub(super) const MAGIC: [u8; 4] = *b"CMF1";

/// A small local thing that no neighbour can give back: a gadget's retained message, the store's age, a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// 1 to [`NOTE_KEY_BYTES_MAX`] bytes.
    pub key: Vec<u8>,
    /// The latest wins; empty = removed.
    pub value: Vec<u8>,
}

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Batch,
    Note,
    /// First in a segment that stands for several older ones.
    Merge,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub length: u32,
    pub sequence: u64,
    pub index: u16,
    pub count: u16,
    pub kind: Kind,
    body_crc: u32,
}

impl Header {
    /// The header at the start of `bytes`, if there is a sound one.
    pub fn parse(bytes: &[u8], salt: u32) -> Option<Self> {
        let bytes: &[u8; HEADER_BYTES] = bytes.get(..HEADER_BYTES)?.try_into().ok()?;
        if bytes[..4] != MAGIC || crc32c::crc32c_append(salt, &bytes[..28]) != le32(&bytes[28..]) {
            return None;
        }
        let kind = match bytes[20] {
            1 => Kind::Batch,
            2 => Kind::Note,
            3 => Kind::Merge,
            _ => return None,
        };
        let header = Self {
            length: le32(&bytes[4..]),
            sequence: le64(&bytes[8..]),
            index: le16(&bytes[16..]),
            count: le16(&bytes[18..]),
            kind,
            body_crc: le32(&bytes[24..]),
        };
        (header.length as usize <= BODY_BYTES_MAX && header.index < header.count).then_some(header)
    }

    /// Whether `body` is what was written.
    pub fn vouches_for(&self, body: &[u8], salt: u32) -> bool {
        crc32c::crc32c_append(salt, body) == self.body_crc
    }

    /// Bytes of the whole frame with its padding.
    pub fn frame_bytes(&self) -> u64 {
        frame_bytes(self.length as usize)
    }

    /// The sequence of its commit's first frame: names the commit.
    pub fn commit(&self) -> u64 {
        self.sequence.wrapping_sub(u64::from(self.index))
    }
}

/// Bytes a frame with a body of `length` takes.
pub(super) fn frame_bytes(length: usize) -> u64 {
    ((HEADER_BYTES + length) as u64).next_multiple_of(ALIGN_BYTES)
}

/// Appends a frame to `out`.
pub(super) fn encode(out: &mut Vec<u8>, kind: Kind, sequence: u64, (index, count): (u16, u16), body: &[u8], salt: u32) {
    let start = out.len();
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&(body.len() as u32).to_le_bytes());
    out.extend_from_slice(&sequence.to_le_bytes());
    out.extend_from_slice(&index.to_le_bytes());
    out.extend_from_slice(&count.to_le_bytes());
    let kind = match kind {
        Kind::Batch => 1,
        Kind::Note => 2,
        Kind::Merge => 3,
    };
    out.extend_from_slice(&[kind, 0, 0, 0]);
    out.extend_from_slice(&crc32c::crc32c_append(salt, body).to_le_bytes());
    let crc = crc32c::crc32c_append(salt, &out[start..]);
    out.extend_from_slice(&crc.to_le_bytes());
    out.extend_from_slice(body);
    let end = start + frame_bytes(body.len()) as usize;
    out.resize(end, 0);
}

/// A batch frame's body.
pub(super) fn batch_body(held: &Held) -> Vec<u8> {
    let mut body = Vec::with_capacity(BATCH_PREFIX_BYTES + held.bytes.len());
    body.extend_from_slice(&log_bytes(&held.log));
    body.extend_from_slice(&held.number.to_le_bytes());
    body.extend_from_slice(held.prev.bytes());
    body.extend_from_slice(&held.arrived.0.to_le_bytes());
    body.extend_from_slice(&held.spent_s.to_le_bytes());
    body.extend_from_slice(&held.bytes);
    body
}

/// The batch of a body.
pub(super) fn parse_batch(body: &[u8]) -> Option<Held> {
    let (log, number) = parse_batch_name(body)?;
    let rest = body.get(45..)?;
    Some(Held {
        log,
        number,
        prev: BatchHash(rest.get(..32)?.try_into().ok()?),
        arrived: Age(le64(rest.get(32..40)?)),
        spent_s: le32(rest.get(40..44)?),
        bytes: rest.get(44..)?.to_vec(),
    })
}

/// Which batch a body holds.
pub(super) fn parse_batch_name(body: &[u8]) -> Option<(LogKey, u64)> {
    if body.len() < BATCH_PREFIX_BYTES {
        return None;
    }
    Some((parse_log(&body[..LOG_BYTES])?, le64(&body[LOG_BYTES..])))
}

/// Bytes of a log's name.
pub(super) const LOG_BYTES: usize = 37;

pub(super) fn log_bytes(log: &LogKey) -> [u8; LOG_BYTES] {
    let mut out = [0; LOG_BYTES];
    out[..32].copy_from_slice(log.gateway.bytes());
    let lane = Lane::ALL.iter().position(|lane| *lane == log.lane).unwrap_or(0);
    out[32] = lane as u8;
    out[33..].copy_from_slice(&log.epoch.0.to_le_bytes());
    out
}

pub(super) fn parse_log(bytes: &[u8]) -> Option<LogKey> {
    let bytes: &[u8; LOG_BYTES] = bytes.try_into().ok()?;
    Some(LogKey {
        gateway: GatewayId(bytes[..32].try_into().ok()?),
        lane: *Lane::ALL.get(usize::from(bytes[32]))?,
        epoch: Epoch(le32(&bytes[33..])),
    })
}

/// A note frame's body.
pub(super) fn note_body(note: &Note) -> Vec<u8> {
    let mut body = Vec::with_capacity(2 + note.key.len() + note.value.len());
    body.extend_from_slice(&(note.key.len() as u16).to_le_bytes());
    body.extend_from_slice(&note.key);
    body.extend_from_slice(&note.value);
    body
}

/// The note of a body: key and value.
pub(super) fn parse_note(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let key_bytes = usize::from(le16(body.get(..2)?));
    body[2..].split_at_checked(key_bytes)
}

/// A merge frame's body.
pub(super) fn merge_body(first_segment: u32, next_sequence: u64) -> Vec<u8> {
    let mut body = first_segment.to_le_bytes().to_vec();
    body.extend_from_slice(&next_sequence.to_le_bytes());
    body
}

/// First segment a merged one stands for, and the next sequence after it.
pub(super) fn parse_merge(body: &[u8]) -> Option<(u32, u64)> {
    (body.len() == 12).then(|| (le32(body), le64(&body[4..])))
}

fn le16(bytes: &[u8]) -> u16 {
    u16::from_le_bytes([bytes[0], bytes[1]])
}

/// The first 4 bytes of `bytes`, which has them.
pub(super) fn le32(bytes: &[u8]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// The first 8 bytes of `bytes`, which has them.
pub(super) fn le64(bytes: &[u8]) -> u64 {
    u64::from(le32(bytes)) | (u64::from(le32(&bytes[4..])) << 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Otherwise a damaged sector, or a stranger's bytes, would end the daemon at every start.
        #[test]
        fn decoding_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300), salt: u32) {
            let mut with_magic = MAGIC.to_vec();
            with_magic.extend_from_slice(&bytes);
            for bytes in [&bytes, &with_magic] {
                let _ = Header::parse(bytes, salt);
                let _ = parse_batch(bytes);
                let _ = parse_note(bytes);
                let _ = parse_merge(bytes);
                let _ = parse_log(bytes);
            }
        }

        /// Otherwise a post would come back from the disk different from what its author signed.
        #[test]
        fn what_is_written_is_read(
            gateway: [u8; 32], prev: [u8; 32], lane in 0..4usize, epoch: u32, number: u64, age: u64, spent_s: u32,
            bytes in proptest::collection::vec(any::<u8>(), 0..300), salt: u32, sequence: u64,
            key in proptest::collection::vec(any::<u8>(), 1..50),
        ) {
            let held = Held {
                log: LogKey { gateway: GatewayId(gateway), lane: Lane::ALL[lane], epoch: Epoch(epoch) },
                number, prev: BatchHash(prev), arrived: Age(age), spent_s, bytes,
            };
            let body = batch_body(&held);
            let mut out = Vec::new();
            encode(&mut out, Kind::Batch, sequence, (2, 5), &body, salt);
            prop_assert_eq!(out.len() % 8, 0);
            let header = Header::parse(&out, salt).unwrap();
            prop_assert_eq!(header.frame_bytes(), out.len() as u64);
            prop_assert_eq!((header.sequence, header.index, header.count), (sequence, 2, 5));
            prop_assert!(header.vouches_for(&out[32..32 + body.len()], salt));
            prop_assert!(Header::parse(&out, salt ^ 1).is_none());
            prop_assert_eq!(parse_batch(&body).unwrap(), held.clone());
            let note = note_body(&Note { key: key.clone(), value: held.bytes.clone() });
            prop_assert_eq!(parse_note(&note).unwrap(), (&key[..], &held.bytes[..]));
        }

        /// Otherwise a flipped bit would be taken for a neighbour's word.
        #[test]
        fn any_flipped_bit_is_noticed(body in proptest::collection::vec(any::<u8>(), 1..100), salt: u32, at: prop::sample::Index) {
            let mut out = Vec::new();
            encode(&mut out, Kind::Note, 7, (0, 1), &body, salt);
            let bit = at.index((32 + body.len()) * 8);
            out[bit / 8] ^= 1 << (bit % 8);
            let sound = Header::parse(&out, salt).is_some_and(|h| h.vouches_for(&out[32..32 + body.len()], salt));
            prop_assert!(!sound);
        }
    }
}
