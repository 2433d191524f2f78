//! Whose logs are taken, how far their gateways are, and how much of them is stored.

use alloc::vec::Vec;

use super::contract::Action;
use super::fault::Alarm;
use super::memory::{cursor_key, way_note, Introduction};
use super::state::Context;
use super::Sync;
use crate::identity::GatewayId;
use crate::log::{Epoch, Lane, LogKey};
use crate::node::Space;

/// Gateways that one peer may introduce, unless set otherwise: four large neighbourhoods.
pub const INTRODUCED_PER_PEER_MAX: usize = 256;
/// Logs of one gateway: sixteen epochs of each lane. More are not taken, so that nobody fills the table of logs alone.
pub const LOGS_PER_GATEWAY_MAX: usize = 64;
/// Gateways listed though nothing of theirs is stored.
pub const STRANGERS_MAX: usize = 256;
/// What stands for "as far as can be" where the distance is not known.
pub const HOPS_UNKNOWN: u8 = 127;

/// How a peer hears of news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Push {
    /// They are pushed to it.
    Now,
    /// They are announced, and pushed if it does not say that it has them.
    Hold,
    /// They are announced.
    No,
}

/// What one gateway has stored here in one lane.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    pub bytes: u64,
    pub batches: u64,
}

impl Sync {
    /// Whether logs of this gateway are taken, now that `peer` names it as `hops` links away from itself. Once
    /// introduced it stays so, however the links change.
    pub(super) fn admits(
        &mut self,
        cx: &mut Context<'_>,
        peer: &GatewayId,
        gateway: &GatewayId,
        hops: Option<u8>,
    ) -> bool {
        if *gateway == cx.node.id() || self.setup.peers.contains(gateway) {
            return true;
        }
        let here = hops.map_or(HOPS_UNKNOWN, |hops| hops.saturating_add(1));
        if let Some(way) = self.ways.get_mut(gateway) {
            if here < way.hops {
                way.hops = here;
                let (key, value) = way_note(gateway, way);
                cx.actions.push(Action::Remember { key, value });
            }
            return true;
        }
        let introduced = self.introduced.entry(*peer).or_default();
        if here > self.setup.hops_max || *introduced >= self.setup.introduced_per_peer_max {
            if self.strangers.len() < STRANGERS_MAX {
                self.strangers.insert(*gateway);
            }
            return false;
        }
        *introduced += 1;
        let was_stranger = self.strangers.remove(gateway);
        let way = Introduction { by: *peer, hops: here };
        self.ways.insert(*gateway, way);
        let (key, value) = way_note(gateway, &way);
        cx.actions.push(Action::Remember { key, value });
        if was_stranger {
            // What was told of it before was passed over: everybody must tell everything anew at the next session.
            for peer in core::mem::take(&mut self.cursors).into_keys() {
                cx.actions.push(Action::Remember { key: cursor_key(&peer), value: Vec::new() });
            }
            self.peers.values_mut().for_each(|peer| peer.held_back = true);
        }
        true
    }

    /// What a peer says of its own way to a gateway.
    pub(super) fn note_way(&mut self, peer: &GatewayId, gateway: &GatewayId, hops: u8) -> Option<u8> {
        let hops = (hops < HOPS_UNKNOWN).then_some(hops);
        if let Some(peer) = self.peers.get_mut(peer) {
            if peer.ways.len() < super::frame::LINK_LOGS_MAX || peer.ways.contains_key(gateway) {
                peer.ways.entry(*gateway).or_default().hops = hops;
            }
        }
        hops
    }

    /// Links between this gateway and another, by the shortest way that a linked peer tells of.
    pub(super) fn hops(&self, me: &GatewayId, gateway: &GatewayId) -> u8 {
        if gateway == me {
            return 0;
        }
        let linked = self.peers.iter().filter_map(|(id, peer)| peer.hops(id, gateway)).min();
        match linked {
            Some(hops) => hops.saturating_add(1).min(HOPS_UNKNOWN),
            None => self.hops_known(gateway),
        }
    }

