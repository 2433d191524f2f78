//! The door from outside: raw bytes over loopback, with a writer made for the test.

mod attacks;
mod posts;
mod reading;
mod sessions;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use commons_core::admission::Rejection;
use commons_core::identity::RecordId;
use commons_core::receipt::Accepted;
use commons_core::record::Kind;
use commons_core::views::board::Touched;
use commons_core::views::item::{ItemKind, ItemState, Summary};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::about::About;
use crate::config::Config;
use crate::counters::Counters;
use crate::door::wire::frame;
use crate::door::{serve, Door};
use crate::inbox::{channel, Message, Outlet, Retained};
use crate::news::News;

/// Nothing in a test takes longer, even on a busy machine.
pub const SOON: Duration = Duration::from_secs(20);

/// What the test's writer holds.
#[derive(Default)]
pub struct Board {
    pub items: BTreeMap<String, Arc<ItemState>>,
    pub retained: BTreeMap<String, Retained>,
    pub posts: Vec<(Kind, String)>,
    pub refuse_retained: bool,
}

pub struct House {
    pub addr: SocketAddr,
    pub door: Door,
    pub board: Arc<Mutex<Board>>,
    pub news: News,
    /// Posts are answered only while it has permits.
    pub gate: Arc<Semaphore>,
    pub counters: Arc<Counters>,
    pub writer: tokio::task::AbortHandle,
}

pub fn item(number: u32, text: &str) -> Arc<ItemState> {
    let mut id = [0; 32];
    id[..4].copy_from_slice(&number.to_be_bytes());
    Arc::new(ItemState {
        v: 1,
        id: RecordId(id).to_string(),
        kind: "need",
        text: text.into(),
        status: "open",
        urgency: "week",
        category: "other",
        zone: String::new(),
        lines: vec![],
        slots: 1,
        filled: 0,
        claims: vec![],
        standing: false,
        tags: vec![],
        lang: String::new(),
        window: None,
        contact: false,
        sealed: String::new(),
        epochs: None,
        assign_by: "",
        repeat: String::new(),
        see: String::new(),
        alert: None,
        created: String::new(),
        lived_s: 0,
        expires_s: 1,
        gateway: String::new(),
        by: "guest",
        author: None,
        reference: String::new(),
        reached: None,
    })
}

async fn write(mut outlet: Outlet, board: Arc<Mutex<Board>>, gate: Arc<Semaphore>) {
    let mut number = 0u32;
    while let Some(message) = outlet.receiver.recv().await {
        match message {
            Message::Submit(submission, reply) => {
                gate.acquire().await.unwrap().forget();
                number += 1;
                board.lock().unwrap().posts.push((submission.kind, submission.sender.key.clone()));
                let outcome = if submission.kind == Kind::Confirm {
                    Err(Rejection::UnknownItem)
                } else {
                    let id = RecordId([number as u8; 32]);
                    Ok(Accepted {
                        id,
                        kind: submission.kind,
                        item: id,
                        code: Some("tulip".into()),
                        duplicate: false,
                        reference: submission.reference.clone(),
                        contact: None,
                    })
                };
                let _ = reply.send(outcome);
            }
            Message::End => return,
            Message::Item(id, reply) => drop(reply.send(board.lock().unwrap().items.get(&id).cloned())),
            Message::List(query, reply) => {
                let board = board.lock().unwrap();
                let after = query.after.map(|id| id.to_string());
                let items = board.items.values();
                let items = items.filter(|item| query.kind.is_none_or(|kind| kind.name() == item.kind));
                let items = items.filter(|item| after.as_ref().is_none_or(|after| item.id > *after));
                let _ = reply.send(items.take(query.limit.min(256)).cloned().collect());
            }
            Message::Page(kind, from, reply) => {
                let board = board.lock().unwrap();
                let all: Vec<_> = board.items.values().filter(|item| item.kind == kind.name()).collect();
                let page = all.iter().skip(from as usize).take(256).map(|item| (*item).clone()).collect();
                let _ = reply.send((page, Some(from + 256).filter(|next| (*next as usize) < all.len())));
            }
            Message::States(items, reply) => {
                let board = board.lock().unwrap();
                let states = items.iter().filter_map(|item| board.items.get(&item.id.to_string()).cloned());
                let _ = reply.send(states.collect());
            }
            Message::Stock(reply) => drop(reply.send(Vec::new())),
            Message::Pots(reply) => drop(reply.send(Default::default())),
            Message::Scorecard(reply) => drop(reply.send(Default::default())),
            Message::Personal(_, reply) => drop(reply.send(None)),
            Message::Summary(reply) => drop(reply.send(Summary { v: 1, ..Summary::default() })),
            Message::Retain(retained, reply) => {
                let mut board = board.lock().unwrap();
                if board.refuse_retained {
                    let _ = reply.send(Err(Rejection::StorageFull));
                    continue;
                }
                if retained.payload.is_empty() {
                    board.retained.remove(&retained.topic);
                } else {
                    board.retained.insert(retained.topic.clone(), retained);
                }
                let _ = reply.send(Ok(()));
            }
            Message::RetainedAfter(after, reply) => {
                let board = board.lock().unwrap();
                let all = board.retained.values().filter(|kept| after.as_ref().is_none_or(|after| kept.topic > *after));
                let _ = reply.send(all.take(256).cloned().collect());
            }
            Message::Control(_, reply) => drop(reply.send(serde_json::Value::Null)),
            Message::Link(_) => {}
            Message::Account(_) | Message::Covenants(_) | Message::CarryIn(..) => {}
        }
    }
}

