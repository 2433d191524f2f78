//! Forks: two records with one number in one key epoch by one key.
//!
//! A fork voids nothing: whoever was paid on either branch keeps it. It freezes its author until the branches are joined
//! within the limits, or guardians or households say how his chain goes on. Forks of old epochs, which a thief of the old key
//! can make as many of as he likes, are over once they have.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::chain::Deed;
use super::rules::{Judged, Stop};
use super::{Ledger, Refusal, PROOFS_MAX};
use crate::codec::{decode_record, record_id, Author, SignedRecord};
use crate::identity::{member_signed, GatewayId, MemberId, MemberKey, RecordId};
use crate::record::{Body, ForkProof, Link};

/// A fork somebody has shown, whose records need not be in any log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Proof {
    pub epoch: u16,
    pub seq: u32,
    /// The smaller id.
    pub first: RecordId,
    pub second: RecordId,
}

/// One side of a proof, taken apart and its signature checked.
struct Side {
    id: RecordId,
    key: MemberKey,
    link: Link,
}

impl Ledger {
    /// Notes that a record follows another.
    pub(super) fn link(&mut self, member: &MemberId, prev: RecordId, id: RecordId) {
        let Some(entry) = self.entries.get_mut(&prev) else { return };
        let Some(sibling) = entry.next else {
            entry.next = Some(id);
            return;
        };
        entry.next = Some(sibling.min(id));
        if let Some(member) = self.members.get_mut(member) {
            member.branches.entry(prev).or_default().extend([sibling, id]);
        }
    }

    /// Keeps a proof.
    pub(super) fn prove(&mut self, about: MemberId, proof: Proof) -> bool {
        let Some(member) = self.members.get_mut(&about) else { return false };
        // Of more than are kept the smallest stay, so that all gateways keep the same.
        let news = member.proofs.insert(proof);
        if member.proofs.len() > PROOFS_MAX {
            member.proofs.pop_last();
        }
        self.look_for_forks(&about);
        news
    }

    /// Computes again whether a member is frozen, where anything could have changed that.
    pub(super) fn look_for_forks(&mut self, about: &MemberId) {
        let Some(member) = self.members.get(about) else { return };
        if member.branches.is_empty() && member.proofs.is_empty() && member.frozen_epochs.is_empty() {
            return;
        }
        let epoch = |id: &RecordId| self.entries.get(id).map_or(0, |entry| entry.epoch);
        let cleared = member.resumptions.iter().map(epoch).max().unwrap_or(0);
        let ends = self.ends(about);
        let joined = |id: &RecordId| ends.iter().any(|end| self.precedes(id, end));
        let split = ends.len() > 1;
        let shown = member
            .proofs
            .iter()
            .any(|proof| proof.epoch >= cleared && !(joined(&proof.first) && joined(&proof.second)));
        let decided = member.frozen_epochs.iter().any(|epoch| *epoch >= cleared);
        let frozen = split || shown || decided;
        if let Some(member) = self.members.get_mut(about) {
            member.frozen = frozen;
        }
    }

