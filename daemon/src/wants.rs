//! What this gateway wants of a peer: lanes, named by themselves or by the kinds that travel in them.
//!
//! Batches are signed whole, so a lane comes whole or not at all: who names a kind gets every lane that holds it, with
//! what else is in there. **Nothing here decides what is sent**: a peer is told in our Hello, and sends no other lanes.

use commons_core::log::Lane;
use commons_core::sync::Interests;

/// What people may name, and which lanes hold it.
const WORDS: [(&str, &[Lane]); 12] = [
    ("urgent", &[Lane::Urgent]),
    ("book", &[Lane::Book]),
    ("board", &[Lane::Board]),
    ("library", &[Lane::Library]),
    ("needs", &[Lane::Urgent, Lane::Board]),
    ("offers", &[Lane::Urgent, Lane::Board]),
    ("notices", &[Lane::Urgent, Lane::Board]),
    ("stock", &[Lane::Book]),
    ("members", &[Lane::Book]),
    ("ledger", &[Lane::Book]),
    ("documents", &[Lane::Library]),
    ("everything", Lane::ALL),
];
/// What each lane holds, for people.
const HOLDS: [(Lane, &str, &str); 4] = [
    (Lane::Urgent, "urgent", "needs, offers and notices that cannot wait"),
    (Lane::Book, "book", "stock, members, the ledger"),
    (Lane::Board, "board", "all other needs, offers and notices"),
    (Lane::Library, "library", "documents"),
];

/// A word that names no lane and no kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is nothing a peer could send; say one or more of {known}", known = known())]
pub struct Unknown(String);

/// All words.
pub fn known() -> String {
    WORDS.map(|(word, _)| word).join(", ")
}

/// From words, between commas or spaces.
pub fn parse(text: &str) -> Result<Interests, Unknown> {
    let mut lanes: Vec<Lane> = Vec::new();
    for word in text.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty()) {
        let named = WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
        lanes.extend(named.ok_or_else(|| Unknown(word.chars().take(40).collect()))?.1);
    }
    if lanes.is_empty() {
        return Err(Unknown(String::new()));
    }
    Ok(Interests::of(&lanes))
}

/// From the configuration, which has checked the words.
pub fn usual(words: &[String]) -> Interests {
    parse(&words.join(",")).unwrap_or(Interests::USUAL)
}

/// The lanes' own names.
pub fn lanes(interests: Interests) -> Vec<&'static str> {
    HOLDS.iter().filter(|(lane, ..)| interests.has(*lane)).map(|(_, name, _)| *name).collect()
}

/// For people: which lanes, and what is in them.
pub fn sentence(interests: Interests) -> String {
    let held = HOLDS.iter().filter(|(lane, ..)| interests.has(*lane));
    held.map(|(_, name, holds)| format!("{name} ({holds})")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A keeper who asks for needs would miss the ones that cannot wait, or the others.
    #[test]
    fn a_kind_stands_for_every_lane_that_holds_it() {
        let of = |text: &str| parse(text).map(lanes);
        assert_eq!(of("needs"), Ok(vec!["urgent", "board"]));
        assert_eq!(of(" Urgent,,stock "), Ok(vec!["urgent", "book"]));
        assert_eq!(of("everything").unwrap().len(), 4);
        assert_eq!(parse("urgent book board"), Ok(Interests::USUAL));
        assert_eq!(sentence(parse("urgent").unwrap()), "urgent (needs, offers and notices that cannot wait)");
        assert!(parse("cats")
            .unwrap_err()
            .to_string()
            .contains("\"cats\" is nothing a peer could send; say one or more of urgent, book"));
        assert!(parse(" , ").is_err());
        // Every kind of record has its lane here.
        for lane in Lane::ALL {
            assert!(HOLDS.iter().any(|(of, ..)| of == lane), "{lane:?}");
        }
    }
}