impl House {
    pub async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    pub async fn open_with(adjust: impl FnOnce(&mut Config)) -> Self {
        let (inbox, outlet) = channel();
        let board = Arc::new(Mutex::new(Board::default()));
        let gate = Arc::new(Semaphore::new(1_000_000));
        let news = outlet.news.clone();
        let writer = tokio::spawn(write(outlet, board.clone(), gate.clone())).abort_handle();
        let mut config = Config::default();
        adjust(&mut config);
        let counters = Arc::new(Counters::default());
        let about = Arc::new(About {
            v: 1,
            name: "test".into(),
            id: "ab".repeat(32),
            network: "commons".into(),
            version: "0.1.0",
            mqtt: vec![],
            http: vec![],
            page: String::new(),
        });
        let door = Door::new(inbox, about, &config, counters.clone()).unwrap();
        let listen = std::env::var("DOOR_LISTEN").unwrap_or_else(|_| "127.0.0.1:0".into());
        let listener = TcpListener::bind(listen).await.unwrap();
        let addr = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, door.clone(), std::future::pending()));
        Self { addr, door, board, news, gate, counters, writer }
    }

    pub async fn v4(&self, id: &str) -> Client {
        let mut client = self.dial(4).await;
        client.connect_v4(id, true).await;
        client
    }

    pub async fn v5(&self, id: &str) -> Client {
        let mut client = self.dial(5).await;
        client.connect_v5(id, true, 0).await;
        client
    }

    pub async fn dial(&self, level: u8) -> Client {
        let stream = TcpStream::connect(self.addr).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Client { stream, level, buffer: BytesMut::new() }
    }

    pub fn change(&self, item: &Arc<ItemState>) {
        self.board.lock().unwrap().items.insert(item.id.clone(), item.clone());
        self.news.note([touched(item)], []);
    }

    pub async fn until(&self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        timeout(SOON, async {
            while !holds(self) {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap_or_else(|_| panic!("never: {what}"));
    }
}

/// How the writer speaks of an item.
pub fn touched(item: &ItemState) -> Touched {
    Touched { kind: ItemKind::Need, id: RecordId::parse(&item.id).unwrap() }
}

/// A client that knows no library.
pub struct Client {
    pub stream: TcpStream,
    pub level: u8,
    pub buffer: BytesMut,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Got {
    pub first: u8,
    pub body: Bytes,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub topic: String,
    pub payload: Bytes,
    pub qos: u8,
    pub retain: bool,
    pub dup: bool,
    pub packet_id: u16,
    pub properties: Bytes,
}

pub fn text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u16).to_be_bytes());
    out.extend(text.as_bytes());
}

pub fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::new();
    crate::door::wire::put_varint(&mut out, body.len());
    [&[first], &out[..], body].concat()
}

impl Client {
    pub async fn send(&mut self, bytes: &[u8]) {
        timeout(SOON, self.stream.write_all(bytes)).await.expect("write").unwrap();
    }

