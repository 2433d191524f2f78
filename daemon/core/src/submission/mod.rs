//! What a sender hands in, from any door: JSON, plain text from a button, or a signed record.
//!
//! Three formats, told apart by the first byte, become one [`Submission`]. Every JSON field is read by name; an unknown
//! one is refused by name, since a typo in "urgency" must not silently make a need less urgent.

mod json;

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use serde_json::Value;

use json::Fields;

use crate::admission::Rejection;
use crate::codec::{SignedRecord, NAME_BYTES_MAX, RECORD_BYTES_MAX, SIGNED_MAGIC};
use crate::identity::RecordId;
use crate::record::{
    Ask, AssignBy, Category, Certainty, Info, Kind, Loan, Notice, NoticeMessage, NoticeStatus, Severity, Stock, Urgency,
};

/// Bytes of a submission in any format. JSON is wordier than the record it becomes.
pub const SUBMISSION_BYTES_MAX: usize = 2 * RECORD_BYTES_MAX;

/// Who hands something in, as far as a gateway without accounts can know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// What makes a resend recognisable: `mqtt:<client id>`, `http:<address>`, `local`. Never shown, never stored;
    /// only a keyed hash of it enters a record.
    pub key: String,
    /// Whom quotas, voices and wrong code words are counted by: the address, since client ids cost nothing. The same as
    /// `key` for exempt senders, who share one address.
    pub person: String,
    /// A one-time token of the form it was typed into, if any: the same words typed into a fresh form are a new post.
    pub once: String,
    /// Held to no quota: loopback and the local socket, unless the configuration says otherwise.
    pub exempt: bool,
}

/// A submission refused before it became one, with the sender's own mark if it could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub rejection: Rejection,
    /// The sender's `ref`, if it could be read; else empty.
    pub reference: String,
}

/// A well-formed submission, ready for the writer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// What it is.
    pub kind: Kind,
    /// Who sent it.
    pub sender: Sender,
    /// The sender's own mark, echoed in the receipt.
    pub reference: String,
    /// What it says.
    pub content: Content,
}

/// What a submission says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// In words the gateway makes a record of.
    Draft(Draft),
    /// A finished record with its author's signature.
    Signed(SignedRecord),
}

/// A record to be, of somebody without a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What it says.
    pub body: DraftBody,
    /// The code word that gives the right to say it, as typed.
    pub code: String,
    /// Fingerprint of the payload: what makes a double tap recognisable.
    pub payload: Vec<u8>,
}

/// What a draft says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant)] // One at a time.
pub enum DraftBody {
    /// A need or offer, and the contact in the clear.
    Ask(Ask, String),
    /// A notice.
    Notice(Notice),
    /// A claim on an item.
    Claim {
        /// Which.
        item: RecordId,
        /// In words.
        message: String,
        /// The claimant's zone.
        zone: String,
        /// What he can do.
        tags: Vec<String>,
    },
    /// Everything that acts on an item with a code word. The item may be left out: the code word finds it.
    Act {
        /// Which item.
        item: Option<RecordId>,
        /// Which claim.
        claim: Option<RecordId>,
        /// Referred to whom; empty otherwise.
        to: String,
        /// Goes on as which.
        of: Option<RecordId>,
    },
    /// A second voice.
    Cosign(RecordId),
    /// A stock movement or count.
    Stock(Stock),
    /// Something lent.
    Loan(Loan),
    /// Something back.
    Return {
        /// Which loan.
        loan: RecordId,
        /// How much, in thousandths; none: all that is still out.
        milli: Option<u64>,
    },
}

impl Submission {
    /// Parses the payload of `commons/post/<kind>`: JSON if it begins with `{`, a signed record if it begins with
    /// byte 0xFE (which no UTF-8 text holds), plain text otherwise.
    pub fn parse(kind: &str, payload: &[u8], sender: Sender) -> Result<Self, Refused> {
        let refuse = |rejection| Refused { rejection, reference: String::new() };
        let kind = Kind::parse(kind)
            .ok_or_else(|| refuse(Rejection::UnknownKind { kind: kind.chars().take(32).collect() }))?;
        if payload.len() > SUBMISSION_BYTES_MAX {
            return Err(refuse(Rejection::PayloadTooLarge { found: payload.len(), limit: SUBMISSION_BYTES_MAX }));
        }
        if payload.first() == Some(&SIGNED_MAGIC) {
            let signed = SignedRecord::decode(payload).map_err(refuse)?;
            return Ok(Self { kind, sender, reference: String::new(), content: Content::Signed(signed) });
        }
        let text = core::str::from_utf8(payload).map_err(|_| refuse(Rejection::NotUtf8))?;
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            return Err(refuse(Rejection::Empty));
        }
        if text.starts_with('{') {
            let json = serde_json::from_str(text)
                .map_err(|error| refuse(Rejection::NotJson { line: error.line(), column: error.column() }))?;
            return Self::from_json(kind, json, sender);
        }
        let body = plain(kind, text).map_err(refuse)?;
        let code = if matches!(body, DraftBody::Act { .. }) { text.to_owned() } else { String::new() };
        let draft = Draft { body, code, payload: text.as_bytes().to_vec() };
        Ok(Self { kind, sender, reference: String::new(), content: Content::Draft(draft) })
    }

    /// From a JSON object (web forms and the command line build one).
    pub fn from_json(kind: Kind, json: Value, sender: Sender) -> Result<Self, Refused> {
        if kind.is_ledger() {
            return Err(Refused { rejection: SIGNED_ONLY, reference: String::new() });
        }
        let payload = json.to_string().into_bytes();
        let Value::Object(map) = json else {
            let rejection = Rejection::wrong("payload", "a JSON object");
            return Err(Refused { rejection, reference: String::new() });
        };
        let mut fields = Fields { map, known: known_fields(kind) };
        let reference = match fields.text("ref") {
            Ok(reference) => reference,
            Err(rejection) => return Err(Refused { rejection, reference: String::new() }),
        };
        match fields.draft(kind, &reference) {
            Ok((body, code)) => {
                Ok(Self { kind, sender, reference, content: Content::Draft(Draft { body, code, payload }) })
            }
            Err(rejection) => {
                let reference = reference.chars().take(NAME_BYTES_MAX).collect();
                Err(Refused { rejection, reference })
            }
        }
    }
}

