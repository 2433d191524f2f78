//! `verify` and `repair`: everything a stopped gateway's journal claims, recomputed from its bytes.

use std::collections::BTreeMap;

use commons_core::batch::{genesis, verify_batch, Item};
use commons_core::identity::{hex, BatchHash};
use commons_core::log::{Held, LogKey};
use commons_core::node::Input;
use commons_core::views::{EntryRef, Library};
use serde_json::json;

use crate::cli::Checkup;
use crate::config::Config;
use crate::founding::{store_options, Founding, FoundingError};
use crate::store::{self, Store};
use crate::wall::Wall;

/// Sentences about single findings, at most; the count is always told.
const SENTENCES_MAX: usize = 50;

/// What is counted while verifying.
#[derive(Default)]
struct Tally {
    batches: u64,
    entries: u64,
    member_signatures: u64,
    expired: u64,
    faults: u64,
    sentences: Vec<String>,
}

impl Tally {
    fn fault(&mut self, sentence: String) {
        self.faults += 1;
        if self.sentences.len() < SENTENCES_MAX {
            self.sentences.push(sentence);
        }
    }
}

/// Checks every frame, signature, chain, and that the views and the index follow from the log alone.
pub fn verify(config: &Config) -> Result<Checkup, FoundingError> {
    let founding = Founding::open(config, None, false)?;
    let dir = founding.store_dir();
    let audit = store::audit(&dir, &store_options()?)?;
    let mut tally = Tally::default();
    for finding in &audit.findings {
        tally.fault(format!(
            "{}: {} bytes at {} are damaged; `commonsd repair` sets them aside.",
            finding.segment, finding.length, finding.offset
        ));
    }
    for (log, number) in &audit.missing {
        tally.fault(format!("Batch {number} of log {log:?} is missing; a neighbour may have it."));
    }
    for sentence in &audit.index_faults {
        tally.fault(format!("The index disagrees with the journal: {sentence}. The next start rebuilds it."));
    }
    let store = Store::open_readonly(&dir)?.store;
    chains(&founding, &store, &mut tally)?;
    let views = views(&founding, &store, &mut tally)?;
    let well = tally.faults == 0;
    let mut sentences = tally.sentences;
    if tally.faults as usize > SENTENCES_MAX {
        sentences.push(format!("... and {} more.", tally.faults as usize - SENTENCES_MAX));
    }
    if well {
        sentences.push(format!(
            "{} batches with {} entries: every frame, signature and chain holds, and the views follow from them.",
            tally.batches, tally.entries
        ));
    }
    let detail = json!({
        "frames": audit.frames,
        "journal_bytes": audit.bytes,
        "batches": tally.batches,
        "entries": tally.entries,
        "expired_entries": tally.expired,
        "member_signatures": tally.member_signatures,
        "logs": audit.logs.len(),
        "faults": tally.faults,
        "views_digest": views,
    });
    Ok(Checkup { well, sentences, detail })
}

/// Every batch's signatures, and that each log is one chain.
fn chains(founding: &Founding, store: &Store, tally: &mut Tally) -> Result<(), FoundingError> {
    let network = founding.network_id();
    let mut heads: BTreeMap<LogKey, (u64, BatchHash)> = BTreeMap::new();
    store.replay(&mut |held| {
        let Held { log, number, prev, bytes, .. } = held;
        tally.batches += 1;
        let (batch, hash) = match verify_batch(&network, &log, number, &prev, &bytes) {
            Ok(verified) => verified,
            Err(fault) => return tally.fault(format!("Batch {number} of log {log:?}: {fault}.")),
        };
        for item in &batch.items {
            match item {
                Item::Entry { signature, .. } => {
                    tally.entries += 1;
                    tally.member_signatures += u64::from(signature.is_some());
                }
                Item::HashOnly(_) => tally.expired += 1,
            }
        }
        let expected = match heads.get(&log) {
            Some((last, hash)) if last + 1 == number => Some(*hash),
            None if number == 0 => Some(genesis(&network, &log)),
            // A gap is reported as missing; a log may also begin late, after expiry.
            _ => None,
        };
        if expected.is_some_and(|expected| expected != prev) {
            tally.fault(format!("Batch {number} of log {log:?} does not follow from the batch before it."));
        }
        heads.insert(log, (number, hash));
    })?;
    Ok(())
}

struct NoWords;

impl Library for NoWords {
    fn record(&self, _: EntryRef) -> Option<commons_core::record::Record> {
        None
    }
}

/// The views folded from the whole journal, and once more log by log: they must agree, and what was saved of them to go on from must
/// too. Returns their digest.
fn views(founding: &Founding, store: &Store, tally: &mut Tally) -> Result<String, FoundingError> {
    let now = Wall::default().now();
    let (arrived, memory) = founding.fold(store, now)?;
    founding.check_saved(&arrived, store, now)?.into_iter().for_each(|sentence| tally.fault(sentence));
    let mut by_log = founding.node(store, now)?;
    for extent in store.logs().into_iter().rev() {
        for number in extent.first..extent.next {
            if !store.holds(&extent.log, number) {
                continue;
            }
            if let Err(fault) = by_log.load(store.read(&extent.log, number)?) {
                tally.fault(format!("Batch {number} of log {:?} cannot be folded: {fault}.", extent.log));
            }
        }
    }
    for held in memory.branches() {
        if let Err(fault) = by_log.load_branch(held.clone()) {
            tally.fault(format!("Batch {} of the forked log {:?} cannot be folded: {fault}.", held.number, held.log));
        }
    }
    by_log.loaded(now);
    by_log.handle(now, Input::Tick, &NoWords);
    if arrived.views_digest() != by_log.views_digest() {
        tally.fault("The views depend on the order in which the log is read: please report this.".into());
    }
    Ok(hex(&arrived.views_digest()))
}

/// Sets damaged pieces aside and says what was lost. The index is rebuilt at the next start.
pub fn repair(config: &Config) -> Result<Checkup, FoundingError> {
    let founding = Founding::open(config, None, false)?;
    let repaired = store::repair(&founding.store_dir())?;
    let mut sentences = Vec::new();
    for finding in &repaired.findings {
        sentences.push(format!(
            "{}: {} damaged bytes at {} were set aside.",
            finding.segment, finding.length, finding.offset
        ));
    }
    for (log, number) in &repaired.missing {
        sentences.push(format!("Batch {number} of log {log:?} was lost here; a neighbour may have it."));
    }
    sentences.truncate(SENTENCES_MAX);
    if repaired.findings.is_empty() {
        sentences.push("Nothing was damaged.".into());
    } else {
        // What was lost at the end of an own log shows nowhere: going on under the old numbers could fork it.
        let mut founding = founding;
        founding.new_epoch()?;
        sentences.push("The gateway goes on in a new epoch of its logs.".into());
    }
    let check = verify(config)?;
    sentences.extend(check.sentences);
    let detail = json!({
        "damaged": repaired.findings.len(),
        "quarantined": repaired.quarantined,
        "segments_rewritten": repaired.rewritten,
        "missing": repaired.missing.len(),
        "verify": check.detail,
    });
    // Batches that are gone are told, but nothing here can bring them back: what can be mended is.
    let well = check.well || (!repaired.missing.is_empty() && check.detail["faults"] == repaired.missing.len());
    Ok(Checkup { well, sentences, detail })
}
