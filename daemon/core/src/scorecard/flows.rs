//! Who gave and who received, by lunation, unit and household: folded from the ledger's postings.
//!
//! In mutual credit the one who is paid has given: help, time, rice. So a payment that was accepted counts as *given* by its
//! payee's household and *received* by its payer's. Payments inside one household are neither. What goes to a common pot or
//! comes from one is told apart, since nobody can say whether it was help. What was taken back never happened. All of it is a
//! function of the set of entries (and of the present lunation, in which dates ahead of it are counted).

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::concentration::Gift;
use super::lunation::{Lunation, LUNATIONS_MAX};
use crate::identity::{GatewayId, MemberId, RecordId};
use crate::ledger::{Ledger, MemberView};
use crate::record::{Custody, Unit};

/// Somebody of the community, with pots among them.
pub(super) struct Person {
    pub id: MemberId,
    /// Place of his household; none: a pot.
    pub household: Option<usize>,
    /// He has entered and not left.
    pub present: bool,
}

/// What one of them moved in one lunation and unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Moved {
    pub given: u64,
    pub received: u64,
    pub to_pots: u64,
    pub from_pots: u64,
    /// What his balance was at the end.
    pub balance: i64,
}

/// One lunation and unit.
#[derive(Clone, Default)]
pub(super) struct Sheet {
    pub postings: u64,
    pub circulation: u64,
    pub gifts: Vec<Gift>,
    /// By person.
    pub moved: Vec<Moved>,
    /// By household: it has a posting here.
    pub active: Vec<bool>,
}

/// A community's year.
pub(super) struct Flows {
    pub covenant: RecordId,
    pub community: String,
    pub units: Vec<Unit>,
    pub people: Vec<Person>,
    /// Tags, in order.
    pub households: Vec<String>,
    /// Whether anybody present belongs to it.
    pub present: Vec<bool>,
    pub now: Lunation,
    /// By lunation, the newest first, then by unit.
    pub sheets: Vec<Vec<Sheet>>,
}

/// The community this gateway is home to: the one with most members at home here, else with most members.
fn covenant_of(views: &[MemberView], me: &GatewayId) -> Option<RecordId> {
    let mut sizes: BTreeMap<RecordId, (usize, usize)> = BTreeMap::new();
    for view in views {
        let size = sizes.entry(view.covenant).or_default();
        size.0 += usize::from(view.home == *me);
        size.1 += 1;
    }
    let largest = sizes.into_iter().max_by_key(|(id, size)| (*size, core::cmp::Reverse(*id)));
    largest.map(|(id, _)| id)
}

impl Flows {
    /// Of this gateway's community; none if there is none.
    pub fn of(ledger: &Ledger, me: &GatewayId, now: Lunation) -> Option<Self> {
        let mut views: Vec<MemberView> = ledger.members().collect();
        let covenant = covenant_of(&views, me)?;
        let found = ledger.covenants().find(|(id, _)| **id == covenant)?.1;
        views.retain(|view| view.covenant == covenant);
        let is_pot = |view: &MemberView| view.custody == Custody::Pot;
        let mut tags: Vec<&str> =
            views.iter().filter(|view| !is_pot(view)).map(|view| view.household.as_str()).collect();
        tags.sort_unstable();
        tags.dedup();
        let person = |view: &MemberView| Person {
            id: view.id,
            household: if is_pot(view) { None } else { tags.binary_search(&view.household.as_str()).ok() },
            present: view.entered && !view.left,
        };
        let people: Vec<Person> = views.iter().map(person).collect();
        let mut present = alloc::vec![false; tags.len()];
        for person in people.iter().filter(|person| person.present) {
            if let Some(household) = person.household {
                present[household] = true;
            }
        }
        let sheet = Sheet {
            moved: alloc::vec![Moved::default(); people.len()],
            active: alloc::vec![false; tags.len()],
            ..Sheet::default()
        };
        let kept = LUNATIONS_MAX.min(now.0 as usize + 1);
        let mut flows = Self {
            covenant,
            community: found.name.clone(),
            sheets: alloc::vec![alloc::vec![sheet; found.units.len()]; kept],
            units: found.units.clone(),
            households: tags.iter().map(|tag| String::from(*tag)).collect(),
            people,
            present,
            now,
        };
        flows.fold(ledger);
        Some(flows)
    }

    fn fold(&mut self, ledger: &Ledger) {
        let places: BTreeMap<MemberId, usize> =
            self.people.iter().enumerate().map(|(place, person)| (person.id, place)).collect();
        // By unit and person: what was moved before the oldest lunation kept.
        let mut before = alloc::vec![alloc::vec![0i64; self.people.len()]; self.units.len()];
        for dated in ledger.dated_postings() {
            let posting = dated.posting;
            let unit = usize::from(posting.unit.0);
            let (Some(from), Some(to)) = (places.get(&posting.from).copied(), places.get(&posting.to).copied()) else {
                continue;
            };
            let amount = posting.amount.signed();
            let age = self.now.0 - Lunation::at(dated.created).min(self.now).0;
            let Some(sheet) = self.sheets.get_mut(age as usize).and_then(|units| units.get_mut(unit)) else {
                if let Some(sums) = before.get_mut(unit) {
                    sums[from] -= amount;
                    sums[to] += amount;
                }
                continue;
            };
            sheet.moved[from].balance -= amount;
            sheet.moved[to].balance += amount;
            sheet.postings += 1;
            sheet.circulation = sheet.circulation.saturating_add(posting.amount.0);
            let (payer, payee) = (self.people[from].household, self.people[to].household);
            for household in [payer, payee].into_iter().flatten() {
                sheet.active[household] = true;
            }
            if dated.returned {
                continue;
            }
            let amount = posting.amount.0;
            match (payer, payee) {
                (Some(payer), Some(payee)) if payer != payee => {
                    sheet.moved[to].given += amount;
                    sheet.moved[from].received += amount;
                    sheet.gifts.push(Gift { from: payee, to: payer, amount });
                }
                (Some(_), None) => sheet.moved[from].to_pots += amount,
                (None, Some(_)) => sheet.moved[to].from_pots += amount,
                _ => {}
            }
        }
        // Movements of each lunation become the balances at its end.
        for (unit, mut balances) in before.into_iter().enumerate() {
            for sheets in self.sheets.iter_mut().rev() {
                for (moved, balance) in sheets[unit].moved.iter_mut().zip(&mut balances) {
                    *balance += moved.balance;
                    moved.balance = *balance;
                }
            }
        }
    }

    /// The lunation in this place.
    pub fn lunation(&self, age: usize) -> Lunation {
        Lunation(self.now.0.saturating_sub(age as u32))
    }

    /// Households with somebody present.
    pub fn household_count(&self) -> usize {
        self.present.iter().filter(|present| **present).count()
    }

    /// Places of the households that count in a sheet: those present, and those that moved something in it; and where each
    /// of all households stands among them.
    pub fn counted(&self, sheet: &Sheet) -> (usize, Vec<usize>) {
        let mut places = Vec::with_capacity(self.households.len());
        let mut count = 0;
        for (present, active) in self.present.iter().zip(&sheet.active) {
            places.push(count);
            count += usize::from(*present || *active);
        }
        (count, places)
    }
}
