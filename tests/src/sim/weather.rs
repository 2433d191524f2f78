//! What goes wrong, and when.

use commons_core::node::Space;

use super::plan::Trouble;
use super::site::{Kind, Site};
use super::world::{Happening, World, BACK_MS};

/// Machines killed in mid-air die after so many of their actions at most.
const FUSE_MAX: u64 = 40;
/// A machine that is shut down stays so for this long at most.
const SLEEP_MS: u64 = 3_600_000;
/// Thirty years, in seconds.
const DECADES_S: u64 = 30 * 366 * 86_400;

impl World {
    /// One step: people post, something may go wrong, time passes.
    pub fn step(&mut self, step: u64) {
        self.post_something();
        for _ in 0..self.dice.below(8) {
            self.member_acts();
        }
        self.bring_documents();
        self.lie();
        if step.is_multiple_of(self.plan.trouble_every) {
            let troubles: Vec<Trouble> = self.plan.troubles.iter().copied().collect();
            if !troubles.is_empty() {
                let trouble = self.dice.pick(&troubles);
                self.strike(trouble);
            }
        }
        let ms = match self.dice.below(10) {
            0 => self.dice.below(300_000),
            1..=3 => self.dice.below(10_000),
            _ => self.dice.below(600),
        };
        self.advance(ms);
        self.tick_all();
        for at in 0..self.sites.len() {
            self.check_complete(at);
            self.audit(at);
        }
        self.check_starvation();
        self.check_quotas();
    }

    fn any_honest(&mut self) -> Option<usize> {
        let running = |at: &usize| self.sites[*at].kind == Kind::Honest && self.sites[*at].run.is_some();
        let running: Vec<usize> = (0..self.plan.gateways).filter(running).collect();
        (!running.is_empty()).then(|| self.dice.pick(&running))
    }

    fn strike(&mut self, trouble: Trouble) {
        match trouble {
            Trouble::Cut => self.cut_some(),
            Trouble::Partition => self.fall_apart(),
            Trouble::Crash => self.kill(),
            Trouble::Slow => self.slow_down(),
            Trouble::Rollback => self.roll_back(),
            Trouble::Twin => self.copy_card(),
            Trouble::Wipe => self.wipe(),
            Trouble::Clock => self.shift_clocks(),
            Trouble::Full => self.fill_disk(),
            Trouble::Liar => {}
            Trouble::Replay => self.haunt(),
            Trouble::Shrink => self.shrink(),
            Trouble::Sleep => self.send_to_sleep(),
            // Cheats need no occasion.
            Trouble::Cheat => {}
            Trouble::Restore => self.restore_phone(),
            Trouble::Flood => self.flood(),
            Trouble::Lose => self.lose_phone(),
        }
    }

    fn cut_some(&mut self) {
        let links: Vec<u32> = self.wires.keys().copied().collect();
        if !links.is_empty() {
            let link = self.dice.pick(&links);
            self.cut(link);
        }
        let edge = self.dice.below(self.edges.len() as u64) as usize;
        let open = self.edges[edge].open;
        self.set_open(edge, !open);
    }

    pub(super) fn set_open(&mut self, edge: usize, open: bool) {
        let ends = self.edges[edge].ends;
        if self.edges[edge].open != open {
            self.say(|| {
                format!("the way {edge} between {} and {} {}", ends[0], ends[1], if open { "opens" } else { "closes" })
            });
        }
        self.edges[edge].open = open;
        match (open, self.edges[edge].link) {
            (true, None) => self.later(1, Happening::Dial(edge)),
            (false, Some(link)) => self.cut(link),
            _ => {}
        }
    }

    /// All ways open, but those in between two parts; or all of them.
    fn fall_apart(&mut self) {
        let whole = self.dice.once_in(2);
        let part = self.dice.below(self.sites.len() as u64) as usize;
        for edge in 0..self.edges.len() {
            let [a, b] = self.edges[edge].ends;
            if !self.edges[edge].spare {
                self.set_open(edge, whole || (a < part) == (b < part));
            }
        }
    }

    fn kill(&mut self) {
        let Some(at) = self.any_honest() else { return };
        if self.dice.once_in(3) {
            self.say(|| format!("{at} loses power"));
            self.crash(at);
            let in_ms = self.dice.below(BACK_MS);
            self.later(in_ms, Happening::Start(at));
        } else {
            self.fuse = Some((at, self.dice.below(FUSE_MAX) as u32));
        }
    }

