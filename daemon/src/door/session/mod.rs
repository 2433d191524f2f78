//! One client's session: a task that owns its state, and its connection while there is one.
//!
//! Everything about one client happens here, one thing after the other, so takeover, clean start and absence need no
//! locks. The task never waits inside a handler: what takes time (a full lane, the writer, a page of items) is kept as
//! a future that its loop polls beside the socket, so a client that must acknowledge before we can go on is always
//! heard. A panic ends this client only.
//!
//! | file | |
//! |---|---|
//! | `inbound` | packets it sends: publishes, posts, handshakes |
//! | `acknowledge` | what it is answered, in order |
//! | `outbound` | messages it gets: window, queue, encoding |
//! | `reading` | subscriptions: places in the lanes, snapshots |
//! | `connection` | the socket: buffers, timers |
//! | `call` | the client is another gateway |
//! | `account` | the client is a member, and reads his own account |

mod account;
mod acknowledge;
mod call;
mod connection;
mod inbound;
mod outbound;
mod reading;

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use commons_core::identity::MemberId;
use commons_core::topic::RECEIPT_PREFIX;
use futures_util::FutureExt;
use tokio::sync::{mpsc, OwnedSemaphorePermit};
use tokio::time::{sleep_until, Instant};

use super::address::{Absent, Admitted};
use super::batch;
use super::flow::local_lane;
use super::greeting::{hand_over, welcome};
use super::reply::{connack, disconnect, Welcome};
use super::wire::{Fault, Version};
use super::Shared;

use crate::counters::Counters;
use account::Account;
use call::Call;

pub use connection::{Connection, Io};
use inbound::Inbound;
use outbound::Outbound;
use reading::Reading;

/// Publishes of QoS 1 and 2 (posts included) that one client may have unacknowledged: v5's receive maximum, and where
/// reading from a v4 client pauses.
pub const POSTS_HELD_MAX: usize = 256;
/// Topic aliases a v5 client may use.
pub const ALIASES_MAX: u16 = 16;
/// Connections of one client id waiting to take over.
pub const ATTACHES_MAX: usize = 4;
/// How long a session without a connection goes on with what it was sent before.
const LINGER: Duration = Duration::from_secs(30);
/// A client that takes no byte for so long is cut.
const WRITE_WITHIN: Duration = Duration::from_secs(10);
/// A client that is behind is looked at this often; it must have taken [`PACE_MESSAGES_MIN`] since.
const PACE_EVERY: Duration = Duration::from_secs(10);
const PACE_MESSAGES_MIN: u64 = 10;
/// A client without keepalive that says nothing for so long is gone.
const SILENT_MAX: Duration = Duration::from_secs(12 * 3_600);
/// What is left to send must be sent within this once we close.
const FAREWELL: Duration = Duration::from_secs(2);

/// A client that has said CONNECT, on its way to its session.
pub struct Attach {
    /// As sent or made up.
    pub client_id: Arc<str>,
    /// We made it up.
    pub assigned: bool,
    /// Its dialect.
    pub version: Version,
    /// Forget what was before.
    pub clean: bool,
    /// One and a half times what it said; none = it said 0.
    pub keep_alive: Option<Duration>,
    /// How long its session is kept.
    pub session_expiry_s: u32,
    /// What it asked for.
    pub session_expiry_asked_s: u32,
    /// Messages we may send without its acknowledgement.
    pub receive_max: u16,
    /// Largest packet it takes.
    pub packet_bytes_max: usize,
    /// Topic aliases it takes.
    pub topic_alias_max: u16,
    /// It wants reason strings.
    pub problem_info: bool,
    /// Its will.
    pub will: Option<Will>,
    /// The member it has shown to be, with his pass.
    pub member: Option<(MemberId, String)>,
    /// The socket and what is counted for it.
    pub connection: Option<Socket>,
}