    /// The forks in a member's chain: the epoch, and the records that share a number.
    fn forks(&self, about: &MemberId) -> impl Iterator<Item = (u16, Vec<RecordId>)> + '_ {
        let branches = self.members.get(about).into_iter().flat_map(|member| member.branches.values());
        branches.flat_map(|children| {
            // What opens an epoch by word of others has a key of its own; anything else is signed with the one before.
            let mut groups: BTreeMap<(u16, Option<MemberKey>), Vec<RecordId>> = BTreeMap::new();
            for id in children {
                let Some(entry) = self.entries.get(id) else { continue };
                let key = match &entry.deed {
                    Deed::Resume(resumed) if resumed.clears() => Some(resumed.key),
                    _ => None,
                };
                groups.entry((entry.epoch, key)).or_default().push(*id);
            }
            groups.into_iter().filter(|(_, ids)| ids.len() > 1).map(|((epoch, _), ids)| (epoch, ids))
        })
    }

    /// The forks known of a member, as (epoch, number).
    pub fn forks_of(&self, about: &MemberId) -> BTreeSet<(u16, u32)> {
        let found = self.forks(about).filter_map(|(epoch, ids)| Some((epoch, self.entries.get(ids.first()?)?.seq)));
        let shown = self.members.get(about).into_iter().flat_map(|member| &member.proofs);
        found.chain(shown.map(|proof| (proof.epoch, proof.seq))).collect()
    }

    /// Whether this proof was shown before, by whomever: the book need not hold it once more.
    pub fn knows_proof(&self, body: &Body) -> bool {
        let Body::ForkProof(proof) = body else { return false };
        match self.judge_proof(proof) {
            Ok(Judged::Proof(member, proof)) => {
                self.members.get(&member).is_some_and(|member| member.proofs.contains(&proof))
            }
            _ => false,
        }
    }

    /// Two records of each fork: of those in the chain, else of those shown.
    pub fn fork_pairs(&self, about: &MemberId) -> Vec<((u16, u32), [RecordId; 2])> {
        let mut pairs = BTreeMap::new();
        let shown = self.members.get(about).into_iter().flat_map(|member| &member.proofs);
        pairs.extend(shown.map(|proof| ((proof.epoch, proof.seq), [proof.first, proof.second])));
        for (epoch, ids) in self.forks(about) {
            if let ([first, second, ..], Some(seq)) =
                (&*ids, ids.first().and_then(|id| Some(self.entries.get(id)?.seq)))
            {
                pairs.insert((epoch, seq), [*first, *second]);
            }
        }
        pairs.into_iter().collect()
    }

    /// Whether this is a proof. The first of its two records must follow one that is here, which says whose key it is.
    pub(super) fn judge_proof(&self, proof: &ForkProof) -> Result<Judged, Stop> {
        let no = |detail| Stop::Refused(Refusal::NotAProof { detail });
        let (first, second) = (self.side(&proof.first)?, self.side(&proof.second)?);
        let same = |link: &Link| (link.member, link.epoch, link.seq);
        if first.key != second.key || same(&first.link) != same(&second.link) {
            return Err(no("not one member, key epoch and number, by one key"));
        }
        if first.id == second.id {
            return Err(no("one and the same record"));
        }
        let Link { member, epoch, seq, prev } = first.link;
        let before = self.entries.get(&prev).ok_or(Stop::Missing(prev, "prev"))?;
        let standing = self.standing_at(&prev).ok_or(Stop::Missing(prev, "prev"))?;
        if before.member != member || before.seq.checked_add(1) != Some(seq) {
            return Err(no("the first record does not follow the one it names"));
        }
        if standing.epoch != epoch || standing.key != first.key {
            return Err(no("not the member's key in this epoch"));
        }
        let (first, second) = (first.id.min(second.id), first.id.max(second.id));
        Ok(Judged::Proof(member, Proof { epoch, seq, first, second }))
    }

    fn side(&self, bytes: &[u8]) -> Result<Side, Stop> {
        let no = |detail| Stop::Refused(Refusal::NotAProof { detail });
        let signed = SignedRecord::decode(bytes).map_err(|_| no("not two signed records"))?;
        let record = decode_record(&signed.record).map_err(|_| no("not two signed records"))?;
        let link = match &record.body {
            Body::Resume(_) => return Err(no("a resumption, whose key is its own")),
            body => *body.link().ok_or(no("not two records of a chain"))?,
        };
        if !member_signed(&self.network, &signed.author, &signed.record, &signed.signature) {
            return Err(no("a signature does not match"));
        }
        // A member's record has the same id at every gateway.
        let id = record_id(&self.network, &GatewayId([0; 32]), &Author::Member(signed.author), &signed.record);
        Ok(Side { id, key: signed.author, link })
    }
}
