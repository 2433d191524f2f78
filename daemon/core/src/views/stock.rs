//! Stock: what came into a pantry, what left it, what was counted. Totals are sums of differences, so that they do not
//! depend on the order of entries; a count takes effect when a second person has cosigned it.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use super::board::Origin;
use super::item::Qty;
use super::merge::Voice;
use crate::identity::RecordId;
use crate::record::{Body, Record};

/// Different things kept in all places together; further ones are refused.
pub const SHELVES_MAX: usize = 10_000;
/// Days of movements shown.
const DAYS_SHOWN_MAX: usize = 60;

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

#[derive(Clone, Debug, Default)]
struct Totals {
    balance_milli: i128,
    days: BTreeMap<u64, (u64, u64)>,
}

struct Count {
    shelf: Shelf,
    by: Voice,
    difference_milli: i128,
    counted_in: bool,
}

/// All stores.
#[derive(Default)]
pub struct StockView {
    shelves: BTreeMap<Shelf, Totals>,
    counts: BTreeMap<RecordId, Count>,
    cosigns: BTreeMap<RecordId, BTreeSet<Voice>>,
    seen: BTreeSet<RecordId>,
}

/// One shelf as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShelfState {
    /// The store.
    pub place: String,
    /// What.
    pub item: String,
    /// Unit.
    pub unit: String,
    /// How much is there; never below zero.
    pub qty: Qty,
    /// Movements by day (days since 1970-01-01 of the claimed time): day, in, out.
    pub days: Vec<(u64, Qty, Qty)>,
}

impl StockView {
    /// How much is there, in thousandths; never below zero.
    pub fn available_milli(&self, shelf: &Shelf) -> u64 {
        self.shelves.get(shelf).map_or(0, |totals| totals.balance_milli.clamp(0, u64::MAX.into()) as u64)
    }

    /// Whether one more shelf fits.
    pub fn has_room(&self, shelf: &Shelf) -> bool {
        self.shelves.contains_key(shelf) || self.shelves.len() < SHELVES_MAX
    }

    /// Whether a count with this id is here, and who made it.
    pub fn counter(&self, id: &RecordId) -> Option<Voice> {
        self.counts.get(id).map(|count| count.by)
    }

    /// Whether a movement or a count with this id is here.
    pub fn knows(&self, id: &RecordId) -> bool {
        self.seen.contains(id) || self.counts.contains_key(id)
    }

    /// Folds one entry in; says whether anything changed.
    pub fn apply(&mut self, origin: Origin<'_>, record: &Record) -> bool {
        let by = Voice::new(origin.author, *origin.gateway, record.mark);
        match &record.body {
            Body::StockIn(stock) | Body::StockOut(stock) => {
                let shelf =
                    Shelf { place: stock.place.clone(), item: stock.line.item.clone(), unit: stock.line.unit.clone() };
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
            Body::StockCount(count) => {
                let shelf =
                    Shelf { place: count.place.clone(), item: count.line.item.clone(), unit: count.line.unit.clone() };
                if !self.has_room(&shelf) || self.counts.contains_key(&origin.id) {
                    return false;
                }
                let difference_milli = i128::from(count.line.milli) - i128::from(count.expected_milli);
                self.counts.insert(origin.id, Count { shelf, by, difference_milli, counted_in: false });
                self.settle(&origin.id)
            }
            Body::Cosign(cosign) => {
                self.cosigns.entry(cosign.target).or_default().insert(by);
                self.settle(&cosign.target)
            }
            _ => false,
        }
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

    /// Every shelf, in order of place and thing.
    pub fn shelves(&self) -> impl Iterator<Item = ShelfState> + '_ {
        self.shelves.iter().map(|(shelf, totals)| ShelfState {
            place: shelf.place.clone(),
            item: shelf.item.clone(),
            unit: shelf.unit.clone(),
            qty: Qty(totals.balance_milli.clamp(0, u64::MAX.into()) as u64),
            days: totals
                .days
                .iter()
                .rev()
                .take(DAYS_SHOWN_MAX)
                .map(|(day, (came, went))| (*day, Qty(*came), Qty(*went)))
                .collect(),
        })
    }
}
