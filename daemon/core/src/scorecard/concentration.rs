//! Whether few carry what many could: of *given* contributions, between households.
//!
//! A fixed threshold for the Gini index is noise: with eight households and a handful of favours chance alone gives 0.32 to
//! 0.68. So the index is compared with what it would be if each favour had fallen to any household but the one that received
//! it (a randomisation test, Fisher 1935; Phipson & Smyth 2010 for counting the observed one in). And the number of equally
//! strong givers that would come to the same, 1/HHI (Hirschman 1945), is compared with a quarter of the households.
//! All of it in whole numbers, and the draws come from a seed: every gateway with the same entries says the same.

use alloc::vec::Vec;

/// Draws, at most: fine enough to tell 4.9 from 5.1 %.
pub const DRAWS_MAX: u32 = 999;
/// Draws, at least, where a lunation holds very many favours.
const DRAWS_LEAST: u32 = 199;
/// Favours drawn in one test, all draws together: some ten milliseconds.
const DRAWN_MAX: usize = 4_000_000;
/// Favours tested; of more, those that come first are a sample.
pub const GIFTS_TESTED_MAX: usize = 65_536;

/// A favour between two households, by their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gift {
    /// Who gave.
    pub from: usize,
    /// Who received; somebody else.
    pub to: usize,
    /// How much, in smallest parts.
    pub amount: u64,
}

/// Parts of a thousand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permille(pub u32);

/// How unevenly the sums lie: the Gini index, 0 for equal shares. None: nothing was given.
pub fn gini(sums: &[u128]) -> Option<Permille> {
    let total: u128 = sums.iter().sum();
    let whole = total.checked_mul(sums.len() as u128).filter(|whole| *whole > 0)?;
    Some(Permille((spread(&mut sums.to_vec()).saturating_mul(1_000) / whole) as u32))
}

/// The Gini index times the number and the sum of what it is of: enough to compare two of the same sum.
fn spread(sums: &mut [u128]) -> u128 {
    sums.sort_unstable();
    // Each sum counts as often as there are smaller ones, less as often as there are larger ones: never below zero in all.
    let last = sums.len().saturating_sub(1);
    let (mut above, mut below) = (0u128, 0u128);
    for (place, sum) in sums.iter().enumerate() {
        above = above.saturating_add(sum.saturating_mul(place as u128));
        below = below.saturating_add(sum.saturating_mul((last - place) as u128));
    }
    above.saturating_sub(below)
}

/// What each of `households` gave.
pub fn sums(gifts: &[Gift], households: usize) -> Vec<u128> {
    let mut sums = alloc::vec![0; households];
    for gift in gifts {
        if let Some(sum) = sums.get_mut(gift.from) {
            *sum += u128::from(gift.amount);
        }
    }
    sums
}

/// How often chance alone is at least as uneven. None: nothing was given, or there are too few households to tell.
pub fn chance(gifts: &[Gift], households: usize, seed: u64) -> Option<Permille> {
    if gifts.is_empty() || households < 3 {
        return None;
    }
    let gifts = &gifts[..gifts.len().min(GIFTS_TESTED_MAX)];
    let seen = spread(&mut sums(gifts, households));
    let draws = u32::try_from(DRAWN_MAX / gifts.len()).unwrap_or(DRAWS_MAX).clamp(DRAWS_LEAST, DRAWS_MAX);
    let mut dice = Dice(seed);
    let mut drawn = alloc::vec![0u128; households];
    let mut as_uneven = 1; // What was seen is one of the ways it could have come.
    for _ in 0..draws {
        drawn.fill(0);
        for gift in gifts {
            let other = dice.below(households as u64 - 1) as usize;
            let from = if other >= gift.to { other + 1 } else { other };
            drawn[from.min(households - 1)] += u128::from(gift.amount);
        }
        as_uneven += u32::from(spread(&mut drawn) >= seen);
    }
    // Rounded up: what is called rarer than 50 in a thousand is.
    Some(Permille((as_uneven * 1_000).div_ceil(draws + 1)))
}

/// Whether 1/HHI is below a quarter of the households: as if fewer than one in four gave anything.
pub fn few_hands(sums: &[u128]) -> bool {
    let total: u128 = sums.iter().sum();
    let squares = sums.iter().fold(0u128, |all, sum| all.saturating_add(sum.saturating_mul(*sum)));
    total > 0 && total.saturating_mul(total).saturating_mul(4) < squares.saturating_mul(sums.len() as u128)
}

/// SplitMix64 (Steele, Lea & Flood 2014): small, and the same everywhere.
#[derive(Clone, Debug)]
pub struct Dice(pub u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, each as likely; 0 if there is none.
    pub fn below(&mut self, end: u64) -> u64 {
        // Off by less than one in 2^32 for any number of households there can be: far below what 999 draws can tell.
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }
}
