//! How far what is here has got: which gateways are known to hold it too.
//!
//! A linked peer's own words tell (its acknowledgements come after its commits). Of one that is not linked it is known up to
//! which of our ages it had everything; that is noted, so that "two other gateways have it" does not become "none" when a
//! radio falls silent, and so that a stick holds only what its peer may lack.

use std::collections::BTreeMap;

use commons_core::identity::GatewayId;
use commons_core::log::{Age, LogKey};
use commons_core::node::Node;
use commons_core::sync::{LinkId, Source};

/// Note keys of how far each peer has followed us, by our age then (8 bytes, big-endian).
const TOLD: &[u8] = b"told/";
/// Logs a peer may lack something of and still be worth a note when its link ends: each costs a read.
const LACKING_MAX: usize = 64;

/// What is known of each gateway's store.
#[derive(Default)]
pub struct Reach {
    /// Everything that came here before this age, it has.
    told: BTreeMap<GatewayId, Age>,
    links: BTreeMap<LinkId, GatewayId>,
}

/// A note to write: empty = remove.
type Noted = (Vec<u8>, Vec<u8>);

impl Reach {
    /// What all keys of its notes begin with.
    pub const NOTES_PREFIX: &'static [u8] = TOLD;

    /// From the store's notes.
    pub fn read<'a>(notes: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Self {
        let one = |(key, value): (&[u8], &[u8])| {
            let peer = key.strip_prefix(TOLD)?.try_into().ok().map(GatewayId)?;
            Some((peer, Age(u64::from_be_bytes(value.try_into().ok()?))))
        };
        Self { told: notes.filter_map(one).collect(), links: BTreeMap::new() }
    }

    /// A link to a peer stands; `followed`: the age up to which it says it has everything, if it knows this store.
    pub fn up(&mut self, link: LinkId, peer: GatewayId, followed: Option<Age>) -> Option<Noted> {
        self.links.insert(link, peer);
        match followed {
            Some(age) => self.note(peer, age),
            // It was wiped, or is new: what it had once it may have no more.
            None => self.forget(&peer),
        }
    }

    /// A link ends; `known` is what its peer has of each log, as it said itself.
    pub fn down(
        &mut self,
        link: LinkId,
        known: impl Fn(&GatewayId) -> Option<Vec<(LogKey, u64)>>,
        age: Age,
        node: &Node,
        source: &dyn Source,
    ) -> Option<Noted> {
        let peer = self.links.remove(&link)?;
        if self.links.values().any(|of| *of == peer) {
            return None;
        }
        let known: BTreeMap<LogKey, u64> = known(&peer)?.into_iter().collect();
        let next = |log: &LogKey| known.get(log).copied().unwrap_or(0);
        let lacking: Vec<LogKey> = node
            .heads()
            .filter(|head| next(&head.log) < head.next)
            .map(|head| head.log)
            .take(LACKING_MAX + 1)
            .collect();
        if lacking.len() > LACKING_MAX {
            return None;
        }
        let mut age = age;
        for log in lacking {
            let at = next(&log).max(source.extent(&log)?.first);
            age = age.min(source.batch(&log, at)?.arrived);
        }
        self.note(peer, age)
    }

    /// Up to which age a peer had everything, when it was last heard.
    pub fn told(&self, peer: &GatewayId) -> Option<Age> {
        self.told.get(peer).copied()
    }

    /// How many other gateways have a batch that came here at `arrived`. At least: who got it from others is not known.
    /// `has`: whether a linked peer has it, by its own word.
    pub fn count(&self, log: &LogKey, arrived: Age, me: &GatewayId, has: impl Fn(&GatewayId) -> bool) -> u32 {
        let origin = (log.gateway != *me).then_some(&log.gateway);
        let told = self.told.iter().filter(|(_, told)| arrived < **told).map(|(peer, _)| peer);
        let linked = self.links.values().filter(|peer| has(peer));
        let all: std::collections::BTreeSet<&GatewayId> = origin.into_iter().chain(told).chain(linked).collect();
        all.len() as u32
    }

    fn note(&mut self, peer: GatewayId, age: Age) -> Option<Noted> {
        let known = self.told.entry(peer).or_default();
        if *known >= age {
            return None;
        }
        *known = age;
        Some(([TOLD, &peer.0].concat(), age.0.to_be_bytes().to_vec()))
    }

    fn forget(&mut self, peer: &GatewayId) -> Option<Noted> {
        self.told.remove(peer)?;
        Some(([TOLD, &peer.0].concat(), Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use commons_core::log::{Epoch, Lane};

    use super::*;

    const ME: GatewayId = GatewayId([0; 32]);
    const OAK: GatewayId = GatewayId([1; 32]);
    const ELM: GatewayId = GatewayId([2; 32]);

    fn log(gateway: GatewayId) -> LogKey {
        LogKey { gateway, lane: Lane::Board, epoch: Epoch(0) }
    }

    fn count(reach: &Reach, gateway: GatewayId, arrived: u64, linked: &[GatewayId]) -> u32 {
        reach.count(&log(gateway), Age(arrived), &ME, |peer| linked.contains(peer))
    }

    /// A neighbour would trust that three blocks have his need, though it is one of them counted three ways.
    #[test]
    fn each_gateway_counts_once() {
        let mut reach = Reach::default();
        assert_eq!(count(&reach, ME, 5, &[]), 0);
        assert_eq!(count(&reach, OAK, 5, &[]), 1, "where it was posted");
        assert!(reach.up(LinkId(1), OAK, Some(Age(10))).is_some());
        assert!(reach.up(LinkId(2), OAK, Some(Age(10))).is_none(), "nothing new");
        assert_eq!(count(&reach, OAK, 5, &[OAK]), 1);
        assert_eq!(count(&reach, ME, 5, &[]), 1, "by what it said before");
        assert_eq!(count(&reach, ME, 10, &[]), 0, "in that very second it may not have it");
        assert_eq!(count(&reach, ME, 10, &[OAK, ELM]), 1, "only who is linked has a word of his own");
    }

    /// What a gateway had before it was wiped it has no more: the light would lie, and a stick would leave out what it needs.
    #[test]
    fn a_wiped_gateway_has_nothing() {
        let mut reach = Reach::default();
        let (key, value) = reach.up(LinkId(1), OAK, Some(Age(10))).expect("a note");
        let mut reach = Reach::read([(key.as_slice(), value.as_slice())].into_iter());
        assert_eq!(count(&reach, ME, 5, &[]), 1, "kept across a restart");
        assert_eq!(reach.up(LinkId(2), OAK, None), Some((key, Vec::new())));
        assert_eq!(count(&reach, ME, 5, &[]), 0);
        assert_eq!(reach.told(&OAK), None);
    }
}
