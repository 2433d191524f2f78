//! What systemd is told (sd_notify(3)), and the watchdog that is fed by the writer's real progress only.
//!
//! Without NOTIFY_SOCKET everything here does nothing: the same binary runs under procd, in a terminal, in a test.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;

/// The store is open and every listener is bound.
pub fn ready(status: &str) {
    send(&[NotifyState::Ready, NotifyState::Status(&one_line(status))]);
}

/// One line for `systemctl status`.
pub fn status(text: &str) {
    send(&[NotifyState::Status(&one_line(text))]);
}

/// Shutdown has begun; the watchdog no longer counts.
pub fn stopping() {
    send(&[NotifyState::Stopping]);
}

/// A reload has begun. Follow it by [`ready`]. systemd 253 wants the time, to tell old answers from new ones.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => send(&[NotifyState::Reloading, now]),
        Err(_) => send(&[NotifyState::Reloading]),
    }
}

/// How long systemd waits for a sign of life before it restarts us; none: no watchdog is set.
pub fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled().filter(|interval| !interval.is_zero())
}

/// Counts the writer's rounds. The writer ticks after each commit, and after each idle round in which it looked at its
/// inbox (about once a second); a writer that hangs in a sync or a loop does not tick.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<AtomicU64>);

impl Progress {
    /// One round is done.
    pub fn tick(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Rounds so far.
    pub fn rounds(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Feeds the watchdog at a third of its interval, but only when the writer got on since the last time. Runs until
/// dropped; spawn it only if there is a [`watchdog_interval`].
pub async fn feed_watchdog(progress: Progress, interval: Duration) {
    let mut feeder = Feeder::new(progress);
    // A third: two rounds may be late or lost before systemd acts.
    let mut timer = tokio::time::interval(interval / 3);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        timer.tick().await;
        if feeder.due() {
            send(&[NotifyState::Watchdog]);
        } else {
            tracing::warn!("the writer made no progress; the watchdog is not fed");
        }
    }
}

/// Decides whether the watchdog is fed.
struct Feeder {
    progress: Progress,
    seen: Option<u64>,
}

impl Feeder {
    fn new(progress: Progress) -> Self {
        Self { progress, seen: None }
    }

    fn due(&mut self) -> bool {
        let now = self.progress.rounds();
        // The first time counts as progress: the writer has just been started.
        self.seen.replace(now) != Some(now)
    }
}

fn one_line(text: &str) -> String {
    // A line break would begin another assignment.
    text.replace(['\n', '\r'], " ")
}

fn send(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "systemd does not take the notification");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_progress_feeds_the_watchdog() {
        // A gateway whose writer hangs would look alive for ever and nobody's post would be kept.
        let progress = Progress::default();
        let mut feeder = Feeder::new(progress.clone());
        assert!(feeder.due());
        assert!(!feeder.due());
        progress.tick();
        assert!(feeder.due());
        assert!(!feeder.due());
    }

    #[test]
    fn systemd_hears_what_it_must() {
        // systemd would kill a healthy gateway at start or at reload. The only test that sets this variable.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        std::env::set_var("NOTIFY_SOCKET", &path);
        let hear = |begins: &str| {
            let mut buffer = [0; 512];
            // Other tests of this process may warn the same socket meanwhile: look for ours.
            loop {
                let length = socket.recv(&mut buffer).unwrap();
                let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
                if text.starts_with(begins) {
                    return text;
                }
            }
        };
        ready("on 1883\nX=1");
        assert_eq!(hear("READY"), "READY=1\nSTATUS=on 1883 X=1\n");
        status("fine");
        assert_eq!(hear("STATUS"), "STATUS=fine\n");
        reloading();
        assert!(hear("RELOADING").starts_with("RELOADING=1\nMONOTONIC_USEC="));
        stopping();
        assert_eq!(hear("STOPPING"), "STOPPING=1\n");

        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let progress = Progress::default();
        runtime.block_on(async {
            let feeding = feed_watchdog(progress, Duration::from_millis(30));
            let _ = tokio::time::timeout(Duration::from_millis(60), feeding).await;
        });
        assert_eq!(hear("WATCHDOG"), "WATCHDOG=1\n");
        socket.set_nonblocking(true).unwrap();
        assert!(socket.recv(&mut [0; 64]).is_err(), "fed without progress of the writer");
        std::env::remove_var("NOTIFY_SOCKET");
    }
}
