//! How needs were answered: so many asked, so many helped, how long until somebody was given a slot.
//!
//! What stands on the board is counted from the board itself, so it is the same wherever the same entries are. Needs expire,
//! and what is gone cannot be counted again: each is folded into a few bounded counters as this gateway knew it when its time
//! was over, and these are the gateway's own count. Everything in here is a sum or a smallest-of set, so no order shows.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::lunation::{Lunation, LUNATIONS_MAX};
use crate::log::Age;
use crate::record::Urgency;

/// People whose asking a count must come from to be shown to everybody. Also the voices kept of each count.
pub const CELL_LEAST: usize = 5;
/// Households helped in one lunation that are kept in mind, as fingerprints; a neighbourhood splits long before.
pub const HELPED_MAX: usize = 256;
/// Steps of the waiting times: minutes up to 16, then eight steps each time they double, to 90 days.
const STEPS: usize = 120;

/// What became of a need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Somebody may still help.
    Open,
    /// It is done, says a helper or who asked.
    Fulfilled,
    /// Its time was over and nobody had said so.
    Unmet,
    /// Taken back, sent elsewhere, or the same as another.
    Aside,
}

/// One need, as far as it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// When it was posted, as claimed.
    pub created: u64,
    /// How soon it was wanted.
    pub urgency: Urgency,
    /// What became of it.
    pub outcome: Outcome,
    /// Seconds until a slot was given, as claimed; none: never.
    pub waited_s: Option<u64>,
    /// Who asked, as a fingerprint.
    pub voice: u64,
    /// The store's age at which its time is over.
    pub expires: Age,
}

/// Needs of one urgency in one lunation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Posted.
    pub asked: u32,
    /// Of these: done.
    pub fulfilled: u32,
    /// Of these: over without help.
    pub unmet: u32,
    /// Of these: taken back, sent elsewhere, or the same as another.
    pub aside: u32,
    /// By step: how many waited so long for a slot.
    waits: BTreeMap<u8, u32>,
    /// The smallest fingerprints of who asked.
    voices: BTreeSet<u64>,
}

/// One lunation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Month {
    /// By urgency, in the order of [`Urgency::ALL`].
    pub needs: [Tally; 4],
    /// Households of members whose needs were met, as fingerprints.
    pub helped: BTreeSet<u64>,
}

/// All that is kept of needs whose time is over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Responses {
    months: BTreeMap<Lunation, Month>,
    /// Needs that expired up to this age of the store are counted.
    through: Age,
}

impl Tally {
    fn count(&mut self, need: &Answered) {
        self.asked = self.asked.saturating_add(1);
        let of = match need.outcome {
            Outcome::Open => None,
            Outcome::Fulfilled => Some(&mut self.fulfilled),
            Outcome::Unmet => Some(&mut self.unmet),
            Outcome::Aside => Some(&mut self.aside),
        };
        if let Some(of) = of {
            *of = of.saturating_add(1);
        }
        if let Some(waited_s) = need.waited_s {
            let step = self.waits.entry(step(waited_s / 60)).or_default();
            *step = step.saturating_add(1);
        }
        self.voices.insert(need.voice);
        while self.voices.len() > CELL_LEAST {
            self.voices.pop_last();
        }
    }

    /// Whether few enough asked that it would tell who.
    pub fn is_small(&self) -> bool {
        self.voices.len() < CELL_LEAST
    }

    /// Needs somebody may still help with.
    pub fn open(&self) -> u32 {
        self.asked.saturating_sub(self.fulfilled).saturating_sub(self.unmet).saturating_sub(self.aside)
    }

    /// Of a hundred needs whose end is known, how many were met.
    pub fn percent(&self) -> Option<u32> {
        let ended = u64::from(self.fulfilled) + u64::from(self.unmet);
        (ended > 0).then(|| (u64::from(self.fulfilled) * 100 / ended) as u32)
    }

    /// Needs for which a slot was given.
    pub fn assigned(&self) -> u32 {
        self.waits.values().fold(0, |all, count| all.saturating_add(*count))
    }

    /// The middle of the times until then, in minutes; right to a sixteenth.
    pub fn median_min(&self) -> Option<u64> {
        let count = u64::from(self.assigned());
        let at = |place: u64| {
            let mut before = 0;
            let mut found = 0;
            for (step, count) in &self.waits {
                found = *step;
                before += u64::from(*count);
                if before > place {
                    break;
                }
            }
            minutes(found)
        };
        (count > 0).then(|| (at((count - 1) / 2) + at(count / 2)) / 2)
    }
}

impl Responses {
    /// Counts a need that is still on the board, for a copy that is shown.
    pub fn show(&mut self, need: &Answered, household: Option<u64>, now: Lunation) {
        // A clock that ran ahead would open months nobody has lived.
        let lunation = Lunation::at(need.created).min(now);
        if lunation < now.oldest() {
            return;
        }
        let month = self.months.entry(lunation).or_default();
        month.needs[need.urgency as usize].count(need);
        if let (Some(household), Outcome::Fulfilled) = (household, need.outcome) {
            month.helped.insert(household);
            while month.helped.len() > HELPED_MAX {
                month.helped.pop_last();
            }
        }
    }

