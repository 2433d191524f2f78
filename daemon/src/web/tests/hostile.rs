use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::harness::{item, read_all, Gateway, Reply, PATIENCE};
use crate::config::Config;

/// Without these headers a text that slipped through could act, and other pages could frame or read ours.
#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let gateway = Gateway::start(vec![item("need", 1, "x")]).await;
    let mut replies = vec![gateway.form("/new/need", "text=").await, gateway.form("/code", "").await];
    for path in [
        "/",
        "/new/need",
        "/code",
        "/help",
        "/nowhere",
        "/api/v1/needs",
        "/api/v1/nowhere",
        "/metrics",
        "/healthz",
        "/favicon.ico",
        "/robots.txt",
        "/needs",
        "/mqtt",
        "/kept/x",
    ] {
        replies.push(gateway.get(path).await);
    }
    for reply in replies {
        assert!(reply.header("content-security-policy").starts_with("default-src 'none'"), "{}", reply.head);
        for name in [
            "x-content-type-options",
            "referrer-policy",
            "cross-origin-opener-policy",
            "cross-origin-resource-policy",
            "cache-control",
        ] {
            assert!(!reply.header(name).is_empty(), "{name}: {}", reply.head);
        }
    }
}

/// A client that is told the wrong thing tries again for ever, or gives up on what would work.
#[tokio::test]
async fn odd_requests_get_the_status_that_says_why() {
    let gateway = Gateway::start(vec![]).await;
    let long = "a".repeat(3_000);
    let many: String = (0..100).map(|n| format!("X-{n}: y\r\n")).collect();
    let wide = format!("X-Long: {}\r\n", "y".repeat(20_000));
    for (request, status) in [
        ("DELETE / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".to_owned(), 405),
        ("POST /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_owned(), 405),
        ("BREW / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".to_owned(), 501),
        (format!("GET /?{long} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), 414),
        (format!("GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n"), 431),
        (format!("GET / HTTP/1.1\r\nHost: localhost\r\n{wide}\r\n"), 431),
        ("nonsense\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.0\r\n\r\n".to_owned(), 200),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n".to_owned(), 400),
        ("GET /?a=%ff HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".to_owned(), 200),
        ("GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".to_owned(), 404),
        ("OPTIONS /api/v1/needs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".to_owned(), 204),
    ] {
        let reply = gateway.send(&request).await;
        assert_eq!(reply.status, status, "{}", &request[..request.len().min(60)]);
        if status == 405 || status == 204 {
            assert!(reply.header("allow").contains("GET"), "{}", reply.head);
        }
    }
    let large = format!("text={}", "a".repeat(70_000));
    assert_eq!(gateway.form("/new/need", &large).await.status, 413);
    let api = gateway.post("/api/v1/needs", "text/plain", &large).await;
    assert_eq!((api.status, &api.json()["limit"]), (413, &65_536.into()));
    let huge = "POST /new/need HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 99999999999\r\n\r\n";
    assert_eq!(gateway.send(huge).await.status, 413);
    assert_eq!(gateway.post("/new/need", "text/plain", "text=x").await.status, 415);
    let fields = "a=1&".repeat(100);
    assert_eq!(gateway.form("/new/need", &fields).await.status, 400);
    let head = gateway.send("HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    assert!(head.status == 200 && head.body.is_empty() && head.header("content-length") != "0");
}

/// The style sheet would be loaded again with every page, over a slow radio.
#[tokio::test]
async fn the_style_sheet_is_loaded_once() {
    let gateway = Gateway::start(vec![]).await;
    let page = gateway.get("/").await.body;
    let path = page.split("stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let style = gateway.get(path).await;
    assert_eq!((style.status, style.header("content-type")), (200, "text/css; charset=utf-8"));
    assert!(style.header("cache-control").contains("immutable") && style.body.len() < 9_000);
    let again = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nIf-None-Match: W/\"x\", {}\r\n\r\n",
        style.header("etag")
    );
    let again = gateway.send(&again).await;
    assert!(again.status == 304 && again.body.is_empty());
    assert_eq!(gateway.get("/assets/app-0.css").await.status, 404);
}

/// A script that drips a byte at a time would hold a place for ever, and the block's phones would find none.
#[tokio::test(start_paused = true)]
async fn slow_requests_are_ended() {
    let gateway = Gateway::start(vec![]).await;
    let mut head = TcpStream::connect(gateway.at).await.unwrap();
    head.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
    let start = tokio::time::Instant::now();
    let mut bytes = Vec::new();
    head.read_to_end(&mut bytes).await.ok();
    assert!(start.elapsed().as_secs() <= 12, "{:?}", start.elapsed());
    let mut idle = TcpStream::connect(gateway.at).await.unwrap();
    idle.write_all(b"GET /robots.txt HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let start = tokio::time::Instant::now();
    idle.read_to_end(&mut bytes).await.ok();
    assert!(start.elapsed().as_secs() <= 12, "{:?}", start.elapsed());
    let mut body = TcpStream::connect(gateway.at).await.unwrap();
    body.write_all(b"POST /code HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 50\r\n\r\na=").await.unwrap();
    let mut bytes = Vec::new();
    body.read_to_end(&mut bytes).await.ok();
    assert_eq!(Reply::parse(&bytes).status, 408);
}

/// One greedy address would take every place; and a finished one must give its place back.
#[tokio::test]
async fn connections_are_capped_and_given_back() {
    let mut config = Config::default();
    config.http.connections_per_address_max = 3;
    config.limits.limit_loopback = true;
    let gateway = Gateway::configured(vec![], config, Arc::new(|_, _| {})).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(gateway.at).await.unwrap();
        stream.write_all(b"GET /robots.txt HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        held.push(stream);
    }
    let mut fourth = TcpStream::connect(gateway.at).await.unwrap();
    let refused = read_all(&mut fourth).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, "5"));
    let length: usize = refused.header("content-length").parse().unwrap();
    assert_eq!(refused.body.len(), length);
    drop(held);
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while gateway.get("/robots.txt").await.status != 200 {
        assert!(tokio::time::Instant::now() < deadline);
    }
    assert!(gateway.counters.http_connections_refused_total.get() >= 1);
}

/// A fast poster behind one address must be told to wait, while tools on the gateway itself are not held.
#[tokio::test]
async fn fast_posters_are_refused_after_being_held() {
    let mut config = Config::default();
    config.limits.limit_loopback = true;
    config.limits.posts_per_minute = 1;
    config.limits.posts_burst = 2;
    let gateway = Gateway::configured(vec![], config, Arc::new(|_, _| {})).await;
    for status in [201, 201, 429] {
        let reply = gateway.post("/api/v1/needs", "text/plain", "x").await;
        assert_eq!(reply.status, status);
        assert_eq!(reply.header("retry-after").is_empty(), status == 201);
    }
    assert_eq!(gateway.form("/new/need", "text=still+here").await.status, 429);
}

/// A request under way when the gateway stops would be cut off although its post was kept.
#[tokio::test]
async fn stopping_finishes_what_runs_and_accepts_nothing_new() {
    let mut gateway = Gateway::start(vec![]).await;
    let mut running = TcpStream::connect(gateway.at).await.unwrap();
    running.write_all(b"POST /api/v1/needs HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n").await.unwrap();
    let mut go_on = [0; 25];
    running.read_exact(&mut go_on).await.unwrap();
    assert!(go_on.starts_with(b"HTTP/1.1 100"), "the handler is waiting for the body");
    drop(gateway.stop.take());
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while TcpStream::connect(gateway.at).await.is_ok() {
        assert!(tokio::time::Instant::now() < deadline, "still accepting");
    }
    running.write_all(b"bread").await.unwrap();
    assert_eq!(read_all(&mut running).await.status, 201);
    tokio::time::timeout(PATIENCE, gateway.served).await.unwrap().unwrap();
    assert_eq!(gateway.counters.http_connections.get(), 0);
}

/// Thousands of broken requests must leave the gateway as it was, or one bad radio takes the board down.
#[tokio::test]
async fn nonsense_in_numbers_does_no_harm() {
    let gateway = Gateway::start(vec![item("need", 1, "x")]).await;
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let good = b"POST /new/need HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 20\r\n\r\ntext=%41&lines=&x=%z";
    for _ in 0..300 {
        let mut bytes = good.to_vec();
        for _ in 0..4 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            let at = (seed >> 8) as usize % bytes.len();
            bytes[at] = seed as u8;
        }
        let mut stream = TcpStream::connect(gateway.at).await.unwrap();
        stream.write_all(&bytes).await.ok();
        stream.shutdown().await.ok();
        read_all(&mut stream).await;
    }
    assert_eq!(gateway.counters.http_panics_total.get(), 0);
    assert_eq!(gateway.get("/").await.status, 200);
}

/// Prometheus would drop the whole page over one malformed line.
#[tokio::test]
async fn metrics_are_well_formed() {
    let gateway = Gateway::start(vec![]).await;
    let page = gateway.get("/metrics").await;
    assert_eq!(page.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    for line in page.body.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.split_once(' ').unwrap();
        assert!(name.starts_with("commonsd_") && value.parse::<u64>().is_ok(), "{line}");
        assert_eq!(page.body.matches(&format!("# TYPE {name} ")).count(), 1, "{name}");
    }
    assert!(page.body.contains("\ncommonsd_up 1\n") && page.body.contains("commonsd_http_requests_total"));
}
