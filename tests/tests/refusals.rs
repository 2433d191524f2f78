//! A no is said to the one who sent it, with the field and the reason, on every door.

use commons_tests::{wait_for, Gateway, PATIENCE};
use serde_json::{json, Value};

/// A typing mistake in "urgency" would silently make an urgent need a slow one.
#[test]
fn an_unknown_field_is_refused_by_its_name() {
    let gateway = Gateway::start();
    let typo = json!({"v": 1, "text": "insulin", "urgncy": "now", "ref": "r7"}).to_string();

    let answer = gateway.post("/api/v1/needs", "application/json", &typo);
    let receipt = answer.json();
    assert_eq!((answer.status, &receipt["error"], &receipt["field"]), (422, &json!("unknown_field"), &json!("urgncy")));
    assert_eq!(receipt["ref"], "r7");

    let mut new = gateway.client(5, "new");
    for qos in [1, 2] {
        let (reason, words) = new.publish("commons/post/need", typo.as_bytes(), qos);
        assert_eq!(reason, 0x99, "QoS {qos}");
        assert!(words.contains("urgncy"), "QoS {qos}: {words:?}");
    }

    let mut old = gateway.client(4, "old");
    old.subscribe("commons/receipt/old", 1);
    for qos in [0, 1, 2] {
        assert_eq!(old.publish("commons/post/need", typo.as_bytes(), qos).0, 0);
        let receipt = old.message(PATIENCE).expect("a receipt").json();
        assert_eq!(
            (&receipt["ok"], &receipt["field"], &receipt["ref"]),
            (&json!(false), &json!("urgncy"), &json!("r7"))
        );
        assert!(receipt["message"].as_str().unwrap().contains("urgncy"), "{receipt}");
    }
    let output = gateway.cli_with_input(&["post", "need", "--json-body", "-"], &typo);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("urgncy"));
    assert_eq!(gateway.all("needs"), Vec::<Value>::new());
    gateway.assert_unhurt();
}

/// A phone would be told "kept" for what never was a post, or a session would end over one bad message.
#[test]
fn every_bad_post_gets_its_reason_and_the_session_goes_on() {
    let gateway = Gateway::start();
    let mut new = gateway.client(5, "new");
    let long = "x".repeat(3_000);
    let huge = "y".repeat(60_000);
    for (topic, payload, reason, word) in [
        ("commons/post/need", "", 0x99, "empty"),
        ("commons/post/need", "   ", 0x99, "empty"),
        ("commons/post/need", "{\"text\":", 0x99, "JSON"),
        ("commons/post/need", "{\"text\":\"\"}", 0x99, "text"),
        ("commons/post/need", "{\"v\":2,\"text\":\"a\"}", 0x99, "version"),
        ("commons/post/need", "{\"text\":\"a\",\"urgency\":\"soon\"}", 0x99, "urgency"),
        ("commons/post/nede", "a", 0x90, "nede"),
        ("commons/post/need", &long, 0x99, "2000"),
        ("commons/post/need", &huge, 0x95, "bytes"),
        ("commons/post/assign", "a b c", 0x99, "JSON object"),
        ("commons/board/need/x", "a", 0x87, ""),
        ("commons/receipt/other", "a", 0x87, ""),
        ("commons/gateway/state", "a", 0x87, ""),
        ("$SYS/broker/uptime", "a", 0x87, ""),
        ("somewhere/else", "a", 0x87, ""),
    ] {
        let (found, words) = new.publish(topic, payload.as_bytes(), 1);
        let short: String = payload.chars().take(40).collect();
        // Not authorised and "topic name invalid" both say no to a topic nobody may write.
        assert!(found == reason || (reason == 0x87 && found == 0x90), "{topic} {short}: {found:#x} {words}");
        assert!(words.contains(word), "{topic} {short}: {words}");
    }
    assert_eq!(new.publish("commons/post/need", b"\xff\xfe\x00", 1).0, 0x99);
    let control = json!({"text": "a\u{1b}[2Jb"}).to_string();
    assert_eq!(new.publish("commons/post/need", control.as_bytes(), 1).0, 0x99);
    assert_eq!(new.publish("commons/post/need", "Grüße, 水".as_bytes(), 1).0, 0);
    assert_eq!(gateway.all("needs").len(), 1);
    gateway.assert_unhurt();
}

