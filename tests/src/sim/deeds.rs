//! What members do at gateways: pay, answer, take back, dispute, change keys, vouch, decide, and mend what split.

use commons_core::identity::{MemberId, RecordId};
use commons_core::ledger::{Ledger, MovementState};
use commons_core::node::{Input, Output};
use commons_core::receipt::Outcome;
use commons_core::record::*;
use commons_core::submission::{Sender, Submission};

use super::community::{Pen, Word};
use super::site::Waiting;
use super::world::World;

/// Of his own records that a gateway lacks, a phone hands in so many at once.
const CATCH_UP: usize = 8;

impl World {
    /// A member goes to a gateway.
    pub fn member_acts(&mut self) {
        let Some(found) = self.community.found.clone() else { return };
        let running: Vec<usize> = (0..self.sites.len()).filter(|at| self.sites[*at].run.is_some()).collect();
        if running.is_empty() {
            return;
        }
        let at = self.dice.pick(&running);
        let who = self.dice.below(self.community.people.len() as u64) as usize;
        // Most are at home most of the time.
        let person = &self.community.people[who];
        let at = if !person.cheat && self.dice.once_in(2) { person.home } else { at };
        let Some(ledger) = self.ledger_at(at) else { return };
        if ledger.covenants().next().is_none() {
            self.hand_in(at, &found, 0, None);
            return;
        }
        if self.dice.once_in(12) {
            return self.show_a_fork(at);
        }
        let person = &self.community.people[who];
        let Some(ledger) = self.ledger_at(at) else { return };
        match (ledger.head(&person.member).is_some(), &person.join, person.cheat) {
            (false, Some(join), _) if person.home == at => drop(self.hand_in(at, &join.clone(), who, None)),
            (false, ..) => {}
            (true, _, true) => self.cheat_acts(at, who),
            (true, _, false) if person.loss.is_some() => self.lost_acts(at, who),
            (true, _, false) => self.phone_acts(at, who),
        }
    }

    pub(super) fn ledger_at(&self, at: usize) -> Option<&Ledger> {
        self.sites[at].run.as_ref().map(|run| run.node.ledger())
    }

    /// Where a gateway sees the end of somebody's chain.
    pub(super) fn pen_at(&self, at: usize, who: usize) -> Option<Pen> {
        let person = &self.community.people[who];
        let (prev, seq, standing) = self.ledger_at(at)?.head(&person.member)?;
        let key = person.public.iter().position(|key| *key == standing.key)?;
        Some(Pen { link: Link { member: person.member, epoch: standing.epoch, seq: seq + 1, prev }, key })
    }

    fn cheat_acts(&mut self, at: usize, who: usize) {
        self.learn_home(at, who);
        if let Some((pen, body)) = self.pardoned(at, who) {
            return self.say_in_chain(at, who, pen, body, false);
        }
        let Some(pen) = self.pen_at(at, who) else { return };
        let Some(body) = self.some_deed(at, who, pen) else { return };
        self.say_in_chain(at, who, pen, body, false);
    }

    /// An honest phone: first it asks for its own head.
    pub(super) fn phone_acts(&mut self, at: usize, who: usize) {
        let Some(there) = self.pen_at(at, who) else { return };
        let person = &self.community.people[who];
        let known = |id: &RecordId| {
            person.words.values().any(|word| word.id == *id || word.link.is_some_and(|link| link.prev == *id))
        };
        let begins = there.link.prev == person.member.genesis();
        if there.link.prev == person.pen.link.prev {
            if let Some(word) = person.unsure.clone() {
                self.hand_in(at, &word, who, Some(who));
                return;
            }
            let pen = person.pen;
            self.learn_home(at, who);
            if let Some((pen, body)) = self.pardoned(at, who) {
                return self.say_in_chain(at, who, pen, body, true);
            }
            let Some(body) = self.some_deed(at, who, pen) else { return };
            return self.say_in_chain(at, who, pen, body, true);
        }
        if person.unsure.as_ref().is_some_and(|word| word.id == there.link.prev) {
            // It was kept, and only the answer was lost.
            let person = &mut self.community.people[who];
            if let Some(word) = person.unsure.take() {
                person.keep(word);
            }
            return;
        }
        if there.link.seq <= person.pen.link.seq && (begins || known(&there.link.prev)) {
            // This gateway has not heard of some of them, or has lost them.
            let missing = person.words.range(there.link.seq..).take(CATCH_UP).map(|(_, word)| word.clone());
            for word in missing.collect::<Vec<_>>() {
                self.hand_in(at, &word, who, None);
            }
            return;
        }
        if person.restored {
            // Its head is the gateway's now. Should the chain have split, home joins it.
            let split = self.ledger_at(at).is_some_and(|ledger| ledger.ends(&person.member).len() > 1);
            let newer = split && at == person.home || !split && there.link.seq > person.pen.link.seq;
            if newer && there.link.epoch >= person.pen.link.epoch {
                self.say(|| format!("the phone of p{who} learns its own head at {at}"));
                let person = &mut self.community.people[who];
                person.pen = there;
                person.unsure = None;
            }
            return;
        }
        let what = format!("p{who} at {at}: {:?} and {:?}", there.link, person.pen.link);
        self.fail("an honest chain has one writer", what);
    }

