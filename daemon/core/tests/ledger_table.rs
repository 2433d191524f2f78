//! Every ledger record against every state its author can be in: taken, or why not. And attempts on the rules, one by one.

mod support;

use commons_core::codec::{Author, SignedRecord};
use commons_core::identity::{MemberId, RecordId};
use commons_core::ledger::{Lights, Refusal};
use commons_core::log::Age;
use commons_core::record::*;
use support::book::*;

/// Ann, bob and cem are founders; eva is the one whose state changes. All are at home at gateway 0.
struct Street {
    desk: Desk,
    found: Word,
    ann: Pen,
    bob: Pen,
    cem: Pen,
    eva: Pen,
    /// Ann's vouch and bob's for eva.
    vouches: [Word; 2],
    /// Ann's payment of 7 to eva, not answered.
    incoming: Word,
    /// Bob's decline of eva's payment of 5.
    declined: Word,
    /// Ann's word for a new key of eva's.
    recover: Word,
    /// Bob's proposal to freeze cem.
    decision: Word,
    /// Eva's one record and another with its number.
    proof: Word,
}

fn street(facts_of_eva: Facts) -> Street {
    let home = gateway(0);
    let mut desk = Desk::new(0);
    let found = founding(&[home, home, home]);
    desk.post(&found);
    let [mut ann, mut bob, cem] = [0, 1, 2].map(|n| Pen::founder(&found, n));
    let join = Word::new(Hand(4), Body::Join(Join { covenant: found.id, facts: facts_of_eva }));
    desk.post(&join);
    let mut eva = Pen::first(Hand(4), MemberId(join.id.0));
    let member = eva.member();
    let vouches = [&mut ann, &mut bob].map(|pen| {
        let vouch = pen.write(|link| Body::Vouch(Vouch { link, member }));
        desk.post(&vouch);
        vouch
    });
    // Ten from ann, five of it to bob, who declines.
    let ten = ann.pay(member, 10);
    desk.post(&ten);
    desk.post(&eva.accept(&ten));
    let five = eva.pay(bob.member(), 5);
    desk.post(&five);
    let declined = bob.decline(&five);
    desk.post(&declined);
    let incoming = ann.pay(member, 7);
    desk.post(&incoming);
    let (base, key) = (member.genesis(), Hand(5).key());
    let recover = ann.write(|link| Body::Recover(Recover { link, member, base, key, home }));
    desk.post(&recover);
    let action = Action::Freeze { member: cem.member(), epoch: 0 };
    let decision = bob.write(|link| Body::Decide(Decide { link, action, text: "so".into() }));
    desk.post(&decision);
    let other = { Pen::first(Hand(4), member) }.pay(ann.member(), 1);
    let first = { Pen::first(Hand(4), member) }.accept(&ten).signed(Hand(4));
    let proof = Word::new(Hand(1), Body::ForkProof(ForkProof { first, second: other.signed(Hand(4)) }));
    Street { desk, found, ann, bob, cem, eva, vouches, incoming, declined, recover, decision, proof }
}

fn enter(street: &mut Street) {
    let [first, second] = [street.vouches[0].id, street.vouches[1].id];
    let word = street.eva.write(|link| Body::Enter(Enter { link, first, second }));
    street.desk.post(&word);
}

const STATES: [&str; 9] = ["newcomer", "member", "at_limit", "away", "forked", "frozen", "left", "hosted", "pot"];

