//! Multicast on named interfaces: who has which, and sockets that several gateways on one machine may share.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;

use nix::ifaddrs::getifaddrs;
use nix::net::if_::{if_nametoindex, InterfaceFlags};
use nix::sys::socket::{bind, setsockopt, socket, sockopt, AddressFamily, SockFlag, SockType, SockaddrStorage};

/// Interfaces looked at, at most; a machine with more has bridges and containers.
const INTERFACES_MAX: usize = 64;

/// A network interface that is up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// `eth0`
    pub name: String,
    /// The kernel's number of it.
    pub index: u32,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// The machine itself.
    pub loopback: bool,
    /// It carries multicast; loopback does too, though it does not say so.
    pub multicast: bool,
}

/// All interfaces that are up.
pub fn interfaces() -> Vec<Interface> {
    let mut found: BTreeMap<String, Interface> = BTreeMap::new();
    for each in getifaddrs().into_iter().flatten() {
        if !each.flags.contains(InterfaceFlags::IFF_UP) || found.len() >= INTERFACES_MAX {
            continue;
        }
        let loopback = each.flags.contains(InterfaceFlags::IFF_LOOPBACK);
        let multicast = loopback || each.flags.contains(InterfaceFlags::IFF_MULTICAST);
        let Ok(index) = if_nametoindex(each.interface_name.as_str()) else { continue };
        let name = each.interface_name.clone();
        let entry =
            found.entry(name.clone()).or_insert(Interface { name, index, addresses: Vec::new(), loopback, multicast });
        let Some(address) = each.address else { continue };
        match (address.as_sockaddr_in(), address.as_sockaddr_in6()) {
            (Some(v4), _) => entry.addresses.push(IpAddr::V4(v4.ip())),
            (_, Some(v6)) => entry.addresses.push(IpAddr::V6(v6.ip())),
            _ => {}
        }
    }
    found.into_values().collect()
}

/// A socket that hears what is sent to a group, once it has joined. Several processes may hear the same.
pub fn listener(group: &SocketAddr) -> io::Result<UdpSocket> {
    let any: IpAddr = if group.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let family = if group.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let socket = socket(family, SockType::Datagram, SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK, None)?;
    setsockopt(&socket, sockopt::ReuseAddr, &true)?;
    if group.is_ipv6() {
        setsockopt(&socket, sockopt::Ipv6V6Only, &true)?;
    }
    bind(socket.as_raw_fd(), &SockaddrStorage::from(SocketAddr::new(any, group.port())))?;
    Ok(socket.into())
}

/// Hears a group on one interface. `AlreadyExists`-like errors of a second time are the caller's to ignore.
pub fn join(socket: &UdpSocket, group: &SocketAddr, on: &Interface) -> io::Result<()> {
    match group.ip() {
        IpAddr::V4(group) => {
            let own = v4(on).ok_or(io::ErrorKind::AddrNotAvailable)?;
            socket.join_multicast_v4(&group, &own)
        }
        IpAddr::V6(group) => socket.join_multicast_v6(&group, on.index),
    }
}

/// Sends once to a group over one interface.
pub fn send(bytes: &[u8], group: &SocketAddr, on: &Interface) -> io::Result<()> {
    match group {
        // Linux takes the interface of a multicast packet from the address its socket is bound to (ip_route_output).
        SocketAddr::V4(group) => {
            let own = v4(on).ok_or(io::ErrorKind::AddrNotAvailable)?;
            UdpSocket::bind((own, 0))?.send_to(bytes, group)?;
        }
        SocketAddr::V6(group) => {
            let mut group = *group;
            group.set_scope_id(on.index);
            UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0))?.send_to(bytes, group)?;
        }
    }
    Ok(())
}

fn v4(on: &Interface) -> Option<Ipv4Addr> {
    on.addresses.iter().find_map(|address| match address {
        IpAddr::V4(v4) => Some(*v4),
        IpAddr::V6(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Two gateways in one house would not find each other.
    #[test]
    fn what_one_sends_two_hear() {
        let Some(loopback) = interfaces().into_iter().find(|each| each.loopback && v4(each).is_some()) else { return };
        // A free port, so that tests at once do not hear each other.
        let free = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let group = SocketAddr::from(([239, 255, 77, 68], free));
        let ears: Vec<UdpSocket> = (0..2)
            .map(|_| {
                let ear = listener(&group).unwrap();
                join(&ear, &group, &loopback).unwrap();
                ear.set_nonblocking(false).unwrap();
                ear.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                ear
            })
            .collect();
        send(b"here", &group, &loopback).unwrap();
        for ear in ears {
            let mut bytes = [0; 16];
            let (length, from) = ear.recv_from(&mut bytes).unwrap();
            assert_eq!((&bytes[..length], from.ip().is_loopback()), (&b"here"[..], true));
        }
    }
}
