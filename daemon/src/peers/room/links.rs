//! Links that stand: one a peer, the newer in the older one's place, from the end of a handshake to the end of the link.

use std::sync::atomic::Ordering;
use std::sync::Arc;
use std::time::Duration;

use commons_core::identity::GatewayId;
use commons_core::sync::{Hello, LinkId};
use tokio::sync::{mpsc, oneshot, watch, Notify};
use tokio::time::Instant;

use super::{Live, Room, Standing};
use crate::inbox::LinkMessage;
use crate::peers::link::{Link, Wire};
use crate::peers::noise::{LinkFault, Opened, Session};
use crate::peers::squeeze::Squeeze;
use crate::peers::stats::Stats;

/// Two links that came up within this of each other were called at once.
const AT_ONCE: Duration = Duration::from_secs(3);
/// Bytes before the hello: the port of our door.
const PORT_BYTES: usize = 2;

/// What a handshake has led to.
pub struct Shaken {
    /// The way.
    pub wire: Wire,
    /// The secrets.
    pub session: Session,
    /// The other side's part, as it came.
    pub hello: Vec<u8>,
    /// What came sealed already.
    pub first: Option<Opened>,
    /// Bytes of the handshake: received, sent.
    pub bytes: (usize, usize),
}

impl Room {
    /// Puts a new link into its place, unless the one that stands goes first.
    fn register(&self, peer: &GatewayId, live: Live) -> Result<(Arc<Stats>, Arc<watch::Sender<Standing>>), LinkFault> {
        let mut table = self.table();
        let known = table.known.get_mut(peer).ok_or(LinkFault::Unknown)?;
        if let Some(old) = &mut known.live {
            let ours_first = self.identity.id < *peer;
            let crossed = old.called != live.called && old.since.elapsed() < AT_ONCE;
            if crossed && live.called != ours_first {
                return Err(LinkFault::Replaced);
            }
            if let Some(stop) = old.stop.take() {
                let _ = stop.send(LinkFault::Replaced);
            }
        }
        known.live = Some(live);
        known.fault = None;
        known.standing.send_replace(Standing::Up);
        known.stats.links.add(1);
        Ok((known.stats.clone(), known.standing.clone()))
    }

    /// Takes a link out of its place, if it is still the one that stands.
    fn unregister(&self, peer: &GatewayId, id: LinkId, fault: &LinkFault) {
        let mut table = self.table();
        let Some(known) = table.known.get_mut(peer) else { return };
        if known.live.as_ref().is_some_and(|live| live.id == id) {
            known.live = None;
            known.stats.unqueue();
            known.fault = Some(fault.clone());
            known.standing.send_replace(Standing::Down);
        }
    }

    /// A link lives from here to its end: both sides have proven themselves. `settled` is dropped once it stands, or will not.
    pub async fn live<Settled>(
        self: &Arc<Self>,
        peer: &GatewayId,
        called: bool,
        address: String,
        shaken: Shaken,
        settled: Settled,
    ) -> LinkFault {
        let Shaken { wire, session, hello, first, bytes } = shaken;
        match first {
            None | Some(Opened::Sign(..)) => {}
            Some(_) => return self.never(peer, LinkFault::Unexpected),
        }
        let hello = match hello.get(PORT_BYTES..).map(Hello::decode) {
            Some(Ok(hello)) => hello,
            Some(Err(fault)) => return self.never(peer, LinkFault::Closed(fault.to_string())),
            None => return self.never(peer, LinkFault::Unexpected),
        };
        let id = LinkId(self.next_link.fetch_add(1, Ordering::Relaxed));
        let squeeze = Squeeze::agreed(hello.dictionary);
        let doubt = Arc::new(Notify::new());
        let (stop_sender, stop) = oneshot::channel();
        let live = Live {
            id,
            called,
            since: Instant::now(),
            address: address.clone(),
            squeeze,
            doubt: doubt.clone(),
            stop: Some(stop_sender),
        };
        let (stats, standing) = match self.register(peer, live) {
            Ok(registered) => registered,
            Err(fault) => return fault,
        };
        drop(settled);
        stats.handshake(bytes);
        let (orders_sender, orders) = mpsc::unbounded_channel();
        let up = LinkMessage::Up { link: id, peer: *peer, hello, orders: orders_sender };
        let fault = if self.inbox.link(up).await {
            tracing::info!(peer = peer.short(), called, "linked");
            self.change();
            self.learn(peer, address);
            let bytes_per_s = self.config.bytes_per_second;
            let inbox = self.inbox.clone();
            let fault = Link { id, wire, session, orders, inbox, stats, squeeze, bytes_per_s, doubt, standing, stop }
                .run()
                .await;
            self.inbox.link(LinkMessage::Down(id)).await;
            fault
        } else {
            LinkFault::Ended
        };
        self.unregister(peer, id, &fault);
        tracing::info!(peer = peer.short(), why = %fault, "link ended");
        self.change();
        fault
    }

    /// An address led to a peer: worth remembering.
    fn learn(self: &Arc<Self>, peer: &GatewayId, address: String) {
        if address.ends_with(":0") {
            return;
        }
        let known = self.table().known.get(peer).is_none_or(|known| {
            !known.paired || known.configured.contains(&address) || known.learned.contains(&address)
        });
        if known {
            return;
        }
        let (room, peer) = (self.clone(), *peer);
        tokio::spawn(async move {
            match room.write(move |book| book.learn(&peer, None, Some(address))).await {
                Ok(()) => room.follow_book().await,
                Err(fault) => tracing::warn!(error = %fault, "an address of a peer was not written down"),
            }
        });
    }

    fn never(&self, peer: &GatewayId, fault: LinkFault) -> LinkFault {
        self.note_fault(peer, &fault);
        fault
    }

    /// Why a call did not lead to a link.
    pub fn note_fault(&self, peer: &GatewayId, fault: &LinkFault) {
        if let Some(known) = self.table().known.get_mut(peer) {
            if known.live.is_none() {
                known.fault = Some(fault.clone());
            }
        }
    }
}