fn state(name: &str) -> Street {
    let mut own = facts("eva", "h4", gateway(0));
    own.custody = match name {
        "hosted" => Custody::Hosted,
        "pot" => Custody::Pot,
        _ => Custody::Own,
    };
    let mut street = street(own);
    if name != "newcomer" {
        enter(&mut street);
    }
    match name {
        "at_limit" => {
            let most = street.eva.pay(street.cem.member(), 105);
            street.desk.post(&most);
        }
        "away" => street.desk.me = gateway(1),
        "forked" => {
            // Another branch from her beginning, heard from elsewhere.
            let other = { Pen::first(Hand(4), street.eva.member()) }.decline(&street.incoming);
            street.desk.ledger.apply(other.said(gateway(2)));
        }
        "frozen" => {
            let action = Action::Freeze { member: street.eva.member(), epoch: 0 };
            let decide = street.cem.write(|link| Body::Decide(Decide { link, action, text: "so".into() }));
            street.desk.post(&decide);
            let consent = street.ann.write(|link| Body::Consent(Consent { link, decision: decide.id }));
            street.desk.post(&consent);
        }
        "left" => {
            let leave = street.eva.write(|link| Body::Leave(Leave { link }));
            street.desk.post(&leave);
        }
        _ => {}
    }
    street
}

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

fn code(outcome: Result<(), Refusal>) -> &'static str {
    outcome.map_or_else(|why| why.code(), |()| "taken")
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

/// A newcomer would get credit by the word of one household.
#[test]
fn two_households_vouch_before_there_is_a_limit() {
    let mut street = street(facts("eva", "h4", gateway(0)));
    assert_eq!(
        code(street.desk.try_post(&Word::new(Hand(4), pay(street.eva.link, street.ann.member(), 6)))),
        "over_limit"
    );
    // A second member of ann's household.
    let join =
        Word::new(Hand(6), Body::Join(Join { covenant: street.found.id, facts: facts("flo", "h0", gateway(0)) }));
    street.desk.post(&join);
    let mut flo = Pen::first(Hand(6), MemberId(join.id.0));
    let member = street.eva.member();
    let early = { flo }.write(|link| Body::Vouch(Vouch { link, member }));
    assert_eq!(code(street.desk.try_post(&early)), "not_entered");
    let refused = { street.ann }.write(|link| Body::Vouch(Vouch { link, member: flo.member() }));
    assert_eq!(code(street.desk.try_post(&refused)), "same_household");
    let vouches = [&mut street.bob, &mut street.cem]
        .map(|pen| pen.write(|link| Body::Vouch(Vouch { link, member: flo.member() })));
    vouches.iter().for_each(|vouch| street.desk.post(vouch));
    let word = flo.write(|link| Body::Enter(Enter { link, first: vouches[0].id, second: vouches[1].id }));
    street.desk.post(&word);
    let third = flo.write(|link| Body::Vouch(Vouch { link, member }));
    street.desk.post(&third);
    let enter = |first: RecordId, second: RecordId| {
        Word::new(Hand(4), Body::Enter(Enter { link: street.eva.link, first, second }))
    };
    let [ann, bob] = [street.vouches[0].id, street.vouches[1].id];
    assert_eq!(code(street.desk.try_post(&enter(ann, third.id))), "same_household");
    assert_eq!(code(street.desk.try_post(&enter(ann, vouches[0].id))), "wrong_record");
    assert_eq!(code(street.desk.try_post(&enter(ann, street.incoming.id))), "wrong_record");
    // Ann once more, after she moved.
    let facts = facts("ann", "h7", gateway(0));
    let moved = street.ann.write(|link| Body::Facts(FactsChange { link, facts }));
    street.desk.post(&moved);
    let again = street.ann.write(|link| Body::Vouch(Vouch { link, member }));
    street.desk.post(&again);
    assert_eq!(code(street.desk.try_post(&enter(ann, again.id))), "same_household");
    assert_eq!(code(street.desk.try_post(&enter(ann, bob))), "taken");
    assert!(street.desk.ledger.member(&member).expect("a member").entered);
}

