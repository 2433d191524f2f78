//! Tells everybody what is new: follows the writer's changes and publishes them, and answers sessions that begin to
//! read with pages of the current state.
//!
//! **An older state never overtakes a newer one.** The writer announces a commit's changes before it answers a question
//! about them. So the herald answers a page request like this: publish what was announced; ask the writer for the page;
//! note the lane's count (the mark); answer. Every live message below the mark is older than the page, and the session
//! sends the page only after them. What was announced meanwhile is published after the mark, one message an item, its
//! last state, which is at least as new as the page.
//!
//! When too much changes at once to follow (the writer's announcements lag), everything is listed and published anew.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use commons_core::identity::RecordId;
use commons_core::topic::{GatewayTopic, Topic};
use commons_core::views::item::{ItemKind, ItemQuery, ItemState, StatusFilter, PAGE_ITEMS_MAX};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::{interval, MissedTickBehavior};

use crate::inbox::Change;

use super::bulletin::{own, sys};
use super::flow::{item_lane, SYS_LANE};
use super::Shared;

/// Page requests that may wait; sessions beyond it wait to ask.
pub const ASKS_MAX: usize = 64;
/// Items gone of late, told to readers who missed messages.
const GONE_MAX: usize = 1_024;
/// How often the summary may change for its readers, and health for its.
const SUMMARY_EVERY: Duration = Duration::from_secs(1);
const HEALTH_EVERY: u32 = 5;
/// How often `$SYS` is published, in seconds, as mosquitto does.
const SYS_EVERY: u32 = 10;

/// A session wants a page of items.
#[derive(Debug)]
pub struct Ask {
    /// Of which kind.
    pub kind: ItemKind,
    /// After which item.
    pub after: Option<RecordId>,
    /// Where to answer.
    pub reply: oneshot::Sender<Page>,
}

/// A page of items.
#[derive(Debug)]
pub struct Page {
    /// At most `PAGE_ITEMS_MAX`; fewer = the last page.
    pub items: Vec<Arc<ItemState>>,
    /// Items of this kind that are gone of late.
    pub gone: Vec<Arc<str>>,
    /// All messages of the lane below this number are older than the page.
    pub mark: u64,
}

struct Herald {
    shared: Arc<Shared>,
    changes: broadcast::Receiver<Change>,
    /// What readers have been told of, to tell them what is gone after a lag. 32 bytes an item.
    known: [BTreeSet<[u8; 32]>; 3],
    gone: VecDeque<(ItemKind, Arc<str>)>,
    changed: bool,
}

