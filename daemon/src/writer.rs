//! The writer: the one thread that owns the node and the store.
//!
//! It takes what waits in the inbox, lets the node judge it, commits the batches to disk, and only then releases what
//! follows: answers, changes, pages. While one commit syncs, the next group gathers by itself, so there is no timer to
//! tune. Invariant: nothing leaves before commit.

mod answers;
mod saving;
pub(crate) mod scoring;
mod space;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use commons_core::admission::Rejection;
use commons_core::batch::BatchFault;
use commons_core::clock::{rfc3339, Now};
use commons_core::identity::{hex, purpose, MemberId, RecordId};
use commons_core::log::{Held, LogKey};
use commons_core::node::{Input, Node, Output, Space, Verdict, EXPIRED_PER_TICK_MAX};
use commons_core::receipt::Outcome;
use commons_core::sync::{CarryRange, Event};
use commons_core::views::board::Touched;
use commons_core::views::item::{ItemState, PAGE_ITEMS_MAX};
use serde_json::{json, Value};
use tokio::sync::{oneshot, watch};
use tracing::{debug, error, info, warn};

use crate::config::Config;
use crate::control::text::{bytes_to_text, log_to_text};
use crate::exchange::Exchange;
use crate::founding::{quotas, Founding};
use crate::host::disk::{free_bytes, Space as Room, SpaceGuard};
use crate::host::notify::Progress;
use crate::inbox::{Carrier, Change, ControlRequest, Health, LinkMessage, Message, Outlet, Taken, SHELVES_SHOWN_MAX};
use crate::library::Shelf;
use crate::retained::RetainedMessages;
use crate::store::{Keep, Note, Store, StoreError, COMMIT_BYTES_MAX, COMMIT_FRAMES_MAX};
use crate::wall::Wall;
use saving::Saving;
use scoring::{Scored, COUNTS_EVERY};

/// Messages taken in one group. Guess: 256 posts of 300 bytes fill a batch; larger groups only add latency.
const GROUP_MESSAGES_MAX: usize = 256;
/// How often the writer looks up even if nothing comes.
const TICK: Duration = Duration::from_secs(1);
/// How often while more has expired than one look takes out: slow enough for followers to hear of each item.
const EXPIRE_EVERY: Duration = Duration::from_millis(20);
/// How often it looks for space to give back.
const SHRINK_EVERY: Duration = Duration::from_secs(60);
/// Bytes looked at in one slice of giving space back, so that posts never wait long for it.
const SHRINK_SLICE_BYTES: u64 = 2 * 1024 * 1024;
/// How often gadgets' retained messages are written.
const RETAINED_EVERY: Duration = Duration::from_secs(30);
/// How often the clock is written when nothing else is: what a power cut may cost a countdown, at worst.
const CLOCK_EVERY: Duration = Duration::from_secs(600);
/// How often while something is about to expire, so that a gateway whose power keeps failing lets go of it all the same.
const CLOCK_EVERY_SOON: Duration = Duration::from_secs(10);
/// What counts as about to, in seconds of the store's age.
const SOON_S: u64 = 1_200;
/// What the store adds to a batch or a note, at most (its frame, the log's name, padding).
const FRAME_BYTES: usize = 256;
/// Note key of the clock: age and floor, two big-endian u64.
pub const CLOCK_NOTE: &[u8] = b"clock";

/// The writer.
pub struct Writer {
    /// Before the store, so that a saving under way ends before the store is closed.
    saving: Saving,
    node: Node,
    store: Store,
    shelf: Shelf,
    parts: Parts,
    started: Instant,
    retained_written: Instant,
    clock_written: Instant,
    shrunk: Instant,
    shrinking: bool,
    /// More has expired than one tick took out.
    expiring: bool,
    /// Per log, the oldest batch that stays, as far as this round of shrinking has decided.
    firsts: BTreeMap<LogKey, u64>,
    space: Space,
    health: Health,
    last_post_s: u64,
    scored: Scored,
    /// Needs have expired since their counts were last written, and when that was.
    counts: (bool, Instant),
}

