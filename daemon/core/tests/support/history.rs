//! Generated histories of a community: honest members, cheats, doors that keep the rules, links that come and go.
//!
//! A history is a list of [`Step`]s; [`World::play`] carries them out and tells the story as it goes, so that a failing
//! history, once shrunk, reads as text. What the world has at the end is a set of entries, which tests deliver as they like.

use std::collections::{BTreeMap, BTreeSet};

use commons_core::codec::Author;
use commons_core::identity::{GatewayId, MemberId, MemberKey, RecordId};
use commons_core::ledger::{Ledger, Refusal, Said};
use commons_core::log::Age;
use commons_core::record::*;
use proptest::prelude::*;

use super::book::{facts, founding, gateway, network, pay, Desk, Hand, Word};

/// Gateways of a world.
pub const GATEWAYS: u8 = 4;
/// Members of a world: founders, each at home at gateway 0 but the second, who is at home at 1.
pub const MEMBERS: u8 = 5;
const NAMES: [&str; 5] = ["ann", "bob", "cem", "dee", "eva"];

/// One thing that happens. Numbers pick from what there is.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// A member pays another at a gateway: who, where, to whom, how much.
    Pay(u8, u8, u8, u8),
    /// A member answers one of the payments to him that this gateway knows: who, where, which, accept or not.
    Answer(u8, u8, u8, bool),
    /// A member takes back what was declined: who, where, which.
    Reclaim(u8, u8, u8),
    /// Two gateways meet.
    Meet(u8, u8),
    /// A member changes his key: who, where.
    Rekey(u8, u8),
    /// A member whose chain is split joins its branches: who, where.
    Join(u8, u8),
    /// All others, as his guardians, give a member a new key, which goes on where this gateway sees the end: who, where.
    Recover(u8, u8),
    /// Somebody disputes a payment: who, where, which.
    Dispute(u8, u8, u8),
    /// Two households freeze a member, or write off 30 of his debt: whom, where, which of both.
    Decide(u8, u8, bool),
    /// A member pays all that the door lets him, or half of it, to who is nearest, who may accept it at once: who, where.
    Take(u8, u8, bool, bool),
    /// A record past all doors, in a rogue gateway's log: who, after which of his records, what, a number.
    Rogue(u8, u8, u8, u8),
}

pub fn steps(most: usize, rogue: bool) -> impl Strategy<Value = Vec<Step>> {
    let (who, at) = (0..MEMBERS, 0..GATEWAYS);
    let w = move || who.clone();
    let g = move || at.clone();
    let rare = if rogue { 6 } else { 0 };
    let step = prop_oneof![
        8 => (w(), g(), w(), 1..120u8).prop_map(|(a, b, c, d)| Step::Pay(a, b, c, d)),
        8 => (w(), g(), any::<u8>(), prop::bool::weighted(0.8)).prop_map(|(a, b, c, d)| Step::Answer(a, b, c, d)),
        3 => (w(), g(), any::<u8>()).prop_map(|(a, b, c)| Step::Reclaim(a, b, c)),
        5 => (g(), g()).prop_map(|(a, b)| Step::Meet(a, b)),
        1 => (w(), g()).prop_map(|(a, b)| Step::Rekey(a, b)),
        2 => (w(), g()).prop_map(|(a, b)| Step::Join(a, b)),
        1 => (w(), g()).prop_map(|(a, b)| Step::Recover(a, b)),
        1 => (w(), g(), any::<u8>()).prop_map(|(a, b, c)| Step::Dispute(a, b, c)),
        1 => (w(), g(), any::<bool>()).prop_map(|(a, b, c)| Step::Decide(a, b, c)),
        rare => (w(), any::<u8>(), any::<u8>(), any::<u8>()).prop_map(|(a, b, c, d)| Step::Rogue(a, b, c, d)),
    ];
    prop::collection::vec(step, 1..most)
}

