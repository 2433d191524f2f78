//! Two rooms of links over real doors on loopback, with writers made for the test.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use commons_core::identity::{GatewayId, GatewayKeys, NetworkId};
use commons_core::log::Age;
use commons_core::sync::{Hello, Interests, LinkId, StoreEpoch};
use serde_json::{json, Value};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::answer::answer;
use super::book::Book;
use super::call::{dial, digits, next};
use super::code::{Code, Secret};
use super::noise::{Identity, LinkFault};
use super::office::list;
use super::room::Room;
use crate::about::About;
use crate::config::{self, Config};
use crate::counters::Counters;
use crate::door::{serve, Door};
use crate::inbox::{channel, LinkMessage, Message, Order, Outlet};
use crate::neighbours::Wish;

/// Nothing in a test takes longer, even on a busy machine.
const SOON: Duration = Duration::from_secs(20);

/// What the writer of a test hears.
#[derive(Debug, PartialEq)]
enum Word {
    Up(GatewayId),
    Frame(Vec<u8>),
    Sent,
    Down,
}

struct House {
    room: Arc<Room>,
    addr: SocketAddr,
    words: mpsc::UnboundedReceiver<Word>,
    orders: Arc<Mutex<BTreeMap<LinkId, mpsc::UnboundedSender<Order>>>>,
    data: tempfile::TempDir,
}

fn hello() -> Hello {
    Hello {
        store: StoreEpoch(7),
        age: Age(1),
        interests: Interests::USUAL,
        digest: [0; 8],
        dictionary: 0,
        frame_bytes_max: 256 * 1024,
        cursor: None,
    }
}

async fn write(
    mut outlet: Outlet,
    words: mpsc::UnboundedSender<Word>,
    open: Arc<Mutex<BTreeMap<LinkId, mpsc::UnboundedSender<Order>>>>,
) {
    while let Some(message) = outlet.receiver.recv().await {
        let Message::Link(message) = message else { continue };
        let word = match message {
            LinkMessage::Hello(_, reply) => {
                let _ = reply.send(hello().encode());
                continue;
            }
            LinkMessage::Up { link, peer, orders, .. } => {
                open.lock().unwrap().insert(link, orders);
                Word::Up(peer)
            }
            LinkMessage::Frame { bytes, .. } => Word::Frame(bytes),
            LinkMessage::Sent(_) => Word::Sent,
            LinkMessage::Down(link) => {
                open.lock().unwrap().remove(&link);
                Word::Down
            }
            LinkMessage::Peers(..) | LinkMessage::Status(..) => continue,
        };
        if words.send(word).is_err() {
            return;
        }
    }
}

impl House {
    async fn open(seed: u8, call: Vec<String>) -> Self {
        Self::open_in("maple", seed, call).await
    }

    async fn open_in(network: &str, seed: u8, call: Vec<String>) -> Self {
        Self::open_with(network, seed, config::Peers { call, ..config::Peers::default() }).await
    }

    async fn open_with(network: &str, seed: u8, config: config::Peers) -> Self {
        let (inbox, outlet) = channel();
        let (words_in, words) = mpsc::unbounded_channel();
        let orders = Arc::new(Mutex::new(BTreeMap::new()));
        tokio::spawn(write(outlet, words_in, orders.clone()));
        let about = Arc::new(About {
            v: 1,
            name: "test".into(),
            id: "ab".repeat(32),
            network: network.into(),
            version: "0.1.0",
            mqtt: vec![],
            http: vec![],
            page: String::new(),
        });
        let door = Door::new(inbox.clone(), about, &Config::default(), Arc::new(Counters::default())).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let data = tempfile::tempdir().unwrap();
        let book = Book::open(data.path()).unwrap();
        let room = Room::new(identity(network, seed), format!("house {seed}"), vec![addr], config, inbox, book);
        door.take_calls(answer(&room));
        tokio::spawn(serve(listener, door, std::future::pending()));
        room.follow_book().await;
        Self { room, addr, words, orders, data }
    }

    async fn word(&mut self) -> Word {
        timeout(SOON, self.words.recv()).await.expect("nothing was heard").unwrap()
    }

    async fn up(&mut self) -> GatewayId {
        loop {
            if let Word::Up(peer) = self.word().await {
                return peer;
            }
        }
    }

