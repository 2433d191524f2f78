//! What must hold of members' balances at every moment, on every machine, whatever was lost or forked.

use std::collections::BTreeSet;

use commons_core::batch::{read_batch, Item};
use commons_core::codec::read_record;
use commons_core::identity::{MemberId, RecordId};
use commons_core::ledger::{Ledger, Posting, Said};
use commons_core::log::{Age, Held};
use commons_core::record::{Kind, UnitIndex};
use commons_core::sync::Memory;

use super::community::{LIMIT, ROAMING_PERCENT, UNITS};
use super::world::World;

/// What was seen of one machine's ledger.
#[derive(Clone, Default)]
pub struct Audit {
    life: u64,
    records: u64,
    /// Postings seen.
    seen: BTreeSet<(RecordId, bool)>,
    /// Of these, the ones that were synced.
    synced: BTreeSet<(RecordId, bool)>,
}

impl Audit {
    /// All that was seen is synced now.
    pub fn sync(&mut self) {
        self.synced.clone_from(&self.seen);
    }

    /// What was not synced is lost.
    pub fn lose(&mut self) {
        self.seen.clone_from(&self.synced);
        self.records = u64::MAX;
    }
}

impl World {
    /// Looks at a machine's ledger if it changed.
    pub(super) fn audit(&mut self, at: usize) {
        let site = &self.sites[at];
        let Some(ledger) = site.run.as_ref().map(|run| run.node.ledger()) else { return };
        let records = ledger.records();
        if (site.audit.life, site.audit.records) == (site.life, records) || self.community.people.is_empty() {
            return;
        }
        let seen: BTreeSet<(RecordId, bool)> = ledger.postings().map(|posting| (posting.cause, posting.back)).collect();
        let wrong = self.find_wrong(at, ledger, &seen);
        let site = &mut self.sites[at];
        (site.audit.life, site.audit.records) = (site.life, records);
        site.audit.seen = seen;
        self.tally.audits += 1;
        if let Some((invariant, what)) = wrong {
            self.fail(invariant, what);
        }
    }

    fn find_wrong(
        &self,
        at: usize,
        ledger: &Ledger,
        seen: &BTreeSet<(RecordId, bool)>,
    ) -> Option<(&'static str, String)> {
        if let Some(gone) = self.sites[at].audit.seen.difference(seen).next() {
            return Some(("postings only grow", format!("{at} had the posting of {}", gone.0.short())));
        }
        for unit in (0..UNITS).map(UnitIndex) {
            let sum: i64 = self.community.people.iter().map(|person| ledger.settled(&person.member, unit)).sum();
            if sum != 0 {
                return Some(("settled balances sum to zero", format!("{sum} in unit {} at {at}", unit.0)));
            }
        }
        let known = &self.sites[at].audit.seen;
        let news = ledger.postings().filter(|posting| !known.contains(&(posting.cause, posting.back)));
        if let Some(taken) = news.into_iter().find(|posting| !self.was_agreed(posting)) {
            let what = format!("{taken:?} at {at}");
            return Some(("no debit without the owner's word, or a decision", what));
        }
        for (who, person) in self.community.people.iter().enumerate() {
            let forks = self.community.forked.contains(&person.member);
            let bounded = forks || self.community.renewed.contains(&person.member);
            let settled = ledger.settled(&person.member, UnitIndex(0));
            if person.pot && settled < -self.community.written_off {
                return Some(("the fund pays only what was decided", format!("it is at {settled} at {at}")));
            }
            if !person.pot && !bounded && settled < -LIMIT {
                return Some((
                    "who never forked never settles below his limit",
                    format!("p{who} is at {settled} at {at}"),
                ));
            }
            if let Some(bound) = self.bound(&person.member).filter(|bound| bounded && settled < *bound) {
                let what = format!("p{who} is at {settled} at {at}, below {bound}");
                return Some(("who forked, or has a new key, never settles below the bound", what));
            }
            let accused = self.community.accused.contains(&person.member);
            if ledger.is_frozen(&person.member) && !forks && !accused {
                return Some(("nobody is frozen who did not fork", format!("p{who} at {at}")));
            }
            if !forks && !ledger.forks_of(&person.member).is_empty() {
                return Some(("fork proofs are sound", format!("p{who} at {at}")));
            }
        }
        None
    }

    /// Whether the one who pays has signed that, or a decision says so.
    fn was_agreed(&self, posting: &Posting) -> bool {
        let Posting { cause, back, from, to, .. } = posting;
        let payer = if *back { to } else { from };
        self.community.payments.get(cause) == Some(payer) || self.community.write_offs.get(cause) == Some(from)
    }

