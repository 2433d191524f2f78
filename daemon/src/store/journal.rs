//! The journal: the truth. Appends commits, reads batches and notes back, keeps a spare segment ready.
//!
//! A commit is one write and one sync of a file whose length does not change, and it is all or nothing. It returns
//! after the sync, so whatever it returned `Ok` for survives a power cut. **Nothing written is ever trusted before it
//! is synced, and nothing synced is ever overwritten.**

use std::collections::{BTreeMap, BTreeSet};

use commons_core::log::{Held, LogKey};

use super::disk::{Disk, DiskFile};
use super::error::StoreError;
use super::frame::{self, Header, Kind, Note, BODY_BYTES_MAX, HEADER_BYTES, NOTE_KEY_BYTES_MAX, NOTE_VALUE_BYTES_MAX};
use super::segment::{Found, Position, SegmentId, Walk, FIRST_SEGMENT_BYTES, SEGMENT_BYTES};
use super::shrink::Shrinking;
use super::tables::{Noted, Tables, NOTES_BYTES_MAX, NOTES_MAX};

/// A commit's frames together, at most: as much as the smallest segment holds.
pub const COMMIT_BYTES_MAX: u64 = FIRST_SEGMENT_BYTES;
/// Batches and notes in one commit, at most (the frame header counts in 16 bits).
pub const COMMIT_FRAMES_MAX: usize = 16_384;

/// The spare is filled in steps of this size, so that no single commit waits for a whole segment.
const FILL_BYTES: u64 = 512 * 1024;
/// Read this much at once for one frame: most batches fit, so one read is enough.
const READ_BYTES: usize = 4096;

/// Sizes, as arguments so that trials can run with tiny ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub first_segment: u64,
    pub segment: u64,
    pub fill: u64,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { first_segment: FIRST_SEGMENT_BYTES, segment: SEGMENT_BYTES, fill: FILL_BYTES }
    }
}

pub(super) struct Journal<D: Disk> {
    pub(super) disk: D,
    pub(super) salt: u32,
    pub(super) sizes: Sizes,
    pub(super) tables: Tables,
    /// Every segment in use with its length; the spare is not among them.
    pub(super) segments: BTreeMap<SegmentId, u64>,
    pub(super) shrinking: Shrinking<D::File>,
    /// The segment that commits go to, and where the next one starts in it.
    pub(super) current: Option<Current<D::File>>,
    pub(super) next_sequence: u64,
    pub(super) spare: Option<Spare<D::File>>,
    pub(super) broken: bool,
    pub(super) read_only: bool,
}

pub(super) struct Current<F> {
    pub id: SegmentId,
    pub file: F,
    pub end: u64,
    pub length: u64,
    /// A commit failed half-way: up to here there may be bytes of it, to be zeroed before the next.
    pub dirty_to: u64,
}

pub(super) struct Spare<F> {
    pub id: SegmentId,
    pub file: F,
    pub filled: u64,
    pub length: u64,
    /// Its name is durable too.
    pub ready: bool,
}

/// One thing of a commit, for the tables.
enum Item {
    Batch(LogKey, u64),
    Note(Vec<u8>, u32, bool),
}

