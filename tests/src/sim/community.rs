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
const KEYS_MAX: usize = 12;
/// Virtual seconds a new key waits for the old one's veto.
pub const DELAY_S: u32 = 60;

/// A finished record, as its author's phone keeps it.
#[derive(Clone, Debug)]
pub struct Word {
    /// Its id.
    pub id: RecordId,
    /// What it is.
    pub kind: Kind,
    /// Who signed it.
    pub author: MemberKey,
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
    /// What his keys are made from.
    pub seed: [u8; 32],
    /// Keys, one after another.
    pub keys: Vec<MemberKeys>,
    /// Their public halves.
    pub public: Vec<MemberKey>,
    /// His gateway.
    pub home: usize,
    /// All that ever were.
    pub homes: BTreeSet<usize>,
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
    /// His key is lost, or his guardians believe so.
    pub loss: Option<Loss>,
}

/// A lost key, and what guardians want to put in its place.
#[derive(Clone, Copy, Debug)]
pub struct Loss {
    /// Number of the new key.
    pub key: usize,
    /// The home from then on.
    pub home: usize,
    /// They are wrong: the phone is there.
    pub alive: bool,
}

/// A guardian's word that was taken.
#[derive(Clone, Debug)]
pub struct Recovery {
    /// Its record.
    pub id: RecordId,
    /// Whose word.
    pub by: MemberId,
    /// What it says.
    pub body: Recover,
    /// When the first gateway took it.
    pub ms: u64,
}

/// A decision that lets a member go on.
#[derive(Clone, Debug)]
pub struct Pardon {
    /// Its record.
    pub id: RecordId,
    /// Who proposed it.
    pub by: MemberId,
    /// What it says.
    pub action: Action,
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
    /// The gateways' keys, by place.
    pub gateways: Vec<GatewayId>,
    /// What guardians said.
    pub recoveries: Vec<Recovery>,
    /// Decisions by which somebody may go on.
    pub pardons: Vec<Pardon>,
    /// Consents: to what, which record, whose.
    pub consents: Vec<(RecordId, RecordId, MemberId)>,
    /// Decisions to write off, with the fund that pays.
    pub write_offs: BTreeMap<RecordId, MemberId>,
    /// Where a chain goes on by word of others, by the record it goes on from.
    pub after: BTreeMap<RecordId, Link>,
    /// How often somebody went on by decision, or at a new home: worth one more limit each time.
    pub chances: BTreeMap<MemberId, i64>,
    /// Who went on with another key by word of others.
    pub renewed: BTreeSet<MemberId>,
    /// Who has left.
    pub left: BTreeSet<MemberId>,
}

impl Community {
    /// Who this is.
    pub fn person(&self, member: &MemberId) -> Option<&Person> {
        self.people.iter().find(|person| person.member == *member)
    }

    /// A gateway took this record in: remembers what follows from it for others.
    pub fn taken(&mut self, word: &Word, who: usize, now_ms: u64) {
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
                    Action::WriteOff { amount, pot, .. } => {
                        self.written_off += amount.signed();
                        self.write_offs.insert(word.id, *pot);
                    }
                    action @ Action::Unfreeze { .. } => {
                        self.pardons.push(Pardon { id: word.id, by: link.member, action: action.clone() });
                    }
                }
            }
            Body::Consent(consent) => self.consents.push((consent.decision, word.id, link.member)),
            Body::Facts(change) => drop(self.moves(&link.member, &change.facts.home)),
            Body::Recover(recover) => {
                self.recoveries.push(Recovery { id: word.id, by: link.member, body: recover.clone(), ms: now_ms });
            }
            Body::Resume(resume) => self.goes_on(&link.member, &resume.grounds),
            Body::Leave(_) => drop(self.left.insert(link.member)),
            _ => {}
        }
    }

    /// Somebody has a new home; says whether it is one he never had.
    fn moves(&mut self, member: &MemberId, home: &GatewayId) -> bool {
        let place = self.gateways.iter().position(|gateway| gateway == home);
        let person = self.people.iter_mut().find(|person| person.member == *member);
        place.zip(person).is_some_and(|(place, person)| person.homes.insert(place))
    }

    /// A chain goes on by word of others.
    fn goes_on(&mut self, member: &MemberId, grounds: &Grounds) {
        let (home, decided) = match grounds {
            Grounds::Branches(_) => return,
            Grounds::Guardians(ids) => {
                let word = self.recoveries.iter().find(|each| ids.contains(&each.id));
                (word.map(|each| each.body.home), false)
            }
            Grounds::Decision { decision, .. } => {
                let pardon = self.pardons.iter().find(|each| each.id == *decision);
                let home = pardon.and_then(|each| match each.action {
                    Action::Unfreeze { home, .. } => Some(home),
                    _ => None,
                });
                (home, true)
            }
        };
        let is_new = home.is_some_and(|home| self.moves(member, &home));
        let moved = self.person(member).is_some_and(|person| person.homes.len() > 1);
        if is_new || moved || decided {
            *self.chances.entry(*member).or_default() += 1;
        }
        self.renewed.insert(*member);
    }
}

