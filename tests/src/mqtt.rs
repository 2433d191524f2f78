//! A plain MQTT client over a socket, that hides nothing: it sends what it is told to, and hands out what comes.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::codec::{self, Hello, Message, Packet};
use crate::PATIENCE;

/// One connection.
pub struct Mqtt {
    stream: TcpStream,
    version: u8,
    buffer: Vec<u8>,
    next_id: u16,
    /// Messages that came while something else was waited for.
    waiting: VecDeque<Message>,
    /// The CONNACK said that a session was kept.
    pub session_present: bool,
    /// The client id the gateway chose.
    pub assigned: String,
    /// Answer QoS 1 and 2 messages by itself.
    pub polite: bool,
}

impl Mqtt {
    /// A clean session that must be welcome.
    pub fn connect(at: SocketAddr, version: u8, client: &str) -> Self {
        Self::hello(at, &Hello::new(version, client)).expect("welcome")
    }

    /// As the hello says; the refusal's code otherwise.
    pub fn hello(at: SocketAddr, hello: &Hello) -> Result<Self, u8> {
        Self::try_hello(at, hello).expect("the gateway answers a CONNECT")
    }

    /// As [`Mqtt::hello`], where the gateway may be gone.
    pub fn try_hello(at: SocketAddr, hello: &Hello) -> std::io::Result<Result<Self, u8>> {
        let stream = TcpStream::connect(at)?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut client = Self {
            stream,
            version: hello.version,
            buffer: Vec::new(),
            next_id: 0,
            waiting: VecDeque::new(),
            session_present: false,
            assigned: String::new(),
            polite: true,
        };
        client.send(&hello.encode())?;
        match client.read(PATIENCE)? {
            Some(Packet::Connected { session_present, code: 0, assigned }) => {
                client.session_present = session_present;
                client.assigned = assigned;
                Ok(Ok(client))
            }
            Some(Packet::Connected { code, .. }) => Ok(Err(code)),
            other => Err(std::io::Error::other(format!("no CONNACK but {other:?}"))),
        }
    }

    /// Raw bytes out.
    pub fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// A packet identifier nothing under way has.
    pub fn id(&mut self) -> u16 {
        self.next_id = self.next_id.checked_add(1).unwrap_or(1);
        self.next_id
    }

    /// The next packet, whatever it is; none at the deadline; an error when the gateway hung up.
    pub fn read(&mut self, patience: Duration) -> std::io::Result<Option<Packet>> {
        let end = Instant::now() + patience;
        loop {
            if self.buffer.len() > 1 {
                if let Some((_, whole)) = codec::frame(&self.buffer).filter(|(_, whole)| *whole <= self.buffer.len()) {
                    let packet = codec::decode(self.version, &self.buffer);
                    self.buffer.drain(..whole);
                    return Ok(Some(packet));
                }
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            self.stream.set_read_timeout(Some(left))?;
            let mut some = [0; 16 * 1024];
            match self.stream.read(&mut some) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => self.buffer.extend_from_slice(&some[..count]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    /// The next packet that is no message; messages are kept for [`Mqtt::message`].
    pub fn answer(&mut self) -> Packet {
        loop {
            match self.read(PATIENCE).expect("the gateway stays") {
                Some(Packet::Message(message)) => {
                    self.thank(&message);
                    self.waiting.push_back(message);
                }
                Some(Packet::Ack { kind: 6, id, .. }) if self.polite => self.send(&codec::ack(7, id)).expect("sent"),
                Some(packet) => return packet,
                None => panic!("no answer within {PATIENCE:?}"),
            }
        }
    }

    fn thank(&mut self, message: &Message) {
        if self.polite && message.qos > 0 {
            self.send(&codec::ack(if message.qos == 1 { 4 } else { 5 }, message.id)).expect("sent");
        }
    }

    /// The next message; none at the deadline.
    pub fn message(&mut self, patience: Duration) -> Option<Message> {
        if let Some(message) = self.waiting.pop_front() {
            return Some(message);
        }
        let end = Instant::now() + patience;
        loop {
            match self.read(end.saturating_duration_since(Instant::now())).expect("the gateway stays")? {
                Packet::Message(message) => {
                    self.thank(&message);
                    return Some(message);
                }
                Packet::Ack { kind: 6, id, .. } => self.send(&codec::ack(7, id)).expect("sent"),
                _ => {}
            }
        }
    }

    /// The next message that fits; panics after [`PATIENCE`].
    pub fn message_where(&mut self, what: &str, fits: impl Fn(&Message) -> bool) -> Message {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let message = self.message(left).unwrap_or_else(|| panic!("no message: {what}"));
            if fits(&message) {
                return message;
            }
        }
    }

    /// Publishes and waits for the end of its handshake: reason and words.
    pub fn publish(&mut self, topic: &str, payload: &[u8], qos: u8) -> (u8, String) {
        self.publish_with(topic, payload, qos, false)
    }

    /// As [`Mqtt::publish`], retained or not.
    pub fn publish_with(&mut self, topic: &str, payload: &[u8], qos: u8, retain: bool) -> (u8, String) {
        let id = if qos > 0 { self.id() } else { 0 };
        let bytes = codec::publish(self.version, topic, payload, qos, retain, false, id);
        self.send(&bytes).expect("sent");
        if qos == 0 {
            return (0, String::new());
        }
        loop {
            match self.answer() {
                Packet::Ack { kind: 4, id: found, reason, words } if found == id => return (reason, words),
                Packet::Ack { kind: 5, id: found, reason, words } if found == id => {
                    if reason >= 0x80 {
                        return (reason, words);
                    }
                    self.send(&codec::ack(6, id)).expect("sent");
                }
                Packet::Ack { kind: 7, id: found, reason, words } if found == id => return (reason, words),
                other => panic!("not the answer to a PUBLISH: {other:?}"),
            }
        }
    }

    /// Subscribes; the granted QoS or the refusal.
    pub fn subscribe(&mut self, filter: &str, qos: u8) -> u8 {
        let id = self.id();
        self.send(&codec::subscribe(self.version, id, filter, qos)).expect("sent");
        match self.answer() {
            Packet::Granted(found, codes) if found == id && codes.len() == 1 => codes[0],
            other => panic!("not the answer to a SUBSCRIBE: {other:?}"),
        }
    }

    /// Whether the gateway hangs up in time; messages on the way are thrown away.
    pub fn hung_up(&mut self, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        loop {
            match self.read(end.saturating_duration_since(Instant::now())) {
                Err(_) => return true,
                Ok(None) => return false,
                Ok(Some(_)) => {}
            }
        }
    }

    /// Says goodbye.
    pub fn goodbye(mut self) {
        let _ = self.send(&codec::GOODBYE);
    }
}