/// What an adversary would try: ann takes all she can wherever she can, bob pays her and answers twice, links come and go.
pub fn schemes(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let g = || prop_oneof![2 => Just(0u8), 2 => Just(1u8), 1 => 2..GATEWAYS];
    let pair = || 0..2u8;
    let step = prop_oneof![
        6 => (g(), prop::bool::weighted(0.8), prop::bool::weighted(0.8)).prop_map(|(at, all, yes)| Step::Take(0, at, all, yes)),
        2 => (g(), any::<bool>()).prop_map(|(at, all)| Step::Take(1, at, all, false)),
        2 => (pair(), g(), 1..120u8).prop_map(|(who, at, amount)| Step::Pay(who, at, 1 - who, amount)),
        6 => (pair(), g(), 0..3u8, any::<bool>()).prop_map(|(who, at, which, yes)| Step::Answer(who, at, which, yes)),
        3 => (pair(), g(), 0..2u8).prop_map(|(who, at, which)| Step::Reclaim(who, at, which)),
        4 => (g(), g()).prop_map(|(a, b)| Step::Meet(a, b)),
        2 => (pair(), g()).prop_map(|(who, at)| Step::Join(who, at)),
    ];
    prop::collection::vec(step, 1..most)
}

/// An entry: a record and in whose log it stands.
pub type Entry = (Word, GatewayId);

/// What a history leaves.
#[derive(Clone)]
pub struct World {
    pub desks: Vec<Desk>,
    pub log: Vec<Vec<Entry>>,
    pub rogue: Vec<Entry>,
    pub members: Vec<MemberId>,
    /// The common fund.
    pub pot: MemberId,
    pub story: String,
    /// Members who write on whatever end a gateway knows: they fork. The others have one pen.
    pub cheats: BTreeSet<u8>,
    /// By member: key by (epoch, key).
    hands: BTreeMap<u8, Vec<Hand>>,
    /// The ends of honest members' chains, as their phones know them.
    pens: BTreeMap<u8, (Link, Hand)>,
    words: BTreeMap<RecordId, Word>,
    next_hand: u8,
    /// What decisions have taken over.
    pub written_off: BTreeMap<MemberId, i64>,
}

impl World {
    /// A world where all have the founding and all guardians are named, before anything else happens.
    pub fn new(cheats: &[u8]) -> Self {
        let homes: Vec<GatewayId> = (0..MEMBERS).map(|n| gateway(u8::from(n == 1))).collect();
        let found = founding(&homes);
        let members: Vec<MemberId> = (0..MEMBERS).map(|n| MemberId::of_founder(&found.id, n)).collect();
        let mut world = Self {
            desks: (0..GATEWAYS).map(Desk::new).collect(),
            log: vec![Vec::new(); GATEWAYS.into()],
            rogue: Vec::new(),
            pot: members[0],
            members,
            story: String::new(),
            cheats: cheats.iter().copied().collect(),
            hands: (0..MEMBERS).map(|n| (n, vec![Hand(n)])).collect(),
            pens: BTreeMap::new(),
            words: BTreeMap::new(),
            next_hand: MEMBERS + 1,
            written_off: BTreeMap::new(),
        };
        world.keep(0, &found);
        let fund = Facts { custody: Custody::Pot, ..facts("fund", "h9", gateway(0)) };
        let fund = Word::new(Hand(MEMBERS), Body::Join(Join { covenant: found.id, facts: fund }));
        world.pot = MemberId(fund.id.0);
        world.keep(0, &fund);
        world.meet(1, 0);
        for n in 0..MEMBERS {
            let member = world.members[usize::from(n)];
            let link = Link { member, epoch: 0, seq: 1, prev: member.genesis() };
            let others: Vec<MemberId> = world.members.iter().filter(|other| **other != member).copied().collect();
            let facts = Facts {
                guardians: others,
                threshold: 3,
                ..facts(NAMES[usize::from(n)], &format!("h{n}"), homes[usize::from(n)])
            };
            let word = Word::new(Hand(n), Body::Facts(FactsChange { link, facts }));
            world.keep(u8::from(n == 1), &word);
            world.pens.insert(n, (Link { seq: 2, prev: word.id, ..link }, Hand(n)));
        }
        for other in 1..GATEWAYS {
            world.meet(0, other);
            world.meet(other, 0);
        }
        world.meet(0, 1);
        (2..GATEWAYS).for_each(|other| world.meet(other, 0));
        world
    }

