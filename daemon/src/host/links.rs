//! Tells when a network interface comes up or gets an address: rtnetlink(7), groups LINK and IPV4/IPV6_IFADDR.

use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixDatagram as StdDatagram;

use nix::sys::socket::{bind, socket, AddressFamily, NetlinkAddr, SockFlag, SockProtocol, SockType};
use tokio::net::UnixDatagram;

/// RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR (linux/rtnetlink.h).
const GROUPS: u32 = 0x1 | 0x10 | 0x100;
/// RTM_NEWLINK, RTM_NEWADDR.
const NEW_LINK: u16 = 16;
const NEW_ADDRESS: u16 = 20;
/// Bytes of nlmsghdr.
const HEADER_BYTES: usize = 16;
/// IFF_UP and IFF_RUNNING in ifinfomsg.
const RUNNING: u32 = 0x1 | 0x40;
/// Where ifi_flags lies after the header.
const FLAGS_AT: usize = HEADER_BYTES + 8;

/// The kernel's news of its interfaces.
pub struct Links {
    /// A netlink socket: of all that a datagram socket can do, only recv(2) is used.
    socket: UnixDatagram,
}

impl Links {
    /// Listens from now on. Must be called within a tokio runtime.
    pub fn listen() -> io::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = socket(AddressFamily::Netlink, SockType::Raw, flags, SockProtocol::NetlinkRoute)?;
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, GROUPS))?;
        Ok(Self { socket: UnixDatagram::from_std(StdDatagram::from(socket))? })
    }

    /// Resolves when an interface runs or has got an address since the last call.
    pub async fn come_up(&self) -> io::Result<()> {
        let mut bytes = [0; 16 * 1024];
        loop {
            match self.socket.recv(&mut bytes).await {
                Ok(length) if comes_up(&bytes[..length]) => return Ok(()),
                Ok(_) => {}
                // More happened than the kernel kept: something may well have come up.
                Err(error) if error.raw_os_error() == Some(nix::Error::ENOBUFS as i32) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}

/// Whether one of the messages says so.
fn comes_up(mut bytes: &[u8]) -> bool {
    while bytes.len() >= HEADER_BYTES {
        let number = |at: usize| bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map(u32::from_ne_bytes);
        let length = number(0).unwrap_or(0) as usize;
        let kind = u16::from_ne_bytes([bytes[4], bytes[5]]);
        let runs = number(FLAGS_AT).is_some_and(|flags| flags & RUNNING == RUNNING);
        if kind == NEW_ADDRESS || (kind == NEW_LINK && runs) {
            return true;
        }
        // Messages are aligned to 4 bytes; a length below the header's would never end.
        match bytes.get(length.max(HEADER_BYTES).next_multiple_of(4)..) {
            Some(rest) => bytes = rest,
            None => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u16, flags: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(32u32.to_ne_bytes());
        bytes.extend(kind.to_ne_bytes());
        bytes.extend([0; 10]);
        bytes.extend([0; 8]);
        bytes.extend(flags.to_ne_bytes());
        bytes.extend([0; 4]);
        bytes
    }

    /// A cable that is plugged in again would be noticed only after half a minute; a broken message would hang us.
    #[test]
    fn only_what_comes_up_counts() {
        assert!(comes_up(&message(NEW_LINK, RUNNING)));
        assert!(!comes_up(&message(NEW_LINK, 1)));
        assert!(!comes_up(&message(17, RUNNING)));
        assert!(comes_up(&[message(NEW_LINK, 0), message(NEW_ADDRESS, 0)].concat()));
        assert!(!comes_up(&[0; 64]));
        assert!(!comes_up(&[0xff; 64]));
        assert!(!comes_up(&[]));
    }

    #[tokio::test]
    async fn the_kernel_lets_anybody_listen() {
        // Without it a healed link would wait for the next try.
        let links = Links::listen().unwrap();
        let quiet = tokio::time::timeout(std::time::Duration::from_millis(1), links.come_up()).await;
        assert!(quiet.is_err() || quiet.is_ok_and(|news| news.is_ok()));
    }
}
