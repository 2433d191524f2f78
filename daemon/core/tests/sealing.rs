//! What a phone signs and what is sealed to it: between neighbours, and byte by byte with the browser's script.

mod support;

use commons_core::admission::Rejection;
use commons_core::codec::{decode_record, record_id, Author, SignedRecord};
use commons_core::identity::{hex, member_signed, unhex, GatewayKeys, MemberKeys, NetworkId, RecordId};
use commons_core::record::{Assign, Body, Claim, OnItem};
use commons_core::sealing::{seal, sealing_key, unseal};
use commons_core::submission::{Content, DraftBody, Submission};
use support::{code_of, member, sender, signed, Gateway};

fn claim_with_key(item: RecordId, seed: u8) -> Body {
    let key = Some(sealing_key(&[seed; 32]));
    Body::Claim(Claim {
        item,
        message: String::new(),
        zone: String::new(),
        tags: Vec::new(),
        key,
        reference: String::new(),
    })
}

fn id(text: &str) -> RecordId {
    RecordId::parse(text).expect("an id")
}

/// A neighbour with a key would come and stand before a locked door, while one without is told the way.
#[test]
fn a_guests_contact_reaches_a_helper_with_a_key_on_any_block_and_nobody_else() {
    let (mut home, mut away) = (Gateway::new(1), Gateway::new(2));
    let need = home.must("need", r#"{"text":"batteries","contact":"second floor, Omar"}"#);
    away.pull(&home);
    let claim = away.submit(signed(&member(7), 1, claim_with_key(need.id, 7))).unwrap();
    let late = away.submit(signed(&member(8), 2, claim_with_key(need.id, 8))).unwrap();
    assert_eq!((claim.contact, late.contact), (None, None), "a signed claim can be sent again by anybody");
    home.pull(&away);
    home.wait_s(3);
    away.pull(&home);
    for gateway in [&home, &away] {
        let state = gateway.state(&need.id.to_string()).unwrap();
        assert_eq!(state.status, "assigned");
        let first = state.claims.iter().find(|one| one.status == "assigned").unwrap();
        let open = |seed: u8| unseal(&unhex(&first.sealed).unwrap(), &[seed; 32], &need.id, &id(&first.id));
        let (helper, other) = if first.id == claim.id.to_string() { (7, 8) } else { (8, 7) };
        assert_eq!(open(helper).as_deref(), Some("second floor, Omar"));
        assert_eq!(open(other), None);
        assert_eq!(first.author.as_deref(), Some(member(helper).key().to_string().as_str()));
        assert!(state.claims.iter().all(|one| one.id == first.id || one.sealed.is_empty()));
        assert!(state.sealed.is_empty(), "what is sealed to the gateway is nobody's to see");
    }
}

/// A telephone number would go to whoever asks for it, or an item would change hands when a contact is handed on.
#[test]
fn only_the_requester_hands_his_contact_on_and_only_to_who_holds_the_slot() {
    let (ana, eve) = (member(1), member(2));
    let mut gateway = Gateway::new(1);
    let Content::Draft(draft) = Submission::parse("need", b"a ride", sender("x")).unwrap().content else { panic!() };
    let DraftBody::Ask(mut ask, _) = draft.body else { panic!("an ask") };
    let own = seal("ring at 4", &sealing_key(&[1; 32]), &RecordId([0; 32]), &RecordId([0; 32]), [9; 32]).unwrap();
    ask.contact = Some(own.clone());
    let need = gateway.submit(signed(&ana, 1, Body::Need(ask))).unwrap().id;
    let first = gateway.submit(signed(&member(7), 2, claim_with_key(need, 7))).unwrap().id;
    let second = gateway.submit(signed(&member(8), 3, claim_with_key(need, 8))).unwrap().id;
    let state = gateway.state(&need.to_string()).unwrap();
    assert_eq!((state.sealed.as_str(), state.claims[0].slot), (hex(&own).as_str(), Some([0, 0])));
    assert!(state.claims.iter().all(|claim| claim.sealed.is_empty()), "the gateway cannot open it");

    let sealed = seal("ring at 4", &sealing_key(&[7; 32]), &need, &first, [10; 32]);
    let hand = |keys: &MemberKeys, mark: u32, claim, slot, epoch, contact| {
        signed(keys, mark, Body::Assign(Assign { item: need, claim, slot, epoch, contact }))
    };
    let refused: &[(&str, Submission)] = &[
        ("not_yours", hand(&eve, 4, first, 0, 0, sealed.clone())),
        ("not_yours", hand(&ana, 5, second, 0, 0, sealed.clone())),
        ("not_yours", hand(&ana, 6, first, 0, 1, sealed.clone())),
        ("not_yours", hand(&ana, 7, first, 1, 0, sealed.clone())),
        ("not_yours", hand(&ana, 8, first, 0, 0, None)),
    ];
    for (code, submission) in refused {
        assert_eq!(code_of(gateway.submit(submission.clone())), *code, "{submission:?}");
    }
    let before = gateway.state(&need.to_string()).unwrap();
    assert_eq!(code_of(gateway.submit(hand(&ana, 9, first, 0, 0, sealed.clone()))), "accepted");
    let after = gateway.state(&need.to_string()).unwrap();
    assert_eq!(after.claims[0].sealed, hex(&sealed.unwrap()));
    assert_eq!((after.status, after.filled, &after.epochs), (before.status, before.filled, &before.epochs));
    // In another gateway's log too, a stranger's assignment hands nothing on.
    gateway.restart();
    assert_eq!(unseal(&unhex(&after.claims[0].sealed).unwrap(), &[7; 32], &need, &first).as_deref(), Some("ring at 4"));
    // What the state says to name is what is taken.
    let epochs = after.epochs.unwrap();
    let confirm = signed(&ana, 10, Body::Confirm(OnItem { item: need, epoch: epochs.item }));
    assert_eq!(code_of(gateway.submit(confirm)), "accepted");
    let reopen = gateway.state(&need.to_string()).unwrap().epochs.unwrap().reopen;
    let again = signed(&ana, 11, Body::Reopen(OnItem { item: need, epoch: reopen }));
    assert_eq!(code_of(gateway.submit(again)), "accepted");
}

/// Phones and gateways would no longer read each other: the browser's script makes these very bytes
/// (`tests/browser/script-records.mjs`), never edit them.
#[test]
fn golden_bytes_of_members() {
    const BY_PHONES: &[&str] = &[
        "need", "offer", "claim", "assign", "start", "done", "confirm", "no_show", "withdraw", "reopen", "notice",
        "cosign",
    ];
    let network = NetworkId::of("test");
    let gateway = GatewayKeys::from_seed(&[1; 32]).id();
    let keys = MemberKeys::from_seed(&[2; 32]);
    let author = Author::Member(keys.key());
    let mut text = format!("network {network}\nmember {}\n", keys.key());
    for line in include_str!("../../../tests/golden/v1.txt").lines() {
        let mut parts = line.split(' ');
        let (Some("record"), Some(kind), Some(record)) = (parts.next(), parts.next(), parts.next()) else { continue };
        if !BY_PHONES.contains(&kind) {
            continue;
        }
        let record = unhex(record).unwrap();
        let signature = keys.sign(&network, &record);
        let id = record_id(&network, &gateway, &author, &record);
        let signed = SignedRecord { author: keys.key(), record, signature };
        text += &format!("signed {kind} {}\nmember-id {id}\n", hex(&signed.encode()));
    }
    let (item, claim) = (RecordId([0xAB; 32]), RecordId([0xCD; 32]));
    let to = sealing_key(&[2; 32]);
    let sealed = seal("ring at 4, Ana", &to, &item, &claim, [3; 32]).expect("seals");
    text += &format!("sealing-key {}\nsealed {}\n", hex(&to), hex(&sealed));
    let expected = include_str!("../../../tests/golden/member-v1.txt");
    if std::env::var_os("COMMONSD_TEST_BLESS").is_some() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/member-v1.txt");
        std::fs::write(file, &text).expect("writes");
        return;
    }
    assert_eq!(text, expected, "the format changed; if on purpose, it is version 2 and version 1 must still be read");
}

