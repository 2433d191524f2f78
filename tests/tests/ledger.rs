//! Members trade over MQTT with signed records; the keeper and an auditor read it from the stopped gateway.

use commons_core::codec::{record_id, Author};
use commons_core::identity::{GatewayId, MemberId, MemberKeys, NetworkId, RecordId};
use commons_core::record::*;
use commons_tests::{pen, Gateway, Mqtt};

const NETWORK: &str = "maple street";

/// Hands in a record signed with this seed's key; the reason code and the record's id.
fn say(client: &mut Mqtt, seed: u8, body: Body) -> (u8, RecordId) {
    let (keys, network) = (MemberKeys::from_seed(&[seed; 32]), NetworkId::of(NETWORK));
    let topic = format!("commons/post/{}", body.kind().name());
    let signed = pen::signed(&keys, &network, 1_795_000_000, Mark { sender: 7, content: 7 }, body);
    let id = record_id(&network, &GatewayId([0; 32]), &Author::Member(keys.key()), &signed.record);
    (client.publish(&topic, &signed.encode(), 1).0, id)
}

fn founder(seed: u8, name: &str, home: GatewayId) -> Founder {
    let facts = Facts {
        pseudonym: name.into(),
        household: format!("door {seed}"),
        home,
        guardians: vec![],
        threshold: 0,
        custody: Custody::Own,
    };
    Founder { key: MemberKeys::from_seed(&[seed; 32]).key(), facts }
}

/// A neighbour's hour would not be in the book, or an auditor could not read it without us.
#[test]
fn an_hour_paid_over_mqtt_is_in_the_book() {
    let mut gateway = Gateway::start_with(&format!("[gateway]\nnetwork = \"{NETWORK}\"\n"));
    let home = gateway.said_json(&["status", "--json"])["id"].as_str().and_then(GatewayId::parse).expect("its id");
    let mut client = gateway.client(5, "phones");
    let found = Body::Found(Found {
        name: NETWORK.into(),
        units: vec![Unit { name: "hour".into(), scale: 60, limit: 600 }],
        roaming_percent: 25,
        quorum: 2,
        recovery_delay_s: 86_400,
        founders: vec![founder(1, "ann", home), founder(2, "bob", home)],
    });
    let (reason, found) = say(&mut client, 1, found);
    assert_eq!(reason, 0, "the founding is taken");
    let [ann, bob] = [0, 1].map(|place| MemberId::of_founder(&found, place));
    let link = |member: MemberId| Link { member, epoch: 0, seq: 1, prev: member.genesis() };
    let pay = |minutes: u64| {
        let (link, unit, amount) = (link(ann), UnitIndex(0), Amount(minutes));
        Body::Pay(Pay { link, to: bob, unit, amount, answers: None, item: None, memo: "shelf".into() })
    };
    assert_eq!(say(&mut client, 1, pay(601)).0, 0x97, "more than the limit");
    assert_eq!(say(&mut client, 2, pay(90)).0, 0x87, "with another's key");
    let (reason, paid) = say(&mut client, 1, pay(90));
    assert_eq!(reason, 0);
    assert_eq!(say(&mut client, 2, Body::Accept(OnPay { link: link(bob), pay: paid })).0, 0);
    client.goodbye();
    gateway.kill9();
    gateway.again();
    let members = gateway.said_json(&["ledger", "balances", "--json"]);
    gateway.terminate();

    assert_eq!(gateway.said_json(&["ledger", "balances", "--json"]), members, "running or stopped");
    let settled = |n: usize| members["members"][n]["balances"][0]["settled"].as_i64().expect("a balance");
    assert_eq!((settled(0) + settled(1), settled(0).abs()), (0, 90));
    let table = gateway.said(&["ledger", "balances"]);
    assert!(table.contains("-1:30") && table.contains("ann"), "{table}");
    let history = gateway.said_json(&["ledger", "history", "bob", "--json"]);
    assert_eq!(history["movements"][0]["amount"], 90);
    assert_eq!(history["movements"][0]["lights"], "confirmed");
    assert_eq!(history["movements"][0]["id"], paid.to_string());
    let audit = gateway.said_json(&["ledger", "verify", "--json"]);
    assert_eq!((&audit["ok"], &audit["records"], &audit["postings"]), (&true.into(), &2.into(), &1.into()));
    let journal = gateway.said(&["ledger", "export", "--format", "hledger"]);
    assert!(journal.contains(&format!("settled {}", paid.short())), "{journal}");
    let csv = gateway.said(&["ledger", "export", "--format", "csv"]);
    assert!(csv.contains(&format!("{paid},false,{ann},{bob},0,90")), "{csv}");
    let json = gateway.said_json(&["ledger", "export", "--format", "json"]);
    assert_eq!(json["postings"][0]["cause"], paid.to_string());
    gateway.assert_verified();
}
