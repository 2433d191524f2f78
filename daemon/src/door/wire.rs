//! The bytes of MQTT: fixed headers, integers, strings and properties, read strictly and without a copy.
//!
//! Of rumqttd's public codecs none is used: their `Publish` hides QoS and packet id from other crates, the v5 reader
//! reaches `unreachable!()` on a CONNACK, accepts repeated and misplaced properties, reserved flags and NUL in
//! strings, and has no way to say 0x95 in a PUBACK. So the door reads and writes its own bytes; every function here
//! is total over any input. Source: MQTT 5.0 chapters 1.5 and 2, MQTT 3.1.1 chapter 2.

use bytes::{BufMut, BytesMut};
use thiserror::Error;

/// The two dialects on one port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 3.1.1
    V4,
    /// 5.0
    V5,
}

/// A packet that breaks the specification or a limit. `code` is what a v5 client is told in DISCONNECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{why}")]
pub struct Fault {
    /// MQTT 5.0, 2.4.
    pub code: u8,
    /// For the reason string and the log.
    pub why: &'static str,
}

/// 0x81: cannot be parsed.
pub const fn malformed(why: &'static str) -> Fault {
    Fault { code: 0x81, why }
}

/// 0x82: can be parsed, but must not come now or so.
pub const fn protocol_error(why: &'static str) -> Fault {
    Fault { code: 0x82, why }
}

/// A whole packet in a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Type and flags.
    pub first: u8,
    /// Bytes of the fixed header.
    pub header: usize,
    /// Bytes of the whole packet.
    pub total: usize,
}

/// Finds the first packet in `bytes`; none when more bytes are needed. Flags and size are judged before the body has
/// come, so that nobody makes us wait for, or hold, what we would refuse.
pub fn frame(bytes: &[u8], packet_bytes_max: usize) -> Result<Option<Frame>, Fault> {
    let Some(&first) = bytes.first() else {
        return Ok(None);
    };
    let flags_ok = match first >> 4 {
        0 => return Err(malformed("packet type 0 is reserved")),
        3 => (first >> 1) & 3 != 3 && (first & 0b1110) != 0b1000,
        6 | 8 | 10 => first & 0x0f == 2,
        _ => first & 0x0f == 0,
    };
    if !flags_ok {
        return Err(malformed("reserved flags are set"));
    }
    let mut length = 0usize;
    for index in 0..4 {
        let Some(&byte) = bytes.get(1 + index) else {
            return Ok(None);
        };
        length |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            let header = 2 + index;
            let total = header + length;
            if total > packet_bytes_max {
                return Err(Fault { code: 0x95, why: "the packet is larger than this gateway takes" });
            }
            return Ok((bytes.len() >= total).then_some(Frame { first, header, total }));
        }
    }
    Err(malformed("the remaining length has more than four bytes"))
}

/// Reads a packet's body from front to back.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    /// Whether all is read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        if count > self.0.len() {
            return Err(malformed("the packet ends too early"));
        }
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        Ok(taken)
    }

    /// One byte.
    pub fn u8(&mut self) -> Result<u8, Fault> {
        Ok(self.take(1)?[0])
    }

    /// Two bytes, big endian.
    pub fn u16(&mut self) -> Result<u16, Fault> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    /// Four bytes, big endian.
    pub fn u32(&mut self) -> Result<u32, Fault> {
        let bytes = self.take(4)?;
        Ok(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    /// A variable byte integer.
    pub fn varint(&mut self) -> Result<usize, Fault> {
        let mut value = 0usize;
        for index in 0..4 {
            let byte = self.u8()?;
            value |= usize::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(malformed("a variable byte integer has more than four bytes"))
    }

    /// Bytes with their length before them.
    pub fn bytes(&mut self) -> Result<&'a [u8], Fault> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }

    /// A UTF-8 string without NUL.
    pub fn text(&mut self) -> Result<&'a str, Fault> {
        let text = std::str::from_utf8(self.bytes()?).map_err(|_| malformed("a string is not UTF-8"))?;
        if text.as_bytes().contains(&0) {
            return Err(malformed("a string holds a NUL"));
        }
        Ok(text)
    }

    /// A packet id, which is never 0.
    pub fn packet_id(&mut self) -> Result<u16, Fault> {
        match self.u16()? {
            0 => Err(protocol_error("packet id 0")),
            id => Ok(id),
        }
    }

    /// The properties block at this place.
    pub fn properties(&mut self) -> Result<Properties<'a>, Fault> {
        let length = self.varint()?;
        Ok(Properties { rest: Reader(self.take(length)?), seen: 0 })
    }
}

