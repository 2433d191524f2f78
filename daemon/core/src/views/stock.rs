//! Stock: what came into a pantry, what left it, what was counted, what is lent. Totals are sums of differences, so that they
//! do not depend on the order of entries; a count takes effect when a second person has cosigned it, and of a loan no more
//! comes back than went out.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;

use super::board::Origin;
use super::merge::Voice;
use crate::identity::RecordId;
use crate::record::{Body, Line, Loan, Record, Return, StockCount};

/// Different things kept in all places together; further ones are refused.
pub const SHELVES_MAX: usize = 10_000;
/// Cosigns and returns kept of records that are not here yet. At the limit it depends on the order of arrival which ones are.
pub const STOCK_WAITING_MAX: usize = 10_000;
/// Counts of one shelf that are shown: the latest by claimed time. Older ones count all the same.
pub const COUNTS_SHOWN_MAX: usize = 4;

/// One thing in one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shelf {
    /// The store.
    pub place: String,
    /// What.
    pub item: String,
    /// Unit; may be empty.
    pub unit: String,
}

impl Shelf {
    /// Of a line in a place.
    pub fn of(place: &str, line: &Line) -> Self {
        Self { place: place.into(), item: line.item.clone(), unit: line.unit.clone() }
    }
}

/// What one shelf comes to.
#[derive(Clone, Debug, Default)]
pub(super) struct Totals {
    pub balance_milli: i128,
    pub lent_milli: u128,
    /// By day since 1970-01-01, as claimed: what came, what went.
    pub days: BTreeMap<u64, (u64, u64)>,
    /// The latest counts, by claimed time.
    pub counts: BTreeSet<(u64, RecordId)>,
    /// Loans of which something is still out, by claimed time.
    pub out: BTreeSet<(u64, RecordId)>,
}

pub(super) struct Count {
    pub shelf: Shelf,
    pub by: Voice,
    pub created: u64,
    pub found_milli: u64,
    pub difference_milli: i128,
    pub counted_in: bool,
}

pub(super) struct Lent {
    pub shelf: Shelf,
    pub by: Voice,
    pub created: u64,
    pub milli: u64,
    pub to: String,
    pub due: Option<u64>,
}

/// All stores.
#[derive(Default)]
pub struct StockView {
    pub(super) shelves: BTreeMap<Shelf, Totals>,
    pub(super) counts: BTreeMap<RecordId, Count>,
    pub(super) cosigns: BTreeMap<RecordId, BTreeSet<Voice>>,
    pub(super) loans: BTreeMap<RecordId, Lent>,
    /// By loan: what came back in all.
    returned_milli: BTreeMap<RecordId, u128>,
    seen: BTreeSet<RecordId>,
}

impl StockView {
    /// How much is there, in thousandths; never below zero.
    pub fn available_milli(&self, shelf: &Shelf) -> u64 {
        self.shelves.get(shelf).map_or(0, Totals::available_milli)
    }

    /// How much of a loan is still out, in thousandths; none: no such loan.
    pub fn outstanding_milli(&self, loan: &RecordId) -> Option<u64> {
        let lent = self.loans.get(loan)?;
        let returned = self.returned_milli.get(loan).copied().unwrap_or(0);
        Some(u128::from(lent.milli).saturating_sub(returned) as u64)
    }

    /// Whether one more shelf fits.
    pub fn has_room(&self, shelf: &Shelf) -> bool {
        self.shelves.contains_key(shelf) || self.shelves.len() < SHELVES_MAX
    }

    /// Whether a count with this id is here, and who made it.
    pub fn counter(&self, id: &RecordId) -> Option<Voice> {
        self.counts.get(id).map(|count| count.by)
    }

    /// Whether a count has taken effect.
    pub fn is_counted_in(&self, id: &RecordId) -> bool {
        self.counts.get(id).is_some_and(|count| count.counted_in)
    }

    /// Whether a movement, a count, a loan or a return with this id is here.
    pub fn knows(&self, id: &RecordId) -> bool {
        self.seen.contains(id)
    }

