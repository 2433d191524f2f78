//! What a client is sent: its window of unacknowledged messages, the queue behind it, and the batch being taken apart.
//!
//! QoS 0 goes straight into the connection's buffer. QoS 1 and 2 wait in a bounded queue when the client's window is
//! full. When neither has room nothing more is fetched from the router, publishers of that lane wait, and the session's
//! pace is watched: who stays behind without progress is cut. Without a connection nobody is waited for: what does not
//! fit the queue, or the total of all queues, is dropped and counted. Queues share their messages.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::time::Instant;

use super::reading::{Gate, Match};
use super::Session;
use crate::counters::Counter;
use crate::door::batch::{copied, item_at, origin, Item, FIRST};
use crate::door::bulletin::GATEWAY;
use crate::door::feed::{Kept, Live};
use crate::door::reply::{publish, Ack, Message};
use crate::door::wire::Version;

/// Messages sent and not acknowledged, at most, whatever the client would take.
pub const WINDOW_MAX: usize = 128;

/// Batches taken apart before the session looks at anything else.
const BATCHES_AT_ONCE_MAX: usize = if cfg!(test) { 8 } else { 64 };

/// Bytes of all messages kept for all sessions, beyond which nothing more is kept for those that are absent. A message
/// in several queues counts once, its entry in each.
pub const KEPT_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// What an entry of a queue costs beside its message.
const ENTRY_BYTES: usize = 96;
/// Entries of an empty queue that stay allocated.
const KEEP_ENTRIES: usize = 16;

/// A message that waits, or that may have to be sent again.
struct Queued {
    message: Arc<Kept>,
    _entry: Entry,
    retain: bool,
    identifiers: Box<[u32]>,
    /// On the door's clock.
    expires_ms: Option<u64>,
}

impl Queued {
    fn bytes(&self) -> usize {
        self.message.message.len() + ENTRY_BYTES
    }
}

/// An entry of a queue, counted until it is dropped.
struct Entry(Arc<Counter>);

impl Entry {
    fn new(total: &Arc<Counter>) -> Self {
        total.add(ENTRY_BYTES as u64);
        Self(total.clone())
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.0.sub(ENTRY_BYTES as u64);
    }
}

/// Where a message comes from, to be kept.
#[derive(Clone, Copy)]
pub enum Source<'a> {
    /// A batch: from there to there.
    Batch(&'a Live, usize, usize),
    /// Nobody else gets it.
    Own,
}

struct Sent {
    packet_id: u16,
    /// QoS 2, and the client has it: PUBREL went out.
    released: bool,
    qos: u8,
    /// Not sent on this connection yet.
    again: bool,
    /// Kept only where the session outlives its connection.
    message: Option<Queued>,
}

struct Current {
    batch: Arc<Live>,
    at: usize,
    publisher: u64,
    made_ms: u64,
}

/// Everything on its way to a client.
#[derive(Default)]
pub struct Outbound {
    /// What the client takes unacknowledged.
    pub window: usize,
    /// Messages delivered, to see the pace.
    pub delivered: u64,
    /// Behind since, and what was delivered then.
    pub pace: Option<(Instant, u64)>,
    sent: VecDeque<Sent>,
    /// Some of them were sent on an earlier connection only.
    resending: bool,
    last_id: u16,
    queue: VecDeque<(u8, Queued)>,
    /// Of the queue, and of what was sent and is kept.
    kept_bytes: usize,
    current: Option<Current>,
}

impl Outbound {
    /// PUBACK.
    pub fn on_ack(&mut self, packet_id: u16) {
        self.remove(packet_id, 1);
    }

    /// PUBCOMP.
    pub fn on_comp(&mut self, packet_id: u16) {
        self.remove(packet_id, 2);
    }

    fn position(&self, packet_id: u16) -> Option<usize> {
        // At most a window long, and mostly the first one.
        self.sent.iter().position(|sent| sent.packet_id == packet_id)
    }

    fn remove(&mut self, packet_id: u16, qos: u8) {
        // What was never sent is ignored, as mosquitto does: it harms nobody.
        if let Some(at) = self.position(packet_id) {
            if self.sent[at].qos == qos {
                self.forget(at);
            }
        }
    }

    fn forget(&mut self, at: usize) {
        if let Some(queued) = self.sent.remove(at).and_then(|sent| sent.message) {
            self.kept_bytes -= queued.bytes();
        }
    }

