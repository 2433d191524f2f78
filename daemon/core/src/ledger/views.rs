//! What people see: members, balances, movements. Read from the ledger, never stored.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use super::chain::Deed;
use super::{Ledger, Lights};
use crate::identity::{GatewayId, MemberId, MemberKey, RecordId};
use crate::record::{Amount, Custody, UnitIndex};

/// A member's account in one unit, in smallest parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Balance {
    /// The unit's name.
    pub unit: String,
    /// How many smallest parts make one.
    pub scale: u32,
    /// What is settled: the sum over all members is zero.
    pub settled: i64,
    /// Paid and not yet answered.
    pub outgoing: i64,
    /// To be answered.
    pub incoming: i64,
    /// What his own chain says, which the limit is for. Of a split chain the longest branch's.
    pub position: i64,
    /// How far below zero that may go.
    pub limit: i64,
    /// How much of it away from home.
    pub roaming_limit: i64,
}

/// A member as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemberView {
    /// Who.
    pub id: MemberId,
    /// His community.
    pub covenant: RecordId,
    /// What he goes by.
    pub pseudonym: String,
    /// His household.
    pub household: String,
    /// His gateway.
    pub home: GatewayId,
    /// His key now.
    pub key: MemberKey,
    /// Who holds it.
    pub custody: Custody,
    /// His guardians.
    pub guardians: Vec<MemberId>,
    /// How many of them it takes.
    pub threshold: u8,
    /// He has a limit.
    pub entered: bool,
    /// He left.
    pub left: bool,
    /// Gateways take only what brings him credit.
    pub frozen: bool,
    /// The key epoch of his next record.
    pub epoch: u16,
    /// The number of his last.
    pub seq: u32,
    /// Its id.
    pub head: RecordId,
    /// Where his chain is split, as key epoch and number.
    pub forks: BTreeSet<(u16, u32)>,
    /// By unit of the covenant.
    pub balances: Vec<Balance>,
}

/// What became of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MovementState {
    /// Not answered.
    Pending,
    /// Accepted; balances moved.
    Settled,
    /// Declined, not yet taken back.
    Declined,
    /// Declined and taken back; nothing moved, or it moved back.
    Returned,
}

/// One payment as one of its two sides sees it, or a debt written off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Movement {
    /// The payment, or the decision.
    pub id: RecordId,
    /// Its number in this member's chain: of the payment, or of his answer. None while he has not answered.
    pub seq: Option<u32>,
    /// The other side.
    pub with: MemberId,
    /// Of what.
    pub unit: UnitIndex,
    /// Below zero: he pays.
    pub amount: i64,
    /// What became of it.
    pub state: MovementState,
    /// Somebody disputes it.
    pub disputed: bool,
    /// How far the payment has come.
    #[serde(skip)]
    pub lights: Lights,
}

impl Ledger {
    /// Every member, by id.
    pub fn members(&self) -> impl Iterator<Item = MemberView> + '_ {
        self.members.keys().filter_map(|id| self.member(id))
    }

    /// One member.
    pub fn member(&self, id: &MemberId) -> Option<MemberView> {
        let (member, (head, seq, standing)) = (self.members.get(id)?, self.head(id)?);
        let found = self.covenants.get(&member.covenant)?;
        let amount = |amounts: &[i64], unit: usize| amounts.get(unit).copied().unwrap_or(0);
        let balance = |(place, unit): (usize, &crate::record::Unit)| Balance {
            unit: unit.name.clone(),
            scale: unit.scale,
            settled: amount(&member.settled, place),
            outgoing: amount(&member.outgoing, place),
            incoming: amount(&member.incoming, place),
            position: amount(&standing.positions, place),
            limit: standing.limit(found, UnitIndex(place as u8)),
            roaming_limit: standing.roaming_limit(found, UnitIndex(place as u8)),
        };
        Some(MemberView {
            id: *id,
            covenant: member.covenant,
            pseudonym: standing.facts.pseudonym.clone(),
            household: standing.facts.household.clone(),
            home: standing.facts.home,
            key: standing.key,
            custody: standing.facts.custody,
            guardians: standing.facts.guardians.clone(),
            threshold: standing.facts.threshold,
            entered: standing.entered,
            left: standing.left,
            frozen: member.frozen,
            epoch: standing.epoch,
            seq,
            head,
            forks: self.forks_of(id),
            balances: found.units.iter().enumerate().map(balance).collect(),
        })
    }

    /// The member who signs with this key now, if one does.
    pub fn member_with(&self, key: &MemberKey) -> Option<MemberId> {
        let signs = |id: &&MemberId| self.head(id).is_some_and(|(_, _, standing)| standing.key == *key);
        self.members.keys().find(signs).copied()
    }

    /// What moved, or is to move, between this member and others: in the order of his chain, unanswered ones last.
    pub fn history(&self, id: &MemberId) -> Vec<Movement> {
        let seq = |id: &RecordId| self.entries.get(id).map(|entry| entry.seq);
        let mut movements: Vec<Movement> = self
            .pays
            .iter()
            .filter(|(_, payment)| payment.from == *id || payment.to == *id)
            .map(|(pay, payment)| {
                let gives = payment.from == *id;
                let own = |answer: &&RecordId| self.entries.get(*answer).is_some_and(|entry| entry.member == *id);
                let state = match (payment.accepted, payment.reclaimed, payment.declined) {
                    (_, true, _) => MovementState::Returned,
                    (true, false, _) => MovementState::Settled,
                    (false, false, true) => MovementState::Declined,
                    (false, false, false) => MovementState::Pending,
                };
                Movement {
                    id: *pay,
                    seq: if gives { seq(pay) } else { payment.answers.iter().find(own).and_then(seq) },
                    with: if gives { payment.to } else { payment.from },
                    unit: payment.unit,
                    amount: if gives { -payment.amount.signed() } else { payment.amount.signed() },
                    state,
                    disputed: !payment.disputes.is_empty(),
                    lights: self.lights(pay),
                }
            })
            .collect();
        let decided = self.postings().filter(|posting| self.decisions.contains_key(&posting.cause));
        movements.extend(decided.filter(|posting| posting.from == *id || posting.to == *id).map(|posting| {
            let gives = posting.from == *id;
            let signed = |amount: Amount| if gives { -amount.signed() } else { amount.signed() };
            Movement {
                id: posting.cause,
                seq: None,
                with: if gives { posting.to } else { posting.from },
                unit: posting.unit,
                amount: signed(posting.amount),
                state: MovementState::Settled,
                disputed: false,
                lights: self.lights(&posting.cause),
            }
        }));
        movements.sort_by_key(|movement| (movement.seq.unwrap_or(u32::MAX), movement.id));
        movements
    }

    /// A member's settled balance in a unit.
    pub fn settled(&self, id: &MemberId, unit: UnitIndex) -> i64 {
        let member = self.members.get(id);
        member.and_then(|member| member.settled.get(usize::from(unit.0))).copied().unwrap_or(0)
    }

    /// Whether the record is a guardian's word, and for whom: his phone should warn him.
    pub fn recovery_of(&self, id: &RecordId) -> Option<MemberId> {
        match &self.entries.get(id)?.deed {
            Deed::Recover { member, .. } => Some(*member),
            _ => None,
        }
    }
}
