//! What a reviewer tried in order to break it.

mod support;

use commons_core::identity::{purpose, GatewayKeys};
use commons_core::node::{Input, Space};
use commons_core::record::{Body, Line, Stock};
use commons_core::submission::{Content, DraftBody, Submission};
use support::{code_of, member, sender, signed, Gateway};

/// The body of a need as a phone would build it.
fn need(text: &str) -> Body {
    let parsed = Submission::parse("need", text.as_bytes(), sender("x")).unwrap();
    match parsed.content {
        Content::Draft(draft) => match draft.body {
            DraftBody::Ask(ask, _) => Body::Need(ask),
            _ => unreachable!(),
        },
        Content::Signed(_) => unreachable!(),
    }
}

/// Two different needs of one busy button whose 32-bit marks collide: the second would be called a duplicate and lost.
#[test]
fn needs_with_the_same_mark_are_still_two_needs() {
    let keys = GatewayKeys::from_seed(&[1; 32]);
    let key = "mqtt:somebody";
    let mut seen = std::collections::BTreeMap::new();
    let (one, other) = (0u32..)
        .find_map(|n| {
            let text = format!("need {n}");
            let parts: [&[u8]; 7] = [b"need", &[0], key.as_bytes(), &[0], b"", &[0], text.as_bytes()];
            let hash = keys.keyed(purpose::MARK, &parts);
            seen.insert([hash[0], hash[1], hash[2], hash[3]], n).map(|known| (format!("need {known}"), text))
        })
        .unwrap();
    let mut gateway = Gateway::new(1);
    let first = gateway.must("need", &one);
    let second = gateway.must("need", &other);
    assert!(!second.duplicate && second.id != first.id, "{one} and {other} are not the same");
    gateway.restart();
    for (text, known) in [(&one, &first), (&other, &second)] {
        let again = gateway.must("need", text);
        assert!(again.duplicate && again.id == known.id, "a resend is still one post");
        gateway.wait_s(700);
    }
    assert!(gateway.must("need", &one).duplicate && gateway.must("need", &other).duplicate, "also while they stand");
}

