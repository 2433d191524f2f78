//! The world: machines, links and one queue of what happens when. Nothing happens but by that queue and by the seed.

use std::collections::{BTreeMap, BTreeSet};

use commons_core::identity::{GatewayId, NetworkId, RecordId};
use commons_core::log::{Held, Lane};
use commons_core::node::{Input, Output, Space};
use commons_core::sync::{Action, Event, LinkId};

use super::community::Community;
use super::disk::{Desk, Disk, Shelf};
use super::library::Archive;
use super::plan::Plan;
use super::posts::Posts;
use super::report::{Broken, Tally};
use super::site::{Kind, Site};
use super::wire::{Edge, Wire};
use crate::seed::Dice;

/// A wake-up that was due and changed nothing is tried again after this, as the daemon's timer does.
const WAKE_AGAIN_MS: u64 = 100;
/// A commit takes at most this long.
const SYNC_MS_MAX: u64 = 20;
/// A machine that died comes back within this time.
pub const BACK_MS: u64 = 20_000;

/// What happens.
#[derive(Clone, Copy, Debug)]
pub enum Happening {
    /// A machine gets power.
    Start(usize),
    /// It writes to its disk.
    Commit(usize, u64),
    /// Its sync core asked to be woken.
    Wake(usize, u64),
    /// Somebody calls.
    Dial(usize),
    /// The caller's Hello arrives.
    Greet(u32),
    /// The other side's Hello arrives.
    Greeted(u32),
    /// A frame is on the wire.
    Sent(u32, usize),
    /// A frame arrives.
    Arrive(u32, usize),
    /// One end hears that its link is gone.
    Down(u32, usize),
    /// Nothing gets through any more.
    Cut(u32),
}

/// What comes to rest does so with fewer events, whatever the size: two that answer each other for ever must not cost
/// minutes.
const REST_HAPPENINGS_MAX: u64 = 5_000_000;

/// Everything.
pub struct World {
    /// What the seed decided beforehand.
    pub plan: Plan,
    /// What it decides on the way.
    pub dice: Dice,
    /// Everybody's.
    pub network: NetworkId,
    /// The machines.
    pub sites: Vec<Site>,
    /// The ways between them.
    pub edges: Vec<Edge>,
    /// The links that stand.
    pub wires: BTreeMap<u32, Wire>,
    /// Virtual milliseconds.
    pub now_ms: u64,
    /// People with keys.
    pub community: Community,
    /// Documents of an archive far away.
    pub archive: Archive,
    /// Whose lanes some machine has had to pass over, for its quota was full.
    pub rationed: BTreeSet<(GatewayId, Lane)>,
    /// What was posted, and what became of it.
    pub posted: Posts,
    /// Counts.
    pub tally: Tally,
    /// The first invariant that did not hold.
    pub broken: Option<Broken>,
    /// A machine dies after so many more of its actions.
    pub fuse: Option<(usize, u32)>,
    /// Hellos that were heard, to be played again.
    pub overheard: Vec<(usize, usize, commons_core::sync::Hello)>,
    /// What liars handed on with a time it has lived that is none.
    pub misdated: BTreeSet<RecordId>,
    /// Frames liars have sent, to be played again.
    pub heard: Vec<Vec<u8>>,
    /// Old copies of disks.
    pub copies: BTreeMap<usize, Disk>,
    /// Nothing goes wrong any more.
    pub healing: bool,
    pub(super) trace: Option<String>,
    pub(super) next_link: u32,
    queue: BTreeMap<(u64, u64), Happening>,
    order: u64,
}

impl World {
    /// An empty one.
    pub fn new(plan: Plan, dice: Dice, traced: bool) -> Self {
        Self {
            plan,
            dice,
            network: NetworkId::of("sim"),
            sites: Vec::new(),
            edges: Vec::new(),
            wires: BTreeMap::new(),
            now_ms: 0,
            community: Community::default(),
            archive: Archive::default(),
            rationed: BTreeSet::new(),
            posted: Posts::default(),
            tally: Tally::default(),
            broken: None,
            fuse: None,
            overheard: Vec::new(),
            misdated: BTreeSet::new(),
            heard: Vec::new(),
            copies: BTreeMap::new(),
            healing: false,
            trace: traced.then(String::new),
            next_link: 1,
            queue: BTreeMap::new(),
            order: 0,
        }
    }

