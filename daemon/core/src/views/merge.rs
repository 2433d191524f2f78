//! The board's merge rule: where an item stands, given the *set* of what was said about it.
//!
//! Pure and order-free: whatever order acts arrive in, and however often, the answer is the same. Each item has one
//! writer for its slots, so that a partition cannot assign it twice; who forks anyway is settled by the lowest id.
//! Sources: design notes of Karrot, Crown Heights and Crisis Cleanup on double claims; Lavoie, 2P-BFT-Log, for
//! single-writer registers.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::codec::Author;
use crate::identity::{GatewayId, MemberKey, RecordId};
use crate::log::Age;
use crate::record::{AssignBy, Mark, NoticeMessage, Severity, Urgency};

use super::item::{ItemKind, Status};

/// Voices a grave notice needs before it is shown as confirmed.
pub const VOICES_NEEDED: usize = 3;

/// Who said something, through which gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Voice {
    /// Guest, gateway or member.
    pub author: Author,
    /// The gateway whose log holds it.
    pub gateway: GatewayId,
    /// The guest's pseudonym at that gateway; 0 for others.
    pub guest: u32,
}

impl Voice {
    /// Of an entry with this author and mark in this gateway's log.
    pub fn new(author: Author, gateway: GatewayId, mark: Mark) -> Self {
        let guest = if author == Author::Guest { mark.sender } else { 0 };
        // A member is one voice wherever his record was taken in.
        let gateway = if let Author::Member(key) = author { GatewayId(key.0) } else { gateway };
        Self { author, gateway, guest }
    }

    /// As eight bytes, to tell people apart where nobody needs to know who they are.
    pub fn fingerprint(&self) -> u64 {
        let (tag, key): (u8, &[u8; 32]) = match &self.author {
            Author::Guest => (0, &self.gateway.0),
            Author::Gateway => (1, &self.gateway.0),
            Author::Member(key) => (2, &key.0),
        };
        let [a, b, c, d, e, f, g, h, ..] =
            crate::identity::hash("commons/1/voice", &[&[tag], key, &self.guest.to_be_bytes()]);
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }

    /// Whether `other` has the rights of who said this. A guest's rights are checked by code word at the gateway that
    /// took his record in; that gateway's log vouches for the check, and no other gateway's does.
    pub fn owns(&self, other: &Voice) -> bool {
        match (self.author, other.author) {
            (Author::Member(mine), Author::Member(theirs)) => mine == theirs,
            (Author::Guest, Author::Guest) | (Author::Gateway, Author::Gateway) => self.gateway == other.gateway,
            _ => false,
        }
    }

    /// Whether this is that gateway itself speaking.
    fn is_gateway(&self, gateway: &GatewayId) -> bool {
        self.author == Author::Gateway && self.gateway == *gateway
    }
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// A bid. The act's id is the claim's.
    Claim {
        /// What the claimant can do, as [`fingerprint`]s.
        tags: Vec<u32>,
        /// Where he is, as a [`fingerprint`].
        zone: u32,
    },
    /// A slot given.
    Assign {
        /// To which claim.
        claim: RecordId,
        /// Which slot.
        slot: u8,
        /// In which assign epoch.
        epoch: u16,
    },
    /// On the way.
    Start(RecordId),
    /// Done, says the helper.
    Done(RecordId),
    /// It arrived, says the requester.
    Confirm(u16),
    /// The helper did not come.
    NoShow(RecordId),
    /// The item is taken back.
    Withdraw(u16),
    /// A claim is taken back.
    WithdrawClaim(RecordId),
    /// Open again, in this epoch.
    Reopen(u16),
    /// Sent elsewhere. The words are in the record.
    Refer(u16),
    /// Goes on as another item.
    DuplicateOf(RecordId, u16),
    /// A second voice.
    Cosign,
    /// Another notice refers to this one.
    Noted(NoticeMessage, RecordId),
}

/// One thing said about an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// The record's id.
    pub id: RecordId,
    /// Who said it.
    pub by: Voice,
    /// What.
    pub deed: Deed,
    /// Unix seconds as claimed; for display only.
    pub created: u64,
    /// The store's age when it came; drives lapses, which only the home gateway decides.
    pub arrived: Age,
    /// Where its record lies.
    pub at: super::EntryRef,
}