/// Without a key there is nobody to belong or to owe.
const SIGNED_ONLY: Rejection = Rejection::NotAllowed { what: "this kind without its author's signature" };

/// A button's few words.
fn plain(kind: Kind, text: &str) -> Result<DraftBody, Rejection> {
    match kind {
        Kind::Need => Ok(DraftBody::Ask(blank_ask(text, Urgency::Today), String::new())),
        Kind::Offer => Ok(DraftBody::Ask(blank_ask(text, Urgency::Week), String::new())),
        Kind::Notice => Ok(DraftBody::Notice(blank_notice(text))),
        Kind::Claim => {
            let (id, message) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
            let item = RecordId::parse(id).ok_or(Rejection::wrong("item", "64 hex digits, then perhaps a message"))?;
            Ok(DraftBody::Claim { item, message: message.trim().to_owned(), zone: String::new(), tags: Vec::new() })
        }
        Kind::Cosign => RecordId::parse(text).map(DraftBody::Cosign).ok_or(Rejection::wrong("target", "64 hex digits")),
        Kind::Start | Kind::Done | Kind::Confirm | Kind::Withdraw | Kind::Reopen => {
            Ok(DraftBody::Act { item: None, claim: None, to: String::new(), of: None })
        }
        Kind::Assign
        | Kind::NoShow
        | Kind::Refer
        | Kind::DuplicateOf
        | Kind::StockIn
        | Kind::StockOut
        | Kind::StockCount
        | Kind::Loan => Err(Rejection::wrong("payload", "a JSON object for this kind")),
        Kind::Return => RecordId::parse(text)
            .map(|loan| DraftBody::Return { loan, milli: None })
            .ok_or(Rejection::wrong("loan", "64 hex digits")),
        _ => Err(SIGNED_ONLY),
    }
}

fn blank_ask(text: &str, urgency: Urgency) -> Ask {
    Ask {
        category: Category::Other,
        text: text.to_owned(),
        lines: Vec::new(),
        urgency,
        slots: default_slots(urgency),
        standing: false,
        zone: String::new(),
        window: None,
        tags: Vec::new(),
        lang: String::new(),
        contact: None,
        assign_by: AssignBy::HomeGateway,
        repeat: String::new(),
        lifetime_s: urgency.lifetime_s(),
        reference: String::new(),
    }
}

/// Double help is cheaper than none.
fn default_slots(urgency: Urgency) -> u8 {
    if urgency == Urgency::Now {
        2
    } else {
        1
    }
}

fn blank_notice(text: &str) -> Notice {
    Notice {
        status: NoticeStatus::Actual,
        message: NoticeMessage::Alert,
        references: Vec::new(),
        category: Category::Other,
        urgency: Urgency::Week,
        severity: Severity::Unknown,
        certainty: Certainty::Unknown,
        zone: String::new(),
        info: vec![Info { lang: String::new(), text: text.to_owned() }],
        lifetime_s: Urgency::Week.lifetime_s(),
        reference: String::new(),
    }
}

/// The fields of each kind, as a refusal names them.
pub fn known_fields(kind: Kind) -> &'static str {
    match kind {
        Kind::Need => "v, text, urgency, category, zone, lines, slots, tags, lang, contact, assign_by, window, repeat, expires_s, ref",
        Kind::Offer => "v, text, urgency, category, zone, lines, slots, tags, lang, contact, assign_by, window, repeat, standing, expires_s, ref",
        Kind::Notice => "v, text, urgency, severity, certainty, status, message, references, category, zone, lang, info, code, expires_s, ref",
        Kind::Claim => "v, item, message, zone, tags, ref",
        Kind::Assign => "v, item, claim, code, ref",
        Kind::NoShow => "v, item, claim, code, ref",
        Kind::Start | Kind::Done => "v, item, claim, code, ref",
        Kind::Confirm | Kind::Reopen => "v, item, code, ref",
        Kind::Withdraw => "v, item, claim, code, ref",
        Kind::Refer => "v, item, to, code, ref",
        Kind::DuplicateOf => "v, item, of, code, ref",
        Kind::Cosign => "v, target, ref",
        Kind::StockIn | Kind::StockOut => "v, place, item, unit, qty, source, best_before, ref",
        Kind::StockCount => "v, place, item, unit, qty, ref",
        Kind::Loan => "v, place, item, unit, qty, to, due, ref",
        Kind::Return => "v, loan, qty, ref",
        _ => "v, ref",
    }
}