/// A relay could change a neighbour's words, or put its own in his mouth.
#[test]
fn a_tampered_record_of_a_member_is_refused() {
    let network = NetworkId::of("test");
    let golden = include_str!("../../../tests/golden/member-v1.txt");
    let holds = |bytes: &[u8]| -> Result<bool, Rejection> {
        let signed = SignedRecord::decode(bytes)?;
        decode_record(&signed.record)?;
        Ok(member_signed(&network, &signed.author, &signed.record, &signed.signature))
    };
    let mut checked = 0;
    for bytes in golden
        .lines()
        .filter_map(|line| line.strip_prefix("signed ")?.split(' ').nth(1))
        .map(|digits| unhex(digits).expect("hex"))
    {
        assert_eq!(holds(&bytes), Ok(true));
        for at in (0..bytes.len()).step_by(7) {
            let mut touched = bytes.clone();
            touched[at] ^= 1 << (at % 8);
            assert_ne!(holds(&touched), Ok(true), "byte {at}");
        }
        assert_ne!(holds(&bytes[..bytes.len() - 1]), Ok(true));
        checked += 1;
    }
    assert_eq!(checked, 12);
    let sealed =
        golden.lines().find_map(|line| line.strip_prefix("sealed ")).and_then(unhex).expect("a sealed contact");
    let (item, claim) = (RecordId([0xAB; 32]), RecordId([0xCD; 32]));
    for at in 0..sealed.len() {
        let mut touched = sealed.clone();
        touched[at] ^= 1;
        assert_eq!(unseal(&touched, &[2; 32], &item, &claim), None, "byte {at}");
    }
    assert_eq!(unseal(&sealed, &[2; 32], &item, &claim).as_deref(), Some("ring at 4, Ana"));
}
