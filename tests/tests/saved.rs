//! The ledger kept over a restart, in the real daemon: after a clean stop, after kill -9, damaged, of another program, and forged.

use std::path::PathBuf;

use commons_core::codec::{record_id, Author};
use commons_core::identity::{hash, GatewayId, NetworkId};
use commons_core::ledger::{Ledger, Said};
use commons_core::log::Age;
use commons_core::record::*;
use commons_tests::member::{found, Member};
use commons_tests::{trades, wait_for, Gateway};
use serde_json::Value;

/// What stands before the bytes in the file; see `daemon/src/store/saved.rs`.
const HEAD: usize = 48;
const USED: &str = "goes on from the one that was saved";
const UNUSED: &str = "the saved ledger is not used";

fn file(gateway: &Gateway) -> PathBuf {
    gateway.data().join("store").join("ledger")
}

/// Ann pays Bob, who accepts.
fn trade(gateway: &Gateway, [ann, bob, _]: &[Member; 3], minutes: &str) {
    let paid = ann.did(gateway, &["pay", "bob", minutes]);
    bob.did(gateway, &["accept", &paid]);
}

fn balances(gateway: &Gateway) -> Value {
    gateway.said_json(&["ledger", "balances", "--json"])
}

/// What both commands find in the stopped gateway.
fn found_wrong(gateway: &Gateway) -> [Option<String>; 2] {
    [&["verify", "--json"][..], &["ledger", "verify", "--json"]].map(|command| {
        let output = gateway.cli(command);
        let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
        let findings = report["findings"].as_array().expect("findings").iter().filter_map(Value::as_str);
        let wrong = findings.filter(|finding| finding.contains("saved ledger")).map(str::to_owned).next();
        assert_eq!(report["ok"] == true, wrong.is_none(), "{report:#}");
        wrong
    })
}

/// A running gateway with one trade behind it.
fn gateway() -> (Gateway, [Member; 3]) {
    let mut gateway = Gateway::prepared("");
    let people = found(&gateway);
    gateway.again();
    trade(&gateway, &people, "1:00");
    (gateway, people)
}

/// A neighbour's hour would be gone after a power cut, or a large book would keep the block waiting at each start.
#[test]
fn what_came_after_the_saved_ledger_is_read_from_the_journal() {
    let (mut gateway, people) = gateway();
    gateway.terminate();
    assert!(file(&gateway).exists(), "saved at the stop");
    assert_eq!(found_wrong(&gateway), [None, None]);
    gateway.again();
    assert!(gateway.log().contains(USED), "{}", gateway.log());
    assert_eq!(people[1].settled(&gateway), 60);
    // The tail, and nobody who would save it.
    trade(&gateway, &people, "0:30");
    let (told, saved) = (balances(&gateway), std::fs::read(file(&gateway)).expect("saved"));
    gateway.kill9();
    assert_eq!(std::fs::read(file(&gateway)).ok(), Some(saved), "as it was before");
    gateway.again();
    assert!(gateway.log().contains(USED), "{}", gateway.log());
    assert_eq!((balances(&gateway), people[1].settled(&gateway)), (told, 90));
    // And it goes on from there: chains have the right ends, words are found.
    trade(&gateway, &people, "0:05");
    let history = gateway.said_json(&["ledger", "history", "bob", "--json"]);
    assert_eq!(history["movements"].as_array().map(Vec::len), Some(3), "{history:#}");
    gateway.terminate();
    assert_eq!(found_wrong(&gateway), [None, None]);
}

/// A gateway that is never stopped, only cut off, would fold its whole book at every start.
#[test]
fn a_running_gateway_saves_what_would_be_long_to_fold() {
    let mut gateway = trades::restored(5_000);
    assert!(!file(&gateway).exists(), "a copy holds no saved ledger");
    gateway.again();
    wait_for("the ledger saved while running", || file(&gateway).exists().then_some(()));
    let told = balances(&gateway);
    gateway.kill9();
    gateway.again();
    assert!(gateway.log().contains(USED) && gateway.log().contains("saved=5001 read=0"), "{}", gateway.log());
    assert_eq!(balances(&gateway), told);
    gateway.kill9();
    assert_eq!(found_wrong(&gateway), [None, None]);
}

/// A worn card would show balances that nobody ever had, or keep the gateway from starting.
#[test]
fn a_damaged_ledger_costs_a_slower_start_and_nothing_else() {
    let (mut gateway, people) = gateway();
    gateway.terminate();
    let good = std::fs::read(file(&gateway)).expect("saved");
    let hurt = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        bytes
    };
    let bad = [
        hurt(&|bytes| bytes[HEAD + 60] ^= 1),
        hurt(&|bytes| bytes.truncate(HEAD + 60)),
        hurt(&|bytes| bytes.clear()),
        hurt(&|bytes| bytes[4] = 9),
    ];
    for bytes in bad {
        std::fs::write(file(&gateway), bytes).expect("written");
        assert!(found_wrong(&gateway).iter().all(Option::is_some), "damage is found");
        gateway.again();
        assert_eq!(gateway.log().matches(UNUSED).count(), 1, "{}", gateway.log());
        assert_eq!(people[1].settled(&gateway), 60);
        gateway.terminate();
        // Saved anew.
        assert_eq!(found_wrong(&gateway), [None, None]);
    }
    // Another program's is no damage, but of no use.
    std::fs::write(file(&gateway), sealed(&hurt(&|bytes| bytes[HEAD] ^= 1)[HEAD..])).expect("written");
    assert_eq!(found_wrong(&gateway), [None, None]);
    gateway.again();
    assert!(gateway.log().contains("another version of this program"), "{}", gateway.log());
    assert_eq!(people[1].settled(&gateway), 60);
    gateway.terminate();
    // None at all, as after an update.
    std::fs::remove_file(file(&gateway)).expect("removed");
    gateway.again();
    assert!(!gateway.log().contains("saved ledger"), "{}", gateway.log());
    assert_eq!(people[1].settled(&gateway), 60);
}

