//! What a keeper does: start, stop, look, check, mend, copy.

use std::net::TcpListener;

use commons_tests::codec::{self, Hello, Packet};
use commons_tests::gateway::commonsd;
use commons_tests::seed::Dice;
use commons_tests::{Gateway, Mqtt, PATIENCE};
use serde_json::{json, Value};

/// A planned restart in the middle of an evening would lose posts or hang the machine's shutdown.
#[test]
fn sigterm_drains_in_time_and_loses_nothing() {
    let mut gateway = Gateway::start();
    let mut client = Mqtt::connect(gateway.mqtt, 4, "busy");
    let mut idle = gateway.client(5, "idle");
    idle.subscribe("commons/board/#", 1);
    for number in 1..=400_u16 {
        let payload = format!("need number {number}.");
        client.send(&codec::publish(4, "commons/post/need", payload.as_bytes(), 1, false, false, number)).unwrap();
    }
    let mut kept = Vec::new();
    while kept.len() < 50 {
        let Ok(Some(Packet::Ack { id, .. })) = client.read(PATIENCE) else { panic!("an acknowledgement") };
        kept.push(id);
    }
    gateway.signal("TERM");
    while let Ok(Some(packet)) = client.read(PATIENCE) {
        if let Packet::Ack { id, .. } = packet {
            kept.push(id);
        }
    }
    let took = gateway.terminate_after_signal();
    println!("ended in {took:?} with {} of 400 acknowledged", kept.len());
    gateway.assert_verified();
    gateway.again();
    assert!(!gateway.log().contains("not clean"), "{}", gateway.log());
    let needs = gateway.all("needs");
    for id in kept {
        let text = format!("need number {id}.");
        assert_eq!(needs.iter().filter(|need| need["text"] == text).count(), 1, "{text}");
    }
}

