//! "Here I am": a small signed packet by multicast on the networks a gateway is on, and listening for others.
//!
//! ```text
//! magic "CMNB" (4), version (1), network (4), id (32), port of the door (2), born (4), name (1 + n), signature (64)
//! ```
//!
//! The signature is by the id over all before it, in the whole network's name. Where the packet came from is where the
//! door is looked for: a packet sent again from elsewhere leads there, and the handshake ends it. Packets are looked at
//! only so often, by sender and in all, since each costs a signature.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use commons_core::identity::{gateway_said, purpose, GatewayId, NetworkId, Signature};
use tokio::net::UdpSocket;
use tokio::time::{sleep, Instant};

use super::book::{tidy_name, NAME_BYTES_MAX};
use super::noise::Identity;
use super::room::Room;
use crate::host::links::Links;
use crate::host::multicast::{interfaces, join, listener, send, Interface};
use crate::host::random;

const MAGIC: &[u8; 4] = b"CMNB";
const VERSION: u8 = 1;
const NETWORK_BYTES: usize = 4;
const SIGNATURE_BYTES: usize = 64;
/// The largest packet.
const BEACON_BYTES_MAX: usize = 4 + 1 + NETWORK_BYTES + 32 + 2 + 4 + 1 + NAME_BYTES_MAX + SIGNATURE_BYTES;
/// How often a gateway announces itself: often enough to meet a passing bicycle, seldom enough for a battery.
const EVERY: Duration = Duration::from_secs(10);
/// Signatures looked at a second, in all and of one sender, and how many at once.
const ALL_PER_S: f64 = 32.0;
const EACH_PER_S: f64 = 1.0;
const EACH_BURST: f64 = 4.0;
/// Senders remembered.
const SENDERS_MAX: usize = 256;

/// A gateway that was heard.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Who.
    pub id: GatewayId,
    /// What it calls itself.
    pub name: String,
    /// Where its door is.
    pub address: SocketAddr,
    /// Where else it was heard of since its start: it may speak by cable and by radio, over IPv4 and IPv6.
    pub others: Vec<SocketAddr>,
    /// Drawn at each start of it.
    pub born: u32,
    /// When it was heard last.
    pub at: Instant,
}

/// Addresses kept of one gateway besides the last.
const OTHERS_MAX: usize = 3;

/// What a gateway says of itself.
fn beacon(identity: &Identity, name: &str, port: u16, born: u32) -> Vec<u8> {
    let name = tidy_name(name);
    let mut bytes = Vec::with_capacity(BEACON_BYTES_MAX);
    bytes.extend(MAGIC);
    bytes.push(VERSION);
    bytes.extend(&identity.network.0[..NETWORK_BYTES]);
    bytes.extend(identity.id.0);
    bytes.extend(port.to_be_bytes());
    bytes.extend(born.to_be_bytes());
    bytes.push(name.len() as u8);
    bytes.extend(name.as_bytes());
    let Signature(signature) = identity.keys.sign(purpose::BEACON, &identity.network, &[&bytes]);
    bytes.extend(signature);
    bytes
}

/// Reads a packet but for its signature: who, its port, its birth, its name.
fn parse<'p>(network: &NetworkId, packet: &'p [u8]) -> Option<(GatewayId, u16, u32, &'p str)> {
    let mut rest = packet.strip_prefix(MAGIC)?.strip_prefix(&[VERSION])?.strip_prefix(&network.0[..NETWORK_BYTES])?;
    let mut take = |count: usize| -> Option<&'p [u8]> {
        let (taken, after) = rest.split_at_checked(count)?;
        rest = after;
        Some(taken)
    };
    let id = GatewayId(take(32)?.try_into().ok()?);
    let port = u16::from_be_bytes(take(2)?.try_into().ok()?);
    let born = u32::from_be_bytes(take(4)?.try_into().ok()?);
    let length = take(1)?[0];
    let name = std::str::from_utf8(take(length.into())?).ok()?;
    let whole = name.len() <= NAME_BYTES_MAX && take(SIGNATURE_BYTES).is_some() && rest.is_empty() && port > 0;
    whole.then_some((id, port, born, name))
}

