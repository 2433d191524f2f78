use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::WebSocketStream;

use super::harness::{Gateway, Reply, PATIENCE};
use crate::config::Config;
use crate::web::{ByteStream, WebSocketAcceptor};

/// A door that sends back what it gets, after each read.
fn echo() -> WebSocketAcceptor {
    Arc::new(|mut stream: Box<dyn ByteStream>, _| {
        tokio::spawn(async move {
            let mut buffer = [0; 3_000];
            while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                if stream.write_all(&buffer[..count]).await.is_err() || stream.flush().await.is_err() {
                    break;
                }
            }
            let _ = stream.shutdown().await;
        });
    })
}

async fn gateway() -> Gateway {
    let mut config = Config::default();
    config.mqtt.packet_bytes_max = 100_000;
    Gateway::configured(vec![], config, echo()).await
}

async fn knock(gateway: &Gateway, headers: &str) -> (TcpStream, Reply) {
    let mut stream = TcpStream::connect(gateway.at).await.unwrap();
    let request = format!("GET /mqtt HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let byte = tokio::time::timeout(PATIENCE, stream.read_u8()).await.unwrap();
        let Ok(byte) = byte else { break };
        head.push(byte);
    }
    (stream, Reply::parse(&head))
}

const UPGRADE: &str = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

async fn open(gateway: &Gateway) -> WebSocketStream<TcpStream> {
    let (stream, reply) = knock(gateway, &format!("{UPGRADE}Sec-WebSocket-Protocol: mqttv3.1, mqtt\r\n")).await;
    assert_eq!(reply.status, 101);
    WebSocketStream::from_raw_socket(stream, Role::Client, None).await
}

/// MQTT.js and browsers would not connect, or would connect to what does not speak MQTT.
#[tokio::test]
async fn the_upgrade_follows_the_rules() {
    let gateway = gateway().await;
    let (_, reply) =
        knock(&gateway, &format!("{UPGRADE}Sec-WebSocket-Protocol: mqtt\r\nOrigin: http://localhost\r\n")).await;
    assert_eq!(reply.status, 101);
    assert_eq!(reply.header("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(reply.header("sec-websocket-protocol"), "mqtt");
    let (_, reply) = knock(&gateway, UPGRADE).await;
    assert_eq!((reply.status, reply.header("sec-websocket-protocol")), (101, ""));
    let (_, reply) = knock(&gateway, &format!("{UPGRADE}Sec-WebSocket-Protocol: mqttv3.1, chat\r\n")).await;
    assert_eq!(reply.status, 400);
    let (_, reply) = knock(&gateway, &UPGRADE.replace(": 13", ": 8")).await;
    assert_eq!((reply.status, reply.header("sec-websocket-version")), (426, "13"));
    let (_, reply) = knock(&gateway, "").await;
    assert_eq!((reply.status, reply.header("upgrade")), (426, "websocket"));
    let (_, reply) = knock(&gateway, &UPGRADE.replace("dGhl", "")).await;
    assert_eq!(reply.status, 400);
}

/// Any page that a neighbour looks at elsewhere could post in his name; or a tinkerer's own page could not be let in.
#[tokio::test]
async fn pages_of_others_do_not_connect() {
    let mut config = Config::default();
    config.http.names = vec!["tinkerer.example".into()];
    let gateway = Gateway::configured(vec![], config, echo()).await;
    for (origin, status) in [
        ("http://evil.example", 403),
        ("null", 403),
        ("", 403),
        ("file://", 403),
        ("http://localhost.evil.example", 403),
        ("http://localhost@evil.example", 403),
        ("http://localhost:3000", 403),
        ("http://laptop", 403),
        ("http://10.0.0.9:8080", 403),
        ("http://tinkerer.example.evil.example", 403),
        ("chrome-extension://localhost", 403),
        ("http://localhost", 101),
        ("https://LOCALHOST", 101),
        ("http://tinkerer.example:3000", 101),
    ] {
        let (_, reply) =
            knock(&gateway, &format!("{UPGRADE}Sec-WebSocket-Protocol: mqtt\r\nOrigin: {origin}\r\n")).await;
        assert_eq!(reply.status, status, "{origin}");
    }
    let (mut stream, reply) = knock(&gateway, &format!("{UPGRADE}Origin: http://evil.example\r\n")).await;
    let mut sentence = vec![0; reply.header("content-length").parse().unwrap()];
    stream.read_exact(&mut sentence).await.unwrap();
    assert!(String::from_utf8_lossy(&sentence).contains("another site"), "{reply:?}");
    assert_eq!(gateway.script.lock().unwrap().posts.len(), 0);
}

/// Packets that span or share frames would arrive garbled, and the phone would be thrown out.
#[tokio::test]
async fn bytes_pass_whatever_the_frames() {
    let gateway = gateway().await;
    let mut socket = open(&gateway).await;
    let sent: Vec<u8> = (0..90_000u32).map(|n| (n * 7 + n / 256) as u8).collect();
    let part = |bytes: &[u8], code, last| Message::Frame(Frame::message(bytes.to_vec(), OpCode::Data(code), last));
    socket.send(Message::Binary(sent[..1].to_vec().into())).await.unwrap();
    socket.send(Message::Binary(Vec::new().into())).await.unwrap();
    socket.send(part(&sent[1..300], Data::Binary, false)).await.unwrap();
    socket.send(Message::Ping(b"there?".to_vec().into())).await.unwrap();
    socket.send(part(&sent[300..5_000], Data::Continue, false)).await.unwrap();
    socket.send(part(&sent[5_000..20_000], Data::Continue, true)).await.unwrap();
    socket.send(Message::Binary(sent[20_000..].to_vec().into())).await.unwrap();
    let mut heard = Vec::new();
    let mut ponged = false;
    while heard.len() < sent.len() || !ponged {
        match tokio::time::timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap() {
            Message::Binary(bytes) => heard.extend_from_slice(&bytes),
            Message::Pong(bytes) => ponged = &bytes[..] == b"there?",
            other => panic!("{other:?}"),
        }
    }
    assert!(heard == sent, "same bytes, same order");
    assert_eq!(gateway.counters.websocket_sessions.get(), 1);
    socket.close(None).await.unwrap();
    while tokio::time::timeout(PATIENCE, socket.next()).await.unwrap().is_some() {}
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while gateway.counters.websocket_sessions.get() > 0 {
        assert!(tokio::time::Instant::now() < deadline);
        tokio::task::yield_now().await;
    }
}

/// A frame that breaks the rules must end that session alone, with the reason the client can show.
#[tokio::test]
async fn text_and_oversize_and_unmasked_frames_are_refused() {
    let gateway = gateway().await;
    for (message, code) in [
        (Message::Text("hello".into()), CloseCode::Unsupported),
        (Message::Binary(vec![0; 100_001].into()), CloseCode::Size),
    ] {
        let mut socket = open(&gateway).await;
        let _ = socket.send(message).await;
        let close = tokio::time::timeout(PATIENCE, socket.next()).await.unwrap();
        match close {
            Some(Ok(Message::Close(Some(frame)))) => assert_eq!(frame.code, code),
            // The rest of an oversize frame was still under way when the gateway closed.
            Some(Err(_)) if code == CloseCode::Size => {}
            other => panic!("{other:?}"),
        }
    }
    let (mut stream, _) = knock(&gateway, UPGRADE).await;
    stream.write_all(&[0x82, 0x01, b'x']).await.unwrap();
    let mut bytes = Vec::new();
    let end = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes));
    end.await.unwrap().ok();
    assert!(bytes.first().is_none_or(|first| *first == 0x88), "a close frame or nothing: {bytes:?}");
}
