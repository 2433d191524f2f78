//! How frames cross links, and how links come and go.

use commons_core::sync::{Event, Fault, Frame};

use super::disk::Desk;
use super::site::Kind;
use super::wire::Wire;
use super::world::{Happening, World};

/// An end hears of a cut within this time.
const CUT_HEARD_MS: u64 = 2_000;
/// A link that broke is dialled again within this time.
const REDIAL_MS: u64 = 2_000;
/// After a quarrel both wait longer.
const REDIAL_LATER_MS: u64 = 20_000;
/// A Bye has this long to get through before the link is cut.
const BYE_MS: u64 = 100;

impl World {
    /// A machine gets power.
    pub fn start(&mut self, at: usize) {
        if self.sites[at].run.is_some() || self.sites[at].retired {
            return;
        }
        let (network, now_ms) = (self.network, self.now_ms);
        self.sites[at].place = at as u64;
        if let Err(why) = self.sites[at].start(network, now_ms) {
            return self.fail("a store loads", format!("{at}: {why}"));
        }
        self.say(|| format!("{at} starts"));
        self.check_start(at);
        if self.sites[at].full {
            self.set_space(at, commons_core::node::Space::None);
        }
        for edge in 0..self.edges.len() {
            if self.edges[edge].ends.contains(&at) {
                let in_ms = self.dice.below(REDIAL_MS);
                self.later(in_ms, Happening::Dial(edge));
            }
        }
    }

    /// The power goes: what was not synced is lost, links break.
    pub fn crash(&mut self, at: usize) {
        if self.sites[at].run.take().is_none() {
            return;
        }
        self.tally.crashes += 1;
        self.sites[at].audit.lose();
        for link in self.links_of(at) {
            if let Some(wire) = self.wires.get_mut(&link) {
                wire.up[wire.side(at)] = false;
            }
            self.cut(link);
        }
    }

    /// It is shut down as it should be: its clock is noted.
    pub fn stop(&mut self, at: usize) {
        let (age, now) = (self.sites[at].age(self.now_ms), self.sites[at].now(self.now_ms));
        let site = &mut self.sites[at];
        let Some(run) = &site.run else { return };
        let floor = run.node.floor(now);
        site.disk.age = age;
        site.disk.floor = floor;
        self.say(|| format!("{at} is shut down"));
        self.crash(at);
    }

    pub(super) fn dial(&mut self, edge: usize) {
        let way = &self.edges[edge];
        let ends = way.ends;
        if way.gone || !way.open || way.link.is_some() || ends.iter().any(|at| self.sites[*at].run.is_none()) {
            return;
        }
        let ends = if self.dice.once_in(2) { ends } else { [ends[1], ends[0]] };
        self.call(edge, ends);
    }

    /// Machine `ends[0]` calls `ends[1]`.
    pub fn call(&mut self, edge: usize, ends: [usize; 2]) {
        let link = self.next_link;
        self.next_link += 1;
        let mut wire = Wire::new(edge, ends, ends.map(|at| self.sites[at].life));
        wire.hello = self.make_hello(ends[0], ends[1], &mut wire.pipes[0].promised);
        if let Some(hello) = &wire.hello {
            self.overheard.push((ends[0], ends[1], hello.clone()));
        }
        self.wires.insert(link, wire);
        self.edges[edge].link = Some(link);
        let delay_ms = self.edges[edge].delay_ms;
        self.later(delay_ms, Happening::Greet(link));
    }

    fn make_hello(
        &mut self,
        from: usize,
        to: usize,
        promised: &mut std::collections::BTreeMap<commons_core::log::LogKey, u64>,
    ) -> Option<commons_core::sync::Hello> {
        let (peer, age) = (self.sites[to].id, self.sites[from].age(self.now_ms));
        let site = &mut self.sites[from];
        let run = site.run.as_mut()?;
        let hello = run.sync.hello(&peer, age, &run.node, &Desk { disk: &site.disk, notes: &run.notes });
        *promised = site.disk.logs.keys().map(|log| (*log, site.disk.next(log))).collect();
        Some(hello)
    }

    pub(super) fn greet(&mut self, link: u32) {
        let Some(wire) = self.wires.get_mut(&link).filter(|wire| !wire.cut) else { return };
        let ([caller, callee], hello, edge, phantom) = (wire.ends, wire.hello.take(), wire.edge, wire.phantom);
        let Some(hello) = hello else { return self.cut(link) };
        let mut promised = Default::default();
        let answer = self.make_hello(callee, caller, &mut promised);
        let (frame_max, delay_ms) = (self.edges[edge].frame_max, self.edges[edge].delay_ms);
        let peer = self.sites[caller].id;
        let Some(wire) = self.wires.get_mut(&link) else { return };
        wire.hello = answer;
        wire.pipes[1].promised = promised;
        wire.up[1] = true;
        wire.pipes[1].last_arrival_ms = self.now_ms + delay_ms;
        if !phantom {
            self.later(delay_ms, Happening::Greeted(link));
        }
        self.say(|| format!("{callee} has link {link} with {caller}{}", if phantom { " (played again)" } else { "" }));
        self.event(callee, Event::Up { link: Self::link_id(link), peer, frame_max, hello });
    }

