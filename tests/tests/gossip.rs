//! Gateways as real processes on loopback: paired by code, gossiping, killed in the middle.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use commons_tests::seed::Dice;
use commons_tests::{wait_for, Gateway};
use serde_json::{json, Value};

/// A gateway with a name, which is found again where it was.
fn gateway(name: &str) -> Gateway {
    let mut gateway =
        Gateway::start_with(&format!("[gateway]\nname = \"{name}\"\n[limits]\nposts_per_minute = 1_000_000\n"));
    gateway.stays = true;
    gateway
}

/// Pairs two running gateways, as two neighbours do.
fn pair(inviter: &Gateway, other: &Gateway) {
    let printed = inviter.said(&["peer", "invite"]);
    let code = printed.lines().last().expect("the code alone on the last line").to_owned();
    let said = other.said(&["peer", "add", &code]);
    assert!(said.starts_with("Paired with "), "{said}");
    wait_for("the link", || (linked(inviter) > 0 && linked(other) > 0).then_some(()));
}

fn peers(gateway: &Gateway) -> Vec<Value> {
    let list = gateway.said_json(&["peer", "list", "--json"]);
    list["peers"].as_array().expect("peers").clone()
}

fn linked(gateway: &Gateway) -> usize {
    peers(gateway).iter().filter(|peer| !peer["link"].is_null()).count()
}

fn post(gateway: &Gateway, text: &str) -> String {
    let receipt = gateway.post_json("need", &json!({"text": text}));
    receipt["id"].as_str().expect("an id").to_owned()
}

