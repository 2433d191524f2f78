//! The board as neighbours meet it: posting, answering, taking back, across restarts and partitions.

mod support;

use commons_core::clock::parse_rfc3339;
use commons_core::codec::{encode_record, SignedRecord};
use commons_core::identity::{MemberKeys, NetworkId};
use commons_core::node::Input;
use commons_core::record::{
    Ask, Assign, AssignBy, Body, Category, Kind, Mark, OnItem, Record, Urgency, RECORD_VERSION,
};
use commons_core::submission::{Content, Submission};
use commons_core::views::item::{ItemKind, ItemQuery};
use commons_core::views::{EntryRef, Library};
use support::{code_of, member, sender, signed, Gateway, START_S};

/// Everything a neighbour does with one need would fail if this did.
#[test]
fn a_need_goes_from_open_to_confirmed_and_survives_a_restart_at_every_step() {
    let mut gateway = Gateway::new(1);
    let need = gateway.must("need", r#"{"text":"insulin","zone":"stairwell B","contact":"3rd floor","ref":"r1"}"#);
    let code = need.code.clone().unwrap();
    assert_eq!(gateway.status(need.id), "open");
    gateway.restart();
    assert_eq!(gateway.status(need.id), "open");

    let claim = gateway.must("claim", &format!(r#"{{"item":"{}","message":"I'll bring it"}}"#, need.id));
    assert_eq!(claim.contact.as_deref(), Some("3rd floor"), "assigned at once, so the contact is released");
    assert_eq!(gateway.status(need.id), "assigned");
    gateway.restart();
    assert_eq!(gateway.status(need.id), "assigned");

    let start = gateway.must("start", &claim.code.clone().unwrap());
    assert_eq!(start.contact.as_deref(), Some("3rd floor"));
    assert_eq!(gateway.status(need.id), "underway");
    gateway.must("done", &format!(r#"{{"item":"{}","code":"{}"}}"#, need.id, claim.code.unwrap().to_uppercase()));
    assert_eq!(gateway.status(need.id), "done");
    gateway.restart();
    gateway.must("confirm", &code);
    gateway.restart();
    let state = gateway.state(&need.id.to_string()[..8]).expect("found by prefix");
    assert_eq!((state.status, state.reference.as_str(), state.filled), ("confirmed", "r1", 1));
    assert_eq!(code_of(gateway.post("withdraw", &code)), "wrong_state");
}

/// A double tap must not ask the block twice.
#[test]
fn the_same_words_from_the_same_hand_are_one_post() {
    let mut gateway = Gateway::new(1);
    let first = gateway.must("need", "water");
    let again = gateway.must("need", "water");
    assert!(again.duplicate && again.id == first.id && again.code == first.code);
    gateway.restart();
    assert!(gateway.must("need", "water").duplicate, "a resend after a power cut");
    let other = gateway.post_as("mqtt:other", "need", "water").unwrap();
    assert_ne!(other.id, first.id, "another neighbour needs water too");
    gateway.wait_s(3_600);
    assert!(gateway.must("need", "water").duplicate, "still open");
    gateway.must("withdraw", &first.code.unwrap());
    gateway.wait_s(700);
    assert!(!gateway.must("need", "water").duplicate, "the first is over");
    let mut twice = Submission::parse("need", b"water", sender("mqtt:somebody")).unwrap();
    twice.sender.once = "form 2".into();
    assert!(!gateway.submit(twice).unwrap().duplicate, "typed anew on purpose");
}

/// Who guesses code words could take back a neighbour's need.
#[test]
fn code_words_open_only_their_own_item_and_guessing_ends() {
    let mut gateway = Gateway::new(1);
    let mine = gateway.must("need", "bread");
    let other = gateway.must("need", "milk");
    let wrong = format!(r#"{{"item":"{}","code":"{}"}}"#, mine.id, other.code.unwrap());
    for _ in 0..10 {
        assert_eq!(code_of(gateway.post_as("mqtt:thief", "withdraw", &wrong)), "wrong_code");
    }
    assert_eq!(code_of(gateway.post_as("mqtt:thief", "withdraw", &wrong)), "too_many_guesses");
    let right = format!(r#"{{"item":"{}","code":"{}"}}"#, mine.id, mine.code.unwrap());
    assert_eq!(code_of(gateway.post_as("mqtt:thief", "withdraw", &right)), "too_many_guesses");
    assert_eq!(code_of(gateway.post("withdraw", &right)), "accepted", "the owner is not locked out by the thief");
}

/// A clock wrong by decades must not empty the board, nor keep it forever.
#[test]
fn items_expire_by_lived_time_only() {
    let mut gateway = Gateway::new(1);
    let need = gateway.must("need", r#"{"text":"today only","expires_s":3600}"#);
    gateway.now.wall_s += 30 * 366 * 86_400;
    gateway.wait_s(3_000);
    assert_eq!(gateway.status(need.id), "open");
    gateway.now.wall_s = 0;
    gateway.restart();
    assert_eq!(gateway.status(need.id), "open");
    gateway.wait_s(601);
    assert_eq!(gateway.status(need.id), "gone");
    gateway.restart();
    assert_eq!(gateway.status(need.id), "gone", "nothing expired rises again");
}

/// A commit takes its time, and the item lives from when it was posted: not from when it was written, or it would be shown
/// once more after a start.
#[test]
fn what_waited_for_a_commit_expires_no_later_after_a_start() {
    let mut gateway = Gateway::new(1);
    let text = br#"{"text":"soup, now","expires_s":10}"#;
    let submission = Submission::parse("offer", text, sender("mqtt:ana")).expect("an offer");
    gateway.node.handle(gateway.now, Input::Submit(Box::new(submission)), &Bare);
    gateway.wait_s(2);
    assert_eq!(gateway.journal.len(), 1, "it is written two seconds later");
    gateway.wait_s(8);
    assert!(gateway.node.board().is_empty(), "its ten seconds are over");
    gateway.restart();
    assert!(gateway.node.board().is_empty(), "and stay so");
}

/// Nothing to read back.
struct Bare;

impl Library for Bare {
    fn record(&self, _: EntryRef) -> Option<Record> {
        None
    }
}

/// A helper who never comes must not block the need.
#[test]
fn silent_helpers_lapse_and_the_next_one_gets_the_slot() {
    let mut gateway = Gateway::new(1);
    let need = gateway.must("need", r#"{"text":"ride","urgency":"today"}"#);
    let claim = |gateway: &mut Gateway, who: &str| {
        gateway.post_as(who, "claim", &format!(r#"{{"item":"{}"}}"#, need.id)).unwrap()
    };
    let first = claim(&mut gateway, "mqtt:a");
    let second = claim(&mut gateway, "mqtt:b");
    let standing = |gateway: &Gateway, id: String| {
        let state = gateway.state(&need.id.to_string()).unwrap();
        state.claims.iter().find(|claim| claim.id == id).unwrap().status
    };
    assert_eq!(standing(&gateway, first.id.to_string()), "assigned");
    assert_eq!(standing(&gateway, second.id.to_string()), "standby");
    gateway.wait_s(24 * 3_600 + 60);
    assert_eq!(standing(&gateway, first.id.to_string()), "no_show");
    assert_eq!(standing(&gateway, second.id.to_string()), "assigned");
    gateway.restart();
    assert_eq!(standing(&gateway, second.id.to_string()), "assigned");
}

/// Quotas that do not hold let one sender bury the board.
#[test]
fn quotas_name_their_limit() {
    let mut gateway = Gateway::new(1);
    gateway.must("need", r#"{"text":"a","urgency":"now"}"#);
    assert_eq!(code_of(gateway.post("need", r#"{"text":"b","urgency":"now"}"#)), "already_open_now");
    for n in 0..19 {
        gateway.must("offer", &format!("chair {n}"));
    }
    let refused = gateway.post("offer", "chair 20").unwrap_err();
    assert_eq!((refused.code(), refused.limit()), ("too_many_open", Some(20)));
}

/// A false alarm raised by one voice must be seen as such.
#[test]
fn a_grave_notice_needs_three_voices() {
    let mut gateway = Gateway::new(1);
    let notice = gateway.must("notice", r#"{"text":"gas leak","urgency":"now","severity":"severe"}"#);
    assert_eq!(gateway.status(notice.id), "unconfirmed");
    let cosign = format!(r#"{{"target":"{}"}}"#, notice.id);
    assert_eq!(code_of(gateway.post("cosign", &cosign)), "not_allowed", "one's own voice counts once");
    gateway.post_as("mqtt:b", "cosign", &cosign).unwrap();
    assert_eq!(gateway.status(notice.id), "unconfirmed");
    gateway.post_as("mqtt:c", "cosign", &cosign).unwrap();
    assert_eq!(gateway.status(notice.id), "active");
    let cancel = format!(
        r#"{{"text":"all clear","message":"cancel","references":["{}"],"code":"{}"}}"#,
        notice.id,
        notice.code.unwrap()
    );
    gateway.must("notice", &cancel);
    assert_eq!(gateway.status(notice.id), "cancelled");
    gateway.restart();
    assert_eq!(gateway.status(notice.id), "cancelled");
}

/// A pantry that goes below zero, or that one person alone recounts, is no open ledger.
#[test]
fn stock_never_goes_below_zero_and_counts_take_two() {
    let mut gateway = Gateway::new(1);
    gateway.must("stock_in", r#"{"place":"pantry","item":"rice","unit":"kg","qty":10.5}"#);
    let refused = gateway.post("stock_out", r#"{"place":"pantry","item":"rice","unit":"kg","qty":11}"#).unwrap_err();
    assert_eq!((refused.code(), refused.limit()), ("not_in_stock", Some(10_500)));
    gateway.must("stock_out", r#"{"place":"pantry","item":"rice","unit":"kg","qty":0.5}"#);
    let count = gateway.must("stock_count", r#"{"place":"pantry","item":"rice","unit":"kg","qty":8}"#);
    let total = |gateway: &Gateway| gateway.node.stock().shelves(u64::MAX, &|_| None).next().unwrap().qty.0;
    assert_eq!(total(&gateway), 10_000);
    let cosign = format!(r#"{{"target":"{}"}}"#, count.id);
    assert_eq!(code_of(gateway.post("cosign", &cosign)), "not_allowed");
    gateway.post_as("mqtt:b", "cosign", &cosign).unwrap();
    assert_eq!(total(&gateway), 8_000);
    gateway.restart();
    assert_eq!(total(&gateway), 8_000);
}

/// Two helpers answering on two sides of a cut link must not both be sent, nor either be forgotten.
#[test]
fn a_partition_heals_to_one_view() {
    let (mut home, mut away) = (Gateway::new(1), Gateway::new(2));
    let need = home.must("need", "ladder");
    away.pull(&home);
    let here = home.post_as("mqtt:a", "claim", &format!("{} here", need.id)).unwrap();
    let there = away.post_as("mqtt:b", "claim", &format!("{} there", need.id)).unwrap();
    assert_eq!(away.status(need.id), "open", "only the home gateway gives out the slot");
    assert_eq!(there.contact, None);
    home.pull(&away);
    away.pull(&home);
    assert_eq!(home.node.views_digest(), away.node.views_digest());
    assert_eq!(home.node.heads_digest(), away.node.heads_digest());
    let state = away.state(&need.id.to_string()).unwrap();
    let standings: Vec<_> = state.claims.iter().map(|claim| (claim.id.clone(), claim.status)).collect();
    assert_eq!(standings, [(here.id.to_string(), "assigned"), (there.id.to_string(), "standby")]);
    assert_eq!(
        code_of(away.post("withdraw", &format!(r#"{{"item":"{}","code":"{}"}}"#, need.id, need.code.unwrap()))),
        "wrong_code",
        "a guest's words work where he posted"
    );
}

/// A stranger's signature must move nothing; a member's own and two stewards' must.
#[test]
fn signed_acts_count_by_key() {
    let (alice, eve, s1, s2) = (member(1), member(2), member(3), member(4));
    let mut gateway = Gateway::with_stewards(1, &[s1.key(), s2.key()]);
    let text = r#"{"text":"wheelchair ramp","assign_by":"requester"}"#;
    let Content::Draft(draft) = Submission::parse("need", text.as_bytes(), sender("x")).unwrap().content else {
        panic!("a draft")
    };
    let commons_core::submission::DraftBody::Ask(ask, _) = draft.body else { panic!("an ask") };
    let submission = signed(&alice, 1, Body::Need(ask));
    let need = gateway.submit(submission.clone()).unwrap();
    assert!(gateway.submit(submission).unwrap().duplicate);
    let end = |keys: &MemberKeys, mark| {
        signed(keys, mark, Body::Withdraw(commons_core::record::Withdraw { item: need.id, claim: None, epoch: 0 }))
    };
    assert_eq!(code_of(gateway.submit(end(&eve, 2))), "not_yours");
    let mut forged = end(&eve, 3);
    if let Content::Signed(signed) = &mut forged.content {
        signed.author = alice.key();
    }
    assert_eq!(code_of(gateway.submit(forged)), "bad_signature");

    let claim = gateway.post_as("mqtt:h", "claim", &need.id.to_string()).unwrap();
    assert_eq!(gateway.status(need.id), "open", "alice chooses");
    let assign = |keys: &MemberKeys, mark, epoch| {
        signed(keys, mark, Body::Assign(Assign { item: need.id, claim: claim.id, slot: 0, epoch, contact: None }))
    };
    assert_eq!(code_of(gateway.submit(assign(&s1, 4, 1))), "accepted");
    assert_eq!(gateway.status(need.id), "open", "one steward alone moves nothing");
    assert_eq!(code_of(gateway.submit(assign(&s2, 5, 1))), "accepted");
    assert_eq!(gateway.status(need.id), "assigned");
    assert_eq!(code_of(gateway.submit(end(&alice, 6))), "accepted");
    assert_eq!(gateway.status(need.id), "withdrawn");
    let reopen = signed(&alice, 7, Body::Reopen(OnItem { item: need.id, epoch: 2 }));
    assert_eq!(code_of(gateway.submit(reopen)), "accepted");
    assert_eq!(gateway.status(need.id), "open", "old assignments do not count in the new epoch");
    gateway.restart();
    assert_eq!(gateway.status(need.id), "open");
}

/// A phone that joins while items come and go must not miss one that stands.
#[test]
fn lists_page_through_everything() {
    use commons_core::views::item::{ItemQuery, StatusFilter};
    let mut gateway = Gateway::new(1);
    let mut kept = Vec::new();
    for n in 0..50 {
        let who = format!("mqtt:{n}");
        let urgency = ["now", "today", "week"][n % 3];
        let payload = format!(r#"{{"text":"thing {n}","urgency":"{urgency}"}}"#);
        kept.push(gateway.post_as(&who, "need", &payload).unwrap());
    }
    gateway.must("withdraw", kept[7].code.as_ref().unwrap());
    for (status, expected) in [(StatusFilter::All, 50), (StatusFilter::Live, 49)] {
        let mut query = ItemQuery { limit: 7, status, ..ItemQuery::default() };
        let mut seen = std::collections::BTreeSet::new();
        loop {
            let page = gateway.node.board().list(&query);
            let Some(last) = page.last() else { break };
            query.after = Some(*last);
            for id in page {
                assert!(seen.insert(id), "twice");
            }
        }
        assert_eq!(seen.len(), expected);
    }
    let (mut from, mut seen) = (Some(0), std::collections::BTreeSet::new());
    while let Some(at) = from {
        let (page, next) = gateway.node.board().page(commons_core::views::item::ItemKind::Need, at, 7);
        // Items that come meanwhile push nothing out.
        gateway.post_as(&format!("late:{at}"), "need", &format!("late {at}")).unwrap();
        assert!(page.len() <= 7);
        seen.extend(page);
        from = next;
    }
    assert!(kept.iter().all(|accepted| seen.contains(&accepted.id)));
    let first = gateway.node.board().list(&ItemQuery { limit: 1, ..ItemQuery::default() })[0];
    assert_eq!(gateway.state(&first.to_string()).unwrap().urgency, "now");
}

/// The helper on the next block would wait for ever: nobody gave him the slot, nor showed him the way.
#[test]
fn who_answers_on_another_block_gets_his_slot() {
    let (mut home, mut away) = (Gateway::new(1), Gateway::new(2));
    let needed = |home: &mut Gateway, text: &str| {
        let need = home.must("need", &format!(r#"{{"text":"{text}","urgency":"week"}}"#));
        need.item.to_string()
    };
    for power_cut in [false, true] {
        let item = needed(&mut home, if power_cut { "a ladder" } else { "a drill" });
        away.pull(&home);
        let claim = away.must("claim", &format!(r#"{{"item":"{item}","message":"I have one"}}"#));
        assert_eq!(away.status(&item), "open");
        home.pull(&away);
        if power_cut {
            home.restart();
        }
        home.wait_s(if power_cut { 61 } else { 3 });
        away.pull(&home);
        assert_eq!((home.status(&item), away.status(&item)), ("assigned", "assigned"));
        // And the next one, when he takes it back over there.
        let second = away.post_as("mqtt:second", "claim", &format!(r#"{{"item":"{item}"}}"#)).unwrap();
        away.must("withdraw", claim.code.as_ref().unwrap());
        home.pull(&away);
        home.wait_s(3);
        away.pull(&home);
        let claims = away.state(&item).unwrap().claims;
        let standing = |id: &str| claims.iter().find(|claim| claim.id == id).map(|claim| claim.status);
        assert_eq!(standing(&second.id.to_string()), Some("assigned"), "{claims:?}");
    }
}

/// A need with this date, signed by a member.
fn dated(seed: u8, content: u64, created: u64, urgency: Urgency) -> Submission {
    let keys = MemberKeys::from_seed(&[seed; 32]);
    let ask = Ask {
        category: Category::Food,
        text: format!("bread {content}"),
        lines: vec![],
        urgency,
        slots: 1,
        standing: false,
        zone: String::new(),
        window: None,
        tags: vec![],
        lang: String::new(),
        contact: None,
        assign_by: AssignBy::HomeGateway,
        repeat: String::new(),
        lifetime_s: 21 * 86_400,
        reference: String::new(),
    };
    let body = Body::Need(ask);
    let record = Record { version: RECORD_VERSION, created, mark: Mark { sender: 7, content }, body };
    let bytes = encode_record(&record);
    let signature = keys.sign(&NetworkId::of("test"), &bytes);
    let signed = SignedRecord { author: keys.key(), record: bytes, signature };
    Submission {
        kind: Kind::Need,
        sender: sender("mqtt:m"),
        reference: String::new(),
        content: Content::Signed(signed),
    }
}

fn listed(gateway: &Gateway) -> Vec<String> {
    let query = ItemQuery { kind: Some(ItemKind::Need), limit: 100, ..ItemQuery::default() };
    let ids = gateway.node.board().list(&query);
    ids.iter().map(|id| gateway.state(&id.to_string()).unwrap().text).collect()
}

/// A phone whose clock is dead, or is set ahead on purpose, would say that a need is twenty thousand days old, or stand first for ever.
#[test]
fn a_phones_clock_neither_orders_the_board_nor_says_what_cannot_be() {
    for synchronised in [true, false] {
        let mut gateway = Gateway::new(1);
        gateway.now.synchronised = synchronised;
        let mut said = Vec::new();
        for (n, created) in [
            (1, START_S + 40 * 366 * 86_400), // far ahead
            (2, 0),                           // a dead clock
            (3, START_S - 2 * 86_400),        // written two days ago, out of reach
            (4, START_S + 30),
        ] {
            gateway.wait_s(10);
            said.push((n, gateway.submit(dated(1, n, created, Urgency::Week)).unwrap().id));
        }
        gateway.wait_s(3_600);
        let expected = ["bread 4", "bread 3", "bread 2", "bread 1"];
        assert_eq!(listed(&gateway), expected, "those that came last are first");
        let created: Vec<u64> = said
            .iter()
            .map(|(_, id)| parse_rfc3339(&gateway.state(&id.to_string()).unwrap().created).unwrap())
            .collect();
        let about = |found: u64, expected: u64| found.abs_diff(expected) <= 6;
        match synchronised {
            true => assert!(about(created[0], START_S + 10), "{created:?}"),
            // Nobody can say that it is not so late; what is shown counts how long it was here.
            false => assert_eq!(created[0], START_S + 40 * 366 * 86_400),
        }
        assert!(about(created[1], START_S + 20) && about(created[3], START_S + 30), "{created:?}");
        assert_eq!(created[2], START_S - 2 * 86_400, "as far as it can be, a phone is believed");
        let lived: Vec<u64> = said.iter().map(|(_, id)| gateway.state(&id.to_string()).unwrap().lived_s).collect();
        assert_eq!(lived, [3_630, 3_620, 3_610, 3_600]);

        gateway.restart();
        assert_eq!(listed(&gateway), expected);
        let after: Vec<u64> = said.iter().map(|(_, id)| gateway.state(&id.to_string()).unwrap().lived_s).collect();
        assert_eq!(after, lived);
    }
}

/// Two gateways would show two dates of one need for ever, by which of them was heard first.
#[test]
fn one_record_at_two_gateways_has_one_date_in_whatever_order_they_are_heard() {
    let (mut one, mut two) = (Gateway::new(1), Gateway::new(2));
    two.now.wall_s += 5_000;
    let ahead = || dated(1, 1, START_S + 9_000_000, Urgency::Week);
    let id = one.submit(ahead()).unwrap().id.to_string();
    two.submit(ahead()).unwrap();
    let (mut first, mut second) = (Gateway::new(3), Gateway::new(4));
    first.pull(&one);
    first.pull(&two);
    second.pull(&two);
    second.pull(&one);
    one.pull(&two);
    two.pull(&one);
    let created: Vec<String> = [&one, &two, &first, &second].map(|at| at.state(&id).unwrap().created).to_vec();
    assert!(created.iter().all(|found| *found == created[0]), "{created:?}");
    assert!(parse_rfc3339(&created[0]).unwrap() <= START_S + 5);
    for gateway in [&mut first, &mut second] {
        gateway.restart();
        assert_eq!(gateway.state(&id).unwrap().created, created[0]);
        assert_eq!(listed(gateway), ["bread 1"]);
    }
}