impl<D: Disk> Journal<D> {
    /// Makes all batches and notes durable, or none of them. Returns after the sync.
    pub fn commit(&mut self, batches: &[Held], notes: &[Note]) -> Result<(), StoreError> {
        if self.read_only {
            return Err(StoreError::ReadOnly);
        }
        if self.broken {
            return Err(StoreError::Broken);
        }
        if batches.is_empty() && notes.is_empty() {
            return Ok(());
        }
        self.admit(batches, notes)?;
        let (bytes, items) = self.encode(batches, notes);
        if bytes.len() as u64 > COMMIT_BYTES_MAX.min(self.sizes.first_segment) {
            return Err(StoreError::TooLarge {
                what: "a commit",
                bytes: bytes.len() as u64,
                bytes_max: COMMIT_BYTES_MAX.min(self.sizes.first_segment),
            });
        }
        let current = self.room_for(bytes.len() as u64)?;
        let name = current.id.file();
        current.clean()?;
        let start = current.end;
        current.dirty_to = start + bytes.len() as u64;
        current.file.write_at(&bytes, start).map_err(StoreError::io("write", &name))?;
        if let Err(e) = current.file.sync() {
            // After a failed sync the kernel may forget what it could not write: trust nothing until reopened.
            self.broken = true;
            return Err(StoreError::io("sync", &name)(e));
        }
        current.end = current.dirty_to;
        let id = current.id;
        self.next_sequence += items.len() as u64;
        for (offset, item) in items {
            let position = Position::new(id, start + offset);
            match item {
                Item::Batch(log, number) => self.tables.put_batch(log, number, position),
                Item::Note(key, bytes, removed) => self.tables.put_note(&key, Noted { position, bytes, removed }),
            }
        }
        // A full disk shows here first, a segment early. It is not this commit's problem: it is on the disk.
        let _ = self.fill_spare_in_step();
        Ok(())
    }

    fn admit(&self, batches: &[Held], notes: &[Note]) -> Result<(), StoreError> {
        if batches.len() + notes.len() > COMMIT_FRAMES_MAX {
            return Err(StoreError::TooMany { what: "frames of one commit", count_max: COMMIT_FRAMES_MAX as u64 });
        }
        let mut names = BTreeSet::new();
        for held in batches {
            let (log, number) = (held.log, held.number);
            self.tables.admit(&log, number)?;
            if !names.insert((log, number)) {
                return Err(StoreError::AlreadyHeld { log, number });
            }
            within("a batch", held.bytes.len() + frame::BATCH_PREFIX_BYTES, BODY_BYTES_MAX)?;
        }
        let (mut bytes, mut count) = (self.tables.notes_bytes, self.tables.notes_live);
        for note in notes {
            within("a note's key", note.key.len(), NOTE_KEY_BYTES_MAX)?;
            within("a note", note.value.len(), NOTE_VALUE_BYTES_MAX)?;
            if !note.value.is_empty() {
                bytes += (note.key.len() + note.value.len()) as u64;
                count += usize::from(self.tables.notes.get(&note.key).is_none_or(|noted| noted.removed));
            }
            if let Some(old) = self.tables.notes.get(&note.key).filter(|noted| !noted.removed) {
                bytes = bytes.saturating_sub(u64::from(old.bytes));
            }
        }
        within("all notes together", bytes as usize, NOTES_BYTES_MAX as usize)?;
        if count > NOTES_MAX {
            return Err(StoreError::TooMany { what: "notes", count_max: NOTES_MAX as u64 });
        }
        Ok(())
    }

    fn encode(&self, batches: &[Held], notes: &[Note]) -> (Vec<u8>, Vec<(u64, Item)>) {
        let count = (batches.len() + notes.len()) as u16;
        let mut bytes = Vec::new();
        let mut items: Vec<(u64, Item)> = Vec::with_capacity(usize::from(count));
        let mut add = |kind, body: &[u8], item| {
            let index = items.len() as u16;
            items.push((bytes.len() as u64, item));
            let sequence = self.next_sequence + u64::from(index);
            frame::encode(&mut bytes, kind, sequence, (index, count), body, self.salt);
        };
        for held in batches {
            add(Kind::Batch, &frame::batch_body(held), Item::Batch(held.log, held.number));
        }
        for note in notes {
            let item = Item::Note(note.key.clone(), (note.key.len() + note.value.len()) as u32, note.value.is_empty());
            add(Kind::Note, &frame::note_body(note), item);
        }
        (bytes, items)
    }

    /// The current segment with room for `bytes`; enters the spare when the one before is full.
    fn room_for(&mut self, bytes: u64) -> Result<&mut Current<D::File>, StoreError> {
        let fits = self.current.as_ref().is_some_and(|c| c.length - c.end >= bytes);
        if !fits {
            if let Some(current) = &mut self.current {
                // Or its torn bytes would look like damage once a later segment is in use.
                current.clean()?;
            }
            self.fill_spare(u64::MAX)?;
            if let Some(spare) = self.spare.take_if(|spare| spare.ready) {
                let Spare { id, file, length, .. } = spare;
                self.segments.insert(id, length);
                self.current = Some(Current { id, file, end: 0, length, dirty_to: 0 });
            }
        }
        self.current.as_mut().filter(|c| c.length - c.end >= bytes).ok_or(StoreError::Broken)
    }

