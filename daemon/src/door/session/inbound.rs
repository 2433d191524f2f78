//! What a client sends: decoding, publishes and posts, in the order of its packets.
//!
//! Publishes become **steps** (a batch for a lane, a retained message, a post), done one after the other. Reading goes on
//! while a step waits, up to the bounds below: behind an unacknowledged publish may come the very acknowledgement that
//! ends the wait.

use std::collections::{BTreeSet, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use commons_core::admission::Rejection;
use commons_core::receipt::Outcome;
use commons_core::submission::{Sender, Submission};
use commons_core::topic::Topic;
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;
use tokio::time::{sleep_until, timeout, Instant};

use super::acknowledge::{Slot, State};
use super::connection::IoEvent;
use super::{Session, ALIASES_MAX, POSTS_HELD_MAX};
use crate::door::batch::{single, Batch, Item, BATCH_BYTES_MAX};
use crate::door::flow::local_lane;
use crate::door::packet::{decode, Packet, Publish};
use crate::door::reply::{pong, Ack};
use crate::door::wire::{frame, protocol_error, Fault, Version};
use crate::inbox::Retained;

/// Steps one client may have waiting.
const STEPS_MAX: usize = 512;
/// Bytes of them.
const STEP_BYTES_MAX: usize = 256 * 1024;
/// QoS 2 publishes a client may leave unreleased.
const UNRELEASED_MAX: usize = 1_024;
/// A publisher whose lane stays full for so long goes ahead; by then the slow reader is cut, or loses messages.
const ROOM_WITHIN: Duration = Duration::from_secs(10);

/// One thing to do for a client.
pub(super) enum Step {
    /// A batch for a lane; local slots below the number are done with it.
    Batch(usize, Bytes, u64),
    /// A retained message: kept first, then told.
    Retain(usize, Retained, Bytes, u64),
    /// A post, not before its time.
    Post(Box<Submission>, Instant, u64),
    /// A message of a gateway that calls.
    Call(Bytes),
}

impl Step {
    fn bytes(&self) -> usize {
        match self {
            Self::Batch(_, batch, _) => batch.len(),
            Self::Retain(_, retained, batch, _) => retained.payload.len() + batch.len(),
            // A submission is at most a few KiB.
            Self::Post(..) => 4_096,
            Self::Call(message) => message.len(),
        }
    }
}

/// How a step that waited ended.
pub enum Done {
    /// The lane has room, or long enough was waited.
    Room {
        /// Waited long enough.
        anyway: bool,
    },
    /// The store kept the message, or did not.
    Retained(Result<(), Rejection>),
    /// The writer has the post.
    Posted(Result<oneshot::Receiver<Outcome>, Rejection>),
    /// The room of links has the message.
    Called,
}

/// What moved on.
pub enum Moved {
    /// The step that waited.
    Step(Done),
    /// The writer decided on the first slot.
    Outcome(Outcome),
}

/// Everything a client has sent that is not done.
#[derive(Default)]
pub struct Inbound {
    open: Option<(usize, Batch)>,
    steps: VecDeque<Step>,
    step_bytes: usize,
    running: Option<BoxFuture<'static, Done>>,
    pub(super) slots: VecDeque<Slot>,
    /// Number of the first slot.
    pub(super) first_slot: u64,
    /// Local slots below this are done.
    pub(super) local_done: u64,
    /// QoS 2 packet ids received and not released.
    pub(super) unreleased: BTreeSet<u16>,
    /// Publishes of QoS 1 and 2 that this connection has unacknowledged.
    pub(super) unacknowledged: usize,
}

impl Inbound {
    /// Whether decoding must wait.
    pub fn is_paused(&self) -> bool {
        self.steps.len() >= STEPS_MAX || self.step_bytes >= STEP_BYTES_MAX || self.slots.len() >= POSTS_HELD_MAX
    }

    /// Nothing is held.
    pub fn is_idle(&self) -> bool {
        self.slots.is_empty() && self.is_handed_on()
    }

    /// Everything was handed on, though perhaps not answered.
    pub fn is_handed_on(&self) -> bool {
        self.steps.is_empty() && self.running.is_none() && self.open.is_none()
    }

    /// A clean start forgets handshakes, never what was already sent.
    pub fn reset(&mut self) {
        self.unreleased.clear();
    }

    /// Slots of the old connection are answered by receipt only.
    pub fn on_detach(&mut self) {
        for slot in &mut self.slots {
            slot.orphan = true;
        }
        self.unacknowledged = 0;
    }

    /// The step that waits, or the writer's answer to the first slot.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Moved> {
        if let Poll::Ready(done) = self.poll_step(cx) {
            return Poll::Ready(Moved::Step(done));
        }
        self.poll_outcome(cx).map(Moved::Outcome)
    }

    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Done> {
        match &mut self.running {
            Some(running) => {
                let done = std::task::ready!(running.as_mut().poll(cx));
                self.running = None;
                Poll::Ready(done)
            }
            None => Poll::Pending,
        }
    }

    fn poll_outcome(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        match self.slots.front_mut() {
            Some(Slot { state: State::Posted(answer), .. }) => {
                Pin::new(answer).poll(cx).map(|outcome| outcome.unwrap_or(Err(Rejection::Busy)))
            }
            _ => Poll::Pending,
        }
    }

    pub(super) fn push(&mut self, step: Step) {
        self.step_bytes += step.bytes();
        self.steps.push_back(step);
    }

    pub(super) fn end_slot(&self) -> u64 {
        self.first_slot + self.slots.len() as u64
    }

    pub(super) fn close_batch(&mut self) {
        if let Some((lane, batch)) = self.open.take() {
            let upto = self.end_slot();
            self.push(Step::Batch(lane, batch.freeze(), upto));
        }
    }

    pub(super) fn slot_mut(&mut self, number: u64) -> Option<&mut Slot> {
        self.slots.get_mut(number.checked_sub(self.first_slot)? as usize)
    }
}

