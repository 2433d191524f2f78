//! Whom limits count: one address, or for IPv6 its /64, since one phone owns all of a /64 (RFC 4291, 2.5.4).

use std::net::{IpAddr, Ipv6Addr};

/// The address that stands for everybody who can easily use it.
pub fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if !v6.is_loopback() => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !0u128 << 64)),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One phone with a /64 of addresses would have as many quotas.
    #[test]
    fn a_64_counts_as_one() {
        let of = |text: &str| household(text.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(of("::1"), "::1");
    }
}
