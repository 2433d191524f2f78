//! Logs as the node keeps them: where each stands, what of it was never had, and what is left of forked ones.
//!
//! A log grows at its end. It may also begin above 0 (its older batches have expired everywhere) or have gaps (they had
//! expired where it came from, and may yet be found elsewhere): the hash before such a batch comes with it, and the
//! gateway's own signature, which is over that hash too, proves it.

use alloc::vec::Vec;

use super::{Node, Output, Staged, LOGS_MAX};
use crate::batch::{genesis, read_batch, signed_in, verify_batch, Batch, BatchFault, Item as Place};
use crate::clock::Now;
use crate::codec::{is_of_the_ledger, read_record, record_id, Author, SignedRecord};
use crate::identity::BatchHash;
use crate::log::{Age, Epoch, Held, Lane, LogKey};
use crate::record::Record;
use crate::views::board::Origin;
use crate::views::{EntryRef, Library};

/// Gaps kept in mind for one log; of more, the oldest is given up.
pub const GAPS_MAX: usize = 8;
/// Batches one gap may span: the store keeps 8 bytes for each.
pub const GAP_BATCHES_MAX: u64 = 65_536;
/// Batches kept of all forked logs' other branches.
pub const BRANCHES_MAX: usize = 4_096;
/// Bytes of all these: they stay in memory.
pub const BRANCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Views keep a batch's number in four bytes.
const NUMBER_MAX: u64 = u32::MAX as u64 - 1;

/// Batches never had: from this number, up to but without that one.
pub type Gap = (u64, u64);

/// Where a log stands.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub index: u16,
    /// Of the oldest batch that was ever here.
    pub first: u64,
    pub next: u64,
    /// Hash of batch `next - 1`.
    pub hash: BatchHash,
    /// When the last batch to come came.
    arrived: Age,
    batches: u64,
    bytes: u64,
}

impl Head {
    /// Counts a batch that came.
    pub fn count(&mut self, arrived: Age, bytes: usize) {
        self.arrived = self.arrived.max(arrived);
        self.batches += 1;
        self.bytes += bytes as u64;
    }
}

/// Where a log stands, for those who compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadInfo {
    /// Which log.
    pub log: LogKey,
    /// The oldest batch that was ever here (the store may have dropped it since).
    pub first: u64,
    /// One more than the newest.
    pub next: u64,
    /// The newest's hash; the genesis if there is none.
    pub hash: BatchHash,
    /// When the last one came.
    pub arrived: Age,
    /// Batches that came since the start, or were loaded at it.
    pub batches: u64,
    /// Their bytes.
    pub bytes: u64,
    /// It is forked and stands still.
    pub frozen: bool,
}

impl Node {
    /// Folds in a batch of this gateway's own journal, in order of arrival. Form and limits are checked, signatures
    /// are not: they were when it was taken in, and `verify` does it again.
    pub fn load(&mut self, held: Held) -> Result<(), BatchFault> {
        let Held { log, number, arrived, spent_s, .. } = held;
        let is_new = !self.heads.contains_key(&log);
        let index = self.index(&log)?;
        {
            let batch = read_batch(&held.bytes)?;
            if batch.number != number {
                return Err(BatchFault::WrongNumber { found: batch.number, expected: number });
            }
            let covered = self.arrive(&held, &batch);
            self.fold(&log, index, number, (arrived, spent_s), &batch, covered, &mut Vec::new());
        }
        self.clock.at_least(arrived);
        self.fill(&log, number);
        let Some(head) = self.heads.get_mut(&log) else { return Ok(()) };
        head.count(arrived, held.bytes.len());
        if is_new {
            head.first = number;
        }
        head.first = head.first.min(number);
        if number >= head.next {
            let (before, after) = (head.next, number);
            head.next = number + 1;
            self.tails.insert(log, held);
            // What was noted of it is more exact: some of it may have come later, and have gone since.
            let noted = self.gaps(&log).iter().any(|(from, to)| *from < after && *to > before);
            if !is_new && before < after && !noted {
                self.open_gap(&log, (before, after));
            }
        }
        Ok(())
    }

    /// Before loading: what of a log was never had, as noted earlier.
    pub fn set_gaps(&mut self, log: LogKey, gaps: Vec<Gap>) {
        self.gaps.insert(log, gaps);
    }

    /// What of a log was never had, though later batches are here.
    pub fn gaps(&self, log: &LogKey) -> &[Gap] {
        self.gaps.get(log).map_or(&[], Vec::as_slice)
    }

    /// Before [`Node::loaded`]: folds in a batch of a forked log's other branch, as noted earlier.
    pub fn load_branch(&mut self, held: Held) -> Result<(), BatchFault> {
        self.keep_branch(held, &mut Vec::new())
    }

