//! The end of each run: everything heals, and then all must be everywhere, quiet, and as small as promised.

use std::collections::{BTreeMap, BTreeSet};

use commons_core::identity::RecordId;
use commons_core::log::{Lane, LogKey};
use commons_core::node::Space;

use super::site::Kind;
use super::world::{Happening, World};

/// A healed network comes to rest within this virtual time.
const REST_MS: u64 = 4 * 3_600_000;
/// Links are made anew so many times at most until all is equal: what is noticed late (a fork, a lie) is told again at
/// the next session, and sessions end sooner or later.
const ROUNDS_MAX: u64 = 4;
/// Longer than any short lifetime and all that power cuts may have added to it.
const OVER_MS: u64 = 6 * 3_600_000;
/// Bytes of Batches frames over one link for each byte of what was posted: the target of the design.
const COPIES_MAX: u64 = 2;
/// What frames, names and numbers add to that, for each post.
const FRAMING_BYTES: u64 = 120;

impl World {
    /// Ends the run: heals, waits, and checks everything.
    pub fn heal(&mut self) {
        self.say(|| "everything heals".into());
        self.healing = true;
        self.fuse = None;
        self.put_away();
        let kept = self.all_that_is_kept();
        for at in 0..self.sites.len() {
            self.sites[at].full = false;
            if self.sites[at].run.is_some() {
                self.set_space(at, Space::Enough);
            } else if self.takes_part(at) {
                self.start(at);
            }
        }
        for edge in 0..self.edges.len() {
            let way = &mut self.edges[edge];
            way.open = !way.gone;
            way.bytes_per_s = way.bytes_per_s.max(20_000);
            way.delay_ms = way.delay_ms.min(500);
            self.later(0, Happening::Dial(edge));
        }
        for round in 0..ROUNDS_MAX {
            if !self.come_to_rest() || self.broken.is_some() {
                return;
            }
            self.tally.rounds = round + 1;
            let last = round + 1 == ROUNDS_MAX;
            if self.check_equal(&kept, last) || self.broken.is_some() {
                break;
            }
            self.say(|| "all links are made anew".into());
            let links: Vec<u32> = self.wires.keys().copied().collect();
            links.into_iter().for_each(|link| self.cut(link));
        }
        if self.broken.is_none() {
            self.check_links();
            self.check_forks();
        }
        if self.broken.is_none() {
            self.wait_for_expiry(&kept);
        }
        if self.broken.is_none() {
            self.check_cost();
        }
        if self.broken.is_none() {
            self.check_silence();
        }
        self.tally.virtual_ms = self.now_ms;
    }

    /// Whether a machine counts in the end.
    pub fn takes_part(&self, at: usize) -> bool {
        self.sites[at].kind == Kind::Honest
    }

    fn part(&self) -> Vec<usize> {
        (0..self.sites.len()).filter(|at| self.takes_part(*at)).collect()
    }

    /// Twins are put away, liars are unpaired.
    fn put_away(&mut self) {
        for edge in 0..self.edges.len() {
            let way = &mut self.edges[edge];
            if way.ends.iter().any(|at| self.sites[*at].kind != Kind::Honest) {
                way.gone = true;
                if let Some(link) = way.link {
                    self.cut(link);
                }
            }
        }
        for at in 0..self.sites.len() {
            if !self.takes_part(at) {
                self.crash(at);
                // A start that is in line must not bring it back.
                self.sites[at].retired = true;
            }
        }
    }

    /// Items on any disk whose time is not over soon: all of them must be everywhere.
    fn all_that_is_kept(&self) -> BTreeSet<RecordId> {
        let network = self.network;
        let on_disks = self.part().into_iter().flat_map(|at| self.sites[at].disk.records(&network));
        let on_disks: BTreeSet<RecordId> = on_disks.collect();
        let stands = |id: &RecordId| {
            let entry = self.posted.entries.get(id);
            entry.is_some_and(|entry| entry.over_ms.is_some_and(|ms| ms > self.now_ms + 2 * (REST_MS + OVER_MS)))
        };
        on_disks.into_iter().filter(stands).collect()
    }

