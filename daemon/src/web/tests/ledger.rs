//! The ledger over HTTP, with a real gateway behind it: what everybody may see, what a member alone may, and every record posted.

use commons_core::identity::{hex, GatewayId, MemberId, NetworkId, RecordId};
use commons_core::ledger::MemberCard;
use commons_core::record::{Amount, Body, Custody, Facts, Found, Founder, Join, OnPay, Pay, Reclaim, Unit, UnitIndex};
use serde_json::{json, Value};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::harness::{read_all, Reply};
use crate::about::About;
use crate::assembly::{Access, Assembly};
use crate::config::Config;
use crate::counters::Counters;
use crate::pen::{next_link, Pen, Written};
use crate::web::{serve, Web};

const NOW: u64 = 1_795_000_000;

pub struct House {
    at: std::net::SocketAddr,
    pub inbox: crate::inbox::Inbox,
    pub network: NetworkId,
    pub gateway: GatewayId,
    found: RecordId,
    pub data: tempfile::TempDir,
    _stop: oneshot::Sender<()>,
}

fn seed(n: u8) -> [u8; 32] {
    [0x40 + n; 32]
}

fn facts(name: &str, household: &str, home: GatewayId) -> Facts {
    let custody = Custody::Own;
    let (pseudonym, household) = (name.into(), household.into());
    Facts { pseudonym, household, home, guardians: vec![], threshold: 0, custody }
}

impl House {
    /// A gateway with a community of three founders: ann, bob, cem.
    pub async fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.gateway.data = data.path().into();
        config.gateway.network = "maple".into();
        let runtime = tokio::runtime::Handle::current();
        let started = config.clone();
        let assembly = tokio::task::spawn_blocking(move || Assembly::start(&started, Access::Own, &runtime))
            .await
            .unwrap()
            .unwrap();
        let inbox = assembly.inbox.clone();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let about = About {
            v: 1,
            name: assembly.name.clone(),
            id: assembly.id.to_string(),
            network: assembly.network.clone(),
            version: "0",
            mqtt: vec![],
            http: vec![at],
            page: format!("http://{at}/"),
        };
        let (network, gateway) = (NetworkId::of(&about.network), GatewayId::parse(&about.id).unwrap());
        let web = Web::new(
            inbox.clone(),
            about,
            config,
            std::sync::Arc::new(Counters::default()),
            std::sync::Arc::new(|_, _| {}),
        );
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(serve(listener, web, async {
            let _ = stopped.await;
        }));
        let mut house = Self { at, inbox, network, gateway, found: RecordId([0; 32]), data, _stop: stop };
        let founders = ["ann", "bob", "cem"].iter().enumerate();
        let founders = founders
            .map(|(n, name)| Founder { key: house.pen(n as u8).key(), facts: facts(name, &format!("h{n}"), gateway) });
        let found = Found {
            name: "maple street".into(),
            units: vec![Unit { name: "hour".into(), scale: 60, limit: 600 }],
            roaming_percent: 25,
            quorum: 2,
            recovery_delay_s: 3_600,
            founders: founders.collect(),
        };
        let found = house.pen(0).write(NOW, Body::Found(found));
        house.found = found.id;
        assert_eq!(house.post(&found).await.status, 201);
        house
    }

    pub fn pen(&self, n: u8) -> Pen {
        Pen::new(&seed(n), self.network)
    }

    pub fn founder(&self, n: u8) -> MemberId {
        MemberId::of_founder(&self.found, n)
    }

    pub async fn send(&self, head: &str, more: &str, body: &[u8]) -> Reply {
        use tokio::io::AsyncWriteExt;
        let mut stream = tokio::net::TcpStream::connect(self.at).await.unwrap();
        let text = format!(
            "{head} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{more}Content-Length: {}\r\n\r\n",
            self.at,
            body.len()
        );
        stream.write_all(&[text.as_bytes(), body].concat()).await.unwrap();
        read_all(&mut stream).await
    }

    async fn get(&self, path: &str) -> Reply {
        self.send(&format!("GET {path}"), "", b"").await
    }

    async fn get_with(&self, path: &str, pass: &str) -> Reply {
        self.send(&format!("GET {path}"), &format!("Authorization: Bearer {pass}\r\n"), b"").await
    }

    pub async fn post(&self, written: &Written) -> Reply {
        let head = format!("POST /api/v1/post/{}", written.kind);
        self.send(&head, "Content-Type: application/octet-stream\r\n", &written.signed.encode()).await
    }

    pub async fn card(&self, member: MemberId) -> MemberCard {
        self.inbox.member_card(member).await.unwrap()
    }

    pub async fn pay(&self, from: u8, to: MemberId, amount: u64, memo: &str) -> Written {
        let link = next_link(&self.card(self.founder(from)).await).unwrap();
        let (unit, amount, memo) = (UnitIndex(0), Amount(amount), memo.into());
        self.pen(from).write(NOW, Body::Pay(Pay { link, to, unit, amount, answers: None, item: None, memo }))
    }

    /// A pass the way a phone gets one.
    pub async fn pass(&self, n: u8, member: MemberId) -> Reply {
        let question = self.get("/api/v1/ledger/challenge").await.json();
        assert_eq!(question["network"], "maple");
        let challenge: [u8; 32] =
            crate::control::text::digits_to_bytes(question["challenge"].as_str().unwrap()).unwrap();
        let signature = self.pen(n).answer(&self.gateway, &member, &challenge);
        let body =
            json!({"v": 1, "member": member.to_string(), "challenge": hex(&challenge), "signature": hex(&signature)});
        self.send("POST /api/v1/ledger/pass", "Content-Type: application/json\r\n", body.to_string().as_bytes()).await
    }

    pub async fn account(&self, n: u8) -> Value {
        let pass = self.pass(n, self.founder(n)).await.json()["pass"].as_str().unwrap().to_owned();
        self.get_with("/api/v1/ledger/account", &pass).await.json()
    }
}

