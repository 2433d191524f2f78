//! A client that is another gateway: its messages go to the room of links, what comes back goes to it alone.
//!
//! Nothing of a call enters the router. The bytes are sealed by the two gateways; the door only counts them.

use std::future::Future;

use bytes::Bytes;
use commons_core::admission::Rejection;
use commons_core::topic::LinkTopic;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::inbound::{Done, Step};
use super::Session;
use crate::caller::{Caller, Port, CALL_MESSAGE_BYTES_MAX};
use crate::door::packet::Publish;
use crate::door::reply::{publish, Message};
use crate::door::wire::{Fault, Version};

/// The topic alias under which a v5 caller gets everything after the first message: its topic is longer than most.
const ALIAS: u16 = 1;

/// A call under way.
pub struct Call {
    up: String,
    down: String,
    port: Port,
    /// The caller knows the alias.
    aliased: bool,
}

impl Call {
    /// The next message for the caller; none: the room of links has ended the call. Cancelling it loses nothing.
    pub async fn next(call: &mut Option<Box<Self>>) -> Option<Bytes> {
        match call {
            Some(call) => call.port.down.recv().await,
            None => std::future::pending().await,
        }
    }
}

impl Session {
    /// A message of a call.
    pub(super) fn on_call(&mut self, topic: &LinkTopic<'_>, sent: &Publish<'_>) -> Result<(), Fault> {
        if sent.qos > 0 || sent.retain || sent.payload.len() > CALL_MESSAGE_BYTES_MAX {
            return Err(Fault { code: 0x9b, why: "calls are made with QoS 0, not retained, in messages of 15 KiB" });
        }
        let up = topic.text();
        match &self.call {
            Some(call) if call.up == up => {}
            Some(_) => return Err(Fault { code: 0x97, why: "one connection makes one call" }),
            None => {
                let Some(admitted) = self.connection.as_ref().map(|connection| &connection.admitted) else {
                    return Ok(());
                };
                let caller =
                    Caller { callee: topic.callee.into(), caller: topic.caller.into(), address: admitted.peer() };
                let port = self.shared.answer.get().and_then(|answer| answer(caller));
                let Some(port) = port else {
                    return Err(Fault { code: 0x97, why: "the gateway takes no more calls for now" });
                };
                let down = LinkTopic { up: false, ..*topic }.text();
                self.call = Some(Box::new(Call { up, down, port, aliased: false }));
            }
        }
        self.inbound.close_batch();
        self.inbound.push(Step::Call(Bytes::copy_from_slice(sent.payload)));
        Ok(())
    }

    /// Hands a message on. Some: there is no room, and this resolves when there is.
    pub(super) fn advance_call(&mut self, message: &Bytes) -> Option<impl Future<Output = Done> + 'static> {
        let up = match &self.call {
            Some(call) => call.port.up.clone(),
            None => return None,
        };
        match up.try_send(message.clone()) {
            Err(TrySendError::Full(message)) => Some(async move {
                // Closed: the room of links has ended the call, which the other channel tells as well.
                let _ = mpsc::Sender::send(&up, message).await;
                Done::Called
            }),
            _ => None,
        }
    }

    /// A message for the caller, or the end of its call.
    pub(super) fn on_call_message(&mut self, message: Option<Bytes>) {
        let Some(message) = message else {
            self.call = None;
            self.part(0x87, "the call was ended");
            return;
        };
        let Some(call) = &mut self.call else {
            return;
        };
        if self.reading.find(&call.down, false).is_none() {
            self.call = None;
            self.part(0x82, "a caller subscribes to the answer before it calls");
            return;
        }
        let Some(connection) = &mut self.connection else {
            return;
        };
        let aliases = connection.version == Version::V5 && connection.topic_alias_max >= ALIAS;
        let [high, low] = ALIAS.to_be_bytes();
        let properties = [35, high, low];
        let message = Message {
            topic: if call.aliased { "" } else { &call.down },
            payload: &message,
            qos: 0,
            retain: false,
            dup: false,
            packet_id: 0,
            expiry_s: None,
            properties: if aliases { &properties } else { &[] },
            identifiers: &[],
        };
        if !publish(&mut connection.out, connection.version, &message, connection.packet_bytes_max) {
            self.call = None;
            self.part(0x95, "a caller takes packets of 16 KiB");
            return;
        }
        call.aliased = aliases;
        self.shared.counters.mqtt_sent_total.add(1);
    }

    /// Whether the caller takes another message now.
    pub(super) fn takes_call_message(&self) -> bool {
        self.call.is_some() && self.connection.as_ref().is_some_and(|connection| connection.has_room())
    }

    /// Refuses what is published where only the gateway speaks.
    pub(super) fn refuse_publish(&mut self, sent: &Publish<'_>) {
        let slot = self.open_slot(sent, String::new());
        self.decide(slot, Err(Rejection::NotAllowed { what: "publishing to this topic" }));
    }
}
