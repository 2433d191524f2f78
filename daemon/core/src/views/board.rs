//! The board: needs, offers and notices with everything said about them, in compact form.
//!
//! Texts stay in the journal; the board keeps about 170 bytes an item. It folds acts into sets, so order and duplication
//! of arrival change nothing; where an item stands is computed from its set by [`super::merge`].

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;

use super::item::{ItemKind, ItemQuery, Status, StatusFilter, Summary};
use super::merge::{fingerprint, first_assigned, resolve, Act, Deed, Facts, Resolution, Voice};
use super::slab::Slab;
use super::EntryRef;
use crate::clock::Interval;
use crate::codec::Author;
use crate::identity::{GatewayId, MemberKey, RecordId};
use crate::log::Age;
use crate::record::{AssignBy, Body, Category, Mark, Record, Severity, Urgency};
use crate::scorecard::responses::{Answered, Outcome};

/// Acts kept for one item: 20 slots, their claims and a crowd of bidders. Later ones are refused, or not folded.
pub const ACTS_PER_ITEM_MAX: usize = 1_000;
/// Acts kept whose item is not here yet.
pub const ORPHANS_MAX: usize = 10_000;
/// Expired signed items remembered, so that nobody can hand their bytes in again.
pub const BURIED_MAX: usize = 16_384;
/// Seconds an act waits for its item.
const ORPHAN_S: u64 = 7 * 86_400;

/// One need, offer or notice.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its record's id.
    pub id: RecordId,
    /// Where its record lies.
    pub at: EntryRef,
    /// need, offer, notice.
    pub kind: ItemKind,
    /// Where it stands, as of the last act.
    pub status: Status,
    /// How soon.
    pub urgency: Urgency,
    /// About what.
    pub category: Category,
    /// How many helpers.
    pub slots: u8,
    /// Does not run out.
    pub standing: bool,
    /// Whether a sealed contact waits.
    pub contact: bool,
    /// Who gives out slots.
    pub assign_by: AssignBy,
    /// For notices.
    pub severity: Severity,
    /// Which gateway took it in (index in the board's table).
    home: u16,
    /// What few items have.
    rare: Option<Box<Rare>>,
    /// The guest's mark.
    pub mark: Mark,
    created: u32,
    born: u32,
    expires: u32,
    zone: u32,
}

/// What few items have: boxed, since a board of 100,000 must fit a small one's memory.
#[derive(Clone, Debug, Default)]
struct Rare {
    /// Who posted it, if a member.
    member: Option<MemberKey>,
    tags: Vec<u32>,
}

impl Item {
    /// Unix seconds as claimed, if that may be; times after 2106 are shown as 2106.
    pub fn created(&self) -> u64 {
        self.created.into()
    }

    /// Seconds it has lived at gateways by this age of the store: counted with power on, so at least that many.
    pub fn lived_s(&self, age: Age) -> u64 {
        age.0.saturating_add(u64::from(BIRTH)).saturating_sub(self.born.into())
    }

    /// The store's age at which it expires.
    pub fn expires(&self) -> Age {
        Age(self.expires.into())
    }

    fn member(&self) -> Option<MemberKey> {
        self.rare.as_ref().and_then(|rare| rare.member)
    }
}

/// A store's age 0 among the times of birth: items may be older than the store.
const BIRTH: u32 = 1 << 31;
/// A post may wait for so long on a phone that is out of reach before a gateway takes it in. Guess.
const WAITED_S: u64 = 7 * 86_400;

/// When a record was made, as far as its word may be believed: the gateway that took it in knows between which times that was. A
/// phone's clock may be dead, or set by somebody who wants to be read first.
fn believed(created: u64, received: Interval) -> u64 {
    let created = received.hi.map_or(created, |hi| created.min(hi));
    match created.saturating_add(WAITED_S) < received.lo {
        true => received.lo,
        false => created,
    }
}

/// Seconds in four bytes: 136 years, for ages and dates alike.
fn short(seconds: u64) -> u32 {
    u32::try_from(seconds).unwrap_or(u32::MAX)
}

/// Something everybody sees has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Touched {
    /// Which kind.
    pub kind: ItemKind,
    /// Which.
    pub id: RecordId,
}

