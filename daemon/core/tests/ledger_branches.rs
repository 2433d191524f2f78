//! How a member enters, how branches of one chain are joined, and what only other households decide.

mod support;

use commons_core::identity::{MemberId, RecordId};
use commons_core::record::*;
use support::book::*;
use support::street::*;

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
