//! Opening a journal by reading all of it: after a kill, a power cut or damage, and whenever in doubt.
//!
//! Two rules tell a torn tail from damage. A commit is written only after the one before it was synced; so whatever is
//! wrong before a later commit's frame was once right, and is damage: passed over and reported, and the sound frames
//! around it are kept. What is wrong with nothing after it is a commit nobody was told of: zeroed, all of it, even
//! those of its frames that reached the disk.

use std::collections::BTreeMap;

use commons_core::log::LogKey;

use super::disk::{Disk, DiskFile};
use super::error::StoreError;
use super::frame::{self, Header, Kind};
use super::journal::{Current, Journal, Sizes, Spare};
use super::segment::{zero_tail, Found, Position, SegmentId, Walk};
use super::shrink::Shrinking;
use super::small::UNFINISHED;
use super::stamp;
use super::tables::{Noted, Tables};

/// Something wrong in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The segment's file.
    pub segment: String,
    /// Where in it.
    pub offset: u64,
    /// How many bytes; 0 when frames are simply not there.
    pub length: u64,
    /// Sequences that are gone: from the first to before the second.
    pub lost: Option<(u64, u64)>,
}

/// What a scan saw.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    pub findings: Vec<Finding>,
    /// Bytes of an unfinished commit (in whole sectors) that were zeroed.
    pub tail_bytes: u64,
    pub frames: u64,
}

/// Opens the journal on `disk`, creating it when there is nothing (`salt` is then its secret).
pub(super) fn open<D: Disk>(
    disk: D,
    sizes: Sizes,
    salt: impl FnOnce() -> u32,
    read_only: bool,
) -> Result<(Journal<D>, Scanned), StoreError> {
    let (names, salt) = prepare(&disk, salt, read_only)?;
    let mut ids: Vec<SegmentId> = names.iter().filter_map(|name| SegmentId::parse(name)).collect();
    ids.sort();
    drop_covered(&disk, salt, &mut ids, read_only)?;

    let mut scan = Scan { expected: 1, ..Scan::default() };
    let mut lengths = BTreeMap::new();
    for id in &ids {
        let name = id.file();
        let file = disk.open(&name).map_err(StoreError::io("open", &name))?;
        lengths.insert(*id, file.len().map_err(StoreError::io("read", &name))?);
        scan.segment(&file, *id, salt).map_err(StoreError::io("read", &name))?;
    }
    let Scan { tables, findings, frames, expected, last, .. } = scan;
    let mut journal = Journal {
        disk,
        salt,
        sizes,
        tables,
        segments: BTreeMap::new(),
        shrinking: Shrinking::default(),
        current: None,
        next_sequence: expected,
        spare: None,
        broken: false,
        read_only,
    };
    let mut tail_bytes = 0;
    for (id, length) in lengths {
        let used = last.as_ref().map_or(0, |last| last.segment.0);
        let name = id.file();
        if id.0 < used || (id.0 == used && last.as_ref().is_some_and(|last| last.merged)) {
            journal.segments.insert(id, length);
        } else if id.0 == used {
            let file = journal.disk.open(&name).map_err(StoreError::io("open", &name))?;
            let end = last.as_ref().map_or(0, |last| last.end);
            if !read_only {
                tail_bytes += zero_tail(&file, end).map_err(StoreError::io("zero the torn tail of", &name))?;
                // After a kill its last commit may be in memory only, and we are about to show it to people.
                file.sync().map_err(StoreError::io("sync", &name))?;
            }
            journal.segments.insert(id, length);
            journal.current = Some(Current { id, file, end, length, dirty_to: 0 });
        } else if !read_only {
            tail_bytes += journal.adopt_spare(id, length)?;
        }
    }
    Ok((journal, Scanned { findings, tail_bytes, frames }))
}

