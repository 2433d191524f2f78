//! An adversary that looks for the worst settled balance: by greed, by climbing, and then once more in a whole world.
//!
//! Greed takes the move after which somebody settles lowest, again and again. Climbing changes a scheme in one place and
//! keeps what is no worse. Both may be wrong about what is best; so the bound of the design is checked from both sides: it
//! must be reached to the last part, and never passed.

use std::collections::BTreeSet;

use commons_core::codec::{encode_record, record_id, Author};
use commons_core::identity::{GatewayId, GatewayKeys, MemberId, MemberKey, MemberKeys, NetworkId, RecordId};
use commons_core::ledger::{Ledger, Refusal, Said};
use commons_core::log::Age;
use commons_core::record::{Body, Custody, Found as Covenant, Founder, Mark, Record, Stamp, UnitIndex, RECORD_VERSION};

use super::community::{facts, units, LIMIT, ROAMING_PERCENT};
use super::scheme::{play, Move, Stage, RING};
use super::site::START_S;
use crate::seed::Dice;

/// Schemes tried from one beginning without getting lower.
const PATIENCE: u32 = 300;

/// What was found for one number of gateways.
#[derive(Clone, Debug)]
pub struct Found {
    /// How many.
    pub gateways: usize,
    /// -(limit + share x (gateways - 1)).
    pub bound: i64,
    /// The worst that greed found.
    pub greedy: i64,
    /// The worst that climbing found from nothing.
    pub climbed: i64,
    /// And from what greed had found.
    pub further: i64,
    /// The worst scheme.
    pub scheme: Vec<Move>,
    /// Schemes tried.
    pub tried: u64,
}

impl Found {
    /// The worst of all.
    pub fn worst(&self) -> i64 {
        self.greedy.min(self.climbed).min(self.further)
    }
}

/// The least anybody can settle at.
pub fn bound(gateways: usize) -> i64 {
    -(LIMIT + LIMIT * i64::from(ROAMING_PERCENT) / 100 * (gateways as i64 - 1))
}

/// Looks for the worst, with so many schemes.
pub fn search(seed: u64, gateways: usize, schemes: u64) -> Found {
    let mut dice = Dice::of(seed ^ gateways as u64);
    let beginning = Bare::new(gateways);
    let mut tried = 0;
    let (greedy, greedy_scheme) = be_greedy(&mut dice, &beginning, &mut tried);
    let (mut climbed, mut further, mut scheme) = (0, greedy, Vec::new());
    let (half, end) = (tried + schemes / 2, tried + schemes);
    while tried < end {
        // From nothing first, so that climbing owes nothing to greed; then from what greed found, to pass it.
        let (first, until) = if tried < half { (Vec::new(), half) } else { (greedy_scheme.clone(), end) };
        let (worst, moves) = climb(&mut dice, &beginning, first, &mut tried, until);
        if worst < climbed && until == half {
            climbed = worst;
        }
        if worst < further.min(climbed) || scheme.is_empty() {
            scheme = moves;
        }
        further = further.min(worst);
    }
    if greedy <= further {
        scheme = greedy_scheme;
    }
    Found { gateways, bound: bound(gateways), greedy, climbed, further, scheme, tried }
}

/// A founding record: the ring and nobody else, at home at the first two gateways.
pub fn founding(homes: &[GatewayId], keys: &[MemberKey]) -> Covenant {
    let founder = |(who, key): (usize, &MemberKey)| Founder {
        key: *key,
        facts: facts(&format!("p{who}"), &format!("h{who}"), homes[who % 2 % homes.len()], Custody::Own),
    };
    Covenant {
        name: "cheats".into(),
        units: units(),
        roaming_percent: ROAMING_PERCENT,
        quorum: 2,
        recovery_delay_s: 0,
        founders: keys.iter().enumerate().map(founder).collect(),
    }
}

