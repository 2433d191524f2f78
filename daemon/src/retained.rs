//! Retained messages of the block's own gadgets (`commons/local/#`): kept in memory, written to the store as notes every
//! half minute, so that a chatty sensor wears no card. They are a convenience, not an acknowledged post.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use bytes::Bytes;
use commons_core::admission::Rejection;

use crate::inbox::Retained;
use crate::store::{Note, NOTES_BYTES_MAX, NOTES_MAX, NOTE_KEY_BYTES_MAX, NOTE_VALUE_BYTES_MAX};

/// Before the topic, in a note's key.
pub const KEY: &str = "retained/";
/// Messages in one answer.
const ANSWER_MAX: usize = 256;

/// All of them.
pub struct RetainedMessages {
    messages: BTreeMap<String, (u8, Bytes)>,
    bytes: usize,
    dirty: BTreeSet<String>,
    messages_max: usize,
    bytes_max: usize,
}

impl RetainedMessages {
    /// None yet, with these limits.
    pub fn new(messages_max: usize, bytes_max: usize) -> Self {
        // The store keeps no more than that; the clock and what comes later need a little of it.
        let messages_max = messages_max.min(NOTES_MAX / 2);
        let bytes_max = bytes_max.min(NOTES_BYTES_MAX as usize / 2);
        Self { messages: BTreeMap::new(), bytes: 0, dirty: BTreeSet::new(), messages_max, bytes_max }
    }

    /// Takes one from the store's notes; ignores other notes.
    pub fn load(&mut self, key: &[u8], value: &[u8]) {
        let topic = std::str::from_utf8(key).ok().and_then(|key| key.strip_prefix(KEY));
        if let (Some(topic), [qos, payload @ ..]) = (topic, value) {
            let retained = Retained { topic: topic.into(), payload: Bytes::copy_from_slice(payload), qos: *qos };
            // A limit lowered since then: the surplus is not shown again.
            if self.set(retained).is_ok() {
                self.dirty.remove(topic);
            }
        }
    }

    /// Keeps or clears one.
    pub fn set(&mut self, retained: Retained) -> Result<(), Rejection> {
        let Retained { topic, payload, qos } = retained;
        let size = |payload: &Bytes| topic.len() + payload.len();
        let old = self.messages.get(&topic).map_or(0, |(_, payload)| size(payload));
        if payload.is_empty() {
            if self.messages.remove(&topic).is_some() {
                self.bytes -= old;
                self.dirty.insert(topic);
            }
            return Ok(());
        }
        let too_long = |found: usize, limit: usize, unit| Rejection::TooLong {
            field: "retained".into(),
            found: found as u64,
            limit: limit as u64,
            unit,
        };
        if KEY.len() + topic.len() > NOTE_KEY_BYTES_MAX {
            return Err(too_long(topic.len(), NOTE_KEY_BYTES_MAX - KEY.len(), "bytes of topic"));
        }
        if payload.len() >= NOTE_VALUE_BYTES_MAX {
            return Err(too_long(payload.len(), NOTE_VALUE_BYTES_MAX - 1, "bytes"));
        }
        if old == 0 && self.messages.len() >= self.messages_max {
            return Err(too_long(self.messages.len() + 1, self.messages_max, "messages"));
        }
        let bytes = self.bytes - old + size(&payload);
        if bytes > self.bytes_max {
            return Err(too_long(bytes, self.bytes_max, "bytes"));
        }
        self.bytes = bytes;
        // The payload may be a window into a read buffer: copy it, or it pins that buffer.
        self.messages.insert(topic.clone(), (qos, Bytes::copy_from_slice(&payload)));
        self.dirty.insert(topic);
        Ok(())
    }

    /// In topic order after `topic`.
    pub fn after(&self, topic: Option<String>) -> Vec<Retained> {
        let from = topic.map_or(Bound::Unbounded, Bound::Excluded);
        self.messages
            .range((from, Bound::Unbounded))
            .take(ANSWER_MAX)
            .map(|(topic, (qos, payload))| Retained { topic: topic.clone(), payload: payload.clone(), qos: *qos })
            .collect()
    }

    /// What has changed since the last call, as notes.
    pub fn take_notes(&mut self) -> Vec<Note> {
        let dirty = std::mem::take(&mut self.dirty);
        dirty
            .into_iter()
            .map(|topic| {
                let value = self.messages.get(&topic).map_or_else(Vec::new, |(qos, payload)| {
                    let mut value = vec![*qos];
                    value.extend_from_slice(payload);
                    value
                });
                Note { key: format!("{KEY}{topic}").into_bytes(), value }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(topic: &str, payload: &'static str) -> Retained {
        Retained { topic: topic.into(), payload: Bytes::from_static(payload.as_bytes()), qos: 1 }
    }

    /// One gadget that retains without end would take the block's memory.
    #[test]
    fn limits_hold_and_clearing_gives_room_back() {
        let mut all = RetainedMessages::new(2, 100);
        all.set(message("a", "1")).unwrap();
        all.set(message("b", "2")).unwrap();
        assert_eq!(all.set(message("c", "3")).unwrap_err().limit(), Some(2));
        all.set(message("a", "")).unwrap();
        all.set(message("c", "3")).unwrap();
        let topics: Vec<_> = all.after(Some("b".into())).into_iter().map(|each| each.topic).collect();
        assert_eq!(topics, ["c"]);
        assert!(all.set(Retained { payload: Bytes::from(vec![0; 200]), ..message("b", "") }).is_err());
    }

    /// A lamp's last state would be forgotten at every power cut.
    #[test]
    fn notes_bring_everything_back() {
        let mut all = RetainedMessages::new(10, 1_000);
        all.set(message("lamp", "on")).unwrap();
        let notes = all.take_notes();
        assert!(all.take_notes().is_empty());
        let mut again = RetainedMessages::new(10, 1_000);
        for note in notes {
            again.load(&note.key, &note.value);
        }
        again.load(b"clock", &[1; 16]);
        assert_eq!(again.after(None), all.after(None));
        assert!(again.take_notes().is_empty());
    }
}
