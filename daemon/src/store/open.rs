//! The open store: a lock, the journal, and the marks that say whether the index may be trusted.
//!
//! `CLEAN` names an index and the sequence up to which it is true. It is taken away, durably, before the index is
//! touched and before anything is written; so it is only ever there after a clean stop with nothing since. `OPENING`
//! stands while sled is being read, so that a start that hung in it shows at the next one.

use std::fs;
use std::path::{Path, PathBuf};

use commons_core::log::{Held, LogKey};

use super::disk::{Disk, DiskFile, RealDisk};
use super::error::StoreError;
use super::frame::{le32, le64, Note};
use super::index::{self, Image, Page};
use super::journal::{Current, Journal, Sizes};
use super::lock::{self, Lock};
use super::recover::{self, Finding};
use super::segment::{SegmentId, SEGMENT_BYTES};
use super::shrink::{Freed, Keep, Shrinking};
use super::small;
use super::tables::LogExtent;

pub(super) const CLEAN: &str = "CLEAN";
const OPENING: &str = "OPENING";
const BALLAST: &str = "ballast";
/// Missing batches listed at open, at most; more are still missing, and still found by their extents.
pub const MISSING_LISTED_MAX: usize = 10_000;

/// How to open.
#[derive(Clone, Debug)]
pub struct Options {
    /// Bytes of the ballast file that [`Store::restore_ballast`] keeps for bad days.
    pub ballast_bytes: u64,
    /// Salt for a new store's checksums: random, from the caller, since randomness is an argument.
    pub salt: u32,
    /// The daemon's own program, which serves as helper for the index when `main` hands [`super::INDEX_HELPER`] to
    /// [`super::index_helper`]. Without it sled runs in this process and keeps some 22 MB of memory for good.
    pub index_program: Option<PathBuf>,
}

impl Options {
    /// The usual sizes.
    pub fn new(salt: u32) -> Self {
        Self { ballast_bytes: SEGMENT_BYTES, salt, index_program: None }
    }
}

/// How the store came up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// There was nothing.
    Fresh,
    /// From the index of a clean stop.
    Clean,
    /// By reading the whole journal: the last stop was not clean.
    Rebuilt,
    /// By reading the whole journal although the last stop was clean: the index was damaged.
    IndexDistrusted,
    /// By reading the whole journal: the last start ended while reading the index.
    LastStartHung,
}

/// What opening found.
#[derive(Clone, Debug)]
pub struct Recovery {
    /// How it came up.
    pub start: Start,
    /// Damaged places.
    pub damage: Vec<Finding>,
    /// Batches that must have been here, by their neighbours in their logs; ask other gateways for them. A damaged
    /// *newest* batch of a log does not show here: when `damage` is not empty, let own logs begin a new epoch.
    pub missing: Vec<(LogKey, u64)>,
    /// Bytes (in whole sectors) of a commit that was under way and was never acknowledged.
    pub tail_bytes: u64,
    /// The journal ends before what the last clean stop promised: something acknowledged is gone (an older copy was
    /// put back, or the disk lied). Own logs must begin a new epoch.
    pub rolled_back: bool,
}

/// The result of opening.
#[derive(Debug)]
pub struct Opened {
    /// The store.
    pub store: Store,
    /// What was found.
    pub recovery: Recovery,
    /// What [`Store::close`] was given, if it is to be trusted; otherwise fold the views from [`Store::replay`].
    pub pages: Option<Vec<Page>>,
}

/// Batches and notes on disk. Owned by the one writer.
pub struct Store {
    dir: PathBuf,
    journal: Journal<RealDisk>,
    options: Options,
    /// Damage was found at open: until it is repaired every start looks at everything, so that nobody forgets it.
    damaged: bool,
    _lock: Lock,
}

impl Store {
    /// Opens or creates the store in `dir`, which belongs to it alone.
    pub fn open(dir: &Path, options: Options) -> Result<Opened, StoreError> {
        Self::open_sized(dir, options, Sizes::default())
    }

