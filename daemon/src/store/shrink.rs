//! Giving space back: oldest segments first, what is left of neighbouring ones merged into one.
//!
//! A run of segments is surveyed (what would stay?), and only if that frees enough is it copied: to a file beside,
//! synced, renamed over the run's last segment, the directory synced, then the others removed. The copy starts with a
//! merge frame that names the segments it stands for, so that a power cut before their removal does not bring back
//! what was dropped. Work is done in slices between commits; memory is bounded by what one segment holds.

use std::collections::BTreeMap;

use commons_core::log::{Held, LogKey};

use super::disk::{Disk, DiskFile};
use super::error::StoreError;
use super::frame::{self, Header, Kind, BODY_BYTES_MAX};
use super::journal::Journal;
use super::segment::{Found, Position, SegmentId, Walk};
use super::small::UNFINISHED;
use super::tables::{Noted, Tables};

/// Segments merged at once, at most: bounds the time to remove them.
const RUN_SEGMENTS_MAX: usize = 32;
/// A run is copied when at least one part in so many comes free; otherwise flash would wear for nothing.
const WORTHWHILE_PART: u64 = 8;
/// Or when so many small segments become one.
const WORTHWHILE_SEGMENTS: usize = 4;
/// Survivors are written in pieces of this size.
const WRITE_BYTES: usize = 256 * 1024;

/// What shall become of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keep {
    /// It stays as it is.
    Whole,
    /// These bytes take the place of the batch's: its header and leaf hashes, so that the chain still verifies.
    Rewritten(Vec<u8>),
    /// It goes. Only done while it is the oldest its log holds here and not the newest; otherwise it stays whole, and
    /// goes in a later round.
    Drop,
}

/// What a slice of shrinking did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Freed {
    /// Bytes given back to the file system.
    pub bytes: u64,
    /// Bytes read to find out.
    pub examined_bytes: u64,
    /// The newest segment was reached: the next call starts again with the oldest.
    pub round_done: bool,
}

pub(super) struct Shrinking<F> {
    /// Segments before this one were looked at in this round.
    cursor: u32,
    stage: Stage<F>,
}

impl<F> Default for Shrinking<F> {
    fn default() -> Self {
        Self { cursor: 0, stage: Stage::Idle }
    }
}

enum Stage<F> {
    Idle,
    Survey(Survey),
    Copy(Box<Copy<F>>),
}

struct Survey {
    /// The run so far, and what would stay of it.
    run: Vec<SegmentId>,
    run_kept: u64,
    /// The segment being read.
    id: SegmentId,
    at: u64,
    kept: u64,
    firsts: Firsts,
}

struct Copy<F> {
    run: Vec<SegmentId>,
    /// Index of the one being read, and where.
    reading: usize,
    at: u64,
    name: String,
    file: F,
    written: u64,
    buffer: Vec<u8>,
    moves: Vec<Move>,
    firsts: Firsts,
    covers_from: u32,
    next_sequence: u64,
}

/// Oldest number of each log once the drops decided so far are done.
type Firsts = BTreeMap<LogKey, u64>;

enum Move {
    Batch(LogKey, u64, Position, Option<u64>),
    Note(Vec<u8>, Position, Option<u64>),
}

enum Verdict {
    Keep,
    Rewrite(Vec<u8>),
    Drop,
}

impl<D: Disk> Journal<D> {
    /// Does about `budget_bytes` of reading and writing. An error leaves everything as it was.
    pub fn shrink(&mut self, budget_bytes: u64, judge: &mut dyn FnMut(&Held) -> Keep) -> Result<Freed, StoreError> {
        if self.read_only {
            return Err(StoreError::ReadOnly);
        }
        let mut freed = Freed::default();
        while freed.examined_bytes < budget_bytes {
            match std::mem::replace(&mut self.shrinking.stage, Stage::Idle) {
                Stage::Idle => match self.sealed_from(self.shrinking.cursor) {
                    None => {
                        self.shrinking.cursor = 0;
                        freed.round_done = true;
                        return Ok(freed);
                    }
                    Some(id) => {
                        self.shrinking.stage = Stage::Survey(Survey {
                            run: Vec::new(),
                            run_kept: 0,
                            id,
                            at: 0,
                            kept: 0,
                            firsts: Firsts::new(),
                        });
                    }
                },
                Stage::Survey(survey) => self.survey(survey, budget_bytes, judge, &mut freed)?,
                Stage::Copy(copy) => {
                    let name = copy.name.clone();
                    if let Err(e) = self.copy(copy, budget_bytes, judge, &mut freed) {
                        let _ = self.disk.remove(&name);
                        return Err(e);
                    }
                }
            }
        }
        Ok(freed)
    }

