//! What a client says, packet by packet, decoded strictly. Borrowed from the read buffer, so nothing is copied that is
//! not kept. Source: MQTT 5.0 and 3.1.1, chapter 3.

use std::borrow::Cow;

use commons_core::topic::{check_filter, check_topic, TopicError};

use super::wire::{malformed, protocol_error, Fault, Frame, Reader, Version};

/// Filters in one SUBSCRIBE or UNSUBSCRIBE, at most.
pub const FILTERS_PER_PACKET_MAX: usize = 64;
/// Bytes of a client id, at most; it becomes a topic level of the receipts.
pub const CLIENT_ID_BYTES_MAX: usize = 256;

/// A decoded packet of a connected client.
#[derive(Debug)]
pub enum Packet<'a> {
    /// A message.
    Publish(Publish<'a>),
    /// It has our QoS 1 message.
    PubAck(u16),
    /// It has our QoS 2 message; the code says whether it took it.
    PubRec(u16, u8),
    /// It releases its QoS 2 message.
    PubRel(u16),
    /// Our QoS 2 message is done.
    PubComp(u16),
    /// It wants to read.
    Subscribe(Subscribe),
    /// It wants to read no more.
    Unsubscribe(u16, Vec<String>),
    /// It is there.
    PingReq,
    /// It goes: reason code, and a new session expiry.
    Disconnect(u8, Option<u32>),
    /// Extended authentication, which we do not have.
    Auth,
}

/// A message from a client.
#[derive(Debug)]
pub struct Publish<'a> {
    /// 0, 1 or 2.
    pub qos: u8,
    /// To be kept for who comes later.
    pub retain: bool,
    /// 0 for QoS 0.
    pub packet_id: u16,
    /// May be empty when an alias stands for it.
    pub topic: &'a str,
    /// v5 topic alias.
    pub alias: Option<u16>,
    /// v5 message expiry in seconds.
    pub expiry_s: Option<u32>,
    /// The v5 properties that go on to readers unchanged, as bytes.
    pub properties: Cow<'a, [u8]>,
    /// The message.
    pub payload: &'a [u8],
}

/// What a client wants to read.
#[derive(Debug, PartialEq, Eq)]
pub struct Subscribe {
    /// Packet id.
    pub packet_id: u16,
    /// v5 subscription identifier, 0 = none.
    pub identifier: u32,
    /// Filters with their options; an `Err` filter is answered alone.
    pub filters: Vec<Wanted>,
}

/// One filter of a SUBSCRIBE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// As sent.
    pub filter: String,
    /// Whether it may be used at all.
    pub valid: Result<(), TopicError>,
    /// 0, 1 or 2.
    pub qos: u8,
    /// Not what the client itself publishes.
    pub no_local: bool,
    /// Keep the retain flag of live messages.
    pub retain_as_published: bool,
    /// 0 = send retained, 1 = only for a new subscription, 2 = never.
    pub retain_handling: u8,
}

/// The greeting.
#[derive(Debug, Default)]
pub struct Connect<'a> {
    /// May be empty.
    pub client_id: &'a str,
    /// Clean session, or clean start.
    pub clean: bool,
    /// Seconds; 0 = none.
    pub keep_alive_s: u16,
    /// Its will.
    pub will: Option<Will<'a>>,
    /// v5 session expiry in seconds.
    pub session_expiry_s: u32,
    /// v5 receive maximum, 65,535 unless said.
    pub receive_max: u16,
    /// v5 largest packet it takes.
    pub packet_bytes_max: Option<u32>,
    /// v5: topic aliases it takes.
    pub topic_alias_max: u16,
    /// v5: whether it wants reason strings.
    pub problem_info: bool,
    /// v5: it asks for extended authentication.
    pub authentication: bool,
    /// As sent; empty if none.
    pub user: &'a str,
    /// As sent; empty if none.
    pub password: &'a [u8],
}

