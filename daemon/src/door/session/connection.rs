//! The socket of a session: its buffers, which are there only while something is in them, and its timers.

use std::collections::HashMap;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{ready, Context, Poll};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use futures_util::task::noop_waker_ref;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use crate::counters::Counters;
use crate::door::address::Admitted;
use crate::door::wire::{frame, Version};

/// Any stream of MQTT bytes.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Io for S {}

/// Bytes read at once, through the stack: an idle client has no read buffer at all.
const READ_BYTES: usize = 16 * 1024;
/// Bytes waiting to be written beyond which no further message is encoded.
pub const OUT_HIGH_BYTES: usize = 64 * 1024;
/// Bytes waiting to be written beyond which nothing more is decoded: every packet may have an answer, and a client that
/// asks without reading would have them kept without bound. More than a full buffer of messages, so that a reader who
/// is merely behind is still heard.
const ANSWERS_HIGH_BYTES: usize = 4 * OUT_HIGH_BYTES;
/// Buffers larger than this are given back when they are empty.
const KEEP_BYTES: usize = 2 * 1024;

/// What the socket did.
#[derive(Debug, PartialEq, Eq)]
pub enum IoEvent {
    /// Bytes came.
    Read,
    /// All bytes went out.
    Written,
    /// The client closed its side.
    Ended,
    /// It is broken.
    Broken,
}

/// A connection of a session.
pub struct Connection {
    io: Box<dyn Io>,
    counters: Arc<Counters>,
    /// Its dialect.
    pub version: Version,
    /// Not yet decoded.
    pub input: BytesMut,
    /// Not yet written.
    pub out: BytesMut,
    unflushed: bool,
    /// The client will send no more.
    pub eof: bool,
    /// No decoding while held.
    pub held: bool,
    /// One and a half keepalives.
    pub keep_alive: Option<Duration>,
    /// When the last packet came.
    pub heard: Instant,
    /// Since when bytes wait without one going out.
    pub writing_since: Option<Instant>,
    /// Reason strings are wanted.
    pub problem_info: bool,
    /// Largest packet it takes.
    pub packet_bytes_max: usize,
    /// Topic aliases it takes.
    pub topic_alias_max: u16,
    /// Aliases it has set.
    pub aliases: HashMap<u16, Box<str>>,
    /// What is counted for its address.
    pub admitted: Admitted,
    /// Closing: the deadline, and whether held acknowledgements are waited for first.
    pub farewell: Option<(Instant, bool)>,
    _place: OwnedSemaphorePermit,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.counters.mqtt_sessions.sub(1);
    }
}

impl Connection {
    /// A fresh connection; counts it.
    #[allow(clippy::too_many_arguments)] // All of it comes from one CONNECT.
    pub fn new(
        io: Box<dyn Io>,
        counters: Arc<Counters>,
        version: Version,
        keep_alive: Option<Duration>,
        problem_info: bool,
        packet_bytes_max: usize,
        admitted: Admitted,
        place: OwnedSemaphorePermit,
    ) -> Self {
        counters.mqtt_sessions.add(1);
        Self {
            io,
            counters,
            version,
            input: BytesMut::new(),
            out: BytesMut::new(),
            unflushed: false,
            eof: false,
            held: false,
            keep_alive,
            heard: Instant::now(),
            writing_since: None,
            problem_info,
            packet_bytes_max,
            topic_alias_max: 0,
            aliases: HashMap::new(),
            admitted,
            farewell: None,
            _place: place,
        }
    }

    /// Whether more bytes are wanted.
    pub fn reads(&self) -> bool {
        !self.eof && !self.held && self.farewell.is_none()
    }

    /// Whether a whole (or broken) packet waits to be decoded.
    pub fn has_frame(&self, packet_bytes_max: usize) -> bool {
        !matches!(frame(&self.input, packet_bytes_max), Ok(None))
    }

    /// Whether all is written.
    pub fn is_flushed(&self) -> bool {
        self.out.is_empty() && !self.unflushed
    }

    /// Notes since when bytes wait.
    pub fn start_writing(&mut self) {
        if !self.is_flushed() && self.writing_since.is_none() {
            self.writing_since = Some(Instant::now());
        }
    }

    /// Whether another message may be encoded.
    pub fn has_room(&self) -> bool {
        self.out.len() < OUT_HIGH_BYTES
    }

    /// Whether another packet may be decoded.
    pub fn takes_answers(&self) -> bool {
        self.out.len() < ANSWERS_HIGH_BYTES
    }

    /// Writes what the socket takes at once.
    pub fn flush_now(&mut self) {
        let mut cx = Context::from_waker(noop_waker_ref());
        let _ = self.poll_write(&mut cx);
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        while !self.out.is_empty() {
            if self.writing_since.is_none() {
                self.writing_since = Some(Instant::now());
            }
            let written = ready!(Pin::new(&mut self.io).poll_write(cx, &self.out))?;
            if written == 0 {
                return Poll::Ready(Err(std::io::ErrorKind::WriteZero.into()));
            }
            self.counters.mqtt_bytes_sent_total.add(written as u64);
            self.out.advance(written);
            self.writing_since = None;
            self.unflushed = true;
        }
        if self.out.capacity() > KEEP_BYTES {
            self.out = BytesMut::new();
        }
        if self.unflushed {
            ready!(Pin::new(&mut self.io).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Writes what waits and, if wanted, reads what came.
    pub fn poll_io(&mut self, cx: &mut Context<'_>, want_read: bool) -> Poll<IoEvent> {
        let mut wrote = false;
        if !self.is_flushed() {
            let before = self.out.len();
            match self.poll_write(cx) {
                Poll::Ready(Ok(())) => wrote = true,
                Poll::Ready(Err(_)) => return Poll::Ready(IoEvent::Broken),
                // Some went out: there is room for more messages.
                Poll::Pending => wrote = before >= OUT_HIGH_BYTES && self.has_room(),
            }
        }
        if want_read {
            let mut bytes = [const { MaybeUninit::<u8>::uninit() }; READ_BYTES];
            let mut buffer = ReadBuf::uninit(&mut bytes);
            match Pin::new(&mut self.io).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => {
                    self.eof = true;
                    return Poll::Ready(IoEvent::Ended);
                }
                Poll::Ready(Ok(())) => {
                    self.counters.mqtt_bytes_received_total.add(buffer.filled().len() as u64);
                    self.input.extend_from_slice(buffer.filled());
                    return Poll::Ready(IoEvent::Read);
                }
                Poll::Ready(Err(_)) => return Poll::Ready(IoEvent::Broken),
                Poll::Pending => {}
            }
        }
        if wrote {
            return Poll::Ready(IoEvent::Written);
        }
        Poll::Pending
    }
}