    /// Writes a segment anew without its damaged places, whether or not that frees anything.
    pub(super) fn rewrite(&mut self, id: SegmentId) -> Result<(), StoreError> {
        if self.current.as_ref().is_some_and(|current| current.id == id) {
            // It ends here; the next commit enters the spare.
            self.current = None;
        }
        self.start_copy(vec![id])?;
        while let Stage::Copy(copy) = std::mem::replace(&mut self.shrinking.stage, Stage::Idle) {
            self.copy(copy, u64::MAX, &mut |_| Keep::Whole, &mut Freed::default())?;
        }
        Ok(())
    }

    fn sealed_from(&self, id: u32) -> Option<SegmentId> {
        let current = self.current.as_ref().map_or(u32::MAX, |current| current.id.0);
        self.segments.range(SegmentId(id)..).map(|(id, _)| *id).find(|id| id.0 < current)
    }

    fn survey(
        &mut self,
        mut survey: Survey,
        budget_bytes: u64,
        judge: &mut dyn FnMut(&Held) -> Keep,
        freed: &mut Freed,
    ) -> Result<(), StoreError> {
        let name = survey.id.file();
        let file = self.disk.open(&name).map_err(StoreError::io("open", &name))?;
        let mut walk = Walk::new(&file, self.salt, survey.at).map_err(StoreError::io("read", &name))?;
        let oldest = self.is_oldest(survey.run.first().unwrap_or(&survey.id));
        while freed.examined_bytes < budget_bytes {
            let found = walk.next().map_err(StoreError::io("read", &name))?;
            freed.examined_bytes += walk.at() - survey.at;
            survey.at = walk.at();
            match found {
                Some(Found::Frame { offset, header, body }) => {
                    let position = Position::new(survey.id, offset);
                    survey.kept +=
                        match verdict(&self.tables, &mut survey.firsts, oldest, position, &header, &body, judge) {
                            Verdict::Keep => header.frame_bytes(),
                            Verdict::Rewrite(body) => frame::frame_bytes(body.len()),
                            Verdict::Drop => 0,
                        };
                }
                Some(Found::Bad { .. }) => {}
                None => return self.surveyed(survey),
            }
        }
        self.shrinking.stage = Stage::Survey(survey);
        Ok(())
    }

    /// A segment is read to its end: longer run, or copy, or go on.
    fn surveyed(&mut self, mut survey: Survey) -> Result<(), StoreError> {
        let fits = survey.run.is_empty() || survey.run_kept + survey.kept <= self.sizes.segment;
        if fits {
            survey.run.push(survey.id);
            survey.run_kept += survey.kept;
            let next = self.sealed_from(survey.id.0 + 1).filter(|_| survey.run.len() < RUN_SEGMENTS_MAX);
            if let Some(next) = next {
                (survey.id, survey.at, survey.kept) = (next, 0, 0);
                self.shrinking.stage = Stage::Survey(survey);
                return Ok(());
            }
        }
        let bytes: u64 = survey.run.iter().filter_map(|id| self.segments.get(id)).sum();
        let kept = survey.run_kept + frame::frame_bytes(frame::merge_body(0, 0).len());
        let worthwhile =
            bytes.saturating_sub(kept) >= (bytes / WORTHWHILE_PART).max(1) || survey.run.len() >= WORTHWHILE_SEGMENTS;
        if worthwhile {
            return self.start_copy(survey.run);
        }
        self.shrinking.cursor = survey.run[0].0 + 1;
        Ok(())
    }

