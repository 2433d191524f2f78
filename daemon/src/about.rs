//! Who this gateway is, as printed at start, on the page, in `commons/gateway/info` and by `status`.

use std::net::SocketAddr;

use serde::Serialize;

/// Fixed while the daemon runs.
#[derive(Clone, Debug, Serialize)]
pub struct About {
    /// 1.
    pub v: u8,
    /// Shown to neighbours.
    pub name: String,
    /// 64 hex digits: the gateway's public key.
    pub id: String,
    /// The network's name.
    pub network: String,
    /// The daemon's version.
    pub version: &'static str,
    /// Where MQTT listens.
    pub mqtt: Vec<SocketAddr>,
    /// Where HTTP listens.
    pub http: Vec<SocketAddr>,
    /// The page's address to tell people.
    pub page: String,
}
