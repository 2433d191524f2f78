//! Numbers and bytes of a frame, read and written one after another, in postcard's notation.
//!
//! Never allocates for what a sender only claims: a count is checked against its limit and against the bytes that are
//! really there before anything is made of it.

use alloc::vec::Vec;

use super::fault::Fault;
use crate::identity::{BatchHash, GatewayId};
use crate::log::{Epoch, Lane, LogKey};

/// Appends a number: 7 bits a byte, low bits first.
pub(super) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends a length and the bytes.
pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends a log's name.
pub(super) fn put_log(out: &mut Vec<u8>, log: &LogKey) {
    out.extend_from_slice(&log.gateway.0);
    out.push(log.lane as u8);
    put_number(out, log.epoch.0.into());
}

/// What is left of a frame.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub fn byte(&mut self) -> Result<u8, Fault> {
        let (first, rest) = self.rest.split_first().ok_or(Fault::Malformed("cut short"))?;
        self.rest = rest;
        Ok(*first)
    }

    pub fn number(&mut self) -> Result<u64, Fault> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7F);
            if shift == 63 && bits > 1 {
                break;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                // One number has one form, so that one frame has one meaning.
                if byte == 0 && shift > 0 {
                    return Err(Fault::Malformed("a number with needless bytes"));
                }
                return Ok(number);
            }
        }
        Err(Fault::Malformed("a number that is too large"))
    }

    pub fn number_u32(&mut self) -> Result<u32, Fault> {
        u32::try_from(self.number()?).map_err(|_| Fault::Malformed("a number that is too large"))
    }

    pub fn take(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Fault::Malformed("cut short"))?;
        self.rest = rest;
        Ok(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Fault::Malformed("cut short"))?;
        self.rest = rest;
        Ok(*taken)
    }

    /// A length of at most `most`, and the bytes.
    pub fn bytes(&mut self, what: &'static str, most: usize) -> Result<&'a [u8], Fault> {
        let length = self.number()?;
        if length > most as u64 {
            return Err(Fault::TooMany { what, found: length, limit: most as u64 });
        }
        self.take(length as usize)
    }

    /// How many follow: at most `most`, each of at least `least_bytes`.
    pub fn count(&mut self, what: &'static str, most: usize, least_bytes: usize) -> Result<usize, Fault> {
        let count = self.number()?;
        if count > most as u64 {
            return Err(Fault::TooMany { what, found: count, limit: most as u64 });
        }
        if count as usize > self.rest.len() / least_bytes {
            return Err(Fault::Malformed("more is announced than follows"));
        }
        Ok(count as usize)
    }

    pub fn hash(&mut self) -> Result<BatchHash, Fault> {
        Ok(BatchHash(self.array()?))
    }

    pub fn lane(&mut self) -> Result<Lane, Fault> {
        let lane = usize::from(self.byte()?);
        Lane::ALL.get(lane).copied().ok_or(Fault::Malformed("no such lane"))
    }

    pub fn log(&mut self) -> Result<LogKey, Fault> {
        Ok(LogKey { gateway: GatewayId(self.array()?), lane: self.lane()?, epoch: Epoch(self.number_u32()?) })
    }

    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub fn end(&self) -> Result<(), Fault> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(Fault::Malformed("bytes follow the frame"))
        }
    }
}
