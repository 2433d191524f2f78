//! What happens to a member's key and home: guardians name a new key, the old one objects, a home is left for another, and
//! somebody leaves for good.

use commons_core::record::*;

use super::community::{Loss, Pen, Recovery};
use super::world::World;

/// Guardians somebody names.
const GUARDIANS: usize = 3;
/// How many of them it takes.
const THRESHOLD: u8 = 2;

impl World {
    /// A phone falls into the river, or people only believe so.
    pub(super) fn lose_phone(&mut self) {
        let guarded = |who: &usize| {
            let person = &self.community.people[*who];
            let view = self.ledger_at(person.home).and_then(|ledger| ledger.member(&person.member));
            let guarded = view.is_some_and(|view| !view.guardians.is_empty() && !view.left);
            !person.cheat && person.loss.is_none() && guarded
        };
        let people: Vec<usize> = (0..self.community.people.len()).filter(guarded).collect();
        if people.is_empty() {
            return;
        }
        let who = self.dice.pick(&people);
        let (alive, stays) = (self.dice.once_in(3), self.dice.once_in(2));
        let elsewhere = self.dice.below(self.plan.gateways as u64) as usize;
        let person = &mut self.community.people[who];
        let Some(key) = person.fresh_key() else { return };
        let home = if stays { person.home } else { elsewhere };
        person.loss = Some(Loss { key, home, alive });
        if !alive {
            person.unsure = None;
        }
        self.say(|| {
            format!("the phone of p{who} {}; guardians want him at {home}", if alive { "is missed" } else { "is lost" })
        });
    }

    /// A member's own gateway says where he is at home.
    pub(super) fn learn_home(&mut self, at: usize, who: usize) {
        let member = self.community.people[who].member;
        let Some(view) = self.ledger_at(at).and_then(|ledger| ledger.member(&member)) else { return };
        let home = self.community.gateways.iter().position(|gateway| *gateway == view.home);
        if let Some(home) = home {
            self.community.people[who].home = home;
        }
    }

    /// Somebody whose key is lost, or believed to be: the new key tries to go on, or the old one speaks.
    pub(super) fn lost_acts(&mut self, at: usize, who: usize) {
        let person = &self.community.people[who];
        let Some(loss) = person.loss else { return };
        let goes_on = person.unsure.as_ref().is_some_and(|word| word.kind == Kind::Resume);
        if !loss.alive || goes_on {
            return self.claim(who, loss);
        }
        if self.dice.once_in(2) {
            return self.phone_acts(at, who);
        }
        if self.community.people[who].unsure.is_none() {
            self.claim(who, loss);
        }
    }

    /// The new key goes on at its home, as soon as it is let.
    fn claim(&mut self, who: usize, loss: Loss) {
        let at = loss.home;
        let (hasty, late) = (self.dice.once_in(6), self.dice.once_in(4));
        let person = &self.community.people[who];
        let Some(ledger) = self.ledger_at(at) else { return };
        let Some((head, _, standing)) = ledger.head(&person.member) else { return };
        if let Some(word) = person.unsure.clone() {
            if ledger.counts(&word.id) {
                self.community.people[who].keep(word);
            } else if word.link.is_some_and(|link| link.prev != head) && self.sites[at].forgot == 0 {
                // The chain went on without it, and nobody else would ever take it.
                self.community.people[who].unsure = None;
            } else {
                self.hand_in(at, &word, who, Some(who));
            }
            return;
        }
        let (key, home) = (person.public[loss.key], self.community.gateways[loss.home]);
        let fits = |each: &&Recovery| {
            let Recover { member, key: named, home: at, .. } = &each.body;
            (member, named, at) == (&person.member, &key, &home) && ledger.counts(&each.id)
        };
        let said: Vec<&Recovery> = self.community.recoveries.iter().filter(fits).collect();
        // Mostly from where the chain ends; sometimes from where it ended when somebody objected.
        let current = said.iter().find(|each| each.body.base == head).filter(|_| !late);
        let Some(base) = current.or(said.last()).map(|each| each.body.base) else { return };
        let words: Vec<&&Recovery> = said.iter().filter(|each| each.body.base == base).collect();
        if words.len() < usize::from(standing.facts.threshold) && !hasty {
            return;
        }
        let grounds = Grounds::Guardians(words.iter().take(GROUNDS_MAX).map(|each| each.id).collect());
        let Some(link) = self.community.after.get(&base).copied() else { return };
        self.say_in_chain(at, who, Pen { link, key: loss.key }, Body::Resume(Resume { link, grounds }), true);
    }

    /// A guardian gives his word, or a phone that is there objects.
    pub(super) fn stand_by(&mut self, at: usize, link: Link) -> Option<Body> {
        let lost: Vec<usize> =
            (0..self.community.people.len()).filter(|who| self.community.people[*who].loss.is_some()).collect();
        if lost.is_empty() || !self.dice.once_in(2) {
            return None;
        }
        let (who, odd) = (self.dice.pick(&lost), self.dice.once_in(8));
        let person = &self.community.people[who];
        let (loss, ledger) = (person.loss?, self.ledger_at(at)?);
        let recoveries = &self.community.recoveries;
        if person.member == link.member {
            let heard = |each: &&Recovery| each.body.member == link.member && ledger.counts(&each.id);
            let recover = recoveries.iter().rev().find(heard)?.id;
            return Some(Body::Veto(Veto { link, recover }));
        }
        let (base, seq, standing) = ledger.head(&person.member)?;
        let guards = standing.facts.guardians.contains(&link.member);
        let key = person.public[loss.key];
        let said = |each: &Recovery| each.by == link.member && (each.body.base, each.body.key) == (base, key);
        if recoveries.iter().any(said) || (!guards && !odd) {
            return None;
        }
        let member = person.member;
        let next = Link { member, epoch: standing.epoch + 1, seq: seq + 1, prev: base };
        self.community.after.insert(base, next);
        Some(Body::Recover(Recover { link, member, base, key, home: self.community.gateways[loss.home] }))
    }

    /// Somebody names guardians, or moves home. Only his home takes that.
    pub(super) fn change_facts(&mut self, at: usize, link: Link) -> Option<Body> {
        let count = self.community.people.len();
        let (moves, odd) = (self.dice.once_in(3), self.dice.once_in(8));
        let (to, first) = (self.dice.below(self.plan.gateways as u64) as usize, self.dice.below(count as u64) as usize);
        let ledger = self.ledger_at(at)?;
        let view = ledger.member(&link.member)?;
        if view.home != self.sites[at].id && !odd {
            return None;
        }
        let mut facts = Facts {
            pseudonym: view.pseudonym,
            household: view.household,
            home: view.home,
            guardians: view.guardians,
            threshold: view.threshold,
            custody: view.custody,
        };
        if moves {
            facts.home = self.community.gateways[to];
        } else {
            let people = self.community.people.iter().cycle().skip(first).take(count);
            let others = people.filter(|person| person.member != link.member && !person.pot);
            let others = others.map(|person| person.member).filter(|member| ledger.member(member).is_some());
            facts.guardians = others.take(GUARDIANS).collect();
            facts.threshold = THRESHOLD;
            if facts.guardians.len() < GUARDIANS {
                return None;
            }
        }
        Some(Body::Facts(FactsChange { link, facts }))
    }

    /// Now and then one leaves; if too many did, nobody would be left to decide anything.
    pub(super) fn leave(&mut self, link: Link) -> Option<Body> {
        (self.community.left.is_empty() && self.dice.once_in(3)).then_some(Body::Leave(Leave { link }))
    }
}
