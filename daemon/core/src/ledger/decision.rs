//! What households decide about a member: freeze, go on, write off. Only households count, never credit.
//!
//! Consents add up, so a decision that is in force stays in force. The member it is about, and the household he came with,
//! do not count. A member counts once, and so does a household: the lower of both numbers is what agrees.

use alloc::collections::BTreeSet;
use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::chain::Deed;
use super::posting::Posting;
use super::Ledger;
use crate::identity::{MemberId, RecordId};
use crate::record::Action;

/// A proposal and who agrees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tally {
    pub action: Action,
    pub quorum: u8,
    /// As its author claims; shown.
    pub created: u64,
    pub voices: BTreeSet<(MemberId, String)>,
    pub in_force: bool,
}

/// How many agree, of members with their households, about this one.
pub(super) fn agreed<'a>(
    about: &MemberId,
    household: &str,
    voices: impl Iterator<Item = (&'a MemberId, &'a str)>,
) -> usize {
    let (mut members, mut households) = (BTreeSet::new(), BTreeSet::new());
    for (member, home) in voices {
        if member != about && home != household {
            members.insert(member);
            households.insert(home);
        }
    }
    members.len().min(households.len())
}

impl Ledger {
    /// What follows for decisions from one more record.
    pub(super) fn count_voices(&mut self, id: RecordId, author: &MemberId, deed: &Deed, created: u64) {
        let (decision, household) = match deed {
            Deed::Decide { action, household } => {
                let covenant = self.members.get(author).and_then(|member| self.covenants.get(&member.covenant));
                let quorum = covenant.map_or(u8::MAX, |found| found.quorum);
                let tally =
                    Tally { action: (**action).clone(), quorum, created, voices: BTreeSet::new(), in_force: false };
                self.decisions.insert(id, tally);
                (id, household)
            }
            Deed::Consent { decision, household } => (*decision, household),
            _ => return,
        };
        let Some(tally) = self.decisions.get_mut(&decision) else { return };
        tally.voices.insert((*author, household.clone()));
        let about = tally.action.member();
        let Some(member) = self.members.get_mut(&about) else { return };
        let voices = tally.voices.iter().map(|(member, home)| (member, home.as_str()));
        if tally.in_force || agreed(&about, &member.household, voices) < usize::from(tally.quorum) {
            return;
        }
        tally.in_force = true;
        match tally.action {
            Action::Freeze { epoch, .. } => {
                member.frozen_epochs.insert(epoch);
                self.look_for_forks(&about);
            }
            Action::WriteOff { member, pot, unit, amount } => {
                self.settle(Posting { cause: decision, back: false, from: pot, to: member, unit, amount });
            }
            // It is for the member to go on: his resumption names it.
            Action::Unfreeze { .. } => {}
        }
    }

    /// How many households agree to a decision, how many it takes, and whether it is in force.
    pub fn decision(&self, id: &RecordId) -> Option<(usize, usize, bool)> {
        let tally = self.decisions.get(id)?;
        let about = tally.action.member();
        let household = &self.members.get(&about)?.household;
        let voices = tally.voices.iter().map(|(member, home)| (member, home.as_str()));
        Some((agreed(&about, household, voices), usize::from(tally.quorum), tally.in_force))
    }
}
