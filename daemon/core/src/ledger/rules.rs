//! The rules: whether a record counts, given the records it names. The same answer everywhere and for ever.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::chain::{Deed, Entry, Resumed};
use super::decision::agreed;
use super::fork::Proof;
use super::posting::Payment;
use super::{Ledger, Refusal, Standing, BRANCHES_MAX, COVENANTS_MAX, RECORDS_MAX};
use crate::codec::Author;
use crate::identity::{MemberId, MemberKey, RecordId};
use crate::record::*;

/// A record that counts, as the ledger takes it in.
pub(super) enum Judged {
    Found(Found),
    Chain(Box<Entry>),
    Proof(MemberId, Proof),
    Stamp(RecordId),
    Checkpoint(u64, [u8; 32]),
}

/// Why it does not count, or not yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The record that this field names is not here.
    Missing(RecordId, &'static str),
    Refused(Refusal),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What a record of a chain is judged by.
struct Turn<'a> {
    key: MemberKey,
    link: &'a Link,
    /// Where the member stood before it.
    before: Standing,
    found: &'a Found,
}

impl Ledger {
    /// Whether this record counts. Depends on the records it names and on nothing else, but for the limits of memory.
    pub(super) fn judge(&self, id: RecordId, author: Author, body: &Body) -> Result<Judged, Stop> {
        if self.entries.len() >= RECORDS_MAX {
            return Err(Refusal::Full { what: "records", limit: RECORDS_MAX as u64 }.into());
        }
        match (body, author) {
            (Body::ForkProof(proof), _) => self.judge_proof(proof),
            (Body::Stamp(stamp), Author::Gateway) => match self.entries.contains_key(&stamp.record) {
                true => Ok(Judged::Stamp(stamp.record)),
                false => Err(Stop::Missing(stamp.record, "record")),
            },
            (Body::Checkpoint(said), Author::Gateway) => Ok(Judged::Checkpoint(said.records, said.digest)),
            (Body::Stamp(_) | Body::Checkpoint(_), _) => Err(Refusal::GatewaysOnly.into()),
            (Body::Found(found), Author::Member(key)) => {
                if !found.founders.iter().any(|founder| founder.key == key) {
                    return Err(Refusal::NotAFounder.into());
                }
                if self.covenants.len() >= COVENANTS_MAX && !self.covenants.contains_key(&id) {
                    return Err(Refusal::Full { what: "communities", limit: COVENANTS_MAX as u64 }.into());
                }
                Ok(Judged::Found(found.clone()))
            }
            (Body::Join(join), Author::Member(key)) => self.judge_join(id, key, join),
            (body, Author::Member(key)) => match body.link() {
                Some(link) => self.judge_next(id, key, link, body),
                None => Err(Refusal::MembersOnly.into()),
            },
            _ => Err(Refusal::MembersOnly.into()),
        }
    }

    fn judge_join(&self, id: RecordId, key: MemberKey, join: &Join) -> Result<Judged, Stop> {
        let found = self.covenants.get(&join.covenant).ok_or(Stop::Missing(join.covenant, "covenant"))?;
        let member = MemberId(id.0);
        self.check_guardians(&member, &join.covenant, &join.facts)?;
        let standing = Standing {
            covenant: join.covenant,
            facts: join.facts.clone(),
            key,
            epoch: 0,
            entered: false,
            left: false,
            positions: alloc::vec![0; found.units.len()],
        };
        Ok(Judged::Chain(Box::new(super::genesis(member, join.facts.home, false, standing))))
    }

