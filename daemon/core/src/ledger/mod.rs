//! The ledger: members and mutual credit, folded from records of the book lane.
//!
//! **Whether a record counts is a function of the records it names, by hash, and of those they name.** So it never depends
//! on what else is known, on order or on any clock: the same set of entries gives the same ledger, whole or in part, and a
//! record that counts counts for ever. What is not here yet is waited for.
//! Everything else (frozen members, the share away from home, recovery's delay) is for the *door* ([`Ledger::admit`]): an
//! honest gateway does not log what it refuses, and the bound on what a cheat can take rests on that.
//!
//! This module never draws time or randomness, keeps no order of arrival, and never panics on what a stranger says.
//! Sources: Guerraoui et al., The Consensus Number of a Cryptocurrency (one owner per account needs no consensus); Shapiro,
//! Blocklace (a record names what it builds on). The rules are tabled in PROTOCOL.md.

mod chain;
mod checkpoint;
mod decided;
mod decision;
mod door;
mod fork;
pub(crate) mod form;
mod journal;
mod member;
mod posting;
mod pots;
mod refusal;
mod rules;
mod statement;
mod views;
mod waiting;

pub use chain::Standing;
pub use checkpoint::{Agreed, FOLD};
pub use decided::{ActionCard, DecisionCard, DecisionState, Voice, DECISIONS_SHOWN_MAX};
pub use member::Lights;
pub use posting::{Dated, Posting};
pub use pots::{PotState, PotUnit, POTS_SHOWN_MAX, POT_DAYS_SHOWN_MAX};
pub use refusal::Refusal;
pub use statement::{
    Account, AccountBalance, CovenantCard, Fork, HistoryPage, MemberCard, Payslip, RecoveryWord, UnitCard, VouchWord,
    FOUND_MAX, HISTORY_PAGE_MAX, OPEN_SHOWN_MAX,
};
pub use views::{Balance, MemberView, Movement, MovementState};

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::codec::Author;
use crate::identity::{GatewayId, MemberId, NetworkId, RecordId};
use crate::log::Age;
use crate::record::{Action, Body, Found, AMOUNT_MAX};
use chain::{Deed, Entry};
use checkpoint::Words;
use decision::Tally;
use member::Member;
use posting::Payment;
use rules::{Judged, Stop};
use waiting::{Waiting, WaitingRecord};

/// Records of members that one ledger counts, about 300 bytes each. With [`AMOUNT_MAX`] no sum of theirs overflows 63 bits.
pub const RECORDS_MAX: usize = 4_194_304;
/// Records that wait for others they name, of about 2 KiB at most. At the limit it depends on the order of arrival which ones do.
pub const WAITING_MAX: usize = 16_384;
/// Branches of one member's chain that are followed. More only ever come from one who forked that often.
pub const BRANCHES_MAX: usize = 64;
/// Fork proofs kept of one member; one is enough to freeze.
pub const PROOFS_MAX: usize = 16;
/// Newcomers nobody has vouched for yet that one gateway takes in: keys cost nothing.
pub const NEWCOMERS_MAX: usize = 256;
/// Communities folded; a gateway's own door takes one.
pub const COVENANTS_MAX: usize = 256;

/// Records whose sides are told at once that home has seen them: a home that stamps backwards would else cost a walk each time.
const CONFIRMED_TOLD_MAX: usize = 1_024;

const _: () = assert!(RECORDS_MAX as u128 * (AMOUNT_MAX as u128) < i64::MAX as u128 / 2);

/// One entry of a log, as the ledger needs it. The signature was checked before.
#[derive(Clone, Copy)]
pub struct Said<'a> {
    /// The record's id.
    pub id: RecordId,
    /// Who said it.
    pub author: Author,
    /// In whose log it stands.
    pub gateway: GatewayId,
    /// The store's age when it came.
    pub arrived: Age,
    /// The time its author claims, unix seconds; shown, and nothing else.
    pub created: u64,
    /// What was said.
    pub body: &'a Body,
}

/// Members, their chains and balances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    network: NetworkId,
    covenants: BTreeMap<RecordId, Found>,
    entries: BTreeMap<RecordId, Entry>,
    members: BTreeMap<MemberId, Member>,
    pays: BTreeMap<RecordId, Payment>,
    decisions: BTreeMap<RecordId, Tally>,
    words: BTreeMap<GatewayId, Words>,
    waiting: Waiting,
    /// When guardians' records first came here: for the door alone.
    heard: BTreeMap<RecordId, Age>,
}

