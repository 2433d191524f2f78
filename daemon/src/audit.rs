//! The ledger of a stopped gateway, read from its journal; and everything about it recomputed from signatures on.

use std::collections::BTreeMap;

use commons_core::batch::{verify_batch, Item};
use commons_core::codec::{read_record, record_id};
use commons_core::identity::{hex, MemberId};
use commons_core::ledger::{Ledger, Said};
use commons_core::log::{Held, Lane};
use serde_json::{json, Value};

use crate::cli::Checkup;
use crate::config::Config;
use crate::founding::{Founding, FoundingError};
use crate::store::Store;
use crate::wall::Wall;

/// The ledger as the daemon folds it at start.
pub fn ledger(config: &Config) -> Result<Ledger, FoundingError> {
    let founding = Founding::open(config, None, false)?;
    let store = Store::open_readonly(&founding.store_dir())?.store;
    let (node, _) = founding.load(&store, Wall::default().now())?;
    Ok(node.ledger().clone())
}

/// Checks every signature in the book, folds it once more from the last entry to the first, and sums every account from the
/// postings. Compares all that with the ledger that was saved for the next start. Tells the first inconsistency, and which
/// checkpoint two gateways agree on.
pub fn verify(config: &Config) -> Result<Checkup, FoundingError> {
    let founding = Founding::open(config, None, false)?;
    let store = Store::open_readonly(&founding.store_dir())?.store;
    let now = Wall::default().now();
    let (node, memory) = founding.fold(&store, now)?;
    let saved = founding.check_saved(&node, &store, now)?;
    let (network, told) = (founding.network_id(), node.ledger());
    let mut book: Vec<Held> = Vec::new();
    store.replay(&mut |held| book.extend((held.log.lane == Lane::Book).then_some(held)))?;
    book.extend(memory.branches().iter().filter(|held| held.log.lane == Lane::Book).cloned());
    let mut first = None;
    let mut again = Ledger::new(network);
    let mut entries = 0_u64;
    for held in book.iter().rev() {
        let verified = verify_batch(&network, &held.log, held.number, &held.prev, &held.bytes);
        let batch = match verified {
            Ok((batch, _)) => batch,
            Err(fault) => {
                first = first.or(Some(format!("Batch {} of log {:?}: {fault}.", held.number, held.log)));
                continue;
            }
        };
        for item in batch.items.iter().rev() {
            let Item::Entry { author, record: bytes, .. } = item else { continue };
            let Ok(record) = read_record(bytes) else { continue };
            entries += 1;
            again.apply(Said {
                id: record_id(&network, &held.log.gateway, author, bytes),
                author: *author,
                gateway: held.log.gateway,
                arrived: held.arrived,
                created: record.created,
                body: &record.body,
            });
        }
    }
    if again.digest() != told.digest() {
        first = first.or(Some("Read backwards, the book gives another ledger: please report this.".into()));
    }
    first = first.or_else(|| sums(told)).or(saved);
    let detail = json!({
        "book_batches": book.len(),
        "book_entries": entries,
        "records": told.records(),
        "waiting": told.waiting(),
        "members": told.members().count(),
        "postings": told.postings().count(),
        "ledger_digest": hex(&told.digest()),
        "checkpoint": agreed(told),
    });
    let well = first.is_none();
    let sentence = first.unwrap_or_else(|| {
        format!(
            "{} records of {} members in {} batches: every signature holds, every account is the sum of its postings, and the sum of all is zero.",
            told.records(),
            told.members().count(),
            book.len()
        )
    });
    let mut sentences = vec![sentence];
    sentences.extend(told.agreed().map(|agreed| {
        let names: Vec<String> = agreed.gateways.iter().map(|gateway| gateway.short()).collect();
        let here = match agreed.digest == told.digest() {
            true => "the ones here".to_owned(),
            false => format!("here are {}", told.records()),
        };
        let (records, digest) = (agreed.records, hex(&agreed.digest[..4]));
        format!("Gateways {} agree on a checkpoint of {records} records ({digest}), {here}.", names.join(", "))
    }));
    Ok(Checkup { well, sentences, detail })
}

/// The checkpoint two gateways agree on, as JSON: null if there is none.
pub fn agreed(ledger: &Ledger) -> Value {
    ledger.agreed().map_or(Value::Null, |agreed| {
        json!({
            "records": agreed.records,
            "digest": hex(&agreed.digest),
            "gateways": agreed.gateways.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "is_present": agreed.digest == ledger.digest(),
        })
    })
}

/// Every account summed again from the postings alone.
fn sums(ledger: &Ledger) -> Option<String> {
    let mut sums: BTreeMap<(MemberId, u8), i64> = BTreeMap::new();
    for posting in ledger.postings() {
        *sums.entry((posting.from, posting.unit.0)).or_default() -= posting.amount.signed();
        *sums.entry((posting.to, posting.unit.0)).or_default() += posting.amount.signed();
    }
    for member in ledger.members() {
        for (unit, balance) in member.balances.iter().enumerate() {
            let sum = sums.get(&(member.id, unit as u8)).copied().unwrap_or(0);
            if sum != balance.settled {
                let (id, unit) = (member.id.short(), &balance.unit);
                return Some(format!("Member {id} has {} of {unit}, but postings of {sum}.", balance.settled));
            }
        }
    }
    None
}
