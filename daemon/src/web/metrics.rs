//! `/metrics` for Prometheus and `/healthz` for whoever watches over the gateway.

use std::fmt::Write as _;
use std::time::Duration;

use hyper::StatusCode;

use super::answer::{Answer, Cache};
use super::Web;

/// How long the writer may take to answer a question before it counts as stuck, in seconds. A commit on a worn SD card can
/// take one or two.
const ANSWER_S_MAX: u64 = 4;

/// Prometheus text exposition format 0.0.4.
pub(super) fn metrics(web: &Web) -> Answer {
    let mut text = web.counters.prometheus();
    let health = web.inbox.health().borrow().clone();
    let neighbours = web.inbox.neighbours().borrow().clone();
    let linked = neighbours.peers.iter().filter(|peer| peer.linked).count() as u64;
    let rows: [(&str, &str, &str, u64); 15] = [
        ("up", "gauge", "1 while the writer runs", (!web.is_writer_gone()).into()),
        ("entries", "gauge", "entries kept", health.entries),
        ("batches", "gauge", "batches kept", health.batches),
        ("items", "gauge", "live needs, offers and notices", health.items),
        ("posts_accepted_total", "counter", "posts kept since start", health.posts_accepted),
        ("posts_refused_total", "counter", "posts refused since start", health.posts_refused),
        ("journal_bytes", "gauge", "bytes of the journal", health.journal_bytes),
        ("disk_free_bytes", "gauge", "free bytes of the journal's file system", health.disk_free_bytes),
        ("queue", "gauge", "messages waiting for the writer", health.queue),
        ("sync_ms", "gauge", "milliseconds the last commit took to sync", health.sync_ms),
        ("uptime_seconds", "counter", "seconds since start", health.uptime_s),
        ("damaged_frames", "gauge", "damaged frames found at the last start", health.damaged),
        ("peers", "gauge", "gateways this one is paired with", neighbours.peers.len() as u64),
        ("peers_linked", "gauge", "of these, linked now", linked),
        ("accepting", "gauge", "1 while ordinary posts are taken", (health.state == "ok").into()),
    ];
    for (name, kind, help, value) in rows {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# HELP commonsd_{name} {help}\n# TYPE commonsd_{name} {kind}\ncommonsd_{name} {value}");
    }
    Answer::new(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text)
}

/// 200 and "ok", or 503 and what is wrong, in a sentence.
pub(super) async fn healthz(web: &Web) -> Answer {
    let state = web.inbox.health().borrow().state;
    let patience = Duration::from_secs(ANSWER_S_MAX);
    let wrong = if web.is_writer_gone() {
        Some("the writer has ended; restart the gateway")
    } else if state == "disk_full" {
        Some("the disk is full; reading goes on, posts are refused; free some space")
    } else if tokio::time::timeout(patience, web.inbox.summary()).await.is_err() {
        Some("the writer does not answer; the disk may be stuck")
    } else {
        None
    };
    let answer = match (wrong, state) {
        (Some(wrong), _) => Answer::text(StatusCode::SERVICE_UNAVAILABLE, format!("{wrong}\n")),
        (None, "disk_low") => Answer::text(StatusCode::OK, "ok, but the disk is nearly full: urgent posts only\n"),
        (None, _) => Answer::text(StatusCode::OK, "ok\n"),
    };
    answer.cached(Cache::Never)
}