/// A retained message as the store keeps it.
pub fn retained(item: &Item<'_>) -> Retained {
    Retained { topic: item.topic.to_owned(), payload: Bytes::copy_from_slice(item.payload), qos: item.qos }
}

impl Session {
    /// The socket did something.
    pub fn on_io(&mut self, event: IoEvent) {
        match event {
            IoEvent::Read | IoEvent::Written | IoEvent::Ended => {}
            IoEvent::Broken => self.detach(),
        }
    }

    /// Decodes what came, as far as there is room for it.
    pub fn parse(&mut self) {
        let max = self.shared.config.packet_bytes_max;
        let Some(connection) = &mut self.connection else {
            return;
        };
        connection.held = false;
        if connection.input.is_empty() || connection.farewell.is_some() {
            return;
        }
        // Out of the connection while its packets are handled, so that they can borrow from it.
        let mut input = std::mem::take(&mut connection.input);
        let version = connection.version;
        let mut at = 0;
        let mut gone = false;
        let mut received = 0;
        loop {
            let Some(connection) = &mut self.connection else {
                gone = true;
                break;
            };
            if connection.farewell.is_some() {
                gone = true;
                break;
            }
            if self.inbound.is_paused() || self.reading.is_full() || !connection.takes_answers() {
                connection.held = true;
                break;
            }
            let rest = &input[at..];
            let handled = match frame(rest, max) {
                Ok(None) => break,
                Ok(Some(found)) => {
                    at += found.total;
                    received += u64::from(found.first >> 4 == 3);
                    decode(version, found, rest).and_then(|packet| self.on_packet(packet))
                }
                Err(fault) => Err(fault),
            };
            if let Err(fault) = handled {
                self.cut(fault);
            }
        }
        self.inbound.close_batch();
        self.shared.counters.mqtt_received_total.add(received);
        if gone {
            return;
        }
        if let Some(connection) = &mut self.connection {
            if at > 0 {
                connection.heard = Instant::now();
            }
            if at == input.len() {
                return;
            }
            let _ = input.split_to(at);
            connection.input = input;
        }
    }

    fn on_packet(&mut self, packet: Packet<'_>) -> Result<(), Fault> {
        match packet {
            Packet::Publish(publish) => return self.on_publish(publish),
            Packet::PubAck(packet_id) => self.outbound.on_ack(packet_id),
            Packet::PubRec(packet_id, code) => self.on_pubrec(packet_id, code),
            Packet::PubComp(packet_id) => self.outbound.on_comp(packet_id),
            Packet::PubRel(packet_id) => {
                let known = self.inbound.unreleased.remove(&packet_id);
                self.acknowledge(Ack::PubComp, packet_id, if known { 0 } else { 0x92 }, None);
            }
            Packet::Subscribe(subscribe) => self.reading.want(subscribe),
            Packet::Unsubscribe(packet_id, filters) => self.reading.want_no_more(packet_id, filters),
            Packet::PingReq => {
                if let Some(connection) = &mut self.connection {
                    pong(&mut connection.out);
                }
            }
            Packet::Disconnect(code, expiry_s) => self.on_disconnect(code, expiry_s)?,
            Packet::Auth => return Err(protocol_error("no authentication was begun")),
        }
        Ok(())
    }

