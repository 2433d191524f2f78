//! One live link: frames out in the order of their urgency, frames in one by one to the writer, and a look at whether the
//! other side is still there.
//!
//! Neither half ever waits for the other: a link that cannot send goes on receiving, and the reverse. Frames to the
//! writer are counted, so that a fast peer fills its own link and not the writer's inbox. **Nothing here decides what is
//! said**; orders come from the writer, after its commit.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use commons_core::sync::frame::FRAME_BYTES_MAX;
use commons_core::sync::LinkId;
use tokio::sync::{mpsc, oneshot, watch, Notify, Semaphore};
use tokio::time::{sleep, sleep_until, Instant};

use super::bucket::Bucket;
use super::noise::{Flag, LinkFault, Opened, Opener, Sealer, Session};
use super::room::Standing;
use super::squeeze::{Pace, Squeeze};
use super::stats::Stats;
use crate::inbox::{Inbox, LinkMessage, Order};

/// After so long without a word from the other side we ask whether it is there.
const ASK_AFTER: Duration = Duration::from_secs(10);
/// After so long without a word it is gone. Two questions fit in.
const DEAF_AFTER: Duration = Duration::from_secs(25);
/// A question unanswered for so long makes the link doubted: another call is tried beside it.
const DOUBT_AFTER: Duration = Duration::from_secs(3);
/// Where there is reason to doubt (an interface came up, its beacon was heard), the link is over after so long.
const DOUBTED_FOR: Duration = Duration::from_secs(5);
/// How often it is looked whether a question was answered.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// Frames of one link that the writer has not looked at yet.
const FRAMES_WAITING_MAX: usize = 2;
/// Orders of the writer that wait, beyond what is being sent. The sync core hands out four and waits for credits.
const ORDERS_MAX: usize = 64;
/// What an uncompressed frame is longer by on its way.
const ENVELOPE_BYTES: usize = 1;
/// How long what was ordered before the end may take to go out.
const FAREWELL: Duration = Duration::from_secs(1);

/// Carries messages in order, both ways, until either end is dropped.
pub struct Wire {
    /// To the other side. A message counts as sent when it is taken.
    pub out: mpsc::Sender<Bytes>,
    /// From it.
    pub inn: mpsc::Receiver<Bytes>,
}

/// A link about to live.
pub struct Link {
    /// Its number.
    pub id: LinkId,
    /// The way.
    pub wire: Wire,
    /// The secrets.
    pub session: Session,
    /// What the writer orders.
    pub orders: mpsc::UnboundedReceiver<Order>,
    /// Where what comes goes.
    pub inbox: Inbox,
    /// What is counted.
    pub stats: Arc<Stats>,
    /// How frames are made smaller.
    pub squeeze: Squeeze,
    /// Bytes a second; 0 = no cap.
    pub bytes_per_s: u64,
    /// Asks whether the other side is there, at once.
    pub doubt: Arc<Notify>,
    /// Told when it is doubted, and when it is not any more.
    pub standing: Arc<watch::Sender<Standing>>,
    /// Ends it from outside.
    pub stop: oneshot::Receiver<LinkFault>,
}

impl Link {
    /// Runs until it ends; why. The caller has told the writer that it is up, and tells it that it is down.
    pub async fn run(self) -> LinkFault {
        let Self { id, wire, session, orders, inbox, stats, squeeze, bytes_per_s, doubt, standing, stop } = self;
        let alive = Alive::new();
        let answer = Arc::new(Notify::new());
        let Wire { out, inn } = wire;
        let reading = Reading {
            id,
            inn,
            opener: session.opener,
            inbox: inbox.clone(),
            stats: &stats,
            squeeze: &squeeze,
            alive: &alive,
            answer: &answer,
        };
        let writing = Writing {
            id,
            out,
            sealer: session.sealer,
            orders,
            urgent: VecDeque::new(),
            normal: VecDeque::new(),
            closing: None,
            inbox,
            stats: &stats,
            squeeze: &squeeze,
            bucket: Bucket::new(bytes_per_s),
            pace: Pace::new(bytes_per_s),
            alive: &alive,
            answer: &answer,
        };
        tokio::select! {
            fault = reading.run() => fault,
            fault = writing.run() => fault,
            fault = alive.watch(&doubt, &standing) => fault,
            stopped = stop => stopped.unwrap_or(LinkFault::Ended),
        }
    }
}

