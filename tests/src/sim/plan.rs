//! What the seed decides beforehand: how many machines, how they are linked, and what may go wrong.

use std::collections::BTreeSet;

use commons_core::identity::{GatewayId, GatewayKeys};
use commons_core::sync::{Interests, StoreEpoch, SyncSetup};

use super::site::{Kind, Site};
use super::wire::Edge;
use super::world::World;
use crate::seed::Dice;

/// Gateways above which all are paired with all: one introduces 256 others at most.
const INTRODUCED_MAX: usize = 60;

/// What may go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// Links are cut, with what is on them.
    Cut,
    /// The neighbourhood falls into two.
    Partition,
    /// The power goes, also between any two actions.
    Crash,
    /// Slow links, and some that are much slower than others.
    Slow,
    /// An old copy of a disk is put back.
    Rollback,
    /// A card is copied, and both run.
    Twin,
    /// A gateway begins anew with its old name.
    Wipe,
    /// Wall clocks are wrong by decades.
    Clock,
    /// Disks are full for a while.
    Full,
    /// Some do not mean well.
    Liar,
    /// Old Hellos are played again.
    Replay,
    /// Expired entries give their space back.
    Shrink,
    /// Gateways are shut down for long.
    Sleep,
    /// Some members' keys are at several gateways at once.
    Cheat,
    /// Members' phones are set back.
    Restore,
    /// Somebody posts more at one gateway than others keep of it.
    Flood,
    /// Members lose their phones, or their guardians believe so.
    Lose,
}

impl Trouble {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Cut,
        Self::Partition,
        Self::Crash,
        Self::Slow,
        Self::Rollback,
        Self::Twin,
        Self::Wipe,
        Self::Clock,
        Self::Full,
        Self::Liar,
        Self::Replay,
        Self::Shrink,
        Self::Sleep,
        Self::Cheat,
        Self::Restore,
        Self::Flood,
        Self::Lose,
    ];

    /// Its word on the command line.
    pub fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    /// The reverse.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|each| each.name() == name)
    }
}

/// How gateways are linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topology {
    /// One after another.
    Line,
    /// And the last with the first.
    Ring,
    /// All with the first.
    Star,
    /// All with all, or with eight of them if there are many.
    Mesh,
    /// As the seed says, without islands.
    Random,
}

/// What the command line decides.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How many gateways; 3 to 8 by the seed if none.
    pub gateways: Option<usize>,
    /// How many steps; by the seed if none.
    pub steps: Option<u64>,
    /// What never goes wrong.
    pub without: Vec<Trouble>,
    /// Nothing goes wrong at all.
    pub calm: bool,
}

/// One run's.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many gateways, liars among them, twins not.
    pub gateways: usize,
    /// How they are linked.
    pub topology: Topology,
    /// How many steps.
    pub steps: u64,
    /// What may go wrong.
    pub troubles: BTreeSet<Trouble>,
    /// One trouble every so many steps.
    pub trouble_every: u64,
    /// All are paired with all; otherwise only with whom they are linked to.
    pub all_paired: bool,
    /// The largest frame of all links.
    pub frame_max: usize,
    /// There is a community with members.
    pub members: bool,
    /// Some want documents, and somebody brings them.
    pub library: bool,
    /// How many lie.
    pub liars: usize,
}

impl Plan {
    /// By the seed, within what the options allow.
    pub fn of(dice: &mut Dice, options: &Options) -> Self {
        let gateways = options.gateways.unwrap_or(3 + dice.below(6) as usize);
        let topology = dice.pick(&[Topology::Line, Topology::Ring, Topology::Star, Topology::Mesh, Topology::Random]);
        let calm = dice.once_in(16);
        let mut troubles = BTreeSet::new();
        for trouble in Trouble::ALL {
            // Drawn for all, so that leaving one out changes as little as possible.
            let chosen = dice.once_in(2);
            if chosen && !calm && !options.calm && !options.without.contains(&trouble) {
                troubles.insert(trouble);
            }
        }
        let steps = dice.between(20, 120);
        let liars = 1 + dice.below(gateways as u64 / 3) as usize;
        Self {
            gateways,
            topology,
            steps: options.steps.unwrap_or(steps),
            trouble_every: dice.between(2, 8),
            all_paired: dice.once_in(2) || gateways > INTRODUCED_MAX,
            frame_max: dice.pick(&[2_048, 16_384, 262_144]),
            members: dice.once_in(2),
            library: dice.once_in(4),
            liars: if troubles.contains(&Trouble::Liar) { liars } else { 0 },
            troubles,
        }
    }

    /// Whether this may go wrong.
    pub fn has(&self, trouble: Trouble) -> bool {
        self.troubles.contains(&trouble)
    }

