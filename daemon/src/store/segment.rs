//! Segments: the files the journal is made of, and the walk over the frames of one.
//!
//! A segment is zero-filled before its first frame, so that a commit overwrites: the file system has no new length to
//! write and one flush of the device is enough. They grow from a small first one, so that a board with a small card
//! pays 1 MiB for its first need and not 8.

use std::io;

use super::disk::DiskFile;
use super::frame::{self, Header, ALIGN_BYTES, HEADER_BYTES, MAGIC};

/// The first segment's size. Every later one is twice the one before, up to the full size.
pub const FIRST_SEGMENT_BYTES: u64 = 1024 * 1024;
/// A grown segment's size.
pub const SEGMENT_BYTES: u64 = 8 * 1024 * 1024;

/// Read ahead this much while walking. Larger than any frame, so one refill always suffices.
const WINDOW_BYTES: usize = 1024 * 1024;
/// When a read fails, unreadable places are told apart at this grain.
const SECTOR_BYTES: usize = 4096;

const PREFIX: &str = "seg-";

/// A segment's number, from 1, in the order of their use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SegmentId(pub u32);

impl SegmentId {
    pub fn file(self) -> String {
        format!("{PREFIX}{:010}", self.0)
    }

    pub fn parse(name: &str) -> Option<Self> {
        let id = name.strip_prefix(PREFIX)?.parse().ok()?;
        (id > 0 && Self(id).file() == name).then_some(Self(id))
    }

    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// Where a frame starts: segment and offset in 8 bytes, since there is one for every batch held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position(u64);

impl Position {
    /// Stands for a batch that is not here.
    pub const NONE: Self = Self(0);

    pub fn new(segment: SegmentId, offset: u64) -> Self {
        Self((u64::from(segment.0) << 32) | (offset / ALIGN_BYTES))
    }

    pub fn segment(self) -> SegmentId {
        SegmentId((self.0 >> 32) as u32)
    }

    pub fn offset(self) -> u64 {
        (self.0 & 0xffff_ffff) * ALIGN_BYTES
    }

    pub fn to_bytes(self) -> [u8; 8] {
        self.0.to_le_bytes()
    }

    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(frame::le64(bytes))
    }
}

/// What a walk comes across.
#[derive(Debug)]
pub(super) enum Found {
    /// A sound frame.
    Frame { offset: u64, header: Header, body: Vec<u8> },
    /// Bytes that are neither a sound frame nor zero.
    Bad { offset: u64, length: u64 },
}

/// Walks over a segment's frames in order, through damage, with bounded memory.
pub(super) struct Walk<'a, F> {
    file: &'a F,
    length: u64,
    salt: u32,
    at: u64,
    window: Vec<u8>,
    window_at: u64,
}

impl<'a, F: DiskFile> Walk<'a, F> {
    pub fn new(file: &'a F, salt: u32, from: u64) -> io::Result<Self> {
        let length = file.len()?;
        Ok(Self { file, length, salt, at: from, window: Vec::new(), window_at: 0 })
    }

    /// Where the walk continues.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// The next thing found; none at the end.
    pub fn next(&mut self) -> io::Result<Option<Found>> {
        if let Some(found) = self.frame_here()? {
            return Ok(Some(found));
        }
        // Neither a frame nor its header: look for the next sound header, and call everything in between that is not
        // zero damage. Zeros are what an unused segment is made of.
        let (mut bad_from, mut bad_to) = (None, self.at);
        loop {
            let at = self.at;
            let salt = self.salt;
            let window = self.window_from(at)?;
            if window.len() < ALIGN_BYTES as usize {
                let rest = window.iter().any(|b| *b != 0);
                if rest {
                    bad_from.get_or_insert(at);
                    bad_to = self.length;
                }
                self.at = self.length;
                break;
            }
            let mut stop = None;
            let mut seen = 0;
            for (i, word) in window.chunks_exact(ALIGN_BYTES as usize).enumerate() {
                let place = i * ALIGN_BYTES as usize;
                seen = place + ALIGN_BYTES as usize;
                if word == [0; ALIGN_BYTES as usize] {
                    continue;
                }
                if word[..4] == MAGIC {
                    if window.len() - place < HEADER_BYTES && place > 0 {
                        // Its header may reach into the next window: come back with it in front.
                        seen = place;
                        break;
                    }
                    if Header::parse(&window[place..], salt).is_some() {
                        stop = Some(place as u64);
                        break;
                    }
                }
                bad_from.get_or_insert(at + place as u64);
                bad_to = at + seen as u64;
            }
            self.at = at + stop.unwrap_or(seen as u64);
            if stop.is_some() {
                break;
            }
        }
        match bad_from {
            Some(offset) => Ok(Some(Found::Bad { offset, length: bad_to - offset })),
            None if self.at >= self.length => Ok(None),
            None => self.frame_here(),
        }
    }

