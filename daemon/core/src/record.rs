//! What a person (or the gateway itself) says: the closed set of kinds, version 1.
//!
//! A record is postcard-encoded and never re-encoded: its id and its author's signature are over these very bytes.
//! The order of variants and fields is the format; PROTOCOL.md has the tables, `tests/golden` has the bytes.
//! New kinds are appended to [`Body`]; nothing is ever reordered.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::identity::RecordId;

mod book;

pub use book::*;

/// The record format this code writes. A reader refuses others by name.
pub const RECORD_VERSION: u8 = 1;

/// One thing somebody said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Format version, [`RECORD_VERSION`].
    pub version: u8,
    /// Unix seconds as its author (or the accepting gateway) believed; for display only, it orders nothing.
    pub created: u64,
    /// Makes equal texts distinct. Members: random. Guests: see [`Mark`].
    pub mark: Mark,
    /// What was said.
    pub body: Body,
}

/// Tells apart two records with the same words, and lets a gateway see that a resend is one.
///
/// For guests both are keyed hashes that only the gateway can compute: `sender` of the person as far as it can tell one
/// (an address), `content` of the sending client and what it sent, so that the same post from the same hand carries the
/// same content mark even if its address has changed meanwhile. Members draw both at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mark {
    /// Pseudonym of the person at this gateway: counts quotas and voices.
    pub sender: u32,
    /// Fingerprint of the submission: finds duplicates.
    pub content: u64,
}

/// The kinds, in frozen order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::large_enum_variant)] // Decoded one at a time; boxing would buy nothing.
pub enum Body {
    /// 0: somebody needs something.
    Need(Ask),
    /// 1: somebody offers something.
    Offer(Ask),
    /// 2: "I'll bring it" (need) or "I'd like it" (offer).
    Claim(Claim),
    /// 3: the item's writer gives a slot to a claim.
    Assign(Assign),
    /// 4: the helper is on the way.
    Start(OnClaim),
    /// 5: the helper has done it.
    Done(OnClaim),
    /// 6: the requester says it arrived. Ends the item.
    Confirm(OnItem),
    /// 7: the assigned helper did not come (requester), or let it lapse (home gateway).
    NoShow(OnClaim),
    /// 8: the requester takes the item back, or a claimant his claim.
    Withdraw(Withdraw),
    /// 9: the requester opens the item again, in a higher assign epoch.
    Reopen(OnItem),
    /// 10: an announcement (a CAP 1.2 subset).
    Notice(Notice),
    /// 11: a second household vouches for a notice, or a second person for a count.
    Cosign(Cosign),
    /// 12: something came into a store.
    StockIn(Stock),
    /// 13: something left it.
    StockOut(Stock),
    /// 14: somebody counted it; takes effect with a second person's cosign.
    StockCount(StockCount),
    /// 15: the requester was sent elsewhere.
    Refer(Refer),
    /// 16: this item says the same as another.
    DuplicateOf(DuplicateOf),
    /// 17: a community begins: its covenant and its founders.
    Found(Found),
    /// 18: a newcomer's first record.
    Join(Join),
    /// 19: a member vouches for a newcomer.
    Vouch(Vouch),
    /// 20: a newcomer names two vouchers.
    Enter(Enter),
    /// 21: what a member says of himself has changed.
    Facts(FactsChange),
    /// 22: a new key by word of the old one.
    Rekey(Rekey),
    /// 23: a guardian says which key is the member's now.
    Recover(Recover),
    /// 24: the old key is alive.
    Veto(Veto),
    /// 25: a chain goes on in a new epoch, after a lost key or a fork.
    Resume(Resume),
    /// 26: a member leaves.
    Leave(Leave),
    /// 27: a payment.
    Pay(Pay),
    /// 28: the payee takes it; balances move.
    Accept(OnPay),
    /// 29: the payee does not take it.
    Decline(OnPay),
    /// 30: the payer takes back what was declined.
    Reclaim(Reclaim),
    /// 31: one side of a payment says that it is not right.
    Dispute(Dispute),
    /// 32: a proposal about a member.
    Decide(Decide),
    /// 33: a household's consent to it.
    Consent(Consent),
    /// 34: two records of one member with one number.
    ForkProof(ForkProof),
    /// 35: the home gateway has seen a chain up to here.
    Stamp(Stamp),
    /// 36: a gateway's word on where the ledger stands.
    Checkpoint(Checkpoint),
    /// 37: something from a store is lent.
    Loan(Loan),
    /// 38: some or all of it is back.
    Return(Return),
}

