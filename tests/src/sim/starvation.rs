//! Whoever is linked to somebody honest gets everything within some minutes, whatever liars and slow links do beside.

use std::collections::BTreeMap;

use commons_core::log::{Lane, LogKey};

use super::site::Kind;
use super::world::World;

/// Virtual time within which what one honest gateway keeps is at every other one, along links that stood all the while.
pub const HUNGER_MS: u64 = 10 * 60_000;
/// A way that carries less, or takes longer, is no way that this is promised for.
const FAST_BYTES_PER_S: u64 = 2_000;
const FAST_DELAY_MS: u64 = 1_600;
/// So long everybody is left alone with the liars before all heals: longer than that.
const LINGER_MS: u64 = HUNGER_MS + 5 * 60_000;
/// In steps of this.
const LINGER_STEP_MS: u64 = 20_000;

/// What one machine had some time ago.
#[derive(Clone, Default)]
pub struct Larder {
    /// When each batch came.
    came: Vec<(u64, LogKey, u64)>,
    /// How many of these are older than the patience.
    old: usize,
    /// Where logs stood that long ago.
    then: BTreeMap<LogKey, u64>,
}

impl Larder {
    /// A batch is kept.
    pub fn put(&mut self, now_ms: u64, log: LogKey, number: u64) {
        self.came.push((now_ms, log, number));
    }

    fn age(&mut self, until_ms: u64) {
        while let Some((_, log, number)) = self.came.get(self.old).filter(|(ms, ..)| *ms <= until_ms) {
            let next = self.then.entry(*log).or_default();
            *next = (*next).max(number + 1);
            self.old += 1;
        }
    }
}

impl World {
    /// Nothing goes wrong but what liars do: everybody else gets what there is.
    pub(super) fn linger(&mut self) {
        if self.plan.liars == 0 {
            return;
        }
        self.say(|| "nothing goes wrong any more but by liars".into());
        for edge in 0..self.edges.len() {
            if !self.edges[edge].spare {
                self.set_open(edge, true);
            }
        }
        for at in 0..self.sites.len() {
            if self.sites[at].kind == Kind::Honest && self.sites[at].run.is_none() {
                self.start(at);
            }
        }
        for _ in 0..LINGER_MS / LINGER_STEP_MS {
            if self.broken.is_some() {
                return;
            }
            self.post_something();
            self.lie();
            self.advance(LINGER_STEP_MS);
            self.tick_all();
            self.check_starvation();
        }
    }

    /// Compares what honest machines have that were linked all the time.
    pub(super) fn check_starvation(&mut self) {
        let Some(until_ms) = self.now_ms.checked_sub(HUNGER_MS) else { return };
        for site in &mut self.sites {
            site.larder.age(until_ms);
        }
        let well = |at: usize| {
            let site = &self.sites[at];
            let up = site.run.as_ref().is_some_and(|run| run.booted_ms <= until_ms);
            up && site.kind == Kind::Honest && !site.full && !site.passed_over
        };
        let reads = |at: usize| self.sites[at].setup.interests.has(Lane::Library);
        let usual = self.linked_all_the_time(until_ms, well);
        // Documents go only along those who want them.
        let library = self.linked_all_the_time(until_ms, |at| well(at) && reads(at));
        let mut starves = None;
        for (one, site) in self.sites.iter().enumerate().filter(|(at, _)| well(*at)) {
            for (other, hungry) in self.sites.iter().enumerate().filter(|(at, _)| well(*at)) {
                let Some(run) = hungry.run.as_ref().filter(|_| one != other && usual[one] == usual[other]) else {
                    continue;
                };
                self.tally.fed += 1;
                let lacks = |(log, next): &(&LogKey, &u64)| {
                    hungry.disk.next(log) < **next
                        && hungry.setup.interests.has(log.lane)
                        && !run.node.writes(log)
                        && !self.may_fork(&log.gateway)
                        && !self.is_rationed(log)
                        && (log.lane != Lane::Library || library[one] == library[other])
                };
                if let Some((log, next)) = site.larder.then.iter().find(lacks) {
                    let (has, min) = (hungry.disk.next(log), HUNGER_MS / 60_000);
                    starves = Some(format!("{other} has {log:?} up to {has}, {one} up to {next} for {min} minutes"));
                }
            }
        }
        if let Some(what) = starves {
            self.fail("nobody with an honest way starves", what);
        }
    }

    /// For every machine a number, equal for those that good links joined since then, by way of machines that count.
    fn linked_all_the_time(&self, until_ms: u64, counts: impl Fn(usize) -> bool) -> Vec<usize> {
        let mut group: Vec<usize> = (0..self.sites.len()).collect();
        for wire in self.wires.values().filter(|wire| wire.up == [true; 2] && !wire.cut && !wire.phantom) {
            let way = &self.edges[wire.edge];
            let fast = way.bytes_per_s >= FAST_BYTES_PER_S && way.delay_ms <= FAST_DELAY_MS;
            if fast && wire.since_ms <= until_ms && wire.ends.iter().all(|at| counts(*at)) {
                let [a, b] = wire.ends.map(|at| group[at]);
                group.iter_mut().filter(|each| **each == b).for_each(|each| *each = a);
            }
        }
        group
    }
}