/// A neighbour would not find the one he wants to pay, or anybody on the block would read his balance.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cards_are_for_all_and_accounts_for_the_member_alone() {
    let house = House::start().await;
    let covenant = house.get("/api/v1/ledger").await.json();
    assert_eq!(covenant["units"], json!([{"name": "hour", "scale": 60, "limit": 600}]));
    assert_eq!((covenant["members"].as_u64(), covenant["name"].as_str()), (Some(3), Some("maple street")));
    let (ann, bob) = (house.founder(0), house.founder(1));
    let found = house.get("/api/v1/ledger/members?q=BO").await.json();
    assert_eq!((found[0]["id"].as_str(), found.as_array().unwrap().len()), (Some(&*bob.to_string()), 1));
    assert_eq!(house.get("/api/v1/ledger/members").await.json().as_array().unwrap().len(), 3);
    let card = house.get(&format!("/api/v1/ledger/members/{}", ann.short())).await.json();
    assert_eq!((card["pseudonym"].as_str(), card["status"].as_str()), (Some("ann"), Some("member")));
    assert_eq!((card["seq"].as_u64(), card["head"].as_str()), (Some(0), Some(&*ann.genesis().to_string())));
    assert!(card.get("balances").is_none(), "{card}");
    assert_eq!(house.get("/api/v1/ledger/members/0000").await.status, 404);
    for path in ["account", "history", "watch"] {
        let refused = house.get(&format!("/api/v1/ledger/{path}")).await;
        assert_eq!((refused.status, refused.json()["error"].as_str()), (401, Some("no_pass")));
        assert_eq!(house.get_with(&format!("/api/v1/ledger/{path}"), "00").await.status, 401);
    }
    let other = house.pass(1, ann).await;
    assert_eq!((other.status, other.json()["error"].as_str()), (403, Some("bad_signature")), "bob's key is not ann's");
    let nobody = house.pass(1, MemberId([9; 32])).await;
    assert_eq!(nobody.json()["error"], "unknown_member");
    let account = house.account(0).await;
    assert_eq!(account["member"]["id"], ann.to_string());
    assert_eq!(account["balances"][0]["left"], 600);
}

