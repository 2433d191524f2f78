//! The scorecard: how a community gives and takes, month by month. Shown, never enforced: no rule here decides anything, and
//! how many credits somebody has never weighs.
//!
//! Everybody sees sums, and only of cells that at least five households have a part in. What is about one person is told to
//! that person alone ([`Scorecard::personal`]). What would need roles or conflict cases says "not kept", not zero.
//! What comes of the ledger is a function of the set of entries and of the present lunation. Of needs, those on the board are
//! too; those that expired are this gateway's own count ([`responses`]).
//! Source: the scorecard of the design's ledger page; the definitions are in PROTOCOL.md.

pub mod concentration;
mod flows;
pub mod lunation;
pub mod responses;
mod shown;
pub mod signals;

use alloc::string::String;
use alloc::vec::Vec;

use self::concentration::{chance, few_hands, gini, sums, Permille};
use self::flows::{Flows, Moved, Sheet};
use self::lunation::Lunation;
use self::responses::{Month, Responses, CELL_LEAST};
use self::signals::{is_far, is_halved, median_doubled};
use crate::clock::rfc3339;
use crate::identity::{hash, GatewayId, MemberId};
use crate::ledger::Ledger;
use crate::record::Urgency;
use crate::views::item::Qty;

pub use shown::{Given, MonthState, NeedState, Personal, PersonalUnit, ScorecardState, Signal, UnitState};

/// Lunations whose giving is tested for early warnings: this one and the last, since a test costs some milliseconds and
/// an old warning warns nobody.
const WARNED: usize = 2;
/// Of a thousand: what is rarer by chance is worth a word.
const RARE: Permille = Permille(50);

/// A community's year, ready to be shown to everybody or to one of its members.
pub struct Scorecard {
    flows: Option<Flows>,
    responses: Responses,
    now: Lunation,
}

/// A household's tag as eight bytes.
pub fn fingerprint(household: &str) -> u64 {
    first_eight(hash("commons/1/household", &[household.as_bytes()]))
}

fn first_eight(hash: [u8; 32]) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = hash;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

impl Scorecard {
    /// Of this gateway's community at this moment (unix seconds), with how its needs were answered.
    pub fn new(ledger: &Ledger, me: &GatewayId, responses: Responses, now_s: u64) -> Self {
        let now = Lunation::at(now_s);
        Self { flows: Flows::of(ledger, me, now), responses, now }
    }

    /// What everybody may see.
    pub fn state(&self) -> ScorecardState {
        let flows = self.flows.as_ref();
        let kept = flows.map_or_else(|| self.now.0 as usize + 1, |flows| flows.sheets.len());
        let months = (0..kept.min(lunation::LUNATIONS_MAX)).map(|age| self.month(age));
        ScorecardState {
            v: 1,
            covenant: flows.map(|flows| alloc::format!("{}", flows.covenant)),
            community: flows.map_or_else(String::new, |flows| flows.community.clone()),
            households: flows.map_or(0, Flows::household_count) as u32,
            members: flows.map_or(0, |flows| flows.people.iter().filter(|person| person.present).count()) as u32,
            cell_least: CELL_LEAST as u32,
            lunations: months.filter(|month| month.number == self.now.0 || !month.is_empty()).collect(),
            not_kept: ["rotation", "internal_resolution", "role_weeks"],
        }
    }

    fn month(&self, age: usize) -> MonthState {
        let lunation = Lunation(self.now.0.saturating_sub(age as u32));
        let month = self.responses.month(lunation);
        let sheets = self.flows.as_ref().and_then(|flows| Some((flows, flows.sheets.get(age)?)));
        let units = sheets
            .map(|(flows, sheets)| sheets.iter().enumerate().map(|(unit, _)| unit_state(flows, age, unit)).collect());
        MonthState {
            number: lunation.0,
            from: rfc3339(lunation.start_s()),
            until: rfc3339(lunation.end_s()),
            over: age > 0,
            units: units.unwrap_or_default(),
            reliance: sheets.and_then(|(flows, sheets)| reliance(flows, sheets, month)),
            needs: month.map(need_states).unwrap_or_default(),
        }
    }

    /// What one member alone may see: what his household and he himself gave and received, and what is told to him only.
    /// None: no member of this community, or a pot.
    pub fn personal(&self, member: &MemberId) -> Option<Personal> {
        let flows = self.flows.as_ref()?;
        let place = flows.people.iter().position(|person| person.id == *member)?;
        let household = flows.people[place].household?;
        let mut units = Vec::new();
        let mut signals = Vec::new();
        for (unit, terms) in flows.units.iter().enumerate() {
            for (age, sheets) in flows.sheets.iter().enumerate() {
                let mine = sheets[unit].moved[place];
                let ours =
                    sheets[unit].moved.iter().zip(&flows.people).filter(|(_, one)| one.household == Some(household));
                let all = ours.fold(Moved::default(), |all, (one, _)| Moved {
                    given: all.given + one.given,
                    received: all.received + one.received,
                    to_pots: all.to_pots + one.to_pots,
                    from_pots: all.from_pots + one.from_pots,
                    balance: all.balance + one.balance,
                });
                let moves = |one: &Moved| one.given + one.received + one.to_pots + one.from_pots > 0;
                if age == 0 || moves(&all) || moves(&mine) {
                    units.push(PersonalUnit {
                        lunation: flows.lunation(age).0,
                        unit: terms.name.clone(),
                        scale: terms.scale,
                        given: mine.given,
                        received: mine.received,
                        to_pots: mine.to_pots,
                        from_pots: mine.from_pots,
                        household_given: all.given,
                        household_received: all.received,
                    });
                }
            }
            signals.extend(signals_of(flows, unit, place));
        }
        let household = flows.households[household].clone();
        Some(Personal { v: 1, member: alloc::format!("{member}"), household, units, signals })
    }
}

