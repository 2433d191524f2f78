//! Accounts for neighbours without a phone of their own: kept here under a PIN, or on a printed card.

use std::os::unix::fs::PermissionsExt;

use commons_core::identity::{MemberId, RecordId};
use commons_core::record::{Amount, Body, Custody, Enter, Facts, OnPay, Pay, UnitIndex, Vouch};
use commons_core::submission::Sender;

use super::ledger::House;
use crate::hosted::{card_of, for_backup, put_back, HostedError, Hosting, Purse, Typist, CARD, FOLDER};
use crate::pen::next_link;

const PIN: &str = "428 Linden";

fn sender() -> Sender {
    Sender { key: "form".into(), person: "10.0.0.0".into(), once: "1".into(), exempt: false }
}

/// A phone on the block.
fn phone(n: u8) -> Typist {
    Typist::Address([10, 44, 7, n].into())
}

fn hosting(house: &House) -> Hosting {
    Hosting::new(house.data.path(), house.network, house.gateway, house.inbox.clone())
}

/// Two founders vouch, and the purse itself enters.
async fn let_in(house: &House, hosting: &Hosting, purse: &Purse, id: MemberId) {
    for n in 0..2 {
        let link = next_link(&house.card(house.founder(n)).await).unwrap();
        let vouch = house.pen(n).write(1_795_000_000, Body::Vouch(Vouch { link, member: id }));
        assert_eq!(house.post(&vouch).await.status, 201);
    }
    let vouches = house.inbox.account(id).await.unwrap().vouches;
    let [first, second] = [0, 1].map(|place: usize| RecordId::parse(&vouches[place].id).unwrap());
    hosting
        .sign(purse, PIN, Typist::Seated, sender(), |link| Body::Enter(Enter { link, first, second }))
        .await
        .unwrap();
}

/// Somebody without a phone could not take part; or his key would lie open on the gateway's card.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hosted_account_pays_with_its_pin_and_half_the_limit() {
    let house = House::start().await;
    let hosting = hosting(&house);
    assert!(matches!(hosting.host("old joe", "h7", "12345", sender()).await, Err(HostedError::BadPin)));
    let joe = hosting.host("old joe", "h7", PIN, sender()).await.unwrap();
    let file = house.data.path().join(FOLDER).join(format!("{joe}.json"));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let purse = Purse::Hosted(joe);
    let pay = |amount: u64| {
        let to = house.founder(0);
        move |link| {
            let (unit, amount, memo) = (UnitIndex(0), Amount(amount), String::new());
            Body::Pay(Pay { link, to, unit, amount, answers: None, item: None, memo })
        }
    };
    let refused = hosting.sign(&purse, PIN, Typist::Seated, sender(), pay(1)).await.unwrap_err();
    assert_eq!(refused.code(), "over_limit", "nobody has vouched yet");
    let_in(&house, &hosting, &purse, joe).await;
    let card = house.card(joe).await;
    assert_eq!((card.custody, card.status), ("hosted", "member"));
    let over = hosting.sign(&purse, PIN, Typist::Seated, sender(), pay(301)).await.unwrap_err();
    assert_eq!(over.code(), "over_limit", "half of 600");
    hosting.sign(&purse, PIN, Typist::Seated, sender(), pay(300)).await.unwrap();
    let (who, pass) = hosting.enter(&purse, PIN, phone(1)).await.unwrap();
    assert_eq!((who, house.inbox.who_has(&pass).await), (joe, Some(joe)));
    hosting.change_pin(&joe, PIN, "river lamp 9", Typist::Seated).await.unwrap();
    assert!(matches!(hosting.enter(&purse, PIN, phone(1)).await, Err(HostedError::WrongPin)));
    assert!(hosting.enter(&purse, "river lamp 9", phone(1)).await.is_ok());
    let stranger = Purse::Hosted(house.founder(1));
    assert!(matches!(hosting.enter(&stranger, PIN, phone(1)).await, Err(HostedError::NotHosted)));
}

/// Whoever finds the phone of a gateway's page could try all PINs in an afternoon.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_pins_cost_time_each_account_its_own() {
    let house = House::start().await;
    let hosting = hosting(&house);
    let joe = hosting.host("old joe", "h7", PIN, sender()).await.unwrap();
    let eve = hosting.host("eve", "h8", PIN, sender()).await.unwrap();
    for _ in 0..4 {
        assert!(matches!(hosting.enter(&Purse::Hosted(joe), "000000", phone(1)).await, Err(HostedError::WrongPin)));
    }
    match hosting.enter(&Purse::Hosted(joe), PIN, phone(1)).await {
        Err(HostedError::TooManyTries { retry_s }) => assert!((1..=11).contains(&retry_s), "{retry_s}"),
        other => panic!("{other:?}"),
    }
    assert!(hosting.enter(&Purse::Hosted(eve), PIN, phone(1)).await.is_ok(), "her own tries are her own");
    // A neighbour who guesses must not keep the owner out of his account.
    assert!(hosting.enter(&Purse::Hosted(joe), PIN, phone(2)).await.is_ok(), "the owner at another phone");
    assert!(matches!(hosting.enter(&Purse::Hosted(joe), PIN, phone(1)).await, Err(HostedError::TooManyTries { .. })));
}

