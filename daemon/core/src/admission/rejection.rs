//! One typed [`Rejection`] per cause, each with the field and the limit it speaks of, and its place in MQTT and HTTP.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;

use thiserror::Error;

use crate::ledger::Refusal;

/// Why something was refused. The sender always gets code, field, limit and sentence.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Rejection {
    /// The payload is empty.
    #[error("the message is empty")]
    Empty,
    /// The payload is larger than any record.
    #[error("the message has {found} bytes; at most {limit} are taken")]
    PayloadTooLarge {
        /// Bytes found.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Text that is not UTF-8.
    #[error("the message is not UTF-8 text")]
    NotUtf8,
    /// Begins like JSON, is none.
    #[error("the JSON does not parse (line {line}, column {column})")]
    NotJson {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// Begins like a signed record, is none of this version.
    #[error("the signed record does not decode: {detail}")]
    NotARecord {
        /// What was wrong.
        detail: &'static str,
    },
    /// `v` is not one we know.
    #[error("version {found} is not known here; this gateway speaks version {known}")]
    UnknownVersion {
        /// Found.
        found: u64,
        /// Known.
        known: u64,
    },
    /// No such kind.
    #[error("\"{kind}\" is not a kind of post; the kinds are need, offer, claim, assign, start, done, confirm, no_show, withdraw, reopen, notice, cosign, stock_in, stock_out, stock_count, refer, duplicate_of, and those of members and the ledger")]
    UnknownKind {
        /// As sent, cut to 32 bytes.
        kind: String,
    },
    /// A JSON field we do not know.
    #[error("unknown field \"{field}\"; known here: {known}")]
    UnknownField {
        /// As sent, cut to 64 bytes.
        field: String,
        /// The fields of this kind.
        known: &'static str,
    },
    /// A needed field is absent or empty.
    #[error("\"{field}\" is missing or empty")]
    Missing {
        /// Which.
        field: &'static str,
    },
    /// A field of the wrong type or out of its set.
    #[error("\"{field}\" must be {expected}")]
    WrongValue {
        /// Which.
        field: Cow<'static, str>,
        /// What it must be.
        expected: Cow<'static, str>,
    },
    /// A field that is too long, too large, or too many.
    #[error("\"{field}\" has {found} {unit}; at most {limit} are taken")]
    TooLong {
        /// Which.
        field: Cow<'static, str>,
        /// Found.
        found: u64,
        /// Allowed.
        limit: u64,
        /// Of what: "bytes", "entries", ...
        unit: &'static str,
    },
    /// A control character other than newline and tab.
    #[error("\"{field}\" holds a control character")]
    ControlCharacter {
        /// Which.
        field: Cow<'static, str>,
    },
    /// The signature is not the author's over these bytes in this network.
    #[error("the signature does not match the record, its author and this network")]
    BadSignature,
    /// The record says another kind than the topic.
    #[error("the record is a {found}, but was sent as a {expected}")]
    KindMismatch {
        /// In the record.
        found: &'static str,
        /// In the topic.
        expected: &'static str,
    },
    /// The item is not here (never was, or is gone).
    #[error("there is no such item here; it may be over")]
    UnknownItem,
    /// The claim is not on this item.
    #[error("there is no such claim on this item")]
    UnknownClaim,
    /// Only the one who posted may do this.
    #[error("only the one who posted it may do this; send its code word")]
    NotYours,
    /// The code word is wrong.
    #[error("that is not the code word of this item")]
    WrongCode,
    /// Too many wrong code words.
    #[error("too many wrong code words for this item; try again in {retry_s} seconds")]
    TooManyGuesses {
        /// When to try again.
        retry_s: u64,
    },
    /// A guest's item is managed where it was posted.
    #[error("this was posted at gateway {gateway}; its code word works there")]
    ElsewhereOnly {
        /// Its short id or name.
        gateway: String,
    },
    /// The item's state does not allow it.
    #[error("a {kind} that is {status} cannot take this")]
    WrongState {
        /// need, offer, notice
        kind: &'static str,
        /// Its status.
        status: &'static str,
    },
    /// More is taken out than is there.
    #[error("only {limit_milli} thousandths of it are there")]
    NotInStock {
        /// What is there, in thousandths.
        limit_milli: u64,
    },
    /// One open need with urgency "now" a person.
    #[error("you have an open need marked \"now\" already: {item}")]
    AlreadyOpenNow {
        /// Which.
        item: String,
    },
    /// Too many open items by one sender.
    #[error("you have {limit} open items already, which is the most; end one first")]
    TooManyOpen {
        /// The limit.
        limit: u64,
    },
    /// A sender posts faster than the limit after being held back.
    #[error("too many posts; try again in {retry_s} seconds")]
    TooManyPosts {
        /// When to try again.
        retry_s: u64,
    },
    /// The gateway's own ceiling.
    #[error("this gateway holds {limit} live items, which is the most it takes")]
    GatewayFull {
        /// The limit.
        limit: u64,
    },
    /// The disk is nearly full.
    #[error("the gateway's disk is nearly full; reading goes on, posts will be taken again when space comes back")]
    StorageFull,
    /// The writer is busy or ending.
    #[error("the gateway is busy or shutting down; send it again")]
    Busy,
    /// What a phone may not do over this listener.
    #[error("{what} is not allowed here")]
    NotAllowed {
        /// What.
        what: &'static str,
    },
    /// The ledger's rules are against it.
    #[error(transparent)]
    Ledger(#[from] Refusal),
}

impl Rejection {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::PayloadTooLarge { .. } => "payload_too_large",
            Self::NotUtf8 => "not_utf8",
            Self::NotJson { .. } => "not_json",
            Self::NotARecord { .. } => "not_a_record",
            Self::UnknownVersion { .. } => "unknown_version",
            Self::UnknownKind { .. } => "unknown_kind",
            Self::UnknownField { .. } => "unknown_field",
            Self::Missing { .. } => "missing",
            Self::WrongValue { .. } => "wrong_value",
            Self::TooLong { .. } => "too_long",
            Self::ControlCharacter { .. } => "control_character",
            Self::BadSignature => "bad_signature",
            Self::KindMismatch { .. } => "kind_mismatch",
            Self::UnknownItem => "unknown_item",
            Self::UnknownClaim => "unknown_claim",
            Self::NotYours => "not_yours",
            Self::WrongCode => "wrong_code",
            Self::TooManyGuesses { .. } => "too_many_guesses",
            Self::ElsewhereOnly { .. } => "elsewhere_only",
            Self::WrongState { .. } => "wrong_state",
            Self::NotInStock { .. } => "not_in_stock",
            Self::AlreadyOpenNow { .. } => "already_open_now",
            Self::TooManyOpen { .. } => "too_many_open",
            Self::TooManyPosts { .. } => "too_many_posts",
            Self::GatewayFull { .. } => "gateway_full",
            Self::StorageFull => "storage_full",
            Self::Busy => "busy",
            Self::NotAllowed { .. } => "not_allowed",
            Self::Ledger(refusal) => refusal.code(),
        }
    }

    /// The field it speaks of, if one.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::UnknownField { field, .. } => Some(field),
            Self::Missing { field } => Some(field),
            Self::WrongValue { field, .. } | Self::TooLong { field, .. } | Self::ControlCharacter { field } => {
                Some(field)
            }
            Self::UnknownVersion { .. } => Some("v"),
            Self::UnknownItem => Some("item"),
            Self::UnknownClaim => Some("claim"),
            Self::NotYours | Self::WrongCode | Self::TooManyGuesses { .. } => Some("code"),
            Self::NotInStock { .. } => Some("qty"),
            Self::AlreadyOpenNow { .. } => Some("urgency"),
            Self::Empty | Self::NotUtf8 | Self::PayloadTooLarge { .. } => Some("payload"),
            Self::Ledger(refusal) => refusal.field(),
            _ => None,
        }
    }

    /// The limit it speaks of, if one.
    pub fn limit(&self) -> Option<u64> {
        match self {
            Self::PayloadTooLarge { limit, .. } => Some(*limit as u64),
            Self::UnknownVersion { known, .. } => Some(*known),
            Self::TooLong { limit, .. } | Self::TooManyOpen { limit } | Self::GatewayFull { limit } => Some(*limit),
            Self::NotInStock { limit_milli } => Some(*limit_milli),
            Self::AlreadyOpenNow { .. } => Some(1),
            Self::Ledger(refusal) => refusal.limit(),
            _ => None,
        }
    }

    /// Seconds after which trying again makes sense, if it does.
    pub fn retry_s(&self) -> Option<u64> {
        match self {
            Self::TooManyGuesses { retry_s } | Self::TooManyPosts { retry_s } => Some(*retry_s),
            Self::Busy => Some(1),
            Self::StorageFull | Self::GatewayFull { .. } => Some(60),
            Self::Ledger(Refusal::TooEarly { retry_s }) => Some(*retry_s),
            _ => None,
        }
    }

    /// The HTTP status (RFC 9110, 6585, 4918).
    pub fn http_status(&self) -> u16 {
        match self {
            Self::PayloadTooLarge { .. } => 413,
            Self::UnknownKind { .. } | Self::UnknownItem | Self::UnknownClaim => 404,
            Self::BadSignature | Self::NotYours | Self::WrongCode | Self::NotAllowed { .. } => 403,
            Self::ElsewhereOnly { .. } => 421,
            Self::WrongState { .. } | Self::NotInStock { .. } | Self::AlreadyOpenNow { .. } => 409,
            Self::TooManyGuesses { .. } | Self::TooManyOpen { .. } | Self::TooManyPosts { .. } => 429,
            Self::GatewayFull { .. } | Self::StorageFull => 507,
            Self::Busy => 503,
            Self::Empty
            | Self::NotUtf8
            | Self::NotJson { .. }
            | Self::NotARecord { .. }
            | Self::UnknownVersion { .. } => 400,
            Self::UnknownField { .. }
            | Self::Missing { .. }
            | Self::WrongValue { .. }
            | Self::TooLong { .. }
            | Self::ControlCharacter { .. }
            | Self::KindMismatch { .. } => 422,
            Self::Ledger(refusal) => refusal.http_status(),
        }
    }

    /// The MQTT 5 reason code for PUBACK, PUBREC or DISCONNECT (MQTT 5.0, 2.4).
    pub fn mqtt_reason(&self) -> u8 {
        match self {
            Self::PayloadTooLarge { .. } => 0x95,
            Self::UnknownKind { .. } => 0x90,
            Self::Empty
            | Self::NotUtf8
            | Self::NotJson { .. }
            | Self::NotARecord { .. }
            | Self::UnknownVersion { .. }
            | Self::UnknownField { .. }
            | Self::Missing { .. }
            | Self::WrongValue { .. }
            | Self::TooLong { .. }
            | Self::ControlCharacter { .. }
            | Self::KindMismatch { .. } => 0x99,
            Self::BadSignature | Self::NotYours | Self::WrongCode | Self::NotAllowed { .. } => 0x87,
            Self::TooManyGuesses { .. }
            | Self::TooManyOpen { .. }
            | Self::TooManyPosts { .. }
            | Self::GatewayFull { .. }
            | Self::StorageFull => 0x97,
            Self::UnknownItem
            | Self::UnknownClaim
            | Self::ElsewhereOnly { .. }
            | Self::WrongState { .. }
            | Self::NotInStock { .. }
            | Self::AlreadyOpenNow { .. }
            | Self::Busy => 0x83,
            Self::Ledger(refusal) => refusal.mqtt_reason(),
        }
    }

    /// `"field" must be ...`
    pub fn wrong(field: &'static str, expected: &'static str) -> Self {
        Self::WrongValue { field: Cow::Borrowed(field), expected: Cow::Borrowed(expected) }
    }

    /// As [`Rejection::wrong`], for one of a set of words.
    pub(crate) fn not_one_of(field: &'static str, words: impl Iterator<Item = &'static str>) -> Self {
        let words: alloc::vec::Vec<_> = words.collect();
        Self::WrongValue { field: Cow::Borrowed(field), expected: Cow::Owned(format!("one of {}", words.join(", "))) }
    }
}
