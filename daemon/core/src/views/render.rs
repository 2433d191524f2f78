//! Turns a compact item into what everybody sees, reading its words from the journal.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::board::{Board, Item};
use super::item::{AlertState, ClaimState, InfoState, ItemState, LineState, Qty};
use super::merge::Deed;
use super::Library;
use crate::clock::rfc3339;
use crate::codec::Author;
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
        let message = match library.record(act.at)?.body {
            Body::Claim(claim) => claim.message,
            _ => String::new(),
        };
        Some(ClaimState {
            id: id.to_string(),
            status: standing.name(),
            message,
            gateway: act.by.gateway.short(),
            created: rfc3339(act.created),
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
        assign_by: "",
        repeat: String::new(),
        see: resolution.goes_on_as.map_or_else(String::new, |id| id.to_string()),
        alert: None,
        created: rfc3339(item.created()),
        expires_s: item.expires().0.saturating_sub(age.0),
        gateway: board.home(item).short(),
        by: match voice.author {
            Author::Guest => "guest",
            Author::Gateway => "gateway",
            Author::Member(_) => "member",
        },
        author: match voice.author {
            Author::Member(key) => Some(key.to_string()),
            _ => None,
        },
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
