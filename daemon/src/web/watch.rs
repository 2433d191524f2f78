//! Changes of the board as Server-Sent Events (WHATWG HTML, 9.2), for pages and programs that cannot speak MQTT.
//!
//! `hello` first, then `item` for each durable change with `{"kind","id","state"}` (state null when it is gone). `resync`
//! says that changes were missed: list afresh. A watcher that lists after `hello` has missed nothing.

use std::time::Duration;

use bytes::Bytes;
use commons_core::identity::MemberId;
use commons_core::views::item::ItemKind;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{mpsc, watch, OwnedSemaphorePermit};

use super::Web;
use crate::inbox::Change;

/// Watchers at once, at most, over all listeners; each costs a task and a connection.
pub(super) const WATCHERS_MAX: usize = 256;
/// Events waiting for one slow watcher, at most. Beyond it the change feed lags, and the watcher gets `resync`.
const EVENTS_MAX: usize = 16;
/// Seconds between signs of life: finds watchers that left, and keeps proxies and phones from closing the connection.
const ALIVE_S: u64 = 20;

/// Starts the feed of one watcher; it ends when the watcher leaves or the gateway stops.
pub(super) fn start(
    web: &Web,
    only: Option<ItemKind>,
    place: OwnedSemaphorePermit,
    mut stopping: watch::Receiver<bool>,
) -> mpsc::Receiver<Bytes> {
    let (events, receiver) = mpsc::channel(EVENTS_MAX);
    let mut changes = web.inbox.changes();
    tokio::spawn(async move {
        let _place = place;
        let mut event = Bytes::from_static(b"retry: 3000\nevent: hello\ndata: {\"v\":1}\n\n");
        loop {
            if events.send(event).await.is_err() {
                return;
            }
            event = tokio::select! {
                _ = stopping.wait_for(|stop| *stop) => return,
                () = events.closed() => return,
                next = next(&mut changes, only) => match next {
                    Some(event) => event,
                    None => return,
                },
                () = tokio::time::sleep(Duration::from_secs(ALIVE_S)) => Bytes::from_static(b": alive\n\n"),
            };
        }
    });
    receiver
}

/// As [`start`], of one member's own account: `account` with all of it, at first and after each change; ends with his pass.
pub(super) fn start_account(
    web: &Web,
    member: MemberId,
    pass: String,
    place: OwnedSemaphorePermit,
    mut stopping: watch::Receiver<bool>,
) -> mpsc::Receiver<Bytes> {
    let (events, receiver) = mpsc::channel(EVENTS_MAX);
    let inbox = web.inbox.clone();
    // Followed before it is read, so that no change falls in between.
    let mut news = inbox.account_news().follow(member);
    tokio::spawn(async move {
        let _place = place;
        while inbox.who_has(&pass).await == Some(member) {
            let Some(account) = inbox.account(member).await else { return };
            let json = serde_json::to_string(&account).unwrap_or_default();
            let event = format!("event: account\ndata: {json}\n\n");
            if events.send(event.into()).await.is_err() {
                return;
            }
            loop {
                let alive = tokio::select! {
                    _ = stopping.wait_for(|stop| *stop) => return,
                    () = events.closed() => return,
                    live = news.changed() => if live { break } else { return },
                    () = tokio::time::sleep(Duration::from_secs(ALIVE_S)) => Bytes::from_static(b": alive\n\n"),
                };
                if events.send(alive).await.is_err() {
                    return;
                }
            }
        }
    });
    receiver
}

async fn next(changes: &mut tokio::sync::broadcast::Receiver<Change>, only: Option<ItemKind>) -> Option<Bytes> {
    loop {
        match changes.recv().await {
            Ok(change) if only.is_none_or(|kind| kind == change.kind) => return Some(event(&change)),
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => return Some(Bytes::from_static(b"event: resync\ndata: {\"v\":1}\n\n")),
            Err(RecvError::Closed) => return None,
        }
    }
}

fn event(change: &Change) -> Bytes {
    let head = format!("event: item\ndata: {{\"kind\":\"{}\",\"id\":\"{}\",\"state\":", change.kind.name(), change.id);
    let state: &[u8] = match change.json.is_empty() {
        true => b"null",
        false => &change.json,
    };
    let mut bytes = Vec::with_capacity(head.len() + state.len() + 3);
    bytes.extend_from_slice(head.as_bytes());
    // Compact JSON holds no raw line break; one would end the event early, so make sure.
    bytes.extend(state.iter().filter(|byte| !matches!(byte, b'\n' | b'\r')));
    bytes.extend_from_slice(b"}\n\n");
    bytes.into()
}
