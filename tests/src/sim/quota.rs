//! Quotas: what one gateway may store at another in one lane. Who floods a lane fills that, and nothing else.

use std::collections::BTreeMap;

use commons_core::codec::BATCH_BYTES_MAX;
use commons_core::identity::GatewayId;
use commons_core::log::{Lane, LogKey};
use commons_core::sync::LaneQuota;

use super::plan::Trouble;
use super::site::Kind;
use super::world::World;

/// Posts of a flood.
const FLOOD_POSTS: u64 = 30;
/// Bytes of one gateway's board at another one where floods are to be expected.
const BOARD_BYTES_MAX: u64 = 24 * 1_024;
/// Its batches.
const BOARD_BATCHES_MAX: u64 = 60;

impl World {
    /// The quotas of a run in which somebody floods the board.
    pub(super) fn ration(&self, quotas: &mut [LaneQuota; 4]) {
        if self.plan.has(Trouble::Flood) {
            quotas[Lane::Board as usize] = LaneQuota { bytes_max: BOARD_BYTES_MAX, batches_max: BOARD_BATCHES_MAX };
        }
    }

    /// Somebody posts far too much at one gateway.
    pub(super) fn flood(&mut self) {
        let running = |at: &usize| self.sites[*at].run.is_some();
        let running: Vec<usize> = (0..self.plan.gateways).filter(running).collect();
        if running.is_empty() {
            return;
        }
        let at = self.dice.pick(&running);
        self.say(|| format!("{at} is flooded"));
        for _ in 0..FLOOD_POSTS {
            self.post_words(at, "offer", "week", 900);
        }
    }

    /// Whether some machine has had to pass over what this gateway says in this lane.
    pub(super) fn is_rationed(&self, log: &LogKey) -> bool {
        self.rationed.contains(&(log.gateway, log.lane))
    }

    /// Nobody stores more of another one than it grants him, but for what was on its way when that was reached.
    pub(super) fn check_quotas(&mut self) {
        if !self.plan.has(Trouble::Flood) {
            return;
        }
        // Frames that came before the last of them was counted, and what a batch is longer than the rest.
        let slack = 2 * (self.plan.frame_max + BATCH_BYTES_MAX) as u64;
        let mut over = None;
        for (at, site) in self.sites.iter().enumerate().filter(|(_, site)| site.kind == Kind::Honest) {
            let mut held: BTreeMap<GatewayId, u64> = BTreeMap::new();
            for (log, batches) in site.disk.logs.iter().filter(|(log, _)| log.lane == Lane::Board) {
                if log.gateway != site.id {
                    let bytes: usize = batches.values().map(|held| held.bytes.len()).sum();
                    *held.entry(log.gateway).or_default() += bytes as u64;
                }
            }
            if let Some((gateway, bytes)) = held.iter().find(|(_, bytes)| **bytes > BOARD_BYTES_MAX + slack) {
                over = Some(format!("{at} stores {bytes} bytes of the board of {}", gateway.short()));
            }
        }
        if let Some(what) = over {
            self.fail("quotas hold", what);
        }
    }
}