/// What the writer is made of besides node and store.
pub struct Parts {
    /// How to make the node again from the journal.
    pub founding: Founding,
    /// The machine's clocks.
    pub wall: Wall,
    /// The writer's end of the inbox.
    pub outlet: Outlet,
    /// Gadgets' retained messages.
    pub retained: RetainedMessages,
    /// Decides about disk space.
    pub guard: SpaceGuard,
    /// Where the disk is looked at.
    pub data: PathBuf,
    /// Told at every round: the watchdog is fed from it.
    pub progress: Progress,
    /// Damage found at opening.
    pub damaged: u64,
    /// The configuration, as it is reloaded.
    pub config: watch::Receiver<Config>,
    /// Only looks at a stopped store; writes nothing.
    pub read_only: bool,
    /// Gossip with other gateways, if there is any.
    pub exchange: Option<Exchange>,
}

/// What waits for a commit.
#[derive(Default)]
struct Pending {
    answers: Vec<(oneshot::Sender<Outcome>, Outcome)>,
    touched: BTreeSet<Touched>,
    gone: BTreeSet<Touched>,
    /// Members whose accounts changed.
    members: BTreeSet<MemberId>,
    /// Batches of others that the node did not take.
    refused: Option<BatchFault>,
    /// Why a batch was not taken that is not here.
    strange: Option<String>,
    /// What people brought by hand, and who waits to hear what became of it.
    brought: Vec<(oneshot::Sender<Taken>, Taken)>,
}

impl Writer {
    /// A writer over an opened store and the node loaded from it.
    pub fn new(node: Node, store: Store, parts: Parts) -> Self {
        let now = Instant::now();
        let health = Health { v: 1, state: "ok", damaged: parts.damaged, ..Health::default() };
        Self {
            saving: Saving::new(&node),
            node,
            store,
            shelf: Shelf::default(),
            parts,
            started: now,
            retained_written: now,
            clock_written: now,
            shrunk: now,
            shrinking: false,
            expiring: false,
            firsts: BTreeMap::new(),
            space: Space::Enough,
            health,
            last_post_s: 0,
            scored: Scored::default(),
            counts: (false, now),
        }
    }

    /// Runs until every sender of the inbox is gone, then closes the store. An error means that the disk failed: what
    /// was acknowledged is safe, what was not has been refused.
    pub fn run(mut self, runtime: &tokio::runtime::Handle) -> Result<(), StoreError> {
        self.look_at_disk();
        self.publish_health();
        let mut ticked = Instant::now();
        loop {
            self.parts.progress.tick();
            let tick_every = if self.expiring { EXPIRE_EVERY } else { TICK };
            let wait = if self.shrinking { Duration::ZERO } else { tick_every.saturating_sub(ticked.elapsed()) };
            let wait = self.parts.exchange.as_ref().and_then(Exchange::wake_in).map_or(wait, |wake| wake.min(wait));
            let receiver = &mut self.parts.outlet.receiver;
            let first = runtime.block_on(async { tokio::time::timeout(wait, receiver.recv()).await });
            let mut group = Vec::new();
            match first {
                Ok(Some(message)) => group.push(message),
                Ok(None) => break,
                Err(_) => {}
            }
            while group.len() < GROUP_MESSAGES_MAX {
                let Ok(message) = self.parts.outlet.receiver.try_recv() else { break };
                group.push(message);
            }
            let tick = ticked.elapsed() >= tick_every;
            if tick {
                ticked = Instant::now();
                self.follow_config();
                self.look_at_disk();
            }
            self.round(group, tick)?;
            if tick {
                self.publish_health();
                self.save_if_due();
            }
            self.give_space_back()?;
        }
        if self.parts.read_only {
            return Ok(());
        }
        self.write_counts()?;
        self.write_notes(true, true, true)?;
        self.save_at_stop();
        match self.store.close(&mut std::iter::empty()) {
            // Nothing is lost: the stop was clean but for a slower start.
            Err(fault @ StoreError::Index(_)) => {
                warn!(error = %fault, "the next start reads the journal");
                Ok(())
            }
            closed => closed,
        }
    }

