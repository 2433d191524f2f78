//! What a person is shown of the ledger: the covenant, members' cards, and his own account with its history. One JSON shape
//! for MQTT, HTTP and the command line, version 1; the table is in PROTOCOL.md.
//!
//! Cards are for everybody. Accounts and histories are for the member himself: whoever asks here has checked that. Words (a
//! memo, the item a payment is for) are not in the ledger; the node adds them from the log.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use super::chain::Deed;
use super::posting::Payment;
use super::{Ledger, Lights, MovementState};
use crate::identity::{GatewayId, MemberId, RecordId};
use crate::record::{Found, UnitIndex};

/// Payments that wait for somebody, shown with an account; the rest is in the history.
pub const OPEN_SHOWN_MAX: usize = 100;
/// Payments of one page of a history.
pub const HISTORY_PAGE_MAX: usize = 100;
/// Members in one answer to a search.
pub const FOUND_MAX: usize = 100;
/// Hex digits of an id that a person may type for the whole.
const SHORT_DIGITS: usize = 8;
/// Words of others about a member, shown with his account.
const WORDS_SHOWN_MAX: usize = 32;

/// What a community has agreed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CovenantCard {
    /// 1.
    pub v: u8,
    /// The founding record.
    pub id: String,
    /// What it calls itself.
    pub name: String,
    /// What it counts; a payment names the place in this list.
    pub units: Vec<UnitCard>,
    /// Percent of the limit that may be paid away from home.
    pub roaming_percent: u8,
    /// Households that make a decision.
    pub quorum: u8,
    /// Seconds a recovery waits.
    pub recovery_delay_s: u32,
    /// Members who were there from the beginning.
    pub founders: Vec<String>,
    /// Members, newcomers included.
    pub members: u64,
    /// Records that count.
    pub records: u64,
}

/// One unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnitCard {
    /// Its name.
    pub name: String,
    /// How many smallest parts make one.
    pub scale: u32,
    /// How far below zero one with a key of his own may go, in smallest parts.
    pub limit: u64,
}

/// What everybody may know of a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemberCard {
    /// 1.
    pub v: u8,
    /// Who.
    pub id: String,
    /// What he goes by.
    pub pseudonym: String,
    /// His household.
    pub household: String,
    /// `newcomer`, `member`, `pot`, `left` or `frozen`.
    pub status: &'static str,
    /// `own`, `card`, `hosted` or `pot`.
    pub custody: &'static str,
    /// His gateway.
    pub home: String,
    /// His key now.
    pub key: String,
    /// The key epoch of his next record.
    pub epoch: u16,
    /// The number of his last.
    pub seq: u32,
    /// Its id: what his next one names as `prev`.
    pub head: String,
    /// All ends of his chain; more than one if it is split.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ends: Vec<String>,
}

/// A member's own account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Account {
    /// 1.
    pub v: u8,
    /// The gateway that says so is not his home: limits are those for away from home.
    pub away: bool,
    /// What others may know too.
    pub member: MemberCard,
    /// By unit of the covenant.
    pub balances: Vec<AccountBalance>,
    /// Payments that wait for somebody, those that wait for him first.
    pub open: Vec<Payslip>,
    /// How many more there are.
    pub open_more: u64,
    /// His guardians.
    pub guardians: Vec<String>,
    /// How many of them it takes.
    pub threshold: u8,
    /// Members' words for him: two, of two other households, are named by `enter`.
    pub vouches: Vec<VouchWord>,
    /// Guardians' words that another key is his: if he did not ask for it, he objects with `veto`.
    pub recoveries: Vec<RecoveryWord>,
    /// Where his chain is split, as key epoch and number.
    pub forks: Vec<(u16, u32)>,
}

/// In one unit, in smallest parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountBalance {
    /// The unit's place in the covenant.
    pub index: u8,
    /// Its name.
    pub unit: String,
    /// How many smallest parts make one.
    pub scale: u32,
    /// What is settled.
    pub settled: i64,
    /// Paid and not yet answered.
    pub outgoing: i64,
    /// To be answered.
    pub incoming: i64,
    /// What his own chain says, which the limit is for.
    pub position: i64,
    /// How far below zero that may go.
    pub limit: i64,
    /// What he may still pay.
    pub left: i64,
    /// What he may still pay at this gateway before home has seen his chain.
    pub left_here: i64,
}

