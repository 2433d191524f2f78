//! The room of links: how frames travel between gateways, and how gateways find each other.
//!
//! | file | |
//! |---|---|
//! | `noise`, `crypto` | secret and authentic sessions |
//! | `call`, `answer`, `crossing`, `gate` | the two sides of a call; two at once; how many strangers may try |
//! | `link`, `writing`, `alive`, `flow`, `bucket`, `squeeze`, `stats` | one live link |
//! | `book`, `code`, `pairing` | whom we are paired with, and how that comes about |
//! | `beacon` | who is near |
//! | `office` | what people see and wish |
//! | `listened` | where our door was last |
//! | `room` | what all of them share |
//!
//! It knows keys, addresses and bytes; **what frames say is the sync core's**, which lives in the writer. Frames go to the
//! writer and orders come back by message; the writer never waits for a link.

mod alive;
mod answer;
mod beacon;
mod book;
mod bucket;
mod call;
mod code;
mod crossing;
mod crypto;
mod flow;
mod gate;
#[cfg(test)]
mod liar;
mod link;
mod listened;
pub(crate) mod noise;
mod office;
mod pairing;
mod room;
mod squeeze;
mod stats;
#[cfg(test)]
mod tests;
mod writing;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::caller::Answer;
use crate::config;
use crate::host::addresses;
use crate::inbox::Inbox;
use crate::neighbours::Office;

pub use book::{paired, put_back, Book, BookError};
pub use listened::{keep_listened, last_listened, last_name};
pub use noise::Identity;
pub use office::stopped;
pub use squeeze::SQUEEZE_VERSION;

use room::Room;

/// How often what is left of invitations is reckoned.
const PASS_EVERY: Duration = Duration::from_secs(60);

/// The room of links. Cheap to clone.
#[derive(Clone)]
pub struct Peers {
    room: Arc<Room>,
}

impl Peers {
    /// Opens the book in the data directory. Nobody is called yet. `listen`: where our door listens.
    pub fn open(
        identity: Identity,
        name: &str,
        listen: Vec<SocketAddr>,
        config: config::Peers,
        data: &Path,
        inbox: Inbox,
    ) -> Result<Self, BookError> {
        let book = Book::open(data)?;
        Ok(Self { room: Room::new(identity, name.to_owned(), listen, config, inbox, book) })
    }

    /// What the door calls for each caller.
    pub fn answer(&self) -> Answer {
        answer::answer(&self.room)
    }

    /// What the command line and the pages ask.
    pub fn office(&self) -> Office {
        office::office(&self.room)
    }

    /// Calls, announces, listens. Must be called within a tokio runtime.
    pub async fn start(&self) {
        let room = &self.room;
        room.follow_book().await;
        room.follow_codes();
        tokio::spawn(beacon::watch_links(room.clone()));
        if !room.config.beacon.is_empty() {
            for group in &room.config.beacon_groups {
                if group.ip().is_multicast() {
                    tokio::spawn(beacon::run(room.clone(), *group));
                } else {
                    tracing::warn!(%group, "peers.beacon_groups names an address that is no multicast group");
                }
            }
        }
        tokio::spawn(office::tell(room.clone()));
        let room = room.clone();
        tokio::spawn(async move {
            while !room.is_closing() {
                tokio::time::sleep(PASS_EVERY).await;
                room.pass(PASS_EVERY.as_secs()).await;
            }
        });
    }

    /// Ends all links; waits for them at most so long.
    pub async fn close(&self, within: Duration) {
        self.room.close();
        let end = tokio::time::Instant::now() + within;
        while self.room.links() > 0 && tokio::time::Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

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
