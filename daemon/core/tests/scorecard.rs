//! The scorecard: against a second opinion by another program, by hand, and against chance itself.

mod support;

use std::collections::BTreeMap;

use commons_core::identity::{MemberId, RecordId};
use commons_core::ledger::{Ledger, Said};
use commons_core::log::Age;
use commons_core::record::*;
use commons_core::scorecard::concentration::{chance, few_hands, gini, sums, Dice, Gift, Permille};
use commons_core::scorecard::lunation::{Lunation, LUNATION_S};
use commons_core::scorecard::responses::Responses;
use commons_core::scorecard::signals::{is_far, is_halved};
use commons_core::scorecard::{NeedState, Scorecard, ScorecardState};
use proptest::prelude::*;
use support::book::{facts, gateway, network, Hand, Pen, Word};
use support::Gateway;

const NOW: u64 = 704 * LUNATION_S + 1_000_000;

/// A community of these people (pseudonym, household), everybody a founder, and perhaps a common pot.
struct Street {
    pens: BTreeMap<String, Pen>,
    /// What was said and when.
    said: Vec<(Word, u64)>,
}

impl Street {
    fn new(people: &[(&str, &str)], pot: bool) -> Self {
        let founder = |(n, (name, household)): (usize, &(&str, &str))| Founder {
            key: Hand(n as u8).key(),
            facts: facts(name, household, gateway(0)),
        };
        let found = Found {
            name: "maple street".into(),
            units: vec![
                Unit { name: "hour".into(), scale: 60, limit: 1_000_000 },
                Unit { name: "kg-rice".into(), scale: 1_000, limit: 1_000_000 },
            ],
            roaming_percent: 25,
            quorum: 2,
            recovery_delay_s: 0,
            founders: people.iter().enumerate().map(founder).collect(),
        };
        let found = Word::new(Hand(0), Body::Found(found));
        let mut pens: BTreeMap<String, Pen> =
            (0..people.len()).map(|n| (people[n].0.to_string(), Pen::founder(&found, n as u8))).collect();
        let mut said = vec![];
        if pot {
            let custody = Custody::Pot;
            let facts = Facts { custody, ..facts("pot", "commons", gateway(0)) };
            let join = Word::new(Hand(40), Body::Join(Join { covenant: found.id, facts }));
            pens.insert("pot".into(), Pen::first(Hand(40), MemberId(join.id.0)));
            said.push((join, 0));
        }
        said.insert(0, (found, 0));
        Self { pens, said }
    }

    fn id(&self, name: &str) -> MemberId {
        self.pens[name].member()
    }

    /// One pays, the other accepts.
    fn pay(&mut self, created: u64, from: &str, to: &str, unit: u8, amount: u64) {
        let payee = self.id(to);
        let payer = self.pens.get_mut(from).expect("a payer");
        let pay = payer.write(|link| {
            let (unit, amount) = (UnitIndex(unit), Amount(amount));
            Body::Pay(Pay { link, to: payee, unit, amount, answers: None, item: None, memo: String::new() })
        });
        let accept = self.pens.get_mut(to).expect("a payee").accept(&pay);
        self.said.extend([(pay, created), (accept, created + 60)]);
    }

    fn ledger(&self, order: impl Iterator<Item = usize>) -> Ledger {
        let mut ledger = Ledger::new(network());
        for n in order {
            let (word, created) = &self.said[n];
            ledger.apply(Said { created: *created, ..word.said(gateway(0)) });
        }
        ledger
    }

    fn scorecard(&self) -> Scorecard {
        let ledger = self.ledger(0..self.said.len());
        assert_eq!(ledger.waiting(), 0);
        Scorecard::new(&ledger, &gateway(0), Responses::default(), NOW)
    }

    fn state(&self) -> ScorecardState {
        self.scorecard().state()
    }
}

const PEOPLE: [(&str, &str); 7] =
    [("ann", "h0"), ("bob", "h1"), ("cem", "h2"), ("dee", "h3"), ("eva", "h4"), ("fay", "h5"), ("gus", "h5")];