/// What the gateway says for a client that is gone without a word.
#[derive(Debug)]
pub struct Will<'a> {
    /// Where.
    pub topic: &'a str,
    /// What.
    pub payload: &'a [u8],
    /// 0, 1 or 2.
    pub qos: u8,
    /// To be kept.
    pub retain: bool,
    /// v5: wait so many seconds first.
    pub delay_s: u32,
    /// v5 message expiry in seconds.
    pub expiry_s: Option<u32>,
    /// Properties that go on to readers.
    pub properties: Vec<u8>,
}

/// What a CONNECT turned out to be.
#[derive(Debug)]
pub enum Greeting<'a> {
    /// 3.1.1 or 5.
    Known(Version, Connect<'a>),
    /// 3.1, or 3.1.1's name with another level below 5: refused with return code 1.
    OldVersion,
    /// A level above 5: refused with 0x84.
    NewVersion,
}

/// Payload format, content type, response topic, correlation data, user property: what goes on to readers.
const FORWARDED: [u8; 5] = [1, 3, 8, 9, 38];

/// Decodes the CONNECT in `body`.
pub fn connect(first: u8, body: &[u8]) -> Result<Greeting<'_>, Fault> {
    if first != 0x10 {
        return Err(protocol_error("the first packet is not CONNECT"));
    }
    let mut read = Reader(body);
    let name = read.text()?;
    let level = read.u8()?;
    let version = match (name, level) {
        ("MQTT", 4) => Version::V4,
        ("MQTT", 5) => Version::V5,
        ("MQIsdp", _) | ("MQTT", 0..=3) => return Ok(Greeting::OldVersion),
        ("MQTT", _) => return Ok(Greeting::NewVersion),
        _ => return Err(malformed("the protocol is not MQTT")),
    };
    let flags = read.u8()?;
    if flags & 1 != 0 {
        return Err(malformed("the reserved connect flag is set"));
    }
    let (has_will, will_qos, will_retain) = (flags & 4 != 0, (flags >> 3) & 3, flags & 0x20 != 0);
    if will_qos == 3 || (!has_will && (will_qos != 0 || will_retain)) {
        return Err(malformed("the will flags contradict each other"));
    }
    let (has_password, has_user) = (flags & 0x40 != 0, flags & 0x80 != 0);
    if version == Version::V4 && has_password && !has_user {
        return Err(malformed("a password without a user name"));
    }
    let mut connect = Connect {
        clean: flags & 2 != 0,
        keep_alive_s: read.u16()?,
        receive_max: u16::MAX,
        topic_alias_max: 0,
        problem_info: true,
        ..Connect::default()
    };
    if version == Version::V5 {
        let mut properties = read.properties()?;
        let mut data_alone = false;
        while let Some(property) = properties.next(&[17, 21, 22, 23, 25, 33, 34, 38, 39])? {
            match property.id {
                17 => connect.session_expiry_s = property.value.number(),
                21 => connect.authentication = true,
                22 => data_alone = true,
                23 => connect.problem_info = property.value.number() == 1,
                34 => connect.topic_alias_max = property.value.number() as u16,
                33 => connect.receive_max = property.value.number() as u16,
                39 => connect.packet_bytes_max = Some(property.value.number()),
                _ => {}
            }
        }
        if data_alone && !connect.authentication {
            return Err(protocol_error("authentication data without a method"));
        }
    }
    connect.client_id = read.text()?;
    if has_will {
        let mut will = Will {
            topic: "",
            payload: &[],
            qos: will_qos,
            retain: will_retain,
            delay_s: 0,
            expiry_s: None,
            properties: Vec::new(),
        };
        if version == Version::V5 {
            let mut properties = read.properties()?;
            while let Some(property) = properties.next(&[1, 2, 3, 8, 9, 24, 38])? {
                match property.id {
                    2 => will.expiry_s = Some(property.value.number()),
                    24 => will.delay_s = property.value.number(),
                    _ => {
                        check_response_topic(property.id, property.value.text())?;
                        will.properties.extend_from_slice(property.raw);
                    }
                }
            }
        }
        will.topic = read.text()?;
        will.payload = read.bytes()?;
        connect.will = Some(will);
    }
    if has_user {
        connect.user = read.text()?;
    }
    if has_password {
        connect.password = read.bytes()?;
    }
    if !read.is_empty() {
        return Err(malformed("bytes are left after the CONNECT"));
    }
    Ok(Greeting::Known(version, connect))
}