    /// Gives back what a burst has taken.
    fn shrink(&mut self) {
        if self.queue.is_empty() && self.queue.capacity() > KEEP_ENTRIES {
            self.queue = VecDeque::new();
        }
        if self.sent.is_empty() && self.sent.capacity() > KEEP_ENTRIES {
            self.sent = VecDeque::new();
        }
    }

    /// Drops the youngest messages for as long as all sessions together keep too much. Gives how many.
    fn drop_beyond(&mut self, total: &Counter) -> u64 {
        let mut dropped = 0;
        while total.get() > KEPT_BYTES_MAX {
            let Some((_, queued)) = self.queue.pop_back() else {
                break;
            };
            self.kept_bytes -= queued.bytes();
            dropped += 1;
        }
        dropped
    }

    fn next_id(&mut self) -> u16 {
        loop {
            self.last_id = self.last_id.checked_add(1).unwrap_or(1);
            if self.position(self.last_id).is_none() {
                return self.last_id;
            }
        }
    }

    /// Whether another message of this QoS can be sent at once.
    pub fn has_window(&self, qos: u8, bytes_max: usize) -> bool {
        qos == 0 || (self.queue.is_empty() && self.sent.len() < self.window && self.kept_bytes < bytes_max)
    }

    /// A batch from the router, to be taken apart next.
    pub fn take(&mut self, batch: Arc<Live>) {
        if let Some((publisher, made_ms)) = origin(&batch.bytes) {
            self.current = Some(Current { batch, at: FIRST, publisher, made_ms });
        }
    }

    /// Whether nothing waits behind the window.
    pub fn has_no_queue(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether the last batch is done.
    pub fn is_free(&self) -> bool {
        self.current.is_none()
    }
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It is in the connection's buffer or the queue, or need not be.
    Done,
    /// There is no room now.
    NoRoom,
}

impl Session {
    /// Moves on with everything that is for the client, until it is done or there is no room.
    pub fn advance_outbound(&mut self) {
        // Not for ever: the socket and the other sessions want their turn. What is left stays in the ring, which wakes us
        // again; a batch in hand would not.
        let mut batches = 0;
        loop {
            self.send_again();
            self.send_queued();
            self.advance_reading();
            let paged = self.send_page();
            if !self.take_apart() {
                break;
            }
            if batches < BATCHES_AT_ONCE_MAX && self.wants_live() && self.fetch_live() {
                batches += 1;
            } else if !paged {
                break;
            }
        }
        self.outbound.shrink();
        let behind = self.connection.as_ref().is_some_and(|connection| connection.farewell.is_none())
            && (!self.outbound.is_free() || self.reading.has_page());
        match (behind, self.outbound.pace) {
            (true, None) => self.outbound.pace = Some((Instant::now(), self.outbound.delivered)),
            (false, Some(_)) => self.outbound.pace = None,
            _ => {}
        }
    }

    /// Whether live messages are wanted from the router now.
    pub fn wants_live(&self) -> bool {
        self.outbound.is_free()
            && self.reading.gate() == Gate::Open
            && self.connection.as_ref().is_none_or(|connection| connection.has_room())
    }

    fn send_queued(&mut self) {
        let keep = !self.expiry.is_zero();
        while let Some(connection) = &mut self.connection {
            let outbound = &mut self.outbound;
            if outbound.sent.len() >= outbound.window || !connection.has_room() {
                return;
            }
            let Some((qos, queued)) = outbound.queue.pop_front() else {
                return;
            };
            if !keep {
                outbound.kept_bytes -= queued.bytes();
            }
            let bytes = queued.bytes();
            let packet_id = outbound.next_id();
            let now_ms = self.shared.now_ms();
            if encode(connection, &queued, qos, packet_id, false, now_ms) {
                outbound.delivered += 1;
                self.shared.counters.mqtt_sent_total.add(1);
                outbound.sent.push_back(Sent {
                    packet_id,
                    released: false,
                    qos,
                    again: false,
                    message: keep.then_some(queued),
                });
            } else if keep {
                outbound.kept_bytes -= bytes;
            }
        }
    }

