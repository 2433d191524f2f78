//! HTTP: pages that work without script, JSON under `/api/v1/`, `/metrics`, `/healthz`, and the WebSocket upgrade for MQTT.
//!
//! Reaches the state only through [`Inbox`]; an answer that speaks of a post is written after the post is synced. Never
//! imports another room: the MQTT door takes upgraded sockets through [`WebSocketAcceptor`], which `run` hands in.
//! Plain HTTP by design (see `Web`): no accounts, no cookie but the language's, and nothing here that a stranger on the block may not read,
//! except code words and released contacts, which are shown once from [`kept`] and are in no address.

mod answer;
mod api;
mod assets;
mod connections;
mod credit;
mod form;
mod gzip;
mod holdback;
mod keeper;
mod kept;
mod ledger;
mod metrics;
mod origin;
mod pages;
mod portal;
mod request;
mod router;
mod server;
mod signed;
mod socket;
mod time;
mod view;
mod watch;
mod websocket;
mod words;

#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

use commons_core::admission::Rejection;
use commons_core::submission::Sender;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;

use crate::about::About;
use crate::config::Config;
use crate::counters::Counters;
use crate::hosted::Hosting;
use crate::household::household;
use crate::inbox::Inbox;

pub use self::keeper::Keeping;
pub use self::server::serve;

/// A byte stream the MQTT door can speak over.
pub trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

/// Takes an upgraded WebSocket as a plain byte stream, with the client's address. Must not block; it spawns its session.
///
/// Bytes written leave at `flush` (or when [`websocket::OUT_BYTES_MAX`] have gathered, or at the next read). Dropping the
/// stream closes the connection and gives its place back.
pub type WebSocketAcceptor = Arc<dyn Fn(Box<dyn ByteStream>, SocketAddr) + Send + Sync>;

/// Everything the HTTP room needs. Cheap to clone; one is shared by all listeners, so that their limits are shared too.
///
/// A page that rebinds its own name to our address is answered with nothing but the way to the address: see [`origin`].
#[derive(Clone)]
pub struct Web(Arc<Shared>);

/// What all listeners share; opaque.
pub struct Shared {
    inbox: Inbox,
    about: About,
    config: Config,
    counters: Arc<Counters>,
    websocket: WebSocketAcceptor,
    connections: connections::Connections,
    holdback: holdback::Holdback,
    kept: kept::Kept,
    hosts: origin::Hosts,
    passed: portal::Passed,
    keeper: keeper::Keeper,
    credit: credit::Credit,
    watchers: Arc<Semaphore>,
    hosting: OnceLock<Hosting>,
}

impl std::ops::Deref for Web {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Web {
    /// Ties the room to the rest.
    pub fn new(
        inbox: Inbox,
        about: About,
        config: Config,
        counters: Arc<Counters>,
        websocket: WebSocketAcceptor,
    ) -> Self {
        let connections = connections::Connections::new(&config.http);
        let holdback = holdback::Holdback::new(&config.limits);
        let hosts = origin::Hosts::new(&config.http.names, config.portal.enabled);
        Self(Arc::new(Shared {
            inbox,
            about,
            config,
            counters,
            websocket,
            connections,
            holdback,
            kept: kept::Kept::default(),
            hosts,
            passed: portal::Passed::default(),
            keeper: keeper::Keeper::default(),
            credit: credit::Credit::default(),
            watchers: Arc::new(Semaphore::new(watch::WATCHERS_MAX)),
            hosting: OnceLock::new(),
        }))
    }

    /// Opens the keeper's page. Blocks for a moment: it removes what a killed run left of files.
    pub fn let_keep(&self, keeping: Keeping) {
        self.keeper.open(keeping);
    }

    /// From now on it keeps accounts for those without a key of their own. Once.
    pub fn let_host(&self, hosting: Hosting) {
        let _ = self.hosting.set(hosting);
    }

    /// Who keeps accounts for those without a key of their own; none while the gateway starts.
    fn hosting(&self) -> Option<&Hosting> {
        self.hosting.get()
    }

    /// Whether an address is held to no limit: loopback, unless the configuration says otherwise.
    fn is_exempt(&self, address: IpAddr) -> bool {
        address.to_canonical().is_loopback() && !self.config.limits.limit_loopback
    }

    /// Who posts, as far as HTTP can tell. `token` is the form's one-time mark: with it two taps on the same form are one
    /// post, while two neighbours behind one address who write the same words stay two. It also stands for the address: a phone
    /// that comes back into reach, and sends again what it got no answer to, may have been given another one.
    fn sender(&self, address: IpAddr, token: Option<&str>) -> Sender {
        Sender {
            key: token.map_or_else(|| format!("http:{}", address.to_canonical()), |_| "form".to_owned()),
            person: household(address).to_string(),
            once: token.unwrap_or_default().to_owned(),
            exempt: self.is_exempt(address),
        }
    }

    /// Notes a refusal for whoever keeps the gateway.
    fn note(&self, head: &request::Head, rejection: &Rejection) {
        self.inbox.refusals().note("http", rejection.code(), Some(head.address));
    }

    /// The writer has ended; an empty list from it would look like an empty board.
    fn is_writer_gone(&self) -> bool {
        self.inbox.health().has_changed().is_err()
    }
}
