//! Batches: what a gateway signs, stores, sends and carries, in one form from then on.
//!
//! `prev` and the log's name are not in the bytes but under the signature: whoever reads a log knows them. An entry whose
//! time is over leaves its id, and the batch still verifies. Layouts are tabled in PROTOCOL.md.

use alloc::vec::Vec;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::admission::Rejection;
use crate::clock::Interval;
use crate::codec::{decode_record, record_id, Author, SignedRecord, BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, BATCH_VERSION};
use crate::identity::{
    gateway_signed, hash, member_signed, purpose, BatchHash, GatewayId, GatewayKeys, MemberKey, NetworkId, RecordId,
    Signature,
};
use crate::log::LogKey;

/// One place of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A record, and the member's signature if it has one.
    Entry {
        /// Who said it.
        author: Author,
        /// The record's bytes.
        record: &'a [u8],
        /// The member's.
        signature: Option<Signature>,
    },
    /// The record is gone (expired or erased); its id stays so that the batch still verifies.
    HashOnly(RecordId),
}

/// A batch taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch<'a> {
    /// Its number in the log.
    pub number: u64,
    /// What the gateway knew of the time when it took the entries in.
    pub received: Interval,
    /// The entries, 1 to 256.
    pub items: Vec<Item<'a>>,
    /// The gateway's.
    pub signature: Signature,
}

/// Why a batch is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchFault {
    /// Too many bytes.
    #[error("the batch has {found} bytes; at most {limit} are taken")]
    TooLarge {
        /// Found.
        found: usize,
        /// Allowed.
        limit: usize,
    },
    /// Another version.
    #[error("batch version {0} is not known here")]
    UnknownVersion(u8),
    /// Does not decode.
    #[error("the batch does not decode: {0}")]
    Malformed(&'static str),
    /// Not the number that was asked for.
    #[error("the batch has number {found}, expected {expected}")]
    WrongNumber {
        /// Found.
        found: u64,
        /// Expected.
        expected: u64,
    },
    /// A log this gateway writes itself.
    #[error("this gateway's own log is written here only")]
    OwnLog,
    /// A log that is known to be forked.
    #[error("the log is forked and stands still")]
    Frozen,
    /// It is here.
    #[error("batch {0} is here already")]
    AlreadyHeld(u64),
    /// A number that no view can hold, or too far from the rest of its log.
    #[error("batch {found} is too far from batch {next}, the next one")]
    TooFar {
        /// Found.
        found: u64,
        /// Expected.
        next: u64,
    },
    /// More logs, gaps or branches than are kept.
    #[error("more {what} than the {limit} this gateway keeps")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// Allowed.
        limit: usize,
    },
    /// The gateway's signature is not over this batch after its predecessor.
    #[error("the gateway's signature does not match")]
    BadSignature,
    /// A member's signature does not match.
    #[error("the member's signature on entry {0} does not match")]
    BadMember(usize),
    /// A record breaks a limit.
    #[error("entry {index} is not a record: {why}")]
    BadRecord {
        /// Which.
        index: usize,
        /// Why.
        why: Rejection,
    },
}

#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    version: u8,
    number: u64,
    received_lo: u64,
    received_span: Option<u64>,
    authors: Vec<[u8; 32]>,
    #[serde(borrow)]
    items: Vec<WireItem<'a>>,
    signature: WireSignature,
}

#[derive(Serialize, Deserialize)]
enum WireItem<'a> {
    Guest(#[serde(borrow)] &'a [u8]),
    Gateway(#[serde(borrow)] &'a [u8]),
    Member(u16, WireSignature, #[serde(borrow)] &'a [u8]),
    HashOnly(RecordId),
}

/// 64 raw bytes; serde's arrays end at 32.
struct WireSignature([u8; 64]);

impl Serialize for WireSignature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(64)?;
        for byte in &self.0 {
            tuple.serialize_element(byte)?;
        }
        tuple.end()
    }
}