    pub(super) fn come_to_rest(&mut self) -> bool {
        if self.rest(REST_MS) {
            return true;
        }
        let waits = self.in_line();
        self.fail("a healed network comes to rest", format!("in line: {waits}"));
        false
    }

    /// Heads, views and disks of all are equal. If it is the last try, a difference is a failure.
    fn check_equal(&mut self, kept: &BTreeSet<RecordId>, last: bool) -> bool {
        self.tick_all();
        let part = self.part();
        let Some(first) = part.first().copied() else { return true };
        let mut differs = None;
        for at in &part {
            let (Some(one), Some(other)) = (&self.sites[first].run, &self.sites[*at].run) else { continue };
            let same = one.node.heads_digest() == other.node.heads_digest();
            if let Some(what) = (!same).then(|| self.head_difference(first, *at)).flatten() {
                differs = Some(("after healing all heads are equal", what));
                break;
            }
            // One gateway may have taken what another one had no place for.
            let rationed = |id: &&RecordId| {
                let by = self.sites[self.posted.entries[id].at].id;
                self.rationed.iter().any(|(gateway, _)| *gateway == by)
            };
            // How long it stands is a relay's word, where a liar was one.
            let mut kept = kept.iter().filter(|id| !rationed(id) && !self.misdated.contains(*id));
            if let Some(id) = kept.find(|id| other.node.board().get(id).is_none()) {
                let entry = &self.posted.entries[id];
                let what = format!("post {} ({}) of {} is not at {at}", entry.post, id.short(), entry.at);
                differs = Some(("nothing that any neighbour kept is lost", what));
                break;
            }
        }
        let Some((invariant, what)) = differs else { return true };
        if last {
            self.fail(invariant, what);
        } else {
            self.say(|| format!("not yet equal: {what}"));
        }
        false
    }

    /// How the logs that nobody knows to be forked differ.
    fn head_difference(&self, one: usize, other: usize) -> Option<String> {
        let forked = |log: &LogKey| {
            [one, other].iter().any(|at| self.sites[*at].run.as_ref().is_some_and(|run| run.sync.is_forked(log)))
        };
        let heads = |at: usize| -> BTreeMap<LogKey, (u64, String)> {
            let heads = self.sites[at].run.iter().flat_map(|run| run.node.heads()).filter(|head| !forked(&head.log));
            heads.map(|head| (head.log, (head.next, head.hash.short()))).collect()
        };
        let (ours, theirs) = (heads(one), heads(other));
        let logs: BTreeSet<&LogKey> = ours.keys().chain(theirs.keys()).collect();
        let same = |log: &&LogKey| {
            ours.get(log) == theirs.get(log) || self.is_rationed(log) || !self.shelves_joined(log, one, other)
        };
        let unlike = logs.into_iter().filter(|log| !same(log));
        let lines: Vec<String> = unlike
            .map(|log| {
                let known =
                    [one, other].map(|at| self.sites[at].run.as_ref().is_some_and(|run| run.sync.trusts(&log.gateway)));
                format!(
                    "{log:?} is {:?} at {one} and {:?} at {other} (taken: {known:?})",
                    ours.get(log),
                    theirs.get(log)
                )
            })
            .collect();
        (!lines.is_empty()).then(|| lines.join("; "))
    }

