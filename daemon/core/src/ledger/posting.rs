//! Payments and postings. Balances move by postings alone, and a posting, once there, stays.
//!
//! A payment that is accepted posts once, whoever accepts it how often. If its payee declined it too, on another branch of a
//! forked chain, and the payer took it back, that posts the other way: so an honest payer loses nothing by a cheat's two
//! answers, and the sum over all stays zero.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::chain::Deed;
use super::Ledger;
use crate::identity::{MemberId, RecordId};
use crate::record::{Action, Amount, UnitIndex};

/// A payment that counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Payment {
    pub from: MemberId,
    pub to: MemberId,
    pub unit: UnitIndex,
    pub amount: Amount,
    /// As its author claims; shown.
    pub created: u64,
    pub accepted: bool,
    pub declined: bool,
    pub reclaimed: bool,
    /// Who says that it is not right, sorted.
    pub disputes: Vec<RecordId>,
    /// The records that accepted, declined and reclaimed it, sorted.
    pub answers: Vec<RecordId>,
}

/// One movement between two members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Posting {
    /// The payment, or the decision.
    pub cause: RecordId,
    /// Whether it takes a payment back.
    pub back: bool,
    /// Whose balance falls.
    pub from: MemberId,
    /// Whose balance rises.
    pub to: MemberId,
    /// Of what.
    pub unit: UnitIndex,
    /// How much.
    pub amount: Amount,
}

/// A posting with the time its cause claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dated {
    /// What moved.
    pub posting: Posting,
    /// Unix seconds, as the author of the payment or the decision believed.
    pub created: u64,
    /// There and back: of a payment that was taken back after all.
    pub returned: bool,
}

impl Payment {
    fn posting(&self, cause: RecordId, back: bool) -> Posting {
        let (from, to) = if back { (self.to, self.from) } else { (self.from, self.to) };
        Posting { cause, back, from, to, unit: self.unit, amount: self.amount }
    }

    /// Whether this side of it has something left to do or to wait for: the payee to answer, the payer to hear of that or to take
    /// back what was declined.
    pub fn waits_for(&self, side: &MemberId) -> bool {
        if self.accepted || self.reclaimed {
            return false;
        }
        *side == self.from || !self.declined
    }

    /// Nobody has answered it for good.
    pub fn is_pending(&self) -> bool {
        !self.accepted && !self.reclaimed
    }
}

impl Ledger {
    /// What follows for balances from one more record.
    pub(super) fn post(&mut self, author: MemberId, id: RecordId, deed: &Deed, created: u64) {
        let (pay, answer) = match deed {
            Deed::Pay { to, unit, amount } => {
                let payment = Payment {
                    from: author,
                    to: *to,
                    unit: *unit,
                    amount: *amount,
                    created,
                    accepted: false,
                    declined: false,
                    reclaimed: false,
                    disputes: Vec::new(),
                    answers: Vec::new(),
                };
                self.await_answer(&payment, 1);
                self.note_open(id, &payment);
                self.pays.insert(id, payment);
                return;
            }
            Deed::Accept { pay, .. } => (*pay, true),
            Deed::Decline { pay } | Deed::Reclaim { pay, .. } => (*pay, true),
            Deed::Dispute { pay } => (*pay, false),
            _ => return,
        };
        let Some(payment) = self.pays.get_mut(&pay) else { return };
        let before = payment.clone();
        match deed {
            Deed::Accept { .. } => payment.accepted = true,
            Deed::Decline { .. } => payment.declined = true,
            Deed::Reclaim { .. } => payment.reclaimed = true,
            _ => {}
        }
        let list = if answer { &mut payment.answers } else { &mut payment.disputes };
        if let Err(place) = list.binary_search(&id) {
            list.insert(place, id);
        }
        let after = payment.clone();
        self.note_open(pay, &after);
        if before.is_pending() && !after.is_pending() {
            self.await_answer(&after, -1);
        }
        if after.accepted && !before.accepted {
            self.settle(after.posting(pay, false));
        }
        if (after.accepted && after.reclaimed) && !(before.accepted && before.reclaimed) {
            self.settle(after.posting(pay, true));
        }
    }

    /// Keeps at hand whose turn it is.
    fn note_open(&mut self, id: RecordId, payment: &Payment) {
        for side in [payment.from, payment.to] {
            let Some(member) = self.members.get_mut(&side) else { continue };
            match payment.waits_for(&side) {
                true => member.open.insert(id),
                false => member.open.remove(&id),
            };
        }
    }

    fn await_answer(&mut self, payment: &Payment, times: i64) {
        let (unit, by) = (usize::from(payment.unit.0), payment.amount.signed() * times);
        if let Some(sum) = self.members.get_mut(&payment.from).and_then(|member| member.outgoing.get_mut(unit)) {
            *sum += by;
        }
        if let Some(sum) = self.members.get_mut(&payment.to).and_then(|member| member.incoming.get_mut(unit)) {
            *sum += by;
        }
    }

    /// Both legs at once, or none.
    pub(super) fn settle(&mut self, posting: Posting) {
        let unit = usize::from(posting.unit.0);
        let has = |ledger: &Self, member| ledger.members.get(&member).is_some_and(|member| unit < member.settled.len());
        if !has(self, posting.from) || !has(self, posting.to) {
            return;
        }
        for (member, by) in [(posting.from, -posting.amount.signed()), (posting.to, posting.amount.signed())] {
            if let Some(sum) = self.members.get_mut(&member).and_then(|member| member.settled.get_mut(unit)) {
                *sum += by;
            }
        }
    }

    /// Every posting, in order of its cause.
    pub fn postings(&self) -> impl Iterator<Item = Posting> + '_ {
        let paid = self.pays.iter().flat_map(|(id, payment)| {
            let there = payment.accepted.then(|| payment.posting(*id, false));
            let back = (payment.accepted && payment.reclaimed).then(|| payment.posting(*id, true));
            there.into_iter().chain(back)
        });
        let decided =
            self.decisions.iter().filter(|(_, tally)| tally.in_force).filter_map(|(id, tally)| match &tally.action {
                Action::WriteOff { member, pot, unit, amount } => {
                    Some(Posting { cause: *id, back: false, from: *pot, to: *member, unit: *unit, amount: *amount })
                }
                _ => None,
            });
        paid.chain(decided)
    }

    /// Every posting, with when it was as its author claims.
    pub fn dated_postings(&self) -> impl Iterator<Item = Dated> + '_ {
        self.postings().map(|posting| {
            let payment = self.pays.get(&posting.cause);
            let created = payment.map(|payment| payment.created);
            let created = created.or_else(|| self.decisions.get(&posting.cause).map(|tally| tally.created));
            let returned = payment.is_some_and(|payment| payment.accepted && payment.reclaimed);
            Dated { posting, created: created.unwrap_or(0), returned }
        })
    }
}
