//! The calling side: an MQTT client at the other gateway's door, and the patience to call again.
//!
//! One task polls the client and does nothing else but hand on what came; another publishes. A publish is never awaited
//! where the client is polled, since then neither would move on.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use commons_core::identity::{hex, GatewayId};
use commons_core::topic::{LinkTopic, LINK_ID_DIGITS};
use rumqttc::v5::mqttbytes::v5::{ConnAck, Packet, PublishProperties};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions};
use rumqttc::{NetworkOptions, Outgoing};
use tokio::sync::{mpsc, oneshot, watch, Notify};
use tokio::time::{sleep, timeout, Instant};

use super::link::Wire;
use super::noise::{Flag, LinkFault, Refusal};
use super::room::{Room, Shaken, Standing};
use crate::caller::{CALL_MESSAGES_MAX, CALL_MESSAGE_BYTES_MAX};
use crate::host::random;

/// A TCP connection, and CONNACK, must come within this.
const CONNECT_WITHIN_S: u64 = 5;
/// An answer to a handshake must come within this: slow radio included.
pub const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
/// The client asks its door for a sign of life so often. Links have their own, finer one.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
/// The largest packet taken from the other door.
const PACKET_BYTES_MAX: u32 = CALL_MESSAGE_BYTES_MAX as u32 + 1_024;
/// Bytes that may wait in the system's send buffer: more would let a long frame delay an urgent one on a slow link.
const SEND_BUFFER_BYTES: u32 = 128 * 1024;
/// The first pause after a failure, and the longest.
const PAUSE: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// How long what was sent before the end may take to go out.
const FAREWELL: Duration = Duration::from_secs(2);
/// Calls to one peer are at least so far apart, however often somebody pokes.
const APART: Duration = Duration::from_millis(200);
/// A call that has not got through for so long begins anew at the next sign that somebody may be reachable.
const DIAL_STALE: Duration = Duration::from_millis(300);
/// A link that lived shorter than this counts as a failure.
const LIVED: Duration = Duration::from_secs(5);
/// The alias of the one topic we publish to.
const ALIAS: u16 = 1;

/// The digits of an id in a link's topic.
pub fn digits(id: &GatewayId) -> String {
    let mut text = id.to_string();
    text.truncate(LINK_ID_DIGITS);
    text
}

/// Opens a way to a gateway's door. `callee` is its digits.
pub async fn dial(address: &str, callee: &str, caller: &GatewayId) -> Result<Wire, LinkFault> {
    let (host, port) = address
        .rsplit_once(':')
        .and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)))
        .ok_or_else(|| LinkFault::Unreachable(format!("{address} is no host:port")))?;
    let caller = digits(caller);
    let up = LinkTopic { callee, caller: &caller, up: true }.text();
    let down = LinkTopic { callee, caller: &caller, up: false }.text();
    // Nobody can take over a session whose name he cannot guess.
    let name = random::seed().map_err(|_| LinkFault::Ours("no randomness"))?;
    let mut options = MqttOptions::new(format!("g{}", hex(&name[..8])), host, port);
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    network.set_tcp_send_buffer_size(SEND_BUFFER_BYTES);
    network.set_connection_timeout(CONNECT_WITHIN_S);
    options
        .set_keep_alive(KEEP_ALIVE)
        .set_clean_start(true)
        .set_connection_timeout(CONNECT_WITHIN_S)
        .set_max_packet_size(Some(PACKET_BYTES_MAX))
        .set_topic_alias_max(Some(ALIAS))
        // It reserves a place for each; we have none under way.
        .set_outgoing_inflight_upper_limit(1)
        .set_network_options(network);
    let (client, events) = AsyncClient::new(options, 2);
    let (out, to_send) = mpsc::channel(CALL_MESSAGES_MAX);
    let (received, inn) = mpsc::channel(CALL_MESSAGES_MAX);
    let (greeted, greeting) = oneshot::channel();
    // A panic in the client's codec ends its task, and with it the channels: the link sees its end.
    let over = received.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = poll(events, received, greeted) => {}
            // The link is over; what is still to be sent may go out, if anybody takes it.
            () = async { over.closed().await; sleep(FAREWELL).await } => {}
        }
    });
    let connack = match greeting.await {
        Ok(Ok(connack)) => connack,
        Ok(Err(why)) => return Err(LinkFault::Unreachable(why)),
        Err(_) => return Err(LinkFault::Unreachable("the MQTT client failed".into())),
    };
    let aliases = connack.properties.is_some_and(|has| has.topic_alias_max.is_some_and(|max| max >= ALIAS));
    client.subscribe(down, QoS::AtMostOnce).await.map_err(|_| LinkFault::Ended)?;
    tokio::spawn(publish(client, to_send, up, aliases));
    Ok(Wire { out, inn })
}

/// Polls the client until it fails, or nobody listens any more.
async fn poll(mut events: EventLoop, received: mpsc::Sender<Bytes>, greeted: oneshot::Sender<Result<ConnAck, String>>) {
    let mut greeted = Some(greeted);
    loop {
        let event = match events.poll().await {
            Ok(event) => event,
            Err(fault) => {
                if let Some(greeted) = greeted.take() {
                    let _ = greeted.send(Err(fault.to_string()));
                }
                // What came in one read with the end came before it.
                for event in events.state.events.drain(..) {
                    if let Event::Incoming(Packet::Publish(message)) = event {
                        let _ = received.send(message.payload).await;
                    }
                }
                return;
            }
        };
        match event {
            Event::Incoming(Packet::ConnAck(connack)) => match greeted.take() {
                Some(greeted) => drop(greeted.send(Ok(connack))),
                // It has connected anew by itself: what was under way is lost, and so is the link.
                None => return,
            },
            Event::Incoming(Packet::Publish(message)) => {
                // Nobody listens: the link is over, and this task soon.
                let _ = received.send(message.payload).await;
            }
            Event::Outgoing(Outgoing::Disconnect) => return,
            _ => {}
        }
    }
}