    pub fn play(steps: &[Step], cheats: &[u8]) -> Self {
        thread_local!(static BEGINNING: World = World::new(&[]));
        let mut world = BEGINNING.with(World::clone);
        world.cheats = cheats.iter().copied().collect();
        world.play_more(steps);
        world
    }

    pub fn play_more(&mut self, steps: &[Step]) {
        steps.iter().for_each(|step| self.step(*step));
    }

    /// Every key a member has had.
    pub fn keys_of(&self, member: &MemberId) -> Vec<MemberKey> {
        let who = self.members.iter().position(|other| other == member);
        who.map_or_else(Vec::new, |who| self.hands[&(who as u8)].iter().map(|hand| hand.key()).collect())
    }

    /// The hand behind a member's key.
    pub fn hand_of(&self, who: u8, key: MemberKey) -> Hand {
        *self.hands[&who].iter().find(|hand| hand.key() == key).expect("one of his keys")
    }

    fn keep(&mut self, at: u8, word: &Word) {
        let desk = &mut self.desks[usize::from(at)];
        desk.post(word);
        self.log[usize::from(at)].push((word.clone(), desk.me));
        self.words.insert(word.id, word.clone());
    }

    /// What both know afterwards is the same.
    pub fn meet(&mut self, a: u8, b: u8) {
        let (a, b) = (usize::from(a), usize::from(b));
        if a == b {
            return;
        }
        let ids: Vec<BTreeSet<(RecordId, GatewayId)>> =
            [a, b].iter().map(|n| self.log[*n].iter().map(|(word, at)| (word.id, *at)).collect()).collect();
        for (to, from, known) in [(a, b, &ids[0]), (b, a, &ids[1])] {
            let news: Vec<Entry> =
                self.log[from].iter().filter(|(word, at)| !known.contains(&(word.id, *at))).cloned().collect();
            for (word, at) in news {
                self.desks[to].ledger.apply(word.said(at));
                self.log[to].push((word, at));
            }
        }
        // Home stamps what it has seen of its members.
        for to in [a, b] {
            for word in self.stamps(to) {
                self.keep(to as u8, &word);
            }
        }
    }

    fn stamps(&self, at: usize) -> Vec<Word> {
        let desk = &self.desks[at];
        let due = desk.ledger.stamps_due(&desk.me);
        due.into_iter().map(|record| Word::by(Author::Gateway, 0, Body::Stamp(Stamp { record }))).collect()
    }

    /// Everybody meets everybody.
    pub fn heal(&mut self) {
        for _ in 0..2 {
            for a in 0..GATEWAYS {
                for b in 0..a {
                    self.meet(a, b);
                }
            }
        }
    }

    /// Where a member would go on at a gateway: a cheat where it sees his end, an honest one where he knows it himself.
    fn pen(&self, who: u8, at: u8) -> Option<(Link, Hand)> {
        if !self.cheats.contains(&who) {
            return self.pens.get(&who).copied();
        }
        let member = self.members[usize::from(who)];
        let (head, seq, standing) = self.desks[usize::from(at)].ledger.head(&member)?;
        let hand = self.hands[&who].iter().find(|hand| hand.key() == standing.key)?;
        Some((Link { member, epoch: standing.epoch, seq: seq + 1, prev: head }, *hand))
    }

