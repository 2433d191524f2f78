//! The month of the scorecard: 29.5 days of community time, counted from 1970-01-01.
//!
//! An entry belongs to the lunation its author claims, so that which entries make one up never depends on when they were heard.

use serde::{Deserialize, Serialize};

/// Seconds of a lunation: 29.5 days.
pub const LUNATION_S: u64 = 2_548_800;
/// Lunations shown and kept in mind: this one and a year.
pub const LUNATIONS_MAX: usize = 13;

/// One of them, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Lunation(pub u32);

impl Lunation {
    /// The one a moment lies in, in unix seconds.
    pub fn at(seconds: u64) -> Self {
        Self(u32::try_from(seconds / LUNATION_S).unwrap_or(u32::MAX))
    }

    /// Its first second.
    pub fn start_s(self) -> u64 {
        u64::from(self.0) * LUNATION_S
    }

    /// The first second after it.
    pub fn end_s(self) -> u64 {
        self.start_s() + LUNATION_S
    }

    /// The oldest that is still kept when this one is now.
    pub fn oldest(self) -> Self {
        Self(self.0.saturating_sub(LUNATIONS_MAX as u32 - 1))
    }
}