/// Every figure a neighbour reads would be ours alone to vouch for. The file is by `tests/golden/scorecard.py`.
#[test]
fn a_second_program_comes_to_the_same_figures() {
    let text = include_str!("../../../tests/golden/scorecard-v1.txt");
    let mut street = Street::new(&PEOPLE, true);
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(' ').collect()).collect();
    for line in lines.iter().filter(|line| line[0] == "pay") {
        let number = |n: usize| line[n].parse::<u64>().unwrap();
        street.pay(number(1), line[2], line[3], number(4) as u8, number(5));
    }
    let card = street.scorecard();
    let state = card.state();
    assert_eq!((state.households, state.members, state.community.as_str()), (6, 7, "maple street"));
    assert_eq!(state.lunations.len(), 8, "months in which nothing happened are left out");
    let mut compared = 0;
    for line in &lines {
        let number = |n: usize| line[n].parse::<u64>().unwrap();
        match line[0] {
            "unit" => {
                let unit = &state.lunations[number(1) as usize].units[number(2) as usize];
                let (given, received) = (unit.given.unwrap(), unit.received.unwrap());
                let velocity = unit.velocity.unwrap().0;
                let mut told = vec![unit.postings.unwrap(), unit.circulation.unwrap(), velocity];
                for side in [given, received] {
                    told.extend([side.total, side.median, side.households.into()]);
                }
                told.push(unit.gini.unwrap().0);
                let expected: Vec<u64> = (3..13).map(number).collect();
                assert_eq!(told, expected, "{line:?}");
                let Ok(rare) = line[14].parse::<f64>() else {
                    assert_eq!((unit.gini_chance, unit.uneven, unit.few_hands), (None, None, None));
                    continue;
                };
                assert_eq!(unit.few_hands, Some(line[13] == "1"), "{line:?}");
                let own = unit.gini_chance.unwrap().0 as f64;
                // 999 draws against 20,000 of its own: three standard deviations of the smaller number.
                let spread = 3.0 * (rare / 1000.0 * (1.0 - rare / 1000.0) / 999.0).sqrt() * 1000.0 + 2.0;
                assert!((own - rare).abs() <= spread, "{own} {rare} {line:?}");
                assert_eq!(unit.uneven, Some(rare < 50.0), "{line:?}");
                compared += 1;
            }
            "reliance" => assert_eq!(state.lunations[number(1) as usize].reliance, Some(number(2) as u32)),
            _ => {}
        }
    }
    assert_eq!(compared, 4);
    let mut told = vec![];
    for unit in 0..2 {
        for (name, _) in PEOPLE {
            for signal in card.personal(&street.id(name)).unwrap().signals {
                if signal.unit == ["hour", "kg-rice"][unit] {
                    told.push(format!("signal {name} {unit} {}", signal.signal));
                }
            }
        }
    }
    let expected: Vec<&str> = text.lines().filter(|line| line.starts_with("signal")).collect();
    assert_eq!(told, expected);
    assert!(card.personal(&street.id("pot")).is_none(), "a pot is nobody");
}

/// Two gateways would show two scorecards of one community.
#[test]
fn the_order_of_arrival_shows_nowhere() {
    let mut street = Street::new(&PEOPLE, true);
    let mut dice = Dice(5);
    for n in 0..60 {
        let (from, to) = (dice.below(7) as usize, dice.below(6) as usize);
        let to = (from + 1 + to) % 7;
        street.pay(NOW - n * 90_000, PEOPLE[from].0, PEOPLE[to].0, (n % 2) as u8, 10 + n);
    }
    let expected = street.state();
    assert!(expected.lunations[0].units[0].circulation.is_some());
    let count = street.said.len();
    for turn in 1..8 {
        let mut order: Vec<usize> = (0..count).collect();
        (0..count).for_each(|n| order.swap(n, dice.below(count as u64) as usize));
        let again = (0..turn).map(|_| dice.below(count as u64) as usize).collect::<Vec<_>>();
        let ledger = street.ledger(order.into_iter().chain(again));
        let card = Scorecard::new(&ledger, &gateway(0), Responses::default(), NOW);
        assert_eq!(card.state(), expected);
    }
}

/// Everybody could read off what one household gave.
#[test]
fn cells_of_fewer_than_five_households_are_told_to_nobody() {
    let mut street = Street::new(&PEOPLE, true);
    street.pay(NOW, "ann", "bob", 0, 30);
    street.pay(NOW, "cem", "bob", 0, 40);
    street.pay(NOW, "gus", "fay", 0, 40);
    let few = |state: &ScorecardState| {
        let unit = &state.lunations[0].units[0];
        (unit.few, unit.circulation.is_none(), unit.given.is_none(), unit.gini.is_none(), state.lunations[0].reliance)
    };
    assert_eq!(few(&street.state()), (true, true, true, true, None), "four households: h0, h1, h2, h5");
    assert!(!street.state().lunations[0].units[1].few, "nothing moved there");
    let mine = street.scorecard().personal(&street.id("bob")).unwrap();
    assert_eq!((mine.units[0].given, mine.units[0].household_given, mine.units[0].received), (70, 70, 0));
    street.pay(NOW, "dee", "pot", 0, 5);
    assert_eq!(few(&street.state()), (false, false, false, false, Some(83)));
    let unit = &street.state().lunations[0].units[0];
    assert_eq!((unit.circulation, unit.given.unwrap().total, unit.given.unwrap().households), (Some(115), 70, 1));
    // Four households in all: no signals either, since "the others" would be three.
    let mut small = Street::new(&PEOPLE[..4], false);
    small.pay(NOW, "ann", "bob", 0, 900_000);
    small.pay(NOW, "cem", "dee", 0, 1);
    assert!(small.scorecard().personal(&small.id("ann")).unwrap().signals.is_empty());
    assert_eq!(small.state().lunations[0].reliance, None);
}

