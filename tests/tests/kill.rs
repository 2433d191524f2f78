//! kill -9 in the middle of a thousand posts. `cargo run -p commons-tests --bin kill9 -- 100` does it a hundred times.

use commons_tests::burst;
use commons_tests::seed::Dice;
use commons_tests::Gateway;

/// A neighbour who read "kept" would find his need gone, twice or torn after a power failure.
#[test]
fn what_was_acknowledged_survives_kill_9() {
    let mut dice = Dice::throw("kill -9 in a burst");
    let mut gateway = Gateway::start();
    for round in 0..4 {
        let seen = burst::round(&mut gateway, round, 1_000, &mut dice).unwrap_or_else(|lost| panic!("{lost}"));
        println!("round {round}: {seen:?}");
    }
    gateway.assert_unhurt();
    gateway.kill9();
    gateway.assert_verified();
}
