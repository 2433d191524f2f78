//! What `commonsd doctor` judges: the gateway, and the machine under it. Each finding has one line that mends it.
//!
//! Pure: what was seen comes in, findings go out; `host/inspect.rs` and the command look. It tells nobody's posts.

pub mod bundle;
mod wifi;

use serde::Serialize;
use serde_json::Value;

use crate::host::clock::Keeping;
use crate::host::inspect::Machine;

/// Bytes free below which somebody should tidy up before the gateway itself must refuse posts.
const FREE_BYTES_LOW: u64 = 512 * 1024 * 1024;
/// Degrees Celsius at which a Raspberry Pi slows down, and a card ages fast.
const HOT_CELSIUS: i64 = 80;
/// Hundredths of the memory below which the next burst of phones may be one too many (guess: 5 of 512 MiB are what a
/// hundred sessions take; measure with the sessions test on a Zero 2).
const MEMORY_FREE_PERCENT_LOW: u64 = 5;
/// Tenths of a card's life, as it estimates itself, from which a spare should lie ready.
const WORN_TENTHS: u8 = 8;

/// How it stands with one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Well.
    Ok,
    /// Works, but will not for long, or not for all.
    Warn,
    /// Neighbours are hurt by it now.
    Fail,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A stable word.
    pub check: String,
    /// How it stands.
    pub level: Level,
    /// What was seen.
    pub message: String,
    /// What to do; empty when it is well.
    pub mend: String,
}

/// What the page answered to a browser on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Page {
    /// It was not asked: the gateway does not run.
    NotAsked,
    /// It came.
    Came,
    /// It did not; why.
    Failed(String),
}

/// What a phone meets that joins the Wi-Fi.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portal {
    /// Names lead to the page; else what is wrong with them.
    pub names: Result<(), String>,
    /// Systems whose probes are not led to the page.
    pub unled: Vec<&'static str>,
    /// Systems whose probes were tried.
    pub systems: usize,
}

/// Everything the doctor looks at.
#[derive(Debug)]
pub struct Seen {
    /// As `status --json`.
    pub status: Value,
    /// The page.
    pub page: Page,
    /// The machine.
    pub machine: Machine,
    /// What phones meet; none: they are not led to the page, or the gateway does not run.
    pub portal: Option<Portal>,
    /// Who keeps the clock.
    pub keeping: Keeping,
}

/// Judges everything, in an order that a person follows: the gateway first, then what it stands on.
pub fn examine(seen: &Seen) -> Vec<Finding> {
    let mut findings = gateway(&seen.status);
    findings.push(clock_source(seen.keeping));
    findings.push(page(&seen.page));
    findings.extend(peers(&seen.status));
    findings.extend(disk(&seen.machine));
    findings.extend(board(&seen.machine));
    findings.extend(wifi::wifi(&seen.machine, seen.portal.as_ref()));
    findings.extend(program(&seen.machine));
    findings
}

/// The worst of all.
pub fn worst(findings: &[Finding]) -> Level {
    findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Ok)
}

fn finding(check: &str, level: Level, message: impl Into<String>, mend: impl Into<String>) -> Finding {
    Finding { check: check.to_owned(), level, message: message.into(), mend: mend.into() }
}

fn ok(check: &str, message: impl Into<String>) -> Finding {
    finding(check, Level::Ok, message, "")
}

/// What `status` complains of: each word of its own.
fn gateway(status: &Value) -> Vec<Finding> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let problems = status["problems"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut findings: Vec<Finding> = problems
        .iter()
        .map(|problem| {
            let code = text(&problem["code"]);
            // Nothing is lost or refused by these now; a gateway that does not run says that by itself.
            let mild = matches!(
                code.as_str(),
                "bad_configuration" | "clock_unknown" | "busy" | "disk_low" | "disk_slow" | "alarm" | "damaged"
            );
            let level = if mild { Level::Warn } else { Level::Fail };
            finding(&code, level, text(&problem["message"]), text(&problem["advice"]))
        })
        .collect();
    let complained = |code: &str| problems.iter().any(|problem| problem["code"] == code);
    if status["running"] == true && !complained("writer_silent") {
        findings.insert(0, ok("gateway", "The gateway runs and takes posts."));
    }
    let certainty = text(&status["clock"]["certainty"]);
    if !complained("clock_unknown") && !certainty.is_empty() {
        findings.push(ok("clock", format!("The clock is set ({certainty}).")));
    }
    findings
}

fn clock_source(keeping: Keeping) -> Finding {
    match keeping {
        Keeping { synchronised: true, .. } => ok("clock_source", "A time service keeps the clock."),
        Keeping { battery: true, .. } => ok("clock_source", "No time service vouches for the clock; the machine has one that runs while it is off."),
        Keeping { .. } => finding(
            "clock_source",
            Level::Warn,
            "Nobody keeps the clock: no time service vouches for it, and while it is off the machine has none. Nothing expires early by it; times shown are about right.",
            "Fit a clock module (DS3231), connect to the internet now and then, or set it with `timedatectl set-time`.",
        ),
    }
}

