//! Who is near.

use std::net::SocketAddr;

use commons_core::identity::GatewayId;
use tokio::time::Instant;

/// A gateway that was heard.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Who.
    pub id: GatewayId,
    /// What it calls itself.
    pub name: String,
    /// Where its door is.
    pub address: SocketAddr,
    /// Drawn at each start of it.
    pub born: u32,
    /// When it was heard last.
    pub at: Instant,
}
