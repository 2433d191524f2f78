//! Accepts connections, holds them to their limits and time, and lets running requests finish at the end.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::connections::Place;
use super::origin::Ends;
use super::socket::Socket;
use super::{router, Web};

/// How long a request's head may take to arrive, and how long a connection may idle between requests, in seconds.
const HEAD_S_MAX: u64 = 10;
/// Header lines in one request, at most; browsers send about 15.
const HEADERS_MAX: usize = 64;
/// Bytes of one request's head, and hyper's read buffer, at most. 8 KiB is the least hyper takes.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// How long running requests may take to finish when the gateway stops, in seconds. The whole stop has 5.
const DRAIN_S_MAX: u64 = 3;
/// Pause after an accept that failed for want of file descriptors, in milliseconds, so that it does not spin.
const ACCEPT_PAUSE_MS: u64 = 100;

/// Said to a connection that finds no place, without starting HTTP on it.
const NO_PLACE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n\
Content-Length: 57\r\nRetry-After: 5\r\nConnection: close\r\nCache-Control: no-store\r\n\
X-Content-Type-Options: nosniff\r\n\r\nToo many connections at once. Try again in a few seconds.";

/// Serves one listener until `shutdown` resolves, then stops accepting, closes idle connections and returns when the
/// running requests are finished or [`DRAIN_S_MAX`] has passed. WebSockets live on: the MQTT door ends its own sessions.
pub async fn serve(listener: TcpListener, web: Web, shutdown: impl Future<Output = ()>) {
    let (stop, stopping) = watch::channel(false);
    // Bounded by the places in `Connections`.
    let mut running = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(_) = running.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let exempt = web.is_exempt(peer.ip());
                    match web.connections.take(peer.ip(), exempt) {
                        Some(place) => {
                            running.spawn(serve_connection(stream, peer, place, web.clone(), stopping.clone()));
                        }
                        None => {
                            web.counters.http_connections_refused_total.add(1);
                            web.inbox.refusals().note("http", "too_many_connections", Some(peer.ip()));
                            // A fresh socket's send buffer has room for this; if not, closing says enough.
                            let _ = stream.try_write(NO_PLACE);
                        }
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept an HTTP connection");
                    tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
                }
            }
        }
    }
    drop(listener);
    let _ = stop.send(true);
    let drain = async { while running.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(Duration::from_secs(DRAIN_S_MAX), drain).await;
}

async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    place: Place,
    web: Web,
    mut stopping: watch::Receiver<bool>,
) {
    // A connection that is gone already has no address, and gets no answer.
    let Ok(local) = stream.local_addr() else { return };
    let ends = Ends { peer, local };
    let _ = stream.set_nodelay(true);
    crate::host::sockets::find_dead_peers(&stream);
    web.counters.http_connections.add(1);
    let open = Open(web.clone());
    let place = Arc::new(place);
    let stop = stopping.clone();
    let service = service_fn(move |request| {
        let answer = router::answer(web.clone(), ends, place.clone(), stop.clone(), request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(HEAD_S_MAX))
        .max_headers(HEADERS_MAX)
        .max_header_size(HEAD_BYTES_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .keep_alive(true)
        .serve_connection(TokioIo::new(Socket::new(stream)), service)
        .with_upgrades();
    tokio::pin!(connection);
    // What can go wrong here (a phone left, was too slow, spoke nonsense) hyper has answered as far as it can be.
    let ended = tokio::select! {
        _ = connection.as_mut() => true,
        _ = stopping.wait_for(|stop| *stop) => false,
    };
    if !ended {
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
    drop(open);
}

/// Counts an open connection out, also when its task is ended from outside.
struct Open(Web);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.counters.http_connections.sub(1);
    }
}
