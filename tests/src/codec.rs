//! MQTT 3.1.1 and 5 packets as bytes, written from the specifications and from nothing of the daemon's.

/// A packet from the gateway, as far as the tests look into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    /// CONNACK.
    Connected {
        /// The gateway had kept a session.
        session_present: bool,
        /// 0 is welcome.
        code: u8,
        /// The client id it gave, if it gave one (5).
        assigned: String,
    },
    /// PUBLISH.
    Message(Message),
    /// PUBACK 4, PUBREC 5, PUBREL 6, PUBCOMP 7.
    Ack {
        /// The packet's type.
        kind: u8,
        /// Packet identifier.
        id: u16,
        /// 0 or a 5 reason code.
        reason: u8,
        /// The 5 reason string, or "".
        words: String,
    },
    /// SUBACK or UNSUBACK: one code a filter.
    Granted(u16, Vec<u8>),
    /// PINGRESP.
    Pong,
    /// DISCONNECT of the gateway's, with its reason.
    Goodbye(u8),
    /// Something no gateway sends.
    Strange(u8),
}

/// What a subscriber gets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// Topic.
    pub topic: String,
    /// Payload.
    pub payload: Vec<u8>,
    /// 0, 1, 2.
    pub qos: u8,
    /// Retained flag.
    pub retain: bool,
    /// Sent before.
    pub dup: bool,
    /// Packet identifier; 0 at QoS 0.
    pub id: u16,
}

impl Message {
    /// The payload as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.payload).into_owned()
    }

    /// The payload as JSON; null if it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.payload).unwrap_or_default()
    }
}

/// What a CONNECT says.
#[derive(Debug, Clone)]
pub struct Hello {
    /// 4 (3.1.1) or 5.
    pub version: u8,
    /// Client id.
    pub client: String,
    /// Clean session, clean start.
    pub clean: bool,
    /// Seconds.
    pub keepalive_s: u16,
    /// Topic, payload, QoS, retain.
    pub will: Option<(String, Vec<u8>, u8, bool)>,
    /// Session expiry (5).
    pub expiry_s: u32,
    /// Receive maximum (5); 0 says nothing.
    pub receive_max: u16,
    /// User and password.
    pub login: Option<(String, String)>,
}

impl Hello {
    /// A clean session.
    pub fn new(version: u8, client: &str) -> Self {
        let client = client.to_owned();
        Self { version, client, clean: true, keepalive_s: 60, will: None, expiry_s: 0, receive_max: 0, login: None }
    }

    /// A session that is kept for an hour.
    pub fn kept(version: u8, client: &str) -> Self {
        Self { clean: false, expiry_s: 3_600, ..Self::new(version, client) }
    }

    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut body = Vec::new();
        put_text(&mut body, b"MQTT");
        body.push(self.version);
        let mut flags = u8::from(self.clean) << 1;
        if let Some((_, _, qos, retain)) = &self.will {
            flags |= 4 | (qos << 3) | (u8::from(*retain) << 5);
        }
        if self.login.is_some() {
            flags |= 0xc0;
        }
        body.push(flags);
        body.extend(self.keepalive_s.to_be_bytes());
        if self.version == 5 {
            let mut properties = vec![0x11];
            properties.extend(self.expiry_s.to_be_bytes());
            if self.receive_max > 0 {
                properties.push(0x21);
                properties.extend(self.receive_max.to_be_bytes());
            }
            put_length(&mut body, properties.len());
            body.extend(properties);
        }
        put_text(&mut body, self.client.as_bytes());
        if let Some((topic, payload, _, _)) = &self.will {
            if self.version == 5 {
                body.push(0);
            }
            put_text(&mut body, topic.as_bytes());
            put_text(&mut body, payload);
        }
        if let Some((user, password)) = &self.login {
            put_text(&mut body, user.as_bytes());
            put_text(&mut body, password.as_bytes());
        }
        packet(0x10, body)
    }
}

/// PUBLISH.
pub fn publish(version: u8, topic: &str, payload: &[u8], qos: u8, retain: bool, dup: bool, id: u16) -> Vec<u8> {
    let mut body = Vec::with_capacity(payload.len() + topic.len() + 8);
    put_text(&mut body, topic.as_bytes());
    if qos > 0 {
        body.extend(id.to_be_bytes());
    }
    if version == 5 {
        body.push(0);
    }
    body.extend_from_slice(payload);
    packet(0x30 | (u8::from(dup) << 3) | (qos << 1) | u8::from(retain), body)
}

/// SUBSCRIBE to one filter.
pub fn subscribe(version: u8, id: u16, filter: &str, qos: u8) -> Vec<u8> {
    let mut body = id.to_be_bytes().to_vec();
    if version == 5 {
        body.push(0);
    }
    put_text(&mut body, filter.as_bytes());
    body.push(qos);
    packet(0x82, body)
}

/// UNSUBSCRIBE from one filter.
pub fn unsubscribe(version: u8, id: u16, filter: &str) -> Vec<u8> {
    let mut body = id.to_be_bytes().to_vec();
    if version == 5 {
        body.push(0);
    }
    put_text(&mut body, filter.as_bytes());
    packet(0xA2, body)
}