/// A favour that was declined, or taken back, would count as help.
#[test]
fn only_what_was_accepted_counts() {
    let mut street = Street::new(&PEOPLE, true);
    for (from, to) in [("ann", "bob"), ("bob", "cem"), ("cem", "dee"), ("dee", "eva"), ("eva", "fay")] {
        street.pay(NOW, from, to, 0, 60);
    }
    let before = street.state();
    let bob = street.id("bob");
    let pay = street.pens.get_mut("ann").unwrap().pay(bob, 500);
    let decline = street.pens.get_mut("bob").unwrap().decline(&pay);
    let reclaim =
        street.pens.get_mut("ann").unwrap().write(|link| Body::Reclaim(Reclaim { link, decline: decline.id }));
    for word in [pay, decline, reclaim] {
        street.said.push((word, NOW));
        assert_eq!(street.state(), before);
    }
}

/// A neighbour would be told that the block is unfair when it is only chance: one time in twenty, and no more.
#[test]
fn false_alarms_are_as_rare_as_promised() {
    let mut dice = Dice(20_261_121);
    let (cases, mut alarms, mut rank) = (600, 0, 0.0);
    let mut ginis = vec![];
    for case in 0..cases {
        let households = 8;
        let gifts: Vec<Gift> = (0..8 + dice.below(30))
            .map(|_| {
                let to = dice.below(households) as usize;
                let from = (to + 1 + dice.below(households - 1) as usize) % households as usize;
                Gift { from, to, amount: 15 * (1 + dice.below(8)) }
            })
            .collect();
        let rare = chance(&gifts, households as usize, case).expect("something was given");
        alarms += usize::from(rare < Permille(50));
        rank += f64::from(rare.0) / 1000.0;
        ginis.push(gini(&sums(&gifts, households as usize)).unwrap().0);
    }
    // 5 % of 600 are 30, give or take three times 5.3.
    assert!((14..=46).contains(&alarms), "{alarms} alarms in {cases}");
    let mean = rank / f64::from(cases as u32);
    assert!((0.45..0.56).contains(&mean), "chance is as likely on either side: {mean}");
    ginis.sort_unstable();
    // Why a fixed threshold would be noise.
    assert!(ginis[10] < 280 && ginis[589] > 520, "{} to {}", ginis[10], ginis[589]);
}

/// One household would carry the block, and nobody would hear of it.
#[test]
fn one_who_carries_nearly_all_is_noticed() {
    let gifts: Vec<Gift> =
        (0..20).map(|n| Gift { from: if n < 17 { 0 } else { n - 15 }, to: 1 + n % 2 + 4, amount: 60 }).collect();
    assert!(chance(&gifts, 8, 1).unwrap() < Permille(50));
    assert!(few_hands(&sums(&gifts, 8)));
    assert_eq!(chance(&[], 8, 1), None);
    assert_eq!(chance(&gifts, 2, 1), None);
}

/// By hand.
#[test]
fn indices_by_hand() {
    assert_eq!(gini(&[5, 5, 5, 5]), Some(Permille(0)));
    assert_eq!(gini(&[0, 0, 0, 7]), Some(Permille(750)), "one of four gives all: 3/4");
    // Mean difference of 1, 2, 3, 4: 20/16; half of it over the mean 2.5: 0.25.
    assert_eq!(gini(&[4, 1, 3, 2]), Some(Permille(250)));
    assert_eq!(gini(&[0, 0]), None);
    assert_eq!(gini(&[]), None);
    // 1/HHI of 10, 1, 1, 1, and four zeros: 169/103 = 1.64 < 2. Of 4, 2, 2, 0 ...: 64/24 = 2.67.
    assert!(few_hands(&[10, 1, 1, 1, 0, 0, 0, 0]));
    assert!(!few_hands(&[4, 2, 2, 0, 0, 0, 0, 0]));
    assert!(!few_hands(&[0, 0, 0]));
    // Median 10, deviations 10, 5, 0, 5, 10: MAD 5; the bound is 22.2.
    assert!(!is_far(32, &[0, 5, 10, 15, 20]) && is_far(33, &[0, 5, 10, 15, 20]) && is_far(-13, &[0, 5, 10, 15, 20]));
    assert!(!is_far(900, &[0, 0, 0, 900]), "most are the same: says nothing");
    // 9, 9, 9, 0: averages 9, 9, 9, 6 (not below 4.5). Another 0: 4, below 4.5.
    assert!(!is_halved(&[9, 9, 9, 0]) && is_halved(&[0, 0, 9, 9, 9, 0, 0]));
    assert!(!is_halved(&[9, 0, 0]), "too short a history");
    assert!(!is_halved(&[]) && !is_halved(&[0; 12]));
    assert_eq!((Lunation::at(LUNATION_S - 1), Lunation::at(LUNATION_S)), (Lunation(0), Lunation(1)));
}

