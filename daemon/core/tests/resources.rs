//! What the block has together: stock, counts by two people, loans and returns. Every kind against every state of a shelf.

mod support;

use commons_core::codec::{decode_record, encode_record, record_id, Author};
use commons_core::identity::{hex, GatewayKeys, MemberKeys, NetworkId, RecordId};
use commons_core::node::{Input, Space};
use commons_core::record::*;
use commons_core::views::shelves::ShelfState;
use support::{code_of, signed, Gateway, START_S};

const SAW: &str = r#""place":"tool shed","item":"saw""#;

fn shelf(gateway: &Gateway) -> ShelfState {
    gateway.node.stock().shelves(u64::MAX, &|_| None).next().expect("a shelf")
}

/// The shelf in each of its states, and the ids of a count and a loan of it ("00..." where there is none).
fn in_state(state: &str) -> (Gateway, String, String) {
    let mut gateway = Gateway::new(1);
    let mut say = |who: &str, kind: &str, payload: String| {
        gateway.post_as(who, kind, &payload).unwrap_or_else(|why| panic!("{state}: {kind}: {why}")).id.to_string()
    };
    let (mut count, mut loan) = ("0".repeat(64), "0".repeat(64));
    if state != "unknown" {
        say("mqtt:ann", "stock_in", format!(r#"{{{SAW},"qty":5}}"#));
    }
    match state {
        "empty" => drop(say("mqtt:ann", "stock_out", format!(r#"{{{SAW},"qty":5}}"#))),
        "counted by one" | "counted by two" => {
            count = say("mqtt:bob", "stock_count", format!(r#"{{{SAW},"qty":4}}"#));
            if state == "counted by two" {
                say("mqtt:ann", "cosign", format!(r#"{{"target":"{count}"}}"#));
            }
        }
        "lent" | "partly back" | "back" => {
            loan = say("mqtt:ann", "loan", format!(r#"{{{SAW},"qty":3,"to":"eva"}}"#));
            let back = if state == "partly back" { 1 } else { 3 };
            if state != "lent" {
                say("mqtt:ann", "return", format!(r#"{{"loan":"{loan}","qty":{back}}}"#));
            }
        }
        _ => {}
    }
    (gateway, count, loan)
}

/// The pantry's list would say more than there is, count by one hand, or lend what is gone.
#[test]
fn every_kind_against_every_state_of_a_shelf() {
    const STATES: [&str; 8] =
        ["unknown", "empty", "stocked", "counted by one", "counted by two", "lent", "partly back", "back"];
    /// Kind, who says it, what is handed in; for each state what becomes of it and what is then there (in ones).
    type Row = (&'static str, &'static str, &'static str, [(&'static str, u64); 8]);
    let table: &[Row] = &[
        (
            "stock_in",
            "ann",
            r#"{SAW,"qty":2}"#,
            [("ok", 2), ("ok", 2), ("ok", 7), ("ok", 7), ("ok", 6), ("ok", 4), ("ok", 5), ("ok", 7)],
        ),
        (
            "stock_out",
            "ann",
            r#"{SAW,"qty":4}"#,
            [
                ("not_in_stock", 0),
                ("not_in_stock", 0),
                ("ok", 1),
                ("ok", 1),
                ("ok", 0),
                ("not_in_stock", 2),
                ("not_in_stock", 3),
                ("ok", 1),
            ],
        ),
        (
            "stock_count",
            "cem",
            r#"{SAW,"qty":9}"#,
            [("ok", 0), ("ok", 0), ("ok", 5), ("ok", 5), ("ok", 4), ("ok", 2), ("ok", 3), ("ok", 5)],
        ),
        (
            "cosign",
            "dee",
            r#"{"target":"COUNT"}"#,
            [
                ("unknown_item", 0),
                ("unknown_item", 0),
                ("unknown_item", 5),
                ("ok", 4),
                ("wrong_state", 4),
                ("unknown_item", 2),
                ("unknown_item", 3),
                ("unknown_item", 5),
            ],
        ),
        (
            "cosign",
            "bob",
            r#"{"target":"COUNT"}"#,
            [
                ("unknown_item", 0),
                ("unknown_item", 0),
                ("unknown_item", 5),
                ("not_allowed", 5),
                ("not_allowed", 4),
                ("unknown_item", 2),
                ("unknown_item", 3),
                ("unknown_item", 5),
            ],
        ),
        (
            "loan",
            "cem",
            r#"{SAW,"qty":3,"to":"fay","due":"2026-12-01T10:00:00Z"}"#,
            [
                ("not_in_stock", 0),
                ("not_in_stock", 0),
                ("ok", 2),
                ("ok", 2),
                ("ok", 1),
                ("not_in_stock", 2),
                ("ok", 0),
                ("ok", 2),
            ],
        ),
        (
            "return",
            "cem",
            r#"{"loan":"LOAN","qty":3}"#,
            [
                ("unknown_item", 0),
                ("unknown_item", 0),
                ("unknown_item", 5),
                ("unknown_item", 5),
                ("unknown_item", 4),
                ("ok", 5),
                ("not_in_stock", 3),
                ("wrong_state", 5),
            ],
        ),
        (
            "return",
            "cem",
            r#"{"loan":"LOAN"}"#,
            [
                ("unknown_item", 0),
                ("unknown_item", 0),
                ("unknown_item", 5),
                ("unknown_item", 5),
                ("unknown_item", 4),
                ("ok", 5),
                ("ok", 5),
                ("wrong_state", 5),
            ],
        ),
    ];
    for (kind, who, payload, expected) in table {
        for (state, (becomes, there)) in STATES.iter().zip(expected) {
            let (mut gateway, count, loan) = in_state(state);
            let payload = payload.replace("SAW", SAW).replace("COUNT", &count).replace("LOAN", &loan);
            let said = code_of(gateway.post_as(&format!("mqtt:{who}"), kind, &payload));
            let said = if said == "accepted" { "ok" } else { said };
            assert_eq!(said, *becomes, "{kind} by {who}, {payload}, {state}");
            let milli = gateway.node.stock().shelves(u64::MAX, &|_| None).next().map_or(0, |shelf| shelf.qty.0);
            assert_eq!(milli, there * 1_000, "{kind} by {who}, {payload}, {state}");
            let before = gateway.node.views_digest();
            gateway.restart();
            assert_eq!(gateway.node.views_digest(), before, "{kind}, {state}, after a power cut");
            gateway.handle(Input::Space(Space::Low));
            let again = payload.replace('}', r#","ref":"again"}"#);
            let refused = code_of(gateway.post_as("mqtt:zoe", kind, &again));
            assert_ne!(refused, "accepted", "{kind}, {state}: the book is kept for ever, and the disk is nearly full");
        }
    }
}

/// What is lent would be forgotten, or shown as if it stood on the shelf.
#[test]
fn the_board_of_shelves_tells_what_is_lent_and_who_counted() {
    let (mut gateway, count, _) = in_state("counted by one");
    let open = shelf(&gateway);
    assert_eq!((open.counts[0].counted, open.counts[0].with.len(), open.counts[0].qty.0), (false, 0, 4_000));
    gateway.post_as("mqtt:ann", "cosign", &format!(r#"{{"target":"{count}"}}"#)).unwrap();
    let due = r#""due":"2026-12-01T10:00:00Z""#;
    let loan = gateway.must("loan", &format!(r#"{{{SAW},"qty":1,"to":"eva, 3rd floor",{due}}}"#));
    let now = shelf(&gateway);
    assert_eq!((now.qty.0, now.lent.0), (3_000, 1_000));
    assert_eq!((now.counts[0].counted, now.counts[0].with[0].by), (true, "guest"));
    assert_eq!(now.counts[0].by.gateway, gateway.node.id().short());
    let shown = &now.loans[0];
    assert_eq!((shown.id.as_str(), shown.to.as_str()), (loan.id.to_string().as_str(), "eva, 3rd floor"));
    assert_eq!(shown.due.as_deref(), Some("2026-12-01T10:00:00Z"));
    assert_eq!(now.days, [(START_S / 86_400, now.days[0].1, now.days[0].2)]);
    assert_eq!((now.days[0].1 .0, now.days[0].2 .0), (5_000, 0), "a loan comes back: it is no day's movement");
    gateway.must("return", &loan.id.to_string());
    let now = shelf(&gateway);
    assert_eq!((now.qty.0, now.lent.0, now.loans.len()), (4_000, 0, 0));
}

/// Somebody could bring back more than went out, at two gateways that had no link, and so make stock of nothing.
#[test]
fn of_a_loan_no_more_comes_back_than_went_out() {
    let (mut here, _, loan) = in_state("lent");
    let mut there = Gateway::new(2);
    there.pull(&here);
    here.must("return", &loan);
    there.must("return", &loan);
    here.pull(&there);
    there.pull(&here);
    for gateway in [&here, &there] {
        assert_eq!((shelf(gateway).qty.0, shelf(gateway).lent.0), (5_000, 0));
    }
    // Heard in the other order: the return before the loan.
    let mut late = Gateway::new(3);
    late.pull(&there);
    late.pull(&here);
    assert_eq!((shelf(&late).qty.0, shelf(&late).lent.0), (5_000, 0));
}

/// A member's own records go the same way, and nothing is lent or brought back in amounts of nothing.
#[test]
fn members_lend_by_signature() {
    let (mut gateway, ..) = in_state("stocked");
    let ann = MemberKeys::from_seed(&[0x11; 32]);
    let line = |milli| Line { item: "saw".into(), unit: String::new(), milli };
    let loan = |milli| {
        Body::Loan(Loan {
            place: "tool shed".into(),
            line: line(milli),
            to: "bob".into(),
            due: None,
            reference: String::new(),
        })
    };
    assert_eq!(code_of(gateway.submit(signed(&ann, 1, loan(0)))), "wrong_value");
    let lent = gateway.submit(signed(&ann, 2, loan(2_000))).expect("taken");
    assert!(gateway.submit(signed(&ann, 2, loan(2_000))).expect("known").duplicate);
    assert_eq!(shelf(&gateway).loans[0].by.by, "member");
    let back = |milli| Body::Return(Return { loan: lent.id, milli, reference: String::new() });
    assert_eq!(code_of(gateway.submit(signed(&ann, 3, back(0)))), "wrong_value");
    gateway.submit(signed(&ann, 4, back(500))).expect("taken");
    assert_eq!((shelf(&gateway).qty.0, shelf(&gateway).lent.0), (3_500, 1_500));
}

/// Another program could not read what was lent.
#[test]
fn golden_bytes_are_unchanged() {
    let network = NetworkId::of("test");
    let gateway = GatewayKeys::from_seed(&[1; 32]).id();
    let line = Line { item: "ladder".into(), unit: "piece".into(), milli: 2_000 };
    let loan = Loan {
        place: "tool shed".into(),
        line: line.clone(),
        to: "Eva, 3rd floor".into(),
        due: Some(1_795_600_000),
        reference: "l1".into(),
    };
    let bodies = [
        Body::Loan(loan.clone()),
        Body::Loan(Loan { due: None, reference: String::new(), ..loan }),
        Body::Return(Return { loan: RecordId([0xAB; 32]), milli: 1_500, reference: String::new() }),
    ];
    let mut text = format!("network {network}\ngateway {gateway}\n");
    for body in bodies {
        let mark = Mark { sender: 0x0102_0304, content: 0x0506_0708_090A_0B0C };
        let record = Record { version: 1, created: 1_795_000_000, mark, body };
        let bytes = encode_record(&record);
        assert_eq!(decode_record(&bytes).as_ref(), Ok(&record));
        text += &format!("record {} {}\n", record.body.kind().name(), hex(&bytes));
        text += &format!("guest-id {}\n", record_id(&network, &gateway, &Author::Guest, &bytes));
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/resources-v1.txt");
    if std::env::var_os("COMMONSD_TEST_BLESS").is_some() {
        std::fs::write(path, &text).expect("writes");
        return;
    }
    let expected = std::fs::read_to_string(path).expect("is there");
    assert_eq!(text, expected, "the format changed; if on purpose, it is version 2 and version 1 must still be read");
}
