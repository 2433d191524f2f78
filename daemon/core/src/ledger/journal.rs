//! The ledger as an hledger journal (plain text accounting): a second opinion on every sum, by a program that is not ours.
//!
//! Accounts are the first 16 digits of member ids, commodities the units' names with how many smallest parts make one; amounts are
//! in smallest parts, so that nothing is ever rounded. Each transaction balances, and the last one asserts all balances.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Ledger, Posting};
use crate::clock::rfc3339;
use crate::identity::{hex, MemberId, RecordId};
use crate::record::UnitIndex;

/// The last second of the year 9999: a claimed time beyond it is shown as this.
const LAST_S: u64 = 253_402_300_799;

impl Ledger {
    /// Every posting as a transaction, by claimed day, and a last one that asserts what each account holds.
    pub fn journal(&self) -> String {
        let mut lines: Vec<(String, Posting)> =
            self.postings().map(|posting| (self.claimed_day(&posting.cause), posting)).collect();
        lines.sort();
        let mut text = String::new();
        for ((covenant, unit), name) in self.commodities() {
            text.push_str(&format!("; unit {} of {}\ncommodity 1000. {name}\n", unit.0, covenant.short()));
        }
        for account in self.members.keys() {
            text.push_str(&format!("account members:{}\n", account_of(account)));
        }
        for (day, posting) in &lines {
            let Some(name) = self.commodity(&posting.from, posting.unit) else { continue };
            let what = if posting.back { "returned" } else { "settled" };
            text.push_str(&format!(
                "\n{day} {what} {}\n    members:{}  -{amount} {name}\n    members:{}  {amount} {name}\n",
                posting.cause.short(),
                account_of(&posting.from),
                account_of(&posting.to),
                amount = posting.amount.0,
            ));
        }
        if let Some((day, _)) = lines.last() {
            text.push_str(&format!("\n{day} balances\n"));
            for (id, member) in &self.members {
                for (unit, settled) in member.settled.iter().enumerate() {
                    let Some(name) = self.commodity(id, UnitIndex(unit as u8)) else { continue };
                    text.push_str(&format!("    members:{}  0 {name} = {settled} {name}\n", account_of(id)));
                }
            }
        }
        text
    }

    /// The day its author wrote on a payment or a decision; for display.
    fn claimed_day(&self, cause: &RecordId) -> String {
        let created = self.pays.get(cause).map(|payment| payment.created);
        let created = created.or_else(|| self.decisions.get(cause).map(|tally| tally.created)).unwrap_or(0);
        let mut day = rfc3339(created.min(LAST_S));
        day.truncate(10);
        day
    }

    fn commodities(&self) -> BTreeMap<(RecordId, UnitIndex), String> {
        let units = self.covenants.iter().flat_map(|(id, found)| (0..found.units.len()).map(|unit| (*id, unit as u8)));
        let named = units.filter_map(|(id, unit)| {
            let terms = self.covenants.get(&id)?.units.get(usize::from(unit))?;
            // Nothing in a name may end the quotes or begin a comment.
            let plain: String =
                terms.name.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' }).collect();
            Some(((id, UnitIndex(unit)), format!("\"{plain}/{} {}\"", terms.scale, hex(&id.0[..2]))))
        });
        named.collect()
    }

    fn commodity(&self, member: &MemberId, unit: UnitIndex) -> Option<String> {
        let covenant = self.members.get(member)?.covenant;
        self.commodities().remove(&(covenant, unit))
    }
}

fn account_of(member: &MemberId) -> String {
    hex(&member.0[..8])
}