/// One payment as one of its two sides sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Payslip {
    /// The payment, or the decision that wrote a debt off.
    pub id: String,
    /// Its number in this member's chain: of the payment, or of his answer. None while he has not answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u32>,
    /// The other side.
    pub with: String,
    /// What that one goes by.
    pub name: String,
    /// Of what.
    pub unit: String,
    /// The unit's place in the covenant.
    pub index: u8,
    /// In smallest parts; below zero: he pays.
    pub amount: i64,
    /// `pending`, `settled`, `declined` or `returned`.
    pub state: MovementState,
    /// What he can do about it: `answer` (accept or decline), `reclaim`, or nothing.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub turn: &'static str,
    /// The decline that a reclaim names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decline: Option<String>,
    /// The disputes about it, which a payment back names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub disputes: Vec<String>,
    /// How far the payment has come: `noted`, `stamped` or `confirmed`.
    pub lights: Lights,
    /// How far its answer has come, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_lights: Option<Lights>,
    /// The need or offer it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// What the payer wrote.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub memo: String,
    /// When, as the payer says, unix seconds.
    pub created: u64,
}

/// A member's word for a newcomer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VouchWord {
    /// The record.
    pub id: String,
    /// Whose.
    pub by: String,
    /// What he goes by.
    pub name: String,
    /// His household.
    pub household: String,
}

/// A guardian's word that another key is a member's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecoveryWord {
    /// The record.
    pub id: String,
    /// Whose.
    pub by: String,
    /// What he goes by.
    pub name: String,
    /// After which record.
    pub base: String,
    /// The new key.
    pub key: String,
    /// His home from then on.
    pub home: String,
}

/// A page of what moved, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HistoryPage {
    /// 1.
    pub v: u8,
    /// Whose.
    pub member: String,
    /// Newest first by his own chain.
    pub movements: Vec<Payslip>,
    /// Ask again with `before` set to this; none: that was all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<u32>,
}

/// One fork of a member's chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fork {
    /// Key epoch.
    pub epoch: u16,
    /// Number in the chain.
    pub seq: u32,
    /// Two records with that number.
    pub records: [String; 2],
    /// Both as signed submissions, hex digits, if they are in a log that is here: whoever has them can freeze the member anywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<[String; 2]>,
}

impl Ledger {
    /// A founding record as shown.
    pub fn covenant_card(&self, id: &RecordId) -> Option<CovenantCard> {
        let found = self.covenants.get(id)?;
        let unit =
            |unit: &crate::record::Unit| UnitCard { name: unit.name.clone(), scale: unit.scale, limit: unit.limit };
        let founder = |place: usize| MemberId::of_founder(id, place as u8).to_string();
        Some(CovenantCard {
            v: 1,
            id: id.to_string(),
            name: found.name.clone(),
            units: found.units.iter().map(unit).collect(),
            roaming_percent: found.roaming_percent,
            quorum: found.quorum,
            recovery_delay_s: found.recovery_delay_s,
            founders: (0..found.founders.len()).map(founder).collect(),
            members: self.members.values().filter(|member| member.covenant == *id).count() as u64,
            records: self.records(),
        })
    }

    /// A member as everybody may know him.
    pub fn card(&self, id: &MemberId) -> Option<MemberCard> {
        let (member, (head, seq, standing)) = (self.members.get(id)?, self.head(id)?);
        let ends = self.ends(id);
        let status = match (member.frozen, standing.left, standing.facts.custody, standing.entered) {
            (true, ..) => "frozen",
            (_, true, ..) => "left",
            (_, _, crate::record::Custody::Pot, _) => "pot",
            (.., true) => "member",
            _ => "newcomer",
        };
        Some(MemberCard {
            v: 1,
            id: id.to_string(),
            pseudonym: standing.facts.pseudonym.clone(),
            household: standing.facts.household.clone(),
            status,
            custody: standing.facts.custody.name(),
            home: standing.facts.home.to_string(),
            key: standing.key.to_string(),
            epoch: standing.epoch,
            seq,
            head: head.to_string(),
            ends: if ends.len() > 1 { ends.iter().map(ToString::to_string).collect() } else { Vec::new() },
        })
    }

    /// Members in order of their ids, from after one on.
    pub fn cards(&self, after: Option<&MemberId>, limit: usize) -> Vec<MemberCard> {
        use core::ops::Bound::{Excluded, Unbounded};
        let from = after.map_or(Unbounded, |after| Excluded(*after));
        self.members.range((from, Unbounded)).take(limit.min(FOUND_MAX)).filter_map(|(id, _)| self.card(id)).collect()
    }

    /// Members whom this text may mean: an id, its first 8 digits or more, a key, or the beginning of a pseudonym in any case; if
    /// one is called exactly so, those only. At most [`FOUND_MAX`].
    pub fn find(&self, text: &str) -> Vec<MemberCard> {
        let text = text.trim();
        if let Some(card) = MemberId::parse(text).and_then(|id| self.card(&id)) {
            return alloc::vec![card];
        }
        if text.is_empty() {
            return Vec::new();
        }
        let lower = text.to_lowercase();
        let digits = text.len() >= SHORT_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let (mut exact, mut begin) = (Vec::new(), Vec::new());
        for id in self.members.keys() {
            let Some((_, _, standing)) = self.head(id) else { continue };
            let name = standing.facts.pseudonym.to_lowercase();
            if (digits && id.to_string().starts_with(&lower)) || standing.key.to_string() == lower || name == lower {
                exact.push(id);
            } else if name.starts_with(&lower) && begin.len() < FOUND_MAX {
                begin.push(id);
            }
        }
        let found = if exact.is_empty() { begin } else { exact };
        found.into_iter().take(FOUND_MAX).filter_map(|id| self.card(id)).collect()
    }