impl Person {
    /// Signs a record.
    pub fn sign(&self, network: &NetworkId, key: usize, mark: u64, body: Body) -> Word {
        word(network, &self.keys[key], self.public[key], mark, body)
    }

    /// The pen after a record of his.
    pub fn after(&self, word: &Word) -> Option<Pen> {
        let link = word.link?;
        let (key, rekeys) = match &word.body {
            Body::Rekey(rekey) => (rekey.key, 1),
            _ => (word.author, 0),
        };
        let key = self.public.iter().position(|each| *each == key)?;
        Some(Pen { link: Link { epoch: link.epoch + rekeys, seq: link.seq + 1, prev: word.id, ..link }, key })
    }

    /// One more key.
    pub fn fresh_key(&mut self) -> Option<usize> {
        let number = self.keys.len();
        if number >= KEYS_MAX {
            return None;
        }
        self.seed[9] = number as u8;
        let keys = MemberKeys::from_seed(&self.seed);
        self.public.push(keys.key());
        self.keys.push(keys);
        Some(number)
    }

    /// His phone learns that a record is kept.
    pub fn keep(&mut self, word: Word) {
        let Some(pen) = self.after(&word) else { return };
        match &word.body {
            Body::Resume(Resume { grounds: Grounds::Branches(_), .. }) => {}
            Body::Resume(_) => {
                // It has the new key, and nothing of what the old one wrote.
                self.loss = None;
                self.restored = true;
                self.words.clear();
            }
            Body::Veto(_) => self.loss = None,
            _ => {}
        }
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
    Word { id, kind: body.kind(), author, link: body.link().copied(), body, bytes, tries: 0 }
}

fn seed_of(run: u64, who: usize) -> [u8; 32] {
    let mut seed = [9; 32];
    seed[..8].copy_from_slice(&run.to_be_bytes());
    seed[8] = who as u8;
    seed[9] = 0;
    seed
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
        let keys: Vec<MemberKeys> = (0..count + 2).map(|who| MemberKeys::from_seed(&seed_of(run, who))).collect();
        let public: Vec<MemberKey> = keys.iter().map(MemberKeys::key).collect();
        self.community.gateways = self.sites.iter().map(|site| site.id).collect();
        let of =
            |who: usize, custody| facts(&format!("p{who}"), &format!("h{who}"), self.sites[homes[who]].id, custody);
        let founder = |who: usize| {
            let custody = if who == 2 { Custody::Card } else { Custody::Own };
            Founder { key: public[who], facts: of(who, custody) }
        };
        let body = Body::Found(Found {
            name: "maple street".into(),
            units: units(),
            roaming_percent: ROAMING_PERCENT,
            quorum: 2,
            recovery_delay_s: DELAY_S,
            founders: (0..count).map(founder).collect(),
        });
        let found = word(&network, &keys[0], public[0], 1, body);
        let joins: Vec<Word> = [Custody::Own, Custody::Pot]
            .into_iter()
            .zip(count..)
            .map(|(custody, who)| {
                let join = Body::Join(Join { covenant: found.id, facts: of(who, custody) });
                word(&network, &keys[who], public[who], 2, join)
            })
            .collect();
        let cheats = self.plan.has(super::plan::Trouble::Cheat);
        for (who, keys) in keys.into_iter().enumerate() {
            let join = who.checked_sub(count).map(|place| joins[place].clone());
            let member = match &join {
                Some(join) => MemberId(join.id.0),
                None => MemberId::of_founder(&found.id, who as u8),
            };
            let link = Link { member, epoch: 0, seq: 1, prev: member.genesis() };
            self.community.people.push(Person {
                member,
                seed: seed_of(run, who),
                keys: vec![keys],
                public: vec![public[who]],
                home: homes[who],
                homes: [homes[who]].into(),
                cheat: cheats && join.is_none() && (who == 0 || self.dice.once_in(3)),
                restored: false,
                pen: Pen { link, key: 0 },
                words: BTreeMap::new(),
                unsure: None,
                pot: who == count + 1,
                loss: None,
                join,
            });
        }
        self.community.found = Some(found);
    }
}