/// A payee who splits his chain would make an honest payer owe twice his limit.
#[test]
fn two_answers_to_one_payment_cost_the_one_who_gave_them() {
    let mut street = state("member");
    let due = street.ann.pay(street.eva.member(), 80);
    street.desk.post(&due);
    let (mut there, mut here) = (street.eva, street.eva);
    let declined = here.decline(&due);
    street.desk.post(&declined);
    let reclaim = street.ann.write(|link| Body::Reclaim(Reclaim { link, decline: declined.id }));
    street.desk.post(&reclaim);
    assert_eq!(street.desk.position(&street.ann), -17);
    let again = street.ann.pay(street.bob.member(), 83);
    street.desk.post(&again);
    street.desk.post(&street.bob.accept(&again));
    // Now the other branch is heard, on which she accepted.
    street.desk.ledger.apply(there.accept(&due).said(gateway(2)));
    assert_eq!(street.desk.settled(&street.ann), -93, "10 and 83, as if she had never been paid");
    assert_eq!(street.desk.settled(&street.eva), 10);
    assert!(street.desk.ledger.is_frozen(&street.eva.member()) && !street.desk.ledger.is_frozen(&street.ann.member()));
}

/// An old phone, restored, would cost a neighbour her account, or let her off what she paid twice.
#[test]
fn an_accidental_fork_is_mended_by_its_author_within_the_limits() {
    let mut street = state("member");
    let (mut old, mut new) = (street.eva, street.eva);
    let one = old.pay(street.ann.member(), 60);
    let two = new.pay(street.bob.member(), 45);
    street.desk.post(&one);
    street.desk.ledger.apply(two.said(gateway(2)));
    street.desk.post(&street.ann.accept(&one));
    street.desk.post(&street.bob.accept(&two));
    assert!(street.desk.ledger.is_frozen(&street.eva.member()));
    assert_eq!(code(street.desk.try_post(&{ old }.pay(street.ann.member(), 1))), "frozen");
    let mend = |pen: &mut Pen, other: RecordId| {
        pen.write(|link| Body::Resume(Resume { link, grounds: Grounds::Branches(vec![other]) }))
    };
    let mut away = street.desk.clone();
    away.me = gateway(1);
    assert_eq!(code(away.try_post(&mend(&mut { old }, two.id))), "at_home_only");
    assert_eq!(code(street.desk.try_post(&mend(&mut { old }, one.id))), "wrong_record");
    street.desk.post(&mend(&mut old, two.id));
    assert!(!street.desk.ledger.is_frozen(&street.eva.member()));
    assert_eq!(
        (street.desk.position(&old), street.desk.settled(&old)),
        (-100, -95),
        "5 are declined and not reclaimed"
    );
    assert_eq!(code(street.desk.try_post(&{ old }.pay(street.ann.member(), 1))), "over_limit");
    // A third branch, hidden till now, freezes her again.
    let hidden = { street.eva }.pay(street.cem.member(), 20);
    street.desk.ledger.apply(hidden.said(gateway(3)));
    assert!(street.desk.ledger.is_frozen(&street.eva.member()));
    assert_eq!(code(street.desk.try_post(&mend(&mut { old }, hidden.id))), "over_limit");
    // And so does going on with the branch that was joined.
    let mut street = state("member");
    let (mut old, mut new) = (street.eva, street.eva);
    let (one, two) = (old.pay(street.ann.member(), 1), new.pay(street.bob.member(), 1));
    street.desk.post(&one);
    street.desk.ledger.apply(two.said(gateway(2)));
    street.desk.post(&mend(&mut old, two.id));
    street.desk.ledger.apply(new.pay(street.bob.member(), 1).said(gateway(2)));
    assert!(street.desk.ledger.is_frozen(&street.eva.member()));
    assert!(!street.desk.ledger.forks_of(&street.eva.member()).is_empty());
}

