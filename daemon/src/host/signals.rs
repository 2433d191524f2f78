//! What the machine's keeper asks by signal: end (SIGTERM, SIGINT) or reload (SIGHUP).

use std::io;

use tokio::signal::unix::{signal, SignalKind};
use tokio::sync::mpsc;

/// Wishes waiting, at most; more of the same add nothing.
const WISHES_MAX: usize = 8;

/// A wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Drain and end.
    Stop,
    /// Read the configuration again.
    Reload,
}

/// The stream of wishes.
pub struct Signals(mpsc::Receiver<Wish>);

/// Listens from now on. A second SIGINT ends the process at once: the person at the terminal has waited enough. Call
/// inside a runtime.
pub fn listen() -> io::Result<Signals> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let (sender, receiver) = mpsc::channel(WISHES_MAX);
    tokio::spawn(async move {
        let mut interrupted = false;
        loop {
            let wish = tokio::select! {
                Some(()) = terminate.recv() => Wish::Stop,
                Some(()) = interrupt.recv() => {
                    if interrupted {
                        // 128 + SIGINT, as a shell expects. What was acknowledged is on disk already.
                        std::process::exit(130);
                    }
                    interrupted = true;
                    Wish::Stop
                }
                Some(()) = hangup.recv() => Wish::Reload,
                else => return,
            };
            // Full: the same wishes wait already. Closed: nobody listens, but the second SIGINT still must end us.
            let _ = sender.try_send(wish);
        }
    });
    Ok(Signals(receiver))
}

impl Signals {
    /// The next wish; never ends while the runtime lives.
    pub async fn next(&mut self) -> Wish {
        match self.0.recv().await {
            Some(wish) => wish,
            None => std::future::pending().await,
        }
    }
}