    /// Hands in a record; tells the story.
    fn post(&mut self, who: u8, at: u8, tale: String, body: impl FnOnce(Link) -> Body) -> Option<Word> {
        let (link, hand) = self.pen(who, at)?;
        let word = Word::new(hand, body(link));
        let desk = &mut self.desks[usize::from(at)];
        let outcome = desk.try_post(&word);
        let name = NAMES[usize::from(who)];
        let how = outcome.as_ref().map_or_else(|why| format!("refused: {why}"), |()| "kept".into());
        self.story += &format!("gateway {at}: {name} (record {} of epoch {}) {tale}: {how}\n", link.seq, link.epoch);
        outcome.ok()?;
        self.log[usize::from(at)].push((word.clone(), desk.me));
        self.words.insert(word.id, word.clone());
        self.pens.insert(who, (Link { seq: link.seq + 1, prev: word.id, ..link }, hand));
        Some(word)
    }

    fn pays(&self, at: u8) -> Vec<(RecordId, Pay)> {
        let body = |(word, _): &Entry| match &word.body {
            Body::Pay(pay) => Some((word.id, pay.clone())),
            _ => None,
        };
        self.log[usize::from(at)].iter().filter_map(body).collect()
    }

    /// How much the door would let him pay: it says so itself.
    fn left(&self, who: u8, at: u8, to: MemberId) -> Option<u64> {
        let (link, hand) = self.pen(who, at)?;
        let desk = &self.desks[usize::from(at)];
        let mut amount = AMOUNT_MAX;
        for _ in 0..2 {
            let word = Word::new(hand, pay(link, to, amount));
            match desk.ledger.admit(&desk.me, desk.age, word.author, word.id, &word.body) {
                Ok(()) => return Some(amount),
                Err(Refusal::OverLimit { limit } | Refusal::OverRoaming { limit, .. }) if limit > 0 => amount = limit,
                Err(_) => return None,
            }
        }
        Some(amount)
    }