/// Two processes on one store would ruin it, and the keeper would not know whom to stop.
#[test]
fn a_second_process_is_told_who_holds_the_store() {
    let gateway = Gateway::start();
    let data = gateway.data();
    let mut second = commonsd();
    second.args(["run", "--mqtt", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data"]).arg(&data);
    let output = second.output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains(&gateway.pid().to_string()), "its pid: {words}");
    for command in ["verify", "repair", "init"] {
        let output = gateway.cli(&[command]);
        assert_eq!(output.status.code(), Some(1), "{command}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("running"), "{command}");
    }
    gateway.post_json("need", &json!({"v": 1, "text": "the first goes on"}));
}

/// A newcomer whose port is taken would see a backtrace, or a gateway nobody can reach.
#[test]
fn a_taken_port_is_a_sentence_with_the_flag() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let home = tempfile::tempdir().unwrap();
    for flag in ["--mqtt", "--http"] {
        let other = if flag == "--mqtt" { "--http" } else { "--mqtt" };
        let mut command = commonsd();
        command.args(["run", flag, &address, other, "127.0.0.1:0", "--data"]).arg(home.path().join("data"));
        let output = command.output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{words}");
        assert!(words.contains(&address) && words.contains(flag), "{words}");
        assert!(!words.contains("backtrace") && !words.contains("panicked"), "{words}");
    }
}

/// A keeper would mend one mistake a start, and start six times.
#[test]
fn a_bad_configuration_is_reported_whole() {
    let mut gateway =
        Gateway::prepared("[mqtt]\nlisten = \"nowhere\"\nsessions = 3\n\n[limitz]\n[store]\nreserve_bytes = 5\n");
    let words = gateway.try_again().unwrap_err();
    for part in ["listen", "sessions", "limitz", "reserve_bytes", "2", "3", "5", "7"] {
        assert!(words.contains(part), "{part}: {words}");
    }
    let check = gateway.cli(&["config", "check"]);
    assert_eq!(check.status.code(), Some(1));
    assert!(!gateway.data().join("identity.json").exists(), "nothing was made");
}

/// Flips bits where these words stand on the disk. Not in the last commit: that would pass for a torn write.
fn flip(gateway: &Gateway, words: &str, bits: u8) {
    let segment = gateway.segments().remove(0);
    let mut bytes = std::fs::read(&segment).unwrap();
    let at = bytes.windows(words.len()).position(|window| window == words.as_bytes()).expect("the words");
    bytes[at + 2] ^= bits;
    std::fs::write(&segment, &bytes).unwrap();
}

/// Damage on the card would go unnoticed, or keep the whole gateway from starting.
#[test]
fn a_flipped_byte_is_found_mended_and_survived() {
    let mut dice = Dice::throw("flipped byte");
    let mut gateway = Gateway::start();
    let mut client = gateway.client(4, "client");
    for number in 0..60 {
        assert_eq!(client.publish("commons/post/need", format!("need number {number}.").as_bytes(), 1).0, 0);
    }
    gateway.terminate();
    gateway.assert_verified();
    let number = dice.below(50);
    println!("a bit of need {number}");
    flip(&gateway, &format!("need number {number}."), 1 << dice.below(8));

    let found = gateway.cli(&["verify", "--json"]);
    assert_eq!(found.status.code(), Some(1), "verify finds it");
    let report: Value = serde_json::from_slice(&found.stdout).unwrap();
    assert_eq!(report["ok"], false);
    let repaired = gateway.cli(&["repair", "--json"]);
    let words = String::from_utf8_lossy(&repaired.stdout).into_owned();
    let report: Value = serde_json::from_str(&words).unwrap_or_else(|error| panic!("{error}: {words}"));
    assert_eq!(report["damaged"], 1, "{report:#}");
    gateway.again();
    let needs = gateway.all("needs").len();
    assert!((55..60).contains(&needs), "all but the damaged batch: {needs}");
    gateway.post_json("need", &json!({"v": 1, "text": "and it goes on", "urgency": "week"}));
    let mut client = gateway.client(4, "client");
    for number in 0..60 {
        assert_eq!(client.publish("commons/post/need", format!("need number {number}.").as_bytes(), 1).0, 0);
    }
    assert_eq!(gateway.all("needs").len(), 61, "what was lost can be posted again, the rest stays once");
    gateway.terminate();
    let again = gateway.cli(&["verify", "--json"]);
    let report: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert!(report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .all(|finding| !finding.as_str().unwrap().contains("damaged")));
}

/// A damaged gateway that nobody repaired would not start, or hide that something is missing.
#[test]
fn damage_without_repair_still_starts_and_says_so() {
    let mut gateway = Gateway::start();
    let mut client = gateway.client(4, "client");
    for number in 0..20 {
        assert_eq!(client.publish("commons/post/need", format!("need number {number}.").as_bytes(), 1).0, 0);
    }
    gateway.kill9();
    flip(&gateway, "need number 11.", 0x10);
    gateway.again();
    assert!(gateway.all("needs").len() >= 18);
    let status = gateway.cli(&["status"]);
    assert_eq!(status.status.code(), Some(1));
    let words = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(words.contains("commonsd repair"), "{words}");
    gateway.post_json("need", &json!({"v": 1, "text": "taken", "urgency": "week"}));
}

/// A copy would lack what was acknowledged before it, or the restored gateway would fork its own log.
#[test]
fn a_copy_made_while_running_restores_in_a_new_epoch() {
    let mut gateway = Gateway::start();
    for number in 0..30 {
        gateway.post_json("need", &json!({"v": 1, "text": format!("need number {number}."), "urgency": "week"}));
    }
    let copy = gateway.beside("copy");
    gateway.said(&["backup", "--to", copy.to_str().unwrap()]);
    let again = gateway.cli(&["backup", "--to", copy.to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(1), "a copy never overwrites");
    gateway.post_json("need", &json!({"v": 1, "text": "after the copy", "urgency": "week"}));
    let before = gateway.said_json(&["status", "--json"]);
    let identity = |gateway: &Gateway| -> Value {
        serde_json::from_slice(&std::fs::read(gateway.data().join("identity.json")).unwrap()).unwrap()
    };
    let old = identity(&gateway);
    gateway.terminate();

    let mut restored = Gateway::prepared("");
    std::fs::remove_dir_all(restored.data()).unwrap();
    restored.said(&["restore", copy.to_str().unwrap()]);
    let new = identity(&restored);
    assert_eq!(old["seed"], new["seed"]);
    assert_ne!(old["epoch"], new["epoch"]);
    let over = restored.cli(&["restore", copy.to_str().unwrap()]);
    assert_eq!(over.status.code(), Some(1), "a restore never overwrites");
    restored.again();
    assert_eq!(restored.said_json(&["status", "--json"])["id"], before["id"]);
    assert_eq!(restored.all("needs").len(), 30);
    restored.post_json("need", &json!({"v": 1, "text": "the new life", "urgency": "week"}));
    restored.terminate();
    restored.assert_verified();

    let mut spoiled = std::fs::read(&copy).unwrap();
    let middle = spoiled.len() / 2;
    spoiled[middle] ^= 1;
    let bad = gateway.beside("bad");
    std::fs::write(&bad, &spoiled).unwrap();
    let fresh = Gateway::prepared("");
    std::fs::remove_dir_all(fresh.data()).unwrap();
    let output = fresh.cli(&["restore", bad.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
    assert!(!fresh.data().join("identity.json").exists(), "refused whole");
}

/// A volunteer could not read the board of a gateway that is switched off.
#[test]
fn a_stopped_gateway_can_still_be_read_and_posted_to() {
    let mut gateway = Gateway::start();
    let need = gateway.post_json("need", &json!({"v": 1, "text": "a blanket", "ref": "x1", "urgency": "week"}));
    let id = need["id"].as_str().unwrap().to_owned();
    for stopped in [false, true] {
        if stopped {
            gateway.terminate();
        }
        let needs = gateway.said_json(&["needs", "--json"]);
        assert_eq!((needs.as_array().unwrap().len(), &needs[0]["ref"]), (1, &json!("x1")));
        assert_eq!(gateway.said_json(&["show", &id[..8], "--json"])["id"], json!(id));
        assert!(gateway.said(&["needs"]).contains("a blanket"));
        assert!(gateway.said(&["show", &id[..8]]).contains("a blanket"));
        assert_eq!(gateway.said_json(&["offers", "--json"]), json!([]));
        assert!(gateway.said(&["notices"]).contains("No notices"));
        let status = gateway.cli(&["status", "--json"]);
        let report: Value = serde_json::from_slice(&status.stdout).unwrap();
        assert_eq!(status.status.code(), Some(if stopped { 3 } else { i32::from(report["problems"] != json!([])) }));
        assert_eq!((&report["running"], &report["items"]["needs"]), (&json!(!stopped), &json!(1)));
        assert_eq!(gateway.cli(&["show", "00000000"]).status.code(), Some(1));
    }
    assert_eq!(gateway.cli(&["watch"]).status.code(), Some(3));
    let posted = gateway.said(&["post", "offer", "posted while it slept"]);
    assert!(posted.contains("Code word") && posted.contains("not running"), "{posted}");
    gateway.assert_verified();
    gateway.again();
    assert_eq!(gateway.all("offers")[0]["text"], "posted while it slept");
}

/// The keeper's graphs and the watchdog would see nothing.
#[test]
fn metrics_and_health_tell_the_truth() {
    let gateway = Gateway::start();
    let mut client = Mqtt::hello(gateway.mqtt, &Hello::new(5, "one")).expect("welcome");
    client.publish("commons/post/need", b"a need", 1);
    client.publish("commons/post/need", b"", 1);
    assert_eq!(gateway.get("/healthz").body, "ok\n");
    assert_eq!(gateway.metric("up"), Some(1));
    assert_eq!(gateway.metric("mqtt_sessions"), Some(1));
    commons_tests::wait_for("the numbers", || (gateway.metric("items") == Some(1)).then_some(()));
    assert_eq!(gateway.metric("posts_accepted_total"), Some(1));
    let text = gateway.get("/metrics").body;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.split_once(' ').expect("a sample");
        assert!(name.starts_with("commonsd_") && value.parse::<f64>().is_ok(), "{line}");
    }
}
