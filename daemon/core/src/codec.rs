//! Bytes in and out: records in postcard, with every limit named.
//!
//! Nothing read here is trusted: decoding never panics, never allocates more than the input's size warrants, and what
//! decodes must encode to the same bytes again, so that one meaning has one id. Layouts are tabled in PROTOCOL.md.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::admission::Rejection;
use crate::identity::{hash, purpose, GatewayId, MemberKey, NetworkId, RecordId, Signature};
use crate::record::{Ask, Body, Kind, Line, Mark, Record, RECORD_VERSION};

/// Bytes of one record. A neighbour's longest text (2,000 bytes) with everything else at its limit fits four times.
pub const RECORD_BYTES_MAX: usize = 8 * 1024;
/// Bytes of one batch: what a slow radio link moves in a few seconds, and a journal frame's bound.
pub const BATCH_BYTES_MAX: usize = 64 * 1024;
/// Entries of one batch.
pub const BATCH_ENTRIES_MAX: usize = 256;
/// Bytes of a text.
pub const TEXT_BYTES_MAX: usize = 2_000;
/// Bytes of a message, or of a referral.
pub const MESSAGE_BYTES_MAX: usize = 500;
/// Bytes of a name: zone, place, item, source, reference, recurrence.
pub const NAME_BYTES_MAX: usize = 64;
/// Bytes of a tag.
pub const TAG_BYTES_MAX: usize = 32;
/// Bytes of a unit or a language.
pub const UNIT_BYTES_MAX: usize = 16;
/// Lines of an item.
pub const LINES_MAX: usize = 32;
/// Tags of an item or a claim.
pub const TAGS_MAX: usize = 8;
/// Languages of a notice.
pub const INFOS_MAX: usize = 8;
/// References of a notice.
pub const REFERENCES_MAX: usize = 8;
/// Slots of an item.
pub const SLOTS_MAX: u8 = 20;
/// Bytes of a sealed contact (300 of text and what sealing adds).
pub const SEALED_BYTES_MAX: usize = 400;
/// Bytes of a contact in the clear, as a guest hands it in.
pub const CONTACT_BYTES_MAX: usize = 300;
/// Assign epochs of one item: how often its slots can be given anew.
pub const ASSIGN_EPOCHS_MAX: u16 = 64;
/// Seconds an item may stand: 90 days.
pub const LIFETIME_S_MAX: u32 = 90 * 86_400;
/// Thousandths of a quantity: a million of anything.
pub const QUANTITY_MILLI_MAX: u64 = 1_000_000_000;
/// First byte of a signed submission; no UTF-8 text holds it.
pub const SIGNED_MAGIC: u8 = 0xFE;
/// Version of the batch layout.
pub const BATCH_VERSION: u8 = 1;

/// The record's bytes. Only of records that passed [`check`]; the size is then below [`RECORD_BYTES_MAX`].
pub fn encode_record(record: &Record) -> Vec<u8> {
    // Writing into a growing Vec cannot fail for these types.
    postcard::to_allocvec(record).unwrap_or_default()
}

/// A record from bytes that came from anywhere, with all limits checked.
pub fn decode_record(bytes: &[u8]) -> Result<Record, Rejection> {
    if bytes.len() > RECORD_BYTES_MAX {
        return Err(Rejection::PayloadTooLarge { found: bytes.len(), limit: RECORD_BYTES_MAX });
    }
    let record = read_record(bytes)?;
    if encode_record(&record) != bytes {
        return Err(Rejection::NotARecord { detail: "not in canonical form" });
    }
    check(&record)?;
    Ok(record)
}

/// A record from bytes this gateway has already checked once (its own journal).
pub fn read_record(bytes: &[u8]) -> Result<Record, Rejection> {
    match bytes.first() {
        Some(&RECORD_VERSION) => {}
        Some(&version) => {
            return Err(Rejection::UnknownVersion { found: version.into(), known: RECORD_VERSION.into() })
        }
        None => return Err(Rejection::Empty),
    }
    match postcard::take_from_bytes::<Record>(bytes) {
        Ok((record, [])) => Ok(record),
        Ok(_) => Err(Rejection::NotARecord { detail: "bytes follow the record" }),
        Err(_) => Err(Rejection::NotARecord { detail: "not a record of version 1" }),
    }
}

/// Whether a record's bytes say that it is one of the ledger's, without reading it whole.
pub fn is_of_the_ledger(bytes: &[u8]) -> bool {
    // Version, time and mark, then the number of the kind: `Body` begins with it, in the order of `Kind`.
    let head = postcard::take_from_bytes::<(u8, u64, Mark, u32)>(bytes);
    head.is_ok_and(|((version, _, _, kind), _)| {
        version == RECORD_VERSION && (Kind::Found as u32..=Kind::Checkpoint as u32).contains(&kind)
    })
}