fn be_greedy(dice: &mut Dice, beginning: &Bare, tried: &mut u64) -> (i64, Vec<Move>) {
    let (mut now, mut moves, mut worst) = (beginning.clone(), Vec::new(), 0);
    for _ in 0..2 * beginning.gateways.len() {
        let mut best: Option<(i64, Bare, Move)> = None;
        for step in every_grab(beginning.gateways.len()) {
            let mut next = now.clone();
            play(&mut next, step);
            *tried += 1;
            let settled = next.worst();
            let better =
                best.as_ref().is_none_or(|(known, ..)| settled < *known || settled == *known && dice.once_in(3));
            if better {
                best = Some((settled, next, step));
            }
        }
        let Some((settled, next, step)) = best.filter(|(settled, ..)| *settled < worst) else { break };
        (now, worst) = (next, settled);
        moves.push(step);
    }
    (worst, moves)
}

fn every_grab(gateways: usize) -> Vec<Move> {
    let mut moves = Vec::new();
    for at in 0..gateways {
        for (who, to) in [(0, 1), (0, 2), (1, 0)] {
            moves.extend([1, 2].map(|part| Move::Grab { who, to, at, part, accepts: true }));
        }
    }
    moves
}

fn climb(dice: &mut Dice, beginning: &Bare, first: Vec<Move>, tried: &mut u64, end: u64) -> (i64, Vec<Move>) {
    let gateways = beginning.gateways.len();
    let (mut moves, mut stuck) = (first, 0);
    let mut worst = beginning.after(&moves).worst();
    while stuck < PATIENCE && *tried < end {
        let mut other = moves.clone();
        for _ in 0..=dice.below(3) {
            change(dice, gateways, &mut other);
        }
        *tried += 1;
        let settled = beginning.after(&other).worst();
        stuck = if settled < worst { 0 } else { stuck + 1 };
        // What is as bad may lead on; the shorter scheme is the clearer one.
        if settled < worst || (settled == worst && (other.len() <= moves.len() || dice.once_in(2))) {
            (worst, moves) = (settled, other);
        }
    }
    (worst, moves)
}

/// One change to a scheme.
fn change(dice: &mut Dice, gateways: usize, moves: &mut Vec<Move>) {
    let length = moves.len() as u64;
    let place = dice.below(length + 1) as usize;
    match dice.below(5) {
        0 if length > 0 => drop(moves.remove(dice.below(length) as usize)),
        1 if length > 1 => moves.swap(dice.below(length) as usize, dice.below(length) as usize),
        2 if length > 0 => moves[dice.below(length) as usize] = some_move(dice, gateways),
        _ if length < 8 * gateways as u64 => moves.insert(place, some_move(dice, gateways)),
        _ => moves.truncate(place),
    }
}

fn some_move(dice: &mut Dice, gateways: usize) -> Move {
    let (who, to) = (dice.below(RING as u64) as usize, dice.below(RING as u64) as usize);
    let (at, other) = (dice.below(gateways as u64) as usize, dice.below(gateways as u64) as usize);
    match dice.below(12) {
        0..=5 => Move::Grab { who, to, at, part: dice.pick(&[1, 1, 2, 4]), accepts: !dice.once_in(4) },
        6 | 7 => Move::Answer { who, at, yes: dice.once_in(2) },
        8 => Move::Reclaim { who, at },
        9 => Move::Join { who, at },
        _ => Move::Meet(at, other),
    }
}

/// Bare ledgers with doors, and what each gateway has logged or heard.
#[derive(Clone)]
struct Bare {
    gateways: Vec<GatewayId>,
    ledgers: Vec<Ledger>,
    /// Of each gateway: records and in whose log they stand.
    logs: Vec<Vec<(RecordId, GatewayId)>>,
    records: Vec<(RecordId, Author, Body)>,
    members: Vec<MemberId>,
    keys: Vec<MemberKey>,
    declines: Vec<(RecordId, RecordId)>,
}

