//! One live link: frames out in the order of their urgency, frames in one by one to the writer, and a look at whether the
//! other side is still there.
//!
//! Neither half ever waits for the other: a link that cannot send goes on receiving, and the reverse. Frames to the
//! writer are counted, so that a fast peer fills its own link and not the writer's inbox. **Nothing here decides what is
//! said**; orders come from the writer, after its commit.

use std::sync::Arc;

use bytes::Bytes;
use commons_core::sync::frame::FRAME_BYTES_MAX;
use commons_core::sync::LinkId;
use tokio::sync::{mpsc, oneshot, watch, Notify, Semaphore};
use tokio::time::Instant;

use super::alive::Alive;
use super::flow::{Flow, Reads};
use super::noise::{Flag, LinkFault, Opened, Opener, Session};
use super::room::Standing;
use super::squeeze::Squeeze;
use super::stats::Stats;
use super::writing::Writing;
use crate::inbox::{Inbox, LinkMessage, Order};

/// Frames of one link that the writer has not looked at yet.
const FRAMES_WAITING_MAX: usize = 2;
/// What an uncompressed frame is longer by on its way.
const ENVELOPE_BYTES: usize = 1;

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
        let answer = Notify::new();
        let (flow, reads) = (Flow::default(), Reads::default());
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
            flow: &flow,
            reads: &reads,
        };
        let writing = Writing {
            id,
            out,
            sealer: session.sealer,
            orders,
            inbox,
            stats: &stats,
            squeeze: &squeeze,
            flow: &flow,
            reads: &reads,
            alive: &alive,
            answer: &answer,
        };
        tokio::select! {
            fault = reading.run() => fault,
            fault = writing.run(bytes_per_s) => fault,
            fault = alive.watch(&doubt, &standing) => fault,
            stopped = stop => stopped.unwrap_or(LinkFault::Ended),
        }
    }
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
    flow: &'a Flow,
    reads: &'a Reads,
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
            if matches!(opened, Opened::Frame(_) | Opened::Piece) {
                self.reads.read(message.len());
            }
            match opened {
                // A frame is decompressed only when there is a place for it.
                Opened::Frame(bytes) => {
                    let since = Instant::now();
                    let Ok(place) = places.clone().acquire_owned().await else {
                        return LinkFault::Ended;
                    };
                    let frame = match self.squeeze.open(bytes, FRAME_BYTES_MAX).await {
                        Ok(frame) => frame,
                        Err(fault) => return fault,
                    };
                    self.reads.held_up(since.elapsed());
                    self.stats.frame_in();
                    let message = LinkMessage::Frame { link: self.id, bytes: frame, place };
                    if !self.inbox.link(message).await {
                        return LinkFault::Ended;
                    }
                }
                Opened::Piece | Opened::Sign(Flag::Pong | Flag::Here, _) => {}
                Opened::Sign(Flag::Ping, _) => self.answer.notify_one(),
                Opened::Sign(Flag::Read, word) => match word.try_into() {
                    Ok(word) if self.flow.read(word) => {}
                    _ => return LinkFault::Unexpected,
                },
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
