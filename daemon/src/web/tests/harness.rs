//! A room with a scripted writer, and a client that speaks HTTP by hand.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use commons_core::admission::Rejection;
use commons_core::identity::RecordId;
use commons_core::ledger::PotState;
use commons_core::receipt::Accepted;
use commons_core::record::Kind;
use commons_core::scorecard::ScorecardState;
use commons_core::views::item::{AlertState, ClaimState, ItemState, LineState, Qty};
use commons_core::views::shelves::ShelfState;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::about::About;
use crate::config::Config;
use crate::counters::Counters;
use crate::inbox::{self, Health, Message, Outlet};
use crate::web::{serve, Web, WebSocketAcceptor};

/// Ten times what the slowest answer takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What the scripted writer knows and was told.
#[derive(Default)]
pub struct Script {
    pub items: Vec<ItemState>,
    pub covenants: Vec<inbox::Covenant>,
    pub refuse: Option<Rejection>,
    pub posts: Vec<(Kind, String)>,
    pub codeless_repeats: bool,
    pub shelves: Vec<ShelfState>,
    pub pots: Vec<PotState>,
    pub card: ScorecardState,
    /// What the writer says of itself.
    pub status: serde_json::Value,
    seen: HashSet<String>,
}

pub struct Gateway {
    pub at: SocketAddr,
    pub script: Arc<Mutex<Script>>,
    pub counters: Arc<Counters>,
    pub changes: tokio::sync::broadcast::Sender<inbox::Change>,
    pub health: Arc<tokio::sync::watch::Sender<Health>>,
    pub served: tokio::task::JoinHandle<()>,
    pub writer: tokio::task::JoinHandle<()>,
    pub stop: Option<oneshot::Sender<()>>,
    pub web: Web,
}

impl Gateway {
    pub async fn start(items: Vec<ItemState>) -> Self {
        Self::configured(items, Config::default(), Arc::new(|_, _| {})).await
    }

    pub async fn configured(items: Vec<ItemState>, config: Config, websocket: WebSocketAcceptor) -> Self {
        Self::bound("127.0.0.1:0", items, config, websocket).await
    }

    pub async fn bound(bind: &str, items: Vec<ItemState>, config: Config, websocket: WebSocketAcceptor) -> Self {
        let listener = TcpListener::bind(bind).await.unwrap();
        let at = listener.local_addr().unwrap();
        let (inbox, outlet) = inbox::channel();
        let Outlet { mut receiver, changes, health, .. } = outlet;
        health.send_replace(Health {
            v: 1,
            state: "ok",
            clock: "2026-11-20T12:25:00Z".into(),
            clock_certainty: "synchronised",
            ..Health::default()
        });
        let script = Arc::new(Mutex::new(Script { items, ..Script::default() }));
        let known = script.clone();
        let writer = tokio::spawn(async move {
            while let Some(message) = receiver.recv().await {
                handle(&mut known.lock().unwrap(), message);
            }
        });
        let about = About {
            v: 1,
            name: "Maple <b>Street</b>".into(),
            id: "ab".repeat(32),
            network: "commons".into(),
            version: "0.1.0",
            mqtt: vec!["10.44.7.1:1883".parse().unwrap()],
            http: vec![at],
            page: format!("http://{at}/"),
        };
        let counters = Arc::new(Counters::default());
        let web = Web::new(inbox, about, config, counters.clone(), websocket);
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(serve(listener, web.clone(), async {
            let _ = stopped.await;
        }));
        Self { at, script, counters, changes, health: Arc::new(health), served, writer, stop: Some(stop), web }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.at)).await
    }

    pub async fn post(&self, path: &str, kind: &str, body: &str) -> Reply {
        self.post_with(path, kind, "", body).await
    }

    pub async fn post_with(&self, path: &str, kind: &str, more: &str, body: &str) -> Reply {
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{more}Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            self.at,
            body.len()
        ))
        .await
    }

    pub async fn form(&self, path: &str, body: &str) -> Reply {
        self.post(path, "application/x-www-form-urlencoded", body).await
    }

    pub async fn send(&self, request: &str) -> Reply {
        let mut stream = TcpStream::connect(self.at).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        read_all(&mut stream).await
    }
}

/// Reads one answer of a connection that the gateway closes.
pub async fn read_all(stream: &mut TcpStream) -> Reply {
    let mut bytes = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes))
        .await
        .expect("the gateway closes the connection in time")
        .ok();
    Reply::parse(&bytes)
}

