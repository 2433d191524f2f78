//! The node: the one place that knows all of the core. Inputs in, outputs out; no IO, no clock, no randomness.
//!
//! Invariants: nothing is logged that admission refused; an answer to a post is valid only once the batches that
//! [`Node::seal`] returns next are on disk; views follow the log and nothing else.

mod book;
mod contact;
mod holdings;
mod logs;
mod posting;
mod rights;
mod saved;
mod scoring;

pub use holdings::Verdict;
pub use logs::{Gap, HeadInfo, BRANCHES_MAX, BRANCH_BYTES_MAX, GAPS_MAX, GAP_BATCHES_MAX};
pub use saved::Unfit;

use book::Book;
use logs::{Head, Overlay};
use saved::{Arrivals, Restoring};

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;

use crate::admission::Rejection;
use crate::batch::{batch_hash, read_batch, seal_batch, BatchFault, Item as Place};
use crate::clock::{Certainty, Clock, Interval, Now};
use crate::codec::{read_record, record_id, Author, BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, RECORD_BYTES_MAX};
use crate::identity::{GatewayId, GatewayKeys, MemberId, MemberKey, NetworkId, RecordId, Signature};
use crate::ledger::{Ledger, Said};
use crate::log::{Age, Epoch, Held, Lane, LogKey};
use crate::receipt::Outcome;
use crate::record::{Body, Kind, Mark, NoticeMessage, Record, Severity, Stamp, Urgency};
use crate::scorecard::responses::Responses;
use crate::submission::Submission;
use crate::views::board::{Board, Origin, Touched};
use crate::views::item::ItemState;
use crate::views::stock::StockView;
use crate::views::{render, EntryRef, Library};

/// Logs known, at most: gateways of a large neighbourhood times lanes times a few epochs.
pub const LOGS_MAX: usize = 4_096;
/// Items taken out for expiry in one tick, so that posts never wait long.
pub const EXPIRED_PER_TICK_MAX: usize = 256;
/// Seconds in which the same words from the same hand are one post, even if the first is over already.
const RECENT_S: u64 = 600;
/// Recent posts remembered.
const RECENT_MAX: usize = 8_192;
/// Seconds between looks for lapsed helpers.
const LAPSE_CHECK_S: u64 = 60;
/// Seconds until a member's record that came from another gateway is stamped. As with claims: not in the breath in which a
/// gateway that was rolled back learns so.
const STAMP_S: u64 = 2;
/// Stamps given at once.
const STAMPS_AT_ONCE_MAX: usize = 256;
/// Records since this gateway's last checkpoint that make a new one worth its place in the book (guess: a few weeks' worth).
const CHECKPOINT_RECORDS: u64 = 256;
/// Seconds without a new record after which all gateways in reach likely have the same ones.
const CHECKPOINT_QUIET_S: u64 = 3_600;

/// What a node is made with.
pub struct Setup {
    /// The neighbourhood's network.
    pub network: NetworkId,
    /// This gateway's keys.
    pub keys: GatewayKeys,
    /// Which life of its logs it writes.
    pub epoch: Epoch,
    /// Who may together move a silent item.
    pub stewards: BTreeSet<MemberKey>,
    /// Quotas.
    pub quotas: Quotas,
    /// The community clock.
    pub clock: Clock,
}

/// What one sender, and all together, may have open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// Live items of one sender.
    pub open_items_per_sender_max: u64,
    /// Items held.
    pub items_max: u64,
}

/// Room on the disk, as the caller sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Space {
    /// Enough.
    #[default]
    Enough,
    /// Only what is urgent, and acts on what is there.
    Low,
    /// Nothing.
    None,
}

/// What happens to a node.
pub enum Input {
    /// Somebody posts.
    Submit(Box<Submission>),
    /// A batch of a log that this node does not write now. The next one of its log, or, with the hash before it, the
    /// first of a log known only from there on, or one that fills a gap.
    Batch(Held),
    /// A batch of a forked log's other branch: its records are kept, the log is not.
    Branch(Held),
    /// This log is forked from this number on: nothing from there on is taken.
    Freeze(LogKey, u64),
    /// A batch of this gateway's own that nobody else can take any more: what it says is said again.
    Again(Held),
    /// Time has passed; about once a second.
    Tick,
    /// Room on the disk has changed.
    Space(Space),
}

