//! Serves the local socket inside the daemon.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{json, Value};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::desk::{change_line, Desk};
use super::request::{refusal, Request, REQUEST_BYTES_MAX, VERSION};
use super::socket::ControlSocket;

/// Commands at once. More wait in the kernel's queue.
pub const CLIENTS_MAX: usize = 32;
/// How long a client may be silent before its next request.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// How long a client may take to read an answer.
const WRITE_MAX: Duration = Duration::from_secs(10);

/// Serves until dropped; its connections end with it. Call inside a runtime.
pub async fn serve(socket: ControlSocket, desk: Desk) -> io::Result<()> {
    let listener = UnixListener::from_std(socket.listener.try_clone()?)?;
    let places = Arc::new(Semaphore::new(CLIENTS_MAX));
    let mut clients = JoinSet::new();
    loop {
        let Ok(place) = places.clone().acquire_owned().await else {
            return Ok(());
        };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of descriptors, mostly: others must close some first.
                tracing::warn!(%error, "the local socket accepts nobody");
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
        };
        let desk = desk.clone();
        clients.spawn(async move {
            let _place = place;
            if let Err(error) = client(stream, desk).await {
                tracing::debug!(%error, "a local client went away");
            }
        });
        while clients.try_join_next().is_some() {}
    }
}

async fn client(stream: UnixStream, desk: Desk) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read);
    loop {
        let line = match timeout(SILENCE_MAX, line(&mut lines)).await {
            Ok(Ok(Some(line))) => line,
            Ok(Ok(None)) | Err(_) => return Ok(()),
            Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
                send(&mut write, &refusal("too_long", "the request is too long")).await?;
                return Ok(());
            }
            Ok(Err(error)) => return Err(error),
        };
        match Request::parse(&line) {
            Ok(Request::Watch {}) => return watch(lines, write, desk).await,
            Ok(request) => send(&mut write, &desk.answer(request).await).await?,
            Err(reply) => send(&mut write, &reply).await?,
        }
    }
}

/// The next line; none at the end; `InvalidData` when it is too long.
async fn line(lines: &mut BufReader<OwnedReadHalf>) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let limit = REQUEST_BYTES_MAX as u64 + 1;
    let read = lines.take(limit).read_until(b'\n', &mut line).await?;
    if line.len() > REQUEST_BYTES_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok((read > 0).then_some(line))
}

async fn watch(mut lines: BufReader<OwnedReadHalf>, mut write: OwnedWriteHalf, desk: Desk) -> io::Result<()> {
    let mut changes = desk.changes();
    send(&mut write, &json!({"v": VERSION, "ok": true, "watching": true})).await?;
    let mut heard = [0; 64];
    loop {
        let line = tokio::select! {
            // A watcher says nothing more; what matters is that it went away.
            read = lines.read(&mut heard) => match read? {
                0 => return Ok(()),
                _ => continue,
            },
            change = changes.recv() => match change {
                Ok(change) => change_line(&change),
                Err(RecvError::Lagged(missed)) => json!({"v": VERSION, "lagged": missed}),
                Err(RecvError::Closed) => return Ok(()),
            },
        };
        send(&mut write, &line).await?;
    }
}

async fn send(write: &mut OwnedWriteHalf, value: &Value) -> io::Result<()> {
    let mut line = value.to_string().into_bytes();
    line.push(b'\n');
    timeout(WRITE_MAX, write.write_all(&line)).await?
}
