//! What households decide together, at real gateways: proposed and agreed to from terminals, followed by whom it is about; kept
//! accounts and their cards; guesses at PINs.

use commons_core::identity::MemberId;
use commons_tests::gateway::commonsd;
use commons_tests::member::{found, Member};
use commons_tests::{http, wait_for, Gateway};
use serde_json::Value;

fn founded() -> (Gateway, [Member; 3]) {
    let mut gateway = Gateway::prepared("[gateway]\nname = \"Maple Street\"\n[limits]\nposts_per_minute = 1_000_000\n");
    gateway.stays = true;
    let founders = found(&gateway);
    gateway.again();
    (gateway, founders)
}

fn card(gateway: &Gateway, id: MemberId) -> Value {
    gateway.get(&format!("/api/v1/ledger/members/{id}")).json()
}

fn decisions(gateway: &Gateway) -> Vec<Value> {
    gateway.said_json(&["member", "decisions", "--json"])["decisions"].as_array().expect("a list").clone()
}

/// A neighbour whose account was stopped, or whose key is lost without guardians, would be out for ever.
#[test]
fn households_freeze_an_account_and_let_it_go_on_with_another_key() {
    let (gateway, [ann, bob, cem]) = founded();
    assert!(gateway.said(&["member", "decisions"]).contains("Nothing was proposed"));
    cem.did(&gateway, &["pay", "bob", "1:00"]);
    bob.did(&gateway, &["accept"]);
    let freeze = ann.did(&gateway, &["decide", "freeze", "cem", "--because", "a phone was stolen"]);
    let shown = gateway.said(&["member", "decisions"]);
    for part in ["cem's account rests", "a phone was stolen", "1 of 2 households", "ann (h0)"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert_eq!(card(&gateway, cem.id())["status"], "member", "one household is not enough");
    // Whom it is about has no voice in it.
    cem.did(&gateway, &["consent", &freeze[..8]]);
    assert_eq!(card(&gateway, cem.id())["status"], "member");
    assert!(gateway.said(&["member", "decisions"]).contains("cem (h2, does not count)"));
    bob.did(&gateway, &["consent"]);
    assert_eq!(card(&gateway, cem.id())["status"], "frozen");
    assert_eq!(decisions(&gateway)[0]["state"], "in_force");
    let refused = cem.does(&gateway, &["pay", "bob", "0:10"]).expect("a receipt");
    assert_eq!(refused["error"], "frozen");
    // A new key for it, which nobody but cem has.
    let new = Member::made(&gateway.beside("cem-new.key"));
    let key = commons_core::identity::MemberKeys::key(&new.keys()).to_string();
    let on = bob.did(&gateway, &["decide", "unfreeze", "cem", "--because", "cem has a new phone", "--new-key", &key]);
    let shown = gateway.said(&["member", "decisions"]);
    assert!(
        shown.contains(&format!("cem's account goes on with -1:00 hour, 0:00 credit and the key {}", &key[..8])),
        "{shown}"
    );
    let early = new.does(&gateway, &["resume", "--decision", &on]);
    assert!(early.is_err_and(|said| said.contains("does not wait")), "one household agreed");
    ann.did(&gateway, &["consent", &on]);
    let state = |id: &str| decisions(&gateway).into_iter().find(|card| card["id"] == id).expect("it")["state"].clone();
    assert_eq!(state(&on), "ready");
    let thief = cem.does(&gateway, &["resume", "--decision", &on]);
    assert!(thief.is_err_and(|said| said.contains("another key")));
    new.did(&gateway, &["resume", "--decision", &on]);
    let after = card(&gateway, cem.id());
    assert_eq!(
        (after["status"].as_str(), after["key"].as_str(), after["epoch"].as_u64()),
        (Some("member"), Some(&*key), Some(1))
    );
    assert_eq!((state(&on), state(&freeze)), ("in_force".into(), "over".into()));
    new.did(&gateway, &["pay", "bob", "0:10"]);
    assert_eq!(new.settled(&gateway), -60, "what was owed stays owed");
    gateway.assert_unhurt();
}

/// A debt that nobody can ever pay would stay on a neighbour, though all want a fund to take it over.
#[test]
fn households_let_a_common_fund_take_over_a_debt() {
    let (gateway, [ann, bob, cem]) = founded();
    let fund = Member::made(&gateway.beside("fund.key"));
    fund.did(&gateway, &["join", "Solidarity", "all", "--pot"]);
    cem.did(&gateway, &["pay", "bob", "3:00"]);
    bob.did(&gateway, &["accept"]);
    let no = ann.does(&gateway, &["decide", "write-off", "cem", "--because", "ill"]);
    assert!(no.is_err_and(|said| said.contains("--pot")));
    let nobody =
        ann.does(&gateway, &["decide", "write-off", "cem", "--because", "ill", "--pot", "bob", "--amount", "1:00"]);
    assert_eq!(nobody.expect("a receipt")["error"], "wrong_record", "bob is no fund");
    ann.did(
        &gateway,
        &["decide", "write-off", "cem", "--because", "ill since May", "--pot", "Solidarity", "--amount", "2:30"],
    );
    let shown = gateway.said(&["member", "decisions"]);
    assert!(shown.contains("Solidarity takes over 2:30 hour of what cem owes"), "{shown}");
    assert_eq!(cem.settled(&gateway), -180);
    bob.did(&gateway, &["consent"]);
    wait_for("the posting", || (cem.settled(&gateway) == -30 && fund.settled(&gateway) == -150).then_some(()));
    let twice = bob.does(&gateway, &["consent"]);
    assert!(twice.is_err(), "nothing waits any more");
    let verified = gateway.said_json(&["ledger", "verify", "--json"]);
    assert_eq!(verified["ok"], true, "{verified:#}");
    gateway.assert_unhurt();
}

fn form(gateway: &Gateway, path: &str, body: &str) -> http::Answer {
    let kind = "application/x-www-form-urlencoded";
    http::request(gateway.http, "POST", path, kind, body.as_bytes()).expect("an answer")
}

/// The keeper could not give a card to somebody whose phone broke; or the card would tell its finder the PIN.
#[test]
fn the_keeper_prints_a_card_for_an_account_that_is_kept_here() {
    let (gateway, [ann, _, _]) = founded();
    let joined = form(&gateway, "/credit/join", "pseudonym=Dee&household=no.12&custody=hosted&pin=481516");
    assert_eq!(joined.status, 303, "{}", joined.body);
    let dee = gateway.get("/api/v1/ledger/members?q=Dee").json()[0].clone();
    let printed = gateway.said(&["member", "card", "Dee"]);
    let letters = printed.lines().last().expect("the letters");
    assert!(letters.starts_with("CARD:2:") && printed.contains('\u{2588}') && !printed.contains("481516"), "{printed}");
    let page = gateway.get(&format!("/credit?card={letters}"));
    assert!(page.body.contains("The card was read"), "{}", page.body);
    let entered = form(&gateway, "/credit/in", &format!("card={letters}&pin=481516&next=/credit"));
    assert_eq!(entered.status, 303);
    let wrong = form(&gateway, "/credit/in", &format!("card={letters}&pin=481517&next=/credit"));
    assert_eq!(wrong.status, 422);
    let none = gateway.cli(&["member", "card", "ann"]);
    assert!(!none.status.success() && String::from_utf8_lossy(&none.stderr).contains("keeps no account"), "{none:?}");
    assert_eq!(card(&gateway, ann.id())["custody"], "own");
    // The card outlives the gateway's own: the backup has what it needs.
    let (copy, elsewhere) = (gateway.beside("copy"), gateway.beside("elsewhere"));
    gateway.said(&["backup", "--to", copy.to_str().expect("UTF-8")]);
    let restored = commonsd().arg("restore").arg(&copy).arg("--data").arg(&elsewhere).output().expect("commonsd runs");
    assert!(restored.status.success(), "{restored:?}");
    for name in ["secret".to_owned(), format!("{}.json", dee["id"].as_str().expect("an id"))] {
        let [here, there] = [gateway.data(), elsewhere.clone()]
            .map(|data| std::fs::read(data.join("hosted").join(&name)).expect(&name));
        assert_eq!(here, there, "{name}");
    }
    gateway.assert_unhurt();
}
