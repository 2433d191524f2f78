//! Tells everybody what is new: follows the writer's changes and publishes them, and answers sessions that begin to
//! read with pages of the current state.
//!
//! **An older state never overtakes a newer one.** All states come from the writer through this one task, in turn. It
//! answers a page request like this: ask the writer for the page; note the lane's count (the mark); answer. Every live
//! message below the mark was read before the page and is older, and the session sends the page only after them. What is
//! published after the mark was read after the page.
//!
//! A flood is told at the speed of the readers (see [`crate::news`]): while a lane is full the herald waits for a moment,
//! and items that change meanwhile are told once, as they are then.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use commons_core::topic::{GatewayTopic, Topic};
use commons_core::views::board::Touched;
use commons_core::views::item::{ItemKind, ItemState};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{interval, timeout, MissedTickBehavior};

use crate::news::News;

use super::bulletin::{own, sys};
use super::flow::{item_lane, SYS_LANE};
use super::{shared, Shared};

/// Page requests that may wait; sessions beyond it wait to ask.
pub const ASKS_MAX: usize = 64;
/// Items gone of late, told to readers who missed messages.
const GONE_MAX: usize = 1_024;
/// Items told of in one go, between which page requests have their turn.
const TOLD_AT_ONCE_MAX: usize = 128;
/// How long one go waits for readers of a full lane. Guess: long enough for a reader that keeps up, and one that does not
/// still leaves 6,000 items a second to the others.
const ROOM_WITHIN: Duration = Duration::from_millis(20);
/// How often the summary may change for its readers, and health for its.
const SUMMARY_EVERY: Duration = Duration::from_secs(1);
const HEALTH_EVERY: u32 = 5;
/// How often stock and scorecard may change for their readers, in seconds, and how often they are looked at although nobody
/// said anything: a month ends by itself.
const SHARED_EVERY: u32 = 2;
const SHARED_AT_LEAST_EVERY: u32 = 60;
/// How often `$SYS` is published, in seconds, as mosquitto does.
const SYS_EVERY: u32 = 10;

/// A session wants a page of items.
#[derive(Debug)]
pub struct Ask {
    /// Of which kind.
    pub kind: ItemKind,
    /// From which place on.
    pub from: u32,
    /// Where to answer.
    pub reply: oneshot::Sender<Page>,
}

/// A page of items.
#[derive(Debug)]
pub struct Page {
    /// At most `PAGE_ITEMS_MAX`.
    pub items: Vec<Arc<ItemState>>,
    /// Where the next page begins; none = this is the last one.
    pub next: Option<u32>,
    /// Items of this kind that are gone of late.
    pub gone: Vec<Arc<str>>,
    /// All messages of the lane below this number are older than the page.
    pub mark: u64,
}

struct Herald {
    shared: Arc<Shared>,
    news: News,
    gone: VecDeque<(ItemKind, Arc<str>)>,
    changed: bool,
    /// Entries there were when stock and scorecard were told last.
    shared_of: Option<u64>,
}

