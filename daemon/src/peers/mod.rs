//! The room of links: how frames travel between gateways, and how gateways find each other.
//!
//! | file | |
//! |---|---|
//! | `noise`, `crypto` | secret and authentic sessions |
//! | `call`, `answer`, `gate` | the two sides of a call; how many strangers may try |
//! | `link`, `bucket`, `squeeze`, `stats` | one live link |
//! | `book`, `code`, `pairing` | whom we are paired with, and how that comes about |
//! | `beacon` | who is near |
//! | `room` | what all of them share |
//!
//! It knows keys, addresses and bytes; **what frames say is the sync core's**, which lives in the writer. Frames go to the
//! writer and orders come back by message; the writer never waits for a link.

mod answer;
mod beacon;
mod book;
mod bucket;
mod call;
mod code;
mod crypto;
mod gate;
mod link;
mod noise;
mod pairing;
mod room;
mod squeeze;
mod stats;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;

use crate::host::addresses;

pub use book::{Book, BookError};
pub use noise::Identity;
pub use squeeze::SQUEEZE_VERSION;

/// Where this gateway can be called, by where its door listens.
fn own_addresses(listen: &[SocketAddr]) -> Vec<SocketAddr> {
    let mut own = Vec::new();
    for listen in listen {
        if !listen.ip().is_unspecified() {
            own.push(*listen);
            continue;
        }
        let ips = addresses::addresses();
        let fits = ips.iter().filter(|ip| listen.is_ipv6() || ip.is_ipv4());
        own.extend(fits.map(|ip| SocketAddr::new(*ip, listen.port())));
    }
    own.dedup();
    own
}