/// Publishes until the link is over, then says goodbye.
async fn publish(client: AsyncClient, mut to_send: mpsc::Receiver<Bytes>, topic: String, aliases: bool) {
    let mut named = false;
    while let Some(message) = to_send.recv().await {
        let properties = PublishProperties { topic_alias: aliases.then_some(ALIAS), ..PublishProperties::default() };
        let topic = if named { String::new() } else { topic.clone() };
        named = aliases;
        if client.publish_with_properties(topic, QoS::AtMostOnce, false, message, properties).await.is_err() {
            return;
        }
    }
    // It may be gone already.
    let _ = client.disconnect().await;
}

/// Calls a peer whenever no link to it stands, or one that may lead nowhere. Ends when the peer is one no more.
pub async fn keep_calling(
    room: Arc<Room>,
    peer: GatewayId,
    poke: Arc<Notify>,
    mut standing: watch::Receiver<Standing>,
) {
    let mut failures = 0;
    loop {
        let (stood, since) = (*standing.borrow() == Standing::Up, Instant::now());
        let free = standing.wait_for(|standing| *standing != Standing::Up).await.map(|standing| *standing);
        let Ok(free) = free else { return };
        if !free.wants_call() {
            return;
        }
        // A link that is only doubted is no failure.
        let brief = stood && free == Standing::Down && since.elapsed() < LIVED;
        if !brief {
            failures = if stood { 0 } else { failures };
            for address in room.addresses(&peer) {
                if !standing.borrow().wants_call() {
                    break;
                }
                match call(&room, &peer, &address, &poke, &standing).await {
                    Ok(()) | Err(LinkFault::Replaced | LinkFault::Refused(Refusal::Crossed)) => {}
                    Err(fault) => {
                        tracing::debug!(peer = peer.short(), why = %fault, "a call failed");
                        room.note_fault(&peer, &fault);
                    }
                }
            }
            if *standing.borrow() == Standing::Up {
                continue;
            }
        }
        let pause = pause(failures);
        failures += 1;
        let began = Instant::now();
        tokio::select! {
            () = sleep(pause) => {}
            () = poke.notified() => {
                failures = 0;
                sleep(APART.saturating_sub(began.elapsed())).await;
            }
            gone = async { standing.wait_for(|standing| !standing.wants_call()).await.is_err() } => if gone { return },
        }
    }
}

/// Doubles up to the longest, and differs from gateway to gateway so that they do not all call at once.
fn pause(failures: u32) -> Duration {
    let whole = PAUSE.saturating_mul(1 << failures.min(10)).min(PAUSE_MAX);
    let jitter = random::number().unwrap_or(0) % 1_000;
    whole.mul_f64(0.7 + 0.3 * f64::from(jitter) / 1_000.0)
}

/// One call, until its link stands. The link then lives by itself.
async fn call(
    room: &Arc<Room>,
    peer: &GatewayId,
    address: &str,
    poke: &Notify,
    standing: &watch::Receiver<Standing>,
) -> Result<(), LinkFault> {
    let callee = digits(peer);
    let mut wire = loop {
        tokio::select! {
            wire = dial(address, &callee, &room.identity.id) => break wire?,
            // What was lost while a cable was out is sent again seconds later; a fresh try gets through at once.
            () = async { sleep(DIAL_STALE).await; poke.notified().await } => {}
        }
    };
    let crossing = room.crossing(peer)?;
    crossing.turn(room.identity.id < *peer).await;
    if !standing.borrow().wants_call() {
        return Err(LinkFault::Replaced);
    }
    let calling_now = crossing.call();
    let hello = room.hello(peer).await?;
    let (calling, first) = room.identity.call(peer, &hello)?;
    let sent = first.len();
    wire.out.send(first.into()).await.map_err(|_| LinkFault::Ended)?;
    let answer = next(&mut wire, HANDSHAKE_WITHIN).await?;
    let (mut session, hello) = calling.finish(&answer)?;
    let here = session.sealer.seal(Flag::Here, &[])?;
    let bytes = (answer.len(), sent + here.len());
    wire.out.send(here.into()).await.map_err(|_| LinkFault::Ended)?;
    drop(calling_now);
    let shaken = Shaken { wire, session, hello, first: None, bytes };
    let (settled, stands) = oneshot::channel::<()>();
    let (room, peer, address) = (room.clone(), *peer, address.to_owned());
    tokio::spawn(async move {
        let fault = room.live(&peer, true, address, shaken, settled).await;
        tracing::debug!(peer = peer.short(), why = %fault, "a call ended");
    });
    // It is dropped as soon as the link stands, or will not.
    let _ = stands.await;
    Ok(())
}

/// The next message of a way, or why there is none.
pub async fn next(wire: &mut Wire, within: Duration) -> Result<Bytes, LinkFault> {
    match timeout(within, wire.inn.recv()).await {
        Ok(Some(message)) => Ok(message),
        Ok(None) => Err(LinkFault::Ended),
        Err(_) => Err(LinkFault::Silent(within.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After a power cut all gateways would call at once, or one would give up for a quarter of an hour.
    #[test]
    fn pauses_grow_to_half_a_minute() {
        for failures in 0..40 {
            let pause = pause(failures);
            assert!(pause <= PAUSE_MAX && pause >= PAUSE.mul_f64(0.7), "{pause:?}");
        }
        assert!(pause(20) > Duration::from_secs(20));
    }
}
