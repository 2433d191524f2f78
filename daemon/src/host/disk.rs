//! Space on disk: how much there is, and the decision to stop taking posts before it is gone.
//!
//! The decision is a pure value ([`SpaceGuard`]) with hysteresis: a disk that hovers at the edge must not refuse every
//! second neighbour.

use std::io;
use std::path::Path;

use nix::sys::statvfs::statvfs;

/// Bytes an unprivileged process may still write to the file system of `path`.
pub fn free_bytes(path: &Path) -> io::Result<u64> {
    let stat = statvfs(path)?;
    // Both are narrower than u64 on 32-bit boards.
    #[allow(clippy::useless_conversion, clippy::unnecessary_cast)]
    Ok((stat.blocks_available() as u64).saturating_mul(stat.fragment_size() as u64))
}

/// What may be posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Space {
    /// Everything.
    #[default]
    Ok,
    /// Urgent posts only.
    Low,
    /// Nothing; reading goes on.
    Full,
}

impl Space {
    /// As in `Health::state`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Low => "disk_low",
            Self::Full => "disk_full",
        }
    }
}

/// Decides from free bytes and journal size; remembers its last word for the hysteresis.
#[derive(Clone, Debug)]
pub struct SpaceGuard {
    reserve_bytes: u64,
    journal_bytes_max: u64,
    now: Space,
}

impl SpaceGuard {
    /// For a configured reserve and journal size.
    pub const fn new(reserve_bytes: u64, journal_bytes_max: u64) -> Self {
        Self { reserve_bytes, journal_bytes_max, now: Space::Ok }
    }

    /// Takes other limits over (reload).
    pub fn set_limits(&mut self, reserve_bytes: u64, journal_bytes_max: u64) {
        self.reserve_bytes = reserve_bytes;
        self.journal_bytes_max = journal_bytes_max;
    }

    /// The last decision.
    pub const fn now(&self) -> Space {
        self.now
    }

    /// Bytes that may still be written: to the reserve or to the journal's limit, whichever comes first.
    pub const fn room(&self, free_bytes: u64, journal_bytes: u64) -> u64 {
        let disk = free_bytes.saturating_sub(self.reserve_bytes);
        let journal = self.journal_bytes_max.saturating_sub(journal_bytes);
        if disk < journal {
            disk
        } else {
            journal
        }
    }

    /// Below this only urgent posts are taken: a quarter of the smaller limit, so that it fits small cards and large.
    pub const fn low_bytes(&self) -> u64 {
        let smaller =
            if self.reserve_bytes < self.journal_bytes_max { self.reserve_bytes } else { self.journal_bytes_max };
        smaller / 4
    }

    /// Below this nothing is taken.
    pub const fn full_bytes(&self) -> u64 {
        self.low_bytes() / 4
    }

    /// The decision for now. Going worse is at once; going better wants a quarter more room than going worse did
    /// (for `Full`: twice).
    pub fn judge(&mut self, free_bytes: u64, journal_bytes: u64) -> Space {
        let room = self.room(free_bytes, journal_bytes);
        let (low, full) = (self.low_bytes(), self.full_bytes());
        let low = if self.now >= Space::Low { low + low / 4 } else { low };
        let full = if self.now == Space::Full { full * 2 } else { full };
        self.now = if room < full || room == 0 {
            Space::Full
        } else if room < low {
            Space::Low
        } else {
            Space::Ok
        };
        self.now
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MIB: u64 = 1024 * 1024;

    #[test]
    fn the_decision_as_a_table() {
        // Posts would be refused on a half empty card, or taken on a full one and torn.
        let mut guard = SpaceGuard::new(64 * MIB, 4096 * MIB);
        for (free, journal, expected) in [
            (1000, 10, Space::Ok),
            (80, 10, Space::Ok),
            (79, 10, Space::Low),
            (81, 10, Space::Low), // not yet a quarter more
            (84, 10, Space::Ok),
            (67, 10, Space::Full),
            (70, 10, Space::Full), // not yet twice
            (72, 10, Space::Low),
            (1000, 4081, Space::Low), // the journal's own limit
            (1000, 4096, Space::Full),
            (1000, 5000, Space::Full),
            (1000, 4000, Space::Ok),
        ] {
            assert_eq!(guard.judge(free * MIB, journal * MIB), expected, "{free} {journal}");
        }
    }

    proptest! {
        #[test]
        fn never_too_late_and_never_stuck(
            reserve in 1..1u64 << 40,
            journal_max in 1..1u64 << 44,
            steps in prop::collection::vec((0..1u64 << 41, 0..1u64 << 44), 1..50),
        ) {
            // The reserve would be eaten, or a gateway would stay closed after space came back.
            let mut guard = SpaceGuard::new(reserve, journal_max);
            for (free, journal) in steps {
                let before = guard.now();
                let space = guard.judge(free, journal);
                let room = guard.room(free, journal);
                prop_assert!(room > 0 || space == Space::Full);
                prop_assert!(room >= guard.full_bytes() || space == Space::Full);
                prop_assert!(room >= guard.low_bytes() || space >= Space::Low);
                prop_assert!(room < guard.low_bytes() + guard.low_bytes() / 4 + 1 || space == Space::Ok || room == 0);
                // The same reading twice gives the same word: nothing flaps by itself.
                prop_assert_eq!(guard.clone().judge(free, journal), space);
                // Better than before only with more room than the worse edge.
                if space < before {
                    let edge = if before == Space::Full { guard.full_bytes() } else { guard.low_bytes() };
                    prop_assert!(room >= edge);
                }
            }
        }
    }

    #[test]
    fn a_real_disk_answers() {
        // The guard would see no space, or endless space, on every board.
        let free = free_bytes(&std::env::temp_dir()).unwrap();
        assert!(free > 0);
        assert!(free_bytes(Path::new("/does/not/exist")).is_err());
    }
}
