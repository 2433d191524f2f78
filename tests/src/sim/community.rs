//! A community: people with keys and phones, some of whom cheat, and what they have signed.
//!
//! A phone keeps its owner's chain. It never signs a second record with one number: what it does not know to be kept it hands
//! in again. A cheat has his key at several gateways and goes on wherever each one sees his end.

use std::collections::{BTreeMap, BTreeSet};

use commons_core::codec::{encode_record, record_id, Author, SignedRecord};
use commons_core::identity::{GatewayId, MemberId, MemberKey, MemberKeys, NetworkId, RecordId};
use commons_core::record::*;

use super::site::START_S;
use super::world::World;

/// The limit of the first unit, in smallest parts.
pub const LIMIT: i64 = 100;
/// Percent of it away from home.
pub const ROAMING_PERCENT: u8 = 25;
/// Units of the covenant.
pub const UNITS: u8 = 2;
/// Those who are there from the beginning, at most.
const FOUNDERS_MAX: u64 = 5;
/// Keys one person has in one run, at most.
const KEYS_MAX: usize = 6;

/// A finished record, as its author's phone keeps it.
#[derive(Clone, Debug)]
pub struct Word {
    /// Its id.
    pub id: RecordId,
    /// What it is.
    pub kind: Kind,
    /// Its place in the chain; none for what stands in no chain.
    pub link: Option<Link>,
    /// What it says.
    pub body: Body,
    /// As handed in.
    pub bytes: Vec<u8>,
    /// Times it was handed in.
    pub tries: u32,
}

/// Where the next record of a chain goes, and with which key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pen {
    /// Its place.
    pub link: Link,
    /// Number of the key.
    pub key: usize,
}

/// One person.
pub struct Person {
    /// Who.
    pub member: MemberId,
    /// Keys, one after another. Made beforehand: that is slow.
    pub keys: Vec<MemberKeys>,
    /// Their public halves.
    pub public: Vec<MemberKey>,
    /// His gateway.
    pub home: usize,
    /// Signs wherever he likes.
    pub cheat: bool,
    /// His phone was set back once: he may have forked without meaning to.
    pub restored: bool,
    /// The end of his chain, as his phone knows it.
    pub pen: Pen,
    /// His own records by number, as his phone keeps them.
    pub words: BTreeMap<u32, Word>,
    /// Signed, and not known to be kept.
    pub unsure: Option<Word>,
    /// What he begins with, unless he is a founder.
    pub join: Option<Word>,
    /// Never pays: a common fund.
    pub pot: bool,
}

/// All of them.
#[derive(Default)]
pub struct Community {
    /// The founding record.
    pub found: Option<Word>,
    /// Everybody, founders first.
    pub people: Vec<Person>,
    /// What gateways took, by member, key epoch and number: more than one is a fork.
    pub signed: BTreeMap<(MemberId, u16, u32), BTreeMap<RecordId, Vec<u8>>>,
    /// Who forked.
    pub forked: BTreeSet<MemberId>,
    /// Whom households decided to freeze, or at least proposed to.
    pub accused: BTreeSet<MemberId>,
    /// What may be answered, by kind: declines with their payments, decisions, vouches with for whom.
    pub declines: Vec<(RecordId, RecordId)>,
    /// Payments, with whose they are.
    pub payments: BTreeMap<RecordId, MemberId>,
    /// Decisions proposed.
    pub decisions: Vec<RecordId>,
    /// Vouches: record, for whom, by whom.
    pub vouches: Vec<(RecordId, MemberId, usize)>,
    /// Smallest parts of the first unit that decisions may take from the fund.
    pub written_off: i64,
    /// Posts that a phone waits for.
    pub waiting: BTreeMap<u64, (usize, RecordId)>,
}

impl Community {
    /// Who this is.
    pub fn person(&self, member: &MemberId) -> Option<&Person> {
        self.people.iter().find(|person| person.member == *member)
    }

    /// A gateway took this record in: remembers what follows from it for others.
    pub fn taken(&mut self, word: &Word, who: usize) {
        let Some(link) = word.link else { return };
        let there = self.signed.entry((link.member, link.epoch, link.seq)).or_default();
        if there.insert(word.id, word.bytes.clone()).is_some() {
            return;
        }
        if there.len() > 1 {
            self.forked.insert(link.member);
        }
        match &word.body {
            Body::Pay(pay) => drop(self.payments.insert(word.id, pay.link.member)),
            Body::Decline(on) => self.declines.push((word.id, on.pay)),
            Body::Vouch(vouch) => self.vouches.push((word.id, vouch.member, who)),
            Body::Decide(decide) => {
                self.decisions.push(word.id);
                match &decide.action {
                    Action::Freeze { member, .. } => drop(self.accused.insert(*member)),
                    Action::WriteOff { amount, .. } => self.written_off += amount.signed(),
                    Action::Unfreeze { .. } => {}
                }
            }
            _ => {}
        }
    }
}

