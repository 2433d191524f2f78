//! What was posted and acknowledged, and when its time is over everywhere.

use std::collections::{BTreeMap, BTreeSet};

use commons_core::identity::RecordId;

use super::site::{Kind, Waiting};
use super::world::World;

/// What is known of one record.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Number of the post.
    pub post: u64,
    /// The machine that acknowledged it.
    pub at: usize,
    /// The item it acts on; itself for an item.
    pub item: RecordId,
    /// When its time is over for a gateway that always had power; none for acts.
    pub over_ms: Option<u64>,
    /// The code word with which its author acts on it.
    pub code: Option<String>,
}

/// All that was acknowledged.
#[derive(Default)]
pub struct Ledger {
    /// By record.
    pub entries: BTreeMap<RecordId, Entry>,
    /// Items in the order they were acknowledged.
    pub items: Vec<RecordId>,
    /// Claims, with the items they are on.
    pub claims: Vec<(RecordId, RecordId)>,
    /// Posts made, whatever became of them.
    pub posts: u64,
}

impl World {
    /// Answers go out: what they say is synced.
    pub(super) fn acknowledge(&mut self, at: usize, answers: Vec<Waiting>, written: &BTreeSet<RecordId>) {
        for Waiting { post, outcome, lifetime_s } in answers {
            let accepted = match outcome {
                Ok(accepted) => accepted,
                Err(why) => {
                    self.say(|| format!("{at} refuses post {post}: {}", why.code()));
                    continue;
                }
            };
            self.say(|| format!("{at} acknowledges post {post}: {} {}", accepted.kind.name(), accepted.id.short()));
            self.tally.acknowledged += 1;
            if accepted.duplicate || self.sites[at].kind == Kind::Liar {
                continue;
            }
            let is_item = accepted.item == accepted.id;
            let over_ms = is_item.then_some(self.now_ms + lifetime_s * 1_000);
            let entry = Entry { post, at, item: accepted.item, over_ms, code: accepted.code };
            if is_item {
                self.ledger.items.push(accepted.id);
            } else if accepted.kind == commons_core::record::Kind::Claim {
                self.ledger.claims.push((accepted.id, accepted.item));
            }
            self.ledger.entries.insert(accepted.id, entry);
            if !written.contains(&accepted.id) {
                self.fail("acknowledged implies durable", format!("post {post} at {at} is not on its disk"));
            }
        }
    }
}