    /// The frame that starts here, sound or (when only its body is not) bad; none when there is no sound header.
    fn frame_here(&mut self) -> io::Result<Option<Found>> {
        let (offset, salt) = (self.at, self.salt);
        let Some(header) = Header::parse(self.bytes(HEADER_BYTES)?, salt) else {
            return Ok(None);
        };
        let whole = header.frame_bytes();
        let length = header.length as usize;
        let bytes = self.bytes(HEADER_BYTES + length)?;
        let found = match bytes.get(HEADER_BYTES..HEADER_BYTES + length) {
            Some(body) if header.vouches_for(body, salt) => Found::Frame { offset, header, body: body.to_vec() },
            _ => Found::Bad { offset, length: whole.min(self.length - offset) },
        };
        self.at = (offset + whole).min(self.length);
        Ok(Some(found))
    }

    /// Up to `length` bytes from here.
    fn bytes(&mut self, length: usize) -> io::Result<&[u8]> {
        let from = self.at;
        let held = self.window_at..self.window_at + self.window.len() as u64;
        let to = (from + length as u64).min(self.length);
        if from < held.start || to > held.end {
            self.load(from)?;
        }
        let start = (from - self.window_at) as usize;
        Ok(&self.window[start..start + (to - from) as usize])
    }

    /// Everything at hand from `from` on; at least a header's worth unless the file ends.
    fn window_from(&mut self, from: u64) -> io::Result<&[u8]> {
        self.bytes(HEADER_BYTES)?;
        Ok(&self.window[(from - self.window_at) as usize..])
    }

    fn load(&mut self, from: u64) -> io::Result<()> {
        let length = (self.length - from).min(WINDOW_BYTES as u64) as usize;
        self.window.resize(length, 0);
        self.window_at = from;
        if let Ok(read) = self.file.read_at(&mut self.window, from) {
            self.window[read..].fill(0);
            return Ok(());
        }
        // Some sector cannot be read. What can be is worth having; the rest counts as damage (all ones, never zeros,
        // or it would pass for unused).
        for (i, sector) in self.window.chunks_mut(SECTOR_BYTES).enumerate() {
            if self.file.read_at(sector, from + (i * SECTOR_BYTES) as u64).is_err() {
                sector.fill(0xff);
            }
        }
        Ok(())
    }
}

/// Zeroes everything in `file` from `from` on that is not zero. Returns how many bytes that were, in whole sectors.
pub(super) fn zero_tail<F: DiskFile>(file: &F, from: u64) -> io::Result<u64> {
    let length = file.len()?;
    let mut buffer = vec![0; WINDOW_BYTES];
    let mut zeroed = 0;
    let mut at = from;
    while at < length {
        let step = (length - at).min(WINDOW_BYTES as u64) as usize;
        let buffer = &mut buffer[..step];
        // What cannot be read is overwritten too: that is how a disk is told to use a spare sector.
        if file.read_at(buffer, at).is_err() {
            buffer.fill(0xff);
        }
        for (i, sector) in buffer.chunks(SECTOR_BYTES).enumerate() {
            if sector.iter().any(|b| *b != 0) {
                file.write_at(&ZEROS[..sector.len()], at + (i * SECTOR_BYTES) as u64)?;
                zeroed += sector.len() as u64;
            }
        }
        at += step as u64;
    }
    if zeroed > 0 {
        file.sync()?;
    }
    Ok(zeroed)
}

static ZEROS: [u8; SECTOR_BYTES] = [0; SECTOR_BYTES];

#[cfg(test)]
mod tests {
    use super::super::disk::Disk;
    use super::super::frame::{encode, Kind};
    use super::super::sim::{Mode, SimDisk};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Otherwise a segment full of rubbish would end the daemon, or hang it, at every start.
        #[test]
        fn a_walk_survives_anything(
            pieces in proptest::collection::vec((any::<bool>(), proptest::collection::vec(any::<u8>(), 0..120)), 0..40),
            cut in 0..2000usize,
        ) {
            let (mut bytes, mut sound) = (Vec::new(), 0);
            for (i, (frame, piece)) in pieces.iter().enumerate() {
                if *frame {
                    bytes.resize(bytes.len().next_multiple_of(8), 0);
                    encode(&mut bytes, Kind::Note, i as u64, (0, 1), piece, 7);
                    sound += 1;
                } else {
                    bytes.extend_from_slice(piece);
                }
            }
            let whole = bytes.len();
            bytes.truncate(cut.max(1));
            let file = SimDisk::new(Mode::Strict).create("x").unwrap();
            file.write_at(&bytes, 0).unwrap();
            let mut walk = Walk::new(&file, 7, 0).unwrap();
            let (mut seen, mut end) = (0, 0);
            while let Some(found) = walk.next().unwrap() {
                let (offset, length) = match found {
                    Found::Frame { offset, header, .. } => {
                        seen += 1;
                        (offset, header.frame_bytes())
                    }
                    Found::Bad { offset, length } => (offset, length),
                };
                prop_assert!(offset >= end && length > 0);
                end = offset + length;
                // The last frame's padding may be cut off.
                prop_assert!(end <= bytes.len().next_multiple_of(8) as u64);
            }
            prop_assert!(seen <= sound);
            if bytes.len() == whole {
                prop_assert_eq!(seen, sound);
            }
        }
    }
}
