//! The community clock: an interval instead of a moment, and an age instead of a date.
//!
//! No entry is refused for its date and none is ordered by it. What a person sees ("2 hours ago") comes from a best guess;
//! what destroys (expiry) counts only seconds this store has lived with power on, so a clock that jumps by 30 years
//! changes nothing but display. Time comes in as [`Now`]; nothing here reads a clock.

use alloc::format;
use alloc::string::String;

use crate::log::Age;

/// What the caller knows of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds since the caller started counting; never goes back.
    pub uptime_ms: u64,
    /// The machine's wall clock, unix seconds; may be wrong by decades.
    pub wall_s: u64,
    /// Whether something outside (NTP, a set RTC) vouches for it.
    pub synchronised: bool,
}

/// The time lies within; no `hi` = no idea how late it is. Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Not before.
    pub lo: u64,
    /// Not after.
    pub hi: Option<u64>,
}

/// How far the best guess can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// Vouched for.
    Synchronised,
    /// Plausible.
    Estimated,
    /// The machine's clock is nonsense; the guess only counts on from what was last known.
    Unknown,
}

impl Certainty {
    /// The word shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Synchronised => "synchronised",
            Self::Estimated => "estimated",
            Self::Unknown => "unknown",
        }
    }
}

/// How far off a vouched-for clock may be, in seconds. Guess: NTP over a mesh link; measure before tightening.
const SYNCHRONISED_ERROR_S: u64 = 5;
/// A wall clock further ahead of the last known time than this is not believed: 3 years in a drawer.
const PLAUSIBLE_AHEAD_S: u64 = 3 * 366 * 86_400;

/// Keeps age and floor across restarts; the caller persists [`Clock::age`] and [`Clock::floor`].
#[derive(Clone, Debug)]
pub struct Clock {
    age: Age,
    started_ms: u64,
    floor: u64,
    /// Uptime at which `floor` was true.
    floor_ms: u64,
}

impl Clock {
    /// From what was persisted (age, last known lower bound), at the moment `now`.
    pub fn new(age: Age, floor: u64, now: Now) -> Self {
        Self { age, started_ms: now.uptime_ms, floor, floor_ms: now.uptime_ms }
    }

    /// Remembers what a vouched-for clock says, for when nobody vouches for it any more.
    pub fn settle(&mut self, now: Now) {
        if now.synchronised {
            self.floor = self.interval(now).lo;
            self.floor_ms = now.uptime_ms;
        }
    }

    /// Seconds this store has lived with power on.
    pub fn age(&self, now: Now) -> Age {
        Age(self.age.0.saturating_add(now.uptime_ms.saturating_sub(self.started_ms) / 1_000))
    }

    /// Takes an age seen in the journal: it is at least that.
    pub fn at_least(&mut self, age: Age) {
        self.age = self.age.max(age);
    }

    /// The lower bound to persist. A vouched-for clock overrules what was believed before, in either direction.
    pub fn floor(&self, now: Now) -> u64 {
        self.interval(now).lo
    }

    /// Where the time lies.
    pub fn interval(&self, now: Now) -> Interval {
        if now.synchronised {
            Interval {
                lo: now.wall_s.saturating_sub(SYNCHRONISED_ERROR_S),
                hi: Some(now.wall_s.saturating_add(SYNCHRONISED_ERROR_S)),
            }
        } else {
            let elapsed_s = now.uptime_ms.saturating_sub(self.floor_ms) / 1_000;
            Interval { lo: self.floor.saturating_add(elapsed_s), hi: None }
        }
    }

    /// The best guess, for people, and how good it is.
    pub fn best(&self, now: Now) -> (u64, Certainty) {
        if now.synchronised {
            return (now.wall_s, Certainty::Synchronised);
        }
        let floor = self.interval(now).lo;
        if now.wall_s >= floor && now.wall_s - floor < PLAUSIBLE_AHEAD_S {
            (now.wall_s, Certainty::Estimated)
        } else {
            (floor, Certainty::Unknown)
        }
    }
}

/// `2026-11-20T12:00:00Z` (RFC 3339). Years past 9999 are shown as the last second of 9999.
pub fn rfc3339(unix_s: u64) -> String {
    let unix_s = unix_s.min(253_402_300_799);
    let (year, month, day) = civil((unix_s / 86_400) as i64);
    let s = unix_s % 86_400;
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", s / 3_600, s / 60 % 60, s % 60)
}

