//! The configuration: one TOML file, every key with a default.
//!
//! The structs here are what the rooms read; [`key::KEYS`] is the one table of what may be set, from which the parser,
//! `commonsd.example.toml`, the environment variables and every message are made. To add a setting: add the field, its
//! default, and one row of the table.

pub mod example;
pub mod key;
pub mod load;
pub mod read;
pub mod reload;
#[cfg(test)]
mod tests;
pub mod value;

use std::net::SocketAddr;
use std::path::PathBuf;

use commons_core::sync::Interests;

pub use load::{Loaded, Loader, Origin, FILE_NAME};
pub use read::{Problem, Problems};
pub use reload::Reloaded;

/// All settings.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Config {
    /// `[gateway]`
    pub gateway: Gateway,
    /// `[mqtt]`
    pub mqtt: Mqtt,
    /// `[http]`
    pub http: Http,
    /// `[portal]`
    pub portal: Portal,
    /// `[keeper]`
    pub keeper: Keeper,
    /// `[limits]`
    pub limits: Limits,
    /// `[store]`
    pub store: Store,
    /// `[peers]`
    pub peers: Peers,
    /// `[log]`
    pub log: Log,
}

/// Who this gateway is.
#[derive(Clone, Debug, PartialEq)]
pub struct Gateway {
    /// Shown to neighbours; empty = made from the key.
    pub name: String,
    /// The neighbourhood's network; gateways of other networks are strangers.
    pub network: String,
    /// Where everything is kept. The loader puts the right place for this user here when nobody chose one.
    pub data: PathBuf,
    /// Hex keys of stewards who may together move a silent item (see board view).
    pub stewards: Vec<String>,
}

/// The MQTT door.
#[derive(Clone, Debug, PartialEq)]
pub struct Mqtt {
    /// Where to listen; port 0 = any.
    pub listen: Vec<SocketAddr>,
    /// Connections at once, TCP and WebSocket together.
    pub sessions_max: usize,
    /// Connections at once from one address.
    pub sessions_per_address_max: usize,
    /// Largest packet in bytes.
    pub packet_bytes_max: usize,
    /// Messages queued for one client, at most.
    pub queue_messages_max: usize,
    /// Bytes queued for one client, at most.
    pub queue_bytes_max: usize,
    /// How long a persistent session of an absent client is kept, in seconds, at most.
    pub session_expiry_s_max: u32,
    /// Persistent sessions of absent clients, at most.
    pub absent_sessions_max: usize,
    /// Retained messages under commons/local, at most.
    pub local_retained_max: usize,
    /// Bytes of them, at most.
    pub local_retained_bytes_max: usize,
    /// Whether Home Assistant is told of this gateway (device discovery under homeassistant/).
    pub home_assistant: bool,
}

/// The HTTP door.
#[derive(Clone, Debug, PartialEq)]
pub struct Http {
    /// Where to listen; port 0 = any.
    pub listen: Vec<SocketAddr>,
    /// Connections at once.
    pub connections_max: usize,
    /// Connections at once from one address.
    pub connections_per_address_max: usize,
    /// The Wi-Fi that leads here, for the poster; empty = not said.
    pub wifi_name: String,
    /// Its password; empty = open.
    pub wifi_password: String,
    /// The page's language for phones that ask for none it speaks; empty = English.
    pub language: String,
    /// Names and addresses under which pages are ours, beside the machine's own addresses.
    pub names: Vec<String>,
}

/// The window that phones open by themselves after joining the Wi-Fi. Off: a desktop must not tell its own network that
/// there is no way out; the image turns it on.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Portal {
    /// Whether the probes of phones are answered.
    pub enabled: bool,
    /// The port in the address that phones are sent to; 0 = where HTTP listens.
    pub port: u16,
    /// Whether the API of RFC 8908 answers.
    pub api: bool,
}

