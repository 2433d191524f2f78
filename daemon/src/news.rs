//! Which items have changed and are not yet told of: each once, however often it changed.
//!
//! The writer notes ids after a commit; the door takes them at its own speed and asks for the states as they are by then.
//! So nothing can lag behind, and a flood costs readers the last state of each item instead of every one in between.
//! Bounded by the board: an id stands here once.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use commons_core::views::board::Touched;
use tokio::sync::Notify;

/// Changed items. Cheap to clone.
#[derive(Clone, Default)]
pub struct News {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    noted: Notify,
}

#[derive(Default)]
struct Waiting {
    /// By item: whether it is gone.
    items: BTreeMap<Touched, bool>,
    /// First come, first told: or a flood could keep one neighbour's item back.
    order: VecDeque<Touched>,
}

impl Waiting {
    fn note(&mut self, item: Touched, gone: bool) {
        if self.items.insert(item, gone).is_none() {
            self.order.push_back(item);
        }
    }

    fn next(&mut self) -> Option<(Touched, bool)> {
        let item = self.order.pop_front()?;
        Some((item, self.items.remove(&item)?))
    }
}

impl News {
    /// Notes items of a commit that is on disk.
    pub fn note(&self, touched: impl IntoIterator<Item = Touched>, gone: impl IntoIterator<Item = Touched>) {
        let mut waiting = self.waiting();
        let before = waiting.order.len();
        touched.into_iter().for_each(|item| waiting.note(item, false));
        gone.into_iter().for_each(|item| waiting.note(item, true));
        let grown = waiting.order.len() > before;
        drop(waiting);
        if grown {
            self.shared.noted.notify_one();
        }
    }

    /// Takes those that have waited longest, at most `most`, with whether each is gone.
    pub fn take(&self, most: usize) -> Vec<(Touched, bool)> {
        let mut waiting = self.waiting();
        std::iter::from_fn(|| waiting.next()).take(most).collect()
    }

    /// Resolves when something waits. For one task at a time.
    pub async fn wait(&self) {
        while self.waiting().order.is_empty() {
            self.shared.noted.notified().await;
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Waiting> {
        // Every change to it is a whole one, so a panic elsewhere leaves it usable.
        self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use commons_core::identity::RecordId;
    use commons_core::views::item::ItemKind;

    use super::*;

    fn item(number: u8) -> Touched {
        Touched { kind: ItemKind::Need, id: RecordId([number; 32]) }
    }

    /// A flood would queue every state of an item, or one that is gone would be told as if it stood.
    #[tokio::test]
    async fn each_item_waits_once_and_the_last_word_counts() {
        let news = News::default();
        for _ in 0..1_000 {
            news.note([item(2), item(1)], []);
        }
        news.note([], [item(2)]);
        news.wait().await;
        assert_eq!(news.take(1), [(item(2), true)]);
        news.wait().await;
        assert_eq!(news.take(9), [(item(1), false)]);
        assert_eq!(news.take(9), []);
    }
}
