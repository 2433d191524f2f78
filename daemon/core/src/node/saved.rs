//! The ledger kept over a restart, so that a start folds only what came after it.
//!
//! Saved are the ledger's bytes, where its records lie, and what they cover: so many batches of the book, in order of arrival here,
//! and a chain of hashes over those. A start reads its journal as ever, but passes over the ledger's records in as many of the
//! book's batches as are covered; if these were not the very same batches, nothing of it holds, and the whole journal is folded.
//! **Whatever does not fit costs time and nothing else.** What is saved covers only what was handed out to be written
//! ([`Node::seal`]); the caller keeps it when that is on disk.
//!
//! The book never expires, so nothing that is covered can leave the journal but by damage, which shows in the chain. Records of
//! forked logs' other branches lie in no log: they are covered by name, and read again all the same.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Node, LOGS_MAX};
use crate::batch::{read_batch, Batch};
use crate::identity::hash;
use crate::ledger::{Ledger, FOLD};
use crate::log::{Age, Held, Lane, LogKey};
use crate::views::EntryRef;

/// Why a saved ledger is not gone on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Another program made it: its rules may differ.
    #[error("another version of this program saved it")]
    OtherFold,
    /// It is no such thing.
    #[error("its bytes make no sense")]
    Malformed,
    /// It reads as another ledger than was saved.
    #[error("its digest is another")]
    OtherDigest,
    /// The journal ends before it.
    #[error("it covers {covered} batches of the book, and only {found} are here")]
    BeyondTheLog {
        /// Batches it covers.
        covered: u64,
        /// Batches here.
        found: u64,
    },
    /// It was made of other batches.
    #[error("it covers other batches than are here")]
    OtherLog,
    /// A forked log's other branch is gone.
    #[error("it covers a branch of a forked log that is not here")]
    OtherBranches,
}

/// What has arrived of the book, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Arrivals {
    batches: u64,
    entries: u64,
    chain: [u8; 32],
}

impl Arrivals {
    pub fn add(&mut self, held: &Held, batch: &Batch<'_>) {
        let Held { log, number, arrived, .. } = held;
        self.batches += 1;
        self.entries += batch.items.len() as u64;
        // The signature stands for the batch's contents: it is over their root.
        self.chain = hash(
            "commons/1/arrivals",
            &[
                &self.chain,
                &log.gateway.0,
                &log.epoch.0.to_be_bytes(),
                &number.to_be_bytes(),
                &arrived.0.to_be_bytes(),
                &batch.signature.0,
            ],
        );
    }
}

/// Key of a record, log, place in its batch, the batch's number.
type Place = (u64, u16, u8, u32);

/// What stands before the ledger's own bytes.
#[derive(Serialize, Deserialize)]
struct Head {
    fold: u64,
    covers: Arrivals,
    /// Hashes of the batches of forked logs' other branches.
    branches: BTreeSet<[u8; 32]>,
    /// As [`Node`] keeps them.
    checkpointed: u64,
    changed: Age,
    digest: [u8; 32],
    /// Where records lie: key, log in the list after, place, batch.
    places: Vec<Place>,
    /// Where the proofs lie that hold records which may be in no log here.
    shown: Vec<Place>,
    logs: Vec<LogKey>,
}

/// A start under way from a saved ledger.
pub(super) struct Restoring {
    head: Head,
    /// The batches that are covered were here, all of them and the same.
    met: bool,
}

impl Node {
    /// The ledger with all that a start needs to go on from it; none while there is anything that is not handed out to be written.
    pub fn save_ledger(&self) -> Option<Vec<u8>> {
        if self.has_open() {
            return None;
        }
        // What lies in other branches of forked logs is read again at each start.
        let in_log =
            |(key, at): (u64, EntryRef)| (usize::from(at.log) < LOGS_MAX).then_some((key, at.log, at.place, at.batch));
        let head = Head {
            fold: FOLD,
            covers: self.arrivals,
            branches: self.branches.iter().map(branch_hash).collect(),
            checkpointed: self.checkpointed,
            changed: self.ledger_changed,
            digest: self.ledger.digest(),
            places: self.book.places().filter_map(in_log).collect(),
            shown: self.book.shown().filter_map(in_log).collect(),
            logs: self.logs.clone(),
        };
        // Writing into a growing Vec cannot fail for these types.
        let bytes = postcard::to_allocvec(&head).unwrap_or_default();
        Some(self.ledger.append_snapshot(bytes))
    }

