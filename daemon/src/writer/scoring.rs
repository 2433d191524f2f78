//! The scorecard and the pots, kept for a moment: they are folded from every posting there is, and everybody may ask.

use commons_core::identity::MemberId;
use commons_core::ledger::PotState;
use commons_core::scorecard::{Personal, Scorecard, ScorecardState};

use super::*;

/// Note key of how needs were answered whose time is over.
pub const COUNTS_NOTE: &[u8] = b"answered";
/// How often that is written, if there is anything new. Till then the journal still holds the needs themselves.
pub(super) const COUNTS_EVERY: Duration = Duration::from_secs(60);
/// How old an answer may be while nothing was said: months end and needs expire by themselves.
const FRESH: Duration = Duration::from_secs(1);
/// An answer lasts so many times as long as it took to make, whatever is said meanwhile: so no crowd of readers takes more
/// than a twentieth of the writer's time from those who post.
const LASTS_TIMES: u32 = 20;

/// Answers at hand.
#[derive(Default)]
pub(super) struct Scored {
    card: Option<Kept<(Scorecard, Arc<ScorecardState>)>>,
    pots: Option<Kept<Arc<[PotState]>>>,
}

struct Kept<T> {
    value: T,
    /// Entries it was made of.
    entries: u64,
    made: Instant,
    took: Duration,
}

impl<T> Kept<T> {
    fn still_holds(&self, entries: u64) -> bool {
        let age = self.made.elapsed();
        age < self.took * LASTS_TIMES || (self.entries == entries && age < FRESH)
    }
}

impl Scored {
    pub fn card(&mut self, node: &Node, now: Now) -> Arc<ScorecardState> {
        self.fresh(node, now).1.clone()
    }

    pub fn personal(&mut self, node: &Node, now: Now, member: &MemberId) -> Option<Personal> {
        self.fresh(node, now).0.personal(member)
    }

    pub fn pots(&mut self, node: &Node, now: Now) -> Arc<[PotState]> {
        fresh(&mut self.pots, node.entries(), || node.pots(now).into()).clone()
    }

    fn fresh(&mut self, node: &Node, now: Now) -> &(Scorecard, Arc<ScorecardState>) {
        fresh(&mut self.card, node.entries(), || {
            let card = node.scorecard(now);
            let state = Arc::new(card.state());
            (card, state)
        })
    }
}

/// What is kept, made anew if its time is over.
fn fresh<T>(kept: &mut Option<Kept<T>>, entries: u64, make: impl FnOnce() -> T) -> &T {
    let known = kept.take().filter(|known| known.still_holds(entries)).unwrap_or_else(|| {
        let began = Instant::now();
        let value = make();
        Kept { value, entries, made: Instant::now(), took: began.elapsed() }
    });
    &kept.insert(known).value
}

impl Writer {
    /// Writes how needs were answered whose time is over, with the clock that says so; not while more expires, since what is
    /// written stands for all that expired until then.
    pub(super) fn write_counts(&mut self) -> Result<(), StoreError> {
        if !self.counts.0 || self.expiring || self.parts.read_only {
            return Ok(());
        }
        let now = self.parts.wall.now();
        let clock = [self.node.age(now).0.to_be_bytes(), self.node.floor(now).to_be_bytes()].concat();
        let notes = [
            Note { key: CLOCK_NOTE.to_vec(), value: clock },
            Note { key: COUNTS_NOTE.to_vec(), value: self.node.responses().to_bytes() },
        ];
        match self.store.commit(&[], &notes) {
            Ok(()) => self.counts = (false, Instant::now()),
            Err(fault @ (StoreError::Full { .. } | StoreError::TooLarge { .. } | StoreError::TooMany { .. })) => {
                self.counts.1 = Instant::now();
                warn!(error = %fault, "how needs were answered was not written; it is tried again");
            }
            Err(fault) => return Err(fault),
        }
        Ok(())
    }
}
