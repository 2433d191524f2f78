//! Guesses the next bit from what came before: seven contexts and the longest match vote, and a mixer learns whom to
//! believe. The shape is Mahoney's (lpaq, "Data Compression Explained", 4.3); sizes and contexts are for short texts.
//!
//! Probabilities are in 4,096ths, *stretched* ones (`ln(p / (1 - p))`) in 256ths from -2047 to 2047. Every step is part
//! of the format: a change is a new dictionary version.

use alloc::vec;
use alloc::vec::Vec;

/// Contexts: the last 0, 1, 2, 3, 4, 6 bytes, and the word under way with the one before.
const CONTEXTS: usize = 7;
/// Voices of the mixer: the contexts, the match, and a constant.
const INPUTS: usize = CONTEXTS + 2;
/// Slots of one context, as a power of two: 256 KiB each. One less costs 3 % in frames of 20 KB, two less 6 %.
const SLOT_BITS: u32 = 16;
/// Remembered places of five bytes, as a power of two.
const PLACE_BITS: u32 = 15;
/// Bytes a match must agree in before it is believed.
const MATCH_MIN: usize = 4;
/// Longer matches are all alike.
const MATCH_MAX: usize = 31;
/// Times a slot has learnt, at most: from then on it forgets.
const SEEN_MAX: u32 = 12;
/// A slot that has seen nothing: even chances.
const UNSEEN: u32 = 1 << 31;
/// How fast the mixer learns, and the bounds of what it may come to believe.
const MIXER_RATE: i32 = 6;
const WEIGHT_MAX: i32 = 1 << 20;
/// 0.3 in 65,536ths.
const WEIGHT_FIRST: i32 = 19_660;

/// 4,096 / (1 + e^(-x/2)) for x from -8 to 8 in halves.
const LOGISTIC: [i32; 33] = [
    1, 2, 3, 6, 10, 16, 27, 45, 73, 120, 194, 310, 488, 747, 1101, 1546, 2047, 2549, 2994, 3348, 3607, 3785, 3901,
    3975, 4022, 4050, 4068, 4079, 4085, 4089, 4092, 4093, 4094,
];
const STRETCHED: [i16; 4096] = stretched();
/// How far a slot moves towards what came, by how often it has learnt: `1 / (n + 1.6)` in 65,536ths.
const RATES: [i32; 16] = rates();

const fn squash(stretched: i32) -> i32 {
    if stretched > 2047 {
        return 4095;
    }
    if stretched < -2047 {
        return 0;
    }
    let (part, at) = (stretched & 127, ((stretched >> 7) + 16) as usize);
    (LOGISTIC[at] * (128 - part) + LOGISTIC[at + 1] * part + 64) >> 7
}

/// The reverse of [`squash`]: the least that gives at least so much.
const fn stretched() -> [i16; 4096] {
    let mut table = [2047; 4096];
    let (mut filled, mut value) = (0, -2047);
    while value <= 2047 {
        let reached = squash(value) as usize;
        while filled <= reached {
            table[filled] = value as i16;
            filled += 1;
        }
        value += 1;
    }
    table
}

const fn rates() -> [i32; 16] {
    let mut rates = [0; 16];
    let mut seen = 0;
    while seen < 16 {
        rates[seen] = 655_360 / (10 * seen as i32 + 16);
        seen += 1;
    }
    rates
}

/// The model. [`Model::primed`] makes one; a clone of it begins each frame.
pub struct Model {
    /// Per context and partial byte: chance (16 bits), check (12), times learnt (4).
    slots: Vec<u32>,
    /// Weights in 65,536ths, by longest context known, length of match, and bit of the byte.
    weights: Vec<[i32; INPUTS]>,
    /// Chance that a match of this length is right, in 65,536ths.
    trust: [u16; MATCH_MAX + 1],
    /// The dictionary and the frame so far.
    past: Vec<u8>,
    /// Where the last five bytes were seen before.
    places: Vec<u32>,
    match_at: usize,
    match_length: usize,
    /// The bit that the match foretells.
    foretold: Option<u32>,
    /// The last eight bytes.
    last: u64,
    word: u32,
    word_before: u32,
    /// The bits of this byte so far behind a leading 1.
    partial: u32,
    hashes: [u32; CONTEXTS],
    at: [usize; CONTEXTS],
    inputs: [i32; INPUTS],
    mixer: usize,
    guess: i32,
}

