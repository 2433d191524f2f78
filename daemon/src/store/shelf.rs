//! The shelf: sled, behind a stream of items. The only file that names it.
//!
//! sled 0.34.7 is fast and convenient, and after a power cut or a flipped bit it may lose data, panic in threads of its
//! own, or hang. Merely opening an empty one costs 22 MB of memory that the process never gets back (measured: glibc,
//! 64 bit, whatever the cache and segment size), more than the whole rest of a gateway. So it lives in a helper
//! process for the moments it is needed, is written fresh each time, and is handed over to a pipe.
//!
//! An item on the pipe: tree (1 byte), length of key and of value (4 bytes each), key, value. Tree 0 ends the stream.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use super::frame::le32;

const CACHE_BYTES: u64 = 4 * 1024 * 1024;
/// A key or value on the pipe, at most: a page and its checksum fit.
const PART_BYTES_MAX: usize = 1024 * 1024;

/// One pair and the tree it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item {
    /// From 1.
    pub tree: u8,
    pub key: Vec<u8>,
    pub value: Vec<u8>,
}

/// What sled or its files did wrong.
#[derive(Debug, thiserror::Error)]
pub(super) enum ShelfError {
    #[error("sled: {0}")]
    Sled(#[from] sled::Error),
    #[error("files: {0}")]
    Io(#[from] io::Error),
}

/// Runs the helper process: `save` takes items from standard input, `load` gives them to standard output.
///
/// The caller is `main`, when it is started with these arguments; nothing else of the daemon may run in that process.
pub fn index_helper(action: &str, dir: &Path) -> io::Result<()> {
    match action {
        "save" => save_from(dir, &mut io::stdin().lock()),
        "load" => load_to(dir, &mut io::stdout().lock()),
        _ => Err(io::Error::from(io::ErrorKind::InvalidInput)),
    }
}

fn save_from(dir: &Path, from: &mut dyn Read) -> io::Result<()> {
    let mut from = BufReader::new(from);
    let mut cut = None;
    let mut items = std::iter::from_fn(|| {
        get(&mut from).unwrap_or_else(|e| {
            cut = Some(e);
            None
        })
    });
    save(dir, &mut items).map_err(io::Error::other)?;
    cut.map_or(Ok(()), Err)
}

fn load_to(dir: &Path, to: &mut dyn Write) -> io::Result<()> {
    let mut to = BufWriter::new(to);
    let mut failed = Ok(());
    load(dir, &mut |item| {
        if failed.is_ok() {
            failed = put(&mut to, &item);
        }
    })
    .map_err(io::Error::other)?;
    failed?;
    end(&mut to)?;
    to.flush()
}

/// Puts an item on the pipe.
pub(super) fn put(to: &mut dyn Write, item: &Item) -> io::Result<()> {
    to.write_all(&[item.tree])?;
    to.write_all(&(item.key.len() as u32).to_le_bytes())?;
    to.write_all(&(item.value.len() as u32).to_le_bytes())?;
    to.write_all(&item.key)?;
    to.write_all(&item.value)
}

/// Ends the stream: without this word it is cut short.
pub(super) fn end(to: &mut dyn Write) -> io::Result<()> {
    to.write_all(&[0])
}

/// The next item from the pipe; none at its end.
pub(super) fn get(from: &mut dyn Read) -> io::Result<Option<Item>> {
    let mut tree = [0];
    from.read_exact(&mut tree)?;
    if tree == [0] {
        return Ok(None);
    }
    let mut lengths = [0; 8];
    from.read_exact(&mut lengths)?;
    let mut part = |length: u32| {
        if length as usize > PART_BYTES_MAX {
            return Err(io::Error::from(io::ErrorKind::InvalidData));
        }
        let mut bytes = vec![0; length as usize];
        from.read_exact(&mut bytes)?;
        Ok(bytes)
    };
    let key = part(le32(&lengths))?;
    let value = part(le32(&lengths[4..]))?;
    Ok(Some(Item { tree: tree[0], key, value }))
}

fn open(dir: &Path) -> Result<sled::Db, ShelfError> {
    // Without periodic flushes its garbage collection is off.
    Ok(sled::Config::new().path(dir).cache_capacity(CACHE_BYTES).flush_every_ms(Some(10_000)).open()?)
}

/// Writes a fresh sled to `dir` and makes it durable.
pub(super) fn save(dir: &Path, items: &mut dyn Iterator<Item = Item>) -> Result<(), ShelfError> {
    let db = open(dir)?;
    for item in items {
        db.open_tree([item.tree])?.insert(item.key, item.value)?;
    }
    db.flush()?;
    drop(db);
    sync_all(dir)?;
    Ok(())
}

/// sled never syncs some of its files, and none of its directories.
fn sync_all(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_all(&entry.path())?;
        } else {
            File::open(entry.path())?.sync_all()?;
        }
    }
    File::open(dir)?.sync_all()
}

/// Reads everything in `dir`, trees and keys in order.
pub(super) fn load(dir: &Path, on: &mut dyn FnMut(Item)) -> Result<(), ShelfError> {
    // Or a missing directory would be made, and found empty.
    fs::metadata(dir)?;
    let db = open(dir)?;
    let mut trees: Vec<_> = db.tree_names().into_iter().filter(|name| name.len() == 1).collect();
    trees.sort();
    for tree in trees {
        for pair in &db.open_tree(&tree)? {
            let (key, value) = pair?;
            on(Item { tree: tree[0], key: key.to_vec(), value: value.to_vec() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise the helper process would keep something else than it was given, or take half a stream for a whole one.
    #[test]
    fn the_pipe_gives_back_what_was_put_in() {
        let dir = tempfile::tempdir().unwrap();
        let items: Vec<Item> = (0..500u32)
            .map(|n| Item { tree: 1 + (n / 250) as u8, key: n.to_be_bytes().to_vec(), value: vec![n as u8; 300] })
            .collect();
        let mut pipe = Vec::new();
        items.iter().for_each(|item| put(&mut pipe, item).unwrap());
        assert!(save_from(&dir.path().join("a"), &mut &pipe[..]).is_err());
        end(&mut pipe).unwrap();
        save_from(&dir.path().join("b"), &mut &pipe[..]).unwrap();
        let mut back = Vec::new();
        load_to(&dir.path().join("b"), &mut back).unwrap();
        assert_eq!(back, pipe);
    }
}
