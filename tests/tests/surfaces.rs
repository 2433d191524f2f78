//! A post from any door is on every surface: API, page, MQTT topic, command line.

use std::time::Duration;

use commons_core::identity::{MemberKeys, NetworkId};
use commons_core::record::{Ask, Body, Category, Mark};
use commons_tests::{http, pen};
use commons_tests::{wait_for, Gateway, Mqtt, PATIENCE};
use serde_json::{json, Value};

/// A record as a member's phone would make it.
fn signed_need(text: &str) -> Vec<u8> {
    let ask = Ask {
        category: Category::Health,
        zone: String::from("stairwell B"),
        reference: String::from("phone-1"),
        ..pen::plain_need(text)
    };
    let keys = MemberKeys::from_seed(&[7; 32]);
    let mark = Mark { sender: 11, content: 22 };
    pen::signed(&keys, &NetworkId::of("commons"), 1_795_200_000, mark, Body::Need(ask)).encode()
}

/// Waits for the retained state of the item with this text on the board's topics.
fn on_the_board(reader: &mut Mqtt, text: &str) -> Value {
    let message = reader.message_where(text, |message| message.json()["text"] == text);
    let state = message.json();
    let topic = format!("commons/board/{}/{}", state["kind"].as_str().unwrap(), state["id"].as_str().unwrap());
    assert_eq!(message.topic, topic);
    state
}

/// A neighbour at the page, with a phone or at the keeper's terminal would not see what another one posted elsewhere.
#[test]
fn a_post_from_any_door_is_on_every_surface() {
    let gateway = Gateway::start();
    let mut reader = gateway.client(4, "reader");
    assert_eq!(reader.subscribe("commons/board/#", 1), 1);
    let mut old = gateway.client(4, "old");
    let mut new = gateway.client(5, "new");

    assert_eq!(old.publish("commons/post/need", b"plain over 3.1.1", 1).0, 0);
    assert_eq!(new.publish("commons/post/offer", b"plain over 5, exactly once", 2).0, 0);
    assert_eq!(old.publish("commons/post/need", b"plain, unacknowledged", 0).0, 0);
    let full = json!({"v": 1, "text": "json over mqtt", "urgency": "now", "category": "health", "zone": "stairwell B",
        "lines": [{"item": "insulin", "unit": "pen", "qty": 1.5}], "ref": "my own mark"});
    assert_eq!(new.publish("commons/post/need", full.to_string().as_bytes(), 1).0, 0);
    assert_eq!(new.publish("commons/post/need", &signed_need("signed by a member"), 1), (0, String::new()));
    let form = http::form(&[("text", "from the form"), ("zone", "C"), ("category", "water"), ("urgency", "week")]);
    let typed = gateway.post("/new/need", "application/x-www-form-urlencoded", &form);
    assert_eq!(typed.status, 303, "{}", typed.body);
    gateway.post_json("notice", &json!({"v": 1, "text": "a notice from the api"}));
    let curl = gateway.post("/api/v1/needs", "text/plain", "curl, plain words");
    assert_eq!(curl.status, 201, "{}", curl.body);
    gateway.said(&["post", "offer", "from the terminal", "--zone", "D"]);

    let board = gateway.get("/").body;
    for (kind, text) in [
        ("need", "plain over 3.1.1"),
        ("offer", "plain over 5, exactly once"),
        ("need", "plain, unacknowledged"),
        ("need", "json over mqtt"),
        ("need", "signed by a member"),
        ("need", "from the form"),
        ("notice", "a notice from the api"),
        ("need", "curl, plain words"),
        ("offer", "from the terminal"),
    ] {
        let found = wait_for(text, || {
            let items = gateway.get(&format!("/api/v1/{kind}s?limit=100")).json();
            items.as_array().unwrap().iter().find(|item| item["text"] == text).cloned()
        });
        let id = found["id"].as_str().unwrap().to_owned();
        for field in ["id", "kind", "text", "status", "urgency", "created", "gateway", "ref"] {
            assert!(found[field].is_string(), "{field}: {found}");
        }
        assert_eq!(gateway.get(&format!("/api/v1/{kind}s/{id}")).json()["text"], text);
        assert!(gateway.get(&format!("/{kind}/{id}")).body.contains(text), "{text}: its page");
        assert!(gateway.get("/").body.contains(text), "{text}: {board}");
        let mut late = gateway.client(5, "late");
        assert!(late.subscribe(&format!("commons/board/{kind}/{id}"), 1) < 3);
        let message = late.message(PATIENCE).expect("retained");
        assert!(message.retain);
        assert_eq!(message.json()["text"], text);
        assert_eq!(message.json()["status"], found["status"]);
        assert_eq!(gateway.said_json(&["show", &id[..16], "--json"])["text"], text);
        let listed = gateway.said_json(&[&format!("{kind}s"), "--json"]);
        assert!(listed.as_array().unwrap().iter().any(|item| item["id"] == *id), "{text}: {listed}");
    }
    let mut live = gateway.client(4, "live");
    live.subscribe("commons/board/+/+", 0);
    assert_eq!(on_the_board(&mut live, "json over mqtt")["ref"], "my own mark");
    let state = on_the_board(&mut reader, "signed by a member");
    assert_eq!((&state["by"], &state["zone"]), (&json!("member"), &json!("stairwell B")));
    gateway.assert_unhurt();
}

