//! From an accepted connection to a session: caps, a CONNECT within 5 s, refusals with their reason.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use commons_core::identity::{hex, MemberId};
use commons_core::topic::{check_topic, Topic};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::batch::{copied, Item};
use super::packet::{connect, Connect, Greeting, CLIENT_ID_BYTES_MAX};
use super::reply::{connack, Welcome};
use super::session::{Attach, Io, Session, Will, ALIASES_MAX, ATTACHES_MAX, POSTS_HELD_MAX};
use super::wire::{frame, Fault, Version};
use super::{Shared, Transport};

/// From the first byte to a whole CONNECT, and for writing a refusal.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// Random bytes of an id we make up: nobody guesses another's receipts.
const ASSIGNED_ID_BYTES: usize = 16;

struct Refusal {
    version: Version,
    code: u8,
    reason: &'static str,
}

/// Reads the CONNECT and hands the connection to its client's session.
pub async fn greet(shared: &Arc<Shared>, mut io: Box<dyn Io>, peer: SocketAddr, over: Transport) {
    let counters = &shared.counters;
    let exempt = peer.ip().to_canonical().is_loopback() && !shared.limit_loopback;
    let Some(admitted) = shared.addresses.admit(peer, exempt) else {
        counters.mqtt_refused_total.add(1);
        shared.inbox.refusals().note("mqtt", "too_many_connections", Some(peer.ip()));
        tracing::debug!(?over, "connection refused: its address has too many or opens them too fast");
        return;
    };
    counters.mqtt_connects_total.add(1);
    let mut buffer = BytesMut::new();
    let read = timeout(CONNECT_WITHIN, read_packet(shared, &mut io, &mut buffer)).await;
    let packet = match read {
        Ok(Ok(Some(packet))) => packet,
        _ => {
            counters.mqtt_refused_total.add(1);
            return;
        }
    };
    counters.mqtt_bytes_received_total.add((packet.len() + buffer.len()) as u64);
    let prepared = match prepare(shared, &packet) {
        Ok(attach) => know(shared, attach).await.map_err(Some),
        Err(refusal) => Err(refusal),
    };
    let refusal = match prepared {
        Ok(mut attach) => match shared.places.clone().try_acquire_owned() {
            Ok(place) => {
                attach.place(io, buffer, admitted, place);
                hand_over(shared, attach).await;
                return;
            }
            Err(_) => Refusal {
                version: attach.version,
                code: 0x89,
                reason: "the gateway has as many connections as it takes",
            },
        },
        Err(Some(refusal)) => refusal,
        Err(None) => {
            counters.mqtt_refused_total.add(1);
            return;
        }
    };
    counters.mqtt_refused_total.add(1);
    tracing::debug!(code = refusal.code, reason = refusal.reason, "CONNECT refused");
    let mut out = BytesMut::new();
    let welcome = Welcome { reason: Some(refusal.reason), ..Welcome::default() };
    connack(&mut out, refusal.version, false, refusal.code, &welcome);
    // The client may be gone already; then there is nobody to tell.
    let _ = timeout(CONNECT_WITHIN, async {
        io.write_all(&out).await?;
        io.shutdown().await
    })
    .await;
}

/// Hands a connection to the session of its client id, a new one if there is none.
pub async fn hand_over(shared: &Arc<Shared>, mut attach: Box<Attach>) {
    loop {
        let known = shared.sessions().get(&attach.client_id).map(|(_, sender)| sender.clone());
        if let Some(sender) = known {
            // A session that is just ending has closed its receiver, and leaves the registry next.
            match sender.send(attach).await {
                Ok(()) => return,
                Err(mpsc::error::SendError(back)) => attach = back,
            }
        }
        let mut sessions = shared.sessions();
        if sessions.get(&attach.client_id).is_some_and(|(_, sender)| !sender.is_closed()) {
            continue;
        }
        let number = shared.next_session();
        let (sender, attaches) = mpsc::channel(ATTACHES_MAX);
        sessions.insert(attach.client_id.clone(), (number, sender));
        drop(sessions);
        Session::spawn(shared.clone(), number, attaches, attach);
        return;
    }
}