    /// Keeps the spare's fill a little ahead of the current segment's use.
    fn fill_spare_in_step(&mut self) -> Result<(), StoreError> {
        let Some(current) = &self.current else {
            return Ok(());
        };
        let wanted = self.length_of(current.id.next());
        let filled = self.spare.as_ref().map_or(0, |spare| spare.filled);
        let ready = self.spare.as_ref().is_some_and(|spare| spare.ready);
        // Full at three quarters of the current one, which leaves room for a large commit.
        let due = (current.end as u128 * u128::from(wanted) * 4 / (u128::from(current.length) * 3)) as u64;
        if ready || due < filled + self.sizes.fill.min(wanted) {
            return Ok(());
        }
        self.fill_spare(self.sizes.fill)
    }

    /// Fills up to `bytes` more of the spare, creating it first if need be.
    fn fill_spare(&mut self, bytes: u64) -> Result<(), StoreError> {
        let id = self.spare.as_ref().map(|spare| spare.id).unwrap_or_else(|| self.unused_id());
        let name = id.file();
        let done = self.fill_spare_file(id, bytes);
        match done.map_err(StoreError::io("prepare", &name)) {
            // What is filled stays: to start afresh at every commit would wear out a card that is full anyway.
            Err(StoreError::Full { file, .. }) => Err(StoreError::Full { file, bytes: self.length_of(id) }),
            Err(other) => {
                self.spare = None;
                let _ = self.disk.remove(&name);
                Err(other)
            }
            Ok(()) => Ok(()),
        }
    }

    fn fill_spare_file(&mut self, id: SegmentId, bytes: u64) -> std::io::Result<()> {
        let length = self.length_of(id);
        if self.spare.is_none() {
            let file = self.disk.create(&id.file())?;
            self.spare = Some(Spare { id, file, filled: 0, length, ready: false });
        }
        let Some(spare) = &mut self.spare else { return Ok(()) };
        let goal = spare.filled.saturating_add(bytes).min(spare.length);
        let zeros = vec![0; (goal - spare.filled).min(FILL_BYTES) as usize];
        while spare.filled < goal {
            let step = (goal - spare.filled).min(zeros.len() as u64);
            spare.file.write_at(&zeros[..step as usize], spare.filled)?;
            spare.filled += step;
        }
        if let Err(e) = spare.file.sync() {
            // Nobody knows what of it is there, so none of it counts.
            spare.filled = 0;
            return Err(e);
        }
        if spare.filled == spare.length && !spare.ready {
            self.disk.sync_dir()?;
            spare.ready = true;
        }
        Ok(())
    }

    pub(super) fn unused_id(&self) -> SegmentId {
        let last = self.segments.last_key_value().map_or(0, |(id, _)| id.0);
        SegmentId(last.max(self.current.as_ref().map_or(0, |c| c.id.0)) + 1)
    }

    pub(super) fn length_of(&self, id: SegmentId) -> u64 {
        let doublings = (id.0 - 1).min(32);
        (u128::from(self.sizes.first_segment) << doublings).min(u128::from(self.sizes.segment)) as u64
    }

    /// Bytes of all segments, the spare included.
    pub fn bytes(&self) -> u64 {
        self.segments.values().sum::<u64>() + self.spare.as_ref().map_or(0, |spare| spare.filled)
    }

    /// One batch.
    pub fn read(&self, log: &LogKey, number: u64) -> Result<Held, StoreError> {
        let position = self.tables.batch(log, number).ok_or(StoreError::NotHeld { log: *log, number })?;
        let body = self.body_at(position, Kind::Batch)?;
        match frame::parse_batch(&body) {
            Some(held) if held.log == *log && held.number == number => Ok(held),
            _ => Err(damaged(position)),
        }
    }

