//! What was posted and acknowledged, and when its time is over everywhere.

use std::collections::{BTreeMap, BTreeSet};

use commons_core::identity::RecordId;
use commons_core::record::Kind;

use super::site::{Kind as SiteKind, Waiting};
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
pub struct Posts {
    /// Needs, offers, notices and acts on them, by record.
    pub entries: BTreeMap<RecordId, Entry>,
    /// Items in the order they were acknowledged.
    pub items: Vec<RecordId>,
    /// Claims, with the items they are on and their code words.
    pub claims: Vec<(RecordId, RecordId, Option<String>)>,
    /// What stands in the book: at which machine, and of which kind.
    pub book: BTreeMap<RecordId, (usize, Kind)>,
    /// Counts of stock that wait for a second voice.
    pub counts: Vec<RecordId>,
    /// Posts made, whatever became of them.
    pub posts: u64,
}

impl World {
    /// Answers go out: what they say is synced.
    pub(super) fn acknowledge(&mut self, at: usize, answers: Vec<Waiting>, written: &BTreeSet<RecordId>) {
        for Waiting { post, outcome, lifetime_s } in answers {
            self.phone_hears(post, outcome.is_ok());
            let accepted = match outcome {
                Ok(accepted) => accepted,
                Err(why) => {
                    self.say(|| format!("{at} refuses post {post}: {}", why.code()));
                    continue;
                }
            };
            self.say(|| format!("{at} acknowledges post {post}: {} {}", accepted.kind.name(), accepted.id.short()));
            self.tally.acknowledged += 1;
            if accepted.duplicate || self.sites[at].kind == SiteKind::Liar {
                continue;
            }
            let is_item = matches!(accepted.kind, Kind::Need | Kind::Offer | Kind::Notice);
            let stocks = matches!(accepted.kind, Kind::StockIn | Kind::StockOut | Kind::StockCount);
            if stocks || accepted.kind.is_ledger() {
                self.posted.book.insert(accepted.id, (at, accepted.kind));
                if accepted.kind == Kind::StockCount {
                    self.posted.counts.push(accepted.id);
                }
            } else {
                let over_ms = is_item.then_some(self.now_ms + lifetime_s * 1_000);
                let entry = Entry { post, at, item: accepted.item, over_ms, code: accepted.code.clone() };
                if is_item {
                    self.posted.items.push(accepted.id);
                } else if accepted.kind == Kind::Claim {
                    self.posted.claims.push((accepted.id, accepted.item, accepted.code));
                }
                self.posted.entries.insert(accepted.id, entry);
            }
            if !written.contains(&accepted.id) {
                self.fail("acknowledged implies durable", format!("post {post} at {at} is not on its disk"));
            }
        }
    }
}