/// A need or an offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// What it is about.
    pub category: Category,
    /// In the neighbour's own words, 1 to 2,000 bytes.
    pub text: String,
    /// What and how much, at most 32.
    pub lines: Vec<Line>,
    /// How soon.
    pub urgency: Urgency,
    /// How many helpers, 1 to 20. Urgent needs default to 2: double help is cheaper than none.
    pub slots: u8,
    /// An offer that does not run out. Always false in a need.
    pub standing: bool,
    /// A place by name ("north stairwell"), never coordinates; may be empty; at most 64 bytes.
    pub zone: String,
    /// When it suits, in unix seconds, if it matters.
    pub window: Option<Window>,
    /// Access and language needs ("wheelchair", "speaks arabic"), at most 8 of 32 bytes.
    pub tags: Vec<String>,
    /// BCP 47 language of the text; may be empty.
    pub lang: String,
    /// How to reach the requester, sealed; released only at assignment. At most 400 bytes.
    pub contact: Option<Vec<u8>>,
    /// Who gives out the slots.
    pub assign_by: AssignBy,
    /// RFC 5545 RRULE subset ("FREQ=WEEKLY"); empty for once; at most 64 bytes.
    pub repeat: String,
    /// How long it stands, in seconds.
    pub lifetime_s: u32,
    /// The sender's own mark, echoed; at most 64 bytes.
    pub reference: String,
}

/// One line of a need, an offer or a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What, 1 to 64 bytes.
    pub item: String,
    /// Unit ("kg", "box"); may be empty; at most 16 bytes.
    pub unit: String,
    /// How many thousandths of the unit (1500 = 1.5).
    pub milli: u64,
}

/// A span of time in unix seconds, for display and matching.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// From.
    pub from: u64,
    /// Until, not before `from`.
    pub until: u64,
}

/// Who gives out an item's slots: one writer, so that a partition cannot assign it twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AssignBy {
    /// The gateway that took the item in, first come first served.
    HomeGateway,
    /// The requester chooses among the claims.
    Requester,
    /// A steward.
    Steward,
}

macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// Every value, in frozen order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word used in JSON, topics, forms and the command line.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The value with that word.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.name() == text)
            }
        }
    };
}
pub(crate) use names;

names!(
    /// How soon. `Now` is for life and safety.
    Urgency {
        /// Life and safety; stands 3 days.
        Now = "now",
        /// Today; stands 7 days.
        Today = "today",
        /// This week; stands 21 days.
        Week = "week",
        /// Whenever; stands 60 days.
        Whenever = "whenever",
    }
);

impl Urgency {
    /// How long an item of this urgency stands unless its author says otherwise, in seconds.
    pub const fn lifetime_s(self) -> u32 {
        const DAY: u32 = 86_400;
        match self {
            Self::Now => 3 * DAY,
            Self::Today => 7 * DAY,
            Self::Week => 21 * DAY,
            Self::Whenever => 60 * DAY,
        }
    }

    /// How long an assigned helper may stay silent before the home gateway frees the slot, in seconds.
    pub const fn lapse_s(self) -> u32 {
        match self {
            Self::Now | Self::Today => 24 * 3_600,
            Self::Week | Self::Whenever => 72 * 3_600,
        }
    }
}

names!(
    /// What an item is about: few enough for icons, mapped to HSDS taxonomy terms in PROTOCOL.md.
    Category {
        /// Anything else.
        Other = "other",
        /// Food and meals.
        Food = "food",
        /// Drinking water.
        Water = "water",
        /// Medicine, care, first aid.
        Health = "health",
        /// Somewhere to stay.
        Shelter = "shelter",
        /// Power and charging.
        Power = "power",
        /// Warmth and cooling.
        Heat = "heat",
        /// Rides and deliveries.
        Transport = "transport",
        /// Tools and repairs.
        Tools = "tools",
        /// Children.
        Childcare = "childcare",
        /// Old or ill people who need somebody.
        Care = "care",
        /// Clothes and blankets.
        Clothing = "clothing",
        /// Cleaning, washing, hygiene.
        Hygiene = "hygiene",
        /// Interpreting and paperwork.
        Language = "language",
        /// Animals.
        Animals = "animals",
        /// Company, a check on somebody.
        Company = "company",
    }
);