/// Where an entry comes from, for [`Board::apply`].
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The record's id.
    pub id: RecordId,
    /// Who said it.
    pub author: Author,
    /// The gateway whose log holds it.
    pub gateway: &'a GatewayId,
    /// Where it lies.
    pub at: EntryRef,
    /// The store's age when it came.
    pub arrived: Age,
    /// Seconds it had lived elsewhere.
    pub spent_s: u32,
    /// When the gateway took it in, as that one says with its batch.
    pub received: Interval,
}

impl Origin<'_> {
    /// When the item began to live at a gateway, on the store's own scale of age.
    fn born(&self) -> u32 {
        short(self.arrived.0.saturating_add(BIRTH.into()).saturating_sub(self.spent_s.into()))
    }

    /// The store's age at which an item with this lifetime expires.
    fn expires(&self, lifetime_s: u32) -> u32 {
        short(self.arrived.0.saturating_add(u64::from(lifetime_s.saturating_sub(self.spent_s))))
    }
}

type OrderKey = (u8, Urgency, u32, u32);

/// The board.
#[derive(Default)]
pub struct Board {
    items: Slab<Item>,
    homes: Vec<GatewayId>,
    by_id: BTreeSet<(u32, u32)>,
    by_order: [BTreeSet<OrderKey>; 3],
    by_expiry: BTreeSet<(u32, u32)>,
    /// By the content mark's upper half: what it finds is compared whole.
    by_content: BTreeSet<(u32, u32)>,
    by_sender: BTreeSet<(u32, u32)>,
    acts: BTreeMap<RecordId, Vec<Act>>,
    orphans: BTreeSet<(Age, RecordId)>,
    /// Who helped, and when: of items that stand here, and of no others, so that it does not matter what came when.
    helps: BTreeMap<Voice, BTreeSet<(u64, RecordId)>>,
    stewards: BTreeSet<MemberKey>,
    buried: BTreeSet<RecordId>,
    buried_order: VecDeque<RecordId>,
    /// Needs that have expired and are not counted yet.
    answered: Vec<(Answered, Option<MemberKey>)>,
}

fn upper(content: u64) -> u32 {
    (content >> 32) as u32
}

fn prefix(id: &RecordId) -> u32 {
    u32::from_be_bytes([id.0[0], id.0[1], id.0[2], id.0[3]])
}

impl Board {
    /// An empty board on which these members are stewards.
    pub fn new(stewards: BTreeSet<MemberKey>) -> Self {
        Self { stewards, ..Self::default() }
    }

    /// Live and ended items that have not expired.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// The item with this id.
    pub fn get(&self, id: &RecordId) -> Option<&Item> {
        self.handle(id).and_then(|handle| self.at(handle))
    }

    /// The one item whose id begins with these hex digits, at least 8.
    pub fn find(&self, hex: &str) -> Option<&Item> {
        if let Some(id) = RecordId::parse(hex) {
            return self.get(&id);
        }
        if hex.len() < 8 || hex.len() > 64 || !hex.bytes().all(|c| c.is_ascii_hexdigit()) {
            return None;
        }
        let hex = hex.to_ascii_lowercase();
        let first = u32::from_str_radix(&hex[..8], 16).ok()?;
        let mut found = self
            .by_id
            .range((first, 0)..=(first, u32::MAX))
            .filter_map(|(_, handle)| self.at(*handle))
            .filter(|item| crate::identity::hex(&item.id.0).starts_with(&hex));
        let item = found.next()?;
        found.next().is_none().then_some(item)
    }

    fn at(&self, handle: u32) -> Option<&Item> {
        self.items.get(handle)
    }

    fn handle(&self, id: &RecordId) -> Option<u32> {
        let prefix = prefix(id);
        self.by_id
            .range((prefix, 0)..=(prefix, u32::MAX))
            .map(|(_, handle)| *handle)
            .find(|handle| self.at(*handle).is_some_and(|item| item.id == *id))
    }

    /// The gateway that took an item in.
    pub fn home(&self, item: &Item) -> GatewayId {
        self.homes[usize::from(item.home)]
    }

    /// Who posted an item.
    pub fn voice(&self, item: &Item) -> Voice {
        let author = item.member().map_or(Author::Guest, Author::Member);
        Voice::new(author, self.home(item), item.mark)
    }

    /// What was said about an item.
    pub fn acts(&self, id: &RecordId) -> &[Act] {
        self.acts.get(id).map_or(&[], Vec::as_slice)
    }

    /// Where an item stands, with its slots and claims.
    pub fn resolve(&self, item: &Item) -> Resolution {
        let home = self.home(item);
        resolve(&self.facts(item, &home), self.acts(&item.id))
    }