/// What a gateway counted of needs would be lost with the power, or counted twice at the next start.
#[test]
fn needs_whose_time_is_over_are_counted_once_over_restarts() {
    let mut gateway = Gateway::new(1);
    for n in 0..6 {
        let who = format!("mqtt:{n}");
        let need = gateway.post_as(&who, "need", &format!(r#"{{"text":"bread {n}","urgency":"today"}}"#)).unwrap();
        if n < 4 {
            gateway.wait_s(600);
            gateway.post_as("mqtt:helper", "claim", &format!(r#"{{"item":"{}"}}"#, need.id)).unwrap();
        }
        if n < 3 {
            let code = need.code.unwrap();
            gateway.post_as(&who, "confirm", &format!(r#"{{"item":"{}","code":"{code}"}}"#, need.id)).unwrap();
        }
    }
    let told = |gateway: &Gateway| gateway.node.scorecard(gateway.now).state().lunations[0].needs.clone();
    let live = told(&gateway);
    assert_eq!(live.len(), 1);
    let counts = |told: &NeedState| [told.asked, told.fulfilled, told.open, told.unmet].map(Option::unwrap);
    assert_eq!(counts(&live[0]), [6, 3, 3, 0]);
    let waited = (live[0].fulfilled_percent, live[0].assigned, live[0].assigned_median_min);
    assert_eq!(waited, (Some(100), Some(4), Some(10)));
    gateway.wait_s(8 * 86_400);
    assert_eq!(gateway.node.board().len(), 0, "all of it is over");
    let over = told(&gateway);
    assert_eq!(counts(&over[0]), [6, 3, 0, 3]);
    assert_eq!((over[0].fulfilled_percent, over[0].assigned_median_min), (Some(50), Some(10)));
    // The journal still holds them when the gateway starts again.
    let kept = Responses::from_bytes(&gateway.node.responses().to_bytes()).expect("whole");
    assert_eq!(kept.through(), Age(gateway.node.age(gateway.now).0));
    gateway.restart_with(kept);
    assert_eq!(told(&gateway), over);
    // Without what was kept the journal is counted again: nothing is lost that it still holds.
    gateway.restart();
    assert_eq!(told(&gateway), over);
}

proptest! {
    /// A hostile sum would end the gateway, or an index leave its range.
    #[test]
    fn indices_stay_in_range(amounts in prop::collection::vec((0..6usize, 0..6usize, any::<u64>()), 0..40), seed: u64) {
        let gifts: Vec<Gift> = amounts
            .iter()
            .filter(|(from, to, _)| from != to)
            .map(|(from, to, amount)| Gift { from: *from, to: *to, amount: amount % (AMOUNT_MAX * 4_000_000) })
            .collect();
        let all = sums(&gifts, 6);
        let _ = few_hands(&all);
        if let Some(gini) = gini(&all) {
            prop_assert!(gini <= Permille(834), "{gini:?}");
        }
        if let Some(rare) = chance(&gifts, 6, seed) {
            prop_assert!(rare >= Permille(1) && rare <= Permille(1000));
        }
        let mut turned = gifts.clone();
        turned.reverse();
        prop_assert_eq!(sums(&turned, 6), all);
    }
}

/// A stranger's covenant with more members would be shown in place of the one that lives here.
#[test]
fn the_community_at_home_here_is_shown() {
    let street = Street::new(&PEOPLE, false);
    let mut ledger = street.ledger(0..street.said.len());
    let founder = |n: u8| Founder { key: Hand(50 + n).key(), facts: facts("x", &format!("x{n}"), gateway(7)) };
    let other = Found {
        name: "elsewhere".into(),
        units: vec![Unit { name: "hour".into(), scale: 60, limit: 1 }],
        roaming_percent: 25,
        quorum: 2,
        recovery_delay_s: 0,
        founders: (0..16).map(founder).collect(),
    };
    let other = Word::new(Hand(50), Body::Found(other));
    ledger.apply(other.said(gateway(7)));
    let name = |n| Scorecard::new(&ledger, &gateway(n), Responses::default(), NOW).state().community;
    assert_eq!((name(0).as_str(), name(7).as_str(), name(3).as_str()), ("maple street", "elsewhere", "elsewhere"));
    let nobody = Scorecard::new(&Ledger::new(network()), &gateway(0), Responses::default(), NOW);
    assert_eq!((nobody.state().covenant, nobody.state().lunations.len()), (None, 1));
    assert!(nobody.personal(&MemberId(RecordId([0; 32]).0)).is_none());
}
