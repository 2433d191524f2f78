//! What households decide together after a fork: somebody goes on, and a fund takes over what is beyond his limit.

use commons_core::identity::RecordId;
use commons_core::record::*;

use super::community::{Pen, LIMIT};
use super::world::World;

/// Rounds of decisions until somebody is free, in the end: where branches are of several key epochs, one does not do.
const ROUNDS_MAX: usize = 4;
/// Frozen members that the others let go on in the end: it costs a simulated meeting each.
const FREED_MAX: usize = 2;

impl World {
    /// Somebody proposes that a frozen member go on from the end that is seen here, with what is settled.
    pub(super) fn propose_pardon(&mut self, at: usize, link: Link) -> Option<Body> {
        let ledger = self.ledger_at(at)?;
        let people = &self.community.people;
        let frozen: Vec<usize> = (0..people.len()).filter(|who| ledger.is_frozen(&people[*who].member)).collect();
        if frozen.is_empty() {
            return None;
        }
        let who = self.dice.pick(&frozen);
        let home = self.community.people[who].home;
        self.pardon(at, link, who, home)
    }

    fn pardon(&mut self, at: usize, link: Link, who: usize, home: usize) -> Option<Body> {
        let member = self.community.people[who].member;
        if member == link.member {
            return None;
        }
        let key = self.community.people[who].fresh_key()?;
        let key = self.community.people[who].public[key];
        let ledger = self.ledger_at(at)?;
        let (view, (base, seq, standing)) = (ledger.member(&member)?, ledger.head(&member)?);
        let positions = view.balances.iter().map(|balance| balance.settled).collect();
        let next = Link { member, epoch: standing.epoch + 1, seq: seq + 1, prev: base };
        let action = Action::Unfreeze { member, base, key, home: self.community.gateways[home], positions };
        self.community.after.insert(base, next);
        Some(Body::Decide(Decide { link, action, text: "go on".into() }))
    }

    /// The record with which a frozen member goes on here, if enough have agreed.
    pub(super) fn pardoned(&self, at: usize, who: usize) -> Option<(Pen, Body)> {
        let (person, ledger) = (&self.community.people[who], self.ledger_at(at)?);
        if !ledger.is_frozen(&person.member) {
            return None;
        }
        let ends = ledger.ends(&person.member);
        self.community.pardons.iter().rev().find_map(|pardon| {
            let Action::Unfreeze { member, base, key, home, .. } = &pardon.action else { return None };
            let here = *home == self.sites[at].id && ends.contains(base) && ledger.counts(&pardon.id);
            let consents = self.community.consents.iter().filter(|(to, id, _)| *to == pardon.id && ledger.counts(id));
            let consents: Vec<RecordId> = consents.map(|(_, id, _)| *id).take(GROUNDS_MAX).collect();
            if *member != person.member || !here || consents.is_empty() {
                return None;
            }
            let link = *self.community.after.get(base)?;
            let key = person.public.iter().position(|each| each == key)?;
            let grounds = Grounds::Decision { decision: pardon.id, consents };
            Some((Pen { link, key }, Body::Resume(Resume { link, grounds })))
        })
    }

    /// When all are linked again, two households can let anybody go on, everywhere.
    pub(super) fn let_everybody_go_on(&mut self) {
        let Some(first) = (0..self.sites.len()).find(|at| self.takes_part(*at)) else { return };
        let Some(ledger) = self.ledger_at(first) else { return };
        let stuck = |who: &usize| {
            let person = &self.community.people[*who];
            let left = ledger.head(&person.member).is_some_and(|(_, _, standing)| standing.left);
            ledger.is_frozen(&person.member) && !person.pot && !left
        };
        let stuck: Vec<usize> = (0..self.community.people.len()).filter(stuck).take(FREED_MAX).collect();
        let mut freed = Vec::new();
        for who in stuck {
            if self.let_go_on(first, who) {
                freed.push(who);
            }
        }
        if freed.is_empty() || self.broken.is_some() {
            return;
        }
        for _ in 0..3 {
            self.advance(3_000);
            self.tick_all();
        }
        if !self.come_to_rest() {
            return;
        }
        self.tally.freed += freed.len() as u64;
        for at in (0..self.sites.len()).filter(|at| self.takes_part(*at)).collect::<Vec<_>>() {
            let frozen = |who: &&usize| {
                let member = self.community.people[**who].member;
                self.ledger_at(at).is_some_and(|ledger| ledger.is_frozen(&member))
            };
            if let Some(who) = freed.iter().find(frozen) {
                let what = format!("p{who} is frozen at {at}");
                return self.fail("whom households let go on is free everywhere", what);
            }
        }
        self.check_ledgers();
    }