    /// A member's own account, as this gateway can serve it.
    pub fn account(&self, me: &GatewayId, id: &MemberId) -> Option<Account> {
        let (member, (head, _, standing)) = (self.members.get(id)?, self.head(id)?);
        let found = self.covenants.get(&member.covenant)?;
        let away = standing.facts.home != *me;
        let mut open: Vec<Payslip> = member.open.iter().filter_map(|pay| self.payslip(id, found, pay)).collect();
        open.sort_by_key(|slip| (slip.turn.is_empty(), slip.created));
        let open_more = open.len().saturating_sub(OPEN_SHOWN_MAX) as u64;
        open.truncate(OPEN_SHOWN_MAX);
        let balances = found.units.iter().enumerate().map(|(place, unit)| {
            let index = UnitIndex(place as u8);
            let (position, limit) = (standing.position(index), standing.limit(found, index));
            let left = (position + limit).max(0);
            let left = if member.frozen || standing.left { 0 } else { left };
            let roaming = standing.roaming_limit(found, index) - self.paid_away(&head, index);
            let amount = |sums: &[i64]| sums.get(place).copied().unwrap_or(0);
            AccountBalance {
                index: index.0,
                unit: unit.name.clone(),
                scale: unit.scale,
                settled: amount(&member.settled),
                outgoing: amount(&member.outgoing),
                incoming: amount(&member.incoming),
                position,
                limit,
                left,
                left_here: if away { left.min(roaming).max(0) } else { left },
            }
        });
        Some(Account {
            v: 1,
            away,
            member: self.card(id)?,
            balances: balances.collect(),
            open,
            open_more,
            guardians: standing.facts.guardians.iter().map(ToString::to_string).collect(),
            threshold: standing.facts.threshold,
            vouches: member.vouches.iter().take(WORDS_SHOWN_MAX).filter_map(|id| self.vouch_word(id)).collect(),
            recoveries: self.recovery_words(id, standing.epoch),
            forks: self.forks_of(id).into_iter().collect(),
        })
    }

    fn vouch_word(&self, id: &RecordId) -> Option<VouchWord> {
        let entry = self.entries.get(id)?;
        let Deed::Vouch { household, .. } = &entry.deed else { return None };
        let (by, name) = (entry.member.to_string(), self.name_of(&entry.member));
        Some(VouchWord { id: id.to_string(), by, name, household: household.clone() })
    }

    /// Those that could still be followed: of records that no later epoch has left behind.
    fn recovery_words(&self, about: &MemberId, epoch: u16) -> Vec<RecoveryWord> {
        let Some(member) = self.members.get(about) else { return Vec::new() };
        let words = member.recoveries.iter().filter_map(|id| {
            let entry = self.entries.get(id)?;
            let Deed::Recover { base, key, home, .. } = &entry.deed else { return None };
            let live = self.entries.get(base).is_some_and(|base| base.epoch >= epoch || base.seq == 0);
            live.then(|| RecoveryWord {
                id: id.to_string(),
                by: entry.member.to_string(),
                name: self.name_of(&entry.member),
                base: base.to_string(),
                key: key.to_string(),
                home: home.to_string(),
            })
        });
        words.take(WORDS_SHOWN_MAX).collect()
    }

    pub(super) fn name_of(&self, member: &MemberId) -> String {
        self.head(member).map_or_else(String::new, |(_, _, standing)| standing.facts.pseudonym.clone())
    }

