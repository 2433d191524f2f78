//! How long a gateway takes to fold a ledger of so many postings at its start, and to take it over from a checkpoint instead.
//!
//! `cargo run --release -p commons-tests --bin fold -- 1000000`. A posting is a payment and its acceptance, two records. They go the
//! way they go at a start, through `Node::load`, batch by batch; only the disk is left out. Nothing is verified, as at a start: what
//! is in the own journal was verified when it came. Times are of the processor, so that a busy machine counts as an idle one.

use std::time::Duration;

use commons_core::batch::{genesis, seal_batch, Item};
use commons_core::clock::{Clock, Interval, Now};
use commons_core::codec::{encode_record, record_id, Author, BATCH_ENTRIES_MAX};
use commons_core::identity::{BatchHash, GatewayKeys, MemberKeys, NetworkId, RecordId, Signature};
use commons_core::ledger::{Ledger, Said};
use commons_core::log::{Age, Epoch, Held, Lane, LogKey};
use commons_core::node::{Node, Quotas, Setup};
use commons_core::record::*;
use commons_tests::trades::{community, first_links};

const FOUNDERS: usize = 16;

struct Chain {
    author: Author,
    link: Link,
}

struct Book {
    network: NetworkId,
    gateway: GatewayKeys,
    log: LogKey,
    number: u64,
    prev: BatchHash,
    open: Vec<(Author, RecordId, Vec<u8>, Body)>,
    node: Node,
    folding: Duration,
    tail: Vec<(Author, RecordId, Body)>,
    keep_tail: bool,
}

impl Book {
    fn say(&mut self, author: Author, body: Body) -> RecordId {
        let mark = Mark { sender: 0, content: 0 };
        let bytes =
            encode_record(&Record { version: RECORD_VERSION, created: 1_795_000_000, mark, body: body.clone() });
        let id = record_id(&self.network, &self.gateway.id(), &author, &bytes);
        self.open.push((author, id, bytes, body));
        if self.open.len() >= BATCH_ENTRIES_MAX.min(200) {
            self.close();
        }
        id
    }

    fn close(&mut self) {
        if self.open.is_empty() {
            return;
        }
        let signature = Some(Signature([0; 64]));
        let entry = |(author, _, record, _): &'_ (Author, RecordId, Vec<u8>, Body)| (*author, record.clone());
        let owned: Vec<(Author, Vec<u8>)> = self.open.iter().map(entry).collect();
        let items: Vec<Item<'_>> =
            owned.iter().map(|(author, record)| Item::Entry { author: *author, record, signature }).collect();
        let received = Interval { lo: 1_795_000_000, hi: None };
        let (bytes, hash) =
            seal_batch(&self.gateway, &self.network, &self.log, self.number, &self.prev, received, &items);
        let held = Held { log: self.log, number: self.number, prev: self.prev, arrived: Age(1), spent_s: 0, bytes };
        let began = spent();
        self.node.load(held).expect("folded");
        self.folding += spent() - began;
        (self.number, self.prev) = (self.number + 1, hash);
        let open = std::mem::take(&mut self.open);
        if self.keep_tail {
            self.tail.extend(open.into_iter().map(|(author, id, _, body)| (author, id, body)));
        }
    }
}

fn main() {
    let wanted: usize = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let network = NetworkId::of("fold");
    let gateway = GatewayKeys::from_seed(&[7; 32]);
    let me = gateway.id();
    let log = LogKey { gateway: me, lane: Lane::Book, epoch: Epoch(1) };
    let now = Now { wall_s: 1_795_000_000, uptime_ms: 0, synchronised: true };
    let setup = Setup {
        network,
        keys: GatewayKeys::from_seed(&[7; 32]),
        epoch: Epoch(2),
        stewards: Default::default(),
        quotas: Quotas { open_items_per_sender_max: 10, items_max: 100 },
        clock: Clock::new(Age(1), 1_795_000_000, now),
    };
    let mut book = Book {
        network,
        prev: genesis(&network, &log),
        gateway,
        log,
        number: 0,
        open: Vec::new(),
        node: Node::new(setup),
        folding: Duration::ZERO,
        tail: Vec::new(),
        keep_tail: false,
    };
    let keys: Vec<MemberKeys> = (0..FOUNDERS).map(|n| MemberKeys::from_seed(&[n as u8 + 1; 32])).collect();
    let found = community("fold", &keys, me, |n| format!("h{n}"));
    let founding = book.say(Author::Member(keys[0].key()), Body::Found(found));
    book.close();
    let links = first_links(&founding, FOUNDERS).into_iter().zip(&keys);
    let mut chains: Vec<Chain> = links.map(|(link, keys)| Chain { author: Author::Member(keys.key()), link }).collect();
    let mut snapshot = Vec::new();
    for number in 0..wanted {
        if number == wanted - wanted / 100 {
            // What a clean stop would have left behind: all but the last hundredth.
            book.close();
            let began = spent();
            snapshot = book.node.ledger().snapshot();
            println!("checkpoint: {} MB written in {:.2?}", snapshot.len() / 1_000_000, spent() - began);
            book.keep_tail = true;
        }
        let (from, to) = (number % FOUNDERS, (number * 7 + 3) % FOUNDERS);
        let to = if from == to { (to + 1) % FOUNDERS } else { to };
        let pay = Pay {
            link: chains[from].link,
            to: chains[to].link.member,
            unit: UnitIndex(0),
            amount: Amount(1 + number as u64 % 90),
            answers: None,
            item: None,
            memo: "soup".into(),
        };
        let id = book.say(chains[from].author, Body::Pay(pay));
        step(&mut chains[from], id);
        let accept = book.say(chains[to].author, Body::Accept(OnPay { link: chains[to].link, pay: id }));
        step(&mut chains[to], accept);
    }
    book.close();
    let full = book.node.ledger();
    println!("{} records, {} postings folded in {:.2?}", full.records(), full.postings().count(), book.folding);
    println!("resident: {} MB", resident_mb());
    let began = spent();
    let mut again = Ledger::restore(&network, &snapshot).expect("its own checkpoint");
    let restored = spent() - began;
    for (author, id, body) in &book.tail {
        let said = Said { id: *id, author: *author, gateway: me, arrived: Age(1), created: 1_795_000_000, body };
        again.apply(said);
    }
    println!(
        "checkpoint read in {restored:.2?}, {} records of tail in {:.2?}",
        book.tail.len(),
        spent() - began - restored
    );
    assert!(again == *full, "checkpoint and tail are not the full replay");
    let member = chains[0].link.member;
    let began = spent();
    let page = full.history_page(&member, None, 100).expect("a member");
    println!(
        "a page of {} of a history of {} records in {:.2?}",
        page.movements.len(),
        chains[0].link.seq,
        (spent() - began)
    );
    let began = spent();
    full.account(&me, &member).expect("a member");
    println!("an account in {:.2?}", spent() - began);
}

/// Time on the processor so far.
fn spent() -> Duration {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split_whitespace().next().and_then(|ns| ns.parse().ok()).unwrap_or(0))
}

fn step(chain: &mut Chain, id: RecordId) {
    chain.link = Link { seq: chain.link.seq + 1, prev: id, ..chain.link };
}

fn resident_mb() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1_000
}
