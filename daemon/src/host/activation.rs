//! Sockets that systemd opened for us (sd_listen_fds(3)): ports below 1024 without any capability, and connections that
//! wait instead of being refused while the gateway restarts.
//!
//! Without LISTEN_FDS nothing is here, and the gateway binds what its configuration says. `listenfd` turns the inherited
//! numbers into sockets; that needs `unsafe`, which this workspace denies itself.

use std::net::TcpListener;

use listenfd::ListenFd;
use nix::fcntl::{fcntl, FcntlArg, FdFlag};

/// FileDescriptorName= of the socket unit for MQTT.
pub const MQTT: &str = "mqtt";
/// FileDescriptorName= of the socket unit for HTTP.
pub const HTTP: &str = "http";
/// Sockets taken, at most: as many as the configuration may name addresses for both doors.
const SOCKETS_MAX: usize = 32;

/// What systemd handed over, by name.
#[derive(Debug, Default)]
pub struct Handed {
    sockets: Vec<(String, TcpListener)>,
}

impl Handed {
    /// Takes this process's inherited sockets. To be called once; the second time there are none.
    pub fn take() -> Self {
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut inherited = ListenFd::from_env();
        let mut sockets = Vec::new();
        for index in 0..inherited.len().min(SOCKETS_MAX) {
            let name = name_of(&names, index);
            match inherited.take_tcp_listener(index) {
                Ok(Some(socket)) => match ready(&socket) {
                    Ok(()) => sockets.push((name, socket)),
                    Err(error) => tracing::warn!(%name, %error, "a socket of systemd's cannot be used"),
                },
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%name, %error, "systemd handed over what is no TCP listener; it is not used")
                }
            }
        }
        Self { sockets }
    }

    /// The sockets of one door.
    pub fn named(&mut self, name: &str) -> Vec<TcpListener> {
        let (wanted, rest) = self.sockets.drain(..).partition(|(given, _)| given == name);
        self.sockets = rest;
        Vec::into_iter(wanted).map(|(_, socket)| socket).collect()
    }

    /// Names of sockets that no door wanted.
    pub fn left(&self) -> Vec<&str> {
        self.sockets.iter().map(|(name, _)| name.as_str()).collect()
    }
}

/// The n-th of the names, which systemd separates by colons; "unknown" is its own word for none.
fn name_of(names: &str, index: usize) -> String {
    names.split(':').nth(index).filter(|name| !name.is_empty()).unwrap_or("unknown").to_owned()
}

/// As tokio wants it, and not inherited further by the helper that reads the index.
fn ready(socket: &TcpListener) -> std::io::Result<()> {
    socket.set_nonblocking(true)?;
    fcntl(socket, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_go_to_the_door_they_are_named_for() {
        // The page would answer MQTT clients, and the port of the page would be mute.
        let socket = || TcpListener::bind("127.0.0.1:0").unwrap();
        let (http, mqtt, stray) = (socket(), socket(), socket());
        let ports = [&mqtt, &http].map(|socket| socket.local_addr().unwrap().port());
        let names = "http:mqtt::";
        let mut handed = Handed {
            sockets: [http, mqtt, stray].into_iter().enumerate().map(|(n, s)| (name_of(names, n), s)).collect(),
        };
        let got = handed.named(MQTT);
        assert_eq!(got.iter().map(|socket| socket.local_addr().unwrap().port()).collect::<Vec<_>>(), [ports[0]]);
        let got = handed.named(HTTP);
        assert_eq!(got.iter().map(|socket| socket.local_addr().unwrap().port()).collect::<Vec<_>>(), [ports[1]]);
        assert!(handed.named(HTTP).is_empty());
        assert_eq!(handed.left(), ["unknown"]);
        assert_eq!(name_of("", 0), "unknown");
    }

    #[test]
    fn without_systemd_there_are_none() {
        // A gateway started by hand would wait on sockets that nobody opened.
        assert_eq!(Handed::take().left(), Vec::<&str>::new());
    }
}
