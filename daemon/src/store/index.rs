//! The index: what a clean stop leaves so that the next start is fast, and that the journal can give back at any time.
//!
//! It is only trusted after a clean stop: written fresh at each stop into a directory of its own, every file synced, and
//! only then named by the CLEAN mark. At the start the mark is taken away before the index is touched. It is written and
//! read in a helper process (or, where there is no program to run, a helper thread) with a time limit, so that a hang
//! or an abort in there costs a slower start and nothing else. Each value carries a salted checksum of its own.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, BufReader, BufWriter, Write};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, TrySendError};
use std::thread;
use std::time::{Duration, Instant};

use super::frame::{self, le32, le64, LOG_BYTES};
use super::segment::{Position, SegmentId};
use super::shelf::{self, Item, ShelfError};
use super::tables::{LogTable, Noted, Tables};

/// Longer than this and it counts as hung. 100,000 entries load in well under a second; guess for slow cards.
const LOAD_MS_MAX: u64 = 10_000;
/// systemd gives us 5 s to stop; a stop without an index only makes the next start slower.
const SAVE_MS_MAX: u64 = 4_000;
/// A page's bytes, at most. Views split larger things.
pub const PAGE_BYTES_MAX: usize = 256 * 1024;
/// Items waiting while saving: bounds memory.
const ITEMS_WAITING_MAX: usize = 32;
/// How often a full queue is tried again.
const WAIT_MS: u64 = 1;
/// Positions in one value.
const POSITIONS_PER_VALUE: usize = 4096;
/// The first argument that makes the daemon's program the helper: then `save` or `load`, and the directory.
pub const INDEX_HELPER: &str = "index-helper";

const PAGES: u8 = 1;
const LOGS: u8 = 2;
const NOTES: u8 = 3;
const JOURNAL: u8 = 4;
/// How many values there are, the last to be written.
const COUNT: u8 = 5;

/// A piece of a view's state: key and bytes.
pub type Page = (Vec<u8>, Vec<u8>);

