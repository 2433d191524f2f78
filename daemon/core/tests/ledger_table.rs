//! Every ledger record against every state its author can be in: taken, or why not. And attempts on the rules, one by one.

mod support;

use commons_core::codec::Author;
use commons_core::identity::{MemberId, RecordId};
use commons_core::record::*;
use support::book::*;
use support::street::*;

/// What eva, or a gateway, says next.
fn says(street: &Street, what: &str) -> Word {
    let (link, ann) = (street.eva.link, street.ann.member());
    let body = match what {
        "found" => {
            let Body::Found(mut found) = street.found.body.clone() else { unreachable!("a founding") };
            found.founders[0].key = street.eva.hand.key();
            Body::Found(found)
        }
        "join" => Body::Join(Join { covenant: street.found.id, facts: facts("eva2", "h4", gateway(0)) }),
        "vouch" => Body::Vouch(Vouch { link, member: ann }),
        "enter" => Body::Enter(Enter { link, first: street.vouches[0].id, second: street.vouches[1].id }),
        "facts" => {
            let custody = street.desk.ledger.member(&street.eva.member()).expect("a member").custody;
            Body::Facts(FactsChange { link, facts: Facts { custody, ..facts("eve", "h4", gateway(0)) } })
        }
        "rekey" => Body::Rekey(Rekey { link, key: Hand(5).key() }),
        "recover" => {
            let (member, base) = (ann, ann.genesis());
            Body::Recover(Recover { link, member, base, key: Hand(6).key(), home: gateway(0) })
        }
        "veto" => Body::Veto(Veto { link, recover: street.recover.id }),
        "resume guardians" => {
            let link = Link { epoch: 1, ..link };
            Body::Resume(Resume { link, grounds: Grounds::Guardians(vec![street.recover.id]) })
        }
        "resume decision" => {
            let (link, consents) = (Link { epoch: 1, ..link }, vec![]);
            Body::Resume(Resume { link, grounds: Grounds::Decision { decision: street.decision.id, consents } })
        }
        "resume branches" => {
            let ends = street.desk.ledger.ends(&link.member);
            let ends = ends.into_iter().filter(|end| *end != link.prev).collect();
            Body::Resume(Resume { link, grounds: Grounds::Branches(ends) })
        }
        "leave" => Body::Leave(Leave { link }),
        "pay 5" => pay(link, ann, 5),
        "pay 26" => pay(link, ann, 26),
        "pay 56" => pay(link, ann, 56),
        "pay 106" => pay(link, ann, 106),
        "accept" => Body::Accept(OnPay { link, pay: street.incoming.id }),
        "decline" => Body::Decline(OnPay { link, pay: street.incoming.id }),
        "reclaim" => Body::Reclaim(Reclaim { link, decline: street.declined.id }),
        "dispute" => Body::Dispute(Dispute { link, pay: street.incoming.id, text: "no".into() }),
        "decide" => {
            let action = Action::Freeze { member: ann, epoch: 0 };
            Body::Decide(Decide { link, action, text: "so".into() })
        }
        "consent" => Body::Consent(Consent { link, decision: street.decision.id }),
        "fork_proof" => return street.proof.clone(),
        "stamp" => Body::Stamp(Stamp { record: street.incoming.id }),
        "stamp (gateway)" => return Word::by(Author::Gateway, 0, says(street, "stamp").body),
        "checkpoint" => street.desk.ledger.checkpoint(),
        "checkpoint (gateway)" => return Word::by(Author::Gateway, 0, street.desk.ledger.checkpoint()),
        "pay (guest)" => return Word::by(Author::Guest, 0, pay(link, ann, 5)),
        other => unreachable!("{other}"),
    };
    // A resumption is signed with the key it goes on with.
    let hand = if what == "resume guardians" { Hand(5) } else { street.eva.hand };
    Word::new(hand, body)
}

const TABLE: &str = include_str!("ledger_table.txt");