/// PUBACK 4, PUBREC 5, PUBREL 6, PUBCOMP 7.
pub fn ack(kind: u8, id: u16) -> Vec<u8> {
    packet((kind << 4) | if kind == 6 { 2 } else { 0 }, id.to_be_bytes().to_vec())
}

/// PINGREQ.
pub const PING: [u8; 2] = [0xC0, 0];
/// DISCONNECT.
pub const GOODBYE: [u8; 2] = [0xE0, 0];

/// Any packet: first byte and body.
pub fn packet(first: u8, body: Vec<u8>) -> Vec<u8> {
    let mut bytes = vec![first];
    put_length(&mut bytes, body.len());
    bytes.extend(body);
    bytes
}

fn put_text(to: &mut Vec<u8>, text: &[u8]) {
    to.extend((text.len() as u16).to_be_bytes());
    to.extend_from_slice(text);
}

fn put_length(to: &mut Vec<u8>, mut length: usize) {
    loop {
        let byte = (length % 128) as u8;
        length /= 128;
        to.push(byte | if length > 0 { 128 } else { 0 });
        if length == 0 {
            return;
        }
    }
}

/// The whole length of the packet at the front of `bytes`, once it is known: first byte, length, body.
pub fn frame(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut body = 0;
    for place in 0..4 {
        let byte = *bytes.get(1 + place)?;
        body |= usize::from(byte & 127) << (7 * place);
        if byte < 128 {
            return Some((2 + place, 2 + place + body));
        }
    }
    panic!("the gateway sent a length of more than four bytes");
}

/// Reads one whole packet.
pub fn decode(version: u8, bytes: &[u8]) -> Packet {
    let (head, end) = frame(bytes).expect("a whole packet");
    let mut rest = &bytes[head..end];
    let first = bytes[0];
    match first >> 4 {
        2 => {
            let (session_present, code) = (rest[0] & 1 == 1, rest[1]);
            rest = &rest[2..];
            let assigned = if version == 5 { property_text(&mut rest, 0x12) } else { String::new() };
            Packet::Connected { session_present, code, assigned }
        }
        3 => {
            let topic = take_text(&mut rest);
            let qos = (first >> 1) & 3;
            let id = if qos > 0 { take_u16(&mut rest) } else { 0 };
            if version == 5 {
                let length = take_length(&mut rest);
                rest = &rest[length..];
            }
            Packet::Message(Message {
                topic,
                payload: rest.to_vec(),
                qos,
                retain: first & 1 == 1,
                dup: first & 8 == 8,
                id,
            })
        }
        kind @ 4..=7 => {
            let id = take_u16(&mut rest);
            let reason = rest.first().copied().unwrap_or(0);
            rest = rest.get(1..).unwrap_or_default();
            let words = if rest.is_empty() { String::new() } else { property_text(&mut rest, 0x1F) };
            Packet::Ack { kind, id, reason, words }
        }
        9 | 11 => {
            let id = take_u16(&mut rest);
            if version == 5 {
                let length = take_length(&mut rest);
                rest = &rest[length..];
            }
            Packet::Granted(id, rest.to_vec())
        }
        13 => Packet::Pong,
        14 => Packet::Goodbye(rest.first().copied().unwrap_or(0)),
        _ => Packet::Strange(first),
    }
}

fn take_u16(rest: &mut &[u8]) -> u16 {
    let value = u16::from_be_bytes([rest[0], rest[1]]);
    *rest = &rest[2..];
    value
}

fn take_text(rest: &mut &[u8]) -> String {
    let length = usize::from(take_u16(rest));
    let text = String::from_utf8(rest[..length].to_vec()).expect("the gateway sends UTF-8");
    *rest = &rest[length..];
    text
}

fn take_length(rest: &mut &[u8]) -> usize {
    let mut value = 0;
    for place in 0..4 {
        let byte = rest[0];
        *rest = &rest[1..];
        value |= usize::from(byte & 127) << (7 * place);
        if byte < 128 {
            break;
        }
    }
    value
}

/// A text property of a property list, skipping all others (MQTT 5.0, table 2-4).
fn property_text(rest: &mut &[u8], wanted: u8) -> String {
    let length = take_length(rest);
    let mut list = &rest[..length];
    *rest = &rest[length..];
    while !list.is_empty() {
        let id = list[0];
        list = &list[1..];
        match id {
            0x01 | 0x17 | 0x19 | 0x24 | 0x25 | 0x28 | 0x29 | 0x2A => list = &list[1..],
            0x13 | 0x21 | 0x22 | 0x23 => list = &list[2..],
            0x02 | 0x11 | 0x18 | 0x27 => list = &list[4..],
            0x0B => drop(take_length(&mut list)),
            0x26 => {
                take_text(&mut list);
                take_text(&mut list);
            }
            _ => {
                let text = take_text(&mut list);
                if id == wanted {
                    return text;
                }
            }
        }
    }
    String::new()
}