/// What follows. Valid once the batches of the next [`Node::seal`] are on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// The answer to a post; exactly one for each [`Input::Submit`].
    Answer(Outcome),
    /// Everybody sees this item differently now.
    Changed(Touched),
    /// This item has expired.
    Gone(Touched),
    /// The stock has changed.
    StockChanged,
    /// The accounts of these members look different now.
    LedgerChanged(BTreeSet<MemberId>),
    /// A batch was not taken.
    BatchRefused(BatchFault),
}

struct Staged {
    author: Author,
    record: Vec<u8>,
    signature: Option<Signature>,
}

/// The open batch of one own lane.
#[derive(Default)]
struct OpenBatch {
    entries: Vec<Staged>,
    bytes: usize,
    /// The store's age when the first of them came.
    since: Age,
}

struct Recent {
    at: Age,
    id: RecordId,
    item: RecordId,
    kind: Kind,
}

/// The node.
pub struct Node {
    network: NetworkId,
    keys: GatewayKeys,
    me: GatewayId,
    epoch: Epoch,
    stewards: BTreeSet<MemberKey>,
    quotas: Quotas,
    clock: Clock,
    space: Space,
    logs: Vec<LogKey>,
    heads: BTreeMap<LogKey, Head>,
    tails: BTreeMap<LogKey, Held>,
    /// Batches never had, though later ones of their log are here.
    gaps: BTreeMap<LogKey, Vec<Gap>>,
    /// Forked logs, and from which number on.
    frozen: BTreeMap<LogKey, u64>,
    /// Batches of forked logs' other branches, by index above those of logs.
    branches: Vec<Held>,
    branch_bytes: usize,
    open: BTreeMap<Lane, OpenBatch>,
    sealed: Vec<Held>,
    board: Board,
    stock: StockView,
    ledger: Ledger,
    /// Where the records of members' chains lie.
    book: Book,
    /// What of the book is in the journal.
    arrivals: Arrivals,
    restoring: Option<Restoring>,
    /// Entries that a saved ledger covered at the start.
    restored: u64,
    /// How needs were answered whose time is over.
    responses: Responses,
    /// Needs that expired up to this age were counted before the start.
    responses_restored: Age,
    /// When the ledger last changed.
    ledger_changed: Age,
    /// When to stamp what came of members at home here.
    stamp_at: Option<Age>,
    /// Records in this gateway's own last checkpoint.
    checkpointed: u64,
    /// By content mark.
    recent: BTreeMap<u64, Recent>,
    recent_order: VecDeque<(Age, u64)>,
    guesses: BTreeMap<RecordId, (u32, Age)>,
    lapses_checked: Age,
    /// Own items that others have claimed of late, by when to answer.
    claimed: BTreeSet<(Age, RecordId)>,
    loaded: Age,
    entries: u64,
    batches: u64,
}

impl Node {
    /// An empty node; feed it its journal with [`Node::load`], then call [`Node::loaded`].
    pub fn new(setup: Setup) -> Self {
        let me = setup.keys.id();
        Self {
            network: setup.network,
            keys: setup.keys,
            me,
            epoch: setup.epoch,
            board: Board::new(setup.stewards.clone()),
            stewards: setup.stewards,
            quotas: setup.quotas,
            clock: setup.clock,
            space: Space::Enough,
            logs: Vec::new(),
            heads: BTreeMap::new(),
            tails: BTreeMap::new(),
            gaps: BTreeMap::new(),
            frozen: BTreeMap::new(),
            branches: Vec::new(),
            branch_bytes: 0,
            open: BTreeMap::new(),
            sealed: Vec::new(),
            stock: StockView::default(),
            ledger: Ledger::new(setup.network),
            book: Book::default(),
            arrivals: Arrivals::default(),
            restoring: None,
            restored: 0,
            responses: Responses::default(),
            responses_restored: Age(0),
            ledger_changed: Age(0),
            stamp_at: None,
            checkpointed: 0,
            recent: BTreeMap::new(),
            recent_order: VecDeque::new(),
            guesses: BTreeMap::new(),
            lapses_checked: Age(0),
            claimed: BTreeSet::new(),
            loaded: Age(0),
            entries: 0,
            batches: 0,
        }
    }