    /// One group: judge, commit, release, then answer questions.
    fn round(&mut self, group: Vec<Message>, tick: bool) -> Result<(), StoreError> {
        let now = self.parts.wall.now();
        let mut pending = Pending::default();
        let mut questions = Vec::new();
        if tick {
            self.judge(now, Input::Tick, &mut pending);
            // A tick takes out so many and no more, so that posts never wait long; the rest follows at once.
            self.expiring = pending.gone.len() >= EXPIRED_PER_TICK_MAX;
        }
        for message in group {
            match message {
                Message::Submit(submission, reply) => {
                    if let Some(outcome) = self.judge(now, Input::Submit(submission), &mut pending) {
                        pending.answers.push((reply, outcome));
                    }
                }
                Message::Link(message) => self.on_link(now, message, &mut pending),
                Message::CarryIn(from, frame, reply) => {
                    let taken = self.carry_in(now, &from, &frame, &mut pending);
                    pending.brought.push((reply, taken));
                }
                // Nothing new comes in, but what waits is still served; then the inbox is empty for good.
                Message::End => self.parts.outlet.receiver.close(),
                question => questions.push(question),
            }
        }
        if self.parts.exchange.as_ref().is_some_and(Exchange::is_due) {
            self.gossip(now, Event::Tick, &mut pending);
        }
        // Once for the group; again while gossip takes in what had waited for it.
        while let Some(next) = self.commit(now, pending)? {
            pending = next;
        }
        for question in questions {
            self.answer(now, question);
        }
        if self.counts.1.elapsed() >= COUNTS_EVERY {
            self.write_counts()?;
        }
        let retained = self.retained_written.elapsed() >= RETAINED_EVERY;
        self.write_notes(retained, self.is_clock_due(now), tick)
    }

    /// Commits what was judged, then lets out what follows. What gossip makes of the commit is the next to commit, if
    /// there is anything.
    fn commit(&mut self, now: Now, pending: Pending) -> Result<Option<Pending>, StoreError> {
        let sealed = self.node.seal(now);
        self.counts.0 |= !pending.gone.is_empty();
        if !pending.gone.is_empty() {
            // What is told gone must be gone after a power cut too: the clock that says so goes to disk first.
            self.write_notes(false, true, false)?;
        }
        let mut next = Pending::default();
        if sealed.is_empty() {
            if !pending.brought.is_empty() {
                // What was brought may be kept as notes alone: the proof of a fork.
                self.write_notes(false, false, true)?;
            }
            self.release(now, pending);
        } else {
            let notes = self.parts.exchange.as_mut().map(Exchange::take_notes).unwrap_or_default();
            let began = Instant::now();
            match commit_batches(&mut self.store, &sealed, &notes) {
                Ok(()) => {
                    self.health.sync_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                    self.release(now, pending);
                    self.gossip(now, Event::Committed { held: &sealed }, &mut next);
                    sealed.into_iter().for_each(|held| self.shelf.keep(held));
                }
                Err(fault @ StoreError::Full { .. }) => {
                    self.refuse_all(now, pending, &fault)?;
                    return Ok(None);
                }
                Err(fault) => {
                    // Nobody knows what became of these posts, so nobody is told: unanswered, they count as not taken.
                    error!(error = %fault, posts = pending.answers.len(), "the store failed; posts under way are not acknowledged");
                    return Err(fault);
                }
            }
        }
        let turned = self.turn_epoch(now, &mut next)?;
        Ok((turned || self.node.has_open()).then_some(next))
    }

    /// Something happened on a link to another gateway.
    fn on_link(&mut self, now: Now, message: LinkMessage, pending: &mut Pending) {
        if let Some(exchange) = &mut self.parts.exchange {
            exchange.on_message(message, self.node.age(now), &self.node, &self.store);
            self.feed(now, pending);
        }
    }