    fn order(&self, order: Order) {
        let orders = self.orders.lock().unwrap();
        orders.last_key_value().unwrap().1.send(order).unwrap();
    }
}

fn identity(network: &str, seed: u8) -> Identity {
    Identity::new(NetworkId::of(network), GatewayKeys::from_seed(&[seed; 32]))
}

fn id(seed: u8) -> GatewayId {
    identity("maple", seed).id
}

async fn linked() -> (House, House) {
    let mut b = House::open(2, vec![format!("{}@192.0.2.1:9", id(1))]).await;
    let mut a = House::open(1, vec![format!("{}@{}", id(2), b.addr)]).await;
    assert_eq!(a.up().await, id(2));
    assert_eq!(b.up().await, id(1));
    (a, b)
}

/// Nothing that is posted on one block would ever be seen on the next.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_cross_both_ways_at_once_in_order() {
    let (mut a, mut b) = linked().await;
    let frame = |n: usize| vec![n as u8; [1, 100, 20_000, 262_144][n % 4]];
    for n in 0..40 {
        a.order(Order::Send { frame: frame(n), urgent: false });
        b.order(Order::Send { frame: frame(n + 1), urgent: false });
    }
    for (house, first) in [(&mut a, 1), (&mut b, 0)] {
        let (mut sent, mut got) = (0, 0);
        while sent < 40 || got < 40 {
            match house.word().await {
                Word::Sent => sent += 1,
                Word::Frame(bytes) => {
                    assert!(bytes == frame(got + first));
                    got += 1;
                }
                other => panic!("{other:?}"),
            }
        }
    }
    let view = &a.room.views()[0];
    assert_eq!((view.stats.frames_in.get(), view.stats.frames_out.get()), (40, 40));
    assert!(view.stats.bytes_out.get() > 10 * (262_144 + 20_000));
    a.order(Order::Close { why: "enough".into() });
    assert_eq!(a.word().await, Word::Down);
    assert_eq!(b.word().await, Word::Down);
    assert_eq!((a.up().await, b.up().await), (id(2), id(1)), "and it calls again");
}

/// An alarm would wait behind a library of pictures.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn urgent_frames_overtake() {
    let (a, mut b) = linked().await;
    for n in 0..8 {
        a.order(Order::Send { frame: vec![n; 262_144], urgent: false });
    }
    a.order(Order::Send { frame: b"now".to_vec(), urgent: true });
    let mut before = 0;
    loop {
        match b.word().await {
            Word::Frame(bytes) if bytes == b"now" => break,
            Word::Frame(_) => before += 1,
            _ => {}
        }
    }
    assert!(before <= 2, "{before} frames came before it");
}

/// Two gateways that know each other's address would cut each other's link for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_call_each_other_keep_one_link() {
    let mut a = House::open(1, vec![]).await;
    let mut b = House::open(2, vec![]).await;
    let (here, there) = (a.addr.to_string(), b.addr.to_string());
    for (room, id, address) in [(&a.room, id(2), there), (&b.room, id(1), here)] {
        let secret = room.invite().await.unwrap().secret;
        assert!(room.accept(secret, id, "x".into(), Some(address)).await.unwrap());
    }
    assert_eq!((a.up().await, b.up().await), (id(2), id(1)));
    // Whatever is still under way ends; then what is said on each side's newest link arrives.
    let settled = async {
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let one = |house: &House| house.room.links() == 1 && house.orders.lock().unwrap().len() == 1;
            if one(&a) && one(&b) {
                return;
            }
        }
    };
    timeout(SOON, settled).await.unwrap();
    a.order(Order::Send { frame: b"hello".to_vec(), urgent: false });
    loop {
        if let Word::Frame(bytes) = b.word().await {
            assert_eq!(bytes, b"hello");
            break;
        }
    }
    let before = a.room.views()[0].stats.links.get();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(a.room.views()[0].stats.links.get(), before, "it stays");
}