/// Reads until a whole first packet is there. None: the client left, or sent what cannot be a CONNECT.
async fn read_packet(
    shared: &Shared,
    io: &mut Box<dyn Io>,
    buffer: &mut BytesMut,
) -> std::io::Result<Option<BytesMut>> {
    loop {
        match frame(buffer, shared.config.packet_bytes_max) {
            Ok(Some(found)) => return Ok(Some(buffer.split_to(found.total))),
            Ok(None) if buffer.first().is_some_and(|first| *first != 0x10) => return Ok(None),
            Ok(None) => {}
            Err(_) => return Ok(None),
        }
        buffer.reserve(512);
        if io.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

fn prepare(shared: &Shared, packet: &[u8]) -> Result<Box<Attach>, Option<Refusal>> {
    let whole = frame(packet, usize::MAX).ok().flatten().ok_or(None)?;
    let (version, connect) = match connect(whole.first, &packet[whole.header..]) {
        Ok(Greeting::Known(version, connect)) => (version, connect),
        Ok(Greeting::OldVersion) => return Err(Some(Refusal { version: Version::V4, code: 0x84, reason: "" })),
        Ok(Greeting::NewVersion) => {
            return Err(Some(Refusal {
                version: Version::V5,
                code: 0x84,
                reason: "this gateway speaks MQTT 3.1.1 and 5",
            }))
        }
        // Whether it is v5 that is broken is only known once the level was read: byte 8 of a proper CONNECT.
        Err(Fault { code, why }) => {
            let v5 = packet.get(whole.header..whole.header + 7) == Some(b"\0\x04MQTT\x05");
            return Err(v5.then_some(Refusal { version: Version::V5, code, reason: why }));
        }
    };
    let refuse = |code, reason| Some(Refusal { version, code, reason });
    if connect.authentication {
        return Err(refuse(0x8c, "extended authentication is not offered"));
    }
    let mut assigned = false;
    let client_id: Arc<str> = if connect.client_id.is_empty() {
        if version == Version::V4 && !connect.clean {
            return Err(refuse(0x85, ""));
        }
        assigned = true;
        let mut random = [0; ASSIGNED_ID_BYTES];
        if getrandom::fill(&mut random).is_err() {
            return Err(refuse(0x88, "no randomness to make an id from"));
        }
        format!("c-{}", hex(&random)).into()
    } else {
        // It becomes the last part of a topic.
        if connect.client_id.len() > CLIENT_ID_BYTES_MAX || check_topic(connect.client_id).is_err() {
            return Err(refuse(0x85, "the client id is too long, or holds + or #"));
        }
        connect.client_id.into()
    };
    let will = will(shared, &connect).map_err(|reason| refuse(0x87, reason))?;
    let asked_s = match version {
        Version::V4 if connect.clean => 0,
        Version::V4 => u32::MAX,
        Version::V5 => connect.session_expiry_s,
    };
    Ok(Box::new(Attach {
        client_id,
        assigned,
        version,
        clean: connect.clean,
        keep_alive: (connect.keep_alive_s > 0).then(|| Duration::from_millis(u64::from(connect.keep_alive_s) * 1_500)),
        session_expiry_s: asked_s.min(shared.config.session_expiry_s_max),
        session_expiry_asked_s: asked_s,
        receive_max: connect.receive_max,
        packet_bytes_max: connect.packet_bytes_max.map_or(usize::MAX, |max| max as usize),
        topic_alias_max: connect.topic_alias_max,
        problem_info: connect.problem_info,
        will,
        member: MemberId::parse(connect.user).map(|id| (id, String::from_utf8_lossy(connect.password).into_owned())),
        connection: None,
    }))
}

/// Whether a client that says it is a member has a pass of his.
async fn know(shared: &Shared, attach: Box<Attach>) -> Result<Box<Attach>, Refusal> {
    let Some((member, pass)) = &attach.member else { return Ok(attach) };
    if shared.inbox.who_has(pass).await == Some(*member) {
        return Ok(attach);
    }
    let reason = "the password is no pass of this member, or its time is over; `commonsd member token` gives one";
    Err(Refusal { version: attach.version, code: 0x86, reason })
}

/// A will speaks for its client when it cannot: only to the gadgets, never as a post, and never for the gateway.
fn will(shared: &Shared, connect: &Connect<'_>) -> Result<Option<Will>, &'static str> {
    let Some(will) = &connect.will else {
        return Ok(None);
    };
    if check_topic(will.topic).is_err() || !matches!(Topic::parse(will.topic), Topic::Local(_)) {
        return Err("a will may only speak under commons/local/");
    }
    if will.payload.len() > shared.config.packet_bytes_max {
        return Err("the will is larger than a packet may be");
    }
    Ok(Some(Will {
        message: copied(&Item {
            topic: will.topic,
            properties: &will.properties,
            payload: will.payload,
            qos: will.qos,
            retain: will.retain,
            expiry_s: will.expiry_s,
        }),
        delay: Duration::from_secs(will.delay_s.into()),
    }))
}

/// What a session tells in CONNACK.
pub fn welcome<'a>(shared: &Shared, attach: &'a Attach) -> Welcome<'a> {
    Welcome {
        session_expiry_s: (attach.session_expiry_s != attach.session_expiry_asked_s).then_some(attach.session_expiry_s),
        receive_max: POSTS_HELD_MAX as u16,
        packet_bytes_max: shared.config.packet_bytes_max as u32,
        assigned_client_id: attach.assigned.then_some(&*attach.client_id),
        topic_alias_max: ALIASES_MAX,
        reason: None,
    }
}
