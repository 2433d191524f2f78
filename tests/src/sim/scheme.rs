//! What a ring of cheats can do, move by move, at gateways that keep the rules: played on bare ledgers, or in a whole world.

use commons_core::identity::{MemberId, RecordId};
use commons_core::ledger::{Ledger, MovementState, Refusal};
use commons_core::record::*;

/// Cheats who help each other. Each has his key at every gateway.
pub const RING: usize = 3;

/// One move. Gateways and people by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// Somebody pays all that the door there lets him, or a part of it, to another, who may accept it there at once.
    Grab {
        /// Who.
        who: usize,
        /// To whom.
        to: usize,
        /// Where.
        at: usize,
        /// One in so many parts of it.
        part: u64,
        /// Whether he does.
        accepts: bool,
    },
    /// Somebody answers the payment that waits longest for him at a gateway.
    Answer {
        /// Who.
        who: usize,
        /// Where.
        at: usize,
        /// Yes or no.
        yes: bool,
    },
    /// Somebody takes back what was declined last, as far as this gateway knows.
    Reclaim {
        /// Who.
        who: usize,
        /// Where.
        at: usize,
    },
    /// Somebody joins the branches of his chain.
    Join {
        /// Who.
        who: usize,
        /// Where.
        at: usize,
    },
    /// Two gateways meet.
    Meet(usize, usize),
}

/// Where moves are made.
pub trait Stage {
    /// Who takes part.
    fn member(&self, who: usize) -> MemberId;
    /// What a gateway knows.
    fn ledger(&self, at: usize) -> &Ledger;
    /// What its door says of a record: none if it takes it. Nothing is handed in.
    fn refusal(&self, at: usize, who: usize, body: &Body) -> Option<Refusal>;
    /// Hands a record in, which may be refused.
    fn hand_in(&mut self, at: usize, who: usize, body: Body) -> Option<RecordId>;
    /// Lets two gateways tell each other everything.
    fn meet(&mut self, one: usize, other: usize);
    /// Declines there are, newest last, with what they decline.
    fn declines(&self) -> &[(RecordId, RecordId)];
}

/// Makes one move, as far as it can be made.
pub fn play(stage: &mut impl Stage, step: Move) {
    match step {
        Move::Grab { who, to, at, part, accepts } => {
            let Some(link) = pen(stage, who, at) else { return };
            let (payee, unit) = (stage.member(to), UnitIndex(0));
            let pay = |amount| {
                let (to, amount) = (payee, Amount(amount));
                Body::Pay(Pay { link, to, unit, amount, answers: None, item: None, memo: String::new() })
            };
            // The door itself says how much it would take.
            let mut most = AMOUNT_MAX;
            for _ in 0..2 {
                match stage.refusal(at, who, &pay(most)) {
                    Some(Refusal::OverLimit { limit } | Refusal::OverRoaming { limit, .. }) => most = limit,
                    Some(_) => return,
                    None => break,
                }
                if most == 0 {
                    return;
                }
            }
            let Some(pay) = stage.hand_in(at, who, pay((most / part).max(1))) else { return };
            if let Some(link) = pen(stage, to, at).filter(|_| accepts) {
                stage.hand_in(at, to, Body::Accept(OnPay { link, pay }));
            }
        }
        Move::Answer { who, at, yes } => {
            let Some(link) = pen(stage, who, at) else { return };
            let history = stage.ledger(at).history(&stage.member(who));
            let open = history.iter().find(|each| each.amount > 0 && each.state == MovementState::Pending);
            let Some(pay) = open.map(|movement| movement.id) else { return };
            let on = OnPay { link, pay };
            stage.hand_in(at, who, if yes { Body::Accept(on) } else { Body::Decline(on) });
        }
        Move::Reclaim { who, at } => {
            let Some(link) = pen(stage, who, at) else { return };
            let me = stage.member(who);
            let own =
                |pay: &RecordId| stage.ledger(at).history(&me).iter().any(|each| each.id == *pay && each.amount < 0);
            let decline = stage.declines().iter().rev().find(|(_, pay)| own(pay)).map(|(id, _)| *id);
            if let Some(decline) = decline {
                stage.hand_in(at, who, Body::Reclaim(Reclaim { link, decline }));
            }
        }
        Move::Join { who, at } => {
            let Some(link) = pen(stage, who, at) else { return };
            let ends = stage.ledger(at).ends(&stage.member(who));
            let others: Vec<RecordId> = ends.into_iter().filter(|end| *end != link.prev).collect();
            if !others.is_empty() {
                stage.hand_in(at, who, Body::Resume(Resume { link, grounds: Grounds::Branches(others) }));
            }
        }
        Move::Meet(one, other) => stage.meet(one, other),
    }
}

/// Where a gateway sees the end of somebody's chain: a cheat goes on there.
fn pen(stage: &impl Stage, who: usize, at: usize) -> Option<Link> {
    let member = stage.member(who);
    let (prev, seq, standing) = stage.ledger(at).head(&member)?;
    Some(Link { member, epoch: standing.epoch, seq: seq + 1, prev })
}