    /// What a peer is told: never more than was once known. Else a gateway that is away would seem too far for those who
    /// begin anew meanwhile, and two that know it by each other alone would count up without end.
    pub(super) fn hops_told(&self, me: &GatewayId, gateway: &GatewayId) -> u8 {
        self.hops(me, gateway).min(if gateway == me { 0 } else { self.hops_known(gateway) })
    }

    fn hops_known(&self, gateway: &GatewayId) -> u8 {
        if self.setup.peers.contains(gateway) {
            return 1;
        }
        self.ways.get(gateway).map_or(HOPS_UNKNOWN, |way| way.hops)
    }

    /// How a peer hears of what this gateway writes: pushed only away from its origin, unless Prune and Graft have
    /// settled otherwise. Where the peer's distance is not known, it may be linked with the origin as we are.
    pub(super) fn push(&self, me: &GatewayId, peer: &GatewayId, gateway: &GatewayId) -> Push {
        let Some(state) = self.peers.get(peer).filter(|_| peer != gateway) else { return Push::No };
        let of = |eager: bool| if eager { Push::Now } else { Push::No };
        match (state.ways.get(gateway).and_then(|way| way.eager), state.hops(peer, gateway)) {
            (Some(eager), _) => of(eager),
            (None, Some(theirs)) => of(theirs > self.hops(me, gateway)),
            (None, None) if self.peers.contains_key(gateway) => Push::Hold,
            (None, None) => Push::Now,
        }
    }

    /// Whether this log may be kept at all.
    pub(super) fn has_place(&self, log: &LogKey) -> bool {
        if self.logs.get(log).is_some_and(|state| state.next > 0) {
            return true;
        }
        let from = LogKey { lane: Lane::Urgent, epoch: Epoch(0), ..*log };
        let to = LogKey { lane: Lane::Library, epoch: Epoch(u32::MAX), ..*log };
        // Only what is stored counts: else anybody could use up another gateway's places with names.
        self.logs.range(from..=to).filter(|(_, state)| state.next > 0).count() < LOGS_PER_GATEWAY_MAX
    }

    /// Whether there is room for more of this log.
    pub(super) fn has_room(&mut self, cx: &mut Context<'_>, log: &LogKey) -> bool {
        match self.space {
            Space::Enough => {}
            Space::Low if log.lane == Lane::Urgent => {}
            Space::Low | Space::None => return false,
        }
        if log.gateway == cx.node.id() {
            return true;
        }
        let quota = self.setup.quotas[log.lane as usize];
        let Some(usage) = self.usage.get(&(log.gateway, log.lane)).copied() else { return true };
        if usage.bytes < quota.bytes_max && usage.batches < quota.batches_max {
            return true;
        }
        // Counted were all that ever came; what the store has given back since is only known to the store.
        let of_lane = self.logs.keys().filter(|each| each.gateway == log.gateway && each.lane == log.lane);
        let held: u64 =
            of_lane.filter_map(|each| cx.source.extent(each)).map(|extent| extent.next - extent.first).sum();
        let bytes = usage.bytes.checked_div(usage.batches).unwrap_or(0).saturating_mul(held);
        self.usage.insert((log.gateway, log.lane), Usage { bytes, batches: held });
        let room = bytes < quota.bytes_max && held < quota.batches_max;
        if !room && self.quotas_told.insert((log.gateway, log.lane)) {
            cx.actions.push(Action::Alarm(Alarm::QuotaFull { log: *log }));
        }
        room
    }

    /// Gateways heard of whose logs are not taken.
    pub fn strangers(&self) -> impl Iterator<Item = &GatewayId> {
        self.strangers.iter()
    }

    /// Whether logs of this gateway are taken.
    pub fn trusts(&self, gateway: &GatewayId) -> bool {
        self.setup.peers.contains(gateway) || self.ways.contains_key(gateway)
    }
}