    /// One note's value; none when there is none.
    pub fn note(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(noted) = self.tables.notes.get(key).filter(|noted| !noted.removed) else {
            return Ok(None);
        };
        let body = self.body_at(noted.position, Kind::Note)?;
        match frame::parse_note(&body) {
            Some((found, value)) if found == key => Ok(Some(value.to_vec())),
            _ => Err(damaged(noted.position)),
        }
    }

    fn body_at(&self, position: Position, kind: Kind) -> Result<Vec<u8>, StoreError> {
        match &self.current {
            Some(current) if current.id == position.segment() => self.body_in(&current.file, position, kind),
            _ => {
                let name = position.segment().file();
                let file = self.disk.open(&name).map_err(StoreError::io("open", &name))?;
                self.body_in(&file, position, kind)
            }
        }
    }

    fn body_in(&self, file: &D::File, position: Position, kind: Kind) -> Result<Vec<u8>, StoreError> {
        let name = position.segment().file();
        let mut bytes = vec![0; READ_BYTES];
        let read = file.read_at(&mut bytes, position.offset()).map_err(StoreError::io("read", &name))?;
        bytes.truncate(read);
        let header = Header::parse(&bytes, self.salt).filter(|h| h.kind == kind).ok_or(damaged(position))?;
        let wanted = HEADER_BYTES + header.length as usize;
        if wanted > bytes.len() {
            let have = bytes.len();
            bytes.resize(wanted, 0);
            let rest = position.offset() + have as u64;
            let read = file.read_at(&mut bytes[have..], rest).map_err(StoreError::io("read", &name))?;
            bytes.truncate(have + read);
        }
        bytes.truncate(wanted);
        let body = bytes.split_off(HEADER_BYTES.min(bytes.len()));
        if !header.vouches_for(&body, self.salt) {
            return Err(damaged(position));
        }
        Ok(body)
    }

    /// Every batch held, in order of arrival. Damaged ones are passed over.
    pub fn replay(&self, on: &mut dyn FnMut(Held)) -> Result<(), StoreError> {
        self.walk_held(&mut |held| {
            on(held);
            Ok(())
        })
    }

    pub(super) fn walk_held(&self, on: &mut dyn FnMut(Held) -> Result<(), StoreError>) -> Result<(), StoreError> {
        for id in self.segments.keys() {
            let name = id.file();
            let file = self.disk.open(&name).map_err(StoreError::io("open", &name))?;
            let end = self.current.as_ref().filter(|c| c.id == *id).map_or(u64::MAX, |c| c.end);
            let mut walk = Walk::new(&file, self.salt, 0).map_err(StoreError::io("read", &name))?;
            while walk.at() < end {
                let found = walk.next().map_err(StoreError::io("read", &name))?;
                match found {
                    None => break,
                    Some(Found::Frame { offset, header, body }) if header.kind == Kind::Batch => {
                        let Some(held) = frame::parse_batch(&body) else { continue };
                        if self.tables.batch(&held.log, held.number) == Some(Position::new(*id, offset)) {
                            on(held)?;
                        }
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(())
    }
}

impl<F: DiskFile> Current<F> {
    /// Zeroes what a failed commit may have left behind the end, or the next commit could leave frames of the failed
    /// one standing after it.
    pub(super) fn clean(&mut self) -> Result<(), StoreError> {
        if self.dirty_to > self.end {
            let name = self.id.file();
            let zeros = vec![0; (self.dirty_to - self.end) as usize];
            self.file.write_at(&zeros, self.end).map_err(StoreError::io("clean", &name))?;
            self.file.sync().map_err(StoreError::io("sync", &name))?;
            self.dirty_to = self.end;
        }
        Ok(())
    }
}

fn damaged(position: Position) -> StoreError {
    StoreError::Damaged { segment: position.segment().file(), offset: position.offset() }
}

fn within(what: &'static str, bytes: usize, bytes_max: usize) -> Result<(), StoreError> {
    if bytes > bytes_max {
        return Err(StoreError::TooLarge { what, bytes: bytes as u64, bytes_max: bytes_max as u64 });
    }
    Ok(())
}
