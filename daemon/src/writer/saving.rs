//! Saves the ledger now and then, so that the next start folds only what came after.
//!
//! While running, once so much has come that folding it again would be felt: the bytes are made in one piece between two commits
//! (0.1 s of an x86 core for 200,000 records), and written by a thread of their own, at most once a minute and a quarter
//! of the ledger apart, so that a card writes each record a few times at most. At a clean stop, if that can be done in the time a stop
//! has. Nothing is lost where it cannot: the earlier one stays, and the next start folds more.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use super::*;

/// Entries of the book since the last saving that make a new one worth its writes while running: 40 ms of folding on an x86 core,
/// half a second on a slow board (guess).
const ENTRIES_LEAST: u64 = 4_096;
/// And so many of a hundred of those that are saved: the start folds at most a fifth of them all.
const GROWN_PERCENT: u64 = 25;
/// At a clean stop so many of a hundred are enough: an evening's payments are no reason to write a large ledger again.
const GROWN_AT_STOP_PERCENT: u64 = 2;
/// Between two savings.
const SAVE_EVERY: Duration = Duration::from_secs(60);
/// What a saving may take of a stop. The index needs the rest of `WRITER_MAX`.
const STOP_MAX: Duration = Duration::from_millis(500);
/// Entries whose ledger is not even begun at a stop: making the bytes alone would take too long on a slow board (guess).
const STOP_ENTRIES_MAX: u64 = 400_000;

/// What was saved, and the saving under way.
pub(super) struct Saving {
    /// Entries of the book that are covered on disk.
    covered: u64,
    began: Option<Instant>,
    under_way: Option<UnderWay>,
}

struct UnderWay {
    covers: u64,
    thread: JoinHandle<Result<bool, StoreError>>,
    stop: Arc<AtomicBool>,
}

impl Saving {
    pub fn new(node: &Node) -> Self {
        Self { covered: node.restored_entries(), began: None, under_way: None }
    }

    fn is_due(&self, entries: u64) -> bool {
        let waited = self.began.is_none_or(|began| began.elapsed() >= SAVE_EVERY);
        let new = entries.saturating_sub(self.covered);
        waited && self.under_way.is_none() && new >= ENTRIES_LEAST && new * 100 >= self.covered * GROWN_PERCENT
    }

    fn is_due_at_stop(&self, entries: u64) -> bool {
        let new = entries.saturating_sub(self.covered);
        new > 0 && new * 100 >= self.covered * GROWN_AT_STOP_PERCENT && entries <= STOP_ENTRIES_MAX
    }

    fn break_off(&mut self) {
        if let Some(under_way) = &self.under_way {
            under_way.stop.store(true, Ordering::Relaxed);
        }
        self.ended(true);
    }

    /// Takes note of a saving that has ended.
    fn ended(&mut self, wait: bool) {
        let Some(under_way) = self.under_way.take_if(|under_way| wait || under_way.thread.is_finished()) else {
            return;
        };
        match under_way.thread.join() {
            Ok(Ok(true)) => {
                self.covered = under_way.covers;
                debug!(entries = under_way.covers, "the ledger was saved");
            }
            Ok(Ok(false)) => {}
            Ok(Err(fault)) => warn!(error = %fault, "the ledger was not saved; the next start folds more"),
            Err(_) => warn!("saving the ledger failed by a fault of ours; the next start folds more"),
        }
    }
}

impl Drop for Saving {
    /// Nothing may write into the store once it is closed.
    fn drop(&mut self) {
        self.break_off();
    }
}

impl Writer {
    /// Between two commits.
    pub(super) fn save_if_due(&mut self) {
        self.saving.ended(false);
        let entries = self.node.book_entries();
        if self.parts.read_only || self.space != Space::Enough || !self.saving.is_due(entries) {
            return;
        }
        let Some(bytes) = self.node.save_ledger() else { return };
        self.saving.began = Some(Instant::now());
        let (saver, stop) = (self.store.saver(), Arc::new(AtomicBool::new(false)));
        let stopped = stop.clone();
        let save = move || saver.save(&bytes, &|| !stopped.load(Ordering::Relaxed));
        match std::thread::Builder::new().name("saving".into()).spawn(save) {
            Ok(thread) => self.saving.under_way = Some(UnderWay { covers: entries, thread, stop }),
            Err(error) => warn!(%error, "the ledger was not saved; the next start folds more"),
        }
    }

    /// Before the store is closed: nothing may write into it afterwards.
    pub(super) fn save_at_stop(&mut self) {
        let end = Instant::now() + STOP_MAX;
        self.saving.break_off();
        if self.parts.read_only || self.space != Space::Enough || !self.saving.is_due_at_stop(self.node.book_entries())
        {
            return;
        }
        let Some(bytes) = self.node.save_ledger() else { return };
        match self.store.saver().save(&bytes, &|| Instant::now() < end) {
            Ok(true) => debug!(bytes = bytes.len(), "the ledger was saved"),
            Ok(false) => info!("the ledger was not saved in the time a stop has; the next start folds more"),
            Err(fault) => warn!(error = %fault, "the ledger was not saved; the next start folds more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A card would be worn out by savings, or a start take long because of too few.
    #[test]
    fn a_ledger_is_saved_when_it_has_grown_enough() {
        let saved = |covered| Saving { covered, began: None, under_way: None };
        assert!(!saved(0).is_due(ENTRIES_LEAST - 1) && saved(0).is_due(ENTRIES_LEAST));
        assert!(!saved(1_000_000).is_due(1_249_999) && saved(1_000_000).is_due(1_250_000));
        let just = Saving { covered: 0, began: Some(Instant::now()), under_way: None };
        assert!(!just.is_due(1_000_000), "once a minute at most");
        assert!(
            !saved(0).is_due_at_stop(0) && saved(0).is_due_at_stop(1),
            "a small one is written whenever it has changed"
        );
        assert!(!saved(7).is_due_at_stop(7));
        assert!(!saved(100_000).is_due_at_stop(101_999) && saved(100_000).is_due_at_stop(102_000));
        assert!(!saved(0).is_due_at_stop(STOP_ENTRIES_MAX + 1), "it would hold up the stop");
    }
}
