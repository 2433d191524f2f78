//! Small neighbourhoods in the simulator; `.ci/run` runs thousands of them in release.

use commons_tests::sim::plan::{Options, Trouble};
use commons_tests::sim::{check, command, run};

/// A neighbour's post would be lost, doubled or stuck under some mix of cuts, crashes, full disks and wrong clocks.
#[test]
fn what_must_hold_holds_for_these_seeds() {
    for seed in 1_000_000..1_000_030 {
        if let Err(failure) = check(seed, &Options::default()) {
            panic!("{failure}");
        }
    }
}

/// A failure that cannot be seen again cannot be mended.
#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in [1, 2, 3] {
        let (one, other) = (run(seed, &Options::default(), true), run(seed, &Options::default(), true));
        assert!(one.trace.lines().count() > 100, "seed {seed} says what happens");
        assert!(one.trace == other.trace, "seed {seed} goes another way the second time");
        assert_eq!(one.tally, other.tally);
        assert_eq!(one.broken, other.broken);
    }
    let other = run(4, &Options::default(), true);
    assert!(other.trace != run(3, &Options::default(), true).trace, "another seed is another story");
}

/// The command a failure prints would not run.
#[test]
fn every_trouble_has_a_word() {
    for trouble in Trouble::ALL {
        assert_eq!(Trouble::parse(&trouble.name()), Some(trouble));
    }
    assert_eq!(Trouble::parse("sunshine"), None);
}

/// The command a failure prints would show another run.
#[test]
fn the_command_that_is_printed_leaves_out_what_was_left_out() {
    let without = vec![Trouble::Liar, Trouble::Twin];
    let options = Options { gateways: Some(5), steps: Some(9), without, ..Options::default() };
    let shown = command(7, &options);
    assert!(shown.ends_with("--seed 7 --trace --gateways 5 --steps 9 --without liar --without twin"), "{shown}");
    assert!(command(7, &Options { calm: true, ..Options::default() }).ends_with("--seed 7 --trace --calm"));
}
