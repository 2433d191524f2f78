//! A network in memory: gateways with their stores, links that carry frames one at a time, an explicit commit.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use commons_core::clock::{Clock, Now};
use commons_core::identity::{GatewayId, GatewayKeys, NetworkId};
use commons_core::log::{Age, Epoch, Held, LogKey};
use commons_core::node::{record_in, Input, Node, Output, Quotas, Setup};
use commons_core::receipt::Outcome;
use commons_core::record::Record;
use commons_core::submission::Submission;
use commons_core::sync::*;
use commons_core::views::{EntryRef, Library};

use super::{sender, START_S};

/// What survives a power cut.
#[derive(Clone, Default)]
pub struct Disk {
    pub journal: Vec<Held>,
    pub logs: BTreeMap<LogKey, BTreeMap<u64, Held>>,
    pub notes: BTreeMap<Vec<u8>, Vec<u8>>,
    pub age: Age,
    pub epoch: u32,
    pub store: u64,
}

impl Disk {
    pub fn put(&mut self, held: Held) {
        let old = self.logs.entry(held.log).or_default().insert(held.number, held.clone());
        assert!(old.is_none(), "{:?} {} was stored twice", held.log, held.number);
        self.journal.push(held);
    }

    /// Takes batches out, as expiry does.
    pub fn drop_before(&mut self, log: &LogKey, number: u64) {
        self.journal.retain(|held| held.log != *log || held.number >= number);
        if let Some(held) = self.logs.get_mut(log) {
            held.retain(|each, _| *each >= number);
        }
    }
}

impl Source for Disk {
    fn batch(&self, log: &LogKey, number: u64) -> Option<Held> {
        self.logs.get(log)?.get(&number).cloned()
    }
    fn extent(&self, log: &LogKey) -> Option<Extent> {
        let held = self.logs.get(log)?;
        Some(Extent { first: *held.keys().next()?, next: *held.keys().last()? + 1 })
    }
    fn note(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.notes.get(key).cloned()
    }
}

struct Shelf<'a>(&'a Disk, Vec<LogKey>);

impl Library for Shelf<'_> {
    fn record(&self, at: EntryRef) -> Option<Record> {
        let log = self.1.get(usize::from(at.log))?;
        record_in(&self.0.logs.get(log)?.get(&at.batch.into())?.bytes, at.place)
    }
}

pub struct Site {
    pub seed: u8,
    pub node: Node,
    pub sync: Sync,
    pub disk: Disk,
    pub setup: SyncSetup,
    pub alarms: Vec<Alarm>,
    pub faults: Vec<(u32, Fault)>,
    pub complete: Vec<GatewayId>,
    pub refused: usize,
    new_epoch: bool,
    again: Vec<Held>,
    started_ms: u64,
}

/// One link between two sites; what is on it is lost when it is cut.
pub struct Wire {
    pub ends: [usize; 2],
    pub queues: [VecDeque<(Vec<u8>, bool)>; 2],
    /// Frames and their bytes, by direction and kind.
    pub sent: [BTreeMap<u8, (u64, u64)>; 2],
    pub hello_bytes: [usize; 2],
}

pub struct Mesh {
    pub sites: Vec<Site>,
    pub wires: BTreeMap<u32, Wire>,
    pub now_ms: u64,
    next_link: u32,
    /// Starts, all together.
    lives: u64,
    /// Milliseconds that each frame takes.
    pub frame_ms: u64,
    /// Links that carry nothing before this time, and how long each frame takes there.
    pub slow: BTreeMap<u32, (u64, u64)>,
    pub frame_max: usize,
}

pub fn id_of(seed: u8) -> GatewayId {
    GatewayKeys::from_seed(&[seed; 32]).id()
}

fn now(now_ms: u64) -> Now {
    Now { uptime_ms: now_ms, wall_s: START_S + now_ms / 1_000, synchronised: true }
}