    fn facts<'a>(&'a self, item: &'a Item, home: &'a GatewayId) -> Facts<'a> {
        Facts {
            id: &item.id,
            kind: item.kind,
            by: self.voice(item),
            home,
            slots: item.slots,
            standing: item.standing,
            assign_by: item.assign_by,
            urgency: item.urgency,
            severity: item.severity,
            tags: item.rare.as_ref().map_or(&[], |rare| &rare.tags),
            zone: item.zone,
            stewards: &self.stewards,
            helps: &self.helps,
        }
    }

    /// How a need was answered so far, and who asked if a member did; none for offers and notices.
    pub fn answered(&self, item: &Item) -> Option<(Answered, Option<MemberKey>)> {
        if item.kind != ItemKind::Need {
            return None;
        }
        let acts = self.acts(&item.id);
        let home = self.home(item);
        let given = if acts.is_empty() { None } else { first_assigned(&self.facts(item, &home), acts) };
        let answered = Answered {
            created: item.created(),
            urgency: item.urgency,
            outcome: match item.status {
                Status::Done | Status::Confirmed => Outcome::Fulfilled,
                Status::Withdrawn | Status::Referred | Status::Duplicate => Outcome::Aside,
                _ => Outcome::Open,
            },
            waited_s: given.map(|at| at.saturating_sub(item.created())),
            voice: self.voice(item).fingerprint(),
            expires: item.expires(),
        };
        Some((answered, item.member()))
    }

    /// How the needs were answered that expired since this was asked last.
    pub fn take_answered(&mut self) -> Vec<(Answered, Option<MemberKey>)> {
        core::mem::take(&mut self.answered)
    }

    /// Items of guests with this content mark: the same post from the same hand.
    pub fn same_content(&self, content: u64) -> impl Iterator<Item = &Item> {
        let upper = upper(content);
        let likely = self.by_content.range((upper, 0)..=(upper, u32::MAX)).filter_map(|(_, handle)| self.at(*handle));
        likely.filter(move |item| item.mark.content == content)
    }

    /// Live items of one guest at one gateway.
    pub fn live_of_guest<'a>(&'a self, sender: u32, gateway: &'a GatewayId) -> impl Iterator<Item = &'a Item> {
        self.by_sender
            .range((sender, 0)..=(sender, u32::MAX))
            .filter_map(|(_, handle)| self.at(*handle))
            .filter(move |item| item.status.is_live() && self.home(item) == *gateway)
    }

    /// All items, in no particular order.
    pub fn all(&self) -> impl Iterator<Item = &Item> {
        self.items.iter()
    }

    /// Folds one entry in. Says what everybody now sees differently. Entries known already change nothing.
    pub fn apply(&mut self, origin: Origin<'_>, record: &Record) -> Vec<Touched> {
        match &record.body {
            Body::Need(ask) | Body::Offer(ask) => {
                let is_need = matches!(record.body, Body::Need(_));
                let item = Item {
                    id: origin.id,
                    at: origin.at,
                    kind: if is_need { ItemKind::Need } else { ItemKind::Offer },
                    status: Status::Open,
                    urgency: ask.urgency,
                    category: ask.category,
                    slots: ask.slots,
                    standing: ask.standing,
                    contact: ask.contact.is_some(),
                    assign_by: ask.assign_by,
                    severity: Severity::Unknown,
                    home: 0,
                    rare: None,
                    mark: record.mark,
                    created: short(believed(record.created, origin.received)),
                    born: origin.born(),
                    expires: 0,
                    zone: fingerprint(&ask.zone),
                };
                self.add(origin, item, ask.lifetime_s, &ask.tags)
            }
            Body::Notice(notice) => {
                let item = Item {
                    id: origin.id,
                    at: origin.at,
                    kind: ItemKind::Notice,
                    status: Status::Active,
                    urgency: notice.urgency,
                    category: notice.category,
                    slots: 0,
                    standing: false,
                    contact: false,
                    assign_by: AssignBy::Requester,
                    severity: notice.severity,
                    home: 0,
                    rare: None,
                    mark: record.mark,
                    created: short(believed(record.created, origin.received)),
                    born: origin.born(),
                    expires: 0,
                    zone: fingerprint(&notice.zone),
                };
                let mut touched = self.add(origin, item, notice.lifetime_s, &[]);
                for target in &notice.references {
                    let deed = Deed::Noted(notice.message, origin.id);
                    touched.extend(self.act(origin, record, target, deed));
                }
                touched
            }
            body => match (body.target(), deed(body)) {
                (Some(target), Some(deed)) => {
                    let target = *target;
                    self.act(origin, record, &target, deed).into_iter().collect()
                }
                _ => Vec::new(),
            },
        }
    }

    fn add(&mut self, origin: Origin<'_>, mut item: Item, lifetime_s: u32, tags: &[String]) -> Vec<Touched> {
        if let Some(handle) = self.handle(&item.id) {
            return self.heard_again(handle, origin, &item, lifetime_s).into_iter().collect();
        }
        let is_over = origin.spent_s > 0 && origin.spent_s >= lifetime_s;
        if is_over || self.is_buried(&item.id) {
            // Its time was over elsewhere: nobody is to see it here for a moment.
            return Vec::new();
        }
        item.expires = origin.expires(lifetime_s);
        item.home = self.home_index(origin.gateway);
        let member = if let Author::Member(key) = origin.author { Some(key) } else { None };
        if member.is_some() || !tags.is_empty() {
            item.rare = Some(Box::new(Rare { member, tags: tags.iter().map(|tag| fingerprint(tag)).collect() }));
        }
        let touched = Touched { kind: item.kind, id: item.id };
        // What was said of it may have come before it.
        self.count_helps(&item.id);
        let handle = self.items.next();
        self.by_id.insert((prefix(&item.id), handle));
        self.by_expiry.insert((item.expires, handle));
        if item.member().is_none() {
            self.by_content.insert((upper(item.mark.content), handle));
            self.by_sender.insert((item.mark.sender, handle));
        }
        item.status = self.resolve(&item).status;
        self.by_order[item.kind as usize].insert(order_key(&item, handle));
        self.items.insert(item);
        alloc::vec![touched]
    }

    /// A member may hand one record to two gateways. Everybody must agree on one home, whoever was heard first: the
    /// lowest. It stands as long as the first of them lets it, and is as old as the first of them says.
    fn heard_again(&mut self, handle: u32, origin: Origin<'_>, heard: &Item, lifetime_s: u32) -> Option<Touched> {
        let expires = origin.expires(lifetime_s);
        let item = self.at(handle)?;
        let (known, order, kind, id) = (item.expires, order_key(item, handle), item.kind, item.id);
        let is_lower = *origin.gateway < self.home(item);
        if expires < known {
            self.by_expiry.remove(&(known, handle));
            self.by_expiry.insert((expires, handle));
        }
        let home = if is_lower { Some(self.home_index(origin.gateway)) } else { None };
        let item = self.items.get_mut(handle)?;
        let created = item.created;
        item.expires = item.expires.min(expires);
        item.created = item.created.min(heard.created);
        item.born = item.born.min(heard.born);
        let is_older = item.created < created;
        item.home = home.unwrap_or(item.home);
        let moved = order_key(item, handle);
        self.by_order[kind as usize].remove(&order);
        self.by_order[kind as usize].insert(moved);
        match is_lower {
            true => self.refresh(handle),
            false => is_older.then_some(Touched { kind, id }),
        }
    }

    fn home_index(&mut self, gateway: &GatewayId) -> u16 {
        let known = self.homes.iter().position(|home| home == gateway);
        known.unwrap_or_else(|| {
            self.homes.push(*gateway);
            self.homes.len() - 1
        }) as u16
    }

    fn act(&mut self, origin: Origin<'_>, record: &Record, target: &RecordId, deed: Deed) -> Option<Touched> {
        let handle = self.handle(target);
        if handle.is_none() && !self.acts.contains_key(target) && self.orphans.len() >= ORPHANS_MAX {
            return None;
        }
        let by = Voice::new(origin.author, *origin.gateway, record.mark);
        let acts = self.acts.entry(*target).or_default();
        let Err(place) = acts.binary_search_by(|act| act.id.cmp(&origin.id)) else { return None };
        if acts.len() >= ACTS_PER_ITEM_MAX {
            return None;
        }
        let (id, created, arrived, at) = (origin.id, record.created, origin.arrived, origin.at);
        // Only these can complete a help: one names the claim, the other is it.
        let may_help = matches!(deed, Deed::Claim { .. } | Deed::Done(_));
        acts.insert(place, Act { id, by, deed, created, arrived, at });
        if may_help && handle.is_some() {
            self.count_helps(target);
        }
        match handle {
            Some(handle) => self.refresh(handle),
            None => {
                self.orphans.insert((Age(origin.arrived.0.saturating_add(ORPHAN_S)), *target));
                None
            }
        }
    }

    /// Counts who helped with an item that stands.
    fn count_helps(&mut self, target: &RecordId) {
        for (voice, help) in helps(self.acts.get(target).map_or(&[], Vec::as_slice)) {
            self.helps.entry(voice).or_default().insert(help);
        }
    }

    /// Computes an item's status anew.
    fn refresh(&mut self, handle: u32) -> Option<Touched> {
        let item = self.at(handle)?;
        let status = self.resolve(item).status;
        let (kind, id, old) = (item.kind, item.id, order_key(item, handle));
        self.by_order[kind as usize].remove(&old);
        let item = self.items.get_mut(handle)?;
        item.status = status;
        let new = order_key(item, handle);
        self.by_order[kind as usize].insert(new);
        Some(Touched { kind, id })
    }

    /// The store's age at which the next item expires.
    pub fn next_expiry(&self) -> Option<Age> {
        self.by_expiry.first().map(|(expires, _)| Age((*expires).into()))
    }

    /// Takes out what has expired by `age`, at most `most` items. Says which are gone.
    pub fn expire(&mut self, age: Age, most: usize) -> Vec<Touched> {
        let mut gone = Vec::new();
        while gone.len() < most {
            let Some((expires, handle)) = self.by_expiry.first().copied() else { break };
            if u64::from(expires) > age.0 {
                break;
            }
            self.by_expiry.remove(&(expires, handle));
            let answered = self.at(handle).and_then(|item| self.answered(item));
            self.answered.extend(answered);
            let Some(item) = self.items.remove(handle) else { continue };
            self.by_id.remove(&(prefix(&item.id), handle));
            self.by_content.remove(&(upper(item.mark.content), handle));
            self.by_sender.remove(&(item.mark.sender, handle));
            self.by_order[item.kind as usize].remove(&order_key(&item, handle));
            for (voice, help) in helps(&self.acts.remove(&item.id).unwrap_or_default()) {
                if let Some(times) = self.helps.get_mut(&voice) {
                    times.remove(&help);
                    if times.is_empty() {
                        self.helps.remove(&voice);
                    }
                }
            }
            if item.member().is_some() {
                self.bury(item.id);
            }
            gone.push(Touched { kind: item.kind, id: item.id });
        }
        let mut orphans = 0;
        while orphans < most {
            orphans += 1;
            let Some((expires, target)) = self.orphans.first().copied() else { break };
            if expires > age {
                break;
            }
            self.orphans.remove(&(expires, target));
            if self.handle(&target).is_none() {
                self.acts.remove(&target);
            }
        }
        gone
    }

    /// Remembers that a record's time is over: it never rises again.
    pub fn bury(&mut self, id: RecordId) {
        if self.buried.insert(id) {
            self.buried_order.push_back(id);
        }
        if self.buried_order.len() > BURIED_MAX {
            if let Some(oldest) = self.buried_order.pop_front() {
                self.buried.remove(&oldest);
            }
        }
    }

    /// Whether a record's time is over, as far as it is remembered.
    pub fn is_buried(&self, id: &RecordId) -> bool {
        self.buried.contains(id)
    }

    /// Whether an entry still matters to the board: an item that stands, or something said about one.
    pub fn needs(&self, id: &RecordId, record: &Record) -> bool {
        let said_of = |target: &RecordId| self.acts(target).binary_search_by(|act| act.id.cmp(id)).is_ok();
        match (&record.body, record.body.target()) {
            (_, Some(target)) => said_of(target),
            // A cancellation must outlive what it cancels, or the notice would rise again at the next start.
            (Body::Notice(notice), None) => self.handle(id).is_some() || notice.references.iter().any(said_of),
            (_, None) => self.handle(id).is_some(),
        }
    }

    /// Ids of all items of a kind, page by page, and where to go on; none = that was the last page. An item keeps its
    /// place for as long as it stands, so nothing that stood throughout is left out, whatever happens meanwhile. In
    /// about the order of arrival, so that neighbours in a page lie in the same batches.
    pub fn page(&self, kind: ItemKind, from: u32, most: usize) -> (Vec<RecordId>, Option<u32>) {
        let mut found = Vec::new();
        for handle in from..self.items.end() {
            if found.len() == most {
                return (found, Some(handle));
            }
            found.extend(self.at(handle).filter(|item| item.kind == kind).map(|item| item.id));
        }
        (found, None)
    }

    /// Ids of a page of items: most urgent first, then those that came to a gateway last, live ones before ended ones. What an
    /// author says of the time orders nothing.
    pub fn list(&self, query: &ItemQuery) -> Vec<RecordId> {
        let kinds: &[ItemKind] = match &query.kind {
            Some(kind) => core::slice::from_ref(kind),
            None => ItemKind::ALL,
        };
        let after = query.after.and_then(|id| self.handle(&id)).and_then(|handle| Some((self.at(handle)?, handle)));
        let mut found = Vec::new();
        for kind in kinds {
            let start = match &after {
                Some((item, _)) if item.kind > *kind => continue,
                Some((item, handle)) if item.kind == *kind => core::ops::Bound::Excluded(order_key(item, *handle)),
                _ => core::ops::Bound::Unbounded,
            };
            for (rank, _, _, handle) in self.by_order[*kind as usize].range((start, core::ops::Bound::Unbounded)) {
                if found.len() >= query.limit {
                    return found;
                }
                if *rank > 0 && query.status == StatusFilter::Live {
                    break;
                }
                found.extend(self.at(*handle).filter(|item| wanted(query, item)).map(|item| item.id));
            }
        }
        found
    }

    /// Counts of live items.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary { v: 1, ..Summary::default() };
        for urgency in Urgency::ALL {
            summary.needs.insert(urgency.name(), 0);
        }
        for item in self.all().filter(|item| item.status.is_live()) {
            match item.kind {
                ItemKind::Need => {
                    *summary.needs.entry(item.urgency.name()).or_default() += 1;
                    *summary.categories.entry(item.category.name()).or_default() += 1;
                }
                ItemKind::Offer => summary.offers += 1,
                ItemKind::Notice => summary.notices += 1,
            }
        }
        summary
    }
}

