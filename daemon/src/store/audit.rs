//! Looking at a stopped store frame by frame, and setting aside what is damaged.
//!
//! Only checksums and order are checked here; signatures and chains are for those who know what a batch means, over
//! [`Store::replay`](super::Store::replay).

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::Path;

use commons_core::log::LogKey;

use super::disk::{Disk, RealDisk};
use super::error::StoreError;
use super::index::{self, IndexError};
use super::journal::{Journal, Sizes};
use super::lock;
use super::open::{Mark, Options, CLEAN, MISSING_LISTED_MAX};
use super::recover::{self, Finding};
use super::saved;
use super::segment::{SegmentId, SEGMENT_BYTES};
use super::small;
use super::tables::LogExtent;

const QUARANTINE: &str = "quarantine";

/// What an offline walk over all frames saw.
#[derive(Clone, Debug)]
pub struct Audit {
    /// Sound frames.
    pub frames: u64,
    /// Batches held.
    pub batches: u64,
    /// Live notes.
    pub notes: u64,
    /// Bytes of the journal's segments.
    pub bytes: u64,
    /// Damaged places.
    pub findings: Vec<Finding>,
    /// Batches that should be here and are not.
    pub missing: Vec<(LogKey, u64)>,
    /// What is here of each log.
    pub logs: Vec<LogExtent>,
    /// Where the index of the last clean stop disagrees with the journal; the next start rebuilds it then.
    pub index_faults: Vec<String>,
}

/// Walks over the store in `dir`, which no daemon may have open. Changes nothing: the index is looked at in a copy, in
/// `options.index_program`'s process if there is one.
pub fn audit(dir: &Path, options: &Options) -> Result<Audit, StoreError> {
    let _lock = lock::shared(dir)?;
    let (journal, scanned) = recover::open(RealDisk::read_only(dir), Sizes::default(), || 0, true)?;
    let logs = journal.tables.extents();
    let index_faults = audit_index(dir, options, &journal)?;
    Ok(Audit {
        frames: scanned.frames,
        batches: logs.iter().map(|extent| extent.held).sum(),
        notes: journal.tables.notes_live as u64,
        bytes: journal.bytes(),
        findings: scanned.findings,
        missing: journal.tables.missing(MISSING_LISTED_MAX),
        logs,
        index_faults,
    })
}

/// Compares what a clean stop left with what the journal says.
fn audit_index(dir: &Path, options: &Options, journal: &Journal<RealDisk>) -> Result<Vec<String>, StoreError> {
    let Some(mark) = small::get(&journal.disk, CLEAN)?.and_then(|bytes| Mark::parse(&bytes, journal.salt)) else {
        return Ok(Vec::new()); // No clean stop, no index.
    };
    // sled writes even when it only reads.
    let copy = std::env::temp_dir().join(format!("commonsd-audit-{}", std::process::id()));
    let loaded = copy_files(&index::place(dir, mark.index), &copy)
        .map_err(IndexError::from)
        .and_then(|()| index::load(&copy, journal.salt, options.index_program.as_deref()));
    let _ = fs::remove_dir_all(&copy);
    let mut faults = Vec::new();
    match loaded {
        Err(cause) => faults.push(cause.to_string()),
        Ok((image, _)) => {
            if image.next_sequence != journal.next_sequence || mark.next_sequence != journal.next_sequence {
                faults.push("it ends elsewhere than the journal".into());
            }
            if image.tables.logs != journal.tables.logs {
                faults.push("it places batches elsewhere than the journal".into());
            }
            if image.tables.notes_live != journal.tables.notes_live {
                faults.push("it knows other notes than the journal".into());
            }
        }
    }
    Ok(faults)
}

/// Copies a directory of files and of directories of files.
fn copy_files(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            copy_files(&entry.path(), &to.join(entry.file_name()))?;
        } else {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// What a repair did.
#[derive(Clone, Debug)]
pub struct Repaired {
    /// The damaged places that were there.
    pub findings: Vec<Finding>,
    /// Files their bytes were moved to, in `quarantine/`.
    pub quarantined: Vec<String>,
    /// Segments written anew.
    pub rewritten: usize,
    /// What is lost until neighbours give it back.
    pub missing: Vec<(LogKey, u64)>,
}

/// Moves damaged frames of the stopped store in `dir` to `quarantine/` and writes their segments without them. A cut at
/// any point leaves a store that opens; run it again. Also throws the index away, and what was saved.
pub fn repair(dir: &Path) -> Result<Repaired, StoreError> {
    let _lock = lock::exclusive(dir)?;
    let disk = RealDisk::new(dir);
    small::drop_small(&disk, "CLEAN")?;
    saved::forget(&disk)?;
    // Opened as for reading first: a store that is not there must not be made.
    recover::prepare(&RealDisk::read_only(dir), || 0, true)?;
    let (mut journal, scanned) = recover::open(disk.clone(), Sizes::default(), || 0, false)?;
    let mut quarantined = Vec::new();
    let damaged: Vec<&Finding> = scanned.findings.iter().filter(|finding| finding.length > 0).collect();
    if !damaged.is_empty() {
        let place = dir.join(QUARANTINE);
        fs::create_dir_all(&place).map_err(StoreError::io("create", QUARANTINE))?;
        for finding in &damaged {
            let name = format!("{}-{}", finding.segment, finding.offset);
            small::put_large(&RealDisk::new(&place), &name, &bytes_of(dir, finding)?)?;
            quarantined.push(name);
        }
        // The directory's own name, before what it keeps is taken from the journal.
        disk.sync_dir().map_err(StoreError::io("sync the directory of", QUARANTINE))?;
    }
    let segments: BTreeSet<SegmentId> =
        scanned.findings.iter().filter_map(|finding| SegmentId::parse(&finding.segment)).collect();
    for id in &segments {
        journal.rewrite(*id)?;
    }
    Ok(Repaired {
        quarantined,
        rewritten: segments.len(),
        missing: journal.tables.missing(MISSING_LISTED_MAX),
        findings: scanned.findings,
    })
}

/// The bytes of a damaged place; empty where the disk gives nothing.
fn bytes_of(dir: &Path, finding: &Finding) -> Result<Vec<u8>, StoreError> {
    use std::io::{Seek, SeekFrom};
    let io = || StoreError::io("read", &finding.segment);
    let mut file = fs::File::open(dir.join(&finding.segment)).map_err(io())?;
    file.seek(SeekFrom::Start(finding.offset)).map_err(io())?;
    let mut bytes = Vec::new();
    // An unreadable sector is why we are here: what can be read is kept.
    let _ = file.take(finding.length.min(SEGMENT_BYTES)).read_to_end(&mut bytes);
    Ok(bytes)
}