/// A socket, what was read from it after the CONNECT, and what is counted for it.
pub struct Socket {
    io: Box<dyn Io>,
    unread: BytesMut,
    admitted: Admitted,
    place: OwnedSemaphorePermit,
}

impl Attach {
    /// Adds the socket once the caps allow it.
    pub fn place(&mut self, io: Box<dyn Io>, unread: BytesMut, admitted: Admitted, place: OwnedSemaphorePermit) {
        self.connection = Some(Socket { io, unread, admitted, place });
    }

    /// The connection, counted from here on; none if there is no socket.
    fn open(&mut self, counters: Arc<Counters>) -> Option<Connection> {
        let socket = self.connection.take()?;
        let mut connection = Connection::new(
            socket.io,
            counters,
            self.version,
            self.keep_alive,
            self.problem_info,
            self.packet_bytes_max,
            socket.admitted,
            socket.place,
        );
        connection.topic_alias_max = self.topic_alias_max;
        connection.input = socket.unread;
        Some(connection)
    }
}

/// What is said for a client that goes without a word.
pub struct Will {
    /// As in a batch, see [`batch::copied`].
    pub message: Box<[u8]>,
    /// After so long.
    pub delay: Duration,
}

/// The session's task.
pub struct Session {
    shared: Arc<Shared>,
    number: u64,
    /// The topic of this client's receipts.
    receipts: Arc<str>,
    client_id: Arc<str>,
    connection: Option<Connection>,
    /// How long it is kept without a connection; 0 = not at all.
    expiry: Duration,
    will: Option<Will>,
    /// When the will is due, while there is no connection.
    will_at: Option<Instant>,
    /// Since when there is no connection.
    absent_since: Option<Instant>,
    /// What is counted for the address it was last connected from.
    absent: Option<Absent>,
    inbound: Inbound,
    outbound: Outbound,
    reading: Reading,
    /// It is another gateway.
    call: Option<Box<Call>>,
    /// It is a member.
    account: Option<Box<Account>>,
}

impl Session {
    /// Starts a session with its first connection.
    pub fn spawn(shared: Arc<Shared>, number: u64, attaches: mpsc::Receiver<Box<Attach>>, attach: Box<Attach>) {
        tokio::spawn(async move {
            let client_id = attach.client_id.clone();
            let leave = Leave { shared: shared.clone(), client_id: client_id.clone(), number };
            let session = Box::new(Self {
                reading: Reading::new(shared.clone()),
                inbound: Inbound::default(),
                outbound: Outbound::default(),
                shared: shared.clone(),
                number,
                receipts: format!("{RECEIPT_PREFIX}{client_id}").into(),
                client_id,
                connection: None,
                expiry: Duration::ZERO,
                will: None,
                will_at: None,
                absent_since: None,
                absent: None,
                call: None,
                account: None,
            });
            // Boxed: the future is large, and most of the time it only waits.
            let run: futures_util::future::BoxFuture<'_, _> =
                Box::pin(AssertUnwindSafe(session.run(attaches, attach)).catch_unwind());
            let left = match run.await {
                Ok(left) => left,
                Err(_) => {
                    shared.counters.session_panics_total.add(1);
                    tracing::error!(session = number, "a session failed; its client must connect again");
                    None
                }
            };
            drop(leave);
            if let Some(attach) = left {
                Box::pin(hand_over(&shared, attach)).await;
            }
        });
    }

