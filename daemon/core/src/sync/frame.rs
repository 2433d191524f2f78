//! Frames: what two gateways say to each other, as bytes. Layouts are tabled in PROTOCOL.md.
//!
//! Nothing read here is trusted. Decoding never panics, borrows batches from the frame, and checks each count before it
//! makes room for it. A log is named in full once on a link and by its number from then on.

use alloc::vec::Vec;

use super::fault::Fault;
use super::wire::{put_bytes, put_log, put_number, Reader};
use crate::codec::BATCH_BYTES_MAX;
use crate::identity::BatchHash;
use crate::log::LogKey;

/// Version of all frames.
pub const FRAME_VERSION: u8 = 1;
/// Bytes of one frame, decoded: four of the largest batches, and a second of a slow serial link at most when small.
pub const FRAME_BYTES_MAX: usize = 256 * 1024;
/// Lines of one Heads frame: all logs a node keeps.
pub const HEADS_PER_FRAME_MAX: usize = 4_096;
/// Ranges asked for in one Want.
pub const WANTS_PER_FRAME_MAX: usize = 256;
/// Batches in one frame; each has at least 100 bytes, so an honest frame never holds more.
pub const PARCELS_PER_FRAME_MAX: usize = 2_621;
/// Logs named in one Have, Prune or Graft.
pub const NAMES_PER_FRAME_MAX: usize = 4_096;
/// Logs that may be named over one link: twice what a node keeps, since logs come and go while a link stands.
pub const LINK_LOGS_MAX: usize = 8_192;
/// The highest number a batch may have: views keep it in four bytes. At one batch a second that is 136 years.
pub const NUMBER_MAX: u64 = u32::MAX as u64 - 1;

/// A log as a frame names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogRef {
    /// Its number on this link, in this direction.
    pub index: u32,
    /// Its name, where the number is given out.
    pub name: Option<LogKey>,
}

/// How far a log goes at the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadLine {
    /// Which.
    pub log: LogRef,
    /// Links between the sender and the log's gateway; 0 = it is the sender.
    pub hops: u8,
    /// The log is known to be forked and stands still.
    pub frozen: bool,
    /// The oldest batch held without a hole from there on.
    pub first: u64,
    /// One more than the newest.
    pub next: u64,
    /// The first bytes of the newest batch's hash.
    pub hash: [u8; 8],
}

/// A range asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantLine {
    /// Of which log.
    pub log: LogRef,
    /// Send the hash of the batch before it too.
    pub with_prev: bool,
    /// Send what proves that the log is forked; the range does not count.
    pub proof: bool,
    /// From this number.
    pub from: u64,
    /// So many.
    pub count: u64,
}

/// One batch on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parcel<'a> {
    /// Seconds its entries have lived, up to now.
    pub spent_s: u32,
    /// The batch.
    pub bytes: &'a [u8],
}

/// Batches of one log that follow one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run<'a> {
    /// Which log.
    pub log: LogRef,
    /// Pushed, not asked for.
    pub live: bool,
    /// As in [`HeadLine::hops`].
    pub hops: u8,
    /// Number of the first.
    pub from: u64,
    /// Hash of the batch before the first, if that was asked for.
    pub prev: Option<BatchHash>,
    /// The batches.
    pub parcels: Vec<Parcel<'a>>,
}

/// One signed batch of a forked log, able to stand alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Branch<'a> {
    /// Its number.
    pub number: u64,
    /// Hash of the batch before it.
    pub prev: BatchHash,
    /// Seconds its entries have lived, up to now.
    pub spent_s: u32,
    /// The batch.
    pub bytes: &'a [u8],
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// Where the sender's logs stand.
    Heads {
        /// The sender's age.
        age: u64,
        /// With this frame the receiver has been told of every head the sender has, as of `age`.
        all: bool,
        /// News that may come by another way: the receiver waits a little before it asks.
        lazy: bool,
        /// The logs.
        lines: Vec<HeadLine>,
    },
    /// Asks for batches.
    Want(Vec<WantLine>),
    /// Brings batches.
    Batches(Vec<Run<'a>>),
    /// The sender has these logs durably, up to these numbers.
    Have(Vec<(LogRef, u64)>),
    /// Came twice: do not push what the gateways of these logs write any more, announce it.
    Prune(Vec<LogRef>),
    /// Push it again.
    Graft(Vec<LogRef>),
    /// Two batches of one number prove that a log is forked; one more of it, once that is known.
    Fork {
        /// Which log.
        log: LogKey,
        /// One or two.
        branches: Vec<Branch<'a>>,
    },
    /// The end, and why ([`super::fault::CODES`]).
    Bye(u8),
}

const KIND_HEADS: u8 = 1;
const KIND_WANT: u8 = 2;
pub(super) const KIND_BATCHES: u8 = 3;
const KIND_HAVE: u8 = 4;
const KIND_PRUNE: u8 = 5;
const KIND_GRAFT: u8 = 6;
const KIND_FORK: u8 = 7;
const KIND_BYE: u8 = 8;