    fn pairs(&self, dice: &mut Dice) -> Vec<[usize; 2]> {
        let count = self.gateways;
        let line = |pairs: &mut Vec<[usize; 2]>| pairs.extend((1..count).map(|at| [at - 1, at]));
        let mut pairs = Vec::new();
        match self.topology {
            Topology::Line => line(&mut pairs),
            Topology::Ring => {
                line(&mut pairs);
                pairs.push([count - 1, 0]);
            }
            // One gateway keeps 128 links at most.
            Topology::Star if count <= 100 => pairs.extend((1..count).map(|at| [0, at])),
            Topology::Star => pairs.extend((1..count).map(|at| [(at - 1) / 50, at])),
            Topology::Mesh if count <= 12 => {
                pairs.extend((0..count).flat_map(|a| (a + 1..count).map(move |b| [a, b])));
            }
            Topology::Mesh => {
                pairs.extend((0..count).flat_map(|a| (1..=4).map(move |step| [a, (a + step * step) % count])));
            }
            Topology::Random => {
                pairs.extend((1..count).map(|at| [dice.below(at as u64) as usize, at]));
                for _ in 0..count / 2 {
                    let pair = [dice.below(count as u64) as usize, dice.below(count as u64) as usize];
                    if pair[0] != pair[1] {
                        pairs.push(pair);
                    }
                }
            }
        }
        // Now and then a second way between the same two: a cable beside a radio.
        if dice.once_in(3) {
            let twice = dice.pick(&pairs);
            pairs.push(twice);
        }
        pairs
    }
}

/// Keys of one machine of one run.
fn seed_of(run: u64, at: usize) -> [u8; 32] {
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&run.to_be_bytes());
    seed[8..16].copy_from_slice(&(at as u64).to_be_bytes());
    seed
}

impl World {
    /// Builds what the plan says. Nothing has power yet.
    pub fn build(&mut self, seed: u64) {
        let pairs = self.plan.clone().pairs(&mut self.dice);
        let count = self.plan.gateways;
        let seeds: Vec<[u8; 32]> = (0..count).map(|at| seed_of(seed, at)).collect();
        let ids: Vec<GatewayId> = seeds.iter().map(|seed| GatewayKeys::from_seed(seed).id()).collect();
        let liars: BTreeSet<usize> = (0..self.plan.liars).map(|_| self.dice.below(count as u64) as usize).collect();
        let honest: Vec<usize> = (0..count).filter(|at| !liars.contains(at)).collect();
        // Used only after the liars are gone, if the rest hangs together by them alone.
        let spare: Vec<[usize; 2]> = honest.windows(2).map(|two| [two[0], two[1]]).collect();
        for at in 0..count {
            let all: BTreeSet<GatewayId> = ids.iter().copied().collect();
            let near = |pair: &&[usize; 2]| pair.contains(&at);
            let linked = pairs.iter().chain(&spare).filter(near).flatten().map(|other| ids[*other]).collect();
            let store = StoreEpoch(self.dice.bits());
            let mut setup = SyncSetup { hops_max: 126, ..SyncSetup::new(store) };
            setup.peers = if self.plan.all_paired { all } else { linked };
            setup.peers.remove(&ids[at]);
            self.ration(&mut setup.quotas);
            if self.plan.library && !self.dice.once_in(3) {
                setup.interests = Interests::ALL;
            }
            let kind = if liars.contains(&at) { Kind::Liar } else { Kind::Honest };
            let mut site = Site::new(seeds[at], kind, setup, self.dice.bits() as u32);
            site.mute = kind == Kind::Liar && self.dice.once_in(3);
            site.disk.floor = super::site::START_S;
            self.sites.push(site);
        }
        for pair in &pairs {
            let edge = self.edge(*pair, true);
            self.edges.push(edge);
        }
        for pair in spare {
            let edge = self.edge(pair, false);
            self.edges.push(edge);
        }
    }

    /// A way, as fast as the seed says.
    pub fn edge(&mut self, ends: [usize; 2], open: bool) -> Edge {
        let slow = self.plan.has(Trouble::Slow) && self.dice.once_in(2);
        let (delay_ms, jitter_ms, bytes_per_s) = if slow {
            (self.dice.between(20, 1_500), self.dice.below(400), self.dice.between(600, 20_000))
        } else {
            (self.dice.below(30), self.dice.below(10), self.dice.between(100_000, 10_000_000))
        };
        let frame_max = self.plan.frame_max;
        Edge { ends, open, link: None, delay_ms, jitter_ms, bytes_per_s, frame_max, gone: false, spare: !open }
    }
}