/// A full disk would take posts and lose them; or the gateway would stay shut after space came back.
#[test]
fn a_full_disk_refuses_clearly_and_opens_again_by_itself() {
    let gateway = Gateway::start_with("[store]\nreserve_bytes = \"16 MiB\"\n");
    gateway.post_json("need", &json!({"v": 1, "text": "before"}));
    gateway.configure("[store]\nreserve_bytes = \"1 TiB\"\n");
    gateway.signal("HUP");
    let post = |text: &str| {
        let json = json!({"v": 1, "text": text, "urgency": "week"}).to_string();
        gateway.post("/api/v1/needs", "application/json", &json)
    };
    let refused =
        wait_for("a refusal", || Some(post("full?")).filter(|answer| answer.status != 201 && answer.status != 200));
    assert_eq!((refused.status, &refused.json()["error"]), (507, &json!("storage_full")));
    assert!(!refused.header("retry-after").is_empty());
    let mut new = gateway.client(5, "new");
    let (reason, words) = new.publish("commons/post/need", b"full", 1);
    assert_eq!(reason, 0x97);
    assert!(words.contains("disk"), "{words}");
    let mut old = gateway.client(4, "old");
    old.subscribe("commons/receipt/old", 0);
    assert_eq!(old.publish("commons/post/need", b"full", 1).0, 0);
    assert_eq!(old.message(PATIENCE).expect("a receipt").json()["error"], "storage_full");

    let before = gateway.get("/api/v1/needs").json();
    assert!(before.as_array().unwrap().iter().any(|item| item["text"] == "before"), "reading goes on");
    let health = gateway.get("/healthz");
    assert_eq!(health.status, 503);
    assert!(health.body.contains("disk is full"), "{}", health.body);
    let status = gateway.cli(&["status"]);
    assert_eq!(status.status.code(), Some(1));
    let words = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(words.contains("The disk is full") && words.contains("Free space"), "{words}");

    gateway.configure("[store]\nreserve_bytes = \"16 MiB\"\n");
    gateway.signal("HUP");
    wait_for("posts to be taken again", || (post("after").status == 201).then_some(()));
    assert_eq!(new.publish("commons/post/need", b"after, too", 1).0, 0);
    assert_eq!(gateway.get("/healthz").status, 200);
    gateway.assert_unhurt();
}

/// A mistake in the file would stop the gateway at the next reload, or take half of it over.
#[test]
fn a_bad_reload_changes_nothing() {
    let gateway = Gateway::start_with("[store]\nreserve_bytes = \"16 MiB\"\n");
    gateway.configure("[store]\nreserve_bytes = \"1 TiB\"\njournal_bytes = 5\n");
    gateway.signal("HUP");
    wait_for("the warning", || gateway.log().contains("nothing was reloaded").then_some(()));
    let log = gateway.log();
    assert!(log.contains("journal_bytes"), "{log}");
    gateway.post_json("need", &json!({"v": 1, "text": "still taken", "urgency": "week"}));
    let status = gateway.cli(&["status"]);
    assert_eq!(status.status.code(), Some(1), "status says so");
    assert!(String::from_utf8_lossy(&status.stdout).contains("journal_bytes_max"), "with a suggestion");
}

/// One neighbour on the network could fill the board for everybody: the limits must hold where they are asked to.
#[test]
fn quotas_hold_when_loopback_is_not_exempt() {
    let gateway = Gateway::start_with(
        "[limits]\nlimit_loopback = true\nopen_items_per_sender_max = 5\nposts_per_minute = 100000\nposts_burst = 100000\n",
    );
    let mut phone = gateway.client(5, "phone");
    for number in 0..5 {
        let need = json!({"text": format!("need {number}"), "urgency": "week"}).to_string();
        assert_eq!(phone.publish("commons/post/need", need.as_bytes(), 1), (0, String::new()));
    }
    let (reason, words) = phone.publish("commons/post/need", b"one too many", 1);
    assert_eq!(reason, 0x97, "{words}");
    assert!(words.contains('5'), "{words}");
    assert_eq!(gateway.all("needs").len(), 5);
}