/// What the journal knew when it stopped.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Image {
    pub tables: Tables,
    /// Every segment with its length.
    pub segments: Vec<(SegmentId, u64)>,
    /// The current one, and where it ends.
    pub current: Option<(SegmentId, u64)>,
    pub next_sequence: u64,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum IndexError {
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    #[error("files: {0}")]
    Io(#[from] io::Error),
    #[error("the helper failed")]
    Failed,
    #[error("it took too long")]
    TooSlow,
    #[error("its contents do not check")]
    Contents,
}

/// Writes a fresh index to `dir` and makes it durable; with `program` in a process of its own.
pub(super) fn save(
    dir: &Path,
    salt: u32,
    program: Option<&Path>,
    image: Image,
    pages: &mut dyn Iterator<Item = Page>,
) -> Result<(), IndexError> {
    let deadline = Instant::now() + Duration::from_millis(SAVE_MS_MAX);
    let (sender, receiver) = mpsc::sync_channel::<Item>(ITEMS_WAITING_MAX);
    let mut child = program.map(|program| start(program, "save", dir)).transpose()?;
    let place = dir.to_owned();
    let pipe = child.as_mut().and_then(|child| child.stdin.take());
    let working = guarded(move || match pipe {
        Some(pipe) => {
            let mut pipe = BufWriter::new(pipe);
            receiver.into_iter().try_for_each(|item| shelf::put(&mut pipe, &item))?;
            shelf::end(&mut pipe)?;
            Ok(pipe.flush()?)
        }
        None => Ok(shelf::save(&place, &mut receiver.into_iter())?),
    });
    let mut values = 0u64;
    let mut send = |tree, key: &[u8], value: Vec<u8>| {
        values += 1;
        let mut item = Item { tree, key: key.to_vec(), value: seal(salt, key, value) };
        while let Err(e) = sender.try_send(item) {
            match e {
                TrySendError::Full(back) if Instant::now() < deadline => item = back,
                TrySendError::Full(_) => return Err(IndexError::TooSlow),
                TrySendError::Disconnected(_) => return Err(IndexError::Failed),
            }
            thread::sleep(Duration::from_millis(WAIT_MS));
        }
        Ok(values)
    };
    let sent = (|| {
        for (key, bytes) in pages {
            if bytes.len() > PAGE_BYTES_MAX {
                // Our own mistake; it costs a slower start, nothing else.
                return Err(IndexError::Contents);
            }
            send(PAGES, &key, bytes)?;
        }
        send_image(&image, &mut send)
    })();
    drop(sender);
    let done = sent.and_then(|()| await_result(&working, deadline));
    finish(child, done, deadline)
}

/// Takes tree, key and value; says how many there were so far.
type Sink<'a> = &'a mut dyn FnMut(u8, &[u8], Vec<u8>) -> Result<u64, IndexError>;

fn send_image(image: &Image, send: Sink<'_>) -> Result<(), IndexError> {
    for (log, table) in &image.tables.logs {
        for (i, first) in (0..table.positions.len().max(1)).step_by(POSITIONS_PER_VALUE).enumerate() {
            let mut key = frame::log_bytes(log).to_vec();
            key.extend_from_slice(&(i as u32).to_be_bytes());
            let mut value = table.first.to_le_bytes().to_vec();
            let slice = table.positions.iter().skip(first).take(POSITIONS_PER_VALUE);
            value.extend(slice.flat_map(|position| position.to_bytes()));
            send(LOGS, &key, value)?;
        }
    }
    for (key, noted) in &image.tables.notes {
        let mut value = noted.position.to_bytes().to_vec();
        value.extend_from_slice(&noted.bytes.to_le_bytes());
        value.push(u8::from(noted.removed));
        send(NOTES, key, value)?;
    }
    let (id, end) = image.current.map_or((0, 0), |(id, end)| (id.0, end));
    let mut journal = image.next_sequence.to_le_bytes().to_vec();
    journal.extend_from_slice(&id.to_le_bytes());
    journal.extend_from_slice(&end.to_le_bytes());
    let mut values = send(JOURNAL, b"state", journal)?;
    for (id, length) in &image.segments {
        values = send(JOURNAL, &[b"segment ", &id.0.to_be_bytes()[..]].concat(), length.to_le_bytes().to_vec())?;
    }
    send(COUNT, b"values", values.to_le_bytes().to_vec())?;
    Ok(())
}

/// Reads the index in `dir`; with `program` in a process of its own.
pub(super) fn load(dir: &Path, salt: u32, program: Option<&Path>) -> Result<(Image, Vec<Page>), IndexError> {
    let deadline = Instant::now() + Duration::from_millis(LOAD_MS_MAX);
    let mut child = program.map(|program| start(program, "load", dir)).transpose()?;
    let pipe = child.as_mut().and_then(|child| child.stdout.take());
    let place = dir.to_owned();
    let working = guarded(move || {
        let mut loading = Loading { salt, ..Loading::default() };
        match pipe {
            Some(pipe) => {
                let mut pipe = BufReader::new(pipe);
                while let Some(item) = shelf::get(&mut pipe)? {
                    loading.take(item);
                }
            }
            None => shelf::load(&place, &mut |item| loading.take(item))?,
        }
        loading.done()
    });
    let done = await_result(&working, deadline);
    finish(child, done, deadline)
}

#[derive(Default)]
struct Loading {
    salt: u32,
    image: Image,
    pages: Vec<Page>,
    values: u64,
    promised: Option<u64>,
    unsound: bool,
}

impl Loading {
    fn take(&mut self, item: Item) {
        self.unsound |= self.try_take(item).is_none();
    }

    fn try_take(&mut self, Item { tree, key, value: sealed }: Item) -> Option<()> {
        let value = unseal(self.salt, &key, &sealed)?;
        self.values += u64::from(tree != COUNT);
        match tree {
            PAGES => {
                let value = value.to_vec();
                self.pages.push((key, value));
            }
            LOGS => load_log(&mut self.image.tables, &key, value)?,
            NOTES => {
                let (removed, bytes) = (*value.get(12)? != 0, le32(value.get(8..)?));
                let position = Position::from_bytes(value);
                self.image.tables.put_note(&key, Noted { position, bytes, removed });
            }
            JOURNAL if key == b"state" => {
                self.image.next_sequence = le64(value.get(..20)?);
                let id = SegmentId(le32(&value[8..]));
                self.image.current = (id.0 > 0).then_some((id, le64(&value[12..])));
            }
            JOURNAL => {
                let id = u32::from_be_bytes(key.strip_prefix(b"segment ")?.try_into().ok()?);
                self.image.segments.push((SegmentId(id), le64(value.get(..8)?)));
            }
            COUNT => self.promised = Some(le64(value.get(..8)?)),
            _ => return None,
        }
        Some(())
    }

    fn done(self) -> Result<(Image, Vec<Page>), IndexError> {
        if self.unsound || self.promised != Some(self.values) {
            return Err(IndexError::Contents);
        }
        Ok((self.image, self.pages))
    }
}

/// Runs on a thread of its own, so that a hang costs the thread and not the gateway.
fn guarded<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, IndexError> + Send + 'static,
) -> mpsc::Receiver<Result<T, IndexError>> {
    let (sender, receiver) = mpsc::channel();
    // When there is no thread to be had the sender is gone, which says it all.
    let _ = thread::Builder::new().name("index".to_owned()).spawn(move || {
        let done = catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(IndexError::Failed));
        let _ = sender.send(done);
    });
    receiver
}