/// A bid on an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The need or offer.
    pub item: RecordId,
    /// At most 500 bytes; may be empty.
    pub message: String,
    /// The claimant's zone; may be empty.
    pub zone: String,
    /// What the claimant can do, matched against the item's tags; at most 8 of 32 bytes.
    pub tags: Vec<String>,
    /// X25519 key the contact may be sealed to.
    pub key: Option<[u8; 32]>,
    /// The sender's own mark; at most 64 bytes.
    pub reference: String,
}

/// A slot given to a claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assign {
    /// The item.
    pub item: RecordId,
    /// The claim that gets the slot.
    pub claim: RecordId,
    /// Which slot, below the item's `slots`.
    pub slot: u8,
    /// Assign epoch: a freed slot is given again only in a higher one, so contact releases stay <= slots x epochs.
    pub epoch: u16,
    /// The contact sealed to the claim's key; at most 400 bytes.
    pub contact: Option<Vec<u8>>,
}

/// Something about a claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnClaim {
    /// The item.
    pub item: RecordId,
    /// The claim.
    pub claim: RecordId,
    /// Assign epoch it speaks of.
    pub epoch: u16,
}

/// Something about an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnItem {
    /// The item.
    pub item: RecordId,
    /// Assign epoch it ends, or opens.
    pub epoch: u16,
}

/// An item, or a claim on it, taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdraw {
    /// The item.
    pub item: RecordId,
    /// The claim, when it is the claim that is taken back.
    pub claim: Option<RecordId>,
    /// Assign epoch it ends.
    pub epoch: u16,
}

/// An announcement. Words and values are CAP 1.2's (OASIS).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Real, or an exercise, which is always labelled.
    pub status: NoticeStatus,
    /// New, update or cancellation.
    pub message: NoticeMessage,
    /// What it updates or cancels, at most 8.
    pub references: Vec<RecordId>,
    /// What it is about.
    pub category: Category,
    /// How soon to act.
    pub urgency: Urgency,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub certainty: Certainty,
    /// Where; may be empty.
    pub zone: String,
    /// The words, one block a language, 1 to 8.
    pub info: Vec<Info>,
    /// How long it stands, in seconds.
    pub lifetime_s: u32,
    /// The sender's own mark; at most 64 bytes.
    pub reference: String,
}

/// The words of a notice in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Info {
    /// BCP 47 language; may be empty.
    pub lang: String,
    /// The words, 1 to 2,000 bytes.
    pub text: String,
}

names!(
    /// CAP `status`.
    NoticeStatus {
        /// Real.
        Actual = "actual",
        /// A drill.
        Exercise = "exercise",
        /// A technical test.
        Test = "test",
    }
);

names!(
    /// CAP `msgType`.
    NoticeMessage {
        /// New.
        Alert = "alert",
        /// Replaces what it refers to.
        Update = "update",
        /// Takes back what it refers to.
        Cancel = "cancel",
    }
);

names!(
    /// CAP `severity`.
    Severity {
        /// Not said.
        Unknown = "unknown",
        /// Little or no threat.
        Minor = "minor",
        /// Possible threat.
        Moderate = "moderate",
        /// Significant threat.
        Severe = "severe",
        /// Extraordinary threat.
        Extreme = "extreme",
    }
);

names!(
    /// CAP `certainty`.
    Certainty {
        /// Not said.
        Unknown = "unknown",
        /// Not expected.
        Unlikely = "unlikely",
        /// May happen.
        Possible = "possible",
        /// Probably.
        Likely = "likely",
        /// Seen.
        Observed = "observed",
    }
);

/// A second voice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cosign {
    /// The notice or the count.
    pub target: RecordId,
}