    fn start_copy(&mut self, run: Vec<SegmentId>) -> Result<(), StoreError> {
        let Some(last) = run.last() else { return Ok(()) };
        let name = format!("{}{UNFINISHED}", last.file());
        let file = self.disk.create(&name).map_err(StoreError::io("create", &name))?;
        // The merge frame's place; it is written last, when the next sequence is known.
        let buffer = vec![0; frame::frame_bytes(frame::merge_body(0, 0).len()) as usize];
        self.shrinking.stage = Stage::Copy(Box::new(Copy {
            covers_from: run[0].0,
            run,
            reading: 0,
            at: 0,
            name,
            file,
            written: 0,
            buffer,
            moves: Vec::new(),
            firsts: Firsts::new(),
            next_sequence: 0,
        }));
        Ok(())
    }

    fn copy(
        &mut self,
        mut copy: Box<Copy<D::File>>,
        budget_bytes: u64,
        judge: &mut dyn FnMut(&Held) -> Keep,
        freed: &mut Freed,
    ) -> Result<(), StoreError> {
        let oldest = self.is_oldest(&copy.run[0]);
        while freed.examined_bytes < budget_bytes {
            let Some(id) = copy.run.get(copy.reading).copied() else {
                return self.finish(*copy, freed);
            };
            let name = id.file();
            let file = self.disk.open(&name).map_err(StoreError::io("open", &name))?;
            let mut walk = Walk::new(&file, self.salt, copy.at).map_err(StoreError::io("read", &name))?;
            while freed.examined_bytes < budget_bytes {
                let found = walk.next().map_err(StoreError::io("read", &name))?;
                freed.examined_bytes += walk.at() - copy.at;
                copy.at = walk.at();
                match found {
                    Some(Found::Frame { offset, header, body }) => {
                        let position = Position::new(id, offset);
                        let verdict = verdict(&self.tables, &mut copy.firsts, oldest, position, &header, &body, judge);
                        copy.take(self.salt, position, &header, body, verdict)?;
                    }
                    Some(Found::Bad { .. }) => {}
                    None => {
                        copy.reading += 1;
                        copy.at = 0;
                        break;
                    }
                }
            }
        }
        self.shrinking.stage = Stage::Copy(copy);
        Ok(())
    }

    fn finish(&mut self, mut copy: Copy<D::File>, freed: &mut Freed) -> Result<(), StoreError> {
        copy.flush()?;
        let mut head = Vec::new();
        let body = frame::merge_body(copy.covers_from, copy.next_sequence);
        frame::encode(&mut head, Kind::Merge, 0, (0, 1), &body, self.salt);
        copy.file.write_at(&head, 0).map_err(StoreError::io("write", &copy.name))?;
        copy.file.sync().map_err(StoreError::io("sync", &copy.name))?;
        let Some((last, others)) = copy.run.split_last() else { return Ok(()) };
        self.disk.rename(&copy.name, &last.file()).map_err(StoreError::io("rename", &copy.name))?;

        // From here on the copy is what everybody reads.
        let before: u64 = copy.run.iter().filter_map(|id| self.segments.remove(id)).sum();
        self.segments.insert(*last, copy.written);
        self.shrinking.cursor = last.0 + 1;
        freed.bytes += before.saturating_sub(copy.written);
        for moved in copy.moves {
            moved.apply(&mut self.tables, *last);
        }
        self.disk.sync_dir().map_err(StoreError::io("sync the directory of", &copy.name))?;
        for id in others {
            let name = id.file();
            self.disk.remove(&name).map_err(StoreError::io("remove", &name))?;
        }
        if !others.is_empty() {
            self.disk.sync_dir().map_err(StoreError::io("sync the directory of", &copy.name))?;
        }
        Ok(())
    }

    fn is_oldest(&self, id: &SegmentId) -> bool {
        self.segments.first_key_value().is_some_and(|(first, _)| first == id)
    }
}