const ALL: u8 = 1;
const LAZY: u8 = 2;
const FROZEN: u8 = 0x80;
const WITH_PREV: u8 = 1;
const PROOF: u8 = 2;
const LIVE: u8 = 1;
const HAS_PREV: u8 = 2;

/// The kinds' words, by number; Hello travels in the handshake.
pub const KINDS: [&str; 9] = ["hello", "heads", "want", "batches", "have", "prune", "graft", "fork", "bye"];

impl<'a> Frame<'a> {
    /// The frame's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = alloc::vec![FRAME_VERSION, self.kind()];
        match self {
            Self::Heads { age, all, lazy, lines } => {
                put_number(&mut out, *age);
                out.push(flag(*all, ALL) | flag(*lazy, LAZY));
                put_number(&mut out, lines.len() as u64);
                lines.iter().for_each(|line| put_head(&mut out, line));
            }
            Self::Want(wants) => {
                put_number(&mut out, wants.len() as u64);
                for want in wants {
                    put_ref(&mut out, &want.log);
                    out.push(flag(want.with_prev, WITH_PREV) | flag(want.proof, PROOF));
                    put_number(&mut out, want.from);
                    put_number(&mut out, want.count);
                }
            }
            Self::Batches(runs) => {
                put_number(&mut out, runs.len() as u64);
                for run in runs {
                    put_run(&mut out, run);
                }
            }
            Self::Have(haves) => {
                put_number(&mut out, haves.len() as u64);
                for (log, upto) in haves {
                    put_ref(&mut out, log);
                    put_number(&mut out, *upto);
                }
            }
            Self::Prune(logs) | Self::Graft(logs) => {
                put_number(&mut out, logs.len() as u64);
                logs.iter().for_each(|log| put_ref(&mut out, log));
            }
            Self::Fork { log, branches } => {
                put_log(&mut out, log);
                put_number(&mut out, branches.len() as u64);
                for branch in branches {
                    put_number(&mut out, branch.number);
                    out.extend_from_slice(&branch.prev.0);
                    put_number(&mut out, branch.spent_s.into());
                    put_bytes(&mut out, branch.bytes);
                }
            }
            Self::Bye(code) => out.push(*code),
        }
        out
    }

    /// A frame from bytes that came from anywhere.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Fault> {
        if bytes.len() > FRAME_BYTES_MAX {
            return Err(Fault::TooLarge { found: bytes.len(), limit: FRAME_BYTES_MAX });
        }
        let mut reader = Reader::new(bytes);
        match reader.byte()? {
            FRAME_VERSION => {}
            version => return Err(Fault::UnknownVersion(version)),
        }
        let frame = match reader.byte()? {
            KIND_HEADS => read_heads(&mut reader)?,
            KIND_WANT => {
                let count = reader.count("wants", WANTS_PER_FRAME_MAX, 4)?;
                let mut wants = Vec::with_capacity(count);
                for _ in 0..count {
                    wants.push(read_want(&mut reader)?);
                }
                Self::Want(wants)
            }
            KIND_BATCHES => read_batches(&mut reader)?,
            KIND_HAVE => {
                let count = reader.count("haves", NAMES_PER_FRAME_MAX, 2)?;
                let mut haves = Vec::with_capacity(count);
                for _ in 0..count {
                    haves.push((read_ref(&mut reader)?, read_place(&mut reader)?));
                }
                Self::Have(haves)
            }
            kind @ (KIND_PRUNE | KIND_GRAFT) => {
                let count = reader.count("logs", NAMES_PER_FRAME_MAX, 1)?;
                let mut logs = Vec::with_capacity(count);
                for _ in 0..count {
                    logs.push(read_ref(&mut reader)?);
                }
                if kind == KIND_PRUNE {
                    Self::Prune(logs)
                } else {
                    Self::Graft(logs)
                }
            }
            KIND_FORK => {
                let log = reader.log()?;
                let mut branches = Vec::new();
                for _ in 0..reader.count("branches", 2, 35)? {
                    branches.push(Branch {
                        number: read_place(&mut reader)?,
                        prev: reader.hash()?,
                        spent_s: reader.number_u32()?,
                        bytes: reader.bytes("bytes of a batch", BATCH_BYTES_MAX)?,
                    });
                }
                Self::Fork { log, branches }
            }
            KIND_BYE => Self::Bye(reader.byte()?),
            kind => return Err(Fault::UnknownKind(kind)),
        };
        reader.end()?;
        Ok(frame)
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Heads { .. } => KIND_HEADS,
            Self::Want(_) => KIND_WANT,
            Self::Batches(_) => KIND_BATCHES,
            Self::Have(_) => KIND_HAVE,
            Self::Prune(_) => KIND_PRUNE,
            Self::Graft(_) => KIND_GRAFT,
            Self::Fork { .. } => KIND_FORK,
            Self::Bye(_) => KIND_BYE,
        }
    }
}

fn flag(is_set: bool, bit: u8) -> u8 {
    if is_set {
        bit
    } else {
        0
    }
}

pub(super) fn put_ref(out: &mut Vec<u8>, log: &LogRef) {
    put_number(out, (u64::from(log.index) << 1) | u64::from(log.name.is_some()));
    if let Some(name) = &log.name {
        put_log(out, name);
    }
}

