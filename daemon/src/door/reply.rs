//! What the gateway says, written straight into the connection's buffer. Source: MQTT 5.0 and 3.1.1, chapter 3.

use bytes::{BufMut, BytesMut};

use super::wire::{put_bytes, put_varint, varint_bytes, Version};

/// Bytes of a reason string, at most.
const REASON_BYTES_MAX: usize = 512;

/// What a v5 CONNACK tells beyond its code.
#[derive(Clone, Debug, Default)]
pub struct Welcome<'a> {
    /// Session expiry, when it is not what was asked for.
    pub session_expiry_s: Option<u32>,
    /// Messages we take without having acknowledged them.
    pub receive_max: u16,
    /// Largest packet we take.
    pub packet_bytes_max: u32,
    /// The id we made up.
    pub assigned_client_id: Option<&'a str>,
    /// Topic aliases we take.
    pub topic_alias_max: u16,
    /// Why not, for a refusal.
    pub reason: Option<&'a str>,
}

/// CONNACK. `code` is the v5 one; v4 gets its own of nearest meaning.
pub fn connack(out: &mut BytesMut, version: Version, present: bool, code: u8, welcome: &Welcome<'_>) {
    if version == Version::V4 {
        let code = match code {
            0 => 0,
            0x84 => 1,
            0x85 => 2,
            0x86 => 4,
            0x87 | 0x8c => 5,
            _ => 3,
        };
        out.extend_from_slice(&[0x20, 2, u8::from(present), code]);
        return;
    }
    let mut properties = BytesMut::new();
    if code == 0 {
        if let Some(expiry) = welcome.session_expiry_s {
            properties.put_u8(17);
            properties.put_u32(expiry);
        }
        properties.put_u8(33);
        properties.put_u16(welcome.receive_max);
        properties.put_u8(39);
        properties.put_u32(welcome.packet_bytes_max);
        properties.put_u8(34);
        properties.put_u16(welcome.topic_alias_max);
        properties.extend_from_slice(&[42, 0]); // no shared subscriptions
        if let Some(id) = welcome.assigned_client_id {
            properties.put_u8(18);
            put_bytes(&mut properties, id.as_bytes());
        }
    }
    put_reason(&mut properties, welcome.reason);
    out.put_u8(0x20);
    put_varint(out, 2 + varint_bytes(properties.len()) + properties.len());
    out.put_u8(u8::from(present));
    out.put_u8(code);
    put_varint(out, properties.len());
    out.extend_from_slice(&properties);
}

fn put_reason(properties: &mut BytesMut, reason: Option<&str>) {
    if let Some(reason) = reason {
        let mut end = reason.len().min(REASON_BYTES_MAX);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        properties.put_u8(31);
        put_bytes(properties, &reason.as_bytes()[..end]);
    }
}

/// The packet types of the publish handshakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(clippy::enum_variant_names)] // The specification's own names.
pub enum Ack {
    /// PUBACK
    PubAck = 0x40,
    /// PUBREC
    PubRec = 0x50,
    /// PUBREL
    PubRel = 0x62,
    /// PUBCOMP
    PubComp = 0x70,
}

/// PUBACK, PUBREC, PUBREL or PUBCOMP. v4 knows no codes.
pub fn ack(out: &mut BytesMut, version: Version, kind: Ack, packet_id: u16, code: u8, reason: Option<&str>) {
    out.put_u8(kind as u8);
    if version == Version::V4 || (code == 0 && reason.is_none()) {
        out.put_u8(2);
        out.put_u16(packet_id);
        return;
    }
    let mut properties = BytesMut::new();
    put_reason(&mut properties, reason);
    put_varint(out, 3 + varint_bytes(properties.len()) + properties.len());
    out.put_u16(packet_id);
    out.put_u8(code);
    put_varint(out, properties.len());
    out.extend_from_slice(&properties);
}

/// SUBACK (0x90) or UNSUBACK (0xb0) with a code for each filter. v4's UNSUBACK has none.
pub fn codes(out: &mut BytesMut, version: Version, first: u8, packet_id: u16, codes: &[u8], reason: Option<&str>) {
    out.put_u8(first);
    match version {
        Version::V4 if first == 0xb0 => {
            out.put_u8(2);
            out.put_u16(packet_id);
        }
        Version::V4 => {
            put_varint(out, 2 + codes.len());
            out.put_u16(packet_id);
            out.extend(codes.iter().map(|code| if *code > 2 { 0x80 } else { *code }));
        }
        Version::V5 => {
            let mut properties = BytesMut::new();
            put_reason(&mut properties, reason);
            put_varint(out, 2 + varint_bytes(properties.len()) + properties.len() + codes.len());
            out.put_u16(packet_id);
            put_varint(out, properties.len());
            out.extend_from_slice(&properties);
            out.extend_from_slice(codes);
        }
    }
}

/// PINGRESP.
pub fn pong(out: &mut BytesMut) {
    out.extend_from_slice(&[0xd0, 0]);
}

/// DISCONNECT, which only v5 has from the server.
pub fn disconnect(out: &mut BytesMut, version: Version, code: u8, reason: Option<&str>) {
    if version == Version::V5 {
        let mut properties = BytesMut::new();
        put_reason(&mut properties, reason);
        out.put_u8(0xe0);
        put_varint(out, 1 + varint_bytes(properties.len()) + properties.len());
        out.put_u8(code);
        put_varint(out, properties.len());
        out.extend_from_slice(&properties);
    }
}

/// A message to a client.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Where it was published.
    pub topic: &'a str,
    /// What.
    pub payload: &'a [u8],
    /// 0, 1 or 2.
    pub qos: u8,
    /// The retain flag to show.
    pub retain: bool,
    /// Sent before.
    pub dup: bool,
    /// 0 for QoS 0.
    pub packet_id: u16,
    /// v5: seconds it is still good for.
    pub expiry_s: Option<u32>,
    /// v5: the publisher's properties, as bytes.
    pub properties: &'a [u8],
    /// v5: identifiers of the subscriptions that matched; 0 = none.
    pub identifiers: &'a [u32],
}

/// PUBLISH. Nothing is written (and false returned) if it would be larger than the client takes.
pub fn publish(out: &mut BytesMut, version: Version, message: &Message<'_>, packet_bytes_max: usize) -> bool {
    let topic = message.topic.as_bytes();
    let mut properties = 0;
    if version == Version::V5 {
        properties += message.properties.len() + if message.expiry_s.is_some() { 5 } else { 0 };
        for id in message.identifiers.iter().filter(|id| **id > 0) {
            properties += 1 + varint_bytes(*id as usize);
        }
    }
    let mut length = 2 + topic.len() + message.payload.len();
    if message.qos > 0 {
        length += 2;
    }
    if version == Version::V5 {
        length += varint_bytes(properties) + properties;
    }
    let total = 1 + varint_bytes(length) + length;
    if total > packet_bytes_max {
        return false;
    }
    out.reserve(total);
    out.put_u8(0x30 | u8::from(message.dup) << 3 | message.qos << 1 | u8::from(message.retain));
    put_varint(out, length);
    put_bytes(out, topic);
    if message.qos > 0 {
        out.put_u16(message.packet_id);
    }
    if version == Version::V5 {
        put_varint(out, properties);
        out.extend_from_slice(message.properties);
        if let Some(expiry) = message.expiry_s {
            out.put_u8(2);
            out.put_u32(expiry);
        }
        for id in message.identifiers.iter().filter(|id| **id > 0) {
            out.put_u8(11);
            put_varint(out, *id as usize);
        }
    }
    out.extend_from_slice(message.payload);
    true
}
