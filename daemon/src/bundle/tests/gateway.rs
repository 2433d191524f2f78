//! A gateway in memory: the real node and sync core, and a table for a store.

use std::collections::BTreeMap;

use commons_core::batch::BatchFault;
use commons_core::clock::{Clock, Now};
use commons_core::identity::{purpose, GatewayId, GatewayKeys, NetworkId, Signature};
use commons_core::log::{Age, Epoch, Held, LogKey};
use commons_core::node::{record_in, Input, Node, Output, Quotas, Setup};
use commons_core::record::Record;
use commons_core::submission::{Sender, Submission};
use commons_core::sync::{
    Action, CarryPiece, CarryRange, Event, Extent, LinkId, Memory, Source, StoreEpoch, Sync, SyncSetup,
};
use commons_core::views::{EntryRef, Library};

use super::super::{BundleError, Carrier, Gateway, Seal, Standing, Taken};
use crate::inbox::CARRIED_BYTES;

#[derive(Default)]
struct Table(BTreeMap<LogKey, BTreeMap<u64, Held>>);

impl Source for Table {
    fn batch(&self, log: &LogKey, number: u64) -> Option<Held> {
        self.0.get(log)?.get(&number).cloned()
    }
    fn extent(&self, log: &LogKey) -> Option<Extent> {
        let held = self.0.get(log)?;
        Some(Extent { first: *held.keys().next()?, next: *held.keys().last()? + 1 })
    }
    fn note(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }
}

struct Shelf<'a>(&'a Table, Vec<LogKey>);

impl Library for Shelf<'_> {
    fn record(&self, at: EntryRef) -> Option<Record> {
        let log = self.1.get(usize::from(at.log))?;
        record_in(&self.0 .0.get(log)?.get(&at.batch.into())?.bytes, at.place)
    }
}

pub struct Site {
    pub name: String,
    pub network: String,
    seed: u8,
    pub node: Node,
    sync: Sync,
    table: Table,
    links: u32,
    now_s: u64,
    pub carried: usize,
    pub told: BTreeMap<GatewayId, BTreeMap<LogKey, u64>>,
}

impl Site {
    pub fn new(seed: u8) -> Self {
        Self::of("maple", seed)
    }

    pub fn of(network: &str, seed: u8) -> Self {
        let keys = GatewayKeys::from_seed(&[seed; 32]);
        let now = Now { uptime_ms: 0, wall_s: 1_795_200_000, synchronised: false };
        let node = Node::new(Setup {
            network: NetworkId::of(network),
            keys,
            epoch: Epoch(seed.into()),
            stewards: Default::default(),
            quotas: Quotas { open_items_per_sender_max: 10_000, items_max: 100_000 },
            clock: Clock::new(Age(0), 1_795_132_800, now),
        });
        let setup = SyncSetup::new(StoreEpoch(seed.into()));
        let sync = Sync::new(setup, &Memory::default(), &node);
        let table = Table::default();
        let name = format!("Gateway {seed}");
        Self {
            name,
            network: network.into(),
            seed,
            node,
            sync,
            table,
            links: 0,
            now_s: 100,
            carried: 0,
            told: BTreeMap::new(),
        }
    }

    pub fn keys(&self) -> GatewayKeys {
        GatewayKeys::from_seed(&[self.seed; 32])
    }

    fn now(&self) -> Now {
        Now { uptime_ms: self.now_s * 1_000, wall_s: 1_795_200_000 + self.now_s, synchronised: false }
    }

    /// Posts a need; one batch.
    pub fn post(&mut self, words: &str) {
        let sender = Sender { key: words.into(), person: words.into(), once: words.into(), exempt: true };
        let submission = Submission::parse("need", words.as_bytes(), sender).unwrap();
        let now = self.now();
        let outputs = self.handle(now, Input::Submit(Box::new(submission)));
        assert!(matches!(&outputs[..], [.., Output::Answer(Ok(_))] | [Output::Answer(Ok(_)), ..]), "{outputs:?}");
        self.commit();
    }

    pub fn post_many(&mut self, prefix: &str, count: usize) {
        (0..count).for_each(|number| self.post(&format!("{prefix} {number}: water and bread for the third floor")));
    }

    /// Drops the oldest batches of its own board, as expiry does.
    pub fn expire(&mut self, count: u64) {
        let me = self.node.id();
        for (log, held) in &mut self.table.0 {
            if log.gateway == me {
                held.retain(|number, _| *number >= count);
            }
        }
    }

