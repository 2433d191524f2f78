//! One machine: a disk, and while it has power a node and a sync core, both the production code.

use std::collections::{BTreeMap, BTreeSet};

use commons_core::clock::{Clock, Now};
use commons_core::identity::{GatewayId, GatewayKeys, NetworkId, RecordId};
use commons_core::log::{Age, Epoch, Held, LogKey};
use commons_core::node::{Node, Quotas, Setup};
use commons_core::receipt::Outcome;
use commons_core::sync::{Memory, StoreEpoch, Sync, SyncSetup};

use super::audit::Audit;
use super::disk::Disk;
use super::starvation::Larder;

/// A Friday in November 2026.
pub const START_S: u64 = 1_795_000_000;

/// What a machine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It means well, whatever happens to it.
    Honest,
    /// It runs the same code, and what it sends is spoiled on the way out.
    Liar,
    /// A copy of another one's card, in another machine.
    Twin(usize),
}

/// One machine.
pub struct Site {
    /// Seed of its keys.
    pub seed: [u8; 32],
    /// Its key.
    pub id: GatewayId,
    /// What it is.
    pub kind: Kind,
    /// What survives.
    pub disk: Disk,
    /// How its sync core is set up.
    pub setup: SyncSetup,
    /// While it has power.
    pub run: Option<Running>,
    /// Counts its starts, so that what was meant for an earlier life is dropped.
    pub life: u64,
    /// Its number, so that no two machines' lives are called the same.
    pub place: u64,
    /// How far its wall clock is off, and whether something vouches for that.
    pub wall: (i64, bool),
    /// A commit would find no room.
    pub full: bool,
    /// Something was passed over for want of room since the last start.
    pub passed_over: bool,
    /// It was rolled back, or its card copied: its logs may fork.
    pub forks: bool,
    /// How often it forgot what it had acknowledged: it was rolled back, wiped, or copied and so made two.
    pub forgot: u32,
    /// What was seen of its ledger.
    pub audit: Audit,
    /// When what it has came.
    pub larder: Larder,
    /// It lies by saying nothing: it announces what it never sends.
    pub mute: bool,
    /// It is never started again.
    pub retired: bool,
    /// Items it has seen expire in this life of its store.
    pub gone: BTreeMap<RecordId, Age>,
}

/// A post that waits for its commit.
pub struct Waiting {
    /// Number of the post, for the trace.
    pub post: u64,
    /// The answer, valid once synced.
    pub outcome: Outcome,
    /// Seconds an item posted here stands; 0 = an act.
    pub lifetime_s: u64,
}

/// What a power cut takes.
pub struct Running {
    /// The node.
    pub node: Node,
    /// The sync core.
    pub sync: Sync,
    /// The node's table of logs.
    pub logs: Vec<LogKey>,
    /// Notes of the next commit.
    pub notes: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Answers of the next commit.
    pub answers: Vec<Waiting>,
    /// To be said again in the new epoch.
    pub again: Vec<Held>,
    /// A new epoch was asked for.
    pub new_epoch: bool,
    /// When it was started.
    pub booted_ms: u64,
    /// When it commits.
    pub commit_ms: Option<u64>,
    /// When it is woken.
    pub wake_ms: Option<u64>,
}

impl Site {
    /// A machine that was never started.
    pub fn new(seed: [u8; 32], kind: Kind, setup: SyncSetup, epoch: u32) -> Self {
        let disk = Disk { epoch, store: setup.store.0, ..Disk::default() };
        let id = GatewayKeys::from_seed(&seed).id();
        Self {
            seed,
            id,
            kind,
            disk,
            setup,
            run: None,
            life: 0,
            place: 0,
            wall: (0, true),
            full: false,
            passed_over: false,
            forks: false,
            forgot: 0,
            larder: Larder::default(),
            mute: false,
            audit: Audit::default(),
            retired: false,
            gone: BTreeMap::new(),
        }
    }

