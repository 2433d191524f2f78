//! A member as the ledger keeps him: the ends of his chain, what is settled, and what freezes him.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::fork::Proof;
use super::{Ledger, Standing};
use crate::identity::{MemberId, RecordId};

/// A member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Member {
    pub covenant: RecordId,
    /// His household when he came; does not change, so that votes about him count the same everywhere.
    pub household: alloc::string::String,
    /// The ends of his chain: one, unless it is split.
    pub tips: BTreeMap<RecordId, Standing>,
    /// By unit: what others' payments to him that he accepted, less his that were accepted, make.
    pub settled: Vec<i64>,
    /// By unit: his payments that nobody has answered.
    pub outgoing: Vec<i64>,
    /// By unit: payments to him that he has not answered.
    pub incoming: Vec<i64>,
    /// Records with two successors or more.
    pub branches: BTreeMap<RecordId, BTreeSet<RecordId>>,
    /// Forks shown by somebody.
    pub proofs: BTreeSet<Proof>,
    /// Epochs frozen by decisions.
    pub frozen_epochs: BTreeSet<u16>,
    /// Records that opened a new epoch after a lost key or a fork, by word of others.
    pub resumptions: BTreeSet<RecordId>,
    /// Follows from the four above.
    pub frozen: bool,
    /// Payments of his, and to him, that wait for somebody: see [`super::posting::Payment::waits_for`].
    pub open: BTreeSet<RecordId>,
    /// Members' words for him.
    pub vouches: BTreeSet<RecordId>,
    /// Guardians' words that another key is his.
    pub recoveries: BTreeSet<RecordId>,
}

/// How far a record has come: the three lights a person sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lights {
    /// Not in any log that is here.
    Noted,
    /// Some gateway has logged it.
    Stamped,
    /// The home gateway has seen it.
    Confirmed,
}

impl Member {
    pub fn new(standing: &Standing) -> Self {
        let units = standing.positions.len();
        Self {
            covenant: standing.covenant,
            household: standing.facts.household.clone(),
            tips: BTreeMap::new(),
            settled: alloc::vec![0; units],
            outgoing: alloc::vec![0; units],
            incoming: alloc::vec![0; units],
            branches: BTreeMap::new(),
            proofs: BTreeSet::new(),
            frozen_epochs: BTreeSet::new(),
            resumptions: BTreeSet::new(),
            frozen: false,
            open: BTreeSet::new(),
            vouches: BTreeSet::new(),
            recoveries: BTreeSet::new(),
        }
    }
}

impl Ledger {
    /// How far a record has come.
    pub fn lights(&self, id: &RecordId) -> Lights {
        let mut at = Some(*id);
        let mut lights = Lights::Noted;
        while let Some(entry) = at.and_then(|id| self.entries.get(&id)) {
            if entry.at_home {
                return Lights::Confirmed;
            }
            lights = Lights::Stamped;
            at = entry.next;
        }
        lights
    }

    /// The end of a member's chain: what his phone asks before it signs anything. Of a split one the longest branch's.
    pub fn head(&self, member: &MemberId) -> Option<(RecordId, u32, &Standing)> {
        let seq = |id: &RecordId| self.entries.get(id).map_or(0, |entry| entry.seq);
        let id = self.ends(member).into_iter().max_by_key(|id| (seq(id), core::cmp::Reverse(*id)))?;
        Some((id, seq(&id), self.members.get(member)?.tips.get(&id)?))
    }

    /// Every end of a member's chain since guardians or households last said how it goes on. More than one: it is split.
    pub fn ends(&self, about: &MemberId) -> Vec<RecordId> {
        let Some(member) = self.members.get(about) else { return Vec::new() };
        let epoch = |id: &RecordId| self.entries.get(id).map_or(0, |entry| entry.epoch);
        let last = member.resumptions.iter().map(epoch).max();
        let starts: Vec<&RecordId> = member.resumptions.iter().filter(|id| Some(epoch(id)) == last).collect();
        let counts = |tip: &&RecordId| starts.is_empty() || starts.iter().any(|start| self.precedes(start, tip));
        member.tips.keys().filter(counts).copied().collect()
    }

    /// Whether gateways take only what brings him credit.
    pub fn is_frozen(&self, member: &MemberId) -> bool {
        self.members.get(member).is_some_and(|member| member.frozen)
    }
}
