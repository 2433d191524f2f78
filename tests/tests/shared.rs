//! Shared things, common pots and the scorecard on a real gateway: by MQTT, forms, JSON, topics and the command line.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use commons_core::codec::{encode_record, record_id, Author, SignedRecord};
use commons_core::identity::{hex, GatewayId, MemberId, MemberKeys, NetworkId, RecordId};
use commons_core::record::*;
use commons_tests::codec::Hello;
use commons_tests::http::form;
use commons_tests::{wait_for, Gateway, Mqtt};
use serde_json::{json, Value};

const NETWORK: &str = "maple street";

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

/// Hands in a record signed with this seed's key; the record's id.
fn say(client: &mut Mqtt, seed: u8, body: Body) -> RecordId {
    let (keys, network) = (MemberKeys::from_seed(&[seed; 32]), NetworkId::of(NETWORK));
    let topic = format!("commons/post/{}", body.kind().name());
    let mark = Mark { sender: 7, content: 7 };
    let record = encode_record(&Record { version: RECORD_VERSION, created: now_s(), mark, body });
    let id = record_id(&network, &GatewayId([0; 32]), &Author::Member(keys.key()), &record);
    let signature = keys.sign(&network, &record);
    let signed = SignedRecord { author: keys.key(), record, signature };
    let (reason, why) = client.publish(&topic, &signed.encode(), 1);
    assert_eq!(reason, 0, "{topic}: {why}");
    id
}

/// A member's end of his chain.
struct Pen {
    seed: u8,
    link: Link,
}

impl Pen {
    fn write(&mut self, client: &mut Mqtt, body: impl FnOnce(Link) -> Body) -> RecordId {
        let id = say(client, self.seed, body(self.link));
        self.link = Link { seq: self.link.seq + 1, prev: id, ..self.link };
        id
    }
}

/// Six households, one founder each, and a common pot; everybody at home here.
fn community(client: &mut Mqtt, home: GatewayId) -> Vec<Pen> {
    let facts = |name: &str, household: String| Facts {
        pseudonym: name.into(),
        household,
        home,
        guardians: vec![],
        threshold: 0,
        custody: Custody::Own,
    };
    let founder = |seed: u8| Founder {
        key: MemberKeys::from_seed(&[seed; 32]).key(),
        facts: facts(["ann", "bob", "cem", "dee", "eva", "fay"][usize::from(seed) - 1], format!("door {seed}")),
    };
    let found = Body::Found(Found {
        name: NETWORK.into(),
        units: vec![Unit { name: "hour".into(), scale: 60, limit: 6_000 }],
        roaming_percent: 25,
        quorum: 2,
        recovery_delay_s: 86_400,
        founders: (1..=6).map(founder).collect(),
    });
    let found = say(client, 1, found);
    let first = |seed, member: MemberId| {
        let link = Link { member, epoch: 0, seq: 1, prev: member.genesis() };
        Pen { seed, link }
    };
    let mut pens: Vec<Pen> = (0..6).map(|place| first(place + 1, MemberId::of_founder(&found, place))).collect();
    let pot = Facts { custody: Custody::Pot, ..facts("seed pot", "all of us".into()) };
    let pot = say(client, 9, Body::Join(Join { covenant: found, facts: pot }));
    pens.push(first(9, MemberId(pot.0)));
    pens
}

fn pay(client: &mut Mqtt, pens: &mut [Pen], from: usize, to: usize, minutes: u64) {
    let to_member = pens[to].link.member;
    let paid = pens[from].write(client, |link| {
        let (unit, amount) = (UnitIndex(0), Amount(minutes));
        Body::Pay(Pay { link, to: to_member, unit, amount, answers: None, item: None, memo: String::new() })
    });
    pens[to].write(client, |link| Body::Accept(OnPay { link, pay: paid }));
}

fn retained(client: &mut Mqtt, topic: &str, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
    let parse = |payload: &[u8]| serde_json::from_slice::<Value>(payload).expect("JSON");
    let message = client.message_where(what, |message| message.topic == topic && fits(&parse(&message.payload)));
    parse(&message.payload)
}