    /// Signs a record and hands it in. A phone waits for the answer before it signs another.
    pub(super) fn say_in_chain(&mut self, at: usize, who: usize, pen: Pen, body: Body, waits: bool) {
        self.posted.posts += 1;
        let mark = self.posted.posts;
        let word = self.community.people[who].sign(&self.network, pen.key, mark, body);
        if waits {
            self.community.people[who].unsure = Some(word.clone());
        }
        self.hand_in(at, &word, who, waits.then_some(who));
    }

    /// Hands a signed record to a machine. Says whether it took it; whoever waits hears that after the commit.
    pub(super) fn hand_in(&mut self, at: usize, word: &Word, who: usize, waits: Option<usize>) -> bool {
        self.posted.posts += 1;
        let post = self.posted.posts;
        let key = format!("mqtt:p{who}");
        let sender = Sender { key: key.clone(), person: key, once: String::new(), exempt: true };
        let Ok(submission) = Submission::parse(word.kind.name(), &word.bytes, sender) else {
            self.fail("the simulator's posts parse", format!("{word:?}"));
            return false;
        };
        self.say(|| format!("post {post} at {at}: p{who} {} {} {:?}", word.kind.name(), word.id.short(), word.link));
        if let Some(waiting) = waits {
            self.community.waiting.insert(post, (waiting, word.id));
            if let Some(word) = &mut self.community.people[waiting].unsure {
                word.tries += 1;
            }
        }
        let before = self.before(at, word);
        let outputs = self.input(at, Input::Submit(Box::new(submission)));
        let outcome: Option<Outcome> = outputs.into_iter().find_map(|output| match output {
            Output::Answer(outcome) => Some(outcome),
            _ => None,
        });
        let (Some(outcome), Some(run)) = (outcome, &mut self.sites[at].run) else { return false };
        let took = outcome.is_ok();
        run.answers.push(Waiting { post, outcome, lifetime_s: 0 });
        if took {
            self.community.taken(word, who, self.now_ms);
            if let Some(before) = before {
                self.check_promises(at, word, &before);
            }
        }
        took
    }

    /// A phone hears what became of its post.
    pub(super) fn phone_hears(&mut self, post: u64, took: bool) {
        let Some((who, id)) = self.community.waiting.remove(&post) else { return };
        let person = &mut self.community.people[who];
        if person.unsure.as_ref().is_none_or(|word| word.id != id) {
            return;
        }
        match (took, person.unsure.take()) {
            (true, Some(word)) => person.keep(word),
            // Some other gateway may have it: nothing else with this number is ever signed.
            (false, Some(word)) if word.tries > 1 => person.unsure = Some(word),
            _ => {}
        }
    }

    /// Somebody carries two records of one chain with one number to a gateway.
    fn show_a_fork(&mut self, at: usize) {
        let twice: Vec<(Vec<u8>, Vec<u8>)> = self
            .community
            .signed
            .values()
            .filter_map(|words| {
                let mut words = words.values();
                Some((words.next()?.clone(), words.next()?.clone()))
            })
            .collect();
        if twice.is_empty() {
            return;
        }
        let (first, second) = twice[self.dice.below(twice.len() as u64) as usize].clone();
        let bearer =
            self.community.people.iter().position(|person| !person.cheat && person.join.is_none()).unwrap_or(0);
        self.posted.posts += 1;
        let mark = self.posted.posts;
        let proof = Body::ForkProof(ForkProof { first, second });
        let word = self.community.people[bearer].sign(&self.network, 0, mark, proof);
        self.hand_in(at, &word, bearer, None);
    }

    /// A phone is set back to what it was some time ago.
    pub(super) fn restore_phone(&mut self) {
        let honest = |who: &usize| {
            let person = &self.community.people[*who];
            !person.cheat && !person.words.is_empty() && person.loss.is_none()
        };
        let people: Vec<usize> = (0..self.community.people.len()).filter(honest).collect();
        if people.is_empty() {
            return;
        }
        let who = self.dice.pick(&people);
        let person = &mut self.community.people[who];
        let numbers: Vec<u32> = person.words.keys().copied().collect();
        let last = self.dice.pick(&numbers);
        person.words.split_off(&(last + 1));
        person.restored = true;
        person.unsure = None;
        if let Some(word) = person.words.get(&last).cloned() {
            person.pen = person.after(&word).unwrap_or(person.pen);
        }
        self.say(|| format!("the phone of p{who} is set back to record {last}"));
    }

