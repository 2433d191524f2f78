//! The few things the store asks of a disk, as a trait, so that the very code that runs on a block's router also runs
//! on the simulated disk of the power-cut trials.
//!
//! One flat directory of files. Nothing here is durable until it is synced: file contents by [`DiskFile::sync`], names
//! (created, renamed, removed) by [`Disk::sync_dir`].

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A directory of files.
pub trait Disk {
    /// An open file.
    type File: DiskFile;

    /// Names of all plain files.
    fn list(&self) -> io::Result<Vec<String>>;
    /// Opens an existing file for reading and writing.
    fn open(&self, name: &str) -> io::Result<Self::File>;
    /// Creates an empty file, or empties the one that is there.
    fn create(&self, name: &str) -> io::Result<Self::File>;
    /// Gives a file another name, replacing what had it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a name.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes names durable.
    fn sync_dir(&self) -> io::Result<()>;
    /// Where this is, for messages.
    fn place(&self) -> String;

    /// The whole of a small file; none when there is none. At most `bytes_max` bytes are read.
    fn read(&self, name: &str, bytes_max: usize) -> io::Result<Option<Vec<u8>>> {
        let file = match self.open(name) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(e),
        };
        let mut bytes = vec![0; (file.len()? as usize).min(bytes_max)];
        let read = file.read_at(&mut bytes, 0)?;
        bytes.truncate(read);
        Ok(Some(bytes))
    }
}

/// An open file of a [`Disk`].
pub trait DiskFile {
    /// Its length in bytes.
    fn len(&self) -> io::Result<u64>;
    /// Fills `buffer` from `offset`; fewer bytes only at the end of the file.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
    /// Writes all of `bytes`, growing the file as needed.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Contents and length are on the device when this returns (fdatasync).
    fn sync(&self) -> io::Result<()>;
}

/// A directory of the real file system. Files are private to the daemon's user (0600).
#[derive(Clone, Debug)]
pub struct RealDisk {
    dir: PathBuf,
    writable: bool,
}

impl RealDisk {
    /// On `dir`, which exists.
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), writable: true }
    }

    /// On `dir`, opening files for reading only.
    pub fn read_only(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), writable: false }
    }
}

impl Disk for RealDisk {
    type File = File;

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                // A name that is not text is not ours.
                names.extend(entry.file_name().into_string());
            }
        }
        Ok(names)
    }

    fn open(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().read(true).write(self.writable).open(self.dir.join(name))
    }

    fn create(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(self.dir.join(name))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.dir.join(from), self.dir.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.dir.join(name))
    }

    fn sync_dir(&self) -> io::Result<()> {
        File::open(&self.dir)?.sync_all()
    }

    fn place(&self) -> String {
        self.dir.display().to_string()
    }
}

impl DiskFile for File {
    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut done = 0;
        while done < buffer.len() {
            match FileExt::read_at(self, &mut buffer[done..], offset + done as u64) {
                Ok(0) => break,
                Ok(n) => done += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(done)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.write_all_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}