    fn judge_next(&self, id: RecordId, key: MemberKey, link: &Link, body: &Body) -> Result<Judged, Stop> {
        let parent = self.entries.get(&link.prev).ok_or(Stop::Missing(link.prev, "prev"))?;
        if parent.member != link.member {
            return Err(Refusal::WrongRecord { field: "prev", expected: "a record of the same member" }.into());
        }
        let before = self.standing_at(&link.prev).ok_or(Stop::Missing(link.prev, "prev"))?;
        let found = self.covenants.get(&before.covenant).ok_or(Stop::Missing(before.covenant, "covenant"))?;
        let full = |what, limit: u64| Stop::Refused(Refusal::Full { what, limit });
        let due = parent.seq.checked_add(1).ok_or(full("records of one member", u32::MAX.into()))?;
        if link.seq != due {
            return Err(Refusal::NotNext { seq: due, head: link.prev.short() }.into());
        }
        let clears = matches!(body, Body::Resume(resume) if !matches!(resume.grounds, Grounds::Branches(_)));
        let last = before.epoch.checked_add(1).ok_or(full("key epochs", u16::MAX.into()))?;
        let epoch = if clears { last } else { before.epoch };
        if link.epoch != epoch {
            return Err(Refusal::WrongEpoch { limit: epoch }.into());
        }
        if !clears && key != before.key {
            return Err(Refusal::WrongKey.into());
        }
        if before.left && !matches!(body, Body::Decline(_)) {
            return Err(Refusal::HasLeft.into());
        }
        let splits = parent.next.is_some_and(|next| next != id);
        if splits && self.members.get(&link.member).is_some_and(|member| member.tips.len() >= BRANCHES_MAX) {
            return Err(full("branches of one chain", BRANCHES_MAX as u64));
        }
        let home = before.facts.home;
        let turn = Turn { key, link, before, found };
        let deed = self.judge_deed(&turn, body)?;
        let home = match &deed {
            Deed::Resume(resumed) => resumed.home,
            _ => home,
        };
        let Link { member, epoch, seq, prev } = *link;
        Ok(Judged::Chain(Box::new(Entry { member, epoch, seq, prev, home, at_home: false, next: None, deed })))
    }

    fn judge_deed(&self, turn: &Turn<'_>, body: &Body) -> Result<Deed, Stop> {
        let me = turn.link.member;
        Ok(match body {
            Body::Vouch(vouch) => {
                let household = turn.voice()?;
                let genesis = self.genesis_of(&vouch.member)?;
                turn.same_community(genesis)?;
                if genesis.entered {
                    return Err(Refusal::AlreadyEntered.into());
                }
                if genesis.facts.household == household {
                    return Err(Refusal::SameHousehold.into());
                }
                Deed::Vouch { member: vouch.member, household }
            }
            Body::Enter(enter) => {
                if turn.before.entered {
                    return Err(Refusal::AlreadyEntered.into());
                }
                let first = self.vouch_for(&me, &enter.first, "first")?;
                let second = self.vouch_for(&me, &enter.second, "second")?;
                let own = turn.before.facts.household.as_str();
                // Nor by one member who moved in between.
                if first.0 == second.0 || first.1 == second.1 || first.1 == own || second.1 == own {
                    return Err(Refusal::SameHousehold.into());
                }
                Deed::Enter
            }
            Body::Facts(change) => {
                self.check_guardians(&me, &turn.before.covenant, &change.facts)?;
                let pot = |facts: &Facts| facts.custody == Custody::Pot;
                if pot(&change.facts) != pot(&turn.before.facts) {
                    let expected = "a common fund if it was one, and nobody else";
                    return Err(Refusal::WrongRecord { field: "custody", expected }.into());
                }
                Deed::Facts(Box::new(change.facts.clone()))
            }
            Body::Rekey(rekey) => Deed::Rekey(rekey.key),
            Body::Recover(recover) => {
                let base = self.entry(&recover.base, "base")?;
                if base.member != recover.member {
                    return Err(Refusal::WrongRecord { field: "base", expected: "a record of the member" }.into());
                }
                Deed::Recover { member: recover.member, base: recover.base, key: recover.key, home: recover.home }
            }
            Body::Veto(veto) => match self.entry(&veto.recover, "recover")?.deed {
                Deed::Recover { member, .. } if member == me => Deed::Veto,
                _ => return Err(Refusal::WrongRecord { field: "recover", expected: "a recovery of this chain" }.into()),
            },
            Body::Resume(resume) => Deed::Resume(Box::new(self.judge_resume(turn, &resume.grounds)?)),
            Body::Leave(_) => {
                if turn.before.positions.iter().any(|position| *position < 0) {
                    return Err(Refusal::InDebt.into());
                }
                Deed::Leave
            }
            Body::Pay(pay) => self.judge_pay(turn, pay)?,
            Body::Accept(on) => {
                let payment = self.to_answer(turn, &on.pay)?;
                Deed::Accept { pay: on.pay, unit: payment.unit, amount: payment.amount }
            }
            Body::Decline(on) => {
                self.to_answer(turn, &on.pay)?;
                Deed::Decline { pay: on.pay }
            }
            Body::Reclaim(reclaim) => self.judge_reclaim(turn, reclaim)?,
            Body::Dispute(dispute) => {
                let payment = self.payment(&dispute.pay, "pay")?;
                if payment.from != me && payment.to != me {
                    return Err(Refusal::NotYourPay.into());
                }
                Deed::Dispute { pay: dispute.pay }
            }
            Body::Decide(decide) => {
                let household = turn.voice()?;
                self.check_action(turn, &decide.action)?;
                Deed::Decide { action: Box::new(decide.action.clone()), household }
            }
            Body::Consent(consent) => {
                let household = turn.voice()?;
                let decision = self.entry(&consent.decision, "decision")?;
                if !matches!(decision.deed, Deed::Decide { .. }) {
                    return Err(Refusal::WrongRecord { field: "decision", expected: "a decision" }.into());
                }
                turn.same_community(self.genesis_of(&decision.member)?)?;
                Deed::Consent { decision: consent.decision, household }
            }
            _ => return Err(Refusal::MembersOnly.into()),
        })
    }