    fn slow_down(&mut self) {
        let edge = self.dice.below(self.edges.len() as u64) as usize;
        let bytes_per_s = self.dice.pick(&[300, 2_000, 20_000, 1_000_000]);
        let delay_ms = self.dice.pick(&[1, 50, 800, 4_000]);
        self.say(|| format!("way {edge} now carries {bytes_per_s} bytes/s and takes {delay_ms} ms"));
        self.edges[edge].bytes_per_s = bytes_per_s;
        self.edges[edge].delay_ms = delay_ms;
    }

    /// An old copy of the disk is put back: the one made now or at an earlier call.
    fn roll_back(&mut self) {
        let Some(at) = self.any_honest() else { return };
        match self.copies.remove(&at) {
            None => {
                let copy = self.sites[at].disk.clone();
                self.say(|| format!("{at} makes a copy of its disk"));
                self.copies.insert(at, copy);
            }
            Some(copy) => {
                self.say(|| format!("{at} is rolled back to an old copy"));
                self.stop(at);
                let site = &mut self.sites[at];
                site.disk = copy;
                site.gone.clear();
                site.forks = true;
                site.forgot += 1;
                site.audit = Default::default();
                site.larder = Default::default();
                let in_ms = self.dice.below(BACK_MS);
                self.later(in_ms, Happening::Start(at));
            }
        }
    }

    /// A card is copied: two machines with one key, until one of them is put away.
    fn copy_card(&mut self) {
        if self.sites.len() > self.plan.gateways {
            return;
        }
        let Some(at) = self.any_honest() else { return };
        let site = &self.sites[at];
        let mut twin = Site::new(site.seed, Kind::Twin(at), site.setup.clone(), site.disk.epoch);
        twin.disk = site.disk.clone();
        twin.forks = true;
        let new = self.sites.len();
        self.say(|| format!("{new} runs on a copy of the card of {at}"));
        self.sites[at].forks = true;
        self.sites[at].forgot += 1;
        self.sites.push(twin);
        let near: Vec<usize> = self
            .edges
            .iter()
            .filter(|edge| edge.ends.contains(&at) && edge.open)
            .flat_map(|edge| edge.ends)
            .filter(|end| *end != at)
            .collect();
        for other in near {
            if self.dice.once_in(2) {
                let edge = self.edge([new, other], true);
                self.edges.push(edge);
            }
        }
        self.start(new);
    }

    fn wipe(&mut self) {
        let Some(at) = self.any_honest() else { return };
        self.say(|| format!("{at} is wiped and keeps its name"));
        self.crash(at);
        let (epoch, store) = (self.dice.bits() as u32, self.dice.bits());
        let site = &mut self.sites[at];
        site.disk = super::disk::Disk { epoch, store, floor: super::site::START_S, ..Default::default() };
        site.gone.clear();
        site.forgot += 1;
        site.audit = Default::default();
        site.larder = Default::default();
        self.copies.remove(&at);
        let in_ms = self.dice.below(BACK_MS);
        self.later(in_ms, Happening::Start(at));
    }

    fn shift_clocks(&mut self) {
        let at = self.dice.below(self.sites.len() as u64) as usize;
        let off_s = self.dice.below(2 * DECADES_S) as i64 - DECADES_S as i64;
        let wall = (if self.dice.once_in(3) { 0 } else { off_s }, self.dice.once_in(2));
        self.say(|| format!("the wall clock of {at} is off by {} days", wall.0 / 86_400));
        self.sites[at].wall = wall;
    }

    fn fill_disk(&mut self) {
        let Some(at) = self.any_honest() else { return };
        if self.sites[at].full {
            self.sites[at].full = false;
            self.set_space(at, Space::Enough);
            return;
        }
        self.sites[at].full = true;
        match self.dice.below(3) {
            // Seen in time, or not: then a commit finds out.
            0 => self.set_space(at, Space::None),
            1 => {
                self.sites[at].full = false;
                self.set_space(at, Space::Low);
            }
            _ => self.say(|| format!("the disk of {at} is full")),
        }
    }

    fn shrink(&mut self) {
        let Some(at) = self.any_honest() else { return };
        let site = &mut self.sites[at];
        let Some(run) = &mut site.run else { return };
        let (dropped, rewritten) = site.disk.shrink(&mut run.node);
        self.say(|| format!("{at} gives space back: {dropped} batches dropped, {rewritten} rewritten"));
    }

    fn send_to_sleep(&mut self) {
        let Some(at) = self.any_honest() else { return };
        self.stop(at);
        let in_ms = self.dice.below(SLEEP_MS);
        self.later(in_ms, Happening::Start(at));
    }
}