    fn step(&mut self, step: Step) {
        let members = self.members.clone();
        let member = |who: u8| members[usize::from(who)];
        // The newest first: what was just said is what people, and cheats, answer.
        let pick = |which: u8, ids: Vec<RecordId>| {
            (!ids.is_empty()).then(|| ids[ids.len() - 1 - usize::from(which) % ids.len()])
        };
        match step {
            Step::Pay(who, at, to, amount) => {
                let (payee, name) = (member(to), NAMES[usize::from(to)]);
                self.post(who, at, format!("pays {name} {amount}"), |link| pay(link, payee, amount.into()));
            }
            Step::Answer(who, at, which, yes) => {
                let mine = self.pays(at).into_iter().filter(|(_, pay)| pay.to == member(who)).map(|(id, _)| id);
                let Some(pay) = pick(which, mine.collect()) else { return };
                let tale = format!("{} {}", if yes { "accepts" } else { "declines" }, pay.short());
                self.post(who, at, tale, |link| match yes {
                    true => Body::Accept(OnPay { link, pay }),
                    false => Body::Decline(OnPay { link, pay }),
                });
            }
            Step::Reclaim(who, at, which) => {
                let mine: BTreeSet<RecordId> = self
                    .pays(at)
                    .into_iter()
                    .filter(|(_, pay)| pay.link.member == member(who))
                    .map(|(id, _)| id)
                    .collect();
                let declines = self.log[usize::from(at)].iter().filter_map(|(word, _)| match &word.body {
                    Body::Decline(on) if mine.contains(&on.pay) => Some(word.id),
                    _ => None,
                });
                let Some(decline) = pick(which, declines.collect()) else { return };
                let tale = format!("reclaims {}", decline.short());
                self.post(who, at, tale, |link| Body::Reclaim(Reclaim { link, decline }));
            }
            Step::Meet(a, b) => {
                if a != b {
                    self.story += &format!("gateways {a} and {b} meet\n");
                    self.meet(a, b);
                }
            }
            Step::Rekey(who, at) => {
                let hand = Hand(self.next_hand);
                if self
                    .post(who, at, "changes his key".into(), |link| Body::Rekey(Rekey { link, key: hand.key() }))
                    .is_some()
                {
                    self.new_hand(who, hand, 1);
                }
            }
            Step::Join(who, at) => {
                let member = member(who);
                let ledger = &self.desks[usize::from(at)].ledger;
                let Some((head, ..)) = ledger.head(&member) else { return };
                let others: Vec<RecordId> = ledger.ends(&member).into_iter().filter(|end| *end != head).collect();
                let tale = format!("joins {} branches", others.len() + 1);
                self.post(who, at, tale, |link| Body::Resume(Resume { link, grounds: Grounds::Branches(others) }));
            }
            Step::Recover(who, at) => self.recover(who, at),
            Step::Dispute(who, at, which) => {
                let Some(pay) = pick(which, self.pays(at).into_iter().map(|(id, _)| id).collect()) else { return };
                let tale = format!("disputes {}", pay.short());
                self.post(who, at, tale, |link| Body::Dispute(Dispute { link, pay, text: "no".into() }));
            }
            Step::Decide(about, at, freeze) => {
                let (first, second) = ((about + 1) % MEMBERS, (about + 2) % MEMBERS);
                let (member, pot, unit) = (member(about), self.pot, UnitIndex(0));
                let epoch = self.desks[usize::from(at)].ledger.head(&member).map_or(0, |(_, _, now)| now.epoch);
                let action = match freeze {
                    true => Action::Freeze { member, epoch },
                    false => Action::WriteOff { member, pot, unit, amount: Amount(30) },
                };
                let tale = format!(
                    "proposes {} {}",
                    if freeze { "to freeze" } else { "to write off 30 of" },
                    NAMES[usize::from(about)]
                );
                let decide = |link| Body::Decide(Decide { link, action, text: "so".into() });
                let Some(decision) = self.post(first, at, tale, decide) else { return };
                let consent = |link| Body::Consent(Consent { link, decision: decision.id });
                if self.post(second, at, "consents".into(), consent).is_some() && !freeze {
                    *self.written_off.entry(self.pot).or_default() += 30;
                }
            }
            Step::Take(who, at, all, accepts) => {
                let to = if who == 0 { at + 1 } else { 0 };
                let Some(most) = self.left(who, at, member(to)) else { return };
                let amount = if all { most } else { most / 2 };
                if amount == 0 {
                    return;
                }
                let name = NAMES[usize::from(to)];
                let taken = self.post(who, at, format!("pays {name} {amount}"), |link| pay(link, member(to), amount));
                if let (Some(word), true) = (taken, accepts) {
                    let accept = |link| Body::Accept(OnPay { link, pay: word.id });
                    self.post(to, at, "accepts it".into(), accept);
                }
            }
            Step::Rogue(who, after, what, number) => self.rogue(who, after, what, number),
        }
    }

    fn new_hand(&mut self, who: u8, hand: Hand, epochs: u16) {
        self.next_hand += 1;
        self.hands.entry(who).or_default().push(hand);
        if let Some((link, pen)) = self.pens.get_mut(&who) {
            *pen = hand;
            link.epoch += epochs;
        }
    }

    /// All four others agree, so nothing waits.
    fn recover(&mut self, who: u8, at: u8) {
        let (member, hand) = (self.members[usize::from(who)], Hand(self.next_hand));
        let Some((base, seq, standing)) = self.desks[usize::from(at)].ledger.head(&member) else { return };
        let (epoch, home) = (standing.epoch + 1, standing.facts.home);
        let mut ids = Vec::new();
        for guardian in (0..MEMBERS).filter(|n| *n != who) {
            let tale = format!("gives {} a new key", NAMES[usize::from(who)]);
            let recover = |link| Body::Recover(Recover { link, member, base, key: hand.key(), home });
            ids.extend(self.post(guardian, at, tale, recover).map(|word| word.id));
        }
        let before = (self.pens.get(&who).copied(), self.cheats.contains(&who));
        self.cheats.remove(&who);
        self.pens.insert(who, (Link { member, epoch, seq: seq + 1, prev: base }, hand));
        let resume = |link| Body::Resume(Resume { link, grounds: Grounds::Guardians(ids) });
        let went_on = self.post(who, at, "goes on with a new key".into(), resume).is_some();
        if went_on {
            self.new_hand(who, hand, 0);
        } else if let Some(pen) = before.0 {
            self.pens.insert(who, pen);
        }
        if before.1 {
            self.cheats.insert(who);
        }
    }