    /// Before loading: goes on from a saved ledger. Whether it fits what is loaded then is said by [`Node::check_restored`].
    pub fn restore_ledger(&mut self, bytes: &[u8]) -> Result<(), Unfit> {
        // First of all, since nothing else need make sense in what another program wrote.
        let (fold, _) = postcard::take_from_bytes::<u64>(bytes).map_err(|_| Unfit::Malformed)?;
        if fold != FOLD {
            return Err(Unfit::OtherFold);
        }
        let (head, rest) = postcard::take_from_bytes::<Head>(bytes).map_err(|_| Unfit::Malformed)?;
        let ledger = Ledger::restore(&self.network, rest).ok_or(Unfit::Malformed)?;
        if ledger.digest() != head.digest {
            return Err(Unfit::OtherDigest);
        }
        self.ledger = ledger;
        self.checkpointed = head.checkpointed;
        self.ledger_changed = head.changed;
        // Something may have come just before that was not stamped yet: looked for at the first tick, as after a whole fold.
        self.stamp_at = Some(Age(0));
        let met = head.covers == self.arrivals;
        self.restoring = Some(Restoring { head, met });
        Ok(())
    }

    /// After the journal and the branches, before [`Node::loaded`]: whether the restored ledger is the one of what was loaded. If
    /// not, this node is of no use; make another one.
    pub fn check_restored(&mut self) -> Result<(), Unfit> {
        let Some(Restoring { head, met }) = self.restoring.take() else { return Ok(()) };
        let (covered, found) = (head.covers.batches, self.arrivals.batches);
        if found < covered {
            return Err(Unfit::BeyondTheLog { covered, found });
        }
        if !met {
            return Err(Unfit::OtherLog);
        }
        let here: BTreeSet<[u8; 32]> = self.branches.iter().map(branch_hash).collect();
        if !head.branches.is_subset(&here) {
            return Err(Unfit::OtherBranches);
        }
        let index = |log: &LogKey| self.heads.get(log).map(|head| head.index);
        let indexes: Vec<Option<u16>> = head.logs.iter().map(index).collect();
        let here = |(key, log, place, batch): Place| {
            let log = indexes.get(usize::from(log)).copied().flatten()?;
            Some((key, EntryRef { log, place, batch }))
        };
        let all = |places: Vec<Place>| places.into_iter().map(here).collect::<Option<Vec<_>>>();
        let (Some(places), Some(shown)) = (all(head.places), all(head.shown)) else { return Err(Unfit::OtherLog) };
        self.book.put_before(places, shown);
        self.restored = head.covers.entries;
        Ok(())
    }

    /// Counts a batch of the book that is loaded; says whether a restored ledger covers it.
    pub(super) fn arrive(&mut self, held: &Held, batch: &Batch<'_>) -> bool {
        if held.log.lane != Lane::Book {
            return false;
        }
        self.arrivals.add(held, batch);
        let Some(restoring) = &mut self.restoring else { return false };
        let covers = &restoring.head.covers;
        if self.arrivals.batches == covers.batches {
            restoring.met = self.arrivals == *covers;
        }
        self.arrivals.batches <= covers.batches
    }

    /// Counts batches that are handed out to be written.
    pub(super) fn count_arrivals(&mut self, sealed: &[Held]) {
        for held in sealed.iter().filter(|held| held.log.lane == Lane::Book) {
            if let Ok(batch) = read_batch(&held.bytes) {
                self.arrivals.add(held, &batch);
            }
        }
    }

    /// Entries of the book in the journal so far.
    pub fn book_entries(&self) -> u64 {
        self.arrivals.entries
    }

    /// As many of them a saved ledger covered at the start.
    pub fn restored_entries(&self) -> u64 {
        self.restored
    }

    /// The first thing in which the ledger of another node over the same journal is not this one's, in words.
    pub fn ledger_difference(&self, other: &Node) -> Option<String> {
        let places = || {
            let keys = |node: &Node| node.book.places().map(|(key, _)| key).collect::<Vec<_>>();
            (keys(self) != keys(other)).then(|| "it does not say where every record lies".into())
        };
        self.ledger.difference(&other.ledger).or_else(places)
    }
}

fn branch_hash(held: &Held) -> [u8; 32] {
    hash(
        "commons/1/branch",
        &[&held.log.gateway.0, &held.log.epoch.0.to_be_bytes(), &held.number.to_be_bytes(), &held.bytes],
    )
}
