//! Search among the board's items by words and place, on the server, for phones without script.

use std::sync::Arc;

use commons_core::identity::RecordId;
use commons_core::views::item::{ItemQuery, ItemState, PAGE_ITEMS_MAX};

use crate::inbox::Inbox;

/// Items looked at for one page of answers, at most; who wants to look at older ones presses a button. Eight questions to
/// the writer, each between two commits.
const SCANNED_ITEMS_MAX: usize = 8 * PAGE_ITEMS_MAX;
/// Words of a search that count; the rest is ignored.
const WORDS_MAX: usize = 8;

/// What is looked for.
#[derive(Debug, Default)]
pub(super) struct Search {
    // All must be in it, in any order; folded.
    words: Vec<String>,
    zone: Vec<String>,
}

/// A page of what was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) items: Vec<Arc<ItemState>>,
    /// The item to continue after, if there may be more.
    pub(super) more_after: Option<String>,
    /// Whether the search stopped after so many items, not because the page is full.
    pub(super) gave_up: bool,
}

impl Search {
    pub(super) fn of(words: &str, zone: &str) -> Self {
        let split = |text: &str| fold(text).split_whitespace().take(WORDS_MAX).map(str::to_owned).collect();
        Self { words: split(words), zone: split(zone) }
    }

    fn is_all(&self) -> bool {
        self.words.is_empty() && self.zone.is_empty()
    }

    /// Whether an item is meant.
    fn takes(&self, item: &ItemState) -> bool {
        if self.is_all() {
            return true;
        }
        let zone = fold(&item.zone);
        if !self.zone.iter().all(|word| zone.contains(word)) {
            return false;
        }
        let mut text = fold(&item.text);
        let lines = item.lines.iter().map(|line| &line.item);
        let infos = item.alert.iter().flat_map(|alert| alert.info.iter().map(|info| &info.text));
        for more in lines.chain(&item.tags).chain(infos) {
            text.push(' ');
            text.push_str(&fold(more));
        }
        self.words.iter().all(|word| text.contains(word) || zone.contains(word))
    }
}

/// The first `query.limit` items that are meant, and where to go on.
pub(super) async fn find(inbox: &Inbox, mut query: ItemQuery, search: &Search) -> Found {
    let wanted = query.limit;
    // One more than wanted tells whether there are more; a search asks for as much as the writer gives at once.
    let at_once = if search.is_all() { wanted + 1 } else { PAGE_ITEMS_MAX };
    let mut found = Found::default();
    let mut scanned = 0;
    loop {
        query.limit = at_once;
        let page = inbox.list(query.clone()).await;
        let full = page.len() == at_once;
        scanned += page.len();
        query.after = page.last().and_then(|item| RecordId::parse(&item.id)).or(query.after);
        for item in page.into_iter().filter(|item| search.takes(item)) {
            if found.items.len() == wanted {
                found.more_after = found.items.last().map(|item| item.id.clone());
                return found;
            }
            found.items.push(item);
        }
        if !full || query.after.is_none() {
            return found;
        }
        if scanned >= SCANNED_ITEMS_MAX {
            found.more_after = query.after.map(|id| id.to_string());
            found.gave_up = true;
            return found;
        }
    }
}

/// Text as people search it: without case, accents or the marks that Arabic writes or leaves out.
fn fold(text: &str) -> String {
    let lower = text.chars().flat_map(char::to_lowercase);
    lower
        .filter(|c| !matches!(c, '\u{300}'..='\u{36f}' | '\u{64b}'..='\u{65f}' | '\u{640}' | '\u{670}'))
        .map(|c| match c {
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => 'a',
            'è' | 'é' | 'ê' | 'ë' => 'e',
            'ì' | 'í' | 'î' | 'ï' => 'i',
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' => 'o',
            'ù' | 'ú' | 'û' | 'ü' => 'u',
            'ç' => 'c',
            'ñ' => 'n',
            'أ' | 'إ' | 'آ' | 'ٱ' => 'ا',
            'ى' => 'ي',
            'ة' => 'ه',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A neighbour would not find bread because he typed it without its accent.
    #[test]
    fn search_overlooks_case_accents_and_vowel_signs() {
        assert_eq!(fold("Pão ÉCOLE Niño"), "pao ecole nino");
        assert_eq!(fold("أَرْزّ"), fold("ارز"));
        let search = Search::of("  ESCALIER  b ", "");
        assert_eq!(search.words, ["escalier", "b"]);
        assert!(Search::of(" ", "").is_all());
    }
}
