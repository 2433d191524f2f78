//! Sticks between gateways in memory, on a real file system: carried round, pulled, full, and in bad hands.

mod gateway;
mod hostile;
mod round;

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::export::{self, Exported};
use super::import::{self, Imported};
use super::stick::{Stick, To};
use super::{BundleError, Quiet};
use gateway::Site;

fn export(site: &mut Site, dir: &Path) -> Exported {
    export::to_stick(site, &Stick::new(dir), To::All, &mut Quiet).unwrap()
}

fn import(site: &mut Site, dir: &Path) -> Imported {
    import::from_folder(site, &Stick::new(dir), dir, &mut Quiet).unwrap()
}

/// Every file below a folder, with its bytes.
fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_type().unwrap().is_dir() {
            all.extend(files(&entry.path()));
        } else {
            all.push((entry.path(), fs::read(entry.path()).unwrap_or_default()));
        }
    }
    all.sort();
    all
}

fn bundles(dir: &Path) -> Vec<PathBuf> {
    let all = files(dir).into_iter().map(|(path, _)| path);
    all.filter(|path| path.extension().is_some_and(|ending| ending == "cbundle")).collect()
}

/// A stick that is pulled before step `at`: from then on nothing is done any more.
fn pulled(dir: &Path, at: usize) -> (Stick, Rc<Cell<usize>>) {
    let steps = Rc::new(Cell::new(0));
    let count = steps.clone();
    let step = move |_: &'static str| {
        count.set(count.get() + 1);
        if count.get() > at {
            Err(BundleError::CutOff)
        } else {
            Ok(())
        }
    };
    (Stick::watched(dir, Box::new(step)), steps)
}
