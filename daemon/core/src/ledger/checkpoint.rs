//! Checkpoints: a ledger as bytes, to go on from; its digest, and gateways' words on it.
//!
//! Two gateways that fold the same records get the same digest, at whatever time they do. If two have said one, an auditor
//! may begin there. A start goes on from this gateway's own bytes (`node/saved.rs`), whatever others said.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::Ledger;
use crate::identity::{hash, purpose, GatewayId, NetworkId};
use crate::record::{Body, Checkpoint};

/// Checkpoints kept of one gateway: the ones with the most records.
const WORDS_MAX: usize = 8;

/// What this program makes of a book, as a number: any change to the sources that read records or fold them gives another one. A
/// ledger as bytes is only of use to a program with the same, and nobody has to remember to count a version up.
pub const FOLD: u64 = {
    let sources: [&[u8]; 15] = [
        include_bytes!("chain.rs"),
        include_bytes!("checkpoint.rs"),
        include_bytes!("decision.rs"),
        include_bytes!("fork.rs"),
        include_bytes!("form.rs"),
        include_bytes!("member.rs"),
        include_bytes!("mod.rs"),
        include_bytes!("posting.rs"),
        include_bytes!("rules.rs"),
        include_bytes!("waiting.rs"),
        include_bytes!("../codec.rs"),
        include_bytes!("../identity.rs"),
        include_bytes!("../record.rs"),
        include_bytes!("../record/book.rs"),
        include_bytes!("../node/saved.rs"),
    ];
    // FNV-1a: told apart are versions of one program, not adversaries.
    let (mut sum, mut file) = (0xcbf2_9ce4_8422_2325_u64, 0);
    while file < sources.len() {
        let mut at = 0;
        while at < sources[file].len() {
            sum = (sum ^ sources[file][at] as u64).wrapping_mul(0x0100_0000_01b3);
            at += 1;
        }
        file += 1;
    }
    sum
};

/// A checkpoint that two gateways or more have said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// How many records it is of.
    pub records: u64,
    /// What they come to.
    pub digest: [u8; 32],
    /// Who said so.
    pub gateways: BTreeSet<GatewayId>,
}

/// What one gateway said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Words(BTreeSet<(u64, [u8; 32])>);

impl Words {
    pub fn note(&mut self, records: u64, digest: [u8; 32]) -> bool {
        let news = self.0.insert((records, digest));
        if self.0.len() > WORDS_MAX {
            self.0.pop_first();
        }
        news
    }
}

impl Ledger {
    /// The digest of all that counts: every chain's ends, which name all before them, and what they come to.
    pub fn digest(&self) -> [u8; 32] {
        let mut text = Vec::new();
        for (id, found) in &self.covenants {
            text.extend(id.0);
            text.extend((found.founders.len() as u64).to_be_bytes());
        }
        for (id, member) in &self.members {
            text.extend(id.0);
            text.push(u8::from(member.frozen));
            text.extend((member.tips.len() as u64).to_be_bytes());
            member.tips.keys().for_each(|tip| text.extend(tip.0));
            for sums in [&member.settled, &member.outgoing, &member.incoming] {
                sums.iter().for_each(|sum| text.extend(sum.to_be_bytes()));
            }
        }
        hash(purpose::LEDGER, &[&self.network.0, &self.records().to_be_bytes(), &text])
    }

    /// What this gateway may say of the ledger now.
    pub fn checkpoint(&self) -> Body {
        Body::Checkpoint(Checkpoint { records: self.records(), digest: self.digest() })
    }

    /// Which gateways said that so many records come to this digest. Two make a checkpoint.
    pub fn checkpointed(&self, records: u64, digest: &[u8; 32]) -> BTreeSet<GatewayId> {
        let said = |words: &Words| words.0.contains(&(records, *digest));
        self.words.iter().filter(|(_, words)| said(words)).map(|(gateway, _)| *gateway).collect()
    }