/// Who reopens a need that was done wants help again, not the old helper's "done" once more.
#[test]
fn a_reopened_need_is_open_again() {
    let mut gateway = Gateway::new(1);
    let need = gateway.must("need", "ride to the clinic");
    let code = need.code.clone().unwrap();
    let claim = gateway.must("claim", &format!(r#"{{"item":"{}"}}"#, need.id));
    gateway.must("done", &format!(r#"{{"item":"{}","code":"{}"}}"#, need.id, claim.code.clone().unwrap()));
    gateway.must("confirm", &code);
    gateway.must("reopen", &code);
    assert_eq!(gateway.status(need.id), "open");
    let second = gateway.post_as("mqtt:b", "claim", &format!(r#"{{"item":"{}"}}"#, need.id)).unwrap();
    assert_eq!(gateway.status(need.id), "assigned");
    gateway.must("done", &format!(r#"{{"item":"{}","code":"{}"}}"#, need.id, second.code.unwrap()));
    assert!(!gateway.must("confirm", &code).duplicate, "the same words, but about the reopened need");
    assert_eq!(gateway.status(need.id), "confirmed");
    assert!(gateway.must("confirm", &code).duplicate);
}

/// A phone that hears no answer asks the next gateway: the need must not look different on the two sides for good.
#[test]
fn one_signed_need_at_two_gateways_has_one_home() {
    let alice = member(40);
    let (mut a, mut b) = (Gateway::new(1), Gateway::new(2));
    let one = a.submit(signed(&alice, 1, need("insulin"))).unwrap();
    let two = b.submit(signed(&alice, 1, need("insulin"))).unwrap();
    assert_eq!(one.id, two.id);
    a.post_as("mqtt:x", "claim", &format!(r#"{{"item":"{}"}}"#, one.id)).unwrap();
    b.post_as("mqtt:y", "claim", &format!(r#"{{"item":"{}"}}"#, one.id)).unwrap();
    a.pull(&b);
    b.pull(&a);
    a.pull(&b);
    assert_eq!(a.node.views_digest(), b.node.views_digest());
    a.restart();
    assert_eq!(a.node.views_digest(), b.node.views_digest());
}

/// One stranger with a script could otherwise fill an item with answers until its owner can neither confirm nor withdraw.
#[test]
fn a_crowd_of_answers_does_not_shut_the_owner_out() {
    let mut gateway = Gateway::new(1);
    // A notice and its voices: the limit is the same one, and a thousand of these are quickly said.
    let notice = gateway.must("notice", "soup at six");
    for n in 0..1_005 {
        let _ = gateway.post_as(&format!("mqtt:{n}"), "cosign", &notice.id.to_string());
    }
    assert_eq!(gateway.state(&notice.id.to_string()).unwrap().alert.unwrap().voices, 801);
    assert_eq!(code_of(gateway.post("withdraw", &notice.code.unwrap())), "accepted");
    assert_eq!(gateway.status(notice.id), "cancelled");
}

/// Stock is kept for ever, so it must be the first thing a nearly full disk turns away.
#[test]
fn a_nearly_full_disk_takes_no_stock() {
    let mut gateway = Gateway::new(1);
    gateway.handle(Input::Space(Space::Low));
    let stock = r#"{"place":"pantry","item":"rice","unit":"kg","qty":2}"#;
    for kind in ["stock_in", "stock_count"] {
        assert_eq!(code_of(gateway.post(kind, stock)), "storage_full");
    }
}

/// A phone that resends a signed movement an hour later must hear "known", and the journal must not grow by it.
#[test]
fn a_signed_stock_movement_is_known_for_ever() {
    let mut gateway = Gateway::new(1);
    let alice = member(40);
    let line = Line { item: "rice".into(), unit: "kg".into(), milli: 5_000 };
    let stock =
        Stock { place: "pantry".into(), line, source: String::new(), best_before: None, reference: String::new() };
    gateway.submit(signed(&alice, 1, Body::StockIn(stock.clone()))).unwrap();
    gateway.submit(signed(&alice, 2, Body::StockOut(stock.clone()))).unwrap();
    gateway.wait_s(3_600);
    let entries = gateway.node.entries();
    assert!(gateway.submit(signed(&alice, 2, Body::StockOut(stock.clone()))).unwrap().duplicate);
    gateway.restart();
    assert!(gateway.submit(signed(&alice, 1, Body::StockIn(stock))).unwrap().duplicate);
    assert_eq!(gateway.node.entries(), entries);
}

/// A batch that is refused must leave no trace: two gateways that hold the same would disagree about their heads.
#[test]
fn a_refused_batch_leaves_no_log_behind() {
    let (mut a, mut b) = (Gateway::new(1), Gateway::new(2));
    b.must("need", "bread");
    let before = a.node.heads_digest();
    let mut forged = b.journal[0].clone();
    forged.log.epoch = commons_core::log::Epoch(77);
    let outputs = a.handle(Input::Batch(forged));
    assert_eq!(outputs.len(), 1);
    assert_eq!(a.node.heads_digest(), before);
}

/// Whoever kept the bytes of a signed need could put it on the board again after its time.
#[test]
fn what_has_expired_never_rises_again() {
    let mut gateway = Gateway::new(1);
    let text = r#"{"text":"bread","expires_s":60}"#;
    let Content::Draft(draft) = Submission::parse("need", text.as_bytes(), sender("x")).unwrap().content else {
        panic!("a draft")
    };
    let commons_core::submission::DraftBody::Ask(ask, _) = draft.body else { panic!("an ask") };
    let need = signed(&member(1), 1, Body::Need(ask));
    let id = gateway.submit(need.clone()).unwrap().id;
    gateway.wait_s(61);
    assert_eq!(gateway.status(id), "gone");
    assert_eq!(code_of(gateway.submit(need.clone())), "wrong_state");
    gateway.restart();
    assert_eq!(code_of(gateway.submit(need)), "wrong_state");
}