    fn on_disconnect(&mut self, code: u8, expiry_s: Option<u32>) -> Result<(), Fault> {
        if let Some(seconds) = expiry_s {
            if self.expiry.is_zero() && seconds > 0 {
                return Err(protocol_error("a session without expiry cannot get one when it ends"));
            }
            self.expiry = Duration::from_secs(seconds.min(self.shared.config.session_expiry_s_max).into());
        }
        if code != 0x04 {
            self.will = None;
        }
        self.inbound.close_batch();
        self.detach();
        Ok(())
    }

    fn on_publish(&mut self, publish: Publish<'_>) -> Result<(), Fault> {
        let Some(connection) = &mut self.connection else {
            return Ok(());
        };
        let named;
        let topic = match publish.alias {
            None => publish.topic,
            Some(alias) if alias > ALIASES_MAX => {
                return Err(Fault { code: 0x94, why: "a topic alias above the maximum" })
            }
            Some(alias) if publish.topic.is_empty() => match connection.aliases.get(&alias) {
                Some(known) => {
                    named = known.clone();
                    &*named
                }
                None => return Err(protocol_error("an unknown topic alias")),
            },
            Some(alias) => {
                connection.aliases.insert(alias, publish.topic.into());
                publish.topic
            }
        };
        if publish.qos > 0 {
            self.inbound.unacknowledged += 1;
            if connection.version == Version::V5 && self.inbound.unacknowledged > POSTS_HELD_MAX {
                return Err(Fault { code: 0x93, why: "more unacknowledged publishes than the receive maximum" });
            }
        }
        if publish.qos == 2 {
            if !self.inbound.unreleased.insert(publish.packet_id) {
                // Sent again: it is known. If it is still held its PUBREC comes by itself, on this connection now.
                let mut slots = self.inbound.slots.iter_mut().rev();
                match slots.find(|slot| slot.qos == 2 && slot.packet_id == publish.packet_id) {
                    Some(held) if held.orphan => held.orphan = false,
                    Some(_) => self.inbound.unacknowledged -= 1,
                    None => {
                        self.inbound.unacknowledged -= 1;
                        self.acknowledge(Ack::PubRec, publish.packet_id, 0, None);
                    }
                }
                return Ok(());
            }
            if self.inbound.unreleased.len() > UNRELEASED_MAX {
                return Err(Fault { code: 0x93, why: "too many unreleased publishes" });
            }
        }
        #[cfg(test)]
        assert_ne!(topic, "commons/local/panic", "a test asks for it");
        match Topic::parse(topic) {
            Topic::Local(path) => self.on_local(local_lane(path), topic, &publish),
            Topic::Post(kind) => self.on_post(kind, &publish),
            Topic::Link(link) if link.up => return self.on_call(&link, &publish),
            _ => self.refuse_publish(&publish),
        }
        Ok(())
    }

    fn on_local(&mut self, lane: usize, topic: &str, publish: &Publish<'_>) {
        let item = Item {
            topic,
            properties: &publish.properties,
            payload: publish.payload,
            qos: publish.qos,
            retain: publish.retain,
            expiry_s: publish.expiry_s,
        };
        let (number, now_ms) = (self.number, self.shared.now_ms());
        if publish.retain {
            self.inbound.close_batch();
            let slot = self.open_slot(publish, String::new());
            let step = Step::Retain(lane, retained(&item), single(number, now_ms, &item), slot);
            self.inbound.push(step);
            return;
        }
        let full = self.inbound.open.as_ref().is_some_and(|(open, batch)| {
            *open != lane || batch.bytes() + topic.len() + publish.payload.len() > BATCH_BYTES_MAX
        });
        if full {
            self.inbound.close_batch();
        }
        let (_, batch) = self.inbound.open.get_or_insert_with(|| (lane, Batch::default()));
        batch.push(number, now_ms, &item);
        if publish.qos > 0 {
            let slot = self.open_slot(publish, String::new());
            if let Some(slot) = self.inbound.slot_mut(slot) {
                slot.state = State::Local;
            }
        }
    }

    fn on_post(&mut self, kind: &str, publish: &Publish<'_>) {
        let Some(admitted) = self.connection.as_ref().map(|connection| &connection.admitted) else {
            return;
        };
        let exempt = admitted.exempt();
        // Reckoned now: who hangs up at once is held to the rate as well.
        let due = Instant::now() + admitted.post();
        let key = format!("mqtt:{}", self.client_id);
        let person = if exempt { key.clone() } else { admitted.address().to_string() };
        let sender = Sender { key, person, once: String::new(), exempt };
        match Submission::parse(kind, publish.payload, sender) {
            Ok(submission) => {
                self.inbound.close_batch();
                let slot = self.open_slot(publish, submission.reference.clone());
                self.inbound.push(Step::Post(Box::new(submission), due, slot));
            }
            Err(refused) => {
                let slot = self.open_slot(publish, refused.reference);
                self.decide(slot, Err(refused.rejection));
            }
        }
    }