impl Ledger {
    /// An empty ledger of a network.
    pub fn new(network: NetworkId) -> Self {
        Self {
            network,
            covenants: BTreeMap::new(),
            entries: BTreeMap::new(),
            members: BTreeMap::new(),
            pays: BTreeMap::new(),
            decisions: BTreeMap::new(),
            words: BTreeMap::new(),
            waiting: Waiting::default(),
            heard: BTreeMap::new(),
        }
    }

    /// Folds one entry in; says whether anything that counts has changed.
    pub fn apply(&mut self, said: Said<'_>) -> bool {
        self.apply_noting(said, &mut BTreeSet::new())
    }

    /// As [`Ledger::apply`]; `touched` grows by the members whose accounts look different now.
    pub fn apply_noting(&mut self, said: Said<'_>, touched: &mut BTreeSet<MemberId>) -> bool {
        if !said.body.kind().is_ledger() {
            return false;
        }
        let mut woken = Vec::new();
        let mut changed = self.take(said, &mut woken, touched);
        while let Some(id) = woken.pop() {
            for WaitingRecord { id, author, body, created, gateways } in self.waiting.release(&id) {
                for gateway in gateways {
                    let said = Said { id, author, gateway, arrived: said.arrived, created, body: &body };
                    changed |= self.take(said, &mut woken, touched);
                }
            }
        }
        changed
    }

    /// Takes in one entry; `woken` grows by the records that count from now on.
    fn take(&mut self, said: Said<'_>, woken: &mut Vec<RecordId>, touched: &mut BTreeSet<MemberId>) -> bool {
        if let Some(entry) = self.entries.get(&said.id) {
            let news = !entry.at_home && entry.home == said.gateway;
            if news {
                self.confirm(said.id, touched);
            }
            return news;
        }
        match self.judge(said.id, said.author, said.body) {
            Ok(judged) => self.commit(said, judged, woken, touched),
            Err(Stop::Missing(missing, _)) => {
                self.waiting.hold(missing, said);
                false
            }
            Err(Stop::Refused(_)) => false,
        }
    }

    fn commit(
        &mut self,
        said: Said<'_>,
        judged: Judged,
        woken: &mut Vec<RecordId>,
        touched: &mut BTreeSet<MemberId>,
    ) -> bool {
        let Said { id, gateway, created, .. } = said;
        match judged {
            Judged::Found(found) => {
                touched.extend((0..found.founders.len()).map(|place| MemberId::of_founder(&id, place as u8)));
                self.found(id, found, woken)
            }
            Judged::Chain(entry) => {
                let at_home = entry.home == gateway;
                if matches!(entry.deed, Deed::Recover { .. }) {
                    self.heard.insert(id, said.arrived);
                }
                self.append(id, *entry, created);
                self.tell(&id, touched);
                if at_home {
                    self.confirm(id, touched);
                }
                woken.push(id);
                true
            }
            Judged::Proof(member, proof) => {
                touched.insert(member);
                self.prove(member, proof)
            }
            Judged::Stamp(record) => match self.entries.get(&record) {
                Some(entry) if entry.home == gateway && !entry.at_home => {
                    self.confirm(record, touched);
                    true
                }
                _ => false,
            },
            Judged::Checkpoint(records, digest) => self.words.entry(gateway).or_default().note(records, digest),
        }
    }

