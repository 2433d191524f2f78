//! The bundle's format, version 1. Numbers are little-endian.
//!
//! | part | bytes |
//! |---|---|
//! | magic `COMMONS BUNDLE\n`, version 1 | 15, 1 |
//! | length, manifest (postcard) | 4, n |
//! | as many heads frames as the manifest says: length, compressed frame | 4, n each |
//! | signature over the chain so far | 64 |
//! | batches frames, then fork frames: length, compressed frame | 4, n each |
//! | end: length 0, batches, entries, signature over the chain and these | 4, 8, 8, 64 |
//!
//! The chain is `H("commons/1/bundle", chain, piece)` over each piece with its length, from the magic on. Frames are
//! compressed as on links and stand alone. Memory: one frame at a time, and the heads.

use std::io::Read;

use commons_core::identity::{gateway_said, hash, purpose, GatewayId, NetworkId, Signature};
use commons_core::log::Age;
use commons_core::sync::{carried_heads, Frame, HeadLine, StoreEpoch};
use serde::{Deserialize, Serialize};

use super::{BundleError, Carrier, FRAME_BYTES_MAX, HEADS_BYTES_MAX};
use crate::compress::{compress, decompress, Level};

const MAGIC: &[u8; 15] = b"COMMONS BUNDLE\n";
const VERSION: u8 = 1;
/// Bytes of a manifest: two names and numbers.
const MANIFEST_BYTES_MAX: usize = 512;
/// Bytes of a name in it.
pub const NAME_BYTES_MAX: usize = 64;
/// Frames of heads: as many logs as a node keeps.
const HEADS_FRAMES_MAX: u32 = 8;

/// What a bundle says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The network's name.
    pub network: String,
    /// Who wrote it.
    pub from: GatewayId,
    /// What that gateway is called.
    pub name: String,
    /// For whom; none: whoever comes.
    pub to: Option<GatewayId>,
    /// Higher than any before on the same stick.
    pub number: u64,
    /// The writer's store.
    pub store: StoreEpoch,
    /// The writer's age.
    pub age: Age,
    /// The writer's logs: `first` is the first batch in here, `next` where the log stands; equal if none is in here. What
    /// proves a fork is in here for each that is forked.
    pub heads: Vec<HeadLine>,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    network: String,
    from: [u8; 32],
    name: String,
    to: Option<[u8; 32]>,
    number: u64,
    store: u64,
    age: u64,
    heads_frames: u32,
}

impl Manifest {
    /// Who wrote it, for the gateway.
    pub fn carrier(&self) -> Carrier {
        Carrier { gateway: self.from, store: self.store, age: self.age }
    }

    fn network_id(&self) -> NetworkId {
        NetworkId::of(&self.network)
    }
}

/// What a whole bundle holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Batches.
    pub batches: u64,
    /// Entries in them.
    pub entries: u64,
}

/// The hash over what was written or read so far.
struct Chain([u8; 32]);

impl Chain {
    fn new() -> Self {
        Self(hash(purpose::BUNDLE, &[MAGIC, &[VERSION]]))
    }

    fn add(&mut self, piece: &[u8]) {
        self.0 = hash(purpose::BUNDLE, &[&self.0, &(piece.len() as u32).to_le_bytes(), piece]);
    }

    fn end(&self, content: &Content) -> [u8; 32] {
        hash(purpose::BUNDLE, &[&self.0, &[0; 4], &content.batches.to_le_bytes(), &content.entries.to_le_bytes()])
    }
}

/// Signs a digest.
pub type Sign<'a> = &'a mut dyn FnMut(&[u8; 32]) -> Result<Signature, BundleError>;
/// Writes bytes; says what failed.
pub type Put<'a> = &'a mut dyn FnMut(&[u8]) -> Result<(), BundleError>;

/// Writes a bundle.
pub struct Writer {
    chain: Chain,
    content: Content,
}

impl Writer {
    /// Everything before the batches.
    pub fn begin(manifest: &Manifest, put: Put<'_>, sign: Sign<'_>) -> Result<Self, BundleError> {
        let heads = carried_heads(&manifest.heads, manifest.age, true);
        let wire = Wire {
            network: manifest.network.clone(),
            from: manifest.from.0,
            name: cut(&manifest.name),
            to: manifest.to.map(|to| to.0),
            number: manifest.number,
            store: manifest.store.0,
            age: manifest.age.0,
            heads_frames: heads.len() as u32,
        };
        let mut writer = Self { chain: Chain::new(), content: Content::default() };
        put(MAGIC)?;
        put(&[VERSION])?;
        writer.piece(&postcard::to_allocvec(&wire).unwrap_or_default(), put)?;
        for frame in heads {
            writer.piece(&compress(&frame, Level::Small), put)?;
        }
        put(&sign(&writer.chain.0)?.0)?;
        Ok(writer)
    }

    /// One frame of batches.
    pub fn frame(&mut self, frame: &[u8], content: Content, put: Put<'_>) -> Result<(), BundleError> {
        self.content.batches += content.batches;
        self.content.entries += content.entries;
        self.piece(&compress(frame, Level::Small), put)
    }

    /// The end.
    pub fn end(self, put: Put<'_>, sign: Sign<'_>) -> Result<Content, BundleError> {
        put(&[0; 4])?;
        put(&self.content.batches.to_le_bytes())?;
        put(&self.content.entries.to_le_bytes())?;
        put(&sign(&self.chain.end(&self.content))?.0)?;
        Ok(self.content)
    }

