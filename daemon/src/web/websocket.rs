//! MQTT over WebSocket (MQTT 5.0, section 6; RFC 6455): the upgrade at `/mqtt`, and the frames as a plain byte stream.
//!
//! MQTT packets may span frames and share them, so only the order of bytes counts. A text frame is a protocol error.
//! A browser that comes from another site's page is refused: that page could post as a guest in a neighbour's name. Programs say no
//! origin and may pass; pages of the block's own tinkerers are named in `http.names`.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{ready, Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Sink, Stream};
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderName};
use hyper::upgrade::Upgraded;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::WebSocketStream;

use super::answer::{Answer, Fault};
use super::connections::Place;
use super::Web;

/// Bytes gathered into one frame, at most. Small, because each of 500 phones may hold it.
pub const OUT_BYTES_MAX: usize = 4 * 1024;
/// The read buffer of one WebSocket, in bytes; tungstenite's own default of 128 KiB would be 64 MB for 500 phones.
const READ_BUFFER_BYTES: usize = 1024;
/// Bytes that wait for a slow reader inside one WebSocket, at most; the door's own queue is bounded separately.
const WRITE_BUFFER_BYTES_MAX: usize = 64 * 1024;
/// How long the upgraded connection may take to be handed over, in seconds; normally at once.
const UPGRADE_S_MAX: u64 = 10;

/// Answers the upgrade request and hands the stream to the door once the answer is written.
pub(super) fn upgrade(
    web: &Web,
    peer: SocketAddr,
    place: Arc<Place>,
    mut request: Request<Incoming>,
) -> Result<Answer, Fault> {
    let headers = request.headers();
    if !web.hosts.may_connect(headers) {
        return Err(Fault::ForeignPage);
    }
    if request.method() != Method::GET
        || !has_token(headers, &header::CONNECTION, "upgrade")
        || !has_token(headers, &header::UPGRADE, "websocket")
        || headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|v| v != "13")
    {
        return Err(Fault::NotWebSocket);
    }
    let key = headers
        .get(header::SEC_WEBSOCKET_KEY)
        .map(|key| key.as_bytes())
        // 16 bytes in base64.
        .filter(|key| key.len() == 24 && key.ends_with(b"=="))
        .ok_or(Fault::BadRequest("Sec-WebSocket-Key is missing or malformed"))?;
    let protocol = &header::SEC_WEBSOCKET_PROTOCOL;
    let mut answer = Answer::empty(StatusCode::SWITCHING_PROTOCOLS)
        .with(header::CONNECTION, "Upgrade")
        .with(header::UPGRADE, "websocket")
        .with(header::SEC_WEBSOCKET_ACCEPT, &derive_accept_key(key));
    if has_token(headers, protocol, "mqtt") {
        answer = answer.with(protocol.clone(), "mqtt");
    } else if headers.contains_key(protocol) {
        return Err(Fault::BadRequest("the only WebSocket subprotocol here is \"mqtt\""));
    }
    let upgraded = hyper::upgrade::on(&mut request);
    let web = web.clone();
    tokio::spawn(async move {
        let upgraded = tokio::time::timeout(Duration::from_secs(UPGRADE_S_MAX), upgraded).await;
        if let Ok(Ok(upgraded)) = upgraded {
            let open = Open::new(&web, place);
            let stream = PacketStream::new(upgraded, web.config.mqtt.packet_bytes_max, open).await;
            (web.websocket)(Box::new(stream), peer);
        }
    });
    Ok(answer)
}

/// Whether a comma-separated header (in one line or several) holds a token, in any case.
fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|one| one.trim().eq_ignore_ascii_case(token))
}

/// Holds the connection's place and counts the session while it is open.
struct Open {
    web: Web,
    _place: Arc<Place>,
}

impl Open {
    fn new(web: &Web, place: Arc<Place>) -> Self {
        web.counters.websocket_sessions.add(1);
        Self { web: web.clone(), _place: place }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.web.counters.websocket_sessions.sub(1);
    }
}

/// The binary frames of a WebSocket as one stream of bytes each way.
struct PacketStream {
    inner: WebSocketStream<TokioIo<Upgraded>>,
    // Of the last frame, not yet read.
    received: Bytes,
    // Written, not yet in a frame; at most OUT_BYTES_MAX.
    gathered: BytesMut,
    closing: bool,
    _open: Open,
}

impl PacketStream {
    async fn new(upgraded: Upgraded, packet_bytes_max: usize, open: Open) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0)
            .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
            .max_message_size(Some(packet_bytes_max))
            .max_frame_size(Some(packet_bytes_max));
        Self {
            inner: WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await,
            received: Bytes::new(),
            gathered: BytesMut::new(),
            closing: false,
            _open: open,
        }
    }

    /// Moves what was gathered into a frame.
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.gathered.is_empty() {
            ready!(Pin::new(&mut self.inner).poll_ready(cx)).map_err(to_io)?;
            let frame = Message::Binary(self.gathered.split().freeze());
            Pin::new(&mut self.inner).start_send(frame).map_err(to_io)?;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_close_with(&mut self, cx: &mut Context<'_>, code: CloseCode, reason: &'static str) -> Poll<io::Result<()>> {
        if !self.closing {
            ready!(Pin::new(&mut self.inner).poll_ready(cx)).map_err(to_io)?;
            let close = CloseFrame { code, reason: reason.into() };
            self.closing = true;
            // Already closed by the other side is as good.
            let _ = Pin::new(&mut self.inner).start_send(Message::Close(Some(close)));
        }
        Pin::new(&mut self.inner).poll_flush(cx).map_err(to_io)
    }
}

impl AsyncRead for PacketStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // A session that writes and then waits for an answer must not wait for its own unsent bytes.
        if !this.gathered.is_empty() && this.poll_frame(cx)?.is_ready() {
            let _ = Pin::new(&mut this.inner).poll_flush(cx);
        }
        while this.received.is_empty() {
            match ready!(Pin::new(&mut this.inner).poll_next(cx)) {
                Some(Ok(Message::Binary(bytes))) => this.received = bytes,
                Some(Ok(Message::Text(_))) => {
                    let _ = this.poll_close_with(cx, CloseCode::Unsupported, "MQTT is binary");
                    return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
                }
                // Pings are answered by tungstenite as it reads.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(_))) | None => return Poll::Ready(Ok(())),
                Some(Err(error)) => {
                    let code = match &error {
                        Error::Capacity(_) => CloseCode::Size,
                        _ => CloseCode::Protocol,
                    };
                    if !matches!(error, Error::Io(_)) {
                        let _ = this.poll_close_with(cx, code, "");
                    }
                    return Poll::Ready(Err(to_io(error)));
                }
            }
        }
        let count = buffer.remaining().min(this.received.len());
        buffer.put_slice(&this.received[..count]);
        this.received.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for PacketStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.closing {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if this.gathered.len() >= OUT_BYTES_MAX {
            ready!(this.poll_frame(cx))?;
        }
        let count = bytes.len().min(OUT_BYTES_MAX - this.gathered.len());
        this.gathered.extend_from_slice(&bytes[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_frame(cx))?;
        Pin::new(&mut this.inner).poll_flush(cx).map_err(to_io)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.closing {
            ready!(this.poll_frame(cx))?;
        }
        ready!(this.poll_close_with(cx, CloseCode::Normal, ""))?;
        Pin::new(this.inner.get_mut()).poll_shutdown(cx)
    }
}

fn to_io(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        Error::ConnectionClosed | Error::AlreadyClosed => io::ErrorKind::BrokenPipe.into(),
        other => io::Error::new(io::ErrorKind::InvalidData, other),
    }
}
