//! The folder on the stick: what lies in it, and every step that changes it.
//!
//! Nothing is followed out of it: links and special files are named and left alone. A file gets its name only when its
//! bytes are synced, and the folder is synced after. Names fit FAT: ASCII, no colon, nothing but letters, digits, dots and
//! dashes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use commons_core::identity::GatewayId;

use super::receipt::{Receipt, RECEIPT_BYTES_MAX};
use super::BundleError;

/// The folder on the stick.
pub const FOLDER: &str = "commons";
/// What people read.
pub const NOTE: &str = "LAST-EXCHANGE.txt";
/// The ending of a bundle's name.
pub const BUNDLE: &str = "cbundle";
/// A receipt's name.
pub const RECEIPT: &str = "have.creceipt";
/// The ending of what is not finished.
pub const PART: &str = "part";
/// Files and folders looked at, at most.
const ENTRIES_MAX: usize = 4_096;
/// Strange files named, at most.
const STRANGE_MAX: usize = 20;
/// Bytes written in one step.
const WRITE_BYTES: usize = 64 * 1024;

/// For whom a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum To {
    /// Whoever comes.
    All,
    /// One gateway.
    One(GatewayId),
}

impl To {
    /// The folder's name.
    pub fn folder(&self) -> String {
        match self {
            Self::All => "to-all".into(),
            Self::One(id) => format!("to-{}", id.short()),
        }
    }

    /// Whom exactly.
    pub fn gateway(&self) -> Option<GatewayId> {
        match self {
            Self::All => None,
            Self::One(id) => Some(*id),
        }
    }
}

/// A bundle by its name; what is in it is not known yet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// The first digits of its writer.
    pub from: String,
    /// The folder it is in: `to-...`.
    pub to: String,
    /// Its number.
    pub number: u64,
    /// Where it is.
    pub path: PathBuf,
}

/// What lies in the folder.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Bundles, by writer and number.
    pub bundles: Vec<Named>,
    /// Receipts.
    pub receipts: Vec<PathBuf>,
    /// Unfinished files, with the first digits of who began them.
    pub parts: Vec<(String, PathBuf)>,
    /// What is nothing of ours, relative to the folder; the first of it.
    pub strange: Vec<String>,
    /// And how many more.
    pub strange_more: usize,
}

