//! The answering side: what the door hands in is a stranger until it has proven otherwise.
//!
//! Until then it costs two small channels, at most one first message of a handshake, and a few seconds; how many may try
//! is bounded (`gate`). The writer is asked for a hello only once the caller has proven its key.

use std::sync::Arc;

use bytes::Bytes;
use commons_core::identity::GatewayId;
use tokio::sync::mpsc;

use super::call::{digits, next, HANDSHAKE_WITHIN};
use super::gate::Trial;
use super::link::Wire;
use super::noise::{no, Kind, LinkFault, Refusal, STRANGER_BYTES_MAX};
use super::pairing;
use super::room::{Room, Shaken};
use crate::caller::{Answer, Caller, Port, CALL_MESSAGES_MAX};

/// What the door calls for each caller.
pub fn answer(room: &Arc<Room>) -> Answer {
    let room = room.clone();
    Arc::new(move |caller: Caller| {
        if room.is_closing() {
            return None;
        }
        let Some(trial) = room.gate.enter(caller.address.ip()) else {
            tracing::debug!("a call was not taken: too many at once from its address");
            return None;
        };
        let (up, inn) = mpsc::channel(CALL_MESSAGES_MAX);
        let (out, down) = mpsc::channel(CALL_MESSAGES_MAX);
        let room = room.clone();
        tokio::spawn(async move { take(room, caller, Wire { out, inn }, trial).await });
        Some(Port { up, down })
    })
}

async fn take(room: Arc<Room>, caller: Caller, mut wire: Wire, trial: Trial) {
    let first = match next(&mut wire, HANDSHAKE_WITHIN).await {
        Ok(first) => first,
        Err(_) => return,
    };
    let out = wire.out.clone();
    let done = match Kind::of(&first) {
        Ok(Kind::Meet) => pairing::answer(&room, &caller, wire, first).await,
        Ok(Kind::Call) => call(&room, &caller, wire, first, trial).await,
        Ok(_) => Err(LinkFault::Unexpected),
        Err(fault) => Err(fault),
    };
    let Err(fault) = done else {
        return;
    };
    tracing::debug!(caller = caller.caller, why = %fault, "a call was refused");
    room.counts.refused.add(1);
    let why = match fault {
        LinkFault::FutureVersion(_) => Refusal::Version,
        LinkFault::OtherNetwork => Refusal::Network,
        LinkFault::Refused(why) => why,
        LinkFault::Unknown | LinkFault::Unproven => Refusal::Stranger,
        _ => return,
    };
    let _ = out.send(Bytes::from(no(why))).await;
}

async fn call(room: &Arc<Room>, caller: &Caller, mut wire: Wire, first: Bytes, trial: Trial) -> Result<(), LinkFault> {
    if first.len() > STRANGER_BYTES_MAX {
        return Err(LinkFault::TooLarge(STRANGER_BYTES_MAX));
    }
    if caller.callee != digits(&room.identity.id) {
        return Err(LinkFault::Refused(Refusal::NotMe));
    }
    let peer: GatewayId = room.peer_with(&caller.caller).ok_or(LinkFault::Unknown)?;
    let (answering, hello) = room.identity.answer(&peer, &first)?;
    let crossing = room.crossing(&peer)?;
    let ours_first = room.identity.id < peer;
    let answering_now = crossing.answer(ours_first).ok_or(LinkFault::Refused(Refusal::Crossed))?;
    let own = room.hello(&peer).await?;
    let (mut session, second) = answering.finish(&own)?;
    let second_bytes = second.len();
    wire.out.send(second.into()).await.map_err(|_| LinkFault::Ended)?;
    // Only now is it more than a recording.
    let here = next(&mut wire, HANDSHAKE_WITHIN).await?;
    let opened = session.opener.open(&here, 0)?;
    drop(trial);
    let address = room.address_of(&caller.address, &hello);
    let bytes = (first.len() + here.len(), second_bytes);
    let shaken = Shaken { wire, session, hello, first: Some(opened), bytes };
    let fault = room.live(&peer, false, address, shaken, answering_now).await;
    tracing::debug!(peer = peer.short(), why = %fault, "an answered call ended");
    Ok(())
}
