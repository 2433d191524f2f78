//! What is told to one person alone: that his balance lies far from the others', or that he gives much less than he used to.
//! Said as news, never as a verdict; nobody else hears of it.

use alloc::vec::Vec;

/// Finished lunations after which a comparison of somebody's giving makes sense.
pub const HALVED_AFTER: usize = 4;
/// The newest lunation weighs a third in the average (EWMA); it is compared with the one this many lunations before.
const HALVED_WITHIN: usize = 2;

/// Twice the middle of some numbers, so that it stays whole; 0 of none.
pub fn median_doubled(numbers: &[i128]) -> i128 {
    let mut sorted: Vec<i128> = numbers.to_vec();
    sorted.sort_unstable();
    let middle = |place: usize| sorted.get(place).copied().unwrap_or(0);
    match sorted.len() {
        0 => 0,
        n => middle((n - 1) / 2) + middle(n / 2),
    }
}

/// Whether |own - median| > 3 x 1.48 x MAD of all balances, the own among them. Where most balances are one and the same,
/// the deviation is 0 and says nothing.
pub fn is_far(own: i64, balances: &[i64]) -> bool {
    let all: Vec<i128> = balances.iter().map(|balance| i128::from(*balance)).collect();
    let median2 = median_doubled(&all);
    let off2 = |balance: i128| (2 * balance - median2).abs();
    let mad4 = median_doubled(&all.iter().map(|balance| off2(*balance)).collect::<Vec<_>>());
    // off2 / 2 > 4.44 x mad4 / 4
    mad4 > 0 && 200 * off2(own.into()) > 444 * mad4
}

/// Whether the moving average of what somebody gave in each finished lunation, the oldest first, has fallen below half of
/// what it was. Counted from the first one in which he gave; shorter histories say nothing.
pub fn is_halved(given: &[u64]) -> bool {
    let first = given.iter().position(|sum| *sum > 0).unwrap_or(given.len());
    let given = &given[first..];
    if given.len() < HALVED_AFTER {
        return false;
    }
    // In millionths, so that thirds of small sums do not vanish.
    let mut averages = Vec::with_capacity(given.len());
    let mut average = i128::from(given[0]) * 1_000_000;
    for sum in given {
        average += (i128::from(*sum) * 1_000_000 - average) / 3;
        averages.push(average);
    }
    let last = averages.len() - 1;
    2 * averages[last] < averages[last - HALVED_WITHIN]
}
