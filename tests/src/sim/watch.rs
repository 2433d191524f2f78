//! What must hold at every step.

use commons_core::identity::{GatewayId, RecordId};
use commons_core::log::{Lane, LogKey};
use commons_core::sync::frame::LogRef;
use commons_core::sync::{Alarm, Fault, Frame, FRAME_BYTES_MAX};

use super::carry::describe;
use super::site::Kind;
use super::wire::Pipe;
use super::world::World;

/// Frames that wait for one link: what credits allow, and short ones (wants, haves, prunes) beside them.
const WAITING_FRAMES_MAX: usize = 256;
/// Their bytes: eight of the largest frames.
const WAITING_BYTES_MAX: usize = 8 * FRAME_BYTES_MAX;
/// How often one batch crosses one link in one direction. Twice: pushed, and asked for at the same moment; and again for
/// each other link to the same peer that comes or goes meanwhile, over which it may have been lost.
const CROSSED_MAX: u32 = 8;

impl World {
    /// A machine that means well sends a frame: everything in it must be on its disk.
    pub(super) fn watch_send(&mut self, at: usize, link: u32, side: usize, frame: &[u8]) {
        self.tally.frames += 1;
        self.say(|| format!("{at} sends {} bytes on {link}: {}", frame.len(), describe(frame)));
        let decoded = match Frame::decode(frame) {
            Ok(decoded) => decoded,
            Err(why) => return self.fail("own frames decode", format!("{at} sends what does not decode: {why}")),
        };
        let Some(pipe) = self.wires.get_mut(&link).map(|wire| &mut wire.pipes[side]) else { return };
        let disk = &self.sites[at].disk;
        let mut wrong = None;
        match &decoded {
            Frame::Heads { lines, .. } => {
                for line in lines {
                    let log = name(pipe, &line.log);
                    if log.is_none_or(|log| line.next > disk.next(&log)) {
                        wrong = Some(format!("heads {log:?} at {}", line.next));
                    }
                }
            }
            Frame::Have(haves) => {
                for (log, next) in haves {
                    let log = name(pipe, log);
                    if log.is_none_or(|log| *next > disk.next(&log)) {
                        wrong = Some(format!("has {log:?} up to {next}"));
                    }
                }
            }
            Frame::Batches(runs) => {
                for run in runs {
                    let Some(log) = name(pipe, &run.log) else {
                        wrong = Some(format!("a log without a name: {:?}", run.log));
                        continue;
                    };
                    for (number, parcel) in (run.from..).zip(&run.parcels) {
                        let held = disk.logs.get(&log).and_then(|held| held.get(&number));
                        if held.is_none_or(|held| held.bytes != parcel.bytes) {
                            wrong = Some(format!("batch {number} of {log:?}"));
                        }
                    }
                }
            }
            Frame::Want(wants) => {
                for want in wants {
                    name(pipe, &want.log);
                }
            }
            Frame::Prune(logs) | Frame::Graft(logs) => {
                for log in logs {
                    name(pipe, log);
                }
            }
            Frame::Fork { .. } | Frame::Bye(_) => {}
        }
        if let Some(what) = wrong {
            self.fail("nothing is announced or sent that is not synced", format!("{at} sends {what}, not on its disk"));
        }
    }

    /// What waits for a link is bounded.
    pub(super) fn watch_queue(&mut self, at: usize, link: u32, side: usize) {
        let Some(pipe) = self.wires.get(&link).map(|wire| &wire.pipes[side]) else { return };
        let (frames, bytes) = pipe.waiting();
        if frames > WAITING_FRAMES_MAX || bytes > WAITING_BYTES_MAX {
            self.fail("what waits is bounded", format!("{frames} frames, {bytes} bytes wait at {at} for link {link}"));
        }
    }

    /// A frame arrives.
    pub(super) fn watch_arrival(&mut self, link: u32, side: usize, frame: &[u8]) {
        let is_batches = frame.get(1) == Some(&3);
        if is_batches {
            self.tally.batch_bytes += frame.len() as u64;
        } else {
            self.tally.other_bytes += frame.len() as u64;
        }
        let Some(wire) = self.wires.get_mut(&link) else { return };
        let (from, to) = (wire.ends[side], wire.ends[1 - side]);
        if self.sites[from].kind == Kind::Liar {
            let text = describe(frame);
            self.say(|| format!("{to} hears from liar {from} on {link}: {text}"));
            return;
        }
        if !is_batches {
            return;
        }
        let Ok(Frame::Batches(runs)) = Frame::decode(frame) else { return };
        let pipe = &mut wire.pipes[side];
        let mut too_often = None;
        for run in &runs {
            let Some(log) = name(pipe, &run.log) else { continue };
            for number in (run.from..).take(run.parcels.len()) {
                let times = pipe.crossed.entry((log, number)).or_default();
                *times += 1;
                if *times > CROSSED_MAX && log.lane != Lane::Library {
                    too_often = Some((log, number, *times));
                }
            }
        }
        let Some((log, number, times)) = too_often else { return };
        let forked =
            [from, to].iter().any(|at| self.sites[*at].run.as_ref().is_some_and(|run| run.sync.is_forked(&log)));
        // Room that comes and goes makes it ask again.
        if !forked && !self.sites[to].passed_over && !self.may_fork(&log.gateway) {
            let what = format!("batch {number} of {log:?} came over link {link} from {from} to {to} {times} times");
            self.fail("a batch crosses a link once", what);
        }
    }