    /// Takes the current batch apart. False: there was no room for all of it.
    fn take_apart(&mut self) -> bool {
        while let Some(mut current) = self.outbound.current.take() {
            while let Some((item, next)) = item_at(&current.batch.bytes, current.at) {
                let matched = self.reading.find(item.topic, current.publisher == self.number);
                if let Some(matched) = matched {
                    let source = Source::Batch(&current.batch, current.at, next);
                    let origin = (current.publisher, current.made_ms);
                    if self.deliver(&item, source, &matched, origin, false) == Delivery::NoRoom {
                        self.outbound.current = Some(current);
                        return false;
                    }
                }
                current.at = next;
            }
        }
        true
    }

    /// Sends or queues one message, published by whom and when.
    pub fn deliver(
        &mut self,
        item: &Item<'_>,
        source: Source<'_>,
        matched: &Match,
        (publisher, made_ms): (u64, u64),
        force: bool,
    ) -> Delivery {
        let qos = item.qos.min(matched.qos);
        let retain = matched.retain.unwrap_or(item.retain && matched.retain_as_published);
        let keep = !self.expiry.is_zero();
        let made_ms = if publisher == GATEWAY { 0 } else { made_ms };
        let expires_ms = item.expiry_s.map(|seconds| made_ms + u64::from(seconds) * 1_000);
        let outbound = &mut self.outbound;
        let config = &self.shared.config;
        let total = &self.shared.kept;
        let bytes = item.topic.len() + item.properties.len() + item.payload.len() + ENTRY_BYTES;
        let full =
            outbound.queue.len() >= config.queue_messages_max || outbound.kept_bytes + bytes > config.queue_bytes_max;
        let keep_message = || queued(item, source, retain, matched, expires_ms, total);
        let Some(connection) = &mut self.connection else {
            if qos > 0 {
                if full || total.get() + bytes as u64 > KEPT_BYTES_MAX {
                    self.shared.counters.mqtt_dropped_total.add(1);
                    self.reading.missed |= publisher == GATEWAY;
                } else {
                    outbound.enqueue(qos, keep_message());
                }
            } else {
                self.reading.missed |= publisher == GATEWAY;
            }
            return Delivery::Done;
        };
        if !connection.has_room() && !force {
            return Delivery::NoRoom;
        }
        let now_ms = self.shared.now_ms();
        if expires_ms.is_some_and(|at| at <= now_ms) {
            return Delivery::Done;
        }
        if !outbound.has_window(qos, config.queue_bytes_max) {
            if full && force {
                self.shared.counters.mqtt_dropped_total.add(1);
                return Delivery::Done;
            }
            // A message larger than the whole queue still goes through an empty one.
            if full && outbound.kept_bytes > 0 {
                return Delivery::NoRoom;
            }
            outbound.enqueue(qos, keep_message());
            return Delivery::Done;
        }
        let packet_id = if qos > 0 { outbound.next_id() } else { 0 };
        let fits = publish(
            &mut connection.out,
            connection.version,
            &Message {
                topic: item.topic,
                payload: item.payload,
                qos,
                retain,
                dup: false,
                packet_id,
                expiry_s: expires_ms.map(|at| (at.saturating_sub(now_ms)).div_ceil(1_000) as u32),
                properties: item.properties,
                identifiers: &matched.identifiers,
            },
            connection.packet_bytes_max,
        );
        // Larger than the client takes: as if it were delivered (MQTT 5.0, 3.1.2.11.4).
        if fits {
            outbound.delivered += 1;
            self.shared.counters.mqtt_sent_total.add(1);
            if qos > 0 {
                let message = keep.then(keep_message);
                outbound.kept_bytes += message.as_ref().map_or(0, Queued::bytes);
                outbound.sent.push_back(Sent { packet_id, released: false, qos, again: false, message });
            }
        }
        Delivery::Done
    }

    /// A message for this client alone, under its own subscriptions.
    pub fn deliver_own(&mut self, topic: &str, payload: &[u8]) {
        let item = Item { topic, properties: &[], payload, qos: 2, retain: false, expiry_s: None };
        if let Some(matched) = self.reading.find(topic, false) {
            self.deliver(&item, Source::Own, &matched, (GATEWAY, 0), true);
        }
    }

