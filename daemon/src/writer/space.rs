//! Room on the disk: looking at it, refusing in time, giving back what has expired.

use super::*;

impl Writer {
    pub(super) fn look_at_disk(&mut self) {
        let free = match free_bytes(&self.parts.data) {
            Ok(free) => free,
            Err(error) => {
                warn!(%error, "the disk's free space cannot be read");
                return;
            }
        };
        self.health.disk_free_bytes = free;
        let space = match self.parts.guard.judge(free, self.store.journal_bytes()) {
            Room::Ok => Space::Enough,
            Room::Low => Space::Low,
            Room::Full => Space::None,
        };
        if space != self.space {
            self.set_space(space);
        }
    }

    pub(super) fn set_space(&mut self, space: Space) {
        let free_bytes = self.health.disk_free_bytes;
        match space {
            Space::Enough => info!(free_bytes, "there is room again; all posts are taken"),
            Space::Low => warn!(free_bytes, "the disk is nearly full; only urgent posts are taken"),
            Space::None => warn!(free_bytes, "the disk is full; no posts are taken"),
        }
        self.space = space;
        // Look for space to give back now, not in a minute.
        self.shrinking |= space != Space::Enough;
        let now = self.parts.wall.now();
        self.judge(now, Input::Space(space), &mut Pending::default());
        self.gossip(now, Event::Space(space), &mut Pending::default());
    }

    /// One slice of compaction: what has expired gives its space back, oldest first.
    pub(super) fn give_space_back(&mut self) -> Result<(), StoreError> {
        if self.parts.read_only || (!self.shrinking && self.shrunk.elapsed() < SHRINK_EVERY) {
            return Ok(());
        }
        // What is taken out cannot be counted at the next start any more.
        self.write_counts()?;
        self.shrunk = Instant::now();
        for extent in self.store.logs() {
            let first = self.firsts.entry(extent.log).or_insert(extent.first);
            *first = extent.first.max(*first);
        }
        let (node, firsts) = (&self.node, &mut self.firsts);
        // The store may ask twice about one batch: the answer must be the same, and it counts once.
        let mut gone: BTreeMap<(LogKey, u64), (u64, u64)> = BTreeMap::new();
        let mut judge = |held: &Held| match node.judge(held) {
            Verdict::Whole => Keep::Whole,
            Verdict::Partly { bytes, entries } => {
                gone.insert((held.log, held.number), (entries, 0));
                Keep::Rewritten(bytes)
            }
            Verdict::Over { stub, entries } => match firsts.get_mut(&held.log) {
                Some(first) if held.number <= *first => {
                    *first = (*first).max(held.number + 1);
                    gone.insert((held.log, held.number), (entries, 1));
                    Keep::Drop
                }
                _ if entries > 0 => {
                    gone.insert((held.log, held.number), (entries, 0));
                    Keep::Rewritten(stub)
                }
                _ => Keep::Whole,
            },
        };
        match self.store.shrink(SHRINK_SLICE_BYTES, &mut judge) {
            Ok(freed) => {
                self.shrinking = !freed.round_done;
                if freed.round_done {
                    self.firsts.clear();
                }
                if freed.bytes > 0 {
                    info!(bytes = freed.bytes, "expired entries gave their space back");
                    self.shelf.clear();
                    let (entries, batches) = gone.values().fold((0, 0), |sum, each| (sum.0 + each.0, sum.1 + each.1));
                    self.node.shrunk(entries, batches);
                }
            }
            Err(fault @ StoreError::Full { .. }) => {
                // The ballast is for this: room to compact on a full disk.
                self.shrinking = self.store.ballast_bytes() > 0;
                warn!(error = %fault, "no room to compact; the ballast is given up for it");
                self.store.release_ballast()?;
            }
            Err(fault) => return Err(fault),
        }
        if !self.shrinking && self.space == Space::Enough {
            if let Err(fault) = self.store.restore_ballast() {
                warn!(error = %fault, "no room for the ballast file");
            }
        }
        Ok(())
    }
}