/// Decodes any later packet.
pub fn decode(version: Version, frame: Frame, packet: &[u8]) -> Result<Packet<'_>, Fault> {
    let mut read = Reader(&packet[frame.header..frame.total]);
    let v5 = version == Version::V5;
    let decoded = match frame.first >> 4 {
        1 => return Err(protocol_error("a second CONNECT")),
        3 => return publish(version, frame.first, read).map(Packet::Publish),
        4 => Packet::PubAck(acknowledgement(v5, &mut read)?.0),
        5 => {
            let (packet_id, code) = acknowledgement(v5, &mut read)?;
            Packet::PubRec(packet_id, code)
        }
        6 => Packet::PubRel(acknowledgement(v5, &mut read)?.0),
        7 => Packet::PubComp(acknowledgement(v5, &mut read)?.0),
        8 => Packet::Subscribe(subscribe(v5, &mut read)?),
        10 => {
            let packet_id = read.packet_id()?;
            if v5 {
                read.properties()?.check(&[38])?;
            }
            let mut filters = Vec::new();
            while !read.is_empty() {
                filters.push(read.text()?.to_owned());
                check_count(filters.len())?;
            }
            if filters.is_empty() {
                return Err(protocol_error("an UNSUBSCRIBE without a filter"));
            }
            Packet::Unsubscribe(packet_id, filters)
        }
        12 => Packet::PingReq,
        14 => {
            let mut code = 0;
            let mut expiry = None;
            if v5 && !read.is_empty() {
                code = read.u8()?;
                if !read.is_empty() {
                    let mut properties = read.properties()?;
                    while let Some(property) = properties.next(&[17, 31, 38])? {
                        if property.id == 17 {
                            expiry = Some(property.value.number());
                        }
                    }
                }
            }
            Packet::Disconnect(code, expiry)
        }
        15 if v5 => return Ok(Packet::Auth),
        _ => return Err(protocol_error("a packet that only a server sends")),
    };
    if !read.is_empty() {
        return Err(malformed("bytes are left after the packet"));
    }
    Ok(decoded)
}

fn check_count(count: usize) -> Result<(), Fault> {
    if count > FILTERS_PER_PACKET_MAX {
        return Err(Fault { code: 0x97, why: "too many filters in one packet" });
    }
    Ok(())
}

fn check_response_topic(id: u8, text: &str) -> Result<(), Fault> {
    if id == 8 && (text.is_empty() || text.contains(['+', '#'])) {
        return Err(protocol_error("the response topic is no topic"));
    }
    Ok(())
}

fn publish<'a>(version: Version, first: u8, mut read: Reader<'a>) -> Result<Publish<'a>, Fault> {
    let qos = (first >> 1) & 3;
    let topic = read.text()?;
    let packet_id = if qos > 0 { read.packet_id()? } else { 0 };
    let mut message = Publish {
        qos,
        retain: first & 1 != 0,
        packet_id,
        topic,
        alias: None,
        expiry_s: None,
        properties: Cow::Borrowed(&[]),
        payload: &[],
    };
    if version == Version::V5 {
        let block_at = read;
        let mut properties = read.properties()?;
        let mut others = false;
        while let Some(property) = properties.next(&[1, 2, 3, 8, 9, 35, 38])? {
            match property.id {
                2 => message.expiry_s = Some(property.value.number()),
                35 => message.alias = Some(property.value.number() as u16),
                id => {
                    check_response_topic(id, property.value.text())?;
                    continue;
                }
            }
            others = true;
        }
        let mut block = block_at;
        let mut block = block.properties()?;
        message.properties = if others {
            // Alias and expiry are between the two of us; the rest goes on.
            let mut kept = Vec::new();
            while let Some(property) = block.next(&[1, 2, 3, 8, 9, 35, 38])? {
                if FORWARDED.contains(&property.id) {
                    kept.extend_from_slice(property.raw);
                }
            }
            Cow::Owned(kept)
        } else {
            Cow::Borrowed(block.rest())
        };
    }
    if !(topic.is_empty() && message.alias.is_some()) {
        check_topic(topic).map_err(|error| match error {
            TopicError::TooLong | TopicError::TooDeep => {
                Fault { code: 0x90, why: "the topic is longer or deeper than this gateway takes" }
            }
            _ => malformed("the topic is empty or holds a wildcard"),
        })?;
    }
    message.payload = read.0;
    Ok(message)
}

