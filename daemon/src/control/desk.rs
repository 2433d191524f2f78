//! Answers requests by asking the writer through its inbox. The same desk serves the socket of a running gateway and,
//! as [`Offline`], the store of a stopped one.

use std::sync::Arc;

use commons_core::identity::{GatewayId, RecordId};
use commons_core::log::Age;
use commons_core::receipt::Receipt;
use commons_core::record::{Category, Kind, Urgency};
use commons_core::submission::{Refused, Sender, Submission};
use commons_core::sync::StoreEpoch;
use commons_core::views::item::{ItemKind, ItemQuery, ItemState, Status, StatusFilter, PAGE_ITEMS_MAX};
use serde_json::{json, Value};

use super::request::{fulfilled, granted, refusal, Reply, Request, VERSION};
use super::status::{copied, report};
use super::text::{digits_to_bytes, text_to_bytes, text_to_log};
use super::Answerer;
use crate::about::About;
use crate::config::Reloaded;
use crate::counters::Counters;
use crate::inbox::{Carrier, Change, ControlRequest, Inbox};
use crate::neighbours::{Office, Wish};

/// Reads the configuration again, applies it, and says what changed; or why not.
pub type Reload = Arc<dyn Fn() -> Result<Reloaded, String> + Send + Sync>;

/// Who answers. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    pub(super) inbox: Inbox,
    pub(super) about: Arc<About>,
    counters: Arc<Counters>,
    reload: Option<Reload>,
    office: Option<Office>,
    running: bool,
}

impl Desk {
    /// A desk of a running gateway.
    pub fn new(inbox: Inbox, about: Arc<About>, counters: Arc<Counters>) -> Self {
        Self { inbox, about, counters, reload: None, office: None, running: true }
    }

    /// Lets it reload, with the function that SIGHUP calls too.
    #[must_use]
    pub fn with_reload(mut self, reload: Reload) -> Self {
        self.reload = Some(reload);
        self
    }

    /// Lets it speak of other gateways.
    #[must_use]
    pub fn with_office(mut self, office: Office) -> Self {
        self.office = Some(office);
        self
    }

    /// A desk over the store of a stopped gateway: `status` says that it is not running.
    #[must_use]
    pub fn stopped(mut self) -> Self {
        self.running = false;
        self
    }

    /// The answer. `Watch` is answered by [`super::serve()`], which owns the connection.
    pub async fn answer(&self, request: Request) -> Reply {
        if let Some(wish) = request.wish() {
            return match &self.office {
                Some(office) => fulfilled(office(wish).await),
                None => refusal("no_links", "this gateway has no links to others"),
            };
        }
        match request {
            Request::Status {} => self.status().await,
            Request::About {} => granted("about", &*self.about),
            Request::List { kind, status, category, urgency, limit, after } => {
                match query(&kind, &status, &category, &urgency, limit, &after) {
                    Ok(query) => granted("items", values(&self.inbox.list(query).await)),
                    Err(field) => refusal("wrong_value", &format!("\"{field}\" has an unknown value")),
                }
            }
            Request::Stock {} => granted("stock", self.inbox.stock().await),
            Request::Pots {} => granted("pots", &*self.inbox.pots().await),
            Request::Scorecard {} => granted("scorecard", &*self.inbox.scorecard().await),
            Request::Item { id } => match self.inbox.item(&id).await {
                Some(item) => granted("item", &*item),
                None => refusal("unknown_item", "there is no such item, or the id is cut too short"),
            },
            Request::Post { kind, payload } => self.post(&kind, payload).await,
            request @ (Request::Signed { .. }
            | Request::Covenant {}
            | Request::Members { .. }
            | Request::Account { .. }
            | Request::Forks { .. }
            | Request::Decisions {}
            | Request::GoingOn { .. }
            | Request::LedgerTo { .. }
            | Request::PassQuestion {}
            | Request::Pass { .. }) => self.account(request).await,
            Request::Watch {} => refusal("not_running", "only a running gateway can be watched"),
            Request::Backup { to } => {
                let answer = self.inbox.control(ControlRequest::Backup { to }).await;
                answer.map_or_else(silent, stamped)
            }
            // Answered above.
            request @ (Request::Standing {}
            | Request::Told { .. }
            | Request::CarryOut { .. }
            | Request::CarryIn { .. }
            | Request::CarryFork { .. }
            | Request::Seal { .. }) => self.carry(request).await,
            Request::Peers {}
            | Request::PeerInvite {}
            | Request::PeerAdd { .. }
            | Request::PeerOnly { .. }
            | Request::PeerRemove { .. } => refusal("no_links", "this gateway has no links to others"),
            Request::Reload {} => match self.reload.as_ref().map(|reload| reload()) {
                Some(Ok(reloaded)) => json!({
                    "v": VERSION, "ok": true, "changed": reloaded.changed, "restart": reloaded.restart,
                    "warnings": reloaded.warnings,
                }),
                Some(Err(message)) => refusal("bad_configuration", &message),
                None => refusal("not_running", "only a running gateway can reload"),
            },
        }
    }

