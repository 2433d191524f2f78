//! Decisions as people are shown them: what is proposed, who agrees, and what is left to do.
//!
//! A decision is for every member to read: it binds all of them. Why somebody proposed it is in the log; the node adds it.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cmp::Reverse;

use serde::Serialize;

use super::chain::Deed;
use super::decision::{agreed, Tally};
use super::Ledger;
use crate::identity::{MemberId, RecordId};
use crate::record::{Action, GROUNDS_MAX};

/// Decisions shown at once: what is still open first, then the newest.
pub const DECISIONS_SHOWN_MAX: usize = 100;

/// Where a decision stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionState {
    /// The member has not gone on with it yet: that is for him to say.
    Ready,
    /// Households can still agree.
    Open,
    /// Done.
    InForce,
    /// The member's chain has gone on otherwise since: it does nothing any more.
    Over,
}

/// What is proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "does", rename_all = "snake_case")]
pub enum ActionCard {
    /// His account rests.
    Freeze {
        /// In which key epoch.
        epoch: u16,
    },
    /// His chain goes on.
    Unfreeze {
        /// After which record.
        base: String,
        /// The key epoch that his next record opens.
        epoch: u16,
        /// That record's number.
        seq: u32,
        /// With which key.
        key: String,
        /// At which home.
        home: String,
        /// His position in each unit, in smallest parts.
        positions: Vec<i64>,
    },
    /// A common fund takes over part of his debt.
    WriteOff {
        /// The fund.
        pot: String,
        /// What that goes by.
        pot_name: String,
        /// The unit's place in the covenant.
        unit: u8,
        /// In smallest parts.
        amount: u64,
    },
}

/// One who agrees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Voice {
    /// Who.
    pub member: String,
    /// What he goes by.
    pub name: String,
    /// His household when he agreed.
    pub household: String,
    /// Not the one it is about, nor of the household that one came with.
    pub counts: bool,
}

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DecisionCard {
    /// 1.
    pub v: u8,
    /// The proposal's record.
    pub id: String,
    /// Who proposed it.
    pub by: String,
    /// What that one goes by.
    pub by_name: String,
    /// Whom it is about.
    pub member: String,
    /// What he goes by.
    pub name: String,
    /// The household he came with, which does not count.
    pub household: String,
    /// What.
    pub action: ActionCard,
    /// Why, as the proposer says.
    pub text: String,
    /// When, as the proposer says, unix seconds.
    pub created: u64,
    /// Households that agree.
    pub agreed: u64,
    /// How many it takes.
    pub quorum: u8,
    /// Where it stands.
    pub state: DecisionState,
    /// Who agrees, the proposer among them.
    pub voices: Vec<Voice>,
    /// Where it waits for the member to go on: the consents that his record names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub consents: Vec<String>,
}

impl Ledger {
    /// What households have proposed and decided: what waits for somebody first, then the newest. At most [`DECISIONS_SHOWN_MAX`].
    pub fn decision_cards(&self) -> Vec<DecisionCard> {
        let waits = |tally| matches!(self.decision_state(tally), DecisionState::Open | DecisionState::Ready);
        let mut all: Vec<_> =
            self.decisions.iter().map(|(id, tally)| (!waits(tally), Reverse(tally.created), *id)).collect();
        all.sort_unstable();
        all.truncate(DECISIONS_SHOWN_MAX);
        all.into_iter().filter_map(|(_, _, id)| self.decision_card(&id)).collect()
    }

    /// One of them.
    pub fn decision_card(&self, id: &RecordId) -> Option<DecisionCard> {
        let (tally, by) = (self.decisions.get(id)?, self.entries.get(id)?.member);
        let about = tally.action.member();
        let household = &self.members.get(&about)?.household;
        let voices = tally.voices.iter().map(|(member, home)| Voice {
            member: member.to_string(),
            name: self.name_of(member),
            household: home.clone(),
            counts: *member != about && home != household,
        });
        let state = self.decision_state(tally);
        let consents = if state == DecisionState::Ready { self.consents_to(id, tally) } else { Vec::new() };
        Some(DecisionCard {
            v: 1,
            id: id.to_string(),
            by: by.to_string(),
            by_name: self.name_of(&by),
            member: about.to_string(),
            name: self.name_of(&about),
            household: household.clone(),
            action: self.action_card(&tally.action),
            text: String::new(),
            created: tally.created,
            agreed: agreed(&about, household, tally.voices.iter().map(|(member, home)| (member, home.as_str()))) as u64,
            quorum: tally.quorum,
            state,
            voices: voices.collect(),
            consents: consents.iter().map(ToString::to_string).collect(),
        })
    }