/// A movement of a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stock {
    /// The store ("pantry"), 1 to 64 bytes.
    pub place: String,
    /// What and how much.
    pub line: Line,
    /// Where it came from or went; may be empty; at most 64 bytes.
    pub source: String,
    /// Best before, unix seconds.
    pub best_before: Option<u64>,
    /// The sender's own mark; at most 64 bytes.
    pub reference: String,
}

/// A count of a store. It says what the counter expected too, so that concurrent counts add up by difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockCount {
    /// The store.
    pub place: String,
    /// What and how much was there.
    pub line: Line,
    /// How much the view said there was, in thousandths.
    pub expected_milli: u64,
    /// The sender's own mark; at most 64 bytes.
    pub reference: String,
}

/// Something from a store is lent: it is off the shelf until it is back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loan {
    /// The store ("tool shed"), 1 to 64 bytes.
    pub place: String,
    /// What and how much; more than nothing.
    pub line: Line,
    /// To whom, as the block knows them, 1 to 64 bytes. Everybody reads it.
    pub to: String,
    /// When it is due back, unix seconds, if that was agreed.
    pub due: Option<u64>,
    /// The sender's own mark; at most 64 bytes.
    pub reference: String,
}

/// Some or all of a loan is back on its shelf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Return {
    /// Which.
    pub loan: RecordId,
    /// How much, in thousandths; more than nothing. Of several returns no more counts than was lent.
    pub milli: u64,
    /// The sender's own mark; at most 64 bytes.
    pub reference: String,
}

/// The requester was sent elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refer {
    /// The item.
    pub item: RecordId,
    /// To whom, in words, 1 to 500 bytes.
    pub to: String,
    /// Assign epoch it ends.
    pub epoch: u16,
}

/// This item says the same as another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DuplicateOf {
    /// The item that ends.
    pub item: RecordId,
    /// The one that goes on.
    pub of: RecordId,
    /// Assign epoch it ends.
    pub epoch: u16,
}

names!(
    /// The name of a kind, as in `commons/post/<kind>`.
    Kind {
        /// [`Body::Need`]
        Need = "need",
        /// [`Body::Offer`]
        Offer = "offer",
        /// [`Body::Claim`]
        Claim = "claim",
        /// [`Body::Assign`]
        Assign = "assign",
        /// [`Body::Start`]
        Start = "start",
        /// [`Body::Done`]
        Done = "done",
        /// [`Body::Confirm`]
        Confirm = "confirm",
        /// [`Body::NoShow`]
        NoShow = "no_show",
        /// [`Body::Withdraw`]
        Withdraw = "withdraw",
        /// [`Body::Reopen`]
        Reopen = "reopen",
        /// [`Body::Notice`]
        Notice = "notice",
        /// [`Body::Cosign`]
        Cosign = "cosign",
        /// [`Body::StockIn`]
        StockIn = "stock_in",
        /// [`Body::StockOut`]
        StockOut = "stock_out",
        /// [`Body::StockCount`]
        StockCount = "stock_count",
        /// [`Body::Refer`]
        Refer = "refer",
        /// [`Body::DuplicateOf`]
        DuplicateOf = "duplicate_of",
        /// [`Body::Found`]
        Found = "found",
        /// [`Body::Join`]
        Join = "join",
        /// [`Body::Vouch`]
        Vouch = "vouch",
        /// [`Body::Enter`]
        Enter = "enter",
        /// [`Body::Facts`]
        Facts = "facts",
        /// [`Body::Rekey`]
        Rekey = "rekey",
        /// [`Body::Recover`]
        Recover = "recover",
        /// [`Body::Veto`]
        Veto = "veto",
        /// [`Body::Resume`]
        Resume = "resume",
        /// [`Body::Leave`]
        Leave = "leave",
        /// [`Body::Pay`]
        Pay = "pay",
        /// [`Body::Accept`]
        Accept = "accept",
        /// [`Body::Decline`]
        Decline = "decline",
        /// [`Body::Reclaim`]
        Reclaim = "reclaim",
        /// [`Body::Dispute`]
        Dispute = "dispute",
        /// [`Body::Decide`]
        Decide = "decide",
        /// [`Body::Consent`]
        Consent = "consent",
        /// [`Body::ForkProof`]
        ForkProof = "fork_proof",
        /// [`Body::Stamp`]
        Stamp = "stamp",
        /// [`Body::Checkpoint`]
        Checkpoint = "checkpoint",
        /// [`Body::Loan`]
        Loan = "loan",
        /// [`Body::Return`]
        Return = "return",
    }
);

