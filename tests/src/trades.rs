//! A gateway's copy with a large ledger in it, made by hand: `commonsd restore` takes it in seconds, where posting would take minutes.

use commons_core::batch::{genesis, seal_batch, Item};
use commons_core::clock::Interval;
use commons_core::codec::{record_id, Author, SignedRecord};
use commons_core::identity::{hash, hex, BatchHash, GatewayId, GatewayKeys, MemberId, MemberKeys, NetworkId, RecordId};
use commons_core::log::{Epoch, Lane, LogKey};
use commons_core::record::*;

use crate::{pen, Gateway};

const SEED: [u8; 32] = [7; 32];
const NETWORK: &str = "commons";
const CREATED: u64 = 1_795_200_000;
/// As many as may found a community.
const MEMBERS: usize = 16;
/// A batch is what was posted while the one before was written: few records, on a block.
const BATCH_ENTRIES: usize = 8;

/// A copy as `commonsd backup` makes it; see `daemon/src/store/backup.rs`.
struct Copy {
    bytes: Vec<u8>,
    hash: [u8; 32],
    frames: u64,
}

impl Copy {
    fn new(meta: &[u8]) -> Self {
        let mut bytes = b"COMMONSD BACKUP\n".to_vec();
        bytes.extend(1u32.to_le_bytes());
        bytes.extend((meta.len() as u32).to_le_bytes());
        let hash = link(&[0; 32], &bytes, meta);
        bytes.extend(meta);
        Self { bytes, hash, frames: 0 }
    }

    fn put(&mut self, body: &[u8]) {
        let head = [&[1][..], &(body.len() as u32).to_le_bytes()].concat();
        self.hash = link(&self.hash, &head, body);
        self.frames += 1;
        self.bytes.extend(head);
        self.bytes.extend(body);
    }

    fn end(mut self) -> Vec<u8> {
        let count = self.frames.to_le_bytes();
        let hash = link(&self.hash, &[0], &count);
        self.bytes.push(0);
        self.bytes.extend(count);
        self.bytes.extend(hash);
        self.bytes
    }
}

fn link(hash_before: &[u8; 32], head: &[u8], body: &[u8]) -> [u8; 32] {
    hash("commonsd/1/backup", &[hash_before, head, body])
}

/// The gateway's book, written batch by batch.
struct Book {
    network: NetworkId,
    gateway: GatewayKeys,
    log: LogKey,
    number: u64,
    prev: BatchHash,
    open: Vec<SignedRecord>,
    copy: Copy,
}

impl Book {
    fn new() -> Self {
        let (network, gateway) = (NetworkId::of(NETWORK), GatewayKeys::from_seed(&SEED));
        let log = LogKey { gateway: gateway.id(), lane: Lane::Book, epoch: Epoch(1) };
        let meta = serde_json::json!({"v": 1, "network": NETWORK, "seed": hex(&SEED), "epoch": 1, "board": null});
        let copy = Copy::new(meta.to_string().as_bytes());
        Self { network, log, number: 0, prev: genesis(&network, &log), gateway, open: Vec::new(), copy }
    }

    fn say(&mut self, keys: &MemberKeys, body: Body) -> RecordId {
        let signed = pen::signed(keys, &self.network, CREATED, Mark { sender: 0, content: 0 }, body);
        let id = record_id(&self.network, &self.gateway.id(), &Author::Member(signed.author), &signed.record);
        self.open.push(signed);
        if self.open.len() == BATCH_ENTRIES {
            self.close();
        }
        id
    }

    fn close(&mut self) {
        if self.open.is_empty() {
            return;
        }
        let item = |signed: &'_ SignedRecord| (Author::Member(signed.author), signed.signature);
        let items: Vec<Item<'_>> = self
            .open
            .iter()
            .map(|signed| {
                let (author, signature) = item(signed);
                Item::Entry { author, record: &signed.record, signature: Some(signature) }
            })
            .collect();
        let received = Interval { lo: CREATED, hi: None };
        let (bytes, hash) =
            seal_batch(&self.gateway, &self.network, &self.log, self.number, &self.prev, received, &items);
        let mut body = self.log.gateway.0.to_vec();
        body.push(Lane::ALL.iter().position(|lane| *lane == self.log.lane).expect("a lane") as u8);
        body.extend(self.log.epoch.0.to_le_bytes());
        body.extend(self.number.to_le_bytes());
        body.extend(self.prev.0);
        body.extend(1u64.to_le_bytes());
        body.extend(0u32.to_le_bytes());
        body.extend(bytes);
        self.copy.put(&body);
        (self.number, self.prev) = (self.number + 1, hash);
        self.open.clear();
    }
}

/// A gateway that does not run, restored from a copy with a community that has traded so many records.
pub fn restored(records: usize) -> Gateway {
    let gateway = Gateway::prepared("");
    let copy = gateway.beside("copy");
    std::fs::write(&copy, copy_of(records)).expect("the copy is written");
    std::fs::remove_dir(gateway.data()).expect("an empty directory");
    gateway.said(&["restore", copy.to_str().expect("UTF-8")]);
    std::fs::remove_file(&copy).expect("removed");
    gateway
}

fn copy_of(records: usize) -> Vec<u8> {
    let mut book = Book::new();
    let keys: Vec<MemberKeys> = (0..MEMBERS).map(|n| MemberKeys::from_seed(&[n as u8 + 1; 32])).collect();
    let home = book.gateway.id();
    let found = community("start", &keys, home, |n| format!("h{}", n / 2));
    let founding = book.say(&keys[0], Body::Found(found));
    let mut links = first_links(&founding, MEMBERS);
    for number in 0..records / 2 {
        let from = number % MEMBERS;
        let to = (from + 1 + number / MEMBERS % (MEMBERS - 1)) % MEMBERS;
        let (unit, amount) = (UnitIndex(0), Amount(1 + number as u64 % 90));
        let memo = "an hour of help with the shelf".into();
        let pay = Pay { link: links[from], to: links[to].member, unit, amount, answers: None, item: None, memo };
        let id = book.say(&keys[from], Body::Pay(pay));
        links[from] = Link { seq: links[from].seq + 1, prev: id, ..links[from] };
        let accept = book.say(&keys[to], Body::Accept(OnPay { link: links[to], pay: id }));
        links[to] = Link { seq: links[to].seq + 1, prev: accept, ..links[to] };
    }
    book.close();
    book.copy.end()
}

/// The founding of a community that counts hours, by members who have these keys.
pub fn community(name: &str, keys: &[MemberKeys], home: GatewayId, household: impl Fn(usize) -> String) -> Found {
    let founder = |(n, keys): (usize, &MemberKeys)| Founder {
        key: keys.key(),
        facts: Facts {
            pseudonym: format!("m{n}"),
            household: household(n),
            home,
            guardians: vec![],
            threshold: 0,
            custody: Custody::Own,
        },
    };
    Found {
        name: name.into(),
        units: vec![Unit { name: "hour".into(), scale: 60, limit: 1_000_000_000 }],
        roaming_percent: 25,
        quorum: 2,
        recovery_delay_s: 0,
        founders: keys.iter().enumerate().map(founder).collect(),
    }
}

/// Where the chains of its founders begin.
pub fn first_links(founding: &RecordId, founders: usize) -> Vec<Link> {
    let members = (0..founders).map(|n| MemberId::of_founder(founding, n as u8));
    members.map(|member| Link { member, epoch: 0, seq: 1, prev: member.genesis() }).collect()
}