/// A stranger would reach the writer, or learn who is paired with whom.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_get_a_few_bytes_and_no_more() {
    let mut b = House::open(2, vec![format!("{}@192.0.2.1:9", id(1))]).await;
    let address = b.addr.to_string();
    let stranger = identity("maple", 9);
    let say = |identity: Identity, callee: GatewayId, first: Vec<u8>| {
        let address = address.clone();
        async move {
            let mut wire = dial(&address, &digits(&callee), &identity.id).await.unwrap();
            wire.out.send(first.into()).await.unwrap();
            let answer = next(&mut wire, SOON).await;
            let then = next(&mut wire, SOON).await;
            (answer.map(|bytes| bytes.to_vec()), then.err())
        }
    };
    let (_, first) = stranger.call(&id(2), b"x").unwrap();
    let (answer, then) = say(stranger.clone(), id(2), first.clone()).await;
    assert_eq!((answer, then), (Ok(vec![0x1f, 3]), Some(LinkFault::Ended)));
    // Under a peer's name, but without its key.
    let (answer, _) = say(identity("maple", 1), id(2), first).await;
    assert_eq!(answer, Ok(vec![0x1f, 3]));
    let (_, first) = identity("maple", 1).call(&id(3), b"x").unwrap();
    assert_eq!(say(identity("maple", 1), id(3), first).await.0, Ok(vec![0x1f, 5]));
    let (_, first) = identity("oak", 1).call(&id(2), b"x").unwrap();
    assert_eq!(say(identity("maple", 1), id(2), first).await.0, Ok(vec![0x1f, 2]));
    assert_eq!(say(stranger.clone(), id(2), vec![0x20; 40]).await.0, Ok(vec![0x1f, 1]));
    assert_eq!(say(stranger.clone(), id(2), vec![0x12; 40]).await.0, Err(LinkFault::Ended));
    assert_eq!(say(stranger, id(2), vec![]).await.0, Err(LinkFault::Ended));
    // A recording of a real call: answered, never taken for the peer.
    let (_, first) = identity("maple", 1).call(&id(2), b"x").unwrap();
    let mut wire = dial(&address, &digits(&id(2)), &id(1)).await.unwrap();
    wire.out.send(first.into()).await.unwrap();
    assert!(next(&mut wire, SOON).await.unwrap().len() > 40);
    wire.out.send(vec![0x12; 40].into()).await.unwrap();
    assert_eq!(next(&mut wire, SOON).await, Err(LinkFault::Ended));
    assert!(b.words.try_recv().is_err(), "the writer has heard of none of them");
    assert_eq!(b.room.links(), 0);
}

/// Anybody in the house could listen to what two gateways say, or speak in the place of one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_do_not_see_links() {
    let (a, mut b) = linked().await;
    let down = format!("commons/link/{}/{}/down", digits(&id(2)), digits(&id(1)));
    let mut phone = TcpStream::connect(b.addr).await.unwrap();
    // MQTT 3.1.1: CONNECT, then SUBSCRIBE to everything and to the link by name.
    let mut out = vec![0x10, 13, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 60, 0, 1, b'p'];
    let mut filters = vec![0, 1];
    for filter in ["#", down.as_str(), "commons/link/#"] {
        filters.extend((filter.len() as u16).to_be_bytes());
        filters.extend(filter.as_bytes());
        filters.push(0);
    }
    out.extend([0x82, filters.len() as u8]);
    out.extend(filters);
    phone.write_all(&out).await.unwrap();
    let mut answer = [0; 11];
    phone.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, [0x20, 2, 0, 0, 0x90, 5, 0, 1, 0, 0, 0x80], "the link by name is granted, and silent");
    // It publishes where the gateway speaks, then speaks under the caller's name.
    a.order(Order::Send { frame: b"secret".to_vec(), urgent: false });
    b.order(Order::Send { frame: b"secret too".to_vec(), urgent: false });
    loop {
        if b.word().await == Word::Frame(b"secret".to_vec()) {
            break;
        }
    }
    let mut heard = Vec::new();
    let _ = timeout(Duration::from_millis(300), async {
        let mut bytes = [0; 4_096];
        while let Ok(count @ 1..) = phone.read(&mut bytes).await {
            heard.extend_from_slice(&bytes[..count]);
        }
    })
    .await;
    let text = String::from_utf8_lossy(&heard);
    assert!(!text.contains("commons/link") && !text.contains("secret"), "{text}");
    let publish = |topic: &str, payload: &[u8]| {
        let mut packet = vec![0x30, (2 + topic.len() + payload.len()) as u8];
        packet.extend((topic.len() as u16).to_be_bytes());
        packet.extend(topic.as_bytes());
        packet.extend(payload);
        packet
    };
    phone.write_all(&publish(&down, b"I am the gateway")).await.unwrap();
    let up = down.replace("down", "up");
    phone.write_all(&publish(&up, &[0x12; 30])).await.unwrap();
    let cut = timeout(SOON, async {
        let mut bytes = [0; 4_096];
        while let Ok(1..) = phone.read(&mut bytes).await {}
    });
    cut.await.expect("a phone that plays gateway is cut off");
    assert_eq!(a.room.links() + b.room.links(), 2, "and the link stands");
}