/// Runs until the door closes.
pub async fn run(shared: Arc<Shared>, asks: &mut mpsc::Receiver<Ask>) {
    let mut health = shared.inbox.health();
    let mut closing = shared.closing.subscribe();
    let mut neighbours = shared.inbox.neighbours();
    let mut herald =
        Herald { news: shared.inbox.news(), shared, gone: VecDeque::new(), changed: true, shared_of: None };
    herald.introduce();
    let news = herald.news.clone();
    let mut tick = interval(SUMMARY_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seconds = 0u32;
    loop {
        tokio::select! {
            () = news.wait() => herald.tell().await,
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
                if neighbours.has_changed().unwrap_or(false) {
                    let now = neighbours.borrow_and_update().clone();
                    herald.set("peers", Topic::Gateway(GatewayTopic::Peers), &now);
                }
                if seconds.is_multiple_of(SHARED_EVERY) {
                    let entries = health.borrow().entries;
                    herald.tell_shared(entries, seconds.is_multiple_of(SHARED_AT_LEAST_EVERY)).await;
                }
                if seconds.is_multiple_of(HEALTH_EVERY) {
                    let now = health.borrow_and_update().clone();
                    if now.v > 0 {
                        herald.set("health", Topic::Gateway(GatewayTopic::Health), &now);
                    }
                }
                if seconds.is_multiple_of(SYS_EVERY) && herald.shared.flow.is_read(SYS_LANE) {
                    let items = health.borrow().items;
                    herald.count_retained(items).await;
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
        self.set("peers", Topic::Gateway(GatewayTopic::Peers), &*self.shared.inbox.neighbours().borrow());
        if self.shared.config.home_assistant {
            let short: String = about.id.chars().take(8).collect();
            let node = format!("commons_{short}");
            self.set("discovery", Topic::Discovery(&node), &discovery(&node, about));
        }
    }

    /// Tells of some items that have changed, as they are now.
    async fn tell(&mut self) {
        let mut patient = true;
        self.changed = true;
        let taken = self.news.take(TOLD_AT_ONCE_MAX);
        let (gone, changed): (Vec<_>, Vec<_>) = taken.into_iter().partition(|(_, gone)| *gone);
        for (Touched { kind, id }, _) in gone {
            let id: Arc<str> = id.to_string().into();
            self.publish(kind, &id, &[], &mut patient).await;
            self.gone.push_back((kind, id));
            if self.gone.len() > GONE_MAX {
                self.gone.pop_front();
            }
        }
        // Who begins to read from here on is shown a page that has them.
        let read = changed.into_iter().map(|(item, _)| item).filter(|item| self.is_read(item.kind)).collect::<Vec<_>>();
        if read.is_empty() {
            return;
        }
        for state in self.shared.inbox.states(read).await {
            let Some(kind) = ItemKind::parse(state.kind) else { continue };
            let json = serde_json::to_vec(state.as_ref()).unwrap_or_default();
            self.publish(kind, &state.id, &json, &mut patient).await;
        }
    }

    /// What the block has together, and how it gives and takes: when anything at all was said since.
    async fn tell_shared(&mut self, entries: u64, anyway: bool) {
        if self.shared_of == Some(entries) && !anyway {
            return;
        }
        self.shared_of = Some(entries);
        let inbox = self.shared.inbox.clone();
        self.set("stock", Topic::Stock, &shared::stock(&inbox.stock().await, &inbox.pots().await));
        self.set("scorecard", Topic::Scorecard, &shared::scorecard(&*inbox.scorecard().await));
    }

    fn is_read(&self, kind: ItemKind) -> bool {
        self.shared.flow.is_read(item_lane(kind))
    }

    async fn publish(&self, kind: ItemKind, id: &str, json: &[u8], patient: &mut bool) {
        let (lane, flow) = (item_lane(kind), &self.shared.flow);
        let Some(topic) = Topic::Item(kind, id).text() else { return };
        let batch = own(&topic, json);
        if flow.offer(lane, &batch) {
            return;
        }
        if *patient {
            *patient = timeout(ROOM_WITHIN, flow.room(lane)).await.is_ok();
        }
        flow.post(lane, &batch);
    }

    /// How many messages are retained, for `$SYS`.
    async fn count_retained(&self, items: u64) {
        let mut count = items;
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

    async fn answer(&self, ask: Ask) {
        let (items, next) = self.shared.inbox.page(ask.kind, ask.from).await;
        let gone = self.gone.iter().filter(|(kind, _)| *kind == ask.kind);
        let page = Page {
            items,
            next,
            gone: gone.map(|(_, id)| id.clone()).collect(),
            mark: self.shared.flow.sent(item_lane(ask.kind)),
        };
        // Nobody listens any more: the session is gone.
        let _ = ask.reply.send(page);
    }
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