    /// A meeting about one member, at his home if that is still there.
    fn let_go_on(&mut self, first: usize, who: usize) -> bool {
        let (home, member) = (self.community.people[who].home, self.community.people[who].member);
        let at = if self.takes_part(home) && self.sites[home].run.is_some() { home } else { first };
        let Some(voices) = self.voices(at, who) else { return false };
        for _ in 0..ROUNDS_MAX {
            let Some(pen) = self.pen_at(at, voices[0]) else { return false };
            let Some(body) = self.pardon(at, pen.link, who, at) else { return false };
            if !self.agree(at, voices, pen, body) {
                return false;
            }
            let Some((pen, body)) = self.pardoned(at, who) else {
                self.fail("households can let anybody go on", format!("two agree about p{who}, and he cannot"));
                return false;
            };
            if !self.must_take(at, who, pen, body) {
                return false;
            }
            if self.ledger_at(at).is_some_and(|ledger| !ledger.is_frozen(&member)) {
                return self.write_off(at, voices, who);
            }
        }
        self.fail("households can let anybody go on", format!("p{who} is still frozen at {at}"));
        false
    }

    /// Two who may decide about somebody: not himself, not frozen, of two households.
    fn voices(&self, at: usize, about: usize) -> Option<[usize; 2]> {
        let ledger = self.ledger_at(at)?;
        let speaks = |who: &usize| {
            let person = &self.community.people[*who];
            let view = ledger.member(&person.member);
            let fine = view.is_some_and(|view| view.entered && !view.left && !view.frozen);
            *who != about && !person.pot && fine
        };
        let mut who = (0..self.community.people.len()).filter(speaks);
        Some([who.next()?, who.next()?])
    }

    /// One proposes, the other one consents.
    fn agree(&mut self, at: usize, [one, other]: [usize; 2], pen: Pen, body: Body) -> bool {
        if !self.must_take(at, one, pen, body) {
            return false;
        }
        let Some(decision) = self.community.decisions.last().copied() else { return false };
        let Some(pen) = self.pen_at(at, other) else { return false };
        self.must_take(at, other, pen, Body::Consent(Consent { link: pen.link, decision }))
    }

    /// What is beyond the limit is taken over by the fund: the balance moves, the position does not.
    fn write_off(&mut self, at: usize, voices: [usize; 2], who: usize) -> bool {
        let member = self.community.people[who].member;
        let sees = |world: &Self| -> Option<(i64, i64)> {
            let view = world.ledger_at(at)?.member(&member)?;
            view.balances.first().map(|balance| (balance.settled, balance.position))
        };
        let Some(pot) = self.community.people.iter().find(|person| person.pot).map(|person| person.member) else {
            return true;
        };
        let (Some(before), Some(pen)) = (sees(self), self.pen_at(at, voices[0])) else { return false };
        let debt = -LIMIT - before.0;
        if debt <= 0 || self.ledger_at(at).is_none_or(|ledger| ledger.member(&pot).is_none()) {
            return true;
        }
        let amount = Amount(debt as u64);
        let action = Action::WriteOff { member, pot, unit: UnitIndex(0), amount };
        if !self.agree(at, voices, pen, Body::Decide(Decide { link: pen.link, action, text: "so be it".into() })) {
            return false;
        }
        if sees(self) != Some((-LIMIT, before.1)) {
            let what = format!("p{who} was at {before:?}, {debt} were written off, and he is at {:?}", sees(self));
            self.fail("a write-off moves the balance and not the position", what);
        }
        true
    }

    /// Signs and hands in what must be taken.
    fn must_take(&mut self, at: usize, who: usize, pen: Pen, body: Body) -> bool {
        self.posted.posts += 1;
        let mark = self.posted.posts;
        let word = self.community.people[who].sign(&self.network, pen.key, mark, body);
        let took = self.hand_in(at, &word, who, None);
        if !took {
            let what = format!("{at} does not take {} of p{who}", word.kind.name());
            self.fail("households can let anybody go on", what);
        }
        took
    }
}
