//! Members and the ledger through a gateway's own door: signed submissions in, balances out.

mod support;

use commons_core::admission::Rejection;
use commons_core::identity::MemberId;
use commons_core::ledger::Lights;
use commons_core::node::{Input, Space};
use commons_core::record::*;
use commons_core::submission::Submission;
use support::book::*;
use support::{sender, Gateway};

fn hand_in(gateway: &mut Gateway, hand: Hand, word: &Word) -> Result<bool, Rejection> {
    let signed = Submission::parse(word.body.kind().name(), &word.signed(hand), sender("mqtt:m"));
    gateway.submit(signed.map_err(|refused| refused.rejection)?).map(|kept| kept.duplicate)
}

fn settled(gateway: &Gateway, pen: &Pen) -> i64 {
    gateway.node.ledger().settled(&pen.member(), UnitIndex(0))
}

/// A neighbour's payment would be lost with the power, or taken twice when her phone sends it again.
#[test]
fn a_payment_is_kept_once_and_survives_a_restart() {
    let mut here = Gateway::new(1);
    let found = founding(&[gateway(0), gateway(0)]);
    assert_eq!(hand_in(&mut here, Hand(0), &found), Ok(false));
    let (mut ann, mut bob) = (Pen::founder(&found, 0), Pen::founder(&found, 1));
    let pay = ann.pay(bob.member(), 40);
    assert_eq!(hand_in(&mut here, ann.hand, &pay), Ok(false));
    assert_eq!(hand_in(&mut here, ann.hand, &pay), Ok(true), "a resend");
    assert_eq!(hand_in(&mut here, bob.hand, &bob.accept(&pay)), Ok(false));
    assert_eq!((settled(&here, &ann), settled(&here, &bob)), (-40, 40));
    here.restart();
    assert_eq!((settled(&here, &ann), settled(&here, &bob)), (-40, 40));
    assert_eq!(hand_in(&mut here, ann.hand, &pay), Ok(true), "a resend after the restart");
    let history = here.node.ledger().history(&ann.member());
    assert_eq!(history.len(), 1);
    assert_eq!((history[0].amount, history[0].lights), (-40, Lights::Confirmed));
}

/// Somebody would pay with a neighbour's account, or replay her payment in another network.
#[test]
fn what_is_not_signed_by_its_author_here_is_refused() {
    let mut here = Gateway::new(1);
    let found = founding(&[gateway(0), gateway(0)]);
    hand_in(&mut here, Hand(0), &found).expect("founded");
    let (mut ann, bob) = (Pen::founder(&found, 0), Pen::founder(&found, 1));
    let pay = ann.pay(bob.member(), 40);
    let mut bytes = pay.signed(ann.hand);
    bytes[40] ^= 1;
    let forged = Submission::parse("pay", &bytes, sender("mqtt:m")).expect("parses");
    assert_eq!(here.submit(forged), Err(Rejection::BadSignature));
    let by_bob = Word::new(bob.hand, pay.body.clone());
    assert_eq!(hand_in(&mut here, bob.hand, &by_bob).map_err(|why| why.code()), Err("wrong_key"));
    let as_accept = Submission::parse("accept", &pay.signed(ann.hand), sender("mqtt:m")).expect("parses");
    assert_eq!(here.submit(as_accept).map_err(|why| why.code()), Err("kind_mismatch"));
    for payload in [&b"{\"to\":\"bob\"}"[..], b"40 to bob"] {
        let refused = Submission::parse("pay", payload, sender("mqtt:m")).expect_err("no key, no account");
        assert_eq!(refused.rejection.code(), "not_allowed");
    }
    assert_eq!(settled(&here, &bob), 0);
}

/// The lights on a phone would lie, or a roamer could never pay more than a share again.
#[test]
fn home_stamps_what_it_hears_and_the_share_is_free_again() {
    let (mut home, mut away) = (Gateway::new(1), Gateway::new(2));
    let found = founding(&[gateway(0), gateway(1)]);
    hand_in(&mut home, Hand(0), &found).expect("founded");
    away.pull(&home);
    let (mut ann, bob) = (Pen::founder(&found, 0), Pen::founder(&found, 1));
    let first = ann.pay(bob.member(), 25);
    assert_eq!(away.node.ledger().lights(&first.id), Lights::Noted);
    hand_in(&mut away, ann.hand, &first).expect("the share away from home");
    let more = Word::new(ann.hand, pay(ann.link, bob.member(), 1));
    assert_eq!(
        hand_in(&mut away, ann.hand, &more).map_err(|why| (why.code(), why.limit())),
        Err(("over_roaming", Some(0)))
    );
    assert_eq!(away.node.ledger().lights(&first.id), Lights::Stamped);
    home.pull(&away);
    home.wait_s(1);
    assert_eq!(home.node.ledger().lights(&first.id), Lights::Stamped, "not in the same breath");
    home.wait_s(2);
    assert_eq!(home.node.ledger().lights(&first.id), Lights::Confirmed);
    away.pull(&home);
    assert_eq!(away.node.ledger().lights(&first.id), Lights::Confirmed);
    hand_in(&mut away, ann.hand, &more).expect("free again");
    // Stamped once, not every second.
    let before = home.node.entries();
    home.wait_s(60);
    assert_eq!(home.node.entries(), before);
}

