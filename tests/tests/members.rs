//! Members at real gateways: their accounts over MQTT, what is refused and how, forks while gateways are apart.

use std::process::{Command, Stdio};

use commons_core::identity::{MemberId, RecordId};
use commons_core::record::*;
use commons_tests::codec::Hello;
use commons_tests::member::{found, Member, Word};
use commons_tests::{http, wait_for, Gateway, Mqtt, PATIENCE};
use serde_json::Value;

/// A gateway that is found again where it was, made and not started.
fn prepared(name: &str) -> Gateway {
    let mut gateway =
        Gateway::prepared(&format!("[gateway]\nname = \"{name}\"\n[limits]\nposts_per_minute = 1_000_000\n"));
    gateway.stays = true;
    gateway
}

/// A founded one, running.
fn founded() -> (Gateway, [Member; 3]) {
    let mut gateway = prepared("Maple Street");
    let founders = found(&gateway);
    gateway.again();
    (gateway, founders)
}

fn linked(gateway: &Gateway) -> usize {
    let list = gateway.said_json(&["peer", "list", "--json"]);
    list["peers"].as_array().expect("peers").iter().filter(|peer| !peer["link"].is_null()).count()
}

fn pair(inviter: &Gateway, other: &Gateway) {
    let printed = inviter.said(&["peer", "invite"]);
    let code = printed.lines().last().expect("the code alone on the last line").to_owned();
    other.said(&["peer", "add", &code]);
    wait_for("the link", || (linked(inviter) > 0 && linked(other) > 0).then_some(()));
}

fn part(a: &Gateway, b: &Gateway, name: &str) {
    a.said(&["peer", "remove", name]);
    wait_for("the end of the link", || (linked(b) == 0).then_some(()));
}

fn card(gateway: &Gateway, id: MemberId) -> Value {
    gateway.get(&format!("/api/v1/ledger/members/{id}")).json()
}

/// Over HTTP: the status and the receipt.
fn handed(gateway: &Gateway, word: &Word) -> (u16, Value) {
    let path = format!("/api/v1/post/{}", word.kind);
    let answer =
        http::request(gateway.http, "POST", &path, "application/octet-stream", &word.bytes).expect("an answer");
    (answer.status, answer.json())
}

fn login(member: &Member, pass: &str) -> Option<(String, String)> {
    Some((member.id().to_string(), pass.to_owned()))
}

fn pass(member: &Member, gateway: &Gateway) -> String {
    member.does(gateway, &["token"]).expect("a pass")["pass"].as_str().expect("a pass").to_owned()
}

