//! Import: brings bundles into the gateway, whole ones only, and leaves a receipt.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use commons_core::identity::GatewayId;
use commons_core::log::LogKey;
use commons_core::sync::{Frame, FORKS_PER_PEER_MAX};

use super::export::{leave_receipt, receipts, strange};
use super::file::{Manifest, Reader};
use super::receipt::forks;
use super::stick::{open_plain, Stick, FOLDER};
use super::{BundleError, Gateway, Progress, Standing};
use crate::carry::Why;

/// What an import did.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// Entries that are new here, and on disk.
    pub took: u64,
    /// Entries that were here already, or were not taken.
    pub left: u64,
    /// Bundles read.
    pub bundles: usize,
    /// Bundles that held nothing new.
    pub known: usize,
    /// Bundles refused, each with why.
    pub refused: Vec<String>,
    /// The same as causes, for whoever says them in another language.
    pub whys: Vec<Why>,
    /// Who wrote what was taken: names, ids, entries.
    pub writers: BTreeMap<GatewayId, (String, u64)>,
    /// Whose logs were learnt to be forked.
    pub forks: Vec<GatewayId>,
    /// Sentences about what else was found.
    pub notes: Vec<String>,
    /// Why no receipt could be left, if so.
    pub unreceipted: Option<String>,
}

/// From a stick, or a folder with bundles in it.
pub fn from_folder(
    gateway: &mut dyn Gateway,
    stick: &Stick,
    dir: &Path,
    progress: &mut dyn Progress,
) -> Result<Imported, BundleError> {
    let mut imported = Imported::default();
    let mut standing = gateway.standing()?;
    let found = stick.look()?;
    imported.notes = strange(&found);
    let mine = standing.me.short();
    for (from, path) in &found.parts {
        if *from != mine {
            imported.notes.push(format!("Not finished, so not read: {}; export it again there.", path.display()));
        }
    }
    for named in &found.bundles {
        bring(gateway, &mut standing, &named.path, Some(&named.from), &mut imported, progress)?;
    }
    let is_stick = !found.bundles.is_empty() || !found.receipts.is_empty();
    if !is_stick {
        for path in loose(dir)? {
            bring(gateway, &mut standing, &path, None, &mut imported, progress)?;
        }
        if imported.bundles == 0 {
            return Ok(imported);
        }
    }
    if is_stick {
        let last =
            receipts(stick, &found, &standing, &mut imported.notes).get(&standing.me).map_or(0, |own| own.number);
        if let Err(error) = leave_receipt(gateway, stick, &standing, last) {
            imported.unreceipted = Some(error.to_string());
        }
    }
    Ok(imported)
}

/// From one file.
pub fn from_file(gateway: &mut dyn Gateway, path: &Path, progress: &mut dyn Progress) -> Result<Imported, BundleError> {
    let mut imported = Imported::default();
    let mut standing = gateway.standing()?;
    bring(gateway, &mut standing, path, None, &mut imported, progress)?;
    Ok(imported)
}