/// An auditor would have nothing to begin from, or the book would fill with checkpoints.
#[test]
fn two_quiet_gateways_say_one_checkpoint() {
    let (mut one, mut two) = (Gateway::new(1), Gateway::new(2));
    let found = founding(&[gateway(0), gateway(0)]);
    hand_in(&mut one, Hand(0), &found).expect("founded");
    let (mut ann, mut bob) = (Pen::founder(&found, 0), Pen::founder(&found, 1));
    for _ in 0..64 {
        let there = ann.pay(bob.member(), 1);
        hand_in(&mut one, ann.hand, &there).expect("pays");
        hand_in(&mut one, bob.hand, &bob.accept(&there)).expect("accepts");
        let back = bob.pay(ann.member(), 1);
        hand_in(&mut one, bob.hand, &back).expect("pays back");
        hand_in(&mut one, ann.hand, &ann.accept(&back)).expect("accepts");
    }
    two.pull(&one);
    let (records, digest) = (one.node.ledger().records(), one.node.ledger().digest());
    assert_eq!(records, 256);
    one.wait_s(3_599);
    assert!(one.node.ledger().checkpointed(records, &digest).is_empty(), "not quiet for long enough");
    for gateway in [&mut one, &mut two] {
        gateway.wait_s(3_601);
        gateway.wait_s(3_601);
    }
    one.pull(&two);
    assert_eq!(one.node.ledger().checkpointed(records, &digest).len(), 2, "both said the same");
    let agreed = one.node.ledger().agreed().expect("two gateways agree");
    assert_eq!((agreed.records, agreed.digest, agreed.gateways.len()), (records, digest, 2));
    assert_eq!(two.node.ledger().agreed(), None, "it has heard nobody but itself");
    let before = one.node.entries();
    one.wait_s(10_000);
    assert_eq!(one.node.entries(), before, "said once");
}

/// A disk that is nearly full would fill up with what is kept for ever.
#[test]
fn with_little_space_the_book_takes_nothing() {
    let mut here = Gateway::new(1);
    let found = founding(&[gateway(0), gateway(0)]);
    hand_in(&mut here, Hand(0), &found).expect("founded");
    here.handle(Input::Space(Space::Low));
    let (mut ann, bob) = (Pen::founder(&found, 0), Pen::founder(&found, 1));
    let pay = ann.pay(bob.member(), 1);
    assert_eq!(hand_in(&mut here, ann.hand, &pay), Err(Rejection::StorageFull));
    here.handle(Input::Space(Space::Enough));
    assert_eq!(hand_in(&mut here, ann.hand, &pay), Ok(false));
}

/// A phone that asks for its own head first would be told a wrong one.
#[test]
fn a_phone_finds_its_member_and_its_head() {
    let mut here = Gateway::new(1);
    let found = founding(&[gateway(0), gateway(0)]);
    hand_in(&mut here, Hand(0), &found).expect("founded");
    let (mut ann, bob) = (Pen::founder(&found, 0), Pen::founder(&found, 1));
    assert_eq!(here.node.ledger().member_with(&ann.hand.key()), Some(ann.member()));
    assert_eq!(here.node.ledger().member_with(&Hand(9).key()), None);
    assert_eq!(here.node.ledger().head(&MemberId([9; 32])), None);
    let first = ann.pay(bob.member(), 1);
    hand_in(&mut here, ann.hand, &first).expect("pays");
    // The old phone, restored from before.
    let mut old = Pen::founder(&found, 0);
    let again = old.pay(bob.member(), 2);
    assert_eq!(
        hand_in(&mut here, old.hand, &again).map_err(|why| (why.code(), why.limit())),
        Err(("not_next", Some(2)))
    );
    assert!(!here.node.ledger().is_frozen(&ann.member()), "refused, not shamed");
    let (head, seq, standing) = here.node.ledger().head(&ann.member()).expect("a head");
    assert_eq!((head, seq, standing.key), (first.id, 1, ann.hand.key()));
    old.link = Link { seq: seq + 1, prev: head, ..old.link };
    hand_in(&mut here, old.hand, &old.clone().pay(bob.member(), 2)).expect("goes on");
}