/// Every limit of a record's fields.
pub fn check(record: &Record) -> Result<(), Rejection> {
    match &record.body {
        Body::Need(ask) => {
            if ask.standing {
                return Err(Rejection::wrong("standing", "false in a need"));
            }
            check_ask(ask)
        }
        Body::Offer(ask) => check_ask(ask),
        Body::Claim(claim) => {
            text("message", &claim.message, 0, MESSAGE_BYTES_MAX)?;
            name("zone", &claim.zone, 0)?;
            tags(&claim.tags)?;
            name("ref", &claim.reference, 0)
        }
        Body::Assign(assign) => {
            if assign.slot >= SLOTS_MAX {
                return Err(Rejection::wrong("slot", "below 20"));
            }
            epoch(assign.epoch)?;
            sealed(assign.contact.as_deref())
        }
        Body::Start(on) | Body::Done(on) | Body::NoShow(on) => epoch(on.epoch),
        Body::Confirm(on) | Body::Reopen(on) => epoch(on.epoch),
        Body::Withdraw(withdraw) => epoch(withdraw.epoch),
        Body::Notice(notice) => {
            count("references", notice.references.len(), REFERENCES_MAX)?;
            name("zone", &notice.zone, 0)?;
            count("info", notice.info.len(), INFOS_MAX)?;
            if notice.info.is_empty() {
                return Err(Rejection::Missing { field: "text" });
            }
            for info in &notice.info {
                name_within("lang", &info.lang, 0, UNIT_BYTES_MAX)?;
                text("text", &info.text, 1, TEXT_BYTES_MAX)?;
            }
            lifetime(notice.lifetime_s)?;
            name("ref", &notice.reference, 0)
        }
        Body::Cosign(_) => Ok(()),
        Body::DuplicateOf(duplicate) => epoch(duplicate.epoch),
        Body::StockIn(stock) | Body::StockOut(stock) => {
            name("place", &stock.place, 1)?;
            line(&stock.line)?;
            name("source", &stock.source, 0)?;
            name("ref", &stock.reference, 0)
        }
        Body::StockCount(counted) => {
            name("place", &counted.place, 1)?;
            line(&counted.line)?;
            name("ref", &counted.reference, 0)
        }
        Body::Loan(loan) => {
            name("place", &loan.place, 1)?;
            line(&loan.line)?;
            some(loan.line.milli)?;
            name("to", &loan.to, 1)?;
            name("ref", &loan.reference, 0)
        }
        Body::Return(back) => {
            quantity(back.milli)?;
            some(back.milli)?;
            name("ref", &back.reference, 0)
        }
        Body::Refer(refer) => {
            epoch(refer.epoch)?;
            text("to", &refer.to, 1, MESSAGE_BYTES_MAX)
        }
        body => crate::ledger::form::check(body),
    }
}

fn check_ask(ask: &Ask) -> Result<(), Rejection> {
    text("text", &ask.text, 1, TEXT_BYTES_MAX)?;
    count("lines", ask.lines.len(), LINES_MAX)?;
    for each in &ask.lines {
        line(each)?;
    }
    if ask.slots == 0 || ask.slots > SLOTS_MAX {
        return Err(Rejection::wrong("slots", "a whole number from 1 to 20"));
    }
    name("zone", &ask.zone, 0)?;
    if ask.window.is_some_and(|window| window.until < window.from) {
        return Err(Rejection::wrong("window", "a \"from\" that is not after its \"until\""));
    }
    tags(&ask.tags)?;
    name_within("lang", &ask.lang, 0, UNIT_BYTES_MAX)?;
    sealed(ask.contact.as_deref())?;
    name("repeat", &ask.repeat, 0)?;
    lifetime(ask.lifetime_s)?;
    name("ref", &ask.reference, 0)
}

fn line(line: &Line) -> Result<(), Rejection> {
    name("item", &line.item, 1)?;
    name_within("unit", &line.unit, 0, UNIT_BYTES_MAX)?;
    quantity(line.milli)
}

fn quantity(milli: u64) -> Result<(), Rejection> {
    if milli > QUANTITY_MILLI_MAX {
        return Err(too_long("qty", milli / 1_000, QUANTITY_MILLI_MAX / 1_000, "of its unit"));
    }
    Ok(())
}

/// Nothing cannot be lent, nor come back.
fn some(milli: u64) -> Result<(), Rejection> {
    if milli == 0 {
        return Err(Rejection::wrong("qty", "more than nothing"));
    }
    Ok(())
}

fn tags(tags: &[alloc::string::String]) -> Result<(), Rejection> {
    count("tags", tags.len(), TAGS_MAX)?;
    tags.iter().try_for_each(|tag| name_within("tags", tag, 1, TAG_BYTES_MAX))
}