    fn judge_pay(&self, turn: &Turn<'_>, pay: &Pay) -> Result<Deed, Stop> {
        let me = turn.link.member;
        if pay.to == me {
            return Err(Refusal::ToSelf.into());
        }
        turn.same_community(self.genesis_of(&pay.to)?)?;
        turn.check_unit(pay.unit)?;
        if let Some(dispute) = pay.answers {
            let Deed::Dispute { pay: disputed } = self.entry(&dispute, "answers")?.deed else {
                return Err(Refusal::WrongRecord { field: "answers", expected: "a dispute" }.into());
            };
            let disputed = self.payment(&disputed, "answers")?;
            let gives_back = disputed.to == me || turn.before.facts.custody == Custody::Pot;
            if disputed.from != pay.to || !gives_back {
                return Err(Refusal::NotYourPay.into());
            }
        }
        let left = turn.before.position(pay.unit) + turn.before.limit(turn.found, pay.unit);
        if pay.amount.signed() > left {
            return Err(Refusal::OverLimit { limit: u64::try_from(left).unwrap_or(0) }.into());
        }
        Ok(Deed::Pay { to: pay.to, unit: pay.unit, amount: pay.amount })
    }

    /// A payment to this member that he has not answered before, on this branch.
    fn to_answer(&self, turn: &Turn<'_>, pay: &RecordId) -> Result<&Payment, Stop> {
        let payment = self.payment(pay, "pay")?;
        if payment.to != turn.link.member {
            return Err(Refusal::NotYourPay.into());
        }
        for answer in &payment.answers {
            if self.precedes(answer, &turn.link.prev) {
                let accepted = matches!(self.entries.get(answer).map(|entry| &entry.deed), Some(Deed::Accept { .. }));
                return Err(Refusal::AlreadyResolved { how: if accepted { "accepted" } else { "declined" } }.into());
            }
        }
        Ok(payment)
    }

    fn judge_reclaim(&self, turn: &Turn<'_>, reclaim: &Reclaim) -> Result<Deed, Stop> {
        let Deed::Decline { pay } = self.entry(&reclaim.decline, "decline")?.deed else {
            return Err(Refusal::WrongRecord { field: "decline", expected: "a decline" }.into());
        };
        let payment = self.payment(&pay, "decline")?;
        // Made on this branch: or one branch could take back what another has paid.
        if payment.from != turn.link.member || !self.precedes(&pay, &turn.link.prev) {
            return Err(Refusal::NotYourPay.into());
        }
        if payment.answers.iter().any(|answer| self.precedes(answer, &turn.link.prev)) {
            return Err(Refusal::AlreadyResolved { how: "reclaimed" }.into());
        }
        Ok(Deed::Reclaim { pay, unit: payment.unit, amount: payment.amount })
    }

