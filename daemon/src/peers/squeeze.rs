//! Frames made smaller on their way: agreed on in Hello, by the version of the dictionary that both sides have.
//!
//! Bytes on a radio cost more than a processor's time; on a cable between two boards it is the other way round. So all
//! frames are compressed until a busy link has carried [`FAST_BYTES`] without anybody waiting for it; from then on large
//! frames go as they are, until somebody waits. A peer without our dictionary gets frames without any envelope.

use std::time::Duration;

use super::noise::LinkFault;
use crate::compress::{compress, decompress, Level, DICTIONARY_VERSION};

/// The newest version this gateway knows; it knows all before it.
pub const SQUEEZE_VERSION: u8 = DICTIONARY_VERSION;
/// So many bytes on the wire without waiting say that the link is faster than we compress: more than the buffers of both
/// systems swallow unsent.
const FAST_BYTES: usize = 768 * 1024;
/// Smaller frames are always compressed: that takes a few milliseconds.
const LARGE_BYTES: usize = 4 * 1024;
/// A frame that waited longer than this for each of its bytes had better been compressed: about what a small board takes.
const SLOW_NS_PER_BYTE: u128 = 2_000;

/// How the frames of one link are made smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Squeeze {
    version: u8,
}

impl Squeeze {
    /// What both sides know.
    pub fn agreed(theirs: u8) -> Self {
        Self { version: theirs.min(SQUEEZE_VERSION) }
    }

    /// The version in use; 0 = none.
    pub fn version(&self) -> u8 {
        self.version
    }

    /// A frame as it travels. Takes milliseconds, on a thread where that is allowed.
    pub async fn close(&self, frame: Vec<u8>, pace: &Pace) -> Result<Vec<u8>, LinkFault> {
        if self.version == 0 {
            return Ok(frame);
        }
        if pace.is_fast() && frame.len() >= LARGE_BYTES {
            return Ok(compress(&frame, Level::Raw));
        }
        aside(move || compress(&frame, Level::Small)).await
    }

    /// The frame again; it may have at most so many bytes.
    pub async fn open(&self, bytes: Vec<u8>, bytes_max: usize) -> Result<Vec<u8>, LinkFault> {
        let frame = if self.version == 0 {
            bytes
        } else {
            let opened = aside(move || decompress(&bytes, bytes_max)).await?;
            opened.map_err(|fault| LinkFault::Closed(fault.to_string()))?
        };
        if frame.len() > bytes_max {
            return Err(LinkFault::TooLarge(bytes_max));
        }
        Ok(frame)
    }
}

async fn aside<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> Result<T, LinkFault> {
    tokio::task::spawn_blocking(act).await.map_err(|_| LinkFault::Ours("a frame was not compressed"))
}

/// Whether a link carries more than we can compress.
#[derive(Debug, Default)]
pub struct Pace {
    /// Bytes that crossed since anybody last waited for the link.
    bytes: usize,
    /// It has a cap, so bytes are dear.
    capped: bool,
}

impl Pace {
    /// Of a link with or without a cap.
    pub fn new(bytes_per_s: u64) -> Self {
        Self { bytes: 0, capped: bytes_per_s > 0 }
    }

    /// A frame went out: its bytes on the wire, and how long the wire made it wait.
    pub fn sent(&mut self, bytes: usize, waited: Duration) {
        let slow = waited.as_nanos() > bytes as u128 * SLOW_NS_PER_BYTE;
        self.bytes = if slow { 0 } else { self.bytes.saturating_add(bytes) };
    }

    fn is_fast(&self) -> bool {
        !self.capped && self.bytes >= FAST_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A metered link would carry three times what it must, or a bomb of a few bytes fill the memory.
    #[tokio::test]
    async fn frames_shrink_and_open_again() {
        let squeeze = Squeeze::agreed(200);
        assert_eq!(squeeze.version(), SQUEEZE_VERSION);
        let frame = b"We need water and blankets. ".repeat(300);
        let mut pace = Pace::new(0);
        let small = squeeze.close(frame.clone(), &pace).await.unwrap();
        assert!(small.len() < frame.len() / 4);
        assert_eq!(squeeze.open(small.clone(), frame.len()).await.unwrap(), frame);
        assert!(squeeze.open(small, frame.len() - 1).await.is_err());
        assert!(squeeze.open(vec![99; 99], frame.len()).await.is_err(), "a dictionary that nobody has");
        for _ in 0..100 {
            pace.sent(8_192, Duration::from_micros(100));
        }
        let raw = squeeze.close(frame.clone(), &pace).await.unwrap();
        assert_eq!(raw.len(), frame.len() + 1, "a fast link is not kept waiting");
        assert_eq!(squeeze.open(raw, frame.len()).await.unwrap(), frame);
        let mut capped = Pace::new(10_000);
        capped.sent(1 << 30, Duration::ZERO);
        assert!(squeeze.close(frame.clone(), &capped).await.unwrap().len() < frame.len() / 4);
        pace.sent(8_192, Duration::from_secs(1));
        assert!(squeeze.close(frame.clone(), &pace).await.unwrap().len() < frame.len() / 4);
    }

    /// Gateways of two versions could not talk.
    #[tokio::test]
    async fn without_a_common_dictionary_frames_go_as_they_are() {
        let squeeze = Squeeze::agreed(0);
        let frame = b"frame".to_vec();
        assert_eq!(squeeze.close(frame.clone(), &Pace::new(0)).await.unwrap(), frame);
        assert_eq!(squeeze.open(frame.clone(), 5).await.unwrap(), frame);
        assert!(squeeze.open(frame, 4).await.is_err());
    }
}