/// What of an item the rule needs.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// Its id.
    pub id: &'a RecordId,
    /// need, offer or notice.
    pub kind: ItemKind,
    /// Who posted it.
    pub by: Voice,
    /// The gateway that took it in.
    pub home: &'a GatewayId,
    /// How many helpers it takes.
    pub slots: u8,
    /// An offer that does not run out.
    pub standing: bool,
    /// Who gives out slots.
    pub assign_by: AssignBy,
    /// How soon.
    pub urgency: Urgency,
    /// For notices.
    pub severity: Severity,
    /// Access and language needs, as [`fingerprint`]s.
    pub tags: &'a [u32],
    /// Where, as a [`fingerprint`].
    pub zone: u32,
    /// Whose word moves a silent item.
    pub stewards: &'a BTreeSet<MemberKey>,
    /// When each voice helped, as claimed, in unix seconds, and by which claim.
    pub helps: &'a BTreeMap<Voice, BTreeSet<(u64, RecordId)>>,
}

impl Facts<'_> {
    fn steward(&self, voice: &Voice) -> Option<MemberKey> {
        match voice.author {
            Author::Member(key) if self.stewards.contains(&key) => Some(key),
            _ => None,
        }
    }

    /// Whether this voice gives out the item's slots.
    fn is_written_by(&self, voice: &Voice) -> bool {
        match self.assign_by {
            AssignBy::HomeGateway => voice.is_gateway(self.home),
            AssignBy::Requester => self.by.owns(voice),
            AssignBy::Steward => self.steward(voice).is_some(),
        }
    }
}

/// When a slot was first given, in unix seconds as claimed, to a claim that is here.
pub fn first_assigned(item: &Facts<'_>, acts: &[Act]) -> Option<u64> {
    let is_claim = |id: &RecordId| {
        let place = acts.binary_search_by(|act| act.id.cmp(id)).ok();
        place.is_some_and(|place| matches!(acts[place].deed, Deed::Claim { .. }))
    };
    let given = acts.iter().filter(|act| match &act.deed {
        Deed::Assign { claim, .. } => item.is_written_by(&act.by) && is_claim(claim),
        _ => false,
    });
    given.map(|act| act.created).min()
}

/// A name as four bytes: enough to rank by, light to keep.
pub fn fingerprint(name: &str) -> u32 {
    if name.is_empty() {
        return 0; // Most posts name no zone; a start folds every one of them.
    }
    let hash = crate::identity::hash("commons/1/name", &[name.trim().to_lowercase().as_bytes()]);
    u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
}

/// How far back helps count against a claimant, in seconds.
const HELPS_WINDOW_S: u64 = 7 * 86_400;

/// Where a claim stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Has a slot.
    Assigned,
    /// Has a slot, is on the way.
    Underway,
    /// Says it is done; has a slot, or had one before the item was reopened.
    Done,
    /// Waits.
    Standby,
    /// Had a slot and did not come.
    NoShow,
    /// Taken back.
    Withdrawn,
}

impl Standing {
    /// The word shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::Underway => "underway",
            Self::Done => "done",
            Self::Standby => "standby",
            Self::NoShow => "no_show",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// Where an item stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// Its status.
    pub status: Status,
    /// The lowest assign epoch that counts.
    pub epoch: u16,
    /// Who holds each slot, if anybody.
    pub slots: Vec<Option<RecordId>>,
    /// The epoch in which each slot would be given next.
    pub next_epochs: Vec<u16>,
    /// Every claim, assigned ones first, then standby by rank, then the rest.
    pub claims: Vec<(RecordId, Standing)>,
    /// What it goes on as.
    pub goes_on_as: Option<RecordId>,
    /// Distinct voices of a notice, its author's included.
    pub voices: usize,
}

impl Resolution {
    /// Slots held.
    pub fn filled(&self) -> usize {
        self.slots.iter().flatten().count()
    }

    /// The best claim that waits, and the slot and epoch it would get.
    pub fn next_assignment(&self) -> Option<(RecordId, u8, u16)> {
        let slot = self.slots.iter().position(Option::is_none)?;
        let (claim, _) = self.claims.iter().find(|(_, standing)| *standing == Standing::Standby)?;
        Some((*claim, slot as u8, self.next_epochs[slot]))
    }

    /// Where this claim stands.
    pub fn standing(&self, claim: &RecordId) -> Option<Standing> {
        self.claims.iter().find(|(id, _)| id == claim).map(|(_, standing)| *standing)
    }
}

