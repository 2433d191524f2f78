//! Several messages in one piece, as they travel through the router.
//!
//! The router charges per publish (a lock, two hash lookups, a log entry), so a session hands it everything that one
//! read brought as one batch; readers share the bytes. The real topics ride inside: the router sees only the names of
//! a few lanes, because it never frees what it keeps per topic and per filter.
//!
//! | bytes | |
//! |---|---|
//! | 8 | publisher's session number, for no-local |
//! | 8 | milliseconds of the door's clock when it was made, for message expiry |
//! | per message: 1 | QoS (bits 0, 1), retain (bit 2), has expiry (bit 3) |
//! | 2, 4, 4 | bytes of topic, of properties, of payload |
//! | 4 | expiry in seconds, if the bit is set |
//! | | topic, properties, payload |
//!
//! Native byte order would do; big endian reads better in a dump. Never stored, never sent to a client.

use bytes::{BufMut, Bytes, BytesMut};

/// Bytes after which a session closes a batch: enough to make the router's cost per message vanish, small enough to
/// let a lane's window hold several.
pub const BATCH_BYTES_MAX: usize = 16 * 1024;
const HEADER_BYTES: usize = 16;

/// One message of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    /// Where.
    pub topic: &'a str,
    /// v5 properties to pass on, as bytes.
    pub properties: &'a [u8],
    /// What.
    pub payload: &'a [u8],
    /// As published.
    pub qos: u8,
    /// As published.
    pub retain: bool,
    /// v5 message expiry.
    pub expiry_s: Option<u32>,
}

/// A batch in the making.
#[derive(Debug, Default)]
pub struct Batch {
    bytes: BytesMut,
}

impl Batch {
    /// Appends a message. `publisher` and `now_ms` count for the first one only.
    pub fn push(&mut self, publisher: u64, now_ms: u64, item: &Item<'_>) {
        if self.bytes.is_empty() {
            self.bytes.reserve(HEADER_BYTES + item_bytes(item));
            self.bytes.put_u64(publisher);
            self.bytes.put_u64(now_ms);
        }
        put_item(&mut self.bytes, item);
    }

    /// Bytes so far.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The finished batch.
    pub fn freeze(self) -> Bytes {
        self.bytes.freeze()
    }
}

/// A batch with a single message.
pub fn single(publisher: u64, now_ms: u64, item: &Item<'_>) -> Bytes {
    let mut batch = Batch::default();
    batch.push(publisher, now_ms, item);
    batch.freeze()
}

fn item_bytes(item: &Item<'_>) -> usize {
    15 + item.topic.len() + item.properties.len() + item.payload.len()
}

fn put_item(out: &mut BytesMut, item: &Item<'_>) {
    out.reserve(item_bytes(item));
    let expiry_bit = if item.expiry_s.is_some() { 8 } else { 0 };
    out.put_u8(item.qos | u8::from(item.retain) << 2 | expiry_bit);
    out.put_u16(item.topic.len() as u16);
    out.put_u32(item.properties.len() as u32);
    out.put_u32(item.payload.len() as u32);
    if let Some(expiry) = item.expiry_s {
        out.put_u32(expiry);
    }
    out.extend_from_slice(item.topic.as_bytes());
    out.extend_from_slice(item.properties);
    out.extend_from_slice(item.payload);
}

/// Who made a batch, and when (milliseconds of the door's clock).
pub fn origin(batch: &[u8]) -> Option<(u64, u64)> {
    let publisher = batch.get(..8)?.try_into().ok()?;
    let made = batch.get(8..16)?.try_into().ok()?;
    Some((u64::from_be_bytes(publisher), u64::from_be_bytes(made)))
}

/// Where the first message starts.
pub const FIRST: usize = HEADER_BYTES;

/// The message at `at`, and where the next one starts. None at the end.
pub fn item_at(batch: &[u8], at: usize) -> Option<(Item<'_>, usize)> {
    let rest = batch.get(at..)?;
    let fixed = rest.get(..11)?;
    let topic_bytes = usize::from(u16::from_be_bytes([fixed[1], fixed[2]]));
    let property_bytes = u32::from_be_bytes([fixed[3], fixed[4], fixed[5], fixed[6]]) as usize;
    let payload_bytes = u32::from_be_bytes([fixed[7], fixed[8], fixed[9], fixed[10]]) as usize;
    let mut here = 11;
    let expiry_s = if fixed[0] & 8 != 0 {
        let expiry = rest.get(here..here + 4)?;
        here += 4;
        Some(u32::from_be_bytes(expiry.try_into().ok()?))
    } else {
        None
    };
    let topic = std::str::from_utf8(rest.get(here..here + topic_bytes)?).ok()?;
    here += topic_bytes;
    let properties = rest.get(here..here + property_bytes)?;
    here += property_bytes;
    let payload = rest.get(here..here + payload_bytes)?;
    here += payload_bytes;
    let item = Item { topic, properties, payload, qos: fixed[0] & 3, retain: fixed[0] & 4 != 0, expiry_s };
    Some((item, at + here))
}

/// A message copied out of its batch, for queues: a small message must not keep a large batch alive.
pub fn copied(item: &Item<'_>) -> Box<[u8]> {
    let mut bytes = BytesMut::with_capacity(item_bytes(item));
    put_item(&mut bytes, item);
    Vec::from(bytes).into_boxed_slice()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A gadget's message would arrive changed, or under another name.
    #[test]
    fn messages_come_back_as_they_went_in() {
        let items = [
            Item {
                topic: "commons/local/a",
                properties: &[1, 2],
                payload: b"x",
                qos: 2,
                retain: true,
                expiry_s: Some(7),
            },
            Item { topic: "commons/local/é", properties: &[], payload: b"", qos: 0, retain: false, expiry_s: None },
        ];
        let mut batch = Batch::default();
        for item in &items {
            batch.push(5, 6, item);
        }
        let bytes = batch.freeze();
        assert_eq!(origin(&bytes), Some((5, 6)));
        let (first, at) = item_at(&bytes, FIRST).unwrap();
        let (second, end) = item_at(&bytes, at).unwrap();
        assert_eq!([first, second], items);
        assert_eq!(item_at(&bytes, end), None);
        assert_eq!(item_at(&copied(&first), 0).unwrap().0, first);
    }
}