/// Two neighbours would stand before their boxes with a code and nothing would happen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_pairs_both_ways_once() {
    let mut a = House::open(1, vec![]).await;
    let mut b = House::open(2, vec![]).await;
    let mut c = House::open(3, vec![]).await;
    let code = a.room.invite().await.unwrap().to_string();
    assert!(a.room.give(code.clone(), None).await.is_err(), "its own code");
    b.room.give(code.to_lowercase(), None).await.unwrap();
    assert_eq!((a.up().await, b.up().await), (id(2), id(1)));
    assert!(b.room.codes().is_empty());
    let view = &a.room.views()[0];
    assert_eq!((view.id, view.name.as_str(), view.paired), (id(2), "house 2", true));
    assert_eq!(b.room.views()[0].name, "house 1");
    // The same code in the hands of another.
    c.room.give(code.clone(), None).await.unwrap();
    let refused = async {
        while c.room.codes()[0].1.is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(SOON, refused).await.unwrap();
    assert_eq!(a.room.views().len(), 1);
    assert!(c.room.views().is_empty() && c.words.try_recv().is_err());
    // It is not tried for a day, and may be tried anew.
    let given_up = async {
        while c.room.given_up().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(SOON, given_up).await.unwrap();
    assert!(c.room.codes().is_empty());
    c.room.give(code.clone(), None).await.unwrap();
    assert_eq!((c.room.codes().len(), c.room.given_up().len()), (1, 0));
    assert!(c.room.remove(code).await.unwrap().is_none());
    // A pairing that is ended stays ended.
    assert_eq!(a.room.remove(id(2).to_string()[..8].into()).await.unwrap().unwrap().name, "house 2");
    loop {
        if b.word().await == Word::Down {
            break;
        }
    }
    let refused = async {
        while !b.room.views()[0].fault.as_ref().is_some_and(|why| why.to_string().contains("not paired")) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(SOON, refused).await.unwrap();
    assert_eq!(a.room.links() + b.room.links(), 0);
}

/// A code of another network, or one whose gateway is not who made it, would pair strangers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_leads_to_its_own_gateway_only() {
    let a = House::open(1, vec![]).await;
    let oak = House::open_in("oak", 2, vec![]).await;
    let code = a.room.invite().await.unwrap();
    oak.room.give(code.to_string(), None).await.unwrap();
    let why = async {
        loop {
            if let Some(why) = oak.room.codes()[0].1.clone() {
                return why;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(timeout(SOON, why).await.unwrap().contains("another network"));
    assert!(a.room.views().is_empty() && oak.room.views().is_empty());
    assert!(oak.room.remove(code.to_string()).await.unwrap().is_none());
    assert!(oak.room.codes().is_empty());
    // The address has gone over to another one, which must not speak for the code's own gateway.
    let (b, c) = (House::open(2, vec![]).await, House::open(3, vec![]).await);
    let moved = Code::new(a.room.invite().await.unwrap().secret, &id(1), &[b.addr]);
    c.room.give(moved.to_string(), None).await.unwrap();
    let why = async {
        loop {
            if let Some(why) = c.room.codes()[0].1.clone() {
                return why;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(timeout(SOON, why).await.unwrap().contains("another gateway answers"));
}

/// A neighbour's card was wiped: its keeper sees two of one name, and not which of them is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_in_whose_place_another_answers_is_marked() {
    let b = House::open(2, vec![]).await;
    let a = House::open(1, vec![format!("{}@{}", id(9), b.addr), format!("{}@192.0.2.1:x", id(8))]).await;
    let marked = async {
        loop {
            let list = list(&a.room).await;
            let of = |id: GatewayId| {
                let peers = list["peers"].as_array().unwrap();
                let peer = peers.iter().find(|peer| peer["id"] == id.to_string()).unwrap();
                (peer["replaced"] == true, peer["why_code"].clone())
            };
            if of(id(9)).0 {
                assert_eq!(of(id(9)).1, "refused_not_me", "the keeper's page says it by this");
                return of(id(8)).0;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(!timeout(SOON, marked).await.unwrap());
}

/// A script that reads the list would break whenever the gateway is stopped.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_has_the_same_keys_when_stopped() {
    let a = House::open(1, vec![]).await;
    let secret = a.room.invite().await.unwrap().secret;
    a.room.accept(secret, id(2), "B".into(), None).await.unwrap();
    let code = Code::new(Secret::draw().unwrap(), &id(3), &[]);
    a.room.give(code.to_string(), None).await.unwrap();
    let running = list(&a.room).await;
    let mut book = Book::open(a.data.path()).unwrap();
    let resting = super::stopped(&mut book, &id(1), &[], Interests::USUAL, Wish::List).unwrap();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&resting), keys(&running));
    for part in ["peers", "codes"] {
        assert_eq!(keys(&resting[part][0]), keys(&running[part][0]));
    }
    let peer = &resting["peers"][0];
    assert_eq!((&peer["frames_in"], &peer["queue_out"]), (&json!(0), &Value::Null));
}

/// Gateways on one network would not notice each other, or one that moved would be looked for at its old place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_near_is_heard_and_called() {
    let Some(loopback) = crate::host::multicast::interfaces().into_iter().find(|each| each.loopback) else { return };
    let free = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let group = SocketAddr::from(([239, 255, 77, 69], free));
    let config = config::Peers { beacon: vec![loopback.name], beacon_groups: vec![group], ..config::Peers::default() };
    let mut a = House::open_with("maple", 1, config.clone()).await;
    let mut b = House::open_with("maple", 2, config).await;
    for house in [&a, &b] {
        tokio::spawn(super::beacon::run(house.room.clone(), group));
    }
    let near = async {
        while a.room.strangers().is_empty() || b.room.strangers().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(SOON, near).await.expect("they hear each other");
    assert_eq!((a.room.strangers()[0].id, a.room.strangers()[0].address), (id(2), b.addr));
    // Paired without any address: the announcement leads there.
    for (room, id) in [(&a.room, id(2)), (&b.room, id(1))] {
        let secret = room.invite().await.unwrap().secret;
        room.accept(secret, id, "x".into(), None).await.unwrap();
    }
    assert_eq!((a.up().await, b.up().await), (id(2), id(1)));
    assert!(a.room.strangers().is_empty());
}

/// After a cable was cut somewhere in between, a gateway would wait for a dead link while the other one is there again.
#[tokio::test(start_paused = true)]
async fn a_silent_link_is_doubted_then_over() {
    use super::alive::Alive;
    use super::room::Standing;
    use tokio::sync::{watch, Notify};

    let (alive, doubt, standing) = (Alive::new(), Notify::new(), watch::Sender::new(Standing::Up));
    let began = tokio::time::Instant::now();
    let mut watching = std::pin::pin!(alive.watch(&doubt, &standing));
    let mut turned = standing.subscribe();
    let wait = |standing: Standing| {
        let mut turned = turned.clone();
        async move { turned.wait_for(|now| *now == standing).await.map(|_| ()).unwrap() }
    };
    tokio::select! { _ = &mut watching => panic!(), () = wait(Standing::Doubted) => {} }
    assert_eq!(began.elapsed().as_secs(), 13, "ten to be quiet, three to answer");
    alive.is();
    tokio::select! { _ = &mut watching => panic!(), () = wait(Standing::Up) => {} }
    doubt.notify_one();
    tokio::select! { _ = &mut watching => panic!(), () = wait(Standing::Doubted) => {} }
    assert!(began.elapsed().as_secs_f64() < 14.5);
    assert!(matches!(watching.await, LinkFault::Silent(5)));
    assert!(turned.borrow_and_update().wants_call());
}