/// The rule.
pub fn resolve(item: &Facts<'_>, acts: &[Act]) -> Resolution {
    if item.kind == ItemKind::Notice {
        return resolve_notice(item, acts);
    }
    let requested = |act: &Act| item.by.owns(&act.by);
    // The requester's terminal word beats everything; only a reopening in a higher epoch beats it.
    let epoch = acts
        .iter()
        .filter(|act| requested(act))
        .filter_map(|act| if let Deed::Reopen(epoch) = act.deed { Some(epoch) } else { None })
        .max()
        .unwrap_or(0);
    let claims = Claims::of(item, acts);
    let (slots, next_epochs) = assign(item, acts, epoch, &claims);

    let mut confirmed = false;
    let mut withdrawn = false;
    let mut referred = false;
    let mut goes_on_as: Option<RecordId> = None;
    for act in acts.iter().filter(|act| requested(act)) {
        match act.deed {
            Deed::Confirm(at) if at >= epoch => confirmed = true,
            Deed::Withdraw(at) if at >= epoch => withdrawn = true,
            Deed::Refer(at) if at >= epoch => referred = true,
            Deed::DuplicateOf(of, at) if at >= epoch => goes_on_as = Some(goes_on_as.map_or(of, |known| known.min(of))),
            _ => {}
        }
    }

    let listed = claims.standings(item, &slots);
    // Of those who hold a slot now: what was done before a reopening is no help any more.
    let done = slots.iter().flatten().filter(|claim| claims.done.contains(claim)).count();
    let moving = slots.iter().flatten().any(|claim| claims.done.contains(claim) || claims.started.contains(claim));
    let filled = slots.iter().flatten().count();
    let status = if confirmed {
        // That help arrived is the stronger fact, should a phone have said both on two sides of a partition.
        Status::Confirmed
    } else if withdrawn {
        Status::Withdrawn
    } else if goes_on_as.is_some() {
        Status::Duplicate
    } else if referred {
        Status::Referred
    } else if item.standing {
        Status::Open
    } else if done == slots.len() {
        Status::Done
    } else if moving {
        Status::Underway
    } else if filled > 0 {
        Status::Assigned
    } else {
        Status::Open
    };
    Resolution { status, epoch, slots, next_epochs, claims: listed, goes_on_as, voices: 0 }
}

/// For each slot the assignment of the highest valid epoch; a no-show or a claim taken back leaves the slot empty.
fn assign(item: &Facts<'_>, acts: &[Act], least_epoch: u16, claims: &Claims<'_>) -> (Vec<Option<RecordId>>, Vec<u16>) {
    let slots = usize::from(item.slots);
    let mut best: Vec<Option<(u16, RecordId)>> = alloc::vec![None; slots];
    let mut moved: BTreeMap<(u8, u16, RecordId), BTreeSet<MemberKey>> = BTreeMap::new();
    let mut take = |slot: u8, epoch: u16, claim: RecordId| {
        let Some(place) = best.get_mut(usize::from(slot)) else { return };
        if epoch < least_epoch || !claims.by_id.contains_key(&claim) {
            return;
        }
        let better = match place {
            None => true,
            // One honest writer never gives a slot twice in one epoch; should one fork, all agree on the lowest id.
            Some((known_epoch, known)) => epoch > *known_epoch || (epoch == *known_epoch && claim < *known),
        };
        if better {
            *place = Some((epoch, claim));
        }
    };
    for act in acts {
        let Deed::Assign { claim, slot, epoch } = act.deed else { continue };
        if item.is_written_by(&act.by) {
            take(slot, epoch, claim);
        } else if let (Some(key), 1..) = (item.steward(&act.by), epoch) {
            // Two stewards together move an item whose writer is silent, but only into a higher epoch.
            let voices = moved.entry((slot, epoch, claim)).or_default();
            voices.insert(key);
            if voices.len() >= 2 {
                take(slot, epoch, claim);
            }
        }
    }
    let mut next_epochs = Vec::with_capacity(slots);
    let mut held = Vec::with_capacity(slots);
    let mut seen = BTreeSet::new();
    for place in &best {
        next_epochs.push(place.map_or(least_epoch, |(epoch, _)| epoch + 1).max(least_epoch));
        held.push(place.map(|(_, claim)| claim).filter(|claim| !claims.is_over(claim) && seen.insert(*claim)));
    }
    (held, next_epochs)
}

/// What is known of the claims of one item.
struct Claims<'a> {
    by_id: BTreeMap<RecordId, &'a Act>,
    started: BTreeSet<RecordId>,
    done: BTreeSet<RecordId>,
    no_show: BTreeSet<RecordId>,
    withdrawn: BTreeSet<RecordId>,
}