/// Who speaks, if the packet is a gateway's of this network. Our own comes back too: `own_born` is ours.
fn read(identity: &Identity, own_born: u32, packet: &[u8], from: SocketAddr, senders: &mut Senders) -> Option<Heard> {
    let (id, port, born, name) = parse(&identity.network, packet)?;
    if (id == identity.id && born == own_born) || !senders.allow(from.ip()) {
        return None;
    }
    let (said, signature) = packet.split_at_checked(packet.len() - SIGNATURE_BYTES)?;
    let signature = Signature(signature.try_into().ok()?);
    if !gateway_said(&id, purpose::BEACON, &identity.network, &[said], &signature) {
        return None;
    }
    let mut address = from;
    address.set_port(port);
    Some(Heard { id, name: tidy_name(name), address, others: Vec::new(), born, at: Instant::now() })
}

impl Heard {
    /// Takes over what was heard of it before. Whether that was the same start of it, at the same place.
    pub fn follows(&mut self, old: &Self) -> bool {
        if old.born != self.born {
            return false;
        }
        let before = std::iter::once(&old.address).chain(&old.others);
        let known = before.clone().any(|address| *address == self.address);
        let others = before.filter(|address| **address != self.address).take(OTHERS_MAX);
        self.others = others.copied().collect();
        known
    }
}

/// Bounds the work that packets make.
struct Senders {
    all: (f64, Instant),
    each: HashMap<IpAddr, (f64, Instant)>,
}

impl Senders {
    fn new() -> Self {
        Self { all: (ALL_PER_S, Instant::now()), each: HashMap::new() }
    }

    fn allow(&mut self, sender: IpAddr) -> bool {
        let now = Instant::now();
        let fill = |(tokens, at): &mut (f64, Instant), per_s: f64, burst: f64| {
            *tokens = (*tokens + now.duration_since(*at).as_secs_f64() * per_s).min(burst);
            *at = now;
        };
        if self.each.len() >= SENDERS_MAX && !self.each.contains_key(&sender) {
            self.each.retain(|_, (_, at)| now.duration_since(*at).as_secs_f64() * EACH_PER_S < EACH_BURST);
            if self.each.len() >= SENDERS_MAX {
                return false;
            }
        }
        let each = self.each.entry(sender).or_insert((EACH_BURST, now));
        fill(each, EACH_PER_S, EACH_BURST);
        fill(&mut self.all, ALL_PER_S, ALL_PER_S);
        if each.0 < 1.0 || self.all.0 < 1.0 {
            return false;
        }
        each.0 -= 1.0;
        self.all.0 -= 1.0;
        true
    }
}

/// The interfaces to use for a group, each with the port of the door that can be reached there.
fn places(wanted: &[String], listen: &[SocketAddr], group: &SocketAddr) -> Vec<(Interface, u16)> {
    let mut places = Vec::new();
    for interface in interfaces() {
        let named = wanted.contains(&interface.name);
        let all = wanted.iter().any(|word| word == "all") && !interface.loopback;
        if !(named || all) || !interface.multicast {
            continue;
        }
        let own = interface.addresses.iter().filter(|address| address.is_ipv4() == group.is_ipv4());
        let reaches = |listen: &&SocketAddr| match listen.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => group.is_ipv4(),
            // Linux takes IPv4 there too.
            IpAddr::V6(ip) if ip.is_unspecified() => true,
            ip => interface.addresses.contains(&ip) && ip.is_ipv4() == group.is_ipv4(),
        };
        if own.count() == 0 {
            continue;
        }
        if let Some(listen) = listen.iter().find(reaches) {
            let port = listen.port();
            places.push((interface, port));
        }
    }
    places
}

