//! The sending half of a link: frames in the order of their urgency, cut into pieces that follow the link, no more of them
//! on their way than it takes in half a second (see `flow`).
//!
//! What is urgent goes between two pieces of what is not. While a frame waits for room, questions are answered, what was
//! read is told, and orders are taken.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use commons_core::sync::{LinkId, FRAMES_UNSENT_MAX};
use tokio::sync::{mpsc, Notify};
use tokio::time::{sleep, sleep_until, Instant};

use super::alive::Alive;
use super::bucket::Bucket;
use super::flow::{Flow, Reads};
use super::noise::{Flag, LinkFault, Sealer, SEAL_BYTES};
use super::squeeze::{Pace, Squeeze};
use super::stats::Stats;
use crate::inbox::{Inbox, LinkMessage, Order};

/// Orders of the writer that wait, beyond what is being sent. The sync core hands out four frames of batches and waits for
/// credits, holds answers back from 32 frames on, and itself ends a link at this number.
const ORDERS_MAX: usize = FRAMES_UNSENT_MAX;
/// How long what was ordered before the end may take to go out.
const FAREWELL: Duration = Duration::from_secs(1);

/// A piece on a capped link lasts this part of a second, at least so many bytes.
const CAPPED_PIECES_PER_S: u64 = 4;
const CAPPED_PIECE_BYTES: usize = 512;

/// What a link sends with.
pub struct Writing<'a> {
    /// The link's number.
    pub id: LinkId,
    /// The way.
    pub out: mpsc::Sender<Bytes>,
    /// Seals.
    pub sealer: Sealer,
    /// What the writer orders.
    pub orders: mpsc::UnboundedReceiver<Order>,
    /// Hears what was sent.
    pub inbox: Inbox,
    /// What is counted.
    pub stats: &'a Stats,
    /// Makes frames smaller.
    pub squeeze: &'a Squeeze,
    /// What is on its way.
    pub flow: &'a Flow,
    /// What was read.
    pub reads: &'a Reads,
    /// Whether the other side is there.
    pub alive: &'a Alive,
    /// Told when the other side asks the same.
    pub answer: &'a Notify,
}

/// What waits.
struct Desk<'a> {
    with: Writing<'a>,
    urgent: VecDeque<Vec<u8>>,
    normal: VecDeque<Vec<u8>>,
    closing: Option<(String, Instant)>,
    bucket: Bucket,
    pace: Pace,
    /// Bytes of a piece, at most.
    piece_bytes_max: usize,
}

impl Writing<'_> {
    /// Sends until the link ends; why.
    pub async fn run(self, bytes_per_s: u64) -> LinkFault {
        let piece = if bytes_per_s == 0 { usize::MAX } else { (bytes_per_s / CAPPED_PIECES_PER_S) as usize };
        let desk = Desk {
            with: self,
            urgent: VecDeque::new(),
            normal: VecDeque::new(),
            closing: None,
            bucket: Bucket::new(bytes_per_s),
            pace: Pace::new(bytes_per_s),
            piece_bytes_max: piece.max(CAPPED_PIECE_BYTES),
        };
        match desk.write().await {
            Ok(never) => match never {},
            Err(fault) => fault,
        }
    }
}

