//! What every accepted TCP connection gets from the system.

use nix::sys::socket::{setsockopt, sockopt};
use tokio::net::TcpStream;

/// Seconds of silence after which the system asks whether the other side is there, how long it waits for an answer, and
/// how often it asks. A phone that left the block is gone after two minutes, whatever its keepalive says.
const ASK_AFTER_S: u32 = 60;
const ASK_EVERY_S: u32 = 15;
const ASK_TIMES: u32 = 4;

/// Has the system end the connection when its other side is gone without a word. A socket that cannot be set up so still
/// works, and its session has its own limits.
pub fn find_dead_peers(stream: &TcpStream) {
    let _ = setsockopt(stream, sockopt::KeepAlive, &true);
    let _ = setsockopt(stream, sockopt::TcpKeepIdle, &ASK_AFTER_S);
    let _ = setsockopt(stream, sockopt::TcpKeepInterval, &ASK_EVERY_S);
    let _ = setsockopt(stream, sockopt::TcpKeepCount, &ASK_TIMES);
}

#[cfg(test)]
mod tests {
    use nix::sys::socket::getsockopt;
    use tokio::net::TcpListener;

    use super::*;

    /// A phone that lost the Wi-Fi would hold its place for twelve hours.
    #[tokio::test]
    async fn the_system_looks_for_dead_peers() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _phone = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        find_dead_peers(&stream);
        assert!(getsockopt(&stream, sockopt::KeepAlive).unwrap());
        assert_eq!(getsockopt(&stream, sockopt::TcpKeepIdle).unwrap(), ASK_AFTER_S);
    }
}