fn put_head(out: &mut Vec<u8>, line: &HeadLine) {
    put_ref(out, &line.log);
    out.push(line.hops.min(FROZEN - 1) | flag(line.frozen, FROZEN));
    put_number(out, line.first);
    put_number(out, line.next - line.first);
    out.extend_from_slice(&line.hash);
}

/// All of a run but its batches; `count` of them must follow, each by [`put_parcel`].
pub(super) fn put_run_head(
    out: &mut Vec<u8>,
    log: &LogRef,
    live: bool,
    hops: u8,
    from: u64,
    prev: Option<&BatchHash>,
    count: usize,
) {
    put_ref(out, log);
    out.push(flag(live, LIVE) | flag(prev.is_some(), HAS_PREV));
    out.push(hops.min(FROZEN - 1));
    put_number(out, from);
    if let Some(prev) = prev {
        out.extend_from_slice(&prev.0);
    }
    put_number(out, count as u64);
}

pub(super) fn put_parcel(out: &mut Vec<u8>, spent_s: u32, bytes: &[u8]) {
    put_number(out, spent_s.into());
    put_bytes(out, bytes);
}

fn put_run(out: &mut Vec<u8>, run: &Run<'_>) {
    put_run_head(out, &run.log, run.live, run.hops, run.from, run.prev.as_ref(), run.parcels.len());
    for parcel in &run.parcels {
        put_parcel(out, parcel.spent_s, parcel.bytes);
    }
}

fn read_ref(reader: &mut Reader<'_>) -> Result<LogRef, Fault> {
    let number = reader.number_u32()?;
    let index = number >> 1;
    if index as usize >= LINK_LOGS_MAX {
        return Err(Fault::TooMany { what: "logs", found: u64::from(index) + 1, limit: LINK_LOGS_MAX as u64 });
    }
    let name = if number & 1 == 1 { Some(reader.log()?) } else { None };
    Ok(LogRef { index, name })
}

/// A batch's number, or the end of a range of them.
fn read_place(reader: &mut Reader<'_>) -> Result<u64, Fault> {
    let number = reader.number()?;
    if number > NUMBER_MAX {
        return Err(Fault::TooMany { what: "batches", found: number, limit: NUMBER_MAX });
    }
    Ok(number)
}

fn read_heads<'a>(reader: &mut Reader<'_>) -> Result<Frame<'a>, Fault> {
    let age = reader.number()?;
    let flags = reader.byte()?;
    if flags > ALL | LAZY {
        return Err(Fault::Malformed("unknown flags"));
    }
    let count = reader.count("heads", HEADS_PER_FRAME_MAX, 12)?;
    let mut lines = Vec::with_capacity(count);
    for _ in 0..count {
        let log = read_ref(reader)?;
        let hops = reader.byte()?;
        let first = read_place(reader)?;
        let next = first + read_place(reader)?;
        if next > NUMBER_MAX {
            return Err(Fault::TooMany { what: "batches", found: next, limit: NUMBER_MAX });
        }
        let (hops, frozen) = (hops & !FROZEN, hops & FROZEN != 0);
        lines.push(HeadLine { log, hops, frozen, first, next, hash: reader.array()? });
    }
    Ok(Frame::Heads { age, all: flags & ALL != 0, lazy: flags & LAZY != 0, lines })
}

fn read_want(reader: &mut Reader<'_>) -> Result<WantLine, Fault> {
    let log = read_ref(reader)?;
    let flags = reader.byte()?;
    if flags > WITH_PREV | PROOF {
        return Err(Fault::Malformed("unknown flags"));
    }
    let (from, count) = (read_place(reader)?, read_place(reader)?);
    Ok(WantLine { log, with_prev: flags & WITH_PREV != 0, proof: flags & PROOF != 0, from, count })
}

fn read_batches<'a>(reader: &mut Reader<'a>) -> Result<Frame<'a>, Fault> {
    let mut left = PARCELS_PER_FRAME_MAX;
    let count = reader.count("runs", PARCELS_PER_FRAME_MAX, 5)?;
    let mut runs = Vec::with_capacity(count);
    for _ in 0..count {
        let log = read_ref(reader)?;
        let flags = reader.byte()?;
        if flags > LIVE | HAS_PREV {
            return Err(Fault::Malformed("unknown flags"));
        }
        let hops = reader.byte()? & !FROZEN;
        let from = read_place(reader)?;
        let prev = if flags & HAS_PREV != 0 { Some(reader.hash()?) } else { None };
        let count = reader.count("batches", left, 2)?;
        left -= count;
        let mut parcels = Vec::with_capacity(count);
        for _ in 0..count {
            let spent_s = reader.number_u32()?;
            parcels.push(Parcel { spent_s, bytes: reader.bytes("bytes of a batch", BATCH_BYTES_MAX)? });
        }
        if from + count as u64 > NUMBER_MAX {
            return Err(Fault::TooMany { what: "batches", found: from, limit: NUMBER_MAX });
        }
        runs.push(Run { log, live: flags & LIVE != 0, hops, from, prev, parcels });
    }
    Ok(Frame::Batches(runs))
}
