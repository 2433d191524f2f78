//! The local protocol over a real socket, with a stand-in for the writer.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use commons_core::admission::Rejection;
use commons_core::views::item::{ItemKind, Summary};
use serde_json::{json, Value};

use super::request::REQUEST_BYTES_MAX;
use super::*;
use crate::about::About;
use crate::inbox::{self, Change, ControlRequest, Health, Message};

fn about() -> Arc<About> {
    Arc::new(About {
        v: 1,
        name: "Block C".into(),
        id: "ab".repeat(32),
        network: "commons".into(),
        version: "0.1.0",
        mqtt: Vec::new(),
        http: Vec::new(),
        page: String::new(),
    })
}

/// A gateway whose writer knows only what these tests ask; ends with the folder's owner.
struct Gateway {
    changes: tokio::sync::broadcast::Sender<Change>,
    _runtime: tokio::runtime::Runtime,
}

fn desk() -> (Desk, inbox::Outlet) {
    let (inbox, outlet) = inbox::channel();
    let desk = Desk::new(inbox, about(), Arc::default());
    (desk, outlet)
}

async fn write(mut outlet: inbox::Outlet) {
    while let Some(message) = outlet.receiver.recv().await {
        match message {
            Message::Submit(_, reply) => drop(reply.send(Err(Rejection::StorageFull))),
            Message::Item(_, reply) => drop(reply.send(None)),
            Message::List(query, reply) => {
                assert_eq!(query.kind, Some(ItemKind::Need));
                drop(reply.send(Vec::new()));
            }
            Message::Stock(reply) => drop(reply.send(Vec::new())),
            Message::Pots(reply) => drop(reply.send(Default::default())),
            Message::Scorecard(reply) => drop(reply.send(Default::default())),
            Message::Personal(_, reply) => drop(reply.send(None)),
            Message::Summary(reply) => drop(reply.send(Summary { offers: 4, ..Summary::default() })),
            Message::Control(ControlRequest::Status, reply) => {
                drop(reply.send(json!({"heads_digest": "feed", "last_post": "2026-01-01T00:00:00Z"})));
            }
            Message::Control(ControlRequest::Backup { to }, reply) => {
                drop(reply.send(json!({"to": to, "bytes": 5})));
            }
            _ => {}
        }
    }
}

fn start(data: &Path) -> Gateway {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (desk, outlet) = desk();
    let changes = outlet.changes.clone();
    let desk = desk.with_reload(Arc::new(|| Err("line 3: no".into())));
    let socket = ControlSocket::bind(data).unwrap();
    runtime.spawn(write(outlet));
    runtime.spawn(async move { serve(socket, desk).await });
    Gateway { changes, _runtime: runtime }
}

#[test]
fn a_command_gets_its_answers() {
    // `commonsd status`, `needs`, `post`, `backup` would hang or lie on a volunteer's screen.
    let folder = tempfile::tempdir().unwrap();
    let _gateway = start(folder.path());
    let mut client = Running::connect(folder.path()).unwrap().unwrap();
    let mut ask = |request: Request| client.answer(&request).unwrap();

    let status = ask(Request::Status {});
    assert_eq!(status["name"], "Block C");
    assert_eq!(status["running"], true);
    assert_eq!(status["heads_digest"], "feed");
    assert_eq!(status["items"]["offers"], 4);
    assert_eq!(status["problems"], json!([]));
    assert_eq!(ask(Request::About {})["about"]["network"], "commons");

    let list = |kind: &str| Request::List {
        kind: Some(kind.into()),
        status: None,
        category: None,
        urgency: None,
        limit: Some(9_999),
        after: None,
    };
    assert_eq!(ask(list("need"))["items"], json!([]));
    assert_eq!(ask(list("nede"))["error"], "wrong_value");
    assert_eq!(ask(Request::Item { id: "00".into() })["error"], "unknown_item");
    let receipt = ask(Request::Post { kind: "need".into(), payload: "insulin".into() });
    assert_eq!(receipt["ok"], false);
    assert_eq!(receipt["error"], "storage_full");
    let receipt = ask(Request::Post { kind: "nede".into(), payload: json!({"text": "x"}) });
    assert_eq!(receipt["error"], "unknown_kind");
    assert_eq!(ask(Request::Backup { to: "/x".into() })["bytes"], 5);
    assert_eq!(ask(Request::Reload {})["message"], "line 3: no");
}

