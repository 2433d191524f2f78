//! What can go wrong in the store, each with a sentence for the keeper and what to do.

use std::io;
use std::path::PathBuf;

use commons_core::log::LogKey;

/// Why the store refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk said no while we were doing something.
    #[error("could not {doing} {file}: {source}. Check the disk and the permissions of the data directory")]
    Io {
        /// What was tried, as a verb.
        doing: &'static str,
        /// The file, within the store's directory.
        file: String,
        /// The system's answer.
        source: io::Error,
    },
    /// No room. Nothing acknowledged is lost, reading goes on, and the next commit tries again.
    #[error("no room on the disk for {file} ({bytes} bytes). Nothing acknowledged is lost; posts are accepted again once space is free")]
    Full {
        /// The file that wanted to grow.
        file: String,
        /// How much was asked for.
        bytes: u64,
    },
    /// A sync failed, so nobody knows what is on the disk: only a fresh open can tell.
    #[error("the disk failed to keep a commit, so nothing more is written. Restart commonsd; if it happens again, replace the disk and restore a backup")]
    Broken,
    /// Another process has the store.
    #[error("the store in {} is in use by {}. Stop it first, or talk to it through its socket", dir.display(), holder(.pid))]
    Held {
        /// The store's directory.
        dir: PathBuf,
        /// Who, when it is known.
        pid: Option<u32>,
    },
    /// Written by a later commonsd.
    #[error("this data was written by a newer commonsd (format {found}, this one knows {known}). Nothing was changed; install the newer version again, or restore a backup made by this one")]
    NewerFormat {
        /// What the stamp says.
        found: u32,
        /// The newest this program can read.
        known: u32,
    },
    /// Both copies of the stamp are gone or damaged while there is a journal.
    #[error("the format stamp of the store in {dir} is missing or damaged, in both copies, so its frames cannot be checked. Restore a backup, or put back the file `format`")]
    NoStamp {
        /// Where.
        dir: String,
    },
    /// There is no store to read here.
    #[error("there is no store in {}. Is this the data directory?", .0.display())]
    NoStore(PathBuf),
    /// There is already one where a backup should go.
    #[error("there is already something in {}. Restore into an empty or new directory", .0.display())]
    NotEmpty(PathBuf),
    /// The caller gave more than fits.
    #[error("{what} is {bytes} bytes, at most {bytes_max} are kept")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size.
        bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// More of something than the store keeps.
    #[error("{what}: at most {count_max} are kept")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        count_max: u64,
    },
    /// What was saved to go on from is not whole: everything is folded from the journal instead.
    #[error("{0}")]
    Saved(&'static str),
    /// The batch is already here.
    #[error("batch {number} of {log:?} is already in the store")]
    AlreadyHeld {
        /// Its log.
        log: LogKey,
        /// Its number.
        number: u64,
    },
    /// The batch is not here (never was, was dropped, or its frame was damaged).
    #[error("batch {number} of {log:?} is not in the store")]
    NotHeld {
        /// Its log.
        log: LogKey,
        /// Its number.
        number: u64,
    },
    /// A number so far from the others of its log that the table would be mostly holes.
    #[error("batch {number} of {log:?} is more than {gap_max} away from the others of its log")]
    TooFar {
        /// Its log.
        log: LogKey,
        /// Its number.
        number: u64,
        /// The limit.
        gap_max: u64,
    },
    /// A frame that was good when it was written does not check any more.
    #[error("the journal is damaged at byte {offset} of {segment}. Run `commonsd verify` to see what is concerned, `commonsd repair` to set it aside")]
    Damaged {
        /// The segment's file.
        segment: String,
        /// Where in it.
        offset: u64,
    },
    /// The index for a fast start could not be written.
    #[error("the index could not be saved ({0}). Nothing is lost; the next start reads the whole journal instead")]
    Index(String),
    /// A write to a store opened for reading.
    #[error("the store was opened for reading only")]
    ReadOnly,
    /// A backup that is not one, or not a whole one.
    #[error("{0}")]
    Backup(&'static str),
}

fn holder(pid: &Option<u32>) -> String {
    match pid {
        Some(pid) => format!("process {pid}"),
        None => "another process".to_owned(),
    }
}

impl StoreError {
    /// For `map_err`: an IO error while `doing` something to `file`; a full disk becomes [`StoreError::Full`].
    pub(super) fn io(doing: &'static str, file: &str) -> impl FnOnce(io::Error) -> Self + use<> {
        let file = file.to_owned();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { file, bytes: 0 },
            _ => Self::Io { doing, file, source },
        }
    }
}
