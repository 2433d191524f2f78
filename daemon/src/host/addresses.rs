//! The addresses under which phones can reach this machine.

use std::net::{IpAddr, SocketAddr};

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;

/// Addresses listed, at most; a machine with more has bridges nobody reads off a wall.
pub const ADDRESSES_MAX: usize = 16;

/// Addresses of interfaces that are up, without loopback and IPv6 link-local ones: IPv4 first, private before public
/// (a block's phones are on the private one).
pub fn addresses() -> Vec<IpAddr> {
    let Ok(interfaces) = getifaddrs() else {
        return Vec::new();
    };
    let mut found: Vec<IpAddr> = interfaces
        .filter(|interface| interface.flags.contains(InterfaceFlags::IFF_UP))
        .filter_map(|interface| {
            let address = interface.address?;
            match (address.as_sockaddr_in(), address.as_sockaddr_in6()) {
                (Some(v4), _) => Some(IpAddr::V4(v4.ip())),
                (_, Some(v6)) => Some(IpAddr::V6(v6.ip())),
                _ => None,
            }
        })
        .filter(|address| reachable(*address))
        .collect();
    found.sort_by_key(|address| {
        let private = match address {
            IpAddr::V4(v4) => v4.is_private(),
            IpAddr::V6(v6) => v6.is_unique_local(),
        };
        (address.is_ipv6(), !private, *address)
    });
    found.dedup();
    found.truncate(ADDRESSES_MAX);
    found
}

fn reachable(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !v4.is_loopback() && !v4.is_unspecified() && !v4.is_link_local(),
        IpAddr::V6(v6) => !v6.is_loopback() && !v6.is_unspecified() && !v6.is_unicast_link_local(),
    }
}

/// The page's address to tell people: where HTTP listens, with a wildcard replaced by an address phones can reach.
pub fn page(http: &[SocketAddr]) -> String {
    page_among(http, &addresses())
}

fn page_among(http: &[SocketAddr], own: &[IpAddr]) -> String {
    let known = |listen: &SocketAddr| -> Option<SocketAddr> {
        if !listen.ip().is_unspecified() {
            return Some(*listen);
        }
        own.iter()
            .find(|address| listen.is_ipv6() || address.is_ipv4())
            .map(|address| SocketAddr::new(*address, listen.port()))
    };
    let best = http.iter().filter_map(known).min_by_key(|address| address.ip().is_loopback());
    match best.or_else(|| {
        // No network yet: at least the machine itself can see it.
        http.first().map(|listen| SocketAddr::from(([127, 0, 0, 1], listen.port())))
    }) {
        Some(address) if address.port() == 80 && address.is_ipv4() => {
            format!("http://{}/", address.ip())
        }
        Some(address) => format!("http://{address}/"),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_one_phones_can_open() {
        // People would type 0.0.0.0 from the poster on the wall.
        let own: Vec<IpAddr> = vec!["192.168.4.1".parse().unwrap(), "fd00::1".parse().unwrap()];
        for (listen, expected) in [
            (vec!["0.0.0.0:8080"], "http://192.168.4.1:8080/"),
            (vec!["0.0.0.0:80"], "http://192.168.4.1/"),
            (vec!["127.0.0.1:1", "10.0.0.1:2"], "http://10.0.0.1:2/"),
            (vec!["127.0.0.1:1"], "http://127.0.0.1:1/"),
            (vec!["[::]:8080"], "http://192.168.4.1:8080/"),
            (vec![], ""),
        ] {
            let listen: Vec<SocketAddr> = listen.iter().map(|l| l.parse().unwrap()).collect();
            assert_eq!(page_among(&listen, &own), expected);
        }
        assert_eq!(page_among(&["0.0.0.0:8080".parse().unwrap()], &[]), "http://127.0.0.1:8080/");
        assert!(addresses().iter().all(|address| !address.is_loopback()));
    }
}