    /// The checkpoint of the most records that two gateways or more agree on.
    pub fn agreed(&self) -> Option<Agreed> {
        let mut said: BTreeMap<(u64, [u8; 32]), BTreeSet<GatewayId>> = BTreeMap::new();
        for (gateway, words) in &self.words {
            for word in &words.0 {
                said.entry(*word).or_default().insert(*gateway);
            }
        }
        let agreed = said.into_iter().filter(|(_, gateways)| gateways.len() > 1);
        let (word, gateways) = agreed.max_by_key(|((records, _), gateways)| (*records, gateways.len()))?;
        Some(Agreed { records: word.0, digest: word.1, gateways })
    }

    /// The first thing in which another ledger is not this one, in words; none if they are the same. When guardians' records came is
    /// left out: where one came twice, by a log and by a fork's other branch, it depends on the order they are read in.
    pub fn difference(&self, other: &Self) -> Option<String> {
        use alloc::format;
        if self.network != other.network {
            return Some("it is of another network".into());
        }
        if let Some(id) = first(&self.covenants, &other.covenants) {
            return Some(format!("the founding {} is not the same", id.short()));
        }
        if let Some(id) = first(&self.members, &other.members) {
            return Some(match (self.members.get(&id), other.members.get(&id)) {
                (Some(here), Some(there)) if here.settled != there.settled => {
                    format!("member {} has settled {:?} and not {:?}", id.short(), here.settled, there.settled)
                }
                (Some(here), Some(there)) if here.frozen != there.frozen => {
                    format!("member {} is{} frozen", id.short(), if here.frozen { "" } else { " not" })
                }
                (Some(_), Some(_)) => format!("member {} is not the same", id.short()),
                (Some(_), None) => format!("member {} is missing", id.short()),
                (None, _) => format!("member {} is in no log", id.short()),
            });
        }
        if let Some(id) = first(&self.entries, &other.entries) {
            return Some(match (self.entries.get(&id), other.entries.get(&id)) {
                (Some(_), Some(_)) => format!("record {} is not the same", id.short()),
                (Some(_), None) => format!("record {} is missing", id.short()),
                (None, _) => format!("record {} is in no log", id.short()),
            });
        }
        let payment = first(&self.pays, &other.pays).map(|id| format!("payment {} is not the same", id.short()));
        let decision =
            || first(&self.decisions, &other.decisions).map(|id| format!("decision {} is not the same", id.short()));
        let words =
            || first(&self.words, &other.words).map(|id| format!("gateway {} said other checkpoints", id.short()));
        let waiting = || (self.waiting != other.waiting).then(|| "other records wait for what they name".into());
        payment.or_else(decision).or_else(words).or_else(waiting)
    }

    /// The whole ledger as bytes. The same records give the same bytes.
    pub fn snapshot(&self) -> Vec<u8> {
        self.append_snapshot(Vec::new())
    }

    /// As [`Ledger::snapshot`], after bytes that are there already.
    pub(crate) fn append_snapshot(&self, bytes: Vec<u8>) -> Vec<u8> {
        // Writing into a growing Vec cannot fail for these types.
        postcard::to_extend(self, bytes).unwrap_or_default()
    }

    /// A ledger from a snapshot of one's own; none if it is not whole or of another network.
    pub fn restore(network: &NetworkId, bytes: &[u8]) -> Option<Self> {
        let (ledger, rest) = postcard::take_from_bytes::<Self>(bytes).ok()?;
        (rest.is_empty() && ledger.network == *network).then_some(ledger)
    }
}

/// The smallest key whose values differ.
fn first<K: Ord + Copy, V: PartialEq>(one: &BTreeMap<K, V>, other: &BTreeMap<K, V>) -> Option<K> {
    let here = one.iter().find(|(key, value)| other.get(key) != Some(value)).map(|(key, _)| *key);
    let there = other.keys().find(|key| !one.contains_key(key)).copied();
    match (here, there) {
        (Some(here), Some(there)) => Some(here.min(there)),
        (here, there) => here.or(there),
    }
}