/// Stamp, and no unfinished files.
pub(super) fn prepare<D: Disk>(
    disk: &D,
    salt: impl FnOnce() -> u32,
    read_only: bool,
) -> Result<(Vec<String>, u32), StoreError> {
    let place = disk.place();
    let names = disk.list().map_err(StoreError::io("list", &place))?;
    if !read_only {
        for name in names.iter().filter(|name| name.ends_with(UNFINISHED)) {
            disk.remove(name).map_err(StoreError::io("remove", name))?;
        }
    }
    let salt = match stamp::read(disk, read_only)? {
        Some(salt) => salt,
        None if read_only || names.iter().any(|name| SegmentId::parse(name).is_some()) => {
            return Err(StoreError::NoStamp { dir: place });
        }
        None => {
            let salt = salt();
            stamp::write(disk, salt)?;
            salt
        }
    };
    Ok((names, salt))
}

/// Removes (or, when reading only, passes over) segments that a merged one stands for: the power went between its
/// renaming and their removal.
fn drop_covered<D: Disk>(disk: &D, salt: u32, ids: &mut Vec<SegmentId>, read_only: bool) -> Result<(), StoreError> {
    let mut covered = Vec::new();
    for id in ids.iter() {
        let name = id.file();
        let file = disk.open(&name).map_err(StoreError::io("open", &name))?;
        if let Some((first, _)) = merge_head(&file, salt).map_err(StoreError::io("read", &name))? {
            covered.extend(ids.iter().copied().filter(|other| other.0 >= first && other < id));
        }
    }
    for id in &covered {
        if !read_only && ids.contains(id) {
            let name = id.file();
            disk.remove(&name).map_err(StoreError::io("remove", &name))?;
        }
        ids.retain(|other| other != id);
    }
    if !covered.is_empty() && !read_only {
        disk.sync_dir().map_err(StoreError::io("sync", "the store's directory"))?;
    }
    Ok(())
}

fn merge_head<F: DiskFile>(file: &F, salt: u32) -> std::io::Result<Option<(u32, u64)>> {
    let mut bytes = [0; 64];
    let Ok(read) = file.read_at(&mut bytes, 0) else {
        return Ok(None);
    };
    let bytes = &bytes[..read];
    let body = |header: Header| {
        let body = bytes.get(frame::HEADER_BYTES..frame::HEADER_BYTES + header.length as usize)?;
        header.vouches_for(body, salt).then_some(body)
    };
    let head = Header::parse(bytes, salt).filter(|header| header.kind == Kind::Merge);
    Ok(head.and_then(body).and_then(frame::parse_merge))
}

impl<D: Disk> Journal<D> {
    /// Takes an unused segment as the spare, zeroed; or removes it when it is not fit. Returns the bytes zeroed.
    pub(super) fn adopt_spare(&mut self, id: SegmentId, length: u64) -> Result<u64, StoreError> {
        let name = id.file();
        if self.spare.is_some() || length != self.length_of(id) || id != self.unused_id() {
            self.disk.remove(&name).map_err(StoreError::io("remove", &name))?;
            return Ok(0);
        }
        let file = self.disk.open(&name).map_err(StoreError::io("open", &name))?;
        let zeroed = zero_tail(&file, 0).map_err(StoreError::io("zero the torn tail of", &name))?;
        file.sync().map_err(StoreError::io("sync", &name))?;
        self.disk.sync_dir().map_err(StoreError::io("sync the directory of", &name))?;
        self.spare = Some(Spare { id, file, filled: length, length, ready: true });
        Ok(zeroed)
    }
}

#[derive(Default)]
struct Scan {
    tables: Tables,
    findings: Vec<Finding>,
    frames: u64,
    /// The sequence that should come next.
    expected: u64,
    last: Option<Last>,
    /// Since the last whole commit: what may be a torn tail.
    pending: Vec<Pending>,
    pending_commit: Option<u64>,
}

struct Last {
    segment: SegmentId,
    end: u64,
    merged: bool,
}

enum Pending {
    Bad { segment: SegmentId, offset: u64, length: u64 },
    Frame { segment: SegmentId, offset: u64, header: Header, entry: Entry },
}

enum Entry {
    Batch(LogKey, u64),
    Note(Vec<u8>, u32, bool),
    Unknown,
}