#[test]
fn a_watcher_sees_changes() {
    // The screen in the hallway would stand still.
    let folder = tempfile::tempdir().unwrap();
    let gateway = start(folder.path());
    let mut client = Running::connect(folder.path()).unwrap().unwrap();
    client.watch().unwrap();
    let sent =
        gateway.changes.send(Change { kind: ItemKind::Need, id: "cafe".into(), state: None, json: Vec::new().into() });
    assert!(sent.is_ok(), "the watcher follows once it was told so");
    let change = client.next_change().unwrap().unwrap();
    assert_eq!(change["change"], json!({"kind": "need", "id": "cafe", "state": null}));
}

#[test]
fn nonsense_is_answered_and_bounded() {
    // A broken script on the box would fill the gateway's memory.
    let folder = tempfile::tempdir().unwrap();
    let _gateway = start(folder.path());
    let mut stream = BufReader::new(socket::connect(folder.path()).unwrap());
    let mut say = |line: &[u8]| -> Value {
        stream.get_mut().write_all(line).unwrap();
        let mut answer = String::new();
        stream.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap()
    };
    assert_eq!(say(b"hello\n")["error"], "not_json");
    assert_eq!(say(b"{\"do\":\"status\"}\n")["error"], "missing");
    assert_eq!(say(b"{\"v\":2,\"do\":\"status\"}\n")["error"], "unknown_version");
    assert_eq!(say(b"{\"v\":1,\"do\":\"format\"}\n")["error"], "wrong_value");
    assert_eq!(say(b"{\"v\":1,\"do\":\"item\",\"id\":\"x\",\"y\":1}\n")["error"], "wrong_value");
    assert_eq!(say(b"{\"v\":1,\"do\":\"status\"}\n")["ok"], true);
    assert_eq!(say(b"{\"v\":1,\"do\":\"info\"}\n")["ok"], true);
    assert_eq!(say(&vec![b'x'; REQUEST_BYTES_MAX + 1])["error"], "too_long");
}

#[test]
fn long_paths_and_dead_daemons_are_no_obstacle() {
    // A gateway on a USB disk with a long name, or after a power cut, would not start.
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("a".repeat(120)).join("b".repeat(120));
    std::fs::create_dir_all(&data).unwrap();
    assert!(Running::connect(&data).unwrap().is_none());
    // What a killed daemon leaves.
    let dead = folder.path().join(socket::SOCKET_NAME);
    drop(std::os::unix::net::UnixListener::bind(&dead).unwrap());
    std::fs::rename(dead, data.join(socket::SOCKET_NAME)).unwrap();
    assert!(Running::connect(&data).unwrap().is_none());

    let gateway = start(&data);
    let mode = std::fs::metadata(data.join(socket::SOCKET_NAME)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(Running::connect(&data).unwrap().is_some());
    let second = ControlSocket::bind(&data).map(|_| ()).unwrap_err();
    assert_eq!(second.kind(), std::io::ErrorKind::AddrInUse);
    drop(gateway);
    assert!(!data.join(socket::SOCKET_NAME).exists());
}

#[test]
fn a_stopped_gateway_answers_too() {
    // Reading the board of a gateway that does not start would be impossible when it matters most.
    let (desk, outlet) = desk();
    let writer = std::thread::spawn(|| {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(write(outlet));
    });
    let mut offline = Offline::new(desk, Box::new(())).unwrap();
    let status = offline.answer(&Request::Status {}).unwrap();
    assert_eq!(status["running"], false);
    assert_eq!(status["problems"][0]["code"], "not_running");
    assert_eq!(offline.answer(&Request::Watch {}).unwrap()["error"], "not_running");
    drop(offline);
    writer.join().unwrap();
}

#[test]
fn what_is_not_well_comes_with_what_to_do() {
    // A volunteer would read "disk_low" and shrug.
    let sick = Health {
        state: "disk_full",
        damaged: 2,
        sync_ms: 9_999,
        queue: 1_000,
        clock_certainty: "unknown",
        ..Health::default()
    };
    let troubles = status::troubles(&sick);
    let codes: Vec<&str> = troubles.iter().map(|trouble| trouble.code).collect();
    assert_eq!(codes, ["disk_full", "damaged", "disk_slow", "busy", "clock_unknown"]);
    assert!(troubles.iter().all(|trouble| trouble.advice.ends_with('.')));
    let well = Health { state: "ok", clock_certainty: "estimated", ..Health::default() };
    assert!(status::troubles(&well).is_empty());
}