    fn judge_resume(&self, turn: &Turn<'_>, grounds: &Grounds) -> Result<Resumed, Stop> {
        let (me, before) = (turn.link.member, &turn.before);
        let goes_on = |key, home, positions: &Vec<i64>| Resumed {
            key,
            home,
            positions: positions.clone(),
            branches: Vec::new(),
            recoveries: Vec::new(),
            unanimous: false,
        };
        match grounds {
            Grounds::Guardians(ids) => {
                let wrong = Refusal::WrongRecord { field: "grounds", expected: "guardians' records of this recovery" };
                let (mut agreeing, mut homes) = (BTreeSet::new(), BTreeSet::new());
                for id in ids {
                    let word = self.entry(id, "grounds")?;
                    match &word.deed {
                        Deed::Recover { member, base, key, home }
                            if *member == me && *base == turn.link.prev && *key == turn.key =>
                        {
                            homes.insert(*home);
                        }
                        _ => return Err(wrong.into()),
                    }
                    if before.facts.guardians.contains(&word.member) {
                        agreeing.insert(word.member);
                    }
                }
                let threshold = before.facts.threshold.max(1);
                if agreeing.len() < usize::from(threshold) {
                    return Err(Refusal::TooFew { found: agreeing.len() as u64, limit: threshold.into() }.into());
                }
                let (Some(home), 1) = (homes.first().copied(), homes.len()) else { return Err(wrong.into()) };
                let unanimous = agreeing.len() == before.facts.guardians.len();
                let resumed = goes_on(turn.key, home, &before.positions);
                Ok(Resumed { recoveries: ids.clone(), unanimous, ..resumed })
            }
            Grounds::Decision { decision, consents } => {
                let wrong =
                    Refusal::WrongRecord { field: "decision", expected: "a decision on how this chain goes on" };
                let proposed = self.entry(decision, "decision")?;
                let Deed::Decide { action, household } = &proposed.deed else { return Err(wrong.into()) };
                let (home, positions) = match &**action {
                    Action::Unfreeze { member, base, key, home, positions }
                        if *member == me && *base == turn.link.prev && *key == turn.key =>
                    {
                        (*home, positions)
                    }
                    _ => return Err(wrong.into()),
                };
                let mut voices = alloc::vec![(&proposed.member, household.as_str())];
                for id in consents {
                    let consent = self.entry(id, "consents")?;
                    match &consent.deed {
                        Deed::Consent { decision: to, household } if to == decision => {
                            voices.push((&consent.member, household));
                        }
                        _ => return Err(wrong.into()),
                    }
                }
                let own = &self.genesis_of(&me)?.facts.household;
                let found = agreed(&me, own, voices.into_iter());
                if found < usize::from(turn.found.quorum) {
                    return Err(Refusal::TooFew { found: found as u64, limit: turn.found.quorum.into() }.into());
                }
                Ok(goes_on(turn.key, home, positions))
            }
            Grounds::Branches(branches) => {
                let wrong = Refusal::WrongRecord {
                    field: "branches",
                    expected: "ends of other branches of this epoch, none longer than the one gone on with",
                };
                for id in branches {
                    let end = self.entry(id, "branches")?;
                    let standing = self.standing_at(id).ok_or(Stop::Missing(*id, "branches"))?;
                    let fits = end.member == me
                        && end.seq < turn.link.seq
                        && (standing.epoch, standing.key) == (before.epoch, before.key);
                    if !fits || standing.left || self.precedes(id, &turn.link.prev) {
                        return Err(wrong.into());
                    }
                }
                if branches.is_empty() {
                    return Err(wrong.into());
                }
                let positions = self.joined(&turn.link.prev, before, branches).ok_or(wrong)?;
                for (unit, position) in positions.iter().enumerate() {
                    if *position < -before.limit(turn.found, UnitIndex(unit as u8)) {
                        return Err(Refusal::OverLimit { limit: 0 }.into());
                    }
                }
                let resumed = goes_on(before.key, before.facts.home, &positions);
                Ok(Resumed { branches: branches.clone(), ..resumed })
            }
        }
    }