fn await_result<T>(receiver: &mpsc::Receiver<Result<T, IndexError>>, deadline: Instant) -> Result<T, IndexError> {
    match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(done) => done,
        Err(mpsc::RecvTimeoutError::Timeout) => Err(IndexError::TooSlow),
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(IndexError::Failed),
    }
}

fn start(program: &Path, action: &str, dir: &Path) -> io::Result<Child> {
    // Its complaints about a damaged index (panics, backtraces) would only frighten: we say ourselves what follows.
    Command::new(program)
        .args([INDEX_HELPER, action])
        .arg(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
}

/// Waits for the helper process, and ends it if it does not end by itself.
fn finish<T>(child: Option<Child>, done: Result<T, IndexError>, deadline: Instant) -> Result<T, IndexError> {
    let Some(mut child) = child else {
        return done;
    };
    while done.is_ok() && Instant::now() < deadline {
        if let Some(status) = child.try_wait()? {
            return if status.success() { done } else { Err(IndexError::Failed) };
        }
        thread::sleep(Duration::from_millis(WAIT_MS));
    }
    let _ = child.kill();
    let _ = child.wait();
    done.and(Err(IndexError::TooSlow))
}

fn load_log(tables: &mut Tables, key: &[u8], value: &[u8]) -> Option<()> {
    let (log, _) = key.split_at_checked(LOG_BYTES)?;
    let first = le64(value.get(..8)?);
    let positions = value[8..].chunks_exact(8).map(Position::from_bytes);
    let table = tables.logs.entry(frame::parse_log(log)?).or_insert_with(|| LogTable {
        first,
        positions: VecDeque::new(),
        held: 0,
    });
    table.positions.extend(positions.clone());
    table.held += positions.filter(|position| *position != Position::NONE).count() as u64;
    Some(())
}

fn seal(salt: u32, key: &[u8], mut value: Vec<u8>) -> Vec<u8> {
    let crc = crc32c::crc32c_append(crc32c::crc32c_append(salt, key), &value);
    value.extend_from_slice(&crc.to_le_bytes());
    value
}

fn unseal<'a>(salt: u32, key: &[u8], sealed: &'a [u8]) -> Option<&'a [u8]> {
    let (value, crc) = sealed.split_at_checked(sealed.len().checked_sub(4)?)?;
    let wanted = crc32c::crc32c_append(crc32c::crc32c_append(salt, key), value);
    (wanted.to_le_bytes() == crc).then_some(value)
}

/// Directories of indexes in `dir`, whatever their state.
pub(super) fn leftovers(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() && entry.file_name().to_string_lossy().starts_with(PREFIX) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// A directory that none before had: a hung sled of an earlier index must not write into a later one.
pub(super) fn place(dir: &Path, name: u64) -> PathBuf {
    dir.join(format!("{PREFIX}{name:016x}"))
}

const PREFIX: &str = "index-";
