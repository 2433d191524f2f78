//! Compression of frames for links and bundles: the core's codec (`commons_core::compress`) with its memory kept at hand.
//!
//! A model takes some 2 MB and 40 ms to make, so it is made once, and copies to work with are kept for the next frame.
//! A frame of 64 KiB takes tens of milliseconds, on a small router some hundred: call it where waiting is allowed.

use std::sync::{Mutex, OnceLock, PoisonError};

use commons_core::compress::{compress_with, decompress_with, raw, Model, DICTIONARY};
pub use commons_core::compress::{CompressFault, DICTIONARY_VERSION};

/// Copies kept for the next frame, 2 MB each: one to compress, one to decompress. More at once are made and dropped.
const KEPT_MAX: usize = 2;

/// How hard to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Not at all: for a link that is faster than the processor, or a peer without our dictionary.
    Raw,
    /// With the dictionary.
    Small,
}

/// The frame as it travels; at most one byte longer than it was.
pub fn compress(bytes: &[u8], level: Level) -> Vec<u8> {
    match level {
        Level::Raw => raw(bytes),
        Level::Small => with_copy(|primed, work| compress_with(primed, work, bytes)),
    }
}

/// The frame as it was. What would exceed `limit` bytes is refused before anything is decoded.
pub fn decompress(frame: &[u8], limit: usize) -> Result<Vec<u8>, CompressFault> {
    with_copy(|primed, work| decompress_with(primed, work, frame, limit))
}

fn with_copy<T>(act: impl FnOnce(&Model, &mut Model) -> T) -> T {
    static PRIMED: OnceLock<Model> = OnceLock::new();
    #[allow(clippy::vec_box)] // 2 MB are not moved about under the lock.
    static KEPT: Mutex<Vec<Box<Model>>> = Mutex::new(Vec::new());
    let kept = || KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let primed = PRIMED.get_or_init(|| Model::primed(DICTIONARY));
    let found = kept().pop();
    let mut work = found.unwrap_or_else(|| Box::new(primed.clone()));
    let done = act(primed, &mut work);
    let mut kept = kept();
    if kept.len() < KEPT_MAX {
        kept.push(work);
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two links at once would spoil each other's frames.
    #[test]
    fn many_at_once_do_not_meet() {
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                std::thread::spawn(move || {
                    for round in 0..5 {
                        let words = format!("We need water and blankets, {thread} {round}. ").repeat(20);
                        let packed = compress(words.as_bytes(), Level::Small);
                        assert!(packed.len() < words.len() / 4);
                        assert_eq!(decompress(&packed, words.len()).unwrap(), words.as_bytes());
                        let plain = compress(words.as_bytes(), Level::Raw);
                        assert_eq!(plain.len(), words.len() + 1);
                        assert_eq!(decompress(&plain, words.len()).unwrap(), words.as_bytes());
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
}