    /// Does steps until one must wait, and acknowledges what is decided.
    pub fn advance_inbound(&mut self) {
        while self.inbound.running.is_none() {
            self.hand_in();
            let Some(step) = self.inbound.steps.front() else {
                break;
            };
            let shared = self.shared.clone();
            match step {
                Step::Batch(lane, batch, upto) => {
                    if self.shared.flow.offer(*lane, batch) {
                        self.inbound.local_done = *upto;
                        self.pop_step();
                    } else {
                        let lane = *lane;
                        self.inbound.running = Some(Box::pin(async move {
                            let anyway = timeout(ROOM_WITHIN, shared.flow.room(lane)).await.is_err();
                            Done::Room { anyway }
                        }));
                    }
                }
                Step::Retain(_, retained, ..) => {
                    let retained = retained.clone();
                    self.inbound.running =
                        Some(Box::pin(async move { Done::Retained(shared.inbox.retain(retained).await) }));
                }
                Step::Call(message) => {
                    let message = message.clone();
                    match self.advance_call(&message) {
                        Some(waiting) => self.inbound.running = Some(Box::pin(waiting)),
                        None => {
                            self.pop_step();
                        }
                    }
                }
                Step::Post(submission, due, _) => {
                    let due = *due;
                    let submission = (**submission).clone();
                    self.inbound.running = Some(Box::pin(async move {
                        // Held back, not refused: the PUBACK is late, and so is whatever comes behind.
                        // A timer that is due already still costs a millisecond, which is more than the sync to disk.
                        if due > Instant::now() {
                            sleep_until(due).await;
                        }
                        Done::Posted(shared.inbox.submit_pipelined(submission).await)
                    }));
                }
            }
        }
        self.acknowledge_decided();
    }

    /// Hands posts that are due to the writer, as far as it has room right now. The first that must wait stays.
    fn hand_in(&mut self) {
        let shared = self.shared.clone();
        while matches!(self.inbound.steps.front(), Some(Step::Post(_, due, _)) if *due <= Instant::now()) {
            let Some(place) = shared.inbox.place() else { return };
            let Some(Step::Post(submission, _, number)) = self.pop_step() else { return };
            let answer = place.submit(submission);
            if let Some(slot) = self.inbound.slot_mut(number) {
                slot.state = State::Posted(answer);
            }
        }
    }

    fn pop_step(&mut self) -> Option<Step> {
        let step = self.inbound.steps.pop_front()?;
        self.inbound.step_bytes -= step.bytes();
        Some(step)
    }

    /// Something moved on.
    pub fn on_moved(&mut self, moved: Moved) {
        match moved {
            Moved::Step(done) => self.on_step(done),
            Moved::Outcome(outcome) => self.on_outcome(outcome),
        }
    }

    fn on_step(&mut self, done: Done) {
        match done {
            Done::Room { anyway: false } => {}
            Done::Room { anyway: true } => {
                if let Some(Step::Batch(lane, batch, upto)) = self.pop_step() {
                    self.shared.flow.post(lane, &batch);
                    self.inbound.local_done = upto;
                }
            }
            Done::Retained(kept) => {
                if let Some(Step::Retain(lane, _, batch, slot)) = self.pop_step() {
                    match kept {
                        Ok(()) => {
                            if let Some(slot) = self.inbound.slot_mut(slot) {
                                slot.state = State::Local;
                            }
                            let step = Step::Batch(lane, batch, slot + 1);
                            self.inbound.step_bytes += step.bytes();
                            self.inbound.steps.push_front(step);
                        }
                        Err(refused) => self.decide(slot, Err(refused)),
                    }
                }
            }
            Done::Called => {
                self.pop_step();
            }
            Done::Posted(taken) => {
                if let Some(Step::Post(_, _, number)) = self.pop_step() {
                    match taken {
                        Ok(answer) => {
                            if let Some(slot) = self.inbound.slot_mut(number) {
                                slot.state = State::Posted(answer);
                            }
                        }
                        Err(refused) => self.decide(number, Err(refused)),
                    }
                }
            }
        }
    }

    fn on_outcome(&mut self, outcome: Outcome) {
        let number = self.inbound.first_slot;
        self.decide(number, outcome);
    }
}