impl Bare {
    fn new(count: usize) -> Self {
        let gateways: Vec<GatewayId> = (0..count).map(|at| GatewayKeys::from_seed(&[at as u8 + 1; 32]).id()).collect();
        let keys: Vec<MemberKey> = (0..RING).map(|who| MemberKeys::from_seed(&[who as u8 + 100; 32]).key()).collect();
        let mut bare = Self {
            ledgers: vec![Ledger::new(network()); count],
            logs: vec![Vec::new(); count],
            gateways,
            records: Vec::new(),
            members: Vec::new(),
            keys,
            declines: Vec::new(),
        };
        let body = Body::Found(founding(&bare.gateways, &bare.keys));
        let found = bare.keep(0, Author::Member(bare.keys[0]), body);
        bare.members = (0..RING).map(|who| MemberId::of_founder(&found, who as u8)).collect();
        (1..count).for_each(|at| bare.meet(0, at));
        bare
    }

    fn after(&self, moves: &[Move]) -> Self {
        let mut bare = self.clone();
        moves.iter().for_each(|step| play(&mut bare, *step));
        bare
    }

    fn id_of(&self, author: Author, body: &Body) -> RecordId {
        let mark = Mark { sender: 0, content: self.records.len() as u64 };
        let bytes = encode_record(&Record { version: RECORD_VERSION, created: START_S, mark, body: body.clone() });
        record_id(&network(), &GatewayId([0; 32]), &author, &bytes)
    }

    fn keep(&mut self, at: usize, author: Author, body: Body) -> RecordId {
        let id = self.id_of(author, &body);
        self.records.push((id, author, body));
        self.hear(at, id, self.gateways[at]);
        id
    }

    fn hear(&mut self, at: usize, id: RecordId, gateway: GatewayId) {
        let Some((_, author, body)) = self.records.iter().find(|(known, ..)| *known == id) else { return };
        self.ledgers[at].apply(Said { id, author: *author, gateway, arrived: Age(0), created: START_S, body });
        self.logs[at].push((id, gateway));
    }

    /// The lowest anybody settles at once everybody has heard everything.
    fn worst(&self) -> i64 {
        let mut all = self.clone();
        (1..all.gateways.len()).for_each(|at| all.tell(at, 0));
        let settled = |member| all.ledgers[0].settled(member, UnitIndex(0));
        all.members.iter().map(settled).min().unwrap_or(0)
    }

    fn tell(&mut self, from: usize, to: usize) {
        let known: BTreeSet<(RecordId, GatewayId)> = self.logs[to].iter().copied().collect();
        let news: Vec<_> = self.logs[from].iter().copied().filter(|entry| !known.contains(entry)).collect();
        news.into_iter().for_each(|(id, gateway)| self.hear(to, id, gateway));
    }
}

fn network() -> NetworkId {
    NetworkId::of("cheat")
}

impl Stage for Bare {
    fn member(&self, who: usize) -> MemberId {
        self.members[who]
    }

    fn ledger(&self, at: usize) -> &Ledger {
        &self.ledgers[at]
    }

    fn refusal(&self, at: usize, who: usize, body: &Body) -> Option<Refusal> {
        let author = Author::Member(self.keys[who]);
        self.ledgers[at].admit(&self.gateways[at], Age(0), author, self.id_of(author, body), body).err()
    }

    fn hand_in(&mut self, at: usize, who: usize, body: Body) -> Option<RecordId> {
        if self.refusal(at, who, &body).is_some() {
            return None;
        }
        let declined = if let Body::Decline(on) = &body { Some(on.pay) } else { None };
        let id = self.keep(at, Author::Member(self.keys[who]), body);
        self.declines.extend(declined.map(|pay| (id, pay)));
        Some(id)
    }

    fn meet(&mut self, one: usize, other: usize) {
        if one == other {
            return;
        }
        self.tell(one, other);
        self.tell(other, one);
        for at in [one, other] {
            for record in self.ledgers[at].stamps_due(&self.gateways[at]) {
                self.keep(at, Author::Gateway, Body::Stamp(Stamp { record }));
            }
        }
    }

    fn declines(&self) -> &[(RecordId, RecordId)] {
        &self.declines
    }
}
