//! The twelve properties of the ledger, each over 10,000 generated histories: members who pay, answer, move, fork and recover at four
//! gateways that meet now and then, and a rogue gateway that logs whatever it likes. A failing history is shrunk and told as text.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use commons_core::codec::Author;
use commons_core::identity::MemberId;
use commons_core::ledger::{Ledger, Posting};
use commons_core::record::*;
use proptest::prelude::*;
use support::book::*;
use support::cases::cases;
use support::history::*;

/// Histories of each property; `PROPTEST_CASES` asks for another number.
fn histories() -> ProptestConfig {
    ProptestConfig { max_shrink_iters: 20_000, ..cases(10_000) }
}

fn postings(ledger: &Ledger) -> BTreeSet<Posting> {
    ledger.postings().collect()
}

fn turns() -> impl Strategy<Value = Vec<u16>> {
    prop::collection::vec(any::<u16>(), 1..12)
}

/// Sums by unit over all members.
fn sums(ledger: &Ledger) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for balance in ledger.members().flat_map(|member| member.balances) {
        *sums.entry(balance.unit).or_default() += balance.settled;
    }
    sums
}

proptest! {
    #![proptest_config(histories())]

    /// 1. Credit would come from nowhere, or be lost, on some block that heard only half.
    #[test]
    fn p01_settled_balances_sum_to_zero_for_any_delivered_subset(steps in steps(30, true), turns in turns(), part in any::<u16>()) {
        let world = World::play(&steps, &[1]);
        let all = shuffled(&world.entries(), &turns);
        let some = usize::from(part) % (all.len() + 1);
        for ledger in [&fold(&all[..some]), &world.desks[0].ledger] {
            prop_assert!(sums(ledger).values().all(|sum| *sum == 0), "{:?}\n{}", sums(ledger), world.story);
        }
    }

    /// 2. Two blocks with the same posts would show different balances.
    #[test]
    fn p02_order_and_duplication_of_delivery_do_not_show(steps in steps(30, true), turns in turns(), again in turns()) {
        let world = World::play(&steps, &[1, 2]);
        let all = world.entries();
        let once = fold(&shuffled(&all, &turns));
        let mut twice = shuffled(&all, &again);
        twice.extend(shuffled(&all, &turns));
        prop_assert_eq!(once.digest(), fold(&all).digest(), "order shows\n{}", world.story);
        prop_assert!(once.snapshot() == fold(&twice).snapshot(), "order or duplication shows\n{}", world.story);
    }

    /// 3. A neighbour's credit would vanish when the link comes back.
    #[test]
    fn p03_postings_only_grow(steps in steps(30, true), turns in turns()) {
        let world = World::play(&steps, &[1, 2]);
        let mut ledger = Ledger::new(network());
        let mut before = BTreeSet::new();
        for (word, at) in shuffled(&world.entries(), &turns) {
            if ledger.apply(word.said(at)) {
                let now = postings(&ledger);
                prop_assert!(before.is_subset(&now), "a posting is gone\n{}", world.story);
                before = now;
            }
        }
    }

    /// 4. An honest neighbour would owe more than he ever agreed to, whatever cheats he trades with.
    #[test]
    fn p04_who_never_forked_never_settles_below_his_limit(
        some in steps(30, true), scheme in schemes(40), turns in turns(), part in any::<u16>(),
    ) {
        let some: Vec<Step> = some.into_iter().filter(|step| !matches!(step, Step::Recover(..))).collect();
        // One half of the histories is any traffic, the other an honest ann amid two who answer her twice.
        let mut world = World::play(if part % 2 == 0 { &some } else { &scheme }, &[1, 2]);
        world.heal();
        let all = shuffled(&world.entries(), &turns);
        for ledger in [&fold(&all), &fold(&all[..usize::from(part) % (all.len() + 1)]), &world.desks[3].ledger] {
            for (n, member) in world.members.iter().enumerate() {
                let settled = ledger.settled(member, UnitIndex(0));
                prop_assert!(world.cheats.contains(&(n as u8)) || settled >= -LIMIT, "{n} at {settled}\n{}", world.story);
            }
            let fund = ledger.settled(&world.pot, UnitIndex(0));
            let decided = world.written_off.get(&world.pot).copied().unwrap_or(0);
            prop_assert!(fund >= -decided, "the fund at {fund}, decided {decided}\n{}", world.story);
        }
    }

    /// 5. A cheat at gateways that are apart would take more than the page says.
    #[test]
    fn p05_who_forked_never_settles_below_the_bound(some in steps(40, false), scheme in schemes(60), which in any::<bool>()) {
        let mut world = World::play(if which { &some } else { &scheme }, &[0, 1, 2, 3, 4]);
        world.heal();
        let bound = -(LIMIT + LIMIT * i64::from(ROAMING_PERCENT) / 100 * i64::from(GATEWAYS - 1));
        for desk in &world.desks {
            for member in &world.members {
                let settled = desk.ledger.settled(member, UnitIndex(0));
                prop_assert!(settled >= bound, "{settled} is below {bound}\n{}", world.story);
            }
        }
    }

    /// 6. An honest member would be frozen, or a cheat would go on after the blocks have met.
    #[test]
    fn p06_forks_are_sound_and_complete_once_all_have_met(steps in steps(40, false)) {
        let steps: Vec<Step> =
            steps.into_iter().filter(|step| !matches!(step, Step::Recover(..) | Step::Decide(..))).collect();
        let mut world = World::play(&steps, &[1, 2]);
        world.heal();
        let mut ids: BTreeMap<(MemberId, u16, u32), BTreeSet<_>> = BTreeMap::new();
        for (word, _) in world.entries() {
            if let Some(link) = word.body.link() {
                ids.entry((link.member, link.epoch, link.seq)).or_default().insert(word.id);
            }
        }
        for desk in &world.desks {
            for (n, member) in world.members.iter().enumerate() {
                let told: BTreeSet<(u16, u32)> = desk.ledger.forks_of(member);
                let real = |(epoch, seq): &(u16, u32)| ids.get(&(*member, *epoch, *seq)).is_some_and(|ids| ids.len() > 1);
                prop_assert!(told.iter().all(real), "a fork that is none: {told:?}\n{}", world.story);
                let split = ids.iter().any(|((who, ..), ids)| who == member && ids.len() > 1);
                prop_assert_eq!(split, !told.is_empty(), "{} told {:?}\n{}", n, told, world.story);
                prop_assert!(!split || world.cheats.contains(&(n as u8)), "{n} is honest\n{}", world.story);
                // Frozen until the branches are joined.
                prop_assert_eq!(desk.ledger.is_frozen(member), desk.ledger.ends(member).len() > 1, "{}\n{}", n, world.story);
            }
        }
    }

    /// 7. With two answers to one payment a limit of 100 was once pumped to -500 without any fork.
    #[test]
    fn p07_a_payment_is_answered_once_in_a_chain(steps in steps(40, true)) {
        let world = World::play(&steps, &[1]);
        let all = world.entries();
        let ledger = fold(&all);
        let bodies: BTreeMap<_, _> = all.iter().map(|(word, _)| (word.id, &word.body)).collect();
        for member in &world.members {
            for end in ledger.ends(member) {
                // Along one branch.
                let (mut at, mut answered, mut reclaimed) = (end, Vec::new(), Vec::new());
                while let Some(body) = bodies.get(&at) {
                    match body {
                        Body::Accept(on) | Body::Decline(on) => answered.push(on.pay),
                        Body::Reclaim(reclaim) => match bodies.get(&reclaim.decline) {
                            Some(Body::Decline(on)) => reclaimed.push(on.pay),
                            other => prop_assert!(false, "reclaims {:?}", other),
                        },
                        _ => {}
                    }
                    at = body.link().expect("in a chain").prev;
                }
                for seen in [answered, reclaimed] {
                    let once: BTreeSet<_> = seen.iter().collect();
                    prop_assert_eq!(once.len(), seen.len(), "answered twice\n{}", world.story);
                }
            }
        }
    }

    /// 8. Somebody would be made to pay by another's word.
    #[test]
    fn p08_no_debit_without_its_owners_signature_or_a_decision(steps in steps(40, true)) {
        let world = World::play(&steps, &[1, 2]);
        let all = world.entries();
        let ledger = fold(&all);
        let bodies: BTreeMap<_, _> = all.iter().map(|(word, _)| (word.id, word)).collect();
        let own = |word: &Word, member: &MemberId| match word.author {
            Author::Member(key) => world.keys_of(member).contains(&key),
            _ => false,
        };
        for posting in ledger.postings() {
            let cause = bodies.get(&posting.cause).expect("the record it comes from");
            match &cause.body {
                Body::Pay(pay) if !posting.back => {
                    prop_assert!(pay.link.member == posting.from && own(cause, &posting.from), "{}", world.story);
                }
                Body::Pay(_) => {
                    let declined = all.iter().any(|(word, _)| matches!(&word.body,
                        Body::Decline(on) if on.pay == posting.cause && on.link.member == posting.from && own(word, &posting.from)));
                    prop_assert!(declined, "returned without a decline\n{}", world.story);
                }
                Body::Decide(_) => {
                    let (agree, quorum, _) = ledger.decision(&posting.cause).expect("a decision");
                    prop_assert!(agree >= quorum && posting.from == world.pot, "{agree} of {quorum}\n{}", world.story);
                }
                other => prop_assert!(false, "{:?} moves balances", other),
            }
        }
    }

    /// 9. A cheat could take back what he paid by splitting his chain at its very beginning.
    #[test]
    fn p09_a_late_fork_at_the_beginning_removes_no_posting(steps in steps(40, false), who in 0..MEMBERS) {
        let steps: Vec<Step> = steps.into_iter().filter(|step| !matches!(step, Step::Decide(..))).collect();
        let world = World::play(&steps, &[]);
        let all = world.entries();
        let mut ledger = fold(&all);
        let before = postings(&ledger);
        let found = &all.iter().find(|(word, _)| matches!(word.body, Body::Found(_))).expect("a founding").0;
        let mut pen = Pen::founder(found, who);
        let member = pen.member();
        let fork = pen.pay(world.members[usize::from((who + 1) % MEMBERS)], 5);
        prop_assert!(ledger.apply(fork.said(gateway(9))), "the other branch counts too");
        prop_assert_eq!(&before, &postings(&ledger), "a posting is gone, or new\n{}", world.story);
        let recovered = world.entries().iter().any(|(word, _)| matches!(&word.body,
            Body::Resume(resume) if resume.link.member == member && matches!(resume.grounds, Grounds::Guardians(_))));
        prop_assert_eq!(ledger.is_frozen(&member), !recovered, "{}", world.story);
    }

    /// 10. A thief of the old key could freeze a neighbour who has a new one, or empty his account by his recovery.
    #[test]
    fn p10_old_epochs_prove_nothing_against_new_ones(steps in steps(30, false), who in 0..MEMBERS, amounts in prop::collection::vec(1..200u8, 1..4)) {
        let mut world = World::play(&steps, &[]);
        world.heal();
        let home = u8::from(who == 1);
        let member = world.members[usize::from(who)];
        let others = |world: &World| -> Vec<i64> {
            world.members.iter().map(|member| world.desks[usize::from(home)].ledger.settled(member, UnitIndex(0))).collect()
        };
        let before = world.desks[usize::from(home)].ledger.member(&member).expect("a member");
        let balances = others(&world);
        // Not everybody can act as a guardian any more: some are frozen by decision.
        let free = world.members.iter().all(|member| !world.desks[usize::from(home)].ledger.is_frozen(member));
        world.play_more(&[Step::Recover(who, home)]);
        let ledger = &world.desks[usize::from(home)].ledger;
        let after = ledger.member(&member).expect("a member");
        prop_assert!(!free || after.epoch == before.epoch + 1, "recovered\n{}", world.story);
        prop_assert_eq!(&after.balances, &before.balances, "recovery keeps the balance\n{}", world.story);
        prop_assert_eq!(&balances, &others(&world), "and those of others\n{}", world.story);
        if after.epoch > before.epoch {
            // The thief writes on at a rogue gateway, with the old key, beside the new chain.
            let mut ledger = ledger.clone();
            let old = world.hand_of(who, before.key);
            let link = Link { member, epoch: before.epoch, seq: before.seq + 1, prev: before.head };
            let mut thief = Pen { hand: old, link };
            for amount in &amounts {
                let word = thief.pay(world.members[usize::from((who + 1) % MEMBERS)], u64::from(*amount));
                ledger.apply(word.said(gateway(9)));
                let desk = Desk { me: gateway(2), ledger: ledger.clone(), age: commons_core::log::Age(0) };
                let next = { thief }.pay(world.members[usize::from((who + 1) % MEMBERS)], 1);
                prop_assert!(desk.ledger.admit(&desk.me, desk.age, next.author, next.id, &next.body).is_err(), "old key taken");
            }
            prop_assert_eq!(ledger.forks_of(&member), world.desks[usize::from(home)].ledger.forks_of(&member), "no fork");
            prop_assert!(!ledger.is_frozen(&member), "frozen by a thief\n{}", world.story);
        }
    }

    /// 11. A gateway that starts from a checkpoint would show other balances than one that reads everything: from one after any
    /// record, with whatever waits and has forked by then. (`ledger_saved.rs` does it with batches and a node.)
    #[test]
    fn p11_checkpoint_plus_tail_equals_full_replay(steps in steps(30, true), turns in turns()) {
        let world = World::play(&steps, &[1, 2]);
        let all = shuffled(&world.entries(), &turns);
        let mut full = Ledger::new(network());
        let mut ledger = full.clone();
        for (word, at) in &all {
            ledger = Ledger::restore(&network(), &ledger.snapshot()).expect("its own snapshot");
            ledger.apply(word.said(*at));
            full.apply(word.said(*at));
            prop_assert!(ledger == full, "differs after {}\n{}", word.id.short(), world.story);
        }
        prop_assert_eq!(ledger.difference(&fold(&world.entries())), None, "{}", world.story);
        prop_assert_eq!(ledger.digest(), fold(&world.entries()).digest(), "{}", world.story);
    }

    /// 12. An auditor with another program would find sums that do not add up.
    #[test]
    fn p12_the_exported_journal_balances(steps in steps(30, true)) {
        let world = World::play(&steps, &[1, 2]);
        let ledger = fold(&world.entries());
        let mut accounts: BTreeMap<(String, String), i64> = BTreeMap::new();
        let (mut sum, mut asserted) = (BTreeMap::<String, i64>::new(), 0);
        for line in ledger.journal().lines().chain([""]) {
            let Some(posting) = line.strip_prefix("    ") else {
                prop_assert!(sum.values().all(|sum| *sum == 0), "a transaction does not balance\n{}", world.story);
                sum.clear();
                continue;
            };
            let (account, rest) = posting.split_once("  ").expect("two spaces after the account");
            let (amount, commodity) = rest.split_once(' ').expect("an amount and a commodity");
            let (commodity, assertion) = match commodity.split_once(" = ") {
                Some((commodity, assertion)) => (commodity, Some(assertion.split_once(' ').expect("an amount"))),
                None => (commodity, None),
            };
            let amount: i64 = amount.parse().expect("whole");
            *sum.entry(commodity.into()).or_default() += amount;
            let account = accounts.entry((account.into(), commodity.into())).or_default();
            *account += amount;
            if let Some((amount, same)) = assertion {
                asserted += 1;
                prop_assert_eq!((amount.parse::<i64>().expect("whole"), same), (*account, commodity), "{}", world.story);
            }
        }
        let any = ledger.postings().next().is_some();
        prop_assert_eq!(asserted, if any { ledger.members().count() * 2 } else { 0 }, "every account is asserted");
    }
}

/// 5, tight: the page's own example. 100, four gateways, 25 % give exactly -175, and every payee keeps his credit.
#[test]
fn the_bound_is_reached() {
    let mut world = World::new(&[0]);
    let steps: Vec<Step> = (0..GATEWAYS)
        .flat_map(|at| {
            let amount = if at == 0 { 100 } else { 25 };
            [Step::Pay(0, at, at + 1, amount), Step::Answer(at + 1, at, 0, true)]
        })
        .collect();
    world.play_more(&steps);
    world.heal();
    for desk in &world.desks {
        let settled: Vec<i64> = world.members.iter().map(|member| desk.ledger.settled(member, UnitIndex(0))).collect();
        assert_eq!(settled, [-175, 100, 25, 25, 25], "{}", world.story);
        assert!(desk.ledger.is_frozen(&world.members[0]), "{}", world.story);
    }
}