    /// The time as this machine sees it.
    pub fn now(&self, now_ms: u64) -> Now {
        let booted_ms = self.run.as_ref().map_or(now_ms, |run| run.booted_ms);
        Now {
            uptime_ms: now_ms - booted_ms,
            wall_s: (START_S + now_ms / 1_000).saturating_add_signed(self.wall.0),
            synchronised: self.wall.1,
        }
    }

    /// Its store's age.
    pub fn age(&self, now_ms: u64) -> Age {
        self.run.as_ref().map_or(self.disk.age, |run| run.node.age(self.now(now_ms)))
    }

    /// Starts it from its disk.
    pub fn start(&mut self, network: NetworkId, now_ms: u64) -> Result<(), String> {
        self.life += 1;
        self.passed_over = self.full;
        self.setup.store = StoreEpoch(self.disk.store);
        self.setup.life = StoreEpoch(self.disk.store ^ (self.place << 32 | self.life));
        let (node, memory) = self.load(network, now_ms, self.disk.age, &BTreeMap::new())?;
        let sync = Sync::new(self.setup.clone(), &memory, &node);
        self.run = Some(Running {
            node,
            sync,
            logs: Vec::new(),
            notes: BTreeMap::new(),
            answers: Vec::new(),
            again: Vec::new(),
            new_epoch: false,
            booted_ms: now_ms,
            commit_ms: None,
            wake_ms: None,
        });
        Ok(())
    }

    /// Makes the node again from the journal while everything else runs on: a commit found no room.
    pub fn reload(&mut self, network: NetworkId, now_ms: u64) -> Result<(), String> {
        let (age, now) = (self.age(now_ms), self.now(now_ms));
        let Some(run) = &mut self.run else { return Ok(()) };
        let notes = std::mem::take(&mut run.notes);
        let (mut node, _) = self.load(network, now_ms, age, &notes)?;
        let Some(run) = &mut self.run else { return Ok(()) };
        let floor = run.node.floor(now);
        node.live_on(age, floor, now);
        run.node = node;
        run.notes = notes;
        run.logs.clear();
        Ok(())
    }

    fn load(
        &self,
        network: NetworkId,
        now_ms: u64,
        age: Age,
        later: &BTreeMap<Vec<u8>, Vec<u8>>,
    ) -> Result<(Node, Memory), String> {
        let now = self.now(now_ms);
        let mut node = Node::new(Setup {
            network,
            keys: GatewayKeys::from_seed(&self.seed),
            epoch: Epoch(self.disk.epoch),
            stewards: BTreeSet::new(),
            quotas: Quotas { open_items_per_sender_max: 1_000_000, items_max: 1_000_000 },
            clock: Clock::new(age, self.disk.floor, now),
        });
        let mut disk = Disk { notes: self.disk.notes.clone(), ..Disk::default() };
        disk.note_all(later.clone());
        let memory = Memory::read(disk.notes.iter().map(|(key, value)| (key.as_slice(), value.as_slice())));
        memory.gaps().for_each(|(log, gaps)| node.set_gaps(log, gaps));
        memory.frozen().for_each(|(log, from)| node.freeze(log, from));
        for (log, number) in &self.disk.journal {
            let Some(held) = self.disk.logs.get(log).and_then(|held| held.get(number)) else { continue };
            node.load(held.as_ref().clone()).map_err(|why| format!("own batch {number} of {log:?}: {why}"))?;
        }
        for held in memory.branches() {
            node.load_branch(held.clone())
                .map_err(|why| format!("own branch {} of {:?}: {why}", held.number, held.log))?;
        }
        node.loaded(now);
        Ok((node, memory))
    }
}

impl Running {
    /// Follows the node's table of logs.
    pub fn follow(&mut self) {
        while let Some(log) = u16::try_from(self.logs.len()).ok().and_then(|index| self.node.log(index)) {
            self.logs.push(*log);
        }
    }
}
