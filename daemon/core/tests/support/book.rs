//! A community in memory: members with keys, their chains, and every record by hand.

use std::collections::BTreeMap;

use commons_core::codec::{encode_record, record_id, Author, SignedRecord};
use commons_core::identity::{GatewayId, GatewayKeys, MemberId, MemberKey, MemberKeys, NetworkId, RecordId};
use commons_core::ledger::{Ledger, Refusal, Said};
use commons_core::log::Age;
use commons_core::record::*;

/// The limit of the first unit, in smallest parts.
pub const LIMIT: i64 = 100;
/// The share away from home.
pub const ROAMING_PERCENT: u8 = 25;
/// Seconds a recovery waits.
pub const DELAY_S: u32 = 3_600;

pub fn network() -> NetworkId {
    NetworkId::of("test")
}

pub fn gateway(n: u8) -> GatewayId {
    GatewayKeys::from_seed(&[n + 1; 32]).id()
}

/// A key, and its seed's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hand(pub u8);

impl Hand {
    pub fn keys(self) -> MemberKeys {
        MemberKeys::from_seed(&[0x11 + self.0; 32])
    }

    pub fn key(self) -> MemberKey {
        KEYS.with(|keys| *keys.borrow_mut().entry(self.0).or_insert_with(|| self.keys().key()))
    }
}

thread_local! {
    /// Making a key of a seed costs more than folding a record.
    static KEYS: std::cell::RefCell<BTreeMap<u8, MemberKey>> = const { std::cell::RefCell::new(BTreeMap::new()) };
}

/// A finished record: who said it and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    pub id: RecordId,
    pub author: Author,
    pub bytes: Vec<u8>,
    pub body: Body,
}

impl Word {
    pub fn by(author: Author, mark: u32, body: Body) -> Self {
        let mark = Mark { sender: mark, content: mark.into() };
        let bytes = encode_record(&Record { version: 1, created: 1_795_000_000, mark, body: body.clone() });
        let id = record_id(&network(), &GatewayId([0; 32]), &author, &bytes);
        Self { id, author, bytes, body }
    }

    pub fn new(hand: Hand, body: Body) -> Self {
        Self::by(Author::Member(hand.key()), 7, body)
    }

    /// As a member hands it in.
    pub fn signed(&self, hand: Hand) -> Vec<u8> {
        let keys = hand.keys();
        let signature = keys.sign(&network(), &self.bytes);
        SignedRecord { author: keys.key(), record: self.bytes.clone(), signature }.encode()
    }

    pub fn said(&self, gateway: GatewayId) -> Said<'_> {
        Said { id: self.id, author: self.author, gateway, arrived: Age(0), created: 1_795_000_000, body: &self.body }
    }
}

pub fn facts(name: &str, household: &str, home: GatewayId) -> Facts {
    Facts {
        pseudonym: name.into(),
        household: household.into(),
        home,
        guardians: vec![],
        threshold: 0,
        custody: Custody::Own,
    }
}

/// A founding record: founder n has hand n and household `h<n>`, and the homes given.
pub fn founding(homes: &[GatewayId]) -> Word {
    let founder = |(n, home): (usize, &GatewayId)| Founder {
        key: Hand(n as u8).key(),
        facts: facts(["ann", "bob", "cem", "dee", "eva", "fay"][n], &format!("h{n}"), *home),
    };
    let found = Found {
        name: "maple street".into(),
        units: vec![
            Unit { name: "hour".into(), scale: 60, limit: LIMIT as u64 },
            Unit { name: "kg-rice".into(), scale: 1_000, limit: 5_000 },
        ],
        roaming_percent: ROAMING_PERCENT,
        quorum: 2,
        recovery_delay_s: DELAY_S,
        founders: homes.iter().enumerate().map(founder).collect(),
    };
    Word::new(Hand(0), Body::Found(found))
}

/// The end of a chain, as its owner's phone keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pen {
    pub hand: Hand,
    pub link: Link,
}

impl Pen {
    /// Of the founder in this place.
    pub fn founder(found: &Word, place: u8) -> Self {
        Self::first(Hand(place), MemberId::of_founder(&found.id, place))
    }

    /// After the first record.
    pub fn first(hand: Hand, member: MemberId) -> Self {
        Self { hand, link: Link { member, epoch: 0, seq: 1, prev: member.genesis() } }
    }

    pub fn member(&self) -> MemberId {
        self.link.member
    }

    /// The next record; the pen stands after it from then on.
    pub fn write(&mut self, body: impl FnOnce(Link) -> Body) -> Word {
        let word = Word::new(self.hand, body(self.link));
        self.link = Link { seq: self.link.seq + 1, prev: word.id, ..self.link };
        word
    }

    pub fn pay(&mut self, to: MemberId, amount: u64) -> Word {
        self.write(|link| pay(link, to, amount))
    }

    pub fn accept(&mut self, pay: &Word) -> Word {
        self.write(|link| Body::Accept(OnPay { link, pay: pay.id }))
    }

    pub fn decline(&mut self, pay: &Word) -> Word {
        self.write(|link| Body::Decline(OnPay { link, pay: pay.id }))
    }
}

pub fn pay(link: Link, to: MemberId, amount: u64) -> Body {
    let (unit, amount) = (UnitIndex(0), Amount(amount));
    Body::Pay(Pay { link, to, unit, amount, answers: None, item: None, memo: String::new() })
}

/// A ledger with a door: what one gateway would log.
#[derive(Clone, Debug)]
pub struct Desk {
    pub me: GatewayId,
    pub ledger: Ledger,
    pub age: Age,
}

impl Desk {
    pub fn new(n: u8) -> Self {
        Self { me: gateway(n), ledger: Ledger::new(network()), age: Age(0) }
    }

    /// Hands a record in.
    pub fn try_post(&mut self, word: &Word) -> Result<(), Refusal> {
        self.ledger.admit(&self.me, self.age, word.author, word.id, &word.body)?;
        self.ledger.apply(Said { arrived: self.age, ..word.said(self.me) });
        Ok(())
    }

    pub fn post(&mut self, word: &Word) {
        self.try_post(word).unwrap_or_else(|why| panic!("{:?}: {why}", word.body));
    }

    pub fn settled(&self, pen: &Pen) -> i64 {
        self.ledger.settled(&pen.member(), UnitIndex(0))
    }

    pub fn position(&self, pen: &Pen) -> i64 {
        self.ledger.member(&pen.member()).expect("a member").balances[0].position
    }
}
