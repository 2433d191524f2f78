//! Export: writes a bundle with what its reader is not known to have.
//!
//! For one gateway, that is what its receipt on the stick does not cover, or, without one, what links have not told of; the bundle holds all of it, so older ones for
//! the same gateway go once the new one is read back. For whoever comes, each export adds what this gateway's bundles on the
//! stick do not hold yet, so together they hold everything; after [`CHAIN_MAX`] of them one whole bundle takes their place.

use std::collections::BTreeMap;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use commons_core::log::LogKey;
use commons_core::sync::{CarryRange, HeadLine};

use super::file::{Content, Manifest, Reader, Writer};
use super::receipt::{forks, Receipt};
use super::stick::{open_plain, Found, Stick, To, BUNDLE, RECEIPT};
use super::{BundleError, Gateway, Progress, Seal, Standing};

/// Bundles of one gateway for whoever comes, before one takes the place of all.
pub const CHAIN_MAX: usize = 16;
/// Ranges asked for at once.
const RANGES_MAX: usize = 64;

/// What an export did.
#[derive(Clone, Debug, Default)]
pub struct Exported {
    /// Where the new bundle is; none if there was nothing new.
    pub path: Option<PathBuf>,
    /// What is in it.
    pub content: Content,
    /// Its bytes.
    pub bytes: u64,
    /// Bundles that were no longer needed.
    pub deleted: usize,
    /// Sentences about what was found.
    pub notes: Vec<String>,
}

/// Writes to a stick.
pub fn to_stick(
    gateway: &mut dyn Gateway,
    stick: &Stick,
    to: To,
    progress: &mut dyn Progress,
) -> Result<Exported, BundleError> {
    let standing = gateway.standing()?;
    let found = stick.look()?;
    let mut exported = Exported { notes: strange(&found), ..Exported::default() };
    let mine = standing.me.short();
    for (from, path) in &found.parts {
        if *from == mine {
            // Of an export that was cut off.
            stick.remove(path)?;
        }
    }
    let kept = own_bundles(stick, &found, &standing, &mut exported.notes);
    let here: Vec<&Kept> = kept.iter().filter(|kept| kept.manifest.to == to.gateway()).collect();
    let receipts = receipts(stick, &found, &standing, &mut exported.notes);
    let written = found.bundles.iter().filter(|named| named.from == mine).map(|named| named.number).max();
    let last = written.unwrap_or(0).max(receipts.get(&standing.me).map_or(0, |receipt| receipt.number));
    let had = match to {
        To::One(id) => match receipts.get(&id) {
            Some(receipt) => {
                let mut had = ends(&receipt.heads);
                // Of what contradicts ours the reader needs one batch to see it.
                for line in receipt.heads.iter().filter(|line| standing.contradicts(line)) {
                    line.log.name.and_then(|log| had.insert(log, line.next - 1));
                }
                had
            }
            None => gateway.told(&id)?,
        },
        To::All if here.len() >= CHAIN_MAX => BTreeMap::new(),
        To::All => together(&here, &standing),
    };
    let knew: BTreeMap<LogKey, [u8; 8]> = match to {
        To::One(id) => receipts.get(&id).map(|receipt| forks(&receipt.heads)).unwrap_or_default(),
        To::All if here.len() >= CHAIN_MAX => BTreeMap::new(),
        To::All => here.iter().flat_map(|kept| forks(&kept.manifest.heads)).collect(),
    };
    let covered = |kept: &Kept| {
        let receipt = kept.manifest.to.and_then(|to| receipts.get(&to));
        receipt.is_some_and(|receipt| receipt.covers(&kept.manifest.heads))
    };
    let folder = stick.folder(&to, &standing.me)?;
    let heads = part(&standing.heads, &had);
    let fresh = heads.iter().any(|line| line.first < line.next)
        || forks(&heads).iter().any(|(log, known)| knew.get(log) != Some(known));
    // What waits already for one gateway need not be written again.
    let waits = matches!(to, To::One(_)) && here.iter().any(|kept| kept.manifest.heads == heads);
    if fresh && !waits {
        let path = folder.join(format!("{}.{BUNDLE}", last + 1));
        let manifest = manifest(&standing, to.gateway(), last + 1, heads);
        let mut part = stick.begin(&path)?;
        progress.begin("writing");
        let content = write(gateway, &manifest, &mut |bytes| part.write(bytes), progress)?;
        progress.end();
        part.end()?;
        let bytes = keeps(&path, &manifest, &content, progress)?;
        (exported.path, exported.content, exported.bytes) = (Some(path), content, bytes);
    }
    // Only now: what is new is there and was read back.
    let whole = here.len() >= CHAIN_MAX || matches!(to, To::One(_));
    for kept in &kept {
        let replaced = exported.path.is_some() && whole && kept.manifest.to == to.gateway();
        if covered(kept) || replaced {
            stick.remove(&kept.path)?;
            exported.deleted += 1;
        }
    }
    leave_receipt(gateway, stick, &standing, last + u64::from(exported.path.is_some()))?;
    Ok(exported)
}