/// Announces and listens until the room closes. One task a group.
pub async fn run(room: Arc<Room>, group: SocketAddr) {
    let socket = match listener(&group).and_then(UdpSocket::from_std) {
        Ok(socket) => socket,
        Err(error) => {
            tracing::warn!(%group, %error, "no announcements can be heard; other gateways must be named");
            return;
        }
    };
    let born = room.born;
    let mut joined: Vec<u32> = Vec::new();
    let mut senders = Senders::new();
    let mut packet = [0; BEACON_BYTES_MAX + 1];
    let mut next = Instant::now();
    while !room.is_closing() {
        tokio::select! {
            received = socket.recv_from(&mut packet) => match received {
                Ok((length, from)) => {
                    if let Some(heard) = read(&room.identity, born, &packet[..length], from, &mut senders) {
                        room.on_beacon(heard);
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "an announcement was not received");
                    sleep(Duration::from_millis(100)).await;
                }
            },
            () = tokio::time::sleep_until(next) => {
                announce(&room, &socket, &group, born, &mut joined);
                let jitter = f64::from(random::number().unwrap_or(0) % 1_000) / 1_000.0;
                next = Instant::now() + EVERY.mul_f64(0.8 + 0.4 * jitter);
            }
            () = room.wait_for_pulse() => next = next.min(Instant::now() + Duration::from_millis(200)),
        }
    }
}

fn announce(room: &Room, socket: &UdpSocket, group: &SocketAddr, born: u32, joined: &mut Vec<u32>) {
    let places = places(&room.config.beacon, &room.listen, group);
    let here: Vec<u32> = places.iter().map(|(interface, _)| interface.index).collect();
    joined.retain(|index| here.contains(index));
    for (interface, port) in places {
        if !joined.contains(&interface.index) {
            let socket = socket2(socket);
            let done = socket.and_then(|socket| join(&socket, group, &interface));
            match done {
                Ok(()) => joined.push(interface.index),
                // It had joined before the interface went away for a moment.
                Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => joined.push(interface.index),
                Err(error) => tracing::debug!(interface = interface.name, %error, "no announcements are heard here"),
            }
        }
        if let Err(error) = send(&beacon(&room.identity, &room.name, port, born), group, &interface) {
            tracing::debug!(interface = interface.name, %error, "no announcement was sent here");
        }
    }
}

/// The same socket once more, for calls that tokio's does not have.
fn socket2(socket: &UdpSocket) -> std::io::Result<std::net::UdpSocket> {
    use std::os::fd::AsFd;
    Ok(socket.as_fd().try_clone_to_owned()?.into())
}