/// The reverse, for `Z` and numeric offsets; none if it is no such time or lies before 1970.
pub fn parse_rfc3339(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    if bytes.len() < 20 || !text.is_ascii() {
        return None;
    }
    let number = |from: usize, to: usize| -> Option<i64> {
        let part = text.get(from..to)?;
        part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?
    };
    let separators = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if separators.iter().any(|(at, c)| bytes[*at] != *c) || !matches!(bytes[10], b'T' | b't' | b' ') {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut rest = &text[19..];
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    let offset_s = match rest.as_bytes() {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let digit = |c: &u8| c.is_ascii_digit().then(|| i64::from(c - b'0'));
            let offset = (digit(h1)? * 10 + digit(h2)?) * 3_600 + (digit(m1)? * 10 + digit(m2)?) * 60;
            if *sign == b'+' {
                offset
            } else {
                -offset
            }
        }
        _ => return None,
    };
    let days = days_from_civil(year, month, day);
    if civil(days) != (year, month, day) {
        return None; // 31 February
    }
    u64::try_from(days * 86_400 + hour * 3_600 + minute * 60 + second - offset_s).ok()
}

/// Days since 1970-01-01 to a date. Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, day)
}

/// The reverse (same source, days_from_civil).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400;
    const NOVEMBER_2026: u64 = 1_795_000_000;

    fn at(uptime_s: u64, wall_s: u64, synchronised: bool) -> Now {
        Now { uptime_ms: uptime_s * 1_000, wall_s, synchronised }
    }

    /// A needs board that empties because a clock jumped would let an old neighbour wait in vain.
    #[test]
    fn a_clock_that_jumps_by_decades_does_not_age_anything() {
        let clock = Clock::new(Age(100), NOVEMBER_2026, at(0, NOVEMBER_2026, true));
        for wall in [0, NOVEMBER_2026 - 30 * 366 * DAY, NOVEMBER_2026 + 30 * 366 * DAY, u64::MAX] {
            for synchronised in [true, false] {
                assert_eq!(clock.age(at(10, wall, synchronised)), Age(110));
            }
        }
    }

    /// A phone would show "in 30 years" if the guess followed a nonsense clock.
    #[test]
    fn the_guess_follows_the_wall_only_while_it_is_plausible() {
        let clock = Clock::new(Age(0), NOVEMBER_2026, at(0, 0, false));
        assert_eq!(clock.best(at(60, 0, false)), (NOVEMBER_2026 + 60, Certainty::Unknown));
        let far = NOVEMBER_2026 + 30 * 366 * DAY;
        assert_eq!(clock.best(at(60, far, false)), (NOVEMBER_2026 + 60, Certainty::Unknown));
        let soon = NOVEMBER_2026 + DAY;
        assert_eq!(clock.best(at(60, soon, false)), (soon, Certainty::Estimated));
        assert_eq!(clock.best(at(60, 5, true)), (5, Certainty::Synchronised));
    }

    /// A gateway whose time service went away would fall back to what it knew at start, perhaps months ago.
    #[test]
    fn what_was_vouched_for_is_not_forgotten() {
        let mut clock = Clock::new(Age(0), 1_000, at(0, 0, false));
        clock.settle(at(10, NOVEMBER_2026, true));
        assert_eq!(clock.interval(at(70, 0, false)).lo, NOVEMBER_2026 - SYNCHRONISED_ERROR_S + 60);
        assert_eq!(clock.age(at(70, 0, false)), Age(70));
    }

    /// Times that do not survive the trip to a tool and back would move a neighbour's appointment.
    #[test]
    fn rfc3339_round_trips() {
        for unix_s in [0, 951_782_399, 951_782_400, 1_709_164_800, NOVEMBER_2026, 253_402_300_799] {
            assert_eq!(parse_rfc3339(&rfc3339(unix_s)), Some(unix_s), "{}", rfc3339(unix_s));
        }
        assert_eq!(rfc3339(1_709_164_800), "2024-02-29T00:00:00Z");
        assert_eq!(parse_rfc3339("2024-02-29T01:30:00.5+01:30"), Some(1_709_164_800));
        for bad in [
            "",
            "2023-02-29T00:00:00Z",
            "2024-02-29",
            "2024-02-29T00:00:00",
            "2024-13-01T00:00:00Z",
            "é024-01-01T00:00:00Z",
        ] {
            assert_eq!(parse_rfc3339(bad), None, "{bad}");
        }
    }
}