    fn piece(&mut self, piece: &[u8], put: Put<'_>) -> Result<(), BundleError> {
        self.chain.add(piece);
        put(&(piece.len() as u32).to_le_bytes())?;
        put(piece)
    }
}

/// At most so many bytes of a name, whole letters.
fn cut(name: &str) -> String {
    let end = (0..=NAME_BYTES_MAX.min(name.len())).rev().find(|end| name.is_char_boundary(*end));
    name[..end.unwrap_or(0)].to_owned()
}

/// Reads a bundle.
pub struct Reader<R> {
    from: R,
    chain: Chain,
    manifest: Manifest,
    content: Option<Content>,
}

impl<R: Read> Reader<R> {
    /// Reads everything before the batches, and checks it.
    pub fn begin(mut from: R) -> Result<Self, BundleError> {
        let mut magic = [0; 16];
        from.read_exact(&mut magic).map_err(|_| BundleError::NotABundle)?;
        if magic[..15] != *MAGIC {
            return Err(BundleError::NotABundle);
        }
        if magic[15] != VERSION {
            return Err(BundleError::Newer(magic[15]));
        }
        let mut chain = Chain::new();
        let bytes = piece(&mut from, &mut chain, MANIFEST_BYTES_MAX)?.ok_or(BundleError::Damaged("no manifest"))?;
        let wire: Wire = match postcard::take_from_bytes(&bytes) {
            Ok((wire, [])) => wire,
            _ => return Err(BundleError::Damaged("its manifest does not decode")),
        };
        let too_long = wire.network.len() > NAME_BYTES_MAX || wire.name.len() > NAME_BYTES_MAX;
        if too_long || wire.heads_frames > HEADS_FRAMES_MAX {
            return Err(BundleError::Damaged("its manifest claims too much"));
        }
        let mut heads = Vec::new();
        for _ in 0..wire.heads_frames {
            let bytes = piece(&mut from, &mut chain, HEADS_BYTES_MAX + 1)?.ok_or(BundleError::Damaged("no heads"))?;
            match Frame::decode(&decompress(&bytes, HEADS_BYTES_MAX)?)? {
                Frame::Heads { lines, .. } if lines.iter().all(|line| line.log.name.is_some()) => heads.extend(lines),
                _ => return Err(BundleError::Strange("it holds no heads")),
            }
        }
        let manifest = Manifest {
            network: wire.network,
            from: GatewayId(wire.from),
            name: wire.name,
            to: wire.to.map(GatewayId),
            number: wire.number,
            store: StoreEpoch(wire.store),
            age: Age(wire.age),
            heads,
        };
        let signature = Signature(array(&mut from)?);
        check(&manifest, &chain.0, &signature)?;
        Ok(Self { from, chain, manifest, content: None })
    }

    /// What it says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The next frame of batches as it was compressed; none at the end, which has then been checked.
    pub fn packed(&mut self) -> Result<Option<Vec<u8>>, BundleError> {
        if self.content.is_some() {
            return Ok(None);
        }
        if let Some(bytes) = piece(&mut self.from, &mut self.chain, FRAME_BYTES_MAX + 1)? {
            return Ok(Some(bytes));
        }
        let batches = u64::from_le_bytes(array(&mut self.from)?);
        let entries = u64::from_le_bytes(array(&mut self.from)?);
        let content = Content { batches, entries };
        let signature = Signature(array(&mut self.from)?);
        check(&self.manifest, &self.chain.end(&content), &signature)?;
        if self.from.read(&mut [0]).map_err(cut_short)? > 0 {
            return Err(BundleError::Damaged("something follows its end"));
        }
        self.content = Some(content);
        Ok(None)
    }

    /// The next frame.
    pub fn frame(&mut self) -> Result<Option<Vec<u8>>, BundleError> {
        Ok(match self.packed()? {
            Some(packed) => Some(decompress(&packed, FRAME_BYTES_MAX)?),
            None => None,
        })
    }

    /// Reads to the end; `at` hears how many bytes. What it holds, which is now known to be whole.
    pub fn skim(mut self, at: &mut dyn FnMut(u64)) -> Result<(Manifest, Content), BundleError> {
        let mut bytes = 0;
        while let Some(packed) = self.packed()? {
            bytes += packed.len() as u64 + 4;
            at(bytes);
        }
        Ok((self.manifest, self.content.unwrap_or_default()))
    }
}

fn check(manifest: &Manifest, digest: &[u8; 32], signature: &Signature) -> Result<(), BundleError> {
    if gateway_said(&manifest.from, purpose::BUNDLE, &manifest.network_id(), &[digest], signature) {
        return Ok(());
    }
    Err(BundleError::BadSignature(manifest.from))
}

/// The next piece; none at the end. Takes no more memory than there are bytes.
fn piece(from: &mut impl Read, chain: &mut Chain, bytes_max: usize) -> Result<Option<Vec<u8>>, BundleError> {
    let length = u32::from_le_bytes(array(from)?) as usize;
    if length == 0 {
        return Ok(None);
    }
    if length > bytes_max {
        return Err(BundleError::Damaged("a frame of it claims to be larger than any is"));
    }
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes).map_err(cut_short)?;
    chain.add(&bytes);
    Ok(Some(bytes))
}

fn array<const N: usize>(from: &mut impl Read) -> Result<[u8; N], BundleError> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes).map_err(cut_short)?;
    Ok(bytes)
}

fn cut_short(error: std::io::Error) -> BundleError {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => BundleError::CutShort,
        _ => BundleError::Io { doing: "read", path: "the bundle".into(), source: error },
    }
}
