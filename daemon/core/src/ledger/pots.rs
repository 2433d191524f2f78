//! Common pots, open to anybody on the block: what is in them, and what came in and went out by day.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use super::Ledger;
use crate::identity::MemberId;
use crate::record::Custody;

/// Pots shown, by id.
pub const POTS_SHOWN_MAX: usize = 64;
/// Days of movements shown of each unit, the latest.
pub const POT_DAYS_SHOWN_MAX: usize = 60;

/// One pot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PotState {
    /// Its member id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Who it belongs to, in the words of whoever opened it.
    pub household: String,
    /// Gateways take only what brings it credit.
    pub frozen: bool,
    /// By unit of the covenant.
    pub units: Vec<PotUnit>,
}

/// A pot's account in one unit, in smallest parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PotUnit {
    /// The unit's name.
    pub unit: String,
    /// How many smallest parts make one.
    pub scale: u32,
    /// What is in it.
    pub balance: i64,
    /// Paid into it and not yet taken.
    pub incoming: i64,
    /// Paid out of it and not yet taken.
    pub outgoing: i64,
    /// Day (since 1970-01-01, as claimed), in, out; the latest first.
    pub days: Vec<(u64, u64, u64)>,
}

impl Ledger {
    /// Every pot, by id. Days after tomorrow are left out: only a clock gone wrong claims them, and the balance knows all.
    pub fn pots(&self, today: u64) -> Vec<PotState> {
        let views = self.members().filter(|member| member.custody == Custody::Pot && !member.left);
        let views: Vec<_> = views.take(POTS_SHOWN_MAX).collect();
        let mut days: BTreeMap<(MemberId, u8), BTreeMap<u64, (u64, u64)>> =
            views.iter().map(|view| ((view.id, 0), BTreeMap::new())).collect();
        if views.is_empty() {
            return Vec::new();
        }
        for dated in self.dated_postings() {
            let (posting, day) = (dated.posting, dated.created / 86_400);
            for (pot, comes) in [(posting.to, true), (posting.from, false)] {
                if day <= today.saturating_add(1) && days.contains_key(&(pot, 0)) {
                    let sums = days.entry((pot, posting.unit.0)).or_default().entry(day).or_default();
                    let sum = if comes { &mut sums.0 } else { &mut sums.1 };
                    *sum += posting.amount.0;
                }
            }
        }
        let unit = |pot: &MemberId, place: usize, balance: &super::Balance| {
            let of = days.get(&(*pot, place as u8)).into_iter().flatten();
            PotUnit {
                unit: balance.unit.clone(),
                scale: balance.scale,
                balance: balance.settled,
                incoming: balance.incoming,
                outgoing: balance.outgoing,
                days: of.rev().take(POT_DAYS_SHOWN_MAX).map(|(day, (came, went))| (*day, *came, *went)).collect(),
            }
        };
        let pot = |view: &super::MemberView| PotState {
            id: alloc::format!("{}", view.id),
            name: view.pseudonym.clone(),
            household: view.household.clone(),
            frozen: view.frozen,
            units: view.balances.iter().enumerate().map(|(place, of)| unit(&view.id, place, of)).collect(),
        };
        views.iter().map(pot).collect()
    }
}