    pub(super) fn open_sized(dir: &Path, options: Options, sizes: Sizes) -> Result<Opened, StoreError> {
        let place = dir.display().to_string();
        create_durably(dir).map_err(StoreError::io("create", &place))?;
        let lock = lock::exclusive(dir)?;
        let disk = RealDisk::new(dir);
        // First of all, so that a newer format is refused before anything is touched.
        let (names, salt) = recover::prepare(&disk, || options.salt, false)?;
        let mark = small::get(&disk, CLEAN)?.as_deref().and_then(|bytes| Mark::parse(bytes, salt));
        let hung = small::get(&disk, OPENING)?.is_some();
        let fresh = !names.iter().any(|name| SegmentId::parse(name).is_some());
        let mut loaded = None;
        // On a disk too full for the mark the journal serves: a start never fails for want of an index.
        let warned = mark.is_some() && !hung && small::put(&disk, OPENING, &[]).is_ok();
        small::drop_small(&disk, CLEAN)?;
        if let Some(mark) = mark.as_ref().filter(|_| warned) {
            let image = index::load(&index::place(dir, mark.index), salt, options.index_program.as_deref());
            loaded = image.ok().filter(|(image, _)| image.next_sequence == mark.next_sequence);
        }
        small::drop_small(&disk, OPENING)?;
        let promised = mark.as_ref().map_or(0, |mark| mark.next_sequence);
        let resumed = match loaded {
            Some((image, pages)) => resume(disk.clone(), sizes, salt, image)?.map(|journal| (journal, pages)),
            None => None,
        };
        for old in index::leftovers(dir).map_err(StoreError::io("list", &place))? {
            let name = old.display().to_string();
            fs::remove_dir_all(&old).map_err(StoreError::io("remove", &name))?;
        }
        let (journal, pages, recovery) = match resumed {
            Some((journal, pages)) => {
                let missing = journal.tables.missing(MISSING_LISTED_MAX);
                let damage = Vec::new();
                let recovery = Recovery { start: Start::Clean, damage, missing, tail_bytes: 0, rolled_back: false };
                (journal, Some(pages), recovery)
            }
            None => {
                let (journal, scanned) = recover::open(disk, sizes, || salt, false)?;
                let start = match (hung, mark.is_some(), fresh) {
                    (true, ..) => Start::LastStartHung,
                    (_, true, _) => Start::IndexDistrusted,
                    (_, _, true) => Start::Fresh,
                    _ => Start::Rebuilt,
                };
                let recovery = Recovery {
                    start,
                    damage: scanned.findings,
                    missing: journal.tables.missing(MISSING_LISTED_MAX),
                    tail_bytes: scanned.tail_bytes,
                    rolled_back: journal.next_sequence < promised,
                };
                (journal, None, recovery)
            }
        };
        let damaged = !recovery.damage.is_empty();
        let store = Self { dir: dir.to_owned(), journal, options, damaged, _lock: lock };
        Ok(Opened { store, recovery, pages })
    }

    /// Opens a stopped store for reading. Changes nothing, not even a torn tail; rebuilds its tables in memory.
    pub fn open_readonly(dir: &Path) -> Result<Opened, StoreError> {
        let lock = lock::shared(dir)?;
        let (journal, scanned) = recover::open(RealDisk::read_only(dir), Sizes::default(), || 0, true)?;
        let recovery = Recovery {
            start: Start::Rebuilt,
            damage: scanned.findings,
            missing: journal.tables.missing(MISSING_LISTED_MAX),
            tail_bytes: 0,
            rolled_back: false,
        };
        let store = Self { dir: dir.to_owned(), journal, options: Options::new(0), damaged: false, _lock: lock };
        Ok(Opened { store, recovery, pages: None })
    }

    /// Makes all batches and notes durable, or none. When this returns `Ok`, they survive a power cut.
    ///
    /// After [`StoreError::Full`] nothing changed and the next call tries again. After [`StoreError::Io`] or
    /// [`StoreError::Broken`] what became of this commit shows at the next open; end the daemon.
    pub fn commit(&mut self, batches: &[Held], notes: &[Note]) -> Result<(), StoreError> {
        self.journal.commit(batches, notes)
    }

    /// One batch.
    pub fn read(&self, log: &LogKey, number: u64) -> Result<Held, StoreError> {
        self.journal.read(log, number)
    }

