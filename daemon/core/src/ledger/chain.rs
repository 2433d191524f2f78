//! One member's chain: its records as the ledger keeps them, and where the member stands after each.
//!
//! A [`Standing`] is a function of the records before it in the same chain, and of nothing else. It is kept for the
//! chain's ends; anywhere else it is made again from the beginning, which only forks ever ask for.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::Ledger;
use crate::identity::{GatewayId, MemberId, MemberKey, RecordId};
use crate::record::{Action, Amount, Custody, Facts, Found, UnitIndex};

/// Where a member stands after one record of his chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// His community.
    pub covenant: RecordId,
    /// What he says of himself.
    pub facts: Facts,
    /// His key.
    pub key: MemberKey,
    /// The epoch of the next record.
    pub epoch: u16,
    /// Two others vouched for him, or he is a founder.
    pub entered: bool,
    /// He left.
    pub left: bool,
    /// What he took, less what he gave, in each unit: accepts and reclaims less payments.
    pub positions: Vec<i64>,
}

/// One record as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub member: MemberId,
    pub epoch: u16,
    pub seq: u32,
    pub prev: RecordId,
    /// The home in force when it was said.
    pub home: GatewayId,
    /// That gateway has logged or stamped it.
    pub at_home: bool,
    /// The record after it; of several the one with the smallest id.
    pub next: Option<RecordId>,
    pub deed: Deed,
}

/// What it does, with what it took from other records: so that a chain can be read again alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Deed {
    Genesis(Box<Standing>),
    Vouch { member: MemberId, household: String },
    Enter,
    Facts(Box<Facts>),
    Rekey(MemberKey),
    Recover { member: MemberId, base: RecordId, key: MemberKey, home: GatewayId },
    Veto,
    Resume(Box<Resumed>),
    Leave,
    Pay { to: MemberId, unit: UnitIndex, amount: Amount },
    Accept { pay: RecordId, unit: UnitIndex, amount: Amount },
    Decline { pay: RecordId },
    Reclaim { pay: RecordId, unit: UnitIndex, amount: Amount },
    Dispute { pay: RecordId },
    Decide { action: Box<Action>, household: String },
    Consent { decision: RecordId, household: String },
}

/// How a chain goes on after a lost key or a fork.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Resumed {
    pub key: MemberKey,
    pub home: GatewayId,
    pub positions: Vec<i64>,
    /// The other branches it joins.
    pub branches: Vec<RecordId>,
    /// Guardians' records it stands on.
    pub recoveries: Vec<RecordId>,
    /// All guardians agree.
    pub unanimous: bool,
}

impl Resumed {
    /// A new epoch, after which forks of the ones before are over. Joining branches goes on in the same one.
    pub fn clears(&self) -> bool {
        self.branches.is_empty()
    }
}

impl Standing {
    /// After one more record.
    pub(super) fn follow(&mut self, deed: &Deed) {
        match deed {
            Deed::Genesis(standing) => *self = (**standing).clone(),
            Deed::Enter => self.entered = true,
            Deed::Facts(facts) => self.facts = (**facts).clone(),
            Deed::Rekey(key) => {
                self.key = *key;
                self.epoch = self.epoch.saturating_add(1);
            }
            Deed::Resume(resumed) => {
                if resumed.clears() {
                    self.epoch = self.epoch.saturating_add(1);
                }
                self.key = resumed.key;
                self.facts.home = resumed.home;
                self.positions.clone_from(&resumed.positions);
            }
            Deed::Leave => self.left = true,
            Deed::Pay { unit, amount, .. } => self.shift(*unit, -amount.signed()),
            Deed::Accept { unit, amount, .. } | Deed::Reclaim { unit, amount, .. } => {
                self.shift(*unit, amount.signed());
            }
            _ => {}
        }
    }

    fn shift(&mut self, unit: UnitIndex, by: i64) {
        if let Some(position) = self.positions.get_mut(usize::from(unit.0)) {
            *position += by;
        }
    }

    /// The position in a unit.
    pub fn position(&self, unit: UnitIndex) -> i64 {
        self.positions.get(usize::from(unit.0)).copied().unwrap_or(0)
    }

    /// How far below zero the position may go.
    pub fn limit(&self, found: &Found, unit: UnitIndex) -> i64 {
        let full = found.units.get(usize::from(unit.0)).map_or(0, |unit| Amount(unit.limit).signed());
        match self.facts.custody {
            _ if !self.entered => 0,
            Custody::Own => full,
            Custody::Card | Custody::Hosted => full / 2,
            Custody::Pot => 0,
        }
    }

