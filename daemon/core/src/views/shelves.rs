//! The stock as anybody on the block may read it: what is there, what came and went by day, who counted, what is lent and
//! when it is due.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use super::item::Qty;
use super::merge::Voice;
use super::stock::{Shelf, StockView, Totals};
use crate::clock::rfc3339;
use crate::codec::Author;
use crate::identity::{MemberKey, RecordId};

/// Days of movements shown.
pub const DAYS_SHOWN_MAX: usize = 60;
/// Loans of one shelf that are shown, those that went out first.
pub const LOANS_SHOWN_MAX: usize = 32;

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
    /// How much of it is lent.
    pub lent: Qty,
    /// Movements by day (days since 1970-01-01 of the claimed time): day, in, out. The latest first.
    pub days: Vec<(u64, Qty, Qty)>,
    /// The latest counts, the newest first.
    pub counts: Vec<CountState>,
    /// What is out, the oldest first.
    pub loans: Vec<LoanState>,
}

/// One count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CountState {
    /// Its id: what a second person cosigns.
    pub id: String,
    /// How much was found.
    pub qty: Qty,
    /// When, as claimed.
    pub created: String,
    /// Who counted.
    pub by: Person,
    /// Who counted with them; empty until somebody has, and until then the count changes nothing.
    pub with: Vec<Person>,
    /// Whether it has taken effect.
    pub counted: bool,
}

/// One loan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoanState {
    /// Its id: what a return names.
    pub id: String,
    /// How much is still out.
    pub qty: Qty,
    /// Who has it, as the block knows them.
    pub to: String,
    /// Since when, as claimed.
    pub created: String,
    /// When it is due back, if that was agreed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<String>,
    /// Who wrote it down.
    pub by: Person,
}

/// Who did something, as far as everybody may know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Person {
    /// guest, member or gateway.
    pub by: &'static str,
    /// A member's pseudonym, if the ledger knows the key.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Short id of the gateway a guest spoke through.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub gateway: String,
}

/// What a key's holder goes by.
pub type Names<'a> = dyn Fn(&MemberKey) -> Option<String> + 'a;

impl Person {
    fn of(voice: &Voice, names: &Names<'_>) -> Self {
        let (by, name, gateway) = match voice.author {
            Author::Guest => ("guest", String::new(), voice.gateway.short()),
            Author::Gateway => ("gateway", String::new(), voice.gateway.short()),
            Author::Member(key) => ("member", names(&key).unwrap_or_else(|| key.short()), String::new()),
        };
        Self { by, name, gateway }
    }
}

impl StockView {
    /// Every shelf, in order of place and thing; days after `today` (since 1970-01-01) are left out, since only a clock gone
    /// wrong claims them.
    pub fn shelves<'a>(&'a self, today: u64, names: &'a Names<'a>) -> impl Iterator<Item = ShelfState> + 'a {
        // A neighbour's clock may be a few hours ahead.
        self.shelves.iter().map(move |(shelf, totals)| self.shelf(shelf, totals, today.saturating_add(1), names))
    }

    fn shelf(&self, shelf: &Shelf, totals: &Totals, last: u64, names: &Names<'_>) -> ShelfState {
        let days = totals.days.range(..=last).rev().take(DAYS_SHOWN_MAX);
        let counts = totals.counts.iter().rev().filter_map(|(_, id)| self.count_state(id, names));
        let loans = totals.out.iter().take(LOANS_SHOWN_MAX).filter_map(|(_, id)| self.loan_state(id, names));
        ShelfState {
            place: shelf.place.clone(),
            item: shelf.item.clone(),
            unit: shelf.unit.clone(),
            qty: Qty(totals.available_milli()),
            lent: Qty(u64::try_from(totals.lent_milli).unwrap_or(u64::MAX)),
            days: days.map(|(day, (came, went))| (*day, Qty(*came), Qty(*went))).collect(),
            counts: counts.collect(),
            loans: loans.collect(),
        }
    }

    fn count_state(&self, id: &RecordId, names: &Names<'_>) -> Option<CountState> {
        let count = self.counts.get(id)?;
        let others = self.cosigns.get(id).into_iter().flatten().filter(|voice| **voice != count.by);
        Some(CountState {
            id: alloc::format!("{id}"),
            qty: Qty(count.found_milli),
            created: rfc3339(count.created),
            by: Person::of(&count.by, names),
            with: others.map(|voice| Person::of(voice, names)).take(4).collect(),
            counted: count.counted_in,
        })
    }

    fn loan_state(&self, id: &RecordId, names: &Names<'_>) -> Option<LoanState> {
        let lent = self.loans.get(id)?;
        Some(LoanState {
            id: alloc::format!("{id}"),
            qty: Qty(self.outstanding_milli(id)?),
            to: lent.to.clone(),
            created: rfc3339(lent.created),
            due: lent.due.map(rfc3339),
            by: Person::of(&lent.by, names),
        })
    }
}