/// Bundles that lie in a folder without our layout.
fn loose(dir: &Path) -> Result<Vec<PathBuf>, BundleError> {
    const LOOSE_MAX: usize = 4_096;
    if dir.file_name().is_some_and(|name| name == FOLDER) {
        return Ok(Vec::new());
    }
    let mut paths = Vec::new();
    for (count, entry) in fs::read_dir(dir).map_err(BundleError::io("read the folder", dir))?.enumerate() {
        if count >= LOOSE_MAX {
            return Err(BundleError::TooMany(LOOSE_MAX));
        }
        let path = entry.map_err(BundleError::io("read the folder", dir))?.path();
        if path.extension().is_some_and(|ending| ending == super::stick::BUNDLE) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// One bundle. What is wrong with it alone is noted; what is wrong with the gateway ends everything.
fn bring(
    gateway: &mut dyn Gateway,
    standing: &mut Standing,
    path: &Path,
    folder: Option<&str>,
    imported: &mut Imported,
    progress: &mut dyn Progress,
) -> Result<(), BundleError> {
    match bring_one(gateway, standing, path, folder, imported, progress) {
        Ok(()) => Ok(()),
        Err(error @ BundleError::Gateway(_)) => Err(error),
        #[cfg(test)]
        Err(error @ BundleError::CutOff) => Err(error),
        Err(error) => {
            progress.end();
            imported.refused.push(format!("{}: {error}.", path.display()));
            imported.whys.push(error.why());
            // Some of it may have been taken.
            *standing = gateway.standing()?;
            Ok(())
        }
    }
}

fn bring_one(
    gateway: &mut dyn Gateway,
    standing: &mut Standing,
    path: &Path,
    folder: Option<&str>,
    imported: &mut Imported,
    progress: &mut dyn Progress,
) -> Result<(), BundleError> {
    let open = || -> Result<_, BundleError> { Reader::begin(BufReader::new(open_plain(path)?)) };
    let mut reader = open()?;
    let manifest = reader.manifest().clone();
    if folder.is_some_and(|folder| folder != manifest.from.short()) {
        return Err(BundleError::WrongFolder(manifest.from));
    }
    if manifest.network != standing.network {
        return Err(BundleError::OtherNetwork(crate::cli::plain::line(&manifest.network)));
    }
    if manifest.from == standing.me {
        return Ok(());
    }
    imported.bundles += 1;
    if !has_news(&manifest, standing) {
        imported.known += 1;
        return Ok(());
    }
    // Once through, believing nothing; only a bundle that is whole is brought in.
    let bytes = fs::metadata(path).map_err(BundleError::io("read", path))?.len();
    progress.begin(&format!("checking what {} wrote", crate::cli::plain::line(&manifest.name)));
    let (_, content) = open()?.skim(&mut |done| progress.at(done, bytes))?;
    progress.end();
    progress.begin(&format!("taking in what {} wrote", crate::cli::plain::line(&manifest.name)));
    let odd: BTreeSet<LogKey> =
        manifest.heads.iter().filter(|line| standing.contradicts(line)).filter_map(|line| line.log.name).collect();
    let (mut took, mut batches, mut proofs, mut refused) = (0, 0, 0, None);
    while let Some(frame) = reader.frame()? {
        let runs = match Frame::decode(&frame)? {
            Frame::Batches(runs) => runs,
            Frame::Fork { log, .. } => {
                proofs += 1;
                if proofs > FORKS_PER_PEER_MAX {
                    return Err(BundleError::Strange("it holds more proofs of forks than any gateway keeps"));
                }
                let told = manifest.heads.iter().find(|line| line.frozen && line.log.name == Some(log));
                if !told.is_some_and(|line| standing.knows_fork(line)) {
                    refused = refused.or(gateway.carry_in(&manifest.carrier(), &frame)?.refused);
                }
                continue;
            }
            _ => return Err(BundleError::Strange("it holds what is neither batches nor the proof of a fork")),
        };
        if runs.iter().any(|run| run.log.name.is_none()) {
            return Err(BundleError::Strange("it does not name its logs"));
        }
        batches += runs.iter().map(|run| run.parcels.len() as u64).sum::<u64>();
        let news = |log: &LogKey, end| {
            odd.contains(log) || standing.gaps.contains(log) || standing.head(log).is_none_or(|head| end > head.next)
        };
        if runs.iter().any(|run| run.log.name.is_some_and(|log| news(&log, run.from + run.parcels.len() as u64))) {
            let taken = gateway.carry_in(&manifest.carrier(), &frame)?;
            took += taken.entries;
            refused = refused.or(taken.refused);
        }
        progress.at(batches, content.batches);
    }
    progress.end();
    imported.took += took;
    imported.left += content.entries.saturating_sub(took);
    let writer = imported.writers.entry(manifest.from).or_insert_with(|| (manifest.name.clone(), 0));
    writer.1 += took;
    let before = std::mem::replace(standing, gateway.standing()?);
    let known: BTreeSet<LogKey> = forks(&before.heads).into_keys().collect();
    let learnt = forks(&standing.heads).into_keys().filter(|log| !known.contains(log));
    imported.forks.extend(learnt.map(|log| log.gateway));
    refused.map_or(Ok(()), |why| Err(BundleError::Refused(why)))
}

/// Whether it may hold something that is not here.
fn has_news(manifest: &Manifest, standing: &Standing) -> bool {
    manifest.heads.iter().any(|line| {
        if (line.frozen && !standing.knows_fork(line)) || standing.contradicts(line) {
            return true;
        }
        if line.first >= line.next {
            return false;
        }
        let Some(log) = line.log.name else { return true };
        standing.gaps.contains(&log) || standing.head(&log).is_none_or(|head| head.next < line.next)
    })
}