/// When the other side was last known to be there.
pub(super) struct Alive {
    at: std::sync::Mutex<Instant>,
    ask: Notify,
}

impl Alive {
    pub(super) fn new() -> Self {
        Self { at: std::sync::Mutex::new(Instant::now()), ask: Notify::new() }
    }

    pub(super) fn is(&self) {
        *self.at.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Instant::now();
    }

    fn at(&self) -> Instant {
        *self.at.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Asks when it is quiet, says when the link is doubted, resolves when nothing was heard for too long.
    pub(super) async fn watch(&self, doubt: &Notify, standing: &watch::Sender<Standing>) -> LinkFault {
        let turn = |from: Standing, to: Standing| {
            standing.send_if_modified(|now| {
                let turns = *now == from;
                *now = if turns { to } else { *now };
                turns
            });
        };
        let mut asked: Option<Asked> = None;
        loop {
            let (at, now) = (self.at(), Instant::now());
            let next = match &asked {
                Some(question) if at >= question.when => {
                    asked = None;
                    turn(Standing::Doubted, Standing::Up);
                    continue;
                }
                Some(question) if now >= question.end => return LinkFault::Silent((now - at).as_secs()),
                Some(question) => {
                    if now >= question.doubt {
                        turn(Standing::Up, Standing::Doubted);
                    }
                    now + LOOK_EVERY
                }
                None if now >= at + ASK_AFTER => {
                    asked = Some(Asked { when: now, doubt: now + DOUBT_AFTER, end: at + DEAF_AFTER });
                    self.ask.notify_one();
                    continue;
                }
                None => at + ASK_AFTER,
            };
            tokio::select! {
                () = sleep_until(next) => {}
                () = doubt.notified() => {
                    let (now, end) = (Instant::now(), self.at() + DEAF_AFTER);
                    asked = Some(Asked { when: now, doubt: now + LOOK_EVERY, end: end.min(now + DOUBTED_FOR) });
                    self.ask.notify_one();
                }
            }
        }
    }
}

/// A question that waits for its answer.
struct Asked {
    when: Instant,
    /// From then on the link is doubted.
    doubt: Instant,
    /// From then on it is over.
    end: Instant,
}

struct Reading<'a> {
    id: LinkId,
    inn: mpsc::Receiver<Bytes>,
    opener: Opener,
    inbox: Inbox,
    stats: &'a Stats,
    squeeze: &'a Squeeze,
    alive: &'a Alive,
    answer: &'a Notify,
}

impl Reading<'_> {
    async fn run(mut self) -> LinkFault {
        let places = Arc::new(Semaphore::new(FRAMES_WAITING_MAX));
        loop {
            let Some(message) = self.inn.recv().await else {
                return LinkFault::Ended;
            };
            let opened = match self.opener.open(&message, FRAME_BYTES_MAX + ENVELOPE_BYTES) {
                Ok(opened) => opened,
                Err(fault) => return fault,
            };
            self.alive.is();
            self.stats.received(message.len());
            match opened {
                // A frame is decompressed only when there is a place for it.
                Opened::Frame(bytes) => {
                    let Ok(place) = places.clone().acquire_owned().await else {
                        return LinkFault::Ended;
                    };
                    let frame = match self.squeeze.open(bytes, FRAME_BYTES_MAX).await {
                        Ok(frame) => frame,
                        Err(fault) => return fault,
                    };
                    self.stats.frame_in();
                    let message = LinkMessage::Frame { link: self.id, bytes: frame, place };
                    if !self.inbox.link(message).await {
                        return LinkFault::Ended;
                    }
                }
                Opened::Piece | Opened::Sign(Flag::Pong | Flag::Here, _) => {}
                Opened::Sign(Flag::Ping, _) => self.answer.notify_one(),
                Opened::Sign(Flag::Bye, why) => {
                    let why: String =
                        String::from_utf8_lossy(&why).chars().filter(|c| !c.is_control()).take(200).collect();
                    return LinkFault::Closed(format!("the other side says: {why}"));
                }
                Opened::Sign(..) => return LinkFault::Unexpected,
            }
        }
    }
}