impl Kind {
    /// Whether it is one of the ledger's: finished records only, in the book, folded by `ledger/`.
    pub fn is_ledger(self) -> bool {
        (Self::Found..=Self::Checkpoint).contains(&self)
    }
}

impl Body {
    /// The kind's name.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Need(_) => Kind::Need,
            Self::Offer(_) => Kind::Offer,
            Self::Claim(_) => Kind::Claim,
            Self::Assign(_) => Kind::Assign,
            Self::Start(_) => Kind::Start,
            Self::Done(_) => Kind::Done,
            Self::Confirm(_) => Kind::Confirm,
            Self::NoShow(_) => Kind::NoShow,
            Self::Withdraw(_) => Kind::Withdraw,
            Self::Reopen(_) => Kind::Reopen,
            Self::Notice(_) => Kind::Notice,
            Self::Cosign(_) => Kind::Cosign,
            Self::StockIn(_) => Kind::StockIn,
            Self::StockOut(_) => Kind::StockOut,
            Self::StockCount(_) => Kind::StockCount,
            Self::Refer(_) => Kind::Refer,
            Self::DuplicateOf(_) => Kind::DuplicateOf,
            Self::Found(_) => Kind::Found,
            Self::Join(_) => Kind::Join,
            Self::Vouch(_) => Kind::Vouch,
            Self::Enter(_) => Kind::Enter,
            Self::Facts(_) => Kind::Facts,
            Self::Rekey(_) => Kind::Rekey,
            Self::Recover(_) => Kind::Recover,
            Self::Veto(_) => Kind::Veto,
            Self::Resume(_) => Kind::Resume,
            Self::Leave(_) => Kind::Leave,
            Self::Pay(_) => Kind::Pay,
            Self::Accept(_) => Kind::Accept,
            Self::Decline(_) => Kind::Decline,
            Self::Reclaim(_) => Kind::Reclaim,
            Self::Dispute(_) => Kind::Dispute,
            Self::Decide(_) => Kind::Decide,
            Self::Consent(_) => Kind::Consent,
            Self::ForkProof(_) => Kind::ForkProof,
            Self::Stamp(_) => Kind::Stamp,
            Self::Checkpoint(_) => Kind::Checkpoint,
            Self::Loan(_) => Kind::Loan,
            Self::Return(_) => Kind::Return,
        }
    }

    /// The item it acts on; none for a new item and for stock.
    pub fn target(&self) -> Option<&RecordId> {
        match self {
            Self::Claim(claim) => Some(&claim.item),
            Self::Assign(assign) => Some(&assign.item),
            Self::Start(on) | Self::Done(on) | Self::NoShow(on) => Some(&on.item),
            Self::Confirm(on) | Self::Reopen(on) => Some(&on.item),
            Self::Withdraw(withdraw) => Some(&withdraw.item),
            Self::Cosign(cosign) => Some(&cosign.target),
            Self::Refer(refer) => Some(&refer.item),
            Self::DuplicateOf(duplicate) => Some(&duplicate.item),
            _ => None,
        }
    }

    /// Where it stands in its member's chain; none for what is in no chain.
    pub fn link(&self) -> Option<&Link> {
        match self {
            Self::Vouch(vouch) => Some(&vouch.link),
            Self::Enter(enter) => Some(&enter.link),
            Self::Facts(facts) => Some(&facts.link),
            Self::Rekey(rekey) => Some(&rekey.link),
            Self::Recover(recover) => Some(&recover.link),
            Self::Veto(veto) => Some(&veto.link),
            Self::Resume(resume) => Some(&resume.link),
            Self::Leave(leave) => Some(&leave.link),
            Self::Pay(pay) => Some(&pay.link),
            Self::Accept(on) | Self::Decline(on) => Some(&on.link),
            Self::Reclaim(reclaim) => Some(&reclaim.link),
            Self::Dispute(dispute) => Some(&dispute.link),
            Self::Decide(decide) => Some(&decide.link),
            Self::Consent(consent) => Some(&consent.link),
            _ => None,
        }
    }
}