fn acknowledgement(v5: bool, read: &mut Reader<'_>) -> Result<(u16, u8), Fault> {
    let packet_id = read.packet_id()?;
    let mut code = 0;
    if v5 && !read.is_empty() {
        code = read.u8()?;
        if !read.is_empty() {
            read.properties()?.check(&[31, 38])?;
        }
    }
    Ok((packet_id, code))
}

fn subscribe(v5: bool, read: &mut Reader<'_>) -> Result<Subscribe, Fault> {
    let packet_id = read.packet_id()?;
    let mut identifier = 0;
    if v5 {
        let mut properties = read.properties()?;
        while let Some(property) = properties.next(&[11, 38])? {
            if property.id == 11 {
                identifier = property.value.number();
            }
        }
    }
    let mut filters = Vec::new();
    while !read.is_empty() {
        let filter = read.text()?;
        let options = read.u8()?;
        let reserved = if v5 { 0xc0 } else { 0xfc };
        let (qos, retain_handling) = (options & 3, (options >> 4) & 3);
        if options & reserved != 0 || qos == 3 || retain_handling == 3 {
            return Err(malformed("reserved subscription options are set"));
        }
        let no_local = options & 4 != 0;
        if no_local && filter.starts_with("$share/") {
            return Err(protocol_error("no-local on a shared subscription"));
        }
        filters.push(Wanted {
            valid: check_filter(filter),
            filter: filter.to_owned(),
            qos,
            no_local,
            retain_as_published: options & 8 != 0,
            retain_handling,
        });
        check_count(filters.len())?;
    }
    if filters.is_empty() {
        return Err(protocol_error("a SUBSCRIBE without a filter"));
    }
    Ok(Subscribe { packet_id, identifier, filters })
}

/// Decodes as the door would: the first packet as CONNECT, then anything. For fuzzing.
#[cfg(test)]
pub fn decode_any(bytes: &[u8]) {
    for version in [Version::V4, Version::V5] {
        let mut rest = bytes;
        while let Ok(Some(found)) = super::wire::frame(rest, 4096) {
            let _ = connect(found.first, &rest[found.header..found.total]);
            let _ = decode(version, found, rest);
            rest = &rest[found.total..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One neighbour's broken (or hostile) gadget would end everybody's gateway.
    #[test]
    fn no_bytes_make_the_reader_panic() {
        let seeds: [&[u8]; 8] = [
            b"\x10\x11\x00\x04MQTT\x05\x02\x00\x00\x03\x21\x00\x0a\x00\x01a",
            b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01a",
            b"\x32\x10\x00\x03a/b\x00\x01\x05\x02\x00\x00\x00\x09hi",
            b"\x82\x09\x00\x01\x00\x00\x03a/b\x01",
            b"\xa2\x08\x00\x01\x00\x00\x03a/b",
            b"\x40\x04\x00\x01\x10\x00",
            b"\xe0\x07\x00\x05\x11\x00\x00\x00\x01",
            b"\x62\x02\x00\x01",
        ];
        let mut state = 0x9e37_79b9_7f4a_7c15u64;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        for round in 0..200_000u64 {
            let mut bytes = seeds[(round % 8) as usize].to_vec();
            for _ in 0..=(random() % 4) {
                let at = (random() as usize) % bytes.len();
                match random() % 3 {
                    0 => bytes[at] = random() as u8,
                    1 => bytes.truncate(at + 1),
                    _ => bytes.insert(at, random() as u8),
                }
            }
            decode_any(&bytes);
        }
    }
}
