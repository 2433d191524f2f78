//! A small street whose records and states the ledger's tests begin with.

use commons_core::identity::MemberId;
use commons_core::ledger::Refusal;
use commons_core::record::*;

use super::book::*;

/// Ann, bob and cem are founders; eva is the one whose state changes. All are at home at gateway 0.
pub struct Street {
    pub desk: Desk,
    pub found: Word,
    pub ann: Pen,
    pub bob: Pen,
    pub cem: Pen,
    pub eva: Pen,
    /// Ann's vouch and bob's for eva.
    pub vouches: [Word; 2],
    /// Ann's payment of 7 to eva, not answered.
    pub incoming: Word,
    /// Bob's decline of eva's payment of 5.
    pub declined: Word,
    /// Ann's word for a new key of eva's.
    pub recover: Word,
    /// Bob's proposal to freeze cem.
    pub decision: Word,
    /// Eva's one record and another with its number.
    pub proof: Word,
}

pub fn street(facts_of_eva: Facts) -> Street {
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

pub fn enter(street: &mut Street) {
    let [first, second] = [street.vouches[0].id, street.vouches[1].id];
    let word = street.eva.write(|link| Body::Enter(Enter { link, first, second }));
    street.desk.post(&word);
}

pub const STATES: [&str; 9] = ["newcomer", "member", "at_limit", "away", "forked", "frozen", "left", "hosted", "pot"];

pub fn state(name: &str) -> Street {
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

/// What became of a record, in one word.
pub fn code(outcome: Result<(), Refusal>) -> &'static str {
    outcome.map_or_else(|why| why.code(), |()| "taken")
}