    fn check_action(&self, turn: &Turn<'_>, action: &Action) -> Result<(), Stop> {
        turn.same_community(self.genesis_of(&action.member())?)?;
        match action {
            Action::Freeze { .. } => Ok(()),
            Action::Unfreeze { member, base, positions, .. } => {
                if self.entry(base, "base")?.member != *member {
                    return Err(Refusal::WrongRecord { field: "base", expected: "a record of the member" }.into());
                }
                if positions.len() != turn.found.units.len() {
                    return Err(Refusal::UnknownUnit { limit: turn.found.units.len() as u64 }.into());
                }
                Ok(())
            }
            Action::WriteOff { member, pot, unit, .. } => {
                let fund = self.genesis_of(pot)?;
                turn.same_community(fund)?;
                if fund.facts.custody != Custody::Pot || pot == member {
                    return Err(Refusal::WrongRecord { field: "pot", expected: "a common fund" }.into());
                }
                turn.check_unit(*unit)
            }
        }
    }

    fn check_guardians(&self, me: &MemberId, covenant: &RecordId, facts: &Facts) -> Result<(), Stop> {
        for guardian in &facts.guardians {
            let standing = self.genesis_of(guardian)?;
            if standing.covenant != *covenant {
                return Err(Refusal::OtherCommunity.into());
            }
            if guardian == me || standing.facts.custody == Custody::Pot {
                return Err(Refusal::WrongRecord { field: "guardians", expected: "other people" }.into());
            }
        }
        Ok(())
    }

    /// Who vouched for this member in this record, and his household then.
    fn vouch_for(&self, me: &MemberId, id: &RecordId, field: &'static str) -> Result<(MemberId, &str), Stop> {
        let entry = self.entry(id, field)?;
        match &entry.deed {
            Deed::Vouch { member, household } if member == me => Ok((entry.member, household)),
            _ => Err(Refusal::WrongRecord { field, expected: "a vouch for this member" }.into()),
        }
    }

    fn entry(&self, id: &RecordId, field: &'static str) -> Result<&Entry, Stop> {
        self.entries.get(id).ok_or(Stop::Missing(*id, field))
    }

    fn payment(&self, id: &RecordId, field: &'static str) -> Result<&Payment, Stop> {
        match (self.pays.get(id), self.entries.contains_key(id)) {
            (Some(payment), _) => Ok(payment),
            (None, true) => Err(Refusal::WrongRecord { field, expected: "a payment" }.into()),
            (None, false) => Err(Stop::Missing(*id, field)),
        }
    }

    /// How a member began.
    fn genesis_of(&self, member: &MemberId) -> Result<&Standing, Stop> {
        match self.entries.get(&member.genesis()).map(|entry| &entry.deed) {
            Some(Deed::Genesis(standing)) => Ok(standing),
            Some(_) => Err(Refusal::WrongRecord { field: "member", expected: "a member" }.into()),
            None => Err(Stop::Missing(member.genesis(), "member")),
        }
    }
}

impl Turn<'_> {
    /// The household this member speaks for, if he may.
    fn voice(&self) -> Result<alloc::string::String, Refusal> {
        if !self.before.entered || self.before.facts.custody == Custody::Pot {
            return Err(Refusal::NotEntered);
        }
        Ok(self.before.facts.household.clone())
    }

    fn same_community(&self, other: &Standing) -> Result<(), Refusal> {
        if other.covenant == self.before.covenant {
            return Ok(());
        }
        Err(Refusal::OtherCommunity)
    }

    fn check_unit(&self, unit: UnitIndex) -> Result<(), Stop> {
        if usize::from(unit.0) < self.found.units.len() {
            return Ok(());
        }
        Err(Refusal::UnknownUnit { limit: self.found.units.len() as u64 }.into())
    }
}