    /// Ends loading: takes out what has expired meanwhile and computes the hash of each log's last batch.
    pub fn loaded(&mut self, now: Now) {
        let age = self.clock.age(now);
        self.expire(now, age, usize::MAX);
        self.forget(age);
        self.lapses_checked = age;
        self.loaded = age;
        for (log, held) in core::mem::take(&mut self.tails) {
            if let (Ok(batch), Some(head)) = (read_batch(&held.bytes), self.heads.get_mut(&log)) {
                head.hash = batch_hash(&self.network, &log, held.number, &held.prev, batch.received, &batch.items);
            }
        }
    }

    /// Handles one input. Outputs are valid once what [`Node::seal`] returns is on disk.
    pub fn handle(&mut self, now: Now, input: Input, library: &dyn Library) -> Vec<Output> {
        let mut outputs = Vec::new();
        match input {
            Input::Submit(submission) => {
                let outcome = self.submit(now, *submission, library, &mut outputs);
                outputs.push(Output::Answer(outcome));
            }
            Input::Batch(held) => {
                let taken = self.adopt(now, held, &mut outputs);
                self.note_claims(now, taken, &mut outputs);
            }
            Input::Branch(held) => {
                let taken = self.take_branch(now, held, &mut outputs);
                self.note_claims(now, taken, &mut outputs);
            }
            Input::Freeze(log, from) => self.freeze(log, from),
            Input::Again(held) => self.say_again(now, &held, &mut outputs),
            Input::Space(space) => self.space = space,
            Input::Tick => {
                self.clock.settle(now);
                let age = self.clock.age(now);
                outputs.extend(self.expire(now, age, EXPIRED_PER_TICK_MAX).into_iter().map(Output::Gone));
                self.forget(age);
                self.answer_claims(now, library, &mut outputs);
                self.tend_ledger(now, age, &mut outputs);
                if age.0 >= self.lapses_checked.0 + LAPSE_CHECK_S {
                    self.lapses_checked = age;
                    self.free_lapsed(now, library, &mut outputs);
                }
            }
        }
        outputs
    }

    /// Whether there is anything that [`Node::seal`] would hand out.
    pub fn has_open(&self) -> bool {
        !self.open.is_empty() || !self.sealed.is_empty()
    }

    /// Closes the open batches, signs them, and hands out everything to be written, in order.
    pub fn seal(&mut self, now: Now) -> Vec<Held> {
        let lanes: Vec<Lane> = self.open.keys().copied().collect();
        for lane in lanes {
            self.seal_lane(now, lane);
        }
        let sealed = core::mem::take(&mut self.sealed);
        self.count_arrivals(&sealed);
        sealed
    }

    fn seal_lane(&mut self, now: Now, lane: Lane) {
        let Some(open) = self.open.remove(&lane) else { return };
        let log = self.own_log(lane);
        let Some(head) = self.heads.get_mut(&log) else { return };
        let items: Vec<Place<'_>> = open
            .entries
            .iter()
            .map(|staged| Place::Entry { author: staged.author, record: &staged.record, signature: staged.signature })
            .collect();
        let received = self.clock.interval(now);
        let (bytes, hash) = seal_batch(&self.keys, &self.network, &log, head.next, &head.hash, received, &items);
        let arrived = self.clock.age(now);
        head.count(arrived, bytes.len());
        // What waited for the commit has lived since: else an item that has expired would rise again after a start.
        let spent_s = arrived.0.saturating_sub(open.since.0).try_into().unwrap_or(u32::MAX);
        self.sealed.push(Held { log, number: head.next, prev: head.hash, arrived, spent_s, bytes });
        head.next += 1;
        head.hash = hash;
    }

    fn own_log(&self, lane: Lane) -> LogKey {
        LogKey { gateway: self.me, lane, epoch: self.epoch }
    }