    /// Folds one entry in; says whether anything changed.
    pub fn apply(&mut self, origin: Origin<'_>, record: &Record) -> bool {
        let by = Voice::new(origin.author, *origin.gateway, record.mark);
        match &record.body {
            Body::StockIn(stock) | Body::StockOut(stock) => {
                let shelf = Shelf::of(&stock.place, &stock.line);
                if !self.has_room(&shelf) || !self.seen.insert(origin.id) {
                    return false;
                }
                let totals = self.shelves.entry(shelf).or_default();
                let day = totals.days.entry(record.created / 86_400).or_default();
                if matches!(record.body, Body::StockIn(_)) {
                    totals.balance_milli += i128::from(stock.line.milli);
                    day.0 = day.0.saturating_add(stock.line.milli);
                } else {
                    totals.balance_milli -= i128::from(stock.line.milli);
                    day.1 = day.1.saturating_add(stock.line.milli);
                }
                true
            }
            Body::StockCount(count) => self.count(origin.id, by, record.created, count),
            Body::Cosign(cosign) => {
                let expected = self.counts.contains_key(&cosign.target) || self.cosigns.contains_key(&cosign.target);
                if !expected && self.cosigns.len() >= STOCK_WAITING_MAX + self.counts.len() {
                    return false;
                }
                self.cosigns.entry(cosign.target).or_default().insert(by);
                self.settle(&cosign.target)
            }
            Body::Loan(loan) => self.lend(origin.id, by, record.created, loan),
            Body::Return(back) => self.give_back(origin.id, back),
            _ => false,
        }
    }

    fn count(&mut self, id: RecordId, by: Voice, created: u64, count: &StockCount) -> bool {
        let shelf = Shelf::of(&count.place, &count.line);
        if !self.has_room(&shelf) || !self.seen.insert(id) {
            return false;
        }
        let counts = &mut self.shelves.entry(shelf.clone()).or_default().counts;
        counts.insert((created, id));
        if counts.len() > COUNTS_SHOWN_MAX {
            counts.pop_first();
        }
        let found_milli = count.line.milli;
        let difference_milli = i128::from(found_milli) - i128::from(count.expected_milli);
        self.counts.insert(id, Count { shelf, by, created, found_milli, difference_milli, counted_in: false });
        self.settle(&id);
        true
    }

    /// Lets a count take effect once a second person vouches for it.
    fn settle(&mut self, id: &RecordId) -> bool {
        let Some(count) = self.counts.get_mut(id) else { return false };
        let seconded = self.cosigns.get(id).is_some_and(|voices| voices.iter().any(|voice| *voice != count.by));
        if count.counted_in || !seconded {
            return false;
        }
        count.counted_in = true;
        self.shelves.entry(count.shelf.clone()).or_default().balance_milli += count.difference_milli;
        true
    }

    fn lend(&mut self, id: RecordId, by: Voice, created: u64, loan: &Loan) -> bool {
        let shelf = Shelf::of(&loan.place, &loan.line);
        if !self.has_room(&shelf) || !self.seen.insert(id) {
            return false;
        }
        self.shelves.entry(shelf.clone()).or_default();
        let lent = Lent { shelf, by, created, milli: loan.line.milli, to: loan.to.clone(), due: loan.due };
        self.loans.insert(id, lent);
        self.is_out(&id, 0);
        true
    }

    fn give_back(&mut self, id: RecordId, back: &Return) -> bool {
        let expected = self.loans.contains_key(&back.loan) || self.returned_milli.contains_key(&back.loan);
        if !expected && self.returned_milli.len() >= STOCK_WAITING_MAX + self.loans.len() {
            return false;
        }
        if !self.seen.insert(id) {
            return false;
        }
        let before = self.outstanding_milli(&back.loan);
        *self.returned_milli.entry(back.loan).or_default() += u128::from(back.milli);
        before.is_some_and(|before| self.is_out(&back.loan, before))
    }

    /// Notes how much of a loan is out; `before` is what the shelf counts as out of it so far.
    fn is_out(&mut self, loan: &RecordId, before: u64) -> bool {
        let after = self.outstanding_milli(loan).unwrap_or(0);
        let Some(lent) = self.loans.get(loan) else { return false };
        let totals = self.shelves.entry(lent.shelf.clone()).or_default();
        totals.lent_milli = totals.lent_milli + u128::from(after) - u128::from(before);
        if after > 0 {
            totals.out.insert((lent.created, *loan));
        } else {
            totals.out.remove(&(lent.created, *loan));
        }
        before != after
    }
}

impl Totals {
    /// What is on the shelf: what came, less what went and what is lent. Never below zero.
    pub fn available_milli(&self) -> u64 {
        let lent = i128::try_from(self.lent_milli).unwrap_or(i128::MAX);
        self.balance_milli.saturating_sub(lent).clamp(0, u64::MAX.into()) as u64
    }
}