    /// What is carried by hand; see [`crate::bundle`].
    async fn carry(&self, request: Request) -> Reply {
        let malformed = || refusal("wrong_value", "the request does not parse");
        let request = match request {
            Request::Standing {} => ControlRequest::Standing,
            Request::Told { peer } => {
                let Some(peer) = GatewayId::parse(&peer) else { return malformed() };
                ControlRequest::Told { peer }
            }
            Request::CarryOut { ranges } => {
                let ranges = ranges.into_iter().map(|(log, from, to)| Some((text_to_log(&log)?, from, to)));
                let Some(ranges) = ranges.collect() else { return malformed() };
                ControlRequest::CarryOut { ranges }
            }
            Request::CarryFork { log, place } => {
                let Some(log) = text_to_log(&log) else { return malformed() };
                ControlRequest::CarryFork { log, place }
            }
            Request::Seal { what, digest } => {
                let (Some(digest), "bundle" | "receipt") = (digits_to_bytes(&digest), what.as_str()) else {
                    return malformed();
                };
                ControlRequest::Seal { bundle: what == "bundle", digest }
            }
            Request::CarryIn { gateway, store, age, frame } => {
                let (Some(gateway), Some(frame)) = (GatewayId::parse(&gateway), text_to_bytes(&frame)) else {
                    return malformed();
                };
                let from = Carrier { gateway, store: StoreEpoch(store), age: Age(age) };
                return match self.inbox.carry_in(from, frame).await {
                    Some(taken) => json!({
                        "v": VERSION, "ok": true, "batches": taken.batches, "entries": taken.entries,
                        "refused": taken.refused,
                    }),
                    None => silent(),
                };
            }
            _ => return malformed(),
        };
        self.inbox.control(request).await.map_or_else(silent, stamped)
    }

    /// Follows changes.
    pub(super) fn changes(&self) -> tokio::sync::broadcast::Receiver<Change> {
        self.inbox.changes()
    }

    async fn status(&self) -> Reply {
        let writer = self.inbox.control(ControlRequest::Status).await;
        let summary = self.inbox.summary().await;
        let health = self.inbox.health().borrow().clone();
        let sessions = self.counters.mqtt_sessions.get();
        let mut report = report(&self.about, &health, &summary, sessions, self.running, writer);
        if let Some(office) = &self.office {
            if let Ok(mut list) = office(Wish::List).await {
                report["peers"] = list["peers"].take();
                report["near"] = list["near"].take();
                if let (true, Some(problems)) = (list["copied"] == true, report["problems"].as_array_mut()) {
                    problems.push(serde_json::to_value(copied()).unwrap_or_default());
                }
            }
        }
        report
    }