/// One unit in one lunation, as everybody may see it.
fn unit_state(flows: &Flows, age: usize, unit: usize) -> UnitState {
    let (sheet, terms) = (&flows.sheets[age][unit], &flows.units[unit]);
    let active = sheet.active.iter().filter(|active| **active).count();
    let mut state = UnitState {
        unit: terms.name.clone(),
        scale: terms.scale,
        few: active > 0 && active < CELL_LEAST,
        ..UnitState::default()
    };
    if active < CELL_LEAST {
        return state;
    }
    let (households, places) = flows.counted(sheet);
    let mut given = alloc::vec![0u64; households];
    let mut received = alloc::vec![0u64; households];
    for (moved, person) in sheet.moved.iter().zip(&flows.people) {
        let Some(place) = person.household.map(|household| places[household]).filter(|place| *place < households)
        else {
            continue;
        };
        // Who is not counted moved nothing here.
        given[place] += moved.given;
        received[place] += moved.received;
    }
    let half: u64 = sheet.moved.iter().map(|moved| moved.balance.unsigned_abs()).sum::<u64>() / 2;
    state.households = Some(active as u32);
    state.postings = Some(sheet.postings);
    state.circulation = Some(sheet.circulation);
    state.velocity = (half > 0).then(|| Qty((u128::from(sheet.circulation) * 1_000 / u128::from(half)) as u64));
    state.given = Some(distribution(&given));
    state.received = Some(distribution(&received));
    let gifts: Vec<concentration::Gift> = sheet
        .gifts
        .iter()
        .map(|gift| concentration::Gift { from: places[gift.from], to: places[gift.to], ..*gift })
        .collect();
    let gave = sums(&gifts, households);
    state.gini = gini(&gave).map(|gini| Qty(gini.0.into()));
    if age < WARNED {
        let seed = [&flows.covenant.0[..], &flows.lunation(age).0.to_be_bytes(), &[unit as u8]].concat();
        let rare = chance(&gifts, households, first_eight(hash("commons/1/scorecard", &[&seed])));
        state.gini_chance = rare.map(|rare| Qty(rare.0.into()));
        state.uneven = Some(rare.is_some_and(|rare| rare < RARE));
        state.few_hands = Some(few_hands(&gave));
    }
    state
}

fn distribution(sums: &[u64]) -> Given {
    let all: Vec<i128> = sums.iter().map(|sum| i128::from(*sum)).collect();
    Given {
        total: sums.iter().sum(),
        households: sums.iter().filter(|sum| **sum > 0).count() as u32,
        median: (median_doubled(&all) / 2) as u64,
    }
}

/// Of a hundred households, how many the commons was of use to: a posting, or a need that was met. None where too few live.
fn reliance(flows: &Flows, sheets: &[Sheet], month: Option<&Month>) -> Option<u32> {
    let all = flows.household_count();
    if all < CELL_LEAST {
        return None;
    }
    let helped = |tag: &str| month.is_some_and(|month| month.helped.contains(&fingerprint(tag)));
    let relied = (0..flows.households.len())
        .filter(|place| flows.present[*place])
        .filter(|place| sheets.iter().any(|sheet| sheet.active[*place]) || helped(&flows.households[*place]))
        .count();
    // So few that it would tell who: nobody's business.
    (relied == 0 || relied >= CELL_LEAST).then(|| (relied * 100 / all) as u32)
}

fn need_states(month: &Month) -> Vec<NeedState> {
    let told = Urgency::ALL.iter().zip(&month.needs).filter(|(_, tally)| tally.asked > 0);
    told.map(|(urgency, tally)| match tally.is_small() {
        true => NeedState { urgency: urgency.name(), few: true, ..NeedState::default() },
        false => NeedState {
            urgency: urgency.name(),
            few: false,
            asked: Some(tally.asked),
            fulfilled: Some(tally.fulfilled),
            unmet: Some(tally.unmet),
            aside: Some(tally.aside),
            open: Some(tally.open()),
            fulfilled_percent: tally.percent(),
            assigned: Some(tally.assigned()),
            assigned_median_min: tally.median_min(),
        },
    })
    .collect()
}

/// What is told to one member only, in one unit.
fn signals_of(flows: &Flows, unit: usize, place: usize) -> Vec<Signal> {
    let mut signals = Vec::new();
    if flows.household_count() < CELL_LEAST {
        return signals;
    }
    let name = || flows.units[unit].name.clone();
    let Some(newest) = flows.sheets.first() else { return signals };
    let present = newest[unit].moved.iter().zip(&flows.people);
    let balances: Vec<i64> = present
        .filter(|(_, person)| person.present && person.household.is_some())
        .map(|(moved, _)| moved.balance)
        .collect();
    let own = newest[unit].moved[place].balance;
    if flows.people[place].present && is_far(own, &balances) {
        let all: Vec<i128> = balances.iter().map(|balance| i128::from(*balance)).collect();
        let median = (median_doubled(&all) / 2) as i64;
        signals.push(Signal { signal: "balance_far", unit: name(), balance: Some(own), median: Some(median) });
    }
    // This lunation is not over: it would always look like less.
    let given: Vec<u64> = flows.sheets.iter().skip(1).rev().map(|sheets| sheets[unit].moved[place].given).collect();
    if is_halved(&given) {
        signals.push(Signal { signal: "given_halved", unit: name(), balance: None, median: None });
    }
    signals
}
