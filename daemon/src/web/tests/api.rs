use std::sync::Arc;

use bytes::Bytes;
use commons_core::admission::Rejection;
use commons_core::record::Kind;
use commons_core::views::item::ItemKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::harness::{item, Gateway, PATIENCE};
use crate::inbox::Change;

/// Outside tools rely on the array, its filters and its limits.
#[tokio::test]
async fn lists_are_bare_arrays_assembled_over_pages() {
    let mut items: Vec<_> = (0..255).map(|n| item("need", n, "x")).collect();
    for n in 0..200u8 {
        let mut more = item("need", n, "y");
        more.id = format!("{:02x}{}", n, "cd".repeat(31));
        items.push(more);
    }
    items.push(item("offer", 1, "z"));
    let gateway = Gateway::start(items).await;
    let list = gateway.get("/api/v1/needs").await;
    assert_eq!((list.status, list.header("content-type")), (200, "application/json"));
    assert_eq!(list.header("access-control-allow-origin"), "*");
    assert_eq!(list.json().as_array().unwrap().len(), 100);
    let all = gateway.get("/api/v1/needs?limit=1000&status=all").await.json();
    let all = all.as_array().unwrap();
    assert_eq!(all.len(), 455);
    for field in ["id", "kind", "text", "status", "urgency", "created", "gateway", "ref"] {
        assert!(all[0].get(field).is_some(), "{field}");
    }
    assert_eq!(gateway.get("/api/v1/offers?limit=0").await.json().as_array().unwrap().len(), 0);
    let after = gateway.get(&format!("/api/v1/needs?limit=2&after={}", "00".repeat(32))).await.json();
    assert_eq!(after[0]["id"], "01".repeat(32));
    let one = gateway.get(&format!("/api/v1/needs/{}", "01".repeat(32))).await;
    assert_eq!((one.status, &one.json()["text"]), (200, &"x".into()));
    let none = gateway.get(&format!("/api/v1/offers/{}", "02".repeat(32))).await;
    assert_eq!((none.status, &none.json()["error"]), (404, &"unknown_item".into()));
    assert_eq!(gateway.get("/api/v1/info").await.json()["network"], "commons");
    assert_eq!(gateway.get("/api/v1/health").await.json()["state"], "ok");
    assert_eq!(gateway.get("/api/v1/summary").await.status, 200);
}

/// A tinkerer with a typing mistake would get a silently wrong list.
#[tokio::test]
async fn bad_parameters_are_named_with_their_limit() {
    let gateway = Gateway::start(vec![]).await;
    for (query, error, field) in [
        ("limit=1001", "too_long", "limit"),
        ("limit=-1", "wrong_value", "limit"),
        ("limit=many", "wrong_value", "limit"),
        ("status=lost", "wrong_value", "status"),
        ("category=boats", "wrong_value", "category"),
        ("urgency=", "wrong_value", "urgency"),
        ("after=xyz", "wrong_value", "after"),
        ("colour=red", "unknown_field", "colour"),
    ] {
        let reply = gateway.get(&format!("/api/v1/needs?{query}")).await;
        let json = reply.json();
        assert_eq!((reply.status, &json["error"], &json["field"]), (422, &error.into(), &field.into()), "{query}");
        assert_eq!(json["ok"], false);
    }
    assert_eq!(gateway.get("/api/v1/needs?limit=1001").await.json()["limit"], 1000);
    assert_eq!(gateway.get("/api/v1/loans").await.status, 404);
}

