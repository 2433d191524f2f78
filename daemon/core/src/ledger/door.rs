//! The door: what an honest gateway logs of what is handed to it. It knows more than a record's own past, and rests on it.
//!
//! Three rules bound what a split chain can take. One gateway goes on with one branch only, the one it has. Away from home a
//! member pays a share of the limit until home has seen the chain. And what would let two branches count one thing twice (a
//! decline, a new home or key) is taken at home alone.

use alloc::vec::Vec;

use super::chain::Deed;
use super::rules::{Judged, Stop};
use super::{Ledger, Refusal, NEWCOMERS_MAX};
use crate::codec::Author;
use crate::identity::{GatewayId, MemberId, RecordId};
use crate::log::Age;
use crate::record::{Body, Pay, UnitIndex};

impl Ledger {
    /// Whether this gateway may log the record now.
    pub fn admit(&self, me: &GatewayId, age: Age, author: Author, id: RecordId, body: &Body) -> Result<(), Refusal> {
        if matches!(body, Body::Found(_)) && !self.covenants.is_empty() {
            return Err(Refusal::AlreadyFounded);
        }
        let judged = self.judge(id, author, body).map_err(|stop| match stop {
            Stop::Missing(_, field) => Refusal::UnknownRecord { field },
            Stop::Refused(refusal) => refusal,
        })?;
        let entry = match judged {
            Judged::Chain(entry) => entry,
            _ => return Ok(()),
        };
        if let Deed::Genesis(standing) = &entry.deed {
            self.check_home(me, &entry.home)?;
            return self.admit_newcomer(standing);
        }
        self.check_end(&entry.member, &entry.prev, body)?;
        if let Body::Decline(_) | Body::Facts(_) | Body::Rekey(_) | Body::Leave(_) | Body::Resume(_) = body {
            self.check_home(me, &entry.home)?;
        }
        match (body, &entry.deed) {
            (Body::Pay(pay), _) => self.check_payment(me, &entry.home, pay),
            (_, Deed::Resume(resumed)) if !resumed.recoveries.is_empty() && !resumed.unanimous => {
                self.check_delay(age, &entry.member, &resumed.recoveries)
            }
            _ => Ok(()),
        }
    }

    /// What this gateway, as their home, should stamp: ends of chains that came from elsewhere.
    pub fn stamps_due(&self, me: &GatewayId) -> Vec<RecordId> {
        let due = |id: &RecordId| self.entries.get(id).is_some_and(|entry| entry.home == *me && !entry.at_home);
        let members = self.members.iter().filter(|(_, member)| !member.frozen && member.tips.keys().any(due));
        members.flat_map(|(id, _)| self.ends(id)).filter(due).collect()
    }

    fn admit_newcomer(&self, standing: &super::Standing) -> Result<(), Refusal> {
        let mut waiting = 0;
        for member in self.members.values() {
            let mut ends = member.tips.values();
            if member.covenant == standing.covenant && ends.clone().any(|end| end.key == standing.key && !end.left) {
                return Err(Refusal::AlreadyMember);
            }
            waiting += usize::from(ends.all(|end| !end.entered && !end.left));
        }
        if waiting >= NEWCOMERS_MAX {
            return Err(Refusal::Full { what: "newcomers nobody has vouched for", limit: NEWCOMERS_MAX as u64 });
        }
        Ok(())
    }

    /// It goes on where the chain ends; a frozen one may still receive, and be mended.
    fn check_end(&self, member: &MemberId, prev: &RecordId, body: &Body) -> Result<(), Refusal> {
        let mends = matches!(body, Body::Accept(_) | Body::Decline(_) | Body::Dispute(_) | Body::Resume(_));
        if self.is_frozen(member) && !mends {
            return Err(Refusal::Frozen);
        }
        if self.ends(member).contains(prev) {
            return Ok(());
        }
        let (head, seq) = self.head(member).map_or((*prev, 0), |(id, seq, _)| (id, seq));
        Err(Refusal::NotNext { seq: seq.saturating_add(1), head: head.short() })
    }

    fn check_home(&self, me: &GatewayId, home: &GatewayId) -> Result<(), Refusal> {
        if me == home {
            return Ok(());
        }
        Err(Refusal::AtHomeOnly { home: home.short() })
    }

    fn check_payment(&self, me: &GatewayId, home: &GatewayId, pay: &Pay) -> Result<(), Refusal> {
        let gone = self.members.get(&pay.to).is_some_and(|member| member.tips.values().all(|end| end.left));
        if gone {
            return Err(Refusal::HasLeft);
        }
        if me == home {
            return Ok(());
        }
        let Some(standing) = self.standing_at(&pay.link.prev) else { return Ok(()) };
        let Some(found) = self.covenants.get(&standing.covenant) else { return Ok(()) };
        let left = standing.roaming_limit(found, pay.unit) - self.paid_away(&pay.link.prev, pay.unit);
        if pay.amount.signed() > left {
            return Err(Refusal::OverRoaming { limit: u64::try_from(left).unwrap_or(0), home: home.short() });
        }
        Ok(())
    }

    /// What was paid in this unit since home last saw the chain. Gross: what came in meanwhile may be counted elsewhere too.
    pub(super) fn paid_away(&self, prev: &RecordId, in_unit: UnitIndex) -> i64 {
        let (mut at, mut sum) = (*prev, 0);
        while let Some(entry) = self.entries.get(&at) {
            if entry.at_home || entry.seq == 0 {
                break;
            }
            match &entry.deed {
                Deed::Pay { unit, amount, .. } if *unit == in_unit => sum += amount.signed(),
                _ => {}
            }
            at = entry.prev;
        }
        sum
    }

    /// The old key has had its time to object here.
    fn check_delay(&self, age: Age, member: &MemberId, recoveries: &[RecordId]) -> Result<(), Refusal> {
        let covenant = self.members.get(member).and_then(|member| self.covenants.get(&member.covenant));
        let delay = u64::from(covenant.map_or(u32::MAX, |found| found.recovery_delay_s));
        let heard = recoveries.iter().map(|id| self.heard.get(id).copied().unwrap_or(age).0).max().unwrap_or(age.0);
        match heard.saturating_add(delay).saturating_sub(age.0) {
            0 => Ok(()),
            retry_s => Err(Refusal::TooEarly { retry_s }),
        }
    }
}
