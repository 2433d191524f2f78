//! What is counted of one peer, over all its links since the start.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Mutex;

use tokio::time::Instant;

use crate::counters::Counter;

/// Counts of one peer.
#[derive(Debug)]
pub struct Stats {
    began: Instant,
    /// Frames received.
    pub frames_in: Counter,
    /// Frames sent.
    pub frames_out: Counter,
    /// Bytes received, sealed and squeezed: what crossed the link, without MQTT and TCP.
    pub bytes_in: Counter,
    /// The same, sent.
    pub bytes_out: Counter,
    /// Links that stood.
    pub links: Counter,
    /// Milliseconds after `began`, plus one; 0 = never.
    heard_ms: AtomicU64,
    queue: Mutex<Queue>,
}

/// Frames handed to the link and not yet sent.
#[derive(Debug, Default)]
struct Queue {
    frames: u64,
    bytes: u64,
    since: Option<Instant>,
}

impl Default for Stats {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            frames_in: Counter::default(),
            frames_out: Counter::default(),
            bytes_in: Counter::default(),
            bytes_out: Counter::default(),
            links: Counter::default(),
            heard_ms: AtomicU64::new(0),
            queue: Mutex::default(),
        }
    }
}

impl Stats {
    fn queue(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// A message came.
    pub fn received(&self, bytes: usize) {
        self.bytes_in.add(bytes as u64);
        self.heard_ms.store(self.began.elapsed().as_millis() as u64 + 1, Ordering::Relaxed);
    }

    /// Handshake messages: bytes received and sent.
    pub fn handshake(&self, (received, sent): (usize, usize)) {
        self.received(received);
        self.sent(sent);
    }

    /// A whole frame came.
    pub fn frame_in(&self) {
        self.frames_in.add(1);
    }

    /// A message went out.
    pub fn sent(&self, bytes: usize) {
        self.bytes_out.add(bytes as u64);
    }

    /// A frame waits.
    pub fn queued(&self, bytes: usize) {
        let mut queue = self.queue();
        queue.frames += 1;
        queue.bytes += bytes as u64;
        queue.since.get_or_insert_with(Instant::now);
    }

    /// It went out.
    pub fn frame_out(&self, bytes: usize) {
        self.frames_out.add(1);
        let mut queue = self.queue();
        queue.frames = queue.frames.saturating_sub(1);
        queue.bytes = queue.bytes.saturating_sub(bytes as u64);
        queue.since = (queue.frames > 0).then(Instant::now);
    }

    /// The link is gone, and what waited with it.
    pub fn unqueue(&self) {
        *self.queue() = Queue::default();
    }

    /// Frames and bytes that wait, and for how many milliseconds nothing of them went out.
    pub fn waiting(&self) -> (u64, u64, Option<u64>) {
        let queue = self.queue();
        (queue.frames, queue.bytes, queue.since.map(|since| since.elapsed().as_millis() as u64))
    }

    /// How long ago something was heard, in milliseconds.
    pub fn heard_ago_ms(&self) -> Option<u64> {
        let heard = self.heard_ms.load(Ordering::Relaxed).checked_sub(1)?;
        Some((self.began.elapsed().as_millis() as u64).saturating_sub(heard))
    }
}