fn start(seed: u8, disk: &Disk, setup: &SyncSetup, now_ms: u64) -> (Node, Sync) {
    let mut node = Node::new(Setup {
        network: NetworkId::of("test"),
        keys: GatewayKeys::from_seed(&[seed; 32]),
        epoch: Epoch(disk.epoch),
        stewards: BTreeSet::new(),
        quotas: Quotas { open_items_per_sender_max: 1_000_000, items_max: 1_000_000 },
        clock: Clock::new(disk.age, START_S, now(now_ms)),
    });
    let memory = Memory::read(disk.notes.iter().map(|(key, value)| (key.as_slice(), value.as_slice())));
    memory.gaps().for_each(|(log, gaps)| node.set_gaps(log, gaps));
    memory.frozen().for_each(|(log, from)| node.freeze(log, from));
    for held in &disk.journal {
        node.load(held.clone()).expect("own journal loads");
    }
    for held in memory.branches() {
        node.load_branch(held.clone()).expect("own notes load");
    }
    node.loaded(now(now_ms));
    let sync = Sync::new(setup.clone(), &memory, &node);
    (node, sync)
}

impl Mesh {
    /// So many gateways, all paired with each other, none linked.
    pub fn new(count: u8) -> Self {
        let peers: BTreeSet<GatewayId> = (1..=count).map(id_of).collect();
        let site = |seed: u8| {
            let disk = Disk { epoch: u32::from(seed) * 100, store: u64::from(seed) * 1_000, ..Disk::default() };
            let setup = SyncSetup { peers: peers.clone(), ..SyncSetup::new(StoreEpoch(disk.store)) };
            let (node, sync) = start(seed, &disk, &setup, 0);
            Site {
                seed,
                node,
                sync,
                disk,
                setup,
                alarms: Vec::new(),
                faults: Vec::new(),
                complete: Vec::new(),
                refused: 0,
                new_epoch: false,
                again: Vec::new(),
                started_ms: 0,
            }
        };
        let sites = (1..=count).map(site).collect();
        Self {
            sites,
            wires: BTreeMap::new(),
            now_ms: 0,
            next_link: 1,
            lives: 0,
            frame_ms: 0,
            slow: BTreeMap::new(),
            frame_max: FRAME_BYTES_MAX,
        }
    }

    fn age(&self, at: usize) -> Age {
        self.sites[at].node.age(now(self.now_ms))
    }

    /// Links two sites for as long as they have something to say.
    pub fn visit(&mut self, a: usize, b: usize) {
        let link = self.link(a, b);
        self.settle();
        self.cut(link);
    }

    /// Posts so many offers at a site, each with its number.
    pub fn post_all(&mut self, at: usize, count: usize, text: &str) {
        (0..count).for_each(|n| drop(self.post(at, "offer", &format!("{text} {n}"))));
    }

    /// What a gateway posted before two parts of it went on with the same card, which its neighbours have.
    pub fn post_before(&mut self, links: &[u32]) {
        self.post_all(0, 3, "before");
        self.settle();
        links.iter().for_each(|link| self.cut(*link));
    }

    /// The card of the first gateway is copied, and both boards write its first batch; the second gateway has the one, the third
    /// the other. The place of the copy among the sites.
    pub fn fork_from_the_first(&mut self) -> usize {
        let twin = self.copy(0);
        self.post(0, "offer", "one");
        self.post(twin, "offer", "other");
        self.visit(0, 1);
        self.visit(twin, 2);
        twin
    }

    /// All these show so many items, and nobody is at fault.
    pub fn assert_shown(&self, at: impl IntoIterator<Item = usize>, count: usize) {
        for at in at {
            assert_eq!(self.sites[at].node.board().len(), count, "at {at}");
        }
        assert!(self.sites.iter().all(|site| site.faults.is_empty()));
    }

    /// Whether a keeper was told that a log is forked.
    pub fn is_told_of_a_fork(&self, at: usize) -> bool {
        self.sites[at].alarms.iter().any(|alarm| matches!(alarm, Alarm::Forked { .. }))
    }