/// Writes everything to one file.
pub fn to_file(
    gateway: &mut dyn Gateway,
    path: &Path,
    to: To,
    progress: &mut dyn Progress,
) -> Result<Exported, BundleError> {
    let standing = gateway.standing()?;
    let stick = Stick::new(path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new(".")));
    let manifest = manifest(&standing, to.gateway(), 1, standing.heads.clone());
    let mut part = stick.begin(path)?;
    progress.begin("writing");
    let content = write(gateway, &manifest, &mut |bytes| part.write(bytes), progress)?;
    progress.end();
    part.end()?;
    let bytes = keeps(path, &manifest, &content, progress)?;
    Ok(Exported { path: Some(path.to_owned()), content, bytes, ..Exported::default() })
}

/// Leaves a receipt: what this gateway has on disk.
pub fn leave_receipt(
    gateway: &mut dyn Gateway,
    stick: &Stick,
    standing: &Standing,
    number: u64,
) -> Result<(), BundleError> {
    let (mut bytes, digest) = Receipt::of(standing, number).encode();
    bytes.extend(gateway.sign(Seal::Receipt, &digest)?.0);
    let path = stick.folder(&To::All, &standing.me)?.join(RECEIPT);
    stick.put(&path, &bytes)
}

/// Receipts that hold, by who left them.
pub fn receipts(
    stick: &Stick,
    found: &Found,
    standing: &Standing,
    notes: &mut Vec<String>,
) -> BTreeMap<commons_core::identity::GatewayId, Receipt> {
    let mut receipts = BTreeMap::new();
    for path in &found.receipts {
        match stick.receipt(path) {
            Ok(receipt) if receipt.network == standing.network => drop(receipts.insert(receipt.from, receipt)),
            Ok(_) => {}
            Err(error) => notes.push(format!("{}: {error}.", path.display())),
        }
    }
    receipts
}

/// What is nothing of ours, in words.
pub fn strange(found: &Found) -> Vec<String> {
    let mut notes: Vec<String> =
        found.strange.iter().map(|name| format!("Left alone, not ours: commons/{name}.")).collect();
    if found.strange_more > 0 {
        notes.push(format!("Left alone, not ours: {} more.", found.strange_more));
    }
    notes
}

/// A bundle of this gateway's own that is whole.
struct Kept {
    path: PathBuf,
    manifest: Manifest,
}

fn own_bundles(stick: &Stick, found: &Found, standing: &Standing, notes: &mut Vec<String>) -> Vec<Kept> {
    let mut kept = Vec::new();
    for named in found.bundles.iter().filter(|named| named.from == standing.me.short()) {
        let read = stick.open(&named.path).and_then(|file| Reader::begin(BufReader::new(file))?.skim(&mut |_| ()));
        match read {
            // Somebody whose id begins alike, or another store of this gateway: its numbers mean other batches.
            Ok((manifest, _)) if manifest.from != standing.me || manifest.store != standing.store => {}
            Ok((manifest, _)) => kept.push(Kept { path: named.path.clone(), manifest }),
            Err(error) => notes.push(format!(
                "{}: {error}. What it held is written again; the file was left as it is.",
                named.path.display()
            )),
        }
    }
    kept
}

fn manifest(
    standing: &Standing,
    to: Option<commons_core::identity::GatewayId>,
    number: u64,
    heads: Vec<HeadLine>,
) -> Manifest {
    Manifest {
        network: standing.network.clone(),
        from: standing.me,
        name: standing.name.clone(),
        to,
        number,
        store: standing.store,
        age: standing.age,
        heads,
    }
}

