//! A scheme played in a whole world: real nodes with signatures, batches, disks and links, all of which then heal.

use std::collections::BTreeMap;

use commons_core::codec::Author;
use commons_core::identity::{GatewayId, MemberId, MemberKey, MemberKeys, RecordId};
use commons_core::ledger::{Ledger, Refusal};
use commons_core::log::Age;
use commons_core::record::{Body, Link, UnitIndex};

use super::cheat::founding;
use super::community::{word, Pen, Person};
use super::plan::{Plan, Topology};
use super::report::Broken;
use super::scheme::{play, Move, Stage, RING};
use super::world::World;
use crate::seed::Dice;

/// What is under way arrives within this time.
const REST_MS: u64 = 600_000;
/// Home stamps what it heard within this time.
const STAMP_MS: u64 = 3_000;

/// What came of it.
pub struct Rehearsal {
    /// The lowest anybody settles at, on any gateway.
    pub worst: i64,
    /// What did not hold.
    pub broken: Option<Broken>,
    /// Every event in one line, if that was asked for.
    pub trace: String,
}

/// Plays a scheme. All gateways are apart but when it lets two meet.
pub fn rehearse(seed: u64, gateways: usize, scheme: &[Move], traced: bool) -> Rehearsal {
    let plan = Plan {
        gateways,
        topology: Topology::Mesh,
        steps: 0,
        troubles: Default::default(),
        trouble_every: 1,
        all_paired: true,
        frame_max: 262_144,
        members: true,
        library: false,
        liars: 0,
    };
    let mut world = World::new(plan, Dice::of(seed), traced);
    world.build(seed);
    world.gather();
    (0..gateways).for_each(|at| world.start(at));
    world.rest(REST_MS);
    if let Some(found) = world.community.found.clone() {
        world.hand_in(0, &found, 0, None);
    }
    world.rest(REST_MS);
    for edge in 0..world.edges.len() {
        world.set_open(edge, false);
    }
    world.rest(REST_MS);
    let mut hall = Hall { declines: Vec::new(), world };
    for step in scheme {
        hall.world.say(|| format!("{step:?}"));
        play(&mut hall, *step);
    }
    let mut world = hall.world;
    world.heal();
    let settled = |at: usize, who: usize| {
        let member = world.community.people[who].member;
        world.ledger_at(at).map_or(i64::MIN, |ledger| ledger.settled(&member, UnitIndex(0)))
    };
    let worst =
        (0..gateways).flat_map(|at| (0..RING).map(move |who| (at, who))).map(|(at, who)| settled(at, who)).min();
    Rehearsal { worst: worst.unwrap_or(0), broken: world.broken, trace: world.trace.unwrap_or_default() }
}

struct Hall {
    world: World,
    declines: Vec<(RecordId, RecordId)>,
}

impl World {
    /// The ring, and nobody else.
    fn gather(&mut self) {
        let homes: Vec<GatewayId> = self.sites.iter().map(|site| site.id).collect();
        let keys = || (0..RING).map(|who| MemberKeys::from_seed(&[who as u8 + 100; 32]));
        let public: Vec<MemberKey> = keys().map(|keys| keys.key()).collect();
        let body = Body::Found(founding(&homes, &public));
        let found = word(&self.network, &MemberKeys::from_seed(&[100; 32]), public[0], 1, body);
        for (who, keys) in keys().enumerate() {
            let member = MemberId::of_founder(&found.id, who as u8);
            let link = Link { member, epoch: 0, seq: 1, prev: member.genesis() };
            self.community.people.push(Person {
                member,
                seed: [0; 32],
                keys: vec![keys],
                public: vec![public[who]],
                home: who % 2 % homes.len(),
                homes: [who % 2 % homes.len()].into(),
                cheat: true,
                restored: false,
                pen: Pen { link, key: 0 },
                words: BTreeMap::new(),
                unsure: None,
                join: None,
                pot: false,
                loss: None,
            });
        }
        self.community.gateways = homes;
        self.community.found = Some(found);
    }
}

impl Stage for Hall {
    fn member(&self, who: usize) -> MemberId {
        self.world.community.people[who].member
    }

    fn ledger(&self, at: usize) -> &Ledger {
        self.world.ledger_at(at).expect("nobody loses power here")
    }

    fn refusal(&self, at: usize, who: usize, body: &Body) -> Option<Refusal> {
        let person = &self.world.community.people[who];
        let word = person.sign(&self.world.network, 0, self.world.posted.posts + 1, body.clone());
        let author = Author::Member(person.public[0]);
        self.ledger(at).admit(&self.world.sites[at].id, Age(0), author, word.id, body).err()
    }

    fn hand_in(&mut self, at: usize, who: usize, body: Body) -> Option<RecordId> {
        self.world.posted.posts += 1;
        let mark = self.world.posted.posts;
        let declined = if let Body::Decline(on) = &body { Some(on.pay) } else { None };
        let word = self.world.community.people[who].sign(&self.world.network, 0, mark, body);
        let took = self.world.hand_in(at, &word, who, None);
        self.world.rest(REST_MS);
        if !took {
            return None;
        }
        self.declines.extend(declined.map(|pay| (word.id, pay)));
        Some(word.id)
    }

    fn meet(&mut self, one: usize, other: usize) {
        let between = |ends: &[usize; 2]| ends.contains(&one) && ends.contains(&other);
        let edge = self.world.edges.iter().position(|edge| !edge.spare && between(&edge.ends));
        let Some(edge) = edge.filter(|_| one != other) else { return };
        self.world.set_open(edge, true);
        self.world.rest(REST_MS);
        for _ in 0..2 {
            self.world.advance(STAMP_MS);
            self.world.tick_all();
            self.world.rest(REST_MS);
        }
        self.world.set_open(edge, false);
        self.world.rest(REST_MS);
    }

    fn declines(&self) -> &[(RecordId, RecordId)] {
        &self.declines
    }
}