    /// Whether a batch is here.
    pub fn holds(&self, log: &LogKey, number: u64) -> bool {
        self.journal.tables.batch(log, number).is_some()
    }

    /// Every batch, in order of arrival here (one that filled a hole comes after its successors).
    pub fn replay(&self, on: &mut dyn FnMut(Held)) -> Result<(), StoreError> {
        self.journal.replay(on)
    }

    /// What is here of each log.
    pub fn logs(&self) -> Vec<LogExtent> {
        self.journal.tables.extents()
    }

    /// What is here of one log.
    pub fn log(&self, log: &LogKey) -> Option<LogExtent> {
        let table = self.journal.tables.logs.get(log)?;
        Some(LogExtent { log: *log, first: table.first, next: table.next(), held: table.held })
    }

    /// Up to [`MISSING_LISTED_MAX`] batches that should be here and are not, as of now.
    pub fn missing(&self) -> Vec<(LogKey, u64)> {
        self.journal.tables.missing(MISSING_LISTED_MAX)
    }

    /// A note's value.
    pub fn note(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.journal.note(key)
    }

    /// Up to `count_max` notes whose keys start with `prefix` and come after `after`, in key order.
    pub fn notes(&self, prefix: &[u8], after: Option<&[u8]>, count_max: usize) -> Result<Vec<Note>, StoreError> {
        let from = after.filter(|after| *after >= prefix).unwrap_or(prefix).to_vec();
        let keys = self
            .journal
            .tables
            .notes
            .range(from..)
            .take_while(|(key, _)| key.starts_with(prefix))
            .filter(|(key, noted)| !noted.removed && after.is_none_or(|after| key.as_slice() > after));
        keys.take(count_max)
            .map(|(key, _)| Ok(Note { key: key.clone(), value: self.note(key)?.unwrap_or_default() }))
            .collect()
    }

    /// Gives space back, doing about `budget_bytes` of reading and writing. Asks `judge` up to twice for each batch;
    /// it must be willing to say the same again. An error leaves everything as it was.
    pub fn shrink(&mut self, budget_bytes: u64, judge: &mut dyn FnMut(&Held) -> Keep) -> Result<Freed, StoreError> {
        self.journal.shrink(budget_bytes, judge)
    }

    /// Bytes the journal takes on disk, its spare segment included.
    pub fn journal_bytes(&self) -> u64 {
        self.journal.bytes()
    }

    /// The sequence the next frame gets: grows with everything that is committed.
    pub fn next_sequence(&self) -> u64 {
        self.journal.next_sequence
    }

    pub(super) fn journal(&self) -> &Journal<RealDisk> {
        &self.journal
    }

    /// Where the store is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Bytes of the ballast file that are there.
    pub fn ballast_bytes(&self) -> u64 {
        fs::metadata(self.dir.join(BALLAST)).map_or(0, |metadata| metadata.len())
    }

    /// Gives the ballast's space to whoever needs it now: shrinking, on a disk that is full.
    pub fn release_ballast(&mut self) -> Result<(), StoreError> {
        small::drop_small(&self.journal.disk, BALLAST)
    }

    /// Makes or completes the ballast file. To be called when there is space to spare.
    pub fn restore_ballast(&mut self) -> Result<(), StoreError> {
        let wanted = self.options.ballast_bytes;
        if self.ballast_bytes() == wanted {
            return Ok(());
        }
        let done = (|| {
            let file = self.journal.disk.create(BALLAST)?;
            let zeros = vec![0; 256 * 1024];
            let mut at = 0;
            while at < wanted {
                let step = (wanted - at).min(zeros.len() as u64);
                file.write_at(&zeros[..step as usize], at)?;
                at += step;
            }
            file.sync()
        })();
        if done.is_err() {
            let _ = self.journal.disk.remove(BALLAST);
        }
        done.map_err(StoreError::io("make", BALLAST))
    }

