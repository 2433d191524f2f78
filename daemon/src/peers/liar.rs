//! A paired gateway with the right keys that sends nonsense, over real doors, to a real writer and store.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use commons_core::batch::{genesis, seal_batch, Item};
use commons_core::clock::Interval;
use commons_core::identity::{GatewayId, GatewayKeys, NetworkId, RecordId};
use commons_core::log::{Age, Epoch, Lane, LogKey};
use commons_core::sync::frame::{Branch, HeadLine, LogRef, Parcel, Run, FRAME_BYTES_MAX};
use commons_core::sync::{Frame, Hello, Interests, StoreEpoch};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use super::call::{dial, digits, next};
use super::link::Wire;
use super::noise::{Flag, Identity, LinkFault, Opened, Sealer, Session};
use super::office::list;
use super::Peers;
use crate::about::About;
use crate::assembly::{Access, Assembly};
use crate::config::{self, Config};
use crate::counters::Counters;
use crate::door::{serve, Door};

/// Nothing takes longer, even on a busy machine.
const SOON: Duration = Duration::from_secs(20);
const LIAR: u8 = 66;

/// A whole gateway but for its pages.
struct Gateway {
    peers: Peers,
    assembly: Assembly,
    id: GatewayId,
    addr: SocketAddr,
    _data: tempfile::TempDir,
}

/// Opens one and pairs it with those it may call.
async fn open(call: impl FnOnce(GatewayId) -> Vec<String>) -> Gateway {
    let data = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.gateway.data = data.path().into();
    let (runtime, at_start) = (tokio::runtime::Handle::current(), config.clone());
    let started = tokio::task::spawn_blocking(move || Assembly::start(&at_start, Access::Own, &runtime));
    let mut assembly = started.await.unwrap().unwrap();
    let identity = Identity::new(assembly.network_id, assembly.keys.take().unwrap());
    let id = identity.id;
    let about = Arc::new(About {
        v: 1,
        name: "test".into(),
        id: id.to_string(),
        network: assembly.network.clone(),
        version: "0.1.0",
        mqtt: vec![],
        http: vec![],
        page: String::new(),
    });
    let door = Door::new(assembly.inbox.clone(), about, &config, Arc::new(Counters::default())).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let settings = config::Peers { call: call(id), ..config::Peers::default() };
    let peers = Peers::open(identity, "test", vec![addr], settings, data.path(), assembly.inbox.clone()).unwrap();
    peers.room.follow_book().await;
    door.take_calls(peers.answer());
    tokio::spawn(serve(listener, door, std::future::pending()));
    Gateway { peers, assembly, id, addr, _data: data }
}

impl Gateway {
    /// Posts as a phone does, and waits until it is acknowledged.
    async fn post(&self, text: &str) {
        let mut phone = TcpStream::connect(self.addr).await.unwrap();
        let topic = "commons/post/need";
        let mut out = vec![0x10, 13, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 60, 0, 1, b'p'];
        out.extend([0x32, (4 + topic.len() + text.len()) as u8, 0, topic.len() as u8]);
        out.extend(topic.as_bytes());
        out.extend([0, 1]);
        out.extend(text.as_bytes());
        phone.write_all(&out).await.unwrap();
        let mut answer = [0; 8];
        timeout(SOON, phone.read_exact(&mut answer)).await.unwrap().unwrap();
        assert_eq!(answer[4..], [0x40, 2, 0, 1], "the post is acknowledged");
    }

    async fn needs(&self) -> u64 {
        self.assembly.inbox.summary().await.needs.values().sum()
    }

    /// What `commonsd peer list` says of a peer.
    async fn told(&self, id: &GatewayId) -> serde_json::Value {
        let list = list(&self.peers.room).await;
        let peers = list["peers"].as_array().unwrap().clone();
        peers.into_iter().find(|peer| peer["id"] == id.to_string()).unwrap()
    }
}

fn liar(network: NetworkId) -> Identity {
    Identity::new(network, GatewayKeys::from_seed(&[LIAR; 32]))
}

/// A link as an honest gateway makes it.
async fn link(liar: &Identity, to: &Gateway, what: &str) -> (Wire, Session) {
    let mut hello = Hello {
        store: StoreEpoch(7),
        age: Age(1),
        interests: Interests::USUAL,
        digest: [0; 8],
        dictionary: 0,
        frame_bytes_max: FRAME_BYTES_MAX as u32,
        cursor: None,
    };
    if what.starts_with("squeezed") {
        hello.dictionary = 1;
    }
    let mut hello = hello.encode();
    match what {
        "a Hello of a later version" => hello[0] = 9,
        "half a Hello" => hello.truncate(9),
        "a Hello that wants lanes nobody has" => hello[10] |= 0x60,
        _ => {}
    }
    for _ in 0..20 {
        let mut wire = dial(&to.addr.to_string(), &digits(&to.id), &liar.id).await.unwrap();
        let (calling, first) = liar.call(&to.id, &[&[0, 0], hello.as_slice()].concat()).unwrap();
        wire.out.send(first.into()).await.unwrap();
        let Ok(answer) = next(&mut wire, SOON).await else {
            // One household may try so often and no more.
            sleep(Duration::from_millis(600)).await;
            continue;
        };
        let (mut session, _) = calling.finish(&answer).unwrap();
        wire.out.send(session.sealer.seal(Flag::Here, &[]).unwrap().into()).await.unwrap();
        return (wire, session);
    }
    panic!("it is never let in");
}