    /// Runs until the session is over. Gives a connection that came in the very last moment, for a new session.
    async fn run(
        mut self: Box<Self>,
        mut attaches: mpsc::Receiver<Box<Attach>>,
        first: Box<Attach>,
    ) -> Option<Box<Attach>> {
        let mut closing = self.shared.closing.subscribe();
        self.on_attach(*first);
        if *closing.borrow_and_update() {
            self.on_closing();
        }
        loop {
            self.work();
            if self.is_over() {
                break;
            }
            if let Some(connection) = &mut self.connection {
                // Before the deadline is reckoned: nothing else may wake us once the socket takes no more.
                connection.start_writing();
            }
            let deadline = self.deadline();
            let live = self.wants_live();
            let takes_call_message = self.takes_call_message();
            let Self { connection, inbound, reading, call, account, .. } = &mut *self;
            let want_read = connection.as_ref().is_some_and(|connection| connection.reads());
            tokio::select! {
                attach = attaches.recv() => match attach {
                    Some(attach) => self.on_attach(*attach),
                    None => break,
                },
                io = poll_fn(|cx| match connection {
                    Some(connection) => connection.poll_io(cx, want_read),
                    None => std::task::Poll::Pending,
                }) => self.on_io(io),
                moved = poll_fn(|cx| inbound.poll(cx)) => self.on_moved(moved),
                event = reading.next(live) => self.on_reading(event),
                message = Call::next(call), if takes_call_message => self.on_call_message(message),
                event = Account::next(account) => self.on_account(event),
                () = sleep_until(deadline) => self.on_deadline(),
                changed = closing.changed() => match changed {
                    Ok(()) => self.on_closing(),
                    Err(_) => break,
                },
            }
        }
        if let Some(will) = self.will.take() {
            self.publish_will(&will);
        }
        self.connection = None;
        attaches.close();
        attaches.recv().await
    }

    /// Everything that can be done without waiting.
    fn work(&mut self) {
        loop {
            self.parse();
            self.advance_inbound();
            self.advance_outbound();
            self.advance_account();
            self.settle();
            // What was held for want of room goes on as soon as there is some; no event would tell.
            let more = self.connection.as_ref().is_some_and(|connection| {
                connection.held && connection.takes_answers() && !self.inbound.is_paused() && !self.reading.is_full()
            });
            if !more {
                return;
            }
        }
    }

    /// Ends the connection when all is said.
    fn settle(&mut self) {
        let Some(connection) = &self.connection else {
            return;
        };
        if connection.eof && !self.inbound.is_paused() && !connection.has_frame(self.shared.config.packet_bytes_max) {
            self.detach();
            return;
        }
        if let Some((_, after_acks)) = connection.farewell {
            if after_acks && self.inbound.is_idle() {
                self.say_goodbye();
            }
            let Some(connection) = &self.connection else {
                return;
            };
            if connection.farewell.is_some_and(|(_, after_acks)| !after_acks) && connection.is_flushed() {
                self.detach();
            }
        }
    }

    fn is_over(&self) -> bool {
        self.connection.is_none()
            && self.will_at.is_none()
            && (self.expiry.is_zero() || *self.shared.closing.borrow())
            && (self.inbound.is_handed_on() || self.absent_since.is_none_or(|since| since.elapsed() > LINGER))
    }

    fn on_attach(&mut self, mut attach: Attach) {
        if self.call.is_some() {
            // Gateways draw a new name for each call, and it crosses the link in clear: whoever comes with it again has
            // recorded it, and must not end the call.
            return self.turn_away(attach);
        }
        if self.connection.is_some() {
            // Told why, as far as its socket takes it without waiting.
            if let Some(connection) = &mut self.connection {
                disconnect(&mut connection.out, connection.version, 0x8e, None);
                connection.flush_now();
            }
            self.detach();
        }
        self.will_at = None;
        let had_will = self.will.take();
        self.meet(&mut attach);
        // A new connection before the delay has passed takes the will back, unless the old session ends with it.
        if attach.clean {
            if let Some(will) = had_will {
                self.publish_will(&will);
            }
        }
        let present = !attach.clean && self.absent_since.is_some() && !self.expiry.is_zero();
        if !present {
            self.reset();
        }
        self.set_absent(None);
        let welcome = welcome(&self.shared, &attach);
        let mut out = BytesMut::new();
        connack(&mut out, attach.version, present, 0, &welcome);
        self.expiry = Duration::from_secs(attach.session_expiry_s.into());
        let Some(mut connection) = attach.open(self.shared.counters.clone()) else {
            return;
        };
        self.will = attach.will;
        connection.out = out;
        self.outbound.window = usize::from(attach.receive_max).min(outbound::WINDOW_MAX);
        self.connection = Some(connection);
        let gauges = &self.shared.gauges;
        let clients = self.shared.counters.mqtt_sessions.get() + gauges.absent.get();
        // Two at once may count one too many or too few; it is a figure for the curious.
        gauges.most_clients.add(clients.saturating_sub(gauges.most_clients.get()));
        tracing::debug!(session = self.number, present, "client connected");
        self.resend();
        if present {
            self.reading.on_return(&self.client_id);
        }
    }