impl Desk<'_> {
    async fn write(mut self) -> Result<Infallible, LinkFault> {
        loop {
            self.take_orders()?;
            if let Some(frame) = self.urgent.pop_front() {
                self.send_urgent(frame).await?;
            } else if let Some(frame) = self.normal.pop_front() {
                self.send_frame(frame).await?;
            } else if let Some((why, _)) = self.closing.take() {
                let bytes = why.as_bytes();
                self.send(Flag::Bye, &bytes[..bytes.len().min(200)]).await?;
                return Err(LinkFault::Closed(why));
            } else {
                self.turn().await?;
            }
        }
    }

    fn take_orders(&mut self) -> Result<(), LinkFault> {
        while let Ok(order) = self.with.orders.try_recv() {
            self.on_order(order)?;
        }
        Ok(())
    }

    fn on_order(&mut self, order: Order) -> Result<(), LinkFault> {
        match order {
            Order::Send { frame, urgent } => {
                self.with.stats.queued(frame.len());
                let queue = if urgent { &mut self.urgent } else { &mut self.normal };
                queue.push_back(frame);
                if self.urgent.len() + self.normal.len() > ORDERS_MAX {
                    return Err(LinkFault::Unread(ORDERS_MAX));
                }
            }
            Order::Close { why } => self.closing = Some((why, Instant::now() + FAREWELL)),
        }
        Ok(())
    }

    /// Waits for anything to do, and does it.
    async fn turn(&mut self) -> Result<(), LinkFault> {
        let end = self.closing.as_ref().map(|(_, end)| *end);
        let with = &mut self.with;
        tokio::select! {
            order = with.orders.recv() => match order {
                Some(order) => self.on_order(order),
                // The writer has ended.
                None => Err(LinkFault::Ended),
            },
            () = with.answer.notified() => self.send(Flag::Pong, &[]).await,
            () = with.alive.ask.notified() => self.send(Flag::Ping, &[]).await,
            () = with.reads.due.notified() => self.tell().await,
            () = with.flow.room.notified() => Ok(()),
            () = async { match end { Some(end) => sleep_until(end).await, None => std::future::pending().await } } => Ok(()),
        }
    }

    /// Tells what was read.
    async fn tell(&mut self) -> Result<(), LinkFault> {
        let word = self.with.reads.word();
        self.send(Flag::Read, &word).await
    }

    /// What may not wait for a long frame, or it would be taken for silence.
    async fn answer(&mut self) -> Result<(), LinkFault> {
        let now = |notify: &Notify| futures_util::FutureExt::now_or_never(notify.notified()).is_some();
        if now(self.with.answer) {
            self.send(Flag::Pong, &[]).await?;
        }
        if now(&self.with.alive.ask) {
            self.send(Flag::Ping, &[]).await?;
        }
        if now(&self.with.reads.due) {
            self.tell().await?;
        }
        self.take_orders()
    }

    async fn send_frame(&mut self, frame: Vec<u8>) -> Result<(), LinkFault> {
        let length = frame.len();
        let squeezed = self.with.squeeze.close(frame, &self.pace).await?;
        let (began, mut rest) = (Instant::now(), Some(squeezed.as_slice()));
        while let Some(left) = rest {
            self.answer().await?;
            while let Some(frame) = self.urgent.pop_front() {
                self.send_urgent(frame).await?;
            }
            rest = self.send_piece(left, false).await?;
        }
        let waited = if self.with.flow.is_busy() { Duration::ZERO } else { began.elapsed() };
        self.pace.sent(squeezed.len(), waited);
        self.is_sent(length).await
    }

    async fn send_urgent(&mut self, frame: Vec<u8>) -> Result<(), LinkFault> {
        let length = frame.len();
        let squeezed = self.with.squeeze.close(frame, &self.pace).await?;
        let mut rest = Some(squeezed.as_slice());
        while let Some(left) = rest {
            self.answer().await?;
            rest = self.send_piece(left, true).await?;
        }
        self.is_sent(length).await
    }

    /// Sends a piece, or does something else while there is no room for it. What is left then; none: the frame is out.
    async fn send_piece<'f>(&mut self, left: &'f [u8], urgent: bool) -> Result<Option<&'f [u8]>, LinkFault> {
        if self.closing.as_ref().is_some_and(|(_, end)| Instant::now() >= *end) {
            return Ok(None);
        }
        let (piece, after) = Sealer::piece(left, self.with.flow.piece_bytes().min(self.piece_bytes_max));
        let bytes = SEAL_BYTES + piece.len();
        if !self.with.flow.has_room(bytes, urgent) {
            self.turn().await?;
            return Ok(Some(left));
        }
        let flag = match (urgent, after.is_empty()) {
            (false, true) => Flag::Last,
            (false, false) => Flag::More,
            (true, true) => Flag::UrgentLast,
            (true, false) => Flag::UrgentMore,
        };
        self.with.flow.sent(bytes);
        self.send(flag, piece).await?;
        Ok(Some(after).filter(|after| !after.is_empty()))
    }

    async fn is_sent(&mut self, length: usize) -> Result<(), LinkFault> {
        self.with.stats.frame_out(length);
        if !self.with.inbox.link(LinkMessage::Sent(self.with.id)).await {
            return Err(LinkFault::Ended);
        }
        Ok(())
    }

    async fn send(&mut self, flag: Flag, bytes: &[u8]) -> Result<(), LinkFault> {
        let message = Bytes::from(self.with.sealer.seal(flag, bytes)?);
        let length = message.len();
        let mut wait = self.bucket.take(length);
        if let Some((_, end)) = &self.closing {
            wait = wait.min(end.saturating_duration_since(Instant::now()));
        }
        if wait > Duration::ZERO {
            sleep(wait).await;
        }
        let full = self.with.out.capacity() == 0;
        self.with.out.send(message).await.map_err(|_| LinkFault::Ended)?;
        if full {
            // It had to wait and then was taken: somebody takes what we send.
            self.with.alive.is();
        }
        self.with.stats.sent(length);
        Ok(())
    }
}
