//! Guardians, decisions of households, proofs, disputes, and communities that stay apart.

mod support;

use commons_core::codec::{Author, SignedRecord};
use commons_core::identity::{MemberId, RecordId};
use commons_core::ledger::{ActionCard, DecisionState, Ledger, Lights, Refusal, Said};
use commons_core::log::Age;
use commons_core::record::*;
use support::book::*;
use support::street::*;

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

fn shown(ledger: &Ledger, id: RecordId) -> (DecisionState, u64, Vec<String>) {
    let card = ledger.decision_card(&id).expect("a decision");
    (card.state, card.agreed, card.consents)
}

/// A neighbour would be asked to agree to what is decided already or leads nowhere, or would not learn what waits for him.
#[test]
fn decisions_are_shown_with_where_they_stand() {
    let mut street = state("forked");
    let eva = street.eva.member();
    let going_on = street.desk.ledger.going_on(&eva).expect("a chain");
    let ActionCard::Unfreeze { base, seq, epoch, positions, .. } = &going_on else { panic!("{going_on:?}") };
    let (head, last, standing) = street.desk.ledger.head(&eva).expect("a chain");
    assert_eq!((base.as_str(), *seq, *epoch), (head.to_string().as_str(), last + 1, standing.epoch + 1));
    // Both branches count: what each of them alone says is less.
    let ends = street.desk.ledger.ends(&eva);
    assert!(ends.len() > 1 && positions[0] <= standing.positions[0], "{positions:?}");
    let action = Action::Unfreeze {
        member: eva,
        base: head,
        key: Hand(5).key(),
        home: gateway(0),
        positions: positions.clone(),
    };
    let decision = street.ann.write(|link| Body::Decide(Decide { link, action, text: "so".into() }));
    street.desk.post(&decision);
    assert_eq!(shown(&street.desk.ledger, decision.id), (DecisionState::Open, 1, vec![]));
    let card = street.desk.ledger.decision_card(&decision.id).expect("a decision");
    assert_eq!((card.voices.len(), card.voices[0].counts, card.quorum), (1, true, 2));
    let consent = street.cem.write(|link| Body::Consent(Consent { link, decision: decision.id }));
    street.desk.post(&consent);
    assert_eq!(shown(&street.desk.ledger, decision.id), (DecisionState::Ready, 2, vec![consent.id.to_string()]));
    // A chain that went on otherwise leaves it behind; one that follows it is done.
    let link = Link { member: eva, epoch: *epoch, seq: *seq, prev: head };
    let grounds = Grounds::Decision { decision: decision.id, consents: vec![consent.id] };
    street.desk.post(&Word::new(Hand(5), Body::Resume(Resume { link, grounds })));
    assert_eq!(shown(&street.desk.ledger, decision.id), (DecisionState::InForce, 2, vec![]));
    let late =
        Action::Unfreeze { member: eva, base: head, key: Hand(6).key(), home: gateway(0), positions: vec![0, 0] };
    let late = street.ann.write(|link| Body::Decide(Decide { link, action: late, text: "too late".into() }));
    street.desk.post(&late);
    assert_eq!(shown(&street.desk.ledger, late.id).0, DecisionState::Over);
    // What waits comes first, whatever is newer.
    let states: Vec<_> = street.desk.ledger.decision_cards().into_iter().map(|card| (card.id, card.state)).collect();
    assert_eq!((states.len(), &states[0]), (3, &(street.decision.id.to_string(), DecisionState::Open)), "{states:?}");
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

/// A gateway with its clock set back, or one that lies, would decide whose branch came first.
#[test]
fn when_a_stamp_says_it_was_made_decides_nothing() {
    let told = |created: [u64; 2], arrived: [u64; 2]| {
        let mut street = state("away");
        let (first, second) = (street.eva.pay(street.ann.member(), 5), street.eva.pay(street.bob.member(), 6));
        for word in [&first, &second] {
            street.desk.post(word);
        }
        for (at, record) in [second.id, first.id].into_iter().enumerate() {
            let stamp = Word::by(Author::Gateway, at as u32, Body::Stamp(Stamp { record }));
            let said = Said { created: created[at], arrived: Age(arrived[at]), ..stamp.said(gateway(0)) };
            street.desk.ledger.apply(said);
        }
        (street.desk.ledger.digest(), street.desk.ledger.lights(&first.id), street.desk.ledger.snapshot())
    };
    let honest = told([1_795_000_000, 1_795_000_001], [10, 11]);
    for other in [told([0, u64::MAX], [10, 11]), told([u64::MAX, 0], [0, 0]), told([1, 1], [u64::MAX / 2, 0])] {
        assert!(other == honest);
    }
    assert_eq!(honest.1, Lights::Confirmed);
    // Nor does a stamp made for an earlier time let a frozen member pay.
    let mut street = state("frozen");
    let stamp = Word::by(Author::Gateway, 9, Body::Stamp(Stamp { record: street.eva.link.prev }));
    street.desk.ledger.apply(Said { created: 0, arrived: Age(0), ..stamp.said(gateway(0)) });
    let pay = street.eva.pay(street.ann.member(), 1);
    assert_eq!(code(street.desk.try_post(&pay)), "frozen");
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