    /// Counts a need whose time is over. One that was counted before the last start is passed over: the journal may still
    /// hold it.
    pub fn fold(&mut self, need: &Answered, household: Option<u64>, now: Lunation, restored: Age) {
        if need.expires <= restored {
            return;
        }
        let over = if need.outcome == Outcome::Open { Outcome::Unmet } else { need.outcome };
        self.show(&Answered { outcome: over, ..*need }, household, now);
        self.months.retain(|lunation, _| *lunation >= now.oldest());
    }

    /// All that expired up to this age is counted.
    pub fn counted_through(&mut self, age: Age) {
        self.through = self.through.max(age);
    }

    /// Up to which age all is counted.
    pub fn through(&self) -> Age {
        self.through
    }

    /// One lunation.
    pub fn month(&self, lunation: Lunation) -> Option<&Month> {
        self.months.get(&lunation)
    }

    /// As bytes, to be kept over a restart: some 30 KiB at most.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Writing into a growing Vec cannot fail for these types.
        postcard::to_allocvec(self).unwrap_or_default()
    }

    /// From bytes of one's own; none if they are not whole.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (kept, rest) = postcard::take_from_bytes::<Self>(bytes).ok()?;
        (rest.is_empty() && kept.months.len() <= LUNATIONS_MAX).then_some(kept)
    }
}

/// The step of so many minutes.
fn step(minutes: u64) -> u8 {
    if minutes < 16 {
        return minutes as u8;
    }
    let double = minutes.ilog2() as usize;
    let part = ((minutes >> (double - 3)) & 7) as usize;
    (16 + (double - 4) * 8 + part).min(STEPS - 1) as u8
}

/// The middle of a step.
fn minutes(step: u8) -> u64 {
    let step = usize::from(step);
    if step < 16 {
        return step as u64;
    }
    let (double, part) = ((step - 16) / 8 + 4, (step - 16) % 8);
    let width = 1u64 << (double - 3);
    (8 + part as u64) * width + width / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(created: u64, outcome: Outcome, waited_min: Option<u64>, voice: u64) -> Answered {
        let waited_s = waited_min.map(|minutes| minutes * 60);
        Answered { created, urgency: Urgency::Today, outcome, waited_s, voice, expires: Age(10) }
    }

    /// Two hours would be told as three, or an evening as a week.
    #[test]
    fn steps_are_right_to_a_sixteenth() {
        let mut last = 0;
        for waited in 0..200_000u64 {
            let told = minutes(step(waited));
            if waited < 129_600 {
                assert!(told.abs_diff(waited) * 16 <= waited, "{waited} {told}");
            }
            assert!(told >= last);
            last = told;
        }
    }

    /// By hand: waits of 10, 12, 14 and 600 minutes; four met, one not, one taken back, one open.
    #[test]
    fn one_month_by_hand() {
        let mut kept = Responses::default();
        let now = Lunation(2);
        let at = Lunation(1).start_s() + 5;
        for (voice, waited) in [10, 12, 14, 600].into_iter().enumerate() {
            kept.show(&need(at, Outcome::Fulfilled, Some(waited), voice as u64), Some(voice as u64 % 2), now);
        }
        assert!(kept.month(Lunation(1)).is_some_and(|month| month.needs[1].is_small()), "four voices");
        kept.fold(&need(at, Outcome::Open, None, 9), None, now, Age(0));
        kept.show(&need(at, Outcome::Aside, None, 9), None, now);
        kept.show(&need(at, Outcome::Open, None, 9), None, now);
        let month = kept.month(Lunation(1)).unwrap();
        let told = &month.needs[1];
        assert_eq!((told.asked, told.fulfilled, told.unmet, told.aside, told.open()), (7, 4, 1, 1, 1));
        assert_eq!((told.percent(), told.assigned(), told.median_min()), (Some(80), 4, Some(13)));
        assert!(!told.is_small());
        assert_eq!(month.helped.len(), 2);
        kept.fold(&need(at, Outcome::Open, None, 9), None, now, Age(10));
        assert_eq!(kept.month(Lunation(1)).unwrap().needs[1].unmet, 1, "counted before the restart");
        // A year on nothing is left of it; a date ahead of the clock is this month's.
        kept.fold(&need(u64::MAX, Outcome::Open, None, 9), None, Lunation(14), Age(0));
        assert!(kept.month(Lunation(1)).is_none());
        assert_eq!(kept.month(Lunation(14)).unwrap().needs[1].unmet, 1);
        assert_eq!(Responses::from_bytes(&kept.to_bytes()), Some(kept));
    }

    /// A crowded year would not fit a note of the store, or be lost with it.
    #[test]
    fn the_fullest_year_fits_a_note() {
        let mut kept = Responses::default();
        let now = Lunation(712);
        for n in 0..200_000u64 {
            let lunation = Lunation(700 + (n % 13) as u32);
            let outcome = [Outcome::Fulfilled, Outcome::Unmet, Outcome::Aside][(n % 3) as usize];
            let urgency = Urgency::ALL[(n / 7 % 4) as usize];
            let voice = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1 << 63;
            let answered = Answered { urgency, ..need(lunation.start_s(), outcome, Some(n % 140_000), voice) };
            kept.fold(&answered, Some(voice), now, Age(0));
        }
        assert!(kept.to_bytes().len() < 60_000, "{}", kept.to_bytes().len());
    }
}