    /// What a site would prove a fork with.
    pub fn fork_frame(&self, at: usize, log: &LogKey) -> Vec<u8> {
        let Site { sync, disk, .. } = &self.sites[at];
        sync.carry_fork(log, 0, self.age(at), disk).expect("a proof").0
    }

    /// Links two sites.
    pub fn link(&mut self, a: usize, b: usize) -> u32 {
        let link = self.next_link;
        self.next_link += 1;
        let (from_a, from_b) = (self.hello(a, b), self.hello(b, a));
        let wire = Wire {
            ends: [a, b],
            queues: Default::default(),
            sent: Default::default(),
            hello_bytes: [from_a.encode().len(), from_b.encode().len()],
        };
        self.wires.insert(link, wire);
        for (at, other, hello) in [(a, b, from_b), (b, a, from_a)] {
            let peer = self.sites[other].node.id();
            self.event(at, Event::Up { link: LinkId(link), peer, frame_max: self.frame_max, hello });
        }
        link
    }

    /// What one site would say to another in a handshake now.
    pub fn hello(&mut self, from: usize, to: usize) -> Hello {
        let (age, peer) = (self.age(from), self.sites[to].node.id());
        let Site { node, sync, disk, .. } = &mut self.sites[from];
        Hello::decode(&sync.hello(&peer, age, node, disk).encode()).expect("own hello decodes")
    }

    /// Cuts a link; what is on the way is lost.
    pub fn cut(&mut self, link: u32) {
        if let Some(wire) = self.wires.remove(&link) {
            for at in wire.ends {
                self.event(at, Event::Down { link: LinkId(link) });
            }
        }
    }

    pub fn cut_all(&mut self) {
        let links: Vec<u32> = self.wires.keys().copied().collect();
        links.into_iter().for_each(|link| self.cut(link));
    }

    pub fn event(&mut self, at: usize, event: Event<'_>) {
        let age = self.age(at);
        let Site { node, sync, disk, .. } = &mut self.sites[at];
        let actions = sync.handle(self.now_ms, age, event, node, disk);
        self.act(at, actions);
    }