    pub(super) fn greeted(&mut self, link: u32) {
        let Some(wire) = self.wires.get_mut(&link).filter(|wire| !wire.cut) else { return };
        let ([caller, callee], hello, edge) = (wire.ends, wire.hello.take(), wire.edge);
        let Some(hello) = hello.filter(|_| self.sites[caller].run.is_some()) else { return self.cut(link) };
        if let Some(wire) = self.wires.get_mut(&link) {
            wire.up[0] = true;
            wire.since_ms = self.now_ms;
        }
        self.tally.sessions += 1;
        self.say(|| format!("{caller} has link {link} with {callee}"));
        let (frame_max, peer) = (self.edges[edge].frame_max, self.sites[callee].id);
        self.event(caller, Event::Up { link: Self::link_id(link), peer, frame_max, hello });
    }

    /// A sync core sends.
    pub(super) fn send(&mut self, at: usize, link: u32, frame: Vec<u8>, urgent: bool) {
        let Some(wire) = self.wires.get(&link) else { return };
        let (side, cut) = (wire.side(at), wire.cut);
        if self.sites[at].kind != Kind::Liar {
            self.watch_send(at, link, side, &frame);
        }
        if cut {
            return;
        }
        let frames = self.spoil(at, link, frame);
        for frame in frames {
            let Some(wire) = self.wires.get_mut(&link) else { return };
            wire.pipes[side].push(frame, urgent);
        }
        self.watch_queue(at, link, side);
        self.pump(link, side);
    }

    /// Puts the next frame on the wire if it is free.
    pub(super) fn pump(&mut self, link: u32, side: usize) {
        let Some(wire) = self.wires.get_mut(&link).filter(|wire| !wire.cut) else { return };
        let bytes_per_s = self.edges[wire.edge].bytes_per_s.max(1);
        let pipe = &mut wire.pipes[side];
        if pipe.sending.is_some() {
            return;
        }
        let Some((frame, _)) = pipe.queue.pop_front() else { return };
        let takes_ms = frame.len() as u64 * 1_000 / bytes_per_s;
        pipe.sending = Some(frame);
        self.later(takes_ms, Happening::Sent(link, side));
    }

    pub(super) fn sent(&mut self, link: u32, side: usize) {
        let Some(wire) = self.wires.get(&link).filter(|wire| !wire.cut) else { return };
        let (edge, from, phantom, up) = (wire.edge, wire.ends[side], wire.phantom, wire.up[side]);
        let way = &self.edges[edge];
        let (delay_ms, jitter_ms) = (way.delay_ms, way.jitter_ms);
        let arrival_ms = self.now_ms + delay_ms + self.dice.below(jitter_ms + 1);
        let Some(pipe) = self.wires.get_mut(&link).map(|wire| &mut wire.pipes[side]) else { return };
        let Some(frame) = pipe.sending.take() else { return };
        if !phantom {
            // A stream never overtakes itself.
            let arrival_ms = arrival_ms.max(pipe.last_arrival_ms);
            pipe.last_arrival_ms = arrival_ms;
            pipe.flying.push_back(frame);
            self.later(arrival_ms - self.now_ms, Happening::Arrive(link, side));
        }
        if up {
            self.event(from, Event::Sent { link: Self::link_id(link) });
        }
        self.pump(link, side);
    }

    pub(super) fn arrive(&mut self, link: u32, side: usize) {
        let Some(wire) = self.wires.get_mut(&link).filter(|wire| !wire.cut) else { return };
        let (to, up) = (wire.ends[1 - side], wire.up[1 - side]);
        let Some(frame) = wire.pipes[side].flying.pop_front() else { return };
        if !up {
            return;
        }
        self.watch_arrival(link, side, &frame);
        self.event(to, Event::Frame { link: Self::link_id(link), bytes: &frame });
    }

    /// Nothing gets through any more; the ends hear of it by and by, and dial again.
    pub fn cut(&mut self, link: u32) {
        let Some(wire) = self.wires.get_mut(&link).filter(|wire| !wire.cut) else { return };
        wire.cut = true;
        let (edge, ends, up, phantom) = (wire.edge, wire.ends, wire.up, wire.phantom);
        let mut lost = 0;
        for pipe in &mut wire.pipes {
            lost += pipe
                .flying
                .iter()
                .chain(&pipe.sending)
                .filter(|frame| frame.get(1) == Some(&3))
                .map(Vec::len)
                .sum::<usize>();
            pipe.clear();
        }
        self.tally.lost_bytes += lost as u64;
        self.say(|| format!("link {link} between {} and {} is cut, {lost} bytes of batches on it", ends[0], ends[1]));
        for (side, was_up) in up.into_iter().enumerate() {
            if was_up {
                let in_ms = self.dice.below(CUT_HEARD_MS);
                self.later(in_ms, Happening::Down(link, side));
            }
        }
        if up == [false; 2] {
            self.wires.remove(&link);
        }
        if !phantom {
            self.edges[edge].link = None;
            let in_ms = 50 + self.dice.below(REDIAL_MS);
            self.later(in_ms, Happening::Dial(edge));
        }
    }