/// Anybody on the block would read a neighbour's balance; or he himself could not follow it.
#[test]
fn an_account_is_read_over_mqtt_by_its_member_alone() {
    let (gateway, [ann, bob, _]) = founded();
    let topic = format!("commons/ledger/{}", ann.id());
    let mut stranger = gateway.client(5, "stranger");
    assert_eq!(stranger.subscribe(&topic, 1), 0x87);
    assert_eq!(stranger.subscribe("commons/ledger/#", 1), 0x87);
    assert_eq!(stranger.subscribe("#", 1), 1);
    assert_eq!(gateway.client(4, "old").subscribe(&topic, 1), 0x80);
    let hello = |version, login| Hello { login, ..Hello::new(version, "phone") };
    let ann_pass = pass(&ann, &gateway);
    for (version, code) in [(4, 4), (5, 0x86)] {
        assert_eq!(Mqtt::hello(gateway.mqtt, &hello(version, login(&ann, "00"))).err(), Some(code));
        assert_eq!(Mqtt::hello(gateway.mqtt, &hello(version, login(&bob, &ann_pass))).err(), Some(code), "not bob's");
    }
    // Some other user name is nobody's business.
    let other = Some(("sensor-7".to_owned(), "x".to_owned()));
    assert!(Mqtt::hello(gateway.mqtt, &hello(4, other)).is_ok());
    for version in [4, 5] {
        let mut phone = Mqtt::hello(gateway.mqtt, &hello(version, login(&ann, &ann_pass))).expect("welcome");
        assert_ne!(phone.subscribe(&format!("commons/ledger/{}", bob.id()), 1) & 0x80, 0, "not bob's");
        assert_eq!(phone.subscribe(&topic, 1), 1);
        let first = phone.message(PATIENCE).expect("the snapshot");
        assert_eq!((first.retain, &*first.topic), (true, &*topic));
        let before: Value = serde_json::from_slice(&first.payload).expect("JSON");
        let pay = bob.did(&gateway, &["pay", "ann", "0:20", "--memo", "soup"]);
        let changed = phone.message(PATIENCE).expect("the change");
        assert!(!changed.retain);
        let account: Value = serde_json::from_slice(&changed.payload).expect("JSON");
        let slip = &account["open"][0];
        assert_eq!(
            (slip["id"].as_str(), slip["amount"].as_i64(), slip["turn"].as_str()),
            (Some(&*pay), Some(20), Some("answer"))
        );
        assert_eq!((slip["memo"].as_str(), slip["lights"].as_str()), (Some("soup"), Some("confirmed")));
        ann.did(&gateway, &["accept"]);
        let settled = phone.message_where("the settled payment", |message| {
            let account: Value = serde_json::from_slice(&message.payload).expect("JSON");
            account["balances"][0]["settled"].as_i64() == before["balances"][0]["settled"].as_i64().map(|had| had + 20)
        });
        assert_eq!(settled.qos, 1);
    }
    // A kept session is nobody else's: who comes with its name and no pass gets nothing of what waits.
    let kept = Hello { login: login(&ann, &ann_pass), ..Hello::kept(5, "kept") };
    let mut phone = Mqtt::hello(gateway.mqtt, &kept).expect("welcome");
    assert_eq!(phone.subscribe(&topic, 1), 1);
    phone.polite = false;
    phone.message(PATIENCE).expect("the snapshot, not acknowledged");
    drop(phone);
    let thief = Mqtt::hello(gateway.mqtt, &Hello::kept(5, "kept")).expect("welcome");
    assert!(!thief.session_present);
    // A new key ends the pass, and with it the session.
    let mut phone = Mqtt::hello(gateway.mqtt, &hello(5, login(&ann, &ann_pass))).expect("welcome");
    assert_eq!(phone.subscribe(&topic, 1), 1);
    ann.did(&gateway, &["rekey"]);
    assert!(phone.hung_up(PATIENCE), "the old key's pass is over");
    assert_eq!(Mqtt::hello(gateway.mqtt, &hello(5, login(&ann, &ann_pass))).err(), Some(0x86));
    let seen = stranger.message(std::time::Duration::from_millis(300));
    assert!(seen.is_none_or(|message| !message.topic.starts_with("commons/ledger/")));
    gateway.assert_unhurt();
}

/// People use mosquitto's own clients; what we say in the README must work as it stands there.
#[test]
fn mosquitto_reads_an_account_and_posts_a_payment() {
    if Command::new("mosquitto_sub").arg("--help").output().is_err() {
        eprintln!("passed over: mosquitto's clients are not here");
        return;
    }
    let (gateway, [ann, bob, _]) = founded();
    let port = gateway.mqtt.port().to_string();
    let (topic, token) = (format!("commons/ledger/{}", ann.id()), pass(&ann, &gateway));
    let user = ann.id().to_string();
    let read = |login: &[&str]| {
        let mut command = Command::new("mosquitto_sub");
        command.args(["-h", "127.0.0.1", "-p", &port, "-q", "1", "-C", "1", "-W", "10", "-t", &topic]).args(login);
        command.stdin(Stdio::null()).output().expect("mosquitto_sub")
    };
    let account: Value = serde_json::from_slice(&read(&["-u", &user, "-P", &token]).stdout).expect("the account");
    assert_eq!(account["member"]["pseudonym"], "ann");
    let refused = read(&[]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.stdout.is_empty() && said.contains("denied"), "{refused:?}");
    let refused = read(&["-u", &user, "-P", "wrong"]);
    assert!(refused.stdout.is_empty() && !refused.status.success(), "{refused:?}");
    let pay = ann.pays(ann.next(&gateway), bob.id(), 45);
    let file = gateway.beside("pay.bin");
    std::fs::write(&file, &pay.bytes).expect("written");
    let sent = Command::new("mosquitto_pub")
        .args([
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-q",
            "1",
            "-t",
            "commons/post/pay",
            "-f",
            file.to_str().expect("UTF-8"),
        ])
        .status()
        .expect("mosquitto_pub");
    assert!(sent.success());
    assert_eq!(bob.account(&gateway)["open"][0]["id"], pay.id.to_string());
}