    /// Home has seen this record, and with it all before it in its chain.
    fn confirm(&mut self, id: RecordId, touched: &mut BTreeSet<MemberId>) {
        let mut at = id;
        for _ in 0..CONFIRMED_TOLD_MAX {
            let Some(entry) = self.entries.get(&at).filter(|entry| !entry.at_home) else { break };
            self.tell(&at, touched);
            if entry.seq == 0 {
                break;
            }
            at = entry.prev;
        }
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.at_home = true;
        }
    }

    /// Whom a record concerns.
    fn tell(&self, id: &RecordId, touched: &mut BTreeSet<MemberId>) {
        let Some(entry) = self.entries.get(id) else { return };
        touched.insert(entry.member);
        let about = |decision: &RecordId| self.decisions.get(decision).map(|tally| &tally.action);
        match &entry.deed {
            Deed::Pay { to, .. } => drop(touched.insert(*to)),
            Deed::Accept { pay, .. } | Deed::Decline { pay } | Deed::Reclaim { pay, .. } | Deed::Dispute { pay } => {
                touched.extend(self.pays.get(pay).into_iter().flat_map(|payment| [payment.from, payment.to]));
            }
            Deed::Vouch { member, .. } | Deed::Recover { member, .. } => drop(touched.insert(*member)),
            Deed::Decide { action, .. } => touched.extend(action.sides()),
            Deed::Consent { decision, .. } => touched.extend(about(decision).into_iter().flat_map(Action::sides)),
            _ => {}
        }
    }

    /// A community begins: its founders are members from here on.
    fn found(&mut self, id: RecordId, found: Found, woken: &mut Vec<RecordId>) -> bool {
        if self.covenants.contains_key(&id) {
            return false;
        }
        for (place, founder) in found.founders.iter().enumerate() {
            let member = MemberId::of_founder(&id, place as u8);
            let standing = Standing {
                covenant: id,
                facts: founder.facts.clone(),
                key: founder.key,
                epoch: 0,
                entered: true,
                left: false,
                positions: alloc::vec![0; found.units.len()],
            };
            let home = founder.facts.home;
            // The founding itself counts as seen at home.
            self.append(member.genesis(), genesis(member, home, true, standing), 0);
            woken.push(member.genesis());
        }
        self.covenants.insert(id, found);
        woken.push(id);
        true
    }

    /// Puts a record that counts into its chain, with all that follows from it.
    fn append(&mut self, id: RecordId, entry: Entry, created: u64) {
        let standing = match &entry.deed {
            Deed::Genesis(standing) => Some((**standing).clone()),
            deed => self.standing_before(&entry.prev).map(|mut standing| {
                standing.follow(deed);
                standing
            }),
        };
        let Some(standing) = standing else { return };
        let member = self.members.entry(entry.member).or_insert_with(|| Member::new(&standing));
        if let Deed::Resume(resumed) = &entry.deed {
            if resumed.clears() {
                member.resumptions.insert(id);
            }
            resumed.branches.iter().for_each(|branch| drop(member.tips.remove(branch)));
        }
        member.tips.insert(id, standing);
        let (author, deed, prev) = (entry.member, entry.deed.clone(), entry.prev);
        self.entries.insert(id, entry);
        if !matches!(deed, Deed::Genesis(_)) {
            self.link(&author, prev, id);
        }
        self.post(author, id, &deed, created);
        self.note_words(id, &deed);
        self.count_voices(id, &author, &deed, created);
        self.look_for_forks(&author);
    }

    /// Keeps at hand what others said about a member.
    fn note_words(&mut self, id: RecordId, deed: &Deed) {
        match deed {
            Deed::Vouch { member, .. } => {
                self.members.get_mut(member).map(|member| member.vouches.insert(id));
            }
            Deed::Recover { member, .. } => {
                self.members.get_mut(member).map(|member| member.recoveries.insert(id));
            }
            _ => {}
        }
    }

    /// Takes the standing at the end of a chain out, or makes it again where it was none.
    fn standing_before(&mut self, prev: &RecordId) -> Option<Standing> {
        let member = self.members.get_mut(&self.entries.get(prev)?.member)?;
        match member.tips.remove(prev) {
            Some(standing) => Some(standing),
            None => self.standing_at(prev),
        }
    }

    /// Records that count, founders' beginnings aside.
    pub fn records(&self) -> u64 {
        let founders: usize = self.covenants.values().map(|found| found.founders.len()).sum();
        (self.entries.len() - founders) as u64
    }

    /// Records that wait for others.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The founding records, by id.
    pub fn covenants(&self) -> impl Iterator<Item = (&RecordId, &Found)> {
        self.covenants.iter()
    }

    /// Whether a record with this id counts.
    pub fn counts(&self, id: &RecordId) -> bool {
        self.entries.contains_key(id) || self.covenants.contains_key(id)
    }
}

/// The first entry of a chain.
fn genesis(member: MemberId, home: GatewayId, at_home: bool, standing: Standing) -> Entry {
    Entry {
        member,
        epoch: 0,
        seq: 0,
        prev: member.genesis(),
        home,
        at_home,
        next: None,
        deed: Deed::Genesis(alloc::boxed::Box::new(standing)),
    }
}