impl<'a> Claims<'a> {
    fn of(item: &Facts<'_>, acts: &'a [Act]) -> Self {
        let by_id: BTreeMap<RecordId, &Act> =
            acts.iter().filter(|act| matches!(act.deed, Deed::Claim { .. })).map(|act| (act.id, act)).collect();
        let mut claims = Self {
            by_id,
            started: BTreeSet::new(),
            done: BTreeSet::new(),
            no_show: BTreeSet::new(),
            withdrawn: BTreeSet::new(),
        };
        for act in acts {
            let requested = item.by.owns(&act.by);
            let claimed = |claim: &RecordId| claims.by_id.get(claim).is_some_and(|known| known.by.owns(&act.by));
            match &act.deed {
                Deed::Start(claim) if claimed(claim) => drop(claims.started.insert(*claim)),
                // The requester may say for the helper that it is done.
                Deed::Done(claim) if claimed(claim) || requested => drop(claims.done.insert(*claim)),
                Deed::WithdrawClaim(claim) if claimed(claim) => drop(claims.withdrawn.insert(*claim)),
                // The home gateway frees a slot whose helper stayed silent too long.
                Deed::NoShow(claim) if requested || act.by.is_gateway(item.home) => {
                    claims.no_show.insert(*claim);
                }
                _ => {}
            }
        }
        claims
    }

    fn is_over(&self, claim: &RecordId) -> bool {
        self.withdrawn.contains(claim) || (self.no_show.contains(claim) && !self.done.contains(claim))
    }

    fn standings(&self, item: &Facts<'_>, slots: &[Option<RecordId>]) -> Vec<(RecordId, Standing)> {
        let mut listed: Vec<(RecordId, Standing)> = self
            .by_id
            .keys()
            .map(|id| {
                let holds_slot = slots.contains(&Some(*id));
                let standing = if self.withdrawn.contains(id) {
                    Standing::Withdrawn
                } else if self.done.contains(id) {
                    // Also without a slot: done before the item was reopened, so never given the next slot unasked.
                    Standing::Done
                } else if holds_slot && self.started.contains(id) {
                    Standing::Underway
                } else if holds_slot {
                    Standing::Assigned
                } else if self.no_show.contains(id) {
                    Standing::NoShow
                } else {
                    Standing::Standby
                };
                (*id, standing)
            })
            .collect();
        listed.sort_by_key(|(id, standing)| (order(*standing), self.rank(item, id)));
        listed
    }

    /// Capability, nearness, fewest recent helps, then a hash nobody can choose on both sides. No timestamps.
    fn rank(&self, item: &Facts<'_>, claim: &RecordId) -> (u8, bool, u16, [u8; 32]) {
        let Some(act) = self.by_id.get(claim) else { return (u8::MAX, true, u16::MAX, [0; 32]) };
        let (fit, near) = match &act.deed {
            Deed::Claim { tags, zone } => {
                (tags.iter().filter(|tag| item.tags.contains(tag)).count(), *zone == item.zone)
            }
            _ => (0, false),
        };
        let first = (act.created.saturating_sub(HELPS_WINDOW_S), RecordId([0; 32]));
        let window = first..=(act.created, RecordId([0xFF; 32]));
        let helped = item.helps.get(&act.by).map_or(0, |times| times.range(window).count());
        let draw = crate::identity::hash("commons/1/rank", &[&claim.0, &item.id.0]);
        (u8::MAX - fit.min(255) as u8, !near, helped.min(usize::from(u16::MAX)) as u16, draw)
    }
}

fn order(standing: Standing) -> u8 {
    match standing {
        Standing::Assigned | Standing::Underway | Standing::Done => 0,
        Standing::Standby => 1,
        Standing::NoShow => 2,
        Standing::Withdrawn => 3,
    }
}

fn resolve_notice(item: &Facts<'_>, acts: &[Act]) -> Resolution {
    let mut voices: BTreeSet<Voice> = BTreeSet::new();
    voices.insert(item.by);
    let mut cancelled = false;
    let mut goes_on_as: Option<RecordId> = None;
    for act in acts {
        match act.deed {
            Deed::Cosign => drop(voices.insert(act.by)),
            Deed::Withdraw(_) if item.by.owns(&act.by) => cancelled = true,
            Deed::Noted(NoticeMessage::Cancel, _) if item.by.owns(&act.by) => cancelled = true,
            Deed::Noted(NoticeMessage::Update, by) if item.by.owns(&act.by) => {
                goes_on_as = Some(goes_on_as.map_or(by, |known| known.min(by)));
            }
            _ => {}
        }
    }
    let grave = item.urgency == Urgency::Now && item.severity >= Severity::Severe;
    let vouched = voices.len() >= VOICES_NEEDED
        || voices.iter().any(|voice| matches!(voice.author, Author::Member(key) if item.stewards.contains(&key)));
    let status = if cancelled {
        Status::Cancelled
    } else if goes_on_as.is_some() {
        Status::Superseded
    } else if grave && !vouched {
        Status::Unconfirmed
    } else {
        Status::Active
    };
    Resolution {
        status,
        epoch: 0,
        slots: Vec::new(),
        next_epochs: Vec::new(),
        claims: Vec::new(),
        goes_on_as,
        voices: voices.len(),
    }
}
