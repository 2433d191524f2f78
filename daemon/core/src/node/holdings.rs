//! What a node holds, as seen from outside: digests to compare by, and what of it may go when space is needed.

use alloc::string::String;
use alloc::vec::Vec;

use super::Node;
use crate::batch::{read_batch, write_batch, Item as Place};
use crate::codec::{read_record, record_id};
use crate::identity::hash;
use crate::log::{Held, Lane};

/// What may become of a batch when space is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything in it still matters.
    Whole,
    /// Some entries have expired; these bytes keep only their ids.
    Partly {
        /// The batch without them; signature and chain still verify.
        bytes: Vec<u8>,
        /// How many were taken out.
        entries: u64,
    },
    /// All have. It may go if it is the oldest of its log, else become a stub.
    Over {
        /// The batch with ids only.
        stub: Vec<u8>,
        /// How many were taken out.
        entries: u64,
    },
}

impl Node {
    /// One hash over all heads: equal on two gateways exactly if they hold the same logs.
    pub fn heads_digest(&self) -> [u8; 32] {
        let mut bytes = Vec::new();
        for (log, head) in &self.heads {
            bytes.extend(log.gateway.0);
            bytes.push(log.lane as u8);
            bytes.extend(log.epoch.0.to_be_bytes());
            if self.frozen.contains_key(log) {
                // Each gateway holds the branch it heard first, and the records of both.
                bytes.push(0xFF);
                continue;
            }
            bytes.extend(head.next.to_be_bytes());
            bytes.extend(head.hash.0);
        }
        hash("commons/1/heads", &[&bytes])
    }

    /// One hash over what everybody sees: equal exactly if the views are.
    pub fn views_digest(&self) -> [u8; 32] {
        let mut items: Vec<_> = self.board.all().collect();
        items.sort_by_key(|item| item.id);
        let mut text = String::new();
        for item in items {
            let now = self.board.resolve(item);
            text.push_str(&alloc::format!("{} {} {:?} {:?}\n", item.id, item.status.name(), now.slots, now.claims));
        }
        for shelf in self.stock.shelves(u64::MAX, &|_| None) {
            text.push_str(&alloc::format!("{shelf:?}\n"));
        }
        text.push_str(&crate::identity::hex(&self.ledger.digest()));
        hash("commons/1/views", &[text.as_bytes()])
    }

    /// What may become of a batch when space is needed: [`Verdict`].
    pub fn judge(&self, held: &Held) -> Verdict {
        let Ok(batch) = read_batch(&held.bytes) else { return Verdict::Whole };
        if held.log.lane == Lane::Book {
            return Verdict::Whole;
        }
        let mut gone = 0;
        let mut kept = 0;
        let items: Vec<Place<'_>> = batch
            .items
            .iter()
            .map(|item| match item {
                Place::Entry { author, record: bytes, .. } => {
                    let id = record_id(&self.network, &held.log.gateway, author, bytes);
                    let needed = read_record(bytes).is_ok_and(|record| self.board.needs(&id, &record));
                    if needed {
                        kept += 1;
                        *item
                    } else {
                        gone += 1;
                        Place::HashOnly(id)
                    }
                }
                Place::HashOnly(_) => *item,
            })
            .collect();
        let bytes = || write_batch(batch.number, batch.received, &items, &batch.signature);
        match (kept, gone) {
            (0, _) => Verdict::Over { stub: bytes(), entries: gone },
            (_, 0) => Verdict::Whole,
            _ => Verdict::Partly { bytes: bytes(), entries: gone },
        }
    }
}