impl Clone for Model {
    fn clone(&self) -> Self {
        let mut model = Self::blank(0, 0);
        model.clone_from(self);
        model
    }

    /// Reuses what is allocated: this happens for every frame.
    fn clone_from(&mut self, from: &Self) {
        self.slots.clone_from(&from.slots);
        self.weights.clone_from(&from.weights);
        self.trust = from.trust;
        self.past.clone_from(&from.past);
        self.places.clone_from(&from.places);
        (self.match_at, self.match_length, self.foretold) = (from.match_at, from.match_length, from.foretold);
        (self.last, self.word, self.word_before) = (from.last, from.word, from.word_before);
        (self.partial, self.hashes, self.at) = (from.partial, from.hashes, from.at);
        (self.inputs, self.mixer, self.guess) = (from.inputs, from.mixer, from.guess);
    }
}

impl Model {
    /// A model that has read this dictionary.
    pub fn primed(dictionary: &[u8]) -> Self {
        let mut model = Self::blank(CONTEXTS << SLOT_BITS, 1 << PLACE_BITS);
        model.foresee();
        for &byte in dictionary {
            for place in (0..8).rev() {
                model.learn(u32::from(byte >> place & 1));
            }
        }
        model
    }

    fn blank(slots: usize, places: usize) -> Self {
        Self {
            slots: vec![UNSEEN; slots],
            weights: vec![[WEIGHT_FIRST; INPUTS]; if slots == 0 { 0 } else { CONTEXTS * 5 * 8 }],
            trust: [48_000; MATCH_MAX + 1],
            past: Vec::new(),
            places: vec![0; places],
            match_at: 0,
            match_length: 0,
            foretold: None,
            last: 0,
            word: 0,
            word_before: 0,
            partial: 1,
            hashes: [0; CONTEXTS],
            at: [0; CONTEXTS],
            inputs: [0; INPUTS],
            mixer: 0,
            guess: 2048,
        }
    }

    /// The chance that the next bit is a 1, from 1 to 4,095 of 4,096.
    #[inline]
    pub fn chance(&self) -> u32 {
        self.guess.clamp(1, 4095) as u32
    }

    /// Learns what the next bit was, and foresees the one after.
    #[inline]
    pub fn learn(&mut self, bit: u32) {
        let error = ((bit as i32) << 12) - self.guess;
        let step = error * MIXER_RATE;
        let weights = &mut self.weights[self.mixer];
        for (weight, input) in weights.iter_mut().zip(&self.inputs) {
            *weight = (*weight + ((input * step + 0x2000) >> 14)).clamp(-WEIGHT_MAX, WEIGHT_MAX);
        }
        let target = if bit == 1 { 65_535 } else { 0 };
        for at in self.at {
            let slot = &mut self.slots[at];
            let (seen, chance) = (*slot & 15, (*slot >> 16) as i32);
            let moved = (i64::from(target - chance) * i64::from(RATES[seen as usize])) >> 16;
            let chance = (chance + moved as i32) as u32;
            *slot = chance << 16 | (*slot & 0xfff0) | (seen + 1).min(SEEN_MAX);
        }
        if let Some(foretold) = self.foretold {
            let trust = &mut self.trust[self.match_length.min(MATCH_MAX)];
            if foretold == bit {
                *trust += (65_535 - *trust) >> 6;
            } else {
                *trust -= *trust >> 6;
                self.match_length = 0;
            }
        }
        self.partial = self.partial << 1 | bit;
        if self.partial >= 256 {
            self.end_byte(self.partial as u8);
        }
        self.foresee();
    }