/// Pokes the room whenever an interface comes up.
pub async fn watch_links(room: Arc<Room>) {
    let links = match Links::listen() {
        Ok(links) => links,
        Err(error) => {
            tracing::warn!(%error, "the kernel does not tell of its network; a link that comes back is noticed later");
            return;
        }
    };
    while !room.is_closing() {
        if let Err(error) = links.come_up().await {
            tracing::warn!(%error, "the kernel no longer tells of its network");
            return;
        }
        room.on_link_up();
        // One cable makes several messages.
        sleep(Duration::from_millis(100)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use commons_core::identity::GatewayKeys;

    fn identity(seed: u8, network: &str) -> Identity {
        Identity::new(NetworkId::of(network), GatewayKeys::from_seed(&[seed; 32]))
    }

    fn from() -> SocketAddr {
        "192.0.2.7:40000".parse().unwrap()
    }

    /// A stranger could pass for a neighbour's gateway, or one of another network could push in.
    #[tokio::test(start_paused = true)]
    async fn only_gateways_of_our_network_are_heard() {
        let us = identity(1, "maple");
        let packet = beacon(&identity(2, "maple"), "Block \u{7}B", 1_883, 5);
        let heard = read(&us, 9, &packet, from(), &mut Senders::new()).unwrap();
        assert_eq!((heard.id, heard.name.as_str(), heard.born), (identity(2, "maple").id, "Block B", 5));
        assert_eq!(heard.address.to_string(), "192.0.2.7:1883");
        for at in 0..packet.len() {
            let mut bent = packet.clone();
            bent[at] ^= 1;
            assert!(read(&us, 9, &bent, from(), &mut Senders::new()).is_none(), "{at}");
            assert!(read(&us, 9, &packet[..at], from(), &mut Senders::new()).is_none(), "{at}");
        }
        assert!(read(&identity(1, "oak"), 9, &packet, from(), &mut Senders::new()).is_none());
        let oak = beacon(&identity(2, "oak"), "B", 1_883, 5);
        assert!(read(&us, 9, &oak, from(), &mut Senders::new()).is_none());
        let own = beacon(&us, "A", 1_883, 9);
        assert!(read(&us, 9, &own, from(), &mut Senders::new()).is_none());
        let copy = beacon(&us, "A", 1_883, 5);
        let heard = read(&us, 9, &copy, from(), &mut Senders::new()).unwrap();
        assert_eq!(heard.id, us.id, "somebody else has our key");
    }

    /// A gateway with cable and radio would pass for one that has just been started, each time it speaks over the other.
    #[tokio::test(start_paused = true)]
    async fn one_with_two_addresses_is_known_by_both() {
        let hear = |born: u32, from: &str| {
            let packet = beacon(&identity(2, "maple"), "B", 1_883, born);
            read(&identity(1, "maple"), 9, &packet, from.parse().unwrap(), &mut Senders::new()).unwrap()
        };
        let (cable, radio) = ("192.0.2.7:40000", "[fe80::7]:40000");
        let mut last = hear(5, cable);
        for (from, known) in [(radio, false), (cable, true), (radio, true), (radio, true), (cable, true)] {
            let mut heard = hear(5, from);
            assert_eq!(heard.follows(&last), known, "{from}");
            assert_eq!(heard.others.len(), 1);
            last = heard;
        }
        for number in 0..10 {
            let mut heard = hear(5, &format!("198.51.100.{number}:40000"));
            assert!(!heard.follows(&last));
            assert!(heard.others.len() <= OTHERS_MAX);
            last = heard;
        }
        let mut heard = hear(6, cable);
        assert!(!heard.follows(&last) && heard.others.is_empty(), "it was started anew");
    }

    /// Somebody who sends packets all day would keep a small board busy with signatures.
    #[tokio::test(start_paused = true)]
    async fn a_flood_is_looked_at_only_so_often() {
        let mut senders = Senders::new();
        let one: IpAddr = "192.0.2.7".parse().unwrap();
        assert_eq!((0..1_000).filter(|_| senders.allow(one)).count(), EACH_BURST as usize);
        assert!(senders.allow("192.0.2.8".parse().unwrap()), "others are still heard");
        let many = (0..100_000u32).filter(|n| senders.allow(IpAddr::from(n.to_be_bytes()))).count();
        assert!(many <= ALL_PER_S as usize, "{many}");
        assert!(senders.each.len() <= SENDERS_MAX);
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!((0..1_000).filter(|_| senders.allow(one)).count(), 3);
    }

    /// A gateway would announce a door that cannot be reached there.
    #[test]
    fn only_where_the_door_can_be_reached() {
        let group: SocketAddr = "239.255.77.67:18830".parse().unwrap();
        let names = |wanted: &[&str], listen: &[&str]| -> Vec<String> {
            let wanted: Vec<String> = wanted.iter().map(ToString::to_string).collect();
            let listen: Vec<SocketAddr> = listen.iter().map(|address| address.parse().unwrap()).collect();
            places(&wanted, &listen, &group)
                .into_iter()
                .map(|(interface, port)| format!("{}:{port}", interface.name))
                .collect()
        };
        assert!(names(&["all"], &["127.0.0.1:7"]).is_empty());
        assert!(names(&[], &["0.0.0.0:7"]).is_empty());
        assert!(names(&["all"], &["192.0.2.99:7"]).is_empty());
        if let Some(loopback) = interfaces().into_iter().find(|each| each.loopback) {
            assert_eq!(names(&[&loopback.name], &["127.0.0.1:7"]), [format!("{}:7", loopback.name)]);
            assert!(!names(&["all"], &["0.0.0.0:7"]).contains(&format!("{}:7", loopback.name)));
        }
    }
}