    /// Any record after any of a member's, in a log that keeps no rule.
    fn rogue(&mut self, who: u8, after: u8, what: u8, number: u8) {
        self.cheats.insert(who);
        let member = self.members[usize::from(who)];
        let of = |word: &&Word| word.body.link().is_some_and(|link| link.member == member);
        let own: Vec<&Word> = self.words.values().filter(of).collect();
        let before = own[usize::from(after) % own.len()];
        let link = before.body.link().expect("of a chain");
        // Now and then with a wrong number, epoch or key.
        let shifts = matches!(before.body, Body::Rekey(_)) ^ what.is_multiple_of(29);
        let hands = &self.hands[&who];
        let key =
            if number.is_multiple_of(31) { usize::from(what) } else { usize::from(link.epoch) + usize::from(shifts) };
        let own = hands[key % hands.len()];
        let hand = if number % 13 == 5 { self.hands[&((who + 1) % MEMBERS)][0] } else { own };
        let link = Link {
            member,
            epoch: link.epoch + u16::from(shifts),
            seq: link.seq + 1 + u32::from(what % 23 == 22),
            prev: before.id,
        };
        let others: Vec<&Word> = self.words.values().collect();
        let some = others[usize::from(number) * 7 % others.len()].id;
        let to = self.members[usize::from(number) % self.members.len()];
        let body = match what % 12 {
            0..=4 => pay(link, to, u64::from(number) + 1),
            5 | 6 => Body::Accept(OnPay { link, pay: some }),
            7 => Body::Decline(OnPay { link, pay: some }),
            8 => Body::Reclaim(Reclaim { link, decline: some }),
            9 => Body::Resume(Resume { link, grounds: Grounds::Branches(vec![some]) }),
            10 => Body::Rekey(Rekey { link, key: hand.key() }),
            _ => Body::Leave(Leave { link }),
        };
        let word = Word::new(hand, body);
        self.story += &format!(
            "a rogue gateway logs of {} as record {}: {:?}\n",
            NAMES[usize::from(who)],
            link.seq,
            word.body.kind()
        );
        self.words.insert(word.id, word.clone());
        self.rogue.push((word, gateway(9)));
    }

    /// Every entry there is.
    pub fn entries(&self) -> Vec<Entry> {
        let mut all: BTreeMap<(RecordId, GatewayId), Word> = BTreeMap::new();
        for (word, at) in self.log.iter().flatten().chain(&self.rogue) {
            all.insert((word.id, *at), word.clone());
        }
        all.into_iter().map(|((_, at), word)| (word, at)).collect()
    }
}

/// A ledger of these entries.
pub fn fold<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Ledger {
    let mut ledger = Ledger::new(network());
    for (word, at) in entries {
        ledger.apply(Said { arrived: Age(0), ..word.said(*at) });
    }
    ledger
}

/// In an order that the numbers say.
pub fn shuffled(entries: &[Entry], turns: &[u16]) -> Vec<Entry> {
    let mut keyed: Vec<(u16, usize)> = (0..entries.len())
        .map(|n| (turns[n % turns.len()].wrapping_mul(n as u16 | 1).rotate_left(n as u32 % 16), n))
        .collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, n)| entries[n].clone()).collect()
}