/// A program could not tell kept from refused, or would try again what can never succeed.
#[tokio::test]
async fn posts_are_answered_with_receipts_and_fitting_statuses() {
    let gateway = Gateway::start(vec![]).await;
    let json = "application/json; charset=utf-8";
    let kept = gateway.post("/api/v1/needs", json, "{\"text\":\"bread\"}").await;
    assert_eq!(kept.status, 201);
    assert_eq!(kept.header("location"), format!("/api/v1/needs/{}", "07".repeat(32)));
    assert_eq!(kept.header("cache-control"), "no-store");
    assert_eq!((&kept.json()["ok"], &kept.json()["code"]), (&true.into(), &"lamp river seven".into()));
    assert_eq!(gateway.post("/api/v1/offers", "text/plain", "a tent").await.status, 201);
    let habit = "application/x-www-form-urlencoded";
    assert_eq!(gateway.post("/api/v1/notices", habit, " {\"text\":\"x\"}").await.status, 201);
    let kinds: Vec<Kind> = gateway.script.lock().unwrap().posts.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, [Kind::Need, Kind::Offer, Kind::Notice]);
    for (path, kind, body, status, error) in [
        ("/api/v1/needs", habit, "text=x", 415, "wrong_type"),
        ("/api/v1/needs", "image/png", "x", 415, "wrong_type"),
        ("/api/v1/needs", json, "", 400, "empty"),
        ("/api/v1/needs", json, "bread", 400, "not_json"),
        ("/api/v1/needs", json, "[1]", 422, "wrong_value"),
        ("/api/v1/post/launch", json, "{\"text\":\"x\"}", 404, "unknown_kind"),
    ] {
        let reply = gateway.post(path, kind, body).await;
        assert_eq!((reply.status, &reply.json()["error"]), (status, &error.into()), "{path} {body}");
    }
    for (rejection, status, retry) in [
        (Rejection::TooManyPosts { retry_s: 30 }, 429, "30"),
        (Rejection::StorageFull, 507, "60"),
        (Rejection::Busy, 503, "1"),
        (Rejection::WrongCode, 403, ""),
    ] {
        gateway.script.lock().unwrap().refuse = Some(rejection);
        let reply = gateway.post("/api/v1/needs", json, "{\"text\":\"bread\"}").await;
        assert_eq!((reply.status, reply.header("retry-after")), (status, retry));
    }
}

/// A watching page would miss changes without knowing, or keep the gateway from stopping.
#[tokio::test]
async fn watchers_hear_changes_and_when_to_list_afresh() {
    let mut gateway = Gateway::start(vec![]).await;
    let mut stream = TcpStream::connect(gateway.at).await.unwrap();
    stream.write_all(b"GET /api/v1/watch?kind=need HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut heard = String::new();
    listen(&mut stream, &mut heard, "event: hello").await;
    assert!(heard.contains("text/event-stream"));
    let change = |kind, id: &str, json: &'static str| Change {
        kind,
        id: Arc::from(id),
        state: None,
        json: Bytes::from_static(json.as_bytes()),
    };
    gateway.changes.send(change(ItemKind::Offer, "0f", "{}")).unwrap();
    gateway.changes.send(change(ItemKind::Need, "01", "{\"v\":1}")).unwrap();
    gateway.changes.send(change(ItemKind::Need, "02", "")).unwrap();
    listen(&mut stream, &mut heard, "\"id\":\"02\",\"state\":null}\n\n").await;
    assert!(heard.contains("event: item\ndata: {\"kind\":\"need\",\"id\":\"01\",\"state\":{\"v\":1}}\n\n"));
    assert!(!heard.contains("0f"));
    // Sent at once, before the watcher's task can run: more than it may lag behind.
    for _ in 0..3_000 {
        gateway.changes.send(change(ItemKind::Need, "03", "{}")).unwrap();
    }
    listen(&mut stream, &mut heard, "event: resync").await;
    drop(gateway.stop.take());
    let end = tokio::time::timeout(PATIENCE, async {
        while stream.read(&mut [0; 4096]).await.is_ok_and(|count| count > 0) {}
    });
    end.await.expect("the feed ends with the gateway");
    tokio::time::timeout(PATIENCE, gateway.served).await.unwrap().unwrap();
}

async fn listen(stream: &mut TcpStream, heard: &mut String, until: &str) {
    let mut buffer = [0; 4096];
    while !heard.contains(until) {
        let count = tokio::time::timeout(PATIENCE, stream.read(&mut buffer)).await;
        let count = count.unwrap_or_else(|_| panic!("no {until} in {heard}")).unwrap();
        assert!(count > 0, "closed before {until}: {heard}");
        heard.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
}