/// A cheat, or a mistake, would move hours; or its sender would not learn why nothing came of it.
#[test]
fn what_may_not_be_is_refused_by_name_at_both_doors() {
    let (gateway, [ann, bob, cem]) = founded();
    let mut phone = gateway.client(5, "phones");
    let mut old = gateway.client(4, "old");
    assert_eq!(old.subscribe("commons/receipt/old", 1), 1);
    let mut refused = |word: &Word, status: u16, code: &str, field: Option<&str>, reason: u8| {
        let (found, receipt) = handed(&gateway, word);
        assert_eq!((found, receipt["error"].as_str()), (status, Some(code)), "{receipt}");
        assert_eq!(receipt["field"].as_str(), field, "{receipt}");
        let topic = format!("commons/post/{}", word.kind);
        let (found, words) = phone.publish(&topic, &word.bytes, 1);
        assert_eq!(found, reason, "{code}: {words}");
        assert_eq!(words, receipt["message"].as_str().unwrap_or_default());
        assert_eq!(old.publish(&topic, &word.bytes, 1).0, 0, "3.1.1 knows only acknowledged");
        let told = old.message(PATIENCE).expect("the receipt");
        let told: Value = serde_json::from_slice(&told.payload).expect("JSON");
        assert_eq!((told["ok"].as_bool(), told["error"].as_str()), (Some(false), Some(code)));
    };
    let (a, b) = (ann.next(&gateway), bob.next(&gateway));
    refused(&ann.pays(a, ann.id(), 5), 422, "to_self", Some("to"), 0x99);
    refused(&ann.pays(a, bob.id(), 0), 422, "wrong_value", Some("amount"), 0x99);
    // Minus five, as a machine would write it, and one that would overflow any sum.
    refused(&ann.pays(a, bob.id(), (-5_i64) as u64), 422, "too_long", Some("amount"), 0x99);
    refused(&ann.pays(a, bob.id(), i64::MAX as u64), 422, "too_long", Some("amount"), 0x99);
    refused(&ann.pays(a, bob.id(), 601), 409, "over_limit", Some("amount"), 0x97);
    let unit = |unit| {
        Body::Pay(Pay {
            link: a,
            to: bob.id(),
            unit: UnitIndex(unit),
            amount: Amount(1),
            answers: None,
            item: None,
            memo: String::new(),
        })
    };
    refused(&ann.signs("commons", unit(2)), 422, "unknown_unit", Some("unit"), 0x99);
    // A record of another network, however well signed.
    let elsewhere = ann.signs("other street", unit(0));
    refused(&elsewhere, 403, "bad_signature", None, 0x87);
    // Somebody else's key.
    refused(&bob.pays(a, cem.id(), 5), 403, "wrong_key", Some("key"), 0x87);
    // Out of its place: a number too far, an old end.
    refused(&ann.pays(Link { seq: 2, ..a }, bob.id(), 5), 409, "not_next", Some("seq"), 0x83);
    let pay = ann.pays(a, bob.id(), 5);
    assert_eq!(handed(&gateway, &pay).0, 201);
    assert_eq!(handed(&gateway, &pay).0, 200, "once more, and it is there");
    refused(&ann.pays(a, cem.id(), 6), 409, "not_next", Some("seq"), 0x83);
    // An answer to a payment between others.
    let c = cem.next(&gateway);
    refused(
        &cem.signs("commons", Body::Accept(OnPay { link: c, pay: pay.id })),
        403,
        "not_your_pay",
        Some("pay"),
        0x87,
    );
    refused(
        &cem.signs("commons", Body::Accept(OnPay { link: c, pay: RecordId([8; 32]) })),
        404,
        "unknown_record",
        Some("pay"),
        0x83,
    );
    let decline = bob.signs("commons", Body::Decline(OnPay { link: b, pay: pay.id }));
    assert_eq!(handed(&gateway, &decline).0, 201);
    let late = bob.signs("commons", Body::Accept(OnPay { link: bob.next(&gateway), pay: pay.id }));
    refused(&late, 409, "already_resolved", Some("pay"), 0x83);
    // Only gateways stamp: a member cannot say that home has seen a payment, at whatever time he claims.
    refused(&ann.signs("commons", Body::Stamp(Stamp { record: pay.id })), 403, "gateways_only", None, 0x87);
    let checkpoint = Body::Checkpoint(Checkpoint { records: 1, digest: [0; 32] });
    refused(&ann.signs("commons", checkpoint), 403, "gateways_only", None, 0x87);
    // What the old key signs after a new one, in its own epoch and in the new one.
    let before = ann.copied(&gateway.beside("ann-old.key"));
    ann.did(&gateway, &["rekey"]);
    let now = ann.next(&gateway);
    assert_eq!(now.epoch, 1);
    refused(&before.pays(now, bob.id(), 5), 403, "wrong_key", Some("key"), 0x87);
    refused(&before.pays(Link { epoch: 0, ..now }, bob.id(), 5), 409, "wrong_epoch", Some("epoch"), 0x83);
    refused(&ann.pays(Link { epoch: 0, ..now }, bob.id(), 5), 409, "wrong_epoch", Some("epoch"), 0x83);
    // Frozen by two households: what he pays is refused, what he gets is not.
    let action = Action::Freeze { member: cem.id(), epoch: 0 };
    let decide =
        bob.signs("commons", Body::Decide(Decide { link: bob.next(&gateway), action, text: "two keys".into() }));
    assert_eq!(handed(&gateway, &decide).0, 201);
    let consent = ann.signs("commons", Body::Consent(Consent { link: now, decision: decide.id }));
    assert_eq!(handed(&gateway, &consent).0, 201);
    assert_eq!(card(&gateway, cem.id())["status"], "frozen");
    refused(&cem.pays(cem.next(&gateway), bob.id(), 5), 409, "frozen", None, 0x83);
    let gift = bob.pays(bob.next(&gateway), cem.id(), 7);
    assert_eq!(handed(&gateway, &gift).0, 201);
    let accept = cem.signs("commons", Body::Accept(OnPay { link: cem.next(&gateway), pay: gift.id }));
    assert_eq!(handed(&gateway, &accept).0, 201);
    assert_eq!((cem.settled(&gateway), bob.settled(&gateway)), (7, -7));
    // Words and JSON are no signature.
    for words in [&b"5 hours to bob"[..], br#"{"v":1,"to":"bob"}"#, b"\xfe\x01", b"\xfe"] {
        let (reason, _) = phone.publish("commons/post/pay", words, 1);
        assert!(reason >= 0x80, "{words:?}");
    }
    gateway.assert_unhurt();
}

