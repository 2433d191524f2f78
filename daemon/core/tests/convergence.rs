//! What must hold whatever a neighbourhood does, in whatever order it is heard.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use commons_core::admission::Rejection;
use commons_core::batch::{read_batch, Item};
use commons_core::codec::read_record;
use commons_core::identity::{MemberId, RecordId};
use commons_core::log::Held;
use commons_core::record::*;
use commons_core::submission::Submission;
use proptest::prelude::*;
use support::book::{founding, gateway, pay, Hand, Word};
use support::cases::cases;
use support::{sender, Gateway};

#[derive(Clone, Debug)]
enum Step {
    Post(u8, u8, &'static str),
    Act(u8, u8, &'static str, u8),
    Pull(u8, u8),
    Wait(u32),
    Restart(u8),
    /// A member says something to a gateway in the ledger: where, who, what, of which of the things said, how much.
    Book(u8, u8, u8, u8, u8),
    /// Somebody does something at the pantry: where, who, what, about which count or loan, how much.
    Store(u8, u8, &'static str, u8, u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let gateway = 0..3u8;
    let step = prop_oneof![
        2 => (gateway.clone(), 0..4u8, prop::sample::select(vec!["need", "offer", "notice"]))
            .prop_map(|(g, who, kind)| Step::Post(g, who, kind)),
        8 => (gateway.clone(), 0..4u8,
            prop::sample::select(vec!["claim", "start", "done", "confirm", "no_show", "withdraw", "reopen", "refer", "cosign"]),
            any::<u8>()).prop_map(|(g, who, kind, which)| Step::Act(g, who, kind, which)),
        4 => (gateway.clone(), gateway.clone()).prop_map(|(a, b)| Step::Pull(a, b)),
        1 => (1..200_000u32).prop_map(Step::Wait),
        1 => gateway.clone().prop_map(Step::Restart),
        4 => (gateway.clone(), 0..4u8,
            prop::sample::select(vec!["stock_in", "stock_out", "stock_count", "cosign", "loan", "return"]),
            any::<u8>(), 1..9u8).prop_map(|(g, who, kind, which, n)| Step::Store(g, who, kind, which, n)),
        6 => (gateway, 0..4u8, 0..7u8, any::<u8>(), 1..120u8).prop_map(|(g, who, what, of, n)| Step::Book(g, who, what, of, n)),
    ];
    prop::collection::vec(step, 1..60)
}

/// Plays a history. Returns the gateways and the code words known.
fn play(steps: &[Step]) -> Vec<Gateway> {
    let mut gateways: Vec<Gateway> = (1..=3).map(Gateway::new).collect();
    // What was posted: item, claim if it is one, code word.
    let mut posted: Vec<(String, Option<String>, String)> = Vec::new();
    let found = founding(&[gateway(0), gateway(1), gateway(0), gateway(2)]);
    let mut book = vec![];
    let mut stored = vec![];
    hand_in(&mut gateways[0], Hand(0), &found).expect("the founding is taken");
    for (n, step) in steps.iter().enumerate() {
        match step {
            Step::Post(g, who, kind) => {
                let payload = format!(r#"{{"text":"thing {n}","urgency":"week","zone":"z{}"}}"#, who % 2);
                if let Ok(kept) = gateways[usize::from(*g)].post_as(&format!("mqtt:{who}"), kind, &payload) {
                    posted.push((kept.item.to_string(), None, kept.code.unwrap_or_default()));
                }
            }
            Step::Act(g, who, kind, which) => {
                let Some((item, claim, code)) = posted.get(usize::from(*which) % posted.len().max(1)).cloned() else {
                    continue;
                };
                let payload = match *kind {
                    "claim" => format!(r#"{{"item":"{item}","message":"{n}"}}"#),
                    "cosign" => format!(r#"{{"target":"{item}"}}"#),
                    "refer" => format!(r#"{{"item":"{item}","code":"{code}","to":"elsewhere"}}"#),
                    "no_show" => {
                        let claim = claim.clone().unwrap_or("0".repeat(64));
                        format!(r#"{{"item":"{item}","code":"{code}","claim":"{claim}"}}"#)
                    }
                    _ => format!(r#"{{"item":"{item}","code":"{code}"}}"#),
                };
                if let Ok(kept) = gateways[usize::from(*g)].post_as(&format!("mqtt:{who}"), kind, &payload) {
                    if *kind == "claim" {
                        posted.push((item, Some(kept.id.to_string()), kept.code.unwrap_or_default()));
                    }
                }
            }
            Step::Pull(a, b) if a != b => {
                let other = std::mem::replace(&mut gateways[usize::from(*b)], Gateway::new(9));
                gateways[usize::from(*a)].pull(&other);
                gateways[usize::from(*b)] = other;
            }
            Step::Pull(..) => {}
            Step::Wait(s) => gateways.iter_mut().for_each(|gateway| drop(gateway.wait_s(u64::from(*s) / 3))),
            Step::Restart(g) => gateways[usize::from(*g)].restart(),
            Step::Store(g, who, kind, which, milli) => {
                let of = stored.get(usize::from(*which) % stored.len().max(1)).cloned().unwrap_or("0".repeat(64));
                let payload = match *kind {
                    "cosign" => format!(r#"{{"target":"{of}"}}"#),
                    "return" => format!(r#"{{"loan":"{of}","qty":{milli},"ref":"{n}"}}"#),
                    "loan" => format!(r#"{{"place":"shed","item":"saw","qty":{milli},"to":"eva","ref":"{n}"}}"#),
                    _ => format!(r#"{{"place":"shed","item":"saw","qty":{milli},"ref":"{n}"}}"#),
                };
                let said = gateways[usize::from(*g)].post_as(&format!("mqtt:{who}"), kind, &payload);
                if let (Ok(kept), "stock_count" | "loan") = (said, *kind) {
                    stored.push(kept.id.to_string());
                }
            }
            Step::Book(g, who, what, of, n) => {
                say(&mut gateways[usize::from(*g)], &found, (*who, *what, *of, *n), &mut book)
            }
        }
    }
    gateways
}

fn heal(gateways: &mut [Gateway]) {
    for _ in 0..2 {
        for a in 0..gateways.len() {
            for b in 0..gateways.len() {
                if a != b {
                    let other = std::mem::replace(&mut gateways[b], Gateway::new(9));
                    gateways[a].pull(&other);
                    gateways[b] = other;
                }
            }
        }
    }
}

fn hand_in(gateway: &mut Gateway, hand: Hand, word: &Word) -> Result<(), Rejection> {
    let signed = Submission::parse(word.body.kind().name(), &word.signed(hand), sender("mqtt:m"));
    gateway.submit(signed.map_err(|refused| refused.rejection)?).map(|_| ())
}

/// A founder goes on with his chain where this gateway sees its end: so whoever is at two gateways apart forks.
fn say(gateway: &mut Gateway, found: &Word, (who, what, of, n): (u8, u8, u8, u8), book: &mut Vec<RecordId>) {
    let member = MemberId::of_founder(&found.id, who);
    let Some((prev, seq, standing)) = gateway.node.ledger().head(&member) else { return };
    let link = Link { member, epoch: standing.epoch, seq: seq + 1, prev };
    let some = book.get(usize::from(of) % book.len().max(1)).copied().unwrap_or(found.id);
    let others = gateway.node.ledger().ends(&member).into_iter().filter(|end| *end != prev).collect();
    let body = match what {
        0..=2 => pay(link, MemberId::of_founder(&found.id, of % 4), n.into()),
        3 => Body::Accept(OnPay { link, pay: some }),
        4 => Body::Decline(OnPay { link, pay: some }),
        5 => Body::Reclaim(Reclaim { link, decline: some }),
        _ => Body::Resume(Resume { link, grounds: Grounds::Branches(others) }),
    };
    let word = Word::new(Hand(who), body);
    if hand_in(gateway, Hand(who), &word).is_ok() {
        book.push(word.id);
    }
}

/// A fresh gateway that hears the logs in another order: any interleaving of logs is a possible delivery.
fn hear(journal: &[Held], turns: &[u8]) -> Gateway {
    let mut logs: BTreeMap<_, Vec<Held>> = BTreeMap::new();
    for held in journal {
        logs.entry(held.log).or_default().push(held.clone());
    }
    let mut queues: Vec<Vec<Held>> = logs.into_values().collect();
    queues.iter_mut().for_each(|queue| queue.sort_by_key(|held| std::cmp::Reverse(held.number)));
    let mut gateway = Gateway::new(8);
    let mut turn = 0;
    while queues.iter().any(|queue| !queue.is_empty()) {
        queues.retain(|queue| !queue.is_empty());
        let pick = usize::from(turns[turn % turns.len()]) % queues.len();
        turn += 1;
        if let Some(held) = queues[pick].pop() {
            gateway.handle(commons_core::node::Input::Batch(held));
        }
    }
    gateway
}

proptest! {
    #![proptest_config(cases(300))]

    /// Two blocks that see different boards after the link is back would send help twice, or not at all.
    #[test]
    fn views_agree_once_all_is_heard(steps in steps(), turns in prop::collection::vec(any::<u8>(), 1..40)) {
        // Expiry counts local lifetime, so gateways may hold an item for different times: histories without waiting.
        let steps: Vec<Step> = steps.into_iter().filter(|step| !matches!(step, Step::Wait(_))).collect();
        let mut gateways = play(&steps);
        heal(&mut gateways);
        let views: BTreeSet<_> = gateways.iter().map(|gateway| gateway.node.views_digest()).collect();
        prop_assert_eq!(views.len(), 1, "views differ after healing");
        let heads: BTreeSet<_> = gateways.iter().map(|gateway| gateway.node.heads_digest()).collect();
        prop_assert_eq!(heads.len(), 1, "heads differ after healing");
        let late = hear(&gateways[0].journal, &turns);
        prop_assert_eq!(late.node.views_digest(), gateways[0].node.views_digest(), "order of arrival shows");
        let mut again = hear(&gateways[0].journal, &turns);
        let before = again.node.views_digest();
        for held in gateways[0].journal.clone() {
            again.handle(commons_core::node::Input::Batch(held)); // Refused as known; must change nothing.
        }
        prop_assert_eq!(again.node.views_digest(), before, "duplication shows");
        gateways[1].restart();
        prop_assert_eq!(gateways[1].node.views_digest(), gateways[0].node.views_digest(), "a restart shows");
    }

    /// Two blocks would show different balances, or one other ones after a power cut.
    #[test]
    fn ledgers_agree_once_all_is_heard(steps in steps(), turns in prop::collection::vec(any::<u8>(), 1..40)) {
        let mut gateways = play(&steps);
        heal(&mut gateways);
        // Home stamps what it has heard, a little later; then that is heard too.
        for gateway in &mut gateways {
            gateway.wait_s(3);
        }
        heal(&mut gateways);
        let digests: BTreeSet<_> = gateways.iter().map(|gateway| gateway.node.ledger().digest()).collect();
        prop_assert_eq!(digests.len(), 1, "ledgers differ after healing");
        let late = hear(&gateways[0].journal, &turns);
        prop_assert_eq!(late.node.ledger().digest(), gateways[0].node.ledger().digest(), "order of arrival shows");
        let before = gateways[1].node.ledger().clone();
        gateways[1].restart();
        prop_assert_eq!(gateways[1].node.ledger().digest(), before.digest(), "a restart shows");
        prop_assert_eq!(gateways[1].node.ledger().postings().collect::<Vec<_>>(), before.postings().collect::<Vec<_>>());
    }

    /// A contact given to more people than were asked for is a leaked phone number.
    #[test]
    fn contacts_are_released_at_most_slots_times_epochs(steps in steps()) {
        let mut gateways = play(&steps);
        heal(&mut gateways);
        let mut released: BTreeMap<_, BTreeMap<(u8, u16), BTreeSet<_>>> = BTreeMap::new();
        for held in &gateways[0].journal {
            for item in read_batch(&held.bytes).expect("reads").items {
                let Item::Entry { record, .. } = item else { continue };
                if let Body::Assign(assign) = read_record(record).expect("reads").body {
                    let slot = released.entry(assign.item).or_default();
                    slot.entry((assign.slot, assign.epoch)).or_default().insert(assign.claim);
                }
            }
        }
        for (item, by_slot) in released {
            for ((slot, epoch), claims) in by_slot {
                prop_assert!(claims.len() <= 1, "{item} slot {slot} epoch {epoch} went to {} claims", claims.len());
            }
        }
    }
}