/// One branch would take back what another has paid, or joined branches would count one thing twice.
#[test]
fn what_two_branches_share_counts_once() {
    // Paid and declined on one branch: nothing to take back on the other.
    let mut street = state("member");
    let (mut here, there) = (street.eva, street.eva);
    let paid = here.pay(street.bob.member(), 40);
    street.desk.post(&paid);
    let declined = street.bob.decline(&paid);
    street.desk.post(&declined);
    let reclaim = { there }.write(|link| Body::Reclaim(Reclaim { link, decline: declined.id }));
    assert_eq!(code(street.desk.try_post(&reclaim)), "not_your_pay");
    // The same payment accepted on both, and on one accepted and on the other declined.
    for (yes, position) in [(true, 5 + 7), (false, 5)] {
        let mut street = state("member");
        let (mut one, mut two) = (street.eva, street.eva);
        let first = one.accept(&street.incoming.clone());
        let second = if yes {
            // Unlike the first, or it would be the same record.
            let own = two.pay(street.ann.member(), 1);
            street.desk.ledger.apply(own.said(gateway(2)));
            two.accept(&street.incoming.clone())
        } else {
            two.decline(&street.incoming.clone())
        };
        for branch in [&first, &second] {
            street.desk.ledger.apply(branch.said(gateway(2)));
        }
        let (long, short) = if yes { (&mut two, first.id) } else { (&mut one, second.id) };
        let mend = long.write(|link| Body::Resume(Resume { link, grounds: Grounds::Branches(vec![short]) }));
        street.desk.post(&mend);
        assert_eq!(street.desk.position(long), position - i64::from(yes), "accepted on both: {yes}");
    }
}

/// The one it is about would decide it, or one household with two members.
#[test]
fn only_other_households_decide() {
    let mut street = state("member");
    let about = street.cem.member();
    let own = street.cem.write(|link| Body::Consent(Consent { link, decision: street.decision.id }));
    street.desk.post(&own);
    assert_eq!(street.desk.ledger.decision(&street.decision.id), Some((1, 2, false)));
    assert!(!street.desk.ledger.is_frozen(&about));
    let other = street.eva.write(|link| Body::Consent(Consent { link, decision: street.decision.id }));
    street.desk.post(&other);
    assert!(street.desk.ledger.is_frozen(&about));
}

/// Branches that are over the limit together would be let off by joining them.
#[test]
fn over_the_limit_branches_wait_for_credit() {
    let mut street = state("member");
    let (mut one, mut two) = (street.eva, street.eva);
    let (first, second) = (one.pay(street.ann.member(), 90), two.pay(street.bob.member(), 90));
    street.desk.post(&first);
    street.desk.ledger.apply(second.said(gateway(2)));
    let mend =
        |pen: &Pen| { *pen }.write(|link| Body::Resume(Resume { link, grounds: Grounds::Branches(vec![second.id]) }));
    assert_eq!(code(street.desk.try_post(&mend(&one))), "over_limit");
    let help = street.cem.pay(street.eva.member(), 75);
    street.desk.post(&help);
    street.desk.post(&one.accept(&help));
    assert_eq!(code(street.desk.try_post(&mend(&one))), "taken");
}

