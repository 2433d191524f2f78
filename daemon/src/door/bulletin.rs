//! The gateway's own topics: what they say now, and `$SYS`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use super::batch::{self, Item};
use super::flow::{Flow, GATEWAY_LANE};
use super::Shared;

/// Session number that no session has: the gateway itself publishes.
pub const GATEWAY: u64 = 0;

/// A topic of the gateway and what it says.
pub type Posted = (String, Bytes);

/// Current values of `commons/gateway/...`, the summary and discovery. A handful of topics, named by the herald.
#[derive(Debug, Default)]
pub struct Bulletin(Mutex<BTreeMap<&'static str, Posted>>);

impl Bulletin {
    /// Sets a value, and tells those who read it if it is new.
    pub fn set(&self, flow: &Flow, key: &'static str, topic: String, payload: Bytes) {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if table.get(key).is_some_and(|(_, known)| *known == payload) {
            return;
        }
        let message = own(&topic, &payload);
        table.insert(key, (topic, payload));
        // Under the lock: who reads the table now gets a mark before this very message, or after it.
        flow.post(GATEWAY_LANE, &message);
    }

    /// All values, and how many messages of the lane they stand for.
    pub fn read(&self, flow: &Flow) -> (Vec<Posted>, u64) {
        let table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (table.values().cloned().collect(), flow.sent(GATEWAY_LANE))
    }
}

/// A message of the gateway itself. Its QoS is 2, so that everybody gets the one he asked for.
pub fn own(topic: &str, payload: &[u8]) -> Bytes {
    batch::single(GATEWAY, 0, &Item { topic, properties: &[], payload, qos: 2, retain: true, expiry_s: None })
}

/// What a broker says about itself, under mosquitto's names.
pub fn sys(shared: &Shared) -> Vec<Posted> {
    let counters = &shared.counters;
    let gauges = &shared.gauges;
    let connected = counters.mqtt_sessions.get();
    let absent = gauges.absent.get();
    let number = |name: &str, value: u64| (format!("$SYS/broker/{name}"), Bytes::from(value.to_string()));
    let text = |name: &str, value: String| (format!("$SYS/broker/{name}"), Bytes::from(value));
    vec![
        text("version", format!("commonsd version {}", shared.about.version)),
        text("uptime", format!("{} seconds", shared.now_ms() / 1000)),
        number("clients/connected", connected),
        number("clients/active", connected),
        number("clients/disconnected", absent),
        number("clients/inactive", absent),
        number("clients/total", connected + absent),
        number("clients/maximum", gauges.most_clients.get()),
        number("clients/expired", gauges.expired.get()),
        number("messages/received", counters.mqtt_received_total.get()),
        number("messages/sent", counters.mqtt_sent_total.get()),
        number("publish/messages/received", counters.mqtt_received_total.get()),
        number("publish/messages/sent", counters.mqtt_sent_total.get()),
        number("publish/messages/dropped", counters.mqtt_dropped_total.get()),
        number("bytes/received", counters.mqtt_bytes_received_total.get()),
        number("bytes/sent", counters.mqtt_bytes_sent_total.get()),
        number("retained messages/count", gauges.retained.get()),
        number("subscriptions/count", gauges.subscriptions.get()),
    ]
}
