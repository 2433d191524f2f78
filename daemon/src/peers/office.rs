//! What people see of other gateways, and what they may wish for; for a running gateway and for a stopped one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use commons_core::identity::GatewayId;
use commons_core::sync::{Interests, PeerStatus};
use serde_json::{json, Map, Value};
use tokio::time::timeout;

use super::book::{find, parse_id, Book, BookError, Peer};
use super::code::Code;
use super::noise::{LinkFault, Refusal};
use super::room::{PeerView, Room};
use crate::neighbours::{Neighbour, Neighbours, No, Office, Wish};
use crate::wants;

/// How often it is looked at what everybody may know of peers.
const TELL_EVERY: Duration = Duration::from_secs(5);
/// Why a code is given up.
const GIVEN_UP: &str = "the gateway that it names does not know it, so it was very likely used or has expired; \
                        `commonsd peer invite` there makes a new one";

impl From<BookError> for No {
    fn from(fault: BookError) -> Self {
        let word = match &fault {
            BookError::Store(_) | BookError::Random(_) => "storage_failed",
            BookError::Damaged { .. } => "damaged",
            BookError::Unknown(_) => "unknown_peer",
            BookError::Ambiguous(_) => "ambiguous",
            BookError::Full(..) => "too_many",
            BookError::Code(_) => "wrong_code",
            BookError::Wants(_) => "wrong_value",
            BookError::Own => "own_code",
        };
        (word, fault.to_string())
    }
}

/// The office of a running gateway.
pub fn office(room: &Arc<Room>) -> Office {
    let room = room.clone();
    Arc::new(move |wish| {
        let room = room.clone();
        Box::pin(async move {
            match wish {
                Wish::List => Ok(list(&room).await),
                Wish::Invite => Ok(invited(&room.invite().await?)),
                Wish::Only(wanted, only) => {
                    let (id, name) = room.only(wanted, only).await?;
                    Ok(only_told(&id, &name, room.wanted_of(&id)))
                }
                Wish::Add(code, only) => {
                    let code = room.give(code, only).await?;
                    Ok(json!({"code": code.to_string(), "inviter": code.inviter_hex()}))
                }
                Wish::Remove(wanted) => Ok(removed(room.remove(wanted).await?)),
            }
        })
    })
}

/// The same for a gateway that is not running.
pub fn stopped(
    book: &mut Book,
    id: &GatewayId,
    listen: &[SocketAddr],
    usual: Interests,
    wish: Wish,
) -> Result<Value, No> {
    match wish {
        Wish::List => Ok(json!({
            "peers": book.peers().iter().map(|peer| at_rest(peer, book.wants().get(&peer.id).copied().unwrap_or(usual))).collect::<Vec<_>>(),
            "near": [],
            "codes": book.codes().iter().map(|code| tried(code, None)).collect::<Vec<_>>(),
            "invitations": book.secrets().len(),
            "copied": false,
        })),
        Wish::Invite => {
            let secret = book.invite()?;
            Ok(invited(&Code::new(secret, id, &super::own_addresses(listen))))
        }
        Wish::Only(wanted, only) => {
            let only = only.as_deref().map(wants::parse).transpose().map_err(BookError::Wants)?;
            let found = find(book.peers().iter().map(|peer| (&peer.id, peer.name.as_str())), &wanted);
            // One that is trusted by the configuration alone is named by its whole id.
            let id = found.or_else(|no| parse_id(&wanted).ok_or(no))?;
            let name = book.peers().iter().find(|peer| peer.id == id).map(|peer| peer.name.clone()).unwrap_or_default();
            book.want(id, only)?;
            Ok(only_told(&id, &name, only.unwrap_or(usual)))
        }
        Wish::Add(code, only) => {
            let only = only.as_deref().map(wants::parse).transpose().map_err(BookError::Wants)?;
            let code = book.give(&code, only)?;
            Ok(json!({"code": code.to_string(), "inviter": code.inviter_hex()}))
        }
        Wish::Remove(wanted) => {
            if let Ok(code) = Code::parse(&wanted) {
                if book.drop_code(&code)? {
                    return Ok(removed(None));
                }
            }
            Ok(removed(Some(book.remove(&wanted)?)))
        }
    }
}

fn tried(code: &str, why: Option<String>) -> Value {
    json!({"code": code, "why": why, "given_up": false})
}

fn invited(code: &Code) -> Value {
    json!({
        "code": code.to_string(),
        "addresses": code.addresses.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "lasts_s": super::book::LASTS_S,
    })
}

fn only_told(id: &GatewayId, name: &str, only: Interests) -> Value {
    json!({"peer": {"id": id.to_string(), "name": name}, "wanted": wants::lanes(only), "holds": wants::sentence(only)})
}

