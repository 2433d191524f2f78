//! Acknowledgements: each publish of QoS 1 or 2 has a **slot**, and slots are acknowledged strictly from the front.

use commons_core::admission::Rejection;
use commons_core::receipt::{Outcome, Receipt};
use tokio::sync::oneshot;

use super::Session;
use crate::door::packet::Publish;
use crate::door::reply::{ack, Ack};
use crate::door::wire::Version;

/// Where a publish stands.
pub(super) enum State {
    /// Done with the batch it is in.
    Local,
    /// Not with the writer yet.
    Waiting,
    /// With the writer.
    Posted(oneshot::Receiver<Outcome>),
    /// Decided: the v5 code and its sentence.
    Decided(Result<(), (u8, String)>),
}

/// A publish that waits for its acknowledgement.
pub(super) struct Slot {
    pub(super) packet_id: u16,
    pub(super) qos: u8,
    /// Of a connection that is gone: nobody to acknowledge to.
    pub(super) orphan: bool,
    pub(super) reference: String,
    pub(super) state: State,
}

impl Session {
    /// A place for the acknowledgement of a publish, behind those before it.
    pub(super) fn open_slot(&mut self, publish: &Publish<'_>, reference: String) -> u64 {
        let number = self.inbound.end_slot();
        self.inbound.slots.push_back(Slot {
            packet_id: publish.packet_id,
            qos: publish.qos,
            orphan: false,
            reference,
            state: State::Waiting,
        });
        number
    }

    /// Writes the receipt, and keeps the verdict until the slot is at the front.
    pub(super) fn decide(&mut self, number: u64, outcome: Outcome) {
        let Some(slot) = self.inbound.slot_mut(number) else {
            return;
        };
        // MQTT 3.1.1 knows only "kept": nobody may read that from a gateway that does not know. Its client sends again.
        let unsure = matches!(outcome, Err(Rejection::Busy))
            && self.connection.as_ref().is_some_and(|connection| connection.version != Version::V5);
        slot.orphan |= unsure;
        slot.state = State::Decided(match &outcome {
            Ok(_) => Ok(()),
            Err(refused) => Err((refused.mqtt_reason(), refused.to_string())),
        });
        let reference = std::mem::take(&mut slot.reference);
        if let Err(refused) = &outcome {
            let address = self.connection.as_ref().map(|connection| connection.admitted.address());
            self.shared.inbox.refusals().note("mqtt", refused.code(), address);
        }
        // Most clients read no receipts; nothing is written for them.
        if self.reading.find(&self.receipts, false).is_some() {
            let topic = self.receipts.clone();
            if let Ok(json) = serde_json::to_vec(&Receipt::of(&outcome, &reference)) {
                self.deliver_own(&topic, &json);
            }
        }
        if unsure {
            self.part(0x8b, "the gateway is busy or ending");
        }
    }

    pub(super) fn acknowledge_decided(&mut self) {
        while let Some(slot) = self.inbound.slots.front_mut() {
            let local_done = self.inbound.first_slot < self.inbound.local_done;
            let verdict = match &mut slot.state {
                State::Local if local_done => Ok(()),
                State::Decided(verdict) => std::mem::replace(verdict, Ok(())),
                _ => return,
            };
            let (packet_id, qos, orphan) = (slot.packet_id, slot.qos, slot.orphan);
            self.inbound.slots.pop_front();
            self.inbound.first_slot += 1;
            if qos == 0 {
                continue;
            }
            if qos == 2
                && verdict.is_err()
                && self.connection.as_ref().is_none_or(|connection| connection.version == Version::V5)
            {
                // A refusing PUBREC ends the handshake; no PUBREL comes.
                self.inbound.unreleased.remove(&packet_id);
            }
            if orphan {
                continue;
            }
            self.inbound.unacknowledged = self.inbound.unacknowledged.saturating_sub(1);
            let kind = if qos == 1 { Ack::PubAck } else { Ack::PubRec };
            match verdict {
                Ok(()) => self.acknowledge(kind, packet_id, 0, None),
                Err((code, reason)) => self.acknowledge(kind, packet_id, code, Some(&reason)),
            }
        }
    }

    /// Writes one acknowledgement, with its reason only to those who want reasons and can take them.
    pub fn acknowledge(&mut self, kind: Ack, packet_id: u16, code: u8, reason: Option<&str>) {
        if let Some(connection) = &mut self.connection {
            let fits = reason.is_some_and(|reason| reason.len() + 16 <= connection.packet_bytes_max);
            let reason = reason.filter(|_| connection.problem_info && fits);
            ack(&mut connection.out, connection.version, kind, packet_id, code, reason);
        }
    }
}
