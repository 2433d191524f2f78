//! A backup: one file with every batch and note, which a fresh store can be made of.
//!
//! | part | bytes |
//! |---|---|
//! | magic `COMMONSD BACKUP\n` | 16 |
//! | version 1 | 4 |
//! | length of the caller's own bytes (identity, say), then they | 4, n |
//! | per frame: kind (1 batch, 2 note), length, body as in the journal | 1, 4, n |
//! | end: kind 0, count of frames, hash | 1, 8, 32 |
//!
//! The hash is a chain over everything before it, so that a file cut short or changed is refused whole, before anything
//! is written. It guards against accidents; against malice there are the signatures in the batches.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use commons_core::identity;
use commons_core::log::Held;

use super::disk::{Disk, RealDisk};
use super::error::StoreError;
use super::frame::{self, le32, le64, Note, BODY_BYTES_MAX};
use super::journal::{Journal, COMMIT_BYTES_MAX, COMMIT_FRAMES_MAX};
use super::open::{Options, Store};

/// The caller's own bytes in a backup, at most.
pub const BACKUP_META_BYTES_MAX: usize = 1024 * 1024;

const MAGIC: &[u8; 16] = b"COMMONSD BACKUP\n";
const VERSION: u32 = 1;
const PURPOSE: &str = "commonsd/1/backup";
const END: u8 = 0;
const BATCH: u8 = 1;
const NOTE: u8 = 2;

/// Writes through to `out`, hashing on the way.
struct Sealer<'a> {
    out: &'a mut dyn Write,
    hash: [u8; 32],
    frames: u64,
}

impl Sealer<'_> {
    fn put(&mut self, kind: u8, body: &[u8]) -> Result<(), StoreError> {
        let mut head = vec![kind];
        head.extend_from_slice(&(body.len() as u32).to_le_bytes());
        self.hash = link(&self.hash, &head, body);
        self.frames += 1;
        let io = || StoreError::io("write", "the backup");
        self.out.write_all(&head).map_err(io())?;
        self.out.write_all(body).map_err(io())
    }
}

fn link(hash: &[u8; 32], head: &[u8], body: &[u8]) -> [u8; 32] {
    identity::hash(PURPOSE, &[hash, head, body])
}

impl Store {
    /// Writes everything held to `out`, as of now, with `meta` in front. The caller syncs what `out` is.
    pub fn export(&self, meta: &[u8], out: &mut dyn Write) -> Result<(), StoreError> {
        self.journal().export(meta, out)
    }
}

impl<D: Disk> Journal<D> {
    pub(super) fn export(&self, meta: &[u8], out: &mut dyn Write) -> Result<(), StoreError> {
        if meta.len() > BACKUP_META_BYTES_MAX {
            let (bytes, bytes_max) = (meta.len() as u64, BACKUP_META_BYTES_MAX as u64);
            return Err(StoreError::TooLarge { what: "a backup's own bytes", bytes, bytes_max });
        }
        let io = || StoreError::io("write", "the backup");
        let mut out = BufWriter::new(out);
        let mut head = MAGIC.to_vec();
        head.extend_from_slice(&VERSION.to_le_bytes());
        head.extend_from_slice(&(meta.len() as u32).to_le_bytes());
        out.write_all(&head).map_err(io())?;
        out.write_all(meta).map_err(io())?;
        let mut sealer = Sealer { hash: link(&[0; 32], &head, meta), out: &mut out, frames: 0 };
        for (key, noted) in &self.tables.notes {
            if !noted.removed {
                let value = self.note(key)?.unwrap_or_default();
                sealer.put(NOTE, &frame::note_body(&Note { key: key.clone(), value }))?;
            }
        }
        self.walk_held(&mut |held| sealer.put(BATCH, &frame::batch_body(&held)))?;
        let Sealer { hash, frames, .. } = sealer;
        let hash = link(&hash, &[END], &frames.to_le_bytes());
        out.write_all(&[END]).map_err(io())?;
        out.write_all(&frames.to_le_bytes()).map_err(io())?;
        out.write_all(&hash).map_err(io())?;
        out.flush().map_err(io())
    }
}