    /// How much may be paid away from home since home last saw the chain.
    pub fn roaming_limit(&self, found: &Found, unit: UnitIndex) -> i64 {
        let limit = i128::from(self.limit(found, unit)) * i128::from(found.roaming_percent.min(100)) / 100;
        limit as i64
    }
}

impl Ledger {
    /// Where the member stands after this record of his.
    pub(super) fn standing_at(&self, id: &RecordId) -> Option<Standing> {
        let member = self.members.get(&self.entries.get(id)?.member)?;
        if let Some(standing) = member.tips.get(id) {
            return Some(standing.clone());
        }
        let mut deeds: Vec<&Deed> = Vec::new();
        let mut at = *id;
        loop {
            let entry = self.entries.get(&at)?;
            if let Deed::Genesis(standing) = &entry.deed {
                let mut standing = (**standing).clone();
                deeds.iter().rev().for_each(|deed| standing.follow(deed));
                return Some(standing);
            }
            deeds.push(&entry.deed);
            at = entry.prev;
        }
    }

    /// Whether `earlier` is `later`, or lies before it, of one and the same member.
    pub(super) fn precedes(&self, earlier: &RecordId, later: &RecordId) -> bool {
        let (Some(first), Some(last)) = (self.entries.get(earlier), self.entries.get(later)) else { return false };
        if first.member != last.member || first.seq > last.seq {
            return false;
        }
        let split = self.members.get(&first.member).is_some_and(|member| !member.branches.is_empty());
        !split || self.past(later, first.seq).contains(earlier)
    }

    /// The record and all before it down to a number, joined branches included.
    pub(super) fn past(&self, id: &RecordId, least: u32) -> BTreeSet<RecordId> {
        let mut seen = BTreeSet::new();
        let mut open = alloc::vec![*id];
        while let Some(id) = open.pop() {
            let Some(entry) = self.entries.get(&id) else { continue };
            if entry.seq < least || !seen.insert(id) {
                continue;
            }
            if let Deed::Resume(resumed) = &entry.deed {
                open.extend(&resumed.branches);
            }
            if entry.seq > 0 {
                open.push(entry.prev);
            }
        }
        seen
    }

    /// The positions of several branches taken together: what each did counts once.
    ///
    /// None if a branch holds a resumption, whose positions are no sum.
    pub(super) fn joined(&self, prev: &RecordId, standing: &Standing, branches: &[RecordId]) -> Option<Vec<i64>> {
        let mut seen = self.past(prev, 0);
        let mut marks = Marks::default();
        for entry in seen.iter().filter_map(|id| self.entries.get(id)) {
            marks.note(&entry.deed);
        }
        let before = marks.conflicts();
        let mut joined = standing.clone();
        for branch in branches {
            for id in self.past(branch, 0) {
                if !seen.insert(id) {
                    continue;
                }
                let deed = &self.entries.get(&id)?.deed;
                if matches!(deed, Deed::Resume(_)) {
                    return None;
                }
                if marks.note(deed) {
                    match deed {
                        Deed::Pay { unit, amount, .. } => joined.shift(*unit, -amount.signed()),
                        Deed::Accept { unit, amount, .. } | Deed::Reclaim { unit, amount, .. } => {
                            joined.shift(*unit, amount.signed());
                        }
                        _ => {}
                    }
                }
            }
        }
        // Taken on one branch and declined on another: the payer may have it back.
        for (pay, (unit, amount)) in marks.conflicts() {
            if !before.contains_key(&pay) {
                joined.shift(unit, -amount.signed());
            }
        }
        Some(joined.positions)
    }
}

/// What was accepted, declined and reclaimed in some records.
#[derive(Default)]
struct Marks {
    accepted: BTreeMap<RecordId, (UnitIndex, Amount)>,
    declined: BTreeSet<RecordId>,
    reclaimed: BTreeSet<RecordId>,
}

impl Marks {
    /// Whether it is new.
    fn note(&mut self, deed: &Deed) -> bool {
        match deed {
            Deed::Accept { pay, unit, amount } => self.accepted.insert(*pay, (*unit, *amount)).is_none(),
            Deed::Decline { pay } => self.declined.insert(*pay),
            Deed::Reclaim { pay, .. } => self.reclaimed.insert(*pay),
            _ => true,
        }
    }

    fn conflicts(&self) -> BTreeMap<RecordId, (UnitIndex, Amount)> {
        self.accepted.iter().filter(|(pay, _)| self.declined.contains(pay)).map(|(pay, what)| (*pay, *what)).collect()
    }
}