fn epoch(epoch: u16) -> Result<(), Rejection> {
    if epoch > ASSIGN_EPOCHS_MAX {
        return Err(too_long("epoch", epoch.into(), ASSIGN_EPOCHS_MAX.into(), "reopenings"));
    }
    Ok(())
}

fn lifetime(lifetime_s: u32) -> Result<(), Rejection> {
    if lifetime_s == 0 {
        return Err(Rejection::wrong("expires_s", "a whole number of seconds from 1 to 7776000"));
    }
    if lifetime_s > LIFETIME_S_MAX {
        return Err(too_long("expires_s", lifetime_s.into(), LIFETIME_S_MAX.into(), "seconds"));
    }
    Ok(())
}

fn sealed(bytes: Option<&[u8]>) -> Result<(), Rejection> {
    count_of("contact", bytes.map_or(0, <[u8]>::len), SEALED_BYTES_MAX, "bytes")
}

pub(crate) fn name(field: &'static str, text: &str, least: usize) -> Result<(), Rejection> {
    name_within(field, text, least, NAME_BYTES_MAX)
}

pub(crate) fn name_within(field: &'static str, value: &str, least: usize, most: usize) -> Result<(), Rejection> {
    text(field, value, least, most)?;
    if value.contains(['\n', '\t']) {
        return Err(Rejection::ControlCharacter { field: Cow::Borrowed(field) });
    }
    Ok(())
}

/// Length in bytes and no control characters but newline and tab.
pub(crate) fn text(field: &'static str, value: &str, least: usize, most: usize) -> Result<(), Rejection> {
    if value.len() < least || (least > 0 && value.trim().is_empty()) {
        return Err(Rejection::Missing { field });
    }
    count_of(field, value.len(), most, "bytes")?;
    if value.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(Rejection::ControlCharacter { field: Cow::Borrowed(field) });
    }
    Ok(())
}

pub(crate) fn count(field: &'static str, found: usize, limit: usize) -> Result<(), Rejection> {
    count_of(field, found, limit, "entries")
}

pub(crate) fn count_of(field: &'static str, found: usize, limit: usize, unit: &'static str) -> Result<(), Rejection> {
    if found > limit {
        return Err(too_long(field, found as u64, limit as u64, unit));
    }
    Ok(())
}

fn too_long(field: &'static str, found: u64, limit: u64, unit: &'static str) -> Rejection {
    Rejection::TooLong { field: Cow::Borrowed(field), found, limit, unit }
}

/// Who says a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Author {
    /// Somebody without a key; the gateway's batch signature vouches that it took the record in.
    Guest,
    /// The gateway itself (it gives out slots).
    Gateway,
    /// The holder of a key.
    Member(MemberKey),
}

/// A record's id: who said it, in which network, and its bytes.
pub fn record_id(network: &NetworkId, gateway: &GatewayId, author: &Author, record: &[u8]) -> RecordId {
    let (tag, key): (u8, &[u8; 32]) = match author {
        Author::Guest => (0, &gateway.0),
        Author::Gateway => (1, &gateway.0),
        Author::Member(key) => (2, &key.0),
    };
    RecordId(hash(purpose::RECORD, &[&network.0, &[tag], key, record]))
}

/// A record as a member signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRecord {
    /// Whose.
    pub author: MemberKey,
    /// The record's bytes.
    pub record: Vec<u8>,
    /// Over them.
    pub signature: Signature,
}

impl SignedRecord {
    /// `0xFE, 1, key (32), signature (64), record`.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(98 + self.record.len());
        bytes.extend([SIGNED_MAGIC, 1]);
        bytes.extend(self.author.0);
        bytes.extend(self.signature.0);
        bytes.extend(&self.record);
        bytes
    }

    /// The reverse; the signature is not checked here.
    pub fn decode(bytes: &[u8]) -> Result<Self, Rejection> {
        const HEAD: usize = 98;
        if bytes.first() != Some(&SIGNED_MAGIC) {
            return Err(Rejection::NotARecord { detail: "does not begin with 0xFE" });
        }
        match bytes.get(1) {
            Some(1) => {}
            Some(&version) => return Err(Rejection::UnknownVersion { found: version.into(), known: 1 }),
            None => return Err(Rejection::NotARecord { detail: "cut short" }),
        }
        if bytes.len() <= HEAD {
            return Err(Rejection::NotARecord { detail: "cut short" });
        }
        let mut author = [0; 32];
        let mut signature = [0; 64];
        author.copy_from_slice(&bytes[2..34]);
        signature.copy_from_slice(&bytes[34..HEAD]);
        Ok(Self { author: MemberKey(author), signature: Signature(signature), record: bytes[HEAD..].to_vec() })
    }
}