/// Whether a query asks for this item.
fn wanted(query: &ItemQuery, item: &Item) -> bool {
    let status = match query.status {
        StatusFilter::Live => item.status.is_live(),
        StatusFilter::All => true,
        StatusFilter::Only(status) => item.status == status,
    };
    status
        && query.kind.is_none_or(|kind| item.kind == kind)
        && query.category.is_none_or(|category| item.category == category)
        && query.urgency.is_none_or(|urgency| item.urgency == urgency)
}

/// Who helped, and when and by which claim, according to these acts.
fn helps(acts: &[Act]) -> Vec<(Voice, (u64, RecordId))> {
    let claimant = |claim: &RecordId| {
        let place = acts.binary_search_by(|act| act.id.cmp(claim)).ok()?;
        matches!(acts[place].deed, Deed::Claim { .. }).then_some(acts[place].by)
    };
    let done = |act: &Act| match &act.deed {
        Deed::Done(claim) => Some((claimant(claim)?, (act.created, *claim))),
        _ => None,
    };
    acts.iter().filter_map(done).collect()
}

fn order_key(item: &Item, handle: u32) -> OrderKey {
    (u8::from(!item.status.is_live()), item.urgency, u32::MAX - item.born, handle)
}

fn deed(body: &Body) -> Option<Deed> {
    Some(match body {
        Body::Claim(claim) => Deed::Claim {
            tags: claim.tags.iter().map(|tag| fingerprint(tag)).collect(),
            zone: fingerprint(&claim.zone),
        },
        Body::Assign(assign) => Deed::Assign { claim: assign.claim, slot: assign.slot, epoch: assign.epoch },
        Body::Start(on) => Deed::Start(on.claim),
        Body::Done(on) => Deed::Done(on.claim),
        Body::Confirm(on) => Deed::Confirm(on.epoch),
        Body::NoShow(on) => Deed::NoShow(on.claim),
        Body::Withdraw(withdraw) => match withdraw.claim {
            Some(claim) => Deed::WithdrawClaim(claim),
            None => Deed::Withdraw(withdraw.epoch),
        },
        Body::Reopen(on) => Deed::Reopen(on.epoch),
        Body::Cosign(_) => Deed::Cosign,
        Body::Refer(refer) => Deed::Refer(refer.epoch),
        Body::DuplicateOf(duplicate) => Deed::DuplicateOf(duplicate.of, duplicate.epoch),
        _ => return None,
    })
}