fn handle(script: &mut Script, message: Message) {
    match message {
        Message::Submit(submission, reply) => {
            let mut sender = submission.sender.key.clone();
            if !submission.sender.once.is_empty() {
                sender = format!("{sender}:{}", submission.sender.once);
            }
            script.posts.push((submission.kind, sender.clone()));
            let repeat = sender.matches(':').count() > 1 && !script.seen.insert(sender);
            let id = RecordId([7; 32]);
            let outcome = match &script.refuse {
                Some(rejection) => Err(rejection.clone()),
                None => Ok(Accepted {
                    id,
                    kind: submission.kind,
                    item: id,
                    code: (!(repeat && script.codeless_repeats)).then(|| "lamp river seven".into()),
                    duplicate: repeat,
                    reference: submission.reference.clone(),
                    contact: (submission.kind == Kind::Start).then(|| "ring twice <i>".into()),
                }),
            };
            let _ = reply.send(outcome);
        }
        Message::Item(id, reply) => {
            let found = script.items.iter().find(|item| id.len() >= 8 && item.id.starts_with(&id));
            let _ = reply.send(found.cloned().map(Arc::new));
        }
        Message::List(query, reply) => {
            let all = script.items.iter();
            let mut found: Vec<_> = all
                .filter(|item| query.kind.is_none_or(|kind| kind.name() == item.kind))
                .filter(|item| query.category.is_none_or(|one| one.name() == item.category))
                .filter(|item| query.urgency.is_none_or(|one| one.name() == item.urgency))
                .cloned()
                .map(Arc::new)
                .collect();
            if let Some(after) = query.after.map(|id| id.to_string()) {
                let at = found.iter().position(|item| item.id == after);
                found.drain(..at.map_or(0, |at| at + 1));
            }
            found.truncate(query.limit.min(256));
            let _ = reply.send(found);
        }
        Message::Stock(reply) => drop(reply.send(script.shelves.clone())),
        Message::Pots(reply) => drop(reply.send(script.pots.clone().into())),
        Message::Scorecard(reply) => drop(reply.send(Arc::new(script.card.clone()))),
        Message::Covenants(reply) => drop(reply.send(script.covenants.clone())),
        Message::Personal(_, reply) => drop(reply.send(None)),
        Message::Control(_, reply) => drop(reply.send(script.status.clone())),
        Message::Summary(reply) => {
            let _ = reply.send(Default::default());
        }
        _ => {}
    }
}

/// An answer, taken apart.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Reply {
    pub fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        Self {
            status: head.get(9..12).and_then(|s| s.parse().ok()).unwrap_or(0),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    pub fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).next().unwrap_or_default()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }
}

/// An item whose id is made from `n`.
pub fn item(kind: &'static str, n: u8, text: &str) -> ItemState {
    let notice = kind == "notice";
    ItemState {
        v: 1,
        id: RecordId([n; 32]).to_string(),
        kind,
        text: text.into(),
        status: if notice { "active" } else { "open" },
        urgency: "today",
        category: "food",
        zone: "stairwell B".into(),
        lines: vec![LineState { item: "rice".into(), unit: "kg".into(), qty: Qty(1_500) }],
        slots: if notice { 0 } else { 2 },
        filled: 0,
        claims: Vec::new(),
        standing: false,
        tags: vec!["speaks arabic".into()],
        lang: String::new(),
        window: None,
        contact: !notice,
        sealed: String::new(),
        epochs: None,
        assign_by: if notice { "" } else { "home_gateway" },
        repeat: String::new(),
        see: String::new(),
        alert: notice.then(|| AlertState {
            status: "actual",
            severity: "severe",
            certainty: "observed",
            voices: 1,
            info: Vec::new(),
        }),
        created: "2026-11-20T10:25:00Z".into(),
        lived_s: 0,
        expires_s: 500_000,
        gateway: "abababab".into(),
        by: "guest",
        author: None,
        reference: String::new(),
        reached: None,
    }
}

pub fn claim(n: u8, status: &'static str, message: &str) -> ClaimState {
    ClaimState {
        id: RecordId([n; 32]).to_string(),
        status,
        message: message.into(),
        gateway: "abababab".into(),
        created: "2026-11-20T12:20:00Z".into(),
        lived_s: 0,
        author: None,
        key: None,
        slot: None,
        sealed: String::new(),
    }
}