    /// Whether what this gateway writes may be forked by what was done to it.
    pub fn may_fork(&self, gateway: &GatewayId) -> bool {
        self.sites.iter().any(|site| site.id == *gateway && (site.forks || site.kind != Kind::Honest))
    }

    pub(super) fn on_alarm(&mut self, at: usize, alarm: &Alarm) {
        self.tally.alarms += 1;
        self.say(|| format!("{at} alarms: {}", alarm.sentence()));
        if self.sites[at].kind == Kind::Liar {
            return;
        }
        let of = match alarm {
            Alarm::Forked { log, .. } | Alarm::RolledBack { log, .. } | Alarm::Cloned { log: Some(log) } => log.gateway,
            Alarm::Cloned { log: None } => self.sites[at].id,
            Alarm::QuotaFull { log } => {
                self.rationed.insert((log.gateway, log.lane));
                return;
            }
        };
        if !self.may_fork(&of) {
            self.fail("no false alarm", format!("{at}: {}", alarm.sentence()));
        }
    }

    /// A link is closed for a reason: nobody who means well gives one.
    pub(super) fn watch_close(&mut self, at: usize, other: usize, why: &Fault) {
        let fine = matches!(why, Fault::Replaced | Fault::Bye(13) | Fault::OwnKey | Fault::Bye(9));
        if fine {
            return;
        }
        self.tally.quarrels += 1;
        if self.sites[at].kind != Kind::Liar && self.sites[other].kind != Kind::Liar {
            self.fail("honest gateways do not cut each other off", format!("{at} cuts off {other}: {why}"));
        }
    }

    /// A machine says that all a peer announced is here.
    pub(super) fn on_complete(&mut self, at: usize, peer: &GatewayId) {
        self.say(|| format!("{at} is complete with {}", peer.short()));
        self.check_complete(at);
    }

    /// Whoever calls itself complete with a peer has all that this peer had when it said Hello, on any link between them.
    pub(super) fn check_complete(&mut self, at: usize) {
        let mut wrong = None;
        for wire in self.wires.values().filter(|wire| wire.ends.contains(&at)) {
            let side = 1 - wire.side(at);
            let from = wire.ends[side];
            let site = &self.sites[at];
            let Some(run) = &site.run else { return };
            let twins = self.sites.iter().filter(|other| other.id == self.sites[from].id).count() > 1;
            let fine = twins
                || site.kind == Kind::Liar
                || site.forks
                || self.sites[from].forks
                || site.passed_over
                || self.sites[from].kind != Kind::Honest;
            if fine || !wire.up[1 - side] || !run.sync.peer_status(&self.sites[from].id).complete {
                continue;
            }
            let lacks = |(log, next): &(&LogKey, &u64)| {
                let wanted = site.setup.interests.has(log.lane) && !self.is_rationed(log);
                let taken = wanted && (log.gateway == site.id || run.sync.trusts(&log.gateway));
                taken && !run.node.writes(log) && !run.sync.is_forked(log) && site.disk.next(log) < **next
            };
            let lacking = wire.pipes[side].promised.iter().filter(lacks);
            if let Some((log, next)) = lacking.into_iter().find(|(log, _)| !self.may_fork(&log.gateway)) {
                wrong =
                    Some(format!("{at} says so of {from}, but {log:?} ends at {} and not {next}", site.disk.next(log)));
            }
        }
        if let Some(what) = wrong {
            self.fail("complete means complete", what);
        }
    }

    /// A machine has started: what it acknowledged is there, what had expired is not.
    pub(super) fn check_start(&mut self, at: usize) {
        let (age, network) = (self.sites[at].age(self.now_ms), self.network);
        let site = &mut self.sites[at];
        let Some(run) = &site.run else { return };
        // Time that was not noted before a power cut is lived again.
        site.gone.retain(|_, gone| *gone <= age);
        let shown = |id: &&RecordId| run.node.board().get(id).is_some() && !self.misdated.contains(*id);
        let risen = site.gone.keys().find(shown).copied();
        let behind =
            site.disk.logs.keys().find(|log| run.node.head(log).is_none_or(|head| head.next != site.disk.next(log)));
        let behind = behind.copied();
        let kept = site.disk.records(&network);
        site.audit.lose();
        let hidden = kept.iter().find(|id| {
            let entry = self.posted.entries.get(id);
            let long = entry.is_some_and(|entry| entry.over_ms.is_some_and(|ms| ms > self.now_ms + 86_400_000));
            long && !self.misdated.contains(*id) && run.node.board().get(id).is_none()
        });
        let hidden = hidden.copied();
        if let Some(id) = risen {
            self.fail("nothing expired returns", format!("item {} rises again at {at} after a start", id.short()));
        }
        if let Some(log) = behind {
            self.fail("a start finds what was synced", format!("{at} does not find the end of {log:?}"));
        }
        if let Some(id) = hidden {
            self.fail(
                "acknowledged implies durable",
                format!("item {} is on the disk of {at}, not on its board", id.short()),
            );
        }
        self.check_book(at);
        self.audit(at);
    }
}

/// Which log a frame means.
fn name(pipe: &mut Pipe, log: &LogRef) -> Option<LogKey> {
    if let Some(name) = log.name {
        pipe.names.insert(log.index, name);
    }
    pipe.names.get(&log.index).copied()
}