/// Who keeps the gateway, over the page.
#[derive(Clone, Debug, PartialEq)]
pub struct Keeper {
    /// Hex keys that may log in without the password.
    pub keys: Vec<String>,
    /// Largest bundle taken by upload, in bytes.
    pub upload_bytes_max: u64,
}

/// What one sender may do.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Posts a minute from one address before it is held back.
    pub posts_per_minute: u32,
    /// Posts it may make at once before the rate counts.
    pub posts_burst: u32,
    /// Open items of one sender.
    pub open_items_per_sender_max: u32,
    /// Live items of this gateway.
    pub items_max: u64,
    /// Whether clients on loopback are held to the limits too.
    pub limit_loopback: bool,
}

/// The store.
#[derive(Clone, Debug, PartialEq)]
pub struct Store {
    /// Bytes of the journal, at most.
    pub journal_bytes_max: u64,
    /// Free bytes of the disk that stay untouched.
    pub reserve_bytes: u64,
}

/// Other gateways.
#[derive(Clone, Debug, PartialEq)]
pub struct Peers {
    /// Gateways to call, `name or id@host:port`.
    pub call: Vec<String>,
    /// Interfaces to announce and listen on, by name, or "all"; empty = none.
    pub beacon: Vec<String>,
    /// Where beacons go: multicast groups with port, at most one of each family.
    pub beacon_groups: Vec<SocketAddr>,
    /// What is wanted of each, unless something else is said of one of them.
    pub wants: Vec<String>,
    /// Bytes a second to each peer; 0 = as fast as it goes.
    pub bytes_per_second: u64,
    /// Gateways further away than so many links are listed, not stored.
    pub hops_max: u32,
}

/// What is written to the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    /// error, warn, info, debug, trace, or a list such as `info,commonsd::door=debug`.
    pub level: String,
}

impl Default for Peers {
    fn default() -> Self {
        Self {
            call: Vec::new(),
            // On by default: gateways that only meet when somebody has read a manual do not meet in the week it matters.
            // It tells nothing that an open door would not.
            beacon: vec!["all".into()],
            beacon_groups: vec![
                SocketAddr::from(([239, 255, 77, 67], 18_830)),
                SocketAddr::from(([0xff02, 0, 0, 0, 0, 0, 0x4d43, 1], 18_830)),
            ],
            wants: crate::wants::lanes(Interests::USUAL).into_iter().map(Into::into).collect(),
            bytes_per_second: 0,
            hops_max: 16,
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".into() }
    }
}

impl Default for Gateway {
    fn default() -> Self {
        Self {
            name: String::new(),
            network: "commons".into(),
            data: PathBuf::from("/var/lib/commonsd"),
            stewards: Vec::new(),
        }
    }
}

impl Default for Mqtt {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from(([0, 0, 0, 0], 1883))],
            sessions_max: 1_000,
            sessions_per_address_max: 64,
            packet_bytes_max: 256 * 1024,
            queue_messages_max: 1_000,
            queue_bytes_max: 1024 * 1024,
            session_expiry_s_max: 86_400,
            absent_sessions_max: 500,
            local_retained_max: 1_000,
            local_retained_bytes_max: 4 * 1024 * 1024,
            home_assistant: false,
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from(([0, 0, 0, 0], 8080))],
            connections_max: 1_000,
            connections_per_address_max: 64,
            wifi_name: String::new(),
            wifi_password: String::new(),
            language: String::new(),
            names: Vec::new(),
        }
    }
}

impl Default for Keeper {
    fn default() -> Self {
        Self { keys: Vec::new(), upload_bytes_max: 256 * 1024 * 1024 }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            posts_per_minute: 30,
            posts_burst: 30,
            open_items_per_sender_max: 20,
            items_max: 200_000,
            limit_loopback: false,
        }
    }
}

impl Default for Store {
    fn default() -> Self {
        Self { journal_bytes_max: 4 * 1024 * 1024 * 1024, reserve_bytes: 64 * 1024 * 1024 }
    }
}
