//! Code words: three plain words with which a guest later proves that a post is his.
//!
//! They are a keyed hash of the record's id, so a gateway stores none, a stolen card shows none without the key, and
//! every restart knows them. 24 bits guard one item; `node` allows ten wrong guesses an item and hour.

use alloc::string::String;
use alloc::vec::Vec;

use crate::identity::{purpose, GatewayId, GatewayKeys, RecordId};

/// Bytes of a code word as typed, at most.
pub const CODE_BYTES_MAX: usize = 64;

/// The code word of a record posted at the gateway with these keys.
pub fn code_word(keys: &GatewayKeys, id: &RecordId) -> String {
    let hash = keys.keyed(purpose::CODE_WORD, &[&id.0]);
    let words: Vec<&str> = hash[..3].iter().map(|byte| WORDS[usize::from(*byte)]).collect();
    words.join(" ")
}

/// A name for a gateway nobody has named: two words of its key, "Maple River".
pub fn nickname(gateway: &GatewayId) -> String {
    let words = gateway.0[..2].iter().map(|byte| {
        let word = WORDS[usize::from(*byte)];
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    words.collect::<Vec<_>>().join(" ")
}

/// What was typed, with case, punctuation and spacing evened out; none if it cannot be a code word.
pub fn normalise(typed: &str) -> Option<String> {
    if typed.len() > CODE_BYTES_MAX {
        return None;
    }
    let lower = typed.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect();
    let known = |word: &&str| WORDS.contains(word);
    (words.len() == 3 && words.iter().all(known)).then(|| words.join(" "))
}

/// 256 short words that are easy to say, spell and tell apart.
const WORDS: [&str; 256] = [
    "acorn", "amber", "anchor", "apple", "april", "apron", "arrow", "atlas", "autumn", "bacon", "badge", "bagel",
    "baker", "bamboo", "banana", "banjo", "barley", "basil", "basket", "beach", "bean", "bear", "beaver", "bell",
    "bench", "berry", "bike", "birch", "bird", "biscuit", "blanket", "bloom", "blue", "boat", "bonnet", "book", "boot",
    "bottle", "branch", "bread", "breeze", "brick", "bridge", "broom", "brown", "bucket", "butter", "button", "cabin",
    "cactus", "camel", "candle", "canoe", "carpet", "carrot", "castle", "cedar", "cello", "chair", "chalk", "cherry",
    "chess", "circle", "citrus", "clay", "clock", "cloud", "clover", "coast", "coconut", "coffee", "comet", "copper",
    "coral", "corner", "cotton", "cousin", "crayon", "cricket", "crown", "cup", "curtain", "daisy", "dance", "delta",
    "desert", "dinner", "dolphin", "donkey", "door", "dragon", "drum", "eagle", "earth", "easel", "echo", "elbow",
    "elm", "ember", "engine", "evening", "falcon", "family", "feather", "fern", "ferry", "fiddle", "field", "finger",
    "flag", "flute", "forest", "fox", "friend", "frost", "fruit", "galaxy", "garden", "garlic", "gate", "ginger",
    "giraffe", "glass", "glove", "goat", "gold", "grape", "grass", "green", "guitar", "hammer", "harbor", "harp",
    "hazel", "hedge", "hill", "honey", "horse", "house", "iris", "island", "ivory", "ivy", "jacket", "jasmine",
    "jelly", "jewel", "jungle", "kettle", "kitchen", "kite", "kiwi", "ladder", "lake", "lamp", "lantern", "laurel",
    "lemon", "letter", "lilac", "lily", "lion", "lizard", "lotus", "lunch", "magnet", "mango", "maple", "marble",
    "market", "meadow", "melon", "mint", "mirror", "mitten", "moon", "morning", "mountain", "music", "napkin",
    "needle", "nest", "north", "nutmeg", "oak", "ocean", "olive", "onion", "orange", "orchid", "otter", "owl",
    "paddle", "palm", "panda", "paper", "parrot", "peach", "pear", "pebble", "pencil", "pepper", "piano", "picnic",
    "pigeon", "pillow", "pine", "planet", "plum", "pocket", "pony", "poppy", "potato", "pumpkin", "purple", "puzzle",
    "rabbit", "radio", "rain", "raven", "ribbon", "river", "robin", "rocket", "rose", "ruby", "saddle", "sail", "salt",
    "sand", "scarf", "school", "seven", "shadow", "sheep", "shell", "silver", "sister", "sky", "snow", "soap", "spoon",
    "spring", "star", "stone", "sugar", "summer", "sun", "table", "tiger", "tulip", "violin", "walnut", "window",
    "yellow", "zebra",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// A neighbour who types his words with a shaky hand must still be known.
    #[test]
    fn typing_is_forgiven() {
        let keys = GatewayKeys::from_seed(&[3; 32]);
        let code = code_word(&keys, &RecordId([9; 32]));
        assert_eq!(normalise(&code), Some(code.clone()));
        let shaky = alloc::format!("  {} ", code.to_uppercase().replace(' ', " - "));
        assert_eq!(normalise(&shaky), Some(code.clone()));
        for wrong in ["", "lamp", "lamp lamp lamp lamp", "xyzzy lamp lamp"] {
            assert_eq!(normalise(wrong), None);
        }
        let mut words = WORDS.to_vec();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), 256);
    }
}