/// The value of one property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Byte, two bytes, four bytes or variable.
    Number(u32),
    /// A string.
    Text(&'a str),
    /// Binary data.
    Binary(&'a [u8]),
    /// A user property.
    Pair(&'a str, &'a str),
}

impl<'a> Value<'a> {
    /// The number, 0 for others; the property table below decides which it is.
    pub fn number(self) -> u32 {
        match self {
            Self::Number(number) => number,
            _ => 0,
        }
    }

    /// The text, empty for others.
    pub fn text(self) -> &'a str {
        match self {
            Self::Text(text) => text,
            _ => "",
        }
    }
}

/// One property and the bytes it came in.
#[derive(Clone, Copy, Debug)]
pub struct Property<'a> {
    /// MQTT 5.0, table 2-4.
    pub id: u8,
    /// Its value.
    pub value: Value<'a>,
    /// Identifier and value, as sent.
    pub raw: &'a [u8],
}

/// The properties of one packet, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Properties<'a> {
    rest: Reader<'a>,
    seen: u64,
}

/// User Property, the only one that may come more than once from a client.
const USER_PROPERTY: u8 = 38;

impl<'a> Properties<'a> {
    /// The next property; refuses those that are not in `allowed`, repeated ones, and values out of their range.
    pub fn next(&mut self, allowed: &[u8]) -> Result<Option<Property<'a>>, Fault> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let start = self.rest.0;
        let id = self.rest.u8()?;
        if !allowed.contains(&id) {
            return Err(malformed("a property that this packet may not have"));
        }
        if id != USER_PROPERTY {
            let bit = 1u64 << (id & 63);
            if self.seen & bit != 0 {
                return Err(protocol_error("a property came twice"));
            }
            self.seen |= bit;
        }
        let value = match id {
            1 | 23 | 25 => {
                let byte = self.rest.u8()?;
                if byte > 1 {
                    return Err(protocol_error("a property that is neither 0 nor 1"));
                }
                Value::Number(byte.into())
            }
            2 | 17 | 24 | 39 => Value::Number(self.rest.u32()?),
            33..=35 => Value::Number(self.rest.u16()?.into()),
            11 => Value::Number(self.rest.varint()? as u32),
            3 | 8 | 21 | 26 | 28 | 31 => Value::Text(self.rest.text()?),
            9 | 22 => Value::Binary(self.rest.bytes()?),
            USER_PROPERTY => Value::Pair(self.rest.text()?, self.rest.text()?),
            _ => return Err(malformed("an unknown property")),
        };
        // Receive maximum, topic alias, subscription identifier and maximum packet size are never 0.
        if matches!(id, 11 | 33 | 35 | 39) && value.number() == 0 {
            let code = if id == 35 { 0x94 } else { 0x82 };
            return Err(Fault { code, why: "a property that must not be 0 is 0" });
        }
        let raw = &start[..start.len() - self.rest.0.len()];
        Ok(Some(Property { id, value, raw }))
    }

    /// What is not read yet, as bytes.
    pub fn rest(&self) -> &'a [u8] {
        self.rest.0
    }

    /// Checks all that are left.
    pub fn check(mut self, allowed: &[u8]) -> Result<(), Fault> {
        while self.next(allowed)?.is_some() {}
        Ok(())
    }
}

/// Bytes that a variable byte integer takes.
pub const fn varint_bytes(value: usize) -> usize {
    match value {
        0..=0x7f => 1,
        0x80..=0x3fff => 2,
        0x4000..=0x1f_ffff => 3,
        _ => 4,
    }
}

/// Writes a variable byte integer.
pub fn put_varint(out: &mut BytesMut, mut value: usize) {
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            out.put_u8(byte);
            return;
        }
        out.put_u8(byte | 0x80);
    }
}

/// Writes a string or binary data with its length, cut at what the length can say.
pub fn put_bytes(out: &mut BytesMut, bytes: &[u8]) {
    let bytes = &bytes[..bytes.len().min(usize::from(u16::MAX))];
    out.put_u16(bytes.len() as u16);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client could make the gateway hold a packet it would never take.
    #[test]
    fn size_and_flags_are_judged_before_the_body() {
        assert_eq!(frame(&[0x30, 0xff, 0xff, 0x7f], 1000).unwrap_err().code, 0x95);
        for first in [0x00, 0x36, 0x38, 0x60, 0x80, 0x11, 0xa0, 0xc1, 0xe8] {
            assert!(frame(&[first], 1000).is_err(), "{first:#x}");
        }
        assert!(frame(&[0x30, 0x80, 0x80, 0x80, 0x80, 0x01], usize::MAX).is_err());
        assert_eq!(frame(&[0xc0], 1000), Ok(None));
        assert_eq!(frame(&[0xc0, 0], 1000).unwrap().unwrap().total, 2);
    }

    /// A length would be written that its reader understands otherwise.
    #[test]
    fn variable_integers_come_back() {
        for value in [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455] {
            let mut out = BytesMut::new();
            put_varint(&mut out, value);
            assert_eq!(out.len(), varint_bytes(value));
            assert_eq!(Reader(&out).varint().unwrap(), value);
        }
    }
}