    pub(super) fn down(&mut self, link: u32, side: usize) {
        let Some(wire) = self.wires.get_mut(&link) else { return };
        if std::mem::take(&mut wire.up[side]) {
            let at = wire.ends[side];
            self.say(|| format!("{at} hears that link {link} is gone"));
            self.event(at, Event::Down { link: Self::link_id(link) });
        }
        if self.wires.get(&link).is_some_and(|wire| wire.up == [false; 2]) {
            self.wires.remove(&link);
        }
    }

    /// A sync core cuts a link: its Bye still goes out.
    pub(super) fn close(&mut self, at: usize, link: u32, why: &Fault) -> Option<Event<'static>> {
        self.say(|| format!("{at} closes link {link}: {why}"));
        let wire = self.wires.get_mut(&link)?;
        let (side, edge) = (wire.side(at), wire.edge);
        let other = wire.ends[1 - side];
        let was_up = std::mem::take(&mut wire.up[side]);
        self.watch_close(at, other, why);
        self.later(BYE_MS + self.edges[edge].delay_ms, Happening::Cut(link));
        if !matches!(why, Fault::Replaced | Fault::Bye(_)) {
            let in_ms = self.dice.below(REDIAL_LATER_MS);
            self.later(in_ms, Happening::Dial(edge));
        }
        was_up.then_some(Event::Down { link: Self::link_id(link) })
    }

    /// Puts a frame on a link that no sync core sent.
    pub fn inject(&mut self, link: u32, side: usize, frame: Vec<u8>) {
        let Some(wire) = self.wires.get_mut(&link).filter(|wire| !wire.cut) else { return };
        wire.pipes[side].push(frame, false);
        self.pump(link, side);
    }

    /// Plays an old Hello again: the other end believes that a link stands, and nobody answers.
    pub fn haunt(&mut self) {
        if self.overheard.is_empty() {
            return;
        }
        let place = self.dice.below(self.overheard.len() as u64) as usize;
        let (caller, callee, hello) = self.overheard[place].clone();
        if self.sites[callee].run.is_none() {
            return;
        }
        let Some(edge) = self.edges.iter().position(|edge| edge.ends.contains(&caller) && edge.ends.contains(&callee))
        else {
            return;
        };
        let link = self.next_link;
        self.next_link += 1;
        let lives = [caller, callee].map(|at| self.sites[at].life);
        let mut wire = Wire::new(edge, [caller, callee], lives);
        wire.phantom = true;
        wire.hello = Some(hello);
        self.wires.insert(link, wire);
        self.later(0, Happening::Greet(link));
        let in_ms = 1_000 + self.dice.below(30_000);
        self.later(in_ms, Happening::Cut(link));
    }
}

/// The kind of a frame, for the trace.
pub fn describe(frame: &[u8]) -> String {
    match Frame::decode(frame) {
        Ok(Frame::Heads { age, all, lazy, lines }) => {
            let lines: Vec<String> = lines
                .iter()
                .map(|line| {
                    let name = line.log.name.map_or(String::new(), |log| format!("{log:?}="));
                    format!(
                        "{name}#{} {}..{}{} {}h",
                        line.log.index,
                        line.first,
                        line.next,
                        if line.frozen { " frozen" } else { "" },
                        line.hops
                    )
                })
                .collect();
            format!(
                "heads age {age}{}{} [{}]",
                if all { " all" } else { "" },
                if lazy { " lazy" } else { "" },
                lines.join(", ")
            )
        }
        Ok(Frame::Want(wants)) => {
            let wants: Vec<String> = wants
                .iter()
                .map(|want| {
                    format!(
                        "#{} {}+{}{}",
                        want.log.index,
                        want.from,
                        want.count,
                        if want.proof { " proof" } else { "" }
                    )
                })
                .collect();
            format!("want [{}]", wants.join(", "))
        }
        Ok(Frame::Batches(runs)) => {
            let runs: Vec<String> = runs
                .iter()
                .map(|run| {
                    let name = run.log.name.map_or(String::new(), |log| format!("{log:?}="));
                    format!(
                        "{name}#{} {}+{}{}",
                        run.log.index,
                        run.from,
                        run.parcels.len(),
                        if run.live { " live" } else { "" }
                    )
                })
                .collect();
            format!("batches [{}]", runs.join(", "))
        }
        Ok(Frame::Have(haves)) => {
            let haves: Vec<String> = haves.iter().map(|(log, next)| format!("#{} {next}", log.index)).collect();
            format!("have [{}]", haves.join(", "))
        }
        Ok(Frame::Prune(logs)) => format!("prune {} logs", logs.len()),
        Ok(Frame::Graft(logs)) => format!("graft {} logs", logs.len()),
        Ok(Frame::Fork { log, branches }) => {
            format!("fork {log:?} {:?}", branches.iter().map(|branch| branch.number).collect::<Vec<_>>())
        }
        Ok(Frame::Bye(code)) => format!("bye {code}"),
        Err(why) => format!("rubbish: {why}"),
    }
}