/// Messages as they travel.
type Say = Box<dyn Fn(&mut Sealer) -> Vec<Vec<u8>>>;

/// One frame, sealed as it should be.
fn frame(bytes: Vec<u8>) -> Say {
    Box::new(move |sealer| {
        let (mut out, mut rest) = (Vec::new(), bytes.as_slice());
        loop {
            let (piece, after) = Sealer::piece(rest, usize::MAX);
            let flag = if after.is_empty() { Flag::Last } else { Flag::More };
            out.push(sealer.seal(flag, piece).unwrap());
            rest = after;
            if rest.is_empty() {
                return out;
            }
        }
    })
}

fn noise(count: usize) -> Vec<u8> {
    (0..count).map(|n| (n * n * 31 + n * 7 + 3) as u8).collect()
}

/// All that a gateway gone wrong may say, and what is told of it.
fn lies(network: NetworkId, honest: GatewayId) -> Vec<(&'static str, Say, &'static str)> {
    let log = LogKey { gateway: honest, lane: Lane::Board, epoch: Epoch(5) };
    let named = LogRef { index: 0, name: Some(log) };
    let line = HeadLine { log: named, hops: 0, frozen: false, first: 0, next: 9, hash: [7; 8] };
    let heads = Frame::Heads { age: 1, all: true, lazy: false, lines: vec![line] }.encode();
    let items = [Item::HashOnly(RecordId([3; 32]))];
    let received = Interval { lo: 1, hi: None };
    let forger = GatewayKeys::from_seed(&[LIAR; 32]);
    let (forged, _) = seal_batch(&forger, &network, &log, 0, &genesis(&network, &log), received, &items);
    let parcels = vec![Parcel { spent_s: 0, bytes: &forged }];
    let branch = |bytes| Branch { number: 0, prev: genesis(&network, &log), spent_s: 0, bytes };
    let fork = Frame::Fork { log, branches: vec![branch(forged.as_slice()), branch(&forged)] }.encode();
    // The liar's own log, in which the liar may sign what it likes: one batch twice is no fork.
    let own = LogKey { gateway: forger.id(), ..log };
    let (mine, _) = seal_batch(&forger, &network, &own, 0, &genesis(&network, &own), received, &items);
    let branch = |bytes| Branch { number: 0, prev: genesis(&network, &own), spent_s: 0, bytes };
    let twice = Frame::Fork { log: own, branches: vec![branch(mine.as_slice()), branch(&mine)] }.encode();
    let two_logs =
        Frame::Have(vec![(named, 1), (LogRef { index: 0, name: Some(LogKey { lane: Lane::Urgent, ..log }) }, 1)]);
    let forged = Frame::Batches(vec![Run { log: named, live: true, hops: 0, from: 0, prev: None, parcels }]).encode();
    let raw = |bytes: Vec<u8>| -> Say { Box::new(move |_| vec![bytes.clone()]) };
    let mut ten_million = vec![1, 1, 1, 1];
    ten_million.extend([0x80, 0xad, 0xe2, 0x04]);
    ten_million.extend(heads[5..].repeat(2_000));
    let endless: Say = Box::new(|sealer| (0..30).map(|_| sealer.seal(Flag::More, &[1; 10_000]).unwrap()).collect());
    // As many of everything else that is counted.
    let ten_million_of = |kind: u8| frame([&[1, kind, 0x80, 0xad, 0xe2, 0x04][..], &noise(20_000)].concat());
    let mut all = vec![
        ("a Hello of a later version", raw(vec![]), "version 9"),
        ("half a Hello", raw(vec![]), "does not decode"),
        ("a Hello that wants lanes nobody has", raw(vec![]), "interest in an unknown lane"),
        (
            "a message sent twice",
            Box::new(|sealer: &mut Sealer| vec![sealer.seal(Flag::Ping, &[]).unwrap(); 2]),
            "sent again",
        ),
        ("another gateway's fork", frame(fork), "proves nothing"),
        ("a fork that is none", frame(twice), "proves nothing"),
        ("one number for two logs", frame(two_logs.encode()), "does not decode"),
        ("ten million wants", ten_million_of(2), "10000000 wants"),
        ("ten million runs", ten_million_of(3), "10000000 runs"),
        ("ten million haves", ten_million_of(4), "10000000 haves"),
        ("ten million prunes", ten_million_of(5), "10000000 logs"),
        ("ten million grafts", ten_million_of(6), "10000000 logs"),
        (
            "squeezed: a frame that would fill the memory",
            frame(vec![1, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3]),
            "at most 262144",
        ),
        (
            "squeezed: sixty thousand bytes in ten",
            frame([&[1, 0xe0, 0xd4, 0x03][..], &noise(10)].concat()),
            "at most 64 for one",
        ),
        ("squeezed: a dictionary nobody has", frame(noise(90)), "dictionary 3"),
        ("squeezed: nothing", frame(vec![]), "the frame is empty"),
        ("garbage", raw(noise(300)), "no message of the link protocol"),
        ("garbage of the right kind", raw([&[0x12][..], &noise(300)].concat()), "altered, lost or sent again"),
        ("nothing", raw(vec![]), "no message of the link protocol"),
        ("a later link", raw([&[0x22][..], &noise(60)].concat()), "version 2 of the link protocol"),
        ("a call in a link", raw([&[0x10][..], &noise(90)].concat()), "no message of the link protocol"),
        ("a frame of a later version", frame([&[2][..], &heads[1..]].concat()), "frame version 2"),
        ("a frame of a later kind", frame([&[1, 77][..], &heads[2..]].concat()), "frame kind 77"),
        ("sealed garbage", frame(noise(5_000)), "frame version 3"),
        ("an empty frame", frame(vec![]), "does not decode"),
        ("ten million heads", frame(ten_million), "10000000 heads are announced"),
        ("an endless frame", endless, "more than 262145 bytes"),
        ("a log that was never named", frame(vec![1, 4, 1, 8, 1]), "never announced"),
        ("another gateway's signature", frame(forged.clone()), "is not its gateway's"),
        (
            "more read than was sent",
            Box::new(|sealer| vec![sealer.seal(Flag::Read, &[0, 1, 0, 0, 0]).unwrap()]),
            "no message",
        ),
        ("an invented end", frame(vec![1, 8, 250]), "ended the link"),
    ];
    for cut in [2, 3, 4, heads.len() / 2, heads.len() - 1] {
        all.push(("a frame cut short", frame(heads[..cut].to_vec()), "does not decode"));
    }
    for cut in [forged.len() / 2, forged.len() - 1] {
        all.push(("batches cut short", frame(forged[..cut].to_vec()), "does not decode"));
    }
    all
}