    /// The least a member can settle at who forks: his limit at home, a share of it at each other gateway. A gateway that
    /// forgot something counts as one more each time, and so does his limit for each time that others let him go on at a new
    /// home or by decision. Nothing is promised for one whose own home forgot.
    fn bound(&self, member: &MemberId) -> Option<i64> {
        let person = self.community.person(member)?;
        if person.homes.iter().any(|home| self.sites[*home].forgot > 0) {
            return None;
        }
        let others = (0..self.plan.gateways).filter(|at| *at != person.home);
        let away: i64 = others.map(|at| 1 + i64::from(self.sites[at].forgot)).sum();
        let chances = self.community.chances.get(member).copied().unwrap_or(0);
        Some(-(LIMIT + LIMIT * i64::from(ROAMING_PERCENT) / 100 * away + LIMIT * chances))
    }

    /// All that honest machines keep of the book, folded once more from the beginning: what every ledger must come to.
    pub(super) fn all_that_counts(&self) -> Ledger {
        let mut ledger = Ledger::new(self.network);
        let mut done: BTreeSet<(commons_core::log::LogKey, u64, usize)> = BTreeSet::new();
        for at in (0..self.sites.len()).filter(|at| self.takes_part(*at)) {
            let disk = &self.sites[at].disk;
            let memory = Memory::read(disk.notes.iter().map(|(key, value)| (key.as_slice(), value.as_slice())));
            let held = disk.logs.values().flat_map(|held| held.values()).map(|held| held.as_ref());
            for held in held.chain(memory.branches()) {
                let is_book = held.log.lane == commons_core::log::Lane::Book;
                // Two batches with one number differ in length, or are folded twice: that changes nothing.
                if is_book && (done.insert((held.log, held.number, held.bytes.len())) || self.sites[at].forks) {
                    self.fold(&mut ledger, held);
                }
            }
        }
        ledger
    }

    fn fold(&self, ledger: &mut Ledger, held: &Held) {
        let Ok(batch) = read_batch(&held.bytes) else { return };
        for item in &batch.items {
            let Item::Entry { author, record: bytes, .. } = item else { continue };
            let Ok(record) = read_record(bytes) else { continue };
            let (id, gateway, body) = (item.id(&self.network, &held.log.gateway), held.log.gateway, &record.body);
            ledger.apply(Said { id, author: *author, gateway, arrived: Age(0), created: record.created, body });
        }
    }

    /// In the end all ledgers are the same, and what all records together come to.
    pub(super) fn check_ledgers(&mut self) {
        if self.community.people.is_empty() {
            return;
        }
        let all = self.all_that_counts();
        let digest = all.digest();
        let mut wrong = None;
        for at in (0..self.sites.len()).filter(|at| self.takes_part(*at)) {
            let Some(ledger) = self.ledger_at(at) else { continue };
            for (who, person) in self.community.people.iter().enumerate() {
                let told = |ledger: &Ledger| (ledger.member(&person.member), ledger.is_frozen(&person.member));
                if told(ledger) != told(&all) {
                    let what = format!("p{who} at {at}: {:?}, and not {:?}", told(ledger), told(&all));
                    wrong = Some(("after healing all ledgers are equal", what));
                }
                let split = ledger.ends(&person.member).len() > 1;
                if split && !ledger.is_frozen(&person.member) {
                    wrong = Some(("who forked is frozen everywhere", format!("p{who} is not at {at}")));
                }
            }
            if ledger.digest() != digest {
                wrong = wrong.or(Some((
                    "after healing all ledgers are equal",
                    format!("{at} counts {} records, of {}", ledger.records(), all.records()),
                )));
            }
        }
        let split = self.community.people.iter().filter(|person| all.ends(&person.member).len() > 1).count();
        self.tally.split = split as u64;
        self.tally.renewed = self.community.renewed.len() as u64;
        self.tally.postings = all.postings().count() as u64;
        if let Some((invariant, what)) = wrong {
            self.fail(invariant, what);
        }
    }

    /// What a machine said it keeps of the book counts when it starts again.
    pub(super) fn check_book(&mut self, at: usize) {
        let site = &self.sites[at];
        let Some(run) = &site.run else { return };
        if site.forgot > 0 {
            // What it had built on may be gone everywhere.
            return;
        }
        let kept = site.disk.records(&self.network);
        let counts = |id: &RecordId, kind: Kind| match kind {
            Kind::StockIn | Kind::StockOut | Kind::StockCount => run.node.stock().knows(id),
            _ => run.node.ledger().counts(id),
        };
        let proof = |kind: Kind| matches!(kind, Kind::ForkProof | Kind::Cosign);
        let mut said =
            self.posted.book.iter().filter(|(id, (by, kind))| *by == at && !proof(*kind) && kept.contains(id));
        if let Some((id, (_, kind))) = said.find(|(id, (_, kind))| !counts(id, *kind)) {
            let what = format!("{} {} is on the disk of {at}, and does not count", kind.name(), id.short());
            self.fail("acknowledged implies durable", what);
        }
    }
}
