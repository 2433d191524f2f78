//! The library lane: documents that an archive brings on sticks, kept and passed on by those who want that lane.

use commons_core::batch::{genesis, seal_batch, Item};
use commons_core::clock::Interval;
use commons_core::codec::{encode_record, Author};
use commons_core::identity::{BatchHash, GatewayKeys};
use commons_core::log::{Age, Epoch, Lane, LogKey};
use commons_core::record::{Body, Line, Mark, Record, Stock, RECORD_VERSION};
use commons_core::sync::frame::{LogRef, Parcel, Run};
use commons_core::sync::{Event, Frame, LinkId, StoreEpoch};

use super::site::{Kind, START_S};
use super::world::World;

/// Documents in one batch, at most.
const DOCUMENTS_MAX: u64 = 60;
/// Numbers of visits by hand, above those of links.
const VISITS: u32 = 1 << 30;
/// No gateway of the neighbourhood has this key.
const ARCHIVE_SEED: [u8; 32] = [0xA7; 32];

/// What an archive somewhere has published.
#[derive(Default)]
pub struct Archive {
    /// Its batches, each with the hash before it.
    batches: Vec<(BatchHash, Vec<u8>)>,
    last: Option<BatchHash>,
    visits: u32,
}

impl World {
    /// Somebody comes by with a stick.
    pub(super) fn bring_documents(&mut self) {
        if !self.plan.library || !self.dice.once_in(6) {
            return;
        }
        let wants = |at: &usize| self.sites[*at].run.is_some() && self.sites[*at].setup.interests.has(Lane::Library);
        let readers: Vec<usize> = (0..self.sites.len()).filter(wants).collect();
        if readers.is_empty() {
            return;
        }
        let at = self.dice.pick(&readers);
        if self.archive.batches.is_empty() || self.dice.once_in(2) {
            self.publish();
        }
        let keys = GatewayKeys::from_seed(&ARCHIVE_SEED);
        let log = LogKey { gateway: keys.id(), lane: Lane::Library, epoch: Epoch(1) };
        // Not every stick has the beginning.
        let from = if self.dice.once_in(4) { self.dice.below(self.archive.batches.len() as u64) } else { 0 };
        let parcels = self.archive.batches[from as usize..].iter();
        let parcels: Vec<Parcel<'_>> = parcels.map(|(_, bytes)| Parcel { spent_s: 0, bytes }).collect();
        let (count, prev) = (parcels.len(), Some(self.archive.batches[from as usize].0));
        let name = LogRef { index: 0, name: Some(log) };
        let frame = Frame::Batches(vec![Run { log: name, live: false, hops: 0, from, prev, parcels }]).encode();
        self.archive.visits += 1;
        let link = LinkId(VISITS + self.archive.visits);
        self.say(|| format!("somebody brings {count} batches of documents to {at}, from {from}"));
        self.event(at, Event::Carried { link, peer: keys.id(), store: StoreEpoch(1), age: Age(1) });
        self.event(at, Event::Frame { link, bytes: &frame });
        self.event(at, Event::Down { link });
    }

    fn publish(&mut self) {
        let keys = GatewayKeys::from_seed(&ARCHIVE_SEED);
        let log = LogKey { gateway: keys.id(), lane: Lane::Library, epoch: Epoch(1) };
        let (number, network) = (self.archive.batches.len() as u64, self.network);
        let records: Vec<Vec<u8>> = (0..1 + self.dice.below(DOCUMENTS_MAX))
            .map(|document| {
                let line = Line { item: format!("{number}.{document}"), unit: "page".into(), milli: 1_000 };
                let (place, source) = ("library".into(), "w".repeat(64));
                let stock = Stock { place, line, source, best_before: None, reference: String::new() };
                let mark = Mark { sender: 0, content: document };
                encode_record(&Record { version: RECORD_VERSION, created: START_S, mark, body: Body::StockIn(stock) })
            })
            .collect();
        let items: Vec<Item<'_>> =
            records.iter().map(|record| Item::Entry { author: Author::Guest, record, signature: None }).collect();
        let prev = self.archive.last.unwrap_or_else(|| genesis(&network, &log));
        let received = Interval { lo: START_S, hi: None };
        let (bytes, hash) = seal_batch(&keys, &network, &log, number, &prev, received, &items);
        self.archive.batches.push((prev, bytes));
        self.archive.last = Some(hash);
    }

    /// Whether a log of this lane comes from one machine to another: the library only along those who want it.
    pub(super) fn shelves_joined(&self, log: &LogKey, one: usize, other: usize) -> bool {
        if log.lane != Lane::Library {
            return true;
        }
        let wants = |at: usize| {
            let site = &self.sites[at];
            site.setup.interests.has(Lane::Library) && site.kind == Kind::Honest && site.run.is_some()
        };
        if !wants(one) || !wants(other) {
            return false;
        }
        let mut reached = vec![one];
        let mut place = 0;
        while let Some(at) = reached.get(place).copied() {
            let ways = self.edges.iter().filter(|way| way.open && !way.gone && way.ends.contains(&at));
            for end in ways.flat_map(|way| way.ends) {
                if wants(end) && !reached.contains(&end) {
                    reached.push(end);
                }
            }
            place += 1;
        }
        reached.contains(&other)
    }

    /// Who does not want documents has none.
    pub(super) fn check_library(&mut self) {
        let has = |at: &usize| {
            let site = &self.sites[*at];
            !site.setup.interests.has(Lane::Library) && site.disk.logs.keys().any(|log| log.lane == Lane::Library)
        };
        if let Some(at) = (0..self.sites.len()).find(has) {
            self.fail("only lanes that are wanted come", format!("{at} has documents"));
        }
    }
}