    /// Refuses a newcomer; the session goes on as if nobody had come.
    fn turn_away(&self, mut attach: Attach) {
        const REASON: &str = "a gateway's call has this name";
        self.shared.counters.mqtt_refused_total.add(1);
        tracing::debug!(session = self.number, reason = REASON, "CONNECT refused");
        let Some(mut connection) = attach.open(self.shared.counters.clone()) else {
            return;
        };
        let welcome = Welcome { reason: Some(REASON), ..Welcome::default() };
        connack(&mut connection.out, attach.version, false, 0x85, &welcome);
        connection.flush_now();
    }

    /// Forgets everything: a clean start.
    fn reset(&mut self) {
        self.reading.close();
        self.inbound.reset();
        self.outbound = Outbound::default();
    }

    fn set_absent(&mut self, since: Option<Instant>) {
        let absent = &self.shared.gauges.absent;
        match (self.absent_since.is_some(), since.is_some()) {
            (false, true) => absent.add(1),
            (true, false) => absent.sub(1),
            _ => {}
        }
        if since.is_none() {
            self.absent = None;
        }
        self.absent_since = since;
    }

    /// The connection is over; the session may go on.
    fn detach(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        self.call = None;
        if self.expiry > Duration::ZERO {
            let room = self.shared.gauges.absent.get() < self.shared.config.absent_sessions_max as u64;
            self.absent = if room { connection.admitted.leave_session() } else { None };
            if self.absent.is_none() {
                self.expiry = Duration::ZERO;
            }
        }
        drop(connection);
        self.set_absent(Some(Instant::now()));
        self.inbound.on_detach();
        self.on_reader_gone();
        if let Some(will) = &self.will {
            let delay = will.delay.min(self.expiry);
            if delay.is_zero() {
                if let Some(will) = self.will.take() {
                    self.publish_will(&will);
                }
            } else {
                self.will_at = Some(Instant::now() + delay);
            }
        }
        if self.expiry.is_zero() {
            self.reading.close();
            self.outbound = Outbound::default();
        }
    }

    fn publish_will(&mut self, will: &Will) {
        let Some((item, _)) = batch::item_at(&will.message, 0) else {
            return;
        };
        let path = item.topic.strip_prefix(commons_core::topic::LOCAL_PREFIX).unwrap_or_default();
        let batch = batch::single(self.number, self.shared.now_ms(), &item);
        // One message a connection: it may overrun the window by that.
        self.shared.flow.post(local_lane(path), &batch);
        if item.retain {
            let (inbox, retained) = (self.shared.inbox.clone(), inbound::retained(&item));
            tokio::spawn(async move {
                // Refused at the limits: whoever is connected heard it, and there is nobody to tell.
                let _ = inbox.retain(retained).await;
            });
        }
    }

    /// Ends the connection for a fault of the client, which v5 is told.
    fn cut(&mut self, fault: Fault) {
        self.shared.counters.mqtt_refused_total.add(1);
        tracing::debug!(session = self.number, code = fault.code, why = fault.why, "client cut off");
        self.part(fault.code, fault.why);
    }