/// A cheat would have paid two neighbours with one hour, and one of them would lose it.
#[test]
fn a_cloned_key_at_two_gateways_freezes_its_author_and_takes_from_nobody() {
    let mut a = prepared("A");
    let [ann, bob, _cem] = found(&a);
    let (mut b, mut c) = (prepared("B"), prepared("C"));
    [&mut a, &mut b, &mut c].into_iter().for_each(Gateway::again);
    pair(&a, &b);
    pair(&a, &c);
    // dora is at home at B; those who vouch are at A.
    let key = b.beside("dora.key");
    let dora = Member::made(&key);
    wait_for("the covenant at B", || (b.get("/api/v1/ledger").status == 200).then_some(()));
    dora.did(&b, &["join", "dora", "h9"]);
    wait_for("dora at A", || (card(&a, dora.id())["pseudonym"] == "dora").then_some(()));
    ann.did(&a, &["vouch", "dora"]);
    bob.did(&a, &["vouch", "dora"]);
    wait_for("two vouches", || (dora.account(&b)["vouches"].as_array()?.len() == 2).then_some(()));
    dora.did(&b, &["enter"]);
    for gateway in [&a, &c] {
        wait_for("dora everywhere", || (card(gateway, dora.id())["status"] == "member").then_some(()));
    }
    for gateway in [&b, &c] {
        wait_for("ann's chain", || (card(gateway, ann.id())["seq"] == 1).then_some(()));
    }
    // The gateways are parted. One key pays at both.
    let (clone, before) = (ann.copied(&b.beside("ann-clone.key")), ann.next(&a));
    part(&a, &b, "B");
    part(&a, &c, "C");
    ann.did(&a, &["pay", "bob", "2"]);
    bob.did(&a, &["accept"]);
    // Away from home a quarter of ten hours, and no more.
    let over = clone.does(&b, &["pay", "dora", "2:31"]).expect("a receipt");
    assert_eq!((over["error"].as_str(), over["limit"].as_u64()), (Some("over_roaming"), Some(150)), "{over}");
    clone.did(&b, &["pay", "dora", "2:30"]);
    dora.did(&b, &["accept"]);
    // His own second phone asks A for the end of his chain before it signs: no fork by accident, at the one gateway or the other.
    let behind = ann.does(&b, &["pay", "dora", "0:01"]);
    assert_eq!(card(&b, ann.id())["seq"], 2);
    assert!(behind.is_err_and(|said| said.contains("would split your chain")), "B does not know ann's last record");
    let stale = clone.pays(before, bob.id(), 1);
    let (status, receipt) = handed(&a, &stale);
    assert_eq!((status, receipt["error"].as_str()), (409, Some("not_next")), "{receipt}");
    assert_ne!(card(&a, ann.id())["status"], "frozen", "asked in time, nobody is frozen");
    // They meet again.
    pair(&a, &b);
    for gateway in [&a, &b] {
        wait_for("ann is frozen", || (card(gateway, ann.id())["status"] == "frozen").then_some(()));
        wait_for("everybody is paid", || {
            (bob.settled(gateway) == 120 && dora.settled(gateway) == 150 && ann.settled(gateway) == -270).then_some(())
        });
        assert_eq!(card(gateway, ann.id())["ends"].as_array().map(Vec::len), Some(2));
        let refused = ann.pays(ann.next(gateway), bob.id(), 1);
        assert_eq!(handed(gateway, &refused).1["error"], "frozen");
    }
    // The proof is shown, and carried to a gateway that has no link.
    let shown = b.said(&["ledger", "proof", "ann"]);
    let letters = shown.lines().last().expect("the letters").to_owned();
    assert!(letters.starts_with("FORK:1:") && shown.contains('\u{2588}'), "a picture and its letters");
    let public = a.get(&format!("/api/v1/ledger/members/{}/forks", ann.id())).json();
    assert_eq!(public["forks"][0]["seq"], 2, "{public}");
    assert_ne!(card(&c, ann.id())["status"], "frozen");
    assert!(!c.cli(&["ledger", "prove", &letters[..letters.len() - 2]]).status.success(), "not half a proof");
    c.said(&["ledger", "prove", &letters]);
    assert_eq!(card(&c, ann.id())["status"], "frozen");
    let onward = c.said(&["ledger", "proof", "ann"]);
    assert_eq!(onward.lines().last(), Some(&*letters), "carried on from there, though no log there has either half");
    let entries = c.said_json(&["status", "--json"])["entries"].clone();
    c.said(&["ledger", "prove", &letters]);
    assert_eq!(c.said_json(&["status", "--json"])["entries"], entries, "brought again, it is not written again");
    // Frozen is not shamed: he may receive, and the branches are joined at home, within the limit together.
    bob.did(&a, &["pay", "ann", "0:10"]);
    ann.did(&a, &["accept"]);
    ann.did(&a, &["resume"]);
    assert_eq!(card(&a, ann.id())["status"], "member");
    wait_for("mended at B", || (card(&b, ann.id())["status"] == "member").then_some(()));
    assert_eq!(ann.settled(&a), -260);
    for gateway in [&mut a, &mut b, &mut c] {
        let verified = gateway.said_json(&["ledger", "verify", "--json"]);
        assert_eq!(verified["ok"], true, "while it runs: {verified:#}");
        gateway.assert_unhurt();
        gateway.terminate();
        let verified = gateway.said_json(&["ledger", "verify", "--json"]);
        assert_eq!(verified["ok"], true, "stopped: {verified:#}");
    }
}