/// A neighbour who lost her phone would lose her account, or a false friend could take it.
#[test]
fn guardians_give_a_new_key_after_the_delay_unless_the_old_one_objects() {
    let prepared = || {
        let mut street = state("member");
        let guardians = vec![street.ann.member(), street.bob.member(), street.cem.member()];
        let facts = Facts { guardians, threshold: 2, ..facts("eva", "h4", gateway(0)) };
        let change = street.eva.write(|link| Body::Facts(FactsChange { link, facts }));
        street.desk.post(&change);
        street.desk.age = Age(1_000);
        street
    };
    let word = |street: &mut Street, who: u8, base: RecordId| {
        let (member, key, home) = (street.eva.member(), Hand(5).key(), gateway(0));
        let pen = [&mut street.ann, &mut street.bob, &mut street.cem].into_iter().nth(who.into()).expect("a guardian");
        let word = pen.write(|link| Body::Recover(Recover { link, member, base, key, home }));
        street.desk.post(&word);
        word.id
    };
    let resume = |street: &Street, ids: &[RecordId]| {
        let link = Link { epoch: 1, ..street.eva.link };
        Word::new(Hand(5), Body::Resume(Resume { link, grounds: Grounds::Guardians(ids.to_vec()) }))
    };
    let mut street = prepared();
    let head = street.eva.link.prev;
    let one = word(&mut street, 0, head);
    assert_eq!(street.desk.ledger.recovery_of(&one), Some(street.eva.member()));
    assert_eq!(street.desk.try_post(&resume(&street, &[one])), Err(Refusal::TooFew { found: 1, limit: 2 }));
    let again = word(&mut street, 0, head);
    assert_eq!(code(street.desk.try_post(&resume(&street, &[one, again]))), "too_few");
    let two = word(&mut street, 1, head);
    assert_eq!(street.desk.try_post(&resume(&street, &[one, two])), Err(Refusal::TooEarly { retry_s: DELAY_S.into() }));
    let stolen = Word::new(Hand(6), resume(&street, &[one, two]).body);
    assert_eq!(code(street.desk.try_post(&stolen)), "wrong_record");
    // Meanwhile the old key objects.
    let mut vetoed = street.desk.clone();
    let veto = { street.eva }.write(|link| Body::Veto(Veto { link, recover: one }));
    vetoed.post(&veto);
    vetoed.age = Age(1_000 + u64::from(DELAY_S));
    assert_eq!(code(vetoed.try_post(&resume(&street, &[one, two]))), "not_next");
    // Or it does not.
    street.desk.age = Age(1_000 + u64::from(DELAY_S));
    let before = street.desk.ledger.member(&street.eva.member()).expect("a member").balances;
    assert_eq!(code(street.desk.try_post(&resume(&street, &[one, two]))), "taken");
    let after = street.desk.ledger.member(&street.eva.member()).expect("a member");
    assert_eq!((after.balances, after.key, after.epoch), (before, Hand(5).key(), 1));
    assert_eq!(
        code(street.desk.try_post(&Word::new(Hand(4), pay(street.eva.link, street.ann.member(), 1)))),
        "not_next"
    );
    // All guardians together need no delay.
    let mut street = prepared();
    let head = street.eva.link.prev;
    let ids = [0, 1, 2].map(|who| word(&mut street, who, head));
    assert_eq!(code(street.desk.try_post(&resume(&street, &ids))), "taken");
}

/// A frozen neighbour could never come back, or one household alone could let a cheat off.
#[test]
fn households_freeze_unfreeze_and_write_off() {
    let mut street = state("forked");
    let pot = Facts { custody: Custody::Pot, ..facts("fund", "h9", gateway(0)) };
    let pot = Word::new(Hand(7), Body::Join(Join { covenant: street.found.id, facts: pot }));
    street.desk.post(&pot);
    let (eva, fund) = (street.eva.member(), MemberId(pot.id.0));
    let base = street.eva.link.prev;
    let unfreeze =
        Action::Unfreeze { member: eva, base, key: Hand(5).key(), home: gateway(0), positions: vec![-20, 0] };
    let decide = |pen: &mut Pen, action: &Action| {
        pen.write(|link| Body::Decide(Decide { link, action: action.clone(), text: "so".into() }))
    };
    let decision = decide(&mut street.ann, &unfreeze);
    street.desk.post(&decision);
    let resume = |consents: &[RecordId]| {
        let link = Link { epoch: 1, ..street.eva.link };
        let grounds = Grounds::Decision { decision: decision.id, consents: consents.to_vec() };
        Word::new(Hand(5), Body::Resume(Resume { link, grounds }))
    };
    assert_eq!(street.desk.try_post(&resume(&[])), Err(Refusal::TooFew { found: 1, limit: 2 }));
    let consent = |pen: &mut Pen, decision: RecordId| pen.write(|link| Body::Consent(Consent { link, decision }));
    let own = consent(&mut street.ann, decision.id);
    street.desk.post(&own);
    assert_eq!(code(street.desk.try_post(&resume(&[own.id]))), "too_few", "ann again");
    let other = consent(&mut street.bob, street.decision.id);
    street.desk.post(&other);
    assert_eq!(code(street.desk.try_post(&resume(&[other.id]))), "wrong_record", "to something else");
    let second = consent(&mut street.cem, decision.id);
    street.desk.post(&second);
    assert_eq!(street.desk.ledger.decision(&decision.id), Some((2, 2, true)));
    assert_eq!(code(street.desk.try_post(&resume(&[second.id]))), "taken");
    let member = street.desk.ledger.member(&eva).expect("a member");
    assert_eq!((member.frozen, member.balances[0].position, member.key), (false, -20, Hand(5).key()));
    // Part of her debt is written off: the fund owes it now.
    let owed = { Pen { hand: Hand(5), link: Link { member: eva, epoch: 1, seq: member.seq + 1, prev: member.head } } }
        .pay(street.ann.member(), 30);
    street.desk.post(&owed);
    street.desk.post(&street.ann.accept(&owed));
    let before = street.desk.settled(&street.eva);
    let off = |pot| Action::WriteOff { member: eva, pot, unit: UnitIndex(0), amount: Amount(20) };
    assert_eq!(code(street.desk.try_post(&decide(&mut { street.bob }, &off(street.cem.member())))), "wrong_record");
    let decision = decide(&mut street.bob, &off(fund));
    street.desk.post(&decision);
    assert_eq!(street.desk.settled(&street.eva), before, "one household is not enough");
    let word = consent(&mut street.cem, decision.id);
    street.desk.post(&word);
    assert_eq!(street.desk.settled(&street.eva), before + 20);
    assert_eq!(street.desk.ledger.settled(&fund, UnitIndex(0)), -20);
    let word = consent(&mut street.ann, decision.id);
    street.desk.post(&word);
    assert_eq!(street.desk.ledger.settled(&fund, UnitIndex(0)), -20, "once");
}