impl Person {
    /// Signs a record.
    pub fn sign(&self, network: &NetworkId, key: usize, mark: u64, body: Body) -> Word {
        word(network, &self.keys[key], self.public[key], mark, body)
    }

    /// The pen after a record.
    pub fn after(word: &Word, key: usize) -> Option<Pen> {
        let link = word.link?;
        let rekeys = u16::from(word.kind == Kind::Rekey);
        let next = Link { epoch: link.epoch + rekeys, seq: link.seq + 1, prev: word.id, ..link };
        Some(Pen { link: next, key: key + usize::from(rekeys) })
    }

    /// His phone learns that a record is kept.
    pub fn keep(&mut self, word: Word) {
        let Some(pen) = Self::after(&word, self.pen.key) else { return };
        let seq = pen.link.seq - 1;
        self.pen = pen;
        self.words.insert(seq, word);
    }
}

/// A signed record.
pub fn word(network: &NetworkId, keys: &MemberKeys, author: MemberKey, mark: u64, body: Body) -> Word {
    let mark = Mark { sender: 0, content: mark };
    let record = encode_record(&Record { version: RECORD_VERSION, created: START_S, mark, body: body.clone() });
    let id = record_id(network, &GatewayId([0; 32]), &Author::Member(author), &record);
    let signature = keys.sign(network, &record);
    let bytes = SignedRecord { author, record, signature }.encode();
    Word { id, kind: body.kind(), link: body.link().copied(), body, bytes, tries: 0 }
}

fn keys_of(run: u64, who: usize, count: usize) -> (Vec<MemberKeys>, Vec<MemberKey>) {
    let seed = |number: usize| {
        let mut seed = [9; 32];
        seed[..8].copy_from_slice(&run.to_be_bytes());
        seed[8] = who as u8;
        seed[9] = number as u8;
        seed
    };
    let keys: Vec<MemberKeys> = (0..count).map(|number| MemberKeys::from_seed(&seed(number))).collect();
    let public = keys.iter().map(MemberKeys::key).collect();
    (keys, public)
}

/// What somebody says of himself.
pub fn facts(name: &str, household: &str, home: GatewayId, custody: Custody) -> Facts {
    let (pseudonym, household) = (name.into(), household.into());
    Facts { pseudonym, household, home, guardians: vec![], threshold: 0, custody }
}

/// The units every simulated community counts.
pub fn units() -> Vec<Unit> {
    vec![
        Unit { name: "hour".into(), scale: 60, limit: LIMIT as u64 },
        Unit { name: "kg-rice".into(), scale: 1_000, limit: 5_000 },
    ]
}

impl World {
    /// Makes the people, if the plan has any. Nobody has told a gateway yet.
    pub fn settle_in(&mut self, run: u64) {
        if !self.plan.members {
            return;
        }
        let network = self.network;
        let count = 3 + self.dice.below(FOUNDERS_MAX - 2) as usize;
        let homes: Vec<usize> = (0..count + 2).map(|_| self.dice.below(self.plan.gateways as u64) as usize).collect();
        let keys: Vec<_> = (0..count + 2).map(|who| keys_of(run, who, KEYS_MAX)).collect();
        let of =
            |who: usize, custody| facts(&format!("p{who}"), &format!("h{who}"), self.sites[homes[who]].id, custody);
        let founder = |who: usize| {
            let custody = if who == 2 { Custody::Card } else { Custody::Own };
            Founder { key: keys[who].1[0], facts: of(who, custody) }
        };
        let body = Body::Found(Found {
            name: "maple street".into(),
            units: units(),
            roaming_percent: ROAMING_PERCENT,
            quorum: 2,
            recovery_delay_s: 3_600,
            founders: (0..count).map(founder).collect(),
        });
        let found = word(&network, &keys[0].0[0], keys[0].1[0], 1, body);
        let joins: Vec<Word> = [Custody::Own, Custody::Pot]
            .into_iter()
            .zip(count..)
            .map(|(custody, who)| {
                let join = Body::Join(Join { covenant: found.id, facts: of(who, custody) });
                word(&network, &keys[who].0[0], keys[who].1[0], 2, join)
            })
            .collect();
        let cheats = self.plan.has(super::plan::Trouble::Cheat);
        for (who, (keys, public)) in keys.into_iter().enumerate() {
            let join = who.checked_sub(count).map(|place| joins[place].clone());
            let member = match &join {
                Some(join) => MemberId(join.id.0),
                None => MemberId::of_founder(&found.id, who as u8),
            };
            let link = Link { member, epoch: 0, seq: 1, prev: member.genesis() };
            self.community.people.push(Person {
                member,
                keys,
                public,
                home: homes[who],
                cheat: cheats && join.is_none() && (who == 0 || self.dice.once_in(3)),
                restored: false,
                pen: Pen { link, key: 0 },
                words: BTreeMap::new(),
                unsure: None,
                pot: who == count + 1,
                join,
            });
        }
        self.community.found = Some(found);
    }
}