struct Writing<'a> {
    id: LinkId,
    out: mpsc::Sender<Bytes>,
    sealer: Sealer,
    orders: mpsc::UnboundedReceiver<Order>,
    urgent: VecDeque<Vec<u8>>,
    normal: VecDeque<Vec<u8>>,
    closing: Option<(String, Instant)>,
    inbox: Inbox,
    stats: &'a Stats,
    squeeze: &'a Squeeze,
    bucket: Bucket,
    pace: Pace,
    alive: &'a Alive,
    answer: &'a Notify,
}

impl Writing<'_> {
    async fn run(mut self) -> LinkFault {
        match self.write().await {
            Ok(never) => match never {},
            Err(fault) => fault,
        }
    }

    async fn write(&mut self) -> Result<std::convert::Infallible, LinkFault> {
        loop {
            while let Ok(order) = self.orders.try_recv() {
                self.on_order(order)?;
            }
            if let Some(frame) = self.urgent.pop_front().or_else(|| self.normal.pop_front()) {
                self.send_frame(frame).await?;
                continue;
            }
            if let Some((why, _)) = self.closing.take() {
                let why_bytes = why.as_bytes();
                self.send(Flag::Bye, &why_bytes[..why_bytes.len().min(200)]).await?;
                return Err(LinkFault::Closed(why));
            }
            tokio::select! {
                order = self.orders.recv() => match order {
                    Some(order) => self.on_order(order)?,
                    // The writer has ended.
                    None => return Err(LinkFault::Ended),
                },
                () = self.answer.notified() => self.send(Flag::Pong, &[]).await?,
                () = self.alive.ask.notified() => self.send(Flag::Ping, &[]).await?,
            }
        }
    }

    fn on_order(&mut self, order: Order) -> Result<(), LinkFault> {
        match order {
            Order::Send { frame, urgent } => {
                self.stats.queued(frame.len());
                let queue = if urgent { &mut self.urgent } else { &mut self.normal };
                queue.push_back(frame);
                if self.urgent.len() + self.normal.len() > ORDERS_MAX {
                    return Err(LinkFault::Ours("more frames were ordered than a link keeps"));
                }
            }
            Order::Close { why } => self.closing = Some((why, Instant::now() + FAREWELL)),
        }
        Ok(())
    }

    async fn send_frame(&mut self, frame: Vec<u8>) -> Result<(), LinkFault> {
        let length = frame.len();
        let squeezed = self.squeeze.close(frame, &self.pace).await?;
        let began = Instant::now();
        let pieces: Vec<(Flag, &[u8])> = Sealer::pieces(&squeezed).collect();
        for (flag, piece) in pieces {
            // Between two pieces a question is answered, so that a long frame is not taken for silence.
            if futures_util::FutureExt::now_or_never(self.answer.notified()).is_some() {
                self.send(Flag::Pong, &[]).await?;
            }
            if futures_util::FutureExt::now_or_never(self.alive.ask.notified()).is_some() {
                self.send(Flag::Ping, &[]).await?;
            }
            self.send(flag, piece).await?;
        }
        self.pace.sent(squeezed.len(), began.elapsed());
        self.stats.frame_out(length);
        if !self.inbox.link(LinkMessage::Sent(self.id)).await {
            return Err(LinkFault::Ended);
        }
        Ok(())
    }

    async fn send(&mut self, flag: Flag, bytes: &[u8]) -> Result<(), LinkFault> {
        let message = Bytes::from(self.sealer.seal(flag, bytes)?);
        let length = message.len();
        let mut wait = self.bucket.take(length);
        if let Some((_, end)) = &self.closing {
            wait = wait.min(end.saturating_duration_since(Instant::now()));
        }
        if wait > Duration::ZERO {
            sleep(wait).await;
        }
        let full = self.out.capacity() == 0;
        self.out.send(message).await.map_err(|_| LinkFault::Ended)?;
        if full {
            // It had to wait and then was taken: somebody takes what we send.
            self.alive.is();
        }
        self.stats.sent(length);
        Ok(())
    }
}