/// A payment would be lost, shown to the wrong side, or refused without a word why.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_goes_its_way_and_each_refusal_names_its_cause() {
    let house = House::start().await;
    let (ann, bob) = (house.founder(0), house.founder(1));
    let refused = [
        (house.pay(0, ann, 10, "").await, 422, "to_self", Some("to"), None),
        (house.pay(0, bob, 601, "").await, 409, "over_limit", Some("amount"), Some(600)),
        (house.pay(0, MemberId([7; 32]), 5, "").await, 404, "unknown_record", Some("member"), None),
        (house.pay(0, bob, 0, "").await, 422, "wrong_value", Some("amount"), None),
        (house.pay(0, bob, u64::MAX, "").await, 422, "too_long", Some("amount"), Some(1_000_000_000_000)),
    ];
    for (written, status, error, field, limit) in refused {
        let receipt = house.post(&written).await;
        let json = receipt.json();
        assert_eq!((receipt.status, json["error"].as_str()), (status, Some(error)), "{json}");
        assert_eq!((json["field"].as_str(), json["limit"].as_u64()), (field, limit), "{json}");
    }
    let mut news = house.inbox.account_news().follow(bob);
    let pay = house.pay(0, bob, 90, "ladder & rope").await;
    assert_eq!(house.post(&pay).await.status, 201);
    assert_eq!(house.post(&pay).await.status, 200, "sent once more, it is there");
    assert!(tokio::time::timeout(std::time::Duration::from_secs(10), news.changed()).await.unwrap());
    let slip = house.account(1).await["open"][0].clone();
    let shown = json!({
        "id": pay.id.to_string(), "with": ann.to_string(), "name": "ann", "unit": "hour", "index": 0, "amount": 90,
        "state": "pending", "turn": "answer", "lights": "confirmed", "memo": "ladder & rope", "created": NOW,
    });
    assert_eq!(slip, shown);
    let ann_sees = house.account(0).await;
    assert_eq!((ann_sees["open"][0]["turn"].as_str(), ann_sees["open"][0]["amount"].as_i64()), (None, Some(-90)));
    assert_eq!(
        (ann_sees["balances"][0]["settled"].as_i64(), ann_sees["balances"][0]["left"].as_i64()),
        (Some(0), Some(510))
    );
    let link = next_link(&house.card(ann).await).unwrap();
    let stolen = house.pen(0).write(NOW, Body::Accept(OnPay { link, pay: pay.id }));
    assert_eq!(house.post(&stolen).await.json()["error"], "not_your_pay");
    let link = next_link(&house.card(bob).await).unwrap();
    let decline = house.pen(1).write(NOW, Body::Decline(OnPay { link, pay: pay.id }));
    assert_eq!(house.post(&decline).await.status, 201);
    let link = next_link(&house.card(bob).await).unwrap();
    let late = house.pen(1).write(NOW, Body::Accept(OnPay { link, pay: pay.id }));
    let late = house.post(&late).await;
    assert_eq!((late.status, late.json()["error"].as_str()), (409, Some("already_resolved")));
    let open = house.account(0).await["open"][0].clone();
    assert_eq!((open["turn"].as_str(), open["decline"].as_str()), (Some("reclaim"), Some(&*decline.id.to_string())));
    let link = next_link(&house.card(ann).await).unwrap();
    let reclaim = house.pen(0).write(NOW, Body::Reclaim(Reclaim { link, decline: decline.id }));
    assert_eq!(house.post(&reclaim).await.status, 201);
    let after = house.account(0).await;
    assert_eq!((after["open"].as_array().unwrap().len(), after["balances"][0]["left"].as_i64()), (0, Some(600)));
    let pass = house.pass(0, ann).await.json()["pass"].as_str().unwrap().to_owned();
    let history = house.get_with("/api/v1/ledger/history", &pass).await.json();
    assert_eq!(
        (history["movements"][0]["state"].as_str(), history["movements"].as_array().unwrap().len()),
        (Some("returned"), 1)
    );
}