    async fn post(&self, kind: &str, payload: Value) -> Reply {
        // Who may open the socket owns the data: no quota. No token: the same command run twice is one post.
        let sender = local();
        let parsed = match (payload, Kind::parse(kind)) {
            (Value::String(text), _) => Submission::parse(kind, text.as_bytes(), sender),
            (object @ Value::Object(_), Some(kind)) => Submission::from_json(kind, object, sender),
            (other, _) => Submission::parse(kind, other.to_string().as_bytes(), sender),
        };
        self.submit(parsed).await
    }

    pub(super) async fn submit(&self, parsed: Result<Submission, Refused>) -> Reply {
        let receipt = match parsed {
            Ok(submission) => {
                let reference = submission.reference.clone();
                Receipt::of(&self.inbox.submit(submission).await, &reference)
            }
            Err(refused) => Receipt::of(&Err(refused.rejection), &refused.reference),
        };
        serde_json::to_value(receipt).unwrap_or_default()
    }
}

/// Whoever may open the socket.
pub(super) fn local() -> Sender {
    Sender { key: "local".into(), person: "local".into(), once: String::new(), exempt: true }
}

/// An item's change as `watch` sends it.
pub(super) fn change_line(change: &Change) -> Value {
    json!({
        "v": VERSION,
        "change": {
            "kind": change.kind.name(),
            "id": &*change.id,
            "state": change.state.as_deref(),
        },
    })
}

fn values(items: &[Arc<ItemState>]) -> Vec<&ItemState> {
    items.iter().map(|item| &**item).collect()
}

pub(super) fn silent() -> Reply {
    refusal("writer_silent", "the writer has ended; see `commonsd status`")
}

/// The writer's own answer, made one of ours where it forgot.
pub(super) fn stamped(answer: Value) -> Reply {
    match answer {
        Value::Object(mut object) => {
            object.entry("v").or_insert(VERSION.into());
            object.entry("ok").or_insert(true.into());
            Value::Object(object)
        }
        other => granted("answer", other),
    }
}

/// The query, or the field that names something unknown.
fn query(
    kind: &Option<String>,
    status: &Option<String>,
    category: &Option<String>,
    urgency: &Option<String>,
    limit: Option<usize>,
    after: &Option<String>,
) -> Result<ItemQuery, &'static str> {
    fn known<T>(
        field: &'static str,
        word: &Option<String>,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, &'static str> {
        word.as_deref().map(|word| parse(word).ok_or(field)).transpose()
    }
    Ok(ItemQuery {
        kind: known("kind", kind, ItemKind::parse)?,
        status: match status.as_deref() {
            None | Some("live") => StatusFilter::Live,
            Some("all") => StatusFilter::All,
            Some(word) => StatusFilter::Only(Status::parse(word).ok_or("status")?),
        },
        category: known("category", category, Category::parse)?,
        urgency: known("urgency", urgency, Urgency::parse)?,
        limit: limit.unwrap_or(PAGE_ITEMS_MAX).min(PAGE_ITEMS_MAX),
        after: known("after", after, RecordId::parse)?,
    })
}

/// A desk with a small runtime of its own, for commands on a stopped gateway. `keep` is dropped last: the writer's
/// thread, the store's lock.
pub struct Offline {
    desk: Desk,
    runtime: tokio::runtime::Runtime,
    _keep: Box<dyn std::any::Any>,
}

impl Offline {
    /// Over a desk whose writer runs on a thread of its own.
    pub fn new(desk: Desk, keep: Box<dyn std::any::Any>) -> std::io::Result<Self> {
        Ok(Self {
            desk: desk.stopped(),
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build()?,
            _keep: keep,
        })
    }
}

impl Answerer for Offline {
    fn answer(&mut self, request: &Request) -> std::io::Result<Reply> {
        Ok(self.runtime.block_on(self.desk.answer(request.clone())))
    }
}
