//! May this enter? Checks what a record says against what the board holds, before it is logged.
//!
//! Only this gateway's own door asks; batches of other gateways are folded as they come, and the merge rule ignores what
//! had no right to be said.

mod rejection;

pub use rejection::Rejection;

use crate::codec::{Author, ASSIGN_EPOCHS_MAX};
use crate::identity::{MemberKey, RecordId};
use crate::record::{Assign, AssignBy, Body, OnClaim};
use crate::views::board::{Board, Item, ACTS_PER_ITEM_MAX};
use crate::views::item::{ItemKind, Status};
use crate::views::merge::{Deed, Resolution, Standing, Voice};
use alloc::collections::BTreeSet;

/// Acts on an item kept back for its owner and its gateway.
const ACTS_RESERVED: usize = 200;

/// Whether `by` may say `body` about `item` as it stands now.
pub fn admit(
    board: &Board,
    stewards: &BTreeSet<MemberKey>,
    item: &Item,
    by: &Voice,
    body: &Body,
) -> Result<(), Rejection> {
    let now = board.resolve(item);
    let requester = board.voice(item).owns(by);
    let wrong_state = || Err(Rejection::WrongState { kind: item.kind.name(), status: now.status.name() });
    let only = |right: bool| if right { Ok(()) } else { Err(Rejection::NotYours) };
    // Whatever a crowd says, the owner can still end the item, and its gateway give out slots.
    let crowd = matches!(body, Body::Claim(_) | Body::Cosign(_) | Body::Start(_));
    let room = if crowd { ACTS_PER_ITEM_MAX - ACTS_RESERVED } else { ACTS_PER_ITEM_MAX };
    if board.acts(&item.id).len() >= room {
        return Err(Rejection::TooLong {
            field: "item".into(),
            found: board.acts(&item.id).len() as u64 + 1,
            limit: room as u64,
            unit: "answers",
        });
    }
    if item.kind == ItemKind::Notice && !matches!(body, Body::Cosign(_) | Body::Withdraw(_) | Body::Notice(_)) {
        return wrong_state();
    }
    match body {
        Body::Claim(_) if matches!(now.status, Status::Open | Status::Assigned | Status::Underway) => Ok(()),
        Body::Claim(_) => wrong_state(),
        // The requester's phone hands his contact to the one who holds the slot already; nothing else changes by it.
        Body::Assign(assign) if requester && assign.contact.is_some() && holds(&now, assign) => Ok(()),
        Body::Assign(assign) => {
            let steward = matches!(by.author, Author::Member(key) if stewards.contains(&key));
            only(match item.assign_by {
                AssignBy::HomeGateway => steward && assign.epoch > 0,
                AssignBy::Requester => requester || (steward && assign.epoch > 0),
                AssignBy::Steward => steward,
            })?;
            if !now.status.is_live() {
                return wrong_state();
            }
            match now.standing(&assign.claim) {
                Some(Standing::Standby) => {}
                Some(_) => return wrong_state(),
                None => return Err(Rejection::UnknownClaim),
            }
            let slot = usize::from(assign.slot);
            match (now.slots.get(slot), now.next_epochs.get(slot)) {
                (Some(None), Some(next)) => expect_epoch(assign.epoch, *next, *next + u16::from(steward)),
                (Some(Some(_)), _) => wrong_state(),
                _ => Err(Rejection::wrong("slot", "a free slot of the item")),
            }
        }
        Body::Start(on) => on_claim(board, item, &now, by, on, false),
        Body::Done(on) => on_claim(board, item, &now, by, on, requester),
        Body::NoShow(on) => {
            only(requester)?;
            match now.standing(&on.claim) {
                Some(Standing::Assigned | Standing::Underway) => Ok(()),
                Some(_) => wrong_state(),
                None => Err(Rejection::UnknownClaim),
            }
        }
        Body::Confirm(on) => {
            only(requester)?;
            if !now.status.is_live() {
                return wrong_state();
            }
            expect_epoch(on.epoch, now.epoch, now.epoch)
        }
        Body::Withdraw(withdraw) => match withdraw.claim {
            Some(claim) => {
                only(claim_owner(board, item, &claim)?.owns(by))?;
                match now.standing(&claim) {
                    Some(Standing::Assigned | Standing::Underway | Standing::Standby) => Ok(()),
                    _ => wrong_state(),
                }
            }
            None => {
                only(requester)?;
                if !now.status.is_live() {
                    return wrong_state();
                }
                expect_epoch(withdraw.epoch, now.epoch, now.epoch)
            }
        },
        Body::Reopen(on) => {
            only(requester)?;
            if now.status.is_live() && now.status != Status::Done {
                return wrong_state();
            }
            if now.epoch >= ASSIGN_EPOCHS_MAX {
                return Err(Rejection::TooLong {
                    field: "epoch".into(),
                    found: u64::from(now.epoch) + 1,
                    limit: ASSIGN_EPOCHS_MAX.into(),
                    unit: "reopenings",
                });
            }
            // Above every epoch in which a slot was given, so that no old assignment counts again.
            let next = now.next_epochs.iter().copied().max().unwrap_or(0).max(now.epoch + 1);
            expect_epoch(on.epoch, next, next)
        }
        Body::Refer(refer) => {
            only(requester)?;
            if !now.status.is_live() {
                return wrong_state();
            }
            expect_epoch(refer.epoch, now.epoch, now.epoch)
        }
        Body::DuplicateOf(duplicate) => {
            only(requester)?;
            if !now.status.is_live() {
                return wrong_state();
            }
            match board.get(&duplicate.of) {
                Some(other) if other.kind == item.kind && other.id != item.id => {}
                _ => return Err(Rejection::wrong("of", "the id of another item of the same kind")),
            }
            expect_epoch(duplicate.epoch, now.epoch, now.epoch)
        }
        Body::Cosign(_) => {
            if item.kind != ItemKind::Notice || !now.status.is_live() {
                return wrong_state();
            }
            let said = |act: &crate::views::merge::Act| act.deed == Deed::Cosign && act.by == *by;
            if board.voice(item) == *by || board.acts(&item.id).iter().any(said) {
                return Err(Rejection::NotAllowed { what: "vouching twice for one notice" });
            }
            Ok(())
        }
        // An update or a cancellation of this notice.
        Body::Notice(_) => {
            only(requester)?;
            if item.kind != ItemKind::Notice || !now.status.is_live() {
                return wrong_state();
            }
            Ok(())
        }
        // New items and stock act on nothing; the ledger has rules of its own.
        _ => Ok(()),
    }
}