/// A long history would be cut, or a page of it show a payment twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_is_read_page_by_page() {
    let house = House::start().await;
    let bob = house.founder(1);
    for amount in 1..=7 {
        assert_eq!(house.post(&house.pay(0, bob, amount, "").await).await.status, 201);
    }
    let pass = house.pass(0, house.founder(0)).await.json()["pass"].as_str().unwrap().to_owned();
    let (mut amounts, mut before) = (Vec::new(), String::new());
    loop {
        let page = house.get_with(&format!("/api/v1/ledger/history?limit=3{before}"), &pass).await.json();
        amounts.extend(page["movements"].as_array().unwrap().iter().map(|slip| slip["amount"].as_i64().unwrap()));
        match page["before"].as_u64() {
            Some(number) => before = format!("&before={number}"),
            None => break,
        }
    }
    assert_eq!(amounts, [-7, -6, -5, -4, -3, -2, -1]);
}

/// A newcomer could not find who vouched for him, and would stay without a limit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newcomer_is_shown_who_vouched() {
    let house = House::start().await;
    let join =
        house.pen(5).write(NOW, Body::Join(Join { covenant: house.found, facts: facts("dora", "h9", house.gateway) }));
    assert_eq!(house.post(&join).await.status, 201);
    let dora = MemberId(join.id.0);
    assert_eq!(house.card(dora).await.status, "newcomer");
    for n in 0..2 {
        let link = next_link(&house.card(house.founder(n)).await).unwrap();
        let vouch = house.pen(n).write(NOW, Body::Vouch(commons_core::record::Vouch { link, member: dora }));
        assert_eq!(house.post(&vouch).await.status, 201);
    }
    let vouches = house.inbox.account(dora).await.unwrap().vouches;
    let mut households: Vec<&str> = vouches.iter().map(|vouch| &*vouch.household).collect();
    households.sort_unstable();
    assert_eq!(households, ["h0", "h1"]);
    let [first, second] = &vouches[..] else { panic!("{vouches:?}") };
    let [first, second] = [first, second].map(|vouch| RecordId::parse(&vouch.id).unwrap());
    let link = next_link(&house.card(dora).await).unwrap();
    let enter = house.pen(5).write(NOW, Body::Enter(commons_core::record::Enter { link, first, second }));
    assert_eq!(house.post(&enter).await.status, 201);
    assert_eq!(house.card(dora).await.status, "member");
}

/// Anybody would read what a neighbour gave and received, or he himself could not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ones_own_score_is_for_the_member_alone() {
    let house = House::start().await;
    let (ann, bob) = (house.founder(0), house.founder(1));
    let pay = house.pay(0, bob, 90, "").await;
    assert_eq!(house.post(&pay).await.status, 201);
    let link = next_link(&house.card(bob).await).unwrap();
    let accept = house.pen(1).write(NOW, Body::Accept(OnPay { link, pay: pay.id }));
    assert_eq!(house.post(&accept).await.status, 201);
    for reply in [house.get("/api/v1/ledger/score").await, house.get_with("/api/v1/ledger/score", "guessed").await] {
        assert_eq!(reply.status, 401);
        assert!(!reply.body.contains("units"));
    }
    for (n, member, household, given, received) in [(0, ann, "h0", 0, 90), (1, bob, "h1", 90, 0)] {
        let pass = house.pass(n, member).await.json()["pass"].as_str().unwrap().to_owned();
        let reply = house.get_with("/api/v1/ledger/score", &pass).await;
        assert_eq!(reply.header("cache-control"), "no-store");
        let mine = reply.json();
        assert_eq!(
            (mine["member"].as_str(), mine["household"].as_str()),
            (Some(&*member.to_string()), Some(household))
        );
        let units = mine["units"].as_array().unwrap();
        let sum = |field: &str| units.iter().map(|unit| unit[field].as_i64().unwrap()).sum::<i64>();
        assert_eq!((sum("given"), sum("received"), sum("household_given")), (given, received, given));
        assert_eq!(mine["signals"], json!([]));
    }
    let public = house.get("/api/v1/scorecard").await.json();
    assert!(public["lunations"][0]["units"][0]["few"] == true || public["lunations"][1]["units"][0]["few"] == true);
}