/// An older copy of the journal would be read as if it held what it does not.
#[test]
fn a_ledger_of_another_journal_is_not_used() {
    let (mut gateway, people) = gateway();
    gateway.terminate();
    let store = gateway.data().join("store");
    let old = gateway.beside("old");
    let done = std::process::Command::new("cp").args(["-a"]).args([&store, &old]).status().expect("cp");
    assert!(done.success());
    gateway.again();
    trade(&gateway, &people, "0:30");
    gateway.terminate();
    let newer = std::fs::read(file(&gateway)).expect("saved");
    std::fs::remove_dir_all(&store).expect("removed");
    std::fs::rename(&old, &store).expect("put back");
    std::fs::write(file(&gateway), newer).expect("left behind");
    assert!(found_wrong(&gateway).iter().flatten().all(|what| what.contains("only")), "it covers more than is here");
    gateway.again();
    assert!(gateway.log().contains(UNUSED), "{}", gateway.log());
    assert_eq!(people[1].settled(&gateway), 60, "what the journal says");
}

/// Who can write to the card could give himself a balance that no audit finds.
#[test]
fn a_forged_ledger_is_found_and_repair_removes_it() {
    let (mut gateway, people) = gateway();
    gateway.terminate();
    let bytes = std::fs::read(file(&gateway)).expect("saved");
    let network = NetworkId::of("commons");
    let at = bytes.windows(32).position(|window| window == network.0).expect("where the ledger begins");
    let mut ledger = Ledger::restore(&network, &bytes[at..]).expect("a ledger");
    let old = ledger.digest();
    // Bob helps himself: a payment of Ann's that she never signed.
    let (ann, bob) = (people[0].id(), people[1].id());
    let next = |ledger: &Ledger, member| {
        let (prev, seq, standing) = ledger.head(member).expect("a head");
        (Link { member: *member, epoch: 0, seq: seq + 1, prev }, Author::Member(standing.key))
    };
    let mut say = |author: Author, body: Body| {
        let record = Record { version: 1, created: 1_795_000_000, mark: Mark { sender: 0, content: 0 }, body };
        let id = record_id(&network, &GatewayId([0; 32]), &author, &commons_core::codec::encode_record(&record));
        let said = Said { id, author, gateway: GatewayId([9; 32]), arrived: Age(1), created: 0, body: &record.body };
        assert!(ledger.apply(said), "it counts");
        id
    };
    let (link, author) = next(&Ledger::restore(&network, &bytes[at..]).expect("a ledger"), &ann);
    let pay = Pay { link, to: bob, unit: UnitIndex(0), amount: Amount(40), answers: None, item: None, memo: "".into() };
    let paid = say(author, Body::Pay(pay));
    let (link, author) = next(&Ledger::restore(&network, &bytes[at..]).expect("a ledger"), &bob);
    say(author, Body::Accept(OnPay { link, pay: paid }));
    let digest = bytes[HEAD..at].windows(32).position(|window| window == old).expect("its digest");
    let mut head = bytes[HEAD..at].to_vec();
    head[digest..digest + 32].copy_from_slice(&ledger.digest());
    std::fs::write(file(&gateway), sealed(&[head, ledger.snapshot()].concat())).expect("written");

    let told = found_wrong(&gateway);
    assert!(told.iter().flatten().all(|what| what.contains("has settled [")), "{told:?}");
    assert!(told.iter().all(Option::is_some), "{told:?}");
    gateway.again();
    assert!(gateway.log().contains(USED), "nothing tells it from a true one but the journal");
    let running = gateway.cli(&["ledger", "verify"]);
    let running = (running.status.code(), String::from_utf8_lossy(&running.stdout).into_owned());
    assert!(running.0 == Some(1) && running.1.contains("has settled ["), "of a running gateway too: {running:?}");
    gateway.kill9();
    gateway.said(&["repair"]);
    assert_eq!(found_wrong(&gateway), [None, None]);
    gateway.again();
    assert_eq!(people[1].settled(&gateway), 60, "what was signed");
}

/// Bytes as the store writes them, with a digest that matches.
fn sealed(bytes: &[u8]) -> Vec<u8> {
    let length = (bytes.len() as u64).to_le_bytes();
    let digest = hash("commonsd/1/saved", &[&length, bytes]);
    [&b"CMSL"[..], &1u32.to_le_bytes(), &length, &digest, bytes].concat()
}
