//! Frames made smaller on their way: agreed on in Hello, by the version of the dictionary that both sides have.
//!
//! Version 0 is nothing at all: every frame goes as it is.

use super::noise::LinkFault;

/// The newest version this gateway knows.
pub const SQUEEZE_VERSION: u8 = 0;

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

    /// A frame as it travels.
    pub fn close(&self, frame: &[u8]) -> Vec<u8> {
        frame.to_vec()
    }

    /// The frame again; it may have at most so many bytes.
    pub fn open(&self, bytes: Vec<u8>, bytes_max: usize) -> Result<Vec<u8>, LinkFault> {
        if bytes.len() > bytes_max {
            return Err(LinkFault::TooLarge(bytes_max));
        }
        Ok(bytes)
    }
}