fn ids(gateway: &Gateway) -> BTreeSet<String> {
    gateway.all("needs").iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

fn status(gateway: &Gateway) -> Value {
    let output = gateway.cli(&["status", "--json"]);
    serde_json::from_slice(&output.stdout).expect("status is JSON")
}

/// All hold the same entries, by the digest of their logs' heads.
fn wait_for_equal(gateways: &[&Gateway]) {
    wait_for("equal heads", || {
        let digests: BTreeSet<String> = gateways
            .iter()
            .map(|gateway| status(gateway)["heads_digest"].as_str().unwrap_or_default().to_owned())
            .collect();
        (digests.len() == 1).then_some(())
    });
}

/// A need on one block would never be seen on the next, although both boxes stand there and run.
#[test]
fn two_gateways_paired_by_a_code_show_each_others_posts() {
    let (a, b) = (gateway("Maple Street"), gateway("Oak Street"));
    let before = post(&a, "insulin, stairwell B");
    pair(&a, &b);
    assert_eq!(peers(&a)[0]["name"], "Oak Street");
    let after = post(&b, "a cot for a baby");
    for (gateway, id) in [(&b, &before), (&a, &after)] {
        gateway.wait_for_item("needs", id, "the other side's need", |item| item["status"] == "open");
    }
    wait_for_equal(&[&a, &b]);
    let (here, there) = (status(&a), status(&b));
    assert_eq!(here["entries"], there["entries"]);
    let peer = &here["peers"][0];
    for counter in ["frames_in", "frames_out", "bytes_in", "bytes_out"] {
        assert!(peer[counter].as_u64().expect(counter) > 0, "{counter} of {peer:#}");
    }
    assert!(peer["link"]["since_ms"].is_u64() && peer["heard_ms_ago"].is_u64());
    let words = a.said(&["peer", "list"]);
    assert!(words.contains("Oak Street") && words.contains("linked for"), "{words}");
    // The pairing ends on one side: nothing more is exchanged.
    a.said(&["peer", "remove", "Oak Street"]);
    wait_for("the end of the link", || (linked(&b) == 0).then_some(()));
    assert!(peers(&a).is_empty());
    let id = post(&a, "said in private");
    assert_eq!(b.get(&format!("/api/v1/needs/{id}")).status, 404);
    a.assert_unhurt();
    b.assert_unhurt();
}

/// A keeper whose far radio carries a few bytes a second wants the alarms of the other valley, and not its bread.
#[test]
fn a_peer_sends_only_what_is_wanted_of_it() {
    let (a, mut b) = (gateway("Valley"), gateway("Hill"));
    let urgent = |text: &str| {
        let receipt = a.post_json("need", &json!({"text": text, "urgency": "now"}));
        receipt["id"].as_str().expect("an id").to_owned()
    };
    post(&a, "bread");
    let first = urgent("insulin, stairwell B");
    let printed = a.said(&["peer", "invite"]);
    let code = printed.lines().last().expect("the code alone on the last line").to_owned();
    let refused = b.cli(&["peer", "add", &code, "--only", "cats"]);
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && words.contains("\"cats\" is nothing a peer could send; say one"), "{words}");
    let said = b.said(&["peer", "add", &code, "--only", "urgent"]);
    assert!(said.contains("Paired with Valley.\nTaken of it: urgent."), "{said}");
    let complete = |gateway: &Gateway| peers(gateway).first().is_some_and(|peer| peer["complete"] == true);
    let shows = |b: &Gateway, wanted: &[&String]| {
        let wanted: BTreeSet<String> = wanted.iter().map(|id| (*id).clone()).collect();
        wait_for("all that is wanted", || (ids(b) == wanted && complete(b)).then_some(()));
        assert_eq!(ids(b), wanted);
    };
    shows(&b, &[&first]);
    // What is posted there goes the other way all the same, and so does what comes later, also after a restart.
    let tea = post(&b, "tea");
    a.wait_for_item("needs", &tea, "the other one's", |_| true);
    b.terminate();
    assert_eq!(peers(&b)[0]["wanted"], json!(["urgent"]), "kept, and told of a stopped gateway too");
    b.again();
    wait_for("the link", || (linked(&b) > 0).then_some(()));
    let soup = post(&a, "soup");
    let second = urgent("water in the cellar");
    shows(&b, &[&first, &second, &tea]);
    let list = b.said(&["peer", "list"]);
    assert!(list.contains("taken of it: urgent") && list.contains("complete: all it announced is here"), "{list}");
    // Then by kind; a kind comes with the lanes that hold it.
    let said = b.said(&["peer", "only", "Valley", "needs"]);
    assert!(
        said.contains("Taken of Valley from now on: urgent (needs, offers and notices that cannot wait), board ("),
        "{said}"
    );
    b.wait_for_item("needs", &soup, "what was passed over", |_| true);
    wait_for("all", || complete(&b).then_some(()));
    assert_eq!(ids(&b).len(), 5);
    // And back to the usual.
    b.said(&["peer", "only", "Valley"]);
    wait_for_equal(&[&a, &b]);
    assert_eq!(peers(&b)[0]["wanted"], json!(["urgent", "book", "board"]));
    // The one at the other end may say the same, in the configuration, for all.
    b.terminate();
    b.configure("[gateway]\nname = \"Hill\"\n[peers]\nwants = [\"urgent\", \"stock\"]\n");
    b.again();
    wait_for("the link", || (linked(&b) > 0).then_some(()));
    let nuts = post(&a, "nuts");
    let third = urgent("a child is lost");
    b.wait_for_item("needs", &third, "the alarm", |_| true);
    wait_for("all", || complete(&b).then_some(()));
    assert_eq!(b.get(&format!("/api/v1/needs/{nuts}")).status, 404);
    assert_eq!(peers(&b)[0]["wanted"], json!(["urgent", "book"]));
    a.assert_unhurt();
    b.assert_unhurt();
}

/// Who asked for help must see how far it has got; a light that goes out when a radio falls silent frightens for nothing,
/// and one that is lit for a gateway that was wiped lies.
#[test]
fn a_post_says_how_many_other_gateways_have_it() {
    let reached = |gateway: &Gateway, id: &str| gateway.get(&format!("/api/v1/needs/{id}")).json()["reached"].as_u64();
    let (mut a, b, mut c) = (gateway("A"), gateway("B"), gateway("C"));
    let alone = post(&a, "while nobody is near");
    assert_eq!(reached(&a, &alone), Some(0));
    pair(&a, &b);
    pair(&a, &c);
    let id = post(&a, "insulin, stairwell B");
    for (gateway, ways) in [(&a, 2), (&b, 1), (&c, 1)] {
        gateway.wait_for_item("needs", &id, "the need", |_| reached(gateway, &id) >= Some(ways));
    }
    wait_for("the older one", || (reached(&a, &alone) == Some(2)).then_some(()));
    // A second, so that what is told later is later by the store's whole seconds.
    std::thread::sleep(Duration::from_millis(1_100));
    c.kill9();
    wait_for("the end of the link", || (linked(&a) == 1).then_some(()));
    let later = post(&a, "after one has gone");
    wait_for("the one that is left", || (reached(&a, &later) == Some(1)).then_some(()));
    assert_eq!(reached(&a, &id), Some(2));
    // Nor is it forgotten in a power cut: of the one that is away, too.
    a.kill9();
    a.again();
    wait_for("the other one's word and the note", || (reached(&a, &id) == Some(2)).then_some(()));
    c.again();
    wait_for("the one that came back", || (reached(&a, &later) == Some(2)).then_some(()));
    a.assert_unhurt();
}