/// Which program runs on a flashed card.
fn program(machine: &Machine) -> Option<Finding> {
    let card = machine.card.as_ref()?;
    let last = if card.last.is_empty() { String::new() } else { format!(" The last update: {}", card.last) };
    Some(match (card.tried, card.updated) {
        (true, _) => ok("slot", format!("An update is being tried.{last}")),
        (false, true) => ok("slot", format!("The program is from an update.{last}")),
        (false, false) if card.last.contains("taken back") => finding(
            "slot",
            Level::Warn,
            format!("The program is as it was on the card.{last}"),
            "Ask whoever made the update; what runs is the version from before, and it works.",
        ),
        (false, false) => ok("slot", format!("The program is as it was on the card.{last}")),
    })
}

fn page(page: &Page) -> Finding {
    match page {
        Page::Came => ok("page", "The page comes when a browser asks for it."),
        Page::NotAsked => finding(
            "page",
            Level::Fail,
            "There is no page while the gateway does not run.",
            "Start the gateway with `systemctl start commonsd`.",
        ),
        Page::Failed(why) => finding(
            "page",
            Level::Fail,
            format!("The page does not come: {why}."),
            "Restart the gateway with `systemctl restart commonsd`; see `journalctl -u commonsd -n 50`.",
        ),
    }
}

fn peers(status: &Value) -> Option<Finding> {
    let peers = status["peers"].as_array().filter(|peers| !peers.is_empty() && status["running"] == true)?;
    let linked = peers.iter().filter(|peer| !peer["link"].is_null()).count();
    let message = format!("{linked} of {} paired gateways are linked.", peers.len());
    Some(match linked {
        0 => finding(
            "peers",
            Level::Warn,
            message,
            "See `commonsd peer list` for the last try of each; until a link comes, carry a stick: `commonsd exchange`.",
        ),
        _ => ok("peers", message),
    })
}

fn disk(machine: &Machine) -> Vec<Finding> {
    let mut findings = Vec::new();
    if machine.read_only {
        findings.push(finding(
            "disk_read_only",
            Level::Fail,
            "The disk with the data cannot be written.",
            "Back it up, replace the card and restore; if it was only unplugged, restart the machine.",
        ));
    }
    if let Some(free) = machine.free_bytes {
        let mib = free / (1024 * 1024);
        findings.push(match free < FREE_BYTES_LOW {
            true => finding(
                "space",
                Level::Warn,
                format!("{mib} MiB are free on the disk."),
                "Free some: `journalctl --vacuum-size=50M`, `apt-get clean`; or move to a larger card with `commonsd backup`.",
            ),
            false => ok("space", format!("{mib} MiB are free on the disk.")),
        });
    }
    match machine.disk_errors {
        Some(errors @ 1..) => findings.push(finding(
            "disk_errors",
            Level::Warn,
            format!("The file system has met {errors} errors."),
            "Make a backup (`commonsd backup --to FILE`) and think of a new card; check this one with `fsck` while unmounted.",
        )),
        Some(0) => findings.push(ok("disk_errors", "The file system has met no errors.")),
        None => {}
    }
    if let Some(tenths) = machine.worn_tenths {
        let message = format!("The card says that it has used {} % of its life.", u32::from(tenths.min(10)) * 10);
        findings.push(match tenths >= WORN_TENTHS {
            true => finding(
                "card_worn",
                Level::Warn,
                message,
                "Lay a spare ready, and a fresh `commonsd backup --to FILE` on another disk.",
            ),
            false => ok("card_worn", message),
        });
    }
    findings
}

fn board(machine: &Machine) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(bits) = machine.throttled {
        let (level, message) = match (bits & 1, bits & (1 << 16)) {
            (1, _) => (Level::Fail, "The power supply is too weak: the board gets too little voltage now."),
            (_, 1..) => (Level::Warn, "The power supply is weak: the board had too little voltage since the start."),
            _ => (Level::Ok, "The board gets enough power."),
        };
        let mend = "Use the board's own power supply and a short thick cable; take other devices off its USB ports.";
        findings.push(finding("power", level, message, if level == Level::Ok { "" } else { mend }));
    }
    if let Some(celsius) = machine.celsius {
        findings.push(match celsius >= HOT_CELSIUS {
            true => finding(
                "heat",
                Level::Warn,
                format!("The board is {celsius} degrees Celsius hot."),
                "Give it air, shade, or a heat sink.",
            ),
            false => ok("heat", format!("The board is at {celsius} degrees Celsius.")),
        });
    }
    if let Some(percent) = machine.memory_free_percent {
        findings.push(match percent < MEMORY_FREE_PERCENT_LOW {
            true => finding(
                "memory",
                Level::Warn,
                format!("{percent} % of the memory are free."),
                "See with `top` who has it; other programs than the gateway can be stopped.",
            ),
            false => ok("memory", format!("{percent} % of the memory are free.")),
        });
    }
    findings.push(match machine.watchdog {
        Some(true) => ok("watchdog", "A watchdog restarts the board when it hangs."),
        Some(false) => finding(
            "watchdog",
            Level::Warn,
            "The board has a watchdog, but nobody feeds it: a board that hangs stays so.",
            "Put `RuntimeWatchdogSec=15` below `[Manager]` in /etc/systemd/system.conf.d/watchdog.conf; restart the machine.",
        ),
        None => finding(
            "watchdog",
            Level::Warn,
            "This machine has no hardware watchdog: when it hangs, somebody must switch it off and on.",
            "On a Raspberry Pi: `dtparam=watchdog=on` in config.txt. Elsewhere: know where the plug is.",
        ),
    });
    findings
}

#[cfg(test)]
mod tests;