/// A merchant who holds both signed payments could show them to nobody.
#[test]
fn a_proof_carried_by_anybody_freezes_and_a_false_one_does_not() {
    let mut street = state("member");
    let member = street.eva.member();
    let (one, two) = ({ street.eva }.pay(street.ann.member(), 1), { street.eva }.pay(street.bob.member(), 1));
    let proof = |first: &Word, second: &Word, hands: [Hand; 2]| {
        let (first, second) = (first.signed(hands[0]), second.signed(hands[1]));
        Word::new(Hand(1), Body::ForkProof(ForkProof { first, second }))
    };
    let later =
        Word::new(Hand(4), pay(Link { seq: street.eva.link.seq + 1, ..street.eva.link }, street.ann.member(), 1));
    let stranger = Word::new(Hand(6), two.body.clone());
    for (false_proof, why) in [
        (proof(&one, &one, [Hand(4); 2]), "one record"),
        (proof(&one, &later, [Hand(4); 2]), "two numbers"),
        (proof(&one, &stranger, [Hand(4), Hand(6)]), "another's key"),
        (proof(&stranger, &stranger, [Hand(6); 2]), "another's keys"),
        (Word::new(Hand(1), Body::ForkProof(ForkProof { first: vec![0xFE], second: vec![] })), "no records"),
    ] {
        assert_eq!(code(street.desk.try_post(&false_proof)), "not_a_proof", "{why}");
    }
    // Signed, but not with the key it names.
    let mut bytes = two.signed(Hand(4));
    bytes[50] ^= 1;
    let forged = Word::new(Hand(1), Body::ForkProof(ForkProof { first: one.signed(Hand(4)), second: bytes }));
    assert_eq!(code(street.desk.try_post(&forged)), "not_a_proof");
    assert!(!street.desk.ledger.is_frozen(&member));
    let real = proof(&one, &two, [Hand(4); 2]);
    assert!(SignedRecord::decode(&one.signed(Hand(4))).is_ok() && real.bytes.len() < 800, "{} bytes", real.bytes.len());
    street.desk.post(&real);
    assert!(street.desk.ledger.is_frozen(&member));
    assert_eq!(street.desk.ledger.forks_of(&member).len(), 1);
    assert_eq!(code(street.desk.try_post(&one)), "frozen");
    // Another key epoch of the same number is no fork.
    let mut street = state("member");
    let rekey = { street.eva }.write(|link| Body::Rekey(Rekey { link, key: Hand(5).key() }));
    street.desk.post(&rekey);
    let (old, new) = (Link { seq: street.eva.link.seq + 1, prev: rekey.id, ..street.eva.link }, Hand(5));
    let new = (Word::new(new, pay(Link { epoch: 1, ..old }, street.ann.member(), 1)), new);
    let old = Word::new(Hand(4), pay(old, street.ann.member(), 1));
    assert_eq!(code(street.desk.try_post(&proof(&new.0, &old, [Hand(5), Hand(4)]))), "not_a_proof");
}