/// What somebody was told is kept would not reach the next block if the power fails just then.
#[test]
fn what_was_acknowledged_while_apart_arrives_after_kill_9() {
    let (mut a, mut b) = (gateway("A"), gateway("B"));
    pair(&a, &b);
    b.kill9();
    let posted: BTreeSet<String> = (0..300).map(|number| post(&a, &format!("need {number}"))).collect();
    a.kill9();
    a.again();
    b.again();
    wait_for("all of it", || (ids(&b) == posted).then_some(()));
    wait_for_equal(&[&a, &b]);
    // Each of them is killed while the other has something to tell.
    let more: BTreeSet<String> = (300..600)
        .map(|number| {
            match number {
                350 | 450 => b.kill9(),
                400 | 500 => b.again(),
                550 => {
                    a.kill9();
                    a.again();
                }
                _ => {}
            }
            post(&a, &format!("need {number}"))
        })
        .collect();
    let all: BTreeSet<String> = posted.union(&more).cloned().collect();
    assert_eq!(ids(&a), all);
    wait_for("all of it", || (ids(&b) == all).then_some(()));
    wait_for_equal(&[&a, &b]);
    assert_eq!(status(&a)["entries"], status(&b)["entries"]);
    for gateway in [&mut a, &mut b] {
        gateway.assert_unhurt();
        gateway.terminate();
        gateway.assert_verified();
    }
}

/// A gateway in the middle would keep two blocks apart, or a ring of three would send everything round and round.
#[test]
fn three_in_a_line_and_then_in_a_ring() {
    let (a, b, c) = (gateway("A"), gateway("B"), gateway("C"));
    pair(&a, &b);
    pair(&b, &c);
    let (first, last) = (post(&a, "from the one end"), post(&c, "from the other"));
    c.wait_for_item("needs", &first, "a need from two links away", |item| item["status"] == "open");
    a.wait_for_item("needs", &last, "a need from two links away", |item| item["status"] == "open");
    pair(&c, &a);
    let posted: Vec<String> = (0..30).map(|number| post([&a, &b, &c][number % 3], &format!("need {number}"))).collect();
    for gateway in [&a, &b, &c] {
        for id in &posted {
            gateway.wait_for_item("needs", id, "a need of the ring", |_| true);
        }
    }
    wait_for_equal(&[&a, &b, &c]);
    for gateway in [&a, &b, &c] {
        assert_eq!(status(gateway)["entries"], 32);
        assert_eq!(linked(gateway), 2);
        gateway.assert_unhurt();
    }
}

/// One box that hangs would keep two others, and everybody's phones, waiting.
#[test]
fn a_peer_that_hangs_delays_nobody() {
    let (a, b, c) = (gateway("A"), gateway("B"), gateway("C"));
    pair(&a, &b);
    pair(&a, &c);
    b.signal("STOP");
    let posted: Vec<String> = (0..200).map(|number| post(&a, &format!("need {number}"))).collect();
    let last = posted.last().expect("a post");
    // The patience of a test is less than the time after which a silent link is given up.
    c.wait_for_item("needs", last, "the last need", |_| true);
    b.signal("CONT");
    b.wait_for_item("needs", last, "the last need", |_| true);
    wait_for_equal(&[&a, &b, &c]);
    for gateway in [&a, &b, &c] {
        gateway.assert_unhurt();
    }
}