    /// Ends with an index and `pages`, so that the next start is fast. Everything acknowledged is safe without it: on
    /// an error, or without calling this, the next start reads the journal instead.
    pub fn close(self, pages: &mut dyn Iterator<Item = Page>) -> Result<(), StoreError> {
        let Self { dir, mut journal, options, damaged, _lock: lock } = self;
        if journal.read_only {
            return Ok(());
        }
        if damaged {
            return Ok(());
        }
        if journal.broken {
            return Err(StoreError::Broken);
        }
        if let Some(current) = &mut journal.current {
            current.clean()?;
        }
        let Journal { disk, salt, tables, segments, current, next_sequence, .. } = journal;
        let image = Image {
            tables,
            segments: segments.into_iter().collect(),
            current: current.map(|current| (current.id, current.end)),
            next_sequence,
        };
        let mark = Mark { next_sequence, index: next_sequence };
        let place = index::place(&dir, mark.index);
        if let Err(cause) = index::save(&place, salt, options.index_program.as_deref(), image, pages) {
            let _ = fs::remove_dir_all(&place);
            return Err(StoreError::Index(cause.to_string()));
        }
        // The index directory's own name must be durable before the mark that names it.
        disk.sync_dir().map_err(StoreError::io("sync the directory of", CLEAN))?;
        small::put(&disk, CLEAN, &mark.to_bytes(salt))?;
        drop(lock);
        Ok(())
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("dir", &self.dir).finish_non_exhaustive()
    }
}

/// Makes a directory and those above it, and their names durable.
fn create_durably(dir: &Path) -> std::io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    let above = dir.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    create_durably(above)?;
    fs::create_dir(dir)?;
    RealDisk::new(above).sync_dir()
}

/// The journal as a clean stop left it, or none when the files are not what they were then.
fn resume(disk: RealDisk, sizes: Sizes, salt: u32, image: Image) -> Result<Option<Journal<RealDisk>>, StoreError> {
    let place = disk.place();
    let mut on_disk = Vec::new();
    for name in disk.list().map_err(StoreError::io("list", &place))? {
        if let Some(id) = SegmentId::parse(&name) {
            let file = disk.open(&name).map_err(StoreError::io("open", &name))?;
            on_disk.push((id, file.len().map_err(StoreError::io("read", &name))?));
        }
    }
    on_disk.sort();
    let in_use = image.segments.len();
    if on_disk.get(..in_use) != Some(&image.segments[..]) || on_disk.len() > in_use + 1 {
        return Ok(None);
    }
    let mut journal = Journal {
        disk,
        salt,
        sizes,
        tables: image.tables,
        segments: image.segments.into_iter().collect(),
        shrinking: Shrinking::default(),
        current: None,
        next_sequence: image.next_sequence,
        spare: None,
        broken: false,
        read_only: false,
    };
    if let Some((id, end)) = image.current {
        let name = id.file();
        let file = journal.disk.open(&name).map_err(StoreError::io("open", &name))?;
        let length = journal.segments.get(&id).copied().unwrap_or(0);
        let mut after = [0; 32];
        let read = file.read_at(&mut after, end).map_err(StoreError::io("read", &name))?;
        if end > length || after[..read] != [0; 32][..read] {
            return Ok(None);
        }
        journal.current = Some(Current { id, file, end, length, dirty_to: 0 });
    }
    if let Some((id, length)) = on_disk.get(in_use) {
        journal.adopt_spare(*id, *length)?;
    }
    Ok(Some(journal))
}

/// The contents of `CLEAN`.
pub(super) struct Mark {
    pub next_sequence: u64,
    /// Names the index.
    pub index: u64,
}

impl Mark {
    fn to_bytes(&self, salt: u32) -> Vec<u8> {
        let mut bytes = self.next_sequence.to_le_bytes().to_vec();
        bytes.extend_from_slice(&self.index.to_le_bytes());
        bytes.extend_from_slice(&crc32c::crc32c_append(salt, &bytes).to_le_bytes());
        bytes
    }

    pub fn parse(bytes: &[u8], salt: u32) -> Option<Self> {
        let sound = bytes.len() == 20 && le32(&bytes[16..]) == crc32c::crc32c_append(salt, &bytes[..16]);
        sound.then(|| Self { next_sequence: le64(bytes), index: le64(&bytes[8..]) })
    }
}