    /// One payment from one side.
    fn payslip(&self, side: &MemberId, found: &Found, id: &RecordId) -> Option<Payslip> {
        let payment = self.pays.get(id)?;
        let gives = payment.from == *side;
        let with = if gives { payment.to } else { payment.from };
        let own = |answer: &&RecordId| self.entries.get(*answer).is_some_and(|entry| entry.member == *side);
        let theirs = |answer: &&RecordId| self.entries.get(*answer).is_some_and(|entry| entry.member == payment.to);
        let decline = payment
            .answers
            .iter()
            .find(|id| matches!(self.entries.get(*id).map(|entry| &entry.deed), Some(Deed::Decline { .. })));
        let seq = |id: &RecordId| self.entries.get(id).map(|entry| entry.seq);
        let state = state_of(payment);
        let turn = match (gives, state) {
            (false, MovementState::Pending) => "answer",
            (true, MovementState::Declined) => "reclaim",
            _ => "",
        };
        Some(Payslip {
            id: id.to_string(),
            seq: if gives { seq(id) } else { payment.answers.iter().find(own).and_then(seq) },
            with: with.to_string(),
            name: self.name_of(&with),
            unit: found.units.get(usize::from(payment.unit.0)).map_or_else(String::new, |unit| unit.name.clone()),
            index: payment.unit.0,
            amount: if gives { -payment.amount.signed() } else { payment.amount.signed() },
            state,
            turn,
            decline: decline.map(ToString::to_string),
            disputes: payment.disputes.iter().take(WORDS_SHOWN_MAX).map(ToString::to_string).collect(),
            lights: self.lights(id),
            answer_lights: payment.answers.iter().find(theirs).map(|answer| self.lights(answer)),
            item: None,
            memo: String::new(),
            created: payment.created,
        })
    }

    /// What moved, newest first, of records of his with a number below `before`. Each payment stands at his own record of it: where he
    /// paid, or where he first answered. A page walks the chain from its end, so a late page of a long chain costs more.
    pub fn history_page(&self, id: &MemberId, before: Option<u32>, limit: usize) -> Option<HistoryPage> {
        let found = self.covenants.get(&self.members.get(id)?.covenant)?;
        let limit = limit.clamp(1, HISTORY_PAGE_MAX);
        let before = before.unwrap_or(u32::MAX);
        let mut movements = Vec::new();
        let mut seen = alloc::collections::BTreeSet::new();
        let (mut next, mut last) = (None, None);
        for (at, pay) in self.own_payments(id, before) {
            if !seen.insert(pay) {
                continue;
            }
            // Of a split chain several records may share a number: a page ends between numbers.
            if movements.len() >= limit && last != Some(at) {
                next = last;
                break;
            }
            last = Some(at);
            movements.extend(self.payslip(id, found, &pay));
        }
        if before == u32::MAX {
            let decided = self.written_off(id, found);
            movements.splice(0..0, decided);
        }
        Some(HistoryPage { v: 1, member: id.to_string(), movements, before: next })
    }

    /// The payments that a member's own records speak of, by number, newest first.
    fn own_payments(&self, id: &MemberId, before: u32) -> alloc::vec::IntoIter<(u32, RecordId)> {
        let mut found = Vec::new();
        let mut open: Vec<RecordId> = self.ends(id);
        let mut seen = alloc::collections::BTreeSet::new();
        let split = self.members.get(id).is_some_and(|member| !member.branches.is_empty());
        while let Some(at) = open.pop() {
            let Some(entry) = self.entries.get(&at) else { continue };
            if split && !seen.insert(at) {
                continue;
            }
            if entry.seq < before {
                match &entry.deed {
                    Deed::Pay { .. } => found.push((entry.seq, at)),
                    Deed::Accept { pay, .. } | Deed::Decline { pay } => found.push((entry.seq, *pay)),
                    _ => {}
                }
                // Enough for any page, with what a split chain may name twice.
                if !split && found.len() > HISTORY_PAGE_MAX + 1 {
                    break;
                }
            }
            if let Deed::Resume(resumed) = &entry.deed {
                open.extend(&resumed.branches);
            }
            if entry.seq > 0 {
                open.push(entry.prev);
            }
        }
        found.sort_by_key(|(seq, id)| (core::cmp::Reverse(*seq), *id));
        found.into_iter()
    }

    fn written_off(&self, id: &MemberId, found: &Found) -> Vec<Payslip> {
        let decided = self.decisions.iter().filter(|(_, tally)| tally.in_force);
        let slips = decided.filter_map(|(cause, tally)| {
            let crate::record::Action::WriteOff { member, pot, unit, amount } = &tally.action else { return None };
            let (with, sign) = match (id == member, id == pot) {
                (true, _) => (pot, 1),
                (_, true) => (member, -1),
                _ => return None,
            };
            Some(Payslip {
                id: cause.to_string(),
                seq: None,
                with: with.to_string(),
                name: self.name_of(with),
                unit: found.units.get(usize::from(unit.0)).map_or_else(String::new, |unit| unit.name.clone()),
                index: unit.0,
                amount: sign * amount.signed(),
                state: MovementState::Settled,
                turn: "",
                decline: None,
                disputes: Vec::new(),
                lights: self.lights(cause),
                answer_lights: None,
                item: None,
                memo: String::new(),
                created: tally.created,
            })
        });
        slips.collect()
    }
}

fn state_of(payment: &Payment) -> MovementState {
    match (payment.accepted, payment.reclaimed, payment.declined) {
        (_, true, _) => MovementState::Returned,
        (true, false, _) => MovementState::Settled,
        (false, false, true) => MovementState::Declined,
        (false, false, false) => MovementState::Pending,
    }
}
