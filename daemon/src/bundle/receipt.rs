//! A receipt: what a gateway has, signed, left on the stick for whoever brought it something.
//!
//! | part | bytes |
//! |---|---|
//! | magic `COMMONS RECEIPT`, version 1 | 15, 1 |
//! | length, body (postcard) | 4, n |
//! | heads frames as in a bundle: length, frame (not compressed) | 4, n each |
//! | signature over `H("commons/1/receipt", all of this)` | 64 |
//!
//! It says what is on disk there, so what it covers need not be brought again and may be deleted.

use std::collections::BTreeMap;
use std::io::Read;

use commons_core::identity::{gateway_said, hash, purpose, GatewayId, NetworkId, Signature};
use commons_core::log::{Age, LogKey};
use commons_core::sync::{carried_heads, Frame, HeadLine, StoreEpoch};
use serde::{Deserialize, Serialize};

use super::file::NAME_BYTES_MAX;
use super::{BundleError, Standing, HEADS_BYTES_MAX};

const MAGIC: &[u8; 15] = b"COMMONS RECEIPT";
const VERSION: u8 = 1;
const HEADS_FRAMES_MAX: u32 = 8;
/// Bytes of a receipt.
pub const RECEIPT_BYTES_MAX: usize = 1024 + HEADS_FRAMES_MAX as usize * HEADS_BYTES_MAX;

/// A receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The network's name.
    pub network: String,
    /// Who has this.
    pub from: GatewayId,
    /// What it is called.
    pub name: String,
    /// Its store.
    pub store: StoreEpoch,
    /// Its age.
    pub age: Age,
    /// The number of the last bundle it wrote on this stick; 0 = none. Numbers are not used twice.
    pub number: u64,
    /// What it has.
    pub heads: Vec<HeadLine>,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    network: String,
    from: [u8; 32],
    name: String,
    store: u64,
    age: u64,
    number: u64,
    heads_frames: u32,
}

impl Receipt {
    /// The receipt for where a gateway stands.
    pub fn of(standing: &Standing, number: u64) -> Self {
        Self {
            number,
            network: standing.network.clone(),
            from: standing.me,
            name: standing.name.chars().take(NAME_BYTES_MAX / 4).collect(),
            store: standing.store,
            age: standing.age,
            heads: standing.heads.clone(),
        }
    }

    /// Its bytes but for the signature, and what is to be signed.
    pub fn encode(&self) -> (Vec<u8>, [u8; 32]) {
        let frames = carried_heads(&self.heads, self.age, true);
        let wire = Wire {
            network: self.network.clone(),
            from: self.from.0,
            name: self.name.clone(),
            store: self.store.0,
            age: self.age.0,
            number: self.number,
            heads_frames: frames.len() as u32,
        };
        let mut bytes = MAGIC.to_vec();
        bytes.push(VERSION);
        for piece in std::iter::once(postcard::to_allocvec(&wire).unwrap_or_default()).chain(frames) {
            bytes.extend((piece.len() as u32).to_le_bytes());
            bytes.extend(piece);
        }
        let digest = hash(purpose::RECEIPT, &[&bytes]);
        (bytes, digest)
    }

    /// The reverse, with the signature checked.
    pub fn decode(bytes: &[u8]) -> Result<Self, BundleError> {
        if bytes.len() > RECEIPT_BYTES_MAX {
            return Err(BundleError::Damaged("it is larger than any receipt"));
        }
        if bytes.get(..15) != Some(&MAGIC[..]) {
            return Err(BundleError::NotAReceipt);
        }
        match bytes.get(15) {
            Some(&VERSION) => {}
            Some(&version) => return Err(BundleError::Newer(version)),
            None => return Err(BundleError::CutShort),
        }
        let Some((said, signature)) = bytes.split_last_chunk::<64>() else { return Err(BundleError::CutShort) };
        let mut rest = said.get(16..).ok_or(BundleError::CutShort)?;
        let wire: Wire = match postcard::take_from_bytes(piece(&mut rest)?) {
            Ok((wire, [])) => wire,
            _ => return Err(BundleError::Damaged("it does not decode")),
        };
        let too_long = wire.network.len() > NAME_BYTES_MAX || wire.name.len() > NAME_BYTES_MAX;
        if too_long || wire.heads_frames > HEADS_FRAMES_MAX {
            return Err(BundleError::Damaged("it claims too much"));
        }
        let (from, network) = (GatewayId(wire.from), NetworkId::of(&wire.network));
        let digest = hash(purpose::RECEIPT, &[said]);
        if !gateway_said(&from, purpose::RECEIPT, &network, &[&digest], &Signature(*signature)) {
            return Err(BundleError::BadSignature(from));
        }
        let mut heads = Vec::new();
        for _ in 0..wire.heads_frames {
            match Frame::decode(piece(&mut rest)?)? {
                Frame::Heads { lines, .. } if lines.iter().all(|line| line.log.name.is_some()) => heads.extend(lines),
                _ => return Err(BundleError::Strange("it holds no heads")),
            }
        }
        if !rest.is_empty() {
            return Err(BundleError::Damaged("something follows its end"));
        }
        let (store, age) = (StoreEpoch(wire.store), Age(wire.age));
        Ok(Self { network: wire.network, from, name: wire.name, store, age, number: wire.number, heads })
    }

    /// How far it says that a log is there.
    pub fn next(&self, log: &LogKey) -> u64 {
        self.heads.iter().find(|line| line.log.name.as_ref() == Some(log)).map_or(0, |line| line.next)
    }

    /// Whether everything in a bundle with these heads is there.
    pub fn covers(&self, heads: &[HeadLine]) -> bool {
        let forks = forks(&self.heads);
        let knows = |line: &HeadLine| line.log.name.and_then(|log| forks.get(&log)) == Some(&line.hash);
        heads.iter().filter(|line| line.frozen).all(knows)
            && heads.iter().filter(|line| line.first < line.next).all(|line| {
                let log = line.log.name;
                log.is_some_and(|log| self.next(&log) >= line.next)
            })
    }
}

/// The forked logs among these, and what is known of each: its fork digest.
pub fn forks(heads: &[HeadLine]) -> BTreeMap<LogKey, [u8; 8]> {
    let forked = heads.iter().filter(|line| line.frozen);
    forked.filter_map(|line| Some((line.log.name?, line.hash))).collect()
}

fn piece<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], BundleError> {
    let mut length = [0; 4];
    rest.read_exact(&mut length).map_err(|_| BundleError::CutShort)?;
    let (piece, after) = rest.split_at_checked(u32::from_le_bytes(length) as usize).ok_or(BundleError::CutShort)?;
    *rest = after;
    Ok(piece)
}