/// Makes a store of a backup in `dir`, which must be absent or empty, and returns the backup's own bytes. The file is
/// checked whole before anything is written; the store appears under its name only when it is complete.
pub fn import(file: &Path, dir: &Path, options: Options) -> Result<Vec<u8>, StoreError> {
    let name = file.display().to_string();
    let io = || StoreError::io("read", &name);
    if fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(StoreError::NotEmpty(dir.to_owned()));
    }
    let mut reader = BufReader::new(File::open(file).map_err(io())?);
    read(&mut reader, &mut |_, _| Ok(()))?;
    reader.seek(SeekFrom::Start(0)).map_err(io())?;

    let mut unfinished = dir.as_os_str().to_owned();
    unfinished.push(".importing");
    let unfinished = Path::new(&unfinished);
    let place = unfinished.display().to_string();
    if unfinished.exists() {
        fs::remove_dir_all(unfinished).map_err(StoreError::io("remove", &place))?;
    }
    let mut store = Store::open(unfinished, options)?.store;
    let (mut batches, mut notes, mut bytes) = (Vec::<Held>::new(), Vec::<Note>::new(), 0);
    let meta = read(&mut reader, &mut |kind, body| {
        let more = frame::frame_bytes(body.len());
        if bytes + more > COMMIT_BYTES_MAX || batches.len() + notes.len() >= COMMIT_FRAMES_MAX {
            store.commit(&batches, &notes)?;
            (batches, notes, bytes) = (Vec::new(), Vec::new(), 0);
        }
        bytes += more;
        if kind == BATCH {
            batches.extend(frame::parse_batch(body));
        } else if let Some((key, value)) = frame::parse_note(body) {
            notes.push(Note { key: key.to_vec(), value: value.to_vec() });
        }
        Ok(())
    })?;
    store.commit(&batches, &notes)?;
    drop(store);
    let _ = fs::remove_dir(dir);
    fs::rename(unfinished, dir).map_err(StoreError::io("rename", &place))?;
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    RealDisk::new(parent).sync_dir().map_err(StoreError::io("sync the directory of", &place))?;
    Ok(meta)
}

/// Takes a frame's kind and body.
type OnFrame<'a> = &'a mut dyn FnMut(u8, &[u8]) -> Result<(), StoreError>;

/// Reads a backup, handing over frame by frame; returns its own bytes. Refuses what is not whole.
fn read(from: &mut dyn Read, on: OnFrame) -> Result<Vec<u8>, StoreError> {
    let head: [u8; 24] = take(from).map_err(|_| StoreError::Backup(NOT_ONE))?;
    if head[..16] != *MAGIC {
        return Err(StoreError::Backup(NOT_ONE));
    }
    if le32(&head[16..]) != VERSION {
        return Err(StoreError::Backup("this backup was made by a newer commonsd; install that version to restore it"));
    }
    let meta_bytes = le32(&head[20..]) as usize;
    if meta_bytes > BACKUP_META_BYTES_MAX {
        return Err(StoreError::Backup(CHANGED));
    }
    let meta = take_vec(from, meta_bytes)?;
    let mut hash = link(&[0; 32], &head, &meta);
    let mut frames = 0u64;
    loop {
        let [kind] = take(from)?;
        if kind == END {
            let count: [u8; 8] = take(from)?;
            let promised: [u8; 32] = take(from)?;
            let whole = le64(&count) == frames && link(&hash, &[END], &count) == promised;
            let ended = from.read(&mut [0]).map_err(StoreError::io("read", "the backup"))? == 0;
            return if whole && ended { Ok(meta) } else { Err(StoreError::Backup(CHANGED)) };
        }
        let length: [u8; 4] = take(from)?;
        if le32(&length) as usize > BODY_BYTES_MAX || !(kind == BATCH || kind == NOTE) {
            return Err(StoreError::Backup(CHANGED));
        }
        let body = take_vec(from, le32(&length) as usize)?;
        let mut head = vec![kind];
        head.extend_from_slice(&length);
        hash = link(&hash, &head, &body);
        frames += 1;
        on(kind, &body)?;
    }
}

const NOT_ONE: &str = "this file is not a backup made by commonsd";
const CUT_SHORT: &str = "this backup is cut short, so nothing was restored. Copy the file again, or use an older one";
const CHANGED: &str = "this backup is damaged, so nothing was restored. Copy the file again, or use an older one";

fn take<const N: usize>(from: &mut dyn Read) -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes).map_err(cut_short)?;
    Ok(bytes)
}

fn take_vec(from: &mut dyn Read, length: usize) -> Result<Vec<u8>, StoreError> {
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes).map_err(cut_short)?;
    Ok(bytes)
}

fn cut_short(e: io::Error) -> StoreError {
    match e.kind() {
        io::ErrorKind::UnexpectedEof => StoreError::Backup(CUT_SHORT),
        _ => StoreError::io("read", "the backup")(e),
    }
}