/// The gateway behind a metered radio would use up its volume, or what is capped would never arrive.
#[test]
fn a_capped_link_keeps_its_cap() {
    let (mut a, b) = (gateway("A"), gateway("B"));
    pair(&a, &b);
    a.terminate();
    a.configure("[gateway]\nname = \"A\"\n[limits]\nposts_per_minute = 1_000_000\n[peers]\nbytes_per_second = 4_000\n");
    a.again();
    wait_for("the link", || (linked(&a) == 1 && linked(&b) == 1).then_some(()));
    // Words that no dictionary has.
    let mut dice = Dice::throw("a capped link");
    let mut noise = || (0..1_000).map(|_| char::from(b'!' + dice.below(90) as u8)).collect::<String>();
    let began = Instant::now();
    let posted: Vec<String> = (0..20).map(|_| post(&a, &noise())).collect();
    b.wait_for_item("needs", posted.last().expect("a post"), "the last need", |_| true);
    let took = began.elapsed();
    // 20 times a thousand random characters of 90 are some 16,000 bytes, and the first quarter second is free.
    assert!(took > Duration::from_secs(2), "{took:?}");
    wait_for_equal(&[&a, &b]);
}

/// A claim on the other block's need would be refused, or the need stay open for everybody else.
#[test]
fn acts_cross_links_too() {
    let (a, b) = (gateway("A"), gateway("B"));
    pair(&a, &b);
    let id = post(&a, "someone to carry water");
    b.wait_for_item("needs", &id, "the need", |item| item["status"] == "open");
    let receipt = b.post_json("claim", &json!({"item": id, "message": "I will"}));
    assert_eq!(receipt["ok"], true, "{receipt}");
    a.wait_for_item("needs", &id, "the claim", |item| {
        item["claims"].as_array().is_some_and(|claims| !claims.is_empty())
    });
    wait_for_equal(&[&a, &b]);
}

/// A keeper who types a code wrong, or uses it twice, would be left without a word.
#[test]
fn codes_that_do_not_work_say_why() {
    let (mut a, b, c) = (gateway("A"), gateway("B"), gateway("C"));
    let wrong = b.cli(&["peer", "add", "12345-67890"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("typing mistake"));
    let code = a.said(&["peer", "invite"]).lines().last().expect("a code").to_owned();
    b.said(&["peer", "add", &code.to_lowercase().replace('-', " ")]);
    let used = c.cli(&["peer", "add", &code]);
    let said = String::from_utf8_lossy(&used.stderr);
    assert_eq!(used.status.code(), Some(1), "{said}");
    assert!(said.contains("used or has expired") && said.contains("peer invite"), "{said}");
    let list = c.said_json(&["peer", "list", "--json"]);
    assert_eq!((&list["codes"][0]["code"], &list["codes"][0]["given_up"]), (&json!(code), &json!(true)));
    c.said(&["peer", "remove", &code]);
    assert_eq!(c.said_json(&["peer", "list", "--json"])["codes"], json!([]));
    // Its gateway is away: that is neither done nor failed.
    let code = a.said(&["peer", "invite"]).lines().last().expect("a code").to_owned();
    a.terminate();
    let early = c.cli(&["peer", "add", &code]);
    let said = String::from_utf8_lossy(&early.stdout);
    assert_eq!(early.status.code(), Some(4), "{said}");
    assert!(said.starts_with("Not met yet"), "{said}");
    let unknown = a.cli(&["peer", "remove", "nobody"]);
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("peer list"));
}

/// A keeper prepares a pairing before the box is switched on.
#[test]
fn pairing_works_while_a_gateway_is_stopped() {
    let (a, mut b, c) = (gateway("A"), gateway("B"), gateway("C"));
    b.terminate();
    let code = a.said(&["peer", "invite"]).lines().last().expect("a code").to_owned();
    let said = b.said(&["peer", "add", &code]);
    assert!(said.starts_with("Kept."), "{said}");
    assert_eq!(b.said_json(&["peer", "list", "--json"])["codes"][0]["code"], code.as_str());
    b.again();
    wait_for("the link", || (linked(&a) == 1 && linked(&b) == 1).then_some(()));
    b.terminate();
    assert_eq!(peers(&b)[0]["name"], "A");
    let report = status(&b);
    assert_eq!((&report["peers"][0]["name"], &report["near"]), (&json!("A"), &json!([])));
    b.said(&["peer", "remove", "A"]);
    // The code names the port it was last started with, which is in no file.
    let printed = b.said(&["peer", "invite"]);
    assert!(printed.contains(&format!("is called at {}.\n", b.mqtt)), "{printed}");
    b.again();
    assert!(peers(&b).is_empty());
    let said = c.said(&["peer", "add", printed.lines().last().expect("a code")]);
    assert!(said.starts_with("Paired with B"), "{said}");
}
