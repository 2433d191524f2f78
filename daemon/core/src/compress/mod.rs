//! Compression of frames, with a dictionary both sides have: short frames of short texts, where every byte costs airtime.
//!
//! A primed context-mixing model ([`Model`]) and an arithmetic coder, all in integers, so that every machine computes the
//! same bits. Chosen by measurement, see `daemon/dictionary/README.md`; laid down in PROTOCOL.md, "Compression".
//! What does not shrink travels raw. Hostile bytes decode to rubbish of a bounded size or to a [`CompressFault`], never
//! to a panic; whether the rubbish is what somebody meant is for signatures to say.

mod model;

use alloc::boxed::Box;
use alloc::vec::Vec;

pub use model::Model;

/// Version of model and dictionary together: the first byte of a compressed frame, and what gateways compare in Hello.
pub const DICTIONARY_VERSION: u8 = 1;
/// The dictionary: records as neighbours write them. How it is made: `daemon/dictionary/README.md`.
pub const DICTIONARY: &[u8] = include_bytes!("../../../dictionary/v1.bin");
/// First byte of a frame that travels as it is.
const RAW: u8 = 0;
/// Decoded bytes for each byte on the wire, at most. Real frames reach 4; what shrinks more is filled up with zeros, so
/// that nobody buys minutes of a small processor with a handful of bytes.
pub const RATIO_MAX: usize = 64;
/// Bytes of a frame before compression, at most: the largest frame of the protocol, and room for its envelope.
pub const FRAME_BYTES_MAX: usize = 1024 * 1024;
/// Bytes the decoder may miss at the end: the coder leaves out what it would read as zeros.
const MISSING_MAX: usize = 4;

/// Why a frame does not decompress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompressFault {
    /// Nothing there.
    #[error("the frame is empty")]
    Empty,
    /// Made with a dictionary this program does not have.
    #[error("the frame was compressed with dictionary {0}, which is not known here")]
    UnknownDictionary(u8),
    /// It would become larger than allowed.
    #[error("the frame would become {found} bytes; at most {limit} are taken")]
    TooLarge {
        /// What it says of itself.
        found: u64,
        /// Allowed.
        limit: usize,
    },
    /// It claims to have shrunk more than any honest frame does.
    #[error("the frame claims to have been {found} bytes for {packed} on the wire; at most 64 for one are taken")]
    Ratio {
        /// What it says of itself.
        found: u64,
        /// Bytes on the wire.
        packed: usize,
    },
    /// It ends early.
    #[error("the frame is cut short")]
    CutShort,
}

/// A primed model and one to work with: about 4 MB. Costly to make (some 30 ms), cheap to use again.
pub struct Codec {
    primed: Box<Model>,
    work: Box<Model>,
}

impl Default for Codec {
    fn default() -> Self {
        Self::new(&Model::primed(DICTIONARY))
    }
}

impl Codec {
    /// Works with this primed model.
    pub fn new(primed: &Model) -> Self {
        Self { primed: Box::new(primed.clone()), work: Box::new(primed.clone()) }
    }

    /// See [`compress_with`].
    pub fn compress(&mut self, bytes: &[u8]) -> Vec<u8> {
        compress_with(&self.primed, &mut self.work, bytes)
    }

    /// See [`decompress_with`].
    pub fn decompress(&mut self, frame: &[u8], limit: usize) -> Result<Vec<u8>, CompressFault> {
        decompress_with(&self.primed, &mut self.work, frame, limit)
    }
}

/// The frame as it travels raw.
pub fn raw(bytes: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(bytes.len() + 1);
    frame.push(RAW);
    frame.extend_from_slice(bytes);
    frame
}

/// The frame as it travels: compressed, or raw if that is shorter. `work` is overwritten.
pub fn compress_with(primed: &Model, work: &mut Model, bytes: &[u8]) -> Vec<u8> {
    if bytes.len() > FRAME_BYTES_MAX {
        return raw(bytes);
    }
    work.clone_from(primed);
    let mut frame = Vec::with_capacity(bytes.len() / 2 + 16);
    frame.push(DICTIONARY_VERSION);
    write_varint(&mut frame, bytes.len());
    let head = frame.len();
    let (mut low, mut high) = (0u32, u32::MAX);
    for &byte in bytes {
        for place in (0..8).rev() {
            let bit = u32::from(byte >> place & 1);
            let middle = split(low, high, work.chance());
            if bit == 1 {
                high = middle;
            } else {
                low = middle + 1;
            }
            work.learn(bit);
            while (low ^ high) >> 24 == 0 {
                frame.push((high >> 24) as u8);
                low <<= 8;
                high = high << 8 | 255;
            }
        }
        if frame.len() > bytes.len() {
            return raw(bytes);
        }
    }
    // Everything after this byte counts as zero, which lies between the two.
    frame.push((high >> 24) as u8);
    while (frame.len() - head) * RATIO_MAX < bytes.len() {
        frame.push(0);
    }
    if frame.len() > bytes.len() {
        return raw(bytes);
    }
    frame
}

/// What was compressed; at most `limit` bytes. `work` is overwritten.
pub fn decompress_with(primed: &Model, work: &mut Model, frame: &[u8], limit: usize) -> Result<Vec<u8>, CompressFault> {
    let (&version, rest) = frame.split_first().ok_or(CompressFault::Empty)?;
    if version == RAW {
        return match rest.len() {
            found if found > limit => Err(CompressFault::TooLarge { found: found as u64, limit }),
            _ => Ok(rest.to_vec()),
        };
    }
    if version != DICTIONARY_VERSION {
        return Err(CompressFault::UnknownDictionary(version));
    }
    let (length, packed) = read_varint(rest)?;
    if length > limit.min(FRAME_BYTES_MAX) as u64 {
        return Err(CompressFault::TooLarge { found: length, limit });
    }
    if packed.len().saturating_mul(RATIO_MAX) < length as usize {
        return Err(CompressFault::Ratio { found: length, packed: packed.len() });
    }
    work.clone_from(primed);
    let mut bytes = Vec::with_capacity(length as usize);
    let (mut low, mut high) = (0u32, u32::MAX);
    let mut read = 0;
    let mut next = || {
        read += 1;
        match packed.get(read - 1) {
            Some(&byte) => Ok(u32::from(byte)),
            None if read - packed.len() <= MISSING_MAX => Ok(0),
            None => Err(CompressFault::CutShort),
        }
    };
    let mut code = 0;
    for _ in 0..4 {
        code = code << 8 | next()?;
    }
    for _ in 0..length {
        let mut byte = 0;
        for _ in 0..8 {
            let middle = split(low, high, work.chance());
            let bit = u32::from(code <= middle);
            if bit == 1 {
                high = middle;
            } else {
                low = middle + 1;
            }
            work.learn(bit);
            byte = byte << 1 | bit;
            while (low ^ high) >> 24 == 0 {
                low <<= 8;
                high = high << 8 | 255;
                code = code << 8 | next()?;
            }
        }
        bytes.push(byte as u8);
    }
    Ok(bytes)
}

/// Where the span from `low` to `high` is cut: the lower part stands for a 1. `chance` is in 4,096ths.
fn split(low: u32, high: u32, chance: u32) -> u32 {
    low + ((u64::from(high - low) * u64::from(chance)) >> 12) as u32
}

fn write_varint(to: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

/// A length of at most 5 bytes.
fn read_varint(from: &[u8]) -> Result<(u64, &[u8]), CompressFault> {
    let mut value = 0;
    for (place, &byte) in from.iter().enumerate().take(5) {
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Ok((value, &from[place + 1..]));
        }
    }
    Err(CompressFault::CutShort)
}