/// A step that is about to be made.
pub type Step = Box<dyn Fn(&'static str) -> Result<(), BundleError>>;

/// The folder. Every change goes through here.
pub struct Stick {
    root: PathBuf,
    step: Option<Step>,
}

impl Stick {
    /// The folder in `dir`, which is there. A path to the folder itself will do too.
    pub fn new(dir: &Path) -> Self {
        let is_it = dir.file_name().is_some_and(|name| name == FOLDER);
        Self { root: if is_it { dir.to_owned() } else { dir.join(FOLDER) }, step: None }
    }

    /// Asks before each step whether it may be made.
    #[cfg(test)]
    pub fn watched(dir: &Path, step: Step) -> Self {
        Self { step: Some(step), ..Self::new(dir) }
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn step(&self, what: &'static str) -> Result<(), BundleError> {
        self.step.as_ref().map_or(Ok(()), |step| step(what))
    }

    /// What lies in it; nothing if it is not there.
    pub fn look(&self) -> Result<Found, BundleError> {
        let mut found = Found::default();
        let mut left = ENTRIES_MAX;
        let mut tops = match self.list(&self.root, &mut left) {
            Ok(tops) => tops,
            Err(BundleError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(found),
            Err(error) => return Err(error),
        };
        tops.sort();
        for (to, is_dir) in tops {
            let top = self.root.join(&to);
            if to == NOTE && !is_dir {
                continue;
            }
            if !is_dir || !is_folder(&to, "to-") {
                found.strange(&to);
                continue;
            }
            for (from, is_dir) in self.list(&top, &mut left)? {
                let folder = top.join(&from);
                if !is_dir || !is_folder(&from, "from-") || from == "from-all" {
                    found.strange(&format!("{to}/{from}"));
                    continue;
                }
                let writer = from["from-".len()..].to_owned();
                for (name, is_dir) in self.list(&folder, &mut left)? {
                    let path = folder.join(&name);
                    let number = name.strip_suffix(".cbundle").and_then(number);
                    match number {
                        _ if is_dir => found.strange(&format!("{to}/{from}/{name}")),
                        Some(number) => {
                            found.bundles.push(Named { from: writer.clone(), to: to.clone(), number, path });
                        }
                        None if name == RECEIPT && to == "to-all" => found.receipts.push(path),
                        None if name.ends_with(".part") => found.parts.push((writer.clone(), path)),
                        None => found.strange(&format!("{to}/{from}/{name}")),
                    }
                }
            }
        }
        found.bundles.sort();
        Ok(found)
    }

    /// Names in a folder, and whether each is a real folder. What is neither file nor folder comes as a name with a slash.
    fn list(&self, dir: &Path, left: &mut usize) -> Result<Vec<(String, bool)>, BundleError> {
        let io = || BundleError::io("read the folder", dir);
        if !fs::symlink_metadata(dir).map_err(io())?.is_dir() {
            return Err(BundleError::Io {
                doing: "read the folder",
                path: dir.to_owned(),
                source: io::Error::other("it is a link or no folder; such things are not followed"),
            });
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(dir).map_err(io())? {
            *left = left.checked_sub(1).ok_or(BundleError::TooMany(ENTRIES_MAX))?;
            let entry = entry.map_err(io())?;
            let kind = entry.file_type().map_err(io())?;
            let name = entry.file_name().to_string_lossy().into_owned();
            match kind {
                kind if kind.is_dir() => names.push((name, true)),
                kind if kind.is_file() => names.push((name, false)),
                // It looks like nothing of ours, so it is named and left alone.
                _ => names.push((format!("{name} (a link or special file)"), false)),
            }
        }
        names.sort();
        Ok(names)
    }

    /// Opens a plain file for reading.
    pub fn open(&self, path: &Path) -> Result<File, BundleError> {
        open_plain(path)
    }

    /// A receipt.
    pub fn receipt(&self, path: &Path) -> Result<Receipt, BundleError> {
        let mut bytes = Vec::new();
        let file = open_plain(path)?;
        file.take(RECEIPT_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(BundleError::io("read", path))?;
        Receipt::decode(&bytes)
    }

    /// The place of a gateway's own files for somebody; made if it is not there.
    pub fn folder(&self, to: &To, from: &GatewayId) -> Result<PathBuf, BundleError> {
        let top = self.root.join(to.folder());
        let folder = top.join(format!("from-{}", from.short()));
        let mut parent = self.root.parent().unwrap_or(Path::new("."));
        for each in [&self.root, &top, &folder] {
            match fs::symlink_metadata(each) {
                Ok(found) if found.is_dir() => {}
                Ok(_) => {
                    return Err(BundleError::Io {
                        doing: "write into",
                        path: each.clone(),
                        source: io::Error::other("it is a link or no folder; such things are not followed"),
                    })
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    self.step("make a folder")?;
                    fs::create_dir(each).map_err(BundleError::io("make the folder", each))?;
                    self.sync_folder(parent)?;
                }
                Err(error) => return Err(BundleError::io("look at", each)(error)),
            }
            parent = each;
        }
        Ok(folder)
    }

    /// Begins a file under its unfinished name.
    pub fn begin(&self, path: &Path) -> Result<Part<'_>, BundleError> {
        let mut part = path.as_os_str().to_owned();
        part.push(".");
        part.push(PART);
        let part = PathBuf::from(part);
        self.step("create a file")?;
        // Not through a link that somebody laid there.
        match fs::remove_file(&part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(BundleError::io("write", &part)(error))
            }
            _ => {}
        }
        let file = OpenOptions::new().write(true).create_new(true).open(&part);
        let file = file.map_err(BundleError::io("write", &part))?;
        Ok(Part { stick: self, file, part, path: path.to_owned(), waiting: Vec::new() })
    }

    /// Writes a small file whole.
    pub fn put(&self, path: &Path, bytes: &[u8]) -> Result<(), BundleError> {
        let mut part = self.begin(path)?;
        part.write(bytes)?;
        part.end()
    }

    /// Removes a file. Whoever calls it knows that nothing is lost.
    pub fn remove(&self, path: &Path) -> Result<(), BundleError> {
        self.step("remove a file")?;
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(BundleError::io("remove", path)(error)),
            _ => self.sync_folder(path.parent().unwrap_or(Path::new("."))),
        }
    }

    fn sync_folder(&self, dir: &Path) -> Result<(), BundleError> {
        self.step("sync a folder")?;
        let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        match File::open(dir).and_then(|dir| dir.sync_all()) {
            // Some file systems (over a network, in user space) cannot sync a folder; they do it by themselves.
            Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
            synced => synced.map_err(BundleError::io("sync the folder", dir)),
        }
    }
}

/// A file being written.
pub struct Part<'a> {
    stick: &'a Stick,
    file: File,
    part: PathBuf,
    path: PathBuf,
    waiting: Vec<u8>,
}

impl Part<'_> {
    /// Appends bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), BundleError> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= WRITE_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), BundleError> {
        self.stick.step("write")?;
        self.file.write_all(&self.waiting).map_err(BundleError::io("write", &self.part))?;
        self.waiting.clear();
        Ok(())
    }

    /// Syncs it and gives it its name. Dropped before, it is removed.
    pub fn end(mut self) -> Result<(), BundleError> {
        self.flush()?;
        self.stick.step("sync a file")?;
        self.file.sync_all().map_err(BundleError::io("sync", &self.part))?;
        self.stick.step("rename")?;
        fs::rename(&self.part, &self.path).map_err(BundleError::io("rename", &self.part))?;
        self.stick.sync_folder(self.path.parent().unwrap_or(Path::new(".")))
    }
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        // After the rename there is none. On a full stick this is what gives the room back.
        if self.stick.step("remove a file").is_ok() {
            let _ = fs::remove_file(&self.part);
        }
    }
}

impl Found {
    fn strange(&mut self, name: &str) {
        if self.strange.len() < STRANGE_MAX {
            self.strange.push(name.to_owned());
        } else {
            self.strange_more += 1;
        }
    }
}

/// Opens a file that is no link and nothing special.
pub fn open_plain(path: &Path) -> Result<File, BundleError> {
    let seen = fs::symlink_metadata(path).map_err(BundleError::io("read", path))?;
    if !seen.is_file() {
        return Err(BundleError::NotPlain);
    }
    File::open(path).map_err(BundleError::io("read", path))
}

/// `to-` or `from-` and 8 hex digits or `all`.
fn is_folder(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|rest| {
        rest == "all" || rest.len() == 8 && rest.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// A number as it is written in names: no sign, no zeros in front.
fn number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number > 0 && number < u64::MAX && number.to_string() == text).then_some(number)
}
