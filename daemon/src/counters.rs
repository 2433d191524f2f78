//! What happened since start, counted by the rooms and read by `/metrics` and `status`. Plain atomics, no locks.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident: $kind:literal, $help:literal;)+) => {
        /// All counters of the process. One is made in `run` and shared.
        #[derive(Debug, Default)]
        pub struct Counters { $($(#[$doc])* #[doc = $help] pub $name: Counter,)+ }

        impl Counters {
            /// Prometheus text exposition format 0.0.4.
            pub fn prometheus(&self) -> String {
                let mut text = String::new();
                $(
                    text.push_str(concat!("# HELP commonsd_", stringify!($name), " ", $help, "\n# TYPE commonsd_", stringify!($name), " ", $kind, "\n"));
                    text.push_str(&format!(concat!("commonsd_", stringify!($name), " {}\n"), self.$name.get()));
                )+
                text
            }
        }
    };
}

/// One number that several tasks count.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// So many fewer, for gauges.
    pub fn sub(&self, n: u64) {
        self.0.fetch_sub(n, Ordering::Relaxed);
    }

    /// Now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

counters! {
    mqtt_sessions: "gauge", "MQTT sessions connected now";
    mqtt_connects_total: "counter", "MQTT connections accepted";
    mqtt_refused_total: "counter", "MQTT connections refused or cut off for breaking a rule";
    mqtt_received_total: "counter", "PUBLISH packets received";
    mqtt_sent_total: "counter", "PUBLISH packets sent";
    mqtt_dropped_total: "counter", "messages dropped for slow or absent readers";
    mqtt_bytes_received_total: "counter", "bytes received from MQTT clients";
    mqtt_bytes_sent_total: "counter", "bytes sent to MQTT clients";
    http_requests_total: "counter", "HTTP requests answered";
    http_refused_total: "counter", "HTTP requests refused with 4xx or 5xx";
    http_connections: "gauge", "HTTP connections open now";
    http_connections_refused_total: "counter", "HTTP connections turned away at a limit";
    http_panics_total: "counter", "panics contained in an HTTP request";
    websocket_sessions: "gauge", "WebSocket connections open now";
    session_panics_total: "counter", "panics contained in a session";
    router_rebuilds_total: "counter", "times the rumqttd router was rebuilt after a fault";
}