    fn check_views(&mut self) {
        let part = self.part();
        let Some(first) = part.first().copied() else { return };
        if !self.rationed.is_empty() {
            return;
        }
        if !self.misdated.is_empty() {
            return self.check_other_views(&part);
        }
        let digest = |at: usize| self.sites[at].run.as_ref().map(|run| run.node.views_digest());
        let unlike = part.iter().copied().find(|at| digest(*at) != digest(first));
        if let Some(at) = unlike {
            let ids = |at: usize| -> BTreeSet<String> {
                let items =
                    self.sites[at].run.iter().flat_map(|run| run.node.board().all().map(move |item| (run, item)));
                items.map(|(run, item)| format!("{} {:?}", item.id.short(), run.node.board().resolve(item))).collect()
            };
            let what = ids(first).symmetric_difference(&ids(at)).take(4).cloned().collect::<Vec<_>>().join("; ");
            self.fail("after healing all views are equal", format!("{first} and {at}: {what}"));
        }
    }

    /// What no liar has misdated is the same everywhere. Only whether it stands is compared: whose turn it is among helpers
    /// depends on all that stands.
    fn check_other_views(&mut self, part: &[usize]) {
        let stands = |at: usize| -> BTreeSet<RecordId> {
            let items = self.sites[at].run.iter().flat_map(|run| run.node.board().all());
            items.map(|item| item.id).filter(|id| !self.misdated.contains(id)).collect()
        };
        let all: Vec<BTreeSet<RecordId>> = part.iter().map(|at| stands(*at)).collect();
        let Some(place) = all.iter().position(|each| *each != all[0]) else { return };
        let ids: Vec<String> = all[0].symmetric_difference(&all[place]).take(4).map(RecordId::short).collect();
        self.fail("after healing all views are equal", format!("{} and {}: {}", part[0], part[place], ids.join(", ")));
    }

    /// Nobody waits for anything; everybody was told that it is complete.
    fn check_links(&mut self) {
        if !self.rationed.is_empty() {
            return;
        }
        let mut wrong = None;
        for wire in self.wires.values().filter(|wire| wire.up == [true; 2]) {
            for side in 0..2 {
                let (at, other) = (wire.ends[side], wire.ends[1 - side]);
                let Some(run) = &self.sites[at].run else { continue };
                let status = run.sync.peer_status(&self.sites[other].id);
                // An acknowledgement that was lost with one of several links costs a line on a status page until the next
                // session, and nothing else: counted only where no link was ever lost.
                let unheard = status.unacknowledged > 0 && self.plan.troubles.is_empty();
                if !status.complete || status.missing > 0 || status.out_batches > 0 || unheard {
                    wrong = Some(format!("{at} about {other}: {status:?}"));
                }
            }
        }
        if let Some(what) = wrong {
            self.fail("at rest nobody waits and all are complete", what);
        }
    }

    /// Who forked is frozen everywhere, with the proof; nobody else is.
    fn check_forks(&mut self) {
        let part = self.part();
        let mut forked: BTreeSet<LogKey> = BTreeSet::new();
        let logs: BTreeSet<LogKey> = part.iter().flat_map(|at| self.sites[*at].disk.logs.keys().copied()).collect();
        let mut wrong = None;
        for at in &part {
            let Some(run) = &self.sites[*at].run else { continue };
            let frozen = |log: &LogKey| run.node.head(log).is_some_and(|head| head.frozen);
            forked.extend(logs.iter().filter(|log| run.sync.is_forked(log) || frozen(log)));
        }
        for log in &forked {
            for at in &part {
                let Some(run) = &self.sites[*at].run else { continue };
                if !run.sync.is_forked(log) {
                    wrong = Some(format!("{at} does not know that {log:?} is forked"));
                }
            }
            if !self.may_fork(&log.gateway) {
                wrong = Some(format!("{log:?} counts as forked"));
            }
        }
        self.tally.forks += forked.len() as u64;
        if let Some(what) = wrong {
            self.fail("forks end frozen, with a proof, everywhere", what);
        }
    }

