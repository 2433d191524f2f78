//! What is heard of other gateways, and what people see of peers.

use std::sync::atomic::Ordering;
use std::sync::Arc;
use std::time::Duration;

use commons_core::identity::GatewayId;
use commons_core::sync::Interests;

use super::{Room, HEARD_LASTS, HEARD_MAX};
use crate::peers::beacon::Heard;
use crate::peers::noise::LinkFault;
use crate::peers::stats::Stats;

/// A link that was quiet for longer than its own questions take is doubted when its peer's beacon is heard.
const QUIET_MS: u64 = 11_000;
/// No gateway that was started anew has been heard on its old link after less.
const RESTART_MS: u64 = 3_000;

/// What people see of one peer.
#[derive(Clone, Debug)]
pub struct PeerView {
    /// Its id.
    pub id: GatewayId,
    /// Its name.
    pub name: String,
    /// Paired, or only configured.
    pub paired: bool,
    /// Where it may be called.
    pub addresses: Vec<String>,
    /// What is wanted of it.
    pub wanted: Interests,
    /// The link, if one stands: its address, whether we called, for how long, the dictionary's version.
    pub link: Option<(String, bool, Duration, u8)>,
    /// Why the last link ended, or none came to be.
    pub fault: Option<LinkFault>,
    /// Counts.
    pub stats: Arc<Stats>,
}

impl Room {
    /// A gateway of our network was heard.
    pub fn on_beacon(self: &Arc<Self>, mut heard: Heard) {
        if heard.id == self.identity.id {
            if !self.copied.swap(true, Ordering::Relaxed) {
                tracing::error!("another machine announces itself with this gateway's own key: its card was copied");
            }
            return;
        }
        let mut fresh_code = false;
        {
            let mut table = self.table();
            let id = heard.id;
            let known_before = table.heard.get(&id).is_some_and(|old| heard.follows(old));
            let quiet_ms = if known_before { QUIET_MS } else { RESTART_MS };
            if let Some(known) = table.known.get_mut(&id) {
                match &known.live {
                    // It was started anew since, or it is there and the link says nothing: that may lead nowhere.
                    Some(live) if known.stats.heard_ago_ms().is_some_and(|ms| ms > quiet_ms) => {
                        live.doubt.notify_one();
                    }
                    Some(_) => {}
                    None => known.poke.notify_one(),
                }
            } else if !known_before {
                fresh_code = true;
            }
            if table.heard.len() >= HEARD_MAX && !table.heard.contains_key(&id) {
                table.heard.retain(|_, heard| heard.at.elapsed() < HEARD_LASTS);
                let stranger = !table.known.contains_key(&id);
                if stranger && table.heard.len() >= HEARD_MAX {
                    return;
                }
            }
            table.heard.insert(id, heard);
        }
        if fresh_code {
            self.pulse.notify_waiters();
            self.change();
        }
    }

    /// All peers.
    pub fn views(&self) -> Vec<PeerView> {
        let addresses: Vec<(GatewayId, Vec<String>)> = {
            let ids: Vec<GatewayId> = self.table().known.keys().copied().collect();
            ids.into_iter().map(|id| (id, self.addresses(&id))).collect()
        };
        let wants = self.book().wants();
        let table = self.table();
        let view = |(id, addresses): (GatewayId, Vec<String>)| {
            let known = table.known.get(&id)?;
            Some(PeerView {
                id,
                name: known.name.clone(),
                paired: known.paired,
                addresses,
                wanted: wants.get(&id).copied().unwrap_or(self.usual),
                link: known
                    .live
                    .as_ref()
                    .map(|live| (live.address.clone(), live.called, live.since.elapsed(), live.squeeze.version())),
                fault: known.fault.clone().filter(|_| known.live.is_none()),
                stats: known.stats.clone(),
            })
        };
        addresses.into_iter().filter_map(view).collect()
    }
}
