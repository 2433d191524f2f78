//! What sync remembers across restarts, as notes of the store: cursors, introductions, gaps, forked logs.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::hello::{Cursor, Interests, StoreEpoch};
use super::wire::{put_log, put_number, Reader};
use super::Fault;
use crate::identity::{BatchHash, GatewayId};
use crate::log::{Age, Held, LogKey};
use crate::node::{Gap, GAPS_MAX};

/// What all keys of sync's notes begin with.
pub const NOTES_PREFIX: &[u8] = b"sync/";
const CURSOR: &[u8] = b"sync/cursor/";
const WAY: &[u8] = b"sync/way/";
const GAPS: &[u8] = b"sync/gaps/";
const FORK: &[u8] = b"sync/fork/";
const BRANCH: &[u8] = b"sync/branch/";
const LIVES: &[u8] = b"sync/lives";
/// Starts of this store that are kept in mind. Who followed it in an earlier one is told everything anew.
pub const LIVES_MAX: usize = 64;
/// Version of the notes' values.
const VERSION: u8 = 1;

/// Who introduced a gateway, and how far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Introduction {
    /// The peer whose heads named it first.
    pub by: GatewayId,
    /// Links between it and us, when it was last heard of.
    pub hops: u8,
}

/// One batch of a forked log, as noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BranchNote {
    /// It also lies in the log itself.
    pub in_log: bool,
    pub held: Held,
}

/// What is kept at hand of a [`BranchNote`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Noted {
    pub bytes: usize,
    /// The hash before it.
    pub prev: BatchHash,
}

/// Everything that was noted, taken apart.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    pub(super) cursors: BTreeMap<GatewayId, (Cursor, Interests)>,
    pub(super) ways: BTreeMap<GatewayId, Introduction>,
    pub(super) gaps: BTreeMap<LogKey, Vec<Gap>>,
    /// The lowest number known to be forked.
    pub(super) forks: BTreeMap<LogKey, u64>,
    pub(super) branches: BTreeMap<(LogKey, u64, [u8; 8]), Noted>,
    /// This store's starts, with its age at each.
    pub(super) lives: Vec<(StoreEpoch, Age)>,
    folded: Vec<Held>,
}

impl Memory {
    /// From the store's notes whose keys begin with [`NOTES_PREFIX`]. What does not parse is passed over: it can only
    /// cost bytes, or be told again.
    pub fn read<'a>(notes: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Self {
        let mut memory = Self::default();
        for (key, value) in notes {
            // Passed over on purpose, see above.
            let _ = memory.read_one(key, value);
        }
        memory
    }

    /// What the node must fold in before `Node::loaded`, by `Node::load_branch`.
    pub fn branches(&self) -> &[Held] {
        &self.folded
    }

    /// What the node must know before its journal is loaded, by `Node::set_gaps`.
    pub fn gaps(&self) -> impl Iterator<Item = (LogKey, Vec<Gap>)> + '_ {
        self.gaps.iter().map(|(log, gaps)| (*log, gaps.clone()))
    }

    /// Logs that stand still, and from which number on, for `Node::freeze`.
    pub fn frozen(&self) -> impl Iterator<Item = (LogKey, u64)> + '_ {
        self.forks.iter().map(|(log, lowest)| (*log, *lowest))
    }

    fn read_one(&mut self, key: &[u8], value: &[u8]) -> Result<(), Fault> {
        let mut reader = Reader::new(value);
        if reader.byte()? != VERSION {
            return Err(Fault::Malformed("a note of another version"));
        }
        if key == LIVES {
            for _ in 0..reader.count("lives", LIVES_MAX, 9)? {
                self.lives.push((StoreEpoch(u64::from_be_bytes(reader.array()?)), Age(reader.number()?)));
            }
        } else if let Some(rest) = key.strip_prefix(CURSOR) {
            let peer = GatewayId(Reader::new(rest).array()?);
            let epoch = StoreEpoch(u64::from_be_bytes(reader.array()?));
            let cursor = Cursor { epoch, age: Age(reader.number()?) };
            self.cursors.insert(peer, (cursor, Interests::from_bits(reader.byte()?)));
        } else if let Some(rest) = key.strip_prefix(WAY) {
            let gateway = GatewayId(Reader::new(rest).array()?);
            let (by, hops) = (GatewayId(reader.array()?), reader.byte()?);
            self.ways.insert(gateway, Introduction { by, hops });
        } else if let Some(rest) = key.strip_prefix(GAPS) {
            let log = Reader::new(rest).log()?;
            let mut gaps = Vec::new();
            for _ in 0..reader.count("gaps", GAPS_MAX, 2)? {
                gaps.push((reader.number()?, reader.number()?));
            }
            self.gaps.insert(log, gaps);
        } else if let Some(rest) = key.strip_prefix(FORK) {
            self.forks.insert(Reader::new(rest).log()?, reader.number()?);
        } else if let Some(rest) = key.strip_prefix(BRANCH) {
            let mut name = Reader::new(rest);
            let (log, number, hash) = (name.log()?, u64::from_be_bytes(name.array()?), name.array()?);
            let note = read_branch(&log, number, value)?;
            let noted = Noted { bytes: note.held.bytes.len(), prev: note.held.prev };
            self.branches.insert((log, number, hash), noted);
            if !note.in_log {
                self.folded.push(note.held);
            }
        }
        Ok(())
    }
}