impl Scan {
    fn segment<F: DiskFile>(&mut self, file: &F, id: SegmentId, salt: u32) -> std::io::Result<()> {
        let mut walk = Walk::new(file, salt, 0)?;
        let mut merged = None;
        while let Some(found) = walk.next()? {
            match found {
                Found::Bad { offset, length } => {
                    self.pending.push(Pending::Bad { segment: id, offset, length });
                    if merged.is_some() {
                        self.settle();
                    }
                }
                Found::Frame { header, body, .. } if header.kind == Kind::Merge => {
                    self.settle();
                    merged = frame::parse_merge(&body).map(|(_, next)| next);
                    self.last = Some(Last { segment: id, end: walk.at(), merged: true });
                }
                Found::Frame { offset, header, body } => {
                    let frame = Pending::Frame { segment: id, offset, header, entry: entry(header.kind, &body) };
                    if merged.is_some() {
                        // Gaps are what merging is for, and the file was synced whole before it got its name.
                        self.expected = header.sequence.max(self.expected);
                        self.pending.push(frame);
                        self.settle();
                    } else {
                        self.frame(header, frame);
                    }
                }
            }
        }
        if let Some(next) = merged {
            self.expected = self.expected.max(next);
            self.last = Some(Last { segment: id, end: walk.at(), merged: true });
        }
        Ok(())
    }

    fn frame(&mut self, header: Header, frame: Pending) {
        let commit = header.commit();
        if !self.pending.is_empty() && self.pending_commit.unwrap_or(self.expected) != commit {
            self.settle();
        }
        self.pending_commit = Some(commit);
        self.pending.push(frame);
        let frames = self.pending.iter().filter(|pending| matches!(pending, Pending::Frame { .. })).count();
        if header.index + 1 == header.count && frames == usize::from(header.count) {
            self.settle();
        }
    }

    /// Accepts the sound frames of what is pending, and reports the rest as damage.
    fn settle(&mut self) {
        self.pending_commit = None;
        for pending in std::mem::take(&mut self.pending) {
            match pending {
                Pending::Bad { segment, offset, length } => {
                    self.findings.push(Finding { segment: segment.file(), offset, length, lost: None });
                }
                Pending::Frame { segment, offset, header, entry } => self.accept(segment, offset, header, entry),
            }
        }
    }

    fn accept(&mut self, segment: SegmentId, offset: u64, header: Header, entry: Entry) {
        let (name, length) = (segment.file(), header.frame_bytes());
        if header.sequence < self.expected {
            // Sound, but from before: a file put back by hand, perhaps. Order is the sequence, so it has no place.
            self.findings.push(Finding { segment: name, offset, length, lost: None });
            return;
        }
        if header.sequence > self.expected {
            let lost = Some((self.expected, header.sequence));
            match self.findings.last_mut().filter(|finding| finding.lost.is_none()) {
                Some(finding) => finding.lost = lost,
                None => self.findings.push(Finding { segment: name, offset, length: 0, lost }),
            }
        }
        self.expected = header.sequence + 1;
        self.frames += 1;
        self.last = Some(Last { segment, end: offset + length, merged: false });
        let position = Position::new(segment, offset);
        match entry {
            Entry::Batch(log, number) if self.tables.batch(&log, number).is_none() => {
                self.tables.put_batch(log, number, position);
            }
            Entry::Note(key, bytes, removed) => self.tables.put_note(&key, Noted { position, bytes, removed }),
            Entry::Batch(..) | Entry::Unknown => {}
        }
    }
}

fn entry(kind: Kind, body: &[u8]) -> Entry {
    let entry = match kind {
        Kind::Batch => frame::parse_batch_name(body).map(|(log, number)| Entry::Batch(log, number)),
        Kind::Note => frame::parse_note(body)
            .map(|(key, value)| Entry::Note(key.to_vec(), (key.len() + value.len()) as u32, value.is_empty())),
        Kind::Merge => None,
    };
    entry.unwrap_or(Entry::Unknown)
}