    /// The next packet; none when the gateway hung up.
    pub async fn next(&mut self) -> Option<Got> {
        timeout(SOON, async {
            loop {
                if let Some(found) = frame(&self.buffer, usize::MAX).unwrap() {
                    let whole = self.buffer.split_to(found.total).freeze();
                    return Some(Got { first: found.first, body: whole.slice(found.header..) });
                }
                match self.stream.read_buf(&mut self.buffer).await {
                    Ok(0) | Err(_) => return None,
                    Ok(_) => {}
                }
            }
        })
        .await
        .expect("a packet in time")
    }

    pub async fn expect(&mut self, first: u8) -> Bytes {
        let got = self.next().await.expect("a packet, not the end");
        assert_eq!(got.first, first, "{got:02x?}");
        got.body
    }

    pub async fn connect_v4(&mut self, id: &str, clean: bool) -> bool {
        let mut body = b"\0\x04MQTT\x04".to_vec();
        body.extend([u8::from(clean) << 1, 0, 60]);
        text(&mut body, id);
        self.send(&packet(0x10, &body)).await;
        let ack = self.expect(0x20).await;
        assert_eq!(ack[1], 0, "{ack:02x?}");
        ack[0] == 1
    }

    pub async fn connect_v5(&mut self, id: &str, clean: bool, expiry_s: u32) -> bool {
        let mut body = b"\0\x04MQTT\x05".to_vec();
        body.extend([u8::from(clean) << 1, 0, 60, 5, 17]);
        body.extend(expiry_s.to_be_bytes());
        text(&mut body, id);
        self.send(&packet(0x10, &body)).await;
        let ack = self.expect(0x20).await;
        assert_eq!(ack[1], 0, "{ack:02x?}");
        ack[0] == 1
    }

    pub fn publish_bytes(&self, topic: &str, payload: &[u8], flags: u8, id: u16) -> Vec<u8> {
        let mut body = Vec::new();
        text(&mut body, topic);
        if flags & 6 != 0 {
            body.extend(id.to_be_bytes());
        }
        if self.level == 5 {
            body.push(0);
        }
        body.extend(payload);
        packet(0x30 | flags, &body)
    }

    pub async fn publish(&mut self, topic: &str, payload: &[u8], flags: u8, id: u16) {
        let bytes = self.publish_bytes(topic, payload, flags, id);
        self.send(&bytes).await;
    }

    pub async fn subscribe(&mut self, filter: &str, options: u8) -> u8 {
        let mut body = vec![0, 9];
        if self.level == 5 {
            body.push(0);
        }
        text(&mut body, filter);
        body.push(options);
        self.send(&packet(0x82, &body)).await;
        *self.expect(0x90).await.last().unwrap()
    }

    pub async fn receive(&mut self) -> Received {
        let got = self.next().await.expect("a message, not the end");
        assert_eq!(got.first >> 4, 3, "{got:02x?}");
        let level = self.level;
        Self::parse(level, got)
    }

    pub fn parse(level: u8, got: Got) -> Received {
        let mut body = got.body;
        let length = body.get_u16() as usize;
        let topic = String::from_utf8(body.split_to(length).to_vec()).unwrap();
        let qos = (got.first >> 1) & 3;
        let packet_id = if qos > 0 { body.get_u16() } else { 0 };
        let mut properties = Bytes::new();
        if level == 5 {
            let length = body.get_u8() as usize;
            properties = body.split_to(length);
        }
        Received {
            topic,
            payload: body,
            qos,
            retain: got.first & 1 != 0,
            dup: got.first & 8 != 0,
            packet_id,
            properties,
        }
    }

    pub async fn ack(&mut self, first: u8, id: u16) {
        self.send(&[first, 2, (id >> 8) as u8, id as u8]).await;
    }

    /// Nothing else is on its way: a ping comes straight back.
    pub async fn quiet(&mut self) {
        self.send(&[0xc0, 0]).await;
        self.expect(0xd0).await;
    }
}

/// For trying real clients by hand: `DOOR_LISTEN=127.0.0.1:18830 cargo test -p commonsd serve_by_hand -- --ignored`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs until killed"]
async fn serve_by_hand() {
    let house = House::open().await;
    for number in 0..3 {
        house.change(&item(number, "water"));
    }
    std::future::pending::<()>().await;
}