fn removed(peer: Option<Peer>) -> Value {
    match peer {
        Some(peer) => json!({"removed": {"id": peer.id.to_string(), "name": peer.name}}),
        None => json!({"removed": null}),
    }
}

fn at_rest(peer: &Peer, wanted: Interests) -> Value {
    let view = PeerView {
        id: peer.id,
        name: peer.name.clone(),
        paired: true,
        addresses: peer.addresses.clone(),
        wanted,
        link: None,
        fault: None,
        stats: Arc::default(),
    };
    shown(&view, None)
}

/// Peers, who is near, codes that are tried.
pub async fn list(room: &Room) -> Value {
    let views = room.views();
    let asked = room.inbox().link_status(views.iter().map(|view| view.id).collect()).await;
    let peers: Vec<Value> = views
        .iter()
        .map(|view| {
            let known = asked.iter().find(|(id, ..)| *id == view.id);
            shown(view, known.map(|(_, status, oldest_ms)| (status, *oldest_ms)))
        })
        .collect();
    let near: Vec<Value> = room
        .strangers()
        .iter()
        .map(|heard| {
            json!({
                "id": heard.id.to_string(),
                "name": heard.name,
                "address": heard.address.to_string(),
                "heard_ms_ago": heard.at.elapsed().as_millis() as u64,
                "pair": "run `commonsd peer invite` there, and `commonsd peer add CODE` here with the code it prints",
            })
        })
        .collect();
    let tried = room.codes().into_iter().map(|(code, why)| tried(&code, why));
    let given_up = room.given_up().into_iter().map(|code| json!({"code": code, "why": GIVEN_UP, "given_up": true}));
    let codes: Vec<Value> = tried.chain(given_up).collect();
    json!({
        "peers": peers,
        "near": near,
        "codes": codes,
        "invitations": room.secrets().len(),
        "copied": room.is_copied(),
    })
}

/// Keeps what everybody may know up to date, until the room closes.
pub async fn tell(room: Arc<Room>) {
    let mut changes = room.changes();
    while !room.is_closing() {
        let views = room.views();
        let asked = room.inbox().link_status(views.iter().map(|view| view.id).collect()).await;
        let complete = |id: &GatewayId| asked.iter().any(|(known, status, _)| known == id && status.complete);
        let peers = views
            .iter()
            .map(|view| Neighbour {
                id: view.id.to_string(),
                name: view.name.clone(),
                linked: view.link.is_some(),
                complete: view.link.is_some() && complete(&view.id),
            })
            .collect();
        room.inbox().set_neighbours(Neighbours { v: 1, peers, near: room.strangers().len() });
        // What is complete changes without a word.
        let _ = timeout(TELL_EVERY, changes.changed()).await;
    }
}

/// One peer. Times in milliseconds; queues in batches, and what of it is already with the link in frames and bytes. The
/// keys are always the same; null is what is not known now.
fn shown(view: &PeerView, known: Option<(&PeerStatus, Option<u64>)>) -> Value {
    let mut shown = Map::new();
    let mut put = |name: &str, value: Value| drop(shown.insert(name.into(), value));
    put("id", view.id.to_string().into());
    put("name", view.name.as_str().into());
    put("paired", view.paired.into());
    put("addresses", view.addresses.clone().into());
    put(
        "link",
        view.link.as_ref().map_or(Value::Null, |(address, called, since, dictionary)| {
            json!({
                "address": address,
                "called": called,
                "since_ms": since.as_millis() as u64,
                "dictionary": dictionary,
            })
        }),
    );
    put("why", view.fault.as_ref().map(ToString::to_string).into());
    put("why_code", view.fault.as_ref().map(LinkFault::code).into());
    put("replaced", (view.fault == Some(LinkFault::Refused(Refusal::NotMe))).into());
    put("heard_ms_ago", view.stats.heard_ago_ms().into());
    let (frames, bytes, stuck_ms) = view.stats.waiting();
    put("wanted", wants::lanes(view.wanted).into());
    put("frames_waiting", frames.into());
    put("bytes_waiting", bytes.into());
    put("stuck_ms", stuck_ms.into());
    let (status, oldest_ms) = known.unzip();
    put("queue_out", status.map(|status| status.out_batches).into());
    put("queue_in", status.map(|status| status.missing).into());
    put("unacknowledged", status.map(|status| status.unacknowledged).into());
    put("oldest_unacknowledged_ms", oldest_ms.flatten().into());
    put("complete", status.map(|status| status.complete).into());
    let stats = &view.stats;
    for (name, counter) in [
        ("frames_in", &stats.frames_in),
        ("frames_out", &stats.frames_out),
        ("bytes_in", &stats.bytes_in),
        ("bytes_out", &stats.bytes_out),
        ("links", &stats.links),
    ] {
        put(name, counter.get().into());
    }
    Value::Object(shown)
}
