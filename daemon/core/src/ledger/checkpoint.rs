//! Checkpoints: a ledger as bytes, to go on from; its digest, and gateways' words on it.
//!
//! Two gateways that fold the same records get the same digest, at whatever time they do. If two have said one, an auditor
//! may begin there, and a start may fold only what came after.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::Ledger;
use crate::identity::{hash, purpose, GatewayId, NetworkId};
use crate::record::{Body, Checkpoint};

/// Checkpoints kept of one gateway: the ones with the most records.
const WORDS_MAX: usize = 8;

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

    /// The whole ledger as bytes. The same records give the same bytes.
    pub fn snapshot(&self) -> Vec<u8> {
        // Writing into a growing Vec cannot fail for these types.
        postcard::to_allocvec(self).unwrap_or_default()
    }

    /// A ledger from a snapshot of one's own; none if it is not whole or of another network.
    pub fn restore(network: &NetworkId, bytes: &[u8]) -> Option<Self> {
        let (ledger, rest) = postcard::take_from_bytes::<Self>(bytes).ok()?;
        (rest.is_empty() && ledger.network == *network).then_some(ledger)
    }
}
