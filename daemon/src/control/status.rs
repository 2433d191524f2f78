//! What `status` says: the numbers, and each thing that is not well with what to do about it.

use commons_core::views::item::Summary;
use serde::Serialize;
use serde_json::{json, Value};

use super::request::VERSION;
use crate::about::About;
use crate::config::Problems;
use crate::inbox::{Health, INBOX_MESSAGES_MAX};

/// A commit that takes longer to sync than this says that the card is dying or starved (guess: a good card takes
/// 20 ms, a bad one 500; measure on worn ones).
const SYNC_SLOW_MS: u64 = 3_000;

/// Something not well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// A stable word.
    pub code: &'static str,
    /// What it is.
    pub message: String,
    /// What to do.
    pub advice: String,
}

fn trouble(code: &'static str, message: impl Into<String>, advice: impl Into<String>) -> Trouble {
    Trouble { code, message: message.into(), advice: advice.into() }
}

/// The daemon is not running.
pub fn not_running() -> Trouble {
    trouble(
        "not_running",
        "The gateway is not running: neighbours cannot post or read.",
        "Start it with `systemctl start commonsd`, or in a terminal with `commonsd run`.",
    )
}

/// The configuration could not be loaded now; a running gateway goes on with the one it has.
pub fn bad_configuration(problems: &Problems) -> Trouble {
    trouble(
        "bad_configuration",
        format!("{problems}"),
        "Mend it, then try it with `commonsd config check`; until then the gateway would not start again.",
    )
}

/// Another machine has this gateway's key.
pub fn copied() -> Trouble {
    trouble(
        "copied",
        "Another machine nearby announces itself with this gateway's own key: its card was copied.",
        "Switch one of the two off, give it an empty data directory, and pair it as a gateway of its own.",
    )
}

/// The writer does not answer.
pub fn writer_silent() -> Trouble {
    trouble(
        "writer_silent",
        "The gateway runs, but its writer does not answer.",
        "Restart it with `systemctl restart commonsd`; everything acknowledged is on disk.",
    )
}

/// What is not well, worst first.
pub fn troubles(health: &Health) -> Vec<Trouble> {
    let mut found = Vec::new();
    let mib = health.disk_free_bytes / (1024 * 1024);
    match health.state {
        "disk_full" => found.push(trouble(
            "disk_full",
            format!("The disk is full ({mib} MiB free): no posts are taken, reading goes on."),
            "Free space on the disk, or raise store.journal_bytes_max; posting resumes by itself.",
        )),
        "disk_low" => found.push(trouble(
            "disk_low",
            format!("The disk is nearly full ({mib} MiB free): only urgent posts are taken."),
            "Free space on the disk, or raise store.journal_bytes_max; posting resumes by itself.",
        )),
        _ => {}
    }
    if health.damaged > 0 {
        found.push(trouble(
            "damaged",
            format!("{} damaged pieces were found in the journal.", health.damaged),
            "Run `commonsd verify` to see what is hurt; stop the gateway and run `commonsd repair`. Think of a new card.",
        ));
    }
    if health.sync_ms > SYNC_SLOW_MS {
        found.push(trouble(
            "disk_slow",
            format!("The last post took {} ms to reach the disk.", health.sync_ms),
            "Another program may be writing a lot, or the card is worn: make a backup and replace it.",
        ));
    }
    if health.queue as usize >= INBOX_MESSAGES_MAX / 2 {
        found.push(trouble(
            "busy",
            format!("{} messages wait for the writer.", health.queue),
            "Wait a minute; if it stays so, look who posts so much with `commonsd watch`.",
        ));
    }
    if health.clock_certainty == "unknown" {
        found.push(trouble(
            "clock_unknown",
            "Nobody has set this machine's clock: the times shown may be wrong. Nothing is lost by it.",
            "Connect it once to the internet, set it with `timedatectl set-time`, or fit a clock module.",
        ));
    }
    found
}

/// The whole answer. `writer` is the writer's own word ([`crate::inbox::ControlRequest::Status`]): an object whose
/// fields are added and win, such as `heads_digest` and `last_post`.
pub fn report(
    about: &About,
    health: &Health,
    summary: &Summary,
    sessions: u64,
    running: bool,
    writer: Option<Value>,
) -> Value {
    let mut problems = troubles(health);
    if !running {
        problems.insert(0, not_running());
    } else if writer.is_none() {
        problems.insert(0, writer_silent());
    }
    for alarm in writer.iter().flat_map(|writer| writer["alarms"].as_array()).flatten() {
        problems.push(trouble(
            "alarm",
            alarm.as_str().unwrap_or_default(),
            "Nothing that was kept is lost by it; tell whoever keeps the gateway it names.",
        ));
    }
    let mut report = json!({
        "v": VERSION,
        "ok": true,
        "name": about.name,
        "id": about.id,
        "network": about.network,
        "version": about.version,
        "running": running,
        "uptime_s": health.uptime_s,
        "page": about.page,
        "mqtt": about.mqtt,
        "http": about.http,
        "entries": health.entries,
        "batches": health.batches,
        "heads_digest": "",
        "last_post": "",
        "items": {
            "needs": summary.needs.values().sum::<u64>(),
            "offers": summary.offers,
            "notices": summary.notices,
        },
        "posts": {"accepted": health.posts_accepted, "refused": health.posts_refused},
        "disk": {
            "state": health.state,
            "free_bytes": health.disk_free_bytes,
            "journal_bytes": health.journal_bytes,
            "damaged": health.damaged,
            "sync_ms": health.sync_ms,
        },
        "clock": {"now": health.clock, "certainty": health.clock_certainty},
        "sessions": sessions,
        "queue": health.queue,
        "problems": problems,
    });
    if let (Some(Value::Object(more)), Some(report)) = (writer, report.as_object_mut()) {
        report.extend(more);
    }
    report
}