    /// Somebody brings a frame by hand.
    fn carry_in(&mut self, now: Now, from: &Carrier, frame: &[u8], pending: &mut Pending) -> Taken {
        let (batches, entries) = (self.node.batches(), self.node.entries());
        let age = self.node.age(now);
        let Some(exchange) = &mut self.parts.exchange else { return Taken::default() };
        exchange.carry_in(from, frame, age, &self.node, &self.store);
        pending.strange = None;
        self.feed(now, pending);
        let Some(exchange) = &mut self.parts.exchange else { return Taken::default() };
        let refused = exchange.carried(age, &self.node, &self.store).or(pending.strange.take());
        let full = "the disk of this gateway is nearly full; see `commonsd status`";
        let refused = refused.or((self.space != Space::Enough).then(|| full.into()));
        Taken { batches: self.node.batches() - batches, entries: self.node.entries() - entries, refused }
    }

    /// Tells gossip what happened.
    fn gossip(&mut self, now: Now, event: Event<'_>, pending: &mut Pending) {
        if let Some(exchange) = &mut self.parts.exchange {
            exchange.handle(event, self.node.age(now), &self.node, &self.store);
            self.feed(now, pending);
        }
    }

    /// Hands the node what gossip has taken from others.
    fn feed(&mut self, now: Now, pending: &mut Pending) {
        while let Some(input) = self.parts.exchange.as_mut().and_then(Exchange::next_input) {
            let named = match &input {
                Input::Batch(held) => Some((held.log, held.number)),
                _ => None,
            };
            self.judge(now, input, pending);
            if let (Some((log, number)), Some(fault)) = (named, pending.refused.take()) {
                debug!(?log, number, %fault, "a batch was not taken");
                if pending.strange.is_none() && !matches!(fault, BatchFault::AlreadyHeld(_)) {
                    pending.strange = Some(fault.to_string());
                }
                if let Some(exchange) = &mut self.parts.exchange {
                    exchange.handle(Event::Refused { log, number, fault }, self.node.age(now), &self.node, &self.store);
                }
            }
        }
    }

    /// Goes on in a new epoch if gossip asks for it: all that was open is on disk. True if it did.
    fn turn_epoch(&mut self, now: Now, pending: &mut Pending) -> Result<bool, StoreError> {
        let Some(exchange) = self.parts.exchange.as_mut().filter(|_| !self.node.has_open()) else { return Ok(false) };
        if !exchange.take_new_epoch() {
            return Ok(false);
        }
        if let Err(fault) = self.parts.founding.new_epoch() {
            error!(error = %fault, "no new epoch could be opened; it is tried again when a neighbour shows the need again");
            return Ok(false);
        }
        self.node.new_epoch(self.parts.founding.epoch());
        let again = self.parts.exchange.as_mut().map(Exchange::take_again).unwrap_or_default();
        for held in again {
            self.judge(now, Input::Again(held), pending);
        }
        self.gossip(now, Event::Tick, pending);
        Ok(true)
    }

    /// Lets the node judge one input; collects what follows. Some outcome exactly for posts.
    fn judge(&mut self, now: Now, input: Input, pending: &mut Pending) -> Option<Outcome> {
        self.shelf.follow(&self.node);
        let outputs = self.node.handle(now, input, &self.shelf.over(&self.store));
        let mut answer = None;
        for output in outputs {
            match output {
                Output::Answer(outcome) => answer = Some(outcome),
                Output::Changed(touched) => drop(pending.touched.insert(touched)),
                Output::Gone(touched) => drop(pending.gone.insert(touched)),
                Output::StockChanged => {}
                Output::LedgerChanged(members) => pending.members.extend(members),
                Output::BatchRefused(fault) => pending.refused = Some(fault),
            }
        }
        answer
    }