    /// Ends the connection for a reason.
    fn part(&mut self, code: u8, why: &'static str) {
        if let Some(connection) = &mut self.connection {
            disconnect(&mut connection.out, connection.version, code, connection.problem_info.then_some(why));
            connection.farewell = Some((Instant::now() + FAREWELL, false));
            connection.input = BytesMut::new();
        }
    }

    /// The gateway goes away: held acknowledgements first.
    fn on_closing(&mut self) {
        // Nobody has died: gadgets will be back when the gateway is.
        self.will = None;
        self.will_at = None;
        if let Some(connection) = &mut self.connection {
            // `Door::close` has its own deadline; this one only bounds a client that never reads.
            connection.farewell = Some((Instant::now() + WRITE_WITHIN, true));
        }
    }

    fn say_goodbye(&mut self) {
        self.deliver_offline();
        if let Some(connection) = &mut self.connection {
            disconnect(&mut connection.out, connection.version, 0x8b, None);
            if let Some((_, after_acks)) = &mut connection.farewell {
                *after_acks = false;
            }
        }
    }

    fn deadline(&self) -> Instant {
        let far = Instant::now() + Duration::from_secs(3_600);
        let mut deadline = far;
        let mut sooner = |at: Option<Instant>| deadline = deadline.min(at.unwrap_or(far));
        match &self.connection {
            Some(connection) => {
                sooner(Some(connection.heard + connection.keep_alive.unwrap_or(SILENT_MAX)));
                sooner(connection.writing_since.map(|since| since + WRITE_WITHIN));
                sooner(connection.farewell.map(|(at, _)| at));
                sooner(self.outbound.pace.map(|(since, _)| since + PACE_EVERY));
            }
            None => {
                sooner(self.will_at);
                let linger = if self.expiry.is_zero() { LINGER } else { self.expiry };
                sooner(self.absent_since.map(|since| since + linger));
            }
        }
        sooner(self.reading.retry_at());
        deadline
    }

    fn on_deadline(&mut self) {
        let now = Instant::now();
        if self.will_at.is_some_and(|at| at <= now) {
            self.will_at = None;
            if let Some(will) = self.will.take() {
                self.publish_will(&will);
            }
        }
        if let Some(since) = self.absent_since {
            if !self.expiry.is_zero() && now >= since + self.expiry {
                self.shared.gauges.expired.add(1);
                self.expiry = Duration::ZERO;
                self.absent = None;
                self.reading.close();
                self.outbound = Outbound::default();
            }
        }
        let Some(connection) = &mut self.connection else {
            return;
        };
        if connection.farewell.is_some_and(|(at, _)| at <= now)
            || connection.writing_since.is_some_and(|since| since + WRITE_WITHIN <= now)
        {
            // It does not read; a word more would not be read either.
            self.shared.counters.mqtt_refused_total.add(1);
            self.detach();
            return;
        }
        if connection.heard + connection.keep_alive.unwrap_or(SILENT_MAX) <= now {
            if self.inbound.is_paused() || !connection.reads() {
                // It is we who do not listen.
                connection.heard = now;
            } else if connection.farewell.is_none() {
                self.cut(Fault { code: 0x8d, why: "nothing was heard within one and a half keepalives" });
                return;
            }
        }
        if let Some((since, delivered)) = self.outbound.pace {
            if since + PACE_EVERY <= now {
                if self.outbound.delivered - delivered < PACE_MESSAGES_MIN {
                    self.cut(Fault { code: 0x97, why: "the client takes its messages too slowly" });
                } else {
                    self.outbound.pace = Some((now, self.outbound.delivered));
                }
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.set_absent(None);
    }
}

/// Takes the session out of the registry, however it ended.
struct Leave {
    shared: Arc<Shared>,
    client_id: Arc<str>,
    number: u64,
}

impl Drop for Leave {
    fn drop(&mut self) {
        let mut sessions = self.shared.sessions();
        if sessions.get(&self.client_id).is_some_and(|(number, _)| *number == self.number) {
            sessions.remove(&self.client_id);
        }
    }
}