    fn act(&mut self, at: usize, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Send { link, frame, urgent } => {
                    assert!(frame.len() <= FRAME_BYTES_MAX, "a frame of {} bytes", frame.len());
                    let Some(wire) = self.wires.get_mut(&link.0) else { continue };
                    let side = usize::from(wire.ends[1] == at);
                    let count = wire.sent[side].entry(frame[1]).or_default();
                    *count = (count.0 + 1, count.1 + frame.len() as u64);
                    // Urgent frames overtake the others, as they may.
                    let queue = &mut wire.queues[side];
                    let place = if urgent {
                        queue.iter().position(|(_, urgent)| !urgent).unwrap_or(queue.len())
                    } else {
                        queue.len()
                    };
                    queue.insert(place, (frame, urgent));
                }
                Action::Adopt(held) => {
                    let (log, number) = (held.log, held.number);
                    for output in self.input(at, Input::Batch(held)) {
                        if let Output::BatchRefused(fault) = output {
                            self.sites[at].refused += 1;
                            self.event(at, Event::Refused { log, number, fault });
                        }
                    }
                }
                Action::Branch(held) => drop(self.input(at, Input::Branch(held))),
                Action::Freeze(log, from) => drop(self.input(at, Input::Freeze(log, from))),
                Action::Again(held) => self.sites[at].again.push(held),
                Action::Remember { key, value } => {
                    let notes = &mut self.sites[at].disk.notes;
                    if value.is_empty() {
                        notes.remove(&key);
                    } else {
                        notes.insert(key, value);
                    }
                }
                Action::Close { link, why } => {
                    self.sites[at].faults.push((link.0, why));
                    // The Bye still goes out.
                    self.deliver_from(link.0, at);
                    self.cut(link.0);
                }
                Action::Alarm(alarm) => self.sites[at].alarms.push(alarm),
                Action::NewEpoch => self.sites[at].new_epoch = true,
                Action::Complete { peer } => self.sites[at].complete.push(peer),
            }
        }
    }

    pub fn input(&mut self, at: usize, input: Input) -> Vec<Output> {
        let Site { node, disk, .. } = &mut self.sites[at];
        let logs = (0..u16::MAX).map_while(|index| node.log(index).copied()).collect();
        node.handle(now(self.now_ms), input, &Shelf(disk, logs))
    }

    /// What the writer does at the end of a round.
    pub fn commit(&mut self, at: usize) {
        loop {
            let sealed = self.sites[at].node.seal(now(self.now_ms));
            let idle = sealed.is_empty();
            if !idle {
                sealed.iter().for_each(|held| self.sites[at].disk.put(held.clone()));
                let age = self.age(at);
                let Site { node, sync, disk, .. } = &mut self.sites[at];
                let actions = sync.handle(self.now_ms, age, Event::Committed { held: &sealed }, node, disk);
                self.act(at, actions);
            }
            if core::mem::take(&mut self.sites[at].new_epoch) {
                let site = &mut self.sites[at];
                let open = site.node.seal(now(self.now_ms));
                assert!(open.is_empty());
                site.disk.epoch += 1;
                site.node.new_epoch(Epoch(site.disk.epoch));
                for held in core::mem::take(&mut site.again) {
                    self.input(at, Input::Again(held));
                }
                self.event(at, Event::Tick);
                continue;
            }
            if idle {
                return;
            }
        }
    }

    /// Delivers what is queued on one link from one site.
    fn deliver_from(&mut self, link: u32, from: usize) {
        let Some(wire) = self.wires.get_mut(&link) else { return };
        let side = usize::from(wire.ends[1] == from);
        let to = wire.ends[1 - side];
        let frames: Vec<_> = wire.queues[side].drain(..).collect();
        for (frame, _) in frames {
            self.event(to, Event::Frame { link: LinkId(link), bytes: &frame });
        }
    }

    /// Carries one frame over each direction of each link, then commits. False if there was none.
    pub fn step(&mut self) -> bool {
        let mut moved = false;
        let links: Vec<u32> = self.wires.keys().copied().collect();
        for link in links {
            if let Some((free_ms, frame_ms)) = self.slow.get_mut(&link) {
                if *free_ms > self.now_ms {
                    continue;
                }
                *free_ms = self.now_ms + *frame_ms;
            }
            for side in 0..2 {
                let Some(wire) = self.wires.get_mut(&link) else { continue };
                let (from, to) = (wire.ends[side], wire.ends[1 - side]);
                let Some((frame, _)) = wire.queues[side].pop_front() else { continue };
                moved = true;
                self.event(from, Event::Sent { link: LinkId(link) });
                self.event(to, Event::Frame { link: LinkId(link), bytes: &frame });
            }
        }
        self.now_ms += if moved { self.frame_ms } else { 0 };
        (0..self.sites.len()).for_each(|at| self.commit(at));
        moved
    }

    /// Until nothing moves and nobody waits for anything that is due within `ms`.
    pub fn settle_for(&mut self, ms: u64) {
        let end = self.now_ms + ms;
        (0..self.sites.len()).for_each(|at| self.commit(at));
        for _ in 0..20_000 {
            if self.step() {
                continue;
            }
            let Some(next) = self.sites.iter().filter_map(|site| site.sync.wake_ms()).min() else { return };
            if next > end {
                return;
            }
            self.now_ms = self.now_ms.max(next);
            for at in 0..self.sites.len() {
                if self.sites[at].sync.wake_ms().is_some_and(|ms| ms <= self.now_ms) {
                    self.event(at, Event::Tick);
                    self.commit(at);
                }
            }
        }
        panic!("the network never comes to rest");
    }

    pub fn settle(&mut self) {
        self.settle_for(5_000);
    }

    pub fn wait_ms(&mut self, ms: u64) {
        self.now_ms += ms;
        for at in 0..self.sites.len() {
            self.event(at, Event::Tick);
            self.input(at, Input::Tick);
            self.commit(at);
        }
    }

    /// Posts at a site and commits.
    pub fn post(&mut self, at: usize, kind: &str, text: &str) -> String {
        let id = self.stage(at, kind, text);
        self.commit(at);
        id
    }

    pub fn stage(&mut self, at: usize, kind: &str, text: &str) -> String {
        let submission = Submission::parse(kind, text.as_bytes(), sender(&format!("s{text}"))).expect("parses");
        let outputs = self.input(at, Input::Submit(Box::new(submission)));
        let answer: Outcome = outputs
            .into_iter()
            .find_map(|output| if let Output::Answer(outcome) = output { Some(outcome) } else { None })
            .expect("an answer");
        answer.expect("taken").id.to_string()
    }

    /// The power goes: links break, only the disk is left.
    pub fn restart(&mut self, at: usize) {
        let links: Vec<u32> =
            self.wires.iter().filter(|(_, wire)| wire.ends.contains(&at)).map(|(link, _)| *link).collect();
        for link in links {
            self.cut(link);
        }
        let age = self.age(at);
        self.lives += 1;
        let site = &mut self.sites[at];
        site.disk.age = age;
        site.setup.store = StoreEpoch(site.disk.store);
        site.setup.life = StoreEpoch((at as u64 + 1) << 32 | self.lives);
        (site.node, site.sync) = start(site.seed, &site.disk, &site.setup, self.now_ms);
        site.started_ms = self.now_ms;
    }

    /// Another board starts with a copy of a card. Its place among the sites.
    pub fn copy(&mut self, at: usize) -> usize {
        let mut one = Self::new(1);
        let mut twin = one.sites.remove(0);
        (twin.seed, twin.disk) = (self.sites[at].seed, self.sites[at].disk.clone());
        twin.setup = self.sites[at].setup.clone();
        self.sites.push(twin);
        self.restart(self.sites.len() - 1);
        self.sites.len() - 1
    }

    /// A new card: the same key, a new store, a new epoch.
    pub fn wipe(&mut self, at: usize) {
        let disk = &mut self.sites[at].disk;
        disk.journal.clear();
        disk.logs.clear();
        disk.notes.clear();
        disk.epoch += 1_000;
        disk.store += 1;
        self.restart(at);
    }

    /// The node alone is made again from the journal; links stand.
    pub fn reload(&mut self, at: usize) {
        let age = self.age(at);
        let site = &mut self.sites[at];
        site.disk.age = age;
        (site.node, _) = start(site.seed, &site.disk, &site.setup, self.now_ms);
    }

    /// Payload bytes (Batches frames) of both directions of a link.
    pub fn payload(&self, link: u32) -> u64 {
        self.wires[&link].sent.iter().filter_map(|sent| sent.get(&3)).map(|(_, bytes)| *bytes).sum()
    }

    /// Bytes of all frames of both directions.
    pub fn all_bytes(&self, link: u32) -> u64 {
        self.wires[&link].sent.iter().flat_map(|sent| sent.values()).map(|(_, bytes)| *bytes).sum()
    }

    pub fn frames(&self, link: u32) -> u64 {
        self.wires[&link].sent.iter().flat_map(|sent| sent.values()).map(|(count, _)| *count).sum()
    }

    /// All gateways hold and show the same.
    pub fn assert_equal(&self) {
        for site in &self.sites[1..] {
            let (first, other) = (&self.sites[0].node, &site.node);
            let heads = |node: &Node| node.heads().map(|head| (head.log, head.next)).collect::<Vec<_>>();
            assert_eq!(heads(first), heads(other), "heads of {}", site.seed);
            assert_eq!(first.heads_digest(), other.heads_digest(), "heads of {}", site.seed);
            assert_eq!(first.views_digest(), other.views_digest(), "views of {}", site.seed);
        }
    }

    pub fn assert_calm(&self) {
        for site in &self.sites {
            assert_eq!(site.faults, [], "faults of {}", site.seed);
            assert_eq!(site.alarms, [], "alarms of {}", site.seed);
            assert_eq!(site.refused, 0, "refused by {}", site.seed);
        }
    }
}
