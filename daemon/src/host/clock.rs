//! The machine's clocks, as arguments for the community clock: wall time and whether to believe it, and uptime.
//!
//! The kernel's own word (adjtimex, STA_UNSYNC) cannot be had without `unsafe`: nix does not wrap it. So the two time
//! services of Debian are asked: systemd-timesyncd touches a file, chrony answers `chronyc`. Without either the clock
//! counts as not synchronised, which costs nothing but certainty of display.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::time::{clock_gettime, ClockId};

use super::program::said;

/// Touched by systemd-timesyncd each time it has set the clock.
const TIMESYNC: &str = "/run/systemd/timesync/synchronized";
/// There while chronyd runs.
const CHRONY_PID: &str = "/run/chrony/chronyd.pid";
/// A cheap crystal's drift, in seconds a second; what a synchronised clock may have lost since (guess: 100 ppm is what
/// datasheets of Pi-class boards allow; measure with chrony's frequency).
const DRIFT: f64 = 100e-6;
/// What chrony calls the clock it has only from itself (127.127.1.1, `local` in its configuration).
const LOCAL_REFERENCE: &str = "7F7F0101";

/// One look at the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WallReading {
    /// Unix seconds.
    pub unix_s: u64,
    /// Whether a time service vouches for it.
    pub synchronised: bool,
    /// How far off it may be then, in seconds, rounded up. Without meaning when not synchronised.
    pub error_s: u32,
}

/// Unix seconds, 0 before 1970.
pub fn unix_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Reads the clock. May ask chrony and so block up to two seconds: call it from a thread that may, about once a minute.
pub fn read() -> WallReading {
    let error_s = timesyncd(Path::new(TIMESYNC)).or_else(|| Path::new(CHRONY_PID).exists().then(chrony).flatten());
    WallReading { unix_s: unix_s(), synchronised: error_s.is_some(), error_s: error_s.unwrap_or(0) }
}

/// Since the machine started, suspended time included: what lifetimes are counted by. Never goes back.
pub fn uptime() -> Duration {
    clock_gettime(ClockId::CLOCK_BOOTTIME)
        .or_else(|_| clock_gettime(ClockId::CLOCK_MONOTONIC))
        .map_or(Duration::ZERO, Duration::from)
}

/// The error of a clock that timesyncd set when it last touched `file`.
fn timesyncd(file: &Path) -> Option<u32> {
    let touched = std::fs::metadata(file).ok()?.modified().ok()?;
    // Touched "in the future": the clock was set back by hand since, and nobody vouches for it.
    let age = SystemTime::now().duration_since(touched).ok()?;
    Some(1 + (age.as_secs_f64() * DRIFT).ceil() as u32)
}

/// Asks chronyd, with a limit.
fn chrony() -> Option<u32> {
    tracking(&said("chronyc", &["-c", "-n", "tracking"])?)
}

/// Who keeps the clock of this machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keeping {
    /// A time service vouches for it now.
    pub synchronised: bool,
    /// It has a clock of its own that runs while it is off.
    pub battery: bool,
}

/// Looks who keeps the clock.
pub fn keeping(root: &Path) -> Keeping {
    let battery = std::fs::read_dir(root.join("sys/class/rtc")).is_ok_and(|mut entries| entries.next().is_some());
    Keeping { synchronised: read().synchronised, battery }
}

/// chronyc's report: reference, name, stratum, reference time, correction, last offset, RMS offset, frequency, residual,
/// skew, root delay, root dispersion, interval, leap status (chronyc(1)). Error = delay / 2 + dispersion.
fn tracking(report: &str) -> Option<u32> {
    let fields: Vec<&str> = report.trim().split(',').collect();
    let [reference, _, stratum, _, _, _, _, _, _, _, delay, dispersion, _, leap] = fields[..] else {
        return None;
    };
    // Its own clock, told on to others for want of a better one: nobody vouches for that.
    if leap == "Not synchronised" || stratum == "0" || reference == LOCAL_REFERENCE {
        return None;
    }
    let error: f64 = delay.parse::<f64>().ok()? / 2.0 + dispersion.parse::<f64>().ok()?;
    (error.is_finite() && error >= 0.0).then_some(1 + error.ceil().min(1e6) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chrony_is_believed_only_when_it_is_sure() {
        // Expiry would trust a clock that nobody set.
        let sure =
            "A29FC87B,162.159.200.123,4,1700000000.123,0.000,-0.0002,0.0003,-12.3,0.0,0.05,0.0102,0.0011,64.8,Normal\n";
        let lost = "7F7F0101,,0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,1.0,0.0,Not synchronised\n";
        assert_eq!(tracking(sure), Some(2));
        assert_eq!(tracking(lost), None);
        let own = "7F7F0101,,10,1700000000.1,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,64.8,Normal\n";
        assert_eq!(tracking(own), None);
        assert_eq!(tracking("506 Cannot talk to daemon"), None);
    }

    #[test]
    fn timesyncd_is_believed_from_its_file() {
        // A Pi with internet would call its clock unknown, or one without would call it sure.
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("synchronized");
        assert_eq!(timesyncd(&file), None);
        std::fs::write(&file, "").unwrap();
        assert_eq!(timesyncd(&file), Some(2));
    }

    #[test]
    fn uptime_runs() {
        // Lifetimes would never run down.
        let before = uptime();
        assert!(before > Duration::ZERO);
        assert!(uptime() >= before);
    }
}