    fn handle(&mut self, now: Now, input: Input) -> Vec<Output> {
        let logs = (0..).map_while(|index| self.node.log(index).copied()).collect();
        self.node.handle(now, input, &Shelf(&self.table, logs))
    }

    fn tell(&mut self, event: Event<'_>) -> (Vec<Action>, Age) {
        let age = self.node.age(self.now());
        (self.sync.handle(self.now_s * 1_000, age, event, &self.node, &self.table), age)
    }

    fn perform(&mut self, actions: Vec<Action>, why: &mut Option<String>) {
        let mut todo = std::collections::VecDeque::from(actions);
        while let Some(action) = todo.pop_front() {
            match action {
                Action::Adopt(held) => {
                    let (log, number, now) = (held.log, held.number, self.now());
                    for output in self.handle(now, Input::Batch(held)) {
                        if let Output::BatchRefused(fault) = output {
                            let here = matches!(fault, BatchFault::AlreadyHeld(_));
                            *why = why.take().or_else(|| (!here).then(|| fault.to_string()));
                            todo.extend(self.tell(Event::Refused { log, number, fault }).0);
                        }
                    }
                }
                Action::Close { why: fault, .. } => *why = Some(fault.to_string()),
                Action::Alarm(alarm) => *why = Some(alarm.sentence()),
                Action::Send { .. } | Action::Remember { .. } | Action::Complete { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn commit(&mut self) -> Vec<Held> {
        let now = self.now();
        let sealed = self.node.seal(now);
        for held in &sealed {
            let before = self.table.0.entry(held.log).or_default().insert(held.number, held.clone());
            assert!(before.is_none());
        }
        let (actions, _) = self.tell(Event::Committed { held: &sealed });
        self.perform(actions, &mut None);
        sealed
    }

    pub fn words(&self) -> usize {
        self.node.board().len()
    }
}

impl Gateway for Site {
    fn standing(&mut self) -> Result<Standing, BundleError> {
        let heads = self.sync.carry_heads(&self.node, &self.table);
        let has_gaps = |log: &LogKey| !self.node.gaps(log).is_empty();
        let gaps = heads.iter().filter_map(|line| line.log.name).filter(has_gaps).collect();
        let (store, age) = (StoreEpoch(self.seed.into()), self.node.age(self.now()));
        let (name, network) = (self.name.clone(), self.network.clone());
        Ok(Standing { me: self.node.id(), name, network, store, age, heads, gaps })
    }

    fn told(&mut self, peer: &GatewayId) -> Result<BTreeMap<LogKey, u64>, BundleError> {
        Ok(self.told.get(peer).cloned().unwrap_or_default())
    }

    fn carry_out(&mut self, ranges: &[CarryRange]) -> Result<CarryPiece, BundleError> {
        let age = self.node.age(self.now());
        Ok(self.sync.carry_batches(ranges, CARRIED_BYTES, age, &self.node, &self.table))
    }

    fn carry_fork(&mut self, log: &LogKey, place: u64) -> Result<(Vec<u8>, u64), BundleError> {
        let age = self.node.age(self.now());
        let carried = self.sync.carry_fork(log, place as usize, age, &self.table);
        Ok(carried.map_or((Vec::new(), place), |(frame, next)| (frame, next as u64)))
    }

    fn carry_in(&mut self, from: &Carrier, frame: &[u8]) -> Result<Taken, BundleError> {
        self.carried += 1;
        self.links += 1;
        let link = LinkId(self.links);
        let mut why = None;
        let up = Event::Carried { link, peer: from.gateway, store: from.store, age: from.age };
        for event in [up, Event::Frame { link, bytes: frame }, Event::Down { link }] {
            let (actions, _) = self.tell(event);
            self.perform(actions, &mut why);
        }
        let sealed = self.commit();
        let entries = |held: &Held| commons_core::batch::read_batch(&held.bytes).unwrap().items.len() as u64;
        Ok(Taken { batches: sealed.len() as u64, entries: sealed.iter().map(entries).sum(), refused: why })
    }

    fn sign(&mut self, what: Seal, digest: &[u8; 32]) -> Result<Signature, BundleError> {
        let purpose = match what {
            Seal::Bundle => purpose::BUNDLE,
            Seal::Receipt => purpose::RECEIPT,
        };
        Ok(self.keys().sign(purpose, &NetworkId::of(&self.network), &[digest]))
    }
}