/// The same need would stand there three times because a phone had bad reception or a finger was nervous.
#[test]
fn a_resend_or_double_tap_makes_one_entry() {
    let mut gateway = Gateway::start();
    let mut phone = gateway.client(4, "phone");
    phone.subscribe("commons/receipt/phone", 1);
    let json = json!({"v": 1, "text": "two loaves", "ref": "r1"}).to_string();
    for (qos, payload) in [(1, json.as_str()), (2, json.as_str()), (1, "bread"), (1, "bread"), (0, "bread")] {
        phone.publish("commons/post/need", payload.as_bytes(), qos);
    }
    let receipts: Vec<Value> = (0..5).map(|_| phone.message(PATIENCE).expect("a receipt").json()).collect();
    assert_eq!(receipts.iter().filter(|receipt| receipt["duplicate"] == true).count(), 3, "{receipts:?}");
    assert_eq!(receipts[0]["id"], receipts[1]["id"]);
    assert_eq!((&receipts[1]["ref"], &receipts[1]["code"]), (&json!("r1"), &receipts[0]["code"]));
    assert_eq!(gateway.all("needs").len(), 2);
    phone.goodbye();

    gateway.terminate();
    gateway.again();
    let mut phone = gateway.client(4, "phone");
    assert_eq!(phone.publish("commons/post/need", b"bread", 1).0, 0);
    let mut other = gateway.client(4, "another phone");
    assert_eq!(other.publish("commons/post/need", b"bread", 1).0, 0);
    assert_eq!(gateway.all("needs").len(), 3, "one more by another neighbour, none by the same");

    let form = http::form(&[("text", "double tap"), ("token", "0123456789abcdef0123456789abcdef")]);
    for _ in 0..2 {
        assert_eq!(gateway.post("/new/need", "application/x-www-form-urlencoded", &form).status, 303);
    }
    assert_eq!(gateway.all("needs").len(), 4);
    gateway.assert_unhurt();
}

/// A help that was given would be counted twice because its message was sent again after a power cut.
#[test]
fn an_act_sent_again_after_a_restart_counts_once() {
    let mut gateway = Gateway::start();
    let need = gateway.post_json("need", &json!({"v": 1, "text": "a lift", "urgency": "week"}));
    let claim = json!({"v": 1, "item": need["id"], "message": "me"}).to_string();
    let stock = json!({"v": 1, "place": "cellar", "item": "rice", "unit": "kg", "qty": 5}).to_string();
    for again in [false, true] {
        let mut phone = gateway.client(5, "helper");
        assert_eq!(phone.publish("commons/post/claim", claim.as_bytes(), 1), (0, String::new()));
        assert_eq!(phone.publish("commons/post/stock_in", stock.as_bytes(), 1), (0, String::new()));
        if !again {
            gateway.kill9();
            gateway.again();
        }
    }
    let item = gateway.get(&format!("/api/v1/needs/{}", need["id"].as_str().unwrap())).json();
    assert_eq!(item["claims"].as_array().unwrap().len(), 1, "{item}");
    let entries = gateway.said_json(&["status", "--json"])["entries"].as_u64();
    // Need, claim, the gateway's assignment, stock.
    assert_eq!(entries, Some(4), "the stock movement counts once");
}