/// A found card would be guessed at home; or all cards and accounts would be gone with the gateway's own card, backup or not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_opens_at_its_own_gateway_and_after_its_backup_is_restored() {
    let house = House::start().await;
    let hosting = hosting(&house);
    let sheet = hosting.print("mira", "h6", PIN, sender()).await.unwrap();
    let joe = hosting.host("old joe", "h7", PIN, sender()).await.unwrap();
    let card = Purse::Card(sheet.letters);
    let elsewhere = tempfile::tempdir().unwrap();
    let at = |data: &std::path::Path| Hosting::new(data, house.network, house.gateway, house.inbox.clone());
    // The ledger is the same there, and the PIN is right.
    let no = at(elsewhere.path()).enter(&card, PIN, phone(1)).await;
    assert!(matches!(no, Err(HostedError::WrongPin)), "{no:?}");
    let stranger =
        Hosting::new(elsewhere.path(), house.network, commons_core::identity::GatewayId([9; 32]), house.inbox.clone());
    assert!(matches!(stranger.enter(&card, PIN, phone(1)).await, Err(HostedError::OtherGateway)));
    let kept = for_backup(house.data.path()).unwrap().unwrap();
    let restored = tempfile::tempdir().unwrap();
    put_back(restored.path(), &kept).unwrap();
    assert!(at(restored.path()).enter(&card, PIN, phone(1)).await.is_ok());
    assert!(at(restored.path()).enter(&Purse::Hosted(joe), PIN, phone(1)).await.is_ok());
    let mut bad = kept;
    bad["accounts"]["../../evil"] = bad["accounts"][joe.to_string()].clone();
    assert!(put_back(restored.path(), &bad).is_err());
}

/// Somebody with a kept account could never have one on his own phone; or the gateway could go on signing for him.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kept_account_is_handed_over_to_its_members_own_key() {
    let house = House::start().await;
    let hosting = hosting(&house);
    let joe = hosting.host("old joe", "h7", PIN, sender()).await.unwrap();
    // The keeper prints a card of it; its PIN is the account's, also the next one.
    let card = Purse::Card(card_of(house.data.path(), &joe).unwrap());
    assert!(hosting.enter(&card, PIN, phone(1)).await.is_ok());
    hosting.change_pin(&joe, PIN, "river lamp 9", Typist::Seated).await.unwrap();
    assert!(matches!(hosting.enter(&card, PIN, phone(1)).await, Err(HostedError::WrongPin)));
    assert!(hosting.enter(&card, "river lamp 9", phone(1)).await.is_ok());
    let facts = Facts {
        pseudonym: "old joe".into(),
        household: "h7".into(),
        home: house.gateway,
        guardians: vec![],
        threshold: 0,
        custody: Custody::Own,
    };
    let (purse, key) = (Purse::Hosted(joe), house.pen(9).key());
    let over = |pin: &'static str| hosting.hand_over(&purse, pin, Typist::Seated, sender(), facts.clone(), key);
    assert!(matches!(over(PIN).await, Err(HostedError::WrongPin)));
    assert_eq!(house.card(joe).await.custody, "hosted", "nothing was said with a wrong PIN");
    over("river lamp 9").await.unwrap();
    let after = house.card(joe).await;
    assert_eq!((after.custody, after.key.as_str(), after.epoch), ("own", &*key.to_string(), 1));
    assert!(!hosting.keeps(&joe, &after.key).await);
    assert!(matches!(hosting.enter(&purse, "river lamp 9", phone(1)).await, Err(HostedError::NotHosted)));
    assert!(matches!(hosting.enter(&card, "river lamp 9", phone(1)).await, Err(HostedError::UnknownCard)));
}

/// A card would be worthless at the counter, or its finder would have its owner's credit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_holds_its_own_key_and_the_gateway_keeps_none() {
    let house = House::start().await;
    let hosting = hosting(&house);
    let sheet = hosting.print("mira", "h6", PIN, sender()).await.unwrap();
    assert!(sheet.letters.starts_with(CARD) && sheet.letters.len() <= 200, "{}", sheet.letters.len());
    assert!(sheet.letters.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'Z' | b':')), "QR's compact letters");
    let kept = std::fs::read_dir(house.data.path().join(FOLDER)).unwrap().count();
    assert_eq!(kept, 1, "the gateway's own secret and nothing of hers");
    let purse = Purse::Card(format!(" {}\n{}", &sheet.letters[..50], &sheet.letters[50..]));
    assert_eq!(hosting.whose(&purse).await.unwrap(), sheet.member);
    assert_eq!(house.card(sheet.member).await.custody, "card");
    let_in(&house, &hosting, &purse, sheet.member).await;
    let pay = house.pay(0, sheet.member, 60, "soup").await;
    assert_eq!(house.post(&pay).await.status, 201);
    hosting
        .sign(&purse, PIN, Typist::Seated, sender(), |link| Body::Accept(OnPay { link, pay: pay.id }))
        .await
        .unwrap();
    assert_eq!(house.inbox.account(sheet.member).await.unwrap().balances[0].settled, 60);
    assert!(matches!(hosting.enter(&purse, "wrong pin", phone(1)).await, Err(HostedError::WrongPin)));
    let mut other = sheet.letters.clone().into_bytes();
    let last = other.len() - 1;
    other[last] = if other[last] == b'0' { b'1' } else { b'0' };
    let damaged = Purse::Card(String::from_utf8(other).unwrap());
    assert!(matches!(hosting.enter(&damaged, PIN, phone(1)).await, Err(HostedError::WrongPin)), "sealed whole");
    for bad in ["", "CARD:2:", "CARD:2:00", "FORK:1:00", &sheet.letters[..sheet.letters.len() - 2]] {
        assert!(
            matches!(hosting.enter(&Purse::Card(bad.into()), PIN, phone(1)).await, Err(HostedError::NotACard)),
            "{bad}"
        );
    }
}