    /// The batches are on disk: lets everything out that speaks of them.
    fn release(&mut self, now: Now, pending: Pending) {
        for (reply, taken) in pending.brought {
            let _ = reply.send(taken);
        }
        for (reply, outcome) in pending.answers {
            match &outcome {
                Ok(accepted) => {
                    self.health.posts_accepted += 1;
                    if !accepted.duplicate {
                        self.last_post_s = self.node.best_time(now).0;
                    }
                    debug!(id = accepted.id.short(), kind = accepted.kind.name(), "post kept");
                }
                Err(rejection) => {
                    self.health.posts_refused += 1;
                    debug!(cause = rejection.code(), "post refused");
                }
            }
            let _ = reply.send(outcome);
        }
        if self.parts.outlet.changes.receiver_count() > 0 {
            self.shelf.follow(&self.node);
            for touched in &pending.touched {
                // Gone by now: said below.
                if let Some(state) = self.node.item_state(&touched.id, now, &self.shelf.over(&self.store)) {
                    self.tell(*touched, Some(Arc::new(state)));
                }
            }
            pending.gone.iter().for_each(|touched| self.tell(*touched, None));
        }
        self.parts.outlet.news.note(pending.touched, pending.gone);
        self.parts.outlet.accounts.tell(pending.members);
    }

    fn tell(&self, touched: Touched, state: Option<Arc<ItemState>>) {
        let json = match &state {
            Some(state) => serde_json::to_vec(&**state).unwrap_or_default().into(),
            None => Bytes::new(),
        };
        let change = Change { kind: touched.kind, id: touched.id.to_string().into(), state, json };
        let _ = self.parts.outlet.changes.send(change);
    }

    /// The disk is full although the guard saw room. Little or nothing of this group is on disk: refuse all of it and
    /// begin again from the journal, so that no view shows what is not kept. (Of a group too large for one commit a part
    /// may be kept; its senders' next try finds it there.)
    fn refuse_all(&mut self, now: Now, pending: Pending, fault: &StoreError) -> Result<(), StoreError> {
        warn!(error = %fault, "no room for a commit; posts are refused until space comes back");
        self.health.posts_refused += pending.answers.len() as u64;
        for (reply, outcome) in pending.answers {
            let _ = reply.send(outcome.and(Err(Rejection::StorageFull)));
        }
        for (reply, _) in pending.brought {
            let refused = Some("the disk of this gateway is full; see `commonsd status`".into());
            let _ = reply.send(Taken { refused, ..Taken::default() });
        }
        let (node, _) = self.parts.founding.load(&self.store, now)?;
        let before = std::mem::replace(&mut self.node, node);
        // What was told is not taken back: neither the reloaded quotas nor the time lived since the clock was noted.
        self.node.set_quotas(quotas(&self.parts.config.borrow()));
        self.node.live_on(before.age(now), before.floor(now), now);
        self.shelf = Shelf::default();
        self.gossip(now, Event::Lost, &mut Pending::default());
        self.set_space(Space::None);
        let gone: BTreeSet<_> =
            pending.gone.into_iter().filter(|touched| self.node.board().get(&touched.id).is_none()).collect();
        gone.iter().for_each(|touched| self.tell(*touched, None));
        self.parts.outlet.news.note([], gone);
        Ok(())
    }

