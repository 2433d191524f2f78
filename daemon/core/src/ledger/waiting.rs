//! Records that name others which are not here yet.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Said, WAITING_MAX};
use crate::codec::Author;
use crate::identity::{GatewayId, RecordId};
use crate::record::Body;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WaitingRecord {
    pub id: RecordId,
    pub author: Author,
    pub body: Body,
    pub created: u64,
    /// In whose logs it stands.
    pub gateways: BTreeSet<GatewayId>,
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Waiting {
    records: BTreeMap<RecordId, WaitingRecord>,
    by_missing: BTreeMap<RecordId, BTreeSet<RecordId>>,
}

impl Waiting {
    /// Keeps a record until the one it misses counts.
    pub fn hold(&mut self, missing: RecordId, said: Said<'_>) {
        let Said { id, author, gateway, body, created, .. } = said;
        if let Some(record) = self.records.get_mut(&id) {
            record.gateways.insert(gateway);
            return;
        }
        if self.records.len() >= WAITING_MAX {
            return;
        }
        let gateways = BTreeSet::from([gateway]);
        self.records.insert(id, WaitingRecord { id, author, body: body.clone(), created, gateways });
        self.by_missing.entry(missing).or_default().insert(id);
    }

    /// Hands out those that waited for this one.
    pub fn release(&mut self, missing: &RecordId) -> Vec<WaitingRecord> {
        let ids = self.by_missing.remove(missing).unwrap_or_default();
        ids.iter().filter_map(|id| self.records.remove(id)).collect()
    }

    pub fn len(&self) -> usize {
        self.records.len()
    }
}