    /// Puts a record into the open batch of a lane and folds it into the views.
    fn stage(
        &mut self,
        now: Now,
        lane: Lane,
        entry: Staged,
        record: &Record,
        outputs: &mut Vec<Output>,
    ) -> Result<RecordId, Rejection> {
        let log = self.own_log(lane);
        let index = self.index(&log).map_err(|_| Rejection::Busy)?;
        // 160: what an author, a signature and lengths add at most; the header fits in what RECORD_BYTES_MAX leaves.
        let added = entry.record.len() + 160;
        let open = self.open.entry(lane).or_default();
        if open.entries.len() >= BATCH_ENTRIES_MAX || open.bytes + added > BATCH_BYTES_MAX - RECORD_BYTES_MAX {
            self.seal_lane(now, lane);
        }
        let batch = self.heads.get(&log).map_or(0, |head| head.next);
        let id = record_id(&self.network, &self.me, &entry.author, &entry.record);
        let author = entry.author;
        let age = self.clock.age(now);
        let open = self.open.entry(lane).or_default();
        let at = EntryRef { log: index, place: open.entries.len() as u8, batch: batch as u32 };
        open.bytes += added;
        open.entries.push(entry);
        if open.entries.len() == 1 {
            self.batches += 1;
            open.since = age;
        }
        self.entries += 1;
        let me = self.me;
        let received = self.clock.interval(now);
        let origin = Origin { id, author, gateway: &me, at, arrived: age, spent_s: 0, received };
        self.apply(lane, origin, record, outputs);
        Ok(id)
    }

    fn apply(&mut self, lane: Lane, origin: Origin<'_>, record: &Record, outputs: &mut Vec<Output>) {
        // Stock lives in the book; a cosign in the book vouches for a count.
        if lane == Lane::Book && record.body.kind().is_ledger() {
            self.apply_ledger(origin, record, outputs);
        } else if lane == Lane::Book {
            if self.stock.apply(origin, record) {
                outputs.push(Output::StockChanged);
            }
        } else {
            outputs.extend(self.board.apply(origin, record).into_iter().map(Output::Changed));
        }
        if *origin.gateway == self.me && origin.author == Author::Guest {
            let item = record.body.target().copied().unwrap_or(origin.id);
            self.remember(record.mark, origin.arrived, origin.id, item, record.body.kind());
        }
    }

    fn apply_ledger(&mut self, origin: Origin<'_>, record: &Record, outputs: &mut Vec<Output>) {
        let Origin { id, author, gateway, arrived, at, .. } = origin;
        let said = Said { id, author, gateway: *gateway, arrived, created: record.created, body: &record.body };
        let mut touched = BTreeSet::new();
        let changed = self.ledger.apply_noting(said, &mut touched);
        self.book.note(&id, at, &record.body);
        if let (Body::ForkProof(_), true, Some(about)) = (&record.body, changed, touched.first()) {
            self.book.note_proof(&self.ledger.fork_pairs(about), at);
        }
        if !touched.is_empty() {
            outputs.push(Output::LedgerChanged(touched));
        }
        match &record.body {
            Body::Checkpoint(said) if *gateway == self.me => self.checkpointed = said.records.max(self.checkpointed),
            Body::Checkpoint(_) => {}
            _ if changed => self.ledger_changed = arrived.max(self.ledger_changed),
            _ => {}
        }
        if changed && *gateway != self.me && self.stamp_at.is_none() {
            self.stamp_at = Some(Age(arrived.0 + STAMP_S));
        }
    }

    /// Stamps what came from elsewhere of members at home here; says where the ledger stands when it has been quiet.
    fn tend_ledger(&mut self, now: Now, age: Age, outputs: &mut Vec<Output>) {
        // The book is kept for ever, so no expiry would ever give this space back.
        if self.space != Space::Enough {
            return;
        }
        if self.stamp_at.is_some_and(|at| age >= at) {
            let due = self.ledger.stamps_due(&self.me);
            self.stamp_at = (due.len() > STAMPS_AT_ONCE_MAX).then_some(age);
            for record in due.into_iter().take(STAMPS_AT_ONCE_MAX) {
                self.say(now, Body::Stamp(Stamp { record }), outputs);
            }
        }
        let due = self.ledger.records() >= self.checkpointed + CHECKPOINT_RECORDS;
        if due && age.0 >= self.ledger_changed.0 + CHECKPOINT_QUIET_S {
            let checkpoint = self.ledger.checkpoint();
            self.say(now, checkpoint, outputs);
        }
    }

    fn remember(&mut self, mark: Mark, at: Age, id: RecordId, item: RecordId, kind: Kind) {
        self.recent.insert(mark.content, Recent { at, id, item, kind });
        self.recent_order.push_back((at, mark.content));
        while self.recent_order.len() > RECENT_MAX {
            self.forget_first();
        }
    }