    /// The gateway goes: said to those who read its state.
    pub fn deliver_offline(&mut self) {
        if let Some(mut matched) = self.reading.find("commons/gateway/state", false) {
            matched.qos = 0;
            let item = Item {
                topic: "commons/gateway/state",
                properties: &[],
                payload: br#"{"v":1,"state":"offline"}"#,
                qos: 0,
                retain: true,
                expiry_s: None,
            };
            self.deliver(&item, Source::Own, &matched, (GATEWAY, 0), true);
        }
    }

    /// The client has our QoS 2 message.
    pub fn on_pubrec(&mut self, packet_id: u16, code: u8) {
        let v5 = self.connection.as_ref().is_some_and(|connection| connection.version == Version::V5);
        match self.outbound.position(packet_id) {
            Some(at) if code >= 0x80 => self.outbound.forget(at),
            Some(at) => {
                let sent = &mut self.outbound.sent[at];
                sent.released = true;
                self.outbound.kept_bytes -= sent.message.take().map_or(0, |queued| queued.bytes());
                self.acknowledge(Ack::PubRel, packet_id, 0, None);
            }
            None => self.acknowledge(Ack::PubRel, packet_id, if v5 { 0x92 } else { 0 }, None),
        }
    }

    /// After a reconnect: everything unacknowledged again, in order, under its old ids.
    pub fn resend(&mut self) {
        let mut releases = Vec::new();
        for sent in &mut self.outbound.sent {
            match sent.message {
                Some(_) => sent.again = true,
                None => releases.push(sent.packet_id),
            }
        }
        self.outbound.resending = true;
        self.send_again();
        for packet_id in releases {
            self.acknowledge(Ack::PubRel, packet_id, 0, None);
        }
    }

    /// As far as the window allows, which may be smaller than that of the connection before.
    fn send_again(&mut self) {
        let outbound = &mut self.outbound;
        let Some(connection) = self.connection.as_mut().filter(|_| outbound.resending) else {
            return;
        };
        let now_ms = self.shared.now_ms();
        let mut room = outbound.window.saturating_sub(outbound.sent.iter().filter(|sent| !sent.again).count());
        for sent in outbound.sent.iter_mut().filter(|sent| sent.again) {
            if room == 0 || !connection.has_room() {
                return;
            }
            room -= 1;
            sent.again = false;
            if let Some(queued) = &sent.message {
                encode(connection, queued, sent.qos, sent.packet_id, true, now_ms);
            }
        }
        outbound.resending = false;
    }

    /// The connection is gone; what was begun for it begins anew with the next.
    pub fn on_reader_gone(&mut self) {
        self.outbound.pace = None;
        self.reading.on_detach();
        // What is in hand goes to the queue: the lane must not wait for somebody who may never come back.
        self.take_apart();
        self.shared.counters.mqtt_dropped_total.add(self.outbound.drop_beyond(&self.shared.kept));
    }
}

impl Outbound {
    fn enqueue(&mut self, qos: u8, queued: Queued) {
        self.kept_bytes += queued.bytes();
        self.queue.push_back((qos, queued));
    }
}

fn queued(
    item: &Item<'_>,
    source: Source<'_>,
    retain: bool,
    matched: &Match,
    expires_ms: Option<u64>,
    total: &Arc<Counter>,
) -> Queued {
    let message = match source {
        Source::Batch(batch, at, end) => batch.keep(at, end, total),
        Source::Own => Kept::new(copied(item), total),
    };
    let identifiers = matched.identifiers.clone().into_boxed_slice();
    Queued { message, _entry: Entry::new(total), retain, identifiers, expires_ms }
}

/// False: expired, or larger than the client takes.
fn encode(
    connection: &mut super::Connection,
    queued: &Queued,
    qos: u8,
    packet_id: u16,
    dup: bool,
    now_ms: u64,
) -> bool {
    // What was sent once is sent again, expired or not: its handshake is under way.
    if !dup && queued.expires_ms.is_some_and(|at| at <= now_ms) {
        return false;
    }
    let Some((item, _)) = item_at(&queued.message.message, 0) else {
        return false;
    };
    publish(
        &mut connection.out,
        connection.version,
        &Message {
            topic: item.topic,
            payload: item.payload,
            qos,
            retain: queued.retain,
            dup,
            packet_id,
            expiry_s: queued.expires_ms.map(|at| (at.saturating_sub(now_ms)).div_ceil(1_000) as u32),
            properties: item.properties,
            identifiers: &queued.identifiers,
        },
        connection.packet_bytes_max,
    )
}
