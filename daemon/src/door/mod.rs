//! The door: MQTT for phones, things and gateways. The only room that knows rumqttd.
//!
//! | file | |
//! |---|---|
//! | `wire`, `packet`, `reply` | bytes in, packets; packets, bytes out |
//! | `greeting` | from an accepted connection to a session, within 5 s |
//! | `session/` | one task a client: what it sends, what it is sent, what it reads |
//! | `batch`, `flow`, `hub`, `feed` | messages between sessions, through rumqttd's router, with backpressure |
//! | `herald`, `bulletin` | what the gateway itself says: items, summary, health, `$SYS` |
//! | `address` | what one address may do |
//!
//! **A post never enters the router; its PUBACK exists only after the writer has synced it.** Everything that is not
//! on the allow-lists of `commons_core::topic` is denied. The caller owns the sockets; nothing here binds.

mod address;
mod batch;
mod bulletin;
mod feed;
mod flow;
mod greeting;
mod herald;
mod hub;
mod packet;
mod reply;
mod session;
mod shared;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::HashMap;
use std::future::Future;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch, Semaphore};
use tokio::time::Instant;

use crate::about::About;
use crate::caller::Answer;
use crate::config::{Config, Mqtt};
use crate::counters::{Counter, Counters};
use crate::inbox::Inbox;

use address::Addresses;
use bulletin::Bulletin;
use flow::Flow;
use herald::Ask;
use session::Attach;

/// How a connection came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Plain TCP.
    Tcp,
    /// TLS, already unwrapped.
    Tls,
    /// WebSocket, already unwrapped to bytes.
    WebSocket,
}

/// Why the door cannot open.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// No thread for the router.
    #[error("cannot start the message router: {0}")]
    Hub(#[from] std::io::Error),
}

/// The door. Cheap to clone; ends when every clone and every session is gone.
#[derive(Clone)]
pub struct Door {
    shared: Arc<Shared>,
}

/// Numbers that only `$SYS` and the caps need.
#[derive(Debug, Default)]
struct Gauges {
    absent: Counter,
    expired: Counter,
    subscriptions: Counter,
    most_clients: Counter,
    retained: Counter,
}

/// The session of each client id: its number, and where to hand a new connection. At most as many as may be connected
/// and absent.
type Registry = HashMap<Arc<str>, (u64, mpsc::Sender<Box<Attach>>)>;

/// What all sessions share.
struct Shared {
    inbox: Inbox,
    about: Arc<About>,
    config: Mqtt,
    limit_loopback: bool,
    counters: Arc<Counters>,
    gauges: Gauges,
    /// Bytes of messages kept for sessions.
    kept: Arc<Counter>,
    flow: Arc<Flow>,
    asks: mpsc::Sender<Ask>,
    bulletin: Bulletin,
    addresses: Arc<Addresses>,
    places: Arc<Semaphore>,
    sessions: Mutex<Registry>,
    next_session: Counter,
    /// Takes calls of other gateways.
    answer: OnceLock<Answer>,
    started: Instant,
    closing: watch::Sender<bool>,
}

impl Shared {
    fn sessions(&self) -> std::sync::MutexGuard<'_, Registry> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }

    fn next_session(&self) -> u64 {
        // Under the registry's lock at every call, so that no two sessions share a number.
        self.next_session.add(1);
        self.next_session.get()
    }
}

impl Door {
    /// Opens the door: starts the router's thread and the herald. Must be called within a tokio runtime.
    pub fn new(inbox: Inbox, about: Arc<About>, config: &Config, counters: Arc<Counters>) -> Result<Self, DoorError> {
        let (hub, tasks) = mpsc::unbounded_channel();
        let flow = Arc::new(Flow::new(hub));
        let mqtt = config.mqtt.clone();
        hub::start(tasks, &flow, counters.clone())?;
        let (asks, asked) = mpsc::channel(herald::ASKS_MAX);
        let shared = Arc::new(Shared {
            inbox,
            about,
            limit_loopback: config.limits.limit_loopback,
            counters,
            gauges: Gauges::default(),
            kept: Arc::default(),
            flow,
            asks,
            bulletin: Bulletin::default(),
            addresses: Arc::new(Addresses::new(
                mqtt.sessions_per_address_max,
                config.limits.posts_per_minute,
                config.limits.posts_burst,
            )),
            places: Arc::new(Semaphore::new(mqtt.sessions_max)),
            sessions: Mutex::default(),
            next_session: Counter::default(),
            answer: OnceLock::new(),
            started: Instant::now(),
            closing: watch::Sender::new(false),
            config: mqtt,
        });
        let herald = shared.clone();
        tokio::spawn(async move {
            let mut asked = asked;
            // A panic of the herald would leave readers with old state for ever, so it begins anew.
            while AssertUnwindSafe(herald::run(herald.clone(), &mut asked)).catch_unwind().await.is_err() {
                herald.counters.session_panics_total.add(1);
                tracing::error!("the herald failed; it begins anew");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        Ok(Self { shared })
    }

    /// From now on other gateways may call. Once.
    pub fn take_calls(&self, answer: Answer) {
        let _ = self.shared.answer.set(answer);
    }

    /// Takes a connection until it ends or hands it to its session. `stream` carries plain MQTT bytes.
    pub async fn accept<S>(&self, stream: S, peer: SocketAddr, over: Transport)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        greeting::greet(&self.shared, Box::new(stream), peer, over).await;
    }

    /// How many clients are connected.
    pub fn connected(&self) -> u64 {
        self.shared.counters.mqtt_sessions.get()
    }

    /// Tells every client that the gateway goes away, after its held acknowledgements; waits for them at most so long.
    pub async fn close(&self, within: Duration) {
        self.shared.closing.send_replace(true);
        let end = Instant::now() + within;
        while self.connected() > 0 && Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Accepts neighbours on `listener` until `shutdown` resolves. The caller bound it; port 0 works.
pub async fn serve(listener: TcpListener, door: Door, shutdown: impl Future<Output = ()>) {
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                // Small packets go out at once; the session does its own gathering. A socket that cannot be set up so
                // still works.
                let _ = stream.set_nodelay(true);
                crate::host::sockets::find_dead_peers(&stream);
                let door = door.clone();
                tokio::spawn(async move { door.accept(stream, peer, Transport::Tcp).await });
            }
            Err(error) => {
                // Out of file descriptors, mostly: those that end make room.
                tracing::warn!(%error, "cannot accept an MQTT connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
