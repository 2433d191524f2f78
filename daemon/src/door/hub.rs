//! The one thread that speaks to rumqttd's router: publishes for everybody through one link, and has a second one read
//! for everybody (see `feed`).
//!
//! rumqttd's link calls block inside (build, subscribe, send), so they have a thread of their own. One publishing link
//! keeps all batches in one order, which is what lets `flow` know their numbers. What the router keeps for ever (client
//! names, filters, topics) comes from fixed sets: two links and the names of the lanes.
//!
//! A router that has died (its thread panicked) is noticed by the next call or by the reading link's end, and a new one
//! is made; sessions notice it by the end of their rings and join the new ones.

use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use rumqttd::local::{LinkBuilder, LinkError, LinkRx, LinkTx};
use rumqttd::protocol::{Packet, Publish};
use rumqttd::{Router, RouterConfig};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::counters::Counters;

use super::feed;
use super::flow::{Flow, LANE_NAMES};

/// Bytes of one segment of a lane's log.
const SEGMENT_BYTES: usize = 32 * 1024;
/// Segments of a lane's log. All but the active one hold at least [`SEGMENT_BYTES`], so the log always holds a full
/// window (96 KiB) and the batch that overran it; beyond that a reader is told of the gap.
const SEGMENTS: usize = 6;
/// The one that publishes and the one that reads.
const LINKS: usize = 2;
/// Batches the router moves to a link at a time.
const BATCHES_PER_READ: u64 = 64;
/// Batches handed to the router with one event.
const PUBLISH_TOGETHER_MAX: usize = 64;

/// What the hub is asked for.
pub enum Task {
    /// A batch for a lane.
    Publish {
        /// Of the router it was counted for.
        generation: u64,
        /// Which lane.
        lane: usize,
        /// What.
        batch: Bytes,
    },
    /// The reading link of this router has ended.
    Lost(u64),
    /// Kills the router, to see it come back.
    #[cfg(test)]
    Break,
}

impl std::fmt::Debug for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Task")
    }
}

/// The router is gone.
struct Gone;

impl From<LinkError> for Gone {
    fn from(_: LinkError) -> Self {
        Self
    }
}

/// Starts the hub's thread, within a tokio runtime. It ends when the last sender of `tasks` is gone.
pub fn start(tasks: mpsc::UnboundedReceiver<Task>, flow: &Arc<Flow>, counters: Arc<Counters>) -> std::io::Result<()> {
    let (flow, runtime) = (Arc::downgrade(flow), Handle::current());
    std::thread::Builder::new()
        .name("door-hub".into())
        .stack_size(256 * 1024)
        .spawn(move || run(tasks, &flow, &runtime, &counters))
        .map(drop)
}

fn run(mut tasks: mpsc::UnboundedReceiver<Task>, flow: &Weak<Flow>, runtime: &Handle, counters: &Counters) {
    let mut hub: Option<Hub> = None;
    let mut next = None;
    let mut generation = 0;
    loop {
        let Some(task) = next.take().or_else(|| tasks.blocking_recv()) else {
            return;
        };
        // A panic of the router library in our thread is a fault like any other: a new router is made.
        let done = catch_unwind(AssertUnwindSafe(|| {
            if hub.is_none() {
                hub = Some(Hub::new(generation, flow, runtime)?);
            }
            match &mut hub {
                Some(hub) => hub.on_task(task, &mut tasks, &mut next),
                None => Ok(()),
            }
        }));
        if !matches!(done, Ok(Ok(()))) {
            hub = None;
            counters.router_rebuilds_total.add(1);
            tracing::error!("the message router failed; a new one is made");
            match flow.upgrade() {
                Some(flow) => generation = flow.restart(),
                None => return,
            }
        }
    }
}

struct Hub {
    generation: u64,
    publisher: LinkTx,
    /// Held so that the router's channels to them stay open: the one never receives, the other asks no more.
    _publisher_receiver: LinkRx,
    _reader: LinkTx,
    feeding: AbortHandle,
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.feeding.abort();
    }
}

impl Hub {
    fn new(generation: u64, flow: &Weak<Flow>, runtime: &Handle) -> Result<Self, Gone> {
        let rings = flow.upgrade().ok_or(Gone)?.rings();
        let router = Router::new(
            0,
            RouterConfig {
                max_connections: LINKS,
                max_outgoing_packet_count: BATCHES_PER_READ,
                max_segment_size: SEGMENT_BYTES,
                max_segment_count: SEGMENTS,
                // Made at once, so that a batch's number in its log is the door's own count.
                initialized_filters: Some(LANE_NAMES.iter().map(ToString::to_string).collect()),
                ..RouterConfig::default()
            },
        );
        let sender = router.spawn();
        let link = |name| {
            let built = LinkBuilder::new(name, sender.clone()).clean_session(true).topic_alias_max(0).build();
            built.map_err(|_| Gone)
        };
        let (publisher, publisher_receiver, _) = link("door")?;
        let (mut reader, receiver, _) = link("feed")?;
        // Before anything is published: the router does one thing after the other.
        for lane in LANE_NAMES {
            reader.subscribe(lane)?;
        }
        let feeding = runtime.spawn(feed::run(receiver, rings, flow.clone(), generation)).abort_handle();
        Ok(Self { generation, publisher, _publisher_receiver: publisher_receiver, _reader: reader, feeding })
    }

    fn on_task(
        &mut self,
        task: Task,
        tasks: &mut mpsc::UnboundedReceiver<Task>,
        next: &mut Option<Task>,
    ) -> Result<(), Gone> {
        match task {
            Task::Lost(generation) if generation == self.generation => return Err(Gone),
            Task::Lost(_) => {}
            Task::Publish { generation, lane, batch } => {
                let (mut lane, mut batch) = (lane, batch);
                if generation != self.generation {
                    return Ok(());
                }
                for _ in 0..PUBLISH_TOGETHER_MAX {
                    match tasks.try_recv() {
                        Ok(Task::Publish { generation, lane: lane_after, batch: batch_after })
                            if generation == self.generation =>
                        {
                            let publish = Publish::new(Bytes::from_static(LANE_NAMES[lane].as_bytes()), batch, false);
                            self.publisher.buffer().push_back(Packet::Publish(publish, None));
                            (lane, batch) = (lane_after, batch_after);
                        }
                        Ok(other) => {
                            *next = Some(other);
                            break;
                        }
                        Err(_) => break,
                    }
                }
                // One event for all of them: the router empties the whole buffer.
                self.publisher.publish(Bytes::from_static(LANE_NAMES[lane].as_bytes()), batch)?;
            }
            #[cfg(test)]
            Task::Break => {
                self.publisher.publish("\u{e9}", "x")?;
            }
        }
        Ok(())
    }
}