/// Runs until the door closes.
pub async fn run(shared: Arc<Shared>, asks: &mut mpsc::Receiver<Ask>) {
    let mut health = shared.inbox.health();
    let mut closing = shared.closing.subscribe();
    let mut herald = Herald {
        changes: shared.inbox.changes(),
        shared,
        known: Default::default(),
        gone: VecDeque::new(),
        changed: true,
    };
    herald.introduce();
    herald.relist(false).await;
    let mut tick = interval(SUMMARY_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seconds = 0u32;
    loop {
        tokio::select! {
            change = herald.changes.recv() => match change {
                Ok(change) => herald.publish_with(Some(change)).await,
                Err(RecvError::Lagged(_)) => herald.relist(true).await,
                // The writer has ended; so does the process.
                Err(RecvError::Closed) => return,
            },
            ask = asks.recv() => match ask {
                Some(ask) => herald.answer(ask).await,
                None => return,
            },
            () = async { let _ = closing.wait_for(|closing| *closing).await; } => return,
            _ = tick.tick() => {
                if herald.changed {
                    herald.changed = false;
                    let summary = herald.shared.inbox.summary().await;
                    herald.set("summary", Topic::Summary, &summary);
                }
                if seconds.is_multiple_of(HEALTH_EVERY) {
                    let now = health.borrow_and_update().clone();
                    if now.v > 0 {
                        herald.set("health", Topic::Gateway(GatewayTopic::Health), &now);
                    }
                }
                if seconds.is_multiple_of(SYS_EVERY) && herald.shared.flow.is_read(SYS_LANE) {
                    herald.count_retained().await;
                    for (topic, payload) in sys(&herald.shared) {
                        herald.shared.flow.post(SYS_LANE, &own(&topic, &payload));
                    }
                }
                seconds = seconds.wrapping_add(1);
            }
        }
    }
}

impl Herald {
    fn set(&self, key: &'static str, topic: Topic<'_>, value: &impl serde::Serialize) {
        if let (Some(topic), Ok(json)) = (topic.text(), serde_json::to_vec(value)) {
            self.shared.bulletin.set(&self.shared.flow, key, topic, Bytes::from(json));
        }
    }

    fn introduce(&self) {
        let about = self.shared.about.as_ref();
        self.set("state", Topic::Gateway(GatewayTopic::State), &serde_json::json!({"v": 1, "state": "online"}));
        self.set("info", Topic::Gateway(GatewayTopic::Info), about);
        self.set("peers", Topic::Gateway(GatewayTopic::Peers), &serde_json::json!({"v": 1, "peers": []}));
        if self.shared.config.home_assistant {
            let short: String = about.id.chars().take(8).collect();
            let node = format!("commons_{short}");
            self.set("discovery", Topic::Discovery(&node), &discovery(&node, about));
        }
    }

    /// Publishes a change and all that wait behind it, the last state of each item only.
    async fn publish_with(&mut self, first: Option<Change>) {
        let mut latest: BTreeMap<(u8, Arc<str>), Change> = BTreeMap::new();
        let mut keep = |change: Change| latest.insert((change.kind as u8, change.id.clone()), change);
        if let Some(change) = first {
            keep(change);
        }
        let lagged = loop {
            match self.changes.try_recv() {
                Ok(change) => {
                    keep(change);
                }
                Err(TryRecvError::Lagged(_)) => break true,
                Err(_) => break false,
            }
        };
        for change in latest.into_values() {
            self.publish(change.kind, &change.id, &change.json);
        }
        if lagged {
            Box::pin(self.relist(true)).await;
        }
    }

    fn publish(&mut self, kind: ItemKind, id: &Arc<str>, json: &[u8]) {
        let lane = item_lane(kind);
        if let Some(RecordId(bytes)) = RecordId::parse(id) {
            if json.is_empty() {
                self.known[lane].remove(&bytes);
            } else {
                self.known[lane].insert(bytes);
            }
        }
        if json.is_empty() {
            self.gone.push_back((kind, id.clone()));
            if self.gone.len() > GONE_MAX {
                self.gone.pop_front();
            }
        }
        self.changed = true;
        if let Some(topic) = Topic::Item(kind, id).text() {
            self.shared.flow.post(lane, &own(&topic, json));
        }
    }

    /// Lists everything; tells what is there and what is there no more, if anybody may have missed it.
    async fn relist(&mut self, tell: bool) {
        // What was announced so far is in the lists to come.
        self.changes = self.shared.inbox.changes();
        for &kind in ItemKind::ALL {
            let lane = item_lane(kind);
            let mut listed = BTreeSet::new();
            let mut after = None;
            loop {
                let items = list(&self.shared, kind, after.take()).await;
                for item in &items {
                    if let Some(RecordId(bytes)) = RecordId::parse(&item.id) {
                        listed.insert(bytes);
                    }
                    if tell {
                        let json = serde_json::to_vec(item.as_ref()).unwrap_or_default();
                        self.publish(kind, &Arc::from(item.id.as_str()), &json);
                    }
                }
                // A list that never ends would be a fault of the writer; an id listed twice ends it.
                after = items.last().and_then(|item| RecordId::parse(&item.id));
                if items.len() < PAGE_ITEMS_MAX || after.is_none() {
                    break;
                }
            }
            let before = std::mem::replace(&mut self.known[lane], listed);
            if tell {
                let gone: Vec<_> = before.difference(&self.known[lane]).copied().collect();
                for id in gone {
                    self.publish(kind, &Arc::from(RecordId(id).to_string()), &[]);
                }
            }
        }
        self.changed = true;
    }

    /// How many messages are retained, for `$SYS`.
    async fn count_retained(&self) {
        let mut count = self.known.iter().map(BTreeSet::len).sum::<usize>() as u64;
        let mut after = None;
        // The store bounds how many there are; so many pages hold the most it may be told to keep.
        for _ in 0..self.shared.config.local_retained_max / 256 + 1 {
            let page = self.shared.inbox.retained_after(after.take()).await;
            count += page.len() as u64;
            after = page.last().map(|message| message.topic.clone());
            if after.is_none() {
                break;
            }
        }
        let gauge = &self.shared.gauges.retained;
        let before = gauge.get();
        gauge.add(count.saturating_sub(before));
        gauge.sub(before.saturating_sub(count));
    }

    async fn answer(&mut self, ask: Ask) {
        self.publish_with(None).await;
        let items = list(&self.shared, ask.kind, ask.after).await;
        let gone = self.gone.iter().filter(|(kind, _)| *kind == ask.kind);
        let page = Page {
            items,
            gone: gone.map(|(_, id)| id.clone()).collect(),
            mark: self.shared.flow.sent(item_lane(ask.kind)),
        };
        // Nobody listens any more: the session is gone.
        let _ = ask.reply.send(page);
        self.publish_with(None).await;
    }
}

async fn list(shared: &Shared, kind: ItemKind, after: Option<RecordId>) -> Vec<Arc<ItemState>> {
    shared
        .inbox
        .list(ItemQuery {
            kind: Some(kind),
            status: StatusFilter::All,
            limit: PAGE_ITEMS_MAX,
            after,
            by_id: true,
            ..ItemQuery::default()
        })
        .await
}

/// Home Assistant's device discovery (its documentation, "MQTT discovery", device payload).
fn discovery(node: &str, about: &crate::about::About) -> serde_json::Value {
    let urgent = "{{ value_json.needs.now | default(0) }}";
    let open = "{{ value_json.needs.values() | sum }}";
    let sensor = |name: &str, template: &str| {
        serde_json::json!({
            "platform": "sensor",
            "name": name,
            "unique_id": format!("{node}_{}", name.to_lowercase().replace(' ', "_")),
            "state_topic": "commons/board/summary",
            "value_template": template,
        })
    };
    serde_json::json!({
        "device": {"identifiers": [node], "name": about.name, "manufacturer": "commonsd", "sw_version": about.version},
        "origin": {"name": "commonsd", "sw_version": about.version},
        "availability": [{
            "topic": "commons/gateway/state",
            "value_template": "{{ value_json.state }}",
        }],
        "components": {
            "needs": sensor("Open needs", open),
            "urgent": sensor("Urgent needs", urgent),
            "offers": sensor("Offers", "{{ value_json.offers }}"),
            "notices": sensor("Notices", "{{ value_json.notices }}"),
        },
    })
}