    /// All short lifetimes end: what they said is gone everywhere, the rest is everywhere and the same.
    fn wait_for_expiry(&mut self, kept: &BTreeSet<RecordId>) {
        for _ in 0..8 {
            self.advance(OVER_MS / 8);
            self.tick_all();
        }
        if !self.come_to_rest() || !self.check_equal(kept, true) {
            return;
        }
        let over = |id: &RecordId| {
            self.posted.entries.get(id).is_some_and(|entry| entry.over_ms.is_some_and(|ms| ms + 60_000 < self.now_ms))
        };
        let mut stays = None;
        for at in self.part() {
            let Some(run) = &self.sites[at].run else { continue };
            if let Some(item) = run.node.board().all().find(|item| over(&item.id)) {
                stays = Some(format!("{} is still shown at {at}", item.id.short()));
            }
        }
        if let Some(what) = stays {
            self.fail("what has expired goes", what);
        }
        self.check_ledgers();
        if self.broken.is_none() {
            self.let_everybody_go_on();
        }
        self.check_library();
        if self.broken.is_none() {
            self.check_views();
        }
    }

    /// In a whole and quiet network each post crosses each link once, twice at most.
    fn check_cost(&mut self) {
        let part = self.part();
        // The first posts after a change find the tree.
        for at in part.iter().take(8) {
            self.post_item(*at);
        }
        if !self.come_to_rest() {
            return;
        }
        // Counted where it was posted: where lanes are rationed, another one may have no place for it.
        let posted = |world: &Self| -> (u64, u64) {
            let sites = part.iter().map(|at| &world.sites[*at]);
            let own = sites.flat_map(|site| site.disk.logs.iter().filter(|(log, _)| log.gateway == site.id));
            let batches = own.filter(|(log, _)| log.lane != Lane::Library).flat_map(|(_, held)| held.values());
            batches.fold((0, 0), |(bytes, count), held| (bytes + held.bytes.len() as u64, count + 1))
        };
        let before = posted(self);
        let (payload, frames) = (self.tally.batch_bytes, self.tally.frames);
        for at in part.iter().take(8) {
            self.post_item(*at);
            if !self.come_to_rest() {
                return;
            }
        }
        let after = posted(self);
        let (bytes, count) = (after.0 - before.0, after.1 - before.1);
        let links = self.wires.values().filter(|wire| wire.up == [true; 2]).count() as u64;
        let sent = self.tally.batch_bytes - payload;
        let most = links * COPIES_MAX * (bytes + count * FRAMING_BYTES);
        if sent > most {
            let what = format!("{sent} bytes of batches crossed {links} links for {bytes} bytes in {count} batches");
            self.fail("bytes are bounded", what);
        }
        // A push, a have, a prune, an announcement: a handful for each link and batch.
        let frames = self.tally.frames - frames;
        if frames > links * count * 8 + 64 {
            self.fail("bytes are bounded", format!("{frames} frames for {count} batches over {links} links"));
        }
        self.check_links();
    }

    /// With nothing to tell nobody says anything: while links stand, and after everybody restarted.
    fn check_silence(&mut self) {
        let frames = self.tally.frames;
        for _ in 0..4 {
            self.advance(3_600_000);
            self.tick_all();
        }
        if self.tally.frames > frames {
            let what = format!("{} frames in four quiet hours", self.tally.frames - frames);
            return self.fail("a quiet network is silent", what);
        }
        let has_gaps = |at: &usize| {
            self.sites[*at].run.iter().any(|run| run.logs.iter().any(|log| !run.node.gaps(log).is_empty()))
        };
        // Who wants the library asks whoever does not whether he has any of it.
        let odd = self.tally.forks > 0 || !self.rationed.is_empty() || self.plan.library;
        if odd || self.part().iter().any(has_gaps) {
            // What a peer knows of a fork or a gap is asked once a session.
            return;
        }
        for at in self.part() {
            self.stop(at);
        }
        for at in self.part() {
            self.start(at);
        }
        if !self.come_to_rest() {
            return;
        }
        if self.tally.frames > frames {
            let what = format!("{} frames after a restart with nothing new", self.tally.frames - frames);
            return self.fail("nothing to tell is one Hello each way", what);
        }
        self.check_links();
        self.check_views();
    }
}