    fn forget(&mut self, age: Age) {
        while self.recent_order.front().is_some_and(|(at, _)| at.0 + RECENT_S < age.0) {
            self.forget_first();
        }
        self.guesses.retain(|_, (_, since)| age.0 < since.0 + rights::GUESS_WINDOW_S);
    }

    fn forget_first(&mut self) {
        if let Some((at, mark)) = self.recent_order.pop_front() {
            if self.recent.get(&mark).is_some_and(|recent| recent.at == at) {
                self.recent.remove(&mark);
            }
        }
    }

    /// The record at a place: staged, sealed, or in the library.
    fn record(&self, at: EntryRef, library: &dyn Library) -> Option<Record> {
        let log = self.logs.get(usize::from(at.log))?;
        let number = u64::from(at.batch);
        if log.gateway == self.me && log.epoch == self.epoch {
            if let (Some(open), Some(head)) = (self.open.get(&log.lane), self.heads.get(log)) {
                if head.next == number {
                    return read_record(&open.entries.get(usize::from(at.place))?.record).ok();
                }
            }
        }
        if let Some(held) = self.sealed.iter().find(|held| held.log == *log && held.number == number) {
            return record_in(&held.bytes, at.place);
        }
        Overlay { node: self, library }.record(at)
    }

    /// The log with this index, for whoever looks entries up.
    pub fn log(&self, index: u16) -> Option<&LogKey> {
        self.logs.get(usize::from(index))
    }

    /// This gateway.
    pub fn id(&self) -> GatewayId {
        self.me
    }

    /// The network.
    pub fn network(&self) -> NetworkId {
        self.network
    }

    /// The board.
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// The stock.
    pub fn stock(&self) -> &StockView {
        &self.stock
    }

    /// Members, their chains and balances.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Entries held.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Batches held.
    pub fn batches(&self) -> u64 {
        self.batches
    }

    /// Age of the store.
    pub fn age(&self, now: Now) -> Age {
        self.clock.age(now)
    }

    /// The store's age when it was loaded.
    pub fn loaded_age(&self) -> Age {
        self.loaded
    }

    /// The lower bound of the time, to persist.
    pub fn floor(&self, now: Now) -> u64 {
        self.clock.floor(now)
    }

    /// Where the time lies.
    pub fn interval(&self, now: Now) -> Interval {
        self.clock.interval(now)
    }

    /// The best guess of the time, for people.
    pub fn best_time(&self, now: Now) -> (u64, Certainty) {
        self.clock.best(now)
    }

    /// Between which moments it is now, as far as can be known.
    pub fn time_interval(&self, now: Now) -> Interval {
        self.clock.interval(now)
    }

    /// One item as shown.
    pub fn item_state(&self, id: &RecordId, now: Now, library: &dyn Library) -> Option<ItemState> {
        let library = &Overlay { node: self, library };
        render::item_state(&self.board, self.board.get(id)?, self.clock.age(now), library)
    }

    /// Tells the counters that entries and batches were taken out.
    pub fn shrunk(&mut self, entries: u64, batches: u64) {
        self.entries = self.entries.saturating_sub(entries);
        self.batches = self.batches.saturating_sub(batches);
    }

    /// Goes on from a clock that is known to be further (the node was made again while running).
    pub fn live_on(&mut self, age: Age, floor: u64, now: Now) {
        self.clock = Clock::new(age, floor, now);
        self.loaded(now);
    }

    /// A new set of quotas (the configuration was reloaded).
    pub fn set_quotas(&mut self, quotas: Quotas) {
        self.quotas = quotas;
    }
}

/// The record in one place of a batch's bytes.
pub fn record_in(bytes: &[u8], place: u8) -> Option<Record> {
    match read_batch(bytes).ok()?.items.get(usize::from(place))? {
        Place::Entry { record, .. } => read_record(record).ok(),
        Place::HashOnly(_) => None,
    }
}

/// The lane of a new item.
fn lane_of(urgency: Urgency, grave: Option<(Severity, NoticeMessage)>) -> Lane {
    match (urgency, grave) {
        (Urgency::Now, None) => Lane::Urgent,
        (Urgency::Now, Some((severity, _))) if severity >= Severity::Severe => Lane::Urgent,
        _ => Lane::Board,
    }
}