fn key_of(prefix: &[u8], gateway: &GatewayId) -> Vec<u8> {
    [prefix, &gateway.0].concat()
}

fn log_key(prefix: &[u8], log: &LogKey) -> Vec<u8> {
    let mut key = prefix.to_vec();
    put_log(&mut key, log);
    key
}

pub(super) fn lives_note(lives: &[(StoreEpoch, Age)]) -> (Vec<u8>, Vec<u8>) {
    let mut value = alloc::vec![VERSION];
    put_number(&mut value, lives.len() as u64);
    for (life, began) in lives {
        value.extend(life.0.to_be_bytes());
        put_number(&mut value, began.0);
    }
    (LIVES.to_vec(), value)
}

pub(super) fn cursor_key(peer: &GatewayId) -> Vec<u8> {
    key_of(CURSOR, peer)
}

pub(super) fn cursor_note(peer: &GatewayId, cursor: &Cursor, interests: Interests) -> (Vec<u8>, Vec<u8>) {
    let mut value = alloc::vec![VERSION];
    value.extend(cursor.epoch.0.to_be_bytes());
    put_number(&mut value, cursor.age.0);
    value.push(interests.bits());
    (cursor_key(peer), value)
}

pub(super) fn way_note(gateway: &GatewayId, way: &Introduction) -> (Vec<u8>, Vec<u8>) {
    let mut value = alloc::vec![VERSION];
    value.extend(way.by.0);
    value.push(way.hops);
    (key_of(WAY, gateway), value)
}

/// No gaps: an empty value, which removes the note.
pub(super) fn gaps_note(log: &LogKey, gaps: &[Gap]) -> (Vec<u8>, Vec<u8>) {
    let mut value = Vec::new();
    if !gaps.is_empty() {
        value.push(VERSION);
        put_number(&mut value, gaps.len() as u64);
        for (from, to) in gaps {
            put_number(&mut value, *from);
            put_number(&mut value, *to);
        }
    }
    (log_key(GAPS, log), value)
}

pub(super) fn fork_note(log: &LogKey, lowest: u64) -> (Vec<u8>, Vec<u8>) {
    let mut value = alloc::vec![VERSION];
    put_number(&mut value, lowest);
    (log_key(FORK, log), value)
}

pub(super) fn branch_key(log: &LogKey, number: u64, hash: &[u8; 8]) -> Vec<u8> {
    let mut key = log_key(BRANCH, log);
    key.extend(number.to_be_bytes());
    key.extend(hash);
    key
}

pub(super) fn branch_value(note: &BranchNote) -> Vec<u8> {
    let mut value = Vec::with_capacity(64 + note.held.bytes.len());
    value.extend([VERSION, u8::from(note.in_log)]);
    value.extend(note.held.prev.0);
    put_number(&mut value, note.held.arrived.0);
    put_number(&mut value, note.held.spent_s.into());
    value.extend(&note.held.bytes);
    value
}

pub(super) fn read_branch(log: &LogKey, number: u64, value: &[u8]) -> Result<BranchNote, Fault> {
    let mut reader = Reader::new(value);
    if reader.byte()? != VERSION {
        return Err(Fault::Malformed("a note of another version"));
    }
    let in_log = reader.byte()? == 1;
    let prev = BatchHash(reader.array()?);
    let (arrived, spent_s) = (Age(reader.number()?), reader.number_u32()?);
    let bytes = reader.rest().to_vec();
    Ok(BranchNote { in_log, held: Held { log: *log, number, prev, arrived, spent_s, bytes } })
}