/// One box with a broken card, or in bad hands, would stop the whole neighbourhood, and nobody would know which it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paired_liar_is_cut_off_with_a_reason_and_nobody_else_notices() {
    let forger = |network| liar(network).id;
    let mut b = None;
    let a = {
        // Each must know the other's id before it opens its book, so one of them is opened first and told afterwards.
        let nobody = open(|_| Vec::new()).await;
        let honest = nobody.id;
        let network = nobody.assembly.network_id;
        b.replace(nobody);
        open(move |_| vec![format!("{honest}@192.0.2.1:9"), format!("{}@192.0.2.1:9", forger(network))]).await
    };
    let b = b.unwrap();
    let secret = b.peers.room.invite().await.unwrap().secret;
    assert!(b.peers.room.accept(secret, a.id, "a".into(), Some(a.addr.to_string())).await.unwrap());
    let linked = async {
        while a.told(&b.id).await["link"].is_null() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(SOON, linked).await.unwrap();
    let network = a.assembly.network_id;
    let liar = liar(network);
    for (number, (what, say, reason)) in lies(network, b.id).into_iter().enumerate() {
        let (mut wire, mut session) = link(&liar, &a, what).await;
        let (out, messages) = (wire.out.clone(), say(&mut session.sealer));
        let saying = tokio::spawn(async move {
            for message in messages {
                if out.send(Bytes::from(message)).await.is_err() {
                    // It was cut off in the middle.
                    return;
                }
            }
        });
        let cut = async {
            loop {
                let message = match next(&mut wire, SOON).await {
                    Ok(message) => message,
                    Err(fault) => return fault,
                };
                if let Ok(Opened::Sign(Flag::Bye, why)) = session.opener.open(&message, FRAME_BYTES_MAX) {
                    assert!(String::from_utf8_lossy(&why).contains(reason), "{what}: {why:?}");
                }
            }
        };
        assert_eq!(timeout(SOON, cut).await.expect(what), LinkFault::Ended, "{what}");
        saying.await.unwrap();
        let told = async {
            loop {
                let told = a.told(&liar.id).await;
                if told["link"].is_null() {
                    return told["why"].as_str().unwrap_or_default().to_owned();
                }
                sleep(Duration::from_millis(10)).await;
            }
        };
        let why = timeout(SOON, told).await.expect(what);
        assert!(why.contains(reason), "{what}: {why}");
        // A phone posts, and the other gateway hears of it.
        a.post(&format!("need {number}")).await;
        let wanted = number as u64 + 1;
        let arrived = async {
            while b.needs().await < wanted {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(SOON, arrived).await.unwrap_or_else(|_| panic!("after {what} nothing arrives"));
        assert_eq!((a.needs().await, b.needs().await), (wanted, wanted), "{what}");
    }
    assert_eq!(a.told(&b.id).await["links"], 1, "the honest link was never cut");
}