    /// Takes nothing of this log from this number on: it is forked there.
    pub fn freeze(&mut self, log: LogKey, from: u64) {
        let known = self.frozen.entry(log).or_insert(from);
        *known = from.min(*known);
    }

    /// Where all logs stand.
    pub fn heads(&self) -> impl Iterator<Item = HeadInfo> + '_ {
        self.heads.iter().map(|(log, head)| self.info(log, head))
    }

    /// Where one log stands.
    pub fn head(&self, log: &LogKey) -> Option<HeadInfo> {
        self.heads.get(log).map(|head| self.info(log, head))
    }

    fn info(&self, log: &LogKey, head: &Head) -> HeadInfo {
        HeadInfo {
            log: *log,
            first: head.first,
            next: head.next,
            hash: head.hash,
            arrived: head.arrived,
            batches: head.batches,
            bytes: head.bytes,
            frozen: self.frozen.contains_key(log),
        }
    }

    /// A batch that was taken in and not handed out to be written yet.
    pub fn waiting(&self, log: &LogKey, number: u64) -> Option<&Held> {
        self.sealed.iter().find(|held| held.number == number && held.log == *log)
    }

    /// The epoch this node writes now.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Whether this node writes the log now.
    pub fn writes(&self, log: &LogKey) -> bool {
        log.gateway == self.me && log.epoch == self.epoch
    }

    /// Writes in a new epoch from now on. Nothing may be open: seal and commit before. The old logs can then be taken
    /// from neighbours, as any other.
    pub fn new_epoch(&mut self, epoch: Epoch) {
        assert!(self.open.is_empty(), "sealed before a new epoch");
        self.epoch = epoch;
    }

    /// The index of a log in the table, made if it is new.
    pub(super) fn index(&mut self, log: &LogKey) -> Result<u16, BatchFault> {
        if let Some(head) = self.heads.get(log) {
            return Ok(head.index);
        }
        if self.logs.len() >= LOGS_MAX {
            return Err(BatchFault::TooMany { what: "logs", limit: LOGS_MAX });
        }
        let index = self.logs.len() as u16;
        self.logs.push(*log);
        let hash = genesis(&self.network, log);
        self.heads.insert(*log, Head { index, first: 0, next: 0, hash, arrived: Age(0), batches: 0, bytes: 0 });
        Ok(index)
    }

    /// Takes in a batch of a log that is not written here, with every check.
    pub(super) fn adopt(&mut self, now: Now, held: Held, outputs: &mut Vec<Output>) -> Result<(), BatchFault> {
        let Held { log, number, .. } = held;
        if self.writes(&log) {
            return Err(BatchFault::OwnLog);
        }
        if self.frozen.get(&log).is_some_and(|from| number >= *from) {
            return Err(BatchFault::Frozen);
        }
        let known = self.heads.get(&log).map(|head| (head.next, head.hash));
        let (next, hash) = known.unwrap_or_else(|| (0, genesis(&self.network, &log)));
        let in_gap = self.gaps(&log).iter().any(|(from, to)| (*from..*to).contains(&number));
        if number < next && !in_gap {
            return Err(BatchFault::AlreadyHeld(number));
        }
        if number > NUMBER_MAX || (known.is_some() && number.saturating_sub(next) > GAP_BATCHES_MAX) {
            return Err(BatchFault::TooFar { found: number, next });
        }
        let prev = if number == next { hash } else { held.prev };
        let arrived = self.clock.age(now);
        let hash = {
            let (batch, hash) = verify_batch(&self.network, &log, number, &prev, &held.bytes)?;
            // Only now: a stranger's rubbish must not fill the table of logs, nor change what the heads say.
            let index = self.index(&log)?;
            self.fold(&log, index, number, (arrived, held.spent_s), &batch, false, outputs);
            hash
        };
        self.fill(&log, number);
        if let Some(head) = self.heads.get_mut(&log) {
            head.count(arrived, held.bytes.len());
            if head.batches == 1 {
                head.first = number;
            }
            head.first = head.first.min(number);
            if number >= head.next {
                head.next = number + 1;
                head.hash = hash;
            }
        }
        if number > next {
            self.open_gap(&log, (next, number));
        }
        self.sealed.push(Held { prev, arrived, ..held });
        Ok(())
    }

    fn open_gap(&mut self, log: &LogKey, gap: Gap) {
        let gap = (gap.0.max(gap.1.saturating_sub(GAP_BATCHES_MAX)), gap.1);
        let gaps = self.gaps.entry(*log).or_default();
        gaps.push(gap);
        gaps.sort_unstable();
        if gaps.len() > GAPS_MAX {
            gaps.remove(0);
        }
    }

    /// This batch is no longer missing.
    fn fill(&mut self, log: &LogKey, number: u64) {
        let Some(gaps) = self.gaps.get_mut(log) else { return };
        let Some(place) = gaps.iter().position(|(from, to)| (*from..*to).contains(&number)) else { return };
        let (from, to) = gaps.remove(place);
        for part in [(number + 1, to), (from, number)] {
            if part.0 < part.1 && gaps.len() < GAPS_MAX {
                gaps.insert(place, part);
            }
        }
        if gaps.is_empty() {
            self.gaps.remove(log);
        }
    }

    /// Folds in a batch of a forked log's other branch; the caller has verified it and persists it.
    pub(super) fn take_branch(&mut self, now: Now, held: Held, outputs: &mut Vec<Output>) -> Result<(), BatchFault> {
        self.keep_branch(Held { arrived: self.clock.age(now), ..held }, outputs)
    }

    fn keep_branch(&mut self, held: Held, outputs: &mut Vec<Output>) -> Result<(), BatchFault> {
        if self.branches.len() >= BRANCHES_MAX || self.branch_bytes + held.bytes.len() > BRANCH_BYTES_MAX {
            return Err(BatchFault::TooMany { what: "branches", limit: BRANCHES_MAX });
        }
        let index = (LOGS_MAX + self.branches.len()) as u16;
        {
            let batch = read_batch(&held.bytes)?;
            self.fold(&held.log, index, held.number, (held.arrived, held.spent_s), &batch, false, outputs);
        }
        self.branch_bytes += held.bytes.len();
        self.branches.push(held);
        Ok(())
    }

    /// Logs once more, in the present epoch, what a batch of an earlier one says.
    pub(super) fn say_again(&mut self, now: Now, held: &Held, outputs: &mut Vec<Output>) {
        let Ok(batch) = read_batch(&held.bytes) else { return };
        if held.log.gateway != self.me || self.writes(&held.log) {
            return;
        }
        for item in &batch.items {
            let Place::Entry { author, record: bytes, signature } = item else { continue };
            let Ok(record) = read_record(bytes) else { continue };
            let entry = Staged { author: *author, record: bytes.to_vec(), signature: *signature };
            // At the limit of logs nothing at all can be said; the batch itself stays where it is.
            let _ = self.stage(now, held.log.lane, entry, &record, outputs);
        }
    }

    /// The lane of the log, or of the branch, with this index.
    pub(super) fn lane_at(&self, index: u16) -> Option<Lane> {
        match usize::from(index).checked_sub(LOGS_MAX) {
            Some(branch) => self.branches.get(branch).map(|held| held.log.lane),
            None => self.log(index).map(|log| log.lane),
        }
    }

    /// Folds a batch in. Of one that a restored ledger covers, the ledger's records are passed over: they are in it.
    #[allow(clippy::too_many_arguments)] // What a journal frame holds.
    fn fold(
        &mut self,
        log: &LogKey,
        index: u16,
        number: u64,
        (arrived, spent_s): (Age, u32),
        batch: &Batch<'_>,
        covered: bool,
        outputs: &mut Vec<Output>,
    ) {
        self.batches += 1;
        for (place, item) in batch.items.iter().enumerate() {
            let (author, bytes) = match item {
                Place::Entry { author, record, .. } => (author, record),
                Place::HashOnly(id) => {
                    self.board.bury(*id);
                    continue;
                }
            };
            self.entries += 1;
            // Guests' posts are remembered by their marks too, whatever they say.
            if covered && *author != Author::Guest && is_of_the_ledger(bytes) {
                continue;
            }
            let Ok(record) = read_record(bytes) else { continue };
            let id = record_id(&self.network, &log.gateway, author, bytes);
            let at = EntryRef { log: index, place: place as u8, batch: number as u32 };
            let origin =
                Origin { id, author: *author, gateway: &log.gateway, at, arrived, spent_s, received: batch.received };
            self.apply(log.lane, origin, &record, outputs);
        }
    }
}

/// The library, and before it what the node itself holds of forked logs.
pub(super) struct Overlay<'a> {
    pub node: &'a Node,
    pub library: &'a dyn Library,
}

impl Library for Overlay<'_> {
    fn record(&self, at: EntryRef) -> Option<Record> {
        match usize::from(at.log).checked_sub(LOGS_MAX) {
            Some(branch) => super::record_in(&self.node.branches.get(branch)?.bytes, at.place),
            None => self.library.record(at),
        }
    }

    fn signed(&self, at: EntryRef) -> Option<SignedRecord> {
        match usize::from(at.log).checked_sub(LOGS_MAX) {
            Some(branch) => signed_in(&self.node.branches.get(branch)?.bytes, at.place),
            None => self.library.signed(at),
        }
    }
}
