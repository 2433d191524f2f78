//! Turns a compact item into what everybody sees, reading its words from the journal.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::board::{Board, Item};
use super::item::{AlertState, ClaimState, EpochState, InfoState, ItemState, LineState, Qty};
use super::merge::{Deed, Resolution, Voice};
use super::Library;
use crate::clock::rfc3339;
use crate::codec::Author;
use crate::identity::{hex, RecordId};
use crate::log::Age;
use crate::record::{AssignBy, Body, Line};

/// Claims shown of one item.
const CLAIMS_SHOWN_MAX: usize = 100;

/// One item as shown at `age`; none if its record is no longer held.
pub fn item_state(board: &Board, item: &Item, age: Age, library: &dyn Library) -> Option<ItemState> {
    let record = library.record(item.at)?;
    let resolution = board.resolve(item);
    let acts = board.acts(&item.id);
    let claims = resolution.claims.iter().take(CLAIMS_SHOWN_MAX).filter_map(|(id, standing)| {
        let act = acts.iter().find(|act| act.id == *id)?;
        let (message, key) = match library.record(act.at)?.body {
            Body::Claim(claim) => (claim.message, claim.key),
            _ => (String::new(), None),
        };
        let slot = slot_of(&resolution, id);
        Some(ClaimState {
            id: id.to_string(),
            status: standing.name(),
            message,
            gateway: act.by.gateway.short(),
            // Nobody answers what was not asked yet.
            created: rfc3339(act.created.max(item.created())),
            lived_s: age.0.saturating_sub(act.arrived.0),
            author: member(&act.by.author),
            key: key.map(|key| hex(&key)),
            sealed: slot.and_then(|slot| handed_on(board, item, id, slot, library)).unwrap_or_default(),
            slot,
        })
    });
    let voice = board.voice(item);
    let mut state = ItemState {
        v: 1,
        id: item.id.to_string(),
        kind: item.kind.name(),
        text: String::new(),
        status: item.status.name(),
        urgency: item.urgency.name(),
        category: item.category.name(),
        zone: String::new(),
        lines: Vec::new(),
        slots: item.slots,
        filled: resolution.filled() as u8,
        claims: claims.collect(),
        standing: item.standing,
        tags: Vec::new(),
        lang: String::new(),
        window: None,
        contact: item.contact,
        sealed: String::new(),
        epochs: None,
        assign_by: "",
        repeat: String::new(),
        see: resolution.goes_on_as.map_or_else(String::new, |id| id.to_string()),
        alert: None,
        created: rfc3339(item.created()),
        lived_s: item.lived_s(age),
        expires_s: item.expires().0.saturating_sub(age.0),
        gateway: board.home(item).short(),
        by: match voice.author {
            Author::Guest => "guest",
            Author::Gateway => "gateway",
            Author::Member(_) => "member",
        },
        author: member(&voice.author),
        reference: String::new(),
        reached: None,
    };
    match record.body {
        Body::Need(ask) | Body::Offer(ask) => {
            state.text = ask.text;
            state.zone = ask.zone;
            state.lines = ask.lines.iter().map(line_state).collect();
            state.tags = ask.tags;
            state.lang = ask.lang;
            state.window = ask.window.map(|window| [rfc3339(window.from), rfc3339(window.until)]);
            state.assign_by = match ask.assign_by {
                AssignBy::HomeGateway => "home_gateway",
                AssignBy::Requester => "requester",
                AssignBy::Steward => "steward",
            };
            state.repeat = ask.repeat;
            if state.author.is_some() {
                state.sealed = ask.contact.as_deref().map(hex).unwrap_or_default();
            }
            let next = &resolution.next_epochs;
            let free = resolution.slots.iter().zip(next).enumerate().filter(|(_, (holder, _))| holder.is_none());
            state.epochs = Some(EpochState {
                item: resolution.epoch,
                reopen: next.iter().copied().max().unwrap_or(0).max(resolution.epoch + 1),
                free: free.map(|(slot, (_, epoch))| [slot as u16, *epoch]).collect(),
            });
            state.reference = ask.reference;
            if state.see.is_empty() {
                state.see = referred_to(board, item, resolution.epoch, library);
            }
        }
        Body::Notice(mut notice) => {
            let first = if notice.info.is_empty() { None } else { Some(notice.info.remove(0)) };
            if let Some(first) = first {
                state.text = first.text;
                state.lang = first.lang;
            }
            state.zone = notice.zone;
            state.reference = notice.reference;
            state.alert = Some(AlertState {
                status: notice.status.name(),
                severity: notice.severity.name(),
                certainty: notice.certainty.name(),
                voices: resolution.voices as u32,
                info: notice.info.into_iter().map(|info| InfoState { lang: info.lang, text: info.text }).collect(),
            });
        }
        _ => return None,
    }
    Some(state)
}

fn member(author: &Author) -> Option<String> {
    match author {
        Author::Member(key) => Some(key.to_string()),
        _ => None,
    }
}

/// The slot a claim holds, and the epoch in which it was given.
fn slot_of(resolution: &Resolution, claim: &RecordId) -> Option<[u16; 2]> {
    let slot = resolution.slots.iter().position(|holder| holder.as_ref() == Some(claim))?;
    Some([slot as u16, resolution.next_epochs[slot].checked_sub(1)?])
}

/// The contact sealed for a claim that holds this slot. Only the requester, or the gateway that holds his contact, hands it
/// on; of several the one with the lowest id.
fn handed_on(
    board: &Board,
    item: &Item,
    claim: &RecordId,
    [slot, epoch]: [u16; 2],
    library: &dyn Library,
) -> Option<String> {
    if !item.contact {
        return None;
    }
    let (voice, home) = (board.voice(item), board.home(item));
    let may = |by: &Voice| voice.owns(by) || (by.author == Author::Gateway && by.gateway == home);
    let deed = Deed::Assign { claim: *claim, slot: slot as u8, epoch };
    let given = board.acts(&item.id).iter().filter(|act| act.deed == deed && may(&act.by));
    given
        .filter_map(|act| match library.record(act.at)?.body {
            Body::Assign(assign) => assign.contact,
            _ => None,
        })
        .map(|sealed| hex(&sealed))
        .next()
}

/// Where the requester was sent, if he was.
fn referred_to(board: &Board, item: &Item, epoch: u16, library: &dyn Library) -> String {
    let voice = board.voice(item);
    let referral = board
        .acts(&item.id)
        .iter()
        .find(|act| matches!(act.deed, Deed::Refer(at) if at >= epoch) && voice.owns(&act.by))
        .and_then(|act| library.record(act.at));
    match referral.map(|record| record.body) {
        Some(Body::Refer(refer)) => refer.to,
        _ => String::new(),
    }
}

fn line_state(line: &Line) -> LineState {
    LineState { item: line.item.clone(), unit: line.unit.clone(), qty: Qty(line.milli) }
}