    /// How a member's chain would go on by a decision: where it ends now, with his key, at his home, with what all its branches make
    /// together. For whoever proposes it to look at, and to change.
    pub fn going_on(&self, id: &MemberId) -> Option<ActionCard> {
        let (head, _, standing) = self.head(id)?;
        let others: Vec<RecordId> = self.ends(id).into_iter().filter(|end| *end != head).collect();
        let positions = self.joined(&head, standing, &others).unwrap_or_else(|| standing.positions.clone());
        let (member, key, home) = (*id, standing.key, standing.facts.home);
        Some(self.action_card(&Action::Unfreeze { member, base: head, key, home, positions }))
    }

    fn action_card(&self, action: &Action) -> ActionCard {
        match action {
            Action::Freeze { epoch, .. } => ActionCard::Freeze { epoch: *epoch },
            Action::Unfreeze { base, key, home, positions, .. } => ActionCard::Unfreeze {
                base: base.to_string(),
                epoch: self.standing_at(base).map_or(0, |standing| standing.epoch).saturating_add(1),
                seq: self.entries.get(base).map_or(0, |entry| entry.seq).saturating_add(1),
                key: key.to_string(),
                home: home.to_string(),
                positions: positions.clone(),
            },
            Action::WriteOff { pot, unit, amount, .. } => ActionCard::WriteOff {
                pot: pot.to_string(),
                pot_name: self.name_of(pot),
                unit: unit.0,
                amount: amount.0,
            },
        }
    }

    fn decision_state(&self, tally: &Tally) -> DecisionState {
        let reached = if tally.in_force { DecisionState::InForce } else { DecisionState::Open };
        match &tally.action {
            Action::WriteOff { .. } => reached,
            Action::Freeze { member, epoch } => match self.head(member) {
                Some((_, _, standing)) if standing.epoch > *epoch => DecisionState::Over,
                _ => reached,
            },
            Action::Unfreeze { member, base, key, .. } => {
                let after = self.members.get(member).into_iter().flat_map(|member| &member.resumptions);
                let after = after.filter_map(|id| self.entries.get(id)).filter(|entry| entry.prev == *base);
                let mut keys = after.filter_map(|entry| match &entry.deed {
                    Deed::Resume(resumed) => Some(resumed.key),
                    _ => None,
                });
                match (keys.any(|gone_on| gone_on == *key), self.ends(member).contains(base)) {
                    (true, _) => DecisionState::InForce,
                    (false, false) => DecisionState::Over,
                    (false, true) if tally.in_force => DecisionState::Ready,
                    (false, true) => DecisionState::Open,
                }
            }
        }
    }

    /// Enough records of those who agree for a resumption to stand on. Walks their chains.
    fn consents_to(&self, id: &RecordId, tally: &Tally) -> Vec<RecordId> {
        let about = tally.action.member();
        let household = self.members.get(&about).map(|member| member.household.as_str());
        let counts = |(member, home): &&(MemberId, String)| *member != about && Some(home.as_str()) != household;
        let found = tally.voices.iter().filter(counts).filter_map(|(member, _)| self.consent_of(member, id));
        found.take(GROUNDS_MAX).collect()
    }

    fn consent_of(&self, member: &MemberId, to: &RecordId) -> Option<RecordId> {
        for end in self.members.get(member)?.tips.keys() {
            let mut at = *end;
            while let Some(entry) = self.entries.get(&at) {
                match &entry.deed {
                    Deed::Consent { decision, .. } if decision == to => return Some(at),
                    _ if entry.seq == 0 => break,
                    _ => at = entry.prev,
                }
            }
        }
        None
    }
}