/// Whether this very assignment stands.
fn holds(now: &Resolution, assign: &Assign) -> bool {
    let slot = usize::from(assign.slot);
    now.slots.get(slot) == Some(&Some(assign.claim)) && now.next_epochs.get(slot) == Some(&(assign.epoch + 1))
}

fn on_claim(
    board: &Board,
    item: &Item,
    now: &Resolution,
    by: &Voice,
    on: &OnClaim,
    requester: bool,
) -> Result<(), Rejection> {
    if !requester && !claim_owner(board, item, &on.claim)?.owns(by) {
        return Err(Rejection::NotYours);
    }
    match now.standing(&on.claim) {
        Some(Standing::Assigned | Standing::Underway) if now.status.is_live() => Ok(()),
        Some(_) => Err(Rejection::WrongState { kind: item.kind.name(), status: now.status.name() }),
        None => Err(Rejection::UnknownClaim),
    }
}

/// Who made this claim on this item.
pub fn claim_owner(board: &Board, item: &Item, claim: &RecordId) -> Result<Voice, Rejection> {
    board
        .acts(&item.id)
        .iter()
        .find(|act| act.id == *claim && matches!(act.deed, Deed::Claim { .. }))
        .map(|act| act.by)
        .ok_or(Rejection::UnknownClaim)
}

fn expect_epoch(found: u16, least: u16, most: u16) -> Result<(), Rejection> {
    if (least..=most).contains(&found) {
        return Ok(());
    }
    Err(Rejection::WrongValue { field: "epoch".into(), expected: alloc::format!("{least}").into() })
}