/// Whoever gives back what was disputed would have to be believed about it.
#[test]
fn a_dispute_moves_nothing_and_a_counter_payment_names_it() {
    let mut street = state("member");
    let accepted = street.eva.accept(&street.incoming.clone());
    street.desk.post(&accepted);
    let before = street.desk.settled(&street.ann);
    let pay_id = street.incoming.id;
    let dispute = street.ann.write(|link| Body::Dispute(Dispute { link, pay: pay_id, text: "half".into() }));
    street.desk.post(&dispute);
    assert_eq!(street.desk.settled(&street.ann), before);
    let answers = Some(dispute.id);
    let back = |pen: &mut Pen, to| {
        let (unit, amount, memo) = (UnitIndex(0), Amount(4), "sorry".into());
        pen.write(|link| Body::Pay(Pay { link, to, unit, amount, answers, item: None, memo }))
    };
    assert_eq!(code(street.desk.try_post(&back(&mut { street.cem }, street.ann.member()))), "not_your_pay");
    assert_eq!(code(street.desk.try_post(&back(&mut { street.eva }, street.bob.member()))), "not_your_pay");
    let back = back(&mut street.eva, street.ann.member());
    street.desk.post(&back);
    street.desk.post(&street.ann.accept(&back));
    assert_eq!(street.desk.settled(&street.ann), before + 4);
    let history = street.desk.ledger.history(&street.ann.member());
    assert!(history.iter().any(|movement| movement.id == pay_id && movement.disputed));
}

/// Members of a community made up by a stranger would pay ours with credit from nowhere.
#[test]
fn two_communities_do_not_mix() {
    let mut street = state("member");
    let Body::Found(mut other) = street.found.body.clone() else { unreachable!("a founding") };
    other.founders.iter_mut().zip([20, 21, 22]).for_each(|(founder, n)| founder.key = Hand(n).key());
    let other = Word::new(Hand(20), Body::Found(other));
    assert_eq!(code(street.desk.try_post(&other)), "already_founded");
    // A gateway elsewhere took it.
    street.desk.ledger.apply(other.said(gateway(9)));
    let stranger = Pen { hand: Hand(20), ..Pen::founder(&other, 0) };
    assert_eq!(code(street.desk.try_post(&{ stranger }.pay(street.ann.member(), 1))), "other_community");
    assert_eq!(code(street.desk.try_post(&{ street.ann }.pay(stranger.member(), 1))), "other_community");
    let vouch = { stranger }.write(|link| Body::Vouch(Vouch { link, member: street.eva.member() }));
    assert_eq!(code(street.desk.try_post(&vouch)), "other_community");
    let consent = { stranger }.write(|link| Body::Consent(Consent { link, decision: street.decision.id }));
    assert_eq!(code(street.desk.try_post(&consent)), "other_community");
}

/// A phone would show that home knows of a payment which home has never seen.
#[test]
fn only_home_confirms() {
    let mut street = state("away");
    let paid = street.eva.pay(street.ann.member(), 5);
    street.desk.post(&paid);
    assert_eq!(street.desk.ledger.lights(&paid.id), Lights::Stamped);
    let stamp = Word::by(Author::Gateway, 0, Body::Stamp(Stamp { record: paid.id }));
    street.desk.ledger.apply(stamp.said(gateway(1)));
    assert_eq!(street.desk.ledger.lights(&paid.id), Lights::Stamped, "not by any gateway");
    street.desk.ledger.apply(stamp.said(gateway(0)));
    assert_eq!(street.desk.ledger.lights(&paid.id), Lights::Confirmed);
    assert_eq!(street.desk.ledger.lights(&RecordId([3; 32])), Lights::Noted);
}
