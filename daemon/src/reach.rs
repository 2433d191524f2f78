//! How far what is here has got: which gateways are known to hold it too.
//!
//! A linked peer's own words tell (its acknowledgements come after its commits). Of one that is not linked it is known up to
//! which of our ages it had everything in the lanes it wants; that is noted, so that "two other gateways have it" does not
//! become "none" when a radio falls silent, and so that a stick holds only what its peer may lack. One that was started anew may
//! have been put back from a backup: then it counts for what it says itself, and no more.

use std::collections::BTreeMap;

use commons_core::identity::GatewayId;
use commons_core::log::{Age, LogKey};
use commons_core::node::Node;
use commons_core::sync::{Interests, LinkId, Source, StoreEpoch};

/// Note keys of how far each peer has followed us: our age then (8 bytes, big-endian), and its lanes (1; none: the usual).
const TOLD: &[u8] = b"told/";
/// Logs a peer may lack something of and still be worth a note when its link ends: each costs a read.
const LACKING_MAX: usize = 64;

/// What is known of each gateway's store.
#[derive(Default)]
pub struct Reach {
    /// Everything that came here before this age in these lanes, it has.
    told: BTreeMap<GatewayId, (Age, Interests)>,
    /// The start it spoke of on its last link, and the lanes it wanted then.
    starts: BTreeMap<GatewayId, (StoreEpoch, Interests)>,
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
            let (age, lanes) = value.split_first_chunk()?;
            let lanes = lanes.first().map_or(Interests::USUAL, |bits| Interests::from_bits(*bits));
            Some((peer, (Age(u64::from_be_bytes(*age)), lanes)))
        };
        Self { told: notes.filter_map(one).collect(), ..Self::default() }
    }

    /// A link to a peer stands, which was started as `start` and wants these lanes; `followed`: the age up to which it says
    /// it has everything in them, if it knows this store.
    pub fn up(
        &mut self,
        link: LinkId,
        peer: GatewayId,
        (start, lanes): (StoreEpoch, Interests),
        followed: Option<Age>,
    ) -> Option<Noted> {
        self.links.insert(link, peer);
        let same = self.starts.insert(peer, (start, lanes)) == Some((start, lanes));
        let known = self.told.get(&peer).filter(|_| same).map(|(age, _)| *age);
        match followed {
            Some(age) => self.note(peer, known.map_or(age, |known| known.max(age)), lanes),
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
        let (_, lanes) = self.starts.get(&peer).copied()?;
        let lacking: Vec<LogKey> = node
            .heads()
            .filter(|head| lanes.has(head.log.lane) && next(&head.log) < head.next)
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
        let known = self.told.get(&peer).map_or(Age(0), |(age, _)| *age);
        self.note(peer, age.max(known), lanes)
    }

    /// Up to which age a peer had everything in which lanes, when it was last heard.
    pub fn told(&self, peer: &GatewayId) -> Option<(Age, Interests)> {
        self.told.get(peer).copied()
    }

    /// How many other gateways have a batch that came here at `arrived`. At least: who got it from others is not known.
    /// `has`: whether a linked peer has it, by its own word.
    pub fn count(&self, log: &LogKey, arrived: Age, me: &GatewayId, has: impl Fn(&GatewayId) -> bool) -> u32 {
        let origin = (log.gateway != *me).then_some(&log.gateway);
        let had = |(age, lanes): &(Age, Interests)| arrived < *age && lanes.has(log.lane);
        let told = self.told.iter().filter(|(_, told)| had(told)).map(|(peer, _)| peer);
        let linked = self.links.values().filter(|peer| has(peer));
        let all: std::collections::BTreeSet<&GatewayId> = origin.into_iter().chain(told).chain(linked).collect();
        all.len() as u32
    }

    fn note(&mut self, peer: GatewayId, age: Age, lanes: Interests) -> Option<Noted> {
        if self.told.insert(peer, (age, lanes)) == Some((age, lanes)) {
            return None;
        }
        Some(([TOLD, &peer.0].concat(), [&age.0.to_be_bytes()[..], &[lanes.bits()]].concat()))
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

    fn up(reach: &mut Reach, link: u32, start: u64, followed: Option<u64>) -> Option<Noted> {
        reach.up(LinkId(link), OAK, (StoreEpoch(start), Interests::USUAL), followed.map(Age))
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
        assert!(up(&mut reach, 1, 7, Some(10)).is_some());
        assert!(up(&mut reach, 2, 7, Some(10)).is_none(), "nothing new");
        assert_eq!(count(&reach, OAK, 5, &[OAK]), 1);
        assert_eq!(count(&reach, ME, 5, &[]), 1, "by what it said before");
        assert_eq!(count(&reach, ME, 10, &[]), 0, "in that very second it may not have it");
        assert_eq!(count(&reach, ME, 10, &[OAK, ELM]), 1, "only who is linked has a word of his own");
    }

    /// What a gateway had before it was wiped it has no more: the light would lie, and a stick would leave out what it needs.
    #[test]
    fn a_wiped_gateway_has_nothing() {
        let mut reach = Reach::default();
        let (key, value) = up(&mut reach, 1, 7, Some(10)).expect("a note");
        let mut reach = Reach::read([(key.as_slice(), value.as_slice())].into_iter());
        assert_eq!(count(&reach, ME, 5, &[]), 1, "kept across a restart");
        assert_eq!(up(&mut reach, 2, 7, None), Some((key, Vec::new())));
        assert_eq!(count(&reach, ME, 5, &[]), 0);
        assert_eq!(reach.told(&OAK), None);
    }

    /// A gateway put back from a backup would count for what it lost with its card.
    #[test]
    fn one_that_was_restored_counts_for_what_it_says_itself() {
        let mut reach = Reach::default();
        up(&mut reach, 1, 7, Some(10)).expect("a note");
        assert!(
            up(&mut reach, 2, 7, Some(8)).is_none(),
            "the same run: what it has it has, though it noted it not yet"
        );
        assert_eq!(count(&reach, ME, 9, &[]), 1);
        let (key, value) = up(&mut reach, 3, 8, Some(6)).expect("a note");
        assert_eq!((count(&reach, ME, 9, &[]), count(&reach, ME, 5, &[])), (0, 1));
        let mut reach = Reach::read([(key.as_slice(), value.as_slice())].into_iter());
        assert_eq!((count(&reach, ME, 9, &[]), count(&reach, ME, 5, &[])), (0, 1));
        // After a restart of our own nothing is known of its starts: its word counts.
        up(&mut reach, 1, 8, Some(4)).expect("a note");
        assert_eq!(count(&reach, ME, 5, &[]), 0);
    }

    /// A peer that takes alarms alone would count for a board that it never had.
    #[test]
    fn what_a_peer_does_not_take_it_does_not_have() {
        let mut reach = Reach::default();
        let lanes = Interests::of(&[Lane::Urgent]);
        let (key, value) = reach.up(LinkId(1), OAK, (StoreEpoch(7), lanes), Some(Age(10))).expect("a note");
        for reach in [&reach, &Reach::read([(key.as_slice(), value.as_slice())].into_iter())] {
            assert_eq!(count(reach, ME, 5, &[]), 0);
            let urgent = LogKey { lane: Lane::Urgent, ..log(ME) };
            assert_eq!(reach.count(&urgent, Age(5), &ME, |_| false), 1);
        }
        let old = value[..8].to_vec();
        let reach = Reach::read([(key.as_slice(), old.as_slice())].into_iter());
        assert_eq!(count(&reach, ME, 5, &[]), 1, "a note from before there were interests");
    }
}
