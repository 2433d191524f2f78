//! One live link: what is on its way, how large a frame may be, and the numbers that stand for logs.

use alloc::collections::{BTreeMap, VecDeque};

use super::fault::Fault;
use super::frame::{LogRef, FRAME_BYTES_MAX, LINK_LOGS_MAX};
use super::hello::FRAME_BYTES_LEAST;
use crate::identity::GatewayId;
use crate::log::{Lane, LogKey};

/// Links at once: every peer of a busy gateway, twice.
pub const LINKS_MAX: usize = 128;
/// Frames handed to a link and not yet on the wire: enough to keep it busy, few enough that what is urgent waits little.
pub const FRAMES_IN_FLIGHT_MAX: usize = 4;
/// Frames of urgent batches may be so many more: they are small and overtake the others.
pub const URGENT_FRAMES_EXTRA: usize = 4;
/// Frames of all kinds, small answers too, that wait for a peer which reads nothing: then it is cut off.
pub const FRAMES_UNSENT_MAX: usize = 1_024;
/// While so many wait, nothing is answered or asked for that can wait: it is said once, later, for all that came meanwhile.
pub const FRAMES_WAITING_MAX: usize = 32;
/// Bytes of a frame on a link that is new: below a second on 150 kbit/s.
pub const FRAME_BYTES_START: usize = 16 * 1024;
/// A frame that was out in less is doubled. Four in flight then hold an urgent one up by 0.2 s at most.
pub const FRAME_FAST_MS: u64 = 50;
/// A frame that took longer is halved.
pub const FRAME_SLOW_MS: u64 = 400;
/// A link is left for one that is so many times as fast: changing costs announcing again what is under way.
pub const LINK_FASTER: u64 = 4;
/// A link whose oldest frame waits this long is passed over if its peer has another.
pub const LINK_STALLED_MS: u64 = 5_000;

/// One live link.
pub(super) struct Link {
    pub peer: GatewayId,
    frame_max: usize,
    frame_bytes: usize,
    /// When each frame that is not on the wire yet was handed over, and its bytes.
    in_flight: VecDeque<(u64, usize)>,
    last_sent_ms: u64,
    /// Microseconds for a KiB of the last frame, for choosing among links.
    pace_us: u64,
    names_out: BTreeMap<LogKey, u32>,
    /// Numbers below are known to be on the wire; frames that overtake may use them alone.
    confirmed: u32,
    names_in: BTreeMap<u32, LogKey>,
    silent: bool,
    /// Over this link we were told of all that the other side had when it said Hello.
    pub told: bool,
    /// Batches it brought whose signature does not fit what is here, and no fork shown by them yet.
    pub suspected: u32,
    /// Whether the other side is told so, and how far.
    pub tell: Tell,
}

/// Whether the other side of a link gets a list of heads over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tell {
    /// It needs none, as far as we know.
    Nothing,
    /// Of the logs after this one.
    After(Option<(Lane, LogKey)>),
    /// It had it.
    Done,
}

impl Link {
    /// One over which frames are brought by hand, each alone, and nothing is sent.
    pub fn silent(peer: GatewayId, now_ms: u64) -> Self {
        Self { silent: true, ..Self::new(peer, FRAME_BYTES_LEAST, now_ms) }
    }

    /// Whether nothing may be sent over it.
    pub fn is_silent(&self) -> bool {
        self.silent
    }

    pub fn new(peer: GatewayId, frame_max: usize, now_ms: u64) -> Self {
        let frame_max = frame_max.clamp(FRAME_BYTES_LEAST, FRAME_BYTES_MAX);
        Self {
            peer,
            frame_max,
            frame_bytes: FRAME_BYTES_START.min(frame_max),
            in_flight: VecDeque::new(),
            last_sent_ms: now_ms,
            pace_us: 0,
            names_out: BTreeMap::new(),
            confirmed: 0,
            names_in: BTreeMap::new(),
            silent: false,
            told: false,
            suspected: 0,
            tell: Tell::Nothing,
        }
    }

    /// Bytes to aim at with the next frame.
    pub fn frame_bytes(&self) -> usize {
        self.frame_bytes
    }

    /// Frames handed over and not on the wire.
    pub fn unsent(&self) -> usize {
        self.in_flight.len()
    }

    /// Whether acknowledgements and wants may be handed over.
    pub fn takes_answers(&self) -> bool {
        self.in_flight.len() < FRAMES_WAITING_MAX
    }

    /// Whether a frame of batches or heads may be handed over.
    pub fn has_credit(&self, urgent: bool) -> bool {
        self.in_flight.len() < FRAMES_IN_FLIGHT_MAX + if urgent { URGENT_FRAMES_EXTRA } else { 0 }
    }

    /// Orders links by preference: not a stalled one, then the fastest; a new one is tried.
    pub fn rank(&self, now_ms: u64) -> (bool, u64) {
        let late = |(since, _): &(u64, usize)| now_ms.saturating_sub(*since) > LINK_STALLED_MS;
        (self.in_flight.front().is_some_and(late), self.pace_us)
    }

    pub fn on_handed_over(&mut self, now_ms: u64, bytes: usize) {
        self.in_flight.push_back((now_ms, bytes));
    }

    /// A frame is on the wire. The time it took alone says how large the next one may be.
    pub fn on_sent(&mut self, now_ms: u64) {
        let Some((since, bytes)) = self.in_flight.pop_front() else { return };
        let took_ms = now_ms.saturating_sub(since.max(self.last_sent_ms));
        self.last_sent_ms = now_ms;
        self.pace_us = took_ms * 1_000 * 1_024 / bytes.max(1_024) as u64;
        if took_ms < FRAME_FAST_MS {
            self.frame_bytes = (self.frame_bytes * 2).min(self.frame_max);
        } else if took_ms > FRAME_SLOW_MS {
            self.frame_bytes = (self.frame_bytes / 2).max(FRAME_BYTES_LEAST);
        }
        if self.in_flight.is_empty() {
            self.confirmed = self.names_out.len() as u32;
        }
    }

    /// How a log is named in the next frame: in full the first time, and as long as a frame that overtakes might come
    /// before that one.
    pub fn name(&mut self, log: &LogKey, overtakes: bool) -> LogRef {
        if let Some(index) = self.names_out.get(log) {
            let name = (overtakes && *index >= self.confirmed).then_some(*log);
            return LogRef { index: *index, name };
        }
        let index = self.names_out.len() as u32;
        self.names_out.insert(*log, index);
        LogRef { index, name: Some(*log) }
    }

    /// Whether another log can be named on this link.
    pub fn has_names_left(&self) -> bool {
        self.names_out.len() < LINK_LOGS_MAX
    }

    /// Which log the other side means.
    pub fn resolve(&mut self, log: &LogRef) -> Result<LogKey, Fault> {
        if self.silent {
            return log.name.ok_or(Fault::UnknownLog(log.index));
        }
        match (self.names_in.get(&log.index), log.name) {
            (Some(known), None) => Ok(*known),
            (Some(known), Some(name)) if *known == name => Ok(name),
            (Some(_), Some(_)) => Err(Fault::Malformed("one number for two logs")),
            (None, Some(name)) => {
                self.names_in.insert(log.index, name);
                Ok(name)
            }
            (None, None) => Err(Fault::UnknownLog(log.index)),
        }
    }
}