/// A neighbour would be refused what is hers, or a cheat taken in.
#[test]
fn every_kind_in_every_state() {
    let mut lines = vec![format!("{:22}{}", "", STATES.map(|name| format!("{name:17}")).concat())];
    let kinds = "found join vouch enter facts rekey recover veto leave accept decline reclaim dispute decide consent fork_proof stamp checkpoint";
    let more = "resume guardians,resume decision,resume branches,pay 5,pay 26,pay 56,pay 106,pay (guest),stamp (gateway),checkpoint (gateway)";
    for what in kinds.split(' ').chain(more.split(',')) {
        let outcomes = STATES.map(|name| {
            let mut street = state(name);
            let word = says(&street, what);
            let before = street.desk.ledger.clone();
            let outcome = street.desk.try_post(&word);
            if outcome.is_err() {
                assert!(before == street.desk.ledger, "{what} of a {name} was refused and changed something");
            }
            format!("{:17}", outcome.map_or_else(|why| why.code(), |()| "taken"))
        });
        lines.push(format!("{what:22}{}", outcomes.concat()));
    }
    let text: String = lines.iter().map(|line| format!("{}\n", line.trim_end())).collect();
    if std::env::var_os("COMMONSD_TEST_BLESS").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ledger_table.txt"), &text).expect("writes");
        return;
    }
    assert_eq!(text, TABLE);
    let named: std::collections::BTreeSet<&str> =
        Kind::ALL.iter().filter(|kind| kind.is_ledger()).map(|kind| kind.name()).collect();
    for kind in named {
        assert!(lines.iter().any(|line| line.starts_with(kind)), "{kind} is in the table");
    }
}