    fn end_byte(&mut self, byte: u8) {
        self.partial = 1;
        self.past.push(byte);
        self.last = self.last << 8 | u64::from(byte);
        if byte.is_ascii_alphabetic() || byte >= 128 {
            self.word = self.word.wrapping_add(u32::from(byte) + 1).wrapping_mul(0x2F0B_4C47);
        } else {
            if self.word != 0 {
                self.word_before = self.word;
            }
            self.word = 0;
        }
        let words = self.word.wrapping_mul(0x2545_F491).wrapping_add(self.word_before.wrapping_mul(0x9E37_79B1));
        let after = |bytes: u32| spread(self.last, bytes) ^ bytes.wrapping_mul(0x1234_5671);
        self.hashes = [0, after(1), after(2), after(3), after(4), after(6), words ^ 77];
        self.follow_match();
    }

    /// Goes on with the match, or looks for another.
    fn follow_match(&mut self) {
        let now = self.past.len();
        let place = (spread(self.last, 5) >> (32 - PLACE_BITS)) as usize;
        if self.match_length > 0 {
            self.match_at += 1;
            self.match_length = (self.match_length + 1).min(2 * MATCH_MAX);
        } else {
            let candidate = self.places[place] as usize;
            let agree = |length: usize| self.past[candidate - 1 - length] == self.past[now - 1 - length];
            let length = (0..MATCH_MAX.min(candidate)).take_while(|length| agree(*length)).count();
            if length >= MATCH_MIN {
                (self.match_at, self.match_length) = (candidate, length);
            }
        }
        self.places[place] = now as u32;
    }

    #[inline]
    fn foresee(&mut self) {
        let mut longest = 0;
        let partial = self.partial.wrapping_mul(0x9E37_79B1);
        for context in 0..CONTEXTS {
            let mixed = self.hashes[context].wrapping_add(partial).wrapping_mul(0x85EB_CA6B);
            let mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0xC2B2_AE35);
            let at = (context << SLOT_BITS) + (mixed >> (32 - SLOT_BITS)) as usize;
            let check = (mixed & 0xfff) << 4;
            let slot = &mut self.slots[at];
            if *slot & 0xfff0 != check {
                *slot = UNSEEN | check;
            }
            self.at[context] = at;
            let voice = i32::from(STRETCHED[(*slot >> 20) as usize]);
            self.inputs[context] = match *slot & 15 {
                0 => 0,
                seen => {
                    if context < CONTEXTS - 1 {
                        longest = context + 1;
                    }
                    // What was seen once or twice speaks softly.
                    if seen < 3 {
                        voice * (seen as i32 + 1) / 4
                    } else {
                        voice
                    }
                }
            };
        }
        let bit_of_byte = 31 - self.partial.leading_zeros();
        let class = self.foresee_by_match(bit_of_byte);
        self.inputs[CONTEXTS + 1] = 256;
        self.mixer = (longest * 5 + class) * 8 + bit_of_byte as usize;
        let weights = &self.weights[self.mixer];
        let sum: i64 =
            weights.iter().zip(&self.inputs).map(|(weight, input)| i64::from(*weight) * i64::from(*input)).sum();
        self.guess = squash((sum >> 16).clamp(-2047, 2047) as i32);
    }

    /// Sets the match's input; returns how long it is, in five classes.
    fn foresee_by_match(&mut self, bit_of_byte: u32) -> usize {
        self.foretold = None;
        self.inputs[CONTEXTS] = 0;
        if self.match_length == 0 {
            return 0;
        }
        let byte = u32::from(self.past[self.match_at]) | 256;
        if byte >> (8 - bit_of_byte) != self.partial {
            self.match_length = 0;
            return 0;
        }
        let bit = byte >> (7 - bit_of_byte) & 1;
        self.foretold = Some(bit);
        let voice = i32::from(STRETCHED[usize::from(self.trust[self.match_length.min(MATCH_MAX)] >> 4)]);
        self.inputs[CONTEXTS] = if bit == 1 { voice } else { -voice };
        match self.match_length {
            0..=5 => 1,
            6..=9 => 2,
            10..=14 => 3,
            _ => 4,
        }
    }
}

/// A hash of the last `bytes` bytes.
#[inline]
fn spread(last: u64, bytes: u32) -> u32 {
    let kept = last & ((1 << (8 * bytes)) - 1);
    (kept.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32
}