impl<'de> Deserialize<'de> for WireSignature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = WireSignature;
            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("64 bytes")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<WireSignature, A::Error> {
                let mut out = [0; 64];
                for (i, byte) in out.iter_mut().enumerate() {
                    *byte = seq.next_element()?.ok_or_else(|| A::Error::invalid_length(i, &"64"))?;
                }
                Ok(WireSignature(out))
            }
        }
        deserializer.deserialize_tuple(64, Bytes)
    }
}

/// Makes and signs a batch. Returns its bytes and its hash.
pub fn seal_batch(
    keys: &GatewayKeys,
    network: &NetworkId,
    log: &LogKey,
    number: u64,
    prev: &BatchHash,
    received: Interval,
    items: &[Item<'_>],
) -> (Vec<u8>, BatchHash) {
    let hash = batch_hash(network, log, number, prev, received, items);
    (write_batch(number, received, items, &keys.sign_batch(&hash)), hash)
}

/// The bytes of a batch whose signature is known: how an expired entry is taken out.
pub fn write_batch(number: u64, received: Interval, items: &[Item<'_>], signature: &Signature) -> Vec<u8> {
    let mut authors: Vec<[u8; 32]> = Vec::new();
    let mut wire_items = Vec::with_capacity(items.len());
    for item in items {
        wire_items.push(match item {
            Item::HashOnly(id) => WireItem::HashOnly(*id),
            Item::Entry { author: Author::Guest, record, .. } => WireItem::Guest(record),
            Item::Entry { author: Author::Gateway, record, .. } => WireItem::Gateway(record),
            Item::Entry { author: Author::Member(key), record, signature } => {
                let index = authors.iter().position(|known| known == &key.0).unwrap_or_else(|| {
                    authors.push(key.0);
                    authors.len() - 1
                });
                let signature = signature.map_or([0; 64], |signature| signature.0);
                WireItem::Member(index as u16, WireSignature(signature), record)
            }
        });
    }
    let wire = Wire {
        version: BATCH_VERSION,
        number,
        received_lo: received.lo,
        received_span: received.hi.map(|hi| hi.saturating_sub(received.lo)),
        authors,
        items: wire_items,
        signature: WireSignature(signature.0),
    };
    postcard::to_allocvec(&wire).unwrap_or_default()
}

/// Takes a batch apart, checking form and limits but no signature: for bytes of one's own journal.
pub fn read_batch(bytes: &[u8]) -> Result<Batch<'_>, BatchFault> {
    if bytes.len() > BATCH_BYTES_MAX {
        return Err(BatchFault::TooLarge { found: bytes.len(), limit: BATCH_BYTES_MAX });
    }
    match bytes.first() {
        Some(&BATCH_VERSION) => {}
        Some(&version) => return Err(BatchFault::UnknownVersion(version)),
        None => return Err(BatchFault::Malformed("empty")),
    }
    let wire = match postcard::take_from_bytes::<Wire<'_>>(bytes) {
        Ok((wire, [])) => wire,
        Ok(_) => return Err(BatchFault::Malformed("bytes follow the batch")),
        Err(_) => return Err(BatchFault::Malformed("not a batch of version 1")),
    };
    if wire.items.is_empty() || wire.items.len() > BATCH_ENTRIES_MAX {
        return Err(BatchFault::Malformed("a batch has 1 to 256 entries"));
    }
    let mut items = Vec::with_capacity(wire.items.len());
    for item in wire.items {
        items.push(match item {
            WireItem::Guest(record) => Item::Entry { author: Author::Guest, record, signature: None },
            WireItem::Gateway(record) => Item::Entry { author: Author::Gateway, record, signature: None },
            WireItem::Member(index, signature, record) => {
                let key = wire
                    .authors
                    .get(usize::from(index))
                    .ok_or(BatchFault::Malformed("an entry names no author of the batch"))?;
                Item::Entry { author: Author::Member(MemberKey(*key)), record, signature: Some(Signature(signature.0)) }
            }
            WireItem::HashOnly(id) => Item::HashOnly(id),
        });
    }
    let received =
        Interval { lo: wire.received_lo, hi: wire.received_span.map(|span| wire.received_lo.saturating_add(span)) };
    Ok(Batch { number: wire.number, received, items, signature: Signature(wire.signature.0) })
}