/// Each of these was tried by somebody, or will be.
#[test]
fn attempts_on_the_rules() {
    let fresh = || state("member");
    let tries = |change: &dyn Fn(&mut Street) -> Word| {
        let mut street = fresh();
        let word = change(&mut street);
        code(street.desk.try_post(&word))
    };
    let some = RecordId([9; 32]);
    let eva = |body: &dyn Fn(&Street, Link) -> Body| {
        tries(&|street| Word::new(street.eva.hand, body(street, street.eva.link)))
    };
    assert_eq!(eva(&|street, link| pay(link, street.eva.member(), 1)), "to_self");
    assert_eq!(eva(&|_, link| pay(link, MemberId([9; 32]), 1)), "unknown_record");
    assert_eq!(eva(&|street, link| pay(link, MemberId(street.incoming.id.0), 1)), "wrong_record");
    let unit = |unit: u8| {
        eva(&move |street, link| {
            let (to, unit, amount) = (street.ann.member(), UnitIndex(unit), Amount(1));
            Body::Pay(Pay { link, to, unit, amount, answers: None, item: None, memo: String::new() })
        })
    };
    assert_eq!((unit(1), unit(2), unit(255)), ("taken", "unknown_unit", "unknown_unit"));
    assert_eq!(eva(&|street, link| pay(Link { seq: link.seq + 1, ..link }, street.ann.member(), 1)), "not_next");
    assert_eq!(eva(&|street, link| pay(Link { seq: 0, ..link }, street.ann.member(), 1)), "not_next");
    assert_eq!(eva(&|street, link| pay(Link { prev: some, ..link }, street.ann.member(), 1)), "unknown_record");
    assert_eq!(
        eva(&|street, link| pay(Link { prev: street.incoming.id, ..link }, street.ann.member(), 1)),
        "wrong_record"
    );
    assert_eq!(
        eva(&|street, link| pay(Link { member: street.bob.member(), ..link }, street.ann.member(), 1)),
        "wrong_record"
    );
    assert_eq!(eva(&|street, link| pay(Link { epoch: 1, ..link }, street.ann.member(), 1)), "wrong_epoch");
    let beginning = |street: &Street, link: Link| Link { seq: 1, prev: street.eva.member().genesis(), ..link };
    // A restored phone, which goes on from her beginning.
    let facts_again = |street: &Street, link: Link| FactsChange {
        link: beginning(street, link),
        facts: facts("eva", "h4", gateway(0)),
    };
    assert_eq!(eva(&|street, link| Body::Facts(facts_again(street, link))), "not_next");
    // With another's key.
    assert_eq!(tries(&|street| Word::new(street.bob.hand, pay(street.eva.link, street.bob.member(), 1))), "wrong_key");
    // What is between others.
    assert_eq!(tries(&|street| street.bob.clone().accept(&street.incoming.clone())), "not_your_pay");
    assert_eq!(
        tries(&|street| {
            let word = street.incoming.clone();
            street.ann.clone().accept(&word)
        }),
        "not_your_pay"
    );
    let reclaim = |street: &Street, pen: &Pen| {
        { *pen }.write(|link| Body::Reclaim(Reclaim { link, decline: street.declined.id }))
    };
    assert_eq!(tries(&|street| reclaim(street, &street.cem)), "not_your_pay");
    assert_eq!(tries(&|street| reclaim(street, &street.bob)), "not_your_pay");
    let dispute =
        |pen: &Pen, pay: RecordId| { *pen }.write(|link| Body::Dispute(Dispute { link, pay, text: "no".into() }));
    assert_eq!(tries(&|street| dispute(&street.cem, street.incoming.id)), "not_your_pay");
    assert_eq!(tries(&|street| dispute(&street.ann, street.declined.id)), "wrong_record");
    assert_eq!(tries(&|street| dispute(&street.ann, some)), "unknown_record");
    // Twice, and one after the other.
    for (first, second) in [(true, true), (true, false), (false, true), (false, false)] {
        let mut street = fresh();
        let mut answer = |yes: bool| {
            let word = street.incoming.clone();
            let before = street.eva;
            let answer = if yes { street.eva.accept(&word) } else { street.eva.decline(&word) };
            let outcome = street.desk.try_post(&answer);
            if outcome.is_err() {
                street.eva = before;
            }
            code(outcome)
        };
        assert_eq!((answer(first), answer(second)), ("taken", "already_resolved"), "{first} {second}");
    }
    let mut street = fresh();
    street.desk.post(&reclaim(&street, &street.eva));
    street.eva.link = Link { seq: street.eva.link.seq + 1, prev: reclaim(&street, &street.eva).id, ..street.eva.link };
    assert_eq!(code(street.desk.try_post(&reclaim(&street, &street.eva))), "already_resolved");
    // Vouching.
    let vouch = |pen: &Pen, member| { *pen }.write(|link| Body::Vouch(Vouch { link, member }));
    assert_eq!(tries(&|street| vouch(&street.ann, street.bob.member())), "already_entered");
    assert_eq!(tries(&|street| vouch(&street.ann, MemberId([9; 32]))), "unknown_record");
    // A key that has a member, and an unfounded community.
    let join =
        |hand: Hand, covenant, home| Word::new(hand, Body::Join(Join { covenant, facts: facts("x", "h8", home) }));
    assert_eq!(tries(&|street| join(Hand(4), street.found.id, gateway(0))), "already_member");
    assert_eq!(tries(&|street| join(Hand(0), street.found.id, gateway(0))), "already_member");
    assert_eq!(tries(&|_| join(Hand(7), some, gateway(0))), "unknown_record");
    assert_eq!(tries(&|street| join(Hand(7), street.found.id, gateway(1))), "at_home_only");
    assert_eq!(tries(&|street| join(Hand(7), street.found.id, gateway(0))), "taken");
    // Founding without being a founder.
    let mut empty = Desk::new(0);
    let found = founding(&[gateway(0), gateway(0)]);
    assert_eq!(code(empty.try_post(&Word::new(Hand(3), found.body.clone()))), "not_a_founder");
    assert_eq!(code(empty.try_post(&found)), "taken");
}
