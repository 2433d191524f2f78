//! The scorecard's shapes: for everybody (topic, HTTP, command line, page) and for one member.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use crate::views::item::Qty;

/// What everybody may see. Amounts are in a unit's smallest part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ScorecardState {
    /// 1.
    pub v: u8,
    /// The founding record of the community; none: nobody has founded one here.
    pub covenant: Option<String>,
    /// What it calls itself.
    pub community: String,
    /// Households with a member who has entered and not left.
    pub households: u32,
    /// Such members, pots among them.
    pub members: u32,
    /// Fewer households than this in a cell, and it is not shown.
    pub cell_least: u32,
    /// The present one first; older ones only if anything happened in them.
    pub lunations: Vec<MonthState>,
    /// What this network does not keep yet.
    pub not_kept: [&'static str; 3],
}

/// One lunation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MonthState {
    /// Its number since 1970-01-01.
    pub number: u32,
    /// Its first second.
    pub from: String,
    /// The first second after it.
    pub until: String,
    /// It is past; else these are the figures so far.
    pub over: bool,
    /// By unit of the covenant.
    pub units: Vec<UnitState>,
    /// Percent of households with a posting or a need that was met; none where that would tell who.
    pub reliance: Option<u32>,
    /// Needs by urgency, those that were posted in it.
    pub needs: Vec<NeedState>,
}

/// One unit in one lunation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UnitState {
    /// Its name.
    pub unit: String,
    /// How many smallest parts make one.
    pub scale: u32,
    /// Something moved, between too few households for any of the rest to be shown.
    pub few: bool,
    /// Households with a posting.
    pub households: Option<u32>,
    /// Postings.
    pub postings: Option<u64>,
    /// Their sum.
    pub circulation: Option<u64>,
    /// That over half the sum of all balances at the end, without signs.
    pub velocity: Option<Qty>,
    /// What households gave.
    pub given: Option<Given>,
    /// What households received.
    pub received: Option<Given>,
    /// How unevenly households gave, of a thousand.
    pub gini: Option<Qty>,
    /// Of a thousand: how often chance alone is as uneven. Only of the last two lunations.
    pub gini_chance: Option<Qty>,
    /// That is less than one in twenty.
    pub uneven: Option<bool>,
    /// As if fewer than a quarter of the households gave.
    pub few_hands: Option<bool>,
}

/// Sums over households.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Given {
    /// In all.
    pub total: u64,
    /// Households with more than nothing.
    pub households: u32,
    /// The middle household's.
    pub median: u64,
}

/// Needs of one urgency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NeedState {
    /// now, today, week or whenever.
    pub urgency: &'static str,
    /// Too few people asked for any of the rest to be shown.
    pub few: bool,
    /// Posted.
    pub asked: Option<u32>,
    /// Done.
    pub fulfilled: Option<u32>,
    /// Over without anybody saying that it was done.
    pub unmet: Option<u32>,
    /// Taken back, sent elsewhere, or the same as another.
    pub aside: Option<u32>,
    /// Still open.
    pub open: Option<u32>,
    /// Of a hundred that are done or unmet, how many are done.
    pub fulfilled_percent: Option<u32>,
    /// Somebody was given a slot.
    pub assigned: Option<u32>,
    /// The middle of the minutes until then.
    pub assigned_median_min: Option<u64>,
}

impl MonthState {
    /// Nothing happened in it that could be told.
    pub fn is_empty(&self) -> bool {
        let quiet = |unit: &UnitState| !unit.few && unit.circulation.is_none();
        self.needs.is_empty() && self.units.iter().all(quiet) && self.reliance.unwrap_or(0) == 0
    }
}

/// What one member alone may see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Personal {
    /// 1.
    pub v: u8,
    /// Who.
    pub member: String,
    /// His household.
    pub household: String,
    /// By unit and lunation, the newest first; those in which nothing moved are left out.
    pub units: Vec<PersonalUnit>,
    /// What is worth a word to him.
    pub signals: Vec<Signal>,
}

/// One unit in one lunation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PersonalUnit {
    /// Its number.
    pub lunation: u32,
    /// Of what.
    pub unit: String,
    /// How many smallest parts make one.
    pub scale: u32,
    /// He gave: others paid him.
    pub given: u64,
    /// He received: he paid others.
    pub received: u64,
    /// He paid to common pots.
    pub to_pots: u64,
    /// Pots paid to him.
    pub from_pots: u64,
    /// His household gave.
    pub household_given: u64,
    /// His household received.
    pub household_received: u64,
}

/// A word to one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Signal {
    /// `balance_far`: his balance lies far from the others'. `given_halved`: he gives half of what he used to, or less.
    pub signal: &'static str,
    /// In which unit.
    pub unit: String,
    /// His balance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balance: Option<i64>,
    /// The middle of all balances.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub median: Option<i64>,
}