/// Where each record lies in a batch's bytes; none where only the id is left.
pub fn record_places(bytes: &[u8]) -> Result<Vec<Option<core::ops::Range<usize>>>, BatchFault> {
    let start = bytes.as_ptr() as usize;
    let place = |item: &Item<'_>| match item {
        Item::Entry { record, .. } => {
            let from = record.as_ptr() as usize - start;
            Some(from..from + record.len())
        }
        Item::HashOnly(_) => None,
    };
    Ok(read_batch(bytes)?.items.iter().map(place).collect())
}

/// The member's record in one place of a batch's bytes, as he handed it in.
pub fn signed_in(bytes: &[u8], place: u8) -> Option<SignedRecord> {
    match read_batch(bytes).ok()?.items.get(usize::from(place))? {
        Item::Entry { author: Author::Member(author), record, signature: Some(signature) } => {
            Some(SignedRecord { author: *author, record: record.to_vec(), signature: *signature })
        }
        _ => None,
    }
}

/// Takes a batch apart and checks everything: form, limits, canonical bytes, number, chain, both kinds of signatures.
/// Returns it with its hash.
pub fn verify_batch<'a>(
    network: &NetworkId,
    log: &LogKey,
    number: u64,
    prev: &BatchHash,
    bytes: &'a [u8],
) -> Result<(Batch<'a>, BatchHash), BatchFault> {
    let batch = read_batch(bytes)?;
    if batch.number != number {
        return Err(BatchFault::WrongNumber { found: batch.number, expected: number });
    }
    if write_batch(batch.number, batch.received, &batch.items, &batch.signature) != bytes {
        return Err(BatchFault::Malformed("not in canonical form"));
    }
    let hash = batch_hash(network, log, number, prev, batch.received, &batch.items);
    if !gateway_signed(&log.gateway, &hash, &batch.signature) {
        return Err(BatchFault::BadSignature);
    }
    for (index, item) in batch.items.iter().enumerate() {
        if let Item::Entry { author, record, signature } = item {
            decode_record(record).map_err(|why| BatchFault::BadRecord { index, why })?;
            if let (Author::Member(key), Some(signature)) = (author, signature) {
                if !member_signed(network, key, record, signature) {
                    return Err(BatchFault::BadMember(index));
                }
            }
        }
    }
    Ok((batch, hash))
}

impl Item<'_> {
    /// The id of the record in this place.
    pub fn id(&self, network: &NetworkId, gateway: &GatewayId) -> RecordId {
        match self {
            Self::Entry { author, record, .. } => record_id(network, gateway, author, record),
            Self::HashOnly(id) => *id,
        }
    }
}

/// The hash of a batch: what its gateway signs and the next batch builds on. Fixed-width, big-endian.
pub fn batch_hash(
    network: &NetworkId,
    log: &LogKey,
    number: u64,
    prev: &BatchHash,
    received: Interval,
    items: &[Item<'_>],
) -> BatchHash {
    let mut ids = Vec::with_capacity(items.len() * 32);
    for item in items {
        ids.extend(item.id(network, &log.gateway).0);
    }
    let root = hash(purpose::ROOT, &[&ids]);
    BatchHash(hash(
        purpose::BATCH,
        &[
            &network.0,
            &log.gateway.0,
            &[log.lane as u8],
            &log.epoch.0.to_be_bytes(),
            &number.to_be_bytes(),
            &prev.0,
            &[BATCH_VERSION],
            &received.lo.to_be_bytes(),
            &received.hi.unwrap_or(u64::MAX).to_be_bytes(),
            &(items.len() as u16).to_be_bytes(),
            &root,
        ],
    ))
}

/// What stands for `prev` in the first batch of a log.
pub fn genesis(network: &NetworkId, log: &LogKey) -> BatchHash {
    BatchHash(hash(purpose::GENESIS, &[&network.0, &log.gateway.0, &[log.lane as u8], &log.epoch.0.to_be_bytes()]))
}