    /// One line of the trace.
    pub fn say(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            let text = format!("{:>9}.{:03} {}\n", self.now_ms / 1_000, self.now_ms % 1_000, line());
            trace.push_str(&text);
        }
    }

    /// Something does not hold.
    pub fn fail(&mut self, invariant: &'static str, what: String) {
        self.say(|| format!("BROKEN {invariant}: {what}"));
        if self.broken.is_none() {
            self.broken = Some(Broken { invariant, what, at_ms: self.now_ms, happening: self.tally.happenings });
        }
    }

    /// Puts something in line.
    pub fn later(&mut self, in_ms: u64, happening: Happening) {
        self.order += 1;
        self.queue.insert((self.now_ms + in_ms, self.order), happening);
    }

    /// Lets everything happen that is due within `ms`.
    pub fn advance(&mut self, ms: u64) {
        let end = self.now_ms + ms;
        while self.broken.is_none() {
            let Some(((at_ms, _), _)) = self.queue.first_key_value() else { break };
            if *at_ms > end {
                break;
            }
            self.happen_next();
        }
        self.now_ms = end;
    }

    /// Lets everything happen until nothing is in line. False if that takes longer than `ms`.
    pub fn rest(&mut self, ms: u64) -> bool {
        let (end, most) = (self.now_ms + ms, self.tally.happenings + REST_HAPPENINGS_MAX);
        while self.broken.is_none() {
            let Some(((at_ms, _), _)) = self.queue.first_key_value() else { return true };
            if *at_ms > end || self.tally.happenings > most {
                return false;
            }
            self.happen_next();
        }
        true
    }

    /// What is in line, for the report of a network that never comes to rest.
    pub fn in_line(&self) -> String {
        self.queue.iter().take(4).map(|((ms, _), what)| format!("{what:?} at {ms}")).collect::<Vec<_>>().join(", ")
    }

    fn happen_next(&mut self) {
        let Some(((at_ms, _), happening)) = self.queue.pop_first() else { return };
        self.now_ms = self.now_ms.max(at_ms);
        self.tally.happenings += 1;
        match happening {
            Happening::Start(at) => self.start(at),
            Happening::Commit(at, life) if self.lives(at, life) => self.commit(at),
            Happening::Wake(at, life) if self.lives(at, life) => self.wake(at),
            Happening::Commit(..) | Happening::Wake(..) => {}
            Happening::Dial(edge) => self.dial(edge),
            Happening::Greet(link) => self.greet(link),
            Happening::Greeted(link) => self.greeted(link),
            Happening::Sent(link, side) => self.sent(link, side),
            Happening::Arrive(link, side) => self.arrive(link, side),
            Happening::Down(link, side) => self.down(link, side),
            Happening::Cut(link) => self.cut(link),
        }
    }

    fn lives(&self, at: usize, life: u64) -> bool {
        self.sites[at].life == life && self.sites[at].run.is_some()
    }

    /// Tells a machine's sync core.
    pub fn event(&mut self, at: usize, event: Event<'_>) {
        let (now, age) = (self.sites[at].now(self.now_ms), self.sites[at].age(self.now_ms));
        let site = &mut self.sites[at];
        let Some(run) = &mut site.run else { return };
        let desk = Desk { disk: &site.disk, notes: &run.notes };
        let actions = run.sync.handle(now.uptime_ms, age, event, &run.node, &desk);
        self.act(at, actions);
        self.set_alarm(at, 0);
    }

    /// Does what a sync core asks for. What that leads to is told to it afterwards, as by the daemon's queue.
    fn act(&mut self, at: usize, actions: Vec<Action>) {
        let mut then: Vec<Event<'static>> = Vec::new();
        for action in actions {
            if self.burns(at) {
                return;
            }
            match action {
                Action::Send { link, frame, urgent } => self.send(at, link.0, frame, urgent),
                Action::Adopt(held) => then.extend(self.adopt(at, held)),
                Action::Branch(held) => {
                    self.say(|| format!("{at} takes branch {:?} {}", held.log, held.number));
                    self.input(at, Input::Branch(held));
                }
                Action::Freeze(log, from) => {
                    self.say(|| format!("{at} freezes {log:?} from {from}"));
                    self.input(at, Input::Freeze(log, from));
                }
                Action::Again(held) => self.with(at, |run| run.again.push(held)),
                Action::Remember { key, value } => {
                    self.with(at, |run| drop(run.notes.insert(key, value)));
                    self.set_commit(at);
                }
                Action::Close { link, why } => then.extend(self.close(at, link.0, &why)),
                Action::Alarm(alarm) => self.on_alarm(at, &alarm),
                Action::NewEpoch => {
                    self.with(at, |run| run.new_epoch = true);
                    self.set_commit(at);
                }
                Action::Complete { peer } => self.on_complete(at, &peer),
            }
            if self.sites[at].run.is_none() || self.broken.is_some() {
                return;
            }
        }
        for event in then {
            self.event(at, event);
        }
    }

    fn adopt(&mut self, at: usize, held: Held) -> Option<Event<'static>> {
        let (log, number) = (held.log, held.number);
        let fault = self.input(at, Input::Batch(held)).into_iter().find_map(|output| match output {
            Output::BatchRefused(fault) => Some(fault),
            _ => None,
        })?;
        self.say(|| format!("{at} refuses {log:?} {number}: {fault}"));
        self.tally.refused += 1;
        Some(Event::Refused { log, number, fault })
    }

    /// Tells a machine's node.
    pub fn input(&mut self, at: usize, input: Input) -> Vec<Output> {
        let now = self.sites[at].now(self.now_ms);
        let age = self.sites[at].age(self.now_ms);
        let site = &mut self.sites[at];
        let Some(run) = &mut site.run else { return Vec::new() };
        run.follow();
        let outputs = run.node.handle(now, input, &Shelf { disk: &site.disk, logs: &run.logs });
        let mut back = None;
        for output in &outputs {
            match output {
                Output::Gone(touched) => drop(site.gone.insert(touched.id, age)),
                Output::Changed(touched) if site.gone.contains_key(&touched.id) => back = Some(touched.id),
                _ => {}
            }
        }
        if let Some(id) = back.filter(|id| self.sites[at].kind != Kind::Liar && !self.misdated.contains(id)) {
            self.fail("nothing expired returns", format!("item {} rises again at {at}", id.short()));
        }
        self.set_commit(at);
        outputs
    }

    pub(super) fn with(&mut self, at: usize, change: impl FnOnce(&mut super::site::Running)) {
        if let Some(run) = &mut self.sites[at].run {
            change(run);
        }
    }

    pub(super) fn burns(&mut self, at: usize) -> bool {
        let Some((who, left)) = self.fuse.filter(|(who, _)| *who == at) else { return false };
        if left > 0 {
            self.fuse = Some((who, left - 1));
            return false;
        }
        self.fuse = None;
        self.say(|| format!("{at} dies between two actions"));
        self.crash(at);
        let in_ms = self.dice.below(BACK_MS);
        self.later(in_ms, Happening::Start(at));
        true
    }

    fn set_commit(&mut self, at: usize) {
        let in_ms = self.dice.below(SYNC_MS_MAX);
        let (now_ms, life) = (self.now_ms, self.sites[at].life);
        let Some(run) = self.sites[at].run.as_mut().filter(|run| run.commit_ms.is_none()) else { return };
        run.commit_ms = Some(now_ms + in_ms);
        self.later(in_ms, Happening::Commit(at, life));
    }

    fn set_alarm(&mut self, at: usize, least_ms: u64) {
        let (now_ms, life) = (self.now_ms, self.sites[at].life);
        let Some(run) = &mut self.sites[at].run else { return };
        let Some(wake) = run.sync.wake_ms() else { return };
        let wake_ms = (run.booted_ms + wake).max(now_ms + least_ms);
        if run.wake_ms.is_none_or(|known| wake_ms < known) {
            run.wake_ms = Some(wake_ms);
            self.later(wake_ms - now_ms, Happening::Wake(at, life));
        }
    }

    fn wake(&mut self, at: usize) {
        let now_ms = self.now_ms;
        let uptime_ms = self.sites[at].now(now_ms).uptime_ms;
        let Some(run) = &mut self.sites[at].run else { return };
        if run.wake_ms.is_none_or(|ms| ms != now_ms) {
            return;
        }
        run.wake_ms = None;
        if run.sync.wake_ms().is_some_and(|ms| ms <= uptime_ms) {
            self.say(|| format!("{at} wakes"));
            // An alarm set while this one is handled must not ring at once again.
            self.with(at, |run| run.wake_ms = Some(now_ms));
            self.event(at, Event::Tick);
            self.with(at, |run| run.wake_ms = None);
            self.set_alarm(at, WAKE_AGAIN_MS);
        } else {
            self.set_alarm(at, 0);
        }
    }

    /// Room on a machine's disk has changed.
    pub fn set_space(&mut self, at: usize, space: Space) {
        self.say(|| format!("{at} has room: {space:?}"));
        self.sites[at].passed_over |= space != Space::Enough;
        self.input(at, Input::Space(space));
        self.event(at, Event::Space(space));
    }

    /// Seconds have passed: everybody's node looks at what has expired.
    pub fn tick_all(&mut self) {
        for at in 0..self.sites.len() {
            self.input(at, Input::Tick);
        }
    }

    /// Link numbers of a machine.
    pub fn links_of(&self, at: usize) -> Vec<u32> {
        self.wires.iter().filter(|(_, wire)| wire.ends.contains(&at)).map(|(link, _)| *link).collect()
    }

    pub(super) fn link_id(link: u32) -> LinkId {
        LinkId(link)
    }
}