    /// What this person may want to say here.
    fn some_deed(&mut self, at: usize, who: usize, pen: Pen) -> Option<Body> {
        let people = self.community.people.len() as u64;
        let (link, me) = (pen.link, pen.link.member);
        let other = (who as u64 + 1 + self.dice.below(people - 1)) % people;
        let other = self.community.people[other as usize].member;
        if self.community.people[who].pot {
            return None;
        }
        let ledger = self.ledger_at(at)?;
        let view = ledger.member(&me)?;
        if view.left {
            return self.answer(at, link);
        }
        if let Some(body) = self.stand_by(at, link) {
            return Some(body);
        }
        let ledger = self.ledger_at(at)?;
        if !view.entered {
            return self.enter(link, who);
        }
        let ends = ledger.ends(&me);
        if ends.len() > 1 && self.community.people[who].home == at {
            let others = ends.into_iter().filter(|end| *end != link.prev).collect();
            return Some(Body::Resume(Resume { link, grounds: Grounds::Branches(others) }));
        }
        Some(match self.dice.below(30) {
            0..=8 => {
                let unit = UnitIndex(u8::from(self.dice.once_in(6)));
                let balance = view.balances.get(usize::from(unit.0))?;
                let is_home = self.community.people[who].home == at;
                let room = (balance.position + balance.limit).max(0) as u64;
                let most = if is_home { room } else { room.min(balance.roaming_limit as u64) };
                let usual = if self.dice.once_in(8) { 150 } else { most.max(2) / 2 };
                let some = 1 + self.dice.below(usual);
                // Cheats, and some others, go to the end of what they may.
                let all = most > 0 && self.dice.once_in(3);
                let amount = Amount(if all { most } else { some });
                Body::Pay(Pay { link, to: other, unit, amount, answers: None, item: None, memo: String::new() })
            }
            9..=16 => self.answer(at, link)?,
            17 => {
                let mine = |(_, pay): &&(RecordId, RecordId)| self.community.payments.get(pay) == Some(&me);
                let declines: Vec<RecordId> = self.community.declines.iter().filter(mine).map(|(id, _)| *id).collect();
                let decline = *declines.get(self.dice.below(declines.len() as u64) as usize)?;
                Body::Reclaim(Reclaim { link, decline })
            }
            18 => {
                let ledger = self.ledger_at(at)?;
                let pays: Vec<RecordId> = ledger.history(&me).iter().map(|movement| movement.id).collect();
                let pay = *pays.get(self.dice.below(pays.len() as u64) as usize)?;
                Body::Dispute(Dispute { link, pay, text: "no".into() })
            }
            19 => {
                let person = &mut self.community.people[who];
                let key = person.fresh_key()?;
                Body::Rekey(Rekey { link, key: person.public[key] })
            }
            20 => self.propose(at, link, other)?,
            21 | 22 => {
                let decisions = &self.community.decisions;
                let decision = *decisions.get(self.dice.below(decisions.len() as u64) as usize)?;
                Body::Consent(Consent { link, decision })
            }
            24 | 25 => self.change_facts(at, link)?,
            26 => self.leave(link)?,
            27 => self.propose_pardon(at, link)?,
            28 => {
                let pardon = self.community.pardons.last()?;
                Body::Consent(Consent { link, decision: pardon.id })
            }
            _ => {
                let newcomer = self.community.people.iter().find(|person| person.join.is_some() && !person.pot)?;
                Body::Vouch(Vouch { link, member: newcomer.member })
            }
        })
    }

    /// Says yes or no to a payment.
    fn answer(&mut self, at: usize, link: Link) -> Option<Body> {
        let ledger = self.ledger_at(at)?;
        let open = |movement: &&commons_core::ledger::Movement| {
            movement.amount > 0 && movement.state == MovementState::Pending
        };
        let pays: Vec<RecordId> =
            ledger.history(&link.member).iter().filter(open).map(|movement| movement.id).collect();
        let pay = *pays.get(self.dice.below(pays.len() as u64) as usize)?;
        let on = OnPay { link, pay };
        Some(if self.dice.once_in(4) { Body::Decline(on) } else { Body::Accept(on) })
    }

    /// Households may freeze a cheat, or write off some of anybody's debt.
    fn propose(&mut self, at: usize, link: Link, about: MemberId) -> Option<Body> {
        let epoch = self.ledger_at(at)?.head(&about)?.2.epoch;
        let pot = self.community.people.iter().find(|person| person.pot)?.member;
        let is_cheat = self.community.person(&about).is_some_and(|person| person.cheat);
        let action = if is_cheat && self.dice.once_in(2) {
            Action::Freeze { member: about, epoch }
        } else {
            Action::WriteOff { member: about, pot, unit: UnitIndex(0), amount: Amount(10) }
        };
        Some(Body::Decide(Decide { link, action, text: "so".into() }))
    }

    /// A newcomer shows two vouches.
    fn enter(&mut self, link: Link, who: usize) -> Option<Body> {
        let me = self.community.people[who].member;
        let mut vouches = self.community.vouches.iter().filter(|(_, of, _)| *of == me);
        let (first, _, by) = *vouches.next()?;
        let (second, ..) = *vouches.find(|(_, _, other)| *other != by)?;
        Some(Body::Enter(Enter { link, first, second }))
    }
}