impl<F: DiskFile> Copy<F> {
    fn take(
        &mut self,
        salt: u32,
        position: Position,
        header: &Header,
        body: Vec<u8>,
        verdict: Verdict,
    ) -> Result<(), StoreError> {
        if header.kind == Kind::Merge {
            if let Some((first, next)) = frame::parse_merge(&body) {
                self.covers_from = self.covers_from.min(first);
                self.next_sequence = self.next_sequence.max(next);
            }
            return Ok(());
        }
        self.next_sequence = self.next_sequence.max(header.sequence + 1);
        let offset = self.written + self.buffer.len() as u64;
        let (kept, body) = match verdict {
            Verdict::Keep => (Some(offset), body),
            Verdict::Rewrite(new) => (Some(offset), new),
            Verdict::Drop => (None, body),
        };
        let moved = match header.kind {
            Kind::Batch => frame::parse_batch_name(&body).map(|(log, n)| Move::Batch(log, n, position, kept)),
            Kind::Note => frame::parse_note(&body).map(|(key, _)| Move::Note(key.to_vec(), position, kept)),
            Kind::Merge => None,
        };
        self.moves.extend(moved);
        if kept.is_some() {
            frame::encode(&mut self.buffer, header.kind, header.sequence, (0, 1), &body, salt);
        }
        if self.buffer.len() >= WRITE_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        self.file.write_at(&self.buffer, self.written).map_err(StoreError::io("write", &self.name))?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

impl Move {
    /// Unless something newer has taken its place since.
    fn apply(self, tables: &mut Tables, segment: SegmentId) {
        match self {
            Self::Batch(log, number, old, new) if tables.batch(&log, number) == Some(old) => match new {
                Some(offset) => tables.put_batch(log, number, Position::new(segment, offset)),
                None => tables.forget_batch(&log, number),
            },
            Self::Note(key, old, new) => {
                let Some(noted) = tables.notes.get(&key).copied().filter(|noted| noted.position == old) else {
                    return;
                };
                match new {
                    Some(offset) => {
                        tables.put_note(&key, Noted { position: Position::new(segment, offset), ..noted });
                    }
                    None => tables.forget_note(&key),
                }
            }
            Self::Batch(..) => {}
        }
    }
}

fn verdict(
    tables: &Tables,
    firsts: &mut Firsts,
    oldest: bool,
    position: Position,
    header: &Header,
    body: &[u8],
    judge: &mut dyn FnMut(&Held) -> Keep,
) -> Verdict {
    match header.kind {
        Kind::Merge => Verdict::Drop,
        Kind::Note => {
            let Some((key, _)) = frame::parse_note(body) else { return Verdict::Keep };
            match tables.notes.get(key).filter(|noted| noted.position == position) {
                None => Verdict::Drop,
                // "Removed" has to be said only as long as an older frame might say otherwise.
                Some(noted) if noted.removed && oldest => Verdict::Drop,
                Some(_) => Verdict::Keep,
            }
        }
        Kind::Batch => {
            let Some(held) = frame::parse_batch(body) else { return Verdict::Keep };
            let Some(table) = tables.logs.get(&held.log).filter(|t| t.get(held.number) == Some(position)) else {
                return Verdict::Drop;
            };
            match judge(&held) {
                Keep::Whole => Verdict::Keep,
                Keep::Rewritten(bytes) if bytes.len() + frame::BATCH_PREFIX_BYTES <= BODY_BYTES_MAX => {
                    Verdict::Rewrite(frame::batch_body(&Held { bytes, ..held }))
                }
                Keep::Rewritten(_) => Verdict::Keep,
                Keep::Drop => {
                    let first = firsts.get(&held.log).copied().unwrap_or(table.first);
                    let newest = held.number + 1 == table.next();
                    if held.number != first || newest {
                        return Verdict::Keep;
                    }
                    firsts.insert(held.log, table.after(held.number));
                    Verdict::Drop
                }
            }
        }
    }
}
