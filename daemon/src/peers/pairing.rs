//! The first meeting of two gateways: one has made an invitation, the other was given its code.
//!
//! Both prove to know the secret, then each sends a card: its id, its name, the port of its door, and a signature by that
//! id over what both have seen of this meeting. The card's id must give the very X25519 key of the handshake. The inviter
//! writes the other one down, then says so; the other writes the inviter down when it hears that.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use commons_core::identity::{gateway_said, purpose, GatewayId, Signature};
use serde::{Deserialize, Serialize};
use tokio::time::{sleep, Instant};

use super::book::{tidy_name, NAME_BYTES_MAX};
use super::call::{dial, next, HANDSHAKE_WITHIN};
use super::code::{Code, Secret};
use super::link::Wire;
use super::noise::{Flag, Identity, LinkFault, Meeting, Opened, Refusal, STRANGER_BYTES_MAX};
use super::room::Room;
use crate::caller::Caller;

/// The pause between two tries of a code grows to this.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// So many times its own gateway must say that it does not know a code before it is given up. Nothing proves who said so:
/// a whole day of tries for nothing is worse than a code that has to be typed again.
const DENIED_MAX: u32 = 3;

#[derive(Serialize, Deserialize)]
struct Card {
    id: GatewayId,
    name: String,
    port: u16,
    signature: ([u8; 32], [u8; 32]),
}

/// Who was met.
struct Met {
    id: GatewayId,
    name: String,
    port: u16,
}

fn card(identity: &Identity, name: &str, port: u16, seen: &[u8]) -> Result<Vec<u8>, LinkFault> {
    let Signature(signature) = identity.keys.sign(purpose::PAIRING, &identity.network, &[seen]);
    let (mut first, mut second) = ([0; 32], [0; 32]);
    first.copy_from_slice(&signature[..32]);
    second.copy_from_slice(&signature[32..]);
    let card = Card { id: identity.id, name: tidy_name(name), port, signature: (first, second) };
    postcard::to_allocvec(&card).map_err(|_| LinkFault::Ours("the card was not written"))
}

/// Checks a card against the meeting it came in. `seen`: what its writer had seen.
fn check(identity: &Identity, meeting: &Meeting, seen: &[u8], bytes: &[u8]) -> Result<Met, LinkFault> {
    let card: Card = postcard::from_bytes(bytes).map_err(|_| LinkFault::Unexpected)?;
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&card.signature.0);
    signature[32..].copy_from_slice(&card.signature.1);
    let signed = gateway_said(&card.id, purpose::PAIRING, &identity.network, &[seen], &Signature(signature));
    let key = card.id.exchange_key();
    if !signed || key.is_none() || key != meeting.remote_key() || card.id == identity.id {
        return Err(LinkFault::Unproven);
    }
    if card.name.len() > NAME_BYTES_MAX {
        return Err(LinkFault::Unexpected);
    }
    Ok(Met { id: card.id, name: card.name, port: card.port })
}

/// The inviter's side.
pub async fn answer(room: &Arc<Room>, caller: &Caller, mut wire: Wire, first: Bytes) -> Result<(), LinkFault> {
    if first.len() > STRANGER_BYTES_MAX {
        return Err(LinkFault::TooLarge(STRANGER_BYTES_MAX));
    }
    let identity = &room.identity;
    if !Code::calls(&caller.callee, &identity.id) {
        // Else it would take our not knowing the code for its own gateway's.
        return Err(LinkFault::Refused(Refusal::NotMe));
    }
    let mut fault = LinkFault::Unknown;
    let mut found: Option<(Secret, Meeting)> = None;
    for secret in room.secrets() {
        match identity.met(&secret.key(&identity.network), &first) {
            Ok(meeting) => {
                found = Some((secret, meeting));
                break;
            }
            Err(why) => fault = why,
        }
    }
    let (secret, mut meeting) = found.ok_or(fault)?;
    let seen = meeting.seen();
    let own = card(identity, &room.name, room.port(), &seen)?;
    let second = meeting.write(&own)?;
    wire.out.send(second.into()).await.map_err(|_| LinkFault::Ended)?;
    let third = next(&mut wire, HANDSHAKE_WITHIN).await?;
    let seen = meeting.seen();
    let theirs = meeting.read(&third)?;
    let met = check(identity, &meeting, &seen, &theirs)?;
    let address = reachable(caller, met.port);
    if !room.accept(secret, met.id, met.name.clone(), address).await? {
        return Err(LinkFault::Refused(Refusal::Stranger));
    }
    tracing::info!(peer = met.id.short(), "paired with a gateway that had a code of ours");
    let mut session = meeting.finish()?;
    let here = session.sealer.seal(Flag::Here, &[])?;
    let _ = wire.out.send(here.into()).await;
    // The other side ends the call.
    let _ = next(&mut wire, HANDSHAKE_WITHIN).await;
    Ok(())
}

fn reachable(caller: &Caller, port: u16) -> Option<String> {
    let mut address = caller.address;
    address.set_ip(address.ip().to_canonical());
    address.set_port(port);
    (port > 0).then(|| address.to_string())
}

/// Tries a code until it has led to its gateway, its gateway does not know it, or it is dropped from the book.
pub async fn keep_trying(room: Arc<Room>, code: Code) {
    let mut pause = Duration::from_millis(500);
    let mut denied = 0;
    while room.has_code(&code) {
        let mut unknown = false;
        for address in room.addresses_of_code(&code) {
            match meet(&room, &code, &address).await {
                Ok(()) => return,
                Err(fault) => {
                    tracing::debug!(why = %fault, "a code did not lead to its gateway yet");
                    room.note_code_fault(&code, &fault);
                    unknown |= fault == LinkFault::Refused(Refusal::Stranger);
                }
            }
        }
        denied += u32::from(unknown);
        if denied >= DENIED_MAX {
            room.give_up(&code).await;
            return;
        }
        let began = Instant::now();
        tokio::select! {
            () = sleep(pause) => pause = (pause * 2).min(PAUSE_MAX),
            () = room.wait_for_pulse() => sleep(Duration::from_millis(200).saturating_sub(began.elapsed())).await,
        }
    }
}

async fn meet(room: &Arc<Room>, code: &Code, address: &str) -> Result<(), LinkFault> {
    let identity = &room.identity;
    let mut wire = dial(address, &code.callee(), &identity.id).await?;
    let (mut meeting, first) = identity.meet(&code.secret.key(&identity.network))?;
    wire.out.send(first.into()).await.map_err(|_| LinkFault::Ended)?;
    let seen = meeting.seen();
    let second = next(&mut wire, HANDSHAKE_WITHIN).await?;
    let theirs = meeting.read(&second)?;
    let met = check(identity, &meeting, &seen, &theirs)?;
    if !code.is_of(&met.id) {
        return Err(LinkFault::Unproven);
    }
    let seen = meeting.seen();
    let own = card(identity, &room.name, room.port(), &seen)?;
    let third = meeting.write(&own)?;
    wire.out.send(third.into()).await.map_err(|_| LinkFault::Ended)?;
    let mut session = meeting.finish()?;
    let written = next(&mut wire, HANDSHAKE_WITHIN).await?;
    match session.opener.open(&written, 0)? {
        Opened::Sign(Flag::Here, _) => {}
        _ => return Err(LinkFault::Unexpected),
    }
    room.paired(code, met.id, met.name, address.to_owned()).await?;
    tracing::info!(peer = met.id.short(), "paired by a code");
    Ok(())
}