/// A volunteer at the pantry, a button on its wall and the list on the door would tell three different stories.
#[test]
fn shelves_are_the_same_by_every_way_in_and_out() {
    let mut gateway = Gateway::start();
    let mut button = gateway.client(5, "pantry-button");
    let mut door = gateway.client(4, "door-display");
    assert_eq!(door.subscribe("commons/stock", 1), 1);
    let told = retained(&mut door, "commons/stock", "the empty list", |_| true);
    assert_eq!(told["shelves"], json!([]));
    let rice = br#"{"place":"pantry","item":"rice","unit":"kg","qty":12.5,"source":"market"}"#;
    assert_eq!(button.publish("commons/post/stock_in", rice, 1).0, 0);
    let told = retained(&mut door, "commons/stock", "rice on the door", |told| told["shelves"][0]["qty"] == 12.5);
    assert_eq!(told["shelves"][0]["place"], "pantry");

    // By the form, as a browser without script sends it.
    let token = "0123456789abcdef0123456789abcdef";
    let out = form(&[
        ("act", "stock_out"),
        ("place", "pantry"),
        ("item", "rice"),
        ("unit", "kg"),
        ("qty", "2,5"),
        ("token", token),
    ]);
    let posted = gateway.post("/stock/new", "application/x-www-form-urlencoded", &out);
    assert_eq!(posted.status, 303, "{}", posted.body);
    assert!(gateway.get(posted.header("location")).body.contains("It is written down"));
    let too_much = form(&[("act", "stock_out"), ("place", "pantry"), ("item", "rice"), ("unit", "kg"), ("qty", "99")]);
    let refused = gateway.post("/stock/new", "application/x-www-form-urlencoded", &too_much);
    assert!(refused.status == 409 && refused.body.contains("more than there is: 10."), "{}", refused.body);

    // Counted by one, and by a second one.
    let count =
        button.publish("commons/post/stock_count", br#"{"place":"pantry","item":"rice","unit":"kg","qty":9}"#, 1);
    assert_eq!(count.0, 0);
    let shelf = gateway.get("/api/v1/stock").json()[0].clone();
    assert_eq!((&shelf["qty"], &shelf["counts"][0]["counted"]), (&json!(10), &json!(false)));
    let id = shelf["counts"][0]["id"].as_str().expect("its id").to_owned();
    assert!(gateway.said(&["stock"]).contains(&format!("commonsd post cosign {id}")));
    let alone = button.publish("commons/post/cosign", id.as_bytes(), 1);
    assert_eq!(alone.0, 0x87, "the one who counted: {}", alone.1);
    let agree = form(&[("act", "cosign"), ("target", &id), ("token", "fedcba9876543210fedcba9876543210")]);
    assert_eq!(gateway.post("/stock", "application/x-www-form-urlencoded", &agree).status, 303);
    assert_eq!(gateway.get("/api/v1/stock").json()[0]["qty"], 9);

    // Lent by the command line's JSON, back by a button's plain text.
    let loan = r#"{"place":"pantry","item":"rice","unit":"kg","qty":3,"to":"Eva, 3rd floor","due":"2026-12-01"}"#;
    let done = gateway.cli_with_input(&["post", "loan", "--json-body", "-"], loan);
    assert!(!done.status.success(), "a day alone is no moment");
    let loan = loan.replace("2026-12-01", "2026-12-01T10:00:00Z");
    let done = gateway.cli_with_input(&["post", "loan", "--json", "--json-body", "-"], &loan);
    let receipt: Value = serde_json::from_slice(&done.stdout).expect("a receipt");
    let id = receipt["id"].as_str().expect("its id").to_owned();
    let said = gateway.said(&["stock"]);
    assert!(said.contains("Lent: 3 kg rice to Eva, 3rd floor, due back 2026-12-01"), "{said}");
    let page = gateway.get("/stock").body;
    assert!(page.contains("Eva, 3rd floor") && page.contains("Due back <time datetime=\"2026-12-01\">"), "{page}");
    assert_eq!(button.publish("commons/post/return", id.as_bytes(), 1).0, 0);
    retained(&mut door, "commons/stock", "all of it back", |told| {
        told["shelves"][0]["qty"] == 9 && told["shelves"][0]["lent"] == 0
    });
    let before = gateway.get("/api/v1/stock").json();
    let day = &before[0]["days"][0];
    assert_eq!((&day[1], &day[2]), (&json!(12.5), &json!(2.5)));
    gateway.kill9();
    gateway.again();
    assert_eq!(gateway.get("/api/v1/stock").json(), before, "after a power cut");
    assert_eq!(gateway.said_json(&["stock", "--json"]), before);
    gateway.assert_unhurt();
    gateway.terminate();
    gateway.assert_verified();
}

/// The block would not see how it gives and takes, or everybody would see what is one household's own.
#[test]
fn the_scorecard_is_the_same_by_every_way_out_and_names_nobody() {
    let mut gateway = Gateway::start_with(&format!("[gateway]\nnetwork = \"{NETWORK}\"\n"));
    let home = gateway.said_json(&["status", "--json"])["id"].as_str().and_then(GatewayId::parse).expect("its id");
    let mut phones = gateway.client(5, "phones");
    let mut reader = gateway.client(5, "reader");
    assert_eq!(reader.subscribe("commons/#", 0), 0);
    let told = retained(&mut reader, "commons/scorecard", "no community", |_| true);
    assert_eq!(told["covenant"], Value::Null);
    assert!(gateway.get("/scorecard").body.contains("Nobody has founded a community"));

    let mut pens = community(&mut phones, home);
    for (from, to, minutes) in [(0, 1, 60), (1, 2, 90), (2, 3, 30)] {
        pay(&mut phones, &mut pens, from, to, minutes);
    }
    let card = |gateway: &Gateway| gateway.get("/api/v1/scorecard").json();
    let few = wait_for("four households traded", || Some(card(&gateway)).filter(|card| card["households"] == 6));
    let unit = wait_for("few", || {
        let unit = card(&gateway)["lunations"][0]["units"][0].clone();
        (unit["few"] == true).then_some(unit)
    });
    assert_eq!((&unit["circulation"], &unit["given"], &unit["gini"]), (&Value::Null, &Value::Null, &Value::Null));
    assert_eq!(few["cell_least"], 5);

    for (from, to, minutes) in [(3, 4, 45), (4, 5, 15), (5, 6, 20)] {
        pay(&mut phones, &mut pens, from, to, minutes);
    }
    let unit = wait_for("six households traded", || {
        let unit = card(&gateway)["lunations"][0]["units"][0].clone();
        (unit["circulation"] == 260).then_some(unit)
    });
    // 60 - 60, 90 - 60, ...: balances of -60, -30, 60, -15, 30, -5 and 20 in the pot: half of 220.
    assert_eq!((&unit["postings"], &unit["velocity"]), (&json!(6), &json!(2.363)));
    assert_eq!(unit["given"], json!({"total": 240, "households": 5, "median": 37}));
    assert_eq!(card(&gateway)["lunations"][0]["reliance"], 100);
    let told = retained(&mut reader, "commons/scorecard", "six households", |told| {
        told["lunations"][0]["units"][0]["circulation"] == 260
    });
    assert_eq!(told["lunations"][0], card(&gateway)["lunations"][0]);
    assert_eq!(gateway.said_json(&["scorecard", "--json"])["lunations"], card(&gateway)["lunations"]);
    let said = gateway.said(&["scorecard"]);
    assert!(said.contains("maple street: 6 households") && said.contains("100 % of households"), "{said}");
    let page = gateway.get("/scorecard").body;
    assert!(page.contains("<bdi dir=\"auto\">hour</bdi>") && page.contains(">4.33<"), "{page}");
    for words in [page, said, card(&gateway).to_string(), told.to_string()] {
        for name in ["ann", "eva", "door 1", "door 5"] {
            assert!(
                !words.contains(&format!("\"{name}\"")) && !words.contains(&format!(">{name}<")),
                "{name}: {words}"
            );
        }
    }
    // The pot is open to everybody.
    let pots = gateway.get("/api/v1/pots").json();
    assert_eq!((&pots[0]["name"], &pots[0]["units"][0]["balance"]), (&json!("seed pot"), &json!(20)));
    assert_eq!(pots[0]["units"][0]["days"][0], json!([now_s() / 86_400, 20, 0]));
    assert!(gateway.get("/stock").body.contains("seed pot"));
    assert!(gateway.said(&["pots"]).contains("seed pot"), "by the command line");
    // Who comes late is told the same.
    let mut late = gateway.client(4, "late");
    assert_eq!(late.subscribe("commons/stock", 1), 1);
    retained(&mut late, "commons/stock", "the pot", |told| told["pots"][0]["units"][0]["balance"] == 20);
    gateway.assert_unhurt();
    gateway.terminate();
    assert_eq!(gateway.said_json(&["scorecard", "--json"])["lunations"][0]["units"][0], unit, "of the stopped gateway");
}

/// The block would hear whose balance lies far off, or he himself would not.
#[test]
fn a_signal_is_told_to_its_member_alone() {
    let gateway = Gateway::start_with(&format!("[gateway]\nnetwork = \"{NETWORK}\"\n"));
    let home = gateway.said_json(&["status", "--json"])["id"].as_str().and_then(GatewayId::parse).expect("its id");
    let mut phones = gateway.client(5, "phones");
    let mut pens = community(&mut phones, home);
    for (from, to, minutes) in [(0, 1, 60), (1, 2, 90), (2, 3, 30), (3, 4, 45), (4, 5, 15), (5, 6, 20), (5, 0, 600)] {
        pay(&mut phones, &mut pens, from, to, minutes);
    }
    let mut anybody = gateway.client(5, "anybody");
    assert_eq!(anybody.subscribe("#", 0), 0);
    // Balances 540, -30, 60, -15, 30, -605: the middle is 7.5, the bound 4.44 x 45 away from it.
    for (place, far) in [(5, Some(-605)), (1, None)] {
        let member = pens[place].link.member;
        let login = Some((member.to_string(), pass(&gateway, home, pens[place].seed, member)));
        let hello = Hello { login, ..Hello::new(5, &format!("phone-{place}")) };
        let mut phone = Mqtt::hello(gateway.mqtt, &hello).expect("let in");
        let topic = format!("commons/ledger/{member}");
        // The scorecard may be a moment older than the account.
        let told = wait_for("the account with its signals", || {
            assert_eq!(phone.subscribe(&topic, 0), 0);
            let told = retained(&mut phone, &topic, "the account", |_| true);
            (told["signals"].is_null() == far.is_none()).then_some(told)
        });
        let signals = match far {
            Some(balance) => json!([{"signal": "balance_far", "unit": "hour", "balance": balance, "median": 7}]),
            None => Value::Null,
        };
        assert_eq!(told["signals"], signals, "{told}");
    }
    retained(&mut anybody, "commons/scorecard", "all of it", |told| {
        told["lunations"][0]["units"][0]["circulation"] == 860
    });
    while let Some(message) = anybody.message(Duration::from_millis(300)) {
        let text = String::from_utf8_lossy(&message.payload).into_owned();
        assert!(!text.contains("balance_far") && !message.topic.starts_with("commons/ledger"), "{}", message.topic);
    }
    assert!(!gateway.get("/api/v1/scorecard").body.contains("balance_far"));
    gateway.assert_unhurt();
}

/// A pass the way a phone gets one.
fn pass(gateway: &Gateway, home: GatewayId, seed: u8, member: MemberId) -> String {
    let question = gateway.get("/api/v1/ledger/challenge").json()["challenge"].as_str().expect("a question").to_owned();
    let asked = RecordId::parse(&question).expect("32 bytes").0;
    let keys = MemberKeys::from_seed(&[seed; 32]);
    let signature = keys.sign_for_pass(&NetworkId::of(NETWORK), &home, &member, &asked);
    let body = json!({"v": 1, "member": member.to_string(), "challenge": question, "signature": hex(&signature.0)});
    let answer = gateway.post("/api/v1/ledger/pass", "application/json", &body.to_string()).json();
    answer["pass"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// A year of answered needs would be forgotten when they expire, or be counted twice after a power cut.
#[test]
fn needs_that_are_over_still_count() {
    let mut gateway = Gateway::start();
    let mut codes = Vec::new();
    for n in 0..6 {
        let need = json!({"text": format!("bread {n}"), "urgency": "today", "expires_s": 4, "ref": format!("{n}")});
        let mut person = gateway.client(5, &format!("person-{n}"));
        assert_eq!(person.publish("commons/post/need", need.to_string().as_bytes(), 1).0, 0);
        codes.push(person);
    }
    let needs = |gateway: &Gateway| gateway.get("/api/v1/scorecard").json()["lunations"][0]["needs"][0].clone();
    wait_for("all six asked", || Some(needs(&gateway)).filter(|told| told["asked"] == 6 && told["open"] == 6));
    let over = |gateway: &Gateway| {
        wait_for("all six are over", || Some(needs(gateway)).filter(|told| told["unmet"] == 6 && told["open"] == 0))
    };
    let told = over(&gateway);
    assert_eq!((&told["asked"], &told["fulfilled_percent"]), (&json!(6), &json!(0)));
    // Once before the counts were written, and once after.
    gateway.kill9();
    gateway.again();
    assert_eq!(over(&gateway), told);
    gateway.terminate();
    gateway.again();
    assert_eq!(over(&gateway), told);
    gateway.kill9();
    gateway.again();
    std::thread::park_timeout(Duration::from_millis(10));
    assert_eq!(over(&gateway), told);
}