/// How far each log goes.
fn ends(heads: &[HeadLine]) -> BTreeMap<LogKey, u64> {
    heads.iter().filter_map(|line| Some((line.log.name?, line.next))).collect()
}

/// How far these bundles together hold each log without a hole, from the oldest batch kept here.
fn together(kept: &[&Kept], standing: &Standing) -> BTreeMap<LogKey, u64> {
    let mut had = BTreeMap::new();
    for line in &standing.heads {
        let Some(log) = line.log.name else { continue };
        let mut parts: Vec<(u64, u64)> = kept
            .iter()
            .flat_map(|kept| &kept.manifest.heads)
            .filter(|part| part.log.name == Some(log) && part.first < part.next)
            .map(|part| (part.first, part.next))
            .collect();
        parts.sort_unstable();
        let end =
            parts.into_iter().fold(line.first, |end, (first, next)| if first <= end { end.max(next) } else { end });
        had.insert(log, end);
    }
    had
}

/// The heads of a bundle that leaves out what is had.
fn part(heads: &[HeadLine], had: &BTreeMap<LogKey, u64>) -> Vec<HeadLine> {
    let mut lines = heads.to_vec();
    for line in &mut lines {
        let had = line.log.name.and_then(|log| had.get(&log)).copied().unwrap_or(0);
        line.first = had.clamp(line.first, line.next);
    }
    lines
}

fn write(
    gateway: &mut dyn Gateway,
    manifest: &Manifest,
    put: &mut dyn FnMut(&[u8]) -> Result<(), BundleError>,
    progress: &mut dyn Progress,
) -> Result<Content, BundleError> {
    let ranges = manifest.heads.iter().filter(|line| line.first < line.next);
    let ranges = ranges.filter_map(|line| Some(CarryRange { log: line.log.name?, from: line.first, to: line.next }));
    let mut ranges: Vec<CarryRange> = ranges.collect();
    let left = |ranges: &[CarryRange]| ranges.iter().map(|range| range.to - range.from).sum::<u64>();
    let all = left(&ranges);
    let mut writer = Writer::begin(manifest, put, &mut |digest| gateway.sign(Seal::Bundle, digest))?;
    while !ranges.is_empty() {
        let piece = gateway.carry_out(&ranges[..ranges.len().min(RANGES_MAX)])?;
        if !piece.frame.is_empty() {
            writer.frame(&piece.frame, Content { batches: piece.batches, entries: piece.entries }, put)?;
        }
        let before = left(&ranges);
        ranges.drain(..piece.ranges_done.min(ranges.len()));
        if let Some(first) = ranges.first_mut().filter(|_| piece.next > 0) {
            first.from = piece.next.clamp(first.from, first.to);
        }
        if left(&ranges) >= before {
            return Err(BundleError::Gateway("the gateway gives no batches; look at `commonsd status`".into()));
        }
        progress.at(all - left(&ranges), all);
    }
    // Small, rare, and worth having twice: whoever reads this bundle alone must hear of it.
    for (log, _) in forks(&manifest.heads) {
        let mut place = 0;
        loop {
            let (frame, next) = gateway.carry_fork(&log, place)?;
            if frame.is_empty() || next <= place {
                break;
            }
            writer.frame(&frame, Content::default(), put)?;
            place = next;
        }
    }
    writer.end(put, &mut |digest| gateway.sign(Seal::Bundle, digest))
}

/// Reads a bundle back. Its bytes.
fn keeps(path: &Path, manifest: &Manifest, content: &Content, progress: &mut dyn Progress) -> Result<u64, BundleError> {
    let file = open_plain(path)?;
    let bytes = file.metadata().map_err(BundleError::io("read", path))?.len();
    progress.begin("reading back");
    let read = Reader::begin(BufReader::new(file)).and_then(|reader| reader.skim(&mut |done| progress.at(done, bytes)));
    progress.end();
    match read {
        Ok((read, found)) if read.number == manifest.number && found == *content && read.heads == manifest.heads => {
            Ok(bytes)
        }
        _ => Err(BundleError::NotKept(path.to_owned())),
    }
}