/// Needs would be missing from a phone that subscribes to a full board.
#[test]
fn a_new_subscriber_gets_the_whole_board_retained() {
    let gateway = Gateway::start();
    let mut poster = gateway.client(4, "poster");
    for number in 0..350 {
        assert_eq!(poster.publish("commons/post/need", format!("need number {number}.").as_bytes(), 1).0, 0);
    }
    for (version, qos) in [(4, 0), (4, 1), (5, 0), (5, 2)] {
        let mut reader = gateway.client(version, "subscriber");
        assert_eq!(reader.subscribe("commons/board/need/+", qos), qos);
        let mut found = std::collections::BTreeSet::new();
        while found.len() < 350 {
            let message = reader.message(PATIENCE).unwrap_or_else(|| panic!("only {} of 350", found.len()));
            assert!(message.retain && message.qos <= qos, "{message:?}");
            found.insert(message.json()["text"].as_str().unwrap().to_owned());
        }
        assert_eq!(reader.message(Duration::from_millis(200)), None, "each once");
        reader.goodbye();
    }
    assert_eq!(gateway.all("needs").len(), 350);
    gateway.assert_unhurt();
}

/// The keeper's terminal would stay still while the block asks for help.
#[test]
fn watch_shows_what_happens_live() {
    use std::io::{BufRead, BufReader};
    let gateway = Gateway::start();
    let mut watch = commons_tests::gateway::commonsd()
        .args(["watch", "--json", "--data"])
        .arg(gateway.data())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("commonsd watch");
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    // It may take a moment to be there: post until it speaks.
    let (said, hears) = std::sync::mpsc::channel();
    std::thread::spawn(move || while lines.next().is_some_and(|line| said.send(line.unwrap()).is_ok()) {});
    let mut number = 0;
    let line = wait_for("a line of watch", || {
        number += 1;
        gateway.post_json("need", &json!({"v": 1, "text": format!("look {number}"), "urgency": "week"}));
        hears.recv_timeout(Duration::from_millis(100)).ok()
    });
    let _ = watch.kill();
    let _ = watch.wait();
    let line: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(line["change"]["kind"], "need");
    assert!(line["change"]["state"]["text"].as_str().unwrap().starts_with("look "), "{line}");
}

/// A phone that subscribes to several things would wait for ever for the second answer.
#[test]
fn every_subscription_is_answered_also_behind_a_snapshot() {
    let gateway = Gateway::start();
    gateway.post_json("need", &json!({"v": 1, "text": "a need", "urgency": "week"}));
    let mut gadget = gateway.client(4, "gadget");
    gadget.publish_with("commons/local/lamp", b"on", 1, true);
    for round in 0..20 {
        let mut phone = gateway.client(4 + round % 2, "phone");
        for number in 0..10 {
            assert_eq!(phone.subscribe(&format!("commons/local/{number}/#"), 1), 1);
        }
        assert_eq!(phone.subscribe("commons/local/#", 1), 1);
        assert_eq!(phone.subscribe("commons/board/+/+", 1), 1);
        assert_eq!(phone.subscribe("$SYS/broker/version", 0), 0);
        let mut seen = std::collections::BTreeSet::new();
        while seen.len() < 3 {
            let message = phone.message(PATIENCE).unwrap_or_else(|| panic!("only {seen:?}"));
            assert!(message.retain, "{message:?}");
            seen.insert(message.topic);
        }
        phone.goodbye();
    }
}