    /// Writes the notes that are due. What does not fit stays in memory: nobody was promised more.
    fn write_notes(&mut self, retained: bool, clock: bool, remembered: bool) -> Result<(), StoreError> {
        if self.parts.read_only {
            return Ok(());
        }
        let mut notes = Vec::new();
        if clock {
            self.clock_written = Instant::now();
            let now = self.parts.wall.now();
            let value = [self.node.age(now).0.to_be_bytes(), self.node.floor(now).to_be_bytes()].concat();
            notes.push(Note { key: CLOCK_NOTE.to_vec(), value });
        }
        if retained {
            self.retained_written = Instant::now();
            notes.extend(self.parts.retained.take_notes());
        }
        if remembered {
            notes.extend(self.parts.exchange.as_mut().map(Exchange::take_notes).unwrap_or_default());
        }
        for slice in slices(&notes, |note| note.key.len() + note.value.len()) {
            match self.store.commit(&[], slice) {
                Ok(()) => {}
                Err(fault @ (StoreError::Full { .. } | StoreError::TooLarge { .. } | StoreError::TooMany { .. })) => {
                    warn!(error = %fault, "retained messages, or what is known of peers, were not written; they last until a restart")
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(())
    }

    fn is_clock_due(&self, now: Now) -> bool {
        let age = self.node.age(now);
        let soon = self.node.board().next_expiry().is_some_and(|at| at.0 <= age.0 + SOON_S);
        self.clock_written.elapsed() >= if soon { CLOCK_EVERY_SOON } else { CLOCK_EVERY }
    }

    fn follow_config(&mut self) {
        if self.parts.config.has_changed().unwrap_or(false) {
            let config = self.parts.config.borrow_and_update().clone();
            self.node.set_quotas(quotas(&config));
            self.parts.guard.set_limits(config.store.reserve_bytes, config.store.journal_bytes_max);
        }
    }

    fn publish_health(&mut self) {
        let now = self.parts.wall.now();
        let (best, certainty) = self.node.best_time(now);
        let health = Health {
            state: match self.space {
                Space::Enough => "ok",
                Space::Low => "disk_low",
                Space::None => "disk_full",
            },
            entries: self.node.entries(),
            batches: self.node.batches(),
            items: self.node.board().len() as u64,
            journal_bytes: self.store.journal_bytes(),
            queue: self.parts.outlet.receiver.len() as u64,
            uptime_s: self.started.elapsed().as_secs(),
            clock: rfc3339(best),
            clock_certainty: certainty.name(),
            ..self.health.clone()
        };
        self.health = health.clone();
        let _ = self.parts.outlet.health.send(health);
    }
}

/// Commits batches in as few commits as the store's limit allows: large posts can make a group larger than one. Notes go
/// with the last of them, or after it if they do not fit; those the store does not take are lost.
fn commit_batches(store: &mut Store, batches: &[Held], notes: &[Note]) -> Result<(), StoreError> {
    let bytes_of = |note: &Note| note.key.len() + note.value.len();
    let note_bytes: usize = notes.iter().map(|note| bytes_of(note) + FRAME_BYTES).sum();
    let mut rest = slices(batches, |held| held.bytes.len()).peekable();
    while let Some(slice) = rest.next() {
        let bytes: usize = slice.iter().map(|held| held.bytes.len() + FRAME_BYTES).sum();
        let fits = bytes + note_bytes <= COMMIT_BYTES_MAX as usize && slice.len() + notes.len() <= COMMIT_FRAMES_MAX;
        if rest.peek().is_some() || notes.is_empty() || !fits {
            store.commit(slice, &[])?;
            continue;
        }
        match store.commit(slice, notes) {
            // Too many notes are no reason to lose what people said.
            Err(StoreError::TooLarge { .. } | StoreError::TooMany { .. }) => store.commit(slice, &[])?,
            done => return done,
        }
    }
    for slice in slices(notes, bytes_of) {
        match store.commit(&[], slice) {
            Err(fault @ (StoreError::TooLarge { .. } | StoreError::TooMany { .. })) => {
                warn!(error = %fault, "what is known of peers was not written; some of it is exchanged again");
            }
            done => done?,
        }
    }
    Ok(())
}

/// Cuts a list into runs that one commit takes; each entry alone is far below the limit.
fn slices<T>(all: &[T], bytes: impl Fn(&T) -> usize) -> impl Iterator<Item = &[T]> {
    let mut rest = all;
    std::iter::from_fn(move || {
        let mut sum = 0;
        let fits = |each: &&T| {
            sum += bytes(each) + FRAME_BYTES;
            sum <= COMMIT_BYTES_MAX as usize
        };
        let count = rest.iter().take(COMMIT_FRAMES_MAX).take_while(fits).count().max(1);
        let (slice, after) = rest.split_at_checked(count)?;
        rest = after;
        Some(slice)
    })
}
