//! What everybody sees of one need, offer or notice: one JSON shape for topics, HTTP and the command line.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::identity::RecordId;
use crate::record::{names, Category, Urgency};

names!(
    /// What has states and a topic of its own.
    ItemKind {
        /// `commons/board/need/<id>`
        Need = "need",
        /// `commons/board/offer/<id>`
        Offer = "offer",
        /// `commons/board/notice/<id>`
        Notice = "notice",
    }
);

names!(
    /// Where an item stands.
    Status {
        /// Waits for help.
        Open = "open",
        /// Some slots are given.
        Assigned = "assigned",
        /// Somebody is on the way.
        Underway = "underway",
        /// The helpers say it is done.
        Done = "done",
        /// The requester says so too. Final.
        Confirmed = "confirmed",
        /// Taken back. Final unless reopened.
        Withdrawn = "withdrawn",
        /// Sent elsewhere. Final unless reopened.
        Referred = "referred",
        /// Goes on as another item. Final unless reopened.
        Duplicate = "duplicate",
        /// A notice that stands.
        Active = "active",
        /// A grave notice that one voice alone has raised.
        Unconfirmed = "unconfirmed",
        /// A notice taken back. Final.
        Cancelled = "cancelled",
        /// A notice replaced by another. Final.
        Superseded = "superseded",
    }
);

impl Status {
    /// Whether somebody may still answer or act; what the board shows by default.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Open | Self::Assigned | Self::Underway | Self::Done | Self::Active | Self::Unconfirmed)
    }
}

/// One item as shown. Times are RFC 3339 UTC, and only as good as the gateway's clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ItemState {
    /// 1.
    pub v: u8,
    /// 64 hex digits.
    pub id: String,
    /// need, offer or notice.
    pub kind: &'static str,
    /// In the neighbour's own words (never markup: escape it).
    pub text: String,
    /// See [`Status`].
    pub status: &'static str,
    /// See [`Urgency`].
    pub urgency: &'static str,
    /// See [`Category`].
    pub category: &'static str,
    /// A place by name; may be empty.
    pub zone: String,
    /// What and how much.
    pub lines: Vec<LineState>,
    /// How many helpers it takes; 0 for notices.
    pub slots: u8,
    /// How many are given.
    pub filled: u8,
    /// The claims, assigned ones first, then standby by rank. At most 100 are shown.
    pub claims: Vec<ClaimState>,
    /// An offer that does not run out.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub standing: bool,
    /// Access and language needs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Language of the text, if said.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub lang: String,
    /// When it suits (RFC 3339 from, until).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<[String; 2]>,
    /// Whether a sealed contact waits for the helper.
    pub contact: bool,
    /// The contact a member sealed to his own phone, in hex: he hands it on from there.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sealed: String,
    /// What a phone must name that signs an act on this item; none for notices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epochs: Option<EpochState>,
    /// home_gateway, requester or steward; empty for notices.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub assign_by: &'static str,
    /// Recurrence, if any.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub repeat: String,
    /// Where a referred one was sent, or the id a duplicate goes on as.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub see: String,
    /// Severity, certainty, exercise: only for notices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<AlertState>,
    /// When it was posted.
    pub created: String,
    /// Seconds since it came to a gateway, counted with power on: it is at least so old, whatever its author's clock said.
    #[serde(skip)]
    pub lived_s: u64,
    /// Seconds until it expires, counted by the gateway's uptime, as of this writing.
    pub expires_s: u64,
    /// Short id of the gateway it was posted at.
    pub gateway: String,
    /// guest, member or gateway.
    pub by: &'static str,
    /// The author's key when a member signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// The sender's own mark; may be empty.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Other gateways that are known to have it, when one item is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reached: Option<u32>,
}

/// One line of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LineState {
    /// What.
    pub item: String,
    /// Unit; may be empty.
    pub unit: String,
    /// How many, at most three decimals.
    pub qty: Qty,
}

/// A quantity in thousandths that is written as a JSON number with at most three decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Qty(pub u64);

impl Serialize for Qty {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(1000) {
            serializer.serialize_u64(self.0 / 1000)
        } else {
            serializer.serialize_f64(self.0 as f64 / 1000.0)
        }
    }
}

/// One claim as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClaimState {
    /// The claim's id.
    pub id: String,
    /// assigned, underway, done, standby, no_show or withdrawn.
    pub status: &'static str,
    /// What the claimant wrote; may be empty.
    pub message: String,
    /// Short id of the gateway it came through.
    pub gateway: String,
    /// When.
    pub created: String,
    /// Seconds since it came to a gateway, counted with power on: it is at least so old, whatever its author's clock said.
    #[serde(skip)]
    pub lived_s: u64,
    /// The claimant's key when a member signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// The key a contact may be sealed to, if the claim names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The slot it holds, and since which epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<[u16; 2]>,
    /// The contact sealed to that key, in hex, once it is handed on.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sealed: String,
}

/// The assign epochs of an item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EpochState {
    /// The item's own: what a confirmation or a withdrawal names.
    pub item: u16,
    /// The one a reopening names.
    pub reopen: u16,
    /// Free slots, each with the epoch in which it would be given.
    pub free: Vec<[u16; 2]>,
}

/// What only notices have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AlertState {
    /// actual, exercise or test.
    pub status: &'static str,
    /// CAP severity.
    pub severity: &'static str,
    /// CAP certainty.
    pub certainty: &'static str,
    /// How many households vouch for it.
    pub voices: u32,
    /// The words in further languages.
    pub info: Vec<InfoState>,
}

/// The words of a notice in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InfoState {
    /// BCP 47.
    pub lang: String,
    /// The words.
    pub text: String,
}

/// Which items to list: most urgent first and newest first within urgency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemQuery {
    /// Only this kind.
    pub kind: Option<ItemKind>,
    /// Only this status; none = all live ones (see [`Status::is_live`]).
    pub status: StatusFilter,
    /// Only this category.
    pub category: Option<Category>,
    /// Only this urgency.
    pub urgency: Option<Urgency>,
    /// At most so many; the writer caps it at [`PAGE_ITEMS_MAX`].
    pub limit: usize,
    /// Continue after this item of the same query. Should it have gone since, the list starts over.
    pub after: Option<RecordId>,
}

/// Which statuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StatusFilter {
    /// Those that are live.
    #[default]
    Live,
    /// Every one that has not expired.
    All,
    /// One.
    Only(Status),
}

/// Items in one answer of the writer, at most: keeps a page of answers near 256 KiB and the writer free for posts.
pub const PAGE_ITEMS_MAX: usize = 256;

/// Counts for `commons/board/summary`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// 1.
    pub v: u8,
    /// Live needs by urgency.
    pub needs: alloc::collections::BTreeMap<&'static str, u64>,
    /// Live needs by category.
    pub categories: alloc::collections::BTreeMap<&'static str, u64>,
    /// Live offers.
    pub offers: u64,
    /// Standing notices.
    pub notices: u64,
}
