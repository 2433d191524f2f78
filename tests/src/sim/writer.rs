//! What a machine's writer does: seals, writes, answers; and what it does when the disk is full or its log went on elsewhere.

use commons_core::log::Held;
use commons_core::node::{Input, Space};
use commons_core::sync::Event;

use super::disk::ids_in;
use super::world::World;

impl World {
    /// What the writer does at the end of a round. Every step of it may be the last.
    pub(super) fn commit(&mut self, at: usize) {
        self.with(at, |run| run.commit_ms = None);
        loop {
            let now = self.sites[at].now(self.now_ms);
            let Some(run) = &mut self.sites[at].run else { return };
            let sealed = run.node.seal(now);
            if self.burns(at) {
                return;
            }
            if self.sites[at].full && !sealed.is_empty() {
                return self.refuse_all(at);
            }
            if !self.write(at, &sealed) {
                return;
            }
            if !sealed.is_empty() {
                self.event(at, Event::Committed { held: &sealed });
            }
            let Some(run) = &mut self.sites[at].run else { return };
            if std::mem::take(&mut run.new_epoch) {
                self.open_epoch(at);
                continue;
            }
            if sealed.is_empty() {
                return;
            }
        }
    }

    /// Batches and notes reach the disk, then the answers go out. False if the machine died over it.
    fn write(&mut self, at: usize, sealed: &[Held]) -> bool {
        for held in sealed {
            // A group may take several commits; a kill between them leaves the first ones.
            if self.burns(at) {
                return false;
            }
            self.say(|| format!("{at} keeps {:?} {} ({} bytes)", held.log, held.number, held.bytes.len()));
            if held.log.gateway != self.sites[at].id {
                self.tally.adopted_bytes += held.bytes.len() as u64;
            }
            let now_ms = self.now_ms;
            self.sites[at].larder.put(now_ms, held.log, held.number);
            if !self.sites[at].disk.put(held.clone()) {
                return self.fail_and_stop(at, held);
            }
        }
        let Some(run) = &mut self.sites[at].run else { return false };
        let notes = std::mem::take(&mut run.notes);
        let answers = std::mem::take(&mut run.answers);
        self.sites[at].disk.note_all(notes);
        self.audit(at);
        self.sites[at].audit.sync();
        if self.burns(at) {
            return false;
        }
        if !answers.is_empty() {
            let written = ids_in(&self.network, sealed.iter());
            self.acknowledge(at, answers, &written);
        }
        true
    }

    fn fail_and_stop(&mut self, at: usize, held: &Held) -> bool {
        self.fail("every entry is stored once", format!("{at} stores {:?} {} twice", held.log, held.number));
        false
    }

    fn open_epoch(&mut self, at: usize) {
        let epoch = self.dice.bits() as u32;
        self.say(|| format!("{at} opens epoch {epoch:08x}"));
        let site = &mut self.sites[at];
        site.disk.epoch = epoch;
        let Some(run) = &mut site.run else { return };
        run.node.new_epoch(commons_core::log::Epoch(epoch));
        let again = std::mem::take(&mut run.again);
        for held in again {
            self.input(at, Input::Again(held));
        }
        self.event(at, Event::Tick);
    }

    /// The disk is full: nothing of this round is kept, nobody is told that it is.
    fn refuse_all(&mut self, at: usize) {
        self.say(|| format!("{at} finds no room and begins again from its disk"));
        self.with(at, |run| run.answers.clear());
        let (network, now_ms) = (self.network, self.now_ms);
        if let Err(why) = self.sites[at].reload(network, now_ms) {
            return self.fail("a store loads", format!("{at}: {why}"));
        }
        self.sites[at].audit.lose();
        self.event(at, Event::Lost);
        self.set_space(at, Space::None);
    }
}
